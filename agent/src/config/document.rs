//! The positioned document that both configuration formats end in.

use std::path::PathBuf;

use super::refresh::VariableFile;

/// Where a piece of configuration stands. Lines and columns count from 1, columns in characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Index into [`Document::files`].
    pub file: u32,
    /// Line.
    pub line: u32,
    /// Column of the first character.
    pub column: u32,
    /// Number of characters, 0 when it is a point.
    pub length: u32,
}

/// Text and where it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Located {
    /// The text, environment expanded.
    pub text: String,
    /// Where its source stands.
    pub place: Place,
    /// Whether it was written with a `${NAME}` in it, so that it must not be echoed.
    pub expanded: bool,
}

impl Located {
    /// Whether nothing is left because a variable is not set or empty; this has been reported.
    pub fn was_emptied(&self) -> bool {
        self.expanded && self.text.is_empty()
    }

    /// The text in quotes for a message; what came from a variable is not echoed.
    pub fn quoted(&self) -> String {
        if self.expanded { "the value of a variable".into() } else { format!("`{}`", self.text) }
    }
}

/// One `key value` of a section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The key in lower case, camelCase of YAML turned to snake_case.
    pub key: Located,
    /// The value as written, environment expanded.
    pub value: Located,
}

/// What a section configures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SectionKind {
    /// `[SERVICE]`, merged from all of its places.
    Service,
    /// `[INPUT]`.
    Input,
    /// `[FILTER]`.
    Filter,
    /// `[OUTPUT]`.
    Output,
    /// `[PARSER]` of a parsers file.
    Parser,
    /// `[MULTILINE_PARSER]` of a parsers file.
    MultilineParser,
    /// `[RETENTION_CLASS]` of a retention file.
    RetentionClass,
    /// A section that Vigie knows of and does not run.
    Other,
}

/// A section and its entries in file order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// What it configures.
    pub kind: SectionKind,
    /// Where its heading stands.
    pub place: Place,
    /// Its entries; a repeated key stands there repeatedly.
    pub entries: Vec<Entry>,
    /// Nested groups, such as the rules of a multiline parser in YAML.
    pub groups: Vec<(Located, Section)>,
    /// Keys with an empty list, as YAML has them.
    pub blank: Vec<Located>,
}

impl Section {
    /// A section without entries.
    pub fn new(kind: SectionKind, place: Place) -> Self {
        Self { kind, place, entries: Vec::new(), groups: Vec::new(), blank: Vec::new() }
    }

    /// The last value of `key`.
    pub fn get(&self, key: &str) -> Option<&Located> {
        self.entries.iter().rev().find(|entry| entry.key.text == key).map(|entry| &entry.value)
    }

    /// What a plugin is called, of which this is the `instance`: its alias, or just so.
    pub fn called<'a>(&'a self, instance: &'a str) -> &'a str {
        self.get("alias").map_or(instance, |alias| alias.text.as_str())
    }

    /// The value of `name`, empty when it is missing.
    pub fn name(&self) -> &str {
        self.get("name").map_or("", |name| name.text.as_str())
    }
}

/// A file that was read: its path as the user would name it and its text, for diagnostics.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// Path as written on the command line or in an include.
    pub path: PathBuf,
    /// Its content.
    pub text: String,
}

/// Everything that was configured, with places.
#[derive(Clone, Debug, Default)]
pub struct Document {
    /// All files read, the main one first.
    pub files: Vec<SourceFile>,
    /// All sections in the order met.
    pub sections: Vec<Section>,
    /// Plugins that are switched off, in the order met.
    pub inactive: Vec<Section>,
    /// Files of variables that have a `refresh_interval`.
    pub variables: Vec<VariableFile>,
}

impl Document {
    /// `file:line` of `place`.
    pub(super) fn whereabouts(&self, place: Place) -> String {
        let file = self.files.get(place.file as usize).map(|file| file.path.display().to_string());
        format!("{}:{}", file.unwrap_or_default(), place.line)
    }

    /// The sections of `kind` in order.
    pub fn of(&self, kind: SectionKind) -> impl Iterator<Item = &Section> {
        self.sections.iter().filter(move |section| section.kind == kind)
    }

    /// The sections of `kind`, each with the name of its instance: the plugin and how many of it stand before (`tail.0`).
    pub fn instances(&self, kind: SectionKind) -> impl Iterator<Item = (&Section, String)> {
        let mut seen: Vec<String> = Vec::new();
        self.of(kind).map(move |section| {
            let plugin = section.name().to_ascii_lowercase();
            let before = seen.iter().filter(|other| **other == plugin).count();
            let instance = format!("{plugin}.{before}");
            seen.push(plugin);
            (section, instance)
        })
    }
}
