//! Who this agent is: its id and the secret of its hashes.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use tracing::warn;

use crate::config::{Environment, read_bounded};
use crate::plugin::Agent;

/// The host's name, empty when it has none.
pub(super) fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// The agent: `instance` as configured, else `NODE_NAME`, else machine id with host name.
///
/// Its secret is the machine id, which never leaves the host; without one, a key kept in the state directory.
pub(super) fn agent(instance: Option<&str>, state: Option<&Path>, environment: &Environment) -> Agent {
    let machine = read_bounded(Path::new("/etc/machine-id"), 256).ok().map(|text| text.trim().to_owned());
    let machine = machine.filter(|id| !id.is_empty());
    let host = environment.get("HOSTNAME").unwrap_or_default();
    let id = match (instance, environment.get("NODE_NAME"), &machine) {
        (Some(instance), _, _) => instance.to_owned(),
        (None, Some(node), _) if !node.is_empty() => node.to_owned(),
        (None, _, Some(machine)) => format!("{machine} {host}"),
        (None, _, None) => {
            warn!(
                component = "engine",
                "this host has no machine id: set `Instance` in [SERVICE], or agents on other hosts may make the same document ids"
            );
            host.to_owned()
        }
    };
    let secret = machine.map(String::into_bytes).or_else(|| state.and_then(key_file));
    let secret = secret.unwrap_or_else(|| {
        warn!(component = "engine", "no machine id and no state directory: the key of ids changes with every boot");
        read_bounded(Path::new("/proc/sys/kernel/random/boot_id"), 64).unwrap_or_default().into_bytes()
    });
    Agent::new(id, &secret)
}

/// The key kept in the state directory, made at the first start.
fn key_file(state: &Path) -> Option<Vec<u8>> {
    let path = state.join("agent.key");
    if let Ok(key) = read_bounded(&path, 256) {
        return Some(key.into_bytes());
    }
    let key = read_bounded(Path::new("/proc/sys/kernel/random/uuid"), 64).ok()?;
    std::fs::create_dir_all(state).ok()?;
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).ok()?;
    file.write_all(key.as_bytes()).and_then(|()| file.sync_all()).ok()?;
    Some(key.into_bytes())
}
