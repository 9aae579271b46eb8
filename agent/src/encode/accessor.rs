//! Record accessors: templates such as `logs-$TAG[1]-$kubernetes['namespace']`, compiled once.
//!
//! # Source
//! Fluent Bit manual, "Record accessor".

use vigie_parsers::batch::{Batch, Field, Record, Span, Text, Value};

use super::json::push_value;
use super::print::push_printed;
use super::tokens::{Token, Tokens};
use crate::config::OptionType;

/// A step into a nested value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The field of this name.
    Key(Vec<u8>),
    /// The item of a list at this place, from 0.
    Index(usize),
}

/// A path to one value of a record, such as `$kubernetes['labels']['app']`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    top: Vec<u8>,
    steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Literal(Vec<u8>),
    Tag,
    TagWord(usize),
    Field(Path),
}

/// Text with accessors in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template(Vec<Part>);

impl Template {
    /// The wildcard that matches every result: its text with `*` for what tag and record give.
    pub fn wildcard(&self) -> Vec<u8> {
        let mut wildcard = Vec::new();
        for part in &self.0 {
            match part {
                Part::Literal(text) => wildcard.extend_from_slice(text),
                _ if wildcard.ends_with(b"*") => {}
                _ => wildcard.push(b'*'),
            }
        }
        wildcard
    }
}

impl Path {
    /// Reads `$key['a'][0]` and `$['key']['a']`; a text without `$` and `[` is a top-level key as it stands. Where nothing follows it,
    /// a key behind `$` may have dots.
    ///
    /// # Errors
    /// What was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let bare = match text.strip_prefix('$') {
            None => Some(text).filter(|text| !text.contains('[')),
            Some(key) => {
                let is_key = |key: &&str| *key != "TAG" && key.bytes().all(|byte| is_letter(byte) || byte == b'.');
                Some(key).filter(is_key).filter(|key| !key.starts_with(|first: char| first.is_ascii_digit()))
            }
        };
        if let Some(key) = bare.filter(|key| !key.is_empty()) {
            return Ok(Self { top: key.as_bytes().to_vec(), steps: Vec::new() });
        }
        let key = text.strip_prefix('$').unwrap_or(text);
        if (key.starts_with("['") || !key.is_ascii())
            && let Some(path) = Self::beyond_ascii(key.as_bytes())?
        {
            return Ok(path);
        }
        match Template::parse(&format!("${key}"))?.0.as_slice() {
            [Part::Field(path)] => Ok(path.clone()),
            _ => Err("one key such as `$name` or `$kubernetes['pod_name']`".into()),
        }
    }

    /// Reads what no template holds: a top-level key in brackets, or one with letters beyond ASCII. `None` where more stands there.
    fn beyond_ascii(text: &[u8]) -> Result<Option<Self>, String> {
        let end = text.iter().position(|byte| !is_letter(*byte)).unwrap_or(text.len());
        let (top, mut rest) = text.split_at(end);
        let mut steps = steps(&mut rest)?;
        let begins = |first: &u8| first.is_ascii_alphabetic() || *first == b'_' || !first.is_ascii();
        if !rest.is_empty() || !top.first().is_none_or(begins) {
            return Ok(None);
        }
        if !top.is_empty() {
            return Ok(Some(Self { top: top.to_vec(), steps }));
        }
        let Some(Step::Key(top)) = steps.first().cloned() else { return Ok(None) };
        steps.remove(0);
        Ok(Some(Self { top, steps }))
    }

    /// The top-level key.
    pub fn top(&self) -> &[u8] {
        &self.top
    }

    /// The steps behind it.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The keys that lead to the field; `None` when an item of a list is on the way.
    pub fn keys(&self) -> Option<Vec<Vec<u8>>> {
        let key = |step: &Step| if let Step::Key(key) = step { Some(key.clone()) } else { None };
        std::iter::once(Some(self.top.to_vec())).chain(self.steps.iter().map(key)).collect()
    }

    /// Where the top-level field that it names stands among the fields of `record`. `None` when it reaches deeper.
    pub fn position(&self, record: Record<'_>) -> Option<usize> {
        let batch = record.batch();
        let last = record.fields().iter().rposition(|field| batch.text_is(field.key, &self.top));
        last.filter(|_| self.steps.is_empty())
    }

    /// The value in `record`. A path that goes on below a text, a number or a truth value ends there, as in Fluent Bit.
    pub fn find(&self, record: Record<'_>) -> Option<Value> {
        self.find_among(record.batch(), record.fields())
    }

    fn find_among(&self, batch: &Batch, fields: &[Field]) -> Option<Value> {
        let last = fields.iter().rev().find(|field| batch.text_is(field.key, &self.top));
        let mut value = last?.value;
        for step in &self.steps {
            value = child(batch, value, step)?;
        }
        Some(value)
    }

    /// Appends the value in `record` as plain text, as Fluent Bit writes it: a number that is no integer has six decimals. Returns
    /// whether it was there and is no list.
    pub fn render(&self, record: Record<'_>, out: &mut Vec<u8>) -> bool {
        match self.find(record) {
            Some(value @ (Value::Number(_) | Value::F64(_))) => push_printed(record.batch(), value, out),
            value => return push_as_written(record.batch(), value, out),
        }
        true
    }

    /// The same among `fields`, those of a record or of its metadata, with numbers as they were written, to be compared with.
    pub fn render_as_written(&self, (batch, fields): (&Batch, &[Field]), out: &mut Vec<u8>) -> bool {
        push_as_written(batch, self.find_among(batch, fields), out)
    }
}

fn push_as_written(batch: &Batch, value: Option<Value>, out: &mut Vec<u8>) -> bool {
    match value {
        None | Some(Value::List(_)) => return false,
        Some(Value::Json(span)) if batch.bytes(span).starts_with(b"[") => return false,
        Some(Value::Text(text)) => batch.decode_text(text, out),
        Some(value) => push_value(batch, value, out),
    }
    true
}

impl Template {
    /// Reads text with `$key`, `$key['a'][0]`, `$TAG` and `$TAG[n]` in it.
    ///
    /// # Errors
    /// What was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text.as_bytes();
        while !rest.is_empty() {
            let dollar = memchr::memchr(b'$', rest).unwrap_or(rest.len());
            if dollar > 0 {
                parts.push(Part::Literal(rest[..dollar].to_vec()));
                rest = &rest[dollar..];
                continue;
            }
            if let Some(behind) = rest.strip_prefix(b"$TAG") {
                rest = behind;
                parts.push(tag_part(&mut rest)?);
                continue;
            }
            let name_end = rest[1..].iter().position(|byte| !is_name(*byte)).map_or(rest.len(), |at| at + 1);
            if !rest.get(1).is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_') {
                return Err("a name after `$`, which begins with a letter or `_`".into());
            }
            let top = rest[1..name_end].to_vec();
            rest = &rest[name_end..];
            let steps = steps(&mut rest)?;
            parts.push(Part::Field(Path { top, steps }));
        }
        Ok(Self(parts))
    }

    /// Whether it holds an accessor at all.
    pub fn is_dynamic(&self) -> bool {
        self.0.iter().any(|part| !matches!(part, Part::Literal(_)))
    }

    /// What it begins with, whatever the record.
    pub fn literal_start(&self) -> &[u8] {
        match self.0.first() {
            Some(Part::Literal(text)) => text,
            _ => &[],
        }
    }

    /// The top-level keys in it.
    pub fn top_keys(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().filter_map(|part| if let Part::Field(path) = part { Some(path.top()) } else { None })
    }

    /// Appends what it stands for up to the first value that is not there or that `takes` does not take. Returns whether there is none
    /// such.
    pub fn render_checked(
        &self,
        record: Record<'_>,
        tag: &str,
        takes: impl Fn(&[u8]) -> bool,
        out: &mut Vec<u8>,
    ) -> bool {
        self.0.iter().all(|part| {
            let start = out.len();
            push_part(part, record, tag, out) && (matches!(part, Part::Literal(_)) || takes(&out[start..]))
        })
    }

    /// Appends what it stands for; what is not there stands for nothing. Returns whether everything in it was there.
    pub fn render(&self, record: Record<'_>, tag: &str, out: &mut Vec<u8>) -> bool {
        let mut is_whole = true;
        for part in &self.0 {
            is_whole &= push_part(part, record, tag, out);
        }
        is_whole
    }
}

/// Appends what `part` stands for. Returns whether it was there.
fn push_part(part: &Part, record: Record<'_>, tag: &str, out: &mut Vec<u8>) -> bool {
    let text = match part {
        Part::Literal(text) => Some(text.as_slice()),
        Part::Tag => Some(tag.as_bytes()),
        Part::TagWord(number) => tag.split('.').nth(*number).map(str::as_bytes),
        Part::Field(path) => path.render(record, out).then_some(&b""[..]),
    };
    out.extend_from_slice(text.unwrap_or_default());
    text.is_some()
}

impl OptionType for Path {
    const KIND: &'static str = "record accessor";

    fn parse(text: &str) -> Result<Self, String> {
        Self::parse(text)
    }
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'/')
}

/// Whether `byte` may stand in a key that nothing else stands around.
fn is_letter(byte: u8) -> bool {
    is_name(byte) || !byte.is_ascii()
}

/// Reads what stands behind `$TAG` off the front of `rest`: the number of a part. Letters behind it are no longer name, as in Fluent Bit.
fn tag_part(rest: &mut &[u8]) -> Result<Part, String> {
    let steps = steps(rest)?;
    Ok(match *steps.as_slice() {
        [] => Part::Tag,
        [Step::Index(part)] => Part::TagWord(part),
        _ => Part::Field(Path { top: b"TAG".to_vec(), steps }),
    })
}

/// Reads `['a'][0]...` off the front of `rest`.
fn steps(rest: &mut &[u8]) -> Result<Vec<Step>, String> {
    let mut steps = Vec::new();
    while let Some(inside) = rest.strip_prefix(b"[") {
        let (step, after) = match inside.strip_prefix(b"'") {
            Some(quoted) => quoted_key(quoted)?,
            None => {
                let digits = inside.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(inside.len());
                let number = std::str::from_utf8(&inside[..digits]).ok().and_then(|digits| digits.parse().ok());
                (Step::Index(number.ok_or("a number or a quoted key after `[`")?), &inside[digits..])
            }
        };
        *rest = after.strip_prefix(b"]").ok_or("`]` behind a key or number in brackets")?;
        steps.push(step);
    }
    Ok(steps)
}

/// Reads up to the closing quote; two quotes in a row stand for one.
fn quoted_key(quoted: &[u8]) -> Result<(Step, &[u8]), String> {
    let mut key = Vec::new();
    let mut rest = quoted;
    loop {
        let end = memchr::memchr(b'\'', rest).ok_or("a closing `'`")?;
        key.extend_from_slice(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix(b"'") {
            Some(after) => {
                key.push(b'\'');
                rest = after;
            }
            None => return Ok((Step::Key(key), rest)),
        }
    }
}

fn child(batch: &Batch, value: Value, step: &Step) -> Option<Value> {
    match (value, step) {
        (Value::Map(range), Step::Key(key)) => batch.find(range, key).map(|at| batch.fields(range)[at].value),
        (Value::List(range), Step::Index(index)) => batch.fields(range).get(*index).map(|item| item.value),
        (Value::Json(span), step) => child_in_json(batch, span, step),
        (Value::Map(_) | Value::List(_), _) => None,
        (scalar, _) => Some(scalar),
    }
}

fn child_in_json(batch: &Batch, span: Span, step: &Step) -> Option<Value> {
    let json = batch.bytes(span);
    let start = span.start as usize;
    let absolute = |from: usize, to: usize| Span::between(start + from, start + to);
    let mut tokens = Tokens::new(json);
    let is_object = tokens.next()? == Token::Open(b'{');
    let mut index = 0;
    loop {
        let wanted = match (step, is_object) {
            (Step::Key(key), true) => match tokens.next()? {
                Token::Key(name) => batch.text_is(Text::escaped(absolute(name.start, name.end)), key),
                _ => return None,
            },
            (Step::Index(wanted), false) => *wanted == index,
            _ => return None,
        };
        index += 1;
        let value = tokens.value()?;
        if wanted {
            return Some(match json[value.start] {
                b'"' => Value::Text(Text::escaped(absolute(value.start + 1, value.end - 1))),
                b'{' | b'[' => Value::Json(absolute(value.start, value.end)),
                b't' => Value::Bool(true),
                b'f' => Value::Bool(false),
                b'n' => Value::Null,
                _ => Value::Number(absolute(value.start, value.end)),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use vigie_parsers::batch::{Origin, Timestamp};

    use super::*;

    fn record() -> (Batch, usize) {
        let mut batch = Batch::default();
        let index = batch.push(Timestamp::default(), Origin::default());
        let labels =
            r#"{"app.x":"a\"b","it's":"quoted","n":1.5,"big":1e2,"i":-7,"on":true,"none":null,"map":{"a":1.5}}"#;
        let json = batch.store(format!(r#"{{"labels":{labels},"list":["p",{{"q":7}}]}}"#).as_bytes());
        let empty = batch.store(b"{}");
        let mut record = batch.record_mut(index);
        record.set_text(b"level", b"info");
        record.set(b"k8s", Value::Json(json));
        record.set(b"empty", Value::Json(empty));
        record.set(b"count", Value::I64(-3));
        record.set(b"half", Value::F64(0.5));
        record.set_text(b"app_kubernetes-io/name", b"x");
        record.append(b"twice", Value::I64(1));
        let last = Text::plain(record.store(b"last"));
        record.append(b"twice", Value::Text(last));
        (batch, index)
    }

    /// What `template` gives, and whether everything in it was there.
    fn rendered(template: &str) -> (bool, String) {
        let (batch, index) = record();
        let template = Template::parse(template).expect("it is a template");
        let mut out = Vec::new();
        let is_whole = template.render(batch.record(index), "app.web.eu", &mut out);
        (is_whole, String::from_utf8(out).expect("text"))
    }

    /// # Source
    /// Fluent Bit's record accessor, as observed.
    #[test]
    fn accessors_reach_into_records_and_tags() {
        let cases = [
            ("plain", "plain"),
            ("$level", "info"),
            ("logs-$TAG[1].$level,x", "logs-web.info,x"),
            ("a $level \"$level\"", "a info \"info\""),
            ("$TAG", "app.web.eu"),
            ("$TAG[0]-$TAG[2]", "app-eu"),
            ("logs-$TAG-x", "logs-app.web.eu-x"),
            ("$TAG_x/$TAGs", "app.web.eu_x/app.web.eus"),
            ("$TAG[1]-$level", "web-info"),
            ("$k8s['labels']['app.x']", "a\"b"),
            ("$k8s['labels']['it''s']", "quoted"),
            ("$k8s['labels']['n']", "1.500000"),
            ("$k8s['labels']['big']", "100.000000"),
            ("$k8s['labels']['i']", "-7"),
            ("$k8s['labels']['on']", "true"),
            ("$k8s['labels']['none']", "null"),
            ("$k8s['labels']['map']", r#"{"a":1.5}"#),
            ("$k8s['list'][0]", "p"),
            ("$k8s['list'][1]['q']", "7"),
            ("$count", "-3"),
            ("$half", "0.500000"),
            ("$twice", "last"),
            ("$app_kubernetes-io/name", "x"),
            ("$level['x']", "info"),
            ("$k8s['labels']['on']['x'][0]", "true"),
        ];
        for (template, expected) in cases {
            assert_eq!(rendered(template), (true, expected.to_owned()), "{template}");
        }
    }

    #[test]
    fn what_is_not_there_stands_for_nothing_in_a_text() {
        let cases = [
            ("a-$missing.b", "a-.b"),
            ("$TAG[3]", ""),
            ("x$TAG[9]y$level", "xyinfo"),
            ("$k8s['list']", ""),
            ("$k8s['list'][7]", ""),
            ("$k8s['list']['x']", ""),
            ("$k8s['labels'][0]", ""),
            ("$k8s['missing']['x']", ""),
            ("$empty['x']", ""),
        ];
        for (template, expected) in cases {
            assert_eq!(rendered(template), (false, expected.to_owned()), "{template}");
        }
    }

    #[test]
    fn numbers_that_are_compared_stay_as_they_were_written() {
        let (batch, index) = record();
        let path = Path::parse("$k8s['labels']['n']").expect("it is one");
        let mut out = Vec::new();

        assert!(path.render_as_written((&batch, batch.record(index).fields()), &mut out));
        assert_eq!(out, b"1.5");
    }

    #[test]
    fn broken_accessors_are_refused() {
        for text in ["$", "a$ b", "$0", "a-$1", "$-a", "$k['x", "$k['x'", "$k[x]", "$k["] {
            assert!(Template::parse(text).is_err(), "{text}");
        }
        assert!(Path::parse("$a-$b").is_err());
        assert!(Path::parse("$TAG").is_err());
        assert!(Path::parse("$1").is_err());
    }

    #[test]
    fn a_bare_key_is_a_path_of_its_own() {
        for text in ["$prénom", "prénom", "$['prénom']", "['prénom']"] {
            assert_eq!(Path::parse(text), Ok(Path { top: "prénom".into(), steps: Vec::new() }), "{text}");
        }
        assert_eq!(Path::parse("$clé['a'][0]"), Path::parse("$['clé']['a'][0]"));
        assert_eq!(Path::parse("$['a']['b']"), Path::parse("$a['b']"));
        for text in ["$é b", "$['é'", "$['é']x", "$1é", "$['é']$x", "$[0]"] {
            assert!(Path::parse(text).is_err(), "{text}");
        }
        assert_eq!(Path::parse("a.b"), Ok(Path { top: b"a.b".to_vec(), steps: Vec::new() }));
        assert_eq!(Path::parse("$a.b"), Path::parse("a.b"));
        assert!(Path::parse("").is_err());
        assert_eq!(Path::parse("k['a''b']"), Path::parse("$k['a''b']"));
    }
}
