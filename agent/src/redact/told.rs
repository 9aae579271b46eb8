//! Passwords that words alone lead to: `password Sommer2024`, `password is: x`, `password for jane: x`, `login jane password x`.

use std::ops::Range;

use super::ends::Kind;
use super::pairs::QUOTED;
use super::scanner::Pass;
use super::value::{Value, is_mixed, spaces};

/// Shortest password that nothing but its looks tells from a word.
const SHORTEST: usize = 7;
/// Longest name of an account.
const NAME: usize = 64;
/// What may stand between the word and the password, the longest first.
const LINKS: &[&[u8]] = &[
    b" was changed from ",
    b" changed from ",
    b" was changed to ",
    b" was set to ",
    b" changed to ",
    b" reset to ",
    b" set to ",
    b" is now ",
    b" lautet ",
    b" was ",
    b" est ",
    b" ist ",
    b" is ",
    " é ".as_bytes(),
    " è ".as_bytes(),
];
/// What may stand right before it, with a mark.
const TOLD: &[&[u8]] = &[b"is: ", b"ist: ", b"lautet: ", b"est: ", b"est : "];
/// What such a password is not, though it looks so.
const METHODS: &[&[u8]] = &[b"argon2id", b"argon2i", b"argon2d"];

/// How sure it is that a password stands there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Proof {
    /// Only a word stands before it.
    Word,
    /// It stands in quotes or brackets, or behind a mark.
    Mark,
    /// The name of an account stands before the word.
    Account,
}

impl Pass<'_> {
    /// The password behind the word at `name`, with nothing but words between them.
    pub(super) fn told_password(&mut self, name: Range<usize>) -> Option<Range<usize>> {
        if !matches!(self.byte(name.end), b' ' | b'"') {
            return None;
        }
        if self.byte(name.end) == b'"' {
            // `"HSET" "user:1" "password" "x"`.
            let is_word = self.byte_before(name.start, 1) == b'"' && self.byte(name.end + 1) == b' ';
            return if is_word { self.told_in_marks(name.end + 2) } else { None };
        }
        if self.rest(name.end).starts_with(b" for ") {
            return self.for_account(name.end + 5);
        }
        let link = LINKS.iter().find(|link| self.rest(name.end).starts_with(link)).map_or(1, |link| link.len());
        let start = name.end + link;
        let told = if link == 1 { TOLD.iter().find(|told| self.rest(start).starts_with(told)) } else { None };
        if let Some(told) = told {
            let start = start + told.len();
            return self.told_in_marks(start).or_else(|| self.bare_told(start, Proof::Mark));
        }
        let is_behind_account = link == 1 && self.names_account_before(name.start);
        let proof = if is_behind_account { Proof::Account } else { Proof::Word };
        self.told_in_marks(start).or_else(|| self.bare_told(start, proof))
    }

    /// The password behind the account that it is for, `jane: x`, at `at`.
    fn for_account(&mut self, at: usize) -> Option<Range<usize>> {
        let end = self.name_end(at);
        if end == at || !self.rest(end).starts_with(b": ") {
            return None;
        }
        let value = self.bare_told(end + 2, Proof::Mark)?;
        self.ask(self.engine.own.username, at..end);
        Some(value)
    }

    /// Whether `login jane ` or `username jane ` stands before `at`; then the account is asked for.
    fn names_account_before(&mut self, at: usize) -> bool {
        let before = &self.text[self.next.min(at).max(at.saturating_sub(NAME))..at];
        let Some(before) = before.strip_suffix(b" ") else { return false };
        let name = before.iter().rev().take_while(|byte| byte.is_ascii_graphic() && **byte != b'"').count();
        let Some(word) = before[..before.len() - name].strip_suffix(b" ") else { return false };
        let is_account = [&b"login"[..], b"username"].iter().any(|one| word.ends_with(one));
        if is_account && name > 0 {
            self.ask(self.engine.own.username, at - 1 - name..at - 1);
        }
        is_account
    }

    /// What stands in quotes or brackets at `at`, if it has digits.
    fn told_in_marks(&mut self, at: usize) -> Option<Range<usize>> {
        let span = match self.quote(at) {
            Some(quote) => self.quoted(quote)?.span,
            None if self.byte(at) == b'[' => {
                let end = self.end_of(at + 1, Kind::Bare);
                (self.byte(end) == b']').then_some(at + 1..end)?
            }
            None => return None,
        };
        self.told(span, Proof::Mark)
    }

    fn bare_told(&mut self, at: usize, proof: Proof) -> Option<Range<usize>> {
        // A digit before a hash tells how it was made: `password 7 0822455D0A16`.
        let kind = matches!(self.rest(at), [digit, b' ', ..] if digit.is_ascii_digit() && proof == Proof::Account);
        let at = at + if kind { 2 } else { spaces(self.rest(at)).min(1) };
        let end = self.end_of(at, Kind::Bare);
        self.told(at..end, proof)
    }

    /// `span`, if what stands there is a password by its looks.
    fn told(&self, span: Range<usize>, proof: Proof) -> Option<Range<usize>> {
        let text = self.text.get(span.clone())?;
        let has = |is_one: fn(&u8) -> bool| text.iter().any(is_one);
        let is_marked = has(|byte| matches!(byte, b'!' | b'@' | b'#' | b'$' | b'%' | b'^' | b'&' | b'*' | b'+' | b'?'));
        let is_plain = !has(|byte| matches!(byte, b':' | b'/' | b'=' | b'(' | b'{' | b'<' | b'[' | b','));
        let is_strong = text.len() >= SHORTEST
            && has(u8::is_ascii_digit)
            && (is_marked || has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase));
        let is_test = text.windows(4).any(|word| word.eq_ignore_ascii_case(b"test"));
        let is_one = match proof {
            Proof::Word => is_strong && is_plain && !is_test && !is_masked(text),
            Proof::Mark => is_mixed(text) && text.len() >= 5 && is_plain && !text.contains(&b' '),
            Proof::Account => is_mixed(text) || is_marked,
        };
        let is_method = METHODS.iter().any(|method| text.eq_ignore_ascii_case(method));
        let value = Value::quoted(span.clone());
        (is_one && !is_method && self.is_value(self.engine.own.password?, &value, QUOTED)).then_some(span)
    }
}

/// Whether `text` is a number of which a mask left some digits: `************1111`.
fn is_masked(text: &[u8]) -> bool {
    text.iter().all(|byte| *byte == b'*' || byte.is_ascii_digit()) && memchr::memmem::find(text, b"****").is_some()
}

#[cfg(test)]
mod tests {
    use super::super::values::{assert_hidden, assert_kept};

    #[test]
    fn passwords_are_told_by_words() {
        assert_hidden(&[
            ("login with password Sommer2024 failed", "login with password <password> failed"),
            ("password \"Sommer2024\"", "password \"<password>\""),
            ("using password 'hunter22'", "using password '<password>'"),
            ("(given) password [hunter22] rejected", "(given) password [<password>] rejected"),
            ("password is: Sommer2024", "password is: <password>"),
            ("your password was changed to Sommer2024.", "your password was changed to <password>"),
            ("password changed to Sommer2024", "password changed to <password>"),
            (
                "password changed from 'Sommer2024' to 'Winter2025!' by x",
                "password changed from '<password>' to '<password>' by x",
            ),
            ("Password for jdupont: Sommer2024", "Password for <username>: <password>"),
            ("username jdupont password hunter22", "username <username> password <password>"),
            ("machine x.org login jdupont password hunter2", "machine x.org login <username> password <password>"),
            ("username jdupont password 7 0822455D0A16", "username <username> password 7 <password>"),
            ("< PASS Sommer2024", "< PASS <password>"),
            ("HMSET user:1 name x password Sommer2024", "HMSET user:1 name x password <password>"),
            ("\"HMSET\" \"user:1\" \"password\" \"hunter22\"", "\"HMSET\" \"user:1\" \"password\" \"<password>\""),
            ("password hunter2!x", "password <password>"),
            ("votre mot de passe est Sommer2024, merci", "votre mot de passe est <password>, merci"),
            ("das Passwort ist Sommer2024", "das Passwort ist <password>"),
            ("Ihr Kennwort lautet: Sommer2024", "Ihr Kennwort lautet: <password>"),
            ("het wachtwoord is Sommer2024", "het wachtwoord is <password>"),
            ("a senha é Sommer2024", "a senha é <password>"),
            ("la password è Sommer2024", "la password è <password>"),
        ]);
        assert_kept(&[
            "password reset for user 12, password authentication failed, password attempt 3",
            "using password: YES password hash mismatch password policy2 loaded",
            "the password field1 is missing passwd 1000 blocks password SHA256 hashed",
            "password Argon2id hashed, password OAuth2 flow, password \"field\" [\"password\" \"email\"]",
            "PASS TestFoo2 PASS src/App2.js PASS: TestBar3",
            "password changed from 'old' to 'new' password changed from default to strong",
            "password is required password was changed 2 days ago, password for jdupont: ok",
            "le mot de passe est obligatoire, Passwort ist abgelaufen, mot de passe est trop court",
            "user jdupont password expired, password /Var/Log2x password [redacted]",
        ]);
    }
}
