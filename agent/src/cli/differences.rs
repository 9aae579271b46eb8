//! What an option does otherwise than in Fluent Bit, for `vigie migrate` and the tables of the documentation.

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
    /// What happens here, and what there.
    pub(super) how: &'static str,
}

macro_rules! differences {
    ($( $of:literal $key:literal $when:ident $how:literal )*) => {
        /// All of them, by section and key.
        pub(super) const DIFFERENCES: &[Difference] =
            &[ $( Difference { of: $of, key: $key, when: When::$when, how: $how }, )* ];
    };
}

differences! {
    "dummy" "rate" Given "a text that is no number is refused; Fluent Bit reads it as 0"
    "dummy" "samples" Given "the agent ends once all its inputs have; Fluent Bit runs on"
    "file" "csv_column_names" Given "the names stand once at the head of the file; in Fluent Bit again at each flush"
    "file" "fallback_file" Given "records without a name of their own go there unless another policy is set; in Fluent Bit `error` is the default one, which is refused"
    "file" "max_dynamic_files" Given "files are counted from the start on; none is held open"
    "input" "storage.type" Given "whole requests are spooled and synced before the input is answered; `memrb` is as `memory`: the input waits, nothing is dropped"
    "opensearch" "generate_id" Absent "ids are made from the position in the source, so that a resend makes no second document; Fluent Bit leaves them to the store"
    "opensearch" "index" Given "a date in it is that of the event; in Fluent Bit that of sending"
    "opensearch" "tls" Given "the host name of the certificate is verified too, unless `tls.verify_hostname` is off"
    "output" "retry_limit" Absent "sent again without end; Fluent Bit gives up after one retry"
    "output" "storage.total_limit_size" Always "inputs wait above it, or `storage.when_full drop_oldest` drops and counts; 1G by default. Fluent Bit deletes the oldest chunks and has no default"
    "parser" "decode_field" Given "an unknown escape keeps its letter; Fluent Bit loses both"
    "parser" "decode_field_as" Given "an unknown escape keeps its letter; Fluent Bit loses both"
    "parser" "format" Given "also `cri`, `docker`, `syslog`, `syslog-rfc5424`, `syslog-rfc3164` and `syslog-rfc3164-local`, which need no pattern"
    "parser" "regex" Given "linear time; where a pattern needs backtracking, a line that takes too long is kept as text"
    "parser" "time_key" Given "a time that does not parse stays in the record; in Fluent Bit the field vanishes"
    "parser" "types" Given "text that is no number stays as it is, where Fluent Bit makes it 0; commas separate pairs as well, where it makes one long name of them"
    "service" "daemon" Given "`on` is refused: a service manager such as systemd keeps the agent in the background"
    "service" "flush" Given "the longest wait: the first line after a pause goes at once; in Fluent Bit a tick"
    "service" "health_check" Given "unhealthy also where an output settles nothing for `HC_Period`"
    "service" "hot_reload" Given "a configuration with mistakes is refused in the answer, and what ran goes on; Fluent Bit answers `done`"
    "service" "http_listen" Absent "127.0.0.1; in Fluent Bit 0.0.0.0. An IP address or `localhost`"
    "service" "json.escape_unicode" Absent "off: text is written as UTF-8, which means the same; in Fluent Bit on"
    "service" "multiline_buffer_limit" Always "an event ends before the line that would pass the limit, which is kept; Fluent Bit cuts within the line and drops its rest"
    "service" "scheduler.base" Absent "1 second; in Fluent Bit 5"
    "service" "scheduler.cap" Absent "30 seconds; in Fluent Bit 2000"
    "service" "security.fips_mode" Given "`on` is refused: the cryptography in use is not certified"
    "service" "storage.type" Given "`memrb` is as `memory`: inputs wait, nothing is dropped"
    "stdin" "parser" Absent "what is no JSON is kept under `log`, line by line; Fluent Bit discards it"
    "stdout" "format" Given "`otlp_json` is not supported and refused"
    "tail" "buffer_max_size" Always "a longer line is cut into parts and reading goes on; Fluent Bit abandons the file. 1M by default, 32K there"
    "tail" "db" Given "the same table; positions advance when the fate of a line is settled, not when it is read"
    "tail" "docker_mode" Given "parts are joined for each `stream` apart; Fluent Bit joins those of both outputs as they come"
    "tail" "docker_mode_flush" Given "counted from the last part of a line"
    "tail" "multiline.parser" Given "of `cri, java` the first joins partial lines and the second the traces in them; in Fluent Bit they are alternatives"
    "tail" "multiline_flush" Given "counted from the last line of an event; in Fluent Bit from the first, so that lines that come slowly fall apart"
    "tail" "parser" Given "an unknown parser is refused; Fluent Bit goes on with raw lines"
    "tail" "rotate_wait" Given "bytes that were not read keep a rotated file longer; Fluent Bit lets it go"
}

/// What is different for `key` of the plugin `name`, which is one of `word` (`input`, `service` ...).
pub(super) fn of(word: &str, name: &str, key: &str, is_given: bool) -> Option<&'static str> {
    let fits = |when: When| match when {
        When::Given => is_given,
        When::Absent => !is_given,
        When::Always => true,
    };
    let is_meant = |difference: &&Difference| {
        (difference.of == word || difference.of == name) && difference.key == key && fits(difference.when)
    };
    DIFFERENCES.iter().find(is_meant).map(|difference| difference.how)
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
