//! Tells when a file that was quiet is written to, so that quiet files need not be looked at.
//!
//! A watch is for one write: it ends with the event that tells of it, and the file is looked at like any other until it is
//! quiet again. So a busy file costs no events, and a quiet one nothing at all. Writes through a memory map raise no event;
//! the regular look at all paths finds them.

use std::collections::{HashMap, VecDeque};
use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, OwnedFd};
use std::thread::{self, JoinHandle};

use rustix::event::epoll::{self, EventData, EventFlags};
use rustix::event::{EventfdFlags, eventfd};
use rustix::fs::inotify::{self, ReadFlags, WatchFlags};
use rustix::io::Errno;
use tracing::{debug, warn};

use crate::receipts::Signal;

/// Magic numbers of file systems on which the kernel sees every write: ext2 to ext4, XFS, Btrfs, tmpfs, F2FS, ZFS, bcachefs,
/// overlayfs. Others may be written to by another host, of which no event tells.
const LOCAL: [u64; 8] =
    [0xEF53, 0x5846_5342, 0x9123_683E, 0x0102_1994, 0xF2F5_2010, 0x2FC1_2FC1, 0xCA45_1A4E, 0x794C_7630];

/// Bytes of events that are taken at once: 64 of them.
const EVENTS: usize = 1_024;

/// What wakes the thread that waits for events.
const STOPPED: EventData = EventData::new_u64(0);
const WRITTEN: EventData = EventData::new_u64(1);

/// Watches quiet files.
pub(super) struct QuietWatcher {
    signal: Signal,
    state: State,
    /// Files by the number of their watch.
    watched: HashMap<i32, u64>,
    /// Files that were written to and not looked at yet.
    pub(super) written: VecDeque<u64>,
    /// Whether the system may have room for one watch more.
    has_room: bool,
    /// Whether it was told that there is none.
    is_told: bool,
}

/// What became of a wish to watch a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Watch {
    /// It is watched, by this number.
    Set(i32),
    /// The system has no room for one watch more, until another one ends.
    NoRoom,
    /// This file cannot be watched.
    Never,
}

enum State {
    /// Nothing was watched yet.
    New,
    Ready(Box<Waiter>),
    /// The system does not give what it takes: all files are looked at.
    Refused,
}

/// The events, and the thread that waits for them.
struct Waiter {
    events: OwnedFd,
    stop: OwnedFd,
    thread: Option<JoinHandle<()>>,
}

impl QuietWatcher {
    /// A watcher that raises `signal` when a file that it watches was written to; one that watches none unless `wanted`.
    pub(super) fn new(signal: Signal, wanted: bool) -> Self {
        let state = if wanted { State::New } else { State::Refused };
        Self { signal, state, watched: HashMap::new(), written: VecDeque::new(), has_room: true, is_told: false }
    }

    /// Watches `file` for its next write.
    pub(super) fn watch(&mut self, file: &File, number: u64) -> Watch {
        if !self.has_room {
            return Watch::NoRoom;
        }
        if !is_local(file) {
            return Watch::Never;
        }
        if matches!(self.state, State::New) {
            self.state = match Waiter::start(&self.signal) {
                Ok(waiter) => State::Ready(Box::new(waiter)),
                Err(error) => refused(&error.into()),
            };
        }
        let State::Ready(waiter) = &self.state else { return Watch::Never };
        // Not the path: by now it may lead to another file.
        let path = format!("/proc/self/fd/{}", file.as_raw_fd());
        let added = inotify::add_watch(&waiter.events, path, WatchFlags::MODIFY | WatchFlags::ONESHOT);
        self.note(added, number)
    }

    fn note(&mut self, added: Result<i32, Errno>, number: u64) -> Watch {
        match added {
            Ok(watch) => {
                self.watched.insert(watch, number);
                Watch::Set(watch)
            }
            // Those that are watched stay so.
            Err(error @ (Errno::NOSPC | Errno::NOMEM)) => {
                self.has_room = false;
                if !std::mem::replace(&mut self.is_told, true) {
                    let remedy = "raise fs.inotify.max_user_watches";
                    let watched = self.watched.len();
                    warn!(component = "tail", %error, watched, remedy, "no more quiet files can be watched, so others are looked at every second");
                }
                Watch::NoRoom
            }
            Err(error) => {
                debug!(component = "tail", %error, "a quiet file is not watched");
                Watch::Never
            }
        }
    }

    /// Ends a watch.
    pub(super) fn unwatch(&mut self, watch: i32) {
        if self.watched.remove(&watch).is_some()
            && let State::Ready(waiter) = &self.state
        {
            // It may have ended with an event that was not taken yet.
            inotify::remove_watch(&waiter.events, watch).unwrap_or_default();
            self.has_room = true;
        }
    }

    /// Files that may have been written to since the last call. They are no longer watched.
    pub(super) fn take_written(&mut self) -> Vec<u64> {
        let mut files = Vec::new();
        let State::Ready(waiter) = &self.state else { return files };
        let mut buffer = [MaybeUninit::uninit(); EVENTS];
        let mut reader = inotify::Reader::new(&waiter.events, &mut buffer);
        // It ends with `WOULDBLOCK`; after any other error there is nothing to take either.
        while let Ok(event) = reader.next() {
            if event.events().contains(ReadFlags::QUEUE_OVERFLOW) {
                // The system did not keep them all.
                files.extend(self.take_all());
                self.has_room = true;
                return files;
            }
            let written = self.watched.remove(&event.wd());
            // A watch of which nothing but its end is told went with its file, to which nothing was written.
            files.extend(written.filter(|_| event.events() != ReadFlags::IGNORED));
        }
        self.has_room |= !files.is_empty();
        files
    }

    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.watched.len()
    }

    /// As if the system had no room for one watch more.
    #[cfg(test)]
    pub(super) fn fill(&mut self) {
        self.note(Err(Errno::NOSPC), 0);
    }

    /// As if the system gave nothing at all.
    #[cfg(test)]
    pub(super) fn refuse(&mut self) {
        self.state = State::Refused;
    }

    fn take_all(&mut self) -> Vec<u64> {
        self.watched.drain().map(|(_, number)| number).collect()
    }
}

impl Waiter {
    fn start(signal: &Signal) -> Result<Self, Errno> {
        let events = inotify::init(inotify::CreateFlags::CLOEXEC | inotify::CreateFlags::NONBLOCK)?;
        let stop = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        epoll::add(&epoll, &stop, STOPPED, EventFlags::IN)?;
        // Told once per event that comes, whether those before it were taken or not.
        epoll::add(&epoll, &events, WRITTEN, EventFlags::IN | EventFlags::ET)?;
        let signal = signal.clone();
        let spawned = thread::Builder::new().name("tail writes".to_owned()).spawn(move || wait(&epoll, &signal));
        let thread = spawned.map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::AGAIN))?;
        Ok(Self { events, stop, thread: Some(thread) })
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        let woken = rustix::io::write(&self.stop, &1_u64.to_ne_bytes());
        if let (Ok(_), Some(thread)) = (woken, self.thread.take()) {
            // A panic in there was printed by its own thread.
            thread.join().unwrap_or_default();
        }
    }
}

/// Wakes the input whenever a watched file was written to, until it is told to stop.
fn wait(epoll: &OwnedFd, signal: &Signal) {
    let mut woken_by = [epoll::Event { flags: EventFlags::empty(), data: STOPPED }; 2];
    loop {
        match epoll::wait(epoll, &mut woken_by, None) {
            Ok(count) if woken_by[..count].iter().any(|event| { event.data }.u64() == STOPPED.u64()) => return,
            Ok(_) => signal.wake(),
            Err(Errno::INTR) => {}
            Err(error) => {
                warn!(component = "tail", %error, "writes to quiet files are found late, at the next look at all paths");
                return;
            }
        }
    }
}

fn refused(error: &io::Error) -> State {
    let remedy = "raise fs.inotify.max_user_instances";
    warn!(component = "tail", %error, remedy, "quiet files cannot be watched, so they are looked at every second");
    State::Refused
}

fn is_local(file: &File) -> bool {
    rustix::fs::fstatfs(file).is_ok_and(|about| {
        // The sign of the type differs between machines; the numbers have 32 bits.
        u64::try_from(about.f_type & 0xFFFF_FFFF).is_ok_and(|magic| LOCAL.contains(&magic))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::time::Duration;

    fn file() -> File {
        tempfile::tempfile().expect("a temporary file")
    }

    fn watch(watcher: &mut QuietWatcher, file: &File, number: u64) -> i32 {
        let Watch::Set(watch) = watcher.watch(file, number) else { panic!("{number} is not watched") };
        watch
    }

    /// Watches that the system holds.
    fn held(watcher: &QuietWatcher) -> usize {
        let State::Ready(waiter) = &watcher.state else { return 0 };
        let about = File::open(format!("/proc/self/fdinfo/{}", waiter.events.as_raw_fd())).expect("it is open");
        let about = io::read_to_string(about).expect("it is text");
        about.lines().filter(|line| line.starts_with("inotify ")).count()
    }

    fn taken(watcher: &mut QuietWatcher) -> Vec<u64> {
        let mut files = watcher.take_written();
        files.sort_unstable();
        files
    }

    #[test]
    fn one_write_is_told_and_no_other() {
        let mut watcher = QuietWatcher::new(Signal::default(), true);
        let (mut one, mut two) = (file(), file());
        watch(&mut watcher, &one, 1);
        watch(&mut watcher, &two, 2);
        assert!(taken(&mut watcher).is_empty());

        one.write_all(b"a").expect("written");
        one.write_all(b"b").expect("written");
        assert_eq!((taken(&mut watcher), held(&watcher)), (vec![1], 1));

        one.write_all(b"c").expect("written");
        two.write_all(b"c").expect("written");
        assert_eq!(taken(&mut watcher), [2]);
    }

    #[test]
    fn a_truncation_is_told() {
        let mut watcher = QuietWatcher::new(Signal::default(), true);
        let mut file = file();
        file.write_all(b"a").expect("written");
        watch(&mut watcher, &file, 7);

        file.set_len(0).expect("cut");

        assert_eq!(taken(&mut watcher), [7]);
    }

    #[test]
    fn a_watch_that_was_ended_tells_nothing_and_may_be_ended_twice() {
        let mut watcher = QuietWatcher::new(Signal::default(), true);
        let mut file = file();
        let watch = watch(&mut watcher, &file, 1);
        assert_eq!(held(&watcher), 1);
        watcher.unwatch(watch);
        watcher.unwatch(watch);
        assert_eq!((held(&watcher), watcher.count()), (0, 0));

        file.write_all(b"a").expect("written");

        assert!(taken(&mut watcher).is_empty());
    }

    #[test]
    fn a_write_wakes_the_input_and_so_does_the_next_after_a_new_watch() {
        let signal = Signal::default();
        let mut watcher = QuietWatcher::new(signal.clone(), true);
        let mut file = file();
        for _ in 0..3 {
            watch(&mut watcher, &file, 1);
            file.write_all(b"a").expect("written");

            assert!(signal.wait(Duration::from_secs(30)), "the write was told");
            assert_eq!(taken(&mut watcher), [1]);
        }
    }

    /// Where one watch was refused, those that were there were given up too.
    #[test]
    fn where_there_is_no_room_what_is_watched_stays_so_until_a_watch_ends() {
        let mut watcher = QuietWatcher::new(Signal::default(), true);
        let mut files = [file(), file(), file()];
        let [one, two] = [0, 1].map(|at| watch(&mut watcher, &files[at], at as u64));
        assert_ne!(one, two);

        watcher.fill();
        assert_eq!(watcher.watch(&files[2], 2), Watch::NoRoom);
        assert!(taken(&mut watcher).is_empty());

        files[0].write_all(b"a").expect("written");
        assert_eq!(taken(&mut watcher), [0]);
        watch(&mut watcher, &files[2], 2);

        watcher.fill();
        watcher.unwatch(two);
        watch(&mut watcher, &files[1], 1);
        for file in &mut files {
            file.write_all(b"a").expect("written");
        }
        assert_eq!(taken(&mut watcher), [1, 2]);
    }

    #[test]
    fn where_the_system_refuses_all_nothing_is_watched() {
        let mut watcher = QuietWatcher::new(Signal::default(), true);
        watcher.refuse();

        assert_eq!(watcher.watch(&file(), 6), Watch::Never);
        assert!(taken(&mut watcher).is_empty());
    }

    #[test]
    fn a_file_that_another_host_could_write_to_is_not_watched() {
        let proc = File::open("/proc/version").expect("it is there");

        assert_eq!(QuietWatcher::new(Signal::default(), true).watch(&proc, 1), Watch::Never);
    }
}
