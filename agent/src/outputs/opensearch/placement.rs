//! Which index the retention class of a record leads to.

use std::sync::Arc;

use vigie_parsers::batch::{Record, Value};

use super::options::OpenSearchOptions;
use crate::encode::accessor::{Path, Template};
use crate::retention::{Classes, Layout, bucket_name, looks_like_bucket, parse_moment, stream_name};

/// Names indexes by class. Keeps the member of the last record, since neighbours share it.
#[derive(Clone, Debug)]
pub(super) struct Placement {
    classes: Arc<Classes>,
    dataset: Template,
    is_dynamic: bool,
    member: Path,
    class: Path,
    expires_at: Path,
    /// Member that `name` was made from last.
    seen: Vec<u8>,
    name: Vec<u8>,
    scratch: Vec<u8>,
}

/// Longest dataset in bytes.
const LONGEST: usize = 100;

/// Whether `name` can be the last part of the name of an index, and is never taken for a bucket.
pub(super) fn is_dataset(name: &[u8]) -> bool {
    let allowed = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_.-".contains(byte);
    (1..=LONGEST).contains(&name.len()) && name.iter().all(allowed) && !looks_like_bucket(name)
}

impl Placement {
    pub(super) fn new(options: &OpenSearchOptions, classes: &Arc<Classes>) -> Self {
        let path = |text: &str| Path::parse(text).expect("it is an accessor");
        Self {
            classes: Arc::clone(classes),
            is_dynamic: options.retention_dataset.0.is_dynamic(),
            dataset: options.retention_dataset.0.clone(),
            member: path("$retention"),
            class: path("$retention['class']"),
            expires_at: path("$retention['expires_at']"),
            seen: Vec::new(),
            name: Vec::new(),
            scratch: Vec::new(),
        }
    }

    /// The name for `record`; `None` when it has no configured class or no time of expiry.
    #[inline]
    pub(super) fn name(&mut self, record: Record<'_>, tag: &str) -> Option<&[u8]> {
        let member = self.member.find(record)?;
        if let Value::Json(span) = member
            && !self.is_dynamic
        {
            let text = record.batch().bytes(span);
            if text == self.seen {
                return Some(&self.name);
            }
            self.seen.clear();
            self.seen.extend_from_slice(text);
        }
        if self.make(record, tag).is_none() {
            self.seen.clear();
            return None;
        }
        Some(&self.name)
    }

    fn make(&mut self, record: Record<'_>, tag: &str) -> Option<()> {
        let mut text = |path: &Path| {
            self.scratch.clear();
            let found = path
                .render_as_written((record.batch(), record.fields()), &mut self.scratch)
                .then(|| String::from_utf8_lossy(&self.scratch).into_owned());
            found.filter(|text| text.len() <= LONGEST)
        };
        let class = self.classes.get(&text(&self.class)?)?;
        let expiry = parse_moment(&text(&self.expires_at)?)?;
        self.scratch.clear();
        let is_found = self.dataset.render(record, tag, &mut self.scratch);
        let dataset = std::str::from_utf8(&self.scratch).ok().filter(|name| is_found && is_dataset(name.as_bytes()));
        let dataset = dataset.unwrap_or("default");
        let name = match class.layout {
            Layout::Stream => stream_name(&class.name, dataset),
            Layout::Bucket => bucket_name(&class.name, dataset, &class.bucket.name(expiry)),
        };
        self.name.clear();
        self.name.extend_from_slice(name.as_bytes());
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use vigie_parsers::batch::{Batch, Origin, Timestamp};
    use vigie_parsers::{Parser, json};

    use super::super::tests::section;
    use super::*;
    use crate::config::{Diagnostics, OptionType, Options};
    use crate::retention::{Age, Class, Width};

    fn classes() -> Arc<Classes> {
        let class = |name: &str, layout| Class {
            name: name.into(),
            max_age: Age::parse("30d").expect("an age"),
            min_age: None,
            layout,
            bucket: Width::Month,
            basis: String::new(),
            subject_fields: Vec::new(),
            revision: 1,
        };
        Arc::new(Classes(vec![class("r1", Layout::Stream), class("r2", Layout::Bucket)]))
    }

    fn names(entries: &[(&str, &str)], records: &[&str]) -> Vec<String> {
        let options = OpenSearchOptions::read(&section(entries), &mut Diagnostics::default()).expect("they are good");
        let mut placement = Placement::new(&options, &classes());
        let mut batch = Batch::default();
        for text in records {
            let span = batch.store(text.as_bytes());
            let index = batch.push(Timestamp::default(), Origin::default());
            json::JsonParser.parse(&mut batch, index, span);
        }
        let mut name =
            |record| placement.name(record, "app.web").map(|name| String::from_utf8_lossy(name).into_owned());
        batch.records().map(|record| name(record).unwrap_or_else(|| "none".into())).collect()
    }

    #[test]
    fn the_class_leads_to_a_stream_or_to_the_bucket_of_the_expiry() {
        let record =
            |class: &str, expiry: &str| format!(r#"{{"retention":{{"class":"{class}","expires_at":"{expiry}"}}}}"#);
        let records = [
            record("r1", "2028-11-05T10:00:00Z"),
            record("r2", "2028-11-05T10:00:00Z"),
            record("r2", "2028-11-05T10:00:00Z"),
            record("r2", "2019-01-31T23:59:59Z"),
            record("r3", "2028-11-05T10:00:00Z"),
            record("r2", "soon"),
            "{}".to_owned(),
            r#"{"retention":"r1"}"#.to_owned(),
        ];
        let records: Vec<&str> = records.iter().map(String::as_str).collect();

        let expected = ["vigie-r1-default", "vigie-r2-default-exp-2028.11", "vigie-r2-default-exp-2028.11"];
        let rest = ["vigie-r2-default-exp-2019.01", "none", "none", "none", "none"];
        assert_eq!(names(&[("retention", "on")], &records), [&expected[..], &rest].concat());
    }

    #[test]
    fn datasets_come_from_tags_and_records_and_never_make_a_bucket_of_a_stream() {
        let one = [r#"{"a":"web","b":"x-exp-1","retention":{"class":"r1","expires_at":"2028-11-05T10:00:00Z"}}"#];
        for (dataset, expected) in [
            ("nginx", "vigie-r1-nginx"),
            ("$TAG[1]", "vigie-r1-web"),
            ("$a", "vigie-r1-web"),
            ("$b", "vigie-r1-default"),
            ("$c", "vigie-r1-default"),
        ] {
            assert_eq!(names(&[("retention_dataset", dataset)], &one), [expected], "{dataset}");
        }
    }
}
