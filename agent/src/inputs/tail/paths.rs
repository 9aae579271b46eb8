//! Which files are read.

use std::collections::BTreeSet;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::config::{Found, Glob, Pattern};

/// `Path` and `Exclude_Path`.
#[derive(Debug)]
pub(super) struct Paths {
    globs: Vec<Glob>,
    excluded: Vec<Pattern>,
}

/// What a look at all globs found.
pub(super) struct Listing {
    /// Paths that are read, whatever they are: those of one glob behind those of the one before.
    pub(super) paths: Vec<PathBuf>,
    /// Directories in which such a path may come or go.
    pub(super) directories: BTreeSet<PathBuf>,
}

impl Paths {
    /// Reads globs.
    pub(super) fn new(globs: &[String], excluded: &[String]) -> Self {
        let globs = globs.iter().map(|glob| Glob::new(&home(glob))).collect();
        let excluded = excluded.iter().map(|glob| Pattern::new(single(home(glob)).as_bytes())).collect();
        Self { globs, excluded }
    }

    /// What is there now. A file that several names lead to has the first one, as Fluent Bit meets them.
    pub(super) fn find(&self) -> Listing {
        let mut listed: Vec<BTreeSet<PathBuf>> = Vec::new();
        let mut directories = BTreeSet::new();
        for glob in &self.globs {
            let mut found = Found::default();
            glob.find(&mut found);
            let is_listed = |path: &PathBuf| listed.iter().any(|before| before.contains(path));
            found.paths.retain(|path| !self.is_excluded(path) && !is_listed(path));
            directories.append(&mut found.directories);
            listed.push(found.paths);
        }
        Listing { paths: listed.into_iter().flatten().collect(), directories }
    }

    /// Whether files at `path` are read.
    pub(super) fn name(&self, path: &Path) -> bool {
        self.globs.iter().any(|glob| glob.matches(path)) && !self.is_excluded(path)
    }

    /// Whether `Exclude_Path` names it. There a `*` passes separators, as in Fluent Bit.
    pub(super) fn is_excluded(&self, path: &Path) -> bool {
        self.excluded.iter().any(|pattern| pattern.matches(path.as_os_str().as_bytes()))
    }
}

/// Whether there is a file now that `glob` names and none of `excluded` does.
pub fn is_any_file(glob: &str, excluded: &[String]) -> bool {
    Paths::new(&[glob.to_owned()], excluded).find().paths.iter().any(|path| path.is_file())
}

/// The glob as paths are written that are found: `//` and `/./` are one separator.
fn single(mut glob: String) -> String {
    for several in ["/./", "//"] {
        while glob.contains(several) {
            glob = glob.replace(several, "/");
        }
    }
    glob
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

        let paths = Paths::new(&[glob("*.log"), glob("c.txt")], &["*/b.*".into()]);

        assert_eq!(paths.find().paths, [path("a.log"), path("c.txt")]);
        assert!(paths.name(&path("z.log")));
        assert!(!paths.name(&path("sub/z.log")));
        assert!(!paths.name(&path("b.log")));

        let paths = Paths::new(&[glob("") + "/*.log"], &[glob("") + "//a.log", glob("") + "/.//./b.log"]);
        assert!(paths.find().paths.is_empty(), "a separator may be written several times");

        let paths = Paths::new(&[glob("c.*"), glob("*.log"), glob("*")], &[]);
        assert_eq!(
            paths.find().paths,
            [path("c.txt"), path("a.log"), path("b.log")],
            "in the order of the globs, each once"
        );
    }
}
