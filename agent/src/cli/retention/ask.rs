//! What follows `vigie retention` on the command line.

use std::ffi::OsString;
use std::path::PathBuf;

use lexopt::prelude::{Long, Short, Value};

use super::super::flags::text;

/// The words and options, as given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ask {
    pub(super) words: Vec<String>,
    pub(super) help: bool,
    pub(super) config: Option<PathBuf>,
    pub(super) output: Option<String>,
    pub(super) apply: bool,
    pub(super) extend: bool,
    pub(super) as_of: Option<String>,
    pub(super) max_share: Option<u32>,
    pub(super) per_second: Option<u32>,
    pub(super) key: Option<PathBuf>,
    pub(super) chain: Option<PathBuf>,
    pub(super) public_keys: Vec<PathBuf>,
    pub(super) head: Option<String>,
    pub(super) index: Vec<String>,
    pub(super) query: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) by: Option<String>,
    pub(super) subject: Option<String>,
    pub(super) reference: Option<String>,
    pub(super) fields: Vec<String>,
    pub(super) key_files: Vec<PathBuf>,
    pub(super) every: Option<String>,
    pub(super) metrics_file: Option<PathBuf>,
}

impl Ask {
    /// Reads `arguments`, those behind `retention`.
    pub(super) fn parse(arguments: &[OsString]) -> Result<Self, String> {
        let mut ask = Self::default();
        let mut parser = lexopt::Parser::from_args(arguments.iter().cloned());
        while let Some(argument) = parser.next().map_err(|error| error.to_string())? {
            let name = match argument {
                Value(word) => {
                    ask.words.push(text(word)?);
                    continue;
                }
                Short('h') => "help".to_owned(),
                Short('c') => "config".to_owned(),
                Short(other) => return Err(format!("unknown flag `-{other}`; see `vigie retention --help`")),
                Long(name) => name.to_owned(),
            };
            match name.as_str() {
                "help" => ask.help = true,
                "apply" => ask.apply = true,
                "extend" => ask.extend = true,
                _ => {
                    let value = parser.value().map_err(|error| error.to_string()).and_then(text)?;
                    ask.valued(&name, value)?;
                }
            }
        }
        Ok(ask)
    }

    fn valued(&mut self, name: &str, value: String) -> Result<(), String> {
        match name {
            "config" => self.config = Some(value.into()),
            "output" => self.output = Some(value),
            "as-of" => self.as_of = Some(value),
            "max-share" => {
                let share = value.trim_end_matches('%').parse().ok().filter(|share| *share <= 100);
                self.max_share = Some(share.ok_or(format!("--max-share: expected 0% to 100%, found `{value}`"))?);
            }
            "per-second" => {
                let number = value.parse().map_err(|_| format!("--per-second: expected a number, found `{value}`"))?;
                self.per_second = Some(number);
            }
            "key" => self.key = Some(value.into()),
            "chain" => self.chain = Some(value.into()),
            "public-key" => self.public_keys.push(value.into()),
            "head" => self.head = Some(value),
            "index" => self.index.push(value),
            "query" => self.query = Some(value),
            "reason" => self.reason = Some(value),
            "by" => self.by = Some(value),
            "subject" => self.subject = Some(value),
            "reference" => self.reference = Some(value),
            "field" => self.fields.push(value),
            "key-file" => self.key_files.push(value.into()),
            "every" => self.every = Some(value),
            "metrics-file" => self.metrics_file = Some(value.into()),
            other => return Err(format!("unknown flag `--{other}`; see `vigie retention --help`")),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Ask, String> {
        Ask::parse(&line.split_whitespace().map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn options_are_read_and_unknown_ones_refused() {
        let ask = parse("run -c a.conf --apply --max-share 35% --as-of 2026-01-01 --index a=r1").expect("it is good");
        assert_eq!((ask.words.as_slice(), ask.apply, ask.max_share), (&["run".to_owned()][..], true, Some(35)));

        for line in ["run --max-share 101%", "run --max-share x", "run --nope 1", "run -x", "run --as-of"] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
