//! How the output gets in: its credentials.
//!
//! `deliver` asks for the header of each request and tells of refusals. Changes are logged here, secrets never.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use reqwest::header::HeaderValue;
use tracing::{info, warn};

use crate::config::{Diagnostics, Section};
use crate::net::{AuthOptions, CredentialError, Credentials, Renewal};
use crate::plugin::BuildContext;

/// Credentials of one output.
#[derive(Debug)]
pub(super) struct Access {
    name: Arc<str>,
    credentials: Option<Credentials>,
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
        let credentials = match credentials(options, directory.as_deref(), context.dry_run) {
            Ok(credentials) => credentials,
            Err(error) => {
                findings.error(place(error.key), "V136", error.message).help(help(error.is_unmanaged));
                return None;
            }
        };
        for (key, path) in credentials.iter().flat_map(Credentials::exposed) {
            let message = format!("every user of this machine may read `{}`", path.display());
            findings.warning(place(key), "V137", message).help("take the permission away: `chmod o-r FILE`");
        }
        Some(Self { name: Arc::clone(&context.name), credentials })
    }

    /// The header `Authorization` of the next request, from files as they are now.
    pub(super) fn authorization(&self) -> Option<HeaderValue> {
        let credentials = self.credentials.as_ref()?;
        self.tell(credentials.look(Instant::now()));
        Some(credentials.header())
    }

    /// Reads files again, changed or not, since the other side refused.
    pub(super) fn refresh(&self) {
        if let Some(credentials) = &self.credentials {
            self.tell(credentials.refresh());
        }
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
