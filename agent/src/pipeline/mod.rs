//! Wires inputs, filters and outputs, runs them, stops them.
//!
//! Data goes one way: input threads, worker threads, delivery tasks. Only shares of source ranges return. On stop only
//! inputs are told; they drop their outlets, and each later stage ends when its queue does.

mod aside;
mod attempt;
mod backoff;
mod build;
mod canary;
mod ceiling;
mod controller;
mod courier;
mod coverage;
mod delivery;
mod doubt;
mod dump;
#[cfg(debug_assertions)]
mod fault;
mod gate;
mod heirs;
mod holding;
mod judge;
mod lane;
mod mending;
mod pauses;
mod poison;
mod probe;
mod processors;
mod reach;
mod receipt_files;
mod redaction;
mod reload;
mod replay;
mod resident;
mod routes;
mod run;
mod spooling;
mod spools;
mod stall;
mod strict;
mod supervise;
#[cfg(test)]
mod tests;
mod uncounted;
mod worker;

pub use build::{BuiltFilter, BuiltInput, BuiltOutput, PlaceOf, Plan, Surroundings};
pub use processors::processors;
pub use reload::Renewal;
pub use replay::{Replay, Sent};
pub use spools::SpoolPlan;
