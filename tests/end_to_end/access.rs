//! Credentials and authorities are mended in their files, and the agent goes on without a restart.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::support::{OutputSection, Store, Workplace, eventually, shared_node};

fn metrics(port: u16) -> String {
    let mut connection = TcpStream::connect(("127.0.0.1", port)).expect("the agent serves metrics");
    let request = b"GET /api/v2/metrics/prometheus HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    connection.write_all(request).expect("it takes the request");
    let mut page = String::new();
    connection.read_to_string(&mut page).expect("it answers with text");
    page
}

fn configuration(output: &OutputSection, password: &str, port: u16) -> String {
    let output = output.to_string().replace(&format!("HTTP_Passwd {}", output.password), password);
    format!(
        "[SERVICE]\n    Flush 0.2\n    HTTP_Server On\n    HTTP_Port {port}\n[INPUT]\n    Name tail\n    Tag app\n    Path @HERE@/app.log\n    Read_from_Head On\n{output}"
    )
}

#[test]
fn a_password_and_an_authority_that_are_mended_in_their_files_need_no_restart() {
    let node = shared_node();
    let store = Store::of(node);
    let workplace = Workplace::new();
    let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
    let pem = |path| std::fs::read_to_string(path).expect("a certificate");
    let mut output = node.output("app", "access-app");
    output.ca = workplace.write("ca.pem", &pem(&node.other_ca));
    workplace.write("password", "wrong\n");
    workplace.write("vigie.conf", &configuration(&output, "HTTP_Passwd_File @HERE@/password", port));
    workplace.append("app.log", "one\n");

    let mut agent = workplace.start("vigie.conf");
    agent.wait_for_message(&["set `tls.ca_file`"]);
    workplace.write("ca.pem", &pem(&node.ca));
    agent.wait_for_message(&["(401)"]);
    workplace.write("password", &format!("{}\n", node.password));

    eventually(Duration::from_secs(60), "the document", || (store.count("access-app") >= 1).then_some(()));
    agent.assert_running();
    let (name, page) = ("vigie_tls_certificate_expiry_seconds", metrics(port));
    let expiry =
        page.lines().find_map(|line| line.strip_prefix(&format!("{name}{{name=\"opensearch.0\",which=\"server\"}} ")));
    let expiry: u64 = expiry.and_then(|text| text.parse().ok()).expect("it is told");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    assert!((now..now + 100 * 366 * 86_400).contains(&expiry), "{expiry}");
    assert!(agent.terminate().success());
}
