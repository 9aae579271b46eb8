//! Access log in the combined format.

use super::text::{decimal, hex};
use super::{Pen, Shape};

const METHODS: [&str; 6] = ["GET", "GET", "GET", "GET", "POST", "PUT"];
const PATHS: [&str; 6] =
    ["/api/v1/items/", "/api/v1/orders/", "/static/img/", "/account/", "/api/v2/baskets/", "/search/"];
const STATUSES: [&str; 8] = ["200", "200", "200", "200", "201", "304", "404", "502"];
const REFERERS: [&str; 5] = [
    "-",
    "-",
    "https://shop.example.com/",
    "https://shop.example.com/basket",
    "https://www.example.org/find?q=lamp&page=2",
];
const AGENTS: [&str; 5] = [
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5) AppleWebKit/605.1.15",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/126.0 Safari/537.36",
    "curl/8.9.1",
    "Mozilla/5.0 (compatible; ExampleBot/2.1; +https://bot.example.com/about)",
];

/// Appends one line.
pub(super) fn event(pen: &mut Pen, out: &mut Vec<u8>) -> Shape {
    for (place, end) in [b'.', b'.', b'.', b' '].into_iter().enumerate() {
        let low = u32::from(place == 0);
        decimal(out, u64::from(low + pen.random.below(250)));
        out.push(end);
    }
    out.extend_from_slice(b"- - [");
    pen.clock.common_log(out);
    out.extend_from_slice(b"] \"");
    out.extend_from_slice(pen.random.pick(&METHODS).as_bytes());
    out.push(b' ');
    out.extend_from_slice(pen.random.pick(&PATHS).as_bytes());
    hex(out, pen.random.bits(), 12);
    out.push(b'?');
    pen.plain_marker(out, b'&');
    out.extend_from_slice(b" HTTP/1.1\" ");
    out.extend_from_slice(pen.random.pick(&STATUSES).as_bytes());
    out.push(b' ');
    let limit = if pen.random.once_in(4) { 900_000 } else { 9_000 };
    decimal(out, u64::from(pen.random.below(limit)));
    out.extend_from_slice(b" \"");
    out.extend_from_slice(pen.random.pick(&REFERERS).as_bytes());
    out.extend_from_slice(b"\" \"");
    out.extend_from_slice(pen.random.pick(&AGENTS).as_bytes());
    out.extend_from_slice(b"\"\n");
    Shape::ONE
}
