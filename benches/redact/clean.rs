//! Lines that hold nobody: the ones of `tests/cases/redact/clean.txt`, and made ones with what looks like numbers of persons and
//! is none.

use super::draw::Draw;

const FIXED: &str = include_str!("../../tests/cases/redact/clean.txt");

/// Shapes of what is no personal datum. In `{}`: `d` digits, `h` hexadecimal digits, `D` digits of which the first is not 0, then
/// how many; `t` is a time.
const HARD: &[&str] = &[
    "request {h8}-{h4}-4{h3}-a{h3}-{h12} done",
    "trace_id={h32} span_id={h16} sampled=1",
    "commit {h40} pushed to main",
    "sha256:{h64} pulled",
    "{\"order_id\":\"{D10}\",\"total\":\"{D3}.{d2}\",\"tax\":\"{D2}.{d2}\",\"currency\":\"EUR\"}",
    "order {D9} shipped, {D2} items",
    "commande {D8} expédiée",
    "ticket={D7} queue={D2} wait_ms={D4}",
    "ts=17{d8} level=info msg=flush bytes={D9}",
    "epoch_ms=17{d11} offset={D10} partition={D1}",
    "blk_-{D18} terminating",
    "Receiving block blk_{D19} src: /dn{d2}:50010 dest: /dn{D2}:50010",
    "version 10.{D2}.{D2}.{D3} installed",
    "upgrade from 1.{D2}.{D1} to 2.{D1}.{D2}-rc.{D1}",
    "java.lang.Object@{h7} released",
    "o.a.c.core.StandardContext@{h8}[/app] started",
    "Started getty@tty{D1}.service - Getty on tty{D1}.",
    "took {D5}.{d3} ms, {D8} ns in gc",
    "duration_ns={D9} rows={D5}",
    "{t} [main] INFO Server - started in {D4} ms",
    "{t},{d3} DEBUG pool-{D1}-thread-{D2} heap={D10} used={D9}",
    "uptime {D6} seconds, pid {D5}, load 0.{d2} 1.{d2} 0.{d2}",
    "montant TVA {D3},{d2} EUR sur facture F2026-{d6}",
    "tax_amount={D5} net={D6} gross={D6}",
    "package_{D9}.tar.gz downloaded ({D8} bytes)",
    "etag \"{h16}-{h5}\" length {D7}",
    "job_{D13}_{d4} map 100% reduce {D2}%",
    "application_17{d11}_{d4} RUNNING",
    "container_e{D2}_17{d11}_{d4}_01_{d6} exited",
    "session 0x{h15} closed, zxid 0x{h9}",
    "xid={D9} lsn={h1}/{h8} wal={h24}",
    "segment {d16} rotated at 2026-11-{d2}",
    "20{d2}0102030405 backup finished",
    "cpu{D1}: {D8} {D6} {D8} {D9}",
    "inode {D8} links 1 size {D9}",
    "rpm kernel-5.14.0-{D3}.el9.x86_64",
    "pod/web-{h9}-{h5} scheduled on node-{d2}",
    "image registry/app:{D4}.{D2}.{D3}@sha256:{h64}",
    "metric http_requests_total{code=\"200\"} {D7}",
    "{\"offset\":{D11},\"lag\":{D4},\"ts\":17{d11}}",
    "key=cache:{h32} ttl={D5}",
    "color #{h6} width {D3} height {D3}",
    "lock 0x00007f{h10} held by thread 0x{h8}",
    "at com.acme.Foo$$Lambda/0x{h16}.run(Unknown Source)",
    "GET /static/app.{h20}.js 200 {D6}",
    "checkpoint complete: wrote {D4} buffers ({D1}.{d1}%); write={D2}.{d3} s",
    "device-mapper: table: 253:{D1}: linear {D10} {D9}",
    "usb 1-{D1}: new high-speed USB device number {D1} using xhci_hcd",
    "progress {D2}% eta 00:{d2}:{d2} speed {D3}.{d2} MB/s",
    "shard [logs-2026.11.28][{D1}] flushed, seq_no {D9}",
];

/// The lines of the file.
pub(crate) fn fixed() -> Vec<String> {
    FIXED.lines().filter(|line| !line.starts_with("##")).map(str::to_owned).collect()
}

/// So many lines that are drawn.
pub(crate) fn made(draw: &mut Draw, many: usize) -> Vec<String> {
    (0..many).map(|_| filled(draw)).collect()
}

fn filled(draw: &mut Draw) -> String {
    let mut rest = draw.pick(HARD);
    let mut line = String::new();
    while let Some((before, behind)) = rest.split_once('{') {
        line.push_str(before);
        let Some((hole, after)) = behind.split_once('}').filter(|(hole, _)| is_hole(hole)) else {
            line.push('{');
            rest = behind;
            continue;
        };
        let many = hole.get(1..).and_then(|many| many.parse().ok()).unwrap_or(1);
        line.push_str(&match hole.chars().next() {
            Some('d') => draw.digits(many),
            Some('D') => draw.number(many),
            Some('h') => draw.letters(many, "0123456789abcdef"),
            _ => format!(
                "2026-11-{:02} {:02}:{:02}:{:02}",
                draw.between(1, 29),
                draw.between(0, 24),
                draw.between(0, 60),
                draw.between(0, 60)
            ),
        });
        rest = after;
    }
    line + rest
}

fn is_hole(hole: &str) -> bool {
    hole == "t"
        || hole.split_at_checked(1).is_some_and(|(kind, many)| "dDh".contains(kind) && many.parse::<u8>().is_ok())
}
