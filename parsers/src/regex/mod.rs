//! Regular expressions in the dialect of Fluent Bit's configurations (Onigmo, Ruby syntax), run in linear time.

mod parser;
mod translate;

use regex_automata::meta::Regex;
use regex_automata::util::syntax;

pub use parser::RegexParser;
pub use translate::PatternError;

/// Compiles `pattern`, written for Onigmo with or without `/…/imxo` around it.
///
/// The expression works on bytes, valid UTF-8 or not; `^` and `$` are line anchors; classes such as `\d` are ASCII.
///
/// # Errors
/// When the pattern is wrong, or needs look-around or back-references, which no engine runs in linear time.
pub fn compile(pattern: &str) -> Result<Regex, PatternError> {
    let translated = translate::translate(pattern)?;
    let syntax = syntax::Config::new().utf8(false).unicode(!translated.bytewise).multi_line(true);
    let limits = Regex::config().nfa_size_limit(Some(10 << 20)).utf8_empty(false).onepass_size_limit(Some(4 << 20));
    let built = Regex::builder().syntax(syntax).configure(limits).build(&translated.text);
    built.map_err(|error| PatternError::Syntax(translate::readable(&error)))
}
