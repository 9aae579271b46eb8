//! Names of streams and indexes, made and read in one place.
//!
//! `vigie-CLASS-DATASET` is a data stream, `vigie-CLASS-DATASET-exp-2028.11` a bucket, `vigie-hold-CASE` holds copies,
//! `vigie-retention-audit` the chain. Names of classes have no `-` in them, and no class is called `hold` or `retention`, so that no name has two meanings.

/// Index that the chain of certificates is copied to.
pub const AUDIT_INDEX: &str = "vigie-retention-audit";
/// Index of lease and holds.
pub const STATE_INDEX: &str = "vigie-retention-state";
const BUCKET: &str = "-exp-";

/// The data stream of a class and a dataset.
pub fn stream_name(class: &str, dataset: &str) -> String {
    format!("vigie-{class}-{dataset}")
}

/// The bucket of a class and a dataset for a period of expiry.
pub fn bucket_name(class: &str, dataset: &str, period: &str) -> String {
    format!("vigie-{class}-{dataset}{BUCKET}{period}")
}

/// The period of expiry in the name of a bucket.
pub(super) fn period_in(bucket: &str) -> Option<&str> {
    bucket.rsplit_once(BUCKET).map(|(_, period)| period)
}

/// Whether `name`, the last part of a name, would be taken for a bucket.
pub fn looks_like_bucket(name: &[u8]) -> bool {
    name.windows(BUCKET.len()).any(|part| part == BUCKET.as_bytes())
}

/// The index that documents held for `case` are copied to.
pub fn hold_name(case: &str) -> String {
    format!("vigie-hold-{case}")
}

/// The class in the name of an index or stream; the name of a backing index is that of its stream behind `.ds-`.
pub fn class_in(name: &str) -> Option<&str> {
    let name = name.strip_prefix(".ds-").unwrap_or(name);
    let (class, dataset) = name.strip_prefix("vigie-")?.split_once('-')?;
    let is_class = !class.is_empty() && !matches!(class, "hold" | "retention");
    (is_class && !dataset.is_empty()).then_some(class)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_class_comes_back_from_each_name() {
        assert_eq!(class_in(&stream_name("r1", "web-a")), Some("r1"));
        assert_eq!(class_in(&bucket_name("r1", "web", "2028.11")), Some("r1"));
        assert_eq!(class_in(".ds-vigie-r1-web-000001"), Some("r1"));
        for other in [AUDIT_INDEX, STATE_INDEX, &hold_name("a-b"), "logs-r1-x", "vigie-r1", "vigie--x", "vigie-r1-"] {
            assert_eq!(class_in(other), None, "{other}");
        }
    }
}
