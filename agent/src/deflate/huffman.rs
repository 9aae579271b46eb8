//! Huffman codes of limited length.

/// Codes of an alphabet: of each symbol its code, ready to be written low bit first, and its length, 0 where it is not used.
#[derive(Clone, Copy, Debug)]
pub(super) struct Codes<const N: usize> {
    pub(super) codes: [u16; N],
    pub(super) lengths: [u8; N],
}

impl<const N: usize> Codes<N> {
    /// The best codes for symbols of these counts with at most `longest` bits, or nearly.
    pub(super) fn new(counts: &[u32; N], longest: usize) -> Self {
        let mut used: Vec<(u32, usize)> = counts
            .iter()
            .enumerate()
            .filter(|(_, count)| **count > 0)
            .map(|(symbol, count)| (*count, symbol))
            .collect();
        used.sort_unstable();
        let mut lengths = [0; N];
        match used.as_slice() {
            [] => {}
            [(_, only)] => lengths[*only] = 1,
            _ => {
                let of_length = limited(&depths(&used), longest);
                // The rarest symbols come first, and get the longest codes.
                let descending = (1..=longest).rev().flat_map(|length| (0..of_length[length]).map(move |_| length));
                for ((_, symbol), length) in used.iter().zip(descending) {
                    lengths[*symbol] = u8::try_from(length).expect("codes have at most 15 bits");
                }
            }
        }
        Self { codes: canonical(&lengths), lengths }
    }

    /// Bits that symbols of these counts take.
    pub(super) fn cost(&self, counts: &[u32; N]) -> usize {
        counts.iter().zip(self.lengths).map(|(count, length)| *count as usize * usize::from(length)).sum()
    }
}

/// How many symbols are how deep in the Huffman tree of `used`, which is sorted by counts and has two symbols or more.
fn depths(used: &[(u32, usize)]) -> Vec<usize> {
    let leaves = used.len();
    let mut weights: Vec<u64> = used.iter().map(|(count, _)| u64::from(*count)).collect();
    let mut parents = vec![0; 2 * leaves - 1];
    let (mut leaf, mut inner) = (0, leaves);
    for node in leaves..2 * leaves - 1 {
        let mut lighter = || {
            let takes_leaf = leaf < leaves && (inner >= node || weights[leaf] <= weights[inner]);
            let taken = if takes_leaf { &mut leaf } else { &mut inner };
            *taken += 1;
            *taken - 1
        };
        let (one, other) = (lighter(), lighter());
        weights.push(weights[one] + weights[other]);
        (parents[one], parents[other]) = (node, node);
    }
    let mut depth = vec![0; 2 * leaves - 1];
    for node in (0..2 * leaves - 2).rev() {
        depth[node] = depth[parents[node]] + 1;
    }
    let mut of_depth = vec![0; depth[..leaves].iter().max().map_or(0, |deepest| deepest + 1)];
    depth[..leaves].iter().for_each(|depth| of_depth[*depth] += 1);
    of_depth
}

/// How many codes of which length there are when none is longer than `longest`.
fn limited(of_depth: &[usize], longest: usize) -> Vec<usize> {
    let mut of_length = of_depth.to_vec();
    of_length.resize(of_length.len().max(longest + 1), 0);
    let too_long: usize = of_length.drain(longest + 1..).sum();
    of_length[longest] += too_long;
    // Parts of the whole that the codes take, in units of the longest.
    let mut taken: usize = of_length.iter().enumerate().map(|(length, count)| count << (longest - length)).sum();
    while taken > 1 << longest {
        // A shorter code becomes two longer ones, and a longest one finds its place beside.
        let shorter =
            (1..longest).rev().find(|length| of_length[*length] > 0).expect("there are fewer codes than places");
        of_length[longest] -= 1;
        of_length[shorter] -= 1;
        of_length[shorter + 1] += 2;
        taken -= 1;
    }
    of_length
}

/// The codes that follow from lengths, as deflate counts them, with their bits turned around.
fn canonical<const N: usize>(lengths: &[u8; N]) -> [u16; N] {
    let mut of_length = [0_u16; 16];
    lengths.iter().filter(|length| **length > 0).for_each(|length| of_length[usize::from(*length)] += 1);
    let mut next = [0_u16; 16];
    for length in 1..15 {
        next[length + 1] = (next[length] + of_length[length]) << 1;
    }
    let mut codes = [0; N];
    for (code, length) in codes.iter_mut().zip(lengths).filter(|(_, length)| **length > 0) {
        let number = &mut next[usize::from(*length)];
        *code = number.reverse_bits() >> (16 - length);
        *number += 1;
    }
    codes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn codes_are_complete_and_short_enough(counts in proptest::array::uniform32(prop_oneof![Just(0_u32), 1..10_u32, 1..1_000_000_000_u32]), longest in 5..16_usize) {
            let codes = Codes::new(&counts, longest);

            let used = counts.iter().filter(|count| **count > 0).count();
            prop_assert!(codes.lengths.iter().zip(counts).all(|(length, count)| (*length > 0) == (count > 0)));
            let taken: usize = codes.lengths.iter().filter(|length| **length > 0).map(|length| 1 << (longest - usize::from(*length))).sum();
            prop_assert!(used < 2 || taken == 1 << longest, "{taken}");
        }
    }

    #[test]
    fn rarer_symbols_have_longer_codes() {
        assert_eq!(Codes::new(&[10, 1, 5, 1, 0], 15).lengths, [1, 3, 2, 3, 0]);
        assert_eq!(Codes::new(&[1, 2, 4, 8, 16, 32], 3).lengths.iter().max(), Some(&3));
    }
}
