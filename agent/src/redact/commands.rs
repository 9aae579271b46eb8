//! Passwords among the arguments of programs that take them there, as the logs of sudo, of audits and of shells hold them:
//! `mysql -psecret`, `curl -u name:secret`.

use std::ops::Range;

use super::scanner::Pass;

/// Most bytes behind the name of a program that are looked at.
const REACH: usize = 256;

/// Most bytes between two arguments in quotes.
const BETWEEN: usize = 40;

/// How a program takes a password.
#[derive(Clone, Copy, Debug)]
enum Takes {
    /// `-psecret`.
    Glued,
    /// `-p secret` and `-psecret`.
    Both,
    /// As before, with a name and a `:` or `%` before it, which are part of the value.
    Pair,
}

/// A program that takes a password.
#[derive(Debug)]
pub(super) struct Command {
    /// What its line begins with, at least four bytes. Containers publish ports with the option with which a login takes its password.
    pub(super) program: &'static [u8],
    option: &'static [u8],
    takes: Takes,
}

/// The programs, once for each option.
pub(super) const COMMANDS: &[Command] = &[
    Command { program: b"mysql", option: b"-p", takes: Takes::Glued },
    Command { program: b"mariadb", option: b"-p", takes: Takes::Glued },
    Command { program: b"sshpass", option: b"-p", takes: Takes::Both },
    Command { program: b"curl", option: b"-u", takes: Takes::Pair },
    Command { program: b"curl", option: b"--user ", takes: Takes::Pair },
    Command { program: b"docker login ", option: b"-p", takes: Takes::Both },
    Command { program: b"podman login ", option: b"-p", takes: Takes::Both },
    Command { program: b"ldap", option: b"-w", takes: Takes::Both },
    Command { program: b"redis-cli", option: b"-a", takes: Takes::Both },
    Command { program: b"mongo", option: b"-p", takes: Takes::Both },
    Command { program: b"smbclient", option: b"-U", takes: Takes::Pair },
];

impl Pass<'_> {
    /// Looks for the password behind the name of a program that begins at `at`.
    pub(super) fn command(&mut self, at: usize, command: &Command) {
        let text = self.text;
        let line = &text[at..text.len().min(at + REACH)];
        // Most often such a name is no command.
        if memchr::memchr(b'-', line).is_none() {
            return;
        }
        let Some(password) = self.engine.pairs.named(b"password") else { return };
        let line = &line[..memchr::memchr3(b'\n', b'|', b';', line).unwrap_or(line.len())];
        if let Some(value) = value(line, &text[at..], command.option, command.takes) {
            self.keep(password, at + value.start..at + value.end);
        }
    }
}

/// Where the next one of a list of arguments in quotes begins in `text`, with its quote, which is what stands behind one of them:
/// `", "x"`, `" a2="x"`.
fn next_argument(text: &[u8]) -> Option<usize> {
    let slashes = text.iter().take_while(|byte| **byte == b'\\').count();
    let quote = *text.get(slashes).filter(|byte| matches!(byte, b'"' | b'\''))?;
    let is_between = |byte: &&u8| matches!(byte, b' ' | b',' | b'\\' | b'a' | b'0'..=b'9' | b'=');
    let next = slashes + 1 + text[slashes + 1..].iter().take(BETWEEN).take_while(is_between).count();
    (next > slashes + 1 && text.get(next) == Some(&quote)).then_some(next)
}

/// Where the value of `option` lies whose program and option are in `line`, the beginning of `text`.
fn value(line: &[u8], text: &[u8], option: &[u8], takes: Takes) -> Option<Range<usize>> {
    let begins = |place: &usize| {
        matches!(line[..*place].last(), Some(b' ' | b'"' | b'\'' | b',')) && line[*place..].starts_with(option)
    };
    let place = memchr::memchr_iter(b'-', line).find(begins)?;
    let mut start = place + option.len();
    if let Some(next) = next_argument(line.get(start..)?) {
        start += next;
    } else if matches!(takes, Takes::Both | Takes::Pair) && line.get(start) == Some(&b' ') {
        start += 1;
    }
    let quote = line.get(start).copied().filter(|byte| matches!(byte, b'\'' | b'"'));
    start += usize::from(quote.is_some());
    let is_end = |byte: &u8| match quote {
        Some(quote) => *byte == quote || *byte == b'\n',
        None => byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b'\\' | b'|' | b';'),
    };
    let rest = text.get(start..)?;
    let length = rest.iter().position(is_end).unwrap_or(rest.len());
    let text = &rest[..length];
    let is_sample = matches!(text.first(), None | Some(b'-' | b'<' | b'[' | b'$' | b'*'));
    let is_pair = text.iter().any(|byte| matches!(byte, b':' | b'%'));
    let fits = !is_sample && (is_pair || !matches!(takes, Takes::Pair));
    fits.then_some(start..start + length)
}
