//! Options that every plugin with a connection has.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::config::{Diagnostics, OptionType, Secret, Section};

crate::options! {
    /// Options of TLS.
    pub struct TlsOptions {
        tls: bool, default "off", "Whether to talk TLS.";
        "tls.verify" verify: bool, default "on", "Whether the other side's certificate is checked. Off, anybody can read and change what is sent.";
        "tls.verify_hostname" verify_hostname: bool, default "on", "Whether the certificate must be for the host's name. Fluent Bit has this off.";
        "tls.ca_file" ca_file: PathBuf, optional, "PEM file of the authorities to trust, in place of the system's. It is read again when it changes, as all files of TLS are.";
        "tls.ca_path" ca_path: PathBuf, optional, "Directory of PEM files of the authorities to trust, in place of the system's.";
        "tls.crt_file" crt_file: PathBuf, optional, "PEM file of the certificate to show, with its intermediates. When certificate and key change, new connections use the new pair once both fit.";
        "tls.key_file" key_file: PathBuf, optional, "PEM file of the private key (PKCS#8, PKCS#1 or SEC1) of that certificate, not encrypted.";
        "tls.key_passwd" key_passwd: Secret, optional, "Refused: keys with a password are not read.";
        "tls.vhost" vhost: String, optional, "Name to ask for and to check the certificate against, in place of the host's.";
        "tls.min_version" min_version: TlsVersion, default "TLSv1.2", "Oldest version of TLS to talk. Below TLSv1.2 is never talked.";
        "tls.max_version" max_version: TlsVersion, default "TLSv1.3", "Newest version of TLS to talk.";
    }
    not_needed {
        "tls.ciphers": "Only strong ciphers are there to choose from.",
        "tls.debug": "Failures of TLS are always explained.",
        "tls.verify_client_cert": "Has a meaning for inputs only.",
        "tls.proxy.verify": "An `https` proxy is checked as the server is: by `tls.verify`, against the same authorities.",
        "tls.proxy.verify_hostname": "An `https` proxy is checked as the server is: by `tls.verify_hostname`.",
        "tls.proxy.ca_file": "An `https` proxy is checked as the server is: the authorities of `tls.ca_file` count for both.",
        "tls.proxy.ca_path": "An `https` proxy is checked as the server is: the authorities of `tls.ca_path` count for both.",
        "tls.windows.certstore_name": "Only for Windows.",
        "tls.windows.use_enterprise_store": "Only for Windows.",
        "tls.windows.client_thumbprints": "Only for Windows.",
    }
}

/// Options of TLS that say who is who; the first ones are of the certificate that the agent shows.
const OF_IDENTITY: [&str; 5] = ["tls.crt_file", "tls.key_file", "tls.ca_file", "tls.ca_path", "tls.vhost"];

impl TlsOptions {
    /// Reports options that say who is who and have no effect, since no TLS is talked. It is an error where the agent would show a
    /// certificate and nothing says that it shall not. Returns whether there is none.
    pub(crate) fn check(&self, section: &Section, findings: &mut Diagnostics) -> bool {
        let idle = OF_IDENTITY.iter().find_map(|key| section.get(key).map(|value| (*key, value.place)));
        let Some((key, place)) = idle.filter(|_| !self.tls) else { return true };
        let has_certificate = self.crt_file.is_some() || self.key_file.is_some();
        if has_certificate && section.get("tls").is_none() {
            let help = "write `tls on`, or `tls off` where the certificate shall not be shown";
            findings.error(place, "V130", format!("`{key}` needs `tls on`: nothing would be encrypted")).help(help);
            return false;
        }
        let message = format!("`{key}` has no effect without `tls on`: nothing is encrypted");
        findings.warning(place, "V117", message).help("write `tls on`, or take it away");
        true
    }
}

crate::options! {
    /// Options of outgoing connections.
    pub struct NetOptions {
        "net.connect_timeout" connect_timeout: Duration, default "10", "How long connecting may take, TLS included.";
        "net.io_timeout" io_timeout: Duration, default "0", "How long nothing may come or go on a connection; 0 leaves it to the time for the whole answer.";
        "net.keepalive" keepalive: bool, default "on", "Whether connections are used again.";
        "net.keepalive_idle_timeout" keepalive_idle_timeout: Duration, default "30", "How long an unused connection is kept.";
        "net.tcp_keepalive" tcp_keepalive: bool, default "off", "Whether idle connections are probed.";
        "net.tcp_keepalive_time" tcp_keepalive_time: OrDefault<60>, default "60", "How long a connection is idle before it is probed. Below 0 it is the default, as for the two below.";
        "net.tcp_keepalive_interval" tcp_keepalive_interval: OrDefault<10>, default "10", "Time between probes.";
        "net.tcp_keepalive_probes" tcp_keepalive_probes: Probes, default "6", "Probes without an answer before the connection is given up.";
        "net.source_address" source_address: SourceAddress, optional, "Address of this host to connect from.";
        "net.dns.prefer_ipv4" prefer_ipv4: bool, default "off", "Whether IPv4 addresses are tried first.";
        "net.dns.prefer_ipv6" prefer_ipv6: bool, default "off", "Whether IPv6 addresses are tried first.";
        "net.proxy_env_ignore" proxy_env_ignore: bool, default "off", "Whether HTTP_PROXY, HTTPS_PROXY and NO_PROXY are ignored.";
    }
    not_needed {
        "net.dns.mode": "Names are resolved by the system.",
        "net.dns.resolver": "Names are resolved by the system.",
        "net.keepalive_max_recycle": "Connections are used as long as both sides keep them.",
        "net.connect_timeout_log_error": "A connection that takes too long is always logged.",
        "net.max_worker_connections": "Connections are bounded by the requests in flight.",
    }
}

/// A time, or with a number below 0, which Fluent Bit has by default, `SECONDS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrDefault<const SECONDS: u64>(pub Duration);

impl<const SECONDS: u64> OptionType for OrDefault<SECONDS> {
    const KIND: &'static str = Duration::KIND;

    fn parse(text: &str) -> Result<Self, String> {
        let time = if is_below_0(text) { Ok(Duration::from_secs(SECONDS)) } else { Duration::parse(text) };
        time.map(Self)
    }

    fn remedy(text: &str) -> Option<String> {
        Duration::remedy(text)
    }
}

/// A number of probes; below 0 it is the default one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probes(pub u32);

impl OptionType for Probes {
    const KIND: &'static str = u32::KIND;

    fn parse(text: &str) -> Result<Self, String> {
        let probes = if is_below_0(text) { Ok(6) } else { u32::parse(text) };
        probes.map(Self)
    }
}

fn is_below_0(text: &str) -> bool {
    text.parse::<i64>().is_ok_and(|number| number < 0)
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsVersion {
    /// Anything older than TLS 1.2.
    Older,
    /// TLS 1.2.
    V12,
    /// TLS 1.3.
    V13,
}

impl OptionType for TlsVersion {
    const KIND: &'static str = "TLS version";

    fn parse(text: &str) -> Result<Self, String> {
        let lower = text.to_ascii_lowercase();
        match lower.trim_start_matches("tls").trim_start_matches('v') {
            "1" | "1.0" | "1.1" => Ok(Self::Older),
            "1.2" => Ok(Self::V12),
            "1.3" => Ok(Self::V13),
            _ => Err("`TLSv1.2` or `TLSv1.3`".into()),
        }
    }
}

/// An address of this host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceAddress(pub IpAddr);

impl OptionType for SourceAddress {
    const KIND: &'static str = "address";

    fn parse(text: &str) -> Result<Self, String> {
        text.parse().map(Self).map_err(|_| "an IPv4 or IPv6 address".into())
    }
}
