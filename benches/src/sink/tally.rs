//! Counts what arrived: per file a bitmap of the numbers seen, so that losses and doubles show exactly.

use std::collections::{BTreeMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::{Value, json};

use super::bulk::Marker;
use super::delays::Delays;

/// What a sink has seen so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// Bulk requests that were read whole.
    pub requests: u64,
    /// Documents stored.
    pub documents: u64,
    /// Bytes of bodies after inflation.
    pub plain_bytes: u64,
    /// Bytes of bodies as they came.
    pub wire_bytes: u64,
    /// Events that are missing below the highest number of their file, or below what was expected of it.
    pub lost: u64,
    /// Documents whose event was stored before.
    pub doubled: u64,
    /// Documents without number, such as later lines of a stack trace.
    pub unmarked: u64,
    /// Documents answered with status 400.
    pub refused: u64,
    /// Documents answered with status 429.
    pub again: u64,
    /// Documents answered with status 409.
    pub conflicts: u64,
    /// Requests answered with an error as a whole, or cut off on purpose.
    pub failed_requests: u64,
    /// Requests that were no valid bulk request.
    pub malformed: u64,
    /// Events stored, by file.
    pub events: BTreeMap<u32, u64>,
    /// User and system time of the whole process, in seconds.
    pub cpu_seconds: f64,
    /// User and system time of the threads that serve connections, without the last answer of each, in seconds.
    pub served_seconds: f64,
}

impl Report {
    /// The report as one JSON object.
    pub fn to_json(&self) -> Value {
        json!({
            "requests": self.requests,
            "documents": self.documents,
            "plain_bytes": self.plain_bytes,
            "wire_bytes": self.wire_bytes,
            "lost": self.lost,
            "doubled": self.doubled,
            "unmarked": self.unmarked,
            "refused": self.refused,
            "again": self.again,
            "conflicts": self.conflicts,
            "failed_requests": self.failed_requests,
            "malformed": self.malformed,
            "events": self.events.iter().map(|(src, count)| (src.to_string(), json!(count))).collect::<serde_json::Map<_, _>>(),
            "cpu_seconds": self.cpu_seconds,
            "served_seconds": self.served_seconds,
        })
    }
}

/// Numbers of one file.
#[derive(Debug, Default)]
struct Numbers {
    stored: Bits,
    refused: Bits,
}

/// A set of numbers.
#[derive(Debug, Default)]
struct Bits {
    words: Vec<u64>,
    count: u64,
}

impl Bits {
    /// Adds `number`. Gives whether it is new.
    fn insert(&mut self, number: u32) -> bool {
        let word = number as usize / 64;
        if word >= self.words.len() {
            self.words.resize((word + 1).next_power_of_two(), 0);
        }
        let bit = 1 << (number % 64);
        let is_new = self.words[word] & bit == 0;
        self.words[word] |= bit;
        self.count += u64::from(is_new);
        is_new
    }

    fn end(&self) -> u64 {
        let Some(last) = self.words.iter().rposition(|word| *word != 0) else { return 0 };
        last as u64 * 64 + u64::from(64 - self.words[last].leading_zeros())
    }

    fn only_here(&self, other: &Self) -> u64 {
        let others = other.words.iter().copied().chain(std::iter::repeat(0));
        self.words.iter().zip(others).map(|(word, other)| u64::from((word & !other).count_ones())).sum()
    }
}

/// The counters behind a [`Report`].
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) report: Report,
    expected: BTreeMap<u32, u64>,
    numbers: BTreeMap<u32, Numbers>,
    ids: HashSet<u64>,
    /// Items that were not refused as no JSON, for faults that hit every nth.
    pub(super) items_judged: u64,
    pub(super) delays: Delays,
}

impl Tally {
    /// Starts with what each file is expected to hold: events by number of the file.
    pub(super) fn new(expected: &BTreeMap<u32, u64>) -> Self {
        Self { expected: expected.clone(), ..Self::default() }
    }

    /// Remembers `id`. Gives whether it is new.
    pub(super) fn insert_id(&mut self, index: &[u8], id: &[u8]) -> bool {
        let mut hasher = DefaultHasher::new();
        (index, id).hash(&mut hasher);
        self.ids.insert(hasher.finish())
    }

    /// Counts a stored document.
    pub(super) fn store(&mut self, marker: Option<Marker>) {
        self.report.documents += 1;
        let Some(marker) = marker else {
            self.report.unmarked += 1;
            return;
        };
        let is_new = self.numbers.entry(marker.src).or_default().stored.insert(marker.seq);
        self.report.doubled += u64::from(!is_new);
    }

    /// Counts a document that was refused for good.
    pub(super) fn refuse(&mut self, marker: Option<Marker>) {
        self.report.refused += 1;
        if let Some(marker) = marker {
            self.numbers.entry(marker.src).or_default().refused.insert(marker.seq);
        }
    }

    /// What was seen so far, without times.
    pub(super) fn report(&self) -> Report {
        let mut report = self.report.clone();
        report.events = self.numbers.iter().map(|(src, numbers)| (*src, numbers.stored.count)).collect();
        report.lost = self
            .numbers
            .keys()
            .chain(self.expected.keys())
            .collect::<HashSet<_>>()
            .into_iter()
            .map(|src| self.lost(*src))
            .sum();
        report
    }

    fn lost(&self, src: u32) -> u64 {
        let expected = self.expected.get(&src).copied().unwrap_or(0);
        let Some(numbers) = self.numbers.get(&src) else { return expected };
        let end = numbers.stored.end().max(numbers.refused.end()).max(expected);
        end - numbers.stored.count - numbers.refused.only_here(&numbers.stored)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marker(src: u32, seq: u32) -> Option<Marker> {
        Some(Marker { src, seq })
    }

    #[test]
    fn gaps_are_lost_and_repetitions_doubled() {
        let mut tally = Tally::new(&BTreeMap::new());
        for seq in [0, 1, 2, 5, 5, 70, 2] {
            tally.store(marker(4, seq));
        }
        tally.store(None);

        let report = tally.report();

        assert_eq!((report.documents, report.lost, report.doubled, report.unmarked), (8, 66, 2, 1));
        assert_eq!(report.events, BTreeMap::from([(4, 5)]));
    }

    #[test]
    fn what_is_expected_is_missed_even_at_the_end_and_where_nothing_came() {
        let mut tally = Tally::new(&BTreeMap::from([(0, 10), (1, 5)]));
        tally.store(marker(0, 0));

        assert_eq!(tally.report().lost, 9 + 5);
    }

    #[test]
    fn a_refused_event_is_not_lost() {
        let mut tally = Tally::new(&BTreeMap::from([(0, 4)]));
        tally.store(marker(0, 0));
        tally.refuse(marker(0, 1));
        tally.refuse(marker(0, 3));
        tally.store(marker(0, 3));

        assert_eq!((tally.report().lost, tally.report().refused), (1, 2));
    }
}
