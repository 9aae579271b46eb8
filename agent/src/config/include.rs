//! Where files that a configuration names are found, and includes with `*`.

use std::path::{Path, PathBuf};

use super::document::Place;
use super::glob::files_named;
use super::openable::or_here;
use super::reader::{Reader, is_yaml};

impl Reader<'_> {
    /// Reads what `pattern`, a path or a glob named at `place`, stands for.
    pub(super) fn include(&mut self, pattern: &str, place: Place) {
        let is_glob = pattern.contains('*');
        let roots = self.roots(place, is_glob);
        if !is_glob {
            let path = resolve(&roots, Path::new(pattern));
            self.read(&path, Some(place));
            return;
        }
        let mut found = Vec::new();
        for root in &roots {
            found = match files_named(root, pattern) {
                Ok(found) => found,
                Err(reason) => return self.complain(Some(place), "V013", format!("`{pattern}`: {reason}")),
            };
            if !found.is_empty() {
                break;
            }
        }
        if found.is_empty() {
            let below: Vec<String> = roots.iter().map(|root| format!("`{}`", shown(root))).collect();
            let message = format!("no file matches `{pattern}`");
            self.findings.error(place, "V013", message).help(format!("looked below {}", below.join(", then ")));
        }
        for path in found {
            self.read(&path, Some(place));
        }
    }

    /// Where relative paths named at `place` are looked for: a YAML file looks beside itself first; then globs beside the main file, and
    /// single files where the process is, and each where the other is.
    fn roots(&self, place: Place, is_glob: bool) -> Vec<PathBuf> {
        let including = self.document.files.get(place.file as usize).map(|file| file.path.as_path());
        let beside = including.filter(|path| is_yaml(path)).and_then(Path::parent).map(Path::to_owned);
        let here = std::iter::once(PathBuf::new());
        let bases = self.bases.iter().cloned();
        let others: Vec<PathBuf> =
            if is_glob || beside.is_some() { bases.chain(here).collect() } else { here.chain(bases).collect() };
        let mut roots = Vec::new();
        for root in beside.into_iter().chain(others) {
            if !roots.contains(&root) {
                roots.push(root);
            }
        }
        roots
    }
}

/// The directories that the file `main` is in: the real one, and where it is a link, the one of the link.
pub(super) fn bases(main: &Path) -> Vec<PathBuf> {
    let Some(given) = main.parent() else { return Vec::new() };
    let real = |path: &Path| path.canonicalize().ok();
    let place = real(main).and_then(|main| main.parent().map(Path::to_owned));
    let elsewhere = place.filter(|place| real(or_here(given)).is_some_and(|here| here != *place));
    elsewhere.into_iter().chain([given.to_owned()]).collect()
}

/// `path` below the first of `roots` where it is there; as it is when it is nowhere.
pub(super) fn resolve(roots: &[PathBuf], path: &Path) -> PathBuf {
    let below = roots.iter().map(|root| root.join(path)).find(|below| below.exists());
    below.unwrap_or_else(|| path.to_owned())
}

fn shown(root: &Path) -> String {
    if root.as_os_str().is_empty() { ".".into() } else { root.display().to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As files of a ConfigMap are links into a directory beside them.
    #[test]
    fn a_linked_main_file_is_in_its_real_directory_first() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir(at("real")).expect("made");
        std::fs::write(at("real/a.conf"), "").expect("written");
        std::os::unix::fs::symlink("real/a.conf", at("a.conf")).expect("made");
        std::os::unix::fs::symlink("real", at("alias")).expect("made");

        let real = folder.path().canonicalize().expect("it is there").join("real");
        assert_eq!(bases(&at("a.conf")), [real, folder.path().to_owned()]);
        assert_eq!(bases(&at("real/a.conf")), [at("real")]);
        assert_eq!(bases(&at("alias/a.conf")), [at("alias")]);
        assert_eq!(bases(Path::new("none.conf")), [Path::new("")]);
    }
}
