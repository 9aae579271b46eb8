//! Under which name a value is judged: its key, as it was meant, behind that of the map it stands in where this says more.

use std::ops::Range;

use vigie_parsers::batch::{Batch, Text};

use crate::redact::Below;

/// Longest name that is made of two keys, in bytes.
const JOINED: usize = 40;
/// Bytes of the key of a map, or of an escaped one, that count: what it names, its last words tell.
const LONGEST: usize = 256;

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

    /// Whether the value of the member that is called `value` beside this one is what this one's own value names.
    #[inline(always)]
    pub(super) fn is_name(self) -> bool {
        match *self.bytes {
            [n, a, m, e] => [n, a, m, e].eq_ignore_ascii_case(b"name"),
            [k, e, y] => [k, e, y].eq_ignore_ascii_case(b"key"),
            _ => false,
        }
    }

    /// Whether it stands beside a name.
    #[inline(always)]
    pub(super) fn is_value(self) -> bool {
        self.bytes.len() == 5 && self.bytes.eq_ignore_ascii_case(b"value")
    }

    /// The bytes that count.
    fn end(self) -> &'k [u8] {
        &self.bytes[self.bytes.len().saturating_sub(LONGEST)..]
    }

    /// Whether it says nothing, so that the key of its map tells what stands there.
    fn is_bare(self) -> bool {
        let bare: [&[u8]; 9] =
            [b"value", b"values", b"val", b"data", b"content", b"text", b"raw", b"#text", b"current"];
        self.bytes.len() <= 7 && bare.iter().any(|word| self.bytes.eq_ignore_ascii_case(word))
    }
}

/// What the maps that lead to a value add to its key.
#[derive(Clone, Copy, Debug)]
pub(super) struct Above {
    /// Where the name of the map is.
    start: u32,
    length: u16,
    below: Below,
}

impl Above {
    pub(super) const NOTHING: Self = Self { start: 0, length: 0, below: Below::Nothing };

    /// Whether nothing.
    #[inline(always)]
    pub(super) fn is_nothing(self) -> bool {
        self.below == Below::Nothing
    }

    /// Whether what stands under `key` is told by the maps alone.
    fn tells_all(self, key: Key<'_>) -> bool {
        self.below == Below::Whole || (!self.is_nothing() && key.is_bare())
    }

    fn range(self) -> Range<usize> {
        self.start as usize..self.start as usize + usize::from(self.length)
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
            return &self.open[above.range()];
        }
        self.name.clear();
        if !above.is_nothing() && above.range().len() + 1 + key.bytes.len() <= JOINED {
            self.name.extend_from_slice(&self.open[above.range()]);
            self.name.push(b'.');
        }
        push(key, &mut self.name);
        &self.name
    }

    /// How far names of maps go; to be handed to [`Names::leave`].
    pub(super) fn depth(&self) -> usize {
        self.open.len()
    }

    /// A map opens under `key`. `tell` says what such a name means for what is below it.
    pub(super) fn enter(&mut self, key: Key<'_>, above: Above, tell: impl FnOnce(&[u8]) -> Below) -> Above {
        if above.tells_all(key) {
            return above;
        }
        let start = self.open.len();
        let below = if key.escaped {
            push(key, &mut self.open);
            tell(&self.open[start..])
        } else {
            let below = tell(key.end());
            if below == Below::Nothing {
                return Above::NOTHING;
            }
            push(key, &mut self.open);
            below
        };
        // Each of the open maps adds as much as counts of a key, and no more.
        let place = (u32::try_from(start), u16::try_from(self.open.len() - start));
        let (Ok(start), Ok(length)) = place else { return Above::NOTHING };
        Above { start, length, below }
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
