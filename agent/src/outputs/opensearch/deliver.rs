//! Sends one request; `answers` reads what comes back.

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
use super::encoder::{BulkEncoder, escape_document};
use super::index::Flaws;
use super::judge::does_not_inflate;
use super::options::{Compress, OpenSearchOptions};
use super::rollover::WriteIndexes;
use super::stream::Stream;
use crate::cluster::item_index;
use crate::metrics::OutputMetrics;
use crate::net::{Change, Chosen, Conduct, Hosts, HttpClient};
use crate::plugin::{
    Agent, BodyEncoding, BuildContext, Class, Delivery, Encoder, KeyPath, Output, Refusal, Request, Verdict, wall_clock,
};
use crate::retention::Classes;

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
    classes: Arc<Classes>,
    escape_unicode: bool,
    flaws: Arc<Flaws>,
    pub(super) metrics: Arc<OutputMetrics>,
    /// What stands behind the names that are written to.
    pub(super) indexes: Arc<WriteIndexes>,
    /// It was said that documents cannot be looked up.
    pub(super) said_unsure: AtomicBool,
    /// It was said that the indexes cannot be kept.
    pub(super) said_unkept: AtomicBool,
    pub(super) conflicts: Arc<Conflicts>,
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
        let directory = context.state_directory.as_deref().filter(|_| !context.purpose.is_check());
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
            classes: Arc::clone(&context.classes),
            escape_unicode: context.escape_unicode,
            flaws: Arc::new(Flaws::new(Arc::clone(&context.name))),
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

    /// What stands before the paths of all requests.
    pub(super) fn base(&self) -> String {
        base_path(&self.options)
    }
}

impl OpenSearch {
    fn encoder_counting_in(&self, metrics: &Arc<OutputMetrics>) -> BulkEncoder {
        let learnt = (Arc::clone(&self.conflicts), Arc::clone(&self.indexes));
        let agent = Arc::clone(&self.agent);
        let mut encoder = BulkEncoder::new(&self.options, agent, Arc::clone(metrics), learnt, &self.classes);
        encoder.escape_unicode = self.escape_unicode;
        encoder
    }
}

impl Output for OpenSearch {
    fn encoder(&self) -> Box<dyn Encoder> {
        let mut encoder = self.encoder_counting_in(&self.metrics);
        encoder.flaws = Some(Arc::clone(&self.flaws));
        Box::new(encoder)
    }

    fn rehearsal(&self) -> Box<dyn Encoder> {
        Box::new(self.encoder_counting_in(&Arc::default()))
    }

    fn canary_place(&self) -> Option<KeyPath> {
        self.options.id_key.as_ref()?.keys()
    }

    fn mend(&self, item: &[u8], refusal: &Refusal) -> Option<Vec<u8>> {
        let mut mended = self.other_form(item, refusal)?;
        if self.escape_unicode {
            escape_document(&mut mended, 0);
        }
        Some(mended)
    }

    fn refresh(&self) {
        self.access.refresh();
    }

    fn delivery(&self) -> Delivery {
        let encoding = match self.options.compress {
            Some(Compress::Gzip) => BodyEncoding::Gzip(self.options.compress_level.0),
            None => BodyEncoding::Identity,
        };
        let is_plain = self.options.compress.is_none();
        // What is not compressed waits in memory as it is: larger requests cost less, so there are fewer of them.
        let default = if is_plain { 768 << 10 } else { 1 << 20 };
        let at_once = if is_plain && self.options.bulk_size.is_none() { 2 } else { 4 };
        let concurrency = self.options.max_in_flight.map_or(at_once, |most| most.0);
        // Offsets of items in a body have 32 bits.
        let request_bytes = self.options.bulk_size.map_or(default, |size| size.0).clamp(1, 1 << 30);
        Delivery { request_bytes, concurrency, encoding, ordered: false }
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

/// A request of which nobody knows what became of it, for its answer is none that can be read.
pub(super) fn unread(reason: String) -> Verdict {
    Verdict::Again { class: Class::Unknown, reason, wait: None, counts: true }
}

/// A request that did not come through, or whose answer did not. A server that is out of reach is nobody's fault here and
/// lasts as long as it lasts, so it uses up no retries.
fn broken(error: &reqwest::Error, client: &HttpClient) -> Verdict {
    let class = if error.is_connect() { Class::Unreachable } else { Class::Unknown };
    Verdict::Again { class, reason: client.explain(error), wait: None, counts: false }
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
