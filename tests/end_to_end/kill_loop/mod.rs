//! The loop of kills: programs log and rename their files, the agent is killed again and again while requests are
//! unanswered, the index behind the alias is another one after each kill, and in the end the store holds every line exactly
//! once over all indexes. A second output names its indexes by day, and the times of lines go back and forth over midnight.
//!
//! Small by default; `make proof` runs it in full through the environment: `VIGIE_KILL_LINES`, `VIGIE_KILL_RENAME_EVERY`
//! (lines of all writers together after which each has renamed its file once more), `VIGIE_KILL_SECONDS`, `VIGIE_KILL_KILLS`, `VIGIE_KILL_SEED`.

mod writer;

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use self::writer::{NUMBERS_PER_WRITER, Plan, Stage};
use crate::support::{Agent, Gate, Node, Store, Workplace, eventually, shared_node};

const WRITERS: usize = 5;
/// The alias that is written to.
const INDEX: &str = "kill-loop";
/// What the names of the indexes by day begin with.
const DAYS: &str = "kill-days";

const PARSERS: &str = r#"
[PARSER]
    Name        app
    Format      json

[PARSER]
    Name        access
    Format      regex
    Regex       ^(?<remote>[^ ]*) (?<host>[^ ]*) (?<user>[^ ]*) \[(?<time>[^\]]*)\] "(?<method>\S+)(?: +(?<path>[^\"]*?)(?: +\S*)?)?" (?<code>[^ ]*) (?<size>[^ ]*)(?: "(?<referer>[^\"]*)" "(?<agent>[^\"]*)")
    Time_Key    time
    Time_Format %d/%b/%Y:%H:%M:%S %z
    Types       code:integer size:integer
"#;

const CONFIGURATION: &str = r"
[SERVICE]
    Flush        0.5
    Grace        10
    Parsers_File @HERE@/parsers.conf
    storage.path @HERE@/state

[INPUT]
    Name             tail
    Tag              app
    Path             @HERE@/logs/app-0.log,@HERE@/logs/app-1.log,@HERE@/logs/app-2.log,@HERE@/logs/app-3.log,@HERE@/logs/app-4.log
    DB               @HERE@/positions.db
    Read_from_Head   On
    Refresh_Interval 1
    Rotate_Wait      5

[FILTER]
    Name     parser
    Match    app
    Key_Name log
    Parser   app
    Parser   access
";

struct Scale {
    plan: Plan,
    kills: u64,
}

impl Scale {
    fn from_environment() -> Self {
        let number = |name: &str, small: u64| {
            let text = std::env::var(name).ok();
            text.map_or(small, |text| text.parse().expect("the environment holds numbers"))
        };
        let writers = WRITERS as u64;
        let plan = Plan {
            lines: number("VIGIE_KILL_LINES", 20_000) / writers,
            rename_every: number("VIGIE_KILL_RENAME_EVERY", 10_000) / writers,
            lasting: Duration::from_secs(number("VIGIE_KILL_SECONDS", 15)),
            seed: number("VIGIE_KILL_SEED", 7),
        };
        Self { plan, kills: number("VIGIE_KILL_KILLS", 3) }
    }

    fn lines(&self) -> u64 {
        self.plan.lines * WRITERS as u64
    }
}

#[test]
fn every_line_is_stored_exactly_once_although_the_agent_is_killed_again_and_again() {
    let scale = Scale::from_environment();
    let node = shared_node();
    let store = Store::of(node);
    prepare_indexes(&store);
    let gate = Gate::open(Ipv4Addr::LOCALHOST, node.port);
    let workplace = prepare(node, &gate);
    let stage = Stage::default();

    let agent = thread::scope(|scope| {
        for number in 0..WRITERS {
            let (folder, plan, stage) = (workplace.path("logs"), &scale.plan, &stage);
            scope.spawn(move || writer::write(number, &folder, plan, stage));
        }
        kill_and_restart(&scale, &workplace, (&gate, &store), &stage)
    });

    settle(&store, INDEX, scale.lines());
    settle(&store, &format!("{DAYS}-*"), scale.lines());
    let status = agent.terminate();
    assert!(status.success(), "the agent ended with {status}");
    let days = days(&store);
    assert!(days.len() >= 2, "no midnight: {days:?}");
    for indexes in [(1..=scale.kills + 1).map(index).collect(), days] {
        let documents = indexes.iter().flat_map(|index| store.documents(index, &["seq", "path"]).into_values());
        assert_exact(&scale, documents);
    }
    let unwatched = stage.renames_unwatched.load(Ordering::SeqCst);
    assert!(unwatched > 0, "no file was renamed while the agent was down");
    println!(
        "kill loop: {} lines, {} renames ({} while the agent was down), {} kills with unanswered requests, \
         a rollover and lines around midnight at each: 0 lost, 0 stored twice, over all indexes",
        scale.lines(),
        stage.renames.load(Ordering::SeqCst),
        unwatched,
        scale.kills,
    );
}

fn prepare(node: &Node, gate: &Gate) -> Workplace {
    let workplace = Workplace::new();
    workplace.write("parsers.conf", PARSERS);
    std::fs::create_dir(workplace.path("logs")).expect("a folder for logs can be made");
    let mut output = node.output("app", INDEX);
    output.port = gate.address.port();
    output.more.push("Compress gzip");
    let mut by_day = output.clone();
    by_day.more.extend(["Logstash_Format On", "Logstash_Prefix kill-days"]);
    let configuration = format!("{CONFIGURATION}{output}{by_day}");
    workplace.write("vigie.conf", &configuration);
    workplace
}

/// The index of this number behind the alias.
fn index(number: u64) -> String {
    format!("{INDEX}-{number:06}")
}

/// The indexes that are named by day.
fn days(store: &Store) -> Vec<String> {
    let (status, answer) = store.request(Method::GET, &format!("{DAYS}-*/_alias"), None);
    assert_eq!(status, 200, "{answer}");
    answer.as_object().expect("indexes by name").keys().cloned().collect()
}

/// Makes the first index; those that follow get their fields from a template.
fn prepare_indexes(store: &Store) {
    let fields = json!({"seq": {"type": "long"}, "path": {"type": "keyword"}});
    let shape = json!({"settings": {"number_of_replicas": 0}, "mappings": {"properties": fields}});
    let template = json!({"index_patterns": [format!("{INDEX}-*"), format!("{DAYS}-*")], "template": shape});
    let first = json!({"aliases": {INDEX: {"is_write_index": true}}});
    for (path, body) in [(format!("_index_template/{INDEX}"), template), (index(1), first)] {
        let (status, answer) = store.request(Method::PUT, &path, Some(&body));
        assert_eq!(status, 200, "{path}: {answer}");
    }
}

/// Puts another index behind the alias.
fn roll_over(store: &Store) {
    let (status, answer) = store.request(Method::POST, &format!("{INDEX}/_rollover"), None);
    assert_eq!((status, &answer["rolled_over"]), (200, &json!(true)), "{answer}");
}

/// Waits until the node works at no request any more. It goes on with those whose sender is gone, and what it stores after a
/// rollover in the index before it nobody can have found there.
fn wait_for_the_node(store: &Store) {
    wait_for(Duration::ZERO, "the end of what the node works at", || {
        let (status, answer) = store.request(Method::GET, "_tasks?actions=indices:data/write/*&group_by=none", None);
        assert_eq!(status, 200, "{answer}");
        answer["tasks"].as_array().is_some_and(Vec::is_empty)
    });
}

/// Kills the agent at even distances through the writing, each time with unanswered requests; gives the last one.
fn kill_and_restart(scale: &Scale, workplace: &Workplace, (gate, store): (&Gate, &Store), stage: &Stage) -> Agent {
    let mut agent = workplace.start("vigie.conf");
    stage.set_watched(true);
    for kill in 1..=scale.kills {
        let due = |kills: u64| scale.lines() * kills / (scale.kills + 1);
        stage.limit.store(due(kill).midpoint(due(kill + 1)), Ordering::SeqCst);
        wait_for(scale.plan.lasting, "the writers", || {
            agent.assert_running();
            stage.written.load(Ordering::SeqCst) >= due(kill) && stage.is_seen()
        });
        gate.withhold_answers();
        // Every second time the node has answered already, and only the agent does not know.
        let answered = kill % 2 == 0;
        wait_for(Duration::from_secs(30), "a request without an answer", || {
            agent.assert_running();
            gate.was_asked() && (!answered || gate.withholds())
        });
        stage.set_watched(false);
        agent.kill();
        gate.cut_and_release();
        wait_for_the_node(store);
        roll_over(store);
        rename_unwatched(stage);
        agent = workplace.start("vigie.conf");
        stage.set_watched(true);
    }
    stage.limit.store(u64::MAX, Ordering::SeqCst);
    agent
}

/// Has writers rename their files while no agent runs: all that may, within the time they need for a few lines.
fn rename_unwatched(stage: &Stage) {
    let before = stage.renames_unwatched.load(Ordering::SeqCst);
    stage.rename_now.store(true, Ordering::SeqCst);
    let deadline = Instant::now() + Duration::from_secs(5);
    while stage.renames_unwatched.load(Ordering::SeqCst) == before && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(20));
    }
    stage.rename_now.store(false, Ordering::SeqCst);
}

fn wait_for(within: Duration, awaited: &str, mut come: impl FnMut() -> bool) {
    eventually(within + Duration::from_secs(60), awaited, || come().then_some(()));
}

/// Waits until as many documents can be found as lines were written, or nothing has come for a while.
fn settle(store: &Store, index: &str, lines: u64) {
    let (mut last, mut changed) = (0, Instant::now());
    while last < lines && changed.elapsed() < Duration::from_secs(45) {
        thread::sleep(Duration::from_millis(500));
        let count = store.count(index);
        if count != last {
            (last, changed) = (count, Instant::now());
        }
    }
}

fn assert_exact(scale: &Scale, documents: impl Iterator<Item = Value>) {
    let mut stored: BTreeMap<u64, u64> = BTreeMap::new();
    for document in documents {
        *stored.entry(sequence_of(&document)).or_default() += 1;
    }
    let writers = 0..WRITERS as u64;
    let written: BTreeSet<u64> =
        writers.flat_map(|writer| (0..scale.plan.lines).map(move |line| writer * NUMBERS_PER_WRITER + line)).collect();

    let lost: Vec<_> = written.iter().filter(|sequence| !stored.contains_key(sequence)).collect();
    let doubled: Vec<_> = stored.iter().filter(|(_, times)| **times > 1).collect();
    let strange: Vec<_> = stored.keys().filter(|sequence| !written.contains(sequence)).collect();

    let few = |list: &dyn std::fmt::Debug| format!("{list:?}").chars().take(400).collect::<String>();
    assert!(lost.is_empty(), "{} lines are lost: {}", lost.len(), few(&lost));
    assert!(doubled.is_empty(), "{} lines are stored more than once: {}", doubled.len(), few(&doubled));
    assert!(strange.is_empty(), "{} lines were never written: {}", strange.len(), few(&strange));
    assert_eq!(stored.values().sum::<u64>(), scale.lines());
}

/// The sequence number of a document: a field of the application's lines, in the path of the web server's.
fn sequence_of(document: &Value) -> u64 {
    let from_path = || document["path"].as_str()?.strip_prefix("/orders/")?.parse().ok();
    document["seq"].as_u64().or_else(from_path).expect("every line has a sequence number")
}
