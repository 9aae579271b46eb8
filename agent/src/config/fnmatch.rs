//! Names against patterns, as `fnmatch(3)` does in the C locale: byte by byte, no pattern is invalid.

/// A pattern, read once.
#[derive(Debug)]
pub struct Pattern(Vec<Token>);

#[derive(Debug)]
enum Token {
    /// This byte, which nothing but the pattern's own text stands for.
    Byte(u8),
    /// A byte of a set.
    One(Set),
    /// Any bytes.
    Star,
}

/// Which bytes a bracket takes, a bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Set([u64; 4]);

impl Pattern {
    /// Reads `text`.
    pub fn new(text: &[u8]) -> Self {
        let mut tokens = Vec::new();
        let mut rest = text;
        while let Some((&byte, behind)) = rest.split_first() {
            rest = behind;
            let token = match byte {
                b'*' if matches!(tokens.last(), Some(Token::Star)) => continue,
                b'*' => Token::Star,
                b'?' => Token::One(Set([u64::MAX; 4])),
                b'\\' => match behind.split_first() {
                    Some((&escaped, behind)) => {
                        rest = behind;
                        Token::Byte(escaped)
                    }
                    None => Token::One(Set::NONE),
                },
                b'[' => match bracket(behind) {
                    Some((set, behind)) => {
                        rest = behind;
                        Token::One(set)
                    }
                    None => Token::Byte(b'['),
                },
                other => Token::Byte(other),
            };
            tokens.push(token);
        }
        Self(tokens)
    }

    /// The one text that it matches, when it has nothing but text.
    pub(super) fn text(&self) -> Option<Vec<u8>> {
        let byte = |token: &Token| if let Token::Byte(byte) = token { Some(*byte) } else { None };
        self.0.iter().map(byte).collect()
    }

    /// Whether it takes all of `text`. A `*` passes whatever there is, `/` too.
    pub fn matches(&self, text: &[u8]) -> bool {
        self.pass(text).is_some()
    }

    fn pass(&self, mut text: &[u8]) -> Option<()> {
        let mut tokens = self.0.as_slice();
        let mut star = None;
        while !tokens.is_empty() || !text.is_empty() {
            (tokens, text) = match (tokens.split_first(), text.split_first()) {
                (Some((Token::Star, behind)), _) => *star.insert((behind, text)),
                (Some((token, behind)), Some((byte, after))) if token.takes(*byte) => (behind, after),
                _ => longer(&mut star)?,
            };
        }
        Some(())
    }

    /// Whether it takes a name in a directory, one with a dot at the start only where the pattern has that dot too.
    pub(super) fn matches_name(&self, name: &[u8]) -> bool {
        (!name.starts_with(b".") || matches!(self.0.first(), Some(Token::Byte(b'.')))) && self.matches(name)
    }
}

/// What follows a star, tried one byte later; `star` is the last one, since an earlier one needs no second try.
fn longer<'p, 't>(star: &mut Option<(&'p [Token], &'t [u8])>) -> Option<(&'p [Token], &'t [u8])> {
    let (behind, [_, text @ ..]) = (*star)? else { return None };
    *star = Some((behind, text));
    *star
}

impl Token {
    fn takes(&self, byte: u8) -> bool {
        match self {
            Self::Byte(own) => *own == byte,
            Self::One(set) => set.has(byte),
            Self::Star => false,
        }
    }
}

impl Set {
    const NONE: Self = Self([0; 4]);

    fn has(&self, byte: u8) -> bool {
        self.0[usize::from(byte >> 6)] >> (byte & 63) & 1 == 1
    }

    fn add(&mut self, bytes: impl IntoIterator<Item = u8>) {
        bytes.into_iter().for_each(|byte| self.0[usize::from(byte >> 6)] |= 1 << (byte & 63));
    }
}

/// What a bracket takes, and what stands behind it; `text` begins behind its `[`. None where it does not end: then it is text.
fn bracket(text: &[u8]) -> Option<(Set, &[u8])> {
    let (is_negated, mut rest) = match text {
        [b'!' | b'^', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    let mut set = Set::NONE;
    let mut is_first = true;
    loop {
        if let [b']', behind @ ..] = rest
            && !is_first
        {
            let set = if is_negated { Set(set.0.map(|bits| !bits)) } else { set };
            return Some((set, behind));
        }
        is_first = false;
        if let Some((class, behind)) = class(rest) {
            set.add((0..=u8::MAX).filter(class));
            rest = behind;
            continue;
        }
        let (low, behind) = element(rest)?;
        rest = behind;
        let mut high = low;
        if let [b'-', behind @ ..] = rest
            && !behind.starts_with(b"]")
        {
            (high, rest) = element(behind)?;
        }
        set.add(low..=high);
    }
}

type Class = fn(&u8) -> bool;

/// The class `[:name:]` that `text` begins with, and what stands behind it.
fn class(text: &[u8]) -> Option<(Class, &[u8])> {
    const CLASSES: [(&[u8], Class); 12] = [
        (b"[:alnum:]", u8::is_ascii_alphanumeric),
        (b"[:alpha:]", u8::is_ascii_alphabetic),
        (b"[:blank:]", |byte| matches!(byte, b' ' | b'\t')),
        (b"[:cntrl:]", u8::is_ascii_control),
        (b"[:digit:]", u8::is_ascii_digit),
        (b"[:graph:]", u8::is_ascii_graphic),
        (b"[:lower:]", u8::is_ascii_lowercase),
        (b"[:print:]", |byte| matches!(byte, b' '..=b'~')),
        (b"[:punct:]", u8::is_ascii_punctuation),
        (b"[:space:]", |byte| matches!(byte, b' ' | b'\t'..=b'\r')),
        (b"[:upper:]", u8::is_ascii_uppercase),
        (b"[:xdigit:]", u8::is_ascii_hexdigit),
    ];
    CLASSES.iter().find_map(|(name, class)| Some((*class, text.strip_prefix(*name)?)))
}

/// The byte of a bracket that `text` begins with: plain, escaped, or as `[.x.]` or `[=x=]`; and what stands behind it.
fn element(text: &[u8]) -> Option<(u8, &[u8])> {
    match text {
        [b'[', b'.', byte, b'.', b']', behind @ ..]
        | [b'[', b'=', byte, b'=', b']', behind @ ..]
        | [b'\\', byte, behind @ ..]
        | [byte, behind @ ..] => Some((*byte, behind)),
        [] => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_read_as_fnmatch_reads_them() {
        for (pattern, taken, not_taken) in [
            ("[^a]*.log", vec!["b2.log", "^3.log", "x/y.log"], vec!["a1.log", ".log"]),
            ("[!a]*.log", vec!["b2.log"], vec!["a1.log"]),
            ("?[[:digit:]].log", vec!["a1.log", "b2.log"], vec!["ab.log", "1.log"]),
            ("[[:upper:]_-].log", vec!["A.log", "_.log", "-.log"], vec!["a.log"]),
            ("[]a].log", vec!["].log", "a.log"], vec!["b.log"]),
            ("[^]a].log", vec!["b.log"], vec!["].log", "a.log"]),
            ("[a-c0-9]", vec!["b", "7"], vec!["d", "-"]),
            (r"[a\]-c]", vec!["a", "]", "b", "c"], vec!["d", "-"]),
            (r"x\*.log", vec!["x*.log"], vec!["xy.log"]),
            (r"\[z\].log", vec!["[z].log"], vec!["z.log"]),
            ("a1.lo[g", vec!["a1.lo[g"], vec!["a1.log"]),
            ("*/[b", vec!["/x/[b"], vec!["/x/b"]),
            ("**.log", vec!["a.log", "x/y.log"], vec!["a.txt"]),
            ("*a*b*c", vec!["abc", "aabbc", "xa/ybzc"], vec!["acb", "abcd"]),
            ("a\\", vec![], vec!["a", "a\\"]),
            ("", vec![""], vec!["a"]),
        ] {
            let matches = |text: &&str| Pattern::new(pattern.as_bytes()).matches(text.as_bytes());
            assert!(taken.iter().all(matches), "{pattern}");
            assert!(!not_taken.iter().any(matches), "{pattern}");
        }
    }

    #[test]
    fn a_dot_at_the_start_is_taken_by_a_dot_alone() {
        for (pattern, is_taken) in [(".a*", true), (r"\.a", true), ("?a", false), ("*", false), ("[.]a", false)] {
            assert_eq!(Pattern::new(pattern.as_bytes()).matches_name(b".a"), is_taken, "{pattern}");
        }
    }

    #[test]
    fn many_stars_end_in_time() {
        let (pattern, text) = ("*a".repeat(500), "a".repeat(20_000) + "b");
        assert!(!Pattern::new(pattern.as_bytes()).matches(text.as_bytes()));
    }
}

/// Against libc, which every locale but one would have go letter by letter; a test never sets one.
#[cfg(all(test, target_env = "gnu"))]
#[allow(unsafe_code, reason = "functions of libc cannot be called otherwise")]
mod beside_libc {
    use std::ffi::CString;

    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    const PIECES: [&[u8]; 27] = [
        b"[",
        b"]",
        b"!",
        b"^",
        b"a",
        b"b",
        b"z",
        b"-",
        b"\\",
        b"*",
        b"?",
        b"/",
        b".",
        b"1",
        b"A",
        b"\xff",
        b"\xc3\xa9",
        b"[a-c]",
        b"[^a]",
        b"[!b]",
        b"[]a]",
        b"[.-.]",
        b"[=a=]",
        b"[:alpha:]",
        b"[:digit:]",
        b"[:punct:]",
        b"[[:upper:]]",
    ];

    fn text(most: usize) -> impl Strategy<Value = Vec<u8>> {
        vec(select(&PIECES[..]), 0..most).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        #[test]
        fn a_pattern_takes_what_libc_takes(pattern in text(8), text in text(5)) {
            let c = |bytes: &[u8]| CString::new(bytes).expect("no piece has a NUL");
            // SAFETY: both pointers are of texts that end in a NUL and live beyond the call.
            let by_libc = unsafe { libc::fnmatch(c(&pattern).as_ptr(), c(&text).as_ptr(), 0) } == 0;
            prop_assert_eq!(Pattern::new(&pattern).matches(&text), by_libc);
        }
    }
}
