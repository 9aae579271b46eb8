//! Configuration: classic `.conf` and YAML files to one positioned document, and from there to typed options.
//!
//! Only this room knows text. Every problem is collected with its place and reported at once.

#[cfg(any(test, fuzzing))]
pub mod check;
mod classic;
pub mod codes;
pub mod common;
mod definitions;
mod diagnostic;
mod document;
mod environment;
mod events;
mod fnmatch;
mod glob;
mod include;
mod load;
mod matcher;
mod openable;
mod options;
mod reader;
mod refresh;
mod render;
mod secrets;
mod service;
pub mod types;
mod yaml;
mod zones;

pub use common::refuse_unknown;
pub use definitions::{PARSER_TABLE, built_in_parsers, named_parser, parsers_in_use};
pub use diagnostic::{Diagnostic, Diagnostics, Severity};
pub use document::{Document, Entry, Located, Place, Section, SectionKind, SourceFile};
pub use environment::Environment;
pub use events::MULTILINE_TABLE;
pub use fnmatch::Pattern;
pub use glob::{Found, Glob, files_named};
pub use load::{CommandLine, Flag, Loaded, load};
pub use matcher::{Matcher, TagPattern, TagRegex};
pub use openable::{could_append, could_fill, directory_of, or_here};
pub use options::{
    OptionSpec, OptionType, Options, Presence, check_text, comment_within, joined, read_one, read_optional,
    read_repeated, readable,
};
pub use reader::read_bounded;
pub use refresh::{VariableFile, VariableFiles};
pub use render::{closest, did_you_mean, nearest, render, told};
pub use secrets::hidden;
pub use service::{Grace, RedactRule, Service, without_telemetry};
pub use types::{Secret, Size};
pub use yaml::{TextMap, TextMember, text_maps};
