//! Who this agent is, and the ids of documents.
//!
//! The format of ids is frozen with the first release: a change doubles every backlog.

use std::fmt;
use std::hash::Hasher;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use siphasher::sip::SipHasher24;
use siphasher::sip128::{Hasher128, SipHasher24 as Stream128};
use vigie_parsers::batch::{Batch, Origin, Record, Source, Span};
use vigie_parsers::simd::climb;

use super::digest;
use super::input::Stream;

/// This agent, as far as ids need to know.
pub struct Agent {
    /// `Instance`, else `NODE_NAME`, else machine id and host name.
    id: String,
    /// What the digest of source bytes is made with.
    secret: digest::Secret,
    /// What that digest is hashed with.
    key: digest::Key,
}

impl Agent {
    /// An agent named `id` whose hash key comes from `secret`, which never leaves the host.
    pub fn new(id: impl Into<String>, secret: &[u8]) -> Self {
        let derived = |purpose: &[u8], number: u8| {
            let mut hasher = SipHasher24::new_with_keys(0x7669_6769_6521_6b65, 0x7920_6f66_2069_6473);
            hasher.write(purpose);
            hasher.write_u8(number);
            hasher.write(secret);
            hasher.finish()
        };
        let secret = [0, 1, 2, 3].map(|number| derived(b"digest", number));
        let key = [0, 1].map(|number| derived(b"key", number));
        Self { id: id.into(), secret, key }
    }

    /// Keyed hash of source bytes. Without the key it tells nothing of them.
    pub fn source_hash(&self, bytes: &[u8]) -> u32 {
        let digest = digest::digest(bytes, &self.secret);
        #[allow(clippy::cast_possible_truncation, reason = "32 bits of the hash are wanted")]
        let short = digest::sealed(digest, self.key) as u32;
        short
    }

    /// The hash of the source bytes of `origin`, which lie in `batch` if they lie anywhere.
    #[inline]
    pub fn hash_of(&self, origin: &Origin, batch: &Batch) -> u32 {
        match origin.source {
            Source::At(start) => self.source_hash(batch.bytes(Span { start, len: origin.length })),
            Source::Hash(hash) => hash,
        }
    }

    /// The same without the batch: its source bytes are hashed.
    pub fn detached(&self, origin: &Origin, batch: &Batch) -> Origin {
        Origin { source: Source::Hash(self.hash_of(origin, batch)), ..*origin }
    }

    /// Appends the record's own part of its id, behind that of [`Agent::id_prefix`].
    #[inline]
    pub fn push_id(&self, record: Record<'_>, out: &mut Vec<u8>) {
        let origin = record.origin();
        push_record_id(&origin, self.hash_of(&origin, record.batch()), out);
    }

    /// What all ids of `stream` under `tag` begin with.
    ///
    /// The birth of the source in seconds (6 digits, 36 bits), then 16 bytes of hash over agent, input, tag and identity.
    pub fn id_prefix(&self, stream: &Stream, tag: &str) -> Vec<u8> {
        let mut prefix = Vec::with_capacity(28);
        push_digits(stream.birth, 6, &mut prefix);
        let mut hasher = Stream128::new();
        for part in [self.id.as_bytes(), stream.input.as_bytes(), tag.as_bytes(), &*stream.identity] {
            hasher.write_u64(part.len() as u64);
            hasher.write(part);
        }
        let hash = hasher.finish128();
        let encoded = URL_SAFE_NO_PAD.encode(hash.as_bytes());
        prefix.extend_from_slice(encoded.as_bytes());
        prefix
    }
}

/// Appends what tells the record of `origin`, whose source bytes have this hash, from all others of its stream: offset
/// (8 digits, 48 bits), keyed hash (6 digits), source length (as many digits as it needs), and `.` with the part where
/// that is not 0.
fn push_record_id(origin: &Origin, hash: u32, out: &mut Vec<u8>) {
    if (64..4096).contains(&origin.length) {
        // Hash and length are eight digits together.
        let rest = u64::from(hash) << 12 | u64::from(origin.length);
        out.extend_from_slice(&sixteen_digits([origin.offset, rest]));
    } else {
        out.extend_from_slice(&digits(origin.offset));
        push_digits(u64::from(hash), 6, out);
        let width = (u32::BITS - origin.length.leading_zeros()).div_ceil(6).max(1) as usize;
        push_digits(u64::from(origin.length), width, out);
    }
    if origin.part != 0 {
        out.push(b'.');
        push_digits(u64::from(origin.part), 3, out);
    }
}

fn push_digits(number: u64, width: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(&digits(number)[8 - width..]);
}

/// The lower 48 bits of `number` as eight digits, all at once: `-`, `0` to `9`, `A` to `Z`, `_`, `a` to `z`, in ASCII order so that
/// ids of a stream sort by offset.
#[inline(always)]
fn digits(number: u64) -> [u8; 8] {
    let [first, _] = *sixteen_digits([number, 0]).as_chunks().0 else { return [0; 8] };
    first
}

/// The digits of both numbers, one behind the other: they cost what those of one do.
#[inline(always)]
fn sixteen_digits([one, other]: [u64; 2]) -> [u8; 16] {
    // In a register: they would have to arrive in memory before they could be read as one.
    let both = u128::from(places(one)) << 64 | u128::from(places(other));
    // Where a run of digits begins, the distance from value to character grows.
    climb(both.to_be_bytes(), [(-1, 45), (0, 2), (10, 7), (36, 4), (37, 1)])
}

/// The lower 48 bits of `number`, six to a byte.
#[inline(always)]
fn places(number: u64) -> u64 {
    // Halves, quarters, then eighths of the bits into bytes of their own.
    let number = number & 0xff_ffff | (number & 0xffff_ff00_0000) << 8;
    let number = number & 0x0000_0fff_0000_0fff | (number & 0x00ff_f000_00ff_f000) << 4;
    number & 0x003f_003f_003f_003f | (number & 0x0fc0_0fc0_0fc0_0fc0) << 2
}

impl fmt::Debug for Agent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Agent").field("id", &self.id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use vigie_parsers::batch::Timestamp;

    fn id(offset: u64, length: u32, hash: u32, part: u16) -> Vec<u8> {
        let mut id = Vec::new();
        push_record_id(&Origin { offset, length, part, ..Origin::default() }, hash, &mut id);
        id
    }

    #[test]
    fn digits_are_in_ascii_order() {
        const DIGITS: &[u8; 64] = b"-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";
        for (value, digit) in (0..).zip(DIGITS) {
            for place in 0..8 {
                let mut expected = [b'-'; 8];
                expected[7 - place] = *digit;
                assert_eq!(digits(value << (6 * place)), expected);
            }
        }
    }

    proptest! {
        #[test]
        fn different_origins_never_share_an_id(
            a in (0_u64..1 << 48, any::<u32>(), any::<u32>(), any::<u16>()),
            b in (0_u64..1 << 48, any::<u32>(), any::<u32>(), any::<u16>()),
        ) {
            prop_assert_eq!(a == b, id(a.0, a.1, a.2, a.3) == id(b.0, b.1, b.2, b.3));
        }

        #[test]
        fn ids_of_a_stream_sort_by_offset(a in 0_u64..1 << 48, b in 0_u64..1 << 48, hash in any::<u32>()) {
            prop_assume!(a != b);
            prop_assert_eq!(a < b, id(a, 10, hash, 0) < id(b, 10, hash, 0));
        }
    }

    #[test]
    fn an_id_is_the_same_whether_the_source_bytes_lie_in_the_arena_or_only_their_hash_is_left() {
        let agent = Agent::new("a", b"secret-42");
        let mut ids = Vec::new();
        for (before, line, after) in [("", "a line", "\n"), ("other\n", "a line", ""), ("", "A line", "")] {
            let mut batch = Batch::default();
            batch.store(before.as_bytes());
            let span = batch.store(line.as_bytes());
            batch.store(after.as_bytes());
            let origin = Origin { length: span.len, source: Source::At(span.start), ..Origin::default() };
            for origin in [origin, agent.detached(&origin, &batch)] {
                let index = batch.push(Timestamp::default(), origin);
                let mut id = Vec::new();
                agent.push_id(batch.record(index), &mut id);
                ids.push(id);
            }
        }

        assert!(ids[..4].iter().all(|id| *id == ids[0]));
        assert_eq!(ids[4], ids[5]);
        assert_ne!(ids[0], ids[4], "another text has another id");
    }

    proptest! {
        #[test]
        fn the_parts_of_an_id_stand_one_after_the_other(
            offset in 0_u64..1 << 48,
            hash in any::<u32>(),
            length in prop_oneof![any::<u32>(), 0..5_000_u32, prop::sample::select(vec![0, 63, 64, 4_095, 4_096])],
        ) {
            let width = (1..6).find(|width| u64::from(length) < 1 << (6 * width)).unwrap_or(6);
            let place = |number: u64, width: u32| digits(number)[8 - width as usize..].to_vec();
            let expected = [place(offset, 8), place(hash.into(), 6), place(length.into(), width)].concat();
            prop_assert_eq!(id(offset, length, hash, 0), expected);
        }
    }

    #[test]
    fn the_format_of_ids_is_frozen() {
        assert_eq!(id(0, 0, 0, 0), b"---------------");
        assert_eq!(id(1_234_567, 316, 0xdead_beef, 0), b"----3hP62TfQvj3w");
        assert_eq!(id(1, 2, 3, 4), b"-------0-----21.--3");
    }

    #[test]
    fn the_source_hash_depends_on_the_secret_which_is_not_printed() {
        let (one, other) = (Agent::new("a", b"secret-1"), Agent::new("a", b"secret-2"));

        for line in [b"line".to_vec(), vec![b'x'; 1000]] {
            assert_ne!(one.source_hash(&line), other.source_hash(&line));
            assert_eq!(one.source_hash(&line), Agent::new("b", b"secret-1").source_hash(&line));
        }
        assert_eq!(format!("{one:?}"), "Agent { id: \"a\", .. }");
    }
}
