//! Dead-letter files as others than the agent see them: listed, read, written anew without what is gone or done.
//!
//! The agent may write meanwhile: a file is locked while it is appended to and while it is written anew.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::dead_letters::is_at;
use super::letter::{Entry, EntryError, LONGEST_LINE, done, entries, read_line};

/// A dead-letter file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LetterFile {
    /// The name of the output, as a part of a path.
    pub output: String,
    /// Where it is.
    pub path: PathBuf,
}

/// What becomes of a letter when its file is written anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rewritten {
    /// It stays.
    Kept,
    /// It is marked as done at this time.
    Done(String),
    /// It goes.
    Gone,
}

/// The dead-letter files in a state directory, by output, older ones first.
///
/// # Errors
/// When the directory cannot be listed. One that is not there holds none.
pub fn letter_files(state_directory: &Path) -> io::Result<Vec<LetterFile>> {
    let directory = state_directory.join("dlq");
    let entries = match fs::read_dir(&directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let older = name.strip_suffix(".ndjson.1").map(|output| (output.to_owned(), 0));
        let file = older.or_else(|| name.strip_suffix(".ndjson").map(|output| (output.to_owned(), 1)));
        found.extend(file.map(|(output, age)| (output, age, path)));
    }
    found.sort();
    Ok(found.into_iter().map(|(output, _, path)| LetterFile { output, path }).collect())
}

impl LetterFile {
    /// Its letters, damaged lines among them.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn entries(&self) -> io::Result<impl Iterator<Item = Result<Entry, EntryError>> + use<>> {
        Ok(entries(BufReader::new(File::open(&self.path)?)))
    }

    /// Writes it anew: each letter as `change` says. Damaged lines stay. Gives how many letters were changed; with none the file
    /// is as it was.
    ///
    /// # Errors
    /// When the disk does not let it; then the file is as it was.
    pub fn rewrite(&self, mut change: impl FnMut(&Entry) -> Rewritten) -> io::Result<usize> {
        let file = loop {
            let file = File::open(&self.path)?;
            file.lock()?;
            if is_at(&file, &self.path) {
                break file;
            }
        };
        let fresh = self.path.with_extension("rewritten");
        let written = write_anew(&file, &fresh, &mut change);
        match written {
            Ok(changed @ 1..) => {
                fs::rename(&fresh, &self.path)?;
                File::open(self.path.parent().unwrap_or(Path::new(".")))?.sync_all()?;
                Ok(changed)
            }
            unchanged => {
                drop(fs::remove_file(&fresh));
                unchanged
            }
        }
    }
}

fn write_anew(file: &File, path: &Path, change: &mut impl FnMut(&Entry) -> Rewritten) -> io::Result<usize> {
    let fresh = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    let (mut from, mut to) = (BufReader::new(file), BufWriter::new(&fresh));
    let mut changed = 0;
    loop {
        let mut line = Vec::new();
        if (&mut from).take(LONGEST_LINE).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        match read_line(&line).map_or(Rewritten::Kept, |entry| change(&entry)) {
            Rewritten::Kept => to.write_all(&line)?,
            Rewritten::Gone => changed += 1,
            Rewritten::Done(time) => {
                changed += 1;
                to.write_all(&done(&line, &time))?;
            }
        }
    }
    to.flush()?;
    drop(to);
    fresh.sync_all()?;
    Ok(changed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugin::Refusal;
    use crate::spool::{DeadLetter, DeadLetters};

    fn write(dead: &DeadLetters, number: usize) {
        let refusal = Refusal { status: 400, kind: "mapper_parsing_exception".into(), reason: "no".into() };
        let document = format!("{{\"n\":{number}}}\n");
        let letter = DeadLetter {
            output: "out.0",
            input: "tail.0",
            source: Path::new("app.log"),
            offset: number as u64,
            tag: "app",
            attempts: 0,
            refusal: &refusal,
            bytes: document.as_bytes(),
        };
        dead.write(&letter).expect("written");
    }

    fn letters(file: &LetterFile) -> Vec<Entry> {
        file.entries().expect("it opens").filter_map(Result::ok).collect()
    }

    #[test]
    fn letters_are_marked_or_gone_and_keep_their_key_while_the_agent_writes_on() {
        let state = tempfile::tempdir().expect("a directory");
        let dead = DeadLetters::new(Some(state.path().to_owned()));
        (0..3).for_each(|number| write(&dead, number));
        let files = letter_files(state.path()).expect("they are listed");
        assert_eq!(files.iter().map(|file| file.output.as_str()).collect::<Vec<_>>(), ["out.0"]);
        let keys: Vec<String> = letters(&files[0]).into_iter().map(|letter| letter.key).collect();

        let changed = files[0].rewrite(|letter| match letter.offset {
            0 => Rewritten::Gone,
            1 => Rewritten::Done("2026-01-01T00:00:00.000Z".into()),
            _ => Rewritten::Kept,
        });
        write(&dead, 3);

        assert_eq!(changed.expect("rewritten"), 2);
        let left = letters(&files[0]);
        assert_eq!(left.iter().map(|letter| letter.offset).collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!((&left[0].key, &left[1].key), (&keys[1], &keys[2]));
        assert_eq!(left[0].done.as_deref(), Some("2026-01-01T00:00:00.000Z"));
        assert_eq!((left[0].document.as_slice(), left[1].done.as_deref()), (&b"{\"n\":1}"[..], None));
        let again = files[0].rewrite(|_| Rewritten::Kept).expect("nothing to do");
        assert_eq!((again, fs::read_dir(state.path().join("dlq")).expect("there").count()), (0, 1));
    }

    #[test]
    fn damaged_lines_stay_where_they_are() {
        let state = tempfile::tempdir().expect("a directory");
        let dead = DeadLetters::new(Some(state.path().to_owned()));
        write(&dead, 0);
        let file = letter_files(state.path()).expect("listed").remove(0);
        OpenOptions::new().append(true).open(&file.path).expect("there").write_all(b"torn\n").expect("written");

        file.rewrite(|_| Rewritten::Gone).expect("rewritten");

        let mut left = Vec::new();
        File::open(&file.path).expect("there").read_to_end(&mut left).expect("read");
        assert_eq!(left, b"torn\n");
    }
}
