//! Looking up what may be stored already.

use super::*;

fn found(found: &[bool]) -> Canned {
    let documents: Vec<Json> = found.iter().map(|found| json!({"found": found})).collect();
    Canned::ok(json!({"docs": documents}).to_string())
}

/// The same where the store does not tell what stands behind a name.
async fn looked_up(behind: &[&str], count: u32, answers: Vec<Canned>) -> (Result<Vec<bool>, Verdict>, Stub, Built) {
    let answers = [vec![Canned::Answer(403, "", "{}".into())], answers].concat();
    resolved_and_looked_up(behind, count, answers).await
}

/// What is looked up of `count` documents that may be stored, once what is behind their name was told by `behind`.
async fn resolved_and_looked_up(
    behind: &[&str],
    count: u32,
    answers: Vec<Canned>,
) -> (Result<Vec<bool>, Verdict>, Stub, Built) {
    let taken = behind.iter().map(|index| taken_by(index, 1));
    let stub = Stub::start(taken.chain(answers).collect()).await;
    let port = stub.port.to_string();
    let built = output(&[("port", port.as_str()), ("index", "logs"), ("compress", "gzip")]);
    for _ in behind {
        let (request, _ledger) = request(&built, 1);
        assert!(matches!(built.output.deliver(&request).await, Verdict::Delivered));
        request.settle_all(Outcome::Delivered);
    }
    let (mut request, _ledger) = request(&built, count);
    request.set_may_be_stored(true);
    let looked = built.output.stored(&request, 0).await;
    request.settle_all(Outcome::Dropped);
    (looked, stub, built)
}

#[tokio::test]
async fn documents_are_looked_up_by_id_in_every_index_seen_behind_their_name() {
    let answers = vec![found(&[false, true, false]), found(&[true, false])];

    let (looked, stub, built) = looked_up(&["logs-000001", "logs-000002"], 3, answers).await;

    assert_eq!(looked.expect("it was found out"), [true, true, false]);
    let asked: Vec<_> = stub.received().into_iter().skip(3).collect();
    for (asked, index) in asked.iter().zip(["logs-000002", "logs-000001"]) {
        let path =
            format!("post /{index}/_mget?_source=false&filter_path=docs.found,docs.error.type,error.type http/1.1");
        assert!(asked.head.starts_with(&path), "{}", asked.head);
    }
    let ids =
        |at: usize| serde_json::from_slice::<Json>(&asked[at].body).expect("JSON")["ids"].as_array().map(Vec::len);
    assert_eq!([ids(0), ids(1)], [Some(3), Some(2)], "what was found is not looked for again");
    assert_eq!(built.metrics.possible_duplicate_records.get(), 0);
}

/// Two rollovers may come before any answer of the index between them.
#[tokio::test]
async fn documents_are_looked_up_also_in_indexes_that_came_after_those_seen() {
    let told = json!({"aliases": [{"indices": ["logs-1", "logs-2", "logs-3", "logs-4"]}]}).to_string();
    let cases: [(&[&str], &[&str]); 2] =
        [(&["logs-2"], &["logs-4", "logs-3", "logs-2"]), (&[], &["logs-4", "logs-3", "logs-2", "logs-1"])];
    for (seen, expected) in cases {
        let answers = [vec![Canned::ok(told.clone())], vec![found(&[false]); expected.len()]].concat();

        let (looked, stub, _) = resolved_and_looked_up(seen, 1, answers).await;

        assert_eq!(looked.expect("it was found out"), [false]);
        let asked: Vec<_> = stub.received().into_iter().skip(seen.len()).map(|asked| asked.head).collect();
        assert!(asked[0].starts_with("get /_resolve/index/logs?"), "{}", asked[0]);
        let asked = asked[1..].iter().filter_map(|head| head.strip_prefix("post /")?.split('/').next());
        assert_eq!(asked.collect::<Vec<_>>(), expected);
    }
}

#[tokio::test]
async fn an_index_that_is_written_to_by_its_own_name_needs_no_look_up() {
    let (looked, stub, _) = looked_up(&["logs"], 3, Vec::new()).await;

    assert_eq!(looked.expect("it was found out"), [false; 0]);
    assert_eq!(stub.received().len(), 1);
}

#[tokio::test]
async fn a_name_of_which_nothing_is_known_stands_for_itself() {
    let (looked, stub, _) = looked_up(&[], 1, vec![found(&[true])]).await;

    assert_eq!(looked.expect("it was found out"), [true]);
    assert!(stub.received()[1].head.starts_with("post /logs/_mget"));
}

#[tokio::test]
async fn two_names_may_stand_for_one_index() {
    let hidden = || Canned::Answer(403, "", "{}".into());
    let answers = vec![taken_by("shared-1", 1), taken_by("shared-1", 2), hidden(), hidden(), found(&[false, true])];
    let stub = Stub::start(answers).await;
    let port = stub.port.to_string();
    // Documents go to `logs-0`, `logs-1` and so on.
    let built = output(&[("port", port.as_str()), ("index", "logs-$n")]);
    for count in [1, 2] {
        let (request, _ledger) = request(&built, count);
        assert!(matches!(built.output.deliver(&request).await, Verdict::Delivered));
        request.settle_all(Outcome::Delivered);
    }
    let (mut request, _ledger) = request(&built, 2);
    request.set_may_be_stored(true);

    let looked = built.output.stored(&request, 0).await;

    request.settle_all(Outcome::Dropped);
    assert_eq!(looked.expect("it was found out"), [false, true]);
    assert!(stub.received()[4].head.starts_with("post /shared-1/_mget"), "{}", stub.received()[4].head);
}

#[tokio::test]
async fn many_documents_are_looked_up_in_batches() {
    let (looked, stub, _) = looked_up(&["logs-1"], 1_001, vec![found(&[false; 1_000]), found(&[true])]).await;

    let looked = looked.expect("it was found out");
    assert_eq!((looked.len(), looked.iter().position(|stored| *stored)), (1_001, Some(1_000)));
    assert_eq!(stub.received().len(), 4);
}

#[tokio::test]
async fn what_cannot_be_looked_up_is_sent_and_counted_as_possible_duplicates() {
    let errors = |kind: &str| Canned::ok(json!({"docs": vec![json!({"error": {"type": kind}}); 2]}).to_string());
    let cases = [
        errors("security_exception"),
        errors("index_not_found_exception"),
        Canned::Answer(403, "", "{}".into()),
        Canned::Answer(400, "", "{}".into()),
        Canned::ok("<html>"),
        found(&[false]),
    ];
    for answer in cases {
        let (looked, _, built) = looked_up(&["logs-1"], 2, vec![answer.clone()]).await;

        assert_eq!(looked.expect("it is sent"), [false, false], "{answer:?}");
        assert_eq!(built.metrics.possible_duplicate_records.get(), 2, "{answer:?}");
    }
}

#[tokio::test]
async fn while_the_server_cannot_tell_nothing_is_sent() {
    let cases = [
        (Canned::Answer(429, "Retry-After: 7\r\n", "{}".into()), Class::Busy),
        (Canned::Answer(503, "", String::new()), Class::Busy),
        (Canned::Close, Class::Unknown),
        (Canned::Truncated("{}".repeat(9)), Class::Unknown),
        (Canned::Answer(401, "", "Unauthorized".into()), Class::Output),
    ];
    for (answer, expected) in cases {
        let (looked, ..) = looked_up(&["logs-1"], 2, vec![answer.clone()]).await;

        let (unresolved, ..) = resolved_and_looked_up(&["logs-1"], 2, vec![answer.clone()]).await;

        let is_later = |looked| matches!(looked, Err(Verdict::Again { class, counts: false, .. }) if class == expected);
        assert!(is_later(looked) && is_later(unresolved), "{answer:?}");
    }
}

#[tokio::test]
async fn what_nobody_answers_for_is_sent_after_some_look_ups_where_requests_are_answered() {
    let (closed, told) = (Canned::Close, Canned::Answer(403, "", "{}".into()));
    let empty = || Canned::Answer(400, "", "{}".into());
    let cases = [
        (3, vec![told.clone(), closed.clone(), empty()], None),
        (4, vec![told.clone(), closed.clone(), empty()], Some(2)),
        (4, vec![told.clone(), Canned::Answer(502, "", String::new()), empty()], Some(2)),
        (4, vec![closed.clone(), empty(), closed.clone(), empty()], Some(2)),
        (4, vec![closed.clone(), empty(), found(&[true, false])], Some(0)),
        (9, vec![told.clone(), closed.clone(), Canned::Close], None),
        (9, vec![told.clone(), closed, Canned::Answer(502, "", String::new())], None),
        (9, vec![told, Canned::Answer(503, "", String::new()), empty()], None),
    ];
    for (failures, answers, expected) in cases {
        let stub = Stub::start([vec![taken_by("logs-1", 1)], answers.clone()].concat()).await;
        let port = stub.port.to_string();
        let built = output(&[("port", port.as_str()), ("index", "logs")]);
        let (first, _ledger) = request(&built, 1);
        assert!(matches!(built.output.deliver(&first).await, Verdict::Delivered));
        first.settle_all(Outcome::Delivered);
        let (mut doubtful, _ledger) = request(&built, 2);
        doubtful.set_may_be_stored(true);

        let looked = built.output.stored(&doubtful, failures).await;

        doubtful.settle_all(Outcome::Dropped);
        let counted = looked.ok().map(|_| built.metrics.possible_duplicate_records.get());
        assert_eq!(counted, expected, "{failures} {answers:?}");
    }
}

#[tokio::test]
async fn documents_that_are_meant_to_change_what_is_stored_are_not_looked_up() {
    let built = output(&[("port", "1"), ("write_operation", "index")]);
    let (mut request, _ledger) = request(&built, 1);
    request.set_may_be_stored(true);

    assert_eq!(built.output.stored(&request, 0).await.expect("nothing is asked"), [false; 0]);
    request.settle_all(Outcome::Dropped);
}

#[tokio::test]
async fn the_indexes_written_to_are_on_disk_before_anything_is_settled_by_them() {
    let directory = tempfile::tempdir().expect("a directory");
    let stub = Stub::start(vec![taken_by("logs-000001", 1)]).await;
    let port = stub.port.to_string();
    let context = BuildContext { state_directory: Some(directory.path().into()), ..context() };
    let metrics = Arc::new(OutputMetrics::new("opensearch.0"));
    let section = section(&[("port", port.as_str()), ("index", "logs")]);
    let output = build(&section, &context, &metrics, &mut Diagnostics::default()).expect("it is right");
    let built = Built { output, metrics };
    let (request, _ledger) = request(&built, 1);

    assert!(matches!(built.output.deliver(&request).await, Verdict::Delivered));

    let mut kept = String::new();
    let file = std::fs::File::open(directory.path().join("write-indexes/opensearch.0.json"));
    file.expect("it is there").read_to_string(&mut kept).expect("it reads");
    let kept: serde_json::Value = serde_json::from_str(&kept).expect("it is JSON");
    let expected = serde_json::json!({"version": 1, "targets": [{"name": "logs", "indexes": ["logs-000001"]}]});
    assert_eq!(kept, expected);
    request.settle_all(Outcome::Delivered);
}
