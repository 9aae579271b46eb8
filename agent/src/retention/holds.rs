//! Holds: what a case wants kept although its time has come.
//!
//! A hold on indexes keeps them whole. A hold on a query lets indexes go, once the documents that it finds are copied to
//! `vigie-hold-CASE`. They lie in the state index of the cluster, one document per case.

use serde_json::{Value, json};

use super::names::{STATE_INDEX, hold_name};
use super::survey::Index;
use super::tasks::finish;
use crate::cluster::Cluster;
use crate::config::{OptionType, TagPattern};

/// A hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Hold {
    /// Name of the case.
    pub case: String,
    /// Names of indexes or streams, in which `*` stands for any text.
    pub index: Option<String>,
    /// Which documents.
    pub query: Option<Value>,
    /// Why.
    pub reason: String,
    /// Who said so.
    pub by: String,
    /// Since when.
    pub at: String,
}

/// Whether `case` can be the name of one.
pub fn is_case(case: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte);
    (1..=64).contains(&case.len()) && case.bytes().all(allowed)
}

impl Hold {
    /// All holds that stand.
    pub(super) async fn all(cluster: &Cluster) -> Result<Vec<Self>, String> {
        // What was added a moment ago counts.
        match cluster.post(&format!("/{STATE_INDEX}/_refresh"), &Value::Null).await {
            Err(error) if error.status == 404 => return Ok(Vec::new()),
            other => drop(other?),
        }
        let query = json!({"size": 1000, "query": {"match_all": {}}});
        let found = cluster.post(&format!("/{STATE_INDEX}/_search"), &query).await?;
        let hits = found["hits"]["hits"].as_array().into_iter().flatten();
        let mut holds: Vec<Self> = hits.filter_map(Self::read).collect();
        holds.sort_by(|one, other| one.case.cmp(&other.case));
        Ok(holds)
    }

    fn read(hit: &Value) -> Option<Self> {
        hit["_id"].as_str()?.strip_prefix("hold-")?;
        let text = |key: &str| hit["_source"][key].as_str().map(str::to_owned);
        let query = text("query").and_then(|query| serde_json::from_str(&query).ok());
        Some(Self {
            case: text("case")?,
            index: text("index"),
            query,
            reason: text("reason")?,
            by: text("by")?,
            at: text("at")?,
        })
    }

    /// Keeps it in the cluster.
    ///
    /// # Errors
    /// When there is a hold of this case, or it is not allowed.
    pub async fn add(&self, cluster: &Cluster) -> Result<(), String> {
        let Self { case, index, query, reason, by, at } = self;
        if let Some(query) = query {
            // What cannot be searched for would hold nothing.
            cluster.post("/vigie-*/_search?size=0&ignore_unavailable=true", &json!({"query": query})).await?;
        }
        // As text, so that no query shapes the index.
        let query = query.as_ref().map(Value::to_string);
        let body = json!({"case": case, "index": index, "query": query, "reason": reason, "by": by, "at": at});
        match cluster.put(&format!("/{STATE_INDEX}/_create/hold-{case}?refresh=true"), &body).await {
            Ok(_) => Ok(()),
            Err(error) if error.status == 409 => {
                Err(format!("the case `{case}` has a hold already: lift it first, or name another case"))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Takes the hold of `case` away, and with it the copies that were made for it. Returns how many of these there were.
    ///
    /// # Errors
    /// When there is none, or it is not allowed.
    pub async fn lift(cluster: &Cluster, case: &str) -> Result<u64, String> {
        let copies = hold_name(case);
        let count = cluster.find(&format!("/{copies}/_count")).await?;
        if count.is_some() {
            cluster.delete(&format!("/{copies}")).await?;
        }
        match cluster.delete(&format!("/{STATE_INDEX}/_doc/hold-{case}?refresh=true")).await {
            Ok(_) => Ok(count.and_then(|count| count["count"].as_u64()).unwrap_or(0)),
            Err(error) if error.status == 404 => Err(format!("there is no hold of the case `{case}`")),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether it keeps `index` as a whole.
    pub(super) fn covers(&self, index: &Index) -> bool {
        self.query.is_none() && self.names(index)
    }

    /// Whether it may hold something in `index`.
    pub(super) fn concerns(&self, index: &Index) -> bool {
        self.index.is_none() || self.names(index)
    }

    fn names(&self, index: &Index) -> bool {
        let mut patterns =
            self.index.as_deref().unwrap_or_default().split(',').map(str::trim).filter(|one| !one.is_empty());
        patterns.any(|pattern| {
            let takes = |name: &str| TagPattern::parse(pattern).is_ok_and(|pattern| pattern.matches(name));
            takes(&index.name) || index.stream.as_deref().is_some_and(takes)
        })
    }

    /// Copies what it finds of `due` in `index`. Returns how many documents are safe.
    pub(super) async fn copy(&self, cluster: &Cluster, index: &Index, due: &Value) -> Result<u64, String> {
        let Some(query) = &self.query else { return Ok(0) };
        if !self.concerns(index) {
            return Ok(0);
        }
        let body = json!({
            "conflicts": "proceed",
            "source": {"index": index.name, "query": {"bool": {"filter": [due, query]}}},
            "dest": {"index": hold_name(&self.case), "op_type": "create"},
        });
        let started = cluster.post("/_reindex?wait_for_completion=false&refresh=true", &body).await?;
        let done = finish(cluster, &started).await?;
        let number = |key: &str| done[key].as_u64().unwrap_or(0);
        let safe = number("created") + number("version_conflicts");
        let has_failures = done["failures"].as_array().is_some_and(|failures| !failures.is_empty());
        if has_failures || safe != number("total") {
            return Err(format!(
                "documents of `{}` that the case `{}` holds could not all be copied: nothing of it is deleted",
                index.name, self.case
            ));
        }
        Ok(safe)
    }
}
