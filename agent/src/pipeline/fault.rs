//! A panic that a test asks for, to see from outside what becomes of one. Only builds with debug assertions hold it; a release has
//! nothing of the kind.

use vigie_parsers::batch::Batch;

/// Names the text whose records bring the plugin down that meets them.
const VARIABLE: &str = "VIGIE_TEST_PANIC";

/// Panics with all that `batch` holds when the text that [`VARIABLE`] names is in it, as a plugin might that quotes what it was
/// working on.
pub(super) fn meet(batch: &Batch) {
    let Ok(wanted) = std::env::var(VARIABLE) else { return };
    let text = String::from_utf8_lossy(batch.arena());
    assert!(!text.contains(&wanted), "the test asked for it at {text}");
}
