//! Bytes to records: the record model, the parsers, timestamps and multiline joining.
//!
//! Everything here is a pure function of bytes: no files, no network, no clock, no async.

pub mod batch;
pub mod json;
pub mod regex;
pub mod time;

mod parser;

pub use parser::{Parsed, Parser, Parsers};
