//! Names of persons that go on behind an apostrophe or further words: `O'Brien`, `Jean-Luc d'Arc`, `Hans von und zu Guttenberg`.

use super::ends::{Kind, run_length};
use super::scanner::Pass;
use super::secret::person::is_letter;
use super::value::{NAME, Value, WORDS};

/// Words within names that begin with a small letter.
const PARTICLES: &[&[u8]] = &[
    b"van", b"von", b"vom", b"zu", b"zum", b"zur", b"der", b"den", b"ter", b"ten", b"te", b"de", b"du", b"des", b"di",
    b"da", b"und", b"do", b"dos", b"das", b"del", b"dal", b"della", b"dalla", b"la", b"le", b"el", b"al", b"ben",
    b"bin", b"ibn", b"af", b"av", b"y", b"e",
];
/// Longest particle before an apostrophe, and most letters of a name before one, in bytes.
const ELIDED: usize = 4;
const INITIALS: usize = 2;
/// Words of SQL that stand behind a string.
const OPERATORS: &[&[u8]] = &[b"and", b"or", b"as", b"from", b"where", b"order", b"limit", b"union"];

impl Pass<'_> {
    /// Whether the quote at `at` is an apostrophe in a name, `O'Brien`, of which `detector` tells what it is.
    pub(super) fn is_apostrophe(&self, at: usize, detector: u16) -> bool {
        let own = &self.engine.own;
        self.byte(at) == b'\''
            && (own.person_name == Some(detector)
                || own.username == Some(detector)
                || own.url_parameter == Some(detector))
            && self.is_between_letters(at)
    }

    /// Whether another `'` stands behind the one at `at`, before the next space, that no letter stands behind.
    pub(super) fn is_closed(&self, at: usize) -> bool {
        let word = self.rest(at + 1);
        let word = &word[..word.iter().take(NAME).take_while(|byte| !byte.is_ascii_whitespace()).count()];
        memchr::memchr_iter(b'\'', word).any(|place| !self.is_between_letters(at + 1 + place))
    }

    /// `value` in quotes, and what follows an apostrophe that seemed to close it: `'O'Brien'`.
    pub(super) fn with_apostrophes(&self, mut value: Value, detector: u16) -> Value {
        for _ in 0..WORDS {
            let end = value.span.end;
            if !self.is_apostrophe(end, detector) {
                break;
            }
            let behind = &self.rest(end + 1)[..self.rest(end + 1).len().min(NAME)];
            let word = behind.iter().take_while(|byte| is_letter(**byte)).count();
            let is_operator = OPERATORS.iter().any(|operator| behind[..word].eq_ignore_ascii_case(operator));
            let initials =
                self.text[value.span.clone()].iter().rev().take(NAME).take_while(|byte| is_letter(**byte)).count();
            // Behind `O'` a name goes on, behind a whole one something else may come.
            let is_short = initials <= INITIALS && begins_name(behind);
            let is_part =
                |byte: &u8| is_letter(*byte) || matches!(byte, b' ' | b'-') || is_short && matches!(byte, b'.' | b',');
            let length = behind.iter().take_while(|byte| is_part(byte)).count();
            let is_closed = behind.get(length) == Some(&b'\'') && !behind[..length].ends_with(b" ");
            if is_operator || !is_closed && !is_short {
                break;
            }
            // Where no quote closes it, it goes on to the end of that name.
            value.span.end = end + 1 + if is_closed { length } else { word };
        }
        value
    }

    /// Whether letters stand right before and behind `at`.
    pub(super) fn is_between_letters(&self, at: usize) -> bool {
        is_letter(self.byte_before(at, 1)) && is_letter(self.byte(at + 1))
    }

    /// Where the name of a person ends whose first word ends before `end`. Further ones begin with a capital, or stand before such a
    /// one as `van` and `de` do, and are no other pair.
    pub(super) fn name_end_behind(&self, mut end: usize) -> usize {
        let mut at = end;
        for _ in 0..WORDS {
            let Some((b' ', rest)) = self.rest(at).split_first() else { break };
            let rest = &rest[..rest.len().min(NAME)];
            let mut length = run_length(rest, Kind::Bare);
            if rest.get(length) == Some(&b'\'') && self.is_between_letters(at + 1 + length) {
                length += 1 + run_length(&rest[length + 1..], Kind::Bare);
            }
            length = if rest.starts_with(b"'t ") { 2 } else { length };
            let word = &rest[..length];
            // What stands behind the address in a request.
            let is_protocol =
                word.strip_prefix(b"HTTP").is_some_and(|behind| matches!(behind.first(), None | Some(b'/')));
            let is_name = !is_protocol && begins_name(word) || is_behind_particle(word);
            let is_particle = PARTICLES.contains(&word) || word == b"'t";
            if !is_name && !is_particle || word.iter().any(|byte| matches!(byte, b'=' | b':') || byte.is_ascii_digit())
            {
                break;
            }
            at += 1 + word.len();
            end = if is_name { at } else { end };
        }
        end
    }
}

/// Whether `word` begins as names do.
fn begins_name(word: &[u8]) -> bool {
    word.first().is_some_and(|byte| byte.is_ascii_uppercase() || *byte >= 0xc3)
}

/// Whether a name is glued to a particle in `word`: `d'Arc`, `el-Kader`.
fn is_behind_particle(word: &[u8]) -> bool {
    let Some(mark) = memchr::memchr2(b'\'', b'-', word) else { return false };
    let (before, behind) = (&word[..mark], &word[mark + 1..]);
    let is_elided = word[mark] == b'\'' && (1..=ELIDED).contains(&before.len());
    begins_name(behind) && (is_elided && before.iter().all(u8::is_ascii_lowercase) || PARTICLES.contains(&before))
}

#[cfg(test)]
mod tests {
    use super::super::values::assert_hidden;

    #[test]
    fn names_have_apostrophes_and_particles() {
        assert_hidden(&[
            ("nom=D'Ormesson x", "nom=<person_name> x"),
            ("lastname=O'Brien, x=1", "lastname=<person_name>, x=1"),
            ("/x?lastname=O%27Brien&a=b", "/x?lastname=<person_name>&a=b"),
            ("/x?name=O'Brien&a=b", "/x?name=<url_parameter>&a=b"),
            ("Key (last_name)=(O'Brien) already", "Key (last_name)=(<person_name>) already"),
            ("username=o'brien x", "username=<username> x"),
            ("Failed password for invalid user o'brien from x", "Failed password for invalid user <username> from x"),
            ("User(full_name=Vincent van Gogh, active=true)", "User(full_name=<person_name>, active=true)"),
            ("full_name: Charles de Gaulle", "full_name: <person_name>"),
            ("full_name: Anne de La O'Tour", "full_name: <person_name>"),
            ("last_name=N'Diaye status=200", "last_name=<person_name> status=200"),
            ("(nom)=(N'Diaye) can't", "(nom)=(<person_name>) can't"),
            ("SET nom=N'Diaye' x", "SET nom=N'<person_name>' x"),
            ("Client{last_name='O'Brien', statut=ACTIF}", "Client{last_name='<person_name>', statut=ACTIF}"),
            (r"array('last_name' => 'O\'Brien')", "array('last_name' => '<person_name>')"),
            ("nom='Jean'and x='y' nom='Jean'and 'x'", "nom='<person_name>'and x='y' nom='<person_name>'and 'x'"),
            ("nom='O' x", "nom='O' x"),
            ("CRON[12]: (o'brien) CMD (ls)", "CRON[12]: (<username>) CMD (ls)"),
            ("full_name: Jean-Luc d'Arc", "full_name: <person_name>"),
            ("full_name=Jean-Luc d'Arc x", "full_name=<person_name> x"),
            ("nom=(O'Brien) x", "nom=(<person_name>) x"),
            ("nom='O'Brien", "nom='<person_name>"),
            ("nom='O'Brien, Sean' x", "nom='<person_name>' x"),
            ("full_name='Conan O'Brien Jr.' x", "full_name='<person_name>' x"),
            ("full_name: Abd el-Kader", "full_name: <person_name>"),
            ("full_name: Hans von und zu Guttenberg", "full_name: <person_name>"),
            ("full_name: Jan van 't Hoff", "full_name: <person_name>"),
            ("where nom='Dupont'or'1'='1'", "where nom='<person_name>'or'1'='1'"),
            ("nom='Jean'AND prenom='Anne'", "nom='<person_name>'AND prenom='<person_name>'"),
            ("password for 'jane' changed", "password for '<username>' changed"),
        ]);
    }

    #[test]
    fn names_of_forms_have_a_plus_for_a_space() {
        assert_hidden(&[
            ("GET /login?prenom=%C3%89lodie+Dupont HTTP/1.1", "GET /login?prenom=<person_name> HTTP/1.1"),
            ("GET /?nom=Jean+Dupont HTTP", "GET /?nom=<person_name> HTTP"),
            ("first_name=Jane+Doe&last_name=Roe", "first_name=<person_name>&last_name=<person_name>"),
            ("curl -d 'first_name=Ana+Quispe' u", "curl -d 'first_name=<person_name>' u"),
        ]);
    }
}
