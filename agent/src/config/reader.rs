//! Reads files of either format into one document: includes, limits, the loop guard.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::diagnostic::{Diagnostics, Severity};
use super::document::{Document, Entry, Located, Place, Section, SectionKind, SourceFile};
use super::environment::Environment;
use super::{classic, yaml};

/// Largest configuration file.
const MAX_FILE: u64 = 32 << 20;
/// Most files one configuration may be made of.
const MAX_FILES: usize = 1000;

/// What kind of file is read: a parsers file may hold parsers only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The main file and what it includes.
    Main,
    /// A parsers file.
    Parsers,
}

/// A document as it grows.
pub(super) struct Reader<'a> {
    pub(super) document: Document,
    pub(super) environment: Environment,
    pub(super) findings: &'a mut Diagnostics,
    pub(super) purpose: Purpose,
    /// Directory of the main file: relative paths are looked for here first.
    pub(super) base: PathBuf,
}

impl Reader<'_> {
    /// Reads `path`, which was named at `place`, and everything it includes.
    pub(super) fn read(&mut self, path: &Path, place: Option<Place>) {
        if self.document.files.len() >= MAX_FILES {
            self.complain(place, "V011", format!("more than {MAX_FILES} files are included"));
            return;
        }
        if self.document.files.iter().any(|file| same_file(&file.path, path)) {
            self.complain(place, "V012", format!("`{}` is included a second time", path.display()));
            return;
        }
        let text = match read_bounded(path, MAX_FILE) {
            Ok(text) => text,
            Err(reason) => {
                self.complain(place, "V010", format!("cannot read `{}`: {reason}", path.display()));
                return;
            }
        };
        let file = u32::try_from(self.document.files.len()).expect("files are few");
        self.document.files.push(SourceFile { path: path.to_owned(), text: text.clone() });
        if is_yaml(path) {
            yaml::read(self, file, &text);
        } else {
            classic::read(self, file, &text);
        }
    }

    /// Reads what `pattern`, a path or glob named at `place`, stands for.
    pub(super) fn include(&mut self, pattern: &str, place: Place) {
        let path = resolve(&self.base, Path::new(pattern));
        if !pattern.contains('*') {
            self.read(&path, Some(place));
            return;
        }
        let found = glob::glob(&path.to_string_lossy()).map(|paths| paths.filter_map(Result::ok).collect::<Vec<_>>());
        match found {
            Ok(paths) if paths.is_empty() => {
                self.complain(Some(place), "V013", format!("no file matches `{pattern}`"));
            }
            Ok(mut paths) => {
                paths.sort();
                for path in paths {
                    self.read(&path, Some(place));
                }
            }
            Err(error) => self.complain(Some(place), "V013", format!("`{pattern}` is no valid pattern: {error}")),
        }
    }

    /// Adds a section; all `[SERVICE]` sections become one.
    pub(super) fn add_section(&mut self, section: Section) {
        if section.kind == SectionKind::Service {
            let first = self.document.sections.iter_mut().find(|known| known.kind == SectionKind::Service);
            if let Some(first) = first {
                first.entries.extend(section.entries);
                return;
            }
        }
        self.document.sections.push(section);
    }

    /// An entry whose value has its variables replaced.
    pub(super) fn entry(&mut self, key: &str, key_place: Place, value: &str, value_place: Place) -> Entry {
        let value = self.environment.expand(value, value_place, self.findings);
        let key = Located { text: snake_case(key), place: key_place, expanded: false };
        Entry { key, value }
    }

    fn complain(&mut self, place: Option<Place>, code: &'static str, message: String) {
        self.findings.add(place, Severity::Error, code, message);
    }
}

/// The kind of section that `name`, in any case, opens.
pub(super) fn section_kind(name: &str, purpose: Purpose) -> Option<SectionKind> {
    let kind = match name.to_ascii_lowercase().as_str() {
        "service" => SectionKind::Service,
        "input" | "inputs" => SectionKind::Input,
        "filter" | "filters" => SectionKind::Filter,
        "output" | "outputs" => SectionKind::Output,
        "parser" => SectionKind::Parser,
        "multiline_parser" => SectionKind::MultilineParser,
        "custom" | "customs" | "stream_processor" | "plugins" | "upstream_servers" => SectionKind::Other,
        _ => return None,
    };
    let allowed = match purpose {
        Purpose::Main => true,
        Purpose::Parsers => matches!(kind, SectionKind::Parser | SectionKind::MultilineParser),
    };
    allowed.then_some(kind)
}

/// `Key` to `key`, `logLevel` to `log_level`.
pub(super) fn snake_case(key: &str) -> String {
    let camel = !key.contains('_') && !key.contains('.') && key.starts_with(|first: char| first.is_ascii_lowercase());
    let mut snake = String::with_capacity(key.len() + 4);
    for character in key.chars() {
        if camel && character.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(character.to_ascii_lowercase());
    }
    snake
}

/// `path` as it is when absolute; else below `base` if it is there, or where the process is.
pub(super) fn resolve(base: &Path, path: &Path) -> PathBuf {
    let below = base.join(path);
    let glob = path.to_string_lossy().contains('*');
    if path.is_absolute() || below.exists() || glob { below } else { path.to_owned() }
}

fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml")
}

fn same_file(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    real(one) == real(other)
}

/// The text of a file of at most `limit` bytes.
///
/// # Errors
/// Why it cannot be read, in words.
pub fn read_bounded(path: &Path, limit: u64) -> Result<String, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > limit {
        return Err(format!("it is larger than {limit} bytes"));
    }
    String::from_utf8(bytes).map_err(|_| "it is not UTF-8".into())
}
