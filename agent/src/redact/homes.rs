//! Whether a folder called `home`, behind others, holds those of users or the pages of a site: `/mnt/nfs/home/jane`, `/shop/home/news`.
//! Asked only where such a folder and a name behind it were seen.

use super::scanner::Pass;

/// Bytes before the folder in which the path must begin.
const REACH: usize = 160;
/// Folders between the first of a path and that one, at the most, where the first tells.
const MOST_BETWEEN: usize = 3;
/// First folders of paths to what is mounted or shared, a number behind them aside.
const MOUNTS: &[&[u8]] = &[
    b"mnt",
    b"net",
    b"nfs",
    b"nas",
    b"export",
    b"exports",
    b"host",
    b"hostfs",
    b"rootfs",
    b"run",
    b"vol",
    b"volume",
    b"volumes",
    b"Volumes",
    b"System",
    b"afs",
    b"gpfs",
    b"lustre",
    b"beegfs",
    b"ceph",
    b"cephfs",
    b"cygdrive",
    b"scratch",
];
/// Folders right before that one which are the first of their path.
const FIRST: &[&[u8]] = &[b"var", b"srv", b"usr", b"opt", b"tmp", b"share"];
/// Folders right before that one which are the root of a file system, wherever it lies.
const ROOTS: &[&[u8]] =
    &[b"root", b"rootfs", b"merged", b"diff", b"sysroot", b"chroot", b"hostfs", b"nfs", b"nas", b"export", b"exports"];
/// The same on Windows.
const WINDOWS: &[&[u8]] = &[b"cygwin", b"cygwin64", b"msys32", b"msys64", b"rootfs"];

impl Pass<'_> {
    /// Whether the folder at `at`, of which a name at `name` is the next one, holds the homes of users by what else is in its path.
    pub(super) fn is_of_files(&self, at: usize, name: usize) -> bool {
        let (mark, end) = (self.byte_before(at, 1), self.name_end(name));
        let is_whole = self.byte(end) != mark;
        // `/var/home/index.php`.
        if is_whole && self.text[name..end].contains(&b'.') {
            return false;
        }
        let before = &self.text[at.saturating_sub(REACH)..at - 1];
        let start = before.iter().rposition(|byte| !is_of_path(*byte, mark)).map_or(0, |last| last + 1);
        // A value right before the path is none of it.
        let found = self.found.last().map_or(0, |found| found.end as usize).saturating_sub(at - 1 - before.len());
        let is_glued = found > start && found <= before.len();
        let path = if is_glued { &before[found..] } else { &before[start..] };
        let path = path.strip_prefix(b"//").filter(|path| path.first() == Some(&b'/')).unwrap_or(path);
        let folders = || path.split(|byte| *byte == mark);
        let Some(parent) = folders().next_back() else { return false };
        if mark == b'\\' {
            // `\\server\home\jane`.
            let is_shared = path.starts_with(b"\\\\") && folders().count() == 3;
            return is_shared || WINDOWS.contains(&parent);
        }
        let is_absolute = is_glued || start > 0 || at - 1 == before.len();
        let marks = path.iter().take_while(|byte| matches!(byte, b'.' | b'-')).count();
        let Some(path) = path[marks..].strip_prefix(b"/").filter(|_| is_absolute) else { return false };
        let mut folders = path.split(|byte| *byte == b'/');
        let first = folders.next().unwrap_or_default();
        let between = folders.count();
        let digits = first.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
        let is_mounted = MOUNTS.contains(&&first[..first.len() - digits]) && between <= MOST_BETWEEN;
        !first.is_empty()
            && (is_mounted || between == 0 && FIRST.contains(&first) || ROOTS.contains(&parent) || self.is_file(end))
    }

    /// Whether what stands behind a name and a slash at `at` is a file that starts with a dot, or one of a log.
    fn is_file(&self, at: usize) -> bool {
        let ahead = &self.rest(at)[..self.rest(at).len().min(REACH)];
        let length = ahead.iter().take_while(|byte| is_of_path(**byte, b'/')).count();
        let path = &ahead[..length];
        path.starts_with(b"/.") && path.get(2).is_some_and(u8::is_ascii_alphabetic) || path.ends_with(b".log")
    }
}

/// Whether a path may have `byte` in it, with `mark` between its folders.
fn is_of_path(byte: u8, mark: u8) -> bool {
    byte == mark || byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'+' | b'$') || byte >= 0x80
}
