//! Values as other programs write them: beside their name, in elements, arguments, statements and dumps.

use super::values::{assert_hidden, assert_kept};

#[test]
fn a_value_stands_beside_its_name() {
    assert_hidden(&[
        (
            r#"{"log":"{\"name\":\"password\",\"value\":\"hunter2\"}"}"#,
            r#"{"log":"{\"name\":\"password\",\"value\":\"<password>\"}"}"#,
        ),
        (r#"{"Name":"API_KEY", "Value": "abcd1234efgh"}"#, r#"{"Name":"API_KEY", "Value": "<secret>"}"#),
        (r#"{"value":"hunter2","name":"password"}"#, r#"{"value":"<password>","name":"password"}"#),
        (r#"{"key":"pin","type":"a","value":1234}"#, r#"{"key":"pin","type":"a","value":<password>}"#),
        (r#"{"field":"password","rejectedValue":"a b"}"#, r#"{"field":"password","rejectedValue":"<password>"}"#),
        (r#"<add key="dbPassword" value="hunter2"/>"#, r#"<add key="dbPassword" value="<password>"/>"#),
        (r#"<add value='a b' key='password'/>"#, r#"<add value='<password>' key='password'/>"#),
        (
            r#"<property name="jdbc.password" value="hunter2"/>"#,
            r#"<property name="jdbc.password" value="<password>"/>"#,
        ),
        (
            r#"<input name="token" type="hidden" value="abcd1234efgh">"#,
            r#"<input name="token" type="hidden" value="<secret>">"#,
        ),
        (r"- name: DB_PASSWORD\n  value: hunter2", r"- name: DB_PASSWORD\n  value: <password>"),
        ("- name: DB_PASSWORD\n  value: hunter2", "- name: DB_PASSWORD\n  value: <password>"),
        ("KeyValue{key='user', value='jdupont'}", "KeyValue{key='user', value='<username>'}"),
        ("name=password value=hunter2 x", "name=password value=<password> x"),
    ]);
    assert_kept(&[
        r#"{"name":"password","value":null} {"name":"x","value":"hunter2"}"#,
        r#"[{"name":"password"},{"value":"hunter2"}] {"name":"password","value":""}"#,
        r#"{"name":"password","value":"<password>"} {"value":"x y","name":"a"}"#,
        "name=requests value=12 key=cpu value: abcd1234efgh",
    ]);
}

#[test]
fn a_value_stands_in_an_element_with_attributes() {
    assert_hidden(&[
        ("<password type=\"plain\">hunter2</password>", "<password type=\"plain\"><password></password>"),
        (
            "<x:Password Type=\"http://a/b#c\">a b</x:Password>",
            "<x:Password Type=\"http://a/b#c\"><password></x:Password>",
        ),
        ("<user id='3'>jdupont</user>", "<user id='3'><username></user>"),
        ("<entry key=\"password\">hunter2</entry>", "<entry key=\"password\"><password></entry>"),
        ("<Data Name=\"Password\">hunter2</Data>", "<Data Name=\"Password\"><password></Data>"),
        ("<string a='b' name='pin'>1234</string>", "<string a='b' name='pin'><password></string>"),
        ("<password>hunter2</pass", "<password><password></pass"),
        ("<password><![CDATA[a<b]]></password>", "<password><![CDATA[<password>]]></password>"),
        ("&lt;password a=\"b\"&gt;x y&lt;/password&gt;", "&lt;password a=\"b\"&gt;<password>&lt;/password&gt;"),
    ]);
    assert_kept(&[
        "<password a=\"b\"/>x</a> <password a=\"b\"></password>",
        "<a>pw=<password>, ok</a>",
        "<password><![CDATA[<password>]]></password>",
        "<entry key=\"colour\">blue</entry> <a href=\"x\">blue</a>",
    ]);
}

#[test]
fn an_argument_stands_behind_its_option() {
    assert_hidden(&[
        (r#"["--password","hunter2"]"#, r#"["--password","<password>"]"#),
        (r#"[\"--password\", \"a b\"]"#, r#"[\"--password\", \"<password>\"]"#),
        ("args: ['--token', 'abcd1234efgh']", "args: ['--token', '<secret>']"),
        (r#"exec.Command("a", "--db-password", "hunter2")"#, r#"exec.Command("a", "--db-password", "<password>")"#),
        (r#"a1="--password" a2="hunter2""#, r#"a1="--password" a2="<password>""#),
        ("[a, --password, hunter2, b]", "[a, --password, <password>, b]"),
        ("run --api-key abcd1234efgh --username jdupont", "run --api-key <secret> --username <username>"),
        ("run --password \"a b\" -secret 'abcd1234efgh'", "run --password \"<password>\" -secret '<secret>'"),
        (r#"["mysql","-u","root","-phunter2"]"#, r#"["mysql","-u","root","-p<password>"]"#),
        (r#"["redis-cli", "-a", "hunter2"]"#, r#"["redis-cli", "-a", "<password>"]"#),
        (r#"argc=3 a0="mysql" a1="-u" a2="-phunter2""#, r#"argc=3 a0="mysql" a1="-u" a2="-p<password>""#),
        ("['curl', '-u', 'admin:hunter2']", "['curl', '-u', '<password>']"),
    ]);
    assert_kept(&[
        r#"["--password","--verbose"] ["--password",] ["-p","8080:80"]"#,
        "options --user, --password, and more; systemctl --user restart",
        "--token string   the token --username string --password-file x --key a",
        r#"["--password","<password>"] a-token "something here""#,
    ]);
}

#[test]
fn dumps_of_php_are_known() {
    assert_hidden(&[
        (
            "Array ( [password] => hunter 2 [user] => jdupont )",
            "Array ( [password] => <password> [user] => <username> )",
        ),
        ("    [db_password] => hunter2\n    [x] => y", "    [db_password] => <password>\n    [x] => y"),
        ("[password:protected] => hunter2", "[password:protected] => <password>"),
        ("[password:App\\User:private] => hunter2", "[password:App\\User:private] => <password>"),
        ("[\"password\":protected]=> string(7) \"hunter2\"", "[\"password\":protected]=> string(7) \"<password>\""),
        (
            "[\"password\":\"User\":private]=> string(7) \"hunter2\"",
            "[\"password\":\"User\":private]=> string(7) \"<password>\"",
        ),
        ("a:1:{s:8:\"password\";s:7:\"hunter2\";}", "a:1:{s:8:\"password\";s:7:\"<password>\";}"),
        ("s:8:\"password\";s:6:\"se\";cr\";s:1:\"a\"", "s:8:\"password\";s:6:\"<password>\";s:1:\"a\""),
        ("s:11:\"\\0*\\0password\";s:7:\"hunter2\";", "s:11:\"\\0*\\0password\";s:7:\"<password>\";"),
        (
            "s:3:\\\"pin\\\";i:1234;s:4:\\\"user\\\";s:7:\\\"jdupont\\\";",
            "s:3:\\\"pin\\\";i:<password>;s:4:\\\"user\\\";s:7:\\\"<username>\\\";",
        ),
        ("s:5:\"token\";s:12:\"abcd1234efgh", "s:5:\"token\";s:12:\"<secret>"),
    ]);
    assert_kept(&[
        "[password] =>  [password] => Array\n( [password] => Array ( [0] => 1 ) )",
        "s:8:\"password\";N; s:8:\"password\";s:0:\"\";",
        "s:8:\"password\";s:7:\"<password>\"; password=[password] => x",
    ]);
}

#[test]
fn columns_tell_what_rows_hold() {
    assert_hidden(&[
        (
            "INSERT INTO users (name, password) VALUES ('u','a''b'), ('v', N'azerty')",
            "INSERT INTO users (name, password) VALUES ('u','<password>'), ('v', N'<password>')",
        ),
        (
            "insert into `u`(`id`,`login`,\"pin\",x) values (1, 'jdupont', 1234, now())",
            "insert into `u`(`id`,`login`,\"pin\",x) values (1, '<username>', <password>, now())",
        ),
        (
            "INSERT INTO u (a, password) VALUES (f('(x', 1), MD5('hunter2'))",
            "INSERT INTO u (a, password) VALUES (f('(x', 1), MD5('<password>'))",
        ),
        ("INSERT INTO u (password) VALUES ('hunter2", "INSERT INTO u (password) VALUES ('<password>"),
        ("WHERE password IN ('a b', 'azerty') x", "WHERE password IN ('<password>', '<password>') x"),
        ("WHERE `password` NOT IN ('azerty')", "WHERE `password` NOT IN ('<password>')"),
        (
            "WHERE username LIKE 'jdup%' OR user like '%up%'",
            "WHERE username LIKE '<username>%' OR user like '%<username>%'",
        ),
        (
            "WHERE `password`='azerty' AND [password] = 'a b'",
            "WHERE `password`='<password>' AND [password] = '<password>'",
        ),
        ("IDENTIFIED BY hunter2; IDENTIFIED BY 'a b'", "IDENTIFIED BY <password>; IDENTIFIED BY '<password>'"),
        ("SET PASSWORD FOR 'bob'@'%' = 'hunter2'", "SET PASSWORD FOR '<username>'@'%' = '<password>'"),
    ]);
    assert_kept(&[
        "INSERT INTO u (name, password) VALUES (?, ?), ($1, NULL), ('u', DEFAULT)",
        "INSERT INTO u (name, id) VALUES ('hunter2', 12) IN ('x') password in (select 1)",
        "IDENTIFIED BY realm=x SET PASSWORD FOR name='x'",
        "users identified by email, password like that, user in (a)",
        "INSERT INTO u (password) VALUES ('<password>'), ('')",
    ]);
}

#[test]
fn breaks_in_octal_are_breaks() {
    assert_hidden(&[
        ("x#012password=hunter2#012y", "x#012password=<password>#012y"),
        ("x#015#012203.0.113.7#011jane@example.org", "x#015#012<ipv4>#011<email>"),
        ("x#0124111111111111111 #012Bearer abcd1234efgh", "x#012<card> #012Bearer <bearer>"),
    ]);
    assert_kept(&["#012345 issue #012", "color:#012;", "x #012-34"]);
    assert_hidden(&[("tel #0123456789", "tel #<phone_fr>")]);
}

#[test]
fn a_field_tells_what_was_rejected() {
    assert_hidden(&[
        (
            "Field error in object 'user' on field 'password': rejected value [a b]; codes [Size.user.password]",
            "Field error in object 'user' on field 'password': rejected value [<password>]; codes [Size.user.password]",
        ),
        ("on field 'user.login': rejected value [jdupont]", "on field 'user.login': rejected value [<username>]"),
    ]);
    assert_kept(&["on field 'age': rejected value [seven]; on field 'password': rejected value []; x"]);
}
