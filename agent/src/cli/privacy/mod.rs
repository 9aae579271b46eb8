//! `vigie redact`, `token`, `keys`, `receipts`, `report`: the engine of the filter `redact` on a line of text, the keys behind
//! tokens, and what proves that all of it was done.

mod keys;
mod lines;
mod receipts;
mod report;
mod token;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use lexopt::prelude::{Long, Short, Value};

use super::{print, say};

/// Help of the commands of this room, by name.
const HELP: &[(&str, &str)] = &[
    ("redact", lines::HELP),
    ("token", token::HELP),
    ("keys", keys::HELP),
    ("receipts", receipts::HELP),
    ("report", report::HELP),
];

/// Runs the command that `arguments` begin with, the first one being the name of the program. `None` when it is none of these.
pub(super) fn run(arguments: &[OsString]) -> Option<ExitCode> {
    let name = arguments.get(1)?.to_str()?;
    let help = HELP.iter().find(|(command, _)| *command == name)?.1;
    let done = match Arguments::read(arguments.get(2..)?) {
        Ok(arguments) if arguments.has("help") => return Some(print(help)),
        Ok(arguments) => match name {
            "redact" => lines::run(arguments),
            "token" => token::run(arguments),
            "receipts" => receipts::run(arguments),
            "report" => report::run(arguments),
            _ => keys::run(arguments),
        },
        Err(message) => Err(message),
    };
    Some(done.unwrap_or_else(|message| {
        say(&format!("vigie {name}: {message}\n"));
        ExitCode::FAILURE
    }))
}

/// Flags without a value.
const SWITCHES: &[&str] = &["help", "json", "explain", "art30", "own"];

/// What stands behind a command.
struct Arguments {
    words: Vec<String>,
    options: Vec<(String, String)>,
    /// The option at the end that has no value.
    without: Option<String>,
}

impl Arguments {
    fn read(arguments: &[OsString]) -> Result<Self, String> {
        let mut parser = lexopt::Parser::from_args(arguments.iter().cloned());
        let mut read = Self { words: Vec::new(), options: Vec::new(), without: None };
        while let Some(argument) = parser.next().map_err(|error| error.to_string())? {
            match argument {
                Short('h') => read.options.push(("help".into(), String::new())),
                Long(switch) if SWITCHES.contains(&switch) => read.options.push((switch.to_owned(), String::new())),
                Long(option) => {
                    let option = option.to_owned();
                    match parser.value() {
                        Ok(value) => read.options.push((option, text(value)?)),
                        // Whether there is such an option is known to who takes it.
                        Err(_) => read.without = Some(option),
                    }
                }
                Short(letter) => return Err(format!("unknown flag `-{letter}`; see --help")),
                Value(word) => read.words.push(text(word)?),
            }
        }
        Ok(read)
    }

    /// Whether the switch `name` is given.
    fn has(&self, name: &str) -> bool {
        self.options.iter().any(|(option, _)| option == name)
    }

    /// Takes all values of `name`.
    fn all(&mut self, name: &str) -> Result<Vec<String>, String> {
        if self.without.as_deref() == Some(name) {
            return Err(format!("`--{name}` needs a value; see --help"));
        }
        let (taken, left) = std::mem::take(&mut self.options).into_iter().partition(|(option, _)| option == name);
        self.options = left;
        let taken: Vec<(String, String)> = taken;
        Ok(taken.into_iter().map(|(_, value)| value).collect())
    }

    /// Takes the value of `name`, which is given once at the most.
    fn one(&mut self, name: &str) -> Result<Option<String>, String> {
        let mut all = self.all(name)?;
        if all.len() > 1 {
            return Err(format!("`--{name}` is given more than once"));
        }
        Ok(all.pop())
    }

    /// The file of the key ring: `--key-file`.
    fn key_file(&mut self) -> Result<PathBuf, String> {
        let path =
            self.one("key-file")?.ok_or("give the key ring with `--key-file FILE`, as the configuration names it")?;
        Ok(path.into())
    }

    /// # Errors
    /// Names what nobody took.
    fn finish(self, switches: &[&str]) -> Result<Vec<String>, String> {
        let mut given = self.options.iter().map(|(option, _)| option).chain(&self.without);
        match given.find(|option| !switches.contains(&option.as_str())) {
            Some(option) => Err(format!("unknown flag `--{option}`; see --help")),
            None => Ok(self.words),
        }
    }
}

fn text(value: OsString) -> Result<String, String> {
    value.into_string().map_err(|_| "an argument is not UTF-8".to_owned())
}
