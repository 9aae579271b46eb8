//! The agent and its disk, seen from outside: killed at every call that changes what lies on the disk, and beside a disk that
//! fails or is full. What is stored in the end is every line, once.
//!
//! `strace` does the harm: it kills the agent at a syscall, or has a syscall fail. Small by default; `make proof` runs all of it.

#![allow(clippy::disallowed_methods, reason = "the files are small and our own")]

mod failures;
mod full;
mod kill_points;
mod place;
mod store;
mod trace;
