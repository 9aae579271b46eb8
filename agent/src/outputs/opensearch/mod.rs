//! The `opensearch` output: bulk requests, each item judged on its own.
//!
//! Nothing here waits or retries: what is to be sent again is said in the verdict, and the pipeline does it.

mod access;
mod answers;
mod conflicts;
mod deliver;
mod directory;
mod encoder;
mod idle;
mod index;
mod judge;
mod lines;
mod lookup;
mod mend;
pub mod options;
mod placement;
mod position;
pub mod reach;
mod rollover;
pub mod setup;
mod stream;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use rustls::ClientConfig;
use tracing::warn;

use crate::config::{Diagnostics, Options, Section};
use crate::metrics::OutputMetrics;
use crate::net::{AuthOptions, Hosts, HttpClient, NetOptions, Target, TlsFiles, TlsOptions};
use crate::plugin::{BuildContext, Output, OutputKind, Purpose};
use access::Access;
use deliver::{Destination, OpenSearch};
use directory::Directory;
use options::{OpenSearchOptions, TABLE};

/// The row of the plugin table.
pub const KIND: OutputKind = OutputKind {
    name: "opensearch",
    summary: "Indexes records in OpenSearch by bulk requests.",
    options: &TABLE,
    build,
};

fn build(
    section: &Section,
    context: &BuildContext,
    metrics: &Arc<OutputMetrics>,
    findings: &mut Diagnostics,
) -> Option<Arc<dyn Output>> {
    let options = OpenSearchOptions::read(section, findings);
    let tls = TlsOptions::read(section, findings);
    let net = NetOptions::read(section, findings);
    let auth = AuthOptions::read(section, findings);
    let (options, tls, net, auth) = (options?, tls?, net?, auth?);
    if !(options.check(&tls, section, findings) & tls.check(section, findings)) {
        return None;
    }
    idle::tell(&options, section, findings);
    let mut access = Access::open(&auth, section, context, findings)?;
    let destination = match &options.write_to {
        Some(path) => {
            let opened = match context.purpose {
                Purpose::Run => Directory::open(path).map(|directory| Destination::Directory(Arc::new(directory))),
                Purpose::Check | Purpose::CheckBeside => Directory::probe(path).map(|()| Destination::Nowhere),
                Purpose::Read => Ok(Destination::Nowhere),
            };
            match opened {
                Ok(destination) => destination,
                Err(error) => {
                    let place = section.get("write_to").map_or(section.place, |value| value.place);
                    findings.error(place, "V131", format!("cannot use the directory `{}`: {error}", path.display()));
                    return None;
                }
            }
        }
        None => {
            let files = if tls.tls { Some(tls_files(&tls, section, findings)?) } else { None };
            let config = files.as_ref().map(TlsFiles::config);
            if let Some(files) = files {
                access = access.watch(files, metrics);
            }
            Destination::Servers(Hosts::new(clients(&options, (&tls, config), &net, section, findings)?))
        }
    };
    if tls.tls && !tls.verify && !context.purpose.is_check() {
        warn!(component = %context.name, "tls.verify is off: anybody on the way can read and change what is sent");
    }
    Some(Arc::new(OpenSearch::new(options, destination, access, context, metrics)))
}

/// Reads the files of TLS, so that a missing certificate is found at the start and by a dry run.
fn tls_files(tls: &TlsOptions, section: &Section, findings: &mut Diagnostics) -> Option<TlsFiles> {
    let files = match TlsFiles::open(tls) {
        Ok(files) => files,
        Err(error) => {
            let keys = ["tls.ca_file", "tls.ca_path", "tls.crt_file", "tls.key_file", "tls"];
            let place = keys.iter().find_map(|key| section.get(key)).map_or(section.place, |value| value.place);
            findings.error(place, "V132", error.to_string());
            return None;
        }
    };
    if let Some(key) = files.exposed_key() {
        let place = section.get("tls.key_file").map_or(section.place, |value| value.place);
        let message = format!("every user of this machine may read `{}`", key.display());
        findings.warning(place, "V137", message).help("take the permission away: `chmod o-r FILE`");
    }
    Some(files)
}

/// Makes a client per host.
fn clients(
    options: &OpenSearchOptions,
    (tls, config): (&TlsOptions, Option<ClientConfig>),
    net: &NetOptions,
    section: &Section,
    findings: &mut Diagnostics,
) -> Option<Vec<HttpClient>> {
    let one = vec![(options.host.clone(), None)];
    let named = options.hosts.as_ref().map_or(&one, |list| &list.0);
    let target = |(host, port): &(String, Option<u16>)| Target {
        host: host.clone(),
        port: port.unwrap_or(options.port),
        tls: tls.tls,
        vhost: tls.vhost.clone(),
    };
    let client = |host| HttpClient::new(target(host), net, config.clone(), options.response_timeout);
    match named.iter().map(client).collect() {
        Ok(clients) => Some(clients),
        Err(message) => {
            let place = ["hosts", "host"].iter().find_map(|key| section.get(key));
            let help = "write the name or address alone; `Port`, `tls on` and `Path` stand on lines of their own";
            findings.error(place.map_or(section.place, |value| value.place), "V133", message).help(help);
            None
        }
    }
}
