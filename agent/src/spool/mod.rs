//! What outputs keep on disk.
//!
//! The pipeline writes here what an output refused for good. Nothing here sends.

mod dead_letters;
mod letter;

pub use dead_letters::{DeadLetterError, DeadLetters};
pub use letter::{DeadLetter, Entry, EntryError, entries};
