//! Lines of container runtimes: `time stream tag text`.

use memchr::memchr;

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
/// Kubernetes' CRI logging format: `<RFC 3339 time> <stdout|stderr> <P|F> <text>`.
pub fn split(line: &[u8]) -> Option<CriLine<'_>> {
    let after_time = memchr(b' ', line).filter(|at| *at > 0)?;
    let rest = &line[after_time + 1..];
    let stream = rest.get(..6).filter(|stream| *stream == b"stdout" || *stream == b"stderr")?;
    let partial = match rest.get(6..9)? {
        b" F " => false,
        b" P " => true,
        _ => return None,
    };
    Some(CriLine { time: &line[..after_time], stream, partial, text: &rest[9..] })
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
        for line in ["", "plain text", "t stdout X a", "t stdin F a", " stdout F a", "t stdout F", "t stdout"] {
            assert_eq!(split(line.as_bytes()), None, "{line}");
        }
    }
}
