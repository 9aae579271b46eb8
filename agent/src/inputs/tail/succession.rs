//! A log that is rotated goes on in the one that takes its name: what is open at its end is joined with what follows there.
//!
//! Which log succeeds which is the matter of `before`. Nothing of the successor is read before the other log was, as far as that
//! was written when the successor had its first bytes. Then the worker of both passes on what is open. What has no newline there
//! is the beginning of the first line here, once nobody writes to it any more. Until all before is settled neither position is
//! stored, so that a restart joins the same lines again; and when one of them is read again, so is the other.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tracing::debug;

use super::Tail;
use super::before::Away;
use super::file::{Standing, Tailed};
use super::prefix::Prefix;
use crate::plugin::{Passed, Succession};
use crate::state::{Position, Succeeds};

/// Bytes of a character that may be cut off a line at the limit.
const CHARACTER: usize = 4;
/// When a log is looked at again whose successor waits for it.
const SOON: Duration = Duration::from_millis(50);

/// How files came after others, by the number of the successor.
pub(super) type Joins = BTreeMap<u64, Join>;

/// A file that succeeds another one.
#[derive(Debug)]
pub(super) struct Join {
    /// Number of the one before.
    from: u64,
    state: State,
}

#[derive(Debug)]
enum State {
    /// The one before is not read to its end, which lies here since the successor has something.
    Waiting {
        upto: Option<u64>,
        /// Whether they were joined before: what is on its way of the successor counts for nothing.
        is_again: bool,
    },
    /// What was open passed on when the one before was handed on up to `end`.
    Passed { end: u64, passed: Passed },
}

impl Join {
    /// Whether the position of file `number` may not move meanwhile, `to` being the successor.
    fn holds(&self, to: u64, number: u64) -> bool {
        match self.state {
            State::Passed { .. } => number == to || number == self.from,
            State::Waiting { is_again, .. } => is_again && number == to,
        }
    }
}

/// What a look at a file that waits came to.
enum Look {
    Waits,
    /// What is open is passed on.
    Passes,
    /// And so is what has no newline.
    PassesRest,
    /// Nothing can be.
    IsAlone,
}

impl Tail {
    /// Has file `number`, of which nothing was read, wait for the one that it succeeds, if there is one `away`. Gives the id of
    /// the stream of that one.
    pub(super) fn wait_for_before(&mut self, number: u64, away: &Away) -> Option<u64> {
        let from = self.before(number, away)?;
        self.joins.insert(number, Join { from, state: State::Waiting { upto: None, is_again: false } });
        let content = self.files.get(&from)?.content.as_ref().filter(|_| self.settings.joins)?;
        Some(content.stream.id)
    }

    /// Has successors wait whose log before was filled since it was looked at last: it has no stream yet, whose worker has to serve
    /// both.
    pub(super) fn put_off_successors(&mut self, begun: &mut Vec<u64>, away: &Away) {
        if !self.settings.joins {
            return;
        }
        let all: BTreeSet<u64> = begun.iter().copied().collect();
        begun.retain(|number| {
            let Some(from) = self.before(*number, away).filter(|from| self.fresh.contains(from)) else { return true };
            if all.contains(&from) || self.changed.contains_key(&from) || self.is_put_off(from) {
                return true;
            }
            if !self.files.get(&from).is_some_and(|file| file.file.size().is_ok_and(|size| size > 0)) {
                return true;
            }
            self.look_at(from);
            self.begin_again = Some(self.now + SOON);
            false
        });
    }

    /// Whether nothing of a file may be read yet, since it is not the turn of the log that it succeeds.
    pub(super) fn is_waiting(&self, number: u64) -> bool {
        self.joins.get(&number).is_some_and(|join| matches!(join.state, State::Waiting { .. }))
    }

    /// Whether the position of a file may not move: what passed on, from it or to it, is not settled.
    pub(super) fn is_held(&self, number: u64) -> bool {
        self.joins.iter().any(|(to, join)| join.holds(*to, number))
    }

    /// Passes on what is open of logs that are read to their end, and forgets successions of which nothing came.
    pub(super) fn go_on_with_joins(&mut self) {
        if self.joins.is_empty() {
            return;
        }
        let over = self.over(&self.settled_of_joined());
        let joins: Vec<(u64, u64)> = self.joins.iter().map(|(number, join)| (*number, join.from)).collect();
        let mut alone = BTreeSet::new();
        for (number, from) in joins {
            match self.joins.get(&number).map(|join| &join.state) {
                Some(State::Waiting { .. }) => match self.look_at_join(number, from) {
                    Look::Waits => {}
                    Look::Passes => self.pass_on(number, from, None),
                    Look::PassesRest => self.pass_rest(number, from),
                    Look::IsAlone => drop(alone.insert(number)),
                },
                // Its first line never comes: the beginning of it is handed on where it is.
                Some(State::Passed { .. }) if !self.is_there(number) && self.prefixes.contains_key(&number) => {
                    self.prefixes.remove(&number);
                }
                Some(State::Passed { passed, .. }) if passed.is_nothing() => self.forget_join(number),
                Some(State::Passed { .. }) if over.contains(&number) => self.move_joined(number),
                _ => {}
            }
        }
        self.let_go_on(&alone);
    }

    fn is_there(&self, number: u64) -> bool {
        self.files.get(&number).is_some_and(|file| is_there(file))
    }

    /// Looks whether `from` is read as far as it was written when `number`, which succeeds it, had its first bytes.
    fn look_at_join(&mut self, number: u64, from: u64) -> Look {
        let Some(file) = self.files.get(&number).filter(|file| is_there(file)) else { return Look::IsAlone };
        let has_failed = |file: &Tailed| file.content.as_ref().is_some_and(|content| content.ledger.has_failed());
        if file.size == 0 || file.lent.is_some() || has_failed(file) || file.progress.offset > 0 {
            return Look::Waits;
        }
        let Some(before) = self.files.get(&from).filter(|file| is_there(file)) else { return Look::IsAlone };
        if before.lent.is_some() || has_failed(before) || self.changed.contains_key(&from) {
            return Look::Waits;
        }
        let Some(Join { state: State::Waiting { upto, .. }, .. }) = self.joins.get_mut(&number) else {
            return Look::Waits;
        };
        let Some(upto) = *upto else {
            // A compressed one is written no more, and where it ends shows once it is read.
            let size = |file: &Tailed| file.file.size().unwrap_or(file.size);
            *upto = Some(if before.file.is_compressed() { u64::MAX } else { size(before) });
            self.look_at(from);
            return self.look_at_join(number, from);
        };
        if !self.settings.joins && !before.file.is_compressed() && ends_with_newline(before, upto) {
            // Nothing is open, however much of it is still to be read.
            return Look::IsAlone;
        }
        let is_read = before.progress.offset >= upto || before.is_read();
        let is_stuck = before.progress.stuck == Some(before.size);
        match (before.progress.is_in_long_line(), is_read, is_stuck) {
            (true, ..) if is_read || is_stuck => Look::IsAlone,
            (_, true, _) if !self.settings.joins || before.content.is_none() => Look::IsAlone,
            (_, true, _) => Look::Passes,
            (_, false, true) => self.look_at_rest(from),
            _ => Look::Waits,
        }
    }

    /// Looks whether what `from` has behind its last newline is all that will come.
    fn look_at_rest(&mut self, from: u64) -> Look {
        let Some(before) = self.files.get(&from) else { return Look::IsAlone };
        let longest = self.reading.cutting.max_line.saturating_sub(CHARACTER) as u64;
        let length = before.size - before.progress.offset;
        let is_live = before.content.is_none() && before.standing == Standing::Live;
        // What comes before it is for its own first line; one of a live file without content is over with the file.
        let has_prefix = self.prefixes.contains_key(&from);
        if length > longest || has_prefix || is_live || self.reading.encoding.is_some() {
            return Look::IsAlone;
        }
        if before.content.is_none() {
            return Look::Waits;
        }
        let until = before.last_growth + self.settings.rotate_wait;
        let is_final =
            before.is_copy() || (self.now >= until && before.file.size().is_ok_and(|size| size == before.size));
        if before.is_copy() && is_final {
            return Look::PassesRest;
        }
        match is_final.then(|| self.writers.has_writer(before.id, until, self.now)).flatten() {
            Some(false) => Look::PassesRest,
            Some(true) => Look::IsAlone,
            None => Look::Waits,
        }
    }

    /// Has the first line of `number` begin with what `from` has behind its last newline, and passes on what is open.
    fn pass_rest(&mut self, number: u64, from: u64) {
        if !self.has_room_for(number) {
            return;
        }
        let Some(before) = self.files.get_mut(&from) else { return };
        let (offset, size) = (before.progress.offset, before.size);
        let length = usize::try_from(size - offset).unwrap_or(usize::MAX);
        let mut bytes = vec![0; length];
        let read = before.file.for_a_moment(|file| file.read_full(&mut bytes, offset));
        let is_rest = read.is_ok_and(|read| read == length) && !bytes.contains(&b'\n');
        let Some(content) = before.content.as_ref().filter(|_| is_rest) else {
            return self.let_go_on(&BTreeSet::from([number]));
        };
        // Those before a line are no text.
        bytes.drain(..bytes.iter().take_while(|byte| **byte == 0).count());
        let prefix = Prefix::new(bytes, content.ledger.open(size));
        before.go_to(size);
        self.metrics.bytes.add(length as u64);
        self.busy.insert(from);
        self.moved.insert(from);
        self.pass_on(number, from, Some(prefix));
    }

    /// Has the worker of both pass on what is open of `from`, once it has room for that.
    fn pass_on(&mut self, number: u64, from: u64, prefix: Option<Prefix>) {
        let files = (self.files.get(&number), self.files.get(&from));
        let (Some(outlet), (Some(file), Some(before))) = (&self.outlet, files) else { return };
        let (Some(to), Some(content)) = (&file.content, &before.content) else { return };
        if prefix.is_none() && !self.has_room_for(number) {
            return;
        }
        let (end, passed) = (before.progress.offset, Passed::default());
        debug!(component = %self.settings.name, file = %file.name().display(), before = %before.place().display(), end,
            "goes on where another one ended");
        let succession = Succession {
            from: Arc::clone(&content.stream),
            ledger: Arc::clone(&content.ledger),
            end,
            to: Arc::clone(&to.stream),
            epoch: file.epoch,
            passed: passed.clone(),
        };
        if self.settings.joins && !outlet.succeed(succession) {
            return;
        }
        // Where a rest passes, it is no matter whether an event does.
        let passed = if prefix.is_some() { Passed::default() } else { passed };
        if let Some(join) = self.joins.get_mut(&number) {
            join.state = State::Passed { end, passed };
        }
        self.prefixes.extend(prefix.map(|prefix| (number, prefix)));
        self.enqueue(number);
    }

    fn has_room_for(&self, number: u64) -> bool {
        let content = self.files.get(&number).and_then(|file| file.content.as_ref());
        let both = self.outlet.as_ref().zip(content);
        both.is_some_and(|(outlet, content)| outlet.has_room(outlet.worker_of(content.stream.id)))
    }

    /// Keeps what the first line of a file begins with, which was lent and not read.
    pub(super) fn take_prefix_back(&mut self, number: u64, prefix: Option<Prefix>) {
        // Of one that is to be read again with the file before it is not delivered.
        let is_passed = self.joins.contains_key(&number) && !self.is_waiting(number);
        self.prefixes.extend(prefix.filter(|_| is_passed).map(|prefix| (number, prefix)));
    }

    /// Lets files be read by themselves, which they are after a restart, too.
    fn let_go_on(&mut self, numbers: &BTreeSet<u64>) {
        if numbers.is_empty() {
            return;
        }
        let files = self.files.iter_mut().filter(|(number, _)| numbers.contains(number));
        let stored = files.filter(|(_, file)| file.position.id != 0 && file.standing != Standing::Gone);
        let mut rows: Vec<&mut Position> = stored.map(|(_, file)| &mut file.position).collect();
        rows.iter_mut().for_each(|row| row.succeeds = Succeeds::NOTHING);
        if let Err(error) = self.positions.store(&mut rows, false) {
            self.complain(
                &error,
                "what logs go on from cannot be stored; after a crash some lines may be joined otherwise",
            );
        }
        for number in numbers {
            self.joins.remove(number);
            self.enqueue(*number);
        }
    }

    /// Lets the successor of a file that cannot be read be read by itself.
    pub(super) fn let_successor_go_on(&mut self, from: u64) {
        let waiting: BTreeSet<u64> = self.successors(from).filter(|number| self.is_waiting(*number)).collect();
        self.let_go_on(&waiting);
    }

    /// Whether a file waits for this one.
    pub(super) fn is_awaited(&self, from: u64) -> bool {
        self.successors(from).any(|number| self.is_waiting(number))
    }

    fn successors(&self, from: u64) -> impl Iterator<Item = u64> {
        self.joins.iter().filter(move |(_, join)| join.from == from).map(|(number, _)| *number)
    }

    /// Files of all successions.
    pub(super) fn joined(&self) -> BTreeSet<u64> {
        self.joins.iter().flat_map(|(to, join)| [*to, join.from]).collect()
    }

    /// How far the files of all successions are settled.
    fn settled_of_joined(&self) -> BTreeMap<u64, u64> {
        self.joined().into_iter().filter_map(|number| Some((number, self.files.get(&number)?.settled()))).collect()
    }

    /// Successions that are over once the positions of their files are stored: everything before is `settled`, and so is what the
    /// successor passed on itself, where it is settled as far as that.
    fn over(&self, settled: &BTreeMap<u64, u64>) -> BTreeSet<u64> {
        let passed = self.joins.iter().filter_map(|(to, join)| match join.state {
            State::Passed { end, .. } => Some((join.from, (*to, end))),
            State::Waiting { .. } => None,
        });
        let next: BTreeMap<u64, (u64, u64)> = passed.collect();
        let is_over = |number: &u64| {
            let before = |number: &u64| self.joins.get(number).map(|join| join.from);
            let behind = |number: &u64| {
                let (to, end) = next.get(number).copied()?;
                settled.get(number).is_none_or(|settled| *settled >= end).then_some(to)
            };
            let mut all = std::iter::successors(Some(*number), before).filter(|number| self.joins.contains_key(number));
            let mut rest = std::iter::successors(behind(number), behind);
            all.all(|number| self.has_passed(number, settled)) && rest.all(|number| self.has_passed(number, settled))
        };
        self.joins.keys().copied().filter(is_over).collect()
    }

    /// Whether all that was written before file `number` is `settled`.
    fn has_passed(&self, number: u64, settled: &BTreeMap<u64, u64>) -> bool {
        let Some(Join { from, state: State::Passed { end, passed } }) = self.joins.get(&number) else { return false };
        let is_changing = [*from, number].iter().any(|number| self.changed.contains_key(number));
        passed.is_nothing() || (!is_changing && settled.get(from).is_none_or(|settled| settled >= end))
    }

    /// Successions that are over once the positions of their files are stored, and how far each of these may be stored.
    ///
    /// A file that passed something on may be stored as far as it is settled before that; at its end it is stored together with the
    /// one that succeeds it, and that one with those that it passed something on to.
    pub(super) fn places_of_joined(&self) -> (BTreeSet<u64>, BTreeMap<u64, u64>) {
        let mut places = self.settled_of_joined();
        let over = self.over(&places);
        for (to, join) in self.joins.iter().filter(|(number, _)| !over.contains(*number)) {
            let held = match join.state {
                State::Passed { end, .. } => [Some(*to), Some(join.from).filter(|from| places.get(from) >= Some(&end))],
                State::Waiting { is_again, .. } => [Some(*to).filter(|_| is_again), None],
            };
            let stored = |number: u64| Some((number, self.files.get(&number)?.position.offset));
            places.extend(held.into_iter().flatten().filter_map(stored));
        }
        (over, places)
    }

    /// Notes that the positions of file `number` and of the one that it succeeds may have moved.
    pub(super) fn move_joined(&mut self, number: u64) {
        let from = self.joins.get(&number).map(|join| join.from);
        self.moved.extend(from.into_iter().chain([number]).filter(|number| self.files.contains_key(number)));
    }

    /// Forgets a succession. Both positions may move.
    fn forget_join(&mut self, number: u64) {
        self.move_joined(number);
        self.joins.remove(&number);
    }

    /// Has everything that was joined with what file `number` holds behind `position` be read again, too.
    pub(super) fn rewind_joined(&mut self, number: u64, position: u64) {
        let mut again = Vec::new();
        for (to, Join { from, state }) in &mut self.joins {
            let State::Passed { end, .. } = state else { continue };
            let is_of = (*from == number && position < *end) || (*to == number && position == 0);
            if !is_of {
                continue;
            }
            *state = State::Waiting { upto: None, is_again: true };
            self.prefixes.remove(to);
            again.push(if *from == number { (*to, 0) } else { (*from, u64::MAX) });
        }
        for (other, to) in again {
            if let Some(content) = self.files.get(&other).and_then(|file| file.content.as_ref()) {
                content.ledger.recall(to);
                self.busy.insert(other);
            }
        }
    }
}

/// Whether no line goes on behind the first `size` bytes of `file`.
pub(super) fn ends_with_newline(file: &Tailed, size: u64) -> bool {
    let mut last = [0];
    let read = |file: &super::opened::Opened| file.read_full(&mut last, size - 1);
    size == 0 || (file.file.for_a_moment(read).is_ok_and(|length| length == 1) && last == *b"\n")
}

/// Whether a file has the content that it had.
pub(super) fn is_there(file: &Tailed) -> bool {
    file.standing != Standing::Gone
}
