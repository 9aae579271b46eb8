//! Records that a filter refuses to have shipped: they become dead letters of each output, after all filters have run.
//!
//! A worker calls it. Dead letters that the disk does not take are not answered for, so that the records are read again.

use tracing::{error, warn};

use super::lane::{Handle, Lane};
use crate::plugin::{Parcel, Refusal};
use crate::receipts::Outcome;
use crate::spool::{DeadLetter, DeadLetterError, DeadLetters};

/// Name of the error in dead letters and counters.
const KIND: &str = "strict";

/// Takes the records at `refused`, in rising order, out of `parcel`, whose shares count its records; `reason` goes with them to the
/// dead letters of each of `outputs`.
pub(super) fn take_out(
    parcel: &mut Parcel,
    (refused, reason): (&[usize], &str),
    lanes: &mut [Lane],
    outputs: &[usize],
    dead: &DeadLetters,
) {
    let mut outcome = Some(Outcome::DeadLettered);
    for at in outputs {
        let kept = keep(parcel, (refused, reason), &mut lanes[*at], dead);
        // What one output could not keep is not answered for; what one had to drop is not kept.
        outcome = match (outcome, kept) {
            (None, _) | (_, None) => None,
            (Some(Outcome::DeadLettered), Some(kept)) => Some(kept),
            (dropped, _) => dropped,
        };
    }
    let mut at = 0;
    parcel.batch.retain(|_| {
        let is_refused = refused.binary_search(&at).is_ok();
        at += 1;
        !is_refused
    });
    match outcome {
        Some(outcome) => parcel.settle_removed(outcome),
        None => drop(parcel.split_removed()),
    }
}

/// Writes the dead letters of one output; `None` when the disk did not take them.
fn keep(parcel: &Parcel, (refused, reason): (&[usize], &str), lane: &mut Lane, dead: &DeadLetters) -> Option<Outcome> {
    let count = refused.len() as u64;
    let bodies: Vec<(u64, Vec<u8>)> = refused
        .iter()
        .map(|index| parcel.batch.record(*index))
        .map(|record| (record.origin().offset, lane.alone(record, parcel)))
        .collect();
    let handle: &Handle = lane.handle();
    let refusal = Refusal { status: 0, kind: KIND.into(), reason: reason.into() };
    let letters: Vec<DeadLetter<'_>> = bodies
        .iter()
        .map(|(offset, bytes)| DeadLetter {
            output: &handle.name,
            input: &parcel.stream.input,
            source: parcel.stream.name.as_ref(),
            offset: *offset,
            tag: &parcel.tag,
            attempts: 0,
            refusal: &refusal,
            bytes,
        })
        .collect();
    handle.metrics.errors.add(count);
    handle.metrics.refused_by_reason.add(KIND, count);
    match dead.write_all(&handle.name, &letters) {
        Ok(()) => {
            handle.metrics.dead_letter_records.add(count);
            Some(Outcome::DeadLettered)
        }
        Err(DeadLetterError::Unavailable) => {
            warn!(component = %handle.name, records = count, reason,
                "records refused and dropped: there is no directory for dead letters (set storage.path)");
            handle.metrics.dropped_records.add(count);
            handle.metrics.dropped_by_reason.add("no_dead_letter_directory", count);
            Some(Outcome::Dropped)
        }
        Err(DeadLetterError::Io(error)) => {
            handle.metrics.disk_failures.add(1);
            error!(component = %handle.name, records = count, %error,
                "dead letters not written: these records are not answered for, and read again after a restart");
            None
        }
    }
}
