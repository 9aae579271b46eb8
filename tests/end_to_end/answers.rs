//! The answers that `tests/cases/answers` keeps are those of a real node: it is driven into each of them again.
//!
//! The server of `tests/faults` answers with these files. Numbers differ from node to node and are not compared.
//! `VIGIE_ANSWERS_WRITE=yes` writes the files anew. What line 3 says in other words is kept under `line_3`.

use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Node, Store, eventually};

const SETTINGS: [&str; 4] = [
    "thread_pool.write.size: 1",
    "thread_pool.write.queue_size: 1",
    "indexing_pressure.memory.limit: 64kb",
    "http.max_content_length: 1mb",
];
/// What the agent asks for.
const BULK: &str = "_bulk?filter_path=errors,items.*._index,items.*.status,items.*.error";
const SHIPPER: (&str, &str) = ("shipper", "toy-Sesame-42-oPen");
const NOBODY: (&str, &str) = ("nobody", "toy-Sesame-43-oPen");

/// A node, and what it is driven into.
struct Stage {
    node: Node,
    store: Store,
}

impl Stage {
    fn new() -> Self {
        let node = Node::start_with(&SETTINGS);
        let store = Store::of(&node);
        Self { node, store }
    }

    fn own(&self) -> (&str, &str) {
        (&self.node.user, &self.node.password)
    }

    /// Asks for something that must succeed.
    fn must(&self, method: Method, path: &str, body: &Value) {
        let (status, answer) = self.store.request(method, path, (!body.is_null()).then_some(body));
        assert!((200..300).contains(&status), "{path}: {status} {answer}");
    }

    /// An empty index with these settings and fields.
    fn fresh(&self, settings: &Value, fields: &Value) {
        self.gone();
        let body = json!({"settings": settings, "mappings": {"properties": fields}});
        self.must(Method::PUT, "answers?wait_for_active_shards=0", &body);
    }

    /// No index.
    fn gone(&self) {
        self.store.request(Method::DELETE, "answers", None);
    }

    fn set(&self, setting: &str, value: &Value) {
        self.must(Method::PUT, "_cluster/settings", &json!({"transient": {setting: value}}));
    }

    fn bulk_as(&self, user: (&str, &str), path: &str, body: &str) -> Answer {
        self.store.send(Method::POST, path, (user, "application/x-ndjson", body.to_owned())).expect("an answer")
    }

    /// Sends one document and gives the answer.
    fn one(&self, document: &Value) -> Answer {
        self.bulk_as(self.own(), BULK, &body(1, document))
    }

    /// One that is about the index as it is.
    fn about_index(&self) -> Answer {
        self.one(&json!({"log": "a"}))
    }

    fn documents(&self) -> Vec<(&'static str, &'static str, Answer)> {
        let none = &json!({});
        self.fresh(none, none);
        self.about_index();
        let conflict = self.about_index();
        self.fresh(none, &json!({"number": {"type": "long"}}));
        let mapping = self.one(&json!({"number": "no number"}));
        self.fresh(none, &json!({"log": {"type": "object"}}));
        let object = self.about_index();
        self.fresh(&json!({"index.mapping.total_fields.limit": 3}), none);
        let fields = self.one(&json!({"a": 1, "b": 1, "c": 1, "d": 1}));
        let id = format!("{{\"create\":{{\"_index\":\"answers\",\"_id\":\"{}\"}}}}\n{{}}\n", "x".repeat(600));
        vec![
            ("conflict", "a document that is there already", conflict),
            ("mapping_refused", "text in a field of numbers", mapping),
            ("object_expected", "text in a field of objects", object),
            ("field_limit", "index.mapping.total_fields.limit: 3", fields),
            ("id_too_long", "an id of 600 bytes", self.bulk_as(self.own(), BULK, &id)),
        ]
    }

    fn indexes(&self) -> Vec<(&'static str, &'static str, Answer)> {
        let none = &json!({});
        let blocked = |setting: &str| {
            self.fresh(none, none);
            self.must(Method::PUT, "answers/_settings", &json!({setting: true}));
            self.about_index()
        };
        let flood = blocked("index.blocks.read_only_allow_delete");
        let write = blocked("index.blocks.write");
        self.fresh(none, none);
        self.must(Method::POST, "answers/_close", &Value::Null);
        let closed = self.about_index();
        self.gone();
        self.set("cluster.max_shards_per_node", &json!(1));
        let shards = self.about_index();
        self.set("cluster.max_shards_per_node", &Value::Null);
        self.set("action.auto_create_index", &json!("false"));
        let missing = self.about_index();
        self.set("action.auto_create_index", &Value::Null);
        self.fresh(&json!({"index.routing.allocation.require._name": "nobody"}), none);
        let unavailable = self.bulk_as(self.own(), &format!("{BULK}&timeout=100ms"), &body(1, &json!({"log": "a"})));
        self.gone();
        vec![
            ("flood_stage", "index.blocks.read_only_allow_delete: true", flood),
            ("write_block", "index.blocks.write: true", write),
            ("index_closed", "POST answers/_close", closed),
            ("shard_limit", "cluster.max_shards_per_node: 1", shards),
            ("no_index", "action.auto_create_index: false", missing),
            ("unavailable_shards", "index.routing.allocation.require._name: nobody", unavailable),
        ]
    }

    fn access(&self) -> Vec<(&'static str, &'static str, Answer)> {
        let api = "_plugins/_security/api";
        let role = json!({"cluster_permissions": ["indices:data/write/bulk"], "index_permissions": []});
        self.must(Method::PUT, &format!("{api}/roles/shipper"), &role);
        // It lets everybody send bulk requests.
        self.must(Method::DELETE, &format!("{api}/rolesmapping/own_index"), &Value::Null);
        for ((name, password), roles) in [(SHIPPER, json!(["shipper"])), (NOBODY, json!([]))] {
            let user = json!({"password": password, "opendistro_security_roles": roles});
            self.must(Method::PUT, &format!("{api}/internalusers/{name}"), &user);
        }
        let item = body(1, &json!({"log": "a"}));
        let unknown = self.bulk_as(self.own(), &format!("no/such/{BULK}"), &item);
        vec![
            ("no_permission", "a role without the index", self.bulk_as(SHIPPER, BULK, &item)),
            ("forbidden", "a user without a role", self.bulk_as(NOBODY, BULK, &item)),
            ("unauthorized", "a wrong password", self.bulk_as(("nobody", "secret-42"), BULK, &item)),
            ("unknown_address", "POST no/such/_bulk", unknown),
        ]
    }

    fn pressure(&self) -> Vec<(&'static str, &'static str, Answer)> {
        let text = |bytes| json!({"log": "x".repeat(bytes)});
        let above = self.bulk_as(self.own(), BULK, &body(1, &text(80_000)));
        // The connection may break before the answer is read.
        let above_http = eventually(Duration::from_secs(30), "an answer to a body that is too long", || {
            let long = body(1, &text(1_100_000));
            self.store.send(Method::POST, BULK, (self.own(), "application/x-ndjson", long)).ok()
        });
        self.fresh(&json!({"index.number_of_shards": 20}), &json!({}));
        let queue = eventually(Duration::from_secs(60), "a full write queue", || {
            let answer = self.bulk_as(self.own(), BULK, &body(60, &text(20)));
            let mut tree: Value = serde_json::from_str(&answer.body).ok()?;
            let items = tree["items"].as_array()?;
            let refused = items.iter().find(|item| item["create"]["status"] == 429)?.clone();
            tree["items"] = json!([refused]);
            Some(Answer { body: tree.to_string(), ..answer })
        });
        let others = self.pressure_of_others();
        self.gone();
        vec![
            ("pressure_limit", "indexing_pressure.memory.limit: 64kb, and more than that", above),
            ("too_large", "http.max_content_length: 1mb, and more than that", above_http),
            ("write_queue_full", "thread_pool.write.size and queue_size: 1, with an index of 20 shards", queue),
            ("pressure_of_others", "indexing_pressure.memory.limit: 64kb, with several requests at once", others),
        ]
    }

    /// The answer to one of several requests that only together are too much.
    fn pressure_of_others(&self) -> Answer {
        let long = body(200, &json!({"log": "x".repeat(100)}));
        let send = || {
            let (store, long) = (Store::of(&self.node), &long);
            let answers = (0..10).map(move |_| {
                store.send(Method::POST, BULK, (self.own(), "application/x-ndjson", long.clone())).expect("an answer")
            });
            answers.into_iter().find(|answer| answer.status == 429)
        };
        eventually(Duration::from_secs(60), "requests that are too much together", || {
            thread::scope(|scope| {
                let senders: Vec<_> = (0..6).map(|_| scope.spawn(send)).collect();
                senders.into_iter().filter_map(|sender| sender.join().expect("it sends")).next()
            })
        })
    }
}

/// A bulk body with `document` so many times.
fn body(count: usize, document: &Value) -> String {
    let item = |number| format!("{{\"create\":{{\"_index\":\"answers\",\"_id\":\"answer-{number}\"}}}}\n{document}\n");
    (1..=count).map(item).collect()
}

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("../tests/cases/answers/{name}.json"))
}

/// An answer as it is kept.
fn kept(provoked_by: &str, answer: &Answer) -> Value {
    let mut headers = serde_json::Map::new();
    for (name, value) in [("content-type", &answer.content_type), ("retry-after", &answer.retry_after)] {
        headers.extend(value.iter().map(|value| (name.to_owned(), json!(value))));
    }
    let body = serde_json::from_str(&answer.body).unwrap_or_else(|_| json!(answer.body));
    json!({"provoked_by": provoked_by, "status": answer.status, "headers": headers, "body": body})
}

/// `value` with every word that has a digit in it replaced: numbers, and names made of them.
fn masked(value: &Value) -> Value {
    match value {
        Value::String(text) => json!(masked_text(text)),
        Value::Array(values) => values.iter().map(masked).collect(),
        Value::Object(members) => {
            let mask = |(key, value): (&String, &Value)| {
                // A random name, which may have no digit.
                let value = if key == "index_uuid" { json!("#") } else { masked(value) };
                (key.clone(), value)
            };
            Value::Object(members.iter().map(mask).collect())
        }
        other => other.clone(),
    }
}

fn masked_text(text: &str) -> String {
    // Which step of a write meets the full queue is another one each time.
    let behind_step = text.strip_prefix("rejected execution of ").and_then(|rest| rest.split_once(' '));
    let mut masked = String::new();
    for word in behind_step.map_or(text, |(_, rest)| rest).split_inclusive(|c: char| !c.is_ascii_alphanumeric()) {
        let (name, end) = word.split_at(word.trim_end_matches(|c: char| !c.is_ascii_alphanumeric()).len());
        masked.push_str(if name.bytes().any(|byte| byte.is_ascii_digit()) { "#" } else { name });
        masked.push_str(end);
    }
    masked
}

/// What is kept under this name; nothing where there is none.
fn golden(name: &str) -> Value {
    std::fs::read_to_string(path(name)).ok().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
}

/// Keeps what was seen; what line 3 says in other words beside what line 2 says.
fn write(name: &str, seen: &Value) {
    let mut kept = if is_line_3() { golden(name) } else { seen.clone() };
    if masked(&kept["body"]) != masked(&seen["body"]) {
        kept["line_3"] = seen["body"].clone();
    }
    let text = serde_json::to_string_pretty(&kept).expect("it can be written");
    std::fs::write(path(name), text + "\n").expect("it can be written");
}

fn is_line_3() -> bool {
    std::env::var("LINE").is_ok_and(|line| line == "3")
}

#[test]
fn a_node_answers_as_it_is_kept() {
    let stage = Stage::new();
    let seen = [stage.documents(), stage.indexes(), stage.access(), stage.pressure()].concat();

    for (name, provoked_by, answer) in &seen {
        let seen = kept(provoked_by, answer);
        if std::env::var("VIGIE_ANSWERS_WRITE").is_ok() {
            write(name, &seen);
        }
        let golden = golden(name);
        let body = golden.get("line_3").filter(|_| is_line_3()).unwrap_or(&golden["body"]);
        assert_eq!(seen["status"], golden["status"], "{name}");
        assert_eq!(seen["headers"], golden["headers"], "{name}");
        assert_eq!(masked(&seen["body"]), masked(body), "{name}");
    }
    let files = std::fs::read_dir(path("x").parent().expect("a folder")).expect("it can be listed").count();
    assert_eq!(files, seen.len(), "each file that is kept is provoked");
}
