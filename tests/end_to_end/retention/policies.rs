//! Policies of the Index Management plugin, which the nodes here do not have: a stand-in answers for it as its documentation says.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::Method;
use serde_json::{Value, json};

use super::{alone, by_relay, create, retention, set_up};
use crate::support::{Relay, Store, Turn, Workplace, run_to_end, shared_node};

const STREAM: &str = "vigie-itq1-app";

/// Two classes in streams.
fn classes(max_age: &str) -> String {
    let class = |name: &str| format!("\n[RETENTION_CLASS]\n    Name {name}\n    Max_Age {max_age}\n");
    [class("itq1"), class("itq2")].concat()
}

/// What the plugin knows.
#[derive(Default)]
struct Plugin {
    /// Each policy with its number.
    policies: BTreeMap<String, (Value, u64)>,
    /// Every request that changes something.
    changes: Vec<String>,
    /// The policy of each index.
    managed: BTreeMap<String, String>,
}

impl Plugin {
    fn turn(&mut self, method: &str, path: &str, body: &str) -> Turn {
        let Some(way) = path.strip_prefix("/_plugins/_ism/") else { return Turn::Pass };
        let (place, query) = way.split_once('?').unwrap_or((way, ""));
        if method != "GET" {
            self.changes.push(format!("{method} {way}"));
        }
        let (status, answer) = match (method, place.split_once('/')) {
            ("GET", Some(("policies", name))) => self.policy(name),
            ("PUT", Some(("policies", name))) => self.put(name, query, body),
            ("GET", Some(("explain", _))) => (200, self.explained()),
            ("POST", Some(("remove", index))) => {
                let removed = self.managed.remove(index).is_some();
                (200, json!({"updated_indices": u8::from(removed), "failures": false, "failed_indices": []}))
            }
            _ => (200, json!({"updated_indices": 0, "failures": false, "failed_indices": []})),
        };
        Turn::Answer(status, answer.to_string())
    }

    fn policy(&self, name: &str) -> (u16, Value) {
        let missing = json!({"error": {"type": "status_exception", "reason": "Policy not found"}, "status": 404});
        self.policies.get(name).map_or((404, missing), |(policy, number)| {
            (200, json!({"_id": name, "_version": number, "_seq_no": number, "_primary_term": 1, "policy": policy}))
        })
    }

    /// A policy that is there is only changed by whoever saw it last; members are added as the plugin does.
    fn put(&mut self, name: &str, query: &str, body: &str) -> (u16, Value) {
        let number = self.policies.get(name).map(|(_, number)| *number);
        let expected = number.map(|number| format!("if_seq_no={number}&if_primary_term=1")).unwrap_or_default();
        if query != expected {
            return (409, json!({"error": {"type": "version_conflict_engine_exception", "reason": "conflict"}}));
        }
        let mut body: Value = serde_json::from_str(body).expect("a policy is JSON");
        let mut policy = body["policy"].take();
        policy["policy_id"] = name.into();
        policy["last_updated_time"] = 1_700_000_000_000_i64.into();
        policy["states"][0]["actions"][0]["rollover"]["copy_alias"] = false.into();
        self.policies.insert(name.into(), (policy, number.map_or(0, |number| number + 1)));
        (201, json!({"_id": name}))
    }

    fn explained(&self) -> Value {
        let one = |(index, policy): (&String, &String)| {
            let content = self.policies.get(policy).map(|(policy, _)| policy.clone());
            (index.clone(), json!({"index": index, "policy_id": policy, "state": {"name": "keep"}, "policy": content}))
        };
        let mut all: serde_json::Map<String, Value> = self.managed.iter().map(one).collect();
        all.insert("total_managed_indices".into(), self.managed.len().into());
        Value::Object(all)
    }
}

fn set_up_policies(workplace: &Workplace, apply: bool) -> (Option<i32>, String) {
    let config = workplace.path("vigie.conf");
    let mut arguments =
        vec![Path::new("setup"), Path::new("opensearch"), Path::new("--policies"), Path::new("-c"), &config];
    arguments.extend(apply.then_some(Path::new("--apply")));
    let (status, shown, said) = run_to_end(&arguments);
    (status.code(), format!("{shown}{said}"))
}

#[test]
fn policies_are_made_once_compared_and_those_of_others_stay() {
    let _alone = alone();
    let store = Store::of(shared_node());
    let workplace = Workplace::new();
    let plugin = Arc::new(Mutex::new(Plugin::default()));
    let shared = Arc::clone(&plugin);
    let relay = Relay::open(shared_node(), move |method, path, body| {
        shared.lock().unwrap_or_else(PoisonError::into_inner).turn(method, path, body)
    });
    let look = || plugin.lock().unwrap_or_else(PoisonError::into_inner);
    workplace.write("vigie.conf", &by_relay(relay.port, &classes("300d")));
    set_up(&workplace, "vigie.conf");
    look().policies.insert("vigie-itq2".into(), (json!({"description": "by hand", "states": []}), 5));

    let (status, text) = set_up_policies(&workplace, false);
    assert!(status == Some(2) && text.contains("policy vigie-itq1: missing"), "{text}");
    assert!(text.contains("policy vigie-itq2: somebody else's") && look().changes.is_empty(), "{text}");
    let (status, text) = set_up_policies(&workplace, true);
    assert!(status == Some(0) && text.contains("done: policy vigie-itq1"), "{text}");
    let made = ["PUT policies/vigie-itq1", "POST add/.ds-vigie-itq1-*"];
    assert_eq!(look().changes, made);
    let (status, text) = set_up_policies(&workplace, true);
    assert!(status == Some(0) && text.contains("policy vigie-itq1: good"), "{text}");
    assert_eq!(look().changes, made, "what is good is not put again");

    workplace.write("vigie.conf", &by_relay(relay.port, &classes("200d")));
    let (status, text) = set_up_policies(&workplace, true);
    assert!(
        status == Some(0) && text.contains("+ states[1].transitions[0].conditions.min_index_age: \"200d\""),
        "{text}"
    );
    let changed = ["PUT policies/vigie-itq1?if_seq_no=0&if_primary_term=1", "POST change_policy/.ds-vigie-itq1-*"];
    assert_eq!(look().changes, [made, changed].concat());
    assert_eq!(look().policies["vigie-itq2"].0["description"], "by hand");

    // `plan` shows both views, and a hold is above a policy.
    create(&store, STREAM, "alive", ("john", "itq1", "2099-01-19T00:00:00Z"));
    let (_, found) = store.request(Method::GET, &format!("{STREAM}/_search"), None);
    let backing = found["hits"]["hits"][0]["_index"].as_str().expect("an index").to_owned();
    look().managed.insert(backing.clone(), "vigie-itq1".into());
    let (status, text) = retention(&workplace, &["plan"]);
    let view = "its policy `vigie-itq1`, in state keep, deletes all of it at min_index_age 200d";
    assert!(status == Some(0) && text.contains(&backing) && text.contains(view), "{text}");
    assert_eq!(retention(&workplace, &["key", "new"]).0, Some(0));
    let hold = ["hold", "add", "itq", "--index", "vigie-itq1-*", "--reason", "r", "--by", "b"];
    let (status, text) = retention(&workplace, &hold);
    assert!(status == Some(0) && text.contains(&format!("{backing}: taken from its policy")), "{text}");
    assert!(look().managed.is_empty());
    assert_eq!(retention(&workplace, &["hold", "lift", "itq", "--reason", "r", "--by", "b"]).0, Some(0));
    store.request(Method::DELETE, &format!("_data_stream/{STREAM}"), None);
}

#[test]
fn without_the_plugin_nothing_is_missing() {
    let workplace = Workplace::new();
    let mut output = shared_node().output("app", "retention-rest");
    output.more.push("Retention On");
    workplace.write("vigie.conf", &format!("[INPUT]\n    Name dummy\n{output}{}", classes("300d")));
    set_up(&workplace, "vigie.conf");

    let (status, text) = set_up_policies(&workplace, true);
    assert!(status == Some(0) && text.contains("it has no Index Management plugin"), "{text}");
    let (status, text) = retention(&workplace, &["plan"]);
    assert!(status == Some(0) && text.contains("policies: none, the cluster has no Index Management plugin"), "{text}");
}
