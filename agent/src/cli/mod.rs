//! The command line: flags as Fluent Bit has them, and sub-commands. Only this room prints and exits.

mod bench;
mod differences;
mod dlq;
mod flags;
mod help;
mod identity;
mod logger;
mod migrate;
mod opening;
mod places;
mod policies;
mod privacy;
mod probe;
mod renewal;
mod retention;
mod roles;
mod setup;
mod tables;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use crate::config::{
    Diagnostics, Document, Environment, Loaded, OptionType, Section, SectionKind, Size, SourceFile, load,
    parsers_in_use, render,
};
use crate::inputs;
use crate::pipeline::{Plan, Surroundings};
use crate::plugin::Purpose;
use crate::retention::Classes;
use tracing::{info, warn};

use flags::{Command, Flags};
use renewal::Files;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use vigie_parsers::regex::{Engine, STEP_LIMIT};

/// Runs the program with its arguments, the first one being its name. Gives 0 when all went well, 1 otherwise.
pub fn run(arguments: impl IntoIterator<Item = std::ffi::OsString>) -> ExitCode {
    let arguments: Vec<std::ffi::OsString> = arguments.into_iter().collect();
    if let Some(done) = privacy::run(&arguments) {
        return done;
    }
    if arguments.get(1).is_some_and(|word| word == "retention") {
        return retention::run(&arguments[2..]);
    }
    let flags = match Flags::parse(arguments) {
        Ok(flags) => flags,
        Err(message) => {
            say(&format!("vigie: {message}\n"));
            return ExitCode::FAILURE;
        }
    };
    match flags.command {
        Command::Version => print(&format!("Vigie v{}\n", env!("CARGO_PKG_VERSION"))),
        Command::Help(ref topic) => told(help::text(topic.as_deref())),
        Command::Json(ref topic) => told(tables::json(topic.as_deref())),
        Command::Migrate(ref file) => told(migrate::text(file, environment())),
        Command::Bench => bench::measure(),
        Command::Dlq(ref ask) => dlq::run(ask, &flags),
        Command::Run | Command::DryRun | Command::Check | Command::Setup => start(flags),
    }
}

fn told(text: Result<String, String>) -> ExitCode {
    match text {
        Ok(text) => print(&text),
        Err(message) => {
            say(&format!("vigie: {message}\n"));
            ExitCode::FAILURE
        }
    }
}

/// Asks for as many descriptors as the system gives this process: tailed files and connections take one each.
fn raise_descriptors() {
    let limit = getrlimit(Resource::Nofile);
    // Where it is refused, the limit stays and quiet files give theirs up.
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).unwrap_or_default();
}

fn start(flags: Flags) -> ExitCode {
    if let Err(message) = enter_directory(&flags) {
        say(&format!("vigie: {message}\n"));
        return ExitCode::FAILURE;
    }
    let environment = environment();
    let mut findings = Diagnostics::default();
    let loaded = load(&flags.line, environment.clone(), &mut findings);
    let sources = loaded.document.files.clone();
    let wished = match flags.command {
        Command::Run if !findings.has_errors() => Purpose::Run,
        // An agent may well run meanwhile, and as another user.
        Command::Setup => Purpose::Read,
        // It is called before a reload.
        Command::Check => Purpose::CheckBeside,
        _ => Purpose::Check,
    };
    let logger = opening::logger((&loaded, wished), (flags.quiet, flags.verbose), &environment, &mut findings);
    let purpose = if logger.is_none() && wished == Purpose::Run { Purpose::Check } else { wished };
    if matches!(purpose, Purpose::Check | Purpose::CheckBeside) {
        opening::port(&loaded, purpose, &mut findings);
    }
    let renewal = logger.map(|logger| {
        for (section, keys) in help::not_needed(&loaded.document) {
            info!(component = "config", "{section}: accepted, not needed here: {}", keys.join(", "));
        }
        Files::new(flags.line, (flags.quiet, flags.verbose), logger, loaded.clone())
    });
    if flags.command == Command::Check {
        report(&loaded);
        probe::probe(&loaded, &mut findings);
        print(&probe::sinks(&loaded.document, &mut findings));
    }
    let outputs = setup::outputs(&loaded.document);
    let classes = match flags.command {
        // What is wrong with them is reported where the plan is built.
        Command::Setup => Classes::read(&loaded.document, &mut Diagnostics::default()),
        _ => Arc::default(),
    };
    let surroundings = surroundings(&loaded, &environment, purpose, &mut findings);
    if let Some(directory) = surroundings.state_directory.as_ref().filter(|_| purpose == Purpose::Run) {
        bring_home(&loaded.document, directory);
    }
    let plan = Plan::build(loaded, &surroundings, &mut findings);
    probe::not_twice(&mut findings);
    say(&render(&findings, &sources));
    let Some(plan) = plan.filter(|_| !findings.has_errors()) else {
        let errors = findings.errors();
        say(&format!("vigie: {errors} error{} in the configuration\n", if errors == 1 { "" } else { "s" }));
        return ExitCode::FAILURE;
    };
    match (flags.command, renewal) {
        (Command::Run, Some(renewal)) => {
            raise_descriptors();
            plan.run(Box::new(renewal))
        }
        (Command::Setup, _) => set_up((flags.roles, flags.policies, flags.apply), (&outputs, &classes, &sources)),
        _ => {
            say("configuration test is successful\n");
            ExitCode::SUCCESS
        }
    }
}

/// Moves positions to where the inputs of `document` look for them.
fn bring_home(document: &Document, directory: &Path) {
    if let Err(error) = inputs::bring_home(document, directory) {
        warn!(component = "engine", %error, "positions of files that another input followed before are not looked for");
    }
}

/// Looks at templates, and at roles and policies where they are asked for. Something open is said by the exit code of what comes last.
fn set_up(
    (roles, policies, apply): (bool, bool, bool),
    (outputs, classes, sources): (&[(Section, String)], &Arc<Classes>, &[SourceFile]),
) -> ExitCode {
    let mut done = setup::run(outputs, classes, apply, sources);
    for (is_asked, more) in [(roles, roles::run as More), (policies, policies::run as More)] {
        if is_asked && done != ExitCode::FAILURE {
            let next = more(outputs, classes, apply);
            done = if next == ExitCode::SUCCESS { done } else { next };
        }
    }
    done
}

/// More that is set up: for these outputs and classes, and whether it is done.
type More = fn(&[(Section, String)], &Arc<Classes>, bool) -> ExitCode;

fn enter_directory(flags: &Flags) -> Result<(), String> {
    let Some(directory) = &flags.directory else { return Ok(()) };
    let changed = std::env::set_current_dir(directory);
    changed.map_err(|error| format!("cannot change to `{}`: {error}", directory.display()))
}

/// The environment of the process, with the name of the host.
fn environment() -> Environment {
    let variables =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let mut environment = Environment::new(variables);
    if environment.get("HOSTNAME").is_none() {
        let host = identity::host_name();
        environment.set("HOSTNAME", &host);
    }
    environment
}

/// The configuration for `dlq`, of which only the outputs that it sends through are made. Nothing is written for it.
fn load_for_dlq(flags: &Flags) -> Result<dlq::ForDlq, String> {
    enter_directory(flags)?;
    let environment = environment();
    let mut findings = Diagnostics::default();
    let loaded = load(&flags.line, environment.clone(), &mut findings);
    if findings.has_errors() {
        return Err(format!("the configuration cannot be read\n{}", render(&findings, &loaded.document.files)));
    }
    let mut surroundings = surroundings(&loaded, &environment, Purpose::Read, &mut findings);
    surroundings.purpose = Purpose::Run;
    Ok(dlq::ForDlq { loaded, surroundings })
}

fn surroundings(
    loaded: &Loaded,
    environment: &Environment,
    purpose: Purpose,
    findings: &mut Diagnostics,
) -> Surroundings {
    let state_directory = state_directory(&loaded.service.storage_path, environment);
    let identity = identity::Sources {
        instance: loaded.service.instance.as_deref(),
        state: state_directory.as_deref(),
        environment,
        machine_id: Path::new("/etc/machine-id"),
        dry_run: purpose.is_check(),
    };
    let agent = Arc::new(identity.agent(findings));
    Surroundings { agent, state_directory, purpose }
}

/// What `check` tells beyond the dry run: what is accepted and not needed, and the bounds of memory.
fn report(loaded: &Loaded) {
    let mut text = String::new();
    for (section, keys) in help::not_needed(&loaded.document) {
        text.push_str(&format!("{section}: accepted, not needed here: {}\n", keys.join(", ")));
    }
    let service = &loaded.service;
    text.push_str(&format!("memory: at most {} bytes of records and requests\n", service.memory()));
    for (section, instance) in loaded.document.instances(SectionKind::Input) {
        let limit = section.get("mem_buf_limit").and_then(|limit| Size::parse(&limit.text).ok());
        if let Some(limit) = limit.filter(|limit| limit.0 > 0) {
            text.push_str(&format!("memory: of these, {instance} at most {} bytes\n", limit.0));
        }
    }
    text.push_str(&format!("workers: {}\n", service.worker_count()));
    for (name, engine) in engines(loaded) {
        let means = match engine {
            Engine::Program => "a byte program".to_owned(),
            Engine::OnePass => "one-pass".to_owned(),
            Engine::General => "the general engine, which is slower".to_owned(),
            Engine::Backtracking => {
                format!("backtracking, a line is given up and kept as text after {STEP_LIMIT} steps")
            }
        };
        text.push_str(&format!("parser {name}: {means}\n"));
    }
    print(&text);
}

/// The parsers with a pattern that are in use, and what runs them.
fn engines(loaded: &Loaded) -> BTreeMap<&str, Engine> {
    let names = parsers_in_use(&loaded.document).into_iter();
    names.filter_map(|name| Some((name, loaded.parsers.get(name)?.engine()?))).collect()
}

fn state_directory(storage_path: &Option<PathBuf>, environment: &Environment) -> Option<PathBuf> {
    let given = environment.get("STATE_DIRECTORY").and_then(|paths| paths.split(':').next());
    storage_path.clone().or_else(|| given.filter(|path| !path.is_empty()).map(PathBuf::from))
}

/// Writes to standard output.
fn print(text: &str) -> ExitCode {
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// Writes to standard error. When that is closed there is nobody to tell.
fn say(text: &str) {
    drop(std::io::stderr().write_all(text.as_bytes()));
}
