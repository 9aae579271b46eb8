//! Work of the `opensearch` output: reads the answer to a bulk request.

use vigie::cluster::bulk_items;

use crate::Pass;

/// Documents of one request.
const DOCUMENTS: usize = 5_000;

/// Reads an answer about documents that are all stored. Gives for how many it answers.
pub(crate) fn stored() -> Pass {
    let item = r#"{"create":{"_index":".ds-logs-app-default-000007","status":201}}"#;
    let body = format!(r#"{{"errors":false,"items":[{}]}}"#, vec![item; DOCUMENTS].join(","));
    Box::new(move || {
        let runs = bulk_items(body.as_bytes()).expect("it is an answer");
        runs.iter().map(|run| run.count).sum()
    })
}
