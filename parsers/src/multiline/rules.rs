//! Rules of users: a pattern leads from one state to the next.

use super::State;
use crate::regex::{PatternError, Regex};

/// The state in which an event begins.
pub const START: &str = "start_state";

/// A rule as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// States that it leads from, between commas.
    pub from: String,
    /// What a line has to match, in Ruby's dialect; may stand between slashes.
    pub regex: String,
    /// The state that it leads to.
    pub to: String,
}

impl Rule {
    /// The states that it leads from.
    fn sources(&self) -> impl Iterator<Item = &str> {
        self.from.split(',').map(str::trim).filter(|state| !state.is_empty())
    }
}

/// What is wrong with a set of rules. Rules are counted from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuleError {
    /// There is none, or the first one does not lead from [`START`].
    NoStart,
    /// A rule leads to a state that none leads from.
    NowhereFrom {
        /// The rule.
        rule: usize,
        /// The state.
        state: String,
    },
    /// A pattern cannot be used.
    Pattern {
        /// The rule.
        rule: usize,
        /// What is wrong with it.
        error: PatternError,
    },
    /// There are more rules than can be counted.
    TooMany,
}

impl std::fmt::Display for RuleError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoStart => write!(out, "the first rule has to lead from `{START}`"),
            Self::NowhereFrom { state, .. } => write!(out, "no rule leads from the state `{state}`"),
            Self::Pattern { error, .. } => error.fmt(out),
            Self::TooMany => write!(out, "there are more than {MOST_RULES} rules"),
        }
    }
}

impl std::error::Error for RuleError {}

/// Most rules of one parser.
const MOST_RULES: usize = 1000;

/// A set of rules, compiled.
///
/// # Source
/// Fluent Bit's multiline core: rules that lead on from the state at hand come first, in their order, then those that lead from
/// `start_state`, which begin another event.
#[derive(Clone, Debug)]
pub struct Rules {
    rules: Vec<Compiled>,
    /// Rules that begin an event.
    starts: Vec<usize>,
    /// Rules that lead on, by state.
    following: Vec<Vec<usize>>,
}

#[derive(Clone, Debug)]
struct Compiled {
    regex: Regex,
    to: State,
}

impl Rules {
    /// Compiles `rules`.
    ///
    /// # Errors
    /// The first thing that is wrong with them.
    pub fn new(rules: &[Rule]) -> Result<Self, RuleError> {
        if !rules.first().is_some_and(|rule| rule.sources().any(|state| state == START)) {
            return Err(RuleError::NoStart);
        }
        if rules.len() > MOST_RULES {
            return Err(RuleError::TooMany);
        }
        let mut states = vec![START];
        for state in rules.iter().flat_map(Rule::sources) {
            if !states.contains(&state) {
                states.push(state);
            }
        }
        let number = |name: &str| states.iter().position(|state| *state == name);
        let mut built = Self { rules: Vec::new(), starts: Vec::new(), following: vec![Vec::new(); states.len()] };
        for (at, rule) in rules.iter().enumerate() {
            let to = number(rule.to.trim());
            let to = to.ok_or_else(|| RuleError::NowhereFrom { rule: at, state: rule.to.trim().to_owned() })?;
            let to = State(u16::try_from(to).map_err(|_| RuleError::TooMany)?);
            let regex = Regex::new(&rule.regex).map_err(|error| RuleError::Pattern { rule: at, error })?;
            built.rules.push(Compiled { regex, to });
            let (starts, following): (Vec<usize>, Vec<usize>) =
                rule.sources().filter_map(number).partition(|state| *state == 0);
            built.starts.extend(starts.iter().map(|_| at));
            following.into_iter().for_each(|state| built.following[state].push(at));
        }
        Ok(built)
    }

    pub(super) fn begin(&self, line: &[u8]) -> Option<State> {
        self.first(&self.starts, line)
    }

    pub(super) fn next(&self, state: State, line: &[u8]) -> Option<State> {
        self.first(&self.following[usize::from(state.0)], line)
    }

    /// Whether the rules lead on from `state` only to another event.
    pub(super) fn is_over(&self, state: State) -> bool {
        self.following[usize::from(state.0)].is_empty()
    }

    /// Where the first of `rules` that `line` matches leads to. A pattern that takes too many steps is taken not to match.
    fn first(&self, rules: &[usize], line: &[u8]) -> Option<State> {
        let rules = rules.iter().map(|at| &self.rules[*at]);
        let mut matching = rules.filter(|rule| rule.regex.is_match(line).unwrap_or(false));
        matching.next().map(|rule| rule.to)
    }
}
