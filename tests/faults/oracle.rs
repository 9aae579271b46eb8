//! Holds what was issued against what was delivered, dead-lettered and declared dropped, and against what the agent counts.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::catalogue::{Ends, Fault};
use crate::plan::{Interruption, Plan, is_odd, number_of};
use crate::run::{Tally, odd};
use crate::server::State;
use crate::store;

/// What the agent counts of its output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counters {
    delivered: u64,
    duplicates: u64,
    dead_lettered: u64,
    dropped: u64,
    mended: u64,
    /// Records to be sent again, whatever for.
    again: u64,
}

impl Counters {
    /// Reads the text format of Prometheus.
    pub(crate) fn read(text: &str) -> Self {
        let sum = |name: &str| {
            let values = text.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix('{')?.split_once("} "));
            values.filter_map(|(_, value)| value.split(' ').next()?.parse::<u64>().ok()).sum()
        };
        Self {
            delivered: sum("fluentbit_output_proc_records_total"),
            duplicates: sum("vigie_output_duplicate_records_total"),
            dead_lettered: sum("vigie_output_dead_letter_records_total"),
            dropped: sum("fluentbit_output_dropped_records_total"),
            mended: sum("vigie_output_repaired_records_total"),
            again: sum("vigie_output_retried_records_total"),
        }
    }

    /// Records that came to an end.
    pub(crate) fn settled(&self) -> u64 {
        self.delivered + self.dead_lettered + self.dropped
    }
}

/// The numbers of the lines that have dead letters.
pub(crate) fn letters(letters: &[Value]) -> BTreeSet<u64> {
    letters.iter().filter_map(|letter| store::text(&letter["document"])).filter_map(number_of).collect()
}

/// A run at its end.
pub(crate) struct Outcome<'a> {
    pub(crate) fault: &'a Fault,
    pub(crate) plan: &'a Plan,
    pub(crate) state: &'a State,
    pub(crate) letters: Vec<Value>,
    /// Of an agent that was not started twice.
    pub(crate) counters: Option<Counters>,
}

impl Outcome<'_> {
    /// What differs from what must be, if anything.
    pub(crate) fn check(&self) -> Result<(), String> {
        let stored = self.stored()?;
        let letters = letters(&self.letters);
        let must = |holds: bool, what: String| if holds { Ok(()) } else { Err(what) };
        let few = |numbers: Vec<u64>| format!("{}: {:?}", numbers.len(), &numbers[..numbers.len().min(20)]);

        let both: Vec<u64> =
            stored.keys().filter(|number| letters.contains(number) && !self.may_be_both(**number)).copied().collect();
        must(both.is_empty(), format!("stored and dead-lettered: {}", few(both)))?;
        let is_settled = |number: &u64| stored.contains_key(number) || letters.contains(number);
        let open: Vec<u64> = (0..self.plan.lines).filter(|number| !is_settled(number)).collect();
        // How many were dropped is held against the counters.
        let declared = |number: &u64| match self.fault.ends {
            Ends::Dropped => is_odd(*number),
            ends => ends == Ends::SomeDropped,
        };
        must(open.iter().all(declared), format!("lost: {}", few(open)))?;
        let wrong: Vec<u64> = letters.iter().filter(|number| !self.may_be_refused(**number)).copied().collect();
        must(wrong.is_empty(), format!("dead-lettered for no fault of theirs: {}", few(wrong)))?;
        let refused: Vec<u64> =
            stored.keys().filter(|number| self.fault.refuses_odd() && is_odd(**number)).copied().collect();
        must(refused.is_empty(), format!("refused and stored: {}", few(refused)))?;
        let unexplained =
            self.letters.iter().filter(|letter| letter["error"]["type"].as_str().unwrap_or_default() == "");
        must(unexplained.count() == 0, "a dead letter without reason".into())?;
        let twice = self.letters.len() > letters.len() && !matches!(self.plan.interruption, Interruption::Kill(_));
        must(!twice, format!("{} dead letters of {} lines", self.letters.len(), letters.len()))?;
        must(self.state.told.broken == 0, "the server of the test went wrong".into())?;
        must(self.state.told.malformed == 0, "a request that a node would not take".into())?;
        self.check_counters(stored.len() as u64, letters.len() as u64)
    }

    /// The stored lines, each once and as it was written; whether its text was moved away.
    fn stored(&self) -> Result<BTreeMap<u64, bool>, String> {
        let mut stored = BTreeMap::new();
        for document in self.state.store.documents() {
            let text = store::text(document).ok_or_else(|| format!("invented: {document}"))?;
            let number = number_of(text).filter(|number| *number < self.plan.lines && self.plan.line(*number) == text);
            let number = number.ok_or_else(|| format!("invented: {document}"))?;
            let is_mended = store::is_mended(document);
            let may_differ = self.fault.ends == Ends::SomeMended && (is_mended || !is_odd(number));
            if !may_differ && is_mended != (self.fault.ends == Ends::Mended && is_odd(number)) {
                return Err(format!("mended or not, against what was refused: {document}"));
            }
            if stored.insert(number, is_mended).is_some() {
                return Err(format!("stored twice: {number}"));
            }
        }
        Ok(stored)
    }

    /// A kill may fall between a letter and the answer for it. Read again, a line whose retries were used up may be stored; it
    /// has the id of its letter then, which does no harm when it is sent again.
    fn may_be_both(&self, number: u64) -> bool {
        let is_killed = matches!(self.plan.interruption, Interruption::Kill(_));
        let mut own =
            self.letters.iter().filter(|letter| store::text(&letter["document"]).and_then(number_of) == Some(number));
        let is_stored = |letter: &Value| {
            letter["id"].as_str().is_some_and(|id| self.state.store.look_up(store::TARGET, &[id.to_owned()]).1 == 1)
        };
        self.fault.ends == Ends::Either && is_killed && own.all(is_stored)
    }

    fn may_be_refused(&self, number: u64) -> bool {
        self.fault.ends == Ends::Either || (self.fault.ends == Ends::DeadLettered && is_odd(number))
    }

    fn check_counters(&self, stored: u64, letters: u64) -> Result<(), String> {
        let Some(counters) = self.counters else { return Ok(()) };
        let told = &self.state.told;
        let lost = self.plan.lines - stored;
        let of_ends = |ends: Ends| if self.fault.ends == ends { odd(self.plan.lines) } else { 0 };
        let again = if self.fault.is_exact() { told.again } else { counters.again.max(told.again) };
        let duplicates = if self.fault.is_exact() { told.duplicates } else { counters.duplicates.min(told.duplicates) };
        let must = Counters {
            delivered: stored,
            duplicates,
            dead_lettered: letters,
            dropped: if self.fault.ends == Ends::SomeDropped { lost } else { of_ends(Ends::Dropped) },
            mended: if self.fault.ends == Ends::SomeMended { counters.mended } else { of_ends(Ends::Mended) },
            again,
        };
        if counters == must { Ok(()) } else { Err(format!("the agent counts {counters:?} where it must be {must:?}")) }
    }

    /// What it came to.
    pub(crate) fn tally(&self) -> Tally {
        let documents = self.state.store.documents().filter_map(store::text).filter_map(number_of);
        let delivered: BTreeSet<u64> = documents.collect();
        let letters = letters(&self.letters).difference(&delivered).count() as u64;
        let delivered = delivered.len() as u64;
        Tally {
            lines: self.plan.lines,
            delivered,
            letters,
            dropped: self.plan.lines - delivered - letters,
            strikes: self.state.told.strikes,
            interruptions: u64::from(self.plan.interruption != Interruption::Nothing),
        }
    }
}

/// A run of ten lines of which those in `lost` are not stored, and what the oracle says after `change`.
fn said_of(ends: Ends, lost: &[u64], change: impl FnOnce(&mut State, &mut Vec<Value>, &mut Counters)) -> String {
    let fault = Fault { ends, ..crate::catalogue::FAULTS[0] };
    let plan = Plan { lines: 10, interruption: Interruption::Nothing, ..Plan::new(&fault, 0) };
    let mut state = State::new(&fault, &plan);
    for number in (0..10).filter(|number| !lost.contains(number)) {
        state.store.put(&item(number, &plan.line(number)));
    }
    let mut letters = Vec::new();
    let mut counters = Counters { delivered: 10 - lost.len() as u64, ..Counters::default() };
    change(&mut state, &mut letters, &mut counters);
    let outcome = Outcome { fault: &fault, plan: &plan, state: &state, letters, counters: Some(counters) };
    outcome.check().err().unwrap_or_default()
}

fn item(id: u64, line: &str) -> store::Item {
    let (action, target) = ("create".to_owned(), store::TARGET.to_owned());
    store::Item { action, target, id: id.to_string(), document: json!({"log": line}) }
}

fn letter(number: u64, kind: &str) -> Value {
    let line = Plan { lines: 10, ..Plan::new(&crate::catalogue::FAULTS[0], 0) }.line(number);
    json!({"error": {"type": kind}, "document": {"log": line}})
}

#[test]
fn the_oracle_sees_what_is_lost_doubled_invented_or_miscounted() {
    let line = |number| Plan::new(&crate::catalogue::FAULTS[0], 0).line(number);
    let dead = Ends::DeadLettered;
    let said = [
        (said_of(Ends::Stored, &[], |_, _, _| {}), ""),
        (said_of(Ends::Stored, &[4], |_, _, _| {}), "lost: 1: [4]"),
        (said_of(Ends::Stored, &[], |state, _, _| state.store.put_all(&[item(77, &line(4))])), "stored twice: 4"),
        (said_of(Ends::Stored, &[], |state, _, _| state.store.put_all(&[item(77, "line 4 \"\" ")])), "invented"),
        (said_of(Ends::Stored, &[], |state, _, _| state.store.put_all(&[item(77, &line(10))])), "invented"),
        (said_of(Ends::Stored, &[4], |_, letters, _| letters.push(letter(4, "x"))), "dead-lettered for no fault"),
        (said_of(dead, &[3], |_, letters, _| letters.push(letter(3, ""))), "a dead letter without reason"),
        (said_of(dead, &[], |_, letters, _| letters.push(letter(3, "x"))), "stored and dead-lettered: 1: [3]"),
        (said_of(dead, &[], |_, _, _| {}), "refused and stored: 1: [3]"),
        (said_of(dead, &[3], |_, letters, _| letters.extend([letter(3, "x"), letter(3, "x")])), "2 dead letters of 1"),
        (said_of(dead, &[3], |_, letters, _| letters.push(letter(3, "x"))), "the agent counts"),
        (said_of(Ends::Dropped, &[3], |_, _, counters| counters.dropped = 1), ""),
        (said_of(Ends::Dropped, &[3], |_, _, _| {}), "the agent counts"),
        (said_of(Ends::Stored, &[], |_, _, counters| counters.delivered = 9), "the agent counts"),
    ];
    for (said, expected) in said {
        assert!(said.starts_with(expected) && said.is_empty() == expected.is_empty(), "{said}, expected {expected}");
    }
}
