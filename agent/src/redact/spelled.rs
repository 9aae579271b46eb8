//! Passwords that stand in quotes or on a line of their own, and no `:` or `=` before them: in tuples, in statements of SQL, in forms.

use std::ops::Range;

use super::ends::Kind;
use super::pairs::QUOTED;
use super::scanner::Pass;
use super::value::{Value, spaces};

/// What ends lines, as it is and written with backslashes.
const LINE_ENDS: &[&[u8]] = &[b"\r\n", b"\n", b"\\r\\n", b"\\n"];

/// Bytes before a word of a statement among which its first words stand.
const REACH: usize = 128;
/// Longest name in a pair, in bytes.
const NAME: usize = 48;

fn is_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.') || byte >= 0x80
}

/// What stands behind `word`, in any case, if `text` begins with it.
fn word<'a>(text: &'a [u8], word: &[u8]) -> Option<&'a [u8]> {
    let (head, behind) = text.split_at_checked(word.len())?;
    head.eq_ignore_ascii_case(word).then_some(behind)
}

impl Pass<'_> {
    /// The password whose name stands at `name`: `('password', 'x')`, `WITH PASSWORD 'x'`, `name="password"` in a form.
    pub(super) fn quoted_password(&mut self, name: Range<usize>) -> Option<Range<usize>> {
        let before = &self.text[..name.start];
        if self.is_option_of_server(&name) {
            return self.in_quotes(name.end + 1 + usize::from(self.byte(name.end) == b'"'));
        }
        if self.byte(name.end) == b' ' {
            let set = before.last_chunk::<4>().is_some_and(|word| word.eq_ignore_ascii_case(b"set "));
            if set && let Some(behind) = word(self.rest(name.end + 1), b"for ") {
                return self.password_for(self.text.len() - behind.len());
            }
            let with = before.last_chunk::<5>().is_some_and(|word| word.eq_ignore_ascii_case(b"with "));
            let is_statement = with || self.byte(name.start) == b'P' && self.byte(name.start + 1) == b'A';
            return if is_statement { self.in_quotes(name.end + 1) } else { None };
        }
        if !matches!(before.last(), Some(b'"' | b'\'')) {
            return None;
        }
        let slashes = self.text[name.end..].iter().take(2).take_while(|byte| **byte == b'\\').count();
        let close = name.end + slashes;
        if self.byte(close) != before[before.len() - 1] {
            return None;
        }
        let leads = &before[..before.len() - 1];
        if leads.strip_suffix(b"\\").unwrap_or(leads).ends_with(b"name=") {
            return self.form_value(close + 1);
        }
        // Two strings are a pair only where nothing else stands in their brackets: a list of names holds no value.
        let opens = leads.len().checked_sub(1).filter(|at| self.byte(*at) == b'(')?;
        let (detector, value) = self.pair_in_brackets(opens)?;
        (self.engine.own.password == Some(detector)).then_some(value)
    }

    /// Whether what stands at `name` and has a string behind it is one of the options of a foreign server: `OPTIONS (user 'a', password 'x')`.
    fn is_option_of_server(&self, name: &Range<usize>) -> bool {
        const OPTIONS: &[u8] = b"OPTIONS (";
        let quote = usize::from(self.byte(name.end) == b'"');
        if self.byte(name.end + quote) != b' ' || self.byte(name.end + quote + 1) != b'\'' {
            return false;
        }
        let before = &self.text[name.start.saturating_sub(REACH)..name.start];
        memchr::memmem::rfind(before, OPTIONS).is_some_and(|place| !before[place..].contains(&b')'))
    }

    /// The value in the brackets that open at `at` and hold nothing but a name and that, each in quotes: `('user', 'x')`, `["token","x"]`.
    fn pair_in_brackets(&mut self, at: usize) -> Option<(u16, Range<usize>)> {
        let close = if self.byte(at) == b'(' { b')' } else { b']' };
        let quote = self.quote(at + 1)?;
        let text = self.rest(quote.start);
        let name = &text[..text.iter().take(NAME).take_while(|byte| is_part(**byte)).count()];
        let end = quote.start + name.len() + quote.slashes + quote.count;
        if self.byte(end - 1) != quote.mark || self.byte(end) != b',' {
            return None;
        }
        let second = self.quote(end + 1 + spaces(self.rest(end + 1)))?;
        let told = self.engine.pairs.told(name)?;
        let value = self.quoted(second)?;
        let behind = value.span.end + second.slashes + second.count;
        let is_name = self.engine.pairs.named(&self.text[value.span.clone()]).is_some();
        let is_one = self.byte(behind) == close && !is_name && self.is_value(told.detector, &value, told.kind(QUOTED));
        is_one.then_some((told.detector, value.span))
    }

    /// Whether a string may stand first in the brackets that open at `at`.
    #[inline(always)]
    pub(super) fn may_be_listed(&self, at: usize) -> bool {
        matches!(self.byte(at + 1), b'"' | b'\'' | b'\\')
    }

    /// Whether a pair of a name and its value stands in the brackets that open at `at`, among others or in a map: `[["user","x"], …]`,
    /// `{('user', 'x')}`. Elsewhere two strings may be anything.
    pub(super) fn listed_pair(&mut self, at: usize) -> bool {
        if !self.may_be_listed(at) {
            return false;
        }
        let is_tuple = self.byte(at) == b'(';
        let before = self.text[..at].trim_ascii_end();
        let is_among = match before.last() {
            Some(b'[' | b'{') => true,
            Some(b'(' | b'=' | b':') => is_tuple,
            Some(b',') => is_tuple || before[..before.len() - 1].ends_with(b"]"),
            Some(_) => false,
            None => is_tuple,
        };
        let Some((detector, value)) = (if is_among { self.pair_in_brackets(at) } else { None }) else { return false };
        self.next = value.end;
        self.keep(detector, value);
        true
    }

    /// `CREATE USER x IDENTIFIED BY 'x'`, of which `IDENTIFIED` stands at `at`.
    pub(super) fn identified(&mut self, at: usize) -> bool {
        let Some(password) = self.engine.own.password else { return false };
        let is_statement = self.is_statement(at);
        // In capitals it is no sentence.
        if !is_statement && !self.rest(at).starts_with(b"IDENTIFIED BY ") {
            return false;
        }
        let Some(start) = self.behind_identified(at) else { return false };
        let Some(value) = self.in_quotes(start).or_else(|| self.bare_password(start, is_statement)) else {
            return false;
        };
        self.next = value.end;
        self.keep(password, value);
        true
    }

    /// Whether a statement that makes or changes an account begins before `at`.
    fn is_statement(&self, at: usize) -> bool {
        const STATEMENTS: &[&[u8]] = &[b"create ", b"alter ", b"grant "];
        let before = &self.text[at.saturating_sub(REACH)..at];
        before.windows(7).any(|words| {
            STATEMENTS.iter().any(|one| words.get(..one.len()).is_some_and(|words| words.eq_ignore_ascii_case(one)))
        })
    }

    /// Where the password begins behind the `IDENTIFIED` at `at`.
    fn behind_identified(&self, at: usize) -> Option<usize> {
        let behind = word(self.rest(at), b"identified ")?;
        let behind = word(behind, b"with ").map_or(behind, |plugin| {
            let length = plugin.iter().take(REACH).take_while(|byte| **byte != b' ').count();
            plugin.get(length + 1..).unwrap_or_default()
        });
        let behind = word(behind, b"by ").or_else(|| word(behind, b"as "))?;
        let behind = word(behind, b"password ").or_else(|| word(behind, b"values ")).unwrap_or(behind);
        Some(self.text.len() - behind.len())
    }

    /// The password without quotes at `at`, as Oracle has them. Where not all of the statement is there, no other name may stand
    /// there.
    fn bare_password(&mut self, at: usize, is_statement: bool) -> Option<Range<usize>> {
        let is_bare = self.byte(at).is_ascii_alphanumeric()
            && self.quote(at).is_none()
            && word(self.rest(at), b"random ").is_none();
        let end = if is_bare { self.end_of(at, Kind::Bare) } else { at };
        let has_mark = memchr::memchr2(b':', b'=', &self.text[at..end]).is_some();
        if end == at || has_mark && !is_statement { None } else { self.password_at(Value::quoted(at..end)) }
    }

    /// The password in the quotes that open at `at`.
    fn in_quotes(&mut self, at: usize) -> Option<Range<usize>> {
        let quote = self.quote(at)?;
        let value = self.quoted(quote)?;
        self.password_at(value)
    }

    fn password_at(&self, value: Value) -> Option<Range<usize>> {
        self.is_value(self.engine.own.password?, &value, QUOTED).then_some(value.span)
    }

    /// The value of a form of several parts, behind the line of its name that goes on at `at`: the line behind an empty one.
    fn form_value(&self, at: usize) -> Option<Range<usize>> {
        let line_end = |at: usize| {
            let text = self.text.get(at..)?;
            LINE_ENDS.iter().find(|end| text.starts_with(end)).map(|end| end.len())
        };
        let empty = at + line_end(at)?;
        let start = empty + line_end(empty)?;
        let text = &self.text[start..];
        let length = memchr::memchr3(b'\r', b'\n', b'\\', text).unwrap_or(text.len());
        if length == 0 { None } else { self.password_at(Value::quoted(start..start + length)) }
    }
}
