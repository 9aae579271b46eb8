//! Runs the instructions of the backtracking engine.

use memchr::memrchr;
use regex_automata::util::look::LookMatcher;
use regex_syntax::hir::Look;

use super::ops::{Kind, Op, Program, Run};
use super::text::{repeated, step_back};
use super::{Backtracker, STEP_LIMIT};
use crate::regex::GivenUp;
use crate::regex::run::UNSET;

/// Most choices that are open at once; with the frames, about 6 MB.
const MAX_CHOICES: usize = 1 << 16;
/// Most frames.
const MAX_FRAMES: usize = 1 << 16;
/// Room that is kept from one search to the next.
const KEPT: usize = 1 << 10;

/// Where a match may start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::regex) enum Starts {
    Anywhere,
    /// At the start of the text.
    Text,
}

/// Where the machine stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) op: usize,
    pub(super) at: usize,
    /// The innermost open frame, [`UNSET`] when there is none.
    pub(super) frame: usize,
}

/// What is remembered of where a construct was entered. Frames are never changed, so a choice finds those that it knew.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    outer: usize,
    at: usize,
    /// How many choices there were.
    choices: usize,
    floor: usize,
    /// The call to go back behind.
    call: usize,
}

/// A choice that is left.
#[derive(Clone, Copy, Debug)]
pub(super) enum Choice {
    /// Goes on there.
    Branch { place: Place, frames: usize },
    /// A greedy run, which the place is at the end of, ends earlier, not before `lowest`.
    Shorter { place: Place, frames: usize, lowest: usize },
    /// A lazy run, which the place is at the end of, takes at most so many more.
    Longer { place: Place, frames: usize, left: usize },
    /// Gives a slot its value back.
    Slot { slot: usize, value: usize },
}

/// Room for running, to be used again.
#[derive(Debug, Default)]
pub(in crate::regex) struct Machine {
    pub(super) choices: Vec<Choice>,
    pub(super) frames: Vec<Frame>,
    /// Frames below this may be known to a choice.
    floor: usize,
    pub(super) steps: usize,
    looks: LookMatcher,
    /// For what should be absent.
    pub(super) inner: Option<Box<Machine>>,
    /// Start and end of each group; [`UNSET`] where it took no part.
    pub(in crate::regex) slots: Vec<usize>,
}

impl Machine {
    /// Searches `text` for the leftmost match of `pattern`, for `slots` slots. Gives whether there is one.
    ///
    /// # Errors
    /// When the steps or the room did not suffice.
    pub(in crate::regex) fn search(
        &mut self,
        pattern: &Backtracker,
        text: &[u8],
        starts: Starts,
        slots: usize,
    ) -> Result<bool, GivenUp> {
        let Some(program) = pattern.program(text) else { return Ok(false) };
        self.steps = STEP_LIMIT;
        let found = self.leftmost(program, text, starts, slots);
        self.choices.clear();
        self.choices.shrink_to(KEPT);
        self.frames.clear();
        self.frames.shrink_to(KEPT);
        found
    }

    fn leftmost(&mut self, program: &Program, text: &[u8], starts: Starts, slots: usize) -> Result<bool, GivenUp> {
        let by_characters = program.unicode && std::str::from_utf8(text).is_ok();
        let mut from = 0;
        while let Some(start) = program.anchor.next(text, from) {
            if starts == Starts::Text && start > 0 {
                return Ok(false);
            }
            from = start + 1;
            let is_inside = text.get(start).is_some_and(|byte| byte & 0xc0 == 0x80);
            if by_characters && is_inside {
                continue;
            }
            self.forget();
            self.slots.clear();
            self.slots.resize(slots, UNSET);
            self.slots[0] = start;
            if let Some(end) = self.run(program, text, start)? {
                self.slots[0] = self.slots[0].min(end);
                self.slots[1] = end;
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Tries to match from `start` on. Gives where the match ends.
    fn run(&mut self, program: &Program, text: &[u8], start: usize) -> Result<Option<usize>, GivenUp> {
        let mut place = Some(Place { op: 0, at: start, frame: UNSET });
        loop {
            self.spend(1)?;
            place = match (place, self.choices.len()) {
                (Some(Place { op, at, .. }), _) if matches!(program.ops[op], Op::Match) => return Ok(Some(at)),
                (Some(place), _) => self.step(program, text, place)?,
                (None, 0) => return Ok(None),
                (None, _) => self.resume(program, text)?,
            };
        }
    }

    /// Forgets all choices and frames.
    pub(super) fn forget(&mut self) {
        self.choices.clear();
        self.frames.clear();
        self.floor = 0;
    }

    pub(super) fn spend(&mut self, steps: usize) -> Result<(), GivenUp> {
        self.steps = self.steps.checked_sub(steps).ok_or(GivenUp)?;
        Ok(())
    }

    /// Does one instruction. Gives where to go on, `None` when it failed.
    pub(super) fn step(&mut self, program: &Program, text: &[u8], place: Place) -> Result<Option<Place>, GivenUp> {
        let Place { op, at, .. } = place;
        let next = Place { op: op + 1, ..place };
        Ok(match &program.ops[op] {
            Op::Literal(literal) => text[at..].starts_with(literal).then(|| Place { at: at + literal.len(), ..next }),
            Op::One(set) => set.end_of(text, at).map(|at| Place { at, ..next }),
            Op::Run(run) => self.enter_run(run, text, place)?,
            Op::Look(look) => self.stands(*look, text, at).then_some(next),
            Op::Split { first, second } => {
                self.leave(Choice::Branch { place: Place { op: *second, ..place }, frames: self.frames.len() })?;
                Some(Place { op: *first, ..place })
            }
            Op::Jump(to) => Some(Place { op: *to, ..place }),
            Op::Save(slot) => {
                self.save(*slot, at)?;
                Some(next)
            }
            Op::SaveCalled(slot) => {
                self.save(*slot, self.frames[place.frame].at)?;
                self.save(slot + 1, at)?;
                Some(next)
            }
            Op::Forget(slot) => {
                self.save(*slot, UNSET)?;
                Some(next)
            }
            Op::Keep => {
                self.save(0, at)?;
                Some(next)
            }
            Op::Back { groups, ignore_case } => {
                self.back(groups, *ignore_case, text, at)?.map(|at| Place { at, ..next })
            }
            Op::IfMissing { groups, to } => {
                let is_there = groups.iter().any(|group| self.group(*group).is_some());
                Some(if is_there { next } else { Place { op: *to, ..place } })
            }
            Op::StepBack(count) => {
                self.spend(*count)?;
                step_back(text, at, *count, program.unicode).map(|at| Place { at, ..next })
            }
            Op::Absent(exit) => match self.absence(program, text, place)? {
                Some(at) => self.shorter_absence(*exit, Place { at, ..place }, place.at)?,
                None => None,
            },
            // Reached by a search for what should be absent, which takes it itself.
            Op::Present => None,
            Op::AtFrame => (self.frames[place.frame].at == at).then_some(next),
            Op::Call(to) => Some(Place { op: *to, ..self.open(place)? }),
            Op::Enter => Some(Place { op: op + 1, ..self.open(place)? }),
            Op::EnterUnless(to) => {
                let inside = self.open(place)?;
                self.leave(Choice::Branch { place: Place { op: *to, ..place }, frames: inside.frame })?;
                Some(Place { op: op + 1, ..inside })
            }
            Op::Return | Op::Round { .. } | Op::Commit | Op::CommitAhead | Op::Refute => {
                self.close(&program.ops[op], place)?
            }
            Op::Match => Some(place),
        })
    }

    /// Opens a frame.
    fn open(&mut self, place: Place) -> Result<Place, GivenUp> {
        if self.frames.len() >= MAX_FRAMES {
            return Err(GivenUp);
        }
        let (choices, floor) = (self.choices.len(), self.floor);
        self.frames.push(Frame { outer: place.frame, at: place.at, choices, floor, call: place.op });
        Ok(Place { frame: self.frames.len() - 1, ..place })
    }

    /// Does an instruction that closes the frame.
    fn close(&mut self, op: &Op, place: Place) -> Result<Option<Place>, GivenUp> {
        let frame = self.frames[place.frame];
        let behind = Place { op: place.op + 1, at: place.at, frame: frame.outer };
        let goes_on = match op {
            Op::Return => Some(Place { op: frame.call + 1, ..behind }),
            Op::Round { exit, .. } if place.at == frame.at => Some(Place { op: *exit, ..behind }),
            Op::Round { again, .. } => Some(Place { op: *again, ..behind }),
            Op::Refute => {
                self.undo(frame.choices)?;
                None
            }
            _ => {
                self.drop_choices(frame)?;
                Some(if matches!(op, Op::CommitAhead) { Place { at: frame.at, ..behind } } else { behind })
            }
        };
        if place.frame >= self.floor {
            self.frames.truncate(place.frame);
        }
        Ok(goes_on)
    }

    /// Drops the choices made since `frame`. What gives slots their values back stays for the choices before it.
    fn drop_choices(&mut self, frame: Frame) -> Result<(), GivenUp> {
        self.spend(self.choices.len() - frame.choices)?;
        let mut kept = frame.choices;
        for at in frame.choices..self.choices.len() {
            if matches!(self.choices[at], Choice::Slot { .. }) && frame.choices > 0 {
                self.choices[kept] = self.choices[at];
                kept += 1;
            }
        }
        self.choices.truncate(kept);
        self.floor = frame.floor;
        Ok(())
    }

    /// Takes everything back since there were `choices`.
    fn undo(&mut self, choices: usize) -> Result<(), GivenUp> {
        self.spend(self.choices.len() - choices)?;
        while self.choices.len() > choices {
            if let Some(Choice::Slot { slot, value }) = self.choices.pop() {
                self.slots[slot] = value;
            }
        }
        Ok(())
    }

    pub(super) fn leave(&mut self, choice: Choice) -> Result<(), GivenUp> {
        if self.choices.len() >= MAX_CHOICES {
            return Err(GivenUp);
        }
        if !matches!(choice, Choice::Slot { .. }) {
            self.floor = self.frames.len();
        }
        self.choices.push(choice);
        Ok(())
    }

    fn save(&mut self, slot: usize, at: usize) -> Result<(), GivenUp> {
        if !self.choices.is_empty() {
            self.leave(Choice::Slot { slot, value: self.slots[slot] })?;
        }
        self.slots[slot] = at;
        Ok(())
    }

    /// Takes up the last choice that was left.
    pub(super) fn resume(&mut self, program: &Program, text: &[u8]) -> Result<Option<Place>, GivenUp> {
        let Some(choice) = self.choices.pop() else { return Ok(None) };
        let (place, frames) = match choice {
            Choice::Slot { slot, value } => {
                self.slots[slot] = value;
                return Ok(None);
            }
            Choice::Branch { place, frames }
            | Choice::Shorter { place, frames, .. }
            | Choice::Longer { place, frames, .. } => (place, frames),
        };
        self.frames.truncate(frames);
        self.floor = frames;
        match (choice, &program.ops[place.op]) {
            (Choice::Shorter { lowest, .. }, Op::Run(run)) => {
                let end = run.set.before(text, place.at);
                self.shorter(run, text, Place { at: end, ..place }, lowest)
            }
            (Choice::Shorter { lowest, .. }, Op::Absent(exit)) => {
                self.shorter_absence(*exit, Place { at: program.before(text, place.at), ..place }, lowest)
            }
            (Choice::Longer { left, .. }, Op::Run(run)) => match run.set.end_of(text, place.at) {
                Some(at) => self.longer(run, text, Place { at, ..place }, left - 1),
                None => Ok(None),
            },
            _ => Ok(Some(place)),
        }
    }

    fn enter_run(&mut self, run: &Run, text: &[u8], place: Place) -> Result<Option<Place>, GivenUp> {
        let (mut lowest, mut left) = (place.at, run.min);
        while let Some(end) = run.set.end_of(text, lowest).filter(|_| left > 0) {
            (lowest, left) = (end, left - 1);
        }
        self.spend(lowest - place.at)?;
        if left > 0 {
            return Ok(None);
        }
        if run.kind == Kind::Lazy {
            return self.longer(run, text, Place { at: lowest, ..place }, run.max - run.min);
        }
        let at = run.set.end_of_run(text, lowest, run.max - run.min);
        self.spend((at - lowest) / run.set.bytes_per_step())?;
        if run.kind == Kind::Possessive {
            return Ok(Some(Place { op: place.op + 1, at, ..place }));
        }
        self.shorter(run, text, Place { at, ..place }, lowest)
    }

    /// Ends a greedy run at the place or before it, not before `lowest`.
    fn shorter(&mut self, run: &Run, text: &[u8], place: Place, lowest: usize) -> Result<Option<Place>, GivenUp> {
        let end = match run.follow {
            Some(byte) => memrchr(byte, &text[lowest..text.len().min(place.at + 1)]).map(|at| lowest + at),
            None => Some(place.at),
        };
        self.spend((place.at - end.unwrap_or(lowest)) / 8)?;
        let Some(at) = end else { return Ok(None) };
        if at > lowest {
            self.leave(Choice::Shorter { place: Place { at, ..place }, frames: self.frames.len(), lowest })?;
        }
        Ok(Some(Place { op: place.op + 1, at, ..place }))
    }

    /// Ends a lazy run at the place, or behind at most `left` more.
    fn longer(&mut self, run: &Run, text: &[u8], place: Place, left: usize) -> Result<Option<Place>, GivenUp> {
        let Place { mut at, .. } = place;
        let mut left = left;
        let may_end = |at: usize| run.follow.is_none_or(|byte| text.get(at) == Some(&byte));
        while let Some(end) = run.set.end_of(text, at).filter(|_| left > 0 && !may_end(at)) {
            (at, left) = (end, left - 1);
        }
        self.spend(at - place.at)?;
        if !may_end(at) {
            return Ok(None);
        }
        if left > 0 {
            self.leave(Choice::Longer { place: Place { at, ..place }, frames: self.frames.len(), left })?;
        }
        Ok(Some(Place { op: place.op + 1, at, ..place }))
    }

    fn group(&self, group: usize) -> Option<(usize, usize)> {
        let [start, end] = *self.slots.get(group * 2..)?.first_chunk()?;
        (start != UNSET && end != UNSET && start <= end).then_some((start, end))
    }

    /// Where the text of the last of `groups` that took part ends when it stands at `at`. Of groups with one name another
    /// one is tried when it does not.
    fn back(&mut self, groups: &[usize], ignore_case: bool, text: &[u8], at: usize) -> Result<Option<usize>, GivenUp> {
        for group in groups.iter().rev() {
            let Some((start, end)) = self.group(*group) else { continue };
            self.spend((end - start) / if ignore_case { 1 } else { 8 })?;
            if let Some(length) = repeated(&text[start..end], &text[at..], ignore_case) {
                return Ok(Some(at + length));
            }
        }
        Ok(None)
    }

    fn stands(&self, look: Look, text: &[u8], at: usize) -> bool {
        match look {
            Look::Start => at == 0,
            Look::End => at == text.len(),
            // Behind the last newline no line begins.
            Look::StartLF => at == 0 || (at < text.len() && self.looks.is_start_lf(text, at)),
            Look::EndLF => self.looks.is_end_lf(text, at),
            Look::WordAscii => self.looks.is_word_ascii(text, at),
            Look::WordAsciiNegate => self.looks.is_word_ascii_negate(text, at),
            Look::WordUnicode => self.looks.is_word_unicode(text, at).unwrap_or(false),
            Look::WordUnicodeNegate => self.looks.is_word_unicode_negate(text, at).unwrap_or(false),
            // A translation has no others.
            _ => false,
        }
    }
}
