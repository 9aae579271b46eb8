//! The member `retention` of a record, as JSON that is made anew only when class or second change.

use vigie_parsers::batch::{Batch, Field};

use super::MEMBER;
use crate::encode::json;
use crate::encode::strftime::{Cached, Pattern};
use crate::retention::Class;

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
    date: Cached,
    time: Cached,
    /// The member as it lies in the batch.
    member: Option<Field>,
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
        let closing = format!("\",\"policy_rev\":\"{}\"", class.revision).into_bytes();
        let cached = |pattern: &str| Cached::new(Pattern::parse(pattern).expect("it is a pattern"));
        let (date, time) = (cached("%Y-%m-%d"), cached("T%H:%M:%SZ"));
        Self { class: class.clone(), opening, closing, of: None, text: Vec::new(), date, time, member: None }
    }

    /// Forgets where the member lay: another batch begins.
    pub(super) fn leave_batch(&mut self) {
        self.member = None;
    }

    /// The member for an event at `seconds`, stored in `batch`.
    #[inline]
    pub(super) fn store(&mut self, seconds: i64, bound: Bound, batch: &mut Batch) -> Field {
        if self.of == Some((seconds, bound)) {
            if let Some(member) = self.member {
                return member;
            }
        } else {
            self.make(seconds, bound);
        }
        let member = batch.store_member(MEMBER, &self.text);
        self.member = Some(member);
        member
    }

    fn make(&mut self, seconds: i64, bound: Bound) {
        let expiry = self.class.max_age.after(seconds);
        self.text.clear();
        self.text.extend_from_slice(&self.opening);
        self.text.extend_from_slice(self.date.at(expiry).0);
        self.text.extend_from_slice(self.time.at(expiry).0);
        self.text.extend_from_slice(&self.closing);
        match bound {
            Bound::No => {}
            Bound::Future => self.text.extend_from_slice(b",\"time_bounded\":\"future\""),
            Bound::Past => self.text.extend_from_slice(b",\"time_bounded\":\"past\""),
        }
        self.text.push(b'}');
        self.of = Some((seconds, bound));
        self.member = None;
    }
}
