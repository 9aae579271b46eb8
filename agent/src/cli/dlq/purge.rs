//! `vigie dlq purge`: letters thrown away.

use std::path::Path;

use super::{Ask, files, now};
use crate::spool::Rewritten;

/// Throws the letters asked for away, those that are done among them unless they are asked for alone.
pub(super) fn purge(ask: &Ask, state: &Path) -> Result<String, String> {
    let filter = ask.filter(now());
    let mut left = ask.limit.unwrap_or(usize::MAX);
    let mut gone = 0;
    for file in files(state)? {
        let rewritten = file.rewrite(|letter| {
            let is_asked_for = filter.fits(letter) && (!ask.done || letter.done.is_some());
            if !is_asked_for || left == 0 {
                return Rewritten::Kept;
            }
            left -= 1;
            Rewritten::Gone
        });
        gone += rewritten.map_err(|error| format!("`{}` cannot be written: {error}", file.path.display()))?;
    }
    Ok(format!("{gone} letters thrown away\n"))
}
