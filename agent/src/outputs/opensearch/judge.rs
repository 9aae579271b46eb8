//! What an answer of OpenSearch means for the documents of a request.
//!
//! A status code alone tells too little: a full disk is a 429 that lasts for hours, a cluster without room for shards
//! answers 400, a missing permission 403. None of that is the document's fault, so none of it may cost a document.

use std::time::Duration;

use crate::cluster::{ErrorDetail, ItemAnswer, Verb, bulk_item, error_name, permission, request_error, scrubbed};
use crate::encode::bulk::Operation;
use crate::net::Target;
use crate::plugin::{Cause, Class, Fate, Refusal, Verdict};

/// What became of one document.
///
/// # Source
/// What OpenSearch 2.19 and 3.4 answer when they are driven into each of these.
pub(super) fn fate(answer: ItemAnswer<'_>, operation: Operation) -> Fate {
    let status = answer.status;
    let error = answer.error.as_deref();
    let kind = error.map_or("", |error| error.kind.as_str());
    let reason = error.map_or("", |error| error.reason.as_str());
    let again = |class, label, text| Fate::Again(Cause { class, label, text });
    match status {
        200 | 201 => Fate::Delivered,
        409 if operation == Operation::Create => Fate::Duplicate,
        409 => again(Class::Busy, "conflict", "the document was changed by somebody else at the same time"),
        429 if kind == "cluster_block_exception" => again(
            Class::Index,
            "flood_stage",
            "the index is read-only because a disk of the cluster is nearly full (flood stage)",
        ),
        429 if kind == "circuit_breaking_exception" => {
            again(Class::Busy, "circuit_breaker", "the cluster is short of memory (circuit breaker)")
        }
        429 => again(Class::Busy, "busy", "the cluster is busy (429)"),
        403 if kind == "cluster_block_exception" => {
            again(Class::Index, "write_block", "the index is blocked for writing")
        }
        401 | 403 => again(Class::Index, "no_permission", "the user has no permission to write to the index"),
        404 if kind == "document_missing_exception" => refused(answer),
        404 => again(Class::Index, "no_index", "there is no such index and the cluster does not create it"),
        400 => match curable(kind, reason) {
            Some((label, text)) => again(Class::Index, label, text),
            None => refused(answer),
        },
        // The shard may have stored it before it failed.
        408 | 500.. => again(Class::Unknown, "node_trouble", "a node or shard of the cluster has trouble"),
        _ => refused(answer),
    }
}

/// Why a 400 passes once the cluster or the configuration is put right, as name and text; `None` when the document is
/// to blame.
fn curable(kind: &str, reason: &str) -> Option<(&'static str, &'static str)> {
    let says = |text: &str| reason.contains(text);
    if says("maximum shards open")
        || says("maximum normal shards open")
        || (says("this action would add") && says("shards"))
    {
        return Some(("shard_limit", "the cluster has no room for another shard (cluster.max_shards_per_node)"));
    }
    if kind == "index_closed_exception" {
        return Some(("index_closed", "the index is closed"));
    }
    if reason.starts_with("pipeline with id [") {
        return Some(("no_pipeline", "the ingest pipeline does not exist"));
    }
    if says("only write ops with an op_type of create are allowed in data streams") {
        return Some(("data_stream", "the index is a data stream, which takes `Write_Operation create` only"));
    }
    None
}

/// What an answer to a document that was sent for `operation` must call itself.
pub(super) fn verb(operation: Operation) -> Verb {
    match operation {
        Operation::Create => Verb::Create,
        Operation::Index => Verb::Index,
        Operation::Update | Operation::Upsert => Verb::Update,
    }
}

/// Whether an answer says by its words that it is about another document than `item`. Conflicts and values of a wrong type
/// name the id; in the wrong place they would settle a document that was not stored.
pub(super) fn is_about_another(answer: &ItemAnswer<'_>, item: &[u8]) -> bool {
    let Some(ErrorDetail { reason, .. }) = answer.error.as_deref() else { return false };
    let (before, behind) = match answer.status {
        409 if reason.contains("]: version conflict") => ("[", "]: version conflict"),
        400 if reason.starts_with("failed to parse field [") && reason.contains(" in document with id '") => {
            (" in document with id '", "'")
        }
        _ => return false,
    };
    // What a record holds may stand in the reason too, so the id need not be the first that is named.
    let id = bulk_item(item).and_then(|(action, _)| action.id);
    id.is_some_and(|id| !reason.contains(&format!("{before}{id}{behind}")))
}

fn refused(answer: ItemAnswer<'_>) -> Fate {
    let ErrorDetail { kind, reason } = answer.error.map(|error| *error).unwrap_or_default();
    Fate::Refused(Box::new(Refusal { status: answer.status, kind, reason }))
}

/// An answer to a request as a whole, other than 200.
pub(super) struct Whole<'a> {
    pub(super) status: u16,
    pub(super) body: &'a [u8],
    /// `Retry-After`, where it was given in seconds.
    pub(super) retry_after: Option<Duration>,
    pub(super) target: &'a Target,
    /// Bytes of the request's body, before compression.
    pub(super) plain_length: usize,
}

impl Whole<'_> {
    /// What it means for all documents of the request.
    pub(super) fn verdict(&self) -> Verdict {
        let error = request_error(self.body);
        let largest = error.as_ref().and_then(|error| largest_share(&error.reason));
        match self.status {
            413 => Verdict::TooLarge { refusal: self.refusal(error), limit: None },
            429 if let Some((limit, operation)) = largest => {
                let limit = usize::try_from(self.plain_length as u128 * limit / operation).unwrap_or(usize::MAX);
                Verdict::TooLarge { refusal: self.refusal(error), limit: Some(limit) }
            }
            // Sent in halves, the one document that is to blame is found, and only that is refused.
            400 if is_about_content(error.as_ref()) => Verdict::Halve(self.refusal(error)),
            status => {
                let class = match status {
                    // Nothing of these passes by itself, and none of it is the fault of a document.
                    300..=399 | 400 | 401 | 403 | 404 | 405 => Class::Output,
                    // It may have been stored before something on the way failed.
                    408 | 500 | 502 | 504 => Class::Unknown,
                    _ => Class::Busy,
                };
                let reason = self.explain(error.as_ref());
                Verdict::Again { class, reason, wait: self.retry_after, counts: class != Class::Output }
            }
        }
    }

    fn explain(&self, error: Option<&ErrorDetail>) -> String {
        let Self { status, target, .. } = self;
        let detail =
            error.map(|error| format!(": {} {}", error_name(&error.kind), scrubbed(&error.reason))).unwrap_or_default();
        match status {
            401 => format!(
                "{target} does not know these credentials (401): check `HTTP_User` and `HTTP_Passwd`, `Bearer_Token` or `API_Key`"
            ),
            403 => {
                let permission = error.and_then(|error| permission(&error.reason)).map(|name| format!(" `{name}`"));
                format!(
                    "the user has no permission{} at {target} (403): extend its role",
                    permission.unwrap_or_default()
                )
            }
            404 | 405 => format!("{target} knows no bulk requests at this address ({status}): check `Path`{detail}"),
            300..=399 => format!("{target} sends elsewhere ({status}): set `Host`, `Port` and `tls` to where it sends"),
            400 => format!("{target} refuses the request (400), and not for its content{detail}"),
            429 => format!("{target} is busy (429){detail}"),
            503 => format!("{target} is not ready (503){detail}"),
            _ => format!("{target} answered {status}{detail}"),
        }
    }

    fn refusal(&self, error: Option<ErrorDetail>) -> Refusal {
        let default_kind = if self.status == 413 { "request_too_large" } else { "" };
        let ErrorDetail { kind, reason } = error.unwrap_or_default();
        let kind = if kind.is_empty() { default_kind.to_owned() } else { kind };
        Refusal { status: self.status, kind, reason }
    }
}

/// Whether a 400 is OpenSearch's word on what was sent, and not about its address or configuration.
fn is_about_content(error: Option<&ErrorDetail>) -> bool {
    error.is_some_and(|error| !error.kind.is_empty() && curable(&error.kind, &error.reason).is_none())
}

/// Whether a 400 is the sign of a server that does not inflate requests, as some releases do not.
///
/// # Source
/// OpenSearch issues 10802 (2.11.0) and 16020 (2.17.0).
pub(super) fn does_not_inflate(body: &[u8]) -> bool {
    let says = |text: &str| memchr::memmem::find(body, text.as_bytes()).is_some();
    says("must be terminated by a newline") || says("(CTRL-CHAR, code 31)")
}

/// Where a rejection says that the request alone is above the limit of indexing pressure, so that waiting is no use: that
/// limit, and what the request took of it. Both count a little more than the body.
fn largest_share(reason: &str) -> Option<(u128, u128)> {
    let number = |name: &str| -> Option<u128> {
        let (_, after) = reason.split_once(&format!("{name}="))?;
        let digits_end = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
        after.get(..digits_end)?.parse::<u64>().ok().map(u128::from)
    };
    let operation = number("coordinating_operation_bytes").or_else(|| number("primary_operation_bytes"))?;
    let limit = number("max_coordinating_and_primary_bytes")?;
    (operation > limit).then_some((limit, operation))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, kind: &str, reason: &str) -> ItemAnswer<'static> {
        let error = ErrorDetail { kind: kind.into(), reason: reason.into() };
        ItemAnswer { verb: Verb::Create, index: None, status, error: (!kind.is_empty()).then(|| Box::new(error)) }
    }

    #[test]
    fn no_document_is_refused_for_what_the_cluster_or_the_configuration_lacks() {
        let shards = "Validation Failed: 1: this action would add [2] total shards, but this cluster currently has [4]/[5] maximum shards open;";
        let local = shards.replace("total shards", "total shards LOCAL_ONLY shards");
        let data_stream = "only write ops with an op_type of create are allowed in data streams";
        let cases = [
            (429, "opensearch_rejected_execution_exception", "rejected execution of ...", Class::Busy, "busy"),
            (429, "rejected_execution_exception", "rejected execution of ...", Class::Busy, "busy"),
            (
                429,
                "cluster_block_exception",
                "index [b] blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded ...];",
                Class::Index,
                "flood_stage",
            ),
            (429, "circuit_breaking_exception", "[parent] Data too large", Class::Busy, "circuit_breaker"),
            (
                403,
                "cluster_block_exception",
                "index [b] blocked by: [FORBIDDEN/8/index write (api)];",
                Class::Index,
                "write_block",
            ),
            (
                403,
                "security_exception",
                "no permissions for [indices:admin/create] and User [name=shipper]",
                Class::Index,
                "no_permission",
            ),
            (401, "", "", Class::Index, "no_permission"),
            (404, "index_not_found_exception", "no such index [zz]", Class::Index, "no_index"),
            (400, "validation_exception", shards, Class::Index, "shard_limit"),
            (400, "validation_exception", local.as_str(), Class::Index, "shard_limit"),
            (400, "index_closed_exception", "closed", Class::Index, "index_closed"),
            (400, "illegal_argument_exception", "pipeline with id [p] does not exist", Class::Index, "no_pipeline"),
            (400, "illegal_argument_exception", data_stream, Class::Index, "data_stream"),
            (503, "unavailable_shards_exception", "[a][0] primary shard is not active", Class::Unknown, "node_trouble"),
            (500, "exception", "", Class::Unknown, "node_trouble"),
            (504, "", "", Class::Unknown, "node_trouble"),
        ];
        for (status, kind, reason, class, label) in cases {
            let fate = fate(answer(status, kind, reason), Operation::Create);
            let Fate::Again(cause) = fate else { panic!("{status} {kind} {reason}: {fate:?}") };
            assert_eq!((cause.class, cause.label), (class, label), "{status} {kind} {reason}");
        }
    }

    #[test]
    fn a_conflict_or_refusal_must_name_the_document_it_stands_for() {
        let item = b"{\"create\":{\"_index\":\"logs\",\"_id\":\"a[1]\"}}\n{\"n\":1}\n";
        let field = "failed to parse field [n] of type [long]";
        let cases = [
            (409, "[a[1]]: version conflict, document already exists (current version [1])".to_owned(), false),
            (409, "[_doc][a[1]]: version conflict, document already exists".to_owned(), false),
            (409, "[b]: version conflict, document already exists (current version [1])".to_owned(), true),
            (409, "version conflict".to_owned(), false),
            (400, "failed to parse field [a]".to_owned(), false),
            (400, format!("{field} in document with id 'a[1]'. Preview of field's value: 'x'"), false),
            (400, format!("{field} in document with id 'b'. Preview of field's value: 'x'"), true),
            (
                400,
                format!("{field} in document with id 'a[1]'. Preview of field's value: 'in document with id 'b''"),
                false,
            ),
            (400, "object mapping for [in document with id 'b'] tried to parse".to_owned(), false),
        ];
        for (status, reason, expected) in cases {
            let answer = answer(status, "some_exception", &reason);
            assert_eq!(is_about_another(&answer, item), expected, "{reason}");
        }
    }

    #[test]
    fn a_document_that_can_never_be_stored_is_refused_with_status_name_and_reason() {
        let cases = [
            (400, "mapper_parsing_exception", "failed to parse field [a]"),
            (400, "illegal_argument_exception", "Limit of total fields [3] has been exceeded"),
            (400, "invalid_index_name_exception", "Invalid index name [Bad Name]"),
            (400, "strict_dynamic_mapping_exception", "mapping set to strict"),
            (404, "document_missing_exception", "document missing"),
            (413, "", ""),
        ];
        for (status, kind, reason) in cases {
            let expected = Refusal { status, kind: kind.into(), reason: reason.into() };
            assert_eq!(fate(answer(status, kind, reason), Operation::Update), Fate::Refused(Box::new(expected)));
        }
    }

    #[test]
    fn a_conflict_is_a_duplicate_only_under_create() {
        let conflict = || answer(409, "version_conflict_engine_exception", "document already exists");
        assert_eq!(fate(conflict(), Operation::Create), Fate::Duplicate);
        assert!(matches!(fate(conflict(), Operation::Update), Fate::Again(_)));
        assert_eq!(fate(answer(200, "", ""), Operation::Index), Fate::Delivered);
    }

    fn verdict(status: u16, body: &str) -> Verdict {
        let target = Target { host: "os".into(), port: 9200, tls: true, vhost: None };
        Whole { status, body: body.as_bytes(), retry_after: None, target: &target, plain_length: 10_000 }.verdict()
    }

    fn error(kind: &str, reason: &str) -> String {
        serde_json::json!({"error": {"type": kind, "reason": reason}, "status": 400}).to_string()
    }

    #[test]
    fn whole_requests_are_halved_where_their_size_or_one_document_is_to_blame() {
        let pressure = |operation: u32| {
            let reason = format!(
                "rejected execution of coordinating operation [coordinating_and_primary_bytes=0, replica_bytes=0, \
                 all_bytes=0, coordinating_operation_bytes={operation}, max_coordinating_and_primary_bytes=65536]"
            );
            error("rejected_execution_exception", &reason)
        };
        assert!(matches!(verdict(413, ""), Verdict::TooLarge { limit: None, .. }));
        let Verdict::TooLarge { limit: Some(limit), .. } = verdict(429, &pressure(80_201)) else {
            panic!("80201 bytes never fit into 65536");
        };
        assert_eq!(limit, 10_000 * 65_536 / 80_201, "the part of this request that fits");
        assert!(matches!(verdict(429, &pressure(60_000)), Verdict::Again { class: Class::Busy, counts: true, .. }));
        let content = [
            error("action_request_validation_exception", "Validation Failed: 1: id [x] is too long"),
            error("illegal_argument_exception", "Malformed action/metadata line [1]"),
        ];
        for body in content {
            assert!(matches!(verdict(400, &body), Verdict::Halve(_)), "{body}");
        }
    }

    #[test]
    fn an_answer_of_somebody_on_the_way_leaves_the_outcome_unknown() {
        for status in [500, 502, 504, 408] {
            let verdict = verdict(status, "<html>");
            assert!(matches!(verdict, Verdict::Again { class: Class::Unknown, counts: true, .. }), "{status}");
        }
        assert!(matches!(verdict(503, "<html>"), Verdict::Again { class: Class::Busy, .. }));
    }

    #[test]
    fn answers_that_no_document_is_to_blame_for_do_not_use_up_retries() {
        let cases = [
            (401, "Unauthorized".to_owned(), "HTTP_Passwd"),
            (
                403,
                error("security_exception", "no permissions for [indices:data/write/bulk] and User [x]"),
                "`indices:data/write/bulk`",
            ),
            (404, "<html>".to_owned(), "`Path`"),
            (400, r#"{"error":"no handler found for uri [/x/_bulk]"}"#.to_owned(), "400"),
            (400, "<html>plain HTTP sent to HTTPS port".to_owned(), "400"),
            (301, String::new(), "`Host`"),
        ];
        for (status, body, expected) in cases {
            let Verdict::Again { class: Class::Output, reason, counts: false, .. } = verdict(status, &body) else {
                panic!("{status} {body}");
            };
            assert!(reason.contains(expected), "{reason}");
        }
        assert!(matches!(verdict(503, "OpenSearch Security not initialized."), Verdict::Again { counts: true, .. }));
    }

    #[test]
    fn servers_that_do_not_inflate_are_known_by_their_words() {
        let newline = error("illegal_argument_exception", "The bulk request must be terminated by a newline [\\n]");
        assert!(does_not_inflate(newline.as_bytes()));
        assert!(does_not_inflate(b"Illegal character ((CTRL-CHAR, code 31)): only regular white space"));
        assert!(!does_not_inflate(b"Malformed action/metadata line [1]"));
    }
}
