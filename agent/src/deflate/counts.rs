//! How often symbols are used, and the codes for that.

use super::Sequence;
use super::huffman::Codes;
use super::tables::{DISTANCES, Distance, END, LITERALS, LONGEST_DISTANCE, LONGEST_LITERAL, SAID};

/// How often each symbol is used in a slice.
pub(super) struct Counts {
    literals: [u32; LITERALS],
    distances: [u32; DISTANCES],
    extra_bits: usize,
}

impl Counts {
    /// The counts of `sequences`, which say `plain`.
    pub(super) fn of(sequences: &[Sequence], plain: &[u8]) -> Self {
        let mut counts = Self { literals: [0; LITERALS], distances: [0; DISTANCES], extra_bits: 0 };
        // The same byte comes again soon: in two tables its count is not waited for.
        let mut odd = [0_u32; 256];
        let mut rest = plain;
        for sequence in sequences {
            let (literals, more) = rest.split_at(sequence.literals as usize);
            rest = &more[usize::from(sequence.length)..];
            let (pairs, last) = literals.as_chunks::<2>();
            for [one, other] in pairs {
                counts.literals[usize::from(*one)] += 1;
                odd[usize::from(*other)] += 1;
            }
            for byte in last {
                counts.literals[usize::from(*byte)] += 1;
            }
            let Some(found) = sequence.found() else { continue };
            let (said, distance) = (&SAID[found.length], Distance::new(found.distance));
            counts.literals[usize::from(said.symbol)] += 1;
            counts.distances[distance.symbol] += 1;
            counts.extra_bits += usize::from(said.extra_bits) + distance.extra_bits as usize;
        }
        counts.literals.iter_mut().zip(odd).for_each(|(count, odd)| *count += odd);
        counts.literals[END] = 1;
        counts
    }

    /// The best codes for them, and how many bytes the slice takes with those.
    ///
    /// Slices that follow are written with the same codes, so what may come there has a code too: printable characters,
    /// every length and every distance. What is not there now counts little.
    pub(super) fn codes(mut self) -> (Codes<LITERALS>, Codes<DISTANCES>, usize) {
        const WEIGHT: u32 = 16;
        let actual = (self.literals, self.distances);
        for (symbol, count) in self.literals.iter_mut().enumerate() {
            let may_come = *count > 0 || (0x20..0x7f).contains(&symbol) || symbol >= END;
            *count = *count * WEIGHT + u32::from(may_come);
        }
        self.distances.iter_mut().for_each(|count| *count = *count * WEIGHT + 1);
        let literals = Codes::new(&self.literals, LONGEST_LITERAL);
        let distances = Codes::new(&self.distances, LONGEST_DISTANCE);
        let bits = literals.cost(&actual.0) + distances.cost(&actual.1) + self.extra_bits;
        (literals, distances, bits / 8)
    }
}
