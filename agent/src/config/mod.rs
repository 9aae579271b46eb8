//! Configuration: classic `.conf` and YAML files to one positioned document, and from there to typed options.
//!
//! Only this room knows text. Every problem is collected with its place and reported at once.

mod diagnostic;
mod document;
mod options;
mod values;

pub use diagnostic::{Diagnostic, Diagnostics, Severity};
pub use document::{Document, Entry, Located, Place, Section, SectionKind, SourceFile};
pub use options::{OptionSpec, OptionType, Options, Presence, joined, read_one, read_optional, read_repeated};
pub use values::{Secret, Size};
