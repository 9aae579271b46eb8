//! Parsers: the built-in ones and those of `[PARSER]` sections.

use std::collections::BTreeSet;
use std::sync::Arc;

use vigie_parsers::regex::repeated_group;
use vigie_parsers::syslog::Dialect;
use vigie_parsers::{DecodeRule, Decoder, Definition, DefinitionError, FieldType, Format, Parser, Parsers, Then};

use super::common;
use super::diagnostic::{Diagnostic, Diagnostics, Severity};
use super::document::{Document, Located, Place, Section, SectionKind};
use super::environment::Environment;
use super::events;
use super::options::{OptionSpec, OptionType, Options};
use super::reader::{Purpose, Reader};
use super::render::did_you_mean;
use super::types::SpaceList;
use super::zones::Zones;

crate::options! {
    /// Keys of a `[PARSER]` section.
    struct ParserOptions {
        name: String, required, "Name other sections use.";
        format: ParserFormat, required, "json, regex, ltsv, logfmt, cri, docker, syslog, syslog-rfc5424, syslog-rfc3164 or syslog-rfc3164-local.";
        regex: String, optional, "Pattern, for format regex.";
        time_key: String, default "time", "Key that holds the time.";
        time_format: String, optional, "How the time is written; without it no time is looked for, but by docker and syslog, which know how theirs are.";
        time_keep: bool, default "off", "Whether the time stays in the record.";
        time_strict: bool, default "on", "Whether a time must fit its format to the end. Off: what fits is taken, if it has a date.";
        time_offset: Offset, default "+0000", "Offset of texts without a zone.";
        time_zone: String, optional, "Zone of texts without one, by its name in the time zone database of the system, such as `Europe/Berlin`. Not with `Time_Offset` or `Time_System_Timezone`.";
        time_system_timezone: bool, default "off", "Whether texts without a zone tell the time of the system's zone: of the variable `TZ`, or else of /etc/localtime. `Time_Offset` has no effect then.";
        types: Types, optional, "`key:type` pairs: integer, float, bool, hex, string. No effect with json and docker: in JSON each value has its type.";
        skip_empty_values: bool, default "on", "Whether groups that matched nothing give no field.";
        logfmt_no_bare_keys: bool, default "off", "Whether a bare key makes a line no logfmt.";
        "decode_field" _decode_field: Decoding, repeated, "Decoder (json, escaped, escaped_utf8, mysql_quoted), key, and `try_next` or `do_next` for more decoders of the key: members of an object are added to the record.";
        "decode_field_as" _decode_field_as: Decoding, repeated, "The same, where the result takes the place of the text.";
    }
}

#[derive(Clone, Copy, Debug)]
struct ParserFormat(Format);

/// What a format may be, but for the last.
const FORMATS: &str =
    "`json`, `regex`, `ltsv`, `logfmt`, `cri`, `docker`, `syslog`, `syslog-rfc5424`, `syslog-rfc3164`";

impl OptionType for ParserFormat {
    const KIND: &'static str = "format";

    fn parse(text: &str) -> Result<Self, String> {
        Ok(Self(match text.to_ascii_lowercase().as_str() {
            "json" => Format::Json,
            "regex" => Format::Regex,
            "ltsv" => Format::Ltsv,
            "logfmt" => Format::Logfmt,
            "cri" => Format::Cri,
            "docker" => Format::Docker,
            "syslog" => Format::Syslog(Dialect::Any),
            "syslog-rfc5424" => Format::Syslog(Dialect::Rfc5424),
            "syslog-rfc3164" => Format::Syslog(Dialect::Rfc3164),
            "syslog-rfc3164-local" => Format::Syslog(Dialect::Rfc3164Local),
            _ => return Err(format!("{FORMATS} or `syslog-rfc3164-local`")),
        }))
    }
}

#[derive(Clone, Copy, Debug)]
struct Offset(i32);

impl OptionType for Offset {
    const KIND: &'static str = "offset";

    fn parse(text: &str) -> Result<Self, String> {
        let expected = || "an offset such as +0100, -05:30 or Z".to_owned();
        if text.eq_ignore_ascii_case("z") {
            return Ok(Self(0));
        }
        let digits: String = text.chars().skip(1).filter(|character| *character != ':').collect();
        let sign = match text.chars().next() {
            Some('+') => 1,
            Some('-') => -1,
            _ => return Err(expected()),
        };
        let number: i32 = digits.parse().map_err(|_| expected())?;
        let (hours, minutes) = (number / 100, number % 100);
        if digits.len() == 4 && hours <= 23 && minutes <= 59 {
            Ok(Self(sign * (hours * 3600 + minutes * 60)))
        } else {
            Err(expected())
        }
    }
}

#[derive(Clone, Debug, Default)]
struct Types {
    of: Vec<(String, FieldType)>,
    /// What stands as a type and is none: to Fluent Bit it means text.
    unknown: Vec<String>,
}

impl OptionType for Types {
    const KIND: &'static str = "key:type list";

    fn parse(text: &str) -> Result<Self, String> {
        let mut types = Self::default();
        // Fluent Bit separates by spaces only, which makes one long key of `a:integer,b:integer`.
        for pair in text.split([' ', '\t', ',']).filter(|pair| !pair.is_empty()) {
            let expected = || "`key:type` pairs separated by spaces, the type one of integer, float, bool, hex, string";
            let (key, kind) = pair.rsplit_once(':').ok_or_else(expected)?;
            let field_type = match kind.to_ascii_lowercase().as_str() {
                "integer" => FieldType::Integer,
                "float" => FieldType::Float,
                "bool" => FieldType::Bool,
                "hex" => FieldType::Hex,
                "string" => FieldType::String,
                _ => {
                    types.unknown.push(pair.to_owned());
                    FieldType::String
                }
            };
            types.of.push((key.to_owned(), field_type));
        }
        Ok(types)
    }
}

/// A decoder, its key and what follows.
#[derive(Clone, Debug)]
struct Decoding(DecodeRule);

impl OptionType for Decoding {
    const KIND: &'static str = "decoder";

    fn parse(text: &str) -> Result<Self, String> {
        let expected = || {
            "`json`, `escaped`, `escaped_utf8` or `mysql_quoted`, then a key, and `try_next` or `do_next` if need be"
                .to_owned()
        };
        let words = SpaceList::parse(text).map_err(|_| expected())?.0;
        let (decoder, field, then) = match words.as_slice() {
            [decoder, field] => (decoder, field, Then::Stop),
            [decoder, field, then] if then.eq_ignore_ascii_case("try_next") => (decoder, field, Then::TryNext),
            [decoder, field, then] if then.eq_ignore_ascii_case("do_next") => (decoder, field, Then::DoNext),
            _ => return Err(expected()),
        };
        let decoder = match decoder.to_ascii_lowercase().as_str() {
            "json" => Decoder::Json,
            "escaped" => Decoder::Escaped,
            "escaped_utf8" => Decoder::EscapedUtf8,
            "mysql_quoted" => Decoder::MysqlQuoted,
            _ => return Err(expected()),
        };
        Ok(Self(DecodeRule { field: field.clone(), decoder, replaces: false, then }))
    }
}

/// The decoders of `section`, of both kinds, in its order.
fn decoders(section: &Section) -> Vec<DecodeRule> {
    let entries = section.entries.iter().filter_map(|entry| {
        let replaces = match entry.key.text.as_str() {
            "decode_field" => false,
            "decode_field_as" => true,
            _ => return None,
        };
        let rule = Decoding::parse(&entry.value.text).ok()?.0;
        Some(DecodeRule { replaces, ..rule })
    });
    entries.collect()
}

/// All parsers: the built-in ones that may be named in `document`, and over them its own. Of the other built-in ones only the
/// names are there, since to compile all patterns takes longer than the rest of a start.
pub(super) fn parsers(document: &Document, environment: &Environment, findings: &mut Diagnostics) -> Parsers {
    let mut parsers = built_in_parsers_of(|name| document.sections.iter().any(|section| mentions(section, name)));
    add_parsers(document, &Zones::of(environment), &mut parsers, findings);
    parsers
}

/// Whether a value in `section` may name the parser `name`.
fn mentions(section: &Section, name: &str) -> bool {
    let names = |text: &str| text.split([',', ' ']).any(|word| word == name);
    section.entries.iter().any(|entry| names(&entry.value.text))
        || section.groups.iter().any(|(_, group)| mentions(group, name))
}

/// The parsers that come with the agent: those that are found without a parsers file.
pub fn built_in_parsers() -> Parsers {
    built_in_parsers_of(|_| true)
}

fn built_in_parsers_of(is_wanted: impl Fn(&str) -> bool) -> Parsers {
    let mut parsers = Parsers::default();
    let mut own = Diagnostics::default();
    for section in built_in().of(SectionKind::Parser) {
        if is_wanted(section.name()) {
            add_parser(section, |_| true, &Zones::default(), &mut parsers, &mut own);
        } else {
            parsers.note_name(section.name());
        }
    }
    debug_assert!(own.is_empty(), "the built-in parsers are valid: {own:?}");
    parsers
}

/// Adds the parsers of `document`.
pub(super) fn add_parsers(document: &Document, zones: &Zones, parsers: &mut Parsers, findings: &mut Diagnostics) {
    for section in once_each(document, SectionKind::Parser, findings) {
        add_parser(section, |name| is_used(document, name), zones, parsers, findings);
    }
    for section in once_each(document, SectionKind::MultilineParser, findings) {
        // A definition that is wrong was reported; those who name the parser are not wrong too.
        let built = events::parser(section, parsers, findings).or_else(|| events::stand_in(section));
        if let Some(parser) = built {
            parsers.insert_multiline(parser);
        }
    }
}

/// The sections of `kind` but for those whose name was given before, which are reported.
fn once_each<'a>(document: &'a Document, kind: SectionKind, findings: &mut Diagnostics) -> Vec<&'a Section> {
    let place_of = |section: &Section| section.get("name").map_or(section.place, |name| name.place);
    let mut kept: Vec<&Section> = Vec::new();
    for section in document.of(kind) {
        let name = section.name();
        let Some(first) = kept.iter().find(|earlier| !name.is_empty() && earlier.name() == name) else {
            kept.push(section);
            continue;
        };
        let at = document.whereabouts(place_of(first));
        let what = if kind == SectionKind::Parser { "parser" } else { "multiline parser" };
        let message = format!("the {what} `{name}` is defined a second time, first in {at}");
        findings.error(place_of(section), "V301", message).help("give one of them another name");
    }
    kept
}

/// The definitions that come with the agent.
fn built_in() -> Document {
    let mut own = Diagnostics::default();
    let mut reader = Reader::new(Document::default(), Environment::default(), &mut own);
    reader.purpose = Purpose::Parsers;
    super::classic::read(&mut reader, 0, vigie_parsers::BUILT_IN);
    reader.document
}

/// Builds the parser of `section` and adds it. What Fluent Bit can and Vigie cannot is an error where the parser is in
/// use; else it is only left out, since parsers files define many that nobody names.
fn add_parser(
    section: &Section,
    is_used: impl Fn(&str) -> bool,
    zones: &Zones,
    parsers: &mut Parsers,
    findings: &mut Diagnostics,
) {
    let section = &without_repeats(section, findings);
    let mut own = Diagnostics::default();
    common::refuse_unknown(section, &[ParserOptions::TABLE], &mut own);
    let options = ParserOptions::read(section, &mut own);
    tell_idle(options.as_ref(), section, &mut own);
    let built = options.and_then(|options| build(options, section, zones, &mut own));
    let name = section.name();
    let all = own.in_order();
    let absent = all.iter().find(|finding| cannot_be_had(finding)).map(|finding| (*finding).clone());
    let is_wrong = all.iter().any(|finding| finding.severity == Severity::Error && !cannot_be_had(finding));
    if let Some(reason) = absent.filter(|_| !is_used(name) && !is_wrong) {
        let message = format!("the parser `{name}` is left out: {}", reason.message);
        let place = reason.place.unwrap_or(section.place);
        findings.warning(place, "V306", message).help("nothing names it; an input or filter that did would be refused");
    } else {
        findings.merge(own);
    }
    // A definition that is wrong was reported; those who name the parser are not wrong too.
    let built = built.or_else(|| Definition::default().build().ok());
    if let Some(parser) = built.filter(|_| !name.is_empty()) {
        parsers.insert(name, parser);
    }
}

/// Warns of keys that its format gives no meaning, in Fluent Bit neither.
fn tell_idle(options: Option<&ParserOptions>, section: &Section, findings: &mut Diagnostics) {
    let Some(options) = options else { return };
    tell_repeated_group(options, section, findings);
    tell_unknown_types(options, section, findings);
    let format = options.format.0;
    let is_json = matches!(format, Format::Json | Format::Docker);
    for entry in &section.entries {
        let help = match entry.key.text.as_str() {
            "types" if is_json => "take it away: in JSON each value has its type",
            "regex" if format != Format::Regex => "take it away, or write `Format regex`",
            "skip_empty_values" if !matches!(format, Format::Regex | Format::Cri) => "take it away",
            "logfmt_no_bare_keys" if format != Format::Logfmt => "take it away",
            "time_key" if entry.value.text.starts_with('$') => {
                let message = "`time_key` is the key itself and no path: no record is likely to have this one";
                findings
                    .warning(entry.value.place, "V114", message)
                    .help("write the key as it stands in the record, without `$`");
                continue;
            }
            _ => continue,
        };
        let called = section.get("format").map(Located::quoted).unwrap_or_default();
        let message = format!("`{}` has no effect where `format` is {called}", entry.key.text);
        findings.warning(entry.key.place, "V114", message).help(help);
    }
}

/// Warns of types that nothing knows: Fluent Bit leaves such values the texts that they are.
fn tell_unknown_types(options: &ParserOptions, section: &Section, findings: &mut Diagnostics) {
    let Some((types, value)) = options.types.as_ref().zip(section.get("types")) else { return };
    for pair in &types.unknown {
        let message = format!("`types`: `{pair}` has no known type: the value stays a text");
        findings.warning(value.place, "V118", message).help("types are integer, float, bool, hex and string");
    }
}

/// Warns of groups of one name in a pattern of which one hides what another one takes.
fn tell_repeated_group(options: &ParserOptions, section: &Section, findings: &mut Diagnostics) {
    let pattern = options.regex.as_ref().filter(|_| options.format.0 == Format::Regex);
    let Some((name, value)) = pattern.and_then(|pattern| repeated_group(pattern)).zip(section.get("regex")) else {
        return;
    };
    let message = format!("`regex`: of the groups named `{name}` the last one that takes something gives the field");
    findings.warning(value.place, "V115", message).help("give each a name of its own; what the others take is lost");
}

/// Whether a definition that has this finding is sound, and asks for what is not there.
fn cannot_be_had(finding: &Diagnostic) -> bool {
    matches!(finding.code, "V110" | "V306" | "V307")
}

/// `section` with the first of each repeated key, which is the one that Fluent Bit takes; parsers files that come with it
/// do repeat keys.
fn without_repeats(section: &Section, findings: &mut Diagnostics) -> Section {
    let mut first = Section { entries: Vec::new(), ..section.clone() };
    for entry in &section.entries {
        let key = entry.key.text.as_str();
        if first.get(key).is_none() || key.starts_with("decode_field") {
            first.entries.push(entry.clone());
        } else {
            let message = format!("`{key}` is set more than once: the first one holds");
            findings.warning(entry.key.place, "V112", message).help("take the others away");
        }
    }
    first
}

/// Whether a plugin, processor or multiline parser names the parser `name`.
fn is_used(document: &Document, name: &str) -> bool {
    parsers_in_use(document).contains(name)
}

/// The names of parsers that the plugins of `document`, their processors and its multiline parsers give.
pub fn parsers_in_use(document: &Document) -> BTreeSet<&str> {
    use SectionKind::{Filter, Input, MultilineParser, Output};
    let mut names = BTreeSet::new();
    for section in &document.sections {
        if matches!(section.kind, Input | Filter | Output | MultilineParser) {
            add_parsers_named(section, &mut names);
        }
    }
    names
}

fn add_parsers_named<'a>(section: &'a Section, names: &mut BTreeSet<&'a str>) {
    let is_parser = |key: &str| matches!(key, "parser" | "docker_mode_parser") || key.starts_with("parser_");
    let given = section.entries.iter().filter(|entry| is_parser(&entry.key.text));
    names.extend(given.map(|entry| entry.value.text.as_str()));
    for (_, group) in &section.groups {
        add_parsers_named(group, names);
    }
}

fn build(
    options: ParserOptions,
    section: &Section,
    zones: &Zones,
    findings: &mut Diagnostics,
) -> Option<Arc<dyn Parser>> {
    let time_zone = zones.asked_for(section, options.time_zone.as_deref(), options.time_system_timezone, findings)?;
    let definition = Definition {
        name: options.name,
        format: options.format.0,
        regex: options.regex,
        time_key: options.time_key,
        time_format: options.time_format,
        time_keep: options.time_keep,
        time_strict: options.time_strict,
        time_offset: options.time_offset.0,
        time_zone,
        types: options.types.map(|types| types.of).unwrap_or_default(),
        skip_empty_values: options.skip_empty_values,
        logfmt_no_bare_keys: options.logfmt_no_bare_keys,
        decoders: decoders(section),
    };
    let error = match definition.build() {
        Ok(parser) => return Some(parser),
        Err(error) => error,
    };
    let value = section.get(error.key());
    let (place, code) = match (&error, value) {
        (DefinitionError::Regex(error), Some(value)) => {
            (inside(value, error.at), if error.is_unsupported { "V306" } else { "V302" })
        }
        (DefinitionError::TimeFormat(_), Some(value)) => (value.place, "V306"),
        (_, value) => (value.map_or(section.place, |value| value.place), "V302"),
    };
    findings.error(place, code, format!("`{}`: {error}", error.key()));
    None
}

/// The place of byte `at` of `value`, where the value stands in its file as it is.
pub(super) fn inside(value: &Located, at: usize) -> Place {
    let place = value.place;
    let before = value.text.get(..at).map(|before| u32::try_from(before.chars().count()).unwrap_or_default());
    let is_plain = !value.expanded && value.text.chars().count() == place.length as usize;
    match before.filter(|before| is_plain && *before < place.length) {
        Some(before) => Place { column: place.column + before, length: 1, ..place },
        None => place,
    }
}

/// The one of `parsers` that `name` calls. `None` when there is none, which is reported.
pub fn named_parser(parsers: &Parsers, name: &Located, findings: &mut Diagnostics) -> Option<Arc<dyn Parser>> {
    let found = parsers.get(&name.text).cloned();
    if found.is_none() && !name.was_emptied() {
        let help = did_you_mean(&name.text, &parsers.names());
        findings.error(name.place, "V303", format!("unknown parser `{}`", name.text)).help(help);
    }
    found
}

/// The keys of a `[PARSER]`, for help.
pub const PARSER_TABLE: &[OptionSpec] = ParserOptions::TABLE;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_parsers_are_valid() {
        let parsers = built_in_parsers();

        assert!(
            ["json", "docker", "nginx", "apache2", "syslog-rfc5424"].iter().all(|name| parsers.get(name).is_some())
        );
    }

    #[test]
    fn offsets_and_types_are_read_strictly() {
        let offsets = [("+0100", 3600), ("-05:30", -19_800), ("Z", 0), ("+0000", 0)];
        for (text, seconds) in offsets {
            assert_eq!(Offset::parse(text).map(|offset| offset.0), Ok(seconds), "{text}");
        }
        for text in ["", "+1", "0100", "+2400", "+0060", "+01x0", "+é00"] {
            assert!(Offset::parse(text).is_err(), "{text}");
        }
        for text in ["a:integer b:Float", "a:integer,b:hex", " a:bool ,\tb:string "] {
            assert_eq!(Types::parse(text).map(|types| types.of.len()), Ok(2), "{text}");
        }
        assert!(Types::parse("a").is_err());
    }
}
