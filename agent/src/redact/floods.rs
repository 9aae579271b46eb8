//! Texts made of pieces that come close to values behind names: floods of them take time in proportion, and of any of them what is found lies
//! in order.

use std::sync::Arc;

use proptest::prelude::*;

use super::values::engine;
use super::{Place, Scanner};

/// Pieces of floods whose every piece begins something that goes on to the end.
const FLOODS: &[&str] = &[
    "eyJ.",
    "SG.",
    "pat_.",
    "glpat-.",
    "key-.",
    "xoxb-.",
    "hf_.",
    "-sk-",
    "-sk-a1B2",
    "-hf_a1B2",
    "-eyJa",
    "-glpat-",
    "lat=",
    "?state=",
    "user=",
    "nom=",
    "token=/a/",
    "exp=12",
    "password=${",
    "cookie=${",
    "cookie: ${",
    "cookie: ${a=\"b\" ",
    "cookie=${a=\"b;",
    "user=[\"",
    "token:{\"",
    "://a@",
    "user=\"\\\"",
    "nom:<",
    "pin=[",
    "pin={",
    "pin=[a,",
    "pin=[1,\"",
    "pin=[\"abcd\",",
    "a[pin]=",
    "pin=Some(",
    "pin:{a:1,",
    "pin:{a=",
    "pin:{a:Zk9p1",
    "pin=A(a=b1",
    "pin:[a:[",
    "pin=x%20",
    "pin=ab12%20",
    "pin[0]=",
    "user: jane Host ",
    "pin=(a",
    "pin: a_",
    "pin=\" ",
    "pin='a''",
    "pin=''a",
    "pin=                                ",
    "pin                                =",
    "pin1=",
    "pin:{\"type\":\"string\",",
    "identified by ",
    "hooks.slack.com/services/a",
    "discord.com/api/webhooks/",
    "bot12345678:AA",
    "12345678:AAH",
    "[[\"pin\",\"",
    "[(\"pin\",\"",
    "('user','",
    "\"input\":",
    "loc: (input:",
    "{\"value\":",
    "\"value\":{\"value\":\"",
    "\"family\":",
    "\"given\":[\"",
    "<key>pin</key>",
    "<key>pin</key><value>",
    "dob [1985,3,5",
    "[jane] OK LOGIN",
    "a/1.2.3.4:1 [",
    "add 'jane' to group ",
    "User@Host: a",
    "(jane) LIST (",
    "[sudo] password for ",
    "a:$6$a:1:0:99999:7:",
    ":0:99999:7:",
    "sqlplus -a ",
    "sqlplus a/",
    "requirepass ",
    "user [a]\\[",
    "zip -P",
    "pass:: ",
    "office.com/webhook/a@",
    "pin in('",
    "(pin) in(('",
    "pin <> '",
    "pin<>",
    "pin != '",
    "pin between 'a' and ",
    "(a,pin) = ('1",
    "(a,pin)=(a",
    "pin=any('",
    "pin = ANY(ARRAY['",
    "'a' = pin ",
    "'=pin'",
    "OPTIONS (pass 'a",
    "pin==",
    "pin:=",
    "pin->",
    "pass -> a1",
    "pin='a' -> ",
    "pin='a'=>'b'",
    "pin=a.b||",
    "pin={{default(\"",
    "pin=${a}b",
    "pass=pass||\"",
    "pin: str",
    "su: (to ",
    "su[1]: + a a:",
    "sudo: a : ",
    "Login OK: [a/b] (",
    "Login OK: [",
    "date(1985, 3, 5",
    "mysql -u ",
    "sudo -a ",
    "%B4111111111111111^A^",
    ";4111111111111111=2512101",
    "gps=1.12345 ",
    "2001:db8::1.1 > ",
    "password=a.b.",
    "password=a.b(",
    "password=env(\"a\",\"",
    "password]: ",
    "pam_a(password:auth)",
    "token=\"<email>",
    "<pin a=\"",
    "<pin a='b'>",
    "<pin><![CDATA[",
    "value=",
    "val=\"",
    "\"val\":\"",
    "key=pin,val=\"",
    "\"--pass\",\"",
    "--token ",
    "-pwd ",
    "--pass \"",
    "\"mysql\",\"-p\",\"",
    "s:3:\"pin\";",
    "s:3:\"pin\";s:9:\"",
    "s:9:",
    "[pin] => ",
    "[pin:a:private] =>",
    "VALUES (",
    "(pin) VALUES (",
    "(pin) VALUES ('",
    "(bsn) VALUES ('",
    "(bsn) VALUES (a(",
    "bsn IN ('",
    "DATE '",
    "Duplicate entry '",
    "Duplicate entry 'a' for key 'bsn",
    "Incorrect a value: '",
    "Cast to a failed for value \"",
    "duplicate key value is (",
    "Preview of field's value: '",
    "\"bsn\" with value \"",
    "value 'a",
    "{\"path\":\"/bsn\",\"value\":\"",
    "path=bsn,value=\"",
    "-Imie (",
    "(pin) VALUES (a(",
    ") VALUES ",
    "pin in ('",
    "pin in (1,",
    "user like '",
    "#012",
    "#012pin=",
    "field 'pin': rejected value [",
    "SET PASS FOR ",
    "IDENTIFIED BY ",
    "`pin`=",
    "aS-1-",
    "..:",
    "a:@tcp()/",
    "@tcp(",
    "net.",
    "}htpa",
    "\\",
    ":’",
    "api_keys: {",
    "5612::1 ::",
    "GB 667 4359 39é",
    "«LT815534911=",
];

#[test]
fn floods_of_beginnings_take_time_in_proportion() {
    let engine = engine();
    let mut slow = Vec::new();
    for piece in FLOODS {
        let text: Vec<u8> = piece.bytes().cycle().take(40_000).collect();
        let mut scanner = Scanner::new(Arc::clone(&engine));
        scanner.scan(&text, Place::default(), &mut Vec::new());
        if scanner.steps() > 70 * text.len() as u64 {
            slow.push(format!("{piece}: {} steps", scanner.steps()));
        }
    }

    assert!(slow.is_empty(), "{}", slow.join("\n"));
}

/// How many steps a flood of `piece` takes for each of this many bytes.
fn steps_for_each(engine: &Arc<super::Engine>, piece: &str, length: usize) -> u64 {
    let text: Vec<u8> = piece.bytes().cycle().take(length).collect();
    let mut scanner = Scanner::new(Arc::clone(engine));
    scanner.scan(&text, Place::default(), &mut Vec::new());
    scanner.steps() / text.len() as u64
}

#[test]
fn floods_of_values_that_go_on_behind_marks_take_time_in_proportion() {
    let engine = engine();
    let names = ["nom=", "user=", "token=", "token=${", "passwords: [", "{\"token\":[", "<a password=", "--password "];
    let opening = ["", "'", "\"", "("];
    let marks = [
        "a<", "a''", "a\"\"", "O'", "%20", "%27", "%22", "%28", "&#39;", "&quot;", "\\u0022", "\\x27", "'%27",
        "\"&quot;",
    ];
    let mut slow = Vec::new();
    let opened = names.iter().flat_map(|name| opening.iter().map(move |open| format!("{name}{open}")));
    for piece in opened.flat_map(|opened| marks.map(|mark| format!("{opened}{mark}"))) {
        let steps = steps_for_each(&engine, &piece, 1 << 12);
        if steps > 70 {
            slow.push(format!("{piece}: {steps}"));
        }
    }
    for piece in [
        "nom=O'",
        "token=a<",
        "\"name\":",
        "{\"name\":\"x\",",
        "\"name\":\\\"name\\\":",
        "passwords: ['%27",
        "{\"passwords\":{\"a/b\":\"x1\",",
        "<a password=\"&quot;",
        "password=\"\\u0022",
        "passwords: a, ",
        "passwords: \"a\", ",
        "passwords='a',",
        "\"password\":[\"a\",",
        "\"passwords\":{\"a\":null,",
        "\"passwords\":{\"a\":[[null,",
        "\"pin\":[[1],",
        "otp:[1,2,",
        "otp:[true,\"\",",
    ] {
        // The longer one is as long as lines may be.
        let steps =
            [1 << 12, 1 << 18].map(|length| if slow.is_empty() { steps_for_each(&engine, piece, length) } else { 0 });
        if steps.iter().any(|steps| *steps > 70) {
            slow.push(format!("{piece}: {steps:?}"));
        }
    }

    assert!(slow.is_empty(), "{}", slow.join("\n"));
}

/// How many steps a text takes for each of its bytes, whose halves are made of two pieces.
fn steps_of_halves(engine: &Arc<super::Engine>, halves: [&str; 2], length: usize) -> f64 {
    let [first, second] = halves.map(|piece| piece.bytes().cycle().take(length / 2).collect::<Vec<u8>>());
    let text = [first, second].concat();
    let mut scanner = Scanner::new(Arc::clone(engine));
    scanner.scan(&text, Place::default(), &mut Vec::new());
    scanner.steps() as f64 / text.len() as f64
}

/// A chain was walked anew from every 24th of its groups on, up to the first number that counts: in the square of its length.
#[test]
fn groups_before_a_number_that_counts_are_walked_once() {
    let engine = engine();
    let mut slow = Vec::new();
    for halves in [["1-", "06-12-34-56-78 "], ["12.1.", "06.12.34.56.78 "]] {
        let steps = [1 << 12, 1 << 16].map(|length| steps_of_halves(&engine, halves, length));
        if steps.iter().any(|steps| *steps > 3.0) {
            slow.push(format!("{halves:?}: {steps:?}"));
        }
    }

    assert!(slow.is_empty(), "{}", slow.join("\n"));
}

/// Each look back for words went over all that was found before a place, of which any number may overlap.
#[test]
fn what_was_found_is_not_gone_over_one_by_one() {
    let engine = engine();
    for halves in [["plaque=AI-123-CD ", "plaque=AI-123-CD "], ["+33612345678 ", "tel 1 "]] {
        let steps = [1 << 12, 1 << 16].map(|length| steps_of_halves(&engine, halves, length));
        assert!(steps.iter().all(|steps| *steps < 3.0), "{halves:?}: {steps:?}");
    }
}

/// The members around each value were looked through for one that holds a name, for every value anew.
#[test]
fn members_without_names_are_looked_through_once() {
    let engine = engine();
    let steps = steps_of_halves(&engine, ["val=\"", "val=\""], 1 << 12);

    assert!(steps < 10.0, "{steps}");
}

/// Pieces of which texts are made that come close to values behind names.
pub(crate) const PIECES: &[&str] = &[
    "password",
    "token",
    "user",
    "nom",
    "cookie",
    "lat",
    "cvv",
    "PASS",
    "password=",
    "nom: ",
    "cookie: ",
    "Authorization: ",
    ":",
    "=",
    " = ",
    ": ",
    " ",
    "  ",
    "\"",
    "'",
    "\\\"",
    "\\\\\\\"",
    "\\",
    "b'",
    "u\"",
    "[",
    "{",
    "]",
    "}",
    "(",
    ")",
    ",",
    "<",
    ">",
    "<password>",
    "<secret_42>",
    "!!str ",
    "+",
    "%22",
    "Token ",
    "IDENTIFIED BY ",
    "CREATE USER x ",
    "-D",
    "-Dpassword=",
    "password_1=",
    "api_key",
    "12",
    "_",
    "\t",
    "''",
    "\"\"",
    "{\"type\":\"string\",",
    "user: ",
    "WITH PASSWORD '",
    "name=\"password\"",
    "\\r\\n",
    "\n",
    "hunter22x",
    "Durand",
    "jdupont",
    "eyJhbGciOiJIUzI1NiJ9",
    "eyJ",
    "glpat-",
    ".",
    "..",
    "123456782",
    "bsn ",
    "jane@example.org",
    "://",
    "/",
    "jdbc:oracle:thin:",
    "@",
    "x",
    "é",
    "mysql -p",
    "--password ",
    "Digest username=",
    "abcdefghijklmnopqrstuvwxyz0123456789",
    "\u{a0}",
    "&",
    ";",
    "?state=",
    "pin=[1234,",
    "[password]=",
    "Some(",
    "N'",
    "%20",
    "true,",
    "Host: ",
    "hooks.slack.com/services/",
    "123456789:AAH",
    "su: (to ",
    "sudo: ",
    "Login OK: [",
    "datetime.date(1985, 3, 5)",
    "birth=",
    "mysql -u ",
    "%B4111111111111111^",
    "=25121010000",
    "gps=",
    "48.85661",
    " > ",
    "2001:db8::1.443",
    "os.environ",
    ".get(",
    "[\"",
    "password]: ",
    "pam_unix(password:auth)",
    "token_type=Bearer ",
    "%s",
    "$1",
    "?",
    "value",
    "\"value\":",
    "key=",
    "name=\"password\" ",
    "--token ",
    "\"--password\"",
    "\"mysql\",\"-p",
    "s:8:\"",
    ";s:4:\"",
    "i:1234;",
    "[password] => ",
    "[token:protected] => ",
    "(name, password) ",
    "VALUES (",
    "IN (",
    "LIKE '%",
    "#012",
    "<password a='b'>",
    "</password>",
    "<![CDATA[",
    "]]>",
    "field 'password': rejected value [",
    "(bsn, nom) VALUES ('",
    "Duplicate entry '",
    "' for key 'users.bsn'",
    "\"path\":\"/bsn\"",
    "propertyPath=bsn, ",
    "invalidValue='",
    "-GivenName \"",
    "\"bsn\" with value \"",
    "`",
    "SET PASSWORD FOR ",
    "[jane] OK LOGIN",
    "/203.0.113.9:1194 MULTI",
    "User@Host: jane[",
    "(jane) LIST (",
    "[sudo] password for jane: ",
    ":$6$ab$cd:19000:0:99999:7:::",
    "sqlplus ",
    "jane/x@",
    "user [",
    "]\\[",
    "userPassword:: ",
    "IN('",
    " <> '",
    " != '",
    " BETWEEN 'x' AND '",
    "(name, password) = (",
    " = ANY(ARRAY['",
    "' = password ",
    "password==",
    "password:=",
    "password -> ",
    " -> \"",
    " || '",
    "{{ pw | default('",
    "${PW}",
    "password: str = \"",
    "[[\"password\",\"",
    "('username', '",
    "'loc': ('body', 'password'), ",
    "'input': ",
    "{\"value\":\"",
    "'\\''",
    "nom='a'\\''",
    "nom='O'",
    "--full-name ",
    "--db_password\t",
    "[--password ",
    "\"family\":\"",
    "\"given\":[\"",
    "<key>password</key>",
    "<string>",
    "</string>",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn values_lie_in_order_within_any_text(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..40), escaped: bool) {
        super::check::check(pieces.concat().as_bytes(), Place { key: b"", escaped });
    }
}
