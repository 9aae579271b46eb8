//! A disk that fails now and then: `strace` has calls of the agent fail with an error of its choice.
//!
//! The agent says so and counts it, goes on by itself, and what is stored in the end is every line, once.

use std::thread;

use crate::place::{Place, Reading, lines};
use crate::store::wrong;

const EIO: &str = "Input/output error";
const ENOSPC: &str = "No space left on device";
/// SQLite's own words.
const SQLITE_EIO: &str = "disk I/O error";
const SQLITE_FULL: &str = "database or disk is full";

/// What fails, and what is said of it: one of these.
struct Failure {
    /// As `strace -e inject=` takes it.
    inject: &'static str,
    /// A file below the folder, where only calls on it are to fail.
    path: Option<&'static str>,
    said: &'static [&'static str],
}

const FAILURES: [Failure; 8] = [
    // Requests put into the spool, and positions.
    Failure { inject: "fdatasync:error=EIO:when=3+5", path: None, said: &[EIO, SQLITE_EIO] },
    Failure { inject: "fdatasync:error=ENOSPC:when=2+2", path: None, said: &[ENOSPC, SQLITE_EIO, SQLITE_FULL] },
    // Directories.
    Failure { inject: "fsync:error=EIO:when=3+5", path: None, said: &[EIO] },
    Failure { inject: "rename:error=ENOSPC:when=2+3", path: None, said: &[ENOSPC] },
    Failure { inject: "unlink:error=EIO:when=2+2", path: None, said: &[EIO] },
    // Positions.
    Failure {
        inject: "pwrite64:error=ENOSPC:when=1..3",
        path: Some("state/tail.db-wal"),
        said: &[SQLITE_FULL, SQLITE_EIO],
    },
    Failure { inject: "write:error=ENOSPC:when=1+2", path: Some("state/dlq/store.ndjson"), said: &[ENOSPC] },
    Failure { inject: "fdatasync:error=EIO:when=1+2", path: Some("state/dlq/store.ndjson"), said: &[EIO] },
];

#[test]
fn a_disk_that_fails_now_and_then_loses_nothing_and_is_told() {
    thread::scope(|scope| {
        for failure in &FAILURES {
            scope.spawn(|| fails_now_and_then(failure));
        }
    });
    println!("disk failures: {} kinds, each again and again: no panic, 0 lost, 0 doubled", FAILURES.len());
}

fn fails_now_and_then(failure: &Failure) {
    let place = Place::new(Reading::SpooledFile);
    place.run_without_lines();
    let inject = format!("inject={}", failure.inject);
    let call = failure.inject.split(':').next().expect("a call is named");
    let (traced, path) = (format!("trace={call}"), failure.path.map(|path| place.path(path)));
    let trace = place.path("trace");
    let mut arguments = vec!["-o", trace.to_str().expect("a plain name"), "-e", &traced, "-e", &inject];
    if let Some(path) = &path {
        arguments.extend(["-P", path.to_str().expect("a plain name")]);
    }

    let status = place.run_under(&arguments);
    let said = place.said();
    let trace = std::fs::read_to_string(&trace).expect("strace wrote a trace");
    assert!(trace.contains("(INJECTED)"), "{inject} hit nothing:\n{said}");
    let again = place.run();

    assert!(status.success() && again.success(), "{inject}: {status}, then {again}\n{}", place.said());
    assert!(!said.contains("panicked"), "{inject}\n{said}");
    let is_told = |line: &str| failure.said.iter().any(|words| line.contains(words)) && line.contains("[error]");
    assert!(said.lines().any(is_told), "{inject}\n{said}");
    assert_eq!(wrong(&place.store.lines(), &lines()), None, "{inject}\n{}", place.said());
    assert_eq!(place.lost_letters(), Vec::<String>::new(), "{inject}\n{}", place.said());
}
