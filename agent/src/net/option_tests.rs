//! What each option of a connection changes.

use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::net::{SocketAddrAny, getpeername, sockopt};
use rustix::process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};

use super::stub::{Canned, Stub};
use super::tests::{Entries, read};
use super::*;

/// An answer that never comes would be waited for this long.
const NEVER: Duration = Duration::from_secs(600);

fn client(port: u16, entries: Entries<'_>) -> HttpClient {
    let tls: TlsOptions = read(entries);
    let target = Target { host: "127.0.0.1".into(), port, tls: tls.tls, vhost: None };
    let config = tls.tls.then(|| TlsFiles::open(&tls).expect("a configuration").config());
    HttpClient::new(target, &read(entries), config, NEVER).expect("a client")
}

async fn post(client: &HttpClient) -> Result<(), String> {
    match client.post("/").body("x").send().await {
        Ok(response) => response.bytes().await.map(drop).map_err(|error| client.explain(&error)),
        Err(error) => Err(client.explain(&error)),
    }
}

#[tokio::test]
async fn keepalive_and_its_time_decide_whether_a_connection_is_used_again() {
    let cases: [(Entries<'_>, usize); 3] =
        [(&[], 1), (&[("net.keepalive", "off")], 2), (&[("net.keepalive_idle_timeout", "0.05")], 2)];
    for (entries, connections) in cases {
        let stub = Stub::start(vec![Canned::ok(""); 2]).await;
        let client = client(stub.port, entries);

        post(&client).await.expect("an answer");
        // Longer than the shortest of these times, shorter than any other.
        tokio::time::sleep(Duration::from_millis(300)).await;
        post(&client).await.expect("an answer");

        assert_eq!(stub.connections(), connections, "{entries:?}");
    }
}

/// Without the option each of the two would wait as long as the test may take.
#[tokio::test]
async fn a_server_that_says_nothing_is_waited_for_as_long_as_told() {
    let stub = Stub::start(vec![Canned::Stall]).await;
    // The system takes the connection, and nobody reads from it.
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = nobody.local_addr().expect("it has one").port();
    let silent = client(stub.port, &[("net.io_timeout", "0.1")]);
    let no_tls = client(port, &[("tls", "on"), ("tls.verify", "off"), ("net.connect_timeout", "0.1")]);

    let silent = post(&silent).await.expect_err("nothing comes");
    let no_tls = post(&no_tls).await.expect_err("nothing comes");

    assert!(silent.contains("net.io_timeout"), "{silent}");
    assert!(no_tls.contains("net.connect_timeout"), "{no_tls}");
}

/// The sockets of this process that are connected to `port`.
fn sockets_to(port: u16) -> Vec<OwnedFd> {
    let own = pidfd_open(getpid(), PidfdFlags::empty()).expect("this process is there");
    let numbers = std::fs::read_dir("/proc/self/fd").expect("it is there").filter_map(Result::ok);
    let numbers = numbers.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let copies = numbers.filter_map(|number| pidfd_getfd(&own, number, PidfdGetfdFlags::empty()).ok());
    let is_meant = |socket: &OwnedFd| {
        let peer = getpeername(socket).ok().flatten().map(|peer: SocketAddrAny| SocketAddr::try_from(peer));
        matches!(peer, Some(Ok(peer)) if peer.port() == port)
    };
    copies.filter(is_meant).collect()
}

#[tokio::test]
async fn idle_connections_are_probed_as_told() {
    let probed: Entries<'_> = &[
        ("net.tcp_keepalive", "on"),
        ("net.tcp_keepalive_time", "77"),
        ("net.tcp_keepalive_interval", "7"),
        ("net.tcp_keepalive_probes", "3"),
    ];
    // What Fluent Bit has by default.
    let usual: Entries<'_> = &[
        ("net.tcp_keepalive", "on"),
        ("net.tcp_keepalive_time", "-1"),
        ("net.tcp_keepalive_interval", "-1"),
        ("net.tcp_keepalive_probes", "-1"),
    ];
    let cases = [(probed, Some((77, 7, 3))), (usual, Some((60, 10, 6))), (&[] as Entries<'_>, None)];
    for (entries, expected) in cases {
        let stub = Stub::start(vec![Canned::ok("")]).await;
        let client = client(stub.port, entries);
        post(&client).await.expect("an answer");

        let sockets = sockets_to(stub.port);

        let socket = sockets.first().expect("the connection is kept");
        assert_eq!(sockopt::socket_keepalive(socket), Ok(expected.is_some()));
        if let Some((idle, interval, count)) = expected {
            assert_eq!(sockopt::tcp_keepidle(socket), Ok(Duration::from_secs(idle)));
            assert_eq!(sockopt::tcp_keepintvl(socket), Ok(Duration::from_secs(interval)));
            assert_eq!(sockopt::tcp_keepcnt(socket), Ok(count));
        }
    }
}
