//! How much of one output may be on its way at once: a window in bytes that follows what the other side can take.
//!
//! Pure: the time is handed in, and nothing here waits or sends. Bytes are those of bodies before compression, since that is
//! what OpenSearch counts against its limit of indexing pressure. `gate` asks and tells.
//!
//! # Source
//! Chiu and Jain, "Analysis of the Increase and Decrease Algorithms for Congestion Avoidance", 1989; slow start and at most
//! one decrease per round trip as of RFC 5681. The plateau below a level that was refused is Vigie's own: probing it costs
//! refused records, so it is probed rarely, and the more rarely the more often it was in vain.

mod latency;
#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

use latency::Latency;

/// What an output may have on its way.
#[derive(Debug)]
pub(super) struct Controller {
    bounds: Bounds,
    window: usize,
    phase: Phase,
    in_flight: usize,
    requests: usize,
    /// Size of the largest request of late: the window never falls below it.
    request: usize,
    /// When it was decreased. What was sent before tells nothing new.
    decreased: Option<Instant>,
    /// Bytes on their way that were too much.
    refused: Option<usize>,
    /// Requests taken since then.
    taken: u32,
    /// How many of them it takes before the refused level is tried again.
    patience: u32,
    hold: Option<Instant>,
    /// Whether a request waits for the window.
    limited: bool,
    latency: Latency,
}

/// What the window never leaves.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Most bytes.
    pub(super) bytes: usize,
    /// Most requests.
    pub(super) requests: usize,
    /// Size of a request as configured, from which the window starts.
    pub(super) request: usize,
}

/// How the window moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// It doubles with each round trip.
    Starting,
    /// It grows by one request with each round trip.
    Growing,
    /// It stays below what was refused.
    Holding,
}

/// A request on its way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flight {
    bytes: usize,
    sent: Instant,
    /// Bytes on their way when it left, its own included.
    level: usize,
}

/// What was heard of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// It was taken.
    Taken,
    /// So many of its items were too much, of so many.
    Partly(usize, usize),
    /// All of it was too much.
    Busy,
    /// Nothing that can be read.
    Nothing,
    /// Nobody was there.
    Unreachable,
    /// Something that tells nothing about how much is too much.
    Other,
}

/// Requests that must be taken before a refused level is tried again, at first and at last: one in so many is refused.
const PATIENCE: (u32, u32) = (32, 512);
/// It is tried again after this time in any case, or after so many round trips if these are longer.
const LONGEST_PATIENCE: (Duration, u32) = (Duration::from_secs(10), 40);

impl Controller {
    /// A window of one request.
    pub(super) fn new(bounds: Bounds) -> Self {
        let bounds = Bounds { bytes: bounds.bytes.max(bounds.request), requests: bounds.requests.max(1), ..bounds };
        Self {
            bounds,
            window: bounds.request,
            phase: Phase::Starting,
            in_flight: 0,
            requests: 0,
            request: 0,
            decreased: None,
            refused: None,
            taken: 0,
            patience: PATIENCE.0,
            hold: None,
            limited: false,
            latency: Latency::default(),
        }
    }

    /// Bytes that may be on their way.
    pub(super) fn window(&self) -> usize {
        self.window
    }

    /// Bytes that are.
    pub(super) fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Requests that are.
    pub(super) fn requests(&self) -> usize {
        self.requests
    }

    pub(super) fn phase(&self) -> Phase {
        self.phase
    }

    /// How long a request takes; `None` before the first was taken.
    pub(super) fn round_trip(&self) -> Option<Duration> {
        self.latency.round_trip()
    }

    /// Whether a request of `bytes` may leave now. One may always, unless the other side asked for a wait.
    pub(super) fn has_room(&self, bytes: usize, now: Instant) -> bool {
        let fits = self.requests < self.bounds.requests && self.in_flight.saturating_add(bytes) <= self.window;
        self.hold(now).is_none() && (self.requests == 0 || fits)
    }

    /// The same for a request that is there and waits; it tells that the window is made use of.
    pub(super) fn admits(&mut self, bytes: usize, now: Instant) -> bool {
        let has_room = self.has_room(bytes, now);
        self.limited = !has_room;
        has_room
    }

    /// How long nothing may leave, as the other side asked.
    pub(super) fn hold(&self, now: Instant) -> Option<Duration> {
        self.hold.and_then(|until| until.checked_duration_since(now)).filter(|left| !left.is_zero())
    }

    /// A request of `bytes` enters; it holds them until [`Controller::leave`]. Gives true.
    pub(super) fn enter(&mut self, bytes: usize) -> bool {
        self.request = bytes.max(self.request - self.request / 8);
        self.window = self.window.max(self.least());
        self.in_flight += bytes;
        self.requests += 1;
        true
    }

    /// No request is larger than `bytes` from now on, so that fewer bytes than before are one request. The window starts
    /// anew from there.
    pub(super) fn resize(&mut self, bytes: usize) {
        if bytes < self.request.min(self.bounds.request) {
            self.request = bytes;
            (self.window, self.phase, self.refused) = (self.window.min(bytes), Phase::Starting, None);
        }
    }

    /// Gives `bytes` back of a request that keeps its place.
    pub(super) fn shrink(&mut self, bytes: usize) {
        self.in_flight -= bytes;
    }

    /// The last `bytes` of a request leave with it.
    pub(super) fn leave(&mut self, bytes: usize) {
        self.in_flight -= bytes;
        self.requests -= 1;
    }

    /// `bytes` of a request that has entered are sent.
    pub(super) fn sent(&self, bytes: usize, now: Instant) -> Flight {
        Flight { bytes, sent: now, level: self.in_flight }
    }

    /// Takes in what was heard of `flight`; `wait` is how long the other side asked to wait.
    pub(super) fn heard(&mut self, flight: Flight, heard: Heard, wait: Option<Duration>, now: Instant) {
        if let Some(until) = wait.and_then(|wait| now.checked_add(wait)) {
            self.hold = Some(self.hold.map_or(until, |hold| hold.max(until)));
        }
        match heard {
            Heard::Taken => self.taken(flight, now),
            // A few may have met a shard of their own that was busy.
            Heard::Partly(refused, of) if refused * 100 <= of => {}
            Heard::Partly(..) => self.refused(flight, (7, 10), now),
            Heard::Busy | Heard::Nothing => self.refused(flight, (1, 2), now),
            Heard::Unreachable if self.tells_something_new(flight) => {
                // Whoever comes back has nothing in its caches.
                (self.window, self.phase, self.refused) = (self.least(), Phase::Starting, None);
                self.decreased = Some(now);
            }
            Heard::Unreachable => {}
            Heard::Other => {}
        }
    }

    fn taken(&mut self, flight: Flight, now: Instant) {
        let is_large = flight.bytes >= self.request / 2;
        self.latency.note(flight.bytes, now.saturating_duration_since(flight.sent), is_large, now);
        self.taken = self.taken.saturating_add(1);
        if is_large && self.latency.is_congested(flight.level.div_ceil(flight.bytes.max(1))) {
            return self.decrease(flight, (17, 20), now);
        }
        // A window that was larger than what there was to send proves nothing.
        if !self.limited || self.latency.is_raised() {
            return;
        }
        let step = match self.phase {
            Phase::Starting => flight.bytes,
            _ => (self.request as u128 * flight.bytes as u128 / self.window.max(1) as u128) as usize,
        };
        if self.refused.is_some() && self.may_try_again(now) {
            (self.refused, self.taken, self.phase) = (None, 0, Phase::Growing);
        }
        let below = self.refused.map_or(usize::MAX, |level| level - 1);
        let grown = self.window.saturating_add(step).min(below).min(self.bounds.bytes);
        self.window = self.window.max(grown);
        if self.refused.is_none() && self.taken > self.patience {
            self.patience = PATIENCE.0;
        }
    }

    fn may_try_again(&self, now: Instant) -> bool {
        let longest = self.latency.round_trip().unwrap_or_default() * LONGEST_PATIENCE.1;
        let since = self.decreased.map_or(Duration::MAX, |at| now.saturating_duration_since(at));
        self.taken >= self.patience || since >= longest.max(LONGEST_PATIENCE.0)
    }

    fn refused(&mut self, flight: Flight, factor: (usize, usize), now: Instant) {
        if !self.tells_something_new(flight) {
            return;
        }
        // It had just been tried again: in vain.
        if self.refused.is_none() && self.phase == Phase::Growing && self.taken <= self.patience {
            self.patience = (self.patience * 2).min(PATIENCE.1);
        }
        self.decrease(flight, factor, now);
        (self.refused, self.taken, self.phase) = (Some(flight.level.max(1)), 0, Phase::Holding);
    }

    fn decrease(&mut self, flight: Flight, (part, of): (usize, usize), now: Instant) {
        if self.tells_something_new(flight) {
            let used = self.window.min(flight.level.max(1));
            self.window = (used / of * part).max(self.least());
            self.decreased = Some(now);
            if self.phase == Phase::Starting {
                self.phase = Phase::Growing;
            }
        }
    }

    fn tells_something_new(&self, flight: Flight) -> bool {
        self.decreased.is_none_or(|at| flight.sent >= at)
    }

    /// One request, as large as they are of late.
    fn least(&self) -> usize {
        if self.request == 0 { self.bounds.request } else { self.request.min(self.bounds.bytes) }
    }
}
