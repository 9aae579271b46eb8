//! The lines for machines at the foot of passports and identity cards.

use super::super::checksum::{digit, icao};
use super::super::{Candidate, Detector, Form, Group, Shape, Tier};

/// A line of 30, 36 or 44 with `<` in it, by its own check digits or its beginning.
pub(in super::super) const MRZ: Detector = Detector {
    entity: "mrz",
    group: Group::National,
    tier: Tier::One,
    form: Form::Scanned,
    check,
    context: &["mrz", "passport", "passeport", "cni"],
    summary: "Line for machines of a passport, visa or identity card (MRZ)",
    source: "ICAO Doc 9303, parts 3 to 7",
    matches: &[
        "[[P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<]]",
        "[[L898902C36UTO7408122F1204159ZE184226B<<<<<10]]",
        "scan [[I<UTOD231458907<<<<<<<<<<<<<<<]] ok",
        "[[IDFRADOUEL<<<<<<<<<<<<<<<<<<<<932013]]",
        "<passport>[[P&lt;UTOERIKSSON&lt;&lt;ANNA&lt;MARIA&lt;&lt;&lt;&lt;&lt;&lt;&lt;&lt;&lt;&lt;&lt;&lt;&lt;&lt;&lt;&lt;&lt;&lt;&lt;]]</passport>",
    ],
    rejects: &[
        "<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<",
        "a << b",
        "L898902C36UTO7408123F1204159ZE184226B<<<<<10",
    ],
};

fn check(candidate: &Candidate<'_>) -> Option<Shape> {
    let line = candidate.plain;
    let is_first = match line.len() {
        30 | 36 | 44 => {
            matches!(line[0], b'P' | b'I' | b'A' | b'C' | b'V')
                && line[2..5].iter().all(|byte| byte.is_ascii_uppercase() || *byte == b'<')
        }
        _ => return None,
    };
    let letters = line.iter().filter(|byte| **byte != b'<').count();
    let is_second = match line.len() {
        44 => is_right(&line[..10]) && is_right(&line[13..20]) && is_right(&line[21..28]),
        36 => is_right(&line[..10]) && is_right(&line[13..20]),
        _ => is_right(&line[..7]) && is_right(&line[8..15]),
    };
    (letters >= 8 && (is_first || is_second)).then_some(Shape::Canonical)
}

/// Whether the last is the check digit of the others, with weights 7, 3, 1.
fn is_right(text: &[u8]) -> bool {
    let Some((check, text)) = text.split_last() else { return false };
    check.is_ascii_digit() && icao(text) == digit(*check)
}
