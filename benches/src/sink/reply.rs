//! Answers to bulk requests, as a real node writes them, trimmed by `filter_path`.

use std::io::Write;

/// What becomes of one item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Created,
    Conflict,
    Again,
    Refused,
}

impl Fate {
    fn status(self) -> u16 {
        match self {
            Self::Created => 201,
            Self::Conflict => 409,
            Self::Again => 429,
            Self::Refused => 400,
        }
    }

    fn error(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Created => None,
            Self::Conflict => Some((
                "version_conflict_engine_exception",
                "version conflict, document already exists (current version [1])",
            )),
            Self::Again => Some((
                "rejected_execution_exception",
                "rejected execution of coordinating operation, the node is overloaded",
            )),
            Self::Refused => Some(("mapper_parsing_exception", "failed to parse field [seq] of type [date]")),
        }
    }
}

/// Which members of the answer are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    took: bool,
    errors: bool,
    /// One flag per entry of [`ITEM_MEMBERS`].
    members: [bool; ITEM_MEMBERS.len()],
}

const ITEM_MEMBERS: [&str; 10] = [
    "_index",
    "_id",
    "_version",
    "result",
    "_shards",
    "_seq_no",
    "_primary_term",
    "status",
    "error.type",
    "error.reason",
];
const STATUS: usize = 7;
const ERROR_TYPE: usize = 8;
const ERROR_REASON: usize = 9;

impl Wanted {
    /// Status and error only, whatever the request asks for: the least that a client must handle.
    pub(super) fn short() -> Self {
        let mut members = [false; ITEM_MEMBERS.len()];
        members[STATUS..].fill(true);
        Self { took: false, errors: true, members }
    }

    /// What the query of a request asks for with `filter_path`; everything without it.
    pub(super) fn by_query(query: &str) -> Self {
        let filter = query.split('&').find_map(|pair| pair.strip_prefix("filter_path="));
        let Some(filter) = filter else {
            return Self { took: true, errors: true, members: [true; ITEM_MEMBERS.len()] };
        };
        let filter = filter.replace("%2C", ",").replace("%2c", ",").replace("%2A", "*").replace("%2a", "*");
        let patterns: Vec<Vec<&str>> = filter.split(',').map(|pattern| pattern.split('.').collect()).collect();
        let keeps = |path: &str| {
            let path: Vec<&str> = path.split('.').collect();
            patterns.iter().any(|pattern| path_matches(pattern, &path))
        };
        Self {
            took: keeps("took"),
            errors: keeps("errors"),
            members: ITEM_MEMBERS.map(|member| keeps(&format!("items.create.{member}"))),
        }
    }
}

/// Whether `pattern` names `path` or something above it.
fn path_matches(pattern: &[&str], path: &[&str]) -> bool {
    match (pattern.split_first(), path.split_first()) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some((&"**", more)), Some((_, rest))) => path_matches(more, path) || path_matches(pattern, rest),
        (Some((part, more)), Some((name, rest))) => part_matches(part, name) && path_matches(more, rest),
    }
}

/// Whether `part`, in which `*` stands for any text, names `name`.
fn part_matches(part: &str, name: &str) -> bool {
    let Some((before, after)) = part.split_once('*') else { return part == name };
    let Some(rest) = name.strip_prefix(before) else { return false };
    (0..=rest.len()).any(|skipped| rest.get(skipped..).is_some_and(|rest| part_matches(after, rest)))
}

/// One answered item.
pub(super) struct Answered<'a> {
    pub(super) action: &'a [u8],
    pub(super) index: &'a [u8],
    pub(super) id: &'a [u8],
    pub(super) number: u64,
    pub(super) fate: Fate,
}

/// An answer as it grows.
pub(super) struct Reply<'a> {
    wanted: &'a Wanted,
    items: Vec<u8>,
    has_errors: bool,
}

impl<'a> Reply<'a> {
    pub(super) fn new(wanted: &'a Wanted) -> Self {
        Self { wanted, items: Vec::new(), has_errors: false }
    }

    /// Appends the answer of one item. An item without any wanted member is left out, as by a real node.
    pub(super) fn push(&mut self, item: &Answered<'_>) {
        self.has_errors |= item.fate != Fate::Created;
        let start = self.items.len();
        if start > 0 {
            self.items.push(b',');
        }
        self.items.extend_from_slice(b"{\"");
        self.items.extend_from_slice(item.action);
        self.items.extend_from_slice(b"\":{");
        let first_member = self.items.len();
        for member in (0..ITEM_MEMBERS.len()).filter(|member| self.wanted.members[*member]) {
            self.member(member, item, first_member);
        }
        if self.items.len() == first_member {
            self.items.truncate(start);
            return;
        }
        if self.opened_error(item.fate) {
            self.items.push(b'}');
        }
        self.items.extend_from_slice(b"}}");
    }

    fn opened_error(&self, fate: Fate) -> bool {
        fate.error().is_some() && (self.wanted.members[ERROR_TYPE] || self.wanted.members[ERROR_REASON])
    }

    fn member(&mut self, member: usize, item: &Answered<'_>, first_member: usize) {
        let is_stored = item.fate == Fate::Created;
        let is_wanted = match member {
            0 | 1 | STATUS => true,
            ERROR_TYPE.. => !is_stored,
            _ => is_stored,
        };
        if !is_wanted {
            return;
        }
        if self.items.len() > first_member {
            self.items.push(b',');
        }
        let opens_error = member == ERROR_TYPE || (member == ERROR_REASON && !self.wanted.members[ERROR_TYPE]);
        if opens_error {
            self.items.extend_from_slice(b"\"error\":{");
        }
        self.member_text(member, item).expect("writing to memory does not fail");
    }

    fn member_text(&mut self, member: usize, item: &Answered<'_>) -> std::io::Result<()> {
        let out = &mut self.items;
        let (kind, reason) = item.fate.error().unwrap_or_default();
        let number = item.number;
        match member {
            0 => write!(out, "\"_index\":\"{}\"", String::from_utf8_lossy(item.index)),
            1 => write!(out, "\"_id\":\"{}\"", String::from_utf8_lossy(item.id)),
            2 => write!(out, "\"_version\":1"),
            3 => write!(out, "\"result\":\"created\""),
            4 => write!(out, "\"_shards\":{{\"total\":2,\"successful\":1,\"failed\":0}}"),
            5 => write!(out, "\"_seq_no\":{number}"),
            6 => write!(out, "\"_primary_term\":1"),
            STATUS => write!(out, "\"status\":{}", item.fate.status()),
            ERROR_TYPE => write!(out, "\"type\":\"{kind}\""),
            _ => write!(out, "\"reason\":\"{reason}\""),
        }
    }

    /// The whole answer.
    pub(super) fn finish(self) -> Vec<u8> {
        let mut members: Vec<Vec<u8>> = Vec::new();
        if self.wanted.took {
            members.push(b"\"took\":1".to_vec());
        }
        if self.wanted.errors {
            members.push(format!("\"errors\":{}", self.has_errors).into_bytes());
        }
        if !self.items.is_empty() {
            members.push([b"\"items\":[", &self.items[..], b"]"].concat());
        }
        [b"{", &members.join(&b","[..])[..], b"}"].concat()
    }
}

/// The answer to a request that failed as a whole.
pub(super) fn error_body(status: u16, kind: &str, reason: &str) -> Vec<u8> {
    let error = serde_json::json!({ "type": kind, "reason": reason });
    let root_cause = [&error];
    serde_json::json!({ "error": { "root_cause": root_cause, "type": kind, "reason": reason }, "status": status })
        .to_string()
        .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(wanted: &Wanted, fates: &[Fate]) -> String {
        let mut reply = Reply::new(wanted);
        for (number, fate) in fates.iter().enumerate() {
            reply.push(&Answered { action: b"create", index: b"logs", id: b"i1", number: number as u64, fate: *fate });
        }
        String::from_utf8(reply.finish()).expect("replies are UTF-8")
    }

    #[test]
    fn the_short_reply_has_one_item_per_action() {
        assert_eq!(
            reply(&Wanted::short(), &[Fate::Created, Fate::Created]),
            r#"{"errors":false,"items":[{"create":{"status":201}},{"create":{"status":201}}]}"#
        );
    }

    #[test]
    fn filter_path_keeps_what_it_names() {
        let fates = [Fate::Created, Fate::Refused];
        let cases = [
            ("filter_path=errors", r#"{"errors":true}"#),
            (
                "filter_path=took,items.*.status",
                r#"{"took":1,"items":[{"create":{"status":201}},{"create":{"status":400}}]}"#,
            ),
            (
                "pretty&filter_path=items.*.error.type",
                r#"{"items":[{"create":{"error":{"type":"mapper_parsing_exception"}}}]}"#,
            ),
            (
                "filter_path=**.status,items.*._i*",
                r#"{"items":[{"create":{"_index":"logs","_id":"i1","status":201}},{"create":{"_index":"logs","_id":"i1","status":400}}]}"#,
            ),
            (
                "filter_path=items%2Cnothing",
                r#"{"items":[{"create":{"_index":"logs","_id":"i1","_version":1,"result":"created","_shards":{"total":2,"successful":1,"failed":0},"_seq_no":0,"_primary_term":1,"status":201}},{"create":{"_index":"logs","_id":"i1","status":400,"error":{"type":"mapper_parsing_exception","reason":"failed to parse field [seq] of type [date]"}}}]}"#,
            ),
        ];
        for (query, expected) in cases {
            assert_eq!(reply(&Wanted::by_query(query), &fates), expected, "{query}");
        }
    }

    #[test]
    fn every_reply_is_valid_json() {
        let fates = [Fate::Created, Fate::Conflict, Fate::Again, Fate::Refused];
        for query in
            ["", "filter_path=errors,items.*.error", "filter_path=items.*.error.reason,took", "filter_path=none"]
        {
            let text = reply(&Wanted::by_query(query), &fates);
            assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{query}: {text}");
        }
    }
}
