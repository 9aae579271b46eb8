//! A rollover between a request and its resend: every line once across all indexes.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Agent, Gate, Store, Workplace, eventually, shared_node};

const LINES: u64 = 3_000;

/// An alias or data stream behind a gate, and a place to ship from.
struct Rig {
    store: Store,
    gate: Gate,
    workplace: Workplace,
    name: &'static str,
    /// Its first indexes.
    behind: [String; 3],
    written: u64,
}

impl Rig {
    fn with_alias(name: &'static str) -> Self {
        let body = json!({"settings": {"number_of_replicas": 0}, "aliases": {name: {"is_write_index": true}}});
        Self::new(name, &format!("{name}-"), &[(format!("{name}-000001"), body)])
    }

    fn with_data_stream(name: &'static str) -> Self {
        let settings = json!({"settings": {"number_of_replicas": 0}});
        let template = json!({"index_patterns": [name], "data_stream": {}, "template": settings});
        let made = [(format!("_index_template/{name}"), template), (format!("_data_stream/{name}"), json!(null))];
        Self::new(name, &format!(".ds-{name}-"), &made)
    }

    fn new(name: &'static str, prefix: &str, made: &[(String, Value)]) -> Self {
        let (node, store) = (shared_node(), Store::of(shared_node()));
        for (path, body) in made {
            let (status, answer) = store.request(Method::PUT, path, Some(body).filter(|body| !body.is_null()));
            assert_eq!(status, 200, "{answer}");
        }
        let gate = Gate::open(Ipv4Addr::LOCALHOST, node.port);
        let workplace = Workplace::new();
        let mut output = node.output("app", name);
        output.port = gate.address.port();
        let service = "[SERVICE]\n    Flush 0.2\n    Grace 2\n    storage.path @HERE@/state\n\n";
        let input = "[INPUT]\n    Name tail\n    Tag app\n    Path @HERE@/app.log\n    DB @HERE@/app.db\n    Read_from_Head On\n";
        workplace.write("vigie.conf", &format!("{service}{input}{output}"));
        let behind = ["000001", "000002", "000003"].map(|number| format!("{prefix}{number}"));
        Self { store, gate, workplace, name, behind, written: 0 }
    }

    fn start(&self) -> Agent {
        self.workplace.start("vigie.conf")
    }

    fn write_lines(&mut self) {
        let lines: String =
            (self.written..self.written + LINES).map(|number| format!("line {number:06} of the test\n")).collect();
        self.workplace.append("app.log", &lines);
        self.written += LINES;
    }

    /// Ships lines that are answered for, so that the index behind the alias is known.
    fn ship_first(&mut self) {
        self.write_lines();
        self.wait_for_all();
    }

    /// Lets lines be stored whose answer the agent does not get, then puts another index behind the alias.
    fn ship_unanswered_then_roll(&mut self) {
        self.gate.withhold_answers();
        let before = self.written;
        self.write_lines();
        eventually(Duration::from_secs(30), "an answer that is withheld", || self.gate.withholds().then_some(()));
        // The answer is there, so the lines are.
        assert!(self.store.count(self.name) > before);
        self.roll();
    }

    /// Puts another index behind the alias.
    fn roll(&self) {
        let (status, answer) = self.store.request(Method::POST, &format!("{}/_rollover", self.name), None);
        assert_eq!((status, answer["rolled_over"].as_bool()), (200, Some(true)), "{answer}");
    }

    fn wait_for_all(&self) {
        let awaited = format!("{} documents in {}", self.written, self.name);
        eventually(Duration::from_secs(60), awaited, || (self.store.count(self.name) >= self.written).then_some(()));
    }

    /// How many documents there are of each line, over all indexes.
    fn copies(&self) -> BTreeMap<String, usize> {
        let mut copies = BTreeMap::new();
        let there = self.behind.iter().filter(|index| self.store.count(index) > 0);
        for index in there {
            for document in self.store.documents(index, &["log"]).into_values() {
                *copies.entry(document["log"].as_str().expect("a line").to_owned()).or_default() += 1;
            }
        }
        copies
    }

    fn assert_each_line_once(&self) {
        let copies = self.copies();
        let twice = copies.values().filter(|count| **count > 1).count();
        assert_eq!((copies.len() as u64, twice), (self.written, 0), "lines, and lines stored twice");
        assert!(self.store.count(&self.behind[1]) > 0, "the second index was written to");
    }
}

#[test]
fn a_request_whose_answer_was_cut_off_is_not_stored_again_behind_a_rollover() {
    let mut rig = Rig::with_alias("roll-cut");
    let agent = rig.start();
    rig.ship_first();

    rig.ship_unanswered_then_roll();
    rig.gate.cut_and_release();
    rig.write_lines();

    rig.wait_for_all();
    assert!(agent.terminate().success());
    rig.assert_each_line_once();
}

#[test]
fn lines_read_again_after_a_kill_are_not_stored_again_behind_a_rollover() {
    let mut rig = Rig::with_data_stream("roll-kill");
    let agent = rig.start();
    rig.ship_first();

    rig.ship_unanswered_then_roll();
    agent.kill();
    rig.gate.cut_and_release();
    let agent = rig.start();
    rig.write_lines();

    rig.wait_for_all();
    assert!(agent.terminate().success());
    rig.assert_each_line_once();
}

/// Of the index in between the agent never had an answer.
#[test]
fn a_request_whose_answer_was_cut_off_between_two_rollovers_is_not_stored_again() {
    for rig in [Rig::with_alias("roll-twice"), Rig::with_data_stream("roll-twice-stream")] {
        let mut rig = rig;
        let agent = rig.start();
        rig.ship_first();
        rig.roll();

        rig.ship_unanswered_then_roll();
        rig.gate.cut_and_release();
        rig.write_lines();

        rig.wait_for_all();
        assert!(agent.terminate().success());
        rig.assert_each_line_once();
        assert!(rig.store.count(&rig.behind[2]) > 0, "the third index was written to");
    }
}
