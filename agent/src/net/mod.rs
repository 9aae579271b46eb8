//! TLS and the HTTP client, shared by plugins that talk over the network.
//!
//! Outputs build a client here from their `tls.*` and `net.*` options. Nothing here retries, and nothing prints a secret.

mod certificate;
mod credentials;
mod explain;
mod files;
mod hosts;
mod http;
mod live;
#[cfg(test)]
mod option_tests;
mod options;
#[cfg(test)]
pub(crate) mod stub;
#[cfg(test)]
mod tests;
mod tls;
mod verify;
mod watch;

pub use credentials::{AuthOptions, Credential, CredentialError, Credentials, Renewal};
pub use hosts::{Change, Chosen, Conduct, Hosts};
pub use http::{HttpClient, Target, exchange};
pub use options::{NetOptions, TlsOptions, TlsVersion};
pub use tls::TlsError;
pub use watch::{Expiries, TlsFiles, TlsNotice};
