//! Words folded to small letters without accents, cut at `camelCase`, and the hashes of the phrases that they make.

/// Letters of the shortest phrase in one piece.
const PIECE: usize = 7;
/// Words of the longest phrase.
pub(super) const PHRASE: usize = 4;

/// The hashes of the present word and of those before it.
#[derive(Debug, Default)]
pub(super) struct Phrase {
    /// Where the present word begins.
    pub(super) start: usize,
    /// The present word, and it without its last letter.
    pub(super) word: u64,
    pub(super) but_last: u64,
    /// The words before it, the nearest first.
    pub(super) before: [u64; PHRASE - 1],
    /// Words of the phrase that are known, with the present one.
    pub(super) known: usize,
    /// Words so far.
    pub(super) words: u32,
    pub(super) is_open: bool,
    /// Whether the present word begins with a digit, as no known one does.
    pub(super) is_number: bool,
    pub(super) last: u8,
}

impl Phrase {
    /// Begins a word with `byte`.
    fn open(&mut self, start: usize, byte: u8) {
        self.start = start;
        self.before = [self.word, self.before[0], self.before[1]];
        self.known = (self.known + 1).min(PHRASE);
        self.words += 1;
        (self.is_open, self.is_number) = (true, byte.is_ascii_digit());
    }

    /// The hashes of the phrases that end with a word of this hash, of one word, of two and so on.
    #[inline(always)]
    pub(super) fn ending(&self, word: u64) -> impl Iterator<Item = u64> {
        let mut phrase = finish(word);
        let behind = self.before.iter().map(|before| Some(*before)).chain([None]).take(self.known);
        behind.map(move |before| {
            let own = phrase;
            phrase = before.map_or(own, |before| join(own, before));
            own
        })
    }
}

/// A way through the words of a text.
#[derive(Debug, Default)]
pub(super) struct Reading {
    at: usize,
    was_small: bool,
    phrase: Phrase,
}

impl Reading {
    /// From `at` on, where a word may begin.
    pub(super) fn at_place(at: usize) -> Self {
        Self { at, ..Self::default() }
    }

    /// Up to where it came.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Goes on to the end of `text`. `ended` gets the phrase at each end of a word, and where a digit goes on behind letters, but at
    /// the end of `text`, from where a word may go on. Gives the phrase there.
    #[inline(always)]
    pub(super) fn read(&mut self, text: &[u8], mut ended: impl FnMut(&Phrase)) -> &Phrase {
        if self.phrase.is_open && !self.word(text, None, &mut ended) {
            return &self.phrase;
        }
        while let Some(&first) = text.get(self.at) {
            let (byte, length) = fold(first, &text[self.at + 1..]);
            if byte == 0 {
                let is_last_ascii = text.get(self.at + length - 1).is_some_and(u8::is_ascii);
                self.was_small &= !first.is_ascii() && !is_last_ascii;
                self.at += length;
                continue;
            }
            self.phrase.open(self.at, byte);
            if !self.word(text, Some((first, byte, length)), &mut ended) {
                break;
            }
        }
        &self.phrase
    }

    /// Reads the word that begins with these bytes, or goes on with the one that is open. Gives whether it ends before `text` does.
    #[inline(always)]
    fn word(&mut self, text: &[u8], begins: Option<(u8, u8, usize)>, ended: &mut impl FnMut(&Phrase)) -> bool {
        let phrase = &mut self.phrase;
        let (mut word, mut letter) = (if begins.is_some() { SEED } else { phrase.word }, begins);
        loop {
            if let Some((first, byte, length)) = letter {
                (phrase.but_last, phrase.last) = (word, byte);
                word = step(word, byte);
                // Of letters with accents either case is taken for that of the letter before: `EMŠO` is one word.
                self.was_small = first.is_ascii_lowercase() || !first.is_ascii() && self.was_small;
                self.at += length;
            }
            // Behind a letter nothing ends before a small one.
            while let Some(&small @ b'a'..=b'z') = text.get(self.at) {
                (phrase.but_last, phrase.last) = (word, small);
                word = step(word, small);
                self.was_small = true;
                self.at += 1;
            }
            let Some(&first) = text.get(self.at) else {
                phrase.word = word;
                return false;
            };
            let (byte, length) = fold(first, &text[self.at + 1..]);
            letter = Some((first, byte, length));
            let (is_digit, was_digit) = (byte.is_ascii_digit(), phrase.last.is_ascii_digit());
            let is_end = byte == 0 || (first.is_ascii_uppercase() && self.was_small);
            if is_end || (is_digit && !was_digit) {
                phrase.word = word;
                ended(phrase);
            }
            if is_end {
                phrase.is_open = false;
                return true;
            }
        }
    }
}

/// Goes through the words of `text`. `ended` gets the phrase at each end of a word, and where a digit goes on behind letters; the
/// last one is given back.
#[inline(always)]
pub(super) fn phrases(text: &[u8], ended: impl FnMut(&Phrase)) -> Phrase {
    let mut reading = Reading::default();
    reading.read(text, ended);
    reading.phrase
}

/// The hashes of the phrases that `name` ends with, of one word, of two and so on; 0 where there are fewer words. Letters behind
/// digits begin one.
pub(super) fn last_phrases(name: &[u8]) -> [u64; PHRASE] {
    let (mut at, mut word, mut before, mut known) = (0, SEED, [0; PHRASE - 1], 0);
    let (mut is_open, mut was_small, mut was_digit) = (false, false, false);
    while let Some(&first) = name.get(at) {
        let (byte, length) = fold(first, &name[at + 1..]);
        at += length;
        if byte == 0 {
            was_small &= !first.is_ascii() && !name.get(at - 1).is_some_and(u8::is_ascii);
            is_open = false;
            continue;
        }
        let is_digit = byte.is_ascii_digit();
        if !is_open || was_digit && !is_digit || was_small && first.is_ascii_uppercase() {
            before = [word, before[0], before[1]];
            (word, known, is_open) = (SEED, (known + 1).min(PHRASE), true);
        }
        word = step(word, byte);
        was_small = if first.is_ascii() { first.is_ascii_lowercase() } else { was_small };
        was_digit = is_digit;
    }
    if is_open { joined(word, before, known) } else { [0; PHRASE] }
}

/// The same of a name of one word in ASCII.
#[inline(always)]
pub(super) fn one_word(name: &[u8]) -> [u64; PHRASE] {
    let word = name.iter().fold(SEED, |word, byte| step(word, FOLDED[usize::from(*byte)]));
    [finish(word), 0, 0, 0]
}

/// The hashes of the phrases of up to `known` words that end with `word`, which those `before` it stand before, the nearest first.
fn joined(word: u64, before: [u64; PHRASE - 1], known: usize) -> [u64; PHRASE] {
    let mut states = [0; PHRASE];
    let mut phrase = finish(word);
    for (number, state) in states[..known].iter_mut().enumerate() {
        phrase = if number == 0 { phrase } else { join(phrase, before[number - 1]) };
        *state = phrase;
    }
    states
}

/// The end of `text` that holds all that [`last_phrases`] takes of it.
pub(super) fn last_words(text: &[u8]) -> &[u8] {
    let (mut words, mut was_word) = (0, false);
    for at in (0..text.len()).rev() {
        let is_word = text[at].is_ascii_alphanumeric();
        words += usize::from(was_word && !is_word && text[at].is_ascii());
        // What stands behind a byte beyond ASCII may be taken for the second one of a letter.
        if words >= PHRASE && !is_word && text[at].is_ascii() && text[..at].last().is_none_or(u8::is_ascii) {
            return &text[at..];
        }
        was_word = is_word;
    }
    text
}

const SEED: u64 = 0xcbf2_9ce4_8422_2325;

fn step(state: u64, byte: u8) -> u64 {
    (state ^ u64::from(byte)).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23)
}

/// A word by its letters, so that its low bits depend on all of them.
pub(super) fn finish(word: u64) -> u64 {
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

/// The words of a phrase in one piece, as names in small letters have them: `passportnumber`. None of a short one, or with a letter by
/// itself: that may be any word.
pub(super) fn in_one_piece(phrase: &str) -> Option<String> {
    let words = phrase.split('_');
    let is_plain = words.clone().count() > 1 && words.clone().all(|word| word.len() > 1);
    Some(words.collect::<String>()).filter(|piece| is_plain && piece.len() >= PIECE)
}

/// The small letter or digit that `first` and what follows stand for, 0 if it is neither, and how many bytes that took.
#[inline(always)]
pub(super) fn fold(first: u8, behind: &[u8]) -> (u8, usize) {
    match FOLDED[usize::from(first)] {
        LEAD => match behind.first() {
            Some(second @ 0x80..=0xbf) => (letter(first, *second), 2),
            // A letter in another encoding than UTF-8, or a part of one.
            _ => (0, 1),
        },
        folded => (folded, 1),
    }
}

/// Whether the last bytes of `text` stand for a letter with an accent, or of another alphabet.
#[inline(always)]
pub(super) fn ends_with_accent(text: &[u8]) -> bool {
    matches!(text, [.., lead, second] if FOLDED[usize::from(*lead)] == LEAD && fold(*lead, &[*second]).0 != 0)
}

/// Whether `byte` may be the first one of such a letter.
#[inline(always)]
pub(super) fn begins_accent(byte: u8) -> bool {
    FOLDED[usize::from(byte)] == LEAD
}

/// Stands for the first byte of a letter with an accent, or of another alphabet.
const LEAD: u8 = 1;

static FOLDED: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0_u8;
    while byte < u8::MAX {
        table[byte as usize] = match byte {
            b'a'..=b'z' | b'0'..=b'9' => byte,
            b'A'..=b'Z' => byte | 0x20,
            0xc3..=0xc5 | 0xce..=0xd1 => LEAD,
            _ => 0,
        };
        byte += 1;
    }
    table
};

fn letter(lead: u8, second: u8) -> u8 {
    if lead < 0xce { accented(lead, second) } else { transcribed(lead, second) }
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
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_last_words_of_a_name_make_its_phrases(pieces in prop::collection::vec("[a-c]{1,3}|[A-C1-3é日ж_ -]|[a-c][A-C]", 0..24)) {
            let text = pieces.concat();
            let text = text.as_bytes();
            // A text may begin within a letter.
            for start in 0..text.len().min(4) {
                let name = &text[start..];
                prop_assert_eq!(last_phrases(last_words(name)), last_phrases(name));
            }
        }
    }

    #[test]
    fn phrases_are_those_of_the_words_as_they_are_cut() {
        for (name, expected) in [
            ("userName", &["name", "user_name"][..]),
            ("x.DB-password", &["password", "db_password", "x_db_password"]),
            ("db1Prénom", &["prenom", "db1_prenom"]),
            ("a b c d e", &["e", "d_e", "c_d_e", "b_c_d_e"]),
            ("EMŠO", &["emso"]),
            ("user_", &[]),
        ] {
            let mut hashes = [0; PHRASE];
            hashes.iter_mut().zip(expected).for_each(|(to, phrase)| *to = hash(phrase.as_bytes()));
            assert_eq!(last_phrases(name.as_bytes()), hashes, "{name}");
        }
        for word in ["user", "USER", "user12", "x"] {
            assert_eq!(one_word(word.as_bytes()), last_phrases(word.as_bytes()), "{word}");
        }
    }

    #[test]
    fn names_are_known_in_one_piece_too() {
        assert_eq!(in_one_piece("passport_number").as_deref(), Some("passportnumber"));
        let others = ["iban", "p_iva", "ne_le", "id_nr"].map(in_one_piece);
        assert!(others.iter().all(Option::is_none), "{others:?}");
        super::super::values::assert_hidden(&[
            ("passportnumber=43DG39204 x", "passportnumber=<fr_passport> x"),
            ("numerosecu=1611133605057", "numerosecu=<fr_nir>"),
            ("remoteuser=mullerm x", "remoteuser=<username> x"),
            ("davčnaŠtevilka=12345679", "davčnaŠtevilka=<si_davcna>"),
        ]);
    }
}
