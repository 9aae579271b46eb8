//! Which files are read.

use std::path::Path;

use glob::Pattern;

use super::globs::{Found, Glob, single_stars};

/// `Path` and `Exclude_Path`.
#[derive(Debug)]
pub(super) struct Paths {
    globs: Vec<Glob>,
    excluded: Vec<Pattern>,
}

impl Paths {
    /// Reads globs.
    ///
    /// # Errors
    /// Which one is wrong, and why.
    pub(super) fn new(globs: &[String], excluded: &[String]) -> Result<Self, String> {
        let wrong = |glob: &str, error: glob::PatternError| format!("`{glob}` is no valid pattern: {}", error.msg);
        let globs = globs.iter().map(|glob| Glob::new(&home(glob)).map_err(|error| wrong(glob, error)));
        let excluded =
            excluded.iter().map(|glob| Pattern::new(&single_stars(&home(glob))).map_err(|error| wrong(glob, error)));
        Ok(Self { globs: globs.collect::<Result<_, _>>()?, excluded: excluded.collect::<Result<_, _>>()? })
    }

    /// What is there now.
    pub(super) fn find(&self) -> Found {
        let mut found = Found::default();
        for glob in &self.globs {
            glob.find(&mut found);
        }
        found.paths.retain(|path| !self.is_excluded(path));
        found
    }

    /// Whether files at `path` are read.
    pub(super) fn name(&self, path: &Path) -> bool {
        self.globs.iter().any(|glob| glob.matches(path)) && !self.is_excluded(path)
    }

    /// Whether `Exclude_Path` names it. There a `*` passes separators, as in Fluent Bit.
    pub(super) fn is_excluded(&self, path: &Path) -> bool {
        let text = path.to_string_lossy();
        self.excluded.iter().any(|pattern| pattern.matches(&text))
    }
}

/// Whether there is a file now that `glob` names and none of `excluded` does.
pub fn is_any_file(glob: &str, excluded: &[String]) -> bool {
    let paths = Paths::new(&[glob.to_owned()], excluded);
    paths.is_ok_and(|paths| paths.find().paths.iter().any(|path| path.is_file()))
}

/// `~` at the start is the home directory.
fn home(glob: &str) -> String {
    match (glob.strip_prefix("~/"), std::env::var("HOME")) {
        (Some(rest), Ok(home)) => format!("{home}/{rest}"),
        _ => glob.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn excluded_files_are_left_out_whatever_their_depth() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = |name: &str| directory.path().join(name);
        for name in ["a.log", "b.log", "c.txt"] {
            std::fs::write(path(name), "").expect("it is written");
        }
        let glob = |name: &str| path(name).to_string_lossy().into_owned();

        let paths = Paths::new(&[glob("*.log"), glob("c.txt")], &["*/b.*".into()]).expect("they are valid");

        assert_eq!(paths.find().paths.into_iter().collect::<Vec<_>>(), [path("a.log"), path("c.txt")]);
        assert!(paths.name(&path("z.log")));
        assert!(!paths.name(&path("sub/z.log")));
        assert!(!paths.name(&path("b.log")));
        assert!(Paths::new(&["a[".into()], &[]).is_err());
        assert!(Paths::new(&["a".into()], &["[".into()]).is_err());
    }
}
