//! Rewrites a pattern of Ruby's dialect (Onigmo) in the syntax of the `regex` family.
//!
//! # Source
//! The Onigmo manual of Ruby's regular expressions (`doc/RE`).

use super::PatternError;
use super::class;

/// A pattern in the syntax of the `regex` family. Line anchors are left to the compiler's multi-line switch.
#[derive(Debug)]
pub(super) struct Translated {
    pub(super) pattern: String,
    /// Names of the groups that capture, in the order of the pattern; `None` for a numbered one.
    pub(super) groups: Vec<Option<String>>,
}

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
    let frame = Frame { extended: source.extended, closers: 0, at: 0, start: 0 };
    let mut translator = Translator {
        cursor: Cursor { text: source.body, at: 0, start: source.start },
        out: String::with_capacity(source.body.len() * 2),
        groups: Vec::new(),
        frames: vec![frame],
        atom: None,
        has_names,
        unicode,
    };
    let flags = [(source.ignore_case, 'i'), (source.dot_all, 's')];
    let flags: String = flags.iter().filter(|(on, _)| *on).map(|(_, flag)| *flag).collect();
    if !flags.is_empty() {
        translator.out = format!("(?{flags})");
    }
    translator.run()?;
    Ok(Translated { pattern: translator.out, groups: translator.groups })
}

/// A place in the pattern.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
    start: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn take(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    /// Takes `text` if it comes next.
    pub(super) fn take_text(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text);
        if found {
            self.at += text.len();
        }
        found
    }

    /// Takes text up to `end`, and `end`.
    pub(super) fn take_until(&mut self, end: char) -> Option<&'a str> {
        let (taken, _) = self.rest().split_once(end)?;
        self.at += taken.len() + end.len_utf8();
        Some(taken)
    }

    fn skip_line(&mut self) {
        let line = self.rest().find('\n').map_or(self.rest().len(), |end| end + 1);
        self.at += line;
    }

    pub(super) fn error(&self, at: usize, problem: impl Into<String>) -> PatternError {
        PatternError::new(self.start + at, problem)
    }

    fn backtracking(&self, at: usize, what: &str) -> PatternError {
        let error = self.error(at, format!("{what} needs a backtracking engine, which is not available"));
        PatternError { needs_backtracking: true, ..error }
    }
}

/// A group that is open.
#[derive(Debug)]
struct Frame {
    extended: bool,
    /// Groups opened for options that hold to the end of this group.
    closers: usize,
    /// Where it stands in the pattern.
    at: usize,
    /// Where its translation starts: the atom that a quantifier behind it repeats.
    start: usize,
}

struct Translator<'a> {
    cursor: Cursor<'a>,
    out: String,
    groups: Vec<Option<String>>,
    frames: Vec<Frame>,
    /// Where the last atom starts in `out`, if a quantifier may follow.
    atom: Option<usize>,
    has_names: bool,
    unicode: bool,
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
                '{' => self.interval()?,
                '|' | '^' | '$' => {
                    self.out.push(next);
                    self.atom = None;
                }
                '.' => self.push_atom("."),
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

    fn frame(&self) -> &Frame {
        self.frames.last().expect("the outermost frame is never closed")
    }

    fn frame_mut(&mut self) -> &mut Frame {
        self.frames.last_mut().expect("the outermost frame is never closed")
    }

    fn push_atom(&mut self, text: &str) {
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
                self.out.extend(['\\', letter]);
                self.atom = None;
            }
            'Z' => {
                self.cursor.take();
                self.before_final_newline(at)?;
            }
            '1'..='9' | 'k' => return Err(self.cursor.backtracking(at, "a back-reference")),
            'g' => return Err(self.cursor.backtracking(at, "a sub-expression call (`\\g`)")),
            'K' => return Err(self.cursor.backtracking(at, "`\\K`")),
            'G' => return Err(self.cursor.backtracking(at, "`\\G`")),
            'R' => return Err(self.cursor.backtracking(at, "`\\R`")),
            'X' => return Err(self.cursor.backtracking(at, "`\\X`")),
            _ => {
                let start = self.out.len();
                let place = class::Place { unicode: self.unicode, in_class: false };
                class::escape(&mut self.cursor, at, place, &mut self.out)?;
                self.atom = Some(start);
            }
        }
        Ok(())
    }

    /// `\Z` at the very end of the pattern can take the newline itself; elsewhere it would have to look ahead.
    fn before_final_newline(&mut self, at: usize) -> Result<(), PatternError> {
        if !self.cursor.rest().is_empty() || self.frames.len() > 1 {
            return Err(self.cursor.backtracking(at, "`\\Z` before the end of the pattern"));
        }
        self.out.push_str("\\n?\\z");
        self.atom = None;
        Ok(())
    }

    /// Opens what starts with a parenthesis.
    fn open(&mut self, at: usize) -> Result<(), PatternError> {
        if !self.cursor.take_text("?") {
            let captures = !self.has_names;
            let opening = if captures { "(" } else { "(?:" };
            return self.open_group(at, opening, captures.then_some(None));
        }
        if self.cursor.take_text("#") {
            let closed = self.cursor.take_until(')').is_some();
            return if closed { Ok(()) } else { Err(self.cursor.error(at, "this comment is not closed")) };
        }
        if self.cursor.take_text(":") {
            return self.open_group(at, "(?:", None);
        }
        let refused = [
            ("=", "a look-ahead (`(?=`)"),
            ("!", "a negative look-ahead (`(?!`)"),
            ("<=", "a look-behind (`(?<=`)"),
            ("<!", "a negative look-behind (`(?<!`)"),
            (">", "an atomic group (`(?>`)"),
            ("~", "an absence operator (`(?~`)"),
            ("(", "a conditional (`(?(`)"),
        ];
        if let Some((_, what)) = refused.iter().find(|(start, _)| self.cursor.rest().starts_with(start)) {
            return Err(self.cursor.backtracking(at, what));
        }
        let quote = if self.cursor.take_text("<") || self.cursor.take_text("P<") {
            '>'
        } else if self.cursor.take_text("'") {
            '\''
        } else {
            return self.options(at);
        };
        match self.cursor.take_until(quote) {
            Some(name) if !name.is_empty() => self.open_group(at, "(", Some(Some(name.to_owned()))),
            _ => Err(self.cursor.error(at, "this group's name is empty or not closed")),
        }
    }

    fn open_group(&mut self, at: usize, opening: &str, group: Option<Option<String>>) -> Result<(), PatternError> {
        let extended = self.frame().extended;
        self.frames.push(Frame { extended, closers: 0, at, start: self.out.len() });
        self.groups.extend(group);
        self.out.push_str(opening);
        self.atom = None;
        Ok(())
    }

    fn close(&mut self, at: usize) -> Result<(), PatternError> {
        if self.frames.len() == 1 {
            return Err(self.cursor.error(at, "this parenthesis was not opened"));
        }
        self.close_options();
        let frame = self.frames.pop();
        self.out.push(')');
        self.atom = frame.map(|frame| frame.start);
        Ok(())
    }

    fn close_options(&mut self) {
        for _ in 0..self.frame().closers {
            self.out.push(')');
        }
    }

    /// Options such as `(?i)` and `(?i-m:…)`.
    fn options(&mut self, at: usize) -> Result<(), PatternError> {
        let mut flags = String::new();
        let mut extended = self.frame().extended;
        let colon = loop {
            match self.cursor.take() {
                Some('i') => flags.push('i'),
                Some('m') => flags.push('s'),
                Some('x') => extended = !flags.contains('-'),
                Some('-') if !flags.contains('-') => flags.push('-'),
                Some(end @ (')' | ':')) => break end == ':',
                _ => return Err(self.cursor.error(at, "expected the options `i`, `m` or `x` in this group")),
            }
        };
        let opening = format!("(?{}:", flags.trim_end_matches('-'));
        self.open_options(at, colon, &opening, extended)
    }

    /// Opens a group with options. One without a colon lasts to the end of the group around it, alternatives included.
    fn open_options(&mut self, at: usize, colon: bool, opening: &str, extended: bool) -> Result<(), PatternError> {
        if colon {
            self.open_group(at, opening, None)?;
        } else {
            self.out.push_str(opening);
            self.frame_mut().closers += 1;
            self.atom = None;
        }
        self.frame_mut().extended = extended;
        Ok(())
    }

    fn quantifier(&mut self, sign: char, at: usize) -> Result<(), PatternError> {
        if self.atom.is_none() {
            return Err(self.cursor.error(at, format!("`{sign}` has nothing to repeat")));
        }
        self.out.push(sign);
        match self.cursor.peek() {
            Some('?') => {
                self.cursor.take();
                self.out.push('?');
            }
            Some('+') => return Err(self.cursor.backtracking(at, &format!("a possessive quantifier (`{sign}+`)"))),
            _ => {}
        }
        Ok(())
    }

    /// Translates what stands behind an opening brace: a repetition, or the brace itself.
    fn interval(&mut self) -> Result<(), PatternError> {
        let body = self.cursor.rest().split_once('}').map(|(body, _)| body);
        let Some((atom, (low, high))) = self.atom.zip(body.and_then(bounds)) else {
            self.literal('{');
            return Ok(());
        };
        self.cursor.take_until('}');
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
        Ok(())
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
