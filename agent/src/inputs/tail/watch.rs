//! Tells when files come, go or are renamed. Writes are not watched: growth is found by looking.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use notify::{Config, Event, EventKindMask, RecommendedWatcher, RecursiveMode, Watcher};
use tracing::debug;

use super::arrivals::Arrivals;
use super::file::FileId;
use crate::receipts::Signal;

/// Watches directories. Where the system cannot watch one, the regular look at all paths must do.
pub(super) struct DirectoryWatcher {
    watcher: Option<RecommendedWatcher>,
    watched: BTreeMap<PathBuf, FileId>,
    changed: Arc<AtomicBool>,
}

impl DirectoryWatcher {
    /// A watcher that has `arrivals` open what comes and raises `signal` when something changed; one that does nothing unless
    /// `wanted`.
    pub(super) fn new(signal: Signal, wanted: bool, arrivals: Arc<Arrivals>) -> Self {
        let changed = Arc::new(AtomicBool::new(false));
        let raise = {
            let changed = Arc::clone(&changed);
            // An error, such as an overflow of the queue, means that something was missed: look at everything.
            move |event: notify::Result<Event>| {
                event.iter().for_each(|event| arrivals.note(event));
                changed.store(true, Ordering::Release);
                signal.wake();
            }
        };
        if !wanted {
            return Self { watcher: None, watched: BTreeMap::new(), changed };
        }
        let kinds = EventKindMask::CREATE | EventKindMask::REMOVE | EventKindMask::MODIFY_NAME;
        let config = Config::default().with_event_kinds(kinds).with_follow_symlinks(false);
        let watcher = RecommendedWatcher::new(raise, config);
        if let Err(error) = &watcher {
            debug!(component = "tail", %error, "directories cannot be watched here");
        }
        Self { watcher: watcher.ok(), watched: BTreeMap::new(), changed }
    }

    /// Watches `directories` and no others.
    pub(super) fn watch(&mut self, directories: &BTreeSet<PathBuf>) {
        let Some(watcher) = &mut self.watcher else { return };
        // A directory that was made anew under the same name needs a new watch.
        let there = directories.iter().filter_map(|path| Some((path, FileId::of(&path.metadata().ok()?))));
        let there: BTreeMap<&PathBuf, FileId> = there.collect();
        self.watched.retain(|path, id| {
            let stays = there.get(path) == Some(id);
            if !stays {
                // A directory that is gone is no longer watched anyway.
                drop(watcher.unwatch(path));
            }
            stays
        });
        for (path, id) in there {
            if self.watched.contains_key(path) {
                continue;
            }
            match watcher.watch(path, RecursiveMode::NonRecursive) {
                Ok(()) => {
                    self.watched.insert(path.clone(), id);
                    // What came between the listing of the files and this was told by nobody.
                    self.changed.store(true, Ordering::Release);
                }
                Err(error) => debug!(component = "tail", directory = %path.display(), %error, "not watched"),
            }
        }
    }

    /// Whether something changed that was not taken.
    pub(super) fn has_changed(&self) -> bool {
        self.changed.load(Ordering::Acquire)
    }

    /// Whether something changed since the last call.
    pub(super) fn take_changed(&self) -> bool {
        self.changed.swap(false, Ordering::AcqRel)
    }
}
