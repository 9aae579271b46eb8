//! Names of new files made durable, of several writers with one synchronisation of the directory.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::disk::Disk;
use crate::receipts::Bell;

/// Makes the names of a directory durable. One of the writers that wait does it for all.
#[derive(Debug, Default)]
pub(super) struct Commits {
    group: Mutex<Group>,
    done: Bell,
}

#[derive(Debug, Default)]
struct Group {
    next: u64,
    waiting: Vec<(u64, Rename)>,
    is_led: bool,
    results: Vec<(u64, io::Result<()>)>,
}

/// A file that is to get its name.
#[derive(Debug)]
pub(super) struct Rename {
    /// Its temporary name.
    pub(super) from: PathBuf,
    /// Its name.
    pub(super) to: PathBuf,
}

impl Commits {
    /// Gives a file its name in `directory` and returns when that is durable.
    ///
    /// # Errors
    /// When the disk does not take it. Then either name may be there.
    pub(super) fn commit(&self, disk: &dyn Disk, directory: &Path, rename: Rename) -> io::Result<()> {
        let mut group = self.lock();
        let ticket = group.next;
        group.next += 1;
        group.waiting.push((ticket, rename));
        loop {
            if let Some(at) = group.results.iter().position(|(of, _)| *of == ticket) {
                return group.results.swap_remove(at).1;
            }
            if group.is_led {
                group = self.done.wait(group);
                continue;
            }
            group.is_led = true;
            let renames = std::mem::take(&mut group.waiting);
            drop(group);
            let results = rename_all(disk, directory, renames);
            group = self.lock();
            group.is_led = false;
            group.results.extend(results);
            self.done.ring_all();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Group> {
        self.group.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn rename_all(disk: &dyn Disk, directory: &Path, renames: Vec<(u64, Rename)>) -> Vec<(u64, io::Result<()>)> {
    let rename = |(ticket, Rename { from, to }): (u64, Rename)| (ticket, disk.rename(&from, &to));
    let mut results: Vec<_> = renames.into_iter().map(rename).collect();
    if let Err(error) = disk.sync_directory(directory) {
        for (_, result) in results.iter_mut().filter(|(_, result)| result.is_ok()) {
            *result = Err(error.raw_os_error().map_or_else(|| error.kind().into(), io::Error::from_raw_os_error));
        }
    }
    results
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
    use std::thread;

    use super::*;

    /// Its first synchronisation waits until it is let go; the last one may fail.
    #[derive(Debug)]
    struct Gated {
        begun: SyncSender<()>,
        go: Mutex<Receiver<()>>,
        syncs: AtomicUsize,
        fails_from: usize,
    }

    impl Disk for Gated {
        fn rename(&self, _: &Path, _: &Path) -> io::Result<()> {
            Ok(())
        }

        fn sync_directory(&self, _: &Path) -> io::Result<()> {
            let before = self.syncs.fetch_add(1, Ordering::SeqCst);
            if before == 0 {
                self.begun.send(()).expect("the test waits");
                self.go.lock().expect("no one panicked").recv().expect("the test says so");
            }
            if before < self.fails_from { Ok(()) } else { Err(io::Error::from_raw_os_error(5)) }
        }
    }

    /// How many of those that came while the first was synchronised were taken, and how often was synchronised.
    fn five_behind_one(fails_from: usize) -> (usize, usize) {
        let (begun, has_begun) = sync_channel(1);
        let (go, gone) = sync_channel(1);
        let disk = Arc::new(Gated { begun, go: Mutex::new(gone), syncs: AtomicUsize::new(0), fails_from });
        let commits = Arc::new(Commits::default());
        let commit = || {
            let (disk, commits) = (Arc::clone(&disk), Arc::clone(&commits));
            let rename = Rename { from: "a".into(), to: "b".into() };
            thread::spawn(move || commits.commit(&*disk, Path::new("."), rename).is_ok())
        };
        let first = commit();
        has_begun.recv().expect("it synchronises");
        let others: Vec<_> = (0..5).map(|_| commit()).collect();
        while commits.lock().waiting.len() < 5 {
            thread::yield_now();
        }

        go.send(()).expect("the disk waits");

        assert!(first.join().expect("it ends"));
        let taken = others.into_iter().map(|other| other.join().expect("it ends"));
        (taken.filter(|taken| *taken).count(), disk.syncs.load(Ordering::SeqCst))
    }

    #[test]
    fn writers_that_come_meanwhile_share_one_synchronisation() {
        assert_eq!(five_behind_one(9), (5, 2));
    }

    #[test]
    fn a_synchronisation_that_fails_is_told_to_all_of_them() {
        assert_eq!(five_behind_one(1), (0, 2));
    }
}
