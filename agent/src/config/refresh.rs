//! Files that variables are read from, looked at again while the agent runs.
//!
//! A change of one asks for a reload, which reads the whole configuration anew; nothing here sets a variable. What a file holds
//! may be a secret: only its hash is kept.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use xxhash_rust::xxh3::xxh3_64;

use super::document::Place;
use super::reader::read_bounded;

/// Largest file that a variable may be read from.
pub(super) const MAX_SECRET: u64 = 1 << 20;
/// Files are looked at no more often than this.
const SHORTEST: Duration = Duration::from_secs(1);

/// A file that a variable was read from, with its `refresh_interval`.
#[derive(Clone, Debug)]
pub struct VariableFile {
    /// Name of the variable.
    pub name: String,
    /// Where it is.
    path: PathBuf,
    /// Where its interval stands in the configuration.
    pub(super) place: Place,
    every: Duration,
    hash: u64,
    /// Whether it could not be read when it was last looked at.
    is_gone: bool,
}

/// What a look at a file found.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    Same,
    Changed,
    /// It cannot be read any more, for the first time.
    Gone,
}

/// What a look at the files whose time had come found, by the names of their variables.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Looks<'a> {
    /// Those that hold something else.
    pub changed: Vec<&'a str>,
    /// Those that cannot be read since this look; what was read from them stands.
    pub gone: Vec<&'a str>,
}

impl VariableFile {
    /// The file at `path` that held `content`.
    pub(super) fn new((name, place): (&str, Place), path: &Path, content: &str, every: Duration) -> Self {
        let (name, path) = (name.to_owned(), path.to_owned());
        Self { name, path, place, every: every.max(SHORTEST), hash: xxh3_64(content.as_bytes()), is_gone: false }
    }

    /// Looks whether it holds something else than at the last call. One that cannot be read now may come back.
    fn look(&mut self) -> Look {
        let content = read_bounded(&self.path, MAX_SECRET);
        let was_gone = std::mem::replace(&mut self.is_gone, content.is_err());
        let Ok(content) = content else { return if was_gone { Look::Same } else { Look::Gone } };
        let hash = xxh3_64(content.as_bytes());
        if std::mem::replace(&mut self.hash, hash) == hash { Look::Same } else { Look::Changed }
    }
}

/// The files of all variables, and when which is looked at next.
#[derive(Debug, Default)]
pub struct VariableFiles(Vec<(Instant, VariableFile)>);

impl VariableFiles {
    /// Looks at `files` from `now` on.
    pub fn new(files: Vec<VariableFile>, now: Instant) -> Self {
        Self(files.into_iter().map(|file| (now + file.every, file)).collect())
    }

    /// When one is to be looked at next; `None` where there are none.
    pub fn next(&self) -> Option<Instant> {
        self.0.iter().map(|(at, _)| *at).min()
    }

    /// Looks at those whose time has come by `now`.
    pub fn look(&mut self, now: Instant) -> Looks<'_> {
        let mut looks = Looks::default();
        for (at, file) in self.0.iter_mut().filter(|(at, _)| *at <= now) {
            *at = now + file.every;
            match file.look() {
                Look::Same => {}
                Look::Changed => looks.changed.push(file.name.as_str()),
                Look::Gone => looks.gone.push(file.name.as_str()),
            }
        }
        looks
    }

    /// Takes what the files hold now for known, where a reload with it was refused.
    pub fn forget_changes(&mut self) {
        self.0.iter_mut().for_each(|(_, file)| {
            file.look();
        });
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_is_looked_at_in_its_time_and_a_change_of_it_is_told_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("secret");
        fs::write(&path, "secret-42\n").expect("written");
        let file = VariableFile::new(("A", Place::default()), &path, "secret-42\n", Duration::from_secs(5));
        let start = Instant::now();
        let mut files = VariableFiles::new(vec![file], start);
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(files.next(), Some(at(5)));

        assert_eq!(files.look(at(5)), Looks::default(), "it is the same");
        fs::write(&path, "secret-43\n").expect("written");
        assert_eq!(files.look(at(9)), Looks::default(), "it is too early");
        assert_eq!(files.look(at(10)).changed, ["A"]);
        assert_eq!(files.look(at(15)), Looks::default(), "it was told");
        fs::remove_file(&path).expect("removed");
        assert_eq!(files.look(at(20)), Looks { gone: vec!["A"], ..Looks::default() });
        assert_eq!(files.look(at(25)), Looks::default(), "that was told, and it may come back");
        fs::write(&path, "secret-44\n").expect("written");
        files.forget_changes();
        assert_eq!(files.look(at(30)), Looks::default());
        assert!(!format!("{files:?}").contains("secret-4"));
    }
}
