//! Sees to it that a data stream is one: before the first request, where the store tells, and by what comes back.
//!
//! Where nothing of its name is there, and no template makes a stream of it, the store would make an ordinary index, and no stream
//! can be made any more while that is there. `deliver` calls; nothing is installed here.

use std::sync::atomic::{AtomicBool, Ordering};

use reqwest::Method;
use tracing::error;

use super::deliver::{Answer, OpenSearch, percent_encoded};
use super::lookup::later;
use super::options::{IndexTemplate, OpenSearchOptions};
use crate::cluster::{ItemRun, Standing, makes_stream, request_error, standing};
use crate::net::{Hosts, HttpClient};
use crate::plugin::{Class, Output, Verdict};

/// Room for the patterns of all templates of a store.
const ALL_TEMPLATES: usize = 1 << 20;
/// What the names of indexes behind data streams begin with.
const BACKING: &str = ".ds-";

/// What is known of the data stream of one output.
#[derive(Debug)]
pub(super) struct Stream {
    /// Whether one is wanted.
    is_wanted: bool,
    /// Its name, where that is always the same.
    name: Option<String>,
    /// Requests may be sent: it is there, or nobody tells.
    may_send: AtomicBool,
    /// It was said that an ordinary index takes records.
    said_plain: AtomicBool,
}

impl Stream {
    pub(super) fn of(options: &OpenSearchOptions) -> Self {
        let name = match &options.index {
            IndexTemplate::Fixed(name) if options.data_stream => String::from_utf8(name.clone()).ok(),
            _ => None,
        };
        let flag = || AtomicBool::new(false);
        Self { is_wanted: options.data_stream, name, may_send: flag(), said_plain: flag() }
    }
}

impl OpenSearch {
    /// Why no request may be sent yet: there is no data stream, and none would come about. `None` when one may be, also where
    /// the store does not tell.
    pub(super) async fn lacks_stream(&self, hosts: &Hosts) -> Option<Verdict> {
        let name = self.stream.name.as_deref().filter(|_| !self.stream.may_send.load(Ordering::Relaxed))?;
        match self.may_be_sent_to(hosts, name).await {
            Ok(false) => {
                let reason = format!(
                    "there is no data stream `{name}` and no template that makes one, so that the store would make an ordinary \
                     index: run `vigie setup opensearch -c FILE --apply`"
                );
                Some(Verdict::Again { class: Class::Output, reason, wait: None, counts: false })
            }
            // Requests would not come through either.
            Err(verdict @ Verdict::Again { class: Class::Unreachable | Class::Output, .. }) => Some(verdict),
            Ok(true) | Err(_) => {
                self.stream.may_send.store(true, Ordering::Relaxed);
                None
            }
        }
    }

    /// Whether `name` stands for something, or becomes a data stream with the first document.
    async fn may_be_sent_to(&self, hosts: &Hosts, name: &str) -> Result<bool, Verdict> {
        let filter = "filter_path=indices.name,aliases.name,data_streams.name,error.type";
        let path = format!("{}/_resolve/index/{}?{filter}", self.base(), percent_encoded(name));
        let begin = |client: &HttpClient| self.request(client, Method::GET, &path);
        let is_missing = |body: &[u8]| request_error(body).is_some_and(|it| it.kind == "index_not_found_exception");
        let read = |client: &HttpClient, answer: &Answer| match answer.status {
            200 => Ok(standing(&answer.body) == Some(Standing::Nothing)),
            404 => Ok(is_missing(&answer.body)),
            401 | 408 | 429 | 500.. => Err(later(client, answer)),
            _ => Ok(false),
        };
        if !self.ask(hosts, begin, 0, read).await? {
            return Ok(true);
        }
        let parts =
            ["index_patterns", "priority", "data_stream"].map(|it| format!("index_templates.index_template.{it}"));
        let path = format!("{}/_index_template?filter_path={}", self.base(), parts.join(","));
        let begin = |client: &HttpClient| self.request(client, Method::GET, &path);
        let read = |client: &HttpClient, answer: &Answer| match answer.status {
            200 => Ok(makes_stream(&answer.body, name).unwrap_or(true)),
            401 | 408 | 429 | 500.. => Err(later(client, answer)),
            _ => Ok(true),
        };
        self.ask(hosts, begin, ALL_TEMPLATES, read).await
    }

    /// Counts what went to an ordinary index in place of a data stream, and says so once. To be called when it was learnt which
    /// index takes what.
    pub(super) fn note_plain(&self, runs: &[ItemRun<'_>]) {
        if !self.stream.is_wanted {
            return;
        }
        let quarantine = self.options.quarantine_index.as_ref().map(|quarantine| quarantine.0.as_str());
        let is_quarantine = |index: &str| {
            quarantine.is_some_and(|name| name == index || self.indexes.behind(name).iter().any(|it| it == index))
        };
        let index_of = |run: &ItemRun<'_>| {
            let index = run.answer.index.as_deref().filter(|_| matches!(run.answer.status, 200 | 201))?;
            (!index.starts_with(BACKING) && !is_quarantine(index)).then(|| (index.to_owned(), run.count))
        };
        let plain: Vec<(String, usize)> = runs.iter().filter_map(index_of).collect();
        let Some((index, _)) = plain.first() else { return };
        self.metrics.plain_index_records.add(plain.iter().map(|(_, count)| *count as u64).sum());
        if self.stream.said_plain.swap(true, Ordering::Relaxed) {
            return;
        }
        let index = if self.may_tell_index() { index } else { "(made of records)" };
        error!(component = %self.name, index,
            "`Data_Stream` is on, and records go to an ordinary index: nothing rolls it over. Run `vigie setup opensearch -c FILE`; \
             a data stream of this name can be made once the index is moved away (reindex and delete it)");
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::{Built, Entries, output, request, taken_by};
    use super::*;
    use crate::net::stub::{Canned, Stub};
    use crate::receipts::Outcome;

    /// What became of two requests to a data stream, and the paths that were asked for.
    async fn streamed(entries: Entries<'_>, answers: Vec<Canned>) -> (Vec<Verdict>, Vec<String>, Built) {
        let stub = Stub::start(answers).await;
        let port = stub.port.to_string();
        let own = [("port", port.as_str()), ("index", "logs"), ("data_stream", "on")];
        let built = output(&[&own, entries].concat());
        let mut verdicts = Vec::new();
        for _ in 0..2 {
            let (request, _ledger) = request(&built, 1);
            verdicts.push(built.output.deliver(&request).await);
            request.settle_all(Outcome::Dropped);
        }
        let heads = stub.received().into_iter().map(|received| received.head);
        let asked = heads.filter_map(|head| Some(head.split(['?', ' ']).nth(1)?.to_owned())).collect();
        (verdicts, asked, built)
    }

    #[tokio::test]
    async fn nothing_is_sent_before_there_is_a_data_stream_or_a_template_that_makes_one() {
        let missing = || {
            let error = json!({"type": "index_not_found_exception", "reason": "no such index [logs]"});
            Canned::Answer(404, "", json!({"error": error, "status": 404}).to_string())
        };
        let template = json!({"index_templates": [{"index_template": {"index_patterns": ["lo*"], "data_stream": {}}}]});
        let taken = || taken_by(".ds-logs-000001", 1);
        let there = Canned::ok(r#"{"data_streams":[{"name":"logs"}]}"#);
        let made = Canned::ok(template.to_string());
        let hidden = || Canned::Answer(403, "", "{}".into());
        let (look, templates, bulk) = ("/_resolve/index/logs", "/_index_template", "/_bulk");
        let cases = [
            (vec![there.clone(), taken(), taken()], vec![look, bulk, bulk]),
            (vec![missing(), made, taken(), taken()], vec![look, templates, bulk, bulk]),
            (vec![missing(), Canned::ok("{}"), there, taken()], vec![look, templates, look, bulk]),
            (vec![missing(), hidden(), taken(), taken()], vec![look, templates, bulk, bulk]),
            (vec![hidden(), taken(), taken()], vec![look, bulk, bulk]),
            (vec![Canned::Close, taken(), taken()], vec![look, bulk, bulk]),
        ];
        for (answers, expected) in cases {
            let is_lacking = expected[2] == look;

            let (verdicts, asked, built) = streamed(&[], answers).await;

            assert_eq!(asked, expected);
            let is_told = |reason: &str| is_lacking && reason.contains("vigie setup opensearch");
            assert!(match &verdicts[0] {
                Verdict::Again { class: Class::Output, reason, counts: false, .. } => is_told(reason),
                first => !is_lacking && matches!(first, Verdict::Delivered),
            });
            assert!(matches!(verdicts[1], Verdict::Delivered), "{verdicts:?}");
            assert_eq!(built.metrics.plain_index_records.get(), 0);
        }
    }

    #[tokio::test]
    async fn what_an_ordinary_index_takes_in_place_of_a_data_stream_is_counted() {
        let other = || Canned::ok(r#"{"indices":[{"name":"logs"}]}"#);
        let quarantine = [("quarantine_index", "bad")];
        let cases: [(Entries<'_>, &str, u64); 3] =
            [(&[], "logs", 2), (&quarantine, "bad", 0), (&[], ".ds-logs-000001", 0)];
        for (entries, index, expected) in cases {
            let (_, _, built) = streamed(entries, vec![other(), taken_by(index, 1), taken_by(index, 1)]).await;

            assert_eq!(built.metrics.plain_index_records.get(), expected, "{index}");
        }
    }
}
