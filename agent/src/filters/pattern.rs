//! Patterns of filters.

use vigie_parsers::regex::{Regex, STEP_LIMIT};

use crate::metrics::FilterMetrics;

/// Compiles `pattern` of a configuration.
///
/// # Errors
/// What was expected, and what the engine says.
pub(super) fn compile(pattern: &str) -> Result<Regex, String> {
    Regex::new(pattern).map_err(|error| format!("a regular expression ({error})"))
}

/// Counts a record on which a pattern was given up, and warns of the first one. `instead` says what becomes of such records.
pub(super) fn count_given_up(metrics: &FilterMetrics, instead: &'static str) {
    if metrics.given_up_records.add_first() {
        tracing::warn!(component = %metrics.name, steps = STEP_LIMIT, instead, "a record takes a pattern too many steps");
    }
}
