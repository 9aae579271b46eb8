//! The answers that faults give: those of a real node from `tests/cases/answers`, and what stands between it and agents.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use serde_json::{Value, json};

/// An answer to a request as a whole.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Each ended by CRLF.
    pub(crate) headers: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// A 200 with this JSON.
    pub(crate) fn json(body: &Value) -> Self {
        let headers = "content-type: application/json; charset=UTF-8\r\n".to_owned();
        Self { status: 200, headers, body: body.to_string().into_bytes() }
    }
}

const JSON: &str = "content-type: application/json\r\n";
const HTML: &str = "content-type: text/html\r\n";

/// Answers that no node was driven into: name, status, headers, body.
const MADE: &[(&str, u16, &str, &str)] = &[
    ("busy_retry_after", 429, "retry-after: 1\r\n", ""),
    (
        "circuit_breaker",
        429,
        JSON,
        r#"{"error":{"type":"circuit_breaking_exception","reason":"[parent] Data too large, data for [<http_request>] would be larger than the limit"},"status":429}"#,
    ),
    ("bad_gateway", 502, HTML, "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"),
    ("gateway_timeout", 504, HTML, "<html><head><title>504 Gateway Time-out</title></head><body>nginx</body></html>"),
    ("proxy_too_large", 413, HTML, "<html><head><title>413 Request Entity Too Large</title></head></html>"),
    ("proxy_bad_request", 400, HTML, "<html><head><title>400 Bad Request</title></head><body>nginx</body></html>"),
    ("security_not_initialized", 503, "content-type: text/plain\r\n", "OpenSearch Security not initialized."),
    ("server_error", 500, JSON, r#"{"error":{"type":"exception","reason":"no luck"},"status":500}"#),
    ("redirect", 307, "location: http://127.0.0.1:1/_bulk\r\n", ""),
    (
        "does_not_inflate",
        400,
        JSON,
        r#"{"error":{"type":"json_parse_exception","reason":"Illegal character ((CTRL-CHAR, code 31)): only regular white space is allowed between tokens"},"status":400}"#,
    ),
];

/// The answer of this name to a request of `length` bytes, where `largest` may be taken.
pub(crate) fn whole(name: &str, (length, largest): (usize, usize)) -> Answer {
    if let Some((_, status, headers, body)) = MADE.iter().find(|made| made.0 == name) {
        return Answer { status: *status, headers: (*headers).to_owned(), body: body.as_bytes().to_vec() };
    }
    let kept = kept(name);
    let status = kept["status"].as_u64().and_then(|status| u16::try_from(status).ok()).expect("a status");
    let headers = kept["headers"].as_object().into_iter().flatten();
    let headers = headers.map(|(name, value)| format!("{name}: {}\r\n", value.as_str().expect("text"))).collect();
    let body = kept["body"].as_str().map_or_else(|| kept["body"].to_string(), str::to_owned);
    let body = with_number(&body, "coordinating_operation_bytes", length);
    let body = with_number(&body, "max_coordinating_and_primary_bytes", largest);
    Answer { status, headers, body: body.into_bytes() }
}

/// What is said of one item: its index and id take the place of those that the node was asked about.
pub(crate) fn item(name: &str, index: &str, id: &str) -> Value {
    let template = match name {
        "item_server_error" => json!({"status": 500, "error": {"type": "exception", "reason": "no luck"}}),
        "mapping_of_log" => kept("mapping_refused")["body"]["items"][0]["create"].clone(),
        "shard_limit_of_line_3" => kept("shard_limit")["line_3"]["items"][0]["create"].clone(),
        name => kept(name)["body"]["items"][0]["create"].clone(),
    };
    let mut text = template.to_string().replace("answer-1", id).replace("[answers]", &format!("[{index}]"));
    if name == "mapping_of_log" {
        text = text.replace("[number]", "[log]");
    }
    let mut item: Value = serde_json::from_str(&text).expect("it was JSON");
    item["_index"] = json!(index);
    item
}

/// What is kept of a real node, by name.
static KEPT: LazyLock<BTreeMap<String, Value>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/cases/answers");
    let files = fs::read_dir(folder).expect("it can be listed").map(|entry| entry.expect("it can be listed").path());
    let read = |path: PathBuf| {
        let name = path.file_stem().and_then(|name| name.to_str()).expect("a plain name").to_owned();
        let text = fs::read_to_string(&path).expect("it can be read");
        (name, serde_json::from_str(&text).expect("a kept answer is JSON"))
    };
    files.map(read).collect()
});

/// What is kept of a real node under this name.
fn kept(name: &str) -> &'static Value {
    assert!(KEPT.contains_key(name), "no answer of this name is kept: {name}");
    &KEPT[name]
}

/// `text` with `number` in place of what stands behind each `name=`.
fn with_number(text: &str, name: &str, number: usize) -> String {
    let name = format!("{name}=");
    let mut parts = text.split(&name);
    let first = parts.next().unwrap_or_default().to_owned();
    let digits = |c: char| c.is_ascii_digit();
    parts.fold(first, |text, part| format!("{text}{name}{number}{}", part.trim_start_matches(digits)))
}
