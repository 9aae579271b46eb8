//! One run: an agent with a real configuration reads lines and ships them to a server that a fault strikes.

use std::fs;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::Value;

use crate::catalogue::{Ends, Fault};
use crate::oracle::{self, Counters};
use crate::plan::{Interruption, Plan, is_odd};
use crate::server::Server;
use crate::support::{Agent, Workplace, eventually};

/// How long everything may take to be settled.
const SETTLED: Duration = Duration::from_secs(60);
/// Ports of server and agent, on an address that no other run has.
const SERVER: u16 = 9200;
const AGENT: u16 = 2020;

/// What a run came to.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) lines: u64,
    pub(crate) delivered: u64,
    pub(crate) letters: u64,
    pub(crate) dropped: u64,
    pub(crate) strikes: u64,
    pub(crate) interruptions: u64,
}

/// Runs `fault` with this seed and holds the outcome against what was issued. Panics where it does not come to an end.
///
/// # Errors
/// What differs, and how it came to that.
pub(crate) fn run(fault: &Fault, seed: u64) -> Result<Tally, String> {
    let plan = Plan::new(fault, seed);
    let address = own_address();
    let server = Server::start(*fault, &plan, SocketAddr::new(address.into(), SERVER));
    let workplace = Workplace::new();
    configure(&workplace, fault, &plan, address.into());
    if let Some(ca) = server.ca() {
        workplace.write("ca.pem", ca);
    }
    append(&workplace, &plan, 0..plan.lines / 2);
    let mut agent = workplace.start("vigie.conf");
    append(&workplace, &plan, plan.lines / 2..plan.lines);

    agent = interrupt(agent, &workplace, &server, &plan);
    // Before it serves, a signal may end it as it ends any program.
    wait(&mut agent, "the agent has started", || counters(address).is_some());
    let unplaced = if fault.ends == Ends::Dropped { odd(plan.lines) } else { 0 };
    wait(&mut agent, "all lines are settled", || {
        let stored = server.state().store.lines() as u64;
        let known = || counters(address).map_or(0, |counters| counters.settled());
        // Where the agent takes something for settled that is not, the oracle says what.
        stored + oracle::letters(&letters(&workplace)).len() as u64 + unplaced >= plan.lines || known() >= plan.lines
    });
    let counters = (plan.interruption == Interruption::Nothing).then(|| {
        let mut last = Counters::default();
        wait(&mut agent, "the agent knows that all is settled", || {
            last = counters(address).unwrap_or_default();
            last.settled() >= plan.lines
        });
        last
    });
    let said = agent.said();
    let status = agent.terminate();

    let state = server.state();
    let outcome = oracle::Outcome { fault, plan: &plan, state: &state, letters: letters(&workplace), counters };
    let ended = || if status.success() { Ok(()) } else { Err(format!("the agent ended with {status}")) };
    let checked = outcome.check().and_then(|()| ended());
    checked.map_err(|flaw| format!("{flaw}\n{plan:?}\n{:?}\n{}", state.told, last_of(&said)))?;
    Ok(outcome.tally())
}

/// How many of so many lines are odd.
pub(crate) fn odd(lines: u64) -> u64 {
    (0..lines).filter(|number| is_odd(*number)).count() as u64
}

/// An address of loopback for one run, whose ports are its own.
fn own_address() -> Ipv4Addr {
    static RUNS: AtomicU32 = AtomicU32::new(0);
    let process = u8::try_from(64 + std::process::id() % 64).expect("below 128");
    let [_, _, high, low] = (RUNS.fetch_add(1, Ordering::SeqCst) + 256).to_be_bytes();
    Ipv4Addr::new(127, process, high, low)
}

fn configure(workplace: &Workplace, fault: &Fault, plan: &Plan, address: IpAddr) {
    let place = if fault.ends == Ends::Dropped { "" } else { "    storage.path @HERE@/state\n" };
    let service = format!(
        "[SERVICE]\n    Flush 0.05\n    Grace 5\n    Workers 1\n    HTTP_Server On\n    HTTP_Listen {address}\n    HTTP_Port {AGENT}\n    \
         scheduler.base 0.02\n    scheduler.cap 0.1\n{place}"
    );
    let kind = if plan.is_spooled { "    storage.type filesystem\n" } else { "" };
    let input =
        "[INPUT]\n    Name tail\n    Tag app\n    Path @HERE@/app.log\n    DB @HERE@/app.db\n    Read_from_Head On\n";
    let mut output = format!(
        "[OUTPUT]\n    Name opensearch\n    Alias store\n    Match *\n    Host {address}\n    Port {SERVER}\n    Index {}\n    \
         Bulk_Size {}k\n    Max_In_Flight {}\n    net.proxy_env_ignore On\n",
        crate::store::TARGET,
        plan.bulk_size,
        plan.max_in_flight
    );
    if fault.is_tls() {
        output += "    tls.ca_file @HERE@/ca.pem\n";
    }
    if !fault.more.contains("Response_Timeout") {
        output += "    Response_Timeout 20\n";
    }
    if plan.is_compressed && !fault.more.contains("Compress") {
        output += "    Compress gzip\n";
    }
    workplace.write("vigie.conf", &format!("{service}\n{input}{kind}\n{output}    {}\n", fault.more));
}

fn append(workplace: &Workplace, plan: &Plan, numbers: std::ops::Range<u64>) {
    let lines: String = numbers.map(|number| plan.line(number) + "\n").collect();
    workplace.append("app.log", &lines);
}

/// Kills or stops the agent when as much is stored as the plan says, and starts it again.
fn interrupt(mut agent: Agent, workplace: &Workplace, server: &Server, plan: &Plan) -> Agent {
    let (Interruption::Kill(percent) | Interruption::Stop(percent)) = plan.interruption else { return agent };
    let due = plan.lines * percent / 100;
    // Refused lines are none of the stored, so requests count too.
    wait(&mut agent, "the time of the interruption", || {
        let state = server.state();
        let most = 2 * plan.lines / plan.bulk_size;
        state.store.lines() as u64 >= due.min(plan.lines / 2) || state.told.requests > most
    });
    match plan.interruption {
        Interruption::Kill(_) => agent.kill(),
        // With a fault at work it may have to leave something undone, which its exit code may say.
        _ => drop(agent.terminate()),
    }
    workplace.start("vigie.conf")
}

fn wait(agent: &mut Agent, what: &str, mut holds: impl FnMut() -> bool) {
    let said = |agent: &Agent| last_of(&agent.said());
    let begun = std::time::Instant::now();
    eventually(SETTLED + Duration::from_secs(5), what, || {
        agent.assert_running();
        assert!(begun.elapsed() < SETTLED, "not yet: {what}\n{}", said(agent));
        holds().then_some(())
    });
}

/// The end of a log.
fn last_of(said: &str) -> String {
    let lines: Vec<&str> = said.lines().collect();
    lines[lines.len().saturating_sub(25)..].join("\n")
}

/// The lines of the file of dead letters.
fn letters(workplace: &Workplace) -> Vec<Value> {
    let text = fs::read_to_string(workplace.path("state/dlq/store.ndjson")).unwrap_or_default();
    // The last one may be in the middle of being written.
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// What the agent counts.
fn counters(address: Ipv4Addr) -> Option<Counters> {
    let mut connection = TcpStream::connect((address, AGENT)).ok()?;
    connection
        .write_all(b"GET /api/v2/metrics/prometheus HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .ok()?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer).ok()?;
    Some(Counters::read(&answer))
}

impl Tally {
    /// Adds those of another run.
    pub(crate) fn add(&mut self, other: Self) {
        self.lines += other.lines;
        self.delivered += other.delivered;
        self.letters += other.letters;
        self.dropped += other.dropped;
        self.strikes += other.strikes;
        self.interruptions += other.interruptions;
    }
}
