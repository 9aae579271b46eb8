//! Passwords and tokens among arguments, behind the name of an option: `--password x`, `["--token", "x"]`.

use std::ops::Range;

use super::ends::Kind;
use super::filter::Listed;
use super::hearing::is_before_arrow;
use super::pairs::{BARE, QUOTED};
use super::quote::SLASHES;
use super::scanner::Pass;
use super::sure::Told;
use super::token::has_own;
use super::value::{Value, is_mixed, spaces};

/// Longest name of an option, in bytes.
const NAME: usize = 48;
/// Letters of the shortest name of a password, and bytes of the shortest one behind such a name.
const PIN: usize = 3;
const NUMBER: usize = 4;
/// Most bytes between two arguments.
const BETWEEN: usize = 8;
/// What stands for a value where an option is explained.
const SAMPLES: &[&[u8]] = &[b"and", b"or", b"is", b"was", b"option", b"flag"];
const TYPES: &[&[u8]] = &[b"string", b"text", b"value", b"name"];
/// Most further words of the name of an option.
const WORDS: usize = 3;

/// Words that passwords stand behind in sentences: the last one of `mot de passe` among them.
static PASSWORDS: Listed = Listed::new(&[
    b"password",
    b"passwd",
    b"pass",
    b"passphrase",
    b"passe",
    b"passwort",
    b"kennwort",
    b"wachtwoord",
    b"senha",
]);

impl Pass<'_> {
    /// Whether the word at `at` may name an argument: as an option, in a tuple, before an arrow or as words that do so by themselves.
    #[inline(always)]
    pub(super) fn may_be_argument(&self, at: usize) -> bool {
        let first = self.text[at];
        matches!(first, b'p' | b'P' | b'r')
            || first.is_ascii_uppercase()
            || self.byte_before(at, 1) == b'-'
            || matches!(self.byte_before(at, 2), b'(' | b'\\')
            || matches!(self.byte(self.masks.word_end(at)), b'-' | b' ' | b'\t')
    }

    /// `--password value`, or one in quotes, of which the name, or its last word, stands at `at`.
    pub(super) fn argument(&mut self, at: usize) -> bool {
        let end = self.masks.word_end(at);
        let is_hump = self.text[at].is_ascii_uppercase() && self.byte_before(at, 1).is_ascii_lowercase();
        let is_behind_joint = matches!(self.byte_before(at, 1), b'.' | b'_')
            && matches!(self.byte(end), b' ' | b'\t' | b'"' | b'\'' | b',');
        if (is_hump || is_behind_joint || self.byte_before(at, 1) == b'-') && self.option(at, end) {
            return true;
        }
        if let Some(open) = self.tuple_before(at)
            && self.listed_pair(open)
        {
            return true;
        }
        if self.arrow(at, end) {
            return true;
        }
        let name = &self.text[at..end];
        if name == b"requirepass" && self.byte(end) == b' ' {
            return self.required(end + 1);
        }
        let is_name = PASSWORDS.has(name);
        let (Some(password), true) = (self.engine.own.password, is_name) else { return false };
        let Some(value) = self.quoted_password(at..end).or_else(|| self.told_password(at..end)) else { return false };
        let end = value.end;
        self.next = end;
        self.keep(password, value);
        self.changed_to(password, end);
        true
    }

    /// `--first-name value`, of which the first word of the name stands at `at`, or `pin -> value`, of which the last one does.
    pub(super) fn named_option(&mut self, at: usize) -> bool {
        let end = self.masks.word_end(at);
        self.byte_before(at, 1) == b'-' && self.option(at, end) || self.arrow(at, end)
    }

    /// Keeps the value behind the arrow behind the name whose last word stands at `at..end`, if there is one.
    fn arrow(&mut self, at: usize, end: usize) -> bool {
        let Some((detector, value)) = self.behind_arrow(at, end) else { return false };
        self.next = value.end;
        self.keep(detector, value);
        true
    }

    /// Whether the word at `at` may be that of an option, or the last one before an arrow.
    #[inline(always)]
    pub(super) fn may_be_option(&self, at: usize) -> bool {
        self.byte_before(at, 1) == b'-' || is_before_arrow(self.rest(at))
    }

    /// Where the name of an option ends that goes on in further words behind the first one, which ends before `end`.
    fn option_end(&self, mut end: usize) -> usize {
        for _ in 0..WORDS {
            if !matches!(self.byte(end), b'-' | b'_') || !self.byte(end + 1).is_ascii_alphabetic() {
                break;
            }
            end = self.masks.word_end(end + 1);
        }
        end
    }

    /// The password at `start` that Redis requires.
    fn required(&mut self, start: usize) -> bool {
        let quoted = self.quote(start).and_then(|quote| self.quoted(quote)).map(|value| value.span);
        let (Some(password), Some(value)) =
            (self.engine.own.password, quoted.or_else(|| self.argument_value(start, 0)))
        else {
            return false;
        };
        let is_one = !value.is_empty() && self.is_value(password, &Value::quoted(value.clone()), QUOTED);
        if is_one {
            self.next = value.end;
            self.keep(password, value);
        }
        is_one
    }

    /// The value behind the arrow behind the name of which the last word stands at `at..end`, `password -> x`, and whose it is: in quotes, or no mere word.
    fn behind_arrow(&mut self, at: usize, end: usize) -> Option<(u16, Range<usize>)> {
        if !matches!(self.byte(end), b'-' | b' ' | b'\t') {
            return None;
        }
        let start = end + spaces(self.rest(end));
        if !self.rest(start).starts_with(b"->") {
            return None;
        }
        let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(**byte, b'_' | b'-');
        let before = &self.text[self.next.min(at).max(at.saturating_sub(NAME))..at];
        let first = at - before.iter().rev().take_while(is_part).count();
        if matches!(self.byte_before(first, 1), b'>' | b'$' | b'.') {
            return None;
        }
        let told = self.engine.pairs.told(&self.text[first..end])?;
        let start = start + 2 + spaces(self.rest(start + 2));
        if let Some(quote) = self.quote(start) {
            let value = self.quoted(quote)?;
            return self.is_value(told.detector, &value, told.kind(QUOTED)).then_some((told.detector, value.span));
        }
        let value = Value::bare(start..self.end_of(start, Kind::Bare));
        // The beginning of a long one tells.
        let text = &self.text[value.span.start..value.span.end.min(value.span.start + NAME)];
        (is_mixed(text) && self.is_value(told.detector, &value, told.kind(BARE))).then_some((told.detector, value.span))
    }

    /// Where the bracket opens of a tuple whose first string begins at `at`.
    fn tuple_before(&self, at: usize) -> Option<usize> {
        if !matches!(self.byte_before(at, 1), b'\'' | b'"') {
            return None;
        }
        let before = self.text[..at].strip_suffix(b"'").or_else(|| self.text[..at].strip_suffix(b"\""))?;
        before.strip_suffix(b"\\").unwrap_or(before).strip_suffix(b"(").map(<[u8]>::len)
    }

    /// Looks for the value of the option whose name ends with the word from `at` to `end`.
    fn option(&mut self, at: usize, end: usize) -> bool {
        let before = &self.text[at.saturating_sub(NAME)..at];
        let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(**byte, b'-' | b'_' | b'.');
        let first = at - before.iter().rev().take_while(is_part).count();
        let dashes = self.text[first..at].iter().take_while(|byte| **byte == b'-').count();
        let is_behind_dashes = before.ends_with(b"--");
        if before.ends_with(b"-") && dashes < 2 && !self.text[at].is_ascii_lowercase() && !self.is_parameter(at) {
            return false;
        }
        let is_first =
            matches!(self.byte_before(first, 1), 0 | b' ' | b'\t' | b'\n' | b'"' | b'\'' | b'[' | b',' | b'(' | b'`');
        let has_joints = self.text[first..at].iter().any(|byte| matches!(byte, b'_' | b'.'));
        let is_option = is_behind_dashes || is_first && (dashes == 2 || dashes == 1 && !has_joints);
        if !is_option {
            return false;
        }
        let start = if is_behind_dashes { at } else { first + dashes };
        let end = self.option_end(end);
        // Programs have an option `--user` without a value, and those that turn something off have none.
        let name = &self.text[start..end];
        let is_without = name == b"user" || self.text[first..at].starts_with(b"--no-");
        let Some(told) = self.engine.pairs.told(name).filter(|_| !is_without) else { return false };
        // Pins of machines are small numbers.
        let is_pin = name.len() == PIN && self.engine.own.password == Some(told.detector);
        let least = if is_pin { NUMBER } else { 1 };
        let value = self.option_value((first, end), told).filter(|value| value.len() >= least);
        let Some(value) = value else { return false };
        self.next = value.end;
        self.keep(told.detector, value);
        true
    }

    /// Whether the name of a parameter, as PowerShell writes it, begins at `at` behind its dash: `New-ADUser -GivenName "Jean"`.
    fn is_parameter(&self, at: usize) -> bool {
        matches!(self.byte_before(at, 2), b' ' | b'\t' | b'\n') && self.byte(at + 1).is_ascii_lowercase()
    }

    /// The value of the option whose name begins, with its dashes, at `first` and ends before `end`.
    fn option_value(&mut self, (first, end): (usize, usize), told: Told) -> Option<Range<usize>> {
        let Told { detector, .. } = told;
        let is_password = self.engine.own.password == Some(detector);
        let is_name = self.engine.own.person_name == Some(detector);
        let is_address = self.engine.own.postal_address == Some(detector);
        let slashes = self.rest(end).iter().take(SLASHES).take_while(|byte| **byte == b'\\').count();
        let is_quoted = matches!(self.byte(end + slashes), b'"' | b'\'');
        let is_whole = self.byte_before(first, 1) == self.byte(end + slashes);
        if is_quoted && !is_whole {
            // A longer string ends with the option.
            return None;
        }
        let behind = if is_quoted { end + slashes + 1 } else { end };
        let is_between = |byte: &&u8| matches!(byte, b' ' | b',' | b'\t' | b'\n');
        let between = self.rest(behind).iter().take(BETWEEN).take_while(is_between).count();
        let start = self.behind_its_number(behind + between, is_quoted);
        if let Some(quote) = self.quote(start).filter(|_| between > 0) {
            let value = self.quoted(quote)?;
            let kind = told.kind(if is_password || is_name || is_address { QUOTED } else { BARE });
            let is_option = self.text[value.span.start] == b'-';
            let is_key = is_quoted && self.byte(value.span.end + quote.slashes + quote.count) == b':';
            return (!is_option && !is_key && self.is_value(detector, &value, kind)).then_some(value.span);
        }
        if is_quoted && self.is_number_in_list(start) {
            let value = Value::quoted(start..self.end_of(start, Kind::Bare));
            return self.is_value(detector, &value, told.kind(QUOTED)).then_some(value.span);
        }
        let is_listed = self.text[behind..behind + between] == *b", "
            && (self.byte_before(first, 1) == b'[' || self.text[..first].ends_with(b", "));
        let is_blank = self.text[behind..behind + between].iter().all(|byte| matches!(byte, b' ' | b'\t'));
        if is_quoted || between == 0 || !is_blank && !is_listed {
            return None;
        }
        let value = self.argument_value(start, if is_listed { b'[' } else { self.byte_before(first, 1) })?;
        if is_listed && !matches!(self.byte(value.end), b',' | b']') {
            return None;
        }
        let text = &self.text[value.clone()];
        // Where options are explained, a type or what they are for stands behind them, in columns.
        let is_type = TYPES.contains(&text) && (!is_password || self.is_explained(value.end));
        let is_column = is_blank && self.text[behind..behind + between] != *b" ";
        let is_explained = is_type || is_column && !is_mixed(text);
        let is_cookie = self.engine.own.cookie == Some(detector);
        let is_one = || {
            // Files with cookies are named so, too.
            if is_cookie && !text.contains(&b'=') && !is_mixed(text) {
                return false;
            }
            let is_small = is_name && text.first().is_some_and(u8::is_ascii_lowercase);
            !is_small && !has_own(text) && self.is_value(detector, &Value::quoted(value.clone()), told.kind(BARE))
        };
        (!is_explained && (is_password || is_one())).then_some(value)
    }

    /// Whether an explanation, or another way to write an option, stands at `at` behind a type.
    fn is_explained(&self, at: usize) -> bool {
        let behind = self.rest(at);
        [&b"  "[..], b" \t", b"\t", b", -"].iter().any(|mark| behind.starts_with(mark))
    }

    /// Whether a number of JSON that is an item of a list begins at `at`.
    fn is_number_in_list(&self, at: usize) -> bool {
        let number = self.rest(at);
        let digits = number.iter().take(NAME).take_while(|byte| byte.is_ascii_digit()).count();
        digits > 0 && matches!(number.get(digits), Some(b',' | b']'))
    }

    /// Where an argument begins that may have a number before it, as in the records of audits, at `at`: `a1="--password" a2="x"`.
    fn behind_its_number(&self, at: usize, is_quoted: bool) -> usize {
        let Some(number) = self.rest(at).strip_prefix(b"a").filter(|_| is_quoted) else { return at };
        let digits = number.iter().take(4).take_while(|byte| byte.is_ascii_digit()).count();
        if digits > 0 && number.get(digits) == Some(&b'=') { at + digits + 2 } else { at }
    }

    /// The argument at `start`, of an option behind this byte: in brackets it ends with them.
    fn argument_value(&self, start: usize, before: u8) -> Option<Range<usize>> {
        if matches!(self.byte(start), b'-' | b'<' | b'[') {
            return None;
        }
        let is_part = |byte: &u8| !byte.is_ascii_whitespace() && !matches!(byte, b'"' | b'\'' | b',' | b'\\');
        let text = self.text.get(start..)?;
        let value = &text[..text.iter().take_while(|byte| is_part(byte)).count()];
        // What PowerShell is to compute is none: `-AccountPassword (ConvertTo-SecureString 'x')`.
        if value.first() == Some(&b'(') && !value.contains(&b')') {
            return None;
        }
        let inside = match before {
            b'[' => value.strip_suffix(b"]"),
            b'(' => value.strip_suffix(b")"),
            _ => None,
        };
        let value = inside.unwrap_or(value);
        let is_sample = value.iter().all(|byte| byte.is_ascii_uppercase() || *byte == b'_') || SAMPLES.contains(&value);
        (!is_sample).then_some(start..start + value.len())
    }
}

#[cfg(test)]
mod tests {
    use super::super::values::{assert_hidden, assert_kept};

    #[test]
    fn options_may_have_capitals_within() {
        assert_hidden(&[
            ("run --dbPassword uVEaMebPfxMrp --x y", "run --dbPassword <password> --x y"),
            ("--apiKey uVEaMebPfx9rp", "--apiKey <secret>"),
            ("x --clientSecret 'uVEaMebPfx9rp' y", "x --clientSecret '<secret>' y"),
            ("-accessToken uVEaMebPfx9rp", "-accessToken <secret>"),
            (r#"["app","--apiKey","uVEaMebPfx9rp"]"#, r#"["app","--apiKey","<secret>"]"#),
            ("getApiKey uVEaMebPfx9rp dbPassword uVE", "getApiKey uVEaMebPfx9rp dbPassword uVE"),
        ]);
    }

    #[test]
    fn options_are_known_by_all_names_of_secrets() {
        assert_hidden(&[
            ("x --apikey Zk9pQ2xTb3Jq --X-Api-Key Zk9pQ2xTb3Jq y", "x --apikey <secret> --X-Api-Key <secret> y"),
            ("x --sid Zk9pQ2xTb3Jq --session-token Zk9pQ2xTb3Jq", "x --sid <secret> --session-token <secret>"),
            ("x --pin_code 482913 --credentials Zk9pQ2xTb3Jq", "x --pin_code <password> --credentials <secret>"),
            ("x --cookie Zk9pQ2xTb3Jq --cookie 'a=b; c=d'", "x --cookie <cookie> --cookie '<cookie>'"),
            (
                "x --accesskey Zk9pQ2xTb3Jq --psk hunter2 --Password hunter2",
                "x --accesskey <secret> --psk <password> --Password <password>",
            ),
            (r#"["--credentials","Zk9pQ2xTb3Jq"]"#, r#"["--credentials","<secret>"]"#),
        ]);
        assert_kept(&[
            "x --cookie jar.txt --cookie-jar Zk9pQ2xTb3Jq --access-mode rw1234567 -Auth x",
            "auth Zk9pQ2xTb3Jq session Zk9pQ2xTb3Jq cookie Zk9pQ2xTb3Jq",
        ]);
    }

    #[test]
    fn arrows_stand_behind_names_of_several_words() {
        assert_hidden(&[
            ("db_password -> Zk9pQ2xTb3Jq x", "db_password -> <password> x"),
            ("api_key -> Zk9pQ2xTb3Jq access_token->Zk9pQ2xTb3Jq", "api_key -> <secret> access_token-><secret>"),
            (
                "client_secret -> 'Zk9p' refresh_token -> Zk9pQ2xTb3Jq",
                "client_secret -> '<secret>' refresh_token -> <secret>",
            ),
            (
                "DB_PASS -> Zk9pQ2xTb3Jq pin -> 4829a apiKey -> Zk9pQ2xTb3Jq",
                "DB_PASS -> <password> pin -> <password> apiKey -> <secret>",
            ),
        ]);
        assert_kept(&[
            "$db_password -> Zk9pQ2 x->api_key -> Zk9pQ2xTb3Jq db_password -> word this.api_key -> Zk9pQ2xTb3Jq",
        ]);
    }

    #[test]
    fn numbers_are_values_of_options_too() {
        assert_hidden(&[
            (r#"["--token",123456789]"#, r#"["--token",<secret>]"#),
            (r#"{"a":["--password", 1234,5]}"#, r#"{"a":["--password", <password>,5]}"#),
            (r#"{"a":["--port",1234]}"#, r#"{"a":["--port",1234]}"#),
        ]);
    }

    #[test]
    fn what_an_option_surely_names_is_hidden_however_it_is_made() {
        assert_hidden(&[
            ("app --client-secret hunter2", "app --client-secret <secret>"),
            (r#"["app","--client-secret","hunter2"]"#, r#"["app","--client-secret","<secret>"]"#),
            ("app --client-secret 'hunter2' x", "app --client-secret '<secret>' x"),
            ("--spring.datasource.password hunter2", "--spring.datasource.password <password>"),
            ("--DB_PASSWORD hunter2 x", "--DB_PASSWORD <password> x"),
            ("run --db_password \"a b\" x", "run --db_password \"<password>\" x"),
            ("--passPhrase hunter2", "--passPhrase <password>"),
            ("x --pin 1234 --otpCode 482913", "x --pin <password> --otpCode <password>"),
            ("x --otp-code 482913 --user-name jdupont", "x --otp-code <password> --user-name <username>"),
            ("--fullName \"Jean Dupont\" x", "--fullName \"<person_name>\" x"),
            (
                "add --first-name Jean --lastName 'Dupont (2)'",
                "add --first-name <person_name> --lastName '<person_name>'",
            ),
            (r#"["--first-name","Jean"]"#, r#"["--first-name","<person_name>"]"#),
        ]);
        assert_kept(&[
            "x --pin 4 --first-name first --last-name NAME --first x --last 5 --full-name is",
            "a.password hunter2 -db_password x --no_db_password_x y --user-id 12 db_password hunter",
        ]);
    }

    #[test]
    fn blanks_stand_before_a_value_but_explanations_are_none() {
        assert_hidden(&[
            ("app --password  hunter2", "app --password  <password>"),
            ("app --password\thunter2", "app --password\t<password>"),
            (r#"{"cmd":"app --password\thunter2"}"#, r#"{"cmd":"app --password\t<password>"}"#),
            ("app --token    uVEaMebPfx9rp x", "app --token    <secret> x"),
            ("[--password hunter2] [--x]", "[--password <password>] [--x]"),
            ("run --password string --x y", "run --password <password> --x y"),
            ("[a, --password, hunter2]", "[a, --password, <password>]"),
        ]);
        assert_kept(&[
            "      --password string   Password of the registry",
            "   --dbPassword string\tof the database",
            "--password value, -p value   the password",
            "[--password PASSWORD] [--user USER]",
            "  --password   Password of the registry",
        ]);
    }

    #[test]
    fn options_name_persons_in_other_languages_too() {
        assert_hidden(&[
            ("importer --imie José -v", "importer --imie <person_name> -v"),
            ("importer --nombre Jean --nom Dupont", "importer --nombre <person_name> --nom <person_name>"),
            ("importer --morada \"12 rue des Lilas\"", "importer --morada \"<postal_address>\""),
            ("importer --cvv '735' --vorname Jean", "importer --cvv '<cvv>' --vorname <person_name>"),
        ]);
        assert_kept(&["importer --nom nom --imie NAME --adresse is nom Dupont prenom Jean"]);
    }

    #[test]
    fn parameters_of_powershell_begin_with_capitals() {
        assert_hidden(&[
            (
                "New-ADUser -GivenName \"Jean\" -Surname \"Dupont\" -SamAccountName \"jdupont\" -Enabled 1",
                "New-ADUser -GivenName \"<person_name>\" -Surname \"<person_name>\" -SamAccountName \"<username>\" -Enabled 1",
            ),
            (
                "x -AccountPassword (ConvertTo-SecureString \"Passw0rd78!\" -AsPlainText -Force)",
                "x -AccountPassword (ConvertTo-SecureString \"<password>\" -AsPlainText -Force)",
            ),
            (
                "Set-ADAccountPassword -NewPassword (ConvertTo-SecureString -String 'Passw0rd78!' -Force) -Reset",
                "Set-ADAccountPassword -NewPassword (ConvertTo-SecureString -String '<password>' -Force) -Reset",
            ),
            ("Connect-X -UserName jdupont -Password Tiger12", "Connect-X -UserName <username> -Password <password>"),
        ]);
        assert_kept(&["x -User USER, -Password PASSWORD - User jdupont"]);
    }
}
