//! What holds for every text. Called by property tests and by fuzzing.

use std::sync::{Arc, LazyLock};

use super::{Engine, Place, Scanner, Strictness, all};

/// Looks through `text` twice, by readiness of all kinds, and once word by word.
///
/// # Panics
/// When findings leave the text, are out of order or overlap, when a second look finds something else, or when parts of the text
/// were looked at more often than its length allows.
pub fn check(text: &[u8], place: Place<'_>) {
    static ENGINES: LazyLock<[Arc<Engine>; 3]> = LazyLock::new(|| {
        [Strictness::Low, Strictness::Normal, Strictness::Paranoid]
            .map(|strictness| Arc::new(Engine::new(&all().collect::<Vec<_>>(), strictness)))
    });
    for engine in &*ENGINES {
        let mut scanner = Scanner::new(Arc::clone(engine));
        let (mut once, mut again) = (Vec::new(), Vec::new());
        scanner.scan(text, place, &mut once);
        let steps = scanner.steps();
        scanner.scan(text, place, &mut again);
        assert_eq!(once, again, "{}", text.escape_ascii());
        again.clear();
        Scanner::plain(Arc::clone(engine)).scan(text, place, &mut again);
        assert_eq!(once, again, "filters deny what is there: {}", text.escape_ascii());
        let in_order = once.windows(2).all(|two| two[0].end <= two[1].start);
        let within = once.iter().all(|one| one.start < one.end && one.end as usize <= text.len());
        assert!(in_order && within, "{once:?} in {}", text.escape_ascii());
        assert!(once.iter().all(|one| usize::from(one.detector) < engine.detectors().len()));
        assert!(steps <= 64 * (text.len() as u64 + 16), "{steps} steps in {}", text.escape_ascii());
    }
}
