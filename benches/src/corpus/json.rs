//! Application log as JSON, 14 fields.

use super::text::{decimal, hex, padded};
use super::{Pen, Shape};

const LEVELS: [&str; 8] = ["info", "info", "info", "info", "debug", "debug", "warn", "error"];
const SERVICES: [&str; 6] = ["checkout", "catalogue", "payments", "gateway", "accounts", "shipping"];
const LOGGERS: [&str; 5] = ["http.access", "db.pool", "queue.worker", "cache.redis", "auth.token"];
const MESSAGES: [&str; 8] = [
    "request served from memory",
    "order accepted for handling",
    "cache miss, asked the database",
    "payment captured at once",
    "session renewed by token",
    "retrying after timeout",
    "customer said \\\"cancel\\\"",
    "path C:\\\\data\\\\in is ready",
];

/// Appends one line.
pub(super) fn event(pen: &mut Pen, out: &mut Vec<u8>) -> Shape {
    out.extend_from_slice(b"{\"time\":\"");
    pen.clock.rfc3339(out, 6);
    text(out, b"\",\"level\":\"", pen.random.pick(&LEVELS));
    out.extend_from_slice(b"\",");
    pen.json_marker(out);
    text(out, b",\"service\":\"", pen.random.pick(&SERVICES));
    out.extend_from_slice(b"\",\"host\":\"app-");
    padded(out, pen.random.below(40), 2);
    out.extend_from_slice(b"\",\"pid\":");
    decimal(out, u64::from(1_000 + pen.random.below(30_000)));
    text(out, b",\"logger\":\"", pen.random.pick(&LOGGERS));
    out.extend_from_slice(b"\",\"trace_id\":\"");
    hex(out, pen.random.bits(), 16);
    hex(out, pen.random.bits(), 16);
    out.extend_from_slice(b"\",\"span_id\":\"");
    hex(out, pen.random.bits(), 16);
    out.extend_from_slice(b"\",\"user\":\"u-");
    hex(out, pen.random.bits(), 12);
    out.extend_from_slice(b"\",\"status\":");
    decimal(out, u64::from(*pen.random.pick(&[&200_u32, &200, &200, &201, &204, &404, &500])));
    out.extend_from_slice(b",\"duration_ms\":");
    decimal(out, u64::from(pen.random.below(3_000)));
    out.push(b'.');
    padded(out, pen.random.below(1_000), 3);
    text(out, b",\"msg\":\"", pen.random.pick(&MESSAGES));
    out.extend_from_slice(b"\"}\n");
    Shape::ONE
}

fn text(out: &mut Vec<u8>, before: &[u8], value: &str) {
    out.extend_from_slice(before);
    out.extend_from_slice(value.as_bytes());
}
