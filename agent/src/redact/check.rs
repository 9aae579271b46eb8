//! What holds for every text. Called by property tests and by fuzzing.

use std::sync::{Arc, LazyLock};

use super::{Candidate, Engine, Form, Place, Scanner, Strictness, all};

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

/// Asks the check of every detector about `plain`, cut into groups at the places that `cuts` gives, with `marks` between them.
///
/// # Panics
/// When a check does, or gives two answers to one question.
pub fn checks(plain: &[u8], cuts: &[u8], marks: &[u8]) {
    let plain = &plain[..plain.len().min(super::engine::LONGEST)];
    let run: Vec<u8> = plain.iter().filter(|byte| byte.is_ascii_alphanumeric()).map(u8::to_ascii_uppercase).collect();
    let digits: Vec<u8> = plain.iter().map(|byte| b'0' + byte % 10).collect();
    for detector in all() {
        let (fits, text): (bool, &[u8]) = match detector.form {
            Form::Digits { lengths } => (lengths.contains(&(digits.len() as u8)), &digits),
            Form::Letters { lengths } => {
                (lengths.contains(&(run.len() as u8)) && run.iter().any(u8::is_ascii_digit), &run)
            }
            // Scanners hand in anything.
            Form::Scanned => (true, plain),
        };
        if !fits || text.is_empty() {
            continue;
        }
        let groups = groups(text.len(), cuts);
        let separators: Vec<u8> = (1..groups.len())
            .map(|at| b" .-/"[usize::from(marks.get(at % marks.len().max(1)).copied().unwrap_or_default()) % 4])
            .collect();
        let candidate = Candidate { plain: text, groups: &groups, separators: &separators };
        assert_eq!((detector.check)(&candidate), (detector.check)(&candidate), "{}", detector.entity);
    }
}

/// Lengths of groups that make up `length`.
fn groups(length: usize, cuts: &[u8]) -> Vec<u8> {
    let (mut groups, mut left) = (Vec::new(), length);
    for cut in cuts {
        let group = usize::from(cut % 8) + 1;
        if group >= left {
            break;
        }
        groups.push(group as u8);
        left -= group;
    }
    groups.push(left as u8);
    groups
}
