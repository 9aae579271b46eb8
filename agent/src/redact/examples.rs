//! Every detector against its own examples, through the engine.

use std::sync::Arc;

use super::{Detector, Engine, Finding, Place, Scanner, Strictness, all};

fn scanner() -> Scanner {
    Scanner::new(Arc::new(Engine::new(&all().collect::<Vec<_>>(), Strictness::Normal)))
}

/// What is found in `text`: the name and the text of each.
fn found<'t>(scanner: &mut Scanner, text: &'t str) -> Vec<(&'static str, &'t str)> {
    let detectors: Vec<&Detector> = all().collect();
    let mut found = Vec::new();
    scanner.scan(text.as_bytes(), Place::default(), &mut found);
    let name = |one: &Finding| detectors[usize::from(one.detector)].entity;
    found.iter().map(|one| (name(one), &text[one.start as usize..one.end as usize])).collect()
}

/// The text without `[[` and `]]`, and what stood between them.
fn unmarked(example: &str) -> (String, Vec<&str>) {
    let values = example.split("[[").skip(1).map(|rest| rest.split_once("]]").expect("marks are closed").0);
    (example.replace("[[", "").replace("]]", ""), values.collect())
}

#[test]
fn every_example_is_found_and_no_counter_example() {
    let mut scanner = scanner();
    let mut wrong = Vec::new();
    for detector in all() {
        for example in detector.matches {
            let (text, values) = unmarked(example);
            let found = found(&mut scanner, &text);
            let of_this: Vec<&str> =
                found.iter().filter(|(name, _)| *name == detector.entity).map(|(_, text)| *text).collect();
            if values.is_empty() || !values.iter().all(|value| of_this.contains(value)) {
                wrong.push(format!("{}: {example}: {found:?}", detector.entity));
            }
        }
        for text in detector.rejects {
            let found = found(&mut scanner, text);
            if found.iter().any(|(name, _)| *name == detector.entity) {
                wrong.push(format!("{}: not {text}: {found:?}", detector.entity));
            }
        }
    }

    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
