//! Values in statements of SQL, and in what tells of them: `INSERT INTO users (name, password) VALUES ('a', 'b')`,
//! `password IN ('a', 'b')`, `username LIKE 'x%'`; and what Spring tells of a field.

use std::ops::Range;

use super::ends::Kind;
use super::pairs::{BARE, QUOTED};
use super::scanner::Pass;
use super::sure::Told;
use super::value::{PREFIXES, Value};

/// Longest name of a column with its quotes, in bytes.
pub(super) const NAME: usize = 64;
/// Bytes before `VALUES` among which its columns stand, and most of these.
const COLUMNS: usize = 1024;
pub(super) const MANY: usize = 64;
/// Bytes from `SQL: ` to the columns of a statement: `insert into users`.
const STATEMENT: usize = 96;
/// Longest name of a type before a string: `TIMESTAMP`.
const TYPE: usize = 16;
/// Bytes before `rejected value` among which the name of its field stands.
const FIELD: usize = 96;
/// Longest rejected value with spaces.
const REJECTED: usize = 1024;

/// A column whose name tells what is in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column<'a> {
    /// Its name, if words of it speak for anything.
    name: Option<&'a [u8]>,
    pub(super) told: Option<Told>,
}

impl Column<'_> {
    /// One that tells of values of `detector`.
    pub(super) fn of(detector: u16) -> Self {
        Self { name: None, told: Some(Told::of(detector)) }
    }
}

/// An item of a row.
pub(super) struct Item {
    /// The string or number in it.
    pub(super) value: Option<(Range<usize>, u8)>,
    pub(super) end: usize,
}

impl<'a> Pass<'a> {
    /// Looks through the rows behind the `VALUES` at `at`, if the columns before it tell what they hold.
    pub(super) fn rows(&mut self, at: usize) -> bool {
        let end = self.masks.word_end(at);
        if end == at + 5 && matches!(self.byte(end + 1), b'\'' | b'"' | b'\\') {
            return self.refused_value(at);
        }
        if at < self.rows_end || !self.text[at..end].eq_ignore_ascii_case(b"values") {
            return false;
        }
        let columns = self.columns_before(at);
        if columns.iter().all(Option::is_none) {
            return false;
        }
        let is_bare = self.is_unquoted(at);
        self.rows_from(end + self.blank(end), &columns, is_bare);
        false
    }

    /// Whether the values of the statement whose columns end right before `at` are written without quotes, as Laravel tells of one that
    /// failed: `(SQL: insert into users (name) values (Jean))`.
    fn is_unquoted(&self, at: usize) -> bool {
        let before = &self.text[at.saturating_sub(COLUMNS)..at];
        let head = &before[..memchr::memrchr(b'(', before).unwrap_or_default()];
        memchr::memmem::rfind(&head[head.len().saturating_sub(STATEMENT)..], b"SQL: ").is_some()
    }

    /// Looks through the rows of these `columns`, the first of which opens at `row`.
    fn rows_from(&mut self, mut row: usize, columns: &[Option<Column<'_>>], is_bare: bool) {
        while self.byte(row) == b'(' {
            let close = self.row(row, columns, is_bare);
            let behind = close + self.blank(close);
            row = if self.byte(behind) == b',' { behind + 1 + self.blank(behind + 1) } else { self.text.len() };
            self.rows_end = close;
        }
    }

    /// What the columns tell whose list ends right before `at`.
    pub(super) fn columns_before(&mut self, at: usize) -> Vec<Option<Column<'a>>> {
        let text = self.text;
        let before = &text[at.saturating_sub(COLUMNS)..at];
        let Some(list) = before.trim_ascii_end().strip_suffix(b")") else { return Vec::new() };
        let Some(open) = memchr::memrchr(b'(', list) else { return Vec::new() };
        let list = &list[open + 1..];
        self.steps_of(list.len());
        list.split(|byte| *byte == b',').take(MANY).map(|column| self.column(column)).collect()
    }

    /// What the name of a column tells, which may stand in quotes, with spaces around it.
    pub(super) fn column(&self, name: &'a [u8]) -> Option<Column<'a>> {
        let name = name.trim_ascii_end();
        let quotes = name.iter().rev().take(2).take_while(|byte| matches!(byte, b'"' | b'`' | b']' | b'\\')).count();
        let name = &name[..name.len() - quotes];
        let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.') || **byte >= 0x80;
        let length = name.iter().rev().take(NAME).take_while(is_part).count();
        let name = &name[name.len() - length..];
        let (told, speaks) = (self.engine.pairs.told(name), self.does_speak(name));
        (speaks || told.is_some()).then_some(Column { name: Some(name).filter(|_| speaks), told })
    }

    /// Whether what stands at `value`, if anything does, written in this kind, is a value of `column`, or has one, or else the item around
    /// it at `whole`; it is kept then.
    pub(super) fn take_item(
        &mut self,
        column: Column<'_>,
        value: Option<(Range<usize>, u8)>,
        whole: Range<usize>,
    ) -> bool {
        if let Some((told, (value, kind))) = column.told.zip(value.clone())
            && self.is_value(told.detector, &Value::quoted(value.clone()), told.kind(kind))
        {
            self.keep(told.detector, value);
            return true;
        }
        // What is computed is no value that a name makes certain.
        let span = value.map_or(if column.told.is_some() { 0..0 } else { whole }, |(value, _)| value);
        column.name.is_some_and(|name| self.look_aside(name, span))
    }

    /// Looks through the row that opens at `at`, of these `columns`, whose strings have quotes unless they are `bare`. Gives where it
    /// ends, behind its bracket if there is one.
    pub(super) fn row(&mut self, at: usize, columns: &[Option<Column<'_>>], bare: bool) -> usize {
        let mut next = at + 1;
        for number in 0.. {
            let start = next + self.blank(next);
            let mut item = self.item_of_row(start);
            if bare && item.value.is_none() {
                item.value = Some((start..item.end, BARE));
            }
            if let Some(Some(column)) = columns.get(number) {
                self.take_item(*column, item.value, start..item.end);
            }
            next = item.end + self.blank(item.end);
            if self.byte(next) != b',' {
                break;
            }
            next += 1;
        }
        next + usize::from(self.byte(next) == b')')
    }

    /// The item of a row that begins at `at`: a string, a number, or what is computed of one.
    fn item_of_row(&mut self, at: usize) -> Item {
        if let Some(value) = self.string_at(at + self.prefix_length(at)) {
            return value;
        }
        if let Some(inside) = self.quote_within(at)
            && let Some(Item { value, end }) = self.string_at(inside)
        {
            let behind = end + self.blank(end);
            let end = if self.byte(behind) == b')' { behind + 1 } else { self.computed_end(behind, 1) };
            return Item { value, end };
        }
        let number = self.rest(at).iter().take(NAME).take_while(|byte| byte.is_ascii_digit()).count();
        let is_number = number > 0 && matches!(self.byte(at + number), b',' | b')' | b' ');
        let value = is_number.then_some((at..at + number, BARE));
        Item { value, end: self.computed_end(at, 0) }
    }

    /// How long the letters are that stand before the string of an item at `at`, or the name of its type: `N'x'`, `DATE '1985-03-05'`.
    fn prefix_length(&self, at: usize) -> usize {
        let text = self.rest(at);
        if let Some(prefix) = PREFIXES.iter().find(|prefix| text.starts_with(prefix)) {
            return prefix.len() - 1;
        }
        let kind = text.iter().take(TYPE).take_while(|byte| byte.is_ascii_alphabetic()).count();
        if kind > 1 && text[kind..].starts_with(b" '") { kind + 1 } else { 0 }
    }

    /// The string in the quotes that open at `at`.
    pub(super) fn string_at(&mut self, at: usize) -> Option<Item> {
        let quote = self.quote(at)?;
        let length = self.length_within(quote, self.text.len());
        let end = quote.start + length;
        let close = end + quote.slashes + quote.count;
        let value = (length > 0).then_some((quote.start..end, QUOTED));
        Some(Item { value, end: close.min(self.text.len()) })
    }

    /// Where an item ends that goes on at `at` within so many brackets of its own: before a comma or the bracket of its row.
    fn computed_end(&mut self, at: usize, mut depth: usize) -> usize {
        let mut next = at;
        while let Some(byte) = self.text.get(next) {
            match byte {
                b',' | b')' if depth == 0 => break,
                b';' | b'\n' => break,
                b'(' => depth += 1,
                b')' => depth -= 1,
                b'\'' => next = self.string_at(next).map_or(next, |string| string.end.max(next + 1) - 1),
                _ => {}
            }
            next += 1;
        }
        self.steps_of(next - at);
        next
    }

    /// How many spaces and ends of lines stand at `at`.
    fn blank(&self, at: usize) -> usize {
        self.rest(at).iter().take(NAME).take_while(|byte| byte.is_ascii_whitespace()).count()
    }

    /// What the column tells that stands before the operator at `at`, perhaps with a `NOT` between them.
    pub(super) fn column_before(&self, at: usize) -> Option<Column<'a>> {
        let before = self.text[self.next.min(at).max(at.saturating_sub(2 * NAME))..at].strip_suffix(b" ")?;
        let not = before.last_chunk::<4>().is_some_and(|word| word.eq_ignore_ascii_case(b" not"));
        self.column(&before[..before.len() - if not { 4 } else { 0 }])
    }

    /// `password IN ('a', 'b')`, `(user, password) IN (('a', 'b'))`, of which `IN (` or `IN(` stands at `at`.
    pub(super) fn among(&mut self, at: usize) -> bool {
        let open = at + 2 + usize::from(self.byte(at + 2) == b' ');
        let inside = open + 1 + self.blank(open + 1);
        let first = self.byte(inside);
        if at < self.rows_end || !(matches!(first, b'\'' | b'"' | b'(') || first.is_ascii_digit()) {
            return false;
        }
        if first == b'(' {
            let columns = self.columns_before(at);
            if columns.iter().any(Option::is_some) {
                self.rows_from(inside, &columns, false);
            }
            return false;
        }
        let Some(column) = self.column_before(at) else { return false };
        self.rows_end = self.row(open, &[Some(column); MANY], false);
        false
    }

    /// `username LIKE 'x%'`, of which the operator stands at `at`.
    pub(super) fn like(&mut self, at: usize) -> bool {
        let end = self.masks.word_end(at);
        let word = &self.text[at..end];
        let is_operator = word.eq_ignore_ascii_case(b"like") || word.eq_ignore_ascii_case(b"ilike");
        if !is_operator || !matches!(self.byte(end + 1), b'\'' | b'"') {
            return false;
        }
        let Some(told) = self.column_before(at).and_then(|column| column.told) else { return false };
        let Some(Item { value: Some((mut span, kind)), .. }) = self.string_at(end + 1) else { return false };
        let pattern = &self.text[span.clone()];
        let any = |byte: &&u8| **byte == b'%';
        span = span.start + pattern.iter().take_while(any).count()
            ..span.end - pattern.iter().rev().take_while(any).count();
        span.start < span.end && self.keep_if(told.detector, span, told.kind(kind))
    }

    /// `SET PASSWORD FOR 'x'@'y' = 'z'`, of which the value stands behind the first `=` behind `at`.
    pub(super) fn password_for(&mut self, at: usize) -> Option<Range<usize>> {
        let password = self.engine.own.password?;
        let text = self.rest(at);
        let equals = memchr::memchr2(b'=', b'\n', &text[..text.len().min(2 * NAME)])?;
        if text[equals] != b'=' || !text[..equals].ends_with(b" ") {
            return None;
        }
        let value = self.value(at + equals, password)?;
        let is_one = self.is_value(password, &value, QUOTED);
        let end = self.name_end(at + 1);
        if is_one && matches!(self.byte(at), b'\'' | b'`') && self.byte(end) == self.byte(at) {
            self.ask(self.engine.own.username, at + 1..end);
        }
        is_one.then_some(value.span)
    }

    /// `on field 'password': rejected value [x]`, of which `rejected` stands at `at`.
    pub(super) fn rejected(&mut self, at: usize) -> bool {
        const HEAD: &[u8] = b"rejected value [";
        if !self.rest(at).starts_with(HEAD) {
            return false;
        }
        let before = &self.text[at.saturating_sub(FIELD)..at];
        let Some(name) = before.strip_suffix(b"': ") else { return false };
        let Some(quote) = memchr::memrchr(b'\'', name).filter(|quote| name[..*quote].ends_with(b"field ")) else {
            return false;
        };
        let Some(column) = self.column(&name[quote + 1..]) else { return false };
        let start = at + HEAD.len();
        let text = self.rest(start);
        let end = match memchr::memmem::find(&text[..text.len().min(REJECTED)], b"];") {
            Some(length) => start + length,
            None => self.end_of(start, Kind::Bare),
        };
        let is_one = start < end && self.take_item(column, Some((start..end, QUOTED)), start..end);
        self.next = if is_one { end } else { self.next };
        is_one
    }

    /// Keeps what stands at `span`, written in this `kind`, if it is a value of `detector`, and gives whether it is.
    pub(super) fn keep_if(&mut self, detector: u16, span: Range<usize>, kind: u8) -> bool {
        let is_one = self.is_value(detector, &Value::quoted(span.clone()), kind);
        if is_one {
            self.next = span.end;
            self.keep(detector, span);
        }
        is_one
    }
}

#[cfg(test)]
mod tests {
    use super::super::values::{assert_hidden, assert_kept};

    #[test]
    fn columns_tell_of_values_that_need_a_word() {
        // The column stands further away than words reach.
        let others = "created_at, updated_at, deleted_at, statut, ville";
        let text = |name: &str, value: &str| {
            format!("INSERT INTO t (id, {name}, {others}) VALUES (1, {value}, now(), NULL, '2026-11-30', 'A', 'Lyon')")
        };
        assert_hidden(&[
            (&text("telephone", "'0659998142'"), &text("telephone", "'<phone_fr>'")),
            (&text("`bsn`", "111222333"), &text("`bsn`", "<nl_bsn>")),
            (&text("\"t\".\"pesel\"", "N'44051401359'"), &text("\"t\".\"pesel\"", "N'<pl_pesel>'")),
            (&text("[nir]", "'1841276451089'"), &text("[nir]", "'<fr_nir>'")),
            (&text("date_naissance", "DATE '1985-03-05'"), &text("date_naissance", "DATE '<birth_date>'")),
            (&text("birth", "TO_DATE('05/03/1985', 'x')"), &text("birth", "TO_DATE('<birth_date>', 'x')")),
            (
                "(bsn, created_at, updated_at, deleted_at, statut, id) VALUES ('111222333', 1, 2, 3, 4, '111222333'), ('111222333', 2)",
                "(bsn, created_at, updated_at, deleted_at, statut, id) VALUES ('<nl_bsn>', 1, 2, 3, 4, '111222333'), ('<nl_bsn>', 2)",
            ),
            (
                "bsn IN ('111222333', '111222333', '111222333', '111222333', '111222333')",
                "bsn IN ('<nl_bsn>', '<nl_bsn>', '<nl_bsn>', '<nl_bsn>', '<nl_bsn>')",
            ),
            (
                "(created_at, updated_at, deleted_at, bsn)=(2026-11-30 10:11:12, 2026-11-30 10:11:12, x, 111222333)",
                "(created_at, updated_at, deleted_at, bsn)=(2026-11-30 10:11:12, 2026-11-30 10:11:12, x, <nl_bsn>)",
            ),
        ]);
        assert_hidden(&[(
            "(Connection: mysql, SQL: insert into `t` (`id`, `prenom`, `password`) values (1, Jean, $2y$12$abcdefgh))",
            "(Connection: mysql, SQL: insert into `t` (`id`, `prenom`, `password`) values (1, <person_name>, <password>))",
        )]);
        assert_kept(&[
            "insert into t (id, prenom, password) values (p_id, p_prenom, p_password)",
            "SQL: insert into t (id, prenom, password) values (?, ?, ?)",
            &text("reference", "'0659998142'"),
            &text("order_id", "111222333"),
            &text("updated_at", "'1985-03-05'"),
            "(id, telephone, created_at, updated_at, deleted_at, statut, x) VALUES (111222333, NULL, ?, $1, now(), x, y)",
        ]);
    }
}
