//! Tells for each record how long it is kept: adds `retention` with class, time of expiry, basis and revision.
//!
//! Rules lead to classes; where several hold, the one that has records gone first counts, so that a duty to delete wins over a
//! wish to keep. The time of expiry is counted from the time of the event, whenever it arrives. Nothing is allocated per record.

mod conflicts;
mod rule;
mod stamp;

use std::sync::Arc;

use vigie_parsers::batch::{Batch, Record, RecordMut};

use crate::config::{Diagnostics, Matcher, Options, Section};
use crate::encode::accessor::Path;
use crate::filters::pattern::count_given_up;
use crate::metrics::FilterMetrics;
use crate::plugin::{BuildContext, Clock, Filter, FilterContext, FilterFactory, FilterKind, wall_clock};
use crate::retention::{Age, Class, Classes};
use rule::{Condition, Rule, rendered};
use stamp::{Bound, Stamp};

/// The `retention` filter.
pub(super) const KIND: FilterKind = FilterKind {
    name: "retention",
    summary: "Stamps records with their retention class and the time they expire at.",
    options: RetentionOptions::TABLE,
    build,
};

crate::options! {
    /// Options of `retention`.
    struct RetentionOptions {
        class: String, optional, "Class of records that no rule leads to one. Without it they get none.";
        rule: Rule, repeated, "`tag PATTERN CLASS`, `exists KEY CLASS`, `equals KEY VALUE CLASS` or `matches KEY REGEX CLASS`, KEY being a record accessor. Where several hold, the shortest age counts that no `min_age` among their classes forbids.";
        class_key: Path, repeated, "Key, as of a record accessor, whose value is the name of a class. Names that are not configured are counted and have no effect.";
        kubernetes: bool, default "off", "Whether the annotation and the label `vigie.io/retention` of a pod name a class, as `Class_Key` would.";
        strict: bool, default "off", "Whether records without a class are refused: they go to the dead-letter file of each output, once all filters have run, and are dropped where `storage.path` names no place for it. To switch on once `vigie_filter_unclassified_records` stays at 0, or where nothing may be kept without an end.";
        oldest: Age, default "10y", "Events further back than this count from their arrival, and are marked with `retention.time_bounded`. Events more than an hour in the future do so too.";
    }
}

/// Where Kubernetes keeps what pods say.
const KUBERNETES: [&str; 2] =
    ["$kubernetes['annotations']['vigie.io/retention']", "$kubernetes['labels']['vigie.io/retention']"];
/// How far ahead of this host's clock an event may be, in seconds.
const AHEAD: i64 = 3600;
/// Name of the member. It needs no escape in JSON.
const MEMBER: &str = "retention";

fn build(
    section: &Section,
    context: &BuildContext,
    metrics: &Arc<FilterMetrics>,
    findings: &mut Diagnostics,
) -> Option<FilterFactory> {
    let options = RetentionOptions::read(section, findings)?;
    let prototype = Prototype::new(options, section, &context.classes, findings)?;
    let metrics = Arc::clone(metrics);
    Some(Box::new(move || Box::new(Retention::new(&prototype, wall_clock, Arc::clone(&metrics)))))
}

/// What all instances share.
#[derive(Clone, Debug)]
struct Prototype {
    classes: Arc<Classes>,
    /// Rules on the tag, each with its class.
    tags: Vec<(Matcher, usize)>,
    /// All other rules.
    rules: Vec<(Condition, usize)>,
    keys: Vec<Path>,
    default: Option<usize>,
    oldest: Age,
    is_strict: bool,
}

impl Prototype {
    fn new(
        options: RetentionOptions,
        section: &Section,
        classes: &Arc<Classes>,
        findings: &mut Diagnostics,
    ) -> Option<Self> {
        let mut number = |name: &str, key: &str| {
            let found = classes.0.iter().position(|class| class.name == name);
            if found.is_none() {
                let named = |value: &&crate::config::Entry| value.key.text == key && value.value.text.ends_with(name);
                let place = section.entries.iter().find(named).map_or(section.place, |entry| entry.value.place);
                let message = format!("no retention class is called `{name}`");
                findings.error(place, "V702", message).help(format!("the configured ones: {}", classes.names()));
            }
            found
        };
        let (mut tags, mut rules, mut is_good) = (Vec::new(), Vec::new(), true);
        for Rule { condition, class } in options.rule {
            match (number(&class, "rule"), condition) {
                (None, _) => is_good = false,
                (Some(class), Condition::Tag(pattern)) => tags.push((Matcher::new(Some(pattern), None), class)),
                (Some(class), condition) => rules.push((condition, class)),
            }
        }
        let default = options.class.as_deref().map(|name| number(name, "class"));
        is_good &= default != Some(None);
        let mut keys = options.class_key;
        if options.kubernetes {
            keys.extend(KUBERNETES.iter().filter_map(|key| Path::parse(key).ok()));
        }
        if default.is_none() && is_good {
            let message = match options.strict {
                false => "records that no rule leads to a class are not stamped",
                true => "records that no rule leads to a class are refused",
            };
            findings.warning(section.place, "V703", message).help("name the class for all others with `Class`");
        }
        if is_good {
            conflicts::report(section, &classes.0, !keys.is_empty(), findings);
        }
        let (classes, oldest) = (Arc::clone(classes), options.oldest);
        let (default, is_strict) = (default.flatten(), options.strict);
        is_good.then_some(Self { classes, tags, rules, keys, default, oldest, is_strict })
    }
}

struct Retention {
    shared: Prototype,
    stamps: Vec<Stamp>,
    clock: Clock,
    metrics: Arc<FilterMetrics>,
    /// Classes that rules led to, as bits, and the one of them that counts.
    last: (u64, usize),
    scratch: Vec<u8>,
}

impl Retention {
    fn new(shared: &Prototype, clock: Clock, metrics: Arc<FilterMetrics>) -> Self {
        let stamps = shared.classes.0.iter().map(Stamp::new).collect();
        Self { shared: shared.clone(), stamps, clock, metrics, last: (0, 0), scratch: Vec::new() }
    }

    /// The classes that the tag leads to, as bits.
    fn by_tag(&self, tag: &str) -> u64 {
        let hits = self.shared.tags.iter().filter(|(matcher, _)| matcher.matches(tag).unwrap_or(false));
        hits.fold(0, |bits, (_, class)| bits | 1 << class)
    }

    /// The classes that rules and keys lead `record` to, as bits.
    #[inline]
    fn by_record(&mut self, record: Record<'_>) -> u64 {
        let mut bits = 0;
        for (condition, class) in &self.shared.rules {
            match condition.holds(record, &mut self.scratch) {
                Ok(true) => bits |= 1 << class,
                Ok(false) => {}
                Err(_) => count_given_up(&self.metrics, "its rule counts as one that does not hold"),
            }
        }
        for key in &self.shared.keys {
            let Some(name) = rendered(key, record, &mut self.scratch) else { continue };
            match self.shared.classes.0.iter().position(|class| class.name.as_bytes() == name) {
                Some(class) => bits |= 1 << class,
                None => self.metrics.unknown_class_records.add(1),
            }
        }
        bits
    }

    /// The class that counts among `bits`; the default one where there are none.
    #[inline]
    fn decide(&mut self, bits: u64) -> Option<usize> {
        if bits == 0 {
            return self.shared.default;
        }
        if bits != self.last.0 {
            self.last = (bits, winner(&self.shared.classes.0, bits));
        }
        if !bits.is_power_of_two() {
            self.metrics.class_conflict_records.add(1);
        }
        Some(self.last.1)
    }
}

/// The class among `bits` with the shortest age that no `min_age` among them forbids; the shortest of all where each is forbidden.
fn winner(classes: &[Class], bits: u64) -> usize {
    let chosen = || (0..classes.len()).filter(|at| bits >> at & 1 == 1);
    let least = chosen().filter_map(|at| classes[at].min_age).map(Age::nominal_days).max().unwrap_or(0);
    let shortest = |from: &mut dyn Iterator<Item = usize>| from.min_by_key(|at| classes[*at].max_age.nominal_days());
    let allowed = shortest(&mut chosen().filter(|at| classes[*at].max_age.nominal_days() >= least));
    allowed.or_else(|| shortest(&mut chosen())).unwrap_or_default()
}

/// The time that the age is counted from.
#[inline]
fn counted_from(event: i64, now: i64, earliest: i64) -> (i64, Bound) {
    if event > now + AHEAD {
        (now, Bound::Future)
    } else if event < earliest {
        (now, Bound::Past)
    } else {
        (event, Bound::No)
    }
}

/// What holds for a whole batch.
#[derive(Clone, Copy)]
struct Ahead {
    now: i64,
    earliest: i64,
}

impl Retention {
    /// Puts the stamp of `class` on the record at `index`.
    #[inline]
    fn stamp(&mut self, batch: &mut Batch, index: usize, class: usize, ahead: Ahead) {
        let (from, bound) = counted_from(batch.record(index).time().seconds, ahead.now, ahead.earliest);
        if bound != Bound::No {
            self.metrics.bounded_time_records.add(1);
        }
        let member = self.stamps[class].store(from, bound, batch);
        let mut record = batch.record_mut(index);
        match record.position(MEMBER.as_bytes()) {
            Some(at) => {
                self.metrics.replaced_stamp_records.add(1);
                *record.field_mut(at) = member;
            }
            None => record.append_new(member),
        }
    }

    /// Leaves the record without a stamp: what it says of itself is none.
    fn leave(&self, mut record: RecordMut<'_>) {
        if record.remove(MEMBER.as_bytes()).is_some() {
            self.metrics.replaced_stamp_records.add(1);
        }
        self.metrics.unclassified_records.add(1);
    }
}

impl Filter for Retention {
    fn apply(&mut self, batch: &mut Batch, context: &FilterContext<'_>) {
        let now = (self.clock)().seconds;
        let ahead = Ahead { now, earliest: self.shared.oldest.before(now) };
        let by_tag = self.by_tag(context.tag);
        self.stamps.iter_mut().for_each(Stamp::leave_batch);
        for index in 0..batch.len() {
            let bits = by_tag | self.by_record(batch.record(index));
            match self.decide(bits) {
                Some(class) => self.stamp(batch, index, class, ahead),
                None => self.leave(batch.record_mut(index)),
            }
        }
    }

    fn refused(&mut self, batch: &Batch) -> Option<(Vec<usize>, &'static str)> {
        if !self.shared.is_strict {
            return None;
        }
        let is_bare = |index: &usize| batch.record(*index).get(MEMBER.as_bytes()).is_none();
        let bare: Vec<usize> = (0..batch.len()).filter(is_bare).collect();
        (!bare.is_empty())
            .then_some((bare, "no retention class: no rule and no default led to one, and `Strict` is on"))
    }
}

#[cfg(test)]
mod tests {
    use vigie_parsers::batch::{Origin, Timestamp};
    use vigie_parsers::{Parser, json};

    use super::*;
    use crate::filters::testing::{apply_with_clock, findings, refused};
    use crate::retention::parse_moment;

    const NOW: &str = "2026-11-28T16:00:00Z";

    fn clock() -> Timestamp {
        Timestamp { seconds: parse_moment(NOW).expect("it is a moment"), nanos: 0 }
    }

    /// The records, each with its time, after the filter; the counters.
    fn stamped(options: &[(&str, &str)], records: &[(&str, &str)]) -> (Vec<String>, Arc<FilterMetrics>) {
        let mut batch = Batch::default();
        for (time, text) in records {
            let span = batch.store(text.as_bytes());
            let seconds = parse_moment(time).expect("it is a moment");
            let index = batch.push(Timestamp { seconds, nanos: 5 }, Origin::default());
            json::JsonParser.parse(&mut batch, index, span);
        }
        apply_with_clock(
            &mut batch,
            |section, context, metrics, findings| {
                let options = RetentionOptions::read(section, findings)?;
                let prototype = Prototype::new(options, section, &context.classes, findings)?;
                Some(Box::new(Retention::new(&prototype, clock, Arc::clone(metrics))))
            },
            options,
        )
    }

    fn class_of(options: &[(&str, &str)], record: &str) -> String {
        let (out, _) = stamped(options, &[(NOW, record)]);
        let class = out[0].split("\"class\":\"").nth(1).and_then(|rest| rest.split('"').next());
        class.unwrap_or("none").to_owned()
    }

    #[test]
    fn a_stamp_has_class_expiry_basis_and_revision_and_follows_the_event() {
        let (out, metrics) = stamped(
            &[("class", "long")],
            &[
                ("2024-02-29T10:11:12Z", r#"{"a":1}"#),
                ("2024-02-29T10:11:12Z", r#"{"a":2}"#),
                ("2026-11-28T16:30:00Z", r#"{"retention":"forever","a":3}"#),
            ],
        );

        let stamp = |date: &str| {
            format!(r#""retention":{{"basis":"a \"law\"","class":"long","expires_at":"{date}","policy_rev":"3"}}"#)
        };
        assert_eq!(out[0], format!(r#"{{"a":1,{}}}"#, stamp("2026-02-28T10:11:12Z")));
        assert_eq!(out[1], format!(r#"{{"a":2,{}}}"#, stamp("2026-02-28T10:11:12Z")));
        assert_eq!(out[2], format!(r#"{{{},"a":3}}"#, stamp("2028-11-28T16:30:00Z")));
        assert_eq!(metrics.replaced_stamp_records.get(), 1);
    }

    #[test]
    fn times_that_cannot_be_are_bounded_by_arrival_and_marked() {
        let (out, metrics) = stamped(
            &[("class", "short")],
            &[("2026-11-28T17:00:01Z", "{}"), ("1970-01-01T00:00:00Z", "{}"), ("2016-11-28T16:00:00Z", "{}")],
        );

        let end = |date: &str, mark: &str| {
            format!(r#"{{"retention":{{"class":"short","expires_at":"{date}","policy_rev":"1"{mark}}}}}"#)
        };
        assert_eq!(out[0], end("2026-12-28T16:00:00Z", r#","time_bounded":"future""#));
        assert_eq!(out[1], end("2026-12-28T16:00:00Z", r#","time_bounded":"past""#));
        assert_eq!(out[2], end("2016-12-28T16:00:00Z", ""));
        assert_eq!(metrics.bounded_time_records.get(), 2);
    }

    #[test]
    fn rules_keys_and_labels_lead_to_classes() {
        type Case = (&'static [(&'static str, &'static str)], &'static str, &'static str);
        let cases: [Case; 12] = [
            (&[("rule", "tag te* short"), ("class", "long")], "{}", "short"),
            (&[("rule", "tag other.* short"), ("class", "long")], "{}", "long"),
            (&[("rule", "exists $user short")], r#"{"user":null}"#, "short"),
            (&[("rule", "exists $user short")], r#"{"a":1}"#, "none"),
            (&[("rule", "equals $http['status'] 200 short")], r#"{"http":{"status":200}}"#, "short"),
            (&[("rule", "equals $app \"a b\" short")], r#"{"app":"a\u0020b"}"#, "short"),
            (&[("rule", "matches $path ^/login short")], r#"{"path":"/login?a"}"#, "short"),
            (&[("rule", "matches $path ^/login short"), ("class", "long")], r#"{"path":"/"}"#, "long"),
            (&[("class_key", "$keep"), ("class", "long")], r#"{"keep":"short"}"#, "short"),
            (&[("class_key", "$keep"), ("class", "long")], r#"{"keep":"forever"}"#, "long"),
            (&[("kubernetes", "on")], r#"{"kubernetes":{"annotations":{"vigie.io/retention":"short"}}}"#, "short"),
            (&[("kubernetes", "on")], r#"{"kubernetes":{"labels":{"vigie.io/retention":"long"}}}"#, "long"),
        ];
        for (options, record, expected) in cases {
            assert_eq!(class_of(options, record), expected, "{options:?} {record}");
        }
        let (_, metrics) = stamped(&[("class_key", "$keep")], &[(NOW, r#"{"keep":"forever"}"#)]);
        assert_eq!((metrics.unknown_class_records.get(), metrics.unclassified_records.get()), (1, 1));
    }

    #[test]
    fn the_shortest_age_counts_that_no_law_forbids() {
        let both = |one: &str, other: &str| {
            let rules = [("rule", format!("exists $a {one}")), ("rule", format!("exists $a {other}"))];
            let rules: Vec<(&str, &str)> = rules.iter().map(|(key, rule)| (*key, rule.as_str())).collect();
            class_of(&rules, r#"{"a":1}"#)
        };

        assert_eq!(both("long", "short"), "short");
        assert_eq!(both("short", "long"), "short");
        // `law` wants at least 6 months of at most a year.
        assert_eq!(both("law", "short"), "law");
        assert_eq!(both("law", "long"), "law");
        let (_, metrics) = stamped(&[("rule", "tag * long"), ("rule", "exists $a short")], &[(NOW, r#"{"a":1}"#)]);
        assert_eq!(metrics.class_conflict_records.get(), 1);
    }

    #[test]
    fn only_strict_refuses_records_without_a_stamp() {
        let bare_of = |strict: &str| {
            let mut batch = Batch::default();
            for text in [r#"{"a":1}"#, r#"{"retention":"mine"}"#, r#"{"b":1}"#] {
                let span = batch.store(text.as_bytes());
                let index = batch.push(clock(), Origin::default());
                json::JsonParser.parse(&mut batch, index, span);
            }
            let options = [("rule", "exists $b short"), ("strict", strict)];
            refused(&KIND, &options, &mut batch)
        };

        assert_eq!(bare_of("on"), [0, 1]);
        assert!(bare_of("off").is_empty());
    }

    #[test]
    fn unknown_classes_and_rules_are_refused() {
        assert_eq!(findings(&KIND, &[("class", "nope")]), ["V702"]);
        assert_eq!(findings(&KIND, &[("rule", "tag * nope"), ("class", "long")]), ["V702"]);
        assert_eq!(findings(&KIND, &[("rule", "sometimes $a long"), ("class", "long")]), ["V103"]);
        assert_eq!(findings(&KIND, &[("rule", "tag * long")]), ["V703"]);
    }

    #[test]
    fn rules_that_contradict_each_other_are_told_of() {
        let rules = |rules: &[&'static str]| {
            let rules = rules.iter().map(|rule| ("rule", *rule));
            findings(&KIND, &rules.chain([("class", "long")]).collect::<Vec<_>>())
        };

        assert_eq!(rules(&["equals $a b long", "equals $a b short"]), ["V704"]);
        assert!(rules(&["equals $a b long", "equals $a c short", "equals $a b long"]).is_empty());
        // `law` keeps for 6 months, `short` for 30 days.
        assert_eq!(rules(&["tag a short", "exists $b law"]), ["V705"]);
        assert!(rules(&["tag a long", "exists $b law"]).is_empty());
        assert_eq!(findings(&KIND, &[("class", "long"), ("class_key", "$keep")]), ["V705"]);
    }
}
