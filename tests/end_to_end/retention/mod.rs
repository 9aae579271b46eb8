//! `vigie retention` against a real node: what is due goes, what is held or alive stays, and there is proof.

mod erase;
mod judgement;
mod kill;
mod lease;
mod policies;
mod refusals;
mod years;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Store, Workplace, eventually, run_to_end, shared_node};

const CLASSES: &str = "
[RETENTION_CLASS]
    Name     ite1
    Max_Age  30d
    Layout   bucket

[RETENTION_CLASS]
    Name     ite2
    Max_Age  30d
";
const BUCKET: &str = "vigie-ite1-app-exp-2020.01";
const STREAM: &str = "vigie-ite2-app";

/// A cluster has one lease, which the tests that delete take one after the other, and one role of each name.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    static LEASE: Mutex<()> = Mutex::new(());
    LEASE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs `vigie retention` and gives exit code and all that it said.
fn retention(workplace: &Workplace, line: &[&str]) -> (Option<i32>, String) {
    retention_by(workplace, "vigie.conf", line)
}

/// The same with another configuration.
fn retention_by(workplace: &Workplace, config: &str, line: &[&str]) -> (Option<i32>, String) {
    let arguments = arguments(workplace, config, line);
    let (status, shown, said) = run_to_end(&arguments.iter().map(PathBuf::as_path).collect::<Vec<_>>());
    (status.code(), format!("{shown}{said}"))
}

/// Starts `vigie retention` and does not wait for it.
fn start(workplace: &Workplace, config: &str, line: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vigie"));
    command.args(arguments(workplace, config, line)).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("it starts")
}

fn arguments(workplace: &Workplace, config: &str, line: &[&str]) -> Vec<PathBuf> {
    let files = [("-c", config), ("--key", "key.pem"), ("--chain", "chain")];
    let files = files.into_iter().flat_map(|(flag, name)| [PathBuf::from(flag), workplace.path(name)]);
    ["retention"].iter().chain(line).map(PathBuf::from).chain(files).collect()
}

/// Configuration that goes by a relay, which knows the credentials.
fn by_relay(port: u16, classes: &str) -> String {
    let output =
        format!("[OUTPUT]\n    Name opensearch\n    Match *\n    Host 127.0.0.1\n    Port {port}\n    Retention On\n");
    format!("[INPUT]\n    Name dummy\n{output}{classes}")
}

/// Writes a configuration that ships to the shared node, with what is `more` of it.
fn configure(workplace: &Workplace, more: &str) {
    let output = shared_node().output("app", "retention-rest");
    workplace.write("vigie.conf", &format!("[INPUT]\n    Name dummy\n{output}{more}"));
}

/// Installs the templates that a configuration wants.
fn set_up(workplace: &Workplace, config: &str) {
    let config = workplace.path(config);
    let arguments = ["setup", "opensearch", "--apply", "-c"].map(Path::new);
    let (status, shown, said) = run_to_end(&[&arguments[..], &[config.as_path()]].concat());
    assert_eq!(status.code(), Some(0), "{shown}{said}");
}

/// Writes the public key of `key.pem` into a file, and gives its path as text.
fn public_key(workplace: &Workplace) -> String {
    let shown = retention(workplace, &["key", "show"]).1;
    let (_, public) = shown.split_once("-----BEGIN").expect("a key is shown");
    workplace.write("public.pem", &format!("-----BEGIN{public}")).to_str().expect("text").to_owned()
}

fn create(store: &Store, index: &str, id: &str, (user, class, expires_at): (&str, &str, &str)) {
    let body = json!({
        "@timestamp": "2019-12-20T00:00:00Z",
        "user": user,
        "retention": {"class": class, "expires_at": expires_at, "time_bounded": "past"},
    });
    let (status, answer) = store.request(Method::PUT, &format!("{index}/_create/{id}?refresh=true"), Some(&body));
    assert_eq!(status, 201, "{answer}");
}

fn ids(store: &Store, index: &str) -> Vec<String> {
    let (_, found) = store.request(Method::GET, &format!("{index}/_search?size=100"), None);
    let hits = found["hits"]["hits"].as_array().into_iter().flatten();
    let mut ids: Vec<String> = hits.filter_map(|hit| hit["_id"].as_str().map(str::to_owned)).collect();
    ids.sort();
    ids
}

/// A configuration with both layouts, templates installed, a key made, and documents that are due, held and alive.
fn prepared(store: &Store) -> Workplace {
    let node = shared_node();
    let workplace = Workplace::new();
    let mut output = node.output("app", "retention-rest");
    output.more.push("Retention On");
    workplace.write("vigie.conf", &format!("[INPUT]\n    Name dummy\n{output}{CLASSES}"));
    set_up(&workplace, "vigie.conf");
    assert_eq!(retention(&workplace, &["key", "new"]).0, Some(0));

    create(store, BUCKET, "due", ("john", "ite1", "2020-01-19T00:00:00Z"));
    create(store, BUCKET, "held", ("mallory", "ite1", "2020-01-19T00:00:00Z"));
    create(store, STREAM, "due", ("john", "ite2", "2020-01-19T00:00:00Z"));
    create(store, STREAM, "alive", ("john", "ite2", "2099-01-19T00:00:00Z"));
    create(store, STREAM, "jane", ("jane", "ite2", "2099-01-19T00:00:00Z"));
    workplace
}

#[test]
fn what_is_due_goes_what_is_held_or_alive_stays_and_a_tampered_certificate_is_refused() {
    let _alone = alone();
    let store = Store::of(shared_node());
    let workplace = prepared(&store);
    let run = |line: &[&str], code: i32, part: &str| {
        let (status, text) = retention(&workplace, line);
        assert!(status == Some(code) && text.contains(part), "{line:?}: {status:?}: {text}");
        text
    };
    let who = ["--reason", "a court", "--by", "legal"];
    let hold = ["hold", "add", "case-1", "--query", r#"{"term":{"user":"mallory"}}"#];
    run(&[&hold[..], &who].concat(), 0, "certificate 1:");

    run(&["run"], 2, "nothing was changed");
    run(&["run", "--apply"], 1, "above the limit of 20%");
    assert_eq!(ids(&store, BUCKET), ["due", "held"]);

    // Somebody else is at work, and lives.
    let lease = json!({"host": "elsewhere", "pid": 7, "until": 9_000_000_000_i64});
    store.request(Method::PUT, "vigie-retention-state/_doc/lease?refresh=true", Some(&lease));
    run(&["run", "--apply", "--max-share", "100%"], 1, "process 7 on `elsewhere`");
    store.request(Method::DELETE, "vigie-retention-state/_doc/lease?refresh=true", None);
    assert_eq!(ids(&store, STREAM), ["alive", "due", "jane"]);

    run(&["run", "--apply", "--max-share", "100%"], 0, "certificate 3:");
    assert_eq!(store.request(Method::GET, BUCKET, None).0, 404, "the bucket is gone as a whole");
    assert_eq!(ids(&store, STREAM), ["alive", "jane"]);
    assert_eq!(ids(&store, "vigie-hold-case-1"), ["held"]);

    let erase = ["erase", "--subject", "name:jane", "--field", "user", "--reference", "request 12"];
    run(&erase, 2, "1 of 2 documents");
    run(&[&erase[..], &["--apply"]].concat(), 0, "certificate 5:");
    run(&erase, 0, "nothing was found");
    assert_eq!(ids(&store, STREAM), ["alive"]);
    let (_, stats) = store.request(Method::GET, &format!("{STREAM}/_stats/docs"), None);
    assert_eq!(stats["_all"]["total"]["docs"]["deleted"], 0, "the bytes are gone");

    run(&[&["hold", "lift", "case-1"][..], &who].concat(), 0, "certificate 6:");
    assert_eq!(store.request(Method::GET, "vigie-hold-case-1", None).0, 404);
    certificates_hold(&store, &workplace);
}

/// The chain is whole, says nothing of the subject, and a change of it is seen.
fn certificates_hold(store: &Store, workplace: &Workplace) {
    let public = public_key(workplace);
    let chain = std::fs::read_to_string(workplace.path("chain")).expect("there is a chain");
    let verify = |name: &str| {
        let file = workplace.path(name);
        let words = ["verify", file.to_str().expect("text"), "--public-key", &public];
        retention(workplace, &words)
    };
    // The audit index, asked by way of the configuration, knows the same end, and the longer chain of another host too.
    let other = json!({"number": 99, "hash": "ab".repeat(32), "key": "0123456789abcdef"});
    store.request(Method::PUT, "vigie-retention-audit/_doc/other?refresh=true", Some(&other));
    assert_eq!(verify("chain").0, Some(0), "{:?}", verify("chain"));
    assert!(!chain.contains("jane") && !chain.contains("legal"), "{chain}");
    let erasure: Value = serde_json::from_str(chain.lines().nth(4).expect("five entries")).expect("it is JSON");
    assert_eq!((&erasure["kind"], &erasure["body"]["hits_left"]), (&json!("retention.erasure"), &json!(0)));

    workplace.write("tampered", &chain.replacen("\"deleted\":1", "\"deleted\":2", 1));
    let (status, text) = verify("tampered");
    assert!(status == Some(1) && text.contains("NOT whole: line 3"), "{text}");
    let cut: String = chain.split_inclusive('\n').take(5).collect();
    workplace.write("cut", &cut);
    let (status, text) = verify("cut");
    assert!(status == Some(1) && text.contains("cut off"), "{text}");
}

#[test]
fn a_closed_or_blocked_index_is_named_and_nothing_is_judged() {
    let _alone = alone();
    let store = Store::of(shared_node());
    let workplace = Workplace::new();
    let class = "\n[RETENTION_CLASS]\n    Name ite3\n    Max_Age 30d\n";
    configure(&workplace, class);
    let index = "vigie-ite3-app";
    store.create_index(index, &json!({"@timestamp": {"type": "date"}}));

    let blocked = json!({"index.blocks.write": true});
    store.request(Method::PUT, &format!("{index}/_settings"), Some(&blocked));
    let (status, text) = retention(&workplace, &["plan"]);
    assert!(status == Some(1) && text.contains("is blocked (`index.blocks.write`)"), "{text}");
    store.request(Method::PUT, &format!("{index}/_settings"), Some(&json!({"index.blocks.write": null})));
    store.request(Method::POST, &format!("{index}/_close"), None);
    let (status, text) = retention(&workplace, &["plan"]);
    assert!(status == Some(1) && text.contains("is closed"), "{text}");
}

#[test]
fn a_run_that_stays_deletes_and_leaves_its_figures_for_monitoring() {
    let _alone = alone();
    let store = Store::of(shared_node());
    let workplace = Workplace::new();
    let class = "\n[RETENTION_CLASS]\n    Name ite4\n    Max_Age 30d\n    Layout bucket\n";
    configure(&workplace, class);
    let bucket = "vigie-ite4-app-exp-2020.01";
    store.create_index(bucket, &json!({"@timestamp": {"type": "date"}}));
    create(&store, bucket, "due", ("john", "ite4", "2020-01-19T00:00:00Z"));
    let metrics = workplace.path("vigie.prom");
    let page = metrics.to_str().expect("text");

    // Without a key nothing is deleted, and the page says so.
    let run = ["run", "--apply", "--max-share", "100%", "--metrics-file", page];
    let (status, text) = retention(&workplace, &run);
    assert_eq!(status, Some(1), "{text}");
    let shown = std::fs::read_to_string(&metrics).expect("a page");
    assert!(shown.contains("last_run_success 0\n") && shown.contains("overdue_documents 1\n"), "{shown}");
    assert!(!shown.contains("last_success_timestamp"), "{shown}");

    assert_eq!(retention(&workplace, &["key", "new"]).0, Some(0));
    let (status, text) = retention(&workplace, &["run", "--every", "1d"]);
    assert!(status == Some(1) && text.contains("--every needs --apply"), "{text}");
    let mut stays = start(&workplace, "vigie.conf", &[&run[..], &["--every", "1d"]].concat());
    let shown = eventually(Duration::from_secs(120), "a good run", || {
        let shown = std::fs::read_to_string(&metrics).unwrap_or_default();
        shown.contains("last_run_success 1\n").then_some(shown)
    });
    let is_there_still = stays.try_wait().expect("it can be asked").is_none();
    stays.kill().and_then(|()| stays.wait()).expect("it ends");
    assert!(is_there_still, "it waits for the next time");
    assert!(shown.contains("overdue_documents 0\n") && shown.contains("last_success_timestamp_seconds 1"), "{shown}");
    assert_eq!(store.request(Method::GET, bucket, None).0, 404);
}
