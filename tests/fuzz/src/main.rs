//! One program for all targets of libFuzzer: `FUZZ_TARGET` names the one. `make fuzz` builds and runs it.
//!
//! A target turns bytes into the arguments of a `check`, which stands beside the code that it checks and which property tests
//! call too. Built without `--cfg fuzzing` it does nothing.

#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
mod bytes;
#[cfg(fuzzing)]
mod patterns;
#[cfg(fuzzing)]
mod targets;

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| targets::run(bytes));

#[cfg(not(fuzzing))]
fn main() {}
