//! Lines that break parsers and encoders. Each begins with its numbers, so that a cut line still counts.

use super::text::{decimal, hex};
use super::{Pen, Shape};

/// Appends one line, and now and then an empty one behind it.
pub(super) fn event(pen: &mut Pen, out: &mut Vec<u8>) -> Shape {
    pen.plain_marker(out, b' ');
    out.push(b' ');
    let length = pen.random.below(400) as usize;
    match pen.random.below(12) {
        0 => out.resize(out.len() + length, b'"'),
        1 => out.resize(out.len() + length, b'\\'),
        2 => out.resize(out.len() + length, 0),
        3 => invalid_utf8(pen, out),
        4 => control_characters(out),
        5 => out.extend_from_slice("日本語 𝄞 ñ é \u{2028} \u{feff}".repeat(4).as_bytes()),
        6 => deep_nesting(out, length),
        7 => {
            out.extend_from_slice(b"{\"n\":1e999,\"n\":-0,\"big\":123456789012345678901234567890,\"bad\":\"\\ud800\"}")
        }
        8 => out.extend_from_slice(b"ends with carriage return\r"),
        9 => out.extend_from_slice(b"2026-11-21T00:00:00.0Z stdout X not a container line"),
        10 if pen.random.once_in(200) => mebibyte(pen, out),
        _ => hex(out, pen.random.bits(), 16),
    }
    out.push(b'\n');
    let empty = u32::from(pen.random.once_in(20));
    if empty == 1 {
        out.push(b'\n');
    }
    Shape { lines: 1 + empty, records: 1, events: 1 }
}

fn invalid_utf8(pen: &mut Pen, out: &mut Vec<u8>) {
    for _ in 0..40 {
        // Lead bytes without their rest, lone continuations, overlong forms, surrogates.
        let piece: &[u8] = pen.random.pick(&[
            &b"\xc3"[..],
            b"\x80",
            b"\xc0\xaf",
            b"\xed\xa0\x80",
            b"\xf5\x80\x80\x80",
            b"ok",
            b"\xff",
        ]);
        out.extend_from_slice(piece);
    }
}

fn control_characters(out: &mut Vec<u8>) {
    out.extend((0..32).filter(|byte| *byte != b'\n'));
    out.push(0x7f);
}

fn deep_nesting(out: &mut Vec<u8>, depth: usize) {
    for level in 0..depth {
        out.extend_from_slice(b"{\"");
        decimal(out, level as u64);
        out.extend_from_slice(b"\":[");
    }
}

fn mebibyte(pen: &mut Pen, out: &mut Vec<u8>) {
    let end = out.len() + (1 << 20);
    while out.len() < end {
        hex(out, pen.random.bits(), 16);
    }
}
