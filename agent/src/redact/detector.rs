//! What a detector is: a kind of value, how it looks, and the rule that tells it from other values that look like it.

/// A kind of value that is personal or secret. One per file, with its source.
#[derive(Clone, Copy, Debug)]
pub struct Detector {
    /// Its name in configuration, metrics and tokens: lower case, digits and `_` (`fr_nir`, `email`, `card`).
    pub entity: &'static str,
    /// The group it belongs to, for actions that name a group.
    pub group: Group,
    /// How much must speak for it.
    pub tier: Tier,
    /// When the engine asks `check`.
    pub form: Form,
    /// Whether a candidate of this form is one, and how it is written. Called for each candidate: no allocation, and as few
    /// branches as possible.
    pub check: fn(&Candidate<'_>) -> Option<Shape>,
    /// Words that speak for it when they stand in the key or in the 48 bytes before it, on the same line: lower case, without
    /// accents, words of a phrase joined by `_`.
    pub context: &'static [&'static str],
    /// What it is, in one sentence.
    pub summary: &'static str,
    /// Where the rule comes from.
    pub source: &'static str,
    /// Lines with the value between `[[` and `]]`, which must be found as this entity.
    pub matches: &'static [&'static str],
    /// Lines in which this entity must not be found.
    pub rejects: &'static [&'static str],
}

/// What a value tells about.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Group {
    /// Names, user names, dates of birth.
    Person,
    /// E-mail addresses, telephone numbers.
    Contact,
    /// Numbers that a state gives to a person, with passports and licences.
    National,
    /// Numbers of tax and trade registers.
    Tax,
    /// Accounts.
    Bank,
    /// Payment cards.
    Card,
    /// Numbers of patients and insured persons.
    Health,
    /// Addresses of machines.
    Network,
    /// Devices and SIM cards.
    Device,
    /// Passwords, keys, tokens, cookies.
    Secret,
    /// Positions on earth.
    Place,
    /// Plates and vehicles.
    Vehicle,
}

/// How much must speak for a value before it counts.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Tier {
    /// Form and check suffice.
    One,
    /// Form and check, and either its own way of writing or a word of context.
    Two,
    /// Form and check, and a word of context.
    Three,
}

/// How a value looks, so that the engine asks its check only where it may lie. Neither kind of run touches another letter,
/// digit or `_`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Form {
    /// Digits, perhaps in groups with single separators between them (space, no-break space, `.`, `-`, `/`).
    Digits {
        /// Legal counts of digits, rising.
        lengths: &'static [u8],
    },
    /// ASCII letters and digits with at least one digit, perhaps in groups as above.
    Letters {
        /// Legal counts of letters and digits, rising.
        lengths: &'static [u8],
    },
    /// Found by a scanner of the engine's own (`@`, `:`, known beginnings): `check` gets what the scanner has found.
    Scanned,
}

impl Form {
    /// The legal counts of digits and letters, as bits; none of what is found by scanners.
    pub(super) fn lengths(&self) -> u64 {
        let lengths = match self {
            Self::Digits { lengths } | Self::Letters { lengths } => *lengths,
            Self::Scanned => &[],
        };
        lengths.iter().filter(|length| **length < 64).fold(0, |bits, length| bits | 1 << length)
    }
}

/// How a value that passed its check is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Shape {
    /// In groups, or with marks, that only this kind of value has.
    Canonical,
    /// In no particular way.
    Bare,
}

/// What may be a value.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// Without its separators; letters in upper case, digits as ASCII (0x30 to 0x39). At most 40 bytes for runs.
    pub plain: &'a [u8],
    /// Lengths of its groups, in order; one when there is no separator.
    pub groups: &'a [u8],
    /// The separators between them, one fewer than groups; every kind of space is given as a space.
    pub separators: &'a [u8],
}
