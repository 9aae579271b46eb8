//! The types that option values are read as.

use std::fmt;
use std::num::NonZeroU16;
use std::path::PathBuf;
use std::time::Duration;

use super::options::OptionType;

/// Text that must not be printed: passwords, tokens.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The text itself, for the one place that sends it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

impl OptionType for Secret {
    const KIND: &'static str = "secret";
    const SECRET: bool = true;

    fn parse(text: &str) -> Result<Self, String> {
        Ok(Self(text.to_owned()))
    }
}

impl OptionType for String {
    const KIND: &'static str = "text";

    fn parse(text: &str) -> Result<Self, String> {
        Ok(text.to_owned())
    }
}

impl OptionType for PathBuf {
    const KIND: &'static str = "path";

    fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() { Err("a path".into()) } else { Ok(Self::from(text)) }
    }
}

impl OptionType for bool {
    const KIND: &'static str = "boolean";

    fn parse(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "true" | "on" | "yes" => Ok(true),
            "false" | "off" | "no" => Ok(false),
            _ => Err("`on` or `off`".into()),
        }
    }

    fn remedy(text: &str) -> Option<String> {
        match text.to_ascii_lowercase().as_str() {
            "1" | "enable" | "enabled" | "y" | "ture" | "ok" => Some("write `on`".into()),
            "0" | "disable" | "disabled" | "n" | "none" | "flase" => Some("write `off`".into()),
            _ => None,
        }
    }
}

/// A switch that is there to be off: on, it would promise what the agent does not do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AlwaysOff;

impl OptionType for AlwaysOff {
    const KIND: &'static str = "off";

    fn parse(text: &str) -> Result<Self, String> {
        if bool::parse(text) == Ok(false) { Ok(Self) } else { Err("`off`".into()) }
    }
}

macro_rules! integers {
    ($($type:ty),*) => { $(
        impl OptionType for $type {
            const KIND: &'static str = "integer";

            fn parse(text: &str) -> Result<Self, String> {
                let range = match (Self::MIN, Self::BITS) {
                    (0, 64) => "a whole number, 0 or above".to_owned(),
                    (_, 64) => "a whole number".to_owned(),
                    (least, _) => format!("a whole number from {least} to {}", Self::MAX),
                };
                text.parse().map_err(|_| range)
            }
        }
    )* };
}

integers!(u16, u32, u64, i64, usize);

impl OptionType for f64 {
    const KIND: &'static str = "number";

    fn parse(text: &str) -> Result<Self, String> {
        // Rust reads `inf` and `nan` too; nothing that is configured means them.
        let plain = text.chars().all(|character| character.is_ascii_digit() || ".+-eE".contains(character));
        text.parse().ok().filter(|_| plain).ok_or("a number such as 2 or 0.5".into())
    }
}

/// A port that can be connected to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Port(pub NonZeroU16);

impl OptionType for Port {
    const KIND: &'static str = "port";

    fn parse(text: &str) -> Result<Self, String> {
        text.parse().map(Self).map_err(|_| "a port from 1 to 65535".into())
    }
}

/// A number of bytes. `K`, `M` and `G` stand for powers of 1000, as in Fluent Bit; `false` is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(pub usize);

impl OptionType for Size {
    const KIND: &'static str = "size";

    fn parse(text: &str) -> Result<Self, String> {
        bytes(text, 1000).map(Self).ok_or_else(|| "a size such as 32k, 5M or 1.5G".to_owned())
    }

    fn remedy(text: &str) -> Option<String> {
        let lower: String = text.to_ascii_lowercase().split_whitespace().collect();
        let short = lower.replace("ib", "").replace("bytes", "");
        respelled::<Self>(text, &short)
    }
}

/// Bytes on disk: a [`Size`], or any word for off, which is 0: no limit of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DiskLimit(pub Size);

impl OptionType for DiskLimit {
    const KIND: &'static str = "size";

    fn parse(text: &str) -> Result<Self, String> {
        if bool::parse(text) == Ok(false) { Ok(Self(Size(0))) } else { Size::parse(text).map(Self) }
    }

    fn remedy(text: &str) -> Option<String> {
        Size::remedy(text)
    }
}

/// A number of bytes whose `K`, `M` and `G`, with `B` or `iB` or without, stand for powers of 1024.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BinarySize(pub usize);

impl OptionType for BinarySize {
    const KIND: &'static str = "size";

    fn parse(text: &str) -> Result<Self, String> {
        let lower = text.trim().to_ascii_lowercase();
        let unit = lower.strip_suffix("ib").filter(|rest| rest.ends_with(['k', 'm', 'g']));
        bytes(unit.unwrap_or(&lower), 1024).map(Self).ok_or_else(|| "a size such as 512k, 1MiB or 1.5G".to_owned())
    }
}

/// The number of bytes that `text` tells in units of powers of `base`; `false` is 0.
fn bytes(text: &str, base: u64) -> Option<usize> {
    let lower = text.trim().to_ascii_lowercase();
    if lower == "false" {
        return Some(0);
    }
    let number = lower.trim_end_matches('b').trim_end_matches(['k', 'm', 'g']);
    let unit: u64 = match lower.strip_prefix(number)? {
        "" | "b" => 1,
        "k" | "kb" => base,
        "m" | "mb" => base.pow(2),
        "g" | "gb" => base.pow(3),
        _ => return None,
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let whole: u64 = whole.parse().ok()?;
    let (mut parts, mut place) = (0_u64, 1_u64);
    for digit in fraction.chars() {
        let digit = u64::from(digit.to_digit(10)?);
        // Digits beyond these are less than a byte.
        if place < 1_000_000_000 {
            (parts, place) = (parts * 10 + digit, place * 10);
        }
    }
    let bytes = whole.checked_mul(unit)?.checked_add(parts * unit / place)?;
    usize::try_from(bytes).ok()
}

/// Without a unit in seconds; `s`, `m`, `h` and `d` may follow; a fraction is allowed.
impl OptionType for Duration {
    const KIND: &'static str = "seconds";

    fn parse(text: &str) -> Result<Self, String> {
        let expected = || "a number of seconds such as 5, 0.5, 10m or 2h".to_owned();
        let lower = text.trim().to_ascii_lowercase();
        let number = lower.trim_end_matches(['s', 'm', 'h', 'd']);
        let unit = match &lower.strip_prefix(number) {
            Some("" | "s") => 1.0,
            Some("m") => 60.0,
            Some("h") => 3600.0,
            Some("d") => 86_400.0,
            _ => return Err(expected()),
        };
        if !number.chars().all(|character| character.is_ascii_digit() || character == '.') {
            return Err(expected());
        }
        let seconds: f64 = number.parse().map_err(|_| expected())?;
        Self::try_from_secs_f64(seconds * unit).map_err(|_| expected())
    }

    fn remedy(text: &str) -> Option<String> {
        let lower: String = text.to_ascii_lowercase().split_whitespace().collect();
        let number = lower.trim_end_matches(|character: char| character.is_ascii_alphabetic());
        let unit = match lower.strip_prefix(number)? {
            "min" | "mins" | "minute" | "minutes" => "m",
            "sec" | "secs" | "second" | "seconds" => "s",
            "hr" | "hrs" | "hour" | "hours" => "h",
            "day" | "days" => "d",
            "ms" | "millis" => {
                let seconds = number.parse::<u32>().ok().map(|millis| f64::from(millis) / 1000.0)?;
                return Some(format!("write `{seconds}`"));
            }
            other => other,
        };
        respelled::<Self>(text, &format!("{number}{unit}"))
    }
}

/// Proposes `spelling` where it can be read and `text` is something else.
fn respelled<T: OptionType>(text: &str, spelling: &str) -> Option<String> {
    (spelling != text && T::parse(spelling).is_ok()).then(|| format!("write `{spelling}`"))
}

/// Values between commas, trimmed; empty ones are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommaList(pub Vec<String>);

impl OptionType for CommaList {
    const KIND: &'static str = "list";

    fn parse(text: &str) -> Result<Self, String> {
        let parts: Vec<String> =
            text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(Into::into).collect();
        if parts.is_empty() { Err("one value or more, separated by commas".into()) } else { Ok(Self(parts)) }
    }
}

/// Words between spaces; `"…"` holds words together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SpaceList(pub Vec<String>);

impl SpaceList {
    /// `text` in `count` pieces: words, and in the last piece all that is left, as it stands.
    ///
    /// `None` when there are fewer, or when a quote of the words is not closed.
    pub fn split(text: &str, count: usize) -> Option<Vec<String>> {
        let mut pieces = Vec::new();
        let mut at = 0;
        for _ in 1..count {
            let word = next_word(text, at)??;
            at = word.end;
            pieces.push(word.text);
        }
        let rest = text.get(at..).map(str::trim).filter(|rest| !rest.is_empty())?;
        pieces.push(unquoted(rest));
        Some(pieces)
    }
}

impl OptionType for SpaceList {
    const KIND: &'static str = "words";

    fn parse(text: &str) -> Result<Self, String> {
        let words = words(text).ok_or("words separated by spaces; a quote is not closed")?;
        if words.is_empty() {
            return Err("one word or more, separated by spaces".into());
        }
        Ok(Self(words.into_iter().map(|word| word.text).collect()))
    }
}

/// A first word and the rest of the value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyValue {
    /// The first word.
    pub key: String,
    /// What follows it, trimmed.
    pub value: String,
}

impl OptionType for KeyValue {
    const KIND: &'static str = "key value";

    fn parse(text: &str) -> Result<Self, String> {
        let expected = || "a key and a value".to_owned();
        let pieces = SpaceList::split(text, 2).ok_or_else(expected)?;
        let [key, value] = <[String; 2]>::try_from(pieces).map_err(|_| expected())?;
        Ok(Self { key, value })
    }
}

/// `text` without the quotes around all of it.
fn unquoted(text: &str) -> String {
    let inner = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inner.filter(|inner| !inner.contains('"')).unwrap_or(text).to_owned()
}

/// A word of a space-separated list.
pub struct Word {
    /// The word, quotes removed.
    pub text: String,
    /// Whether it stood in quotes.
    pub quoted: bool,
    /// Where it ends in the value.
    pub end: usize,
}

/// The words of `text`, separated by spaces; `"…"` holds words together, with `\"` for a quote inside. `None` when a
/// quote is not closed.
pub fn words(text: &str) -> Option<Vec<Word>> {
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(word) = next_word(text, at) {
        let word = word?;
        at = word.end;
        words.push(word);
    }
    Some(words)
}

/// The first word of `text` from byte `at` on: `None` when there is none, `Some(None)` when its quote is not closed.
fn next_word(text: &str, at: usize) -> Option<Option<Word>> {
    let mut characters =
        text.get(at..)?.char_indices().skip_while(|(_, character)| character.is_whitespace()).peekable();
    let quoted = characters.peek()?.1 == '"';
    if quoted {
        characters.next();
    }
    let mut word = Word { text: String::new(), quoted, end: text.len() };
    while let Some((offset, character)) = characters.next() {
        let quote_follows = characters.peek().is_some_and(|(_, next)| *next == '"');
        if quoted && character == '\\' && quote_follows {
            word.text.push('"');
            characters.next();
        } else if quoted && character == '"' {
            word.end = at + offset + 1;
            return Some(Some(word));
        } else if !quoted && character.is_whitespace() {
            word.end = at + offset;
            return Some(Some(word));
        } else {
            word.text.push(character);
        }
    }
    Some((!quoted).then_some(word))
}

/// How often a failed request is sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryLimit(pub Option<u32>);

impl OptionType for RetryLimit {
    const KIND: &'static str = "retries";

    fn parse(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "no_limits" | "false" | "off" => Ok(Self(None)),
            "no_retries" => Ok(Self(Some(0))),
            number => {
                let expected = || "`no_limits`, `no_retries` or a number above 0".to_owned();
                let limit: i64 = number.parse().map_err(|_| expected())?;
                // Fluent Bit takes what is not above 0 for 1.
                u32::try_from(limit.max(1)).map(|limit| Self(Some(limit))).map_err(|_| expected())
            }
        }
    }
}

/// Where the records of an input wait for their delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StorageType {
    /// In memory.
    Memory,
    /// On disk, before their sender is answered.
    Filesystem,
}

impl OptionType for StorageType {
    const KIND: &'static str = "storage type";

    fn parse(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            // Of a ring in memory nothing is lost here: the input waits when it is full.
            "memory" | "memrb" => Ok(Self::Memory),
            "filesystem" => Ok(Self::Filesystem),
            _ => Err("`memory`, `filesystem` or `memrb`".into()),
        }
    }
}

/// What happens when a spool is full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WhenFull {
    /// Whoever wants to put something in waits.
    #[default]
    Block,
    /// The oldest records are dropped, declared.
    DropOldest,
}

impl OptionType for WhenFull {
    const KIND: &'static str = "policy";

    fn parse(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "block" => Ok(Self::Block),
            "drop_oldest" => Ok(Self::DropOldest),
            _ => Err("`block` or `drop_oldest`".into()),
        }
    }
}

/// How much the agent says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Nothing.
    Off,
    /// Data lost, or a person must act.
    Error,
    /// Odd, recovered.
    Warn,
    /// Changes of state.
    Info,
    /// For the author of one plugin.
    Debug,
    /// Everything.
    Trace,
}

impl OptionType for LogLevel {
    const KIND: &'static str = "log level";

    fn parse(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "off" => Ok(Self::Off),
            "error" => Ok(Self::Error),
            "warn" | "warning" => Ok(Self::Warn),
            "info" => Ok(Self::Info),
            "debug" => Ok(Self::Debug),
            "trace" => Ok(Self::Trace),
            _ => Err("`off`, `error`, `warn`, `info`, `debug` or `trace`".into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_decimal_as_in_fluent_bit() {
        let cases =
            [("32k", 32_000), ("32KB", 32_000), ("5M", 5_000_000), ("1.5G", 1_500_000_000), ("7", 7), ("false", 0)];
        for (text, bytes) in cases {
            assert_eq!(Size::parse(text), Ok(Size(bytes)), "{text}");
        }
        for (text, bytes) in
            [("1K", 1024), ("1kb", 1024), ("1KiB", 1024), ("2M", 2 << 20), ("0.5GiB", 1 << 29), ("7", 7)]
        {
            assert_eq!(BinarySize::parse(text), Ok(BinarySize(bytes)), "{text}");
        }
        for text in ["1iB", "KiB", "1TiB", "1.xK"] {
            assert!(BinarySize::parse(text).is_err(), "{text}");
        }
        for text in ["", "k", "5x", "-1", "1.x", "5 M M", "99999999999G", "18446744073.9999999999G"] {
            assert!(Size::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_limit_of_the_disk_may_be_switched_off() {
        for (text, bytes) in [
            ("off", Some(0)),
            ("No", Some(0)),
            ("false", Some(0)),
            ("0", Some(0)),
            ("5M", Some(5_000_000)),
            ("on", None),
        ] {
            assert_eq!(DiskLimit::parse(text).ok().map(|limit| limit.0.0), bytes, "{text}");
        }
    }

    #[test]
    fn time_spans_may_have_units_and_fractions() {
        for (text, millis) in [("5", 5000), ("0.2", 200), ("10m", 600_000), ("2h", 7_200_000), ("1d", 86_400_000)] {
            assert_eq!(Duration::parse(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "abc", "5 min", "-1", "1e3", "5ms"] {
            assert!(Duration::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn retries_are_counted_as_in_fluent_bit() {
        for (text, limit) in [
            ("3", Some(3)),
            ("0", Some(1)),
            ("-1", Some(1)),
            ("no_retries", Some(0)),
            ("OFF", None),
            ("no_limits", None),
        ] {
            assert_eq!(RetryLimit::parse(text).map(|limit| limit.0), Ok(limit), "{text}");
        }
        for text in ["", "abc", "1.5", "4294967296"] {
            assert!(RetryLimit::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn words_may_be_quoted() {
        let texts = |text| words(text).map(|words| words.into_iter().map(|word| word.text).collect::<Vec<_>>());
        assert_eq!(texts(r#"a "b c"  d"#), Some(vec!["a".into(), "b c".into(), "d".into()]));
        assert_eq!(texts(r#""say \"hi\"""#), Some(vec![r#"say "hi""#.into()]));
        assert_eq!(texts(r#"a "open"#), None);
    }

    #[test]
    fn a_key_value_is_a_word_and_the_rest() {
        let parsed = |text| KeyValue::parse(text).map(|pair| (pair.key, pair.value));
        assert_eq!(parsed("log ^a b$"), Ok(("log".into(), "^a b$".into())));
        assert_eq!(parsed(r#""my key" value"#), Ok(("my key".into(), "value".into())));
        assert_eq!(parsed(r#"key "a value""#), Ok(("key".into(), "a value".into())));
        assert_eq!(parsed(r#"log say "hi"#), Ok(("log".into(), r#"say "hi"#.into())));
        assert!(parsed("alone").is_err());
    }

    #[test]
    fn the_last_piece_of_a_split_is_the_rest() {
        let pieces = |text, count| SpaceList::split(text, count).map(|pieces| pieces.join("|"));
        assert_eq!(pieces("a b  c d", 3).as_deref(), Some("a|b|c d"));
        assert_eq!(pieces(r#""a b" c"#, 2).as_deref(), Some("a b|c"));
        assert_eq!(pieces("a b", 1).as_deref(), Some("a b"));
        assert_eq!(pieces("a b", 3), None);
        assert_eq!(SpaceList::parse(r#"a "b c""#), Ok(SpaceList(vec!["a".into(), "b c".into()])));
        assert!(SpaceList::parse(r#"a "b"#).is_err() && SpaceList::parse(" ").is_err());
    }

    #[test]
    fn numbers_are_read_strictly() {
        assert_eq!((f64::parse("0.5"), f64::parse("-2")), (Ok(0.5), Ok(-2.0)));
        assert!(["", "abc", "nan", "inf", "1x", "0x10"].iter().all(|text| f64::parse(text).is_err()));
        assert!(["", "abc", "1.5", "-1", " 1"].iter().all(|text| u32::parse(text).is_err()));
        assert!(Port::parse("65535").is_ok() && ["0", "65536", "http"].iter().all(|text| Port::parse(text).is_err()));
    }

    #[test]
    fn what_was_meant_is_proposed() {
        let cases = [
            (Duration::remedy("5 min"), Some("write `5m`")),
            (Duration::remedy("5 SEC"), Some("write `5s`")),
            (Duration::remedy("250ms"), Some("write `0.25`")),
            (Duration::remedy("soon"), None),
            (Size::remedy("32 KiB"), Some("write `32k`")),
            (Size::remedy("5 MB"), Some("write `5mb`")),
            (Size::remedy("much"), None),
            (bool::remedy("1"), Some("write `on`")),
            (bool::remedy("maybe"), None),
        ];
        for (found, expected) in cases {
            assert_eq!(found.as_deref(), expected);
        }
    }

    #[test]
    fn a_secret_never_prints_itself() {
        let secret = Secret::parse("secret-42").expect("any text is one");
        assert_eq!(format!("{secret} {secret:?}"), "[secret] [secret]");
    }
}
