//! Where a run keeps its files: configuration, positions, what the agent says.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// A directory of this process, deleted in the end.
pub(crate) struct WorkDirectory {
    pub(crate) path: PathBuf,
}

impl WorkDirectory {
    /// Makes `NAME-PID` in `parent`. What another process of that number left behind is deleted.
    pub(crate) fn make(parent: &Path, name: &str) -> io::Result<Self> {
        let path = parent.join(format!("{name}-{}", std::process::id()));
        if path.exists() {
            fs::remove_dir_all(&path)?;
        }
        fs::create_dir_all(parent)?;
        // Not `create_dir_all`: in a folder that everybody writes to, what stands there now is not ours.
        fs::create_dir(&path)?;
        Ok(Self { path })
    }

    /// Where the agent's own messages go.
    pub(crate) fn output(&self) -> io::Result<File> {
        File::create(self.path.join("output"))
    }

    /// The end of what the agent printed, cut to what fits a line.
    pub(crate) fn last_words(&self) -> String {
        let read = || -> io::Result<String> {
            let mut file = File::open(self.path.join("output"))?;
            let length = file.metadata()?.len();
            file.seek(SeekFrom::Start(length.saturating_sub(2_000)))?;
            let mut bytes = Vec::new();
            file.take(2_000).read_to_end(&mut bytes)?;
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        };
        let text = read().unwrap_or_default();
        text.lines().last().unwrap_or("it printed nothing").chars().take(200).collect()
    }
}

impl Drop for WorkDirectory {
    fn drop(&mut self) {
        // What stays behind is overwritten by the next run.
        fs::remove_dir_all(&self.path).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_made_empty_and_deleted_with_all_it_holds() {
        let parent = tempfile::tempdir().expect("a temporary folder");
        let left_behind = parent.path().join(format!("run-{}", std::process::id()));
        fs::create_dir_all(left_behind.join("old")).expect("made");

        let directory = WorkDirectory::make(parent.path(), "run").expect("made anew");
        let file = directory.path.join("a");
        fs::write(&file, "b").expect("written");
        assert!(file.exists() && !directory.path.join("old").exists());
        drop(directory);

        assert!(!left_behind.exists());
    }

    #[test]
    fn the_last_line_of_what_was_printed_is_told() {
        let parent = tempfile::tempdir().expect("a temporary folder");
        let directory = WorkDirectory::make(parent.path(), "run").expect("made");
        assert_eq!(directory.last_words(), "it printed nothing");

        io::Write::write_all(&mut directory.output().expect("made"), b"one\ntwo\n").expect("written");

        assert_eq!(directory.last_words(), "two");
    }
}
