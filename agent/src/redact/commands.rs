//! Passwords among the arguments of programs that take them there, as the logs of sudo, of audits and of shells hold them:
//! `mysql -psecret`, `curl -u name:secret`.

use std::ops::Range;

use super::scanner::Pass;

/// Most bytes behind the name of a program that are looked at.
const REACH: usize = 256;

/// The options with which passwords are given, and their numbers.
const OPTIONS: [&[u8]; 6] = [b"-p", b"-u", b"--user ", b"-w", b"-a", b"-U"];
const PASSWORD: usize = 0;
const USER: usize = 1;
const LONG_USER: usize = 2;
const WORD: usize = 3;
const AUTHENTICATE: usize = 4;
const ACCOUNT: usize = 5;

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
    /// Its number among [`OPTIONS`].
    option: usize,
    takes: Takes,
}

/// The programs, once for each option.
pub(super) const COMMANDS: &[Command] = &[
    Command { program: b"mysql", option: PASSWORD, takes: Takes::Glued },
    Command { program: b"mariadb", option: PASSWORD, takes: Takes::Glued },
    Command { program: b"sshpass", option: PASSWORD, takes: Takes::Both },
    Command { program: b"curl", option: USER, takes: Takes::Pair },
    Command { program: b"curl", option: LONG_USER, takes: Takes::Pair },
    Command { program: b"docker login ", option: PASSWORD, takes: Takes::Both },
    Command { program: b"podman login ", option: PASSWORD, takes: Takes::Both },
    Command { program: b"ldap", option: WORD, takes: Takes::Both },
    Command { program: b"redis-cli", option: AUTHENTICATE, takes: Takes::Both },
    Command { program: b"mongo", option: PASSWORD, takes: Takes::Both },
    Command { program: b"smbclient", option: ACCOUNT, takes: Takes::Pair },
];

impl Pass<'_> {
    /// Looks for the password behind the name of a program that begins at `at`.
    pub(super) fn command(&mut self, at: usize, command: &Command) {
        let Some(password) = self.engine.own.password else { return };
        let (text, limit) = (self.text, self.text.len().min(at + REACH));
        let Some(option) = self.options.find(text, at..limit, command.option) else { return };
        let start = option + OPTIONS[command.option].len();
        if let Some(value) = value(&text[..limit], text, start, command.takes) {
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
        let begins = |place: &usize| text[..*place].ends_with(b" ") && text[*place..].starts_with(option);
        let mut places = memchr::memchr_iter(b'-', &new[..end.unwrap_or(new.len())]).map(|place| from + place);
        (self.without.end, self.behind) = match (places.find(begins), end) {
            (Some(place), _) => (place, Behind::Option),
            (None, Some(end)) => (from + end, Behind::End),
            (None, None) => (limit, Behind::Unknown),
        };
    }
}

/// Where the value lies that begins at `start` of `text`, behind an option in `line`, with which that begins.
fn value(line: &[u8], text: &[u8], mut start: usize, takes: Takes) -> Option<Range<usize>> {
    if matches!(takes, Takes::Both | Takes::Pair) && line.get(start) == Some(&b' ') {
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
                    line[at..*place].ends_with(b" ") && line[*place..].starts_with(OPTIONS[number])
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
