//! Records as they are printed.

use std::sync::Arc;

use vigie_parsers::batch::Record;

use super::{Format, StdoutOptions};
use crate::encode::date::{DateWriter, push_exact};
use crate::encode::escape_unicode;
use crate::encode::json::{push_members, push_object, push_string};
use crate::encode::print::{push_printed_map, push_visible};
use crate::plugin::{Encoded, Encoder, Stream};

/// Appends records in the format of the output.
pub(super) struct StdoutEncoder {
    format: Format,
    date_key: Option<String>,
    date: DateWriter,
    escape_unicode: bool,
    /// Number of the next record in its request.
    number: u64,
}

impl StdoutEncoder {
    pub(super) fn new(options: &StdoutOptions, escape_unicode: bool) -> Self {
        Self {
            format: options.format,
            date_key: options.json_date_key.0.clone(),
            date: DateWriter::new(options.json_date_format),
            escape_unicode,
            number: 0,
        }
    }

    fn push_json(&mut self, record: Record<'_>, out: &mut Vec<u8>) {
        let (batch, fields) = (record.batch(), record.fields());
        out.push(b'{');
        let start = out.len();
        // The last of equal keys stays, and the record's come last.
        if let Some(key) = self.date_key.as_ref().filter(|key| record.get(key.as_bytes()).is_none()) {
            push_string(key.as_bytes(), out);
            out.push(b':');
            self.date.push(record.time(), out);
        }
        if !record.metadata().is_empty() {
            comma(start, out);
            out.extend_from_slice(b"\"__internal__\":{\"log_metadata\":");
            push_object(batch, record.metadata(), out);
            out.push(b'}');
        }
        if !fields.is_empty() {
            comma(start, out);
            push_members(batch, fields, out);
        }
        out.push(b'}');
        if self.escape_unicode {
            escape_unicode(out, start);
        }
    }

    fn push_printed(&mut self, record: Record<'_>, tag: &str, out: &mut Vec<u8>) {
        out.extend_from_slice(format!("[{}] ", self.number).as_bytes());
        push_visible(tag, out);
        out.extend_from_slice(b": [[");
        self.number += 1;
        push_exact(record.time(), out);
        out.extend_from_slice(b", ");
        push_printed_map(record.batch(), record.metadata(), out);
        out.extend_from_slice(b"], ");
        push_printed_map(record.batch(), record.fields(), out);
        out.extend_from_slice(b"]\n");
    }
}

fn comma(start: usize, out: &mut Vec<u8>) {
    if out.len() > start {
        out.push(b',');
    }
}

impl Encoder for StdoutEncoder {
    fn open(&mut self, _out: &mut Vec<u8>) {
        self.number = 0;
    }

    fn encode(&mut self, record: Record<'_>, _stream: &Arc<Stream>, tag: &Arc<str>, out: &mut Vec<u8>) -> Encoded {
        match self.format {
            Format::Msgpack => self.push_printed(record, tag, out),
            Format::Json | Format::JsonStream => self.push_json(record, out),
            Format::JsonLines => {
                self.push_json(record, out);
                out.push(b'\n');
            }
        }
        Encoded::Written
    }
}
