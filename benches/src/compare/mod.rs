//! Comparison runs.
