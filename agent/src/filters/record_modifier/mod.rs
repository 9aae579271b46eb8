//! Adds fixed fields, removes others.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;

use siphasher::sip128::{Hasher128, SipHasher24};
use vigie_parsers::batch::{Batch, Field, Keys, Text, Value};

use super::decoded;
use crate::config::types::KeyValue;
use crate::config::{Diagnostics, Options, Section};
use crate::metrics::FilterMetrics;
use crate::plugin::{BuildContext, Filter, FilterContext, FilterFactory, FilterKind};

/// The `record_modifier` filter.
pub(super) const KIND: FilterKind = FilterKind {
    name: "record_modifier",
    summary: "Adds fixed fields and removes others.",
    options: RecordModifierOptions::TABLE,
    build,
};

crate::options! {
    /// Options of `record_modifier`.
    struct RecordModifierOptions {
        record: KeyValue, repeated, "`KEY VALUE`: a field that is added at the end.";
        remove_key: String, repeated, "A key that is removed, in any case; with `*` at its end, all that begin so.";
        allowlist_key: String, repeated, "A key that is kept, in any case; all others are removed.";
        whitelist_key: String, repeated, "The same as `Allowlist_key`.";
        uuid_key: String, optional, "Key under which a random UUID is added.";
    }
}

fn build(
    section: &Section,
    _: &BuildContext,
    _: &Arc<FilterMetrics>,
    findings: &mut Diagnostics,
) -> Option<FilterFactory> {
    let options = RecordModifierOptions::read(section, findings)?;
    let allowed: Vec<String> = options.allowlist_key.iter().chain(&options.whitelist_key).cloned().collect();
    if !allowed.is_empty() && !options.remove_key.is_empty() {
        let message = "`Remove_key` and `Allowlist_key` cannot stand together";
        findings.error(section.place, "V502", message).help("use two filters");
        return None;
    }
    let texts = options.record.iter().flat_map(|pair| [pair.key.as_str(), pair.value.as_str()]);
    let keys = Arc::new(Keys::new(texts.chain(options.uuid_key.as_deref())));
    let (records, uuid) = (options.record.len(), options.uuid_key.is_some());
    let removed = options.remove_key;
    Some(Box::new(move || {
        Box::new(RecordModifier {
            keys: Arc::clone(&keys),
            records,
            removed: removed.clone(),
            allowed: allowed.clone(),
            uuids: uuid.then(Uuids::new),
            scratch: Vec::new(),
        })
    }))
}

struct RecordModifier {
    /// Key and value of each record in turn, then the key of the UUID.
    keys: Arc<Keys>,
    records: usize,
    removed: Vec<String>,
    allowed: Vec<String>,
    uuids: Option<Uuids>,
    scratch: Vec<u8>,
}

impl Filter for RecordModifier {
    fn apply(&mut self, batch: &mut Batch, _: &FilterContext<'_>) {
        let keys = self.keys.in_batch(batch);
        for index in 0..batch.len() {
            let mut record = batch.record_mut(index);
            if !self.removed.is_empty() {
                record.retain(|batch, field| !names(&self.removed, decoded(batch, field.key, &mut self.scratch)));
            }
            if !self.allowed.is_empty() {
                record.retain(|batch, field| names(&self.allowed, decoded(batch, field.key, &mut self.scratch)));
            }
            for at in 0..self.records {
                let (key, value) = (keys.key(2 * at), Value::Text(keys.key(2 * at + 1)));
                record.append_field(Field { key, value });
            }
            if let Some(uuids) = &mut self.uuids {
                let value = Value::Text(Text::plain(record.store(&uuids.next())));
                record.append_field(Field { key: keys.key(2 * self.records), value });
            }
        }
    }
}

/// Whether one of `patterns` names `raw`, case left out of account.
fn names(patterns: &[String], raw: &[u8]) -> bool {
    patterns.iter().any(|pattern| match pattern.strip_suffix('*') {
        Some(prefix) => raw.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes())),
        None => raw.eq_ignore_ascii_case(pattern.as_bytes()),
    })
}

/// Random UUIDs, version 4: a counter under a keyed hash, with a key of its own from the system's randomness.
struct Uuids {
    key: (u64, u64),
    made: u64,
}

impl Uuids {
    fn new() -> Self {
        // Each state of the standard library's hash maps begins with random keys; two of them make 128 bits.
        let random = || RandomState::new().hash_one(0);
        Self { key: (random(), random()), made: 0 }
    }

    /// The next one as text.
    fn next(&mut self) -> [u8; 36] {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut hasher = SipHasher24::new_with_keys(self.key.0, self.key.1);
        hasher.write_u64(self.made);
        self.made += 1;
        let mut bytes = hasher.finish128().as_bytes();
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let mut text = [b'-'; 36];
        let places = (0..36).filter(|place| !matches!(place, 8 | 13 | 18 | 23));
        let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        for (place, digit) in places.zip(digits) {
            text[place] = DIGITS[usize::from(digit)];
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::Uuids;
    use crate::filters::testing::{filtered, findings};

    #[test]
    fn fields_are_added_removed_and_allowed() {
        let records = [r#"{"Mem.total":1,"Mem.free":2,"swap":3}"#];
        let cases = [
            (
                &[("record", "host web 1"), ("record", "env prod")][..],
                r#"{"Mem.total":1,"Mem.free":2,"swap":3,"host":"web 1","env":"prod"}"#,
            ),
            (&[("remove_key", "mem.*")][..], r#"{"swap":3}"#),
            (&[("allowlist_key", "SWAP")][..], r#"{"swap":3}"#),
            (&[("remove_key", "mem.free"), ("remove_key", "SWAP")][..], r#"{"Mem.total":1}"#),
            (&[("remove_key", "mem")][..], r#"{"Mem.total":1,"Mem.free":2,"swap":3}"#),
            (&[("whitelist_key", "mem.free"), ("record", "swap new")][..], r#"{"Mem.free":2,"swap":"new"}"#),
            (&[("record", "swap new")][..], r#"{"Mem.total":1,"Mem.free":2,"swap":"new"}"#),
        ];
        for (options, expected) in cases {
            assert_eq!(filtered(&super::KIND, options, &records), [expected], "{options:?}");
        }
    }

    #[test]
    fn escaped_keys_compare_decoded() {
        let record = r#"{"\u004dem\/free":1,"b":2}"#;

        assert_eq!(filtered(&super::KIND, &[("remove_key", "mem/*")], &[record]), [r#"{"b":2}"#]);
        assert_eq!(filtered(&super::KIND, &[("allowlist_key", "B")], &[record]), [r#"{"b":2}"#]);
    }

    #[test]
    fn uuids_are_random_and_well_formed() {
        let mut uuids = Uuids::new();
        let mut seen = std::collections::HashSet::new();
        for _ in 0..1000 {
            let uuid = uuids.next();
            for (at, byte) in uuid.iter().enumerate() {
                let fits = match at {
                    8 | 13 | 18 | 23 => *byte == b'-',
                    14 => *byte == b'4',
                    19 => b"89ab".contains(byte),
                    _ => b"0123456789abcdef".contains(byte),
                };
                assert!(fits, "{at}: {}", String::from_utf8_lossy(&uuid));
            }
            assert!(seen.insert(uuid));
        }
        assert_ne!(Uuids::new().next(), Uuids::new().next());
        let out = filtered(&super::KIND, &[("uuid_key", "id"), ("record", "a b")], &["{}"]);
        assert!(out[0].starts_with(r#"{"a":"b","id":""#), "{}", out[0]);
    }

    #[test]
    fn allowing_and_removing_at_once_is_refused() {
        assert_eq!(findings(&super::KIND, &[("remove_key", "a"), ("allowlist_key", "b")]), ["V502"]);
    }
}
