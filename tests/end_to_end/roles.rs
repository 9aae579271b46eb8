//! The roles that `vigie setup opensearch --roles` makes: each user can do its work, and the shipper cannot delete.

use std::path::Path;
use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use crate::support::{Node, Store, Workplace, eventually, run_to_end, shared_node};

const PASSWORD: &str = "Toy-vorpal-9-snark!";
const INDEX: &str = "roles-app";

fn user(store: &Store, name: &str, role: &str) {
    let user = json!({"password": PASSWORD, "opendistro_security_roles": [role]});
    let (status, answer) =
        store.request(Method::PUT, &format!("_plugins/_security/api/internalusers/{name}"), Some(&user));
    assert!(matches!(status, 200 | 201), "{answer}");
}

/// A configuration that ships `app.log` as `user`.
fn configured(workplace: &Workplace, node: &Node, user: Option<&str>) {
    let mut output = node.output("app", INDEX);
    output.more.push("Retention On");
    if let Some(user) = user {
        (output.user, output.password) = (user.into(), PASSWORD.into());
    }
    workplace.write(
        "vigie.conf",
        &format!(
            "[SERVICE]\n    Flush 0.2\n[INPUT]\n    Name tail\n    Tag app\n    Path @HERE@/app.log\n    Read_from_Head On\n\
             [FILTER]\n    Name retention\n    Match *\n    Class roles1\n{output}\n[RETENTION_CLASS]\n    Name roles1\n    Max_Age 30d\n"
        ),
    );
}

fn vigie(workplace: &Workplace, words: &[&str]) -> (Option<i32>, String) {
    let config = workplace.path("vigie.conf");
    let mut arguments: Vec<&Path> = words.iter().map(Path::new).collect();
    arguments.extend([Path::new("-c"), &config]);
    let (status, shown, said) = run_to_end(&arguments);
    (status.code(), format!("{shown}{said}"))
}

#[test]
fn each_role_can_do_its_work_and_the_shipper_cannot_delete() {
    let node = shared_node();
    let store = Store::of(node);
    let workplace = Workplace::new();
    let stream = "vigie-roles1-default";
    configured(&workplace, node, None);
    // Another test makes roles of these names, too.
    let _alone = crate::retention::alone();
    for role in ["vigie-ship", "vigie-setup", "vigie-retain"] {
        store.request(Method::DELETE, &format!("_plugins/_security/api/roles/{role}"), None);
    }
    let roles = ["setup", "opensearch", "--roles"];
    let (status, text) = vigie(&workplace, &roles);
    assert!(status == Some(2) && text.contains("role vigie-ship: missing"), "{text}");
    let (status, text) = vigie(&workplace, &[&roles[..], &["--apply"]].concat());
    assert!(status == Some(0) && text.contains("done: role vigie-retain"), "{text}");
    let (status, text) = vigie(&workplace, &roles);
    assert!(status == Some(0) && text.contains("role vigie-ship: good"), "{text}");
    [("roles-carrier", "vigie-ship"), ("roles-builder", "vigie-setup"), ("roles-keeper", "vigie-retain")]
        .iter()
        .for_each(|(name, role)| user(&store, name, role));

    configured(&workplace, node, Some("roles-builder"));
    eventually(Duration::from_secs(30), "the role that sets up holds", || {
        (vigie(&workplace, &["setup", "opensearch", "--apply"]).0 == Some(0)).then_some(())
    });
    let (status, text) = vigie(&workplace, &roles);
    assert!(status == Some(1) && text.contains("may not read and change roles"), "{text}");

    configured(&workplace, node, Some("roles-carrier"));
    workplace.append("app.log", "one\ntwo\n");
    let agent = workplace.start("vigie.conf");
    eventually(Duration::from_secs(30), "two documents", || (store.count(stream) >= 2).then_some(()));
    assert!(agent.terminate().success());
    let carrier = |method: Method, path: &str, body: &str| {
        let sent = (("roles-carrier", PASSWORD), "application/x-ndjson", body.to_owned());
        store.send(method, path, sent).expect("it answers")
    };
    let (_, found) = store.request(Method::GET, &format!("{stream}/_search"), None);
    let hit = &found["hits"]["hits"][0];
    let (backing, id) = (hit["_index"].as_str().expect("an index"), hit["_id"].as_str().expect("an id"));
    let delete = json!({"delete": {"_index": backing, "_id": id}}).to_string();
    let refused = carrier(Method::POST, "_bulk", &format!("{delete}\n"));
    assert!(refused.status == 403 || refused.body.contains("security_exception"), "{}", refused.body);
    for (method, path) in [
        (Method::DELETE, format!("_data_stream/{stream}")),
        (Method::DELETE, backing.to_owned()),
        (Method::DELETE, format!("{backing}/_doc/{id}")),
        (Method::POST, format!("{stream}/_delete_by_query?q=*")),
    ] {
        assert_eq!(carrier(method, &path, "").status, 403, "{path}");
    }
    let (status, text) = vigie(&workplace, &["retention", "run", "--apply"]);
    assert!(status == Some(1), "{text}");
    let (status, text) = vigie(&workplace, &["retention", "plan"]);
    assert!(status == Some(1) && text.contains("lacks the permission") && text.contains("`vigie-retain`"), "{text}");
    assert_eq!(store.count(stream), 2);

    configured(&workplace, node, Some("roles-keeper"));
    let (status, text) = vigie(&workplace, &["retention", "plan"]);
    assert!(status == Some(0) && text.contains("0 of 2 documents are overdue"), "{text}");
}
