//! A place in a pattern, and what stands there.

use super::PatternError;

/// A place in the pattern.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
    /// Where `text` starts in the pattern as written.
    pub(super) start: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn take(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    /// Takes `text` if it comes next.
    pub(super) fn take_text(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text);
        if found {
            self.at += text.len();
        }
        found
    }

    /// Takes text up to `end`, and `end`.
    pub(super) fn take_until(&mut self, end: char) -> Option<&'a str> {
        let (taken, _) = self.rest().split_once(end)?;
        self.at += taken.len() + end.len_utf8();
        Some(taken)
    }

    /// Takes text up to `end`, and `end`; behind a backslash it ends nothing.
    pub(super) fn take_escaped_until(&mut self, end: char) -> Option<()> {
        loop {
            match self.take()? {
                '\\' => _ = self.take(),
                next if next == end => return Some(()),
                _ => {}
            }
        }
    }

    /// Takes the digits that come next, if there are any and they make a number.
    pub(super) fn take_number(&mut self) -> Option<usize> {
        let rest = self.rest();
        let end = rest.find(|next: char| !next.is_ascii_digit()).unwrap_or(rest.len());
        let number = rest.get(..end)?.parse().ok()?;
        self.at += end;
        Some(number)
    }

    pub(super) fn skip_line(&mut self) {
        let line = self.rest().find('\n').map_or(self.rest().len(), |end| end + 1);
        self.at += line;
    }

    pub(super) fn error(&self, at: usize, problem: impl Into<String>) -> PatternError {
        PatternError::new(self.start + at, problem)
    }

    /// What is sound in Ruby and not done here, and what to write in its place.
    pub(super) fn unsupported(&self, at: usize, what: &str, remedy: &str) -> PatternError {
        let error = self.error(at, format!("{what} is not available: {remedy}"));
        PatternError { is_unsupported: true, ..error }
    }
}
