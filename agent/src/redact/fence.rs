//! Where the strings of a text in JSON lie, and of JSON in them: no value goes on behind the quote that closes the string in which it
//! begins.

use std::ops::Range;

use super::Finding;
use super::filter::head;
use super::level::{Level, whole_codes};
use super::scanner::Pass;

/// Most brackets with which JSON may begin behind other text.
const BEGINNINGS: usize = 4;

/// Bytes of a string with what stands around it, as most are or longer.
const STRING: usize = 8;
/// Strings that are read to tell whether a mark stands in one.
const STRINGS: usize = 8;
/// Times eight bytes of a string that are read before it is known to be long.
const WORDS: usize = 4;

/// One string.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fence {
    /// Where its inside begins.
    start: u32,
    /// Where its closing quote stands.
    end: u32,
    /// Bytes of its quotes, which may be written in codes.
    opening: u8,
    closing: u8,
    /// Whether it names a member of an object.
    is_key: bool,
}

/// Where something stands in a text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Spot {
    /// In JSON between strings, so many strings deep.
    Between(u32),
    /// In a string, so many strings deep, the innermost of JSON.
    Within(u32),
    /// In no JSON.
    Elsewhere,
}

impl Fence {
    /// Whether all of `span` stands in it.
    fn holds(&self, span: &Range<usize>) -> bool {
        self.start as usize <= span.start && span.end <= self.end as usize
    }

    /// Where its opening quote stands.
    fn open(&self) -> usize {
        self.start as usize - usize::from(self.opening)
    }

    /// What stands behind its closing quote.
    fn behind(&self) -> usize {
        self.end as usize + usize::from(self.closing)
    }

    /// The same string, which stands in the text of `level`, where it was written.
    fn written(self, level: &Level<'_>) -> Self {
        let [open, start, end, behind] =
            [self.open(), self.start as usize, self.end as usize, self.behind()].map(|at| level.place(at));
        Self { start, end, opening: (start - open) as u8, closing: (behind - end) as u8, ..self }
    }
}

/// The strings of one text in JSON.
#[derive(Debug)]
pub struct Fences {
    /// Where the JSON begins and ends.
    begin: usize,
    end: usize,
    /// How many strings are around it.
    depth: u32,
    strings: Vec<Fence>,
    /// The JSON in them, by their numbers.
    inner: Vec<(usize, Self)>,
}

impl Fences {
    /// Those of `text` if it is JSON of at most 4 GiB, or ends with an object or a list of JSON that holds strings. The inside of a JSON
    /// string is one string.
    pub fn of(text: &[u8], is_escaped: bool) -> Option<Self> {
        let end = u32::try_from(text.len()).ok()?;
        let level = Level::of(text);
        if !is_escaped {
            return Self::at(&level);
        }
        let inner = level.inner(0..text.len()).map(|inner| (0, inner)).into_iter().collect();
        let string = Fence { start: 0, end, opening: 0, closing: 0, is_key: false };
        Some(Self { begin: 0, end: text.len(), depth: 0, strings: vec![string], inner })
    }

    /// Those of the JSON with which the text of `level` ends.
    pub(super) fn at(level: &Level<'_>) -> Option<Self> {
        let text = level.text.trim_ascii_end();
        if !matches!(text.last(), Some(b'}' | b']')) {
            return None;
        }
        let first = text.len() - text.trim_ascii_start().len();
        let (begin, mut strings) = memchr::memchr2_iter(b'{', b'[', text).take(BEGINNINGS).find_map(|begin| {
            let strings = strings(text, begin)?;
            let is_json = !strings.is_empty() || begin == first && are_constants(text);
            is_json.then_some((begin, strings))
        })?;
        let values = strings.iter().enumerate().filter(|(_, string)| !string.is_key);
        let inner = values
            .filter_map(|(at, string)| Some((at, level.inner(string.start as usize..string.end as usize)?)))
            .collect();
        if level.depth > 0 {
            strings.iter_mut().for_each(|string| *string = string.written(level));
        }
        let [begin, end] = [begin, text.len()].map(|at| level.place(at) as usize);
        Some(Self { begin, end, depth: level.depth, strings, inner })
    }

    /// The number of the first string that does not end before `at`.
    fn number(&self, at: usize) -> usize {
        self.strings.partition_point(|string| (string.end as usize) < at)
    }

    /// The string in which `at` lies, with its number.
    fn string(&self, at: usize) -> Option<(usize, &Fence)> {
        let number = self.number(at);
        self.strings.get(number).filter(|string| string.start as usize <= at).map(|string| (number, string))
    }

    /// The JSON in the string of this number.
    fn inner(&self, number: usize) -> Option<&Self> {
        let at = self.inner.binary_search_by_key(&number, |(string, _)| *string).ok()?;
        self.inner.get(at).map(|(_, inner)| inner)
    }

    /// The same if `at` lies in it.
    fn inner_at(&self, number: usize, at: usize) -> Option<&Self> {
        self.inner(number).filter(|inner| inner.begin < at && at < inner.end)
    }

    /// The innermost string in which `at` lies, if that is in no JSON within it.
    fn holding(&self, at: usize) -> Option<&Fence> {
        let (number, string) = self.string(at)?;
        self.inner_at(number, at).map_or(Some(string), |inner| inner.holding(at))
    }

    /// Where `at` lies.
    pub fn spot(&self, at: usize) -> Spot {
        match self.string(at) {
            Some((number, _)) => self.inner_at(number, at).map_or(Spot::Within(self.depth), |inner| inner.spot(at)),
            None if at > self.begin => Spot::Between(self.depth),
            None => Spot::Elsewhere,
        }
    }

    /// Makes what was `found` in `text`, in order, such that JSON stays JSON when it is replaced, at each depth: what goes over the ends
    /// of strings becomes the parts of it that are values, numbers are taken whole, and no code is cut.
    pub fn fit(&self, text: &[u8], found: &mut Vec<Finding>) {
        let mut fitted = Vec::with_capacity(found.len());
        for one in found.iter() {
            let (start, end) = (one.start as usize, one.end as usize);
            if start == 0 && end == text.len() {
                push(*one, start..end, &mut fitted);
                continue;
            }
            if start < self.begin {
                push(*one, start..end.min(self.begin), &mut fitted);
            }
            self.pieces(text, *one, start..end, &mut fitted);
        }
        *found = fitted;
    }

    /// Appends the parts of `one` at `span` that are values.
    fn pieces(&self, text: &[u8], one: Finding, span: Range<usize>, fitted: &mut Vec<Finding>) {
        let mut at = span.start.max(self.begin);
        while at < span.end {
            let number = self.number(at);
            let string = self.strings.get(number);
            let Some(string) = string.filter(|string| string.start as usize <= at) else {
                let end = string.map_or(text.len(), Fence::open);
                numbers(text, at..span.end.min(end), |number| push(one, number, fitted));
                at = string.map_or(text.len(), |string| string.start as usize);
                continue;
            };
            if !string.is_key || string.holds(&span) {
                self.pieces_within((number, string), text, (one, at..span.end.min(string.end as usize)), fitted);
            }
            at = string.behind();
        }
    }

    /// Appends the parts of a finding, within this string, that are values.
    fn pieces_within(
        &self,
        (number, string): (usize, &Fence),
        text: &[u8],
        (one, span): (Finding, Range<usize>),
        fitted: &mut Vec<Finding>,
    ) {
        let put = |span: Range<usize>, fitted: &mut Vec<Finding>| {
            if span.start < span.end {
                let string = string.start as usize..string.end as usize;
                push(one, whole_codes(text, string, self.depth, span), fitted);
            }
        };
        match self.inner(number) {
            // Of what is hidden whole nothing is left to be read.
            Some(inner) if span.start > inner.begin || span.end < inner.end => {
                put(span.start..span.end.min(inner.begin), fitted);
                inner.pieces(text, one, span.start..span.end.min(inner.end), fitted);
                put(span.start.max(inner.end)..span.end, fitted);
            }
            _ => put(span, fitted),
        }
    }
}

/// The strings of the JSON that begins at `begin` and ends with `text`.
fn strings(text: &[u8], begin: usize) -> Option<Vec<Fence>> {
    let (mut at, mut strings) = (begin, Vec::with_capacity(text.len() / STRING));
    while let Some(length) = text.get(at..)?.iter().position(|byte| !is_between(*byte)) {
        let quote = at + length;
        let end = if text[quote] == b'"' { string_end(text, quote + 1)? } else { return None };
        at = end + 1;
        let is_key = text.get(at..)?.trim_ascii_start().starts_with(b":");
        strings.push(Fence { start: (quote + 1) as u32, end: end as u32, opening: 1, closing: 1, is_key });
    }
    Some(strings)
}

/// Appends the part of `one` at `span` that is not covered yet.
fn push(one: Finding, span: Range<usize>, fitted: &mut Vec<Finding>) {
    let start = fitted.last().map_or(0, |last| last.end).max(span.start as u32);
    let end = span.end as u32;
    if start < end {
        fitted.push(Finding { start, end, ..one });
    }
}

/// Whether `byte` may stand between strings.
#[inline(always)]
fn is_between(byte: u8) -> bool {
    const BETWEEN: [bool; 256] = {
        let (mut between, marks, mut at) = ([false; 256], b"0123456789-+.{}[],:truefalsnE \t\n\r\x0c", 0);
        while at < marks.len() {
            between[marks[at] as usize] = true;
            at += 1;
        }
        between
    };
    BETWEEN[usize::from(byte)]
}

fn is_number(byte: u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E')
}

/// Whether what stands between the brackets of `text`, which no string is in, is written as in JSON: `[192.0.2.1]` is not.
fn are_constants(text: &[u8]) -> bool {
    let is_mark = |byte: &u8| byte.is_ascii_whitespace() || b"{}[],:".contains(byte);
    let is_number = |word: &[u8]| {
        let digits = word.strip_prefix(b"-").unwrap_or(word);
        let is_plain = matches!(digits, [b'1'..=b'9', ..] | [b'0'] | [b'0', b'.', ..]);
        is_plain && std::str::from_utf8(word).is_ok_and(|word| word.parse::<f64>().is_ok())
    };
    text.split(is_mark).all(|word| matches!(word, b"" | b"true" | b"false" | b"null") || is_number(word))
}

/// Whether a colon at `at` stands in no string of JSON, as the quotes beside it tell: `"name":"value"`. Were it in one, that would be all of
/// it, and what stands behind its closing quote would be in none.
fn is_between_strings(text: &[u8], at: usize) -> bool {
    let Some((before, [b':', behind @ ..])) = text.split_at_checked(at) else { return false };
    let [.., last, b'"'] = before else { return false };
    let [b'"', value @ ..] = behind.strip_prefix(b" ").unwrap_or(behind) else { return false };
    *last != b'\\' && are_no_strings(value)
}

/// Whether `text`, which stands behind the closing quote of a string, does not go on as JSON does.
fn are_no_strings(mut text: &[u8]) -> bool {
    for _ in 0..STRINGS {
        let Some(place) = text.iter().position(|byte| !is_between(*byte)) else { return false };
        let end = if text[place] == b'"' { string_end(text, place + 1) } else { None };
        let Some(end) = end else { return true };
        text = &text[end + 1..];
    }
    false
}

/// Where the quote stands that closes the string whose inside begins at `start`.
fn string_end(text: &[u8], start: usize) -> Option<usize> {
    let mut at = start;
    loop {
        at = next_mark(text, at)?;
        match text.get(at)? {
            b'"' => return Some(at),
            b'\\' => at += 2,
            _ => return None,
        }
    }
}

/// Where the first quote, backslash or end of a line stands from `at` on. Most strings are short.
#[inline(always)]
fn next_mark(text: &[u8], mut at: usize) -> Option<usize> {
    for _ in 0..WORDS {
        let marks = marks(head(text.get(at..)?, 0));
        if marks != 0 {
            return Some(at + marks.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    memchr::memchr3(b'"', b'\\', b'\n', text.get(at..)?).map(|length| at + length)
}

/// The quotes, backslashes and ends of lines among eight bytes, as the high bits of these, up to the first one; bits behind that tell
/// nothing.
#[inline(always)]
fn marks(bytes: u64) -> u64 {
    const EACH: u64 = 0x0101_0101_0101_0101;
    let zeros = |bytes: u64| bytes.wrapping_sub(EACH) & !bytes;
    let of = |mark: u8| zeros(bytes ^ (EACH * u64::from(mark)));
    (of(b'"') | of(b'\\') | of(b'\n')) & EACH << 7
}

/// Gives the numbers that begin or end within `span`, which no string is in; those with nothing but commas between them as one.
fn numbers(text: &[u8], span: Range<usize>, mut each: impl FnMut(Range<usize>)) {
    let is_listed = |byte: &u8| is_number(*byte) || *byte == b',' || byte.is_ascii_whitespace();
    let mut at = span.start;
    let within = text.get(span.clone()).unwrap_or_default();
    for list in within.split(|byte| !is_listed(byte)) {
        // The last letter of `true` is none of a number.
        let is_edge = |byte: &u8| matches!(byte, b',' | b'e') || byte.is_ascii_whitespace();
        let first = list.iter().position(|byte| !is_edge(byte));
        let last = list.iter().rposition(|byte| !is_edge(byte));
        if let (Some(first), Some(last), true) = (first, last, list.iter().any(u8::is_ascii_digit)) {
            let before = text.get(..at + first).unwrap_or_default();
            let behind = text.get(at + last + 1..).unwrap_or_default();
            let back = before.iter().rev().take_while(|byte| is_number(**byte)).count();
            let ahead = behind.iter().take_while(|byte| is_number(**byte)).count();
            each(at + first - back..at + last + 1 + ahead);
        }
        at += list.len() + 1;
    }
}

impl Pass<'_> {
    /// Where the string ends in which the mark at `at` stands, if what was found behind it, from finding `first` on, goes over that
    /// end or is the name of a member.
    #[inline]
    pub(super) fn end_passed(&mut self, at: usize, first: usize) -> Option<usize> {
        let end = self.found.get(first..)?.iter().map(|one| one.end as usize).max()?;
        memchr::memchr(b'"', self.text.get(at..end)?)?;
        self.end_of_string(at, first)
    }

    /// Whether `span` goes over no end of a string, if the text is JSON.
    pub(super) fn is_within_string(&mut self, span: &Range<usize>) -> bool {
        let (text, written, is_escaped) = (self.text, self.written, self.is_escaped);
        let place = |at: usize| written.map_or(at, |(_, places)| places.get(at).map_or(at, |place| *place as usize));
        let span = place(span.start)..place(span.end);
        let fences = self.fences.get_or_insert_with(|| Fences::of(written.map_or(text, |(text, _)| text), is_escaped));
        let Some(fences) = fences else { return true };
        fences.holding(span.start).is_none_or(|string| string.holds(&span))
    }

    #[inline(never)]
    fn end_of_string(&mut self, at: usize, first: usize) -> Option<usize> {
        let (text, written, is_escaped) = (self.text, self.written, self.is_escaped);
        let place = |at: usize| written.map_or(at, |(_, places)| places.get(at).map_or(at, |place| *place as usize));
        let text = written.map_or(text, |(text, _)| text);
        // Most members of objects need no look at the others.
        if !is_escaped && is_between_strings(text, place(at)) {
            return None;
        }
        let fences = self.fences.get_or_insert_with(|| Fences::of(text, is_escaped)).as_ref()?;
        let here = fences.holding(place(at))?;
        let fits = |one: &Finding| {
            let span = place(one.start as usize)..place(one.end as usize);
            match fences.holding(span.start) {
                Some(string) => string.holds(&span) && (string.start == here.start || !string.is_key),
                // The next item of the list.
                None => text.get(here.behind()..span.start).is_some_and(|between| between.trim_ascii() == b","),
            }
        };
        if self.found.get(first..)?.iter().all(fits) {
            return None;
        }
        let end = here.end as usize;
        let end = written.map_or(end, |(_, places)| places.partition_point(|place| (*place as usize) < end));
        (at < end && end < self.text.len()).then_some(end)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn colons_between_strings_are_in_none(text in r#"([{\[]|"|":|":|:"|,|\\|[a-z1 ]{1,3}){2,20}[}\]]"#) {
            let text = text.as_bytes();
            let fences = Fences::of(text, false);
            for at in (0..text.len()).filter(|at| is_between_strings(text, *at)) {
                prop_assert!(fences.as_ref().is_none_or(|fences| fences.holding(at).is_none()), "{} of {}", at, text.escape_ascii());
            }
        }
    }

    #[test]
    fn a_member_is_told_by_its_quotes() {
        let is_between = |text: &str| is_between_strings(text.as_bytes(), text.find(':').unwrap_or_default());
        assert!(is_between(r#"{"user":"jane"}"#) && is_between(r#"{"user": "jane"}"#));
        assert!(
            is_between(r#"{"user":"ee"}"#) && is_between(r#"{"user":"ee","a":"jane"}"#) && is_between(r#"{"user":""}"#)
        );
        for text in [r#"{"user":"ee"e"}"#, r#"{"user":1}"#, r#"{"a\":"jane"}"#, r#"{"a:b":"jane"}"#, r#":"x"#] {
            assert!(!is_between(text), "{text}");
        }
    }

    /// `text` without its marks, and what they stand around.
    fn marked(text: &str) -> (String, Vec<Finding>) {
        let (mut plain, mut found) = (String::new(), Vec::new());
        for piece in text.split('»') {
            let (before, value) = piece.split_once('«').unwrap_or((piece, ""));
            let start = (plain.len() + before.len()) as u32;
            plain = plain + before + value;
            found.push(Finding { start, end: plain.len() as u32, detector: 0, score: 0 });
        }
        found.retain(|one| one.start < one.end);
        (plain, found)
    }

    #[test]
    fn findings_become_the_values_that_they_cover() {
        for (text, expected) in [
            (r#"{"a":"x «y","b":12,"c":"z»"}"#, r#"{"a":"x «y»","b":«12»,"c":"«z»"}"#),
            (r#"{"a":"x «","b»":true}"#, r#"{"a":"x ","b":true}"#),
            (r#"{"a«b":"c","d»":1}"#, r#"{"ab":"«c»","d":1}"#),
            (r#"{"«ab»":-«1»23.5,"c":[«1,2]»}"#, r#"{"«ab»":«-123.5»,"c":[«1,2»]}"#),
            (r#"{"a":"\«n1» x\u00«e9 y\»" z"}"#, r#"{"a":"«\n1» x«\u00e9 y»\" z"}"#),
            (r#"{"a":["b",tru«e,-1.5]»}"#, r#"{"a":["b",true,«-1.5»]}"#),
            (r#"{"a":["b",«1,false,2]»}"#, r#"{"a":["b",«1»,false,«2»]}"#),
            (r#"«x» {"a":«[{}],»"b":"c"}"#, r#"«x» {"a":[{}],"b":"c"}"#),
        ] {
            let (plain, mut found) = marked(text);
            let (same, wanted) = marked(expected);
            assert_eq!(plain, same);
            Fences::of(plain.as_bytes(), false).expect("it is JSON").fit(plain.as_bytes(), &mut found);
            assert_eq!(found, wanted, "{text}");
        }
    }

    #[test]
    fn only_json_has_fences() {
        for text in [
            "",
            "{",
            "[INFO] x]",
            "[5\" disk]",
            "password={\"a}",
            "{\"a\n\":1}",
            "{'a':1}",
            "{\"a\":\"b",
            "[192.0.2.1]",
            "[012]",
            "x [1]",
        ] {
            assert!(Fences::of(text.as_bytes(), false).is_none(), "{text}");
        }
        for text in ["{}", " [1] ", "{\"a\":\"\\\"\"}\n", "[INFO] x {\"a\":1}", "x [1,[\"a\"]]"] {
            assert!(Fences::of(text.as_bytes(), false).is_some(), "{text}");
        }
    }
}
