//! Patterns of filters.

use vigie_parsers::regex::Regex;

/// Compiles `pattern` of a configuration.
///
/// # Errors
/// What was expected, and what the engine says.
pub(super) fn compile(pattern: &str) -> Result<Regex, String> {
    Regex::new(pattern).map_err(|error| format!("a regular expression ({error})"))
}
