//! The `[OUTPUT]` section of a configuration that ships to a node.

use std::fmt;
use std::path::PathBuf;

/// Written out as a section of the classic format.
#[derive(Clone, Debug)]
pub(crate) struct OutputSection {
    pub(crate) matching: String,
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) user: String,
    pub(crate) password: String,
    pub(crate) ca: PathBuf,
    pub(crate) index: String,
    /// Further lines, such as `Compress gzip`.
    pub(crate) more: Vec<&'static str>,
}

impl fmt::Display for OutputSection {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "\n[OUTPUT]\n    Name opensearch\n    Match {}", self.matching)?;
        writeln!(out, "    Host {}\n    Port {}\n    Index {}", self.host, self.port, self.index)?;
        writeln!(out, "    HTTP_User {}\n    HTTP_Passwd {}", self.user, self.password)?;
        writeln!(out, "    tls On\n    tls.ca_file {}\n    Suppress_Type_Name On", self.ca.display())?;
        self.more.iter().try_for_each(|line| writeln!(out, "    {line}"))
    }
}
