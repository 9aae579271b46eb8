//! Records as lines of a file.

use std::sync::Arc;

use vigie_parsers::batch::{Batch, Field, Record, Text, Value};

use super::FileOptions;
use super::format::{Format, Piece, Template};
use super::naming::Naming;
use crate::encode::date::{push_double, push_exact};
use crate::encode::escape_unicode;
use crate::encode::json::{push_object, push_text};
use crate::encode::print::{push_plain, push_printed};
use crate::plugin::{Encoded, Encoder, Stream};

/// Appends records as lines.
///
/// With `csv_column_names` every line comes with the line of its column names before it; the writer keeps that only where
/// a file begins.
pub(super) struct FileEncoder {
    format: Format,
    delimiter: Vec<u8>,
    label_delimiter: Vec<u8>,
    template: Template,
    with_names: bool,
    escape_unicode: bool,
    /// What puts the file of a record before its line.
    naming: Option<Arc<Naming>>,
}

impl FileEncoder {
    pub(super) fn new(options: &FileOptions, escape_unicode: bool, naming: Option<Arc<Naming>>) -> Self {
        let usual = if options.format == Format::Ltsv { "\t" } else { "," };
        let delimiter = options.delimiter.as_ref().map_or(usual, |delimiter| delimiter.0.as_str());
        Self {
            format: options.format,
            delimiter: delimiter.as_bytes().to_vec(),
            label_delimiter: options.label_delimiter.0.clone().into_bytes(),
            template: options.template.clone(),
            with_names: options.format == Format::Csv && options.csv_column_names,
            escape_unicode,
            naming,
        }
    }

    fn push_json(&self, record: Record<'_>, out: &mut Vec<u8>) {
        let start = out.len();
        push_object(record.batch(), record.fields(), out);
        if self.escape_unicode {
            escape_unicode(out, start);
        }
    }

    fn push_csv(&self, record: Record<'_>, out: &mut Vec<u8>) {
        let batch = record.batch();
        if self.with_names {
            out.extend_from_slice(b"timestamp");
            for field in record.fields() {
                out.extend_from_slice(&self.delimiter);
                push_csv_text(batch, field.key, out);
            }
            out.push(b'\n');
        }
        push_exact(record.time(), out);
        for field in record.fields() {
            out.extend_from_slice(&self.delimiter);
            match field.value {
                Value::Text(text) => push_csv_text(batch, text, out),
                value => push_printed(batch, value, out),
            }
        }
    }

    fn push_ltsv(&self, record: Record<'_>, out: &mut Vec<u8>) {
        let batch = record.batch();
        out.extend_from_slice(b"\"time\"");
        out.extend_from_slice(&self.label_delimiter);
        push_double(record.time(), out);
        for Field { key, value } in record.fields() {
            out.extend_from_slice(&self.delimiter);
            push_text(batch, *key, out);
            out.extend_from_slice(&self.label_delimiter);
            match value {
                // JSON escapes keep tabs and newlines out of the text.
                Value::Text(text) => push_text(batch, *text, out),
                value => push_printed(batch, *value, out),
            }
        }
    }

    fn push_template(&self, record: Record<'_>, out: &mut Vec<u8>) {
        for piece in &self.template.0 {
            match piece {
                Piece::Literal(text) => out.extend_from_slice(text.as_bytes()),
                Piece::Time => push_double(record.time(), out),
                Piece::Key(key) => match record.get(key.as_bytes()) {
                    Some(Value::Text(text)) => push_plain(record.batch(), text, out),
                    Some(value) => push_printed(record.batch(), value, out),
                    None => out.extend_from_slice(format!("{{{key}}}").as_bytes()),
                },
            }
        }
    }
}

/// Appends text in quotes, quotes in it doubled (RFC 4180), on one line.
fn push_csv_text(batch: &Batch, text: Text, out: &mut Vec<u8>) {
    let mut plain = Vec::new();
    push_plain(batch, text, &mut plain);
    out.push(b'"');
    for byte in plain {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    out.push(b'"');
}

impl Encoder for FileEncoder {
    fn encode(&mut self, record: Record<'_>, _stream: &Arc<Stream>, tag: &Arc<str>, out: &mut Vec<u8>) -> Encoded {
        if let Some(Err(reason)) = self.naming.as_ref().map(|naming| naming.push(record, tag, out)) {
            return Encoded::Skipped(reason);
        }
        match self.format {
            Format::OutFile => {
                out.extend_from_slice(tag.as_bytes());
                out.extend_from_slice(b": [");
                push_exact(record.time(), out);
                out.extend_from_slice(b", ");
                self.push_json(record, out);
                out.push(b']');
            }
            Format::Plain => self.push_json(record, out),
            Format::Csv => self.push_csv(record, out),
            Format::Ltsv => self.push_ltsv(record, out),
            Format::Template => self.push_template(record, out),
        }
        out.push(b'\n');
        Encoded::Written
    }
}
