//! `redact` seen from outside: cases as data, through the program, in both formats of the configuration; and the commands around it.
//!
//! A case of `tests/cases/redact` holds options, records, and what is to come of them, with `--` between. What a token says is
//! written as `…` there, since keys are random.

#![allow(clippy::disallowed_methods, reason = "the cases are small files of our own")]

mod canaries;
mod commands;
mod required;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

const MAIL: &str = "jane.doe@mail.example.com";

/// Runs the program in `folder` with `input`.
fn vigie(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vigie"));
    command.current_dir(folder).args(arguments).env_clear().env("NODE_NAME", "case");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program runs");
    let mut to = child.stdin.take().expect("it is piped");
    // Who refuses to start reads nothing.
    drop(to.write_all(input.as_bytes()));
    drop(to);
    child.wait_with_output().expect("it ends")
}

/// Runs the agent with `a.conf` in `folder` and `input` until `is_done`, then stops it.
fn until(folder: &Path, input: &str, is_done: impl Fn() -> bool) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vigie"));
    command.current_dir(folder).args(["-c", "a.conf"]).env_clear().env("NODE_NAME", "case");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program runs");
    let mut to = child.stdin.take().expect("it is piped");
    drop(to.write_all(input.as_bytes()));
    let start = Instant::now();
    while !is_done() && start.elapsed() < Duration::from_secs(30) {
        std::thread::sleep(Duration::from_millis(50));
    }
    let pid = Pid::from_child(&child);
    kill_process(pid, Signal::TERM).ok();
    drop(to);
    child.wait_with_output().expect("it ends")
}

fn said(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("it is text")
}

/// `text` with what tokens say taken out.
fn without_codes(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once(":K") {
        let (_, after) = behind.split_once('>').expect("a token ends");
        out.push_str(before);
        out.push_str(":K…>");
        rest = after;
    }
    out + rest
}

fn folder_with_keys() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let made = vigie(folder.path(), &["keys", "new", "--key-file", "redact.key"], "");
    assert!(made.status.success(), "{}", said(&made.stderr));
    folder
}

struct Case {
    name: String,
    options: Vec<(String, String)>,
    records: String,
    expected: String,
}

fn cases() -> Vec<Case> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/cases/redact");
    let paths = fs::read_dir(root).expect("there are cases").flatten().map(|entry| entry.path());
    let mut paths: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|ending| ending == "case")).collect();
    paths.sort();
    let read = |path: &PathBuf| {
        let text = fs::read_to_string(path).expect("a case can be read");
        let parts: Vec<&str> = text.split("--\n").collect();
        assert_eq!(parts.len(), 3, "{}: three parts", path.display());
        let (options, records, expected) = (parts[0], parts[1], parts[2]);
        let options = options.lines().filter(|line| !line.starts_with('#'));
        let options = options.map(|line| line.split_once(' ').expect("a key and a value"));
        let name = path.file_stem().expect("it has a name").to_string_lossy().into_owned();
        let options = options.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        Case { name, options, records: records.to_owned(), expected: expected.to_owned() }
    };
    paths.iter().map(read).collect()
}

fn classic(options: &[(String, String)]) -> String {
    let lines: String = options.iter().map(|(key, value)| format!("    {key} {value}\n")).collect();
    format!(
        "[SERVICE]\n    flush 0.1\n[INPUT]\n    name stdin\n    tag app\n[FILTER]\n    name redact\n    match *\n{lines}\
         [OUTPUT]\n    name stdout\n    match *\n    format json_lines\n    json_date_key false\n"
    )
}

fn yaml(options: &[(String, String)]) -> String {
    let mut lines = String::new();
    let mut seen: Vec<&str> = Vec::new();
    for (key, _) in options {
        if seen.contains(&key.as_str()) {
            continue;
        }
        seen.push(key);
        let quoted = |value: &str| format!("'{}'", value.replace('\'', "''"));
        let values: Vec<String> =
            options.iter().filter(|(other, _)| other == key).map(|(_, value)| quoted(value)).collect();
        if let [value] = values.as_slice() {
            lines.push_str(&format!("      {key}: {value}\n"));
        } else {
            let items: String = values.iter().map(|value| format!("        - {value}\n")).collect();
            lines.push_str(&format!("      {key}:\n{items}"));
        }
    }
    format!(
        "service:\n  flush: 0.1\npipeline:\n  inputs:\n    - name: stdin\n      tag: app\n  filters:\n    - name: redact\n      match: '*'\n{lines}\
         \x20 outputs:\n    - name: stdout\n      match: '*'\n      format: json_lines\n      json_date_key: false\n"
    )
}

#[test]
fn each_case_comes_out_as_expected_in_both_formats_and_by_the_command() {
    let folder = folder_with_keys();
    for case in cases() {
        for (file, text) in [("a.conf", classic(&case.options)), ("a.yaml", yaml(&case.options))] {
            fs::write(folder.path().join(file), &text).expect("it is written");
            let run = vigie(folder.path(), &["-q", "-c", file], &case.records);
            assert_eq!(without_codes(&said(&run.stdout)), case.expected, "{} {file}\n{}", case.name, said(&run.stderr));
        }
        if case.options.iter().all(|(key, _)| key != "mode") {
            let flag = |(key, value): &(String, String)| format!("--{}={value}", key.replace('_', "-"));
            let flags: Vec<String> = case.options.iter().map(flag).collect();
            let mut arguments = vec!["redact", "--json"];
            arguments.extend(flags.iter().map(String::as_str));
            let run = vigie(folder.path(), &arguments, &case.records);
            assert_eq!(without_codes(&said(&run.stdout)), case.expected, "{}\n{}", case.name, said(&run.stderr));
        }
    }
}

#[test]
fn lines_go_in_and_come_out_one_by_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let lines = format!("a {MAIL}\n\n{{\"x\":\"{MAIL}\"}} no newline");

    let redacted = vigie(folder.path(), &["redact"], &lines);
    assert_eq!(said(&redacted.stdout), "a <email>\n\n{\"x\":\"<email>\"} no newline");
    let twice = vigie(folder.path(), &["redact"], &said(&redacted.stdout));
    assert_eq!(twice.stdout, redacted.stdout);

    let told = said(&vigie(folder.path(), &["redact", "--explain"], &lines).stdout);
    assert!(told.starts_with("1\temail\t2-27\t") && told.lines().count() == 2 && !told.contains("jane"), "{told}");
    let told = said(&vigie(folder.path(), &["redact", "--explain", "--json"], &lines).stdout);
    assert!(told.contains(r#""entity":"email""#) && !told.contains("jane"), "{told}");

    let listed = said(&vigie(folder.path(), &["redact", "entities"], "").stdout);
    assert!(listed.lines().any(|line| line.starts_with("email ")), "{listed}");
    let refused = vigie(folder.path(), &["redact", "--preset", "rgpd-ops"], &lines);
    assert!(!refused.status.success() && refused.stdout.is_empty(), "without keys nothing passes");
    assert!(said(&refused.stderr).contains("vigie keys new"), "{}", said(&refused.stderr));
}

/// Which fields a line holds that is no record nobody can tell.
#[test]
fn where_fields_are_named_a_line_that_is_no_record_is_left_out() {
    let folder = tempfile::tempdir().expect("a folder");
    let lines = "{\"u\":\"jdupont\"}\n{\"u\":\"jdupont\n\n[\"jdupont\"]\njdupont\n{\"x\":1}\n";
    let run = |arguments: &[&str]| {
        let run = vigie(folder.path(), &[&["redact"], arguments].concat(), lines);
        (run.status.success(), said(&run.stdout), said(&run.stderr))
    };

    for (option, rule, first, last) in [
        ("--field", "$u label", r#"{"u":"<u>"}"#, r#"{"x":1}"#),
        ("--field", "$u keep", r#"{"u":"jdupont"}"#, r#"{"x":1}"#),
        ("--allow", "$x", "{}", r#"{"x":1}"#),
    ] {
        let (is_content, out, told) = run(&["--json", option, rule]);
        assert!(is_content && out == format!("{first}\n\n\n\n\n{last}\n"), "{option} {rule}: {out}");
        assert!(told.contains("3 lines") && told.contains("line 2"), "{told}");
    }
    let (_, out, told) = run(&["--json", "--exclude", "$u"]);
    assert!(out == lines && told.is_empty(), "what is not looked at as a record is looked at as a text: {out}{told}");
    for option in ["--field", "--allow", "--exclude"] {
        let rule = if option == "--field" { "$u label" } else { "$u" };
        let (is_content, out, told) = run(&[option, rule]);
        assert!(!is_content && out.is_empty() && told.contains(option) && told.contains("`--json`"), "{told}");
        let (is_content, out, told) = run(&[option, rule, "--json", "--explain"]);
        assert!(!is_content && out.is_empty() && told.contains("--explain"), "{told}");
    }
}

/// The options of the filter are those of the command.
#[test]
fn the_command_takes_the_options_of_the_filter() {
    let folder = folder_with_keys();
    let at = folder.path();
    fs::write(at.join("rules.yaml"), "rules:\n  - name: project\n    words: [blue heron]\n").expect("it is written");
    let run = |directory: Option<&Path>, arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vigie"));
        command.current_dir(at).arg("redact").args(arguments).env_clear();
        command.envs(directory.map(|directory| ("CREDENTIALS_DIRECTORY", directory)));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("it runs");
        let line = format!("{{\"{MAIL}\":\"Blue Heron {MAIL}\"}}\n");
        drop(child.stdin.take().expect("it is piped").write_all(line.as_bytes()));
        let output = child.wait_with_output().expect("it ends");
        (output.status.success(), said(&output.stdout) + &said(&output.stderr))
    };

    let (_, out) = run(None, &["--json", "--rules", "*.yaml", "--keys", "on"]);
    assert_eq!(out, "{\"<email>\":\"<project> <email>\"}\n");
    let credential = ["--key-credential", "redact.key", "--key-epoch", "30d", "--action", "email hmac"];
    let (is_content, out) = run(Some(at), &credential);
    assert!(is_content && out.contains("<email:K"), "{out}");
    let (is_content, told) = run(None, &credential);
    assert!(!is_content && told.contains("LoadCredential=redact.key"), "{told}");
    let (is_content, told) = run(None, &["--key-file", "redact.key", "--key-epoch", "1d"]);
    assert!(!is_content && told.contains("30d"), "{told}");
    let (is_content, told) = run(None, &["--mode", "report"]);
    assert!(!is_content && told.contains("--explain"), "{told}");
    let help = said(&vigie(at, &["redact", "--help"], "").stdout);
    let options = said(&vigie(at, &["help", "redact"], "").stdout);
    for key in ["preset", "strictness", "rules", "keys", "key_file", "key_credential", "key_epoch", "exclude", "allow"]
    {
        assert!(options.to_lowercase().contains(key), "{options}");
        assert!(help.contains(&format!("--{} ", key.replace('_', "-"))), "{key}: {help}");
    }
}

#[test]
fn how_the_input_is_cut_into_reads_does_not_matter() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("a.conf"), classic(&[])).expect("it is written");
    let lines: String = (0..40)
        .map(|number| {
            format!(
                "{{\"n\":{number},\"a\":\"x {MAIL} {}\",\"b\":\"4242 4242 4242 4242 \\u00e9\"}}\n",
                "é".repeat(number)
            )
        })
        .collect();
    let run = |arguments: &[&str], piece: usize| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vigie"));
        command.current_dir(folder.path()).args(arguments).env_clear().env("NODE_NAME", "case");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the program runs");
        let mut to = child.stdin.take().expect("it is piped");
        for part in lines.as_bytes().chunks(piece) {
            to.write_all(part).expect("it reads");
            // So that one write is one read.
            std::thread::sleep(Duration::from_micros(300));
        }
        drop(to);
        said(&child.wait_with_output().expect("it ends").stdout)
    };
    for arguments in [&["-q", "-c", "a.conf"][..], &["redact"], &["redact", "--json"]] {
        let whole = run(arguments, lines.len());
        assert_eq!(whole.lines().count(), 40, "{arguments:?} {whole}");
        assert!(!whole.contains("jane") && whole.contains("<email>") && !whole.contains("4242"), "{whole}");
        for piece in [1, 7, 61, 1000] {
            assert_eq!(run(arguments, piece), whole, "{arguments:?} in pieces of {piece}");
        }
    }
}

/// `--key-file` is the `key_file` of the filter.
#[test]
fn the_token_of_a_value_is_the_one_in_the_log_until_its_key_is_destroyed() {
    let folder = folder_with_keys();
    let at = folder.path();
    let logged =
        said(&vigie(at, &["redact", "--preset", "rgpd-ops", "--key-file", "redact.key"], &format!("{MAIL}\n")).stdout);

    let ask = ["token", "--entity", "email", "--key-file", "redact.key"];
    let tokens = said(&vigie(at, &[&ask[..], &["Jane.DOE@mail.example.com"]].concat(), "").stdout);
    let piped = said(&vigie(at, &[&ask[..], &["-"]].concat(), MAIL).stdout);

    assert!(logged.starts_with("<email:K") && tokens.lines().any(|token| token == logged.trim()), "{logged} {tokens}");
    assert_eq!((tokens.lines().count(), &piped), (13, &tokens));
    let of = |words: &[&str]| vigie(at, &[&["token", "--key-file", "redact.key", "x", "--entity"], words].concat(), "");
    for (name, near) in [("emial", "email"), ("name", "person_name"), ("nosuch", "--own")] {
        let refused = of(&[name]);
        assert!(!refused.status.success() && refused.stdout.is_empty(), "{name}");
        assert!(said(&refused.stderr).contains(near), "{name}: {}", said(&refused.stderr));
    }
    assert!(said(&of(&["nosuch", "--own"]).stdout).starts_with("<nosuch:K") && of(&["person_name"]).status.success());
    let name = logged.split([':', '.']).nth(1).expect("a key").to_owned();
    let destroyed = vigie(at, &["keys", "destroy", "--key-file", "redact.key", &name], "");
    assert!(destroyed.status.success() && !said(&destroyed.stdout).contains(&name));
    let rotated = vigie(at, &["keys", "rotate", "--key-file", "redact.key"], "");
    assert!(!said(&rotated.stdout).contains(&name), "tokens name their key by its epoch, so it gets no other one");
    assert!(said(&rotated.stderr).contains(&format!("{name} was destroyed")), "{}", said(&rotated.stderr));
    assert!(!said(&vigie(at, &[&ask[..], &[MAIL]].concat(), "").stdout).contains(&name));
    let refused = vigie(at, &["redact", "--preset", "rgpd-ops", "--key-file", "redact.key"], MAIL);
    assert!(
        refused.stdout.is_empty() && said(&refused.stderr).contains("vigie keys new"),
        "a missing epoch fails closed"
    );
    assert!(!vigie(at, &["keys", "new", "--key-file", "redact.key"], "").status.success(), "it never overwrites");
}

#[test]
fn what_was_encrypted_or_sealed_is_opened_by_who_has_the_key() {
    let folder = folder_with_keys();
    let at = folder.path();
    assert!(vigie(at, &["keys", "new", "--recipient", "dpo"], "").status.success());
    let redact =
        |action: &str| said(&vigie(at, &["redact", "--action", action, "--key-file", "redact.key"], MAIL).stdout);
    let (encrypted, sealed) = (redact("email encrypt"), redact("email seal recipient=dpo.pub"));

    let open = |token: &str, key: &[&str]| vigie(at, &[&["token", "--open", token][..], key].concat(), "");
    assert_eq!(said(&open(&encrypted, &["--key-file", "redact.key"]).stdout).trim(), MAIL);
    assert_eq!(said(&open(&sealed, &["--identity", "dpo.identity"]).stdout).trim(), MAIL);
    for refused in [open(&sealed, &["--key-file", "redact.key"]), open(&encrypted, &[]), open("<email>", &[])] {
        assert!(!refused.status.success() && refused.stdout.is_empty());
    }
}

#[test]
fn a_ring_that_others_may_read_stops_the_start() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder_with_keys();
    let path = folder.path().join("redact.key");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("it is ours");
    let options = [("preset".to_owned(), "rgpd-ops".to_owned()), ("key_file".to_owned(), "redact.key".to_owned())];
    fs::write(folder.path().join("a.conf"), classic(&options)).expect("it is written");

    let run = vigie(folder.path(), &["-c", "a.conf"], &format!("{{\"a\":\"{MAIL}\"}}\n"));

    assert!(!run.status.success() && run.stdout.is_empty());
    assert!(said(&run.stderr).contains("chmod 600 redact.key"), "{}", said(&run.stderr));
}

/// Who owns the ring can make tokens of any value, and change it. Only root can give a file to another user, so only then it is tried.
#[test]
fn a_ring_of_another_user_stops_the_start() {
    let folder = folder_with_keys();
    let path = folder.path().join("redact.key");
    let options = [("preset".to_owned(), "rgpd-ops".to_owned()), ("key_file".to_owned(), "redact.key".to_owned())];
    fs::write(folder.path().join("a.conf"), classic(&options)).expect("it is written");
    assert!(vigie(folder.path(), &["-c", "a.conf"], "").status.success());
    if std::os::unix::fs::chown(&path, Some(12345), Some(12345)).is_err() {
        return;
    }

    let run = vigie(folder.path(), &["-c", "a.conf"], &format!("{{\"a\":\"{MAIL}\"}}\n"));
    assert!(!run.status.success() && run.stdout.is_empty());
    let told = said(&run.stderr);
    assert!(told.contains("user 12345") && told.contains("chown"), "{told}");
    let run = vigie(folder.path(), &["redact", "--preset", "rgpd-ops", "--key-file", "redact.key"], MAIL);
    assert!(!run.status.success() && run.stdout.is_empty());
    let checked = vigie(folder.path(), &["check", "a.conf"], "");
    assert!(checked.status.success(), "it is checked by another user than it is run by");
    assert!(said(&checked.stderr).contains("user 12345"), "{}", said(&checked.stderr));
    assert!(vigie(folder.path(), &["report", "--art30", "--config", "a.conf"], "").status.success());
    assert!(vigie(folder.path(), &["keys", "rotate", "--key-file", "redact.key"], "").status.success());
    let owner = std::os::unix::fs::MetadataExt::uid(&fs::metadata(&path).expect("it is there"));
    assert_eq!(owner, 12345, "who prepares keys does not take the file from the agent");
}

/// A store that refuses every item and quotes it as the reason, as OpenSearch quotes values, beside one that it was not sent. Gives its port and what it was sent.
fn refusing_store() -> (u16, Arc<Mutex<Vec<u8>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("it is bound").port();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&heard);
    std::thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            let heard = Arc::clone(&kept);
            std::thread::spawn(move || refuse(connection, &heard));
        }
    });
    (port, heard)
}

fn refuse(mut connection: TcpStream, heard: &Mutex<Vec<u8>>) {
    let mut reader = BufReader::new(connection.try_clone().expect("a second handle"));
    loop {
        let (mut length, mut line) = (0, String::new());
        while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
            let lower = line.to_ascii_lowercase();
            length =
                lower.strip_prefix("content-length:").map_or(length, |text| text.trim().parse().expect("a length"));
            line.clear();
        }
        if line.is_empty() {
            return;
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).expect("a body");
        heard.lock().expect("it is whole").extend_from_slice(&body);
        let body = String::from_utf8_lossy(&body).into_owned();
        let documents = body.lines().filter(|line| !line.starts_with("{\"create\"") && !line.starts_with("{\"index\""));
        let items: Vec<String> = documents
            .map(|document| {
                let reason = format!(
                    "failed to parse field [a] of {MAIL}, preview: '{}'",
                    document.replace('"', "'").replace('\\', "")
                );
                format!(
                    r#"{{"create":{{"status":400,"error":{{"type":"mapper_parsing_exception","reason":"{reason}"}}}}}}"#
                )
            })
            .collect();
        let answer = format!(r#"{{"took":1,"errors":true,"items":[{}]}}"#, items.join(","));
        let head =
            format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", answer.len());
        if connection.write_all(format!("{head}{answer}").as_bytes()).is_err() {
            return;
        }
    }
}

/// Every file below `folder`, with what it holds.
fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("it can be listed").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            let content = fs::read(&path).expect("it can be read");
            found.push((path, content));
        }
    }
    found
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port()
}

/// Every page that the agent serves on `port`.
fn pages(port: u16) -> Vec<u8> {
    let mut all = Vec::new();
    let paths = ["/", "/live", "/ready", "/api/v2/health", "/api/v1/health", "/api/v1/plugins", "/api/v1/uptime"];
    let counters = ["/api/v1/metrics", "/api/v1/metrics/prometheus", "/api/v2/metrics/prometheus", "/api/v2/reload"];
    for path in paths.into_iter().chain(counters) {
        let mut connection = TcpStream::connect(("127.0.0.1", port)).expect("it is served");
        let ask = format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
        connection.write_all(ask.as_bytes()).expect("it is asked");
        connection.read_to_end(&mut all).expect("it answers");
    }
    all
}

/// A configuration that sends to a store that refuses all and to one that is not there, and keeps what it cannot send.
fn refused_and_kept(port: u16, filter: &str) -> String {
    let output = |alias: &str, port: u16| {
        format!(
            "[OUTPUT]\n    name opensearch\n    alias {alias}\n    match *\n    host 127.0.0.1\n    port {port}\n    index logs\n    include_tag_key on\n"
        )
    };
    format!(
        "[SERVICE]\n    flush 0.1\n    grace 2\n    storage.path state\n    log_level debug\n    log_file agent.log\n[INPUT]\n    name stdin\n    tag app.{MAIL}\n\
         [FILTER]\n    name redact\n    match *\n{filter}{}{}",
        output("refusing", port),
        output("gone", 1)
    )
}

#[test]
fn no_value_is_left_in_anything_that_the_agent_writes() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    let (port, heard) = refusing_store();
    let serving = free_port();
    let text = refused_and_kept(port, "");
    let served = format!(
        "[SERVICE]\n    http_server on\n    health_check on\n    http_listen 127.0.0.1\n    http_port {serving}\n"
    );
    fs::write(at.join("a.conf"), text.replacen("[SERVICE]\n", &served, 1)).expect("it is written");
    let page = Mutex::new(Vec::new());
    let values = [MAIL, "4242 4242 4242 4242", "8.8.4.77", "FR7630006000011234567890189"];
    let mut lines: String =
        values.iter().map(|value| format!("{{\"a\":\"x {value} y\",\"b\":{{\"c\":[\"{value}\"]}}}}\n")).collect();
    lines.push_str(&format!("no JSON {MAIL}\n"));

    let run = until(at, &lines, || {
        let letters =
            files(at).iter().any(|(path, content)| path.to_string_lossy().contains("dlq") && !content.is_empty());
        let is_done = letters && files(at).iter().any(|(path, _)| path.to_string_lossy().contains("gone"));
        if is_done {
            *page.lock().expect("it is whole") = pages(serving);
        }
        is_done
    });

    let heard = heard.lock().expect("it is whole").clone();
    let mut written = files(&at.join("state"));
    let names: Vec<String> = written.iter().map(|(path, _)| path.display().to_string()).collect();
    assert!(
        names.iter().any(|name| name.contains("dlq")) && names.iter().any(|name| name.contains("gone")),
        "{names:?}"
    );
    written.push(("log".into(), fs::read(at.join("agent.log")).expect("there is a log")));
    written.push(("stdout".into(), run.stdout));
    written.push(("stderr".into(), run.stderr));
    written.push(("sent".into(), heard));
    written.push(("pages".into(), page.into_inner().expect("it is whole")));
    for (path, content) in &written {
        for value in values.into_iter().chain(["8.8.4.77"]) {
            assert!(!holds(content, value), "{value} in {}", path.display());
        }
    }
    assert!(written.iter().any(|(path, content)| path.ends_with("sent")
        && holds(content, "<email>")
        && holds(content, "\"redacted-email\"")));
    assert!(written.iter().any(|(path, content)| path.ends_with("pages") && holds(content, "entity=\"email\"")));
    let letters = written.iter().filter(|(path, _)| path.to_string_lossy().contains("dlq"));
    assert!(letters.clone().count() > 0 && letters.into_iter().all(|(_, content)| holds(content, "<email>")));

    let verify = ["receipts", "verify", "state/redact-receipts.chain", "--public-key", "state/redact-receipts.pub"];
    let checked = vigie(at, &verify, "");
    assert!(checked.status.success(), "{}", said(&checked.stderr));
    let report = said(&vigie(at, &["report", "--art30", "--config", "a.conf"], "").stdout);
    let kinds = report.lines().filter(|line| line.contains("| fr_nir |"));
    assert_eq!(kinds.count(), 1, "several detectors look for its forms: {report}");
    assert!(report.lines().any(|line| line.starts_with("| contact | email | ") && !line.contains("| 0 |")), "{report}");
    let chain = at.join("state/redact-receipts.chain");
    let forged = fs::read_to_string(&chain).expect("text").replacen("\"count\":", "\"count\":1", 1);
    fs::write(&chain, forged).expect("it is written");
    assert!(!vigie(at, &verify, "").status.success(), "a changed count is seen");
    fs::write(&chain, "").expect("it is written");
    let empty = vigie(at, &verify, "");
    assert!(!empty.status.success() && said(&empty.stderr).contains("nothing is proved"), "{}", said(&empty.stderr));
}

/// One file under a name that holds a person, read by `tail` into a store that takes nothing more and one that is not there, with a
/// filter before `redact` that meets what is not hidden yet.
fn set_aside_and_brought_down(port: u16, serving: u16) -> String {
    let output = |alias: &str, port: u16| {
        format!(
            "[OUTPUT]\n    name opensearch\n    alias {alias}\n    match *\n    host 127.0.0.1\n    port {port}\n    index logs\n    include_tag_key on\n"
        )
    };
    format!(
        "[SERVICE]\n    flush 0.1\n    grace 2\n    storage.path state\n    log_level debug\n    log_file agent.log\n\
         \x20   http_server on\n    http_listen 127.0.0.1\n    http_port {serving}\n[INPUT]\n    name tail\n    path logs/*.log\n    tag app.*\n    \
         db positions.db\n    read_from_head on\n[FILTER]\n    name modify\n    match *\n    add x y\n[FILTER]\n    name redact\n    match *\n\
         {}{}",
        output("taking", port),
        output("gone", 1)
    )
}

#[test]
fn no_value_is_left_in_what_is_set_aside_nor_in_what_a_panic_says() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    let ((port, heard), serving) = (refusing_store(), free_port());
    fs::write(at.join("a.conf"), set_aside_and_brought_down(port, serving)).expect("it is written");
    for made in ["logs", "state"] {
        fs::create_dir(at.join(made)).expect("it is made");
    }
    let log = at.join(format!("logs/{MAIL}.log"));
    let values =
        [MAIL, "4242 4242 4242 4242", "FR7630006000011234567890189", "hunter2-secret", "1 84 12 76 451 089 46"];
    let line = |word: &str| {
        format!("{word} {MAIL} card {} iban {} password={} nir {}\n", values[1], values[2], values[3], values[4])
    };
    fs::write(&log, line("first")).expect("it is written");

    let mut command = Command::new(env!("CARGO_BIN_EXE_vigie"));
    command.current_dir(at).args(["-c", "a.conf"]).env_clear().env("VIGIE_TEST_PANIC", "brought down");
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
    let told = || fs::read_to_string(at.join("agent.log")).unwrap_or_default();
    let aside = || files(&at.join("state")).iter().any(|(path, _)| path.to_string_lossy().contains("gone"));
    let wait = |is_done: &dyn Fn() -> bool| {
        let start = Instant::now();
        while !is_done() && start.elapsed() < Duration::from_secs(30) {
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    let append = |word: &str| {
        let mut file = fs::OpenOptions::new().append(true).open(&log).expect("it is there");
        file.write_all(line(word).as_bytes()).expect("it is written");
    };
    wait(&|| {
        append("more");
        aside()
    });
    let reached = heard.lock().expect("it is whole").len();
    append("brought down");
    wait(&|| told().contains("three times"));
    append("last");
    wait(&|| heard.lock().expect("it is whole").len() > reached && holds(&heard.lock().expect("it is whole"), "last"));
    let page = pages(serving);
    kill_process(Pid::from_child(&child), Signal::TERM).ok();
    let run = child.wait_with_output().expect("it ends");

    let (log, sent) = (told(), heard.lock().expect("it is whole").clone());
    assert!(aside(), "what the output that is gone does not take is on disk");
    assert!(log.contains("[panic] the test asked for it at"), "a panic speaks: {log}");
    assert!(log.contains("set aside, declared dropped") && holds(&sent, "last <email>"), "and the rest goes on: {log}");
    let mut written = files(&at.join("state"));
    written.extend([("log".into(), log.into_bytes()), ("sent".into(), sent), ("pages".into(), page)]);
    written.extend([("stdout".into(), run.stdout), ("stderr".into(), run.stderr)]);
    for (path, content) in &written {
        for value in values {
            assert!(!holds(content, value), "{value} in {}", path.display());
        }
    }
}

#[test]
fn processors_hide_what_comes_of_an_input_or_goes_to_an_output() {
    let folder = tempfile::tempdir().expect("a folder");
    let (port, heard) = refusing_store();
    let processors = "      processors:\n        logs:\n          - name: redact\n";
    let run = |rule: &str, input: &str, outputs: &str| {
        let text = format!(
            "service:\n  flush: 0.1\n  grace: 2\n  redact: {rule}\npipeline:\n  inputs:\n    - name: stdin\n      tag: app\n{input}  outputs:\n{outputs}"
        );
        fs::write(folder.path().join("a.yaml"), text).expect("it is written");
        let run = vigie(folder.path(), &["-c", "a.yaml"], &format!("{{\"a\":\"{MAIL}\"}}\n"));
        (run.status.success(), said(&run.stdout), said(&run.stderr))
    };
    let stdout = "    - name: stdout\n      match: '*'\n      format: json_lines\n      json_date_key: false\n";
    let store =
        format!("    - name: opensearch\n      match: '*'\n      port: {port}\n      retry_limit: no_retries\n");
    let both = format!("{stdout}{processors}{store}");

    assert_eq!(run("required", processors, stdout).1, "{\"a\":\"<email>\"}\n");
    assert_eq!(run("required", "", &format!("{stdout}{processors}")).1, "{\"a\":\"<email>\"}\n");
    let (is_content, out, told) = run("required", "", &both);
    assert!(!is_content && out.is_empty() && told.contains("reach `opensearch.0`"), "{told}");
    assert!(!told.contains("`stdout.0`"), "{told}");
    assert!(!holds(&heard.lock().expect("it is whole"), MAIL), "nothing ran");
    assert_eq!(run("off", "", &both).1, "{\"a\":\"<email>\"}\n");
    assert!(holds(&heard.lock().expect("it is whole"), MAIL), "the other output gets the records as they are");
    let leaves = format!("{processors}            field: $log keep\n");
    for (input, output) in [(&*leaves, stdout.to_owned()), ("", format!("{stdout}{leaves}"))] {
        let (is_content, _, told) = run("required", input, &output);
        assert!(!is_content && told.contains("V220") && told.contains("`Field $log keep`"), "{told}");
    }
    let drops = processors.replace("redact", "grep\n            exclude: a jane");
    let (is_content, out, told) = run("off", "", &format!("{stdout}{drops}"));
    assert!(is_content && out.is_empty(), "what it removes is settled: {told}");
}

#[test]
fn rules_of_ones_own_are_looked_with_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let rules = "rules:\n  - name: project\n    words: [blue heron]\n  - name: staff\n    group: person\n    action: mask keep_last=2\n    regex: 'EMP-[0-9]{6}'\n  - name: member\n    number: 9\n    prefix: '7'\n  - name: customer\n    dictionary: names.txt\n    action: remove\n";
    fs::write(folder.path().join("rules.yaml"), rules).expect("it is written");
    fs::write(folder.path().join("names.txt"), "Zo\u{e9} Martin\n").expect("it is written");
    let options = [
        ("preset".to_owned(), "none".to_owned()),
        ("rules".to_owned(), "*.yaml".to_owned()),
        ("action".to_owned(), "member remove".to_owned()),
    ];
    fs::write(folder.path().join("a.conf"), classic(&options)).expect("it is written");
    let record = r#"{"a":"Blue Heron by EMP-123456, 712345678 for Zo\u00e9 Martin","n":712345678,"x":812345678}"#;

    let run = vigie(folder.path(), &["-q", "-c", "a.conf"], &format!("{record}\n"));

    assert_eq!(
        said(&run.stdout),
        "{\"a\":\"<project> by ***-****56,  for \",\"n\":\"\",\"x\":812345678}\n",
        "{}",
        said(&run.stderr)
    );
    fs::write(folder.path().join("bad.yaml"), "rules:\n  - name: x\n").expect("it is written");
    let run = vigie(folder.path(), &["-c", "a.conf"], &format!("{record}\n"));
    assert!(
        !run.status.success() && run.stdout.is_empty() && said(&run.stderr).contains("bad.yaml"),
        "a bad rule fails closed"
    );
}

#[test]
fn a_ring_may_be_a_credential_of_the_service_manager() {
    let folder = folder_with_keys();
    let options =
        [("preset".to_owned(), "rgpd-ops".to_owned()), ("key_credential".to_owned(), "redact.key".to_owned())];
    fs::write(folder.path().join("a.conf"), classic(&options)).expect("it is written");
    let run = |directory: Option<&Path>, arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vigie"));
        command.current_dir(folder.path()).args(arguments).env_clear().stdin(Stdio::null());
        command.envs(directory.map(|directory| ("CREDENTIALS_DIRECTORY", directory)));
        command.output().expect("the program runs")
    };

    assert!(run(Some(folder.path()), &["-c", "a.conf"]).status.success());
    let rights = |mode| {
        let rights = std::os::unix::fs::PermissionsExt::from_mode(mode);
        fs::set_permissions(folder.path().join("redact.key"), rights).expect("it is ours");
    };
    rights(0o440);
    assert!(run(Some(folder.path()), &["-c", "a.conf"]).status.success(), "so it stands where it was handed to a user");
    rights(0o444);
    assert!(!run(Some(folder.path()), &["-c", "a.conf"]).status.success());
    rights(0o600);
    for name in ["../redact.key", "a/redact.key", "..", "."] {
        let options = [("preset".to_owned(), "rgpd-ops".to_owned()), ("key_credential".to_owned(), name.to_owned())];
        fs::create_dir_all(folder.path().join("a")).expect("it is made");
        fs::copy(folder.path().join("redact.key"), folder.path().join("a/redact.key")).expect("it is copied");
        fs::write(folder.path().join("b.conf"), classic(&options)).expect("it is written");
        for arguments in [&["-c", "b.conf"][..], &["check", "b.conf"]] {
            let refused = run(Some(&folder.path().join("a")), arguments);
            let told = said(&refused.stderr);
            assert!(!refused.status.success() && told.contains("no name of a credential"), "{name}: {told}");
        }
    }
    let refused = run(None, &["-c", "a.conf"]);
    assert!(!refused.status.success() && said(&refused.stderr).contains("LoadCredential=redact.key"));
    let checked = run(None, &["-D", "-c", "a.conf"]);
    assert!(checked.status.success() && said(&checked.stderr).contains("V511"), "by hand it is not handed in");
}
