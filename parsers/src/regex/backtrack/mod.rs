//! An engine that backtracks, for what a linear-time engine cannot run: look-around, back-references, atomic groups.
//!
//! [`Backtracker`] compiles a translation; [`Machine`] runs it with a stack of its own, in bounded steps and bounded memory.
//! `Regex` calls them for patterns with marks and for no others.

mod absence;
mod anchor;
mod compile;
mod length;
mod machine;
mod ops;
mod set;
#[cfg(test)]
mod tests;
mod text;

use regex_automata::util::syntax;

use super::PatternError;
use super::forms::is_by_bytes;
use super::marks::Marked;
use super::translate::Translated;

pub(super) use machine::{Machine, Starts};

/// Most steps of one search with a pattern that needs backtracking.
///
/// A step is an instruction, a choice taken up again, or the one to eight bytes of text that are looked at in the same time. So
/// many take some 3 to 16 ms; a search that would need more is given up. It is also given up when more than
/// 65,536 choices or constructs are open at once.
pub const STEP_LIMIT: usize = 1_000_000;

/// A pattern with marks, compiled.
#[derive(Debug)]
pub(super) struct Backtracker {
    /// By bytes: for ASCII, where bytes are characters, and for text that is not UTF-8.
    bytes: Option<ops::Program>,
    /// By characters: for the rest, or for everything if the pattern cannot be said in bytes.
    characters: Option<ops::Program>,
}

impl Backtracker {
    /// Compiles the translations of one pattern by characters and by bytes; without both there is none.
    ///
    /// # Errors
    /// When the pattern is too large, or asks for what cannot be run.
    pub(super) fn new(
        characters: Option<&Translated>,
        bytes: Option<&Translated>,
    ) -> Result<Option<Self>, PatternError> {
        let bytes = bytes.map(|bytes| program(bytes, false)).transpose()?.flatten();
        let characters = characters.map(|characters| program(characters, true)).transpose()?.flatten();
        let is_there = bytes.is_some() || characters.is_some();
        Ok(is_there.then_some(Self { bytes, characters }))
    }

    /// The program for `text`.
    fn program(&self, text: &[u8]) -> Option<&ops::Program> {
        let by_bytes = self.bytes.as_ref().filter(|_| is_by_bytes(text));
        by_bytes.or(self.characters.as_ref()).or(self.bytes.as_ref())
    }
}

/// The program of a translation, `None` when it is malformed.
fn program(translated: &Translated, unicode: bool) -> Result<Option<ops::Program>, PatternError> {
    let syntax = syntax::Config::new().unicode(unicode).utf8(false).multi_line(true);
    let Ok(parsed) = syntax::parse_with(&translated.pattern, &syntax) else { return Ok(None) };
    compile::compile(&parsed, &translated.marks, unicode).map(Some)
}

/// Where the first mark stands, the place to name when the pattern as a whole is at fault.
fn first_place(marks: &[Marked]) -> usize {
    marks.iter().map(|marked| marked.at).min().unwrap_or_default()
}
