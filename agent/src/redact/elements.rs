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
        self.content((at, &rest[..length]), start, detector)
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

    /// Looks at what begins at `start` and stands in the element `name` that opens at `at`. Gives whether it is a value of `detector`.
    fn content(&mut self, (at, name): (usize, &[u8]), start: usize, detector: u16) -> bool {
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
            return length > 0 && self.ask_value(detector, &Value::quoted(start..start + length), QUOTED);
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
        length > 0 && is_closed && self.ask_value(detector, &Value::quoted(start..start + length), QUOTED)
    }

    /// Whether the byte at `at` was written with a code.
    fn is_coded(&self, at: usize) -> bool {
        let Some((written, places)) = self.written else { return false };
        let place = places.get(at).map_or(usize::MAX, |place| *place as usize);
        written.get(place) != self.text.get(at)
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
