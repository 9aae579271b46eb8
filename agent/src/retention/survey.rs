//! What is there: indexes of the classes, how many of their documents are due, holds, snapshots. Changes nothing.

use serde_json::{Map, Value, json};

use super::calendar::{Width, moment};
use super::classes::{Class, Classes};
use super::holds::Hold;
use super::names::{class_in, period_in};
use super::policies::Managed;
use crate::cluster::Cluster;

/// What is judged, and as of when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// The moment, in seconds since 1970.
    pub as_of: i64,
    /// Whether the present rule counts in place of stamps that are earlier.
    pub extend: bool,
}

/// An index of a class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// Its name.
    pub name: String,
    /// Its uuid.
    pub uuid: String,
    /// The class of its documents.
    pub class: String,
    /// The data stream that it stands behind.
    pub stream: Option<String>,
    /// Whether that stream writes to it.
    pub is_written: bool,
    /// Documents in it.
    pub docs: u64,
    /// Documents deleted from it whose bytes are still there.
    pub deleted: u64,
    /// Bytes of all its copies.
    pub bytes: u64,
    /// Documents that are due.
    pub due: u64,
    /// Time of the first and last event.
    pub span: Option<(String, String)>,
    /// When the first of its documents that stay becomes due by its stamp.
    pub next: Option<String>,
    /// Cases that hold it as a whole.
    pub held_by: Vec<String>,
    /// What the Index Management plugin does with it.
    pub managed: Option<Managed>,
}

/// A snapshot that holds an index with documents that are due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Repository and name.
    pub name: String,
    /// When it was made.
    pub made: String,
    /// How many indexes with due documents it holds.
    pub indexes: usize,
}

/// All that is there.
#[derive(Clone, Debug)]
pub struct Survey {
    /// Id of the cluster.
    pub cluster: String,
    /// Indexes by name.
    pub indexes: Vec<Index>,
    /// Holds that stand.
    pub holds: Vec<Hold>,
    /// Snapshots with due documents; `None` when they may not be listed.
    pub snapshots: Option<Vec<Snapshot>>,
    /// Whether there is an Index Management plugin; `None` when it may not be asked.
    pub has_policies: Option<bool>,
}

/// Seconds that clocks may differ.
const SKEW: i64 = 300;
/// Blocks under which nothing can be deleted.
const BLOCKS: [&str; 4] =
    ["index.blocks.write", "index.blocks.read_only", "index.blocks.read_only_allow_delete", "index.blocks.metadata"];
/// Every copy of every index of a class, hidden ones too.
const ALL: &str = "vigie-*,.ds-vigie-*";

impl Survey {
    /// Copies what cases hold of the documents of `index` that `query` finds. Gives how many are safe, by case.
    pub(super) async fn copy_held(
        &self,
        cluster: &Cluster,
        index: &Index,
        query: &Value,
    ) -> Result<Map<String, Value>, String> {
        let mut kept = Map::new();
        for hold in &self.holds {
            let copied = hold.copy(cluster, index, query).await?;
            if copied > 0 {
                kept.insert(hold.case.clone(), json!(copied));
            }
        }
        Ok(kept)
    }

    /// Whether `cluster` can be judged at all, before anything is written there, the lease included.
    ///
    /// # Errors
    /// Why it cannot: it is red, read-only, may not be looked at, or its clock differs from `now`.
    pub async fn is_possible(cluster: &Cluster, now: i64) -> Result<(), String> {
        standing(cluster, now).await.map(drop)
    }

    /// Looks at `cluster`. `named` are further indexes, each with its class; `now` is this host's clock.
    ///
    /// # Errors
    /// Why nothing can be planned: it is red, closed, blocked, may not be looked at, or its clock differs.
    pub async fn take(
        cluster: &Cluster,
        classes: &Classes,
        named: &[(String, String)],
        (judgement, now): (Judgement, i64),
    ) -> Result<Self, String> {
        let id = standing(cluster, now).await?;
        let mut indexes = owned(cluster, classes, named).await?;
        let holds = Hold::all(cluster).await?;
        for index in &mut indexes {
            let Some(class) = classes.get(&index.class) else { continue };
            count(cluster, class, judgement, index).await?;
            index.held_by = holds.iter().filter(|hold| hold.covers(index)).map(|hold| hold.case.clone()).collect();
        }
        let has_policies = Managed::find(cluster, &mut indexes).await?;
        let due: Vec<&str> = indexes.iter().filter(|index| index.due > 0).map(|index| index.name.as_str()).collect();
        let snapshots = snapshots(cluster, &due).await?;
        Ok(Self { cluster: id, indexes, holds, snapshots, has_policies })
    }
}

/// The id of the cluster, once it is known to be able to work.
async fn standing(cluster: &Cluster, now: i64) -> Result<String, String> {
    let stats = cluster.get("/_cluster/stats?filter_path=cluster_uuid,timestamp,status").await?;
    let target = cluster.target();
    // An index that is being made, opened or closed turns it red for a moment.
    if stats["status"] == "red" && !recovers(cluster).await? {
        return Err(format!(
            "the cluster at {target} is red: documents in lost shards can be neither seen nor deleted; mend it first"
        ));
    }
    let theirs = stats["timestamp"].as_i64().unwrap_or_default() / 1000;
    if (theirs - now).abs() > SKEW {
        let (ours, theirs) = (moment(now), moment(theirs));
        return Err(format!(
            "the clock here says {ours}, that of {target} says {theirs}: set the wrong one before anything is judged by age"
        ));
    }
    let settings = cluster.get("/_cluster/settings?flat_settings=true").await?;
    for block in ["cluster.blocks.read_only", "cluster.blocks.read_only_allow_delete"] {
        if ["persistent", "transient"].iter().any(|kind| settings[kind][block] == "true") {
            return Err(format!("the cluster at {target} is read-only (`{block}`): lift that first"));
        }
    }
    Ok(stats["cluster_uuid"].as_str().unwrap_or_default().to_owned())
}

/// Whether a red cluster is red no more within a few seconds.
async fn recovers(cluster: &Cluster) -> Result<bool, String> {
    match cluster.get("/_cluster/health?wait_for_status=yellow&timeout=10s").await {
        Ok(health) => Ok(health["status"] != "red"),
        Err(error) if error.status == 408 => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// The indexes whose names or whose owner say that they belong to a class.
async fn owned(cluster: &Cluster, classes: &Classes, named: &[(String, String)]) -> Result<Vec<Index>, String> {
    let columns =
        "h=index,uuid,status,docs.count,docs.deleted,store.size&bytes=b&format=json&expand_wildcards=all&s=index";
    let extra: String = named.iter().map(|(name, _)| format!(",{name}")).collect();
    let rows = cluster.get(&format!("/_cat/indices/{ALL}{extra}?{columns}")).await?;
    let streams = streams(cluster).await?;
    let settings =
        cluster.get(&format!("/{ALL}{extra}/_settings/index.blocks.*?flat_settings=true&expand_wildcards=all")).await?;
    let mut indexes = Vec::new();
    for row in rows.as_array().into_iter().flatten() {
        let text = |key: &str| row[key].as_str().unwrap_or_default();
        let number = |key: &str| text(key).parse().unwrap_or(0);
        let name = text("index");
        let by_name = named.iter().find(|(index, _)| index == name).map(|(_, class)| class.as_str());
        let Some(class) = by_name.or_else(|| class_in(name)).filter(|class| classes.get(class).is_some()) else {
            continue;
        };
        if text("status") != "open" {
            return Err(format!(
                "the index `{name}` is closed, so that its documents cannot be judged: open it, or delete it by hand"
            ));
        }
        let blocks = &settings[name]["settings"];
        if let Some(block) = BLOCKS.iter().find(|block| blocks[**block] == "true") {
            return Err(format!(
                "the index `{name}` is blocked (`{block}`), so that nothing can be deleted in it: lift that first"
            ));
        }
        let behind = streams.iter().find(|(_, backing)| backing.iter().any(|one| one == name));
        indexes.push(Index {
            name: name.to_owned(),
            uuid: text("uuid").to_owned(),
            class: class.to_owned(),
            stream: behind.map(|(stream, _)| stream.clone()),
            is_written: behind.is_some_and(|(_, backing)| backing.last().is_some_and(|last| last == name)),
            docs: number("docs.count"),
            deleted: number("docs.deleted"),
            bytes: number("store.size"),
            due: 0,
            span: None,
            next: None,
            held_by: Vec::new(),
            managed: None,
        });
    }
    Ok(indexes)
}

/// Data streams, each with the indexes behind it, the written one last.
async fn streams(cluster: &Cluster) -> Result<Vec<(String, Vec<String>)>, String> {
    let answer = cluster.find("/_data_stream/vigie-*").await?.unwrap_or_default();
    let name = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let stream = |stream: &Value| {
        let backing = stream["indices"].as_array().into_iter().flatten();
        (name(stream, "name"), backing.map(|index| name(index, "index_name")).collect())
    };
    Ok(answer["data_streams"].as_array().into_iter().flatten().map(stream).collect())
}

/// The query for what is due in a class.
pub fn due_query(class: &Class, judgement: Judgement) -> Value {
    let Judgement { as_of, extend } = judgement;
    let stamp = json!({"range": {"retention.expires_at": {"lte": moment(as_of)}}});
    let is_bounded = json!({"exists": {"field": "retention.time_bounded"}});
    let has_time = json!({"exists": {"field": "@timestamp"}});
    let rule = json!({"bool": {
        "filter": [{"range": {"@timestamp": {"lt": moment(class.max_age.latest_due(as_of) + 1)}}}],
        "must_not": [is_bounded.clone()],
    }});
    let by_stamp = match extend {
        false => stamp,
        // The stamp is all there is to go by where the time is not that of the event.
        true => {
            json!({"bool": {"filter": [stamp], "should": [is_bounded, {"bool": {"must_not": [has_time]}}], "minimum_should_match": 1}})
        }
    };
    let mut query = json!({"bool": {"should": [by_stamp, rule], "minimum_should_match": 1}});
    if let Some(least) = class.min_age {
        query["bool"]["must_not"] = json!([{"range": {"@timestamp": {"gte": moment(least.latest_due(as_of) + 1)}}}]);
    }
    query
}

/// Counts what is in `index`, and what is due.
async fn count(cluster: &Cluster, class: &Class, judgement: Judgement, index: &mut Index) -> Result<(), String> {
    let due = due_query(class, judgement);
    let body = json!({
        "size": 0,
        "track_total_hits": true,
        "aggs": {
            "due": {"filter": due},
            "first": {"min": {"field": "@timestamp", "format": "strict_date_time"}},
            "last": {"max": {"field": "@timestamp", "format": "strict_date_time"}},
            "rest": {"filter": {"bool": {"must_not": [due]}}, "aggs": {"next": {"min": {"field": "retention.expires_at"}}}},
        },
    });
    let found = cluster.post(&format!("/{}/_search", index.name), &body).await?;
    if found["_shards"]["failed"].as_u64() != Some(0) {
        return Err(format!(
            "some shards of `{}` could not be searched: nothing is judged by half of an index",
            index.name
        ));
    }
    let aggregations = &found["aggregations"];
    let text = |name: &str| aggregations[name]["value_as_string"].as_str().map(str::to_owned);
    index.docs = found["hits"]["total"]["value"].as_u64().unwrap_or(0);
    index.due = aggregations["due"]["doc_count"].as_u64().unwrap_or(0);
    index.span = text("first").zip(text("last"));
    let next = aggregations["rest"]["next"]["value"].as_f64().map(|millis| format!("{:.0}", (millis / 1000.0).floor()));
    index.next = next.and_then(|seconds| seconds.parse().ok()).map(moment);
    Ok(())
}

/// Snapshots that hold one of `due`.
async fn snapshots(cluster: &Cluster, due: &[&str]) -> Result<Option<Vec<Snapshot>>, String> {
    let repositories = match cluster.get("/_snapshot/_all").await {
        Ok(repositories) => repositories,
        Err(error) if error.status == 403 => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let mut found = Vec::new();
    for repository in repositories.as_object().into_iter().flatten().map(|(name, _)| name) {
        let listed = match cluster.get(&format!("/_snapshot/{repository}/_all")).await {
            Ok(listed) => listed,
            Err(error) if error.status == 403 => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        for snapshot in listed["snapshots"].as_array().into_iter().flatten() {
            let held = snapshot["indices"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let indexes = held.filter(|index| due.contains(index)).count();
            let text = |key: &str| snapshot[key].as_str().unwrap_or_default();
            if indexes > 0 {
                let name = format!("{repository}/{}", text("snapshot"));
                found.push(Snapshot { name, made: text("start_time").to_owned(), indexes });
            }
        }
    }
    Ok(Some(found))
}

/// Whether every document that may still come to the bucket called `name` is due as of `as_of`: its period is over.
pub(super) fn is_over(name: &str, width: Width, as_of: i64) -> bool {
    period_in(name).is_some_and(|period| width.name(as_of).as_str() > period && period.len() == width.name(as_of).len())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::config::{Diagnostics, Options, Place, Section, SectionKind};
    use crate::net::stub::{Canned, Stub};
    use crate::net::{HttpClient, NetOptions, Target};

    const NOW: i64 = 1_800_000_000;

    /// What a survey says of a cluster that answers so, and how many requests it made.
    async fn refusal(answers: Vec<Canned>) -> (String, usize) {
        let stub = Stub::start(answers).await;
        let section = Section::new(SectionKind::Output, Place::default());
        let net = NetOptions::read(&section, &mut Diagnostics::default()).expect("defaults are good");
        let target = Target { host: "127.0.0.1".into(), port: stub.port, tls: false, vhost: None };
        let client = HttpClient::new(target, &net, None, Duration::from_secs(10)).expect("a client");
        let cluster = Cluster::new(client, String::new(), None);
        let judgement = Judgement { as_of: NOW, extend: false };
        let survey = Survey::take(&cluster, &Classes::default(), &[], (judgement, NOW)).await;
        let received = stub.received();
        assert!(received.iter().all(|request| request.head.starts_with("get ")), "nothing is changed");
        (survey.expect_err("it is refused"), received.len())
    }

    fn stats(status: &str, seconds: i64) -> Canned {
        Canned::ok(json!({"cluster_uuid": "u", "status": status, "timestamp": seconds * 1000}).to_string())
    }

    #[tokio::test]
    async fn a_cluster_that_cannot_be_judged_is_refused_with_the_remedy() {
        let error = |kind: &str, reason: &str| json!({"error": {"type": kind, "reason": reason}}).to_string();
        let none = error("security_exception", "no permissions for [cluster:monitor/stats] and User [name=a]");
        let read_only = json!({"persistent": {"cluster.blocks.read_only": "true"}, "transient": {}});
        let cases = [
            (vec![stats("red", NOW), Canned::Answer(408, "", json!({"status": "red"}).to_string())], "is red"),
            (vec![stats("red", NOW), Canned::ok(json!({"status": "red"}).to_string())], "mend it first"),
            (vec![stats("green", NOW - 301)], "set the wrong one"),
            (vec![stats("green", NOW), Canned::ok(read_only.to_string())], "is read-only (`cluster.blocks.read_only`)"),
            (vec![Canned::Answer(403, "", none)], "lacks the permission `cluster:monitor/stats`"),
            (vec![Canned::Answer(401, "", "Unauthorized".into())], "does not know these credentials"),
        ];
        for (answers, part) in cases {
            let count = answers.len();
            let (message, requests) = refusal(answers).await;
            assert!(message.contains(part) && requests == count, "{part}: {message}");
        }
    }

    #[tokio::test]
    async fn a_cluster_that_was_red_for_a_moment_is_judged() {
        let rest = vec![
            stats("red", NOW),
            Canned::ok(json!({"status": "yellow"}).to_string()),
            Canned::ok("{}"),
            Canned::Answer(403, "", String::new()),
        ];

        let (message, requests) = refusal(rest).await;

        assert!(requests == 4 && message.contains("_cat/indices"), "{message}");
    }
}
