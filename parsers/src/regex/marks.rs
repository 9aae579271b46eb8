//! Constructs that only a backtracking engine can run. The translation holds each as a group whose name leads to its [`Mark`].

use super::PatternError;
use super::translate::{Branches, Translator};

/// What a named group of a translation stands for, and where that stands in the pattern as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Marked {
    pub(super) mark: Mark,
    pub(super) at: usize,
}

/// A construct of Ruby that the `regex` family does not have. Groups are numbers; several share one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// Its inside must stand here, or must not, and is not taken.
    Ahead { negative: bool },
    /// Its inside must end here, or must not.
    Behind { negative: bool },
    /// Once matched, its inside is not matched in another way.
    Atomic,
    /// The match starts here.
    Keep,
    /// The text that the last of these groups which took part has matched.
    Back { groups: Vec<usize>, ignore_case: bool },
    /// The inside of a group once more; group 0 is the whole pattern.
    Call(usize),
    /// Its first [`Mark::Branch`] if one of these groups took part, else its second.
    Conditional(Vec<usize>),
    /// One of the two ways of a conditional.
    Branch,
    /// Its inside is there to be called only.
    Never,
    /// Text in which its inside does not match anywhere.
    Absent,
}

/// How a group is named in a pattern.
#[derive(Clone, Debug)]
pub(super) enum Reference {
    Name(String),
    Number(usize),
}

/// Beginning of the names of groups that capture; their number follows.
const GROUP: char = 'g';
/// Beginning of the names of marks; their index follows.
const MARK: char = 'm';

/// The opening of group `number`.
pub(super) fn group_opening(number: usize) -> String {
    format!("(?P<{GROUP}{number}>")
}

/// The opening of mark `index`.
fn mark_opening(index: usize) -> String {
    format!("(?P<{MARK}{index}>")
}

/// What a name in a translation means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Group(usize),
    Mark(usize),
}

/// What `name` means, one of those that a translation has.
pub(super) fn meaning(name: &str) -> Option<Meaning> {
    let mut chars = name.chars();
    let kind = chars.next()?;
    let number = chars.as_str().parse().ok()?;
    match kind {
        GROUP => Some(Meaning::Group(number)),
        MARK => Some(Meaning::Mark(number)),
        _ => None,
    }
}

/// Any text, as wide as what a reference may take: so a repetition of it is not thought to be one of nothing.
const ANY_TEXT: &str = r"[\s\S]*";
const LINE_BREAK: &str = r"\r\n|[\n-\r\x{85}\x{2028}\x{2029}]";
const LINE_BREAK_ASCII: &str = r"\r\n|[\n-\r]";
/// # Source
/// Unicode Standard Annex 29, table 1c (extended grapheme clusters).
const GRAPHEME: &str = concat!(
    r"\r\n|[\p{gcb=CN}\r\n]",
    r"|\p{gcb=PP}*(?:\p{gcb=L}*(?:\p{gcb=V}+|\p{gcb=LV}\p{gcb=V}*|\p{gcb=LVT})\p{gcb=T}*|\p{gcb=L}+|\p{gcb=T}+",
    r"|\p{gcb=RI}\p{gcb=RI}|\p{Extended_Pictographic}(?:\p{gcb=EX}*\p{gcb=ZWJ}\p{Extended_Pictographic})*",
    r"|[^\p{gcb=CN}\r\n])[\p{gcb=EX}\p{gcb=ZWJ}\p{gcb=SM}]*|[\s\S]",
);
const GRAPHEME_ASCII: &str = r"\r\n|[\s\S]";

impl Translator<'_> {
    /// Adds a mark for what stands at `at` and gives its opening.
    fn mark(&mut self, mark: Mark, at: usize) -> String {
        self.marks.push(Marked { mark, at: self.cursor.start + at });
        mark_opening(self.marks.len() - 1)
    }

    /// Appends a mark whose inside is known.
    fn push_mark(&mut self, mark: Mark, at: usize, inside: &str) {
        let opening = self.mark(mark, at);
        self.push_atom(&format!("{opening}{inside})"));
    }

    /// Puts a mark around the atom that starts at `start` in the translation.
    pub(super) fn wrap(&mut self, mark: Mark, at: usize, start: usize) {
        let opening = self.mark(mark, at);
        self.out.insert_str(start, &opening);
        self.out.push(')');
    }

    /// `\Z` elsewhere than at the end of the pattern.
    pub(super) fn before_last_newline(&mut self, at: usize) {
        self.push_mark(Mark::Ahead { negative: false }, at, r"\n?\z");
    }

    pub(super) fn keep(&mut self, at: usize) {
        self.push_mark(Mark::Keep, at, "");
    }

    pub(super) fn line_break(&mut self, at: usize) {
        let inside = if self.unicode { LINE_BREAK } else { LINE_BREAK_ASCII };
        // The options of the pattern do not reach inside.
        self.push_mark(Mark::Atomic, at, &format!("(?-i:{inside})"));
    }

    pub(super) fn grapheme(&mut self, at: usize) {
        let inside = if self.unicode { GRAPHEME } else { GRAPHEME_ASCII };
        self.push_mark(Mark::Atomic, at, &format!("(?-i:{inside})"));
    }

    /// `\1`; the backslash was taken. Gives whether it is a reference: from 10 on it is one only where so many groups stand
    /// before it, else a character's code or a digit.
    pub(super) fn numbered_reference(&mut self, at: usize) -> Result<bool, PatternError> {
        let before = self.cursor.at;
        let number = self.cursor.take_number().filter(|number| *number <= 9 || *number <= self.groups.len());
        let Some(number) = number else {
            self.cursor.at = before;
            return Ok(false);
        };
        self.reference(at, Reference::Number(number))?;
        Ok(true)
    }

    /// `\k<name>`, `\k'name'`, `\k<1>` and `\k<-1>`; the letter was taken.
    pub(super) fn named_reference(&mut self, at: usize) -> Result<(), PatternError> {
        let reference = self.group_name(at)?;
        self.reference(at, reference)
    }

    fn reference(&mut self, at: usize, reference: Reference) -> Result<(), PatternError> {
        self.check_numbered(at, &reference)?;
        let ignore_case = self.frame().ignore_case;
        self.push_mark(Mark::Back { groups: Vec::new(), ignore_case }, at, ANY_TEXT);
        self.references.push((self.marks.len() - 1, reference));
        Ok(())
    }

    /// `\g<name>`, `\g<0>` and the like; the letter was taken.
    pub(super) fn call(&mut self, at: usize) -> Result<(), PatternError> {
        let reference = self.group_name(at)?;
        if !matches!(reference, Reference::Number(0)) {
            self.check_numbered(at, &reference)?;
        }
        self.push_mark(Mark::Call(0), at, ANY_TEXT);
        self.references.push((self.marks.len() - 1, reference));
        Ok(())
    }

    fn check_numbered(&self, at: usize, reference: &Reference) -> Result<(), PatternError> {
        if self.has_names && matches!(reference, Reference::Number(_)) {
            let problem = "groups have no numbers where one has a name: refer to it by name";
            return Err(self.cursor.error(at, problem));
        }
        Ok(())
    }

    /// A name or number in angle brackets or quotes.
    fn group_name(&mut self, at: usize) -> Result<Reference, PatternError> {
        let end = if self.cursor.take_text("<") { Some('>') } else { self.cursor.take_text("'").then_some('\'') };
        let name = end.and_then(|end| self.cursor.take_until(end)).filter(|name| !name.is_empty());
        let Some(name) = name else { return Err(self.cursor.error(at, "expected the name of a group in `<` and `>`")) };
        let (sign, digits) = match name.strip_prefix(['-', '+']) {
            Some(digits) => (name.chars().next(), digits),
            None => (None, name),
        };
        match (sign, digits.parse::<usize>()) {
            (None, Ok(number)) => Ok(Reference::Number(number)),
            // Counted from here: -1 is the group that was opened last, +1 the next one.
            (Some('+'), Ok(number)) => Ok(Reference::Number(self.groups.len() + number)),
            (Some(_), Ok(number)) => {
                let number = (self.groups.len() + 1).checked_sub(number).filter(|number| *number > 0);
                number.map(Reference::Number).ok_or_else(|| self.cursor.error(at, "there are not that many groups"))
            }
            (_, Err(_)) if has_level(name) => {
                let remedy = "write `\\k<name>`, which is the text that the group took last";
                Err(self.cursor.unsupported(at, "a reference with a level (`\\k<name+0>`)", remedy))
            }
            (_, Err(_)) => Ok(Reference::Name(name.to_owned())),
        }
    }

    /// Opens a group that makes a mark. Gives whether one does.
    pub(super) fn open_mark(&mut self, at: usize) -> Result<bool, PatternError> {
        let marks = [
            ("=", Mark::Ahead { negative: false }),
            ("!", Mark::Ahead { negative: true }),
            ("<=", Mark::Behind { negative: false }),
            ("<!", Mark::Behind { negative: true }),
            (">", Mark::Atomic),
            ("~", Mark::Absent),
        ];
        if self.cursor.take_text("(") {
            self.conditional(at)?;
            return Ok(true);
        }
        let Some((_, mark)) = marks.into_iter().find(|(start, _)| self.cursor.take_text(start)) else {
            return Ok(false);
        };
        let opening = self.mark(mark, at);
        self.open_group(at, &opening);
        Ok(true)
    }

    /// `(?(1)yes|no)` and `(?(<name>)yes|no)`, taken up to the second parenthesis.
    fn conditional(&mut self, at: usize) -> Result<(), PatternError> {
        let is_named = self.cursor.rest().starts_with(['<', '\'']);
        let reference = match is_named {
            true => self.group_name(at)?,
            false => match self.cursor.take_number() {
                Some(number) => Reference::Number(number),
                None => return Err(self.cursor.error(at, "expected a group's number or `<name>` as the condition")),
            },
        };
        self.check_numbered(at, &reference)?;
        if !self.cursor.take_text(")") {
            return Err(self.cursor.error(at, "this condition is not closed"));
        }
        let opening = self.mark(Mark::Conditional(Vec::new()), at);
        self.references.push((self.marks.len() - 1, reference));
        let branch = self.mark(Mark::Branch, at);
        self.open_group(at, &format!("{opening}{branch}"));
        self.frame_mut().branches = Branches::First;
        Ok(())
    }

    /// Begins the second way of the conditional around it.
    pub(super) fn second_branch(&mut self, at: usize) {
        self.close_options();
        self.frame_mut().closers = 0;
        let branch = self.mark(Mark::Branch, at);
        self.out.push(')');
        self.out.push_str(&branch);
        self.frame_mut().branches = Branches::Second;
    }

    /// Finds the groups that are referred to, now that all are known.
    pub(super) fn resolve(&mut self) -> Result<(), PatternError> {
        for (index, reference) in std::mem::take(&mut self.references) {
            let at = self.marks[index].at;
            let found: Vec<usize> = match &reference {
                Reference::Name(name) => {
                    let same = |(at, group): (usize, &Option<String>)| (group.as_ref() == Some(name)).then_some(at + 1);
                    self.groups.iter().enumerate().filter_map(same).collect()
                }
                Reference::Number(number) => (0..=self.groups.len()).filter(|group| group == number).collect(),
            };
            let calls = matches!(self.marks[index].mark, Mark::Call(_));
            let problem = match (&reference, found.as_slice()) {
                (Reference::Number(number), []) => format!("there is no group {number}"),
                (Reference::Number(_), [0]) if !calls => "group 0 cannot be referred to".to_owned(),
                (Reference::Name(name), []) => format!("no group is called `{name}`"),
                (Reference::Name(name), [_, _, ..]) if calls => format!("more than one group is called `{name}`"),
                _ => {
                    self.set_groups(index, found);
                    continue;
                }
            };
            return Err(PatternError::new(at, problem));
        }
        Ok(())
    }

    fn set_groups(&mut self, index: usize, found: Vec<usize>) {
        match &mut self.marks[index].mark {
            Mark::Back { groups, .. } | Mark::Conditional(groups) => *groups = found,
            Mark::Call(group) => *group = found[0],
            _ => {}
        }
    }
}

/// Whether `name` ends in a level of recursion, such as `name-1`.
fn has_level(name: &str) -> bool {
    let behind = name.rsplit_once(['+', '-']).map(|(_, level)| level);
    behind.is_some_and(|level| !level.is_empty() && level.bytes().all(|byte| byte.is_ascii_digit()))
}
