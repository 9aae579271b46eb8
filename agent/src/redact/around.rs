//! The object around a member, which tells whose it is: `"customer":{"id":4,"name":…}`. Each text is read once for it.

use std::cmp::Ordering;
use std::ops::Range;

use super::pairs::{MEMBER, NAME};
use super::phrases::last_phrases;
use super::quote::slashes_of_quote;
use super::scanner::Pass;

/// Brackets within each other whose places are kept.
const DEPTH: usize = 8;
/// Bytes before a member in which the object opens where quotes do not tell.
const OBJECT: usize = 256;

/// What is open at some place of a text, of the JSON in so many strings.
#[derive(Debug, Default)]
struct Level {
    at: usize,
    depth: usize,
    opens: [u32; DEPTH],
    /// The last place where another string was open.
    lost: usize,
}

impl Level {
    /// Goes on to the quote at `to`, which opens a string and belongs to `slashes`. `false` where another one is open there.
    fn read(&mut self, text: &[u8], to: usize, slashes: usize) -> bool {
        if self.lost == to {
            return false;
        }
        while self.at < to {
            let at = self.at;
            self.at += 1;
            if !self.pass(text, (at, to), slashes) {
                return false;
            }
        }
        true
    }

    /// Goes over the byte at `at`, and over a string that opens there. `false` where that goes on to `to`.
    fn pass(&mut self, text: &[u8], (at, to): (usize, usize), slashes: usize) -> bool {
        match text[at] {
            b'{' | b'[' => {
                if let Some(open) = self.opens.get_mut(self.depth) {
                    *open = at as u32;
                }
                self.depth += 1;
            }
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            b'"' => match slashes_of_quote(&text[..at]).cmp(&slashes) {
                Ordering::Less => self.depth = 0,
                Ordering::Equal => return self.pass_string(text, to, slashes),
                Ordering::Greater => {}
            },
            _ => {}
        }
        true
    }

    /// Goes behind the string that opens before `at`. `false` where it goes on to `to`.
    fn pass_string(&mut self, text: &[u8], to: usize, slashes: usize) -> bool {
        let start = self.at;
        let own = |place: usize| slashes_of_quote(&text[..start + place]);
        let Some(place) = memchr::memchr_iter(b'"', &text[start..to]).find(|place| own(*place) <= slashes) else {
            (self.at, self.depth, self.lost) = (to, 0, to);
            return false;
        };
        self.depth = if own(place) < slashes { 0 } else { self.depth };
        self.at = start + place + 1;
        true
    }

    /// Where the innermost bracket opens.
    fn open(&self) -> Option<usize> {
        self.opens.get(self.depth.checked_sub(1)?).map(|open| *open as usize)
    }
}

/// What is open, in no string, in one, and in one in one.
#[derive(Debug, Default)]
pub(super) struct Around([Level; 3]);

impl Pass<'_> {
    /// The detector for the member of JSON called `name` that the name of the object around it tells.
    pub(super) fn named_around(&mut self, name: Range<usize>) -> Option<u16> {
        let is_member = self.text.get(name.clone()).is_some_and(|name| name.eq_ignore_ascii_case(MEMBER.as_bytes()));
        if !is_member || self.byte_before(name.start, 1) != b'"' {
            return None;
        }
        let quote = name.start - 1;
        let slashes = slashes_of_quote(&self.text[..quote]);
        let level = self.memory.around.0.get_mut(slashes.trailing_ones() as usize)?;
        let before = level.at.min(quote);
        let is_known = before == level.at && level.read(self.text, quote, slashes);
        let open = if is_known { level.open() } else { open_before(&self.text[..quote]) };
        self.steps_of(quote - before + if is_known { 0 } else { OBJECT });
        let object = &self.text[..open.filter(|open| self.byte(*open) == b'{')?];
        let object = object.trim_ascii_end().strip_suffix(b":")?.trim_ascii_end().strip_suffix(b"\"")?;
        let object = &object[..object.len() - slashes_of_quote(object)];
        let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.') || *byte >= 0x80;
        let length = object.iter().rev().take(NAME).take_while(|byte| is_name(byte)).count();
        let mut joined = [b'.'; NAME + 1 + MEMBER.len()];
        joined[..length].copy_from_slice(&object[object.len() - length..]);
        joined[length + 1..=length + MEMBER.len()].copy_from_slice(MEMBER.as_bytes());
        self.engine.pairs.known(&last_phrases(&joined[..=length + MEMBER.len()]))
    }
}

/// Where the innermost bracket opens that is open at the end of `text`, as far as is looked back, whatever stands in strings.
fn open_before(text: &[u8]) -> Option<usize> {
    let floor = text.len().saturating_sub(OBJECT);
    let mut depth = 0_usize;
    let open = text[floor..].iter().rposition(|byte| {
        depth += usize::from(matches!(byte, b'}' | b']'));
        let opens = matches!(byte, b'{' | b'[');
        let is_around = opens && depth == 0;
        depth -= usize::from(opens && depth > 0);
        is_around
    });
    open.map(|open| floor + open)
}

#[cfg(test)]
mod tests {
    use super::super::values::{assert_hidden, assert_kept};

    #[test]
    fn the_object_around_a_name_tells_whose_it_is() {
        let long = "x".repeat(300);
        let text = |name: &str| format!(r#"{{"customer":{{"id":4,"plan":"{long}","name":"{name}"}}}}"#);
        assert_hidden(&[
            (r#"{"customer":{"id":4,"name":"Jean Dupont"}}"#, r#"{"customer":{"id":4,"name":"<person_name>"}}"#),
            (
                r#"{"log":"{\"user\":{\"a\":[{}],\"name\":\"jdupont\"},\"name\":\"x9\"}"}"#,
                r#"{"log":"{\"user\":{\"a\":[{}],\"name\":\"<username>\"},\"name\":\"x9\"}"}"#,
            ),
            (
                r#"{"log":"{\"customer\":{\"id\":4,\"note\":\"a } b\",\"name\":\"Jean Dupont\"}}"}"#,
                r#"{"log":"{\"customer\":{\"id\":4,\"note\":\"a } b\",\"name\":\"<person_name>\"}}"}"#,
            ),
            (
                r#"{"customer":{"a":":-] \"[ C:\\","name":"Jean Dupont"},"b":{"name":"x"}}"#,
                r#"{"customer":{"a":":-] \"[ C:\\","name":"<person_name>"},"b":{"name":"x"}}"#,
            ),
            (
                r#"5" x {"customer":{"id":4,"name":"Jean"}} {"customer":{"a":"}","name":"Jean"}}"#,
                r#"5" x {"customer":{"id":4,"name":"<person_name>"}} {"customer":{"a":"}","name":"<person_name>"}}"#,
            ),
            (r#"{"Customer":{"Id":4,"Name":"Jean Dupont"}}"#, r#"{"Customer":{"Id":4,"Name":"<person_name>"}}"#),
            (&text("Jean Dupont"), &text("<person_name>")),
        ]);
        assert_kept(&[
            r#"{"pod":{"id":4,"name":"Jean"},"name":"Jean"}"#,
            r#"{"customer":{"id":4,"x":{"a":1,"name":"Jean"}},"y":[1,"name"]}"#,
            r#"{"customer":[{"id":4,"name":"Jean"}]}"#,
            r#"{"a":"{\"customer\":{","b":1,"name":"Jean"}"#,
        ]);
    }
}
