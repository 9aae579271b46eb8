//! The YAML format: `service`, `pipeline`, `parsers`, `env`, `includes`.

use saphyr_parser::{Event, Parser, Span};

use super::document::{Entry, Located, Place, Section, SectionKind};
use super::reader::{Purpose, Reader, snake_case};
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
    Scalar(String),
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
}

/// Reads `text`, which is file number `file` of the document.
pub(super) fn read(reader: &mut Reader<'_>, file: u32, text: &str) {
    let root = match Tree::new(file, text).root() {
        Ok(Some(root)) => root,
        Ok(None) => return,
        Err((place, message)) => {
            reader.findings.error(place, "V020", message);
            return;
        }
    };
    let Kind::Map(members) = root.kind else {
        reader.findings.error(root.place, "V021", "expected a map with `service`, `pipeline` and the like");
        return;
    };
    // Variables and included files come first, wherever they stand.
    let (first, then): (Vec<_>, Vec<_>) = members
        .into_iter()
        .partition(|(key, _)| matches!(scalar(key).map(str::to_ascii_lowercase).as_deref(), Some("env" | "includes")));
    for (key, value) in first.into_iter().chain(then) {
        let name = scalar(&key).unwrap_or_default().to_ascii_lowercase();
        top_level(reader, &name, &key, value);
    }
}

const TOP_LEVEL: &[&str] = &["env", "includes", "service", "pipeline", "parsers", "multiline_parsers"];

fn top_level(reader: &mut Reader<'_>, name: &str, key: &Node, value: Node) {
    if reader.purpose == Purpose::Parsers && !matches!(name, "parsers" | "multiline_parsers") {
        reader.findings.error(key.place, "V002", format!("`{name}` cannot stand in a parsers file"));
        return;
    }
    match name {
        "env" => env(reader, value),
        "includes" => {
            for (pattern, place) in scalars(reader, value) {
                let pattern = reader.environment.expand(&pattern, place, reader.findings);
                reader.include(&pattern.text, place);
            }
        }
        "service" => {
            if let Some(section) = section(reader, SectionKind::Service, key.place, value) {
                reader.add_section(section);
            }
        }
        "pipeline" => pipeline(reader, value),
        "parsers" => sections(reader, SectionKind::Parser, value),
        "multiline_parsers" => sections(reader, SectionKind::MultilineParser, value),
        "customs" | "extensions" | "plugins" | "stream_processor" | "upstream_servers" => {
            let message = format!("`{name}` is not supported");
            reader.findings.error(key.place, "V023", message).help("remove it: nothing here runs it");
        }
        _ => {
            let message = format!("unknown key `{name}` at the top level");
            reader.findings.error(key.place, "V002", message).help(did_you_mean(name, TOP_LEVEL));
        }
    }
}

fn env(reader: &mut Reader<'_>, value: Node) {
    let pairs: Vec<(Node, Node)> = match value.kind {
        Kind::Map(members) => members,
        Kind::List(items) => items.into_iter().filter_map(named_variable).collect(),
        Kind::Scalar(_) => {
            reader.findings.error(value.place, "V021", "expected a map of names and values");
            return;
        }
    };
    for (name, value) in pairs {
        let (Some(name), Some(text)) = (scalar(&name), scalar(&value)) else {
            reader.findings.error(value.place, "V021", "expected a name and a value");
            continue;
        };
        let text = reader.environment.expand(text, value.place, reader.findings);
        reader.environment.set(name, &text.text);
    }
}

/// `{name, value}` as a pair.
fn named_variable(item: Node) -> Option<(Node, Node)> {
    let Kind::Map(members) = item.kind else { return None };
    let (mut name, mut value) = (None, None);
    for (key, node) in members {
        match scalar(&key) {
            Some("name") => name = Some(node),
            Some("value") => value = Some(node),
            _ => {}
        }
    }
    name.zip(value)
}

fn pipeline(reader: &mut Reader<'_>, value: Node) {
    let Kind::Map(members) = value.kind else {
        reader.findings.error(value.place, "V021", "expected a map with `inputs`, `filters` and `outputs`");
        return;
    };
    for (key, value) in members {
        let name = scalar(&key).unwrap_or_default().to_owned();
        let kind = match name.as_str() {
            "inputs" => SectionKind::Input,
            "filters" => SectionKind::Filter,
            "outputs" => SectionKind::Output,
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
        reader.findings.error(value.place, "V021", "expected a list: begin each item with `- `");
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
        reader.findings.error(value.place, "V021", "expected a map of keys and values");
        return None;
    };
    let mut section = Section { kind, place, entries: Vec::new(), groups: Vec::new() };
    for (key, value) in members {
        let Some(name) = scalar(&key).map(str::to_owned) else {
            reader.findings.error(key.place, "V021", "expected a key");
            continue;
        };
        member(reader, &mut section, (&name, key.place), value);
    }
    Some(section)
}

/// One key of a section: a scalar is an entry, a list of scalars an entry per item, a list of maps or a map groups.
fn member(reader: &mut Reader<'_>, section: &mut Section, key: (&str, Place), value: Node) {
    let (name, place) = key;
    match value.kind {
        Kind::Scalar(text) => {
            let entry: Entry = reader.entry(name, place, &text, value.place);
            section.entries.push(entry);
        }
        Kind::List(items) => {
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

fn scalar(node: &Node) -> Option<&str> {
    match &node.kind {
        Kind::Scalar(text) => Some(text),
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
            Kind::Scalar(text) => texts.push((text, item.place)),
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
}

type Broken = (Place, String);

impl<'t> Tree<'t> {
    fn new(file: u32, text: &'t str) -> Self {
        Self { file, parser: Parser::new_from_str(text) }
    }

    /// The first document; `None` when the file is empty.
    fn root(&mut self) -> Result<Option<Node>, Broken> {
        loop {
            match self.next()? {
                (Event::StreamStart | Event::DocumentStart(_), _) => {}
                (Event::StreamEnd | Event::DocumentEnd, _) => return Ok(None),
                (event, place) => return self.node(event, place, 0).map(Some),
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
            Event::Scalar(text, ..) => Kind::Scalar(text.into_owned()),
            Event::SequenceStart(..) => {
                let mut items = Vec::new();
                let mut next = self.next()?;
                while next.0 != Event::SequenceEnd {
                    items.push(self.node(next.0, next.1, depth + 1)?);
                    next = self.next()?;
                }
                Kind::List(items)
            }
            Event::MappingStart(..) => {
                let mut members = Vec::new();
                let mut next = self.next()?;
                while next.0 != Event::MappingEnd {
                    let key = self.node(next.0, next.1, depth + 1)?;
                    let (event, place) = self.next()?;
                    members.push((key, self.node(event, place, depth + 1)?));
                    next = self.next()?;
                }
                Kind::Map(members)
            }
            Event::Alias(_) => return Err((place, "anchors and aliases are not supported".into())),
            _ => return Err((place, "expected a value".into())),
        };
        Ok(Node { place, kind })
    }

    fn place(&self, span: Span) -> Place {
        let small = |number: usize| u32::try_from(number).expect("a configuration file is small");
        let same_line = span.start.line() == span.end.line();
        let length = if same_line { span.end.col().saturating_sub(span.start.col()) } else { 0 };
        Place {
            file: self.file,
            line: small(span.start.line()),
            column: small(span.start.col() + 1),
            length: small(length),
        }
    }
}
