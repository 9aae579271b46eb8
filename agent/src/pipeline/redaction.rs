//! Receipts of redaction: per hour, and at the stop, a signed entry in a chain that says what was found and what was done.
//!
//! Counts by entity and action, records and bytes read, digests of configuration and rules; never a value, nor a hash of one.
//! They lie in the state directory: `redact-receipts.chain`, the key that signs them beside it, and its public half, which
//! `vigie receipts verify` asks for.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::json;
use tracing::{error, info, warn};

use super::build::{BuiltFilter, BuiltOutput};
use super::canary::every;
use super::receipt_files::ReceiptFiles;
use super::worker::Shared;
use crate::metrics::Metrics;
use crate::plugin::{Clock, wall_clock};
use crate::privacy::Redactor;
use crate::proof::{Draft, Ledger};
use crate::spool::{Hide, letter_time};

/// Time that a receipt is for.
const PERIOD: Duration = Duration::from_secs(3600);

/// Counts so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Totals {
    found: BTreeMap<(String, &'static str), u64>,
    hidden: u64,
    records: u64,
    bytes: u64,
}

impl Totals {
    fn of(metrics: &Metrics) -> Self {
        let mut totals = Self::default();
        for filter in metrics.filters() {
            totals.hidden += filter.hidden_values.get();
            for (entity, action, count) in filter.redacted.each() {
                *totals.found.entry((entity, action)).or_default() += count;
            }
        }
        for input in metrics.inputs() {
            totals.records += input.records.get();
            totals.bytes += input.bytes.get();
        }
        totals
    }
}

/// What is written for the names of sources, which may be paths that name a person; nothing else than they are where no filter
/// redacts.
pub(super) fn hide(filters: &[BuiltFilter], outputs: &[BuiltOutput]) -> Option<Hide> {
    let processors = outputs.iter().flat_map(|output| &output.processors);
    if !filters.iter().chain(processors).any(|filter| filter.redacts()) {
        return None;
    }
    let redactor = Mutex::new(Redactor::for_messages());
    Some(Hide::new(move |name| redactor.lock().unwrap_or_else(PoisonError::into_inner).message(name)))
}

struct Book {
    ledger: Ledger,
    last: Totals,
    since: String,
}

/// The receipts of a running agent.
pub(super) struct Receipts {
    book: Mutex<Book>,
    metrics: Arc<Metrics>,
    configuration: String,
    rules: Vec<String>,
    clock: Clock,
    /// Looks through what was in the chain at the start.
    check: Mutex<Option<JoinHandle<()>>>,
}

impl Receipts {
    /// Opens the chain in `directory`, or begins one. `None` when no filter redacts.
    ///
    /// # Errors
    /// Why it cannot be used.
    fn open(directory: &Path, shared: &Shared, configuration: String) -> Result<Option<Self>, String> {
        let rules: Vec<String> = shared.redacting().filter_map(|filter| (filter.factory)().rules()).collect();
        if rules.is_empty() {
            return Ok(None);
        }
        let files = ReceiptFiles::new(directory);
        let (ledger, check) = files.open()?;
        let clock: Clock = wall_clock;
        let book = Mutex::new(Book { ledger, last: Totals::default(), since: now(clock) });
        let (metrics, check) = (Arc::clone(&shared.metrics), Mutex::new(check));
        Ok(Some(Self { book, metrics, configuration, rules, clock, check }))
    }

    /// Appends what was done since the last receipt.
    pub(super) fn write(&self) {
        // At a stop right behind the start its warning is not lost.
        let check = self.check.lock().unwrap_or_else(PoisonError::into_inner).take();
        if check.is_some_and(|check| check.join().is_err()) {
            error!(component = "redact", "the receipts of before the start could not be looked through to their end");
        }
        let totals = Totals::of(&self.metrics);
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        let (from, to) = (book.since.clone(), now(self.clock));
        let found: Vec<_> = totals
            .found
            .iter()
            .map(|((entity, action), count)| {
                let before = book.last.found.get(&(entity.clone(), *action)).copied().unwrap_or_default();
                json!({"entity": entity, "action": action, "count": count - before})
            })
            .filter(|each| each["count"] != 0)
            .collect();
        let body = json!({
            "from": from,
            "found": found,
            "hidden_for_want_of_a_key": totals.hidden - book.last.hidden,
            "records": totals.records - book.last.records,
            "bytes": totals.bytes - book.last.bytes,
            "canary_failures": self.metrics.canary_failures.get(),
            "canaries_untested": self.metrics.canaries_untested.get(),
            "configuration_sha256": self.configuration,
            "rules_sha256": self.rules,
        });
        match book.ledger.append(Draft { at: to.clone(), kind: "redact.receipt".into(), body }) {
            Ok(_) => (book.last, book.since) = (totals, to),
            Err(error) => {
                error!(component = "redact", %error, "a receipt cannot be written; the next one covers its time too")
            }
        }
    }
}

fn now(clock: Clock) -> String {
    let seconds = u64::try_from(clock().seconds).unwrap_or_default();
    letter_time(std::time::UNIX_EPOCH + Duration::from_secs(seconds))
}

/// Writes receipts in `directory` every hour. `None` when there is nothing to write of, or nowhere.
pub(super) fn start(
    directory: Option<&Path>,
    shared: &Shared,
    configuration: String,
    runtime: &tokio::runtime::Runtime,
) -> Option<Arc<Receipts>> {
    let Some(directory) = directory else {
        if shared.redacting().next().is_some() {
            info!(component = "redact", "there are no receipts of what is redacted, since `storage.path` is not set");
        }
        return None;
    };
    let opened = Receipts::open(directory, shared, configuration);
    let receipts = match opened {
        Ok(receipts) => Arc::new(receipts?),
        Err(error) => {
            warn!(component = "redact", error, "there will be no receipts of what is redacted");
            return None;
        }
    };
    every(PERIOD, &receipts, runtime, Receipts::write);
    Some(receipts)
}
