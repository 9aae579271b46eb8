//! Seeded logs: the same seed gives the same bytes, and every event carries a number that a sink can look for.
//!
//! The number stands in the event as `seq` and the number of the file as `src`, each followed by punctuation and decimal
//! digits: `"seq":12,"src":0` in JSON, `?seq=12&src=0` in a path, `seq=12 src=0` in plain text. An event of several lines
//! carries it once, in its first line. Nothing else in a corpus spells `seq` or `src`.

mod clock;
mod cri;
mod java;
mod json;
mod live;
mod nginx;
mod pathological;
mod random;
mod text;

pub(crate) use clock::date_of;
pub(crate) use live::STAMP;
pub use live::{Live, write_live};
pub use random::Random;

use std::io::{self, Write};
use std::time::Duration;

use clock::Clock;

/// What the lines look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One JSON object per line, 14 fields, about 316 bytes, with random identifiers.
    Json,
    /// Combined access log, about 197 bytes.
    Nginx,
    /// Container runtime lines of both streams, about 190 bytes: JSON, partial lines and Java stack traces.
    Cri,
    /// Plain Java application log with stack traces.
    Java,
    /// What breaks parsers: huge lines, quotes, invalid UTF-8, NUL, CRLF, empty lines.
    Pathological,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 5] = [Self::Json, Self::Nginx, Self::Cri, Self::Java, Self::Pathological];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Nginx => "nginx",
            Self::Cri => "cri",
            Self::Java => "java",
            Self::Pathological => "pathological",
        }
    }

    /// The kind called `name`.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// How much was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Bytes, newlines included.
    pub bytes: u64,
    /// Newlines.
    pub lines: u64,
    /// Lines that are not empty, after partial container lines are joined. As many documents come of it without `java`.
    pub records: u64,
    /// Numbered events. As many documents come of it when stack traces are joined too.
    pub events: u64,
}

impl Totals {
    fn add(&mut self, shape: Shape, bytes: usize) {
        self.bytes += bytes as u64;
        self.lines += u64::from(shape.lines);
        self.records += u64::from(shape.records);
        self.events += u64::from(shape.events);
    }
}

/// What one call of [`Corpus::event`] wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shape {
    lines: u32,
    records: u32,
    events: u32,
}

impl Shape {
    const ONE: Self = Self { lines: 1, records: 1, events: 1 };
}

/// What every kind of line is written from.
#[derive(Clone, Debug)]
struct Pen {
    random: Random,
    clock: Clock,
    seq: u64,
    src: u32,
}

impl Pen {
    /// Appends `"seq":12,"src":0`.
    fn json_marker(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"\"seq\":");
        text::decimal(out, self.seq);
        out.extend_from_slice(b",\"src\":");
        text::decimal(out, u64::from(self.src));
    }

    /// Appends `seq=12`, then `between`, then `src=0`.
    fn plain_marker(&self, out: &mut Vec<u8>, between: u8) {
        out.extend_from_slice(b"seq=");
        text::decimal(out, self.seq);
        out.push(between);
        out.extend_from_slice(b"src=");
        text::decimal(out, u64::from(self.src));
    }
}

/// A corpus as it is written, event by event.
#[derive(Clone, Debug)]
pub struct Corpus {
    kind: Kind,
    pen: Pen,
    totals: Totals,
}

impl Corpus {
    /// Starts the corpus of `seed`, whose events carry `src` as the number of their file.
    pub fn new(kind: Kind, seed: u64, src: u32) -> Self {
        // Two files of one seed must not repeat each other, or compression finds it.
        let random = Random::new(seed ^ u64::from(src).wrapping_mul(0xd6e8_feb8_6659_fd93));
        Self { kind, pen: Pen { random, clock: Clock::new(), seq: 0, src }, totals: Totals::default() }
    }

    /// Gives the next event the number `seq`.
    pub fn number_from(&mut self, seq: u64) {
        self.pen.seq = seq;
    }

    /// Lets the next event happen at `since_1970` instead of a moment after the last one.
    pub fn set_time(&mut self, since_1970: Duration) {
        self.pen.clock.set(since_1970.as_secs(), since_1970.subsec_nanos());
    }

    /// Appends the next event, with the newline of its last line. Small events may stand between its lines.
    pub fn event(&mut self, out: &mut Vec<u8>) {
        let start = out.len();
        let step = self.pen.random.below(400_000);
        self.pen.clock.advance(step);
        let shape = match self.kind {
            Kind::Json => json::event(&mut self.pen, out),
            Kind::Nginx => nginx::event(&mut self.pen, out),
            Kind::Cri => cri::event(&mut self.pen, out),
            Kind::Java => java::event(&mut self.pen, out),
            Kind::Pathological => pathological::event(&mut self.pen, out),
        };
        self.pen.seq += u64::from(shape.events);
        self.totals.add(shape, out.len() - start);
    }

    /// What was written so far.
    pub fn totals(&self) -> Totals {
        self.totals
    }

    /// Writes events to `out` until `until` is reached; the last event is whole.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_to(&mut self, out: &mut dyn Write, until: Until) -> io::Result<Totals> {
        const BLOCK: usize = 1 << 20;
        let mut block = Vec::with_capacity(BLOCK + (64 << 10));
        while !until.reached(&self.totals) {
            self.event(&mut block);
            if block.len() >= BLOCK {
                out.write_all(&block)?;
                block.clear();
            }
        }
        out.write_all(&block)?;
        out.flush()?;
        Ok(self.totals)
    }
}

/// Where a corpus ends.
#[derive(Clone, Copy, Debug)]
pub enum Until {
    /// At the first event that reaches this many bytes.
    Bytes(u64),
    /// At the first event that reaches this many lines.
    Lines(u64),
}

impl Until {
    fn reached(self, totals: &Totals) -> bool {
        match self {
            Self::Bytes(bytes) => totals.bytes >= bytes,
            Self::Lines(lines) => totals.lines >= lines,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use memchr::memmem;

    fn corpus(kind: Kind, seed: u64, lines: u64) -> (Vec<u8>, Totals) {
        let mut out = Vec::new();
        let totals = Corpus::new(kind, seed, 3).write_to(&mut out, Until::Lines(lines)).expect("memory takes it");
        (out, totals)
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
        for kind in Kind::ALL {
            assert_eq!(corpus(kind, 7, 400), corpus(kind, 7, 400), "{kind:?}");
            assert_ne!(corpus(kind, 7, 400).0, corpus(kind, 8, 400).0, "{kind:?}");
        }
    }

    #[test]
    fn every_event_carries_its_numbers_exactly_once() {
        for kind in Kind::ALL {
            let (bytes, totals) = corpus(kind, 1, 3_000);

            assert_eq!(memmem::find_iter(&bytes, b"seq").count() as u64, totals.events, "{kind:?}");
            assert_eq!(memmem::find_iter(&bytes, b"src").count() as u64, totals.events, "{kind:?}");
        }
    }

    #[test]
    fn totals_are_what_stands_in_the_bytes() {
        for kind in Kind::ALL {
            let (bytes, totals) = corpus(kind, 2, 3_000);

            assert_eq!(totals.bytes, bytes.len() as u64, "{kind:?}");
            assert_eq!(totals.lines, memchr::memchr_iter(b'\n', &bytes).count() as u64, "{kind:?}");
        }
    }

    #[test]
    fn container_records_are_its_whole_lines_and_both_streams_have_partial_ones() {
        let (bytes, totals) = corpus(Kind::Cri, 5, 50_000);

        assert_eq!(memmem::find_iter(&bytes, b" F ").count() as u64, totals.records);
        assert!(memmem::find(&bytes, b" stdout P ").is_some());
        assert!(memmem::find(&bytes, b" stderr P ").is_some());
        assert!(totals.events < totals.records);
        assert!(totals.records < totals.lines);
    }
}
