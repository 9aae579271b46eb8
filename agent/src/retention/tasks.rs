//! Long work in the cluster: waits for a task, and for the bytes of deleted documents to be gone.

use std::time::Duration;

use serde_json::{Value, json};

use crate::cluster::{Cluster, permission};

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(500);
/// Looks at a shard's leases until giving up: they move within some 40 seconds.
const LOOKS: u32 = 600;

/// Waits for the task that `started` names, and gives what it answered.
pub(super) async fn finish(cluster: &Cluster, started: &Value) -> Result<Value, String> {
    let Some(task) = started["task"].as_str() else { return Err("the cluster started no task".into()) };
    loop {
        let state = cluster.get(&format!("/_tasks/{task}")).await?;
        if state["completed"] == true {
            if !state["error"].is_null() {
                let text = |key: &str| state["error"][key].as_str().unwrap_or("?");
                // Of the reason only the name of the permission is shown.
                let lacks = permission(text("reason"))
                    .map(|name| format!(", the user lacks the permission `{name}`"))
                    .unwrap_or_default();
                return Err(format!("a task of the cluster failed: {}{lacks}", text("type")));
            }
            return Ok(state["response"].clone());
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Makes the bytes of documents deleted from `index` go: waits until no shard keeps them for its copies, merges, and counts.
/// Returns how many deleted documents are left; above 0 only when somebody goes on deleting, or a lease never moves.
///
/// # Source
/// Observed on 2.19: a merge right after a deletion removes nothing, since the lease of the shard itself still lies below it.
pub(super) async fn expunge(cluster: &Cluster, index: &str) -> Result<u64, String> {
    let setting = "index.merge.policy.expunge_deletes_allowed";
    cluster.put(&format!("/{index}/_settings"), &json!({setting: 0})).await?;
    let mut left = u64::MAX;
    for look in 0..LOOKS {
        cluster.post(&format!("/{index}/_flush?force=true"), &Value::Null).await?;
        // Every tenth look tries all the same: what counts is what is left.
        let have_moved = leases_moved(cluster, index).await?;
        if !have_moved && look % 10 != 9 {
            tokio::time::sleep(PAUSE).await;
            continue;
        }
        cluster.post(&format!("/{index}/_forcemerge?only_expunge_deletes=true"), &Value::Null).await?;
        cluster.post(&format!("/{index}/_flush?force=true"), &Value::Null).await?;
        cluster.post(&format!("/{index}/_refresh"), &Value::Null).await?;
        let stats = cluster.get(&format!("/{index}/_stats/docs?filter_path=_all.total.docs")).await?;
        left = stats["_all"]["total"]["docs"]["deleted"].as_u64().unwrap_or(u64::MAX);
        if left == 0 && have_moved {
            break;
        }
        tokio::time::sleep(PAUSE).await;
    }
    // The commit before the last one keeps the files of merged segments until a later one is made.
    cluster.post(&format!("/{index}/_flush?force=true"), &Value::Null).await?;
    cluster.post(&format!("/{index}/_refresh"), &Value::Null).await?;
    cluster.put(&format!("/{index}/_settings"), &json!({setting: null})).await?;
    Ok(left)
}

/// Whether no lease of any copy keeps operations that were done.
async fn leases_moved(cluster: &Cluster, index: &str) -> Result<bool, String> {
    let stats = cluster.get(&format!("/{index}/_stats?level=shards")).await?;
    let shards = stats["indices"].as_object().into_iter().flatten().flat_map(|(_, index)| index["shards"].as_object());
    for copy in shards.flatten().flat_map(|(_, copies)| copies.as_array()).flatten() {
        let last = copy["seq_no"]["max_seq_no"].as_i64().unwrap_or(-1);
        let leases = copy["retention_leases"]["leases"].as_array().into_iter().flatten();
        if leases.filter_map(|lease| lease["retaining_seq_no"].as_i64()).any(|kept| kept <= last) {
            return Ok(false);
        }
    }
    Ok(true)
}
