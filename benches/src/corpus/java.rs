//! Plain Java application log: one-line events, and exceptions with up to 200 lines.

use super::text::decimal;
use super::{Pen, Shape};

const LEVELS: [&str; 4] = ["INFO", "INFO", "DEBUG", "WARN"];
const CLASSES: [&str; 6] = [
    "org.acme.shop.OrderService",
    "org.acme.shop.web.BasketController",
    "org.acme.pay.CaptureJob",
    "org.acme.store.JdbcOrders",
    "com.example.pool.ConnectionPool",
    "io.example.http.Dispatcher",
];
const METHODS: [&str; 7] = ["handle", "capture", "invoke", "lambda$run$0", "doFilter", "executeQuery", "<init>"];
const FAILURES: [&str; 5] = [
    "java.lang.IllegalStateException: order is closed already",
    "java.sql.SQLTransientConnectionException: no connection within 30000 ms",
    "java.lang.NullPointerException: Cannot invoke \"Basket.total()\" because \"basket\" is null",
    "org.acme.pay.DeclinedException: the issuer declined",
    "java.io.IOException: Connection reset by peer",
];
const MESSAGES: [&str; 4] =
    ["order accepted", "basket priced in 12 ms", "pool has 7 of 20 connections", "nothing to capture"];

/// Appends one event of 1 to 200 lines.
pub(super) fn event(pen: &mut Pen, out: &mut Vec<u8>) -> Shape {
    let trace = pen.random.once_in(50);
    pen.clock.log4j(out);
    if !trace {
        let level = pen.random.pick(&LEVELS);
        level_and_place(pen, out, level);
        out.extend_from_slice(pen.random.pick(&MESSAGES).as_bytes());
        out.push(b' ');
        pen.plain_marker(out, b' ');
        out.push(b'\n');
        return Shape::ONE;
    }
    level_and_place(pen, out, "ERROR");
    let lines = trace_lines(pen);
    failure(pen, out);
    out.push(b'\n');
    for line in 1..lines {
        trace_line(pen, out, line);
        out.push(b'\n');
    }
    Shape { lines, records: lines, events: 1 }
}

fn level_and_place(pen: &mut Pen, out: &mut Vec<u8>, level: &str) {
    out.push(b' ');
    out.extend_from_slice(level.as_bytes());
    out.extend_from_slice(b" [worker-");
    decimal(out, u64::from(pen.random.below(16)));
    out.extend_from_slice(b"] ");
    out.extend_from_slice(pen.random.pick(&CLASSES).as_bytes());
    out.extend_from_slice(b" - ");
}

/// How many lines the next stack trace has: mostly up to 40, sometimes up to 200.
pub(super) fn trace_lines(pen: &mut Pen) -> u32 {
    let limit = if pen.random.once_in(10) { 200 } else { 40 };
    1 + pen.random.below(limit)
}

/// Appends the first line of a stack trace, with its numbers, without newline.
pub(super) fn failure(pen: &mut Pen, out: &mut Vec<u8>) {
    out.extend_from_slice(pen.random.pick(&FAILURES).as_bytes());
    out.push(b' ');
    pen.plain_marker(out, b' ');
}

/// Appends line `line` (1 is the first behind the failure) of a stack trace, without newline.
pub(super) fn trace_line(pen: &mut Pen, out: &mut Vec<u8>, line: u32) {
    if line.is_multiple_of(23) {
        out.extend_from_slice(b"Caused by: ");
        out.extend_from_slice(pen.random.pick(&FAILURES).as_bytes());
        return;
    }
    if line % 23 == 22 {
        out.extend_from_slice(b"\t... ");
        decimal(out, u64::from(2 + pen.random.below(60)));
        out.extend_from_slice(b" more");
        return;
    }
    let class = pen.random.pick(&CLASSES);
    let simple = class.rsplit('.').next().unwrap_or(class);
    out.extend_from_slice(b"\tat ");
    out.extend_from_slice(class.as_bytes());
    out.push(b'.');
    out.extend_from_slice(pen.random.pick(&METHODS).as_bytes());
    out.push(b'(');
    out.extend_from_slice(simple.as_bytes());
    out.extend_from_slice(b".java:");
    decimal(out, u64::from(10 + pen.random.below(900)));
    out.push(b')');
}
