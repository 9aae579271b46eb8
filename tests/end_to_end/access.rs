//! Credentials and authorities are mended in their files, and the agent goes on without a restart.

use std::time::Duration;

use crate::support::{OutputSection, Store, Workplace, eventually, shared_node};

fn configuration(output: &OutputSection, password: &str) -> String {
    let output = output.to_string().replace(&format!("HTTP_Passwd {}", output.password), password);
    format!(
        "[SERVICE]\n    Flush 0.2\n[INPUT]\n    Name tail\n    Tag app\n    Path @HERE@/app.log\n    Read_from_Head On\n{output}"
    )
}

#[test]
fn a_password_and_an_authority_that_are_mended_in_their_files_need_no_restart() {
    let node = shared_node();
    let store = Store::of(node);
    let workplace = Workplace::new();
    let pem = |path| std::fs::read_to_string(path).expect("a certificate");
    let mut output = node.output("app", "access-app");
    output.ca = workplace.write("ca.pem", &pem(&node.other_ca));
    workplace.write("password", "wrong\n");
    workplace.write("vigie.conf", &configuration(&output, "HTTP_Passwd_File @HERE@/password"));
    workplace.append("app.log", "one\n");

    let mut agent = workplace.start("vigie.conf");
    agent.wait_for_message(&["set `tls.ca_file`"]);
    workplace.write("ca.pem", &pem(&node.ca));
    agent.wait_for_message(&["(401)"]);
    workplace.write("password", &format!("{}\n", node.password));

    eventually(Duration::from_secs(60), "the document", || (store.count("access-app") >= 1).then_some(()));
    agent.assert_running();
    assert!(agent.terminate().success());
}
