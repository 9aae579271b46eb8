//! What the words of a text have said so far: each is read once, however many values stand behind it.

use super::context::{Context, Words};
use super::phrases::{PHRASE, Phrase, Reading};
use super::token::own_length;

/// A word that says something.
#[derive(Clone, Copy, Debug)]
struct Saying {
    /// Which of the words it is.
    word: u32,
    /// By one fewer than the words of the phrase that ends with it, what that says.
    sets: [Option<u32>; PHRASE],
}

/// The words from one place of a text up to another.
#[derive(Debug, Default)]
pub(super) struct Story {
    from: usize,
    reading: Reading,
    /// Where the words begin.
    starts: Vec<u32>,
    sayings: Vec<Saying>,
    /// The word with which what was told last began.
    first: usize,
    last: Last,
}

/// What was told last: the sayings of which it is made, and which word speaks against all.
#[derive(Clone, Copy, Debug, Default)]
struct Last {
    sayings: (usize, usize),
    against: Option<u32>,
    context: Context,
}

impl Story {
    /// Forgets the last text.
    #[inline(always)]
    pub(super) fn clear(&mut self) {
        self.from = usize::MAX;
    }

    /// Up to where it was told.
    pub(super) fn at(&self) -> usize {
        self.reading.at()
    }

    fn begin_at(&mut self, from: usize) {
        self.from = from;
        self.reading = Reading::at_place(from);
        self.starts.clear();
        self.first = 0;
        self.last.sayings = (usize::MAX, 0);
        self.sayings.clear();
    }

    /// What the words say that stand from `from` on, where none is cut, before `at`, where one may be; together with those of `before`,
    /// which stand further away.
    pub(super) fn tell(&mut self, words: &Words, text: &[u8], (from, at): (usize, usize), before: &Context) -> Context {
        if from < self.from || from > self.reading.at() || at < self.reading.at() {
            self.begin_at(from);
        }
        let Self { reading, starts, sayings, first, last, .. } = self;
        let mut note = |phrase: &Phrase| {
            if phrase.words as usize > starts.len() {
                starts.push(phrase.start as u32);
            }
            let said = words.said(phrase).filter(|_| !is_in_label(text, phrase.start));
            sayings.extend(said.map(|sets| Saying { word: phrase.words - 1, sets }));
        };
        let phrase = reading.read(&text[..at], &mut note);
        // A word that goes on says what it has so far.
        let said = if phrase.is_open { words.said(phrase) } else { None };
        let said = said.filter(|_| !is_in_label(text, phrase.start));
        let (count, cut) = (phrase.words, said.map(|sets| Saying { word: phrase.words - 1, sets }));
        let old = std::mem::replace(first, first_from(starts, from, *first));
        let first = *first as u32;
        let behind = sayings.iter().rev().take_while(|saying| saying.word >= first).count();
        let range = (sayings.len() - behind, sayings.len());
        // The phrases of the first ones may be cut.
        let is_whole = |first: u32| sayings.get(range.0).is_none_or(|saying| saying.word - first >= PHRASE as u32);
        if cut.is_some() || range != last.sayings || old as u32 != first && !is_whole(first.max(old as u32)) {
            *last = told(words, (&sayings[range.0..], cut), first, before);
            last.sayings = if cut.is_none() { range } else { (usize::MAX, 0) };
        }
        Context { is_against: last.against.is_some_and(|word| word + 1 == count), ..last.context }
    }
}

/// What these `sayings` and one that is cut say together with those of `before`, where phrases begin with the word `first` or behind it.
fn told(words: &Words, (sayings, cut): (&[Saying], Option<Saying>), first: u32, before: &Context) -> Last {
    let mut context = Context { is_against: false, ..*before };
    let (mut against, mut last) = (None, None);
    for saying in sayings.iter().chain(&cut) {
        let known = ((saying.word - first) as usize + 1).min(PHRASE);
        let Some(set) = saying.sets[..known].iter().rev().find_map(|set| *set) else { continue };
        // The same word again says nothing new.
        let is_against = if last == Some(set) { against.is_some() } else { words.take_in(set, &mut context) };
        (against, last) = (is_against.then_some(saying.word), Some(set));
    }
    Last { sayings: (usize::MAX, 0), against, context }
}

/// The first word that begins at `from` or behind it, most often near the word `near`, which was the last one.
#[inline(always)]
fn first_from(starts: &[u32], from: usize, near: usize) -> usize {
    /// Words that are looked at one by one.
    const NEAR: usize = 8;
    let is_before = |start: &u32| (*start as usize) < from;
    if near > 0 && starts.get(near - 1).is_some_and(|start| !is_before(start)) {
        return starts.partition_point(is_before);
    }
    let ahead = starts.get(near..).unwrap_or_default();
    let few = ahead.iter().take(NEAR).take_while(|start| is_before(start)).count();
    near + if few < NEAR { few } else { ahead.partition_point(is_before) }
}

/// Whether the word at `at` is in a label that stands for a value, and says nothing of the next one: it names no element either.
fn is_in_label(text: &[u8], at: usize) -> bool {
    const NAME: usize = 32;
    /// Bytes behind a label among which the end of an element is looked for.
    const ELEMENT: usize = 128;
    let is_part = |byte: &&u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || **byte == b'_';
    let length = text[..at].iter().rev().take(NAME).take_while(is_part).count();
    let Some(open) = (at - length).checked_sub(1).filter(|open| text[*open] == b'<') else { return false };
    let Some(length) = own_length(&text[open..]) else { return false };
    let (name, behind) = (&text[open + 1..open + length], &text[open + length..]);
    let is_apart = !behind.first().is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'('));
    let mut ends = memchr::memmem::find_iter(&behind[..behind.len().min(ELEMENT)], b"</");
    is_apart && !ends.any(|end| behind[end + 2..].starts_with(name))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::known::Known;
    use super::super::universal::email::EMAIL;
    use super::super::{Detector, Form};
    use super::*;

    const ONE: Detector = Detector {
        context: &["nir", "date_naissance", "carte_vitale", "a_b_c_d", "b"],
        form: Form::Digits { lengths: &[13, 15] },
        ..EMAIL
    };
    const OTHER: Detector = Detector { context: &["card", "pan", "c_d"], ..EMAIL };

    proptest! {
        #[test]
        fn a_story_tells_what_reading_anew_does(
            pieces in prop::collection::vec("nir2?|date de naissance|date_naissance|carteVitale|cards?|[abcd]|time|order|[0-9]|É|c3 |[ .-]{1,3}", 1..40),
            places in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..12),
        ) {
            let text = pieces.join(" ");
            let text = text.as_bytes();
            let words = Words::new(&[&ONE, &OTHER], &mut Known::default());
            let is_letter = |at: usize| text.get(at).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte >= 0x80);
            let mut story = Story::default();
            story.clear();
            for (from, at) in places {
                let (one, other) = (from.index(text.len()), at.index(text.len()));
                let (from, at) = (one.min(other), one.max(other));
                if from > 0 && is_letter(from - 1) || text.get(at).is_some_and(|byte| !byte.is_ascii()) {
                    continue;
                }
                let told = story.tell(&words, text, (from, at), &Context::NONE);
                let read = words.read(&text[from..at], &Context::NONE);
                prop_assert_eq!((told.spoken_for, told.lengths, told.is_against), (read.spoken_for, read.lengths, read.is_against));
            }
        }
    }
}
