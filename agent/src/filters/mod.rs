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

use crate::config::{OptionType, Section};
use crate::plugin::FilterKind;

pub use redact::LineRedactor;
#[cfg(any(test, fuzzing))]
pub use redact::check_records;

/// All filter plugins, in the order of the manual.
pub const KINDS: &[FilterKind] =
    &[grep::KIND, modify::KIND, multiline::KIND, parser::KIND, record_modifier::KIND, redact::KIND, retention::KIND];

/// Whether the filter of `section` is to hide what it finds.
pub fn redacts(section: &Section) -> bool {
    let is_report = section.get("mode").is_some_and(|mode| mode.text.eq_ignore_ascii_case("report"));
    is_redact(section) && !is_report
}

/// Whether the filter of `section` is a `redact`.
pub fn is_redact(section: &Section) -> bool {
    section.name().eq_ignore_ascii_case(redact::KIND.name)
}

/// The keys that the filter of `section` gives another name, or a copy under one, each with that.
pub fn moves(section: &Section) -> Vec<(String, String)> {
    if section.name().eq_ignore_ascii_case(modify::KIND.name) { modify::moves(section) } else { Vec::new() }
}

/// The key whose text the filter of `section` takes apart, so that it is no field of its own any more.
pub fn takes_apart(section: &Section) -> Option<&str> {
    let is_kept = section.get("preserve_key").is_some_and(|is_kept| bool::parse(&is_kept.text) != Ok(false));
    let is_one = section.name().eq_ignore_ascii_case(parser::KIND.name) && !is_kept;
    section.get("key_name").filter(|_| is_one).map(|key| key.text.trim_start_matches('$'))
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
