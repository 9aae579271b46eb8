//! Telephone numbers with the code of a country.

use super::Candidate;
use super::chain::Run;
use super::scanner::Pass;
use super::universal::ip::dotted_quad;
use super::universal::phone::plan;

/// Most digits of a number: fifteen, and two zeros.
const DIGITS: usize = 17;
/// Most digits of the code of a country.
const CODE: usize = 3;

/// Digits of a number, and where each ends.
struct Digits {
    plain: [u8; DIGITS + 1],
    ends: [usize; DIGITS + 1],
    count: usize,
    /// Behind the last one.
    place: usize,
}

impl Digits {
    /// None so far, of a number at `at`.
    fn at(at: usize) -> Self {
        Self { plain: [b'+'; DIGITS + 1], ends: [at; DIGITS + 1], count: 0, place: at }
    }
}

impl Pass<'_> {
    /// Whether a number with `+` before it, or `00` at its beginning, is at `at`, which is done with then.
    pub(super) fn phone(&mut self, at: usize) -> bool {
        let Some(detector) = self.engine.own.phone else { return false };
        let is_plus =
            self.byte_before(at, 1) == b'+' && (self.next + 1 == at || !self.is_behind_letter(at.saturating_sub(1)));
        // No code of a country begins with a zero.
        let is_code = |byte: &&u8| !matches!(byte, b' ' | b'.' | b'-' | b'/' | b'(' | b')' | b'+');
        let is_zeros = self.text[at..].starts_with(b"00")
            && matches!(self.text[at + 2..].iter().take(5).find(is_code), Some(b'1'..=b'9'));
        if !is_plus && !is_zeros {
            return false;
        }
        // Only a word speaks for one that begins with zeros, and it speaks for other numbers too.
        if !is_plus && self.engine.own.phone_national.is_some() && self.is_mute(at) {
            return false;
        }
        // What is no American number is told before all digits are gathered.
        let head = if is_plus { 0 } else { 2 };
        let mark = usize::from(matches!(self.byte(at + head + 1), b' ' | b'.' | b'-' | b'/'));
        if self.byte(at + head) == b'1' && matches!(self.byte(at + head + 1 + mark), b'0' | b'1') {
            return false;
        }
        let mut digits = Digits::at(at);
        self.gather(&mut digits, head + CODE);
        let Some((code, least, most)) = digits.plain.get(1 + head..1 + digits.count).and_then(plan) else {
            return false;
        };
        if digits.plain[1 + head] == b'1' && matches!(digits.plain[2 + head], b'0' | b'1') {
            return false;
        }
        // Where fewer came than were asked for there are no more.
        if digits.count == head + CODE {
            self.gather(&mut digits, DIGITS);
        }
        if digits.count < head + code + least {
            return false;
        }
        let ends = |count: &usize| *count <= digits.count && !self.is_word(digits.ends[*count]);
        let candidate = |count: usize| Candidate {
            plain: if is_plus { &digits.plain[..=count] } else { &digits.plain[1..=count] },
            groups: &[],
            separators: &[],
        };
        let check = self.engine.detector(detector).check;
        let mut counts = (least..=most).rev().map(|count| head + code + count).filter(ends);
        let Some((count, shape)) = counts.find_map(|count| Some((count, check(&candidate(count))?))) else {
            return false;
        };
        let (start, end) = (at - usize::from(is_plus), digits.ends[count]);
        let context = self.context_before(start);
        self.offer(detector, shape, &context, start..end);
        if is_plus {
            self.next = end;
        }
        is_plus
    }

    /// Where the brackets begin with the area of the number at `start`: `(030) 12345678`; else `start`.
    pub(super) fn area_before(&self, start: usize) -> usize {
        const LONGEST: usize = 5;
        let before = &self.text[self.next.min(start)..start];
        let before = match before {
            [head @ .., b' ' | b'-' | b'/' | b'.'] => head,
            _ => before,
        };
        let Some(before) = before.strip_suffix(b")") else { return start };
        let digits = before.iter().rev().take(LONGEST + 1).take_while(|byte| byte.is_ascii_digit()).count();
        let is_area = (2..=LONGEST).contains(&digits) && before[..before.len() - digits].ends_with(b"(");
        if is_area { self.next.min(start) + before.len() - digits - 1 } else { start }
    }

    /// Whether the run is of pairs of digits, and a further pair is beside it as in a row of numbers: `01 02 03 04 05 06`.
    pub(super) fn is_in_row(&self, run: &Run<'_>) -> bool {
        let [mark, ..] = *run.separators else { return false };
        let (start, end) = (run.start, run.end);
        let is_behind = start >= 3
            && self.text[start - 1] == mark
            && self.has_pair(start - 3)
            && is_edge(self.byte_before(start, 4), mark);
        is_behind && !self.is_found_before(start - 1)
            || self.is_moment_behind_year(run)
            || self.is_before_pair(end, run.separators)
    }

    /// Whether a further pair stands behind those that end before `end`, which have these `separators`.
    pub(super) fn is_before_pair(&self, end: usize, separators: &[u8]) -> bool {
        let Some(mark) = separators.first() else { return false };
        self.byte(end) == *mark && self.has_pair(end + 1) && is_edge(self.byte(end + 3), *mark)
    }

    /// Whether two digits stand at `at`, of which one may be a letter of a hexadecimal number.
    fn has_pair(&self, at: usize) -> bool {
        let pair = self.text.get(at..at + 2).unwrap_or_default();
        pair.iter().all(u8::is_ascii_hexdigit) && pair.iter().any(u8::is_ascii_digit)
    }

    /// Whether the five pairs of the run are the month, the day and a time behind a year: `2026 11 28 10 42 17`.
    fn is_moment_behind_year(&self, run: &Run<'_>) -> bool {
        const MOST: [u32; 5] = [12, 31, 23, 59, 59];
        let (before, mark) = (&self.text[..run.start], run.separators.first());
        let is_year = matches!(before, [head @ .., b'1' | b'2', b'9' | b'0', one, two, last]
            if Some(last) == mark && one.is_ascii_digit() && two.is_ascii_digit() && !head.last().is_some_and(u8::is_ascii_alphanumeric));
        let pairs = run
            .plain
            .chunks(2)
            .map(|pair| pair.iter().fold(0, |number, digit| number * 10 + u32::from(digit.wrapping_sub(b'0'))));
        is_year && run.plain.len() == 2 * MOST.len() && pairs.zip(MOST).all(|(pair, most)| pair <= most)
    }

    fn is_word(&self, at: usize) -> bool {
        let byte = self.byte(at);
        byte.is_ascii_alphanumeric() || byte == b'_'
    }

    /// Takes in further digits, up to `most` in all, with what may stand between them: one mark, one pair of brackets, a zero in brackets.
    fn gather(&self, digits: &mut Digits, most: usize) {
        while digits.count < most {
            let place = digits.place;
            if self.byte(place).is_ascii_digit() {
                digits.count += 1;
                digits.plain[digits.count] = self.text[place];
                digits.place += 1;
                digits.ends[digits.count] = digits.place;
                continue;
            }
            let rest = &self.text[place.min(self.text.len())..];
            let zeros = match rest {
                [b'(', b'0', ..] | [b' ', b'(', ..] => &[&b" (0) "[..], b" (0)", b"(0)"][..],
                _ => &[],
            };
            let zero = zeros.iter().find(|zero| rest.starts_with(zero));
            let marks = zero.map_or_else(
                || {
                    rest.iter()
                        .take(3)
                        .take_while(|byte| matches!(byte, b' ' | b'.' | b'-' | b'/' | b'(' | b')' | b'+'))
                        .count()
                },
                |zero| zero.len(),
            );
            if marks == 0 || marks > 5 || !self.byte(place + marks).is_ascii_digit() {
                break;
            }
            // Two of the same mark are no separator, and a `+` behind another one begins a number of its own.
            let is_end = |marks: &[u8]| marks.windows(2).any(|two| two[0] == two[1] || two[1] == b'+');
            let is_dotted = |digits: &[u8]| matches!(digits, [_, b'.', ..] | [_, _, b'.', ..] | [_, _, _, b'.', ..]);
            let is_address = |digits: &[u8]| is_dotted(digits) && dotted_quad(digits).is_some();
            if zero.is_none() && is_end(&rest[..marks]) || rest[0] == b' ' && is_address(&rest[marks..]) {
                break;
            }
            digits.place += marks;
        }
    }
}

/// Whether a row of pairs with this `mark` between them ends at `byte`, or goes on.
fn is_edge(byte: u8, mark: u8) -> bool {
    byte == mark || !matches!(byte, b'.' | b'-' | b'/' | b':' | b'+' | b'_') && !byte.is_ascii_alphanumeric()
}
