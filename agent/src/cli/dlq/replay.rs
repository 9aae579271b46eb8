//! `vigie dlq replay`: letters sent again.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::time::UNIX_EPOCH;

use super::{Ask, Filter, ForDlq, each_letter, files, now, shown};
use crate::config::{Diagnostics, render};
use crate::pipeline::{Replay, Sent};
use crate::spool::{Entry, LetterFile, Rewritten, letter_time};

/// Letters that are sent before those that are stored are marked.
const MARKED_AT_ONCE: usize = 10_000;
/// Letters of one request, and their bytes.
const LETTERS: usize = 500;
const BYTES: usize = 1 << 20;

/// How it went.
#[derive(Default)]
struct Tally {
    stored: usize,
    /// By the name of the error.
    refused: BTreeMap<String, usize>,
    not_now: usize,
    why: String,
}

/// Sends the letters asked for again, file by file. A letter is marked when the store has it; one that was stored and not yet
/// marked meets itself by its id.
pub(super) fn replay(ask: &Ask, state: &Path, configured: ForDlq) -> Result<String, String> {
    if configured.loaded.document.files.is_empty() && configured.loaded.document.sections.is_empty() {
        return Err("`dlq replay` needs the configuration of the output: give -c FILE".into());
    }
    let mut ways = Ways { configured, by_output: BTreeMap::new(), to: ask.to.clone() };
    let (filter, mut left, mut tally) = (ask.filter(now()), ask.limit.unwrap_or(usize::MAX), Tally::default());
    for file in files(state)? {
        replay_file(&file, (&filter, &mut left), &mut ways, &mut tally)?;
    }
    tally.into_report()
}

/// The outputs that letters are sent through, made when first needed.
struct Ways {
    configured: ForDlq,
    by_output: BTreeMap<String, Replay>,
    to: Option<String>,
}

impl Ways {
    fn of(&mut self, output: &str) -> Result<&Replay, String> {
        let name = self.to.clone().unwrap_or_else(|| output.to_owned());
        if !self.by_output.contains_key(&name) {
            let mut findings = Diagnostics::default();
            let ForDlq { loaded, surroundings } = &self.configured;
            let way = Replay::new(&name, loaded, surroundings, &mut findings)
                .map_err(|message| format!("{}{message}", render(&findings, &loaded.document.files)))?;
            self.by_output.insert(name.clone(), way);
        }
        Ok(&self.by_output[&name])
    }
}

fn replay_file(
    file: &LetterFile,
    (filter, left): (&Filter<'_>, &mut usize),
    ways: &mut Ways,
    tally: &mut Tally,
) -> Result<(), String> {
    let mut stored = HashSet::new();
    let mut batch: Vec<Entry> = Vec::new();
    let mut failed = None;
    each_letter(std::slice::from_ref(file), |_, letter| {
        if !filter.takes(&letter) || *left == 0 {
            return *left > 0;
        }
        *left -= 1;
        let is_full = batch.len() >= LETTERS || batch.iter().map(|letter| letter.document.len()).sum::<usize>() > BYTES;
        if is_full || batch.last().is_some_and(|last| last.output != letter.output) {
            failed = send(std::mem::take(&mut batch), ways, tally, &mut stored).err();
        }
        batch.push(letter);
        if stored.len() >= MARKED_AT_ONCE && failed.is_none() {
            failed = mark(file, &mut stored).err();
        }
        failed.is_none()
    })?;
    if failed.is_none() {
        failed = send(batch, ways, tally, &mut stored).err();
    }
    mark(file, &mut stored)?;
    failed.map_or(Ok(()), Err)
}

/// Sends `batch`, letters of one output, and notes the keys of those that are stored.
fn send(batch: Vec<Entry>, ways: &mut Ways, tally: &mut Tally, stored: &mut HashSet<String>) -> Result<(), String> {
    let Some(first) = batch.first() else { return Ok(()) };
    let fates = ways.of(&first.output)?.send(&batch);
    for (letter, fate) in batch.into_iter().zip(fates) {
        match fate {
            Sent::Stored => {
                tally.stored += 1;
                stored.insert(letter.key);
            }
            Sent::Refused(refusal) => {
                let name = if refusal.kind.is_empty() { refusal.status.to_string() } else { refusal.kind };
                *tally.refused.entry(name).or_default() += 1;
            }
            Sent::NotNow(why) => {
                tally.not_now += 1;
                tally.why = why;
            }
        }
    }
    // When the store does not answer, the letters behind these would only wait as long.
    if tally.not_now > 0 { Err(tally.sentence()) } else { Ok(()) }
}

fn mark(file: &LetterFile, stored: &mut HashSet<String>) -> Result<(), String> {
    if stored.is_empty() {
        return Ok(());
    }
    let now = letter_time(UNIX_EPOCH + std::time::Duration::from_secs(u64::try_from(now()).unwrap_or(0)));
    let keys = std::mem::take(stored);
    let marked = file.rewrite(|letter| match letter.done.is_none() && keys.contains(&letter.key) {
        true => Rewritten::Done(now.clone()),
        false => Rewritten::Kept,
    });
    let told = |error| format!("stored, but `{}` cannot be written to mark it: {error}", file.path.display());
    marked.map(drop).map_err(told)
}

impl Tally {
    fn sentence(&self) -> String {
        let refused: usize = self.refused.values().sum();
        let mut text = format!("{} letters stored, {refused} refused again", self.stored);
        for (kind, count) in &self.refused {
            text.push_str(&format!(", {count} {}", shown(kind)));
        }
        if self.not_now > 0 {
            text.push_str(&format!("; stopped, {} not taken now: {}", self.not_now, shown(&self.why)));
        }
        text
    }

    fn into_report(self) -> Result<String, String> {
        let text = self.sentence();
        if self.refused.is_empty() { Ok(text + "\n") } else { Err(text) }
    }
}
