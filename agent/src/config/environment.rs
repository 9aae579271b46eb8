//! `${NAME}` in values: `@SET` and `env` first, then the environment of the process.
//!
//! A value is replaced once and as a whole: what a variable holds is never read as configuration.

use std::collections::HashMap;

use super::diagnostic::Diagnostics;
use super::document::{Located, Place};

/// How to write what would be a variable where it is none.
const LITERAL: &str = "where `${` is meant as it stands, as in a pattern, write `[$]{`";

/// Where variables are looked up.
#[derive(Clone, Default)]
pub struct Environment {
    set: HashMap<String, String>,
    process: HashMap<String, String>,
}

impl std::fmt::Debug for Environment {
    /// Names only: values may be secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.set.keys()).finish_non_exhaustive()
    }
}

impl Environment {
    /// The environment of a process, given as its variables.
    pub fn new(process: impl IntoIterator<Item = (String, String)>) -> Self {
        Self { set: HashMap::new(), process: process.into_iter().collect() }
    }

    /// Sets a variable for what is read from now on.
    pub fn set(&mut self, name: &str, value: &str) {
        self.set.insert(name.to_owned(), value.to_owned());
    }

    /// The value of `name`.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.set.get(name).or_else(|| self.process.get(name)).map(String::as_str)
    }

    /// `text`, which stands at `place`, with its variables replaced. What they hold is not looked at again. Where one cannot be had,
    /// which is reported, nothing is left, so that the rest of the text is not found wrong too.
    pub(super) fn expand(&self, text: &str, place: Place, findings: &mut Diagnostics) -> Located {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        let mut expanded = false;
        let known = findings.len();
        while let Some((before, after)) = rest.split_once("${") {
            let Some((name, behind)) = after.split_once('}') else { break };
            out.push_str(before);
            rest = behind;
            if name.is_empty() {
                // It names nothing: text, as in Fluent Bit.
                out.push_str("${}");
                continue;
            }
            expanded = true;
            out.push_str(&self.variable(name, place, findings));
        }
        out.push_str(rest);
        if findings.len() > known {
            out.clear();
        }
        Located { text: out, place, expanded }
    }

    fn variable(&self, reference: &str, place: Place, findings: &mut Diagnostics) -> String {
        let (name, default) = match reference.split_once(":-") {
            Some((name, default)) => (name, Some(default)),
            None => (reference, None),
        };
        let Some(value) = self.get(name).filter(|value| !value.is_empty() || default.is_none()).or(default) else {
            findings
                .error(place, "V107", format!("the variable `{name}` is used but not set"))
                .help(format!("set it in the environment, or write `${{{name}:-default}}`; {LITERAL}"));
            return String::new();
        };
        if value.chars().any(char::is_control) {
            findings
                .error(place, "V108", format!("the value of the variable `{name}` holds a control character"))
                .help("a value may not bring lines of its own into the configuration");
            return String::new();
        }
        value.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expand(text: &str) -> (String, usize) {
        let variables = [("HOST", "node-1"), ("EMPTY", ""), ("EVIL", "a\nb")];
        let mut environment = Environment::new(variables.map(|(name, value)| (name.to_owned(), value.to_owned())));
        environment.set("TAG", "${HOST}");
        let mut findings = Diagnostics::default();
        let located = environment.expand(text, Place::default(), &mut findings);
        (located.text, findings.in_order().len())
    }

    #[test]
    fn variables_are_replaced_once() {
        let cases = [
            ("plain", "plain", 0),
            ("a-${HOST}-b", "a-node-1-b", 0),
            ("${TAG}", "${HOST}", 0),
            ("${MISSING:-x}${EMPTY:-y}", "xy", 0),
            ("${MISSING}", "", 1),
            ("a ${MISSING} b", "", 1),
            ("${EVIL}", "", 1),
            ("$ {HOST} ${open", "$ {HOST} ${open", 0),
            (r"^[$]{HOST} \$\{HOST\}", r"^[$]{HOST} \$\{HOST\}", 0),
            ("${}-${HOST}${}", "${}-node-1${}", 0),
        ];
        for (text, expected, findings) in cases {
            assert_eq!(expand(text), (expected.to_owned(), findings), "{text}");
        }
    }
}
