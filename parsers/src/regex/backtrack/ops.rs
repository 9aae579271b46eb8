//! Instructions of the backtracking engine.

use memchr::memchr;
use regex_syntax::hir::Look;

use super::set::Set;
use crate::regex::bytes::First;

/// One instruction. Places of other instructions are indexes.
#[derive(Clone, Debug)]
pub(super) enum Op {
    /// These bytes.
    Literal(Box<[u8]>),
    /// One byte or character of a set.
    One(Set),
    /// Several of one set.
    Run(Run),
    /// A place between characters.
    Look(Look),
    /// Tries `first`, then `second`.
    Split { first: usize, second: usize },
    /// Goes on elsewhere.
    Jump(usize),
    /// Notes the position.
    Save(usize),
    /// Notes where a group that was called began, and that it ends here. Calls inside of it had noted their own.
    SaveCalled(usize),
    /// A group begins anew: until it ends it is as if it took no part.
    Forget(usize),
    /// The match starts here, whatever was before.
    Keep,
    /// The text of the last of these groups that took part.
    Back { groups: Box<[usize]>, ignore_case: bool },
    /// Goes on elsewhere unless one of these groups took part.
    IfMissing { groups: Box<[usize]>, to: usize },
    /// Goes on elsewhere until a [`Op::Return`], then behind this.
    Call(usize),
    /// Goes back behind the call.
    Return,
    /// Opens a frame that remembers the position and the choices.
    Enter,
    /// The same, and goes on elsewhere if what is inside of the frame does not match.
    EnterUnless(usize),
    /// Closes the frame of a round of a loop, and leaves the loop when the round took nothing.
    Round { again: usize, exit: usize },
    /// Closes the frame and drops the choices made inside.
    Commit,
    /// The same, and goes back to where the frame was opened.
    CommitAhead,
    /// Closes the frame and fails: what must not stand here does.
    Refute,
    /// The longest text in which what follows up to an [`Op::Present`] does not match, then shorter ones; goes on there.
    Absent(usize),
    /// What should be absent is there.
    Present,
    /// Goes back by that many characters.
    StepBack(usize),
    /// Fails unless the position is that of the frame.
    AtFrame,
    /// All of it matched.
    Match,
}

/// Repeated characters of one set.
#[derive(Clone, Debug)]
pub(super) struct Run {
    pub(super) set: Set,
    pub(super) min: usize,
    pub(super) max: usize,
    pub(super) kind: Kind,
    /// The byte that must stand behind it, when only one may.
    pub(super) follow: Option<u8>,
}

/// How long a run is tried to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The longest first.
    Greedy,
    /// The shortest first.
    Lazy,
    /// The longest only.
    Possessive,
}

/// Where a match can begin.
#[derive(Clone, Debug)]
pub(super) enum Anchor {
    /// At the start of the text.
    Text,
    /// At the start of a line.
    Line,
    /// Where the text goes on so.
    First(First),
    /// Anywhere.
    None,
}

impl Anchor {
    /// The next place from `from` on at which a match may begin.
    pub(super) fn next(&self, text: &[u8], from: usize) -> Option<usize> {
        if from > text.len() {
            return None;
        }
        match self {
            Self::Text => (from == 0).then_some(0),
            Self::Line if from == 0 => Some(0),
            Self::Line => memchr(b'\n', &text[from - 1..]).map(|newline| from + newline),
            Self::First(first) => text[from..].iter().position(|byte| first.has(*byte)).map(|at| from + at),
            Self::None => Some(from),
        }
    }
}

/// A compiled pattern.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) ops: Box<[Op]>,
    pub(super) anchor: Anchor,
    /// Whether its characters are those of UTF-8, else bytes.
    pub(super) unicode: bool,
}
