//! Lines of a container runtime: `time stream P|F text`.
//!
//! Real runtimes cut at 16 KiB; here partial lines are shorter, so that a corpus of the usual size holds many. While a
//! line of one stream is still partial, a whole line of the other stream may stand between its pieces.

use super::text::{decimal, hex};
use super::{Pen, Shape, java};

const LEVELS: [&str; 5] = ["info", "info", "debug", "warn", "error"];
const MESSAGES: [&str; 5] =
    ["request served", "order accepted", "cache miss", "token renewed for \\\"web\\\"", "drained"];

/// Appends one event: a JSON line, one cut into pieces, or a stack trace.
pub(super) fn event(pen: &mut Pen, out: &mut Vec<u8>) -> Shape {
    if pen.random.once_in(400) {
        return stack_trace(pen, out);
    }
    let stream = if pen.random.once_in(8) { "stderr" } else { "stdout" };
    if pen.random.once_in(50) {
        return in_pieces(pen, out, stream);
    }
    head(pen, out, stream, b'F');
    payload(pen, out, 0);
    out.push(b'\n');
    Shape::ONE
}

fn head(pen: &Pen, out: &mut Vec<u8>, stream: &str, mark: u8) {
    pen.clock.rfc3339(out, 9);
    out.push(b' ');
    out.extend_from_slice(stream.as_bytes());
    out.extend_from_slice(&[b' ', mark, b' ']);
}

fn payload(pen: &mut Pen, out: &mut Vec<u8>, extra_ids: u32) {
    out.extend_from_slice(b"{\"level\":\"");
    out.extend_from_slice(pen.random.pick(&LEVELS).as_bytes());
    out.extend_from_slice(b"\",");
    pen.json_marker(out);
    out.extend_from_slice(b",\"msg\":\"");
    out.extend_from_slice(pen.random.pick(&MESSAGES).as_bytes());
    out.extend_from_slice(b"\",\"trace\":\"");
    hex(out, pen.random.bits(), 16);
    hex(out, pen.random.bits(), 16);
    out.extend_from_slice(b"\",\"path\":\"/api/v1/orders/");
    hex(out, pen.random.bits(), 12);
    for _ in 0..extra_ids {
        out.push(b'/');
        hex(out, pen.random.bits(), 16);
    }
    out.extend_from_slice(b"\",\"ms\":");
    decimal(out, u64::from(pen.random.below(4_000)));
    out.push(b'}');
}

fn in_pieces(pen: &mut Pen, out: &mut Vec<u8>, stream: &str) -> Shape {
    let extra_ids = 10 + pen.random.below(60);
    let mut whole = Vec::with_capacity(2_048);
    payload(pen, &mut whole, extra_ids);
    let pieces = 2 + pen.random.below(4);
    let piece_length = whole.len() / pieces as usize + 1;
    let last = whole.len().div_ceil(piece_length) - 1;
    let mut shape = Shape { lines: 0, records: 1, events: 1 };
    for (index, piece) in whole.chunks(piece_length).enumerate() {
        head(pen, out, stream, if index == last { b'F' } else { b'P' });
        out.extend_from_slice(piece);
        out.push(b'\n');
        shape.lines += 1;
        if index < last && pen.random.once_in(2) {
            other_stream(pen, out, stream, shape.events);
            shape.lines += 1;
            shape.records += 1;
            shape.events += 1;
        }
    }
    shape
}

/// A whole line of the other stream, whose number is `later` above that of the event it interrupts.
fn other_stream(pen: &Pen, out: &mut Vec<u8>, stream: &str, later: u32) {
    let other = if stream == "stdout" { "stderr" } else { "stdout" };
    head(pen, out, other, b'F');
    out.extend_from_slice(b"heartbeat ");
    let numbered = Pen { seq: pen.seq + u64::from(later), ..pen.clone() };
    numbered.plain_marker(out, b' ');
    out.push(b'\n');
}

fn stack_trace(pen: &mut Pen, out: &mut Vec<u8>) -> Shape {
    let lines = java::trace_lines(pen);
    head(pen, out, "stderr", b'F');
    java::failure(pen, out);
    out.push(b'\n');
    for line in 1..lines {
        pen.clock.advance(900);
        head(pen, out, "stderr", b'F');
        java::trace_line(pen, out, line);
        out.push(b'\n');
    }
    Shape { lines, records: lines, events: 1 }
}
