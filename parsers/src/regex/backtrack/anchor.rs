//! Where a match of a pattern can begin.

use regex_syntax::hir::{Class, Hir, HirKind, Look};

use super::ops::{Anchor, Op};
use crate::regex::bytes::{Bytes, First};
use crate::regex::marks::{Mark, Marked, Meaning, meaning};

/// Where a match can begin.
pub(super) fn anchor(ops: &[Op], pattern: &Hir, marks: &[Marked]) -> Anchor {
    match ops.iter().find(|op| !matches!(op, Op::Save(_) | Op::Forget(_))) {
        Some(Op::Look(Look::Start)) => return Anchor::Text,
        Some(Op::Look(Look::StartLF)) => return Anchor::Line,
        _ => {}
    }
    let mut first = First::default();
    match begins(pattern, marks, &mut first) {
        Some(true) => Anchor::First(first),
        _ => Anchor::None,
    }
}

/// Adds the bytes that `part` can begin with. Gives whether it takes any byte for sure, `None` when it may begin with any.
fn begins(part: &Hir, marks: &[Marked], first: &mut First) -> Option<bool> {
    match part.kind() {
        HirKind::Empty | HirKind::Look(_) => Some(false),
        HirKind::Literal(literal) => {
            *first = first.or(&First::byte(literal.0[0]));
            Some(true)
        }
        HirKind::Class(class) => {
            *first = first.or(&First::of(&Bytes::new(|byte| class_begins(class, byte))));
            Some(true)
        }
        HirKind::Repetition(repetition) => Some(begins(&repetition.sub, marks, first)? && repetition.min > 0),
        HirKind::Concat(parts) => {
            for part in parts {
                if begins(part, marks, first)? {
                    return Some(true);
                }
            }
            Some(false)
        }
        HirKind::Alternation(branches) => {
            let mut takes = true;
            for branch in branches {
                takes &= begins(branch, marks, first)?;
            }
            Some(takes)
        }
        HirKind::Capture(capture) => match capture.name.as_deref().and_then(meaning) {
            Some(Meaning::Mark(index)) => match marks[index].mark {
                Mark::Atomic => begins(&capture.sub, marks, first),
                Mark::Ahead { .. } | Mark::Behind { .. } | Mark::Keep | Mark::Never => Some(false),
                _ => None,
            },
            _ => begins(&capture.sub, marks, first),
        },
    }
}

/// Whether a member of `class` may begin with `byte`.
fn class_begins(class: &Class, byte: u8) -> bool {
    match class {
        Class::Bytes(class) => class.iter().any(|range| (range.start()..=range.end()).contains(&byte)),
        // Beyond ASCII, all of it.
        Class::Unicode(class) if byte.is_ascii() => {
            class.iter().any(|range| (range.start()..=range.end()).contains(&char::from(byte)))
        }
        Class::Unicode(class) => class.iter().any(|range| !range.end().is_ascii()),
    }
}
