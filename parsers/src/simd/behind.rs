//! What is looked at next is behind what is looked at now.

/// How far behind a text memory is asked for, in bytes: so far that it is there when the texts before it are done with.
#[cfg(target_arch = "x86_64")]
const AHEAD: [usize; 2] = [512, 768];

/// Asks for memory behind `text`, to have it near by the time it is read. Texts most often lie behind each other, as lines of a file do;
/// where they do not, nothing is lost. It is left to the processor but on x86-64.
#[inline(always)]
#[cfg_attr(not(target_arch = "x86_64"), allow(unused_variables, reason = "other processors are not asked"))]
pub fn expect_behind(text: &[u8]) {
    #[cfg(target_arch = "x86_64")]
    for bytes in AHEAD {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};

        // SAFETY: nothing is read; any address may be asked for.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(text.as_ptr_range().end.wrapping_add(bytes).cast()) };
    }
}
