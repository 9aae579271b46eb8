//! Counters of the plugins, and the pulse of threads. Whoever does the work counts it; `monitor` reads.

mod pulse;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

pub use pulse::Pulse;

/// A counter or gauge that any thread may change.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds `n`.
    pub fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    /// Adds one. Gives whether it is the first.
    pub fn add_first(&self) -> bool {
        self.0.fetch_add(1, Ordering::Relaxed) == 0
    }

    /// Sets it, for a gauge.
    pub fn set(&self, value: u64) {
        self.0.store(value, Ordering::Relaxed);
    }

    /// The value now.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Counts by reason. Reasons are few: names beyond [`ByReason::MOST`], and what is no name, count as `other`.
#[derive(Debug, Default)]
pub struct ByReason(Mutex<BTreeMap<String, u64>>);

impl ByReason {
    /// Reasons that are told apart.
    pub const MOST: usize = 32;
    const OTHER: &str = "other";

    /// Adds `n` to what is counted under `reason`, a name of ASCII letters, digits and `_` of at most 64 bytes.
    pub fn add(&self, reason: &str, n: u64) {
        let is_name =
            (1..=64).contains(&reason.len()) && reason.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_told_apart = is_name && (counts.len() < Self::MOST || counts.contains_key(reason));
        let reason = if is_told_apart { reason } else { Self::OTHER };
        *counts.entry(reason.to_owned()).or_default() += n;
    }

    /// Every reason with its count, by name.
    pub fn each(&self) -> Vec<(String, u64)> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.iter().map(|(reason, count)| (reason.clone(), *count)).collect()
    }
}

/// Counts by entity and action: what `redact` found, and what it did. Pairs beyond [`ByAction::MOST`] count as `other`.
#[derive(Debug, Default)]
pub struct ByAction(Mutex<BTreeMap<(String, &'static str), u64>>);

impl ByAction {
    /// Pairs that are told apart.
    pub const MOST: usize = 512;

    /// Adds `n` for `entity` and `action`.
    pub fn add(&self, entity: &str, action: &'static str, n: u64) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut key = (entity.to_owned(), action);
        if counts.len() >= Self::MOST && !counts.contains_key(&key) {
            key.0 = "other".into();
        }
        *counts.entry(key).or_default() += n;
    }

    /// Every entity and action with its count, in order.
    pub fn each(&self) -> Vec<(String, &'static str, u64)> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.iter().map(|((entity, action), count)| (entity.clone(), *action, *count)).collect()
    }
}

macro_rules! counters {
    (
        $(#[$meta:meta])* $name:ident { $( $(#[$doc:meta])* $field:ident, )* }
        $( by_reason { $( $(#[$by_doc:meta])* $by:ident, )* } )?
        $( by_action { $( $(#[$action_doc:meta])* $by_action:ident, )* } )?
    ) => {
        $(#[$meta])*
        #[derive(Debug, Default)]
        pub struct $name {
            /// Alias or instance name (`tail.0`), the label `name`.
            pub name: String,
            $( $(#[$doc])* pub $field: Counter, )*
            $( $( $(#[$by_doc])* pub $by: ByReason, )* )?
            $( $( $(#[$action_doc])* pub $by_action: ByAction, )* )?
        }

        impl $name {
            /// All counters at zero.
            pub fn new(name: impl Into<String>) -> Self {
                Self { name: name.into(), ..Self::default() }
            }

            /// Every counter with its name.
            pub fn each(&self) -> Vec<(&'static str, u64)> {
                vec![ $( (stringify!($field), self.$field.get()), )* ]
            }

            $(
                /// Everything counted by reason, with its name.
                pub fn each_by_reason(&self) -> Vec<(&'static str, Vec<(String, u64)>)> {
                    vec![ $( (stringify!($by), self.$by.each()), )* ]
                }
            )?
        }
    };
}

counters! {
    /// What an input did.
    InputMetrics {
        /// Records made.
        records,
        /// Source bytes of these records.
        bytes,
        /// Files opened.
        files_opened,
        /// Files let go.
        files_closed,
        /// Rotations seen.
        files_rotated,
        /// Events cut at the multiline buffer limit, or since too many were open at once.
        multiline_truncated,
        /// Lines above `Buffer_Max_Size` that were cut into parts.
        long_line_truncated,
        /// Lines above `Buffer_Max_Size` that were skipped.
        long_line_skipped,
        /// Lines that their parser refused, so that the text is kept under the raw key, or whose time it did not understand, so
        /// that the text of the time is kept.
        parser_failed,
        /// Those of them whose parser gave up: its pattern backtracks and would have taken too many steps.
        parser_given_up,
        /// Those of them whose time the parser did not understand.
        parser_unclear_time,
        /// Bytes that were lost before they could be read (deleted or truncated under the reader).
        abandoned_bytes,
        /// Contents of files that were gone before it was sure that all of them was read: how much that was shows only in part.
        abandoned_contents,
        /// Ranges read again because an output did not answer for them.
        rewinds,
        /// How often it was started again after a panic.
        restarts,
        /// Bytes that are there and not settled, read or not.
        lag_bytes,
        /// Since when the oldest of them waits, in milliseconds since 1970; 0 when there are none.
        unsettled_since,
        /// Failures to store or sync positions.
        disk_failures,
    }
}

counters! {
    /// What a filter did.
    FilterMetrics {
        /// Records that went in.
        records,
        /// Records removed.
        drop_records,
        /// Records added.
        add_records,
        /// Records with a text on which a pattern that backtracks was given up.
        given_up_records,
        /// Events cut at the multiline buffer limit, or since too many were open at once.
        multiline_truncated,
        /// Records that rules led to several retention classes.
        class_conflict_records,
        /// Records that name a retention class which is not configured.
        unknown_class_records,
        /// Records that got no retention class.
        unclassified_records,
        /// Records whose time cannot be, so that their age is counted from their arrival.
        bounded_time_records,
        /// Records that brought a member `retention` of their own, which was replaced.
        replaced_stamp_records,
        /// Values that `redact` hid behind their label, since their action could not be done, as without a key.
        hidden_values,
        /// 2 while `redact` has no key for the current epoch, 1 while it has or needs none; 0 of other filters.
        missing_keys,
        /// Records whose text no parser fitted; they stay as they were.
        unparsed_records,
        /// Records whose time the parser did not understand; the text of it stays.
        unclear_time_records,
    }
    by_action {
        /// What `redact` found.
        redacted,
        /// Nanoseconds that rules of the configuration took, by entity and kind of rule.
        rule_nanoseconds,
    }
}

counters! {
    /// What an output did.
    OutputMetrics {
        /// Records delivered, duplicates included.
        proc_records,
        /// Request bytes, before compression, of what was delivered.
        proc_bytes,
        /// Requests that failed for good.
        errors,
        /// Requests sent again.
        retries,
        /// Requests whose `Retry_Limit` ran out.
        retries_failed,
        /// Records declared dropped.
        dropped_records,
        /// Records sent again.
        retried_records,
        /// Records that the store had already (409 on create).
        duplicate_records,
        /// Records put into the dead-letter file.
        dead_letter_records,
        /// Records whose index name was not usable, so that they went to the default index.
        index_fallbacks,
        /// Records that gave no name of a file, so that they went to the fallback file.
        file_fallbacks,
        /// Records whose own id was missing or not usable, so that they got one from their position.
        id_fallbacks,
        /// Records of which a field was moved away, because their index does not take it.
        repaired_records,
        /// Records refused for good and sent to the quarantine index.
        quarantine_index_records,
        /// Bytes written to the wire as request bodies.
        wire_bytes,
        /// Requests in flight now.
        requests_in_flight,
        /// Bytes of their bodies, before compression.
        in_flight_bytes,
        /// Bytes that may be in flight now.
        window_bytes,
        /// How the window moves: 0 it doubles, 1 it grows, 2 it stays below what was refused.
        window_phase,
        /// 1 while the output as a whole is paused.
        paused,
        /// Indexes that take nothing for now.
        paused_indexes,
        /// Records that wait for them.
        parked_records,
        /// Bytes of memory that these take.
        parked_bytes,
        /// Hosts that are left out because they fail.
        hosts_left_out,
        /// Records sent whose outcome is unknown, so that they are sent again under the same ids.
        unknown_outcome_records,
        /// Records sent again of which could not be found out whether they are stored in an index before a rollover.
        possible_duplicate_records,
        /// Records that an ordinary index took where a data stream was wanted.
        plain_index_records,
        /// Most bytes of a request, before compression: what the other side was found to take.
        request_limit_bytes,
        /// When the certificate that is shown to servers expires, in seconds since 1970; 0 without one.
        client_certificate_expiry,
        /// When the certificate that the server last showed expires.
        server_certificate_expiry,
        /// Records put into the spool.
        spooled_records,
        /// Requests in the spool now.
        spool_requests,
        /// Records in the spool now.
        spool_records,
        /// Bytes that the spool takes on the disk now.
        spool_bytes,
        /// Files of the spool that could not be read and were put aside.
        quarantined_requests,
        /// Records in these files, so far as it is known.
        quarantined_records,
        /// Failures of the disk to take, give or remove a spooled request, or to take dead letters.
        disk_failures,
    }
    by_reason {
        /// Records refused for good, by the other side's name for the error.
        refused_by_reason,
        /// Records sent again, by what failed.
        retried_by_reason,
        /// Records declared dropped.
        dropped_by_reason,
    }
}

/// All counters of one agent.
#[derive(Debug, Default)]
pub struct Metrics {
    inputs: Mutex<Vec<Arc<InputMetrics>>>,
    filters: Mutex<Vec<Arc<FilterMetrics>>>,
    outputs: Mutex<Vec<Arc<OutputMetrics>>>,
    /// Records that no output matched.
    pub unrouted_records: Counter,
    /// Canaries that were sent through `redact`.
    pub canaries_sent: Counter,
    /// Kinds of values, per output, that survived the last flight of canaries.
    pub canary_failures: Counter,
    /// Kinds of values, per output, of which no canary of the last flight came to the output.
    pub canaries_untested: Counter,
    /// How often the configuration was read anew.
    pub reloads: Counter,
    /// 1 once everything runs.
    pub started: Counter,
    workers: Mutex<Vec<Arc<Pulse>>>,
}

macro_rules! registry {
    ($add:ident, $all:ident, $type:ident) => {
        #[doc = concat!("Adds a `", stringify!($type), "`.")]
        pub fn $add(&self, name: &str) -> Arc<$type> {
            let counters = Arc::new($type::new(name));
            self.$all.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&counters));
            counters
        }

        #[doc = concat!("All `", stringify!($type), "` in configuration order.")]
        pub fn $all(&self) -> Vec<Arc<$type>> {
            self.$all.lock().unwrap_or_else(PoisonError::into_inner).clone()
        }
    };
}

impl Metrics {
    /// Adds the pulse of a worker.
    pub fn add_worker(&self) -> Arc<Pulse> {
        let pulse = Arc::new(Pulse::default());
        self.workers.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&pulse));
        pulse
    }

    /// For how long the worker works on one piece that has worked on one the longest.
    pub fn longest_step(&self) -> Duration {
        let workers = self.workers.lock().unwrap_or_else(PoisonError::into_inner);
        workers.iter().filter_map(|pulse| pulse.step()).max().unwrap_or_default()
    }

    registry!(add_input, inputs, InputMetrics);
    registry!(add_filter, filters, FilterMetrics);
    registry!(add_output, outputs, OutputMetrics);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_counted_apart_until_they_are_too_many() {
        let counts = ByReason::default();
        for n in 0..100 {
            counts.add(&format!("r{n:02}"), 1);
        }
        counts.add("r00", 5);
        counts.add("no \"name\"", 1);

        let each = counts.each();

        assert_eq!(each.len(), ByReason::MOST + 1);
        assert_eq!(each[0], ("other".to_owned(), 69));
        assert_eq!(each[1], ("r00".to_owned(), 6));
    }
}
