//! Dates as programs write them: `datetime.date(1985, 3, 5)`, `[1985, 3, 5]`. Only those of birth are looked for.

use super::Shape;
use super::scanner::Pass;

/// Longest year, month and day with what is between them, in bytes.
const LONGEST: usize = 16;

impl Pass<'_> {
    /// The date in the list that opens at `at`: `[1985, 3, 5]`.
    pub(super) fn listed_date(&mut self, at: usize) -> bool {
        matches!(self.byte(at + 1), b'1' | b'2') && !self.is_mute(at) && self.constructed_date(at, at)
    }

    /// The date in the brackets that open at `open`, behind a name at `at` or before it, as in `datetime.date`.
    pub(super) fn constructed_date(&mut self, at: usize, open: usize) -> bool {
        let (Some(birth), Some(length)) = (self.engine.own.birth_date, date_length(&self.text[open + 1..])) else {
            return false;
        };
        // What stands before all names tells whose date it is: these speak against persons.
        let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(**byte, b'_' | b'.');
        let names = self.text[at.saturating_sub(LONGEST)..at].iter().rev().take_while(is_part).count();
        let context = self.context_before(at - names);
        let (start, end) = (open + 1, open + 1 + length);
        let is_one = self.engine.score(birth, Shape::Bare, &context).is_some();
        if is_one {
            self.offer(birth, Shape::Bare, &context, start..end);
            self.next = end;
        }
        is_one
    }
}

/// How long the year, the month and the day are that `text` begins with.
fn date_length(text: &[u8]) -> Option<usize> {
    let text = &text[..text.len().min(LONGEST)];
    let (mut at, mut numbers) = (0, [0_u32; 3]);
    for (place, number) in numbers.iter_mut().enumerate() {
        at += if place > 0 { joint(&text[at..])? } else { 0 };
        let digits = text[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let fits = if place == 0 { digits == 4 } else { matches!(digits, 1 | 2) };
        *number =
            fits.then(|| text[at..at + digits].iter().fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0')))?;
        at += digits;
    }
    let [year, month, day] = numbers;
    let is_date = (1900..2100).contains(&year) && month <= 12 && (1..=31).contains(&day);
    (is_date && matches!(text.get(at), Some(b')' | b',' | b']'))).then_some(at)
}

/// How long the comma is with which `text` begins, and the space behind it.
fn joint(text: &[u8]) -> Option<usize> {
    (text.first() == Some(&b',')).then(|| 1 + usize::from(text.get(1) == Some(&b' ')))
}
