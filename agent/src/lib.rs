//! The parts of the log-shipping agent `vigie`. The program in `main.rs` only starts them.

pub mod cli;
pub mod cluster;
pub mod config;
pub mod deflate;
pub mod encode;
pub mod filters;
pub mod inputs;
pub mod metrics;
pub mod monitor;
pub mod multiline;
pub mod net;
pub mod outputs;
pub mod pipeline;
pub mod plugin;
pub mod privacy;
pub mod proof;
pub mod receipts;
pub mod redact;
pub mod retention;
pub mod spool;
pub mod state;
