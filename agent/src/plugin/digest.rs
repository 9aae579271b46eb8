//! The digest of source bytes.
//!
//! Products of words with a secret, 16 bytes at a time in three lanes. Two texts share a digest by chance only, for whoever does
//! not know the secret. What leaves the host is a keyed hash of it, not the digest itself.

/// What is mixed into the text.
pub(super) type Secret = [u64; 4];

/// What a digest is hashed with.
pub(super) type Key = [u64; 2];

/// The keyed hash of a digest: SipHash-1-3 of its eight bytes.
#[inline]
pub(super) fn sealed(digest: u64, [one, other]: Key) -> u64 {
    let mut state = [
        one ^ 0x736f_6d65_7073_6575,
        other ^ 0x646f_7261_6e64_6f6d,
        one ^ 0x6c79_6765_6e65_7261,
        other ^ 0x7465_6462_7974_6573,
    ];
    // Its bytes, then their number.
    for word in [digest, 8 << 56] {
        state[3] ^= word;
        sip_round(&mut state);
        state[0] ^= word;
    }
    state[2] ^= 0xff;
    for _ in 0..3 {
        sip_round(&mut state);
    }
    state[0] ^ state[1] ^ state[2] ^ state[3]
}

#[inline(always)]
fn sip_round([a, b, c, d]: &mut [u64; 4]) {
    *a = a.wrapping_add(*b);
    *c = c.wrapping_add(*d);
    *b = b.rotate_left(13) ^ *a;
    *d = d.rotate_left(16) ^ *c;
    *a = a.rotate_left(32).wrapping_add(*d);
    *c = c.wrapping_add(*b);
    *d = d.rotate_left(21) ^ *a;
    *b = b.rotate_left(17) ^ *c;
    *c = c.rotate_left(32);
}

/// Digest of `bytes`.
#[inline]
pub(super) fn digest(bytes: &[u8], secret: &Secret) -> u64 {
    let (blocks, rest) = bytes.as_chunks::<48>();
    let mut lanes = [secret[3]; 3];
    for block in blocks {
        for (at, pair) in block.as_chunks::<16>().0.iter().enumerate() {
            lanes[at] = mix(word(pair, 0) ^ secret[at], word(pair, 8) ^ lanes[at]);
        }
    }
    let mut state = lanes[0] ^ lanes[1].rotate_left(21) ^ lanes[2].rotate_left(42);
    let mut rest = rest;
    while let Some((pair, more)) = rest.split_first_chunk::<16>()
        && !more.is_empty()
    {
        state = mix(word(pair, 0) ^ secret[0], word(pair, 8) ^ state);
        rest = more;
    }
    let last = last_pair(bytes);
    // The length tells a text from the same one with zeros behind it.
    mix(word(&last, 0) ^ secret[1] ^ bytes.len() as u64, word(&last, 8) ^ state ^ secret[2])
}

/// The last 16 bytes, or all of them and zeros.
#[inline(always)]
fn last_pair(bytes: &[u8]) -> [u8; 16] {
    bytes.last_chunk().copied().unwrap_or_else(|| {
        let mut short = [0; 16];
        short[..bytes.len()].copy_from_slice(bytes);
        short
    })
}

#[inline(always)]
fn word(pair: &[u8; 16], at: usize) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&pair[at..at + 8]);
    u64::from_le_bytes(word)
}

/// Both halves of the product.
#[inline(always)]
fn mix(one: u64, other: u64) -> u64 {
    let product = u128::from(one) * u128::from(other);
    #[expect(clippy::cast_possible_truncation, reason = "each half has 64 bits")]
    let folded = product as u64 ^ (product >> 64) as u64;
    folded
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;
    use siphasher::sip::SipHasher13;

    use super::*;

    const SECRET: Secret = [0x2d35_8dcc_aa6c_78a5, 0x8bb8_4b93_962e_acc9, 0x4b33_a62e_d433_d4a3, 0x4d5a_2da5_1de1_aa47];

    proptest! {
        #[test]
        fn a_change_of_one_bit_changes_the_digest(
            text in proptest::collection::vec(any::<u8>(), 1..200),
            at in any::<prop::sample::Index>(),
            bit in 0..8_u32,
        ) {
            let mut other = text.clone();
            other[at.index(text.len())] ^= 1 << bit;
            prop_assert_ne!(digest(&text, &SECRET), digest(&other, &SECRET));
        }

        #[test]
        fn a_digest_is_sealed_as_every_sip_hash_does_it(digest: u64, one: u64, other: u64) {
            let expected = SipHasher13::new_with_keys(one, other).hash(&digest.to_le_bytes());
            prop_assert_eq!(sealed(digest, [one, other]), expected);
        }

        #[test]
        fn the_secret_changes_the_digest(text in proptest::collection::vec(any::<u8>(), 0..200), at in 0..4_usize, bit in 0..64_u32) {
            let mut other = SECRET;
            other[at] ^= 1 << bit;
            prop_assume!(at > 0 || text.len() > 16);
            prop_assert_ne!(digest(&text, &SECRET), digest(&text, &other));
        }
    }

    #[test]
    fn texts_that_differ_little_have_digests_that_differ() {
        let zeros = [0; 200];
        let runs = (0..=200).map(|length| digest(&zeros[..length], &SECRET));
        let numbers = (1..100_000_u32).map(|number| digest(format!("line {number} of a log").as_bytes(), &SECRET));
        let digests: Vec<u64> = runs.chain(numbers).collect();

        let low: HashSet<u32> = digests.iter().map(|digest| u32::try_from(digest >> 32).expect("half")).collect();

        assert_eq!(digests.iter().collect::<HashSet<_>>().len(), digests.len());
        assert!(digests.len() - low.len() < 20, "halves of {} repeat", digests.len() - low.len());
    }
}
