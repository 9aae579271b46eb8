//! How many bytes were found before a place, told without going through all findings again: a row of numbers behind one word may be a
//! finding from each of them on.

use super::Finding;

/// Findings that begin at one place, most often one. The last one counts.
#[derive(Clone, Copy, Debug)]
struct Place {
    start: u32,
    end: u32,
    /// Bytes of those that begin before: of each up to where the next one begins.
    before: u32,
    /// Findings up to these.
    count: u32,
}

/// What was found, by where it begins.
#[derive(Debug, Default)]
pub(super) struct Covered {
    places: Vec<Place>,
    /// Findings that were taken in.
    count: usize,
    /// The first place that was reached last time.
    near: usize,
    /// Whether any begins or ends before the one before it, so that nothing is told.
    are_mixed: bool,
    /// Findings and places that were looked at.
    looked: usize,
}

impl Covered {
    /// Takes in those that were `found` since.
    pub(super) fn add(&mut self, found: &[Finding]) {
        for one in found.get(self.count..).unwrap_or_default() {
            self.count += 1;
            let count = self.count as u32;
            let Some(last) = self.places.last_mut() else {
                self.places.push(Place { start: one.start, end: one.end, before: 0, count });
                continue;
            };
            self.are_mixed |= one.start < last.start || one.end < last.end;
            if one.start == last.start {
                (last.end, last.count) = (one.end, count);
            } else {
                let before = last.before + last.end.min(one.start).saturating_sub(last.start);
                self.places.push(Place { start: one.start, end: one.end, before, count });
            }
        }
    }

    /// How many were looked at since one asked last.
    pub(super) fn looked(&mut self) -> usize {
        std::mem::take(&mut self.looked)
    }

    /// From where on the bytes before `at` are so many besides what was `found` as they are from `from` on, and `floor` at the earliest.
    pub(super) fn start(&mut self, found: &[Finding], (at, from): (usize, usize), floor: usize) -> Option<usize> {
        if self.are_mixed {
            self.looked += found.len();
            return None;
        }
        // Of those that end behind `at` others may count that begin at the same places.
        let whole = self.places.iter().rposition(|place| place.end as usize <= at).map_or(0, |last| last + 1);
        let last = whole.checked_sub(1).map(|last| self.places[last]);
        let rest = &found[last.map_or(0, |last| last.count as usize)..];
        self.looked += rest.len() + self.places.len() - whole;
        let (from, behind, is_done) = start_by_each(rest, (at, from), floor);
        let Some(last) = last.filter(|_| !is_done) else { return Some(from.max(floor)) };
        let covered = last.before as usize + (last.end as usize).min(behind).saturating_sub(last.start as usize);
        let places = &self.places[..whole];
        let before = |number: usize| places.get(number).map_or(covered, |place| place.before as usize);
        let is_far = |number: usize| {
            let (place, next) = (places[number], places.get(number + 1).map_or(behind, |next| next.start as usize));
            (place.end as usize).min(next) + (covered - before(number + 1)) <= from || place.start as usize <= floor
        };
        // Most often it is as far as last time, or a little further.
        let mut first = self.near.min(whole);
        while first > 0 && !is_far(first - 1) {
            first -= 1;
        }
        while first < whole && is_far(first) {
            first += 1;
        }
        self.looked += first.abs_diff(self.near);
        self.near = first;
        Some(from.saturating_sub(covered - before(first)).max(floor))
    }
}

/// From where on the bytes before `at` are so many besides what was `found` as they are from `from` on, where what counts of that begins,
/// and whether further findings do not count, those before `floor` among them.
pub(super) fn start_by_each(found: &[Finding], (at, mut from): (usize, usize), floor: usize) -> (usize, usize, bool) {
    let mut behind = at;
    for one in found.iter().rev() {
        let (start, end) = (one.start as usize, one.end as usize);
        if end > at || start >= behind {
            continue;
        }
        if end <= from || start <= floor {
            return (from, behind, true);
        }
        from = from.saturating_sub(end.min(behind) - start);
        behind = start;
    }
    (from, behind, false)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn bytes_are_covered_as_one_by_one_tells(
            pieces in prop::collection::vec((0_u32..12, 1_u32..30, 0_u32..20), 1..60),
            places in prop::collection::vec((any::<prop::sample::Index>(), 1_usize..60), 1..20),
            far in 20_usize..300,
        ) {
            let (mut covered, mut found, mut start) = (Covered::default(), Vec::new(), 0);
            for (gap, length, more) in pieces {
                start += gap;
                found.push(Finding { start, end: start + length, detector: 0, score: 0 });
                if more < 4 {
                    found.push(Finding { start, end: start + length + more, detector: 1, score: 0 });
                }
            }
            for (place, bytes) in places {
                let at = place.index(start as usize + 40);
                let (from, floor) = (at.saturating_sub(bytes), at.saturating_sub(far));
                let known = place.index(found.len() + 1);
                covered.add(&found[..known.max(covered.count)]);
                let found = &found[..covered.count];
                if let Some(told) = covered.start(found, (at, from), floor) {
                    prop_assert_eq!(told, start_by_each(found, (at, from), floor).0.max(floor));
                }
            }
        }
    }
}
