//! The configurations of `benches/conf`, which Vigie and Fluent Bit run alike.
//!
//! They are part of the programs, so that a run needs no source tree. Paths and ports come to them through the
//! environment, by the names below.

use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;

/// Name of the variable with the log, or a pattern of logs.
pub const LOG: &str = "BENCH_LOG";
/// Name of the variable with the file of positions.
pub const DB: &str = "BENCH_DB";
/// Name of the variable with the port of the store on 127.0.0.1.
pub const PORT: &str = "BENCH_PORT";
/// Name of the variable with the CA of the store.
pub const CA: &str = "BENCH_CA";

/// Parsers that the other files name. It lies beside them as `parsers.conf`.
pub const PARSERS: &str = include_str!("../conf/parsers.conf");

/// Lines that turn on TLS when they are appended to a file that ends with its output.
pub const TLS: &str = "    tls                on\n    tls.ca_file        ${BENCH_CA}\n";

const FILES: [(&str, &str); 7] = [
    ("tail-null", include_str!("../conf/tail-null.conf")),
    ("raw-bulk", include_str!("../conf/raw-bulk.conf")),
    ("json-bulk", include_str!("../conf/json-bulk.conf")),
    ("json-gzip", include_str!("../conf/json-gzip.conf")),
    ("json-redact", include_str!("../conf/json-redact.conf")),
    ("nginx-gzip", include_str!("../conf/nginx-gzip.conf")),
    ("cri-gzip", include_str!("../conf/cri-gzip.conf")),
];

/// The configuration of the scenario called `name`.
pub fn named(name: &str) -> Option<&'static str> {
    FILES.iter().find(|(file, _)| *file == name).map(|(_, text)| *text)
}

/// What a configuration is filled with.
pub(crate) struct Setup<'a> {
    /// The configuration.
    pub(crate) text: &'a str,
    /// The log, or a pattern of logs.
    pub(crate) log: &'a Path,
    /// Where the configuration and the positions lie.
    pub(crate) directory: &'a Path,
    /// Port of the sink on 127.0.0.1; 0 when there is none.
    pub(crate) port: u16,
    /// CA of the sink when it speaks TLS.
    pub(crate) ca: Option<&'a Path>,
}

impl Setup<'_> {
    /// Writes the files and gives the command that runs `program` with them.
    pub(crate) fn command(&self, program: &Path) -> io::Result<Command> {
        let main = self.directory.join("main.conf");
        fs::write(self.directory.join("parsers.conf"), PARSERS)?;
        let needs_tls = self.ca.is_some() && !self.text.contains("tls.ca_file");
        fs::write(&main, format!("{}{}", self.text, if needs_tls { TLS } else { "" }))?;
        let mut command = Command::new(program);
        command.arg("-c").arg(main);
        command.env(LOG, self.log).env(DB, self.directory.join("positions.db")).env(PORT, self.port.to_string());
        if let Some(ca) = self.ca {
            command.env(CA, ca);
        }
        Ok(command)
    }
}

/// The pattern of the `nginx` parser that Fluent Bit ships, so that every agent runs the same one.
pub fn nginx_pattern() -> &'static str {
    let line = PARSERS.lines().find_map(|line| line.trim_start().strip_prefix("Regex "));
    line.expect("one of the parsers has a pattern").trim()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::SCENARIOS;

    #[test]
    fn every_scenario_has_its_file_and_every_file_its_scenario() {
        let files: Vec<&str> = FILES.iter().map(|(name, _)| *name).collect();

        assert_eq!(SCENARIOS.map(|scenario| scenario.name).as_slice(), files);
    }

    #[test]
    fn every_file_keeps_positions_and_ends_with_its_output() {
        for (name, text) in FILES {
            assert!(text.contains("DB             ${BENCH_DB}"), "{name}");
            let (_, last_section) = text.rsplit_once("\n[").expect("there are sections");
            assert!(last_section.starts_with("OUTPUT]") && text.ends_with('\n'), "{name}");
        }
    }

    #[test]
    fn the_pattern_of_nginx_is_the_one_that_parsers_conf_holds() {
        assert!(nginx_pattern().starts_with("^(?<remote>") && nginx_pattern().ends_with("\")"), "{}", nginx_pattern());
    }
}
