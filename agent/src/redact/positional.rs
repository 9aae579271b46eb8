//! Passwords that programs take by their place: `net user jane x`, `htpasswd -b f jane x`, `echo jane:x | chpasswd`.

use std::ops::Range;

use super::scanner::Pass;
use super::secret::named::is_nothing;

/// Bytes of the longest name of a program, with the blank behind it.
const PROGRAM: usize = 23;
/// Most bytes behind the name of a program that are looked at, and most arguments.
const REACH: usize = 256;
const ARGUMENTS: usize = 16;

impl Pass<'_> {
    /// What the program takes whose name stands at `at`.
    pub(super) fn positional(&mut self, at: usize) -> bool {
        let Some(length) = self.text[at..].iter().take(PROGRAM).position(u8::is_ascii_whitespace) else { return false };
        let end = at + length;
        let name = &self.text[at..end];
        let behind = self.text[at..].strip_prefix(b"net ").or_else(|| self.text[at..].strip_prefix(b"net.exe "));
        match (name, behind) {
            (b"htpasswd", _) => self.htpasswd(end),
            (b"echo", _) => self.echoed(end),
            (b"aws", _) => self.configured(end),
            (b"ConvertTo-SecureString", _) => self.secured(end),
            (_, Some(behind)) if behind.starts_with(b"user ") => self.net_user(self.text.len() - behind.len() + 4),
            (_, Some(behind)) if behind.starts_with(b"use ") => self.net_use(self.text.len() - behind.len() + 3),
            _ => false,
        }
    }

    /// The arguments from `at` on, to the end of the command.
    fn arguments_from(&self, mut at: usize) -> Vec<Range<usize>> {
        let (mut all, limit) = (Vec::new(), self.text.len().min(at + REACH));
        let is_end = |byte: u8| matches!(byte, b'\n' | b'|' | b';' | b'>' | b'&' | b'"' | b'\'');
        while at < limit && all.len() < ARGUMENTS && self.byte(at) == b' ' {
            let start = at + self.rest(at).iter().take_while(|byte| **byte == b' ').count();
            let quote = Some(self.byte(start)).filter(|byte| matches!(byte, b'"' | b'\''));
            let first = start + usize::from(quote.is_some());
            let is_part = |byte: &&u8| match quote {
                Some(quote) => **byte != quote && **byte != b'\n',
                None => !byte.is_ascii_whitespace() && !is_end(**byte),
            };
            let last = first + self.rest(first).iter().take(limit - start).take_while(is_part).count();
            if last == first {
                break;
            }
            all.push(first..last);
            at = last + usize::from(quote.is_some());
        }
        all
    }

    /// Those that are no options, which begin with `mark`.
    fn plain_arguments(&self, at: usize, mark: u8) -> Vec<Range<usize>> {
        let mut all = self.arguments_from(at);
        all.retain(|argument| self.byte(argument.start) != mark);
        all
    }

    /// Asks for the name of an account and keeps its password, which does not only stand for one.
    fn take_login(&mut self, name: Option<Range<usize>>, password: Range<usize>) -> bool {
        if matches!(self.byte(password.start), b'*' | b'$' | b'<' | b'%') {
            return false;
        }
        if let Some(name) = name {
            self.ask(self.engine.own.username, name);
        }
        if let Some(detector) = self.engine.own.password.filter(|_| !is_nothing(&self.text[password.clone()])) {
            self.keep(detector, password);
        }
        // What stands between is looked at as ever.
        false
    }

    /// `htpasswd -b file jane x`.
    fn htpasswd(&mut self, at: usize) -> bool {
        let all = self.arguments_from(at);
        let is_given = |argument: &Range<usize>| {
            self.byte(argument.start) == b'-' && memchr::memchr(b'b', &self.text[argument.clone()]).is_some()
        };
        if !all.iter().any(is_given) {
            return false;
        }
        let [.., name, password] = all.as_slice() else { return false };
        self.take_login(Some(name.clone()), password.clone())
    }

    /// `net user jane x /add`.
    fn net_user(&mut self, at: usize) -> bool {
        match self.plain_arguments(at, b'/').as_slice() {
            [name, password, ..] => self.take_login(Some(name.clone()), password.clone()),
            _ => false,
        }
    }

    /// `net use z: \\\\srv\\share x /user:jane`.
    fn net_use(&mut self, at: usize) -> bool {
        let all = self.plain_arguments(at, b'/');
        let shares = all.iter().position(|argument| self.byte(argument.start) == b'\\');
        match shares.and_then(|place| all.get(place + 1)) {
            Some(password) => self.take_login(None, password.clone()),
            None => false,
        }
    }

    /// `echo jane:x | chpasswd`.
    fn echoed(&mut self, at: usize) -> bool {
        let line = &self.rest(at)[..self.rest(at).len().min(REACH)];
        let line = &line[..memchr::memchr(b'\n', line).unwrap_or(line.len())];
        let Some(pipe) = memchr::memchr(b'|', line) else { return false };
        let program = line[pipe + 1..].trim_ascii_start();
        if !program.strip_prefix(b"sudo ").unwrap_or(program).starts_with(b"chpasswd") {
            return false;
        }
        let Some(login) = self.plain_arguments(at, b'-').pop() else { return false };
        let Some(colon) = memchr::memchr(b':', &self.text[login.clone()]) else { return false };
        let name = login.start..login.start + colon;
        let password = name.end + 1..login.end;
        !password.is_empty() && self.take_login(Some(name), password)
    }

    /// `aws configure set aws_secret_access_key x`.
    fn configured(&mut self, at: usize) -> bool {
        let Some(behind) = self.rest(at).strip_prefix(b" configure set") else { return false };
        let all = self.arguments_from(self.text.len() - behind.len());
        let [name, value, ..] = all.as_slice() else { return false };
        let last = self.text[name.clone()].rsplit(|byte| *byte == b'.').next().unwrap_or_default();
        let Some(detector) = self.engine.pairs.named(last) else { return false };
        // A label stands there already.
        if self.byte(value.start) != b'<' {
            self.keep(detector, value.clone());
        }
        false
    }

    /// `ConvertTo-SecureString 'x'`, perhaps behind `-String`.
    fn secured(&mut self, at: usize) -> bool {
        let all = self.arguments_from(at);
        let place =
            usize::from(all.first().is_some_and(|first| self.text[first.clone()].eq_ignore_ascii_case(b"-String")));
        match all.get(place) {
            Some(text) if matches!(self.byte_before(text.start, 1), b'"' | b'\'') => {
                self.take_login(None, text.clone())
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::values::{assert_hidden, assert_kept};

    #[test]
    fn passwords_stand_at_their_place_and_behind_options() {
        assert_hidden(&[
            ("htpasswd -bc /etc/x jdupont Tiger12", "htpasswd -bc /etc/x <username> <password>"),
            ("net user jdupont Tiger12 /add", "net user <username> <password> /add"),
            ("net use z: \\\\srv\\share Tiger12 /user:x", "net use z: \\\\srv\\share <password> /user:x"),
            (
                "net use \\\\srv\\share /user:CORP\\jdupont Tiger12",
                "net use \\\\srv\\share /user:<username> <password>",
            ),
            ("echo jdupont:Tiger12 | chpasswd", "echo <username>:<password> | chpasswd"),
            ("echo \"jdupont:Tiger 12\" | sudo chpasswd", "echo \"<username>:<password>\" | sudo chpasswd"),
            ("aws configure set aws_secret_access_key wJalrXUtn", "aws configure set aws_secret_access_key <secret>"),
            ("ConvertTo-SecureString 'Tiger12' -AsPlainText", "ConvertTo-SecureString '<password>' -AsPlainText"),
            (
                "ConvertTo-SecureString -String \"Tiger12\" -Force",
                "ConvertTo-SecureString -String \"<password>\" -Force",
            ),
            ("keytool -storepass Tiger12 -keypass other1", "keytool -storepass <password> -keypass <password>"),
            ("schtasks /create /ru jdupont /rp Tiger12 /tn x", "schtasks /create /ru <username> /rp <password> /tn x"),
            ("psexec \\\\host -u jdupont -p Tiger12 cmd", "psexec \\\\host -u <username> -p <password> cmd"),
            ("az login -u jdupont -p Tiger12", "az login -u <username> -p <password>"),
            ("sqlcmd -S db -U jdupont -P Tiger12 -Q x", "sqlcmd -S db -U <username> -P <password> -Q x"),
            ("ipmitool -I lanplus -U jdupont -P Summer2024 x", "ipmitool -I lanplus -U <username> -P <password> x"),
            ("mosquitto_pub -h b -u jdupont -P Summer2024", "mosquitto_pub -h b -u <username> -P <password>"),
            ("cqlsh -u jdupont -p Summer2024 db", "cqlsh -u <username> -p <password> db"),
            ("twine upload -u jdupont -p Summer2024 x", "twine upload -u <username> -p <password> x"),
            ("useradd -m -p '$6$ab' jdupont", "useradd -m -p '$6$ab' jdupont"),
            ("useradd -m -p Tiger12 x", "useradd -m -p <password> x"),
            ("openssl enc -aes-256-cbc -k Tiger12 -in x", "openssl enc -aes-256-cbc -k <password> -in x"),
        ]);
        assert_kept(&[
            "htpasswd -c /etc/x jdupont",
            "net user",
            "net user jdupont /delete",
            "net user jdupont *",
            "net use z: \\\\srv\\share /persistent:yes",
            "net ipv4 use x y",
            "echo a:b | grep c echo done",
            "aws configure set aws_secret_access_key <secret>",
            "aws configure set region eu-west-3 aws configure set aws_secret_access_key",
            "ConvertTo-SecureString $pw -AsPlainText",
            "ConvertTo-SecureString failed",
            "openssl s_client -key x openssl version",
        ]);
    }
}
