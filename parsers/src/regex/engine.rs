//! Compiles a pattern once and searches with whichever program is fastest for the text at hand.

use std::cell::RefCell;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use memchr::memchr;
use regex_automata::dfa::onepass;
use regex_automata::meta;
use regex_automata::util::primitives::NonMaxUsize;
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input};

use super::backtrack::{self, Backtracker, Starts};
use super::forms::{Programs, is_by_bytes};
use super::line_start::Worth;
use super::program::Program;
use super::run::{Machine, Outcome, UNSET};
use super::translate::{Delimited, Translated, delimited, translate};
use super::{GivenUp, PatternError};

/// A pattern in Ruby's dialect, compiled.
///
/// `^` and `$` mean lines, `\d \w \s` mean ASCII, groups without a name do not capture where one has a name. The pattern may
/// stand between slashes with the options `i`, `m` (the dot matches newlines too), `x` and `o` behind it. Searching takes
/// time linear in the text, unless the pattern needs backtracking: then it is given up after [`STEP_LIMIT`] steps.
///
/// [`STEP_LIMIT`]: super::STEP_LIMIT
///
/// Text need not be UTF-8. Where it is, characters are matched whole; where it is not, bytes are.
#[derive(Clone, Debug)]
pub struct Regex {
    pattern: String,
    groups: Vec<Option<String>>,
    /// For one line, if there is such a program for the pattern.
    program: Option<Arc<Program>>,
    /// By bytes: for ASCII, where bytes are characters, and for text that is not UTF-8.
    bytes: Option<Box<Programs>>,
    /// By characters: for the rest, or for everything if the pattern cannot be said in bytes.
    characters: Option<Box<Programs>>,
    /// Whether one line is searched in one pass where the programs allow it.
    in_one_pass: bool,
    /// In place of all others, for what only it can run.
    backtracker: Option<Arc<Backtracker>>,
    /// Beside the others, for the few texts that they may be wrong about; see [`Worth`].
    exact: Arc<OnceLock<Option<Backtracker>>>,
}

thread_local! {
    /// Room for searches that note no groups.
    static ROOM: RefCell<backtrack::Machine> = RefCell::default();
}

/// Where the groups of a match lie. Hold one and use it again.
#[derive(Debug, Default)]
pub struct Captures {
    machine: Machine,
    backtracking: backtrack::Machine,
    one_pass: Option<onepass::Cache>,
    /// What the general engine found, or the one-pass automaton; empty when the machine did.
    general: Vec<Option<NonMaxUsize>>,
}

/// What runs a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// A byte program of literals, runs and groups that may be missing.
    Program,
    /// An automaton that reads each byte once and has the groups then, for patterns that begin with the line.
    OnePass,
    /// The general engine, which takes time linear in the text.
    General,
    /// The engine for look-around, back-references and the like, in at most [`STEP_LIMIT`](super::STEP_LIMIT) steps.
    Backtracking,
}

impl Captures {
    /// The range of group `index`, 0 for the whole match; `None` when it took no part.
    #[inline]
    pub fn get(&self, index: usize) -> Option<Range<usize>> {
        let [start, end] = if self.general.is_empty() {
            *self.machine.slots.get(index * 2..)?.first_chunk()?
        } else {
            let slots: [Option<NonMaxUsize>; 2] = *self.general.get(index * 2..)?.first_chunk()?;
            slots.map(|slot| slot.map_or(UNSET, NonMaxUsize::get))
        };
        (start != UNSET && end != UNSET).then_some(start..end)
    }

    fn backtrack(&mut self, backtracker: &Backtracker, text: &[u8], slots: usize) -> Result<bool, GivenUp> {
        self.general.clear();
        let found = self.backtracking.search(backtracker, text, Starts::Anywhere, slots);
        std::mem::swap(&mut self.backtracking.slots, &mut self.machine.slots);
        found
    }

    /// Runs `one_pass` on `text`. Gives whether it matches, `None` when that was not found out.
    fn pass_once(&mut self, one_pass: &onepass::DFA, text: &[u8]) -> Option<bool> {
        let cache = self.one_pass.get_or_insert_with(|| one_pass.create_cache());
        // It may have been used for another pattern.
        cache.reset(one_pass);
        let input = Input::new(text).anchored(Anchored::Yes);
        one_pass.try_search_slots(cache, &input, &mut self.general).ok().map(|found| found.is_some())
    }
}

impl Regex {
    /// Compiles `pattern`.
    ///
    /// # Errors
    /// When the pattern is malformed, too large, or has a construct that is not run here.
    pub fn new(pattern: &str) -> Result<Self, PatternError> {
        let source = delimited(pattern);
        let (characters, bytes) = (translate(source, true), translate(source, false));
        let needs_backtracking = [&characters, &bytes].into_iter().flatten().any(|form| !form.marks.is_empty());
        if needs_backtracking {
            return Self::backtracking(pattern, source, characters, bytes.ok());
        }
        let bytes = bytes.ok().and_then(|translated| Programs::new(translated.pattern, false)).map(Box::new);
        let characters = match (characters, &bytes) {
            (Ok(translated), _) => Ok(translated),
            // What no character can say may still be said in bytes.
            (Err(_), Some(_)) => translate(source, false),
            (Err(error), None) => Err(error),
        }?;
        let Translated { pattern: translated, groups, .. } = characters;
        let characters = Programs::new(translated.clone(), true).map(Box::new);
        if characters.is_none() && bytes.is_none() {
            return Err(refusal(source, &translated));
        }
        let program =
            [&characters, &bytes].into_iter().flatten().find_map(|programs| programs.for_one_line()).map(Arc::new);
        let in_one_pass = program.is_none();
        let pattern = pattern.to_owned();
        let exact = Arc::default();
        let regex = Self { pattern, groups, program, bytes, characters, in_one_pass, backtracker: None, exact };
        // Compiled now, the program most used is shared by all copies; that it can be, says so of the others.
        match regex.general(b"") {
            Some(_) => Ok(regex),
            None => Err(refusal(source, &translated)),
        }
    }

    fn backtracking(
        pattern: &str,
        source: Delimited<'_>,
        characters: Result<Translated, PatternError>,
        bytes: Option<Translated>,
    ) -> Result<Self, PatternError> {
        let backtracker = Backtracker::new(characters.as_ref().ok(), bytes.as_ref())?;
        let Some(translated) = characters.as_ref().ok().or(bytes.as_ref()) else {
            return characters.and(Err(PatternError::new(source.start, "expected a regular expression")));
        };
        let Some(backtracker) = backtracker.map(Arc::new) else { return Err(refusal(source, &translated.pattern)) };
        let (pattern, groups) = (pattern.to_owned(), translated.groups.clone());
        let backtracker = Some(backtracker);
        let (bytes, characters) = (None, None);
        let exact = Arc::default();
        Ok(Self { pattern, groups, program: None, bytes, characters, in_one_pass: false, backtracker, exact })
    }

    /// The pattern as it was written.
    pub fn pattern(&self) -> &str {
        &self.pattern
    }

    /// Names of the groups that capture, in the order of the pattern; the first is group 1. Numbered groups have none.
    pub fn groups(&self) -> &[Option<String>] {
        &self.groups
    }

    /// What runs it on lines of text.
    pub fn engine(&self) -> Engine {
        match &self.backtracker {
            Some(_) => Engine::Backtracking,
            None if self.program.is_some() => Engine::Program,
            None if self.one_pass(b"").is_some() => Engine::OnePass,
            None => Engine::General,
        }
    }

    /// The same on the general engine.
    #[cfg(any(test, fuzzing))]
    pub(super) fn on_general_engine(&self) -> Self {
        Self { program: None, in_one_pass: false, ..self.clone() }
    }

    /// The same without a byte program.
    #[cfg(any(test, fuzzing))]
    pub(super) fn on_one_pass(&self) -> Self {
        Self { program: None, in_one_pass: true, ..self.clone() }
    }

    /// The same on the engine that backtracks.
    #[cfg(any(test, fuzzing))]
    pub(super) fn on_backtracking_engine(&self) -> Self {
        let source = delimited(&self.pattern);
        let (characters, bytes) = (translate(source, true), translate(source, false).ok());
        Self::backtracking(&self.pattern, source, characters, bytes).expect("it was compiled before")
    }

    /// Whether the pattern matches somewhere in `text`.
    ///
    /// # Errors
    /// When the pattern needs backtracking and the search was given up.
    pub fn is_match(&self, text: &[u8]) -> Result<bool, GivenUp> {
        match &self.backtracker {
            Some(backtracker) => self.backtrack(backtracker, text, Starts::Anywhere),
            None => self.search_linear(text, Anchored::No),
        }
    }

    /// Whether the pattern matches at the start of `text`.
    ///
    /// # Errors
    /// When the pattern needs backtracking and the search was given up.
    pub fn is_match_at_start(&self, text: &[u8]) -> Result<bool, GivenUp> {
        match &self.backtracker {
            Some(backtracker) => self.backtrack(backtracker, text, Starts::Text),
            None => self.search_linear(text, Anchored::Yes),
        }
    }

    /// Whether a linear engine finds a match in `text`, or at its start.
    fn search_linear(&self, text: &[u8], anchored: Anchored) -> Result<bool, GivenUp> {
        let Some(programs) = self.programs(text) else { return Ok(false) };
        let Some(general) = programs.for_text(text) else { return Ok(false) };
        let input = Input::new(text).anchored(anchored);
        if !programs.line_start.matters(text) {
            return Ok(general.is_match(input));
        }
        let Some(found) = general.search(&input) else { return Ok(false) };
        match programs.line_start.worth(text, found.range()) {
            Worth::Right => Ok(true),
            Worth::Wrong => Ok(false),
            Worth::Unknown => {
                let starts = if anchored == Anchored::Yes { Starts::Text } else { Starts::Anywhere };
                self.exact().map_or(Ok(true), |exact| self.backtrack(exact, text, starts))
            }
        }
    }

    /// An engine that knows that behind the last newline no line begins.
    fn exact(&self) -> Option<&Backtracker> {
        let build = || {
            let source = delimited(&self.pattern);
            let (characters, bytes) = (translate(source, true).ok(), translate(source, false).ok());
            Backtracker::new(characters.as_ref(), bytes.as_ref()).ok().flatten()
        };
        self.exact.get_or_init(build).as_ref()
    }

    fn backtrack(&self, backtracker: &Backtracker, text: &[u8], starts: Starts) -> Result<bool, GivenUp> {
        ROOM.with_borrow_mut(|room| room.search(backtracker, text, starts, self.slots()))
    }

    fn slots(&self) -> usize {
        (self.groups.len() + 1) * 2
    }

    /// Searches `text` for the leftmost match and notes its groups. Gives whether there is one.
    ///
    /// # Errors
    /// When the pattern needs backtracking and the search was given up. Then the groups mean nothing.
    #[inline]
    pub fn captures(&self, text: &[u8], captures: &mut Captures) -> Result<bool, GivenUp> {
        captures.general.clear();
        let slots = self.slots();
        if let Some(program) = self.program.as_deref().filter(|program| program.is_for(text)) {
            match captures.machine.run(program, text, slots) {
                Outcome::Match => return Ok(true),
                Outcome::None => return Ok(false),
                Outcome::GivenUp => {}
            }
        }
        if let Some(backtracker) = &self.backtracker {
            return captures.backtrack(backtracker, text, slots);
        }
        captures.general.resize(slots, None);
        if let Some(found) = self.one_pass(text).and_then(|one_pass| captures.pass_once(one_pass, text)) {
            return Ok(found);
        }
        let Some(programs) = self.programs(text) else { return Ok(false) };
        let Some(general) = programs.for_text(text) else { return Ok(false) };
        if general.search_slots(&Input::new(text), &mut captures.general).is_none() {
            return Ok(false);
        }
        match programs.line_start.worth(text, captures.get(0).unwrap_or_default()) {
            Worth::Right => Ok(true),
            Worth::Wrong => Ok(false),
            Worth::Unknown => self.exact().map_or(Ok(true), |exact| captures.backtrack(exact, text, slots)),
        }
    }

    fn general(&self, text: &[u8]) -> Option<&meta::Regex> {
        self.programs(text)?.for_text(text)
    }

    /// The programs that `text` is searched with.
    fn programs(&self, text: &[u8]) -> Option<&Programs> {
        self.forms(text).find(|programs| programs.for_text(text).is_some())
    }

    /// The one-pass automaton for `text`, if it is one line.
    fn one_pass(&self, text: &[u8]) -> Option<&onepass::DFA> {
        if !self.in_one_pass || memchr(b'\n', text).is_some() {
            return None;
        }
        self.forms(text).next()?.one_pass()
    }

    /// The programs for `text`, the best first.
    fn forms(&self, text: &[u8]) -> impl Iterator<Item = &Programs> {
        let by_bytes = self.bytes.as_deref().filter(|_| is_by_bytes(text));
        let others = [self.characters.as_deref(), self.bytes.as_deref()];
        by_bytes.into_iter().chain(others.into_iter().flatten())
    }
}

/// Why a translated pattern cannot be compiled.
fn refusal(source: Delimited<'_>, translated: &str) -> PatternError {
    let syntax = syntax::Config::new().utf8(false).multi_line(true);
    let problem = match meta::Builder::new().syntax(syntax).build(translated) {
        Err(error) if error.size_limit().is_some() => "the pattern is too large".to_owned(),
        Err(error) => match error.syntax_error() {
            Some(regex_syntax::Error::Parse(error)) => format!("expected a regular expression: {}", error.kind()),
            Some(regex_syntax::Error::Translate(error)) => format!("expected a regular expression: {}", error.kind()),
            _ => format!("expected a regular expression: {error}"),
        },
        Ok(_) => "the pattern is too large".to_owned(),
    };
    PatternError::new(source.start, problem)
}
