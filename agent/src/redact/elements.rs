//! Elements of XML: what stands between `<password>` and `</password>`, or is named by an attribute: `<entry key="password">x</entry>`.

use super::filter::Listed;
use super::pairs::{QUOTED, without_number};
use super::phrases::last_phrases;
use super::scanner::Pass;
use super::sure::Told;
use super::value::Value;

/// Longest name, in bytes.
const NAME: usize = 48;
/// Longest opening tag.
const TAG: usize = 256;
/// Longest section of characters.
const SECTION: usize = 1024;
/// Whether each byte may be part of a name.
static IS_NAME: [bool; 256] = {
    let mut names = [false; 256];
    let mut at = 0;
    while at < 256 {
        let byte = at as u8;
        names[at] = byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b':') || byte >= 0x80;
        at += 1;
    }
    names
};
/// Attributes that hold the name of what is in an element.
const NAMES: &[&[u8]] = &[b" name=", b" key=", b" Name=", b" Key=", b" FriendlyName="];
/// Elements that hold the name of what is in the next one.
static KEYS: Listed = Listed::new(&[b"key", b"name"]);
/// Elements that hold what the one around them, or the one before them, is called.
static VALUES: Listed = Listed::new(&[b"value", b"attributevalue", b"string", b"stringvalue"]);
/// Most spaces and ends of lines between two elements.
const BETWEEN: usize = 64;
/// Most elements around a value.
const DEPTH: usize = 3;

impl Pass<'_> {
    /// Looks at the `<` at `at`, which may open an element of XML: its name, a value, and its end. Gives whether it held one.
    pub(super) fn element(&mut self, at: usize) -> bool {
        let text = self.text;
        let rest = &text[at + 1..];
        let length = rest.iter().take(NAME).take_while(|byte| IS_NAME[usize::from(**byte)]).count();
        let (name, behind) = rest.split_at(length);
        let name = &name[..without_number(name)];
        let (told, start) = match behind.first() {
            Some(b'>') if length > 0 => (self.of_element(name, at + 1), at + length + 2),
            Some(b' ' | b'\t') if length > 0 => self.tagged(name, at + 1, behind),
            _ => return false,
        };
        let Some(told) = told else { return KEYS.has(name) && self.behind_key(name, start) };
        self.content((at, &rest[..length]), start, told) || self.content_within(start, told)
    }

    /// Whether a value stands behind the element `name` that holds what it is called, from `start` on: `<key>user</key><string>x</string>`.
    fn behind_key(&mut self, name: &[u8], start: usize) -> bool {
        let text = self.text.get(start..).unwrap_or_default();
        let length = text.iter().take(NAME).take_while(|byte| IS_NAME[usize::from(**byte)]).count();
        let Some(behind) = text[length..].strip_prefix(b"</").and_then(|behind| behind.strip_prefix(name)) else {
            return false;
        };
        let Some(told) = self.engine.pairs.told(&text[..length]).filter(|_| behind.first() == Some(&b'>')) else {
            return false;
        };
        self.content_within(self.text.len() - behind.len() + 1, told)
    }

    /// Whether a value that is `told` stands in the element that opens at `start`, or in one within that, and is all that stands there:
    /// `<AttributeValue>x</AttributeValue>`.
    fn content_within(&mut self, mut start: usize, told: Told) -> bool {
        for _ in 0..DEPTH {
            start += self.rest(start).iter().take(BETWEEN).take_while(|byte| byte.is_ascii_whitespace()).count();
            let text = self.text;
            let Some(tag) = text.get(start..).and_then(|text| text.strip_prefix(b"<")) else { return false };
            let tag = &tag[..tag.len().min(TAG)];
            let name = &tag[..tag.iter().take(NAME).take_while(|byte| IS_NAME[usize::from(**byte)]).count()];
            let local = memchr::memrchr(b':', name).map_or(name, |colon| &name[colon + 1..]);
            let close = memchr::memchr3(b'<', b'>', b'\n', tag).filter(|close| tag[*close] == b'>');
            let Some(close) = close.filter(|_| VALUES.has(local)) else { return false };
            let opens = start;
            start += 1 + close + 1;
            if self.content((opens, name), start, told) {
                return true;
            }
        }
        false
    }

    /// What the element tells whose `name` begins at `start`.
    fn of_element(&self, name: &[u8], start: usize) -> Option<Told> {
        if name.is_empty() || !self.may_be_named(start + name.len()) {
            return None;
        }
        self.engine.pairs.told_by(&last_phrases(name))
    }

    /// The same of one with attributes, which `behind` its name begins with, and where its content begins.
    fn tagged(&mut self, name: &[u8], start: usize, behind: &[u8]) -> (Option<Told>, usize) {
        let tag = &behind[..behind.len().min(TAG)];
        let close = memchr::memchr3(b'<', b'>', b'\n', tag);
        self.steps_of(close.unwrap_or(tag.len()) / 16);
        let Some(close) = close.filter(|close| tag[*close] == b'>' && tag[close - 1] != b'/') else { return (None, 0) };
        let told = attributes(&tag[..close]).find_map(|name| self.engine.pairs.told(name));
        (told.or_else(|| self.of_element(name, start)), self.text.len() - behind.len() + close + 1)
    }

    /// Looks at what begins at `start` and stands in the element `name` that opens at `at`. Gives whether it is a value that is `told`.
    fn content(&mut self, (at, name): (usize, &[u8]), start: usize, told: Told) -> bool {
        const OPENS: &[u8] = b"<![CDATA[";
        let rest = self.text.get(start..).unwrap_or_default();
        if rest.starts_with(b"]]>") {
            return false;
        }
        let inside = rest.trim_ascii_start();
        let start = self.text.len() - inside.len();
        if let Some(section) = inside.strip_prefix(OPENS) {
            let section = &section[..section.len().min(SECTION)];
            let Some(length) = memchr::memmem::find(section, b"]]>") else { return false };
            let start = start + OPENS.len();
            return length > 0
                && self.ask_value(told.detector, &Value::quoted(start..start + length), told.kind(QUOTED));
        }
        // What stands as `&lt;` in an element opens none.
        let is_coded = self.is_coded(at);
        let mut marks = memchr::memchr_iter(b'<', inside).filter(|place| self.is_coded(start + place) == is_coded);
        let length = marks.next().unwrap_or(inside.len());
        // A label that stands for a value looks like an element, too, and does not close.
        let is_closed = inside[length..]
            .strip_prefix(b"</")
            .is_some_and(|behind| behind.starts_with(name) || name.starts_with(behind));
        let length = inside[..length].trim_ascii_end().len();
        length > 0
            && is_closed
            && self.ask_value(told.detector, &Value::quoted(start..start + length), told.kind(QUOTED))
    }

    /// Whether the byte at `at` was written with a code.
    fn is_coded(&self, at: usize) -> bool {
        let Some((written, places)) = self.written else { return false };
        let place = places.get(at).map_or(usize::MAX, |place| *place as usize);
        written.get(place) != self.text.get(at)
    }
}

/// What the attributes of a `tag` hold that name its content.
fn attributes(tag: &[u8]) -> impl Iterator<Item = &[u8]> {
    let is_one = |place: &usize| NAMES.iter().any(|name| tag[..=*place].ends_with(name));
    memchr::memchr_iter(b'=', tag).filter(is_one).filter_map(|place| {
        let value = &tag[place + 1..];
        let marks = value.iter().take_while(|byte| matches!(byte, b'\\')).count();
        let (quote, value) = value[marks..].split_first().filter(|(quote, _)| matches!(quote, b'"' | b'\''))?;
        let length = value.iter().take(2 * NAME).position(|byte| byte == quote || *byte == b'\\')?;
        Some(&value[..length])
    })
}

#[cfg(test)]
mod tests {
    use super::super::values::assert_hidden;

    #[test]
    fn what_stands_in_an_element_goes_over_lines_and_codes() {
        assert_hidden(&[
            (r#"{"x":"<password>\nS3cr3tAb</password>"}"#, r#"{"x":"<password>\n<password></password>"}"#),
            ("<pwd>\n  S3cr3tAb\n</pwd>", "<pwd>\n  <password>\n</pwd>"),
            ("<pwd>S3cr&lt;Ab12</pwd>", "<pwd><password></pwd>"),
            (r"\u003cpwd\u003eS3cr3tAb\u003c/pwd\u003e", r"\u003cpwd\u003e<password>\u003c/pwd\u003e"),
            ("<pwd>\n<![CDATA[S3cr3tAb]]>\n</pwd>", "<pwd>\n<![CDATA[<password>]]>\n</pwd>"),
            ("<pwd>\n<a>S3cr3tAb</a></pwd>", "<pwd>\n<a>S3cr3tAb</a></pwd>"),
        ]);
    }
}
