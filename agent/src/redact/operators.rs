//! Values around the operators of SQL that no pair of a name and its value is: `password <> 'x'`, `BETWEEN 'x' AND 'y'`,
//! `(a, password) = ('1', 'x')`, `= ANY(ARRAY['x'])`, `'x' = password`.

use super::pairs::QUOTED;
use super::scanner::Pass;
use super::statements::{Column, MANY, NAME};
use super::sure::Told;
use super::value::{Value, spaces};

/// Longest string before its column.
const STRING: usize = 320;

impl Pass<'_> {
    /// `password <> 'x'`, of which the operator stands at `at`.
    pub(super) fn unequal(&mut self, at: usize) -> bool {
        let behind = at + 2;
        let quote = behind + spaces(self.rest(behind));
        if self.byte(at + 1) != b'>' || self.byte(quote) != b'\'' {
            return false;
        }
        let before = &self.text[self.next.min(at).max(at.saturating_sub(NAME))..at];
        let Some(told) = self.column(before.trim_ascii_end()).and_then(|column| column.told) else { return false };
        self.string_of(quote, told).is_some()
    }

    /// `password BETWEEN 'x' AND 'y'`, of which the operator stands at `at`.
    pub(super) fn between(&mut self, at: usize) -> bool {
        const AND: &[u8] = b" and ";
        let end = self.masks.word_end(at);
        if !self.text[at..end].eq_ignore_ascii_case(b"between") || self.byte(end + 1) != b'\'' {
            return false;
        }
        let Some(told) = self.column_before(at).and_then(|column| column.told) else { return false };
        let Some(behind) = self.string_of(end + 1, told) else { return false };
        let and = self.rest(behind).get(..AND.len());
        if and.is_some_and(|and| and.eq_ignore_ascii_case(AND)) {
            self.string_of(behind + AND.len(), told);
        }
        true
    }

    /// Keeps the string in the quotes at `at` if it is a value that is `told`, and gives where it ends with its quote.
    fn string_of(&mut self, at: usize, told: Told) -> Option<usize> {
        let string = self.string_at(at)?;
        let (span, kind) = string.value?;
        self.keep_if(told.detector, span, told.kind(kind)).then_some(string.end)
    }

    /// What is told around the `=` at `at` otherwise than by the name before it: `(a, password) = ('1', 'x')`, `'x' = password`. Gives
    /// whether that is so.
    pub(super) fn equation(&mut self, at: usize) -> bool {
        let before = self.text[..at].trim_ascii_end();
        if at - before.len() > 1 {
            return false;
        }
        match before.last() {
            Some(b')') => self.equal_rows(at),
            Some(b'\'') => self.reversed(at, before.len() - 1),
            _ => false,
        }
    }

    /// `(a, password) = ('1', 'x')`, and as PostgreSQL tells of a row that is there already: `Key (a, user)=(1, x)`.
    fn equal_rows(&mut self, at: usize) -> bool {
        let open = at + 1 + spaces(self.rest(at + 1));
        if at < self.rows_end || self.byte(open) != b'(' {
            return false;
        }
        let columns = self.columns_before(at);
        if columns.len() < 2 || columns.iter().all(Option::is_none) {
            return false;
        }
        self.rows_end = self.row(open, &columns, open == at + 1);
        true
    }

    /// `'x' = password`, where the string before the `=` at `at` closes at `close`.
    fn reversed(&mut self, at: usize, close: usize) -> bool {
        let start = at + 1 + spaces(self.rest(at + 1));
        let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.');
        let length = self.rest(start).iter().take(NAME).take_while(is_part).count();
        let is_whole = matches!(self.byte(start + length), 0 | b' ' | b')' | b';' | b'\n' | b'"');
        let floor = self.next.max(close.saturating_sub(STRING)).min(close);
        let Some(place) = memchr::memrchr2(b'\'', b'\n', &self.text[floor..close]) else { return false };
        self.steps_of(close - floor - place);
        let open = floor + place;
        // What stands before a string in a pair is its name.
        let is_free = matches!(self.byte_before(open, 1), b' ' | b'(' | 0) && !self.text[..open].ends_with(b"= ");
        if !is_whole || !is_free || self.byte(open) != b'\'' {
            return false;
        }
        let Some(told) = self.engine.pairs.told(&self.text[start..start + length]) else { return false };
        let is_one = self.is_value(told.detector, &Value::quoted(open + 1..close), told.kind(QUOTED));
        if is_one {
            self.keep(told.detector, open + 1..close);
            self.next = at + 1;
        }
        is_one
    }

    /// `= ANY(ARRAY['x', 'y'])` behind the `=` at `at`, of values of `detector`.
    pub(super) fn any_of(&mut self, at: usize, detector: u16) -> bool {
        let start = at + 1 + spaces(self.rest(at + 1));
        if !matches!(self.byte(start), b'a' | b'A' | b's' | b'S') {
            return false;
        }
        let word = |at: usize, words: &[&[u8]]| {
            let fits =
                |word: &&&[u8]| self.rest(at).get(..word.len()).is_some_and(|text| text.eq_ignore_ascii_case(word));
            words.iter().find(fits).map(|word| at + word.len())
        };
        let Some(open) = word(start, &[b"any(", b"any (", b"all(", b"all (", b"some("]) else { return false };
        let array = word(open, &[b"array["]);
        if self.byte(array.unwrap_or(open)) != b'\'' || at < self.rows_end {
            return false;
        }
        self.rows_end = self.row(array.unwrap_or(open) - 1, &[Some(Column::of(detector)); MANY], false);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::super::values::{assert_hidden, assert_kept};

    #[test]
    fn values_stand_around_operators() {
        assert_hidden(&[
            (
                "password IN('ab','cd') password NOT IN('ef')",
                "password IN('<password>','<password>') password NOT IN('<password>')",
            ),
            ("password <> 'ab' and u.password<>'cd'", "password <> '<password>' and u.password<>'<password>'"),
            ("password != 'ab' and password!='cd'", "password != '<password>' and password!='<password>'"),
            ("password BETWEEN 'ab' AND 'cd' x", "password BETWEEN '<password>' AND '<password>' x"),
            ("username not between 'jane' and 'joe'", "username not between '<username>' and '<username>'"),
            ("(id, password) = ('1', 'ab')", "(id, password) = ('1', '<password>')"),
            (
                "(username, password) IN (('jane', 'ab'), ('joe', 'cd'))",
                "(username, password) IN (('<username>', '<password>'), ('<username>', '<password>'))",
            ),
            ("password = ANY(ARRAY['ab', 'cd'])", "password = ANY(ARRAY['<password>', '<password>'])"),
            ("password = any ('{ab}')", "password = any ('<password>')"),
            (
                "WHERE 'ab' = password AND ('jane'=u.username)",
                "WHERE '<password>' = password AND ('<username>'=u.username)",
            ),
            ("OPTIONS (user 'jane', password 'ab')", "OPTIONS (user '<username>', password '<password>')"),
            ("OPTIONS (SET \"password\" 'ab')", "OPTIONS (SET \"password\" '<password>')"),
            ("Key (tenant, username)=(1, jane) already", "Key (tenant, username)=(1, <username>) already"),
        ]);
        assert_kept(&[
            "password <> '' password != '?' a <> 'ab' <password> <>'ab'",
            "(id, age) = ('1', 'ab') f(a, password) = g('1', 'ab')",
            "name='ab' = password",
            "options: the password 'ab'",
        ]);
    }
}
