//! The filter plugins: one folder each, one row in [`KINDS`].

pub mod condition;
mod grep;
mod modify;
mod multiline;
mod number;
mod parser;
mod pattern;
mod record_modifier;
mod redact;
mod retention;
#[cfg(test)]
mod testing;

use vigie_parsers::batch::{Batch, Text};

use crate::config::Section;
use crate::plugin::FilterKind;

pub use redact::LineRedactor;
#[cfg(any(test, fuzzing))]
pub use redact::check_records;

/// All filter plugins, in the order of the manual.
pub const KINDS: &[FilterKind] =
    &[grep::KIND, modify::KIND, multiline::KIND, parser::KIND, record_modifier::KIND, redact::KIND, retention::KIND];

/// Whether the filter of `section` hides what it finds, so that records which passed it may leave the host.
pub fn redacts(section: &Section) -> bool {
    let is_report = section.get("mode").is_some_and(|mode| mode.text.eq_ignore_ascii_case("report"));
    section.name().eq_ignore_ascii_case(redact::KIND.name) && !is_report && redact::hides_any(section)
}

/// The bytes that `text` stands for; escaped text is decoded into `scratch`.
fn decoded<'a>(batch: &'a Batch, text: Text, scratch: &'a mut Vec<u8>) -> &'a [u8] {
    if !text.is_escaped() {
        return batch.bytes(text.span);
    }
    scratch.clear();
    batch.decode_text(text, scratch);
    scratch
}
