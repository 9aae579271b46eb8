//! `redact` seen from outside: cases as data, through the program, in both formats of the configuration; and the commands around it.
//!
//! A case of `tests/cases/redact` holds options, records, and what is to come of them, with `--` between. What a token says is
//! written as `…` there, since keys are random.

#![allow(clippy::disallowed_methods, reason = "the cases are small files of our own")]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

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
    let mut paths: Vec<PathBuf> =
        fs::read_dir(root).expect("there are cases").flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let read = |path: &PathBuf| {
        let text = fs::read_to_string(path).expect("a case can be read");
        let parts: Vec<&str> = text.split("--\n").collect();
        let [options, records, expected] = parts.as_slice() else { panic!("{}: three parts", path.display()) };
        let options = options.lines().filter(|line| !line.starts_with('#'));
        let options = options.map(|line| line.split_once(' ').expect("a key and a value"));
        let name = path.file_stem().expect("it has a name").to_string_lossy().into_owned();
        let options = options.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        Case { name, options, records: (*records).to_owned(), expected: (*expected).to_owned() }
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
        let is_flag = |(key, _): &&(String, String)| !matches!(key.as_str(), "keys" | "mode" | "key_epoch");
        if case.options.iter().filter(is_flag).count() == case.options.len() || case.name == "tokens" {
            let flags =
                case.options.iter().filter(is_flag).map(|(key, value)| format!("--{}={value}", key.replace('_', "-")));
            let flags: Vec<String> = flags.collect();
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
    let name = logged.split([':', '.']).nth(1).expect("a key").to_owned();
    let destroyed = vigie(at, &["keys", "destroy", "--key-file", "redact.key", &name], "");
    assert!(destroyed.status.success() && !said(&destroyed.stdout).contains(&name));
    assert!(!said(&vigie(at, &[&ask[..], &[MAIL]].concat(), "").stdout).contains(&name));
    let refused = vigie(at, &["redact", "--preset", "rgpd-ops", "--key-file", "redact.key"], MAIL);
    assert!(
        refused.stdout.is_empty() && said(&refused.stderr).contains("vigie keys rotate"),
        "a missing epoch fails closed"
    );
    let rotated = vigie(at, &["keys", "rotate", "--key-file", "redact.key", "--keep", "2"], "");
    assert!(said(&rotated.stdout).contains(&name), "a new key of the epoch");
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

#[test]
fn where_redact_is_required_no_way_goes_around_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let start = |tag: &str, rule: &str, mode: &str| {
        let text = classic(&[("mode".into(), mode.into())])
            .replace("    match *\n    mode", &format!("    match {tag}\n    mode"));
        let text = text.replace("flush 0.1", &format!("flush 0.1\n    redact {rule}"));
        fs::write(folder.path().join("a.conf"), text).expect("it is written");
        let run = vigie(folder.path(), &["-c", "a.conf"], &format!("{{\"a\":\"{MAIL}\"}}\n"));
        (run.status.success(), said(&run.stdout), said(&run.stderr))
    };

    for (tag, mode) in [("db", "redact"), ("*", "report")] {
        let (is_content, out, told) = start(tag, "required", mode);
        assert!(
            !is_content && out.is_empty() && told.contains("V220") && told.contains("`stdin.0` reach `stdout.0`"),
            "{told}"
        );
    }
    assert_eq!(start("a*", "required", "redact").1, "{\"a\":\"<email>\"}\n");
    let (is_content, _, told) = start("db", "off", "redact");
    assert!(is_content && told.contains("V221"), "{told}");
}
