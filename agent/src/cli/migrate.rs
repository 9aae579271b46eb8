//! `vigie migrate FILE`: what becomes of each line of a configuration of Fluent Bit.

use std::path::Path;
use std::sync::Arc;

use super::differences::{self, Use};
use super::help::{tables, word};
use crate::config::{
    CommandLine, Diagnostic, Diagnostics, Document, Entry, Environment, MULTILINE_TABLE, OptionSpec, PARSER_TABLE,
    Place, Presence, Section, SectionKind, Severity, hidden, load,
};
use crate::pipeline::{Plan, Surroundings};
use crate::plugin::{Agent, Purpose};

/// What becomes of one option.
struct Row {
    place: Place,
    of: String,
    key: String,
    verdict: &'static str,
    how: String,
}

const SAME: &str = "same";
const DIFFERENT: &str = "different";
const UNSUPPORTED: &str = "unsupported";
/// A file that is named and not there.
const NOT_FOUND: &str = "not found";

/// The table of `file`, and what is counted in it.
///
/// # Errors
/// When the file cannot be read at all.
pub(super) fn text(file: &Path, environment: Environment) -> Result<String, String> {
    let mut findings = Diagnostics::default();
    let line = CommandLine { config: Some(file.to_owned()), ..CommandLine::default() };
    let loaded = load(&line, environment, &mut findings);
    if loaded.document.files.is_empty() {
        let reason = findings.in_order().first().map(|finding| finding.message.clone());
        return Err(reason.unwrap_or_else(|| format!("cannot read `{}`", file.display())));
    }
    let document = loaded.document.clone();
    // Nothing is opened: what would be found at a start is found all the same.
    let agent = Arc::new(Agent::new("migrate", b""));
    let state_directory = loaded.service.storage_path.clone();
    drop(Plan::build(loaded, &Surroundings { agent, state_directory, purpose: Purpose::Read }, &mut findings));
    Ok(table(&document, &findings))
}

fn table(document: &Document, findings: &Diagnostics) -> String {
    let mut told: Vec<&Diagnostic> = findings.in_order().into_iter().filter(|finding| matters(finding)).collect();
    let mut rows = Vec::new();
    for section in document.sections.iter().filter(|section| section.kind != SectionKind::Other) {
        rows.extend(section.entries.iter().map(|entry| row((document, section), entry, &mut told)));
        rows.extend(left_out(document, section));
        in_groups((document, section), "", &mut told, &mut rows);
    }
    // What no option is to blame for.
    rows.extend(told.iter().map(|finding| Row {
        place: finding.place.unwrap_or_default(),
        of: String::new(),
        key: finding.code.to_owned(),
        verdict: if has_no_effect(finding) { UNSUPPORTED } else { verdict(finding) },
        how: explained(finding),
    }));
    let unsupported = unsupported_headings(document, &rows);
    let others =
        document.files.iter().zip(0..).flat_map(|(file, number)| other_lines(&file.text, number, &rows, &unsupported));
    let others: Vec<Row> = others.collect();
    rows.extend(others);
    rows.sort_by_key(|row| row.place);
    // Items of a list may stand in one line.
    rows.dedup_by(|row, before| {
        let line = |row: &Row| (row.place.file, row.place.line);
        line(row) == line(before) && (&row.key, row.verdict, &row.how) == (&before.key, before.verdict, &before.how)
    });
    render(document, &rows)
}

/// Whether a finding tells what Vigie does otherwise. Which of several settings holds, and which has no effect, is as in Fluent Bit;
/// files and ports may well be there where the agent will run.
fn matters(finding: &Diagnostic) -> bool {
    let as_there = ["V112", "V113", "V114", "V115", "V116", "V117", "V205", "V403"];
    let of_this_host = ["V109", "V206", "V207", "V208", "V209"];
    !as_there.contains(&finding.code) && !of_this_host.contains(&finding.code)
}

/// Whether a finding tells of something that nothing here runs.
fn has_no_effect(finding: &Diagnostic) -> bool {
    finding.code == "V111"
}

/// What becomes of a line that `finding` tells of.
fn verdict(finding: &Diagnostic) -> &'static str {
    let is_missing = finding.message.contains("No such file");
    match (finding.severity, finding.code) {
        (Severity::Error, "V010") if is_missing => NOT_FOUND,
        (Severity::Error, "V013") => NOT_FOUND,
        (Severity::Error, _) => UNSUPPORTED,
        (Severity::Warning, _) => DIFFERENT,
    }
}

/// Files and lines of the headings of plugins that there are not.
fn unsupported_headings(document: &Document, rows: &[Row]) -> Vec<(u32, u32)> {
    let is_unsupported = |section: &&Section| {
        let name = section.entries.iter().find(|entry| entry.key.text == "name");
        name.is_some_and(|name| rows.iter().any(|row| row.place == name.key.place && row.verdict == UNSUPPORTED))
    };
    document.sections.iter().filter(is_unsupported).map(|section| (section.place.file, section.place.line)).collect()
}

/// Adds what becomes of the entries in groups of `section`, which is one of `of`: processors, conditions, routes, rules.
fn in_groups((document, section): (&Document, &Section), of: &str, told: &mut Vec<&Diagnostic>, rows: &mut Vec<Row>) {
    for (name, group) in &section.groups {
        if told.iter().any(|finding| finding.place == Some(name.place)) {
            // The heading tells of all that stands below it.
            continue;
        }
        let is_processor = of == "processors" && name.text == "logs";
        let kind = if is_processor { SectionKind::Filter } else { group.kind };
        let group = Section { kind, ..group.clone() };
        if let Some(how) = differences::of_group(&name.text) {
            rows.push(Row {
                place: name.place,
                of: String::new(),
                key: name.text.clone(),
                verdict: DIFFERENT,
                how: how.into(),
            });
        }
        rows.extend(group.entries.iter().map(|entry| row((document, &group), entry, told)));
        in_groups((document, &group), &name.text, told, rows);
    }
}

/// Lines of a file that no row is of, as headings, variables and includes are: they do the same here, unless they stand below
/// what is not run, or are the `unsupported` headings.
fn other_lines(text: &str, file: u32, rows: &[Row], unsupported: &[(u32, u32)]) -> Vec<Row> {
    let mut found = Vec::new();
    let mut not_run: Option<usize> = None;
    for (line, number) in text.lines().zip(1..) {
        let body = line.trim();
        if body.is_empty() || body.starts_with('#') || body == "---" {
            continue;
        }
        let indent = line.len() - line.trim_start().len();
        let is_below = |at: usize| indent > at || (indent == at && body.starts_with("- "));
        not_run = not_run.filter(|at| is_below(*at));
        let mut own = rows.iter().filter(|row| (row.place.file, row.place.line) == (file, number)).peekable();
        let is_told = own.peek().is_some();
        if own.any(|row| row.verdict == UNSUPPORTED && row.of.is_empty()) {
            not_run.get_or_insert(indent);
        }
        if !is_told {
            let place = Place { file, line: number, ..Place::default() };
            let is_unsupported = not_run.is_some() || unsupported.contains(&(file, number));
            let verdict = if is_unsupported { UNSUPPORTED } else { SAME };
            found.push(Row { place, of: String::new(), key: key_in(body), verdict, how: String::new() });
        }
    }
    found
}

/// What a line is called by, without its value.
fn key_in(body: &str) -> String {
    if body.starts_with(['[', '@']) {
        return body.split(char::is_whitespace).next().unwrap_or_default().to_owned();
    }
    let member = body.trim_start_matches("- ");
    let key = member.split_once(": ").map(|(key, _)| key).or_else(|| member.strip_suffix(':'));
    let classic = (member == body).then(|| body.split_once(char::is_whitespace).map(|(key, _)| key)).flatten();
    let is_plain = |key: &&str| key.chars().all(|it| it.is_alphanumeric() || "_.-".contains(it));
    key.or(classic).filter(is_plain).unwrap_or("-").to_lowercase()
}

/// What becomes of `entry`; what is told of it is taken out of `told`.
fn row((document, section): (&Document, &Section), entry: &Entry, told: &mut Vec<&Diagnostic>) -> Row {
    let key = entry.key.text.as_str();
    let is_meant = |finding: &&Diagnostic| finding.place.is_some_and(|place| stands_at(place, entry));
    let own: Vec<&Diagnostic> = told.iter().copied().filter(|finding| is_meant(finding)).collect();
    told.retain(|finding| !is_meant(finding));
    let (of, spec) = (of(section), spec(section, key));
    let place = Use { document, section, value: Some(&entry.value.text) };
    let difference = match word(section.kind) {
        Some(word) => differences::given(word, key, &place),
        None => differences::in_rule(key, &place),
    };
    let is_wrong = own.iter().any(|finding| finding.severity == Severity::Error);
    let (verdict, how) = match (own.first(), difference) {
        (Some(_), _) if is_wrong => {
            let worst = own.iter().find(|finding| finding.severity == Severity::Error);
            (
                worst.map_or(UNSUPPORTED, |finding| verdict(finding)),
                worst.map(|finding| explained(finding)).unwrap_or_default(),
            )
        }
        // The plugin itself is unknown, which its name tells.
        (None, _) if spec.is_none() && section.kind != SectionKind::Other => (UNSUPPORTED, String::new()),
        (Some(finding), _) => (DIFFERENT, explained(finding)),
        (None, Some(how)) => (DIFFERENT, how.to_owned()),
        (None, None) => (SAME, spec.map(not_needed).unwrap_or_default()),
    };
    // Items of a list have one key.
    let is_item = section.entries.iter().filter(|other| other.key.place == entry.key.place).count() > 1;
    let place = if is_item { entry.value.place } else { entry.key.place };
    Row { place, of, key: key.to_owned(), verdict, how }
}

/// Whether `place` is that of a key or lies in its value.
fn stands_at(place: Place, entry: &Entry) -> bool {
    let value = entry.value.place;
    let is_inside = place.column >= value.column && place.column <= value.column + value.length;
    place == entry.key.place || (place.file, place.line) == (value.file, value.line) && is_inside
}

/// What is different though nothing is written: defaults.
fn left_out(document: &Document, section: &Section) -> Vec<Row> {
    let Some(word) = word(section.kind).filter(|_| !is_definition(section)) else { return Vec::new() };
    let absent = differences::left_out(word, Use { document, section, value: None });
    let row = |difference: &differences::Difference| Row {
        place: section.place,
        of: of(section),
        key: format!("({})", difference.key),
        verdict: DIFFERENT,
        how: difference.how.to_owned(),
    };
    absent.filter(|difference| spec(section, difference.key).is_some()).map(row).collect()
}

fn is_definition(section: &Section) -> bool {
    matches!(section.kind, SectionKind::Parser | SectionKind::MultilineParser)
}

fn of(section: &Section) -> String {
    match section.kind {
        SectionKind::Service => "service".into(),
        SectionKind::Parser => "parser".into(),
        SectionKind::MultilineParser => "multiline".into(),
        SectionKind::Other => String::new(),
        _ => section.name().to_lowercase(),
    }
}

fn spec(section: &Section, key: &str) -> Option<OptionSpec> {
    if section.kind == SectionKind::Parser {
        return PARSER_TABLE.iter().find(|spec| spec.key == key).copied();
    }
    if section.kind == SectionKind::MultilineParser {
        return MULTILINE_TABLE.iter().find(|spec| spec.key == key).copied();
    }
    OptionSpec::find(tables(section)?.into_iter().flatten(), key).copied()
}

fn not_needed(spec: OptionSpec) -> String {
    if spec.presence == Presence::NotNeeded { format!("not needed: {}", spec.doc) } else { String::new() }
}

fn explained(finding: &Diagnostic) -> String {
    let message = hidden(&finding.message);
    match finding.help.as_deref().map(hidden) {
        Some(help) if !help.is_empty() => format!("{message}; {help}"),
        _ => message,
    }
}

/// The rows by file, and their counts. Values are not shown: they may be secrets.
fn render(document: &Document, rows: &[Row]) -> String {
    let mut text = String::new();
    let mut last = None;
    for row in rows {
        if last != Some(row.place.file) {
            let path = document.files.get(row.place.file as usize).map(|file| file.path.display().to_string());
            text.push_str(&format!("{}\n", path.unwrap_or_default()));
            last = Some(row.place.file);
        }
        let how: String = row.how.chars().map(|it| if it.is_control() { ' ' } else { it }).collect();
        let line = format!("{:>6}  {:<16} {:<28} {:<12} {how}", row.place.line, row.of, row.key, row.verdict);
        text.push_str(line.trim_end());
        text.push('\n');
    }
    let count = |verdict: &str| rows.iter().filter(|row| row.verdict == verdict).count();
    text.push_str(&format!("{} same, {} different, {} unsupported", count(SAME), count(DIFFERENT), count(UNSUPPORTED)));
    if count(NOT_FOUND) > 0 {
        text.push_str(&format!(", {} not found", count(NOT_FOUND)));
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIGURATION: &str = "\
[SERVICE]
  Flush 1
  Fulsh 1
  storage.sync full
[INPUT]
  Name tail
  Path /var/log/app.log
  DB ${MISSING_HERE}/a.db
[FILTER]
  Name lua
  Match *
[OUTPUT]
  Name opensearch
  Match *
  HTTP_Passwd secret-42
  Suppress_Type_Name on
";

    /// The table of a file called `name` that holds `written`.
    fn table_of(name: &str, written: &str) -> String {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join(name);
        std::fs::write(&file, written).expect("written");
        text(&file, Environment::default()).expect("it is read")
    }

    /// Holds the row of `key` that begins with `line` against what it must tell.
    fn assert_row(table: &str, (line, key): (&str, &str), rest: &str) {
        let row = table.lines().find(|row| row.trim_start().starts_with(line) && row.contains(key));
        assert!(row.is_some_and(|row| row.contains(rest)), "{line} {key} {rest}: {table}");
    }

    #[test]
    fn each_line_has_a_verdict_and_its_number() {
        let table = table_of("a.conf", CONFIGURATION);

        let has = |line: &str, key: &str, rest: &str| assert_row(&table, (line, key), rest);
        has("1 ", "(scheduler.base)", "different    1 second");
        has("2 ", "flush", "different    the longest wait");
        has("3 ", "fulsh", "unsupported  unknown key `fulsh` of [SERVICE]; did you mean `flush`?");
        has("4 ", "storage.sync", "same         not needed");
        has("7 ", "path", "same");
        has("8 ", "db", "unsupported  the variable `MISSING_HERE` is used but not set");
        has("10 ", "name", "unsupported  unknown plugin `lua`");
        has("11 ", "match", "unsupported");
        has("12 ", "(retry_limit)", "different    sent again");
        has("16 ", "suppress_type_name", "same         not needed");
        has("9 ", "[FILTER]", "unsupported");
        assert!(table.ends_with(" unsupported\n") && !table.contains("secret-42"), "{table}");
        let folder = tempfile::tempdir().expect("a folder");
        assert!(text(&folder.path().join("none"), Environment::default()).is_err());
    }

    #[test]
    fn items_of_a_list_have_the_lines_they_stand_in() {
        let filter = "    - name: modify\n      match: '*'\n      set:\n        - a b\n        - c\n";
        let text_of = format!("pipeline:\n  inputs:\n    - name: dummy\n  filters:\n{filter}");
        let table = table_of("a.yaml", &(text_of + "  outputs:\n    - name: 'null'\n      match: '*'\n"));

        let row = |line: &str| table.lines().find(|row| row.trim_start().starts_with(line)).unwrap_or_default();
        assert!(row("8 ").contains("set  ") && row("8 ").contains(SAME), "{table}");
        assert!(row("9 ").contains("set  ") && row("9 ").contains(UNSUPPORTED), "{table}");
    }

    #[test]
    fn items_in_one_line_are_one_row_and_a_missing_file_is_not_found() {
        let filter = "    - name: modify\n      match: '*'\n      set: [a b, c d]\n";
        let text_of = format!("service:\n  parsers_file: nowhere.conf\npipeline:\n  filters:\n{filter}");
        let table = table_of(
            "a.yaml",
            &(text_of + "  inputs:\n    - name: dummy\n  outputs:\n    - name: 'null'\n      match: '*'\n"),
        );

        assert_eq!(table.lines().filter(|row| row.trim_start().starts_with("7 ")).count(), 1, "{table}");
        let row = table.lines().find(|row| row.contains("parsers_file")).unwrap_or_default();
        assert!(row.contains("not found    cannot read") && !table.contains("1 unsupported"), "{table}");
        assert!(table.ends_with(", 0 unsupported, 1 not found\n"), "{table}");
    }

    #[test]
    fn a_setting_that_another_takes_the_place_of_is_the_same_there() {
        let table = table_of(
            "a.conf",
            "[SERVICE]\n  HC_Period 1\n  HC_Period 2\n[PARSER]\n  Name a\n  Format json\n  Time_Keep on\n  Time_Keep off\n",
        );

        let rows: Vec<&str> = table
            .lines()
            .filter(|row| {
                row.starts_with(' ') && ["2 ", "3 ", "7 ", "8 "].iter().any(|at| row.trim_start().starts_with(at))
            })
            .collect();
        assert!(rows.len() == 4 && rows.iter().all(|row| row.contains(SAME)), "{table}");
    }

    /// What `line` is called at the end of `section`.
    fn verdict(section: &str, line: &str) -> &'static str {
        let rest = if section.contains("Name dummy") { "" } else { "[INPUT]\n  Name dummy\n" };
        let text_of = format!("{section}  {line}\n{rest}[OUTPUT]\n  Name null\n  Match *\n");
        let table = table_of("a.conf", &text_of);
        let number = format!("{} ", section.lines().count() + 1);
        let row = table.lines().find(|row| row.trim_start().starts_with(&number)).unwrap_or_default().to_owned();
        [SAME, DIFFERENT, UNSUPPORTED].into_iter().find(|verdict| row.contains(verdict)).unwrap_or_default()
    }

    /// Holds verdicts of lines at the end of sections against those expected.
    fn expect(cases: &[(&str, &str, &str)]) {
        for (section, line, expected) in cases {
            assert_eq!(verdict(section, line), *expected, "{section}{line}");
        }
    }

    #[test]
    fn what_depends_on_a_value_is_told_for_that_value() {
        let (service, parser) = ("[SERVICE]\n", "[PARSER]\n  Name a\n");
        let (regex, json) =
            ("[PARSER]\n  Name a\n  Format regex\n  Regex ^(?<a>x)\n", "[PARSER]\n  Name a\n  Format json\n");
        let tail = "[INPUT]\n  Name tail\n  Path /nonexistent/a.log\n";
        let sending = "[OUTPUT]\n  Name opensearch\n  Match *\n";
        let cases = [
            (service, "Daemon off", SAME),
            (service, "Daemon on", UNSUPPORTED),
            (service, "security.fips_mode off", SAME),
            (service, "Hot_Reload off", SAME),
            (service, "Hot_Reload on", DIFFERENT),
            (service, "Multiline_Buffer_Limit 4M", SAME),
            (service, "storage.type filesystem", SAME),
            (service, "storage.type memrb", DIFFERENT),
            (parser, "Format json", SAME),
            (parser, "Format ltsv", DIFFERENT),
            (parser, "Format LogFmt", DIFFERENT),
            (parser, "Format cri", DIFFERENT),
            ("[PARSER]\n  Name a\n  Regex ^(?<a>x)\n", "Format regex", SAME),
            ("[PARSER]\n  Name a\n  Format regex\n", "Regex ^(?<a>x+) y$", SAME),
            ("[PARSER]\n  Name a\n  Format regex\n", r"Regex ^(?<a>x)(?=y)", DIFFERENT),
            (json, "Types a:integer", SAME),
            ("[PARSER]\n  Name a\n  Format regex\n", "Regex (?<a>x)(?<a>y)", SAME),
            (regex, "Types a:string", SAME),
            (regex, "Types a:integer", DIFFERENT),
            (regex, "Time_Key time", SAME),
            ("[PARSER]\n  Name a\n  Format ltsv\n  Time_Format %s\n", "Time_Key time", DIFFERENT),
            ("[PARSER]\n  Name a\n  Format json\n  Time_Format %s\n", "Time_Key time", SAME),
            (json, "Decode_Field_As json log", SAME),
            (json, "Decode_Field_As escaped_utf8 log", DIFFERENT),
            ("[OUTPUT]\n  Name stdout\n  Match *\n", "Format json_lines", SAME),
            ("[OUTPUT]\n  Name stdout\n  Match *\n", "Format otlp_json", UNSUPPORTED),
            (sending, "Retry_Limit no_limits", SAME),
            (sending, "Retry_Limit 2", DIFFERENT),
            (sending, "Retry_Limit no_retries", DIFFERENT),
            ("[OUTPUT]\n  Name stdout\n  Match *\n", "Retry_Limit 2", SAME),
            ("[FILTER]\n  Name multiline\n  Match *\n", "multiline.parser java", DIFFERENT),
            ("[FILTER]\n  Name multiline\n  Match *\n", "Mode partial_message", DIFFERENT),
            ("[FILTER]\n  Name multiline\n  Match *\n  multiline.parser go\n", "Mode parser", SAME),
            (sending, "tls off", SAME),
            (sending, "tls on", DIFFERENT),
            ("[OUTPUT]\n  Name opensearch\n  tls.verify_hostname on\n", "tls on", SAME),
            (sending, "Index logs", SAME),
            (sending, "Index logs-%Y", DIFFERENT),
            ("[OUTPUT]\n  Name opensearch\n  Logstash_Format on\n", "Index logs-%Y", SAME),
            (sending, "Generate_ID off", DIFFERENT),
            (sending, "Generate_ID on", SAME),
            ("[INPUT]\n  Name dummy\n", "Rate 5", SAME),
            ("[INPUT]\n  Name dummy\n", "storage.type memory", SAME),
            (tail, "Parser json", SAME),
            (tail, "multiline.parser java, python", SAME),
            (tail, "multiline.parser cri", SAME),
            (tail, "multiline.parser docker, cri", SAME),
            (tail, "multiline.parser cri, java", DIFFERENT),
            (tail, "Buffer_Max_Size 64k", DIFFERENT),
            ("[INPUT]\n  Name tail\n  Path a\n  Skip_Long_Lines on\n", "Buffer_Max_Size 64k", SAME),
            ("[INPUT]\n  Name tail\n  Path a\n  multiline.parser java\n", "Parser json", SAME),
            ("[OUTPUT]\n  Name null\n  Match *\n", "storage.total_limit_size 5M", SAME),
            (tail, "Docker_Mode off", SAME),
        ];
        expect(&cases);
    }

    #[test]
    fn what_depends_on_another_option_or_on_a_variable_is_told() {
        let stdout = "[OUTPUT]\n  Name stdout\n  Match *\n";
        let file = "[OUTPUT]\n  Name file\n  Match *\n";
        let joining = "[INPUT]\n  Name tail\n  Path a\n  multiline.parser java\n";
        let modify = "[FILTER]\n  Name modify\n  Match *\n";
        let cases = [
            ("[INPUT]\n  Name tail\n  Path a\n", "Key msg", SAME),
            (joining, "Key log", SAME),
            (joining, "Key msg", DIFFERENT),
            (stdout, "Format msgpack", DIFFERENT),
            (file, "Format plain", SAME),
            (file, "Format csv", DIFFERENT),
            (modify, "Add a ${MISSING_HERE}", UNSUPPORTED),
            ("[FILTER]\n  Name modify\n  Add a b\n", "Match ${MISSING_HERE}", UNSUPPORTED),
            (modify, "Add a ${MISSING_HERE:-b}", SAME),
        ];
        expect(&cases);
    }

    const NESTED: &str = "\
env:
  SECRET: secret-42
upstream_servers:
- name: up
  nodes:
  - {name: n, host: h, port: 1}
pipeline:
  inputs:
  - name: stdin
    processors:
      logs:
      - name: modify
        add: a b
        nope: c
        condition:
          op: and
          rules:
          - field: $a
            op: eq
            value: x
      metrics:
      - name: labels
  outputs:
  - name: stdout
    match: '*'
multiline_parsers:
- name: m
  type: regex
  rules:
  - state: start_state
    regex: a
    next_state: more
  - {state: more, regex: b, next_state: more}
";

    const ROUTED: &str = "\
pipeline:
  inputs:
  - name: dummy
    routes:
      logs:
      - condition:
          rules:
          - {field: $n, op: gt, value: 9}
          - {field: $n, op: lt, value: 9.5}
          - field: $n
            op: eq
            value: 9
        to:
          outputs: [stdout]
  outputs:
  - name: stdout
    match: '*'
  - name: opensearch
    match: '*'
    url: https://admin:Tiger12@x
    hosts: https://admin:Tiger12@x
";

    #[test]
    fn routes_and_numbers_of_conditions_are_told_and_no_secret_is() {
        let table = table_of("a.yaml", ROUTED);

        let has = |line: &str, key: &str, rest: &str| assert_row(&table, (line, key), rest);
        has("4 ", "routes", "different    a record is looked at behind all filters");
        has("8 ", "value", "different    compared as numbers");
        has("9 ", "value", SAME);
        has("12 ", "value", SAME);
        has("21 ", "hosts", UNSUPPORTED);
        assert!(!table.contains("Tiger12"), "{table}");
    }

    #[test]
    fn each_line_of_nested_yaml_has_a_verdict() {
        let table = table_of("a.yaml", NESTED);

        let verdict = |number: usize| {
            let row = table.lines().find(|row| row.trim_start().starts_with(&format!("{number} ")));
            let row = row.unwrap_or_else(|| panic!("{number}: {table}"));
            [SAME, DIFFERENT, UNSUPPORTED].into_iter().find(|verdict| row.contains(verdict)).expect("a verdict")
        };
        let unsupported = [3, 4, 5, 6, 14, 21, 22];
        for number in 1..=NESTED.lines().count() {
            assert_eq!(verdict(number) == UNSUPPORTED, unsupported.contains(&number), "{number}: {table}");
        }
        assert!(!table.contains("secret-42"), "{table}");
    }
}
