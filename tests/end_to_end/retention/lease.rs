//! Two hosts that run at once: one works, the other says who does.

use std::sync::Mutex;
use std::sync::mpsc::channel;

use reqwest::Method;
use serde_json::json;

use super::{alone, by_relay, configure, create, ids, retention, start};
use crate::support::{Relay, Store, Turn, Workplace, shared_node};

const CLASSES: &str = "\n[RETENTION_CLASS]\n    Name itl1\n    Max_Age 30d\n    Layout bucket\n";
const BUCKET: &str = "vigie-itl1-app-exp-2020.01";

#[test]
fn of_two_runs_one_works_and_the_other_says_who_holds_the_lease() {
    let _alone = alone();
    let store = Store::of(shared_node());
    store.create_index(BUCKET, &json!({"@timestamp": {"type": "date"}}));
    create(&store, BUCKET, "due", ("john", "itl1", "2020-01-19T00:00:00Z"));
    // Each has a directory of its own, with its own key and chain.
    let (one, other) = (Workplace::new(), Workplace::new());
    let (deletes, told) = channel();
    let (go_on, may_go) = channel::<()>();
    let may_go = Mutex::new(may_go);
    let relay = Relay::open(shared_node(), move |method, path, _| {
        if method == "DELETE" && path.starts_with(&format!("/{BUCKET}")) {
            deletes.send(()).expect("the test waits");
            may_go.lock().expect("one thread asks").recv().expect("the test goes on");
        }
        Turn::Pass
    });
    one.write("vigie.conf", &by_relay(relay.port, CLASSES));
    configure(&other, CLASSES);
    for place in [&one, &other] {
        assert_eq!(retention(place, &["key", "new"]).0, Some(0));
    }
    let run = ["run", "--apply", "--max-share", "100%"];

    let mut first = start(&one, "vigie.conf", &run);
    told.recv().expect("the first run deletes");
    let (status, text) = retention(&other, &run);
    let was_there = store.request(Method::GET, BUCKET, None).0 == 200;
    go_on.send(()).expect("the relay waits");
    let ended = first.wait().expect("it ends");

    assert!(
        status == Some(1) && text.contains(&format!("another run holds the lease: process {} on", first.id())),
        "{text}"
    );
    assert!(was_there && !other.path("chain").metadata().is_ok_and(|chain| chain.len() > 0), "it did nothing");
    assert!(ended.success(), "{ended}");
    assert!(ids(&store, BUCKET).is_empty());
    assert_eq!(retention(&other, &run).0, Some(0), "the lease is free again");
}
