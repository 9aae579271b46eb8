//! Flags. Their order matters: a property belongs to the plugin before it.

use std::ffi::OsString;
use std::path::PathBuf;

use lexopt::prelude::{Long, Short, Value};

use super::dlq::Ask;
use crate::config::{CommandLine, Flag, SectionKind};

/// What the program is asked to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Command {
    /// Run.
    Run,
    /// Check the configuration as a start would.
    DryRun,
    /// The same, and tell more.
    Check,
    /// Install what outputs need in their stores.
    Setup,
    /// Measure this program.
    Bench,
    /// Look at dead letters, or send them again.
    Dlq(Ask),
    /// Print help: of a plugin, or of the program.
    Help(Option<String>),
    /// Print the options as JSON: of a plugin, or all.
    Json(Option<String>),
    /// Tell what becomes of each line of a configuration of Fluent Bit.
    Migrate(PathBuf),
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
    /// The processor that help is wanted of.
    processor: Option<String>,
    /// Whether `setup` changes anything.
    pub(super) apply: bool,
    /// Whether `setup` looks at roles too.
    pub(super) roles: bool,
    /// Whether `setup` looks at policies too.
    pub(super) policies: bool,
}

impl Flags {
    /// Reads `arguments`, the first one being the name of the program.
    pub(super) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, String> {
        let mut flags = Self {
            command: Command::Run,
            line: CommandLine::default(),
            directory: None,
            quiet: false,
            verbose: 0,
            processor: None,
            apply: false,
            roles: false,
            policies: false,
        };
        let mut parser = lexopt::Parser::from_iter(arguments);
        let mut words = Vec::new();
        let (mut asked_for_help, mut asked_for_json) = (false, false);
        let mut dead_letters: Option<Ask> = None;
        while let Some(argument) = parser.next().map_err(|error| error.to_string())? {
            match argument {
                Short('h') | Long("help") => asked_for_help = true,
                Short('J') | Long("help-json") => asked_for_json = true,
                Long("apply") => flags.apply = true,
                Long("roles") => flags.roles = true,
                Long("policies") => flags.policies = true,
                Value(word) if words.is_empty() && dead_letters.is_none() && word == "dlq" => {
                    dead_letters = Some(Ask::default());
                }
                Value(word) => words.push(text(word)?),
                Short(letter) => flags.letter(letter, &mut parser)?,
                Long(long) => {
                    let long = long.to_owned();
                    flags.long(&long, &mut dead_letters, &mut parser)?;
                }
            }
        }
        if asked_for_json {
            flags.command = Command::Json(flags.last_plugin());
            return Ok(flags);
        }
        if asked_for_help {
            let own = words.first().filter(|word| matches!(word.as_str(), "bench" | "setup")).cloned();
            let own = dead_letters.map(|_| "dlq".to_owned()).or(own);
            flags.command = Command::Help(own.or_else(|| flags.last_plugin()));
            return Ok(flags);
        }
        if flags.processor.is_some() {
            return Err(refusal("-r", PROCESSOR));
        }
        match dead_letters {
            Some(mut ask) => {
                ask.words(&words)?;
                flags.command = Command::Dlq(ask);
            }
            None => flags.sub_command(&words)?,
        }
        if flags.apply && !matches!(flags.command, Command::Setup | Command::Help(_)) {
            return Err("`--apply` belongs to `vigie setup opensearch`".into());
        }
        if flags.roles && !matches!(flags.command, Command::Setup | Command::Help(_)) {
            return Err("`--roles` belongs to `vigie setup opensearch`".into());
        }
        if flags.policies && !matches!(flags.command, Command::Setup | Command::Help(_)) {
            return Err("`--policies` belongs to `vigie setup opensearch`".into());
        }
        if matches!(flags.command, Command::Run | Command::DryRun | Command::Check | Command::Setup)
            && flags.line.config.is_none()
            && flags.line.plugins.is_empty()
        {
            return Err("nothing to run: give a configuration with -c FILE, or plugins with -i and -o".into());
        }
        Ok(flags)
    }

    fn long(&mut self, long: &str, ask: &mut Option<Ask>, parser: &mut lexopt::Parser) -> Result<(), String> {
        if let Some(ask) = ask
            && ask.option(long, parser)?
        {
            return Ok(());
        }
        let letter = letter_of(long)?;
        match refused(letter) {
            Some(why) => Err(refusal(&format!("--{long}"), why)),
            None => self.letter(letter, parser),
        }
    }

    fn letter(&mut self, letter: char, parser: &mut lexopt::Parser) -> Result<(), String> {
        let mut value = || parser.value().map_err(|error| error.to_string()).and_then(text);
        match letter {
            'c' => self.line.config = Some(value()?.into()),
            'D' => self.command = Command::DryRun,
            'i' => self.plugin(SectionKind::Input, letter, value()?),
            'F' => self.plugin(SectionKind::Filter, letter, value()?),
            'o' => self.plugin(SectionKind::Output, letter, value()?),
            'p' => self.property(&value()?)?,
            't' => self.line.add_property(flag(letter, "tag", value()?))?,
            'r' => self.processor = Some(value()?),
            'm' => self.line.add_property(flag(letter, "match", value()?))?,
            'f' => self.service(letter, "flush", value()?),
            'R' => self.service(letter, "parsers_file", value()?),
            'b' => self.service(letter, "storage.path", value()?),
            'l' => self.service(letter, "log_file", value()?),
            'H' => self.service(letter, "http_server", "on".into()),
            'L' => self.service(letter, "http_listen", value()?),
            'P' => self.service(letter, "http_port", value()?),
            'w' => self.directory = Some(value()?.into()),
            'q' => self.quiet = true,
            'v' => self.verbose += 1,
            'V' => self.command = Command::Version,
            // Coroutines and open files of Windows: nothing here has need of them.
            's' | 'M' => drop(value()?),
            'Y' => self.service(letter, "hot_reload", "on".into()),
            // A reload never leaves work behind that another thread still has.
            'W' => {}
            other => {
                let unknown = || format!("unknown flag `-{other}`; see `vigie --help`");
                return Err(refused(other).map_or_else(unknown, |why| refusal(&format!("-{other}"), why)));
            }
        }
        Ok(())
    }

    fn property(&mut self, property: &str) -> Result<(), String> {
        let (key, value) = property.split_once('=').ok_or(format!("expected `-p key=value`, found `-p {property}`"))?;
        self.line.add_property(flag('p', key.trim(), value.to_owned()))
    }

    fn plugin(&mut self, kind: SectionKind, letter: char, name: String) {
        self.line.plugins.push((kind, vec![flag(letter, "name", name)]));
    }

    fn service(&mut self, letter: char, key: &str, value: String) {
        self.line.service.push(flag(letter, key, value));
    }

    fn sub_command(&mut self, words: &[String]) -> Result<(), String> {
        match words {
            [] => {}
            [check, file] if check == "check" => {
                self.command = Command::Check;
                self.line.config = Some(file.into());
            }
            [check] if check == "check" && self.line.config.is_some() => self.command = Command::Check,
            [check] if check == "check" => return Err("`check` needs a file: `vigie check FILE`".into()),
            [migrate, file] if migrate == "migrate" => self.command = Command::Migrate(file.into()),
            [migrate, ..] if migrate == "migrate" => return Err("`migrate` needs a file: `vigie migrate FILE`".into()),
            [setup, store] if setup == "setup" && store == "opensearch" => self.command = Command::Setup,
            [setup, ..] if setup == "setup" => {
                return Err("expected `setup opensearch -c FILE [--apply] [--roles] [--policies]`".into());
            }
            [bench] if bench == "bench" => self.command = Command::Bench,
            [help] if help == "help" => self.command = Command::Help(None),
            [help, topic] if help == "help" => self.command = Command::Help(Some(topic.clone())),
            [word, ..] => {
                let help = "expected `check FILE`, `migrate FILE`, `setup opensearch`, `dlq ...` or `help [PLUGIN]`; a configuration is given with `-c FILE`";
                return Err(format!("unknown command `{word}`: {help}"));
            }
        }
        Ok(())
    }

    /// The plugin given last, which `-h` behind it asks about.
    fn last_plugin(&self) -> Option<String> {
        if self.processor.is_some() {
            return self.processor.clone();
        }
        self.line.plugins.last().and_then(|(_, properties)| properties.first()).map(|name| name.value.clone())
    }
}

fn flag(letter: char, key: &str, value: String) -> Flag {
    Flag { letter, key: key.to_owned(), value }
}

/// Why the flag of a processor is not taken by itself.
const PROCESSOR: &str =
    "it is for help alone, as `-r NAME -h`; processors are written in YAML, as `processors` of an input or output";

/// Why a flag of Fluent Bit is not taken; `None` for one that is, or is unknown.
fn refused(letter: char) -> Option<&'static str> {
    Some(match letter {
        'd' => "a service manager such as systemd keeps the agent in the background",
        'e' => "plugins are part of the program; shared objects are not loaded",
        'T' => "there is no stream processor",
        'C' => "there are no custom plugins",
        'Z' => "there are no chunks to trace",
        'S' => "`vigie check FILE` tells what is configured",
        _ => return None,
    })
}

fn refusal(flag: &str, why: &str) -> String {
    format!("`{flag}` is not supported: {why}")
}

/// The letter of a long flag.
fn letter_of(long: &str) -> Result<char, String> {
    Ok(match long {
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
        "windows_maxstdio" => 'M',
        "enable-hot-reload" => 'Y',
        "disable-thread-safety-on-hot-reload" => 'W',
        "daemon" => 'd',
        "plugin" => 'e',
        "sp-task" => 'T',
        "custom" => 'C',
        "processor" => 'r',
        "enable-chunk-trace" | "trace" | "trace-input" | "trace-output" | "trace-output-property" => 'Z',
        "sosreport" => 'S',
        "supervisor" => return Err("`--supervisor` is not supported: a service manager restarts the agent".into()),
        "enable-fips" => {
            return Err("`--enable-fips` is not supported: the cryptography in use is not certified".into());
        }
        _ => return Err(format!("unknown flag `--{long}`; see `vigie --help`")),
    })
}

pub(super) fn text(value: OsString) -> Result<String, String> {
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

        let shown =
            |flags: &[Flag]| flags.iter().map(|flag| format!("{}={}", flag.key, flag.value)).collect::<Vec<_>>();
        let plugins: Vec<_> = flags.line.plugins.iter().map(|(_, properties)| shown(properties)).collect();
        assert_eq!(plugins[0], ["name=dummy", "tag=a.b", "rate=5"]);
        assert_eq!(plugins[1], ["name=grep", "match=*"]);
        assert_eq!(plugins[2], ["name=stdout", "format=json"]);
        assert_eq!((shown(&flags.line.service), flags.verbose), (vec!["flush=0.2".to_owned()], 2));
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
            ("-T select -i dummy", "stream processor"),
            ("-d -i dummy", "`-d` is not supported"),
            ("--daemon -i dummy", "`--daemon` is not supported: a service manager"),
            ("--trace-input=x -i dummy", "`--trace-input` is not supported: there are no chunks"),
            ("--supervisor -i dummy", "service manager"),
            ("check", "check FILE"),
            ("dlq", "`dlq ls`"),
            ("dlq show", "the key of a letter"),
            ("dlq purge", "--older-than"),
            ("dlq purge --older-than soon", "a number of seconds"),
            ("dlq ls --limit x", "a number, found `x`"),
            ("--done dlq ls", "unknown flag `--done`"),
            ("a.conf", "-c FILE"),
            ("setup -c a.conf", "setup opensearch -c FILE"),
            ("setup opensearch", "nothing to run"),
            ("-c a.conf --apply", "`--apply` belongs to"),
            ("-c a.conf --roles", "`--roles` belongs to"),
            ("-c a.conf --policies", "`--policies` belongs to"),
        ] {
            let message = parse(line).expect_err("it is wrong");
            assert!(message.contains(part), "{line}: {message}");
        }
    }

    #[test]
    fn help_behind_a_plugin_is_about_it() {
        assert_eq!(parse("-o null -J").map(|flags| flags.command), Ok(Command::Json(Some("null".into()))));
        assert_eq!(parse("--help-json").map(|flags| flags.command), Ok(Command::Json(None)));
        assert_eq!(parse("migrate a.conf").map(|flags| flags.command), Ok(Command::Migrate("a.conf".into())));
        assert_eq!(parse("-i tail -h").map(|flags| flags.command), Ok(Command::Help(Some("tail".into()))));
        assert_eq!(parse("check a.conf").map(|flags| flags.command), Ok(Command::Check));
        assert_eq!(parse("-c a.conf check").map(|flags| flags.command), Ok(Command::Check));
        assert_eq!(parse("bench --help").map(|flags| flags.command), Ok(Command::Help(Some("bench".into()))));
        assert_eq!(parse("setup opensearch -h").map(|flags| flags.command), Ok(Command::Help(Some("setup".into()))));
        let setup = parse("setup opensearch -c a.conf --apply").map(|flags| (flags.command, flags.apply));
        assert_eq!(setup, Ok((Command::Setup, true)));
        assert_eq!(parse("dlq ls -h").map(|flags| flags.command), Ok(Command::Help(Some("dlq".into()))));
        assert!(matches!(parse("-b s dlq purge --done").map(|flags| flags.command), Ok(Command::Dlq(_))));
        assert_eq!(parse("bench").map(|flags| flags.command), Ok(Command::Bench));
        assert_eq!(parse("help V103").map(|flags| flags.command), Ok(Command::Help(Some("V103".into()))));
    }
}
