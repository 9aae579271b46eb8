//! Reads the answer to a request for documents by id.

use serde_json::Value;

/// What was answered about one id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// A document of this id is in the index.
    Stored,
    /// None is.
    Missing,
    /// It could not be looked up, for the reason of this name.
    Failed(String),
}

/// The answers about `count` ids, in their order; `None` when `body` holds something else.
pub fn found_items(body: &[u8], count: usize) -> Option<Vec<Found>> {
    let tree: Value = serde_json::from_slice(body).ok()?;
    let documents = tree.get("docs")?.as_array().filter(|documents| documents.len() == count)?;
    let read = |document: &Value| match (document.get("found"), document.get("error")) {
        (Some(found), None) => found.as_bool().map(|found| if found { Found::Stored } else { Found::Missing }),
        (_, error) => Some(Found::Failed(error?.get("type")?.as_str()?.to_owned())),
    };
    documents.iter().map(read).collect()
}

/// The indexes that an answer to `_resolve/index/NAME` tells to stand behind the name, in the order of their names; none when
/// `body` holds something else.
pub fn indexes_behind(body: &[u8]) -> Vec<String> {
    let tree: Value = serde_json::from_slice(body).unwrap_or_default();
    let entries = |kind: &str| tree[kind].as_array().cloned().unwrap_or_default();
    let mut indexes: Vec<String> = Vec::new();
    let mut take = |name: &Value| indexes.extend(name.as_str().map(str::to_owned));
    for (kind, member) in [("aliases", "indices"), ("data_streams", "backing_indices")] {
        // One alone is told without a list around it.
        entries(kind).iter().map(|entry| &entry[member]).for_each(|names| match names.as_array() {
            Some(names) => names.iter().for_each(&mut take),
            None => take(names),
        });
    }
    entries("indices").iter().for_each(|entry| take(&entry["name"]));
    indexes.sort_unstable();
    indexes
}

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// A data stream.
    Stream,
    /// An index, or an alias.
    Other,
    /// Nothing.
    Nothing,
}

/// What an answer to `_resolve/index/NAME` tells the name to stand for; `None` when `body` holds something else.
pub fn standing(body: &[u8]) -> Option<Standing> {
    let tree: Value = serde_json::from_slice(body).ok()?;
    let has = |kind: &str| tree[kind].as_array().is_some_and(|entries| !entries.is_empty());
    let known = tree.as_object()?;
    Some(match () {
        () if has("data_streams") => Standing::Stream,
        () if has("indices") || has("aliases") => Standing::Other,
        () if known.is_empty() || known.values().all(|entries| entries.as_array().is_some_and(Vec::is_empty)) => {
            Standing::Nothing
        }
        () => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_name_stands_for_is_read() {
        let cases = [
            (r#"{"indices":[],"aliases":[],"data_streams":[{"name":"logs"}]}"#, Some(Standing::Stream)),
            (r#"{"indices":[{"name":"logs"}]}"#, Some(Standing::Other)),
            (r#"{"aliases":[{"name":"logs"}],"data_streams":[]}"#, Some(Standing::Other)),
            (r#"{"indices":[],"aliases":[],"data_streams":[]}"#, Some(Standing::Nothing)),
            ("{}", Some(Standing::Nothing)),
            (r#"{"error":"no handler"}"#, None),
            ("<html>", None),
            ("[]", None),
        ];
        for (body, expected) in cases {
            assert_eq!(standing(body.as_bytes()), expected, "{body}");
        }
    }

    #[test]
    fn the_indexes_behind_a_name_are_read_in_order() {
        let alias = br#"{"aliases":[{"name":"logs","indices":["logs-000002","logs-000001"]}]}"#;
        assert_eq!(indexes_behind(alias), ["logs-000001", "logs-000002"]);
        let stream = br#"{"indices":[],"data_streams":[{"name":"logs","backing_indices":[".ds-logs-000001"]}]}"#;
        assert_eq!(indexes_behind(stream), [".ds-logs-000001"]);
        let one = br#"{"data_streams":[{"name":"logs","backing_indices":".ds-logs-000001"}]}"#;
        assert_eq!(indexes_behind(one), [".ds-logs-000001"]);
        assert_eq!(indexes_behind(br#"{"indices":[{"name":"logs","attributes":["open"]}]}"#), ["logs"]);
        for other in ["", "{}", "<html>", r#"{"aliases":[{}],"indices":7}"#] {
            assert_eq!(indexes_behind(other.as_bytes()), [""; 0], "{other}");
        }
    }

    #[test]
    fn each_id_is_found_missing_or_not_to_be_looked_up() {
        let body = br#"{"docs":[{"found":true},{"found":false},{"error":{"type":"index_not_found_exception"}}]}"#;
        let failed = Found::Failed("index_not_found_exception".into());
        assert_eq!(found_items(body, 3), Some(vec![Found::Stored, Found::Missing, failed]));
        assert_eq!(found_items(body, 2), None);
        for other in
            ["", "{}", r#"{"docs":[{}]}"#, r#"{"docs":[{"found":1}]}"#, r#"{"docs":[{"error":"x"}]}"#, "<html>"]
        {
            assert_eq!(found_items(other.as_bytes(), 1), None, "{other}");
        }
    }
}
