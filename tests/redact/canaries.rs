//! Canaries: what is told of values that survive, and of those that prove nothing.

use std::fs;

use super::*;

#[test]
fn canaries_are_looked_for_in_what_would_be_sent() {
    let folder = tempfile::tempdir().expect("a folder");
    let log_of = |text: &str| {
        drop(fs::remove_file(folder.path().join("agent.log")));
        fs::write(folder.path().join("a.conf"), text).expect("it is written");
        until(folder.path(), "", || {
            fs::read_to_string(folder.path().join("agent.log")).is_ok_and(|log| log.contains("canary survived"))
        });
        fs::read_to_string(folder.path().join("agent.log")).expect("there is a log")
    };
    let log = |filter: &str| log_of(&refused_and_kept(1, filter));

    assert!(log("").contains("no canary survived"));
    let told = log("    exclude $vigie_canary\n");
    assert!(
        told.contains("a canary survived") && told.contains("entity=email") && told.contains("output=gone"),
        "{told}"
    );
    assert!(log("    allow $msg\n    allow $a['b']\n").contains("no canary survived"));
    let copied = "    allow $msg\n    allow $other\n    exclude $other\n";
    let text = refused_and_kept(1, copied);
    let copies = "[FILTER]\n    name modify\n    match *\n    copy msg other\n[FILTER]\n    name redact";
    let told = log_of(&text.replacen("[FILTER]\n    name redact", copies, 1));
    assert!(told.contains("entity=email"), "where only named fields stay, canaries stand under their names: {told}");
    let text = refused_and_kept(1, "    exclude $vigie_canary\n");
    let told =
        log_of(&text.replace("    index logs", "    index logs\n    id_key $k['id']\n    write_operation upsert"));
    assert!(told.contains("entity=email"), "they have what an output needs: {told}");
    let rules = "rules:\n  - name: staff\n    regex: 'EMP-[0-9]{6}'\n    example: EMP-123456\n  - name: member\n    number: 9\n    prefix: '7'\n    checksum: luhn\n";
    fs::write(folder.path().join("rules.yaml"), rules).expect("it is written");
    let told = log("    exclude $vigie_canary\n    rules rules.yaml\n");
    assert!(told.contains("entity=staff") && told.contains("entity=member"), "{told}");
}

/// Of what does not come to the output nothing is proved.
#[test]
fn canaries_that_are_dropped_on_the_way_prove_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let serving = free_port();
    let fly = |filters: &str, outputs: &str| {
        drop(fs::remove_file(folder.path().join("agent.log")));
        let text = format!(
            "[SERVICE]\n    flush 0.1\n    grace 1\n    log_file agent.log\n    http_server on\n    http_listen 127.0.0.1\n    http_port {serving}\n\
             [INPUT]\n    name stdin\n    tag app\n{filters}[OUTPUT]\n    name stdout\n    match *\n{outputs}"
        );
        fs::write(folder.path().join("a.conf"), text).expect("it is written");
        let page = Mutex::new(Vec::new());
        let log = || fs::read_to_string(folder.path().join("agent.log")).unwrap_or_default();
        until(folder.path(), "", || {
            let is_told = log().lines().any(|line| line.contains("[redact]") && !line.contains("no receipts"));
            let is_done = is_told && TcpStream::connect(("127.0.0.1", serving)).is_ok();
            if is_done {
                *page.lock().expect("it is whole") = pages(serving);
            }
            is_done
        });
        (log(), said(&page.into_inner().expect("it is whole")))
    };
    let filter = |name: &str, rest: &str| format!("[FILTER]\n    name {name}\n    match *\n{rest}");
    let redact = filter("redact", "    exclude $vigie_canary\n");
    let before = [
        filter("grep", "    regex log plain\n"),
        filter("modify", "    remove vigie_canary\n"),
        filter("record_modifier", "    allowlist_key log\n"),
    ];
    let mut ways: Vec<(String, &str)> = before.iter().map(|other| (format!("{other}{redact}"), "")).collect();
    ways.extend(before.iter().map(|other| (format!("{redact}{other}"), "")));
    ways.push((format!("{}{}", filter("redact", ""), filter("grep", "    exclude vigie_canary <email>\n")), ""));
    ways.push((filter("modify", "    remove msg\n") + &filter("redact", "    allow $msg\n"), ""));
    for (filters, output) in ways {
        let (log, page) = fly(&filters, output);
        assert!(log.contains("nothing is proved") && log.contains("output=stdout.0"), "{filters}: {log}");
        assert!(!log.contains("a canary survived"), "{filters}: {log}");
        assert!(!page.contains("vigie_redaction_canaries_untested 0\n"), "{filters}: {page}");
        assert!(page.contains("vigie_redaction_canaries_untested "), "{filters}: {page}");
    }
    let (log, page) = fly(&filter("redact", ""), "");
    assert!(log.contains("no canary survived") && !log.contains("nothing is proved"), "{log}");
    assert!(page.contains("vigie_redaction_canaries_untested 0\n"), "{page}");
    let (log, _) = fly(&filter("redact", "").replace("match *", "match zz"), "");
    assert!(!log.contains("no canary survived") && log.contains("no record passes"), "{log}");
    let (log, _) = fly(&filter("redact", "    preset none\n    field $user remove\n"), "");
    assert!(!log.contains("no canary survived") && !log.contains("no record passes"), "{log}");
}

/// A short value stood in the number of a record, in a time or in a token by chance.
#[test]
fn no_canary_survives_in_a_healthy_agent() {
    let folder = folder_with_keys();
    let (private, public) = ("reader.identity", "seal recipient=reader.pub");
    assert!(vigie(folder.path(), &["keys", "new", "--recipient", "reader"], "").status.success());
    assert!(folder.path().join(private).exists());
    let groups = ["person", "contact", "national", "bank", "card", "secret", "network"];
    let sealed: String = groups.iter().map(|group| format!("    action {group} {public}\n")).collect();
    let mut filters: Vec<String> = Vec::new();
    for strictness in ["low", "normal", "paranoid"] {
        for preset in ["rgpd-strict", "pci", "secrets", "rgpd-ops\n    key_file redact.key"] {
            filters.push(format!("    strictness {strictness}\n    preset {preset}\n"));
        }
    }
    filters.push(sealed);
    for (filter, format) in
        filters.iter().flat_map(|filter| ["", "    format json_lines\n"].map(|format| (filter, format)))
    {
        let text = format!(
            "[SERVICE]\n    flush 0.1\n    grace 1\n[INPUT]\n    name stdin\n[FILTER]\n    name redact\n    match *\n{filter}[OUTPUT]\n    name stdout\n    match *\n{format}"
        );
        fs::write(folder.path().join("a.conf"), text).expect("it is written");

        let told = said(&vigie(folder.path(), &["-c", "a.conf"], "").stderr);

        assert!(told.contains("no canary survived"), "{filter}{format}: {told}");
        assert!(told.contains("no receipts") && told.contains("`storage.path`"), "{told}");
    }
}
