//! What is wrong with a configuration, and where.

use super::document::Place;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The agent does not start.
    Error,
    /// It starts; the user should know.
    Warning,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Where it is; `None` when no place in a file is to blame.
    pub place: Option<Place>,
    /// How bad it is.
    pub severity: Severity,
    /// Stable code such as `V103`.
    pub code: &'static str,
    /// What was expected and what was found.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// All findings of one run.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
}

impl Diagnostics {
    /// Adds an error.
    pub fn error(&mut self, place: Place, code: &'static str, message: impl Into<String>) -> &mut Diagnostic {
        self.add(Some(place), Severity::Error, code, message.into())
    }

    /// Adds a warning.
    pub fn warning(&mut self, place: Place, code: &'static str, message: impl Into<String>) -> &mut Diagnostic {
        self.add(Some(place), Severity::Warning, code, message.into())
    }

    /// Adds a finding, with or without a place.
    pub fn add(
        &mut self,
        place: Option<Place>,
        severity: Severity,
        code: &'static str,
        message: String,
    ) -> &mut Diagnostic {
        self.list.push(Diagnostic { place, severity, code, message, help: None });
        self.list.last_mut().expect("one was just pushed")
    }

    /// Number of errors so far.
    pub fn errors(&self) -> usize {
        self.list.iter().filter(|finding| finding.severity == Severity::Error).count()
    }

    /// Number of findings so far.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether the agent must not start.
    pub fn has_errors(&self) -> bool {
        self.errors() > 0
    }

    /// Keeps what `is_kept` says.
    pub fn retain(&mut self, is_kept: impl FnMut(&Diagnostic) -> bool) {
        self.list.retain(is_kept);
    }

    /// Adds the findings of `others` that are not here yet.
    pub fn merge(&mut self, others: Self) {
        for finding in others.list {
            if !self.list.contains(&finding) {
                self.list.push(finding);
            }
        }
    }

    /// All findings in file order, those without a place first.
    pub fn in_order(&self) -> Vec<&Diagnostic> {
        let mut all: Vec<&Diagnostic> = self.list.iter().collect();
        all.sort_by_key(|finding| finding.place);
        all
    }
}

impl Diagnostic {
    /// Adds what to do about it.
    pub fn help(&mut self, help: impl Into<String>) -> &mut Self {
        self.help = Some(help.into());
        self
    }
}
