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

#[test]
fn receipts_that_were_changed_are_told_at_the_start_and_mistakes_name_what_verifies_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = classic(&[]).replace("flush 0.1", "flush 0.1\n    storage.path state");
    fs::write(folder.path().join("a.conf"), text).expect("it is written");
    let started = || said(&vigie(folder.path(), &["-c", "a.conf"], &format!("{{\"a\":\"{MAIL}\"}}\n")).stderr);
    started();
    assert!(!started().contains("receipts in"));
    let chain = folder.path().join("state/redact-receipts.chain");
    let forged = fs::read_to_string(&chain).expect("text").replacen("\"count\":1", "\"count\":2", 1);
    fs::write(&chain, forged).expect("it is written");

    let told = started();

    assert!(told.contains("not as they were written: line 1") && told.contains("vigie receipts verify"), "{told}");
    let chain = "state/redact-receipts.chain";
    for (arguments, expected) in [
        (&["receipts"][..], "expected `receipts verify CHAIN"),
        (&["receipts", "foo"], "expected `receipts verify CHAIN"),
        (&["receipts", "foo", chain], "no `receipts foo`"),
        (&["receipts", "verify", chain], "redact-receipts.pub"),
        (&["receipts", "verify", chain, "--public-key", "/dev/null"], "redact-receipts.pub"),
    ] {
        let told = said(&vigie(folder.path(), arguments, "").stderr);
        assert!(told.contains(expected) && !told.contains("retention"), "{arguments:?}: {told}");
    }
}

#[test]
fn a_slip_in_what_is_asked_for_is_told() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder_with_keys();
    let ask = |entity: &str, value: &str, more: &[&str], input: &str| {
        let arguments = [&["token", "--entity", entity, "--key-file", "redact.key", value], more].concat();
        let run = vigie(folder.path(), &arguments, input);
        (run.status.success(), said(&run.stdout) + &said(&run.stderr))
    };
    for (entity, value, expected) in [
        ("email", "", "the value is empty"),
        ("email", "not a mail", "none that `redact` finds as `email`"),
        ("ipv4", "10.0.0.1", "--entity private_ip"),
        ("phone", "0612345678", "--entity phone_fr"),
    ] {
        let (is_done, told) = ask(entity, value, &[], "");
        assert!(!is_done && told.contains(expected) && !told.contains("<email:"), "{entity} {value}: {told}");
    }
    assert!(ask("email", "not a mail", &["--own"], "").0, "a `Field` may have hidden it");
    assert!(!ask("email", "", &["--own"], "").0);
    assert_eq!(ask("email", MAIL, &[], ""), ask("email", "-", &[], &format!("{MAIL}\n")));

    assert!(vigie(folder.path(), &["keys", "new", "--recipient", "dpo"], "").status.success());
    let set = |mode| fs::set_permissions(folder.path().join("dpo.identity"), fs::Permissions::from_mode(mode));
    set(0o644).expect("it is ours");
    let told =
        said(&vigie(folder.path(), &["token", "--open", "<email:S1.x>", "--identity", "dpo.identity"], "").stderr);
    assert!(told.contains("chmod 600 dpo.identity"), "{told}");
    fs::write(folder.path().join("redact.key"), [0xff, 0xfe, 0]).expect("it is ours");
    let (_, told) = ask("email", MAIL, &[], "");
    assert!(told.contains("holds other bytes than a key ring"), "{told}");
}

#[test]
fn the_record_of_processing_counts_fields_and_lists_what_is_only_counted() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = |options: &str, more: &str| {
        format!(
            "[SERVICE]\n    flush 0.1\n{more}[INPUT]\n    name stdin\n    tag a\n[FILTER]\n    name redact\n    match *\n{options}[OUTPUT]\n    name stdout\n    match *\n"
        )
    };
    let options = "    preset secrets\n    field $who label as=person_name\n    field $pin remove as=secret\n";
    fs::write(folder.path().join("a.conf"), text(options, "    storage.path state\n")).expect("it is written");
    assert!(vigie(folder.path(), &["-c", "a.conf"], "{\"who\":\"Jane\"}\n{\"who\":\"Joe\"}\n").status.success());

    let report = said(&vigie(folder.path(), &["report", "--art30", "--config", "a.conf"], "").stdout);

    assert!(report.contains("| field | person_name, `$who label as=person_name` | 2 | label |"), "{report}");
    assert!(report.contains("| field | secret, `$pin remove as=secret` | in `secret` | remove |"), "{report}");
    fs::write(folder.path().join("b.conf"), text("    mode report\n", "")).expect("it is written");
    let report = said(&vigie(folder.path(), &["report", "--art30", "--config", "b.conf"], "").stdout);
    assert!(report.contains("| contact | email | 0 | only counted |"), "{report}");
}
