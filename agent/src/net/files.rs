//! Files that are read again when they change: how a change is seen, and whether others may read them.
//!
//! Credentials and TLS look at their files through this. Nothing here reads what stands in them.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, Instant};

/// What tells one state of a file from another. Links are followed, so one that points elsewhere is a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    /// Seconds and nanoseconds.
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    /// The stamp of the file at `path` as it is now; `None` when it is not to be seen.
    pub(super) fn of(path: &Path) -> Option<Self> {
        fs::metadata(path).ok().map(|metadata| Self::from(&metadata))
    }
}

impl From<&Metadata> for Stamp {
    fn from(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

/// Whether every user of this machine may read the file at `path`.
pub(super) fn others_may_read(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.mode() & 0o004 != 0)
}

/// Lets a look at files pass once a second.
#[derive(Debug, Default)]
pub(super) struct Pace(Option<Instant>);

impl Pace {
    const BETWEEN: Duration = Duration::from_secs(1);

    /// Whether it is time for a look at `now`, which then counts as done.
    pub(super) fn is_due(&mut self, now: Instant) -> bool {
        let is_due = self.0.is_none_or(|last| now.saturating_duration_since(last) >= Self::BETWEEN);
        if is_due {
            self.0 = Some(now);
        }
        is_due
    }
}
