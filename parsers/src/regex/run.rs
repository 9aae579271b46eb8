//! Runs byte programs.

use super::program::{Branch, Field, Op, Program, Run};

/// What running a program came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It matched, and the slots tell where.
    Match,
    /// It does not match.
    None,
    /// It went back too often to be worth going on.
    GivenUp,
}

/// A choice that is left.
#[derive(Clone, Copy, Debug)]
enum Choice {
    /// Goes on at an instruction.
    Branch { op: usize, at: usize },
    /// A greedy run ends before `below`, not before `lowest`.
    Shorter { op: usize, lowest: usize, below: usize },
    /// A lazy run that began at `start` goes on behind `at`.
    Longer { op: usize, start: usize, at: usize },
    /// Gives a slot its value back.
    Slot { slot: usize, value: usize },
}

/// Room for running, to be used again.
#[derive(Debug, Default)]
pub(super) struct Machine {
    choices: Vec<Choice>,
    /// Start and end of each group; [`UNSET`] where it took no part.
    pub(super) slots: Vec<usize>,
}

/// No position.
pub(super) const UNSET: usize = usize::MAX;

/// An instruction, and a position in the text.
type Place = (usize, usize);

impl Machine {
    /// Runs `program` on `text`, which has no newline, for `slots` slots.
    pub(super) fn run(&mut self, program: &Program, text: &[u8], slots: usize) -> Outcome {
        self.choices.clear();
        self.slots.clear();
        self.slots.resize(slots, UNSET);
        let mut budget = 64 + 4 * text.len();
        let mut end = self.go(program, text, (0, 0));
        loop {
            if let Some(end) = end {
                self.slots[0] = 0;
                self.slots[1] = end;
                return Outcome::Match;
            }
            let Some(choice) = self.choices.pop() else { return Outcome::None };
            budget -= 1;
            if budget == 0 {
                return Outcome::GivenUp;
            }
            end = self.resume(program, text, choice).and_then(|place| self.go(program, text, place));
        }
    }

    /// Follows the first choice everywhere from `op` and `at`. Gives where the match ends.
    fn go(&mut self, program: &Program, text: &[u8], (mut op, mut at): Place) -> Option<usize> {
        while !matches!(program.ops[op], Op::Match) {
            (op, at) = self.step(&program.ops[op], text, (op, at))?;
        }
        Some(at)
    }

    #[inline(always)]
    fn step(&mut self, op: &Op, text: &[u8], (number, at): Place) -> Option<Place> {
        let next = number + 1;
        match op {
            Op::Literal(literal) => stands_at(literal, text, at).then(|| (next, at + literal.len())),
            Op::One(set) => text.get(at).filter(|byte| set.has(**byte)).map(|_| (next, at + 1)),
            Op::Run(run) => Some((next, self.enter(run, number, text, at)?)),
            Op::Split { first, second } => self.split(first, second, text, at),
            Op::Jump(to) => Some((*to, at)),
            Op::Save(slot) => {
                self.save(*slot, at);
                Some((next, at))
            }
            Op::Field(field) => self.field(field, next, text, at),
            Op::End => (at == text.len()).then_some((next, at)),
            Op::Match => None,
        }
    }

    #[inline(always)]
    fn field(&mut self, field: &Field, run_at: usize, text: &[u8], at: usize) -> Option<Place> {
        self.save(field.slot, at);
        let end = if field.run.possessive && !field.literal.is_empty() {
            // Whether the run may end there is told by the literal.
            self.longest(&field.run, text, at)?
        } else {
            self.enter(&field.run, run_at, text, at)?
        };
        self.save(field.slot + 1, end);
        stands_at(&field.literal, text, end).then(|| (field.next, end + field.literal.len()))
    }

    #[inline(always)]
    fn split(&mut self, first: &Branch, second: &Branch, text: &[u8], at: usize) -> Option<Place> {
        match (first.first.fits(text, at), second.first.fits(text, at)) {
            (true, true) => {
                self.choices.push(Choice::Branch { op: second.to, at });
                Some((first.to, at))
            }
            (true, false) => Some((first.to, at)),
            (false, true) => Some((second.to, at)),
            (false, false) => None,
        }
    }

    #[inline(always)]
    fn save(&mut self, slot: usize, at: usize) {
        if !self.choices.is_empty() {
            self.choices.push(Choice::Slot { slot, value: self.slots[slot] });
        }
        self.slots[slot] = at;
    }

    /// Begins a run at `at` and gives where it ends first.
    #[inline(always)]
    fn enter(&mut self, run: &Run, op: usize, text: &[u8], at: usize) -> Option<usize> {
        if run.greedy {
            let longest = self.longest(run, text, at)?;
            if run.possessive {
                return run.follow.fits(text, longest).then_some(longest);
            }
            return self.shorter(run, op, text, (at + run.min, longest + 1));
        }
        let lowest = at + run.min;
        let is_there = text.get(at..lowest)?.iter().all(|byte| run.set.has(*byte));
        let end = is_there.then(|| longer(run, text, at, lowest)).flatten()?;
        if !run.follow.is_anything() {
            self.choices.push(Choice::Longer { op, start: at, at: end });
        }
        Some(end)
    }

    /// Where the longest run from `at` on ends, if it is long enough.
    #[inline(always)]
    fn longest(&self, run: &Run, text: &[u8], at: usize) -> Option<usize> {
        let limit = text.len().min(at.saturating_add(run.max));
        let longest = at + run.set.span(&text[at..limit]);
        (longest >= at + run.min).then_some(longest)
    }

    /// The last place from `lowest` to before `below` at which what follows `run` may begin. Those before it are left for later.
    #[inline(always)]
    fn shorter(&mut self, run: &Run, op: usize, text: &[u8], (lowest, below): (usize, usize)) -> Option<usize> {
        let end = (lowest..below).rev().find(|end| run.follow.fits(text, *end))?;
        if end > lowest {
            self.choices.push(Choice::Shorter { op, lowest, below: end });
        }
        Some(end)
    }

    /// Takes up a choice that was left and gives the instruction and the place to go on at.
    fn resume(&mut self, program: &Program, text: &[u8], choice: Choice) -> Option<Place> {
        let run = |op: usize| match &program.ops[op] {
            Op::Run(run) => Some(run),
            _ => None,
        };
        match choice {
            Choice::Branch { op, at } => Some((op, at)),
            Choice::Slot { slot, value } => {
                self.slots[slot] = value;
                None
            }
            Choice::Shorter { op, lowest, below } => Some((op + 1, self.shorter(run(op)?, op, text, (lowest, below))?)),
            Choice::Longer { op, start, at } => {
                let run = run(op)?;
                text.get(at).filter(|byte| run.set.has(**byte) && at - start < run.max)?;
                let end = longer(run, text, start, at + 1)?;
                self.choices.push(Choice::Longer { op, start, at: end });
                Some((op + 1, end))
            }
        }
    }
}

#[inline(always)]
fn stands_at(literal: &[u8], text: &[u8], at: usize) -> bool {
    match literal {
        [] => true,
        [byte] => text.get(at) == Some(byte),
        // A few bytes, for which a call would cost more.
        _ => text
            .get(at..at + literal.len())
            .is_some_and(|text| text.iter().zip(literal).all(|(one, other)| one == other)),
    }
}

/// The first place from `at` on at which what follows `run` may begin.
#[inline(always)]
fn longer(run: &Run, text: &[u8], start: usize, at: usize) -> Option<usize> {
    if run.follow.is_anything() {
        return Some(at);
    }
    let limit = text.len().min(start.saturating_add(run.max));
    let end = at + run.before.span(&text[at..limit]);
    run.follow.fits(text, end).then_some(end)
}
