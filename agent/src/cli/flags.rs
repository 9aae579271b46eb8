//! Flags. Their order matters: a property belongs to the plugin before it.

use std::ffi::OsString;
use std::path::PathBuf;

use lexopt::prelude::{Long, Short, Value};

use crate::config::{CommandLine, SectionKind};

/// What the program is asked to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Command {
    /// Run.
    Run,
    /// Check the configuration as a start would.
    DryRun,
    /// The same, and tell more.
    Check,
    /// Print help: of a plugin, or of the program.
    Help(Option<String>),
    /// Print the version.
    Version,
}

/// The arguments, read.
#[derive(Debug)]
pub(super) struct Flags {
    pub(super) command: Command,
    pub(super) line: CommandLine,
    pub(super) directory: Option<PathBuf>,
    pub(super) quiet: bool,
    pub(super) verbose: u32,
}

impl Flags {
    /// Reads `arguments`, the first one being the name of the program.
    pub(super) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, String> {
        let mut flags =
            Self { command: Command::Run, line: CommandLine::default(), directory: None, quiet: false, verbose: 0 };
        let mut parser = lexopt::Parser::from_iter(arguments);
        let mut words = Vec::new();
        let mut asked_for_help = false;
        while let Some(argument) = parser.next().map_err(|error| error.to_string())? {
            match argument {
                Short('h') | Long("help") => asked_for_help = true,
                Value(word) => words.push(text(word)?),
                Short(short) => flags.short(short, &mut parser)?,
                Long(long) => {
                    let short = short_of(long).ok_or(format!("unknown flag `--{long}`; see `vigie --help`"))?;
                    flags.short(short, &mut parser)?;
                }
            }
        }
        flags.sub_command(&words)?;
        if asked_for_help {
            flags.command = Command::Help(flags.last_plugin());
        }
        if matches!(flags.command, Command::Run | Command::DryRun | Command::Check)
            && flags.line.config.is_none()
            && flags.line.plugins.is_empty()
        {
            return Err("nothing to run: give a configuration with -c FILE, or plugins with -i and -o".into());
        }
        Ok(flags)
    }

    fn short(&mut self, short: char, parser: &mut lexopt::Parser) -> Result<(), String> {
        let mut value = || parser.value().map_err(|error| error.to_string()).and_then(text);
        match short {
            'c' => self.line.config = Some(value()?.into()),
            'D' => self.command = Command::DryRun,
            'i' => self.plugin(SectionKind::Input, value()?),
            'F' => self.plugin(SectionKind::Filter, value()?),
            'o' => self.plugin(SectionKind::Output, value()?),
            'p' => self.line.add_property(&value()?)?,
            't' => self.line.add_property(&format!("tag={}", value()?))?,
            'm' => self.line.add_property(&format!("match={}", value()?))?,
            'f' => self.service("flush", value()?),
            'R' => self.service("parsers_file", value()?),
            'b' => self.service("storage.path", value()?),
            'l' => self.service("log_file", value()?),
            'H' => self.service("http_server", "on".into()),
            'L' => self.service("http_listen", value()?),
            'P' => self.service("http_port", value()?),
            'w' => self.directory = Some(value()?.into()),
            'q' => self.quiet = true,
            'v' => self.verbose += 1,
            'V' => self.command = Command::Version,
            's' => drop(value()?),
            'd' => {
                return Err(
                    "`-d` is not supported: a service manager such as systemd keeps the agent in the background".into(),
                );
            }
            'e' | 'T' | 'C' | 'Z' | 'Y' | 'W' => return Err(format!("`-{short}` is not supported")),
            other => return Err(format!("unknown flag `-{other}`; see `vigie --help`")),
        }
        Ok(())
    }

    fn plugin(&mut self, kind: SectionKind, name: String) {
        self.line.plugins.push((kind, vec![("name".into(), name)]));
    }

    fn service(&mut self, key: &str, value: String) {
        self.line.service.push((key.into(), value));
    }

    fn sub_command(&mut self, words: &[String]) -> Result<(), String> {
        match words {
            [] => {}
            [check, file] if check == "check" => {
                self.command = Command::Check;
                self.line.config = Some(file.into());
            }
            [help] if help == "help" => self.command = Command::Help(None),
            [help, topic] if help == "help" => self.command = Command::Help(Some(topic.clone())),
            [word, ..] => return Err(format!("unknown command `{word}`: expected `check FILE` or `help [PLUGIN]`")),
        }
        Ok(())
    }

    /// The plugin given last, which `-h` behind it asks about.
    fn last_plugin(&self) -> Option<String> {
        self.line.plugins.last().and_then(|(_, properties)| properties.first()).map(|(_, name)| name.clone())
    }
}

fn short_of(long: &str) -> Option<char> {
    Some(match long {
        "config" => 'c',
        "dry-run" => 'D',
        "input" => 'i',
        "filter" => 'F',
        "output" => 'o',
        "prop" => 'p',
        "tag" => 't',
        "match" => 'm',
        "flush" => 'f',
        "parser" => 'R',
        "storage_path" => 'b',
        "log_file" => 'l',
        "http" => 'H',
        "listen" => 'L',
        "port" => 'P',
        "workdir" => 'w',
        "quiet" => 'q',
        "verbose" => 'v',
        "version" => 'V',
        "coro_stack_size" => 's',
        "daemon" => 'd',
        _ => return None,
    })
}

fn text(value: OsString) -> Result<String, String> {
    value.into_string().map_err(|value| format!("the argument {value:?} is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Flags, String> {
        Flags::parse(std::iter::once("vigie").chain(line.split_whitespace()).map(OsString::from))
    }

    #[test]
    fn properties_belong_to_the_plugin_before_them() {
        let flags =
            parse("-i dummy -t a.b -p rate=5 -F grep -m * -o stdout -p format=json -f 0.2 -vv").expect("it is valid");

        let plugins: Vec<_> = flags.line.plugins.iter().map(|(_, properties)| properties.clone()).collect();
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(plugins[0], [pair("name", "dummy"), pair("tag", "a.b"), pair("rate", "5")]);
        assert_eq!(plugins[1], [pair("name", "grep"), pair("match", "*")]);
        assert_eq!(plugins[2], [pair("name", "stdout"), pair("format", "json")]);
        assert_eq!((flags.line.service, flags.verbose), (vec![pair("flush", "0.2")], 2));
    }

    #[test]
    fn wrong_arguments_are_explained() {
        for (line, part) in [
            ("", "nothing to run"),
            ("-p a=b", "before any plugin"),
            ("-i dummy -p ab", "key=value"),
            ("-c", "argument"),
            ("--nope", "unknown flag `--nope`"),
            ("frob", "unknown command `frob`"),
            ("-d -i dummy", "service manager"),
        ] {
            let message = parse(line).expect_err("it is wrong");
            assert!(message.contains(part), "{line}: {message}");
        }
    }

    #[test]
    fn help_behind_a_plugin_is_about_it() {
        assert_eq!(parse("-i tail -h").map(|flags| flags.command), Ok(Command::Help(Some("tail".into()))));
        assert_eq!(parse("check a.conf").map(|flags| flags.command), Ok(Command::Check));
    }
}
