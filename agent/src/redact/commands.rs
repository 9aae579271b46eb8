//! Passwords among the arguments of programs that take them there, as the logs of sudo, of audits and of shells hold them:
//! `mysql -psecret`, `curl -u name:secret`.

use std::ops::Range;

use super::quote::slashes_ahead;
use super::scanner::Pass;

/// Most bytes behind the name of a program that are looked at.
const REACH: usize = 256;

/// Most bytes between two arguments in quotes.
const BETWEEN: usize = 40;
/// The options with which passwords and names are given, and their numbers.
const OPTIONS: [&[u8]; 17] = [
    b"-p",
    b"-u",
    b"--user ",
    b"-w",
    b"-a",
    b"-U",
    b"-u ",
    b"-U ",
    b"--username ",
    b"-l ",
    b"- ",
    b"-P",
    b"-storepass ",
    b"-keypass ",
    b"/rp ",
    b"/ru ",
    b"-k ",
];
const PASSWORD: usize = 0;
const USER: usize = 1;
const LONG_USER: usize = 2;
const WORD: usize = 3;
const AUTHENTICATE: usize = 4;
const ACCOUNT: usize = 5;
const LONE_USER: usize = 6;
const LONE_ACCOUNT: usize = 7;
const USERNAME: usize = 8;
const LOGIN: usize = 9;
const DASH: usize = 10;
const ARCHIVE: usize = 11;
const STORE: usize = 12;
const KEY: usize = 13;
const TASK_PASSWORD: usize = 14;
const TASK_USER: usize = 15;
const CIPHER: usize = 16;

/// How a program takes a password.
#[derive(Clone, Copy, Debug)]
pub(super) enum Takes {
    /// `-psecret`.
    Glued,
    /// `-p secret` and `-psecret`.
    Both,
    /// As before, with a name and a `:` or `%` before it, which are part of the value.
    Pair,
    /// The name of an account, glued to the option or, if that ends with a space, behind it.
    Name,
}

impl Takes {
    /// Whether `text` may be what is taken so.
    pub(super) fn fits(self, text: &[u8]) -> bool {
        let is_sample = matches!(text.first(), None | Some(b'-' | b'<' | b'[' | b'$' | b'*'));
        let is_pair = text.iter().any(|byte| matches!(byte, b':' | b'%'));
        match self {
            Self::Glued | Self::Both => !is_sample,
            Self::Pair => !is_sample && is_pair,
            // Others are samples, or ids of messages as in `su - ID47`.
            Self::Name => !is_sample && text.first().is_some_and(u8::is_ascii_lowercase),
        }
    }
}

/// A program that takes a password, or a name beside it.
#[derive(Debug)]
pub(super) struct Command {
    /// What its line begins with, at least four bytes. Containers publish ports with the option with which a login takes its password.
    pub(super) program: &'static [u8],
    /// The numbers of its options among [`OPTIONS`].
    options: &'static [(usize, Takes)],
}

/// The options of MySQL, of PostgreSQL, and of logins at a registry of images.
const MYSQL: &[(usize, Takes)] = &[(PASSWORD, Takes::Glued), (USER, Takes::Name), (LONG_USER, Takes::Name)];
const POSTGRES: &[(usize, Takes)] = &[(LONE_ACCOUNT, Takes::Name), (USERNAME, Takes::Name)];
const REGISTRY: &[(usize, Takes)] = &[(PASSWORD, Takes::Both), (LONE_USER, Takes::Name), (USERNAME, Takes::Name)];

/// Those of programs of Windows and Azure, and of SQL Server.
const WINDOWS: &[(usize, Takes)] = &[(PASSWORD, Takes::Both), (LONE_USER, Takes::Name)];
const SQL_SERVER: &[(usize, Takes)] = &[(ARCHIVE, Takes::Both), (LONE_ACCOUNT, Takes::Name)];

/// Those of clients of a broker of messages.
const BROKER: &[(usize, Takes)] = &[(ARCHIVE, Takes::Both), (LONE_USER, Takes::Name)];

/// The programs.
pub(super) const COMMANDS: &[Command] = &[
    Command { program: b"mysql", options: MYSQL },
    Command { program: b"mariadb", options: MYSQL },
    Command { program: b"psql ", options: POSTGRES },
    Command { program: b"pg_dump", options: POSTGRES },
    Command { program: b"pg_restore", options: POSTGRES },
    Command { program: b"ipmitool", options: SQL_SERVER },
    Command { program: b"mosquitto_", options: BROKER },
    Command { program: b"cqlsh", options: WINDOWS },
    Command { program: b"twine upload ", options: WINDOWS },
    Command { program: b"sshpass", options: &[(PASSWORD, Takes::Both)] },
    Command { program: b"curl", options: &[(USER, Takes::Pair), (LONG_USER, Takes::Pair)] },
    Command { program: b"docker login ", options: REGISTRY },
    Command { program: b"podman login ", options: REGISTRY },
    Command { program: b"docker\",\"login\"", options: REGISTRY },
    Command { program: b"docker\", \"login\"", options: REGISTRY },
    Command { program: b"podman\",\"login\"", options: REGISTRY },
    Command { program: b"podman\", \"login\"", options: REGISTRY },
    Command { program: b"zip ", options: &[(ARCHIVE, Takes::Both)] },
    Command { program: b"unzip ", options: &[(ARCHIVE, Takes::Both)] },
    Command { program: b"ldap", options: &[(WORD, Takes::Both)] },
    Command { program: b"redis-cli", options: &[(AUTHENTICATE, Takes::Both), (LONG_USER, Takes::Name)] },
    Command { program: b"mongo", options: &[(PASSWORD, Takes::Both), (LONE_USER, Takes::Name)] },
    Command { program: b"smbclient", options: &[(ACCOUNT, Takes::Pair)] },
    Command { program: b"ssh ", options: &[(LOGIN, Takes::Name)] },
    Command { program: b"sudo ", options: &[(LONE_USER, Takes::Name), (LONG_USER, Takes::Name)] },
    Command { program: b"crontab ", options: &[(LONE_USER, Takes::Name)] },
    Command { program: b"runuser ", options: &[(LONE_USER, Takes::Name)] },
    Command { program: b"su - ", options: &[(DASH, Takes::Name)] },
    Command { program: b"su -l ", options: &[(LOGIN, Takes::Name)] },
    Command { program: b"keytool ", options: &[(STORE, Takes::Both), (KEY, Takes::Both)] },
    Command { program: b"schtasks ", options: &[(TASK_PASSWORD, Takes::Both), (TASK_USER, Takes::Name)] },
    Command { program: b"psexec", options: WINDOWS },
    Command { program: b"PsExec", options: WINDOWS },
    Command { program: b"az login ", options: WINDOWS },
    Command { program: b"sqlcmd ", options: SQL_SERVER },
    Command { program: b"bcp ", options: SQL_SERVER },
    Command { program: b"useradd ", options: &[(PASSWORD, Takes::Both)] },
    Command { program: b"usermod ", options: &[(PASSWORD, Takes::Both)] },
    Command { program: b"openssl ", options: &[(CIPHER, Takes::Both)] },
];

impl Command {
    /// Its options, with what they are glued to or not: without the space that must stand behind them, and whether it must.
    pub(super) fn options(&self) -> impl Iterator<Item = (&'static [u8], bool, Takes)> {
        let of = |(number, takes): &(usize, Takes)| {
            let option: &'static [u8] = OPTIONS.get(*number)?;
            let name = option.trim_ascii_end();
            Some((name, name.len() < option.len(), *takes))
        };
        self.options.iter().filter_map(of)
    }
}

impl Pass<'_> {
    /// Looks for the password behind the name of a program that begins at `at`, and for that of an account.
    pub(super) fn command(&mut self, at: usize, command: &Command) {
        let (text, limit) = (self.text, self.text.len().min(at + REACH));
        for (number, takes) in command.options {
            let Some(place) = self.options.find(text, at..limit, *number) else { continue };
            let behind = place + length_at(&text[place..], OPTIONS[*number]);
            let value = value(text, behind, *takes);
            value.into_iter().for_each(|value| self.take(value, *takes));
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

/// How far options were looked for: behind many names of programs one after the other, each byte is looked at once.
#[derive(Debug, Default)]
pub(super) struct Options {
    seen: [Seen; OPTIONS.len()],
    is_any: bool,
}

/// Where one option was looked for: neither it nor the end of a command is from the first of these places to the last.
#[derive(Clone, Debug)]
struct Seen {
    without: Range<usize>,
    behind: Behind,
}

/// What stands where one has looked to.
#[derive(Clone, Copy, Debug)]
enum Behind {
    Unknown,
    Option,
    End,
}

impl Default for Seen {
    fn default() -> Self {
        Self { without: 0..0, behind: Behind::Unknown }
    }
}

impl Options {
    /// Forgets the last text.
    #[inline(always)]
    pub(super) fn clear(&mut self) {
        if self.is_any {
            *self = Self::default();
        }
    }

    /// Where the option of this number begins in the rest of the command at `span` of `text`.
    fn find(&mut self, text: &[u8], span: Range<usize>, number: usize) -> Option<usize> {
        let (seen, option) = (self.seen.get_mut(number)?, *OPTIONS.get(number)?);
        self.is_any = true;
        if !(seen.without.start..=seen.without.end).contains(&span.start) {
            *seen = Seen { without: span.start..span.start, behind: Behind::Unknown };
        }
        if matches!(seen.behind, Behind::Unknown) {
            seen.go_on(text, span.end, option);
        }
        let place = seen.without.end;
        (matches!(seen.behind, Behind::Option) && place + option.len() <= span.end).then_some(place)
    }
}

impl Seen {
    /// Looks on as far as `limit`.
    fn go_on(&mut self, text: &[u8], limit: usize, option: &[u8]) {
        let from = self.without.end;
        let Some(new) = text.get(from..limit) else { return };
        let end = memchr::memchr3(b'\n', b'|', b';', new);
        let begins = |place: &usize| is_argument(&text[..*place]) && length_at(&text[*place..], option) > 0;
        let mut places = memchr::memchr_iter(option[0], &new[..end.unwrap_or(new.len())]).map(|place| from + place);
        (self.without.end, self.behind) = match (places.find(begins), end) {
            (Some(place), _) => (place, Behind::Option),
            (None, Some(end)) => (from + end, Behind::End),
            (None, None) => (limit, Behind::Unknown),
        };
    }
}

/// How long `option` is where `text` begins with it, else 0. In place of the space behind it a quote may close it.
fn length_at(text: &[u8], option: &[u8]) -> usize {
    let name = option.trim_ascii_end();
    let is_closed = name.len() < option.len() && matches!(text.get(name.len()), Some(b'"' | b'\'' | b'\\'));
    match text.starts_with(name) {
        true if is_closed => name.len(),
        true if text.starts_with(option) => option.len(),
        _ => 0,
    }
}

/// Whether an argument may begin behind `text`.
fn is_argument(text: &[u8]) -> bool {
    matches!(text.last(), Some(b' ' | b'"' | b'\'' | b','))
}

/// Where the next one of a list of arguments in quotes begins in `text`, with its quote, which is what stands behind one of them:
/// `", "x"`, `" a2="x"`.
fn next_argument(text: &[u8]) -> Option<usize> {
    let slashes = slashes_ahead(text);
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
    takes.fits(&rest[..length]).then_some(start..start + length)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn options_are_found_as_if_each_were_looked_for_anew(
            pieces in prop::collection::vec(prop::sample::select(&["a", "-p", " -p", " --user ", "-u", ";", "\n", " ", "-", "xxxxx"]), 1..60),
            places in prop::collection::vec(any::<prop::sample::Index>(), 1..20),
            reach in 1..60_usize,
        ) {
            let text = pieces.concat().into_bytes();
            let mut options = Options::default();
            let mut places: Vec<usize> = places.iter().map(|place| place.index(text.len())).collect();
            places[1..].sort_unstable();
            for (at, number) in places.into_iter().flat_map(|at| [PASSWORD, LONG_USER].map(|number| (at, number))) {
                let limit = text.len().min(at + reach);
                let ends = text[at..limit].iter().position(|byte| b"\n|;".contains(byte));
                let line = &text[..ends.map_or(limit, |length| at + length)];
                let begins = |place: &usize| {
                    is_argument(&line[at..*place]) && line[*place..].starts_with(OPTIONS[number])
                };
                // A program stands before its option.
                if text[at] == b' ' || text[at] == b'-' {
                    continue;
                }
                prop_assert_eq!(options.find(&text, at..limit, number), (at..line.len()).find(begins));
            }
        }
    }
}
