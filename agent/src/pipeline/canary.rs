//! Canaries: made-up values of every kind that `redact` is to hide, sent through the compiled chain of each way into a request
//! that is thrown away, at the start and every hour.
//!
//! They go through filters and encoders of their own, made as those of the workers are, so that they are never sent and count in
//! no counter but their own. What is looked at are the bytes that the output would have sent. A value that survives makes the
//! agent unhealthy.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value as Json};
use tokio::runtime::Runtime;
use tracing::{error, info};
use vigie_parsers::batch::{Batch, Origin, Text, Timestamp, Value};

use super::build::BuiltOutput;
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

/// What survived where: entity and output.
type Survivor = (&'static str, String);

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

/// Sends canaries along every way and tells what came of it.
fn fly(shared: &Shared, ways: &[(Arc<str>, String)]) {
    let mut sent = 0;
    let mut survivors: BTreeSet<Survivor> = BTreeSet::new();
    for (input, tag) in ways {
        let tag: Arc<str> = tag.replace('*', "canary").into();
        sent += along(shared, (input, &tag), &mut survivors);
    }
    let metrics = &shared.metrics;
    metrics.canaries_sent.add(sent);
    metrics.canary_failures.set(survivors.len() as u64);
    for (entity, output) in &survivors {
        error!(
            component = "redact",
            entity,
            output,
            "a canary survived: values of this kind leave in the clear; look at the order and the `Match` of filters"
        );
    }
    if survivors.is_empty() {
        info!(component = "redact", canaries = sent, "no canary survived");
    }
}

/// Sends canaries along the ways of `tag` from `input`. Gives how many were sent.
fn along(shared: &Shared, (input, tag): (&Arc<str>, &Arc<str>), survivors: &mut BTreeSet<Survivor>) -> u64 {
    let of_input = shared.filters.iter().filter(|filter| filter.takes_of(input));
    let on_way: Vec<_> = of_input.filter(|filter| filter.matcher.matches(tag).unwrap_or(filter.redacts())).collect();
    let mut filters: Vec<_> = on_way.iter().map(|filter| (filter.factory)()).collect();
    let of_way: Vec<Canary> = filters.iter_mut().flat_map(|filter| filter.canaries()).collect();
    let mut sent = of_way.len() as u64;
    let places: Vec<KeyPath> = filters.iter().flat_map(|filter| filter.canary_places()).collect();
    let stream = Arc::new(Stream::past("canary".into(), "canary".into()));
    let direct = shared.direct.get(input);
    let takes = |at: usize, output: &BuiltOutput| match direct {
        Some(routes) => routes.outputs.contains(&at),
        None => output.matcher.matches(tag).unwrap_or(true),
    };
    for (_, output) in shared.outputs.iter().enumerate().filter(|(at, output)| takes(*at, output)) {
        let mut own: Vec<_> = output.processors.iter().map(|filter| (filter.factory)()).collect();
        let of_output: Vec<Canary> = own.iter_mut().flat_map(|filter| filter.canaries()).collect();
        sent += of_output.len() as u64;
        let canaries = [of_way.as_slice(), &of_output].concat();
        let places: Vec<KeyPath> =
            places.iter().cloned().chain(own.iter().flat_map(|filter| filter.canary_places())).collect();
        let mut batch = batch(&canaries, &places, output.output.canary_place().as_ref());
        let tag = through(&mut filters, &mut batch, tag);
        let tag = through(&mut own, &mut batch, &tag);
        let mut encoder = output.output.rehearsal();
        let mut body = Vec::new();
        for record in batch.records() {
            let start = body.len();
            encoder.encode(record, &stream, &tag, &mut body);
            let survived = own_of(record.origin(), &canaries).iter().filter(|canary| survives(canary, &body[start..]));
            survivors.extend(survived.map(|canary| (canary.entity, output.name.to_string())));
        }
    }
    sent
}

/// The origin of the records of the canary with this number.
fn origin(number: usize) -> Origin {
    Origin { offset: number as u64 + 1, ..Origin::default() }
}

/// The canary whose record has this origin; all where a filter gave it one of its own.
fn own_of(origin: Origin, canaries: &[Canary]) -> &[Canary] {
    let number = usize::try_from(origin.offset).ok().and_then(|offset| offset.checked_sub(1));
    number.and_then(|number| canaries.get(number..=number)).unwrap_or(canaries)
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

/// Three records for each canary: in a text, in an escaped text of a map, in JSON that was not taken apart; and one in which it
/// stands at all `places`. Each has something at `needed`.
fn batch(canaries: &[Canary], places: &[KeyPath], needed: Option<&KeyPath>) -> Batch {
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
        for value in [Value::Text(plain), Value::Map(map), Value::Json(json)] {
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
        let canaries: Vec<Canary> =
            ["one", "other"].map(|entity| Canary { entity, line: entity.into(), value: entity.into() }).into();

        assert_eq!(own_of(origin(1), &canaries), &canaries[1..]);
        assert_eq!(own_of(Origin::default(), &canaries), canaries);
        assert_eq!(own_of(origin(2), &canaries), canaries);
    }
}
