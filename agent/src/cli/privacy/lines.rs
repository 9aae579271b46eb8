//! `vigie redact`: standard input to standard output, one line in, one line out; and what it can find.

use std::io::{BufRead, BufWriter, Read, Write};
use std::process::ExitCode;

use serde_json::json;

use super::Arguments;
use crate::cli::{print, say};
use crate::config::{Diagnostics, Entry, Located, Place, Section, SectionKind, render};
use crate::filters::LineRedactor;
use crate::privacy::{Preset, group_name};
use crate::redact::{self, Tier};

pub(super) const HELP: &str = "\
Usage: vigie redact [OPTIONS] < IN > OUT   hides personal data and secrets, one line in, one line out
       vigie redact --explain [OPTIONS]    lists what it finds instead: line, entity, first byte, byte behind the last, tier,
                                           score, action; never a value
       vigie redact entities [--json]      lists all that it can find

  --preset NAME        rgpd-strict (default), rgpd-ops, pci, secrets or none
  --strictness LEVEL   low, normal (default) or paranoid
  --action TEXT        as `Action` of the filter `redact`, such as 'card mask keep_last=4'; may be repeated
  --field TEXT         as `Field`, for lines that are JSON; may be repeated
  --exclude PATH       as `Exclude`, for lines that are JSON; may be repeated
  --allow PATH         as `Allow`, for lines that are JSON; may be repeated
  --keys on            keys of JSON objects are looked at too
  --rules FILES        as `Rules`, detectors of your own; may be repeated
  --key-file FILE      the key ring, for actions that need one
  --key-credential NAME   the same as a credential of systemd, in $CREDENTIALS_DIRECTORY
  --key-epoch TIME     as `Key_Epoch`, to be held against the ring
  --json               lines are JSON objects, looked through as records; of --explain and entities: print JSON, an object per line

With --field or --allow a line that is no JSON object is left out, an empty one in its place, and counted on standard error.
";

/// Longest line in bytes.
const LONGEST: u64 = 64 << 20;

pub(super) fn run(mut arguments: Arguments) -> Result<ExitCode, String> {
    let (as_json, explain) = (arguments.has("json"), arguments.has("explain"));
    if arguments.words.first().is_some_and(|word| word == "entities") {
        arguments.finish(&["json"])?;
        return Ok(print(&entities(as_json)));
    }
    let mut section = Section::new(SectionKind::Filter, Place::default());
    for (key, may_be_repeated) in LineRedactor::options() {
        let flag = key.replace('_', "-");
        let values = if may_be_repeated { arguments.all(&flag)? } else { arguments.one(&flag)?.into_iter().collect() };
        for value in values {
            section.entries.push(Entry { key: located(key), value: located(&value) });
        }
    }
    refuse_fields(&section, as_json, explain)?;
    if arguments.has("mode") {
        return Err("`--mode` is of the filter alone: `--explain` lists what would be hidden".into());
    }
    if let Some(word) = arguments.finish(&["json", "explain"])?.first() {
        return Err(format!("unknown word `{word}`: lines come on standard input; see --help"));
    }
    let mut findings = Diagnostics::default();
    let Some(redactor) = LineRedactor::new(&section, false, &mut findings).filter(|_| !findings.has_errors()) else {
        let told: Vec<String> = findings
            .in_order()
            .iter()
            .map(|finding| match &finding.help {
                Some(help) => format!("{}\n  help: {help}", finding.message),
                None => finding.message.clone(),
            })
            .collect();
        return Err(told.join("\n"));
    };
    say(&render(&findings, &[]));
    match stream(redactor, as_json, explain) {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
        Err(error) => Err(error.to_string()),
    }
}

/// Refuses options for fields where lines are not looked through as records.
fn refuse_fields(section: &Section, as_json: bool, explain: bool) -> Result<(), String> {
    let Some(key) = ["field", "exclude", "allow"].into_iter().find(|key| section.get(key).is_some()) else {
        return Ok(());
    };
    match (as_json, explain) {
        (_, true) => {
            Err(format!("`--{key}` cannot stand with `--explain`, which takes lines as texts: take one of them away"))
        }
        (false, _) => Err(format!("`--{key}` is for lines that are JSON objects: add `--json`, or take it away")),
        _ => Ok(()),
    }
}

fn located(text: &str) -> Located {
    Located { text: text.into(), place: Place::default(), expanded: false }
}

/// Lines that were left out.
#[derive(Default)]
struct Left {
    count: u64,
    first: u64,
}

impl Left {
    fn add(&mut self, number: u64) {
        self.count += 1;
        if self.count == 1 {
            self.first = number;
        }
    }
}

/// Says what was left out, even where reading or writing ended early.
impl Drop for Left {
    fn drop(&mut self) {
        if self.count > 0 {
            let (count, first) = (self.count, self.first);
            let lines = if count == 1 { "1 line is".to_owned() } else { format!("{count} lines are") };
            say(&format!(
                "vigie redact: {lines} left out, the first is line {first}: no JSON objects, so nobody can tell which fields they hold\n"
            ));
        }
    }
}

/// Reads lines until there are no more. What cannot be looked through is not written.
fn stream(mut redactor: LineRedactor, as_json: bool, explain: bool) -> std::io::Result<()> {
    let mut input = std::io::stdin().lock();
    let mut output = BufWriter::new(std::io::stdout().lock());
    let (mut line, mut out, mut number, mut left) = (Vec::new(), Vec::new(), 0_u64, Left::default());
    loop {
        line.clear();
        number += 1;
        if input.by_ref().take(LONGEST).read_until(b'\n', &mut line)? == 0 {
            return output.flush();
        }
        let has_newline = line.last() == Some(&b'\n');
        if !has_newline && line.len() as u64 == LONGEST {
            output.flush()?;
            let message = format!("line {number} is longer than {LONGEST} bytes: nothing from it on is written");
            return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, message));
        }
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        out.clear();
        if explain {
            tell(&mut redactor, text, number, as_json, &mut out);
        } else {
            if !redactor.line(text, as_json, &mut out) {
                left.add(number);
            }
            if has_newline {
                out.push(b'\n');
            }
        }
        output.write_all(&out)?;
        // Whoever types wants an answer to each line.
        if input.fill_buf().is_ok_and(<[u8]>::is_empty) {
            output.flush()?;
        }
    }
}

fn tell(redactor: &mut LineRedactor, text: &[u8], number: u64, as_json: bool, out: &mut Vec<u8>) {
    for (finding, detector, action) in redactor.explain(text) {
        let (entity, tier) = (detector.entity, tier_number(detector.tier));
        let (start, end, score) = (finding.start, finding.end, finding.score);
        let line = if as_json {
            let rule = detector.summary;
            json!({"line": number, "entity": entity, "start": start, "end": end, "tier": tier, "score": score, "action": action, "rule": rule})
                .to_string()
        } else {
            format!("{number}\t{entity}\t{start}-{end}\ttier {tier}\tscore {score}\t{action}\t{}", detector.summary)
        };
        out.extend_from_slice(line.as_bytes());
        out.push(b'\n');
    }
}

fn tier_number(tier: Tier) -> u8 {
    match tier {
        Tier::One => 1,
        Tier::Two => 2,
        Tier::Three => 3,
    }
}

/// What can be found, with what the presets do.
fn entities(as_json: bool) -> String {
    let action = |preset: &str, detector| {
        Preset::named(preset).and_then(|preset| preset.action(detector)).map_or("-".to_owned(), |action| action.text())
    };
    let mut text = String::new();
    if !as_json {
        text.push_str(&format!(
            "{:<24}{:<10}{:<6}{:<28}{:<28}WHAT IT IS\n",
            "ENTITY", "GROUP", "TIER", "rgpd-strict", "rgpd-ops"
        ));
    }
    for detector in redact::all() {
        let (strict, ops) = (action("rgpd-strict", detector), action("rgpd-ops", detector));
        let (entity, group, tier) = (detector.entity, group_name(detector.group), tier_number(detector.tier));
        if as_json {
            let line = json!({"entity": entity, "group": group, "tier": tier, "rgpd-strict": strict, "rgpd-ops": ops, "summary": detector.summary, "source": detector.source});
            text.push_str(&format!("{line}\n"));
        } else {
            text.push_str(&format!("{entity:<24}{group:<10}{tier:<6}{strict:<28}{ops:<28}{}\n", detector.summary));
        }
    }
    text
}
