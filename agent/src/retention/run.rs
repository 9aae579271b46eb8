//! A deletion run: does what the plan says, index after index, and proves it.
//!
//! Every step can be done again, so that a run that was killed is made good by the next one: what is due is judged anew, and bytes
//! that were not erased yet show as deleted documents.

use std::sync::Arc;

use serde_json::{Value, json};

use super::calendar::moment;
use super::classes::Classes;
use super::lease::Lease;
use super::names::AUDIT_INDEX;
use super::plan::{Step, step};
use super::survey::{Index, Judgement, Survey, due_query};
use super::tasks::{expunge, finish};
use crate::cluster::Cluster;
use crate::proof::{Draft, Entry, Ledger};

/// Kind of the entry that a run begins with.
const BEGIN: &str = "retention.begin";
/// Rounds of deletion by query, since documents that change meanwhile are left over.
const ROUNDS: u32 = 20;

/// A run and all that it needs.
#[derive(Debug)]
pub struct Run<'a> {
    /// Where.
    pub cluster: &'a Cluster,
    /// By which rules.
    pub classes: &'a Arc<Classes>,
    /// As of when.
    pub judgement: Judgement,
    /// Documents per second that are deleted by query; 0 sets no bound.
    pub per_second: u32,
    /// The clock.
    pub clock: fn() -> i64,
    /// Host that runs it, for the certificate.
    pub host: String,
}

impl Run<'_> {
    /// Deletes what is due in `survey`, which was taken under `lease`. `tell` hears of each step.
    ///
    /// # Errors
    /// Why it could not go on. What was done until then is proven all the same.
    pub async fn delete(
        &self,
        survey: &Survey,
        lease: &mut Lease,
        ledger: &mut Ledger,
        tell: &mut dyn FnMut(&str),
    ) -> Result<Entry, String> {
        for name in survey.release_held(self.cluster).await? {
            tell(&format!("{name}: taken from its policy, which knows of no holds"));
        }
        let mut done = self.gone(ledger.last(), survey).await?;
        let planned = survey.indexes.iter().filter_map(|index| {
            let step = step(index, self.classes, self.judgement);
            (step != Step::Keep).then(|| record(index, step.word(), &Value::Null))
        });
        let planned = done.iter().cloned().chain(planned).collect();
        self.begin(BEGIN, survey, planned, ledger).await?;
        let mut failure = None;
        for index in &survey.indexes {
            let step = step(index, self.classes, self.judgement);
            if step == Step::Keep {
                continue;
            }
            if let Err(message) = lease.renew(self.cluster, (self.clock)()).await {
                failure = Some(message);
                break;
            }
            tell(&format!("{}: {}", index.name, step.word()));
            match self.one(index, step, survey).await {
                Ok(record) => done.push(record),
                Err(message) => {
                    failure = Some(format!("{}: {message}", index.name));
                    done.push(record(index, step.word(), &json!({"failed": true})));
                    break;
                }
            }
        }
        let entry = self.certify(survey, done, failure.is_some(), ledger)?;
        publish(self.cluster, &entry).await?;
        failure.map_or(Ok(entry), Err)
    }

    /// What the run that began with `last` deleted as a whole before it was killed: no certificate tells of that yet.
    async fn gone(&self, last: Option<&Entry>, survey: &Survey) -> Result<Vec<Value>, String> {
        let mut gone = Vec::new();
        let Some(begun) = last.filter(|last| last.draft.kind == BEGIN) else { return Ok(gone) };
        for record in begun.draft.body["indexes"].as_array().into_iter().flatten() {
            let [name, uuid, method] = ["index", "uuid", "method"].map(|key| record[key].as_str().unwrap_or_default());
            let goes_as_a_whole = [Step::DeleteIndex, Step::RollOver].iter().any(|step| step.word() == method);
            let is_gone = match survey.indexes.iter().find(|index| index.name == name) {
                Some(index) => index.uuid != uuid,
                None => self.cluster.find(&format!("/{name}/_count")).await?.is_none(),
            };
            if goes_as_a_whole && is_gone {
                let mut record = record.clone();
                let begun_in = record["begun_in"].as_u64().unwrap_or(begun.number);
                record["method"] = Step::DeleteIndex.word().into();
                record["begun_in"] = begun_in.into();
                record["docs_after"] = 0.into();
                record["verified"] = true.into();
                gone.push(record);
            }
        }
        Ok(gone)
    }

    /// Says what is about to go, before anything does: a run that is killed has no other witness.
    pub(super) async fn begin(
        &self,
        kind: &str,
        survey: &Survey,
        indexes: Vec<Value>,
        ledger: &mut Ledger,
    ) -> Result<(), String> {
        let as_of = moment(self.judgement.as_of);
        let body = json!({"as_of": as_of, "cluster": survey.cluster, "host": self.host, "indexes": indexes});
        let draft = Draft { at: moment((self.clock)()), kind: kind.into(), body };
        attest(self.cluster, ledger, draft).await.map(drop)
    }

    async fn one(&self, index: &Index, step: Step, survey: &Survey) -> Result<Value, String> {
        let cluster = self.cluster;
        if step == Step::Held {
            return Ok(record(index, "held", &json!({"held_by": index.held_by})));
        }
        if step == Step::Erase {
            let left = expunge(cluster, &index.name).await?;
            return Ok(record(index, "erase bytes", &json!({"deleted_left": left, "verified": left == 0})));
        }
        let class = self.classes.get(&index.class).ok_or("its class is gone")?;
        let due = due_query(class, self.judgement);
        let kept = survey.copy_held(cluster, index, &due).await?;
        let mut is_whole = step == Step::DeleteIndex;
        if let (Step::RollOver, Some(stream)) = (step, &index.stream) {
            cluster.post(&format!("/{stream}/_rollover"), &Value::Null).await?;
            // What came in until then is judged too.
            cluster.post(&format!("/{}/_refresh", index.name), &Value::Null).await?;
            let rest = json!({"query": {"bool": {"must_not": [due]}}});
            let rest = cluster.post(&format!("/{}/_count", index.name), &rest).await?;
            is_whole = rest["count"].as_u64() == Some(0) && kept.is_empty();
        }
        if is_whole {
            cluster.delete(&format!("/{}", index.name)).await?;
            let is_gone = cluster.find(&format!("/{}/_count", index.name)).await?.is_none();
            return Ok(record(
                index,
                "delete index",
                &json!({"copied_for": kept, "docs_after": 0, "verified": is_gone}),
            ));
        }
        let deleted = self.by_query(index, &due).await?;
        let left = expunge(cluster, &index.name).await?;
        let after = cluster.get(&format!("/{}/_stats/docs,store?filter_path=_all", index.name)).await?;
        let facts = json!({
            "deleted": deleted,
            "copied_for": kept,
            "docs_after": after["_all"]["primaries"]["docs"]["count"],
            "bytes_after": after["_all"]["total"]["store"]["size_in_bytes"],
            "deleted_left": left,
            "verified": left == 0,
        });
        Ok(record(index, "delete documents", &facts))
    }

    /// Deletes what `due` finds in `index` until nothing is left.
    pub(super) async fn by_query(&self, index: &Index, due: &Value) -> Result<u64, String> {
        let body = json!({"query": due});
        let bound = if self.per_second == 0 { "-1".to_owned() } else { self.per_second.to_string() };
        let way = format!(
            "conflicts=proceed&wait_for_completion=false&slices=auto&scroll_size=1000&refresh=true&requests_per_second={bound}"
        );
        let mut deleted = 0;
        for _ in 0..ROUNDS {
            self.cluster.post(&format!("/{}/_refresh", index.name), &Value::Null).await?;
            let left = self.cluster.post(&format!("/{}/_count", index.name), &body).await?;
            if left["count"].as_u64() == Some(0) {
                return Ok(deleted);
            }
            let started = self.cluster.post(&format!("/{}/_delete_by_query?{way}", index.name), &body).await?;
            let done = finish(self.cluster, &started).await?;
            if done["failures"].as_array().is_some_and(|failures| !failures.is_empty()) {
                return Err("some documents could not be deleted: the log of the cluster tells why".into());
            }
            deleted += done["deleted"].as_u64().unwrap_or(0);
        }
        Err(format!("documents are still due after {ROUNDS} rounds: somebody changes them all the time"))
    }

    fn certify(&self, survey: &Survey, done: Vec<Value>, failed: bool, ledger: &mut Ledger) -> Result<Entry, String> {
        let now = (self.clock)();
        let classes = self.classes.0.iter().map(|class| {
            json!({
                "class": class.name,
                "max_age": class.max_age.to_string(),
                "min_age": class.min_age.map(|age| age.to_string()),
                "basis": class.basis,
                "revision": class.revision,
            })
        });
        let snapshots = survey.snapshots.as_ref().map(|all| {
            let one =
                |one: &super::survey::Snapshot| json!({"name": one.name, "made": one.made, "indexes": one.indexes});
            all.iter().map(one).collect::<Vec<_>>()
        });
        let body = json!({
            "as_of": moment(self.judgement.as_of),
            "as_of_is_later": self.judgement.as_of > now,
            "extend": self.judgement.extend,
            "cluster": survey.cluster,
            "host": self.host,
            "rules": classes.collect::<Vec<_>>(),
            "indexes": done,
            "holds": survey.holds.iter().map(|hold| hold.case.clone()).collect::<Vec<_>>(),
            "snapshots": snapshots,
            "complete": !failed,
        });
        let draft = Draft { at: moment(now), kind: "retention.run".into(), body };
        ledger.append(draft).map_err(|error| error.to_string())
    }
}

/// What is told of an index in the certificate.
pub(super) fn record(index: &Index, method: &str, facts: &Value) -> Value {
    let mut record = json!({
        "index": index.name,
        "uuid": index.uuid,
        "class": index.class,
        "method": method,
        "due": index.due,
        "docs_before": index.docs,
        "bytes_before": index.bytes,
        "policy": index.managed.as_ref().map(|managed| &managed.policy),
        "first": index.span.as_ref().map(|(first, _)| first),
        "last": index.span.as_ref().map(|(_, last)| last),
    });
    if let (Some(record), Some(facts)) = (record.as_object_mut(), facts.as_object()) {
        record.extend(facts.clone());
    }
    record
}

/// Appends `draft` to the chain, and copies it to the audit index, behind the entry before it: one that a killed run left in the
/// file alone is copied now.
///
/// # Errors
/// When either does not take it.
pub async fn attest(cluster: &Cluster, ledger: &mut Ledger, draft: Draft) -> Result<Entry, String> {
    if let Some(last) = ledger.last() {
        publish(cluster, last).await?;
    }
    let entry = ledger.append(draft).map_err(|error| error.to_string())?;
    publish(cluster, &entry).await?;
    Ok(entry)
}

/// Copies `entry` to the audit index, where its hash is its id. One that is there already stays. The name of its key tells the
/// chains of several hosts apart.
///
/// # Errors
/// When the cluster does not take it.
async fn publish(cluster: &Cluster, entry: &Entry) -> Result<(), String> {
    // As text, so that bodies of any shape fit.
    let draft = &entry.draft;
    let body = json!({"number": entry.number, "hash": entry.hash.to_string(), "key": entry.key, "at": draft.at, "kind": draft.kind, "line": entry.line()});
    match cluster.put(&format!("/{AUDIT_INDEX}/_create/{}?refresh=true", entry.hash), &body).await {
        Ok(_) => Ok(()),
        Err(error) if error.status == 409 => Ok(()),
        Err(error) => Err(error.into()),
    }
}
