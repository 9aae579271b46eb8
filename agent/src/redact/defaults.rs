//! Strings that stand in for a value that is missing, or come in its place: `getenv("PW") or "x"`, `{{ pw | default("x") }}`,
//! `"a" -> "b"`, `'a' to 'b'`; and what is glued to a variable: `${PW}x`.

use super::ends::Kind;
use super::pairs::QUOTED;
use super::quote::Quote;
use super::scanner::Pass;
use super::value::{Value, is_mixed, spaces};

/// What stands before a string that is taken where nothing else is.
const OR: &[&[u8]] = &[b"||", b"or ", b"??", b"?:"];
/// What stands before a string that comes in the place of another one.
const ARROWS: &[&[u8]] = &[b"->", b"=>", b"to "];
/// Longest template and longest variable, in bytes.
const TEMPLATE: usize = 128;
const VARIABLE: usize = 64;
/// Most quotes and backslashes behind a string.
const MARKS: usize = 8;
/// Types of values, as they stand behind the names of parameters.
const TYPES: &[&[u8]] = &[
    b"str",
    b"string",
    b"required",
    b"optional",
    b"String",
    b"bytes",
    b"text",
    b"char",
    b"any",
    b"Any",
    b"int",
    b"number",
    b"object",
    b"SecretStr",
];

impl Pass<'_> {
    /// The string behind `at` and one of `joints`.
    fn string_behind(&self, at: usize, joints: &[&[u8]]) -> Option<Quote> {
        let at = at + spaces(self.rest(at));
        let joint = joints.iter().find(|joint| self.rest(at).starts_with(joint))?;
        let at = at + joint.len();
        self.quote(at + spaces(self.rest(at)))
    }

    /// The string that is taken where what ends before `at` holds no value.
    pub(super) fn default_behind(&mut self, at: usize) -> Option<Value> {
        let quote = self.string_behind(at, OR)?;
        self.quoted(quote)
    }

    /// Keeps the string that comes in the place of the one that ends before `at`, if it is a value of `detector`.
    pub(super) fn changed_to(&mut self, detector: u16, at: usize) {
        let marks = self.rest(at).iter().take(MARKS).take_while(|byte| matches!(byte, b'"' | b'\'' | b'\\')).count();
        let quote = if marks > 0 { self.string_behind(at + marks, ARROWS) } else { None };
        let Some(value) = quote.and_then(|quote| self.quoted(quote)) else { return };
        self.ask_value(detector, &value, QUOTED);
    }

    /// The string that the template at `start` has for a value that is missing: `{{ pw | default('x') }}`.
    pub(super) fn default_within(&mut self, start: usize) -> Option<Value> {
        const DEFAULT: &[u8] = b"default";
        let text = self.rest(start);
        let text = &text[..text.len().min(TEMPLATE)];
        let text = &text[..memchr::memmem::find(text, b"}}")?];
        let at = start + memchr::memmem::find(text, DEFAULT)? + DEFAULT.len();
        let quote = self.quote(at + usize::from(matches!(self.byte(at), b'(' | b' ')))?;
        self.quoted(quote)
    }

    /// Where the letters begin that are glued to the variable at `at`, `${PW}x`; `at` if there are none.
    pub(super) fn behind_variable(&self, at: usize) -> usize {
        let Some(text) = self.rest(at).strip_prefix(b"${") else { return at };
        let Some(close) = memchr::memchr(b'}', &text[..text.len().min(VARIABLE)]) else { return at };
        let is_glued = text.get(close + 1).is_some_and(u8::is_ascii_alphanumeric);
        if is_glued && text[..close].iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_') {
            at + 2 + close + 1
        } else {
            at
        }
    }

    /// The value behind `==`, which ends before `at`: in quotes, or glued to it and no mere name.
    pub(super) fn compared(&mut self, at: usize) -> Option<Value> {
        if let Some(quote) = self.quote(at + spaces(self.rest(at))) {
            return self.quoted(quote);
        }
        let end = self.end_of(at, Kind::Bare);
        // The beginning of a long one tells.
        let value = &self.text[at.min(end)..end.min(at + VARIABLE)];
        let is_code = value.iter().any(|byte| matches!(byte, b'(' | b'[' | b'.'));
        (is_mixed(value) && !is_code).then(|| Value::bare(at..end))
    }

    /// What the type of a parameter at `start` says: none if no type stands there, else the string that it has by default, if there is
    /// one: `password: str = "x"`.
    pub(super) fn typed(&mut self, start: usize) -> Option<Option<Value>> {
        let text = self.rest(start);
        if !text.first().is_some_and(u8::is_ascii_alphabetic) {
            return None;
        }
        let kind = TYPES.iter().find(|kind| text.starts_with(kind) && !is_word(text.get(kind.len())))?;
        match text[kind.len()..] {
            [b',' | b')', ..] => Some(None),
            [b' ', b'=', b' ', ..] => Some(self.quote(start + kind.len() + 3).and_then(|quote| self.quoted(quote))),
            _ => None,
        }
    }
}

fn is_word(byte: Option<&u8>) -> bool {
    byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::super::values::{assert_hidden, assert_kept};

    #[test]
    fn strings_for_values_that_are_missing_or_new_are_hidden() {
        assert_hidden(&[
            ("password==hunter2 x password == 'hunter2'", "password==<password> x password == '<password>'"),
            ("password:=hunter2 password := \"hunter2\"", "password:=<password> password := \"<password>\""),
            ("password->hunter2 x password -> \"geheim\"", "password-><password> x password -> \"<password>\""),
            ("~ password = \"a b\" -> \"c d\"", "~ password = \"<password>\" -> \"<password>\""),
            ("password: 'ab' => 'cd', 'x'", "password: '<password>' => '<password>', 'x'"),
            ("password = getenv(\"PW\") or \"hunter2\"", "password = getenv(\"PW\") or \"<password>\""),
            ("password = os.environ[\"PW\"] ?? 'hunter2'", "password = os.environ[\"PW\"] ?? '<password>'"),
            ("password: process.env.PW || 'hunter2',", "password: process.env.PW || '<password>',"),
            ("password = password || \"hunter2\"", "password = password || \"<password>\""),
            ("password={{ pw | default('hunter2') }}", "password={{ pw | default('<password>') }}"),
            ("password: \"{{ .v.pw | default 'hunter2' }}\"", "password: \"{{ .v.pw | default '<password>' }}\""),
            ("password=${PW}hunter2 x", "password=${PW}<password> x"),
            ("def f(password: str = \"hunter2\")", "def f(password: str = \"<password>\")"),
        ]);
        assert_kept(&[
            "if (password == x) password === y password == null password==confirm",
            "password->hash $this->password->hunter2 a->password->b1",
            "password=${PW} password=${PW}/x password=${PW}${SALT} password=\"{{ pw }}\"",
            "def login(username: str, password: str): f(user: string, password: string)",
            "u.password = p.password user.password = hash(password)",
            "PASS: password_test.go PASS: TestPassword",
            "{\"name\":\"db1-secret\",\"key\":\"db1-password\"}",
        ]);
    }
}
