//! Character classes and escapes.

use super::PatternError;
use super::cursor::Cursor;

/// Whether `pattern` has a named group. Then groups without a name do not capture.
pub(super) fn has_named_group(pattern: &str) -> bool {
    let mut rest = pattern;
    while let Some(at) = rest.find(['\\', '(']) {
        let (_, found) = rest.split_at(at);
        let named = ["(?<", "(?P<", "(?'"].iter().find_map(|start| found.strip_prefix(start));
        if named.is_some_and(|name| !name.starts_with(['=', '!'])) {
            return true;
        }
        let mut chars = found.chars();
        if chars.next() == Some('\\') {
            chars.next();
        }
        rest = chars.as_str();
    }
    false
}

/// Punctuation that means nothing in a pattern.
const PLAIN: &str = "<>/\"',;:_=!%@`";

/// Appends `literal`, so that it stands for itself inside and outside of classes.
pub(super) fn push_literal(out: &mut String, literal: char) {
    if literal.is_ascii_punctuation() && !PLAIN.contains(literal) {
        out.push('\\');
    }
    out.push(literal);
}

/// Translates the class whose bracket was taken, at `at`.
pub(super) fn translate(
    cursor: &mut Cursor<'_>,
    at: usize,
    unicode: bool,
    out: &mut String,
) -> Result<(), PatternError> {
    out.push('[');
    if cursor.take_text("^") {
        out.push('^');
    }
    let mut first = true;
    loop {
        let item = cursor.at;
        let Some(next) = cursor.take() else {
            return Err(cursor.error(at, "this character class is not closed"));
        };
        match next {
            // A bracket that closes nothing yet stands for itself, if another one follows.
            ']' if !first || !cursor.rest().contains(']') => {
                out.push(']');
                return Ok(());
            }
            '[' if cursor.rest().starts_with(':') && posix(cursor, unicode, out)? => {}
            '[' if closes(cursor.rest()) => translate(cursor, item, unicode, out)?,
            '&' if cursor.take_text("&") => out.push_str("&&"),
            '\\' if cursor.take_text("b") => out.push_str("\\x08"),
            '\\' => escape(cursor, item, Place { unicode, in_class: true }, out)?,
            '-' => hyphen(cursor, first, out),
            _ => push_checked(cursor, item, next, unicode, out)?,
        }
        first = false;
    }
}

/// Whether a class that starts here is closed, and the class around it too. A bracket for which it is not stands for itself.
fn closes(rest: &str) -> bool {
    let mut open = 2;
    let mut bytes = rest.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => _ = bytes.next(),
            b'[' => open += 1,
            b']' => open -= 1,
            _ => {}
        }
        if open == 0 {
            return true;
        }
    }
    false
}

/// A hyphen makes a range between two characters, and stands for itself anywhere else.
fn hyphen(cursor: &Cursor<'_>, first: bool, out: &mut String) {
    let behind_set = out.ends_with(']') && !out.ends_with("\\]");
    let behind_hyphen = out.ends_with('-') && !out.ends_with("\\-");
    let before_end = cursor.rest().starts_with(']') || cursor.rest().starts_with('[');
    if first || behind_set || behind_hyphen || before_end || before_set(cursor) {
        out.push('\\');
    }
    out.push('-');
}

fn before_set(cursor: &Cursor<'_>) -> bool {
    let mut rest = cursor.rest().chars();
    rest.next() == Some('\\') && rest.next().is_some_and(|letter| "dDwWsShHpP".contains(letter))
}

fn push_checked(
    cursor: &Cursor<'_>,
    at: usize,
    literal: char,
    unicode: bool,
    out: &mut String,
) -> Result<(), PatternError> {
    if !unicode && !literal.is_ascii() {
        return Err(cursor.error(at, "this character needs Unicode"));
    }
    push_literal(out, literal);
    Ok(())
}

/// Translates `[:name:]` if one follows.
fn posix(cursor: &mut Cursor<'_>, unicode: bool, out: &mut String) -> Result<bool, PatternError> {
    let Some((name, _)) = cursor.rest().strip_prefix(':').and_then(|rest| rest.split_once(":]")) else {
        return Ok(false);
    };
    let (negated, bare) = name.strip_prefix('^').map_or((false, name), |bare| (true, bare));
    let Some(class) = property(bare, unicode) else {
        let is_word = !bare.is_empty() && bare.bytes().all(|letter| letter.is_ascii_alphabetic());
        let problem = format!("`[:{name}:]` is no class: known are alnum, alpha, digit, space, upper and the like");
        return if is_word { Err(cursor.error(cursor.at - 1, problem)) } else { Ok(false) };
    };
    cursor.at += name.len() + 3;
    push_set(out, negated, class);
    Ok(true)
}

/// The inside of a class for a POSIX name.
fn property(name: &str, unicode: bool) -> Option<&'static str> {
    let (wide, ascii) = match name {
        "alnum" => ("\\p{Alphabetic}\\p{Mark}\\p{Decimal_Number}", "0-9A-Za-z"),
        "alpha" => ("\\p{Alphabetic}\\p{Mark}", "A-Za-z"),
        "ascii" => ("\\x00-\\x7F", "\\x00-\\x7F"),
        "blank" => ("\\p{Space_Separator}\\t", "\\t\\x20"),
        "cntrl" => ("\\p{Control}\\p{Format}\\p{Unassigned}\\p{Private_Use}", "\\x00-\\x1F\\x7F"),
        "digit" => ("\\p{Decimal_Number}", "0-9"),
        "graph" => ("[\\x21-\\x7E\\p{L}\\p{M}\\p{N}\\p{P}\\p{S}]", "\\x21-\\x7E"),
        "lower" => ("\\p{Lowercase}", "a-z"),
        "print" => ("[\\x20-\\x7E\\p{Zs}\\p{L}\\p{M}\\p{N}\\p{P}\\p{S}]", "\\x20-\\x7E"),
        "punct" => ("\\p{P}$+<=>^`|~", "!-/:-@\\[-`{-~"),
        "space" => ("\\p{White_Space}", "\\t\\n\\x0B\\x0C\\r\\x20"),
        "upper" => ("\\p{Uppercase}", "A-Z"),
        "xdigit" => ("0-9A-Fa-f", "0-9A-Fa-f"),
        "word" => ("\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}", "0-9A-Za-z_"),
        _ => return None,
    };
    Some(if unicode { wide } else { ascii })
}

fn push_set(out: &mut String, negated: bool, class: &str) {
    out.push_str(if negated { "[^" } else { "[" });
    out.push_str(class);
    out.push(']');
}

/// Where an escape stands.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) unicode: bool,
    pub(super) in_class: bool,
}

/// Translates an escape that means a character or a set of them. The backslash, at `at`, was taken.
pub(super) fn escape(cursor: &mut Cursor<'_>, at: usize, place: Place, out: &mut String) -> Result<(), PatternError> {
    let Some(letter) = cursor.take() else {
        return Err(cursor.error(at, "the pattern ends in a single backslash"));
    };
    match letter {
        'd' | 'D' => push_set(out, letter == 'D', "0-9"),
        'w' | 'W' => push_set(out, letter == 'W', "0-9A-Za-z_"),
        's' | 'S' => push_set(out, letter == 'S', "\\t\\n\\x0B\\x0C\\r\\x20"),
        'h' | 'H' => push_set(out, letter == 'H', "0-9A-Fa-f"),
        't' | 'n' | 'r' | 'f' | 'v' | 'a' => out.extend(['\\', letter]),
        'e' => out.push_str("\\x1B"),
        'x' | 'u' | '0'..='7' => {
            let (value, is_byte) = code(cursor, at, letter)?;
            push_code(cursor, at, (value, is_byte), place, out)?;
        }
        'c' | 'C' => {
            let is_there = letter == 'c' || cursor.take_text("-");
            let control = cursor.take().filter(|control| is_there && control.is_ascii());
            let Some(control) = control else {
                return Err(cursor.error(at, "expected a letter behind `\\c` or `\\C-`"));
            };
            out.push_str(&format!("\\x{:02X}", (control as u32) & 0x1f));
        }
        // Without a brace it is the letter.
        'p' | 'P' if cursor.rest().starts_with('{') => unicode_property(cursor, at, letter, place.unicode, out)?,
        'M' => return Err(cursor.unsupported(at, "a meta escape (`\\M-`)", "write its byte as `\\xHH`")),
        _ => push_checked(cursor, at, letter, place.unicode || !place.in_class, out)?,
    }
    Ok(())
}

/// Reads `\xHH`, `\x{H…}`, `\uHHHH` and octal `\0`, `\012`, whose first digit is `letter`. Gives the number, and whether it means a byte.
fn code(cursor: &mut Cursor<'_>, at: usize, letter: char) -> Result<(u32, bool), PatternError> {
    let braced = letter == 'x' && cursor.take_text("{");
    let (radix, most) = match letter {
        'x' if braced => (16, 6),
        'x' => (16, 2),
        'u' => (16, 4),
        _ => (8, 2),
    };
    let mut digits: String = cursor.rest().chars().take(most).take_while(|digit| digit.is_digit(radix)).collect();
    cursor.at += digits.len();
    if radix == 8 {
        digits.insert(0, letter);
    }
    let closed = !braced || cursor.take_text("}");
    if digits.is_empty() || !closed || (letter == 'u' && digits.len() < 4) {
        return Err(cursor.error(at, format!("expected a character code behind `\\{letter}`")));
    }
    let value = u32::from_str_radix(&digits, radix).unwrap_or(0);
    Ok((value, letter == 'x' && !braced))
}

fn push_code(
    cursor: &Cursor<'_>,
    at: usize,
    (value, is_byte): (u32, bool),
    place: Place,
    out: &mut String,
) -> Result<(), PatternError> {
    if value <= 0x7f {
        out.push_str(&format!("\\x{value:02X}"));
    } else if !is_byte {
        let Some(literal) = char::from_u32(value) else { return Err(cursor.error(at, "no character has this code")) };
        push_checked(cursor, at, literal, place.unicode || !place.in_class, out)?;
    } else if !place.in_class {
        out.push_str(&format!("(?-u:\\x{value:02X})"));
    } else if !place.unicode {
        out.push_str(&format!("\\x{value:02X}"));
    } else {
        return Err(cursor.error(at, "bytes above 0x7F are not available in a class with characters"));
    }
    Ok(())
}

/// `\p{Name}`, `\p{^Name}` and `\P{Name}`.
fn unicode_property(
    cursor: &mut Cursor<'_>,
    at: usize,
    letter: char,
    unicode: bool,
    out: &mut String,
) -> Result<(), PatternError> {
    let name = if cursor.take_text("{") { cursor.take_until('}') } else { None };
    let Some(name) = name else { return Err(cursor.error(at, "expected a property in braces")) };
    let (inverse, bare) = name.strip_prefix('^').map_or((false, name), |bare| (true, bare));
    let negated = inverse != (letter == 'P');
    if let Some(class) = property(&bare.to_ascii_lowercase(), unicode) {
        push_set(out, negated, class);
    } else if unicode {
        out.push_str(&format!("\\{}{{{bare}}}", if negated { 'P' } else { 'p' }));
    } else {
        return Err(cursor.error(at, "this property needs Unicode"));
    }
    Ok(())
}
