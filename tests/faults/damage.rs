//! Sends an answer, whole or damaged.

use std::io::{self, Write};
use std::thread;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use crate::catalogue::Damage;
use crate::link::{Head, Link};
use crate::server::Reply;

/// Longer than agents wait that are told to be hasty.
const TOO_LONG: Duration = Duration::from_millis(450);

/// Sends `reply`; `random` decides where it is cut, `closes` that the connection ends with it. Gives the connection back where
/// it goes on.
pub(crate) fn send(
    mut link: Link,
    head: &Head,
    reply: Reply,
    (random, closes): (u64, bool),
) -> io::Result<Option<Link>> {
    let Some(damage) = reply.damage else {
        let connection = if closes { "connection: close\r\n" } else { "" };
        link.send(&message(&reply, connection, &reply.answer.body))?;
        if closes {
            link.close();
        }
        return Ok((!closes).then_some(link));
    };
    let at = |length: usize| usize::try_from(random % length.max(1) as u64).expect("an answer is short");
    let body = reply.answer.body.clone();
    let whole = message(&reply, "", &body);
    match damage {
        Damage::Lost => {}
        Damage::Reset => {
            link.send(&whole[..at(whole.len())])?;
            // What was sent shall be read before.
            thread::sleep(Duration::from_millis(random % 3));
            return link.reset().map(|()| None);
        }
        Damage::Stall => {
            thread::sleep(TOO_LONG);
            link.send(&whole)?;
        }
        Damage::LongLength => {
            link.send(&headed(&reply, &format!("content-length: {}\r\n", body.len() + 7), &body))?;
            thread::sleep(TOO_LONG);
        }
        Damage::Half => link.send(&whole[..whole.len() - body.len() / 2])?,
        Damage::Garbage => link.send(&random.to_le_bytes().repeat(20))?,
        Damage::Endless => endless(&mut link, &reply)?,
        Damage::CutChunks => {
            let chunk = format!("{:x}\r\n", body.len());
            link.send(&headed(&reply, "transfer-encoding: chunked\r\n", &[chunk.as_bytes(), &body, b"\r\n"].concat()))?;
        }
        Damage::UntilClose => link.send(&headed(&reply, "", &body))?,
        Damage::CloseBehind => link.send(&whole)?,
        damage => {
            open(&mut link, head, &reply, damage, at(body.len()))?;
            return Ok(Some(link));
        }
    }
    link.close();
    Ok(None)
}

/// Sends what leaves the connection open.
fn open(link: &mut Link, head: &Head, reply: &Reply, damage: Damage, at: usize) -> io::Result<()> {
    let body = &reply.answer.body;
    let mut items = reply.items.clone();
    let with = |items: &[Value]| message(reply, "", json!({"errors": false, "items": items}).to_string().as_bytes());
    let bytes = match damage {
        Damage::ShortLength => headed(reply, &format!("content-length: {at}\r\n"), body),
        Damage::NotJson => message(reply, "", b"<html><body>Welcome to this network</body></html>"),
        Damage::CutJson => message(reply, "", &body[..at]),
        Damage::Empty => message(reply, "", b""),
        Damage::NoContent => b"HTTP/1.1 204 No Content\r\n\r\n".to_vec(),
        Damage::FewerItems => with(&items[..at % items.len()]),
        Damage::MoreItems => {
            items.extend_from_within(at % items.len()..);
            with(&items)
        }
        Damage::Turned => {
            items.reverse();
            with(&items)
        }
        Damage::OtherVerb => {
            let other =
                items.iter().map(|item| json!({"index": item.as_object().and_then(|item| item.values().next())}));
            with(&other.collect::<Vec<_>>())
        }
        Damage::Interim => {
            let interim = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n";
            [&interim[..], &message(reply, "", body)].concat()
        }
        Damage::Unasked => message(reply, "", body).repeat(2),
        Damage::Unfiltered => message(reply, "", unfiltered(reply).to_string().as_bytes()),
        Damage::Gzip if head.accepts_gzip => {
            let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
            gzip.write_all(body)?;
            message(reply, "content-encoding: gzip\r\n", &gzip.finish()?)
        }
        Damage::Chunked => headed(reply, "transfer-encoding: chunked\r\n", &chunks(body, at)),
        Damage::Drip => return drip(link, &message(reply, "", body)),
        _ => message(reply, "", body),
    };
    link.send(&bytes)
}

/// Head and body, with the length of `body`.
fn message(reply: &Reply, more: &str, body: &[u8]) -> Vec<u8> {
    headed(reply, &format!("{more}content-length: {}\r\n", body.len()), body)
}

/// Head and body, where `length` tells how the body ends.
fn headed(reply: &Reply, length: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {} Whatever\r\n{}{length}\r\n", reply.answer.status, reply.answer.headers);
    [head.as_bytes(), body].concat()
}

/// `body` in chunks, most of them of a few bytes.
fn chunks(body: &[u8], seed: usize) -> Vec<u8> {
    let mut out = Vec::new();
    for chunk in body.chunks(1 + seed % 97) {
        out.extend_from_slice(format!("{:x};of=it\r\n", chunk.len()).as_bytes());
        out.extend_from_slice(chunk);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"0\r\n\r\n");
    out
}

fn drip(link: &mut Link, bytes: &[u8]) -> io::Result<()> {
    let (slow, rest) = bytes.split_at(bytes.len().min(150));
    for byte in slow.chunks(1) {
        link.send(byte)?;
        thread::sleep(Duration::from_micros(500));
    }
    link.send(rest)
}

/// Sends megabytes of blanks inside the JSON, until the other side has enough.
fn endless(link: &mut Link, reply: &Reply) -> io::Result<()> {
    link.send(&headed(reply, "content-length: 100000000\r\n", b"{\"items\":["))?;
    let blanks = vec![b' '; 64 << 10];
    for _ in 0..1500 {
        if link.send(&blanks).is_err() {
            break;
        }
    }
    Ok(())
}

/// The answer with all that a node tells where it is not asked for less.
fn unfiltered(reply: &Reply) -> Value {
    let mut items = reply.items.clone();
    for (number, item) in items.iter_mut().enumerate() {
        let item = item.as_object_mut().and_then(|item| item.values_mut().next()).expect("an item has an answer");
        item["_version"] = json!(1);
        item["result"] = json!("created");
        item["_shards"] = json!({"total": 2, "successful": 1, "failed": 0});
        item["_seq_no"] = json!(number);
        item["_primary_term"] = json!(1);
    }
    json!({"took": 3, "errors": true, "items": items})
}
