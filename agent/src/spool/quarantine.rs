//! Where a spool puts what it cannot read, with the reason beside it.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use tracing::{error, warn};

use super::disk::Disk;
use super::listing::{QUARANTINE, allocated};
use crate::metrics::OutputMetrics;

/// The least bytes that are kept, whatever the bound of the spool.
const LEAST: u64 = 1 << 20;

/// The folder `quarantine` of a spool.
#[derive(Debug)]
pub(super) struct Quarantine {
    output: String,
    spool: PathBuf,
    limit: u64,
    metrics: Arc<OutputMetrics>,
}

impl Quarantine {
    /// The quarantine of the spool in `spool`, which keeps `limit` bytes, and the oldest files are thrown away above it.
    pub(super) fn new(output: &str, spool: &Path, limit: u64, metrics: Arc<OutputMetrics>) -> Self {
        let path = spool.join(QUARANTINE);
        if !path.is_dir() && path.symlink_metadata().is_ok() {
            // Under this name it is put aside itself.
            drop(fs::rename(&path, spool.join("quarantine.stranger")));
        }
        Self { output: output.to_owned(), spool: spool.to_owned(), limit: limit.max(LEAST), metrics }
    }

    /// Moves `file` here because of `reason` and counts it: with `records`, where it is known how many it holds. Gives whether
    /// it could be moved; else it is where it was.
    pub(super) fn take(&self, disk: &dyn Disk, file: &OsStr, reason: &str, records: Option<u32>) -> bool {
        let from = self.spool.join(file);
        match self.moved(disk, file, reason, records) {
            Ok(to) => {
                self.metrics.quarantined_requests.add(1);
                self.metrics.quarantined_records.add(u64::from(records.unwrap_or(0)));
                error!(component = %self.output, file = %to.display(), records, "put aside, its records are not delivered: {reason}");
                true
            }
            Err(error) => {
                error!(component = %self.output, file = %from.display(), records, %error, "cannot be put aside, though {reason}");
                false
            }
        }
    }

    fn moved(&self, disk: &dyn Disk, file: &OsStr, reason: &str, records: Option<u32>) -> io::Result<PathBuf> {
        let folder = self.spool.join(QUARANTINE);
        DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        self.make_room(&folder);
        let mut name = file.to_owned();
        let mut copy = 1;
        while folder.join(&name).symlink_metadata().is_ok() {
            copy += 1;
            name = file.to_owned();
            name.push(format!(".{copy}"));
        }
        let to = folder.join(&name);
        disk.rename(&self.spool.join(file), &to)?;
        name.push(".why");
        let records = records.map_or("an unknown number of".to_owned(), |records| records.to_string());
        let why = format!("{reason}\nrecords: {records}\noutput: {}\n", self.output);
        // Of a reason that cannot be written the log tells.
        drop(fs::write(folder.join(name), why));
        Ok(to)
    }

    /// Throws the oldest files away while more is kept than may be.
    fn make_room(&self, folder: &Path) {
        let Ok(entries) = fs::read_dir(folder) else { return };
        let mut files: Vec<(SystemTime, PathBuf, u64)> = entries
            .flatten()
            .filter_map(|entry| {
                let metadata = entry.metadata().ok()?;
                Some((metadata.modified().ok()?, entry.path(), allocated(metadata.len())))
            })
            .collect();
        let mut bytes: u64 = files.iter().map(|(_, _, bytes)| bytes).sum();
        files.sort();
        let mut thrown = 0;
        for (_, path, length) in files {
            if bytes <= self.limit {
                break;
            }
            bytes -= length;
            thrown += u64::from(fs::remove_file(path).is_ok());
        }
        if thrown > 0 {
            warn!(component = %self.output, files = thrown, folder = %folder.display(), "the quarantine is full: its oldest files are thrown away");
        }
    }
}
