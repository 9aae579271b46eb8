//! Passwords that stand in quotes or on a line of their own, and no `:` or `=` before them: in tuples, in statements of SQL, in forms.

use std::ops::Range;

use super::pairs::QUOTED;
use super::scanner::Pass;
use super::value::Value;

/// What ends lines, as it is and written with backslashes.
const LINE_ENDS: &[&[u8]] = &[b"\r\n", b"\n", b"\\r\\n", b"\\n"];

impl Pass<'_> {
    /// The password whose name stands at `name`: `('password', 'x')`, `WITH PASSWORD 'x'`, `name="password"` in a form.
    pub(super) fn quoted_password(&mut self, name: Range<usize>) -> Option<Range<usize>> {
        let before = &self.text[..name.start];
        if self.byte(name.end) == b' ' {
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
        if self.byte(close + 1) != b',' || !leads.ends_with(b"(") {
            return None;
        }
        let spaces = self.text[close + 1..].iter().skip(1).take(2).take_while(|byte| **byte == b' ').count();
        let value = self.in_quotes(close + 2 + spaces)?;
        let behind = self.text[value.end..].iter().find(|byte| !matches!(byte, b'\\' | b'\'' | b'"'));
        (behind == Some(&b')')).then_some(value)
    }

    /// `IDENTIFIED BY 'x'`, of which the first word stands at `at`.
    pub(super) fn identified(&mut self, at: usize) -> bool {
        const BY: &[u8] = b"identified by ";
        let is_one = self.text.get(at..at + BY.len()).is_some_and(|words| words.eq_ignore_ascii_case(BY));
        let (Some(password), true) = (self.engine.own.password, is_one) else { return false };
        let Some(value) = self.in_quotes(at + BY.len()) else { return false };
        self.next = value.end;
        self.keep(password, value);
        true
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
