//! Stack traces of Java and its relatives.

use memchr::memmem;

/// What a trace was at after its last line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum JavaState {
    /// The name of an exception: frames, causes or blank lines may follow.
    AfterException,
    /// "nested exception is:" with the exception in the next line.
    StartException,
    /// A frame.
    Frame,
}

impl JavaState {
    /// The state that `line`, without its newline, begins a trace with; `None` when it begins none.
    pub(super) fn begin(line: &[u8]) -> Option<Self> {
        names_exception(line).then_some(Self::AfterException)
    }

    /// The state after `line` when it belongs to the trace; `None` when it does not.
    pub(super) fn next(self, line: &[u8]) -> Option<Self> {
        if self == Self::StartException {
            return Self::begin(line);
        }
        let indent = line.iter().take_while(|byte| matches!(byte, b'\t' | b' ')).count();
        let text = &line[indent..];
        if self == Self::AfterException {
            if text.starts_with(b"nested exception is:") {
                return Some(Self::StartException);
            }
            if line.iter().all(|byte| matches!(byte, b'\r' | b'\n')) {
                return Some(Self::AfterException);
            }
        }
        let is_frame = text.starts_with(b"at ") || text.starts_with(b"eval at ");
        if (indent > 0 && (is_frame || is_line(text, INNER_TRACE))) || is_line(line, EARLIER_TRACE) {
            return Some(Self::Frame);
        }
        if text.starts_with(b"Caused by:") || text.starts_with(b"Suppressed:") {
            return Some(Self::AfterException);
        }
        is_omission(line, indent).then_some(Self::Frame)
    }
}

/// Names that end with these, followed by a colon or the end of the line, begin a trace.
const NAMES: [&[u8]; 4] = [b"Exception", b"Error", b"Throwable", b"V8 errors stack trace"];

fn names_exception(line: &[u8]) -> bool {
    NAMES.iter().any(|name| {
        memmem::find_iter(line, name).any(|at| {
            let behind = line.get(at + name.len());
            at > 0 && matches!(behind, None | Some(b':' | b'\r' | b'\n'))
        })
    })
}

/// What .NET writes between two traces; the first is indented, the second is not.
const INNER_TRACE: &[u8] = b"--- End of inner exception stack trace ---";
const EARLIER_TRACE: &[u8] = b"--- End of stack trace from previous location where exception was thrown ---";

/// Whether `line` is `wanted`, with or without its newline.
fn is_line(line: &[u8], wanted: &[u8]) -> bool {
    line.strip_suffix(b"\n").unwrap_or(line) == wanted
}

/// `... 12 more` and `... 3 common frames omitted` behind an indentation. The dots stand for any three characters, blanks
/// among them.
fn is_omission(line: &[u8], indent: usize) -> bool {
    (indent.saturating_sub(4)..=indent).any(|start| tells_omission(&line[start..]))
}

fn tells_omission(text: &[u8]) -> bool {
    let Some(rest) = behind_characters(text, 3).strip_prefix(b" ") else { return false };
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let words = &rest[digits..];
    digits > 0 && (words.starts_with(b" more") || words.starts_with(b" common frames omitted"))
}

/// What stands behind the first `count` characters of UTF-8; nothing where there are fewer.
fn behind_characters(text: &[u8], count: usize) -> &[u8] {
    let mut starts = (0..text.len()).filter(|at| !matches!(text[*at], 0x80..=0xbf));
    starts.nth(count).map_or(&[], |at| &text[at..])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::multiline::{Rule, Rules, State};

    /// Number of the event each line belongs to.
    fn events(lines: &[&str]) -> Vec<usize> {
        let mut state: Option<JavaState> = None;
        let mut event = 0;
        let mut numbers = Vec::new();
        for line in lines {
            let line = line.as_bytes();
            state = match state.and_then(|state| state.next(line)) {
                Some(next) => Some(next),
                None => {
                    event += 1;
                    JavaState::begin(line)
                }
            };
            numbers.push(event);
        }
        numbers
    }

    #[test]
    fn a_trace_with_causes_is_one_event() {
        let lines = [
            "2026-11-23 INFO started",
            "java.lang.RuntimeException: boom",
            "\tat com.acme.Main.run(Main.java:12)",
            "    at com.acme.Main.main(Main.java:5)",
            "Caused by: java.io.IOException: disk",
            "",
            "\tat com.acme.Disk.write(Disk.java:1)",
            "\t... 12 more",
            "2026-11-23 INFO next",
            "\tat nowhere",
            "org.x.WrapError: a; nested exception is:",
            "2026 done",
        ];
        assert_eq!(events(&lines), [1, 2, 2, 2, 2, 2, 2, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn a_nested_exception_stands_in_the_next_line() {
        let lines = [
            "javax.servlet.ServletException: x",
            "nested exception is:",
            "java.lang.NullPointerException:",
            "\tat a.B.c(D)",
        ];
        assert_eq!(events(&lines), [1, 1, 1, 1]);
    }

    #[test]
    fn ordinary_lines_begin_no_trace() {
        for line in ["Error: at the line start", "ErrorCode 5", "an Errors: list", "", "Exception"] {
            assert_eq!(JavaState::begin(line.as_bytes()), None, "{line}");
        }
        assert!(JavaState::begin(b"x.FooException").is_some(), "the end of the line stands for its newline");
    }

    #[test]
    fn an_asynchronous_trace_of_dotnet_is_one_event() {
        let lines = [
            "System.Exception: x",
            "  at A.B()",
            "--- End of stack trace from previous location where exception was thrown ---",
            "  at C.D()",
        ];
        assert_eq!(events(&lines), [1, 1, 1, 1]);
    }

    /// From, pattern and to, as Fluent Bit has them.
    const RULES: [(&str, &str, &str); 8] = [
        (
            "start_state, start_exception",
            r"/(.)(?:Exception|Error|Throwable|V8 errors stack trace)[:\r\n]/",
            "after_exception",
        ),
        ("after_exception", r"/^[\t ]*nested exception is:[\t ]*/", "start_exception"),
        ("after_exception", r"/^[\r\n]*$/", "after_exception"),
        ("after_exception, java", r"/^[\t ]+(?:eval )?at /", "java"),
        ("after_exception, java", r"/^[\t ]+--- End of inner exception stack trace ---$/", "java"),
        (
            "after_exception, java",
            r"/^--- End of stack trace from previous (?x:)location where exception was thrown ---$/",
            "java",
        ),
        ("after_exception, java", r"/^[\t ]*(?:Caused by|Suppressed):/", "after_exception"),
        ("after_exception, java", r"/^[\t ]*... \d+ (?:more|common frames omitted)/", "java"),
    ];

    /// Where each state stands among those that the rules lead from.
    fn number(state: JavaState) -> State {
        State(match state {
            JavaState::StartException => 1,
            JavaState::AfterException => 2,
            JavaState::Frame => 3,
        })
    }

    fn compiled() -> Rules {
        let rules = RULES.map(|(from, regex, to)| Rule { from: from.into(), regex: regex.into(), to: to.into() });
        Rules::new(&rules).expect("the rules are sound")
    }

    fn check(rules: &Rules, line: &str) {
        // The rule looks for a newline, which a line has lost here.
        let whole = format!("{line}\n");
        assert_eq!(JavaState::begin(line.as_bytes()).map(number), rules.begin(whole.as_bytes()), "begins: {line:?}");
        for state in [JavaState::StartException, JavaState::AfterException, JavaState::Frame] {
            let wanted = rules.next(number(state), whole.as_bytes());
            assert_eq!(state.next(line.as_bytes()).map(number), wanted, "{state:?}: {line:?}");
        }
    }

    #[test]
    fn each_rule_has_lines_that_it_takes_and_lines_that_it_leaves() {
        let rules = compiled();
        let lines = [
            "x.FooException: boom",
            "Error: at the start",
            " Throwable",
            "x V8 errors stack trace:",
            "aError:Exception",
            "nested exception is:",
            "\t nested exception is: x",
            "xnested exception is:",
            "",
            "\r",
            " ",
            " at a",
            "at a",
            "\teval at a",
            "\tat",
            "   --- End of inner exception stack trace ---",
            "--- End of inner exception stack trace ---",
            " --- End of inner exception stack trace --- ",
            "--- End of stack trace from previous location where exception was thrown ---",
            " --- End of stack trace from previous location where exception was thrown ---",
            "Caused by: x",
            "\tSuppressed: x",
            "xCaused by:",
            "... 12 more",
            "\t... 3 common frames omitted",
            "... more",
            "    12 more",
            "   12 more",
            "  12 more",
            "\t\u{2026}\u{2026}\u{2026} 1 more",
            "\r... 1 more",
            "x  1 more",
        ];
        for line in lines {
            check(&rules, line);
        }
    }

    proptest! {
        #[test]
        fn lines_are_taken_as_the_rules_take_them(
            parts in proptest::collection::vec(prop::sample::select(&[
                " ", "\t", "\r", "at ", "eval ", "Caused by:", "Suppressed:", "nested exception is:", "...", "\u{e9}", " 12",
                " more", " common frames omitted", "Exception", "Error", ":", "x", "--- End of inner exception stack trace ---",
                "--- End of stack trace from previous location where exception was thrown ---",
            ][..]), 0..7),
        ) {
            check(&compiled(), &parts.concat());
        }
    }
}
