//! Tells when files come, go or are renamed. Writes are not watched: growth is found by looking.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use notify::{Config, EventKindMask, RecommendedWatcher, RecursiveMode, Watcher};
use tracing::debug;

use crate::receipts::Signal;

/// Watches directories. Where the system cannot watch one, the regular look at all paths must do.
pub(super) struct DirectoryWatcher {
    watcher: Option<RecommendedWatcher>,
    watched: BTreeSet<PathBuf>,
    changed: Arc<AtomicBool>,
}

impl DirectoryWatcher {
    /// A watcher that raises `signal` when something changed.
    pub(super) fn new(signal: Signal) -> Self {
        let changed = Arc::new(AtomicBool::new(false));
        let raise = {
            let changed = Arc::clone(&changed);
            // An error, such as an overflow of the queue, means that something was missed: look at everything.
            move |_event| {
                changed.store(true, Ordering::Release);
                signal.wake();
            }
        };
        let kinds = EventKindMask::CREATE | EventKindMask::REMOVE | EventKindMask::MODIFY_NAME;
        let config = Config::default().with_event_kinds(kinds).with_follow_symlinks(false);
        let watcher = RecommendedWatcher::new(raise, config);
        if let Err(error) = &watcher {
            debug!(component = "tail", %error, "directories cannot be watched here");
        }
        Self { watcher: watcher.ok(), watched: BTreeSet::new(), changed }
    }

    /// Watches `directories` and no others.
    pub(super) fn watch(&mut self, directories: BTreeSet<PathBuf>) {
        let Some(watcher) = &mut self.watcher else { return };
        for gone in self.watched.difference(&directories) {
            // A directory that is gone is no longer watched anyway.
            drop(watcher.unwatch(gone));
        }
        let mut watched = BTreeSet::new();
        for directory in directories {
            let known = self.watched.contains(&directory);
            match known.then_some(()).map_or_else(|| watcher.watch(&directory, RecursiveMode::NonRecursive), Ok) {
                Ok(()) => {
                    watched.insert(directory);
                }
                Err(error) => debug!(component = "tail", directory = %directory.display(), %error, "not watched"),
            }
        }
        self.watched = watched;
    }

    /// Whether something changed since the last call.
    pub(super) fn take_changed(&self) -> bool {
        self.changed.swap(false, Ordering::AcqRel)
    }
}
