//! Lines arrive in the store, with their fields, times and refusals; the agent stops in order.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Agent, OutputSection, Store, Workplace, eventually, run_to_end, shared_node};

const ARRIVE: Duration = Duration::from_secs(30);

const PARSERS: &str = r#"
[PARSER]
    Name        app
    Format      json
    Time_Key    time
    Time_Format %Y-%m-%dT%H:%M:%S.%L%z

[PARSER]
    Name        access
    Format      regex
    Regex       ^(?<remote>[^ ]*) (?<host>[^ ]*) (?<user>[^ ]*) \[(?<time>[^\]]*)\] "(?<method>\S+)(?: +(?<path>[^\"]*?)(?: +\S*)?)?" (?<code>[^ ]*) (?<size>[^ ]*)(?: "(?<referer>[^\"]*)" "(?<agent>[^\"]*)")
    Time_Key    time
    Time_Format %d/%b/%Y:%H:%M:%S %z
    Types       code:integer size:integer
"#;

/// A configuration with one tailed file `<tag>.log` per tag, parsed by the parser of that name.
fn configuration(service: &str, tags: &[&str], outputs: &[OutputSection]) -> String {
    let mut text = format!("[SERVICE]\n    Parsers_File @HERE@/parsers.conf\n{service}\n");
    for tag in tags {
        text += &format!(
            "\n[INPUT]\n    Name tail\n    Tag {tag}\n    Path @HERE@/{tag}.log\n    Parser {tag}\n    DB @HERE@/{tag}.db\n    \
             Read_from_Head On\n"
        );
    }
    outputs.iter().fold(text, |text, output| text + &output.to_string())
}

fn start(workplace: &Workplace, configuration: &str) -> Agent {
    workplace.write("parsers.conf", PARSERS);
    workplace.write("vigie.conf", configuration);
    workplace.start("vigie.conf")
}

fn wait_for_count(store: &Store, index: &str, count: u64) {
    eventually(ARRIVE, format_args!("{count} documents in {index}"), || (store.count(index) >= count).then_some(()));
    assert_eq!(store.count(index), count);
}

fn app_lines(numbers: std::ops::Range<u64>) -> String {
    numbers
        .map(|number| {
            format!("{{\"time\":\"2026-11-23T10:20:30.{:03}+0100\",\"n\":{number},\"text\":\"caf\\u00e9 \\\"{number}\\\"\"}}\n", number % 1000)
        })
        .collect()
}

#[test]
fn json_and_nginx_lines_arrive_with_their_fields_and_times() {
    let node = shared_node();
    let store = Store::of(node);
    let mut web = node.output("access", "unused");
    web.index = "unused\n    Logstash_Format On\n    Logstash_Prefix shipping-web".to_owned();
    let mut app = node.output("app", "shipping-app");
    app.more.push("Compress gzip");
    let workplace = Workplace::new();
    workplace.append("app.log", &app_lines(0..1000));
    workplace.append(
        "access.log",
        "192.0.2.7 - alice [23/Nov/2026:10:20:31 +0100] \"GET /a?b=c HTTP/1.1\" 200 1234 \"-\" \"curl/8\"\n",
    );

    let agent = start(&workplace, &configuration("    Flush 0.2", &["app", "access"], &[app, web]));
    wait_for_count(&store, "shipping-app", 1000);
    workplace.append("app.log", &app_lines(1000..1500));
    wait_for_count(&store, "shipping-app", 1500);
    wait_for_count(&store, "shipping-web-2026.11.23", 1);
    assert!(agent.terminate().success());

    let web: Vec<Value> = store.documents("shipping-web-2026.11.23", &["*"]).into_values().collect();
    let expected = json!({
        "@timestamp": "2026-11-23T09:20:31.000Z", "remote": "192.0.2.7", "host": "-", "user": "alice", "method": "GET",
        "path": "/a?b=c", "code": 200, "size": 1234, "referer": "-", "agent": "curl/8",
    });
    assert_eq!(web, [expected]);
    let app = store.documents("shipping-app", &["*"]);
    let document = app.values().find(|document| document["n"] == 1234).expect("every number is there");
    assert_eq!(document, &json!({"@timestamp": "2026-11-23T09:20:30.234Z", "n": 1234, "text": "café \"1234\""}));
}

#[test]
fn a_refused_document_is_kept_with_its_reason_and_the_rest_is_stored() {
    let node = shared_node();
    let store = Store::of(node);
    store.create_index("refusals", &json!({"n": {"type": "long"}}));
    let workplace = Workplace::new();
    workplace.append("app.log", "{\"n\":1}\n{\"n\":\"not a number\"}\n{\"n\":3}\n");
    let mut output = node.output("app", "refusals");
    output.more.push("Repair off");

    let service = "    Flush 0.2\n    storage.path @HERE@/state";
    let mut agent = start(&workplace, &configuration(service, &["app"], &[output]));
    wait_for_count(&store, "refusals", 2);
    let message = agent.wait_for_message(&["mapper_parsing_exception"]);
    assert!(agent.terminate().success());

    assert!(!message.contains("not a number"), "values stay out of the agent's own log: {message}");
    let entry: Value = serde_json::from_str(dead_letters(&workplace).trim()).expect("one entry of JSON");
    let text = entry.to_string();
    assert!(text.contains("mapper_parsing_exception") && text.contains("not a number"), "{text}");
}

#[test]
fn a_document_with_a_field_that_does_not_fit_is_repaired_else_it_goes_to_the_quarantine_index() {
    let node = shared_node();
    let store = Store::of(node);
    store.create_index("repaired", &json!({"n": {"type": "long"}, "m": {"type": "long"}, "t": {"type": "text"}}));
    let workplace = Workplace::new();
    let lines = [r#"{"n":"x","m":1}"#, r#"{"n":"x","m":"y"}"#, r#"{"t":{"a":1},"m":2}"#, r#"{"t":{"a":2},"m":3}"#];
    workplace.append("app.log", &(lines.join("\n") + "\n"));
    let mut output = node.output("app", "repaired");
    output.more.push("Quarantine_Index quarantined");

    let agent = start(&workplace, &configuration("    Flush 0.2", &["app"], &[output]));
    wait_for_count(&store, "repaired", 3);
    wait_for_count(&store, "quarantined", 1);
    workplace.append("app.log", "{\"t\":{\"a\":4},\"m\":4}\n");
    wait_for_count(&store, "repaired", 4);
    let said = agent.said();
    assert!(agent.terminate().success());

    let mut repaired: Vec<String> =
        store.documents("repaired", &["m", "unmapped"]).values().map(ToString::to_string).collect();
    repaired.sort();
    let expected = [
        r#"{"m":1,"unmapped":{"n":"x"}}"#,
        r#"{"m":2,"unmapped":{"t":"{\"a\":1}"}}"#,
        r#"{"m":3,"unmapped":{"t":"{\"a\":2}"}}"#,
        r#"{"m":4,"unmapped":{"t":"{\"a\":4}"}}"#,
    ];
    assert_eq!(repaired, expected);
    let quarantined = store.documents("quarantined", &["*"]);
    let document = quarantined.values().next().expect("there is one");
    assert_eq!(document["refused"]["index"], "repaired");
    assert!(document["document"].as_str().is_some_and(|text| text.contains(r#""m":"y""#)), "{document}");
    assert!(said.contains("they go to `unmapped` as text"), "{said}");
}

/// What the dead-letter files below `state` hold.
fn dead_letters(workplace: &Workplace) -> String {
    let files = glob::glob(workplace.path("state/**/*.ndjson").to_str().expect("a plain name")).expect("a pattern");
    files.flatten().map(|file| std::fs::read_to_string(file).expect("a file of text")).collect()
}

#[test]
fn what_was_read_is_delivered_before_the_agent_stops() {
    let node = shared_node();
    let store = Store::of(node);
    let workplace = Workplace::new();
    workplace.append("app.log", &app_lines(0..300));
    let monitor = free_port();
    let service =
        format!("    Flush 60\n    Grace 20\n    HTTP_Server On\n    HTTP_Listen 127.0.0.1\n    HTTP_Port {monitor}");

    let agent = start(&workplace, &configuration(&service, &["app"], &[node.output("app", "draining")]));
    eventually(ARRIVE, "300 records read", || {
        let metrics = get(monitor, "/api/v1/metrics")?;
        let inputs = serde_json::from_str::<Value>(&metrics).ok()?["input"].as_object()?.clone();
        inputs.values().any(|input| input["records"] == 300).then_some(())
    });
    assert_eq!(store.count("draining"), 0, "a flush time of a minute has not come");
    assert!(agent.terminate().success());

    assert_eq!(store.count("draining"), 300);
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a loopback port can be had");
    listener.local_addr().expect("a listener has an address").port()
}

/// The body of a page of the monitor, once it answers.
fn get(port: u16, path: &str) -> Option<String> {
    use std::io::{Read, Write};
    let mut connection = std::net::TcpStream::connect(("127.0.0.1", port)).ok()?;
    write!(connection, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").ok()?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer).ok()?;
    answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned())
}

#[test]
fn a_dry_run_accepts_a_sound_configuration_and_touches_nothing() {
    let workplace = Workplace::new();
    let configuration = configuration("", &["app"], &[shared_node().output("app", "untouched")]);
    workplace.write("parsers.conf", PARSERS);
    let path = workplace.write("vigie.conf", &configuration);

    let (status, _, stderr) = run_to_end(&["-D".as_ref(), "-c".as_ref(), &path]);

    assert!(status.success(), "{stderr}");
    assert!(!workplace.path("app.db").exists());
}

#[test]
fn ten_mistakes_are_reported_at_once_and_in_place() {
    let workplace = Workplace::new();
    let path = workplace.write("vigie.conf", include_str!("ten_mistakes.conf"));

    let (status, stdout, stderr) = run_to_end(&["-D".as_ref(), "-c".as_ref(), &path]);

    assert_eq!(status.code(), Some(1));
    let said = stdout + &stderr;
    let places: Vec<&str> = said.lines().filter(|line| line.contains(": error[V")).collect();
    let expected: Vec<&str> = include_str!("ten_mistakes.places").lines().collect();
    assert_eq!((places.len(), expected.len()), (10, 10), "{said}");
    for (place, expected) in places.iter().zip(expected) {
        assert!(place.contains(&format!("vigie.conf:{expected}: error[V")), "expected {expected} in {place}\n{said}");
    }
}
