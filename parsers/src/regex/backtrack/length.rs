//! How many characters a part of a pattern may take, for looking behind.

use std::collections::BTreeSet;

use regex_syntax::hir::{Hir, HirKind};

use crate::regex::marks::{Mark, Marked, Meaning, meaning};

/// Most lengths of one look-behind, and the largest of them.
const MAX_LENGTHS: usize = 64;
const MAX_LENGTH: usize = 4096;

type Lengths = BTreeSet<usize>;

/// All lengths of `part` in characters, `None` when there are too many to try.
pub(super) fn lengths(part: &Hir, marks: &[Marked], unicode: bool) -> Option<Lengths> {
    let of = |part: &Hir| lengths(part, marks, unicode);
    match part.kind() {
        HirKind::Empty | HirKind::Look(_) => Some(Lengths::from([0])),
        HirKind::Class(_) => Some(Lengths::from([1])),
        HirKind::Literal(literal) => {
            let characters = std::str::from_utf8(&literal.0).ok().filter(|_| unicode);
            bounded(Lengths::from([characters.map_or(literal.0.len(), |text| text.chars().count())]))
        }
        HirKind::Capture(capture) => match capture.name.as_deref().and_then(meaning) {
            Some(Meaning::Mark(index)) => match marks.get(index)?.mark {
                Mark::Ahead { .. } | Mark::Behind { .. } | Mark::Keep | Mark::Never => Some(Lengths::from([0])),
                Mark::Back { .. } | Mark::Call(_) | Mark::Conditional(_) | Mark::Absent => None,
                Mark::Atomic | Mark::Branch => of(&capture.sub),
            },
            _ => of(&capture.sub),
        },
        HirKind::Concat(parts) => {
            parts.iter().try_fold(Lengths::from([0]), |before, part| bounded(sums(&before, &of(part)?)))
        }
        HirKind::Alternation(branches) => {
            branches.iter().try_fold(Lengths::new(), |before, branch| bounded(&before | &of(branch)?))
        }
        HirKind::Repetition(repetition) => {
            let (low, high) = (repetition.min as usize, repetition.max? as usize);
            let once = of(&repetition.sub)?;
            if once == Lengths::from([0]) {
                return Some(once);
            }
            if high > MAX_LENGTH {
                return None;
            }
            let (mut all, mut now) = (Lengths::new(), Lengths::from([0]));
            for times in 0..=high {
                if times >= low {
                    all = bounded(&all | &now)?;
                }
                now = if times < high { bounded(sums(&now, &once))? } else { now };
            }
            Some(all)
        }
    }
}

fn sums(some: &Lengths, others: &Lengths) -> Lengths {
    some.iter().flat_map(|one| others.iter().map(move |other| one + other)).collect()
}

fn bounded(lengths: Lengths) -> Option<Lengths> {
    let fits = lengths.len() <= MAX_LENGTHS && lengths.last().is_none_or(|longest| *longest <= MAX_LENGTH);
    fits.then_some(lengths)
}
