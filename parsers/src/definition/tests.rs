use super::*;
use crate::batch::{Origin, Timestamp};

/// The fields as `key=value` with kinds of values told apart, and the time.
fn parse(definition: &Definition, line: &str) -> (Parsed, String, Timestamp) {
    let parser = definition.build().expect("the definition is valid");
    let mut batch = Batch::default();
    let span = batch.store(line.as_bytes());
    let index = batch.push(Timestamp { seconds: 1_795_392_000, nanos: 7 }, Origin::default());
    let parsed = parser.parse(&mut batch, index, span);
    let record = batch.record(index);
    let show = |field: &Field| {
        let bytes = |span| String::from_utf8_lossy(batch.bytes(span)).into_owned();
        let value = match field.value {
            Value::Text(text) => format!("'{}'", bytes(text.span)),
            Value::Number(span) | Value::Json(span) => bytes(span),
            Value::Bool(value) => value.to_string(),
            Value::U64(value) => format!("u{value}"),
            other => format!("{other:?}"),
        };
        format!("{}={value}", bytes(field.key.span))
    };
    let fields: Vec<String> = record.fields().iter().map(show).collect();
    (parsed, fields.join(" "), record.time())
}

fn fields(definition: &Definition, line: &str) -> Option<String> {
    let (parsed, fields, _) = parse(definition, line);
    (parsed != Parsed::Refused).then_some(fields)
}

#[test]
fn logfmt_is_read_as_fluent_bit_reads_it() {
    let logfmt = Definition { format: Format::Logfmt, ..Definition::default() };
    let strict = Definition { logfmt_no_bare_keys: true, ..logfmt.clone() };

    let line = r#"a=1 b="x y" c d= e="" f="q\"w""#;

    assert_eq!(fields(&logfmt, line).as_deref(), Some(r#"a='1' b='x y' c=true d=true e='' f='q"w'"#));
    assert_eq!(
        fields(&logfmt, r#"a=1 b=2 a="\u00e9\ud83d\ude00\t\q\\" a=3x"#).as_deref(),
        Some("b='2' a='3x'"),
        "the last of equal keys"
    );
    assert_eq!(fields(&logfmt, r#"a="\u00e9\ud83d\ude00\t\q\\""#).as_deref(), Some("a='é😀\tq\\'"));
    assert_eq!(fields(&logfmt, r#"a="\u12""#).as_deref(), Some("a='u12'"));
    assert_eq!(fields(&logfmt, r#"a="open\"#), None);
    assert_eq!(fields(&strict, line), None);
    assert_eq!(fields(&logfmt, r#"a="open"#), None);
    assert_eq!(fields(&logfmt, "  "), None);
}

#[test]
fn ltsv_is_read_by_labels_and_tabs() {
    let ltsv = Definition { format: Format::Ltsv, ..Definition::default() };

    assert_eq!(fields(&ltsv, "host:a\ttime:1:2\treq_time:0.1").as_deref(), Some("host='a' time='1:2' req_time='0.1'"));
    assert_eq!(fields(&ltsv, "a:1\tb:2\t\ta:3\r\n").as_deref(), Some("b='2' a='3'"));
    assert_eq!(fields(&ltsv, "no label"), None);
    assert_eq!(fields(&ltsv, ""), None);
    assert_eq!(fields(&ltsv, "bad label:x"), None);
}

#[test]
fn types_are_applied_where_the_text_fits_them() {
    let types = ["code:Integer", "size:Integer", "ok:Bool", "id:Hex", "ratio:Float"].map(|text| {
        let (key, kind) = text.split_once(':').expect("it holds a colon");
        let kind = match kind {
            "Integer" => FieldType::Integer,
            "Bool" => FieldType::Bool,
            "Hex" => FieldType::Hex,
            _ => FieldType::Float,
        };
        (key.to_owned(), kind)
    });
    let logfmt = Definition { format: Format::Logfmt, types: types.to_vec(), ..Definition::default() };

    assert_eq!(
        fields(&logfmt, "code=200 size=- ok=TRUE id=0xff ratio=0.50").as_deref(),
        Some("code=200 size='-' ok=true id=u255 ratio=0.50")
    );
    assert_eq!(fields(&logfmt, "code=007 ratio=1e5").as_deref(), Some("code=7 ratio=1e5"));
}

#[test]
fn the_time_is_taken_from_its_field() {
    let regex = Definition {
        format: Format::Regex,
        regex: Some(r"^(?<time>[^ ]*) (?<empty>x?)(?<log>.*)$".into()),
        time_format: Some("%Y-%m-%dT%H:%M:%S.%L%z".into()),
        ..Definition::default()
    };
    let kept = Definition { time_keep: true, ..regex.clone() };
    let line = "2023-11-14T22:13:20.5Z hello";

    let (parsed, text, time) = parse(&regex, line);

    assert_eq!((parsed, text.as_str()), (Parsed::Fitted, "log='hello'"));
    assert_eq!(time, Timestamp { seconds: 1_700_000_000, nanos: 500_000_000 });
    assert_eq!(parse(&kept, line).1, "time='2023-11-14T22:13:20.5Z' log='hello'");
}

/// Fluent Bit loses the text of a time that it does not understand; here it stays and is reported.
#[test]
fn a_time_that_is_not_understood_stays_in_the_record() {
    let json = Definition { time_format: Some("%F".into()), ..Definition::default() };

    let (parsed, text, time) = parse(&json, r#"{"time":"yesterday","n":1}"#);

    assert_eq!((parsed, text.as_str()), (Parsed::TimeUnclear, "time='yesterday' n=1"));
    assert_eq!(time.nanos, 7, "the time it was read");
}

#[test]
fn cri_lines_give_the_fields_of_the_usual_definition() {
    let cri = Definition { format: Format::Cri, time_keep: true, ..Definition::default() };

    assert_eq!(fields(&cri, "2023Z stdout F a b").as_deref(), Some("time='2023Z' stream='stdout' _p='F' log='a b'"));
    assert_eq!(fields(&cri, "plain"), None);
}

/// The built-in definition called `name`.
fn built_in(name: &str) -> Definition {
    let mut definition = Definition::default();
    for line in BUILT_IN.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
        let (key, value) = line.split_once(' ').unwrap_or((line, ""));
        let value = value.trim();
        match key {
            "[PARSER]" if definition.name == name => break,
            "[PARSER]" => definition = Definition::default(),
            "Name" => definition.name = value.into(),
            "Format" => {
                definition.format = match value {
                    "regex" => Format::Regex,
                    "ltsv" => Format::Ltsv,
                    "logfmt" => Format::Logfmt,
                    "cri" => Format::Cri,
                    _ => Format::Json,
                }
            }
            "Regex" => definition.regex = Some(value.into()),
            "Time_Key" => definition.time_key = value.into(),
            "Time_Format" => definition.time_format = Some(value.into()),
            "Time_Keep" => definition.time_keep = value == "On",
            "" => {}
            other => panic!("`{other}` is no key that this test knows"),
        }
    }
    assert_eq!(definition.name, name, "it is built in");
    definition
}

/// Lines of 2023-11-14T22:13:20Z and the fields that they give.
const BUILT_IN_CASES: [(&str, &str, &str); 18] = [
    ("json", r#"{"time":"14/Nov/2023:22:13:20 +0000","a":1}"#, "a=1"),
    ("docker", r#"{"log":"x","time":"2023-11-14T22:13:20.5Z"}"#, "log='x' time='2023-11-14T22:13:20.5Z'"),
    (
        "docker-daemon",
        r#"time="2023-11-14T22:13:20.000000000Z" level=info msg="API listen on [::]:2375""#,
        "time='2023-11-14T22:13:20.000000000Z' level='info' msg='API listen on [::]:2375'",
    ),
    (
        "cri",
        "2023-11-14T23:13:20.5+01:00 stderr P a  b",
        "time='2023-11-14T23:13:20.5+01:00' stream='stderr' _p='P' log='a  b'",
    ),
    (
        "nginx",
        r#"10.0.0.1 - alice [14/Nov/2023:22:13:20 +0000] "GET /a?b=c HTTP/1.1" 200 612 "-" "curl/8.0""#,
        "remote='10.0.0.1' host='-' user='alice' method='GET' path='/a?b=c' code='200' size='612' referer='-' agent='curl/8.0'",
    ),
    (
        "nginx",
        r#"10.0.0.1 - - [14/Nov/2023:22:13:20 +0000] "GET /a HTTP/1.1" 200 612"#,
        "remote='10.0.0.1' host='-' user='-' method='GET' path='/a' code='200' size='612'",
    ),
    (
        "nginx",
        r#"10.0.0.1 - - [14/Nov/2023:22:13:20 +0000] "GET /é HTTP/1.1" 200 612 "-" "Ümlaut" "10.2.3.4""#,
        "remote='10.0.0.1' host='-' user='-' method='GET' path='/é' code='200' size='612' referer='-' agent='Ümlaut'",
    ),
    (
        "apache",
        r#"10.0.0.1 - - [14/Nov/2023:22:13:20 +0000] "GET" 200 612 "http://a/" "curl""#,
        "host='10.0.0.1' user='-' method='GET' code='200' size='612' referer='http://a/' agent='curl'",
    ),
    (
        "apache2",
        r#"10.0.0.1 - - [14/Nov/2023:22:13:20 +0000] "GET /a HTTP/1.1" 200 612 "-" "a "quoted" agent""#,
        "host='10.0.0.1' user='-' method='GET' path='/a' code='200' size='612' referer='-' agent='a \"quoted\" agent'",
    ),
    (
        "k8s-nginx-ingress",
        r#"10.0.0.1 - - [14/Nov/2023:22:13:20 +0000] "GET / HTTP/2.0" 200 5 "-" "curl" 33 0.002 [web-80] [] 10.1.0.4:80 5 0.001 200 4f2e"#,
        "host='10.0.0.1' user='-' method='GET' path='/' code='200' size='5' referer='-' agent='curl' request_length='33' \
         request_time='0.002' proxy_upstream_name='web-80' upstream_addr='10.1.0.4:80' upstream_response_length='5' \
         upstream_response_time='0.001' upstream_status='200' reg_id='4f2e'",
    ),
    (
        "envoy",
        r#"[2023-11-14T22:13:20.000Z] "POST /rpc HTTP/2" 200 - 126 75 3 2 "-" "grpc-go" "c6d7" "svc:80" "10.1.0.5:80""#,
        "start_time='2023-11-14T22:13:20.000Z' method='POST' path='/rpc' protocol='HTTP/2' code='200' response_flags='-' \
         bytes_received='126' bytes_sent='75' duration='3' x_envoy_upstream_service_time='2' x_forwarded_for='-' \
         user_agent='grpc-go' request_id='c6d7' authority='svc:80' upstream_host='10.1.0.5:80'",
    ),
    (
        "istio-envoy-proxy",
        r#"[2023-11-14T22:13:20.000Z] "GET /a HTTP/1.1" 200 - via_upstream - "-" 0 9 3 2 "-" "curl" "c6d7" "svc" "10.1.0.5:80" in|80|| 127.0.0.6:1 10.1.0.5:80 10.1.0.9:2 - default"#,
        "start_time='2023-11-14T22:13:20.000Z' method='GET' path='/a' protocol='HTTP/1.1' response_code='200' \
         response_flags='-' response_code_details='via_upstream' connection_termination_details='-' \
         upstream_transport_failure_reason='\"-\"' bytes_received='0' bytes_sent='9' duration='3' \
         x_envoy_upstream_service_time='2' x_forwarded_for='-' user_agent='curl' x_request_id='c6d7' authority='svc' \
         upstream_host='10.1.0.5:80' upstream_cluster='in|80||' upstream_local_address='127.0.0.6:1' \
         downstream_local_address='10.1.0.5:80' downstream_remote_address='10.1.0.9:2' requested_server_name='-' \
         route_name='default'",
    ),
    (
        "syslog-rfc3164",
        "<34>Nov 14 22:13:20 web sshd[42]: Accepted key",
        "pri='34' time='Nov 14 22:13:20' host='web' ident='sshd' pid='42' message='Accepted key'",
    ),
    (
        "syslog-rfc3164-local",
        "<34>Nov 14 22:13:20 sshd[42]: Accepted key",
        "pri='34' time='Nov 14 22:13:20' ident='sshd' pid='42' message='Accepted key'",
    ),
    (
        "syslog-rfc5424",
        "<165>1 2023-11-14T22:13:20.5Z web app 42 ID47 [a@1 b=\"c\"] hello",
        "pri='165' time='2023-11-14T22:13:20.5Z' host='web' ident='app' pid='42' msgid='ID47' extradata='[a@1 b=\"c\"]' \
         message='hello'",
    ),
    (
        "syslog-rfc5424",
        "<165>1 2023-11-14T22:13:20.5Z web app - - - hello",
        "pri='165' time='2023-11-14T22:13:20.5Z' host='web' ident='app' pid='-' msgid='-' extradata='-' message='hello'",
    ),
    (
        "mongodb",
        "2023-11-14T22:13:20.000+0000 I  COMMAND  [conn5] command done 117ms",
        "time='2023-11-14T22:13:20.000+0000' severity='I' component='COMMAND' context='conn5' message='command done' ms='117'",
    ),
    (
        "mongodb",
        "2023-11-14T22:13:20.000Z I NETWORK [listener] waiting",
        "time='2023-11-14T22:13:20.000Z' severity='I' component='NETWORK' context='listener' message='waiting'",
    ),
];

#[test]
fn the_built_in_parsers_read_their_lines() {
    for (name, line, expected) in BUILT_IN_CASES {
        let (parsed, text, time) = parse(&built_in(name), line);

        assert_eq!((parsed, text.as_str()), (Parsed::Fitted, expected), "{name}");
        assert!(time.seconds % 86_400 == 80_000, "{name}: {time:?}");
    }
}

#[test]
fn the_built_in_parsers_without_a_time_read_their_lines() {
    let id = "0123456789abcdef".repeat(4);
    let kube = format!("kube.web-5d9.x_shop_nginx-{id}.log");
    let kube_fields =
        format!("tag='kube' pod_name='web-5d9.x' namespace_name='shop' container_name='nginx' docker_id='{id}'");
    let cases = [
        ("kube-custom", kube.as_str(), kube_fields.as_str()),
        (
            "apache_error",
            "[Tue Nov 14 22:13:20 2023] [error] [pid 7] [client 10.0.0.1] File does not exist",
            "time='Nov 14 22:13:20 2023' level='error' pid='7' client='10.0.0.1' message='File does not exist'",
        ),
        ("logfmt", "a=1", "a='1'"),
        ("ltsv", "a:1", "a='1'"),
    ];

    for (name, line, expected) in cases {
        assert_eq!(fields(&built_in(name), line).as_deref(), Some(expected), "{name}");
    }
}

#[test]
fn every_built_in_definition_builds_and_has_a_line_above() {
    let names = BUILT_IN.lines().filter_map(|line| line.trim().strip_prefix("Name ")).map(str::trim);
    for name in names {
        assert!(built_in(name).build().is_ok(), "{name}");
        let alone = ["kube-custom", "apache_error", "logfmt", "ltsv"].contains(&name);
        assert!(alone || BUILT_IN_CASES.iter().any(|(case, _, _)| *case == name), "{name} has a line");
    }
}

#[test]
fn a_wrong_definition_names_the_key_to_blame() {
    let regex = Definition { format: Format::Regex, ..Definition::default() };
    let absent = Definition { regex: Some("(?~a)(?<b>c)".into()), ..regex.clone() };
    let time = Definition { time_format: Some("%Q".into()), ..Definition::default() };
    for (definition, key) in [(regex, "regex"), (absent, "regex"), (time, "time_format")] {
        assert_eq!(definition.build().err().map(|error| error.key()), Some(key));
    }
}
