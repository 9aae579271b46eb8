//! What an option does otherwise than in Fluent Bit, for `vigie migrate` and the tables of the documentation.

use vigie_parsers::regex::{Engine, Regex};

use crate::config::types::RetryLimit;
use crate::config::{Document, OptionType, Section, SectionKind};

/// When an option behaves otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// Where it is given.
    Given,
    /// Where it is left out.
    Absent,
    /// In either case.
    Always,
}

/// One difference of one option.
#[derive(Clone, Copy, Debug)]
pub(super) struct Difference {
    /// `service`, `parser`, `input`, `filter`, `output`, or the name of a plugin.
    pub(super) of: &'static str,
    /// Key of the option.
    pub(super) key: &'static str,
    /// When it counts.
    pub(super) when: When,
    /// Whether it counts here.
    differs: fn(&Use<'_>) -> bool,
    /// What happens here, and what there.
    pub(super) how: &'static str,
}

/// Where an option is used.
#[derive(Clone, Copy, Debug)]
pub(super) struct Use<'a> {
    /// The configuration.
    pub(super) document: &'a Document,
    /// The section.
    pub(super) section: &'a Section,
    /// Its value; `None` where it is left out.
    pub(super) value: Option<&'a str>,
}

impl Use<'_> {
    fn text(&self) -> &str {
        self.value.unwrap_or_default()
    }

    fn is(&self, text: &str) -> bool {
        self.text().eq_ignore_ascii_case(text)
    }

    /// Whether `key` of the same section is switched on.
    fn has_on(&self, key: &str) -> bool {
        self.section.get(key).is_some_and(|value| bool::parse(&value.text) == Ok(true))
    }

    fn has_off(&self, key: &str) -> bool {
        self.section.get(key).is_some_and(|value| bool::parse(&value.text) == Ok(false))
    }
}

macro_rules! differences {
    ($( $of:literal $key:literal $when:ident $(($differs:expr))? $how:literal )*) => {
        /// All of them, by section and key.
        pub(super) const DIFFERENCES: &[Difference] = &[ $( Difference {
            of: $of,
            key: $key,
            when: When::$when,
            differs: differences!(@ $($differs)?),
            how: $how,
        }, )* ];
    };
    (@) => { |_| true };
    (@ $differs:expr) => { $differs };
}

differences! {
    "dummy" "rate" Given(only_where_refused) "a text that is no number is refused; Fluent Bit reads it as 0"
    "dummy" "samples" Given(is_above_0) "the agent ends once all its inputs have; Fluent Bit runs on"
    "file" "csv_column_names" Given(is_on) "the names stand once at the head of the file; in Fluent Bit again at each flush"
    "file" "fallback_file" Given "records without a name of their own go there unless another policy is set; in Fluent Bit `error` is the default one, which is refused"
    "file" "format" Given(is_printed) "in `csv` and `template` control characters are escaped and what is no UTF-8 is U+FFFD, so that a record stays on its line; Fluent Bit writes the bytes"
    "file" "max_dynamic_files" Given "files are counted from the start on; none is held open"
    "input" "storage.type" Given(is_not_memory) "whole requests are spooled and synced before the input is answered; `memrb` is as `memory`: the input waits, nothing is dropped"
    "multiline" "mode" Given(joins_parts) "events go on to the next filter; Fluent Bit emits them anew, and they pass all filters once more"
    "multiline" "multiline.key_content" Absent(is_of_parts) "in mode `partial_message` it is `log`; Fluent Bit refuses the mode without it"
    "multiline" "multiline.parser" Given "events go on to the next filter; Fluent Bit emits them anew, and they pass all filters once more"
    "opensearch" "generate_id" Always(is_absent_or_off) "ids are made from the position in the source, so that a resend makes no second document; Fluent Bit leaves them to the store"
    "opensearch" "index" Given(is_dated) "a date in it is that of the event; in Fluent Bit that of sending"
    "opensearch" "tls" Given(verifies_more) "the host name of the certificate is verified too, unless `tls.verify_hostname` is off"
    "output" "retry_limit" Always(is_given_up) "sent again without end where it is left out, and a server that is out of reach, cannot be asked what it has, or refuses credentials or address uses up none; Fluent Bit counts every failure, and gives up after one retry by default"
    "output" "storage.total_limit_size" Always(may_fail) "inputs wait above it, or `storage.when_full drop_oldest` drops and counts; 1G by default. Fluent Bit deletes the oldest chunks and has no default"
    "parser" "decode_field" Given(unescapes) "an unknown escape keeps its letter; Fluent Bit loses both"
    "parser" "decode_field_as" Given(unescapes) "an unknown escape keeps its letter; Fluent Bit loses both"
    "parser" "format" Given(is_read_otherwise) "also `cri`, `docker`, `syslog`, `syslog-rfc5424`, `syslog-rfc3164` and `syslog-rfc3164-local`, which need no pattern; in `logfmt` a value may hold `=`, where Fluent Bit ends it; a line of `ltsv` with a pair that is none is kept whole, where it drops that and what follows"
    "parser" "regex" Given(backtracks) "linear time; where a pattern needs backtracking, a line that takes too long is kept as text"
    "parser" "time_format" Given "a day that the calendar lacks (30 February) does not parse, nor does `%s` behind the year 9999, as of milliseconds; Fluent Bit reckons on"
    "parser" "time_key" Given(may_lose_time) "a time that does not parse stays in the record, which has its other fields; in Fluent Bit the field vanishes, and a line of `ltsv` or `logfmt` is kept whole"
    "parser" "time_offset" Given "`%s` is not shifted by it, being UTC in itself; in Fluent Bit it is"
    "parser" "types" Given(reads_numbers) "text that is no number stays as it is, where Fluent Bit makes it 0, and so does a number beyond 64 bits (`99999999999999999999`, `1e400`), where it takes the nearest one or `inf`; a text that goes on with more digits (`1,000`, `0x1f`, `10.0.0.1`) is no number, where it takes what it begins with, as both do of `12ms` and `3.7`; commas separate pairs as well, where it makes one long name of them"
    "service" "daemon" Given(only_where_refused) "`on` is refused: a service manager such as systemd keeps the agent in the background"
    "service" "flush" Given "the longest wait: the first line after a pause goes at once; in Fluent Bit a tick"
    "service" "health_check" Given(is_on) "unhealthy also where an output settles nothing for `HC_Period`"
    "service" "hot_reload" Given(is_on) "a configuration with mistakes is refused in the answer, and what ran goes on; Fluent Bit answers `done`"
    "service" "http_listen" Absent(is_serving) "127.0.0.1; in Fluent Bit 0.0.0.0. An IP address or `localhost`"
    "service" "json.escape_unicode" Absent "off: text is written as UTF-8, which means the same; in Fluent Bit on"
    "service" "multiline_buffer_limit" Always(joins_lines) "an event ends before the line that would pass the limit, which is kept, and sooner where open events would take more than an eighth of `memory.limit`, or more than 1024 of a stream would be open at once; Fluent Bit cuts within the line and drops its rest"
    "service" "scheduler.base" Absent "1 second; in Fluent Bit 5"
    "service" "scheduler.cap" Absent "30 seconds; in Fluent Bit 2000"
    "service" "security.fips_mode" Given(only_where_refused) "`on` is refused: the cryptography in use is not certified"
    "service" "storage.type" Given(is_ring) "`memrb` is as `memory`: inputs wait, nothing is dropped"
    "stdin" "parser" Absent "what is no JSON is kept under `log`, line by line; Fluent Bit discards it"
    "stdout" "format" Always(is_printed) "in `msgpack` control characters are escaped and what is no UTF-8 is U+FFFD, since a terminal may show it; Fluent Bit writes the bytes. `otlp_json` is not supported and refused"
    "tail" "buffer_max_size" Always(is_cut) "a longer line is cut into parts and reading goes on; Fluent Bit abandons the file. 1M by default, 32K there"
    "tail" "db" Given "the same table; positions advance when the fate of a line is settled, not when it is read"
    "tail" "docker_mode" Given(is_on) "parts are joined for each `stream` apart; Fluent Bit joins those of both outputs as they come"
    "tail" "docker_mode_flush" Given "counted from the last part of a line"
    "tail" "docker_mode_parser" Given "a line behind none that begins an event comes alone, also where that has waited long enough; in Fluent Bit only before the first such line of a file"
    "tail" "exit_on_eof" Given(is_on) "the agent ends when all inputs with it, and `stdin`, are at their end; in Fluent Bit when the first one is"
    "tail" "ignore_older" Given "old files are passed over, and no line is dropped; Fluent Bit also drops lines whose own time, as a parser reads it, is older"
    "tail" "key" Given(names_joined_text) "events that a multiline parser joins from plain lines are under it too, but for lines that `cri` does not know, which are under `log`; in Fluent Bit all are"
    "tail" "multiline.parser" Given(joins_in_turn) "of `cri, java` the first joins partial lines and the second the traces in them; in Fluent Bit they are alternatives"
    "tail" "multiline_flush" Given "counted from the last line of an event; in Fluent Bit from the first, so that lines that come slowly fall apart"
    "tail" "parser" Given(only_where_refused) "an unknown parser is refused; Fluent Bit goes on with raw lines"
    "tail" "rotate_wait" Given "bytes that were not read keep a rotated file longer; Fluent Bit lets it go"
}

/// The row for `key` of the plugin `name`, which is one of `word` (`input`, `service` ...).
fn row(word: &str, name: &str, key: &str) -> Option<&'static Difference> {
    let is_of = |difference: &&Difference| difference.of == word || difference.of == name;
    DIFFERENCES.iter().find(|difference| is_of(difference) && difference.key == key)
}

/// What may be different for `key` of the plugin `name`, whatever its value.
pub(super) fn of(word: &str, name: &str, key: &str) -> Option<&'static str> {
    row(word, name, key).map(|difference| difference.how)
}

/// What is different for `key` where it is used in a section, which is one of `word`.
pub(super) fn given(word: &str, key: &str, place: &Use<'_>) -> Option<&'static str> {
    let name = place.section.name().to_lowercase();
    let found = row(word, &name, key).filter(|difference| difference.when != When::Absent);
    found.filter(|difference| (difference.differs)(place)).map(|difference| difference.how)
}

/// What is different in a section, which is one of `word`, though its key is left out there.
pub(super) fn left_out<'a>(word: &'a str, place: Use<'a>) -> impl Iterator<Item = &'static Difference> + 'a {
    let name = place.section.name().to_lowercase();
    DIFFERENCES.iter().filter(move |difference| {
        let is_of = difference.of == word || difference.of == name;
        let is_absent = difference.when != When::Given && place.section.get(difference.key).is_none();
        is_of && is_absent && (difference.differs)(&place)
    })
}

/// What is different for all that stands in the group `name`.
pub(super) fn of_group(name: &str) -> Option<&'static str> {
    let how = "a record is looked at behind all filters, and by itself; in Fluent Bit before them, with the records beside it";
    (name == "routes").then_some(how)
}

/// What is different for `key` in a rule of a condition.
pub(super) fn in_rule(key: &str, place: &Use<'_>) -> Option<&'static str> {
    let op = place.section.get("op").map_or("", |op| op.text.as_str());
    let is_ordered = ["gt", "lt", "gte", "lte"].iter().any(|ordered| op.eq_ignore_ascii_case(ordered));
    let is_meant = key == "value" && is_ordered && place.text().parse::<i64>().is_ok();
    is_meant.then_some("compared as numbers; Fluent Bit takes an integer there for another number")
}

/// What is different is an error, which tells it.
fn only_where_refused(_: &Use<'_>) -> bool {
    false
}

fn is_on(place: &Use<'_>) -> bool {
    bool::parse(place.text()) != Ok(false)
}

fn is_absent_or_off(place: &Use<'_>) -> bool {
    place.value.is_none_or(|value| bool::parse(value) == Ok(false))
}

fn is_above_0(place: &Use<'_>) -> bool {
    !place.is("0")
}

fn is_not_memory(place: &Use<'_>) -> bool {
    !place.is("memory")
}

fn is_ring(place: &Use<'_>) -> bool {
    place.is("memrb")
}

/// Whether requests of the output may have to wait.
fn may_fail(place: &Use<'_>) -> bool {
    !place.section.name().eq_ignore_ascii_case("null")
}

/// Whether records are given up otherwise: later where nothing is said, or not for what a file or a server lacks.
fn is_given_up(place: &Use<'_>) -> bool {
    let name = place.section.name();
    let has_limit = place.value.is_some_and(|value| RetryLimit::parse(value).is_ok_and(|limit| limit.0.is_some()));
    let waits = ["opensearch", "file"].iter().any(|waiting| name.eq_ignore_ascii_case(waiting));
    may_fail(place) && (place.value.is_none() || has_limit && waits)
}

fn joins_parts(place: &Use<'_>) -> bool {
    place.is("partial_message")
}

/// The same of a section whose `mode` it is.
fn is_of_parts(place: &Use<'_>) -> bool {
    says(place, "mode", "partial_message")
}

/// Whether something joins lines anywhere.
fn joins_lines(place: &Use<'_>) -> bool {
    let keys = ["multiline.parser", "multiline", "docker_mode"];
    place.document.sections.iter().any(|section| keys.iter().any(|key| section.get(key).is_some()))
}

fn is_serving(place: &Use<'_>) -> bool {
    place.has_on("http_server")
}

/// Dates beside record accessors stay as they are there and here.
fn is_dated(place: &Use<'_>) -> bool {
    place.text().contains('%') && !place.text().contains('$') && !place.has_on("logstash_format")
}

fn verifies_more(place: &Use<'_>) -> bool {
    is_on(place) && !place.has_off("tls.verify") && place.section.get("tls.verify_hostname").is_none()
}

/// Whether lines that are too long go on in parts, or the longest line is another one.
fn is_cut(place: &Use<'_>) -> bool {
    place.value.is_none() || !(place.has_on("skip_long_lines") || place.has_on("truncate_long_lines"))
}

/// Whether a decoder reads escapes of its own; those of JSON are read alike.
fn unescapes(place: &Use<'_>) -> bool {
    !place.text().split_whitespace().next().is_some_and(|decoder| decoder.eq_ignore_ascii_case("json"))
}

/// Whether records are written in a form for people; those of JSON escape as there.
fn is_printed(place: &Use<'_>) -> bool {
    place.value.is_none_or(|_| ["msgpack", "csv", "template"].iter().any(|format| place.is(format)))
}

/// Whether a key is given to joined lines that has another name there.
fn names_joined_text(place: &Use<'_>) -> bool {
    place.section.get("multiline.parser").is_some() && place.text() != "log"
}

fn is_read_otherwise(place: &Use<'_>) -> bool {
    !["json", "regex"].iter().any(|format| place.is(format))
}

/// Whether `key` of the section is `value`.
fn says(place: &Use<'_>, key: &str, value: &str) -> bool {
    place.section.get(key).is_some_and(|own| own.text.eq_ignore_ascii_case(value))
}

fn is_json(place: &Use<'_>) -> bool {
    says(place, "format", "json")
}

fn backtracks(place: &Use<'_>) -> bool {
    Regex::new(place.text()).is_ok_and(|regex| regex.engine() == Engine::Backtracking)
}

/// Whether a time that does not fit is lost there; in JSON it stays.
fn may_lose_time(place: &Use<'_>) -> bool {
    place.section.get("time_format").is_some() && !is_json(place)
}

/// Whether texts are made numbers, or commas stand between pairs.
fn reads_numbers(place: &Use<'_>) -> bool {
    let lower = place.text().to_ascii_lowercase();
    !is_json(place) && [",", ":integer", ":float", ":hex"].iter().any(|part| lower.contains(part))
}

/// Whether a multiline parser that takes lines apart stands beside one that only joins them: here the one works inside of the
/// other.
fn joins_in_turn(place: &Use<'_>) -> bool {
    let entries = place.section.entries.iter().filter(|entry| entry.key.text == "multiline.parser");
    let mut names = entries.flat_map(|entry| entry.value.text.split(',').map(str::trim)).collect::<Vec<_>>();
    let count = names.len();
    names.retain(|name| takes_apart(place.document, name));
    !names.is_empty() && names.len() < count
}

fn takes_apart(document: &Document, name: &str) -> bool {
    let own = document.of(SectionKind::MultilineParser).find(|section| section.name() == name);
    let is_built_in = || ["cri", "docker"].iter().any(|known| name.eq_ignore_ascii_case(known));
    own.map_or_else(is_built_in, |section| section.get("parser").is_some())
}

#[cfg(test)]
mod tests {
    use super::super::help::plugins;
    use super::super::tables::verdict;
    use super::*;
    use crate::config::{MULTILINE_TABLE, OptionSpec, Options, PARSER_TABLE, Service};

    #[test]
    fn each_difference_is_of_an_option_that_is_honoured() {
        let shared = [("service", Service::TABLE), ("parser", PARSER_TABLE), ("multiline_parser", MULTILINE_TABLE)];
        let of_plugins = plugins().flat_map(|(word, name, _, own, common)| [(name, own), (word, common)]);
        let tables: Vec<(&str, &[OptionSpec])> = of_plugins.chain(shared).collect();
        for difference in DIFFERENCES {
            let is_honoured = |table: &[OptionSpec]| {
                table.iter().any(|spec| spec.key == difference.key && verdict(spec) == "honoured")
            };
            let found = tables.iter().any(|(of, table)| *of == difference.of && is_honoured(table));
            assert!(found, "{} {}", difference.of, difference.key);
        }
        assert!(DIFFERENCES.is_sorted_by(|one, next| (one.of, one.key) < (next.of, next.key)));
    }
}
