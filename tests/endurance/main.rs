//! The agent over a long time: a steady stream under a limit of memory, an outage with its backlog, a storm of rotations, and
//! more files than descriptors.
//!
//! Small in `make test`; `make proof` runs them in full, through the environment.

#![allow(clippy::disallowed_methods, reason = "the files are small and our own")]

mod files;
mod outage;
mod soak;
mod stand;
mod storm;

/// The number in this variable of the environment, `small` without one.
fn figure(name: &str, small: u64) -> u64 {
    std::env::var(name).map_or(small, |text| text.parse().expect("the environment holds numbers"))
}
