//! Erasure of one subject: its documents in all indexes of the classes, whether due or not, down to the bytes.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::calendar::moment;
use super::classes::{Class, Classes};
use super::lease::Lease;
use super::run::{Run, attest, record};
use super::survey::{Index, Survey};
use super::tasks::expunge;
use crate::cluster::Cluster;
use crate::proof::{Draft, Entry, Ledger};

/// Clauses of one query; a cluster takes 1024 where nothing else is set.
const MOST_CLAUSES: usize = 1000;

/// Whose documents are erased. Never printed and never part of a record.
#[derive(Clone)]
pub struct Subject {
    /// What the identifier is, such as `email`.
    pub kind: String,
    /// Every spelling it is found under as it is.
    pub values: Vec<String>,
    /// Tokens that stand in its place where it was replaced before shipping; looked for inside longer texts, too.
    pub tokens: Vec<String>,
    /// Fields that are looked at in every index, next to those that its class names.
    pub fields: Vec<String>,
}

impl Subject {
    /// Reads `KIND:VALUE`.
    pub fn parse(text: &str, fields: Vec<String>) -> Option<Self> {
        let (kind, value) = text.split_once(':')?;
        let is_kind = !kind.is_empty() && kind.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        let values = vec![value.to_owned()];
        (is_kind && !value.trim().is_empty()).then(|| Self { kind: kind.into(), values, tokens: Vec::new(), fields })
    }

    /// Whether `text` names it, in clear or by a token.
    pub fn is_in(&self, text: &str) -> bool {
        self.values.iter().chain(&self.tokens).any(|value| text.contains(value.as_str()))
    }

    /// The fields for an index of `class`.
    fn fields_of<'a>(&'a self, class: Option<&'a Class>) -> impl Iterator<Item = &'a String> {
        self.fields.iter().chain(class.into_iter().flat_map(|class| &class.subject_fields))
    }

    /// The queries for an index of `class`, each of so many clauses as a search may have; none where no field is to be looked at.
    fn queries(&self, class: Option<&Class>) -> Vec<Value> {
        let mut clauses = Vec::new();
        for field in self.fields_of(class) {
            let spellings = self.values.iter().chain(&self.tokens);
            clauses.extend(spellings.map(|value| json!({"match_phrase": {field: value}})));
            // In a keyword only the whole text is found by its phrase. A token has ends of its own, so that no other one is met.
            clauses
                .extend(self.tokens.iter().map(|token| json!({"wildcard": {field: {"value": format!("*{token}*")}}})));
        }
        let query = |clauses: &[Value]| json!({"bool": {"should": clauses, "minimum_should_match": 1}});
        clauses.chunks(MOST_CLAUSES).map(query).collect()
    }

    /// How many of its documents each index has, those without any left out. One that is found by several hundred spellings may
    /// count twice.
    ///
    /// # Errors
    /// When an index cannot be searched.
    pub async fn find<'a>(
        &self,
        cluster: &Cluster,
        classes: &Classes,
        survey: &'a Survey,
    ) -> Result<Vec<(&'a Index, u64)>, String> {
        let mut found = Vec::new();
        for index in &survey.indexes {
            let queries = self.queries(classes.get(&index.class));
            let count = count(cluster, &index.name, &queries).await?;
            if count > 0 {
                found.push((index, count));
            }
        }
        Ok(found)
    }
}

/// How many documents of `index` the `queries` find, those of a moment ago too.
async fn count(cluster: &Cluster, index: &str, queries: &[Value]) -> Result<u64, String> {
    if queries.is_empty() {
        return Ok(0);
    }
    cluster.post(&format!("/{index}/_refresh"), &Value::Null).await?;
    let mut count = 0;
    for query in queries {
        let answer = cluster.post(&format!("/{index}/_count"), &json!({"query": query})).await?;
        count += answer["count"].as_u64().unwrap_or(0);
    }
    Ok(count)
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
        let found = subject.find(self.cluster, self.classes, survey).await?;
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
            .find(self.cluster, self.classes, survey)
            .await?
            .iter()
            .filter(|(index, _)| index.held_by.is_empty())
            .map(|(_, count)| count)
            .sum();
        let now = moment((self.clock)());
        let snapshots = survey.snapshots.as_ref().map(|all| all.iter().map(|one| one.name.clone()).collect::<Vec<_>>());
        let fields: BTreeSet<&String> =
            self.classes.0.iter().flat_map(|class| subject.fields_of(Some(class))).collect();
        let body = json!({
            "subject_kind": subject.kind,
            "reference": reference,
            "fields": fields,
            "tokens": subject.tokens.len(),
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
        let (mut kept, mut deleted) = (Map::new(), 0);
        for query in subject.queries(self.classes.get(&index.class)) {
            kept.extend(survey.copy_held(cluster, index, &query).await?);
            deleted += self.by_query(index, &query).await?;
        }
        let left = expunge(cluster, &index.name).await?;
        let facts =
            json!({"hits": count, "deleted": deleted, "copied_for": kept, "deleted_left": left, "verified": left == 0});
        Ok(record(index, "erase documents", &facts))
    }
}
