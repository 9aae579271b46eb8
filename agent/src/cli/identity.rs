//! Who this agent is: its id and the secret of its hashes.

use std::fs;
use std::io;
use std::path::Path;

use crate::config::{Diagnostics, Environment, Severity, read_bounded};
use crate::plugin::Agent;
use crate::state::put_whole;

/// The host's name, empty when it has none.
pub(super) fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// Where an identity is taken from.
pub(super) struct Sources<'a> {
    /// `Instance` as configured.
    pub(super) instance: Option<&'a str>,
    /// Directory for state.
    pub(super) state: Option<&'a Path>,
    /// Environment of the process, `HOSTNAME` included.
    pub(super) environment: &'a Environment,
    /// File with the id of this machine.
    pub(super) machine_id: &'a Path,
    /// Whether nothing may be written.
    pub(super) dry_run: bool,
}

impl Sources<'_> {
    /// The agent: `instance` as configured, else `NODE_NAME`, else machine id with host name.
    ///
    /// Its secret is the machine id, which never leaves the host; without one, a key kept in the state directory; without
    /// that, the id of this boot.
    pub(super) fn agent(&self, findings: &mut Diagnostics) -> Agent {
        let machine = read_bounded(self.machine_id, 256).ok().map(|text| text.trim().to_owned());
        let machine = machine.filter(|id| !id.is_empty() && id != "uninitialized");
        let host = self.environment.get("HOSTNAME").unwrap_or_default();
        let node = self.environment.get("NODE_NAME").filter(|node| !node.is_empty());
        let id = match (self.instance.or(node), &machine) {
            (Some(name), _) => name.to_owned(),
            (None, Some(machine)) => format!("{machine} {host}"),
            (None, None) => {
                let message = "this host has no machine id: agents on other hosts may make the same document ids";
                let warning = findings.add(None, Severity::Warning, "V206", message.into());
                warning.help("set `Instance` in [SERVICE], or NODE_NAME in the environment");
                host.to_owned()
            }
        };
        let secret = machine.map(String::into_bytes).or_else(|| self.key(findings));
        let boot = || read_bounded(Path::new("/proc/sys/kernel/random/boot_id"), 64).unwrap_or_default().into_bytes();
        Agent::new(id, &secret.unwrap_or_else(boot))
    }

    /// The key kept in the state directory, made at the first start.
    fn key(&self, findings: &mut Diagnostics) -> Option<Vec<u8>> {
        let path = self.state.map(|state| state.join("agent.key"));
        let kept = path.as_deref().and_then(|path| read_bounded(path, 256).ok()).filter(|key| key.len() >= KEY_LENGTH);
        if let Some(key) = kept {
            return Some(key.into_bytes());
        }
        let made = path.as_deref().filter(|_| !self.dry_run).map(make_key);
        let reason = match (made, &path) {
            (Some(Ok(key)), _) => return Some(key),
            // It will be made at the start.
            (None, Some(_)) => return None,
            (Some(Err(error)), Some(path)) => format!("`{}` cannot be written: {error}", path.display()),
            (_, None) => "there is no state directory".to_owned(),
        };
        let message = format!("no machine id, and {reason}: the key of document ids changes with every boot");
        findings.add(None, Severity::Warning, "V207", message).help("set `storage.path` in [SERVICE]");
        None
    }
}

/// Characters of a key: two random UUIDs.
const KEY_LENGTH: usize = 64;

/// Makes a key and puts it at `path`, whole or not at all.
fn make_key(path: &Path) -> io::Result<Vec<u8>> {
    fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
    let random = || read_bounded(Path::new("/proc/sys/kernel/random/uuid"), 64).map_err(io::Error::other);
    let key = format!("{}{}", random()?, random()?);
    put_whole(path, key.as_bytes())?;
    Ok(key.into_bytes())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// The hash that an agent from these sources gives, and the codes of what was warned about.
    fn hash(sources: &Sources<'_>) -> (u32, Vec<&'static str>) {
        let mut findings = Diagnostics::default();
        let agent = sources.agent(&mut findings);
        (agent.source_hash(b"line"), findings.in_order().iter().map(|finding| finding.code).collect())
    }

    #[test]
    fn without_a_machine_id_the_key_is_kept_in_the_state_directory() {
        let state = tempfile::tempdir().expect("a directory");
        let nowhere = state.path().join("machine-id");
        let environment = Environment::new([("NODE_NAME".to_owned(), "n1".to_owned())]);
        let at = |directory, dry_run| Sources {
            instance: None,
            state: directory,
            environment: &environment,
            machine_id: &nowhere,
            dry_run,
        };
        let key = state.path().join("agent.key");

        assert_eq!(hash(&at(Some(state.path()), true)).1, [""; 0]);
        assert!(!key.exists(), "a dry run writes nothing");
        let first = hash(&at(Some(state.path()), false));
        assert_eq!((first.0, first.1.len()), (hash(&at(Some(state.path()), false)).0, 0));
        assert_eq!(fs::metadata(&key).expect("it was made").permissions().mode() & 0o777, 0o600);
        assert_eq!(hash(&at(None, false)).1, ["V207"]);
    }

    #[test]
    fn the_instance_of_the_configuration_wins_over_the_name_of_the_node() {
        let state = tempfile::tempdir().expect("a directory");
        let machine_id = state.path().join("machine-id");
        fs::write(&machine_id, "0123456789abcdef\n").expect("it can be written");
        let of = |instance, node: &str| {
            let environment = Environment::new([("NODE_NAME".to_owned(), node.to_owned())]);
            let mut findings = Diagnostics::default();
            let sources =
                Sources { instance, state: None, environment: &environment, machine_id: &machine_id, dry_run: false };
            format!("{:?}", sources.agent(&mut findings))
        };

        assert_ne!(of(None, "n1"), of(None, "n2"));
        assert_eq!(of(Some("own"), "n1"), of(Some("own"), "n2"));
        assert_ne!(of(Some("own"), "n1"), of(None, "n1"));
    }

    #[test]
    fn a_host_without_any_identity_is_warned_about() {
        let state = tempfile::tempdir().expect("a directory");
        let machine_id = state.path().join("machine-id");
        let environment = Environment::default();
        let sources = Sources {
            instance: None,
            state: Some(state.path()),
            environment: &environment,
            machine_id: &machine_id,
            dry_run: false,
        };

        assert_eq!(hash(&sources).1, ["V206"]);
        fs::write(&machine_id, "0123456789abcdef\n").expect("it can be written");
        assert_eq!(hash(&sources).1, [""; 0]);
    }
}
