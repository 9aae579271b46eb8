//! Looks at the sizes of files, and at what became of what was handed on.

use std::fs::Metadata;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tracing::{error, info};

use super::Tail;
use super::file::{Standing, Tailed};
use super::opened::Opened;
use super::proof::{self, Mark};
use super::quiet::Watch;
use super::read::Progress;

/// How often a file is looked at that grew within the time beside it; any other every second, if it cannot be watched.
const PACES: [(Duration, Duration); 3] = [
    (Duration::from_secs(10), Duration::from_millis(50)),
    (Duration::from_mins(2), Duration::from_millis(200)),
    (Duration::from_mins(10), Duration::from_millis(500)),
];
const SLOWEST: Duration = Duration::from_secs(1);
/// A file that did not grow for so long is watched for its next write, and not looked at.
const QUIET: Duration = Duration::from_secs(1);
/// Looks are put on a grid, so that many files wake the thread once.
const GRID: Duration = Duration::from_millis(25);
/// Looks of a kind take no longer in one turn: what was found is read before the others are looked at. Where many logs are truncated at a
/// time, the copy of each is looked for, and may itself be written over.
const LONGEST: Duration = Duration::from_millis(100);
/// What a look costs, generously: with many files they are looked at less often.
const COST: Duration = Duration::from_micros(20);
/// How long a file waits after a rewind; twice as long after each one that follows.
const PATIENCE: Duration = Duration::from_millis(50);
const LONGEST_PATIENCE: Duration = Duration::from_secs(10);

impl Tail {
    /// Notes the size of files whose time has come, and contents that changed.
    pub(super) fn look_for_growth(&mut self) {
        let began = Instant::now();
        let is_due = |(at, _): &(Instant, u64), now| *at <= now && began.elapsed() < LONGEST;
        while let Some((at, number)) = self.looks.first().copied().filter(|look| is_due(look, self.now)) {
            self.looks.remove(&(at, number));
            self.look_at(number);
        }
    }

    /// Looks at quiet files that were written to.
    pub(super) fn look_at_written(&mut self) {
        for number in self.quiet.take_written() {
            if let Some(file) = self.files.get_mut(&number) {
                file.watch = None;
                file.last_growth = self.now;
            }
            self.quiet.written.push_back(number);
        }
        let began = Instant::now();
        while let Some(number) = self.quiet.written.pop_front_if(|_| began.elapsed() < LONGEST) {
            self.look(number, true);
        }
    }

    /// The same for all files, whether their time has come or not.
    pub(super) fn look_at_all(&mut self) {
        let numbers: Vec<u64> = self.files.keys().copied().collect();
        for number in numbers {
            self.look_at(number);
        }
    }

    /// Notes the size of a file, and whether its content changed.
    pub(super) fn look_at(&mut self, number: u64) {
        self.look(number, false);
    }

    /// The same of a file that was written to, as far as is told: it may have other content of the same size.
    fn look(&mut self, number: u64, is_written: bool) {
        let Some(file) = self.files.get_mut(&number).filter(|file| file.standing != Standing::Gone) else { return };
        if file.lent.is_some() {
            // Its progress may be out of date.
            return self.plan_look(number);
        }
        if self.changed.contains_key(&number) {
            return self.content_changed(number);
        }
        self.tell_trouble(number, false);
        let Some(file) = self.files.get_mut(&number) else { return };
        let (size, modified) = file.file.size_and_time().unwrap_or((file.size, file.modified));
        let has_other_time = modified != file.modified;
        let is_written = is_written || size != file.size || has_other_time;
        file.modified = modified;
        // Between a look and the next anything may have happened to a file that was read to its end.
        let is_emptied = size == 0 && file.size == 0 && has_other_time;
        let is_same = size >= file.progress.offset && !is_emptied && (!is_written || is_known(file));
        if !is_same {
            return self.content_changed(number);
        }
        let is_filled = file.standing == Standing::Rotated && file.size == 0 && size > 0;
        if is_filled && self.is_overwritten_copy(number) {
            return self.copy_overwritten(number);
        }
        let Some(file) = self.files.get_mut(&number) else { return };
        let begins = (file.standing == Standing::Live && file.size == 0 && size > 0).then(|| Arc::clone(file.name()));
        if is_written && !file.has_generation() {
            // Of what was truncated and written anew a line may be complete, though it is as long as what was tried in vain.
            file.progress.stuck = None;
        }
        if size != file.size && file.may_grow() {
            file.last_growth = self.now;
            (file.size, file.is_cut_short) = (size, false);
            extend_head(file);
            self.moved.insert(number);
        }
        begins.iter().for_each(|name| self.search_again(name));
        self.plan_look(number);
        self.enqueue(number);
    }

    /// Tells, once, that a gzip file cannot be read to its end; where it `ends` too early, it counts as read until it grows.
    pub(super) fn tell_trouble(&mut self, number: u64, ends: bool) {
        let Some(file) = self.files.get_mut(&number) else { return };
        let trouble = file.file.take_trouble();
        let is_told = trouble.is_some();
        if let Some((offset, reason)) = trouble {
            error!(component = %self.settings.name, file = %file.place().display(), offset, reason,
                "a gzip file is read up to here and no further");
        }
        if ends && !file.is_read() {
            file.is_cut_short = true;
            if !is_told {
                self.tell_end(number);
            }
        }
    }

    /// Tells, once, that a gzip file to which nothing is written any more ends before what it holds does. The last line of that
    /// is none, though it was handed on as one.
    pub(super) fn tell_cut_off(&self, number: u64) {
        let is_cut_off = |file: &Tailed| file.standing != Standing::Gone && file.file.is_cut_off();
        if self.files.get(&number).is_some_and(|file| is_cut_off(file)) {
            self.tell_end(number);
        }
    }

    fn tell_end(&self, number: u64) {
        let Some(file) = self.files.get(&number).filter(|file| file.file.tell_end()) else { return };
        error!(component = %self.settings.name, file = %file.place().display(), offset = file.progress.offset,
            "a gzip file ends too early, as if its end were cut off: it is read up to here");
    }

    /// Sets when the file is looked at next.
    pub(super) fn plan_look(&mut self, number: u64) {
        let Some(file) = self.files.get_mut(&number) else { return };
        self.looks.remove(&(file.next_look, number));
        let quiet = self.now.saturating_duration_since(file.last_growth);
        if quiet >= QUIET && self.rests(number) {
            return;
        }
        let Some(file) = self.files.get_mut(&number) else { return };
        let pace = PACES.iter().find(|(within, _)| quiet < *within).map_or(SLOWEST, |(_, pace)| *pace);
        let files = u32::try_from(self.looks.len()).unwrap_or(u32::MAX);
        let wanted = self.now + pace.max(COST.saturating_mul(files)).min(SLOWEST);
        let since = wanted.saturating_duration_since(self.scanned).as_nanos();
        let over = Duration::from_nanos(u64::try_from(since % GRID.as_nanos()).unwrap_or(0));
        file.next_look = wanted - over;
        if file.not_before.is_some_and(|until| until > self.now) {
            file.next_look = file.not_before.map_or(file.next_look, |until| until.min(file.next_look));
        }
        self.looks.insert((file.next_look, number));
    }

    /// Watches a quiet file. Gives whether it need not be looked at before an event tells of it.
    fn rests(&mut self, number: u64) -> bool {
        let Some(file) = self.files.get_mut(&number) else { return false };
        let is_away = file.standing != Standing::Live || file.not_before.is_some_and(|until| until > self.now);
        if is_away || file.is_unwatchable {
            return false;
        }
        let quiet = &mut self.quiet;
        let watch = file.file.for_a_moment(|file| file.file().map_or(Watch::NoRoom, |file| quiet.watch(&file, number)));
        match watch {
            Watch::Set(watch) => file.watch = Some(watch),
            Watch::NoRoom => return false,
            Watch::Never => {
                file.is_unwatchable = true;
                return false;
            }
        }
        // What was written since the last look and before the watch was told by nobody.
        file.file.size_and_time().is_ok_and(|now| now == (file.size, file.modified))
    }

    /// Takes what became of ranges on their way, and goes back to what an output did not answer for.
    pub(super) fn take_answers(&mut self) {
        let busy: Vec<u64> = self.busy.iter().copied().collect();
        for number in busy {
            let Some(file) = self.files.get_mut(&number) else { continue };
            let Some(content) = file.content.as_ref().filter(|_| file.lent.is_none()) else { continue };
            if let Some(position) = content.ledger.take_rewind() {
                self.rewind(number, position);
            } else if !file.is_awaiting() {
                self.busy.remove(&number);
                let rewinds = std::mem::take(&mut file.rewinds);
                file.not_before = file.not_before.filter(|_| rewinds == 0);
                self.enqueue(number);
            }
        }
    }

    fn rewind(&mut self, number: u64, position: u64) {
        self.metrics.rewinds.add(1);
        self.rewind_joined(number, position);
        self.busy.remove(&number);
        let Some(file) = self.files.get(&number) else { return };
        if file.standing != Standing::Gone && !file.progress.mark.is_in(&file.file, file.progress.offset) {
            self.content_changed(number);
        }
        let Some(file) = self.files.get_mut(&number) else { return };
        let name = &self.settings.name;
        if file.standing == Standing::Gone {
            let lost = file.progress.offset.saturating_sub(position);
            self.metrics.abandoned_bytes.add(lost);
            error!(component = %name, file = %file.place().display(), lost, "not delivered and no longer there");
            return;
        }
        info!(component = %name, file = %file.place().display(), position, "not delivered: read again from here");
        file.note_again((self.clock)().seconds);
        file.go_to(position);
        if self.changed.contains_key(&number) {
            // Other bytes are there now: they prove nothing of a copy.
            file.progress.mark = Mark::default();
        }
        file.epoch = file.epoch.wrapping_add(1);
        file.not_before = Some(self.now + patience(file.rewinds));
        file.rewinds = file.rewinds.saturating_add(1);
        self.plan_look(number);
    }
}

/// How long a file waits after a rewind that follows on `rewinds` others.
fn patience(rewinds: u8) -> Duration {
    PATIENCE.saturating_mul(2_u32.saturating_pow(rewinds.into())).min(LONGEST_PATIENCE)
}

/// Whether `file` still begins with what it began with, and a copy goes on as it was read. One that cannot be opened now says nothing
/// of that.
fn is_known(file: &Tailed) -> bool {
    let Progress { offset, mark, .. } = &file.progress;
    let goes_on = |opened: &Opened| file.may_grow() || mark.is_in(opened, *offset);
    let has_head =
        |opened: &Opened, known| opened.begins_as_before() && proof::has_head(opened, known) && goes_on(opened);
    let known = file.position.known.as_ref();
    known.is_none_or(|known| file.file.for_a_moment(|opened| opened.file().is_err() || has_head(opened, known)))
}

/// Lets the proof of the head cover more of a file that grew, unless what it covers has just become other content.
fn extend_head(file: &mut Tailed) {
    let Some(known) = &mut file.position.known else { return };
    if known.head_length == 0 || known.head_length as usize >= proof::HEAD {
        return;
    }
    let longer = file.file.for_a_moment(|opened| proof::extended(opened, file.size, known));
    if let Ok(Some(head)) = longer {
        (known.head, known.head_length) = head;
    }
}

/// When a file that is met `now` was last written to, as far as the clock that files are stamped with can tell.
pub(super) fn written(metadata: &Metadata, now: Instant) -> Instant {
    let age = metadata.modified().ok().and_then(|at| at.elapsed().ok()).unwrap_or_default();
    now.checked_sub(age).unwrap_or(now)
}

/// When a file that is met now is looked at first.
pub(super) fn first_look(now: Instant) -> Instant {
    now + GRID
}
