//! What goes wrong between agent and store is said clearly, and nothing is lost by it.

use std::net::Ipv4Addr;
use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use crate::support::{Gate, Node, OutputSection, Store, Workplace, eventually, shared_node};

const LINES: u64 = 500;

/// A workplace with lines to ship.
fn with_lines() -> Workplace {
    let workplace = Workplace::new();
    append_lines(&workplace, 0..LINES);
    workplace
}

fn append_lines(workplace: &Workplace, numbers: std::ops::Range<u64>) {
    let lines: String = numbers.map(|number| format!("line {number}\n")).collect();
    workplace.append("app.log", &lines);
}

fn configure(workplace: &Workplace, output: &OutputSection) {
    let input = "[SERVICE]\n    Flush 0.2\n    Grace 2\n\n[INPUT]\n    Name tail\n    Tag app\n    Path @HERE@/app.log\n    \
                 DB @HERE@/app.db\n    Read_from_Head On\n";
    workplace.write("vigie.conf", &format!("{input}{output}"));
}

/// Ships with a faulty output until the fault is reported, then with the repaired one; all lines must arrive.
///
/// Gives the message.
fn message_of(faulty: &OutputSection, repaired: &OutputSection, parts: &[&str]) -> String {
    let workplace = with_lines();
    configure(&workplace, faulty);
    let mut agent = workplace.start("vigie.conf");
    let message = agent.wait_for_message(parts);
    // Nothing was delivered, which its exit code may say.
    let _ = agent.terminate();
    let store = Store::of(shared_node());
    assert_eq!(store.count(&repaired.index), 0, "nothing can have arrived");

    configure(&workplace, repaired);
    let agent = workplace.start("vigie.conf");
    wait_for_lines(&store, &repaired.index, LINES);
    assert!(agent.terminate().success());
    message
}

fn wait_for_lines(store: &Store, index: &str, lines: u64) {
    let arrived = format_args!("{lines} documents in {index}").to_string();
    eventually(Duration::from_secs(60), arrived, || (store.count(index) >= lines).then_some(()));
    assert_eq!(store.count(index), lines);
}

#[test]
fn a_wrong_password_is_reported_and_loses_nothing() {
    let repaired = shared_node().output("app", "wrong-password");
    let mut faulty = repaired.clone();
    faulty.password = "secret-42".to_owned();

    let message = message_of(&faulty, &repaired, &["401"]);

    assert!(!message.contains("secret-42"), "the password stays out of the log: {message}");
}

#[test]
fn a_wrong_ca_is_reported_and_loses_nothing() {
    let repaired = shared_node().output("app", "wrong-ca");
    let mut faulty = repaired.clone();
    faulty.ca.clone_from(&shared_node().other_ca);

    message_of(&faulty, &repaired, &["certificate", "tls.ca_file"]);
}

#[test]
fn a_wrong_host_name_is_reported_and_loses_nothing() {
    let repaired = shared_node().output("app", "wrong-host");
    let gate = Gate::open(Ipv4Addr::new(127, 0, 0, 2), repaired.port);
    let mut faulty = repaired.clone();
    faulty.host = gate.address.ip().to_string();
    faulty.port = gate.address.port();

    message_of(&faulty, &repaired, &["certificate", "127.0.0.2"]);
}

#[test]
fn a_stopped_server_is_reported_and_everything_arrives_once_it_is_back() {
    let node = Node::start();
    let store = Store::of(&node);
    let workplace = with_lines();
    configure(&workplace, &node.output("app", "stopped"));
    let mut agent = workplace.start("vigie.conf");
    wait_for_lines(&store, "stopped", LINES);

    node.stop();
    append_lines(&workplace, LINES..2 * LINES);
    agent.wait_for_message(&["refused"]);
    node.restart();

    wait_for_lines(&store, "stopped", 2 * LINES);
    assert!(agent.terminate().success());
}

/// One output, two indexes: a block on one of them must not keep back the other.
#[test]
fn a_blocked_index_waits_alone_and_is_complete_once_it_is_free() {
    let store = Store::of(shared_node());
    for index in ["one-blocked", "one-free"] {
        store.create_index(index, &json!({"log": {"type": "text"}}));
    }
    let block = |on: bool| {
        let (status, answer) =
            store.request(Method::PUT, "one-blocked/_settings", Some(&json!({"index.blocks.write": on})));
        assert_eq!(status, 200, "{answer}");
    };
    block(true);
    let workplace = with_lines();
    let lines: String = (0..LINES).map(|number| format!("other line {number}\n")).collect();
    workplace.append("other.log", &lines);
    let inputs = ["blocked", "free"].map(|tag| {
        let file = if tag == "free" { "app" } else { "other" };
        format!("[INPUT]\n    Name tail\n    Tag {tag}\n    Path @HERE@/{file}.log\n    DB @HERE@/{tag}.db\n    Read_from_Head On\n\n")
    });
    let output = shared_node().output("*", "one-$TAG");
    workplace.write("vigie.conf", &format!("[SERVICE]\n    Flush 0.2\n\n{}{output}", inputs.concat()));

    let mut agent = workplace.start("vigie.conf");
    agent.wait_for_message(&["an index takes no records", "blocked for writing"]);
    wait_for_lines(&store, "one-free", LINES);
    assert_eq!(store.count("one-blocked"), 0);
    block(false);

    wait_for_lines(&store, "one-blocked", LINES);
    agent.wait_for_message(&["a paused index takes records again"]);
    assert!(agent.terminate().success());
}
