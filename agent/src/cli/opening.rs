//! What a start opens beside the plugins, the log file and the port: opened for a start, looked at for a check.

use super::logger::{self, Levels, Logger};
use crate::config::{Diagnostics, Environment, Loaded, Place, SectionKind, Severity};
use crate::monitor;
use crate::plugin::Purpose;

/// The logger of a start. `None` for a check, and where it cannot log; that has been reported.
pub(super) fn logger(
    (loaded, purpose): (&Loaded, Purpose),
    (quiet, verbose): (bool, u32),
    environment: &Environment,
    findings: &mut Diagnostics,
) -> Option<Logger> {
    if purpose == Purpose::Read {
        return None;
    }
    let levels = match Levels::new(loaded, quiet, verbose, environment) {
        Ok(levels) => levels,
        Err(message) => {
            findings.add(None, Severity::Error, "V103", message);
            return None;
        }
    };
    let started = match purpose {
        Purpose::Run => logger::start(loaded, levels).map(Some),
        _ => logger::probe(loaded).map(|()| None),
    };
    started.unwrap_or_else(|message| {
        let help = "its directory must be there, and the agent must be allowed to write to it";
        findings.error(place(loaded, &["log_file"]), "V138", message).help(help);
        None
    })
}

/// Looks whether metrics could be served. Beside an agent that runs it may have the port.
pub(super) fn port(loaded: &Loaded, purpose: Purpose, findings: &mut Diagnostics) {
    let Err(error) = monitor::probe(&loaded.service) else { return };
    let place = place(loaded, &["http_port", "http_listen", "http_server"]);
    let severity =
        if purpose == Purpose::CheckBeside && error.is_taken() { Severity::Warning } else { Severity::Error };
    let help =
        "right where an agent runs with this configuration and is told to reload it; a start beside it is refused";
    findings.add(Some(place), severity, "V139", error.to_string()).help(help);
}

/// Where the first of `keys` that is there stands in [SERVICE].
fn place(loaded: &Loaded, keys: &[&str]) -> Place {
    let mut services = loaded.document.of(SectionKind::Service);
    let found = services.find_map(|section| keys.iter().find_map(|key| section.get(key)));
    found.map_or_else(Place::default, |value| value.place)
}
