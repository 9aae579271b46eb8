//! Certificates of loopback: one of a CA that the agent trusts, and one of a stranger.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;

/// What a server of TLS needs.
pub(crate) struct Certificates {
    /// The CA to trust, as PEM.
    pub(crate) ca: String,
    pub(crate) own: Arc<ServerConfig>,
    pub(crate) strange: Arc<ServerConfig>,
}

impl Certificates {
    /// Makes those of a server at `address`.
    pub(crate) fn new(address: &str) -> Self {
        let (ca, own) = identity(address);
        let (_, strange) = identity(address);
        Self { ca, own, strange }
    }
}

fn identity(address: &str) -> (String, Arc<ServerConfig>) {
    let key = || KeyPair::generate().expect("a key");
    let mut ca = CertificateParams::default();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(ca, key()).expect("a CA");
    let leaf_key = key();
    let leaf = CertificateParams::new([address.to_owned()]).expect("a name").signed_by(&leaf_key, &ca).expect("signed");
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring knows them")
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], PrivateKeyDer::Pkcs8(leaf_key.serialize_der().into()))
        .expect("certificate and key belong together");
    (ca.pem(), Arc::new(config))
}
