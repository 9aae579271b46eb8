//! The member `retention` of a record, as JSON that is made anew only when class or second change.

use vigie_parsers::batch::{Batch, Span};
use vigie_parsers::time::date_from_days;

use crate::encode::json;
use crate::retention::{Class, DAY};

/// Whether the time of an event was taken as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bound {
    /// It was.
    No,
    /// It lay in the future: the time of arrival counts.
    Future,
    /// It lay impossibly long ago: the time of arrival counts.
    Past,
}

/// The stamps of one class.
#[derive(Clone, Debug)]
pub(super) struct Stamp {
    class: Class,
    /// The text up to the date of expiry.
    opening: Vec<u8>,
    /// The text behind its time.
    closing: Vec<u8>,
    /// Second and bound that `text` is for.
    of: Option<(i64, Bound)>,
    text: Vec<u8>,
    /// Day that `date` is for.
    day: Option<i64>,
    date: Vec<u8>,
    /// Where `text` lies in the batch.
    span: Option<Span>,
}

impl Stamp {
    pub(super) fn new(class: &Class) -> Self {
        let mut opening = b"{".to_vec();
        if !class.basis.is_empty() {
            opening.extend_from_slice(b"\"basis\":");
            json::push_string(class.basis.as_bytes(), &mut opening);
            opening.push(b',');
        }
        opening.extend_from_slice(b"\"class\":");
        json::push_string(class.name.as_bytes(), &mut opening);
        opening.extend_from_slice(b",\"expires_at\":\"");
        let closing = format!("Z\",\"policy_rev\":\"{}\"", class.revision).into_bytes();
        let (text, date) = (Vec::new(), Vec::new());
        Self { class: class.clone(), opening, closing, of: None, text, day: None, date, span: None }
    }

    /// Forgets where the text lay: another batch begins.
    pub(super) fn leave_batch(&mut self) {
        self.span = None;
    }

    /// The text for an event at `seconds`, stored in `batch`.
    #[inline]
    pub(super) fn store(&mut self, seconds: i64, bound: Bound, batch: &mut Batch) -> Span {
        if self.of == Some((seconds, bound)) {
            if let Some(span) = self.span {
                return span;
            }
        } else {
            self.make(seconds, bound);
        }
        let span = batch.store(&self.text);
        self.span = Some(span);
        span
    }

    fn make(&mut self, seconds: i64, bound: Bound) {
        let expiry = self.class.max_age.after(seconds);
        let day = expiry.div_euclid(DAY);
        if self.day != Some(day) {
            let date = date_from_days(day);
            self.date.clear();
            push_digits(date.year.clamp(0, 9999), 4, &mut self.date);
            for part in [date.month, date.day] {
                self.date.push(b'-');
                push_digits(i64::from(part), 2, &mut self.date);
            }
            self.date.push(b'T');
            self.day = Some(day);
        }
        self.text.clear();
        self.text.extend_from_slice(&self.opening);
        self.text.extend_from_slice(&self.date);
        let second = expiry.rem_euclid(DAY);
        push_digits(second / 3600, 2, &mut self.text);
        self.text.push(b':');
        push_digits(second / 60 % 60, 2, &mut self.text);
        self.text.push(b':');
        push_digits(second % 60, 2, &mut self.text);
        self.text.extend_from_slice(&self.closing);
        match bound {
            Bound::No => {}
            Bound::Future => self.text.extend_from_slice(b",\"time_bounded\":\"future\""),
            Bound::Past => self.text.extend_from_slice(b",\"time_bounded\":\"past\""),
        }
        self.text.push(b'}');
        self.of = Some((seconds, bound));
        self.span = None;
    }
}

/// Appends the last `width` digits of `number`.
fn push_digits(number: i64, width: u32, out: &mut Vec<u8>) {
    for place in (0..width).rev() {
        let digit = number / 10_i64.pow(place) % 10;
        out.push(b'0' + u8::try_from(digit).unwrap_or_default());
    }
}
