//! The `null` output: takes records and throws them away, as for measuring what comes before it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use vigie_parsers::batch::Record;

use crate::config::{Diagnostics, Options, Section};
use crate::metrics::OutputMetrics;
use crate::plugin::{
    BodyEncoding, BuildContext, Delivery, Encoded, Encoder, Output, OutputKind, Request, Stream, Verdict,
};

/// The row of the plugin table.
pub const KIND: OutputKind =
    OutputKind { name: "null", summary: "Throws records away.", options: NullOptions::TABLE, build };

crate::options! {
    /// Options of the `null` output.
    pub struct NullOptions {
    }
    not_needed {
        "host": "Nothing is sent.",
        "port": "Nothing is sent.",
        "net.*": "Nothing is sent.",
        "tls": "Nothing is sent.",
        "tls.*": "Nothing is sent.",
        "oauth2.*": "Nothing is sent.",
        "format": "Nothing is written, in no format.",
    }
}

fn build(
    section: &Section,
    _context: &BuildContext,
    _metrics: &Arc<OutputMetrics>,
    findings: &mut Diagnostics,
) -> Option<Arc<dyn Output>> {
    NullOptions::read(section, findings)?;
    Some(Arc::new(Null))
}

struct Null;

/// Writes nothing. What it does to records comes to the same as not asking it.
struct NoEncoder;

impl Output for Null {
    fn encoder(&self) -> Box<dyn Encoder> {
        Box::new(NoEncoder)
    }

    fn discards(&self) -> bool {
        true
    }

    fn delivery(&self) -> Delivery {
        Delivery { request_bytes: 1 << 20, concurrency: 1, encoding: BodyEncoding::Identity, ordered: false }
    }

    fn deliver<'a>(&'a self, _request: &'a Request) -> Pin<Box<dyn Future<Output = Verdict> + Send + 'a>> {
        Box::pin(std::future::ready(Verdict::Delivered))
    }
}

impl Encoder for NoEncoder {
    fn encode(&mut self, _record: Record<'_>, _stream: &Arc<Stream>, _tag: &Arc<str>, _out: &mut Vec<u8>) -> Encoded {
        Encoded::Written
    }
}
