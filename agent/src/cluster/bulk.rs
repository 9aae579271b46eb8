//! Reads the answer to a bulk request.
//!
//! An answer has one entry per document, and nearly all of them are `{"create":{"_index":"logs-000001","status":201}}`. An
//! entry that stands there word for word like the one before it is only counted; of the others, a tree is built of those
//! that hold more than index and status. Whatever is not a whole, valid answer is refused, so that a cut-off connection
//! never counts as delivery.

use std::borrow::Cow;
use std::ops::Range;

use serde_json::Value;

use super::errors::ErrorDetail;

/// What a document was sent for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// `create`.
    Create,
    /// `index`.
    Index,
    /// `update`.
    Update,
    /// Anything else.
    Other,
}

impl Verb {
    /// The verb of this name.
    pub(super) fn named(name: &[u8]) -> Self {
        match name {
            b"create" => Self::Create,
            b"index" => Self::Index,
            b"update" => Self::Update,
            _ => Self::Other,
        }
    }
}

/// What was answered about one document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemAnswer<'a> {
    /// What it was sent for, as the answer says.
    pub verb: Verb,
    /// The index that took or refused it: behind an alias or a data stream, the one that is written to.
    pub index: Option<Cow<'a, str>>,
    /// Its status code.
    pub status: u16,
    /// What was wrong, if anything.
    pub error: Option<Box<ErrorDetail>>,
}

/// What was answered about documents that follow each other: of all of them the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemRun<'a> {
    /// How many documents.
    pub count: usize,
    /// What was answered about each.
    pub answer: ItemAnswer<'a>,
}

/// The answer is no whole, valid bulk answer; what became of the documents is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a bulk answer, found something else at byte {at}")]
pub struct Unreadable {
    /// Where reading ended.
    pub at: usize,
}

/// The answers about all documents of a request, in its order.
///
/// # Errors
/// [`Unreadable`] when `body` breaks off, is no JSON, or has no items with a status.
pub fn bulk_items(body: &[u8]) -> Result<Vec<ItemRun<'_>>, Unreadable> {
    let mut scanner = Scanner { body, at: 0 };
    let items = scanner.answer().filter(|_| scanner.is_at_end());
    items.ok_or(Unreadable { at: scanner.at })
}

/// The action line of a bulk item, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Action {
    /// `create`, `index` or `update`.
    pub name: String,
    /// Name of the index.
    pub index: String,
    /// Id of the document.
    pub id: Option<String>,
}

/// Takes one item of a bulk body apart: its action and its document, without newline.
///
/// `None` when `item` is something else than two lines that begin with an action.
pub fn bulk_item(item: &[u8]) -> Option<(Action, &[u8])> {
    let newline = memchr::memchr(b'\n', item)?;
    let (line, document) = (&item[..newline], item[newline + 1..].strip_suffix(b"\n")?);
    if !line.starts_with(b"{\"") || memchr::memchr(b'\n', document).is_some() {
        return None;
    }
    let line: Value = serde_json::from_slice(line).ok()?;
    let (name, target) = line.as_object().filter(|line| line.len() == 1)?.iter().next()?;
    let index = target.get("_index")?.as_str()?.to_owned();
    let id = target.get("_id").and_then(Value::as_str).map(str::to_owned);
    Some((Action { name: name.clone(), index, id }, document))
}

/// The index that a bulk item goes to, where it begins as those of this agent do: `{"create":{"_index":"logs"`.
pub fn item_index(item: &[u8]) -> Option<&str> {
    let verb_end = memchr::memchr(b'"', item.strip_prefix(b"{\"")?)?;
    let name = item[2 + verb_end..].strip_prefix(b"\":{\"_index\":\"")?;
    let name = &name[..memchr::memchr2(b'"', b'\\', name)?];
    std::str::from_utf8(name).ok()
}

/// Bytes that are compared at once.
const PIECE: usize = 1 << 10;

struct Scanner<'a> {
    body: &'a [u8],
    at: usize,
}

impl<'a> Scanner<'a> {
    fn answer(&mut self) -> Option<Vec<ItemRun<'a>>> {
        let mut items = None;
        self.expect(b'{')?;
        loop {
            let key = self.value()?;
            self.expect(b':')?;
            if &self.body[key.clone()] == b"\"items\"" && items.is_none() {
                items = Some(self.items()?);
            } else {
                serde_json::from_slice::<String>(&self.body[key]).ok().filter(|key| key != "items")?;
                let value = self.value()?;
                serde_json::from_slice::<Value>(&self.body[value]).ok()?;
            }
            match self.next()? {
                b',' => {}
                b'}' => return items,
                _ => return None,
            }
        }
    }

    fn items(&mut self) -> Option<Vec<ItemRun<'a>>> {
        let mut runs = Vec::new();
        self.expect(b'[')?;
        if self.peek()? == b']' {
            self.at += 1;
            return Some(runs);
        }
        loop {
            let start = self.at;
            let answer = match self.short_item() {
                Some(answer) => answer,
                None => self.long_item()?,
            };
            match self.next()? {
                b',' => runs.push(ItemRun { count: 1 + self.repeats(start), answer }),
                b']' => {
                    runs.push(ItemRun { count: 1, answer });
                    return Some(runs);
                }
                _ => return None,
            }
        }
    }

    /// Walks over what is a repetition of the bytes from `start` to here, and counts how often they come again.
    fn repeats(&mut self, start: usize) -> usize {
        let (body, first) = (self.body, self.at);
        let length = first - start;
        // Where every byte is that which stands `length` before it, the same comes over and over.
        let same = |at: &usize| body.get(*at..*at + PIECE).is_some_and(|piece| piece == &body[at - length..][..PIECE]);
        let mut end = first;
        while same(&end) {
            end += PIECE;
        }
        self.at = first + (end - first) / length * length;
        while body[self.at..].starts_with(&body[start..first]) {
            self.at += length;
        }
        (self.at - first) / length
    }

    /// Reads `{"create":{"_index":"logs","status":201}}` and the like; stays where it is when that is not what follows.
    fn short_item(&mut self) -> Option<ItemAnswer<'a>> {
        let rest = self.body.get(self.at..)?;
        let rest = rest.strip_prefix(b"{\"")?;
        let verbs = [&b"create"[..], b"index", b"update"];
        let (verb, rest) = verbs.iter().find_map(|verb| Some((Verb::named(verb), rest.strip_prefix(*verb)?)))?;
        let rest = rest.strip_prefix(b"\":{")?;
        let (index, rest) = short_index(rest);
        let rest = rest.strip_prefix(b"\"status\":")?;
        let (digits, rest) = rest.split_first_chunk::<3>()?;
        let rest = rest.strip_prefix(b"}}")?;
        let status = digits
            .iter()
            .try_fold(0_u16, |number, digit| digit.is_ascii_digit().then(|| number * 10 + u16::from(*digit - b'0')))?;
        if !(100..600).contains(&status) {
            return None;
        }
        self.at = self.body.len() - rest.len();
        Some(ItemAnswer { verb, index: index.map(Cow::Borrowed), status, error: None })
    }

    /// Reads an item of any shape.
    fn long_item(&mut self) -> Option<ItemAnswer<'a>> {
        let range = self.value()?;
        let item: Value = serde_json::from_slice(&self.body[range]).ok()?;
        let (verb, item) = item.as_object().filter(|item| item.len() == 1)?.iter().next()?;
        let status = u16::try_from(item.get("status")?.as_u64()?).ok().filter(|status| (100..600).contains(status))?;
        let index = item.get("_index").and_then(Value::as_str).map(|index| Cow::Owned(index.to_owned()));
        let error = item.get("error").map(|error| Box::new(ErrorDetail::new(error)));
        Some(ItemAnswer { verb: Verb::named(verb.as_bytes()), index, status, error })
    }

    /// Walks over a value without looking into it and gives where it stands.
    fn value(&mut self) -> Option<Range<usize>> {
        let first = self.peek()?;
        let start = self.at;
        let mut depth = 0_usize;
        match first {
            b'{' | b'[' => loop {
                match self.next()? {
                    b'"' => self.string()?,
                    b'{' | b'[' => depth += 1,
                    b'}' | b']' => depth -= 1,
                    _ => {}
                }
                if depth == 0 {
                    break;
                }
            },
            b'"' => {
                self.at += 1;
                self.string()?;
            }
            _ => {
                let rest = &self.body[self.at..];
                let ends = |byte: &u8| matches!(byte, b',' | b':' | b'}' | b']') || byte.is_ascii_whitespace();
                self.at += rest.iter().position(ends)?;
            }
        }
        Some(start..self.at)
    }

    /// Walks over the string that was just opened.
    fn string(&mut self) -> Option<()> {
        loop {
            self.at += memchr::memchr2(b'"', b'\\', self.body.get(self.at..)?)?;
            if self.body[self.at] == b'"' {
                self.at += 1;
                return Some(());
            }
            self.at += 2;
        }
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.next()? == byte).then_some(())
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    fn peek(&mut self) -> Option<u8> {
        while matches!(self.body.get(self.at)?, b' ' | b'\t' | b'\r' | b'\n') {
            self.at += 1;
        }
        self.body.get(self.at).copied()
    }

    fn is_at_end(&mut self) -> bool {
        self.peek().is_none()
    }
}

/// Takes `"_index":"logs",` off `rest`, where a name stands there that is plain ASCII, as names of indexes mostly are.
fn short_index(rest: &[u8]) -> (Option<&str>, &[u8]) {
    let taken = rest.strip_prefix(b"\"_index\":\"").and_then(|name| {
        let end = name.iter().position(|byte| !matches!(byte, b' '..=b'~') || matches!(byte, b'"' | b'\\'))?;
        Some((std::str::from_utf8(&name[..end]).ok()?, name[end..].strip_prefix(b"\",")?))
    });
    taken.map_or((None, rest), |(index, rest)| (Some(index), rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::cluster::check::{self, reference};

    fn statuses(body: &str) -> Result<Vec<u16>, Unreadable> {
        Ok(check::expanded(bulk_items(body.as_bytes())?).iter().map(|item| item.status).collect())
    }

    #[test]
    fn short_and_long_items_are_read_in_order() {
        let body = r#"{"took":7,"errors":true,"items":[{"create":{"status":201}},
            {"create":{"_index":"a","status":409,"error":{"type":"version_conflict_engine_exception","reason":"exists"}}},
            {"index":{"status":200}},{"update":{"status":400,"error":{"type":"mapper_parsing_exception",
            "reason":"failed to parse","caused_by":{"type":"json_parse_exception","reason":"no } here"}}}}]}"#;

        let items = check::expanded(bulk_items(body.as_bytes()).expect("it is an answer"));

        assert_eq!(items.iter().map(|item| item.status).collect::<Vec<_>>(), [201, 409, 200, 400]);
        let error = items[3].error.as_deref().expect("an error");
        assert_eq!(error.kind, "mapper_parsing_exception");
        assert_eq!(error.reason, "failed to parse; caused by json_parse_exception: no } here");
    }

    #[test]
    fn an_item_of_a_body_is_taken_apart() {
        let item = b"{\"create\":{\"_index\":\"logs\",\"_id\":\"a\"}}\n{\"n\":1}\n";
        let action = Action { name: "create".into(), index: "logs".into(), id: Some("a".into()) };
        assert_eq!(bulk_item(item), Some((action, &b"{\"n\":1}"[..])));

        for other in [&b"{\"n\":1}\n"[..], b"plain\n", b"{\"n\":1}\n{\"n\":2}\n", b"", b"{\"create\":{}}\n{}\n{}\n"] {
            assert_eq!(bulk_item(other), None);
        }
    }

    #[test]
    fn the_index_of_an_item_stands_at_its_beginning() {
        let item = b"{\"create\":{\"_index\":\"logs-1\",\"_id\":\"a\"}}\n{\"n\":1}\n";
        assert_eq!(item_index(item), Some("logs-1"));
        for other in [&b"{\"n\":1}\n"[..], b"plain", b"", b"{\"", b"{\"create\":{\"_index\":\"lo"] {
            assert_eq!(item_index(other), None);
        }
    }

    #[test]
    fn every_entry_tells_its_index() {
        let body = r#"{"items":[{"create":{"_index":"logs-1","status":201}},{"create":{"_index":"logs-1","status":201}},
            {"create":{"status":201}},{"index":{"_index":"caf\u00e9","status":200}},
            {"create":{"_index":"logs-2","_id":"a","status":409,"error":{"type":"t","reason":"r"}}}]}"#;

        let items = check::expanded(bulk_items(body.as_bytes()).expect("it is an answer"));

        let indexes: Vec<_> = items.iter().map(|item| item.index.as_deref()).collect();
        assert_eq!(indexes, [Some("logs-1"), Some("logs-1"), None, Some("caf\u{e9}"), Some("logs-2")]);
    }

    #[test]
    fn an_answer_without_documents_is_read() {
        assert_eq!(statuses(r#"{"errors":false,"items":[]}"#), Ok(Vec::new()));
    }

    #[test]
    fn what_is_no_whole_answer_is_refused() {
        let bodies = [
            "",
            "{}",
            r#"{"items":[{"create":{"status":201}}"#,
            r#"{"items":[{"create":{"status":201}}]"#,
            r#"{"items":[{"create":{"status":201}},]}"#,
            r#"{"items":[{"create":{"status":201}}]}}"#,
            r#"{"items":[{"create":{"status":2}}]}"#,
            r#"{"items":[{"create":{}}]}"#,
            r#"{"items":[{"create":{"status":201},"index":{"status":201}}]}"#,
            r#"{"items":[{"create":{"status":201}}],"items":[]}"#,
            r#"{"errors":fals,"items":[]}"#,
            r#"{"error":{"type":"x"},"status":400}"#,
            "<html>502 Bad Gateway</html>",
        ];
        for body in bodies {
            assert!(statuses(body).is_err(), "{body}");
        }
    }

    fn item() -> impl Strategy<Value = Value> {
        let reason = "[ -~\\\\\"{}\\[\\]\u{e9}]{0,20}";
        prop_oneof![
            4 => prop::sample::select(vec!["create", "index", "update"]).prop_map(|action| json!({action: {"status": 201}})),
            4 => prop::sample::select(vec!["a", "logs-000001", ".ds-logs-app-000007", "caf\u{e9}", "q\"\\"])
                .prop_map(|index| json!({"create": {"_index": index, "status": 201}})),
            1 => (100..600_u16, reason, any::<bool>()).prop_map(|(status, reason, index)| match index {
                true => json!({"create": {"_index": reason, "status": status}}),
                false => json!({"create": {"status": status, "error": {"type": "t", "reason": reason}}}),
            }),
        ]
    }

    #[test]
    fn entries_that_repeat_are_counted_and_not_read_again() {
        let good = r#"{"create":{"_index":"logs-000001","status":201}},"#;
        let other = r#"{"create":{"_index":"logs-000002","status":200}},"#;
        for (before, after) in [(0, 0), (1, 0), (2, 3), (1000, 0), (999, 1), (5, 2000)] {
            let items = format!("{}{other}{}", good.repeat(before), good.repeat(after));
            let body = format!(r#"{{"items":[{}]}}"#, items.trim_end_matches(','));

            let runs = bulk_items(body.as_bytes()).expect("it is an answer");

            assert!(runs.len() <= 5, "{before} {after}: {runs:?}");
            let statuses: Vec<u16> = check::expanded(runs).iter().map(|item| item.status).collect();
            assert_eq!(statuses, [vec![201; before], vec![200], vec![201; after]].concat());
        }
    }

    /// Items of which some come again and again.
    fn items() -> impl Strategy<Value = Vec<Value>> {
        let run = (item(), prop_oneof![3 => Just(1_usize), 2 => 1..4_usize, 1 => 1..150_usize]);
        let runs = prop::collection::vec(run, 0..12);
        runs.prop_map(|runs| runs.into_iter().flat_map(|(item, count)| std::iter::repeat_n(item, count)).collect())
    }

    proptest! {
        #[test]
        fn answers_are_read_as_a_tree_would_be(items in items(), pretty: bool) {
            let tree = json!({"took": 3, "errors": true, "items": items});
            let body = if pretty { serde_json::to_vec_pretty(&tree) } else { serde_json::to_vec(&tree) }.expect("JSON");

            prop_assert_eq!(bulk_items(&body).ok().map(check::expanded), reference(&body));
        }

        #[test]
        fn a_damaged_answer_is_refused_or_read_as_a_tree_would_be(
            items in items(),
            at: prop::sample::Index,
            byte in prop::sample::select(b"{}[]\",:\\ 019ax\x00\xff".to_vec()),
            cut: bool,
        ) {
            let mut body = serde_json::to_vec(&json!({"errors": true, "items": items})).expect("JSON");
            let at = at.index(body.len());
            if cut {
                body.truncate(at);
            } else {
                body[at] = byte;
            }

            check::answer(&body);
            prop_assert!(!cut || bulk_items(&body).is_err());
        }

        #[test]
        fn no_bytes_bring_it_down(body: Vec<u8>) {
            check::answer(&body);
        }
    }
}
