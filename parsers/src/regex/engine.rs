//! Compiles a pattern once and searches with whichever program is fastest for the text at hand.

use std::cell::RefCell;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use memchr::memchr;
use regex_automata::meta;
use regex_automata::util::primitives::NonMaxUsize;
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input};

use super::backtrack::{self, Backtracker, Starts};
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
    bytes: Option<Programs>,
    /// By characters: for the rest, or for everything if the pattern cannot be said in bytes.
    characters: Option<Programs>,
    /// In place of all others, for what only it can run.
    backtracker: Option<Arc<Backtracker>>,
}

thread_local! {
    /// Room for searches that note no groups.
    static ROOM: RefCell<backtrack::Machine> = RefCell::default();
}

/// The programs of one translation, compiled when first needed.
#[derive(Clone, Debug)]
struct Programs {
    pattern: String,
    unicode: bool,
    /// For text without newlines, where lines are the text: such a program knows that `^` holds in one place only, and
    /// often needs no general engine.
    line: OnceLock<Option<meta::Regex>>,
    lines: OnceLock<Option<meta::Regex>>,
}

/// Where the groups of a match lie. Hold one and use it again.
#[derive(Debug, Default)]
pub struct Captures {
    machine: Machine,
    backtracking: backtrack::Machine,
    /// What the general engine found; empty when the machine did.
    general: Vec<Option<NonMaxUsize>>,
}

/// What runs a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// A byte program of literals, runs and groups that may be missing.
    Program,
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
        let bytes = bytes.ok().and_then(|translated| Programs::new(translated.pattern, false));
        let characters = match (characters, &bytes) {
            (Ok(translated), _) => Ok(translated),
            // What no character can say may still be said in bytes.
            (Err(_), Some(_)) => translate(source, false),
            (Err(error), None) => Err(error),
        }?;
        let Translated { pattern: translated, groups, .. } = characters;
        let characters = Programs::new(translated.clone(), true);
        if characters.is_none() && bytes.is_none() {
            return Err(refusal(source, &translated));
        }
        let program = [&characters, &bytes].into_iter().flatten().find_map(Programs::for_one_line).map(Arc::new);
        let regex = Self { pattern: pattern.to_owned(), groups, program, bytes, characters, backtracker: None };
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
        Ok(Self { pattern, groups, program: None, bytes: None, characters: None, backtracker })
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
            None => Engine::General,
        }
    }

    /// The same on the general engine.
    #[cfg(test)]
    pub(super) fn on_general_engine(&self) -> Self {
        Self { program: None, ..self.clone() }
    }

    /// The same on the engine that backtracks.
    #[cfg(test)]
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
            None => Ok(self.general(text).is_some_and(|general| general.is_match(text))),
        }
    }

    /// Whether the pattern matches at the start of `text`.
    ///
    /// # Errors
    /// When the pattern needs backtracking and the search was given up.
    pub fn is_match_at_start(&self, text: &[u8]) -> Result<bool, GivenUp> {
        match &self.backtracker {
            Some(backtracker) => self.backtrack(backtracker, text, Starts::Text),
            None => {
                let input = Input::new(text).anchored(Anchored::Yes);
                Ok(self.general(text).is_some_and(|general| general.is_match(input)))
            }
        }
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
            let found = captures.backtracking.search(backtracker, text, Starts::Anywhere, slots);
            std::mem::swap(&mut captures.backtracking.slots, &mut captures.machine.slots);
            return found;
        }
        captures.general.resize(slots, None);
        let Some(general) = self.general(text) else { return Ok(false) };
        Ok(general.search_slots(&Input::new(text), &mut captures.general).is_some())
    }

    fn general(&self, text: &[u8]) -> Option<&meta::Regex> {
        let by_bytes = self.bytes.as_ref().filter(|_| text.is_ascii() || std::str::from_utf8(text).is_err());
        let others = [self.characters.as_ref(), self.bytes.as_ref()];
        by_bytes.into_iter().chain(others.into_iter().flatten()).find_map(|programs| programs.for_text(text))
    }
}

impl Programs {
    /// Programs for a translation, if it is well formed.
    fn new(pattern: String, unicode: bool) -> Option<Self> {
        let programs = Self { pattern, unicode, line: OnceLock::new(), lines: OnceLock::new() };
        syntax::parse_with(&programs.pattern, &programs.syntax(true)).ok()?;
        Some(programs)
    }

    fn for_text(&self, text: &[u8]) -> Option<&meta::Regex> {
        if memchr(b'\n', text).is_some() { self.lines() } else { self.line() }
    }

    fn line(&self) -> Option<&meta::Regex> {
        self.line.get_or_init(|| self.build(false)).as_ref()
    }

    fn lines(&self) -> Option<&meta::Regex> {
        self.lines.get_or_init(|| self.build(true)).as_ref()
    }

    fn build(&self, multi_line: bool) -> Option<meta::Regex> {
        // The cache of the lazy DFA exists once per thread that searches.
        let config = meta::Config::new().utf8_empty(false).hybrid_cache_capacity(256 << 10);
        meta::Builder::new().configure(config).syntax(self.syntax(multi_line)).build(&self.pattern).ok()
    }

    /// A byte program for text of one line, if there is one.
    fn for_one_line(&self) -> Option<Program> {
        Program::new(&syntax::parse_with(&self.pattern, &self.syntax(false)).ok()?, self.unicode)
    }

    fn syntax(&self, multi_line: bool) -> syntax::Config {
        syntax::Config::new().unicode(self.unicode).utf8(false).multi_line(multi_line)
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
