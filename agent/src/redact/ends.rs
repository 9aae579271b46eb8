//! Where runs of bytes end. Many beginnings may lie in one run, in a flood of them nearly all: each run is read once.

use std::ops::Range;

use super::quote::slashes_of_quote;

/// What runs are made of.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// A token of a vendor: letters, digits, `_`, `-` and `.`, the last of which is no dot.
    Token,
    /// A value without quotes.
    Bare,
    /// A cookie among others, and all those of a header.
    Cookie,
    Cookies,
    /// Letters, digits, `_` and `-`.
    Word,
}

const KINDS: usize = 5;

/// What each byte may be part of, a bit for each kind.
static PARTS: [u8; 256] = {
    let mut parts = [0; 256];
    let mut at = 0;
    while at < 256 {
        let byte = at as u8;
        let is_word = byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        let is_token = is_word || byte == b'.';
        let ends_bare = byte.is_ascii_whitespace()
            || matches!(byte, b',' | b';' | b'&' | b')' | b'}' | b']' | b'"' | b'\'' | b'<' | b'>' | b'|');
        let ends_cookies = matches!(byte, b'\n' | b'\r' | b'"');
        let ends_cookie = ends_cookies || matches!(byte, b';' | b' ' | b'?' | b'&');
        parts[at] = is_token as u8
            | (!ends_bare as u8) << 1
            | (!ends_cookie as u8) << 2
            | (!ends_cookies as u8) << 3
            | (is_word as u8) << 4;
        at += 1;
    }
    parts
};

/// How long the run of this `kind` is that `text` begins with.
pub(super) fn run_length(text: &[u8], kind: Kind) -> usize {
    text.iter().take_while(|byte| PARTS[usize::from(**byte)] >> kind as u8 & 1 == 1).count()
}

/// The runs of each kind that were read last.
#[derive(Debug, Default)]
pub(super) struct Ends {
    runs: [Range<usize>; KINDS],
    /// The word before the last `@` that was looked through.
    pub(super) account: Range<usize>,
}

impl Ends {
    /// Where the run of this `kind` ends that `start` belongs to, and how many bytes were read to tell.
    #[inline]
    pub(super) fn find(&mut self, text: &[u8], start: usize, kind: Kind) -> (usize, usize) {
        let known = &mut self.runs[kind as usize];
        if known.contains(&start) {
            return (known.end, 0);
        }
        let run = text.get(start..).unwrap_or_default();
        let read = run_length(run, kind);
        let length = match kind {
            Kind::Token => run[..read].iter().rposition(|byte| *byte != b'.').map_or(0, |last| last + 1),
            // The backslashes before a quote are not of the value.
            _ if matches!(run.get(read), Some(b'"' | b'\'')) => read - slashes_of_quote(&run[..read]),
            _ => read,
        };
        *known = start..start + length;
        (start + length, read)
    }
}
