//! Values whose name is itself a value beside them: `"name":"password","value":"x"`, `<add key="password" value="x"/>`.

use super::filter::Listed;
use super::scanner::Pass;

/// Bytes before a value among which its name is looked for.
const REACH: usize = 160;
/// Longest name, in bytes.
const NAME: usize = 64;
/// Most quotes, spaces and backslashes around a name.
const MARKS: usize = 40;
const BRACKETS: &[u8] = b"{}<>()[]";
/// Members that hold a name.
static MEMBERS: Listed =
    Listed::new(&[b"name", b"key", b"field", b"param", b"parameter", b"path", b"property", b"header", b"variable"]);

impl Pass<'_> {
    /// The detector that the name tells beside the member that begins at `start` and whose mark is at `at`: one before it in the same
    /// brackets, or right behind it.
    pub(super) fn named_beside(&mut self, start: usize, at: usize) -> Option<u16> {
        self.named_before(start).or_else(|| self.named_behind(at))
    }

    /// The same before it. Where none does, those behind `start` need not look before it again.
    fn named_before(&mut self, start: usize) -> Option<u16> {
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
            .find_map(|(mark, _)| self.engine.pairs.named(name_in(&before[mark + 1..])?));
        if named.is_none() {
            self.unnamed = start;
        }
        named
    }

    /// The same behind the string whose mark is at `at`.
    fn named_behind(&mut self, at: usize) -> Option<u16> {
        let text = &self.text[..self.text.len().min(at + REACH)];
        let quote = self.quote(at + 1 + usize::from(self.byte(at + 1) == b' '))?;
        let length = quote.length(text.get(quote.start..)?);
        self.steps_of(length);
        let behind = text.get(quote.start + length + quote.slashes + quote.count..)?;
        let mark = memchr::memchr2(b':', b'=', &behind[..behind.len().min(NAME)])?;
        let between = &behind[..mark];
        if between.iter().any(|byte| BRACKETS.contains(byte)) || !holds_name(between) {
            return None;
        }
        self.engine.pairs.named(name_in(&behind[mark + 1..])?)
    }
}

fn is_mark(byte: u8) -> bool {
    matches!(byte, b' ' | b'"' | b'\'' | b'`' | b'\\')
}

fn is_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.') || byte >= 0x80
}

/// Whether the member whose mark stands behind `before` holds a name.
fn holds_name(before: &[u8]) -> bool {
    MEMBERS.has(member(before))
}

/// How the member is called whose mark stands behind `before`.
fn member(before: &[u8]) -> &[u8] {
    let marks = before.iter().rev().take(MARKS).take_while(|byte| is_mark(**byte)).count();
    let before = &before[..before.len() - marks];
    let length = before.iter().rev().take(NAME).take_while(|byte| is_part(**byte)).count();
    &before[before.len() - length..]
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
