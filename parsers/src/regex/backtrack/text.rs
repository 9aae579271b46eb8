//! Characters of a text that may not be UTF-8.

/// The character at `at`, if one stands there.
pub(super) fn character(text: &[u8], at: usize) -> Option<char> {
    let length = match text.get(at)? {
        0..=0x7f => 1,
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return None,
    };
    std::str::from_utf8(text.get(at..at + length)?).ok()?.chars().next()
}

/// Where the character that ends at `at`, which is not the start of the text, begins. In what is no UTF-8 it is a byte.
pub(super) fn start_of_last(text: &[u8], at: usize) -> usize {
    let lowest = at.saturating_sub(4);
    let start = (lowest..at).rev().find(|start| text[*start] & 0xc0 != 0x80);
    let whole = |start: &usize| character(text, *start).is_some_and(|found| start + found.len_utf8() == at);
    start.filter(whole).unwrap_or(at - 1)
}

/// Where `count` characters before `at`, or bytes, begin.
pub(super) fn step_back(text: &[u8], at: usize, count: usize, by_characters: bool) -> Option<usize> {
    if !by_characters {
        return at.checked_sub(count);
    }
    let mut at = at;
    for _ in 0..count {
        at = if at > 0 { start_of_last(text, at) } else { return None };
    }
    Some(at)
}

/// How much of `text` is `wanted`, when it begins with it.
pub(super) fn repeated(wanted: &[u8], text: &[u8], ignore_case: bool) -> Option<usize> {
    if !ignore_case {
        return text.starts_with(wanted).then_some(wanted.len());
    }
    let (mut read, mut at) = (0, 0);
    while read < wanted.len() {
        let (one, other) = (character(wanted, read), character(text, at));
        match one.zip(other) {
            Some((one, other)) if one.to_lowercase().eq(other.to_lowercase()) => {
                read += one.len_utf8();
                at += other.len_utf8();
            }
            None if wanted.get(read) == text.get(at) => {
                read += 1;
                at += 1;
            }
            _ => return None,
        }
    }
    Some(at)
}
