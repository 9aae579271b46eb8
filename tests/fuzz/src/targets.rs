//! What is fuzzed: a row for each target.

use std::sync::LazyLock;

use vigie::config::built_in_parsers;
use vigie::encode::accessor::Template;
use vigie::inputs::lines::check;
use vigie_parsers::batch::{Batch, Origin, Timestamp};
use vigie_parsers::json::JsonParser;
use vigie_parsers::msgpack::{self, Event};
use vigie_parsers::syslog::Dialect;
use vigie_parsers::time::{Context, Zone};
use vigie_parsers::{DecodeRule, Decoder, Definition, FieldType, Format, Parser, Parsers, Then, cri};

use crate::bytes::Bytes;
use crate::patterns::pattern;

/// A target: its name, and what it does with an input.
type Target = (&'static str, fn(Bytes<'_>));

const TARGETS: &[Target] = &[
    ("json", json),
    ("stream", stream),
    ("regex", regex),
    ("backtracking", backtracking),
    ("blocks", blocks),
    ("time", time),
    ("records", records),
    ("definitions", definitions),
    ("accessors", accessors),
    ("text", text),
    ("object", object),
    ("deflate", deflate),
    ("config", config),
    ("multiline", multiline),
    ("cuts", cuts),
    ("encodings", encodings),
    ("restarts", restarts),
    ("answer", answer),
    ("msgpack", msgpack),
    ("redact", redact),
    ("checks", checks),
    ("sums", sums),
    ("hiding", hiding),
    ("walks", walks),
];

/// The target that `FUZZ_TARGET` names.
static CHOSEN: LazyLock<fn(Bytes<'_>)> = LazyLock::new(|| {
    let name = std::env::var("FUZZ_TARGET").expect("FUZZ_TARGET names a target");
    let target = TARGETS.iter().find(|(known, _)| *known == name);
    target.map(|(_, run)| *run).expect("FUZZ_TARGET names a target of this program")
});

/// Runs the chosen target on one input.
pub(crate) fn run(bytes: &[u8]) {
    CHOSEN(Bytes::new(bytes));
}

/// A text with a key, looked through for personal data.
fn redact(mut bytes: Bytes<'_>) {
    let escaped = bytes.yes();
    let key = bytes.line();
    vigie::redact::check::check(bytes.rest(), vigie::redact::Place { key, escaped });
}

/// A value with its groups, put before the check of every detector.
fn checks(mut bytes: Bytes<'_>) {
    let (cuts, marks) = (bytes.line(), bytes.line());
    vigie::redact::check::checks(bytes.rest(), cuts, marks);
}

/// Digits and letters under the rules of check digits.
fn sums(bytes: Bytes<'_>) {
    vigie::redact::check::sums(bytes.rest());
}

/// A text with a key, in which what is found is hidden behind labels, twice.
fn hiding(mut bytes: Bytes<'_>) {
    let escaped = bytes.yes();
    let key = bytes.line();
    vigie::privacy::check::check(bytes.rest(), vigie::redact::Place { key, escaped });
}

/// Records in JSON, a line each, in which every value is looked through, or only what a glance does not tell.
fn walks(mut bytes: Bytes<'_>) {
    let choice = bytes.byte();
    let lines: Vec<&[u8]> = bytes.rest().split(|byte| *byte == b'\n').take(16).collect();
    vigie::filters::check_records(choice, &lines);
}

/// Lines of JSON beside serde_json.
fn json(bytes: Bytes<'_>) {
    let lines: Vec<&[u8]> = bytes.rest().split(|byte| *byte == b'\n').take(8).collect();
    vigie_parsers::json::check::check(&lines);
}

/// A stream of JSON in bits, beside serde_json.
fn stream(mut bytes: Bytes<'_>) {
    let (longest, step) = (usize::from(bytes.byte()) + 1, usize::from(bytes.byte()) + 1);
    vigie_parsers::json::check::stream(bytes.rest(), longest, step);
}

/// A pattern in the first line, texts in the others, on every engine that takes it.
fn regex(mut bytes: Bytes<'_>) {
    let with_newlines = bytes.yes();
    let pattern = bytes.line();
    let Ok(pattern) = std::str::from_utf8(pattern) else { return };
    // Long ones and great repetitions only take time to compile.
    if pattern.len() > 60 || pattern.bytes().filter(u8::is_ascii_digit).count() > 8 {
        return;
    }
    let texts = bytes.rest();
    let texts: Vec<&[u8]> =
        if with_newlines { vec![texts] } else { texts.split(|byte| *byte == b'\n').take(8).collect() };
    vigie_parsers::regex::check::engines(pattern, &texts);
}

/// A pattern made of parts, on the engine that backtracks and on those that do not.
fn backtracking(mut bytes: Bytes<'_>) {
    let pattern = pattern(&mut bytes);
    let texts: Vec<&[u8]> = bytes.rest().split(|byte| *byte == b'\n').take(8).collect();
    vigie_parsers::regex::check::backtracking(&pattern, &texts);
}

/// Blocks beside single bytes.
fn blocks(mut bytes: Bytes<'_>) {
    use vigie_parsers::simd::check;

    let wanted = [bytes.byte(), bytes.byte(), bytes.byte()];
    let at = bytes.below(64);
    let rest = bytes.rest();
    let (text, behind) = rest.split_at(rest.len().saturating_sub(at));
    check::bytes(rest, wanted);
    check::plain(text, behind);
}

/// Times read with a cache and without, times written and read again, and both writers.
fn time(mut bytes: Bytes<'_>) {
    use vigie_parsers::time::check;

    /// From the year 1 to the year 9999.
    const FIRST: i64 = -62_135_596_800;
    const COUNT: i64 = 315_537_897_600;
    let any = bytes.number();
    let mut second = || FIRST + bytes.number().rem_euclid(COUNT);
    let seconds = [second(), second()];
    let nanos = bytes.number().rem_euclid(1_000_000_000).unsigned_abs();
    let nanos = u32::try_from(nanos).expect("a second has that many");
    let context = Context { now: seconds[0], offset: i32::from(bytes.byte().cast_signed()) * 900 };
    check::writing(Timestamp { seconds: seconds[0], nanos }, Timestamp { seconds: seconds[1], nanos });
    let format = bytes.line();
    let Ok(format) = std::str::from_utf8(format) else { return };
    let texts: Vec<&[u8]> = bytes.rest().split(|byte| *byte == b'\n').take(8).collect();
    check::reading(format, &texts, &context);
    vigie::encode::check::times(format, &[seconds[0], seconds[1], seconds[0], any]);
}

/// Lines by the parsers that come with the agent, and as lines of containers.
fn records(mut bytes: Bytes<'_>) {
    static PARSERS: LazyLock<Parsers> = LazyLock::new(built_in_parsers);
    let names = PARSERS.names();
    let parser = PARSERS.get(names[bytes.below(names.len())]).expect("it has a name");
    let mut batch = Batch::default();
    while !bytes.is_empty() {
        let line = bytes.line();
        if let Some(parts) = cri::split(line) {
            assert!(line.starts_with(parts.time) && line.ends_with(parts.text));
        }
        let span = batch.store(line);
        let index = batch.push(Timestamp::default(), Origin::default());
        parser.parse(&mut batch, index, span);
    }
    vigie::encode::check::records(&batch);
}

/// Lines by a parser of any definition.
fn definitions(mut bytes: Bytes<'_>) {
    let definition = definition(&mut bytes);
    let Ok(parser) = definition.build() else { return };
    let mut batch = Batch::default();
    while !bytes.is_empty() {
        let line = bytes.line();
        let span = batch.store(line);
        let index = batch.push(Timestamp { seconds: 1_795_392_000, nanos: 7 }, Origin::default());
        let parsed = parser.parse(&mut batch, index, span);
        let is_empty = batch.record(index).fields().is_empty();
        assert!(parsed.gave_fields() || is_empty, "{definition:?} of {}", line.escape_ascii());
    }
    vigie::encode::check::records(&batch);
}

fn definition(bytes: &mut Bytes<'_>) -> Definition {
    const FORMATS: [Format; 8] = [
        Format::Json,
        Format::Regex,
        Format::Ltsv,
        Format::Logfmt,
        Format::Cri,
        Format::CriPiece,
        Format::Docker,
        Format::Syslog(Dialect::Any),
    ];
    const PATTERNS: [&str; 5] = [
        r"^(?<time>[^ ]*) (?<a>[^ ]*)(?: (?<log>.*))?$",
        r"(?<a>\d+)|(?<log>\w*)",
        r"^(?<log>(?:[^,]+,)*)(?<a>.?)",
        r#"(?<a>["']).*?\k<a>(?<log>.*)"#,
        r"(?i)^<(?<a>é|\h{2})> (?<time>.{4,19}) (?<log>[\s\S]*)",
    ];
    const TIMES: [&str; 6] = ["%FT%T.%L%z", "%s.%L", "%b %d %T", "%d/%b/%Y:%T %z", "%H:%M %Z", "%L"];
    const TYPES: [FieldType; 4] = [FieldType::Integer, FieldType::Hex, FieldType::Float, FieldType::Bool];
    let times = TIMES.map(Some);
    let zone = bytes.yes().then(|| Zone::from_posix("CET-1CEST,M3.5.0,M10.5.0/3").expect("these are rules"));
    Definition {
        format: bytes.one_of(&FORMATS),
        regex: Some(bytes.one_of(&PATTERNS).into()),
        time_key: bytes.one_of(&["time", "a", "log"]).into(),
        time_format: if bytes.yes() { bytes.one_of(&times).map(Into::into) } else { None },
        time_keep: bytes.yes(),
        time_strict: bytes.yes(),
        time_offset: i32::from(bytes.byte().cast_signed()) * 900,
        time_zone: zone,
        types: vec![("a".into(), bytes.one_of(&TYPES)), ("log".into(), bytes.one_of(&TYPES))],
        skip_empty_values: bytes.yes(),
        logfmt_no_bare_keys: bytes.yes(),
        decoders: (0..bytes.below(4)).map(|_| decoder(bytes)).collect(),
        ..Definition::default()
    }
}

fn decoder(bytes: &mut Bytes<'_>) -> DecodeRule {
    const DECODERS: [Decoder; 4] = [Decoder::Json, Decoder::Escaped, Decoder::EscapedUtf8, Decoder::MysqlQuoted];
    DecodeRule {
        field: bytes.one_of(&["log", "a"]).into(),
        decoder: bytes.one_of(&DECODERS),
        replaces: bytes.yes(),
        then: bytes.one_of(&[Then::Stop, Then::TryNext, Then::DoNext]),
    }
}

/// A template in the first line, filled in from records and a tag.
fn accessors(mut bytes: Bytes<'_>) {
    let template = bytes.line();
    let Ok(Ok(template)) = std::str::from_utf8(template).map(Template::parse) else { return };
    let mut batch = Batch::default();
    let mut out = Vec::new();
    while !bytes.is_empty() {
        let span = batch.store(bytes.line());
        let index = batch.push(Timestamp::default(), Origin::default());
        JsonParser.parse(&mut batch, index, span);
        out.clear();
        if template.render(batch.record(index), "app.web.eu", &mut out) && !template.is_dynamic() {
            assert_eq!(out, template.wildcard());
        }
    }
}

/// Text into JSON strings.
fn text(mut bytes: Bytes<'_>) {
    let behind = bytes.below(40);
    let bytes = bytes.rest();
    let (text, behind) = bytes.split_at(bytes.len().saturating_sub(behind));
    vigie::encode::check::text(text, behind);
}

/// Objects read, written and read again.
fn object(bytes: Bytes<'_>) {
    vigie::encode::check::object(bytes.rest());
}

/// Streams compressed by one encoder, which another decoder reads. What stands here is repeated, so that they grow long, or
/// stands before noise as long as a match may reach back.
fn deflate(mut bytes: Bytes<'_>) {
    let mut streams = vec![Vec::new()];
    while !bytes.is_empty() {
        let (kind, times) = (bytes.byte(), bytes.below(64));
        let mut piece = bytes.line().repeat(if kind & 2 == 2 { times * times } else { 1 });
        if kind & 4 == 4 {
            piece.extend(noise((32 << 10) - 64 + 2 * times));
        }
        if kind & 1 == 1 && streams.len() < 4 {
            streams.push(Vec::new());
        }
        if let Some(stream) = streams.last_mut() {
            stream.push(piece);
        }
    }
    vigie::deflate::check::streams(&streams);
}

/// Bytes that cannot be compressed.
fn noise(length: usize) -> impl Iterator<Item = u8> {
    let mut state = 1_u32;
    let next = move || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()[0]
    };
    std::iter::repeat_with(next).take(length)
}

/// Any text as a configuration, of both formats.
fn config(mut bytes: Bytes<'_>) {
    let is_yaml = bytes.yes();
    let Ok(text) = std::str::from_utf8(bytes.rest()) else { return };
    // Files of this machine are no part of an input.
    if !(text.contains('/') || text.contains('*')) || !text.to_ascii_lowercase().contains("include") {
        vigie::config::check::readers(text, is_yaml);
    }
}

/// Lines of containers and traces, and an agent that is killed between them.
fn multiline(mut bytes: Bytes<'_>) {
    const MODES: [&[&str]; 8] = [
        &["cri"],
        &["java"],
        &["cri", "java"],
        &["docker", "cri"],
        &["docker", "cri", "python"],
        &["go", "ruby"],
        &[],
        &[],
    ];
    let number = bytes.below(MODES.len());
    let (mode, has_rules) = (MODES[number], number == 6);
    let cuts: Vec<bool> = (0..8).map(|_| bytes.yes()).collect();
    let kills: Vec<usize> = (0..bytes.below(4)).map(|_| bytes.below(12)).collect();
    let mut text = String::new();
    while !bytes.is_empty() {
        push_line(&mut bytes, &mut text);
    }
    let mode = if mode.is_empty() { check::own(has_rules) } else { check::built_in(mode) };
    check::kills(&text, &cuts, &kills, &mode);
}

/// A line that begins as those of containers do, or as it stands.
fn push_line(bytes: &mut Bytes<'_>, out: &mut String) {
    const BEGINNINGS: [&str; 8] = [
        "",
        "1Z stdout F ",
        "1Z stdout P ",
        "1Z stderr F ",
        "1Z stderr P ",
        "1Z stdout F x.FooException: ",
        "1Z stdout F \tat ",
        "1Z stdout P Caused by: ",
    ];
    out.push_str(bytes.one_of(&BEGINNINGS));
    let line = bytes.line();
    // A newline ends a line, wherever it comes from.
    out.push_str(&String::from_utf8_lossy(line));
    out.push('\n');
}

/// Lines that arrive in blocks of any size.
fn cuts(mut bytes: Bytes<'_>) {
    let (max_line, block) = (1 + bytes.below(12), 1 + bytes.below(32));
    let (skip_empty, last) = (bytes.yes(), bytes.yes());
    vigie::inputs::cuts(bytes.rest(), max_line, block, skip_empty, last);
}

/// Lines of a file in an encoding that arrive in blocks, beside the decoded text.
fn encodings(mut bytes: Bytes<'_>) {
    let (encoding, max_line, block) = (bytes.below(7), 4 + bytes.below(12), 1 + bytes.below(32));
    let last = bytes.yes();
    vigie::inputs::encoded_cuts(bytes.rest(), encoding, max_line, block, last);
}

/// A growing file that is read by one reader after another, each of which begins where the lines before it were settled.
fn restarts(mut bytes: Bytes<'_>) {
    let (encoding, max_line, skip_empty) = (bytes.below(14), 4 + bytes.below(12), bytes.yes());
    let script: Vec<u8> = (0..bytes.below(64)).map(|_| bytes.byte()).collect();
    vigie::inputs::restarts(bytes.rest(), &script, encoding, (max_line, skip_empty));
}

/// Answers to bulk requests.
fn answer(bytes: Bytes<'_>) {
    vigie::cluster::check::answer(bytes.rest());
}

/// Events as Fluent Bit stores them, written as JSON.
fn msgpack(bytes: Bytes<'_>) {
    let mut batch = Batch::default();
    let span = batch.store(bytes.rest());
    let Ok((event, length)) = msgpack::event(&mut batch, span) else { return };
    assert!((1..=span.range().len()).contains(&length));
    if let Event::Record { time, metadata, fields } = event {
        let index = batch.push(time, Origin::default());
        batch.record_mut(index).replace_fields(fields);
        batch.record_mut(index).replace_metadata(metadata);
        vigie::encode::check::records(&batch);
    }
}
