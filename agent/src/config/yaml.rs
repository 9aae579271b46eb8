//! The YAML format: `service`, `pipeline`, `parsers`, `env`, `includes`.

use std::path::PathBuf;
use std::time::Duration;

use saphyr_parser::{Event, Parser, ScalarStyle, Span};

use super::OptionType;
use super::document::{Located, Place, Section, SectionKind};
use super::reader::{Purpose, Reader, entry, not_run, snake_case, unknown};
use super::refresh::VariableFile;
use super::render::did_you_mean;

/// Nodes may be nested this deep.
const MAX_DEPTH: usize = 32;

/// A piece of YAML with its place.
#[derive(Debug)]
struct Node {
    place: Place,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Scalar(String, ScalarStyle),
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
}

/// Reads `text`, which is file number `file` of the document.
pub(super) fn read(reader: &mut Reader<'_>, file: u32, text: &str) {
    let mut tree = Tree::new(file, text);
    let root = match tree.root() {
        Ok(Some(root)) => root,
        Ok(None) => return,
        Err((place, message)) => {
            reader.findings.error(place, "V020", message).help(classic_help(text));
            return;
        }
    };
    if let Some(place) = tree.second {
        let message = "the documents from here on have no effect: only the first one is read";
        reader.findings.warning(place, "V111", message).help("take them away, or put them into files of their own");
    }
    let Kind::Map(members) = root.kind else {
        let message = "expected a map with `service`, `pipeline` and the like";
        reader.findings.error(root.place, "V021", message).help(classic_help(text));
        return;
    };
    // Variables come first, wherever they stand; included files where they stand, as the order of filters matters.
    let is_env = |key: &Node| scalar(key).is_some_and(|name| name.eq_ignore_ascii_case("env"));
    let (first, then): (Vec<_>, Vec<_>) = members.into_iter().partition(|(key, _)| is_env(key));
    for (key, value) in first.into_iter().chain(then) {
        let name = scalar(&key).unwrap_or_default().to_ascii_lowercase();
        top_level(reader, &name, &key, value);
    }
}

/// What to do with `text` where it is in the classic format; else nothing.
fn classic_help(text: &str) -> &'static str {
    let first =
        text.lines().map(str::trim_end).find(|line| !line.is_empty() && !line.starts_with('#')).unwrap_or_default();
    let heading = first.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let is_heading = heading.is_some_and(|name| super::reader::section_kind(name.trim()).is_some());
    if is_heading || first.starts_with('@') {
        return "this looks like the classic format, which is read from files whose names end in neither `.yaml` nor `.yml`: name the file so";
    }
    ""
}

/// A map of texts and lists of texts.
#[derive(Clone, Debug)]
pub struct TextMap {
    /// Where it begins.
    pub place: Place,
    /// Its members, in order.
    pub members: Vec<TextMember>,
}

/// A member of such a map.
#[derive(Clone, Debug)]
pub struct TextMember {
    /// Its key.
    pub key: String,
    /// Where the key stands.
    pub place: Place,
    /// The text, or those of the list.
    pub values: Vec<String>,
    /// Where the value begins.
    pub value_place: Place,
}

/// Reads `text`, which holds under `name` a list of maps of texts and lists of texts, and nothing else.
///
/// # Errors
/// What was expected, and where.
pub fn text_maps(text: &str, name: &str) -> Result<Vec<TextMap>, (Place, String)> {
    let mut tree = Tree::new(0, text);
    let root = tree.root()?;
    if let Some(place) = tree.second {
        return Err((place, "a second document begins here; only one is read".into()));
    }
    let expected = format!("expected `{name}:` and a list of maps");
    let Some(Node { kind: Kind::Map(members), place }) = root else {
        return Err((root.map_or(Place { line: 1, column: 1, ..Place::default() }, |root| root.place), expected));
    };
    let [(key, Node { kind: Kind::List(items), .. })] = members.as_slice() else { return Err((place, expected)) };
    if scalar(key) != Some(name) {
        return Err((key.place, expected));
    }
    let map = |item: &Node| {
        let Kind::Map(members) = &item.kind else { return Err((item.place, "expected a map".into())) };
        let members = members.iter().map(|(key, value)| text_member(key, value));
        Ok(TextMap { place: item.place, members: members.collect::<Result<_, _>>()? })
    };
    items.iter().map(map).collect()
}

fn text_member(key: &Node, value: &Node) -> Result<TextMember, (Place, String)> {
    let text = |node: &Node| {
        scalar(node).map(str::to_owned).ok_or((node.place, "expected a text, or a list of texts".to_owned()))
    };
    let values = match &value.kind {
        Kind::List(items) => items.iter().map(text).collect::<Result<_, _>>()?,
        _ => vec![text(value)?],
    };
    let name = scalar(key).ok_or((key.place, "expected a key".to_owned()))?.to_owned();
    Ok(TextMember { key: name, place: key.place, values, value_place: value.place })
}

const TOP_LEVEL: &[&str] =
    &["env", "includes", "service", "pipeline", "parsers", "multiline_parsers", "retention_classes"];

fn top_level(reader: &mut Reader<'_>, name: &str, key: &Node, value: Node) {
    let is_out_of_place = match reader.purpose {
        Purpose::Main => false,
        Purpose::Parsers => !matches!(name, "parsers" | "multiline_parsers"),
        Purpose::Retention => name != "retention_classes",
    };
    if is_out_of_place {
        let file = reader.purpose.words().0;
        reader.findings.error(key.place, "V002", format!("`{name}` cannot stand in a {file}"));
        return;
    }
    match name {
        "env" => env(reader, value),
        "includes" => {
            for (pattern, place) in scalars(reader, value) {
                let pattern = reader.environment.expand(&pattern, place, reader.findings);
                if !pattern.text.is_empty() {
                    reader.include(&pattern.text, place);
                }
            }
        }
        "service" => service(reader, key.place, value),
        "pipeline" => pipeline(reader, value),
        "parsers" => sections(reader, SectionKind::Parser, value),
        "multiline_parsers" => sections(reader, SectionKind::MultilineParser, value),
        "retention_classes" => sections(reader, SectionKind::RetentionClass, value),
        "customs" | "extensions" | "plugins" | "stream_processor" | "upstream_servers" => {
            not_run(reader, name, key.place);
        }
        _ => {
            let what = format!("key `{name}` at the top level");
            unknown(reader.findings, (&what, key.place), name, TOP_LEVEL);
        }
    }
}

/// Reads `service`. A second one, which an included file may bring, is reported, and read to find what else is wrong.
fn service(reader: &mut Reader<'_>, place: Place, value: Node) {
    if let Some(first) = reader.service {
        let message = format!("`service` is given a second time, first in {}", reader.document.whereabouts(first));
        let help = "put all its keys into one of them: in YAML a configuration has one `service`, its includes counted";
        reader.findings.error(place, "V106", message).help(help);
    }
    reader.service.get_or_insert(place);
    if let Some(section) = section(reader, SectionKind::Service, place, value) {
        reader.add_section(section);
    }
}

/// Sets variables: a map of names and values, or a list of `{name, value}` and `{name, uri}`.
fn env(reader: &mut Reader<'_>, value: Node) {
    match value.kind {
        Kind::Map(members) => {
            for (name, value) in members {
                drop(set_variable(reader, &name, &value));
            }
        }
        Kind::List(items) => {
            for item in items {
                named_variable(reader, item);
            }
        }
        Kind::Scalar(..) => {
            reader.findings.error(value.place, "V021", "expected a map of names and values");
        }
    }
}

fn named_variable(reader: &mut Reader<'_>, item: Node) {
    let place = item.place;
    let members = if let Kind::Map(members) = item.kind { members } else { Vec::new() };
    let (mut name, mut value, mut refresh) = (None, None, None);
    for (key, node) in members {
        match scalar(&key).map(str::to_ascii_lowercase).as_deref() {
            Some("name") => name = Some(node),
            Some("value" | "uri") => value = Some(node),
            Some("refresh_interval") => refresh = Some(node),
            other => {
                let message = format!("unknown key `{}` of a variable", other.unwrap_or_default());
                let help = did_you_mean(other.unwrap_or_default(), &["name", "value", "uri", "refresh_interval"]);
                reader.findings.error(key.place, "V101", message).help(help);
            }
        }
    }
    match name.zip(value) {
        Some((name, value)) => {
            let file = set_variable(reader, &name, &value);
            if let Some(every) = refresh {
                refresh_variable(reader, &name, file, &every);
            }
        }
        None => {
            let help = "write `- name: NAME` and below it `value: text` or `uri: file:///path`";
            reader.findings.error(place, "V021", "expected a name and a value").help(help);
        }
    }
}

/// Has the file of a variable looked at every so often.
fn refresh_variable(reader: &mut Reader<'_>, name: &Node, file: Option<(PathBuf, String)>, every: &Node) {
    let (Some(name), Some(text)) = (scalar(name), scalar(every)) else {
        reader.findings.error(every.place, "V021", "expected a number of seconds");
        return;
    };
    let every_text = reader.environment.expand(text, every.place, reader.findings).text;
    match (Duration::parse(&every_text), file) {
        (Err(expected), _) => {
            reader.findings.error(every.place, "V103", format!("expected {expected}, found `{every_text}`"));
        }
        (Ok(every_so), Some((path, content))) => {
            let variable = (name, every.place);
            reader.document.variables.push(VariableFile::new(variable, &path, &content, every_so));
        }
        (Ok(_), None) => {
            let message = "`refresh_interval` has no effect: the variable is read from no file";
            reader.findings.warning(every.place, "V111", message).help("write `uri: file:///path`");
        }
    }
}

/// Sets a variable. Gives the file that it is read from, and all that this holds.
fn set_variable(reader: &mut Reader<'_>, name: &Node, value: &Node) -> Option<(PathBuf, String)> {
    let (Some(name), Some(text)) = (scalar(name), scalar(value)) else {
        reader.findings.error(value.place, "V021", "expected a name and a value");
        return None;
    };
    reader.set_variable(name, text, value.place)
}

fn pipeline(reader: &mut Reader<'_>, value: Node) {
    let Kind::Map(members) = value.kind else {
        reader.findings.error(value.place, "V021", "expected a map with `inputs`, `filters` and `outputs`");
        return;
    };
    for (key, value) in members {
        let name = scalar(&key).unwrap_or_default().to_owned();
        let kind = match name.to_ascii_lowercase().as_str() {
            "inputs" => SectionKind::Input,
            "filters" => SectionKind::Filter,
            "outputs" => SectionKind::Output,
            "customs" => {
                not_run(reader, "customs", key.place);
                continue;
            }
            _ => {
                let help = did_you_mean(&name, &["inputs", "filters", "outputs"]);
                reader.findings.error(key.place, "V002", format!("unknown pipeline component `{name}`")).help(help);
                continue;
            }
        };
        sections(reader, kind, value);
    }
}

fn sections(reader: &mut Reader<'_>, kind: SectionKind, value: Node) {
    let Kind::List(items) = value.kind else {
        let is_empty = is_empty(&value);
        let finding = reader.findings.error(value.place, "V021", "expected a list: begin each item with `- `");
        if is_empty {
            finding.help("take the key away, or write `[]` for a list without items");
        }
        return;
    };
    for item in items {
        let place = item.place;
        if let Some(section) = section(reader, kind, place, item) {
            reader.add_section(section);
        }
    }
}

fn section(reader: &mut Reader<'_>, kind: SectionKind, place: Place, value: Node) -> Option<Section> {
    let Kind::Map(members) = value.kind else {
        let is_empty = is_empty(&value);
        let finding = reader.findings.error(value.place, "V021", "expected a map of keys and values");
        if is_empty {
            finding.help("take it away, or write keys below it");
        }
        return None;
    };
    let mut section = Section::new(kind, place);
    for (key, value) in members {
        let Some(name) = scalar(&key).map(str::to_owned) else {
            reader.findings.error(key.place, "V021", "expected a key");
            continue;
        };
        tell_second_map(reader, &section, (&name, key.place), &value);
        member(reader, &mut section, (&name, key.place), value);
    }
    Some(section)
}

/// Reports a key that holds maps, and did so before in the same section: one of them would not be read. Rules of a multiline parser
/// add up.
fn tell_second_map(reader: &mut Reader<'_>, section: &Section, (name, place): (&str, Place), value: &Node) {
    let is_map = |node: &Node| matches!(node.kind, Kind::Map(_));
    let holds_maps = is_map(value) || matches!(&value.kind, Kind::List(items) if items.iter().any(is_map));
    let key = snake_case(name);
    let first = section.groups.iter().find(|(known, _)| known.text == key);
    let Some((first, _)) = first.filter(|_| holds_maps && section.kind != SectionKind::MultilineParser) else { return };
    let message = format!("`{name}` is given a second time, first in line {}", first.place.line);
    reader.findings.error(place, "V106", message).help("put what it holds into one of them");
}

/// One key of a section: a scalar is an entry, a list of scalars an entry per item, a list of maps or a map groups.
fn member(reader: &mut Reader<'_>, section: &mut Section, key: (&str, Place), value: Node) {
    let (name, place) = key;
    match value.kind {
        Kind::Scalar(text, ScalarStyle::Plain) if text.is_empty() => {
            let help = "write the key, a colon, a space and the value; `\"\"` is an empty text";
            reader.findings.error(place, "V005", format!("`{name}` has no value")).help(help);
        }
        Kind::Scalar(text, _) => {
            let text = trimmed(section, &text);
            section.entries.push(entry(&snake_case(name), place, text, value.place));
        }
        Kind::List(items) => {
            if items.is_empty() {
                section.blank.push(Located { text: snake_case(name), place, expanded: false });
            }
            for item in items {
                member(reader, section, key, item);
            }
        }
        Kind::Map(_) => {
            let located = Located { text: snake_case(name), place, expanded: false };
            let inner = self::section(reader, SectionKind::Other, value.place, value);
            section.groups.extend(inner.map(|inner| (located, inner)));
        }
    }
}

/// `text` without the blanks around it, as the line end of a block; in nested maps it stays as it is. What is all blank is meant.
fn trimmed<'t>(section: &Section, text: &'t str) -> &'t str {
    let trimmed = text.trim();
    if section.kind == SectionKind::Other || trimmed.is_empty() { text } else { trimmed }
}

/// Whether nothing is written.
fn is_empty(node: &Node) -> bool {
    matches!(&node.kind, Kind::Scalar(text, ScalarStyle::Plain) if text.is_empty())
}

fn scalar(node: &Node) -> Option<&str> {
    match &node.kind {
        Kind::Scalar(text, _) => Some(text),
        _ => None,
    }
}

fn scalars(reader: &mut Reader<'_>, value: Node) -> Vec<(String, Place)> {
    let items = match value.kind {
        Kind::List(items) => items,
        _ => vec![value],
    };
    let mut texts = Vec::new();
    for item in items {
        match item.kind {
            Kind::Scalar(text, _) => texts.push((text, item.place)),
            _ => {
                reader.findings.error(item.place, "V021", "expected a text");
            }
        }
    }
    texts
}

/// Builds nodes from events.
struct Tree<'t> {
    file: u32,
    parser: Parser<'t, saphyr_parser::StrInput<'t>>,
    /// Where a second document begins.
    second: Option<Place>,
    /// Where lines end, in characters, if carriage returns stand alone: they end lines in YAML, but no line that is shown.
    ends: Option<Vec<usize>>,
}

type Broken = (Place, String);

impl<'t> Tree<'t> {
    fn new(file: u32, text: &'t str) -> Self {
        let is_alone = |pair: &[u8]| pair[0] == b'\r' && pair[1] != b'\n';
        let ends = text
            .as_bytes()
            .windows(2)
            .any(is_alone)
            .then(|| text.chars().enumerate().filter(|(_, char)| *char == '\n').map(|(at, _)| at).collect());
        Self { file, parser: Parser::new_from_str(text), second: None, ends }
    }

    /// The first document; `None` when the file is empty.
    fn root(&mut self) -> Result<Option<Node>, Broken> {
        loop {
            match self.next()? {
                (Event::StreamStart | Event::DocumentStart(_), _) => {}
                (Event::StreamEnd | Event::DocumentEnd, _) => return Ok(None),
                (event, place) => {
                    let root = self.node(event, place, 0)?;
                    self.end()?;
                    return Ok(Some(root));
                }
            }
        }
    }

    /// Reads to the end, so that a mistake behind the last value is seen too.
    fn end(&mut self) -> Result<(), Broken> {
        loop {
            match self.next()? {
                (Event::DocumentEnd, _) => {}
                (Event::StreamEnd, _) => return Ok(()),
                (Event::DocumentStart(_), place) => {
                    self.second = Some(place);
                    return Ok(());
                }
                (_, place) => return Err((place, "expected the end of the document".into())),
            }
        }
    }

    fn next(&mut self) -> Result<(Event<'t>, Place), Broken> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => Ok((event, self.place(span))),
            Some(Err(error)) => {
                let marker = *error.marker();
                Err((self.place(Span::new(marker, marker)), format!("this is no YAML: {}", error.info())))
            }
            None => Ok((Event::StreamEnd, Place::default())),
        }
    }

    fn node(&mut self, event: Event<'t>, place: Place, depth: usize) -> Result<Node, Broken> {
        if depth > MAX_DEPTH {
            return Err((place, format!("nested deeper than {MAX_DEPTH} levels")));
        }
        let kind = match event {
            Event::Scalar(text, style, ..) => Kind::Scalar(text.into_owned(), style),
            Event::SequenceStart(..) => Kind::List(self.items(depth + 1)?),
            Event::MappingStart(..) => Kind::Map(self.members(depth + 1)?),
            Event::Alias(_) => return Err((place, "anchors and aliases are not supported".into())),
            _ => return Err((place, "expected a value".into())),
        };
        Ok(Node { place, kind })
    }

    fn items(&mut self, depth: usize) -> Result<Vec<Node>, Broken> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(items),
                (event, place) => items.push(self.node(event, place, depth)?),
            }
        }
    }

    fn members(&mut self, depth: usize) -> Result<Vec<(Node, Node)>, Broken> {
        let mut members = Vec::new();
        loop {
            let (event, place) = self.next()?;
            if event == Event::MappingEnd {
                return Ok(members);
            }
            let key = self.node(event, place, depth)?;
            let (event, place) = self.next()?;
            members.push((key, self.node(event, place, depth)?));
        }
    }

    fn place(&self, span: Span) -> Place {
        let small = |number: usize| u32::try_from(number).expect("a configuration file is small");
        let same_line = span.start.line() == span.end.line();
        let length = if same_line { span.end.col().saturating_sub(span.start.col()) } else { 0 };
        let (line, column) = match &self.ends {
            None => (span.start.line(), span.start.col()),
            Some(ends) => {
                let before = ends.partition_point(|end| *end < span.start.index());
                let start = before.checked_sub(1).map_or(0, |last| ends[last] + 1);
                (before + 1, span.start.index() - start)
            }
        };
        Place { file: self.file, line: small(line), column: small(column + 1), length: small(length) }
    }
}
