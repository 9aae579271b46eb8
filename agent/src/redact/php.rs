//! What PHP writes: arrays as `print_r` prints them, `[password] => x`, as `var_dump` does, `["password"]=> string(1) "x"`, and as
//! `serialize` does, `s:8:"password";s:1:"x";`.

use std::ops::Range;

use super::ends::Kind;
use super::pairs::{BARE, QUOTED};
use super::quote::{Quote, SLASHES};
use super::scanner::Pass;
use super::token::has_own;
use super::value::Value;

/// Longest name, in bytes.
const NAME: usize = 64;
/// Most digits of a length.
const DIGITS: usize = 9;
/// Most bytes between a name and what `var_dump` prints behind it.
const BETWEEN: usize = 32;
/// Longest value that is printed and goes on behind a space.
const PRINTED: usize = 320;

impl Pass<'_> {
    /// Whether the name of a member stands in the brackets that open at `at`, and no token: `[password] => x`, `[password] = 'x'`.
    pub(super) fn is_member(&self, at: usize) -> bool {
        let Some(inside) = self.rest(at).strip_prefix(b"[") else { return false };
        if !matches!(self.byte(self.masks.word_end(at + 1)), b']' | b'-' | b'.') {
            return false;
        }
        let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        let length = inside.iter().take(NAME).take_while(is_part).count();
        let Some(behind) = inside[length..].strip_prefix(b"]") else { return false };
        let behind = behind.strip_prefix(b" ").unwrap_or(behind);
        let is_glued = || inside[length..].starts_with(b"]=") && self.engine.pairs.named(&inside[..length]).is_some();
        let is_pair = behind.starts_with(b"=>") || behind.starts_with(b"= ") || is_glued();
        // What stands behind a name may be a token.
        is_pair && !matches!(self.text[..at].trim_ascii_end().last(), Some(b'=' | b':'))
    }

    /// Where the name ends of a member whose brackets tell who sees it and close at `end`: `[password:protected]`.
    pub(super) fn without_visibility(&self, end: usize) -> usize {
        let before = &self.text[end.saturating_sub(NAME)..end];
        let name = before.strip_suffix(b":protected").or_else(|| {
            let class = before.strip_suffix(b":private")?;
            memchr::memrchr(b':', class).map(|colon| &class[..colon])
        });
        let Some(name) = name else { return end };
        let name = name.strip_suffix(b"\"").unwrap_or(name);
        end - before.len() + name.len()
    }

    /// Whether the `:` at `at` tells of a member whose name begins at `start` who sees it, or its class:
    /// `[password:App\User:private] => x`.
    pub(super) fn is_class(&self, start: usize, at: usize) -> bool {
        let behind = self.rest(at + 1);
        if self.text[at] == b':' && (behind.starts_with(b"private]") || behind.starts_with(b"protected]")) {
            return true;
        }
        if self.text[at] != b':' || self.byte(at + 1) == b' ' || !matches!(self.byte_before(start, 1), b'[' | b'"') {
            return false;
        }
        let class = &behind[..behind.len().min(NAME)];
        memchr::memchr(b']', class).is_some_and(|close| class[..close].ends_with(b":private"))
    }

    /// Whether the `=>` at `at` stands behind a name in brackets, as `print_r` writes it.
    pub(super) fn is_printed(&self, at: usize) -> bool {
        self.byte(at + 1) == b'>' && self.byte_before(at, 1) == b' ' && self.byte_before(at, 2) == b']'
    }

    /// The printed value that begins at `start`: up to the next member, or the end of its line.
    pub(super) fn printed(&mut self, start: usize) -> Option<Value> {
        if self.is_member(start) {
            return None;
        }
        let text = self.text.get(start..)?;
        let line = &text[..text.len().min(PRINTED)];
        let line = &line[..memchr::memchr2(b'\n', b'\r', line).unwrap_or(line.len())];
        let is_end = |place: &usize| matches!(line[*place..], [b' '] | [b' ', b'[' | b'(' | b')', ..]);
        let mut length = memchr::memchr_iter(b' ', line).find(is_end).unwrap_or(line.len());
        self.steps_of(length);
        if length == PRINTED {
            length = self.end_of(start, Kind::Bare).max(start + length) - start;
        }
        let value = text[..length].trim_ascii_end();
        // What follows is an array of its own.
        let is_nested = value == b"Array" || value.ends_with(b"Object");
        (!value.is_empty() && !is_nested && !has_own(value)).then(|| Value::bare(start..start + value.len()))
    }

    /// The value that `var_dump` prints behind the space at `at`, maybe on another line, with its type: `string(1) "x"`, `int(1234)`;
    /// `None` if it prints none there.
    pub(super) fn dumped(&mut self, at: usize) -> Option<Option<Value>> {
        let start = at + self.rest(at).iter().take(BETWEEN).take_while(|byte| byte.is_ascii_whitespace()).count();
        let text = self.rest(start);
        let word = [&b"string("[..], b"int(", b"float("].into_iter().find(|word| text.starts_with(word))?;
        let (inside, number) = (start + word.len(), &text[word.len()..]);
        let is_part = |byte: &&u8| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'E');
        let length = number.iter().take(BETWEEN).take_while(is_part).count();
        if length == 0 || number.get(length) != Some(&b')') {
            return None;
        }
        if word != b"string(" {
            return Some(Some(Value::quoted(inside..inside + length)));
        }
        let quote = self.quote(inside + length + 2).filter(|_| number.get(length + 1) == Some(&b' '))?;
        Some(match self.sized(quote, inside..inside + length, b"") {
            Some(span) => (!span.is_empty()).then(|| Value::quoted(span)),
            None => self.quoted(quote),
        })
    }

    /// The string behind `quote`, if it is so long here, too, as the digits at `size` say, and goes on with `behind` then.
    fn sized(&self, quote: Quote, size: Range<usize>, behind: &[u8]) -> Option<Range<usize>> {
        let digits = self.text.get(size)?.iter().take(DIGITS);
        let length = digits.fold(0, |length, digit| length * 10 + usize::from(digit.saturating_sub(b'0')));
        let end = quote.start + length;
        let slashes = self.rest(end).iter().take(SLASHES).take_while(|byte| **byte == b'\\').count();
        let rest = self.rest(end + slashes).strip_prefix(&[quote.mark])?;
        (slashes == quote.slashes && rest.starts_with(behind)).then_some(quote.start..end)
    }

    /// `s:8:"password";s:1:"x";`, of which the first letter stands at `at`.
    pub(super) fn serialized(&mut self, at: usize) -> bool {
        let Some(name) = self.sized_string(at, NAME) else { return false };
        let Some(told) = self.engine.pairs.told(&self.text[name.clone()]) else { return false };
        let slashes = self.rest(name.end).iter().take(SLASHES).take_while(|byte| **byte == b'\\').count();
        let start = name.end + slashes + 2;
        let is_next = self.byte(start - 2) == b'"' && self.byte(start - 1) == b';';
        let Some((value, kind)) = self.serialized_value(start).filter(|_| is_next) else { return false };
        let is_one = self.is_value(told.detector, &Value::quoted(value.clone()), told.kind(kind));
        if is_one {
            self.next = value.end;
            self.keep(told.detector, value);
        }
        is_one
    }

    /// The string or number that is written at `at` with its type, and how.
    fn serialized_value(&mut self, at: usize) -> Option<(Range<usize>, u8)> {
        if let Some(number) = self.rest(at).strip_prefix(b"i:").or_else(|| self.rest(at).strip_prefix(b"d:")) {
            let digits = number.iter().take(20).take_while(|byte| byte.is_ascii_digit()).count();
            return (digits > 0).then_some((at + 2..at + 2 + digits, BARE));
        }
        let size = self.size(at)?;
        let quote = self.quote(size.end + 1)?;
        // Its length tells where it ends.
        if let Some(span) = self.sized(quote, size, b";").filter(|span| !span.is_empty()) {
            return Some((span, QUOTED));
        }
        self.quoted(quote).map(|value| (value.span, QUOTED))
    }

    /// Where the digits of the length are that the string at `at` begins with: `s:8:"…`.
    fn size(&self, at: usize) -> Option<Range<usize>> {
        let size = self.rest(at).strip_prefix(b"s:")?;
        let digits = size.iter().take(DIGITS).take_while(|byte| byte.is_ascii_digit()).count();
        (digits > 0 && size.get(digits) == Some(&b':')).then_some(at + 2..at + 2 + digits)
    }

    /// The inside of the string at `at`, up to its first quote or backslash before one, within `most` bytes.
    fn sized_string(&self, at: usize, most: usize) -> Option<Range<usize>> {
        let quote = self.quote(self.size(at)?.end + 1)?;
        let text = self.rest(quote.start);
        let text = &text[..text.len().min(most)];
        let length = memchr::memchr2(b'"', b'\n', text)?;
        let length = length - text[..length].iter().rev().take_while(|byte| **byte == b'\\').count();
        Some(quote.start..quote.start + length)
    }
}

#[cfg(test)]
mod tests {
    use super::super::values::assert_hidden;

    #[test]
    fn names_in_brackets_stand_before_values() {
        assert_hidden(&[
            ("[password]=Zk9pQ2xTb3Jq [token]=\"Zk9pQ2xTb3Jq\"", "[password]=<password> [token]=\"<secret>\""),
            ("x [db_passwd]=Zk9pQ2xTb3Jq", "x [db_passwd]=<password>"),
            ("user=[password]=Zk9pQ2xTb3Jq", "user=[password]=Zk9pQ2xTb3Jq"),
        ]);
    }

    #[test]
    fn what_is_dumped_stands_on_the_next_line() {
        assert_hidden(&[
            ("[\"password\"]=>\n  string(8) \"S3cr3tAb\"", "[\"password\"]=>\n  string(8) \"<password>\""),
            ("[\"password\"]=>\n  string(8) \"S3c\"r,Ab\"\n", "[\"password\"]=>\n  string(8) \"<password>\"\n"),
            ("[\"pin\":protected]=>\n  int(1234)\n", "[\"pin\":protected]=>\n  int(<password>)\n"),
            ("[\"password\"]=>\n  string(0) \"\"\n  [\"a\"]=>", "[\"password\"]=>\n  string(0) \"\"\n  [\"a\"]=>"),
            ("[\"password\"]=>\n  array(1) {\n  [0]=>", "[\"password\"]=>\n  array(1) {\n  [0]=>"),
            (
                r#"{"x":"[\"password\"]=>\n  string(8) \"S3cr3tAb\"\n"}"#,
                r#"{"x":"[\"password\"]=>\n  string(8) \"<password>\"\n"}"#,
            ),
            (r#"[\"password\"]=> string(8) \"S3cr3tAb\""#, r#"[\"password\"]=> string(8) \"<password>\""#),
        ]);
    }
}
