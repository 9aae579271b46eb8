//! Configurations as data: what is said of each, word by word, and where.
//!
//! `cases/config/NAME.expected` holds what a dry run of `cases/config/NAME` says. With `BLESS=1` in the environment they are
//! written anew, for a look at the difference.

#![allow(clippy::disallowed_methods, reason = "the cases are small files of our own")]

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The cases, and whether a start would be refused.
const CASES: &[(&str, bool)] = &[
    ("ten_mistakes.conf", true),
    ("ten_mistakes.yaml", true),
    ("include.conf", true),
    ("indent.conf", true),
    ("shape.yaml", true),
    ("syntax.yaml", true),
    ("odd_parsers.conf", true),
    ("zones.conf", true),
    ("good.conf", false),
    ("good.yaml", false),
    ("no_input.conf", true),
    ("idle.conf", false),
    ("unreached.yaml", false),
    ("routed.yaml", false),
    ("set_again.yaml", false),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// What the program says on standard error, and whether it was content.
fn vigie(arguments: &[&str]) -> (String, bool) {
    let run = Command::new(env!("CARGO_BIN_EXE_vigie"))
        .args(arguments)
        .current_dir(root().join("tests/cases/config"))
        .env_clear()
        .env("NODE_NAME", "case")
        .output()
        .expect("the program runs");
    (String::from_utf8(run.stderr).expect("it speaks UTF-8"), run.status.success())
}

#[test]
fn each_configuration_is_judged_as_expected() {
    for (name, is_refused) in CASES {
        let path = root().join("tests/cases/config").join(format!("{name}.expected"));

        let (said, is_content) = vigie(&["-D", "-c", name]);

        assert_eq!(is_content, !is_refused, "{name}: {said}");
        if std::env::var_os("BLESS").is_some() {
            fs::write(&path, &said).expect("the expectation can be written");
        }
        let expected = fs::read_to_string(&path).expect("the expectation can be read");
        assert_eq!(said, expected, "{name}");
        assert!(!said.contains("secret-42"), "{name}");
    }
}

#[test]
fn a_check_tells_what_is_bounded_and_what_runs_each_pattern() {
    let check = Command::new(env!("CARGO_BIN_EXE_vigie"))
        .args(["check", "good.conf"])
        .current_dir(root().join("tests/cases/config"))
        .env_clear()
        .output()
        .expect("the program runs");

    let said = String::from_utf8(check.stdout).expect("it speaks UTF-8");
    let lines = [
        "memory: at most 134217728 bytes",
        "parser app: a byte program",
        "parser nginx: a byte program",
        "parser looks: backtracking, a line is given up and kept as text after 1000000 steps",
    ];
    for line in lines {
        assert!(said.contains(line), "{line} in {said}");
    }
}

/// Every place where a parser may be named, each with one of its own.
const PARSERS_IN_ALL_PLACES: &str = r"
parsers:
  - {name: of_first_lines, format: regex, regex: '^(?<n>\d+) (?<log>.*)$'}
  - {name: of_later_lines, format: regex, regex: '^k=(?<k>.*)$'}
  - {name: of_docker_mode, format: regex, regex: '^(?<log>\{.log.:.\d.*)$'}
  - {name: of_events, format: regex, regex: '^(?<log>.*)$'}
  - {name: of_input_processor, format: regex, regex: '^(?<a>[^ ]*) (?<b>.*)$'}
  - {name: of_output_processor, format: regex, regex: '^(?=a)(?<c>.*)$'}
  - {name: of_nobody, format: regex, regex: '^(?<d>.*)$'}
multiline_parsers:
  - name: mine
    type: regex
    parser: of_events
    key_content: log
    rules:
      - {state: start_state, regex: '/^\d/', next_state: cont}
      - {state: cont, regex: '/^\s/', next_state: cont}
pipeline:
  inputs:
    - {name: tail, path: /nowhere/a, multiline: on, parser_firstline: of_first_lines, parser_1: of_later_lines}
    - {name: tail, path: /nowhere/b, docker_mode: on, docker_mode_parser: of_docker_mode}
    - name: tail
      path: /nowhere/c
      multiline.parser: mine
      processors:
        logs:
          - {name: parser, key_name: log, parser: of_input_processor}
  outputs:
    - name: 'null'
      match: '*'
      processors:
        logs:
          - {name: parser, key_name: log, parser: of_output_processor}
";

#[test]
fn a_check_tells_what_runs_each_pattern_wherever_its_parser_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("agent.yaml");
    fs::write(&path, PARSERS_IN_ALL_PLACES).expect("it is written");

    let check = Command::new(env!("CARGO_BIN_EXE_vigie")).arg("check").arg(path).env_clear().output();

    let check = check.expect("the program runs");
    let said = String::from_utf8(check.stdout).expect("it speaks UTF-8");
    let places =
        ["docker_mode", "events", "first_lines", "input_processor", "later_lines", "output_processor"].map(|place| {
            let engine = if place == "output_processor" { "backtracking" } else { "a byte program" };
            format!("parser of_{place}: {engine}")
        });
    for line in places {
        assert!(said.contains(&line), "{line} in {said}{}", String::from_utf8_lossy(&check.stderr));
    }
    assert!(!said.contains("of_nobody"), "{said}");
}

/// A server that gives `answer` once. Gives its port.
fn server(answer: String) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("it has one").port();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let mut asked = [0; 4096];
        let length = stream.read(&mut asked).expect("it asks");
        assert!(asked[..length].starts_with(b"GET / HTTP/1.1"), "{}", String::from_utf8_lossy(&asked[..length]));
        stream.write_all(answer.as_bytes()).expect("it listens");
    });
    port
}

#[test]
fn a_check_asks_the_servers_of_outputs() {
    let body = r#"{"version":{"distribution":"opensearch","number":"3.1.0"}}"#;
    let head = |status: &str, length: usize| {
        format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n")
    };
    let good = server(head("200 OK", body.len()) + body);
    let closed = server(head("401 Unauthorized", 0));
    let nobody = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("it has one").port();
    let output = |port: u16| format!("[OUTPUT]\n  Name opensearch\n  Match *\n  Port {port}\n");
    let text = format!("[INPUT]\n  Name dummy\n{}{}{}", output(good), output(closed), output(nobody));
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("a.conf"), text).expect("written");

    let check = Command::new(env!("CARGO_BIN_EXE_vigie"))
        .args(["check", "a.conf"])
        .current_dir(folder.path())
        .env_clear()
        .env("NODE_NAME", "case")
        .output()
        .expect("the program runs");

    let (said, warned) = (String::from_utf8_lossy(&check.stdout), String::from_utf8_lossy(&check.stderr));
    assert!(check.status.success(), "{warned}");
    assert!(said.contains(&format!("sink opensearch.0: 127.0.0.1:{good}: opensearch 3.1.0\n")), "{said}");
    for part in ["a.conf:7:1: warning[V605]", "does not let this user in (401)", "a.conf:11:1: warning[V605]"] {
        assert!(warned.contains(part), "{part}: {warned}");
    }
}

/// What comes first over the next connection to the port beside it.
fn asked() -> (u16, std::sync::mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("it has one").port();
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut asked = [0; 4096];
            let length = stream.and_then(|mut stream| stream.read(&mut asked)).unwrap_or_default();
            // Nobody listens any more once the test is over.
            drop(tell.send(String::from_utf8_lossy(&asked[..length]).lines().next().unwrap_or_default().to_owned()));
        }
    });
    (port, told)
}

#[test]
fn a_proxy_of_the_environment_is_asked_unless_it_is_to_be_ignored() {
    let ((proxy, by_proxy), (server, by_server)) = (asked(), asked());
    let folder = tempfile::tempdir().expect("a folder");
    for (option, through_proxy) in [("", true), ("  net.proxy_env_ignore on\n", false)] {
        let output = format!("[OUTPUT]\n  Name opensearch\n  Match *\n  Port {server}\n{option}");
        fs::write(folder.path().join("a.conf"), format!("[INPUT]\n  Name dummy\n{output}")).expect("written");

        let check = Command::new(env!("CARGO_BIN_EXE_vigie"))
            .args(["check", "a.conf"])
            .current_dir(folder.path())
            .env_clear()
            .env("HTTP_PROXY", format!("http://127.0.0.1:{proxy}"))
            .output()
            .expect("the program runs");

        let said = String::from_utf8_lossy(&check.stderr).into_owned();
        let next = if through_proxy { &by_proxy } else { &by_server };
        let line = next.recv_timeout(std::time::Duration::from_secs(10)).expect(&said);
        let expected = if through_proxy { format!("GET http://127.0.0.1:{server}/ ") } else { "GET / ".into() };
        assert!(line.starts_with(&expected), "{line}");
    }
    assert!(by_proxy.try_recv().is_err());
}

#[test]
fn a_proxy_that_is_not_there_is_told_as_what_fails() {
    let nobody = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("it has one");
    let folder = tempfile::tempdir().expect("a folder");
    for tls in ["off", "on"] {
        let output = format!("[OUTPUT]\n  Name opensearch\n  Match *\n  Host store.invalid\n  tls {tls}\n");
        fs::write(folder.path().join("a.conf"), format!("[INPUT]\n  Name dummy\n{output}")).expect("written");

        let check = Command::new(env!("CARGO_BIN_EXE_vigie"))
            .args(["check", "a.conf"])
            .current_dir(folder.path())
            .env_clear()
            .envs(["HTTP_PROXY", "HTTPS_PROXY"].map(|name| (name, format!("http://me:secret-42@{nobody}"))))
            .output()
            .expect("the program runs");

        let said = String::from_utf8_lossy(&check.stderr).into_owned();
        let expected = format!(
            "the proxy {nobody} of the environment, through which store.invalid:9200 is asked, cannot be reached"
        );
        assert!(said.contains(&expected) && said.contains("net.proxy_env_ignore"), "{said}");
        assert!(!said.contains("secret-42"), "{said}");
    }
}

#[test]
fn memory_is_bounded_as_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = "[SERVICE]\n  memory.limit 5M\n[INPUT]\n  Name dummy\n  Mem_Buf_Limit 0\n\
                [INPUT]\n  Name dummy\n  Mem_Buf_Limit 1M\n[OUTPUT]\n  Name null\n  Match *\n";
    fs::write(folder.path().join("a.conf"), text).expect("written");

    let check = Command::new(env!("CARGO_BIN_EXE_vigie"))
        .args(["check", "a.conf"])
        .current_dir(folder.path())
        .env_clear()
        .output()
        .expect("the program runs");

    let said = String::from_utf8_lossy(&check.stdout);
    assert!(said.contains("memory: at most 5000000 bytes"), "{said}");
    assert!(said.contains("memory: of these, dummy.1 at most 1000000 bytes"), "{said}");
    assert!(!said.contains("dummy.0"), "a limit of 0 is none: {said}");
}

#[test]
fn ten_mistakes_are_ten_findings() {
    for name in ["ten_mistakes.conf", "ten_mistakes.yaml"] {
        let (said, _) = vigie(&["-D", "-c", name]);
        assert!(said.ends_with("vigie: 10 errors in the configuration\n"), "{name}: {said}");
    }
}

#[test]
fn a_dry_run_and_a_start_refuse_the_same() {
    for (name, _) in CASES.iter().filter(|(_, is_refused)| *is_refused) {
        assert_eq!(vigie(&["-c", name]), vigie(&["-D", "-c", name]), "{name}");
    }
}

#[test]
fn flags_are_shown_as_they_were_typed() {
    let flags = ["-i", "dummy", "-p", "rate=fast", "-t", "a", "-o", "stduot", "-m", "*", "-f", "0"];

    let (said, is_content) = vigie(&[&["-D"], &flags[..]].concat());

    assert!(!is_content);
    for part in ["command line:1:4: error[V104]", "command line:2:18: error[V103]", "| -o stduot -m *", "`stdout`?"] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[test]
fn flags_win_over_the_file_and_add_to_it() {
    let (said, is_content) = vigie(&["-D", "-c", "good.conf", "-f", "2", "-i", "dummy", "-t", "cli"]);
    assert!(is_content, "{said}");
    let (said, is_content) = vigie(&["-D", "-c", "good.conf", "-f", "soon"]);
    assert!(!is_content && said.contains("command line:1:4: error[V103]: `flush`"), "{said}");
}

/// The tables of the documentation are those of the program. With `BLESS=1` they are written anew.
#[test]
fn the_tables_of_the_documentation_are_those_of_the_program() {
    let path = root().join("docs/fluent-bit-compatibility.md");
    let page = fs::read_to_string(&path).expect("the page can be read");
    let (begin, end) = ("<!-- tables: begin -->\n", "<!-- tables: end -->\n");
    let (before, rest) = page.split_once(begin).expect("tables begin");
    let (tables, after) = rest.split_once(end).expect("tables end");

    let told = Command::new(env!("CARGO_BIN_EXE_vigie")).args(["help", "tables"]).output().expect("the program runs");
    let told = String::from_utf8(told.stdout).expect("it speaks UTF-8");

    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, format!("{before}{begin}{told}{end}{after}")).expect("the page can be written");
    } else {
        assert_eq!(tables, told);
    }
}

/// The codes in the sources, those of tests left out, are exactly those of the documented table.
#[test]
fn every_code_in_use_is_documented_and_every_documented_code_is_in_use() {
    let mut used = BTreeSet::new();
    let mut folders = vec![root().join("agent/src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("the folder can be listed").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if !path.ends_with("config/codes.rs") {
                let text = fs::read_to_string(&path).expect("a source can be read");
                let (code, _) = text.split_once("#[cfg(test)]\nmod tests {").unwrap_or((&text, ""));
                used.extend(codes(code));
            }
        }
    }

    let documented: BTreeSet<String> = vigie::config::codes::CODES.iter().map(|code| code.code.to_owned()).collect();

    assert_eq!(used, documented);
}

/// The texts in quotes that have the form of a code.
fn codes(text: &str) -> impl Iterator<Item = String> {
    let is_code =
        |word: &str| word.len() == 4 && word.starts_with('V') && word.bytes().skip(1).all(|b| b.is_ascii_digit());
    text.split('"').filter(move |word| is_code(word)).map(str::to_owned)
}
