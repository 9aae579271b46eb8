//! `vigie dlq stats`: how many letters there are, and why.

use std::collections::BTreeMap;
use std::path::Path;

use super::{Ask, each_letter, files, now, shown};

/// Rows that are counted apart; what comes later is counted together.
const MOST_ROWS: usize = 10_000;

#[derive(Default)]
struct Count {
    letters: u64,
    done: u64,
    bytes: u64,
    first: String,
    last: String,
}

/// The letters asked for, counted by output, index, status and error.
pub(super) fn stats(ask: &Ask, state: &Path) -> Result<String, String> {
    let filter = ask.filter(now());
    let mut rows: BTreeMap<(String, String, u16, String), Count> = BTreeMap::new();
    each_letter(&files(state)?, |_, letter| {
        if !filter.fits(&letter) {
            return true;
        }
        let row = (letter.output, letter.index.unwrap_or_else(|| "-".into()), letter.status, letter.kind);
        let is_other = rows.len() >= MOST_ROWS && !rows.contains_key(&row);
        let row = if is_other { (row.0, "others".into(), 0, "others".into()) } else { row };
        let count = rows.entry(row).or_default();
        count.letters += 1;
        count.done += u64::from(letter.done.is_some());
        count.bytes += letter.document.len() as u64;
        if count.first.is_empty() || letter.ts < count.first {
            count.first.clone_from(&letter.ts);
        }
        count.last = letter.ts.max(std::mem::take(&mut count.last));
        true
    })?;
    let line = |((output, index, status, kind), count): (&(String, String, u16, String), &Count)| {
        let Count { letters, done, bytes, first, last } = count;
        let (output, index, kind) = (shown(output), shown(index), shown(kind));
        format!(
            "{letters:>8} letters, {done} done, {bytes} bytes  {output}  {index}  {status} {kind}  {first} to {last}\n"
        )
    };
    let total: u64 = rows.values().map(|count| count.letters).sum();
    Ok(format!("{}{total:>8} letters in all\n", rows.iter().map(line).collect::<String>()))
}
