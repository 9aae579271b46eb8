//! Passwords and names among the items of a list that are a program and its arguments: `["mysql", "-psecret"]`.

use super::commands::{COMMANDS, Command, Takes};

/// Most items of a list that are looked at.
const MOST: u8 = 64;
/// Longest name of a program, in bytes.
const NAME: usize = 32;

/// Where in an item of a list a password or a name lies.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Argument {
    /// Bytes before it in the item: the option that it is glued to.
    pub start: usize,
    /// Under which key it is to be judged.
    pub key: &'static [u8],
}

impl Argument {
    fn new(start: usize, takes: Takes) -> Self {
        Self { start, key: if matches!(takes, Takes::Name) { b"username" } else { b"password" } }
    }
}

/// The program that the items of a list name, and what its options wait for: one list is gone through from its first item on. Behind
/// 64 items nothing is told any more.
#[derive(Debug, Default)]
pub struct Arguments {
    program: Option<&'static Command>,
    waits: Option<Takes>,
    /// The programs whose first word the last item is, a bit for each.
    begun: u64,
    seen: u8,
}

impl Arguments {
    /// What the next `item` is, a text as it stands in the list, if that is told.
    pub fn next(&mut self, item: &[u8]) -> Option<Argument> {
        if self.seen == MOST {
            return None;
        }
        self.seen += 1;
        if let Some(takes) = self.waits.take().filter(|takes| takes.fits(item)) {
            self.begun = 0;
            return Some(Argument::new(0, takes));
        }
        self.name(item);
        for (option, is_alone, takes) in self.program?.options() {
            let Some(behind) = item.strip_prefix(option) else { continue };
            if behind.is_empty() {
                self.waits = Some(takes);
                return None;
            }
            if !is_alone && takes.fits(behind) {
                return Some(Argument::new(option.len(), takes));
            }
        }
        None
    }

    /// Passes over an item that is no text.
    pub fn skip(&mut self) {
        (self.waits, self.begun) = (None, 0);
        self.seen = self.seen.saturating_add(1).min(MOST);
    }

    /// Takes in a program that `item` names, alone or with the item before.
    fn name(&mut self, item: &[u8]) {
        let begun = std::mem::take(&mut self.begun);
        let place = memchr::memrchr2(b'/', b'\\', item).map_or(0, |place| place + 1);
        let name = item.get(place..).unwrap_or_default();
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        if name.is_empty() || name.len() > NAME || !name.iter().all(is_part) {
            return;
        }
        let numbered = COMMANDS.iter().zip((0..64).map(|number| 1_u64 << number));
        // Most items begin as no program does.
        for (command, bit) in numbered.filter(|(command, bit)| begun & bit != 0 || command.program[0] == name[0]) {
            let mut words = command.program.split(|byte| *byte == b' ');
            let (first, second) = (words.next().unwrap_or_default(), words.next());
            let is_first = name == first;
            let is_named = match second {
                None => name.starts_with(first),
                Some(b"") => is_first,
                Some(second) => begun & bit != 0 && name == second,
            };
            if is_named {
                self.program = Some(command);
            }
            self.begun |= bit * u64::from(is_first && second.is_some_and(|second| !second.is_empty()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is told of `items`: each with what is to be hidden in braces.
    fn told(items: &[&str]) -> String {
        let mut arguments = Arguments::default();
        let one = |item: &&str| match arguments.next(item.as_bytes()) {
            Some(Argument { start, key }) => {
                format!("{}<{}>", item.get(..start).expect("whole letters"), String::from_utf8_lossy(key))
            }
            None => (*item).to_owned(),
        };
        items.iter().map(one).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_options_of_programs_hold_is_told() {
        for (items, expected) in [
            (&["mysql", "-u", "root", "-pS3cr3tPass"][..], "mysql -u <username> -p<password>"),
            (&["mysql", "-p", "S3cr3tPass"], "mysql -p <password>"),
            (&["/usr/bin/curl", "--user", "jdupont:S3cr3tPass"], "/usr/bin/curl --user <password>"),
            (&["curl", "-u", "jdupont", "-ujdupont:x"], "curl -u jdupont -u<password>"),
            (&["sshpass", "-p", "S3cr3tPass", "ssh"], "sshpass -p <password> ssh"),
            (&["redis-cli", "-a", "S3cr3tPass"], "redis-cli -a <password>"),
            (&["docker", "login", "-u", "jd", "-p", "S3cr3tPass"], "docker login -u <username> -p <password>"),
            (&["su", "-", "jdupont"], "su - <username>"),
            (&["docker", "run", "-p", "8080:80"], "docker run -p 8080:80"),
            (&["docker", "a", "login", "-p", "x"], "docker a login -p x"),
            (&["-p", "x", "mysql", "-p", "-v"], "-p x mysql -p -v"),
            (&["mysql is down", "-p", "x", "mkdir", "-p", "x"], "mysql is down -p x mkdir -p x"),
        ] {
            assert_eq!(told(items), expected);
        }
        let many = [&["mysql"][..], &["x"; 63], &["-pS3cr3tPass"]].concat();
        assert!(told(&many).ends_with("-pS3cr3tPass"), "only so many are looked at");
    }
}
