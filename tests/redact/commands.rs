//! What the commands around `redact` tell: the record of processing, mistakes in options and in the configuration.

use std::fs;

use super::{MAIL, classic, folder_with_keys, said, vigie};

const WITH_PROCESSORS: &str = "
service:
  flush: 0.1
pipeline:
  inputs:
    - name: stdin
      tag: a
      processors:
        logs:
          - name: redact
            active: off
          - name: redact
            preset: secrets
            condition: {op: and, rules: [{field: $a, op: exists}]}
  filters:
    - name: redact
      match: '*'
      preset: rgpd-ops
      key_credential: ring
  outputs:
    - name: stdout
      match: '*'
      processors:
        logs:
          - name: redact
            action: email remove
            key_file: redact.key
";

#[test]
fn the_record_of_processing_tells_of_every_redact_and_its_keys() {
    let folder = folder_with_keys();
    fs::write(folder.path().join("a.yaml"), WITH_PROCESSORS).expect("it is written");

    let run = vigie(folder.path(), &["report", "--art30", "--config", "a.yaml"], "");
    let (report, told) = (said(&run.stdout), said(&run.stderr));

    assert!(run.status.success(), "{told}");
    let names: Vec<&str> = report.lines().filter_map(|line| line.strip_prefix("## What ")).collect();
    assert_eq!(names, ["`redact.0` does", "`stdin.0/redact.0` does", "`stdout.0/redact.0` does"], "{report}");
    assert!(report.contains("| contact | email | 0 | remove |"), "{report}");
    let keys: Vec<&str> = report.lines().filter(|line| line.starts_with("Keys: ")).collect();
    assert!(
        matches!(keys[..], [credential, none, file]
            if credential.contains("credential `ring`") && none.contains("none named") && file.contains("in the ring")),
        "{keys:?}"
    );
}

#[test]
fn a_flag_is_told_that_is_none_or_has_no_value_or_stands_twice() {
    let folder = tempfile::tempdir().expect("a folder");
    for (arguments, expected) in [
        (&["--nope"][..], "unknown flag `--nope`"),
        (&["--preset"], "`--preset` needs a value"),
        (&["--action"], "`--action` needs a value"),
        (&["--preset", "pci", "--preset", "secrets"], "`--preset` is given more than once"),
    ] {
        let run = vigie(folder.path(), &[&["redact"], arguments].concat(), "");
        let told = said(&run.stderr);
        assert!(!run.status.success() && told.contains(expected), "{arguments:?}: {told}");
    }
    let actions = ["redact", "--action", "email remove", "--action", "card remove"];
    assert_eq!(said(&vigie(folder.path(), &actions, &format!("a {MAIL}")).stdout), "a ");
}

#[test]
fn what_may_hold_a_secret_is_not_told_of_a_mistake_in_the_configuration() {
    let folder = tempfile::tempdir().expect("a folder");
    for line in [r#"dummy {"password":"Tiger12""#, "samples https://admin:Tiger12@x", "url https://admin:Tiger12@x"] {
        let text = classic(&[]).replace("name stdin", &format!("name dummy\n    {line}"));
        fs::write(folder.path().join("a.conf"), text).expect("it is written");
        let run = vigie(folder.path(), &["check", "a.conf"], "");
        let told = said(&run.stdout) + &said(&run.stderr);
        assert!(!run.status.success() && !told.contains("Tiger12") && told.contains("a.conf:"), "{told}");
    }
}

#[test]
fn a_broken_chain_of_receipts_is_checked_by_its_own_command() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = classic(&[]).replace("flush 0.1", "flush 0.1\n    storage.path state");
    fs::write(folder.path().join("a.conf"), text).expect("it is written");
    assert!(vigie(folder.path(), &["-c", "a.conf"], &format!("{{\"a\":\"{MAIL}\"}}\n")).status.success());
    let chain = folder.path().join("state/redact-receipts.chain");
    fs::write(&chain, "{}\n").expect("it is written");

    let told = said(&vigie(folder.path(), &["-c", "a.conf"], "").stderr);

    assert!(told.contains("vigie receipts verify") && !told.contains("retention verify"), "{told}");
}
