//! `vigie dlq ls`: one line per letter.

use std::path::Path;

use super::{Ask, each_letter, files, now, shown};
use crate::spool::Entry;

/// Letters that are listed by default.
const LIMIT: usize = 100;

/// The letters asked for, older ones first.
pub(super) fn list(ask: &Ask, state: &Path) -> Result<String, String> {
    let (filter, limit) = (ask.filter(now()), ask.limit.unwrap_or(LIMIT));
    let (mut text, mut listed, mut more) = (String::new(), 0, 0_usize);
    each_letter(&files(state)?, |_, letter| {
        if filter.takes(&letter) && listed < limit {
            listed += 1;
            text.push_str(&line(&letter));
        } else if filter.takes(&letter) {
            more += 1;
        }
        true
    })?;
    if more > 0 {
        text.push_str(&format!("... and {more} more: see `--limit`\n"));
    }
    Ok(if text.is_empty() { "no letters\n".into() } else { text })
}

fn line(letter: &Entry) -> String {
    let Entry { key, ts, output, status, kind, path, offset, .. } = letter;
    let index = letter.index.as_deref().unwrap_or("-");
    format!("{key}  {ts}  {}  {}  {status} {}  {}:{offset}\n", shown(output), shown(index), shown(kind), shown(path))
}
