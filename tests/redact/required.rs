//! `Redact required`: which filters count, and what is told of those that do not.

use std::fs;

use super::{MAIL, classic, said, vigie, yaml};

#[test]
fn where_redact_is_required_no_way_goes_around_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let start = |tag: &str, rule: &str, mode: &str| {
        let text = classic(&[("mode".into(), mode.into())])
            .replace("    match *\n    mode", &format!("    match {tag}\n    mode"));
        let text = text.replace("flush 0.1", &format!("flush 0.1\n    redact {rule}"));
        fs::write(folder.path().join("a.conf"), text).expect("it is written");
        let run = vigie(folder.path(), &["-c", "a.conf"], &format!("{{\"a\":\"{MAIL}\"}}\n"));
        (run.status.success(), said(&run.stdout), said(&run.stderr))
    };

    for (tag, mode) in [("db", "redact"), ("*", "report")] {
        let (is_content, out, told) = start(tag, "required", mode);
        assert!(
            !is_content && out.is_empty() && told.contains("V220") && told.contains("`stdin.0` reach `stdout.0`"),
            "{told}"
        );
    }
    assert_eq!(start("a*", "required", "redact").1, "{\"a\":\"<email>\"}\n");
    let (is_content, _, told) = start("db", "off", "redact");
    assert!(is_content && told.contains("V221"), "{told}");
    assert!(told.contains("V222") && told.contains("`redact.0` takes no record"), "{told}");
    assert!(!start("a*", "off", "redact").2.contains("V222"));
}

#[test]
fn a_redact_that_hides_nothing_covers_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let told = |filter: &str| {
        let text = format!(
            "[SERVICE]\n    redact required\n[INPUT]\n    name stdin\n[FILTER]\n    name redact\n    match *\n{filter}[OUTPUT]\n    name stdout\n    match *\n"
        );
        fs::write(folder.path().join("a.conf"), text).expect("it is written");
        let run = vigie(folder.path(), &["-c", "a.conf"], "");
        (run.status.success(), said(&run.stderr))
    };

    let told = |filter: &str| {
        told(&if filter.contains("preset") { filter.into() } else { format!("    preset none\n{filter}") })
    };

    let (is_content, nothing) = told("");
    assert!(!is_content && nothing.contains("V510") && nothing.contains("looks for nothing"), "{nothing}");
    let (is_content, kept) = told("    action email keep\n");
    assert!(!is_content && kept.contains("V220"), "{kept}");
    assert!(told("    action email label\n").0);
    let groups = "person contact national tax bank card health network device secret place vehicle".split(' ');
    let all_kept: String = groups.map(|group| format!("    action {group} keep\n")).collect();
    for preset in ["    preset rgpd-strict\n", "    preset secrets\n"] {
        let (is_content, kept) = told(&format!("{preset}{all_kept}"));
        assert!(!is_content && kept.contains("V220") && kept.contains("hides nothing"), "{preset}: {kept}");
    }
}

#[test]
fn a_redact_that_leaves_whole_lines_out_covers_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let check_with = |input: &str, filters: &str, options: &str| {
        let text = format!(
            "[SERVICE]\n    redact required\n    flush 1\n[INPUT]\n    name tail\n    path x.log\n{input}{filters}[FILTER]\n    name redact\n    match *\n{options}[OUTPUT]\n    name stdout\n    match *\n"
        );
        fs::write(folder.path().join("a.conf"), text).expect("it is written");
        let run = vigie(folder.path(), &["check", "a.conf"], "");
        (run.status.success(), said(&run.stdout) + &said(&run.stderr))
    };
    let check = |input: &str, filters: &str| check_with(input, filters, "    exclude $log\n");
    let parser = "[FILTER]\n    name parser\n    match *\n    key_name log\n    parser json\n";

    let (is_content, told) = check("", "");
    assert!(!is_content && told.contains("V220") && told.contains("`Exclude $log`"), "{told}");
    let renamed = "[FILTER]\n    name modify\n    match *\n    rename line log\n";
    for input in ["    key line\n", "    parser json\n[INPUT]\n    name stdin\n"] {
        let (is_content, told) = check(input, renamed);
        assert!(!is_content && told.contains("V220") && told.contains("`Exclude $log`"), "{told}");
    }
    for (input, filters) in [("    key line\n", ""), ("    parser json\n", ""), ("", parser)] {
        let (is_content, told) = check(input, filters);
        assert!(is_content && !told.contains("V220"), "{input}{filters}: {told}");
    }
    for (options, is_hidden) in [
        ("    field $log keep\n", false),
        ("    field $log keep as=line\n", false),
        ("    field $log label\n    exclude $log\n", false),
        ("    allow $log\n    action email label\n    field $log keep\n", false),
        ("    preset none\n    field $user remove\n", false),
        ("    preset none\n    allow $log\n", false),
        ("    preset none\n    allow $user\n", true),
        ("    preset none\n    field $log label\n", true),
        ("    field $log['a'] keep\n", true),
        ("    field $user keep\n", true),
    ] {
        let (is_content, told) = check_with("", "", options);
        assert_eq!(is_content, is_hidden, "{options}: {told}");
        assert_eq!(told.contains("V220") && told.contains("`Field $log keep`"), !is_hidden, "{options}: {told}");
    }
}

/// What is wrong in the section is told, with what fits, and not that ways pass none.
#[test]
fn a_mistake_in_the_section_is_told_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let told = |rule: &str, options: &str, rest: &str| {
        let text = format!(
            "[SERVICE]\n    redact {rule}\n[INPUT]\n    name stdin\n    tag app\n[FILTER]\n    name redact\n    match *\n{options}{rest}[OUTPUT]\n    name stdout\n    match *\n"
        );
        fs::write(folder.path().join("a.conf"), text).expect("it is written");
        let run = vigie(folder.path(), &["check", "a.conf"], "");
        assert!(!run.status.success(), "{options}");
        said(&run.stderr)
    };

    for (options, help) in [
        ("    action birth_date generalise_date years=0\n", "write `action birth_date generalise_date years=5`"),
        ("    action card mask last=4\n", "write `action card mask keep_last=4`"),
        ("    action emial hmac\n", "write `action email hmac`"),
        ("    action email hmack\n", "write `action email hmac`"),
        ("    action email hash\n", "write `action email label`"),
        ("    action email\n", "write `action email label`"),
        ("    action ipv4 truncate_ip v4=33\n", "write `action ipv4 truncate_ip v4=24 v6=48`"),
        ("    action email label\n    action email keep\n", "take one of the two away"),
        ("    field $a mask last=4\n", "write `field $a mask keep_last=4`"),
        ("    field $a['b'] label as=A\n", "write `field $a['b'] label`"),
        ("    field $ label\n", "write `field $user['email'] label`"),
        ("    preset gdpr\n", "rgpd-strict"),
        ("    match_regex (\n", ""),
        ("    exclud $a\n", "exclude"),
    ] {
        for rule in ["required", "off"] {
            let told = told(rule, options, "");
            assert!(told.contains(help) && !told.contains("V22"), "{options}: {told}");
        }
    }
    let other = told("required", "    mode report\n", "[FILTER]\n    name grep\n    match *\n    regex (\n");
    assert!(other.contains("V220"), "a mistake elsewhere does not keep it back: {other}");
}

/// Of no field at all all fields would stay.
#[test]
fn a_list_of_fields_that_stay_names_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let check = |allow: &str| {
        let text = yaml(&[("preset".into(), "secrets".into())]).replace("preset: 'secrets'", allow);
        fs::write(folder.path().join("a.yaml"), text).expect("it is written");
        let run = vigie(folder.path(), &["check", "a.yaml"], "");
        (run.status.success(), said(&run.stderr))
    };

    for allow in ["allow: []", "allow:", "allow: ['']", "allow: {}", "Allow: [[]]"] {
        let (is_content, told) = check(allow);
        assert!(!is_content && told.contains("a.yaml:10:7") | told.contains("a.yaml:10:15"), "{allow}: {told}");
    }
    assert!(check("allow: ['$a']").0 && check("exclude: []").0);
}

/// What is to be changed in a filter `redact` that does not count is told, and not that its `Match` is too narrow.
#[test]
fn why_a_redact_does_not_count_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let condition = "condition: {op: and, rules: [{field: $a, op: eq, value: x}]}";
    for (filter, processor, expected) in [
        ("mode: report", "active: off", "`redact.0` only counts: take `mode report` out"),
        (condition, "active: off", "`redact.0` leaves records as they are that its `condition` does not fit"),
        ("active: off", "active: off", "a filter `redact` is switched off"),
        ("match: b", "mode: report", "the processor `redact` of `stdin.0` only counts"),
        ("match: b", condition, "the processor `redact` of `stdin.0` leaves records"),
        ("match: b", "active: off", "the processor `redact` of `stdin.0` is switched off: take `active off` out"),
        ("match: b", "preset: none", "looks for nothing"),
    ] {
        let text = format!(
            "service: {{redact: required}}\npipeline:\n  inputs:\n    - name: stdin\n      tag: a\n      processors:\n        logs:\n          - name: redact\n            {processor}\n  filters:\n    - name: redact\n      {}{filter}\n  outputs:\n    - name: stdout\n      match: '*'\n",
            if filter.contains("match") { "" } else { "match: '*'\n      " }
        );
        fs::write(folder.path().join("a.yaml"), text).expect("it is written");
        let run = vigie(folder.path(), &["check", "a.yaml"], "");
        let told = said(&run.stderr) + &said(&run.stdout);
        assert!(!run.status.success() && told.contains(expected), "{filter}, {processor}: {told}");
    }
}
