//! Why a request failed, in words that name the remedy.

use std::error::Error;
use std::io;

use rustls::{AlertDescription, CertificateError, Error as TlsError};

use super::http::{HttpClient, Target};

impl HttpClient {
    /// Why a request failed before there was an answer to be read.
    pub fn explain(&self, error: &reqwest::Error) -> String {
        let (target, is_tls) = (self.target(), tls_flaw(&causes(error)).is_some());
        match self.proxy() {
            Some(proxy) if !is_tls && (error.is_connect() || error.is_dns()) => explain_proxy(error, proxy, target),
            Some(proxy) => format!("{}; requests go through the proxy {proxy}", explain(error, target)),
            None => explain(error, target),
        }
    }
}

fn explain_proxy(error: &reqwest::Error, proxy: &str, target: &Target) -> String {
    let innermost = causes(error).last().map_or_else(|| error.to_string(), ToString::to_string);
    format!(
        "the proxy {proxy} of the environment, through which {target} is asked, cannot be reached: {innermost}; \
         check `HTTP_PROXY` and `HTTPS_PROXY`, or set `net.proxy_env_ignore on`"
    )
}

fn tls_flaw<'a>(causes: &[&'a (dyn Error + 'static)]) -> Option<&'a TlsError> {
    causes.iter().find_map(|cause| cause.downcast_ref::<TlsError>())
}

fn explain(error: &reqwest::Error, target: &Target) -> String {
    let causes = causes(error);
    if let Some(tls) = tls_flaw(&causes) {
        return explain_tls(tls, target);
    }
    if error.is_dns() {
        return format!(
            "the name `{}` cannot be resolved: check `Host` and the DNS settings of this machine",
            target.host
        );
    }
    if error.is_timeout() {
        let what = if error.is_connect() {
            "connection (net.connect_timeout)"
        } else {
            "whole answer (response_timeout, net.io_timeout)"
        };
        return format!("{target} gave no {what} in time");
    }
    if let Some(io) = causes.iter().find_map(|cause| cause.downcast_ref::<io::Error>()) {
        return explain_io(io, error.is_connect(), target);
    }
    if causes.iter().any(|cause| cause.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_incomplete_message))
    {
        return closed(target);
    }
    let innermost = causes.last().map_or_else(|| error.to_string(), ToString::to_string);
    format!("the request to {target} failed: {innermost}")
}

/// The error and everything it was caused by, outermost first.
fn causes(error: &reqwest::Error) -> Vec<&(dyn Error + 'static)> {
    let mut found: Vec<&(dyn Error + 'static)> = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        found.push(cause);
        // An i/o error that wraps another does not give it as its source, but the source of that.
        let wrapped = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = match wrapped {
            Some(wrapped) => Some(wrapped),
            None => cause.source(),
        };
    }
    found
}

fn explain_io(error: &io::Error, is_connect: bool, target: &Target) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => {
            format!(
                "nothing listens at {target} (connection refused): check that the server runs, and `Host` and `Port`"
            )
        }
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            format!("{target} cannot be reached: {error}")
        }
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::UnexpectedEof => closed(target),
        _ if is_connect => format!("cannot connect to {target}: {error}"),
        _ => format!("the connection to {target} failed: {error}"),
    }
}

fn closed(target: &Target) -> String {
    let hint = if target.tls { "" } else { "; if the server wants TLS, set `tls on`" };
    format!("{target} closed the connection before its answer was complete{hint}")
}

fn explain_tls(error: &TlsError, target: &Target) -> String {
    match error {
        TlsError::InvalidCertificate(flaw) => explain_certificate(flaw, target),
        TlsError::InvalidMessage(_) => {
            format!("{target} does not talk TLS (or a proxy answers in its place): check `Port`, or set `tls off`")
        }
        TlsError::AlertReceived(alert) => explain_alert(*alert, target),
        TlsError::PeerIncompatible(_) => {
            format!(
                "{target} and this agent share no version or cipher of TLS (`tls.min_version`, `tls.max_version`): {error}"
            )
        }
        other => format!("TLS with {target} failed: {other}"),
    }
}

fn explain_certificate(flaw: &CertificateError, target: &Target) -> String {
    match flaw {
        CertificateError::UnknownIssuer | CertificateError::BadSignature => format!(
            "the certificate of {target} is signed by an authority that is not trusted here: \
             set `tls.ca_file` to the certificate of the authority that signed it"
        ),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            let names = match flaw {
                CertificateError::NotValidForNameContext { presented, .. } => {
                    format!(" (it is for {})", presented.join(", "))
                }
                _ => String::new(),
            };
            format!(
                "the certificate of {target} is not for the name `{}`{names}: set `Host` or `tls.vhost` to a name it is for",
                target.certified_name()
            )
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            format!(
                "the certificate of {target} has expired: renew it on the server, or check the clock of this machine"
            )
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            format!("the certificate of {target} is not valid yet: check the clock of this machine and of the server")
        }
        CertificateError::Revoked => format!("the certificate of {target} was revoked"),
        other => format!("the certificate of {target} cannot be used: {other}"),
    }
}

fn explain_alert(alert: AlertDescription, target: &Target) -> String {
    match alert {
        AlertDescription::CertificateRequired | AlertDescription::HandshakeFailure => format!(
            "{target} refused the handshake, as servers do that want a certificate of the client: \
             set `tls.crt_file` and `tls.key_file`"
        ),
        AlertDescription::UnknownCA | AlertDescription::BadCertificate | AlertDescription::CertificateUnknown => {
            format!("{target} does not accept the certificate in `tls.crt_file`")
        }
        AlertDescription::CertificateExpired => {
            format!("{target} says that the certificate in `tls.crt_file` has expired")
        }
        AlertDescription::ProtocolVersion => {
            format!("{target} talks no version of TLS between `tls.min_version` and `tls.max_version`")
        }
        AlertDescription::UnrecognisedName => {
            format!("{target} does not know the name `{}`: check `Host` or `tls.vhost`", target.certified_name())
        }
        other => format!("{target} broke off the TLS handshake: {other:?}"),
    }
}
