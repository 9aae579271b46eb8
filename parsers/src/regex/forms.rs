//! The linear-time programs of one translation.

use std::sync::{Arc, OnceLock};

use memchr::memchr;
use regex_automata::dfa::onepass;
use regex_automata::meta;
use regex_automata::nfa::thompson;
use regex_automata::util::syntax;

use super::line_start::LineStart;
use super::program::Program;

/// Most bytes of a one-pass automaton, and of the automaton that it is made from.
const ONE_PASS_BYTES: usize = 1 << 20;

/// The programs of one translation, compiled when first needed.
#[derive(Clone, Debug)]
pub(super) struct Programs {
    pattern: String,
    unicode: bool,
    pub(super) line_start: LineStart,
    /// For text without newlines, where lines are the text: such a program knows that `^` holds in one place only, and
    /// often needs no general engine.
    line: OnceLock<Option<meta::Regex>>,
    lines: OnceLock<Option<meta::Regex>>,
    one_pass: OnceLock<Option<Arc<onepass::DFA>>>,
}

/// Whether `text` is searched by bytes, where the pattern can be said so: they are its characters, or it is not UTF-8.
pub(super) fn is_by_bytes(text: &[u8]) -> bool {
    text.is_ascii() || std::str::from_utf8(text).is_err()
}

impl Programs {
    /// Programs for a translation, if it is well formed.
    pub(super) fn new(pattern: String, unicode: bool) -> Option<Self> {
        let (line, lines, one_pass) = (OnceLock::new(), OnceLock::new(), OnceLock::new());
        let mut programs = Self { pattern, unicode, line_start: LineStart::Never, line, lines, one_pass };
        programs.line_start = LineStart::of(&syntax::parse_with(&programs.pattern, &programs.syntax(true)).ok()?);
        Some(programs)
    }

    pub(super) fn for_text(&self, text: &[u8]) -> Option<&meta::Regex> {
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
    pub(super) fn for_one_line(&self) -> Option<Program> {
        Program::new(&syntax::parse_with(&self.pattern, &self.syntax(false)).ok()?, self.unicode)
    }

    /// An automaton for text of one line that finds the groups in one pass, if the pattern begins with the text and each byte
    /// tells how to go on.
    pub(super) fn one_pass(&self) -> Option<&onepass::DFA> {
        self.one_pass.get_or_init(|| self.build_one_pass().map(Arc::new)).as_deref()
    }

    fn build_one_pass(&self) -> Option<onepass::DFA> {
        let limits = thompson::Config::new().utf8(false).nfa_size_limit(Some(ONE_PASS_BYTES));
        let nfa = thompson::Compiler::new().configure(limits).syntax(self.syntax(false)).build(&self.pattern).ok()?;
        nfa.is_always_start_anchored().then_some(())?;
        let config = onepass::Config::new().size_limit(Some(ONE_PASS_BYTES));
        onepass::Builder::new().configure(config).build_from_nfa(nfa).ok()
    }

    fn syntax(&self, multi_line: bool) -> syntax::Config {
        syntax::Config::new().unicode(self.unicode).utf8(false).multi_line(multi_line)
    }
}
