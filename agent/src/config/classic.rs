//! The classic format: `[SECTION]`, then indented `Key value` lines.

use super::document::{Entry, Located, Place, Section, SectionKind};
use super::reader::{Purpose, Reader, section_kind};

/// Reads `text`, which is file number `file` of the document.
pub(super) fn read(reader: &mut Reader<'_>, file: u32, text: &str) {
    let mut classic = Classic { reader, file, section: None, indent: None, group: false };
    for (number, line) in text.lines().enumerate() {
        let number = u32::try_from(number + 1).expect("a configuration file has few lines");
        classic.line(number, line.trim_end());
    }
    classic.close();
}

struct Classic<'r, 'a> {
    reader: &'r mut Reader<'a>,
    file: u32,
    section: Option<Section>,
    /// The indentation that the first indented line set.
    indent: Option<String>,
    /// Whether lines belong to a group of the section.
    group: bool,
}

impl Classic<'_, '_> {
    fn line(&mut self, number: u32, line: &str) {
        let body = line.trim_start();
        if body.is_empty() || body.starts_with('#') {
            return;
        }
        let indent = line.strip_suffix(body).unwrap_or_default();
        match (indent.is_empty(), body.as_bytes()[0]) {
            (true, b'[') => self.heading(number, body),
            (true, b'@') => self.meta(number, body),
            (true, _) => {
                let place = self.place(number, line, body);
                let message = format!(
                    "expected a `[SECTION]` or an indented key, found `{}` at the line start",
                    first_word(body)
                );
                self.reader.findings.error(place, "V003", message).help("indent the lines of a section");
            }
            (false, b'[') => self.group(number, line, body),
            (false, _) => self.key(number, line, body),
        }
    }

    fn heading(&mut self, number: u32, body: &str) {
        self.close();
        let place = self.place(number, body, body);
        let name = body.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let Some(name) = name else {
            self.reader
                .findings
                .error(place, "V001", format!("the heading `{body}` is not closed"))
                .help("end it with `]`");
            return;
        };
        let kind = section_kind(name.trim(), self.reader.purpose);
        if kind.is_none() {
            let allowed: &[&str] = match self.reader.purpose {
                Purpose::Main => &["SERVICE", "INPUT", "FILTER", "OUTPUT", "PARSER", "MULTILINE_PARSER"],
                Purpose::Parsers => &["PARSER", "MULTILINE_PARSER"],
            };
            let help = super::render::did_you_mean(name, allowed);
            self.reader.findings.error(place, "V002", format!("unknown section `[{name}]`")).help(help);
        }
        let kind = kind.unwrap_or(SectionKind::Other);
        self.section = Some(Section { kind, place, entries: Vec::new(), groups: Vec::new() });
    }

    fn meta(&mut self, number: u32, body: &str) {
        let place = self.place(number, body, body);
        let (command, rest) = body.split_once(char::is_whitespace).unwrap_or((body, ""));
        match command.to_ascii_lowercase().as_str() {
            "@include" if !rest.trim().is_empty() => {
                self.close();
                let pattern = self.reader.environment.expand(rest.trim(), place, self.reader.findings);
                self.reader.include(&pattern.text, place);
            }
            "@set" if rest.contains('=') => {
                let (name, value) = rest.split_once('=').expect("it was just found");
                let value = self.reader.environment.expand(value.trim(), place, self.reader.findings);
                self.reader.environment.set(name.trim(), &value.text);
            }
            "@include" | "@set" => {
                let help = if command.eq_ignore_ascii_case("@set") {
                    "write `@SET name=value`"
                } else {
                    "write `@INCLUDE path`"
                };
                self.reader.findings.error(place, "V004", format!("`{command}` lacks its value")).help(help);
            }
            _ => {
                let help = super::render::did_you_mean(command, &["@INCLUDE", "@SET"]);
                self.reader.findings.error(place, "V004", format!("unknown command `{command}`")).help(help);
            }
        }
    }

    fn group(&mut self, number: u32, line: &str, body: &str) {
        let place = self.place(number, line, body);
        let Some(section) = &mut self.section else { return self.outside(place) };
        let name = body.trim_matches(['[', ']']).to_ascii_lowercase();
        let inner = Section { kind: SectionKind::Other, place, entries: Vec::new(), groups: Vec::new() };
        section.groups.push((Located { text: name, place, expanded: false }, inner));
        self.group = true;
    }

    fn key(&mut self, number: u32, line: &str, body: &str) {
        let place = self.place(number, line, first_word(body));
        if !self.indent_fits(line, body, place) {
            return;
        }
        if self.section.is_none() {
            return self.outside(place);
        }
        let Some((key, rest)) = body.split_once(char::is_whitespace) else {
            let message = format!("`{body}` has no value");
            self.reader.findings.error(place, "V005", message).help("write the key, a space and the value");
            return;
        };
        let value = rest.trim_start();
        let value_place = Place { length: length(value), column: column(line, value), ..place };
        let entry = self.reader.entry(key, place, value, value_place);
        self.add(entry);
    }

    fn add(&mut self, entry: Entry) {
        let section = self.section.as_mut().expect("keys outside of sections were refused");
        match section.groups.last_mut().filter(|_| self.group) {
            Some((_, group)) => group.entries.push(entry),
            None => section.entries.push(entry),
        }
    }

    /// Whether the line is indented as the first one was, or twice that inside a group.
    fn indent_fits(&mut self, line: &str, body: &str, place: Place) -> bool {
        let indent = line.strip_suffix(body).unwrap_or_default();
        let unit = self.indent.get_or_insert_with(|| indent.to_owned());
        if indent == unit.as_str() {
            self.group = false;
            return true;
        }
        if self.group && indent == unit.repeat(2) {
            return true;
        }
        let message = if indent.contains('\t') != unit.contains('\t') {
            "tabs and spaces are mixed in the indentation of this file"
        } else {
            "this line is indented otherwise than the first key of the file"
        };
        self.reader.findings.error(place, "V006", message).help("indent all keys alike");
        false
    }

    fn outside(&mut self, place: Place) {
        self.reader
            .findings
            .error(place, "V007", "this key stands outside of any section")
            .help("put a heading such as `[INPUT]` before it");
    }

    fn close(&mut self) {
        self.group = false;
        if let Some(section) = self.section.take() {
            self.reader.add_section(section);
        }
    }

    /// The place of `part`, a piece of `line`.
    fn place(&self, number: u32, line: &str, part: &str) -> Place {
        Place { file: self.file, line: number, column: column(line, part), length: length(part) }
    }
}

/// Column of `part`, which is a piece of `line`, in characters from 1.
fn column(line: &str, part: &str) -> u32 {
    let before = part.as_ptr().addr() - line.as_ptr().addr();
    length(line.get(..before).unwrap_or_default()) + 1
}

fn length(text: &str) -> u32 {
    u32::try_from(text.chars().count()).expect("a line is short")
}

fn first_word(text: &str) -> &str {
    text.split_whitespace().next().unwrap_or_default()
}
