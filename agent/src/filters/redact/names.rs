//! Under which name a value is judged: its key, as it was meant, behind that of the map it stands in where this says more.

use std::ops::Range;

use vigie_parsers::batch::{Batch, Text};

use crate::privacy::Secret;
use crate::redact::{Below, token_length};

/// Longest name that is made of two keys, in bytes.
const JOINED: usize = 40;
/// Bytes of the key of a map, or of an escaped one, that count: what it names, its last words tell.
const LONGEST: usize = 256;
/// Bytes of the longest option among arguments.
const OPTION: usize = 48;
/// Makes small letters of four capital ones, and leaves small ones.
const SMALL: u32 = 0x2020_2020;

/// What a member of a map is to those beside it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Part {
    /// Its value names what the value beside it is.
    Name,
    /// What it is, a name beside it may tell.
    Value,
    Other,
}

/// A key as it stands in the record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key<'k> {
    pub(super) bytes: &'k [u8],
    /// Whether it is the inside of a JSON string with an escape.
    pub(super) escaped: bool,
}

impl<'k> Key<'k> {
    /// The inside of a string of JSON.
    pub(super) fn of_json(inside: &'k [u8]) -> Self {
        Self { bytes: inside, escaped: memchr::memchr(b'\\', inside).is_some() }
    }

    /// A text of `batch`.
    pub(super) fn of_text(batch: &'k Batch, text: Text) -> Self {
        Self { bytes: batch.bytes(text.span), escaped: text.is_escaped() }
    }

    /// What a member under this key is to those beside it, in a map that holds a name and its value.
    #[inline(always)]
    pub(super) fn part(self) -> Part {
        match self.bytes {
            [.., a, b, c, d] => self.part_of(u32::from_le_bytes([*a, *b, *c, *d]) | SMALL),
            [_, _, _] if self.bytes.eq_ignore_ascii_case(b"key") => Part::Name,
            [_, _, _] if self.bytes.eq_ignore_ascii_case(b"val") => Part::Value,
            b"loc" => Part::Name,
            b"old" | b"new" | b"to" => Part::Value,
            _ => Part::Other,
        }
    }

    /// The same of a key that ends with these small letters.
    #[inline(always)]
    fn part_of(self, end: u32) -> Part {
        const ALUE: u32 = u32::from_le_bytes(*b"alue");
        const NAME: u32 = u32::from_le_bytes(*b"name");
        const PATH: u32 = u32::from_le_bytes(*b"path");
        const IELD: u32 = u32::from_le_bytes(*b"ield");
        const ARAM: u32 = u32::from_le_bytes(*b"aram");
        const TEXT: u32 = u32::from_le_bytes(*b"text");
        const NPUT: u32 = u32::from_le_bytes(*b"nput");
        const ERTY: u32 = u32::from_le_bytes(*b"erty");
        const RKEY: u32 = u32::from_le_bytes(*b"rkey");
        const ETER: u32 = u32::from_le_bytes(*b"eter");
        const BUTE: u32 = u32::from_le_bytes(*b"bute");
        const ABLE: u32 = u32::from_le_bytes(*b"able");
        const STEM: u32 = u32::from_le_bytes(*b"stem");
        const FROM: u32 = u32::from_le_bytes(*b"from");
        let one_of = |keys: &[&[u8]], part| {
            if keys.iter().any(|key| self.bytes.eq_ignore_ascii_case(key)) { part } else { Part::Other }
        };
        match end {
            ALUE if self.is_value() => Part::Value,
            TEXT => one_of(&[b"#text"], Part::Value),
            NPUT => one_of(&[b"input"], Part::Value),
            NAME => one_of(&[b"name", b"@name", b"fieldname", b"field_name"], Part::Name),
            PATH | IELD | ARAM => one_of(&[b"path", b"field", b"param", b"propertypath"], Part::Name),
            BUTE | ABLE | STEM => one_of(&[b"attribute", b"variable", b"system"], Part::Name),
            FROM => one_of(&[b"from"], Part::Value),
            ERTY | RKEY | ETER => one_of(&[b"property", b"parameterkey", b"parameter"], Part::Name),
            _ => Part::Other,
        }
    }

    /// Whether it is `value`, or that and a word before it that says no more of what it is.
    fn is_value(self) -> bool {
        let Some(at) = self.bytes.len().checked_sub(b"value".len()) else { return false };
        let (before, value) = self.bytes.split_at(at);
        value.eq_ignore_ascii_case(b"value") && (before.is_empty() || is_before_value(before))
    }

    /// The bytes that count.
    pub(super) fn end(self) -> &'k [u8] {
        &self.bytes[self.bytes.len().saturating_sub(LONGEST)..]
    }

    /// Whether it is an option among arguments, behind which its value stands: `--password`.
    pub(super) fn is_option(self) -> bool {
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        // Programs have an option `--user` without a value, and those that turn something off have none.
        matches!(self.bytes, [b'-', name @ .., last] if *last != b'-' && !name.is_empty() && name.len() < OPTION)
            && self.bytes.iter().all(is_part)
            && self.bytes != b"--user"
            && !self.bytes.starts_with(b"--no-")
    }

    /// Whether it says nothing, so that the key of its map tells what stands there.
    fn is_bare(self) -> bool {
        let bare: [&[u8]; 7] = [b"values", b"val", b"data", b"content", b"text", b"raw", b"#text"];
        let is_short = self.bytes.len() <= 7;
        is_short && bare.iter().any(|word| self.bytes.eq_ignore_ascii_case(word))
            || self.is_value()
            || self.bytes.eq_ignore_ascii_case(b"current")
    }
}

/// Whether `word` stands before `value` and says no more of what it is.
fn is_before_value(word: &[u8]) -> bool {
    const WORDS: [&[u8]; 9] =
        [b"new", b"old", b"previous", b"current", b"rejected", b"invalid", b"string", b"int", b"parameter"];
    let word = word.strip_suffix(b"_").unwrap_or(word);
    WORDS.iter().any(|one| word.eq_ignore_ascii_case(one))
}

/// What a key says of the map under it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Said {
    pub(super) below: Below,
    /// What secret is below, where a value's own key does not tell what else it is.
    pub(super) secret: Option<Secret>,
}

/// What the maps that lead to a value add to its key.
#[derive(Clone, Copy, Debug)]
pub(super) struct Above {
    /// The name of the map.
    name: Stretch,
    below: Below,
    /// The name of the innermost map around that is of a secret, and of what kind.
    secret: Option<(Stretch, Secret)>,
}

/// Whether `text`, of which nothing else is known, may be such a secret. Many a word stands in a map of keys or of a session, and days, as
/// these begin and end.
#[inline(never)]
fn may_be(secret: Secret, text: &[u8]) -> bool {
    let is_day = |(at, byte): (usize, &u8)| if matches!(at, 4 | 7) { *byte == b'-' } else { byte.is_ascii_digit() };
    let is_date = text.get(..10).is_some_and(|day| day.iter().enumerate().all(is_day));
    !is_date
        && match secret {
            Secret::Cookie => true,
            Secret::Token => is_mixed(text),
            Secret::Tokens => is_mixed(text) && is_random(text),
        }
}

/// Whether capitals and small letters, or the digits of a long hexadecimal number alone, are in `text`.
fn is_random(text: &[u8]) -> bool {
    const LONG: usize = 16;
    text.iter().any(u8::is_ascii_uppercase) && text.iter().any(u8::is_ascii_lowercase)
        || text.len() >= LONG && text.iter().all(u8::is_ascii_hexdigit)
}

/// Whether `text` holds digits and letters, but for what stands for a value already.
fn is_mixed(text: &[u8]) -> bool {
    let (mut at, mut has_digits, mut has_letters) = (0, false, false);
    while let Some(byte) = text.get(at) {
        let label = if *byte == b'<' { token_length(text.get(at..).unwrap_or_default()) } else { None };
        has_digits |= byte.is_ascii_digit();
        has_letters |= byte.is_ascii_alphabetic();
        at += label.unwrap_or(1);
    }
    has_digits && has_letters
}

/// Where a name stands among those of open maps.
#[derive(Clone, Copy, Debug, Default)]
struct Stretch {
    start: u32,
    length: u16,
}

impl Stretch {
    fn range(self) -> Range<usize> {
        self.start as usize..self.start as usize + usize::from(self.length)
    }
}

impl Above {
    pub(super) const NOTHING: Self =
        Self { name: Stretch { start: 0, length: 0 }, below: Below::Nothing, secret: None };

    /// Whether a map around is of a secret that `text` may be.
    #[inline(always)]
    pub(super) fn may_be_secret(self, text: &[u8]) -> bool {
        self.secret.is_some_and(|(_, secret)| may_be(secret, text))
    }

    /// Whether nothing.
    #[inline(always)]
    pub(super) fn is_nothing(self) -> bool {
        self.below == Below::Nothing
    }

    /// Whether all below is a password.
    pub(super) fn is_password(self) -> bool {
        self.below == Below::Whole
    }

    /// Whether what stands under `key` is told by the maps alone.
    fn tells_all(self, key: Key<'_>) -> bool {
        self.below == Below::Whole || (!self.is_nothing() && key.is_bare())
    }

    /// Whether `key` is joined to the name of the map.
    fn fits(self, key: Key<'_>) -> bool {
        !self.is_nothing() && usize::from(self.name.length) + 1 + key.bytes.len() <= JOINED
    }
}

/// Names of the maps that are open, one behind the other, and the name of the last value.
#[derive(Debug, Default)]
pub(super) struct Names {
    open: Vec<u8>,
    name: Vec<u8>,
}

impl Names {
    /// What to judge a value by that stands under `key`.
    #[inline(always)]
    pub(super) fn name<'n>(&'n mut self, key: Key<'n>, above: Above) -> &'n [u8] {
        if above.is_nothing() && !key.escaped { key.bytes } else { self.made(key, above) }
    }

    #[inline(never)]
    fn made(&mut self, key: Key<'_>, above: Above) -> &[u8] {
        if above.tells_all(key) {
            return &self.open[above.name.range()];
        }
        self.name.clear();
        if above.fits(key) {
            self.name.extend_from_slice(&self.open[above.name.range()]);
            self.name.push(b'.');
        }
        push(key, &mut self.name);
        &self.name
    }

    /// The name of the map around of which all is a secret.
    pub(super) fn of_secret(&self, above: Above) -> &[u8] {
        above.secret.and_then(|(name, _)| self.open.get(name.range())).unwrap_or_default()
    }

    /// How far names of maps go; to be handed to [`Names::leave`].
    pub(super) fn depth(&self) -> usize {
        self.open.len()
    }

    /// A map opens under `key`. `tell` says what such a name means for what is below it.
    pub(super) fn enter(&mut self, key: Key<'_>, above: Above, tell: impl FnOnce(&[u8]) -> Said) -> Above {
        if above.tells_all(key) {
            return above;
        }
        let start = self.open.len();
        let said = if key.escaped {
            push(key, &mut self.open);
            tell(&self.open[start..])
        } else {
            tell(key.end())
        };
        self.open.truncate(start);
        if said.below == Below::Nothing {
            return Above { secret: above.secret, ..Above::NOTHING };
        }
        // `target` below `user` is `user.target`.
        if above.fits(key) {
            self.open.extend_from_within(above.name.range());
            self.open.push(b'.');
        }
        push(key, &mut self.open);
        // Each of the open maps adds as much as counts of a key, and no more.
        let place = (u32::try_from(start), u16::try_from(self.open.len() - start));
        let (Ok(start), Ok(length)) = place else { return Above::NOTHING };
        let name = Stretch { start, length };
        let secret = said.secret.map(|secret| (name, secret));
        Above { name, below: said.below, secret: secret.or(above.secret) }
    }

    /// The map closes, before which names went up to `depth`.
    pub(super) fn leave(&mut self, depth: usize) {
        self.open.truncate(depth);
    }
}

/// Appends what `key` stands for.
fn push(key: Key<'_>, out: &mut Vec<u8>) {
    if key.escaped {
        Batch::decode_json(key.end(), out);
    } else {
        out.extend_from_slice(key.end());
    }
}
