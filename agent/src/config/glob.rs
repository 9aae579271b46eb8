//! Finds the files that globs name, and the directories in which such files may come.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Component, Path, PathBuf};

use super::fnmatch::Pattern;

/// One glob, component by component, as `glob(3)` reads it: `*` passes no separator and no dot at the start.
#[derive(Debug)]
pub struct Glob(Vec<Part>);

#[derive(Debug)]
enum Part {
    /// A name without wildcards, the root, or `..`.
    Plain(PathBuf),
    /// A name with wildcards.
    Wild(Pattern),
}

/// What a look at a glob found.
#[derive(Debug, Default)]
pub struct Found {
    /// Paths that match, whatever they are.
    pub paths: BTreeSet<PathBuf>,
    /// Directories in which a match may come or go.
    pub directories: BTreeSet<PathBuf>,
}

impl Glob {
    /// Reads `text`.
    pub fn new(text: &str) -> Self {
        Self::below(Path::new(""), text)
    }

    /// Reads `text`, below `root` unless it is absolute.
    pub(super) fn below(root: &Path, text: &str) -> Self {
        let root = if Path::new(text).is_absolute() { Path::new("") } else { root };
        let mut parts: Vec<Part> = root.components().map(|part| Part::Plain(part.as_os_str().into())).collect();
        for component in Path::new(text).components() {
            parts.push(match component {
                Component::CurDir if !parts.is_empty() => continue,
                Component::Normal(name) => {
                    let pattern = Pattern::new(name.as_bytes());
                    let plain = pattern.text().map(|text| Part::Plain(OsString::from_vec(text).into()));
                    plain.unwrap_or(Part::Wild(pattern))
                }
                other => Part::Plain(other.as_os_str().into()),
            });
        }
        Self(parts)
    }

    /// Whether it names `path`.
    pub fn matches(&self, path: &Path) -> bool {
        let mut components = path.components();
        let fits = |part: &Part| match (part, components.next()) {
            (Part::Wild(pattern), Some(Component::Normal(name))) => pattern.matches_name(name.as_bytes()),
            (Part::Plain(name), Some(component)) => component.as_os_str() == name.as_os_str(),
            _ => false,
        };
        self.0.iter().all(fits) && components.next().is_none()
    }

    /// Adds what it finds now.
    pub fn find(&self, found: &mut Found) {
        walk(PathBuf::new(), &self.0, found);
    }
}

/// The files that `glob`, below `root` unless it is absolute, names now, in the order of their paths.
///
/// # Errors
/// The first directory that cannot be looked into.
pub fn files_named(root: &Path, glob: &str) -> Result<Vec<PathBuf>, String> {
    let mut found = Found::default();
    Glob::below(root, glob).find(&mut found);
    for directory in found.directories {
        match std::fs::read_dir(&directory) {
            Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
                return Err(format!("`{}`: {error}", directory.display()));
            }
            _ => {}
        }
    }
    Ok(found.paths.into_iter().filter(|path| path.symlink_metadata().is_ok()).collect())
}

/// Follows `parts` from `base` on.
fn walk(base: PathBuf, parts: &[Part], found: &mut Found) {
    let Some((part, rest)) = parts.split_first() else { return };
    match part {
        Part::Plain(name) => {
            let path = base.join(name);
            if rest.is_empty() {
                found.directories.insert(here(&base));
                found.paths.insert(path);
            } else if path.is_dir() {
                walk(path, rest, found);
            } else {
                // The directory may come later: then it is the one above it that tells.
                found.directories.insert(here(&base));
            }
        }
        Part::Wild(pattern) => {
            found.directories.insert(here(&base));
            if rest.is_empty() {
                return found.paths.extend(matching(&base, pattern));
            }
            // Gathered first: a directory is not open any more when those below it are.
            let below: Vec<PathBuf> = matching(&base, pattern).filter(|path| path.is_dir()).collect();
            below.into_iter().for_each(|path| walk(path, rest, found));
        }
    }
}

fn here(base: &Path) -> PathBuf {
    if base.as_os_str().is_empty() { ".".into() } else { base.into() }
}

/// Paths in `directory` whose names match. A directory that cannot be read now may be readable at the next look.
fn matching(directory: &Path, pattern: &Pattern) -> impl Iterator<Item = PathBuf> {
    let listed = std::fs::read_dir(here(directory)).into_iter().flatten().filter_map(Result::ok);
    listed
        .map(|entry| entry.file_name())
        .filter_map(|name| pattern.matches_name(name.as_bytes()).then(|| directory.join(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(directory: &Path, glob: &str) -> (Vec<String>, Vec<String>) {
        let base = directory.display().to_string();
        let mut found = Found::default();
        Glob::new(&format!("{base}/{glob}")).find(&mut found);
        let short = |paths: BTreeSet<PathBuf>| {
            let shorten = |path: PathBuf| path.strip_prefix(directory).map(|path| path.to_string_lossy().into_owned());
            paths.into_iter().filter_map(|path| shorten(path).ok()).collect()
        };
        (short(found.paths), short(found.directories))
    }

    #[test]
    fn globs_find_files_and_the_directories_to_watch() {
        let directory = tempfile::tempdir().expect("a directory");
        for name in ["a/x.log", "a/.hidden.log", "b/y.log", "b/c/z.log", "b/y.txt"] {
            let path = directory.path().join(name);
            std::fs::create_dir_all(path.parent().expect("it has one")).expect("it is made");
            std::fs::write(path, "").expect("it is written");
        }
        for (glob, paths, directories) in [
            ("a/x.log", vec!["a/x.log"], vec!["a"]),
            ("a/*.log", vec!["a/x.log"], vec!["a"]),
            ("?/*.log", vec!["a/x.log", "b/y.log"], vec!["", "a", "b"]),
            ("[b]/*", vec!["b/c", "b/y.log", "b/y.txt"], vec!["", "b"]),
            ("**/*.log", vec!["a/x.log", "b/y.log"], vec!["", "a", "b"]),
            ("b/***.log", vec!["b/y.log"], vec!["b"]),
            ("not/there/*.log", vec![], vec![""]),
        ] {
            let expected = (paths, directories);
            let (paths, directories) = found(directory.path(), glob);
            assert_eq!(
                (paths.iter().map(String::as_str).collect(), directories.iter().map(String::as_str).collect()),
                expected,
                "{glob}"
            );
        }
    }

    /// Each as `glob(3)` gives it in such a directory.
    #[test]
    fn brackets_and_escapes_are_those_of_glob() {
        let directory = tempfile::tempdir().expect("a directory");
        for name in ["a1.log", "b2.log", "^3.log", "x*.log", "[z].log", "a1.lo[g", ".h.log"] {
            std::fs::write(directory.path().join(name), "").expect("it is written");
        }
        for (glob, paths) in [
            ("[^a]*.log", vec!["[z].log", "^3.log", "b2.log", "x*.log"]),
            ("?[[:digit:]].log", vec!["^3.log", "a1.log", "b2.log"]),
            (r"x\*.log", vec!["x*.log"]),
            (r"\[z\].log", vec!["[z].log"]),
            ("a1.lo[g", vec!["a1.lo[g"]),
            ("?1.lo[g", vec!["a1.lo[g"]),
            ("[.]h.log", vec![]),
            (".*", vec![".h.log"]),
        ] {
            let (found, _) = found(directory.path(), glob);
            assert_eq!(found, paths, "{glob}");
            let glob = Glob::below(directory.path(), glob);
            assert!(paths.iter().all(|path| glob.matches(&directory.path().join(path))), "{glob:?}");
            assert!(!glob.matches(&directory.path().join("no")), "{glob:?}");
        }
    }

    #[test]
    fn a_name_that_is_no_text_is_found() {
        let directory = tempfile::tempdir().expect("a directory");
        let name = std::ffi::OsStr::from_bytes(b"\xff.log");
        std::fs::write(directory.path().join(name), "").expect("it is written");

        let mut found = Found::default();
        Glob::new(&format!("{}/*.log", directory.path().display())).find(&mut found);

        assert_eq!(found.paths.into_iter().collect::<Vec<_>>(), [directory.path().join(name)]);
    }
}
