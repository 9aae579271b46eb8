//! A client that asks the node what has arrived.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::{Certificate, Client, Method};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::node::Node;

/// Documents fetched with one request.
const PAGE: usize = 10_000;

/// The store behind a node. Calls block.
pub(crate) struct Store {
    runtime: Runtime,
    client: Client,
    node: Node,
}

/// An answer as it came.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: Option<String>,
    pub(crate) retry_after: Option<String>,
    pub(crate) body: String,
}

impl Store {
    pub(crate) fn of(node: &Node) -> Self {
        // Another test of this process may have been first; one provider is as good as the other.
        drop(rustls::crypto::ring::default_provider().install_default());
        let pem = std::fs::read(&node.ca).expect("the CA of the node can be read");
        let ca = Certificate::from_pem(&pem).expect("the CA of the node is a certificate");
        let client = Client::builder()
            .tls_certs_only([ca])
            .no_proxy()
            // A node that was restarted in between has closed them.
            .pool_max_idle_per_host(0)
            .timeout(Duration::from_secs(60))
            .build()
            .expect("a client with one CA can be built");
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime can be built");
        Self { runtime, client, node: node.clone() }
    }

    /// Sends one request and gives the status and the answer.
    pub(crate) fn request(&self, method: Method, path: &str, body: Option<&Value>) -> (u16, Value) {
        let body = body.map_or_else(String::new, Value::to_string);
        let own = (self.node.user.as_str(), self.node.password.as_str());
        let answer = self.send(method, path, (own, "application/json", body)).expect("the node answers");
        (answer.status, serde_json::from_str(&answer.body).unwrap_or(Value::Null))
    }

    /// Sends one request as `user` with a body of this type, which may be empty, and gives the answer as it is.
    ///
    /// # Errors
    /// When the connection breaks before it is there.
    pub(crate) fn send(
        &self,
        method: Method,
        path: &str,
        (user, kind, body): ((&str, &str), &str, String),
    ) -> reqwest::Result<Answer> {
        let url = format!("https://127.0.0.1:{}/{path}", self.node.port);
        let mut request = self.client.request(method, url).basic_auth(user.0, Some(user.1));
        if !body.is_empty() {
            request = request.header("content-type", kind).body(body);
        }
        self.runtime.block_on(async {
            let answer = request.send().await?;
            let (status, headers) = (answer.status().as_u16(), answer.headers());
            let content_type = headers.get("content-type").and_then(|value| value.to_str().ok()).map(str::to_owned);
            let retry_after = headers.get("retry-after").and_then(|value| value.to_str().ok()).map(str::to_owned);
            Ok(Answer { status, content_type, retry_after, body: answer.text().await? })
        })
    }

    /// Creates an index with these field types.
    pub(crate) fn create_index(&self, index: &str, fields: &Value) {
        let body = json!({"settings": {"number_of_replicas": 0}, "mappings": {"properties": fields}});
        let (status, answer) = self.request(Method::PUT, index, Some(&body));
        assert_eq!(status, 200, "cannot create index {index}: {answer}");
    }

    /// The number of documents that can be found; none while the index is missing.
    pub(crate) fn count(&self, index: &str) -> u64 {
        self.request(Method::POST, &format!("{index}/_refresh"), None);
        let (status, answer) = self.request(Method::GET, &format!("{index}/_count"), None);
        // 503: the index was made a moment ago and no shard of it has started.
        assert!(matches!(status, 200 | 404 | 503), "cannot count {index}: {status} {answer}");
        answer["count"].as_u64().unwrap_or(0)
    }

    /// All documents of an index by id, page by page, with the fields named.
    pub(crate) fn documents(&self, index: &str, fields: &[&str]) -> BTreeMap<String, Value> {
        self.request(Method::POST, &format!("{index}/_refresh"), None);
        let query = json!({"size": PAGE, "sort": ["_doc"], "_source": fields});
        let (status, mut answer) = self.request(Method::POST, &format!("{index}/_search?scroll=1m"), Some(&query));
        assert_eq!(status, 200, "cannot search {index}: {answer}");
        let mut documents = BTreeMap::new();
        loop {
            let hits = answer["hits"]["hits"].as_array().cloned().unwrap_or_default();
            if hits.is_empty() {
                break;
            }
            for hit in hits {
                let id = hit["_id"].as_str().expect("a hit has an id").to_owned();
                documents.insert(id, hit["_source"].clone());
            }
            let next = json!({"scroll": "1m", "scroll_id": answer["_scroll_id"]});
            answer = self.request(Method::POST, "_search/scroll", Some(&next)).1;
        }
        self.request(Method::DELETE, "_search/scroll", Some(&json!({"scroll_id": answer["_scroll_id"]})));
        documents
    }
}
