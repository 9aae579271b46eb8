//! Records to bytes: JSON, bulk lines, timestamps, index names.
//!
//! Called by encoders on worker threads for every record, so nothing here allocates in steady state.

pub mod accessor;
mod ascii;
pub mod bulk;
#[cfg(any(test, fuzzing))]
pub mod check;
pub mod date;
mod dots;
pub mod json;
pub mod print;
pub mod strftime;
mod text;
mod tokens;

pub use ascii::escape_unicode;
pub use dots::Dots;
pub use text::{push_escaped, push_text_after, unescaped};
pub use tokens::{Token, Tokens};
