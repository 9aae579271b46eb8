//! `vigie dlq`: what the store refused for good, looked at, sent again, thrown away.

mod list;
mod purge;
mod replay;
mod show;
mod stats;

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use super::flags::Flags;
use super::{print, say};
use crate::config::OptionType;
use crate::pipeline::Surroundings;
use crate::plugin::wall_clock;
use crate::spool::{Entry, LetterFile, letter_files, letter_time};

pub(super) const HELP: &str = "\
Usage: vigie dlq ls      [FILTER ...]    lists letters, one a line
       vigie dlq show KEY                prints one letter with its document
       vigie dlq stats   [FILTER ...]    counts them by output, index and error
       vigie dlq replay  [FILTER ...] -c FILE [--to OUTPUT]
                                         sends them again through the configured output; what is stored is marked as done
       vigie dlq purge   FILTER ...      throws letters away; asks for an age, a reason, or --done

The letters lie below `storage.path` of the configuration (-c FILE), in the directory given with -b DIR, or in
$STATE_DIRECTORY. The agent may run meanwhile.

Filters, all of which must fit:
  --output NAME      letters of this output
  --reason TEXT      letters whose error or its reason holds this text
  --older-than TIME  letters older than this, such as 7d, 12h or 30m
  --done             letters that were sent again and stored; ls and replay leave them out otherwise
  --limit NUMBER     at most so many (ls: 100)
";

/// A sub-command of `dlq` and what follows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ask {
    command: String,
    key: Option<String>,
    output: Option<String>,
    reason: Option<String>,
    older_than: Option<Duration>,
    done: bool,
    limit: Option<usize>,
    to: Option<String>,
}

impl Ask {
    /// Takes a long option. Gives whether it is one of `dlq`.
    pub(super) fn option(&mut self, long: &str, parser: &mut lexopt::Parser) -> Result<bool, String> {
        if long == "done" {
            self.done = true;
            return Ok(true);
        }
        if !["output", "reason", "older-than", "limit", "to"].contains(&long) {
            return Ok(false);
        }
        let long = long.to_owned();
        let value = parser.value().map_err(|error| error.to_string())?;
        let value = value.into_string().map_err(|value| format!("the argument {value:?} is not UTF-8"))?;
        let expected = |what: String| format!("--{long}: expected {what}, found `{value}`");
        match long.as_str() {
            "output" => self.output = Some(value),
            "reason" => self.reason = Some(value),
            "to" => self.to = Some(value),
            "older-than" => self.older_than = Some(Duration::parse(&value).map_err(expected)?),
            _ => self.limit = Some(value.parse().map_err(|_| expected("a number".into()))?),
        }
        Ok(true)
    }

    /// Takes the words behind `dlq`, when all options are read.
    pub(super) fn words(&mut self, words: &[String]) -> Result<(), String> {
        match words {
            [show, key] if show == "show" => self.key = Some(key.clone()),
            [show] if show == "show" => {
                return Err("`dlq show` needs the key of a letter, as `dlq ls` prints it".into());
            }
            [word] if ["ls", "stats", "replay", "purge"].contains(&word.as_str()) => {}
            _ => return Err("expected `dlq ls`, `show KEY`, `stats`, `replay` or `purge`; see `vigie help dlq`".into()),
        }
        self.command.clone_from(&words[0]);
        let is_narrow = self.reason.is_some() || self.older_than.is_some() || self.done;
        if self.command == "purge" && !is_narrow {
            return Err("`dlq purge` asks for --older-than TIME, --reason TEXT or --done".into());
        }
        Ok(())
    }

    /// Which letters are asked for. `now` is the time in seconds since 1970.
    fn filter(&self, now: i64) -> Filter<'_> {
        let older = self.older_than.map(|age| {
            let now = Duration::from_secs(u64::try_from(now).unwrap_or(0));
            letter_time(std::time::UNIX_EPOCH + now.saturating_sub(age))
        });
        Filter { ask: self, older }
    }
}

/// Which letters are asked for.
struct Filter<'a> {
    ask: &'a Ask,
    /// Time before which they were written.
    older: Option<String>,
}

impl Filter<'_> {
    /// Whether `letter` is asked for, whether done or not.
    fn fits(&self, letter: &Entry) -> bool {
        let Ask { output, reason, .. } = self.ask;
        output.as_ref().is_none_or(|output| *output == letter.output)
            && reason.as_ref().is_none_or(|text| letter.kind.contains(text) || letter.reason.contains(text))
            && self.older.as_ref().is_none_or(|older| letter.ts < *older)
    }

    /// Whether `letter` is asked for: one that is done only with `--done`, and then only such.
    fn takes(&self, letter: &Entry) -> bool {
        letter.done.is_some() == self.ask.done && self.fits(letter)
    }
}

/// Runs the sub-command of `ask`.
pub(super) fn run(ask: &Ask, flags: &Flags) -> ExitCode {
    let loaded = match super::load_for_dlq(flags) {
        Ok(loaded) => loaded,
        Err(message) => return fail(&message),
    };
    let Some(state) = loaded.surroundings.state_directory.clone() else {
        return fail("no directory for dead letters: give -c FILE, whose `storage.path` is taken, or -b DIR");
    };
    let outcome = match ask.command.as_str() {
        "ls" => list::list(ask, &state),
        "show" => show::show(ask, &state),
        "stats" => stats::stats(ask, &state),
        "purge" => purge::purge(ask, &state),
        _ => replay::replay(ask, &state, loaded),
    };
    match outcome {
        Ok(text) => print(&text),
        Err(message) => fail(&message),
    }
}

fn fail(message: &str) -> ExitCode {
    say(&format!("vigie: {message}\n"));
    ExitCode::FAILURE
}

/// What the sub-commands get of a configuration.
pub(super) struct ForDlq {
    pub(super) loaded: crate::config::Loaded,
    pub(super) surroundings: Surroundings,
}

fn now() -> i64 {
    wall_clock().seconds
}

/// The dead-letter files in `state`.
fn files(state: &Path) -> Result<Vec<LetterFile>, String> {
    letter_files(state).map_err(|error| format!("`{}` cannot be listed: {error}", state.join("dlq").display()))
}

/// Calls `each` with all letters in `files`, older ones first, until it gives false. Damaged lines are told.
fn each_letter(files: &[LetterFile], mut each: impl FnMut(&LetterFile, Entry) -> bool) -> Result<(), String> {
    for file in files {
        let told = |error: &dyn std::fmt::Display| format!("`{}`: {error}", file.path.display());
        for entry in file.entries().map_err(|error| told(&error))? {
            let goes_on = match entry {
                Ok(entry) => each(file, entry),
                Err(error) => {
                    say(&format!("vigie: {}\n", told(&error)));
                    true
                }
            };
            if !goes_on {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// `text` on one line, so that no letter changes what a terminal shows.
fn shown(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter() -> Entry {
        Entry {
            output: "store".into(),
            kind: "mapper_parsing_exception".into(),
            reason: "failed to parse field [n]".into(),
            ts: "2026-01-10T12:00:00.000Z".into(),
            ..Entry::default()
        }
    }

    #[test]
    fn filters_must_all_fit() {
        let noon = 1_768_046_400 + 60;
        let cases: &[(Ask, bool)] = &[
            (Ask::default(), true),
            (Ask { output: Some("store".into()), reason: Some("mapper".into()), ..Ask::default() }, true),
            (Ask { output: Some("store".into()), reason: Some("[m]".into()), ..Ask::default() }, false),
            (Ask { output: Some("other".into()), ..Ask::default() }, false),
            (Ask { older_than: Some(Duration::from_secs(30)), ..Ask::default() }, true),
            (Ask { older_than: Some(Duration::from_secs(90)), ..Ask::default() }, false),
            (Ask { done: true, ..Ask::default() }, false),
        ];
        for (ask, expected) in cases {
            assert_eq!(ask.filter(noon).takes(&letter()), *expected, "{ask:?}");
        }
        let done = Entry { done: Some("2026".into()), ..letter() };
        assert!(!Ask::default().filter(noon).takes(&done));
        assert!(Ask { done: true, ..Ask::default() }.filter(noon).takes(&done));
    }
}
