//! What an output is, and the requests it delivers.

use std::future::Future;
use std::io::{self, Read, Write};
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use flate2::write::GzDecoder;
use vigie_parsers::batch::Record;

use super::body::BodyEncoding;
use super::input::Stream;
use super::queue::Weight;
use crate::receipts::{Outcome, Share};

/// Delivers requests. It never sleeps and never retries by itself: it says what is to be sent again.
pub trait Output: Send + Sync {
    /// An encoder for one worker.
    fn encoder(&self) -> Box<dyn Encoder>;

    /// An encoder whose work is thrown away, so that it counts nowhere.
    fn rehearsal(&self) -> Box<dyn Encoder> {
        self.encoder()
    }

    /// Whether records are delivered by reaching it, so that nothing needs to be encoded or sent.
    fn discards(&self) -> bool {
        false
    }

    /// How large and how old a request grows, how its body is compressed, how many are sent at once.
    fn delivery(&self) -> Delivery;

    /// Which part of the other side takes `item`, if one of them may fail while others do not: the index.
    fn index_of<'a>(&self, item: &'a [u8]) -> Option<&'a str> {
        let _ = item;
        None
    }

    /// Whether names of indexes hold nothing of a record, so that they may be logged.
    fn may_tell_index(&self) -> bool {
        false
    }

    /// Takes in what may have changed outside, such as credentials in files. Called before each attempt while the whole
    /// output is paused.
    fn refresh(&self) {}

    /// Another form of a refused item, to be sent in its place before it becomes a dead letter; `None` when there is none. Asked
    /// again when that is refused too.
    fn mend(&self, item: &[u8], refusal: &Refusal) -> Option<Vec<u8>> {
        let _ = (item, refusal);
        None
    }

    /// Tells of each item of `request` that may be stored already whether it is, so that it need not be sent. Empty where
    /// sending it again does no harm. `failures` tells how often in a row that got no answer; after some an output may tell of
    /// none, so that they are sent.
    ///
    /// # Errors
    /// [`Verdict::Again`] when that cannot be found out now; of [`Class::Unknown`] where the question got no answer.
    fn stored<'a>(
        &'a self,
        request: &'a Request,
        failures: u32,
    ) -> Pin<Box<dyn Future<Output = Result<Vec<bool>, Verdict>> + Send + 'a>> {
        let _ = (request, failures);
        Box::pin(std::future::ready(Ok(Vec::new())))
    }

    /// Sends `request` once and judges each of its items.
    fn deliver<'a>(&'a self, request: &'a Request) -> Pin<Box<dyn Future<Output = Verdict> + Send + 'a>>;
}

/// How requests of an output are built and sent.
#[derive(Clone, Copy, Debug)]
pub struct Delivery {
    /// A request is sealed when its body, before compression, reaches this many bytes.
    pub request_bytes: usize,
    /// Requests sent at once.
    pub concurrency: usize,
    /// Compression of bodies.
    pub encoding: BodyEncoding,
    /// Whether order must hold, so that a request waits for the one before it.
    pub ordered: bool,
}

/// Appends records to the body of a request. One per worker and output, so it keeps scratch space.
pub trait Encoder: Send {
    /// Appends `record`, which came from `stream` under `tag`, to `out`.
    fn encode(&mut self, record: Record<'_>, stream: &Arc<Stream>, tag: &Arc<str>, out: &mut Vec<u8>) -> Encoded;

    /// Appends what stands before the first record of a request, such as `[`.
    fn open(&mut self, out: &mut Vec<u8>) {
        let _ = out;
    }

    /// Appends what stands behind the last record of a request.
    fn close(&mut self, out: &mut Vec<u8>) {
        let _ = out;
    }
}

/// What an encoder did with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoded {
    /// It stands in the body.
    Written,
    /// It cannot be expressed for this output; nothing was appended. It is declared dropped with this reason.
    Skipped(&'static str),
}

/// What became of a request.
#[derive(Debug)]
pub enum Verdict {
    /// All items are stored.
    Delivered,
    /// One fate per item, in order.
    Items(Vec<Fate>),
    /// All of it is to be sent again.
    Again {
        /// What failed, and so who waits.
        class: Class,
        /// Why, for people; without any field value of a record.
        reason: String,
        /// How long to wait, if the other side said.
        wait: Option<Duration>,
        /// Whether this counts towards `Retry_Limit`. Unreachable hosts and wrong credentials do not.
        counts: bool,
    },
    /// It is too large for the other side: to be sent in parts. A single item is refused.
    TooLarge {
        /// What a single item is refused with.
        refusal: Refusal,
        /// Bytes of a body, before compression, that the other side would take, if it said so.
        limit: Option<usize>,
    },
    /// One item is to blame and nobody said which: to be sent in halves. A single item is refused.
    Halve(Refusal),
    /// All of it is refused for good.
    Refused(Refusal),
}

/// What became of one item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Stored.
    Delivered,
    /// Was stored already.
    Duplicate,
    /// To be sent again.
    Again(Cause),
    /// Refused for good.
    Refused(Box<Refusal>),
}

/// What failed, and so who waits before something is sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// The other side has too much to do: all requests slow down.
    Busy,
    /// An index takes nothing for now: its items wait, those of other indexes do not.
    Index,
    /// Nothing passes before a person acts or credentials change: the whole output waits.
    Output,
    /// Nothing was sent, for nobody was there to take it.
    Unreachable,
    /// It was sent, and what became of it is unknown. The ids of its items absorb what was stored.
    Unknown,
}

impl Class {
    /// Its name in metrics.
    pub fn label(self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::Index => "index",
            Self::Output => "output",
            Self::Unreachable => "unreachable",
            Self::Unknown => "unknown_outcome",
        }
    }
}

/// Why an item is to be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cause {
    /// What failed.
    pub class: Class,
    /// Its name in metrics: lower case, words joined by `_`.
    pub label: &'static str,
    /// The same in words.
    pub text: &'static str,
}

/// Why something was refused for good.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refusal {
    /// Status code of the other side, 0 without one.
    pub status: u16,
    /// Its name for the error.
    pub kind: String,
    /// Its reason. May quote values of the record: for the dead-letter file, never for the log.
    pub reason: String,
}

/// One record in a request.
#[derive(Clone, Copy, Debug)]
pub struct Item {
    /// Where its bytes end in the body before compression; they begin where the item before it ends.
    pub end: u32,
    /// Index into [`Request::lots`].
    pub lot: u32,
    /// Byte offset of its first source byte.
    pub offset: u64,
}

/// Items of a request that answer to the same source range.
#[derive(Debug)]
pub struct Lot {
    /// Answers for all items of this lot in the request.
    pub share: Share,
    /// Where they came from.
    pub stream: Arc<Stream>,
    /// Their tag.
    pub tag: Arc<str>,
    /// Whether one of them may be stored already: it was sent before, and nobody heard what became of it.
    pub may_be_stored: bool,
}

/// A sealed body with its table of items.
#[derive(Debug)]
pub struct Request {
    /// The bytes to send; a copy of the handle shares them.
    pub body: Bytes,
    /// How they are compressed.
    pub encoding: BodyEncoding,
    /// Their number before compression.
    pub plain_length: usize,
    /// Where the first item begins in the plain body.
    pub first_item: u32,
    /// The records.
    pub items: Vec<Item>,
    /// Whom they answer to.
    pub lots: Vec<Lot>,
    /// How often it was sent and failed in a way that counts.
    pub attempts: u32,
    /// Whether it goes to the spool of its output rather than wait in memory while that takes nothing.
    pub may_spool: bool,
}

impl Weight for Request {
    fn weight(&self) -> usize {
        self.body.len() + self.items.len() * size_of::<Item>()
    }
}

impl Request {
    /// The body before compression.
    ///
    /// # Errors
    /// When the compressed body is damaged, which would be a bug.
    pub fn plain(&self) -> io::Result<Bytes> {
        match self.encoding {
            BodyEncoding::Identity => Ok(self.body.clone()),
            BodyEncoding::Gzip(_) => {
                let mut decoder = GzDecoder::new(Vec::with_capacity(self.plain_length));
                decoder.write_all(&self.body)?;
                decoder.finish().map(Bytes::from)
            }
        }
    }

    /// Gives `look` the first bytes of each item, 512 at the most, in their order, without all of the plain body in memory.
    ///
    /// # Errors
    /// When the compressed body is damaged, which would be a bug.
    pub fn each_beginning(&self, mut look: impl FnMut(&[u8])) -> io::Result<()> {
        let mut body: Box<dyn Read + '_> = match self.encoding {
            BodyEncoding::Identity => Box::new(&*self.body),
            BodyEncoding::Gzip(_) => Box::new(flate2::read::GzDecoder::new(&*self.body)),
        };
        let (mut beginning, mut at) = ([0; 512], 0);
        for range in (0..self.items.len()).map(|index| self.item_range(index)) {
            io::copy(&mut body.by_ref().take((range.start - at) as u64), &mut io::sink())?;
            let beginning = &mut beginning[..range.len().min(512)];
            body.read_exact(beginning)?;
            look(beginning);
            at = range.start + beginning.len();
        }
        Ok(())
    }

    /// Where the bytes of item `index` stand in the plain body.
    pub fn item_range(&self, index: usize) -> Range<usize> {
        let start = index.checked_sub(1).map_or(self.first_item, |before| self.items[before].end);
        start as usize..self.items[index].end as usize
    }

    /// Whether an item of it may be stored already.
    pub fn may_be_stored(&self) -> bool {
        self.lots.iter().any(|lot| lot.may_be_stored)
    }

    /// Notes whether its items may be stored already.
    pub fn set_may_be_stored(&mut self, may_be: bool) {
        self.lots.iter_mut().for_each(|lot| lot.may_be_stored = may_be);
    }

    /// Answers for all items.
    pub fn settle_all(self, outcome: Outcome) {
        for lot in self.lots {
            lot.share.settle_all(outcome);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugin::Body;

    #[test]
    fn items_are_looked_at_without_the_whole_body() {
        let long = "x".repeat(100_000);
        for encoding in [BodyEncoding::Identity, BodyEncoding::Gzip(1)] {
            let mut body = Body::new(encoding);
            body.begin();
            let mut items = Vec::new();
            for text in ["before", "first", long.as_str(), "last"] {
                body.buffer().extend_from_slice(text.as_bytes());
                let end = u32::try_from(body.len()).expect("it is small");
                items.push(Item { end, lot: 0, offset: 0 });
            }
            let first_item = items.remove(0).end;
            let plain_length = body.len();
            let (lots, may_spool) = (Vec::new(), false);
            let body = body.seal();
            let request = Request { body, encoding, plain_length, first_item, items, lots, attempts: 0, may_spool };

            let mut seen = Vec::new();
            request.each_beginning(|item| seen.push(String::from_utf8_lossy(item).into_owned())).expect("it is sound");

            assert_eq!(seen, ["first", "x".repeat(512).as_str(), "last"]);
        }
    }
}
