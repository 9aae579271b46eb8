//! Erasure of one subject: its documents in all indexes of the classes, whether due or not, down to the bytes.

use serde_json::{Value, json};

use super::calendar::moment;
use super::lease::Lease;
use super::run::{Run, attest, record};
use super::survey::{Index, Survey};
use super::tasks::expunge;
use crate::cluster::Cluster;
use crate::proof::{Draft, Entry, Ledger};

/// Whose documents are erased. Never printed and never part of a record.
#[derive(Clone)]
pub struct Subject {
    /// What the identifier is, such as `email`.
    pub kind: String,
    /// Every spelling it is found under: itself, and where values were replaced before shipping, what stands in their place.
    pub values: Vec<String>,
    /// Fields that are looked at.
    pub fields: Vec<String>,
}

impl Subject {
    /// Reads `KIND:VALUE`.
    pub fn parse(text: &str, fields: Vec<String>) -> Option<Self> {
        let (kind, value) = text.split_once(':')?;
        let is_kind = !kind.is_empty() && kind.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        (is_kind && !value.trim().is_empty()).then(|| Self { kind: kind.into(), values: vec![value.into()], fields })
    }

    fn query(&self) -> Value {
        let pairs = self.fields.iter().flat_map(|field| self.values.iter().map(move |value| (field, value)));
        let clauses: Vec<Value> = pairs.map(|(field, value)| json!({"match_phrase": {field: value}})).collect();
        json!({"bool": {"should": clauses, "minimum_should_match": 1}})
    }

    /// How many of its documents each index has, those without any left out.
    ///
    /// # Errors
    /// When an index cannot be searched.
    pub async fn find<'a>(&self, cluster: &Cluster, survey: &'a Survey) -> Result<Vec<(&'a Index, u64)>, String> {
        let mut found = Vec::new();
        for index in &survey.indexes {
            let answer = cluster.post(&format!("/{}/_count", index.name), &json!({"query": self.query()})).await?;
            let count = answer["count"].as_u64().unwrap_or(0);
            if count > 0 {
                found.push((index, count));
            }
        }
        Ok(found)
    }
}

impl Run<'_> {
    /// Erases `subject`, whose documents were found in `survey`. `reference` names the request, and holds nothing of the subject.
    ///
    /// # Errors
    /// Why it could not go on. What was done until then is proven all the same.
    pub async fn erase(
        &self,
        (subject, reference): (&Subject, &str),
        survey: &Survey,
        lease: &mut Lease,
        ledger: &mut Ledger,
    ) -> Result<Entry, String> {
        let (mut done, mut failure) = (Vec::new(), None);
        let found = subject.find(self.cluster, survey).await?;
        let planned = found.iter().map(|(index, count)| record(index, "erase documents", &json!({"hits": count})));
        self.begin("retention.erasure_begin", survey, planned.collect(), ledger).await?;
        for (index, count) in found {
            lease.renew(self.cluster, (self.clock)()).await?;
            match self.erase_in(index, count, subject, survey).await {
                Ok(record) => done.push(record),
                Err(message) => {
                    failure = Some(format!("{}: {message}", index.name));
                    break;
                }
            }
        }
        let left: u64 = subject
            .find(self.cluster, survey)
            .await?
            .iter()
            .filter(|(index, _)| index.held_by.is_empty())
            .map(|(_, count)| count)
            .sum();
        let now = moment((self.clock)());
        let snapshots = survey.snapshots.as_ref().map(|all| all.iter().map(|one| one.name.clone()).collect::<Vec<_>>());
        let body = json!({
            "subject_kind": subject.kind,
            "reference": reference,
            "fields": subject.fields,
            "cluster": survey.cluster,
            "host": self.host,
            "indexes": done,
            "snapshots": snapshots,
            "hits_left": left,
            "complete": failure.is_none() && left == 0,
        });
        let entry = attest(self.cluster, ledger, Draft { at: now, kind: "retention.erasure".into(), body }).await?;
        match failure {
            Some(failure) => Err(failure),
            None if left > 0 => {
                Err(format!("{left} documents of the subject are there still, or came in meanwhile: run it again"))
            }
            None => Ok(entry),
        }
    }

    async fn erase_in(&self, index: &Index, count: u64, subject: &Subject, survey: &Survey) -> Result<Value, String> {
        let cluster = self.cluster;
        if !index.held_by.is_empty() {
            return Ok(record(index, "held", &json!({"hits": count, "held_by": index.held_by})));
        }
        let query = subject.query();
        let kept = survey.copy_held(cluster, index, &query).await?;
        let deleted = self.by_query(index, &query).await?;
        let left = expunge(cluster, &index.name).await?;
        let facts =
            json!({"hits": count, "deleted": deleted, "copied_for": kept, "deleted_left": left, "verified": left == 0});
        Ok(record(index, "erase documents", &facts))
    }
}
