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

/// The state of an event with `lines`.
fn behind(machine: &Machine, lines: &[&str]) -> Option<State> {
    let (first, others) = lines.split_first()?;
    let begun = machine.begin(first.as_bytes())?;
    others.iter().try_fold(begun, |state, line| machine.next(state, line.as_bytes()))
}

#[test]
fn each_rule_of_python_go_and_ruby_takes_its_line_and_leaves_another() {
    const TRACEBACK: &str = "Traceback (most recent call last):";
    const ROUTINE: &str = "goroutine 1 [running]:";
    const FAILED: &str = "a.rb:6:in `f'";
    let cases: &[(&str, &[&str], &str, &str)] = &[
        ("python", &[], TRACEBACK, " Traceback (most recent call last):"),
        ("python", &[TRACEBACK], "\tFile \"a\"", "File \"a\""),
        ("python", &[TRACEBACK, "  File \"a\""], " code", "\t "),
        ("python", &[TRACEBACK, "  File \"a\"", " code"], "a.b.Error: x", "a b: x"),
        ("go", &[], "x panic: y", "xpanic: y"),
        ("go", &[], "http: panic serving 1", "http: serving 1"),
        ("go", &["panic: x"], "", " "),
        ("go", &["panic: x"], "[signal SIGSEGV]", "[sig SIGSEGV]"),
        ("go", &["panic: x", "[signal SIGSEGV]"], "", "x"),
        ("go", &["http: panic serving"], ROUTINE, "goroutine x [running]:"),
        ("go", &["http: panic serving", ROUTINE], "a.b(0x1)", "a b(0x1)"),
        ("go", &["http: panic serving", ROUTINE], "created by a", "created a"),
        ("go", &["http: panic serving", ROUTINE, "a.b(0x1)"], "\tx.go:1", "x.go:1"),
        ("go", &["http: panic serving", ROUTINE, "a.b(0x1)", "\tx.go:1"], "", "x"),
        ("ruby", &[], FAILED, "a.rb:6: in `f'"),
        ("ruby", &[FAILED], "  from a.rb:2:in `g'", "from a.rb:2:in `g'"),
        ("ruby", &[FAILED, "  from a.rb:2:in `g'"], "\tfrom a.rb:1:in `h'", "\tfrom a.rb:1"),
    ];
    for (name, before, fitting, other) in cases {
        let machine = named(name);
        let takes = |line: &str| behind(&machine, &[before, &[line][..]].concat()).is_some();
        assert!(takes(fitting), "{name} takes {fitting:?} behind {before:?}");
        assert!(!takes(other), "{name} takes {other:?} behind {before:?}");
    }
}

#[test]
fn lines_of_a_runtime_end_with_a_newline_or_with_the_flag_for_it() {
    for (name, over, open) in [("docker", "a\n", "a"), ("cri", "F", "P"), ("cri", "F", "FX")] {
        let machine = named(name);
        let is_over = |line: &str| machine.begin(line.as_bytes()).is_some_and(|state| machine.is_over(state));
        assert!(is_over(over) && !is_over(open), "{name}");
    }
}
