//! Each engine held against the general one. Called by property tests and by fuzzing.

use std::ops::Range;

use super::{Captures, Engine, GivenUp, Regex};

/// Searches `texts` for `pattern`, which need not be a valid one, with every engine that it may run on.
///
/// # Panics
/// When one finds something else than the general engine.
pub fn engines<Text: AsRef<[u8]>>(pattern: &str, texts: &[Text]) {
    let Ok(regex) = Regex::new(pattern) else { return };
    let mut captures = Captures::default();
    for text in texts.iter().map(AsRef::as_ref) {
        let found = regex.captures(text, &mut captures);
        assert_eq!(regex.is_match(text), found, "{pattern} on {}", text.escape_ascii());
    }
    if regex.engine() == Engine::Backtracking {
        return;
    }
    let (general, one_pass) = (regex.on_general_engine(), regex.on_one_pass());
    for text in texts.iter().map(AsRef::as_ref) {
        let wanted = ranges(&general, text);
        for other in [&regex, &one_pass] {
            assert_eq!(ranges(other, text), wanted, "{pattern} on {} by {:?}", text.escape_ascii(), other.engine());
        }
    }
}

/// Searches `texts` for `pattern` on the engine that backtracks.
///
/// Of rounds that take nothing Onigmo and the linear engines think differently: `pattern` repeats none without end.
///
/// # Panics
/// When it finds something else than the general engine, without giving up.
pub fn backtracking<Text: AsRef<[u8]>>(pattern: &str, texts: &[Text]) {
    let Ok(regex) = Regex::new(pattern) else { return };
    if regex.engine() == Engine::Backtracking {
        return;
    }
    let (general, backtracking) = (regex.on_general_engine(), regex.on_backtracking_engine());
    for text in texts.iter().map(AsRef::as_ref) {
        let found = try_ranges(&backtracking, text);
        let wanted = ranges(&general, text);
        let is_right = found == Err(GivenUp) || found.as_ref() == Ok(&wanted);
        assert!(is_right, "{pattern} on {}: {found:?}, not {wanted:?}", text.escape_ascii());
    }
}

/// Where the first match and its groups lie.
pub(super) fn ranges(regex: &Regex, text: &[u8]) -> Option<Vec<Option<Range<usize>>>> {
    try_ranges(regex, text).expect("only backtracking gives up")
}

fn try_ranges(regex: &Regex, text: &[u8]) -> Result<Option<Vec<Option<Range<usize>>>>, GivenUp> {
    let mut captures = Captures::default();
    let found = regex.captures(text, &mut captures)?;
    Ok(found.then(|| (0..=regex.groups().len()).map(|group| captures.get(group)).collect()))
}
