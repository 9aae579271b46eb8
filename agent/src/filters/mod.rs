//! The filter plugins: one folder each, one row in [`KINDS`].

mod grep;
mod modify;
mod multiline;
mod parser;
mod pattern;
mod record_modifier;
#[cfg(test)]
mod testing;

use vigie_parsers::batch::{Batch, Text};

use crate::plugin::FilterKind;

/// All filter plugins, in the order of the manual.
pub const KINDS: &[FilterKind] = &[grep::KIND, modify::KIND, multiline::KIND, parser::KIND, record_modifier::KIND];

/// The bytes that `text` stands for; escaped text is decoded into `scratch`.
fn decoded<'a>(batch: &'a Batch, text: Text, scratch: &'a mut Vec<u8>) -> &'a [u8] {
    if !text.is_escaped() {
        return batch.bytes(text.span);
    }
    scratch.clear();
    batch.decode_text(text, scratch);
    scratch
}
