//! Regular expressions that two kinds of engine must agree on: what is repeated without end takes something.

use crate::bytes::Bytes;

const SETS: [&str; 12] = ["[^ ]", "\\S", "\\w", ".", "[ab]", "a", "[^a]", "[[:alpha:]]", "é", "[é\\-]", "b", "\\d"];
const TAKING: [&str; 8] = ["[^ ]", "\\S", ".", "[ab]", "a", "[^a]", "é", "b"];
const TIMES: [&str; 11] = ["", "*", "+", "?", "*?", "+?", "{1,3}", "{2}", "??", "{0,2}?", "{2,}"];
const PLACES: [&str; 11] = ["^", "$", "\\b", "\\B", "\\A", "\\z", " ", "ab", "-", "\\n", "aé"];

/// A pattern of a few parts, with options before it.
pub(crate) fn pattern(bytes: &mut Bytes<'_>) -> String {
    let mut pattern = bytes.one_of(&["", "(?i)", "(?m)"]).to_owned();
    for _ in 0..=bytes.below(4) {
        push_part(bytes, 3, true, &mut pattern);
    }
    pattern
}

fn push_part(bytes: &mut Bytes<'_>, depth: usize, captures: bool, out: &mut String) {
    match bytes.below(if depth == 0 { 2 } else { 5 }) {
        0 => {
            out.push_str(bytes.one_of(&SETS));
            out.push_str(bytes.one_of(&TIMES));
        }
        1 => out.push_str(bytes.one_of(&PLACES)),
        2 => push_repeated(bytes, out),
        3 => push_several(bytes, depth, false, &["", "?", "??", "{1,2}", "{0,3}"], out),
        _ => push_several(bytes, depth, captures, &["", "?", "??", "{1,2}"], out),
    }
}

/// A group that is repeated without end. Each way through it takes something.
fn push_repeated(bytes: &mut Bytes<'_>, out: &mut String) {
    let between = bytes.one_of(&["", "|"]);
    out.push_str("(?:");
    for number in 0..=bytes.below(2) {
        if number > 0 {
            out.push_str(between);
        }
        out.push_str(bytes.one_of(&TAKING));
        out.push_str(bytes.one_of(&["", "+", "+?", "{1,3}", "{2}"]));
        push_part(bytes, 0, false, out);
    }
    out.push(')');
    out.push_str(bytes.one_of(&["*", "+", "*?", "{2,}"]));
}

fn push_several(bytes: &mut Bytes<'_>, depth: usize, captures: bool, times: &[&str], out: &mut String) {
    let between = bytes.one_of(&["", "|"]);
    out.push_str(if captures { "(" } else { "(?:" });
    for number in 0..=bytes.below(3) {
        if number > 0 {
            out.push_str(between);
        }
        push_part(bytes, depth - 1, captures, out);
    }
    out.push(')');
    out.push_str(bytes.one_of(times));
}
