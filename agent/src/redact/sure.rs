//! How surely a name tells what its value is, from which its check knows how the value may be made.

use super::pairs::{BARE, QUOTED};

/// What a check gets of a value behind a name that means nothing but a secret, without quotes.
pub(super) const SURE: u8 = 5;
/// The same of one in quotes, or one that is else known to its end.
pub(super) const SURE_QUOTED: u8 = 6;
/// Of one in quotes behind a name that means nothing but the name of a person, and behind one that most often does.
pub(super) const PERSON: u8 = 7;
pub(super) const CALLED: u8 = 8;
/// Behind a name that things have as persons do.
pub(super) const THING: u8 = 9;

/// Names that mean nothing but a secret.
const SECRETS: &[&str] = &[
    "client_secret",
    "clientsecret",
    "api_secret",
    "app_secret",
    "application_secret",
    "consumer_secret",
    "webhook_secret",
    "signing_secret",
    "jwt_secret",
    "session_secret",
    "cookie_secret",
    "shared_secret",
    "secret_access_key",
    "aws_secret_access_key",
    "x_api_key",
];
/// Names of persons that other things may have, too.
const CALLS: &[&str] = &[
    "nom",
    "nombre",
    "nome",
    "naam",
    "nom_client",
    "client_name",
    "customer_name",
    "contact_name",
    "sender_name",
    "recipient_name",
    "beneficiary_name",
    "holder_name",
    "familia",
    "family_value",
    "given_value",
];
const THINGS: &[&str] = &["display_name", "displayname"];

/// The detector for the values behind a name, and how surely it is that.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told {
    pub(super) detector: u16,
    /// What a check gets of a value in quotes, if more than that.
    kind: u8,
}

impl Told {
    /// The number by which a table leads from `name`, one of those of `entity`, to the detector at `place`.
    pub(super) fn number(place: u16, entity: &str, name: &str) -> u32 {
        let kind = match entity {
            "secret" if SECRETS.contains(&name) => SURE_QUOTED,
            "person_name" if THINGS.contains(&name) => THING,
            "person_name" if CALLS.contains(&name) => CALLED,
            "person_name" => PERSON,
            _ => QUOTED,
        };
        u32::from(kind) << 16 | u32::from(place)
    }

    /// That of values of `detector`, of which no more is known.
    pub(super) fn of(detector: u16) -> Self {
        Self { detector, kind: QUOTED }
    }

    /// That of such a number.
    pub(super) fn of_number(number: u32) -> Self {
        Self { detector: number as u16, kind: (number >> 16) as u8 }
    }

    /// What the check of a value gets that is written in this `kind`.
    pub(super) fn kind(self, kind: u8) -> u8 {
        match (self.kind, kind) {
            (SURE_QUOTED, BARE) => SURE,
            (THING, _) | (_, QUOTED) => self.kind,
            (SURE_QUOTED, _) => SURE_QUOTED,
            _ => kind,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::values::{assert_hidden, assert_kept};

    #[test]
    fn names_of_persons_have_any_marks_in_quotes() {
        assert_hidden(&[
            (r#"{"full_name":"Jane Doe (external)"}"#, r#"{"full_name":"<person_name>"}"#),
            (r#"{"full_name":"Jean \"JD\" Dupont"}"#, r#"{"full_name":"<person_name>"}"#),
            (r#"{"log":"{\"full_name\":\"Jane Doe (ext)\"}"}"#, r#"{"log":"{\"full_name\":\"<person_name>\"}"}"#),
            (r#"{"nom":"Dupont / Martin"}"#, r#"{"nom":"<person_name>"}"#),
            ("nom='Dupont & fils' x", "nom='<person_name>' x"),
            (r#"{"nom":"Dupont_Martin"}"#, r#"{"nom":"<person_name>"}"#),
            (r#"{"nom":"Jane 2"} {"lastName":"doe_2"}"#, r#"{"nom":"<person_name>"} {"lastName":"<person_name>"}"#),
            (r#"{"nom":"Mme. Dupont; Jean","a":"b"}"#, r#"{"nom":"<person_name>","a":"b"}"#),
            ("<full_name>Fran&ccedil;ois Dupont</full_name>", "<full_name><person_name></full_name>"),
            (r#"<user lastName="Doe (2)"/>"#, r#"<user lastName="<person_name>"/>"#),
            ("display_name=\"Jane Doe\"", "display_name=\"<person_name>\""),
        ]);
        assert_kept(&[
            r#"{"full_name":"octocat/Hello-World","last_name":"required|max:255","first_name":"https://x/y z"}"#,
            r#"{"first_name":"is too short (minimum is 2)","last_name":"$last","full_name":"{{ user.name }}"}"#,
            r#"{"nom":"web-01","nome":"rapport 2026 (v2)","naam":"Pod2","nombre":"srv_db","nom":"12"}"#,
            "display_name=Checkout Service x",
            r#"{"displayName":"Checkout Service","display_name":"Jane (2)"}"#,
        ]);
    }

    #[test]
    fn secrets_are_hidden_whole_behind_what_surely_names_them() {
        assert_hidden(&[
            ("api_key=3rMW6WzVF{MNeFc72Re x", "api_key=<secret> x"),
            ("client_secret=hun{ter2 x", "client_secret=<secret> x"),
            ("access_token=VTvY{fBhn99FWGvpQ", "access_token=<secret>"),
            ("token=aBc[9dEf0gHi x", "token=<secret> x"),
            ("<client_secret>hunter2</client_secret>", "<client_secret><secret></client_secret>"),
            (r#"<add key="ClientSecret" value="hunter2"/>"#, r#"<add key="ClientSecret" value="<secret>"/>"#),
            (r#"<e key="ClientSecret">hunter2</e>"#, r#"<e key="ClientSecret"><secret></e>"#),
            ("INSERT INTO t (client_secret) VALUES ('hunter2')", "INSERT INTO t (client_secret) VALUES ('<secret>')"),
            ("WHERE client_secret <> 'hunter2'", "WHERE client_secret <> '<secret>'"),
            (r#"{"name":"client_secret","value":"hunter2"}"#, r#"{"name":"client_secret","value":"<secret>"}"#),
            (r#"[["client_secret","hunter2"]]"#, r#"[["client_secret","<secret>"]]"#),
            ("client_secret=12345 x", "client_secret=<secret> x"),
        ]);
        assert_kept(&[
            "token = AppWindowToken{3227890 x} token=MyClass{a1b2c3d4 x token=get_it(a1b2c3d4 x token=HTTPServer[12345678 x",
            r#"{"name":"client_secret","value":"<secret>"} client_secret=Secret{ab12"#,
            r#"{"name":"token","value":"hunter2"} <token>hunter2</token> client_secret=abc"#,
        ]);
    }

    #[test]
    fn hashes_of_passwords_are_some_too() {
        assert_hidden(&[
            (r#"{"password_hashes":["$2y$10$N9qo8uLO"]}"#, r#"{"password_hashes":["<password>"]}"#),
            (r#"{"passwordHashes":{"jane":"$2y$10$N9qo"}}"#, r#"{"passwordHashes":{"jane":"<password>"}}"#),
            (
                r#"{"pwd_digest":"5f4dcc3b5aa765d6","password_md5":"5f4d"}"#,
                r#"{"pwd_digest":"<password>","password_md5":"<password>"}"#,
            ),
        ]);
    }
}
