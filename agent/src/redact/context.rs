//! Words that speak for a value, or against it, in the key or before it: folded to lower case without accents, keys cut at
//! `camelCase`, words of a phrase joined by `_`.

use super::engine::spoken_lengths;
use super::filter::{Filter, key_of, pair_key};
use super::known::{Known, Roles};
use super::phrases::{PHRASE, Phrase, finish, hash, in_one_piece, phrases};
use super::table::Table;
use super::universal::birth::BIRTH;
use super::{Detector, Form};

/// Longest look back, in bytes.
pub(super) const BEFORE: usize = 48;

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

/// Lengths of runs that words speak for, as bits.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Lengths {
    /// Of all runs, and of those that letters may be in.
    pub(super) any: u64,
    pub(super) lettered: u64,
}

impl Lengths {
    pub(super) const NONE: Self = Self { any: 0, lettered: 0 };
    pub(super) const ALL: Self = Self { any: u64::MAX, lettered: u64::MAX };

    #[inline(always)]
    pub(super) fn and(self, more: Self) -> Self {
        Self { any: self.any | more.any, lettered: self.lettered | more.lettered }
    }

    /// Whether any is among both.
    #[inline(always)]
    pub(super) fn meets(self, other: Self) -> bool {
        self.lettered & other.lettered | self.any & other.any != 0
    }

    /// Those that runs with letters or without may have.
    #[inline(always)]
    pub(super) fn of_runs(self, have_letters: bool) -> u64 {
        if have_letters { self.lettered } else { self.any }
    }
}

/// What stands before a value or in its key.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Context {
    /// The detectors that a word speaks for, none if a later word spoke against them.
    pub(super) spoken_for: Set,
    /// The lengths of runs that these want.
    pub(super) lengths: Lengths,
    /// Whether the last word that says something speaks against, with nothing but punctuation behind it.
    pub(super) is_against: bool,
}

impl Context {
    /// No word.
    pub(super) const NONE: Self = Self { spoken_for: [0; 8], lengths: Lengths::NONE, is_against: false };

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
    /// The detectors that a phrase speaks for, and the lengths of runs that these want.
    sets: Vec<(Set, Lengths)>,
    /// By their keys, the words with which phrases of one word end that speak for a number, and those of others with the word before
    /// them.
    singles: Filter<512>,
    pairs: Filter<512>,
    /// The words with which phrases end, by their hashes.
    ends: Filter<512>,
    /// The lengths of runs that phrases may speak for: by the key of one of a single word, by that of the last two words of others,
    /// and of all that end with the same word by the key of that, turned.
    lengths: Spoken,
}

/// Lengths by keys. Those that share a place have all that any of them has.
#[derive(Debug)]
struct Spoken {
    /// Which of the lengths stand at each place.
    places: Box<[u16]>,
    /// All that any place has: first none.
    all: Vec<Lengths>,
}

/// Places of the lengths that words speak for, a power of two.
const LENGTHS: usize = 1 << 14;

impl Default for Spoken {
    fn default() -> Self {
        Self { places: vec![0; LENGTHS].into(), all: vec![Lengths::NONE] }
    }
}

impl Spoken {
    fn put(&mut self, key: u64, lengths: Lengths) {
        let lengths = self.of(key).and(lengths);
        let known = self.all.iter().position(|known| *known == lengths);
        self.places[lengths_place(key)] = known.unwrap_or(self.all.len()) as u16;
        if known.is_none() {
            self.all.push(lengths);
        }
    }

    #[inline(always)]
    fn of(&self, key: u64) -> Lengths {
        self.all.get(usize::from(self.places[lengths_place(key)])).copied().unwrap_or(Lengths::ALL)
    }
}

/// Where the lengths stand that a word of this key may speak for.
#[inline(always)]
fn lengths_place(key: u64) -> usize {
    key as usize & (LENGTHS - 1)
}

/// The key of the last word of any phrase, apart from that of a single word.
#[inline(always)]
fn turned(key: u64) -> u64 {
    !key
}

/// Whether the last word of a phrase begins with a digit.
fn ends_in_number(phrase: &str) -> bool {
    phrase.rsplit('_').next().is_some_and(|word| word.as_bytes().first().is_some_and(u8::is_ascii_digit))
}

/// Index of the set that stands for words against.
const AGAINST_SET: u32 = 0;

impl Words {
    /// The words of `detectors`.
    pub(super) fn new(detectors: &[&'static Detector], known: &mut Known) -> Self {
        let words = detectors.iter().map(|detector| detector.context.len()).sum::<usize>() + AGAINST.len();
        let mut all = Self { table: Table::with_room(words), sets: vec![Default::default()], ..Self::default() };
        for word in AGAINST {
            all.table.put(hash(word.as_bytes()), AGAINST_SET);
            all.add_end(word);
        }
        debug_assert!(
            detectors.iter().flat_map(|detector| detector.context).chain(AGAINST).all(|word| !ends_in_number(word)),
            "words that begin with a digit are not looked up"
        );
        let numbered = || detectors.iter().enumerate().take(DETECTORS);
        for (number, detector) in numbered() {
            detector.context.iter().for_each(|word| all.add_word(word, (number, detector), known));
        }
        // What a phrase is in one piece may be a word of its own.
        let is_own = |piece: &String| detectors.iter().any(|detector| detector.context.contains(&&**piece));
        for (number, detector) in numbered() {
            let pieces = detector.context.iter().filter_map(|phrase| in_one_piece(phrase));
            pieces.filter(|piece| !is_own(piece)).for_each(|piece| all.add_word(&piece, (number, detector), known));
        }
        all
    }

    /// Keeps a word or phrase of the detector at `number`, and among those that are `known` too if words of a text are heard for it.
    fn add_word(&mut self, word: &str, (number, detector): (usize, &Detector), known: &mut Known) {
        self.add(hash(word.as_bytes()), number, spoken_lengths(detector));
        self.add_end(word);
        if !matches!(detector.form, Form::Scanned) || detector.entity == BIRTH.entity {
            self.add_last(word, detector, known);
        }
    }

    fn add(&mut self, hash: u64, detector: usize, lengths: Lengths) {
        // A detector's own word is stronger than one against all.
        let set = self.table.find(hash).filter(|set| *set != AGAINST_SET).unwrap_or_else(|| {
            self.table.put(hash, self.sets.len() as u32);
            self.sets.push(Default::default());
            self.sets.len() as u32 - 1
        });
        let (detectors, all) = &mut self.sets[set as usize];
        detectors[detector / 64] |= 1 << (detector % 64);
        *all = all.and(lengths);
    }

    /// Keeps the word with which a phrase ends, in singular and plural.
    fn add_end(&mut self, phrase: &str) {
        let last = phrase.rsplit('_').next().unwrap_or_default();
        self.ends.put(hash(last.as_bytes()));
        self.ends.put(hash(format!("{last}s").as_bytes()));
    }

    /// Keeps the words with which a phrase ends, among those that are `known` too. Digits behind a word are not seen.
    fn add_last(&mut self, phrase: &str, detector: &Detector, known: &mut Known) {
        let lengths = spoken_lengths(detector);
        let mut words = phrase.rsplit('_').map(|word| word.trim_end_matches(|letter: char| letter.is_ascii_digit()));
        let (last, before) = (words.next().unwrap_or_default(), words.next());
        let plural = format!("{last}s");
        for last in [last, &plural] {
            let key = key_of(last);
            known.put(last, Roles::SPEAKING);
            let of_phrase = match before {
                Some(before) => {
                    let pair = pair_key(key_of(before), key);
                    self.pairs.put(pair);
                    pair
                }
                None => {
                    self.singles.put(key);
                    key
                }
            };
            self.lengths.put(of_phrase, lengths);
            self.lengths.put(turned(key), lengths);
        }
    }

    /// Whether a word of this key may end a phrase that speaks for a number, behind a word of the key `before`. One that is not known may
    /// be any.
    #[inline(always)]
    pub(super) fn may_end(&self, before: Option<u64>, key: u64) -> bool {
        before.is_none_or(|before| self.singles.may_hold(key) || self.pairs.may_hold(pair_key(before, key)))
    }

    /// The lengths of runs that a phrase may speak for which ends with a word of this key, behind one of the key `before`, if that is
    /// known.
    #[inline(always)]
    pub(super) fn lengths(&self, before: Option<u64>, key: u64) -> Lengths {
        let Some(before) = before else { return self.lengths.of(turned(key)) };
        let of = |filter: &Filter<512>, key| if filter.may_hold(key) { self.lengths.of(key) } else { Lengths::NONE };
        of(&self.singles, key).and(of(&self.pairs, pair_key(before, key)))
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
        let Some(sets) = self.said(phrase) else { return };
        if let Some(set) = sets.into_iter().rev().find_map(|set| set) {
            *is_against = self.take_in(set, context).then_some(phrase.words);
        }
    }

    /// What the phrases say that end here, of one word, of two and so on; `None` if none of them says anything.
    pub(super) fn said(&self, phrase: &Phrase) -> Option<[Option<u32>; PHRASE]> {
        if !phrase.is_open || phrase.is_number || !self.ends.may_hold(finish(phrase.word)) {
            return None;
        }
        let mut sets = [None; PHRASE];
        for (set, phrase) in sets.iter_mut().zip(phrase.ending(phrase.word)) {
            *set = self.table.find(phrase);
        }
        if phrase.last == b's' {
            for (set, phrase) in sets.iter_mut().zip(phrase.ending(phrase.but_last)) {
                *set = set.or_else(|| self.table.find(phrase));
            }
        }
        sets.iter().any(Option::is_some).then_some(sets)
    }

    /// Takes in what one phrase says. Gives whether it speaks against all.
    pub(super) fn take_in(&self, set: u32, context: &mut Context) -> bool {
        if set == AGAINST_SET {
            (context.spoken_for, context.lengths) = (Set::default(), Lengths::NONE);
            return true;
        }
        let (detectors, lengths) = &self.sets[set as usize];
        context.spoken_for.iter_mut().zip(detectors).for_each(|(bits, more)| *bits |= more);
        context.lengths = context.lengths.and(*lengths);
        false
    }
}

#[cfg(test)]
mod tests {
    use super::super::universal::email::EMAIL;
    use super::*;

    const ONE: Detector = Detector { context: &["nir", "date_naissance", "carte_vitale", "securite_sociale"], ..EMAIL };
    const OTHER: Detector = Detector { context: &["card", "pan"], ..EMAIL };

    fn said(text: &str) -> (bool, bool, bool) {
        let context = Words::new(&[&ONE, &OTHER], &mut Known::default()).read(text.as_bytes(), &Context::default());
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
