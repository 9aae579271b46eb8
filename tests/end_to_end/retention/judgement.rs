//! What a run goes by: several cases, a time to come that is typed once more, classes that were lengthened, keys that change.

use std::io::Write;
use std::process::{Command, Stdio};

use reqwest::Method;
use serde_json::json;

use super::{alone, arguments, configure, ids, public_key, retention};
use crate::support::{Store, Workplace, shared_node};

const BUCKET: &str = "vigie-itj1-app-exp-2020.01";
const RUN: [&str; 4] = ["run", "--apply", "--max-share", "100%"];
const WHO: [&str; 4] = ["--reason", "a court", "--by", "legal"];

/// A configuration with a class of this age.
fn configure_age(workplace: &Workplace, max_age: &str) {
    let class =
        format!("\n[RETENTION_CLASS]\n    Name itj1\n    Max_Age {max_age}\n    Layout bucket\n    Basis a test\n");
    configure(workplace, &class);
}

fn put(store: &Store, id: &str, expires_at: &str) {
    let stamp = json!({"class": "itj1", "expires_at": expires_at});
    let body = json!({"@timestamp": "2019-12-20T00:00:00Z", "user": "john", "retention": stamp});
    let (status, answer) = store.request(Method::PUT, &format!("{BUCKET}/_create/{id}?refresh=true"), Some(&body));
    assert_eq!(status, 201, "{answer}");
}

/// Runs with an answer to the question, and gives exit code and what was said.
fn typed(workplace: &Workplace, line: &[&str], answer: &str) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vigie"));
    command.args(arguments(workplace, "vigie.conf", line));
    let mut run =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    run.stdin.take().expect("it is piped").write_all(answer.as_bytes()).expect("it reads");
    let output = run.wait_with_output().expect("it ends");
    (output.status.code(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

#[test]
fn cases_dates_lengthened_classes_and_keys_are_gone_by() {
    let _alone = alone();
    let store = Store::of(shared_node());
    let workplace = Workplace::new();
    configure_age(&workplace, "99y");
    assert_eq!(retention(&workplace, &["key", "new"]).0, Some(0));
    let first_key = public_key(&workplace);
    store.request(Method::DELETE, &format!("{BUCKET}?ignore_unavailable=true"), None);
    store.create_index(BUCKET, &json!({"@timestamp": {"type": "date"}}));
    put(&store, "stamped", "2020-01-19T00:00:00Z");
    put(&store, "later", "2090-01-01T00:00:00Z");
    let run = |line: &[&str], part: &str| {
        let (status, text) = retention(&workplace, line);
        assert!(status == Some(0) && text.contains(part), "{line:?}: {status:?} {text}");
    };

    // The class was lengthened after the first one was stamped.
    run(&["plan", "--extend"], "0 due of 2 documents");
    run(&["plan"], "1 due of 2 documents");

    // The last of two cases holds it still.
    for case in ["one", "two"] {
        run(&[&["hold", "add", case, "--index", "vigie-itj1-*"][..], &WHO].concat(), "certificate");
    }
    run(&["plan"], "held by one, two");
    run(&[&["hold", "lift", "one"][..], &WHO].concat(), "certificate");
    run(&RUN, "certificate");
    assert_eq!(ids(&store, BUCKET), ["later", "stamped"]);
    run(&["plan"], "held by two");
    run(&[&["hold", "lift", "two"][..], &WHO].concat(), "certificate");

    // The key hands over, and the first public key is enough for all.
    run(&["key", "rotate"], "key ");
    let to_come = [&RUN[..], &["--as-of", "2091-01-01"]].concat();
    let (status, text) = typed(&workplace, &to_come, "yes\n");
    assert!(status == Some(1) && text.contains("type: delete as of 2091-01-01T00:00:00Z"), "{text}");
    assert!(text.contains("not confirmed: nothing was changed"), "{text}");
    assert_eq!(ids(&store, BUCKET), ["later", "stamped"]);
    let (status, text) = typed(&workplace, &to_come, "delete as of 2091-01-01T00:00:00Z\n");
    assert_eq!(status, Some(0), "{text}");
    assert_eq!(store.request(Method::GET, BUCKET, None).0, 404);
    let chain = std::fs::read_to_string(workplace.path("chain")).expect("there is a chain");
    let last = chain.lines().last().expect("it has entries");
    assert!(last.contains(r#""as_of":"2091-01-01T00:00:00Z","as_of_is_later":true"#), "{last}");
    let file = workplace.path("chain");
    let file = file.to_str().expect("text");
    run(&["verify", file, "--public-key", &first_key], "whole, up to ");
    run(&["report", file, "--public-key", &first_key], &format!("{BUCKET}: delete index, 2 due of 2"));

    // Entries that are missing or have changed places are named.
    let mut lines: Vec<&str> = chain.split_inclusive('\n').collect();
    lines.swap(1, 2);
    let moved = workplace.write("moved", &lines.concat());
    lines.swap(1, 2);
    lines.remove(1);
    let missing = workplace.write("missing", &lines.concat());
    for file in [moved, missing] {
        let words = ["verify", file.to_str().expect("text"), "--public-key", &first_key];
        let (status, text) = retention(&workplace, &words);
        assert!(status == Some(1) && text.contains("line 2: expected entry 2, found entry 3"), "{text}");
    }
}
