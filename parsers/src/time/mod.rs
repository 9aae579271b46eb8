//! Timestamps: formats compiled once into programs that read and write them.
//!
//! [`TimeFormat`] reads (`Time_Format` of parsers), [`TimeWriter`] writes (index names, log lines). No clock is read here:
//! what a text leaves out (a year, a zone) is handed in.

mod cache;
mod calendar;
#[cfg(any(test, fuzzing))]
pub mod check;
mod names;
mod program;
mod read;
mod write;
mod zone;

pub use calendar::{Date, date_from_days, days_from_date, days_in_month};
pub use program::FormatError;
pub use read::{Context, TimeFormat};
pub use write::TimeWriter;
pub use zone::{Zone, ZoneError};
