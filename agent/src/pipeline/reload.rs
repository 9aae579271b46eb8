//! Runs one pipeline after another: a new configuration is checked completely beside what runs, which is then stopped in order,
//! and the new one starts where it left off.
//!
//! Positions, spools and dead letters are on disk, so they are handed over by stopping and opening them; what cannot be opened twice,
//! such as standard input and files that are deleted, one input leaves to the next ([`Stop::leave`]). What the outputs did not take
//! within the time of a stop is read again. A configuration with mistakes changes nothing, and one that cannot start gives way to the one before.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, oneshot};
use tracing::{error, info, warn};

use super::build::{PlaceOf, Plan};
use super::run::{Ended, Running};
use crate::config::VariableFiles;
use crate::monitor::{MonitorClock, Reloaded, Reloads};
use crate::plugin::Stop;

/// How long a reload waits for outputs at the most where `Grace` has no end.
const LONGEST_DRAIN: Duration = Duration::from_secs(30);

/// Makes plans of the configuration as it is now.
pub trait Renewal {
    /// Reads and checks the configuration beside what runs. Nothing is opened.
    ///
    /// # Errors
    /// Everything that is wrong with it, a line each.
    fn check(&mut self) -> Result<(), Vec<String>>;

    /// Builds what was checked last, after what ran has ended.
    ///
    /// # Errors
    /// Why it cannot be, a line each.
    fn build(&mut self) -> Result<Plan, Vec<String>>;

    /// Builds what ran last, anew.
    ///
    /// # Errors
    /// Why it cannot be, a line each.
    fn restore(&mut self) -> Result<Plan, Vec<String>>;
}

/// Who waits for what comes of a reload; nobody where a signal asked for it.
pub(super) type Ask = Option<oneshot::Sender<Reloaded>>;

/// What may happen from outside while a pipeline runs.
pub(super) enum Wake {
    /// A signal to stop, by name.
    Stop(&'static str),
    /// A reload is wanted.
    Reload(Ask),
}

/// From where a pipeline is told what to do.
pub(super) struct Outside {
    signals: Signals,
    hang_up: Signal,
    asked: mpsc::Receiver<oneshot::Sender<Reloaded>>,
    renewal: Box<dyn Renewal>,
    reloads: Arc<Reloads>,
    clock: MonitorClock,
    /// Whether the pipeline that runs may be reloaded.
    is_enabled: bool,
    /// Why it cannot be all the same.
    hindrance: Option<String>,
    /// What a change of asks for a reload, too.
    variables: VariableFiles,
}

impl Outside {
    /// What happens next. A signal for a reload that is not enabled is only logged.
    pub(super) async fn next(&mut self) -> Wake {
        loop {
            tokio::select! {
                name = self.signals.next() => return Wake::Stop(name),
                // It ends with the runtime only.
                _ = self.hang_up.recv() => {
                    if self.is_enabled {
                        return Wake::Reload(None);
                    }
                    warn!(component = "reload", "SIGHUP received and ignored: `Hot_Reload` is off");
                }
                Some(ask) = self.asked.recv() => return Wake::Reload(Some(ask)),
                () = until(self.variables.next()), if self.is_enabled => {
                    let looks = self.variables.look(Instant::now());
                    if !looks.gone.is_empty() {
                        let variables = looks.gone.join(" ");
                        warn!(
                            component = "reload",
                            variables, "files of variables cannot be read any more: what they held stays in use"
                        );
                    }
                    if !looks.changed.is_empty() {
                        let variables = looks.changed.join(" ");
                        info!(component = "reload", variables, "files of variables have changed");
                        return Wake::Reload(None);
                    }
                }
            }
        }
    }

    /// The next signal to stop.
    pub(super) async fn next_stop(&mut self) -> &'static str {
        self.signals.next().await
    }

    /// Checks the configuration for a reload. Gives whoever waits for it back when it is good.
    pub(super) fn check(&mut self, ask: Ask) -> Option<Ask> {
        let checked = match &self.hindrance {
            Some(hindrance) => Err(vec![hindrance.clone()]),
            None => self.renewal.check(),
        };
        match checked {
            Ok(()) => {
                info!(
                    component = "reload",
                    "the configuration is good: what runs is stopped, and started anew with it"
                );
                Some(ask)
            }
            Err(reasons) => {
                refuse(ask, reasons);
                None
            }
        }
    }

    /// Where the monitor of the next pipeline has its time and asks for reloads.
    pub(super) fn for_monitor(&self) -> (&MonitorClock, &Arc<Reloads>) {
        (&self.clock, &self.reloads)
    }
}

/// Sleeps until `at`; without it for ever.
async fn until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}

/// The signals that end the agent.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    quit: Signal,
}

impl Signals {
    /// Listens for them, inside of a runtime.
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            quit: signal(SignalKind::quit())?,
        })
    }

    /// The next one that ends the agent, by name.
    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
            _ = self.quit.recv() => "SIGQUIT",
        }
    }
}

/// Says why what ran goes on.
fn refuse(ask: Ask, reasons: Vec<String>) {
    for reason in &reasons {
        error!(component = "reload", "{reason}");
    }
    error!(component = "reload", "the new configuration is refused: what ran goes on");
    answer(ask, Reloaded::Refused(reasons));
}

/// Whoever asked may have gone.
fn answer(ask: Ask, outcome: Reloaded) {
    if let Some(ask) = ask {
        drop(ask.send(outcome));
    }
}

impl Plan {
    /// Runs until the inputs end or a signal asks to stop. SIGTERM, SIGINT and SIGQUIT drain within `Grace`; a second
    /// one exits at once. What was not delivered is read again at the next start. SIGHUP and `POST /api/v2/reload` go on with
    /// what `renewal` makes.
    pub fn run(self, renewal: Box<dyn Renewal>) -> ExitCode {
        let runtime = match Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => {
                error!(component = "engine", %error, "cannot start the runtime");
                return ExitCode::FAILURE;
            }
        };
        // From the first record on a signal asks for a stop in order.
        let signals = {
            let _inside = runtime.enter();
            Signals::new().and_then(|signals| Ok((signals, signal(SignalKind::hangup())?)))
        };
        let (signals, hang_up) = match signals {
            Ok(signals) => signals,
            Err(error) => {
                error!(component = "engine", "cannot listen for signals: {error}");
                return ExitCode::FAILURE;
            }
        };
        let (reloads, asked) = Reloads::new();
        let (reloads, clock) = (Arc::new(reloads), MonitorClock::real());
        let (is_enabled, hindrance, variables) = (false, None, VariableFiles::default());
        let outside = Outside { signals, hang_up, asked, renewal, reloads, clock, is_enabled, hindrance, variables };
        Generations { runtime, outside, count: 0, stops: Vec::new() }.run(self)
    }
}

/// The pipelines that run one after another.
struct Generations {
    runtime: Runtime,
    outside: Outside,
    /// Reloads that were done.
    count: u64,
    /// The inputs of the pipeline that runs, by name; while another one is started, those before behind its own.
    stops: Vec<(Arc<str>, Stop)>,
}

impl Generations {
    fn run(mut self, plan: Plan) -> ExitCode {
        let mut running = match self.start(plan) {
            Ok(running) => running,
            Err(reason) => {
                error!(component = "engine", "{reason}");
                return ExitCode::FAILURE;
            }
        };
        loop {
            let ended = running.until_end(&self.runtime, &mut self.outside);
            let (code, renewed) = match ended {
                Ended::ForGood(code) => (code, None),
                Ended::ForReload(ask) => (ExitCode::FAILURE, self.renew(ask)),
            };
            let Some(renewed) = renewed else {
                // The reload was given up, or nothing starts: what was left for it is told of.
                self.stops.iter().for_each(|(_, stop)| stop.forget_left());
                return code;
            };
            running = renewed;
        }
    }

    /// Starts what was checked, or else what ran before. `None` when neither starts.
    fn renew(&mut self, ask: Ask) -> Option<Running> {
        let built = self.outside.renewal.build();
        let reasons = match built.and_then(|plan| self.start(plan).map_err(|reason| vec![reason])) {
            Ok(running) => {
                self.count += 1;
                running.metrics().reloads.set(self.count);
                info!(component = "reload", reloads = self.count, "the new configuration runs");
                answer(ask, Reloaded::Done);
                return Some(running);
            }
            Err(reasons) => reasons,
        };
        let restored = self.outside.renewal.restore().and_then(|plan| self.start(plan).map_err(|reason| vec![reason]));
        refuse(ask, reasons);
        match restored {
            Ok(running) => {
                self.outside.variables.forget_changes();
                running.metrics().reloads.set(self.count);
                Some(running)
            }
            Err(reasons) => {
                for reason in reasons {
                    error!(component = "reload", "{reason}");
                }
                error!(
                    component = "reload",
                    "neither the new configuration nor the one before starts: start the agent again"
                );
                None
            }
        }
    }

    fn start(&mut self, mut plan: Plan) -> Result<Running, String> {
        let heirs: Vec<(Arc<str>, Stop)> =
            plan.inputs.iter().map(|input| (Arc::clone(&input.name), input.stop.clone())).collect();
        pass_on(&self.stops, &heirs);
        // Until this one runs, the one before may take its place again.
        let former = std::mem::replace(&mut self.stops, heirs);
        let count = self.stops.len();
        self.stops.extend(former);
        let is_enabled = plan.service.hot_reload;
        self.outside.hindrance = hindrance(&plan).inspect(|hindrance| {
            if is_enabled {
                warn!(component = "reload", "the configuration cannot be reloaded: {hindrance}");
            }
        });
        let variables = VariableFiles::new(std::mem::take(&mut plan.variables), Instant::now());
        let running = Running::start(plan, &self.runtime, self.outside.for_monitor())?;
        (self.outside.is_enabled, self.outside.variables) = (is_enabled, variables);
        self.outside.reloads.enable(is_enabled);
        self.stops.drain(count..).for_each(|(_, stop)| stop.forget_left());
        Ok(running)
    }
}

/// Passes what inputs left on to those that take their places: to the one of the same name, or else to another one that has
/// their positions.
fn pass_on(former: &[(Arc<str>, Stop)], heirs: &[(Arc<str>, Stop)]) {
    for is_by_name in [true, false] {
        for ((name, stop), (known, heir)) in former.iter().flat_map(|one| heirs.iter().map(move |heir| (one, heir))) {
            let shares = stop.shares_place(heir);
            let is_heir = if is_by_name { name == known && shares != Some(false) } else { shares == Some(true) };
            if is_heir {
                stop.pass_on(heir);
            }
        }
    }
}

/// Why a reload would lose or repeat records.
fn hindrance(plan: &Plan) -> Option<String> {
    let lost = plan.inputs.iter().find(|input| input.place == PlaceOf::Memory)?;
    let name = &lost.name;
    Some(format!("`{name}` keeps its positions in memory, which end with it: set `DB`, or `storage.path` in [SERVICE]"))
}

/// How long a reload of `plan` waits for its outputs; `None` is without end.
pub(super) fn longest_drain(plan: &Plan) -> Option<Duration> {
    // These records would be lost.
    let is_lost_else = plan.inputs.iter().any(|input| input.place == PlaceOf::Nowhere && !input.is_kept);
    if is_lost_else { None } else { Some(plan.service.grace.0.unwrap_or(LONGEST_DRAIN)) }
}
