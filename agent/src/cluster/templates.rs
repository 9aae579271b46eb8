//! Templates and data streams: what is to be there, and how it differs from what is. Pure; nothing here sends anything.
//!
//! # Source
//! OpenSearch documentation, "Index templates", "Component templates", "Data streams".

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// What can be installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResourceKind {
    /// A part that index templates are composed of.
    Component,
    /// An index template.
    Template,
    /// A data stream.
    Stream,
}

/// One thing that is to be there.
#[derive(Clone, Debug, PartialEq)]
pub struct Resource {
    /// What it is.
    pub kind: ResourceKind,
    /// Its name.
    pub name: String,
    /// Its content; null for a data stream, which has none of its own.
    pub body: Value,
    /// Whether it is the user's once it is there, so that it is made and never changed.
    pub is_users: bool,
}

/// How what is there compares with what is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing is to be done.
    Good,
    /// It is missing; its content line by line.
    Missing(Vec<String>),
    /// It is different; the lines to be removed and added.
    Different(Vec<String>),
}

impl ResourceKind {
    /// What people call it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Component => "component template",
            Self::Template => "index template",
            Self::Stream => "data stream",
        }
    }

    /// Where it is found in URLs, before its name.
    pub fn endpoint(self) -> &'static str {
        match self {
            Self::Component => "_component_template",
            Self::Template => "_index_template",
            Self::Stream => "_data_stream",
        }
    }
}

impl Resource {
    /// Compares with `answer`, what the server gave for it; `None` where it knows of none.
    pub fn compare(&self, answer: Option<&Value>) -> State {
        let (list, member) = match self.kind {
            ResourceKind::Component => ("component_templates", "component_template"),
            ResourceKind::Template => ("index_templates", "index_template"),
            ResourceKind::Stream => ("data_streams", ""),
        };
        let named = |all: &Value| {
            let found =
                all.get(list)?.as_array()?.iter().find(|one| one.get("name").is_some_and(|n| *n == *self.name))?;
            found.get(member).cloned().or(Some(Value::Null))
        };
        let wanted = lines(&self.body);
        let Some(installed) = answer.and_then(named) else {
            return State::Missing(wanted.iter().map(|(key, value)| format!("+ {key}: {value}")).collect());
        };
        if self.is_users || self.kind == ResourceKind::Stream {
            return State::Good;
        }
        let installed = lines(&installed);
        let mut difference = Vec::new();
        let keys: std::collections::BTreeSet<&String> = wanted.keys().chain(installed.keys()).collect();
        for key in keys {
            let (old, new) = (installed.get(key), wanted.get(key));
            if old != new {
                difference.extend(old.map(|value| format!("- {key}: {value}")));
                difference.extend(new.map(|value| format!("+ {key}: {value}")));
            }
        }
        if difference.is_empty() { State::Good } else { State::Different(difference) }
    }
}

/// Every value with the way to it. Numbers and booleans are as text, since the server gives those of settings back so.
fn lines(value: &Value) -> BTreeMap<String, String> {
    let mut lines = BTreeMap::new();
    push_lines(value, String::new(), &mut lines);
    lines
}

fn push_lines(value: &Value, path: String, lines: &mut BTreeMap<String, String>) {
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match value {
        Value::Null => {}
        Value::Object(members) if !members.is_empty() => {
            members.iter().for_each(|(key, value)| push_lines(value, below(key), lines));
        }
        Value::Array(items) if !items.is_empty() => {
            items.iter().enumerate().for_each(|(at, item)| push_lines(item, format!("{path}[{at}]"), lines));
        }
        Value::String(text) => drop(lines.insert(path, text.clone())),
        other => drop(lines.insert(path, other.to_string())),
    }
}

/// What is to be there for an output whose indexes all match `pattern`; for data streams, and the one called `stream` at once,
/// where its name is known beforehand.
pub fn resources(pattern: &str, is_stream: bool, stream: Option<&str>) -> Vec<Resource> {
    let component =
        |name: &str, body, is_users| Resource { kind: ResourceKind::Component, name: name.to_owned(), body, is_users };
    let mut all = vec![
        component(
            "vigie-settings",
            json!({"version": 1, "_meta": meta(), "template": {"settings": settings()}}),
            false,
        ),
        component(
            "vigie-mappings",
            json!({"version": 1, "_meta": meta(), "template": {"mappings": mappings()}}),
            false,
        ),
        // Comes last, so that what the user puts there holds.
        component("vigie-custom", json!({"_meta": meta(), "template": {"settings": {}}}), true),
    ];
    // Of patterns that overlap the longer one holds.
    let priority = 200 + pattern.bytes().filter(|byte| *byte != b'*').count();
    let mut body = json!({
        "index_patterns": [pattern],
        "priority": priority,
        "composed_of": ["vigie-settings", "vigie-mappings", "vigie-custom"],
        "version": 1,
        "_meta": meta(),
    });
    if is_stream {
        body["data_stream"] = json!({"timestamp_field": {"name": "@timestamp"}});
    }
    let name = format!("vigie-{}", pattern.replace('*', "any"));
    all.push(Resource { kind: ResourceKind::Template, name, body, is_users: false });
    let stream = stream.filter(|_| is_stream);
    all.extend(stream.map(|name| Resource {
        kind: ResourceKind::Stream,
        name: name.to_owned(),
        body: Value::Null,
        is_users: false,
    }));
    all
}

fn meta() -> Value {
    json!({"managed_by": "vigie"})
}

fn settings() -> Value {
    json!({"index": {
        "auto_expand_replicas": "0-1",
        "refresh_interval": "10s",
        "codec": "best_compression",
        "mapping": {"total_fields": {"limit": "1000"}, "depth": {"limit": "12"}, "ignore_malformed": "true"},
        "query": {"default_field": ["message", "log"]},
    }})
}

fn mappings() -> Value {
    let address = json!({"type": "ip", "ignore_malformed": true});
    json!({
        "date_detection": false,
        "numeric_detection": false,
        "dynamic_templates": [
            // The text of a line that no parser took apart. No property, since `log` is an object in other schemas.
            {"line": {"path_match": "log", "match_mapping_type": "string", "mapping": {"type": "match_only_text"}}},
            {"ip": {"match": "ip", "match_mapping_type": "string", "mapping": address}},
            {"ips": {"match": "*_ip", "match_mapping_type": "string", "mapping": address}},
            // Longer terms than 32,766 bytes would have the whole document refused.
            {"strings": {"match_mapping_type": "string", "mapping": {"type": "keyword", "ignore_above": 1024}}},
        ],
        "properties": {
            "@timestamp": {"type": "date_nanos"},
            "message": {"type": "match_only_text"},
            "event": {"properties": {
                "original": {"type": "keyword", "index": false, "doc_values": false},
                "sequence": {"type": "long"},
            }},
            "retention": {"properties": {
                "class": {"type": "keyword"},
                "expires_at": {"type": "date"},
                "basis": {"type": "keyword", "ignore_above": 1024},
                "policy_rev": {"type": "keyword"},
                "time_bounded": {"type": "keyword"},
            }},
            "kubernetes": {"properties": {"labels": {"type": "flat_object"}, "annotations": {"type": "flat_object"}}},
        },
    })
}

/// Whether the first document for `name` makes a data stream, by an answer that holds patterns, priority and `data_stream` of all
/// index templates: of those whose patterns match, the one with the highest priority tells. `None` when `body` holds something
/// else.
pub fn makes_stream(body: &[u8], name: &str) -> Option<bool> {
    let tree: Value = serde_json::from_slice(body).ok()?;
    // Without any template nothing is left behind the filter.
    let Some(templates) = tree.as_object()?.get("index_templates") else { return Some(false) };
    let templates = templates.as_array()?.iter().map(|entry| &entry["index_template"]);
    let matching = templates.filter(|template| match &template["index_patterns"] {
        Value::Array(patterns) => patterns.iter().filter_map(Value::as_str).any(|pattern| matches(pattern, name)),
        one => one.as_str().is_some_and(|pattern| matches(pattern, name)),
    });
    let highest = matching.max_by_key(|template| template["priority"].as_i64().unwrap_or(0));
    Some(highest.is_some_and(|template| !template["data_stream"].is_null()))
}

/// Whether `name` matches `pattern`, in which `*` stands for any text.
fn matches(pattern: &str, name: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut left) = name.strip_prefix(first) else { return false };
    let Some((between, last)) = rest.rsplit_once('*') else { return left.ends_with(rest) };
    for part in between.split('*') {
        let Some((_, behind)) = left.split_once(part) else { return false };
        left = behind;
    }
    left.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_matching_template_of_the_highest_priority_tells_whether_a_stream_is_made() {
        let template = |patterns: &[&str], priority: i64, is_stream: bool| {
            let mut template = json!({"index_patterns": patterns, "priority": priority});
            if is_stream {
                template["data_stream"] = json!({});
            }
            json!({"index_template": template})
        };
        let told = |templates: &[Value]| {
            makes_stream(json!({"index_templates": templates}).to_string().as_bytes(), "logs-app-x")
        };

        assert_eq!(told(&[]), Some(false));
        assert_eq!(told(&[template(&["other", "logs-*"], 1, true)]), Some(true));
        assert_eq!(told(&[template(&["logs-*"], 1, true), template(&["*-app-*"], 2, false)]), Some(false));
        assert_eq!(told(&[template(&["logs-*"], 3, true), template(&["*"], 2, false)]), Some(true));
        assert_eq!(told(&[template(&["logs"], 1, true)]), Some(false));
        assert_eq!(makes_stream(b"{}", "logs"), Some(false));
        assert_eq!(makes_stream(b"<html>", "logs"), None);
    }

    #[test]
    fn patterns_match_as_in_the_store() {
        for (pattern, expected) in [
            ("abcab", true),
            ("abc", false),
            ("*", true),
            ("a*", true),
            ("*ab", true),
            ("a*b", true),
            ("abca*cab", false),
            ("*c*", true),
            ("*b*b", true),
            ("*b*b*b", false),
            ("ab**ab", true),
            ("x*", false),
        ] {
            assert_eq!(matches(pattern, "abcab"), expected, "{pattern}");
        }
    }

    fn answer(resource: &Resource, body: &Value) -> Value {
        match resource.kind {
            ResourceKind::Component => {
                json!({"component_templates": [{"name": resource.name, "component_template": body}]})
            }
            ResourceKind::Template => json!({"index_templates": [{"name": resource.name, "index_template": body}]}),
            ResourceKind::Stream => json!({"data_streams": [{"name": resource.name, "generation": 1}]}),
        }
    }

    #[test]
    fn what_was_installed_is_good_and_settings_may_come_back_as_text() {
        for resource in resources("logs-*", true, None) {
            assert_eq!(resource.compare(Some(&answer(&resource, &resource.body))), State::Good);
            assert!(matches!(resource.compare(None), State::Missing(lines) if !lines.is_empty()));
        }
        let mut resource = resources("logs-*", true, None).remove(0);
        let installed = answer(&resource, &resource.body);
        resource.body["template"]["settings"]["index"]["mapping"]["total_fields"]["limit"] = json!(1000);
        assert_eq!(resource.compare(Some(&installed)), State::Good);
    }

    #[test]
    fn a_difference_names_what_goes_and_what_comes() {
        let resource = resources("logs-app", false, None).remove(0);
        let mut body = resource.body.clone();
        body["template"]["settings"]["index"]["codec"] = json!("default");
        body["template"]["settings"]["index"]["query"]["default_field"] = json!(["message"]);
        body["template"]["settings"]["index"]["hidden"] = json!("true");

        let expected = [
            "- template.settings.index.codec: default",
            "+ template.settings.index.codec: best_compression",
            "- template.settings.index.hidden: true",
            "+ template.settings.index.query.default_field[1]: log",
        ];
        let expected = expected.map(str::to_owned).to_vec();
        assert_eq!(resource.compare(Some(&answer(&resource, &body))), State::Different(expected));
    }

    #[test]
    fn what_is_the_users_is_made_and_never_changed() {
        let all = resources("logs-app", false, None);
        let custom = all.iter().find(|resource| resource.name == "vigie-custom").expect("it is there");
        let theirs = json!({"template": {"settings": {"index": {"number_of_shards": "3"}}}});

        assert_eq!(custom.compare(Some(&answer(custom, &theirs))), State::Good);
        assert!(matches!(custom.compare(Some(&json!({"component_templates": []}))), State::Missing(_)));
    }

    #[test]
    fn a_stream_is_made_where_its_name_is_known_and_templates_that_overlap_have_an_order() {
        let names = |all: Vec<Resource>| all.into_iter().map(|resource| resource.name).collect::<Vec<_>>();
        let shared = ["vigie-settings", "vigie-mappings", "vigie-custom"];
        assert_eq!(names(resources("app", true, Some("app"))), [&shared[..], &["vigie-app", "app"]].concat());
        assert_eq!(names(resources("app", false, Some("app"))), [&shared[..], &["vigie-app"]].concat());

        let priority = |pattern| resources(pattern, true, None)[3].body["priority"].as_u64();
        assert!(priority("logs-*") < priority("logs-app"));
    }
}
