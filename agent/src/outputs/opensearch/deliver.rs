//! Sends one request and reads its answer.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use reqwest::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Method, RequestBuilder};
use tracing::{info, warn};

use super::access::Access;
use super::conflicts::Conflicts;
use super::directory::Directory;
use super::encoder::BulkEncoder;
use super::judge::{Whole, does_not_inflate, fate, is_about_another, verb};
use super::mend::{Misfit, blamed, quarantined, without};
use super::options::{Compress, OpenSearchOptions};
use super::rollover::WriteIndexes;
use super::stream::Stream;
use crate::cluster::{Action, ItemRun, bulk_item, bulk_items, error_name, item_index, scrubbed};
use crate::encode::bulk::push_action;
use crate::metrics::OutputMetrics;
use crate::net::{Change, Chosen, Conduct, Hosts, HttpClient, explain};
use crate::plugin::{
    Agent, BodyEncoding, BuildContext, Class, Delivery, Encoder, Fate, Output, Refusal, Request, Verdict, wall_clock,
};

/// Where requests go.
#[derive(Debug)]
pub(super) enum Destination {
    /// To one of these servers.
    Servers(Hosts),
    /// Into files.
    Directory(Arc<Directory>),
    /// Nowhere: the plugin is only checked.
    Nowhere,
}

/// The output.
pub(super) struct OpenSearch {
    pub(super) name: Arc<str>,
    pub(super) options: OpenSearchOptions,
    destination: Destination,
    access: Access,
    pub(super) path: String,
    agent: Arc<Agent>,
    pub(super) metrics: Arc<OutputMetrics>,
    /// What stands behind the names that are written to.
    pub(super) indexes: Arc<WriteIndexes>,
    /// It was said that documents cannot be looked up.
    pub(super) said_unsure: AtomicBool,
    /// It was said that the indexes cannot be kept.
    said_unkept: AtomicBool,
    conflicts: Arc<Conflicts>,
    pub(super) stream: Stream,
    /// The server was found not to inflate requests.
    plain_only: AtomicBool,
}

/// What came back.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) retry_after: Option<Duration>,
    pub(super) body: Vec<u8>,
}

/// Room for what stands around the items of an answer, and for one item with its error.
const ANSWER_FRAME: usize = 64 << 10;
const ANSWER_ITEM: usize = 4 << 10;

impl OpenSearch {
    pub(super) fn new(
        options: OpenSearchOptions,
        destination: Destination,
        access: Access,
        context: &BuildContext,
        metrics: &Arc<OutputMetrics>,
    ) -> Self {
        let directory = context.state_directory.as_deref().filter(|_| !context.dry_run);
        let (indexes, flaw) = WriteIndexes::open(directory, &context.name, !options.names_come_from_records());
        if let Some(flaw) = flaw {
            warn!(component = %context.name,
                "the indexes written to cannot be read and are learnt anew, a rollover before that may double records: {flaw}");
        }
        Self {
            indexes: Arc::new(indexes),
            said_unsure: AtomicBool::new(false),
            said_unkept: AtomicBool::new(false),
            name: Arc::clone(&context.name),
            path: bulk_path(&options),
            stream: Stream::of(&options),
            options,
            destination,
            access,
            agent: Arc::clone(&context.agent),
            metrics: Arc::clone(metrics),
            conflicts: Arc::new(Conflicts::new(wall_clock)),
            plain_only: AtomicBool::new(false),
        }
    }

    /// Sends `request` to one host; where there is no connection to it nothing was sent, so the next one is tried.
    async fn send(&self, hosts: &Hosts, request: &Request) -> Verdict {
        if let Some(verdict) = self.lacks_stream(hosts).await {
            return verdict;
        }
        let mut tried = Vec::new();
        let mut verdict = None;
        while let Some(host) = hosts.choose(&tried, Instant::now()) {
            let (judged, conduct) = self.send_to(host.client(), request).await;
            self.note(&host, conduct);
            self.metrics.hosts_left_out.set(hosts.left_out() as u64);
            verdict = Some(judged);
            if conduct != Conduct::Absent {
                break;
            }
            tried.push(host.number);
        }
        verdict.expect("a host is chosen while none was tried")
    }

    /// Says when a host is left out and when it is back.
    pub(super) fn note(&self, host: &Chosen<'_>, conduct: Conduct) {
        let target = host.client().target();
        match host.behaved(conduct, Instant::now()) {
            Change::Nothing => {}
            Change::LeftOut => {
                warn!(component = %self.name, host = %target, "the host fails and is left out for a while")
            }
            Change::Back => info!(component = %self.name, host = %target, "the host works again"),
        }
    }

    async fn send_to(&self, client: &HttpClient, request: &Request) -> (Verdict, Conduct) {
        let compressed = request.encoding != BodyEncoding::Identity;
        let is_plain = !compressed || self.plain_only.load(Ordering::Relaxed);
        let mut answer = self.post(client, request, is_plain).await;
        if let Ok(Answer { status: 400, body, .. }) = &answer
            && !is_plain
            && does_not_inflate(body)
        {
            warn!(component = %self.name, "the server does not inflate compressed requests: they are sent plain from now on");
            self.plain_only.store(true, Ordering::Relaxed);
            answer = self.post(client, request, true).await;
        }
        match answer {
            Ok(answer) => {
                let is_unable = matches!(answer.status, 502..=504);
                let conduct = if is_unable { Conduct::Failed } else { Conduct::Answered };
                let verdict = self.judge(client, request, &answer);
                self.keep_indexes().await;
                (verdict, conduct)
            }
            Err(failed) => {
                let is_absent = matches!(failed, Verdict::Again { class: Class::Unreachable, .. });
                (failed, if is_absent { Conduct::Absent } else { Conduct::Failed })
            }
        }
    }

    async fn post(&self, client: &HttpClient, request: &Request, is_plain: bool) -> Result<Answer, Verdict> {
        let mut post = self.request(client, Method::POST, &self.path).header(CONTENT_TYPE, "application/x-ndjson");
        post = if is_plain {
            let plain = request.plain().map_err(|error| unread(format!("a request cannot be inflated: {error}")))?;
            post.body(plain)
        } else {
            post.header(CONTENT_ENCODING, "gzip").body(request.body.clone())
        };
        self.answer(client, post, request.items.len() * ANSWER_ITEM).await
    }

    /// Begins a request to `path` with the credentials of this output.
    pub(super) fn request(&self, client: &HttpClient, method: Method, path: &str) -> RequestBuilder {
        let request = client.request(method, path);
        match self.access.authorization() {
            Some(authorization) => request.header(AUTHORIZATION, authorization),
            None => request,
        }
    }

    /// Sends `post` and reads the answer, which may take `room` beside its frame.
    pub(super) async fn answer(
        &self,
        client: &HttpClient,
        post: RequestBuilder,
        room: usize,
    ) -> Result<Answer, Verdict> {
        let mut response = post.send().await.map_err(|error| broken(&error, client))?;
        let status = response.status().as_u16();
        self.access.answered(status);
        let seconds = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
        let largest = ANSWER_FRAME + room;
        let mut body = Vec::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() <= largest => body.extend_from_slice(&chunk),
                Ok(Some(_)) => return Err(unread(format!("the answer is longer than {largest} bytes"))),
                Ok(None) => return Ok(Answer { status, retry_after: seconds.map(Duration::from_secs), body }),
                Err(error) => return Err(broken(&error, client)),
            }
        }
    }

    /// Learns which indexes stand behind the names of `request`, where something may be new in that.
    fn learn_indexes(&self, request: &Request, runs: &[ItemRun<'_>]) {
        let told = |run: &ItemRun<'_>| matches!(run.answer.status, 200 | 201 | 409);
        let mut indexes = runs.iter().filter(|run| told(run)).filter_map(|run| run.answer.index.as_deref());
        if self.indexes.know(&mut indexes) {
            return;
        }
        let Ok(plain) = request.plain() else { return };
        let mut at = 0;
        for run in runs {
            let items = at..at + run.count;
            at = items.end;
            let Some(index) = run.answer.index.as_deref().filter(|_| told(run)) else { continue };
            let targets = items.filter_map(|item| item_index(&plain[request.item_range(item)]));
            let targets: BTreeSet<&str> = targets.collect();
            targets.into_iter().for_each(|target| self.indexes.learn(target, index));
        }
        self.indexes.searched();
    }

    /// Keeps what was learnt before anything is settled by it.
    async fn keep_indexes(&self) {
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

    /// What stands before the paths of all requests.
    pub(super) fn base(&self) -> String {
        base_path(&self.options)
    }

    fn judge(&self, client: &HttpClient, request: &Request, answer: &Answer) -> Verdict {
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
    fn other_form(&self, item: &[u8], refusal: &Refusal) -> Option<Vec<u8>> {
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
        let shown = if self.options.trace_error { kinds.len() } else { 1 };
        for (Refusal { status, kind, reason }, documents) in kinds.into_iter().take(shown) {
            let (kind, reason) = (error_name(kind), scrubbed(reason));
            warn!(component = %self.name, documents, status, kind, "documents were refused: {reason}");
        }
    }
}

impl Output for OpenSearch {
    fn encoder(&self) -> Box<dyn Encoder> {
        let (agent, metrics) = (Arc::clone(&self.agent), Arc::clone(&self.metrics));
        let learnt = (Arc::clone(&self.conflicts), Arc::clone(&self.indexes));
        Box::new(BulkEncoder::new(&self.options, agent, metrics, learnt))
    }

    fn mend(&self, item: &[u8], refusal: &Refusal) -> Option<Vec<u8>> {
        self.other_form(item, refusal)
    }

    fn refresh(&self) {
        self.access.refresh();
    }

    fn delivery(&self) -> Delivery {
        let encoding = match self.options.compress {
            Some(Compress::Gzip) => BodyEncoding::Gzip(self.options.compress_level.0),
            None => BodyEncoding::Identity,
        };
        // What is not compressed waits in memory as it is.
        let default = if self.options.compress.is_some() { 1 << 20 } else { 448 << 10 };
        // Offsets of items in a body have 32 bits.
        let request_bytes = self.options.bulk_size.map_or(default, |size| size.0).clamp(1, 1 << 30);
        Delivery { request_bytes, concurrency: self.options.max_in_flight.0, encoding, ordered: false }
    }

    fn index_of<'a>(&self, item: &'a [u8]) -> Option<&'a str> {
        item_index(item)
    }

    fn may_tell_index(&self) -> bool {
        !self.options.names_come_from_records()
    }

    fn stored<'a>(
        &'a self,
        request: &'a Request,
        failures: u32,
    ) -> Pin<Box<dyn Future<Output = Result<Vec<bool>, Verdict>> + Send + 'a>> {
        match &self.destination {
            Destination::Servers(hosts) => Box::pin(self.look_up(hosts, request, failures)),
            Destination::Directory(_) | Destination::Nowhere => Box::pin(std::future::ready(Ok(Vec::new()))),
        }
    }

    fn deliver<'a>(&'a self, request: &'a Request) -> Pin<Box<dyn Future<Output = Verdict> + Send + 'a>> {
        match &self.destination {
            Destination::Servers(hosts) => Box::pin(self.send(hosts, request)),
            Destination::Directory(directory) => Box::pin(write(Arc::clone(directory), request)),
            Destination::Nowhere => {
                let reason = "the output is only checked".into();
                let class = Class::Unreachable;
                Box::pin(std::future::ready(Verdict::Again { class, reason, wait: None, counts: false }))
            }
        }
    }
}

async fn write(directory: Arc<Directory>, request: &Request) -> Verdict {
    let (body, encoding) = (request.body.clone(), request.encoding);
    let (reason, counts) = match tokio::task::spawn_blocking(move || directory.write(&body, encoding)).await {
        Ok(Ok(())) => return Verdict::Delivered,
        Ok(Err(error)) => (format!("the request cannot be written to `write_to`: {error}"), false),
        Err(panicked) => (format!("writing the request failed: {panicked}"), true),
    };
    Verdict::Again { class: Class::Unreachable, reason, wait: None, counts }
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

/// A request of which nobody knows what became of it, for its answer is none that can be read.
pub(super) fn unread(reason: String) -> Verdict {
    Verdict::Again { class: Class::Unknown, reason, wait: None, counts: true }
}

/// A request that did not come through, or whose answer did not. A server that is out of reach is nobody's fault here and
/// lasts as long as it lasts, so it uses up no retries.
fn broken(error: &reqwest::Error, client: &HttpClient) -> Verdict {
    let class = if error.is_connect() { Class::Unreachable } else { Class::Unknown };
    Verdict::Again { class, reason: explain(error, client.target()), wait: None, counts: false }
}

/// The path of bulk requests, with a filter that leaves of stored documents no more than their index and status.
fn bulk_path(options: &OpenSearchOptions) -> String {
    let pipeline = options.pipeline.as_ref().map(|name| format!("pipeline={}&", percent_encoded(name)));
    let pipeline = pipeline.unwrap_or_default();
    let base = base_path(options);
    format!("{base}/_bulk?{pipeline}filter_path=errors,items.*._index,items.*.status,items.*.error")
}

/// What stands before every path: empty, or with a slash in front.
pub(super) fn base_path(options: &OpenSearchOptions) -> String {
    let before = options.path.trim_matches('/');
    if before.is_empty() { String::new() } else { format!("/{before}") }
}

pub(super) fn percent_encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}
