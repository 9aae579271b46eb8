//! What a TLS client is made of, read from the files that the `tls.*` options name.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};

use super::options::{TlsOptions, TlsVersion};
use super::verify::{AnyCertificate, AnyName};

/// Why there is no TLS configuration.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read `{path}`: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file holds no certificate.
    #[error("`{path}` holds no certificate in PEM form")]
    NoCertificate {
        /// The file or directory.
        path: PathBuf,
    },
    /// A file holds no key that can be used.
    #[error("`{path}` holds no private key in PEM form (PKCS#8, PKCS#1 or SEC1)")]
    NoKey {
        /// The file.
        path: PathBuf,
    },
    /// A file holds a key behind a password.
    #[error(
        "the private key in `{path}` is encrypted with a password, and nobody is there to type it: write it without one \
         (`openssl pkey -in ENCRYPTED -out KEY`) into a file that only the agent can read (`chmod 600 KEY`)"
    )]
    EncryptedKey {
        /// The file.
        path: PathBuf,
    },
    /// The system trusts nobody.
    #[error("the system has no trusted authorities: install ca-certificates or set `tls.ca_file`")]
    NoSystemRoots,
    /// Only one of certificate and key is set.
    #[error("`tls.crt_file` and `tls.key_file` belong together: only one of them is set")]
    HalfIdentity,
    /// Certificate and key do not fit, or are of an unknown kind.
    #[error("certificate and key do not work: {0}")]
    Identity(rustls::Error),
    /// No version is left to talk.
    #[error("no version of TLS is left between `tls.min_version` and `tls.max_version`; TLSv1.2 and TLSv1.3 are known")]
    NoVersion,
    /// The provider refuses the configuration.
    #[error("TLS cannot be set up: {0}")]
    Setup(String),
}

/// What checks the certificates of servers as `options` ask for, by the authorities that their files hold now.
pub(super) fn verifier(
    options: &TlsOptions,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, TlsError> {
    if !options.verify {
        return Ok(Arc::new(AnyCertificate(Arc::clone(provider))));
    }
    let roots = Arc::new(roots(options)?);
    let verifier = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(provider))
        .build()
        .map_err(|error| TlsError::Setup(error.to_string()))?;
    Ok(if options.verify_hostname { verifier } else { Arc::new(AnyName(verifier)) })
}

/// The certificate and its key as their files hold them now; `None` when no files are named.
///
/// # Errors
/// Also when the two do not fit.
pub(super) fn identity(options: &TlsOptions, provider: &CryptoProvider) -> Result<Option<CertifiedKey>, TlsError> {
    match (&options.crt_file, &options.key_file) {
        (None, None) => Ok(None),
        (Some(certificate), Some(key)) => {
            let identity = CertifiedKey::from_der(certificates(certificate)?, private_key(key)?, provider);
            identity.map(Some).map_err(TlsError::Identity)
        }
        _ => Err(TlsError::HalfIdentity),
    }
}

/// A configuration that trusts nobody, for clients that talk no TLS: the HTTP library wants one all the same.
///
/// # Errors
/// [`TlsError::Setup`].
pub(super) fn trusting_nobody() -> Result<ClientConfig, TlsError> {
    let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsError::Setup(error.to_string()))?;
    Ok(builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth())
}

/// The versions of TLS that may be talked.
pub(super) fn versions(options: &TlsOptions) -> Result<Vec<&'static SupportedProtocolVersion>, TlsError> {
    let known = [(TlsVersion::V12, &TLS12), (TlsVersion::V13, &TLS13)];
    let wanted = options.min_version..=options.max_version;
    let chosen: Vec<_> = known.into_iter().filter(|(version, _)| wanted.contains(version)).map(|(_, v)| v).collect();
    if chosen.is_empty() { Err(TlsError::NoVersion) } else { Ok(chosen) }
}

fn roots(options: &TlsOptions) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    if let Some(file) = &options.ca_file {
        let (added, _) = roots.add_parsable_certificates(certificates(file)?);
        require(added > 0, file)?;
    }
    if let Some(directory) = &options.ca_path {
        let (added, _) = roots.add_parsable_certificates(certificates_in(directory)?);
        require(added > 0, directory)?;
    }
    if options.ca_file.is_none() && options.ca_path.is_none() {
        let (added, _) = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if added == 0 {
            return Err(TlsError::NoSystemRoots);
        }
    }
    Ok(roots)
}

fn require(found: bool, path: &Path) -> Result<(), TlsError> {
    if found { Ok(()) } else { Err(TlsError::NoCertificate { path: path.to_owned() }) }
}

/// The certificates in the files of a directory. Files that hold none, as its index does, are passed over.
fn certificates_in(directory: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let unreadable = |source| TlsError::Read { path: directory.to_owned(), source };
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.is_file() {
            found.extend(certificates(&path).unwrap_or_default());
        }
    }
    Ok(found)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let pem = read_limited(path)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    found.ok().filter(|found| !found.is_empty()).ok_or_else(|| TlsError::NoCertificate { path: path.to_owned() })
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let pem = read_limited(path)?;
    let path = path.to_owned();
    // The older form encrypts what stands under the name of a plain key, so that this would be taken for a damaged one.
    if contains(&pem, "-----BEGIN ENCRYPTED PRIVATE KEY-----") || contains(&pem, "\nProc-Type: 4,ENCRYPTED") {
        return Err(TlsError::EncryptedKey { path });
    }
    PrivateKeyDer::from_pem_slice(&pem).map_err(|_| TlsError::NoKey { path })
}

fn contains(bytes: &[u8], text: &str) -> bool {
    memchr::memmem::find(bytes, text.as_bytes()).is_some()
}

/// Far more than any bundle of authorities has.
const LARGEST_FILE: u64 = 16 << 20;

fn read_limited(path: &Path) -> Result<Vec<u8>, TlsError> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LARGEST_FILE).read_to_end(&mut bytes));
    read.map(|_| bytes).map_err(|source| TlsError::Read { path: path.to_owned(), source })
}
