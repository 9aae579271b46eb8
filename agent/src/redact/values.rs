//! Values behind names and beginnings: hidden whole, however they are written and however long, in time that grows with their length.

use std::sync::Arc;

use super::{Detector, Engine, Place, Scanner, Strictness, all};

pub(super) fn engine() -> Arc<Engine> {
    Arc::new(Engine::new(&all().collect::<Vec<_>>(), Strictness::Normal))
}

/// `text` with `label` in place of what is found, which all ways of looking find.
fn replaced(engine: &Arc<Engine>, text: &str, label: impl Fn(&str) -> String) -> String {
    super::check::check(text.as_bytes(), Place::default());
    let detectors: Vec<&Detector> = all().collect();
    let (mut found, mut out, mut from) = (Vec::new(), String::new(), 0);
    Scanner::new(Arc::clone(engine)).scan(text.as_bytes(), Place::default(), &mut found);
    for one in &found {
        out += text.get(from..one.start as usize).expect("whole letters");
        out += &label(detectors[usize::from(one.detector)].entity);
        from = one.end as usize;
    }
    out + text.get(from..).expect("whole letters")
}

fn labelled(engine: &Arc<Engine>, text: &str) -> String {
    replaced(engine, text, |entity| format!("<{entity}>"))
}

/// Asserts that each of these texts becomes what stands beside it.
pub(super) fn assert_hidden(cases: &[(&str, &str)]) {
    let engine = engine();
    let hidden = cases.iter().map(|(text, expected)| (text, labelled(&engine, text), expected));
    let wrong: Vec<String> = hidden
        .filter(|(_, hidden, expected)| hidden != *expected)
        .map(|(text, hidden, expected)| format!("{text}\n   is {hidden}\n  not {expected}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Asserts that nothing is hidden in these texts.
pub(super) fn assert_kept(texts: &[&str]) {
    let cases: Vec<(&str, &str)> = texts.iter().map(|text| (*text, *text)).collect();
    assert_hidden(&cases);
}

#[test]
fn values_behind_written_breaks_and_within_colours_are_found() {
    assert_hidden(&[
        (r#"{"a":"x\npassword=hunter22x\n203.0.113.7"}"#, r#"{"a":"x\npassword=<password>\n<ipv4>"}"#),
        (r#"{"a":"x\njane@example.org"}"#, r#"{"a":"x\n<email>"}"#),
        (r"failed\npassword=hunter22x ok", r"failed\npassword=<password> ok"),
        (
            r#"msg="bad creds:\nghp_0123456789abcdefghijABCDEFGHIJ012345\n2a01:cb00:8a5:d400::1\n1 84 12 76 451 089 46""#,
            r#"msg="bad creds:\n<github_token>\n<ipv6>\n<fr_nir>""#,
        ),
        ("\x1b[36m203.0.113.7\x1b[0m ok", "\x1b[36m<ipv4>\x1b[0m ok"),
        ("\x1b[3mpassword\x1b[0m\x1b[2m=\x1b[0m\"hunter22x\"", "\x1b[3mpassword\x1b[0m\x1b[2m=\x1b[0m\"<password>\""),
        (r"\u001b[31mjane@example.org\u001b[0m", r"\u001b[31m<email>\u001b[0m"),
    ]);
}

#[test]
fn the_whole_value_is_hidden_however_its_quotes_are_written() {
    assert_hidden(&[
        ("{b'password': b'hunter22x'}", "{b'password': b'<password>'}"),
        ("{'password': u\"hunter22x\"}", "{'password': u\"<password>\"}"),
        ("password=r'hunter22x' ok", "password=r'<password>' ok"),
        ("password = f\"hunter22x\"", "password = f\"<password>\""),
        ("password: Rb'hunter22x'", "password: Rb'<password>'"),
        ("password: !!str hunter22x", "password: !!str <password>"),
        ("password: !!str 'hunter 22x'", "password: !!str '<password>'"),
        ("%22password%22%3A+%22hunter22x%22", "%22password%22%3A+%22<password>%22"),
        (r#"{\\\"password\\\": \\\"hunter22x\\\"}"#, r#"{\\\"password\\\": \\\"<password>\\\"}"#),
        (
            r#"{\\\"password\\\":\\\"hunter 22x\\\",\\\"a\\\":1}"#,
            r#"{\\\"password\\\":\\\"<password>\\\",\\\"a\\\":1}"#,
        ),
        (r#"{\\"token\\": \\"hunter22x\\"}"#, r#"{\\"token\\": \\"<secret>\\"}"#),
        (r#"{\\\"password\\\": \\\"a\\\\\\\"b c\\\"}"#, r#"{\\\"password\\\": \\\"<password>\\\"}"#),
        (r#"{"log":"{\"password\":\"abc\\\\\"}"} x"#, r#"{"log":"{\"password\":\"<password>\"}"} x"#),
        (r#"{"log":"{\"password\":\"hunter"} x"#, r#"{"log":"{\"password\":\"<password>"} x"#),
        ("user: u'jdupont' x", "user: u'<username>' x"),
        ("{b'nom': b'Durand'}", "{b'nom': b'<person_name>'}"),
    ]);
}

#[test]
fn quotes_are_known_behind_up_to_fifteen_backslashes() {
    let engine = engine();
    for count in 0..=15 {
        for (name, value, entity) in [
            ("password", "hunter22x", "password"),
            ("token", "hunter22x", "secret"),
            ("user", "jdupont", "username"),
            ("nom", "Durand", "person_name"),
            ("cvv", "123", "cvv"),
            ("cookie", "id=a3fWa", "cookie"),
        ] {
            for space in ["", " "] {
                let quote = format!("{}\"", "\\".repeat(count));
                let text =
                    |value: &str| format!("{{{quote}{name}{quote}:{space}{quote}{value}{quote},{quote}a{quote}:1}}");
                assert_eq!(labelled(&engine, &text(value)), text(&format!("<{entity}>")));
            }
        }
    }
}

#[test]
fn what_stands_in_the_brackets_of_a_secret_is_hidden() {
    assert_hidden(&[
        (r#"{"password":["hunter22x"]}"#, r#"{"password":["<password>"]}"#),
        (r##"got "password":["hunter22x""##, r##"got "password":["<password>""##),
        (r##"got "password":["hunter 22x"##, r##"got "password":["<password>"##),
        (
            r#"{"password":["hunter22x", "b]c", [1]], "a":"b"}"#,
            r#"{"password":["<password>", "<password>", [<password>]], "a":"b"}"#,
        ),
        (r#"{"password":{"v":"hunter22x"}}"#, r#"{"password":{"v":"<password>"}}"#),
        (
            r#"{"password": {"v":123456,"w":{"x":"hunter22x"}},"a":1}"#,
            r#"{"password": {"v":<password>,"w":{"x":"<password>"}},"a":1}"#,
        ),
        (r#"{\"password\":[\"hunter22x\"],\"a\":1}"#, r#"{\"password\":[\"<password>\"],\"a\":1}"#),
        (r#""token":["hunter22x"]"#, r#""token":["<secret>"]"#),
        (r#""user":["jdupont"]"#, r#""user":["<username>"]"#),
        (r#""session":{"state":"open","id":"a"}"#, r#""session":{"state":"open","id":"a"}"#),
        (
            r#""auth":{"type":"operator"} "signature":["verified"]"#,
            r#""auth":{"type":"operator"} "signature":["verified"]"#,
        ),
        (r#""user":{"age":"jdupont"}"#, r#""user":{"age":"jdupont"}"#),
        (r#""password":["null"] "password":{"#, r#""password":["null"] "password":{"#),
    ]);
}

#[test]
fn each_item_of_a_secret_is_hidden_and_its_brackets_stay() {
    assert_hidden(&[
        (r#"{"password":["hunter2",12],"level":"info"}"#, r#"{"password":["<password>",<password>],"level":"info"}"#),
        (
            r#"{"password":{"value":"abc","set":true},"a":"b"}"#,
            r#"{"password":{"value":"<password>","set":true},"a":"b"}"#,
        ),
        (r#"{"pin":[1234,5678]}"#, r#"{"pin":[<password>,<password>]}"#),
        (r#"{"password":[true,"hunter2"]}"#, r#"{"password":[true,"<password>"]}"#),
        (r#"{"password":[12, "hunter2"], "a":"b"}"#, r#"{"password":[<password>, "<password>"], "a":"b"}"#),
        (r#"{"password":{"a@b.example":"hunter2"}}"#, r#"{"password":{"<email>":"<password>"}}"#),
        (r#"{\"password\":[\"a b\",\"c\"],\"a\":1}"#, r#"{\"password\":[\"<password>\",\"<password>\"],\"a\":1}"#),
        (r#"{"token":["abcd1234efgh","ab"],"a":[1]}"#, r#"{"token":["<secret>","<secret>"],"a":[1]}"#),
        ("password=[hunter2, azerty] x", "password=[<password>, <password>] x"),
        ("{'password': [b'hunter2', None]}", "{'password': [b'<password>', None]}"),
        (r#"{"password":["hunter2",["a"#, r#"{"password":["<password>",["<password>"#),
    ]);
    assert_kept(&[
        r#"{"password":["<password>",<password>],"level":"info"}"#,
        r#"{"password":[<password>,"<password>"],"level":"info"}"#,
        r#"{"password":[12,13],"token":[1,2],"pin":[true,null]}"#,
        "password=[password] password=[]",
    ]);
}

#[test]
fn values_stand_before_the_next_key() {
    assert_hidden(&[
        ("Username: jdupont Password: azerty Domain: CORP", "Username: <username> Password: <password> Domain: CORP"),
        ("Account Name: jdupont Account Domain: CORP", "Account Name: <username> Account Domain: CORP"),
        ("user: jdupont ip: 1", "user: <username> ip: 1"),
        ("password: azerty host:", "password: <password> host:"),
    ]);
    assert_kept(&[
        "password: invalid user: x",
        "user: must see http://x",
        "user: must be one of: a, b",
        "password: must not be std::string",
    ]);
}

#[test]
fn values_are_known_in_what_wraps_them() {
    assert_hidden(&[
        ("password: Some(\"hunter2\") x", "password: Some(\"<password>\") x"),
        ("password=SecretStr('a b')", "password=SecretStr('<password>')"),
        ("password = MD5('hunter2')", "password = MD5('<password>')"),
        ("password: Some(Secret(\"hunter2\"))", "password: Some(Secret(\"<password>\"))"),
        ("WITH PASSWORD=N'hunter2', x", "WITH PASSWORD=N'<password>', x"),
        ("PASSWORD = U&'a b' PASSWORD=E'a b'", "PASSWORD = U&'<password>' PASSWORD=E'<password>'"),
        ("[\"password\"]=> string(7) \"hunter2\"", "[\"password\"]=> string(7) \"<password>\""),
        ("token: Some(\"abcd1234efgh\")", "token: Some(\"<secret>\")"),
        ("user: Some(\"jdupont\") user=Optional[jdupont]", "user: Some(\"<username>\") user=Optional[<username>]"),
        ("password=Some(hunter2) x", "password=Some(<password>) x"),
    ]);
    assert_kept(&[
        "user: Error(\"bad thing\") user=jdoe[1001]",
        "token: lookup(\"something here\") user: Some(1)",
        "password: SecretStr('**********') password=Some(\"<password>\") user=Optional[]",
    ]);
}

#[test]
fn values_of_a_form_go_on_behind_coded_separators() {
    assert_hidden(&[
        ("GET /?password=hun%20ter2&a=b x", "GET /?password=<password>&a=b x"),
        ("password=a%26b%22c%3Bd%20 x", "password=<password> x"),
        ("token=abcd1234efgh%20x&a=b", "token=<secret>&a=b"),
        ("?next=%2Fx%3Fpassword%3Dhunter2%26a%3Db&c=d", "?next=%2Fx%3Fpassword%3D<password>%26a%3Db&c=d"),
        ("?password=hunter2&amp;a=%20b", "?password=<password>&amp;a=%20b"),
    ]);
    assert_kept(&["password=null%20&a=b"]);
}

#[test]
fn names_stand_in_brackets_as_in_forms() {
    assert_hidden(&[
        ("user[password]=hunter2 x", "user[password]=<password> x"),
        ("a=b&user[auth][password]=hunter2&x", "a=b&user[auth][password]=<password>&x"),
        ("user%5Bpassword%5D=hunter2&x", "user%5Bpassword%5D=<password>&x"),
        ("password[0]=hunter2 password[]=hunter2", "password[0]=<password> password[]=<password>"),
        ("{\"user[password]\": \"hunter2\"}", "{\"user[password]\": \"<password>\"}"),
        ("passwordConfirmation=hunter2 pw=hunter2", "passwordConfirmation=<password> pw=<password>"),
    ]);
    assert_kept(&["passwd[123]: all is well", "password[user]=[password] x", "list[password] of=hunter2"]);
}

#[test]
fn values_are_hidden_to_their_end_however_long() {
    let engine = engine();
    let long = "aB3dE5gH".repeat(5000);
    for (before, behind, entity) in [
        ("password=", " x", "password"),
        ("\"password\":\"", "\" x", "password"),
        ("token=", "&x", "secret"),
        ("Authorization: Bearer ", " x", "bearer"),
        ("cookie: id=", "\nx", "cookie"),
        ("cookie=id", "; x", "cookie"),
        ("x <password>", "</password> x", "password"),
        ("postgres://jane:", "@host/x", "url_userinfo"),
        ("x --password ", " x", "password"),
        ("mysql -u root -p", " x", "password"),
        ("Digest username=\"x\", response=\"", "\" x", "bearer"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJ", ".abcd x", "jwt"),
        ("?state=", "&x", "url_parameter"),
    ] {
        let hidden = labelled(&engine, &format!("{before}{long}{behind}"));
        assert!(hidden.len() < 100 && hidden.contains(&format!("<{entity}>")), "{before}: {hidden:.200}");
    }
}

#[test]
fn what_stands_within_a_word_begins_no_token_at_any_place() {
    let texts: Vec<String> = (55..70).map(|spaces| format!("{:spaces$}aAKIA5EWR4S4AIEZNL3A7 x", "")).collect();
    assert_kept(&texts.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn only_labels_that_are_written_count_as_ones() {
    assert_hidden(&[
        ("PASSWORD=<hunter22x> x", "PASSWORD=<<password>> x"),
        ("nom=<Durand>", "nom=<<person_name>>"),
        ("mdp=<secret_42>", "mdp=<<password>>"),
        ("\"mdp\":\"<secret_42>\"", "\"mdp\":\"<password>\""),
        ("password=<<password>>", "password=<<password>>"),
        ("password=<fr_nir> mdp=[card]", "password=<fr_nir> mdp=[card]"),
    ]);
}

#[test]
fn hiding_twice_is_hiding_once() {
    let engine = engine();
    let labels: [fn(&str) -> String; 2] = [|entity| format!("<{entity}>"), |_| String::new()];
    for text in [
        "password=hunter22x user=jdupont ok",
        "nom=Durand prenom=Zoé token=abc4567890 x",
        "\"private_key\":\"-----BEGIN PRIVATE KEY-----\\nMIIEabc\\n-----END PRIVATE KEY-----\\n\",\"a\":1",
        "burgerservicenummer of jane.doe.averylongname@mail.example.com is now 123456782",
        "PASSWORD=<hunter22x> nom=<Durand>",
        "{\"password\":[\"hunter22x\",\"b\"]} {b'password': b'x y'}",
        "{\"password\":[\"hunter22x\",12],\"level\":\"info\",\"pin\":[1234,[5678]]}",
        "{\"password\":{\"value\":\"abc\",\"set\":true,\"n\":3},\"a\":\"b\"}",
        "user[password]=hunter2&a=b",
        "00000000  06 12 34 56 78 ab 63 32  35 19 32 21 59 25 36 35  |..4Vx.c25.2!Y%65|",
        "\"auth\":\"\\\"06 12 34 56 78\\\"\" \"auth\":\"x=06 12 34 56 78\"",
    ] {
        for label in labels {
            let once = replaced(&engine, text, label);
            assert_ne!(once, text);
            assert_eq!(replaced(&engine, &once, label), once, "{text}");
        }
    }
}

#[test]
fn labels_do_not_speak_for_what_stands_behind_them_and_elements_do() {
    assert_kept(&["<phone_fr> 35 19 32 21 59 25", "<phone> 0476123456"]);
    assert_hidden(&[
        ("<phone>0476123456</phone>", "<phone><phone_fr></phone>"),
        ("<phone> 0476123456 </phone>", "<phone> <phone_fr> </phone>"),
        ("[phone] 0476123456", "[phone] <phone_fr>"),
        ("tel <phone> 0476123456", "tel <phone> <phone_fr>"),
    ]);
}

#[test]
fn secrets_are_found_in_further_ways_of_writing() {
    assert_hidden(&[
        ("('password', 'hunter22x')", "('password', '<password>')"),
        ("Authorization: Token 0123456789abcdef0123456789abcdef01234567", "Authorization: Token <secret>"),
        ("Authorization: ApiKey aWQ6YXBpX2tleQ== x", "Authorization: ApiKey <secret> x"),
        ("name=\"password\"\\r\\n\\r\\nhunter22x\\r\\n--x", "name=\"password\"\\r\\n\\r\\n<password>\\r\\n--x"),
        ("jdbc:oracle:thin:jane/hunter22x@host:1521", "jdbc:oracle:thin:<url_userinfo>@host:1521"),
        ("CREATE USER x IDENTIFIED BY 'hunter22x'", "CREATE USER x IDENTIFIED BY '<password>'"),
        ("ALTER ROLE x WITH PASSWORD 'hunter22x';", "ALTER ROLE x WITH PASSWORD '<password>';"),
    ]);
}

#[test]
fn dates_of_birth_stand_in_lists() {
    assert_hidden(&[
        ("birth_date=[1985, 3, 5] x", "birth_date=[<birth_date>] x"),
        ("{'birthDate':[1985,3,5]}", "{'birthDate':[<birth_date>]}"),
    ]);
    assert_kept(&["started [1985,3,5] x", "dob [1985,13,5] x"]);
}

#[test]
fn values_stand_beside_their_names_in_pairs() {
    assert_hidden(&[
        (
            "[[\"password\",\"hunter2\"],[\"user\", \"jdupont\"]]",
            "[[\"password\",\"<password>\"],[\"user\", \"<username>\"]]",
        ),
        ("[('username', 'jdupont'), ('age', 3)]", "[('username', '<username>'), ('age', 3)]"),
        (
            "'loc': ('body', 'password'), 'msg': 'x', 'input': 'hunter2'",
            "'loc': ('body', 'password'), 'msg': 'x', 'input': '<password>'",
        ),
        ("ParameterKey=DBPassword,ParameterValue=hunter2", "ParameterKey=DBPassword,ParameterValue=<password>"),
        ("{'property': 'password', 'value': 'hunter2'}", "{'property': 'password', 'value': '<password>'}"),
        ("{\"username\":{\"value\":\"jdupont\"}}", "{\"username\":{\"value\":\"<username>\"}}"),
        (
            "{\"@Name\":\"TargetUserName\",\"#text\":\"jdupont\"}",
            "{\"@Name\":\"TargetUserName\",\"#text\":\"<username>\"}",
        ),
        (
            "{\"key\":\"user.name\",\"value\":{\"stringValue\":\"jdupont\"}}",
            "{\"key\":\"user.name\",\"value\":{\"stringValue\":\"<username>\"}}",
        ),
        ("{'password': ('hunter2',)}", "{'password': ('<password>',)}"),
        (
            "\"family\":\"Dupont\",\"given\":[\"Jean\",\"Paul\"]",
            "\"family\":\"<person_name>\",\"given\":[\"<person_name>\",\"<person_name>\"]",
        ),
        (
            "<family value=\"Dupont\"/><user value='jdupont'/>",
            "<family value=\"<person_name>\"/><user value='<username>'/>",
        ),
        ("<key>password</key>\n<string>hunter2</string>", "<key>password</key>\n<string><password></string>"),
        (
            "<name>user</name><value><string>jdupont</string></value>",
            "<name>user</name><value><string><username></string></value>",
        ),
        (
            "<a:Attribute Name=\"x\" FriendlyName=\"givenName\"><a:AttributeValue x=\"y\">Jean</a:AttributeValue>",
            "<a:Attribute Name=\"x\" FriendlyName=\"givenName\"><a:AttributeValue x=\"y\"><person_name></a:AttributeValue>",
        ),
    ]);
    assert_kept(&[
        "[\"username\",\"jdupont\"] [[\"user\",\"password\"]] f('username','jdupont') [[\"a\",\"jdupont\"]]",
        "'loc': ('body', 'age'), 'input': 'hunter2' 'input': 'hunter2'",
        "{\"level\":{\"value\":\"jdupont\"}} {\"text\":\"jdupont\"} \"value\":\"jdupont\"",
        "{\"family\":\"inet\"} <key>port</key><string>hunter2</string>",
        "{\"given\":\"Jean\"}",
        "<key>password</key><true/> <user><status>active</status></user>",
    ]);
}

#[test]
fn accounts_and_their_passwords_are_found_in_logins() {
    assert_hidden(&[
        (
            "Auth: (12) Login OK: [jane] (from client nas port 3)",
            "Auth: (12) Login OK: [<username>] (from client nas port 3)",
        ),
        ("Login OK: [jane/hunter2] (from client x)", "Login OK: [<username>/<password>] (from client x)"),
        (
            "Login incorrect (mschap: wrong): [jane/<via Auth-Type = EAP>] (from client x)",
            "Login incorrect (mschap: wrong): [<username>/<via Auth-Type = EAP>] (from client x)",
        ),
    ]);
    assert_kept(&[
        "Login OK: [jane] and more",
        "Login incorrect: [",
        "Login OK: [<username>/<password>] (from client x)",
    ]);
}

#[test]
fn what_tests_and_states_say_is_no_secret() {
    for text in ["PASS: test_foo (12 ms)", "tests pass=12", "login: ok", "cookie: rejected by policy"] {
        assert_eq!(labelled(&engine(), text), text);
    }
}

#[test]
fn names_may_have_a_number_behind_them_and_stand_for_properties() {
    assert_hidden(&[
        ("password2=hunter22x pass1=hunter22x", "password2=<password> pass1=<password>"),
        ("token1=abcd1234efgh password_1=hunter22x", "token1=<secret> password_1=<password>"),
        ("api_key_2: abcd1234efgh", "api_key_2: <secret>"),
        (
            "{\"user_12\": \"jdupont\", \"dbPassword12\":\"x y\"}",
            "{\"user_12\": \"<username>\", \"dbPassword12\":\"<password>\"}",
        ),
        (
            "contraseña_2=hunter22x <password1>hunter22x</password1>",
            "contraseña_2=<password> <password1><password></password1>",
        ),
        ("?p=1&name1=Dupont", "?p=1&name1=<url_parameter>"),
        ("java -Dpassword=hunter22x -Duser.name=jdupont x", "java -Dpassword=<password> -Duser.name=<username> x"),
        ("-Dapi.key=abcd1234efgh", "-Dapi.key=<secret>"),
        ("-Dspring.datasource.password=hunter22x", "-Dspring.datasource.password=<password>"),
        ("db.password          = hunter22x", "db.password          = <password>"),
    ]);
    assert_kept(&[
        "sha256=abcd1234efgh password_2024=x eth0: up",
        "password_1_2=x tokens1=abcd1234efgh",
        "-Dpath=hunter22x -Dtokens=abcd1234efgh",
        "s3.bucket=abcd1234efgh base64: abcd1234efgh",
    ]);
}

/// A name with a number may end wherever blocks of 64 bytes do.
#[test]
fn names_with_numbers_are_known_wherever_they_stand() {
    let engine = engine();
    for text in
        ["password2=", "password_1=", "api_key_12: ", "db1password_12=", "-Dpassword=", "-Dapi.key=", "\"token_12\":\""]
    {
        for shift in 0..68 {
            let before = format!("{}{}{text}", "- ".repeat(shift / 2), " ".repeat(shift % 2));
            let hidden = labelled(&engine, &format!("{before}abcd1234efgh\" x"));
            assert!(hidden.starts_with(&format!("{before}<")), "{hidden}");
        }
    }
    for name in ["password_1=", "password12="] {
        for shift in 0..68 {
            let text = format!("{}P<FRADUPONT<<JEAN<<<<<<<<<<18A{name}hunter22x", " ".repeat(shift));
            assert!(labelled(&engine, &text).ends_with("<password>"), "{text}");
        }
    }
}

#[test]
fn values_may_stand_below_each_other() {
    assert_hidden(&[
        ("password=  hunter22x", "password=  <password>"),
        ("password=\t\thunter22x and more", "password=\t\t<password> and more"),
        ("password:     hunter22x", "password:     <password>"),
        ("token =   abcd1234efgh", "token =   <secret>"),
        ("password =  hunter", "password =  <password>"),
    ]);
    assert_kept(&["password=  user=ok", "password =  and more", "password:   must be longer", "password=   "]);
}

#[test]
fn values_fill_brackets_without_quotes() {
    assert_hidden(&[
        ("token=[abcd1234efgh] x", "token=[<secret>] x"),
        ("token={abcd1234efgh}", "token={<secret>}"),
        ("password=[hunter22x] x", "password=[<password>] x"),
        ("password=(hunter22x)", "password=(<password>)"),
        ("user=[jdupont] uid=[jdoe]", "user=[<username>] uid=[<username>]"),
        ("Server=x;Password={a;b};Database=y", "Server=x;Password={<password>};Database=y"),
        ("Server=x;Pwd={a}}b;c}", "Server=x;Pwd={<password>}"),
        ("password={hunter22x} x", "password={<password>} x"),
    ]);
    assert_kept(&[
        "password=[REDACTED] x password=(hidden) password={redacted} secret=[FILTERED]",
        "password=*** password=<hidden> password=<removed> token=<masked>",
        "password = (sensitive value)",
        "password = (known after apply)",
        "token=[] password=() user={} token=[1,2,3]",
    ]);
}

#[test]
fn values_go_on_behind_doubled_quotes_and_to_the_end_of_a_line_that_is_cut() {
    assert_hidden(&[
        ("SET password = 'it''s x', a='b'", "SET password = '<password>', a='b'"),
        ("password=''hunter22x'', 1", "password=''<password>'', 1"),
        (
            "\"{\"\"password\"\":\"\"hunter22x\"\",\"\"a\"\":1}\"",
            "\"{\"\"password\"\":\"\"<password>\"\",\"\"a\"\":1}\"",
        ),
        ("\"password=\"\"hunter22x\"\"\"", "\"password=\"\"<password>\"\"\""),
        ("password='hunter22x'' x", "password='<password>'' x"),
        ("password=\"\"\"hunter22x\"\"\"", "password=\"\"\"<password>\"\"\""),
        ("{\"token\":\"abcd1234efgh and more", "{\"token\":\"<secret>"),
        ("{\"password\":\"abcd and more\nx", "{\"password\":\"<password>\nx"),
    ]);
    assert_kept(&[
        "password=\"\" user=ok",
        "password='',x='' password='' OR '1'='1'",
        "{\"password\":\"\",\"a\":\"b\"}",
        "bad token=\"something is wrong here",
    ]);
}

#[test]
fn a_quote_that_closes_opens_no_value() {
    assert_kept(&[
        "{\"a\":\"Password: \",\"b\":\"x\"}",
        "{\"a\":\"Password:\",\"b\":\"x\"}",
        "\"password=\" + pw",
        "echo \"Password: \"; read",
        "print('password: '); x = 'abc'",
        "{\\\"a\\\":\\\"Enter your password: \\\",\\\"b\\\":\\\"x\\\"}",
        "read -p \"Password: \" pw",
    ]);
    assert_hidden(&[
        ("{\"a\":\"b\",\"password\":\", x\"}", "{\"a\":\"b\",\"password\":\"<password>\"}"),
        ("{\"a\":\"b\", password:\"hunter22x\"}", "{\"a\":\"b\", password:\"<password>\"}"),
        ("don't use password=') x'", "don't use password='<password>'"),
        ("msg=\"login password=\"hunter22x\" ok\"", "msg=\"login password=\"<password>\" ok\""),
    ]);
}

#[test]
fn a_cookie_without_quotes_ends_where_its_member_of_json_does() {
    assert_kept(&[
        r#"{"cookie":null,"msg":"started"}"#,
        r#"{"set-cookie": true,"msg":"started"}"#,
        r#"{"cookies":false}"#,
        r#"{"a":{"cookies":False},"b":1}"#,
        r#"{"cookies":[null,null],"msg":"started"}"#,
        r#"{"cookies":[123456,2],"msg":"started"}"#,
        r#"{"log":"{\"cookie\":null,\"msg\":\"started\"}"}"#,
        r#"{"log":"{\"cookie\":null}"}"#,
        "{'cookie':None,'a':1}",
    ]);
    assert_hidden(&[
        (r#"{"sessid":123456789,"a":"b"}"#, r#"{"sessid":<cookie>,"a":"b"}"#),
        (r#"{"cookie":"null,1","a":"b"}"#, r#"{"cookie":"<cookie>","a":"b"}"#),
        ("Cookie: a=1,2; null,b", "Cookie: <cookie>"),
        ("Cookie: nullable,b=1", "Cookie: <cookie>"),
    ]);
}

#[test]
fn what_counts_or_describes_is_no_secret() {
    assert_kept(&[
        "pass: 12/13 tests",
        "pass=98.5% pass=100%",
        "auth: token_count=5",
        "{\"password\":{\"type\":\"string\",\"minLength\":8}}",
        "{\\\"password\\\":{\\\"type\\\":\\\"string\\\"}}",
        "\"password\":{\"description\":\"The password of it\",\"type\": \"keyword\"},\"x\":1",
        "\"password\":{\"v\":12}",
        "the user is identified by 'email'",
        "create user x identified by random password",
    ]);
    assert_hidden(&[
        ("password: user: jdupont", "password: user: <username>"),
        ("password: user=jdupont x", "password: user=<username> x"),
        ("password: abc=def", "password: <password>"),
        ("Cookie: session=abc; user=jd", "Cookie: <cookie>"),
        ("credential: key=abcd1234efgh", "credential: key=<secret>"),
        ("{\"password\":{\"v\":123456}}", "{\"password\":{\"v\":<password>}}"),
        (
            "{\"password\":{\"sensitive\":true,\"type\":\"string\",\"value\":\"hunter22x\"}}",
            "{\"password\":{\"sensitive\":true,\"type\":\"<password>\",\"value\":\"<password>\"}}",
        ),
        (
            "CREATE USER x IDENTIFIED WITH mysql_native_password BY 'hunter22x'",
            "CREATE USER x IDENTIFIED WITH mysql_native_password BY '<password>'",
        ),
        ("alter user x identified by hunter22x;", "alter user x identified by <password>;"),
        (
            "GRANT ALL ON *.* TO 'a'@'%' IDENTIFIED BY PASSWORD '*AAFF01'",
            "GRANT ALL ON *.* TO 'a'@'%' IDENTIFIED BY PASSWORD '<password>'",
        ),
    ]);
}

#[test]
fn names_of_values_are_known_in_the_languages_of_the_union() {
    for name in [
        "heslo",
        "jelszó",
        "lozinka",
        "zaporka",
        "geslo",
        "slaptažodis",
        "parole",
        "parool",
        "κωδικός",
        "passord",
        "psw",
        "pswd",
        "otp_code",
        "verification_code",
        "mfa_code",
        "sms_code",
    ] {
        assert_hidden(&[(&format!("{name}=Tiger12"), &format!("{name}=<password>"))]);
    }
    for (name, value) in [
        ("příjmení", "Novák"),
        ("efternamn", "Svensson"),
        ("sukunimi", "Virtanen"),
        ("vezetéknév", "Nagy"),
        ("prenume", "Ana"),
        ("priimek", "Novak"),
        ("prezime", "Horvat"),
        ("pavardė", "Kazlauskas"),
        ("uzvārds", "Bērziņš"),
        ("perekonnanimi", "Tamm"),
        ("επώνυμο", "Παπαδόπουλος"),
        ("фамилия", "Иванов"),
    ] {
        assert_hidden(&[(&format!("\"{name}\":\"{value}\""), &format!("\"{name}\":\"<person_name>\""))]);
    }
    for (words, date) in [
        ("datum narození", "05.03.1985"),
        ("datum rojstva", "5. marca 1985"),
        ("datum narodenia", "5. marca 1985"),
        ("datum rođenja", "5. ožujka 1985"),
        ("gimimo data", "1985-03-05"),
        ("dzimšanas datums", "05.03.1985"),
        ("sünnikuupäev", "5. aprill 1985"),
        ("ημερομηνία γέννησης", "05/03/1985"),
        ("дата на раждане", "05.03.1985"),
        ("data nașterii", "5 martie 1985"),
        ("narozen", "5. února 1985"),
    ] {
        assert_hidden(&[(&format!("{words}: {date} x"), &format!("{words}: <birth_date> x"))]);
    }
    assert_hidden(&[
        ("τηλέφωνο 2103456789", "τηλέφωνο <phone_national>"),
        ("κινητό: 6912345678", "κινητό: <phone_national>"),
        ("puh. 040 1234567", "puh. <phone_national>"),
        ("Rufnr. 030 901820", "Rufnr. <phone_national>"),
        ("Personalausweisnummer: T220001293", "Personalausweisnummer: <de_ausweis>"),
        ("Personalausweisnr. T220001293", "Personalausweisnr. <de_ausweis>"),
        ("Reisepassnummer C01X00T478", "Reisepassnummer <de_ausweis>"),
        ("Sozialversicherungsnr. 1237010180", "Sozialversicherungsnr. <at_svnr>"),
        ("fødselsnr 15076500565", "fødselsnr <no_fnr>"),
    ]);
}
