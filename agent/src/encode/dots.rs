//! Fields to JSON members with `.` in keys replaced by `_`, at any depth.
//!
//! Replacing can make two keys one; then the last one stays, as with keys that stood twice before.

use vigie_parsers::batch::{Batch, Field, Span, Text, Value};

use super::json::{FEW, Separator, last_of_each, push_raw_string, push_value};
use super::text::push_escaped;
use super::tokens::{Token, Tokens};

/// Scratch space for replacing dots.
#[derive(Debug, Default)]
pub struct Dots {
    key: Vec<u8>,
    members: Vec<Member>,
    depth: Vec<usize>,
}

/// A member of an open object: where it and its key's inside stand in the output.
#[derive(Clone, Copy, Debug)]
struct Member {
    start: usize,
    key_len: usize,
}

impl Dots {
    /// Appends `"key":value,...` without braces.
    pub fn push_members(&mut self, batch: &Batch, fields: &[Field], out: &mut Vec<u8>) {
        self.open();
        for (at, field) in fields.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            self.push_key(batch, field.key, out);
            self.push_value(batch, field.value, out);
        }
        self.close(out);
    }

    fn push_value(&mut self, batch: &Batch, value: Value, out: &mut Vec<u8>) {
        match value {
            Value::Json(span) => self.push_json(batch, span, out),
            Value::Map(range) => {
                out.push(b'{');
                self.push_members(batch, batch.fields(range), out);
                out.push(b'}');
            }
            Value::List(range) => self.push_list(batch, batch.fields(range), out),
            other => push_value(batch, other, out),
        }
    }

    fn push_list(&mut self, batch: &Batch, items: &[Field], out: &mut Vec<u8>) {
        out.push(b'[');
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            self.push_value(batch, item.value, out);
        }
        out.push(b']');
    }

    fn push_json(&mut self, batch: &Batch, span: Span, out: &mut Vec<u8>) {
        let json = batch.bytes(span);
        let mut separator = Separator::default();
        for token in Tokens::new(json) {
            separator.before(&token, out);
            match token {
                Token::Open(b'{') => {
                    out.push(b'{');
                    self.open();
                }
                Token::Close(b'}') => {
                    self.close(out);
                    out.push(b'}');
                }
                Token::Open(byte) | Token::Close(byte) => out.push(byte),
                Token::Key(range) => {
                    let start = span.start as usize;
                    let inside = Span::between(start + range.start, start + range.end);
                    self.push_key(batch, Text::from_json(inside, &json[range]), out);
                }
                Token::Text(range) => push_raw_string(&json[range], out),
                Token::Scalar(range) => out.extend_from_slice(&json[range]),
            }
        }
    }

    fn push_key(&mut self, batch: &Batch, key: Text, out: &mut Vec<u8>) {
        self.key.clear();
        batch.decode_text(key, &mut self.key);
        for byte in &mut self.key {
            if *byte == b'.' {
                *byte = b'_';
            }
        }
        let start = out.len();
        out.push(b'"');
        push_escaped(&self.key, out);
        self.members.push(Member { start, key_len: out.len() - start - 1 });
        out.extend_from_slice(b"\":");
    }

    fn open(&mut self) {
        self.depth.push(self.members.len());
    }

    /// Ends the innermost object: takes out members whose key comes again later.
    fn close(&mut self, out: &mut Vec<u8>) {
        let first = self.depth.pop().expect("every object that closes was opened");
        let members = &self.members[first..];
        let last = (members.len() > FEW).then(|| last_of_each(members.iter().map(|member| key_of(member, out))));
        let mut kept_end = members.first().map_or(out.len(), |member| member.start);
        for (at, member) in members.iter().enumerate() {
            let end = members.get(at + 1).map_or(out.len(), |next| next.start);
            let is_last = match &last {
                Some(last) => last[at],
                None => !members[at + 1..].iter().any(|later| key_of(later, out) == key_of(member, out)),
            };
            if is_last {
                // Copies only go towards the front, so the members not looked at yet stay where they are.
                out.copy_within(member.start..end, kept_end);
                kept_end += end - member.start;
            }
        }
        out.truncate(kept_end);
        self.members.truncate(first);
    }
}

fn key_of<'a>(member: &Member, out: &'a [u8]) -> &'a [u8] {
    &out[member.start + 1..member.start + 1 + member.key_len]
}
