//! Canaries: made-up values of every kind that `redact` is to hide, sent through the compiled chain of each way into a request
//! that is thrown away, at the start and every hour.
//!
//! They go through filters and encoders of their own, made as those of the workers are, so that they are never sent and count in
//! no counter but their own. What is looked at are the bytes that the output would have sent. A value that survives makes the
//! agent unhealthy.

use std::collections::BTreeSet;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tracing::{error, info};
use vigie_parsers::batch::{Batch, Origin, Text, Timestamp, Value};

use super::worker::Shared;
use crate::encode::push_escaped;
use crate::metrics::{FilterMetrics, InputMetrics};
use crate::plugin::{Canary, FilterContext, Stage, Stream};

/// Time between two flights.
const BETWEEN: Duration = Duration::from_secs(3600);
/// The key that canaries stand under.
const KEY: &[u8] = b"vigie_canary";

/// What survived where: entity and output.
type Survivor = (&'static str, String);

/// Sends canaries now, and every hour until the agent ends. `ways` are the inputs and their tags, as configured.
pub(super) fn start(shared: &Arc<Shared>, ways: Vec<(Arc<str>, String)>, runtime: &tokio::runtime::Runtime) {
    if !shared.filters.iter().any(|filter| filter.redacts) {
        return;
    }
    fly(shared, &ways);
    let shared: Weak<Shared> = Arc::downgrade(shared);
    runtime.spawn(async move {
        loop {
            tokio::time::sleep(BETWEEN).await;
            let Some(shared) = shared.upgrade() else { return };
            let ways = ways.clone();
            drop(tokio::task::spawn_blocking(move || fly(&shared, &ways)).await);
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
    let of_input = shared.filters.iter().filter(|filter| filter.input.as_ref().is_none_or(|alone| alone == input));
    let on_way: Vec<_> = of_input.filter(|filter| filter.matcher.matches(tag).unwrap_or(filter.redacts)).collect();
    let mut filters: Vec<_> = on_way.iter().map(|filter| (filter.factory)()).collect();
    let canaries: Vec<Canary> = filters.iter_mut().flat_map(|filter| filter.canaries()).collect();
    let (mut batch, metrics) = (batch(&canaries), FilterMetrics::default());
    let mut tag = Arc::clone(tag);
    for filter in &mut filters {
        filter.apply(&mut batch, &FilterContext { tag: &tag, metrics: &metrics });
        tag = filter.written_tag(&tag).unwrap_or(tag);
    }
    let stream = Arc::new(stream());
    for output in shared.outputs.iter().filter(|output| output.matcher.matches(&tag).unwrap_or(true)) {
        let mut encoder = output.output.rehearsal();
        let mut body = Vec::new();
        for record in batch.records() {
            encoder.encode(record, &stream, &tag, &mut body);
        }
        let survives = |canary: &&Canary| stands_in(&canary.value, &body);
        survivors.extend(canaries.iter().filter(survives).map(|canary| (canary.entity, output.name.to_string())));
    }
    canaries.len() as u64
}

/// Whether `value` stands in `body`, as it is or as JSON writes it.
fn stands_in(value: &str, body: &[u8]) -> bool {
    let mut escaped = Vec::new();
    push_escaped(value.as_bytes(), &mut escaped);
    [value.as_bytes(), &escaped].into_iter().any(|wanted| memchr::memmem::find(body, wanted).is_some())
}

/// Three records for each canary: in a text, in an escaped text of a map, in JSON that was not taken apart.
fn batch(canaries: &[Canary]) -> Batch {
    let mut batch = Batch::default();
    for canary in canaries {
        let plain = Text::plain(batch.store(canary.line.as_bytes()));
        let mut quoted = b"\\n".to_vec();
        push_escaped(canary.line.as_bytes(), &mut quoted);
        let escaped = Text::escaped(batch.store(&quoted));
        let json = [b"{\"a\":[\"", quoted.as_slice(), b"\"]}"].concat();
        let json = batch.store(&json);
        let key = Text::plain(batch.store(KEY));
        let map = batch.store_fields(&[vigie_parsers::batch::Field { key, value: Value::Text(escaped) }]);
        for value in [Value::Text(plain), Value::Map(map), Value::Json(json)] {
            let index = batch.push(Timestamp::default(), Origin::default());
            batch.record_mut(index).set(KEY, value);
        }
    }
    batch
}

fn stream() -> Stream {
    Stream {
        id: u64::MAX,
        name: "canary".into(),
        input: "canary".into(),
        metrics: Arc::new(InputMetrics::default()),
        birth: 0,
        identity: b"canary".to_vec().into(),
        stage: Arc::new(|_| -> Box<dyn Stage> { unreachable!("a canary is no raw line") }),
        sent_below: AtomicU64::new(0),
    }
}
