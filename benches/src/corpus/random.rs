//! A small seeded source of numbers, so that a corpus is the same on every machine.

/// SplitMix64. Good enough for logs, never for secrets.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// Starts the sequence of `seed`.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`, which is not 0.
    pub fn below(&mut self, limit: u32) -> u32 {
        let high_half = self.bits() >> 32;
        let scaled = (high_half * u64::from(limit)) >> 32;
        u32::try_from(scaled).expect("a product of a 32-bit fraction and a 32-bit limit stays below the limit")
    }

    /// True once in `period` times.
    pub fn once_in(&mut self, period: u32) -> bool {
        self.below(period) == 0
    }

    /// One of `choices`.
    pub fn pick<'a, T: ?Sized>(&mut self, choices: &[&'a T]) -> &'a T {
        let limit = u32::try_from(choices.len()).expect("lists of choices are short");
        choices[self.below(limit) as usize]
    }
}
