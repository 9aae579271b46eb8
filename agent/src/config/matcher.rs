//! Which tags a filter or output takes.

use vigie_parsers::regex::{GivenUp, Regex};

use super::options::OptionType;

/// `Match` of a filter or output: `*` stands for any characters, dots included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagPattern(String);

impl TagPattern {
    /// Whether it takes `tag`.
    pub fn matches(&self, tag: &str) -> bool {
        let mut pieces = self.0.split('*');
        let first = pieces.next().unwrap_or_default();
        let Some(mut rest) = tag.strip_prefix(first) else { return false };
        let mut pieces: Vec<&str> = pieces.collect();
        let Some(last) = pieces.pop() else { return rest.is_empty() };
        for piece in pieces {
            let Some((_, behind)) = rest.split_once(piece) else { return false };
            rest = behind;
        }
        rest.ends_with(last)
    }
}

impl OptionType for TagPattern {
    const KIND: &'static str = "tag pattern";

    fn parse(text: &str) -> Result<Self, String> {
        Ok(Self(text.to_owned()))
    }
}

/// `Match_Regex`: matched at the start of the tag.
#[derive(Clone, Debug)]
pub struct TagRegex(Regex);

impl OptionType for TagRegex {
    const KIND: &'static str = "regex";

    fn parse(text: &str) -> Result<Self, String> {
        Regex::new(text).map(Self).map_err(|error| format!("a regular expression ({error})"))
    }
}

/// Which tags are taken.
#[derive(Clone, Debug)]
pub struct Matcher {
    pattern: Option<TagPattern>,
    regex: Option<TagRegex>,
}

impl Matcher {
    /// Takes what either of the two matches; without both, nothing.
    pub fn new(pattern: Option<TagPattern>, regex: Option<TagRegex>) -> Self {
        Self { pattern, regex }
    }

    /// Takes every tag.
    pub fn all() -> Self {
        Self { pattern: Some(TagPattern("*".into())), regex: None }
    }

    /// Whether it takes no tag at all.
    pub fn is_nothing(&self) -> bool {
        self.pattern.is_none() && self.regex.is_none()
    }

    /// Whether every tag of `pattern` is surely taken. A star of it is taken only by a star, so a regex, of which that cannot be
    /// told, counts for a pattern without a star alone.
    pub fn covers(&self, pattern: &str) -> bool {
        let by_pattern = self.pattern.as_ref().is_some_and(|own| own.matches(pattern));
        by_pattern || !pattern.contains('*') && self.matches(pattern) == Ok(true)
    }

    /// Whether every tag that `other` takes is surely taken.
    pub fn covers_all_of(&self, other: &Self) -> bool {
        other.regex.is_none() && other.pattern.as_ref().is_some_and(|pattern| self.covers(&pattern.0))
    }

    /// Whether some tag of `pattern` may be taken. Where that cannot be told, it may.
    pub fn may_take(&self, pattern: &str) -> bool {
        if !pattern.contains('*') {
            return self.matches(pattern).unwrap_or(true);
        }
        self.regex.is_some() || self.pattern.as_ref().is_some_and(|own| may_meet(own.0.as_bytes(), pattern.as_bytes()))
    }

    /// Whether `tag` is taken.
    ///
    /// # Errors
    /// When the regex was given up and the pattern does not match.
    pub fn matches(&self, tag: &str) -> Result<bool, GivenUp> {
        if self.pattern.as_ref().is_some_and(|pattern| pattern.matches(tag)) {
            return Ok(true);
        }
        self.regex.as_ref().map_or(Ok(false), |regex| regex.0.is_match_at_start(tag.as_bytes()))
    }
}

/// Whether there is a text that two patterns take: what stands before the first star of each, and behind the last, must agree.
/// That is enough to say no; a yes may be wrong.
fn may_meet(one: &[u8], other: &[u8]) -> bool {
    let star = |pattern: &[u8]| memchr::memchr(b'*', pattern);
    let (Some(first), Some(second)) = (star(one), star(other)) else {
        let (plain, pattern) = if star(one).is_none() { (one, other) } else { (other, one) };
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        return TagPattern(text(pattern)).matches(&text(plain));
    };
    let last = |pattern: &[u8]| memchr::memrchr(b'*', pattern).map_or(0, |at| at + 1);
    let ends_agree = one[last(one)..].iter().rev().zip(other[last(other)..].iter().rev()).all(|(a, b)| a == b);
    let starts_agree = one[..first].iter().zip(&other[..second]).all(|(a, b)| a == b);
    starts_agree && ends_agree
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_characters() {
        let cases = [
            ("*", "", true),
            ("*", "a.b", true),
            ("foo*", "foo", true),
            ("foo*", "fo", false),
            ("a.*.c", "a.b.x.c", true),
            ("a.*.c", "a.c", false),
            ("*.log", "a.log", true),
            ("*a*b", "xaxb", true),
            ("*a*b", "xbxa", false),
            ("a*a", "a", false),
            ("app", "app", true),
            ("app", "apps", false),
        ];
        for (pattern, tag, expected) in cases {
            assert_eq!(TagPattern(pattern.into()).matches(tag), expected, "{pattern} on {tag}");
        }
    }

    #[test]
    fn a_regex_is_matched_at_the_start_of_the_tag() {
        let matcher = Matcher::new(None, TagRegex::parse("app|db").ok());

        assert_eq!(["app.web", "db", "my.app"].map(|tag| matcher.matches(tag)), [Ok(true), Ok(true), Ok(false)]);
    }
}
