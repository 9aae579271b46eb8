//! Appends requests to files, whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::OFlags;
use rustix::io::Errno;

use super::FileOptions;
use super::format::Format;
use super::naming::{Naming, without_name};
use crate::config::directory_of;
use crate::plugin::Request;

/// Why a request was not written.
#[derive(Debug, thiserror::Error)]
pub(super) enum WriteError {
    #[error("the directory `{directory}` does not exist: make it, or set `mkdir on`")]
    NoDirectory { directory: PathBuf },
    #[error("`{path}` is no directory: move it away, or set another `path`")]
    NotADirectory { path: PathBuf },
    #[error("cannot write to `{path}`: {source}")]
    Io { path: PathBuf, source: io::Error },
}

/// Neighbouring records of a request that go to the same file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) path: PathBuf,
    /// How many records.
    pub(super) records: u64,
    /// Line of the column names of the first record.
    pub(super) names: Vec<u8>,
    pub(super) lines: Vec<u8>,
}

/// Knows the files of the output.
#[derive(Debug)]
pub(super) struct Writer {
    directory: PathBuf,
    file: Option<PathBuf>,
    mkdir: bool,
    with_names: bool,
    /// Where records name their files.
    naming: Option<Arc<Naming>>,
}

/// What stands in the place of `directory`, or of one around it, and is none.
fn in_the_way_of(directory: &Path) -> Option<&Path> {
    directory.ancestors().find(|path| path.exists() && !path.is_dir())
}

/// What is to be taken back when the request fails. The file is not held open: there may be many.
struct Appended {
    path: PathBuf,
    /// Device and inode.
    file: (u64, u64),
    before: u64,
}

impl Writer {
    pub(super) fn new(options: &FileOptions, naming: Option<Arc<Naming>>) -> Self {
        Self {
            directory: options.path.clone(),
            file: options.file.clone(),
            mkdir: options.mkdir,
            with_names: options.format == Format::Csv && options.csv_column_names,
            naming,
        }
    }

    /// The records of `request` by file.
    pub(super) fn parts(&self, request: &Request) -> Vec<Part> {
        let mut parts: Vec<Part> = Vec::new();
        for (at, item) in request.items.iter().enumerate() {
            let item_bytes = &request.body[request.item_range(at)];
            let (path, item_bytes) = match &self.naming {
                Some(naming) => naming.split(item_bytes),
                None => {
                    let lines = 1 + usize::from(self.with_names);
                    (self.path(&request.lots[item.lot as usize].tag), without_name(item_bytes, lines))
                }
            };
            let names_end =
                if self.with_names { memchr::memchr(b'\n', item_bytes).map_or(0, |end| end + 1) } else { 0 };
            let (names, line) = item_bytes.split_at(names_end);
            match parts.iter_mut().find(|part| part.path == path) {
                Some(part) => {
                    part.lines.extend_from_slice(line);
                    part.records += 1;
                }
                None => parts.push(Part { path, records: 1, names: names.to_vec(), lines: line.to_vec() }),
            }
        }
        parts
    }

    fn path(&self, tag: &str) -> PathBuf {
        match &self.file {
            Some(file) => self.directory.join(file),
            None => self.directory.join(file_name(tag)),
        }
    }

    /// Appends all parts and syncs them.
    ///
    /// # Errors
    /// When one of them cannot be written; then none is.
    pub(super) fn write(&self, parts: &[Part]) -> Result<(), WriteError> {
        let mut done = Vec::new();
        for part in parts {
            match self.append(part).or_else(|error| self.append_to_fallback(part, error)) {
                Ok(appended) => done.push(appended),
                Err(error) => {
                    take_back(done)?;
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    fn append(&self, part: &Part) -> Result<Appended, WriteError> {
        let directory = directory_of(&part.path);
        let is_made = self.mkdir || self.naming.as_ref().is_some_and(|naming| naming.root().is_dir());
        if is_made {
            fs::create_dir_all(directory).map_err(|source| WriteError::Io { path: directory.to_owned(), source })?;
        } else if !directory.is_dir() {
            let wanted = self.naming.as_ref().map_or(directory, |naming| naming.root());
            return Err(match in_the_way_of(wanted) {
                Some(path) => WriteError::NotADirectory { path: path.to_owned() },
                None => WriteError::NoDirectory { directory: wanted.to_owned() },
            });
        }
        append(part, directory).map_err(|source| WriteError::Io { path: part.path.clone(), source })
    }

    /// Appends `part` to the fallback file where its own name is to blame for `error`: no value of a record may stop the others.
    fn append_to_fallback(&self, part: &Part, error: WriteError) -> Result<Appended, WriteError> {
        let naming = self.naming.as_ref().filter(|naming| part.path != naming.fallback && error.is_of_the_name());
        let Some(naming) = naming else { return Err(error) };
        let other =
            Part { path: naming.fallback.clone(), lines: part.lines.clone(), names: part.names.clone(), ..*part };
        let appended = self.append(&other)?;
        naming.tell(&error.to_string(), part.records);
        Ok(appended)
    }
}

impl WriteError {
    /// Whether another file in the same place might do.
    fn is_of_the_name(&self) -> bool {
        use io::ErrorKind as Kind;
        let Self::Io { source, .. } = self else { return false };
        let kinds = [
            Kind::IsADirectory,
            Kind::NotADirectory,
            Kind::AlreadyExists,
            Kind::InvalidFilename,
            Kind::InvalidInput,
            Kind::PermissionDenied,
        ];
        let errnos = [Errno::LOOP, Errno::NXIO].map(|errno| Some(errno.raw_os_error()));
        kinds.contains(&source.kind()) || errnos.contains(&source.raw_os_error())
    }
}

/// Takes back what was appended, but of files that are others by now.
fn take_back(done: Vec<Appended>) -> Result<(), WriteError> {
    for Appended { path, file, before } in done {
        let cut = || {
            let open = match OpenOptions::new().write(true).open(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
                open => open?,
            };
            let metadata = open.metadata()?;
            let is_same = (metadata.dev(), metadata.ino()) == file && metadata.len() >= before;
            if is_same { open.set_len(before) } else { Ok(()) }
        };
        cut().map_err(|source| WriteError::Io { path: path.clone(), source })?;
    }
    Ok(())
}

fn append(part: &Part, directory: &Path) -> io::Result<Appended> {
    // A pipe without a reader would be waited for.
    let without_wait = OFlags::NONBLOCK.bits().cast_signed();
    let mut file = OpenOptions::new().append(true).create(true).custom_flags(without_wait).open(&part.path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no file"));
    }
    let before = file.seek(SeekFrom::End(0))?;
    let names: &[u8] = if before == 0 { &part.names } else { &[] };
    let written = file.write_all(names).and_then(|()| file.write_all(&part.lines)).and_then(|()| file.sync_data());
    if let Err(error) = written {
        file.set_len(before)?;
        return Err(error);
    }
    if before == 0 {
        File::open(directory)?.sync_all()?;
    }
    Ok(Appended { path: part.path.clone(), file: (metadata.dev(), metadata.ino()), before })
}

/// A name for the file of `tag` that stays inside its directory.
pub(super) fn file_name(tag: &str) -> String {
    let safe: String = tag.chars().map(|c| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '_' }).collect();
    let name: String = safe.chars().take(100).collect();
    if name.starts_with('.') || name.is_empty() { format!("_{name}") } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_names_a_file_inside_the_directory_whatever_it_holds() {
        let cases = [
            ("app.web", "app.web"),
            ("../../etc/passwd", "_.._.._etc_passwd"),
            (".hidden", "_.hidden"),
            ("", "_"),
            ("a b/c", "a_b_c"),
        ];
        for (tag, name) in cases {
            assert_eq!(file_name(tag), name);
        }
        assert_eq!(file_name(&"x".repeat(500)).len(), 100);
    }

    #[test]
    fn when_one_file_fails_the_others_are_as_they_were() {
        let directory = tempfile::tempdir().expect("a directory");
        let writer =
            Writer { directory: directory.path().into(), file: None, mkdir: false, with_names: false, naming: None };
        let part = |name: &str| Part {
            path: directory.path().join(name),
            records: 1,
            names: Vec::new(),
            lines: b"x\n".to_vec(),
        };
        fs::create_dir(directory.path().join("b")).expect("a directory where a file is wanted");
        writer.write(&[part("a")]).expect("written");

        let failed = writer.write(&[part("a"), part("b")]);

        assert!(matches!(failed, Err(WriteError::Io { .. })));
        assert_eq!(fs::metadata(directory.path().join("a")).expect("it is there").len(), 2);
    }
}
