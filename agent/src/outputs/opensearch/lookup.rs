//! Looks documents up by their ids before they are sent again, where a rollover may have put another index in between.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use reqwest::header::CONTENT_TYPE;
use reqwest::{Method, RequestBuilder};
use serde_json::json;
use tracing::warn;

use super::deliver::{Answer, OpenSearch, percent_encoded, unread};
use super::judge::Whole;
use super::rollover::MOST_INDEXES;
use crate::cluster::{Found, bulk_item, error_name, found_items, indexes_behind, item_index};
use crate::encode::bulk::Operation;
use crate::net::{Conduct, Hosts, HttpClient};
use crate::plugin::{Class, Item, Output, Request, Verdict};

/// Documents asked for with one request.
const BATCH: usize = 1_000;
/// Indexes behind one name that are looked into without having been seen, the oldest.
const MOST_UNSEEN: usize = 64;
/// Room for the answer about one of them.
const ANSWER_DOCUMENT: usize = 512;
/// Look-ups in a row that get no answer before documents are sent without, if requests are answered otherwise.
const MOST_FAILURES: u32 = 5;

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
    indexes: Arc<[String]>,
}

impl Search {
    /// Asks for what is not found yet: an index with places in `wanted`, of at most [`BATCH`] each, in the order of searching.
    fn batches(&self, round: usize) -> Vec<(String, Vec<usize>)> {
        let mut by_index: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        let open = self.wanted.iter().enumerate().filter(|(_, wanted)| !self.stored[wanted.item]);
        for (at, wanted) in open {
            if let Some(index) = wanted.indexes.get(round) {
                by_index.entry(index).or_default().push(at);
            }
        }
        let cut = |(index, places): (&str, Vec<usize>)| {
            places.chunks(BATCH).map(|batch| (index.to_owned(), batch.to_vec())).collect::<Vec<_>>()
        };
        by_index.into_iter().flat_map(cut).collect()
    }

    /// Takes it that nothing can be found out about what is not found yet.
    fn give_up(&mut self) {
        self.wanted.iter().for_each(|wanted| self.unsure[wanted.item] = true);
    }

    /// Takes in what was `found` of `batch`. Gives why one could not be looked up, if that was so.
    fn take(&mut self, batch: &[usize], found: Vec<Found>) -> Option<String> {
        let mut failure = None;
        for (at, found) in batch.iter().zip(found) {
            let item = self.wanted[*at].item;
            match found {
                Found::Stored => self.stored[item] = true,
                Found::Missing => {}
                Found::Failed(kind) => {
                    self.unsure[item] = true;
                    failure = Some(kind);
                }
            }
        }
        failure
    }

    /// How many could not be looked up and were not found elsewhere.
    fn unsure(&self) -> usize {
        self.unsure.iter().zip(&self.stored).filter(|(unsure, stored)| **unsure && !**stored).count()
    }
}

/// Names that documents are written to, with the indexes that these may lie in.
type Behind = BTreeMap<String, Arc<[String]>>;

impl OpenSearch {
    /// Which items of `request` are stored, of those that may be. Those that cannot be looked up count as possible
    /// duplicates, and so do all where this and the `failures` before it got no answer while bulk requests do.
    pub(super) async fn look_up(&self, hosts: &Hosts, request: &Request, failures: u32) -> Result<Vec<bool>, Verdict> {
        let unread = |error: io::Error| unread(format!("a request cannot be inflated: {error}"));
        let mut behind = Behind::new();
        for target in self.targets(request).map_err(unread)? {
            let indexes = match self.all_behind(hosts, &target).await {
                Err(verdict) if self.gives_up(hosts, &verdict, failures).await => self.indexes.behind(&target),
                indexes => indexes?,
            };
            behind.insert(target, indexes.into());
        }
        if behind.is_empty() {
            return Ok(Vec::new());
        }
        let mut search = search(request, &behind).map_err(unread)?;
        match self.run(hosts, &mut search).await {
            Err((index, verdict)) if self.gives_up(hosts, &verdict, failures).await => {
                search.give_up();
                self.cannot_look_into(&index, "no_answer");
            }
            ran => ran.map_err(|(_, verdict)| verdict)?,
        }
        self.metrics.possible_duplicate_records.add(search.unsure() as u64);
        Ok(search.stored)
    }

    /// Looks for everything of `search`, until an index cannot be asked now: gives that and why.
    async fn run(&self, hosts: &Hosts, search: &mut Search) -> Result<(), (String, Verdict)> {
        for round in 0..search.wanted.iter().map(|wanted| wanted.indexes.len()).max().unwrap_or(0) {
            for (index, batch) in search.batches(round) {
                let ids: Vec<&str> = batch.iter().map(|at| search.wanted[*at].id.as_str()).collect();
                let found = match self.find(hosts, &index, &ids).await {
                    Ok(found) => found,
                    Err(verdict) => return Err((index, verdict)),
                };
                search.take(&batch, found).iter().for_each(|failure| self.cannot_look_into(&index, failure));
            }
        }
        Ok(())
    }

    /// Whether look-ups get no answer and will get none: this one, with `verdict`, is one too many in a row, and bulk requests are
    /// answered. An empty one, of which nothing is stored, tells that.
    async fn gives_up(&self, hosts: &Hosts, verdict: &Verdict, failures: u32) -> bool {
        if failures + 1 < MOST_FAILURES || !matches!(verdict, Verdict::Again { class: Class::Unknown, .. }) {
            return false;
        }
        let begin = |client: &HttpClient| {
            self.request(client, Method::POST, &self.path).header(CONTENT_TYPE, "application/x-ndjson").body("\n")
        };
        let read = |client: &HttpClient, answer: &Answer| match answer.status {
            401 | 403 | 404 | 405 | 408 | 429 | 500.. => Err(later(client, answer)),
            _ => Ok(()),
        };
        self.ask(hosts, begin, 0, read).await.is_ok()
    }

    /// The names that items of `request` were written to which may be stored and do not meet themselves by their ids alone.
    fn targets(&self, request: &Request) -> io::Result<BTreeSet<String>> {
        let mut targets = BTreeSet::new();
        // Another operation is meant to change what is stored.
        if self.options.write_operation != Operation::Create {
            return Ok(targets);
        }
        let plain = request.plain()?;
        for (item, _) in doubtful(request) {
            let target = item_index(&plain[request.item_range(item)]).filter(|target| !targets.contains(*target));
            targets.extend(target.filter(|target| !self.indexes.behind(target).is_empty()).map(str::to_owned));
        }
        Ok(targets)
    }

    /// The indexes that documents written to `target` may lie in: those that were seen behind it, and those that came after the
    /// oldest of them without being seen, since no answer of theirs arrived.
    async fn all_behind(&self, hosts: &Hosts, target: &str) -> Result<Vec<String>, Verdict> {
        let mut known = self.indexes.behind(target);
        let mut told = self.told_behind(hosts, target).await?;
        if told.is_empty() {
            return Ok(known);
        }
        // Where nothing was seen, the name itself stands there.
        known.retain(|index| index != target);
        match known.iter().min() {
            Some(oldest) => told.retain(|index| index > oldest && !known.contains(index)),
            None => drop(told.drain(..told.len().saturating_sub(MOST_INDEXES))),
        }
        told.truncate(MOST_UNSEEN);
        told.append(&mut known);
        told.sort_unstable_by(|one, other| other.cmp(one));
        Ok(told)
    }

    /// The indexes that the store tells to stand behind `target`, in the order of their names; none where it does not tell.
    async fn told_behind(&self, hosts: &Hosts, target: &str) -> Result<Vec<String>, Verdict> {
        let filter = "filter_path=aliases.indices,data_streams.backing_indices,indices.name";
        let path = format!("{}/_resolve/index/{}?{filter}", self.base(), percent_encoded(target));
        let begin = |client: &HttpClient| self.request(client, Method::GET, &path);
        let read = |client: &HttpClient, answer: &Answer| match answer.status {
            200..=299 => Ok(indexes_behind(&answer.body)),
            401 | 408 | 429 | 500.. => Err(later(client, answer)),
            _ => Ok(Vec::new()),
        };
        self.ask(hosts, begin, 0, read).await.map_err(nothing_was_sent)
    }

    /// What `index` says of `ids`, in their order.
    async fn find(&self, hosts: &Hosts, index: &str, ids: &[&str]) -> Result<Vec<Found>, Verdict> {
        let body = json!({"ids": ids}).to_string();
        let filter = "_source=false&filter_path=docs.found,docs.error.type,error.type";
        let path = format!("{}/{}/_mget?{filter}", self.base(), percent_encoded(index));
        let begin = |client: &HttpClient| {
            self.request(client, Method::POST, &path).header(CONTENT_TYPE, "application/json").body(body.clone())
        };
        let read = |client: &HttpClient, answer: &Answer| judge(client, answer, ids.len());
        self.ask(hosts, begin, ids.len() * ANSWER_DOCUMENT, read).await.map_err(nothing_was_sent)
    }

    /// Asks one host, or the next where there is no connection to it; the answer may take `room`.
    pub(super) async fn ask<T>(
        &self,
        hosts: &Hosts,
        begin: impl Fn(&HttpClient) -> RequestBuilder,
        room: usize,
        read: impl Fn(&HttpClient, &Answer) -> Result<T, Verdict>,
    ) -> Result<T, Verdict> {
        let mut tried = Vec::new();
        let mut answered = None;
        while let Some(host) = hosts.choose(&tried, Instant::now()) {
            let answer = self.answer(host.client(), begin(host.client()), room).await;
            let told = answer.map(|answer| read(host.client(), &answer));
            let conduct = match &told {
                Ok(_) => Conduct::Answered,
                Err(Verdict::Again { class: Class::Unreachable, .. }) => Conduct::Absent,
                Err(_) => Conduct::Failed,
            };
            self.note(&host, conduct);
            answered = Some(told);
            if conduct != Conduct::Absent {
                break;
            }
            tried.push(host.number);
        }
        let answered = answered.expect("a host is chosen while none was tried");
        answered.unwrap_or_else(Err)
    }

    /// Says once that documents may be stored twice, and what helps.
    fn cannot_look_into(&self, index: &str, reason: &str) {
        if self.said_unsure.swap(true, Ordering::Relaxed) {
            return;
        }
        let index = if self.may_tell_index() { index } else { "(made of records)" };
        warn!(component = %self.name, index, reason = error_name(reason),
            "records whose outcome is unknown cannot be looked up by id and are sent again: after a rollover some may be \
             stored twice (the role needs `indices:data/read/mget*` for the index, and what stands before the store must let \
             `_mget` pass)");
    }
}

/// The items of `request` that may be stored.
fn doubtful(request: &Request) -> impl Iterator<Item = (usize, &Item)> {
    request.items.iter().enumerate().filter(|(_, item)| request.lots[item.lot as usize].may_be_stored)
}

/// What is to be looked up of `request`.
fn search(request: &Request, behind: &Behind) -> io::Result<Search> {
    let plain = request.plain()?;
    let mut wanted = Vec::new();
    for (item, _) in doubtful(request) {
        let bytes = &plain[request.item_range(item)];
        let Some(indexes) = item_index(bytes).and_then(|target| behind.get(target)) else { continue };
        if let Some(id) = bulk_item(bytes).and_then(|(action, _)| action.id) {
            wanted.push(Wanted { item, id, indexes: Arc::clone(indexes) });
        }
    }
    let no = || vec![false; request.items.len()];
    Ok(Search { stored: no(), unsure: no(), wanted })
}

/// The verdict on an answer that tells nothing now.
pub(super) fn later(client: &HttpClient, Answer { status, retry_after, body }: &Answer) -> Verdict {
    Whole { status: *status, body, retry_after: *retry_after, target: client.target(), plain_length: 0 }.verdict()
}

/// What an answer says of `count` documents.
///
/// # Errors
/// When they are to be looked up later.
fn judge(client: &HttpClient, answer: &Answer, count: usize) -> Result<Vec<Found>, Verdict> {
    let Answer { status, body, .. } = answer;
    let failed = |kind: &str| Ok(vec![Found::Failed(kind.to_owned()); count]);
    match status {
        200..=299 => found_items(body, count).map_or_else(|| failed("unreadable"), Ok),
        403 => failed("security_exception"),
        401 | 408 | 429 | 500.. => Err(later(client, answer)),
        _ => failed("refused"),
    }
}

/// A look-up that failed is none of the documents' attempts.
fn nothing_was_sent(verdict: Verdict) -> Verdict {
    let (class, reason, wait) = match verdict {
        Verdict::Again { class, reason, wait, .. } => (class, reason, wait),
        other => (Class::Busy, format!("{other:?}"), None),
    };
    let reason = format!("documents sent before cannot be looked up: {reason}");
    Verdict::Again { class, reason, wait, counts: false }
}
