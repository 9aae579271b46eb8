//! English names of days and months, and abbreviations of zones.

use super::zone::Zone;

/// Days of the week, Sunday first.
pub(super) const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// Months of the year.
pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// Zone abbreviations and their offsets from UTC in minutes. Where one stands for several zones, it means what it means in
/// Fluent Bit, if it is known there.
const ZONES: [(&str, i32); 65] = [
    ("GMT", 0),
    ("UTC", 0),
    ("UT", 0),
    ("EST", -300),
    ("EDT", -240),
    ("CST", -360),
    ("CDT", -300),
    ("MST", -420),
    ("MDT", -360),
    ("PST", -480),
    ("PDT", -420),
    ("AKST", -540),
    ("AKDT", -480),
    ("HST", -600),
    ("HADT", -540),
    ("AST", -240),
    ("ADT", -180),
    ("NST", -210),
    ("NDT", -150),
    ("WET", 0),
    ("WEST", 60),
    ("CET", 60),
    ("CEST", 120),
    ("EET", 120),
    ("EEST", 180),
    ("MSK", 180),
    ("ART", -180),
    ("BRT", -180),
    ("BRST", -120),
    ("CLT", -240),
    ("CLST", -180),
    ("AEST", 600),
    ("AEDT", 660),
    ("ACST", 570),
    ("ACDT", 630),
    ("AWST", 480),
    ("NZST", 720),
    ("NZDT", 780),
    ("JST", 540),
    ("KST", 540),
    ("SGT", 480),
    ("IST", 330),
    ("GST", 240),
    ("ICT", 420),
    ("WIB", 420),
    ("WITA", 480),
    ("WIT", 540),
    ("MYT", 480),
    ("BDT", 360),
    ("NPT", 345),
    ("WAT", 60),
    ("CAT", 120),
    ("EAT", 180),
    ("SAST", 120),
    ("Z", 0),
    ("BST", 60),
    ("MET", 60),
    ("MEST", 120),
    ("TRT", 180),
    ("MSD", 240),
    ("PKT", 300),
    ("HKT", 480),
    ("PHT", 480),
    ("COT", -300),
    ("PET", -300),
];

/// The index in `names` of the name that `text` starts with, in full or by its first three letters, and its length.
pub(super) fn find_name(names: &[&str], text: &[u8]) -> Option<(usize, usize)> {
    let starts = |length: usize, name: &str| {
        text.get(..length).is_some_and(|start| start.eq_ignore_ascii_case(&name.as_bytes()[..length]))
    };
    for (index, name) in names.iter().enumerate() {
        if starts(3, name) {
            let length = if starts(name.len(), name) { name.len() } else { 3 };
            return Some((index, length));
        }
    }
    None
}

/// The offset in seconds of the zone abbreviation that `text` starts with, and its length. One that is not known here may
/// still be one of `zone`.
pub(super) fn find_zone(text: &[u8], zone: Option<&Zone>) -> Option<(i32, usize)> {
    let length = text.iter().position(|byte| !byte.is_ascii_alphanumeric()).unwrap_or(text.len());
    let word = &text[..length];
    if let Some((_, minutes)) = ZONES.iter().find(|(name, _)| word.eq_ignore_ascii_case(name.as_bytes())) {
        return Some((minutes * 60, length));
    }
    if let [letter] = word
        && let Some(hours) = military(letter.to_ascii_uppercase())
    {
        return Some((hours * 3600, 1));
    }
    zone.and_then(|zone| zone.offset_named(word)).map(|offset| (offset, length))
}

/// The offset in hours of a military zone letter. `J` is the observer's own time, which nobody knows here.
fn military(letter: u8) -> Option<i32> {
    match letter {
        b'A'..=b'I' => Some(i32::from(letter - b'A') + 1),
        b'K'..=b'M' => Some(i32::from(letter - b'K') + 10),
        b'N'..=b'Y' => Some(-(i32::from(letter - b'N') + 1)),
        _ => None,
    }
}
