//! Takes bulk bodies apart and finds the numbers that the corpus put into events.

use memchr::{memchr, memmem};

/// One action with its document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Item<'a> {
    /// `create`, `index`, `update`.
    pub(super) action: &'a [u8],
    /// The whole action line.
    pub(super) line: &'a [u8],
    /// The document, without newline.
    pub(super) document: &'a [u8],
}

/// Why a body is refused as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed(pub(super) &'static str);

/// Calls `each` for every item of `body`, in order.
pub(super) fn walk<'a>(body: &'a [u8], mut each: impl FnMut(Item<'a>)) -> Result<(), Malformed> {
    if body.is_empty() {
        return Err(Malformed("request body is required"));
    }
    if !body.ends_with(b"\n") {
        return Err(Malformed("The bulk request must be terminated by a newline [\\n]"));
    }
    let mut rest = body;
    while !rest.is_empty() {
        let line = cut_line(&mut rest);
        if line.is_empty() {
            // A node passes over empty lines between items, and some agents send them.
            continue;
        }
        let action = action_of(line).ok_or(Malformed("Malformed action/metadata line, expected a JSON object"))?;
        if rest.is_empty() {
            return Err(Malformed("an action has no document"));
        }
        let document = cut_line(&mut rest);
        if !(document.starts_with(b"{") && document.ends_with(b"}")) {
            return Err(Malformed("a document is not a JSON object"));
        }
        each(Item { action, line, document });
    }
    Ok(())
}

fn cut_line<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let end = memchr(b'\n', rest).unwrap_or(rest.len());
    let line = &rest[..end];
    *rest = &rest[(end + 1).min(rest.len())..];
    line
}

fn action_of(line: &[u8]) -> Option<&[u8]> {
    let name = line.strip_prefix(b"{")?.trim_ascii_start().strip_prefix(b"\"")?;
    let name = &name[..memchr(b'"', name)?];
    [&b"create"[..], b"index", b"update"].into_iter().find(|known| *known == name)
}

/// The text of member `key` (with its quotes) of an action line.
pub(super) fn member<'a>(line: &'a [u8], key: &str) -> Option<&'a [u8]> {
    let behind_key = &line[memmem::find(line, key.as_bytes())? + key.len()..];
    let value = behind_key.trim_ascii_start().strip_prefix(b":")?.trim_ascii_start().strip_prefix(b"\"")?;
    Some(&value[..memchr(b'"', value)?])
}

/// Number of its file and number of its own that an event carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Marker {
    pub(super) src: u32,
    pub(super) seq: u32,
}

/// Finds markers. Holds the searchers, which are costly to make.
pub(super) struct MarkerFinder {
    seq: memmem::Finder<'static>,
    src: memmem::Finder<'static>,
}

impl MarkerFinder {
    pub(super) fn new() -> Self {
        Self { seq: memmem::Finder::new("seq"), src: memmem::Finder::new("src") }
    }

    /// The marker in `document`, whose punctuation may be escaped in any way and whose fields may stand anywhere.
    pub(super) fn find(&self, document: &[u8]) -> Option<Marker> {
        let (seq, seq_end) = number_behind(&self.seq, document, 0)?;
        // Usually it follows at once; agents that sort keys may put it before.
        let near = &document[seq_end..document.len().min(seq_end + 32)];
        let (src, _) = number_behind(&self.src, near, 0).or_else(|| number_behind(&self.src, document, 0))?;
        Some(Marker { src, seq })
    }
}

/// The number behind the first name that is followed by punctuation and digits, and where it ends.
fn number_behind(name: &memmem::Finder<'_>, text: &[u8], from: usize) -> Option<(u32, usize)> {
    const PUNCTUATION: &[u8] = b"\\\"=: ";
    let mut from = from;
    loop {
        let end_of_name = from + name.find(&text[from..])? + 3;
        let behind = &text[end_of_name..];
        let gap = behind.iter().take_while(|byte| PUNCTUATION.contains(byte)).count();
        let digits = behind[gap..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        if gap > 0 && digits > 0 {
            let start = end_of_name + gap;
            let number = std::str::from_utf8(&text[start..start + digits]).ok()?.parse().ok()?;
            return Some((number, start + digits));
        }
        from = end_of_name;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_of_a_body_is_found() {
        let body = b"{\"create\":{\"_index\":\"a\",\"_id\":\"7\"}}\n{\"x\":1}\n\n{ \"index\": {}}\n{}\n\n";
        let mut items = Vec::new();

        walk(body, |item| items.push((item.action, item.document, member(item.line, "\"_id\"")))).expect("well formed");

        assert_eq!(items, [(&b"create"[..], &b"{\"x\":1}"[..], Some(&b"7"[..])), (&b"index"[..], &b"{}"[..], None)]);
    }

    #[test]
    fn a_malformed_body_is_refused() {
        for body in
            ["", "{\"create\":{}}\n{}", "{\"create\":{}}\n", "{}\n{}\n", "{\"create\":{}}\n{\"a\":1\n", "x\ny\n"]
        {
            assert!(walk(body.as_bytes(), |_| ()).is_err(), "{body}");
        }
    }

    #[test]
    fn markers_are_found_however_they_are_written() {
        let finder = MarkerFinder::new();
        for document in [
            r#"{"level":"info","seq":12,"src":3,"x":1}"#,
            r#"{"log":"{\"level\":\"info\",\"seq\":12,\"src\":3,\"x\":1}"}"#,
            r#"{"path":"/a?seq=12&src=3 HTTP/1.1"}"#,
            r#"{"path":"/a?seq=12\u0026src=3 HTTP/1.1"}"#,
            r#"{"seq":12,"service":"a long name of a service and more","src":3}"#,
            r#"{"src":3,"level":"info","message":"x","seq":12}"#,
            r#"{"log":"sequence 9 of consequences: seq=12 src=3 \u0000"}"#,
            r#"{"seq": "12", "src": "3"}"#,
        ] {
            assert_eq!(finder.find(document.as_bytes()), Some(Marker { src: 3, seq: 12 }), "{document}");
        }
        assert_eq!(finder.find(br#"{"log":"\tat a.b.C"}"#), None);
    }
}
