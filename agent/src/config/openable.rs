//! Whether a file or directory could be made, for checks that leave nothing behind.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::Path;

use rustix::fs::{Access, CWD, Mode, OFlags, access, openat};
use rustix::io::Errno;

/// Looks whether files could be made in `directory`, and it and those it lies in too, as far as they are missing.
///
/// # Errors
/// As making the directory or a file in it would fail.
pub fn could_fill(directory: &Path) -> io::Result<()> {
    // A link that leads nowhere is there, too.
    let is_there = |path: &&Path| path.symlink_metadata().is_ok();
    let there = directory.ancestors().map(or_here).find(is_there).unwrap_or(Path::new("."));
    if !there.is_dir() {
        let errno = if there == directory { Errno::EXIST } else { Errno::NOTDIR };
        return Err(errno.into());
    }
    make_nameless(there)
}

/// Looks whether the file `path` could be appended to, or made.
///
/// # Errors
/// As opening it would fail.
pub fn could_append(path: &Path) -> io::Result<()> {
    let metadata = match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return could_make(path),
        metadata => metadata?,
    };
    if metadata.is_dir() {
        return Err(Errno::ISDIR.into());
    }
    // A pipe is not opened: its reader would see it close again.
    access(path, Access::WRITE_OK).map_err(io::Error::from)
}

fn could_make(path: &Path) -> io::Result<()> {
    let directory = directory_of(path);
    // Of a link what it points to is made, which in turn may be a link.
    match fs::read_link(path) {
        Ok(target) => could_make(&directory.join(target)),
        // A name that is too long, or too odd, is found without a file.
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Err(_) => {
            fs::metadata(directory)?;
            make_nameless(directory)
        }
    }
}

/// Makes a file in `directory` that never has a name; where the file system cannot, one that is removed at once.
fn make_nameless(directory: &Path) -> io::Result<()> {
    let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
    match openat(CWD, directory, flags, Mode::RUSR | Mode::WUSR) {
        Ok(_) => Ok(()),
        Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL) => make_and_remove(directory),
        Err(errno) => Err(errno.into()),
    }
}

fn make_and_remove(directory: &Path) -> io::Result<()> {
    let path = directory.join(format!(".vigie-probe-{}", std::process::id()));
    let made: io::Result<File> = OpenOptions::new().create_new(true).write(true).open(&path);
    made?;
    fs::remove_file(path)
}

/// The directory that `path` lies in.
pub fn directory_of(path: &Path) -> &Path {
    path.parent().map_or(Path::new("."), or_here)
}

/// A path of no components is the directory of the process.
pub fn or_here(directory: &Path) -> &Path {
    if directory.as_os_str().is_empty() { Path::new(".") } else { directory }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn what_could_be_made_is_told_as_making_it_would_and_nothing_is_left() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        fs::write(at("file"), "kept").expect("written");
        fs::create_dir(at("inner")).expect("made");
        symlink("inner/new.log", at("link")).expect("made");
        symlink("nowhere/new.log", at("broken")).expect("made");
        let long = "x".repeat(300);
        let append = |path: &Path| OpenOptions::new().create(true).append(true).open(path).map(drop);
        let fill = |path: &Path| fs::create_dir_all(path);

        for name in ["file", "new.log", "link", "broken", "inner", "nowhere/x.log", "file/x.log", &long] {
            let told = could_append(&at(name)).map_err(|error| error.to_string());
            let names = fs::read_dir(folder.path()).expect("it is read").count();
            assert_eq!(
                (names, fs::read_dir(at("inner")).expect("it is read").count()),
                (4, 0),
                "{name}: nothing is left"
            );
            assert_eq!(told, append(&at(name)).map_err(|error| error.to_string()), "{name}");
            drop(fs::remove_file(at("new.log")).or_else(|_| fs::remove_file(at("inner/new.log"))));
        }
        for name in ["file", "inner", "new/newer", "file/x", "broken"] {
            let told = could_fill(&at(name)).map_err(|error| error.to_string());
            assert!(!at("new").exists(), "nothing is left");
            assert_eq!(told, fill(&at(name)).map_err(|error| error.to_string()), "{name}");
            drop(fs::remove_dir_all(at("new")));
        }
        assert_eq!(crate::config::read_bounded(&at("file"), 9).expect("it is read"), "kept");
    }

    #[test]
    fn where_nothing_can_be_made_that_is_told() {
        assert!(could_append(Path::new("/proc/x.log")).is_err() && could_fill(Path::new("/proc/x/y")).is_err());
        assert!(could_append(Path::new("x.log")).is_ok() && could_fill(Path::new("x")).is_ok());
    }
}
