//! Lines of a bulk body.

use super::push_escaped;

/// What a bulk item asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Store it unless the id is taken.
    Create,
    /// Store it, over what has the id.
    Index,
    /// Change the document with the id.
    Update,
    /// Change the document with the id, or store it.
    Upsert,
}

impl Operation {
    /// Whether it makes sense only with an id of the user's own.
    pub fn needs_id(self) -> bool {
        matches!(self, Self::Update | Self::Upsert)
    }

    /// What stands before the document.
    pub fn document_prefix(self) -> &'static [u8] {
        match self {
            Self::Create | Self::Index => b"{",
            Self::Update => b"{\"doc\":{",
            Self::Upsert => b"{\"doc_as_upsert\":true,\"doc\":{",
        }
    }

    /// What stands behind the document, newline included.
    pub fn document_suffix(self) -> &'static [u8] {
        if self.needs_id() { b"}}\n" } else { b"}\n" }
    }
}

/// Appends the action line up to where the id stands: `{"create":{"_index":"logs","_id":"`.
pub fn push_action_prefix(operation: Operation, index: &[u8], out: &mut Vec<u8>) {
    let action: &[u8] = match operation {
        Operation::Create => b"{\"create\":{\"_index\":\"",
        Operation::Index => b"{\"index\":{\"_index\":\"",
        Operation::Update | Operation::Upsert => b"{\"update\":{\"_index\":\"",
    };
    out.extend_from_slice(action);
    push_escaped(index, out);
    out.extend_from_slice(b"\",\"_id\":\"");
}

/// Appends the action line of a document that is sent once more, as it was read from a dead letter.
pub fn push_action(action: &str, index: &str, id: Option<&str>, out: &mut Vec<u8>) {
    for (before, text) in [("{\"", action), ("\":{\"_index\":\"", index)] {
        out.extend_from_slice(before.as_bytes());
        push_escaped(text.as_bytes(), out);
    }
    if let Some(id) = id {
        out.extend_from_slice(b"\",\"_id\":\"");
        push_escaped(id.as_bytes(), out);
    }
    out.extend_from_slice(ACTION_SUFFIX);
}

/// What stands behind the id, newline included.
pub const ACTION_SUFFIX: &[u8] = b"\"}}\n";

/// Why a name cannot be the name of an index, or `None` when it can.
///
/// # Source
/// OpenSearch reference, "Index naming restrictions".
pub fn index_name_flaw(name: &[u8]) -> Option<&'static str> {
    if name.is_empty() || name == b"." || name == b".." {
        return Some("it is empty, `.` or `..`");
    }
    if name.len() > 255 {
        return Some("it has more than 255 bytes");
    }
    if matches!(name[0], b'_' | b'-' | b'+') {
        return Some("it begins with `_`, `-` or `+`");
    }
    let Ok(text) = std::str::from_utf8(name) else { return Some("it is not UTF-8") };
    if text.chars().any(char::is_uppercase) {
        return Some("it has capital letters");
    }
    let forbidden = |c: char| c.is_control() || c.is_whitespace() || "\\/*?\"<>|,#:".contains(c);
    text.chars().any(forbidden).then_some("it holds a blank, a control character or one of \\ / * ? \" < > | , # :")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_opensearch_refuses_are_known() {
        for good in ["logs", "logs-2024.01.01", ".hidden", "l\u{f6}g", "a_b-c+d"] {
            assert_eq!(index_name_flaw(good.as_bytes()), None, "{good}");
        }
        let long = "x".repeat(256);
        for bad in
            ["", ".", "..", "_a", "-a", "+a", "Logs", "a b", "a/b", "a\"b", "a,b", "a#b", "a:b", "a\nb", "a*", &long]
        {
            assert!(index_name_flaw(bad.as_bytes()).is_some(), "{bad}");
        }
        assert!(index_name_flaw(b"\xff").is_some());
    }

    #[test]
    fn an_action_is_written_as_it_was_read() {
        let mut out = Vec::new();
        push_action("create", "logs", Some("a\"1"), &mut out);
        push_action("index", "logs", None, &mut out);
        let expected = "{\"create\":{\"_index\":\"logs\",\"_id\":\"a\\\"1\"}}\n{\"index\":{\"_index\":\"logs\"}}\n";
        assert_eq!(String::from_utf8_lossy(&out), expected);
    }

    #[test]
    fn update_and_upsert_wrap_the_document() {
        for (operation, line) in [
            (Operation::Create, "{}\n"),
            (Operation::Update, "{\"doc\":{}}\n"),
            (Operation::Upsert, "{\"doc_as_upsert\":true,\"doc\":{}}\n"),
        ] {
            let whole = [operation.document_prefix(), operation.document_suffix()].concat();
            assert_eq!(String::from_utf8_lossy(&whole), line);
        }
    }
}
