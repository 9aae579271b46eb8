//! Looks for values the plain and slow way, one detector at a time, to hold detectors and their examples against: every run of
//! groups is cut out and asked. And the shares of random numbers that get through, against what was reckoned.

#![allow(
    clippy::cast_possible_truncation,
    clippy::excessive_nesting,
    clippy::string_slice,
    reason = "lines of examples, short and cut where words end"
)]

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Candidate, Detector, Engine, Form, Place, Scanner, Shape, Strictness, Tier, all, french, national, vat};

/// A group of letters and digits: where it lies, and its text in upper case.
struct Word {
    start: usize,
    end: usize,
    text: Vec<u8>,
}

fn detectors() -> impl Iterator<Item = &'static Detector> {
    french::DETECTORS.iter().chain(national::DETECTORS).chain(vat::DETECTORS).copied()
}

/// The bytes between `[[` and `]]` in a line of examples, and the line without these marks.
fn unmarked(example: &str) -> (String, BTreeSet<(usize, usize)>) {
    let (mut line, mut spans, mut rest) = (String::new(), BTreeSet::new(), example);
    while let Some((before, behind)) = rest.split_once("[[") {
        line.push_str(before);
        let (value, behind) = behind.split_once("]]").expect("marks are closed");
        spans.insert((line.len(), line.len() + value.len()));
        line.push_str(value);
        rest = behind;
    }
    line.push_str(rest);
    (line, spans)
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

fn words(line: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    for (at, letter) in line.char_indices().filter(|(_, letter)| is_word(*letter)) {
        let upper = letter.to_ascii_uppercase().to_string().into_bytes();
        match words.last_mut().filter(|word| word.end == at) {
            Some(word) => {
                word.end = at + letter.len_utf8();
                word.text.extend(upper);
            }
            None => words.push(Word { start: at, end: at + letter.len_utf8(), text: upper }),
        }
    }
    words
}

/// The one separator between two groups.
fn separator(between: &str) -> Option<u8> {
    match between {
        " " | "\u{a0}" | "\u{202f}" | "\u{2007}" => Some(b' '),
        "." | "-" | "/" | "+" => Some(between.as_bytes()[0]),
        _ => None,
    }
}

/// What `detector` finds in `line`, context looked for as section and tier ask.
fn found(detector: &Detector, line: &str) -> BTreeSet<(usize, usize)> {
    let words = words(line);
    let mut found = BTreeSet::new();
    for first in 0..words.len() {
        let (mut plain, mut groups, mut separators) = (Vec::new(), Vec::new(), Vec::new());
        for at in first..words.len() {
            let word = &words[at];
            if at > first {
                let Some(separator) = separator(&line[words[at - 1].end..word.start]) else { break };
                separators.push(separator);
            }
            let fits = match detector.form {
                Form::Digits { .. } => word.text.iter().all(u8::is_ascii_digit),
                _ => word.text.iter().all(u8::is_ascii_alphanumeric),
            };
            if !fits || plain.len() + word.text.len() > 40 {
                break;
            }
            plain.extend_from_slice(&word.text);
            groups.push(word.text.len() as u8);
            let candidate = Candidate { plain: &plain, groups: &groups, separators: &separators };
            if counts(detector, &candidate, &line[..words[first].start]) {
                found.insert((words[first].start, word.end));
            }
        }
    }
    found
}

fn counts(detector: &Detector, candidate: &Candidate<'_>, before: &str) -> bool {
    let (Form::Digits { lengths } | Form::Letters { lengths }) = detector.form else { return false };
    if !lengths.contains(&(candidate.plain.len() as u8)) || !candidate.plain.iter().any(u8::is_ascii_digit) {
        return false;
    }
    let Some(shape) = (detector.check)(candidate) else { return false };
    match detector.tier {
        Tier::One => true,
        Tier::Two if shape == Shape::Canonical => true,
        _ => has_context(detector, before),
    }
}

/// Whether a word of context stands in the last 48 bytes.
fn has_context(detector: &Detector, before: &str) -> bool {
    let mut from = before.len().saturating_sub(48);
    while !before.is_char_boundary(from) {
        from += 1;
    }
    let mut folded = String::from("_");
    let mut was_small = false;
    for letter in before[from..].chars() {
        if letter.is_ascii_uppercase() && was_small {
            folded.push('_');
        }
        was_small = letter.is_lowercase();
        let plain = unaccented(letter);
        if is_word(plain) && plain != '_' {
            folded.extend(plain.to_lowercase());
        } else if !folded.ends_with('_') {
            folded.push('_');
        }
    }
    folded.push('_');
    detector.context.iter().any(|word| folded.contains(&format!("_{word}_")))
}

fn unaccented(letter: char) -> char {
    match letter {
        'é' | 'è' | 'ê' | 'É' => 'e',
        'á' | 'à' | 'â' | 'ã' | 'ä' => 'a',
        'í' => 'i',
        'ó' | 'ô' | 'ö' | 'ø' => 'o',
        'ú' | 'ü' => 'u',
        'ç' | 'č' | 'Č' => 'c',
        'ś' | 'š' | 'Š' => 's',
        'А' | 'а' | 'Α' | 'α' => 'a',
        'Е' | 'е' => 'e',
        'Г' | 'г' => 'g',
        'Н' | 'н' => 'n',
        'Д' | 'д' => 'd',
        'И' | 'и' => 'i',
        'Р' | 'р' => 'r',
        'Ж' | 'ж' => 'j',
        'С' | 'с' => 's',
        'К' | 'к' | 'Κ' | 'κ' => 'k',
        'О' | 'о' => 'o',
        'М' | 'м' | 'Μ' | 'μ' => 'm',
        'Φ' | 'φ' => 'f',
        other => other,
    }
}

#[test]
fn every_example_is_found_and_no_counter_example() {
    let mut wrong = Vec::new();
    for detector in detectors() {
        for example in detector.matches {
            let (line, expected) = unmarked(example);
            let found = found(detector, &line);
            if !expected.is_subset(&found) || expected.is_empty() {
                wrong.push(format!("{}: not found: {example}", detector.entity));
            }
        }
        for line in detector.rejects {
            let found = found(detector, line);
            wrong.extend(found.iter().map(|span| format!("{}: found: {line} {span:?}", detector.entity)));
        }
    }

    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_detector_says_what_it_is_and_can_be_asked() {
    for detector in detectors() {
        let name = detector.entity;
        assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_'), "{name}");
        assert!(!detector.summary.is_empty() && !detector.source.is_empty() && !detector.context.is_empty(), "{name}");
        assert!(!detector.matches.is_empty() && !detector.rejects.is_empty(), "{name}");
        let (Form::Digits { lengths } | Form::Letters { lengths }) = detector.form else { panic!("{name}: scanned") };
        assert!(lengths.is_sorted() && lengths.iter().all(|length| (4..=40).contains(length)), "{name}");
        let different: BTreeSet<&str> = detector.context.iter().copied().collect();
        assert_eq!(different.len(), detector.context.len(), "{name}: a word stands twice");
        for word in detector.context {
            let folded = word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
            assert!(folded && word.len() <= 48, "{name}: {word}");
        }
    }
}

/// Lines of common programs, in which nobody is.
const CLEAN: &str = include_str!("../../../tests/cases/redact/clean.txt");

#[test]
fn nothing_is_found_in_lines_that_hold_nobody() {
    let engine = Engine::new(&all().collect::<Vec<_>>(), Strictness::Normal);
    let mut scanner = Scanner::new(Arc::new(engine));

    let mut touched = Vec::new();
    for line in CLEAN.lines().skip(1) {
        let mut found = Vec::new();
        scanner.scan(line.as_bytes(), Place::default(), &mut found);
        touched.extend(found.iter().map(|one| format!("{}: {line}", &line[one.start as usize..one.end as usize])));
    }

    assert!(touched.is_empty(), "{}", touched.join("\n"));
}

/// A check that is handed whatever fits its form gives an answer.
#[test]
fn no_check_panics_on_what_fits_its_form() {
    let mut numbers = Numbers(7);
    for detector in detectors() {
        let (Form::Digits { lengths } | Form::Letters { lengths }) = detector.form else { continue };
        for length in lengths {
            for round in 0..2_000 {
                let plain: Vec<u8> =
                    (0..*length).map(|_| numbers.byte(matches!(detector.form, Form::Digits { .. }))).collect();
                let halves = [length / 2, length - length / 2];
                let groups: &[u8] = if round % 2 == 0 { &halves } else { &halves[..1] };
                let (groups, separators): (&[u8], &[u8]) =
                    if groups.len() == 2 { (groups, b"-") } else { (&[*length], b"") };
                let _shape = (detector.check)(&Candidate { plain: &plain, groups, separators });
            }
        }
    }
}

/// Numbers with a verdict from elsewhere: `entity`, number, `valid` or `invalid`.
const JUDGED: &str = include_str!("../../../tests/cases/redact/national.tsv");

#[test]
fn checks_agree_with_numbers_judged_elsewhere() {
    let mut wrong = Vec::new();
    let mut judged = BTreeSet::new();
    for line in JUDGED.lines().filter(|line| !line.starts_with('#')) {
        let mut columns = line.split('\t');
        let (Some(entity), Some(number), Some(verdict)) = (columns.next(), columns.next(), columns.next()) else {
            panic!("three columns: {line}");
        };
        let words = words(number);
        let plain: Vec<u8> = words.iter().flat_map(|word| word.text.clone()).collect();
        let groups: Vec<u8> = words.iter().map(|word| word.text.len() as u8).collect();
        let separators: Vec<u8> =
            words.windows(2).filter_map(|pair| separator(&number[pair[0].end..pair[1].start])).collect();
        let candidate = Candidate { plain: &plain, groups: &groups, separators: &separators };
        let asked = detectors().filter(|detector| detector.entity == entity);
        let passes =
            asked.filter(|detector| fits(detector, &plain)).any(|detector| (detector.check)(&candidate).is_some());
        if passes != (verdict == "valid") {
            wrong.push(line);
        }
        judged.insert(entity);
    }

    assert!(judged.len() >= 55, "{} entities", judged.len());
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong[..wrong.len().min(60)].join("\n"));
}

fn fits(detector: &Detector, plain: &[u8]) -> bool {
    match detector.form {
        Form::Digits { lengths } => lengths.contains(&(plain.len() as u8)) && plain.iter().all(u8::is_ascii_digit),
        Form::Letters { lengths } => lengths.contains(&(plain.len() as u8)),
        Form::Scanned => false,
    }
}

/// Knuth's 64-bit generator with a mix of its high bits: the same numbers in every run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mixed = (self.0 ^ (self.0 >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed ^ (mixed >> 32)
    }

    fn byte(&mut self, digits_only: bool) -> u8 {
        let letters = if digits_only { 10 } else { 36 };
        b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[(self.next() % letters) as usize]
    }

    fn digits(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.byte(true)).collect()
    }
}

/// The share in percent of 40,000 strings of digits, in one piece, that one of `rows` lets through.
fn share(rows: &[&Detector], mut next: impl FnMut() -> Vec<u8>) -> f64 {
    let passes = |plain: &[u8]| {
        let candidate = Candidate { plain, groups: &[plain.len() as u8], separators: &[] };
        rows.iter().any(|detector| fits(detector, plain) && (detector.check)(&candidate).is_some())
    };
    let passed = (0..40_000).filter(|_| passes(&next())).count();
    passed as f64 / 400.0
}

#[test]
fn random_numbers_get_through_as_often_as_reckoned() {
    let reckoned: &[(&str, usize, f64, f64)] = &[
        ("fr_siren", 9, 9.0, 11.0),
        ("nl_bsn", 9, 8.5, 10.0),
        ("gr_afm", 9, 9.0, 11.0),
        ("pt_nif", 9, 6.0, 9.5),
        ("hu_taj", 9, 9.0, 11.0),
        ("bg_lnch", 10, 9.0, 11.0),
        ("gb_nhs", 10, 8.5, 10.0),
        ("pl_nip", 10, 7.5, 9.5),
        ("at_svnr", 10, 0.1, 0.6),
        ("dk_cpr", 10, 3.0, 4.2),
        ("bg_egn", 10, 0.8, 1.3),
        ("se_pnr", 10, 0.2, 0.8),
        ("hr_oib", 11, 9.0, 11.0),
        ("pl_pesel", 11, 1.5, 2.2),
        ("lt_ak", 11, 1.0, 4.0),
        ("it_piva", 11, 0.8, 1.3),
        ("de_steuer_id", 11, 0.2, 0.5),
        ("gr_amka", 11, 0.25, 0.5),
        ("be_nn", 11, 0.05, 0.3),
        ("no_fnr", 11, 0.02, 0.2),
        ("es_nuss", 12, 0.3, 0.8),
        ("si_emso", 13, 0.1, 0.5),
        ("ro_cnp", 13, 0.05, 0.3),
        ("ch_ahv", 13, 0.0, 0.06),
        ("lu_matricule", 13, 0.0, 0.02),
        ("fr_siret", 14, 0.7, 1.3),
        ("fr_nir", 15, 0.1, 0.9),
    ];
    let mut numbers = Numbers(20_261_128);
    for (entity, length, least, most) in reckoned {
        let rows: Vec<_> = detectors().filter(|detector| detector.entity == *entity).collect();
        let share = share(&rows, || numbers.digits(*length));
        assert!(
            (*least..=*most).contains(&share),
            "{entity}: {share} % of {length} digits, expected {least} to {most}"
        );
    }
}

/// What no word has to stand by must not take times for persons.
#[test]
fn hardly_a_moment_is_taken_for_a_number_without_context() {
    let mut numbers = Numbers(3);
    for detector in detectors().filter(|detector| detector.tier == Tier::One) {
        let (entity, rows) = (detector.entity, &[detector]);
        let seconds = share(rows, || (1_500_000_000 + numbers.next() % 500_000_000).to_string().into_bytes());
        let milliseconds =
            share(rows, || (1_700_000_000_000 + numbers.next() % 250_000_000_000).to_string().into_bytes());
        let moments = share(rows, || {
            let mut part = |from: u64, many: u64| format!("{:02}", from + numbers.next() % many);
            format!("20{}{}{}{}{}{}", part(10, 20), part(1, 12), part(1, 28), part(0, 24), part(0, 60), part(0, 60))
                .into_bytes()
        });
        assert!(seconds == 0.0 && moments == 0.0, "{entity}: {seconds} % of seconds, {moments} % of moments");
        assert!(milliseconds < 0.05, "{entity}: {milliseconds} % of milliseconds");
    }
}
