//! What a run refuses, with the reason, and without deleting anything.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use reqwest::Method;
use serde_json::{Value, json};

use super::{by_relay, create, ids, retention};
use crate::support::{Node, Relay, Store, Turn, Workplace};

const CLASSES: &str = "
[RETENTION_CLASS]
    Name     itp1
    Max_Age  30d
    Layout   bucket
";
/// Some of its documents are due.
const BUCKET: &str = "vigie-itp1-app-exp-2020.01";
const PASSWORD: &str = "Toy-vorpal-9-snark!";
const RUN: [&str; 4] = ["run", "--apply", "--max-share", "100%"];

/// What a run by way of `workplace` says, which is refused and has deleted nothing.
fn refused(store: &Store, workplace: &Workplace, part: &str) {
    let (status, text) = retention(workplace, &RUN);
    assert!(status == Some(1) && text.contains(part), "{part}: {status:?} {text}");
    assert_eq!(ids(store, BUCKET), ["alive", "due"], "{part}");
}

/// Lets the node say that it is an hour later there.
fn an_hour_later(answer: String) -> String {
    let Ok(mut tree) = serde_json::from_str::<Value>(&answer) else { return answer };
    if let Some(time) = tree["timestamp"].as_i64() {
        tree["timestamp"] = json!(time + 3_600_000);
    }
    tree.to_string()
}

#[test]
fn a_cluster_that_cannot_be_judged_or_deleted_from_is_refused_and_keeps_all() {
    // Of its own: a whole cluster turns red and read-only.
    let backups = tempfile::tempdir().expect("a folder can be made");
    // The node runs as a user of its own.
    fs::set_permissions(backups.path(), Permissions::from_mode(0o777)).expect("it is ours");
    let node = Node::start_with(&[&format!("path.repo: [\"{}\"]", backups.path().display())]);
    let store = Store::of(&node);
    let workplace = Workplace::new();
    let direct = |user: Option<&str>| {
        let mut output = node.output("app", "retention-rest");
        if let Some(user) = user {
            (output.user, output.password) = (user.into(), PASSWORD.into());
        }
        workplace.write("vigie.conf", &format!("[INPUT]\n    Name dummy\n{output}{CLASSES}"));
    };
    direct(None);
    assert_eq!(retention(&workplace, &["key", "new"]).0, Some(0));
    store.create_index(BUCKET, &json!({"@timestamp": {"type": "date"}}));
    create(&store, BUCKET, "due", ("john", "itp1", "2020-01-19T00:00:00Z"));
    create(&store, BUCKET, "alive", ("john", "itp1", "2099-01-19T00:00:00Z"));

    let user = json!({"password": PASSWORD});
    store.request(Method::PUT, "_plugins/_security/api/internalusers/itp", Some(&user));
    direct(Some("itp"));
    refused(&store, &workplace, "the user lacks the permission `cluster:monitor/stats`");
    direct(None);

    store.request(Method::POST, &format!("{BUCKET}/_close"), None);
    let (status, text) = retention(&workplace, &RUN);
    assert!(status == Some(1) && text.contains(&format!("the index `{BUCKET}` is closed")), "{text}");
    store.request(Method::POST, &format!("{BUCKET}/_open?wait_for_active_shards=1"), None);

    let read_only = |on: Value| {
        let setting = json!({"transient": {"cluster.blocks.read_only": on}});
        let (status, answer) = store.request(Method::PUT, "_cluster/settings", Some(&setting));
        assert_eq!(status, 200, "{answer}");
    };
    read_only(json!(true));
    refused(&store, &workplace, "is read-only (`cluster.blocks.read_only`)");
    read_only(Value::Null);

    let nowhere = json!({"settings": {"index.routing.allocation.require._name": "nobody", "number_of_replicas": 0}});
    let (status, answer) = store.request(Method::PUT, "lost?wait_for_active_shards=0", Some(&nowhere));
    assert_eq!(status, 200, "{answer}");
    refused(&store, &workplace, "is red: documents in lost shards");
    store.request(Method::DELETE, "lost", None);

    let skewed = Relay::open(&node, |_, path, _| match path.starts_with("/_cluster/stats") {
        true => Turn::Change(an_hour_later),
        false => Turn::Pass,
    });
    workplace.write("vigie.conf", &by_relay(skewed.port, CLASSES));
    refused(&store, &workplace, "set the wrong one before anything is judged by age");

    // Without the module that deletes by query.
    let without = Relay::open(&node, |method, path, _| match path.contains("_delete_by_query") {
        true => {
            let none = format!("no handler found for uri [{path}] and method [{method}]");
            Turn::Answer(400, json!({"error": none}).to_string())
        }
        false => Turn::Pass,
    });
    workplace.write("vigie.conf", &by_relay(without.port, CLASSES));
    refused(&store, &workplace, "the plugin or module that does it is not installed there");

    // Nothing is in its way any more. A snapshot is beyond its reach, and named.
    direct(None);
    let repository = json!({"type": "fs", "settings": {"location": backups.path()}});
    store.request(Method::PUT, "_snapshot/backups", Some(&repository));
    let indices = json!({"indices": BUCKET});
    let (status, answer) =
        store.request(Method::PUT, "_snapshot/backups/monday?wait_for_completion=true", Some(&indices));
    assert_eq!(status, 200, "{answer}");
    let (status, text) = retention(&workplace, &["plan"]);
    let made = answer["snapshot"]["start_time"].as_str().and_then(|time| time.get(..10)).expect("a date");
    let listed = format!("snapshot backups/monday of {made}");
    assert!(status == Some(0) && text.contains(&listed), "{text}");
    assert_eq!(retention(&workplace, &RUN).0, Some(0));
    let chain = fs::read_to_string(workplace.path("chain")).expect("there is a chain");
    assert!(chain.contains(r#""name":"backups/monday""#), "{chain}");
    assert_eq!(ids(&store, BUCKET), ["alive"]);
}
