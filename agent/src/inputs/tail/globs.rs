//! Finds the files that globs name, and the directories in which such files may come.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use glob::{MatchOptions, Pattern, PatternError};

/// How names are matched, as the shell does: `*` passes no separator and no dot at the start.
const AS_SHELL: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };

/// One glob, component by component.
#[derive(Debug)]
pub(super) struct Glob {
    whole: Pattern,
    parts: Vec<Part>,
}

#[derive(Debug)]
enum Part {
    /// A name without wildcards, the root, or `..`.
    Plain(PathBuf),
    /// A name with wildcards.
    Wild(Pattern),
}

/// What a look at a glob found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Paths that match, whatever they are.
    pub(super) paths: BTreeSet<PathBuf>,
    /// Directories in which a match may come or go.
    pub(super) directories: BTreeSet<PathBuf>,
}

/// `glob` with one star for several: to `glob(3)` and to Fluent Bit, `**` is `*`.
pub(super) fn single_stars(glob: &str) -> String {
    let mut single = String::with_capacity(glob.len());
    for letter in glob.chars() {
        if letter != '*' || !single.ends_with('*') {
            single.push(letter);
        }
    }
    single
}

impl Glob {
    /// Reads `text`.
    pub(super) fn new(text: &str) -> Result<Self, PatternError> {
        let text = single_stars(text);
        let whole = Pattern::new(&text)?;
        let mut parts = Vec::new();
        for component in Path::new(&text).components() {
            let name = component.as_os_str().to_string_lossy();
            parts.push(match component {
                Component::CurDir if !parts.is_empty() => continue,
                Component::Normal(_) if name.contains(['*', '?', '[']) => Part::Wild(Pattern::new(&name)?),
                other => Part::Plain(other.as_os_str().into()),
            });
        }
        Ok(Self { whole, parts })
    }

    /// Whether it names `path`.
    pub(super) fn matches(&self, path: &Path) -> bool {
        self.whole.matches_with(&path.to_string_lossy(), AS_SHELL)
    }

    /// Adds what it finds now.
    pub(super) fn find(&self, found: &mut Found) {
        walk(PathBuf::new(), &self.parts, found);
    }
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
        .filter_map(|name| pattern.matches_with(&name.to_string_lossy(), AS_SHELL).then(|| directory.join(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(directory: &Path, glob: &str) -> (Vec<String>, Vec<String>) {
        let base = directory.display().to_string();
        let mut found = Found::default();
        Glob::new(&format!("{base}/{glob}")).expect("it is valid").find(&mut found);
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

    #[test]
    fn a_name_that_is_no_text_is_found() {
        use std::os::unix::ffi::OsStrExt;
        let directory = tempfile::tempdir().expect("a directory");
        let name = std::ffi::OsStr::from_bytes(b"\xff.log");
        std::fs::write(directory.path().join(name), "").expect("it is written");

        let mut found = Found::default();
        Glob::new(&format!("{}/*.log", directory.path().display())).expect("it is valid").find(&mut found);

        assert_eq!(found.paths.into_iter().collect::<Vec<_>>(), [directory.path().join(name)]);
    }
}
