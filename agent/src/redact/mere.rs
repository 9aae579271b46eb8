//! Values of fields in which surely nothing is found, told without a look through them: numbers and words that nothing speaks for,
//! written so that nothing counts.
//!
//! What is told here, a glance would tell too; it only costs less. What is not sure is looked through.

use vigie_parsers::simd::{BitWork, Classes};

use super::Candidate;
use super::context::Lengths;
use super::engine::LONGEST;
use super::filter::head;
use super::glance::{Dots, joined};
use super::loaded::{MASKS, WORDS};
use super::masks::{Window, alnums, humps, letters, long_capitals};
use super::scanner::{SHORTEST, Scanner};
use super::shapes::{Form, Quiet, Shape, countries};
use super::universal::iban;
use super::ways::Beginning;

/// Bytes of the longest number that is told.
const NUMBER: usize = 16;
/// Without a word the shortest value is `1.2.3.4`.
const CHAIN: usize = 7;

/// Bytes of a dot and the digits behind it, the first two of them zeros, that are no telephone number: that has four digits behind
/// such zeros at least.
const CALLED: usize = 6;

/// What is told of a text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Mere {
    /// Nothing is found in it.
    Nothing,
    /// If nothing is found in it, [`Scanner::learn`] makes that known for others that are written like it.
    New,
    /// It is to be looked through.
    Unsure,
}

/// One look at one text.
struct Look<'a, 'b> {
    scanner: &'a mut Scanner,
    text: &'b [u8],
    mere: &'a mut Mere,
}

impl BitWork for Look<'_, '_> {
    #[inline(always)]
    fn work(self) {
        *self.mere = self.scanner.tell(self.text);
    }
}

impl Scanner {
    /// Whether `key` neither names a value nor speaks for one, so that [`Scanner::is_mere_number`] and [`Scanner::mere`] may be asked.
    pub fn is_silent(&mut self, key: &[u8]) -> bool {
        let said = self.keys.say(&self.engine, key);
        said.named.is_none() && said.is_mute && said.context.lengths == Lengths::NONE
    }

    /// Whether nothing is found in a number under a silent key: of `length` bytes, in `words` as they stand in memory, zeros behind it.
    #[inline(always)]
    pub fn is_mere_number(&self, words: [u64; 2], length: usize) -> bool {
        if length > NUMBER {
            return false;
        }
        let bytes = u128::from(words[0]) | u128::from(words[1]) << 64;
        let is_negative = words[0] as u8 == b'-';
        let (bytes, length) = if is_negative { (bytes >> 8, length - 1) } else { (bytes, length) };
        let others = no_digits(bytes);
        let whole = (others.trailing_zeros() / 8) as usize;
        if bytes as u16 == ZEROS {
            return false;
        }
        if whole >= length {
            let words = [bytes as u64, (bytes >> 64) as u64, 0, 0];
            return length < CHAIN || !(self.engine.asks_alone(length, false) && self.counts(words, length, false));
        }
        if has_no_fraction(bytes, (whole, length)) {
            // It is looked at without.
            return false;
        }
        let (dot, behind) = (bytes >> (8 * whole), others & (others - 1));
        let is_fraction = dot as u8 == b'.' && (behind.trailing_zeros() / 8) as usize >= length;
        let is_called = (dot >> 8) as u16 == ZEROS && length - whole > CALLED;
        if !is_fraction || whole == 0 || is_called {
            return false;
        }
        let alnums = !(1 << whole);
        length < CHAIN || self.shapes.has(Shape::new(alnums, alnums, length as u32, [false; 2]))
    }

    /// Whether nothing is found in a text under a silent key, of small letters and digits alone: of `length` bytes, in `words` as they
    /// stand in memory, zeros behind it.
    #[inline(always)]
    pub fn is_mere_run(&self, words: [u64; WORDS], length: usize) -> bool {
        let (digits, smalls) = (words.map(digits_of), words.map(smalls_of));
        let Some(masks) = MASKS.get(length) else { return false };
        let (mut has_letters, mut has_others) = (0, 0);
        for ((mask, digits), smalls) in masks.iter().zip(&digits).zip(&smalls) {
            has_letters |= smalls;
            has_others |= (digits | smalls) ^ (mask & HIGH);
        }
        has_others == 0
            && words[0] as u16 != ZEROS
            && (smalls[0] as u8 == 0 || !self.begins_with_known(words, smalls))
            && (length < CHAIN || !self.run_counts((words, length), has_letters != 0, digits[0]))
    }

    /// Whether a run counts without a word, or may begin an account number (IBAN): of `length` bytes, in `words`, the first of which
    /// has digits at the bits `digits`.
    #[inline(always)]
    fn run_counts(&self, (words, length): ([u64; WORDS], usize), has_letters: bool, digits: u64) -> bool {
        digits as u32 == COUNTRY && iban::may_begin((words[0] as u16).to_le_bytes(), length)
            || self.engine.asks_alone(length, has_letters) && self.counts(words, length, has_letters)
    }

    /// Whether a run passes any check without a word.
    #[inline(never)]
    fn counts(&self, words: [u64; WORDS], length: usize, has_letters: bool) -> bool {
        let mut plain = [0; 8 * WORDS];
        plain.as_chunks_mut().0.iter_mut().zip(words).for_each(|(to, word)| *to = word.to_le_bytes());
        plain.make_ascii_uppercase();
        let plain = &plain[..length];
        let asks = if has_letters { &self.engine.letters[length] } else { &self.engine.digits[length] };
        let beginning = Beginning::of(plain[0], plain[1]);
        let candidate = Candidate { plain, groups: &[length as u8], separators: b"" };
        let mut asked = asks.alone().iter().filter(|asked| asked.beginning.meets(beginning));
        asked.any(|asked| (asked.check)(&candidate).is_some())
    }

    /// Whether the word may be known that a text begins with, in `words`, of which the bytes at the bits `smalls` are letters.
    #[inline(always)]
    fn begins_with_known(&self, words: [u64; WORDS], smalls: [u64; WORDS]) -> bool {
        let whole = smalls.iter().take_while(|smalls| **smalls == HIGH).count();
        let length = 8 * whole + smalls.get(whole).map_or(0, |smalls| (!smalls & HIGH).trailing_zeros() as usize / 8);
        let further = length as u32 - 1;
        let beginning = self.engine.known.beginning(words[0] as u32, further);
        beginning.is_any() && self.engine.literals.may_begin(words[0] as u32)
            || beginning.has(further) == 1 && self.engine.known.may_hold(words[0], length).is_some()
    }

    /// What is told of a text under a silent key. It has no escapes.
    #[inline]
    pub fn mere(&mut self, text: &[u8]) -> Mere {
        if text.len() < SHORTEST {
            return Mere::Nothing;
        }
        let mut mere = Mere::Unsure;
        if text.len() <= 64 {
            self.masks.bits().work(Look { scanner: self, text, mere: &mut mere });
        }
        mere
    }

    #[inline(always)]
    fn tell(&mut self, text: &[u8]) -> Mere {
        let has_codes = self.masks.read(text);
        let [classes] = self.masks.blocks() else { return Mere::Unsure };
        if has_codes || classes.marks | classes.pairs | classes.highs != 0 || self.may_be_known(text, classes) {
            return Mere::Unsure;
        }
        let chains = joined(self.masks.blocks(), 0);
        let mut mere = Mere::Nothing;
        for (length, window) in self.long_chains(chains) {
            match self.chain(length, &window) {
                Mere::Nothing => {}
                Mere::New => mere = Mere::New,
                Mere::Unsure => return Mere::Unsure,
            }
        }
        mere
    }

    /// What is told of one chain.
    #[inline(always)]
    fn chain(&self, length: u32, window: &Window) -> Mere {
        let within = u64::MAX >> (64 - length);
        let (alnums, digits) = (window.alnums & within, window.digits & within);
        if digits == 0 {
            return Mere::Nothing;
        }
        if alnums == within {
            let is_long = length as usize > LONGEST;
            let may_count =
                !is_long && (may_be_iban(digits) || self.engine.asks_alone(length as usize, digits != within));
            return if may_count { Mere::Unsure } else { Mere::Nothing };
        }
        if length == 64 || Dots::of(window, within).all() | countries(window, within) != 0 {
            return Mere::Unsure;
        }
        if self.forms.has(Form::of(window, length)) { Mere::Nothing } else { Mere::New }
    }

    /// Whether any word of a text may be known, or a number in it may be called.
    #[inline(always)]
    fn may_be_known(&self, text: &[u8], classes: &Classes) -> bool {
        let (letters, alnums, humps) = (letters(classes), alnums(classes), humps(classes, 0));
        let starts = alnums & !(alnums << 1);
        if classes.words != alnums || long_capitals(classes, u64::MAX, starts) != 0 {
            return true;
        }
        let (mut words, stops) = (letters & starts | humps, !letters | humps);
        while words != 0 {
            let place = words.trailing_zeros();
            words &= words - 1;
            let (head, further) = (head(text, place as usize), (stops >> place >> 1).trailing_zeros());
            let beginning = self.engine.known.beginning(head as u32, further);
            if beginning.is_any() && self.engine.literals.may_begin(head as u32)
                || beginning.has(further) == 1 && self.engine.known.may_hold(head, further as usize + 1).is_some()
            {
                return true;
            }
        }
        let mut numbers = starts & classes.digits;
        while numbers != 0 {
            let at = numbers.trailing_zeros() as usize;
            numbers &= numbers - 1;
            let is_called = at.checked_sub(1).is_some_and(|before| text[before] == b'+');
            if is_called || text[at] == b'0' && text.get(at + 1) == Some(&b'0') {
                return true;
            }
        }
        false
    }

    /// The chains of a text of one block that are long enough for a value, by their lengths and what they are made of.
    #[inline(always)]
    fn long_chains(&self, chains: u64) -> impl Iterator<Item = (u32, Window)> {
        let twos = chains & chains >> 1;
        let fours = twos & twos >> 2;
        let mut long = chains & !(chains << 1) & fours & fours >> 3;
        std::iter::from_fn(move || {
            let place = (long != 0).then(|| long.trailing_zeros())?;
            long &= long - 1;
            Some(((!(chains >> place)).trailing_zeros(), self.masks.block_from(0, place)))
        })
    }

    /// Takes in how `text` is written, of which [`Scanner::mere`] told that it is new, and in which nothing was found then.
    pub fn learn(&mut self, text: &[u8]) {
        self.masks.read(text);
        let chains = joined(self.masks.blocks(), 0);
        for number in 0.. {
            let Some((length, window)) = self.long_chains(chains).nth(number) else { return };
            let shape = Shape::new(window.alnums, window.digits, length, [false; 2]);
            if length < 64
                && let Some(runs) = self.shapes.find(shape)
            {
                self.forms.put(Form::of(&window, length), Quiet { runs, ..Quiet::default() });
            }
        }
    }
}

/// Whether an account number (IBAN) may begin with these digits, as bits: two letters and two digits.
#[inline(always)]
fn may_be_iban(digits: u64) -> bool {
    digits & 0b1111 == 0b1100
}

/// Two zeros beside each other.
const ZEROS: u16 = u16::from_le_bytes(*b"00");

/// Whether a number of `length` bytes has zeros alone behind the dot at `whole`, and so many digits before that they may be looked at
/// without it.
#[inline(always)]
fn has_no_fraction(bytes: u128, (whole, length): (usize, usize)) -> bool {
    const FRACTION: u128 = u128::from_le_bytes(*b".000000000000000");
    let differs = (bytes >> (8 * whole)) ^ FRACTION;
    whole >= CHAIN && differs << (8 * (16 - (length - whole))) == 0
}

/// Where there is no digit among 16 bytes, as the highest bit of each.
#[inline(always)]
fn no_digits(bytes: u128) -> u128 {
    const LOW: u128 = u128::from_le_bytes([0x7f; 16]);
    let apart = bytes ^ u128::from_le_bytes([b'0'; 16]);
    (((apart & LOW) + u128::from_le_bytes([0x76; 16])) | apart) & !LOW
}

/// The highest bit of each byte.
const HIGH: u64 = 0x8080_8080_8080_8080;
/// Where digits are at the beginning of an account number (IBAN), behind two letters.
const COUNTRY: u32 = 0x8080_0000;

/// Where bytes are from `first` to `last`, both below 128, among eight, as the highest bit of each.
#[inline(always)]
fn between(bytes: u64, first: u8, last: u8) -> u64 {
    let (low, each) = (bytes & !HIGH, |byte: u8| u64::from_le_bytes([byte; 8]));
    (low + each(0x80 - first)) & !(low + each(0x7f - last)) & !bytes & HIGH
}

#[inline(always)]
fn digits_of(bytes: u64) -> u64 {
    between(bytes, b'0', b'9')
}

#[inline(always)]
fn smalls_of(bytes: u64) -> u64 {
    between(bytes, b'a', b'z')
}
