//! Canaries: made-up values of every kind that `redact` is to hide, sent through the compiled chain of each way into a request
//! that is thrown away, at the start and every hour.
//!
//! They go through filters and encoders of their own, made as those of the workers are, so that they are never sent and count in
//! no counter but their own. What is looked at are the bytes that the output would have sent. A value that survives makes the
//! agent unhealthy.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value as Json};
use tokio::runtime::Runtime;
use tracing::{error, info, warn};
use vigie_parsers::batch::{Batch, Origin, Text, Timestamp, Value};

use super::build::{BuiltFilter, BuiltOutput};
use super::worker::Shared;
use crate::encode::{escape_unicode, push_escaped};
use crate::metrics::FilterMetrics;
use crate::plugin::{Canary, Filter, FilterContext, KeyPath, Stream};

/// Time between two flights.
const BETWEEN: Duration = Duration::from_secs(3600);
/// The key that canaries stand under.
const KEY: &[u8] = b"vigie_canary";

/// What stands where an output needs something.
const NEEDED: &str = "canary";

/// A kind of values on its way: entity and output.
type Kind = (&'static str, String);

/// Sends canaries now, and every hour until the agent ends. `ways` are the inputs and their tags, as configured.
pub(super) fn start(shared: &Arc<Shared>, ways: Vec<(Arc<str>, String)>, runtime: &Runtime) {
    if shared.redacting().next().is_none() {
        return;
    }
    fly(shared, &ways);
    every(BETWEEN, shared, runtime, move |shared| fly(shared, &ways));
}

/// Does `act` with `of` on a thread of its own, again and again with `period` between, as long as there is an `of`.
pub(super) fn every<T: Send + Sync + 'static>(
    period: Duration,
    of: &Arc<T>,
    runtime: &Runtime,
    act: impl Fn(&T) + Send + Sync + 'static,
) {
    let (of, act) = (Arc::downgrade(of), Arc::new(act));
    runtime.spawn(async move {
        loop {
            tokio::time::sleep(period).await;
            let Some(of) = of.upgrade() else { return };
            let act = Arc::clone(&act);
            drop(tokio::task::spawn_blocking(move || act(&of)).await);
        }
    });
}

/// What came of a flight.
#[derive(Default)]
struct Flight {
    sent: u64,
    /// Ways on which something redacts.
    ways: usize,
    survivors: BTreeSet<Kind>,
    /// Of which no canary came to the output, hidden or not.
    untested: BTreeSet<Kind>,
}

/// Sends canaries along every way and tells what came of it.
fn fly(shared: &Shared, ways: &[(Arc<str>, String)]) {
    let mut flight = Flight::default();
    for (input, tag) in ways {
        let tag: Arc<str> = tag.replace('*', "canary").into();
        along(shared, (input, &tag), &mut flight);
    }
    let metrics = &shared.metrics;
    metrics.canaries_sent.add(flight.sent);
    metrics.canary_failures.set(flight.survivors.len() as u64);
    metrics.canaries_untested.set(flight.untested.len() as u64);
    flight.tell();
}

impl Flight {
    fn tell(&self) {
        for (entity, output) in &self.survivors {
            error!(
                component = "redact",
                entity,
                output,
                "a canary survived: values of this kind leave in the clear; look at the order and the `Match` of filters"
            );
        }
        let outputs: BTreeSet<&String> = self.untested.iter().map(|(_, output)| output).collect();
        for output in outputs {
            let kinds = self.untested.iter().filter(|(_, other)| other == output).count();
            warn!(
                component = "redact",
                kinds,
                output,
                "no canary of these kinds came to the output, so nothing is proved of them: let records through filters that have the key \
                 `vigie_canary`, or those that `Allow` names"
            );
        }
        if self.ways == 0 {
            warn!(
                component = "redact",
                "no record passes a filter `redact`: look at its `Match` and at the tags of inputs"
            );
        } else if self.sent == 0 {
            info!(component = "redact", "only fields are hidden, which canaries do not test");
        } else if self.survivors.is_empty() && self.untested.is_empty() {
            info!(component = "redact", canaries = self.sent, "no canary survived");
        }
    }
}

/// Sends canaries along the ways of `tag` from `input`.
fn along(shared: &Shared, (input, tag): (&Arc<str>, &Arc<str>), flight: &mut Flight) {
    let of_input = shared.filters.iter().filter(|filter| filter.takes_of(input));
    let on_way: Vec<_> = of_input.filter(|filter| filter.matcher.matches(tag).unwrap_or(filter.redacts())).collect();
    let direct = shared.direct.get(input);
    let takes = |at: usize, output: &BuiltOutput| match direct {
        Some(routes) => routes.outputs.contains(&at),
        None => output.matcher.matches(tag).unwrap_or(true),
    };
    for (_, output) in shared.outputs.iter().enumerate().filter(|(at, output)| takes(*at, output)) {
        let filters = on_way.iter().copied().chain(&output.processors).collect();
        Way { filters, output, tag }.fly(flight);
    }
}

/// A way to one output.
struct Way<'a> {
    filters: Vec<&'a BuiltFilter>,
    output: &'a BuiltOutput,
    tag: &'a Arc<str>,
}

/// How many records of a canary came to an output, and in how many of them its value stood.
#[derive(Clone, Copy, Default)]
struct Came {
    there: usize,
    in_clear: usize,
}

impl Way<'_> {
    fn made(&self, is_meant: impl Fn(&BuiltFilter) -> bool) -> Vec<Box<dyn Filter>> {
        self.filters.iter().filter(|filter| is_meant(filter)).map(|filter| (filter.factory)()).collect()
    }

    /// Sends canaries along, as they are to be hidden, and once more past what redacts: where a value does not come to the output even
    /// then, or its record does not when it is hidden, that it was not found there proves nothing.
    fn fly(&self, flight: &mut Flight) {
        let mut filters = self.made(|_| true);
        let canaries: Vec<Canary> = filters.iter_mut().flat_map(|filter| filter.canaries()).collect();
        let places: Vec<KeyPath> = filters.iter().flat_map(|filter| filter.canary_places()).collect();
        flight.sent += canaries.len() as u64;
        flight.ways += usize::from(self.filters.iter().any(|filter| filter.redacts()));
        let needed = self.output.output.canary_place();
        // Of what is thrown away nothing is to be proved.
        let is_sent = !self.output.output.discards();
        let hidden = self.came(&mut filters, batch(&canaries, (&places, true), needed.as_ref()), &canaries);
        let mut bare = self.made(|filter| !filter.redacts());
        // Where only named fields stay, no other one is to come.
        let unhidden = batch(&canaries, (&places, places.is_empty()), needed.as_ref());
        let unhidden = self.came(&mut bare, unhidden, &canaries);
        for ((canary, hidden), unhidden) in canaries.iter().zip(hidden).zip(unhidden) {
            let kind = (canary.entity, self.output.name.to_string());
            if hidden.in_clear > 0 {
                flight.survivors.insert(kind);
            } else if is_sent && (unhidden.in_clear == 0 || hidden.there < unhidden.in_clear) {
                flight.untested.insert(kind);
            }
        }
    }

    /// What came of each of `canaries` once `batch` went through `filters` and was encoded.
    fn came(&self, filters: &mut [Box<dyn Filter>], mut batch: Batch, canaries: &[Canary]) -> Vec<Came> {
        let tag = through(filters, &mut batch, self.tag);
        let stream = Arc::new(Stream::past("canary".into(), "canary".into()));
        let mut encoder = self.output.output.rehearsal();
        let (mut body, mut all) = (Vec::new(), vec![Came::default(); canaries.len()]);
        for record in batch.records() {
            body.clear();
            encoder.encode(record, &stream, &tag, &mut body);
            for at in own_of(record.origin(), canaries.len()) {
                all[at].there += usize::from(!body.is_empty());
                all[at].in_clear += usize::from(survives(&canaries[at], &body));
            }
        }
        all
    }
}

/// The origin of the records of the canary with this number.
fn origin(number: usize) -> Origin {
    Origin { offset: number as u64 + 1, ..Origin::default() }
}

/// The canary, of `count`, whose record has this origin; all where a filter gave it one of its own.
fn own_of(origin: Origin, count: usize) -> Range<usize> {
    let number = usize::try_from(origin.offset).ok().and_then(|offset| offset.checked_sub(1));
    number.filter(|number| *number < count).map_or(0..count, |number| number..number + 1)
}

/// Has `batch` go through `filters`. Gives the tag behind them.
fn through(filters: &mut [Box<dyn Filter>], batch: &mut Batch, tag: &Arc<str>) -> Arc<str> {
    let metrics = FilterMetrics::default();
    let mut tag = Arc::clone(tag);
    for filter in filters {
        filter.apply(batch, &FilterContext { tag: &tag, metrics: &metrics });
        tag = filter.written_tag(&tag).unwrap_or(tag);
    }
    tag
}

/// Bytes of a text that stands nowhere by chance: not in a time, a number or a token.
const SURE: usize = 8;

/// Whether `canary` stands in its encoded record: its value, or where that is short, that with what is around it, or in quotes.
fn survives(canary: &Canary, record: &[u8]) -> bool {
    let value = canary.value.as_str();
    if value.len() >= SURE {
        return stands_in(value, record);
    }
    stands_in(surrounded(&canary.line, value), record)
        || memchr::memmem::find(record, format!("\"{value}\"").as_bytes()).is_some()
}

/// `value` with what stands before it in `line`, and behind where that is too little.
fn surrounded<'l>(line: &'l str, value: &str) -> &'l str {
    let (mut start, mut end) = line.find(value).map_or((0, line.len()), |at| (at, at + value.len()));
    while end - start < SURE && (start, end) != (0, line.len()) {
        (start, end) =
            if start > 0 { (line.floor_char_boundary(start - 1), end) } else { (0, line.ceil_char_boundary(end + 1)) };
    }
    line.get(start..end).unwrap_or(line)
}

/// Whether `value` stands in `body`, as it is or as JSON writes it.
fn stands_in(value: &str, body: &[u8]) -> bool {
    let mut escaped = Vec::new();
    push_escaped(value.as_bytes(), &mut escaped);
    let mut ascii = escaped.clone();
    escape_unicode(&mut ascii, 0);
    [value.as_bytes(), &escaped, &ascii].into_iter().any(|wanted| memchr::memmem::find(body, wanted).is_some())
}

/// Records for each canary: three where it is to stand under the key of canaries, in a text, in an escaped text of a map, in JSON that was
/// not taken apart; and one in which it stands at all `places`. Each has something at `needed`.
fn batch(canaries: &[Canary], (places, under_key): (&[KeyPath], bool), needed: Option<&KeyPath>) -> Batch {
    let mut batch = Batch::default();
    for (number, canary) in canaries.iter().enumerate() {
        let plain = Text::plain(batch.store(canary.line.as_bytes()));
        let mut quoted = b"\\n".to_vec();
        push_escaped(canary.line.as_bytes(), &mut quoted);
        let escaped = Text::escaped(batch.store(&quoted));
        let json = [b"{\"a\":[\"", quoted.as_slice(), b"\"]}"].concat();
        let json = batch.store(&json);
        let key = Text::plain(batch.store(KEY));
        let map = batch.store_fields(&[vigie_parsers::batch::Field { key, value: Value::Text(escaped) }]);
        for value in [Value::Text(plain), Value::Map(map), Value::Json(json)].into_iter().filter(|_| under_key) {
            let index = batch.push(Timestamp::default(), origin(number));
            batch.record_mut(index).set(KEY, value);
            let needed = needed.map(|place| (place, NEEDED));
            set(&mut batch, index, &tree(needed.into_iter()));
        }
        if !places.is_empty() {
            let index = batch.push(Timestamp::default(), origin(number));
            let everywhere = places.iter().map(|place| (place, canary.line.as_str()));
            set(&mut batch, index, &tree(everywhere.chain(needed.map(|place| (place, NEEDED)))));
        }
    }
    batch
}

/// A map with a text at each of the places; the first that takes a place keeps it.
fn tree<'a>(texts: impl Iterator<Item = (&'a KeyPath, &'a str)>) -> Map<String, Json> {
    let mut root = Map::new();
    for (place, text) in texts {
        let mut names: Vec<String> = place.iter().map(|key| String::from_utf8_lossy(key).into_owned()).collect();
        let Some(last) = names.pop() else { continue };
        let mut map = Some(&mut root);
        for name in names {
            map = map.and_then(|map| map.entry(name).or_insert_with(|| Map::new().into()).as_object_mut());
        }
        if let Some(map) = map {
            map.entry(last).or_insert_with(|| text.into());
        }
    }
    root
}

/// Sets the members of `tree` in the record at `index`.
fn set(batch: &mut Batch, index: usize, tree: &Map<String, Json>) {
    for (key, value) in tree {
        let value = match value {
            Json::String(text) => Value::Text(Text::plain(batch.store(text.as_bytes()))),
            other => Value::Json(batch.store(other.to_string().as_bytes())),
        };
        batch.record_mut(index).set(key.as_bytes(), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_values_are_looked_for_with_what_is_around_them() {
        let canary = |line: &str, value: &str| Canary { entity: "x", line: line.into(), value: value.into() };
        let cases: &[(&str, &str, &str, bool)] = &[
            ("cvv 123", "123", r#"[123] t: [1123, {"a"=>"cvv <cvv>"}]"#, false),
            ("cvv 123", "123", r#"{"date":1796123.123,"a":"<cvv:K1.a123b>"}"#, false),
            ("cvv 123", "123", r#"{"a":"\\ncvv 123"}"#, true),
            ("cvv 123", "123", r#"{"cvv":"123"}"#, true),
            ("la clé 12 ouvre", "12", r#"{"a":"la clé 12 ouvre"}"#, true),
            ("12 ouvre la clé", "12", r#"{"a":"12 ouvre la clé"}"#, true),
            ("from jane.doe@example.com", "jane.doe@example.com", r#"{"a":"jane.doe@example.com"}"#, true),
            ("from jane.doe@example.com", "jane.doe@example.com", r#"{"a":"from <email>"}"#, false),
        ];
        for (line, value, record, expected) in cases {
            assert_eq!(survives(&canary(line, value), record.as_bytes()), *expected, "{record}");
        }
    }

    #[test]
    fn a_canary_is_looked_for_in_its_own_records() {
        assert_eq!(own_of(origin(1), 2), 1..2);
        assert_eq!(own_of(Origin::default(), 2), 0..2);
        assert_eq!(own_of(origin(2), 2), 0..2);
    }
}
