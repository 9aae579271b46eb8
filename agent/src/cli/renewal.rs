//! Reads the configuration anew for a reload.

use std::path::{Path, PathBuf};

use super::logger::{self, Levels, Logger};
use super::{environment, places, surroundings};
use crate::config::{CommandLine, Diagnostics, Loaded, load, told};
use crate::monitor;
use crate::pipeline::{Plan, Renewal};
use crate::plugin::Purpose;

/// The files and flags that the agent was started with, and what they came to.
pub(super) struct Files {
    line: CommandLine,
    /// How much the flags have the agent say.
    quiet: bool,
    verbose: u32,
    logger: Logger,
    /// What runs.
    current: Loaded,
    state_directory: Option<PathBuf>,
    /// What ran before it.
    former: Option<Loaded>,
    /// What is to run.
    checked: Option<Loaded>,
}

impl Files {
    /// What `line` came to and runs now.
    pub(super) fn new(line: CommandLine, says: (bool, u32), logger: Logger, current: Loaded) -> Self {
        let state_directory = super::state_directory(&current.service.storage_path, &environment());
        let (quiet, verbose) = says;
        Self { line, quiet, verbose, logger, current, state_directory, former: None, checked: None }
    }

    /// Whether what runs listens at the port of `loaded`, and makes way for it.
    fn has_port_of(&self, loaded: &Loaded) -> bool {
        let (now, then) = (&self.current.service, &loaded.service);
        now.http_server && now.http_port == then.http_port
    }

    /// Builds `loaded` and says what it wants said.
    fn plan(&self, loaded: &Loaded) -> Result<Plan, Vec<String>> {
        let environment = environment();
        let mut findings = Diagnostics::default();
        let surroundings = surroundings(loaded, &environment, Purpose::Run, &mut findings);
        let plan = Plan::build(loaded.clone(), &surroundings, &mut findings);
        let plan = plan.ok_or_else(|| told(&findings, &loaded.document.files))?;
        let levels = Levels::new(loaded, self.quiet, self.verbose, &environment).map_err(|reason| vec![reason])?;
        self.logger.change(loaded, levels).map_err(|reason| vec![reason])?;
        Ok(plan)
    }
}

impl Renewal for Files {
    fn check(&mut self) -> Result<(), Vec<String>> {
        let environment = environment();
        let mut findings = Diagnostics::default();
        let loaded = load(&self.line, environment.clone(), &mut findings);
        let surroundings = surroundings(&loaded, &environment, Purpose::CheckBeside, &mut findings);
        drop(Plan::build(loaded.clone(), &surroundings, &mut findings));
        if findings.has_errors() {
            return Err(told(&findings, &loaded.document.files));
        }
        if surroundings.state_directory != self.state_directory {
            let message = "`storage.path` cannot change while the agent runs: positions and spooled records lie there";
            return Err(vec![format!("{message}; stop the agent, move the directory, and start it again")]);
        }
        logger::probe(&loaded).map_err(|reason| vec![reason])?;
        if !self.has_port_of(&loaded) {
            monitor::probe(&loaded.service).map_err(|error| vec![error.to_string()])?;
        }
        // Without a directory of state they are in memory, or in a `DB` of their own.
        let directory = self.state_directory.as_deref().unwrap_or(Path::new(""));
        let lost = places::lost(&self.current.document, &loaded.document, directory);
        if !lost.is_empty() {
            return Err(lost);
        }
        self.checked = Some(loaded);
        Ok(())
    }

    fn build(&mut self) -> Result<Plan, Vec<String>> {
        let loaded = self.checked.take().ok_or_else(|| vec!["no configuration was checked".to_owned()])?;
        self.former = None;
        let plan = self.plan(&loaded)?;
        self.former = Some(std::mem::replace(&mut self.current, loaded));
        Ok(plan)
    }

    fn restore(&mut self) -> Result<Plan, Vec<String>> {
        if let Some(former) = self.former.take() {
            self.current = former;
        }
        self.plan(&self.current)
    }
}
