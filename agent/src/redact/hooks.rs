//! Addresses that let whoever knows them write, and tokens of bots: `hooks.slack.com/services/…`, `123456789:AA…`.

use super::scanner::Pass;

/// What leads to a hook, with the detector of what stands behind it.
pub(super) const HOOKS: &[(&[u8], &str)] = &[
    (b"hooks.slack.com/", "slack_token"),
    (b"discord.com/api/", "service_token"),
    (b"discordapp.com/api/", "service_token"),
    (b"office.com/", "service_token"),
];
/// What stands between these and the secret, perhaps behind a version.
const KINDS: &[&[u8]] = &[b"services/", b"workflows/", b"triggers/", b"webhooks/", b"webhook/", b"webhookb2/"];
/// Bytes of the shortest secret.
const SECRET: usize = 24;

/// Letters and digits of the token of a bot behind its number, and fewest and most digits of that.
const TOKEN: usize = 35;
const NUMBER: std::ops::RangeInclusive<usize> = 8..=10;

impl Pass<'_> {
    /// The secret behind a hook, what leads to which ends before `start`. Beginnings have dots, secrets none: each is read once.
    pub(super) fn hook(&mut self, start: usize, detector: u16) -> bool {
        let text = &self.text[start..];
        let version =
            text.iter().take(4).take_while(|byte| matches!(byte, b'v' | b'/') || byte.is_ascii_digit()).count();
        let kind = KINDS.iter().find(|kind| text[version..].starts_with(kind));
        let Some(first) = kind.map(|kind| version + kind.len()) else { return false };
        let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(**byte, b'/' | b'-' | b'_' | b'@');
        let length = text[first..].iter().take_while(is_part).count();
        self.steps_of(length);
        let has_digits = text[first..first + length].iter().any(u8::is_ascii_digit);
        if length < SECRET || !has_digits {
            return false;
        }
        self.keep(detector, start + first..start + first + length);
        self.next = start + first + length;
        true
    }

    /// The token of a bot in an address: `/bot123456789:AA…/getMe`, of which `bot` stands at `at`.
    pub(super) fn bot(&mut self, at: usize, detector: u16) -> bool {
        let digits = self.text[at + 3..].iter().take(NUMBER.end() + 1).take_while(|byte| byte.is_ascii_digit()).count();
        let colon = at + 3 + digits;
        NUMBER.contains(&digits) && self.byte(colon) == b':' && self.bot_token(at + 3, colon + 1, detector)
    }

    /// The token of a bot behind its number and a colon, which stands at `at`.
    pub(super) fn token_of_bot(&mut self, at: usize, detector: u16) -> bool {
        if self.byte_before(at, 1) != b':' {
            return false;
        }
        let before = &self.text[self.next.min(at - 1)..at - 1];
        let digits = before.iter().rev().take(NUMBER.end() + 1).take_while(|byte| byte.is_ascii_digit()).count();
        let start = at - 1 - digits;
        NUMBER.contains(&digits)
            && !self.byte_before(start, 1).is_ascii_alphanumeric()
            && self.bot_token(start, at, detector)
    }

    /// Whether a token is at `token`, which is kept with its number from `start` on then.
    fn bot_token(&mut self, start: usize, token: usize, detector: u16) -> bool {
        let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(**byte, b'-' | b'_');
        let text = &self.text[token..];
        let length = text.iter().take(TOKEN + 1).take_while(is_part).count();
        let has = |is_one: fn(&u8) -> bool| text[..length].iter().any(is_one);
        if length != TOKEN || !has(u8::is_ascii_uppercase) || !has(u8::is_ascii_lowercase) {
            return false;
        }
        self.keep(detector, start..token + TOKEN);
        self.next = token + TOKEN;
        true
    }
}
