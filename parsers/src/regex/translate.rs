//! Rewrites a pattern of Ruby's dialect (Onigmo) in the syntax of the `regex` family.
//!
//! # Source
//! The Onigmo manual of Ruby's regular expressions (`doc/RE`).

use super::PatternError;
use super::class;
use super::cursor::Cursor;
use super::marks::{Mark, Marked, Reference, group_opening};

/// A pattern in the syntax of the `regex` family. Line anchors are left to the compiler's multi-line switch.
#[derive(Debug)]
pub(super) struct Translated {
    pub(super) pattern: String,
    /// Names of the groups that capture, in the order of the pattern; `None` for a numbered one.
    pub(super) groups: Vec<Option<String>>,
    /// What that syntax cannot say and groups of the pattern stand for. Without any, a linear engine can run it.
    pub(super) marks: Vec<Marked>,
    /// The groups that have a name, each with where it stands.
    pub(super) named: Vec<(String, Path)>,
}

/// Where a group stands: where each group around it opens, the outermost first, and in which of its alternatives.
pub(super) type Path = Vec<(usize, usize)>;

/// A pattern without its delimiters, and the options behind them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Delimited<'a> {
    pub(super) body: &'a str,
    /// Where the body starts in the pattern as written.
    pub(super) start: usize,
    pub(super) ignore_case: bool,
    pub(super) dot_all: bool,
    pub(super) extended: bool,
}

/// Takes `/…/imxo` off. A pattern that does not end that way is taken as it stands.
pub(super) fn delimited(pattern: &str) -> Delimited<'_> {
    let whole = Delimited { body: pattern, start: 0, ignore_case: false, dot_all: false, extended: false };
    let Some((body, options)) = pattern.strip_prefix('/').and_then(|rest| rest.rsplit_once('/')) else { return whole };
    if !options.bytes().all(|option| b"imxo".contains(&option)) {
        return whole;
    }
    Delimited {
        body,
        start: 1,
        ignore_case: options.contains('i'),
        dot_all: options.contains('m'),
        extended: options.contains('x'),
    }
}

/// Translates `source`. When not `unicode`, classes mean ASCII; what cannot be said without Unicode is an error then.
pub(super) fn translate(source: Delimited<'_>, unicode: bool) -> Result<Translated, PatternError> {
    let has_names = class::has_named_group(source.body);
    let (extended, ignore_case) = (source.extended, source.ignore_case);
    let frame = Frame { extended, ignore_case, closers: 0, at: 0, way: 0, start: 0, branches: Branches::None };
    let mut translator = Translator {
        cursor: Cursor { text: source.body, at: 0, start: source.start },
        out: String::with_capacity(source.body.len() * 2),
        groups: Vec::new(),
        marks: Vec::new(),
        references: Vec::new(),
        frames: vec![frame],
        named: Vec::new(),
        atom: None,
        has_names,
        has_calls: source.body.contains("\\g"),
        unicode,
    };
    let flags = [(source.ignore_case, 'i'), (source.dot_all, 's')];
    let flags: String = flags.iter().filter(|(on, _)| *on).map(|(_, flag)| *flag).collect();
    if !flags.is_empty() {
        translator.out = format!("(?{flags})");
    }
    translator.run()?;
    translator.resolve()?;
    let Translator { out: pattern, groups, marks, named, .. } = translator;
    Ok(Translated { pattern, groups, marks, named })
}

/// A group that is open.
#[derive(Debug)]
pub(super) struct Frame {
    extended: bool,
    pub(super) ignore_case: bool,
    /// Groups opened for options that hold to the end of this group.
    pub(super) closers: usize,
    /// Where it stands in the pattern.
    at: usize,
    /// Number of the alternative that is open.
    way: usize,
    /// Where its translation starts: the atom that a quantifier behind it repeats.
    start: usize,
    pub(super) branches: Branches,
}

/// Which way of a conditional is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Branches {
    /// The group is no conditional.
    None,
    First,
    Second,
}

pub(super) struct Translator<'a> {
    pub(super) cursor: Cursor<'a>,
    pub(super) out: String,
    pub(super) groups: Vec<Option<String>>,
    pub(super) marks: Vec<Marked>,
    /// Marks that refer to groups, which may stand behind them.
    pub(super) references: Vec<(usize, Reference)>,
    frames: Vec<Frame>,
    named: Vec<(String, Path)>,
    /// Where the last atom starts in `out`, if a quantifier may follow.
    atom: Option<usize>,
    pub(super) has_names: bool,
    has_calls: bool,
    pub(super) unicode: bool,
}

impl Translator<'_> {
    fn run(&mut self) -> Result<(), PatternError> {
        while let Some(next) = self.cursor.peek() {
            let at = self.cursor.at;
            self.cursor.take();
            match next {
                '\\' => self.escape(at)?,
                '[' => self.class(at)?,
                '(' => self.open(at)?,
                ')' => self.close(at)?,
                '*' | '+' | '?' => self.quantifier(next, at)?,
                '{' => self.interval(at),
                '|' if self.frame().branches != Branches::None => self.branch(at)?,
                '|' => {
                    self.frame_mut().way += 1;
                    self.out.push(next);
                    self.atom = None;
                }
                '.' | '^' | '$' => self.push_atom(next.encode_utf8(&mut [0; 4])),
                '#' if self.frame().extended => self.cursor.skip_line(),
                _ if self.frame().extended && next.is_ascii_whitespace() => {}
                _ => self.literal(next),
            }
        }
        if self.frames.len() > 1 {
            return Err(self.cursor.error(self.frame().at, "this parenthesis is not closed"));
        }
        self.close_options();
        Ok(())
    }

    pub(super) fn frame(&self) -> &Frame {
        self.frames.last().expect("the outermost frame is never closed")
    }

    pub(super) fn frame_mut(&mut self) -> &mut Frame {
        self.frames.last_mut().expect("the outermost frame is never closed")
    }

    pub(super) fn push_atom(&mut self, text: &str) {
        self.atom = Some(self.out.len());
        self.out.push_str(text);
    }

    fn literal(&mut self, literal: char) {
        self.atom = Some(self.out.len());
        class::push_literal(&mut self.out, literal);
    }

    fn class(&mut self, at: usize) -> Result<(), PatternError> {
        let start = self.out.len();
        class::translate(&mut self.cursor, at, self.unicode, &mut self.out)?;
        self.atom = Some(start);
        Ok(())
    }

    /// Translates what stands behind a backslash.
    fn escape(&mut self, at: usize) -> Result<(), PatternError> {
        let Some(letter) = self.cursor.peek() else {
            return Err(self.cursor.error(at, "the pattern ends in a single backslash"));
        };
        match letter {
            'A' | 'z' | 'b' | 'B' => {
                self.cursor.take();
                self.push_atom(&format!("\\{letter}"));
            }
            'Z' => {
                self.cursor.take();
                self.before_final_newline(at);
            }
            '1'..='9' if self.numbered_reference(at)? => {}
            'k' | 'g' | 'K' | 'G' | 'R' | 'X' => {
                self.cursor.take();
                self.marked_escape(letter, at)?;
            }
            _ => {
                let start = self.out.len();
                let place = class::Place { unicode: self.unicode, in_class: false };
                class::escape(&mut self.cursor, at, place, &mut self.out)?;
                self.atom = Some(start);
            }
        }
        Ok(())
    }

    fn marked_escape(&mut self, letter: char, at: usize) -> Result<(), PatternError> {
        match letter {
            'k' => self.named_reference(at)?,
            'g' => self.call(at)?,
            'K' => self.keep(at),
            'R' => self.line_break(at),
            'X' => self.grapheme(at),
            // Where the search began: searches begin with the text.
            _ => {
                self.out.push_str("\\A");
                self.atom = None;
            }
        }
        Ok(())
    }

    /// `\Z` at the very end of the pattern can take the newline itself; elsewhere it has to look ahead.
    fn before_final_newline(&mut self, at: usize) {
        if !self.cursor.rest().is_empty() || self.frames.len() > 1 {
            return self.before_last_newline(at);
        }
        self.out.push_str("\\n?\\z");
        self.atom = None;
    }

    fn branch(&mut self, at: usize) -> Result<(), PatternError> {
        if self.frame().branches == Branches::Second {
            return Err(self.cursor.error(at, "a conditional has two branches at most: put `(?:` and `)` around more"));
        }
        self.frame_mut().way += 1;
        self.second_branch(at);
        self.atom = None;
        Ok(())
    }

    /// Opens what starts with a parenthesis.
    fn open(&mut self, at: usize) -> Result<(), PatternError> {
        if !self.cursor.take_text("?") {
            if self.has_names {
                self.open_group(at, "(?:");
            } else {
                self.open_capture(at, None);
            }
            return Ok(());
        }
        if self.cursor.take_text("#") {
            let closed = self.cursor.take_escaped_until(')').is_some();
            return if closed { Ok(()) } else { Err(self.cursor.error(at, "this comment is not closed")) };
        }
        if self.cursor.take_text(":") {
            self.open_group(at, "(?:");
            return Ok(());
        }
        if self.open_mark(at)? {
            return Ok(());
        }
        let quote = if self.cursor.take_text("<") || self.cursor.take_text("P<") {
            '>'
        } else if self.cursor.take_text("'") {
            '\''
        } else {
            return self.options(at);
        };
        match self.cursor.take_until(quote) {
            Some(name) if !name.is_empty() => self.open_capture(at, Some(name.to_owned())),
            _ => return Err(self.cursor.error(at, "this group's name is empty or not closed")),
        }
        Ok(())
    }

    fn open_capture(&mut self, at: usize, name: Option<String>) {
        let path = || self.frames.iter().map(|frame| (frame.at, frame.way)).collect();
        self.named.extend(name.clone().map(|name| (name, path())));
        self.groups.push(name);
        self.open_group(at, &group_opening(self.groups.len()));
    }

    pub(super) fn open_group(&mut self, at: usize, opening: &str) {
        let Frame { extended, ignore_case, .. } = *self.frame();
        let (start, branches) = (self.out.len(), Branches::None);
        self.frames.push(Frame { extended, ignore_case, closers: 0, at, way: 0, start, branches });
        self.out.push_str(opening);
        self.atom = None;
    }

    fn close(&mut self, at: usize) -> Result<(), PatternError> {
        if self.frames.len() == 1 {
            return Err(self.cursor.error(at, "this parenthesis was not opened"));
        }
        self.close_options();
        let frame = self.frames.pop();
        let is_conditional = frame.as_ref().is_some_and(|frame| frame.branches != Branches::None);
        self.out.push_str(if is_conditional { "))" } else { ")" });
        self.atom = frame.map(|frame| frame.start);
        Ok(())
    }

    pub(super) fn close_options(&mut self) {
        for _ in 0..self.frame().closers {
            self.out.push(')');
        }
    }

    /// Options such as `(?i)` and `(?i-m:…)`.
    fn options(&mut self, at: usize) -> Result<(), PatternError> {
        let mut flags = String::new();
        let Frame { mut extended, mut ignore_case, .. } = *self.frame();
        let colon = loop {
            match self.cursor.take() {
                Some('i') => {
                    ignore_case = !flags.contains('-');
                    flags.push('i');
                }
                Some('m') => flags.push('s'),
                Some('x') => extended = !flags.contains('-'),
                Some('-') if !flags.contains('-') => flags.push('-'),
                Some(end @ (')' | ':')) => break end == ':',
                _ => return Err(self.cursor.error(at, "expected the options `i`, `m` or `x` in this group")),
            }
        };
        let opening = format!("(?{}:", flags.trim_end_matches('-'));
        self.open_options(at, colon, &opening);
        self.frame_mut().extended = extended;
        self.frame_mut().ignore_case = ignore_case;
        Ok(())
    }

    /// Opens a group with options. One without a colon lasts to the end of the group around it, alternatives included.
    fn open_options(&mut self, at: usize, colon: bool, opening: &str) {
        if colon {
            return self.open_group(at, opening);
        }
        self.out.push_str(opening);
        self.frame_mut().closers += 1;
        self.atom = None;
    }

    fn quantifier(&mut self, sign: char, at: usize) -> Result<(), PatternError> {
        let Some(atom) = self.atom else {
            return Err(self.cursor.error(at, format!("`{sign}` has nothing to repeat")));
        };
        self.out.push(sign);
        match self.cursor.peek() {
            Some('?') => {
                self.cursor.take();
                self.out.push('?');
            }
            Some('+') => {
                self.cursor.take();
                self.wrap(Mark::Atomic, at, atom);
            }
            _ => {}
        }
        Ok(())
    }

    /// Translates what stands behind an opening brace: a repetition, or the brace itself.
    fn interval(&mut self, at: usize) {
        let body = self.cursor.rest().split_once('}').map(|(body, _)| body);
        let Some((atom, (low, high))) = self.atom.zip(body.and_then(bounds)) else {
            return self.literal('{');
        };
        self.cursor.take_until('}');
        if high == Some(0) && self.has_calls {
            // Groups that do not match here may still be called.
            return self.wrap(Mark::Never, at, atom);
        }
        let fixed = high == Some(low);
        let upper = high.map(|high| high.to_string()).unwrap_or_default();
        self.out.push_str(&if fixed { format!("{{{low}}}") } else { format!("{{{low},{upper}}}") });
        if self.cursor.peek() == Some('?') {
            self.cursor.take();
            if fixed {
                // In Ruby `a{3}?` is not lazy but optional.
                self.out.insert_str(atom, "(?:");
                self.out.push_str(")?");
            } else {
                self.out.push('?');
            }
        }
    }
}

/// Reads `n`, `n,`, `n,m` or `,m`.
fn bounds(body: &str) -> Option<(u32, Option<u32>)> {
    let Some((low, high)) = body.split_once(',') else {
        let count = digits(body)?;
        return Some((count, Some(count)));
    };
    match (low, high) {
        ("", "") => None,
        ("", high) => Some((0, Some(digits(high)?))),
        (low, "") => Some((digits(low)?, None)),
        (low, high) => Some((digits(low)?, Some(digits(high)?))),
    }
}

fn digits(text: &str) -> Option<u32> {
    let all = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if all { text.parse().ok() } else { None }
}
