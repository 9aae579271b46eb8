//! How lines become records, as the options say: the parser, and the ways of joining lines.

use std::time::Duration;

use super::options::TailOptions;
use crate::config::{Diagnostics, Entry, Section};
use crate::inputs::lines::{self, Docker, FirstLine, LineOptions, Multiline, Older};
use crate::plugin::BuildContext;

/// What `options` say of lines. `None` when something was wrong; it has been reported.
///
/// Where `multiline.parser` is set, the older ways have no effect, as in Fluent Bit.
pub(super) fn read(
    options: &TailOptions,
    section: &Section,
    context: &BuildContext,
    findings: &mut Diagnostics,
) -> Option<LineOptions> {
    let parser = lines::parser((section, "parser"), context, findings);
    let multiline = lines::multiline(section, context, findings);
    let older = match &multiline {
        Some(multiline) if multiline.is_empty() => older(options, section, context, findings),
        _ => Some(None),
    };
    let (parser, multiline, older) = (parser?, multiline?, older?);
    warn_of_idle(options, section, &multiline, findings);
    Some(LineOptions {
        key: options.key.clone(),
        parser,
        multiline,
        older,
        path_key: options.path_key.clone(),
        offset_key: options.offset_key.clone(),
    })
}

/// The older way that is on.
fn older(
    options: &TailOptions,
    section: &Section,
    context: &BuildContext,
    findings: &mut Diagnostics,
) -> Option<Option<Older>> {
    if options.multiline && options.docker_mode {
        let place = section.get("docker_mode").map_or(section.place, |value| value.place);
        let message = "`Multiline` and `Docker_Mode` cannot be on together";
        findings.error(place, "V406", message).help("take `Multiline.Parser docker` with a parser of the events in it");
        return None;
    }
    if options.multiline {
        return first_line(options, section, context, findings).map(Older::FirstLine).map(Some);
    }
    if !options.docker_mode {
        return Some(None);
    }
    let first = lines::parser((section, "docker_mode_parser"), context, findings)?;
    let (flush_after, largest) = (at_least_a_second(options.docker_mode_flush), context.parsers.largest_event);
    Some(Some(Older::Docker(Docker { first, flush_after, largest })))
}

fn first_line(
    options: &TailOptions,
    section: &Section,
    context: &BuildContext,
    findings: &mut Diagnostics,
) -> Option<FirstLine> {
    let first = lines::parser((section, "parser_firstline"), context, findings);
    if let Some(None) = first {
        let place = section.get("multiline").map_or(section.place, |value| value.place);
        findings
            .error(place, "V105", "`parser_firstline` is missing")
            .help("add a line `Parser_Firstline <name>`, the parser of lines that begin an event");
    }
    let named: Vec<&Entry> = section.entries.iter().filter(|entry| is_numbered(&entry.key.text)).collect();
    let more: Vec<_> = named.iter().filter_map(|entry| context.parser(&entry.value, findings)).collect();
    let (flush_after, largest) = (at_least_a_second(options.multiline_flush), context.parsers.largest_event);
    let is_complete = more.len() == named.len();
    first?.filter(|_| is_complete).map(|first| FirstLine { first, more, flush_after, largest })
}

/// Whether `key` is one of `Parser_N`.
fn is_numbered(key: &str) -> bool {
    key.starts_with("parser_") && key != "parser_firstline"
}

fn at_least_a_second(time: Duration) -> Duration {
    time.max(Duration::from_secs(1))
}

/// Warns of options that have no effect beside the others.
fn warn_of_idle(options: &TailOptions, section: &Section, multiline: &Multiline, findings: &mut Diagnostics) {
    let by_parser = !multiline.is_empty();
    for entry in &section.entries {
        let key = entry.key.text.as_str();
        let reason = match key {
            "parser" | "multiline" | "docker_mode" if by_parser => "where `multiline.parser` is set",
            "parser" if options.multiline => "where `multiline` is on",
            "multiline_flush" | "parser_firstline" if !options.multiline => "where `multiline` is off",
            "docker_mode_flush" | "docker_mode_parser" if !options.docker_mode => "where `docker_mode` is off",
            key if is_numbered(key) && !options.multiline => "where `multiline` is off",
            _ => continue,
        };
        let is_off =
            matches!(key, "multiline" if !options.multiline) || matches!(key, "docker_mode" if !options.docker_mode);
        if is_off {
            continue;
        }
        let help = if key == "parser" { "add a filter `parser` instead" } else { "take it away" };
        findings.warning(entry.value.place, "V403", format!("`{key}` is not applied {reason}")).help(help);
    }
}
