//! How the output gets in: its credentials, and the files of its TLS.
//!
//! `deliver` calls before each request and tells of refusals. Changes are logged here, secrets never.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use reqwest::header::HeaderValue;
use tracing::{info, warn};

use crate::config::{Diagnostics, Located, Section};
use crate::metrics::OutputMetrics;
use crate::net::{AuthOptions, CredentialError, Credentials, Expiries, Renewal, TlsFiles, TlsNotice};
use crate::plugin::{BuildContext, wall_clock};

/// Credentials and TLS of one output.
#[derive(Debug)]
pub(super) struct Access {
    name: Arc<str>,
    credentials: Option<Credentials>,
    tls: Option<(TlsFiles, Arc<OutputMetrics>)>,
}

impl Access {
    /// Reads what `options` name. `None` when something was wrong; it has been reported.
    pub(super) fn open(
        options: &AuthOptions,
        section: &Section,
        context: &BuildContext,
        findings: &mut Diagnostics,
    ) -> Option<Self> {
        let place = |key: &str| section.get(key).map_or(section.place, |value| value.place);
        let directory = std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
        let credentials = match credentials(options, directory.as_deref(), context.purpose.is_check()) {
            Ok(credentials) => credentials,
            // A user whose variable is not set was given, and is reported.
            Err(error) if error.is_incomplete && has_emptied_user(section) => return None,
            Err(error) => {
                let code = if error.is_incomplete { "V105" } else { "V136" };
                findings.error(place(error.key), code, error.message).help(help(error.is_unmanaged));
                return None;
            }
        };
        for (key, path) in credentials.iter().flat_map(Credentials::exposed) {
            let message = format!("every user of this machine may read `{}`", path.display());
            findings.warning(place(key), "V137", message).help("take the permission away: `chmod o-r FILE`");
        }
        Some(Self { name: Arc::clone(&context.name), credentials, tls: None })
    }

    /// Watches the files of TLS as well, and shows in `metrics` when certificates expire.
    pub(super) fn watch(self, files: TlsFiles, metrics: &Arc<OutputMetrics>) -> Self {
        let access = Self { tls: Some((files, Arc::clone(metrics))), ..self };
        access.look_at_tls();
        access
    }

    /// The header `Authorization` of the next request. Files that have changed are taken in before.
    pub(super) fn authorization(&self) -> Option<HeaderValue> {
        self.look_at_tls();
        let credentials = self.credentials.as_ref()?;
        self.tell(credentials.look(Instant::now()));
        Some(credentials.header())
    }

    /// Takes in the status of an answer. The certificate of the server is known now; refused credentials are read again.
    pub(super) fn answered(&self, status: u16) {
        if let Some((files, metrics)) = &self.tls {
            show(files.expiries(), metrics);
        }
        if matches!(status, 401 | 403) {
            self.refresh();
        }
    }

    /// Reads the files of credentials again, changed or not.
    pub(super) fn refresh(&self) {
        if let Some(credentials) = &self.credentials {
            self.tell(credentials.refresh());
        }
    }

    fn look_at_tls(&self) {
        let Some((files, metrics)) = &self.tls else { return };
        for TlsNotice { is_warning, text } in files.look(Instant::now(), wall_clock().seconds) {
            if is_warning {
                warn!(component = %self.name, "{text}");
            } else {
                info!(component = %self.name, "{text}");
            }
        }
        show(files.expiries(), metrics);
    }

    fn tell(&self, renewal: Option<Renewal>) {
        match renewal {
            None => {}
            Some(Renewal::Renewed) => {
                info!(component = %self.name, "the credentials have changed: the new ones are in use");
                for (key, path) in self.credentials.iter().flat_map(Credentials::exposed) {
                    let path = path.display();
                    warn!(component = %self.name, option = key, "every user of this machine may read `{path}`");
                }
            }
            Some(Renewal::Kept(why)) => {
                warn!(component = %self.name, "the credentials have changed and cannot be used, the last ones are kept: {why}");
            }
        }
    }
}

fn show(Expiries { client, server }: Expiries, metrics: &OutputMetrics) {
    let seconds = |expiry: Option<i64>| expiry.map_or(0, |expiry| u64::try_from(expiry).unwrap_or(0));
    metrics.client_certificate_expiry.set(seconds(client));
    metrics.server_certificate_expiry.set(seconds(server));
}

fn has_emptied_user(section: &Section) -> bool {
    ["http_user", "http_user_file"].iter().any(|key| section.get(key).is_some_and(Located::was_emptied))
}

/// What `options` name. Where a configuration is only checked, nobody hands in the credentials of a service.
fn credentials(
    options: &AuthOptions,
    directory: Option<&Path>,
    dry_run: bool,
) -> Result<Option<Credentials>, CredentialError> {
    match Credentials::open(options, directory) {
        Err(error) if error.is_unmanaged && dry_run => Ok(None),
        other => other,
    }
}

fn help(is_unmanaged: bool) -> &'static str {
    if is_unmanaged { "hand it in with `LoadCredential=NAME:FILE` in the unit of the service" } else { "" }
}
