//! Elements of XML: what stands between `<password>` and `</password>`, or is named by an attribute: `<entry key="password">x</entry>`.

use super::pairs::{QUOTED, without_number};
use super::phrases::last_phrases;
use super::scanner::Pass;
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
const NAMES: &[&[u8]] = &[b" name=", b" key=", b" Name=", b" Key="];

impl Pass<'_> {
    /// Looks at the `<` at `at`, which may open an element of XML: its name, a value, and its end. Gives whether it held one.
    pub(super) fn element(&mut self, at: usize) -> bool {
        let text = self.text;
        let rest = &text[at + 1..];
        let length = rest.iter().take(NAME).take_while(|byte| IS_NAME[usize::from(**byte)]).count();
        let (name, behind) = rest.split_at(length);
        let name = &name[..without_number(name)];
        let (detector, start) = match behind.first() {
            Some(b'>') if length > 0 => (self.of_element(name, at + 1), at + length + 2),
            Some(b' ' | b'\t') if length > 0 => self.tagged(name, at + 1, behind),
            _ => return false,
        };
        let Some(detector) = detector else { return false };
        self.content(&rest[..length], start, detector)
    }

    /// What the element tells whose `name` begins at `start`.
    fn of_element(&self, name: &[u8], start: usize) -> Option<u16> {
        if name.is_empty() || !self.may_be_named(start + name.len()) {
            return None;
        }
        self.engine.pairs.known(&last_phrases(name))
    }

    /// The same of one with attributes, which `behind` its name begins with, and where its content begins.
    fn tagged(&mut self, name: &[u8], start: usize, behind: &[u8]) -> (Option<u16>, usize) {
        let tag = &behind[..behind.len().min(TAG)];
        let close = memchr::memchr3(b'<', b'>', b'\n', tag);
        self.steps_of(close.unwrap_or(tag.len()) / 16);
        let Some(close) = close.filter(|close| tag[*close] == b'>' && tag[close - 1] != b'/') else { return (None, 0) };
        let detector = attribute(&tag[..close]).and_then(|name| self.engine.pairs.named(name));
        (detector.or_else(|| self.of_element(name, start)), self.text.len() - behind.len() + close + 1)
    }

    /// Looks at what begins at `start` and stands in the element `name`. Gives whether it is a value of `detector`.
    fn content(&mut self, name: &[u8], start: usize, detector: u16) -> bool {
        const OPENS: &[u8] = b"<![CDATA[";
        let rest = self.text.get(start..).unwrap_or_default();
        if rest.starts_with(b"]]>") {
            return false;
        }
        if let Some(section) = rest.strip_prefix(OPENS) {
            let section = &section[..section.len().min(SECTION)];
            let Some(length) = memchr::memmem::find(section, b"]]>") else { return false };
            let start = start + OPENS.len();
            return length > 0 && self.ask_value(detector, &Value::quoted(start..start + length), QUOTED);
        }
        let length = memchr::memchr2(b'<', b'\n', rest).unwrap_or(rest.len());
        // A label that stands for a value looks like an element, too, and does not close.
        let is_closed = rest[length..]
            .strip_prefix(b"</")
            .is_some_and(|behind| behind.starts_with(name) || name.starts_with(behind));
        length > 0 && is_closed && self.ask_value(detector, &Value::quoted(start..start + length), QUOTED)
    }
}

/// What the attribute of a `tag` holds that names its content.
fn attribute(tag: &[u8]) -> Option<&[u8]> {
    let place = memchr::memchr_iter(b'=', tag).find(|place| NAMES.iter().any(|name| tag[..=*place].ends_with(name)))?;
    let value = &tag[place + 1..];
    let marks = value.iter().take_while(|byte| matches!(byte, b'\\')).count();
    let (quote, value) = value[marks..].split_first().filter(|(quote, _)| matches!(quote, b'"' | b'\''))?;
    let length = value.iter().take(2 * NAME).position(|byte| byte == quote || *byte == b'\\')?;
    Some(&value[..length])
}
