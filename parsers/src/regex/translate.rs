//! From the Onigmo dialect to the syntax of the `regex` crate.

use std::collections::HashMap;

/// Why a pattern cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PatternError {
    /// A construct that needs backtracking, and the character (from 1) where it stands.
    Backtracking(&'static str, usize),
    /// A construct that is not known here, and where it stands.
    Unsupported(String, usize),
    /// What the engine says is wrong.
    Syntax(String),
}

impl std::fmt::Display for PatternError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Backtracking(what, at) => write!(f, "{what} at character {at} cannot be run in linear time"),
            Self::Unsupported(what, at) => write!(f, "`{what}` at character {at} is not supported"),
            Self::Syntax(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for PatternError {}

/// A translated pattern.
pub(super) struct Translated {
    /// In the syntax of the `regex` crate.
    pub(super) text: String,
    /// Whether it may be run byte by byte, which also takes text that is not UTF-8, and finds the same in text that is.
    pub(super) bytewise: bool,
}

/// Translates `pattern`.
pub(super) fn translate(pattern: &str) -> Result<Translated, PatternError> {
    let (pattern, options) = delimited(pattern);
    let mut translator = Translator {
        rest: pattern.chars().collect(),
        at: 0,
        out: String::new(),
        names: HashMap::new(),
        characterwise: !pattern.is_ascii(),
    };
    translator.out.push_str(&flags(options));
    translator.run()?;
    if !translator.names.is_empty() {
        translator.out = without_plain_groups(&translator.out);
    }
    Ok(Translated { text: translator.out, bytewise: !translator.characterwise })
}

/// The message of the engine in one line.
pub(super) fn readable(error: &regex_automata::meta::BuildError) -> String {
    let text = error.syntax_error().map_or_else(|| error.to_string(), ToString::to_string);
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines.last().map_or_else(String::new, |line| line.trim_start_matches("error: ").to_owned())
}

/// Takes `/…/options` apart.
fn delimited(pattern: &str) -> (&str, &str) {
    let inner = pattern.strip_prefix('/').and_then(|rest| rest.rsplit_once('/'));
    match inner {
        Some((inner, options)) if options.chars().all(|option| "imxo".contains(option)) => (inner, options),
        _ => (pattern, ""),
    }
}

/// Ruby's `m` lets a dot match newlines; `o` has no meaning here.
fn flags(options: &str) -> String {
    let mut flags = String::new();
    for (option, flag) in [('i', 'i'), ('m', 's'), ('x', 'x')] {
        if options.contains(option) {
            flags.push(flag);
        }
    }
    if flags.is_empty() { flags } else { format!("(?{flags})") }
}

struct Translator {
    rest: Vec<char>,
    at: usize,
    out: String,
    /// How often each group name was met.
    names: HashMap<String, usize>,
    /// Whether something was met that must see whole characters: a single one of "any but", a boundary, a property.
    characterwise: bool,
}

/// Joins a repeated group name and its number; a name in a pattern cannot hold it.
pub(super) const REPEAT_MARK: &str = ".again.";

impl Translator {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.rest.get(self.at + ahead).copied()
    }

    fn starts_with(&self, text: &str) -> bool {
        text.chars().enumerate().all(|(ahead, character)| self.peek(ahead) == Some(character))
    }

    fn run(&mut self) -> Result<(), PatternError> {
        while let Some(character) = self.peek(0) {
            match character {
                '\\' => self.escape(false)?,
                '[' => {
                    let negated = self.peek(1) == Some('^');
                    self.class()?;
                    self.characterwise |= negated && !self.is_repeated();
                }
                '.' => {
                    self.copy();
                    self.characterwise |= !self.is_repeated();
                }
                '(' => self.group()?,
                '{' if !self.is_quantifier() => self.copy_escaped(character),
                '{' if self.peek(1) == Some(',') => {
                    self.copy();
                    self.out.push('0');
                }
                '}' if !self.closes_quantifier() => self.copy_escaped(character),
                '+' if self.follows_quantifier() => {
                    return Err(PatternError::Backtracking("a possessive quantifier", self.at + 1));
                }
                _ => self.copy(),
            }
        }
        Ok(())
    }

    /// Whether what was just taken is repeated without a count. If it matches "any character but some" and is not, a
    /// single byte of a longer character must not do.
    fn is_repeated(&self) -> bool {
        matches!(self.peek(0), Some('*' | '+'))
    }

    fn copy(&mut self) {
        self.out.push(self.rest[self.at]);
        self.at += 1;
    }

    fn copy_escaped(&mut self, character: char) {
        self.out.push('\\');
        self.out.push(character);
        self.at += 1;
    }

    /// Whether `{` here opens `{n}`, `{n,}`, `{,m}` or `{n,m}`.
    fn is_quantifier(&self) -> bool {
        let inside: String = self.rest[self.at + 1..].iter().take_while(|character| **character != '}').collect();
        let closed = self.rest.get(self.at + 1 + inside.chars().count()) == Some(&'}');
        let digits = |text: &str| text.chars().all(|digit| digit.is_ascii_digit());
        let (least, most) = inside.split_once(',').unwrap_or((&inside, "0"));
        closed && !inside.is_empty() && inside != "," && digits(least) && digits(most) && self.at > 0
    }

    fn closes_quantifier(&self) -> bool {
        let before: String = self.rest[..self.at].iter().rev().take_while(|character| **character != '{').collect();
        before.chars().all(|character| character.is_ascii_digit() || character == ',')
            && before.len() < self.at
            && self.out.ends_with(&before.chars().rev().collect::<String>())
            && !self.out.trim_end_matches(|c: char| c.is_ascii_digit() || c == ',').ends_with("\\{")
    }

    /// Whether the character before is a quantifier, so that `+` makes it possessive.
    fn follows_quantifier(&self) -> bool {
        let before = |back: usize| self.at.checked_sub(back).and_then(|at| self.rest.get(at)).copied();
        let escaped = |back: usize| {
            let slashes = (back + 1..).take_while(|further| before(*further) == Some('\\')).count();
            slashes % 2 == 1
        };
        matches!(before(1), Some('*' | '+' | '?')) && !escaped(1)
    }

    /// Takes an escape, in a class or outside.
    fn escape(&mut self, in_class: bool) -> Result<(), PatternError> {
        let place = self.at + 1;
        let Some(kind) = self.peek(1) else {
            return Err(PatternError::Syntax("the pattern ends with a single `\\`".into()));
        };
        self.at += 2;
        let ascii = match (kind, in_class) {
            ('d', false) => "[0-9]",
            ('d', true) => "0-9",
            ('D', _) => "[^0-9]",
            ('w', false) => "[0-9A-Za-z_]",
            ('w', true) => "0-9A-Za-z_",
            ('W', _) => "[^0-9A-Za-z_]",
            ('s', false) => r"[\t\n\x0B\x0C\r ]",
            ('s', true) => r"\t\n\x0B\x0C\r ",
            ('S', _) => r"[^\t\n\x0B\x0C\r ]",
            ('h', false) => "[0-9A-Fa-f]",
            ('h', true) => "0-9A-Fa-f",
            ('H', _) => "[^0-9A-Fa-f]",
            ('<', _) => "<",
            ('>', _) => ">",
            ('/', _) => "/",
            ('e', _) => r"\x1B",
            ('Z', false) => r"(?:\n?\z)",
            ('R', false) => r"(?:\r\n|[\n\x0B\x0C\r])",
            ('b', true) => r"\x08",
            _ => "",
        };
        if !ascii.is_empty() {
            self.out.push_str(ascii);
            self.characterwise |= ascii.starts_with("[^") && !in_class && !self.is_repeated();
            return Ok(());
        }
        self.other_escape(kind, in_class, place)
    }

    fn other_escape(&mut self, kind: char, in_class: bool, place: usize) -> Result<(), PatternError> {
        match kind {
            'k' | 'g' | '1'..='9' if !in_class => Err(PatternError::Backtracking("a back-reference", place)),
            'G' | 'K' | 'X' => Err(PatternError::Unsupported(format!("\\{kind}"), place)),
            'n' | 't' | 'r' | 'f' | 'v' | 'a' | 'x' | 'u' | 'b' | 'B' | 'A' | 'z' | 'p' | 'P' => {
                self.characterwise |= matches!(kind, 'x' | 'u' | 'b' | 'B' | 'p' | 'P');
                self.out.push('\\');
                self.out.push(kind);
                Ok(())
            }
            '0' => {
                self.out.push_str(r"\x00");
                Ok(())
            }
            other if other.is_ascii_alphanumeric() => {
                self.out.push(other);
                Ok(())
            }
            other if other.is_ascii() => {
                self.out.push('\\');
                self.out.push(other);
                Ok(())
            }
            other => {
                self.out.push(other);
                Ok(())
            }
        }
    }

    /// Takes a class; `[` and `&&` inside mean other things here than there.
    fn class(&mut self) -> Result<(), PatternError> {
        self.copy();
        if self.peek(0) == Some('^') {
            self.copy();
        }
        if self.peek(0) == Some(']') {
            self.copy_escaped(']');
        }
        while let Some(character) = self.peek(0) {
            match character {
                ']' => {
                    self.copy();
                    return Ok(());
                }
                '\\' => self.escape(true)?,
                '[' if self.starts_with("[:") => self.posix_class(),
                '[' | '&' | '~' => self.copy_escaped(character),
                '-' if self.peek(1) == Some('-') => self.copy_escaped(character),
                _ => self.copy(),
            }
        }
        Err(PatternError::Syntax("a class is not closed: `]` is missing".into()))
    }

    fn posix_class(&mut self) {
        while let Some(character) = self.peek(0) {
            self.copy();
            if character == ':' && self.peek(0) == Some(']') {
                self.copy();
                return;
            }
        }
    }

    /// Takes the opening of a group.
    fn group(&mut self) -> Result<(), PatternError> {
        let place = self.at + 1;
        for (opening, what) in [
            ("(?=", "a look-ahead"),
            ("(?!", "a look-ahead"),
            ("(?<=", "a look-behind"),
            ("(?<!", "a look-behind"),
            ("(?>", "an atomic group"),
            ("(?~", "an absence operator"),
            ("(?(", "a condition"),
        ] {
            if self.starts_with(opening) {
                return Err(PatternError::Backtracking(what, place));
            }
        }
        if self.starts_with("(?#") {
            while self.peek(0).is_some_and(|character| character != ')') {
                self.at += 1;
            }
            self.at += 1;
        } else if self.starts_with("(?<") || self.starts_with("(?'") {
            self.named_group(place)?;
        } else if self.starts_with("(?") {
            self.inline_flags();
        } else {
            self.copy();
        }
        Ok(())
    }

    /// Takes `(?<name>`; a name that was there before gets a number, since names must differ here.
    fn named_group(&mut self, place: usize) -> Result<(), PatternError> {
        let closer = if self.peek(2) == Some('<') { '>' } else { '\'' };
        let name: String = self.rest[self.at + 3..].iter().take_while(|character| **character != closer).collect();
        self.at += 4 + name.chars().count();
        if name.is_empty() || self.at > self.rest.len() {
            return Err(PatternError::Syntax(format!("the group at character {place} has no name")));
        }
        let times = self.names.entry(name.clone()).or_insert(0);
        *times += 1;
        let repeat = if *times == 1 { String::new() } else { format!("{REPEAT_MARK}{times}") };
        let safe = safe_name(&name);
        self.out.push_str(&format!("(?P<{safe}{repeat}>"));
        Ok(())
    }

    /// Takes `(?imx-imx` up to `:` or `)`: Ruby's `m` is `s` here.
    fn inline_flags(&mut self) {
        self.out.push_str("(?");
        self.at += 2;
        while let Some(flag @ ('i' | 'm' | 'x' | '-')) = self.peek(0) {
            self.out.push(if flag == 'm' { 's' } else { flag });
            self.at += 1;
        }
    }
}

/// Group names may hold only certain characters there; others are written as their code.
fn safe_name(name: &str) -> String {
    let mut safe = String::new();
    for (at, character) in name.chars().enumerate() {
        if character.is_ascii_alphabetic() || character == '_' || (at > 0 && character.is_ascii_digit()) {
            safe.push(character);
        } else {
            safe.push_str(&format!("_.{:x}.", u32::from(character)));
        }
    }
    safe
}

/// The name as the pattern had it.
pub(super) fn original_name(safe: &str) -> String {
    let name = safe.split_once(REPEAT_MARK).map_or(safe, |(name, _)| name);
    let mut original = String::new();
    let mut rest = name;
    while let Some((before, after)) = rest.split_once("_.") {
        let Some((code, after)) = after.split_once('.') else { break };
        original.push_str(before);
        original.extend(u32::from_str_radix(code, 16).ok().and_then(char::from_u32));
        rest = after;
    }
    original.push_str(rest);
    original
}

/// Where a named group exists, plain groups do not capture.
fn without_plain_groups(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut characters = pattern.chars().peekable();
    let mut in_class = 0_usize;
    while let Some(character) = characters.next() {
        out.push(character);
        match character {
            '\\' => out.extend(characters.next()),
            '[' => in_class += 1,
            ']' => in_class = in_class.saturating_sub(1),
            '(' if in_class == 0 && characters.peek() != Some(&'?') => out.push_str("?:"),
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::regex::compile;

    fn matches(pattern: &str, text: &[u8]) -> bool {
        compile(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}")).is_match(text)
    }

    #[test]
    fn constructs_mean_what_they_mean_in_onigmo() {
        let cases: [(&str, &[u8], bool); 30] = [
            (r"^\<(?<pri>[0-9]+)\>", b"<34>x", true),
            (r"^b$", b"a\nb\nc", true),
            (r"/^ABC$/i", b"abc", true),
            (r"/a.b/m", b"a\nb", true),
            (r"a.b", b"a\nb", false),
            (r"^\d+$", "٣".as_bytes(), false),
            (r"^\w+$", "é".as_bytes(), false),
            (r"^\h+$", b"deadBEEF09", true),
            (r"^[\w\[\]]+$", b"a[0]", true),
            (r"^[[:alpha:]]+$", b"abc", true),
            (r"^[a&&b]+$", b"a&b", true),
            (r#"{"log":"(?<log>.*)"}"#, br#"{"log":"x"}"#, true),
            (r"^a{2,3}$", b"aaa", true),
            (r"^a{,2}$", b"aa", true),
            (r"^x{y}$", b"x{y}", true),
            (r"^[^\]]+\]$", b"abc]", true),
            (r"^[]a]+$", b"]a", true),
            (r"a\/b", b"a/b", true),
            (r"^\S+ \S+$", b"a\xff b", true),
            (r"^(?<a>[^ ]*) $", b"\xff\xfe ", true),
            (r"(?m:a.b)", b"a\nb", true),
            (r"(?x: a b )", b"ab", true),
            (r"(?i)ABC", b"abc", true),
            (r"a(?#remark)b", b"ab", true),
            (r"end\Z", b"end\n", true),
            (r"[a-z-]+", b"-", true),
            (r"\bfoo\b", b"a foo b", true),
            (r"^\[(?<time>[^\]]*)\]", b"[now]", true),
            (r"\+\*\?+", b"+*??", true),
            (r"[+]+", b"++", true),
        ];
        for (pattern, text, expected) in cases {
            assert_eq!(matches(pattern, text), expected, "{pattern} on {}", String::from_utf8_lossy(text));
        }
    }

    #[test]
    fn what_needs_backtracking_is_refused_with_its_place() {
        let cases = [
            ("a(?=b)", "a look-ahead", 2),
            ("(?<!a)b", "a look-behind", 1),
            ("(?>a)", "an atomic group", 1),
            (r"(?<a>x)\k<a>", "a back-reference", 8),
            ("ab*+", "a possessive quantifier", 4),
        ];
        for (pattern, what, at) in cases {
            assert_eq!(compile(pattern).err(), Some(PatternError::Backtracking(what, at)), "{pattern}");
        }
        assert!(matches!(compile("a(b"), Err(PatternError::Syntax(message)) if message.contains("unclosed")));
    }

    #[test]
    fn names_of_groups_come_back_as_they_were_written() {
        for name in ["a", "http-status", "a.b", "été", "a@b"] {
            assert_eq!(original_name(&safe_name(name)), name);
        }
        assert_eq!(original_name(&format!("a{REPEAT_MARK}2")), "a");
    }

    #[test]
    fn plain_groups_do_not_capture_beside_named_ones() {
        let regex = compile("(a|b)(?<c>d)([(])").expect("it is valid");

        assert_eq!(regex.captures_len(), 2);
        assert!(regex.is_match("bd("));
    }
}
