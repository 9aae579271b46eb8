//! Timestamps: formats compiled once into programs that read and write them.
//!
//! No clock is read here: what a text leaves out (a year, a zone) is handed in.

mod calendar;
mod parse;
mod program;
mod write;

pub use calendar::{civil_from_days, days_from_civil};
pub use parse::{Context, TimeFormat};
pub use program::FormatError;
pub use write::TimeWriter;
