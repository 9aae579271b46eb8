//! Errors as OpenSearch words them.

use serde_json::Value;

/// An error of OpenSearch: its name and its text.
///
/// The text may quote values of the document: for the dead-letter file, never for the log. See [`scrubbed`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ErrorDetail {
    /// Its name, such as `mapper_parsing_exception`.
    pub kind: String,
    /// Its text, that of its cause included.
    pub reason: String,
}

impl ErrorDetail {
    /// Reads an `error` member: an object, or plain text.
    pub(super) fn new(error: &Value) -> Self {
        let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        if let Some(plain) = error.as_str() {
            return Self { kind: String::new(), reason: plain.to_owned() };
        }
        let mut reason = text(error, "reason");
        if let Some(cause) = error.get("caused_by") {
            reason.push_str(&format!("; caused by {}: {}", text(cause, "type"), text(cause, "reason")));
        }
        Self { kind: text(error, "type"), reason }
    }
}

/// The error that was answered for a request as a whole; `None` when `body` holds none.
pub fn request_error(body: &[u8]) -> Option<ErrorDetail> {
    let tree: Value = serde_json::from_slice(body).ok()?;
    tree.get("error").map(ErrorDetail::new)
}

/// The name of an error where it is one, such as `mapper_parsing_exception`; `other` for anything else, which nobody vouches for.
pub fn error_name(kind: &str) -> &str {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if kind.len() <= 64 && kind.bytes().all(allowed) { kind } else { "other" }
}

/// The permission that a security exception asks for, such as `indices:admin/create`.
pub fn permission(reason: &str) -> Option<&str> {
    let (_, inside) = reason.split_once('[')?;
    let (name, _) = inside.split_once(']')?;
    let is_plain = name.len() < 100 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b":/_*.".contains(&b));
    (is_plain && (name.starts_with("indices:") || name.starts_with("cluster:"))).then_some(name)
}

/// Longest piece of a reason that reaches the log.
const LONGEST: usize = 200;

/// The part of a reason that quotes nothing of the document.
///
/// It ends before the first quotation, since nobody can tell where a quoted value ends that holds quotes itself. Names of fields
/// and types in brackets stay.
pub fn scrubbed(reason: &str) -> String {
    let mut kept = String::new();
    let mut rest = reason;
    while let Some((before, bracketed)) = rest.split_once('[') {
        let names_something = ["field ", "of type ", "object mapping for "].iter().any(|word| before.ends_with(word));
        let name = bracketed.split_once(']').map(|(name, _)| name).filter(|name| is_name(name));
        let Some(name) = name.filter(|_| names_something && quotation(before).is_none()) else { break };
        kept.push_str(&format!("{before}[{name}]"));
        rest = bracketed.split_once(']').map_or("", |(_, after)| after);
    }
    let end = [quotation(rest), rest.find('['), rest.find("Preview of")].into_iter().flatten().min();
    kept.push_str(end.and_then(|end| rest.get(..end)).unwrap_or(rest));
    let is_cut = end.is_some() || kept.chars().count() > LONGEST;
    let mut short: String = kept.chars().take(LONGEST).filter(|c| !c.is_control()).collect();
    if is_cut {
        short.truncate(short.trim_end().len());
        short.push_str(" \u{2026}");
    }
    short
}

fn is_name(text: &str) -> bool {
    let allowed = |c: char| c.is_alphanumeric() || "_.@-".contains(c);
    !text.is_empty() && text.len() <= 100 && text.chars().all(allowed)
}

/// Where a quotation begins: a quote, or an apostrophe that stands inside no word.
fn quotation(text: &str) -> Option<usize> {
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        if c == '"' || (c == '\'' && !before.is_alphanumeric()) {
            return Some(at);
        }
        before = c;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_document_is_left_in_a_scrubbed_reason() {
        let cases = [
            (
                "failed to parse field [a.b] of type [long] in document with id 'm'. Preview of field's value: 'secret-42'",
                "failed to parse field [a.b] of type [long] in document with id \u{2026}",
            ),
            ("failed to parse date field [secret-42 2024] with format [x]", "failed to parse date field \u{2026}"),
            ("For input string: \"it's \"secret-42\"\"", "For input string: \u{2026}"),
            ("a field's value secret", "a field's value secret"),
            ("Preview of field's value: 'it's secret-42'", "\u{2026}"),
            ("no such index [secret-42]", "no such index \u{2026}"),
            ("Unrecognized token 'secret-42': was expecting [x]", "Unrecognized token \u{2026}"),
            (
                "object mapping for [user] tried to parse field [user] as object, but found a concrete value",
                "object mapping for [user] tried to parse field [user] as object, but found a concrete value",
            ),
            ("blocked", "blocked"),
            ("", ""),
        ];
        for (reason, expected) in cases {
            assert_eq!(scrubbed(reason).trim_start(), expected);
        }
    }

    #[test]
    fn only_what_looks_like_the_name_of_an_error_is_one() {
        assert_eq!(error_name("mapper_parsing_exception"), "mapper_parsing_exception");
        assert_eq!(error_name(""), "");
        for kind in ["secret 42", "Secret", "a\nb", &"x".repeat(65)] {
            assert_eq!(error_name(kind), "other");
        }
    }

    #[test]
    fn a_long_reason_is_cut() {
        assert_eq!(scrubbed(&"x".repeat(500)).chars().count(), LONGEST + 2);
    }

    #[test]
    fn errors_of_whole_requests_are_objects_or_text() {
        let object = br#"{"error":{"root_cause":[],"type":"a_exception","reason":"why"},"status":400}"#;
        let detail = ErrorDetail { kind: "a_exception".into(), reason: "why".into() };
        assert_eq!(request_error(object), Some(detail));

        let text = br#"{"error":"no handler found for uri [/x]"}"#;
        assert_eq!(request_error(text).map(|error| error.reason).as_deref(), Some("no handler found for uri [/x]"));
        assert_eq!(request_error(b"Unauthorized"), None);
    }
}
