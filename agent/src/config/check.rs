//! Any text as a configuration. Called by property tests and by fuzzing.

use vigie_parsers::Parsers;

use super::diagnostic::Diagnostics;
use super::document::{Document, Place};
use super::environment::Environment;
use super::reader::Reader;
use super::render::render;
use super::service::Service;
use super::zones::Zones;
use super::{classic, definitions, yaml};

/// Reads `text` in one of the formats, and what it says of service and parsers.
///
/// # Panics
/// When a finding has no place in the text, or one of the classic format does not show what stands there.
pub fn readers(text: &str, is_yaml: bool) {
    let (document, mut findings) = read(text, is_yaml);
    let rendered = render(&findings, &document.files);
    assert!(findings.is_empty() || !rendered.is_empty(), "{text:?}");
    for finding in findings.in_order() {
        let place = finding.place.expect("readers know the place");
        assert!(place.line as usize <= text.lines().count() + 1, "{place:?} of {text:?}");
    }
    if !is_yaml {
        check_places(text, &document);
    }
    Service::from_document(&document, &mut findings);
    definitions::add_parsers(&document, &Zones::default(), &mut Parsers::default(), &mut findings);
    render(&findings, &document.files);
}

fn check_places(text: &str, document: &Document) {
    for entry in document.sections.iter().flat_map(|section| &section.entries) {
        let key = at(text, entry.key.place).map(|key| key.to_ascii_lowercase());
        assert_eq!(key.as_ref(), Some(&entry.key.text), "{text:?}");
        if !entry.value.expanded {
            assert_eq!(at(text, entry.value.place).as_ref(), Some(&entry.value.text), "{text:?}");
        }
    }
}

/// The document and findings that `text` gives in one of the formats.
pub(super) fn read(text: &str, is_yaml: bool) -> (Document, Diagnostics) {
    let mut findings = Diagnostics::default();
    let mut reader = Reader::new(Document::default(), Environment::default(), &mut findings);
    let file = reader.add_file("a".into(), text.to_owned());
    if is_yaml {
        yaml::read(&mut reader, file, text);
    } else {
        classic::read(&mut reader, file, text);
    }
    reader.expand(0);
    (reader.document, findings)
}

/// What stands at `place`, when it is a piece of a line.
fn at(text: &str, place: Place) -> Option<String> {
    let line = text.lines().nth(place.line.checked_sub(1)? as usize)?;
    let skipped = line.chars().skip(place.column.checked_sub(1)? as usize);
    Some(skipped.take(place.length as usize).collect())
}
