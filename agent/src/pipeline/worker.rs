//! A worker thread: runs stage, filters and encoders of its streams to completion.

use std::collections::{HashMap, HashSet};
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tracing::error;

use super::build::{BuiltFilter, BuiltOutput};
use super::heirs::{Heirs, reach};
use super::holding::{Holding, Released, Taken};
use super::lane::{Handle, Lane};
use super::poison::Poison;
use super::processors::{OutputProcessors, pass};
use super::routes::Routes;
use super::strict;
use crate::config::RedactRule;
use crate::metrics::{Metrics, Pulse};
use crate::plugin::{ByteQueue, Filter, Parcel, Popped, Source, Stage, Stream, Succession, Work};
use crate::receipts::{Outcome, Share};
use crate::spool::DeadLetters;

/// What all workers share.
pub(super) struct Shared {
    pub(super) filters: Vec<BuiltFilter>,
    pub(super) outputs: Vec<BuiltOutput>,
    pub(super) handles: Vec<Arc<Handle>>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) flush: Duration,
    pub(super) redact: RedactRule,
    pub(super) dead: Arc<DeadLetters>,
    /// The routes of inputs that have their own.
    pub(super) direct: HashMap<Arc<str>, Routes>,
}

impl Shared {
    /// All filters and processors that redact.
    pub(super) fn redacting(&self) -> impl Iterator<Item = &BuiltFilter> {
        let processors = self.outputs.iter().flat_map(|output| &output.processors);
        self.filters.iter().chain(processors).filter(|filter| filter.redacts())
    }
}

/// Runs one worker until its queue ends, then seals what is open.
pub(super) fn run(shared: &Shared, queue: &ByteQueue<Work>) {
    let mut poison = Poison::default();
    let pulse = shared.metrics.add_worker();
    let mut worker = Worker::new(shared, Arc::clone(&pulse));
    loop {
        let step = panic::catch_unwind(AssertUnwindSafe(|| worker.serve(queue, &mut poison)));
        match step {
            Ok(()) => return,
            Err(_) => {
                let (stream, offset) = (worker.at.map(|at| at.0), worker.at.map(|at| at.1));
                error!(
                    component = "worker",
                    stream, offset, "a plugin panicked: this is a bug; what it held is read again"
                );
                if let Some((stream, from, to)) = worker.at {
                    poison.note(stream, from, to);
                }
                // Half-encoded requests and half-joined events go with the old worker: their shares say "not delivered".
                worker = Worker::new(shared, Arc::clone(&pulse));
            }
        }
    }
}

struct Worker<'a> {
    shared: &'a Shared,
    stages: HashMap<u64, Box<dyn Stage>>,
    /// Streams whose stage holds something back.
    waiting: HashSet<u64>,
    filters: Vec<Box<dyn Filter>>,
    processors: OutputProcessors,
    /// Whether a filter may hold records back.
    may_hold: bool,
    holding: Holding,
    heirs: Heirs,
    /// How far what was given out of each stream reaches of which something may be held.
    given: HashMap<u64, u64>,
    lanes: Vec<Lane>,
    /// By tag; those of inputs with routes of their own by input too.
    routes: HashMap<(Option<Arc<str>>, Arc<str>), Route>,
    at: Option<(u64, u64, u64)>,
    pulse: Arc<Pulse>,
}

/// Which filters and outputs a tag goes through.
#[derive(Clone, Debug)]
struct Route {
    filters: Arc<[usize]>,
    outputs: Arc<[usize]>,
}

/// Tags remembered with their routes; more are matched anew each time.
const MOST_ROUTES: usize = 10_000;

impl<'a> Worker<'a> {
    fn new(shared: &'a Shared, pulse: Arc<Pulse>) -> Self {
        let lane = |handle: &Arc<Handle>| Lane::new(Arc::clone(handle), shared.flush, Arc::clone(&pulse));
        Self {
            shared,
            stages: HashMap::new(),
            waiting: HashSet::new(),
            filters: shared.filters.iter().map(|filter| (filter.factory)()).collect(),
            may_hold: shared.filters.iter().any(|filter| filter.holds),
            processors: OutputProcessors::new(&shared.outputs),
            holding: Holding::default(),
            heirs: Heirs::default(),
            given: HashMap::new(),
            lanes: shared.handles.iter().map(lane).collect(),
            routes: HashMap::new(),
            at: None,
            pulse,
        }
    }

    fn serve(&mut self, queue: &ByteQueue<Work>, poison: &mut Poison) {
        loop {
            let next = queue.pop(self.deadline());
            self.pulse.beat();
            match next {
                Popped::Element(Work::Parcel(parcel)) => self.take(*parcel, poison),
                Popped::Element(Work::Source(source)) => self.take_all(source, poison),
                Popped::Element(Work::Ended(stream)) => self.end(stream.id),
                Popped::Element(Work::Succeeded(succession)) => self.succeed(succession.into()),
                Popped::Timeout => {}
                Popped::Closed => break,
            }
            self.flush_due();
            if queue.is_empty() {
                self.flush_idle();
            }
            self.pulse.rest();
        }
        self.close();
        for lane in &mut self.lanes {
            lane.seal();
        }
        self.pulse.rest();
    }

    fn deadline(&self) -> Option<Instant> {
        let stages = self.waiting.iter().filter_map(|stream| self.stages.get(stream)?.deadline());
        self.lanes.iter().filter_map(Lane::deadline).chain(stages).chain(self.holding.deadline()).min()
    }

    fn take_all(&mut self, mut source: Box<dyn Source>, poison: &mut Poison) {
        while let Some(parcel) = source.next() {
            self.take(parcel, poison);
            self.flush_due();
            self.pulse.beat();
        }
    }

    fn take(&mut self, mut parcel: Parcel, poison: &mut Poison) {
        let from = parcel.batch.entries().first().map_or(parcel.end, |entry| entry.origin.offset);
        let (stream, to) = (parcel.stream.id, parcel.end);
        if poison.is_known(stream, from, to) {
            let records = parcel.batch.len();
            error!(component = "worker", stream = %parcel.stream.name, from, to, records,
                "these lines brought a plugin down three times: set aside, declared dropped");
            parcel.settle_all(Outcome::Dropped);
            return;
        }
        self.at = Some((stream, from, to));
        let mut made = None;
        let stage = match self.stages.get_mut(&stream) {
            Some(stage) => stage,
            None => made.insert((parcel.stream.stage)(&parcel.stream)),
        };
        let is_filtered = stage.is_filtered();
        // A range must not be finished before the last filter that may hold something of it has said where it may be read again.
        let ranges: Vec<Share> = parcel.shares.iter_mut().filter(|_| self.may_hold).map(Share::one_more).collect();
        let ready = stage.run(parcel);
        if stage.deadline().is_some() {
            self.waiting.insert(stream);
        } else {
            self.waiting.remove(&stream);
        }
        // Of ten thousand streams that need none, none is kept.
        if let Some(stage) = made.filter(|stage| !stage.is_stateless()) {
            self.stages.insert(stream, stage);
        }
        if let Some(parcel) = ready {
            self.filter_and_encode(parcel, is_filtered);
        }
        ranges.into_iter().for_each(|range| range.settle_all(Outcome::Passed));
        self.at = None;
    }

    /// What is open of one stream goes on in the one that succeeds it.
    fn succeed(&mut self, succession: Arc<Succession>) {
        let (from, to) = (succession.from.id, succession.to.id);
        for stream in [from, to] {
            self.waiting.remove(&stream);
        }
        // What the other had was read before a rewind, and comes again.
        self.stages.remove(&to);
        let mut passed = self.holding.succeed(&succession);
        if let Some(mut stage) = self.stages.remove(&from).filter(|stage| stage.deadline().is_some())
            && stage.succeed(&succession)
        {
            passed = true;
            self.stages.insert(to, stage);
            self.waiting.insert(to);
        }
        succession.passed.tell(passed);
        let given = self.given.remove(&from).unwrap_or(0);
        if passed {
            self.heirs.add(succession, given);
        }
    }

    /// Gives out all that waits of a stream.
    fn end(&mut self, stream: u64) {
        self.waiting.remove(&stream);
        let last = self.stages.remove(&stream).and_then(|mut stage| stage.finish());
        if let Some(parcel) = last {
            self.filter_and_encode(parcel, false);
        }
        for at in 0..self.filters.len() {
            if let Some(released) = self.holding.finish(stream, at) {
                self.filter_rest(at, released);
            }
        }
        self.heirs.remove(stream);
        self.given.remove(&stream);
    }

    /// Gives out, now that no input reads any more, all that waits of streams where what was given out would come twice for its
    /// sake. The rest comes whole when it is read again.
    fn close(&mut self) {
        let streams: HashSet<u64> = self.stages.keys().copied().chain(self.holding.streams()).collect();
        for stream in streams {
            let own = self.given.get(&stream).copied().unwrap_or(0);
            let given = |share: &Share| self.heirs.given(stream, share).unwrap_or(own);
            let stage = self.stages.get(&stream);
            if stage.is_some_and(|stage| stage.holds_back(&given)) || self.holding.holds_back(stream, &given) {
                self.end(stream);
            }
        }
    }

    fn flush_due(&mut self) {
        let now = Instant::now();
        let is_due = |stream: &u64| self.stages.get(stream).is_some_and(|stage| is_due(stage.as_ref(), now));
        let due: Vec<u64> = self.waiting.iter().copied().filter(is_due).collect();
        for id in due {
            let parcel = self.stages.get_mut(&id).and_then(|stage| stage.flush(now));
            if self.stages.get(&id).is_none_or(|stage| stage.deadline().is_none()) {
                self.waiting.remove(&id);
            }
            if let Some(parcel) = parcel {
                self.filter_and_encode(parcel, false);
            }
        }
        for (at, released) in self.holding.flush(now) {
            self.filter_rest(at, released);
        }
        for lane in &mut self.lanes {
            lane.flush_due(now);
        }
    }

    fn flush_idle(&mut self) {
        let now = Instant::now();
        for lane in &mut self.lanes {
            lane.flush_idle(now);
        }
    }

    /// Of what went through the filters before, as in Fluent Bit, only `redact` takes it once more.
    fn filter_and_encode(&mut self, parcel: Parcel, is_filtered: bool) {
        let route = Arc::clone(&parcel.tag);
        self.filter_from((0, &route), parcel, is_filtered);
    }

    /// Takes what filter `at` held through those behind it.
    fn filter_rest(&mut self, at: usize, released: Released) {
        self.filter_from((at + 1, &released.route), released.parcel, false);
    }

    /// Takes `parcel` through the filters of `tag` from number `first` on, and to its outputs. `tag` is the one that it came with:
    /// what `redact` writes in its place changes no route.
    fn filter_from(&mut self, (first, tag): (usize, &Arc<str>), mut parcel: Parcel, is_filtered: bool) {
        let route = self.route(tag, &parcel.stream.input);
        for at in route.filters.iter().copied().filter(|at| *at >= first) {
            if parcel.batch.is_empty() {
                break;
            }
            let built = &self.shared.filters[at];
            if !built.takes_of(&parcel.stream.input) || (is_filtered && !built.redacts()) {
                continue;
            }
            let Some(on) = self.step((at, tag), parcel) else { return };
            parcel = on;
        }
        if !route.filters.is_empty() {
            parcel.settle_removed(Outcome::Filtered);
            self.refuse(&mut parcel, &route);
        }
        self.encode(parcel, &route.outputs);
    }

    /// Sets aside what a filter refuses now that all have run.
    fn refuse(&mut self, parcel: &mut Parcel, route: &Route) {
        if route.outputs.is_empty() {
            return;
        }
        for at in route.filters.iter().copied() {
            let built = &self.shared.filters[at];
            if !built.takes_of(&parcel.stream.input) {
                continue;
            }
            if let Some((refused, reason)) = self.filters[at].refused(&parcel.batch) {
                let dead = &self.shared.dead;
                strict::take_out(parcel, (&refused, reason), &mut self.lanes, &route.outputs, dead);
            }
        }
    }

    /// Takes `parcel`, which came with `tag`, through filter `at`. Nothing goes on where all is held back.
    fn step(&mut self, (at, tag): (usize, &Arc<str>), mut parcel: Parcel) -> Option<Parcel> {
        let built = &self.shared.filters[at];
        if !built.holds {
            pass(self.filters[at].as_mut(), built, &mut parcel);
            return Some(parcel);
        }
        built.metrics.records.add(parcel.batch.len() as u64);
        parcel.settle_removed(Outcome::Filtered);
        let (filter, heirs, given) = (&self.filters[at], &self.heirs, &self.given);
        let make = |stream: &Arc<Stream>| {
            let mut holder = heirs.introduce(stream.id, filter.holder(stream, None)?);
            holder.begin_behind(given.get(&stream.id).copied().unwrap_or(0));
            Some(holder)
        };
        let Taken { before, on } = self.holding.take((at, tag), make, parcel);
        if let Some(before) = before {
            self.filter_rest(at, before);
        }
        on
    }

    fn encode(&mut self, mut parcel: Parcel, outputs: &[usize]) {
        if outputs.is_empty() {
            self.shared.metrics.unrouted_records.add(parcel.batch.len() as u64);
            parcel.settle_all(Outcome::Dropped);
            return;
        }
        if parcel.batch.is_empty() {
            return;
        }
        if let Some(earlier) = self.heirs.split(&mut parcel) {
            earlier.into_iter().for_each(|parcel| self.send(parcel, outputs));
        }
        let stream = parcel.stream.id;
        if self.may_hold || self.stages.contains_key(&stream) {
            let given = self.given.entry(stream).or_default();
            *given = reach(&parcel).max(*given);
        }
        if !parcel.batch.is_empty() {
            self.send(parcel, outputs);
        }
    }

    /// Hands `parcel` to the lanes of `outputs`.
    fn send(&mut self, mut parcel: Parcel, outputs: &[usize]) {
        let now = Instant::now();
        let shared = self.shared;
        let taken = shared.direct.get(&parcel.stream.input).map(|routes| routes.share_out(&mut parcel, outputs));
        let (taken, left_over) = taken.map_or((None, 0), |(taken, left_over)| (Some(taken), left_over));
        self.shared.metrics.unrouted_records.add(left_over as u64);
        let mut left = std::mem::take(&mut parcel.shares);
        for (copy, at) in outputs.iter().enumerate() {
            let last = copy + 1 == outputs.len();
            let shares =
                if last { std::mem::take(&mut left) } else { left.iter_mut().map(|share| share.copy()).collect() };
            let (lane, is_shared) = (&mut self.lanes[*at], outputs.len() > 1);
            let built = self.shared.outputs[*at].processors.as_slice();
            let taken = taken.as_ref().map(|taken| &taken[copy]);
            if built.is_empty() && taken.is_none_or(|taken| !taken.contains(&false)) {
                lane.append(&parcel, shares, is_shared, now);
            } else {
                let send = |parcel: &Parcel, shares| lane.append(parcel, shares, is_shared, now);
                self.processors.send((*at, built, taken), &mut parcel, shares, send);
            }
        }
    }

    /// The route of `tag` from `input`.
    fn route(&mut self, tag: &Arc<str>, input: &Arc<str>) -> Route {
        let direct = self.shared.direct.get_key_value(input);
        let key = (direct.map(|(input, _)| Arc::clone(input)), Arc::clone(tag));
        if let Some(route) = self.routes.get(&key) {
            return route.clone();
        }
        // Where a tag's pattern was given up nothing may be lost or leave in the clear: no filter but
        // `redact` takes its records, and an output does.
        let filters = self.shared.filters.iter().enumerate();
        let filters = filters.filter(|(_, filter)| filter.matcher.matches(tag).unwrap_or(filter.redacts()));
        let outputs = self.shared.outputs.iter().enumerate();
        let outputs = outputs.filter(|(_, output)| output.matcher.matches(tag).unwrap_or(true));
        let outputs = match direct {
            Some((_, routes)) => Arc::clone(&routes.outputs),
            None => outputs.map(|(at, _)| at).collect(),
        };
        let mut route = Route { filters: filters.map(|(at, _)| at).collect(), outputs };
        let passes_redact = route.filters.iter().any(|at| self.shared.filters[*at].redacts());
        if self.shared.redact == RedactRule::Required && !passes_redact {
            let (safe, open): (Vec<usize>, Vec<usize>) =
                route.outputs.iter().partition(|at| self.shared.outputs[**at].redacts());
            if !open.is_empty() {
                error!(
                    component = "worker",
                    "records whose tag no filter `redact` takes: dropped, since `Redact` is `required`"
                );
            }
            route.outputs = safe.into();
        }
        if self.routes.len() < MOST_ROUTES {
            self.routes.insert(key, route.clone());
        }
        route
    }
}

fn is_due(stage: &dyn Stage, now: Instant) -> bool {
    stage.deadline().is_some_and(|deadline| deadline <= now)
}
