//! Values that software refuses, with their names far from them or behind them: `Duplicate entry 'jane' for key 'users.username'`,
//! `The value 'x' is not valid for Phone`, `"phone" with value "x" fails`.

use std::ops::Range;

use super::pairs::QUOTED;
use super::scanner::Pass;

/// Bytes from a value to its name, and from the name to a value behind it.
const REACH: usize = 320;
/// Longest name with its quotes, in bytes, and longest type of a value before it.
const NAME: usize = 96;
const TYPE: usize = 48;
/// What the names of keys have behind those of their columns, and how many of these at most.
const KEYS: &[&[u8]] = &[b"_unique", b"_uniq", b"_uindex", b"_index", b"_idx", b"_key", b"_uk", b"_uq"];
const ENDINGS: usize = 3;

/// Where a value lies, and what it is called.
type Refused<'a> = (Range<usize>, &'a [u8]);

impl<'a> Pass<'a> {
    /// What is said of a value that is refused, of which the first word stands at `at`.
    pub(super) fn refused(&mut self, at: usize) -> bool {
        let found = match self.text[at] {
            b'D' => self.refused_by_key(at),
            b'd' => self.refused_by_constraint(at),
            b'I' => self.refused_by_column(at),
            b'C' => self.refused_by_path(at),
            _ => self.refused_by_field(at),
        };
        found.is_some_and(|(span, name)| self.take_refused(span, name))
    }

    /// The same behind the word `value` that stands at `at`.
    pub(super) fn refused_value(&mut self, at: usize) -> bool {
        let start = at + b"value ".len();
        if let Some(before) = self.text[..at].strip_suffix(b" with ")
            && matches!(before.last(), Some(b'"' | b'\''))
        {
            let name = &before[before.len().saturating_sub(NAME)..];
            let Some(value) = self.quote(start).and_then(|quote| self.quoted(quote)) else { return false };
            return self.take_refused(value.span, name);
        }
        let found = self.named_behind_mark(start, b"' is not valid for ");
        found.is_some_and(|(span, name)| self.take_refused(span, name))
    }

    /// Keeps what stands at `span` if it is, or has, what is called `name`.
    fn take_refused(&mut self, span: Range<usize>, name: &'a [u8]) -> bool {
        let Some(column) = self.column(without_key(name)) else { return false };
        let is_one = !span.is_empty() && self.take_item(column, Some((span.clone(), QUOTED)), span.clone());
        self.next = if is_one { span.end } else { self.next };
        is_one
    }

    /// The value in the quote that opens at `at` and closes with the `mark`, behind which its name stands.
    fn named_behind_mark(&mut self, at: usize, mark: &[u8]) -> Option<Refused<'a>> {
        let text = self.text.get(at..)?.strip_prefix(b"'")?;
        let text = &text[..text.len().min(REACH)];
        let length = memchr::memmem::find(text, mark);
        self.steps_of(length.unwrap_or(text.len()) / 8);
        let length = length?;
        Some((at + 1..at + 1 + length, name_ahead(&text[length + mark.len()..])))
    }

    /// `Duplicate entry 'x' for key 'users.username'`, as MySQL says it.
    fn refused_by_key(&mut self, at: usize) -> Option<Refused<'a>> {
        const HEAD: &[u8] = b"Duplicate entry ";
        if !self.rest(at).starts_with(HEAD) {
            return None;
        }
        self.named_behind_mark(at + HEAD.len(), b"' for key ")
    }

    /// `Incorrect date value: 'x' for column 'birth' at row 1`.
    fn refused_by_column(&mut self, at: usize) -> Option<Refused<'a>> {
        const VALUE: &[u8] = b" value: ";
        let text = self.rest(at);
        let length = memchr::memmem::find(&text[..text.len().min(TYPE)], VALUE)?;
        self.named_behind_mark(at + length + VALUE.len(), b"' for column ")
    }

    /// `Cast to Number failed for value "x" (type string) at path "phone"`, as Mongoose says it.
    fn refused_by_path(&mut self, at: usize) -> Option<Refused<'a>> {
        const VALUE: &[u8] = b" failed for value \"";
        const PATH: &[u8] = b" at path ";
        let text = self.text.get(at..)?;
        let start = memchr::memmem::find(&text[..text.len().min(TYPE)], VALUE)? + VALUE.len();
        let text = &text[start..text.len().min(start + REACH)];
        let path = memchr::memmem::find(text, PATH);
        self.steps_of(path.unwrap_or(text.len()) / 8);
        let path = path?;
        let value = &text[..path];
        let end = memchr::memmem::rfind(value, b"\" (type").or_else(|| value.strip_suffix(b"\"").map(<[u8]>::len))?;
        Some((at + start..at + start + end, name_ahead(&text[path + PATH.len()..])))
    }

    /// `constraint 'UQ_users_phone'. … The duplicate key value is (x).`, as SQL Server says it, of which `duplicate` stands at `at`.
    fn refused_by_constraint(&mut self, at: usize) -> Option<Refused<'a>> {
        const HEAD: &[u8] = b"duplicate key value is (";
        let text = self.text.get(at..)?.strip_prefix(HEAD)?;
        let start = at + HEAD.len();
        let length = memchr::memchr2(b')', b'\n', &text[..text.len().min(REACH)])?;
        let name = self.named_before_by(at, &[b"constraint '", b"index '"])?;
        Some((start..start + length, name))
    }

    /// `failed to parse field [birth] … Preview of field's value: 'x'`, as Elasticsearch says it, of which `Preview` stands at `at`.
    fn refused_by_field(&mut self, at: usize) -> Option<Refused<'a>> {
        const HEAD: &[u8] = b"Preview of field's value: '";
        let text = self.text.get(at..)?.strip_prefix(HEAD)?;
        let start = at + HEAD.len();
        let length = memchr::memchr2(b'\'', b'\n', &text[..text.len().min(REACH)])?;
        let name = self.named_before_by(at, &[b"failed to parse field ["])?;
        Some((start..start + length, name))
    }

    /// The name behind the last of these `heads` that stands before `at`.
    fn named_before_by(&mut self, at: usize, heads: &[&[u8]]) -> Option<&'a [u8]> {
        let before = &self.text[at.saturating_sub(REACH)..at];
        self.steps_of(before.len() / 8);
        let ends = heads.iter().filter_map(|head| memchr::memmem::rfind(before, head).map(|place| place + head.len()));
        Some(name_ahead(&before[ends.max()?..]))
    }
}

/// The name that `text` begins with, in quotes or not.
fn name_ahead(text: &[u8]) -> &[u8] {
    let is_part = |byte: &&u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'"' | b'\'' | b'`') || **byte >= 0x80
    };
    let name = &text[..text.iter().take(NAME).take_while(is_part).count()];
    let is_mark = |byte: &&u8| matches!(byte, b'.' | b'"' | b'\'' | b'`');
    &name[..name.len() - name.iter().rev().take_while(is_mark).count()]
}

/// `name` without what the name of a key has behind that of its column.
fn without_key(mut name: &[u8]) -> &[u8] {
    for _ in 0..ENDINGS {
        let digits = name.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
        let stem = &name[..name.len() - digits];
        let stem = if digits > 0 { stem.strip_suffix(b"_").unwrap_or(stem) } else { stem };
        let is_one = |ending: &&&[u8]| {
            let length = stem.len().checked_sub(ending.len());
            length.is_some_and(|length| stem[length..].eq_ignore_ascii_case(ending))
        };
        let ending = KEYS.iter().find(is_one).map_or(0, |ending| ending.len());
        let shorter = &stem[..stem.len() - ending];
        if shorter.len() == name.len() {
            break;
        }
        name = shorter;
    }
    name
}

#[cfg(test)]
mod tests {
    use super::super::values::{assert_hidden, assert_kept};

    #[test]
    fn names_stand_behind_what_is_refused() {
        assert_hidden(&[
            (
                "Duplicate entry 'jdupont' for key 'users.username'",
                "Duplicate entry '<username>' for key 'users.username'",
            ),
            (
                "Duplicate entry 'jdupont' for key 'users_username_unique'",
                "Duplicate entry '<username>' for key 'users_username_unique'",
            ),
            (
                "Duplicate entry '0612345678' for key 'UK_telephone_2'",
                "Duplicate entry '<phone_fr>' for key 'UK_telephone_2'",
            ),
            (
                "Duplicate entry '44051401359' for key 'users.pesel'",
                "Duplicate entry '<pl_pesel>' for key 'users.pesel'",
            ),
            ("Duplicate entry 'O'Brien' for key 'last_name'", "Duplicate entry '<person_name>' for key 'last_name'"),
            (
                "Incorrect date value: '05/03/1985' for column `app`.`users`.`birth_date` at row 1",
                "Incorrect date value: '<birth_date>' for column `app`.`users`.`birth_date` at row 1",
            ),
            ("The value '06 12 34' is not valid for Password.", "The value '<password>' is not valid for Password."),
            (
                "\"password\" with value \"Summer2024\" fails to match",
                "\"password\" with value \"<password>\" fails to match",
            ),
            ("\"telephone\" with value \"0612345678\" fails", "\"telephone\" with value \"<phone_fr>\" fails"),
            (
                "Cast to Number failed for value \"111222333\" (type string) at path \"bsn\" for model",
                "Cast to Number failed for value \"<nl_bsn>\" (type string) at path \"bsn\" for model",
            ),
            (
                "Violation of UNIQUE KEY constraint 'UQ_users_username'. Cannot insert duplicate key in object 'dbo.users'. The duplicate key value is (jdupont).",
                "Violation of UNIQUE KEY constraint 'UQ_users_username'. Cannot insert duplicate key in object 'dbo.users'. The duplicate key value is (<username>).",
            ),
            (
                "failed to parse field [birth_date] of type [date] in document with id '1'. Preview of field's value: '05/03/1985'",
                "failed to parse field [birth_date] of type [date] in document with id '1'. Preview of field's value: '<birth_date>'",
            ),
        ]);
        assert_kept(&[
            "Duplicate entry '0612345678' for key 'orders.reference' Duplicate entry 'x' for key 'PRIMARY'",
            "\"port\" with value \"111222333\" fails, a map with value \"x\" value 'x' is not valid for Port.",
            "Incorrect integer value: 'abc' for column 'age' at row 1 Incorrect syntax near value: 'x'",
        ]);
    }

    #[test]
    fn names_stand_beside_what_is_refused() {
        assert_hidden(&[
            (
                "propertyPath=telephone, rootBeanClass=class fr.acme.domain.model.User, invalidValue='0612345678'",
                "propertyPath=telephone, rootBeanClass=class fr.acme.domain.model.User, invalidValue='<phone_fr>'",
            ),
            (
                r#"{"field":"bsn","message":"must match the pattern of such numbers","rejectedValue":"111222333"}"#,
                r#"{"field":"bsn","message":"must match the pattern of such numbers","rejectedValue":"<nl_bsn>"}"#,
            ),
            (
                r#"[{"op":"replace","path":"/password","value":"Summer2024!"}]"#,
                r#"[{"op":"replace","path":"/password","value":"<password>"}]"#,
            ),
            (
                r#"[{"op":"add","path":"/users/4/bsn","value":111222333}]"#,
                r#"[{"op":"add","path":"/users/4/bsn","value":<nl_bsn>}]"#,
            ),
            (
                "on field 'telephone': rejected value [0612345678]; codes [Pattern]",
                "on field 'telephone': rejected value [<phone_fr>]; codes [Pattern]",
            ),
        ]);
        assert_kept(&[
            r#"{"path":"/auth/password","method":"GET","value":"0.53"} {"name":"latency","value":"111222333"}"#,
            "propertyPath=quantity, rootBeanClass=class U, invalidValue='111222333'",
        ]);
    }
}
