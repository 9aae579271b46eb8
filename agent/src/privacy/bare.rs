//! Values that stand without quotes behind a name in them, as numbers in JSON do, alone or in a list: what is put in their place gets
//! the quotes of the name, so that the text can be read as before.

use std::ops::Range;

use crate::redact::{Fences, Spot};

/// Most spaces between a name and its colon, or the colon and the value.
const SPACES: usize = 8;

/// Its numbers are one value, of which the year may stay.
const BIRTH_DATE: &str = "birth_date";
/// Bytes of a name that ends with a mark in which the quote is looked for that opens it.
const NAME: usize = 64;
/// Most lists before a value that are looked at.
const LISTS: usize = 8;

/// Gives quotes for values of one text, one behind the other.
#[derive(Default)]
pub(super) struct Quotes {
    /// Where the last value ended.
    behind: usize,
    /// The list that the last value stands in, and the one in a string of which that is.
    list: Option<List>,
    outer: Option<List>,
}

/// A list behind a name, of numbers, strings and further lists and maps.
struct List {
    /// The quote of the name.
    quote: Range<usize>,
    /// How many brackets are open.
    open: usize,
    /// Whether a string is.
    is_within: bool,
}

/// What is put in the place of one value: once, or of several numbers for each of them, so that a list keeps its items.
pub(super) struct Fitted<'a> {
    /// Stands around each; empty if nothing does.
    pub(super) quote: &'a [u8],
    /// With the sign before a number.
    span: Range<usize>,
}

impl Fitted<'_> {
    /// The parts of `text` that each are replaced, where a value of `entity` was found: of several numbers each, but those of a date.
    pub(super) fn parts(&self, text: &[u8], entity: &str) -> impl Iterator<Item = Range<usize>> {
        let mut at = self.span.start;
        let text = text.get(..self.span.end).unwrap_or_default();
        let are_numbers = entity != BIRTH_DATE
            && !self.quote.is_empty()
            && text.get(at..).unwrap_or_default().iter().all(|byte| is_listed(*byte));
        let is_between = move |byte: &u8| are_numbers && (*byte == b',' || byte.is_ascii_whitespace());
        std::iter::from_fn(move || {
            at += text.get(at..)?.iter().take_while(|byte| is_between(byte)).count();
            let length = text.get(at..)?.iter().take_while(|byte| !is_between(byte)).count();
            at += length;
            (length > 0).then_some(at - length..at)
        })
    }
}

impl Quotes {
    /// What is put in the place of `text[span]`: in JSON with these `fences` they tell what stands without quotes.
    pub(super) fn fitting<'a>(&mut self, fences: Option<&Fences>, text: &'a [u8], span: Range<usize>) -> Fitted<'a> {
        let start = span.start;
        let fitted = self.around(text, span.clone());
        match fences.map_or(Spot::Elsewhere, |fences| fences.spot(start)) {
            Spot::Between(depth) => Fitted { quote: quote_at(depth), span },
            Spot::Within(depth) if !is_deeper(fitted.quote, depth) => Fitted { quote: &[], span },
            _ => fitted,
        }
    }

    /// The quote, with the backslashes before it, that belongs around what is put in the place of `text[span]`, which stands
    /// behind the last one, and the sign that belongs to it; no quote if none does.
    fn around<'a>(&mut self, text: &'a [u8], span: Range<usize>) -> Fitted<'a> {
        let (from, to) = (span.start, span.end);
        let gap = std::mem::replace(&mut self.behind, to)..from;
        let [outer, list] = [self.outer.take(), self.list.take()].map(|list| list?.behind(text, gap.clone()));
        (self.outer, self.list) = if list.is_some() { (outer, list) } else { (None, outer) };
        // A list may stand in a string of another one.
        if self.list.as_ref().is_none_or(|list| list.is_within)
            && let Some(inner) = List::begun(text, gap.clone())
        {
            self.outer = self.list.replace(inner);
        }
        let value = &text[span.clone()];
        let is_numbers = value.iter().all(|byte| is_listed(*byte));
        // Several members that are hidden as one begin without a quote too.
        let is_bare = is_numbers || value.contains(&b'"');
        let is_whole = matches!(text.get(to), None | Some(b',' | b'}' | b']' | b' ' | b'\r' | b'\n'));
        if !is_bare || !is_whole {
            return Fitted { quote: &[], span };
        }
        let start = from - usize::from(is_numbers && text[gap.clone()].ends_with(b"-"));
        if let Some(quote) = quote_of_name(&text[..start]) {
            let is_one = !value.iter().any(|byte| *byte == b',' || byte.is_ascii_whitespace());
            return if is_numbers && !is_one {
                Fitted { quote: &[], span }
            } else {
                Fitted { quote: &text[quote], span: start..to }
            };
        }
        let before = text[gap.start..start].trim_ascii_end();
        let is_item = is_numbers && matches!(before.last(), Some(b'[' | b','));
        match self.list.as_ref().filter(|list| is_item && !list.is_within) {
            Some(list) => Fitted { quote: &text[list.quote.clone()], span: start..to },
            None => Fitted { quote: &[], span },
        }
    }
}

impl List {
    /// The last list that opens in `gap` and is open at its end, behind at most so many others.
    fn begun(text: &[u8], gap: Range<usize>) -> Option<Self> {
        let places = memchr::memrchr_iter(b'[', &text[gap.clone()]).map(|place| gap.start + place);
        let named = places.filter_map(|place| Some((place, quote_of_name(&text[..place])?)));
        named
            .take(LISTS)
            .find_map(|(place, quote)| Self { quote, open: 0, is_within: false }.behind(text, place..gap.end))
    }

    /// The list behind `gap`; `None` if it ends there, or is none.
    fn behind(mut self, text: &[u8], gap: Range<usize>) -> Option<Self> {
        let mut at = gap.start;
        while at < gap.end {
            let length = if self.is_within { self.string(text, at..gap.end) } else { self.between(text, at..gap.end)? };
            at += length;
            if self.open == 0 {
                return None;
            }
        }
        Some(self)
    }

    /// How far a string goes on within `span`, with its quote if that is there.
    fn string(&mut self, text: &[u8], span: Range<usize>) -> usize {
        let Some(place) = memchr::memchr(text[self.quote.end - 1], &text[span.clone()]) else { return span.len() };
        // In a string within strings 2ⁿ − 1 of the backslashes belong to a quote, and those before them to the string.
        let (slashes, own) = (slashes_before(&text[..span.start + place]), self.quote.len() - 1);
        self.is_within = slashes != own && (1 << slashes.trailing_ones()) - 1 != own;
        place + 1
    }

    /// How long what `span` begins with between strings is; `None` if no list goes on so.
    fn between(&mut self, text: &[u8], span: Range<usize>) -> Option<usize> {
        let behind = &text[span];
        match behind[0] {
            b'[' | b'{' => self.open += 1,
            b']' | b'}' => self.open = self.open.checked_sub(1)?,
            byte if byte == text[self.quote.end - 1] => self.is_within = true,
            byte if is_listed(byte) || matches!(byte, b':' | b'\\') => {}
            _ => return word_length(behind),
        }
        Some(1)
    }
}

/// The quote of strings in JSON that is within so many of them.
fn quote_at(depth: u32) -> &'static [u8] {
    const DEEPEST: &[u8] = br#"\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\""#;
    let length = 1_usize.checked_shl(depth).unwrap_or_default();
    DEEPEST.len().checked_sub(length).and_then(|start| DEEPEST.get(start..)).unwrap_or_default()
}

/// Whether `quote` may stand in a string of JSON that is within so many others.
fn is_deeper(quote: &[u8], depth: u32) -> bool {
    quote.ends_with(b"'") || quote.len() > quote_at(depth).len()
}

/// How long the word is that `text` begins with, as JSON has them without quotes.
fn word_length(text: &[u8]) -> Option<usize> {
    [&b"true"[..], b"false", b"null", b"True", b"False", b"None"]
        .iter()
        .find_map(|word| text.starts_with(word).then_some(word.len()))
}

fn slashes_before(text: &[u8]) -> usize {
    text.iter().rev().take_while(|byte| **byte == b'\\').count()
}

/// Whether numbers in a list, and what stands between them, are made of this.
fn is_listed(byte: u8) -> bool {
    byte.is_ascii_digit() || byte.is_ascii_whitespace() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E' | b',')
}

/// Where the quote lies, with the backslashes before it, of the name and its colon that `text` ends with.
fn quote_of_name(text: &[u8]) -> Option<Range<usize>> {
    let name = without_spaces(text).strip_suffix(b":")?;
    let (mark @ (b'"' | b'\''), inside) = without_spaces(name).split_last()? else { return None };
    let slashes = inside.iter().rev().take_while(|byte| **byte == b'\\').count();
    let (name, quote) = (&inside[..inside.len() - slashes], inside.len() - slashes..inside.len() + 1);
    let is_part = |byte: &u8| !byte.is_ascii_punctuation() || *byte == b'_';
    (name.last().is_some_and(is_part) || opens_member(name, &text[quote.clone()], *mark)).then_some(quote)
}

/// Whether the last `quote`, with this mark, that `text` holds opens the name of a member.
fn opens_member(text: &[u8], quote: &[u8], mark: u8) -> bool {
    let Some(before) = memchr::memrchr(mark, &text[text.len().saturating_sub(NAME)..]) else { return false };
    let before = &text[..text.len() - text.len().min(NAME) + before];
    let Some(before) = before.strip_suffix(&quote[..quote.len() - 1]) else { return false };
    matches!(without_spaces(before).last(), Some(b'{' | b','))
}

fn without_spaces(text: &[u8]) -> &[u8] {
    let spaces = text.iter().rev().take(SPACES).take_while(|byte| **byte == b' ').count();
    &text[..text.len() - spaces]
}

#[cfg(test)]
mod tests {
    use super::Quotes;

    #[test]
    fn what_stands_for_a_number_in_json_gets_the_quotes_of_its_name() {
        let cases: &[(&str, &str)] = &[
            ("{\"pin\":[[1234]],\"a\":1}", "\""),
            ("{\"lat\" : [[-48.85]]}", "\""),
            ("{\\\"pin\\\": [[1234]]}", "\\\""),
            ("{'pin': [[1234]]}", "'"),
            ("{\"a\":[[true,\"v\":\"hunter22x]]}", "\""),
            ("{\"pin\":\"[[1234]]\"}", ""),
            ("pin:[[1234]],", ""),
            ("\"pin\"=[[1234]]", ""),
            ("{\"pin\":[[1234]]abc", ""),
            ("{\"pin\":[[hunter22x]]}", ""),
            ("\"\":[[1234]]", ""),
            ("{\"card?\":[[1234]]} y", "\""),
            ("{\\\"a\\\":1,\\\"card: \\\": [[1234]]} y", "\\\""),
            ("{\"\":[[1234]]} y", "\""),
            ("{\"m\":\": [[1234]] x\"}", ""),
            ("{\"m\":\"a?\\\": [[1234]] x\"}", ""),
        ];
        for (text, quote) in cases {
            let (from, to) = (text.find("[[").expect("it is marked"), text.find("]]").expect("it is marked") - 2);
            let text = text.replace("[[", "").replace("]]", "");
            let fitted = Quotes::default().around(text.as_bytes(), from..to);
            assert_eq!(String::from_utf8_lossy(fitted.quote), *quote, "{text}");
        }
    }

    /// `text` with `x` in the place of each value that is marked.
    fn hidden(text: &str) -> String {
        let (mut quotes, mut plain, mut places) = (Quotes::default(), String::new(), Vec::new());
        for piece in text.split("»") {
            let (before, value) = piece.split_once("«").unwrap_or((piece, ""));
            plain += before;
            places.push(plain.len()..plain.len() + value.len());
            plain += value;
        }
        let (mut out, mut copied) = (String::new(), 0);
        for place in places.iter().filter(|place| !place.is_empty()) {
            let fitted = quotes.around(plain.as_bytes(), place.clone());
            let quote = String::from_utf8_lossy(fitted.quote);
            for part in fitted.parts(plain.as_bytes(), "gps") {
                out += &format!("{}{quote}x{quote}", plain.get(copied..part.start).expect("it is text"));
                copied = part.end;
            }
        }
        out + plain.get(copied..).expect("it is text")
    }

    #[test]
    fn what_stands_for_numbers_in_a_list_gets_the_quotes_of_its_name() {
        for (text, expected) in [
            ("{\"cards\":[«4111»]}", "{\"cards\":[\"x\"]}"),
            ("{\"cards\": [1, «4111»,\n 2,«4222» , 3],\"a\":1}", "{\"cards\": [1, \"x\",\n 2,\"x\" , 3],\"a\":1}"),
            ("{\\\"cards\\\":[«4111»]}", "{\\\"cards\\\":[\\\"x\\\"]}"),
            ("{\"at\":[[«2.35,48.85»],[1,«2.35, 48.86»]]}", "{\"at\":[[\"x\",\"x\"],[1,\"x\", \"x\"]]}"),
            (
                "{\\\"n\\\":-«4111»,\\\"a\\\":[1,-«2.5,-1», -«4»]}",
                "{\\\"n\\\":\\\"x\\\",\\\"a\\\":[1,\\\"x\\\",\\\"x\\\", \\\"x\\\"]}",
            ),
            ("{\"a\":[«1»,\"{\\\"b\\\":[«2»]}\",«4»]}", "{\"a\":[\"x\",\"{\\\"b\\\":[\\\"x\\\"]}\",\"x\"]}"),
            ("{\"a\":[«4111»],\"b\":[«4222»],\"c\":«5»}", "{\"a\":[\"x\"],\"b\":[\"x\"],\"c\":\"x\"}"),
            ("{\"a\":[1], «4111», [«4222»]}", "{\"a\":[1], x, [x]}"),
            ("{\"a\":[«4111»]} «4222», [«4333»]", "{\"a\":[\"x\"]} x, [x]"),
            ("{\"cards\":[\"«4111»\",1]}", "{\"cards\":[\"x\",1]}"),
            ("{\"pin\":[\"«a»\",«1»]}", "{\"pin\":[\"x\",\"x\"]}"),
            ("{\"pin\":[true, \"«a]»\", null, «1»,[«2»]]}", "{\"pin\":[true, \"x\", null, \"x\",[\"x\"]]}"),
            ("{\"pin\":[{\"a\":«1»,\"b,\":\"c\"},«2»]}", "{\"pin\":[{\"a\":\"x\",\"b,\":\"c\"},\"x\"]}"),
            ("{\\\"pin\\\":[\\\"«a\\\\\\\"b»\\\",«1»]}", "{\\\"pin\\\":[\\\"x\\\",\\\"x\\\"]}"),
            ("{\\\"pin\\\":[\\\"a\\\\\\\\\\\",«1»]}", "{\\\"pin\\\":[\\\"a\\\\\\\\\\\",\\\"x\\\"]}"),
            (
                "{\\\"a\\\":[\\\"{\\\\\\\"b\\\\\\\":[]}\\\",«1»]}",
                "{\\\"a\\\":[\\\"{\\\\\\\"b\\\\\\\":[]}\\\",\\\"x\\\"]}",
            ),
            ("{\"pin\":[\"b, «1»\",«2»]}", "{\"pin\":[\"b, x\",\"x\"]}"),
            ("{\"pin\":[\"«a»\"], «1»}", "{\"pin\":[\"x\"], x}"),
            ("cards:[«4111»] [«4222»] \"a\":[no «4111»]", "cards:[x] [x] \"a\":[no x]"),
            ("{\"a\":[1 «4111»,x-«4222»,«4333»x]}", "{\"a\":[1 x,x-x,xx]}"),
            ("\"lat\": «2.35,48.85» \"a\":1,[«4111»]", "\"lat\": x \"a\":1,[x]"),
        ] {
            assert_eq!(hidden(text), expected, "{text}");
        }
    }
}
