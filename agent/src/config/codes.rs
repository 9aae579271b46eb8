//! Every code of a diagnostic, with what is behind it. A code keeps its meaning for ever; a new meaning gets a new code.

/// What a code stands for.
#[derive(Clone, Copy, Debug)]
pub struct Code {
    /// The code.
    pub code: &'static str,
    /// What is wrong, in a few words.
    pub title: &'static str,
    /// What is behind it and what to do.
    pub text: &'static str,
}

macro_rules! codes {
    ($( $code:literal $title:literal $text:literal )*) => {
        /// All codes in order: V0 reading files, V1 keys and values, V2 plugins and the pipeline, V3 parsers, V4 inputs,
        /// V5 filters, V6 what only `vigie check` looks at, V7 retention.
        pub const CODES: &[Code] = &[ $( Code { code: $code, title: $title, text: $text }, )* ];
    };
}

codes! {
    "V001" "a heading is not well formed"
        "A section begins with its name in brackets, at the line start, such as `[INPUT]`."
    "V002" "an unknown section"
        "Main files hold SERVICE, INPUT, FILTER, OUTPUT, PARSER and MULTILINE_PARSER; parsers files only the last two. In YAML the same are `service`, `pipeline` with `inputs`, `filters` and `outputs`, `parsers`, `multiline_parsers`, beside `env` and `includes`."
    "V003" "a key at the line start"
        "Keys of a section are indented; only headings, comments and `@` commands stand at the line start. Fluent Bit takes the first letter of the first such key for the indentation, so that the key is another one, and refuses the second."
    "V004" "an unknown or incomplete command"
        "There are two commands: `@INCLUDE path` and `@SET name=value`."
    "V005" "a key without a value"
        "A line holds a key, a space and a value."
    "V006" "uneven indentation"
        "The first indented line of a file sets how keys are indented; all others are indented alike, and twice as far inside a group."
    "V007" "a key outside of any section"
        "Keys belong to the heading above them."
    "V010" "a file cannot be read"
        "It is missing, may not be read, is larger than 32 MiB (all files together), or is not UTF-8. Name another one, or let the agent read it."
    "V011" "too many files"
        "A configuration is made of at most 1000 files that include each other at most 32 deep."
    "V012" "a file is included twice"
        "Each file is read once, which also ends loops of includes."
    "V013" "an include matches nothing"
        "The pattern is looked for beside the main file, then where the agent was started, a single file the other way round; a YAML file looks beside itself first. Fluent Bit refuses an include without a match as well."
    "V020" "not well-formed YAML"
        "Indent with spaces, and put quotes around a text that begins with a sign or holds `: `. Only the first document of a file is read; anchors and aliases are not supported."
    "V021" "a value of the wrong shape"
        "A list, a map or a text stands where another of them belongs. Items of a list begin with `- `; a map has lines `key: value`."
    "V023" "a section that Vigie does not run"
        "Stream processing is not supported. The section is refused, since ignoring it would change what is shipped."
    "V101" "an unknown key"
        "The section has no such option. `vigie help NAME` lists the options of a plugin, `vigie help service` those of [SERVICE]. Fluent Bit silently ignores unknown keys of [SERVICE]; a slip of the pen then goes unnoticed."
    "V102" "a group that cannot stand here"
        "Groups and nested maps, such as `processors`, have no meaning for this section. Take it away, or write its keys in the section itself."
    "V103" "a value that cannot be read"
        "The message says what was expected: write such a value, or take the line away."
    "V104" "a value that makes no sense"
        "It can be read, and is out of range or contradicts another one."
    "V105" "a key is missing"
        "The plugin cannot work without it."
    "V106" "a key is set more than once"
        "Only options marked `may be repeated` may be."
    "V107" "a variable is not set"
        "`${NAME}` is looked for in `@SET` and `env`, then in the environment of the agent. `${NAME:-default}` has a default. Fluent Bit puts an empty text in its place. Where `${` is meant as it stands, write `[$]{` in a pattern; in another text set a variable to `$`, as with `@SET DOLLAR=$`, and write `${DOLLAR}{`, since what a variable holds is not looked at again."
    "V108" "a variable holds a control character"
        "A variable may not bring lines of its own into the configuration."
    "V109" "a value is empty once its variables are replaced"
        "Take the key away, or set the variable. Fluent Bit reports such a key as unknown."
    "V110" "a key that is known and refused"
        "Ignoring it would break what it promises; the message says why it is not supported."
    "V111" "a setting without effect"
        "It is accepted and changes nothing here."
    "V112" "a key is set more than once, and the first one holds"
        "In definitions of parsers Fluent Bit takes the first one without a word; the files that come with it do repeat keys."
    "V113" "a key of [SERVICE] is set more than once, and the last one holds"
        "All [SERVICE] sections count as one, those of included files too. Flags win over all of them."
    "V114" "a key that the format of a parser gives no meaning"
        "`Types` has no effect on JSON, whose values have types, `Regex` none on formats without a pattern, nor `Skip_Empty_Values` but in cri, `Logfmt_No_Bare_Keys` only one on logfmt. In Fluent Bit neither, which says nothing of it."
    "V115" "two groups of a pattern have one name"
        "Where both take something, the last one gives the field, as in the JSON that Fluent Bit writes. In different alternatives only one of them takes something, which is not warned of."
    "V116" "a variable is set more than once in a file, and the last value holds"
        "It holds everywhere, also before the line that sets it, as in Fluent Bit. A file that includes another one may set its variables anew, which is not warned of."
    "V130" "a use that is not supported"
        "The option is known; this value of it, or this combination, is not."
    "V131" "a directory cannot be used"
        "The output writes to it."
    "V132" "TLS cannot be set up"
        "A certificate or key is missing, cannot be read, or does not fit."
    "V133" "an address cannot be used"
        "Host, port or path do not make a valid address."
    "V134" "a spool cannot be used"
        "Requests that wait for an output are kept in `spool` below `storage.path`. Only one agent at a time may have it; its directory must be writable."
    "V135" "a key cannot be used"
        "`storage.key_file` holds 32 bytes, or 64 hexadecimal digits, such as `openssl rand -hex 32` makes."
    "V136" "a credential cannot be used"
        "Its file is missing, empty, larger than 16 KiB or not to be read by this user, or two kinds of credentials are set at once. `credential:NAME` is the file NAME in the directory that systemd names in `CREDENTIALS_DIRECTORY`, which is set for services with `LoadCredential=` or `SetCredential=`."
    "V137" "others may read a secret"
        "The permissions of the file let every user of this machine read it. `chmod o-r FILE` mends that."
    "V138" "the log file cannot be opened"
        "Messages go to the file `Log_File`, or that of `-l`. Its directory is not made at the start. Checked with the rights of whoever ran the check."
    "V139" "metrics cannot be served"
        "With `HTTP_Server on` the agent listens at `HTTP_Listen` and `HTTP_Port`. Another program, or an agent that runs already, has the port, or this host has no such address."
    "V201" "nothing to read or nowhere to write"
        "At least one input and one output are needed."
    "V202" "an unknown plugin"
        "`vigie help` lists all plugins."
    "V203" "a section without a plugin"
        "Each input, filter and output has a `Name`."
    "V204" "a name is taken twice"
        "Aliases of inputs, of filters and of outputs are unique among themselves: metrics, states and document ids go by them."
    "V205" "a plugin that takes no records"
        "Filters and outputs take records whose tag their `Match` or `Match_Regex` fits. One output alone with one input needs none."
    "V206" "an identity that other hosts may share"
        "Without a machine id, `NODE_NAME` or `Instance`, agents on two hosts may give two documents the same id, and one is lost as a duplicate."
    "V207" "ids change with every boot"
        "The secret of the hash in document ids comes from the machine id, else from a file in the state directory. Without both, lines read again after a reboot are stored twice."
    "V208" "records that Fluent Bit did not deliver"
        "Below `storage.path` lie chunks that Fluent Bit had read and not delivered; the positions it left lie past them. They are read at the start, routed by their tags, and removed when they are delivered."
    "V209" "records wait for an output that is not configured"
        "The spool of an output of this name holds records, and no output has the name now. Configure it again to have them delivered, or remove the folder to give them up."
    "V210" "records are to be kept, and there is no place"
        "`storage.type filesystem` keeps records in the directory `storage.path` of [SERVICE], or `$STATE_DIRECTORY`."
    "V211" "a route that leads nowhere"
        "A route of an input names its outputs by `alias`, by instance (`stdout.0`) or by plugin. An output that is not active is none."
    "V220" "a way that passes no `redact`"
        "With `Redact required` in [SERVICE] every way from an input to an output passes a filter `redact`. Give one a `Match` that takes every tag of the input or every tag that the output takes; a `Match_Regex` counts only for tags that are known. `Mode report` changes nothing, so it does not count; nor does a filter whose actions are all `keep`, nor for an input that puts whole lines under a key (`log`) one that leaves that key: with `Exclude` or `Field … keep`, or with `Preset none` and other fields only."
    "V221" "some ways pass no `redact`"
        "There is a filter `redact`, and records of this input reach this output without passing it. `Redact required` in [SERVICE] makes this an error."
    "V301" "a parser is defined twice"
        "Names of parsers are unique. A definition of your own may replace a built-in one."
    "V302" "a parser cannot be built"
        "Its pattern or time format is not valid."
    "V303" "an unknown parser"
        "It is neither built in nor defined in a parsers file named by `Parsers_File` or `-R`."
    "V304" "an unknown multiline parser"
        "It is neither built in, as `cri`, `docker`, `java`, `python`, `go` and `ruby` are, nor defined in a parsers file."
    "V305" "a multiline parser that cannot be built"
        "A pattern is not valid, or a rule leads to a state that none leads from. The first rule leads from `start_state`."
    "V306" "a parser that cannot be had"
        "Its definition is valid for Fluent Bit and asks for what Vigie does not do, such as a decoder or a pattern with a reference to a level of recursion. A parser that nobody names is only left out."
    "V307" "a time zone that is not known"
        "`Time_Zone` names a file of the time zone database, in /usr/share/zoneinfo or where `TZDIR` says; minimal images lack it until the package tzdata is installed. `UTC` needs no database. The zone of the system is that of the variable `TZ`, or else of /etc/localtime."
    "V401" "a path cannot be used"
        "It is no valid pattern."
    "V402" "a position database cannot be used"
        "It cannot be opened or made, is in use by another agent, or is another kind of file."
    "V403" "a parser that is not applied"
        "Where lines are joined, `multiline.parser` takes the place of `parser` and of the older ways: add a filter `parser`."
    "V404" "a tag that cannot be filled in"
        "With `Tag_Regex`, `<name>` in `Tag` stands for what a group took; a `<` needs its `>`."
    "V405" "two encodings at once"
        "A file is either in Unicode or in a code page. Use an input for each."
    "V406" "two ways of joining lines at once"
        "`Multiline` and `Docker_Mode` of tail cannot be on together, in Fluent Bit neither. `Multiline.Parser docker, java` joins the parts of lines and then the events in them."
    "V501" "rules that cannot stand together"
        "Use two filters."
    "V502" "keys that cannot stand together"
        "Use two filters."
    "V503" "a `*` that stands for itself"
        "Prefixes are written without a star: leave it out."
    "V510" "a rule of `redact` that cannot be used"
        "`Action` takes an entity or group and an action, `Field` a path and an action; `vigie redact entities` lists entities and groups, `vigie help redact` the actions. Nothing runs until it is mended, so that nothing passes in the clear."
    "V511" "a key ring that cannot be used"
        "`hmac` and `encrypt` take their keys from a ring, made with `vigie keys new --key-file FILE`, which nobody but its owner has rights to (mode 0600) and which holds a key for the current epoch. Nothing runs until it can be used."
    "V512" "a file of rules that cannot be used"
        "A file that `Rules` names holds `rules:`, a list of maps with `name` and one of `words`, `dictionary`, `number` and `regex`. One bad rule stops the start, so that nothing passes that it was to hide."
    "V601" "a file or directory is missing"
        "Found by `vigie check`. It may be there when the agent runs."
    "V602" "a directory cannot be written"
        "Found by `vigie check` with the rights of whoever ran it."
    "V603" "no file matches a path"
        "Found by `vigie check`. The agent watches for files that come later."
    "V604" "memory is promised twice"
        "The limits of the inputs together are above what records may take in memory, so the smaller one holds."
    "V605" "a server cannot be used now"
        "Found by `vigie check`, which asks each server of an output for its version. It may be there when the agent runs; records wait until it is."
    "V701" "logs are kept long without a basis"
        "A retention class for logs keeps them above 12 months and does not say why. CNIL (délibération 2021-122 of 14 October 2021) takes 6 to 12 months as right for access and security logs, and more where a law or a documented need asks for it. The 2 years that are often named are about accounts without activity. Name the reason in `basis`, or say with `category` that these are no logs."
    "V702" "an unknown retention class"
        "Rules and defaults name classes of `retention_classes`, inline or in a `Retention_File`."
    "V703" "records without a retention class"
        "A filter without a default class leaves records unstamped where no rule holds. Give it a `Class`."
    "V704" "the same condition leads to two retention classes"
        "Only one of the rules can count: the one with the shorter `max_age`, unless a `min_age` of the other forbids it."
    "V705" "retention classes contradict each other"
        "A record that rules lead to both classes has to be kept longer by one than the other allows. The duty to keep (`min_age`) holds; `vigie_filter_class_conflict_records` counts records with several classes."
}

/// What `code` stands for, in any case.
pub fn code(code: &str) -> Option<&'static Code> {
    CODES.iter().find(|known| known.code.eq_ignore_ascii_case(code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_in_order_and_explained() {
        assert!(CODES.is_sorted_by(|one, next| one.code < next.code));
        assert!(CODES.iter().all(|code| !code.title.is_empty() && code.text.ends_with('.')));
        assert!(code("v103").is_some() && code("V999").is_none());
    }
}
