//! Remembers which index stands behind each name that is written to.
//!
//! Ids keep a document single within one index. Where the name is an alias or a data stream, a rollover puts another index
//! behind it, and a document sent again would be stored there a second time. So the indexes that answers name are kept,
//! over a restart too, and what may be stored already is looked up in them. Plain indexes are known, and never looked into.

use std::collections::{HashMap, HashSet};
use std::fs::{DirBuilder, File};
use std::io::{self, Read};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use crate::state::put_whole;

/// Names that are remembered; beyond, those that changed longest ago are forgotten.
const MOST_TARGETS: usize = 1_000;
/// Indexes that are remembered of one name, the newest. What is not settled may lie in any of them: one record that waits for
/// long holds back the position of its file, and all behind it is read again after a restart.
pub(super) const MOST_INDEXES: usize = 8;
/// Answers that are searched for the index behind a name that is written to and of which nothing was heard.
const ANSWERS: u32 = 64;
/// Longest name of an index.
const LONGEST_NAME: usize = 255;
/// Bytes of the file that are read.
const LARGEST_FILE: u64 = 4 << 20;
/// Version of the file's format.
const VERSION: u32 = 1;

/// A name as it stands in action lines, and the indexes that were seen behind it, oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Target {
    name: String,
    indexes: Vec<String>,
}

impl Target {
    /// Whether it is an index itself, so that a document sent again meets the first.
    fn is_plain(&self) -> bool {
        self.indexes.iter().all(|index| *index == self.name)
    }

    /// Reads it from the file.
    fn kept(value: &Value) -> Option<Self> {
        let name = |value: &Value| value.as_str().filter(|name| is_name(name)).map(str::to_owned);
        let indexes: Vec<String> = value.get("indexes")?.as_array()?.iter().map(name).collect::<Option<_>>()?;
        let is_sound = (1..=MOST_INDEXES).contains(&indexes.len());
        is_sound.then_some(Self { name: name(value.get("name")?)?, indexes })
    }
}

#[derive(Debug, Default)]
struct Known {
    /// In the order in which they changed.
    targets: Vec<Target>,
    /// Every index of theirs.
    indexes: HashSet<String>,
    /// Names that are written to and of which nothing is known, and how many answers are still searched for them. Their index may
    /// be known behind another name.
    expected: HashMap<String, u32>,
    /// Counts the changes that are to be kept.
    revision: u64,
}

/// The indexes behind the names that one output writes to.
#[derive(Debug)]
pub(super) struct WriteIndexes {
    known: Mutex<Known>,
    file: Option<KeptFile>,
}

#[derive(Debug)]
struct KeptFile {
    path: PathBuf,
    /// Whether plain indexes are kept too, which are few where names are not made of records.
    with_plain: bool,
    /// The revision that it holds.
    written: AtomicU64,
    /// One at a time writes it.
    writing: Mutex<()>,
}

impl WriteIndexes {
    /// What an earlier run kept of output `name` in `directory`; without one, it is kept in memory. A file that cannot be
    /// used counts as none; the second value says why. Plain indexes are kept only `with_plain`.
    pub(super) fn open(directory: Option<&Path>, name: &str, with_plain: bool) -> (Self, Option<String>) {
        let Some(directory) = directory else { return (Self { known: Mutex::default(), file: None }, None) };
        let path = directory.join("write-indexes").join(file_name(name));
        let (targets, flaw) = match read(&path) {
            Ok(targets) => (targets, None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => (Vec::new(), None),
            Err(error) => (Vec::new(), Some(format!("`{}`: {error}", path.display()))),
        };
        let indexes = targets.iter().flat_map(|target| target.indexes.iter().cloned()).collect();
        let known = Mutex::new(Known { targets, indexes, ..Known::default() });
        let (written, writing) = (AtomicU64::new(0), Mutex::new(()));
        (Self { known, file: Some(KeptFile { path, with_plain, written, writing }) }, flaw)
    }

    /// Documents are written to `target` from now on.
    pub(super) fn expect(&self, target: &str) {
        let mut known = self.lock();
        if known.expected.len() < MOST_TARGETS && !known.targets.iter().any(|known| known.name == target) {
            known.expected.insert(target.to_owned(), ANSWERS);
        }
    }

    /// Whether nothing can be learnt from an answer that names `indexes`: each was seen before, and something is known of every name
    /// that is written to.
    pub(super) fn know<'a>(&self, mut indexes: impl Iterator<Item = &'a str>) -> bool {
        let known = self.lock();
        known.expected.is_empty() && indexes.all(|index| known.indexes.contains(index))
    }

    /// An answer was searched. What was in vain too often is searched for no longer.
    pub(super) fn searched(&self) {
        self.lock().expected.retain(|_, answers| {
            *answers -= 1;
            *answers > 0
        });
    }

    /// Where documents written to `target` may lie: the newest index first, none where the name is that of an index. A name
    /// of which nothing is known stands for itself.
    pub(super) fn behind(&self, target: &str) -> Vec<String> {
        let known = self.lock();
        match known.targets.iter().find(|known| known.name == target) {
            None => vec![target.to_owned()],
            Some(target) if target.is_plain() => Vec::new(),
            Some(target) => target.indexes.iter().rev().cloned().collect(),
        }
    }

    /// Learns from an answer that what was written to `target` went to `index`.
    pub(super) fn learn(&self, target: &str, index: &str) {
        let with_plain = self.file.as_ref().is_some_and(|file| file.with_plain);
        self.lock().learn(target, index, with_plain);
    }

    /// Whether there is nothing to keep that is not kept.
    pub(super) fn is_kept(&self) -> bool {
        self.file.as_ref().is_none_or(|file| file.written.load(Ordering::Acquire) >= self.lock().revision)
    }

    /// Keeps what was learnt; it is on disk when this returns. Blocks.
    ///
    /// # Errors
    /// When the disk does not take it; then it is tried again with the next change.
    pub(super) fn keep(&self) -> io::Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        // Whoever comes later writes what the one before has left out.
        let _writing = file.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let (revision, targets) = {
            let known = self.lock();
            let targets = known.targets.iter().filter(|target| file.with_plain || !target.is_plain());
            let targets = targets.map(|Target { name, indexes }| json!({"name": name, "indexes": indexes}));
            (known.revision, targets.collect::<Vec<_>>())
        };
        if file.written.load(Ordering::Acquire) < revision {
            write(&file.path, &json!({"version": VERSION, "targets": targets}))?;
            file.written.store(revision, Ordering::Release);
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn learn(&mut self, target: &str, index: &str, with_plain: bool) {
        self.expected.remove(target);
        if !is_name(target) || !is_name(index) {
            return;
        }
        let at = self.targets.iter().position(|known| known.name == target);
        let mut changed = match at {
            Some(at) if self.targets[at].indexes.iter().any(|known| known == index) => return,
            Some(at) => self.targets.remove(at),
            None => Target { name: target.to_owned(), indexes: Vec::new() },
        };
        changed.indexes.push(index.to_owned());
        if changed.indexes.len() > MOST_INDEXES {
            changed.indexes.remove(0);
        }
        self.revision += u64::from(with_plain || !changed.is_plain());
        self.targets.push(changed);
        if self.targets.len() > MOST_TARGETS {
            self.targets.remove(0);
        }
        self.indexes = self.targets.iter().flat_map(|target| target.indexes.iter().cloned()).collect();
    }
}

fn is_name(name: &str) -> bool {
    (1..=LONGEST_NAME).contains(&name.len())
}

/// A file name for output `name`: what is no letter, digit, `.`, `-` or `_` is written as `%` and its number.
fn file_name(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let written = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    name.bytes().map(written).chain([".json".to_owned()]).collect()
}

fn read(path: &Path) -> io::Result<Vec<Target>> {
    let mut text = Vec::new();
    File::open(path)?.take(LARGEST_FILE).read_to_end(&mut text)?;
    let kept: Value = serde_json::from_slice(&text)?;
    if kept["version"] != VERSION {
        return Err(io::Error::other(format!("expected version {VERSION}, found {}", kept["version"])));
    }
    let targets = kept["targets"].as_array().map(Vec::as_slice).unwrap_or_default();
    let targets: Option<Vec<Target>> = targets.iter().take(MOST_TARGETS).map(Target::kept).collect();
    targets.ok_or_else(|| io::Error::other("expected names of indexes, found something else"))
}

fn write(path: &Path, kept: &Value) -> io::Result<()> {
    let directory = path.parent().unwrap_or(Path::new("."));
    DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    put_whole(path, kept.to_string().as_bytes())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn open(directory: &Path) -> WriteIndexes {
        let (opened, flaw) = WriteIndexes::open(Some(directory), "opensearch.0", false);
        assert_eq!(flaw, None);
        opened
    }

    #[test]
    fn the_newest_indexes_behind_a_name_are_kept_over_a_restart() {
        let directory = tempfile::tempdir().expect("a directory");
        let before = open(directory.path());
        for number in 1..=9 {
            before.learn("logs", &format!("logs-00000{number}"));
        }
        before.learn("logs", "logs-000003");
        let newest: Vec<String> = (2..=9).rev().map(|number| format!("logs-00000{number}")).collect();
        before.learn("plain", "plain");
        before.keep().expect("it is written");

        let after = open(directory.path());

        for indexes in [&before, &after] {
            assert_eq!(indexes.behind("logs"), newest);
            assert!(indexes.know(["logs-000003", "logs-000004"].into_iter()));
            assert!(!indexes.know(["logs-000003", "logs-000001"].into_iter()));
        }
        assert_eq!(before.behind("plain"), [""; 0], "ids are enough there");
        assert_eq!(after.behind("plain"), ["plain"], "nothing is kept of it");
    }

    #[test]
    fn an_index_that_becomes_an_alias_is_looked_into() {
        let (indexes, _) = WriteIndexes::open(None, "o", true);
        indexes.learn("logs", "logs");
        indexes.learn("logs", "logs-000001");

        assert_eq!(indexes.behind("logs"), ["logs-000001", "logs"]);
        indexes.keep().expect("there is nothing to write");
    }

    #[test]
    fn the_index_of_a_name_is_looked_for_also_where_it_is_known_behind_another_but_not_for_ever() {
        let (indexes, _) = WriteIndexes::open(None, "o", true);
        let is_known = || indexes.know(["shared-1"].into_iter());
        indexes.expect("a");
        indexes.learn("a", "shared-1");
        assert!(is_known());

        indexes.expect("a");
        assert!(is_known(), "all is known of it");
        indexes.expect("b");
        assert!(!is_known());
        indexes.learn("b", "shared-1");
        assert!(is_known() && indexes.behind("b") == ["shared-1"]);

        indexes.expect("never answered");
        (1..ANSWERS).for_each(|_| indexes.searched());
        assert!(!is_known());
        indexes.searched();
        assert!(is_known());
    }

    #[test]
    fn only_so_many_names_are_remembered() {
        let (indexes, _) = WriteIndexes::open(None, "o", true);
        for number in 0..=MOST_TARGETS {
            indexes.learn(&format!("t{number}"), "i");
        }
        indexes.learn("t2", &"x".repeat(LONGEST_NAME + 1));

        assert_eq!(indexes.behind("t0"), ["t0"]);
        assert_eq!(indexes.behind("t2"), ["i"]);
        assert_eq!(indexes.lock().targets.len(), MOST_TARGETS);
    }

    #[test]
    fn a_file_that_is_none_of_this_version_is_said_and_replaced() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("write-indexes/a%2Fb.json");
        fs::create_dir_all(path.parent().expect("it has one")).expect("it is made");
        for content in ["", "{", r#"{"version":2,"targets":[]}"#, r#"{"version":1,"targets":[{"name":7}]}"#] {
            fs::write(&path, content).expect("it is written");

            let (indexes, flaw) = WriteIndexes::open(Some(directory.path()), "a/b", true);

            assert!(flaw.expect("it is said").contains("a%2Fb.json"), "{content}");
            indexes.learn("logs", "logs-1");
            indexes.keep().expect("it is written");
            assert_eq!(read(&path).expect("it is sound")[0].indexes, ["logs-1"]);
        }
    }
}
