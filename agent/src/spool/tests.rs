//! Requests for the tests of this room, and the properties of the format.

use std::sync::Arc;

use proptest::prelude::*;

use super::format::{DecodeError, HEAD, Stored, decode, encode};
use super::key::Key;
use crate::metrics::InputMetrics;
use crate::plugin::{Body, BodyEncoding, Item, Lot, Parcel, Request, Stage, Stream};
use crate::receipts::{Ledger, Outcome, Signal};

struct Never;

impl Stage for Never {
    fn run(&mut self, _: Parcel) -> Option<Parcel> {
        None
    }
}

pub(super) fn stream(name: &str) -> Arc<Stream> {
    Arc::new(Stream {
        id: 1,
        name: name.into(),
        input: "stdin.0".into(),
        metrics: Arc::new(InputMetrics::new("stdin.0")),
        birth: 1_700_000_000,
        sent_below: 0.into(),
        identity: vec![1, 2, 3].into(),
        stage: Arc::new(|_| Box::new(Never)),
    })
}

/// A request of these documents, whose records answer to `ledger`.
pub(super) fn request(documents: &[String], encoding: BodyEncoding, ledger: &Arc<Ledger>) -> Request {
    let mut body = Body::new(encoding);
    let mut lots = Vec::new();
    let mut items = Vec::new();
    for (at, document) in documents.iter().enumerate() {
        if at % 3 == 0 {
            let stream = stream(&format!("/var/log/{}.log", at / 6));
            lots.push(Lot {
                share: ledger.open(at as u64 + 1),
                stream,
                tag: format!("t.{at}").into(),
                may_be_stored: false,
            });
        } else {
            lots.last_mut().expect("there is one").share.grow(1);
        }
        body.buffer().extend_from_slice(document.as_bytes());
        let (end, lot) = (u32::try_from(body.len()).expect("small"), u32::try_from(lots.len() - 1).expect("few"));
        items.push(Item { end, lot, offset: at as u64 * 10 });
    }
    let plain_length = body.len();
    Request { body: body.seal(), encoding, plain_length, first_item: 0, items, lots, attempts: 3, may_spool: false }
}

pub(super) fn documents(count: usize, mark: &str) -> Vec<String> {
    (0..count).map(|at| format!("{{\"n\":{at},\"mark\":\"{mark}\"}}\n")).collect()
}

/// What the items of a request are.
pub(super) fn shown(request: &Request) -> Vec<String> {
    let plain = request.plain().expect("it inflates");
    let lot = |item: &Item| &request.lots[item.lot as usize];
    let show = |(at, item): (usize, &Item)| {
        let document = String::from_utf8_lossy(&plain[request.item_range(at)]);
        let Lot { stream, tag, .. } = lot(item);
        format!("{} {} {tag} {} {document}", stream.input, stream.name, item.offset)
    };
    request.items.iter().enumerate().map(show).collect()
}

pub(super) fn ledger() -> Arc<Ledger> {
    Ledger::new(0, Signal::default())
}

fn back(stored: Stored) -> Request {
    stored.into_request(&ledger())
}

fn key() -> Key {
    Key::parse(&[7; 32]).expect("32 bytes")
}

#[test]
fn a_request_read_back_settles_its_ledger_with_its_last_item() {
    let file = encode(&request(&documents(7, "a"), BodyEncoding::Identity, &ledger()), None, None).expect("small");
    let stored = decode(file, None).expect("whole");
    assert_eq!(stored.records(), 7);
    let ledger = ledger();

    let mut request = stored.into_request(&ledger);

    assert_eq!(request.lots.iter().map(|lot| lot.share.count()).collect::<Vec<_>>(), [3, 3, 1]);
    let last = request.lots.pop().expect("there are three");
    request.settle_all(Outcome::Delivered);
    assert_eq!(ledger.committed(), 0);
    last.share.settle_all(Outcome::DeadLettered);
    assert_eq!(ledger.committed(), 1);
}

#[test]
fn what_is_sealed_is_read_with_its_key_alone() {
    let request = request(&documents(3, "secret-42"), BodyEncoding::Identity, &ledger());

    let file = encode(&request, Some(&key()), None).expect("small");

    assert!(!file.windows(9).any(|window| window == b"secret-42"));
    assert!(matches!(decode(file.clone(), None), Err(DecodeError::NotNow(_))));
    let other = Key::parse(&[8; 32]).expect("32 bytes");
    assert!(matches!(decode(file.clone(), Some(&other)), Err(DecodeError::NotNow(_))));
    assert_eq!(shown(&back(decode(file, Some(&key())).expect("whole"))), shown(&request));
}

#[test]
fn a_newer_version_is_left_and_a_damaged_head_is_not_taken_for_one() {
    let mut file = encode(&request(&documents(3, "a"), BodyEncoding::Identity, &ledger()), None, None).expect("small");
    file[8] = 2;
    assert!(matches!(decode(file.clone(), None), Err(DecodeError::Damaged(_))));

    let hash = xxhash_rust::xxh3::xxh3_64(&file[..HEAD - 8]).to_le_bytes();
    file[HEAD - 8..HEAD].copy_from_slice(&hash);

    assert!(matches!(decode(file, None), Err(DecodeError::NotNow(_))));
}

/// A spool as the first version wrote it, kept for ever: what lies on a disk outlives the agent that put it there.
#[test]
fn the_first_format_is_read() {
    let sealed = include_bytes!("../../../tests/cases/spool/version-1-sealed.request");
    let plain = include_bytes!("../../../tests/cases/spool/version-1.request");
    for (file, key) in [(plain.to_vec(), None), (sealed.to_vec(), Some(key()))] {
        let request = back(decode(file, key.as_ref()).expect("whole"));
        let expected = self::request(&documents(4, "golden"), BodyEncoding::Identity, &ledger());
        assert_eq!((shown(&request), request.attempts), (shown(&expected), 3));
    }
}

/// Writes the files of the test above: `cargo test -p vigie --lib write_golden -- --ignored`.
#[test]
#[ignore = "only for a new format"]
fn write_golden_files() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/cases/spool");
    for (name, key) in [("version-1.request", None), ("version-1-sealed.request", Some(key()))] {
        let request = request(&documents(4, "golden"), BodyEncoding::Identity, &ledger());
        std::fs::write(folder.join(name), encode(&request, key.as_ref(), None).expect("small")).expect("written");
    }
}

fn encoding() -> impl Strategy<Value = BodyEncoding> {
    prop_oneof![Just(BodyEncoding::Identity), Just(BodyEncoding::Gzip(1)), Just(BodyEncoding::Gzip(6))]
}

/// Puts hashes over what a writer of bad intent changed.
fn with_hashes(mut file: Vec<u8>) -> Vec<u8> {
    if file.len() < HEAD + 8 {
        return file;
    }
    let hash = xxhash_rust::xxh3::xxh3_64(&file[..HEAD - 8]).to_le_bytes();
    file[HEAD - 8..HEAD].copy_from_slice(&hash);
    let end = file.len() - 8;
    let hash = xxhash_rust::xxh3::xxh3_64(&file[..end]).to_le_bytes();
    file[end..].copy_from_slice(&hash);
    file
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_request_comes_back_as_it_was(
        documents in prop::collection::vec("\\PC{0,40}\n", 1..40), encoding in encoding(), sealed: bool,
    ) {
        let request = request(&documents, encoding, &ledger());
        let key = sealed.then(key);

        let file = encode(&request, key.as_ref(), None).expect("small");
        let again = back(decode(file, key.as_ref()).expect("whole"));

        prop_assert_eq!(shown(&again), shown(&request));
        prop_assert_eq!(&again.body, &request.body);
        prop_assert_eq!((again.encoding, again.plain_length), (request.encoding, request.plain_length));
        prop_assert_eq!((again.first_item, again.attempts), (request.first_item, request.attempts));
        let births = |request: &Request| request.lots.iter().map(|lot| lot.stream.birth).collect::<Vec<_>>();
        prop_assert_eq!(births(&again), births(&request));
    }

    #[test]
    fn a_changed_file_is_refused(
        count in 1..10_usize, encoding in encoding(), sealed: bool, at: prop::sample::Index, bit in 0..8_u32, cut: bool,
    ) {
        let key = sealed.then(key);
        let mut file = encode(&request(&documents(count, "a"), encoding, &ledger()), key.as_ref(), None).expect("small");
        let at = at.index(file.len());
        if cut { file.truncate(at) } else { file[at] ^= 1 << bit }

        prop_assert!(matches!(decode(file, key.as_ref()), Err(DecodeError::Damaged(_))));
    }

    /// Also where the hashes fit, what is read can be used without a panic.
    #[test]
    fn a_forged_file_is_refused_or_can_be_used(
        count in 1..6_usize, encoding in encoding(), changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        near_the_head: bool,
    ) {
        let mut file = encode(&request(&documents(count, "a"), encoding, &ledger()), None, None).expect("small");
        let reach = if near_the_head { HEAD + 60 } else { file.len() }.min(file.len());
        for (at, byte) in changes {
            file[at.index(reach)] = byte;
        }

        if let Ok(stored) = decode(with_hashes(file), None) {
            shown(&back(stored));
        }
    }

    #[test]
    fn no_bytes_bring_it_down(bytes: Vec<u8>) {
        prop_assert!(decode(bytes.clone(), None).is_err());
        let mut file = b"VGSPOOL\n\x01\x00".to_vec();
        file.extend_from_slice(&bytes);
        if let Ok(stored) = decode(with_hashes(file), None) {
            shown(&back(stored));
        }
    }
}
