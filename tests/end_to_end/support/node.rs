//! A real OpenSearch node, run by `tests/opensearch/opensearch.sh`.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use super::section::OutputSection;

const PREFIX: &str = "VIGIE_TEST_OPENSEARCH_";

/// A node and how to reach it.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// Where it lives, if this process started it.
    home: Option<PathBuf>,
    pub(crate) port: u16,
    pub(crate) user: String,
    pub(crate) password: String,
    /// The CA that signed its certificate.
    pub(crate) ca: PathBuf,
    /// A CA that did not.
    pub(crate) other_ca: PathBuf,
}

/// The node that all tests of this process share.
///
/// A node that cannot start fails every test that asks for it; nothing is skipped.
pub(crate) fn shared_node() -> &'static Node {
    static SHARED: OnceLock<Node> = OnceLock::new();
    SHARED.get_or_init(|| Node::from_environment().unwrap_or_else(Node::start))
}

impl Node {
    fn from_environment() -> Option<Self> {
        let variables: HashMap<String, String> =
            std::env::vars().filter(|(name, _)| name.starts_with(PREFIX)).collect();
        (!variables.is_empty()).then(|| Self::from_variables(&variables, None))
    }

    fn from_variables(variables: &HashMap<String, String>, home: Option<PathBuf>) -> Self {
        let variable = |name: &str| {
            variables.get(&format!("{PREFIX}{name}")).expect("all variables of a node come together").clone()
        };
        Self {
            home,
            port: variable("PORT").parse().expect("the port of the node is a number"),
            user: variable("USER"),
            password: variable("PASSWORD"),
            ca: variable("CA").into(),
            other_ca: variable("OTHER_CA").into(),
        }
    }

    /// Starts a node of one's own. It is removed when this process ends, however it ends.
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// The same with further lines for its configuration.
    pub(crate) fn start_with(settings: &[&str]) -> Self {
        let home =
            std::env::temp_dir().join(format!("vigie-tests-{}-{:?}", std::process::id(), std::thread::current().id()));
        let home = home.to_string_lossy().replace(['(', ')'], "").into();
        Self::start_in(home, settings)
    }

    fn start_in(home: PathBuf, settings: &[&str]) -> Self {
        let owner = std::process::id().to_string();
        let mut arguments = vec!["start".as_ref(), home.as_os_str(), "--owner".as_ref(), owner.as_ref()];
        for setting in settings {
            arguments.extend([std::ffi::OsStr::new("--setting"), setting.as_ref()]);
        }
        let output = script(&arguments);
        let variables = output.lines().filter_map(|line| line.split_once('='));
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Self::from_variables(&variables, Some(home))
    }

    /// An `[OUTPUT]` section that ships to this node; tests change it to go wrong.
    pub(crate) fn output(&self, matching: &str, index: &str) -> OutputSection {
        OutputSection {
            matching: matching.to_owned(),
            host: "127.0.0.1".to_owned(),
            port: self.port,
            user: self.user.clone(),
            password: self.password.clone(),
            ca: self.ca.clone(),
            index: index.to_owned(),
            more: Vec::new(),
        }
    }

    /// Where it keeps its data: beside the configuration that its CA lies in.
    pub(crate) fn data(&self) -> PathBuf {
        let home = self.ca.ancestors().nth(3).expect("the CA lies in `config/certificates`");
        home.join("data")
    }

    /// Stops a node of one's own. Its data stays.
    pub(crate) fn stop(&self) {
        script(&["stop".as_ref(), self.own_home().as_os_str()]);
    }

    /// Starts it again at the same port.
    pub(crate) fn restart(&self) {
        script(&["start".as_ref(), self.own_home().as_os_str()]);
    }

    fn own_home(&self) -> &Path {
        self.home.as_deref().expect("only a node of one's own is stopped")
    }
}

/// Runs the script and gives what it printed; what it said stands in the output of the test.
fn script(arguments: &[&std::ffi::OsStr]) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/opensearch/opensearch.sh");
    let output = Command::new(&path)
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .expect("the script of the node can be run");
    assert!(output.status.success(), "OpenSearch is needed and `{} {arguments:?}` failed", path.display());
    String::from_utf8(output.stdout).expect("the script prints text")
}
