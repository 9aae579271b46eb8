//! The filter plugins: one folder each, one row in [`KINDS`].

mod grep;
mod modify;
mod parser;
mod pattern;
mod record_modifier;
#[cfg(test)]
mod testing;

use crate::plugin::FilterKind;

/// All filter plugins, in the order of the manual.
pub const KINDS: &[FilterKind] = &[grep::KIND, modify::KIND, parser::KIND, record_modifier::KIND];
