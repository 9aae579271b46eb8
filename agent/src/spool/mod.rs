//! What outputs keep on disk: requests that wait, and what was refused for good.
//!
//! The pipeline writes and reads here. Nothing here sends.

mod commit;
mod dead_letters;
mod directory;
#[cfg(test)]
mod directory_tests;
mod disk;
mod files;
mod format;
mod hide;
mod index;
mod key;
mod letter;
mod listing;
#[cfg(test)]
mod mutations;
mod places;
mod quarantine;
mod table;
#[cfg(test)]
mod tests;

pub use dead_letters::{DeadLetterError, DeadLetters};
pub use directory::{PutError, Spool, SpoolOptions, Taken};
pub use files::{LetterFile, Rewritten, letter_files};
pub use format::{DecodeError, EncodeError, Stored, decode, encode};
pub use hide::Hide;
pub use key::Key;
pub use letter::{DeadLetter, Entry, EntryError, entries, letter_time};
pub use listing::Name;
pub use places::{SpoolError, folder_of, path_of, probe_spool, spools};
