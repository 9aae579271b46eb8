use std::path::Path;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, crypto::ring};

use super::stub::{Canned, Stub};
use super::*;
use crate::config::{Diagnostics, Entry, Located, Options, Place, Section, SectionKind};

/// Keys and values of a section.
pub(super) type Entries<'a> = &'a [(&'a str, &'a str)];

/// A section with these entries.
fn section(entries: Entries<'_>) -> Section {
    let located = |text: &str| Located { text: text.into(), ..Located::default() };
    let entries = entries.iter().map(|(key, value)| Entry { key: located(key), value: located(value) }).collect();
    Section { entries, ..Section::new(SectionKind::Output, Place::default()) }
}

pub(super) fn read<T: Options>(entries: Entries<'_>) -> T {
    let mut findings = Diagnostics::default();
    T::read(&section(entries), &mut findings).unwrap_or_else(|| panic!("{findings:?}"))
}

/// An authority and what it signs.
struct Authority(CertifiedIssuer<'static, KeyPair>);

struct Identity {
    certificate: rcgen::Certificate,
    key: KeyPair,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("a certificate"))
    }

    fn sign(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Identity {
        let mut params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
        change(&mut params);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.0).expect("a certificate");
        Identity { certificate, key }
    }

    fn write_to(&self, directory: &Path) -> String {
        write(directory, "ca.pem", &self.0.pem())
    }
}

fn write(directory: &Path, name: &str, text: &str) -> String {
    let path = directory.join(name);
    std::fs::write(&path, text).expect("written");
    path.display().to_string()
}

fn server(identity: &Identity, clients: Option<&Authority>) -> ServerConfig {
    let key = PrivateKeyDer::Pkcs8(identity.key.serialize_der().into());
    let builder = ServerConfig::builder_with_provider(ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .expect("versions");
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            roots.add(authority.0.der().clone()).expect("a root");
            let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), ring::default_provider().into());
            builder.with_client_cert_verifier(verifier.build().expect("a verifier"))
        }
    };
    builder.with_single_cert(vec![identity.certificate.der().clone()], key).expect("a configuration")
}

/// Posts once; gives the status, or what is said about the failure.
async fn post(host: &str, port: u16, entries: Entries<'_>) -> Result<u16, String> {
    let tls: TlsOptions = read(entries);
    let target = Target { host: host.into(), port, tls: tls.tls, vhost: tls.vhost.clone() };
    let config = tls.tls.then(|| TlsFiles::open(&tls).expect("a configuration").config());
    let timeout = Duration::from_millis(if entries.contains(&("tls.debug", "short")) { 100 } else { 10_000 });
    let client = HttpClient::new(target, &read(entries), config, timeout).expect("a client");
    match client.post("/").body("x").send().await {
        Ok(response) => Ok(response.status().as_u16()),
        Err(error) => Err(client.explain(&error)),
    }
}

/// A name is resolved when a connection is made, so it is only resolved anew where connections are let go.
#[tokio::test]
async fn connections_are_used_again_until_the_client_is_renewed() {
    let stub = Stub::start(vec![Canned::ok(""); 4]).await;
    let target = Target { host: "localhost".into(), port: stub.port, tls: false, vhost: None };
    let net = read(&[("net.dns.prefer_ipv4", "on")]);
    let client = HttpClient::new(target, &net, None, Duration::from_secs(10)).expect("a client");
    let send = async || drop(client.post("/").body("x").send().await.expect("an answer").bytes().await);

    send().await;
    send().await;
    assert_eq!(stub.connections(), 1);
    client.renew();
    send().await;
    send().await;

    assert_eq!(stub.connections(), 2);
}

#[tokio::test]
async fn a_certificate_is_checked_for_its_authority_name_and_dates_and_each_flaw_is_explained() {
    let directory = tempfile::tempdir().expect("a directory");
    let (authority, other) = (Authority::new(), Authority::new());
    let ca = authority.write_to(directory.path());
    let good = authority.sign("127.0.0.1", |_| {});
    let other_name = authority.sign("logs.example", |_| {});
    let expired = authority.sign("127.0.0.1", |params| params.not_after = date_time_ymd(2001, 1, 1));
    let early = authority.sign("127.0.0.1", |params| params.not_before = date_time_ymd(4000, 1, 1));
    let stranger = other.sign("127.0.0.1", |_| {});
    let no_name = ("tls.verify_hostname", "off");
    let cases: [(&Identity, Entries<'_>, Result<u16, &str>); 9] = [
        (&good, &[], Ok(200)),
        (&other_name, &[], Err("is not for the name `127.0.0.1` (it is for")),
        (&other_name, &[no_name], Ok(200)),
        (&other_name, &[("tls.vhost", "logs.example")], Ok(200)),
        (&stranger, &[], Err("set `tls.ca_file`")),
        (&stranger, &[no_name], Err("set `tls.ca_file`")),
        (&stranger, &[("tls.verify", "off")], Ok(200)),
        (&expired, &[no_name], Err("has expired")),
        (&early, &[], Err("not valid yet")),
    ];
    for (identity, more, expected) in cases {
        let stub = Stub::start_tls(vec![Canned::ok("")], server(identity, None)).await;
        let entries = [&[("tls", "on"), ("tls.ca_file", ca.as_str())], more].concat();

        let outcome = post("127.0.0.1", stub.port, &entries).await;

        match (outcome, expected) {
            (Ok(status), Ok(wanted)) => assert_eq!(status, wanted),
            (Err(message), Err(part)) => assert!(message.contains(part), "{message}"),
            (outcome, _) => panic!("{more:?}: {outcome:?}, expected {expected:?}"),
        }
    }
}

#[tokio::test]
async fn the_server_of_a_vhost_still_sees_the_host_it_was_asked_for() {
    let directory = tempfile::tempdir().expect("a directory");
    let authority = Authority::new();
    let ca = authority.write_to(directory.path());
    let identity = authority.sign("logs.example", |_| {});
    let stub = Stub::start_tls(vec![Canned::ok("")], server(&identity, None)).await;
    let entries = [("tls", "on"), ("tls.ca_file", ca.as_str()), ("tls.vhost", "logs.example")];

    assert_eq!(post("127.0.0.1", stub.port, &entries).await, Ok(200));

    let head = &stub.received()[0].head;
    assert!(head.contains(&format!("host: 127.0.0.1:{}\r\n", stub.port)), "{head}");
}

#[tokio::test]
async fn a_client_certificate_is_shown_and_its_lack_is_explained() {
    let directory = tempfile::tempdir().expect("a directory");
    let authority = Authority::new();
    let ca = authority.write_to(directory.path());
    let me = authority.sign("shipper", |_| {});
    let crt = write(directory.path(), "me.pem", &me.certificate.pem());
    let key = write(directory.path(), "me-key.pem", &me.key.serialize_pem());
    let identity = authority.sign("127.0.0.1", |_| {});
    let base = [("tls", "on"), ("tls.ca_file", ca.as_str())];
    let mine = [&base[..], &[("tls.crt_file", crt.as_str()), ("tls.key_file", key.as_str())]].concat();

    let stub = Stub::start_tls(vec![Canned::ok("")], server(&identity, Some(&authority))).await;
    assert_eq!(post("127.0.0.1", stub.port, &mine).await, Ok(200));

    let stub = Stub::start_tls(vec![Canned::ok("")], server(&identity, Some(&authority))).await;
    let message = post("127.0.0.1", stub.port, &base).await.expect_err("no certificate was shown");
    assert!(message.contains("set `tls.crt_file`"), "{message}");
}

#[tokio::test]
async fn what_is_wrong_with_a_connection_is_said_with_its_remedy() {
    let refused =
        tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("bound").port();
    let message = post("127.0.0.1", refused, &[]).await.expect_err("nobody listens");
    assert!(message.contains("connection refused"), "{message}");

    let plain = Stub::start(vec![]).await;
    let message = post("127.0.0.1", plain.port, &[("tls", "on"), ("tls.verify", "off")]).await.expect_err("no TLS");
    assert!(message.contains("set `tls off`"), "{message}");

    let closing = Stub::start(vec![Canned::Close]).await;
    let message = post("127.0.0.1", closing.port, &[]).await.expect_err("no answer");
    assert!(message.contains("set `tls on`"), "{message}");

    let stalling = Stub::start(vec![Canned::Stall]).await;
    let message = post("127.0.0.1", stalling.port, &[("tls.debug", "short")]).await.expect_err("no answer");
    assert!(message.contains("response_timeout"), "{message}");

    let message = post("no-such-host.invalid", 9200, &[]).await.expect_err("no such name");
    assert!(message.contains("cannot be resolved"), "{message}");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let stub = Stub::start(vec![Canned::Answer(302, "Location: http://127.0.0.1:1/\r\n", String::new())]).await;

    assert_eq!(post("127.0.0.1", stub.port, &[]).await, Ok(302));
}

#[test]
fn files_that_do_not_serve_are_named() {
    let directory = tempfile::tempdir().expect("a directory");
    let empty = write(directory.path(), "empty.pem", "nothing\n");
    let ca = Authority::new().write_to(directory.path());
    let encrypted = |kind: &str, headers: &str| {
        let text = format!("-----BEGIN {kind}-----\n{headers}c2VjcmV0LTQy\n-----END {kind}-----\n");
        write(directory.path(), &format!("{}.pem", kind.len()), &text)
    };
    let pkcs8 = encrypted("ENCRYPTED PRIVATE KEY", "");
    let pkcs1 = encrypted("RSA PRIVATE KEY", "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n");
    let cases: [(Entries<'_>, &str); 8] = [
        (&[("tls.ca_file", &ca), ("tls.crt_file", &ca), ("tls.key_file", &pkcs8)], "is encrypted with a password"),
        (&[("tls.ca_file", &ca), ("tls.crt_file", &ca), ("tls.key_file", &pkcs1)], "is encrypted with a password"),
        (&[("tls.ca_file", "/no/such/file")], "cannot read `/no/such/file`"),
        (&[("tls.ca_file", &empty)], "holds no certificate"),
        (&[("tls.ca_path", "/no/such/dir")], "cannot read"),
        (&[("tls.ca_file", &ca), ("tls.crt_file", &ca)], "belong together"),
        (&[("tls.ca_file", &ca), ("tls.crt_file", &ca), ("tls.key_file", &empty)], "holds no private key"),
        (&[("tls.ca_file", &ca), ("tls.max_version", "TLSv1.1")], "no version of TLS"),
    ];
    for (entries, expected) in cases {
        let message = TlsFiles::open(&read::<TlsOptions>(entries)).expect_err(expected).to_string();
        assert!(message.contains(expected) && !message.contains("c2Vj"), "{message}");
    }
    assert!(TlsFiles::open(&read(&[("tls.ca_path", directory.path().to_str().expect("a path"))])).is_ok());
    assert!(TlsFiles::open(&read(&[("tls.min_version", "TLSv1.1"), ("tls.ca_file", &ca)])).is_ok());
}

/// What a client is set up with, and a server that wants its certificate.
struct Meeting {
    directory: tempfile::TempDir,
    authority: Authority,
    stub: Stub,
}

impl Meeting {
    /// A server with `answers` whose certificate is signed by an authority that also signs those of clients.
    async fn new(answers: usize) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let authority = Authority::new();
        authority.write_to(directory.path());
        let identity = authority.sign("127.0.0.1", |params| params.not_after = date_time_ymd(2100, 1, 1));
        let config = server(&identity, Some(&authority));
        let stub = Stub::start_tls(vec![Canned::ok(""); answers], config).await;
        Self { directory, authority, stub }
    }

    /// Writes the files of `identity`, each if it is asked for.
    fn put(&self, identity: &Identity, certificate: bool, key: bool) {
        if certificate {
            write(self.directory.path(), "me.pem", &identity.certificate.pem());
        }
        if key {
            write(self.directory.path(), "me-key.pem", &identity.key.serialize_pem());
        }
    }

    fn client(&self) -> (TlsFiles, HttpClient) {
        let path = |name: &str| self.directory.path().join(name).display().to_string();
        let [ca, crt, key] = ["ca.pem", "me.pem", "me-key.pem"].map(path);
        let entries = [("tls", "on"), ("tls.ca_file", &ca), ("tls.crt_file", &crt), ("tls.key_file", &key)]
            .map(|(k, v)| (k, v as &str));
        let files = TlsFiles::open(&read(&entries)).expect("the files serve");
        let target = Target { host: "127.0.0.1".into(), port: self.stub.port, tls: true, vhost: None };
        // Each request makes a connection.
        let net = read(&[("net.keepalive", "off")]);
        let client = HttpClient::new(target, &net, Some(files.config()), Duration::from_secs(10)).expect("a client");
        (files, client)
    }
}

async fn status(client: &HttpClient) -> Result<u16, String> {
    match client.post("/").body("x").send().await {
        Ok(response) => Ok(response.status().as_u16()),
        Err(error) => Err(client.explain(&error)),
    }
}

fn said(notices: Vec<TlsNotice>) -> Vec<String> {
    notices.into_iter().map(|notice| notice.text).collect()
}

#[tokio::test]
async fn a_pair_written_file_by_file_never_breaks_delivery_and_is_used_once_it_fits() {
    let meeting = Meeting::new(4).await;
    let [old, new] = [2001, 2200].map(|year| {
        let expires = |params: &mut CertificateParams| params.not_after = date_time_ymd(year, 1, 1);
        meeting.authority.sign("shipper", expires)
    });
    let good = meeting.authority.sign("shipper", |_| {});
    meeting.put(&good, true, true);
    let (files, client) = meeting.client();
    let start = std::time::Instant::now();
    let at = |seconds| start + Duration::from_secs(seconds);
    assert_eq!((status(&client).await, said(files.look(at(0), 0))), (Ok(200), vec![]));

    meeting.put(&new, true, false);
    assert_eq!((said(files.look(at(1), 0)), status(&client).await), (vec![], Ok(200)));
    let told = said(files.look(at(2), 0));
    assert!(told.len() == 1 && told[0].contains("the last ones are kept"), "{told:?}");
    assert_eq!(said(files.look(at(3), 0)), Vec::<String>::new());

    meeting.put(&new, false, true);
    let told = said(files.look(at(4), 0));
    assert!(told.len() == 1 && told[0].contains("new connections use"), "{told:?}");
    assert_eq!(status(&client).await, Ok(200));
    let year = |year| Some(date_time_ymd(year, 1, 1).unix_timestamp());
    assert_eq!(files.expiries(), Expiries { client: year(2200), server: year(2100) });

    // That the new pair is really shown is seen by one that the server refuses.
    meeting.put(&old, true, true);
    files.look(at(5), 0);
    let message = status(&client).await.expect_err("it has expired");
    assert!(message.contains("has expired"), "{message}");
}

#[tokio::test]
async fn a_new_authority_is_trusted_from_the_next_connection_on() {
    let meeting = Meeting::new(1).await;
    meeting.put(&meeting.authority.sign("shipper", |_| {}), true, true);
    Authority::new().write_to(meeting.directory.path());
    let (files, client) = meeting.client();
    let message = status(&client).await.expect_err("another authority is trusted");
    assert!(message.contains("set `tls.ca_file`"), "{message}");

    meeting.authority.write_to(meeting.directory.path());
    let told = said(files.look(std::time::Instant::now(), 0));

    assert!(told.len() == 1 && told[0].contains("trusted authorities have changed"), "{told:?}");
    assert_eq!(status(&client).await, Ok(200));
}

#[test]
fn a_changed_file_in_a_directory_of_authorities_is_seen() {
    let directory = tempfile::tempdir().expect("a directory");
    Authority::new().write_to(directory.path());
    let files =
        TlsFiles::open(&read(&[("tls.ca_path", directory.path().to_str().expect("a path"))])).expect("it serves");
    let start = std::time::Instant::now();
    assert_eq!(said(files.look(start, 0)), Vec::<String>::new());

    write(directory.path(), "ca.pem", &Authority::new().0.pem());

    assert_eq!(said(files.look(start + Duration::from_secs(1), 0)).len(), 1);
}
