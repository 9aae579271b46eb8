//! Values in brackets behind a name: `"password": ["x"]`, `"token": {"value": "x"}`.

use std::ops::Range;
use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::Group;
use super::ends::Kind;
use super::pairs::{LISTED, QUOTED};
use super::quote::{Quote, SLASHES, slashes_ahead, slashes_before};
use super::scanner::Pass;
use super::secret::named::is_nothing;
use super::token::own_length;
use super::value::{Value, spaces};

/// Bytes behind an opening bracket among which the first value is looked for.
const REACH: usize = 128;
/// The same behind the name of a password, as long as no more than the length of the text is read so.
const FAR: usize = 4 << 10;
/// Most brackets and spaces before the number of a member.
const NESTED: usize = 8;
/// Values that are asked for.
const ASKED: usize = 4;
/// Longest name of a member that is left, in bytes, and most digits in one with letters.
const NAME: usize = 64;
const DIGITS: usize = 4;
/// Where the hyphens stand in an identifier of 36 characters.
const HYPHENS: [usize; 4] = [8, 13, 18, 23];
/// The name of a member that is looked for in all that opens behind names of secrets.
static TYPE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"type"));
/// What the member `type` of a description says.
pub(super) const TYPES: &[&[u8]] =
    &[b"string", b"object", b"array", b"number", b"integer", b"boolean", b"keyword", b"text", b"password", b"null"];
/// Names of members that hold a value, whatever else describes it.
static VALUES: LazyLock<[Finder<'static>; 6]> =
    LazyLock::new(|| [&b"value"[..], b"v", b"data", b"default", b"const", b"example"].map(Finder::new));

/// A string in brackets.
pub(super) struct Within {
    pub(super) span: Range<usize>,
    /// Behind its closing quote.
    pub(super) end: usize,
    /// Where the value begins behind it, if it is a name.
    value: Option<usize>,
}

/// What stands at some place in brackets.
enum Item {
    Value(Range<usize>),
    /// The name of a member.
    Name(Range<usize>),
    Nothing,
}

/// Strings in brackets that were asked for in vain, with all further ones up to some place: behind many names one after the other each
/// is asked for once.
#[derive(Debug)]
struct Strings {
    detector: u16,
    /// The backslashes before each quote.
    slashes: usize,
    /// Where the first one begins, and behind the last one.
    first: usize,
    end: usize,
    /// Where strings begin, counted from the first one, as bits, and those of them that are no names.
    starts: u128,
    values: u128,
}

impl Strings {
    /// None.
    const NONE: Self = Self { detector: 0, slashes: 0, first: 0, end: 0, starts: 0, values: 0 };

    /// None so far, of those from `quote` on.
    fn begin(detector: u16, quote: Quote) -> Self {
        Self { detector, slashes: quote.slashes, first: quote.start, ..Self::NONE }
    }

    /// How many strings that are no names were asked for from `quote` on, and behind the last one, if all these were asked for as values
    /// of `detector`. Those before it are forgotten then.
    fn behind(&mut self, detector: u16, quote: Quote) -> Option<(usize, usize)> {
        let place = quote.start.checked_sub(self.first).filter(|place| *place < 128)?;
        if self.detector != detector || !self.has_kind(quote) || self.starts >> place & 1 == 0 {
            return None;
        }
        (self.first, self.starts, self.values) = (quote.start, self.starts >> place, self.values >> place);
        Some((self.values.count_ones() as usize, self.end))
    }

    /// Notes the string that `quote` opens, which ends before `end`.
    fn note(&mut self, quote: Quote, end: usize, is_name: bool) {
        if quote.count != 1 {
            // Of those before it not all would be known.
            return *self = Self::begin(self.detector, quote);
        }
        if !self.has_kind(quote) || quote.start - self.first >= 128 {
            *self = Self::begin(self.detector, quote);
        }
        let bit = 1 << (quote.start - self.first);
        self.starts |= bit;
        self.values |= if is_name { 0 } else { bit };
        self.end = end;
    }

    /// Whether a quote is told from others of these by its place alone.
    fn has_kind(&self, quote: Quote) -> bool {
        quote.count == 1 && quote.slashes == self.slashes
    }
}

/// What was asked for behind brackets.
#[derive(Debug)]
pub(super) struct AskedFor {
    strings: [Strings; 2],
    /// Bytes far behind brackets that were looked through for the first value in them.
    far: usize,
}

impl AskedFor {
    /// Notes the string that `quote` opens, which ends before `end`, among those that are `known`, or as the first one.
    fn note(&mut self, known: &mut Option<usize>, detector: u16, (quote, end): (Quote, usize), is_name: bool) {
        let at = *known.get_or_insert_with(|| {
            self.strings.swap(0, 1);
            self.strings[0] = Strings::begin(detector, quote);
            0
        });
        self.strings[at].note(quote, end, is_name);
    }
}

impl Default for AskedFor {
    fn default() -> Self {
        Self { strings: [Strings::NONE; 2], far: 0 }
    }
}

impl Pass<'_> {
    /// The value in the brackets that open at `start`, which no token stands in: of a secret all that stands in them if any of the first
    /// items is one, else the first string, if nothing stands before it.
    pub(super) fn bracketed(&mut self, start: usize, detector: u16) -> Option<Value> {
        let is_list = self.byte(start) == b'[';
        // All of the first names that somebody has are in one list.
        let is_name = is_list && self.engine.own.person_name == Some(detector);
        let is_secret = self.engine.detector(detector).group == Group::Secret || is_name;
        let is_one = is_list || is_secret && self.byte(start) == b'{';
        // What stands in brackets that were looked through was kept.
        if !is_one || is_secret && start < self.items_end {
            return None;
        }
        // Cookies are names and values, so that numbers before them are none.
        let is_cookie = self.engine.own.cookie == Some(detector);
        let is_inside = |byte: &&u8| match byte {
            b'[' | b'{' | b' ' => true,
            b']' | b',' => is_secret,
            b'0'..=b'9' | b'.' | b'-' => is_cookie,
            _ => false,
        };
        let inside = |text: &[u8]| text.iter().take(REACH).take_while(is_inside).count();
        let mut first = start + inside(self.rest(start));
        if is_secret && is_list {
            let mark = self.text[..start].trim_ascii_end().strip_suffix(b":").map(<[u8]>::len);
            let is_lead = |byte: &&u8| matches!(byte, b'[' | b']' | b'{' | b',' | b' ');
            let lead = self.rest(start).iter().take(REACH).take_while(is_lead).count();
            let items = self.items((mark, Some(start)), start + lead, detector);
            if items.are_values {
                return Some(self.all_items(start));
            }
            first = if is_cookie { first } else { items.first + inside(self.rest(items.first)) };
        }
        let quote = self.quote(first)?;
        if is_secret && self.is_description(start) {
            return None;
        }
        let value = self.first_value(quote, detector, if is_secret { ASKED } else { 1 })?;
        if !is_secret {
            return Some(value);
        }
        let all = self.all_items(start);
        // Otherwise it stands behind them.
        (value.span.start <= all.span.end).then_some(all)
    }

    /// What stands in the brackets that open at `start`.
    fn all_items(&mut self, start: usize) -> Value {
        let end = self.bracket_end(start);
        self.steps_of(end - start);
        Value { is_certain: true, ..Value::quoted(start + 1..end) }
    }

    /// Keeps each string and number at `span`, which stands in brackets, as a value of `detector`; names of members are left, and from
    /// the first one on that may be another value all is looked through. Gives whether there is one.
    pub(super) fn keep_items(&mut self, detector: u16, span: Range<usize>) -> bool {
        let (mut at, mut is_any, mut is_behind) = (span.start, false, false);
        let has_members = self.has_members(at);
        let mut is_named = !has_members;
        while at < span.end {
            let member = if is_named { 0 } else { self.member_length(at) };
            let (item, end) = if member > 0 { (Item::Nothing, at + member) } else { self.item(at) };
            // Behind its name and spaces the value of a member stands, in which no other one begins.
            is_named = !has_members || member > 0 || is_named && matches!(self.byte(at), b' ' | b'>');
            at = end;
            let item = match item {
                Item::Value(item) if !item.is_empty() && !is_nothing(&self.text[item.clone()]) => item,
                Item::Name(name) => {
                    is_behind |= !is_word(&self.text[name]);
                    continue;
                }
                _ => continue,
            };
            self.next = if is_behind { self.next } else { item.end };
            self.keep(detector, item);
            is_any = true;
        }
        if is_any || has_members {
            self.items_end = self.items_end.max(span.end);
        }
        is_any
    }

    /// What stands at `at`: a string, number or word that is a value, or the name of a member; and where it ends.
    fn item(&mut self, at: usize) -> (Item, usize) {
        if let Some(quote) = self.quote(at) {
            let string = self.string(quote, self.text.len());
            let is_name = string.value.is_some() && is_plain_name(&self.text[string.span.clone()]);
            return (if is_name { Item::Name(string.span) } else { Item::Value(string.span) }, string.end);
        }
        let rest = self.rest(at);
        if let Some(length) = own_length(rest) {
            return (Item::Nothing, at + length);
        }
        if matches!(rest.first(), Some(b'[' | b'{' | b'(' | b':')) {
            return (Item::Nothing, at + 1);
        }
        let end = self.end_of(at, Kind::Bare);
        let is_name = match self.text.get(at..end) {
            Some([name @ .., b':' | b'=']) => is_word(name),
            Some([.., last]) => matches!(last, b'(' | b'{' | b'[' | b'\\'),
            _ => true,
        };
        (if is_name { Item::Nothing } else { Item::Value(at..end) }, end.max(at + 1))
    }

    /// The first value of `detector` among the strings from `quote` on, of which those before a colon are names and `many` others are
    /// asked for.
    fn first_value(&mut self, mut quote: Quote, detector: u16, many: usize) -> Option<Value> {
        // Whatever stands below a password is one.
        let is_far = self.engine.own.password == Some(detector) && self.memory.asked_for.far < self.text.len();
        let limit = self.text.len().min(quote.start + if is_far { FAR } else { REACH });
        // Many an object that describes a key or a session has strings of eight letters.
        let kind = if self.engine.own.secret == Some(detector) { LISTED } else { QUOTED };
        let (mut asked, mut is_done, first, mut last) = (0, false, quote.start, quote.start);
        // A quote that closes a string for one name opens one for another.
        let known = self
            .memory
            .asked_for
            .strings
            .iter_mut()
            .enumerate()
            .find_map(|(at, strings)| Some((at, strings.behind(detector, quote)?)));
        if let Some((_, (before, end))) = known {
            (asked, is_done) = (before, before >= many);
            quote = if is_done { quote } else { self.next_quote(end, limit)? };
        }
        let mut own = known.map(|(at, _)| at);
        while asked < many && !is_done {
            let string = self.string(quote, limit);
            let (is_name, value) = match string.value {
                None => (false, Value::quoted(string.span)),
                Some(start) => (true, self.bare_member(start)),
            };
            self.memory.asked_for.far += if string.end > first + REACH { string.end - last } else { 0 };
            last = string.end;
            if !value.span.is_empty() && self.is_value(detector, &value, kind) {
                return Some(value);
            }
            // Behind a number or brackets it is no longer the first one.
            let is_of_string = string.value.is_some_and(|start| matches!(self.byte_before(start, 1), b'"' | b'\''));
            let counts = !is_name || many == 1 && !is_of_string;
            if !is_name && !value.span.is_empty() {
                self.deny(detector, value.span);
            }
            asked += usize::from(counts);
            if many == 1 && asked == many && own.is_none() {
                // The only string behind brackets is asked for behind no others.
                break;
            }
            self.memory.asked_for.note(&mut own, detector, (quote, string.end), !counts);
            if asked == many {
                break;
            }
            quote = self.next_quote(string.end, limit)?;
        }
        None
    }

    /// The number without quotes that begins at `start`, or first in the brackets there, as the value of a member; empty if there is none.
    fn bare_member(&mut self, start: usize) -> Value {
        let is_lead = |byte: &&u8| matches!(byte, b'[' | b'{' | b' ');
        let start = start + self.rest(start).iter().take(NESTED).take_while(is_lead).count();
        let is_bare = self.byte(start).is_ascii_digit() || self.byte(start) == b'-';
        let end = if is_bare { self.end_of(start, Kind::Bare) } else { start };
        Value::quoted(start..end)
    }

    /// Whether what opens at `start` describes values, as schemas do, and holds none: `{"type":"string","minLength":8}`.
    fn is_description(&mut self, start: usize) -> bool {
        let text = self.text.get(start..).unwrap_or_default();
        if self.memory.untyped.contains(&start) && start + text.len().min(REACH) <= self.memory.untyped.end {
            return false;
        }
        // Where there is none, those behind it need not be looked for again.
        let ahead = &text[..text.len().min(2 * REACH)];
        let Some(first) = TYPE.find(ahead) else {
            self.memory.untyped = start..start + ahead.len();
            return false;
        };
        let text = &text[..text.len().min(REACH)];
        if first >= text.len() {
            self.memory.untyped = start..start + first;
            return false;
        }
        let text = &text[..memchr::memchr2(b'}', b'\n', text).unwrap_or(text.len())];
        let member = |name: &Finder<'_>| {
            name.find_iter(text).find_map(|place| {
                let is_mark = |byte: &u8| matches!(byte, b'"' | b'\'' | b'\\');
                let rest = &text[place + name.needle().len()..];
                let is_named = text[..place].last().is_some_and(is_mark) && rest.first().is_some_and(is_mark);
                let rest = rest.trim_ascii_start();
                let marks = rest.iter().take_while(|byte| is_mark(byte) || matches!(byte, b':' | b' ')).count();
                is_named.then(|| &rest[marks..])
            })
        };
        let is_type = |said: &[u8]| {
            let length = said.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
            TYPES.contains(&&said[..length])
        };
        member(&TYPE).is_some_and(is_type) && !VALUES.iter().any(|name| member(name).is_some())
    }

    /// The string that `quote` opens.
    pub(super) fn string(&mut self, quote: Quote, limit: usize) -> Within {
        let mut length = self.length_within(quote, limit);
        if quote.start + length == limit {
            // It may be a long one, or one that nothing closes.
            length = self.length_within(quote, self.text.len());
        }
        let end = quote.start + length;
        let close = end + quote.slashes.min(slashes_ahead(self.rest(end))) + quote.count;
        let behind = close + spaces(self.rest(close));
        let next = behind + 1 + spaces(self.rest(behind + 1));
        let value = (self.byte(behind) == b':').then(|| self.quote(next).map_or(next, |quote| quote.start));
        Within { span: quote.start..end, end: close, value }
    }

    fn next_quote(&self, at: usize, limit: usize) -> Option<Quote> {
        let rest = self.text.get(at..limit)?;
        let place = memchr::memchr3(b'"', b'\'', b'\n', rest)?;
        let slashes = slashes_before(&rest[..place]).min(SLASHES);
        let mark = rest[place];
        let count = if slashes == 0 { self.opening_marks_at(at + place) } else { 1 };
        (mark != b'\n').then_some(Quote { start: at + place + count, mark, count, slashes })
    }

    /// Where what opens at `start` closes, or its line ends.
    pub(super) fn bracket_end(&mut self, start: usize) -> usize {
        let (mut at, mut depth, mut slashes) = (start, 0, 0);
        while let Some(byte) = self.text.get(at) {
            let before = std::mem::take(&mut slashes);
            match byte {
                b'\n' => return at,
                b']' | b'}' if depth == 1 => return at,
                b']' | b'}' => depth -= 1,
                b'[' | b'{' => depth += 1,
                b'\\' => slashes = before + 1,
                b'"' | b'\'' => at = self.string_end(Quote { start: at + 1, mark: *byte, count: 1, slashes: before }),
                _ => {}
            }
            at += 1;
        }
        self.text.len()
    }

    /// Where the quote stands that closes what `quote` opens, or the last byte of its line.
    fn string_end(&mut self, quote: Quote) -> usize {
        let end = quote.start + self.length_within(quote, self.text.len());
        let close = end + slashes_ahead(self.rest(end));
        if self.byte(close) == quote.mark { close } else { end - 1 }
    }
}

/// Whether `name` is one of a member, and no secret itself: words, a number, an identifier, a path, or an address of somebody.
pub(super) fn is_plain_name(name: &[u8]) -> bool {
    let is_part = |byte: &u8| is_of_word(byte) || matches!(byte, b'/' | b':' | b'@' | b'+' | b'#');
    let is_number = !name.iter().any(u8::is_ascii_alphabetic);
    let is_hex = |(at, byte): (usize, &u8)| match HYPHENS.contains(&at) {
        true => *byte == b'-',
        false => byte.is_ascii_hexdigit(),
    };
    let is_identifier = || name.len() == 36 && name.iter().enumerate().all(is_hex);
    name.len() <= NAME && name.iter().all(is_part) && (is_number || has_few_digits(name) || is_identifier())
}

/// Whether `name` tells nothing of anybody.
fn is_word(name: &[u8]) -> bool {
    let name = name.strip_prefix(b"@").or_else(|| name.strip_prefix(b"#")).unwrap_or(name);
    name.len() <= NAME / 2 && name.iter().all(is_of_word) && has_few_digits(name)
}

fn is_of_word(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'$' | b' ') || *byte >= 0x80
}

fn has_few_digits(name: &[u8]) -> bool {
    name.iter().filter(|byte| byte.is_ascii_digit()).count() <= DIGITS
}

#[cfg(test)]
mod tests {
    use super::super::values::assert_hidden;
    use super::*;

    #[test]
    fn items_with_brackets_in_them_and_numbers_are_secrets_too() {
        assert_hidden(&[
            (r#"{"token":["€[Zq1abcdef,Zq1abcdef"]}"#, r#"{"token":["<secret>"]}"#),
            (r#"{"api_key":["{Zq29765Xvsybrz}"]}"#, r#"{"api_key":["<secret>"]}"#),
            (r#"{"token":[72672017, 4111111111111111]}"#, r#"{"token":[<secret>, <secret>]}"#),
            (r#"{"token":72672017,"api_key":-72672017}"#, r#"{"token":<secret>,"api_key":<secret>}"#),
            (r#"{"token":4111111111111111}"#, r#"{"token":<secret>}"#),
            (r#"{"address":[{"a":4111111111111111,"b":"12 Rue X"}]}"#, r#"{"address":[{"a":<card>,"b":"12 Rue X"}]}"#),
            (r#"{"address":[{"a":[4111111111111111]},"12 Rue X"]}"#, r#"{"address":[{"a":[<card>]},"12 Rue X"]}"#),
            (r#"{"cookie":[4111111111111111,"48.8566,2.3522"]}"#, r#"{"cookie":[<cookie>,"<cookie>"]}"#),
            (r#"{"cookie":[[12],"48.8566"],"a":"b"}"#, r#"{"cookie":[[<cookie>],"<cookie>"],"a":"b"}"#),
            (r#"{"token":[[],"abcd1234efgh"],"a":"b"}"#, r#"{"token":[[],"<secret>"],"a":"b"}"#),
            (r#"{"passwords":["hunter22"]}"#, r#"{"passwords":["<password>"]}"#),
            (r#"{"user_tokens": ["abcd1234efgh"]}"#, r#"{"user_tokens": ["<secret>"]}"#),
            (r#"{"secrets":{"a":"abcd1234efgh"}}"#, r#"{"secrets":{"a":"<secret>"}}"#),
            (r#"{"tokens":72672017,"total_tokens":[1,2]}"#, r#"{"tokens":72672017,"total_tokens":[1,2]}"#),
            ("token: 72672017, token: [72672017]", "token: 72672017, token: [72672017]"),
        ]);
    }

    #[test]
    fn names_of_members_stay_in_any_language() {
        assert_hidden(&[
            (
                "{\"password\":{\"cl\u{e9}\":\"a1\",\"\u{e9}t\u{e9}\":\"b2\"}}",
                "{\"password\":{\"cl\u{e9}\":\"<password>\",\"\u{e9}t\u{e9}\":\"<password>\"}}",
            ),
            (r#"{"token":{"cl\u00e9":"abcd1234efgh"}}"#, r#"{"token":{"cl\u00e9":"<secret>"}}"#),
        ]);
    }

    #[test]
    fn names_of_members_stay_where_they_are_no_words() {
        assert_hidden(&[
            (
                r#"{"log":"{\"passwords\":{\"10001\":\"x9y8\",\"10002\":\"z7w6\"}}"}"#,
                r#"{"log":"{\"passwords\":{\"10001\":\"<password>\",\"10002\":\"<password>\"}}"}"#,
            ),
            (
                r#"{"password":{"a/b":"x9y8","018f3c2a-7b1d-7c3e-9a4f-5b6c7d8e9f01":["z7w6"]},"nom":"Durand"}"#,
                r#"{"password":{"a/b":"<password>","018f3c2a-7b1d-7c3e-9a4f-5b6c7d8e9f01":["<password>"]},"nom":"<person_name>"}"#,
            ),
            (
                r#"{"passwords":{"jane@example.org":"x9y8","b":{"c":"z7w6"}},"nom":"Durand"}"#,
                r#"{"passwords":{"<email>":"<password>","b":{"c":"<password>"}},"nom":"<person_name>"}"#,
            ),
            (r#"{"tokens":{"abcd1234efgh5678":"x9y8z7w6v5"}}"#, r#"{"tokens":{"<secret>":"<secret>"}}"#),
            (
                r#"{"password":["Ab12\u0022","x9"],"nom":"Durand"}"#,
                r#"{"password":["<password>","<password>"],"nom":"<person_name>"}"#,
            ),
            (
                r#"{"password":{"a":"Ab12\u0022"},"nom":"Durand","n":{"k":[1,true]}}"#,
                r#"{"password":{"a":"<password>"},"nom":"<person_name>","n":{"k":[1,true]}}"#,
            ),
        ]);
    }

    #[test]
    fn strings_that_were_asked_for_are_known_from_each_of_them_on() {
        let quote = |start| Quote { start, mark: b'"', count: 1, slashes: 0 };
        let mut strings = Strings::begin(7, quote(10));

        assert_eq!(strings.behind(7, quote(10)), None);
        for (start, is_name) in [(10, true), (20, false), (130, false)] {
            strings.note(quote(start), start + 5, is_name);
        }

        assert_eq!(strings.behind(7, quote(20)), Some((2, 135)));
        strings.note(quote(140), 150, false);
        assert_eq!(strings.behind(7, quote(130)), Some((2, 150)));
        assert_eq!(strings.behind(7, quote(20)), None, "what is before the first one is forgotten");
        assert_eq!(strings.behind(7, quote(140)), Some((1, 150)));
        strings.note(Quote { slashes: 1, ..quote(160) }, 170, false);
        strings.note(quote(180), 190, false);
        assert_eq!(strings.behind(7, quote(140)), None, "one of those behind it is not known");
        assert_eq!(strings.behind(7, quote(180)), Some((1, 190)));
    }

    #[test]
    fn strings_of_another_kind_or_place_are_not_known() {
        let quote = |start, slashes| Quote { start, mark: b'"', count: 1, slashes };
        for (detector, start, slashes) in [(8, 10, 0), (7, 11, 0), (7, 9, 0), (7, 500, 0), (7, 10, 1)] {
            let mut strings = Strings::begin(7, quote(10, 0));
            strings.note(quote(10, 0), 15, false);
            assert_eq!(strings.behind(detector, quote(start, slashes)), None, "{detector} {start} {slashes}");
        }
    }
}
