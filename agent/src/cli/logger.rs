//! The agent's own messages, in Fluent Bit's form: `[YYYY/MM/DD HH:MM:SS.mmm] [ warn] [component] text`.

use std::fmt::{self, Write as _};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::sync::Mutex;

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use vigie_parsers::time::TimeWriter;

use crate::config::types::LogLevel;
use crate::config::{Environment, OptionType, Service};
use crate::plugin::wall_clock;

/// Starts logging as `service`, the flags and `FLB_LOG_LEVEL` say; the latter wins.
///
/// # Errors
/// When the log file cannot be opened.
pub(super) fn start(service: &Service, quiet: bool, verbose: u32, environment: &Environment) -> Result<(), String> {
    let flagged = match (quiet, verbose) {
        (true, _) => LogLevel::Off,
        (_, 0) => service.log_level,
        (_, 1) => LogLevel::Debug,
        _ => LogLevel::Trace,
    };
    let level = environment.get("FLB_LOG_LEVEL").and_then(|text| LogLevel::parse(text).ok()).unwrap_or(flagged);
    let filter = match level {
        LogLevel::Off => LevelFilter::OFF,
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    let sink = match &service.log_file {
        Some(path) => {
            let file = OpenOptions::new().create(true).append(true).open(path);
            Sink::File(file.map_err(|error| format!("cannot open the log file `{}`: {error}", path.display()))?)
        }
        None => Sink::Stderr,
    };
    let clock = TimeWriter::new("%Y/%m/%d %H:%M:%S").expect("the format is valid");
    let lines = Lines { out: Mutex::new((clock, sink)) };
    // A second start in the same process, as in tests, keeps the first logger.
    drop(tracing::subscriber::set_global_default(tracing_subscriber::registry().with(filter).with(lines)));
    Ok(())
}

enum Sink {
    Stderr,
    File(File),
}

/// Writes events as lines.
struct Lines {
    out: Mutex<(TimeWriter, Sink)>,
}

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        // Libraries speak only to those who debug.
        let own = event.metadata().target().starts_with("vigie");
        if !own && *event.metadata().level() < Level::WARN {
            return;
        }
        let mut parts = Parts::default();
        event.record(&mut parts);
        let target = event.metadata().target();
        let component = parts.component.as_deref().unwrap_or(target.rsplit("::").next().unwrap_or(target));
        let level = level_word(*event.metadata().level());
        let now = wall_clock();
        let mut out = self.out.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let (clock, sink) = &mut *out;
        let time = String::from_utf8_lossy(clock.write(now)).into_owned();
        let millis = now.nanos / 1_000_000;
        let line = format!("[{time}.{millis:03}] [{level:>5}] [{component}] {}{}\n", parts.message, parts.fields);
        // When even the log cannot be written, nobody can be told.
        drop(match sink {
            Sink::Stderr => io::stderr().write_all(line.as_bytes()),
            Sink::File(file) => file.write_all(line.as_bytes()),
        });
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
        let mut text = Escaped(String::new());
        write!(text, "{value:?}").expect("writing to memory does not fail");
        match field.name() {
            "component" => self.component = Some(text.0),
            "message" => self.message = text.0,
            name => self.fields.push_str(&format!(" {name}={}", text.0)),
        }
    }
}

/// Text whose control characters are escaped, so that no record can forge lines of the log.
struct Escaped(String);

impl fmt::Write for Escaped {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            if character.is_control() {
                self.0.extend(character.escape_default());
            } else {
                self.0.push(character);
            }
        }
        Ok(())
    }
}
