//! From files to everything the pipeline is built from: document, service, parsers.

use std::path::{Path, PathBuf};

use vigie_parsers::{Definition, FieldType, Format, Parsers};

use super::diagnostic::Diagnostics;
use super::document::{Document, Located, Place, Section, SectionKind, SourceFile};
use super::environment::Environment;
use super::options::{OptionType, Options};
use super::reader::{Purpose, Reader, resolve};
use super::service::Service;
use super::{classic, common};

crate::options! {
    /// Keys of a `[PARSER]` section.
    struct ParserOptions {
        name: String, required, "Name other sections use.";
        format: ParserFormat, required, "json, regex, ltsv, logfmt or cri.";
        regex: String, optional, "Pattern, for format regex.";
        time_key: String, default "time", "Key that holds the time.";
        time_format: String, optional, "How the time is written; without it no time is looked for.";
        time_keep: bool, default "off", "Whether the time stays in the record.";
        time_strict: bool, default "on", "Whether a time must fit its format to the end. Off: what fits is taken, if it has a date.";
        time_offset: Offset, default "+0000", "Offset of texts without a zone.";
        types: Types, optional, "`key:type` pairs: integer, float, bool, hex, string. Not for json.";
        skip_empty_values: bool, default "on", "Whether groups that matched nothing give no field.";
        logfmt_no_bare_keys: bool, default "off", "Whether a bare key makes a line no logfmt.";
    }
}

#[derive(Clone, Copy, Debug)]
struct ParserFormat(Format);

impl OptionType for ParserFormat {
    const KIND: &'static str = "format";

    fn parse(text: &str) -> Result<Self, String> {
        Ok(Self(match text.to_ascii_lowercase().as_str() {
            "json" => Format::Json,
            "regex" => Format::Regex,
            "ltsv" => Format::Ltsv,
            "logfmt" => Format::Logfmt,
            "cri" => Format::Cri,
            _ => return Err("`json`, `regex`, `ltsv`, `logfmt` or `cri`".into()),
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

#[derive(Clone, Debug)]
struct Types(Vec<(String, FieldType)>);

impl OptionType for Types {
    const KIND: &'static str = "key:type list";

    fn parse(text: &str) -> Result<Self, String> {
        let mut types = Vec::new();
        for pair in text.split_whitespace() {
            let expected = || "`key:type` pairs separated by spaces, the type one of integer, float, bool, hex, string";
            let (key, kind) = pair.rsplit_once(':').ok_or_else(expected)?;
            let kind = match kind.to_ascii_lowercase().as_str() {
                "integer" => FieldType::Integer,
                "float" => FieldType::Float,
                "bool" => FieldType::Bool,
                "hex" => FieldType::Hex,
                "string" => FieldType::String,
                _ => return Err(expected().into()),
            };
            types.push((key.to_owned(), kind));
        }
        Ok(Self(types))
    }
}

/// What a configuration comes to.
#[derive(Debug)]
pub struct Loaded {
    /// All sections with their places.
    pub document: Document,
    /// `[SERVICE]`.
    pub service: Service,
    /// Parsers by name, the built-in ones included.
    pub parsers: Parsers,
}

/// What the command line adds to the files.
#[derive(Clone, Debug, Default)]
pub struct CommandLine {
    /// The main file.
    pub config: Option<PathBuf>,
    /// Plugins given by flags, in order: kind and properties.
    pub plugins: Vec<(SectionKind, Vec<(String, String)>)>,
    /// Properties of `[SERVICE]` given by flags; they win.
    pub service: Vec<(String, String)>,
}

/// Loads the files and flags of `line`. What is wrong is reported, and what can be read is there all the same, so that
/// all problems are found at once.
pub fn load(line: &CommandLine, environment: Environment, findings: &mut Diagnostics) -> Loaded {
    let base = line.config.as_deref().and_then(Path::parent).map(Path::to_owned).unwrap_or_default();
    let mut reader =
        Reader { document: Document::default(), environment, findings, purpose: Purpose::Main, base: base.clone() };
    if let Some(config) = &line.config {
        reader.read(config, None);
    }
    add_flags(&mut reader, line);
    let Reader { mut document, environment, .. } = reader;
    let service = Service::from_document(&document, findings);
    for file in &service.parsers_file {
        let mut reader = Reader {
            document: std::mem::take(&mut document),
            environment: environment.clone(),
            findings,
            purpose: Purpose::Parsers,
            base: base.clone(),
        };
        reader.read(&resolve(&base, file), place_of(&reader.document, file));
        document = reader.document;
    }
    let parsers = parsers(&document, &environment, findings);
    Loaded { document, service, parsers }
}

/// Where a parsers file is named.
fn place_of(document: &Document, file: &Path) -> Option<Place> {
    let section = document.of(SectionKind::Service).next()?;
    let entry = section.entries.iter().find(|entry| Path::new(&entry.value.text) == file)?;
    Some(entry.value.place)
}

/// Adds what was given by flags, as a pseudo file whose lines are the properties.
fn add_flags(reader: &mut Reader<'_>, line: &CommandLine) {
    if line.plugins.is_empty() && line.service.is_empty() {
        return;
    }
    let file = u32::try_from(reader.document.files.len()).expect("files are few");
    let mut text = String::new();
    let mut number = 0;
    let service = Some((SectionKind::Service, line.service.clone())).filter(|(_, properties)| !properties.is_empty());
    for (kind, properties) in service.into_iter().chain(line.plugins.iter().cloned()) {
        let place = Place { file, line: number + 1, column: 1, length: 1 };
        let mut section = Section { kind, place, entries: Vec::new(), groups: Vec::new() };
        for (key, value) in properties {
            number += 1;
            let length = |text: &str| u32::try_from(text.chars().count()).expect("a flag is short");
            let key_place = Place { file, line: number, column: 1, length: length(&key) };
            let value_place = Place { column: length(&key) + 2, length: length(&value), ..key_place };
            text.push_str(&format!("{key}={value}\n"));
            if kind == SectionKind::Service {
                drop_service_key(&mut reader.document, &key);
            }
            let entry = reader.entry(&key, key_place, &value, value_place);
            section.entries.push(entry);
        }
        reader.add_section(section);
    }
    reader.document.files.push(SourceFile { path: "command line".into(), text });
}

/// A flag wins over the file, but for parsers files, which add up.
fn drop_service_key(document: &mut Document, key: &str) {
    for section in document.sections.iter_mut().filter(|section| section.kind == SectionKind::Service) {
        section.entries.retain(|entry| entry.key.text != key || key == "parsers_file");
    }
}

/// All parsers: the built-in ones, and over them those of the document.
fn parsers(document: &Document, environment: &Environment, findings: &mut Diagnostics) -> Parsers {
    let mut parsers = Parsers::default();
    let mut built_in = Diagnostics::default();
    let mut reader = Reader {
        document: Document::default(),
        environment: environment.clone(),
        findings: &mut built_in,
        purpose: Purpose::Parsers,
        base: PathBuf::new(),
    };
    classic::read(&mut reader, 0, vigie_parsers::BUILT_IN);
    let own = reader.document;
    for section in own.of(SectionKind::Parser) {
        add_parser(section, &mut parsers, &mut built_in);
    }
    debug_assert!(!built_in.has_errors(), "the built-in parsers are valid: {built_in:?}");
    let mut seen: Vec<(&str, Place)> = Vec::new();
    for section in document.of(SectionKind::Parser) {
        if let Some((name, first)) = seen.iter().find(|(name, _)| *name == section.name()) {
            let message = format!("the parser `{name}` is defined a second time, first in line {}", first.line);
            findings.error(section.place, "V301", message);
            continue;
        }
        seen.push((section.name(), section.place));
        add_parser(section, &mut parsers, findings);
    }
    parsers
}

fn add_parser(section: &Section, parsers: &mut Parsers, findings: &mut Diagnostics) {
    common::refuse_unknown(section, &[ParserOptions::TABLE], findings);
    let Some(options) = ParserOptions::read(section, findings) else { return };
    let definition = Definition {
        name: options.name,
        format: options.format.0,
        regex: options.regex,
        time_key: options.time_key,
        time_format: options.time_format,
        time_keep: options.time_keep,
        time_strict: options.time_strict,
        time_offset: options.time_offset.0,
        types: options.types.map(|types| types.0).unwrap_or_default(),
        skip_empty_values: options.skip_empty_values,
        logfmt_no_bare_keys: options.logfmt_no_bare_keys,
    };
    match definition.build() {
        Ok(parser) => {
            parsers.insert(definition.name, parser);
        }
        Err(error) => {
            let place = section.get(error.key()).map_or(section.place, |value: &Located| value.place);
            findings.error(place, "V302", format!("`{}`: {error}", error.key()));
        }
    }
}

impl CommandLine {
    /// Adds `key=value` to the plugin given last.
    ///
    /// # Errors
    /// When no plugin was given yet or `property` holds no `=`.
    pub fn add_property(&mut self, property: &str) -> Result<(), String> {
        let (key, value) = property.split_once('=').ok_or(format!("expected `key=value`, found `{property}`"))?;
        let (_, properties) =
            self.plugins.last_mut().ok_or("a property stands before any plugin: give -i, -F or -o first")?;
        properties.push((key.trim().to_ascii_lowercase(), value.to_owned()));
        Ok(())
    }
}
