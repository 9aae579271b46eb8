//! How a candidate is written: in one piece, in the groups of its kind, or in groups of something else.

use super::{Candidate, Shape};

/// Groups of a kind of value, and the separators that may stand between them: the same one everywhere.
pub(super) type Way = (&'static [u8], &'static [u8]);

/// Every separator.
pub(super) const ANY: &[u8] = b" .-/";

/// [`Shape::Bare`] when in one piece, [`Shape::Canonical`] when written in one of these ways, else nothing: then its groups
/// are those of another thing.
pub(super) fn written(candidate: &Candidate<'_>, ways: &[Way]) -> Option<Shape> {
    if candidate.groups.len() == 1 {
        return Some(Shape::Bare);
    }
    let mark = candidate.separators.first()?;
    let alike = candidate.separators.iter().all(|other| other == mark);
    // In the query of a URL a space is a plus.
    let is_mark = |marks: &[u8]| marks.contains(mark) || *mark == b'+' && marks.contains(&b' ');
    let known = ways.iter().any(|(groups, marks)| candidate.groups == *groups && is_mark(marks));
    (alike && known).then_some(Shape::Canonical)
}

/// As [`written`], for groups that other things have too: they count no more than one piece.
pub(super) fn loosely(candidate: &Candidate<'_>, ways: &[Way]) -> Option<Shape> {
    written(candidate, ways).map(|_| Shape::Bare)
}

/// Whether it has these groups and these separators, one by one.
pub(super) fn exactly(candidate: &Candidate<'_>, groups: &[u8], separators: &[u8]) -> bool {
    candidate.groups == groups && candidate.separators == separators
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(groups: &[u8], separators: &[u8]) -> Option<Shape> {
        written(&Candidate { plain: b"", groups, separators }, &[(&[3, 3, 4], b" -"), (&[6, 4], b"-")])
    }

    #[test]
    fn one_piece_is_bare_and_the_groups_of_its_kind_are_canonical() {
        assert_eq!(seen(&[10], b""), Some(Shape::Bare));
        assert_eq!(seen(&[3, 3, 4], b"  "), Some(Shape::Canonical));
        assert_eq!(seen(&[6, 4], b"-"), Some(Shape::Canonical));
    }

    #[test]
    fn a_plus_is_a_space_and_nothing_else() {
        assert_eq!(seen(&[3, 3, 4], b"++"), Some(Shape::Canonical));
        assert_eq!(seen(&[3, 3, 4], b"+ "), None);
        assert_eq!(seen(&[6, 4], b"+"), None);
    }

    #[test]
    fn other_groups_and_separators_are_another_thing() {
        assert_eq!(seen(&[3, 3, 4], b" -"), None);
        assert_eq!(seen(&[3, 3, 4], b".."), None);
        assert_eq!(seen(&[6, 4], b" "), None);
        assert_eq!(seen(&[5, 5], b"-"), None);
    }
}
