//! The ways in which a tag can be read that was made from a path, whose `/` became dots.

use std::ops::Range;

use crate::redact::Finding;

/// Longest part of a tag that is read as a path at once: values are shorter.
const LONGEST: usize = 256;
/// Labels of digits that may be one value: an address has four.
const DIGITS: Range<usize> = 4..7;
/// Digits of a year, behind which a month, a day and an hour follow.
const YEAR: usize = 4;

/// A tag, or a part of it as a path.
pub(super) struct Reading {
    pub(super) text: Vec<u8>,
    /// Where in the tag the text begins.
    start: usize,
    /// Bytes of the text before it.
    before: usize,
}

impl Reading {
    /// `finding` as it lies in the tag.
    pub(super) fn give_back(&self, finding: &Finding) -> Finding {
        let place = |at: u32| u32::try_from(self.start + (at as usize).saturating_sub(self.before)).unwrap_or(u32::MAX);
        Finding { start: place(finding.start), end: place(finding.end), ..*finding }
    }
}

/// The ways in which `tag` can be read: as it stands, and from each label on as a path. There a name may hold a dot (`home.jane.doe`
/// came of `/home/jane.doe`), and so may what consists of digits.
pub(super) fn readings(tag: &str) -> impl Iterator<Item = Reading> + '_ {
    let tag = tag.as_bytes();
    let mut end = 0;
    let labels: Vec<Range<usize>> = tag
        .split(|byte| *byte == b'.')
        .map(|label| {
            let start = end;
            end = start + label.len() + 1;
            start..end - 1
        })
        .collect();
    let whole = Reading { text: tag.to_owned(), start: 0, before: 0 };
    let paths = (0..labels.len()).flat_map(move |first| {
        let start = labels[first].start;
        dotted(tag, &labels[first..]).into_iter().map(move |dotted| path(tag, start, &dotted))
    });
    std::iter::once(whole).chain(paths)
}

/// What may have had its dots already, behind the first one of `labels`.
fn dotted(tag: &[u8], labels: &[Range<usize>]) -> Vec<Range<usize>> {
    let Some((first, behind)) = labels.split_first() else { return Vec::new() };
    let is_number = |label: &Range<usize>| tag[label.clone()].iter().all(u8::is_ascii_digit);
    let of_labels = |count: usize| behind.get(..count).and_then(|all| Some(all.first()?.start..all.last()?.end));
    let numbers = behind.iter().take(DIGITS.end).take_while(|label| is_number(label)).count();
    let is_date = is_number(first) && first.len() == YEAR;
    let counts = DIGITS.filter(|count| !is_date && *count <= numbers).chain([2]);
    std::iter::once(0..0).chain(counts.filter_map(of_labels)).collect()
}

/// The part of `tag` from `start` on as a path, in which `dotted` keeps its dots.
fn path(tag: &[u8], start: usize, dotted: &Range<usize>) -> Reading {
    let part = &tag[start..tag.len().min(start + LONGEST)];
    let separator = |(at, byte): (usize, &u8)| match byte {
        b'.' if !dotted.contains(&(start + at)) => b'/',
        byte => *byte,
    };
    let text = std::iter::once(b'/').chain(part.iter().enumerate().map(separator)).collect();
    Reading { text, start, before: 1 }
}

#[cfg(test)]
mod tests {
    use super::super::check::redactor;

    #[test]
    fn a_tag_is_judged_as_the_path_that_it_came_from() {
        let mut redactor = redactor();
        for (tag, expected) in [
            ("app.tg.203.0.113.77.app.log", Some("app.tg.redacted-ipv4.app.log")),
            ("203.0.113.77.app.log", Some("redacted-ipv4.app.log")),
            ("tg.5.203.0.113.77.log", Some("tg.redacted-ipv4.log")),
            ("app.home.jdupont.mail.x.log", Some("app.home.redacted-username.x.log")),
            ("home.jean.dupont.x.log", Some("home.redacted-username.x.log")),
            ("c.Users.jdupont.AppData.x.log", Some("c.Users.redacted-username.x.log")),
            ("app.logs.jean.dupont@example.fr.a.log", Some("redacted-email.a.log")),
            ("tg.06.12.34.56.78.app.log", Some("tg.redacted-ipv4.app.log")),
            ("tg.4111111111111111.log", Some("tg.redacted-card.log")),
            ("kube.var.log.containers.web-1_shop_cart-0123456789abcdef.log", None),
            ("app.logs.2026.11.30.12.5.log", None),
            ("app.1.2.3.4.lib", None),
            ("var.log.nginx.access.log", None),
            ("..", None),
            ("", None),
        ] {
            assert_eq!(redactor.tag(tag).as_deref(), expected, "{tag}");
        }
    }
}
