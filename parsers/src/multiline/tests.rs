//! Machines as functions of lines.

use super::*;

/// The events of `lines`, each as its lines.
fn events<'a>(machine: &Machine, lines: &[&'a str]) -> Vec<Vec<&'a str>> {
    let mut events: Vec<Vec<&str>> = Vec::new();
    let mut state: Option<State> = None;
    for line in lines {
        let next = state.and_then(|state| machine.next(state, line.as_bytes()));
        state = match next {
            Some(next) => {
                events.last_mut().expect("a state has an event").push(line);
                Some(next)
            }
            None => {
                events.push(vec![line]);
                machine.begin(line.as_bytes())
            }
        };
        state = state.filter(|state| !machine.is_over(*state));
    }
    events
}

fn named(name: &str) -> Machine {
    built_in().into_iter().find(|parser| parser.name == name).expect("it is built in").machine
}

fn counts(machine: &Machine, lines: &[&str]) -> Vec<usize> {
    events(machine, lines).iter().map(Vec::len).collect()
}

#[test]
fn traces_of_python_go_and_ruby_are_one_event() {
    let python = [
        "before",
        "Traceback (most recent call last):",
        "  File \"/app/a.py\", line 3, in <module>",
        "    main()",
        "  File \"/app/a.py\", line 2, in main",
        "    raise app.Broken('x')",
        "app.Broken: x",
        "ValueError: no part of it, for the trace was over",
    ];
    let go = [
        "panic: my panic",
        "",
        "goroutine 4 [running]:",
        "panic(0x45cb40, 0x47ad70)",
        "  /usr/local/go/src/runtime/panic.go:542 +0x46c",
        "main.main.func1(0xc420024120)",
        "  foo.go:6 +0x39",
        "created by main.main",
        "  foo.go:5 +0x58",
        "after",
    ];
    let signal = [
        "panic: runtime error: invalid memory address",
        "[signal SIGSEGV: segmentation violation]",
        "",
        "goroutine 1 [running]:",
        "main.f(0x0)",
        "\tx.go:1",
        "",
        "goroutine 2 [runnable]:",
        "x",
    ];
    let ruby = [
        "/app/a.rb:6:in `f': broken (RuntimeError)",
        "  from /app/a.rb:2:in `g'",
        "  from /app/a.rb:9:in `<main>'",
        "done",
    ];

    assert_eq!(counts(&named("python"), &python), [1, 6, 1]);
    assert_eq!(counts(&named("go"), &go), [9, 1]);
    assert_eq!(counts(&named("go"), &signal), [8, 1]);
    assert_eq!(counts(&named("ruby"), &ruby), [3, 1]);
    assert_eq!(counts(&named("java"), &["x.FooException: boom", "\tat a.B(C)", "end"]), [2, 1]);
}

fn rule(from: &str, regex: &str, to: &str) -> Rule {
    Rule { from: from.into(), regex: regex.into(), to: to.into() }
}

#[test]
fn rules_lead_on_before_they_begin_another_event() {
    let rules = [rule("start_state", r"/^\d{4}-/", "cont"), rule("cont", r"/^\s+at |^2024-same/", "cont")];
    let machine = Machine::Rules(Rules::new(&rules).expect("they are valid"));

    let lines = ["2024-01 first", "  at x", "2024-same", "2024-02 second", "alone", "alone", "  at nothing"];

    assert_eq!(counts(&machine, &lines), [3, 1, 1, 1, 1]);
}

#[test]
fn rules_that_cannot_be_used_are_told_apart() {
    let cases: [(&[Rule], &str); 4] = [
        (&[], "the first rule has to lead from `start_state`"),
        (&[rule("cont", "a", "cont")], "the first rule has to lead from `start_state`"),
        (&[rule("start_state", "a", "cont")], "no rule leads from the state `cont`"),
        (&[rule("start_state, cont", "(a", "cont")], ""),
    ];
    for (rules, expected) in cases {
        let error = Rules::new(rules).map(|_| ()).expect_err("they are wrong");
        assert!(error.to_string().starts_with(expected), "{error}");
    }
    assert!(matches!(Rules::new(cases[3].0), Err(RuleError::Pattern { rule: 0, .. })));
}

#[test]
fn lines_go_on_until_one_fits_or_does_not() {
    let until = |text: &str, is_whole, negate| Machine::Until(Until { text: text.into(), is_whole, negate });
    let lines = ["a;", "b", "c;", ";", "d"];

    assert_eq!(counts(&until(";", false, false), &lines), [1, 2, 1, 1]);
    assert_eq!(counts(&until(";", true, false), &lines), [4, 1]);
    assert_eq!(counts(&until(";", false, true), &lines), [2, 3]);
    assert!(!named("cri").has_lines() && named("go").has_lines());
}
