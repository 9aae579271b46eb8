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

#[cfg(test)]
mod tests {
    use super::*;

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
