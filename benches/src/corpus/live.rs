//! Writes a corpus at a pace, as an application does, and renames its file now and then.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::{Corpus, Totals};

/// How to write while somebody reads.
#[derive(Clone, Debug)]
pub struct Live {
    /// The file that is always written to.
    pub path: PathBuf,
    /// Lines per second.
    pub rate: u64,
    /// When to end.
    pub duration: Duration,
    /// Ends earlier, after this many lines.
    pub lines: Option<u64>,
    /// Renames the file to `FILE.1`, `FILE.2`, … after this many lines. Names that exist are passed over.
    pub rotate_lines: Option<u64>,
    /// Deletes all but this many renamed files.
    pub keep: Option<u64>,
    /// Adds a last member `written_ns` to every event, nanoseconds since 1970. Only for lines that are JSON objects.
    pub stamped: bool,
}

/// Name of the member with the time that an event was written at.
pub(crate) const STAMP: &str = "written_ns";

const TICK: Duration = Duration::from_millis(10);

/// Writes `corpus` as `live` says; every event is one `write`, stamped with the time that `now` gives since 1970.
///
/// # Errors
/// Those of the file.
pub fn write_live(corpus: &mut Corpus, live: &Live, now: &dyn Fn() -> Duration) -> io::Result<Totals> {
    let started = Instant::now();
    let mut writer = Rotating::open(live)?;
    let mut event = Vec::new();
    loop {
        let elapsed = started.elapsed().min(live.duration);
        let due = due(live.rate, elapsed);
        while corpus.totals().lines < due && !is_full(corpus, live) {
            let before = corpus.totals().lines;
            event.clear();
            let time = now();
            corpus.set_time(time);
            corpus.event(&mut event);
            if live.stamped {
                stamp(&mut event, time);
            }
            writer.write(&event, corpus.totals().lines - before)?;
        }
        if elapsed >= live.duration || is_full(corpus, live) {
            return Ok(corpus.totals());
        }
        thread::sleep(TICK);
    }
}

/// How many lines are to be written `elapsed` after the beginning.
fn due(rate: u64, elapsed: Duration) -> u64 {
    let lines = elapsed.as_millis().saturating_mul(u128::from(rate)) / 1_000;
    u64::try_from(lines).unwrap_or(u64::MAX)
}

/// Puts `time` before the brace that ends `event`.
fn stamp(event: &mut Vec<u8>, time: Duration) {
    if event.ends_with(b"}\n") {
        event.truncate(event.len() - 2);
        event.extend_from_slice(format!(",\"{STAMP}\":{}}}\n", time.as_nanos()).as_bytes());
    }
}

fn is_full(corpus: &Corpus, live: &Live) -> bool {
    live.lines.is_some_and(|lines| corpus.totals().lines >= lines)
}

/// A file that is renamed when it has had its lines.
struct Rotating<'a> {
    live: &'a Live,
    file: File,
    lines: u64,
    next: u64,
}

impl<'a> Rotating<'a> {
    fn open(live: &'a Live) -> io::Result<Self> {
        Ok(Self { live, file: append_to(&live.path)?, lines: 0, next: 1 })
    }

    fn write(&mut self, event: &[u8], lines: u64) -> io::Result<()> {
        if self.live.rotate_lines.is_some_and(|limit| self.lines >= limit) {
            self.rotate()?;
        }
        self.lines += lines;
        self.file.write_all(event)
    }

    fn rotate(&mut self) -> io::Result<()> {
        while renamed(&self.live.path, self.next).exists() {
            self.next += 1;
        }
        fs::rename(&self.live.path, renamed(&self.live.path, self.next))?;
        if let Some(oldest) = self.live.keep.and_then(|keep| self.next.checked_sub(keep)).filter(|number| *number > 0) {
            fs::remove_file(renamed(&self.live.path, oldest)).or_else(absent_is_fine)?;
        }
        self.next += 1;
        self.lines = 0;
        self.file = append_to(&self.live.path)?;
        Ok(())
    }
}

fn absent_is_fine(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

fn append_to(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}

fn renamed(path: &Path, number: u64) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{number}"));
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::Kind;

    fn lines_of(path: &Path) -> usize {
        let file = io::BufReader::new(File::open(path).expect("it exists"));
        io::BufRead::split(file, b'\n').count()
    }

    #[test]
    fn the_file_is_renamed_after_its_lines_and_none_is_lost() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("app.log");
        let live = Live {
            path: path.clone(),
            rate: 1_000_000,
            duration: Duration::from_secs(60),
            lines: Some(250),
            rotate_lines: Some(100),
            keep: None,
            stamped: false,
        };

        let totals =
            write_live(&mut Corpus::new(Kind::Json, 1, 0), &live, &|| Duration::from_secs(5)).expect("written");

        assert_eq!(totals.lines, 250);
        assert_eq!([lines_of(&renamed(&path, 1)), lines_of(&renamed(&path, 2)), lines_of(&path)], [100, 100, 50]);
    }

    #[test]
    fn lines_are_due_by_the_time_that_has_passed() {
        for (rate, millis, lines) in
            [(10_000, 0, 0), (10_000, 10, 100), (10_000, 60_000, 600_000), (3, 999, 2), (0, 9, 0)]
        {
            assert_eq!(due(rate, Duration::from_millis(millis)), lines, "{rate} per second after {millis} ms");
        }
        assert_eq!(due(u64::MAX, Duration::from_secs(1_000)), u64::MAX);
    }

    #[test]
    fn a_stamp_is_the_last_member_of_an_object() {
        let mut object = b"{\"a\":1}\n".to_vec();
        let mut text = b"plain\n".to_vec();

        stamp(&mut object, Duration::new(5, 7));
        stamp(&mut text, Duration::new(5, 7));

        assert_eq!(object, b"{\"a\":1,\"written_ns\":5000000007}\n");
        assert_eq!(text, b"plain\n");
    }

    #[test]
    fn old_files_are_deleted_when_only_some_are_kept() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("app.log");
        let live = Live {
            path: path.clone(),
            rate: 1_000_000,
            duration: Duration::from_secs(60),
            lines: Some(50),
            rotate_lines: Some(10),
            keep: Some(2),
            stamped: false,
        };

        write_live(&mut Corpus::new(Kind::Nginx, 1, 0), &live, &|| Duration::ZERO).expect("written");

        let there: Vec<bool> = (1..=4).map(|number| renamed(&path, number).exists()).collect();
        assert_eq!(there, [false, false, true, true]);
    }
}
