//! Policies of the Index Management plugin, where a cluster has it: made once, compared, never put again unchanged. They are a net
//! below `vigie retention run`: they go by the age of an index, know no holds and prove nothing.
//!
//! # Source
//! OpenSearch documentation, "Index State Management": policies, API. A policy attaches itself only to indexes made after it.

use serde_json::{Value, json};

use super::calendar::Age;
use super::classes::{Class, Layout};
use super::holds::Hold;
use super::names::stream_name;
use super::survey::{Index, Survey};
use crate::cluster::{CallError, Cluster};

/// Days after which a stream begins another index at the latest, so that the age of an index says something of its documents.
const ROLLOVER_DAYS: u32 = 7;
/// Where policies are found.
const POLICIES: &str = "/_plugins/_ism/policies";

/// The policy of one class.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// Its content, below `policy`.
    pub body: Value,
    /// The streams that it is for.
    pattern: String,
}

/// How what is there compares with a policy.
#[derive(Clone, Debug, PartialEq)]
pub enum PolicyState {
    /// Nothing is to be done.
    Good,
    /// It is missing.
    Missing,
    /// It is different in these lines; number and term of what is there.
    Different(Vec<String>, (i64, i64)),
    /// Somebody else's policy has the name.
    Foreign,
}

/// What the plugin does with an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Managed {
    /// Name of the policy.
    pub policy: String,
    /// The state that the index is in.
    pub state: String,
    /// Under which condition the policy deletes it, such as `min_index_age 730d`; `None` where it does not.
    pub deletes: Option<String>,
    /// Whether its last step failed, which it does not take up again by itself.
    pub has_failed: bool,
}

impl Policy {
    /// The policy for `class`; `None` where it lies in buckets, whose names the plugin cannot read.
    pub fn of(class: &Class) -> Option<Self> {
        if class.layout != Layout::Stream {
            return None;
        }
        let (name, pattern) = (format!("vigie-{}", class.name), stream_name(&class.name, "*"));
        let days = class.max_age.nominal_days();
        let rollover = ROLLOVER_DAYS.min(days.div_ceil(4)).max(1);
        // Documents of an index that is deleted may be younger than it by as much as it was written to.
        let is_allowed = class.min_age.map_or(0, Age::nominal_days) + rollover <= days;
        let delete = json!([{"state_name": "delete", "conditions": {"min_index_age": format!("{days}d")}}]);
        let mut states = vec![
            json!({
                "name": "write",
                "actions": [{
                    "retry": {"count": 5, "backoff": "exponential", "delay": "5m"},
                    "rollover": {"min_index_age": format!("{rollover}d"), "min_primary_shard_size": "30gb"},
                }],
                "transitions": [{"state_name": "keep"}],
            }),
            json!({"name": "keep", "actions": [], "transitions": if is_allowed { delete } else { json!([]) }}),
        ];
        if is_allowed {
            states.push(json!({
                "name": "delete",
                "actions": [{
                    "timeout": "1d",
                    "retry": {"count": 10, "backoff": "exponential", "delay": "1h"},
                    "delete": {},
                }],
                "transitions": [],
            }));
        }
        let body = json!({
            "description": format!("vigie class={} owner=vigie rev={} max_age={}", class.name, class.revision, class.max_age),
            "default_state": "write",
            "states": states,
            "ism_template": [{"index_patterns": [pattern], "priority": 200}],
        });
        Some(Self { name, body, pattern })
    }

    /// Compares with `answer`, what the plugin gave for it; `None` where it knows of none.
    pub fn compare(&self, answer: Option<&Value>) -> PolicyState {
        let Some(answer) = answer else { return PolicyState::Missing };
        let installed = &answer["policy"];
        if !installed["description"]
            .as_str()
            .is_some_and(|text| text.starts_with("vigie ") && text.contains(" owner=vigie "))
        {
            return PolicyState::Foreign;
        }
        let mut lines = Vec::new();
        differences(&self.body, installed, String::new(), &mut lines);
        let number = |key: &str| answer[key].as_i64().unwrap_or_default();
        match lines.is_empty() {
            true => PolicyState::Good,
            false => PolicyState::Different(lines, (number("_seq_no"), number("_primary_term"))),
        }
    }

    /// Looks at what `cluster` has under its name. `None` where there is no plugin.
    ///
    /// # Errors
    /// When it is not allowed, or nobody answers.
    pub async fn look(&self, cluster: &Cluster) -> Result<Option<PolicyState>, CallError> {
        match cluster.find(&format!("{POLICIES}/{}", self.name)).await {
            Ok(answer) => Ok(Some(self.compare(answer.as_ref()))),
            Err(error) if error.is_unknown() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Makes it, or changes the one that `state` was found to be, and has it hold for indexes that are there.
    ///
    /// # Errors
    /// When it is refused, or somebody else changed it meanwhile.
    pub async fn install(&self, cluster: &Cluster, state: &PolicyState) -> Result<(), CallError> {
        let (guard, verb) = match state {
            PolicyState::Missing => (String::new(), "add"),
            PolicyState::Different(_, (number, term)) => {
                (format!("?if_seq_no={number}&if_primary_term={term}"), "change_policy")
            }
            PolicyState::Good | PolicyState::Foreign => return Ok(()),
        };
        cluster.put(&format!("{POLICIES}/{}{guard}", self.name), &json!({"policy": self.body})).await?;
        let path = format!("/_plugins/_ism/{verb}/.ds-{}", self.pattern);
        match cluster.post(&path, &json!({"policy_id": self.name})).await {
            // No index is there yet.
            Err(error) if error.status == 404 => Ok(()),
            other => other.map(drop),
        }
    }
}

/// Adds a line for each value that `wanted` has and `installed` has not. What the plugin adds by itself is no difference.
fn differences(wanted: &Value, installed: &Value, path: String, lines: &mut Vec<String>) {
    match (wanted, installed) {
        (Value::Object(members), _) => {
            for (key, value) in members {
                let below = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                differences(value, &installed[key], below, lines);
            }
        }
        (Value::Array(items), Value::Array(others)) if items.len() == others.len() => {
            for (at, (one, other)) in items.iter().zip(others).enumerate() {
                differences(one, other, format!("{path}[{at}]"), lines);
            }
        }
        _ if wanted == installed => {}
        _ => {
            lines.push(format!("- {path}: {installed}"));
            lines.push(format!("+ {path}: {wanted}"));
        }
    }
}

impl Managed {
    /// What the plugin does with each of `indexes`. Gives whether there is a plugin; `None` when it may not be asked.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub(super) async fn find(cluster: &Cluster, indexes: &mut [Index]) -> Result<Option<bool>, String> {
        let explained = match cluster.find("/_plugins/_ism/explain/.ds-vigie-*,vigie-*?show_policy=true").await {
            Ok(explained) => explained.unwrap_or_default(),
            Err(error) if error.is_unknown() => return Ok(Some(false)),
            Err(error) if error.status == 403 => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        for index in indexes {
            index.managed = Self::read(&explained[&index.name]);
        }
        Ok(Some(true))
    }

    fn read(explained: &Value) -> Option<Self> {
        let policy = explained["policy_id"].as_str()?.to_owned();
        let state = explained["state"]["name"].as_str().unwrap_or("not begun").to_owned();
        let has_failed = explained["action"]["failed"] == true || explained["step"]["step_status"] == "failed";
        Some(Self { policy, state, deletes: deletes(&explained["policy"]), has_failed })
    }

    /// Takes `index` out of the plugin's hands.
    ///
    /// # Errors
    /// When it is refused.
    pub(super) async fn release(cluster: &Cluster, index: &str) -> Result<(), String> {
        let answer = cluster.post(&format!("/_plugins/_ism/remove/{index}"), &Value::Null).await?;
        match answer["failures"] == true {
            true => Err(format!("`{index}` is held, and its policy, which knows of no holds, cannot be taken from it")),
            false => Ok(()),
        }
    }
}

impl Survey {
    /// Takes what cases may hold out of the plugin's hands, whose policies know of no holds. Gives the names.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn release_held(&self, cluster: &Cluster) -> Result<Vec<&str>, String> {
        let mut released = Vec::new();
        for index in self.indexes.iter().filter(|index| index.is_at_risk(&self.holds)) {
            Managed::release(cluster, &index.name).await?;
            released.push(index.name.as_str());
        }
        Ok(released)
    }
}

impl Index {
    /// Whether a policy of the plugin would delete it though one of `holds` may hold something of it.
    pub fn is_at_risk(&self, holds: &[Hold]) -> bool {
        let deletes = self.managed.as_ref().is_some_and(|managed| managed.deletes.is_some());
        deletes && holds.iter().any(|hold| hold.concerns(self))
    }
}

/// The condition of the first transition to a state that deletes.
fn deletes(policy: &Value) -> Option<String> {
    let states = || policy["states"].as_array().into_iter().flatten();
    let acts =
        |state: &Value| state["actions"].as_array().is_some_and(|all| all.iter().any(|one| one["delete"].is_object()));
    let deleting: Vec<&Value> = states().filter(|state| acts(state)).map(|state| &state["name"]).collect();
    let ways = states().flat_map(|state| state["transitions"].as_array().into_iter().flatten());
    let way = ways.into_iter().find(|way| deleting.contains(&&way["state_name"]))?;
    let conditions = way["conditions"].as_object().into_iter().flatten();
    let texts: Vec<String> = conditions
        .map(|(key, value)| format!("{key} {}", value.as_str().map_or(value.to_string(), Into::into)))
        .collect();
    Some(if texts.is_empty() { "once it gets there".into() } else { texts.join(", ") })
}

#[cfg(test)]
mod tests {
    use super::super::calendar::Width;
    use super::*;
    use crate::config::OptionType;

    fn class(min_age: Option<&str>, layout: Layout) -> Class {
        let age = |text: &str| Age::parse(text).expect("it is an age");
        Class {
            name: "r1".into(),
            max_age: age("730d"),
            min_age: min_age.map(age),
            layout,
            bucket: Width::Month,
            basis: String::new(),
            subject_fields: Vec::new(),
            revision: 3,
        }
    }

    /// As the plugin gives it back, with what it adds.
    fn installed(policy: &Policy) -> Value {
        let mut body = policy.body.clone();
        body["policy_id"] = policy.name.clone().into();
        body["last_updated_time"] = 1_700_000_000_000_i64.into();
        body["error_notification"] = Value::Null;
        body["states"][0]["actions"][0]["rollover"]["copy_alias"] = false.into();
        body["ism_template"][0]["last_updated_time"] = 1_700_000_000_000_i64.into();
        json!({"_id": policy.name, "_version": 1, "_seq_no": 7, "_primary_term": 2, "policy": body})
    }

    #[test]
    fn what_the_plugin_adds_is_no_difference_and_a_policy_of_others_stays() {
        let policy = Policy::of(&class(None, Layout::Stream)).expect("it is a stream");
        let mut answer = installed(&policy);
        assert_eq!(policy.compare(Some(&answer)), PolicyState::Good);
        assert_eq!(policy.compare(None), PolicyState::Missing);

        answer["policy"]["states"][1]["transitions"][0]["conditions"]["min_index_age"] = "365d".into();
        let path = "states[1].transitions[0].conditions.min_index_age";
        let lines = vec![format!("- {path}: \"365d\""), format!("+ {path}: \"730d\"")];
        assert_eq!(policy.compare(Some(&answer)), PolicyState::Different(lines, (7, 2)));

        answer["policy"]["description"] = "ours, by hand".into();
        assert_eq!(policy.compare(Some(&answer)), PolicyState::Foreign);
    }

    #[test]
    fn a_policy_deletes_only_where_no_law_forbids_it_and_never_buckets() {
        let deletes = |min_age, layout| Policy::of(&class(min_age, layout)).map(|policy| deletes(&policy.body));

        assert_eq!(deletes(None, Layout::Stream), Some(Some("min_index_age 730d".into())));
        assert_eq!(deletes(Some("700d"), Layout::Stream), Some(Some("min_index_age 730d".into())));
        assert_eq!(deletes(Some("725d"), Layout::Stream), Some(None));
        assert_eq!(deletes(None, Layout::Bucket), None);
    }

    #[test]
    fn what_the_plugin_does_is_read_from_its_explanation() {
        let policy = Policy::of(&class(None, Layout::Stream)).expect("it is a stream");
        let explained = json!({
            "index.plugins.index_state_management.policy_id": "vigie-r1",
            "index": ".ds-vigie-r1-web-000001", "policy_id": "vigie-r1", "enabled": true,
            "state": {"name": "keep", "start_time": 1}, "action": {"name": "transition", "failed": true},
            "policy": policy.body,
        });
        let managed = Managed {
            policy: "vigie-r1".into(),
            state: "keep".into(),
            deletes: Some("min_index_age 730d".into()),
            has_failed: true,
        };
        assert_eq!(Managed::read(&explained), Some(managed));
        assert_eq!(Managed::read(&json!({"index.plugins.index_state_management.policy_id": null})), None);
    }
}
