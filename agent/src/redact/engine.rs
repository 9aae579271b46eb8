//! The detectors that are enabled, sorted so that a candidate meets only those that may want it.

use super::context::{Context, Lengths, Set, Words};
use super::glance::BIRTHS;
use super::keys::Leads;
use super::known::Known;
use super::literals::Literals;
use super::own::Own;
use super::pairs::Pairs;
use super::runs::SHORTEST;
use super::spoken::put_months;
use super::universal::birth::BIRTH;
use super::ways::{Beginning, Ways, may_be_alone};
use super::{Candidate, Detector, Form, Shape, Tier};

/// How readily a value is taken for a personal one.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Strictness {
    /// Numbers that others may look like count only with a word of context.
    Low,
    /// Each detector as its tier says.
    #[default]
    Normal,
    /// Numbers that need a word of context count too when they are written in their own way, and no word speaks against one.
    Paranoid,
}

/// Bytes of the longest run that is handed to a check.
pub(super) const LONGEST: usize = 40;

/// What is needed of a detector to ask it, close together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    pub(super) check: fn(&Candidate<'_>) -> Option<Shape>,
    pub(super) number: u16,
    pub(super) tier: Tier,
    /// Whether it wants digits alone.
    pub(super) is_number: bool,
    /// How its values begin that count without a word.
    pub(super) beginning: Beginning,
}

/// The lengths of runs that words of `detector` speak for; of dates of birth a bit of its own.
pub(super) fn spoken_lengths(detector: &Detector) -> Lengths {
    let lengths = detector.form.lengths();
    Lengths {
        any: lengths | if detector.entity == BIRTH.entity { BIRTHS } else { 0 },
        lettered: if matches!(detector.form, Form::Letters { .. }) { lengths } else { 0 },
    }
}

impl Asked {
    pub(super) fn new(detector: &Detector, number: u16, is_number: bool) -> Self {
        let (check, tier, beginning) = (detector.check, detector.tier, Beginning::of_values(detector));
        Self { check, number, tier, is_number, beginning }
    }
}

/// Those that want runs of one length: first those that may count in one piece without a word of context.
#[derive(Clone, Debug, Default)]
pub(super) struct Asks {
    all: Vec<Asked>,
    alone: usize,
    /// How the values of these begin.
    beginnings: Beginning,
    /// All of them by their numbers.
    numbers: Set,
}

impl Asks {
    fn push(&mut self, asked: Asked, may_be_alone: bool) {
        let place = if may_be_alone { self.alone } else { self.all.len() };
        if may_be_alone {
            self.alone += 1;
            self.beginnings = self.beginnings.and(asked.beginning);
        }
        self.all.insert(place, asked);
        if let Some(bits) = self.numbers.get_mut(usize::from(asked.number / 64)) {
            *bits |= 1 << (asked.number % 64);
        }
    }

    /// All of them.
    pub(super) fn all(&self) -> &[Asked] {
        &self.all
    }

    /// How values begin that may count in one piece when no word speaks for anything.
    #[inline(always)]
    pub(super) fn beginnings(&self) -> Beginning {
        self.beginnings
    }

    /// Those that may count in one piece when no word speaks for anything.
    #[inline(always)]
    pub(super) fn alone(&self) -> &[Asked] {
        &self.all[..self.alone]
    }
}

/// Lengths of runs, as bits.
#[derive(Clone, Copy, Debug, Default)]
struct Counts(u64);

impl Counts {
    fn put(&mut self, length: usize) {
        self.0 |= 1 << length;
    }

    #[inline(always)]
    fn has(self, length: usize) -> bool {
        self.0 >> length & 1 == 1
    }
}

/// Detectors ready for use: immutable, for all workers.
#[derive(Debug)]
pub struct Engine {
    detectors: Vec<&'static Detector>,
    pub(super) strictness: Strictness,
    pub(super) digits: Vec<Asks>,
    pub(super) letters: Vec<Asks>,
    /// All of them by their numbers.
    asks: Vec<Option<Asked>>,
    /// The words that mean anything.
    pub(super) known: Known,
    pub(super) words: Words,
    pub(super) own: Own,
    pub(super) pairs: Pairs,
    pub(super) literals: Literals,
    pub(super) leads: Leads,
    pub(super) ways: Ways,
    /// Lengths of runs that are asked for at all, of digits that are without a word, of letters and digits that are.
    asked: Counts,
    digits_alone: Counts,
    letters_alone: Counts,
}

impl Engine {
    /// Makes `detectors` ready, of which at most 512 know context.
    pub fn new(detectors: &[&'static Detector], strictness: Strictness) -> Self {
        let mut known = Known::default();
        put_months(&mut known);
        let mut engine = Self {
            detectors: detectors.to_vec(),
            strictness,
            digits: vec![Asks::default(); LONGEST + 1],
            letters: vec![Asks::default(); LONGEST + 1],
            asks: vec![None; detectors.len()],
            words: Words::new(detectors, &mut known),
            own: Own::new(detectors),
            pairs: Pairs::new(detectors, &mut known),
            literals: Literals::new(detectors, &mut known),
            leads: Leads::new(detectors),
            ways: Ways::default(),
            asked: Counts::default(),
            digits_alone: Counts::default(),
            letters_alone: Counts::default(),
            known,
        };
        for (number, detector) in detectors.iter().enumerate() {
            let (lengths, is_number) = match detector.form {
                Form::Digits { lengths } => (lengths, true),
                Form::Letters { lengths } => (lengths, false),
                Form::Scanned => continue,
            };
            let asked = Asked::new(detector, number as u16, is_number);
            for length in lengths.iter().map(|length| usize::from(*length)).filter(|length| *length <= LONGEST) {
                engine.add(asked, length, may_be_alone(detector));
            }
            engine.ways.add(detector, asked);
            engine.asks[number] = Some(asked);
        }
        engine.ways.join();
        engine
    }

    fn add(&mut self, asked: Asked, length: usize, may_be_alone: bool) {
        if length >= SHORTEST {
            self.asked.put(length);
        }
        if may_be_alone {
            let lengths = if asked.is_number { &mut self.digits_alone } else { &mut self.letters_alone };
            lengths.put(length);
        }
        let table = if asked.is_number { &mut self.digits } else { &mut self.letters };
        table[length].push(asked, may_be_alone);
    }

    /// The detectors in the order given, which [`Finding::detector`](super::Finding::detector) counts in.
    pub fn detectors(&self) -> &[&'static Detector] {
        &self.detectors
    }

    /// Whether any detector wants runs of `length`.
    #[inline(always)]
    pub(super) fn asks(&self, length: usize) -> bool {
        self.asked.has(length)
    }

    /// The lengths of the runs that are asked for, as bits.
    #[inline(always)]
    pub(super) fn asked_lengths(&self) -> u64 {
        self.asked.0
    }

    /// Whether any wants them in one piece, with letters or without, when no word speaks for anything.
    #[inline(always)]
    pub(super) fn asks_alone(&self, length: usize, has_letters: bool) -> bool {
        if has_letters { self.letters_alone.has(length) } else { self.digits_alone.has(length) }
    }

    /// Those that want runs of `length`, at most [`LONGEST`]: of digits alone, or those that letters are in.
    #[inline(always)]
    pub(super) fn asks_of(&self, length: usize, has_letters: bool) -> &Asks {
        if has_letters { &self.letters[length] } else { &self.digits[length] }
    }

    /// Those that want runs of `length`, at most [`LONGEST`], and that `context` speaks for.
    #[inline(always)]
    pub(super) fn spoken_for(
        &self,
        length: usize,
        has_letters: bool,
        context: &Context,
    ) -> impl Iterator<Item = Asked> {
        let (digits, letters) = (&self.digits[length].numbers, &self.letters[length].numbers);
        let mut set = context.spoken_for;
        for (block, bits) in set.iter_mut().enumerate() {
            *bits &= letters[block] | if has_letters { 0 } else { digits[block] };
        }
        let numbers = (0..self.detectors.len().div_ceil(64).min(set.len())).flat_map(move |block| {
            let mut bits = set[block];
            std::iter::from_fn(move || {
                let bit = (bits != 0).then(|| bits.trailing_zeros() as usize)?;
                bits &= bits - 1;
                Some(block * 64 + bit)
            })
        });
        numbers.filter_map(|number| self.asks.get(number).copied().flatten())
    }

    pub(super) fn detector(&self, number: u16) -> &'static Detector {
        self.detectors[usize::from(number)]
    }

    /// Whether words before a value decide about it.
    pub(super) fn needs_context(&self, number: u16, shape: Shape) -> bool {
        let tier = self.detector(number).tier;
        shape == Shape::Bare || tier == Tier::Three || (tier == Tier::Two && self.strictness == Strictness::Low)
    }

    /// How certain a value is that passed its check, or `None` when too little speaks for it.
    pub(super) fn score(&self, number: u16, shape: Shape, context: &Context) -> Option<u8> {
        let (is_own, is_spoken_for) = (shape == Shape::Canonical, context.speaks_for(number));
        let (base, counts) = match (self.detector(number).tier, self.strictness) {
            (Tier::One, Strictness::Paranoid) => (60, true),
            (Tier::One, _) => (60, is_own || is_spoken_for || !context.is_against),
            (Tier::Two, Strictness::Low) => (50, is_spoken_for),
            (Tier::Two, _) => (50, is_own || is_spoken_for),
            (Tier::Three, Strictness::Paranoid) => (40, is_own || is_spoken_for),
            (Tier::Three, _) => (40, is_spoken_for),
        };
        counts.then_some((base + if is_own { 20 } else { 0 } + if is_spoken_for { 25 } else { 0 }).min(100))
    }
}
