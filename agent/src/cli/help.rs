//! Help, made from the option tables.

use crate::config::codes::code;
use crate::config::common::{FilterOptions, InputOptions, OutputOptions, not_needed as unneeded};
use crate::config::{
    Document, MULTILINE_TABLE, OptionSpec, Options, PARSER_TABLE, Presence, Section, SectionKind, Service,
    built_in_parsers, did_you_mean,
};
use crate::{filters, inputs, outputs};

const USAGE: &str = "\
Vigie ships logs. It reads Fluent Bit configuration.

Usage: vigie -c FILE
       vigie -i INPUT [-t TAG] [-p key=value ...] [-F FILTER ...] -o OUTPUT [-m MATCH] [-p key=value ...]
       vigie check FILE
       vigie migrate FILE
       vigie setup opensearch -c FILE [--apply]
       vigie dlq ls | show | stats | replay | purge
       vigie redact [OPTIONS] < IN > OUT | redact entities | token | keys
       vigie report --art30 | receipts verify
       vigie retention plan | run | hold | erase | verify | report | key
       vigie help [PLUGIN | dlq | service | parsers | CODE]

  -c, --config FILE       configuration, classic or YAML
  -D, --dry-run           check the configuration and exit
  -i, --input NAME        add an input
  -F, --filter NAME       add a filter
  -o, --output NAME       add an output
  -p, --prop KEY=VALUE    property of the plugin before it
  -t, --tag TAG           tag of the input before it
  -m, --match PATTERN     tags that the filter or output before it takes
  -f, --flush SECONDS     seconds after which records are sent
  -R, --parser FILE       parsers file
  -b, --storage_path DIR  directory for state
  -H, --http              serve metrics and health
  -L, --listen ADDRESS    ... at this address (127.0.0.1)
  -P, --port PORT         ... and port (2020)
  -l, --log_file FILE     write messages to a file
  -w, --workdir DIR       change to this directory first
  -v, --verbose           say more (repeat for trace)
  -q, --quiet             say nothing
  -V, --version           print the version
  -Y, --enable-hot-reload reload on SIGHUP and POST /api/v2/reload
  -r, --processor NAME    processor, for help alone
  -h, --help              print this, or the options of the plugin before it
  -J, --help-json         the same as JSON

";

/// Help of the program, or of the plugin or section called `topic`.
///
/// # Errors
/// When nothing is called so.
pub(super) fn text(topic: Option<&str>) -> Result<String, String> {
    let Some(topic) = topic else { return Ok(overview()) };
    let name = topic.to_ascii_lowercase();
    if name == "tables" {
        return Ok(super::tables::markdown());
    }
    if name == "bench" {
        return Ok(super::bench::HELP.to_owned());
    }
    if name == "setup" {
        return Ok(super::setup::HELP.to_owned());
    }
    if name == "dlq" {
        return Ok(super::dlq::HELP.to_owned());
    }
    if name == "service" {
        return Ok(format!("[SERVICE]: what concerns the agent as a whole.\n\n{}", table(Service::TABLE)));
    }
    if name == "parsers" {
        return Ok(format!(
            "[PARSER]: turns the text of a record into fields.\n\n{}\n[MULTILINE_PARSER]: joins lines to events.\n\n{}\n\
             Built in, unless a parsers file defines the name:\n{}",
            table(PARSER_TABLE),
            table(MULTILINE_TABLE),
            listed(&built_in_parsers().names())
        ));
    }
    if let Some(code) = code(&name) {
        return Ok(format!("{}: {}\n\n{}\n", code.code, code.title, code.text));
    }
    // A command beside the filter of that name.
    let mut texts: Vec<String> = (name == "retention").then(|| super::retention::HELP.to_owned()).into_iter().collect();
    for (word, kind, summary, own, common) in plugins() {
        if kind == name {
            let common: Vec<OptionSpec> = common.iter().filter(|spec| spec.key != "name").copied().collect();
            texts.push(format!(
                "{kind}: {word}. {summary}\n\nOptions:\n{}\nOptions of every {word}:\n{}",
                table(own),
                table(&common)
            ));
        }
    }
    if texts.is_empty() {
        return Err(unknown_plugin(topic));
    }
    Ok(texts.join("\n"))
}

/// That no plugin is called `topic`, and which one may be meant.
pub(super) fn unknown_plugin(topic: &str) -> String {
    let names: Vec<&str> = plugins().map(|(_, kind, ..)| kind).collect();
    let text = format!("no plugin is called `{topic}`. {}", did_you_mean(&topic.to_lowercase(), &names));
    text.trim_end().to_owned()
}

/// Kind, name, summary, own options and common options of a plugin.
pub(super) type Row = (&'static str, &'static str, &'static str, &'static [OptionSpec], &'static [OptionSpec]);

/// Kind, name, summary, own options and common options of every plugin.
pub(super) fn plugins() -> impl Iterator<Item = Row> {
    let inputs = inputs::KINDS.iter().map(|kind| ("input", kind.name, kind.summary, kind.options, InputOptions::TABLE));
    let filters =
        filters::KINDS.iter().map(|kind| ("filter", kind.name, kind.summary, kind.options, FilterOptions::TABLE));
    let outputs =
        outputs::KINDS.iter().map(|kind| ("output", kind.name, kind.summary, kind.options, OutputOptions::TABLE));
    inputs.chain(filters).chain(outputs)
}

fn overview() -> String {
    let mut text = USAGE.to_owned();
    let mut last = "";
    for (word, name, summary, ..) in plugins() {
        if word != last {
            text.push_str(&format!("{word}s\n"));
            last = word;
        }
        text.push_str(&format!("  {name:<22}{summary}\n"));
    }
    text
}

/// `names`, several on a line.
fn listed(names: &[&str]) -> String {
    names.chunks(4).map(|row| format!("  {}\n", row.join(", "))).collect()
}

fn table(specs: &[OptionSpec]) -> String {
    let mut text = String::new();
    for spec in specs.iter().filter(|spec| !matches!(spec.presence, Presence::NotNeeded | Presence::Refused)) {
        let presence = match spec.presence {
            Presence::Required => "required".to_owned(),
            Presence::Repeated => "may be repeated".to_owned(),
            Presence::Default(default) => format!("default: {default}"),
            Presence::Optional | Presence::NotNeeded | Presence::Refused => "optional".to_owned(),
        };
        text.push_str(&format!("  {} <{}>, {presence}\n      {}\n", spec.key, spec.kind, spec.doc));
    }
    let unneeded: Vec<&str> =
        specs.iter().filter(|spec| spec.presence == Presence::NotNeeded).map(|spec| spec.key).collect();
    if !unneeded.is_empty() {
        text.push_str(&format!("  Accepted and not needed here: {}\n", unneeded.join(", ")));
    }
    for spec in specs.iter().filter(|spec| spec.presence == Presence::Refused) {
        text.push_str(&format!("  {}: refused\n      {}\n", spec.key, spec.doc));
    }
    text
}

/// The tables of the options that `section` may have: its plugin's own, and those of every plugin of its kind. `None` when
/// it names no plugin that is known.
pub(super) fn tables(section: &Section) -> Option<[&'static [OptionSpec]; 2]> {
    if section.kind == SectionKind::Service {
        return Some([Service::TABLE, &[]]);
    }
    let word = word(section.kind)?;
    let name = section.name().to_ascii_lowercase();
    plugins().find(|row| row.0 == word && row.1 == name).map(|(_, _, _, own, common)| [own, common])
}

/// What help calls sections of `kind`.
pub(super) fn word(kind: SectionKind) -> Option<&'static str> {
    Some(match kind {
        SectionKind::Service => "service",
        SectionKind::Input => "input",
        SectionKind::Filter => "filter",
        SectionKind::Output => "output",
        SectionKind::Parser => "parser",
        SectionKind::MultilineParser => "multiline_parser",
        SectionKind::RetentionClass | SectionKind::Other => return None,
    })
}

/// For each section of `document`, by its plugin's name, the keys that are accepted and not needed.
pub(super) fn not_needed(document: &Document) -> Vec<(String, Vec<&str>)> {
    let mut all = Vec::new();
    for section in &document.sections {
        let name = if section.kind == SectionKind::Service { "service" } else { section.name() };
        let keys = tables(section).map(|tables| unneeded(section, &tables)).unwrap_or_default();
        if !keys.is_empty() {
            all.push((name.to_ascii_lowercase(), keys));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_plugin_has_help_and_documented_options() {
        for (_, name, summary, own, _) in plugins() {
            assert!(summary.ends_with('.'), "{name}");
            assert!(own.iter().all(|spec| !spec.doc.is_empty()), "{name}");
            assert!(text(Some(name)).is_ok_and(|text| text.contains("Options of every")), "{name}");
        }
    }

    #[test]
    fn an_unknown_topic_is_an_error() {
        assert!(text(Some("nope")).is_err());
        assert!(text(Some("tial")).is_err_and(|message| message.contains("`tail`")));
        assert!(text(Some("bench")).is_ok_and(|text| text.starts_with("Usage: vigie bench")));
        assert!(
            text(None).is_ok_and(|text| !text.contains("bench")),
            "it is for owners of boards, not for everyday use"
        );
        assert!(
            text(None).is_ok_and(|text| ["vigie report", "receipts verify"].iter().all(|word| text.contains(word)))
        );
        assert!(text(Some("parsers")).is_ok_and(|text| text.contains("apache, apache2, apache_error")));
        assert!(text(Some("v103")).is_ok_and(|text| text.starts_with("V103")));
    }

    #[test]
    fn every_default_can_be_read() {
        let shared = [("service", Service::TABLE), ("parser", PARSER_TABLE)];
        let tables = plugins().flat_map(|(_, name, _, own, common)| [(name, own), (name, common)]).chain(shared);
        for (name, spec) in tables.flat_map(|(name, table)| table.iter().map(move |spec| (name, spec))) {
            if let Presence::Default(text) = spec.presence {
                assert_eq!((spec.check)(text), Ok(()), "{name} {}", spec.key);
            }
        }
    }
}
