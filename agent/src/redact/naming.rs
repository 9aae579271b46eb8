//! Values whose name is itself a value beside them: `"name":"password","value":"x"`, `<add key="password" value="x"/>`.

use std::ops::Range;

use super::ends::Kind;
use super::filter::Listed;
use super::scanner::Pass;
use super::statements::Column;

/// Bytes before a value among which its name is looked for.
const REACH: usize = 160;
/// Longest name, in bytes.
const NAME: usize = 64;
/// Most quotes, spaces and backslashes around a name.
const MARKS: usize = 40;
const BRACKETS: &[u8] = b"{}<>()[]";
/// Members that hold a name.
static MEMBERS: Listed = Listed::new(HOLDERS);
const HOLDERS: &[&[u8]] = &[
    b"name",
    b"key",
    b"field",
    b"param",
    b"parameter",
    b"parameterkey",
    b"path",
    b"property",
    b"header",
    b"variable",
    b"fieldname",
    b"field_name",
    b"attribute",
    b"propertypath",
];
/// Whether one of them ends with each letter, in any case.
static ENDS_MEMBER: [bool; 256] = {
    let mut ends = [false; 256];
    let mut at = 0;
    while at < HOLDERS.len() {
        let last = HOLDERS[at][HOLDERS[at].len() - 1];
        ends[last as usize] = true;
        ends[last.to_ascii_uppercase() as usize] = true;
        at += 1;
    }
    ends
};
/// Longest path in the member `loc`, in bytes.
const PATH: usize = 96;

impl<'a> Pass<'a> {
    /// The detector that the name tells beside the member that begins at `start` and whose mark is at `at`: one before it in the same
    /// brackets, right behind it, or that of the map or element in which it comes first.
    pub(super) fn named_beside(&mut self, start: usize, at: usize) -> Option<Column<'a>> {
        if self.text.get(start..at).is_some_and(|name| name.starts_with(b"input")) {
            return self.named_by_path(start);
        }
        if self.are_nameless(self.reach_before(start, REACH)..self.text.len().min(at + REACH)) {
            self.unnamed = start;
            return self.named_above(start, at);
        }
        self.named_before(start, at).or_else(|| self.named_above(start, at)).or_else(|| self.named_behind(start, at))
    }

    /// Whether before none of the marks at `places` a member stands that holds a name. Those behind it need not be looked at again where
    /// many values come one after the other.
    fn are_nameless(&mut self, places: Range<usize>) -> bool {
        let known = self.memory.nameless.clone();
        let known = if (known.start..=known.end).contains(&places.start) { known } else { places.start..places.start };
        if known.end >= places.end {
            return true;
        }
        let text = &self.text[..self.text.len().min(places.end + REACH)];
        let first = memchr::memchr2_iter(b':', b'=', &text[known.end..])
            .map(|place| known.end + place)
            .find(|mark| may_hold_name(&text[..*mark]));
        let end = first.unwrap_or(text.len());
        self.steps_of(end - known.end);
        self.memory.nameless = known.start..end;
        end >= places.end
    }

    /// The same of the map in which the member that begins at `start` comes first, `"user":{"value":`, or, if that is called `value`, what
    /// stands beside it; and of the element of which it is the first attribute: `<user value=`.
    fn named_above(&mut self, start: usize, at: usize) -> Option<Column<'a>> {
        let text = self.text;
        let before = &text[start.saturating_sub(REACH)..start];
        let (open, is_element) = match before[..before.len() - marks_at_end(before)] {
            [ref open @ .., b'{'] => (open, false),
            _ => (before.strip_suffix(b" ")?, true),
        };
        if is_element {
            let name = &open[open.len() - length_at_end(open)..];
            return open[..open.len() - name.len()].ends_with(b"<").then(|| self.column(name)).flatten();
        }
        let key = open.trim_ascii_end().strip_suffix(b":")?;
        let key = &key[..key.len() - marks_at_end(key)];
        let name = &key[key.len() - length_at_end(key)..];
        let named = self.column(name);
        if named.is_none() && name == b"value" {
            return self.named_before(start - (before.len() - key.len()) - name.len(), at);
        }
        named
    }

    /// That of names of persons, if the string `other`, the name of another member, stands beside the one that begins at `start`.
    pub(super) fn named_with(&mut self, start: usize, other: &str) -> Option<u16> {
        let text = self.text;
        let is_quote = |byte: Option<&u8>| matches!(byte, Some(b'"' | b'\'' | b'\\'));
        let has = |text: &[u8]| {
            let mut places = memchr::memmem::find_iter(text, other);
            places.any(|place| is_quote(text[..place].last()) && is_quote(text.get(place + other.len())))
        };
        let (before, behind) =
            (&text[self.reach_before(start, REACH)..start], &text[start..text.len().min(start + REACH)]);
        self.steps_of((before.len() + behind.len()) / 8);
        if is_quote(before.last()) && (has(before) || has(behind)) { self.engine.own.person_name } else { None }
    }

    /// The detector that the last name of the path tells which stands before the `input` at `start`: `'loc': ('body', 'password'), …`.
    fn named_by_path(&mut self, start: usize) -> Option<Column<'a>> {
        let text = self.text;
        let before = &text[self.reach_before(start, REACH)..start];
        self.steps_of(before.len() / 4);
        let path = &before[memchr::memmem::rfind(before, b"loc")? + 3..];
        let path = &path[..path.len().min(PATH)];
        let open = memchr::memchr2(b'[', b'(', path)?;
        let close = memchr::memchr2(b']', b')', path)?;
        let is_list = path[..open].iter().all(|byte| is_mark(*byte) || matches!(byte, b':' | b'='));
        let path = path.get(open..close).filter(|_| is_list)?;
        let path = path.strip_suffix(b",").unwrap_or(path);
        let path = &path[..path.len() - marks_at_end(path)];
        self.column(&path[path.len() - length_at_end(path)..])
    }

    /// The same before it. Where none does, those behind `start` need not look before it again.
    fn named_before(&mut self, start: usize, at: usize) -> Option<Column<'a>> {
        let known = if self.unnamed <= start { self.unnamed } else { 0 };
        let floor = self.reach_before(start, REACH).max(known);
        let text = self.text;
        let before = &text[floor..start];
        let opens = before.iter().rposition(|byte| BRACKETS.contains(byte)).map_or(0, |bracket| bracket + 1);
        let before = &before[opens..];
        self.steps_of(before.len() / 4);
        let own = &text[start..start + name_length(&text[start..])];
        // Behind another value of that name another item begins, which has its own name.
        let named = memchr::memrchr2_iter(b':', b'=', before)
            .map(|mark| (mark, member(&before[..mark])))
            .take_while(|(_, member)| *member != own)
            .filter(|(_, member)| MEMBERS.has(member))
            .find_map(|(mark, _)| self.column(self.name_of_value((start, at), &before[mark + 1..])?));
        if named.is_none() {
            self.unnamed = start;
        }
        named
    }

    /// The same behind the string whose mark is at `at`.
    fn named_behind(&mut self, start: usize, at: usize) -> Option<Column<'a>> {
        let text = self.text;
        let text = &text[..text.len().min(at + REACH)];
        let quote = self.quote(at + 1 + usize::from(self.byte(at + 1) == b' '))?;
        let length = self.length_within(quote, text.len());
        let behind = text.get(quote.start + length + quote.slashes + quote.count..)?;
        let mark = memchr::memchr2(b':', b'=', &behind[..behind.len().min(NAME)])?;
        let between = &behind[..mark];
        if between.iter().any(|byte| BRACKETS.contains(byte)) || !holds_name(between) {
            return None;
        }
        self.column(self.name_of_value((start, at), &behind[mark + 1..])?)
    }
}

/// Bytes around a member among which that stands which tells what a patch does.
const PATCH: usize = 96;

impl<'a> Pass<'a> {
    /// The name that `behind` the mark of its member begins with, for the value of the member from `start` to its mark at `at`. In patches
    /// of JSON it is the last part of a path: `{"op":"replace","path":"/password","value":`.
    fn name_of_value(&self, (start, at): (usize, usize), behind: &'a [u8]) -> Option<&'a [u8]> {
        let marks = behind.iter().take(MARKS).take_while(|byte| is_mark(**byte)).count();
        if behind.get(marks) != Some(&b'/') {
            return name_in(behind);
        }
        let around = &self.text[start.saturating_sub(PATCH)..self.text.len().min(at + PATCH)];
        let is_op = |place: usize| {
            is_mark(around[place.saturating_sub(1)]) && around.get(place + 2).is_some_and(|byte| is_mark(*byte))
        };
        if !memchr::memmem::find_iter(around, b"op").any(is_op) {
            return None;
        }
        let path = &behind[marks..];
        let length = path.iter().take(NAME).take_while(|byte| is_part(**byte) || **byte == b'/').count();
        path[..length].rsplit(|byte| *byte == b'/').next()
    }

    /// Looks at the string or number behind the mark at `at` as at what is in `column`.
    pub(super) fn take_beside(&mut self, at: usize, column: Column<'_>) {
        let start = at + 1 + usize::from(self.byte(at + 1) == b' ');
        let span = match self.quote(start).and_then(|quote| self.quoted(quote)) {
            Some(value) => value.span,
            None => start..self.end_of(start, Kind::Bare),
        };
        self.take_item(column, None, span);
    }
}

fn is_mark(byte: u8) -> bool {
    matches!(byte, b' ' | b'"' | b'\'' | b'`' | b'\\')
}

fn is_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.') || byte >= 0x80
}

/// Quotes, spaces and backslashes that `text` ends with.
fn marks_at_end(text: &[u8]) -> usize {
    text.iter().rev().take(MARKS).take_while(|byte| is_mark(**byte)).count()
}

/// How long the name is that `text` ends with.
fn length_at_end(text: &[u8]) -> usize {
    text.iter().rev().take(NAME).take_while(|byte| is_part(**byte)).count()
}

/// Whether the member whose mark stands behind `before` holds a name.
fn holds_name(before: &[u8]) -> bool {
    MEMBERS.has(member(before))
}

/// Whether it may do that, as the end of its name tells.
fn may_hold_name(before: &[u8]) -> bool {
    let name = &before[..before.len() - marks_at_end(before)];
    let is_end = |member: &&[u8]| {
        let start = name.len().checked_sub(member.len());
        start.is_some_and(|start| name[start..].eq_ignore_ascii_case(member))
    };
    name.last().is_some_and(|last| ENDS_MEMBER[usize::from(*last)]) && HOLDERS.iter().any(is_end)
}

/// How the member is called whose mark stands behind `before`.
fn member(before: &[u8]) -> &[u8] {
    let before = &before[..before.len() - marks_at_end(before)];
    &before[before.len() - length_at_end(before)..]
}

fn name_length(text: &[u8]) -> usize {
    text.iter().take(NAME).take_while(|byte| is_part(**byte)).count()
}

/// The name that `behind` the mark of its member begins with.
fn name_in(behind: &[u8]) -> Option<&[u8]> {
    let behind = behind.strip_prefix(b">").unwrap_or(behind);
    let marks = behind.iter().take(MARKS).take_while(|byte| is_mark(**byte)).count();
    let behind = &behind[marks..];
    let (name, end) = behind.split_at(name_length(behind));
    let is_whole =
        end.first().is_some_and(|byte| is_mark(*byte) || byte.is_ascii_whitespace() || b",;&".contains(byte));
    (is_whole && !name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::super::values::{assert_hidden, assert_kept};

    #[test]
    fn a_name_is_of_its_own_item_alone() {
        assert_hidden(&[
            (
                "- name: DB_PASSWORD\n  value: s3cr\n- name: LANG\n  value: fr_FR.utf8",
                "- name: DB_PASSWORD\n  value: <password>\n- name: LANG\n  value: fr_FR.utf8",
            ),
            (
                r#"name="DB_PASSWORD" value="s3cr" name="LANG" value="fr""#,
                r#"name="DB_PASSWORD" value="<password>" name="LANG" value="fr""#,
            ),
            (
                r#"{"field":"password","oldValue":"s3cr","newValue":"s4cr"}"#,
                r#"{"field":"password","oldValue":"<password>","newValue":"<password>"}"#,
            ),
        ]);
        assert_kept(&[r#"["--no-password","keep"]"#, "run --no-password keep"]);
    }
}
