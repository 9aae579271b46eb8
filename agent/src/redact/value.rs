//! The value behind a name and its `:` or `=`: in quotes, in brackets or bare, and how far it goes. However long it is, it is one
//! value to its end, or to the end of its line.

use std::ops::Range;

use super::Group;
use super::ends::{Kind, run_length};
use super::filter::Listed;
use super::pairs::{ALIGNED, BARE};
use super::quote::slashes_ahead;
use super::scanner::Pass;
use super::secret::stand_in::is_name_of_secret;
use super::token::own_length;

/// Longest value in `<…>`, in bytes.
const POINTED: usize = 320;
/// Longest name of a person, and longest further word of one, in bytes.
pub(super) const NAME: usize = 100;
/// Longest name of a tag.
const TAG: usize = 64;
/// Longest number without quotes.
const CONSTANT: usize = 40;

/// Most further words of the name of a person.
pub(super) const WORDS: usize = 4;

/// Longest word that wraps a value, in bytes.
const WRAPPER: usize = 32;
/// Words that wrap values of all kinds.
const WRAPPERS: &[&[u8]] = &[b"Some", b"Optional", b"Option", b"Just"];
/// Letters before a string of SQL, and its quote.
pub(super) const PREFIXES: &[&[u8]] = &[b"N'", b"n'", b"E'", b"e'", b"U&'", b"u&'"];
/// Words of a sentence that may stand between a name and another key: `password: invalid user: jane`.
static NO_VALUES: Listed = Listed::new(&[
    b"authentication",
    b"bad",
    b"denied",
    b"does",
    b"empty",
    b"error",
    b"expired",
    b"failed",
    b"for",
    b"from",
    b"incorrect",
    b"invalid",
    b"is",
    b"missing",
    b"must",
    b"new",
    b"no",
    b"not",
    b"required",
    b"unknown",
    b"unexpected",
    b"was",
    b"wrong",
]);

/// What is said of users and their names before `name=value`.
static SAID_OF_PERSONS: Listed = Listed::new(&[
    b"active",
    b"authenticated",
    b"authorized",
    b"connected",
    b"disconnected",
    b"inserted",
    b"loaded",
    b"locked",
    b"login",
    b"logged",
    b"logout",
    b"lookup",
    b"registered",
    b"request",
    b"saved",
    b"session",
    b"unlocked",
    b"valid",
]);
/// Words with numbers at their end that are none of accounts.
static NUMBERED: Listed = Listed::new(&[
    b"base32", b"base64", b"float32", b"float64", b"ed25519", b"int32", b"int64", b"uint32", b"uint64", b"linux64",
    b"sha224", b"sha256", b"sha384", b"sha512", b"utf16", b"utf32", b"win32", b"win64",
]);

/// A value behind a name.
pub(super) struct Value {
    pub(super) span: Range<usize>,
    /// Whether it may be the first word of a sentence.
    pub(super) is_prose: bool,
    pub(super) is_quoted: bool,
    /// Whether it goes on to the end of its line for want of a closing quote.
    pub(super) is_open: bool,
    /// Whether it is all that stands in brackets, and was asked for already.
    pub(super) is_certain: bool,
    /// Whether it goes on behind separators that are written with a percent sign.
    pub(super) is_coded: bool,
}

impl Value {
    pub(super) fn quoted(span: Range<usize>) -> Self {
        Self { span, is_prose: false, is_quoted: true, is_open: false, is_certain: false, is_coded: false }
    }

    pub(super) fn bare(span: Range<usize>) -> Self {
        Self { span, is_prose: false, is_quoted: false, is_open: false, is_certain: false, is_coded: false }
    }
}

/// Whether digits and letters are in `text`, so that it is more than a word or a number.
pub(super) fn is_mixed(text: &[u8]) -> bool {
    text.iter().any(u8::is_ascii_digit) && text.iter().any(u8::is_ascii_alphabetic)
}

pub(super) fn spaces(text: &[u8]) -> usize {
    text.iter().take(3).take_while(|byte| matches!(byte, b' ' | b'\t')).count()
}

/// How many spaces `text` begins with, as many as stand between columns.
fn aligned(text: &[u8]) -> usize {
    text.iter().take(ALIGNED).take_while(|byte| matches!(byte, b' ' | b'\t')).count()
}

/// How long the word is that may wrap a value, with which `text` begins.
fn word_length(text: &[u8]) -> usize {
    let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'_';
    text.iter().take(WRAPPER).take_while(is_part).count()
}

/// How long the name is that `text` begins with.
pub(super) fn name_length(text: &[u8]) -> usize {
    let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    text.iter().take(NAME).take_while(is_part).count()
}

/// Whether words and a `)` behind them are all that `text` begins with: `(known after apply)`.
fn is_remark(text: &[u8]) -> bool {
    let is_part = |byte: &&u8| byte.is_ascii_lowercase() || **byte == b' ';
    text.get(text.iter().take(NAME).take_while(is_part).count()) == Some(&b')')
}

/// Whether `text` begins with a name and its `=`. Where nothing stands behind it, it may be the end of a value in base64.
pub(super) fn is_name(text: &[u8]) -> bool {
    let length = name_length(text);
    let is_plain = || text[..length].iter().all(|byte| byte.is_ascii_lowercase() || *byte == b'_');
    let is_value = |byte: &u8| !byte.is_ascii_whitespace() && *byte != b'=';
    length > 0 && text.get(length) == Some(&b'=') && (is_plain() || text.get(length + 1).is_some_and(is_value))
}

/// Whether `text` begins with a number or a word as JSON has them without quotes, and goes on as there.
fn is_constant(text: &[u8]) -> bool {
    let length = run_length(&text[..text.len().min(CONSTANT)], Kind::Bare);
    let (word, behind) = text.split_at(length);
    let is_word = [&b"null"[..], b"true", b"false", b"none"].iter().any(|known| word.eq_ignore_ascii_case(known));
    let is_part = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E');
    let is_number = matches!(word, [b'-', b'0'..=b'9', ..] | [b'0'..=b'9', ..]) && word.iter().all(is_part);
    (is_word || is_number) && matches!(behind.first(), Some(b',' | b'}' | b']'))
}

/// Whether `text` begins with brackets as JSON has them, with nothing in them, or what it has without quotes.
fn is_structure(text: &[u8]) -> bool {
    let is_open = |byte: &&u8| matches!(byte, b'[' | b'{' | b' ');
    let inside = &text[text.iter().take(CONSTANT).take_while(is_open).count()..];
    matches!(text.first(), Some(b'[' | b'{'))
        && (matches!(inside.first(), Some(b']' | b'}' | b'"' | b'\'')) || is_constant(inside))
}

impl Pass<'_> {
    pub(super) fn rest(&self, at: usize) -> &[u8] {
        self.text.get(at..).unwrap_or_default()
    }

    /// The value behind the `:` or `=` at `at`.
    pub(super) fn value(&mut self, at: usize, detector: u16) -> Option<Value> {
        let (mark, is_double) = match (self.text[at], self.byte(at + 1)) {
            // Directories write values in base64 so.
            (b':', b':') if self.byte(at + 2) == b' ' && self.engine.own.password == Some(detector) => {
                let end = self.end_of(at + 3, Kind::Bare);
                return (end > at + 3).then(|| Value::quoted(at + 3..end));
            }
            (b':', b':') => return None,
            (b'=', b'=') if self.byte(at + 2) == b'=' => return None,
            (b'=', b'=') => return self.compared(at + 2),
            (b':', b'=') => (b'=', true),
            (mark, _) => (mark, false),
        };
        let first = at + 1 + usize::from(is_double || self.byte(at + 1) == b'>' || self.is_row(at));
        let spaces = aligned(self.rest(first));
        if first > at + 1
            && self.byte_before(at, 1) == b']'
            && let Some(value) = self.dumped(first)
        {
            return value;
        }
        if first > at + 1 && self.is_printed(at) && self.quote(first + spaces).is_none() {
            return self.printed(first + spaces);
        }
        let mut start = first + spaces;
        if !self.is_as_written(start) {
            start = self.behind_tag(start);
            if let Some(value) = self.coded(start, detector).or_else(|| self.of_codes((at, start), detector).map(Some))
            {
                return value;
            }
            start = self.behind_variable(self.unwrapped(start, detector));
            if let Some(value) = self.within_marks((at, start), detector) {
                return value;
            }
        }
        if mark == b':'
            && spaces > 0
            && let Some(value) = self.typed(start)
        {
            return value;
        }
        if let Some(value) = self.of_words((at, start), detector) {
            return Some(value);
        }
        // An empty value stays empty: the name of the next one is none.
        let is_beside = spaces == 1 && first == at + 1 && self.byte_before(at, 1) != b' ';
        let is_empty = mark == b'=' && self.is_left_out(start, (spaces, is_beside));
        let is_other = mark == b':' && spaces > 0 && self.is_other_name(start, detector);
        if is_empty || is_other {
            return None;
        }
        let is_secret = self.engine.own.secret == Some(detector);
        let start = start + if is_secret { self.lead_length((at, start), mark, detector) } else { 0 };
        let end = self.bare_end((start, mark), detector);
        if end - start <= CONSTANT
            && is_name_of_secret(&self.text[start..end])
            && let Some(value) = self.default_behind(end)
        {
            return Some(value);
        }
        let is_prose = mark == b':'
            && spaces > 0
            && self.rest(end).strip_prefix(b" ").is_some_and(is_prose)
            && !self.is_before_key(start..end, detector);
        let is_value = !self.is_verdict(at, end) && self.says_anything(start..end);
        if self.is_idle_list(start..end, detector) {
            return None;
        }
        let is_coded = mark == b'=' && self.is_percent(end) && !self.is_percent(at);
        let is_quoted = mark == b':' && self.is_number_of_json(at, start..end);
        is_value.then_some(Value { is_prose, is_coded, is_quoted, ..Value::bare(start..end) })
    }

    /// Whether a number of JSON stands at `span`, behind a name in quotes and the mark at `at`: it is a value as one in quotes is.
    pub(super) fn is_number_of_json(&self, at: usize, span: Range<usize>) -> bool {
        let is_named = || matches!(self.text[..at].trim_ascii_end().last(), Some(b'"' | b'\''));
        let number = self.text.get(span.clone()).unwrap_or_default();
        let digits = number.strip_prefix(b"-").unwrap_or(number);
        digits.first().is_some_and(u8::is_ascii_digit)
            && matches!(self.byte(span.end), b',' | b'}' | b']' | b' ' | b'\r' | b'\n')
            && is_named()
            && digits.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+' | b'e' | b'E'))
    }

    /// Whether what stands at `at` is neither in quotes or brackets nor behind anything that wraps values, nor code.
    #[inline(always)]
    fn is_as_written(&self, at: usize) -> bool {
        let length = self.masks.ahead(at, |classes| classes.words).trailing_ones() as usize;
        let behind = self.byte(at + length);
        let is_joint = behind == b'.' || matches!((behind, self.byte(at + length + 1)), (b'-', b'>') | (b':', b':'));
        !matches!(behind, b'"' | b'\'' | b'\\' | b'(' | b'[' | b'{' | b'&')
            && !is_joint
            && (length > 0 || !matches!(behind, b'<' | b'!' | b'+' | b'$'))
    }

    /// The value in quotes or brackets at `start`, behind the mark at `at`, if what stands there is written so: `None` within if it is
    /// none.
    #[inline(never)]
    fn within_marks(&mut self, (at, start): (usize, usize), detector: u16) -> Option<Option<Value>> {
        if let Some(quote) = self.quote(start) {
            if self.is_closing(at, quote) {
                return Some(None);
            }
            let default = if self.byte(quote.start) == b'{' { self.default_within(quote.start) } else { None };
            let value = default.or_else(|| self.quoted(quote));
            return Some(value.map(|value| self.with_apostrophes(value, detector)));
        }
        if let Some(length) = own_length(self.rest(start)) {
            // What goes on behind a token is the rest of a secret.
            let behind = start + length;
            // A number of JSON stood there.
            let mark = if self.byte(at + 1) == b'=' { b'=' } else { self.text[at] };
            let is_number = mark == b':' && matches!(self.byte(behind), b',' | b'}' | b']');
            let is_cookie = self.engine.own.cookie == Some(detector);
            let end = if is_number && is_cookie { behind } else { self.bare_end((behind, mark), detector) };
            let is_secret = self.engine.detector(detector).group == Group::Secret;
            return Some((is_secret && end > start + length).then(|| Value::bare(start..end)));
        }
        if self.byte(start) == b'('
            && let Some(quote) = self.quote(start + 1)
        {
            return Some(self.quoted(quote));
        }
        if let Some(value) = self.glued(start, detector).or_else(|| self.bracketed(start, detector)) {
            return Some(Some(value));
        }
        if self.opens_on_token(start) {
            return Some(None);
        }
        if let Some(value) = self.members((start, self.text[at]), detector) {
            return Some(value);
        }
        match self.byte(start) {
            b'<' => Some(self.pointed(start)),
            _ => self.enclosed(start, self.text[at], detector),
        }
    }

    /// Whether brackets open at `start` and a string in them that begins with what stands for a value.
    fn opens_on_token(&self, start: usize) -> bool {
        let is_open = |byte: &&u8| matches!(byte, b'[' | b'{' | b'(' | b' ');
        let brackets = self.rest(start).iter().take(CONSTANT).take_while(is_open).count();
        // Most strings begin as no token does, right behind one quote.
        let (mark, first) = (self.byte(start + brackets), self.byte(start + brackets + 1));
        if brackets == 0 || matches!(mark, b'"' | b'\'') && !matches!(first, b'"' | b'\'' | b'\\' | b'<' | b'[') {
            return false;
        }
        let quote = self.quote(start + brackets);
        quote.is_some_and(|quote| own_length(self.rest(quote.start)).is_some())
    }

    /// Whether more is at `span` than brackets, and what stands before a string in them. What stands in brackets in quotes was asked for.
    fn says_anything(&self, span: Range<usize>) -> bool {
        let mut begin = self.text[span.clone()].iter().take(4);
        begin.any(|byte| !matches!(byte, b'[' | b'{' | b'(' | b'\\')) && !self.opens_string(span)
    }

    /// Whether brackets and what stands before a string are all that is at `span`, letters or a name: `[b'x'`, `[a='x'`.
    fn opens_string(&self, span: Range<usize>) -> bool {
        let is_open = |byte: &&u8| matches!(byte, b'[' | b'{' | b'(');
        let brackets = self.text[span.clone()].iter().take(CONSTANT).take_while(is_open).count();
        let (letters, end) = (span.start + brackets, span.end + slashes_ahead(self.rest(span.end)));
        let is_led = || {
            self.quote(letters).is_some_and(|quote| quote.start > span.end)
                || PREFIXES.iter().any(|prefix| self.rest(letters).starts_with(prefix))
                || brackets > 0 && matches!(self.byte(span.end - 1), b'=' | b':')
        };
        letters < span.end && matches!(self.byte(end), b'"' | b'\'') && is_led()
    }

    /// Whether the value at `span` stands right before the next key: `user: jane host: web1`, `User: jane Domain Name: CORP`, or, of what
    /// means a person, `user: jane id=4`, or can be no word of a sentence: `user: jdupont42 from`.
    fn is_before_key(&self, span: Range<usize>, detector: u16) -> bool {
        let value = &self.text[span.clone()];
        let is_said = NO_VALUES.has(value);
        let is_person = self.engine.detector(detector).group == Group::Person;
        let is_next = |behind: &[u8]| {
            is_key(behind) || is_person && (is_assigned(behind) && !SAID_OF_PERSONS.has(value) || is_numbered(value))
        };
        !is_said && self.rest(span.end).strip_prefix(b" ").is_some_and(is_next)
    }

    /// Whether no value stands behind a `=` and `spaces`, but the next name, or words of a sentence, at `start`.
    fn is_left_out(&self, start: usize, (spaces, is_beside): (usize, bool)) -> bool {
        let text = self.rest(start);
        if spaces < 2 {
            return is_beside && self.may_be_pair(start) && is_name(text);
        }
        let word = text.iter().take(NAME).take_while(|byte| byte.is_ascii_alphabetic()).count();
        is_name(text) || word > 0 && matches!(text[word..], [b' ', behind, ..] if !behind.is_ascii_whitespace())
    }

    /// Whether a `=` may stand behind a name at `start`.
    #[inline]
    fn may_be_pair(&self, start: usize) -> bool {
        let length = self.masks.ahead(start, |classes| classes.words | classes.joints).trailing_ones() as usize;
        length == 64 || self.byte(start + length) == b'='
    }

    /// Whether a name that is known stands at `start` with its own mark, so that the one before it has no value:
    /// `password: user: jane`.
    fn is_other_name(&self, start: usize, detector: u16) -> bool {
        let text = self.rest(start);
        let length = name_length(text);
        let goes_on = match &text[length..] {
            [b'=', next, ..] => !next.is_ascii_whitespace() && *next != b'=',
            [b':', next, ..] => next.is_ascii_whitespace(),
            _ => false,
        };
        // Cookies are names and values.
        goes_on && self.engine.own.cookie != Some(detector) && self.engine.pairs.named(&text[..length]).is_some()
    }

    /// Whether the byte at `at` was written with a percent sign.
    pub(super) fn is_percent(&self, at: usize) -> bool {
        let Some((written, places)) = self.written else { return false };
        let place = places.get(at).map_or(usize::MAX, |place| *place as usize);
        self.text[at.min(self.text.len())..].first() != Some(&b'%') && written.get(place) == Some(&b'%')
    }

    /// Where a value ends that goes on behind separators that were written with a percent sign, the first of them at `end`.
    pub(super) fn coded_end(&mut self, end: usize, detector: u16) -> usize {
        let is_cookie = self.engine.own.cookie == Some(detector);
        let (number, kind) = if is_cookie { (3, Kind::Cookie) } else { (0, Kind::Bare) };
        self.end_behind((end, number), kind, Self::is_percent)
    }

    /// Where a value of this `kind` ends that goes on behind what `goes_on` tells, the first of which stands at `first`: each is read once.
    fn end_behind(
        &mut self,
        (first, number): (usize, usize),
        kind: Kind,
        goes_on: impl Fn(&Self, usize) -> bool,
    ) -> usize {
        let mut end = first;
        while goes_on(self, end) {
            if self.memory.joined[number].contains(&end) {
                end = self.memory.joined[number].end;
                break;
            }
            self.step();
            end = self.end_of(end + 1, kind);
        }
        if end > first {
            self.memory.joined[number] = first..end;
        }
        end
    }

    /// The secret at `start`, behind the `=` at `at`, that begins with a quote or bracket which is written with a code, and goes on behind
    /// the one that closes it: `%22Ab12%22Cd34`.
    fn of_codes(&mut self, (at, start): (usize, usize), detector: u16) -> Option<Value> {
        let own = &self.engine.own;
        let is_secret = own.password == Some(detector) || own.secret == Some(detector);
        let is_open = is_secret && self.text[at] == b'=' && self.is_code(start) && !self.is_percent(at);
        let close = match self.byte(start) {
            mark @ (b'"' | b'\'') if is_open => mark,
            b'(' if is_open => b')',
            b'<' if is_open => b'>',
            b'[' if is_open => b']',
            b'{' | b'$' if is_open => b'}',
            _ => return None,
        };
        let end = self.end_behind((start, 1), Kind::Bare, Self::is_code);
        let (last, inside) = self.text.get(start + 1..end)?.split_last()?;
        let is_nested = *last == close && matches!(close, b']' | b'}');
        let place = memchr::memchr(close, &inside[..inside.len().min(POINTED)])?;
        self.steps_of(place);
        (!is_nested).then(|| Value::quoted(start..end))
    }

    /// Whether the byte at `at` is part of a bare value as it was written, with a percent sign or, of a quote, with a `&`.
    fn is_code(&self, at: usize) -> bool {
        let is_entity = || matches!(self.byte(at), b'"' | b'\'') && self.code_of(at).is_some_and(|code| code.0 == b'&');
        self.is_percent(at) || is_entity()
    }

    /// Whether a list that begins at `span` is one of numbers that count, or of words that say nothing.
    fn is_idle_list(&self, span: Range<usize>, detector: u16) -> bool {
        self.byte(span.start) == b'['
            && matches!(self.byte(span.end), b',' | b'<')
            && !self.is_value(detector, &Value::bare(span.start + 1..span.end), BARE)
    }

    /// The value at `start`, behind the mark at `at`, that goes on over spaces without quotes: an address, or the credentials of a header.
    fn of_words(&mut self, (at, start): (usize, usize), detector: u16) -> Option<Value> {
        let own = &self.engine.own;
        if own.postal_address == Some(detector) {
            return self.street(start).map(Value::quoted);
        }
        if own.secret == Some(detector) { self.parameters((at, start), detector) } else { None }
    }

    /// The value that fills the brackets at `start` without quotes, if there are any: `[x]`, `(x)`, of a password also `{a;b}`.
    fn enclosed(&mut self, start: usize, mark: u8, detector: u16) -> Option<Option<Value>> {
        let own = &self.engine.own;
        let close = match self.byte(start) {
            b'[' => b']',
            b'{' => b'}',
            b'(' => b')',
            _ => return None,
        };
        if own.cookie == Some(detector) {
            return None;
        }
        let is_password = own.password == Some(detector);
        if close == b'}' && self.byte(start + 1) == b'{' {
            // A value is put in there: `{{ name }}`.
            return Some(self.default_within(start));
        }
        if is_password
            && close == b'}'
            && mark == b'='
            && let Some(end) = self.braced_end(start + 1)
        {
            return Some((end > start + 1).then(|| Value::quoted(start + 1..end)));
        }
        let mut end = self.end_of(start + 1, Kind::Bare);
        for _ in 0..WORDS {
            end = if self.is_apostrophe(end, detector) { self.end_of(end + 1, Kind::Bare) } else { end };
        }
        let inside = self.text.get(start + 1..end)?;
        if self.byte(end) == close {
            let is_whole = !inside.iter().any(|byte| matches!(byte, b'=' | b':' | b'[' | b'{' | b'('));
            return is_whole.then(|| (!inside.is_empty()).then(|| Value::bare(start + 1..end)));
        }
        // A bracket by itself is no value; the words behind it may be those of an address or a name.
        let goes_on = [own.postal_address, own.person_name].contains(&Some(detector));
        let is_alone = inside.is_empty() && !goes_on;
        (is_alone || close == b')' && is_remark(self.rest(start + 1))).then_some(None)
    }

    /// Where the `}` stands that closes a value in braces, in which another one stands doubled, as in strings that tell how to
    /// connect to a database: such a value goes on with a `;`, a quote or not at all.
    pub(super) fn braced_end(&mut self, start: usize) -> Option<usize> {
        let text = self.rest(start);
        let text = &text[..text.len().min(POINTED)];
        let mut places = memchr::memchr2_iter(b'}', b'\n', text);
        let close = loop {
            let place = places.next().filter(|place| text[*place] == b'}')?;
            if text.get(place + 1) != Some(&b'}') {
                break place;
            }
            places.next();
        };
        self.steps_of(close);
        matches!(self.byte(start + close + 1), 0 | b';' | b'"' | b'\'' | b'\n' | b'\r').then_some(start + close)
    }

    /// Whether the `:` at `at` stands behind the verdict on a test, of which the name says so, or the time that it took stands behind
    /// its name, from `end` on.
    fn is_verdict(&self, at: usize, end: usize) -> bool {
        let Some(before) = self.text[..at].strip_suffix(b"PASS") else { return false };
        // `DB_PASS: …` is the name of a password.
        if self.text[at] != b':' || before.last().is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_') {
            return false;
        }
        let name = self.text.get(at..end.min(at + NAME)).unwrap_or_default();
        let is_test = [&b"test"[..], b"Test"].iter().any(|word| memchr::memmem::find(name, word).is_some());
        is_test || matches!(self.rest(end), [b' ', b'(', digit, ..] if digit.is_ascii_digit())
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

    /// Where the value begins within what wraps it at `at`: `Some("x")`, `MD5('x')`, `N'x'`, `Optional[x]`; else `at`.
    fn unwrapped(&self, at: usize, detector: u16) -> usize {
        let text = self.rest(at);
        let length = word_length(text);
        if length == 0 {
            return at;
        }
        if let Some(prefix) = PREFIXES.iter().find(|prefix| text.starts_with(prefix)) {
            let quote = at + prefix.len() - 1;
            // `N'Diaye` is a name, and no string of SQL.
            let is_name = self.is_apostrophe(quote, detector) && !self.is_closed(quote);
            return if is_name { at } else { quote };
        }
        let word = &text[..length];
        let is_known = WRAPPERS.contains(&word);
        let own = &self.engine.own;
        let is_any = own.password == Some(detector)
            || own.secret == Some(detector) && word.first().is_some_and(u8::is_ascii_uppercase);
        if (is_known || is_any)
            && let Some(quote) = self.quote_within(at)
        {
            return quote;
        }
        match self.byte(at + length) {
            b'(' if is_known => self.quote_within(at + length + 1).unwrap_or(at + length),
            b'[' if is_known => at + length,
            _ => at,
        }
    }

    /// Where a quote stands behind a word and a `(` at `at`.
    pub(super) fn quote_within(&self, at: usize) -> Option<usize> {
        let length = word_length(self.rest(at));
        let inside = at + length + 1;
        (length > 0 && self.byte(inside - 1) == b'(' && self.quote(inside).is_some()).then_some(inside)
    }

    /// The value in `<…>` at `start`, or behind `<` alone.
    fn pointed(&mut self, start: usize) -> Option<Value> {
        let text = self.text;
        let text = &text[start + 1..text.len().min(start + POINTED)];
        if own_length(text).is_some() {
            return None;
        }
        let Some(length) = self.pointed_length(start + 1, text.len()) else {
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

    /// How long what stands from `start` on before a `>` is, if there is one on its line within `most` bytes.
    fn pointed_length(&mut self, start: usize, most: usize) -> Option<usize> {
        if self.memory.unpointed.contains(&start) && start + most <= self.memory.unpointed.end {
            return None;
        }
        // Where there is none, those behind it need not be looked for again.
        let ahead = self.rest(start);
        let ahead = &ahead[..ahead.len().min(2 * POINTED)];
        match memchr::memchr2(b'>', b'\n', ahead) {
            Some(length) if length < most => (ahead[length] == b'>').then_some(length),
            length => {
                self.memory.unpointed = start..start + length.unwrap_or(ahead.len());
                None
            }
        }
    }

    /// Where a value without quotes ends that begins at `start`, behind this `mark`.
    fn bare_end(&mut self, (start, mark): (usize, u8), detector: u16) -> usize {
        if let Some(end) = self.hash_end(start) {
            return end;
        }
        let own = &self.engine.own;
        if own.cookie == Some(detector) && is_structure(self.rest(start)) {
            return start;
        }
        let kind = match mark {
            _ if own.cookie != Some(detector) || mark == b':' && is_constant(self.rest(start)) => Kind::Bare,
            b':' => Kind::Cookies,
            _ => Kind::Cookie,
        };
        let is_name = own.person_name == Some(detector);
        let is_secret = own.password == Some(detector) || own.secret == Some(detector);
        if matches!(kind, Kind::Cookie | Kind::Cookies) {
            return self.cookies_end(start, kind);
        }
        let mut end = self.end_of(start, kind);
        if is_secret && end > start {
            return self.end_behind((end, 2), kind, Self::is_less);
        }
        // A longer one is no name.
        while end > start && end - start <= NAME && self.is_apostrophe(end, detector) {
            self.step();
            end = self.end_of(end + 1, kind);
        }
        if is_name && end - start <= NAME { self.name_end_behind(end) } else { end }
    }

    /// Whether the `<` at `at` begins no tag of a page, nor what stands for a value.
    fn is_less(&self, at: usize) -> bool {
        let Some((b'<', rest)) = self.rest(at).split_first() else { return false };
        let rest = &rest[..rest.len().min(TAG)];
        let name = rest.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
        let is_plain = rest[..name].iter().all(u8::is_ascii_lowercase);
        match rest.get(name) {
            None => name > 0 && name < TAG,
            Some(b'>' | b'/' | b'!' | b'?' | b':' | b'_' | b'-' | b'<' | b'"' | b'\'') => false,
            Some(byte) if byte.is_ascii_whitespace() => name > 0 && !is_plain,
            Some(_) => name > 0,
        }
    }
}

/// Whether `text` begins with a key and its `:`: a word, or up to three that begin with capitals.
fn is_key(mut text: &[u8]) -> bool {
    for _ in 0..3 {
        let is_capital = text.first().is_some_and(u8::is_ascii_uppercase);
        let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-') || **byte >= 0x80;
        let length = text.iter().take(NAME).take_while(is_part).count();
        match text[length..] {
            [b':'] => return length > 0,
            [b':', next, ..] => return length > 0 && next.is_ascii_whitespace(),
            [b' ', ref rest @ ..] if is_capital => text = rest,
            _ => return false,
        }
    }
    false
}

/// Whether `text` begins with a name, its `=` and a value.
fn is_assigned(text: &[u8]) -> bool {
    let length = name_length(text);
    text.first().is_some_and(u8::is_ascii_alphabetic)
        && matches!(text[length..], [b'=', next, ..] if next != b'=' && !next.is_ascii_whitespace())
}

/// Whether `word` is letters and a number behind them, as names of accounts are and few other words: `jdupont42`.
fn is_numbered(word: &[u8]) -> bool {
    let letters =
        word.iter().take(NAME).take_while(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'.' | b'_')).count();
    let digits = &word[letters..];
    letters >= 3 && (2..=4).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit) && !NUMBERED.has(word)
}

/// Whether `text` begins with a word as a sentence has them. What may be a value itself, as an address is, is none: once it is
/// hidden no word stands there.
fn is_prose(text: &[u8]) -> bool {
    let mut word = text.iter().take_while(|byte| !byte.is_ascii_whitespace() && !matches!(byte, b'=' | b':'));
    let is_part = |byte: &u8| !byte.is_ascii_digit() && !matches!(byte, b'@' | b'%' | b'&' | b'\\' | b'_');
    text.first().is_some_and(u8::is_ascii_alphabetic) && word.all(is_part)
}

#[cfg(test)]
mod tests {
    use super::super::values::{assert_hidden, assert_kept};

    #[test]
    fn a_person_stands_before_another_name_and_value_as_well_as_before_a_key() {
        assert_hidden(&[
            ("nom: Dupont id=4", "nom: <person_name> id=4"),
            ("full_name: Jean Dupont status=ok", "full_name: <person_name> status=ok"),
            (
                "first_name: Jean status=ok user: jdupont ip=1",
                "first_name: <person_name> status=ok user: <username> ip=1",
            ),
            ("user: jdupont42 from 92.184.105.33", "user: <username> from <ipv4>"),
            ("login: jean.dupont42 failed user: jdupont_2024 is", "login: <username> failed user: <username> is"),
        ]);
        assert_kept(&[
            "user: failed to log in user: lookup status=ok user: created id=4 login: failed code=3",
            "user: sha256 expected login: http2 error user: x509 is",
            "nom: invalid id=4 user: not found id=4 password: reset id=4 user: a == b",
        ]);
    }

    #[test]
    fn a_verdict_on_a_test_is_told_from_a_password() {
        assert_hidden(&[
            ("DB_PASS=Hx7kLmq9zR2w (1)", "DB_PASS=<password> (1)"),
            ("DB_PASS: mytest12 PASS=Testing12", "DB_PASS: <password> PASS=<password>"),
        ]);
        assert_kept(&["--- PASS: TestRead1 (0.01s)", "PASS: fmt/io1 (2.3s)"]);
    }

    #[test]
    fn less_ends_a_secret_only_before_a_tag() {
        assert_hidden(&[
            ("password=R!8dX<dExk92B58pBN#e x", "password=<password> x"),
            ("token=R8dXa<9Exk92B58 x", "token=<secret> x"),
            ("password=hunter22</b> x", "password=<password></b> x"),
            (
                "password=hunter22<br> <br /> password=a1<br />",
                "password=<password><br> <br /> password=<password><br />",
            ),
            ("password=hunter22<email> x", "password=<password><email> x"),
        ]);
    }

    #[test]
    fn what_a_name_surely_holds_is_hidden_however_it_is_made() {
        assert_hidden(&[
            ("client_secret=hunter2 x", "client_secret=<secret> x"),
            ("JWT_SECRET=mysupersecretkey", "JWT_SECRET=<secret>"),
            (r#"{"clientSecret":"S3cret!"}"#, r#"{"clientSecret":"<secret>"}"#),
            (r#"{"clientSecret":"[[Abc~defgh.ijkl]]"}"#, r#"{"clientSecret":"<secret>"}"#),
            ("X-Api-Key: VTvYfBhnNFAWGvpQ", "X-Api-Key: <secret>"),
            ("/a?refresh_token=VTvYfBhnNFAWGvp HTTP", "/a?refresh_token=<secret> HTTP"),
            ("/a?secret=Cw%7Cn2taGaV9q6sMYm", "/a?secret=<secret>"),
            ("GET /a?password=%22Ab12%22Cd34&x=1", "GET /a?password=<password>&x=1"),
            ("GET /a?password=%27Ab12%27Cd34&x=1", "GET /a?password=<password>&x=1"),
            ("GET /a?password=%28Ab12%29Cd34&x=1", "GET /a?password=<password>&x=1"),
            ("GET /a?password=%3CAb12%3ECd34&x=1", "GET /a?password=<password>&x=1"),
            ("GET /a?password=%24%7BAb12%7DCd34&x=1", "GET /a?password=<password>&x=1"),
            ("GET /a?token=%22Ab12Cd34%22Ef56Gh78Jk x", "GET /a?token=<secret> x"),
            ("password=&quot;Ab12&quot;Cd34 x", "password=<password> x"),
            ("GET /a?password=%22Ab12%22&x=1", "GET /a?password=%22<password>%22&x=1"),
            ("/a?refresh_token=x%2CY7hn%3Ah%3DBtxz4gBrR", "/a?refresh_token=<secret>"),
            ("SECRET_KEY=x!4k@p(q7v*h2_2 x", "SECRET_KEY=<secret> x"),
        ]);
        assert_kept(&[
            "client_secret: unknown",
            "client_secret: must be given client_secret=missing",
            "client_secret=/run/secrets/x jwt_secret=${JWT}",
            "token = AppWindowToken{3227890 x token: MyVeryLongClassName",
            "let is_token = matches!(value.first(), Some(x));",
        ]);
    }
}
