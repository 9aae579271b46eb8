//! Kills the agent at calls that change what lies on the disk, and has it start again.
//!
//! A run without harm is traced first, and tells which calls there are. Then one run for each of them is killed when it comes
//! to that call, and another one brings the rest. `VIGIE_KILL_POINTS` is how many of them are taken (`all` of them in
//! `make proof`), `VIGIE_KILL_POINTS_SEED` which.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::place::{Place, Reading, lines};
use crate::store::wrong;
use crate::trace::{Call, DURABLE, durable_calls};

/// Points of a small run.
const FEW: usize = 6;
const SIDE_BY_SIDE: usize = 2;

type Point = (Reading, Call);

#[test]
fn a_kill_at_any_call_that_changes_the_disk_loses_nothing_and_doubles_nothing() {
    let all: Vec<Point> = Reading::ALL.into_iter().flat_map(points).collect();
    let found = all.len();
    let chosen = choose(all);
    let points = chosen.len();
    let (queue, outcome) = (Mutex::new(chosen), Outcome::default());
    thread::scope(|scope| {
        for _ in 0..SIDE_BY_SIDE {
            scope.spawn(|| work_off(&queue, &outcome));
        }
    });
    let Outcome { killed, failures } = outcome;
    let failures = failures.into_inner().expect("no one panicked");
    assert!(failures.is_empty(), "{} of {points} failed:\n{}", failures.len(), failures.join("\n"));
    let killed = killed.into_inner();
    assert!(killed * 2 > points, "only {killed} of {points} were reached");
    println!(
        "kill points: {points} of {found} calls, {killed} reached and killed there: 0 refusals, 0 lost, 0 doubled"
    );
}

/// What became of the points.
#[derive(Default)]
struct Outcome {
    killed: AtomicUsize,
    failures: Mutex<Vec<String>>,
}

/// Kills one run at each point of `queue`.
fn work_off(queue: &Mutex<Vec<Point>>, outcome: &Outcome) {
    let next = || queue.lock().expect("no one panicked").pop();
    while let Some((reading, call)) = next() {
        match kill_at(reading, &call) {
            Ok(was_killed) => drop(outcome.killed.fetch_add(usize::from(was_killed), Ordering::Relaxed)),
            Err(failure) => {
                let failure = format!("{reading:?}, {call:?}: {failure}");
                outcome.failures.lock().expect("no one panicked").push(failure);
            }
        }
    }
}

/// The calls that a run without harm makes.
fn points(reading: Reading) -> Vec<Point> {
    let place = Place::new(reading);
    let (trace, calls) = (place.path("trace"), format!("trace={}", DURABLE.join(",")));
    let status = place.run_under(&["-y", "-o", trace.to_str().expect("a plain name"), "-e", &calls]);
    assert!(status.success(), "strace is needed, and leave to trace processes: {status}\n{}", place.said());
    assert_eq!(wrong(&place.store.lines(), &lines()), None);
    let trace = fs::read_to_string(trace).expect("strace wrote a trace");
    let calls = durable_calls(&trace, &format!("{}/state", place.here()));
    assert!(calls.len() > 20, "{calls:?}");
    calls.into_iter().map(|call| (reading, call)).collect()
}

/// As many as are wanted, of all kinds.
fn choose(mut points: Vec<Point>) -> Vec<Point> {
    let wanted = std::env::var("VIGIE_KILL_POINTS").unwrap_or_else(|_| FEW.to_string());
    if wanted == "all" {
        return points;
    }
    let wanted: usize = wanted.parse().expect("VIGIE_KILL_POINTS is a number or `all`");
    let seed = std::env::var("VIGIE_KILL_POINTS_SEED").map_or(7, |seed| seed.parse().expect("a seed is a number"));
    let mut random: u64 = seed;
    let mut chosen = Vec::new();
    while chosen.len() < wanted && !points.is_empty() {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let at = usize::try_from((random >> 33) % points.len() as u64).expect("it is an index");
        chosen.push(points.swap_remove(at));
    }
    chosen
}

/// Kills one run at `call` and has another one bring the rest. Gives whether the call was reached.
fn kill_at(reading: Reading, call: &Call) -> Result<bool, String> {
    let place = Place::new(reading);
    let (traced, kill) =
        (format!("trace={}", call.name), format!("inject={}:signal=KILL:when={}", call.name, call.nth));
    let first = place.run_under(&["-o", "/dev/null", "-e", &traced, "-e", &kill]);
    let was_killed = first.signal() == Some(9);
    if !(was_killed || first.success()) {
        return Err(format!("it ended with {first} and said\n{}", place.said()));
    }
    let second = place.run();
    if !second.success() {
        return Err(format!("it does not start again: {second}\n{}", place.said()));
    }
    let (wrong, lost_letters) = (wrong(&place.store.lines(), &lines()), place.lost_letters());
    if wrong.is_some() || !lost_letters.is_empty() {
        return Err(format!("{wrong:?}, no dead letters of {lost_letters:?}\n{}", place.said()));
    }
    Ok(was_killed)
}
