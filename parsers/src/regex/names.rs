//! Names that stand twice in a pattern.

use super::translate::{Path, delimited, translate};

/// The first name of two groups of `pattern` that may both take something in one match; `None` where there is none, or where
/// the pattern is wrong.
pub fn repeated_group(pattern: &str) -> Option<String> {
    let source = delimited(pattern);
    let named = translate(source, true).or_else(|_| translate(source, false)).ok()?.named;
    let repeats = |at: usize| {
        let (name, path) = &named[at];
        named[..at].iter().any(|(other, earlier)| other == name && may_both(earlier, path))
    };
    (0..named.len()).find(|at| repeats(*at)).map(|at| named[at].0.clone())
}

/// Whether groups at two places are not in different alternatives of a group around both.
fn may_both(one: &Path, other: &Path) -> bool {
    let around = one.iter().zip(other).find(|(one, other)| one != other);
    around.is_none_or(|((one, _), (other, _))| one != other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_stand_twice_are_found_unless_only_one_of_them_can_take_something() {
        let cases = [
            (r"^(?<a>\d+) (?<b>\w+)$", None),
            (r"^(?<a>\d+) (?<a>\w+)$", Some("a")),
            (r"/^(?<a>\d+)|(?<a>\w+)$/m", None),
            (r"^(?:(?<a>\d+)|x(?<a>\w+)) (?<b>.)$", None),
            (r"^(?:(?<a>\d+)|x(?<a>\w+)) (?<a>.)$", Some("a")),
            (r"(?<b>(?<a>x)|y)(?:z|(?<a>w))", Some("a")),
            (r"(?<a>x(?<a>y))", Some("a")),
            (r"(?<a>x)(?=y|(?<b>z))(?<c>.)|(?<c>q)(?<b>w)", None),
            (r"[(?<a>](?<a>x)\((?<a>y)", Some("a")),
            (r"(?<a>x", None),
        ];
        for (pattern, expected) in cases {
            assert_eq!(repeated_group(pattern).as_deref(), expected, "{pattern}");
        }
    }
}
