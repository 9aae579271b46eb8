//! The classic format: `[SECTION]`, then indented `Key value` lines.
//!
//! A line that is wrong is reported and, where its meaning is plain, still taken, so that one mistake gives one finding.

use super::document::{Entry, Located, Place, Section, SectionKind};
use super::reader::{Purpose, Reader, entry, not_run, section_kind, unknown};
use super::render::did_you_mean;

/// Sections of a main file.
const MAIN: &[&str] = &["SERVICE", "INPUT", "FILTER", "OUTPUT", "PARSER", "MULTILINE_PARSER"];
/// Sections of a parsers file.
const PARSERS: &[&str] = &["PARSER", "MULTILINE_PARSER"];

/// Reads `text`, which is file number `file` of the document.
pub(super) fn read(reader: &mut Reader<'_>, file: u32, text: &str) {
    let mut classic = Classic { reader, file, section: None, unit: None, complained: None, group: false };
    for (number, line) in text.lines().enumerate() {
        let number = u32::try_from(number + 1).expect("a configuration file has few lines");
        classic.line(number, line.trim_end());
    }
}

struct Classic<'r, 'a> {
    reader: &'r mut Reader<'a>,
    file: u32,
    /// Number of the section that keys belong to. An include leaves it open, as in Fluent Bit.
    section: Option<usize>,
    /// The indentation that the first indented line of the file set.
    unit: Option<String>,
    /// The wrong indentation of the lines before this one, which were complained about.
    complained: Option<String>,
    /// Whether lines belong to a group of the section.
    group: bool,
}

impl Classic<'_, '_> {
    fn line(&mut self, number: u32, line: &str) {
        let body = line.trim_start();
        let indent = line.strip_suffix(body).unwrap_or_default();
        match (indent.is_empty(), body.chars().next()) {
            (_, None | Some('#')) => {}
            (true, Some('[')) => self.heading(number, body),
            (true, Some('@')) => self.meta(number, body),
            (false, Some('[')) => self.group(number, line, body),
            (false, Some('@')) => self.indented_command(number, line, body),
            (_, Some(_)) => self.key(number, line, body),
        }
    }

    fn heading(&mut self, number: u32, body: &str) {
        (self.group, self.complained) = (false, None);
        let place = self.place(number, body, body);
        let inner = body.strip_prefix('[').unwrap_or_default();
        let name = match inner.split_once(']') {
            Some((name, behind)) => {
                self.behind_heading(behind.trim(), place);
                name.trim()
            }
            None => {
                let help = "write the name in brackets on a line of its own, such as `[INPUT]`";
                let message = format!("the heading `{body}` is not closed");
                self.reader.findings.error(place, "V001", message).help(help);
                first_word(inner)
            }
        };
        let kind = self.kind(name, place);
        self.section = Some(self.reader.open_section(kind, place));
    }

    /// Reports what Fluent Bit passes over in silence: text that stands behind a heading, unless it is a comment.
    fn behind_heading(&mut self, text: &str, place: Place) {
        if !text.is_empty() && !text.starts_with('#') {
            let message = format!("`{text}` behind the heading has no effect");
            self.reader.findings.warning(place, "V111", message).help("keys stand on lines of their own, indented");
        }
    }

    /// What the heading `name` opens; a section that cannot stand here is reported and read without effect.
    fn kind(&mut self, name: &str, place: Place) -> SectionKind {
        let purpose = self.reader.purpose;
        let findings = &mut *self.reader.findings;
        match section_kind(name) {
            None => unknown(
                findings,
                (&format!("section `[{name}]`"), place),
                name,
                match purpose {
                    Purpose::Main => MAIN,
                    _ => PARSERS,
                },
            ),
            Some(SectionKind::Other) => not_run(self.reader, name, place),
            Some(kind) if purpose.takes(kind) => return kind,
            Some(_) => {
                let (file, content) = purpose.words();
                let help = format!("a {file} holds {content} only; move it to the main file");
                findings.error(place, "V002", format!("`[{name}]` cannot stand in a {file}")).help(help);
            }
        }
        SectionKind::Other
    }

    fn meta(&mut self, number: u32, body: &str) {
        let place = self.place(number, body, body);
        let (command, rest) = body.split_once(char::is_whitespace).unwrap_or((body, ""));
        let rest = rest.trim();
        let value_place = Place { column: column(body, rest), length: length(rest), ..place };
        let findings = &mut *self.reader.findings;
        let command_lower = command.to_ascii_lowercase();
        match (command_lower.as_str(), rest.split_once('=')) {
            ("@include", _) if !rest.is_empty() => {
                let pattern = self.reader.environment.expand(rest, value_place, self.reader.findings);
                if !pattern.text.is_empty() {
                    self.reader.include(&pattern.text, value_place);
                }
            }
            ("@set", Some((name, value))) if !name.trim().is_empty() => {
                self.reader.set_variable(name.trim(), value.trim(), value_place);
            }
            ("@include", _) => {
                findings.error(place, "V004", "`@INCLUDE` lacks its value").help("write `@INCLUDE path`");
            }
            ("@set", _) => {
                findings.error(place, "V004", "`@SET` lacks its name and value").help("write `@SET name=value`");
            }
            _ => {
                let help = did_you_mean(command, &["@INCLUDE", "@SET"]);
                findings.error(place, "V004", format!("unknown command `{command}`")).help(help);
            }
        }
    }

    /// Reports what would be a command at the line start.
    fn indented_command(&mut self, number: u32, line: &str, body: &str) {
        let command = first_word(body);
        let place = self.place(number, line, command);
        let message = format!("`{command}` is indented");
        self.reader
            .findings
            .error(place, "V004", message)
            .help("a command begins at the line start: take the blanks before it away");
    }

    fn group(&mut self, number: u32, line: &str, body: &str) {
        let place = self.place(number, line, body);
        let name = body.trim_matches(['[', ']']).to_ascii_lowercase();
        if section_kind(&name).is_some_and(|kind| kind != SectionKind::Other) {
            let message = format!("the heading `{body}` is indented");
            let help = "a section begins at the line start: take the blanks before it away";
            self.reader.findings.error(place, "V001", message).help(help);
            return self.heading(number, body);
        }
        let Some(section) = self.section else { return self.outside(place, body) };
        let inner = Section::new(SectionKind::Other, place);
        self.reader.document.sections[section].groups.push((Located { text: name, place, expanded: false }, inner));
        self.group = true;
    }

    fn key(&mut self, number: u32, line: &str, body: &str) {
        let place = self.place(number, line, first_word(body));
        if self.section.is_none() {
            return self.outside(place, body);
        }
        self.check_indent(line, body, place);
        let Some((key, rest)) = body.split_once(char::is_whitespace) else {
            let message = format!("`{body}` has no value");
            self.reader.findings.error(place, "V005", message).help("write the key, a space and the value");
            return;
        };
        let value = rest.trim_start();
        let value_place = Place { length: length(value), column: column(line, value), ..place };
        self.add(entry(key, place, value, value_place));
    }

    fn add(&mut self, entry: Entry) {
        let section = self.section.expect("keys outside of sections were refused");
        let section = &mut self.reader.document.sections[section];
        match section.groups.last_mut().filter(|_| self.group) {
            Some((_, group)) => group.entries.push(entry),
            None => section.entries.push(entry),
        }
    }

    /// Reports a line that is not indented as the first one was, or twice that: there the keys of a group stand, and as in Fluent Bit
    /// those of a section may. Lines alike below it are not reported again.
    fn check_indent(&mut self, line: &str, body: &str, place: Place) {
        let indent = line.strip_suffix(body).unwrap_or_default();
        if self.unit.is_none() && !indent.is_empty() {
            self.unit = Some(indent.to_owned());
        }
        let unit = self.unit.as_deref().unwrap_or_default();
        let fits = !indent.is_empty() && indent == unit;
        let is_twice = !indent.is_empty() && indent.starts_with(unit) && indent.len() == 2 * unit.len();
        self.group &= !fits;
        if fits || is_twice {
            self.complained = None;
            return;
        }
        if self.complained.as_deref() == Some(indent) {
            return;
        }
        self.complained = Some(indent.to_owned());
        let findings = &mut *self.reader.findings;
        if indent.is_empty() {
            let found = first_word(body);
            findings
                .error(
                    place,
                    "V003",
                    format!("expected a `[SECTION]` or an indented key, found `{found}` at the line start"),
                )
                .help("indent the keys of a section");
        } else {
            let message = if indent.contains('\t') != unit.contains('\t') {
                "tabs and spaces are mixed in the indentation of this file"
            } else {
                "this line is indented otherwise than the first key of the file"
            };
            findings.error(place, "V006", message).help("indent all keys alike");
        }
    }

    fn outside(&mut self, place: Place, body: &str) {
        if self.complained.is_some() {
            return;
        }
        self.complained = Some(String::new());
        let message = "this key stands outside of any section";
        let help = if looks_like_yaml(body) {
            "this looks like YAML, which is read from files whose names end in `.yaml` or `.yml`: name the file so"
        } else {
            "put a heading such as `[INPUT]` before it"
        };
        self.reader.findings.error(place, "V007", message).help(help);
    }

    /// The place of `part`, a piece of `line`.
    fn place(&self, number: u32, line: &str, part: &str) -> Place {
        Place { file: self.file, line: number, column: column(line, part), length: length(part) }
    }
}

/// Column of `part`, which is a piece of `line`, in characters from 1.
fn column(line: &str, part: &str) -> u32 {
    let before = part.as_ptr().addr().saturating_sub(line.as_ptr().addr());
    length(line.get(..before).unwrap_or_default()) + 1
}

fn length(text: &str) -> u32 {
    u32::try_from(text.chars().count()).expect("a line is short")
}

/// Whether a line that stands before all headings is one of YAML.
fn looks_like_yaml(body: &str) -> bool {
    body.starts_with("- ") || body == "---" || first_word(body).ends_with(':')
}

fn first_word(text: &str) -> &str {
    text.split_whitespace().next().unwrap_or_default()
}
