//! What a mask leaves of a value is no value of its own: `****12345678`.
//!
//! Asked only of what was found, and only where an action masks: beside four `*` or more, what is no longer than masks of the
//! configuration leave is the rest of one.

use std::ops::Range;

use super::mask::is_separator;

/// Fewest `*` that a mask has beside more than one character: of fewer than twelve a quarter stays, of others two thirds.
const STARS: usize = 4;
/// Bytes that a character may have, with a separator beside it.
const WIDEST: usize = 5;
/// Most bytes of a mask that are looked at.
const REACH: usize = 64;

/// The most characters that masks of a configuration leave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Shown {
    /// At the front.
    pub(super) first: usize,
    /// At the end.
    pub(super) last: usize,
}

impl Shown {
    /// Whether the value at `span` in `text` lies in what a mask left of one; of an address of e-mail the name before the `@`.
    pub(super) fn holds(self, text: &[u8], span: Range<usize>) -> bool {
        let name = text.get(span.clone()).and_then(|value| memchr::memchr(b'@', value));
        let named = span.start..name.map_or(span.end, |length| span.start + length);
        self.ends(text, &named) || self.begins(text, &span)
    }

    /// Whether `span` lies in the last characters of a value, behind the `*` of the others.
    fn ends(self, text: &[u8], span: &Range<usize>) -> bool {
        let floor = span.end.saturating_sub(self.last * WIDEST).min(span.start);
        let Some(before) = text.get(floor..span.start) else { return false };
        let Some(star) = before.iter().rposition(|byte| *byte == b'*') else { return false };
        let (stars, rest) = (floor + star + 1, text.get(floor + star + 1..span.end).unwrap_or_default());
        let ahead = text.get(span.end..).unwrap_or_default();
        let covered = text.get(stars.saturating_sub(REACH)..stars).unwrap_or_default();
        !is_starred(ahead.iter()) && is_rest(covered.iter().rev(), rest.iter(), span.start - stars, self.last)
    }

    /// Whether `span` lies in the first characters of a value, before the `*` of the others.
    fn begins(self, text: &[u8], span: &Range<usize>) -> bool {
        let most = (span.start + self.first * WIDEST).min(text.len());
        let Some(behind) = text.get(span.end..most) else { return false };
        let Some(star) = behind.iter().position(|byte| *byte == b'*') else { return false };
        let (stars, rest) = (span.end + star, text.get(span.start..span.end + star).unwrap_or_default());
        let before = text.get(..span.start).unwrap_or_default();
        let covered = text.get(stars..text.len().min(stars + REACH)).unwrap_or_default();
        !is_starred(before.iter().rev()) && is_rest(covered.iter(), rest.iter().rev(), star, self.first)
    }
}

/// Whether `rest`, read away from the mask `covered`, is what that left: at most `most` characters, with a value so far from it.
fn is_rest<'a>(
    covered: impl Iterator<Item = &'a u8>,
    rest: impl Iterator<Item = &'a u8> + Clone,
    distance: usize,
    most: usize,
) -> bool {
    let (stars, groups) = stars(covered);
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || is_separator(byte);
    let is_number = rest.clone().all(is_part);
    // Each character counts once, by its first byte.
    let counts = |byte: &&u8| (**byte & 0xc0) != 0x80 && !(is_number && is_separator(byte));
    let length = rest.clone().filter(counts).count();
    let is_apart = rest.clone().next() == Some(&b' ');
    let has_space = rest.clone().any(u8::is_ascii_whitespace);
    let is_digits = || rest.clone().all(|byte| byte.is_ascii_digit() || is_separator(byte));
    // `**** word` and `**** word 12` are said, `**** 4242` and `** *** word` are masked.
    let is_one = is_digits() || if is_apart { groups > 1 && distance == 1 } else { !has_space || distance == 0 };
    length <= most && stars >= if length == 1 { STARS - 1 } else { STARS } && is_one
}

/// Whether a `*` is the first byte, or stands behind a separator.
fn is_starred<'a>(mut text: impl Iterator<Item = &'a u8>) -> bool {
    let is_star = |byte: Option<&u8>| byte == Some(&b'*');
    let first = text.next();
    is_star(first) || first.is_some_and(is_separator) && is_star(text.next())
}

/// How many `*` there are at the start, with single separators between them, and in how many groups.
fn stars<'a>(text: impl Iterator<Item = &'a u8>) -> (usize, usize) {
    let (mut stars, mut groups, mut is_behind_star) = (0, 0, false);
    for byte in text {
        if *byte == b'*' {
            groups += usize::from(!is_behind_star);
            stars += 1;
        } else if !(is_behind_star && is_separator(byte)) {
            break;
        }
        is_behind_star = *byte == b'*';
    }
    (stars, groups)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_mask_leaves_is_told_from_a_value_beside_stars() {
        let shown = Shown { first: 8, last: 8 };
        for (text, value, expected) in [
            ("tel ****12345678", "12345678", true),
            ("tel ** ** * 12 34 56 78.", "12 34 56 78", true),
            ("pan **** **** **** 4242", "4242", true),
            ("00336123*****", "00336123", true),
            ("gps: 48.856614 *.******", "48.856614", true),
            ("48.8566;****** ok", "48.8566", true),
            (r"C:\Users\Ja** *** ***\x", "Ja", true),
            ("*********t@exa.fr", "t@exa.fr", true),
            ("***4", "4", true),
            ("oauth2:****-****abcd@gitlab.example", "abcd@gitlab.example", true),
            ("**jean@x.fr", "jean@x.fr", false),
            ("****jeannette@x.fr", "jeannette@x.fr", false),
            ("tel ***12345678", "12345678", false),
            ("tel ****123456789", "123456789", false),
            ("**** jean logged in", "jean", false),
            ("*** *** pin 1234", "1234", false),
            ("**** pin 1234", "1234", false),
            ("**** 12345678 ****", "12345678", false),
            ("**12345678**", "12345678", false),
            ("****12345678*", "12345678", false),
            ("jean ****", "jean", false),
            ("12345678", "12345678", false),
        ] {
            let start = text.find(value).expect("it is there");
            assert_eq!(shown.holds(text.as_bytes(), start..start + value.len()), expected, "{text}");
        }
        let none = Shown { first: 0, last: 4 };
        assert!(!none.holds(b"tel ****12345678", 8..16) && !none.holds(b"12345678****", 0..8));
    }
}
