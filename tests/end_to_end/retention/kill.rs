//! `kill -9` of `vigie retention run` at every step: the run after it ends the same.
//!
//! A step is a request: the run is killed before the node hears of it, and in another turn once the node has done it. Looks that are
//! repeated until something has happened count twice. `VIGIE_RETENTION_KILLS=all` takes every step, else a few that a seed chooses.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::Method;
use serde_json::{Value, json};

use super::{alone, by_relay, configure, create, ids, public_key, retention, retention_by, set_up, start};
use crate::support::{Relay, SplitMix, Store, Turn, Workplace, shared_node};

const CLASSES: &str = "
[RETENTION_CLASS]
    Name     itk1
    Max_Age  30d
    Layout   bucket

[RETENTION_CLASS]
    Name     itk2
    Max_Age  30d
";
const RUN: [&str; 4] = ["run", "--apply", "--max-share", "100%"];
const PAST: &str = "2020-01-19T00:00:00Z";
const FUTURE: &str = "2099-01-19T00:00:00Z";
const DUE: &str = "vigie-itk1-app-exp-2020.01";
const ALIVE: &str = "vigie-itk1-app-exp-2099.01";
const STREAM: &str = "vigie-itk2-app";
/// How often a step of the same name counts.
const MOST: usize = 2;
/// Steps of each kind that are taken when not all are.
const SAMPLE: usize = 3;

/// What is deleted.
#[derive(Clone, Copy, Debug)]
enum Work {
    /// Indexes as a whole, one of them behind a stream; a held document is copied.
    Indexes,
    /// Documents of a stream, down to their bytes.
    Documents,
}

/// A step: what is asked for, and for which time.
type Step = (String, usize);

/// Names what is asked for; tasks and backing indexes have other names each time.
fn named(method: &str, path: &str) -> String {
    let path = path.split('?').next().unwrap_or_default();
    let parts = path.split('/').map(|part| match part {
        _ if part.starts_with(".ds-") => ".ds",
        _ if part.contains(':') => "task",
        _ if part.len() == 64 => "entry",
        _ => part,
    });
    format!("{method} {}", parts.collect::<Vec<_>>().join("/"))
}

/// The documents of before a run.
fn prepare(store: &Store, work: Work) {
    let all = format!("{DUE},{ALIVE},vigie-hold-itk,vigie-retention-*");
    store.request(Method::DELETE, &format!("_data_stream/{STREAM}"), None);
    for index in all.split(',') {
        store.request(Method::DELETE, &format!("{index}?ignore_unavailable=true"), None);
    }
    create(store, ALIVE, "alive", ("john", "itk1", FUTURE));
    match work {
        Work::Indexes => {
            create(store, DUE, "due", ("john", "itk1", PAST));
            create(store, DUE, "held", ("mallory", "itk1", PAST));
            create(store, STREAM, "due", ("john", "itk2", PAST));
            let query = r#"{"term":{"user":"mallory"}}"#;
            let hold = json!({"case": "itk", "query": query, "reason": "r", "by": "b", "at": PAST});
            store.request(Method::PUT, "vigie-retention-state/_doc/hold-itk?refresh=true", Some(&hold));
        }
        Work::Documents => {
            create(store, STREAM, "due", ("john", "itk2", PAST));
            create(store, STREAM, "alive", ("john", "itk2", FUTURE));
        }
    }
}

/// What is there after a run.
fn left(store: &Store) -> BTreeMap<&'static str, Vec<String>> {
    [DUE, ALIVE, STREAM, "vigie-hold-itk"].into_iter().map(|index| (index, ids(store, index))).collect()
}

/// What has to be there after a run.
fn expected(work: Work) -> BTreeMap<&'static str, Vec<String>> {
    let (stream, hold): (&[&str], &[&str]) = match work {
        Work::Indexes => (&[], &["held"]),
        Work::Documents => (&["alive"], &[]),
    };
    let texts = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
    [(DUE, texts(&[])), (ALIVE, texts(&["alive"])), (STREAM, texts(stream)), ("vigie-hold-itk", texts(hold))].into()
}

/// Starts a run by way of a relay that counts its steps, and kills it at one. Gives the steps that it came to.
fn run_killed_at(workplace: &Workplace, at: Option<&Step>, after: bool) -> Vec<Step> {
    let seen = Arc::new(Mutex::new(Vec::<Step>::new()));
    let (shared, at) = (Arc::clone(&seen), at.cloned());
    let relay = Relay::open(shared_node(), move |method, path, _| {
        let name = named(method, path);
        let mut seen = shared.lock().unwrap_or_else(PoisonError::into_inner);
        let count = 1 + seen.iter().filter(|(other, _)| *other == name).count();
        let step = (name, count);
        seen.push(step.clone());
        match (at.as_ref() == Some(&step), after) {
            (false, _) => Turn::Pass,
            (true, false) => Turn::KillBefore,
            (true, true) => Turn::KillAfter,
        }
    });
    workplace.write("relay.conf", &by_relay(relay.port, CLASSES));
    let mut run = start(workplace, "relay.conf", &RUN);
    relay.may_kill(run.id());
    run.wait().expect("it ends");
    let seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
    seen.clone()
}

/// The chain is whole, and the audit index has every entry of it once, and no other one.
fn chain_holds(store: &Store, workplace: &Workplace, public: &str) {
    let chain = workplace.path("chain");
    let verify = ["verify", chain.to_str().expect("text"), "--public-key", public];
    let (status, text) = retention(workplace, &verify);
    assert_eq!(status, Some(0), "{text}");
    let chain = std::fs::read_to_string(&chain).expect("there is a chain");
    let entry = |line: &str| {
        let entry: Value = serde_json::from_str(line).expect("it is JSON");
        (entry["number"].as_u64(), entry["hash"].as_str().map(str::to_owned))
    };
    let in_file: Vec<_> = chain.lines().map(entry).collect();
    let audited = store.documents("vigie-retention-audit", &["number", "hash"]);
    let mut audited: Vec<_> = audited.values().map(|one| entry(&one.to_string())).collect();
    audited.sort();
    assert_eq!(audited, in_file);
}

/// Kills a run at `step` and has another one make it good. Gives whether the step was reached.
fn killed_at(store: &Store, work: Work, step: &Step, after: bool) -> bool {
    let workplace = Workplace::new();
    configure(&workplace, CLASSES);
    assert_eq!(retention(&workplace, &["key", "new"]).0, Some(0));
    let public = public_key(&workplace);
    prepare(store, work);

    let reached = run_killed_at(&workplace, Some(step), after).last() == Some(step);
    let (status, text) = retention_by(&workplace, "vigie.conf", &RUN);

    let place = format!("{work:?}, killed at {step:?}, after it: {after}: {text}");
    assert_eq!(status, Some(0), "{place}");
    assert_eq!(left(store), expected(work), "{place}");
    let (_, stats) = store.request(Method::GET, "vigie-itk*/_stats/docs", None);
    assert_eq!(stats["_all"]["total"]["docs"]["deleted"], 0, "{place}");
    chain_holds(store, &workplace, &public);
    reached
}

/// Steps of a run that nobody kills.
fn steps(store: &Store, work: Work) -> Vec<Step> {
    let workplace = Workplace::new();
    workplace.write("vigie.conf", &by_relay(shared_node().port, CLASSES));
    assert_eq!(retention(&workplace, &["key", "new"]).0, Some(0));
    prepare(store, work);
    let all = run_killed_at(&workplace, None, false);
    assert_eq!(left(store), expected(work), "{work:?}");
    all.into_iter().filter(|(_, count)| *count <= MOST).collect()
}

#[test]
fn a_run_killed_at_any_step_is_made_good_by_the_next_one() {
    let _alone = alone();
    let store = Store::of(shared_node());
    let workplace = Workplace::new();
    let mut output = shared_node().output("app", "retention-rest");
    output.more.push("Retention On");
    workplace.write("vigie.conf", &format!("[INPUT]\n    Name dummy\n{output}{CLASSES}"));
    set_up(&workplace, "vigie.conf");
    let is_full = std::env::var("VIGIE_RETENTION_KILLS").is_ok_and(|which| which == "all");
    let mut random = SplitMix(28);
    let (mut kills, mut names) = (0, BTreeSet::new());

    for (work, sample) in [(Work::Indexes, SAMPLE), (Work::Documents, 1)] {
        let mut points: Vec<(Step, bool)> = Vec::new();
        let all = steps(&store, work);
        // What comes before documents are deleted is the same for both.
        let from = match work {
            Work::Indexes => 0,
            Work::Documents => all.iter().position(|(name, _)| name.ends_with("_rollover")).expect("it rolls over"),
        };
        points.extend(all[from..].iter().flat_map(|step| [(step.clone(), false), (step.clone(), true)]));
        while !is_full && points.len() > sample {
            let at = usize::try_from(random.below(points.len() as u64)).expect("it is an index");
            points.swap_remove(at);
        }
        for (step, after) in points {
            let reached = killed_at(&store, work, &step, after);
            assert!(reached || step.1 > 1, "{step:?} was not reached");
            kills += usize::from(reached);
            names.insert(step.0);
        }
    }
    prepare(&store, Work::Documents);
    println!(
        "retention kills: {kills} kills at {} kinds of steps, before and behind each: the same documents left, chain whole, no entry twice",
        names.len()
    );
}
