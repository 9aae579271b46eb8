//! Stages that are killed and begin again. Called by property tests and by fuzzing.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use vigie_parsers::batch::{Origin, Source, Timestamp};
use vigie_parsers::multiline::{Machine, MultilineParser, Rule, Rules, Until};

use super::*;
use crate::encode::json::push_object;
use crate::plugin::{Memory, Parcel};
use crate::receipts::{Outcome, Share, Signal};

/// An event as the store would have it: its id, without the part that is the same for the whole stream, and its document.
pub(super) type Event = (u64, u32, u32, String);

/// Feeds the lines of `text` in parcels, one border behind every line whose number `cuts` names, over and over; and before
/// that as many parcels as each of `kills` says, where the agent is killed and reads again from the settled position.
///
/// # Panics
/// When the store does not end with exactly the events of one uninterrupted run, under the same ids.
pub fn kills(text: &str, cuts: &[bool], kills: &[usize], mode: &LineOptions) {
    let expected: BTreeSet<Event> = whole(mode, text).into_iter().collect();
    let mut stored = BTreeSet::new();
    let mut position = 0;
    for parcels in kills.iter().copied() {
        let mut rig = Rig::new(mode, position as u64);
        let mut from = position;
        for to in borders(text, position, cuts).into_iter().take(parcels) {
            stored.extend(rig.feed(text, from, to));
            from = to;
        }
        position = usize::try_from(rig.ledger.committed()).expect("texts are small");
    }
    let mut rig = Rig::new(mode, position as u64);
    let mut from = position;
    for to in borders(text, position, cuts) {
        if from < to {
            stored.extend(rig.feed(text, from, to));
        }
        from = to;
    }
    stored.extend(settled(&rig.agent, rig.stage.finish()));

    assert_eq!(stored, expected);
    assert_eq!(rig.ledger.committed(), text.len() as u64);
}

/// Feeds the lines of `text` as [`kills`] does, over as many parcels as each of `stops` says, where the agent stops in order and
/// reads again from the settled position. Line n holds `#n#`.
///
/// # Panics
/// When a line does not come exactly once.
pub(super) fn stops(text: &str, cuts: &[bool], stops: &[usize], mode: &LineOptions) {
    let mut came = String::new();
    let mut position = 0;
    for parcels in stops.iter().copied().chain([usize::MAX]) {
        let mut rig = Rig::new(mode, position as u64);
        let (mut from, mut given) = (position, 0);
        for to in borders(text, position, cuts).into_iter().take(parcels).filter(|to| *to > position) {
            for (offset, length, _, document) in rig.feed(text, from, to) {
                given = given.max(offset + u64::from(length).max(1));
                came.push_str(&document);
            }
            from = to;
        }
        if rig.stage.holds_back(&|_| given) || parcels == usize::MAX {
            came.extend(settled(&rig.agent, rig.stage.finish()).into_iter().map(|event| event.3));
        }
        position = usize::try_from(rig.ledger.committed()).expect("texts are small");
    }

    assert_eq!(position, text.len());
    for number in 0..text.lines().count() {
        assert_eq!(came.matches(&format!("#{number}#")).count(), 1, "line {number} of\n{text}came as {came}");
    }
}

/// Lines joined by the built-in multiline parsers called `names`.
///
/// # Panics
/// When one is none.
pub fn built_in(names: &[&str]) -> LineOptions {
    let parsers = vigie_parsers::Parsers::default();
    let named = names.iter().map(|name| Arc::clone(parsers.multiline(name).expect("it is built in")));
    LineOptions { multiline: Multiline::new(named.collect(), parsers.largest_event), ..plain() }
}

/// Lines that are neither joined nor parsed.
pub(super) fn plain() -> LineOptions {
    let multiline = Multiline::default();
    LineOptions { key: "log".into(), parser: None, multiline, older: None, path_key: None, offset_key: None }
}

/// Multiline parsers as users define them: rules of two patterns, or lines that a backslash continues.
///
/// # Panics
/// Never: the rules are valid.
pub fn own(has_rules: bool) -> LineOptions {
    let rule = |(from, regex, to): (&str, &str, &str)| Rule { from: from.into(), regex: regex.into(), to: to.into() };
    let rules = [("start_state", r"/^\d/", "on"), ("on, more", r"/^\s/", "more"), ("more", r"/end$/", "start_state")];
    let machine = if has_rules {
        Machine::Rules(Rules::new(&rules.map(rule)).expect("the rules are valid"))
    } else {
        Machine::Until(Until { text: b"\\".to_vec(), is_whole: false, negate: true })
    };
    LineOptions { multiline: Multiline::new(vec![Arc::new(MultilineParser::new("own", machine))], 200), ..plain() }
}

/// Borders between lines at which `text` is cut into parcels.
fn borders(text: &str, from: usize, cuts: &[bool]) -> Vec<usize> {
    let mut at = 0;
    let mut borders = Vec::new();
    for (line, cut) in text.split_inclusive('\n').zip(cuts.iter().cycle()) {
        at += line.len();
        if at > from && *cut {
            borders.push(at);
        }
    }
    if borders.last() != Some(&text.len()) {
        borders.push(text.len());
    }
    borders
}

/// All events of `text`, read in one parcel.
pub(super) fn whole(options: &LineOptions, text: &str) -> Vec<Event> {
    let mut rig = Rig::new(options, 0);
    let mut events = rig.feed(text, 0, text.len());
    events.extend(settled(&rig.agent, rig.stage.finish()));
    assert_eq!(rig.ledger.committed(), text.len() as u64, "everything is settled");
    events
}

/// The events of `parcel`, which is settled.
pub(super) fn settled(agent: &Agent, parcel: Option<Parcel>) -> Vec<Event> {
    let Some(parcel) = parcel else { return Vec::new() };
    let event = |record: vigie_parsers::batch::Record<'_>| {
        let mut document = Vec::new();
        push_object(&parcel.batch, record.fields(), &mut document);
        let origin = record.origin();
        let hash = agent.hash_of(&origin, &parcel.batch);
        (origin.offset, origin.length, hash, String::from_utf8(document).expect("it is JSON"))
    };
    let events: Vec<Event> = parcel.batch.records().map(event).collect();
    let answered: u32 = parcel.shares.iter().map(Share::count).sum();
    assert_eq!(answered as usize, events.len(), "every record has an answer to give");
    parcel.settle_all(Outcome::Delivered);
    events
}

/// A stage with the positions of its stream.
pub(super) struct Rig {
    pub(super) stage: Box<dyn Stage>,
    pub(super) stream: Arc<Stream>,
    pub(super) ledger: Arc<Ledger>,
    pub(super) memory: Memory,
    pub(super) agent: Arc<Agent>,
}

impl Rig {
    pub(super) fn new(options: &LineOptions, committed: u64) -> Self {
        let metrics = Arc::new(InputMetrics::new("tail.0"));
        let agent = Arc::new(Agent::new("test", b"secret-42"));
        let factory = factory(options.clone(), Arc::clone(&agent), Arc::clone(&metrics));
        let stream = Arc::new(Stream {
            id: 1,
            name: "/x.log".into(),
            input: "tail.0".into(),
            metrics,
            birth: 0,
            identity: Vec::new().into(),
            stage: factory,
            sent_below: 0.into(),
        });
        let stage = (stream.stage)(&stream);
        Self { stage, stream, ledger: Ledger::new(committed, Signal::default()), memory: Memory::new(1 << 26), agent }
    }

    /// Hands on the lines of `text` from `from` to `to`, all of them complete, and settles what comes out.
    pub(super) fn feed(&mut self, text: &str, from: usize, to: usize) -> Vec<Event> {
        let parcel = self.read(text, from, to);
        settled(&self.agent, parcel)
    }

    /// The same of which nothing is delivered yet.
    pub(super) fn read(&mut self, text: &str, from: usize, to: usize) -> Option<Parcel> {
        let mut batch = self.memory.take(to - from, Duration::ZERO).expect("there is memory");
        let mut offset = from;
        for line in text.get(from..to).expect("borders lie between lines").split_inclusive('\n') {
            let content = line.trim_end_matches('\n').as_bytes();
            let span = batch.store(content);
            let source = Source::At(span.start);
            let origin = Origin { offset: offset as u64, length: span.len, source, ..Origin::default() };
            let index = batch.push(Timestamp { seconds: 1, nanos: 0 }, origin);
            batch.record_mut(index).append(b"log", Value::Text(Text::plain(span)));
            offset += line.len();
        }
        let share = self.ledger.open(to as u64);
        let (stream, tag) = (Arc::clone(&self.stream), Arc::from("t"));
        let parcel = Parcel { batch, shares: vec![share], stream, tag, end: to as u64, epoch: 0 };
        self.stage.run(parcel)
    }
}
