//! The `stdout` output: records for people, or as JSON for the next program.

mod encoder;
#[cfg(test)]
mod tests;

use std::future::Future;
use std::io::{self, Write};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use crate::config::{Diagnostics, OptionType, Options, Section};
use crate::encode::date::DateFormat;
use crate::metrics::OutputMetrics;
use crate::plugin::{BodyEncoding, BuildContext, Class, Delivery, Encoder, Output, OutputKind, Request, Verdict};
use encoder::StdoutEncoder;

/// The row of the plugin table.
pub const KIND: OutputKind =
    OutputKind { name: "stdout", summary: "Prints records.", options: StdoutOptions::TABLE, build };

crate::options! {
    /// Options of the `stdout` output.
    pub struct StdoutOptions {
        format: Format, default "msgpack", "`msgpack` for people, `json` for one array per flush, `json_lines` for one object per line, `json_stream` for objects side by side.";
        json_date_key: DateKey, default "date", "Key of the event's time in JSON; `false` leaves it out.";
        json_date_format: DateFormat, default "double", "`double`, `iso8601`, `epoch`, `epoch_ms` or `java_sql_timestamp`.";
    }
    not_needed {
        "host": "Nothing is sent over a network.",
        "port": "Nothing is sent over a network.",
        "net.*": "Nothing is sent over a network.",
        "tls": "Nothing is sent over a network.",
        "tls.*": "Nothing is sent over a network.",
        "oauth2.*": "Nothing is sent over a network.",
    }
}

/// Value of `format`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// As Fluent Bit prints msgpack.
    Msgpack,
    /// One array per request.
    Json,
    /// One object per line.
    JsonLines,
    /// Objects without anything between them.
    JsonStream,
}

impl OptionType for Format {
    const KIND: &'static str = "format";

    fn parse(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "msgpack" => Ok(Self::Msgpack),
            "json" => Ok(Self::Json),
            "json_lines" => Ok(Self::JsonLines),
            "json_stream" => Ok(Self::JsonStream),
            _ => Err("`msgpack`, `json`, `json_lines` or `json_stream`".into()),
        }
    }
}

/// Value of `json_date_key`; `None` where the time is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DateKey(pub Option<String>);

impl OptionType for DateKey {
    const KIND: &'static str = "key";

    fn parse(text: &str) -> Result<Self, String> {
        Ok(Self((bool::parse(text) != Ok(false)).then(|| text.to_owned())))
    }
}

fn build(
    section: &Section,
    context: &BuildContext,
    _metrics: &Arc<OutputMetrics>,
    findings: &mut Diagnostics,
) -> Option<Arc<dyn Output>> {
    let options = StdoutOptions::read(section, findings)?;
    Some(Arc::new(Stdout { options, escape_unicode: context.escape_unicode, sink: Arc::new(Mutex::new(io::stdout())) }))
}

struct Stdout<W> {
    options: StdoutOptions,
    escape_unicode: bool,
    sink: Arc<Mutex<W>>,
}

impl<W: Write + Send + 'static> Output for Stdout<W> {
    fn encoder(&self) -> Box<dyn Encoder> {
        Box::new(StdoutEncoder::new(&self.options, self.escape_unicode))
    }

    fn delivery(&self) -> Delivery {
        Delivery { request_bytes: 256 << 10, concurrency: 1, encoding: BodyEncoding::Identity, ordered: true }
    }

    fn deliver<'a>(&'a self, request: &'a Request) -> Pin<Box<dyn Future<Output = Verdict> + Send + 'a>> {
        let text = framed(self.options.format, request);
        let sink = Arc::clone(&self.sink);
        Box::pin(async move {
            // A pipe that nobody reads blocks, so this has a thread of its own.
            let print = move || {
                let mut sink = sink.lock().unwrap_or_else(PoisonError::into_inner);
                sink.write_all(&text).and_then(|()| sink.flush())
            };
            let reason = match tokio::task::spawn_blocking(print).await {
                Ok(Ok(())) => return Verdict::Delivered,
                Ok(Err(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
                    "nobody reads the standard output any more (broken pipe): start the agent again with a reader"
                        .into()
                }
                Ok(Err(error)) => format!("cannot write to the standard output: {error}"),
                Err(panicked) => format!("printing failed: {panicked}"),
            };
            Verdict::Again { class: Class::Unreachable, reason, wait: None, counts: true }
        })
    }
}

/// The text of a request, with what stands around and between its records.
fn framed(format: Format, request: &Request) -> Vec<u8> {
    match format {
        Format::Msgpack | Format::JsonLines => request.body.to_vec(),
        Format::JsonStream => [&*request.body, b"\n"].concat(),
        Format::Json => {
            let records: Vec<&[u8]> =
                (0..request.items.len()).map(|at| &request.body[request.item_range(at)]).collect();
            [b"[", records.join(&b","[..]).as_slice(), b"]\n"].concat()
        }
    }
}
