//! From files and flags to everything the pipeline is built from: document, service, parsers.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use vigie_parsers::Parsers;

use super::definitions;
use super::diagnostic::Diagnostics;
use super::document::{Document, Entry, Located, Place, Section, SectionKind};
use super::environment::Environment;
use super::include::{bases, resolve};
use super::options::OptionType;
use super::reader::{Purpose, Reader};
use super::service::Service;

/// What a configuration comes to.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// All sections with their places.
    pub document: Document,
    /// `[SERVICE]`.
    pub service: Service,
    /// Parsers by name, the built-in ones included.
    pub parsers: Arc<Parsers>,
}

/// A property given by a flag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flag {
    /// The letter of the flag, `p` for `-p key=value`.
    pub letter: char,
    /// Key of the option that it sets.
    pub key: String,
    /// Value.
    pub value: String,
}

/// What the command line adds to the files.
#[derive(Clone, Debug, Default)]
pub struct CommandLine {
    /// The main file.
    pub config: Option<PathBuf>,
    /// Plugins given by flags, in order: kind and properties, the name first.
    pub plugins: Vec<(SectionKind, Vec<Flag>)>,
    /// Properties of `[SERVICE]` given by flags; they win over the file, and the last one over those before it.
    pub service: Vec<Flag>,
}

impl CommandLine {
    /// Adds a property to the plugin given last.
    ///
    /// # Errors
    /// When no plugin was given yet.
    pub fn add_property(&mut self, property: Flag) -> Result<(), String> {
        let (_, properties) =
            self.plugins.last_mut().ok_or("a property stands before any plugin: give -i, -F or -o first")?;
        properties.push(property);
        Ok(())
    }
}

/// Loads the files and flags of `line`. What is wrong is reported, and what can be read is there all the same, so that
/// all problems are found at once.
pub fn load(line: &CommandLine, environment: Environment, findings: &mut Diagnostics) -> Loaded {
    let mut bases = line.config.as_deref().map(bases).unwrap_or_default();
    let mut reader = Reader::new(Document::default(), environment, findings);
    reader.bases.clone_from(&bases);
    if let Some(config) = &line.config {
        reader.read(config, None);
    }
    add_flags(&mut reader, line);
    reader.expand(0);
    leave_out_inactive(&mut reader.document);
    Service::keep_last(&mut reader.document, reader.findings);
    let service = Service::from_document(&reader.document, reader.findings);
    tell_unrefreshed(&reader.document, &service, reader.findings);
    bases.push(PathBuf::new());
    for (purpose, files) in [(Purpose::Parsers, &service.parsers_file), (Purpose::Retention, &service.retention_file)] {
        reader.purpose = purpose;
        for file in files {
            let first = reader.document.sections.len();
            let path = resolve(&bases, file);
            let place = place_of(&reader.document, file);
            reader.read(&path, place);
            reader.expand(first);
        }
    }
    let mut parsers = definitions::parsers(&reader.document, &reader.environment, reader.findings);
    parsers.largest_event = service.multiline_buffer_limit.0.max(1);
    Loaded { document: reader.document, service, parsers: Arc::new(parsers) }
}

/// Tells that files of variables are not looked at again where nothing is reloaded.
fn tell_unrefreshed(document: &Document, service: &Service, findings: &mut Diagnostics) {
    for variable in document.variables.iter().filter(|_| !service.hot_reload) {
        let message = "`refresh_interval` has no effect while `hot_reload` is off: the file is read at the start";
        findings.warning(variable.place, "V111", message).help("set `hot_reload on` in the service");
    }
}

/// Takes plugins with `active off` away. A value that is no boolean is reported where the options are read.
fn leave_out_inactive(document: &mut Document) {
    let is_off = |section: &Section| section.get("active").is_some_and(|value| bool::parse(&value.text) == Ok(false));
    let is_plugin =
        |section: &Section| matches!(section.kind, SectionKind::Input | SectionKind::Filter | SectionKind::Output);
    let (inactive, left) =
        std::mem::take(&mut document.sections).into_iter().partition(|section| is_plugin(section) && is_off(section));
    (document.inactive, document.sections) = (inactive, left);
}

/// Where a parsers file is named.
fn place_of(document: &Document, file: &Path) -> Option<Place> {
    let section = document.of(SectionKind::Service).next()?;
    let entry = section.entries.iter().find(|entry| Path::new(&entry.value.text) == file)?;
    Some(entry.value.place)
}

/// Adds what was given by flags, as a pseudo file of one line per section.
fn add_flags(reader: &mut Reader<'_>, line: &CommandLine) {
    if line.plugins.is_empty() && line.service.is_empty() {
        return;
    }
    let file = reader.add_file("command line".into(), String::new());
    let mut text = String::new();
    let service = Some((SectionKind::Service, line.service.clone())).filter(|(_, flags)| !flags.is_empty());
    for (number, (kind, flags)) in (1..).zip(service.into_iter().chain(line.plugins.iter().cloned())) {
        let (section, typed) = section(kind, &flags, Place { file, line: number, column: 1, length: 2 });
        if kind == SectionKind::Service {
            let given: Vec<&str> = flags.iter().map(|flag| flag.key.as_str()).collect();
            drop_service_keys(&mut reader.document, &given);
        }
        reader.add_section(section);
        text.push_str(&typed);
        text.push('\n');
    }
    reader.document.files[file as usize].text = text;
}

/// The section that `flags` stand for, and the line they were typed in.
fn section(kind: SectionKind, flags: &[Flag], place: Place) -> (Section, String) {
    let mut section = Section::new(kind, place);
    let mut typed = String::new();
    let length = |text: &str| u32::try_from(text.chars().count()).unwrap_or(u32::MAX - 1);
    for (at, flag) in flags.iter().enumerate() {
        let repeated = flags[at + 1..].iter().any(|later| later.key == flag.key);
        if repeated && kind == SectionKind::Service && flag.key != "parsers_file" {
            continue;
        }
        if !typed.is_empty() {
            typed.push(' ');
        }
        let start = length(&typed) + 1;
        typed.push_str(&format!("-{} ", flag.letter));
        let mut key = Place { column: start, length: 2, ..place };
        if flag.letter == 'p' {
            key = Place { column: start + 3, length: length(&flag.key), ..place };
            typed.push_str(&format!("{}=", flag.key));
        }
        let value = Place { column: length(&typed) + 1, length: length(&flag.value), ..place };
        // A line end in a property is no line end of the pseudo file.
        typed.extend(flag.value.chars().map(|character| if character.is_control() { ' ' } else { character }));
        section.entries.push(Entry {
            key: Located { text: flag.key.to_ascii_lowercase(), place: key, expanded: false },
            value: Located { text: flag.value.clone(), place: value, expanded: false },
        });
    }
    (section, typed)
}

/// A flag wins over the file, but for parsers files, which add up.
fn drop_service_keys(document: &mut Document, given: &[&str]) {
    for section in document.sections.iter_mut().filter(|section| section.kind == SectionKind::Service) {
        section.entries.retain(|entry| {
            let key = entry.key.text.as_str();
            !given.contains(&key) || key == "parsers_file"
        });
    }
}
