//! Looks documents up by their ids before they are sent again, where a rollover may have put another index in between.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::Ordering;
use std::time::Instant;

use reqwest::header::CONTENT_TYPE;
use serde_json::json;
use tracing::warn;

use super::deliver::{Answer, OpenSearch, percent_encoded, unread};
use super::judge::Whole;
use crate::cluster::{Found, bulk_item, error_name, found_items};
use crate::encode::bulk::Operation;
use crate::net::{Conduct, Hosts, HttpClient};
use crate::plugin::{Class, Output, Request, Verdict};

/// Documents asked for with one request.
const BATCH: usize = 1_000;
/// Room for the answer about one of them.
const ANSWER_DOCUMENT: usize = 512;

/// Documents of a request to be looked up, and what was found out.
struct Search {
    /// Which items are stored.
    stored: Vec<bool>,
    /// Which could not be looked up in one of their indexes.
    unsure: Vec<bool>,
    wanted: Vec<Wanted>,
}

/// An item to be looked up.
struct Wanted {
    item: usize,
    id: String,
    /// Indexes that it may lie in.
    indexes: Vec<String>,
}

impl OpenSearch {
    /// Which items of `request` are stored, of those that may be. Those that cannot be looked up count as possible
    /// duplicates.
    pub(super) async fn look_up(&self, hosts: &Hosts, request: &Request) -> Result<Vec<bool>, Verdict> {
        let found = self.search(request).map_err(|error| unread(format!("a request cannot be inflated: {error}")));
        let Some(mut search) = found? else { return Ok(Vec::new()) };
        for round in 0.. {
            let mut by_index: BTreeMap<&str, Vec<&Wanted>> = BTreeMap::new();
            for wanted in search.wanted.iter().filter(|wanted| !search.stored[wanted.item]) {
                if let Some(index) = wanted.indexes.get(round) {
                    by_index.entry(index).or_default().push(wanted);
                }
            }
            if by_index.is_empty() {
                break;
            }
            for (index, wanted) in by_index {
                for batch in wanted.chunks(BATCH) {
                    for (wanted, found) in batch.iter().zip(self.find(hosts, index, batch).await?) {
                        match found {
                            Found::Stored => search.stored[wanted.item] = true,
                            Found::Missing => {}
                            Found::Failed(kind) => {
                                search.unsure[wanted.item] = true;
                                self.cannot_look_into(index, &kind);
                            }
                        }
                    }
                }
            }
        }
        let unsure = search.unsure.iter().zip(&search.stored).filter(|(unsure, stored)| **unsure && !**stored);
        self.metrics.possible_duplicate_records.add(unsure.count() as u64);
        Ok(search.stored)
    }

    /// What is to be looked up; `None` where the ids are enough.
    fn search(&self, request: &Request) -> io::Result<Option<Search>> {
        // Another operation is meant to change what is stored.
        if self.options.write_operation != Operation::Create {
            return Ok(None);
        }
        let plain = request.plain()?;
        let mut wanted = Vec::new();
        for (item, entry) in request.items.iter().enumerate() {
            if !request.lots[entry.lot as usize].may_be_stored {
                continue;
            }
            let Some((action, _)) = bulk_item(&plain[request.item_range(item)]) else { continue };
            let indexes = self.indexes.behind(&action.index);
            if let Some(id) = action.id.filter(|_| !indexes.is_empty()) {
                wanted.push(Wanted { item, id, indexes });
            }
        }
        let no = || vec![false; request.items.len()];
        Ok((!wanted.is_empty()).then(|| Search { stored: no(), unsure: no(), wanted }))
    }

    /// What `index` says of `batch`, in its order.
    async fn find(&self, hosts: &Hosts, index: &str, batch: &[&Wanted]) -> Result<Vec<Found>, Verdict> {
        let ids: Vec<&str> = batch.iter().map(|wanted| wanted.id.as_str()).collect();
        let body = json!({"ids": ids}).to_string();
        let filter = "_source=false&filter_path=docs.found,docs.error.type,error.type";
        let path = format!("{}/{}/_mget?{filter}", self.base(), percent_encoded(index));
        let mut tried = Vec::new();
        let mut answered = None;
        while let Some(host) = hosts.choose(&tried, Instant::now()) {
            let post = self.request(host.client(), &path).header(CONTENT_TYPE, "application/json").body(body.clone());
            let answer = self.answer(host.client(), post, ids.len() * ANSWER_DOCUMENT).await;
            let found = answer.map(|answer| judge(host.client(), &answer, ids.len()));
            let conduct = match &found {
                Ok(_) => Conduct::Answered,
                Err(Verdict::Again { class: Class::Unreachable, .. }) => Conduct::Absent,
                Err(_) => Conduct::Failed,
            };
            self.note(&host, conduct);
            answered = Some(found);
            if conduct != Conduct::Absent {
                break;
            }
            tried.push(host.number);
        }
        let answered = answered.expect("a host is chosen while none was tried");
        answered.unwrap_or_else(Err).map_err(nothing_was_sent)
    }

    /// Says once that documents may be stored twice, and what helps.
    fn cannot_look_into(&self, index: &str, reason: &str) {
        if self.said_unsure.swap(true, Ordering::Relaxed) {
            return;
        }
        let index = if self.may_tell_index() { index } else { "(made of records)" };
        warn!(component = %self.name, index, reason = error_name(reason),
            "records whose outcome is unknown cannot be looked up by id and are sent again: after a rollover some may be \
             stored twice (the role needs `indices:data/read/mget*` for the index)");
    }
}

/// What an answer says of `count` documents.
///
/// # Errors
/// When they are to be looked up later.
fn judge(client: &HttpClient, answer: &Answer, count: usize) -> Result<Vec<Found>, Verdict> {
    let Answer { status, retry_after, body } = answer;
    let failed = |kind: &str| Ok(vec![Found::Failed(kind.to_owned()); count]);
    match status {
        200..=299 => found_items(body, count).map_or_else(|| failed("unreadable"), Ok),
        403 => failed("security_exception"),
        401 | 408 | 429 | 500.. => {
            Err(Whole { status: *status, body, retry_after: *retry_after, target: client.target(), plain_length: 0 }
                .verdict())
        }
        _ => failed("refused"),
    }
}

/// A look-up that failed leaves no outcome unknown, and is none of the documents' attempts.
fn nothing_was_sent(verdict: Verdict) -> Verdict {
    match verdict {
        Verdict::Again { class, reason, wait, .. } => {
            let class = if class == Class::Unknown { Class::Busy } else { class };
            let reason = format!("documents sent before cannot be looked up: {reason}");
            Verdict::Again { class, reason, wait, counts: false }
        }
        other => {
            let reason = format!("documents sent before cannot be looked up: {other:?}");
            Verdict::Again { class: Class::Busy, reason, wait: None, counts: false }
        }
    }
}
