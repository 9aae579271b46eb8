//! Remembers source ranges that brought a worker down, so that none does it for ever.

/// How often a range may bring a worker down before it is set aside.
const PATIENCE: u32 = 3;
/// Ranges remembered at once; the oldest is forgotten first.
const REMEMBERED: usize = 64;

#[derive(Debug)]
struct Range {
    stream: u64,
    from: u64,
    to: u64,
    panics: u32,
}

/// Source ranges whose processing panicked.
#[derive(Debug, Default)]
pub(super) struct Poison {
    ranges: Vec<Range>,
}

impl Poison {
    /// Notes that the range [from, to) of `stream` brought its worker down.
    ///
    /// A range that was read again may be cut elsewhere, so what overlaps counts as the same, narrowed to the overlap.
    pub(super) fn note(&mut self, stream: u64, from: u64, to: u64) {
        if let Some(known) = self.overlapping(stream, from, to) {
            known.panics += 1;
            known.from = known.from.max(from);
            known.to = known.to.min(to);
            return;
        }
        if self.ranges.len() == REMEMBERED {
            self.ranges.remove(0);
        }
        self.ranges.push(Range { stream, from, to, panics: 1 });
    }

    /// Whether [from, to) of `stream` must be set aside.
    pub(super) fn is_known(&mut self, stream: u64, from: u64, to: u64) -> bool {
        self.overlapping(stream, from, to).is_some_and(|range| range.panics >= PATIENCE)
    }

    fn overlapping(&mut self, stream: u64, from: u64, to: u64) -> Option<&mut Range> {
        let overlaps = |range: &&mut Range| range.stream == stream && range.from < to && from < range.to;
        self.ranges.iter_mut().find(overlaps)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_set_aside_after_three_panics_even_when_cut_differently() {
        let mut poison = Poison::default();

        poison.note(1, 0, 100);
        poison.note(1, 50, 150);
        assert!(!poison.is_known(1, 50, 100));
        poison.note(1, 60, 100);

        assert!(poison.is_known(1, 0, 70));
        assert!(!poison.is_known(1, 0, 60), "the poison lies in [60, 100)");
        assert!(!poison.is_known(2, 60, 100), "another stream");
    }
}
