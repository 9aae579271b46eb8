//! The files behind a TLS configuration, taken in again when they change.
//!
//! A certificate and its key are two files, written one after the other: the last pair that fits is kept until there is another
//! one. Outputs call [`TlsFiles::look`] before they send and log what it says. Nothing here prints a key.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use rustls::ClientConfig;
use rustls::client::Resumption;
use rustls::crypto::CryptoProvider;

use super::files::{Pace, Stamp, others_may_read};
use super::live::{LiveIdentity, LiveVerifier};
use super::options::TlsOptions;
use super::tls::{TlsError, identity, verifier, versions};

/// TLS of one client: its configuration, and the files that it comes from.
#[derive(Debug)]
pub struct TlsFiles {
    options: TlsOptions,
    provider: Arc<CryptoProvider>,
    config: ClientConfig,
    identity: Option<Arc<LiveIdentity>>,
    verifier: Arc<LiveVerifier>,
    watch: Mutex<Watch>,
}

/// What a look at the files came to, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsNotice {
    /// Whether a person has to act.
    pub is_warning: bool,
    /// What there is to say.
    pub text: String,
}

/// When certificates expire, in seconds since 1970; `None` where there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Expiries {
    /// That of `tls.crt_file`.
    pub client: Option<i64>,
    /// The one that servers last showed; of several the first to expire.
    pub server: Option<i64>,
}

#[derive(Debug)]
struct Watch {
    pace: Pace,
    identity: Watched,
    authorities: Watched,
    /// When a warning about the certificates of client and server was last given, in seconds since 1970.
    warned: [Option<i64>; 2],
}

/// Files that belong together.
#[derive(Debug, Default)]
struct Watched {
    paths: Vec<PathBuf>,
    stamps: Vec<Option<Stamp>>,
    failed: Option<Failure>,
}

/// Why files were not taken, and how many looks in a row found them so.
#[derive(Debug)]
struct Failure {
    why: String,
    looks: u32,
}

impl TlsFiles {
    /// Reads the files of `options` and makes the configuration of a client.
    ///
    /// # Errors
    /// See [`TlsError`].
    pub fn open(options: &TlsOptions) -> Result<Self, TlsError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let own = [&options.crt_file, &options.key_file].into_iter().flatten().cloned().collect();
        let trusted = [&options.ca_file, &options.ca_path].into_iter().flatten().cloned().collect();
        // Taken before the files are read, so that what is written meanwhile is seen later.
        let watch = Watch {
            pace: Pace::default(),
            identity: Watched::new(own),
            authorities: Watched::new(trusted),
            warned: [None; 2],
        };
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&versions(options)?)
            .map_err(|error| TlsError::Setup(error.to_string()))?;
        let verifier = Arc::new(LiveVerifier::new(verifier(options, &provider)?));
        let builder = builder.dangerous().with_custom_certificate_verifier(Arc::clone(&verifier) as _);
        let identity = identity(options, &provider)?.map(|identity| Arc::new(LiveIdentity::new(identity)));
        let mut config = match &identity {
            Some(identity) => builder.with_client_cert_resolver(Arc::clone(identity) as _),
            None => builder.with_no_client_auth(),
        };
        // A session taken up again would bring back a certificate or an authority that has been replaced. Connections are
        // few and live long, so whole handshakes cost little.
        config.resumption = Resumption::disabled();
        Ok(Self { options: options.clone(), provider, config, identity, verifier, watch: Mutex::new(watch) })
    }

    /// The configuration. It follows the files, as far as [`Self::look`] has taken them in.
    pub fn config(&self) -> ClientConfig {
        self.config.clone()
    }

    /// Takes in files that have changed; looks for that at most once a second. `wall` is the time in seconds since 1970.
    pub fn look(&self, now: Instant, wall: i64) -> Vec<TlsNotice> {
        let mut watch = self.watch.lock().unwrap_or_else(PoisonError::into_inner);
        if !watch.pace.is_due(now) {
            return Vec::new();
        }
        let mut notices = Vec::new();
        if let Some(live) = &self.identity {
            let load = || identity(&self.options, &self.provider);
            let renewed = watch.identity.look(load, |identity| identity.into_iter().for_each(|one| live.set(one)));
            notices.extend(renewed.map(|result| notice(result, "certificate and key")));
        }
        if self.options.verify {
            let load = || verifier(&self.options, &self.provider);
            let renewed = watch.authorities.look(load, |verifier| self.verifier.set(verifier));
            notices.extend(renewed.map(|result| notice(result, "trusted authorities")));
        }
        let Expiries { client, server } = self.expiries();
        let names = ["certificate in `tls.crt_file`", "certificate of the server"];
        for ((expiry, name), warned) in [client, server].into_iter().zip(names).zip(&mut watch.warned) {
            notices.extend(expiry.and_then(|expiry| expiry_notice(name, expiry, wall, warned)));
        }
        notices
    }

    /// When certificates expire.
    pub fn expiries(&self) -> Expiries {
        let client = self.identity.as_ref().and_then(|identity| identity.expiry());
        Expiries { client, server: self.verifier.expiry() }
    }

    /// The file of the key, if every user of this machine may read it.
    pub fn exposed_key(&self) -> Option<&Path> {
        self.options.key_file.as_deref().filter(|path| others_may_read(path))
    }
}

impl Watched {
    fn new(paths: Vec<PathBuf>) -> Self {
        let stamps = stamps(&paths);
        Self { paths, stamps, failed: None }
    }

    /// Loads the files again if they have changed, or could not be loaded the last time. Gives what there is to say: that they
    /// were taken, or why not. The first look that finds them broken says nothing, since they may be in the middle of a change.
    fn look<T>(
        &mut self,
        load: impl FnOnce() -> Result<T, TlsError>,
        take: impl FnOnce(T),
    ) -> Option<Result<(), String>> {
        let now = stamps(&self.paths);
        if self.failed.is_none() && now == self.stamps {
            return None;
        }
        let why = match load() {
            Ok(loaded) => {
                take(loaded);
                (self.stamps, self.failed) = (now, None);
                return Some(Ok(()));
            }
            Err(error) => error.to_string(),
        };
        let before = self.failed.take().filter(|failure| failure.why == why).map_or(0, |failure| failure.looks);
        let looks = before.saturating_add(1);
        self.failed = Some(Failure { why: why.clone(), looks });
        (looks == 2).then_some(Err(why))
    }
}

/// Files of a directory that are looked at.
const MOST_FILES: usize = 10_000;

/// The stamps of files and directories, those of the files in a directory included.
fn stamps(paths: &[PathBuf]) -> Vec<Option<Stamp>> {
    let mut stamps = Vec::new();
    for path in paths {
        stamps.push(Stamp::of(path));
        let Ok(entries) = fs::read_dir(path) else { continue };
        let mut inside: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).take(MOST_FILES).collect();
        inside.sort_unstable();
        stamps.extend(inside.iter().map(|path| Stamp::of(path)));
    }
    stamps
}

fn notice(result: Result<(), String>, what: &str) -> TlsNotice {
    match result {
        Ok(()) => {
            TlsNotice { is_warning: false, text: format!("{what} have changed: new connections use what is there now") }
        }
        Err(why) => TlsNotice {
            is_warning: true,
            text: format!("{what} have changed and cannot be used, the last ones are kept: {why}"),
        },
    }
}

const DAY: i64 = 24 * 3600;
/// How long before it expires a certificate is warned about, once a day.
const WARN_BEFORE: i64 = 14 * DAY;

/// The warning about a certificate that expires at `expiry`, if one is due at `wall`.
fn expiry_notice(name: &str, expiry: i64, wall: i64, warned: &mut Option<i64>) -> Option<TlsNotice> {
    let left = expiry - wall;
    if left > WARN_BEFORE || warned.is_some_and(|last| wall - last < DAY) {
        return None;
    }
    *warned = Some(wall);
    let days = left.abs() / DAY;
    let text = match (left > 0, days) {
        (true, 0) => format!("the {name} expires within a day"),
        (true, _) => format!("the {name} expires in {days} day{}", if days == 1 { "" } else { "s" }),
        (false, _) => format!("the {name} has expired"),
    };
    Some(TlsNotice { is_warning: true, text })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expiry_is_warned_about_fourteen_days_before_and_once_a_day() {
        let mut warned = None;
        let mut said = |wall| expiry_notice("certificate", 100 * DAY, wall, &mut warned).map(|notice| notice.text);

        assert_eq!(said(86 * DAY - 1), None);
        assert_eq!(said(86 * DAY).as_deref(), Some("the certificate expires in 14 days"));
        assert_eq!(said(87 * DAY - 1), None);
        assert_eq!(said(99 * DAY - 1).as_deref(), Some("the certificate expires in 1 day"));
        assert_eq!(said(100 * DAY - 1).as_deref(), Some("the certificate expires within a day"));
        assert_eq!(said(101 * DAY).as_deref(), Some("the certificate has expired"));
    }
}
