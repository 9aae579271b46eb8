//! Lines that arrive in blocks of any size. Called by property tests and by fuzzing.

use vigie_parsers::batch::{Batch, Text, Timestamp};

use super::cut::{Block, Cutter, Cutting, OnLongLine};
use crate::metrics::InputMetrics;

/// Cuts `content` into lines of up to `max_line` bytes, however long ones are treated, given up to `block` bytes per turn.
///
/// # Panics
/// When other lines come out than of all bytes at once.
pub fn cuts(content: &[u8], max_line: usize, block: usize, skip_empty: bool, last: bool) {
    for on_long_line in [OnLongLine::Cut, OnLongLine::Skip, OnLongLine::Truncate] {
        same_lines(content, Cutting { max_line, on_long_line, skip_empty }, block, last);
    }
}

/// [`cuts`] with one way of treating long lines.
pub(super) fn same_lines(content: &[u8], cutting: Cutting, block: usize, last: bool) {
    let whole = lines(content, cutting, content.len() + 1, last);
    assert_eq!(lines(content, cutting, block, last), whole, "{cutting:?} of {}", content.escape_ascii());
}

/// Cuts `content` as a reader does, which is given up to `block` new bytes per turn.
pub(super) fn lines(content: &[u8], cutting: Cutting, block: usize, last: bool) -> (Vec<(String, u64, u16)>, u64) {
    let metrics = InputMetrics::new("tail.0");
    let mut seen = Vec::new();
    let (mut offset, mut wanted, mut end, mut long) = (0, block, 0, None);
    loop {
        let mut batch = Batch::with_capacity(64);
        let key = Text::plain(batch.store(b"log"));
        let to = content.len().min(offset + wanted);
        let start = batch.arena().len();
        batch.store(&content[offset..to]);
        let cutter = Cutter { cutting, metrics: &metrics, now: Timestamp::default(), key };
        let ends = last && to == content.len();
        let cut = cutter.cut(&mut batch, Block { start, offset: offset as u64, last: ends }, &mut long);
        for record in batch.records() {
            let text = String::from_utf8_lossy(record.plain_text(b"log").expect("text")).into_owned();
            seen.push((text, record.origin().offset, record.origin().part));
        }
        if cut.consumed > 0 {
            end = cut.end;
        }
        offset += cut.consumed;
        wanted = if cut.consumed == 0 { wanted + block } else { block };
        if to == content.len() && cut.consumed == 0 || offset == content.len() {
            return (seen, end);
        }
    }
}
