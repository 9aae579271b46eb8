//! What outputs keep on disk: requests that wait, and what was refused for good.
//!
//! The pipeline writes and reads here. Nothing here sends.

mod dead_letters;
mod format;
mod key;
mod letter;
mod table;
#[cfg(test)]
mod tests;

pub use dead_letters::{DeadLetterError, DeadLetters};
pub use format::{DecodeError, EncodeError, Stored, decode, encode};
pub use key::Key;
pub use letter::{DeadLetter, Entry, EntryError, entries};
