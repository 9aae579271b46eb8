//! What holds for every text: nothing of what is found survives, and what was hidden stays as it is. Called by property tests
//! and by fuzzing.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use super::bare::Quotes;
use super::token::tokens_in;
use super::{Action, GROUPS, Policy, Preset, Redactor, Selector};
use crate::redact::{Place, Strictness};

/// Hides what is found in `text`, at once and the plain way, and looks at the result again.
///
/// # Panics
/// When a byte of what is found is written or another one is not, or when a second look changes what the first put there.
pub fn check(text: &[u8], place: Place<'_>) {
    let (mut redactor, mut once, mut twice) = (redactor(), Vec::new(), Vec::new());
    let expected = spliced(&mut redactor, text, place);
    let is_changed = redactor.text(text, place, &mut once);
    assert_eq!(is_changed, expected != text, "{}", text.escape_ascii());
    if !is_changed {
        return;
    }
    assert_eq!(once.escape_ascii().to_string(), expected.escape_ascii().to_string());
    // What only looks like a label was there before.
    if !text.contains(&b'<') && redactor.text(&once, place, &mut twice) {
        let labels = |text: &[u8]| tokens_in(text).map(|token| text[token].to_vec()).collect::<Vec<_>>();
        let (before, mut after) = (labels(&once), labels(&twice).into_iter());
        let are_left = before.iter().all(|label| after.any(|other| other == *label));
        assert!(are_left, "{} became {}", once.escape_ascii(), twice.escape_ascii());
    }
}

/// Hides all that is found behind labels.
pub(super) fn redactor() -> Redactor {
    static POLICY: LazyLock<Arc<Policy>> = LazyLock::new(|| {
        let chosen: BTreeMap<Selector, Action> =
            GROUPS.iter().map(|(group, _)| (Selector::Group(*group), Action::Label)).collect();
        let preset = Preset::named("rgpd-strict").expect("it is one of the presets");
        Arc::new(Policy::new(preset, Strictness::Normal, &chosen, Vec::new()))
    });
    Redactor::new(Arc::clone(&POLICY), Arc::default(), false)
}

/// `text` with all that is found in it replaced, the plain way.
fn spliced(redactor: &mut Redactor, text: &[u8], place: Place<'_>) -> Vec<u8> {
    let names: Vec<&str> = redactor.policy().detectors().iter().map(|detector| detector.entity).collect();
    let (mut out, mut copied, mut quotes) = (Vec::new(), 0, Quotes::default());
    let found = redactor.findings(text, place).to_vec();
    for finding in &found {
        let fitted = quotes.fitting(redactor.fences(), text, finding.start as usize..finding.end as usize);
        let entity = names[usize::from(finding.detector)];
        let label = format!("<{entity}>");
        for part in fitted.parts(text, entity) {
            out.extend_from_slice(&text[copied..part.start]);
            out.extend_from_slice(&[fitted.quote, label.as_bytes(), fitted.quote].concat());
            copied = part.end;
        }
    }
    out.extend_from_slice(&text[copied..]);
    out
}
