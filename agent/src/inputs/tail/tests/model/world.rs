//! The logs of a script: what was written to each of their contents, and where it lies.

use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;

/// Longest line of a script.
pub(super) const MAX_LINE: usize = 48;
const LIVE: &str = "app.log";

/// A piece of what is written.
#[derive(Clone, Copy, Debug)]
pub(super) enum Piece {
    Line,
    WithReturn,
    Empty,
    Long,
    Nuls,
    Invalid,
    /// Some of a line that goes on with the next piece.
    Open,
}

/// What one file held between its first byte and its last.
#[derive(Debug, Default)]
pub(super) struct Content {
    pub(super) bytes: Vec<u8>,
    /// Whether nothing is written to it any more.
    pub(super) is_closed: bool,
    /// Whether an agent that runs has seen it where it lies.
    pub(super) is_met: bool,
    /// Whether an agent has seen a line of it that was whole.
    is_known: bool,
    /// Whether no file holds it any more.
    pub(super) is_gone: bool,
    /// Whether some of it could not be read before it was deleted.
    pub(super) is_frail: bool,
}

/// A rotated file.
#[derive(Clone, Copy, Debug)]
struct Rotated {
    content: usize,
    is_compressed: bool,
    /// Whether it was renamed: a writer may still have it open.
    was_renamed: bool,
}

/// A log and its rotated files.
#[derive(Debug)]
pub(super) struct World {
    directory: PathBuf,
    pub(super) contents: Vec<Content>,
    live: Option<usize>,
    /// The newest first.
    rotated: VecDeque<Rotated>,
    pieces: u32,
}

impl World {
    pub(super) fn new(directory: &Path) -> Self {
        let (contents, rotated) = (Vec::new(), VecDeque::new());
        Self { directory: directory.to_owned(), contents, live: None, rotated, pieces: 0 }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// Where the rotated file is that `at` others are newer than.
    fn place(&self, at: usize) -> PathBuf {
        let ending = if self.rotated[at].is_compressed { ".gz" } else { "" };
        self.path(&format!("{LIVE}.{}{ending}", at + 1))
    }

    /// The bytes of some pieces. No two of them are the same, but for empty lines.
    fn bytes(&mut self, pieces: &[Piece]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for piece in pieces {
            self.pieces += 1;
            let number = self.pieces;
            match piece {
                Piece::Line => bytes.extend(format!("<{number}> a line\n").bytes()),
                Piece::WithReturn => bytes.extend(format!("<{number}>\r\n").bytes()),
                Piece::Empty => bytes.push(b'\n'),
                Piece::Long => bytes.extend((0..20).flat_map(|at| format!("<{number}.{at}>").into_bytes())),
                Piece::Nuls => bytes.extend(format!("\0\0<{number}>\0\n").bytes()),
                Piece::Invalid => {
                    bytes.extend(format!("<{number}> ").bytes());
                    bytes.extend(b"\xff\xe2\x82 \xc3\n");
                }
                Piece::Open => bytes.extend(format!("<{number}> ").bytes()),
            }
            if matches!(piece, Piece::Long) {
                // Its last part is no other's, too.
                bytes.extend(format!(" {number}\n").bytes());
            }
        }
        bytes
    }

    fn append(&mut self, path: &Path, content: usize, bytes: &[u8]) {
        let mut file = OpenOptions::new().create(true).append(true).open(path).expect("it opens");
        file.write_all(bytes).expect("it is written");
        self.contents[content].bytes.extend(bytes);
    }

    /// Appends to the log, which is made where it is not there.
    pub(super) fn write(&mut self, pieces: &[Piece]) {
        let content = self.live.unwrap_or_else(|| {
            self.contents.push(Content::default());
            self.contents.len() - 1
        });
        self.live = Some(content);
        let bytes = self.bytes(pieces);
        self.append(&self.path(LIVE), content, &bytes);
    }

    /// Appends to the file that was renamed last, which its writer has not let go of.
    pub(super) fn write_late(&mut self, pieces: &[Piece]) {
        let Some(last) = self.rotated.front().copied().filter(|last| last.was_renamed && !last.is_compressed) else {
            return;
        };
        let bytes = self.bytes(pieces);
        self.append(&self.place(0), last.content, &bytes);
    }

    /// Ends what was begun of a line in the log.
    pub(super) fn end_line(&mut self) {
        if let Some(content) = self.live.filter(|live| !self.contents[*live].bytes.ends_with(b"\n")) {
            self.append(&self.path(LIVE), content, b"\n");
        }
    }

    /// Moves all rotated files on by one name.
    fn shift(&mut self) {
        for at in (0..self.rotated.len()).rev() {
            let from = self.place(at);
            let ending = if self.rotated[at].is_compressed { ".gz" } else { "" };
            fs::rename(from, self.path(&format!("{LIVE}.{}{ending}", at + 2))).expect("it is renamed");
        }
    }

    /// Renames the log; the next write makes another.
    pub(super) fn rename(&mut self) -> bool {
        let Some(content) = self.live.take() else { return false };
        self.shift();
        self.contents[content].is_closed = true;
        self.forget_first();
        self.rotated.push_front(Rotated { content, is_compressed: false, was_renamed: true });
        fs::rename(self.path(LIVE), self.place(0)).expect("it is renamed");
        true
    }

    /// What came and went unseen is as good as an old log where nothing is left of what was read before.
    fn forget_first(&mut self) {
        let is_left = |content: &Content| content.is_known && !content.is_gone;
        let unseen = self.contents.iter_mut().take_while(|content| !is_left(content));
        unseen.filter(|content| content.is_closed && !content.is_met).for_each(|content| content.is_frail = true);
    }

    /// Waits until a write to the log has another time than the last one: the system tells them in steps of some milliseconds.
    fn wait_for_times(&self) {
        let written = |path: &Path| fs::metadata(path).and_then(|metadata| metadata.modified()).expect("it has a time");
        let probe = self.path("probe");
        while {
            File::create(&probe).expect("it is made");
            written(&probe) <= written(&self.path(LIVE))
        } {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        fs::remove_file(probe).expect("it is removed");
    }

    /// Copies the log and empties it.
    pub(super) fn copy_and_truncate(&mut self) -> bool {
        if self.live.is_some() {
            self.shift();
        }
        self.copy_to_first()
    }

    /// The same over the newest copy, if that is not compressed. What `is_lost` of its content then may come or not.
    pub(super) fn copy_over(&mut self, is_lost: impl Fn(&Content) -> bool) -> bool {
        let over = self.rotated.front().copied().filter(|last| self.live.is_some() && !last.is_compressed);
        let Some(over) = over else { return self.copy_and_truncate() };
        self.rotated.pop_front();
        let content = &mut self.contents[over.content];
        content.is_gone = true;
        content.is_frail |= is_lost(content);
        self.copy_to_first()
    }

    fn copy_to_first(&mut self) -> bool {
        let Some(content) = self.live.take() else { return false };
        self.wait_for_times();
        let old = &mut self.contents[content];
        // What came and was truncated again before anybody looked leaves no trace in its file.
        (old.is_closed, old.is_met, old.is_frail) = (true, false, old.is_frail || !old.is_known);
        self.rotated.push_front(Rotated { content, is_compressed: false, was_renamed: false });
        fs::copy(self.path(LIVE), self.place(0)).expect("it is copied");
        File::create(self.path(LIVE)).expect("it is truncated");
        self.contents.push(Content::default());
        self.live = Some(self.contents.len() - 1);
        true
    }

    /// Compresses the newest rotated file that is not, as `gzip` does.
    pub(super) fn compress(&mut self) {
        let Some(at) = self.rotated.iter().position(|rotated| !rotated.is_compressed) else { return };
        let from = self.place(at);
        self.rotated[at].is_compressed = true;
        // What came and was compressed before it was seen is told from old files by times, which are too close here.
        let content = &mut self.contents[self.rotated[at].content];
        content.is_frail |= !content.is_known;
        let mut plain = File::open(&from).expect("it is there");
        let written = plain.metadata().and_then(|metadata| metadata.modified()).expect("it has a time");
        let file = File::create(self.place(at)).expect("it is made");
        let mut encoder = GzEncoder::new(file, Compression::fast());
        io::copy(&mut plain, &mut encoder).expect("it is written");
        encoder.finish().and_then(|file| file.set_modified(written)).expect("it is written");
        fs::remove_file(from).expect("it is removed");
    }

    /// Deletes the oldest rotated file; where there is none, the log if that `may` go.
    pub(super) fn delete(&mut self, may: bool) {
        let content = if self.rotated.is_empty() {
            if !may {
                return;
            }
            let Some(content) = self.live.take() else { return };
            fs::remove_file(self.path(LIVE)).expect("it is removed");
            content
        } else {
            fs::remove_file(self.place(self.rotated.len() - 1)).expect("it is removed");
            self.rotated.pop_back().map_or(0, |last| last.content)
        };
        let content = &mut self.contents[content];
        (content.is_closed, content.is_gone) = (true, true);
        content.is_frail |= !content.is_met;
    }

    /// An agent that runs has looked at everything.
    pub(super) fn is_looked_at(&mut self) {
        // What came and went under a name that nobody has is looked for once somebody has it.
        let is_vacant = self.live.is_none();
        for content in self.contents.iter_mut().filter(|content| !content.is_gone && (content.is_known || !is_vacant)) {
            content.is_met = true;
            content.is_known |= content.bytes.contains(&b'\n');
        }
    }

    /// No agent runs any more. With `is_lost`, what was deleted before it was settled is lost.
    pub(super) fn is_left_alone(&mut self, is_lost: impl Fn(&Content) -> bool) {
        self.forget_first();
        for content in &mut self.contents {
            content.is_met = false;
            content.is_frail |= content.is_gone && is_lost(content);
        }
    }
}
