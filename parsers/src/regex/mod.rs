//! Regular expressions in Ruby's dialect, as Fluent Bit's users write them.
//!
//! [`Regex`] compiles and searches; [`RegexParser`] gives named groups as fields. A pattern of the kind that most logs need,
//! runs of characters between delimiters, becomes a byte program; others run on a linear-time engine. Constructs that only a
//! backtracking engine can run are refused with their name and place.

mod bytes;
mod class;
mod engine;
mod parser;
mod program;
mod run;
mod translate;

pub use engine::{Captures, Engine, Regex};
pub use parser::RegexParser;

/// Why a pattern cannot be compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternError {
    /// Byte of the pattern at which the problem stands.
    pub at: usize,
    /// What is wrong there.
    pub problem: String,
    /// Whether the pattern is sound and only this engine cannot run it.
    pub needs_backtracking: bool,
}

impl PatternError {
    fn new(at: usize, problem: impl Into<String>) -> Self {
        Self { at, problem: problem.into(), needs_backtracking: false }
    }
}

impl std::fmt::Display for PatternError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} (at byte {} of the pattern)", self.problem, self.at)
    }
}

impl std::error::Error for PatternError {}

#[cfg(test)]
mod tests;
