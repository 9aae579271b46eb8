//! What stands where a value will: parameters of statements, verbs of formats, variables.

/// Longest name of a parameter or variable, in bytes.
const NAME: usize = 40;
/// Most digits of the number of a parameter, and of the width of a verb.
const NUMBER: usize = 2;

/// How names of parameters end that are given a secret.
const ENDS: &[&[u8]] =
    &[b"password", b"passwd", b"passphrase", b"pass", b"pwd", b"pw", b"mdp", b"secret", b"token", b"key", b"cookie"];

/// Whether `value` only stands for one: `?`, `$1`, `:password`, `%s`, `%PW%`, `${PW}`, `{{ pw }}`. Where a value begins with a mark
/// and nothing else tells it, the name behind the mark must be that of a secret.
pub(in super::super) fn is_stand_in(value: &[u8]) -> bool {
    let value = without_breaks(value);
    match value {
        b"?" => true,
        [b'$', b'{', rest @ ..] => !is_glued(rest),
        [b'$', b'(', ..] | [b'{', b'{', ..] => true,
        [b'#', b'{', rest @ ..] => name_length(rest) > 0,
        [b'$', rest @ ..] => is_number(rest) || is_name_of_secret(rest.strip_prefix(b"env:").unwrap_or(rest)),
        [b':', rest @ ..] => is_name_of_secret(rest),
        [b'%', rest @ ..] => is_verb(rest) || is_between_percents(rest),
        _ => false,
    }
}

/// `value` without the ends of lines that are written behind it, as in strings of programs: `%s\n`.
fn without_breaks(mut value: &[u8]) -> &[u8] {
    while let [rest @ .., b'\\', b'n' | b'r' | b't'] = value {
        value = rest;
    }
    value
}

/// Whether letters or digits are glued to the variable whose name `text` begins with, and no further variable.
fn is_glued(text: &[u8]) -> bool {
    let Some(close) = memchr::memchr(b'}', text) else { return false };
    text.get(close + 1).is_some_and(u8::is_ascii_alphanumeric) && !text[close..].contains(&b'$')
}

fn is_number(text: &[u8]) -> bool {
    (1..=NUMBER).contains(&text.len()) && text.iter().all(u8::is_ascii_digit)
}

/// How long the name is that `text` begins with.
fn name_length(text: &[u8]) -> usize {
    let is_part = |byte: &&u8| byte.is_ascii_alphabetic() || **byte == b'_';
    text.iter().take(NAME).take_while(is_part).count()
}

/// Whether all of `text` is a name whose last word is that of a secret: `password`, `db_password`, `newPassword`, `DBPASSWORD`.
pub(in super::super) fn is_name_of_secret(text: &[u8]) -> bool {
    // Most words are denied by their last letter.
    let Some(last) = text.last().map(u8::to_ascii_lowercase) else { return false };
    let mut likely = ENDS.iter().filter(|end| end.last() == Some(&last)).peekable();
    if likely.peek().is_none() || name_length(text) != text.len() {
        return false;
    }
    let is_large = text.iter().all(|byte| !byte.is_ascii_lowercase());
    let ends_with = |end: &[u8]| {
        let Some((before, last)) = text.len().checked_sub(end.len()).map(|at| text.split_at(at)) else { return false };
        let is_word = before.last().is_none_or(|byte| *byte == b'_') || is_large || last[0].is_ascii_uppercase();
        is_word && last.eq_ignore_ascii_case(end)
    };
    likely.any(|end| ends_with(end))
}

/// Whether `text`, behind its `%`, is a verb of a format and nothing else: `s`, `-10s`, `1$s`, `(password)s`.
fn is_verb(text: &[u8]) -> bool {
    if let Some(named) = text.strip_prefix(b"(") {
        let length = name_length(named);
        return length > 0 && matches!(named[length..], [b')', b's' | b'r'] | []);
    }
    let text = text.strip_prefix(b"-").or_else(|| text.strip_prefix(b"+")).unwrap_or(text);
    let width = text.iter().take(NUMBER).take_while(|byte| byte.is_ascii_digit()).count();
    let text = text[width..].strip_prefix(b"$").unwrap_or(&text[width..]);
    matches!(text, [b's' | b'v' | b'd' | b'q' | b'@' | b'r' | b'i' | b'u'] | [b'l', b's' | b'd' | b'u'])
}

/// Whether `text`, behind a `%`, is a name of capitals and another `%`, as programs of Windows write variables.
fn is_between_percents(text: &[u8]) -> bool {
    let Some(name) = text.strip_suffix(b"%") else { return false };
    (2..=NAME).contains(&name.len()) && name.iter().all(|byte| byte.is_ascii_uppercase() || *byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::is_stand_in;

    #[test]
    fn what_stands_for_a_value_is_told_from_values() {
        for text in [
            "?",
            "$1",
            "$12",
            ":password",
            ":new_password",
            ":newPassword",
            "$password",
            "$DB_PASSWORD",
            "$env:DB_PW",
            "%PW%",
            "%DB_PASS%",
            "%s",
            "%s\\n",
            "%v",
            "%-10s",
            "%1$s",
            "%(password)s",
            "${PW}",
            "$(cat x)",
            "{{ pw }}",
            "#{pw",
        ] {
            assert!(is_stand_in(text.as_bytes()), "{text}");
        }
        for text in [
            "??", "?a", "${PW}abc", "$123", "$1a", ":hunter", ":mypass", "$mypass", "@home", "$ecret1", "%", "%%",
            "%s1", "%a%", "s", "password", "", "$", ":",
        ] {
            assert!(!is_stand_in(text.as_bytes()), "{text}");
        }
    }
}
