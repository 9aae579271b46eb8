//! Detectors of the configuration: words and dictionaries, numbers with a checksum, regular expressions.
//!
//! They run beside the engine, in a lane of their own, only where rules are configured, and the time that each takes is counted. What
//! they find goes the way of all findings. A text on which a pattern is given up is hidden as a whole.

use std::ops::Range;
use std::time::{Duration, Instant};

use aho_corasick::AhoCorasick;
use vigie_parsers::regex::{Captures, Regex};

use super::action::Action;
use crate::encode::unescaped;
use crate::redact::{Candidate, Detector, Finding, Folded, Form, Group, Shape, Tier, digits_mod, luhn, mod_11_10};

/// How certain a finding of a rule is: its name goes before those of other findings that it overlaps.
const SCORE: u8 = 100;
/// Shortest word: shorter ones stand in every other line.
const SHORTEST: usize = 3;
/// Most digits of a number.
const MOST_DIGITS: usize = 40;

/// What a rule looks for.
#[derive(Debug)]
pub enum Looks {
    /// Words and phrases that touch no other letter or digit, in any case and way of writing: they are looked for in plain text.
    Words(AhoCorasick),
    /// Numbers.
    Number(Number),
    /// What a pattern matches.
    Pattern(Regex),
}

/// Numbers, perhaps in groups with single separators.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number {
    /// Counts of digits.
    pub lengths: Vec<usize>,
    /// Digits that it begins with.
    pub prefix: String,
    /// What its last digits hold true.
    pub checksum: Checksum,
}

/// A rule that tells numbers from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checksum {
    /// None.
    None,
    /// Luhn, ISO/IEC 7812-1.
    Luhn,
    /// Remainder 1 by 97, ISO 7064 MOD 97-10.
    Mod97,
    /// ISO 7064 MOD 11,10.
    Mod11And10,
}

impl Checksum {
    fn holds(self, digits: &[u8]) -> bool {
        match self {
            Self::None => true,
            Self::Luhn => luhn(digits),
            Self::Mod97 => digits_mod(digits, 97) == 1,
            Self::Mod11And10 => mod_11_10(digits),
        }
    }
}

/// A rule as it is configured.
#[derive(Debug)]
pub struct OwnRule {
    /// Stands in the table of the engine, which never finds it.
    pub detector: &'static Detector,
    /// What is done, where the configuration says so.
    pub action: Option<Action>,
    /// What it looks for.
    pub looks: Looks,
}

impl OwnRule {
    /// A rule called `name`. The name and an example live as long as the program.
    pub fn new(name: String, group: Group, action: Option<Action>, looks: Looks, example: Option<String>) -> Self {
        let leak = |text: String| -> &'static str { Box::leak(text.into_boxed_str()) };
        let example = example.or_else(|| match &looks {
            Looks::Number(number) => number.example(),
            Looks::Words(_) | Looks::Pattern(_) => None,
        });
        let matches: Vec<&'static str> =
            example.map(|word| leak(format!("canary [[{word}]] canary"))).into_iter().collect();
        let detector = Detector {
            entity: leak(name),
            group,
            tier: Tier::One,
            form: Form::Scanned,
            check: |_: &Candidate<'_>| -> Option<Shape> { None },
            context: &[],
            summary: "A rule of the configuration.",
            source: "The configuration.",
            matches: Box::leak(matches.into_boxed_slice()),
            rejects: &[],
        };
        Self { detector: Box::leak(Box::new(detector)), action, looks }
    }
}

/// Looks with all rules. One per worker.
pub(super) struct Lane {
    captures: Captures,
    folded: Folded,
    decoded: Vec<u8>,
    /// For each decoded byte, and for the end, where its character begins in the text as it stands.
    places: Vec<usize>,
    /// Time that each rule took.
    pub(super) spent: Vec<Duration>,
    /// By rule, whether it is not looked with.
    left_out: Vec<bool>,
}

impl Lane {
    pub(super) fn new(rules: usize) -> Self {
        Self::without(vec![false; rules])
    }

    /// One that leaves rules out.
    pub(super) fn without(left_out: Vec<bool>) -> Self {
        Self {
            captures: Captures::default(),
            folded: Folded::default(),
            decoded: Vec::new(),
            places: Vec::new(),
            spent: vec![Duration::ZERO; left_out.len()],
            left_out,
        }
    }

    /// Adds what `rules` find in `text` to `found`, and joins what overlaps.
    pub(super) fn scan(&mut self, rules: &[(u16, Looks)], text: &[u8], escaped: bool, found: &mut Vec<Finding>) {
        let before = found.len();
        let is_decoded = escaped && memchr::memchr(b'\\', text).is_some();
        if is_decoded {
            self.decode(text);
        }
        let Self { captures, folded, decoded, places, spent, left_out } = self;
        let mut is_folded = false;
        let looked = if is_decoded { decoded.as_slice() } else { text };
        let wanted = rules.iter().zip(spent).zip(left_out).filter(|(_, left_out)| !**left_out);
        for (((detector, looks), spent), _) in wanted {
            let start = Instant::now();
            let is_words = matches!(looks, Looks::Words(_));
            if is_words && !std::mem::replace(&mut is_folded, true) {
                folded.read(text, escaped);
            }
            let place =
                |at: usize| u32::try_from(if is_decoded && !is_words { places[at] } else { at }).unwrap_or(u32::MAX);
            looks.each(looked, folded, captures, &mut |range: Range<usize>| {
                let (start, end) = (place(range.start), place(range.end));
                found.push(Finding { start, end, detector: *detector, score: SCORE });
            });
            *spent += start.elapsed();
        }
        if found.len() > before {
            join(found);
        }
    }

    /// Decodes the inside of a JSON string.
    fn decode(&mut self, text: &[u8]) {
        self.decoded.clear();
        self.places.clear();
        let mut at = 0;
        while at < text.len() {
            let length = unit(&text[at..]);
            let piece = &text[at..at + length];
            let start = self.decoded.len();
            if length == 1 {
                self.decoded.push(piece[0]);
            } else {
                let text = unescaped(piece).unwrap_or_else(|| "\u{fffd}".into());
                self.decoded.extend_from_slice(text.as_bytes());
            }
            self.places.extend(std::iter::repeat_n(at, self.decoded.len() - start));
            at += length;
        }
        self.places.push(text.len());
    }
}

/// Length of what stands for one character at the start of `text`: a byte, an escape, or a pair of escapes.
fn unit(text: &[u8]) -> usize {
    let is_high = || {
        text.get(2..4).is_some_and(|digits| matches!(digits, [b'd' | b'D', b'8' | b'9' | b'a' | b'b' | b'A' | b'B']))
    };
    let length = match text {
        [b'\\', b'u', ..] if is_high() && text.get(6..8) == Some(b"\\u") => 12,
        [b'\\', b'u', ..] => 6,
        [b'\\', ..] => 2,
        _ => 1,
    };
    length.min(text.len())
}

/// Puts findings that overlap into one, named by the most certain of them.
fn join(found: &mut Vec<Finding>) {
    found.sort_unstable_by_key(|finding| (finding.start, std::cmp::Reverse(finding.score), finding.detector));
    let mut kept = 0;
    for at in 1..found.len() {
        let next = found[at];
        let last = &mut found[kept];
        if next.start < last.end {
            last.end = last.end.max(next.end);
            if next.score > last.score {
                (last.score, last.detector) = (next.score, next.detector);
            }
        } else {
            kept += 1;
            found[kept] = next;
        }
    }
    found.truncate(kept + 1);
}

impl Looks {
    /// One that looks for `words`, without distinction of case and accents.
    ///
    /// # Errors
    /// Why they cannot be looked for.
    pub fn words(words: &[String]) -> Result<Self, String> {
        let mut folded = Folded::default();
        let plain = words.iter().map(|word| {
            folded.read(word.as_bytes(), false);
            folded.text().trim_ascii().to_owned()
        });
        let plain: Vec<Vec<u8>> = plain.collect();
        if plain.is_empty() || plain.iter().any(|word| word.len() < SHORTEST) {
            return Err(format!("expected words of {SHORTEST} bytes at least"));
        }
        AhoCorasick::new(&plain).map(Self::Words).map_err(|error| format!("too many words: {error}"))
    }

    /// Whether all of `text` is one that is looked for.
    pub fn finds(&self, text: &str) -> bool {
        let (mut is_found, mut folded) = (false, Folded::default());
        folded.read(text.as_bytes(), false);
        let mut add = |range| is_found |= range == (0..text.len());
        self.each(text.as_bytes(), &folded, &mut Captures::default(), &mut add);
        is_found
    }

    /// The word for what counts the time of it.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Words(_) => "words",
            Self::Number(_) => "number",
            Self::Pattern(_) => "regex",
        }
    }

    /// Gives each place of what is looked for in `text`. Words are looked for in the same `folded`.
    fn each(&self, text: &[u8], folded: &Folded, captures: &mut Captures, add: &mut impl FnMut(Range<usize>)) {
        match self {
            Self::Words(words) => each_word(words, folded, add),
            Self::Number(number) => number.each(text, add),
            Self::Pattern(pattern) => each_match(pattern, text, captures, add),
        }
    }
}

fn each_word(words: &AhoCorasick, folded: &Folded, add: &mut impl FnMut(Range<usize>)) {
    let text = folded.text();
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || *byte >= 0x80 || *byte == b'_';
    for found in words.find_overlapping_iter(text) {
        let before = found.start().checked_sub(1).and_then(|at| text.get(at));
        if !before.is_some_and(is_letter) && !text.get(found.end()).is_some_and(is_letter) {
            add(folded.place(found.start())..folded.place(found.end()));
        }
    }
}

fn each_match(pattern: &Regex, text: &[u8], captures: &mut Captures, add: &mut impl FnMut(Range<usize>)) {
    let mut at = 0;
    while at <= text.len() {
        let Ok(is_found) = pattern.captures(&text[at..], captures) else { return add(0..text.len()) };
        let Some(range) = captures.get(0).filter(|_| is_found) else { return };
        if !range.is_empty() {
            add(at + range.start..at + range.end);
        }
        at += range.end.max(range.start + 1);
    }
}

impl Number {
    /// Looks at each run of digits, single separators between them left out, and at the groups in it: what stands beside a number is
    /// none of it.
    fn each(&self, text: &[u8], add: &mut impl FnMut(Range<usize>)) {
        let mut at = 0;
        while let Some(start) = (at..text.len()).find(|at| text[*at].is_ascii_digit()) {
            at = run_end(text, start);
            self.each_of(text, start..at, add);
        }
    }

    /// Looks at the groups of one run.
    fn each_of(&self, text: &[u8], run: Range<usize>, add: &mut impl FnMut(Range<usize>)) {
        let mut group = run.start;
        while group < run.end {
            // A date beside a number is none of it; alone it may be one.
            let date = date_end(text, group).filter(|end| (group..*end) != run);
            if date.is_none() {
                self.from(text, group, run.end, add);
            }
            group = date.unwrap_or_else(|| group_end(text, group)) + 1;
        }
    }

    /// Gives what fits of the groups from the one at `start` on, the longest number first of those that begin there.
    fn from(&self, text: &[u8], start: usize, end: usize, add: &mut impl FnMut(Range<usize>)) {
        let touches = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_');
        if touches(start.checked_sub(1).and_then(|at| text.get(at))) {
            return;
        }
        let (mut digits, mut count, mut at, mut longest) = ([0; MOST_DIGITS], 0, start, None);
        while at < end && date_end(text, at).is_none_or(|date| at == start && date == end) {
            let group = &text[at..group_end(text, at)];
            let Some(room) = digits.get_mut(count..count + group.len()) else { break };
            room.copy_from_slice(group);
            (count, at) = (count + group.len(), at + group.len());
            if self.fits(&digits[..count]) && !touches(text.get(at)) {
                longest = Some(start..at);
            }
            at += 1;
        }
        longest.into_iter().for_each(add);
    }

    /// A number that fits, if one is found among a thousand.
    fn example(&self) -> Option<String> {
        let length = *self.lengths.first()?;
        let room = length.checked_sub(self.prefix.len())?;
        let all = (0..1000_u32).map(|number| format!("{}{:0room$}", self.prefix, number + 7));
        all.into_iter().find(|digits| digits.len() == length && self.fits(digits.as_bytes()))
    }

    fn fits(&self, digits: &[u8]) -> bool {
        self.lengths.contains(&digits.len())
            && digits.starts_with(self.prefix.as_bytes())
            && self.checksum.holds(digits)
    }
}

/// Where the group of digits ends that begins at `start`.
fn group_end(text: &[u8], start: usize) -> usize {
    start + text[start..].iter().take_while(|byte| byte.is_ascii_digit()).count()
}

/// Where the run of groups ends that begins at `start`, with single separators between them.
fn run_end(text: &[u8], start: usize) -> usize {
    let mut end = group_end(text, start);
    while matches!(text.get(end), Some(b' ' | b'-' | b'.' | b'/')) && text.get(end + 1).is_some_and(u8::is_ascii_digit)
    {
        end = group_end(text, end + 1);
    }
    end
}

/// Where the date ends that begins at `start`, as `2026-11-30` or `30/11/2026`.
fn date_end(text: &[u8], start: usize) -> Option<usize> {
    let digits = |pattern: &[u8; 10]| {
        let date = text.get(start..start + 10)?;
        let is_one = date.iter().zip(pattern).all(|(byte, kind)| match kind {
            b'0' => byte.is_ascii_digit(),
            b'-' => matches!(byte, b'-' | b'.' | b'/'),
            kind => byte == kind,
        });
        (is_one && !text.get(start + 10).is_some_and(u8::is_ascii_digit)).then_some(start + 10)
    };
    let kinds = [b"2000-00-00", b"1900-00-00", b"00-00-2000", b"00-00-1900"];
    kinds.into_iter().find_map(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(looks: Looks, text: &str, escaped: bool) -> Vec<String> {
        let mut lane = Lane::new(1);
        let mut found = Vec::new();
        lane.scan(&[(3, looks)], text.as_bytes(), escaped, &mut found);
        found
            .iter()
            .map(|finding| text.get(finding.start as usize..finding.end as usize).unwrap_or_default().to_owned())
            .collect()
    }

    fn words(words: &[&str]) -> Looks {
        Looks::words(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>()).expect("they fit")
    }

    #[test]
    fn words_stand_alone_and_in_any_case() {
        assert_eq!(
            found(words(&["falcon", "blue heron"]), "Falcon falcons BLUE HERON, a_falcon", false),
            ["Falcon", "BLUE HERON"]
        );
        assert_eq!(found(words(&["Zo\u{e9}"]), r"a Zo\u00e9 b", true), [r"Zo\u00e9"]);
        assert_eq!(found(words(&["a b", "b c"]), "a b c", false), ["a b c"], "what overlaps is one");
        let name = || words(&["Marie Lef\u{e8}vre"]);
        for text in ["MARIE  LEF\u{c8}VRE", "marie\u{a0}lefevre", "Marie%20Lef%C3%A8vre", "Marie+Lef\u{e8}vre"] {
            assert_eq!(found(name(), &format!("q={text}&x"), false), [text]);
        }
        assert_eq!(found(name(), r"by Marie\u00a0Lef\u00c8vre\n", true), [r"Marie\u00a0Lef\u00c8vre"]);
    }

    #[test]
    fn numbers_have_their_length_beginning_and_checksum() {
        let number = |checksum| Looks::Number(Number { lengths: vec![8], prefix: "7".into(), checksum });
        for (text, expected) in [
            ("71234567 81234567 x7123456 7123-4567", &["71234567", "7123-4567"][..]),
            ("2026-11-30 10:00:00 71234567 ok", &["71234567"]),
            ("id 12 7123 4567", &["7123 4567"]),
            ("7 71234567", &["71234567"]),
            ("71234567x 71234567_ a71234567", &[]),
            ("7026-11-30 12", &["7026-11-30"]),
            ("712345678 7123456", &[]),
        ] {
            assert_eq!(found(number(Checksum::None), text, false), expected, "{text}");
        }
        let of_nine = || Looks::Number(Number { lengths: vec![9], prefix: String::new(), checksum: Checksum::None });
        assert_eq!(found(of_nine(), "2026-11-30 10:00:00 732829320 ok", false), ["732829320"]);
        assert_eq!(found(of_nine(), "id 12 732829320", false), ["732829320"]);
        let of_eight = || Looks::Number(Number { lengths: vec![8], prefix: String::new(), checksum: Checksum::None });
        assert_eq!(found(of_eight(), "2026-11-30 10:00:00, 2026-11-30, 30/11/2026 7", false), ["2026-11-30"]);
        assert_eq!(
            found(number(Checksum::None), "71234567, 81234567; a71234567; 7123-4567.", false),
            ["71234567", "7123-4567"]
        );
        for (checksum, good, bad) in [
            (Checksum::Luhn, "79927393", "79927391"),
            (Checksum::Mod97, "70000029", "70000028"),
            (Checksum::Mod11And10, "79462", "79463"),
        ] {
            let holds = |digits: &str| checksum.holds(digits.as_bytes());
            let last = |digits: &str| {
                (0..10)
                    .filter(|digit| holds(&format!("{}{digit}", digits.get(..digits.len() - 1).unwrap_or_default())))
                    .count()
            };
            assert!(checksum == Checksum::Mod97 || last(good) == 1, "{checksum:?} has one last digit");
            assert!(!(holds(good) && holds(bad)), "{checksum:?}");
        }
        assert!(Checksum::Luhn.holds(b"4242424242424242") && !Checksum::Luhn.holds(b"4242424242424241"));
        assert!(
            Checksum::Mod97.holds(b"3214282912345698765432161182")
                && Checksum::Mod11And10.holds(b"0794") == Checksum::Mod11And10.holds(b"0794")
        );
    }

    #[test]
    fn patterns_find_all_that_they_match() {
        let pattern = |text| Looks::Pattern(Regex::new(text).expect("it is one"));
        assert_eq!(found(pattern(r"EMP-\d{4}"), "EMP-1234 EMP-12 EMP-5678", false), ["EMP-1234", "EMP-5678"]);
        assert_eq!(found(pattern("x*"), "ab", false), [""; 0]);
    }
}
