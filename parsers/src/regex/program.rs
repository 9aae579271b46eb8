//! Compiles the patterns that logs are made for to a byte program: literals, runs of one class up to what follows them,
//! groups that may be missing.
//!
//! The program takes the same choices in the same order as a backtracking engine, so its answer, match or none, is the one of
//! any other. What follows a run is known by its first byte, so a run hardly ever goes back.

use memchr::memchr;
use regex_syntax::hir::{Class, Hir, HirKind, Look};

use super::bytes::{Bytes, First};
use crate::simd;

/// Most instructions of a program.
const MAX_OPS: usize = 512;
/// Most copies that a repetition is written out in.
const MAX_COPIES: u32 = 8;

/// One instruction. Places of other instructions are indexes.
#[derive(Clone, Debug)]
pub(super) enum Op {
    /// These bytes.
    Literal(Box<[u8]>),
    /// One byte of a set.
    One(Bytes),
    /// Bytes of a set, as many as possible or as few.
    Run(Run),
    /// Tries `first`, then `second`.
    Split { first: Branch, second: Branch },
    /// Goes on elsewhere.
    Jump(usize),
    /// Notes the position.
    Save(usize),
    /// The four instructions from here on at once: notes the position, a run, notes the position again, a literal.
    Field(Box<Field>),
    /// The end of the text.
    End,
    /// All of it matched.
    Match,
}

/// A group that is a run, and what stands behind it.
#[derive(Clone, Debug)]
pub(super) struct Field {
    /// Slot of its start; that of its end is the next.
    pub(super) slot: usize,
    pub(super) run: Run,
    /// Empty when no literal follows.
    pub(super) literal: Box<[u8]>,
    /// Where to go on.
    pub(super) next: usize,
}

/// A way to go on, and what the text must begin with there.
#[derive(Clone, Debug)]
pub(super) struct Branch {
    pub(super) to: usize,
    pub(super) first: First,
}

/// Repeated bytes of one set.
#[derive(Clone, Debug)]
pub(super) struct Run {
    pub(super) set: Bytes,
    pub(super) min: usize,
    pub(super) max: usize,
    pub(super) greedy: bool,
    /// What the text must go on with.
    pub(super) follow: First,
    /// Bytes of the set that cannot follow it.
    pub(super) before: Bytes,
    /// Whether only the longest run can be followed by that.
    pub(super) possessive: bool,
}

/// Instructions for text without newlines, to be tried at its start only.
#[derive(Clone, Debug)]
pub(super) struct Program {
    pub(super) ops: Box<[Op]>,
    /// Whether it holds for all UTF-8 or for ASCII only.
    for_utf8: bool,
}

impl Program {
    /// A program for `pattern`, parsed for text of one line, if it is of the kind that there is one for.
    pub(super) fn new(pattern: &Hir, for_utf8: bool) -> Option<Self> {
        let mut compiler = Compiler { ops: Vec::new() };
        compiler.anchored(pattern)?;
        compiler.push(Op::Match)?;
        let mut ops = compiler.ops;
        for at in (0..ops.len()).rev() {
            let mut op = std::mem::replace(&mut ops[at], Op::Match);
            let sound = complete(&mut op, at, &ops, for_utf8);
            ops[at] = op;
            sound.then_some(())?;
        }
        for at in 0..ops.len() {
            if let Some(field) = field(&ops[at..], at) {
                ops[at] = Op::Field(Box::new(field));
            }
        }
        Some(Self { ops: ops.into(), for_utf8 })
    }

    /// Whether `text` is of the kind that it is for.
    pub(super) fn is_for(&self, text: &[u8]) -> bool {
        if simd::is_printable(text) {
            return true;
        }
        let is_readable = text.is_ascii() || (self.for_utf8 && std::str::from_utf8(text).is_ok());
        is_readable && memchr(b'\n', text).is_none()
    }
}

/// The instructions that `ops` begins with as one, when they are those of a group that is a run. They stay where they are: others
/// may lead into them.
fn field(ops: &[Op], at: usize) -> Option<Field> {
    let [Op::Save(slot), Op::Run(run), Op::Save(end), behind, ..] = ops else { return None };
    if *end != slot + 1 {
        return None;
    }
    let (literal, next) = match behind {
        Op::Literal(literal) => (literal.clone(), at + 4),
        _ => (Box::default(), at + 3),
    };
    Some(Field { slot: *slot, run: run.clone(), literal, next })
}

struct Compiler {
    ops: Vec<Op>,
}

impl Compiler {
    fn push(&mut self, op: Op) -> Option<usize> {
        (self.ops.len() < MAX_OPS).then(|| self.ops.push(op))?;
        Some(self.ops.len() - 1)
    }

    /// A pattern that begins with the start of the text.
    fn anchored(&mut self, pattern: &Hir) -> Option<()> {
        let parts = match pattern.kind() {
            HirKind::Concat(parts) => parts.as_slice(),
            _ => std::slice::from_ref(pattern),
        };
        let (start, rest) = parts.split_first()?;
        matches!(start.kind(), HirKind::Look(Look::Start)).then_some(())?;
        rest.iter().try_for_each(|part| self.part(part))
    }

    fn part(&mut self, part: &Hir) -> Option<()> {
        match part.kind() {
            HirKind::Empty => Some(()),
            HirKind::Literal(literal) => self.push(Op::Literal(literal.0.clone())).map(|_| ()),
            HirKind::Class(class) => self.push(Op::One(bytes_of(class)?)).map(|_| ()),
            HirKind::Look(Look::End) => self.push(Op::End).map(|_| ()),
            HirKind::Look(_) => None,
            HirKind::Capture(capture) => {
                self.push(Op::Save(capture.index as usize * 2))?;
                self.part(&capture.sub)?;
                self.push(Op::Save(capture.index as usize * 2 + 1)).map(|_| ())
            }
            HirKind::Concat(parts) => parts.iter().try_for_each(|part| self.part(part)),
            HirKind::Alternation(branches) => self.alternatives(branches),
            HirKind::Repetition(repetition) => {
                let (min, max, greedy) = (repetition.min, repetition.max, repetition.greedy);
                match single(&repetition.sub) {
                    Some(set) => self.run(set, min, max, greedy),
                    None => self.copies(&repetition.sub, min, max?, greedy),
                }
            }
        }
    }

    fn run(&mut self, set: Bytes, min: u32, max: Option<u32>, greedy: bool) -> Option<()> {
        let max = max.map_or(usize::MAX, |max| max as usize);
        let (follow, before) = (First::default(), set.clone());
        let run = Run { set, min: min as usize, max, greedy, follow, before, possessive: false };
        self.push(Op::Run(run)).map(|_| ())
    }

    /// A repetition written out: what must be there, then what may be there, each inside of the one before.
    fn copies(&mut self, sub: &Hir, min: u32, max: u32, greedy: bool) -> Option<()> {
        (max <= MAX_COPIES).then_some(())?;
        for _ in 0..min {
            self.part(sub)?;
        }
        let mut splits = Vec::new();
        for _ in min..max {
            splits.push(self.split()?);
            self.part(sub)?;
        }
        let end = self.ops.len();
        for at in splits {
            self.set_split(at, if greedy { (at + 1, end) } else { (end, at + 1) });
        }
        Some(())
    }

    fn alternatives(&mut self, branches: &[Hir]) -> Option<()> {
        let (last, others) = branches.split_last()?;
        let mut jumps = Vec::new();
        for branch in others {
            let split = self.split()?;
            self.part(branch)?;
            jumps.push(self.push(Op::Jump(0))?);
            self.set_split(split, (split + 1, self.ops.len()));
        }
        self.part(last)?;
        let end = self.ops.len();
        for at in jumps {
            self.ops[at] = Op::Jump(end);
        }
        Some(())
    }

    fn split(&mut self) -> Option<usize> {
        self.push(Op::Match)
    }

    fn set_split(&mut self, at: usize, (first, second): (usize, usize)) {
        let branch = |to| Branch { to, first: First::default() };
        self.ops[at] = Op::Split { first: branch(first), second: branch(second) };
    }
}

/// Notes what follows `op`, which stands before the complete `ops` behind `at`. Returns whether it may run on the text that
/// the program is for.
fn complete(op: &mut Op, at: usize, ops: &[Op], for_utf8: bool) -> bool {
    match op {
        Op::Split { first, second } => {
            first.first = first_of(first.to, ops);
            second.first = first_of(second.to, ops);
            true
        }
        Op::Run(run) => {
            run.follow = first_of(at + 1, ops);
            run.possessive = run.follow.is_disjoint(&run.set);
            run.before = Bytes::new(|byte| run.set.has(byte) && !run.follow.has(byte));
            !for_utf8 || keeps_characters(run)
        }
        Op::One(set) => !(for_utf8 && set.has_high()),
        _ => true,
    }
}

/// Whether a run of bytes takes the same text as a run of the characters they are part of: it ends where a character does.
fn keeps_characters(run: &Run) -> bool {
    let is_free = run.max == usize::MAX && (run.greedy || run.min == 0 || !run.follow.is_anything());
    !run.set.has_high() || (is_free && !run.follow.has_continuation())
}

/// What the text must begin with for the instructions from `at` on.
fn first_of(at: usize, ops: &[Op]) -> First {
    match &ops[at] {
        Op::Literal(literal) => First::byte(literal[0]),
        Op::One(set) => First::of(set),
        Op::Run(run) if run.min > 0 => First::of(&run.set),
        Op::Run(run) => First::of(&run.set).or(&run.follow),
        Op::Split { first, second } => first.first.or(&second.first),
        Op::Jump(to) => first_of(*to, ops),
        Op::Save(_) | Op::Field(_) => first_of(at + 1, ops),
        Op::End => First::end(),
        Op::Match => First::anything(),
    }
}

/// The bytes of a part that takes exactly one.
fn single(part: &Hir) -> Option<Bytes> {
    match part.kind() {
        HirKind::Class(class) => bytes_of(class),
        HirKind::Literal(literal) if literal.0.len() == 1 => Some(Bytes::new(|byte| byte == literal.0[0])),
        _ => None,
    }
}

/// A class as a set of bytes, if it has all characters beyond ASCII or none.
fn bytes_of(class: &Class) -> Option<Bytes> {
    match class {
        Class::Bytes(class) => {
            Some(Bytes::new(|byte| class.iter().any(|range| (range.start()..=range.end()).contains(&byte))))
        }
        Class::Unicode(class) => {
            let has = |wanted: char| class.iter().any(|range| (range.start()..=range.end()).contains(&wanted));
            let beyond = class.iter().filter(|range| !range.end().is_ascii());
            let all = class.iter().any(|range| range.start() <= '\u{80}' && range.end() == char::MAX);
            (all || beyond.count() == 0).then_some(())?;
            Some(Bytes::new(|byte| if byte.is_ascii() { has(char::from(byte)) } else { all }))
        }
    }
}
