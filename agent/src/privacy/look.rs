//! Looks through one text with all that a policy knows: the engine, then the rules of the configuration.
//!
//! What is only to be counted never hides what is to be hidden: where both lie over each other, the text is looked through once
//! more without the former.

use std::sync::Arc;
use std::time::Duration;

use super::action::Action;
use super::again::{Again, LOOKS, may_hold_more};
use super::clean::{Clean, Known};
use super::own::{Lane, Looks};
use super::policy::Policy;
use super::seen;
use super::walk::Walk;
use crate::redact::{Detector, Engine, Finding, Place, Scanner, Strictness, unite};

/// Looks with all detectors of one policy. One per worker.
pub(super) struct Look {
    pub(super) scanner: Scanner,
    clean: Clean,
    pub(super) known: seen::Known,
    lane: Lane,
    /// `None` when nothing is only counted.
    past: Option<Past>,
    again: Again,
    /// What was found in the last text, in order.
    pub(super) found: Vec<Finding>,
}

/// Looks with the detectors of what is to be hidden alone.
struct Past {
    hidden: Arc<Hidden>,
    scanner: Scanner,
    lane: Lane,
    found: Vec<Finding>,
}

/// The detectors of what is to be hidden, for all who look beside what is only counted.
#[derive(Debug)]
pub(super) struct Hidden {
    engine: Arc<Engine>,
    /// By index of the detector in this engine, its index in the whole one.
    numbers: Vec<u16>,
    /// By rule of the configuration, whether it is only to be counted.
    left_out: Vec<bool>,
}

impl Hidden {
    /// `None` when all or nothing is to be hidden.
    pub(super) fn new(
        detectors: &[&'static Detector],
        strictness: Strictness,
        actions: &[Action],
        own: &[(u16, Looks)],
    ) -> Option<Self> {
        let is_hidden = |at: usize| actions[at] != Action::Keep;
        let hidden: Vec<usize> = (0..detectors.len()).filter(|at| is_hidden(*at)).collect();
        if hidden.len() == detectors.len() || hidden.is_empty() {
            return None;
        }
        let of_these: Vec<&'static Detector> = hidden.iter().map(|at| detectors[*at]).collect();
        let engine = Arc::new(Engine::new(&of_these, strictness));
        let numbers = hidden.iter().filter_map(|at| u16::try_from(*at).ok()).collect();
        let left_out = own.iter().map(|(detector, _)| !is_hidden(usize::from(*detector))).collect();
        Some(Self { engine, numbers, left_out })
    }
}

impl Look {
    pub(super) fn new(policy: &Policy) -> Self {
        Self {
            scanner: Scanner::new(Arc::clone(policy.engine())),
            clean: Clean::new(),
            known: seen::Known::new(),
            lane: Lane::new(policy.own().len()),
            past: policy.hidden().map(Past::new),
            again: Again::default(),
            found: Vec::new(),
        }
    }

    /// Puts into `found` what is found in `text`.
    pub(super) fn look(&mut self, policy: &Policy, text: &[u8], place: Place<'_>) {
        self.found.clear();
        let known = self.clean.knows(text, place);
        if known == Known::Clean {
            return;
        }
        self.search(policy, text, place);
        if self.found.is_empty() {
            if let Known::Strange(slot) = known {
                self.clean.note(slot, text, place);
            }
            return;
        }
        for _ in 0..LOOKS {
            if !may_hold_more(policy, text, &self.found) || !self.look_again(policy, text, place) {
                break;
            }
        }
    }

    /// Puts into `found` what one look finds in `text`.
    fn search(&mut self, policy: &Policy, text: &[u8], place: Place<'_>) {
        self.scanner.scan(text, place, &mut self.found);
        if !policy.own().is_empty() {
            self.lane.scan(policy.own(), text, place.escaped, &mut self.found);
        }
        if let Some(past) = &mut self.past
            && self.found.iter().any(|finding| is_kept(policy, finding))
        {
            past.look(policy, text, place);
            past.put(policy, &mut self.found);
        }
        if let Some(shown) = policy.shown() {
            self.found.retain(|finding| !shown.holds(text, finding.start as usize..finding.end as usize));
        }
        self.fit(text, place);
    }

    /// Makes what was found such that JSON stays JSON.
    fn fit(&mut self, text: &[u8], place: Place<'_>) {
        if !self.found.is_empty()
            && let Some(fences) = self.scanner.fences(text, place.escaped)
        {
            fences.fit(text, &mut self.found);
        }
    }

    /// Looks through `text` as it will read, and adds what is found there. Gives whether that is more than before.
    #[cold]
    fn look_again(&mut self, policy: &Policy, text: &[u8], place: Place<'_>) -> bool {
        let (mut before, mut again) = (std::mem::take(&mut self.found), std::mem::take(&mut self.again));
        again.write(policy, text, self.scanner.known_fences(), &before);
        self.search(policy, &again.text, place);
        again.give_back(&mut self.found);
        self.again = again;
        self.found.extend_from_slice(&before);
        unite(&mut self.found, 0);
        self.scanner.forget_fences();
        self.fit(text, place);
        let is_same = |(one, other): (&Finding, &Finding)| (one.start, one.end) == (other.start, other.end);
        let is_more = self.found.len() != before.len() || !self.found.iter().zip(&before).all(is_same);
        before.clear();
        is_more
    }

    /// Gives the time that each rule of the configuration took since the last call.
    pub(super) fn take_spent(&mut self) -> impl Iterator<Item = Duration> {
        self.lane.spent.iter_mut().map(std::mem::take)
    }
}

impl Past {
    fn new(hidden: &Arc<Hidden>) -> Self {
        let (scanner, lane) = (Scanner::new(Arc::clone(&hidden.engine)), Lane::without(hidden.left_out.clone()));
        Self { hidden: Arc::clone(hidden), scanner, lane, found: Vec::new() }
    }

    fn look(&mut self, policy: &Policy, text: &[u8], place: Place<'_>) {
        self.found.clear();
        self.scanner.scan(text, place, &mut self.found);
        for finding in &mut self.found {
            finding.detector = self.hidden.numbers[usize::from(finding.detector)];
        }
        if !policy.own().is_empty() {
            self.lane.scan(policy.own(), text, place.escaped, &mut self.found);
        }
    }

    /// Puts what is to be hidden into `found`, and leaves of the rest what lies beside it.
    fn put(&self, policy: &Policy, found: &mut Vec<Finding>) {
        let mut hidden = Walk::new(self.found.iter().map(|hidden| hidden.start as usize..hidden.end as usize));
        let mut is_beside = |finding: &Finding| {
            hidden.reaching(finding.start as usize + 1).is_none_or(|hidden| hidden.start >= finding.end as usize)
        };
        found.retain(|finding| is_kept(policy, finding) && is_beside(finding));
        found.extend_from_slice(&self.found);
        found.sort_unstable_by_key(|finding| finding.start);
    }
}

/// Whether `finding` is only counted.
pub(super) fn is_kept(policy: &Policy, finding: &Finding) -> bool {
    *policy.action(usize::from(finding.detector)) == Action::Keep
}
