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
    /// The name of an account, glued to the option or, if that ends with a space, behind it.
    Name,
}

/// A program that takes a password, or a name beside it.
#[derive(Debug)]
pub(super) struct Command {
    /// What its line begins with, at least four bytes. Containers publish ports with the option with which a login takes its password.
    pub(super) program: &'static [u8],
    options: &'static [(&'static [u8], Takes)],
}

/// The options of MySQL, of PostgreSQL, and of logins at a registry of images.
const MYSQL: &[(&[u8], Takes)] = &[(b"-p", Takes::Glued), (b"-u", Takes::Name), (b"--user ", Takes::Name)];
const POSTGRES: &[(&[u8], Takes)] = &[(b"-U ", Takes::Name), (b"--username ", Takes::Name)];
const REGISTRY: &[(&[u8], Takes)] = &[(b"-p", Takes::Both), (b"-u ", Takes::Name), (b"--username ", Takes::Name)];

/// The programs.
pub(super) const COMMANDS: &[Command] = &[
    Command { program: b"mysql", options: MYSQL },
    Command { program: b"mariadb", options: MYSQL },
    Command { program: b"psql ", options: POSTGRES },
    Command { program: b"pg_dump", options: POSTGRES },
    Command { program: b"pg_restore", options: POSTGRES },
    Command { program: b"sshpass", options: &[(b"-p", Takes::Both)] },
    Command { program: b"curl", options: &[(b"-u", Takes::Pair), (b"--user ", Takes::Pair)] },
    Command { program: b"docker login ", options: REGISTRY },
    Command { program: b"podman login ", options: REGISTRY },
    Command { program: b"ldap", options: &[(b"-w", Takes::Both)] },
    Command { program: b"redis-cli", options: &[(b"-a", Takes::Both), (b"--user ", Takes::Name)] },
    Command { program: b"mongo", options: &[(b"-p", Takes::Both), (b"-u ", Takes::Name)] },
    Command { program: b"smbclient", options: &[(b"-U", Takes::Pair)] },
    Command { program: b"ssh ", options: &[(b"-l ", Takes::Name)] },
    Command { program: b"sudo ", options: &[(b"-u ", Takes::Name), (b"--user ", Takes::Name)] },
    Command { program: b"crontab ", options: &[(b"-u ", Takes::Name)] },
    Command { program: b"runuser ", options: &[(b"-u ", Takes::Name)] },
    Command { program: b"su - ", options: &[(b"- ", Takes::Name)] },
    Command { program: b"su -l ", options: &[(b"-l ", Takes::Name)] },
];

impl Pass<'_> {
    /// Looks for the password behind the name of a program that begins at `at`, and for that of an account.
    pub(super) fn command(&mut self, at: usize, command: &Command) {
        let text = self.text;
        let line = &text[at..text.len().min(at + REACH)];
        // Most often such a name is no command.
        if memchr::memchr(b'-', line).is_none() {
            return;
        }
        let line = &line[..memchr::memchr3(b'\n', b'|', b';', line).unwrap_or(line.len())];
        let mut asked = 0_u8;
        let is_argument = |place: &usize| matches!(line[..*place].last(), Some(b' ' | b'"' | b'\'' | b','));
        for place in memchr::memchr_iter(b'-', line).filter(is_argument) {
            let begins = |option: &[u8]| line[place..].starts_with(option);
            let Some(number) = command.options.iter().position(|(option, _)| begins(option)) else { continue };
            let (option, takes) = command.options[number];
            let value = if asked & (1 << number) == 0 { value(&text[at..], place + option.len(), takes) } else { None };
            asked |= 1 << number;
            if let Some(value) = value {
                self.take(at + value.start..at + value.end, takes);
            }
        }
    }

    fn take(&mut self, value: Range<usize>, takes: Takes) {
        if matches!(takes, Takes::Name) {
            self.ask(self.engine.own.username, value);
        } else if let Some(password) = self.engine.own.password {
            self.keep(password, value);
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

/// Where the value lies of an option that ends before `start` in `text`.
fn value(text: &[u8], mut start: usize, takes: Takes) -> Option<Range<usize>> {
    let is_glued_or_not = matches!(takes, Takes::Both | Takes::Pair | Takes::Name);
    if let Some(next) = next_argument(text.get(start..)?) {
        start += next;
    } else if is_glued_or_not && text.get(start) == Some(&b' ') {
        start += 1;
    }
    let quote = text.get(start).copied().filter(|byte| matches!(byte, b'\'' | b'"'));
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
    let fits = match takes {
        Takes::Glued | Takes::Both => !is_sample,
        Takes::Pair => !is_sample && is_pair,
        // Others are samples, or ids of messages as in `su - ID47`.
        Takes::Name => !is_sample && text[0].is_ascii_lowercase(),
    };
    fits.then_some(start..start + length)
}
