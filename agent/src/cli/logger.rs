//! The agent's own messages, in Fluent Bit's form: `[YYYY/MM/DD HH:MM:SS.mmm] [ warn] [component] text`.

use std::collections::HashMap;
use std::fmt::{self, Write as _};
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::{Registry, reload};
use vigie_parsers::time::TimeWriter;

use crate::config::types::LogLevel;
use crate::config::{Document, Environment, Loaded, OptionType, RedactRule, Section, SectionKind, could_append};
use crate::filters::redacts;
use crate::plugin::wall_clock;
use crate::privacy::Redactor;

/// How much the agent and each plugin say.
pub(super) struct Levels {
    agent: LogLevel,
    plugins: HashMap<String, LogLevel>,
}

impl Levels {
    /// As `loaded`, the flags and `FLB_LOG_LEVEL` say; the latter wins over the flags, and a plugin's own level over all,
    /// unless nothing is to be said.
    ///
    /// # Errors
    /// When `FLB_LOG_LEVEL` is no level.
    pub(super) fn new(loaded: &Loaded, quiet: bool, verbose: u32, environment: &Environment) -> Result<Self, String> {
        let flagged = match (quiet, verbose) {
            (true, _) => LogLevel::Off,
            (_, 0) => loaded.service.log_level,
            (_, 1) => LogLevel::Debug,
            _ => LogLevel::Trace,
        };
        let wished = environment.get("FLB_LOG_LEVEL").filter(|text| !text.is_empty()).map(LogLevel::parse).transpose();
        let agent = wished.map_err(|expected| format!("FLB_LOG_LEVEL: expected {expected}"))?.unwrap_or(flagged);
        let plugins = if agent == LogLevel::Off { HashMap::new() } else { own_levels(&loaded.document) };
        Ok(Self { agent, plugins })
    }

    fn most(&self) -> LogLevel {
        self.plugins.values().copied().fold(self.agent, LogLevel::max)
    }

    /// Whether `component` says something at `level`.
    fn allow(&self, component: &str, level: Level) -> bool {
        filter(*self.plugins.get(component).unwrap_or(&self.agent)) >= level
    }
}

/// The levels of plugins that set one, by alias or instance name.
fn own_levels(document: &Document) -> HashMap<String, LogLevel> {
    let kinds = [SectionKind::Input, SectionKind::Filter, SectionKind::Output];
    let sections = kinds.into_iter().flat_map(|kind| document.instances(kind));
    let level = |(section, instance): (&crate::config::Section, String)| {
        let level = LogLevel::parse(&section.get("log_level")?.text).ok()?;
        Some((section.called(&instance).to_owned(), level))
    };
    sections.filter_map(level).collect()
}

fn filter(level: LogLevel) -> LevelFilter {
    match level {
        LogLevel::Off => LevelFilter::OFF,
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    }
}

/// The logger, whose levels and file may change.
pub(super) struct Logger {
    sink: Arc<Mutex<Sink>>,
    most: reload::Handle<LevelFilter, Registry>,
}

/// How much is written, and where to.
struct Sink {
    levels: Levels,
    clock: TimeWriter,
    out: Box<dyn Write + Send>,
    /// Hides personal data in messages, as in names of files, where records are redacted too.
    redactor: Option<Redactor>,
}

/// Starts logging to standard error or to the log file.
///
/// # Errors
/// When the log file cannot be opened.
pub(super) fn start(loaded: &Loaded, levels: Levels) -> Result<Logger, String> {
    let (subscriber, logger) = subscriber(levels, out(loaded)?, redactor(loaded));
    // A second start in the same process, as in tests, keeps the first logger.
    drop(tracing::subscriber::set_global_default(subscriber));
    Ok(logger)
}

impl Logger {
    /// Takes levels, the log file and what is hidden anew.
    ///
    /// # Errors
    /// When the log file cannot be opened; then all stays as it is.
    pub(super) fn change(&self, loaded: &Loaded, levels: Levels) -> Result<(), String> {
        let out = out(loaded)?;
        let most = filter(levels.most());
        {
            let mut sink = self.sink.lock().unwrap_or_else(PoisonError::into_inner);
            (sink.levels, sink.out, sink.redactor) = (levels, out, redactor(loaded));
        }
        self.most.reload(most).map_err(|error| format!("cannot change the log level: {error}"))
    }
}

/// Where `loaded` wants messages to go.
fn out(loaded: &Loaded) -> Result<Box<dyn Write + Send>, String> {
    let Some(path) = &loaded.service.log_file else { return Ok(Box::new(io::stderr())) };
    let file = OpenOptions::new().create(true).append(true).open(path);
    Ok(Box::new(file.map_err(|error| unopened(path, &error))?))
}

/// Looks whether the log file could be opened, and leaves it as it is.
///
/// # Errors
/// When it could not.
pub(super) fn probe(loaded: &Loaded) -> Result<(), String> {
    let Some(path) = &loaded.service.log_file else { return Ok(()) };
    could_append(path).map_err(|error| unopened(path, &error))
}

fn unopened(path: &Path, error: &io::Error) -> String {
    format!("cannot open the log file `{}`: {error}", path.display())
}

/// What hides personal data in messages, where `loaded` has it hidden in records.
fn redactor(loaded: &Loaded) -> Option<Redactor> {
    let document = &loaded.document;
    let hides = loaded.service.redact == RedactRule::Required
        || [SectionKind::Input, SectionKind::Filter, SectionKind::Output]
            .map(|kind| document.of(kind))
            .into_iter()
            .flatten()
            .any(hides);
    hides.then(|| {
        hide_panics();
        Redactor::for_messages()
    })
}

/// What a panic says goes the way of all messages, and only as far as it quotes nothing: it may be what it was working on, of
/// which no detector knows all.
fn hide_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let at = panic.location().map(ToString::to_string).unwrap_or_default();
        let text = panic.payload_as_str().unwrap_or("it says nothing");
        let unquoted = text.split(['`', '"', '\'']).next().unwrap_or_default().trim_end();
        tracing::error!(component = "panic", at, "{unquoted}");
    }));
}

/// Whether `section` or one of its processors is a `redact`.
fn hides(section: &Section) -> bool {
    redacts(section) || section.groups.iter().any(|(_, group)| hides(group))
}

fn subscriber(
    levels: Levels,
    out: Box<dyn Write + Send>,
    redactor: Option<Redactor>,
) -> (impl Subscriber + Send + Sync, Logger) {
    let clock = TimeWriter::new("%Y/%m/%d %H:%M:%S").expect("the format is valid");
    let (most, handle) = reload::Layer::new(filter(levels.most()));
    let sink = Arc::new(Mutex::new(Sink { levels, clock, out, redactor }));
    let logger = Logger { sink: Arc::clone(&sink), most: handle };
    (tracing_subscriber::registry().with(most).with(Lines(sink)), logger)
}

/// Writes events as lines.
struct Lines(Arc<Mutex<Sink>>);

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let (level, target) = (*event.metadata().level(), event.metadata().target());
        // Libraries complain; what else they have to say is only for those who trace.
        let own = target.starts_with("vigie");
        let mut parts = Parts::default();
        event.record(&mut parts);
        let component = parts.component.as_deref().unwrap_or(target.rsplit("::").next().unwrap_or(target));
        let now = wall_clock();
        let mut sink = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_chatter = !own && level > Level::WARN && sink.levels.agent < LogLevel::Trace;
        if is_chatter || !sink.levels.allow(component, level) {
            return;
        }
        let Sink { clock, out, redactor, .. } = &mut *sink;
        let time = String::from_utf8_lossy(clock.write(now)).into_owned();
        let (millis, level) = (now.nanos / 1_000_000, level_word(level));
        let mut text = format!("{}{}", parts.message, parts.fields);
        if let Some(redactor) = redactor {
            text = redactor.message(text);
        }
        let line = format!("[{time}.{millis:03}] [{level:>5}] [{component}] {text}\n");
        // When even the log cannot be written, nobody can be told.
        drop(out.write_all(line.as_bytes()));
    }
}

fn level_word(level: Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        Level::DEBUG => "debug",
        Level::TRACE => "trace",
    }
}

/// The text and the fields of an event.
#[derive(Default)]
struct Parts {
    component: Option<String>,
    message: String,
    fields: String,
}

impl Visit for Parts {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = format!("{value:?}");
        match field.name() {
            "component" => self.component = Some(escaped(&text)),
            "message" => self.message = escaped(&text),
            name => write!(self.fields, " {name}={}", Quoted(&text)).expect("writing to memory does not fail"),
        }
    }
}

/// Text whose control characters are escaped, so that no record can forge lines of the log.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            out.extend(character.escape_default());
        } else {
            out.push(character);
        }
    }
    out
}

/// The value of a field, in quotes where its end would not be plain.
struct Quoted<'t>(&'t str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = self.0.starts_with('"') && self.0.ends_with('"') && self.0.len() > 1;
        let plain = !self.0.is_empty()
            && self
                .0
                .chars()
                .all(|character| !character.is_whitespace() && !character.is_control() && character != '"');
        if plain || quoted && !self.0.chars().any(char::is_control) {
            f.write_str(self.0)
        } else {
            write!(f, "{:?}", self.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What `log` writes at these levels, the times left out.
    fn lines(agent: LogLevel, plugins: &[(&str, LogLevel)], log: impl FnOnce()) -> Vec<String> {
        let kept = Kept::default();
        let plugins = plugins.iter().map(|(name, level)| ((*name).to_owned(), *level)).collect();
        let (subscriber, _) =
            subscriber(Levels { agent, plugins }, Box::new(kept.clone()), Some(Redactor::for_messages()));
        tracing::subscriber::with_default(subscriber, log);
        let bytes = kept.0.lock().unwrap();
        String::from_utf8_lossy(&bytes)
            .lines()
            .map(|line| line.split_once("] ").map_or(line, |(_, rest)| rest).to_owned())
            .collect()
    }

    #[test]
    fn lines_have_the_form_of_fluent_bit() {
        let written = lines(LogLevel::Info, &[], || {
            tracing::warn!(component = "tail.0", file = "/a b", tries = 2, reason = "", "odd\n[forged]");
            tracing::error!("bad");
            tracing::debug!("unheard");
        });

        assert_eq!(written, [r#"[ warn] [tail.0] odd\n[forged] file="/a b" tries=2 reason="""#, "[error] [tests] bad"]);
    }

    #[test]
    fn personal_data_in_messages_is_hidden() {
        let written = lines(LogLevel::Info, &[], || {
            tracing::warn!(
                file = "/srv/jane.doe@mail.example.com/a.log",
                host = "192.0.2.7",
                "gone: jane.doe@mail.example.com"
            );
        });

        assert_eq!(written, ["[ warn] [tests] gone: <email> file=/srv/<email>/a.log host=192.0.2.7"]);
    }

    #[test]
    fn a_panic_tells_its_place_and_no_value() {
        let written = lines(LogLevel::Info, &[], || {
            hide_panics();
            for text in ["stuck at jane.doe@mail.example.com", "byte 1 is inside 'é' of `Zoé Martin`"] {
                std::panic::catch_unwind(|| panic!("{text}")).expect_err("it panics");
            }
            drop(std::panic::take_hook());
        });

        let told: Vec<_> = written.iter().map(|line| line.split_once(" at=").expect("it tells where").0).collect();
        assert_eq!(told, ["[error] [panic] stuck at <email>", "[error] [panic] byte 1 is inside"]);
        assert!(written.iter().all(|line| line.contains("logger.rs")), "{written:?}");
    }

    #[test]
    fn a_plugin_may_say_more_or_less_than_the_agent() {
        let plugins = [("loud", LogLevel::Debug), ("still", LogLevel::Error)];
        let written = lines(LogLevel::Info, &plugins, || {
            for component in ["loud", "still", "other"] {
                tracing::debug!(component, "debug");
                tracing::warn!(component, "warn");
            }
        });

        assert_eq!(written, ["[debug] [loud] debug", "[ warn] [loud] warn", "[ warn] [other] warn"]);
    }

    #[test]
    fn libraries_only_complain() {
        let written = lines(LogLevel::Debug, &[], || {
            tracing::debug!(target: "hyper::client", "chatter");
            tracing::warn!(target: "hyper::client", "complaint");
        });

        assert_eq!(written, ["[ warn] [client] complaint"]);
    }
}
