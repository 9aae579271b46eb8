//! `vigie setup opensearch` makes the store ready, once, and what is shipped then lands in a data stream.

use std::path::Path;
use std::process::ExitStatus;
use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use crate::support::{OutputSection, Store, Workplace, eventually, run_to_end, shared_node};

fn configuration(output: &OutputSection) -> String {
    format!("[INPUT]\n    Name tail\n    Tag app\n    Path @HERE@/app.log\n    Read_from_Head On\n{output}")
}

fn setup(workplace: &Workplace, more: &[&str]) -> (ExitStatus, String, String) {
    let config = workplace.path("vigie.conf");
    let arguments = ["setup", "opensearch", "-c"].map(Path::new);
    let more: Vec<&Path> = more.iter().map(Path::new).collect();
    run_to_end(&[&arguments[..], &[config.as_path()], &more].concat())
}

#[test]
fn setup_shows_what_is_missing_makes_it_once_and_a_data_stream_takes_what_is_shipped() {
    let node = shared_node();
    let store = Store::of(node);
    let mut output = node.output("app", "setup-stream");
    output.more.push("Data_Stream On");
    let workplace = Workplace::new();
    workplace.write("vigie.conf", &configuration(&output));

    let (status, shown, said) = setup(&workplace, &[]);
    assert_eq!(status.code(), Some(2), "{shown}{said}");
    assert!(shown.contains("data stream setup-stream: missing"), "{shown}");
    assert_eq!(store.request(Method::GET, "_data_stream/setup-stream", None).0, 404);

    let (status, shown, said) = setup(&workplace, &["--apply"]);
    assert_eq!(status.code(), Some(0), "{shown}{said}");
    assert!(shown.contains("done: data stream setup-stream"), "{shown}");
    let (status, shown, said) = setup(&workplace, &[]);
    assert_eq!((status.code(), shown.contains("nothing is to be done")), (Some(0), true), "{shown}{said}");

    workplace.append("app.log", "one\ntwo\n");
    let agent = workplace.start("vigie.conf");
    eventually(Duration::from_secs(30), "two documents", || (store.count("setup-stream") >= 2).then_some(()));
    assert!(agent.terminate().success());
    let (_, streams) = store.request(Method::GET, "_data_stream/setup-stream", None);
    let backing = streams["data_streams"][0]["indices"][0]["index_name"].as_str().expect("it has an index").to_owned();
    let (_, mapping) = store.request(Method::GET, &format!("{backing}/_mapping"), None);
    let fields = &mapping[&backing]["mappings"]["properties"];
    assert_eq!(
        (&fields["@timestamp"]["type"], &fields["log"]["type"]),
        (&json!("date_nanos"), &json!("match_only_text"))
    );

    let changed = json!({"template": {"settings": {"index": {"codec": "default"}}}});
    let (status, answer) = store.request(Method::PUT, "_component_template/vigie-settings", Some(&changed));
    assert_eq!(status, 200, "{answer}");
    let (status, shown, said) = setup(&workplace, &["--apply"]);
    assert_eq!(status.code(), Some(0), "{shown}{said}");
    assert!(shown.contains("- template.settings.index.codec: default"), "{shown}");
    assert_eq!(setup(&workplace, &[]).0.code(), Some(0));
}

#[test]
fn without_its_template_a_data_stream_is_waited_for_and_no_index_is_made_in_its_place() {
    let node = shared_node();
    let store = Store::of(node);
    let mut output = node.output("app", "setup-late");
    output.more.push("Data_Stream On");
    let workplace = Workplace::new();
    let service = "[SERVICE]\n    Flush 0.2\n    scheduler.base 1\n    scheduler.cap 2\n\n";
    workplace.write("vigie.conf", &format!("{service}{}", configuration(&output)));
    workplace.append("app.log", "one\ntwo\n");

    let mut agent = workplace.start("vigie.conf");
    agent.wait_for_message(&["there is no data stream `setup-late`", "vigie setup opensearch"]);
    assert_eq!(store.request(Method::GET, "setup-late", None).0, 404, "no index was made");

    let (status, shown, said) = setup(&workplace, &["--apply"]);
    assert_eq!(status.code(), Some(0), "{shown}{said}");
    eventually(Duration::from_secs(30), "two documents", || (store.count("setup-late") >= 2).then_some(()));
    assert!(agent.terminate().success());
    assert_eq!(store.request(Method::GET, "_data_stream/setup-late", None).0, 200);
}

#[test]
fn a_user_who_may_not_read_templates_is_told_the_permission() {
    let node = shared_node();
    let store = Store::of(node);
    let role = json!({"cluster_permissions": ["indices:data/write/bulk"], "index_permissions": []});
    let (status, answer) = store.request(Method::PUT, "_plugins/_security/api/roles/setup_none", Some(&role));
    assert!(matches!(status, 200 | 201), "{answer}");
    let user = json!({"password": "Toy-vorpal-9-snark!", "opendistro_security_roles": ["setup_none"]});
    let (status, answer) = store.request(Method::PUT, "_plugins/_security/api/internalusers/narrow", Some(&user));
    assert!(matches!(status, 200 | 201), "{answer}");
    let mut output = node.output("app", "setup-none");
    (output.user, output.password) = ("narrow".into(), "Toy-vorpal-9-snark!".into());
    let workplace = Workplace::new();
    workplace.write("vigie.conf", &configuration(&output));

    // A new role holds a moment later.
    let said = eventually(Duration::from_secs(30), "the permission is named", || {
        let (status, _, said) = setup(&workplace, &[]);
        assert_eq!(status.code(), Some(1), "{said}");
        said.contains("lacks the permission").then_some(said)
    });

    assert!(said.contains("`cluster:admin/component_template/get`"), "{said}");
}
