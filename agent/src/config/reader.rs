//! Reads files of either format into one document: limits, the guard against loops, what both formats share.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::diagnostic::{Diagnostics, Severity};
use super::document::{Document, Entry, Located, Place, Section, SectionKind, SourceFile};
use super::environment::Environment;
use super::refresh::MAX_SECRET;
use super::render::did_you_mean;
use super::{classic, yaml};

/// Largest configuration file, and largest sum of all.
const MAX_BYTES: u64 = 32 << 20;
/// Most files one configuration may be made of.
const MAX_FILES: usize = 1000;
/// Files may include each other this deep.
const MAX_DEPTH: usize = 32;
/// What to do where a parsers file is missing.
const BUILT_IN: &str = "put it there, or take the line away: parsers that come with Fluent Bit are built in, `vigie help parsers` lists them";
/// What to do where a file is not UTF-8.
const NOT_UTF_8: &str =
    "write it as UTF-8, as `iconv -f LATIN1 -t UTF-8 FILE` does; only lines of comment may hold other bytes";

/// What kind of file is read: a parsers file may hold parsers only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The main file and what it includes.
    Main,
    /// A parsers file.
    Parsers,
    /// A file of retention classes.
    Retention,
}

impl Purpose {
    /// Whether a section of `kind` may stand in such a file.
    pub(super) fn takes(self, kind: SectionKind) -> bool {
        match self {
            Self::Main => true,
            Self::Parsers => matches!(kind, SectionKind::Parser | SectionKind::MultilineParser),
            Self::Retention => kind == SectionKind::RetentionClass,
        }
    }

    /// What people call such a file, and what it holds.
    pub(super) fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Main => ("main file", "all sections"),
            Self::Parsers => ("parsers file", "`[PARSER]` and `[MULTILINE_PARSER]`"),
            Self::Retention => ("retention file", "`[RETENTION_CLASS]`, in YAML `retention_classes`"),
        }
    }
}

/// A document as it grows.
pub(super) struct Reader<'a> {
    pub(super) document: Document,
    pub(super) environment: Environment,
    pub(super) findings: &'a mut Diagnostics,
    pub(super) purpose: Purpose,
    /// Directories of the main file, the real one first where it is a link: relative paths are looked for there.
    pub(super) bases: Vec<PathBuf>,
    /// Where the `service` of YAML stands, which a configuration has once.
    pub(super) service: Option<Place>,
    /// Where each variable was set last, and to what.
    set: HashMap<String, (Place, String)>,
    depth: usize,
}

impl<'a> Reader<'a> {
    /// A reader that adds to `document`.
    pub(super) fn new(document: Document, environment: Environment, findings: &'a mut Diagnostics) -> Self {
        let (purpose, bases) = (Purpose::Main, Vec::new());
        Self { document, environment, findings, purpose, bases, service: None, set: HashMap::new(), depth: 0 }
    }

    /// Reads `path`, which was named at `place`, and everything it includes.
    pub(super) fn read(&mut self, path: &Path, place: Option<Place>) {
        if self.document.files.len() >= MAX_FILES || self.depth >= MAX_DEPTH {
            self.complain(place, "V011", format!("more than {MAX_FILES} files, or more than {MAX_DEPTH} deep"));
            return;
        }
        if self.document.files.iter().any(|file| same_file(&file.path, path)) {
            let help = "each file is read once; take one of the two mentions away";
            let message = format!("`{}` is included a second time", path.display());
            self.findings.add(place, Severity::Error, "V012", message).help(help);
            return;
        }
        let read: u64 = self.document.files.iter().map(|file| file.text.len() as u64).sum();
        let bytes = match read_bytes(path, MAX_BYTES.saturating_sub(read)) {
            Ok(bytes) => bytes,
            Err(reason) => {
                let message = format!("cannot read `{}`: {reason}", path.display());
                let finding = self.findings.add(place, Severity::Error, "V010", message);
                if self.purpose == Purpose::Parsers && !path.exists() {
                    finding.help(BUILT_IN);
                }
                return;
            }
        };
        let text = String::from_utf8(bytes);
        let text = match text.or_else(|error| text_of(with_readable_comments(&error.into_bytes()))) {
            Ok(text) => text,
            Err(reason) => {
                let message = format!("cannot read `{}`: {reason}", path.display());
                self.findings.add(place, Severity::Error, "V010", message).help(NOT_UTF_8);
                return;
            }
        };
        if let Some(before) = text.lines().position(|line| line.contains('\0')) {
            let message = format!("cannot read `{}`: line {} holds a NUL character", path.display(), before + 1);
            return self.complain(place, "V010", message);
        }
        // Editors of Windows begin files with a byte order mark.
        let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
        let file = self.add_file(path.to_owned(), text.clone());
        self.depth += 1;
        if is_yaml(path) {
            yaml::read(self, file, &text);
        } else {
            classic::read(self, file, &text);
        }
        self.depth -= 1;
    }

    /// Adds a source and gives its number.
    pub(super) fn add_file(&mut self, path: PathBuf, text: String) -> u32 {
        let number = u32::try_from(self.document.files.len()).expect("files are few");
        self.document.files.push(SourceFile { path, text });
        number
    }

    /// Adds a section; all `[SERVICE]` sections become one.
    pub(super) fn add_section(&mut self, section: Section) {
        let at = self.open_section(section.kind, section.place);
        let open = &mut self.document.sections[at];
        open.entries.extend(section.entries);
        open.groups.extend(section.groups);
        open.blank.extend(section.blank);
    }

    /// Adds a section without keys, for which more than one `[SERVICE]` are one. Gives its number.
    pub(super) fn open_section(&mut self, kind: SectionKind, place: Place) -> usize {
        let sections = &mut self.document.sections;
        let service = sections.iter().position(|known| known.kind == SectionKind::Service);
        service.filter(|_| kind == SectionKind::Service).unwrap_or_else(|| {
            sections.push(Section::new(kind, place));
            sections.len() - 1
        })
    }

    /// Sets a variable to `text`, which stands at `place`, or with `file://` to what a file holds, its last line end left out. Gives
    /// that file, and all that it holds.
    pub(super) fn set_variable(&mut self, name: &str, text: &str, place: Place) -> Option<(PathBuf, String)> {
        self.tell_set_before(name, text, place);
        let known = self.findings.len();
        let text = self.environment.expand(text, place, self.findings).text;
        let Some(path) = text.strip_prefix("file://") else {
            // Set all the same, so that uses of it are not reported too.
            let is_sound = self.findings.len() == known;
            self.environment.set(name, if is_sound { &text } else { "unset" });
            return None;
        };
        let content = match read_bounded(Path::new(path), MAX_SECRET) {
            Ok(content) => {
                self.environment.set(name, content.trim_end_matches(['\r', '\n']));
                content
            }
            Err(reason) => {
                self.environment.set(name, "unset");
                let message = format!("cannot read `{path}` for the variable `{name}`: {reason}");
                self.findings.error(place, "V010", message);
                String::new()
            }
        };
        Some((path.into(), content))
    }

    /// Warns of a variable that was set before in the same file, or to something else in one before that. A file may well mean to set
    /// anew what those that it includes set.
    fn tell_set_before(&mut self, name: &str, text: &str, place: Place) {
        let Some((before, other)) = self.set.insert(name.to_owned(), (place, text.to_owned())) else { return };
        let is_meant = before.file > place.file || before.file < place.file && other == text;
        if !is_meant {
            let line = if before.file == place.file {
                format!("line {}", place.line)
            } else {
                self.document.whereabouts(place)
            };
            let message = format!("the variable `{name}` is set again in {line}, which is what holds");
            self.findings.warning(before, "V116", message).help("keep one of them");
        }
    }

    /// Replaces the variables in the values of all sections from number `first` on. It comes after all reading, so that
    /// `@SET` holds wherever it stands.
    pub(super) fn expand(&mut self, first: usize) {
        let Self { document, environment, findings, .. } = self;
        for section in document.sections.iter_mut().skip(first).filter(|section| section.kind != SectionKind::Other) {
            expand(section, environment, findings);
        }
    }

    pub(super) fn complain(&mut self, place: Option<Place>, code: &'static str, message: String) {
        self.findings.add(place, Severity::Error, code, message);
    }
}

fn expand(section: &mut Section, environment: &Environment, findings: &mut Diagnostics) {
    for entry in section.entries.iter_mut() {
        let known = findings.len();
        let value = environment.expand(&entry.value.text, entry.value.place, findings);
        if value.expanded && value.text.is_empty() && findings.len() == known {
            findings
                .error(value.place, "V109", format!("`{}` is empty once its variables are replaced", entry.key.text))
                .help("set the variable, or take the key away");
        }
        entry.value = value;
    }
    for (_, group) in section.groups.iter_mut() {
        expand(group, environment, findings);
    }
}

/// Whether `whole` begins with `name`, in any case.
fn is_beginning(name: &str, whole: &str) -> bool {
    whole.get(..name.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(name))
}

/// An entry as written, its key in lower case; variables are replaced later.
pub(super) fn entry(key: &str, key_place: Place, value: &str, value_place: Place) -> Entry {
    Entry {
        key: Located { text: key.to_ascii_lowercase(), place: key_place, expanded: false },
        value: Located { text: value.to_owned(), place: value_place, expanded: false },
    }
}

/// The kind of section that `name`, in any case, opens.
pub(super) fn section_kind(name: &str) -> Option<SectionKind> {
    Some(match name.to_ascii_lowercase().as_str() {
        "service" => SectionKind::Service,
        "input" | "inputs" => SectionKind::Input,
        "filter" | "filters" => SectionKind::Filter,
        "output" | "outputs" => SectionKind::Output,
        "parser" => SectionKind::Parser,
        "multiline_parser" => SectionKind::MultilineParser,
        "retention_class" => SectionKind::RetentionClass,
        "custom" | "customs" | "stream_processor" | "stream_task" | "plugins" | "upstream_servers" | "upstream"
        | "node" => SectionKind::Other,
        _ => return None,
    })
}

/// Reports the section `name`, which nothing here runs: an error where that would change what is shipped.
pub(super) fn not_run(reader: &mut Reader<'_>, name: &str, place: Place) {
    let name = name.trim_matches(['[', ']']);
    let why = match name.to_ascii_lowercase().as_str() {
        "custom" | "customs" | "extensions" => "custom plugins ship no records",
        "plugins" => "plugins are part of the program; a section that names another one is refused",
        "upstream_servers" | "upstream" | "node" => {
            "no output here takes one; `Hosts` of the `opensearch` output names several servers"
        }
        _ => {
            let message = format!("`{name}` is not supported");
            let help = "take it away: there is no stream processor, and records would not be changed as it says";
            reader.findings.error(place, "V023", message).help(help);
            return;
        }
    };
    let message = format!("`{name}` has no effect: {why}");
    reader.findings.warning(place, "V111", message).help("take it away when nothing else reads this file");
}

/// Reports a part of a file that nothing here knows, `what` at `place`: an error where its `name` may be a misspelt one of
/// `known`, since that would not be run. Fluent Bit leaves such parts alone.
pub(super) fn unknown(findings: &mut Diagnostics, (what, place): (&str, Place), name: &str, known: &[&str]) {
    // Of what begins like one that there is Fluent Bit makes that one.
    let shortened = known.iter().find(|whole| is_beginning(name, whole));
    let help = shortened.map_or_else(|| did_you_mean(name, known), |whole| format!("did you mean `{whole}`?"));
    if name.is_empty() || help.starts_with("did you mean") {
        findings.error(place, "V002", format!("unknown {what}")).help(help);
    } else {
        findings.warning(place, "V111", format!("the {what} has no effect: it is unknown")).help(help);
    }
}

/// A key of YAML: `Key` to `key`, `logLevel` to `log_level`. In the classic format and in flags keys are only in any case.
pub(super) fn snake_case(key: &str) -> String {
    let camel = !key.contains('_') && key.starts_with(|first: char| first.is_ascii_lowercase());
    let mut snake = String::with_capacity(key.len() + 4);
    for character in key.chars() {
        if camel && character.is_ascii_uppercase() && !snake.ends_with('.') {
            snake.push('_');
        }
        snake.push(character.to_ascii_lowercase());
    }
    snake
}

/// Whether the name of a file says that it is YAML.
pub(super) fn is_yaml(path: &Path) -> bool {
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
    read_bytes(path, limit).and_then(text_of)
}

fn read_bytes(path: &Path, limit: u64) -> Result<Vec<u8>, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let mut bytes = Vec::new();
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > limit {
        return Err(format!("it is larger than {limit} bytes"));
    }
    Ok(bytes)
}

fn text_of(bytes: Vec<u8>) -> Result<String, String> {
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let before = error.as_bytes().get(..valid).unwrap_or_default();
        let line = 1 + memchr::memchr_iter(b'\n', before).count();
        let last = before.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
        let column = 1 + String::from_utf8_lossy(last).chars().count();
        format!("line {line} is not UTF-8 from column {column} on")
    })
}

/// `bytes` with what is not UTF-8 replaced in lines of comment, which mean nothing.
fn with_readable_comments(bytes: &[u8]) -> Vec<u8> {
    let lines = bytes.split_inclusive(|byte| *byte == b'\n');
    let readable = lines.map(|line| match line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line).trim_ascii_start() {
        [b'#', ..] => Cow::Owned(String::from_utf8_lossy(line).into_owned().into_bytes()),
        _ => Cow::Borrowed(line),
    });
    readable.collect::<Vec<_>>().concat()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::check::{self, read};
    use super::*;

    fn entries(document: &Document) -> Vec<(SectionKind, String, String)> {
        let of = |section: &Section| {
            let kind = section.kind;
            let entry = move |entry: &Entry| (kind, entry.key.text.clone(), entry.value.text.clone());
            section.entries.iter().map(entry).collect::<Vec<_>>()
        };
        document.sections.iter().flat_map(of).collect()
    }

    #[test]
    fn what_nobody_knows_is_left_alone_unless_it_may_be_misspelt() {
        for (name, is_refused) in [("FOO", false), ("INPPUT", true), ("in", true), ("", true)] {
            let mut findings = Diagnostics::default();
            unknown(&mut findings, ("section", Place::default()), name, &["INPUT", "OUTPUT"]);
            assert_eq!((findings.len(), findings.has_errors()), (1, is_refused), "{name}");
        }
    }

    #[test]
    fn both_formats_give_the_same_document() {
        let classic = "[SERVICE]\n  Log_Level warn\n[INPUT]\n  Name tail\n  Path /a # b\n\n  # c\n[SERVICE]\n  Flush ${X:-2}\n\
                       [FILTER]\n  Name grep\n  Regex a b\n  Regex c d\n";
        let yaml = "pipeline:\n  inputs:\n  - Name: tail\n    path: '/a # b'\n  filters:\n  - name: grep\n    regex: [a b, c d]\n\
                    service: {logLevel: warn, flush: '${X:-2}'}\n";

        let (classic, yaml) = (read(classic, false), read(yaml, true));

        let sorted = |document: &Document| {
            let mut all = entries(document);
            all.sort_by_key(|(kind, ..)| *kind as u8);
            all
        };
        assert!(classic.1.is_empty() && yaml.1.is_empty());
        assert_eq!(sorted(&classic.0), sorted(&yaml.0));
        assert_eq!(entries(&classic.0)[1], (SectionKind::Service, "flush".into(), "2".into()));
    }

    #[test]
    fn camel_case_becomes_snake_case() {
        for (key, expected) in [
            ("logLevel", "log_level"),
            ("Log_Level", "log_level"),
            ("DB", "db"),
            ("Tag", "tag"),
            ("tls.verifyHostname", "tls.verify_hostname"),
            ("storage.totalLimitSize", "storage.total_limit_size"),
            ("storage.Path", "storage.path"),
        ] {
            assert_eq!(snake_case(key), expected);
        }
    }

    #[test]
    fn keys_of_the_classic_format_are_in_any_case_and_not_taken_apart() {
        let keys = |text: &str, is_yaml: bool| -> Vec<String> {
            entries(&read(text, is_yaml).0).into_iter().map(|(_, key, _)| key).collect()
        };

        assert_eq!(keys("[SERVICE]\n  dB a\n  logLevel b\n  HTTP_Port 1\n", false), ["db", "loglevel", "http_port"]);
        assert_eq!(keys("service: {dB: a, logLevel: b, HTTP_Port: 1}\n", true), ["d_b", "log_level", "http_port"]);
    }

    #[test]
    fn a_file_that_is_no_text_is_refused_with_its_line() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("a.conf");
        std::fs::write(&path, b"one\ntwo \xff\n").expect("it can be written");

        assert_eq!(read_bounded(&path, 100), Err("line 2 is not UTF-8 from column 5 on".into()));
        assert!(read_bounded(&path, 9).is_err_and(|reason| reason.contains("larger")));
    }

    #[test]
    fn lines_of_comment_may_hold_any_bytes() {
        let directory = tempfile::tempdir().expect("a directory");
        let files: [(&str, &[u8]); 2] = [
            ("a.conf", b"\xef\xbb\xbf# caf\xe9\n[SERVICE]\n  # \xff\n  Log_Level warn\n"),
            ("a.yaml", b"# caf\xe9\nservice:\n  # \xff\n  log_level: warn\n"),
        ];
        for (name, content) in files {
            let path = directory.path().join(name);
            std::fs::write(&path, content).expect("it can be written");
            let mut findings = Diagnostics::default();
            let mut reader = Reader::new(Document::default(), Environment::default(), &mut findings);
            reader.read(&path, None);
            assert_eq!(entries(&reader.document), [(SectionKind::Service, "log_level".into(), "warn".into())]);
            assert!(findings.is_empty(), "{name}: {findings:?}");

            std::fs::write(&path, [content, b"[INPUT]\n  Tag \xe9\n"].concat()).expect("it can be written");
            let mut findings = Diagnostics::default();
            Reader::new(Document::default(), Environment::default(), &mut findings).read(&path, None);
            let [finding] = &findings.in_order()[..] else { panic!("{findings:?}") };
            assert!(finding.message.contains("line 6 is not UTF-8 from column 7 on"), "{finding:?}");
        }
    }

    #[test]
    fn a_file_that_holds_a_nul_is_refused_with_its_line() {
        let directory = tempfile::tempdir().expect("a directory");
        for name in ["a.conf", "a.yaml"] {
            let path = directory.path().join(name);
            std::fs::write(&path, "# one\n[INPUT]\n  Name stdin\n  Tag a\0b\n").expect("it can be written");
            let mut findings = Diagnostics::default();

            Reader::new(Document::default(), Environment::default(), &mut findings).read(&path, None);

            let all: Vec<&str> = findings.in_order().iter().map(|finding| finding.message.as_str()).collect();
            assert!(matches!(all[..], [only] if only.ends_with("line 4 holds a NUL character")), "{all:?}");
        }
    }

    /// Pieces that matter to the readers, in any order, indented or not.
    fn texts() -> impl Strategy<Value = String> {
        let pieces = prop::sample::select(vec![
            "[INPUT]",
            "[",
            "]",
            "[SERVICE",
            "[GROUP]",
            "Name",
            "name:",
            "- ",
            "${A}",
            "${A:-b}",
            "${",
            "@SET",
            "a=b",
            "@INCLUDE",
            "#",
            "pipeline:",
            "inputs:",
            "service:",
            "env:",
            "{",
            "}",
            "[a, b]",
            "|",
            ">",
            "&a",
            "*a",
            "\"",
            "'",
            "é",
            "\u{a0}",
            "\t",
            " ",
            "    ",
            "\n",
            "\r\n",
            "\n  ",
            "x y z",
            "---",
            "...",
            "? ",
            ": ",
            "!!str",
            "\u{feff}",
            "\0",
        ]);
        prop::collection::vec(pieces, 0..40).prop_map(|pieces| pieces.concat())
    }

    /// In YAML they end lines, which nobody sees.
    #[test]
    fn a_place_behind_carriage_returns_that_stand_alone_is_in_the_line_that_is_shown() {
        let (_, findings) = check::read("env:\n  a: é\r\r\n\rflsh: 1\ngrce: 1\n", true);

        let places: Vec<_> = findings.in_order().iter().filter_map(|finding| finding.place).collect();
        assert_eq!(places.iter().map(|place| (place.line, place.column)).collect::<Vec<_>>(), [(3, 2), (4, 1)]);
        check::readers("env:\n\r\r\r\r  a: b\nparsers:\n- x\ny\n", true);
    }

    proptest! {
        #[test]
        fn no_text_brings_the_readers_down_and_places_show_the_text(text in texts(), is_yaml: bool) {
            check::readers(&text, is_yaml);
        }
    }
}
