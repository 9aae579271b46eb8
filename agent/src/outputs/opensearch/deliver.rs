//! Sends one request and reads its answer.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER};
use tracing::warn;

use super::conflicts::Conflicts;
use super::directory::Directory;
use super::encoder::BulkEncoder;
use super::judge::{Whole, does_not_inflate, fate};
use super::mend::{Misfit, blamed, quarantined, without};
use super::options::{Compress, OpenSearchOptions};
use crate::cluster::{Action, ItemRun, bulk_item, bulk_items, scrubbed};
use crate::encode::bulk::push_action;
use crate::metrics::OutputMetrics;
use crate::net::{HttpClient, explain};
use crate::plugin::{
    Agent, BodyEncoding, BuildContext, Delivery, Encoder, Fate, Output, Refusal, Request, Verdict, wall_clock,
};

/// Where requests go.
#[derive(Debug)]
pub(super) enum Destination {
    /// To a server.
    Server(HttpClient),
    /// Into files.
    Directory(Arc<Directory>),
    /// Nowhere: the plugin is only checked.
    Nowhere,
}

/// The output.
pub(super) struct OpenSearch {
    name: Arc<str>,
    options: OpenSearchOptions,
    destination: Destination,
    path: String,
    agent: Arc<Agent>,
    metrics: Arc<OutputMetrics>,
    conflicts: Arc<Conflicts>,
    /// The server was found not to inflate requests.
    plain_only: AtomicBool,
}

/// What came back.
struct Answer {
    status: u16,
    retry_after: Option<Duration>,
    body: Vec<u8>,
}

/// Room for what stands around the items of an answer, and for one item with its error.
const ANSWER_FRAME: usize = 64 << 10;
const ANSWER_ITEM: usize = 4 << 10;

impl OpenSearch {
    pub(super) fn new(
        options: OpenSearchOptions,
        destination: Destination,
        context: &BuildContext,
        metrics: &Arc<OutputMetrics>,
    ) -> Self {
        Self {
            name: Arc::clone(&context.name),
            path: bulk_path(&options),
            options,
            destination,
            agent: Arc::clone(&context.agent),
            metrics: Arc::clone(metrics),
            conflicts: Arc::new(Conflicts::new(wall_clock)),
            plain_only: AtomicBool::new(false),
        }
    }

    async fn send(&self, client: &HttpClient, request: &Request) -> Verdict {
        let compressed = request.encoding != BodyEncoding::Identity;
        let is_plain = !compressed || self.plain_only.load(Ordering::Relaxed);
        let answer = match self.post(client, request, is_plain).await {
            Ok(answer) => answer,
            Err(failed) => return failed,
        };
        if answer.status == 400 && !is_plain && does_not_inflate(&answer.body) {
            warn!(component = %self.name, "the server does not inflate compressed requests: they are sent plain from now on");
            self.plain_only.store(true, Ordering::Relaxed);
            return match self.post(client, request, true).await {
                Ok(answer) => self.judge(client, request, &answer),
                Err(failed) => failed,
            };
        }
        self.judge(client, request, &answer)
    }

    async fn post(&self, client: &HttpClient, request: &Request, is_plain: bool) -> Result<Answer, Verdict> {
        let mut post = client.post(&self.path).header(CONTENT_TYPE, "application/x-ndjson");
        if let Some(user) = &self.options.http_user {
            post = post.basic_auth(user, Some(self.options.http_passwd.expose()));
        }
        post = if is_plain {
            let plain =
                request.plain().map_err(|error| again(format!("a request cannot be inflated: {error}"), true))?;
            post.body(plain)
        } else {
            post.header(CONTENT_ENCODING, "gzip").body(request.body.clone())
        };
        // A server that is out of reach is nobody's fault here and lasts as long as it lasts.
        let mut response = post.send().await.map_err(|error| again(explain(&error, client.target()), false))?;
        let status = response.status().as_u16();
        let seconds = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
        let largest = ANSWER_FRAME + request.items.len() * ANSWER_ITEM;
        let mut body = Vec::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() <= largest => body.extend_from_slice(&chunk),
                Ok(Some(_)) => return Err(again(format!("the answer is longer than {largest} bytes"), true)),
                Ok(None) => return Ok(Answer { status, retry_after: seconds.map(Duration::from_secs), body }),
                Err(error) => return Err(again(explain(&error, client.target()), false)),
            }
        }
    }

    fn judge(&self, client: &HttpClient, request: &Request, answer: &Answer) -> Verdict {
        let target = client.target();
        if !(200..300).contains(&answer.status) {
            let Answer { status, retry_after, body } = answer;
            return Whole { status: *status, body, retry_after: *retry_after, target }.verdict();
        }
        let runs = match bulk_items(&answer.body) {
            Ok(runs) => runs,
            Err(error) => return again(format!("{target} gave an answer that cannot be read ({error})"), true),
        };
        let (sent, answered) = (request.items.len(), runs.iter().map(|run| run.count).sum::<usize>());
        if answered != sent {
            return again(format!("{target} answered for {answered} documents where {sent} were sent"), true);
        }
        if runs.iter().all(|run| matches!(run.answer.status, 200 | 201)) {
            return Verdict::Delivered;
        }
        let fates = |run: ItemRun| std::iter::repeat_n(fate(run.answer, self.options.write_operation), run.count);
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
            let reason = scrubbed(reason);
            warn!(component = %self.name, documents, status, kind, "documents were refused: {reason}");
        }
    }
}

impl Output for OpenSearch {
    fn encoder(&self) -> Box<dyn Encoder> {
        let (agent, metrics, conflicts) = (&self.agent, &self.metrics, &self.conflicts);
        Box::new(BulkEncoder::new(&self.options, Arc::clone(agent), Arc::clone(metrics), Arc::clone(conflicts)))
    }

    fn mend(&self, item: &[u8], refusal: &Refusal) -> Option<Vec<u8>> {
        self.other_form(item, refusal)
    }

    fn delivery(&self) -> Delivery {
        let encoding = match self.options.compress {
            Some(Compress::Gzip) => BodyEncoding::Gzip(self.options.compress_level.0),
            None => BodyEncoding::Identity,
        };
        // Offsets of items in a body have 32 bits.
        let request_bytes = self.options.bulk_size.0.clamp(1, 1 << 30);
        Delivery { request_bytes, concurrency: self.options.max_in_flight.0, encoding, ordered: false }
    }

    fn deliver<'a>(&'a self, request: &'a Request) -> Pin<Box<dyn Future<Output = Verdict> + Send + 'a>> {
        match &self.destination {
            Destination::Server(client) => Box::pin(self.send(client, request)),
            Destination::Directory(directory) => Box::pin(write(Arc::clone(directory), request)),
            Destination::Nowhere => Box::pin(std::future::ready(again("the output is only checked".into(), false))),
        }
    }
}

async fn write(directory: Arc<Directory>, request: &Request) -> Verdict {
    let (body, encoding) = (request.body.clone(), request.encoding);
    match tokio::task::spawn_blocking(move || directory.write(&body, encoding)).await {
        Ok(Ok(())) => Verdict::Delivered,
        Ok(Err(error)) => again(format!("the request cannot be written to `write_to`: {error}"), false),
        Err(panicked) => again(format!("writing the request failed: {panicked}"), true),
    }
}

fn again(reason: String, counts: bool) -> Verdict {
    Verdict::Again { reason, wait: None, counts }
}

/// The path of bulk requests, with a filter that leaves of stored documents no more than their status.
fn bulk_path(options: &OpenSearchOptions) -> String {
    let before = options.path.trim_matches('/');
    let slash = if before.is_empty() { "" } else { "/" };
    let pipeline = options.pipeline.as_ref().map(|name| format!("pipeline={}&", percent_encoded(name)));
    let pipeline = pipeline.unwrap_or_default();
    format!("{slash}{before}/_bulk?{pipeline}filter_path=errors,items.*.status,items.*.error")
}

fn percent_encoded(text: &str) -> String {
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
