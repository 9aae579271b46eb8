//! Words that speak for a value, or against it, in the key or before it: folded to lower case without accents, keys cut at
//! `camelCase`, words of a phrase joined by `_`.

use super::filter::{Filter, word_key};
use super::table::Table;
use super::{Detector, Form};

/// Longest look back, in bytes.
pub(super) const BEFORE: usize = 48;
/// Words of the longest phrase.
const PHRASE: usize = 4;

/// Detectors, one bit each.
pub(super) type Set = [u64; 8];
/// Detectors that a [`Set`] has room for.
pub(super) const DETECTORS: usize = 512;

/// Words behind which a number is something else than personal.
const AGAINST: &[&str] = &[
    "timestamp",
    "ts",
    "time",
    "date",
    "epoch",
    "duration",
    "elapsed",
    "latency",
    "bytes",
    "size",
    "length",
    "offset",
    "port",
    "pid",
    "tid",
    "seq",
    "sequence",
    "version",
    "build",
    "commit",
    "sha",
    "sha1",
    "sha256",
    "md5",
    "hash",
    "checksum",
    "digest",
    "trace",
    "trace_id",
    "span",
    "span_id",
    "request_id",
    "req_id",
    "order",
    "order_id",
    "order_number",
    "ticket",
    "lat",
    "duree",
    "taille",
    "commande",
    "block",
    "blk",
    "uuid",
    "guid",
    "revision",
    "release",
    "uptime",
    "count",
    "total",
    "invoice",
    "tracking",
    "gtin",
    "ean",
    "ean13",
    "isbn",
    "upc",
    "barcode",
    "sku",
    "transaction_id",
    "tx",
    "etag",
    "nonce",
    "job_id",
    "message_id",
    "msgid",
    "thread",
    "counter",
    "millis",
    "ms",
];

/// What stands before a value or in its key.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Context {
    /// The detectors that a word speaks for, none if a later word spoke against them.
    pub(super) spoken_for: Set,
    /// Whether the last word that says something speaks against, with nothing but punctuation behind it.
    pub(super) is_against: bool,
}

impl Context {
    /// No word.
    pub(super) const NONE: Self = Self { spoken_for: [0; 8], is_against: false };

    /// Has words speak for `more` detectors.
    fn add(&mut self, more: &Set) {
        self.spoken_for.iter_mut().zip(more).for_each(|(bits, more)| *bits |= more);
    }

    /// Whether no word speaks for any detector.
    pub(super) fn is_mute(&self) -> bool {
        self.spoken_for.iter().fold(0, |all, bits| all | bits) == 0
    }

    /// Whether a word speaks for `detector`.
    pub(super) fn speaks_for(&self, detector: u16) -> bool {
        let detector = usize::from(detector);
        self.spoken_for.get(detector / 64).is_some_and(|bits| bits >> (detector % 64) & 1 == 1)
    }
}

/// The words of all detectors.
#[derive(Debug, Default)]
pub(super) struct Words {
    table: Table,
    sets: Vec<Set>,
    /// By their keys, the words with which phrases end that speak for a number, these of phrases of one word, and these with the
    /// word before them.
    lasts: Filter<512>,
    singles: Filter<512>,
    pairs: Filter<512>,
    /// The words with which phrases end, by their hashes.
    ends: Filter<512>,
}

fn key_of(word: &str) -> u64 {
    word_key(word.as_bytes(), 0, word.len())
}

/// A number for two words, by their keys.
#[inline(always)]
fn pair(before: u64, key: u64) -> u64 {
    (before.rotate_left(17) ^ key).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 24
}

/// Whether the last word of a phrase begins with a digit.
fn ends_in_number(phrase: &str) -> bool {
    phrase.rsplit('_').next().is_some_and(|word| word.as_bytes().first().is_some_and(u8::is_ascii_digit))
}

/// Index of the set that stands for words against.
const AGAINST_SET: u32 = 0;

impl Words {
    /// The words of `detectors`.
    pub(super) fn new(detectors: &[&'static Detector]) -> Self {
        let words = detectors.iter().map(|detector| detector.context.len()).sum::<usize>() + AGAINST.len();
        let mut all = Self { table: Table::with_room(words), sets: vec![Set::default()], ..Self::default() };
        for word in AGAINST {
            all.table.put(hash(word.as_bytes()), AGAINST_SET);
            all.add_end(word);
        }
        debug_assert!(
            detectors.iter().flat_map(|detector| detector.context).chain(AGAINST).all(|word| !ends_in_number(word)),
            "words that begin with a digit are not looked up"
        );
        for (number, detector) in detectors.iter().enumerate().take(DETECTORS) {
            for word in detector.context {
                all.add(hash(word.as_bytes()), number);
                all.add_end(word);
                if !matches!(detector.form, Form::Scanned) {
                    all.add_last(word);
                }
            }
        }
        all
    }

    fn add(&mut self, hash: u64, detector: usize) {
        // A detector's own word is stronger than one against all.
        let set = self.table.find(hash).filter(|set| *set != AGAINST_SET).unwrap_or_else(|| {
            self.table.put(hash, self.sets.len() as u32);
            self.sets.push(Set::default());
            self.sets.len() as u32 - 1
        });
        self.sets[set as usize][detector / 64] |= 1 << (detector % 64);
    }

    /// Keeps the word with which a phrase ends, in singular and plural.
    fn add_end(&mut self, phrase: &str) {
        let last = phrase.rsplit('_').next().unwrap_or_default();
        self.ends.put(hash(last.as_bytes()));
        self.ends.put(hash(format!("{last}s").as_bytes()));
    }

    /// Keeps the words with which a phrase ends. Digits behind a word are not seen.
    fn add_last(&mut self, phrase: &str) {
        let mut words = phrase.rsplit('_').map(|word| word.trim_end_matches(|letter: char| letter.is_ascii_digit()));
        let (last, before) = (words.next().unwrap_or_default(), words.next());
        let plural = format!("{last}s");
        for key in [last, &plural].map(key_of) {
            self.lasts.put(key);
            match before {
                Some(before) => self.pairs.put(pair(key_of(before), key)),
                None => self.singles.put(key),
            }
        }
    }

    /// Whether a word of this key, behind one of the key `before`, may end a phrase that speaks for a number. A word before it
    /// that is not known may be any.
    #[inline(always)]
    pub(super) fn may_end(&self, before: Option<u64>, key: u64) -> bool {
        self.lasts.may_hold(key)
            && before.is_none_or(|before| self.singles.may_hold(key) || self.pairs.may_hold(pair(before, key)))
    }

    /// What the words of `text` say together with those of `before`, which stand further away.
    pub(super) fn read(&self, text: &[u8], before: &Context) -> Context {
        let mut context = Context { is_against: false, ..*before };
        let mut is_against = None;
        let phrase = phrases(text, |phrase| self.end(phrase, &mut context, &mut is_against));
        self.end(&phrase, &mut context, &mut is_against);
        context.is_against = is_against == Some(phrase.words);
        context
    }

    /// Takes in what the phrases say that end here. Of several the longest counts.
    fn end(&self, phrase: &Phrase, context: &mut Context, is_against: &mut Option<u32>) {
        if !phrase.is_open || phrase.is_number || !self.ends.may_hold(finish(phrase.word)) {
            return;
        }
        for number in (0..phrase.known).rev() {
            let whole = phrase.of(number + 1, phrase.word);
            let singular = if phrase.last == b's' { phrase.of(number + 1, phrase.but_last) } else { 0 };
            let Some(set) =
                self.table.find(whole).or_else(|| (singular != 0).then(|| self.table.find(singular)).flatten())
            else {
                continue;
            };
            if set == AGAINST_SET {
                context.spoken_for = Set::default();
                *is_against = Some(phrase.words);
            } else {
                context.add(&self.sets[set as usize]);
                *is_against = None;
            }
            return;
        }
    }
}

/// The hashes of the present word and of those before it.
#[derive(Default)]
struct Phrase {
    /// The present word, and it without its last letter.
    word: u64,
    but_last: u64,
    /// The words before it, the nearest first.
    before: [u64; PHRASE - 1],
    /// Words of the phrase that are known, with the present one.
    known: usize,
    /// Words so far.
    words: u32,
    is_open: bool,
    /// Whether the present word begins with a digit, as no known one does.
    is_number: bool,
    was_small: bool,
    last: u8,
}

impl Phrase {
    #[inline(always)]
    fn push(&mut self, byte: u8) {
        if !self.is_open {
            self.before = [self.word, self.before[0], self.before[1]];
            self.word = SEED;
            self.known = (self.known + 1).min(PHRASE);
            self.words += 1;
            self.is_open = true;
            self.is_number = byte.is_ascii_digit();
        }
        self.but_last = self.word;
        self.word = step(self.word, byte);
        self.last = byte;
    }

    /// The hash of the phrase of `count` words that ends with a word of this hash.
    fn of(&self, count: usize, word: u64) -> u64 {
        self.before[..count - 1].iter().fold(finish(word), |phrase, before| join(phrase, *before))
    }
}

/// Goes through the words of `text`. `ended` gets the phrase at each end of a word, and where a digit goes on behind letters; the
/// last one is given back.
#[inline(always)]
fn phrases(text: &[u8], mut ended: impl FnMut(&Phrase)) -> Phrase {
    let (mut rest, mut phrase) = (text, Phrase::default());
    while let Some((&first, behind)) = rest.split_first() {
        let (byte, length) = fold(first, behind);
        if byte == 0 || (first.is_ascii_uppercase() && phrase.was_small) {
            ended(&phrase);
            phrase.is_open = false;
        } else if byte.is_ascii_digit() && phrase.is_open && !phrase.last.is_ascii_digit() {
            ended(&phrase);
        }
        if byte != 0 {
            phrase.push(byte);
        }
        // Of letters with accents either case is taken for that of the letter before: `EMŠO` is one word.
        phrase.was_small = if first.is_ascii() { first.is_ascii_lowercase() } else { phrase.was_small };
        rest = rest.get(length..).unwrap_or_default();
    }
    phrase
}

/// The hashes of the phrases that `key` ends with, of one word, of two and so on; 0 where there are fewer words.
pub(super) fn last_phrases(key: &[u8]) -> [u64; PHRASE] {
    let phrase = phrases(key, |_| {});
    let mut states = [0; PHRASE];
    if phrase.is_open {
        for (number, state) in states[..phrase.known].iter_mut().enumerate() {
            *state = phrase.of(number + 1, phrase.word);
        }
    }
    states
}

const SEED: u64 = 0xcbf2_9ce4_8422_2325;

fn step(state: u64, byte: u8) -> u64 {
    (state ^ u64::from(byte)).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23)
}

/// A word by its letters, so that its low bits depend on all of them.
fn finish(word: u64) -> u64 {
    word ^ word >> 29
}

/// A phrase with one more word before it.
fn join(phrase: u64, before: u64) -> u64 {
    finish(step(phrase, b'_') ^ before.wrapping_mul(0xbf58_476d_1ce4_e5b9))
}

/// Hash of a phrase that is folded already.
pub(super) fn hash(phrase: &[u8]) -> u64 {
    let word = |word: &[u8]| word.iter().fold(SEED, |state, byte| step(state, *byte));
    let mut words = phrase.rsplit(|byte| *byte == b'_');
    let last = finish(word(words.next().unwrap_or_default()));
    words.fold(last, |phrase, before| join(phrase, word(before)))
}

/// The small letter or digit that `first` and what follows stand for, 0 if it is neither, and how many bytes that took.
#[inline(always)]
pub(super) fn fold(first: u8, behind: &[u8]) -> (u8, usize) {
    match first {
        b'a'..=b'z' | b'0'..=b'9' => (first, 1),
        b'A'..=b'Z' => (first | 0x20, 1),
        0xc3..=0xc5 => (accented(first, behind.first().copied().unwrap_or_default()), 2),
        0xce..=0xd1 => (transcribed(first, behind.first().copied().unwrap_or_default()), 2),
        _ => (0, 1),
    }
}

fn accented(lead: u8, second: u8) -> u8 {
    match (lead, second) {
        (0xc3, 0x80..=0x86 | 0xa0..=0xa6) | (0xc4, 0x80..=0x85) => b'a',
        (0xc3, 0x87 | 0xa7) | (0xc4, 0x86..=0x8d) => b'c',
        (0xc4, 0x8e..=0x91) => b'd',
        (0xc3, 0x88..=0x8b | 0xa8..=0xab) | (0xc4, 0x92..=0x9b) => b'e',
        (0xc4, 0x9c..=0xa3) => b'g',
        (0xc3, 0x8c..=0x8f | 0xac..=0xaf) | (0xc4, 0xa8..=0xb1) => b'i',
        (0xc4, 0xb6..=0xb7) => b'k',
        (0xc4, 0xb9..=0xbf) | (0xc5, 0x80..=0x82) => b'l',
        (0xc3, 0x91 | 0xb1) | (0xc5, 0x83..=0x88) => b'n',
        (0xc3, 0x92..=0x96 | 0x98 | 0xb2..=0xb6 | 0xb8) | (0xc5, 0x8c..=0x93) => b'o',
        (0xc5, 0x94..=0x99) => b'r',
        (0xc3, 0x9f) | (0xc5, 0x9a..=0xa1) => b's',
        (0xc5, 0xa2..=0xa7) => b't',
        (0xc3, 0x99..=0x9c | 0xb9..=0xbc) | (0xc5, 0xa8..=0xb3) => b'u',
        (0xc3, 0x9d | 0xbd | 0xbf) => b'y',
        (0xc5, 0xb9..=0xbe) => b'z',
        _ => 0,
    }
}

/// The Latin letter that a Greek or Cyrillic one is written with: `ΑΜΚΑ` is `amka`, `ЕГН` is `egn`.
fn transcribed(lead: u8, second: u8) -> u8 {
    const GREEK: &[u8; 25] = b"abgdezhtiklmnxoprsstufhpo";
    const CYRILLIC: &[u8; 32] = b"abvgdejziiklmnoprstufhccssyyyeua";
    let letter = u32::from(lead & 0x1f) << 6 | u32::from(second & 0x3f);
    let nth = |letters: &[u8], number: u32| letters.get(number as usize).copied().unwrap_or_default();
    match letter {
        0x386 | 0x3ac => b'a',
        0x388 | 0x3ad => b'e',
        0x389 | 0x3ae => b'h',
        0x38a | 0x3af => b'i',
        0x38c | 0x38f | 0x3cc | 0x3ce => b'o',
        0x38e | 0x3cd => b'u',
        0x391..=0x3a9 => nth(GREEK, letter - 0x391),
        0x3b1..=0x3c9 => nth(GREEK, letter - 0x3b1),
        0x410..=0x42f => nth(CYRILLIC, letter - 0x410),
        0x430..=0x44f => nth(CYRILLIC, letter - 0x430),
        0x401 | 0x451 => b'e',
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::super::universal::email::EMAIL;
    use super::*;

    const ONE: Detector = Detector { context: &["nir", "date_naissance", "carte_vitale", "securite_sociale"], ..EMAIL };
    const OTHER: Detector = Detector { context: &["card", "pan"], ..EMAIL };

    fn said(text: &str) -> (bool, bool, bool) {
        let context = Words::new(&[&ONE, &OTHER]).read(text.as_bytes(), &Context::default());
        (context.speaks_for(0), context.speaks_for(1), context.is_against)
    }

    #[test]
    fn words_are_found_folded_and_in_phrases() {
        for text in [
            "nir=",
            "NIR: ",
            "userNir ",
            "carteVitale\":\"",
            "Date de naissance",
            "Sécurité sociale",
            "nir2",
            "nirs ",
            "SÉCURITÉ SOCIALE",
        ] {
            assert_eq!(said(text).0, text != "Date de naissance", "{text}");
        }
        assert_eq!(said("date_naissance=card_nb="), (true, true, false));
        assert_eq!(said("venir= souvenir "), (false, false, false));
    }

    #[test]
    fn a_later_word_against_takes_all_back() {
        assert_eq!(said("card 4 duration="), (false, false, true));
        assert_eq!(said("order for card "), (false, true, false));
        assert_eq!(said("time of the call "), (false, false, false));
        assert_eq!(said("gtin:"), (false, false, true));
        assert_eq!(said("κάρτα \"ΝΙΡ\": "), (true, false, false), "Greek letters as they are transcribed");
    }
}
