//! Erasure of a subject: found in clear and by every token, and afterwards its bytes are in no file under the data path of the node.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use super::{alone, configure, ids, retention};
use crate::support::{Store, Workplace, run_to_end, shared_node};

/// Capitals and digits, so that the dictionary of terms keeps it as it is.
const SUBJECT: &str = "QX7F.JANE-0451@EXAMPLE.ORG";
const NEIGHBOUR: &str = "qx7f.john-0452@example.org";
const INDEX: &str = "vigie-ite5-app-exp-2099.01";
const CLASSES: &str = "
[RETENTION_CLASS]
    Name           ite5
    Max_Age        30d
    Layout         bucket
    Subject_Fields user.email
";

/// Files below `folder` that hold `bytes`.
fn holding(folder: &Path, bytes: &[u8]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(holding(&path, bytes));
        // A file may be merged away meanwhile.
        } else if fs::read(&path).is_ok_and(|text| text.windows(bytes.len()).any(|part| part == bytes)) {
            found.push(path);
        }
    }
    found
}

/// The tokens of the subject, one for each epoch of a new ring.
fn tokens(workplace: &Workplace) -> Vec<String> {
    let ring = workplace.path("ring");
    let vigie = |words: &[&str]| {
        let words: Vec<&Path> = words.iter().map(Path::new).chain([Path::new("--key-file"), &ring]).collect();
        let (status, shown, said) = run_to_end(&words);
        assert!(status.success(), "{shown}{said}");
        shown
    };
    vigie(&["keys", "new", "--ahead", "2"]);
    vigie(&["token", "--entity", "email", SUBJECT]).lines().map(str::to_owned).collect()
}

#[test]
fn after_an_erasure_the_bytes_of_the_subject_are_in_no_file_of_the_node() {
    let _alone = alone();
    let node = shared_node();
    let store = Store::of(node);
    let workplace = Workplace::new();
    let tokens = tokens(&workplace);
    let redact = format!("[FILTER]\n    Name redact\n    Match *\n    Key_File {}\n", workplace.path("ring").display());
    configure(&workplace, &format!("{redact}{CLASSES}"));
    assert_eq!(retention(&workplace, &["key", "new"]).0, Some(0));
    store.request(Method::DELETE, &format!("{INDEX}?ignore_unavailable=true"), None);
    let keyword = json!({"type": "keyword"});
    let fields = json!({"@timestamp": {"type": "date"}, "user": {"properties": {"email": keyword}}, "note": keyword});
    store.create_index(INDEX, &fields);
    let put = |id: &str, email: &str, note: &str| {
        let stamp = json!({"class": "ite5", "expires_at": "2099-01-19T00:00:00Z"});
        let body =
            json!({"@timestamp": "2098-12-20T00:00:00Z", "user": {"email": email}, "note": note, "retention": stamp});
        let (status, answer) = store.request(Method::PUT, &format!("{INDEX}/_create/{id}?refresh=true"), Some(&body));
        assert_eq!(status, 201, "{answer}");
    };
    put("clear", SUBJECT, "-");
    put("lower", &SUBJECT.to_lowercase(), "-");
    put("token", &tokens[0], "-");
    put("within", "-", &format!("login of {} from afar", tokens[1]));
    put("neighbour", NEIGHBOUR, "-");
    store.request(Method::POST, &format!("{INDEX}/_flush?force=true"), None);
    let data = node.data();
    let searched: Vec<&str> = [SUBJECT].into_iter().chain(tokens.iter().map(String::as_str)).collect();
    for text in &searched[..3] {
        let found = holding(&data, text.as_bytes());
        assert!(
            found.iter().any(|path| path.to_string_lossy().contains("/index/")),
            "{text} cannot be found: {found:?}"
        );
    }

    let erase = ["erase", "--subject", &format!("email:{SUBJECT}"), "--field", "note", "--reference", "request 12"];
    let (status, text) = retention(&workplace, &erase);
    assert!(status == Some(2) && text.contains(&format!("{INDEX}: 4 of 5 documents")), "{text}");
    let (status, text) = retention(&workplace, &[&erase[..], &["--apply"]].concat());
    assert_eq!(status, Some(0), "{text}");

    assert_eq!(ids(&store, INDEX), ["neighbour"]);
    for text in searched.into_iter().chain([SUBJECT.to_lowercase().as_str()]) {
        // A file goes when the last search that reads it ends.
        let mut looks = 0..60;
        while looks.next().is_some() && !holding(&data, text.as_bytes()).is_empty() {
            thread::sleep(Duration::from_millis(500));
        }
        assert_eq!(holding(&data, text.as_bytes()), Vec::<PathBuf>::new(), "{text} is there still");
    }
    assert!(!holding(&data, NEIGHBOUR.as_bytes()).is_empty(), "the neighbour can be found");
    let chain = fs::read_to_string(workplace.path("chain")).expect("there is a chain");
    assert!(chain.contains("user.email") && !chain.contains("QX7F") && !chain.contains(&tokens[0]), "{chain}");
}
