//! How values are written that count without a word: in which groups, or in one piece. So a number in other groups is asked
//! nothing at all where no word speaks for it. A test holds this against the checks of all detectors.

use std::ops::Range;

use super::endings::{End, Endings, Track};
use super::engine::Asked;
use super::{Detector, Form, Tier, vat};

/// Detectors that count in one piece without a word though they are not of the first tier.
const ALONE: &[&str] = &["card"];

/// Groups of what counts without a word, by entity.
const WAYS: &[(&str, &[&[u8]])] = &[
    ("be_nn", &[&[2, 2, 2, 3, 2]]),
    ("card", &[&[4, 4, 4, 2], &[4, 4, 4, 3], &[4, 4, 4, 4], &[4, 4, 7], &[4, 6, 4], &[4, 6, 5], &[8, 8]]),
    ("ch_ahv", &[&[3, 4, 4, 2]]),
    (
        "ch_uid",
        &[&[3, 3, 3, 3], &[3, 3, 3, 3, 3], &[3, 3, 3, 3, 4], &[3, 9], &[3, 9, 3], &[3, 9, 4], &[12, 3], &[12, 4]],
    ),
    ("cz_rc", &[&[6, 3], &[6, 4]]),
    ("de_rvnr", &[&[2, 6, 1, 2, 1], &[2, 6, 1, 3]]),
    ("de_steuer_id", &[&[2, 3, 3, 3]]),
    ("dk_cpr", &[&[6, 4]]),
    ("es_dni", &[&[2, 3, 3, 1], &[2, 3, 4], &[8, 1]]),
    ("es_nie", &[&[1, 7, 1], &[1, 8], &[8, 1]]),
    ("es_nif", &[&[1, 7, 1], &[1, 8], &[8, 1]]),
    ("fi_hetu", &[&[6, 4]]),
    ("fr_nir", &[&[1, 2, 2, 2, 3, 3], &[1, 2, 2, 2, 3, 3, 2], &[1, 2, 2, 2, 6], &[1, 2, 2, 2, 6, 2], &[13, 2]]),
    ("fr_plate", &[&[2, 3, 2]]),
    ("fr_rib", &[&[5, 5, 11, 2]]),
    ("fr_siren", &[&[3, 3, 3]]),
    ("fr_siret", &[&[3, 3, 3, 5], &[9, 5]]),
    ("fr_spi", &[&[2, 2, 3, 3, 3]]),
    ("fr_vat", &[&[2, 2, 3, 3, 3], &[2, 2, 9], &[2, 11], &[4, 3, 3, 3], &[4, 9]]),
    ("gb_nhs", &[&[3, 3, 4]]),
    ("gb_nino", &[&[2, 2, 2, 2, 1]]),
    ("is_kt", &[&[6, 4]]),
    ("it_cf", &[&[3, 3, 5, 4, 1], &[3, 3, 5, 5]]),
    ("lu_matricule", &[&[4, 2, 2, 3, 2], &[4, 2, 2, 5], &[4, 4, 5], &[8, 3, 2], &[8, 5]]),
    ("lv_pk", &[&[6, 5]]),
    ("no_fnr", &[&[2, 2, 2, 5], &[6, 5]]),
    ("phone_fr", &[&[2, 2, 2, 2, 2]]),
    ("pl_nip", &[&[3, 2, 2, 3], &[3, 3, 2, 2]]),
    ("pt_cc", &[&[8, 1, 2, 1], &[8, 1, 3], &[9, 3]]),
    ("ro_cnp", &[&[1, 2, 2, 2, 2, 3, 1], &[1, 6, 2, 4], &[1, 6, 6]]),
    ("se_pnr", &[&[6, 4], &[8, 4]]),
];

/// Groups of the addresses of devices, which are looked for apart.
const DEVICES: [&[u8]; 2] = [&[2, 2, 2, 2, 2, 2], &[4, 4, 4]];

/// Detectors of letters and digits that also take digits alone in groups.
const WITHOUT_LETTERS: &[&str] = &["fi_hetu", "fr_nir"];

/// Groups of the longest way.
pub(super) const GROUPS: usize = 7;

/// The lengths of groups, one after the other in four bits each, and whether letters are among them.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Way(u32);

impl Way {
    /// These groups and one more, of `length` bytes. No way has groups of 15 bytes or more, or more than seven.
    #[inline(always)]
    pub(super) fn and(self, length: u8) -> Self {
        Self((self.0 << 4) & ((1 << 28) - 1) | u32::from(length.min(15)))
    }

    #[inline(always)]
    pub(super) fn with_letters(self) -> Self {
        Self(self.0 | 1 << 31)
    }

    /// The length of the first of its last `count` groups.
    #[inline(always)]
    pub(super) fn first(self, count: usize) -> usize {
        (self.0 >> (4 * (count - 1)) & 15) as usize
    }

    fn of(groups: &[u8], has_letters: bool) -> Self {
        let way = groups.iter().fold(Self::default(), |way, group| way.and(*group));
        if has_letters { way.with_letters() } else { way }
    }

    /// The lengths of its groups, of which the last `count` stand behind zeros, and `count`.
    pub(super) fn groups(self) -> ([u8; GROUPS], usize) {
        let groups = std::array::from_fn(|at| (self.0 >> (4 * (GROUPS - 1 - at))) as u8 & 15);
        (groups, GROUPS - groups.iter().take_while(|length| **length == 0).count())
    }

    fn has_letters(self) -> bool {
        self.0 >> 31 == 1
    }
}

/// How values begin: with one of these digits (and no second zero), with a letter and something else (`a`), or with two letters (`A`). Others begin in
/// any way.
const BEGINNINGS: &[(&str, &str)] = &[
    ("card", "23456"),
    ("ch_ahv", "7"),
    ("ch_uid", "A"),
    ("de_rvnr", "0123456789"),
    ("es_nie", "a"),
    ("es_nif", "a"),
    ("fi_hetu", "0123"),
    ("fr_nir", "123478"),
    ("fr_plate", "A"),
    ("fr_vat", "A"),
    ("gb_nino", "A"),
    ("it_cf", "A"),
    ("lu_matricule", "12"),
    ("phone_fr", "0"),
    ("vat", "A"),
];

/// A set of beginnings, one bit each.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Beginning(u16);

impl Beginning {
    /// That of `text` itself.
    #[inline(always)]
    pub(super) fn of(first: u8, second: u8) -> Self {
        let digit = first.wrapping_sub(b'0');
        Self(match (digit, second) {
            (0, b'0') => 1 << 12,
            (0..10, _) => 1 << digit,
            _ => 1 << (10 + u8::from(second.is_ascii_alphabetic())),
        })
    }

    /// Those of the values of `detector` that count without a word.
    pub(super) fn of_values(detector: &Detector) -> Self {
        let written = BEGINNINGS.iter().find(|(entity, _)| *entity == detector.entity);
        written.map_or(Self(u16::MAX), |(_, written)| Self::read(written))
    }

    fn read(written: &str) -> Self {
        Self(written.bytes().fold(0, |set, one| {
            set | match one {
                b'A' => 1 << 11,
                b'a' => 1 << 10,
                digit => 1 << (digit - b'0'),
            }
        }))
    }

    #[inline(always)]
    pub(super) fn and(self, more: Self) -> Self {
        Self(self.0 | more.0)
    }

    #[inline(always)]
    pub(super) fn is_none(self) -> bool {
        self.0 == 0
    }

    #[inline(always)]
    pub(super) fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// One way of one detector.
#[derive(Clone, Copy, Debug)]
struct Entry {
    way: Way,
    asked: Asked,
}

/// The detectors that each way leads to.
#[derive(Debug, Default)]
pub(super) struct Ways {
    endings: Endings,
    /// All entries, those of one way beside each other.
    entries: Vec<Entry>,
}

impl Ways {
    /// Adds the ways of `detector`.
    pub(super) fn add(&mut self, detector: &Detector, asked: Asked) {
        let has_letters = matches!(detector.form, Form::Letters { .. });
        let has_digits = !has_letters || WITHOUT_LETTERS.contains(&detector.entity);
        let vat_number = if detector.entity == vat::VAT.entity { vat_ways() } else { Vec::new() };
        let own = WAYS.iter().filter(|(entity, _)| *entity == detector.entity).flat_map(|(_, ways)| *ways);
        for groups in own.copied().chain(vat_number.iter().map(Vec::as_slice)) {
            for letters in [has_letters.then_some(true), has_digits.then_some(false)].into_iter().flatten() {
                self.put(Entry { way: Way::of(groups, letters), asked });
            }
        }
    }

    fn put(&mut self, entry: Entry) {
        let place = self.entries.partition_point(|other| other.way <= entry.way);
        self.entries.insert(place, entry);
    }

    /// Makes them ready to be followed, once all are added.
    pub(super) fn join(&mut self) {
        let mut ends = Vec::new();
        let mut joined = 0;
        for same in self.entries.chunk_by(|one, other| one.way == other.way) {
            let end = joined + same.len() as u16;
            let (way, entries) = (same[0].way, (joined, end));
            let (groups, count) = way.groups();
            let beginnings = same.iter().fold(Beginning::default(), |all, entry| all.and(entry.asked.beginning));
            ends.push((groups, End { count: count as u8, has_letters: way.has_letters(), beginnings, entries }));
            joined = end;
        }
        let own = ends.iter().map(|(groups, end)| (&groups[GROUPS - usize::from(end.count)..], *end));
        let devices = DEVICES.iter().flat_map(|groups| {
            let end = |has_letters| End {
                count: groups.len() as u8,
                has_letters,
                beginnings: Beginning::default(),
                entries: (0, 0),
            };
            [true, false].map(|has_letters| (*groups, end(has_letters)))
        });
        self.endings = Endings::new(own.chain(devices));
    }

    /// How far ways have come behind one more group of `length` bytes.
    #[inline(always)]
    pub(super) fn follow(&self, track: Track, length: usize) -> Track {
        self.endings.step(track, length)
    }

    /// The ways that end with the last group.
    #[inline(always)]
    pub(super) fn ends_of(&self, track: Track) -> &[End] {
        self.endings.ends(track)
    }

    /// The detectors that one of them leads to, of values that begin so.
    #[inline(always)]
    pub(super) fn asked_at(&self, end: &End, beginning: Beginning) -> impl Iterator<Item = Asked> {
        self.of_entries(end.entries.0.into()..end.entries.1.into(), beginning)
    }

    #[inline(always)]
    fn of_entries(&self, entries: Range<usize>, beginning: Beginning) -> impl Iterator<Item = Asked> {
        let same = self.entries.get(entries).unwrap_or_default().iter();
        same.map(|entry| entry.asked).filter(move |asked| asked.beginning.meets(beginning))
    }
}

/// Whether `detector` may take what is in one piece without a word.
pub(super) fn may_be_alone(detector: &Detector) -> bool {
    detector.tier == Tier::One || ALONE.contains(&detector.entity)
}

/// The groups of value added tax numbers: the prefix is one of its own, or a part of the first.
fn vat_ways() -> Vec<Vec<u8>> {
    let apart = vat::GROUPS.iter().map(|groups| [&[2], *groups].concat());
    let glued = vat::GROUPS.iter().map(|groups| [&[groups[0] + 2], &groups[1..]].concat());
    apart.chain(glued).chain((8..=12).map(|length| vec![2, length])).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::{Candidate, Shape, all};
    use super::*;

    /// Examples of each detector that are cut in all ways.
    const EXAMPLES: usize = 4;

    /// The values in the examples of `detector`, without what separates their groups, and these separators.
    fn values(detector: &Detector) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> {
        detector.matches.iter().flat_map(|example| example.split("[[").skip(1)).filter_map(|rest| {
            let value = rest.split_once("]]")?.0;
            let (plain, marks): (Vec<char>, Vec<char>) = value.chars().partition(char::is_ascii_alphanumeric);
            let bytes = |letters: &[char]| letters.iter().map(|letter| *letter as u8).collect::<Vec<u8>>();
            Some((bytes(&plain).to_ascii_uppercase(), bytes(&marks)))
        })
    }

    /// All ways to cut `length` bytes into at most `most` groups.
    fn cuts(length: u8, most: usize) -> Vec<Vec<u8>> {
        let mut all = vec![vec![length]];
        if most > 1 {
            for first in 1..length {
                all.extend(cuts(length - first, most - 1).into_iter().map(|rest| [vec![first], rest].concat()));
            }
        }
        all
    }

    fn separators(count: usize, own: &[u8]) -> Vec<Vec<u8>> {
        let mut all: Vec<Vec<u8>> = b" .-/+".iter().map(|mark| vec![*mark; count]).collect();
        if own.len() == count {
            all.push(own.to_vec());
        }
        if count > 1 {
            for (first, last) in [(b'.', b'-'), (b'.', b' '), (b'-', b'.'), (b' ', b'-')] {
                let mut mixed = vec![first; count];
                mixed[count - 1] = last;
                all.push(mixed.clone());
                mixed[count - 2] = last;
                all.push(mixed);
            }
        }
        all
    }

    /// Whether the check takes this without a word.
    fn takes(detector: &Detector, candidate: &Candidate<'_>) -> bool {
        let shape = (detector.check)(candidate);
        shape == Some(Shape::Canonical) || shape.is_some() && detector.tier == Tier::One
    }

    /// The ways without a word in which the check takes the examples, whether letters are among them, and how they begin.
    fn taken(detector: &Detector) -> BTreeSet<(Vec<u8>, bool, [u8; 2])> {
        let (Form::Digits { lengths } | Form::Letters { lengths }) = detector.form else { return BTreeSet::new() };
        let mut taken = BTreeSet::new();
        let fitting = values(detector).filter(|(plain, _)| lengths.contains(&(plain.len() as u8)));
        let cut = |plain: &[u8]| cuts(plain.len() as u8, 7).into_iter();
        let all = fitting
            .take(EXAMPLES)
            .flat_map(|(plain, own)| cut(&plain).map(move |groups| (plain.clone(), own.clone(), groups)));
        for (plain, own, groups) in all.filter(|(.., groups)| groups[0] == 1 || groups.len() <= 5) {
            let plain = &plain[..];
            let of = |separators: &[u8]| takes(detector, &Candidate { plain, groups: &groups, separators });
            let ways = separators(groups.len() - 1, &own).into_iter().filter(|separators| of(separators));
            let second = |separators: &[u8]| if groups[0] == 1 { separators[0] } else { plain[1] };
            let has_letters = plain.iter().any(u8::is_ascii_uppercase);
            taken.extend(ways.map(|separators| (groups.clone(), has_letters, [plain[0], second(&separators)])));
        }
        taken
    }

    #[test]
    fn every_way_that_counts_without_a_word_is_in_the_table() {
        let mut missing = BTreeSet::new();
        for detector in all() {
            let asked = Asked::new(detector, 0, false);
            let mut ways = Ways::default();
            ways.add(detector, asked);
            ways.join();
            let may_be_alone =
                |has_letters| may_be_alone(detector) && (has_letters || matches!(detector.form, Form::Digits { .. }));
            let is_known = |groups: &[u8], has_letters, [first, second]: [u8; 2]| match groups {
                [_] => may_be_alone(has_letters) && asked.beginning.meets(Beginning::of(first, second)),
                _ => {
                    let track =
                        groups.iter().fold(Track::default(), |track, group| ways.follow(track, (*group).into()));
                    let is_whole =
                        |end: &&End| usize::from(end.count) == groups.len() && end.has_letters == has_letters;
                    let asked = |end| ways.asked_at(end, Beginning::of(first, second)).next().is_some();
                    ways.ends_of(track).iter().filter(is_whole).any(asked)
                }
            };
            let unknown =
                taken(detector).into_iter().filter(|(groups, letters, begin)| !is_known(groups, *letters, *begin));
            missing.extend(unknown.map(|(groups, letters, _)| (detector.entity, groups, letters)));
        }

        assert!(missing.is_empty(), "{missing:?}");
    }
}
