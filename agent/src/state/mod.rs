//! Positions on disk: SQLite with Fluent Bit's own table, and beside it a table of what Vigie knows beyond it.
//!
//! Small files that must be whole are put on disk here too.
//!
//! `tail` stores here how far each file was read and settled. Nothing here reads log files.

mod database;
mod periods;
mod positions;
#[cfg(test)]
mod tests;
mod whole;

pub use database::{Database, Journal, StateError, Synchronous};
pub use periods::{Periods, hour_of};
pub use positions::{Known, Position, Positions, Succeeds};
pub use whole::put_whole;
