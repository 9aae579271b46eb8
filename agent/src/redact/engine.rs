//! The detectors that are enabled, sorted so that a candidate meets only those that may want it.

use super::context::{Context, Words};
use super::literals::Literals;
use super::own::Own;
use super::pairs::Pairs;
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
}

/// Detectors ready for use: immutable, for all workers.
#[derive(Debug)]
pub struct Engine {
    detectors: Vec<&'static Detector>,
    pub(super) strictness: Strictness,
    pub(super) digits: Vec<Vec<Asked>>,
    pub(super) letters: Vec<Vec<Asked>>,
    pub(super) words: Words,
    pub(super) own: Own,
    pub(super) pairs: Pairs,
    pub(super) literals: Literals,
}

impl Engine {
    /// Makes `detectors` ready, of which at most 512 know context.
    pub fn new(detectors: &[&'static Detector], strictness: Strictness) -> Self {
        let mut engine = Self {
            detectors: detectors.to_vec(),
            strictness,
            digits: vec![Vec::new(); LONGEST + 1],
            letters: vec![Vec::new(); LONGEST + 1],
            words: Words::new(detectors),
            own: Own::new(detectors),
            pairs: Pairs::new(detectors),
            literals: Literals::new(detectors),
        };
        for (number, detector) in detectors.iter().enumerate() {
            let (table, lengths) = match detector.form {
                Form::Digits { lengths } => (&mut engine.digits, lengths),
                Form::Letters { lengths } => (&mut engine.letters, lengths),
                Form::Scanned => continue,
            };
            for length in lengths.iter().filter(|length| usize::from(**length) <= LONGEST) {
                table[usize::from(*length)].push(Asked {
                    check: detector.check,
                    number: number as u16,
                    tier: detector.tier,
                });
            }
        }
        engine
    }

    /// The detectors in the order given, which [`Finding::detector`](super::Finding::detector) counts in.
    pub fn detectors(&self) -> &[&'static Detector] {
        &self.detectors
    }

    /// Whether any detector wants runs of `length`.
    pub(super) fn asks(&self, length: usize) -> bool {
        !(self.digits[length].is_empty() && self.letters[length].is_empty())
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
        counts.then_some(base + if is_own { 20 } else { 0 } + if is_spoken_for { 25 } else { 0 })
    }
}
