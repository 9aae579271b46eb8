//! The store is out while logs go on, and comes back: how long until the backlog is worked off.
//!
//! `VIGIE_OUTAGE_SECONDS` and `VIGIE_OUTAGE_RATE` (lines per second) scale it: two hours at 5,000 are 36 million lines; two
//! minutes are a 60th of that, and the rate of catching up is the same.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use vigie_benches::corpus::{Corpus, Kind, Live, write_live};

use crate::figure;
use crate::stand::Stand;

/// How many seconds of backlog a second of catching up must be worth.
const LEAST_SPEED: f64 = 5.0;
/// Before and after the outage.
const MARGIN: Duration = Duration::from_secs(2);
/// The longest that catching up may take.
const PATIENCE: Duration = Duration::from_mins(10);

#[test]
fn an_outage_is_caught_up_with_and_nothing_is_lost_or_doubled() {
    let (seconds, rate) = (figure("VIGIE_OUTAGE_SECONDS", 4), figure("VIGIE_OUTAGE_RATE", 1_000));
    let stand = Stand::start(true);
    let (stop, written) = (AtomicBool::new(false), AtomicU64::new(0));
    let (backlog, took) = thread::scope(|scope| {
        scope.spawn(|| write(&stand, rate, (&stop, &written)));
        thread::sleep(MARGIN);
        stand.sink.set_out(true);
        thread::sleep(Duration::from_secs(seconds));
        stand.sink.set_out(false);
        let began = Instant::now();
        let behind = || written.load(Ordering::SeqCst).saturating_sub(stand.sink.report().documents);
        let backlog = behind();
        // The lines of the last second are those that are on their way at any time.
        while behind() > rate && began.elapsed() < PATIENCE {
            thread::sleep(Duration::from_millis(20));
        }
        let took = began.elapsed();
        thread::sleep(MARGIN);
        stop.store(true, Ordering::SeqCst);
        (backlog, took)
    });

    let lines = written.into_inner();
    stand.wait_for(lines);
    stand.assert_exact(lines);
    // A machine with much to do writes the last lines late.
    assert!(backlog >= seconds * rate * 9 / 10, "the store was not out: {backlog} lines behind");
    let speed = seconds as f64 / took.as_secs_f64();
    assert!(speed >= LEAST_SPEED, "{speed:.1} times real time\n{}", stand.said());
    println!(
        "outage: {seconds} s at {rate} lines/s while the store was out: {backlog} lines behind, caught up in {:.1} s \
         while as many came ({speed:.1} times real time), highest RSS {:.1} MB; {lines} lines: 0 lost, 0 doubled",
        took.as_secs_f64(),
        stand.resident().1,
    );
}

/// Writes tenth by tenth of a second until it is told to stop, and renames the file every 20 seconds.
fn write(stand: &Stand, rate: u64, (stop, written): (&AtomicBool, &AtomicU64)) {
    let mut corpus = Corpus::new(Kind::Json, 1, 0);
    let now = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("it is later than 1970");
    let more = rate / 10;
    let mut due = Instant::now();
    while !stop.load(Ordering::SeqCst) {
        let live = Live {
            path: stand.log(),
            rate: u64::MAX,
            duration: Duration::from_secs(1),
            lines: Some(corpus.totals().lines + more),
            rotate_lines: None,
            keep: None,
            stamped: false,
        };
        write_live(&mut corpus, &live, &now).expect("the log can be written");
        written.store(corpus.totals().lines, Ordering::SeqCst);
        if corpus.totals().lines.is_multiple_of(rate * 20) {
            let aside = stand.log().with_extension(format!("log.{}", corpus.totals().lines));
            std::fs::rename(stand.log(), aside).expect("renamed");
        }
        due += Duration::from_millis(100);
        thread::sleep(due.saturating_duration_since(Instant::now()));
    }
}
