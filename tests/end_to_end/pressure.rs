//! A node that takes little at once gets as much as it can take, and hardly anything that it refuses.
//!
//! The node has a write queue of one and 64 kb for what is being indexed. Small by default: all lines arrive, and few are
//! refused. `make proof` sets `VIGIE_PRESSURE_SECONDS`; then what is delivered is also held against the best of a sweep over
//! fixed sizes and numbers of requests, each for so many seconds.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use reqwest::{Certificate, Client};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::support::{Node, Store, Workplace, eventually};

/// Documents refused among those sent, in hundredths.
const MOST_REFUSED: u64 = 5;
/// Goodput of the best fixed setting that must be reached, in hundredths.
const LEAST_GOODPUT: f64 = 80.0;
/// What is sent at once, tried one after the other: kilobytes of a body and number of requests.
const SWEEP: [(usize, usize); 9] = [(8, 1), (8, 2), (8, 4), (16, 1), (16, 2), (16, 3), (28, 1), (28, 2), (56, 1)];
const SETTINGS: [&str; 3] =
    ["thread_pool.write.size: 1", "thread_pool.write.queue_size: 1", "indexing_pressure.memory.limit: 64kb"];

#[test]
fn a_node_under_pressure_gets_what_it_can_take() {
    let node = Node::start_with(&SETTINGS);
    let store = Store::of(&node);
    for index in ["fixed", "adaptive"] {
        store.create_index(index, &json!({"@timestamp": {"type": "date"}}));
    }
    match std::env::var("VIGIE_PRESSURE_SECONDS") {
        Err(_) => {
            let told = ship(&node, 20_000, |told| told.delivered >= 20_000);
            assert_eq!(store.count("adaptive"), 20_000);
            assert_few_refused(&told);
        }
        Ok(seconds) => {
            let (part, report) = in_full(&node, Duration::from_secs(seconds.parse().expect("a number of seconds")));
            println!("{report}");
            assert!(part >= LEAST_GOODPUT, "{part:.0} % of the best fixed setting");
        }
    }
}

/// Holds the agent against the best fixed setting. The best of a sweep was also lucky, so it is measured again, before and
/// after the agent. Gives the hundredths that were reached, and a report.
fn in_full(node: &Node, seconds: Duration) -> (f64, String) {
    let fixed = Fixed::new(node);
    // The first to come warms the node up.
    fixed.goodput((16, 1), seconds * 2);
    let swept = SWEEP.map(|setting| (fixed.goodput(setting, seconds), setting));
    let (_, best) = swept.into_iter().max_by(|one, other| one.0.total_cmp(&other.0)).expect("some were tried");
    let before = fixed.goodput(best, seconds * 2);
    let from = Instant::now();
    let mut warm: Option<(Instant, u64)> = None;
    let mut goodput = 0.0;
    let told = ship(node, 1_000_000, |told| {
        // It has to find out first what the node takes.
        if from.elapsed() < seconds * 2 {
            return false;
        }
        let (since, delivered) = *warm.get_or_insert((Instant::now(), told.delivered));
        goodput = per_second(told.delivered - delivered, since.elapsed());
        since.elapsed() >= seconds * 4
    });
    let after = fixed.goodput(best, seconds * 2);
    let part = 200.0 * goodput / (before + after);
    assert_few_refused(&told);
    let tried = swept.map(|(goodput, setting)| format!("fixed {setting:?}: {goodput:.0} documents/s\n")).concat();
    let result = format!(
        "pressure: {goodput:.0} documents/s, {part:.0} % of {before:.0} and {after:.0} with {best:?}, {told:?}"
    );
    (part, tried + &result)
}

fn assert_few_refused(told: &Told) {
    let refused = 100 * told.retried / (told.delivered + told.retried);
    assert!(refused < MOST_REFUSED, "{refused} % were refused: {told:?}");
}

fn per_second(count: u64, time: Duration) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from) / time.as_secs_f64().max(0.001)
}

fn line(number: u64) -> String {
    format!("line {number} {}", "of a log that says this and that about what a program did and when ".repeat(3))
}

/// What the agent tells of its output.
#[derive(Debug)]
struct Told {
    delivered: u64,
    retried: u64,
}

/// Ships lines until `is_enough`, and gives what the agent told last.
fn ship(node: &Node, lines: u64, mut is_enough: impl FnMut(&Told) -> bool) -> Told {
    let workplace = Workplace::new();
    let text: String = (0..lines).map(|number| line(number) + "\n").collect();
    workplace.append("app.log", &text);
    let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
    let mut output = node.output("app", "adaptive");
    output.more.push("Max_In_Flight 8");
    let service = format!("[SERVICE]\n    Flush 0.2\n    Grace 1\n    HTTP_Server On\n    HTTP_Port {port}\n");
    let input = "[INPUT]\n    Name tail\n    Tag app\n    Path @HERE@/app.log\n    Read_from_Head On\n";
    workplace.write("vigie.conf", &format!("{service}\n{input}{output}"));
    let mut agent = workplace.start("vigie.conf");
    eventually(Duration::from_secs(600), "enough documents", || {
        agent.assert_running();
        told(port).filter(|told| is_enough(told))
    })
}

/// Asks the agent, with as little work as possible: both share the processors with the node.
fn told(port: u16) -> Option<Told> {
    let mut connection = TcpStream::connect(("127.0.0.1", port)).ok()?;
    connection.write_all(b"GET /api/v1/metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").ok()?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer).ok()?;
    let answer: Value = serde_json::from_str(answer.split_once("\r\n\r\n")?.1).ok()?;
    let output = &answer["output"]["opensearch.0"];
    let number = |name: &str| output[name].as_u64();
    Some(Told { delivered: number("proc_records")?, retried: number("retried_records")? })
}

/// A sender that keeps to one setting and sends what was refused again.
struct Fixed {
    runtime: Runtime,
    client: Client,
    node: Node,
}

impl Fixed {
    fn new(node: &Node) -> Self {
        let pem = std::fs::read(&node.ca).expect("the CA of the node can be read");
        let ca = Certificate::from_pem(&pem).expect("the CA of the node is a certificate");
        let client = Client::builder().tls_certs_only([ca]).no_proxy().build().expect("a client can be built");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        Self { runtime, client, node: node.clone() }
    }

    /// Documents stored in a second.
    fn goodput(&self, (kilobytes, at_once): (usize, usize), time: Duration) -> f64 {
        let (stored, next) = (AtomicU64::new(0), AtomicU64::new(0));
        let deadline = Instant::now() + time;
        let send = async || {
            while Instant::now() < deadline {
                let body = body(kilobytes << 10, &next);
                stored.fetch_add(self.post(body).await, Ordering::Relaxed);
            }
        };
        self.runtime.block_on(async {
            match at_once {
                1 => send().await,
                2 => drop(tokio::join!(send(), send())),
                3 => drop(tokio::join!(send(), send(), send())),
                _ => drop(tokio::join!(send(), send(), send(), send())),
            }
        });
        per_second(stored.load(Ordering::Relaxed), time)
    }

    /// Sends one body and gives how many of its documents were stored.
    async fn post(&self, body: String) -> u64 {
        let url = format!("https://127.0.0.1:{}/_bulk?filter_path=items.*.status", self.node.port);
        let post = self.client.post(url).header("content-type", "application/x-ndjson").body(body);
        let answer = post.basic_auth(&self.node.user, Some(&self.node.password)).send().await.expect("an answer");
        let tree: Value = serde_json::from_slice(&answer.bytes().await.expect("all of it")).unwrap_or_default();
        let items = tree["items"].as_array().map_or(&[][..], Vec::as_slice);
        let stored = items.iter().filter(|item| item["create"]["status"] == 201).count() as u64;
        if stored == 0 {
            // It is busy; somebody with a fixed setting waits a little, too.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        stored
    }
}

fn body(bytes: usize, next: &AtomicU64) -> String {
    static RUN: AtomicU64 = AtomicU64::new(0);
    let run = RUN.fetch_add(1, Ordering::Relaxed);
    let mut body = String::with_capacity(bytes + 1024);
    while body.len() < bytes {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let document = json!({"@timestamp": "2023-11-14T22:13:20.460Z", "log": line(number)});
        body.push_str(&format!("{{\"create\":{{\"_index\":\"fixed\",\"_id\":\"{run}-{number}\"}}}}\n{document}\n"));
    }
    body
}
