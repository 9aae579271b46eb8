//! Which fields are treated by their name: rules of paths, followed while a record is walked.

use super::names::Above;
use crate::encode::accessor::{Path, Step};
use crate::plugin::KeyPath;
use crate::redact::Named;

/// Rules that are followed at once, at most.
pub(super) const MOST: usize = 64;

/// What a rule says of the field that its path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// All that stands there is treated by the action of this index.
    Whole(usize),
    /// It is not looked at.
    Exclude,
    /// It stays, where only named fields do.
    Allow,
}

/// The rules of one filter.
#[derive(Clone, Debug, Default)]
pub(super) struct Paths {
    rules: Vec<(Path, Rule)>,
    only_allowed: bool,
}

/// Where a walk stands: which rules still agree with the way, and what was said above.
#[derive(Clone, Copy, Debug)]
pub(super) struct Here {
    /// A bit for each rule.
    set: u64,
    depth: usize,
    is_allowed: bool,
    /// What the maps that lead there say.
    pub(super) above: Above,
    /// Index of the action for all that stands here.
    pub(super) whole: Option<usize>,
    /// The secret that every item of the list around is.
    pub(super) listed: Option<Named>,
    /// Whether nothing here is looked at.
    pub(super) is_excluded: bool,
}

impl Here {
    /// The same, in a map that says `above` of what is in it.
    pub(super) fn with(self, above: Above) -> Self {
        Self { above, listed: None, ..self }
    }

    /// The same, in a list of which every item is what is `listed`.
    pub(super) fn with_items(self, listed: Option<Named>) -> Self {
        Self { listed, ..self }
    }
}

impl Paths {
    /// The rules, at most [`MOST`].
    pub(super) fn new(rules: Vec<(Path, Rule)>) -> Self {
        let only_allowed = rules.iter().any(|(_, rule)| *rule == Rule::Allow);
        Self { rules, only_allowed }
    }

    /// The fields that are named to stay, and looked at. Those below an item of a list are left out.
    pub(super) fn allowed(&self) -> Vec<KeyPath> {
        let paths = self.rules.iter().filter(|(_, rule)| *rule == Rule::Allow);
        let keys = paths.filter_map(|(path, _)| path.keys());
        let is_looked_at = |keys: &KeyPath| {
            let here = keys.iter().fold(self.start(), |here, key| self.key(here, |wanted| wanted == key));
            !here.is_excluded && here.whole.is_none()
        };
        keys.filter(is_looked_at).collect()
    }

    /// Whether only fields stay that are named.
    pub(super) fn only_allowed(&self) -> bool {
        self.only_allowed
    }

    /// Whether what the rule at `index` is for is not looked at.
    pub(super) fn is_shut(&self, index: usize) -> bool {
        let Some((path, _)) = self.rules.get(index) else { return false };
        let top = self.key(self.start(), |wanted| wanted == path.top());
        let end = path.steps().iter().fold(top, |here, step| match step {
            Step::Key(key) => self.key(here, |wanted| wanted == key),
            Step::Index(at) => self.item(here, *at),
        });
        end.is_excluded
    }

    /// The keys at the top that rules name as a whole, and whether a text there is hidden; `hides` tells so of what is looked at,
    /// by its action where it has one of its own.
    pub(super) fn tops(&self, hides: impl Fn(Option<usize>) -> bool) -> impl Iterator<Item = (String, bool)> {
        let tops = self.rules.iter().filter(|(path, _)| path.steps().is_empty()).map(|(path, _)| path.top());
        tops.map(move |top| {
            let here = self.key(self.start(), |wanted| wanted == top);
            let is_hidden = self.is_refused(here, false) || !here.is_excluded && hides(here.whole);
            (String::from_utf8_lossy(top).into_owned(), is_hidden)
        })
    }

    /// Where a walk begins.
    pub(super) fn start(&self) -> Here {
        let set = if self.rules.len() >= MOST { u64::MAX } else { (1 << self.rules.len()) - 1 };
        let (is_allowed, above) = (!self.only_allowed, Above::NOTHING);
        Here { set, depth: 0, is_allowed, above, whole: None, listed: None, is_excluded: false }
    }

    /// Where the field called `key` is, in the map at `here`.
    #[inline(always)]
    pub(super) fn key(&self, here: Here, key: impl Fn(&[u8]) -> bool) -> Here {
        // Mostly no rule leads on.
        if here.set == 0 { here } else { self.named(here, key) }
    }

    #[inline(never)]
    fn named(&self, here: Here, key: impl Fn(&[u8]) -> bool) -> Here {
        self.step(here, |path| {
            if here.depth == 0 {
                return key(path.top());
            }
            matches!(&path.steps()[here.depth - 1], Step::Key(wanted) if key(wanted))
        })
    }

    /// Where the item at `index` is, in the list at `here`.
    pub(super) fn item(&self, here: Here, index: usize) -> Here {
        self.step(here, |path| {
            here.depth > 0 && matches!(&path.steps()[here.depth - 1], Step::Index(wanted) if *wanted == index)
        })
    }

    #[inline]
    fn step(&self, here: Here, agrees: impl Fn(&Path) -> bool) -> Here {
        if here.set == 0 {
            return here;
        }
        let mut next = Here { set: 0, depth: here.depth + 1, ..here };
        for (at, (path, rule)) in self.rules.iter().enumerate() {
            if here.set & (1 << at) == 0 || !agrees(path) {
                continue;
            }
            if path.steps().len() > here.depth {
                next.set |= 1 << at;
                continue;
            }
            match rule {
                Rule::Whole(index) => next.whole = Some(*index),
                Rule::Exclude => next.is_excluded = true,
                Rule::Allow => next.is_allowed = true,
            }
        }
        next
    }

    /// Whether a field goes since nothing allows it, or anything below it. `is_nested` tells whether there may be something below.
    pub(super) fn is_refused(&self, here: Here, is_nested: bool) -> bool {
        if here.is_allowed {
            return false;
        }
        let leads_on = |at: usize| here.set & (1 << at) != 0 && self.rules[at].1 == Rule::Allow;
        !(is_nested && (0..self.rules.len()).any(leads_on))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Path {
        Path::parse(text).expect("it is a path")
    }

    #[test]
    fn rules_hold_where_their_paths_lead_and_below() {
        let paths = Paths::new(vec![(path("$a['b'][1]"), Rule::Whole(7)), (path("$c"), Rule::Exclude)]);
        let step = |here, name: &'static str| paths.key(here, |key| key == name.as_bytes());

        let b = step(step(paths.start(), "a"), "b");

        assert_eq!(paths.item(b, 0).whole, None);
        assert_eq!(paths.item(b, 1).whole, Some(7));
        assert_eq!(step(paths.item(b, 1), "x").whole, Some(7));
        assert!(step(step(paths.start(), "c"), "d").is_excluded);
        assert!(!step(step(paths.start(), "x"), "c").is_excluded);
        assert!(!paths.is_refused(step(paths.start(), "x"), false));
    }

    #[test]
    fn where_only_named_fields_stay_all_others_go() {
        let paths = Paths::new(vec![(path("$a['b']"), Rule::Allow)]);
        let step = |here, name: &'static str| paths.key(here, |key| key == name.as_bytes());
        let a = step(paths.start(), "a");

        assert!(paths.is_refused(step(paths.start(), "x"), true));
        assert!(!paths.is_refused(a, true) && paths.is_refused(a, false));
        assert!(!paths.is_refused(step(a, "b"), false) && paths.is_refused(step(a, "c"), true));
        assert!(!paths.is_refused(step(step(a, "b"), "deep"), true));
    }

    #[test]
    fn canaries_stand_where_what_stays_is_looked_at() {
        let rules = [("$a['b']", Rule::Allow), ("$c", Rule::Allow), ("$c", Rule::Exclude), ("$d[0]", Rule::Allow)];
        let paths = Paths::new(rules.map(|(text, rule)| (path(text), rule)).into());

        assert_eq!(paths.allowed(), [[b"a".to_vec(), b"b".to_vec()]]);
    }
}
