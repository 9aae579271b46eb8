//! Which lines belong to one event: rules of languages and of users, as functions of bytes.

mod built_in;
mod java;
mod rules;

use std::sync::Arc;
use std::time::Duration;

pub use built_in::built_in;
pub use rules::{Rule, RuleError, Rules, START};

use crate::parser::Parser;
use java::JavaState;

/// How long an event waits for its next line where nothing else is said.
pub const FLUSH_AFTER: Duration = Duration::from_secs(4);

/// A multiline parser: which lines make an event, and where in a record they stand.
#[derive(Clone, Debug)]
pub struct MultilineParser {
    /// Name other sections use.
    pub name: String,
    /// What tells lines of one event from others.
    pub machine: Machine,
    /// Takes a raw line apart before it is looked at.
    pub parser: Option<Arc<dyn Parser>>,
    /// Key of the text that is joined, where lines were taken apart.
    pub key_content: Option<String>,
    /// Key of the text that the machine looks at, in place of the joined one.
    pub key_pattern: Option<String>,
    /// Key whose values have events of their own.
    pub key_group: Option<String>,
    /// How long an event waits for its next line.
    pub flush_after: Duration,
    /// Whether it is the built-in `cri`, which inputs have a shorter way for.
    pub is_cri: bool,
}

impl MultilineParser {
    /// One of `machine` that looks at whole lines.
    pub fn new(name: impl Into<String>, machine: Machine) -> Self {
        Self {
            name: name.into(),
            machine,
            parser: None,
            key_content: None,
            key_pattern: None,
            key_group: None,
            flush_after: FLUSH_AFTER,
            is_cri: false,
        }
    }
}

/// Where an event stands after its last line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct State(u16);

/// What tells the lines of one event from others.
#[derive(Clone, Debug)]
pub enum Machine {
    /// Stack traces of Java and its relatives.
    Java,
    /// Patterns and what may follow what.
    Rules(Rules),
    /// Every line goes on until one fits.
    Until(Until),
}

impl Machine {
    /// The state of an event that `line` begins; `None` when it begins none.
    pub fn begin(&self, line: &[u8]) -> Option<State> {
        match self {
            Self::Java => JavaState::begin(line).map(java_state),
            Self::Rules(rules) => rules.begin(line),
            Self::Until(until) => Some(until.state(line)),
        }
    }

    /// The state behind `line` of an event that was in `state`; `None` when the line does not belong to it.
    pub fn next(&self, state: State, line: &[u8]) -> Option<State> {
        match self {
            Self::Java => JAVA[usize::from(state.0)].next(line).map(java_state),
            Self::Rules(rules) => rules.next(state, line),
            Self::Until(until) => Some(until.state(line)),
        }
    }

    /// Whether an event in `state` is over: no line can go on with it.
    pub fn is_over(&self, state: State) -> bool {
        match self {
            Self::Java => false,
            Self::Rules(rules) => rules.is_over(state),
            Self::Until(_) => state == Until::OVER,
        }
    }

    /// Whether its lines stand below each other, so that a newline belongs between two of them. Else they are pieces of one.
    pub fn has_lines(&self) -> bool {
        !matches!(self, Self::Until(_))
    }
}

const JAVA: [JavaState; 3] = [JavaState::AfterException, JavaState::StartException, JavaState::Frame];

fn java_state(state: JavaState) -> State {
    State(match state {
        JavaState::AfterException => 0,
        JavaState::StartException => 1,
        JavaState::Frame => 2,
    })
}

/// An event ends with the line that fits, or with the first that does not.
#[derive(Clone, Debug)]
pub struct Until {
    /// What is looked for.
    pub text: Vec<u8>,
    /// Whether the line is all of it; else it ends with it.
    pub is_whole: bool,
    /// Whether the event ends with the first line that does *not* fit.
    pub negate: bool,
}

impl Until {
    const OPEN: State = State(0);
    const OVER: State = State(1);

    fn state(&self, line: &[u8]) -> State {
        let fits = if self.is_whole { line == self.text } else { line.ends_with(&self.text) };
        if fits == self.negate { Self::OPEN } else { Self::OVER }
    }
}

#[cfg(test)]
mod tests;
