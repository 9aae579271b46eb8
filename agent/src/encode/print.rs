//! Values in the form that Fluent Bit prints msgpack in: `{"n"=>1, "x"=>1.500000}`.
//!
//! For people, not for programs: quotes in texts stay as they are. Control characters are escaped, since what is printed
//! may reach a terminal.

use vigie_parsers::batch::{Batch, Field, Text, Value};

use super::tokens::{Token, Tokens};

/// Appends `{"key"=>value, ...}`.
pub fn push_printed_map(batch: &Batch, fields: &[Field], out: &mut Vec<u8>) {
    out.push(b'{');
    for (at, field) in fields.iter().enumerate() {
        if at > 0 {
            out.extend_from_slice(b", ");
        }
        push_quoted(batch, field.key, out);
        out.extend_from_slice(b"=>");
        push_printed(batch, field.value, out);
    }
    out.push(b'}');
}

/// Appends a value.
pub fn push_printed(batch: &Batch, value: Value, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.extend_from_slice(b"nil"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Number(span) => push_number(batch.bytes(span), out),
        Value::I64(number) => out.extend_from_slice(number.to_string().as_bytes()),
        Value::U64(number) => out.extend_from_slice(number.to_string().as_bytes()),
        Value::F64(number) => out.extend_from_slice(format!("{number:.6}").as_bytes()),
        Value::Text(text) => push_quoted(batch, text, out),
        Value::Json(span) => push_json(batch, span.start as usize, batch.bytes(span), out),
        Value::Map(range) => push_printed_map(batch, batch.fields(range), out),
        Value::List(range) => {
            out.push(b'[');
            for (at, item) in batch.fields(range).iter().enumerate() {
                if at > 0 {
                    out.extend_from_slice(b", ");
                }
                push_printed(batch, item.value, out);
            }
            out.push(b']');
        }
    }
}

/// Appends text with control characters escaped and U+FFFD for what is no UTF-8, so that it stays on one line.
pub fn push_plain(batch: &Batch, text: Text, out: &mut Vec<u8>) {
    let mut decoded = Vec::new();
    batch.decode_text(text, &mut decoded);
    push_visible(&String::from_utf8_lossy(&decoded), out);
}

/// Appends `text` with its control characters escaped.
pub fn push_visible(text: &str, out: &mut Vec<u8>) {
    for c in text.chars() {
        if c.is_control() && c != '\t' {
            out.extend(c.escape_default().map(|c| c as u8));
        } else {
            out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
}

fn push_quoted(batch: &Batch, text: Text, out: &mut Vec<u8>) {
    out.push(b'"');
    push_plain(batch, text, out);
    out.push(b'"');
}

/// Integers keep their digits, others get six behind the point.
fn push_number(number: &[u8], out: &mut Vec<u8>) {
    let is_integer = !number.iter().any(|byte| matches!(byte, b'.' | b'e' | b'E'));
    let parsed = std::str::from_utf8(number).ok().and_then(|text| text.parse::<f64>().ok());
    match parsed {
        Some(parsed) if !is_integer => out.extend_from_slice(format!("{parsed:.6}").as_bytes()),
        _ => out.extend_from_slice(number),
    }
}

fn push_json(batch: &Batch, start: usize, json: &[u8], out: &mut Vec<u8>) {
    use vigie_parsers::batch::Span;

    let text = |range: std::ops::Range<usize>| Text::escaped(Span::between(start + range.start, start + range.end));
    let mut is_due = false;
    for token in Tokens::new(json) {
        if is_due && !matches!(token, Token::Close(_)) {
            out.extend_from_slice(b", ");
        }
        is_due = !matches!(token, Token::Open(_) | Token::Key(_));
        match token {
            Token::Open(byte) | Token::Close(byte) => out.push(byte),
            Token::Key(range) => {
                push_quoted(batch, text(range), out);
                out.extend_from_slice(b"=>");
            }
            Token::Text(range) => push_quoted(batch, text(range), out),
            Token::Scalar(range) if &json[range.clone()] == b"null" => out.extend_from_slice(b"nil"),
            Token::Scalar(range) if json[range.start].is_ascii_alphabetic() => out.extend_from_slice(&json[range]),
            Token::Scalar(range) => push_number(&json[range], out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_printed_as_fluent_bit_prints_them() {
        let mut batch = Batch::default();
        let json = Value::Json(batch.store(br#"{"x":1.5,"l":[null,"a\u0041",true,-3],"e":{}}"#));
        let escaped = Value::Text(Text::escaped(batch.store(br#"q\"r\n"#)));
        let plain = Value::Text(Text::plain(batch.store(b"a \"b\" \x1b[31m \xff")));
        let number = Value::Number(batch.store(b"1e2"));
        let cases = [
            (json, r#"{"x"=>1.500000, "l"=>[nil, "aA", true, -3], "e"=>{}}"#),
            (escaped, r#""q"r\n""#),
            (plain, "\"a \"b\" \\u{1b}[31m \u{fffd}\""),
            (number, "100.000000"),
            (Value::F64(0.1), "0.100000"),
            (Value::U64(7), "7"),
            (Value::Null, "nil"),
        ];
        for (value, expected) in cases {
            let mut out = Vec::new();
            push_printed(&batch, value, &mut out);
            assert_eq!(String::from_utf8_lossy(&out), expected);
        }
    }
}
