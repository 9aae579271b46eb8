//! Which files are read, and the tag of each.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use glob::{MatchOptions, Pattern};

/// `Path` and `Exclude_Path`.
#[derive(Debug)]
pub(super) struct Paths {
    globs: Vec<String>,
    excluded: Vec<Pattern>,
}

impl Paths {
    /// Reads globs.
    ///
    /// # Errors
    /// Which one is wrong, and why.
    pub(super) fn new(globs: &[String], excluded: &[String]) -> Result<Self, String> {
        let wrong = |glob: &str, error: glob::PatternError| format!("`{glob}` is no valid pattern: {}", error.msg);
        let mut expanded = Vec::new();
        for glob in globs {
            let glob = home(glob);
            Pattern::new(&glob).map_err(|error| wrong(&glob, error))?;
            expanded.push(glob);
        }
        let patterns = excluded.iter().map(|glob| Pattern::new(&home(glob)).map_err(|error| wrong(glob, error)));
        Ok(Self { globs: expanded, excluded: patterns.collect::<Result<_, _>>()? })
    }

    /// The paths that match now, sorted.
    pub(super) fn find(&self) -> BTreeSet<PathBuf> {
        let options =
            MatchOptions { require_literal_leading_dot: true, require_literal_separator: true, case_sensitive: true };
        let found = self.globs.iter().filter_map(|glob| glob::glob_with(glob, options).ok()).flatten();
        // A directory that cannot be read now may be readable at the next look.
        found.filter_map(Result::ok).filter(|path| !self.is_excluded(path)).collect()
    }

    /// Whether `Exclude_Path` names it.
    pub(super) fn is_excluded(&self, path: &Path) -> bool {
        self.excluded.iter().any(|pattern| pattern.matches_path(path))
    }

    /// The directories in which files may come and go: those of the globs as far as they exist.
    pub(super) fn directories(&self) -> BTreeSet<PathBuf> {
        let mut directories = BTreeSet::new();
        for glob in &self.globs {
            let parent = Path::new(glob).parent().filter(|parent| !parent.as_os_str().is_empty());
            let parent = parent.unwrap_or(Path::new("."));
            let found = glob::glob(&parent.to_string_lossy()).into_iter().flatten().filter_map(Result::ok);
            directories.extend(found.filter(|path| path.is_dir()));
            directories.extend(fixed_part(parent));
        }
        directories
    }
}

/// The directories above the first wildcard, so that a new sub-directory is noticed.
fn fixed_part(path: &Path) -> Option<PathBuf> {
    let text = path.to_string_lossy();
    let wild = text.find(['*', '?', '['])?;
    let fixed = text.get(..wild)?.rsplit_once('/').map(|(directory, _)| directory)?;
    Some(if fixed.is_empty() { "/".into() } else { fixed.into() }).filter(|path: &PathBuf| path.is_dir())
}

/// `~` at the start is the home directory.
fn home(glob: &str) -> String {
    match (glob.strip_prefix("~/"), std::env::var("HOME")) {
        (Some(rest), Ok(home)) => format!("{home}/{rest}"),
        _ => glob.to_owned(),
    }
}

/// `tag` with `*` replaced by the path: its leading `/` dropped, separators turned to dots, dots that repeat merged.
pub(super) fn expand_tag(tag: &str, path: &Path) -> String {
    if !tag.contains('*') {
        return tag.to_owned();
    }
    let mut dotted = String::new();
    for character in path.to_string_lossy().trim_start_matches('/').chars() {
        match character {
            '/' | '\\' | ':' | '.' if dotted.ends_with('.') => {}
            '/' | '\\' | ':' => dotted.push('.'),
            '*' => {}
            other => dotted.push(if other.is_control() { '_' } else { other }),
        }
    }
    let expanded = tag.replace('*', &dotted);
    let mut merged = String::with_capacity(expanded.len());
    for character in expanded.chars().filter(|character| *character != '*') {
        if character != '.' || !merged.ends_with('.') {
            merged.push(character);
        }
    }
    merged.trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_in_a_tag_becomes_the_path() {
        for (tag, path, expected) in [
            ("x.*", "/data/a/tl.log", "x.data.a.tl.log"),
            ("*", "/var/log//a..log", "var.log.a.log"),
            ("fixed", "/a", "fixed"),
            ("a.*.b", "/c:d", "a.c.d.b"),
            ("k.*", "/x/evil\nname", "k.x.evil_name"),
        ] {
            assert_eq!(expand_tag(tag, Path::new(path)), expected);
        }
    }

    #[test]
    fn globs_find_files_but_for_excluded_ones() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = |name: &str| directory.path().join(name);
        for name in ["a.log", "b.log", "c.txt", ".hidden.log"] {
            std::fs::write(path(name), "").expect("it is written");
        }
        let glob = path("*.log").to_string_lossy().into_owned();
        let excluded = path("b*").to_string_lossy().into_owned();

        let paths = Paths::new(&[glob], &[excluded]).expect("they are valid");

        assert_eq!(paths.find().into_iter().collect::<Vec<_>>(), [path("a.log")]);
        assert!(paths.directories().contains(directory.path()));
        assert!(Paths::new(&["a[".into()], &[]).is_err());
    }
}
