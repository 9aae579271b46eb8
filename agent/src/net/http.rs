//! The HTTP client.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hyper_util::client::proxy::matcher::Matcher;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{HOST, HeaderMap, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Method, RequestBuilder};
use rustls::ClientConfig;

use super::options::NetOptions;
use super::tls::trusting_nobody;

/// Where to connect to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Host name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Whether TLS is talked.
    pub tls: bool,
    /// Name for TLS, in place of the host's.
    pub vhost: Option<String>,
}

impl Target {
    /// Beginning of its URLs, up to the path.
    fn base(&self) -> String {
        let scheme = if self.tls { "https" } else { "http" };
        let host = self.vhost.as_ref().filter(|_| self.tls).unwrap_or(&self.host);
        format!("{scheme}://{}", authority(host, self.port))
    }

    /// Whether its host is a name, not an address.
    fn is_name(&self) -> bool {
        self.host.trim_matches(['[', ']']).parse::<IpAddr>().is_err()
    }

    /// The name that certificates are checked against.
    pub fn certified_name(&self) -> &str {
        self.vhost.as_ref().unwrap_or(&self.host)
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&authority(&self.host, self.port))
    }
}

fn authority(host: &str, port: u16) -> String {
    // An address with colons stands in brackets.
    if host.contains(':') && !host.starts_with('[') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

/// A client for one target. Connections are kept and used again; redirects are not followed.
///
/// The pool below resolves a name only when it makes a connection, and one that is in use lives on for ever. So a client
/// for a name starts with an empty pool now and then, and after a failure: what is under way ends on the old connections,
/// what begins resolves anew.
#[derive(Debug)]
pub struct HttpClient {
    pool: Mutex<Pool>,
    target: Target,
    net: NetOptions,
    tls: ClientConfig,
    answer_timeout: Duration,
    /// Host and port of the proxy of the environment that requests go through.
    proxy: Option<String>,
}

/// A client with the connections that it keeps.
#[derive(Clone, Debug)]
struct Pool {
    client: reqwest::Client,
    since: Instant,
}

/// How long connections to a name are used before it is resolved anew.
const RESOLVE_AFTER: Duration = Duration::from_secs(300);

/// Sends `request`. Gives the status and the body of the answer, and no body where that is longer than `most` bytes.
///
/// # Errors
/// When no answer came, or not all of it.
pub async fn exchange(request: RequestBuilder, most: usize) -> Result<(u16, Option<Vec<u8>>), reqwest::Error> {
    let mut response = request.send().await?;
    let (status, mut body) = (response.status().as_u16(), Vec::new());
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > most {
            return Ok((status, None));
        }
        body.extend_from_slice(&chunk);
    }
    Ok((status, Some(body)))
}

impl HttpClient {
    /// A client that waits at most `answer_timeout` for a whole answer.
    ///
    /// # Errors
    /// When the target is no valid host, or the system refuses.
    pub fn new(
        target: Target,
        net: &NetOptions,
        tls: Option<ClientConfig>,
        answer_timeout: Duration,
    ) -> Result<Self, String> {
        let tls = match tls {
            Some(tls) => tls,
            None => trusting_nobody().map_err(|error| error.to_string())?,
        };
        let client = builder(&target, net, &tls, answer_timeout)?.build().map_err(|error| error.to_string())?;
        reqwest::Url::parse(&target.base())
            .map_err(|error| format!("`{target}` is no valid host and port: {error}"))?;
        let pool = Mutex::new(Pool { client, since: Instant::now() });
        let proxy = if net.proxy_env_ignore { None } else { proxy_to(&target) };
        Ok(Self { pool, target, net: net.clone(), tls, answer_timeout, proxy })
    }

    /// Where it connects to.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Host and port of the proxy that requests go through, if any.
    pub(super) fn proxy(&self) -> Option<&str> {
        self.proxy.as_deref()
    }

    /// Begins a POST to `path`, which begins with `/`.
    pub fn post(&self, path: &str) -> RequestBuilder {
        self.request(Method::POST, path)
    }

    /// Begins a request to `path`, which begins with `/`.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let is_old = self.target.is_name() && self.pool().since.elapsed() >= RESOLVE_AFTER;
        if is_old {
            self.renew();
        }
        let client = self.pool().client.clone();
        client.request(method, format!("{}{path}", self.target.base()))
    }

    /// Lets all connections go that are kept, so that the name is resolved anew.
    pub fn renew(&self) {
        let built = builder(&self.target, &self.net, &self.tls, self.answer_timeout);
        // It could be built before; should it fail now, the old one goes on.
        if let Some(client) = built.ok().and_then(|builder| builder.build().ok()) {
            *self.pool() = Pool { client, since: Instant::now() };
        }
    }

    fn pool(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn builder(
    target: &Target,
    net: &NetOptions,
    tls: &ClientConfig,
    answer_timeout: Duration,
) -> Result<reqwest::ClientBuilder, String> {
    let mut builder = reqwest::Client::builder()
        .tls_backend_preconfigured(tls.clone())
        .http1_only()
        .redirect(Policy::none())
        .referer(false)
        .connect_timeout(net.connect_timeout)
        .timeout(answer_timeout)
        .pool_idle_timeout(net.keepalive_idle_timeout)
        .user_agent(concat!("vigie/", env!("CARGO_PKG_VERSION")))
        .dns_resolver(Arc::new(Resolver::new(target, net)));
    if !net.io_timeout.is_zero() {
        builder = builder.read_timeout(net.io_timeout);
    }
    if !net.keepalive {
        builder = builder.pool_max_idle_per_host(0);
    }
    if net.tcp_keepalive {
        builder = builder
            .tcp_keepalive(net.tcp_keepalive_time.0)
            .tcp_keepalive_interval(net.tcp_keepalive_interval.0)
            .tcp_keepalive_retries(net.tcp_keepalive_probes.0);
    } else {
        // Each of the three switches it on.
        builder = builder.tcp_keepalive(None).tcp_keepalive_interval(None).tcp_keepalive_retries(None);
    }
    if let Some(source) = &net.source_address {
        builder = builder.local_address(source.0);
    }
    if net.proxy_env_ignore {
        builder = builder.no_proxy();
    }
    if target.tls && target.vhost.is_some() {
        builder = builder.default_headers(host_header(target)?);
    }
    Ok(builder)
}

/// The proxy that the environment names for `target`, without its credentials.
fn proxy_to(target: &Target) -> Option<String> {
    let asked = target.base().parse().ok()?;
    let through = Matcher::from_system().intercept(&asked)?;
    let host = through.uri().host()?;
    Some(through.uri().port_u16().map_or_else(|| host.to_owned(), |port| authority(host, port)))
}

fn host_header(target: &Target) -> Result<HeaderMap, String> {
    let value = HeaderValue::from_str(&target.to_string()).map_err(|_| format!("`{target}` is no valid host"))?;
    Ok(HeaderMap::from_iter([(HOST, value)]))
}

/// Resolves names by the system; the name of `tls.vhost` stands for the host.
#[derive(Debug)]
struct Resolver {
    vhost: Option<String>,
    host: String,
    first: Option<fn(&SocketAddr) -> bool>,
}

impl Resolver {
    fn new(target: &Target, net: &NetOptions) -> Self {
        let first: Option<fn(&SocketAddr) -> bool> = match (net.prefer_ipv4, net.prefer_ipv6) {
            (true, _) => Some(SocketAddr::is_ipv4),
            (_, true) => Some(SocketAddr::is_ipv6),
            _ => None,
        };
        Self { vhost: target.vhost.clone(), host: target.host.clone(), first }
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let stands_for_host = self.vhost.as_deref() == Some(name.as_str());
        let host = if stands_for_host { self.host.clone() } else { name.as_str().to_owned() };
        let first = self.first;
        Box::pin(async move {
            // The port is put in place by whoever asks.
            let found: Vec<SocketAddr> = tokio::net::lookup_host((host.as_str(), 0)).await?.collect();
            if found.is_empty() {
                return Err(io::Error::new(io::ErrorKind::NotFound, "the name has no address").into());
            }
            Ok(Box::new(ordered(found, first).into_iter()) as Addrs)
        })
    }
}

/// `found` with the addresses that `first` names before the others.
fn ordered(mut found: Vec<SocketAddr>, first: Option<fn(&SocketAddr) -> bool>) -> Vec<SocketAddr> {
    if let Some(first) = first {
        found.sort_by_key(|address| !first(address));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::tests::read;
    use super::*;

    #[test]
    fn addresses_of_the_wanted_family_are_tried_first() {
        let (four, six): (SocketAddr, SocketAddr) =
            ("127.0.0.1:0".parse().expect("an address"), "[::1]:0".parse().expect("an address"));
        let target = Target { host: "localhost".into(), port: 1, tls: false, vhost: None };
        let order = |entries| ordered(vec![six, four, six], Resolver::new(&target, &read(entries)).first);

        assert_eq!(order(&[]), [six, four, six]);
        assert_eq!(order(&[("net.dns.prefer_ipv4", "on")]), [four, six, six]);
        assert_eq!(order(&[("net.dns.prefer_ipv6", "on")]), [six, six, four]);
    }
}
