//! What holds for every text. Called by property tests and by fuzzing.

use std::sync::{Arc, LazyLock};

use vigie_parsers::batch::Span;
use vigie_parsers::simd::Bits;

use super::checksum;
use super::{Candidate, Engine, Form, Mere, Place, Scanner, Strictness, WORDS, all, words_at};

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
        for bits in Bits::ways() {
            again.clear();
            Scanner::with_bits(Arc::clone(engine), bits).scan(text, place, &mut again);
            assert_eq!(once, again, "other processors find something else: {}", text.escape_ascii());
        }
        let in_order = once.windows(2).all(|two| two[0].end <= two[1].start);
        let within = once.iter().all(|one| one.start < one.end && one.end as usize <= text.len());
        assert!(in_order && within, "{once:?} in {}", text.escape_ascii());
        assert!(once.iter().all(|one| usize::from(one.detector) < engine.detectors().len()));
        assert!(once.is_empty() || !is_told(&mut scanner, text, place), "it is passed over: {}", text.escape_ascii());
        assert!(steps <= 64 * (text.len() as u64 + 16), "{steps} steps in {}", text.escape_ascii());
    }
}

/// Whether it is told of the value `text` of a field that nothing is in it, by any of the ways that do not look through it.
fn is_told(scanner: &mut Scanner, text: &[u8], place: Place<'_>) -> bool {
    if place.escaped || !scanner.is_silent(place.key) {
        return false;
    }
    if scanner.mere(text) == Mere::New {
        scanner.learn(text);
    }
    let behind = [text, &[b'7'; 8 * WORDS]].concat();
    let span = Span::between(0, text.len());
    let is_run = words_at(&behind, span).is_some_and(|words| scanner.is_mere_run(words, text.len()));
    let is_number = serde_json::from_slice::<serde_json::Number>(text).is_ok()
        && words_at(&behind, span).is_some_and(|words| scanner.is_mere_number(words, text.len()));
    is_run || is_number || scanner.mere(text) == Mere::Nothing
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

/// Reckons with the digits and letters that `plain` has, as the rules are written and as detectors do.
///
/// # Panics
/// When the two differ.
pub fn sums(plain: &[u8]) {
    let digits: Vec<u8> = plain.iter().filter(|byte| byte.is_ascii_digit()).copied().take(30).collect();
    let figures: Vec<u32> = digits.iter().map(|byte| u32::from(byte - b'0')).collect();
    let number = figures.iter().fold(0_u128, |number, figure| number * 10 + u128::from(*figure));
    for divisor in [7_u32, 10, 11, 23, 31, 37, 89, 97, 511] {
        assert_eq!(u128::from(checksum::digits_mod(&digits, divisor)), number % u128::from(divisor), "{number}");
    }
    let from_right = |(at, figure): (usize, &u32)| (1 + at as u32 % 2) * figure;
    let sum: u32 = figures.iter().rev().enumerate().map(from_right).map(|product| product / 10 + product % 10).sum();
    assert_eq!(checksum::luhn(&digits), sum.is_multiple_of(10), "Luhn of {number}");
    assert_eq!(checksum::mod_11_10(&digits), hybrid(&figures), "MOD 11,10 of {number}");
    let run: Vec<u8> = plain.iter().filter(|byte| byte.is_ascii_alphanumeric()).map(u8::to_ascii_uppercase).collect();
    let run = &run[..run.len().min(18)];
    let values = run.iter().filter_map(|byte| char::from(*byte).to_digit(36));
    let written: String = values.clone().map(|value| value.to_string()).collect();
    let rest = written.parse::<u128>().unwrap_or_default() % 97;
    assert_eq!(u128::from(checksum::letters_mod_97(run, 0)), rest, "{}", run.escape_ascii());
    let weighted: u32 = values.enumerate().map(|(at, value)| value * [7, 3, 1][at % 3]).sum();
    assert_eq!(checksum::icao(run), weighted % 10, "{}", run.escape_ascii());
}

/// ISO 7064, 6.2: with P = 10 at first, S = P + figure modulo 10, or 10 for 0, and P = 2 S modulo 11; at the check digit the sum
/// leaves 1.
fn hybrid(figures: &[u32]) -> bool {
    let Some((last, rest)) = figures.split_last() else { return false };
    let mut product = 10;
    for figure in rest {
        let sum = match (product + figure) % 10 {
            0 => 10,
            sum => sum,
        };
        product = 2 * sum % 11;
    }
    (product + last) % 10 == 1
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
