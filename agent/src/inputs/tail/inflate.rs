//! Reads a gzip file as a stream, from where it stands: any number of members, and more of them once it grows.
//!
//! What was inflated is kept only as far as it was not taken yet, and so are the first bytes, which prove what it holds.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use super::proof::HEAD;
use crate::inputs::files;
use flate2::{Decompress, FlushDecompress, Status};

/// Compressed bytes read at once.
const PIECE: usize = 16 << 10;
/// Bytes inflated at once at the most.
const ROOM: usize = 64 << 10;
/// A file that inflates to more than so many times its size is no log; what follows is left out.
const RATIO: u64 = 500;
/// Up to so many bytes whatever the ratio.
const FREE: u64 = 16 << 20;
/// What a member begins with.
const MAGIC: [u8; 2] = [0x1f, 0x8b];
/// First bytes, compressed, by which another file that is written over it shows: of its header and of what follows.
const BEGINNING: usize = 256;
/// The window of gzip, as a power of two.
const WINDOW_BITS: u8 = 15;

/// The state of one file.
#[derive(Debug, Default)]
pub(super) struct Inflated {
    /// The member being inflated; `None` between two.
    member: Option<Box<Decompress>>,
    /// Compressed bytes gone through.
    taken: u64,
    /// Inflated bytes: the last ones of them are kept.
    made: u64,
    kept: Vec<u8>,
    head: Vec<u8>,
    /// The first compressed bytes.
    beginning: Vec<u8>,
    /// It goes at least so far: that much of the same content was read elsewhere.
    least: u64,
    /// Whether what follows cannot be read.
    is_broken: bool,
    /// Where that was found and why, until it is told; once.
    trouble: Option<(u64, String)>,
    is_told: bool,
    /// Whether it was told that it ends too early.
    is_end_told: bool,
}

impl Inflated {
    /// How long the content is as far as it is known: to its end, or a little longer than what was inflated. `length` is that
    /// of the file.
    pub(super) fn size(&mut self, length: u64) -> u64 {
        if length < self.taken {
            // Another file was written over it.
            *self = Self::default();
        }
        let rest = if self.is_broken { 0 } else { length - self.taken };
        let known = if rest == 0 { self.made } else { self.made.max(self.head.len() as u64) };
        known.max(self.least) + rest
    }

    /// Whether `file` begins as it began. If not, it is another one from now on.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn begins_as_before(&mut self, file: &File) -> io::Result<bool> {
        let is_same = self.has_beginning(file)?;
        if !is_same {
            *self = Self::default();
        }
        Ok(is_same)
    }

    /// Up to where it was read and why no further, where that was not told yet.
    pub(super) fn take_trouble(&mut self) -> Option<(u64, String)> {
        self.trouble.take()
    }

    /// Whether it is inflated to the end of the file, whose size is `length`, and more should follow there.
    pub(super) fn is_cut_off(&self, length: u64) -> bool {
        self.member.is_some() && self.taken >= length
    }

    /// Whether nobody was told yet that it ends too early. Counts as told from now on.
    pub(super) fn tell_end(&mut self) -> bool {
        !std::mem::replace(&mut self.is_end_told, true)
    }

    /// Notes that the content goes at least as far as `offset`, though this file was not inflated so far.
    pub(super) fn expect(&mut self, offset: u64) {
        self.least = self.least.max(offset);
    }

    /// Copies bytes from `offset` on into `bytes`, as far as the content goes. Gives how many there were.
    pub(super) fn read_full(&mut self, file: &File, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        let end = offset.saturating_add(bytes.len() as u64);
        if end <= HEAD as u64 {
            self.begin(file)?;
        }
        if end <= self.head.len() as u64 || (self.head.len() < HEAD && end <= HEAD as u64) {
            let from = usize::try_from(offset).unwrap_or(usize::MAX).min(self.head.len());
            let length = bytes.len().min(self.head.len() - from);
            bytes[..length].copy_from_slice(&self.head[from..from + length]);
            return Ok(length);
        }
        self.go_to(file, offset, bytes.len())?;
        let found = self.at(offset);
        let length = found.len().min(bytes.len());
        bytes[..length].copy_from_slice(&found[..length]);
        Ok(length)
    }

    /// Adds up to `wanted` bytes from `offset` on to `out`. What lies before is forgotten.
    pub(super) fn append(&mut self, file: &File, out: &mut Vec<u8>, offset: u64, wanted: usize) -> io::Result<()> {
        self.go_to(file, offset, wanted)?;
        let found = self.at(offset);
        out.extend_from_slice(&found[..found.len().min(wanted)]);
        Ok(())
    }

    /// Gives back what is kept of before `offset`.
    pub(super) fn forget(&mut self, offset: u64) {
        let before = self.kept.len() - self.at(offset).len();
        self.kept.drain(..before);
        self.kept.shrink_to(ROOM);
    }

    /// The bytes kept from `offset` on.
    fn at(&self, offset: u64) -> &[u8] {
        let begin = self.made - self.kept.len() as u64;
        let from = offset.checked_sub(begin).and_then(|from| usize::try_from(from).ok());
        from.and_then(|from| self.kept.get(from..)).unwrap_or_default()
    }

    /// Inflates the first bytes where that was not done.
    fn begin(&mut self, file: &File) -> io::Result<()> {
        let is_new = self.made == 0;
        while self.head.len() < HEAD && self.more(file)? {}
        let is_empty = self.made == 0 && self.member.is_none();
        if is_empty {
            // Where it ends now is known, and nothing is kept.
            self.kept = Vec::new();
        } else if is_new && !self.is_broken {
            // Many files are only told apart by it.
            *self = self.rewound();
        }
        Ok(())
    }

    /// The same at its start.
    fn rewound(&mut self) -> Self {
        let (head, trouble) = (std::mem::take(&mut self.head), self.trouble.take());
        let beginning = std::mem::take(&mut self.beginning);
        let (is_told, is_end_told) = (self.is_told, self.is_end_told);
        Self { head, beginning, least: self.least, trouble, is_told, is_end_told, ..Self::default() }
    }

    /// Inflates up to `wanted` bytes behind `offset`, from the start where that lies before what is kept.
    fn go_to(&mut self, file: &File, offset: u64, wanted: usize) -> io::Result<()> {
        if offset < self.made - self.kept.len() as u64 {
            *self = self.rewound();
        }
        let end = offset.saturating_add(wanted as u64);
        while self.made < end && self.more(file)? {
            if self.kept.len() > wanted.max(ROOM) {
                self.forget(offset);
            }
        }
        Ok(())
    }

    /// Whether `file` has the first bytes that are known, of which more may be known now.
    fn has_beginning(&mut self, file: &File) -> io::Result<bool> {
        let mut beginning = [0; BEGINNING];
        let read = files::read_full(file, &mut beginning, 0)?;
        let is_same = beginning[..read].starts_with(&self.beginning);
        if is_same && read > self.beginning.len() {
            self.beginning = beginning[..read].to_vec();
        }
        Ok(is_same)
    }

    /// Inflates a little more. Gives whether there may be more behind it.
    fn more(&mut self, file: &File) -> io::Result<bool> {
        let mut piece = [0; PIECE];
        let read = file.read_at(&mut piece, self.taken)?;
        if read == 0 || self.is_broken {
            return Ok(false);
        }
        if !self.has_beginning(file)? {
            // The next look at it finds that.
            return Ok(self.give_up(false, ""));
        }
        if self.member.is_none() {
            if read < MAGIC.len() {
                return Ok(false);
            }
            if !piece.starts_with(&MAGIC) {
                // Zeros are how tapes and disks fill a file up.
                return Ok(self.give_up(piece[..read].iter().any(|byte| *byte != 0), "what follows is not compressed"));
            }
            self.member = Some(Box::new(Decompress::new_gzip(WINDOW_BITS)));
        }
        self.inflate(&piece[..read])
    }

    fn inflate(&mut self, piece: &[u8]) -> io::Result<bool> {
        let Some(member) = &mut self.member else { return Ok(false) };
        let (taken, made, length) = (member.total_in(), member.total_out(), self.kept.len());
        self.kept.reserve(ROOM);
        let status = member.decompress_vec(piece, &mut self.kept, FlushDecompress::None);
        let (taken, made) = (member.total_in() - taken, member.total_out() - made);
        if self.head.len() < HEAD {
            // What was inflated before is in it already.
            let known = self.head.len().saturating_sub(usize::try_from(self.made).unwrap_or(usize::MAX));
            let new = self.kept[length..].get(known..).unwrap_or_default();
            let missing = HEAD - self.head.len();
            self.head.extend_from_slice(&new[..new.len().min(missing)]);
        }
        self.taken += taken;
        self.made += made;
        match status {
            Ok(Status::StreamEnd) => self.member = None,
            Ok(_) if taken == 0 && made == 0 => return Ok(false),
            Ok(_) => {}
            Err(error) => return Ok(self.give_up(true, &error.to_string())),
        }
        if self.made > FREE.max(self.taken.saturating_mul(RATIO)) {
            return Ok(self.give_up(true, "it inflates to more than 500 times its size"));
        }
        Ok(true)
    }

    /// Reads no further. Gives that there is no more.
    fn give_up(&mut self, is_wrong: bool, reason: &str) -> bool {
        if is_wrong && !std::mem::replace(&mut self.is_told, true) {
            self.trouble = Some((self.made, reason.to_owned()));
        }
        (self.is_broken, self.member) = (true, None);
        false
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).expect("memory takes it");
        encoder.finish().expect("memory takes it")
    }

    fn file(bytes: &[u8]) -> File {
        let mut file = tempfile::tempfile().expect("a temporary file");
        file.write_all(bytes).expect("it is written");
        file
    }

    fn text(bytes: usize) -> Vec<u8> {
        (0_u64..).flat_map(|number| format!("line {}\n", number * number).into_bytes()).take(bytes).collect()
    }

    /// Reads all there is.
    fn length(inflated: &mut Inflated, file: &File) -> u64 {
        let (mut out, mut at) = (Vec::new(), 0);
        while at == 0 || !out.is_empty() {
            out.clear();
            inflated.append(file, &mut out, at, 1 << 20).expect("it is read");
            at += out.len() as u64;
            inflated.forget(at);
            if at == 0 {
                return 0;
            }
        }
        at
    }

    #[test]
    fn any_part_of_several_members_is_read_as_it_was() {
        let whole = text(700_000);
        let file = file(&[gzip(&whole[..1]), gzip(&whole[1..300_000]), gzip(b""), gzip(&whole[300_000..])].concat());
        let mut inflated = Inflated::default();

        for (offset, length) in
            [(0, 10), (500, 1000), (600_000, 100_000), (650_000, 90_000), (3, 5), (100, 400_000), (700_000, 5)]
        {
            let mut bytes = vec![0; length];
            let read = inflated.read_full(&file, &mut bytes, offset as u64).expect("it is read");
            assert_eq!(&bytes[..read], &whole[offset..whole.len().min(offset + length)], "{offset}");
        }
        let length = file.metadata().expect("it is open").len();
        assert_eq!(inflated.size(length), 700_000);
        assert_eq!(inflated.head, &whole[..HEAD]);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let whole = text(3 << 20);
        let file = file(&gzip(&whole));
        let mut inflated = Inflated::default();
        let (mut out, mut at) = (Vec::new(), 0);
        while at < whole.len() {
            out.clear();
            inflated.append(&file, &mut out, at as u64, 50_000).expect("it is read");
            assert_eq!(out, &whole[at..whole.len().min(at + 50_000)]);
            at += out.len();
            inflated.forget(at as u64);
            assert!(inflated.kept.capacity() <= 256 << 10, "{}", inflated.kept.capacity());
        }
    }

    #[test]
    fn a_file_that_is_being_written_goes_on_when_it_grows() {
        let whole = text(200_000);
        let compressed = gzip(&whole);
        let mut file = file(&compressed[..5]);
        let mut inflated = Inflated::default();
        let mut out = Vec::new();
        for piece in compressed[5..].chunks(1000) {
            let at = out.len() as u64;
            inflated.append(&file, &mut out, at, 1 << 20).expect("it is read");
            file.write_all(piece).expect("it is written");
        }
        let at = out.len() as u64;
        inflated.append(&file, &mut out, at, 1 << 20).expect("it is read");
        assert_eq!(out, whole);

        file.write_all(&gzip(b"more")).expect("it is written");
        inflated.append(&file, &mut out, 200_000, 1 << 20).expect("it is read");
        assert_eq!(&out[200_000..], b"more");
    }

    #[test]
    fn a_short_content_has_the_same_beginning_whenever_it_is_asked_for() {
        let file = file(&gzip(b"<1> a line\n"));
        let mut inflated = Inflated::default();
        let mut bytes = [0; 64];

        for _ in 0..4 {
            assert_eq!(inflated.read_full(&file, &mut bytes, 0).expect("it is read"), 11);
            assert_eq!(inflated.read_full(&file, &mut bytes, 11).expect("it is read"), 0);
        }
    }

    #[test]
    fn another_file_that_was_written_over_it_shows_by_its_first_bytes() {
        let (one, other) = (gzip(&text(2_000)), gzip(b"another"));
        let mut file = file(&one[..40]);
        let mut inflated = Inflated::default();
        inflated.read_full(&file, &mut [0; HEAD], 0).expect("it is read");
        let rewrite = |file: &mut File, bytes: &[u8]| {
            file.set_len(0).expect("it is truncated");
            file.write_all_at(bytes, 0).expect("it is written");
        };

        assert!(inflated.begins_as_before(&file).expect("it is read"), "it is as it was");
        rewrite(&mut file, &one);
        assert!(inflated.begins_as_before(&file).expect("it is read"), "it is longer");
        assert_eq!(inflated.beginning, one[..BEGINNING]);
        rewrite(&mut file, &one[..BEGINNING - 1]);
        assert!(!inflated.begins_as_before(&file).expect("it is read"), "it is shorter than what is known");
        assert!(inflated.beginning.is_empty() && inflated.head.is_empty(), "it is another one");
        rewrite(&mut file, &one);
        length(&mut inflated, &file);
        rewrite(&mut file, &other);
        assert!(!inflated.begins_as_before(&file).expect("it is read"), "it is another one and shorter");
    }

    #[test]
    fn one_that_is_written_over_while_it_is_read_gives_nothing_of_the_other() {
        let whole = text(400_000);
        let file = file(&gzip(&whole));
        let mut inflated = Inflated::default();
        let mut out = Vec::new();
        inflated.append(&file, &mut out, 0, 1_000).expect("it is read");
        let read = out.len();
        file.write_all_at(&gzip(&text(400_001)[1..]), 0).expect("it is written");

        inflated.forget(read as u64);
        inflated.append(&file, &mut out, read as u64, 1 << 20).expect("it is read");

        assert!(whole.starts_with(&out), "{} bytes of {}", out.len(), whole.len());
        assert!(out.len() < whole.len() && inflated.take_trouble().is_none());
        assert!(!inflated.begins_as_before(&file).expect("it is read"));
    }

    #[test]
    fn what_is_damaged_or_a_bomb_is_read_up_to_there() {
        let mut damaged = gzip(&text(100_000));
        let middle = damaged.len() / 2;
        damaged[middle..middle + 100].fill(0xff);
        let bomb = gzip(&vec![b'x'; 20 << 20]);
        for (bytes, least, most) in [
            (damaged, 1, 100_000),
            (bomb, FREE, FREE + (ROOM as u64)),
            ([gzip(b"one"), b"\0\0\0".to_vec()].concat(), 3, 3),
            (b"\x1f\x8b".to_vec(), 0, 0),
        ] {
            let file = file(&bytes);
            let mut inflated = Inflated::default();
            let at = length(&mut inflated, &file);
            assert!((least..=most).contains(&at), "{at}");
            assert_eq!(inflated.size(bytes.len() as u64), at);
        }
    }
}
