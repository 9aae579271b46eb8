//! Several hosts that do the same work: spreads requests over them and leaves out those that fail.
//!
//! A host that fails is left out for a time that doubles with each further failure; then one request tries it, while the others
//! are spared. Where every host is left out, the one whose time is over next is tried all the same: waiting is not decided here.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::http::HttpClient;

/// The hosts of one output.
#[derive(Debug)]
pub struct Hosts {
    hosts: Vec<Host>,
    turn: AtomicUsize,
}

#[derive(Debug)]
struct Host {
    client: HttpClient,
    breaker: Mutex<Breaker>,
    in_flight: AtomicUsize,
}

/// A host chosen for one request.
#[derive(Debug)]
pub struct Chosen<'a> {
    host: &'a Host,
    /// Its number among the hosts.
    pub number: usize,
    /// Whether this request tries a host that is left out.
    tries: bool,
}

/// How a host behaved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conduct {
    /// It answered.
    Answered,
    /// It broke off, gave no answer, or said that it cannot work.
    Failed,
    /// There was no connection to it.
    Absent,
}

/// What changed about a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Nothing.
    Nothing,
    /// It is left out from now on.
    LeftOut,
    /// It is back.
    Back,
}

impl Hosts {
    /// These hosts; at least one.
    pub fn new(clients: Vec<HttpClient>) -> Self {
        let host = |client| Host { client, breaker: Mutex::default(), in_flight: AtomicUsize::new(0) };
        Self { hosts: clients.into_iter().map(host).collect(), turn: AtomicUsize::new(0) }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.hosts.len()
    }

    /// How many are left out.
    pub fn left_out(&self) -> usize {
        self.hosts.iter().filter(|host| host.breaker().until.is_some()).count()
    }

    /// A host for the next request at `now`, beside those `tried` for it: one that is due to be tried, else the one with the
    /// fewest requests, else, if none was tried yet, the one that is due next.
    pub fn choose(&self, tried: &[usize], now: Instant) -> Option<Chosen<'_>> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let numbers =
            || (0..self.hosts.len()).map(|at| (at + turn) % self.hosts.len()).filter(|at| !tried.contains(at));
        let chosen = |number: usize, tries: bool| {
            let host = &self.hosts[number];
            host.in_flight.fetch_add(1, Ordering::Relaxed);
            Chosen { host, number, tries }
        };
        if let Some(due) = numbers().find(|at| self.hosts[*at].breaker().tries(now)) {
            return Some(chosen(due, true));
        }
        let load = |at: &usize| self.hosts[*at].in_flight.load(Ordering::Relaxed);
        let sound = numbers().filter(|at| self.hosts[*at].breaker().until.is_none()).min_by_key(load);
        if sound.is_some() || !tried.is_empty() {
            return sound.map(|number| chosen(number, false));
        }
        numbers().min_by_key(|at| self.hosts[*at].breaker().until).map(|number| chosen(number, false))
    }
}

impl Chosen<'_> {
    /// Its client.
    pub fn client(&self) -> &HttpClient {
        &self.host.client
    }

    /// Takes in how it behaved.
    pub fn behaved(&self, conduct: Conduct, now: Instant) -> Change {
        if conduct != Conduct::Answered {
            // Its name may stand for another address by now.
            self.host.client.renew();
        }
        self.host.breaker().behaved(conduct, now)
    }
}

impl Drop for Chosen<'_> {
    fn drop(&mut self) {
        self.host.in_flight.fetch_sub(1, Ordering::Relaxed);
        if self.tries {
            self.host.breaker().trying = false;
        }
    }
}

impl Host {
    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Failures in a row from which on a host is left out. One without a connection is at once.
const PATIENCE: u32 = 3;
/// First and last time that it is left out; up to half as long again.
const LEFT_OUT: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// Whether one host is left out. Pure.
#[derive(Debug, Default)]
struct Breaker {
    failures: u32,
    /// Until when it is left out; after that it may be tried.
    until: Option<Instant>,
    /// How often it was left out since it last answered.
    times: u32,
    /// A request tries it.
    trying: bool,
    seed: RandomState,
}

impl Breaker {
    /// Whether a request is to try it at `now`; it then is tried.
    fn tries(&mut self, now: Instant) -> bool {
        let is_due = !self.trying && self.until.is_some_and(|until| until <= now);
        self.trying |= is_due;
        is_due
    }

    fn behaved(&mut self, conduct: Conduct, now: Instant) -> Change {
        let was_out = self.until.is_some();
        if conduct == Conduct::Answered {
            (self.failures, self.times, self.until) = (0, 0, None);
            return if was_out { Change::Back } else { Change::Nothing };
        }
        self.failures += 1;
        if !was_out && conduct == Conduct::Failed && self.failures < PATIENCE {
            return Change::Nothing;
        }
        // Of several requests that fail together, only the first says something new.
        if self.until.is_none_or(|until| until <= now) {
            let time = LEFT_OUT.0.saturating_mul(1 << self.times.min(10)).min(LEFT_OUT.1);
            let draw = u32::try_from(self.seed.hash_one(self.failures) >> 32).expect("32 bits are left");
            self.until = now.checked_add(time + time.mul_f64(f64::from(draw) / f64::from(u32::MAX) / 2.0));
            self.times += 1;
        }
        if was_out { Change::Nothing } else { Change::LeftOut }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{NetOptions, Target};
    use super::*;
    use crate::config::{Diagnostics, Options, Place, Section, SectionKind};

    fn hosts(count: u16) -> Hosts {
        let section = Section::new(SectionKind::Output, Place::default());
        let net = NetOptions::read(&section, &mut Diagnostics::default()).expect("defaults");
        let target = |port| Target { host: "127.0.0.1".into(), port, tls: false, vhost: None };
        let client = |port| HttpClient::new(target(port), &net, None, Duration::from_secs(1)).expect("a client");
        Hosts::new((1..=count).map(client).collect())
    }

    fn number(hosts: &Hosts, tried: &[usize], now: Instant) -> Option<usize> {
        hosts.choose(tried, now).map(|chosen| chosen.number)
    }

    fn conduct(hosts: &Hosts, wanted: usize, conduct: Conduct, now: Instant) -> Change {
        let others: Vec<usize> = (0..hosts.count()).filter(|at| *at != wanted).collect();
        let chosen = hosts.choose(&others, now).expect("it is there");
        assert_eq!(chosen.number, wanted);
        chosen.behaved(conduct, now)
    }

    #[test]
    fn requests_go_where_the_fewest_are() {
        let (hosts, now) = (hosts(3), Instant::now());
        let chosen: Vec<Chosen<'_>> = (0..6).map(|_| hosts.choose(&[], now).expect("all are sound")).collect();

        let mut numbers: Vec<usize> = chosen.iter().map(|chosen| chosen.number).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, [0, 0, 1, 1, 2, 2]);
        let free = chosen.into_iter().find(|chosen| chosen.number == 1).expect("two of them");
        drop(free);
        // All have gone with the iterator.
        assert!(hosts.hosts.iter().all(|host| host.in_flight.load(Ordering::Relaxed) == 0));
    }

    #[test]
    fn a_host_without_a_connection_is_left_out_at_once_and_tried_by_one_request_later() {
        let (hosts, now) = (hosts(2), Instant::now());

        assert_eq!(conduct(&hosts, 0, Conduct::Absent, now), Change::LeftOut);

        assert!((0..10).all(|_| number(&hosts, &[], now) == Some(1)));
        assert_eq!(number(&hosts, &[1], now), None, "no other is worth a try for the same request");
        let later = now + LEFT_OUT.0 * 2;
        let first = hosts.choose(&[], later).expect("it is due");
        assert_eq!(first.number, 0);
        assert_eq!(number(&hosts, &[], later), Some(1), "one tries it");
        assert_eq!(first.behaved(Conduct::Answered, later), Change::Back);
        drop(first);
        assert_eq!(hosts.left_out(), 0);
    }

    #[test]
    fn a_few_failures_are_borne_and_each_further_time_left_out_is_longer() {
        let (hosts, mut now) = (hosts(2), Instant::now());
        let changes: Vec<Change> = (0..3).map(|_| conduct(&hosts, 1, Conduct::Failed, now)).collect();
        assert_eq!(changes, [Change::Nothing, Change::Nothing, Change::LeftOut]);
        let mut times = Vec::new();
        for _ in 0..10 {
            let until = hosts.hosts[1].breaker().until.expect("it is left out");
            times.push(until - now);
            now = until;
            let chosen = hosts.choose(&[], now).expect("it is due");
            assert_eq!((chosen.number, chosen.behaved(Conduct::Failed, now)), (1, Change::Nothing));
        }

        assert!(times[0] >= LEFT_OUT.0 && times[0] <= LEFT_OUT.0 * 3 / 2, "{times:?}");
        assert!(times[9] >= LEFT_OUT.1 && times[9] <= LEFT_OUT.1 * 3 / 2, "{times:?}");
    }

    #[test]
    fn where_all_are_left_out_the_one_that_is_due_next_is_tried() {
        let (hosts, now) = (hosts(2), Instant::now());
        conduct(&hosts, 1, Conduct::Absent, now);
        conduct(&hosts, 0, Conduct::Absent, now + LEFT_OUT.0);

        assert_eq!(number(&hosts, &[], now + LEFT_OUT.0 / 2), Some(1));
    }
}
