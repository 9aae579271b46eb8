//! Messages of RFC 3164, also with the times of today's senders.

use memchr::memchr;

use super::{Parts, leading, word};
use crate::batch::Span;

/// The parts of `line` from the time on, which stands at `at`.
pub(super) fn parts(line: &[u8], at: usize, has_host: bool) -> Option<Parts> {
    let (time, at) = time(line, at)?;
    let (host, at) = if has_host { word(line, at)? } else { (Span::default(), at) };
    let tag = tag(&line[at..]);
    let moved = |(start, end): (usize, usize)| Span::between(at + start, at + end);
    let message = at + tag.end + leading(&line[at + tag.end..], |byte| *byte == b' ');
    let message = Span::between(message, line.len());
    Some(Parts { time, host, ident: moved(tag.ident), pid: moved(tag.pid), message, ..Parts::default() })
}

/// The time at `at`, `Oct 11 22:14:15`, `Oct 11 2003 22:14:15` or `2003-10-11T22:14:15.003Z`, and where the next word begins.
fn time(line: &[u8], at: usize) -> Option<(Span, usize)> {
    let (first, behind) = word(line, at)?;
    let text = &line[first.range()];
    if is_date(text) {
        return Some((first, behind));
    }
    if text.len() != 3 || !text.iter().all(u8::is_ascii_alphabetic) {
        return None;
    }
    let day = behind + usize::from(line.get(behind) == Some(&b' '));
    let (day, behind) = word(line, day)?;
    let (third, behind) = word(line, behind)?;
    let (clock, behind) = clock_behind_year(line, third, behind).unwrap_or((third, behind));
    let is_number = |word: Span| line[word.range()].first().is_some_and(u8::is_ascii_digit);
    (is_number(day) && is_number(clock)).then(|| (Span::between(at, clock.end()), behind))
}

/// The clock at `at` if `year`, the word before it, is one, and where the next word begins.
fn clock_behind_year(line: &[u8], year: Span, at: usize) -> Option<(Span, usize)> {
    if !is_shaped(&line[year.range()], b"0000") {
        return None;
    }
    word(line, at).filter(|(clock, _)| is_shaped(&line[clock.range()], b"00:00:00"))
}

/// Whether `text` begins as `2003-10-11T`.
fn is_date(text: &[u8]) -> bool {
    const SHAPE: &[u8] = b"0000-00-00T";
    text.len() > SHAPE.len() && is_shaped(&text[..SHAPE.len()], SHAPE)
}

/// Whether `text` is as `shape`, where `0` is any digit.
fn is_shaped(text: &[u8], shape: &[u8]) -> bool {
    let fits = |(byte, shape): (&u8, &u8)| if *shape == b'0' { byte.is_ascii_digit() } else { byte == shape };
    text.len() == shape.len() && text.iter().zip(shape).all(fits)
}

/// Where the program and its number stand in a text, and where what it says begins.
#[derive(Default)]
struct Tag {
    ident: (usize, usize),
    pid: (usize, usize),
    end: usize,
}

/// The tag that `text` begins with: `name[number]:`, or a word without a colon.
///
/// Another word with a colon at its end is one as a whole. Nothing is left out: where there is no tag, all is the message.
fn tag(text: &[u8]) -> Tag {
    let name = leading(text, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'/' | b'.' | b'-'));
    let pid = number(&text[name..]).map_or((0, 0), |digits| (name + 1, name + 1 + digits));
    let end = if pid.1 > 0 { pid.1 + 1 } else { name };
    match text.get(end) {
        Some(b':') => return Tag { ident: (0, name), pid, end: end + 1 },
        Some(b' ') | None => return Tag { ident: (0, name), pid, end },
        Some(_) => {}
    }
    let word = memchr(b' ', text).unwrap_or(text.len());
    let Some(tag) = text[..word].strip_suffix(b":") else { return Tag::default() };
    let bracket = tag.iter().rposition(|byte| *byte == b'[');
    let pid = bracket.and_then(|at| Some((at, number(&tag[at..]).filter(|digits| at + digits + 2 == tag.len())?)));
    match pid {
        Some((at, digits)) => Tag { ident: (0, at), pid: (at + 1, at + 1 + digits), end: word },
        None => Tag { ident: (0, tag.len()), pid: (0, 0), end: word },
    }
}

/// How many digits stand between the brackets that `text` begins with.
fn number(text: &[u8]) -> Option<usize> {
    let rest = text.strip_prefix(b"[")?;
    let digits = leading(rest, u8::is_ascii_digit);
    (digits > 0 && rest.get(digits) == Some(&b']')).then_some(digits)
}
