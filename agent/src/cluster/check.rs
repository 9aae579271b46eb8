//! Answers to bulk requests, held against a tree of serde_json. Called by property tests and by fuzzing.

use std::borrow::Cow;

use serde_json::Value;

use super::bulk::{ItemAnswer, ItemRun, Verb, bulk_items};
use super::errors::ErrorDetail;

/// Reads `body`.
///
/// # Panics
/// When it is read as something else than a tree would be.
pub fn answer(body: &[u8]) {
    if let Ok(read) = bulk_items(body) {
        assert_eq!(Some(expanded(read)), reference(body), "{}", body.escape_ascii());
    }
}

/// One answer per document.
pub(super) fn expanded(runs: Vec<ItemRun<'_>>) -> Vec<ItemAnswer<'_>> {
    runs.into_iter().flat_map(|run| std::iter::repeat_n(run.answer, run.count)).collect()
}

/// The same by way of a tree.
pub(super) fn reference(body: &[u8]) -> Option<Vec<ItemAnswer<'static>>> {
    let tree: Value = serde_json::from_slice(body).ok()?;
    let read = |item: &Value| {
        let (verb, item) = item.as_object().filter(|item| item.len() == 1)?.iter().next()?;
        let status = item.get("status")?.as_u64().filter(|status| (100..600).contains(status))?;
        let error = item.get("error").map(|error| Box::new(ErrorDetail::new(error)));
        let index = item.get("_index").and_then(Value::as_str).map(|index| Cow::Owned(index.to_owned()));
        Some(ItemAnswer { verb: Verb::named(verb.as_bytes()), index, status: u16::try_from(status).ok()?, error })
    };
    tree.as_object()?.get("items")?.as_array()?.iter().map(read).collect()
}
