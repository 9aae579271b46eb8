//! Maps whose names have no quotes, behind the name of a secret: `password: {old: x, new: y}`, `tokens={jane=x, joe=y}`,
//! `token=Token(value=x, expires=3600)`.

use super::Group;
use super::brackets::{TYPES, is_plain_name};
use super::ends::Kind;
use super::pairs::{BARE, LISTED, QUOTED};
use super::scanner::Pass;
use super::token::own_length;
use super::value::{Value, name_length, spaces};

/// Members that are asked for, and the same behind the name of a password.
const ASKED: usize = 4;
const ASKED_OF_PASSWORD: usize = 8;
/// Longest name of a class.
const CLASS: usize = 32;
/// Most brackets, commas and spaces between two members.
const BETWEEN: usize = 16;
/// What the languages put before the members of a map.
const MAPS: &[&[u8]] = &[b"map", b"array", b"dict", b"hash"];
/// Names of members that hold a value, whatever else describes it.
const VALUES: &[&[u8]] = &[b"value", b"v", b"data", b"default", b"const", b"example"];

/// The name of a member without quotes, and where its value begins.
struct Member {
    name: (usize, usize),
    value: usize,
}

impl Pass<'_> {
    /// All that stands in the brackets at `start`, behind a `mark` and the name of a secret, if members without quotes do and one of the
    /// first holds one; `None` within if none does.
    pub(super) fn members(&mut self, (start, mark): (usize, u8), detector: u16) -> Option<Option<Value>> {
        let own = &self.engine.own;
        let is_secret = self.engine.detector(detector).group == Group::Secret && own.cookie != Some(detector);
        let open = if is_secret { self.opening(start)? } else { return None };
        let is_password = own.password == Some(detector);
        // What stands in braces so is one value.
        let is_braced = is_password && mark == b'=' && self.byte(open) == b'{';
        if is_braced && open == start && self.braced_end(start + 1).is_some() {
            return None;
        }
        let first = self.plain_member(open + 1 + spaces(self.rest(open + 1)))?;
        // What has digits in it may be the value itself.
        let is_word = !self.text[first.name.0..first.name.1].iter().any(u8::is_ascii_digit);
        let is_written =
            own_length(self.rest(first.value)).is_some() || matches!(self.byte(first.value), b'{' | b'[' | b'(');
        let is_map = is_word && (is_written || !self.value_of_member(first.value, detector).0.span.is_empty());
        // Of what was looked through the values were kept.
        if open < self.items_end {
            return Some(None);
        }
        let many = if is_password { ASKED_OF_PASSWORD } else { ASKED };
        let (has_value, is_hidden) = self.has_value(open + 1, detector, many);
        if has_value {
            let end = self.closing(open);
            self.steps_of(end - open);
            return Some(Some(Value { is_certain: true, ..Value::quoted(open + 1..end) }));
        }
        (is_hidden || is_map && open == start).then_some(None)
    }

    /// Where the bracket stands that opens at `start`, or behind the name of a class there.
    fn opening(&self, start: usize) -> Option<usize> {
        let text = self.rest(start);
        let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'_';
        let class = text.iter().take(CLASS).take_while(is_part).count();
        let is_class = class == 0 || text[0].is_ascii_uppercase() || MAPS.contains(&&text[..class]);
        (is_class && matches!(text.get(class), Some(b'{' | b'[' | b'('))).then_some(start + class)
    }

    /// Whether one of the first members from `at` on, or an item of a list that one holds, is a value of `detector`, and none says that
    /// they only describe one; and whether one was hidden.
    fn has_value(&mut self, mut at: usize, detector: u16, many: usize) -> (bool, bool) {
        let (mut depth, mut is_any, mut is_hidden, mut is_described, mut holds) = (1, false, false, false, false);
        for _ in 0..many {
            let Some(next) = self.next_member(at, &mut depth) else { break };
            let member = self.plain_member(next);
            if member.is_none() && depth == 1 {
                break;
            }
            let start = member.as_ref().map_or(next, |member| member.value);
            if matches!(self.byte(start), b'{' | b'[' | b'(') {
                at = start;
                continue;
            }
            is_hidden |= own_length(self.rest(self.quote(start).map_or(start, |quote| quote.start))).is_some();
            let (value, end, kind) = self.value_of_member(start, detector);
            let is_one = !value.span.is_empty() && self.is_value(detector, &value, kind);
            if let Some(Member { name: (from, to), .. }) = member {
                let (name, said) = (&self.text[from..to], &self.text[value.span.clone()]);
                is_described |= name == b"type" && TYPES.contains(&said);
                holds |= VALUES.contains(&name);
            }
            is_any |= is_one;
            at = end;
        }
        (is_any && (holds || !is_described), is_hidden)
    }

    /// Where the next member or item begins behind what ends at `at`, if the map goes on.
    fn next_member(&self, at: usize, depth: &mut usize) -> Option<usize> {
        let between = self.rest(at).iter().take(BETWEEN).take_while(|byte| b"{[(}]), ;\t".contains(byte)).count();
        for byte in self.rest(at).iter().take(between) {
            match byte {
                b'{' | b'[' | b'(' => *depth += 1,
                b'}' | b']' | b')' => *depth -= 1,
                _ => {}
            }
            if *depth == 0 {
                return None;
            }
        }
        (at + between < self.text.len()).then_some(at + between)
    }

    /// The name without quotes at `at`, which a mark stands behind.
    fn plain_member(&self, at: usize) -> Option<Member> {
        let start = at + usize::from(self.byte(at) == b':');
        let end = start + name_length(self.rest(start));
        let mark = end + spaces(self.rest(end));
        let is_name = end > start && is_plain_name(&self.text[start..end]);
        let behind = match (self.byte(mark), self.byte(mark + 1)) {
            (b':', b':') | (b'=', b'=') => return None,
            (b'=', b'>') => mark + 2,
            (b':' | b'=', _) => mark + 1,
            _ => return None,
        };
        is_name.then(|| Member { name: (start, end), value: behind + spaces(self.rest(behind)) })
    }

    /// The value of a member at `start`, where it ends, and how it is written; nothing where a sentence stands there.
    fn value_of_member(&mut self, start: usize, detector: u16) -> (Value, usize, u8) {
        if let Some(quote) = self.quote(start) {
            let string = self.string(quote, self.text.len());
            let kind = if self.engine.own.secret == Some(detector) { LISTED } else { QUOTED };
            return (Value::quoted(string.span), string.end, kind);
        }
        let end = self.end_of(start, Kind::Bare);
        let behind = end + spaces(self.rest(end));
        let goes_on = match self.byte(behind) {
            b',' | b';' | b'}' | b']' | b')' | b'\n' => true,
            _ => behind == self.text.len() || behind > end && self.plain_member(behind).is_some(),
        };
        let span = if goes_on { start..end } else { start..start };
        (Value { is_prose: true, ..Value::bare(span) }, end, BARE)
    }

    /// Where the bracket closes that opens at `open`, or its line ends.
    fn closing(&mut self, open: usize) -> usize {
        if self.byte(open) != b'(' {
            return self.bracket_end(open);
        }
        let mut depth = 0_usize;
        let rest = self.rest(open);
        let closes = |byte: &u8| {
            depth += usize::from(*byte == b'(');
            depth -= usize::from(*byte == b')');
            depth == 0 || *byte == b'\n'
        };
        open + rest.iter().position(closes).unwrap_or(rest.len())
    }

    /// How long the name at `at` is, with its mark, if what is in brackets begins so.
    pub(super) fn member_length(&self, at: usize) -> usize {
        let text = self.rest(at);
        let length = name_length(text);
        let is_member = matches!(text.get(length), Some(b':' | b'=')) && is_plain_name(&text[..length]);
        if is_member && length > 0 { length + 1 } else { 0 }
    }

    /// Whether members without quotes stand in what is in brackets from `at` on.
    pub(super) fn has_members(&self, at: usize) -> bool {
        self.plain_member(at + spaces(self.rest(at))).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::super::values::{assert_hidden, assert_kept};

    #[test]
    fn maps_without_quotes_hold_secrets_as_others_do() {
        assert_hidden(&[
            ("password: {old: Zk9pQ2xTb3Jq, new: Hx7kLmq9z} x", "password: {old: <password>, new: <password>} x"),
            ("passwords: {jane: Zk9pQ2xTb3Jq, joe: azerty}", "passwords: {jane: <password>, joe: <password>}"),
            ("password: [old: Zk9pQ2xTb3Jq]", "password: [old: <password>]"),
            ("password: {password: Zk9pQ2xTb3Jq}", "password: {password: <password>}"),
            ("password: { old: Zk9pQ2xTb3Jq }", "password: { old: <password> }"),
            ("password: { old: 'Zk9pQ2xTb3Jq', n: 3 } x", "password: { old: '<password>', n: <password> } x"),
            ("tokens={jane=Hx7kLmq9z1, joe=Zk9pQ2xTb3Jq} x", "tokens={jane=<secret>, joe=<secret>} x"),
            ("token=Token(value=Zk9pQ2xTb3Jq, expires=3600) x", "token=Token(value=<secret>, expires=<secret>) x"),
            ("token=Token{value=Zk9pQ2xTb3Jq}", "token=Token{value=<secret>}"),
            ("password: map[old:Zk9pQ2xTb3Jq new:Hx7kLmq9z] x", "password: map[old:<password> new:<password>] x"),
            ("password: {:old=>\"Zk9pQ2xTb3Jq\"} x", "password: {:old=>\"<password>\"} x"),
            (
                "password: {a: {b: [Zk9pQ2xTb3Jq, x1]}, c: y} x",
                "password: {a: {b: [<password>, <password>]}, c: <password>} x",
            ),
            (r#"{"log":"password: {old: Zk9pQ2xTb3Jq}"}"#, r#"{"log":"password: {old: <password>}"}"#),
            ("password={old=Zk9pQ2xTb3Jq,new=Hx7kLmq9z}", "password={<password>}"),
        ]);
    }

    #[test]
    fn maps_that_describe_a_secret_hold_none() {
        assert_kept(&[
            "password: {min: 8, max: 64, required: true} x",
            "password: {type: string, format: Password1, minLength: 8}",
            "password: {reason: weak, hint: Use more than 8 letters}",
            "token=Token(kind=ident, span=3:14) tokens={a=1, b=2} x",
            "password: { old: '<password>', n: <password> } x",
            "password=map[old:<password>] password=Token(sid=<password>) x",
        ]);
        assert_hidden(&[("password: {Zk9pQ2xTb3Jq: sid", "password: <password> sid")]);
    }
}
