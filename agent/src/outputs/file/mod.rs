//! The `file` output: records appended to files, one per tag, one for all, or such as records name.
//!
//! A record counts as delivered when its bytes are synced. What was written of a request that failed is taken back.

mod encoder;
pub mod format;
mod naming;
#[cfg(test)]
mod tests;
mod writer;

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;

use crate::config::{Diagnostics, Options, Section, directory_of};
use crate::metrics::OutputMetrics;
use crate::plugin::{BodyEncoding, BuildContext, Class, Delivery, Encoder, Output, OutputKind, Request, Verdict};
use encoder::FileEncoder;
use format::{Delimiter, Format, Template, Unnamed};
use naming::Naming;
use writer::Writer;

/// The row of the plugin table.
pub const KIND: OutputKind =
    OutputKind { name: "file", summary: "Appends records to files.", options: FileOptions::TABLE, build };

crate::options! {
    /// Options of the `file` output.
    pub struct FileOptions {
        path: PathBuf, default ".", "Directory of the files. It may hold accessors behind its beginning, as `/logs/$service`.";
        file: PathBuf, optional, "Name of the file; it may hold accessors, as `$host.log`. Left out, every tag has a file of its own.";
        format: Format, default "out_file", "`out_file` (tag, time and JSON), `plain` (JSON), `csv`, `ltsv` or `template`.";
        delimiter: Delimiter, optional, "What stands between values: a character, `tab`, `space` or `comma`. Left out: a comma in `csv`, a tab in `ltsv`.";
        label_delimiter: Delimiter, default ":", "What stands between label and value in `ltsv`.";
        template: Template, default "{time} {message}", "Text with keys in braces.";
        csv_column_names: bool, default "off", "Whether a file begins with the names of its columns.";
        mkdir: bool, default "off", "Whether missing directories are made.";
        fallback_path: PathBuf, optional, "Directory of the fallback file. Left out: what `path` begins with.";
        fallback_file: PathBuf, optional, "File for records whose fields give no name. Required with accessors.";
        max_dynamic_files: u32, default "1024", "Most files that records may name, from the start on.";
        on_limit_reached: Unnamed, default "fallback", "What becomes of records that would name one more: `fallback` or `drop`.";
        on_missing_field: Unnamed, default "fallback", "What becomes of records without the fields, or whose values are no plain names: `fallback` or `drop`.";
        rotate: bool, default "off", "Refused: files are not rotated here.";
        enable_strftime: bool, default "off", "Refused: names of files hold no dates.";
    }
    not_needed {
        "host": "Nothing is sent over a network.",
        "port": "Nothing is sent over a network.",
        "net.*": "Nothing is sent over a network.",
        "tls": "Nothing is sent over a network.",
        "tls.*": "Nothing is sent over a network.",
        "oauth2.*": "Nothing is sent over a network.",
        "rotate_max_size": "Only with `rotate`.",
        "rotate_max_files": "Only with `rotate`.",
        "rotate_gzip": "Only with `rotate`.",
    }
}

fn build(
    section: &Section,
    context: &BuildContext,
    metrics: &Arc<OutputMetrics>,
    findings: &mut Diagnostics,
) -> Option<Arc<dyn Output>> {
    let options = FileOptions::read(section, findings)?;
    let refused = [
        (
            options.rotate,
            "rotate",
            "use logrotate with `copytruncate` or by renaming; the next request begins a new file",
        ),
        (options.enable_strftime, "enable_strftime", "use the `opensearch` output for indexes by date"),
    ];
    let mut is_good = true;
    for (_, key, help) in refused.iter().filter(|(given, ..)| *given) {
        let place = section.get(key).map_or(section.place, |value| value.place);
        findings.error(place, "V130", format!("this use of `{key}` is not supported")).help(*help);
        is_good = false;
    }
    let naming = match Naming::read(&options, metrics) {
        Ok(naming) => naming.map(Arc::new),
        Err((key, help)) => {
            let place = section.get(key).or(section.get("file")).or(section.get("path"));
            let place = place.map_or(section.place, |value| value.place);
            findings.error(place, "V104", format!("`{key}` does not fit names that records give")).help(help);
            return None;
        }
    };
    if naming.is_none() {
        tell_unused(section, findings);
    }
    is_good.then(|| {
        let writer = Arc::new(Writer::new(&options, naming.clone()));
        Arc::new(FileOutput { options, escape_unicode: context.escape_unicode, naming, writer }) as Arc<dyn Output>
    })
}

/// Reports options that only have a meaning where records name files.
fn tell_unused(section: &Section, findings: &mut Diagnostics) {
    for key in ["fallback_path", "fallback_file", "max_dynamic_files", "on_limit_reached", "on_missing_field"] {
        if let Some(value) = section.get(key) {
            let message = format!("`{key}` has no effect: `path` and `file` hold no accessors");
            findings.warning(value.place, "V111", message).help("take it away");
        }
    }
}

impl FileOptions {
    /// The directory that it writes in, and the file, where all tags have one or records name theirs: then it is the fallback file.
    pub fn place(&self) -> (PathBuf, Option<PathBuf>) {
        if let Ok(Some(naming)) = Naming::read(self, &Arc::new(OutputMetrics::new(""))) {
            return (directory_of(&naming.fallback).to_owned(), Some(naming.fallback));
        }
        let Some(file) = self.file.as_ref().map(|file| self.path.join(file)) else { return (self.path.clone(), None) };
        (directory_of(&file).to_owned(), Some(file))
    }
}

struct FileOutput {
    options: FileOptions,
    escape_unicode: bool,
    naming: Option<Arc<Naming>>,
    writer: Arc<Writer>,
}

impl Output for FileOutput {
    fn encoder(&self) -> Box<dyn Encoder> {
        Box::new(FileEncoder::new(&self.options, self.escape_unicode, self.naming.clone()))
    }

    fn delivery(&self) -> Delivery {
        Delivery { request_bytes: 1 << 20, concurrency: 1, encoding: BodyEncoding::Identity, ordered: true }
    }

    fn deliver<'a>(&'a self, request: &'a Request) -> Pin<Box<dyn Future<Output = Verdict> + Send + 'a>> {
        let writer = Arc::clone(&self.writer);
        let parts = writer.parts(request);
        Box::pin(async move {
            let reason = match tokio::task::spawn_blocking(move || writer.write(&parts)).await {
                Ok(Ok(())) => return Verdict::Delivered,
                Ok(Err(error)) => error.to_string(),
                Err(panicked) => format!("writing failed: {panicked}"),
            };
            // A full disk or a missing directory lasts as long as it lasts, and is no fault of the records.
            Verdict::Again { class: Class::Unreachable, reason, wait: None, counts: false }
        })
    }
}
