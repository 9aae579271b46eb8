//! Dependencies keep the rules of `deny.toml`: licences, sources, bans; and their number stays within its budget.
//!
//! `cargo metadata` is asked without the network, so this runs wherever the tests were built.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

/// Packages in the shipped binary, at most.
const PACKAGES: usize = 200;

const RULES: &str = include_str!("../deny.toml");

fn metadata() -> Value {
    let host = Command::new("rustc").arg("-vV").output().expect("rustc is there, it built this test");
    let host = String::from_utf8(host.stdout).expect("rustc prints text");
    let host = host.lines().find_map(|line| line.strip_prefix("host: ")).expect("rustc names its host");
    let arguments = ["metadata", "--format-version=1", "--locked", "--offline", "--filter-platform", host];
    let output = Command::new(env!("CARGO")).args(arguments).output().expect("cargo is there, it runs this test");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("cargo prints JSON")
}

/// The strings of the list that follows `key = [` in the rules.
fn listed(key: &str) -> Vec<&'static str> {
    let (_, list) = RULES.split_once(&format!("\n{key} = [")).expect("the rules have this list");
    let (list, _) = list.split_once("\n]").expect("a list ends");
    list.split('"').skip(1).step_by(2).collect()
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Whether an SPDX expression can be met with what is allowed. Old notation with `/` means OR.
fn is_allowed(expression: &str, allowed: &[&str]) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ").replace(" WITH ", "~WITH~");
    let tokens: Vec<String> = spaced.split_whitespace().map(|token| token.replace("~WITH~", " WITH ")).collect();
    let mut rest = tokens.as_slice();
    let holds = any_of(&mut rest, allowed);
    holds && rest.is_empty()
}

fn any_of(tokens: &mut &[String], allowed: &[&str]) -> bool {
    let mut holds = all_of(tokens, allowed);
    while tokens.first().is_some_and(|token| token == "OR") {
        *tokens = &tokens[1..];
        holds |= all_of(tokens, allowed);
    }
    holds
}

fn all_of(tokens: &mut &[String], allowed: &[&str]) -> bool {
    let mut holds = one(tokens, allowed);
    while tokens.first().is_some_and(|token| token == "AND") {
        *tokens = &tokens[1..];
        holds &= one(tokens, allowed);
    }
    holds
}

fn one(tokens: &mut &[String], allowed: &[&str]) -> bool {
    let Some((first, rest)) = tokens.split_first() else { return false };
    *tokens = rest;
    if first != "(" {
        return allowed.contains(&first.as_str());
    }
    let holds = any_of(tokens, allowed);
    *tokens = tokens.get(1..).unwrap_or_default();
    holds
}

#[test]
fn expressions_of_licences_are_understood() {
    let cases = [
        ("MIT", true),
        ("GPL-3.0", false),
        ("MIT OR GPL-3.0", true),
        ("MIT AND GPL-3.0", false),
        ("MIT/Apache-2.0", true),
        ("(MIT OR GPL-3.0) AND ISC", true),
        ("(GPL-2.0 OR GPL-3.0) AND MIT", false),
        ("Apache-2.0 WITH LLVM-exception", true),
        ("", false),
    ];

    for (expression, expected) in cases {
        assert_eq!(is_allowed(expression, &listed("allow")), expected, "{expression}");
    }
}

#[test]
fn every_dependency_has_an_allowed_licence_and_comes_from_the_registry() {
    let (metadata, allowed) = (metadata(), listed("allow"));

    for package in array(&metadata["packages"]).iter().filter(|package| !package["source"].is_null()) {
        let (name, licence, source) = (text(&package["name"]), text(&package["license"]), text(&package["source"]));
        assert!(is_allowed(licence, &allowed), "`{name}` has the licence `{licence}`, which deny.toml does not allow");
        assert!(source.starts_with("registry+"), "`{name}` comes from `{source}`, not from the registry");
    }
}

#[test]
fn no_banned_package_is_used() {
    let metadata = metadata();
    let used: BTreeSet<&str> = array(&metadata["packages"]).iter().map(|package| text(&package["name"])).collect();

    for banned in listed("deny") {
        assert!(!used.contains(banned), "`{banned}` is banned by deny.toml");
    }
}

#[test]
fn the_shipped_binary_stays_within_its_budget_of_packages() {
    let shipped = shipped();

    assert!(has(&shipped, "tokio"), "{shipped:?}");
    assert!(shipped.len() <= PACKAGES, "{} packages, the budget is {PACKAGES}", shipped.len());
}

#[test]
fn what_only_tests_and_benches_use_is_not_shipped() {
    let shipped = shipped();

    for name in ["rcgen", "criterion", "proptest", "tempfile"] {
        assert!(!has(&shipped, name), "`{name}` is part of the binary");
    }
}

/// Names and versions, such as `tokio v1.54.1`, of the packages that the binary is built of, as it is built alone: other members of the workspace
/// ask for features of their own.
fn shipped() -> BTreeSet<String> {
    let arguments = ["tree", "--package=vigie", "--edges=normal,build", "--prefix=none", "--format={p}"];
    let output = Command::new(env!("CARGO")).args(arguments).args(["--locked", "--offline"]).output();
    let output = output.expect("cargo is there, it runs this test");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let packages = String::from_utf8(output.stdout).expect("cargo prints text");
    packages.lines().map(|line| line.trim_end_matches(" (*)").to_owned()).collect()
}

fn has(shipped: &BTreeSet<String>, name: &str) -> bool {
    shipped.iter().any(|package| package.split(' ').next() == Some(name))
}
