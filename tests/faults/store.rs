//! Keeps documents by index and id, as OpenSearch does.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

/// The name that is written to.
pub(crate) const TARGET: &str = "logs";

/// One item of a bulk request.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) action: String,
    pub(crate) target: String,
    pub(crate) id: String,
    pub(crate) document: Value,
}

impl Item {
    /// The text of the line it was made of, wherever that stands.
    pub(crate) fn text(&self) -> Option<&str> {
        text(&self.document)
    }
}

/// The text of the line that `document` was made of: its own, or what was moved away.
pub(crate) fn text(document: &Value) -> Option<&str> {
    document["log"].as_str().or_else(|| document["unmapped"]["log"].as_str())
}

/// Whether something of `document` was moved away.
pub(crate) fn is_mended(document: &Value) -> bool {
    document["unmapped"]["log"].is_string()
}

/// Takes a bulk body apart; `None` when a node would not take it.
pub(crate) fn items(body: &[u8]) -> Option<Vec<Item>> {
    let mut lines = body.strip_suffix(b"\n")?.split(|byte| *byte == b'\n');
    let mut items = Vec::new();
    while let Some(line) = lines.next() {
        let action: Value = serde_json::from_slice(line).ok()?;
        let document = serde_json::from_slice(lines.next()?).ok()?;
        let (name, place) = action.as_object()?.iter().next()?;
        let (target, id) = (place["_index"].as_str()?.to_owned(), place["_id"].as_str()?.to_owned());
        items.push(Item { action: name.clone(), target, id, document });
    }
    Some(items)
}

/// The documents. Behind [`TARGET`] stands an index of its name, or the newest of several once it has rolled over.
#[derive(Debug, Default)]
pub(crate) struct Store {
    documents: BTreeMap<(String, String), Value>,
    /// How often it has rolled over; `None` where the target is an index itself.
    rollovers: Option<u64>,
}

impl Store {
    /// One whose target is an alias.
    pub(crate) fn with_alias() -> Self {
        Self { rollovers: Some(0), ..Self::default() }
    }

    /// Puts another index behind the target.
    pub(crate) fn roll_over(&mut self) {
        self.rollovers = self.rollovers.map(|rollovers| rollovers + 1);
    }

    /// The index that is written to as `target`.
    pub(crate) fn index(&self, target: &str) -> String {
        match self.rollovers.filter(|_| target == TARGET) {
            Some(rollovers) => format!("{TARGET}-{:06}", rollovers + 1),
            None => target.to_owned(),
        }
    }

    /// The answer to the question what stands behind `name`.
    pub(crate) fn behind(&self, name: &str) -> Value {
        match self.rollovers.filter(|_| name == TARGET) {
            Some(rollovers) => {
                let indices: Vec<String> = (1..=rollovers + 1).map(|number| format!("{TARGET}-{number:06}")).collect();
                json!({"indices": [], "aliases": [{"name": name, "indices": indices}], "data_streams": []})
            }
            None => json!({"indices": [{"name": name, "attributes": ["open"]}], "aliases": [], "data_streams": []}),
        }
    }

    /// Stores `item` and gives the status.
    pub(crate) fn put(&mut self, item: &Item) -> u16 {
        let key = (self.index(&item.target), item.id.clone());
        let is_there = self.documents.contains_key(&key);
        if is_there && item.action == "create" {
            return 409;
        }
        self.documents.insert(key, item.document.clone());
        if is_there { 200 } else { 201 }
    }

    /// Stores `items`, whatever their statuses.
    pub(crate) fn put_all(&mut self, items: &[Item]) {
        for item in items {
            self.put(item);
        }
    }

    /// The answer to a look-up of `ids`, and how many are there.
    pub(crate) fn look_up(&self, index: &str, ids: &[String]) -> (Value, u64) {
        let is_several = index == TARGET && self.rollovers.is_some_and(|rollovers| rollovers > 0);
        let index = self.index(index);
        let found: Vec<bool> = ids.iter().map(|id| self.documents.contains_key(&(index.clone(), id.clone()))).collect();
        let answer = |found: &bool| match is_several {
            true => json!({"error": {"type": "illegal_argument_exception"}}),
            false => json!({"found": found}),
        };
        let docs: Vec<Value> = found.iter().map(answer).collect();
        let there = if is_several { 0 } else { found.iter().filter(|found| **found).count() };
        (json!({"docs": docs}), there as u64)
    }

    /// All documents, whatever their index.
    pub(crate) fn documents(&self) -> impl Iterator<Item = &Value> {
        self.documents.values()
    }

    /// How many different lines are stored.
    pub(crate) fn lines(&self) -> usize {
        self.documents().filter_map(text).collect::<BTreeSet<_>>().len()
    }
}
