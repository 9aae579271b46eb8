//! The parts of a TLS configuration that change while it is in use: certificate, key and authorities.
//!
//! Connections ask them anew at each handshake, so that a client need not be built again.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use rustls::client::ResolvesClientCert;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{DigitallySignedStruct, Error, SignatureScheme};

use super::certificate::expiry;

/// A value that is replaced as a whole.
#[derive(Debug)]
struct Shared<T: ?Sized>(RwLock<Arc<T>>);

impl<T: ?Sized> Shared<T> {
    fn new(value: Arc<T>) -> Self {
        Self(RwLock::new(value))
    }

    fn get(&self) -> Arc<T> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn set(&self, value: Arc<T>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = value;
    }
}

/// The certificate that is shown, with its key.
#[derive(Debug)]
pub(super) struct LiveIdentity(Shared<CertifiedKey>);

impl LiveIdentity {
    pub(super) fn new(identity: CertifiedKey) -> Self {
        Self(Shared::new(Arc::new(identity)))
    }

    pub(super) fn set(&self, identity: CertifiedKey) {
        self.0.set(Arc::new(identity));
    }

    /// When the certificate expires, in seconds since 1970.
    pub(super) fn expiry(&self) -> Option<i64> {
        self.0.get().cert.first().and_then(expiry)
    }
}

impl ResolvesClientCert for LiveIdentity {
    fn resolve(&self, _authorities: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(self.0.get())
    }

    fn has_certs(&self) -> bool {
        true
    }
}

/// Checks certificates by what is trusted now, and remembers when those that were shown expire.
#[derive(Debug)]
pub(super) struct LiveVerifier {
    verifier: Shared<dyn ServerCertVerifier>,
    /// By the name of the server.
    shown: Mutex<BTreeMap<String, i64>>,
}

/// Names of servers that are told apart.
const MOST_NAMES: usize = 256;

impl LiveVerifier {
    pub(super) fn new(verifier: Arc<dyn ServerCertVerifier>) -> Self {
        Self { verifier: Shared::new(verifier), shown: Mutex::default() }
    }

    pub(super) fn set(&self, verifier: Arc<dyn ServerCertVerifier>) {
        self.verifier.set(verifier);
    }

    /// When the first of the certificates that servers last showed expires, in seconds since 1970.
    pub(super) fn expiry(&self) -> Option<i64> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).values().min().copied()
    }

    fn note(&self, certificate: &CertificateDer<'_>, name: &ServerName<'_>) {
        let Some(expiry) = expiry(certificate) else { return };
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let name = name.to_str().into_owned();
        if shown.len() < MOST_NAMES || shown.contains_key(&name) {
            shown.insert(name, expiry);
        }
    }
}

impl ServerCertVerifier for LiveVerifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        // Also of one that is refused: it may have expired, which is to be seen.
        self.note(certificate, name);
        self.verifier.get().verify_server_cert(certificate, intermediates, name, ocsp, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.get().verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.get().verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.get().supported_verify_schemes()
    }
}
