//! `vigie bench`, seen from outside: every path is measured, and nothing is lost, doubled or left behind.

use std::time::Duration;

use vigie_benches::portable::{Options, run};

#[test]
fn every_path_is_measured_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().expect("a folder is made");
    let options = Options {
        parent: folder.path().to_owned(),
        most_bytes: 4_000_000,
        per_case: Duration::ZERO,
        limit: Duration::from_mins(5),
        ..Options::new(env!("CARGO_BIN_EXE_vigie").into(), "0.0.0")
    };
    let mut progress = Vec::new();

    let outcome = run(&options, &mut progress).expect("it runs");

    let progress = String::from_utf8_lossy(&progress);
    assert!(outcome.is_sound, "{progress}");
    let cases = outcome.figures["cases"].as_object().expect("there are cases");
    let names: Vec<&str> = cases.keys().map(String::as_str).collect();
    assert_eq!(names, ["cri-gzip", "json-bulk", "json-gzip", "json-redact", "nginx-gzip", "raw-bulk", "tail-null"]);
    for (name, case) in cases {
        assert!(case["cpu_seconds_per_gb"].is_number(), "{name}: {case}");
        assert_eq!(case["wire_bytes"].as_u64() > Some(0), name != "tail-null", "{name}: {case}");
    }
    assert!(!outcome.figures.to_string().contains('\n'), "one line");
    assert_eq!(folder.path().read_dir().expect("it is there").count(), 0, "nothing is left behind");
}

#[test]
fn the_default_sends_no_more_than_fluent_bit_and_ids() {
    let folder = tempfile::tempdir().expect("a folder is made");
    let options = Options {
        parent: folder.path().to_owned(),
        most_bytes: 16_000_000,
        per_case: Duration::ZERO,
        limit: Duration::from_mins(5),
        ..Options::new(env!("CARGO_BIN_EXE_vigie").into(), "0.0.0")
    };

    let outcome = run(&options, &mut std::io::sink()).expect("it runs");

    let case = &outcome.figures["cases"]["json-gzip"];
    let (input, wire) =
        (case["input_bytes"].as_u64().expect("a number"), case["wire_bytes"].as_u64().expect("a number"));
    // Lines have 316 bytes in the mean, and ids may take eight of each.
    let most = input * 233 / 1000 + input / 316 * 8;
    assert!(wire <= most, "{wire} bytes sent of {input}, {most} allowed");
}
