//! Escapes in strings of JSON, Java, C, Python and Rust: `\n`, `\u0040`, `\x40`, `\U0001f4b3`, `\u{a0}`, surrogate pairs. In the nth of
//! strings within strings 2ⁿ⁻¹ backslashes belong to one, and those before them to the string.

use std::ops::Range;

use super::decode::{Code, bytes_of_letter, colour, hex, letter, one};
use super::quote::{slashes_ahead, slashes_before};

/// Most backslashes of an escape.
const MOST: usize = 32;
/// Longest word that is looked at behind a break.
const WORD: usize = 64;
/// Longest name of a user or a domain.
const USER: usize = 20;
const DOMAIN: usize = 15;
/// The escape of terminals.
pub(super) const ESCAPE: u8 = 0x1b;
/// What stands for half of a surrogate pair.
const HALF: u32 = 0xfffd;

/// What tells of one text whether it holds strings, so that an escape in them is no folder and no name: `C:\new`, `ACME\tom`.
#[derive(Debug, Default)]
pub(super) struct Escapes {
    /// The depths of JSON that opened so far, as bits: of the inside of one string of a text it is 1.
    opened: u32,
    /// Whether JSON begins the text, or has opened in it.
    is_json: bool,
    /// Up to where that was looked for.
    looked: usize,
    /// The backslashes beside each other of which the last one was.
    slashes: Range<usize>,
    /// Behind the last break that was written.
    anew: Option<usize>,
}

/// An escape to be read.
struct Written<'a> {
    text: &'a [u8],
    /// Where its backslashes begin.
    at: usize,
    /// How many they are.
    own: usize,
    /// What stands behind its letter.
    behind: &'a [u8],
}

impl Escapes {
    /// The code that stands for something else at the backslash at `at`. Outside of the inside of a JSON string `\"` stays, since a
    /// value in quotes may hold it.
    pub(super) fn code(&mut self, text: &[u8], at: usize, is_escaped: bool) -> Option<Code> {
        let (before, own) = self.slashes_around(text, at);
        let (letter, behind) = text.get(at + own..)?.split_first().unwrap_or((&b' ', b""));
        if *letter == b'"' {
            self.open(text, at, own);
        } else if own.is_power_of_two() && before & (2 * own - 1) == 0 {
            let written = Written { text, at, own, behind };
            // What is none may be a folder that was escaped again and again.
            let folder = (own > 2 && *letter != b'\'').then_some(Code { bytes: *br"\\  ", count: 2, length: own });
            let code = self.letter(*letter, &written, is_escaped).or(folder);
            if code.is_some() {
                return code;
            }
        }
        match (own, letter) {
            (1, b'"') if is_escaped => Some(one(b'"', 2)),
            (2.., _) if is_escaped => Some(one(b'\\', 2)),
            _ => None,
        }
    }

    /// How many backslashes stand right before the one at `at`, and how many from there on, up to one more than count.
    #[inline(always)]
    fn slashes_around(&mut self, text: &[u8], at: usize) -> (usize, usize) {
        let is_one = |byte: Option<&u8>| byte == Some(&b'\\');
        if !is_one(text.get(at + 1)) && !is_one(text[..at].last()) {
            return (0, 1);
        }
        if !self.slashes.contains(&at) {
            self.slashes = at - slashes_before(&text[..at])..at + slashes_ahead(&text[at..]);
        }
        (at - self.slashes.start, (self.slashes.end - at).min(MOST + 1))
    }

    /// Notes that JSON opens with the quote behind so many of the backslashes at `at`, if it does.
    fn open(&mut self, text: &[u8], at: usize, count: usize) {
        if (count + 1).is_power_of_two() && opens(&text[..at]) {
            self.opened |= 1 << (count + 1).trailing_zeros();
        }
    }

    /// Whether `written` stands in a string of JSON, where nothing but an escape can.
    fn is_sure(&mut self, written: &Written<'_>, is_escaped: bool) -> bool {
        let (own, unit) = (written.own, 1 + usize::from(is_escaped));
        own < unit || self.opened >> own.trailing_zeros() & 1 == 1 || own == unit && self.is_json(written, is_escaped)
    }

    /// The same as far as a bracket in front of a text may be that of JSON: `[INFO] ACME\u012345` is none.
    fn may_be_json(&mut self, written: &Written<'_>, is_escaped: bool) -> bool {
        let (own, unit) = (written.own, 1 + usize::from(is_escaped));
        let is_certain = own < unit || self.opened >> own.trailing_zeros() & 1 == 1;
        is_certain || own == unit && self.is_json(written, is_escaped) && !is_head(&written.text[..written.at])
    }

    fn is_json(&mut self, written: &Written<'_>, is_escaped: bool) -> bool {
        if self.is_json {
            return true;
        }
        let first = written.text.iter().take(WORD).find(|byte| !byte.is_ascii_whitespace());
        let new = written.text.get(self.looked..written.at).unwrap_or_default();
        self.looked = written.at.saturating_sub(1);
        self.is_json = first.is_some_and(|first| b"{[".contains(first))
            || !is_escaped && memchr::memmem::find(new, br#"{""#).is_some();
        self.is_json
    }

    /// Whether a break stands where `written` does since one stands before it in the same text, and what lies between is no folder and no
    /// domain, of which the names are written in capitals.
    fn goes_on(&self, written: &Written<'_>) -> bool {
        let is_one = |anew: usize| {
            let before = written.text.get(anew.max(written.at.saturating_sub(WORD))..written.at).unwrap_or_default();
            written.own == 1 && !has_domain(before) && !has_folder(before)
        };
        self.anew.is_some_and(is_one)
    }

    /// What `letter` behind its backslashes stands for.
    fn letter(&mut self, letter: u8, written: &Written<'_>, is_escaped: bool) -> Option<Code> {
        let Written { own, behind, .. } = *written;
        match letter {
            b'/' => Some(one(b'/', own + 1)),
            b'u' | b'U' => {
                let code = written.numbered(letter)?;
                if code.bytes[0] == b'"' && opens(&written.text[..written.at]) {
                    self.opened |= 2 << own.trailing_zeros();
                }
                let is_name = written.may_be_name() && !self.may_be_json(written, is_escaped);
                if is_name { None } else { Some(code) }
            }
            b'x' => {
                // JSON has no such escapes, so that behind other backslashes it may be a folder.
                written
                    .byte()
                    .filter(|code| !code.bytes[0].is_ascii_alphanumeric() || own == 1 && !written.is_account())
            }
            b'e' => colour(behind, own + 1),
            b'0' if behind.starts_with(b"33") => colour(&behind[2..], own + 3),
            b'n' | b'r' | b't' | b'b' | b'f' | b'v' | b'0' => {
                let is_sure = !matches!(letter, b'v' | b'0') && self.is_sure(written, is_escaped);
                let is_break = is_sure || begins_anew(letter, written, is_escaped) || self.goes_on(written);
                if !is_break {
                    return None;
                }
                self.anew = Some(written.at + own + 1);
                Some(one(control(letter), own + 1))
            }
            _ => None,
        }
    }
}

impl Written<'_> {
    /// `\u0040`, `\ud83d\udcb3`, `\u{1f4b3}`, `\U0001f4b3`.
    fn numbered(&self, mark: u8) -> Option<Code> {
        let Self { text, at, own, behind } = *self;
        if let Some(digits) = behind.strip_prefix(b"{") {
            let count = digits.iter().take(7).position(|byte| *byte == b'}').filter(|count| *count > 0)?;
            return letter(hex(&digits[..count])?, own + count + 3);
        }
        let digits = if mark == b'u' { 4 } else { 8 };
        let (number, length) = (hex(behind.get(..digits)?)?, own + 1 + digits);
        if number == u32::from(ESCAPE) {
            let colour = colour(&behind[digits..], length);
            return colour.or_else(|| letter(number, length));
        }
        if !matches!(number, 0xd800..=0xdfff) {
            return letter(number, length);
        }
        let slashes = &text[at..at + own];
        let low = behind[digits..].strip_prefix(slashes).and_then(|low| hex(low.strip_prefix(b"u")?.get(..4)?));
        match low {
            Some(low @ 0xdc00..=0xdfff) if number < 0xdc00 => {
                letter(0x1_0000 + ((number - 0xd800) << 10) + (low - 0xdc00), 2 * length)
            }
            _ => letter(HALF, length),
        }
    }

    /// `\x40`, `\xc2\xa0`.
    fn byte(&self) -> Option<Code> {
        let Self { text, at, own, behind } = *self;
        match hex(behind.get(..2)?)? {
            0x1b => colour(&behind[2..], own + 3),
            number @ 0..=0x7e => letter(number, own + 3),
            first @ 0xc2..=0xf4 => bytes_of_letter(&text[at..], own + 1, first),
            _ => None,
        }
    }

    /// Whether a user of a domain may be called so, `ACME\u012345`, and the escape is none that stands for a mark or a space. Behind one
    /// backslash four digits alone are most often a letter, as in `Pawe\u0142`.
    fn may_be_name(&self) -> bool {
        let digits = self.behind.iter().take(WORD).take_while(|byte| byte.is_ascii_digit()).count();
        let is_word = digits >= 4 && !self.behind.get(digits).is_some_and(u8::is_ascii_alphabetic);
        let is_mark = matches!(self.behind, [b'0', b'0', ..] | [b'2', b'0', ..]);
        let is_one = is_word && !is_mark && self.text[..self.at].last().is_some_and(u8::is_ascii_alphanumeric);
        is_one && (self.own > 1 || digits > 4 || self.behind[0] != b'0' && follows_owner(&self.text[..self.at]))
    }

    /// Whether letters or digits go on behind the code of a byte that would stand for one of them, and an account may stand there.
    fn is_account(&self) -> bool {
        self.behind.get(2).is_some_and(u8::is_ascii_alphanumeric) && follows_owner(&self.text[..self.at])
    }
}

/// Whether what stands behind `text` and a backslash is an account by what `text` ends with: the name of a domain, or the folder of all
/// users.
fn follows_owner(text: &[u8]) -> bool {
    const FOLDER: &[u8] = b"\\users";
    let text = &text[text.len().saturating_sub(WORD)..];
    let is_folder = text.len() >= FOLDER.len() && text[text.len() - FOLDER.len()..].eq_ignore_ascii_case(FOLDER);
    let is_part = |byte: &&u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || **byte == b'-';
    let length = text.iter().rev().take_while(is_part).count();
    let (before, domain) = text.split_at(text.len() - length);
    let is_free = super::domains::is_free(before.last().copied().unwrap_or_default());
    let is_bytes = before.ends_with(b"b\"") || before.ends_with(b"b'");
    is_folder || (2..=15).contains(&length) && domain[0].is_ascii_uppercase() && is_free && !is_bytes
}

/// Whether `text` begins with a bracket that is none of a list of JSON.
fn is_head(text: &[u8]) -> bool {
    let Some(inside) = text.trim_ascii_start().strip_prefix(b"[") else { return false };
    let is_number = |byte: &u8| byte.is_ascii_digit() || byte.is_ascii_whitespace() || b"+-.,".contains(byte);
    let first = inside.iter().take(WORD).position(|byte| !is_number(byte)).unwrap_or_default();
    let behind = inside.get(first..).unwrap_or_default();
    let is_constant = [&b"true"[..], b"false", b"null"].iter().any(|word| behind.starts_with(word));
    !is_constant && behind.first().is_some_and(|byte| !b"\"\\{[]".contains(byte))
}

/// What a letter behind a backslash stands for; NUL for a byte that is no end of a text.
fn control(letter: u8) -> u8 {
    match letter {
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'b' => 0x08,
        b'f' => 0x0c,
        b'v' => 0x0b,
        _ => 0x01,
    }
}

/// Whether an object or list opens at the end of `before`, with spaces and breaks behind that.
fn opens(before: &[u8]) -> bool {
    let mut before = &before[before.len().saturating_sub(WORD)..];
    loop {
        before = before.trim_ascii_end();
        match before {
            [.., b'\\', b'n' | b'r' | b't'] => {
                before = &before[..before.len() - 1];
                before = &before[..before.len() - slashes_before(before)];
            }
            _ => return matches!(before, [.., b'{' | b'[']),
        }
    }
}

/// Whether what stands behind `letter`, of a break, is what begins no folder and no name of a user. Backslashes but for those of the
/// innermost string count as what stands before it.
fn begins_anew(letter: u8, written: &Written<'_>, is_escaped: bool) -> bool {
    let before = written.at + (written.own - 1).saturating_sub(usize::from(is_escaped));
    let (before, behind) = (&written.text[..before], written.behind);
    let is_of_word = |byte: &&u8| byte.is_ascii_alphanumeric() || b"_-.".contains(byte);
    let word = &behind[..behind.iter().take(WORD).take_while(is_of_word).count()];
    let last = before.last().copied().unwrap_or(b' ');
    let is_behind_break = before.ends_with(br"\r") || before.ends_with(br"\n");
    match (word.first(), behind.get(word.len())) {
        // A folder may be called by a version.
        (_, Some(b'\\')) if letter == b'v' => false,
        // Behind the letter of a drive a folder stands.
        _ if last == b':' && !is_drive(before) => true,
        // No user is called so.
        _ if word.len() > USER && word.iter().any(u8::is_ascii_digit) && !has_domain(before) && !has_folder(before) => {
            true
        }
        (None, _) => true,
        _ if is_behind_break => true,
        (Some(first), _) if first.is_ascii_uppercase() => true,
        (Some(first), _) if first.is_ascii_digit() => word.len() > 10 || word.contains(&b'.'),
        (_, Some(b'=' | b'@')) => true,
        (_, Some(b':')) => !last.is_ascii_alphanumeric(),
        _ => b";,\"'}]!?>".contains(&last),
    }
}

/// The word that `text` ends with.
fn word_before(text: &[u8]) -> &[u8] {
    let is_of_word = |byte: &&u8| byte.is_ascii_alphanumeric() || b"_-.".contains(byte);
    &text[text.len() - text.iter().rev().take(WORD).take_while(is_of_word).count()..]
}

/// Whether `text` ends with the letter of a drive and its colon.
fn is_drive(text: &[u8]) -> bool {
    let Some(letter) = text.strip_suffix(b":") else { return false };
    matches!(letter, [letter] if letter.is_ascii_alphabetic())
        || matches!(letter, [.., before, letter] if letter.is_ascii_alphabetic() && !before.is_ascii_alphanumeric())
}

/// Whether `text` ends with the name of a domain, which is written in capitals.
fn has_domain(text: &[u8]) -> bool {
    let is_part = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || b"_-.".contains(byte);
    let word = word_before(text);
    word.len() <= DOMAIN && word.iter().any(u8::is_ascii_uppercase) && word.iter().all(is_part)
}

/// Whether a folder is named in what `text` ends with, up to the last space or quote.
fn has_folder(text: &[u8]) -> bool {
    let is_part = |byte: &&u8| !byte.is_ascii_whitespace() && !matches!(byte, b'"' | b'\'' | b'=');
    let run = &text[text.len() - text.iter().rev().take(WORD).take_while(is_part).count()..];
    run.contains(&b'\\') || is_drive(run)
}
