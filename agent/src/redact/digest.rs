//! What follows `Digest` in an `Authorization` header: names and values, of which the name of the user and the answer are secret.

use super::quote::SLASHES;
use super::scanner::Pass;

/// Bytes before a scheme that tell whether it is a kind, and longest name behind it.
const KIND: usize = 16;
const NAME: usize = 40;

impl Pass<'_> {
    /// Whether the scheme at `at` is the kind of a token, and behind it, at `start`, the next name stands with its mark:
    /// `token_type=Bearer expires_in=3600`.
    pub(super) fn is_type(&self, at: usize, start: usize) -> bool {
        let before = self.text[at.saturating_sub(KIND)..at].trim_ascii_end();
        let Some(before) = before.strip_suffix(b"=").or_else(|| before.strip_suffix(b":")) else { return false };
        let before = before.trim_ascii_end();
        let is_named = [&b"type"[..], b"scheme"]
            .iter()
            .any(|name| before.len().checked_sub(name.len()).is_some_and(|at| before[at..].eq_ignore_ascii_case(name)));
        let behind = self.text.get(start..).unwrap_or_default();
        let is_part = |byte: &&u8| byte.is_ascii_lowercase() || **byte == b'_';
        let length = behind.iter().take(NAME).take_while(is_part).count();
        is_named && length > 0 && matches!(behind.get(length), Some(b'=' | b':'))
    }

    /// Whether a name and its value stand at `start`, and no credential: `DigestMethod Algorithm="…"`. Behind what fills one up with
    /// `=` nothing more of it stands.
    pub(super) fn is_pair(&self, start: usize) -> bool {
        let text = self.text.get(start..).unwrap_or_default();
        let is_part = |byte: &&u8| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'-' | b':');
        let length = text.iter().take(NAME).take_while(is_part).count();
        let goes_on = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'#' | b'-' | b'_');
        length > 0
            && match text.get(length..) {
                Some([b'=', b'"' | b'\'', next, ..]) => goes_on(*next),
                Some([b'=', next, ..]) => goes_on(*next),
                _ => false,
            }
    }

    /// The list of `name=value` at `start`, to its end. Gives whether it is one of an answer: it has the name of a user.
    pub(super) fn digest(&mut self, start: usize) -> bool {
        let text = self.text.get(start..).unwrap_or_default();
        let Some(bearer) = self.engine.own.bearer.filter(|_| text.starts_with(b"username=")) else { return false };
        let length = list_length(text);
        self.keep(bearer, start..start + length);
        self.next = start + length;
        true
    }
}

/// How long a list of `name=value` is, whose values may stand in quotes, and these behind backslashes.
pub(super) fn list_length(text: &[u8]) -> usize {
    let mut end = 0;
    loop {
        let name = text[end..]
            .iter()
            .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'*'))
            .count();
        if name == 0 || text.get(end + name) != Some(&b'=') {
            // The comma before belongs to what follows.
            return text[..end].trim_ascii_end().strip_suffix(b",").map_or(end, <[u8]>::len);
        }
        end += name + 1;
        end += value_length(&text[end..]);
        let marks = text[end..].iter().take(2).take_while(|byte| matches!(byte, b',' | b' ')).count();
        if marks == 0 || text[end] != b',' {
            return end;
        }
        end += marks;
    }
}

fn value_length(text: &[u8]) -> usize {
    let escapes = text.iter().take(SLASHES).take_while(|byte| **byte == b'\\').count();
    if text.get(escapes) == Some(&b'"') {
        let behind = &text[escapes + 1..];
        let close = behind.iter().position(|byte| matches!(byte, b'"' | b'\n'));
        return close.map_or(text.len(), |close| escapes + 1 + close + usize::from(behind[close] == b'"'));
    }
    text.iter().take_while(|byte| !byte.is_ascii_whitespace() && !matches!(byte, b',' | b'"' | b'\\')).count()
}
