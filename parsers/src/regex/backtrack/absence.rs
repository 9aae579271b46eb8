//! Text in which something is absent: `(?~x)`.

use super::machine::{Choice, Machine, Place};
use super::ops::{Op, Program};
use super::text::{character, start_of_last};
use crate::regex::GivenUp;
use crate::regex::run::UNSET;

impl Program {
    /// Where the character, or byte, before `at` begins; `at` is not the start of the text.
    pub(super) fn before(&self, text: &[u8], at: usize) -> usize {
        if self.unicode { start_of_last(text, at) } else { at - 1 }
    }

    /// Where the next character, or byte, behind `at` begins.
    fn behind(&self, text: &[u8], at: usize) -> usize {
        let length = character(text, at).filter(|_| self.unicode).map_or(1, char::len_utf8);
        at + length
    }
}

impl Machine {
    /// Where the longest text ends that begins at `place`, an [`Op::Absent`], and holds no match of what should be absent. `None`
    /// when not even no text does.
    ///
    /// # Errors
    /// When the steps or the room did not suffice.
    pub(super) fn absence(&mut self, program: &Program, text: &[u8], place: Place) -> Result<Option<usize>, GivenUp> {
        let mut inner = self.inner.take().unwrap_or_default();
        inner.steps = self.steps;
        let found = inner.longest_without(program, text, place, &self.slots);
        inner.forget();
        self.steps = inner.steps;
        self.inner = Some(inner);
        found
    }

    fn longest_without(
        &mut self,
        program: &Program,
        text: &[u8],
        place: Place,
        slots: &[usize],
    ) -> Result<Option<usize>, GivenUp> {
        let (mut from, mut longest) = (place.at, text.len());
        while from <= longest {
            self.spend(1)?;
            self.forget();
            self.slots.clear();
            self.slots.extend_from_slice(slots);
            let end = self.first_end(program, text, Place { op: place.op + 1, at: from, frame: UNSET })?;
            if end == Some(place.at) {
                return Ok(None);
            }
            longest = end.map_or(longest, |end| longest.min(program.before(text, end)));
            from = program.behind(text, from);
        }
        Ok(Some(longest))
    }

    /// The first end of all matches from `start` on up to an [`Op::Present`].
    fn first_end(&mut self, program: &Program, text: &[u8], start: Place) -> Result<Option<usize>, GivenUp> {
        let (mut place, mut first) = (Some(start), None);
        loop {
            self.spend(1)?;
            place = match (place, self.choices.is_empty()) {
                (Some(Place { op, at, .. }), _) if matches!(program.ops[op], Op::Present) => {
                    first = Some(first.map_or(at, |first: usize| first.min(at)));
                    None
                }
                (Some(place), _) => self.step(program, text, place)?,
                (None, true) => return Ok(first),
                (None, false) => self.resume(program, text)?,
            };
        }
    }

    /// Ends the text at the place or before it, not before `lowest`, and goes on at `exit`.
    pub(super) fn shorter_absence(
        &mut self,
        exit: usize,
        place: Place,
        lowest: usize,
    ) -> Result<Option<Place>, GivenUp> {
        if place.at > lowest {
            self.leave(Choice::Shorter { place, frames: self.frames.len(), lowest })?;
        }
        Ok(Some(Place { op: exit, ..place }))
    }
}
