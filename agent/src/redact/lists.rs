//! Items beside each other behind the name of a secret: where one is a value, or all make one together, each of them is.

use super::Group;
use super::ends::Kind;
use super::pairs::{BARE, LISTED, QUOTED};
use super::scanner::Pass;
use super::value::{Value, spaces};

/// Items that are asked for where others than secrets stand there too.
const ASKED: usize = 4;
/// Fewest numbers that may be a secret together: of two, as those of tests that pass and fail, each counts by itself.
const NUMBERS: usize = 3;
/// Bytes of numbers that tell whether they are one together.
const JOINED: usize = 64;

/// The numbers of a list as one value: how they begin, with commas between them.
#[derive(Debug)]
pub struct Joined {
    /// Whether all items are whole numbers, and how many there are.
    are_numbers: bool,
    count: usize,
    bytes: [u8; JOINED],
    length: usize,
}

impl Default for Joined {
    fn default() -> Self {
        Self { are_numbers: true, count: 0, bytes: [0; JOINED], length: 0 }
    }
}

impl Joined {
    /// Takes in the next item of the list, as it is written, if it says anything.
    pub fn put(&mut self, item: &[u8]) {
        if matches!(item, b"null" | b"true" | b"false") {
            return;
        }
        self.are_numbers = self.are_numbers && !item.is_empty() && item.iter().all(u8::is_ascii_digit);
        let comma: &[u8] = if self.count > 0 { b"," } else { b"" };
        for (byte, put) in comma.iter().chain(item).zip(self.bytes.iter_mut().skip(self.length)) {
            *put = *byte;
            self.length += 1;
        }
        self.count += 1;
    }

    /// The numbers, if there is nothing else and enough of them.
    pub fn numbers(&self) -> Option<&[u8]> {
        let is_one = self.are_numbers && self.count >= NUMBERS;
        self.bytes.get(..self.length).filter(|_| is_one)
    }
}

/// Items beside each other.
pub(super) struct Items {
    /// Where the first one in quotes begins, else where they end.
    pub(super) first: usize,
    pub(super) end: usize,
    /// How many they are.
    count: usize,
    /// Whether they are values.
    pub(super) are_values: bool,
}

/// What stands behind an item.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Next {
    /// Another one, which begins there.
    At(usize),
    /// The bracket that closes the list.
    Close,
    Other,
}

/// In how many lists what stands behind `text` is.
fn depth_behind(text: &[u8]) -> usize {
    text.iter().fold(0, |depth: usize, byte| match byte {
        b'[' => depth + 1,
        b']' => depth.saturating_sub(1),
        _ => depth,
    })
}

impl Pass<'_> {
    /// The items from `at` on, strings, numbers and words with commas between them, of a list that opens at `start`, if in brackets, and
    /// stands behind the mark at `mark`. Whether they are values of `detector` is asked for up to the first one that is.
    pub(super) fn items(&mut self, (mark, start): (Option<usize>, Option<usize>), at: usize, detector: u16) -> Items {
        let own = &self.engine.own;
        let most = if self.engine.detector(detector).group == Group::Secret { usize::MAX } else { ASKED };
        let is_cookie = own.cookie == Some(detector);
        let listed = if own.secret == Some(detector) { LISTED } else { QUOTED };
        let mut depth = start.map_or(0, |start| depth_behind(&self.text[start..at]));
        let (mut at, mut joined, mut kind) = (at, Joined::default(), BARE);
        let mut items = Items { first: usize::MAX, end: at, count: 0, are_values: false };
        while items.count < most {
            let quote = self.quote(at);
            let (span, end) = match quote {
                Some(quote) => {
                    items.first = items.first.min(at);
                    let string = self.string(quote, self.text.len());
                    (string.span, string.end)
                }
                None => self.bare_item(at),
            };
            let next = self.next_item(end, &mut depth);
            let is_name = || matches!(self.byte(end + spaces(self.rest(end))), b':' | b'=');
            if end == at || next == Next::Other && (start.is_some() || is_name()) {
                break;
            }
            let is_number = mark.is_some_and(|mark| self.is_number_of_json(mark, span.clone()));
            kind = if is_number { QUOTED } else { BARE };
            let written = if quote.is_some() { listed } else { kind };
            joined.put(&self.text[span.clone()]);
            (items.count, items.end) = (items.count + 1, end);
            // Cookies are names and values, so that one without quotes is none.
            let is_asked = !span.is_empty() && (quote.is_some() || !is_cookie);
            items.are_values = items.are_values || is_asked && self.is_value(detector, &Value::quoted(span), written);
            if items.are_values && start.is_some() {
                break;
            }
            let Next::At(next) = next else { break };
            at = next;
        }
        items.first = items.first.min(at);
        if !items.are_values && !self.are_several(mark, detector) {
            let is_one = |numbers: &[u8]| self.engine.is_whole(detector, numbers, kind);
            items.are_values = joined.numbers().is_some_and(is_one);
        }
        items
    }

    /// Whether a word and a comma, or a string, stand behind the mark at `at`: items of a list without brackets may.
    pub(super) fn is_before_items(&mut self, at: usize) -> bool {
        let start = at + 1 + spaces(self.rest(at + 1));
        let end = self.end_of(start, Kind::Bare);
        end > start && self.byte(end) == b',' || self.quote(start).is_some()
    }

    /// Keeps the items of a list without brackets behind the mark at `at` as values of `detector`, if there are several and any is one:
    /// `passwords: a, b`.
    pub(super) fn keep_several(&mut self, at: usize, detector: u16) {
        let start = at + 1 + spaces(self.rest(at + 1));
        let items = self.items((Some(at), None), start, detector);
        if items.count > 1 && items.are_values {
            self.keep_items(detector, start..items.end);
        }
    }

    /// What stands behind the item that ends at `end`, in so many lists.
    fn next_item(&self, end: usize, depth: &mut usize) -> Next {
        let mut has_comma = false;
        for (place, byte) in self.rest(end).iter().enumerate() {
            match byte {
                b' ' | b'\t' => {}
                b',' if !has_comma => has_comma = true,
                b'[' if has_comma && *depth > 0 => *depth += 1,
                b']' if *depth <= 1 => return Next::Close,
                b']' => *depth -= 1,
                _ if has_comma => return Next::At(end + place),
                _ => return Next::Other,
            }
        }
        Next::Other
    }

    /// Where the item without quotes lies that begins at `at`, and where it ends; nowhere if something else stands there.
    fn bare_item(&mut self, at: usize) -> (std::ops::Range<usize>, usize) {
        let end = self.end_of(at, Kind::Bare);
        let is_other = |byte: &u8| matches!(byte, b'=' | b':' | b'[' | b'{' | b'(' | b'\\');
        let is_item = !self.text.get(at..end).unwrap_or_default().iter().any(is_other);
        if is_item { (at..end, end) } else { (at..at, at) }
    }

    /// Whether the name before the `mark` is that of several keys, tokens or cookies, beside which counts stand too.
    fn are_several(&self, mark: Option<usize>, detector: u16) -> bool {
        let name = mark.map(|mark| self.text[..mark].trim_ascii_end()).unwrap_or_default();
        let marks = name.iter().rev().take_while(|byte| matches!(byte, b'"' | b'\'' | b'\\')).count();
        self.engine.own.password != Some(detector) && name[..name.len() - marks].ends_with(b"s")
    }
}

#[cfg(test)]
mod tests {
    use super::super::values::{assert_hidden, assert_kept};

    #[test]
    fn each_number_of_a_list_is_hidden_where_one_is_or_all_are_a_secret() {
        assert_hidden(&[
            (r#"{"pin":[1985,3,5]}"#, r#"{"pin":[<password>,<password>,<password>]}"#),
            (r#"{"otp":[482913,5,123]}"#, r#"{"otp":[<password>,<password>,<password>]}"#),
            (r#"{"token":[1985, 3, 5]}"#, r#"{"token":[<secret>, <secret>, <secret>]}"#),
            (r#"{"cookie":[1985,3,5]}"#, r#"{"cookie":[<cookie>,<cookie>,<cookie>]}"#),
            (r#"{"pin":[[1,2],[3]],"a":1}"#, r#"{"pin":[[<password>,<password>],[<password>]],"a":1}"#),
            (r#"{"pin":[1,true,2,3]}"#, r#"{"pin":[<password>,true,<password>,<password>]}"#),
            ("pin=[1,2,3] x", "pin=[<password>,<password>,<password>] x"),
            (
                r#"{"log":"{\"pin\":[1,2,3],\"a\":1}"}"#,
                r#"{"log":"{\"pin\":[<password>,<password>,<password>],\"a\":1}"}"#,
            ),
        ]);
        assert_kept(&[
            r#"{"tokens":[12,45,78,100],"total_tokens":[1,2,3,4,5]}"#,
            r#"{"password":[12,13],"cookies":[1,2,3]}"#,
            r#"{"token":[0.25,0.5,0.125]}"#,
        ]);
    }

    #[test]
    fn a_secret_is_found_behind_any_number_of_items() {
        assert_hidden(&[
            (r#"{"passwords":["","","","","hunter22"]}"#, r#"{"passwords":["","","","","<password>"]}"#),
            (
                r#"{"passwords":[null,true,null,true,null,"hunter22"],"a":"b"}"#,
                r#"{"passwords":[null,true,null,true,null,"<password>"],"a":"b"}"#,
            ),
            (
                r#"{"token":["a","b","c","d","abcd1234efgh"]}"#,
                r#"{"token":["<secret>","<secret>","<secret>","<secret>","<secret>"]}"#,
            ),
        ]);
        let empty = r#""","#.repeat(400);
        let text = |value: &str| format!(r#"{{"passwords":[{empty}"{value}"],"a":"b"}}"#);
        assert_hidden(&[(&text("hunter22"), &text("<password>"))]);
        let members = r#""a":null,"#.repeat(200);
        let text = |value: &str| format!(r#"{{"passwords":{{{members}"b":[[{value}]]}},"a":"b"}}"#);
        assert_hidden(&[(&text("482913"), &text("<password>")), (&text("\"ab\""), &text("\"<password>\""))]);
    }

    #[test]
    fn several_values_stand_behind_a_plural_without_brackets() {
        assert_hidden(&[
            ("passwords: a, b, c, d, e, f", &["passwords: <password>", &", <password>".repeat(5)].concat()),
            ("passwords=hunter2,azerty x", "passwords=<password>,<password> x"),
            ("passwords: 'hunter 2', \"azerty\" x", "passwords: '<password>', \"<password>\" x"),
            ("api_keys=abcd1234efgh,ijkl x", "api_keys=<secret>,<secret> x"),
            ("tokens: abcd1234efgh, ttl=12", "tokens: abcd1234efgh, ttl=12"),
        ]);
        assert_kept(&[
            "tokens: 12, 45, 78",
            "passwords: 3, users: 12",
            "passwords: enabled, required",
            "passwords: minimum of 8 characters, one digit",
            "secrets: db-credentials, tls-cert",
            r#"{"tokens":72672017,"a":[1,2]}"#,
            "passwords: <password>, <password>",
        ]);
    }
}
