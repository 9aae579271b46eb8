//! Values that go on behind a bracket or a comma: hashes with their scheme, `{SSHA}…`, `$argon2id$v=19$m=65536,t=3,p=4$…`, and what is
//! glued to brackets, `[Hunter2]x`.

use super::ends::{Kind, run_length};
use super::scanner::Pass;
use super::value::Value;

/// Longest word in the brackets, and longest hash, in bytes.
const WORD: usize = 64;
const HASH: usize = 512;

impl Pass<'_> {
    /// The value at `start` that is glued to the brackets with which it begins, if that is one: of a password or a secret.
    pub(super) fn glued(&mut self, start: usize, detector: u16) -> Option<Value> {
        let own = &self.engine.own;
        let close = match self.byte(start) {
            b'[' => b']',
            b'{' => b'}',
            _ => return None,
        };
        if own.password != Some(detector) && own.secret != Some(detector) {
            return None;
        }
        let text = self.text.get(start + 1..)?;
        let word = run_length(&text[..text.len().min(WORD)], Kind::Bare);
        let is_plain = || !text[..word].iter().any(|byte| matches!(byte, b'=' | b':' | b'[' | b'{' | b'('));
        let is_glued = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'$' | b'+' | b'/');
        let ends = text.get(word) == Some(&close) && text.get(word + 1).is_some_and(is_glued);
        if word == 0 || !ends || !is_plain() {
            return None;
        }
        let behind = start + word + 2;
        let end = self.hash_end(behind).unwrap_or_else(|| self.end_of(behind, Kind::Bare));
        Some(Value::bare(start..end))
    }

    /// The hash of a password that stands for itself, of which the name of its function stands at `at`: `$argon2id$…`.
    pub(super) fn hashed(&mut self, at: usize) -> bool {
        const SHORTEST: usize = 32;
        let start = at.saturating_sub(1);
        let (Some(password), b'$') = (self.engine.own.password, self.byte(start)) else { return false };
        let end = self.hash_end(start).filter(|end| end - start >= SHORTEST);
        if let Some(end) = end {
            self.next = end;
            self.keep(password, start..end);
        }
        end.is_some()
    }

    /// Where the hash ends that begins at `start` and has commas among its parameters.
    pub(super) fn hash_end(&mut self, start: usize) -> Option<usize> {
        let text = self.text.get(start..)?;
        if !text.starts_with(b"$argon2") {
            return None;
        }
        let is_part =
            |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'$' | b'=' | b',' | b'+' | b'/' | b'.' | b'-');
        let length = text.iter().take(HASH).take_while(is_part).count();
        self.steps_of(length);
        // A comma at its end belongs to what follows.
        let length = self.text[start..start + length].iter().rposition(|byte| *byte != b',').map_or(0, |last| last + 1);
        let end = start + length;
        Some(if length == HASH { self.end_of(end, Kind::Bare) } else { end })
    }
}

#[cfg(test)]
mod tests {
    use super::super::values::{assert_hidden, assert_kept};

    #[test]
    fn values_go_on_behind_their_scheme_and_commas() {
        assert_hidden(&[
            ("password={noop}S3cr3tPass x", "password=<password> x"),
            ("userPassword: {SSHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g= x", "userPassword: <password> x"),
            ("password={bcrypt}$2a$10$abcdefghijklmnopqrstuv,a=1", "password=<password>,a=1"),
            ("password={CRYPT}$6$abcdefgh$ijklmnop", "password=<password>"),
            ("password=[Hunter2]S3cr3tPass", "password=<password>"),
            ("password=[Hunter2] S3cr3t", "password=[<password>] S3cr3t"),
            ("password=[hunter2, azerty] x", "password=[<password>, <password>] x"),
            ("password=$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA x=1", "password=<password> x=1"),
            ("password={argon2}$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA, x=1", "password=<password>, x=1"),
        ]);
        assert_hidden(&[
            ("hash $argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA, x", "hash <password>, x"),
            ("[\"$argon2i$v=19$m=4096,t=3,p=1$c2FsdA$aGFzaA\"]", "[\"<password>\"]"),
        ]);
        assert_kept(&["with argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA and $argon2id argocd"]);
        assert_kept(&["password={}x password={{a}}b"]);
    }
}
