//! Takes a judged request apart: settles what is settled, keeps what is to be sent again.

use std::io;

use bytes::Bytes;

use crate::plugin::{Body, Cause, Class, Fate, Item, Lot, Refusal, Request};
use crate::receipts::{Outcome, Share};

/// A refused item, on its way to the dead-letter file.
pub(super) struct Refused {
    /// The item's share of its receipt.
    pub(super) share: Share,
    /// Index of its lot in the request it came from.
    pub(super) lot: usize,
    /// Byte offset of its first source byte.
    pub(super) offset: u64,
    /// Its bytes as they stood in the request.
    pub(super) bytes: Vec<u8>,
    /// Why.
    pub(super) refusal: Refusal,
}

/// What a judgement by items leaves.
#[derive(Default)]
pub(super) struct Judged {
    /// Items stored.
    pub(super) delivered: u32,
    /// Of these, stored before.
    pub(super) duplicates: u32,
    /// Body bytes, before compression, of the items stored.
    pub(super) delivered_bytes: u64,
    /// Items refused for good.
    pub(super) refused: Vec<Refused>,
    /// What is to be sent again.
    pub(super) again: Option<Request>,
    /// What is to wait for its index.
    pub(super) held: Vec<Held>,
    /// Why the items of both, with their number; in the order of the first of each.
    pub(super) causes: Vec<(Cause, u32)>,
}

/// Items of one index that are to wait for it.
pub(super) struct Held {
    /// Its name; empty where the output tells none.
    pub(super) index: String,
    /// The items.
    pub(super) request: Request,
}

/// Judges `request` by the fate of each item, whose index `index_of` tells. Items without a fate are to be sent again.
///
/// # Errors
/// When the compressed body cannot be read back, which would be a bug; its items then count as not delivered.
pub(super) fn by_items(
    mut request: Request,
    fates: Vec<Fate>,
    index_of: impl Fn(&[u8]) -> Option<&str>,
) -> io::Result<Judged> {
    let mut judged = Judged::default();
    let settled = fates.iter().all(|fate| matches!(fate, Fate::Delivered | Fate::Duplicate));
    let plain = if settled { Bytes::new() } else { request.plain()? };
    let mut again = Vec::new();
    let mut held = Groups::default();
    let mut counts = vec![(0_u32, 0_u32); request.lots.len()];
    for (at, fate) in fates.into_iter().enumerate() {
        let item = request.items[at];
        let lot = item.lot as usize;
        match fate {
            Fate::Delivered => counts[lot].0 += 1,
            Fate::Duplicate => counts[lot].1 += 1,
            Fate::Again(cause) => {
                match judged.causes.iter_mut().find(|(known, _)| *known == cause) {
                    Some((_, items)) => *items += 1,
                    None => judged.causes.push((cause, 1)),
                }
                match cause.class {
                    Class::Index => held.add(index_of(&plain[request.item_range(at)]).unwrap_or_default(), at),
                    _ => again.push(at),
                }
                continue;
            }
            Fate::Refused(refusal) => {
                let share = request.lots[lot].share.split(1);
                let bytes = plain[request.item_range(at)].to_vec();
                judged.refused.push(Refused { share, lot, offset: item.offset, bytes, refusal: *refusal });
                continue;
            }
        }
        judged.delivered_bytes += request.item_range(at).len() as u64;
    }
    for (lot, (delivered, duplicates)) in request.lots.iter_mut().zip(&counts) {
        lot.share.settle(*delivered, Outcome::Delivered);
        lot.share.settle(*duplicates, Outcome::Duplicate);
        judged.delivered += delivered + duplicates;
        judged.duplicates += duplicates;
    }
    if !again.is_empty() {
        judged.again = Some(subset(&mut request, &plain, &again));
    }
    judged.held = held.cut(&mut request, &plain);
    Ok(judged)
}

/// Takes out of `request` what goes to indexes that are paused: what is left, if anything, and what is to wait.
///
/// # Errors
/// When the compressed body cannot be read back.
pub(super) fn withhold(
    mut request: Request,
    index_of: impl Fn(&[u8]) -> Option<&str>,
    is_paused: impl Fn(&str) -> bool,
) -> io::Result<(Option<Request>, Vec<Held>)> {
    let plain = request.plain()?;
    let mut held = Groups::default();
    let mut rest = Vec::new();
    for at in 0..request.items.len() {
        match index_of(&plain[request.item_range(at)]) {
            Some(index) if is_paused(index) => held.add(index, at),
            _ => rest.push(at),
        }
    }
    if held.0.is_empty() {
        return Ok((Some(request), Vec::new()));
    }
    let held = held.cut(&mut request, &plain);
    Ok(((!rest.is_empty()).then(|| subset(&mut request, &plain, &rest)), held))
}

/// Items by index.
#[derive(Default)]
struct Groups(Vec<(String, Vec<usize>)>);

impl Groups {
    fn add(&mut self, index: &str, at: usize) {
        match self.0.iter_mut().find(|(name, _)| name == index) {
            Some((_, items)) => items.push(at),
            None => self.0.push((index.to_owned(), vec![at])),
        }
    }

    fn cut(self, request: &mut Request, plain: &[u8]) -> Vec<Held> {
        let cut = |(index, items): (String, Vec<usize>)| Held { index, request: subset(request, plain, &items) };
        self.0.into_iter().map(cut).collect()
    }
}

/// Cuts `request`, which has two items or more, into parts of at most `largest` bytes, but of one item at least. In their
/// order; always two or more.
///
/// # Errors
/// When the compressed body cannot be read back.
pub(super) fn parts(mut request: Request, largest: usize) -> io::Result<Vec<Request>> {
    let plain = request.plain()?;
    let mut cuts: Vec<Vec<usize>> = Vec::new();
    let mut bytes = 0;
    for at in 0..request.items.len() {
        let length = request.item_range(at).len();
        match cuts.last_mut() {
            Some(part) if bytes + length <= largest => part.push(at),
            _ => {
                bytes = 0;
                cuts.push(vec![at]);
            }
        }
        bytes += length;
    }
    if let [all] = cuts.as_mut_slice() {
        let second = all.split_off(all.len() / 2);
        cuts.push(second);
    }
    Ok(cuts.iter().map(|chosen| subset(&mut request, &plain, chosen)).collect())
}

/// A request of the items at `chosen` alone, which takes their shares over.
fn subset(request: &mut Request, plain: &[u8], chosen: &[usize]) -> Request {
    let mut body = Body::new(request.encoding);
    let mut items = Vec::with_capacity(chosen.len());
    let mut lots: Vec<Lot> = Vec::new();
    let mut lot_of = vec![None; request.lots.len()];
    for at in chosen.iter().copied() {
        let item = request.items[at];
        body.buffer().extend_from_slice(&plain[request.item_range(at)]);
        let from = &mut request.lots[item.lot as usize];
        let lot = *lot_of[item.lot as usize].get_or_insert_with(|| {
            let (stream, tag, may_be_stored) = (from.stream.clone(), from.tag.clone(), from.may_be_stored);
            lots.push(Lot { share: from.share.split(0), stream, tag, may_be_stored });
            lots.len() - 1
        });
        lots[lot].share.join(from.share.split(1));
        let end = u32::try_from(body.len()).expect("a part is shorter than the whole");
        items.push(Item { end, lot: u32::try_from(lot).expect("a part has no more lots"), offset: item.offset });
        body.compress_slice();
    }
    Request {
        plain_length: body.len(),
        body: body.seal(),
        encoding: request.encoding,
        first_item: 0,
        items,
        lots,
        attempts: request.attempts,
        may_spool: false,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::metrics::InputMetrics;
    use crate::plugin::{BodyEncoding, Stream};
    use crate::receipts::{Ledger, Signal};

    const BUSY: Cause = Cause { class: Class::Busy, label: "busy", text: "the cluster is busy" };

    fn stream() -> Arc<Stream> {
        Arc::new(Stream {
            id: 1,
            name: "/var/log/app.log".into(),
            input: "tail.0".into(),
            metrics: Arc::new(InputMetrics::new("tail.0")),
            birth: 0,
            identity: Vec::new().into(),
            stage: Arc::new(|_| unreachable!("no stage runs here")),
            sent_below: 0.into(),
        })
    }

    /// A request of the documents `a\n`, `bb\n`, `ccc\n` …, the first half of the first range, the rest of the second.
    fn request(count: usize, encoding: BodyEncoding, ledger: &Arc<Ledger>) -> Request {
        let mut body = Body::new(encoding);
        let half = count / 2;
        let mut lots = Vec::new();
        for (range, records) in [half, count - half].into_iter().enumerate() {
            let mut share = ledger.open(range as u64 * 100 + 100);
            share.grow(u32::try_from(records).expect("few"));
            share.settle(1, Outcome::Passed);
            lots.push(Lot { share, stream: stream(), tag: "t".into(), may_be_stored: false });
        }
        let mut items = Vec::new();
        for at in 0..count {
            let letter = b'a' + u8::try_from(at).expect("few");
            body.buffer().extend(std::iter::repeat_n(letter, at + 1));
            body.buffer().push(b'\n');
            let end = u32::try_from(body.len()).expect("small");
            items.push(Item { end, lot: u32::from(at >= half), offset: at as u64 });
        }
        let plain_length = body.len();
        Request { body: body.seal(), encoding, plain_length, first_item: 0, items, lots, attempts: 0, may_spool: false }
    }

    fn refusal(reason: &str) -> Box<Refusal> {
        Box::new(Refusal { status: 400, kind: "mapper_parsing_exception".into(), reason: reason.into() })
    }

    #[test]
    fn only_items_to_be_retried_are_resent_and_each_range_ends_with_its_own_items() {
        for encoding in [BodyEncoding::Identity, BodyEncoding::Gzip(1)] {
            let ledger = Ledger::new(0, Signal::default());
            let request = request(4, encoding, &ledger);
            let fates = vec![Fate::Delivered, Fate::Duplicate, Fate::Again(BUSY), Fate::Refused(refusal("no"))];

            let judged = by_items(request, fates, |_| None).expect("it inflates");

            assert_eq!(ledger.committed(), 100, "the first range is settled, whatever becomes of the second");
            let again = judged.again.expect("one item is left");
            assert_eq!(*again.plain().expect("it inflates"), *b"ccc\n");
            assert_eq!((again.items.len(), judged.causes), (1, vec![(BUSY, 1)]));
            assert_eq!(judged.refused[0].bytes, b"dddd\n");
            assert_eq!((judged.delivered, judged.duplicates, judged.delivered_bytes), (2, 1, 5));
            again.settle_all(Outcome::Delivered);
            assert_eq!(ledger.committed(), 100);
            for refused in judged.refused {
                refused.share.settle_all(Outcome::DeadLettered);
            }
            assert_eq!(ledger.committed(), 200);
        }
    }

    /// The index of an item is its letter, but for `a`.
    fn letter(item: &[u8]) -> Option<&str> {
        std::str::from_utf8(&item[..1]).ok().filter(|letter| *letter != "a")
    }

    #[test]
    fn items_that_wait_for_their_index_are_kept_apart_by_index() {
        let blocked = Cause { class: Class::Index, label: "write_block", text: "the index is blocked" };
        let ledger = Ledger::new(0, Signal::default());
        let fates = vec![Fate::Again(blocked), Fate::Again(blocked), Fate::Again(BUSY), Fate::Delivered];

        let judged = by_items(request(4, BodyEncoding::Gzip(1), &ledger), fates, letter).expect("it inflates");

        let again = judged.again.expect("one is busy");
        assert_eq!(*again.plain().expect("it inflates"), *b"ccc\n");
        assert_eq!(judged.causes, [(blocked, 2), (BUSY, 1)]);
        assert_eq!(judged.delivered_bytes, 5);
        let mut held = judged.held.into_iter();
        for (index, body) in [("", "a\n"), ("b", "bb\n")] {
            let one = held.next().expect("two indexes");
            assert_eq!((one.index.as_str(), &*one.request.plain().expect("it inflates")), (index, body.as_bytes()));
            one.request.settle_all(Outcome::Delivered);
        }
        assert_eq!(ledger.committed(), 100);
        again.settle_all(Outcome::Delivered);
        assert_eq!(ledger.committed(), 200);
    }

    #[test]
    fn items_of_paused_indexes_are_taken_out_and_nothing_else() {
        let ledger = Ledger::new(0, Signal::default());
        let whole = || request(3, BodyEncoding::Identity, &ledger);

        let (rest, held) = withhold(whole(), letter, |index| index == "b").expect("it is plain");
        assert_eq!(*rest.expect("two are left").plain().expect("it is plain"), *b"a\nccc\n");
        assert_eq!((held.len(), held[0].index.as_str(), held[0].request.items.len()), (1, "b", 1));

        let (rest, held) = withhold(whole(), letter, |_| false).expect("it is plain");
        assert_eq!((rest.map(|rest| rest.items.len()), held.len()), (Some(3), 0));

        let (rest, held) = withhold(whole(), |_| Some("x"), |_| true).expect("it is plain");
        assert_eq!((rest.is_none(), held[0].request.items.len()), (true, 3));
    }

    #[test]
    fn parts_hold_all_items_once_and_are_as_large_as_allowed() {
        // Bodies of two to six bytes, twenty in all.
        for (largest, expected) in [
            (7, vec!["a\nbb\n", "ccc\n", "dddd\n", "eeeee\n"]),
            (9, vec!["a\nbb\nccc\n", "dddd\n", "eeeee\n"]),
            (0, vec!["a\n", "bb\n", "ccc\n", "dddd\n", "eeeee\n"]),
            (100, vec!["a\nbb\n", "ccc\ndddd\neeeee\n"]),
        ] {
            let ledger = Ledger::new(0, Signal::default());

            let parts = parts(request(5, BodyEncoding::Gzip(1), &ledger), largest).expect("it inflates");

            let bodies: Vec<_> = parts.iter().map(|part| part.plain().expect("it inflates")).collect();
            assert_eq!(bodies, expected, "{largest}");
            let offsets = parts.iter().flat_map(|part| part.items.iter().map(|item| item.offset));
            assert_eq!(offsets.collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
            for part in parts.into_iter().rev() {
                assert_ne!(ledger.committed(), 200);
                part.settle_all(Outcome::Delivered);
            }
            assert_eq!(ledger.committed(), 200);
        }
    }

    #[test]
    fn a_request_dropped_in_the_middle_asks_for_a_rewind() {
        let ledger = Ledger::new(0, Signal::default());

        drop(parts(request(4, BodyEncoding::Identity, &ledger), 5));

        assert_eq!(ledger.take_rewind(), Some(0));
    }
}
