//! The way from a worker to one output: encodes records into an open request and seals it.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tracing::warn;
use vigie_parsers::batch::{Origin, Record};

use super::ceiling::Ceiling;
use super::controller::Bounds;
use super::gate::Gate;
use super::pauses::Pauses;
use super::spooling::{self, Spooling};
use super::stall::Stall;
use crate::metrics::{OutputMetrics, Pulse};
use crate::plugin::{Body, Buffers, ByteQueue, Delivery, Encoded, Encoder, Item, Lot, Output, Parcel, Request};
use crate::receipts::{Outcome, Share};

/// What the workers and the delivery task of one output share.
pub(super) struct Handle {
    pub(super) name: String,
    pub(super) output: Arc<dyn Output>,
    pub(super) delivery: Delivery,
    pub(super) queue: ByteQueue<Request>,
    /// Where bodies of its requests come from.
    pub(super) buffers: Buffers,
    pub(super) gate: Arc<Gate>,
    pub(super) pauses: Arc<Pauses>,
    pub(super) stall: Stall,
    ceiling: Mutex<Ceiling>,
    pub(super) retry_limit: Option<u32>,
    pub(super) metrics: Arc<OutputMetrics>,
    /// Its spool, if it has one.
    pub(super) spooling: Option<Spooling>,
}

/// Bytes that requests of one output may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    /// On their way.
    pub(super) in_flight: usize,
    /// Parked because their index takes nothing for now.
    pub(super) parked: usize,
}

impl Handle {
    /// `retry_limit` tells how often a failed request is sent again, `None` is without end.
    pub(super) fn new(
        name: String,
        output: Arc<dyn Output>,
        retry_limit: Option<u32>,
        metrics: Arc<OutputMetrics>,
        (room, spooling): (Room, Option<Spooling>),
    ) -> Arc<Self> {
        let delivery = output.delivery();
        let Delivery { request_bytes, concurrency, encoding, ordered } = delivery;
        let queue = ByteQueue::new(request_bytes);
        // As many as are sent at once, one that waits, and one that grows; where there is a spool, one before the gate.
        let buffers = Body::buffers(encoding, request_bytes, concurrency + 2 + usize::from(spooling.is_some()));
        let ceiling = Mutex::new(Ceiling::new(request_bytes));
        metrics.request_limit_bytes.set(request_bytes as u64);
        let requests = if ordered { 1 } else { concurrency.max(1) };
        // The last record of a request reaches over its end.
        let bytes = (request_bytes + request_bytes / 8).saturating_mul(requests).min(room.in_flight);
        let gate = Gate::new(Bounds { bytes, requests, request: request_bytes }, Arc::clone(&metrics));
        let pauses = Pauses::new(room.parked, Arc::clone(&metrics));
        let stall = Stall::new();
        Arc::new(Self {
            name,
            output,
            delivery,
            queue,
            buffers,
            gate,
            pauses,
            stall,
            ceiling,
            retry_limit,
            metrics,
            spooling,
        })
    }

    /// Looks at the bound of requests, or moves it.
    pub(super) fn ceiling<T>(&self, act: impl FnOnce(&mut Ceiling) -> T) -> T {
        let mut ceiling = self.ceiling.lock().unwrap_or_else(PoisonError::into_inner);
        let acted = act(&mut ceiling);
        self.metrics.request_limit_bytes.set(ceiling.bytes() as u64);
        acted
    }

    /// Whether it takes nothing, so that what others must not wait for goes to its spool.
    fn is_stalled(&self) -> bool {
        self.spooling.as_ref().is_some_and(|spooling| spooling.is_stalled() || self.stall.lasts(Instant::now()))
    }

    /// Whether nothing is on its way or waits for that.
    fn is_quiet(&self) -> bool {
        self.queue.is_empty() && self.gate.is_empty() && self.pauses.is_open()
    }

    /// Whether a request sealed now would be sent at once.
    fn is_idle(&self) -> bool {
        self.queue.is_empty() && self.gate.has_room() && self.pauses.is_open()
    }
}

/// Limits of a request that bound its table of items.
const MOST_ITEMS: usize = 50_000;
/// Where nothing is on its way, a request that has grown to this part of its size does not wait for more.
const WORTH_SENDING: usize = 4;
/// How often a due request looks for a free send permit.
const DUE_POLL: Duration = Duration::from_millis(20);

/// A worker's end of an output.
pub(super) struct Lane {
    handle: Arc<Handle>,
    encoder: Box<dyn Encoder>,
    body: Body,
    open: Option<Open>,
    flush: Duration,
    /// When the last request was sealed.
    sealed: Option<Instant>,
    /// Lot of the request for each lot of the parcel at hand.
    lots: Vec<Option<u32>>,
    /// Records moved to the open request since shares were last moved, per lot of the parcel.
    moved: Vec<u32>,
    /// [`Stream::sent_below`](crate::plugin::Stream::sent_below) of the parcel at hand.
    sent_below: u64,
    pulse: Arc<Pulse>,
}

struct Open {
    first_item: u32,
    items: Vec<Item>,
    lots: Vec<Lot>,
    due: Instant,
    /// Bytes at which it is sealed.
    limit: usize,
    way: Way,
}

/// What a request holds, which tells how it goes to its output.
#[derive(Clone, Copy, Debug)]
pub(super) struct Way {
    /// Records that are to be spooled before they are answered for.
    pub(super) is_kept: bool,
    /// Records that go to other outputs too, which must not wait for this one.
    pub(super) is_shared: bool,
}

impl Way {
    fn add(&mut self, other: Self) {
        self.is_kept |= other.is_kept;
        self.is_shared |= other.is_shared;
    }
}

impl Lane {
    pub(super) fn new(handle: Arc<Handle>, flush: Duration, pulse: Arc<Pulse>) -> Self {
        let encoder = handle.output.encoder();
        let body = Body::with_buffers(handle.delivery.encoding, handle.buffers.clone());
        let (lots, moved) = (Vec::new(), Vec::new());
        Self { handle, encoder, body, open: None, flush, sealed: None, lots, moved, sent_below: 0, pulse }
    }

    /// When [`Lane::flush_due`] should be called.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.open.as_ref().map(|open| open.due)
    }

    /// Appends all records of `parcel`. `shares` answer for them towards this output, one per lot; `is_shared` tells whether they
    /// go to others too.
    ///
    /// Waits while the output's queue is full.
    pub(super) fn append(&mut self, parcel: &Parcel, mut shares: Vec<Share>, is_shared: bool, now: Instant) {
        if self.handle.output.discards() {
            return self.discard(parcel.batch.len(), shares);
        }
        self.start_parcel(shares.len());
        let is_kept = self.handle.spooling.as_ref().is_some_and(|spooling| spooling.keeps(&parcel.stream.input));
        let way = Way { is_kept, is_shared };
        if let Some(open) = &mut self.open {
            open.way.add(way);
        }
        self.sent_below = parcel.stream.sent_below.load(Ordering::Relaxed);
        for record in parcel.batch.records() {
            let origin = record.origin();
            let lot = usize::from(origin.lot);
            if self.open.is_none() {
                let limit = self.handle.ceiling(|ceiling| ceiling.bytes());
                let due = now + self.flush;
                self.open = Some(Open::new(&mut *self.encoder, &mut self.body, (way, limit), due));
            }
            match self.encoder.encode(record, &parcel.stream, &parcel.tag, self.body.buffer()) {
                Encoded::Written => self.add_item(&mut shares[lot], parcel, origin),
                Encoded::Skipped(reason) => self.skip(&mut shares[lot], parcel, reason, origin),
            }
            if self.is_full() {
                self.move_shares(&mut shares);
                self.seal();
                self.start_parcel(shares.len());
            }
        }
        self.move_shares(&mut shares);
    }

    /// What it is the way to.
    pub(super) fn handle(&self) -> &Handle {
        &self.handle
    }

    /// The bytes of `record` as they would stand in a request; empty when its output cannot express it.
    pub(super) fn alone(&mut self, record: Record<'_>, parcel: &Parcel) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.encoder.encode(record, &parcel.stream, &parcel.tag, &mut bytes);
        bytes
    }

    fn discard(&self, records: usize, shares: Vec<Share>) {
        self.handle.metrics.proc_records.add(records as u64);
        for share in shares {
            share.settle_all(Outcome::Delivered);
        }
    }

    fn add_item(&mut self, share: &mut Share, parcel: &Parcel, origin: Origin) {
        let open = self.open.as_mut().expect("a request is open while records are appended");
        let lot = usize::from(origin.lot);
        let in_request = *self.lots[lot].get_or_insert_with(|| open.add_lot(share, parcel));
        self.moved[lot] += 1;
        if origin.offset < self.sent_below {
            open.lots[in_request as usize].may_be_stored = true;
        }
        open.items.push(Item { end: offset32(self.body.len()), lot: in_request, offset: origin.offset });
        self.body.compress_slice();
    }

    fn skip(&self, share: &mut Share, parcel: &Parcel, reason: &str, origin: Origin) {
        self.handle.metrics.dropped_records.add(1);
        self.handle.metrics.dropped_by_reason.add("not_expressible", 1);
        let (stream, offset) = (&parcel.stream.name, origin.offset);
        warn!(component = %self.handle.name, reason, %stream, offset, "record dropped");
        share.settle(1, Outcome::Dropped);
    }

    fn is_full(&self) -> bool {
        self.open.as_ref().is_some_and(|open| self.body.len() >= open.limit || open.items.len() >= MOST_ITEMS)
    }

    /// Seals the open request when its flush time has come and it would be sent at once; while the output is busy it
    /// grows on to its size instead of making many small ones.
    pub(super) fn flush_due(&mut self, now: Instant) {
        let Some(open) = &mut self.open else { return };
        if now < open.due {
            return;
        }
        if open.items.is_empty() {
            open.due = now + self.flush;
        } else if open.way.is_kept || self.handle.is_idle() || (open.way.is_shared && self.handle.is_stalled()) {
            self.seal_early();
        } else {
            open.due = now + DUE_POLL.max(self.flush / 16);
        }
    }

    /// Seals the open request before its flush time, as there is nothing else to do: when none was sent for so long, or when
    /// nothing is on its way and it is worth sending.
    pub(super) fn flush_idle(&mut self, now: Instant) {
        let Some(open) = self.open.as_ref().filter(|open| !open.items.is_empty() && self.handle.is_quiet()) else {
            return;
        };
        let is_first = self.sealed.is_none_or(|sealed| now.saturating_duration_since(sealed) >= self.flush);
        if is_first || self.body.len() >= open.limit / WORTH_SENDING {
            self.seal_early();
        }
    }

    /// Seals the open request that may have grown further.
    fn seal_early(&mut self) {
        if self.body.len() < self.handle.delivery.request_bytes / WORTH_SENDING {
            // Little comes: what a backlog used goes back to the system.
            self.handle.buffers.keep(1);
        }
        self.seal();
    }

    /// Seals the open request whatever its size and hands it over, waiting for room.
    pub(super) fn seal(&mut self) {
        let Some(open) = self.open.take_if(|open| !open.items.is_empty()) else { return };
        self.sealed = Some(Instant::now());
        self.encoder.close(self.body.buffer());
        let plain_length = self.body.len();
        let request = Request {
            body: self.body.seal(),
            encoding: self.handle.delivery.encoding,
            plain_length,
            first_item: open.first_item,
            items: open.items,
            lots: open.lots,
            attempts: 0,
            may_spool: false,
        };
        self.pulse.rest();
        spooling::hand_over(&self.handle, request, open.way);
        self.pulse.beat();
    }

    fn start_parcel(&mut self, lots: usize) {
        self.lots.clear();
        self.lots.resize(lots, None);
        self.moved.clear();
        self.moved.resize(lots, 0);
    }

    fn move_shares(&mut self, shares: &mut [Share]) {
        let Some(open) = &mut self.open else { return };
        for (lot, share) in shares.iter_mut().enumerate() {
            if let Some(in_request) = self.lots[lot] {
                open.lots[in_request as usize].share.join(share.split(std::mem::take(&mut self.moved[lot])));
            }
        }
    }
}

impl Open {
    fn new(encoder: &mut dyn Encoder, body: &mut Body, (way, limit): (Way, usize), due: Instant) -> Self {
        body.begin();
        encoder.open(body.buffer());
        Self { first_item: offset32(body.len()), items: Vec::new(), lots: Vec::new(), due, limit, way }
    }

    fn add_lot(&mut self, share: &mut Share, parcel: &Parcel) -> u32 {
        let (stream, tag) = (Arc::clone(&parcel.stream), Arc::clone(&parcel.tag));
        let lot = Lot { share: share.split(0), stream, tag, may_be_stored: false };
        self.lots.push(lot);
        offset32(self.lots.len() - 1)
    }
}

fn offset32(offset: usize) -> u32 {
    u32::try_from(offset).expect("requests stay below 4 GiB")
}
