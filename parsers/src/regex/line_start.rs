//! `^` behind the last newline of a text: in Ruby no line begins there, for the linear engines one does.
//!
//! What they find is right unless it goes on to the end of a text that ends in a newline. [`LineStart`] tells what such a
//! match is worth.

use std::ops::Range;

use regex_syntax::hir::{Hir, HirKind, Look};

/// Where a pattern asks for the beginning of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LineStart {
    /// Nowhere.
    Never,
    /// Where it begins, on each way, and nowhere else.
    First,
    /// Elsewhere too, or on some ways only.
    Inside,
}

/// What a match of a linear engine is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Worth {
    Right,
    /// It begins a line where there is none, and nothing before it matches.
    Wrong,
    /// It takes an engine that knows where lines begin to tell.
    Unknown,
}

impl LineStart {
    /// That of a parsed pattern.
    pub(super) fn of(pattern: &Hir) -> Self {
        if !asks(pattern) {
            Self::Never
        } else if begins(pattern) {
            Self::First
        } else {
            Self::Inside
        }
    }

    /// Whether a match in `text` can be anything but right.
    pub(super) fn matters(self, text: &[u8]) -> bool {
        self != Self::Never && text.last() == Some(&b'\n')
    }

    /// What the leftmost match in `text` is worth.
    pub(super) fn worth(self, text: &[u8], found: Range<usize>) -> Worth {
        if !self.matters(text) || found.end < text.len() {
            return Worth::Right;
        }
        match self {
            Self::Inside => Worth::Unknown,
            _ if found.start == text.len() => Worth::Wrong,
            _ => Worth::Right,
        }
    }
}

fn asks(pattern: &Hir) -> bool {
    pattern.properties().look_set().contains(Look::StartLF)
}

fn begins(pattern: &Hir) -> bool {
    match pattern.kind() {
        HirKind::Look(Look::StartLF) => true,
        HirKind::Capture(group) => begins(&group.sub),
        HirKind::Alternation(ways) => ways.iter().all(begins),
        HirKind::Concat(parts) => {
            parts.split_first().is_some_and(|(first, rest)| begins(first) && !rest.iter().any(asks))
        }
        _ => false,
    }
}
