//! A further look at a text as it will read. What is glued to a value may be one by itself only when a label stands in the place of
//! that: `<card>+33612345678`. So a text that was hidden is not changed when it comes through once more.
//!
//! Most values stand apart from what is beside them, and their texts are looked through once.

use smallvec::SmallVec;

use super::action::Action;
use super::bare::Quotes;
use super::mask::{mask, truncated};
use super::policy::Policy;
use super::token::push_label;
use crate::redact::{Fences, Finding};

/// Further looks at one text, at the most.
pub(super) const LOOKS: usize = 6;
/// Bytes of a part of an address in hexadecimal digits, and its colon.
const HEX: usize = 5;
/// Longest word behind a name and before a value that tells whether it begins a sentence, in bytes.
const WORD: usize = 64;

/// A value: where it lies, and what stands in its place in the new text.
#[derive(Debug)]
struct Piece {
    old: (u32, u32),
    new: (u32, u32),
    /// Of a network, which may be a value of another kind as a whole, the detector of the address.
    network: Option<u16>,
}

/// The text as it will read.
#[derive(Debug, Default)]
pub(super) struct Again {
    pub(super) text: Vec<u8>,
    pieces: Vec<Piece>,
}

impl Again {
    /// Puts labels in the place of what was `found` in `text` and is to be hidden.
    pub(super) fn write(&mut self, policy: &Policy, text: &[u8], fences: Option<&Fences>, found: &[Finding]) {
        self.text.clear();
        self.pieces.clear();
        let (mut copied, mut quotes) = (0, Quotes::default());
        for one in found {
            let fitted = quotes.fitting(fences, text, one.start as usize..one.end as usize);
            let number = usize::from(one.detector);
            let action = policy.action(number);
            let span = one.start as usize..one.end as usize;
            let network = match action {
                Action::Keep => continue,
                Action::TruncateIp { v4, v6 } => network_of(text.get(span).unwrap_or_default(), (*v4, *v6)),
                _ => None,
            };
            // One of four numbers looks as the address in it does.
            if network.is_none() && matches!(action, Action::TruncateIp { .. }) {
                continue;
            }
            let entity = policy.detectors()[number].entity;
            for part in fitted.parts(text, entity) {
                self.text.extend_from_slice(text.get(copied..part.start).unwrap_or_default());
                copied = part.end;
                let start = narrow(self.text.len());
                match &network {
                    Some(network) => self.text.extend_from_slice(network.as_bytes()),
                    None => self.replacement(action, entity, text.get(part.clone()).unwrap_or_default(), fitted.quote),
                }
                let new = (start, narrow(self.text.len()));
                let network = network.as_ref().map(|_| one.detector);
                self.pieces.push(Piece { old: (narrow(part.start), narrow(part.end)), new, network });
            }
        }
        self.text.extend_from_slice(text.get(copied..).unwrap_or_default());
    }

    /// Appends what stands in the place of `value`, or a label where that can be told from all others.
    fn replacement(&mut self, action: &Action, entity: &str, value: &[u8], quote: &[u8]) {
        if *action == Action::Remove {
            return;
        }
        self.text.extend_from_slice(quote);
        match (action, std::str::from_utf8(value)) {
            // What is left of it may be one with what stands beside it: `****12345678, 12.5`.
            (Action::Mask { first, last }, Ok(value)) if memchr::memchr(b'\\', value.as_bytes()).is_none() => {
                mask(value, *first, *last, &mut self.text);
            }
            _ => push_label(entity, &mut self.text),
        }
        self.text.extend_from_slice(quote);
    }

    /// Moves what was `found` in the new text to where it lies in the old one, without what lies within a label.
    pub(super) fn give_back(&self, found: &mut Vec<Finding>) {
        found.retain_mut(|one| {
            let first = self.pieces.partition_point(|piece| piece.new.1 <= one.start);
            let is_within = self.pieces.get(first).is_some_and(|piece| {
                let is_own = piece.network.is_none_or(|detector| detector == one.detector);
                is_own && piece.new.0 <= one.start && one.end <= piece.new.1
            });
            one.start = self.start(first, one.start);
            one.end = self.end(one.end);
            !is_within && one.start < one.end
        });
    }

    /// Where what begins at `at` in the new text begins in the old one, before which it is if it begins in piece `first`.
    fn start(&self, first: usize, at: u32) -> u32 {
        match self.pieces.get(first) {
            Some(piece) if piece.new.0 <= at => piece.old.0,
            _ => self.behind(first, at),
        }
    }

    fn end(&self, at: u32) -> u32 {
        let first = self.pieces.partition_point(|piece| piece.new.1 < at);
        match self.pieces.get(first) {
            Some(piece) if piece.new.0 < at => piece.old.1,
            _ => self.behind(first, at),
        }
    }

    /// The place of `at`, which lies behind the piece before `first` and in none.
    fn behind(&self, first: usize, at: u32) -> u32 {
        match first.checked_sub(1).and_then(|before| self.pieces.get(before)) {
            Some(piece) => piece.old.1 + (at - piece.new.1),
            None => at,
        }
    }
}

/// What is left of `address` if it is a long one, of which more may be left out than the end.
fn network_of(address: &[u8], (v4, v6): (u8, u8)) -> Option<String> {
    let is_long = memchr::memchr(b':', address).is_some();
    let network = truncated(std::str::from_utf8(address).ok().filter(|_| is_long)?, v4, v6)?;
    Some(network.to_string())
}

/// A place in a text, of which what lies behind 4 GiB is not looked at.
fn narrow(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

/// Whether anything may be found in `text` only when labels stand in the place of what was `found`.
pub(super) fn may_hold_more(policy: &Policy, text: &[u8], found: &[Finding]) -> bool {
    let is_removed = |one: &Finding| *policy.action(usize::from(one.detector)) == Action::Remove;
    let is_glued = |one: &Finding| {
        let (before, behind) = (text.get(..one.start as usize), text.get(one.end as usize..));
        let (before, behind) = (before.unwrap_or_default(), behind.unwrap_or_default());
        is_glued_before(before) || is_glued_behind(behind) || is_open(before, behind)
    };
    let is_cut = |one: &Finding| {
        matches!(policy.action(usize::from(one.detector)), Action::TruncateIp { .. })
            && text.get(one.end as usize).is_some_and(|byte| b":&%\\".contains(byte))
    };
    let is_left = |one: &Finding| {
        let Action::Mask { first, last } = policy.action(usize::from(one.detector)) else { return false };
        let before = || text.get(..one.start as usize).unwrap_or_default().iter().rev();
        let behind = || text.get(one.end as usize..).unwrap_or_default().iter();
        *last > 0 && goes_on(behind()) || *first > 0 && goes_on(before())
    };
    found.iter().any(|one| is_removed(one) || is_glued(one) || is_cut(one) || is_left(one))
        || closes_label(policy, text, found)
        || has_codes(text)
}

/// Whether a number follows in `text` behind a comma or space, read away from what a mask leaves of another one: both may be one value.
fn goes_on<'a>(mut text: impl Iterator<Item = &'a u8>) -> bool {
    let is_mark = |byte: &u8| matches!(byte, b' ' | b',' | b';');
    let mut next = || text.next().copied().unwrap_or_default();
    let (first, second) = (next(), next());
    let third = if is_mark(&second) { next() } else { second };
    is_mark(&first) && (third.is_ascii_digit() || third == b'-')
}

/// Whether any quote in `text` is written with a code other than a backslash before it: of those that are, which one closes what another
/// one opens depends on all that is between them.
fn has_codes(text: &[u8]) -> bool {
    memchr::memchr3_iter(b'%', b'&', b'\\', text).any(|at| {
        let code = text.get(at..).unwrap_or_default();
        let is_one = |codes: &[&[u8]]| codes.iter().any(|one| code.starts_with(one));
        match code.get(1) {
            Some(b'2') => is_one(&[b"%22", b"%27", b"%2522", b"%2527"]),
            Some(b'u' | b'x') => is_one(&[b"\\u0022", b"\\u0027", b"\\x22", b"\\x27"]),
            Some(b'\'') => true,
            Some(b'#' | b'q' | b'a') => {
                is_one(&[b"&#34;", b"&#39;", b"&#x22;", b"&#x27;", b"&quot;", b"&apos;", b"&amp;"])
            }
            _ => false,
        }
    })
}

/// Whether a value that stands right behind `before` is glued to what that ends with, or is what tells a word there from a sentence.
fn is_glued_before(before: &[u8]) -> bool {
    match before {
        [head @ .., b':'] => head.iter().rev().take(HEX).any(|byte| *byte == b':'),
        [head @ .., b' '] => {
            let word = head.iter().rev().take(WORD).take_while(|byte| !byte.is_ascii_whitespace()).count();
            word > 0 && head[..head.len() - word].ends_with(b": ")
        }
        [.., byte] => !b"\t\r\n\"'`,;&(<[{=|?>/\\@.".contains(byte),
        [] => false,
    }
}

/// Whether a value that stands right before `behind` is glued to what that begins with.
fn is_glued_behind(behind: &[u8]) -> bool {
    match behind {
        [b'.', next, ..] => next.is_ascii_alphanumeric(),
        [b'(', next, ..] => !next.is_ascii_alphabetic(),
        // What a code stands for may be anything, or nothing. Whether one for a break is one, what stands before it may tell.
        [b'\\', ..] => match behind.get(slashes_ahead(behind)..) {
            Some([b'n' | b'r' | b't', next, ..]) => next.is_ascii_lowercase(),
            Some([letter, ..]) => b"uUxbfv0e".contains(letter),
            _ => false,
        },
        [byte, ..] => !b" \t\r\n\"'`,;&)}]>=:?.|\\<@/".contains(byte),
        [] => false,
    }
}

/// Whether a quote stands right before a value and another one, or none, right behind it.
fn is_open(before: &[u8], behind: &[u8]) -> bool {
    let mark = before.last().copied().filter(|byte| matches!(byte, b'"' | b'\''));
    mark.is_some_and(|mark| behind.get(slashes_ahead(behind)) != Some(&mark))
}

fn slashes_ahead(text: &[u8]) -> usize {
    text.iter().take_while(|byte| **byte == b'\\').count()
}

/// Whether an element is closed that is called as the label of a value before it: of both one makes an element of XML.
fn closes_label(policy: &Policy, text: &[u8], found: &[Finding]) -> bool {
    const CLOSES: &[u8] = b"</";
    let Some(first) = found.first() else { return false };
    let behind = text.get(first.end as usize..).unwrap_or_default();
    let mut places = memchr::memmem::find_iter(behind, CLOSES).peekable();
    if places.peek().is_none() {
        return false;
    }
    let mut kinds: SmallVec<[u16; 16]> = found.iter().map(|one| one.detector).collect();
    kinds.sort_unstable();
    kinds.dedup();
    places.any(|place| {
        let name = behind.get(place + CLOSES.len()..).unwrap_or_default();
        kinds.iter().any(|kind| name.starts_with(policy.detectors()[usize::from(*kind)].entity.as_bytes()))
    })
}
