//! Proof by fault: whatever a store, or what stands before it, does wrong, every line is delivered once, dead-lettered with
//! its reason, or declared dropped, and the agent counts the same.
//!
//! A server in this process keeps documents as OpenSearch does, and lets one named fault strike the requests of an agent that
//! runs with a real configuration. A seed decides when it strikes, and in some runs the agent is killed or stopped in between
//! and started again. One seed for each fault by default; `make proof` runs more: `VIGIE_FAULT_SEEDS` of them from
//! `VIGIE_FAULT_FIRST_SEED` on, and `VIGIE_FAULT_NAMES` chooses faults by a part of their names.

#![allow(
    clippy::disallowed_methods,
    reason = "tests read small files of their own, and their deadlines run on the real clock"
)]

mod answers;
mod catalogue;
mod certificates;
mod damage;
mod link;
mod oracle;
mod plan;
mod run;
mod server;
mod store;
mod support;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use catalogue::{FAULTS, Fault};
use run::Tally;

/// Runs at the same time: most of each is waiting.
const AT_ONCE: usize = 6;
/// Faults that are promised.
const PROMISED: usize = 30;

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect("the environment holds numbers"))
}

/// Among the faults are answers later than `response_timeout`.
#[test]
fn nothing_is_lost_doubled_or_invented_whatever_fault_strikes() {
    let (seeds, first) = (number("VIGIE_FAULT_SEEDS", 1), number("VIGIE_FAULT_FIRST_SEED", 0));
    let chosen = std::env::var("VIGIE_FAULT_NAMES").unwrap_or_default();
    let faults: Vec<&Fault> = FAULTS.iter().filter(|fault| fault.name.contains(&chosen)).collect();
    let cases: Vec<(&Fault, u64)> =
        (first..first + seeds).flat_map(|seed| faults.iter().map(move |fault| (*fault, seed))).collect();

    let (sum, failures) = run_all(&cases);

    assert!(failures.is_empty(), "{} of {} runs failed:\n\n{}", failures.len(), cases.len(), failures.join("\n\n"));
    let Tally { lines, delivered, letters, dropped, strikes, interruptions } = sum;
    println!(
        "fault matrix: {} faults x {seeds} seeds: {lines} lines = {delivered} delivered + {letters} dead-lettered + {dropped} declared \
         dropped; {strikes} strikes, {interruptions} kills and stops",
        faults.len(),
    );
}

/// Runs all cases; gives their sum and what failed.
fn run_all(cases: &[(&Fault, u64)]) -> (Tally, Vec<String>) {
    let next = AtomicUsize::new(0);
    let found = Mutex::new((Tally::default(), Vec::new()));
    let work = || {
        while let Some((fault, seed)) = cases.get(next.fetch_add(1, Ordering::SeqCst)) {
            let result = run_one(fault, *seed);
            let (sum, failures) = &mut *found.lock().expect("nothing panics here");
            match result {
                Ok(tally) => sum.add(tally),
                Err(flaw) => failures.push(format!("=== {} with seed {seed}: {flaw}", fault.name)),
            }
        }
    };
    thread::scope(|scope| (0..AT_ONCE).for_each(|_| drop(scope.spawn(work))));
    found.into_inner().expect("nothing panics here")
}

/// Runs one case. One that does not come to an end is a failure like others.
fn run_one(fault: &Fault, seed: u64) -> Result<Tally, String> {
    catch_unwind(AssertUnwindSafe(|| run::run(fault, seed))).unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref().copied());
        Err(said.unwrap_or("a panic").to_owned())
    })
}

#[test]
fn the_faults_are_as_many_as_promised_and_have_names_of_their_own() {
    let names: BTreeSet<&str> = FAULTS.iter().map(|fault| fault.name).collect();

    assert_eq!(names.len(), FAULTS.len());
    assert!(names.len() >= PROMISED, "{}", names.len());
}
