//! Names of files that records give, within what the configuration allows.
//!
//! A value becomes part of a path only where `Path` or `File` names its field, and only if it is a plain name: no separators, no dots
//! at its beginning, short. Any other record, and one above the number of files, goes to the fallback file or is declared dropped.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tracing::warn;
use vigie_parsers::batch::Record;

use super::FileOptions;
use super::format::Unnamed;
use super::writer::file_name;
use crate::encode::accessor::Template;
use crate::metrics::OutputMetrics;

/// What a line begins with that has its file before it, up to the first newline; it stands in no name.
const MARK: u8 = 1;
/// Most characters of a value.
const LONGEST_VALUE: usize = 100;
/// Most bytes of a part of a path.
const LONGEST_PART: usize = 200;

/// How the files of records are called.
#[derive(Debug)]
pub(super) struct Naming {
    path: Template,
    file: Option<Template>,
    /// The directory that all files lie below.
    root: PathBuf,
    pub(super) fallback: PathBuf,
    on_missing: Unnamed,
    on_limit: Unnamed,
    most: usize,
    known: Mutex<HashSet<Vec<u8>>>,
    told: AtomicBool,
    metrics: Arc<OutputMetrics>,
}

/// Why a configuration gives no names: the option to blame, and what is to be done.
pub(super) type Flaw = (&'static str, &'static str);

impl Naming {
    /// What `options` say; `None` where no record has a part in a name.
    ///
    /// # Errors
    /// What is wrong with them.
    pub(super) fn read(options: &FileOptions, metrics: &Arc<OutputMetrics>) -> Result<Option<Self>, Flaw> {
        let path = template("path", &options.path)?;
        let file = options.file.as_ref().map(|file| template("file", file)).transpose()?;
        if !path.is_dynamic() && !file.as_ref().is_some_and(Template::is_dynamic) {
            return Ok(None);
        }
        let start = path.literal_start();
        if start.is_empty() {
            return Err(("path", "begin it with a directory that is always the same"));
        }
        let root = match memchr::memrchr(b'/', start) {
            _ if !path.is_dynamic() => options.path.clone(),
            Some(0) => "/".into(),
            Some(end) => OsStr::from_bytes(&start[..end]).into(),
            None => ".".into(),
        };
        let Some(name) = &options.fallback_file else {
            return Err(("fallback_file", "name the file for records that give no name: `Fallback_File NAME`"));
        };
        Ok(Some(Self {
            fallback: options.fallback_path.as_ref().unwrap_or(&root).join(name),
            path,
            file,
            root,
            on_missing: options.on_missing_field,
            on_limit: options.on_limit_reached,
            most: usize::try_from(options.max_dynamic_files).unwrap_or(usize::MAX),
            known: Mutex::default(),
            told: AtomicBool::new(false),
            metrics: Arc::clone(metrics),
        }))
    }

    /// The directory that must be there; what lies between it and a file is made.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Puts the file of a record before its line.
    ///
    /// # Errors
    /// Why the record is dropped.
    pub(super) fn push(&self, record: Record<'_>, tag: &str, out: &mut Vec<u8>) -> Result<(), &'static str> {
        let start = out.len();
        out.push(MARK);
        let unnamed = if !self.name(record, tag, out) {
            Some((self.on_missing, "the fields of its file name are missing or no plain name"))
        } else if !self.is_within_limit(&out[start + 1..]) {
            Some((self.on_limit, "`Max_Dynamic_Files` is reached"))
        } else {
            None
        };
        match unnamed {
            Some((Unnamed::Drop, reason)) => {
                out.truncate(start);
                return Err(reason);
            }
            Some((Unnamed::Fallback, reason)) => {
                out.truncate(start + 1);
                self.tell(reason, 1);
            }
            None => {}
        }
        out.push(b'\n');
        Ok(())
    }

    /// Appends the name that a record gives. Returns whether it is one.
    fn name(&self, record: Record<'_>, tag: &str, out: &mut Vec<u8>) -> bool {
        let start = out.len();
        let is_absolute = self.file.as_ref().is_some_and(|file| file.literal_start().starts_with(b"/"));
        if !is_absolute {
            if !self.path.render_checked(record, tag, is_plain_name, out) {
                return false;
            }
            out.push(b'/');
        }
        let is_named = match &self.file {
            Some(file) => file.render_checked(record, tag, is_plain_name, out),
            None => {
                out.extend_from_slice(file_name(tag).as_bytes());
                true
            }
        };
        is_named && out[start..].split(|byte| *byte == b'/').all(|part| part.len() <= LONGEST_PART)
    }

    fn is_within_limit(&self, name: &[u8]) -> bool {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.contains(name) || known.len() < self.most && known.insert(name.to_vec())
    }

    /// Counts records that go to the fallback file; the first time it is told, too.
    pub(super) fn tell(&self, reason: &str, records: u64) {
        self.metrics.file_fallbacks.add(records);
        if !self.told.swap(true, Ordering::Relaxed) {
            warn!(component = %self.metrics.name, reason, fallback = %self.fallback.display(),
                "a record names no file that can be: such records go to the fallback file, counted as `file_fallbacks`");
        }
    }

    /// The file and the line in the bytes of a record. What was encoded otherwise goes to the fallback file.
    pub(super) fn split<'b>(&self, bytes: &'b [u8]) -> (PathBuf, &'b [u8]) {
        let end = memchr::memchr(b'\n', bytes).filter(|_| bytes.first() == Some(&MARK));
        let Some(end) = end else { return (self.fallback.clone(), bytes) };
        let (name, line) = (&bytes[1..end], &bytes[end + 1..]);
        (if name.is_empty() { self.fallback.clone() } else { OsStr::from_bytes(name).into() }, line)
    }
}

/// The bytes of a record, which is of so many `lines`, without the name of its file: it was spooled when records named theirs.
pub(super) fn without_name(bytes: &[u8], lines: usize) -> &[u8] {
    let has_name = bytes.first() == Some(&MARK) && memchr::memchr_iter(b'\n', bytes).count() > lines;
    let line = memchr::memchr(b'\n', bytes).filter(|_| has_name).map(|end| &bytes[end + 1..]);
    line.unwrap_or(bytes)
}

/// Whether a value may stand in a path: nothing that leads elsewhere, hides or does not print.
fn is_plain_name(value: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(value) else { return false };
    let is_plain = |letter: char| letter.is_alphanumeric() || "-_.".contains(letter);
    !text.is_empty()
        && !text.starts_with('.')
        && !text.contains("..")
        && text.chars().all(is_plain)
        && text.chars().count() <= LONGEST_VALUE
}

fn template(key: &'static str, path: &Path) -> Result<Template, Flaw> {
    let text = path.to_str().unwrap_or_default();
    let template = Template::parse(text).map_err(|_| (key, "write accessors as `$key`, `$key['a']` or `$TAG[0]`"))?;
    if template.is_dynamic() && text.chars().any(char::is_control) {
        return Err((key, "take the control characters out of it"));
    }
    if template.top_keys().any(|top| top.contains(&b'/')) {
        return Err((
            key,
            "a `/` behind a key is part of the key: let the path end with the accessor, and put the rest into `File`",
        ));
    }
    Ok(template)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_may_stand_in_a_path() {
        for (value, is_plain) in [
            ("web-1.example", true),
            ("zoé_1", true),
            ("", false),
            (".", false),
            ("..", false),
            (".hidden", false),
            ("a..b", false),
            ("a/b", false),
            ("/etc/passwd", false),
            ("a\\b", false),
            ("a\nb", false),
            ("a b", false),
            ("a\u{0}", false),
            ("\"a\"", false),
        ] {
            assert_eq!(is_plain_name(value.as_bytes()), is_plain, "{value:?}");
        }
        assert!(is_plain_name(&[b'x'; LONGEST_VALUE]) && !is_plain_name(&[b'x'; LONGEST_VALUE + 1]));
        assert!(!is_plain_name(b"\xff"));
    }
}
