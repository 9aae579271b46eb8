//! Patterns of filters.

use regex_automata::meta::Regex;
use vigie_parsers::regex;

/// Compiles `pattern` of a configuration.
///
/// # Errors
/// What was expected, and what the engine says.
pub(super) fn compile(pattern: &str) -> Result<Regex, String> {
    regex::compile(pattern).map_err(|error| format!("a regular expression ({error})"))
}
