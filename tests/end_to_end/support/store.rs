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
        let url = format!("https://127.0.0.1:{}/{path}", self.node.port);
        let mut request = self.client.request(method, url).basic_auth(&self.node.user, Some(&self.node.password));
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        self.runtime.block_on(async {
            let answer = request.send().await.expect("the node answers");
            let status = answer.status().as_u16();
            let bytes = answer.bytes().await.expect("the node sends its whole answer");
            (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
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
