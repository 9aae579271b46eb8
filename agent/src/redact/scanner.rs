//! Looks through one text: word by word where something may begin, each byte a bounded number of times.

use std::ops::Range;
use std::sync::Arc;

use vigie_parsers::simd::{Classes, classify};

use super::chain::Chain;
use super::context::{BEFORE, Context};
use super::decode::Decoded;
use super::engine::Engine;
use super::moment::moment;
use super::resolve::unite;
use super::runs::SHORTEST;
use super::{Candidate, Finding, Place};

/// Looks for values with one engine: one for each worker, since it keeps what it works with.
#[derive(Debug)]
pub struct Scanner {
    engine: Arc<Engine>,
    classes: Vec<Classes>,
    decoded: Decoded,
    chain: Box<Chain>,
    key: Vec<u8>,
    key_context: Context,
    #[cfg(any(test, fuzzing))]
    steps: u64,
}

impl Scanner {
    /// One that looks for what `engine` knows.
    pub fn new(engine: Arc<Engine>) -> Self {
        Self {
            engine,
            classes: Vec::new(),
            decoded: Decoded::default(),
            chain: Box::default(),
            key: Vec::new(),
            key_context: Context::default(),
            #[cfg(any(test, fuzzing))]
            steps: 0,
        }
    }

    /// Places looked at and detectors asked by the last scan, to hold it linear.
    #[cfg(any(test, fuzzing))]
    pub(super) fn steps(&self) -> u64 {
        self.steps
    }

    /// Appends what is found in `text`, sorted by start; what overlaps is one finding, with the name of the surest.
    ///
    /// Takes time in proportion to the length of `text`, of which the first 4 GiB count.
    pub fn scan(&mut self, text: &[u8], place: Place<'_>, found: &mut Vec<Finding>) {
        let text = &text[..text.len().min(u32::MAX as usize)];
        let first = found.len();
        if self.key != place.key {
            self.key.clear();
            self.key.extend_from_slice(place.key);
            self.key_context = self.engine.words.read(place.key, &Context::default());
        }
        classify(text, &mut self.classes);
        let is_coded = self.decoded.read(text, &self.classes, place.escaped);
        if is_coded {
            classify(&self.decoded.text, &mut self.classes);
        }
        let mut pass = Pass {
            engine: &self.engine,
            text: if is_coded { &self.decoded.text } else { text },
            classes: &self.classes,
            chain: &mut self.chain,
            key: &self.key_context,
            is_keyed: !place.key.is_empty(),
            found,
            next: 0,
            chain_end: 0,
            hex_end: 0,
            context: (usize::MAX, Context::default()),
            #[cfg(any(test, fuzzing))]
            steps: 0,
        };
        if place.key.is_empty() || !pass.whole(place.key) {
            pass.run();
        }
        #[cfg(any(test, fuzzing))]
        {
            self.steps = pass.steps;
        }
        if is_coded {
            self.decoded.give_back(&mut found[first..]);
        }
        unite(found, first);
    }
}

/// One way through one text.
pub(super) struct Pass<'a> {
    pub(super) engine: &'a Engine,
    pub(super) text: &'a [u8],
    classes: &'a [Classes],
    pub(super) chain: &'a mut Chain,
    pub(super) key: &'a Context,
    is_keyed: bool,
    pub(super) found: &'a mut Vec<Finding>,
    /// What stands before this is done with.
    pub(super) next: usize,
    /// Groups before this have been in a chain.
    pub(super) chain_end: usize,
    /// Colons before this have been looked at as parts of addresses.
    pub(super) hex_end: usize,
    /// The context that was read last, and before which place.
    pub(super) context: (usize, Context),
    #[cfg(any(test, fuzzing))]
    pub(super) steps: u64,
}

impl Pass<'_> {
    fn run(&mut self) {
        let mut was_word = 0;
        for (block, classes) in self.classes.iter().enumerate() {
            let starts = classes.words & !(classes.words << 1 | was_word);
            was_word = classes.words >> 63;
            let mut events = starts | classes.marks;
            while events != 0 {
                let at = block * 64 + events.trailing_zeros() as usize;
                events &= events - 1;
                let is_new = at >= self.next;
                is_new.then(|| self.look(at));
            }
        }
    }

    /// Looks at what begins at `at`.
    fn look(&mut self, at: usize) {
        #[cfg(any(test, fuzzing))]
        {
            self.steps += 1;
        }
        match self.text[at] {
            b'0'..=b'9' => self.number(at),
            b'@' => self.address(at),
            b':' => {
                if !self.hex_groups(at) {
                    self.pair(at);
                }
            }
            b'=' => self.pair(at),
            b'\\' => self.domain_user(at),
            b'<' => self.bracket(at),
            b'[' => {
                self.skip_token(at);
            }
            _ => self.word(at),
        }
    }

    /// Where the word ends that begins at `at`.
    pub(super) fn word_end(&self, at: usize) -> usize {
        let rest = !self.classes[at / 64].words >> (at % 64);
        if rest != 0 {
            return at + rest.trailing_zeros() as usize;
        }
        let behind = at / 64 + 1;
        let stop = self.classes[behind..].iter().position(|classes| classes.words != u64::MAX);
        stop.map_or(self.text.len(), |blocks| {
            let block = behind + blocks;
            block * 64 + self.classes[block].words.trailing_ones() as usize
        })
    }

    pub(super) fn byte(&self, at: usize) -> u8 {
        self.text.get(at).copied().unwrap_or_default()
    }

    /// The byte `back` bytes before `at`, 0 before the first.
    pub(super) fn byte_before(&self, at: usize, back: usize) -> u8 {
        at.checked_sub(back).map_or(0, |at| self.text[at])
    }

    fn number(&mut self, at: usize) {
        if self.engine.own.birth_date.is_some() && self.spoken_date(at) {
            return;
        }
        if let Some(moment) = moment(&self.text[at..]) {
            if moment.is_date && (at > 0 || self.is_keyed) && self.engine.own.birth_date.is_some() {
                self.ask(self.engine.own.birth_date, at..at + moment.length);
            }
            self.next = at + moment.length;
            return;
        }
        if self.ip_v4(at) || self.phone(at) {
            return;
        }
        self.position(at);
        if at >= self.chain_end {
            let end = self.word_end(at);
            // A short number before a word of a sentence stands alone.
            let is_alone = end - at < SHORTEST && self.byte(end) == b' ' && self.byte(end + 1).is_ascii_lowercase();
            if !is_alone && self.may_chain(at, end) {
                self.chain(at);
            }
        }
    }

    fn word(&mut self, at: usize) {
        if self.literal(at) || at < self.chain_end {
            return;
        }
        let end = self.word_end(at);
        let is_group = end - at < SHORTEST
            && self.may_chain(at, end)
            && (self.byte(end) != b' ' || self.text[at].is_ascii_uppercase());
        let length = end - at;
        let is_asked =
            length <= super::engine::LONGEST && (!self.engine.letters[length].is_empty() || self.may_chain(end, end));
        if is_group
            || (length >= SHORTEST && (is_asked || self.text[at + 3].is_ascii_digit()) && self.has_digit(at..end))
        {
            self.chain(at);
        }
        if matches!(end - at, 8 | 11) && self.text[at].is_ascii_uppercase() && self.text[at + 5].is_ascii_uppercase() {
            self.ask(self.engine.own.bic, at..end);
        }
    }

    /// Latitude and longitude: two numbers with four or more digits behind the dot.
    fn position(&mut self, at: usize) {
        let Some(first) = decimal_length(&self.text[at..]) else { return };
        let marks =
            self.text[at + first..].iter().take(3).take_while(|byte| matches!(byte, b',' | b';' | b' ')).count();
        let second_start = at + first + marks;
        let sign = usize::from(self.byte(second_start) == b'-');
        let Some(second) = self.text.get(second_start + sign..).and_then(decimal_length) else { return };
        let before = self.byte_before(at, 1);
        let is_signed = before == b'-' && !self.byte_before(at, 2).is_ascii_alphanumeric();
        let is_inside = !is_signed && matches!(before, b'.' | b'-' | b'/');
        let end = second_start + sign + second;
        if marks > 0 && !is_inside && self.ask(self.engine.own.gps, at - usize::from(is_signed)..end) {
            self.next = end;
        }
    }

    /// A line for machines: letters, digits and `<`, two of them beside each other.
    fn bracket(&mut self, at: usize) {
        if self.element(at) || self.skip_token(at) || self.engine.own.mrz.is_none() {
            return;
        }
        let is_part = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'<';
        let before = &self.text[self.next.max(at.saturating_sub(45))..at];
        let start = at - before.iter().rev().take_while(|byte| is_part(byte)).count();
        let ahead = self.text[at..].iter().take(46).take_while(|byte| is_part(byte)).count();
        let end = at + ahead;
        // The last one may open the end of an element.
        let end = end - usize::from(self.byte(end) == b'/' && self.byte(end - 1) == b'<');
        if matches!(end - start, 30 | 36 | 44) && self.ask(self.engine.own.mrz, start..end) {
            self.next = end;
        } else if end - at > 8 {
            // A flood of them is looked through once; what stands behind the last may be a value.
            let last = self.text[at..end].iter().rposition(|byte| *byte == b'<');
            self.next = at + last.unwrap_or_default() + 1;
        }
    }

    /// Whether a digit stands among the first 40 bytes of a word.
    fn has_digit(&self, word: Range<usize>) -> bool {
        word.len() <= super::engine::LONGEST && {
            let (block, bit) = (word.start / 64, word.start % 64);
            let wanted = (1_u64 << word.len()) - 1;
            let behind = self.classes.get(block + 1).map_or(0, |classes| classes.digits);
            let digits = self.classes[block].digits >> bit | if bit == 0 { 0 } else { behind << (64 - bit) };
            digits & wanted != 0
        }
    }

    /// Whether an address is at `at`, which is done with then.
    fn ip_v4(&mut self, at: usize) -> bool {
        let Some(end) = dotted_quad(self.text, at) else { return false };
        self.next = end;
        if !self.is_version(at) {
            self.ask(self.engine.own.ipv4, at..end);
            self.ask(self.engine.own.private_ip, at..end);
            self.access_user(end);
        }
        true
    }

    /// Whether the four numbers at `at` are a version: `Chrome/120.0.6099.71`, `name-1.2.3.4`, `version 1.2.3.4`.
    fn is_version(&mut self, at: usize) -> bool {
        let (before, further) = (self.byte_before(at, 1), self.byte_before(at, 2));
        let is_glued = match before {
            b'/' => {
                further.is_ascii_alphabetic() && super::version::is_product(&self.text[at.saturating_sub(24)..at - 1])
            }
            b'-' => further.is_ascii_alphanumeric(),
            b'~' => true,
            b'.' | b'_' | b'+' => further.is_ascii_alphanumeric(),
            _ => false,
        };
        is_glued
            || super::version::is_revised(&self.text[at..])
            || super::version::is_named(&self.text[at.saturating_sub(24)..at])
    }

    /// Leaves a token alone that stands for a value already.
    fn skip_token(&mut self, at: usize) -> bool {
        let length = super::token::length(&self.text[at..]);
        self.next = length.map_or(self.next, |length| at + length);
        length.is_some()
    }

    /// What the key and the 48 bytes before `at` on the same line say.
    pub(super) fn context_before(&mut self, at: usize) -> Context {
        read_context(&mut self.context, self.engine, self.text, self.key, at);
        self.context.1
    }

    /// Asks the detector whether what stands at `span` is one.
    pub(super) fn ask(&mut self, detector: Option<u16>, span: Range<usize>) -> bool {
        let Some(detector) = detector else { return false };
        let plain = &self.text[span.clone()];
        let candidate = Candidate { plain, groups: &[], separators: &[] };
        let Some(shape) = (self.engine.detector(detector).check)(&candidate) else { return false };
        let needs = self.engine.needs_context(detector, shape);
        let context = if needs { self.context_before(span.start) } else { Context::default() };
        self.offer(detector, shape, &context, span);
        true
    }

    /// Keeps what its name made certain.
    pub(super) fn keep(&mut self, detector: u16, span: Range<usize>) {
        self.found.push(Finding { start: span.start as u32, end: span.end as u32, detector, score: NAMED });
    }

    /// Keeps what passed its check if enough speaks for it.
    pub(super) fn offer(&mut self, detector: u16, shape: super::Shape, context: &Context, span: Range<usize>) {
        if let Some(score) = self.engine.score(detector, shape, context) {
            self.found.push(Finding { start: span.start as u32, end: span.end as u32, detector, score });
        }
    }
}

/// Reads what stands before `at`, unless that was the last place for which it was read.
pub(super) fn read_context(context: &mut (usize, Context), engine: &Engine, text: &[u8], key: &Context, at: usize) {
    if context.0 != at {
        let before = &text[at.saturating_sub(BEFORE)..at];
        let line = before.iter().rposition(|byte| *byte == b'\n').map_or(before, |newline| &before[newline + 1..]);
        *context = (at, engine.words.read(line, key));
    }
}

/// How certain a value is that stands behind its name.
const NAMED: u8 = 90;

/// How long the number is that `text` begins with, if it has a dot and four to fifteen digits behind it.
fn decimal_length(text: &[u8]) -> Option<usize> {
    let digits = |text: &[u8]| text.iter().take(16).take_while(|byte| byte.is_ascii_digit()).count();
    let whole = digits(text);
    if !(1..=3).contains(&whole) || text.get(whole) != Some(&b'.') {
        return None;
    }
    let places = digits(&text[whole + 1..]);
    let end = whole + 1 + places;
    let is_touched = text.get(end).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    ((4..=15).contains(&places) && !is_touched).then_some(end)
}

/// Where the dotted quad ends that begins at `at`: four numbers up to 255 without leading zeros.
fn dotted_quad(text: &[u8], at: usize) -> Option<usize> {
    let mut end = at;
    for number in 0..4 {
        if number > 0 {
            if text.get(end) != Some(&b'.') {
                return None;
            }
            end += 1;
        }
        let digits = text[end..].iter().take(4).take_while(|byte| byte.is_ascii_digit()).count();
        let value = text[end..end + digits].iter().fold(0, |value, digit| value * 10 + u32::from(digit - b'0'));
        if digits == 0 || digits > 3 || value > 255 || (digits > 1 && text[end] == b'0') {
            return None;
        }
        end += digits;
    }
    let behind = text.get(end).copied().unwrap_or_default();
    let goes_on = behind.is_ascii_alphanumeric() || behind == b'_';
    let is_longer = behind == b'.' && text.get(end + 1).is_some_and(u8::is_ascii_digit);
    (!goes_on && !is_longer).then_some(end)
}
