//! Corpus generator, loopback bulk sink and measuring runs.
//!
//! The agent takes this crate without its features, for `vigie bench`: generator, sink and [`portable`] runs. The programs
//! `vigie-corpus`, `vigie-sink` and `vigie-bench` are thin; what they do lies here too, so that tests can use it.

#[cfg(feature = "programs")]
pub mod compare;
pub mod conf;
pub mod corpus;
mod directory;
#[cfg(feature = "programs")]
mod figures;
#[cfg(feature = "programs")]
pub mod flags;
mod machine;
#[cfg_attr(
    not(feature = "programs"),
    allow(dead_code, reason = "the agent only measures processes that end by themselves")
)]
mod measure;
pub mod portable;
mod scenario;
pub mod sink;

#[cfg(feature = "programs")]
pub use figures::{FIGURES, Figure};
pub use scenario::{SCENARIOS, Scenario};
