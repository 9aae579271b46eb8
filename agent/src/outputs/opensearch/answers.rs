//! Reads the answer to one request: what became of each document, which indexes took them, what is said of refusals.
//!
//! `deliver` calls when an answer is there whole. Nothing here sends anything.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tracing::warn;

use super::deliver::{Answer, OpenSearch, unread};
use super::judge::{Whole, fate, is_about_another, verb};
use super::mend::{Misfit, blamed, quarantined, without};
use crate::cluster::{Action, ItemRun, bulk_item, bulk_items, error_name, item_index, scrubbed};
use crate::encode::bulk::push_action;
use crate::net::HttpClient;
use crate::plugin::{Fate, Refusal, Request, Verdict};

impl OpenSearch {
    /// What `answer` to `request` means.
    pub(super) fn judge(&self, client: &HttpClient, request: &Request, answer: &Answer) -> Verdict {
        let target = client.target();
        if !(200..300).contains(&answer.status) {
            let Answer { status, retry_after, body } = answer;
            let plain_length = request.plain_length;
            return Whole { status: *status, body, retry_after: *retry_after, target, plain_length }.verdict();
        }
        let runs = match bulk_items(&answer.body) {
            Ok(runs) => runs,
            Err(error) => return unread(format!("{target} gave an answer that cannot be read ({error})")),
        };
        let (sent, answered) = (request.items.len(), runs.iter().map(|run| run.count).sum::<usize>());
        if answered != sent {
            return unread(format!("{target} answered for {answered} documents where {sent} were sent"));
        }
        let operation = self.options.write_operation;
        if runs.iter().any(|run| run.answer.verb != verb(operation)) {
            return unread(format!("{target} answered for other operations than were sent"));
        }
        let is_all_stored = runs.iter().all(|run| matches!(run.answer.status, 200 | 201));
        if !is_all_stored && !is_in_order(request, &runs) {
            return unread(format!("{target} answered for the documents in another order than they were sent in"));
        }
        self.learn_indexes(request, &runs);
        self.note_plain(&runs);
        if is_all_stored {
            return Verdict::Delivered;
        }
        let fates = |run: ItemRun<'_>| std::iter::repeat_n(fate(run.answer, operation), run.count);
        let fates: Vec<Fate> = runs.into_iter().flat_map(fates).collect();
        self.log_refusals(&fates);
        Verdict::Items(fates)
    }

    /// A refused item without the field that is to blame, or for the quarantine index, or `None`. Each is given once: the first
    /// has something under `unmapped`, the second names that index.
    pub(super) fn other_form(&self, item: &[u8], refusal: &Refusal) -> Option<Vec<u8>> {
        let Action { name, index, id } = bulk_item(item)?.0;
        let document = bulk_item(item)?.1;
        if refusal.status != 400 || !matches!(name.as_str(), "create" | "index") {
            return None;
        }
        let quarantine = self.options.quarantine_index.as_ref().map(|quarantine| quarantine.0.as_str());
        if quarantine == Some(&index) {
            return None;
        }
        let field = blamed(refusal).filter(|_| self.options.repair);
        if let Some((mended, misfit)) = field.and_then(|field| without(document, field)) {
            self.remember(&index, misfit, refusal);
            self.metrics.repaired_records.add(1);
            let mut other = Vec::with_capacity(item.len() + 64);
            push_action(&name, &index, id.as_deref(), &mut other);
            other.extend_from_slice(&mended);
            other.push(b'\n');
            return Some(other);
        }
        self.metrics.quarantine_index_records.add(u64::from(quarantine.is_some()));
        Some(quarantined(quarantine?, (&index, id.as_deref()), document, &self.options.time_key, refusal))
    }

    /// Remembers a field whose shape the index does not take, and says so once.
    fn remember(&self, index: &str, misfit: Misfit, refusal: &Refusal) {
        let is_shape = misfit.is_object || refusal.reason.starts_with("object mapping for [");
        let field = misfit.field.clone();
        if is_shape && self.conflicts.learn(index, misfit) {
            warn!(component = %self.name, index, field, "the index does not take values of this shape: they go to `unmapped` as text");
        }
    }

    /// Logs one line about refused documents, or with `trace_error` one line per kind of error; no value of a record is in it.
    fn log_refusals(&self, fates: &[Fate]) {
        for (Refusal { status, kind, reason }, documents) in told_refusals(fates, self.options.trace_error) {
            let (kind, reason) = (error_name(kind), scrubbed(reason));
            warn!(component = %self.name, documents, status, kind, "documents were refused: {reason}");
        }
    }

    /// Learns which indexes stand behind the names of `request`, where something may be new in that.
    fn learn_indexes(&self, request: &Request, runs: &[ItemRun<'_>]) {
        let told = |run: &ItemRun<'_>| matches!(run.answer.status, 200 | 201 | 409);
        let mut indexes = runs.iter().filter(|run| told(run)).filter_map(|run| run.answer.index.as_deref());
        if self.indexes.know(&mut indexes) {
            return;
        }
        if runs.iter().all(|run| run.answer.index.is_none()) {
            // It names none, so nothing in the request has to be read.
            return self.indexes.searched();
        }
        let mut answered = runs.iter().flat_map(|run| std::iter::repeat_n(run, run.count));
        let mut last = None;
        let read = request.each_beginning(|item| {
            let index = answered.next().filter(|run| told(run)).and_then(|run| run.answer.index.as_deref());
            let (Some(target), Some(index)) = (item_index(item), index) else { return };
            if last.as_ref().is_none_or(|(of, to)| of != target || to != index) {
                self.indexes.learn(target, index);
                last = Some((target.to_owned(), index.to_owned()));
            }
        });
        if read.is_err() {
            return;
        }
        self.indexes.searched();
    }

    /// Keeps what was learnt before anything is settled by it.
    pub(super) async fn keep_indexes(&self) {
        if self.indexes.is_kept() {
            return;
        }
        let indexes = Arc::clone(&self.indexes);
        let kept = tokio::task::spawn_blocking(move || indexes.keep()).await;
        match kept {
            Ok(Ok(())) => self.said_unkept.store(false, Ordering::Relaxed),
            Ok(Err(error)) if !self.said_unkept.swap(true, Ordering::Relaxed) => {
                warn!(component = %self.name, %error,
                    "the indexes written to cannot be kept: a rollover while the agent is down may double records");
            }
            Ok(Err(_)) => {}
            Err(panicked) => warn!(component = %self.name, "keeping the indexes written to failed: {panicked}"),
        }
    }
}

/// Whether every conflict and refusal that names a document stands where that stood.
fn is_in_order(request: &Request, runs: &[ItemRun<'_>]) -> bool {
    let may_name = |run: &ItemRun<'_>| matches!(run.answer.status, 400 | 409);
    if !runs.iter().any(may_name) {
        return true;
    }
    // A body that does not inflate is found and said when the items are taken apart.
    let Ok(plain) = request.plain() else { return true };
    let mut at = 0;
    runs.iter().all(|run| {
        let first = at;
        at += run.count;
        let another = |item: usize| is_about_another(&run.answer, &plain[request.item_range(item)]);
        !may_name(run) || !(first..at).any(another)
    })
}

/// The kinds of refusals among `fates` that are told of, each with the number of its documents: the first one, or all.
fn told_refusals(fates: &[Fate], all: bool) -> Vec<(&Refusal, usize)> {
    let refusals = fates.iter().filter_map(|fate| match fate {
        Fate::Refused(refusal) => Some(refusal.as_ref()),
        _ => None,
    });
    let mut kinds: Vec<(&Refusal, usize)> = Vec::new();
    for refusal in refusals {
        match kinds.iter_mut().find(|(known, _)| known.kind == refusal.kind && known.status == refusal.status) {
            Some((_, count)) => *count += 1,
            None => kinds.push((refusal, 1)),
        }
    }
    kinds.truncate(if all { usize::MAX } else { 1 });
    kinds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trace_error_tells_of_every_kind_of_refusal() {
        let refused =
            |status, kind: &str| Fate::Refused(Box::new(Refusal { status, kind: kind.into(), reason: "no".into() }));
        let fates = [refused(400, "a"), refused(400, "b"), refused(400, "a")];
        let told = |all| -> Vec<(String, usize)> {
            told_refusals(&fates, all).into_iter().map(|(refusal, count)| (refusal.kind.to_string(), count)).collect()
        };

        assert_eq!(told(false), [("a".to_owned(), 2)]);
        assert_eq!(told(true), [("a".to_owned(), 2), ("b".to_owned(), 1)]);
    }
}
