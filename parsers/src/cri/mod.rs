//! Lines of container runtimes: `time stream tag text`.

use memchr::{memchr, memchr_iter};

/// A line taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CriLine<'a> {
    /// The time as written.
    pub time: &'a [u8],
    /// `stdout` or `stderr`.
    pub stream: &'a [u8],
    /// Whether the text goes on in the next line of the same stream (`P`).
    pub partial: bool,
    /// The text.
    pub text: &'a [u8],
}

/// Takes `line` apart; `None` when it is not in the format.
///
/// # Source
/// Kubernetes' CRI logging format: `<RFC 3339 time> <stdout|stderr> <P|F> <text>`. As in Fluent Bit's multiline parser `cri`
/// the time may be any text, blanks included.
#[inline]
pub fn split(line: &[u8]) -> Option<CriLine<'_>> {
    let after_time = memchr(b' ', line)?;
    split_at(line, after_time).or_else(|| split_behind(line, after_time))
}

/// Takes `line` apart whose time has blanks in it, the first of them at `first`.
#[cold]
fn split_behind(line: &[u8], first: usize) -> Option<CriLine<'_>> {
    memchr_iter(b' ', &line[first + 1..]).find_map(|at| split_at(line, first + 1 + at))
}

/// Takes `line` apart whose time ends at `after_time`.
#[inline]
fn split_at(line: &[u8], after_time: usize) -> Option<CriLine<'_>> {
    if after_time == 0 {
        return None;
    }
    let rest = &line[after_time + 1..];
    let stream = rest.get(..6).filter(|stream| *stream == b"stdout" || *stream == b"stderr")?;
    let partial = match rest.get(6..9)? {
        b" F " => false,
        b" P " => true,
        _ => return None,
    };
    Some(CriLine { time: &line[..after_time], stream, partial, text: &rest[9..] })
}

/// Where time, stream and tag of `line` end, if it is one with any tag, as the definition `cri` takes it.
pub(crate) fn ends(line: &[u8]) -> Option<[usize; 3]> {
    let time = memchr(b' ', line).filter(|at| *at > 0)?;
    let stream = time + 1 + b"stdout".len();
    let name = line.get(time + 1..stream)?;
    let rest = line[stream..].strip_prefix(b" ").filter(|_| name == b"stdout" || name == b"stderr")?;
    Some([time, stream, stream + 1 + memchr(b' ', rest)?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_format_are_taken_apart_and_others_refused() {
        let line = split(b"2026-11-23T21:00:00.123456789+01:00 stderr P some  text").expect("it is in the format");
        assert_eq!(
            (line.time.len(), line.stream, line.partial, line.text),
            (35, &b"stderr"[..], true, &b"some  text"[..])
        );
        assert_eq!(split(b"t stdout F ").map(|line| line.text.len()), Some(0));
        assert_eq!(split(b"2 Jan stdout F a").map(|line| line.time), Some(&b"2 Jan"[..]));
        for line in ["", "plain text", "t stdout X a", "t stdin F a", " stdout F a", "t stdout F", "t stdout"] {
            assert_eq!(split(line.as_bytes()), None, "{line}");
        }
    }

    #[test]
    fn the_definition_takes_any_tag() {
        assert_eq!(ends(b"t stdout FX a b"), Some([1, 8, 11]));
        assert_eq!(ends(b"t stderr  a"), Some([1, 8, 9]));
        for line in ["", " stdout F a", "t stdout", "t stdout F", "t stdouts F a", "t stdin1 F a", "a t stdout F a"] {
            assert_eq!(ends(line.as_bytes()), None, "{line}");
        }
    }
}
