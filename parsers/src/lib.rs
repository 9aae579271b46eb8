//! Bytes to records: the record model, the parsers, timestamps and multiline joining.
//!
//! Everything here is a pure function of bytes: no files, no network, no clock, no async.

pub mod batch;
pub mod cri;
pub mod json;
pub mod msgpack;
pub mod multiline;
pub mod regex;
pub mod time;

mod decode;
mod definition;
mod fields;
mod logfmt;
mod ltsv;
mod parser;
pub mod simd;
pub mod syslog;

pub use decode::{DecodeRule, Decoder, Then};
pub use definition::{BUILT_IN, Definition, DefinitionError, Format};
pub use fields::{FieldType, TimeField};
pub use parser::{LARGEST_EVENT, Parsed, Parser, Parsers};
