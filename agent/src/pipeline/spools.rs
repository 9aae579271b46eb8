//! Which outputs have a spool, and what else lies where spools lie.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use super::build::{BuiltInput, BuiltOutput, Surroundings};
use crate::config::types::{Size, WhenFull};
use crate::config::{Diagnostics, Service, Severity};
use crate::plugin::Purpose;
use crate::spool::{Hide, Key, Spool, SpoolOptions, folder_of, path_of, probe_spool, spools};

/// The spool of an output, as configured and as opened.
#[derive(Clone, Debug, Default)]
pub struct SpoolPlan {
    limit: u64,
    when_full: WhenFull,
    /// The spool, where there is need of one.
    pub(super) opened: Option<Arc<Spool>>,
    /// Inputs whose records go through it always.
    pub(super) kept: Arc<HashSet<Arc<str>>>,
}

impl SpoolPlan {
    /// A spool of at most `limit` bytes; 0 leaves it to the disk.
    pub(super) fn new(limit: Size, when_full: WhenFull) -> Self {
        let limit = if limit.0 == 0 { u64::MAX } else { limit.0 as u64 };
        Self { limit, when_full, ..Self::default() }
    }
}

/// Opens the spools of `outputs`, with `hide` for the names of sources: where records of an input are to be kept, where several outputs may take the same records,
/// and where something was left by an earlier run. Also tells what was left for outputs that are no more.
pub(super) fn equip(
    (inputs, hide): (&[BuiltInput], Option<Hide>),
    outputs: &mut [BuiltOutput],
    service: &Service,
    surroundings: &Surroundings,
    findings: &mut Diagnostics,
) {
    let key = key(service, findings);
    let Some(state) = surroundings.state_directory.as_deref() else { return };
    let left = spools(state);
    tell_orphans(&left, outputs, state, findings);
    let is_check = surroundings.purpose.is_check();
    if findings.has_errors() && !is_check || surroundings.purpose == Purpose::Read {
        return;
    }
    let kept: HashSet<Arc<str>> =
        inputs.iter().filter(|input| input.is_kept).map(|input| Arc::clone(&input.name)).collect();
    let kept = Arc::new(kept);
    let takers = outputs.iter().filter(|output| !output.output.discards()).count();
    for output in outputs.iter_mut().filter(|output| !output.output.discards()) {
        let has_left = left.iter().any(|(folder, ..)| *folder == folder_of(&output.name));
        if kept.is_empty() && takers < 2 && !has_left {
            continue;
        }
        let SpoolPlan { limit, when_full, .. } = output.spool;
        let options = SpoolOptions { limit, when_full, key: key.clone(), hide: hide.clone() };
        let path = path_of(state, &output.name);
        let opened = if is_check {
            probe_spool(&path, surroundings.purpose == Purpose::CheckBeside).map(|()| None)
        } else {
            Spool::open(&output.name, &path, options, Arc::clone(&output.metrics)).map(|spool| Some(Arc::new(spool)))
        };
        match opened {
            Ok(spool) => output.spool.opened = spool,
            Err(error) => {
                let help = "stop the other agent, or give this one another `storage.path` that it may write to";
                findings.add(None, Severity::Error, "V134", error.to_string()).help(help);
            }
        }
        output.spool.kept = Arc::clone(&kept);
    }
}

fn key(service: &Service, findings: &mut Diagnostics) -> Option<Arc<Key>> {
    let path = service.storage_key_file.as_deref()?;
    match Key::read(path) {
        Ok(key) => Some(Arc::new(key)),
        Err(reason) => {
            let message = format!("the key in `{}` cannot be used: {reason}", path.display());
            let help = "make one: `openssl rand -hex 32 > FILE`, readable for the agent alone";
            findings.add(None, Severity::Error, "V135", message).help(help);
            None
        }
    }
}

/// Reports spools with records of outputs that are not configured.
fn tell_orphans(left: &[(String, usize, u64)], outputs: &[BuiltOutput], state: &Path, findings: &mut Diagnostics) {
    let folders: HashSet<String> = outputs.iter().map(|output| folder_of(&output.name)).collect();
    for (folder, requests, records) in left.iter().filter(|(folder, ..)| !folders.contains(folder)) {
        let path = state.join("spool").join(folder);
        let message = format!(
            "{records} records in {requests} requests wait in `{}` for an output `{folder}`, which is not configured",
            path.display()
        );
        let help = format!("configure an output with `Alias {folder}` to have them delivered, or remove the folder");
        findings.add(None, Severity::Warning, "V209", message).help(help);
    }
}
