//! What holds for every record: what is passed over at a glance is what is found nothing in when each value is looked through.
//! Called by property tests and by fuzzing.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use vigie_parsers::batch::{Batch, Origin, Timestamp};
use vigie_parsers::json::JsonParser;
use vigie_parsers::{Parsed, Parser};

use super::paths::Paths;
use super::walk::Walk;
use crate::encode::json::push_record;
use crate::privacy::{PRESETS, Policy, Redactor};
use crate::redact::Strictness;

/// How often lines are gone through, so that what was seen before is known.
const TIMES: usize = 3;

/// Hides what is found in `lines`, records in JSON, again and again: as ever, and with every value looked through. `choice` is that of
/// a preset, of a strictness, and of whether keys are looked at.
///
/// # Panics
/// When the two differ in what they write or count.
pub fn check(choice: u8, lines: &[&[u8]]) {
    static POLICIES: LazyLock<Vec<Arc<Policy>>> = LazyLock::new(|| {
        let all = [Strictness::Low, Strictness::Normal, Strictness::Paranoid];
        let of = |strictness| PRESETS.iter().map(move |preset| (preset, strictness));
        let made = all.into_iter().flat_map(of);
        made.map(|(preset, strictness)| Arc::new(Policy::new(preset, strictness, &BTreeMap::new(), Vec::new())))
            .collect()
    });
    let policy = &POLICIES[usize::from(choice & 0x7f) % POLICIES.len()];
    let mut walks = [false, true].map(|is_plain| {
        let redactor = Redactor::new(Arc::clone(policy), Arc::default(), false);
        let mut walk = Walk::new(redactor, Arc::new(Paths::default()), choice & 0x80 != 0);
        walk.is_plain = is_plain;
        walk
    });
    for _ in 0..TIMES {
        let [one, other] = walks.each_mut().map(|walk| hidden(walk, lines));
        assert_eq!(one, other, "preset and strictness {choice}");
    }
}

/// The records of `lines` behind `walk`, and what it counted.
fn hidden(walk: &mut Walk, lines: &[&[u8]]) -> (Vec<String>, Vec<(String, u64)>) {
    let mut batch = Batch::default();
    for line in lines {
        let span = batch.store(line);
        let index = batch.push(Timestamp::default(), Origin::default());
        if JsonParser.parse(&mut batch, index, span) == Parsed::Refused {
            batch.record_mut(index).truncate(0);
        }
    }
    (0..batch.len()).for_each(|index| walk.record(&mut batch, index));
    let mut counts = Vec::new();
    walk.redactor.take_counts(|entity, action, count| counts.push((format!("{entity} {action}"), count)));
    let written = |record| {
        let mut out = Vec::new();
        push_record(record, &mut out);
        out.escape_ascii().to_string()
    };
    (batch.records().map(written).collect(), counts)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Values as fields have them, and some that are found; more digits and letters than in these come of changes.
    const VALUES: &[&str] = &[
        "info",
        "error",
        "app-17",
        "cache.redis",
        "retrying after timeout",
        "customer said \\\"cancel\\\"",
        "GET",
        "e099ec6cd7363ca585e7bb0f12278575",
        "491718de357e3da8",
        "u-5c8e74616796",
        "2026-11-21T00:00:00.000226Z",
        "550e8400-e29b-41d4-a716-446655440000",
        "4242424242424242",
        "4242 4242 4242 4242",
        "jane.doe@mail.example.com",
        "8.8.4.77",
        "+33 6 12 34 56 78",
        "0033612345678",
        "FR1420041010050500013M02606",
        "1 85 05 78 006 084 36",
        "185057800608436",
        "48.8566, 2.3522",
        "DE136695976",
        "a_4111111111111111",
        "00-1A-2B-3C-4D-5E",
        "",
        "1234",
        "x",
        "card 4242424242424242",
        "born 1985-05-07",
        "C:\\\\data\\\\in",
        "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
        "BNPAFRPPXXX",
        "12 rue de la Paix",
        "caf\u{e9}",
        "p@ss",
        "a=b",
        "756.9217.0769.85",
        "12.345.678-5",
    ];
    const NUMBERS: &[&str] = &[
        "0",
        "200",
        "14327",
        "1816.454",
        "-66.568",
        "1e5",
        "4242424242424242",
        "1732147200000",
        "1732147200",
        "0.0012345",
        "0.001234567890123",
        "48.85661",
        "185057800608436",
        "4.242424242424242e15",
        "-1234567",
        "12345678",
        "123456789",
        "123.456.7",
        "1732147200.123456",
        "0.0033612345678",
        "33612345678.0",
    ];
    const KEYS: &[&str] = &[
        "level",
        "seq",
        "trace_id",
        "user",
        "status",
        "msg",
        "card",
        "iban",
        "password",
        "email",
        "nir",
        "date",
        "ssn",
        "order_id",
        "phone",
        "jane.doe@mail.example.com",
        "a_key_of_more_than_thirty_two_bytes_of_its_own",
        "k\u{e9}y",
        "4242424242424242",
        "k\\u0061",
        "birth_date",
        "siret",
        "",
    ];

    /// One of `all`, some with another character in the place of one.
    fn changed(all: &'static [&'static str], others: &'static str) -> impl Strategy<Value = String> {
        let change = (any::<prop::sample::Index>(), prop::sample::select(others.chars().collect::<Vec<_>>()));
        (prop::sample::select(all), prop::collection::vec(change, 0..3), any::<bool>()).prop_map(
            |(text, changes, is)| {
                let mut letters: Vec<char> = text.chars().collect();
                for (at, other) in changes.into_iter().filter(|_| is && !text.contains('\\') && !text.is_empty()) {
                    let at = at.index(letters.len());
                    letters[at] = other;
                }
                letters.into_iter().collect()
            },
        )
    }

    fn value() -> impl Strategy<Value = String> {
        prop_oneof![
            4 => changed(VALUES, "0123456789abcdefxyzABCXYZ-./+ _:@").prop_map(|text| format!("\"{text}\"")),
            1 => "[0-9a-f]{4,64}".prop_map(|text| format!("\"{text}\"")),
            1 => "[0-9A-Za-z]{1,8}([-./ ][0-9a-zA-Z]{1,8}){1,5}".prop_map(|text| format!("\"{text}\"")),
            2 => changed(NUMBERS, "0123456789"),
            1 => "-?[1-9][0-9]{0,17}([.][0-9]{1,9})?",
            1 => prop::sample::select(&["null", "true", "[1,\"u-1\"]", "{\"card\":4242424242424242}"][..]).prop_map_into(),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        #[test]
        fn a_glance_passes_over_nothing_that_is_found(
            choice in any::<u8>(),
            keys in prop::collection::vec(prop::sample::select(KEYS), 1..8),
            values in prop::collection::vec(prop::collection::vec(value(), 8), 1..40),
        ) {
            let line = |values: Vec<String>| {
                let members = keys.iter().zip(values).map(|(key, value)| format!("\"{key}\":{value}"));
                format!("{{{}}}", members.collect::<Vec<_>>().join(","))
            };
            let lines: Vec<String> = values.into_iter().map(line).collect();
            check(choice, &lines.iter().map(String::as_bytes).collect::<Vec<_>>());
        }
    }
}
