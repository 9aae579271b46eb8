//! Tells which files some process has open for writing, as far as this one may see: what `/proc` shows of it.
//!
//! Asked for files that were rotated away, so that none is let go before its last writer closed it. A look goes through the
//! descriptors of all processes, so a thread of its own does it, and seldom. Processes of other containers, and for an agent
//! without rights those of other users, are not seen; then `Rotate_Wait` alone decides.

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tracing::debug;

use super::file::FileId;
use super::scan::worked;
use crate::receipts::Signal;

/// A file that has a writer is asked about again after so long.
const AGAIN: Duration = Duration::from_secs(5);
/// A look that takes longer is not waited for: a file system may hang.
const LONGEST: Duration = Duration::from_secs(30);
/// Who waits for an answer asks more often than that, unless the process stood still.
const STANDSTILL: Duration = Duration::from_secs(3);
/// A look is followed by so many times the processor's time that it took without one. A process that was stopped or suspended within it,
/// or waited for a disk, took none.
const REST: u32 = 50;
/// The longest that there is none: until then rotated files are held open.
const LONGEST_REST: Duration = Duration::from_secs(20);

/// Looks for files that are written to.
pub(super) struct Writers {
    signal: Signal,
    look: Look,
    found: Arc<Mutex<Option<Found>>>,
    last: Option<Found>,
    /// Since when a look is on its way, without the time that this process stood still.
    looking: Option<Instant>,
    /// When it was asked last.
    asked: Option<Instant>,
    /// No look begins before.
    next: Option<Instant>,
}

/// How it is found out what is written to.
type Look = fn() -> HashSet<FileId>;

/// What a look found.
struct Found {
    written: HashSet<FileId>,
    began: Instant,
    took: Duration,
}

impl Writers {
    /// Raises `signal` when a look is over.
    pub(super) fn new(signal: Signal) -> Self {
        Self { signal, look: written, found: Arc::default(), last: None, looking: None, asked: None, next: None }
    }

    /// Whether a process had `id` open for writing at `since` or later. `None` while that is being found out.
    pub(super) fn has_writer(&mut self, id: FileId, since: Instant, now: Instant) -> Option<bool> {
        if let Some(found) = self.found.lock().unwrap_or_else(PoisonError::into_inner).take() {
            (self.looking, self.next) = (None, Some(now + (found.took * REST).min(LONGEST_REST)));
            self.last = Some(found);
        }
        let silent = self.asked.replace(now).map_or(Duration::ZERO, |asked| now.saturating_duration_since(asked));
        if silent > STANDSTILL {
            self.looking = self.looking.map(|began| began + silent);
        }
        if self.looking.is_some_and(|began| now.saturating_duration_since(began) > LONGEST) {
            return Some(false);
        }
        let known = self.last.as_ref().filter(|last| last.began >= since);
        let is_written = known.map(|last| last.written.contains(&id));
        let is_old = known.is_none_or(|last| now.saturating_duration_since(last.began) >= AGAIN);
        if is_old && is_written != Some(false) {
            self.begin(now);
        }
        is_written
    }

    fn begin(&mut self, now: Instant) {
        if self.looking.is_some() || self.next.is_some_and(|next| now < next) {
            return;
        }
        let (look, found, signal) = (self.look, Arc::clone(&self.found), self.signal.clone());
        let run = move || {
            let before = worked();
            let written = look();
            let took = worked().saturating_sub(before);
            *found.lock().unwrap_or_else(PoisonError::into_inner) = Some(Found { written, began: now, took });
            signal.wake();
        };
        self.looking = Some(now);
        if cfg!(test) {
            return run();
        }
        if let Err(error) = thread::Builder::new().name("tail writers".to_owned()).spawn(run) {
            debug!(component = "tail", %error, "who writes to rotated files is not looked for");
        }
    }

    /// As if `look` were what `/proc` shows.
    #[cfg(test)]
    pub(super) fn looking_at(look: Look) -> Self {
        Self { look, ..Self::new(Signal::default()) }
    }
}

/// Files that processes other than this have open for writing.
fn written() -> HashSet<FileId> {
    let own = std::process::id().to_string();
    let processes = fs::read_dir("/proc").into_iter().flatten().filter_map(Result::ok);
    let others = processes.filter(|process| {
        let name = process.file_name();
        name.to_str().is_some_and(|name| name != own && name.bytes().all(|byte| byte.is_ascii_digit()))
    });
    others.flat_map(|process| written_by(&process.path())).collect()
}

/// Files that the process at `place` has open for writing.
fn written_by(place: &Path) -> Vec<FileId> {
    let descriptors = fs::read_dir(place.join("fd")).into_iter().flatten().filter_map(Result::ok);
    let files = descriptors.filter(|descriptor| {
        let leads_to = fs::read_link(descriptor.path());
        leads_to.is_ok_and(|path| path.is_absolute() && !path.starts_with("/dev") && !path.starts_with("/proc"))
    });
    let written = files.filter(|descriptor| is_for_writing(&place.join("fdinfo").join(descriptor.file_name())));
    written.filter_map(|descriptor| Some(FileId::of(&fs::metadata(descriptor.path()).ok()?))).collect()
}

/// Whether the descriptor that `about` tells of is one for writing.
fn is_for_writing(about: &Path) -> bool {
    let Ok(about) = fs::File::open(about).and_then(std::io::read_to_string) else { return false };
    let flags = about.lines().find_map(|line| line.strip_prefix("flags:"));
    let flags = flags.and_then(|flags| u32::from_str_radix(flags.trim(), 8).ok());
    flags.is_some_and(|flags| flags & 3 != 0)
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn a_file_that_another_process_writes_to_is_told_from_one_that_it_reads() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = |name: &str| directory.path().join(name);
        let id = |name: &str| FileId::of(&fs::metadata(path(name)).expect("it is there"));
        fs::write(path("read"), "").expect("it is written");
        let (read, write) = (fs::File::open(path("read")), fs::File::create(path("written")));
        let mut child = Command::new("sleep")
            .arg("100")
            .stdin(read.expect("it opens"))
            .stdout(Stdio::from(write.expect("it is made")))
            .spawn()
            .expect("it starts");

        let found = written();
        child.kill().and_then(|()| child.wait()).expect("it ends");

        assert!(found.contains(&id("written")));
        assert!(!found.contains(&id("read")));
        assert!(!written().contains(&id("written")));
    }

    #[test]
    fn an_answer_is_as_new_as_it_must_be_and_looks_are_seldom() {
        const FILE: FileId = FileId { device: 1, inode: 2 };
        let mut writers = Writers::looking_at(|| HashSet::from([FILE]));
        let other = FileId { device: 1, inode: 3 };
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);

        assert_eq!(writers.has_writer(FILE, at(10), at(10)), None);
        assert_eq!(writers.has_writer(FILE, at(10), at(11)), Some(true));
        assert_eq!(writers.has_writer(other, at(10), at(11)), Some(false));
        assert_eq!(writers.has_writer(other, at(12), at(13)), None);
        assert_eq!(writers.has_writer(FILE, at(12), at(14)), Some(true));
        writers.look = HashSet::new;
        assert_eq!(writers.has_writer(FILE, at(12), at(17)), Some(true), "it was not long ago");
        assert_eq!(writers.has_writer(FILE, at(12), at(18)), Some(true), "a look is on its way");
        assert_eq!(writers.has_writer(FILE, at(12), at(19)), Some(false));
    }

    /// Stopped for ten seconds within a look, the agent once looked no more for eight minutes, and held each rotated file open for as long.
    #[test]
    fn a_look_in_which_the_process_stood_still_is_followed_by_the_next_as_soon_as_any() {
        const FILE: FileId = FileId { device: 1, inode: 2 };
        let mut writers = Writers::looking_at(|| {
            thread::sleep(Duration::from_millis(300));
            HashSet::from([FILE])
        });
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);

        assert_eq!(writers.has_writer(FILE, at(10), at(10)), None);
        assert_eq!(writers.has_writer(FILE, at(10), at(11)), Some(true));
        assert_eq!(writers.has_writer(FILE, at(12), at(16)), None);
        assert_eq!(writers.has_writer(FILE, at(12), at(17)), Some(true));
    }

    #[test]
    fn looks_that_take_long_are_rare_but_not_for_longer_than_files_are_held() {
        let mut writers = Writers::looking_at(HashSet::new);
        let (file, start) = (FileId { device: 1, inode: 2 }, Instant::now());
        let found = Found { written: HashSet::new(), began: start, took: Duration::from_secs(5) };
        *writers.found.lock().expect("nobody fails") = Some(found);

        let at = |seconds| start + Duration::from_secs(seconds);
        let answered = (1..60).find(|seconds| writers.has_writer(file, at(1), at(*seconds)).is_some());

        assert_eq!(
            answered,
            Some(22),
            "a look begins 20 seconds behind the one before, and is over at the next question"
        );
    }
}
