//! What the engine found against what was put there: per kind of value how many were covered whole, and how many bytes of them
//! stayed in the clear; and how many clean lines it would have touched.

use std::io::{self, Write};

use super::draw::Draw;
use super::lines::{Line, line};
use super::values::{Kind, kinds};

/// What may be missed and touched at most.
pub(crate) const LEAST_RECALL: f64 = 0.97;
pub(crate) const MOST_LEFT: f64 = 0.02;
pub(crate) const MOST_TOUCHED: f64 = 0.005;

/// Where something was found, as start and end.
pub(crate) type Spans = Vec<(usize, usize)>;

/// Finds personal data in a line or field.
pub(crate) type Find<'a> = &'a mut dyn FnMut(&Line) -> Spans;

/// How often values were covered whole.
#[derive(Clone, Copy, Default)]
pub(crate) struct Tally {
    pub(crate) values: u64,
    pub(crate) covered: u64,
    pub(crate) bytes: u64,
    pub(crate) left: u64,
}

/// What became of one kind.
pub(crate) struct Score {
    pub(crate) name: &'static str,
    /// Beside a word that names it.
    pub(crate) named: Tally,
    /// Without, where it must be told by its own.
    pub(crate) alone: Tally,
    /// Without, where it cannot be told from other numbers.
    pub(crate) bare: Tally,
    /// Lines in which it was missed though it had to be found; a few.
    pub(crate) missed: Vec<String>,
}

/// Lines of which some are kept to be shown.
const SHOWN: usize = 4;

impl Tally {
    /// Counts one value. Gives whether it was covered whole.
    fn count(&mut self, line: &Line, found: &Spans) -> bool {
        let left =
            (line.start..line.end).filter(|at| !found.iter().any(|(start, end)| (start..end).contains(&at))).count();
        self.values += 1;
        self.bytes += (line.end - line.start) as u64;
        self.left += left as u64;
        self.covered += u64::from(left == 0);
        left == 0
    }

    pub(crate) fn recall(&self) -> f64 {
        share(self.covered, self.values, 1.0)
    }

    pub(crate) fn left(&self) -> f64 {
        share(self.left, self.bytes, 0.0)
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.values += other.values;
        self.covered += other.covered;
        self.bytes += other.bytes;
        self.left += other.left;
    }
}

impl Score {
    /// Whether it is found often enough, with a name beside it and by itself.
    pub(crate) fn is_kept(&self) -> bool {
        self.named.recall() >= LEAST_RECALL && self.alone.recall() >= LEAST_RECALL
    }
}

fn share(part: u64, whole: u64, of_nothing: f64) -> f64 {
    if whole == 0 { of_nothing } else { part as f64 / whole as f64 }
}

/// Judges each kind by `values` lines with its name beside it and as many without.
pub(crate) fn judge(find: Find<'_>, draw: &mut Draw, values: u64) -> Vec<Score> {
    kinds().map(|kind| judge_kind(find, draw, kind, values)).collect()
}

fn judge_kind(find: Find<'_>, draw: &mut Draw, kind: &'static Kind, values: u64) -> Score {
    let nothing = Tally::default();
    let mut score = Score { name: kind.name, named: nothing, alone: nothing, bare: nothing, missed: Vec::new() };
    for round in 0..values * 2 {
        let value = (kind.make)(draw);
        let named = round % 2 == 0;
        let name = named.then(|| name_of(draw, kind));
        let line = line(draw, name, &value);
        let tally = match (named, value.alone) {
            (true, _) => &mut score.named,
            (false, true) => &mut score.alone,
            (false, false) => &mut score.bare,
        };
        let covered = tally.count(&line, &find(&line));
        if !covered && (named || value.alone) && score.missed.len() < SHOWN {
            score.missed.push(format!("{}{}{}", line.key, if line.key.is_empty() { "" } else { " => " }, line.text));
        }
    }
    score
}

/// Two of three times one of its own names, else one of its family in one of eight languages.
fn name_of(draw: &mut Draw, kind: &'static Kind) -> &'static str {
    let family = kind.family.words();
    if family.is_empty() || !draw.once_in(3) { draw.pick(kind.named) } else { draw.pick(family) }
}

/// The lines out of `clean` in which something was found, with what.
pub(crate) fn touched(find: Find<'_>, clean: &[String]) -> Vec<String> {
    let mut touched = Vec::new();
    for text in clean {
        let line = Line { key: String::new(), text: text.clone(), escaped: false, start: 0, end: 0 };
        if let Some((start, end)) = find(&line).first() {
            let value = text.get(*start..*end).unwrap_or_default();
            touched.push(format!("{value}: {text}"));
        }
    }
    touched
}

/// Writes the lines that [`judge`] would look at, one for each row, columns apart by tabs.
pub(crate) fn print(out: &mut impl Write, draw: &mut Draw, values: u64) -> io::Result<()> {
    for kind in kinds() {
        for round in 0..values * 2 {
            let value = (kind.make)(draw);
            let name = (round % 2 == 0).then(|| name_of(draw, kind));
            let line = line(draw, name, &value);
            let (named, Line { key, text, start, end, .. }) = (name.is_some(), &line);
            writeln!(out, "{}\t{named}\t{}\t{key}\t{start}\t{end}\t{text}", kind.name, value.alone)?;
        }
    }
    Ok(())
}
