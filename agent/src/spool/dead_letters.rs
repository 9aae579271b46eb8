//! The dead-letter files: one per output, readable, capped by size.

use std::collections::HashMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use tracing::warn;

use super::hide::{Hide, shown};
use super::letter::DeadLetter;
use crate::metrics::Counter;
use crate::plugin::Refusal;

/// A file that would grow beyond this is first put aside, in place of the one put aside before.
const LARGEST_FILE: u64 = 100_000_000;

/// Why a dead letter was not kept.
#[derive(Debug, thiserror::Error)]
pub enum DeadLetterError {
    /// There is no directory for dead letters.
    #[error("there is no directory for dead letters")]
    Unavailable,
    /// The disk did not take it. It may later.
    #[error("the disk did not take it: {0}")]
    Io(#[from] io::Error),
}

/// Writes dead letters of all outputs. A letter is on disk when [`DeadLetters::write`] returns.
#[derive(Debug)]
pub struct DeadLetters {
    directory: Option<PathBuf>,
    largest: u64,
    now: fn() -> SystemTime,
    files: Mutex<HashMap<String, Open>>,
    hide: Option<Hide>,
    /// Files thrown away because two newer ones were full.
    pub discarded_files: Counter,
}

#[derive(Debug)]
struct Open {
    file: File,
    length: u64,
}

impl DeadLetters {
    /// Dead letters in `dlq` under `state_directory`; without one, every letter is [`DeadLetterError::Unavailable`].
    pub fn new(state_directory: Option<PathBuf>) -> Self {
        // The real clock enters here: when a letter was written is for people.
        #[allow(clippy::disallowed_methods, reason = "the one place where this room takes the time")]
        let now = || SystemTime::now();
        Self {
            directory: state_directory.map(|directory| directory.join("dlq")),
            largest: LARGEST_FILE,
            now,
            files: Mutex::default(),
            hide: None,
            discarded_files: Counter::default(),
        }
    }

    /// The same, which writes the names of sources, and what the other side says, as `hide` gives them.
    #[must_use]
    pub fn hiding(self, hide: Option<Hide>) -> Self {
        Self { hide, ..self }
    }

    /// Makes of what the other side says in `refusal` what may be written: it may quote any value that it knows.
    pub fn hide_in(&self, refusal: &mut Refusal) {
        for text in [&mut refusal.kind, &mut refusal.reason] {
            *text = shown(self.hide.as_ref(), std::mem::take(text).into()).into_owned();
        }
    }

    /// The file that holds the letters of `output`; the one put aside has `.1` behind its name.
    pub fn path(&self, output: &str) -> Option<PathBuf> {
        Some(self.directory.as_ref()?.join(format!("{}.ndjson", file_name(output))))
    }

    /// Keeps one letter.
    ///
    /// # Errors
    /// See [`DeadLetters::write_all`].
    pub fn write(&self, letter: &DeadLetter<'_>) -> Result<(), DeadLetterError> {
        self.write_all(letter.output, std::slice::from_ref(letter))
    }

    /// Keeps letters of one output, with one synchronisation for all of them.
    ///
    /// # Errors
    /// [`DeadLetterError::Unavailable`] without a directory; [`DeadLetterError::Io`] when the disk did not take them. Then none of
    /// them is in the file.
    pub fn write_all(&self, output: &str, letters: &[DeadLetter<'_>]) -> Result<(), DeadLetterError> {
        let path = self.path(output).ok_or(DeadLetterError::Unavailable)?;
        let mut lines = Vec::new();
        for letter in letters {
            let source = shown(self.hide.as_ref(), letter.source.to_string_lossy());
            letter.push_line((self.now)(), &source, &mut lines);
        }
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let mut open = files.remove(output).map_or_else(|| open(&path), Ok)?;
        // A file that was moved, deleted or written anew by others is left alone, and the one of that name taken.
        while !open.hold(&path)? {
            open = self::open(&path)?;
        }
        let mut open = self.with_room(open, &path, lines.len() as u64)?;
        let appended = open.append(&lines);
        open.file.unlock()?;
        appended?;
        files.insert(output.to_owned(), open);
        Ok(())
    }

    fn with_room(&self, full: Open, path: &Path, more: u64) -> io::Result<Open> {
        if full.length == 0 || full.length + more <= self.largest {
            return Ok(full);
        }
        let aside = path.with_extension("ndjson.1");
        if aside.exists() {
            self.discarded_files.add(1);
            warn!(file = %aside.display(), "dead letters are full: the older file is thrown away");
        }
        // Nobody writes it anew while it goes.
        let older = File::open(&aside);
        older.as_ref().map_or(Ok(()), File::lock)?;
        fs::rename(path, &aside)?;
        let mut fresh = open(path)?;
        while !fresh.hold(path)? {
            fresh = open(path)?;
        }
        Ok(fresh)
    }
}

/// Whether `file` is the one that `path` names.
pub(super) fn is_at(file: &File, path: &Path) -> bool {
    let identity = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    let (this, named) = (file.metadata().map(identity), fs::metadata(path).map(identity));
    this.is_ok_and(|this| named.is_ok_and(|named| this == named))
}

/// The name of `output` as a part of a path.
pub(super) fn file_name(output: &str) -> String {
    output.chars().map(|c| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '_' }).collect()
}

fn open(path: &Path) -> io::Result<Open> {
    let directory = path.parent().unwrap_or(Path::new("."));
    DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    let mut file = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path)?;
    File::open(directory)?.sync_all()?;
    let length = file.seek(SeekFrom::End(0))?;
    let mut open = Open { file, length };
    if !open.ends_with_newline()? {
        // The last line was torn by a crash. It stays as it is, and damages no other.
        open.append(b"\n")?;
    }
    Ok(open)
}

impl Open {
    /// Locks it against being written anew. Gives whether it still is the file at `path`, with its length as it is now.
    fn hold(&mut self, path: &Path) -> io::Result<bool> {
        self.file.lock()?;
        self.length = self.file.seek(SeekFrom::End(0))?;
        Ok(is_at(&self.file, path))
    }

    /// Appends `lines` and syncs them, or leaves the file as it was.
    fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        let written = self.file.write_all(lines).and_then(|()| self.file.sync_data());
        match written {
            Ok(()) => {
                self.length += lines.len() as u64;
                Ok(())
            }
            Err(error) => {
                self.file.set_len(self.length)?;
                Err(error)
            }
        }
    }

    fn ends_with_newline(&mut self) -> io::Result<bool> {
        if self.length == 0 {
            return Ok(true);
        }
        let mut last = [0];
        self.file.seek(SeekFrom::End(-1))?;
        self.file.read_exact(&mut last)?;
        Ok(last == *b"\n")
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;
    use std::os::unix::fs::PermissionsExt;
    use std::time::Duration;

    use super::*;
    use crate::spool::{Entry, EntryError, entries};

    fn in_directory(directory: &Path) -> DeadLetters {
        let now = || SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_123);
        DeadLetters { now, ..DeadLetters::new(Some(directory.to_owned())) }
    }

    fn letter<'a>(refusal: &'a Refusal, bytes: &'a [u8]) -> DeadLetter<'a> {
        DeadLetter {
            output: "opensearch.0",
            input: "tail.0",
            source: Path::new("/var/log/app \"1\".log"),
            offset: 77,
            tag: "app",
            attempts: 2,
            refusal,
            bytes,
        }
    }

    fn refusal() -> Refusal {
        Refusal { status: 400, kind: "mapper_parsing_exception".into(), reason: "value 'x\n'".into() }
    }

    fn read(path: &Path) -> Vec<Result<Entry, EntryError>> {
        entries(BufReader::new(File::open(path).expect("it is there"))).collect()
    }

    #[test]
    fn the_name_of_a_source_and_a_reason_are_written_as_they_may_be() {
        let folder = tempfile::tempdir().expect("a folder");
        let dead = in_directory(folder.path()).hiding(Some(Hide::new(|name| name.replace("app", "<name>"))));

        let mut refusal = Refusal { reason: "no app".into(), ..Refusal::default() };
        dead.hide_in(&mut refusal);
        assert_eq!(refusal.reason, "no <name>");
        dead.write(&letter(&refusal, b"{}")).expect("it is written");

        let letters = read(&dead.path("opensearch.0").expect("it has one"));
        assert_eq!(letters[0].as_ref().expect("it is whole").path, "/var/log/<name> \"1\".log");
    }

    #[test]
    fn a_letter_comes_back_as_it_was_with_action_and_document_apart() {
        let directory = tempfile::tempdir().expect("a directory");
        let dead = in_directory(directory.path());
        let item = b"{\"create\":{\"_index\":\"logs\",\"_id\":\"a1\"}}\n{\"z\":1.10,\"a\":\"x\"}\n";

        dead.write(&letter(&refusal(), item)).expect("written");

        let path = dead.path("opensearch.0").expect("a path");
        let entry = read(&path).remove(0).expect("a letter");
        let expected = Entry {
            key: entry.key.clone(),
            done: None,
            ts: "2023-11-14T22:13:20.123Z".into(),
            output: "opensearch.0".into(),
            action: Some("create".into()),
            index: Some("logs".into()),
            id: Some("a1".into()),
            status: 400,
            kind: "mapper_parsing_exception".into(),
            reason: "value 'x\n'".into(),
            attempts: 2,
            input: "tail.0".into(),
            path: "/var/log/app \"1\".log".into(),
            offset: 77,
            tag: "app".into(),
            document: br#"{"z":1.10,"a":"x"}"#.to_vec(),
        };
        assert_eq!(entry, expected);
        assert_eq!(fs::metadata(&path).expect("it is there").permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn bytes_that_are_no_json_are_kept_in_base64() {
        let directory = tempfile::tempdir().expect("a directory");
        let dead = in_directory(directory.path());

        dead.write(&letter(&refusal(), b"two\nlines \xff\n")).expect("written");

        let entry = read(&dead.path("opensearch.0").expect("a path")).remove(0).expect("a letter");
        assert_eq!(entry.document, b"two\nlines \xff\n");
        assert_eq!(entry.index, None);
    }

    #[test]
    fn a_full_file_is_put_aside_and_the_one_before_thrown_away() {
        let directory = tempfile::tempdir().expect("a directory");
        let dead = DeadLetters { largest: 400, ..in_directory(directory.path()) };

        for number in 0..5 {
            let document = format!("{{\"n\":{number}}}\n");
            dead.write(&letter(&refusal(), document.as_bytes())).expect("written");
        }

        let path = dead.path("opensearch.0").expect("a path");
        let numbers =
            |path: &Path| -> Vec<Vec<u8>> { read(path).into_iter().map(|e| e.expect("whole").document).collect() };
        assert_eq!(numbers(&path), [b"{\"n\":4}"]);
        assert_eq!(numbers(&path.with_extension("ndjson.1")), [b"{\"n\":3}"]);
        assert_eq!(dead.discarded_files.get(), 3);
    }

    #[test]
    fn a_line_torn_by_a_crash_damages_no_other() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = in_directory(directory.path()).path("opensearch.0").expect("a path");
        fs::create_dir_all(path.parent().expect("a parent")).expect("created");
        fs::write(&path, "{\"ts\":\"2023").expect("written");

        in_directory(directory.path()).write(&letter(&refusal(), b"{}\n")).expect("written");

        let entries = read(&path);
        assert!(matches!(entries[0], Err(EntryError::Damaged { line: 1 })));
        assert!(entries[1].is_ok());
    }

    #[test]
    fn letters_go_on_after_the_file_was_taken_away() {
        let directory = tempfile::tempdir().expect("a directory");
        let dead = in_directory(directory.path());
        let path = dead.path("opensearch.0").expect("a path");
        dead.write(&letter(&refusal(), b"{}\n")).expect("written");
        fs::remove_file(&path).expect("removed");

        dead.write(&letter(&refusal(), b"{}\n")).expect("written");

        assert_eq!(read(&path).len(), 1);
    }

    #[test]
    fn a_disk_that_takes_nothing_is_an_error_and_the_letter_can_be_written_later() {
        let directory = tempfile::tempdir().expect("a directory");
        fs::write(directory.path().join("dlq"), "a file where the directory belongs").expect("written");
        let dead = in_directory(directory.path());
        assert!(matches!(dead.write(&letter(&refusal(), b"{}\n")), Err(DeadLetterError::Io(_))));

        fs::remove_file(directory.path().join("dlq")).expect("removed");

        assert!(dead.write(&letter(&refusal(), b"{}\n")).is_ok());
    }

    #[test]
    fn a_full_disk_leaves_the_file_as_it_was() {
        let file = OpenOptions::new().read(true).write(true).open("/dev/full").expect("every Linux has it");
        let mut open = Open { file, length: 0 };

        let result = open.append(b"{}\n");

        assert!(result.is_err());
        assert_eq!(open.length, 0);
    }

    #[test]
    fn without_a_directory_letters_are_unavailable() {
        let dead = DeadLetters::new(None);

        assert!(matches!(dead.write(&letter(&refusal(), b"{}\n")), Err(DeadLetterError::Unavailable)));
    }

    #[test]
    fn names_of_outputs_stay_inside_the_directory() {
        let dead = DeadLetters::new(Some("/s".into()));
        assert_eq!(dead.path("../../etc/x y"), Some(PathBuf::from("/s/dlq/.._.._etc_x_y.ndjson")));
    }
}
