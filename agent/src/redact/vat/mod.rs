//! Numbers of value added tax with the prefix of their country. One detector for all, so that a word of letters and digits is
//! asked once; France has its own, for the SIREN in it.

mod centre;
mod north;
mod south;

use super::words::vat_words;
use super::{Candidate, Detector, Form, Group, Shape, Tier};

/// All of them.
pub const DETECTORS: &[&Detector] = &[&VAT];

/// The prefix and 2 to 13 behind it, in one piece, apart or in the groups of the country.
pub(super) const VAT: Detector = Detector {
    entity: "vat",
    group: Group::Tax,
    tier: Tier::One,
    form: Form::Letters { lengths: &[8, 9, 10, 11, 12, 13, 14, 15] },
    check,
    context: vat_words!["uid_nummer", "moms", "alv", "afm", "ddv", "dph", "dic", "pvn", "pvm", "kmkr", "pdv", "afa"],
    summary: "Value added tax number of a country of the European Union, of the United Kingdom or Norway",
    source: "Directive 2006/112/EC, art. 214 and 215; European Commission, VIES: structure of VAT numbers; the rules of each country \
             stand beside its check",
    matches: &[
        "ust_id=[[DE718931641]]",
        "USt-IdNr. [[DE 718 931 641]]",
        "[[ATU68323511]] ok",
        "btw [[BE0110218724]]",
        "btw [[BE 0110.218.724]]",
        "[[NL977134684B01]]",
        "[[NL 9771.34.684.B01]]",
        "[[ESB55527683]] [[ESX7967859S]]",
        "partita iva [[IT08813020578]]",
        "nif [[PT252705777]]",
        "nip [[PL6849517247]]",
        "[[PL 684-951-72-47]]",
        "[[SE553779953701]]",
        "[[GB667435939]]",
        "[[GB 667 4359 39]]",
        "[[XI667435939]]",
        "[[IE6359204V]]",
        "[[CY16640746W]]",
        "[[EL710870374]]",
        "[[RO84338542]]",
        "[[LT815534911]]",
        "[[NO957094937MVA]]",
        "[[NO 957 094 937 MVA]]",
        "[[SI40905594]] [[SK2035457292]] [[LU38913224]]",
        "[[HU45042492]] [[HR88820106179]] [[MT60595162]]",
        "[[FI57705271]] [[EE101148256]] [[DK58984795]] [[CZ25332295]] [[BG596783928]] [[LV48993062859]]",
    ],
    rejects: &[
        "DE718931642",
        "xDE718931641",
        "DE7189316411",
        "ATU68323512",
        "IT08813020579",
        "SE553779953702",
        "DE 7189 31641",
        "NO957094937",
    ],
};

/// Rule of one country: whether what stands behind the prefix is a number of it.
type Rule = fn(&[u8]) -> bool;

fn check(candidate: &Candidate<'_>) -> Option<Shape> {
    let (prefix, number) = candidate.plain.split_at_checked(2)?;
    let rule: Rule = match prefix {
        b"AT" => centre::austria,
        b"BE" => centre::belgium,
        b"BG" => south::bulgaria,
        b"CY" => south::cyprus,
        b"CZ" => centre::czechia,
        b"DE" => centre::germany,
        b"DK" => north::denmark,
        b"EE" => north::estonia,
        b"EL" => south::greece,
        b"ES" => south::spain,
        b"FI" => north::finland,
        b"GB" | b"XI" => north::britain,
        b"HR" => south::croatia,
        b"HU" => centre::hungary,
        b"IE" => north::ireland,
        b"IT" => south::italy,
        b"LT" => north::lithuania,
        b"LU" => centre::luxembourg,
        b"LV" => north::latvia,
        b"MT" => south::malta,
        b"NL" => centre::netherlands,
        b"NO" => north::norway,
        b"PL" => centre::poland,
        b"PT" => south::portugal,
        b"RO" => south::romania,
        b"SE" => north::sweden,
        b"SI" => south::slovenia,
        b"SK" => centre::slovakia,
        _ => return None,
    };
    let shape = shape(candidate)?;
    rule(number).then_some(shape)
}

/// In one piece; or the prefix apart or with the first group, and groups that are those of some country.
fn shape(candidate: &Candidate<'_>) -> Option<Shape> {
    let groups = candidate.groups;
    let known = match groups {
        [_] | [2, 8..=12] => true,
        // Glued to the prefix or not, the groups are the same.
        [2, rest @ ..] => is_grouped(rest.first().copied(), rest.get(1..)?),
        [first, rest @ ..] => is_grouped(first.checked_sub(2), rest),
        [] => false,
    };
    known.then_some(if groups.len() == 1 { Shape::Bare } else { Shape::Canonical })
}

/// The groups in which countries print their numbers, without the prefix.
pub(super) const GROUPS: &[&[u8]] = &[
    &[3, 3, 3],
    &[3, 3, 3, 3],
    &[3, 4, 2],
    &[3, 4, 2, 3],
    &[3, 3, 2, 2],
    &[3, 2, 2, 3],
    &[3, 3, 4],
    &[3, 4, 4],
    &[4, 3, 3],
    &[4, 2, 3, 3],
    &[4, 4],
    &[4, 4, 4],
    &[1, 3, 3, 3],
    &[1, 7, 1],
    &[1, 8],
    &[1, 3, 4],
    &[2, 3, 3],
    &[2, 2, 2, 2],
    &[6, 4, 2],
    &[6, 4],
    &[7, 1],
    &[7, 2],
    &[8, 1],
    &[8, 2],
    &[8, 3],
    &[9, 3],
    &[10, 2],
];

fn is_grouped(first: Option<u8>, rest: &[u8]) -> bool {
    GROUPS.iter().any(|groups| first == groups.first().copied() && groups[1..] == *rest)
}
