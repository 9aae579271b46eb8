//! The input as a whole, stepped by hand.
