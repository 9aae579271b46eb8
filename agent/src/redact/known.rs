//! All words that mean anything, so that most words of a text are denied by four of their letters and their length.

use super::filter::{first_letters, key, key_of};

/// The words, and what else may begin like one.
#[derive(Debug)]
pub(super) struct Known {
    /// What words may be, by their keys. Those that share a place may be all that any of them may.
    roles: Box<[Roles; ROLES]>,
    /// By the first four letters, or all of fewer, the lengths of words as bits; all bits where something of any length begins so.
    beginnings: Box<[u16; 8192]>,
}

/// What a word may be.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Roles(u8);

impl Roles {
    /// The end of a phrase that speaks for a number, and that of a name.
    pub(super) const SPEAKING: Self = Self(1);
    pub(super) const NAME: Self = Self(2);
    pub(super) const MONTH: Self = Self(4);
    /// A name by itself, whatever word stands before it.
    pub(super) const ALONE: Self = Self(8);

    /// Whether it may be any of these.
    #[inline(always)]
    fn is_any(self) -> bool {
        self.0 != 0
    }

    /// Whether it may be this.
    #[inline(always)]
    pub(super) fn has(self, role: Self) -> bool {
        self.0 & role.0 != 0
    }
}

/// Places of the roles, a power of two.
const ROLES: usize = 1 << 15;

/// The place of a key among them.
#[inline(always)]
fn role_place(key: u64) -> usize {
    key as usize & (ROLES - 1)
}

/// What may have any length.
const ANY: u16 = u16::MAX;

impl Default for Known {
    fn default() -> Self {
        Self { roles: Box::new([Roles::default(); ROLES]), beginnings: Box::new([0; 8192]) }
    }
}

/// Letters that words are told apart by.
const LETTERS: usize = 4;

/// Where what begins with the letters of `head` stands among the beginnings, whatever their case, in a word that has `further` letters
/// behind the first one.
#[inline(always)]
fn place(head: u32, further: u32) -> usize {
    /// By the number of further letters: they are counted within 64 bytes, and all that there are if the word goes on.
    static MASKS: [u32; 128] = {
        let mut masks = [0x1f1f_1f1f; 128];
        (masks[0], masks[1], masks[2]) = (0x1f, 0x1f1f, 0x1f_1f1f);
        masks
    };
    let letters = head & MASKS[further as usize & 127];
    (letters.wrapping_mul(0x9e37_79b1) >> 19) as usize
}

/// How long the first word of `text` is, of which `aB` are two.
fn first_word(text: &[u8]) -> usize {
    let is_within = |at: &usize| {
        text[*at].is_ascii_alphabetic()
            && !(*at > 0 && text[*at].is_ascii_uppercase() && text[*at - 1].is_ascii_lowercase())
    };
    (0..text.len()).take_while(is_within).count()
}

impl Known {
    /// Puts in a word in small letters, and what it may be.
    pub(super) fn put(&mut self, word: &str, role: Roles) {
        let key = key_of(word);
        self.roles[role_place(key)].0 |= role.0;
        let further = word.len() as u32 - 1;
        self.put_at(word.as_bytes(), further, 1_u16.rotate_left(further));
    }

    /// Puts in what something begins with that has any length: what is no letter there is not looked at.
    pub(super) fn put_beginning(&mut self, beginning: &[u8]) {
        let word = first_word(beginning);
        if word > 0 {
            self.put_at(beginning, word as u32 - 1, ANY);
        }
        // Its word may go on.
        if word == beginning.len() && word < LETTERS {
            for letter in b'a'..=b'z' {
                self.put_beginning(&[beginning, &[letter]].concat());
            }
        }
    }

    fn put_at(&mut self, beginning: &[u8], further: u32, lengths: u16) {
        self.beginnings[place(first_letters(beginning, 0), further)] |= lengths;
    }

    /// What may be known of words that begin with the letters of `head` and have `further` ones behind the first.
    #[inline(always)]
    pub(super) fn beginning(&self, head: u32, further: u32) -> Beginning {
        self.beginnings().of(head, further)
    }

    /// The same of many words.
    #[inline(always)]
    pub(super) fn beginnings(&self) -> Beginnings<'_> {
        Beginnings(&self.beginnings)
    }

    /// What a known word of this key may be.
    #[inline(always)]
    pub(super) fn roles(&self, key: u64) -> Roles {
        self.roles[role_place(key)]
    }

    /// The key of a word, if it may be one of these.
    #[inline(always)]
    pub(super) fn may_hold(&self, head: u64, length: usize) -> Option<u64> {
        let key = key(head, length);
        self.roles(key).is_any().then_some(key)
    }
}

/// What begins with any four letters.
#[derive(Clone, Copy)]
pub(super) struct Beginnings<'a>(&'a [u16; 8192]);

impl Beginnings<'_> {
    #[inline(always)]
    pub(super) fn of(self, head: u32, further: u32) -> Beginning {
        Beginning(self.0[place(head, further)])
    }
}

/// What begins with four letters.
#[derive(Clone, Copy, Debug)]
pub(super) struct Beginning(u16);

impl Beginning {
    /// Whether something may begin so, whatever its length.
    #[inline(always)]
    pub(super) fn is_any(self) -> bool {
        self.0 == ANY
    }

    /// Whether a word that has `further` letters behind the first one may be known, or what begins so, as 0 or 1. Words of 17 letters and
    /// more share the bits of short ones.
    #[inline(always)]
    pub(super) fn has(self, further: u32) -> u64 {
        u64::from(self.0.wrapping_shr(further) & 1)
    }
}

#[cfg(test)]
mod tests {
    use super::super::filter::head;
    use super::*;

    #[test]
    fn words_have_all_their_roles() {
        let mut known = Known::default();
        known.put("mar", Roles::MONTH);
        known.put("mar", Roles::NAME);
        known.put("card", Roles::SPEAKING);

        let has = |word: &str, role| known.roles(key_of(word)).has(role);
        assert!(has("mar", Roles::MONTH) && has("MAR", Roles::NAME) && !has("mar", Roles::SPEAKING));
        assert!(has("card", Roles::SPEAKING) && !has("card", Roles::MONTH));
    }

    #[test]
    fn words_are_known_by_letters_and_length() {
        let mut known = Known::default();
        known.put("card", Roles::NAME);
        known.put("x", Roles::MONTH);
        [&b"ghp"[..], b"IN (", b"gitHub"].iter().for_each(|whole| known.put_beginning(whole));

        let seen = |word: &str| {
            let (head, further) = (head(word.as_bytes(), 0), word.len() as u32 - 1);
            known.beginning(head as u32, further).has(further) == 1 && known.may_hold(head, word.len()).is_some()
        };
        assert!(seen("card") && seen("CARD") && seen("x") && seen("X"));
        assert!(!seen("cards") && !seen("cord") && !seen("care") && !seen("xy"));
        let is_any = |text: &str, further| known.beginning(head(text.as_bytes(), 0) as u32, further).is_any();
        assert!(is_any("ghp_1", 2) && is_any("ghpX", 2) && is_any("ghpx", 3) && is_any("GHPxyz", 5));
        assert!(!is_any("card", 3) && !is_any("gh", 1));
        assert!(is_any("IN (", 1) && !is_any("into", 3) && is_any("gitHub", 2), "as long as their first word");
        assert!(known.beginning(head(b"X=", 0) as u32, 0).has(0) == 1, "whatever stands behind");
    }
}
