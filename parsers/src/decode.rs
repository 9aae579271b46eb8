//! What `Decode_Field` and `Decode_Field_As` do: text inside of a field is taken apart or unescaped after parsing.

use crate::batch::{Batch, Field, Range, Text, Value};
use crate::{fields, json};

/// How a text is decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decoder {
    /// It is one JSON object.
    Json,
    /// C's escapes of one letter.
    Escaped,
    /// Those, and characters by their code: `\u00e9`, `\xc3`, `\303`.
    EscapedUtf8,
    /// A string as MySQL writes it, in quotes or not.
    MysqlQuoted,
}

/// What follows a decoder of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// Nothing.
    Stop,
    /// The next one of the field, where this one failed.
    TryNext,
    /// The next one of the field, in any case.
    DoNext,
}

/// One line `Decode_Field` or `Decode_Field_As`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeRule {
    /// Key of the text.
    pub field: String,
    /// How it is decoded.
    pub decoder: Decoder,
    /// Whether the result takes the place of the text. Else the members of an object are added at the end, and text is only
    /// handed to the next decoder.
    pub replaces: bool,
    /// What follows.
    pub then: Then,
}

/// The decoders of a parser, by field.
#[derive(Debug)]
pub(crate) struct Decoders(Vec<Vec<DecodeRule>>);

/// What a text was decoded to.
enum Decoded {
    Text(Vec<u8>),
    Object(Range),
}

impl Decoders {
    /// Those of `rules`. `None` when there is none.
    pub(crate) fn new(rules: &[DecodeRule]) -> Option<Self> {
        let mut chains: Vec<Vec<DecodeRule>> = Vec::new();
        for rule in rules {
            match chains.iter_mut().find(|chain| chain[0].field == rule.field) {
                Some(chain) => chain.push(rule.clone()),
                None => chains.push(vec![rule.clone()]),
            }
        }
        (!chains.is_empty()).then_some(Self(chains))
    }

    /// Decodes the texts among the fields of record `index` from `first` on.
    pub(crate) fn apply(&self, batch: &mut Batch, index: usize, first: usize) {
        for chain in &self.0 {
            let range = fields::fields_from(batch, index, first);
            let Some(found) = batch.find(range, chain[0].field.as_bytes()) else { continue };
            if let Value::Text(text) = batch.fields(range)[found].value {
                run(chain, (batch, index), first + found, text);
            }
        }
    }
}

/// Runs the decoders of one field, which stands at `at` and holds `text`.
fn run(chain: &[DecodeRule], (batch, index): (&mut Batch, usize), at: usize, text: Text) {
    let mut current = Vec::new();
    batch.decode_text(text, &mut current);
    let mut replaced = false;
    for rule in chain {
        let decoded = decode(rule.decoder, batch, &current);
        let fitted = decoded.is_some();
        match decoded {
            None => {}
            Some(Decoded::Text(text)) => {
                current = text;
                replaced |= rule.replaces;
            }
            Some(Decoded::Object(members)) if rule.replaces => {
                batch.record_mut(index).field_mut(at).value = Value::Map(members);
                return;
            }
            Some(Decoded::Object(members)) => add(batch, index, members),
        }
        if rule.then == Then::Stop || (rule.then == Then::TryNext && fitted) {
            break;
        }
    }
    if replaced {
        let text = Text::plain(batch.store(&current));
        batch.record_mut(index).field_mut(at).value = Value::Text(text);
    }
}

/// Adds `members` at the end; a field of the same name gives way.
fn add(batch: &mut Batch, index: usize, members: Range) {
    for at in members.range() {
        let Field { key, value } = batch.tape[at];
        batch.record_mut(index).append_field(Field { key, value });
    }
}

fn decode(decoder: Decoder, batch: &mut Batch, text: &[u8]) -> Option<Decoded> {
    match decoder {
        Decoder::Json => {
            let span = batch.store(text);
            let object = json::object(batch, span).or_else(|| {
                let span = batch.store(&with_escaped_controls(text)?);
                json::object(batch, span)
            });
            object.map(Decoded::Object)
        }
        Decoder::Escaped => Some(Decoded::Text(unescape(text, false))),
        Decoder::EscapedUtf8 => Some(Decoded::Text(unescape(text, true))),
        Decoder::MysqlQuoted => mysql(text).map(Decoded::Text),
    }
}

/// JSON whose strings hold control characters as they stand, with these escaped: a decoder before may have made them of escapes.
/// `None` where no string does.
fn with_escaped_controls(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let (mut copied, mut inside, mut is_escaped) = (0, false, false);
    for (at, byte) in text.iter().enumerate() {
        if inside && *byte < b' ' {
            out.extend_from_slice(&text[copied..at]);
            // A backslash before it would be one before the escape.
            out.truncate(out.len() - usize::from(is_escaped));
            out.extend_from_slice(format!("\\u{byte:04x}").as_bytes());
            copied = at + 1;
        }
        inside ^= *byte == b'"' && !is_escaped;
        is_escaped = *byte == b'\\' && !is_escaped && inside;
    }
    if copied == 0 {
        return None;
    }
    out.extend_from_slice(&text[copied..]);
    Some(out)
}

/// `text` with its escapes decoded; with `codes`, also those of characters by their code. An escape that is not known loses its
/// backslash.
fn unescape(text: &[u8], codes: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, behind)) = rest.split_first() {
        rest = behind;
        if byte != b'\\' || rest.is_empty() {
            out.push(byte);
            continue;
        }
        if codes && let Some(length) = push_code(rest, &mut out) {
            rest = &rest[length..];
            continue;
        }
        out.push(letter(rest[0]));
        rest = &rest[1..];
    }
    out
}

fn letter(letter: u8) -> u8 {
    match letter {
        b'n' => b'\n',
        b'a' => 7,
        b'b' => 8,
        b't' => b'\t',
        b'v' => 11,
        b'f' => 12,
        b'r' => b'\r',
        other => other,
    }
}

/// Appends the character whose code stands behind a backslash at the start of `text`, and gives the length of that.
fn push_code(text: &[u8], out: &mut Vec<u8>) -> Option<usize> {
    let (digits, base) = match text[0] {
        b'u' => (digits(&text[1..], 16, 4), 16),
        b'U' => (digits(&text[1..], 16, 8), 16),
        b'x' => (digits(&text[1..], 16, 2), 16),
        b'0'..=b'7' => (digits(text, 8, 3), 8),
        _ => return None,
    };
    let value = |digits: &[u8]| u32::from_str_radix(std::str::from_utf8(digits).ok()?, base).ok();
    let code = value(digits)?;
    let prefix = usize::from(base == 16);
    if base == 8 || text[0] == b'x' {
        out.push(u8::try_from(code).ok()?);
        return Some(prefix + digits.len());
    }
    let mut length = prefix + digits.len();
    let low = text.get(length..).and_then(|rest| rest.strip_prefix(b"\\u")).map(|rest| self::digits(rest, 16, 4));
    let mut character = code;
    if (0xd800..0xdc00).contains(&code)
        && let Some(low) = low.and_then(value).filter(|low| (0xdc00..0xe000).contains(low))
    {
        character = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        length += 6;
    }
    let character = char::from_u32(character)?;
    out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    Some(length)
}

/// The digits that `text` begins with, `most` at the most.
fn digits(text: &[u8], base: u32, most: usize) -> &[u8] {
    let count = text.iter().take(most).take_while(|byte| char::from(**byte).is_digit(base)).count();
    &text[..count]
}

/// A string of MySQL. `None` when it is too short to have quotes.
fn mysql(text: &[u8]) -> Option<Vec<u8>> {
    let [first, inside @ .., last] = text else { return None };
    if first != last || !matches!(first, b'\'' | b'"') {
        return Some(text.to_vec());
    }
    let mut out = Vec::with_capacity(inside.len());
    let mut bytes = inside.iter();
    while let Some(&byte) = bytes.next() {
        let escaped = if byte == b'\\' { bytes.next() } else { None };
        out.push(match escaped {
            None => byte,
            Some(b'0') => 0,
            Some(b'Z') => 26,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'b') => 8,
            Some(other) => *other,
        });
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::{Definition, Format};
    use crate::parser::Parsed;

    fn rule(field: &str, decoder: Decoder, replaces: bool, then: Then) -> DecodeRule {
        DecodeRule { field: field.into(), decoder, replaces, then }
    }

    /// The fields of `text`, parsed as JSON, after `rules`.
    fn decoded(rules: &[DecodeRule], text: &str) -> Vec<String> {
        let definition = Definition { format: Format::Json, decoders: rules.to_vec(), ..Definition::default() };
        let mut batch = Batch::default();
        let span = batch.store(text.as_bytes());
        let index = batch.push(Default::default(), Default::default());
        assert_eq!(definition.build().expect("it is valid").parse(&mut batch, index, span), Parsed::Fitted);
        let record = batch.record(index);
        let show = |value: Value| match value {
            Value::Map(range) => format!("map of {}", range.len),
            Value::Number(span) => String::from_utf8_lossy(batch.bytes(span)).into_owned(),
            other => String::from_utf8_lossy(record.text(other, &mut Vec::new()).unwrap_or(b"?")).into_owned(),
        };
        let field =
            |field: &Field| format!("{}={}", String::from_utf8_lossy(batch.bytes(field.key.span)), show(field.value));
        record.fields().iter().map(field).collect()
    }

    #[test]
    fn json_is_added_or_takes_the_place_of_its_text() {
        let text = r#"{"log":"{\"a\":1,\"b\":\"x\"}","n":2}"#;
        let (add, put) = (rule("log", Decoder::Json, false, Then::Stop), rule("log", Decoder::Json, true, Then::Stop));

        assert_eq!(decoded(&[add], text), [r#"log={"a":1,"b":"x"}"#, "n=2", "a=1", "b=x"]);
        assert_eq!(decoded(std::slice::from_ref(&put), text), ["log=map of 2", "n=2"]);
        assert_eq!(decoded(&[put], r#"{"log":"[1]","n":2}"#), ["log=[1]", "n=2"], "only objects are taken apart");
    }

    #[test]
    fn a_field_goes_through_its_decoders_as_they_say() {
        let json = |then| rule("log", Decoder::Json, true, then);
        let escaped = |then| rule("log", Decoder::Escaped, true, then);
        let nested = r#"{"log":"{\\\"a\\\":1}"}"#;

        assert_eq!(decoded(&[escaped(Then::DoNext), json(Then::Stop)], nested), ["log=map of 1"]);
        assert_eq!(decoded(&[escaped(Then::TryNext), json(Then::Stop)], nested), [r#"log={"a":1}"#]);
        assert_eq!(decoded(&[json(Then::TryNext), escaped(Then::Stop)], r#"{"log":"a\\tb"}"#), ["log=a\tb"]);
        assert_eq!(decoded(&[json(Then::Stop), escaped(Then::Stop)], r#"{"log":"a\\tb"}"#), [r"log=a\tb"]);
        assert_eq!(decoded(&[json(Then::Stop)], r#"{"other":"{}"}"#), ["other={}"]);
    }

    #[test]
    fn json_that_was_unescaped_before_may_have_control_characters_in_its_strings() {
        let rules = |decoder| [rule("log", decoder, true, Then::DoNext), rule("log", Decoder::Json, false, Then::Stop)];
        let text = r#"{"log":"{\"msg\":\"Ex\\n\\tat x\"}\n"}"#;

        for decoder in [Decoder::Escaped, Decoder::EscapedUtf8] {
            assert_eq!(decoded(&rules(decoder), text)[1..], ["msg=Ex\n\tat x"], "{decoder:?}");
        }
        assert_eq!(decoded(&rules(Decoder::Escaped)[1..], "{\"log\":\"{\\\"a\\\\\\\"\\t\\\":\\n1}\"}").len(), 2);
        assert_eq!(with_escaped_controls(b"{\"a\":\n1}"), None, "between the parts they mean nothing");
    }

    #[test]
    fn escapes_are_decoded_and_unknown_ones_keep_their_letter() {
        let cases: [(&[u8], bool, &[u8]); 7] = [
            (br#"a\n\t\\\"b\"#, false, b"a\n\t\\\"b\\"),
            (br"\u0041", false, b"u0041"),
            (br"\u0041\u00e9", true, "A\u{e9}".as_bytes()),
            (br"\ud83d\ude00!", true, "\u{1f600}!".as_bytes()),
            (br"\303\251\xc3\xa9", true, "\u{e9}\u{e9}".as_bytes()),
            (br"\ud83d", true, b"ud83d"),
            (br"\777\xzz", true, b"777xzz"),
        ];
        for (text, codes, expected) in cases {
            assert_eq!(unescape(text, codes), expected, "{}", String::from_utf8_lossy(text));
        }
    }

    #[test]
    fn strings_of_mysql_lose_their_quotes_and_escapes() {
        assert_eq!(mysql(br"'a\'b\0\Z'").as_deref(), Some(&b"a'b\0\x1a"[..]));
        assert_eq!(mysql(b"plain").as_deref(), Some(&b"plain"[..]));
        assert_eq!((mysql(b"'"), mysql(b"'a\\'")), (None, Some(b"a\\".to_vec())));
    }
}
