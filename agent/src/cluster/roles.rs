//! Roles for users of one duty each: to ship, to set up, to delete. Made by `vigie setup opensearch --roles`.
//!
//! # Source
//! The roles of the Security plugin's REST API; which action asks for which permission was seen at 2.19.1.

use std::collections::BTreeSet;

use serde_json::{Value, json};

/// A role as the Security plugin takes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Role {
    /// Its name.
    pub name: &'static str,
    /// What it allows.
    pub body: Value,
}

/// The three roles, for outputs that write to indexes of these `patterns`.
pub fn roles(patterns: &[String]) -> [Role; 3] {
    let ship = json!({
        "cluster_permissions": ["cluster:monitor/main", "indices:data/write/bulk", "indices:admin/index_template/get"],
        "index_permissions": [{"index_patterns": patterns, "allowed_actions": [
            "indices:data/write/bulk*", "indices:data/write/index", "indices:admin/create", "indices:admin/auto_create",
            "indices:admin/mapping/put", "indices:admin/mapping/auto_put", "indices:admin/resolve/index",
            "indices:data/read/get", "indices:data/read/mget*",
        ]}],
    });
    let setup = json!({
        "cluster_permissions": [
            "cluster:monitor/main", "cluster_manage_index_templates", "cluster:admin/opendistro/ism/policy/get",
            "cluster:admin/opendistro/ism/policy/write", "cluster:admin/opendistro/ism/managedindex/add",
            "cluster:admin/opendistro/ism/managedindex/change",
        ],
        "index_permissions": [{"index_patterns": patterns, "allowed_actions": [
            "indices:admin/data_stream/get", "indices:admin/data_stream/create",
        ]}],
    });
    [
        Role { name: "vigie-ship", body: ship },
        Role { name: "vigie-setup", body: setup },
        Role { name: "vigie-retain", body: retain() },
    ]
}

fn retain() -> Value {
    json!({
        "cluster_permissions": [
            "cluster:monitor/stats", "cluster:monitor/settings", "cluster:monitor/state", "cluster:monitor/health",
            "cluster:monitor/task/get", "cluster:admin/repository/get", "cluster:admin/snapshot/get",
            "indices:data/write/reindex", "indices:data/write/bulk", "indices:data/read/scroll",
            "indices:data/read/scroll/clear", "indices:data/write/delete/byquery",
            "cluster:admin/opendistro/ism/managedindex/explain", "cluster:admin/opendistro/ism/managedindex/remove",
        ],
        "index_permissions": [
            {"index_patterns": ["vigie-*", ".ds-vigie-*"], "allowed_actions": [
                "indices:admin/data_stream/get", "indices:admin/get", "indices:monitor/*",
                "indices:admin/shards/search_shards", "indices:admin/mappings/get", "indices:data/read/*",
                "indices:data/write/delete", "indices:data/write/delete/byquery", "indices:data/write/bulk*",
                "indices:admin/delete", "indices:admin/forcemerge", "indices:admin/flush*",
                "indices:admin/refresh*", "indices:admin/settings/update", "indices:admin/aliases*",
                "indices:admin/create", "indices:admin/data_stream/create",
            ]},
            {"index_patterns": ["vigie-retention-*", "vigie-hold-*"], "allowed_actions": [
                "indices:data/write/*", "indices:admin/create", "indices:admin/mapping/put",
            ]},
            // A rollover is asked for all indexes, whichever stream it names.
            {"index_patterns": ["*"], "allowed_actions": [
                "indices:monitor/settings/get", "indices:monitor/stats", "indices:admin/rollover",
            ]},
        ],
    })
}

impl Role {
    /// Where it is found.
    pub fn path(&self) -> String {
        format!("/_plugins/_security/api/roles/{}", self.name)
    }

    /// What has to change where `installed` is there, line by line; empty where nothing has to. Patterns that are there already
    /// are another configuration's, and good.
    pub fn difference(&self, installed: Option<&Value>) -> Vec<String> {
        let nothing = Value::Null;
        let installed = installed.unwrap_or(&nothing);
        let wanted = granted(&self.merged(Some(installed)));
        let there = granted(installed);
        let gone = there.difference(&wanted).map(|line| format!("- {line}"));
        gone.chain(wanted.difference(&there).map(|line| format!("+ {line}"))).collect()
    }

    /// The role, with the patterns that `installed` has already.
    pub fn merged(&self, installed: Option<&Value>) -> Value {
        let mut body = self.body.clone();
        let installed = installed.map_or(&Value::Null, |installed| &installed["index_permissions"]);
        for (at, entry) in body["index_permissions"].as_array_mut().into_iter().flatten().enumerate() {
            let both: BTreeSet<String> =
                texts(&entry["index_patterns"]).chain(texts(&installed[at]["index_patterns"])).collect();
            entry["index_patterns"] = json!(both);
        }
        body
    }
}

/// Each permission with what it is for.
fn granted(role: &Value) -> BTreeSet<String> {
    let mut lines: BTreeSet<String> =
        texts(&role["cluster_permissions"]).map(|one| format!("cluster: {one}")).collect();
    for entry in role["index_permissions"].as_array().into_iter().flatten() {
        for pattern in texts(&entry["index_patterns"]) {
            lines.extend(texts(&entry["allowed_actions"]).map(|action| format!("{pattern}: {action}")));
        }
    }
    lines
}

fn texts(list: &Value) -> impl Iterator<Item = String> + '_ {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ship(patterns: &[&str]) -> Role {
        let patterns: Vec<String> = patterns.iter().map(|pattern| (*pattern).to_owned()).collect();
        let [ship, ..] = roles(&patterns);
        ship
    }

    #[test]
    fn patterns_of_other_configurations_stay_and_permissions_do_not() {
        let mut installed = ship(&["other-*"]).body;
        installed["cluster_permissions"] = json!(["cluster:monitor/main", "cluster_all"]);

        let role = ship(&["app-*"]);
        let difference = role.difference(Some(&installed));
        assert!(difference.contains(&"- cluster: cluster_all".to_owned()), "{difference:?}");
        assert!(difference.contains(&"+ app-*: indices:data/write/index".to_owned()), "{difference:?}");
        assert!(!difference.iter().any(|line| line.contains("other-*")), "{difference:?}");
        let merged = role.merged(Some(&installed));
        assert_eq!(merged["index_permissions"][0]["index_patterns"], json!(["app-*", "other-*"]));
        assert!(role.difference(Some(&merged)).is_empty());
    }

    #[test]
    fn only_the_role_that_retains_may_delete() {
        let all = roles(&["app".to_owned()]);

        let deletes = |role: &Role| {
            granted(&role.body).iter().any(|line| line.contains("delete") || line.ends_with(": indices:*"))
        };
        assert_eq!(all.each_ref().map(deletes), [false, false, true]);
    }
}
