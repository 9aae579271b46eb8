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
        let text = line.trim_ascii_start();
        let indented = line.first().is_some_and(|byte| matches!(byte, b'\t' | b' '));
        if self == Self::AfterException {
            if text.starts_with(b"nested exception is:") {
                return Some(Self::StartException);
            }
            if line.iter().all(|byte| matches!(byte, b'\r' | b'\n')) {
                return Some(Self::AfterException);
            }
        }
        if indented && (text.starts_with(b"at ") || text.starts_with(b"eval at ") || is_divider(text)) {
            return Some(Self::Frame);
        }
        if text.starts_with(b"Caused by:") || text.starts_with(b"Suppressed:") {
            return Some(Self::AfterException);
        }
        is_omission(text).then_some(Self::Frame)
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

fn is_divider(text: &[u8]) -> bool {
    text == b"--- End of inner exception stack trace ---"
        || text == b"--- End of stack trace from previous location where exception was thrown ---"
}

/// `... 12 more` and `... 3 common frames omitted`; the dots stand for any three characters.
fn is_omission(text: &[u8]) -> bool {
    let Some(rest) = text.get(3..).and_then(|rest| rest.strip_prefix(b" ")) else { return false };
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let words = &rest[digits..];
    digits > 0 && (words.starts_with(b" more") || words.starts_with(b" common frames omitted"))
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
