//! Compiles a translation with marks to instructions.

use std::collections::{BTreeMap, BTreeSet};

use regex_syntax::hir::{Hir, HirKind, Repetition};

use super::anchor::anchor;
use super::first_place;
use super::length::lengths;
use super::ops::{Kind, Op, Program, Run};
use super::set::Set;
use crate::regex::PatternError;
use crate::regex::bytes::Bytes;
use crate::regex::marks::{Mark, Marked, Meaning, meaning};

/// Most instructions of a program, each set counted as many.
const MAX_WEIGHT: usize = 1 << 16;

/// Compiles `pattern`, whose named groups are told by `marks`.
///
/// # Errors
/// When it is too large, or looks behind by a length that is not bounded.
pub(super) fn compile(pattern: &Hir, marks: &[Marked], unicode: bool) -> Result<Program, PatternError> {
    let called = marks.iter().filter_map(|marked| match marked.mark {
        Mark::Call(group) => Some(group),
        _ => None,
    });
    let referred = marks.iter().filter_map(|marked| match &marked.mark {
        Mark::Back { groups, .. } | Mark::Conditional(groups) => Some(groups),
        _ => None,
    });
    let referred = referred.flatten().copied();
    let mut compiler = Compiler {
        ops: Vec::new(),
        weight: 0,
        marks,
        unicode,
        called: called.collect(),
        referred: referred.collect(),
        bodies: BTreeMap::new(),
        calls: Vec::new(),
    };
    compiler.whole(pattern)?;
    let mut ops = compiler.ops;
    for at in 0..ops.len() {
        let follow = literal_from(&ops[at + 1..]);
        if let Op::Run(run) = &mut ops[at] {
            run.follow = follow;
        }
    }
    let anchor = anchor(&ops, pattern, marks);
    Ok(Program { ops: ops.into(), anchor, unicode })
}

struct Compiler<'a> {
    ops: Vec<Op>,
    weight: usize,
    marks: &'a [Marked],
    unicode: bool,
    /// Groups that are called. With any, the instructions of all groups stand once, behind all others, and are called: a
    /// group inside of itself then knows where each of its rounds began.
    called: BTreeSet<usize>,
    /// Groups whose text or presence is asked for.
    referred: BTreeSet<usize>,
    bodies: BTreeMap<usize, &'a Hir>,
    /// Calls and the groups they are for.
    calls: Vec<(usize, usize)>,
}

impl<'a> Compiler<'a> {
    fn push(&mut self, op: Op) -> Result<usize, PatternError> {
        self.weight += match &op {
            Op::One(set) | Op::Run(Run { set, .. }) => set.weight(),
            Op::Literal(literal) => 1 + literal.len() / 32,
            _ => 1,
        };
        if self.weight > MAX_WEIGHT {
            return Err(PatternError::new(first_place(self.marks), "the pattern is too large"));
        }
        self.ops.push(op);
        Ok(self.ops.len() - 1)
    }

    fn whole(&mut self, pattern: &'a Hir) -> Result<(), PatternError> {
        if self.called.contains(&0) {
            self.bodies.insert(0, pattern);
            self.call(0)?;
        } else {
            self.part(pattern)?;
        }
        self.push(Op::Match)?;
        let mut starts = BTreeMap::new();
        // A body may hold further groups that are called.
        while let Some((group, body)) =
            self.bodies.iter().map(|(group, body)| (*group, *body)).find(|(group, _)| !starts.contains_key(group))
        {
            starts.insert(group, self.ops.len());
            if group == 0 {
                self.part(body)?;
            } else {
                self.saved(group, body)?;
            }
            self.push(Op::Return)?;
        }
        for (at, group) in std::mem::take(&mut self.calls) {
            match starts.get(&group) {
                Some(start) => self.ops[at] = Op::Call(*start),
                None => return Err(PatternError::new(first_place(self.marks), "a group that is called is not there")),
            }
        }
        Ok(())
    }

    fn call(&mut self, group: usize) -> Result<(), PatternError> {
        let at = self.push(Op::Call(0))?;
        self.calls.push((at, group));
        Ok(())
    }

    fn saved(&mut self, group: usize, sub: &'a Hir) -> Result<(), PatternError> {
        if self.referred.contains(&group) {
            self.push(Op::Forget(group * 2 + 1))?;
        }
        self.push(Op::Save(group * 2))?;
        self.part(sub)?;
        self.push(if !self.called.is_empty() { Op::SaveCalled(group * 2) } else { Op::Save(group * 2 + 1) })?;
        Ok(())
    }

    fn part(&mut self, part: &'a Hir) -> Result<(), PatternError> {
        match part.kind() {
            HirKind::Empty => {}
            HirKind::Literal(literal) => _ = self.push(Op::Literal(literal.0.clone()))?,
            HirKind::Class(class) => _ = self.push(Op::One(Set::new(class)))?,
            HirKind::Look(look) => _ = self.push(Op::Look(*look))?,
            HirKind::Concat(parts) => parts.iter().try_for_each(|part| self.part(part))?,
            HirKind::Alternation(branches) => self.alternatives(branches)?,
            HirKind::Repetition(repetition) => self.repetition(repetition)?,
            HirKind::Capture(capture) => match capture.name.as_deref().and_then(meaning) {
                Some(Meaning::Mark(index)) => self.mark(&self.marks[index], &capture.sub)?,
                Some(Meaning::Group(group)) if !self.called.is_empty() => {
                    self.bodies.insert(group, &capture.sub);
                    self.call(group)?;
                }
                Some(Meaning::Group(group)) => self.saved(group, &capture.sub)?,
                None => self.part(&capture.sub)?,
            },
        }
        Ok(())
    }

    fn alternatives(&mut self, branches: &'a [Hir]) -> Result<(), PatternError> {
        let Some((last, others)) = branches.split_last() else { return Ok(()) };
        let mut jumps = Vec::new();
        for branch in others {
            let split = self.push(Op::Jump(0))?;
            self.part(branch)?;
            jumps.push(self.push(Op::Jump(0))?);
            self.ops[split] = Op::Split { first: split + 1, second: self.ops.len() };
        }
        self.part(last)?;
        for at in jumps {
            self.ops[at] = Op::Jump(self.ops.len());
        }
        Ok(())
    }

    fn repetition(&mut self, repetition: &'a Repetition) -> Result<(), PatternError> {
        let sub = &*repetition.sub;
        if let Some(set) = single(sub) {
            let kind = if repetition.greedy { Kind::Greedy } else { Kind::Lazy };
            return self.run(set, repetition, kind);
        }
        for _ in 0..repetition.min {
            self.part(sub)?;
        }
        let Some(max) = repetition.max else { return self.star(sub, repetition.greedy) };
        let mut splits = Vec::new();
        for _ in repetition.min..max {
            splits.push(self.push(Op::Jump(0))?);
            self.part(sub)?;
        }
        let end = self.ops.len();
        for at in splits {
            self.set_split(at, (at + 1, end), repetition.greedy);
        }
        Ok(())
    }

    fn run(&mut self, set: Set, repetition: &Repetition, kind: Kind) -> Result<(), PatternError> {
        let max = repetition.max.map_or(usize::MAX, |max| max as usize);
        self.push(Op::Run(Run { set, min: repetition.min as usize, max, kind, follow: None }))?;
        Ok(())
    }

    /// Any number of `sub`. A round that takes nothing is the last one, as in Onigmo.
    fn star(&mut self, sub: &'a Hir, greedy: bool) -> Result<(), PatternError> {
        let split = self.push(Op::Jump(0))?;
        if may_be_empty(sub, self.marks) {
            self.push(Op::Enter)?;
            self.part(sub)?;
            let round = self.push(Op::Jump(0))?;
            self.ops[round] = Op::Round { again: split, exit: round + 1 };
        } else {
            self.part(sub)?;
            self.push(Op::Jump(split))?;
        }
        self.set_split(split, (split + 1, self.ops.len()), greedy);
        Ok(())
    }

    fn set_split(&mut self, at: usize, (inside, behind): (usize, usize), greedy: bool) {
        let (first, second) = if greedy { (inside, behind) } else { (behind, inside) };
        self.ops[at] = Op::Split { first, second };
    }

    fn mark(&mut self, marked: &'a Marked, inside: &'a Hir) -> Result<(), PatternError> {
        match &marked.mark {
            Mark::Ahead { negative } => self.look(*negative, None, inside)?,
            Mark::Behind { negative } => {
                let Some(lengths) = lengths(inside, self.marks, self.unicode) else {
                    let problem = "the length of a look-behind must be bounded, by 4096 characters and 64 choices";
                    return Err(PatternError::new(marked.at, problem));
                };
                self.look(*negative, Some(lengths), inside)?;
            }
            Mark::Atomic => match inside.kind() {
                HirKind::Repetition(repetition) if single(&repetition.sub).is_some() && repetition.greedy => {
                    let set = single(&repetition.sub).expect("it was just found");
                    self.run(set, repetition, Kind::Possessive)?;
                }
                _ => {
                    self.push(Op::Enter)?;
                    self.part(inside)?;
                    self.push(Op::Commit)?;
                }
            },
            Mark::Keep => _ = self.push(Op::Keep)?,
            Mark::Back { groups, ignore_case } => {
                _ = self.push(Op::Back { groups: groups.as_slice().into(), ignore_case: *ignore_case })?;
            }
            Mark::Call(group) => self.call(*group)?,
            Mark::Conditional(groups) => self.conditional(groups, inside)?,
            Mark::Branch => self.part(inside)?,
            Mark::Absent => {
                let absent = self.push(Op::Jump(0))?;
                self.part(inside)?;
                self.push(Op::Present)?;
                self.ops[absent] = Op::Absent(self.ops.len());
            }
            Mark::Never => {
                let jump = self.push(Op::Jump(0))?;
                self.part(inside)?;
                self.ops[jump] = Op::Jump(self.ops.len());
            }
        }
        Ok(())
    }

    /// A look ahead, or behind by one of `lengths`.
    fn look(&mut self, negative: bool, lengths: Option<BTreeSet<usize>>, inside: &'a Hir) -> Result<(), PatternError> {
        let enter = self.push(Op::Enter)?;
        let is_behind = lengths.is_some();
        let mut lengths = lengths.into_iter().flatten().peekable();
        let mut jumps = Vec::new();
        while let Some(length) = lengths.next() {
            let split = self.push(Op::Jump(0))?;
            self.push(Op::StepBack(length))?;
            jumps.push(self.push(Op::Jump(0))?);
            let (first, next) = (split + 1, self.ops.len());
            self.ops[split] =
                if lengths.peek().is_some() { Op::Split { first, second: next } } else { Op::Jump(first) };
        }
        for at in jumps {
            self.ops[at] = Op::Jump(self.ops.len());
        }
        self.part(inside)?;
        if is_behind {
            self.push(Op::AtFrame)?;
        }
        self.push(if negative { Op::Refute } else { Op::CommitAhead })?;
        if negative {
            self.ops[enter] = Op::EnterUnless(self.ops.len());
        }
        Ok(())
    }

    fn conditional(&mut self, groups: &[usize], inside: &'a Hir) -> Result<(), PatternError> {
        let branches = match inside.kind() {
            HirKind::Concat(branches) => branches.as_slice(),
            _ => std::slice::from_ref(inside),
        };
        let condition = self.push(Op::Jump(0))?;
        if let Some(yes) = branches.first() {
            self.part(yes)?;
        }
        let jump = self.push(Op::Jump(0))?;
        self.ops[condition] = Op::IfMissing { groups: groups.into(), to: self.ops.len() };
        if let Some(no) = branches.get(1) {
            self.part(no)?;
        }
        self.ops[jump] = Op::Jump(self.ops.len());
        Ok(())
    }
}

/// The set of a part that takes exactly one byte or character.
fn single(part: &Hir) -> Option<Set> {
    match part.kind() {
        HirKind::Class(class) => Some(Set::new(class)),
        HirKind::Literal(literal) if literal.0.len() == 1 => {
            let literal = literal.0[0];
            Some(Set::Bytes(Bytes::new(|byte| byte == literal)))
        }
        _ => None,
    }
}

/// Whether `part` may match without taking anything.
fn may_be_empty(part: &Hir, marks: &[Marked]) -> bool {
    match part.kind() {
        HirKind::Empty | HirKind::Look(_) => true,
        HirKind::Class(_) | HirKind::Literal(_) => false,
        HirKind::Repetition(repetition) => repetition.min == 0 || may_be_empty(&repetition.sub, marks),
        HirKind::Concat(parts) => parts.iter().all(|part| may_be_empty(part, marks)),
        HirKind::Alternation(branches) => branches.iter().any(|branch| may_be_empty(branch, marks)),
        HirKind::Capture(capture) => match capture.name.as_deref().and_then(meaning) {
            Some(Meaning::Mark(index)) if marks[index].mark != Mark::Atomic => true,
            _ => may_be_empty(&capture.sub, marks),
        },
    }
}

/// The byte that a literal begins with, when `ops` do. One inside of a character would let a run end there.
fn literal_from(ops: &[Op]) -> Option<u8> {
    let literal = ops.iter().find(|op| !matches!(op, Op::Save(_) | Op::Forget(_)))?;
    match literal {
        Op::Literal(literal) => literal.first().copied().filter(|byte| byte & 0xc0 != 0x80),
        _ => None,
    }
}
