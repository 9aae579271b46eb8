//! Labels of domains in other scripts, which are written in ASCII as `xn--…` (RFC 3492).

const BASE: u32 = 36;
const LEAST: u32 = 1;
const MOST: u32 = 26;
const SKEW: u32 = 38;
const DAMP: u32 = 700;
const BIAS: u32 = 72;
const FIRST: u32 = 0x80;
/// Longest label of a domain.
const LABEL: usize = 63;

/// Appends `domain` to `out` with its labels in the letters that they stand for.
pub(super) fn push_in_letters(domain: &str, out: &mut String) {
    for (number, label) in domain.split('.').enumerate() {
        if number > 0 {
            out.push('.');
        }
        match label.strip_prefix("xn--").and_then(letters) {
            Some(letters) => out.extend(letters),
            None => out.push_str(label),
        }
    }
}

/// The letters that `code` stands for behind `xn--`; `None` where it stands for none.
fn letters(code: &str) -> Option<Vec<char>> {
    let (plain, code) = code.rsplit_once('-').unwrap_or(("", code));
    let mut letters: Vec<char> = plain.chars().collect();
    let (mut letter, mut place, mut bias, mut rest) = (FIRST, 0_u32, BIAS, code.chars().peekable());
    if code.len() > LABEL {
        return None;
    }
    while rest.peek().is_some() {
        let before = place;
        let (mut weight, mut step) = (1_u32, BASE);
        loop {
            let digit = digit(rest.next()?)?;
            place = place.checked_add(digit.checked_mul(weight)?)?;
            let limit = step.saturating_sub(bias).clamp(LEAST, MOST);
            if digit < limit {
                break;
            }
            weight = weight.checked_mul(BASE - limit)?;
            step += BASE;
        }
        let count = u32::try_from(letters.len()).ok()? + 1;
        bias = adapted(place - before, count, before == 0);
        letter = letter.checked_add(place / count)?;
        place %= count;
        letters.insert(usize::try_from(place).ok()?, char::from_u32(letter)?);
        place += 1;
    }
    Some(letters)
}

fn digit(letter: char) -> Option<u32> {
    match letter {
        'a'..='z' => Some(u32::from(letter) - u32::from('a')),
        '0'..='9' => Some(u32::from(letter) - u32::from('0') + 26),
        _ => None,
    }
}

/// The bias behind a letter that was `delta` away, of so many.
fn adapted(delta: u32, count: u32, is_first: bool) -> u32 {
    let mut delta = if is_first { delta / DAMP } else { delta / 2 };
    delta += delta / count;
    let mut step = 0;
    while delta > (BASE - LEAST) * MOST / 2 {
        delta /= BASE - LEAST;
        step += BASE;
    }
    step + (BASE - LEAST + 1) * delta / (delta + SKEW)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_read_in_their_letters() {
        for (domain, expected) in [
            ("xn--bcher-kva.example", "b\u{fc}cher.example"),
            ("mail.xn--mnchen-3ya.de", "mail.m\u{fc}nchen.de"),
            ("xn--fiqs8s", "\u{4e2d}\u{56fd}"),
            ("xn--e1afmkfd.xn--p1ai", "\u{43f}\u{440}\u{438}\u{43c}\u{435}\u{440}.\u{440}\u{444}"),
            ("a.example", "a.example"),
            ("xn--99999999999", "xn--99999999999"),
            ("xn--", ""),
            ("xn--\u{e9}", "xn--\u{e9}"),
        ] {
            let mut out = String::new();
            push_in_letters(domain, &mut out);
            assert_eq!(out, expected, "{domain}");
        }
    }
}
