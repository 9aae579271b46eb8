use vigie_parsers::batch::{Batch, Field, Origin, Text, Timestamp, Value};

use super::{KIND, Redact, Setup};
use crate::config::{Diagnostics, Entry, Located, Place, Section, SectionKind};
use crate::filters::testing::{apply, filtered, findings};
use crate::metrics::FilterMetrics;
use crate::plugin::{Clock, Filter, FilterContext, wall_clock};
use crate::privacy::KeyRing;

const MAIL: &str = "jane.doe@mail.example.com";
const CARD: &str = "4242424242424242";

/// The record after the filter with these options.
fn one(options: &[(&str, &str)], record: &str) -> String {
    filtered(&KIND, options, &[record]).concat()
}

/// A ring of keys for now, and the directory that it lies in.
fn ring() -> (tempfile::TempDir, String) {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("redact.key");
    let now = u64::try_from(crate::plugin::wall_clock().seconds).expect("it is after 1970");
    let ring = KeyRing::new(std::time::Duration::from_secs(86_400), now, 2).expect("there is randomness");
    ring.write(&path).expect("it is written");
    let path = path.to_str().expect("it is text").to_owned();
    (directory, path)
}

#[test]
fn values_are_found_wherever_in_a_record_they_stand() {
    for (record, expected) in [
        (r#"{"log":"from MAIL ok"}"#, r#"{"log":"from <email> ok"}"#),
        (r#"{"log":"a\"b MAIL\n"}"#, r#"{"log":"a\"b <email>\n"}"#),
        (r#"{"a":{"b":[1,{"c":"MAIL"}]},"d":2}"#, r#"{"a":{"b":[1,{"c":"<email>"}]},"d":2}"#),
        (r#"{"card":CARD}"#, r#"{"card":"<card>"}"#),
        (r#"{"card":4.242424242424242e15}"#, r#"{"card":"<card>"}"#),
        (r#"{"a":{"card": CARD , "x":1}}"#, r#"{"a":{"card": "<card>" , "x":1}}"#),
        (r#"{"a":["MAIL","CARD"]}"#, r#"{"a":["<email>","<card>"]}"#),
        (r#"{"a":1.10,"b":null,"c":[true]}"#, r#"{"a":1.10,"b":null,"c":[true]}"#),
    ] {
        let fill = |text: &str| text.replace("MAIL", MAIL).replace("CARD", CARD);
        let once = one(&[], &fill(record));
        assert_eq!(once, expected, "{record}");
        assert_eq!(one(&[], &once), once, "twice is once");
    }
}

#[test]
fn items_of_lists_are_judged_by_the_program_and_the_option_before_them() {
    for (record, expected) in [
        (r#"{"a":["mysql","-u","root","-pS3cr3tPass"]}"#, r#"{"a":["mysql","-u","root","-p<password>"]}"#),
        (r#"{"a":[["mysql","-p","S3cr3tPass"],"b"]}"#, r#"{"a":[["mysql","-p","<password>"],"b"]}"#),
        (r#"{"a":["curl","-u","jdupont:S3cr3tPass","x"]}"#, r#"{"a":["curl","-u","<password>","x"]}"#),
        (r#"{"a":["sshpass","-p","S3cr3tPass","ssh"]}"#, r#"{"a":["sshpass","-p","<password>","ssh"]}"#),
        (r#"{"a":["redis-cli","-a","S3cr3\"Pass"]}"#, r#"{"a":["redis-cli","-a","<password>"]}"#),
        (r#"{"a":["docker","login","-p","S3cr3tPass"]}"#, r#"{"a":["docker","login","-p","<password>"]}"#),
        (r#"{"a":["/bin/curl","--user","jd:S3cr3tPass"]}"#, r#"{"a":["/bin/curl","--user","<password>"]}"#),
        (r#"{"a":["docker","run","-p","8080:80"]}"#, r#"{"a":["docker","run","-p","8080:80"]}"#),
        (r#"{"a":["mysql",1,"-p",2,"x"]}"#, r#"{"a":["mysql",1,"-p",2,"x"]}"#),
    ] {
        let once = one(&[], record);
        assert_eq!(once, expected, "{record}");
        assert_eq!(one(&[], &once), once, "twice is once");
    }
    let excluded = r#"{"a":["mysql","-pS3cr3tPass"]}"#;
    assert_eq!(one(&[("exclude", "$a")], excluded), excluded);
}

/// Python and PHP write letters beyond ASCII so by default.
#[test]
fn keys_with_escapes_name_values_as_those_without_do() {
    for (record, expected) in [
        (r#"{"pr\u00e9nom":"Jean"}"#, r#"{"pr\u00e9nom":"<person_name>"}"#),
        (r#"{"t\u00e9l":"612345678"}"#, r#"{"t\u00e9l":"<phone_national>"}"#),
        (r#"{"num\u00e9ro_s\u00e9cu":"1850578006084"}"#, r#"{"num\u00e9ro_s\u00e9cu":""}"#),
        (r#"{"contrase\u00f1a":"hunter22x"}"#, r#"{"contrase\u00f1a":"<password>"}"#),
        (r#"{"n\u00e9_le":"1985-05-03"}"#, r#"{"n\u00e9_le":"1985"}"#),
        (r#"{"pass\u0077ord":"hunter22x"}"#, r#"{"pass\u0077ord":"<password>"}"#),
        (r#"{"pass\u0077ord":12345678}"#, r#"{"pass\u0077ord":"<password>"}"#),
        (r#"{"a":[{"pr\u00e9nom":"Jean"}]}"#, r#"{"a":[{"pr\u00e9nom":"<person_name>"}]}"#),
        (r#"{"pr\u00e9nom":["Jean"]}"#, r#"{"pr\u00e9nom":["<person_name>"]}"#),
        (r#"{"log":"{\"pr\\u00e9nom\": \"Jean\"}"}"#, r#"{"log":"{\"pr\\u00e9nom\": \"<person_name>\"}"}"#),
        // What was seen under one key says nothing of another.
        (r#"{"pr\u006fblem":"Jean","pr\u00e9nom":"Jean"}"#, r#"{"pr\u006fblem":"Jean","pr\u00e9nom":"<person_name>"}"#),
    ] {
        assert_eq!(one(&[], record), expected);
    }
}

/// The records of the Elastic Common Schema stand nested as often as with dots.
#[test]
fn values_are_judged_by_the_keys_above_them_too() {
    for (record, expected) in [
        (r#"{"user":{"name":"jdupont"}}"#, r#"{"user":{"name":"<username>"}}"#),
        (r#"{"a":{"user":{"name":"jdupont"}}}"#, r#"{"a":{"user":{"name":"<username>"}}}"#),
        (r#"{"us\u0065r":{"name":"jdupont"}}"#, r#"{"us\u0065r":{"name":"<username>"}}"#),
        (r#"{"user":{"x":{"name":"jdupont"}}}"#, r#"{"user":{"x":{"name":"jdupont"}}}"#),
        (r#"{"user":{"x":{"a":1},"name":"jdupont"}}"#, r#"{"user":{"x":{"a":1},"name":"<username>"}}"#),
        (r#"{"file":{"name":"jdupont"},"name":"x"}"#, r#"{"file":{"name":"jdupont"},"name":"x"}"#),
        (r#"{"password":{"value":"hunter22"}}"#, r#"{"password":{"value":"<password>"}}"#),
        (r#"{"password":{"a":[{"b":"hunter22"},7777]}}"#, r#"{"password":{"a":[{"b":"<password>"},"<password>"]}}"#),
        (r#"{"password":["hunter22x"]}"#, r#"{"password":["<password>"]}"#),
        (r#"{"password":{"type":"string","minLength":8}}"#, r#"{"password":{"type":"string","minLength":8}}"#),
        (r#"{"a":{"password":{"type":"keyword"}}}"#, r#"{"a":{"password":{"type":"keyword"}}}"#),
        (r#"{"password":{"type":"string","x":"hunter22"}}"#, r#"{"password":{"type":"<password>","x":"<password>"}}"#),
        (r#"{"password":{"a":"","b":null,"c":true}}"#, r#"{"password":{"a":"","b":null,"c":true}}"#),
        (r#"{"token":{"value":"abcd1234efgh"}}"#, r#"{"token":{"value":"<secret>"}}"#),
        (r#"{"token":{"kind":"short-lived"}}"#, r#"{"token":{"kind":"short-lived"}}"#),
        (r#"{"username":{"value":"jdupont"}}"#, r#"{"username":{"value":"<username>"}}"#),
        (r#"{"user":{"target":{"name":"jdupont"}}}"#, r#"{"user":{"target":{"name":"<username>"}}}"#),
        (r#"{"a":{"user":{"changes":{"name":"jdupont"}}}}"#, r#"{"a":{"user":{"changes":{"name":"<username>"}}}}"#),
        (r#"{"user.effective.name":"jdupont"}"#, r#"{"user.effective.name":"<username>"}"#),
        (r#"{"target":{"name":"jdupont"},"user.x.name":"y"}"#, r#"{"target":{"name":"jdupont"},"user.x.name":"y"}"#),
        (r#"{"user":["jdupont","mdurand"]}"#, r#"{"user":["<username>","<username>"]}"#),
    ] {
        assert_eq!(one(&[], record), expected);
    }
}

/// Containers have their environment so, requests their headers.
#[test]
fn a_value_beside_its_name_is_judged_by_that() {
    for (record, expected) in [
        (
            r#"{"env":[{"name":"DB_PASSWORD","value":"hunter22x"},{"name":"x","value":"hunter22x"}]}"#,
            r#"{"env":[{"name":"DB_PASSWORD","value":"<password>"},{"name":"x","value":"hunter22x"}]}"#,
        ),
        (
            r#"{"a":{"key":"passwor\u0064","value":"hunter22x"}}"#,
            r#"{"a":{"key":"passwor\u0064","value":"<password>"}}"#,
        ),
        (r#"{"a":{"Name":"password","Value":["hunter22x"]}}"#, r#"{"a":{"Name":"password","Value":["<password>"]}}"#),
        (r#"{"a":{"name":"password","b":"hunter22x"}}"#, r#"{"a":{"name":"password","b":"hunter22x"}}"#),
        (r#"{"name":"DB_PASSWORD","value":"hunter22x"}"#, r#"{"name":"DB_PASSWORD","value":"<password>"}"#),
        (r#"{"value":"hunter22x","b":1,"name":"password"}"#, r#"{"value":"<password>","b":1,"name":"password"}"#),
        (
            r#"{"a":[{"value":"hunter22x","b":1,"name":"password"}]}"#,
            r#"{"a":[{"value":"<password>","b":1,"name":"password"}]}"#,
        ),
        // As servers tell what was wrong with a request, and what was changed in a store.
        (
            r#"{"a":{"rejectedValue":"hunter22x","field":"password","code":"Size"}}"#,
            r#"{"a":{"rejectedValue":"<password>","field":"password","code":"Size"}}"#,
        ),
        (
            r#"{"a":[{"op":"replace","path":"/user/password","value":"hunter22x"}]}"#,
            r#"{"a":[{"op":"replace","path":"/user/password","value":"<password>"}]}"#,
        ),
        (
            r#"{"field":"first_name","old_value":"Jean","newValue":"Zoé"}"#,
            r#"{"field":"first_name","old_value":"<person_name>","newValue":"<person_name>"}"#,
        ),
        // OpenTelemetry.
        (
            r#"{"a":[{"key":"user.name","value":{"stringValue":"jdupont"}}]}"#,
            r#"{"a":[{"key":"user.name","value":{"stringValue":"<username>"}}]}"#,
        ),
        (
            r#"{"a":{"name":"env","key":"password","value":"hunter22x"},"b":{"key":"password","name":"env","val":"hunter22x"}}"#,
            r#"{"a":{"name":"env","key":"password","value":"<password>"},"b":{"key":"password","name":"env","val":"<password>"}}"#,
        ),
        (r#"{"name":"x","value":"hunter22x"}"#, r#"{"name":"x","value":"hunter22x"}"#),
        (r#"{"value":"hunter22x","a":{"name":"password"}}"#, r#"{"value":"hunter22x","a":{"name":"password"}}"#),
        (
            r#"{"a":{"value":"hunter22x","b":{"name":"password"}}}"#,
            r#"{"a":{"value":"hunter22x","b":{"name":"password"}}}"#,
        ),
        (r#"{"name":"password","maxValue":"hunter22x"}"#, r#"{"name":"password","maxValue":"hunter22x"}"#),
    ] {
        let once = one(&[], record);
        assert_eq!(once, expected);
        assert_eq!(one(&[], &once), once, "twice is once");
    }
    let record = r#"{"name":"password","a":1,"value":"hunter22x"}"#;
    assert_eq!(one(&[("field", "$name remove")], record), r#"{"a":1,"value":"<password>"}"#);
}

/// As containers and audits have their arguments.
#[test]
fn a_date_in_a_list_is_one_value() {
    for (record, expected) in [
        (r#"{"birthDate":[1985, 3,5],"a":1}"#, r#"{"birthDate":["1985"],"a":1}"#),
        (r#"{"a":[{"dob":[1985,3,5]}]}"#, r#"{"a":[{"dob":["1985"]}]}"#),
        (r#"{"birth":{"date":[1985,3,5]}}"#, r#"{"birth":{"date":["1985"]}}"#),
        (r#"{"date":[1985,3,5],"dob":[1985,13,5]}"#, r#"{"date":[1985,3,5],"dob":[1985,13,5]}"#),
    ] {
        assert_eq!(one(&[], record), expected);
    }
    let label = [("action", "birth_date label")];
    assert_eq!(one(&label, r#"{"birthDate":[1985,3,5]}"#), r#"{"birthDate":["<birth_date>"]}"#);
}

#[test]
fn a_track_with_letters_is_known_by_its_key() {
    for key in ["track2", "track2Data", "35"] {
        let record = format!(r#"{{"{key}":"4111111111111111D25121010000000000000F"}}"#);
        assert_eq!(one(&[], &record), format!(r#"{{"{key}":"<card><secret>"}}"#));
    }
    let other = r#"{"id":"4111111111111111D25121010000000000000F","track":"4111111111111112D2512101"}"#;
    assert_eq!(one(&[], other), other);
}

/// Audits tell what a field was and became, and forms what was wrong with it.
#[test]
fn a_member_that_names_a_field_names_what_it_was_and_became() {
    for (name, value) in [
        ("field", "old"),
        ("field", "new"),
        ("field", "from"),
        ("field", "to"),
        ("fieldName", "value"),
        ("field_name", "newValue"),
        ("attribute", "value"),
        ("variable", "value"),
        ("propertyPath", "invalidValue"),
        ("system", "value"),
    ] {
        let record = |shown: &str| format!(r#"{{"a":[{{"{name}":"password","{value}":"{shown}"}}]}}"#);
        assert_eq!(one(&[], &record("Tiger12")), record("<password>"), "{name} {value}");
    }
    let others = r#"{"field":"status","from":"open1","to":"closed2","a":{"system":"web","from":"hunter22"}}"#;
    assert_eq!(one(&[], others), others);
}

#[test]
fn pairs_in_lists_and_paths_name_values() {
    for (record, expected) in [
        (
            r#"{"a":[["password","hunter2"],["user","jdupont"],["b","c"]]}"#,
            r#"{"a":[["password","<password>"],["user","<username>"],["b","c"]]}"#,
        ),
        (
            r#"{"a":[{"loc":["body","password"],"msg":"bad","input":"hunter2"}]}"#,
            r#"{"a":[{"loc":["body","password"],"msg":"bad","input":"<password>"}]}"#,
        ),
        (r#"{"a":{"property":"password","value":"hunter2"}}"#, r#"{"a":{"property":"password","value":"<password>"}}"#),
        (
            r#"{"ParameterKey":"DBPassword","ParameterValue":"hunter2"}"#,
            r#"{"ParameterKey":"DBPassword","ParameterValue":"<password>"}"#,
        ),
        (
            r#"{"name":[{"use":"usual","family":"Dupont","given":["Jean","Paul"]}]}"#,
            r#"{"name":[{"use":"usual","family":"<person_name>","given":["<person_name>","<person_name>"]}]}"#,
        ),
        (
            r#"{"a":["user","jdupont"],"b":[["user","password"]]}"#,
            r#"{"a":["user","jdupont"],"b":[["user","password"]]}"#,
        ),
        // What the key of the list says counts where the first text names something else.
        (
            r#"{"phone":[["home","0142685300"],["work","0142685301"]],"bsn":[["a","123456782"]]}"#,
            r#"{"phone":[["home","<phone_fr>"],["work","<phone_fr>"]],"bsn":[["a",""]]}"#,
        ),
        (
            r#"{"lastName":[["a","Dupont"],["id","Jean  Dupont"]],"x":[{"phone":[["home","0142685300"]]}]}"#,
            r#"{"lastName":[["a","<person_name>"],["<person_name>","<person_name>"]],"x":[{"phone":[["home","<phone_fr>"]]}]}"#,
        ),
        (r#"{"family":"inet","given":"Jean","input":"x"}"#, r#"{"family":"inet","given":"Jean","input":"x"}"#),
    ] {
        let once = one(&[], record);
        assert_eq!(once, expected, "{record}");
        assert_eq!(one(&[], &once), once, "twice is once");
    }
}

#[test]
fn an_argument_is_judged_by_the_option_before_it() {
    for (record, expected) in [
        (r#"{"args":["--password","hunter22x","-v","x"]}"#, r#"{"args":["--password","<password>","-v","x"]}"#),
        (r#"{"a":{"args":["x","--db-password","a b"]}}"#, r#"{"a":{"args":["x","--db-password","<password>"]}}"#),
        (r#"{"args":["--username","jdupont","jdupont"]}"#, r#"{"args":["--username","<username>","jdupont"]}"#),
        (r#"{"a":[{"b":["--token","abcd1234efgh"]}]}"#, r#"{"a":[{"b":["--token","<secret>"]}]}"#),
        (r#"{"args":["--password","--user","restart"]}"#, r#"{"args":["--password","--user","restart"]}"#),
        (r#"{"args":["--token",123456789,5]}"#, r#"{"args":["--token","<secret>",5]}"#),
        (r#"{"a":[{"b":["--token",123456789]}]}"#, r#"{"a":[{"b":["--token","<secret>"]}]}"#),
        (r#"{"passwords":["hunter22"],"a":1}"#, r#"{"passwords":["<password>"],"a":1}"#),
        (r#"{"a":[{"user_tokens":["abcd1234efgh"]}]}"#, r#"{"a":[{"user_tokens":["<secret>"]}]}"#),
        (r#"{"tokens":72672017}"#, r#"{"tokens":72672017}"#),
        (r#"{"args":["--no-password","keep"]}"#, r#"{"args":["--no-password","keep"]}"#),
        (r#"{"args":["password","hunter22x"]}"#, r#"{"args":["password","hunter22x"]}"#),
    ] {
        let once = one(&[], record);
        assert_eq!(once, expected, "{record}");
        assert_eq!(one(&[], &once), once, "twice is once");
    }
}

/// As in text: what stands below the key of a token or cookie is one, if its own key does not tell what else it is.
#[test]
fn what_stands_below_the_key_of_a_secret_is_one() {
    for (record, expected) in [
        (r#"{"cookies":{"foo":"barbaz123"}}"#, r#"{"cookies":{"foo":"<cookie>"}}"#),
        (r#"{"token":{"access":"k3j4h5k3j4"}}"#, r#"{"token":{"access":"<secret>"}}"#),
        (
            r#"{"a":{"api_key":{"b":["k3j4h5k3j4",{"c":"k3j4h5k3j4"}],"n":12}}}"#,
            r#"{"a":{"api_key":{"b":["<secret>",{"c":"<secret>"}],"n":12}}}"#,
        ),
        (r#"{"token":{"name":"x","value":"k3j4h5k3j4"}}"#, r#"{"token":{"name":"x","value":"<secret>"}}"#),
        (r#"{"cookies":[{"name":"sid","value":"k3j4h5k3j4"}]}"#, r#"{"cookies":[{"name":"sid","value":"<secret>"}]}"#),
        (
            r#"{"session":{"user":"jdupont","state":"active","since":"2026-11-30T10:00:00Z","id":"k3j4h5k3j4"}}"#,
            r#"{"session":{"user":"<username>","state":"active","since":"2026-11-30T10:00:00Z","id":"<secret>"}}"#,
        ),
        (r#"{"token":{"type":"string"},"b":"k3j4h5k3j4"}"#, r#"{"token":{"type":"string"},"b":"k3j4h5k3j4"}"#),
        (r#"{"cookies":{"a":"abcdefGHIJ"}}"#, r#"{"cookies":{"a":"<cookie>"}}"#),
        (r#"{"session":{"state":"logged-in"}}"#, r#"{"session":{"state":"logged-in"}}"#),
        (r#"{"token":{},"b":{"c":"k3j4h5k3j4"}}"#, r#"{"token":{},"b":{"c":"k3j4h5k3j4"}}"#),
        (r#"{"tokens":{"used":12,"model":"gpt-4o-2024"}}"#, r#"{"tokens":{"used":12,"model":"gpt-4o-2024"}}"#),
        (r#"{"tokens":{"access":"VTvYfBhnNF8WGvpQ"}}"#, r#"{"tokens":{"access":"<secret>"}}"#),
        (r#"{"secrets":{"prod":"Ab12Cd34Ef56Gh78"}}"#, r#"{"secrets":{"prod":"<secret>"}}"#),
        (r#"{"a":{"api_keys":{"prod":"0123456789abcdef"}}}"#, r#"{"a":{"api_keys":{"prod":"<secret>"}}}"#),
        (r#"{"passwords":{"jane":"S3cret99"}}"#, r#"{"passwords":{"jane":"<password>"}}"#),
        (r#"{"pin":[1985,3,5]}"#, r#"{"pin":["<password>","<password>","<password>"]}"#),
        (r#"{"otp":[482913,5,123]}"#, r#"{"otp":["<password>","<password>","<password>"]}"#),
        (r#"{"token":[1985,3,5]}"#, r#"{"token":["<secret>","<secret>","<secret>"]}"#),
        (r#"{"token":["abcd1234efgh","ab",null]}"#, r#"{"token":["<secret>","<secret>",null]}"#),
        (r#"{"pin":[[1,2],[3,true]]}"#, r#"{"pin":[["<password>","<password>"],["<password>",true]]}"#),
        (
            r#"{"password":{"codes":[482913,5,"a"],"note":"ab"}}"#,
            r#"{"password":{"codes":["<password>","<password>","<password>"],"note":"<password>"}}"#,
        ),
        (r#"{"pin":["{{ jane@example.org }}",1234]}"#, r#"{"pin":["{{ <email> }}","<password>"]}"#),
        (r#"{"tokens":[12,45,78,100]}"#, r#"{"tokens":[12,45,78,100]}"#),
        (r#"{"password":[12,13],"pin":[true,null]}"#, r#"{"password":[12,13],"pin":[true,null]}"#),
        (r#"{"password":{"a":[1985,3,5]}}"#, r#"{"password":{"a":["<password>","<password>","<password>"]}}"#),
        (r#"{"backup_codes":["12345678"]}"#, r#"{"backup_codes":["<password>"]}"#),
    ] {
        let once = one(&[], record);
        assert_eq!(once, expected);
        assert_eq!(one(&[], &once), once, "twice is once");
    }
    let mut batch = Batch::default();
    let index = batch.push(Timestamp::default(), Origin::default());
    let access =
        Field { key: Text::plain(batch.store(b"access")), value: Value::Text(Text::plain(batch.store(b"k3j4h5k3j4"))) };
    let inner = Value::Map(batch.store_fields(&[access]));
    let key = Text::plain(batch.store(b"inner"));
    let inner = Value::Map(batch.store_fields(&[Field { key, value: inner }]));
    batch.record_mut(index).set(b"token", inner);
    assert_eq!(apply(&KIND, &[], &mut batch), [r#"{"token":{"inner":{"access":"<secret>"}}}"#]);
    let record = r#"{"token":{"access":"k3j4h5k3j4"}}"#;
    assert_eq!(one(&[("preset", "none"), ("action", "email label")], record), record);
}

#[test]
fn keys_on_the_tape_lead_to_values_as_those_of_json_do() {
    let mut batch = Batch::default();
    let index = batch.push(Timestamp::default(), Origin::default());
    let plain = |batch: &mut Batch, text: &str| Text::plain(batch.store(text.as_bytes()));
    let text = |batch: &mut Batch, key: &str, value: &str| {
        let (key, value) = (plain(batch, key), plain(batch, value));
        Field { key, value: Value::Text(value) }
    };
    let user = [text(&mut batch, "name", "jdupont"), text(&mut batch, "email.x", "none")];
    let user = Value::Map(batch.store_fields(&user));
    let pair = [text(&mut batch, "value", "hunter22x"), text(&mut batch, "name", "DB_PASSWORD")];
    let pair = Value::Map(batch.store_fields(&pair));
    let escaped = Text::escaped(batch.store(br"pr\u00e9nom"));
    let name = plain(&mut batch, "Jean");
    let inner = Value::Map(batch.store_fields(&[Field { key: escaped, value: Value::Text(name) }]));
    for (key, value) in [("user", user), ("env", pair), ("a", inner)] {
        batch.record_mut(index).set(key.as_bytes(), value);
    }

    let json = apply(&KIND, &[], &mut batch);

    let expected = r#"{"user":{"name":"<username>","email.x":"none"},"env":{"value":"<password>","name":"DB_PASSWORD"},"a":{"pr\u00e9nom":"<person_name>"}}"#;
    assert_eq!(json, [expected]);
}

#[test]
fn numbers_whose_fraction_is_nothing_are_looked_at_as_whole_ones() {
    for (record, expected) in [
        (r#"{"bsn":111222333.0}"#, r#"{"bsn":""}"#),
        (r#"{"x":4970101234567893.0}"#, r#"{"x":"<card>"}"#),
        (r#"{"cvv":123.0,"a":{"cvc":1234.0}}"#, r#"{"cvv":"<cvv>","a":{"cvc":"<cvv>"}}"#),
        (r#"{"a":{"x":4970101234567893.00}}"#, r#"{"a":{"x":"<card>"}}"#),
        (
            r#"{"x":4970101234567893.5,"y":1234567.0,"z":12.0,"lat":48.0}"#,
            r#"{"x":4970101234567893.5,"y":1234567.0,"z":12.0,"lat":48.0}"#,
        ),
    ] {
        assert_eq!(one(&[], record), expected);
    }
}

#[test]
fn fields_with_letters_beyond_ascii_can_be_named() {
    let record = r#"{"prénom":"x","n":{"clé":"y"}}"#;

    assert_eq!(one(&[("field", "$prénom label as=name")], record), r#"{"prénom":"<name>","n":{"clé":"y"}}"#);
    assert_eq!(one(&[("field", "$['prénom'] remove")], record), r#"{"n":{"clé":"y"}}"#);
    assert_eq!(one(&[("allow", "$n['clé']")], record), r#"{"n":{"clé":"y"}}"#);
}

#[test]
fn fields_on_the_tape_and_computed_numbers_are_looked_at() {
    let mut batch = Batch::default();
    let index = batch.push(Timestamp::default(), Origin::default());
    let text = Text::plain(batch.store(MAIL.as_bytes()));
    let items = batch.store_fields(&[
        Field { key: Text::default(), value: Value::U64(4_242_424_242_424_242) },
        Field { key: Text::default(), value: Value::I64(7) },
    ]);
    let key = Text::plain(batch.store(b"inner"));
    let list = Text::plain(batch.store(b"card"));
    let map =
        batch.store_fields(&[Field { key, value: Value::Text(text) }, Field { key: list, value: Value::List(items) }]);
    batch.record_mut(index).set(b"outer", Value::Map(map));
    batch.record_mut(index).set(b"card", Value::F64(4_242_424_242_424_242.0));

    let json = apply(&KIND, &[("allow", "$outer"), ("allow", "$card")], &mut batch);

    assert_eq!(json, [r#"{"outer":{"inner":"<email>","card":["<card>",7]},"card":"<card>"}"#]);
}

#[test]
fn keys_are_looked_at_where_that_is_asked() {
    let record = format!(r#"{{"{MAIL}":1,"a":{{"{MAIL}":{{"x":2}}}}}}"#);

    assert_eq!(one(&[], &record), record);
    assert_eq!(one(&[("keys", "on")], &record), r##"{"<email>":1,"a":{"<email>#2":{"x":2}}}"##);
}

#[test]
fn keys_that_become_the_same_are_counted() {
    let keys: Vec<String> = (0..4).map(|number| format!(r#""jane{number}@example.com":{number}"#)).collect();

    let hidden = one(&[("keys", "on")], &format!("{{{}}}", keys.join(",")));

    assert_eq!(hidden, r##"{"<email>":0,"<email>#2":1,"<email>#3":2,"<email>#4":3}"##);
}

#[test]
fn keys_that_become_the_same_as_one_that_stays_are_counted_too() {
    for (record, expected) in [
        (r#"{"203.0.113.9":1,"203.0.113.0":2}"#, r##"{"203.0.113.0#2":1,"203.0.113.0":2}"##),
        (r#"{"jane@example.org":1,"<email>":2}"#, r##"{"<email>#2":1,"<email>":2}"##),
        (r#"{"<email>":2,"jane@example.org":1}"#, r##"{"<email>":2,"<email>#2":1}"##),
        (r#"{"a":{"jane@example.org":1,"<email>":2}}"#, r##"{"a":{"<email>#2":1,"<email>":2}}"##),
        (r#"{"a":[{"<email>":2,"jane@example.org":1}]}"#, r##"{"a":[{"<email>":2,"<email>#2":1}]}"##),
        (r##"{"<email>":1,"jane@example.org":2,"<email>#2":3}"##, r##"{"<email>":1,"<email>#3":2,"<email>#2":3}"##),
    ] {
        assert_eq!(one(&[("keys", "on")], record), expected);
    }
}

#[test]
fn a_field_is_hidden_whole_unless_a_label_stands_there() {
    let field = [("preset", "none"), ("field", "$who label")];
    for (record, expected) in [
        (r#"{"who":"<jdupont>"}"#, r#"{"who":"<who>"}"#),
        (r#"{"who":"<a1234>"}"#, r#"{"who":"<who>"}"#),
        (r#"{"who":"<who>"}"#, r#"{"who":"<who>"}"#),
        (r#"{"who":"<email>"}"#, r#"{"who":"<email>"}"#),
    ] {
        assert_eq!(one(&field, record), expected);
    }
}

#[test]
fn each_action_does_what_it_says() {
    let (_directory, path) = ring();
    let card = |action: &str| {
        one(&[("action", &format!("card {action}")), ("key_file", &path)], &format!(r#"{{"n":"x {CARD}"}}"#))
    };
    for (action, expected) in [
        ("keep", r#"{"n":"x 4242424242424242"}"#),
        ("label", r#"{"n":"x <card>"}"#),
        ("remove", r#"{"n":"x "}"#),
        ("mask keep_last=4", r#"{"n":"x ************4242"}"#),
        ("mask keep_first=6 keep_last=4", r#"{"n":"x 424242******4242"}"#),
        ("truncate_ip", r#"{"n":"x <card>"}"#),
    ] {
        assert_eq!(card(action), expected);
    }
    for (action, start) in [("hmac", r#"{"n":"x <card:K"#), ("encrypt", r#"{"n":"x <card:E"#)] {
        let once = card(action);
        assert!(once.starts_with(start) && !once.contains("4242"), "{once}");
        assert_eq!(once, card(action), "the same value gives the same token");
        let options = [("action", &*format!("card {action}")), ("key_file", &*path)];
        assert_eq!(one(&options, &once), once, "twice is once");
    }
    let address = |action: &str| one(&[("action", action)], r#"{"ip":"8.8.4.77"}"#);
    assert_eq!(address("ipv4 truncate_ip"), r#"{"ip":"8.8.4.0"}"#);
    assert_eq!(address("ipv4 truncate_ip v4=16"), r#"{"ip":"8.8.0.0"}"#);
}

#[test]
fn fields_are_treated_excluded_and_allowed_by_name() {
    let record = format!(r#"{{"user":{{"name":"Zoé","age":41,"mail":"{MAIL}"}},"id":"{CARD}","x":1}}"#);
    type Case<'a> = (&'a [(&'a str, &'a str)], &'a str);
    let cases: &[Case<'_>] = &[
        (&[("field", "$user remove")], r#"{"id":"<card>","x":1}"#),
        (&[("field", "$user['name'] remove")], r#"{"user":{"age":41,"mail":"<email>"},"id":"<card>","x":1}"#),
        (
            &[("field", "$user['mail'] remove"), ("field", "$user['age'] remove")],
            r#"{"user":{"name":"<username>"},"id":"<card>","x":1}"#,
        ),
        (
            &[("field", "$user label as=person")],
            r#"{"user":{"name":"<person>","age":"<person>","mail":"<person>"},"id":"<card>","x":1}"#,
        ),
        (
            &[("field", "$user['name'] mask keep_first=1")],
            r#"{"user":{"name":"***","age":41,"mail":"<email>"},"id":"<card>","x":1}"#,
        ),
        (&[("exclude", "$id"), ("field", "$user remove")], r#"{"id":"4242424242424242","x":1}"#),
        (&[("allow", "$user['mail']"), ("allow", "$x")], r#"{"user":{"mail":"<email>"},"x":1}"#),
        (&[("allow", "$id"), ("exclude", "$id")], r#"{"id":"4242424242424242"}"#),
    ];
    for (options, expected) in cases {
        assert_eq!(one(options, &record), *expected, "{options:?}");
    }
}

/// What has two forms is told by the length of a mask, and by a letter of it.
#[test]
fn a_field_is_hidden_whatever_stands_there() {
    let (_directory, path) = ring();
    let record = r#"{"a":true,"b":{"c":[false,null,1]},"d":"true"}"#;
    let all = |action: &str| {
        let fields = ["a", "b", "d"].map(|key| format!("${key} {action} as=x"));
        let mut options: Vec<_> = fields.iter().map(|field| ("field", field.as_str())).collect();
        options.push(("key_file", &path));
        one(&options, record)
    };
    for (action, expected) in [
        ("label", r#"{"a":"<x>","b":{"c":["<x>",null,"<x>"]},"d":"<x>"}"#),
        ("mask keep_first=8", r#"{"a":"<x>","b":{"c":["<x>",null,"*"]},"d":"<x>"}"#),
        ("truncate_ip", r#"{"a":"<x>","b":{"c":["<x>",null,"<x>"]},"d":"<x>"}"#),
        ("keep", record),
        ("remove", "{}"),
    ] {
        assert_eq!(all(action), expected, "{action}");
    }
    for action in ["hmac", "encrypt"] {
        let hidden = all(action);
        assert!(!hidden.contains("true") && !hidden.contains("false") && hidden.contains("null"), "{hidden}");
    }
    let mut batch = Batch::default();
    let index = batch.push(Timestamp::default(), Origin::default());
    batch.record_mut(index).set(b"a", Value::Bool(true));
    assert_eq!(apply(&KIND, &[("field", "$a label")], &mut batch), [r#"{"a":"<a>"}"#]);
    assert_eq!(one(&[], record), record);
}

#[test]
fn items_of_lists_are_treated_by_their_place() {
    let record = r#"{"a":["p","q","r"],"b":[{"c":1},{"c":2}]}"#;

    assert_eq!(
        one(&[("field", "$a[0] remove"), ("field", "$b[1]['c'] remove")], record),
        r#"{"a":["q","r"],"b":[{"c":1},{}]}"#
    );
    assert_eq!(
        one(&[("field", "$a[2] remove"), ("field", "$b[0] remove")], record),
        r#"{"a":["p","q"],"b":[{"c":2}]}"#
    );
}

#[test]
fn report_counts_and_changes_nothing() {
    let record = format!(r#"{{"log":"{MAIL}","user":1,"x":2}}"#);
    let options = [("mode", "report"), ("field", "$user remove"), ("allow", "$log"), ("action", "email hmac")];

    assert_eq!(one(&options, &record), record);
}

#[test]
fn presets_look_for_what_they_are_for() {
    let record = format!(r#"{{"a":"{MAIL}","b":"{CARD}"}}"#);

    assert_eq!(one(&[("preset", "pci")], &record), format!(r#"{{"a":"{MAIL}","b":"424242******4242"}}"#));
    assert_eq!(
        one(&[("preset", "none"), ("action", "email mask")], &record),
        format!(r#"{{"a":"{}","b":"{CARD}"}}"#, "*".repeat(25))
    );
    assert_eq!(one(&[("preset", "secrets")], &record), record);
}

#[test]
fn what_cannot_be_done_is_refused_with_the_remedy() {
    let (directory, path) = ring();
    let missing = directory.path().join("none").to_str().expect("it is text").to_owned();
    type Case<'a> = (&'a [(&'a str, &'a str)], &'a [&'a str]);
    let cases: &[Case<'_>] = &[
        (&[("preset", "rgpd-ops")], &["V511"]),
        (&[("field", "$a hmac")], &["V511"]),
        (&[("key_file", &missing)], &["V511"]),
        (&[("key_file", &path), ("key_credential", "x")], &["V511"]),
        (&[("key_file", &path), ("key_epoch", "30d")], &["V511"]),
        (&[("key_epoch", "7d")], &["V511"]),
        (&[("exclude", "trace id")], &["V510"]),
        (&[("exclude", "$['trace id']"), ("allow", "$a.b")], &[]),
        (&[("allow", "$a..b")], &["V510"]),
        (&[("field", "$a..b label")], &["V510"]),
        (&[("exclude", "a.")], &["V510"]),
        (&[("key_file", &path), ("key_epoch", "1d"), ("preset", "rgpd-ops")], &[]),
        (&[("action", "e-mail hmac")], &["V510"]),
        (&[("action", "email hash")], &["V510"]),
        (&[("action", "email label"), ("action", "EMAIL keep")], &["V510"]),
        (&[("field", "$a"), ("field", "$ label"), ("field", "$a['b c'] label")], &["V510", "V510"]),
        (&[("field", "$a label as=A")], &["V510"]),
        (&[("preset", "gdpr")], &["V103"]),
        (&[("preset", "none")], &["V510"]),
        (&[("preset", "none"), ("action", "email keep")], &["V510"]),
        (&[("preset", "none"), ("action", "email keep"), ("mode", "report")], &[]),
        (&[("preset", "secrets"), ("action", "secret keep")], &["V510"]),
        (&[("preset", "secrets"), ("action", "secret keep"), ("field", "$a label")], &[]),
        (&[("preset", "none"), ("allow", "$a")], &[]),
        (&[("exclude", "$u"), ("field", "$u['a'] label")], &["V510"]),
        (&[("exclude", "$u"), ("field", "$u remove")], &["V510"]),
        (&[("exclude", "$u[1]"), ("field", "$u[1]['a'] label"), ("field", "$u[2] label")], &["V510"]),
        (&[("exclude", "$u['a']"), ("field", "$u label"), ("field", "$u['b'] keep")], &[]),
        (&[("strictness", "high")], &["V103"]),
        (&[("mode", "off")], &["V103"]),
    ];
    for (options, expected) in cases {
        assert_eq!(findings(&KIND, options), *expected, "{options:?}");
    }
}

/// What has no key is hidden behind a label, and is counted as such.
#[test]
fn what_was_done_is_counted_and_not_what_was_asked() {
    let (_directory, path) = ring();
    let counts = |clock: Clock| {
        let (mut findings, mut section) = (Diagnostics::default(), Section::new(SectionKind::Filter, Place::default()));
        let options =
            [("key_file", path.as_str()), ("preset", "none"), ("action", "email hmac"), ("field", "$a hmac as=x")];
        let located = |text: &str| Located { text: text.into(), place: Place::default(), expanded: false };
        section.entries.extend(options.map(|(key, value)| Entry { key: located(key), value: located(value) }));
        let setup = Setup::read(&section, false, wall_clock(), &mut findings).expect("it is sound");
        let (mut batch, metrics) = (Batch::default(), FilterMetrics::default());
        let index = batch.push(Timestamp::default(), Origin::default());
        batch.record_mut(index).set_text(b"a", b"jane");
        batch.record_mut(index).set_text(b"b", format!("{MAIL} {MAIL}").as_bytes());
        Redact::new(&setup, clock).apply(&mut batch, &FilterContext { tag: "", metrics: &metrics });
        let mut counts = metrics.redacted.each();
        counts.sort_unstable();
        let counts: Vec<String> =
            counts.into_iter().map(|(entity, action, count)| format!("{entity} {action} {count}")).collect();
        (counts.join(", "), metrics.hidden_values.get(), metrics.missing_keys.get())
    };

    assert_eq!(counts(wall_clock), ("email hmac 2, x hmac 1".into(), 0, 1));
    let later = || Timestamp { seconds: 9_000_000_000, nanos: 0 };
    assert_eq!(counts(later), ("email label 2, x label 1".into(), 3, 2));
}

/// Pieces that lines of the property tests are made of; values first.
const VALUES: &[&str] =
    &[MAIL, "FR7630006000011234567890189", "8.8.4.77", "card 4242 4242 4242 4242", "JOHN%40mail.example.com"];
const PIECES: &[&str] = &[
    " ",
    "\"",
    "\\",
    "\n",
    "=",
    ": ",
    ",",
    "<",
    ">",
    "<email>",
    "<email:K1.aaaaaaaaaaaaaaaaaaaa>",
    "user",
    "42",
    "é",
    "{",
    "@",
    ".",
];

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(200))]

    /// Neither in a text, nor in one with escapes, nor in JSON that is not taken apart, does a value survive that stands between
    /// spaces; and what was hidden once stays as it is.
    #[test]
    fn no_value_survives_and_twice_is_once(
        parts in proptest::collection::vec((0..VALUES.len() * 2, 0..PIECES.len()), 0..12),
    ) {
        let mut line = String::new();
        for (value, piece) in parts {
            line.push_str(PIECES[piece]);
            if let Some(value) = VALUES.get(value) {
                line.push_str(&format!(" {value} "));
            }
        }
        let record = serde_json::json!({"a": line, "b": {"c": [line, 1]}}).to_string();

        let once = one(&[("action", "network label")], &record);
        let twice = one(&[("action", "network label")], &once);

        for value in [MAIL, "FR7630006000011234567890189", "8.8.4.77", "4242 4242", "JOHN%40mail"] {
            proptest::prop_assert!(!once.contains(value), "{value} in {once}");
        }
        proptest::prop_assert_eq!(once, twice);
    }
}

#[test]
fn the_order_of_rules_does_not_matter() {
    let record = format!(r#"{{"a":"{MAIL} 8.8.4.77","b":{{"c":"{MAIL}"}}}}"#);
    let mut options = vec![
        ("action", "email mask"),
        ("action", "contact remove"),
        ("action", "ipv4 label"),
        ("field", "$b label as=x"),
    ];
    let expected = one(&options, &record);

    options.reverse();

    assert_eq!(one(&options, &record), expected);
}

#[test]
fn what_is_only_counted_hides_nothing_that_is_to_be_hidden() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("rules.yaml");
    std::fs::write(&path, "rules:\n  - name: friend\n    action: keep\n    words: [jane.doe]\n")
        .expect("it is written");
    let rules = path.to_str().expect("it is text").to_owned();
    let options = [("preset", "none"), ("rules", rules.as_str()), ("action", "email label")];

    let written = one(&options, &format!(r#"{{"a":"jane.doe wrote as {MAIL}"}}"#));

    assert_eq!(written, r#"{"a":"jane.doe wrote as <email>"}"#);
}

#[test]
fn numbers_of_companies_stay_for_operations_and_go_where_it_is_strict() {
    let (_directory, path) = ring();
    let record = r#"{"siren":"732829320","a":"from 10.1.2.3"}"#;

    assert_eq!(one(&[("preset", "rgpd-ops"), ("key_file", &path)], record), record);
    assert_eq!(one(&[("preset", "rgpd-strict")], record), r#"{"siren":"<fr_siren>","a":"from 10.1.2.3"}"#);
}
