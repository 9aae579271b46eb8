//! Work with bits, as processors of today do it: to find the lowest one, to take it away, to shift by any number are single
//! instructions on them, and three or four on the oldest that this is built for.

/// What is done with many bits.
pub trait BitWork {
    /// Does it. To be inlined always, as all that it calls and that is to be quick.
    fn work(self);
}

/// How this processor works with bits.
#[derive(Clone, Copy, Debug)]
pub struct Bits {
    /// Whether it has vectors of 32 bytes and all instructions for bits.
    #[cfg_attr(not(target_arch = "x86_64"), allow(dead_code, reason = "other processors have one way"))]
    is_quick: bool,
    /// Whether it has vectors of 64 bytes too, and look-ups in tables of 128.
    #[cfg_attr(not(target_arch = "x86_64"), allow(dead_code, reason = "other processors have one way"))]
    is_wide: bool,
}

impl Bits {
    /// That of the processor that this runs on.
    pub fn of_processor() -> Self {
        #[cfg(target_arch = "x86_64")]
        let is_quick = is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2")
            && is_x86_feature_detected!("lzcnt")
            && is_x86_feature_detected!("popcnt");
        #[cfg(not(target_arch = "x86_64"))]
        let is_quick = false;
        #[cfg(target_arch = "x86_64")]
        let is_wide = is_quick
            && is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512vbmi");
        #[cfg(not(target_arch = "x86_64"))]
        let is_wide = false;
        Self { is_quick, is_wide }
    }

    /// With the means of every machine.
    pub fn plain() -> Self {
        Self { is_quick: false, is_wide: false }
    }

    /// All ways of this processor, the best one last, to hold them against each other.
    pub fn ways() -> impl Iterator<Item = Self> {
        let best = Self::of_processor();
        [Self::plain(), Self { is_wide: false, ..best }, best].into_iter()
    }

    /// Whether the processor has what [`quick`] needs.
    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    pub(super) fn is_quick(self) -> bool {
        self.is_quick
    }

    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    pub(super) fn is_wide(self) -> bool {
        self.is_wide
    }

    /// Does `work` with the best instructions of the processor.
    #[inline(always)]
    pub fn work(self, work: impl BitWork) {
        #[cfg(target_arch = "x86_64")]
        if self.is_quick {
            // SAFETY: the processor has what the function needs.
            return unsafe { quick(work) };
        }
        work.work();
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
fn quick(work: impl BitWork) {
    work.work();
}
