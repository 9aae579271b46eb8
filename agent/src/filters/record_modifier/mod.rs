//! Adds fixed fields, removes others.

use std::sync::Arc;

use vigie_parsers::batch::{Batch, Field, Keys, Text, Value};

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
            uuid,
        })
    }))
}

struct RecordModifier {
    /// Key and value of each record in turn, then the key of the UUID.
    keys: Arc<Keys>,
    records: usize,
    removed: Vec<String>,
    allowed: Vec<String>,
    uuid: bool,
}

impl Filter for RecordModifier {
    fn apply(&mut self, batch: &mut Batch, _: &FilterContext<'_>) {
        let keys = self.keys.in_batch(batch);
        for index in 0..batch.len() {
            let mut record = batch.record_mut(index);
            if !self.removed.is_empty() {
                record.retain(|batch, field| !names(&self.removed, batch, field.key));
            }
            if !self.allowed.is_empty() {
                record.retain(|batch, field| names(&self.allowed, batch, field.key));
            }
            for at in 0..self.records {
                let (key, value) = (keys.key(2 * at), Value::Text(keys.key(2 * at + 1)));
                record.append_field(Field { key, value });
            }
            if self.uuid {
                let value = Value::Text(Text::plain(record.store(uuid().as_bytes())));
                record.append_field(Field { key: keys.key(2 * self.records), value });
            }
        }
    }
}

/// Whether one of `patterns` names `key`, case left out of account.
fn names(patterns: &[String], batch: &Batch, key: Text) -> bool {
    let raw = batch.bytes(key.span);
    patterns.iter().any(|pattern| match pattern.strip_suffix('*') {
        Some(prefix) => raw.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes())),
        None => raw.eq_ignore_ascii_case(pattern.as_bytes()),
    })
}

/// A random UUID, version 4.
fn uuid() -> String {
    use std::hash::{BuildHasher, RandomState};
    let (high, low) = (RandomState::new().hash_one(1), RandomState::new().hash_one(2));
    let high = (high & !0xf000) | 0x4000;
    let low = (low & !(0b11 << 62)) | (0b10 << 62);
    let (a, b, c) = (high >> 32, (high >> 16) & 0xffff, high & 0xffff);
    format!("{a:08x}-{b:04x}-{c:04x}-{:04x}-{:012x}", low >> 48, low & 0xffff_ffff_ffff)
}

#[cfg(test)]
mod tests {
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
            (&[("whitelist_key", "mem.free"), ("record", "swap new")][..], r#"{"Mem.free":2,"swap":"new"}"#),
            (&[("record", "swap new")][..], r#"{"Mem.total":1,"Mem.free":2,"swap":"new"}"#),
        ];
        for (options, expected) in cases {
            assert_eq!(filtered(&super::KIND, options, &records), [expected], "{options:?}");
        }
    }

    #[test]
    fn a_uuid_is_random_and_well_formed() {
        let (one, other) = (super::uuid(), super::uuid());

        assert_ne!(one, other);
        assert_eq!((one.len(), one.as_bytes()[14]), (36, b'4'));
    }

    #[test]
    fn allowing_and_removing_at_once_is_refused() {
        assert_eq!(findings(&super::KIND, &[("remove_key", "a"), ("allowlist_key", "b")]), ["V502"]);
    }
}
