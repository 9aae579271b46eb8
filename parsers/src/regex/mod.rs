//! Regular expressions in Ruby's dialect, as Fluent Bit's users write them.
//!
//! [`Regex`] compiles and searches; [`RegexParser`] gives named groups as fields. A pattern of the kind that most logs need,
//! runs of characters between delimiters, becomes a byte program; others run on a linear-time engine, in one pass where the
//! pattern allows it. What only a backtracking
//! engine can run, such as look-around and back-references, runs on one that gives up after [`STEP_LIMIT`] steps.

mod backtrack;
mod bytes;
#[cfg(any(test, fuzzing))]
pub mod check;
mod class;
mod cursor;
mod engine;
mod forms;
mod line_start;
mod marks;
mod names;
mod parser;
mod program;
mod run;
mod translate;

pub use backtrack::STEP_LIMIT;
pub use engine::{Captures, Engine, Regex};
pub use names::repeated_group;
pub use parser::RegexParser;

/// Why a pattern cannot be compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternError {
    /// Byte of the pattern at which the problem stands.
    pub at: usize,
    /// What is wrong there.
    pub problem: String,
    /// Whether the pattern is sound in Ruby and only not done here.
    pub is_unsupported: bool,
}

impl PatternError {
    fn new(at: usize, problem: impl Into<String>) -> Self {
        Self { at, problem: problem.into(), is_unsupported: false }
    }
}

impl std::fmt::Display for PatternError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} (at byte {} of the pattern)", self.problem, self.at)
    }
}

impl std::error::Error for PatternError {}

/// A search was given up after [`STEP_LIMIT`] steps: whether the pattern matches is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GivenUp;

impl std::fmt::Display for GivenUp {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "the search took more than {STEP_LIMIT} steps and was given up")
    }
}

impl std::error::Error for GivenUp {}

#[cfg(test)]
mod tests;
