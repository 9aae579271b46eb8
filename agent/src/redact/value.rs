//! The value behind a name and its `:` or `=`: in quotes, in brackets or bare, and how far it goes. However long it is, it is one
//! value to its end, or to the end of its line.

use std::ops::Range;

use super::ends::{Kind, run_length};
use super::scanner::Pass;
use super::secret::named::scheme_length;
use super::token::own_length;

/// Most backslashes before a quote: in JSON five times within JSON there are 31.
pub(super) const SLASHES: usize = 31;
/// Longest value in `<…>`, in bytes.
const POINTED: usize = 320;
/// Longest name of a person, and longest further word of one, in bytes.
const NAME: usize = 100;

/// A value behind a name.
pub(super) struct Value {
    pub(super) span: Range<usize>,
    /// Whether it may be the first word of a sentence.
    pub(super) is_prose: bool,
    pub(super) is_quoted: bool,
    /// Whether it was asked for already.
    pub(super) is_certain: bool,
}

impl Value {
    pub(super) fn quoted(span: Range<usize>) -> Self {
        Self { span, is_prose: false, is_quoted: true, is_certain: false }
    }

    fn bare(span: Range<usize>) -> Self {
        Self { span, is_prose: false, is_quoted: false, is_certain: false }
    }
}

/// An opening quote.
#[derive(Clone, Copy, Debug)]
pub(super) struct Quote {
    /// Where the value begins behind it.
    pub(super) start: usize,
    pub(super) mark: u8,
    /// The backslashes before it.
    pub(super) slashes: usize,
}

impl Quote {
    /// The backslashes that belong to a quote with `count` before it if the value ends there. In a string within strings the first n
    /// of which are closed by a quote behind 2ⁿ − 1 backslashes, further ones are part of the value.
    fn closing(&self, count: usize) -> Option<usize> {
        if !(self.slashes + 1).is_power_of_two() {
            return (count <= self.slashes).then_some(count);
        }
        let level = count.trailing_ones();
        (level <= self.slashes.trailing_ones()).then(|| (1 << level) - 1)
    }

    /// How long the value is that `text` begins with.
    pub(super) fn length(&self, text: &[u8]) -> usize {
        for at in memchr::memchr2_iter(self.mark, b'\n', text) {
            if text[at] == b'\n' {
                return at;
            }
            let count = slashes_before(&text[..at]);
            if let Some(own) = self.closing(count) {
                return at - own;
            }
        }
        text.len()
    }
}

pub(super) fn slashes_before(text: &[u8]) -> usize {
    text.iter().rev().take_while(|byte| **byte == b'\\').count()
}

pub(super) fn spaces(text: &[u8]) -> usize {
    text.iter().take(3).take_while(|byte| matches!(byte, b' ' | b'\t')).count()
}

/// Whether `text` begins with a name and its `=`. Where nothing stands behind it, it may be the end of a value in base64.
fn is_name(text: &[u8]) -> bool {
    let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    let length = text.iter().take(NAME).take_while(is_part).count();
    let is_plain = text[..length].iter().all(|byte| byte.is_ascii_lowercase() || *byte == b'_');
    let is_value = |byte: &u8| !byte.is_ascii_whitespace() && *byte != b'=';
    length > 0 && text.get(length) == Some(&b'=') && (is_plain || text.get(length + 1).is_some_and(is_value))
}

impl Pass<'_> {
    pub(super) fn rest(&self, at: usize) -> &[u8] {
        self.text.get(at..).unwrap_or_default()
    }

    /// The value behind the `:` or `=` at `at`.
    pub(super) fn value(&mut self, at: usize, detector: u16) -> Option<Value> {
        let mark = self.text[at];
        if self.byte(at + 1) == b'=' || (mark == b':' && self.byte(at + 1) == b':') {
            return None;
        }
        let first = at + 1 + usize::from(self.byte(at + 1) == b'>' || self.is_row(at));
        let spaces = spaces(self.rest(first));
        let start = self.behind_tag(first + spaces);
        if let Some(quote) = self.quote(start) {
            return self.quoted(quote);
        }
        if let Some(value) = self.bracketed(start, detector) {
            return Some(value);
        }
        // An empty value stays empty: the name of the next one is none.
        let is_beside = spaces == 1 && first == at + 1 && self.byte_before(at, 1) != b' ';
        let is_empty = mark == b'=' && (spaces > 1 || is_beside && is_name(self.rest(start)));
        if is_empty || own_length(self.rest(start)).is_some() {
            return None;
        }
        if self.byte(start) == b'<' {
            return self.pointed(start);
        }
        let is_secret = self.engine.own.secret == Some(detector);
        let start = start + if is_secret { scheme_length(self.rest(start)) } else { 0 };
        let end = self.bare_end((start, mark), detector);
        let is_prose = mark == b':' && spaces > 0 && self.rest(end).strip_prefix(b" ").is_some_and(is_prose);
        // What stands in brackets in quotes was asked for.
        let is_value =
            !self.is_verdict(at, end) && self.text[start..end].iter().take(4).any(|byte| !matches!(byte, b'[' | b'{'));
        is_value.then_some(Value { is_prose, ..Value::bare(start..end) })
    }

    /// Whether the `:` at `at` stands behind the verdict on a test, of which the time that it took stands behind its name, from `end`
    /// on.
    fn is_verdict(&self, at: usize, end: usize) -> bool {
        self.text[..at].ends_with(b"PASS")
            && matches!(self.rest(end), [b' ', b'(', digit, ..] if digit.is_ascii_digit())
    }

    /// Where a value begins that has the name of a type before it, as in YAML, or spaces that are written as in forms; else `at`.
    fn behind_tag(&self, at: usize) -> usize {
        let text = self.rest(at);
        if let Some(tag) = text.strip_prefix(b"!!") {
            let length = tag.iter().take(16).take_while(|byte| byte.is_ascii_alphabetic()).count();
            let spaces = spaces(&tag[length..]);
            return if spaces > 0 { at + 2 + length + spaces } else { at };
        }
        let pluses = text.iter().take(3).take_while(|byte| **byte == b'+').count();
        if pluses > 0 && self.quote(at + pluses).is_some() { at + pluses } else { at }
    }

    /// The quote that opens at `at`, behind letters that tell of what kind the string is, and behind backslashes.
    pub(super) fn quote(&self, at: usize) -> Option<Quote> {
        let is_prefix = |byte: &u8| matches!(byte | 0x20, b'b' | b'u' | b'r' | b'f');
        let text = self.rest(at);
        let letters = text.iter().take(2).take_while(|byte| is_prefix(byte)).count();
        let slashes = text[letters..].iter().take(SLASHES).take_while(|byte| **byte == b'\\').count();
        let mark = *text.get(letters + slashes)?;
        matches!(mark, b'"' | b'\'').then_some(Quote { start: at + letters + slashes + 1, mark, slashes })
    }

    pub(super) fn quoted(&mut self, quote: Quote) -> Option<Value> {
        let length = quote.length(self.rest(quote.start));
        self.steps_of(length);
        (length > 0).then_some(Value::quoted(quote.start..quote.start + length))
    }

    /// The value in `<…>` at `start`, or behind `<` alone.
    fn pointed(&mut self, start: usize) -> Option<Value> {
        let text = &self.text[start + 1..self.text.len().min(start + POINTED)];
        if own_length(text).is_some() {
            return None;
        }
        let Some(length) = memchr::memchr2(b'>', b'\n', text).filter(|length| text[*length] == b'>') else {
            let end = self.end_of(start + 1, Kind::Bare);
            return (end > start + 1).then_some(Value::bare(start + 1..end));
        };
        let inside = &text[..length];
        // What has spaces or slashes is part of a page.
        let is_value = !inside.is_empty()
            && !inside.starts_with(b"/")
            && !inside.ends_with(b"/")
            && !inside.iter().any(|byte| matches!(byte, b' ' | b'"' | b'<'));
        is_value.then_some(Value::bare(start + 1..start + 1 + length))
    }

    /// Where a value without quotes ends that begins at `start`, behind this `mark`.
    fn bare_end(&mut self, (start, mark): (usize, u8), detector: u16) -> usize {
        let own = &self.engine.own;
        let kind = match mark {
            _ if own.cookie != Some(detector) => Kind::Bare,
            b':' => Kind::Cookies,
            _ => Kind::Cookie,
        };
        let is_name = own.person_name == Some(detector);
        let end = self.end_of(start, kind);
        if is_name && end - start <= NAME { self.name_end_behind(end) } else { end }
    }

    /// Where the name of a person ends whose first word ends before `end`. Further ones begin with a capital and are no other pair.
    fn name_end_behind(&self, mut end: usize) -> usize {
        for _ in 0..3 {
            let Some((b' ', rest)) = self.rest(end).split_first() else { break };
            let rest = &rest[..rest.len().min(NAME)];
            let word = &rest[..run_length(rest, Kind::Bare)];
            let is_name = word.first().is_some_and(|byte| byte.is_ascii_uppercase() || *byte >= 0xc3);
            if !is_name || word.iter().any(|byte| matches!(byte, b'=' | b':') || byte.is_ascii_digit()) {
                break;
            }
            end += 1 + word.len();
        }
        end
    }
}

/// Whether `text` begins with a word as a sentence has them. What may be a value itself, as an address is, is none: once it is
/// hidden no word stands there.
fn is_prose(text: &[u8]) -> bool {
    let mut word = text.iter().take_while(|byte| !byte.is_ascii_whitespace() && !matches!(byte, b'=' | b':'));
    let is_part = |byte: &u8| !byte.is_ascii_digit() && !matches!(byte, b'@' | b'%' | b'&' | b'\\' | b'_');
    text.first().is_some_and(u8::is_ascii_alphabetic) && word.all(is_part)
}
