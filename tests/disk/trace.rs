//! Syscalls of the agent that change what lies on the disk, and how `strace` is told to meet one of them.

use std::collections::{BTreeMap, BTreeSet};

/// The syscalls that are looked at.
pub(crate) const DURABLE: [&str; 16] = [
    "openat",
    "write",
    "writev",
    "pwrite64",
    "fsync",
    "fdatasync",
    "rename",
    "renameat",
    "renameat2",
    "unlink",
    "unlinkat",
    "ftruncate",
    "fallocate",
    "mkdir",
    "mkdirat",
    "rmdir",
];

/// One call: the `nth` of its name on its thread, the first thread that comes so far.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Call {
    pub(crate) name: String,
    pub(crate) nth: u64,
}

/// The calls in a trace, made with `-f -y`, that change something below `folder`.
pub(crate) fn durable_calls(trace: &str, folder: &str) -> BTreeSet<Call> {
    let mut counts: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    let mut calls = BTreeSet::new();
    for line in trace.lines() {
        // `4711 openat(AT_FDCWD</tmp>, "/tmp/state/x", O_RDWR|O_CREAT, 0600) = 3`; the end of a call that was interrupted
        // begins with `<...` and is none of its own.
        let Some((thread, rest)) = line.split_once(' ') else { continue };
        let Some((name, arguments)) = rest.trim_start().split_once('(') else { continue };
        if !DURABLE.contains(&name) {
            continue;
        }
        let nth = counts.entry((thread, name)).or_default();
        *nth += 1;
        let is_durable = arguments.contains(folder) && (name != "openat" || arguments.contains("O_CREAT"));
        if is_durable {
            calls.insert(Call { name: name.to_owned(), nth: *nth });
        }
    }
    calls
}

#[test]
fn calls_are_counted_by_thread_and_name_and_only_those_below_the_folder_are_told() {
    let trace = "\
1 openat(AT_FDCWD</>, \"/lib/x\", O_RDONLY) = 3
1 openat(AT_FDCWD</>, \"/here/state/a\", O_RDWR|O_CREAT, 0600 <unfinished ...>
2 write(7</here/state/b>, \"x\", 1) = 1
1 <... openat resumed>) = 4
1 openat(AT_FDCWD</>, \"/here/state/a\", O_RDONLY) = 3
2 write(2</dev/null>, \"x\", 1) = 1
1 write(7</here/state/b>, \"x\", 1) = 1
2 write(7</here/state/b>, \"x\", 1) = 1
2 +++ exited with 0 +++
";

    let calls = durable_calls(trace, "/here/state");

    let calls: Vec<_> = calls.iter().map(|call| (&*call.name, call.nth)).collect();
    assert_eq!(calls, [("openat", 2), ("write", 1), ("write", 3)]);
}
