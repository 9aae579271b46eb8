//! `vigie dlq show`: one letter with its document.

use std::path::Path;

use super::{Ask, each_letter, files, shown};
use crate::spool::Entry;

/// The letter whose key begins as asked for.
pub(super) fn show(ask: &Ask, state: &Path) -> Result<String, String> {
    let key = ask.key.as_deref().unwrap_or_default();
    let mut found = None;
    each_letter(&files(state)?, |file, letter| {
        if letter.key.starts_with(key) {
            found = Some((file.path.display().to_string(), letter));
        }
        found.is_none()
    })?;
    let (file, letter) = found.ok_or_else(|| format!("there is no letter `{key}`: see `vigie dlq ls`"))?;
    Ok(page(&file, &letter))
}

fn page(file: &str, letter: &Entry) -> String {
    let optional = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let rows = [
        ("key", letter.key.clone()),
        ("written", letter.ts.clone()),
        ("done", optional(&letter.done)),
        ("file", file.to_owned()),
        ("output", letter.output.clone()),
        ("action", optional(&letter.action)),
        ("index", optional(&letter.index)),
        ("id", optional(&letter.id)),
        ("status", letter.status.to_string()),
        ("error", letter.kind.clone()),
        ("reason", letter.reason.clone()),
        ("attempts", letter.attempts.to_string()),
        ("input", letter.input.clone()),
        ("source", format!("{}:{}", letter.path, letter.offset)),
        ("tag", letter.tag.clone()),
    ];
    let rows = rows.iter().map(|(name, value)| format!("{name:<9} {}\n", shown(value)));
    let document = shown(String::from_utf8_lossy(&letter.document).trim_end());
    format!("{}\n{document}\n", rows.collect::<String>())
}
