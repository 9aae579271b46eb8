//! Runs the loopback bulk server until SIGTERM or SIGINT, then prints what it has seen as one JSON line.

use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use lexopt::{Arg, Parser, ValueExt};
use tokio::signal::unix::{SignalKind, signal};
use vigie_benches::flags;
use vigie_benches::sink::{Depth, Options, Sink};

const HELP: &str = "\
Usage: vigie-sink [OPTIONS]

A bulk server on 127.0.0.1 that counts and checks what it gets. GET /_report answers its counters; they are printed too
when it ends. Once it listens it prints `listening on 127.0.0.1:PORT`.

  --port N             where to listen (9200); 0 takes a free port
  --tls                speak TLS with a certificate made at start
  --ca-out FILE        where to write the CA of that certificate
  --mode MODE          null: read, answer without items; count: one item per document;
                       verify: check every number off (default); items: the same with whole items as a node answers
  --expect SRC=EVENTS  how many events file SRC should bring; may be repeated
  --ids                remember ids and answer 409 to a second create
  --check-json         parse every document, refuse what is no JSON

Faults; every N means the Nth, 2Nth, ...
  --latency MS         wait before each answer
  --slow BYTES/S       read bodies no faster than this
  --stall[=N]          read and never answer, from request N on (1)
  --stall-for S        end the stall after S seconds
  --429 N              answer every Nth request with 429
  --503 N              answer every Nth request with 503
  --partial N          answer every Nth item with 429
  --refuse N           answer every Nth item with 400
  --reset-before N     cut the connection at every Nth request before its body is read
  --reset N            take every Nth request and cut the connection instead of answering
";

struct Wish {
    options: Options,
    ca_out: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => flags::complain("vigie-sink", error.as_ref()),
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let Some(wish) = wish()? else {
        io::stdout().write_all(HELP.as_bytes())?;
        return Ok(());
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    runtime.block_on(serve(wish))
}

async fn serve(wish: Wish) -> Result<(), Box<dyn Error>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let sink = Sink::start(wish.options)?;
    match (wish.ca_out, sink.ca_pem()) {
        (Some(path), Some(pem)) => fs::write(path, pem)?,
        (Some(_), None) => return Err("`--ca-out` needs `--tls`".into()),
        (None, _) => {}
    }
    writeln!(io::stdout(), "listening on {}", sink.address())?;
    wait_for_either(&mut terminate, &mut interrupt).await;
    writeln!(io::stdout(), "{}", sink.report().to_json())?;
    Ok(())
}

async fn wait_for_either(one: &mut tokio::signal::unix::Signal, other: &mut tokio::signal::unix::Signal) {
    std::future::poll_fn(|context| {
        let one_came = one.poll_recv(context).is_ready();
        let other_came = other.poll_recv(context).is_ready();
        if one_came || other_came { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
}

fn wish() -> Result<Option<Wish>, lexopt::Error> {
    let mut wish = Wish { options: Options { port: 9200, ..Options::default() }, ca_out: None };
    let mut parser = Parser::from_env();
    while let Some(argument) = parser.next()? {
        let options = &mut wish.options;
        match argument {
            Arg::Long("port") => options.port = parser.value()?.parse()?,
            Arg::Long("tls") => options.tls = true,
            Arg::Long("ca-out") => wish.ca_out = Some(parser.value()?.into()),
            Arg::Long("mode") => mode(options, &flags::text(&mut parser)?)?,
            Arg::Long("expect") => {
                let (src, events) = parser.value()?.parse_with(expectation)?;
                options.expected.insert(src, events);
            }
            Arg::Long("ids") => options.ids = true,
            Arg::Long("check-json") => options.check_json = true,
            Arg::Short('h') | Arg::Long("help") => return Ok(None),
            Arg::Long(name) => {
                let name = name.to_owned();
                fault(options, &name, &mut parser)?;
            }
            other => return Err(other.unexpected()),
        }
    }
    Ok(Some(wish))
}

fn mode(options: &mut Options, name: &str) -> Result<(), lexopt::Error> {
    options.depth = match name {
        "null" => Depth::Null,
        "count" => Depth::Count,
        "verify" | "items" => Depth::Verify,
        _ => return Err(format!("expected null, count, verify or items, found `{name}`").into()),
    };
    options.full_items = name == "items";
    Ok(())
}

fn fault(options: &mut Options, name: &str, parser: &mut Parser) -> Result<(), lexopt::Error> {
    let faults = &mut options.faults;
    if name == "stall" {
        let from = parser.optional_value().map_or(Ok(1), |value| value.parse())?;
        faults.stall_from = Some(from);
        return Ok(());
    }
    let every = match name {
        "latency" => {
            faults.latency = Duration::from_millis(parser.value()?.parse()?);
            return Ok(());
        }
        "stall-for" => {
            faults.stall_for = Some(Duration::from_secs(parser.value()?.parse()?));
            return Ok(());
        }
        "slow" => {
            faults.bytes_per_second = Some(flags::size(parser)?);
            return Ok(());
        }
        "429" => &mut faults.reject_every,
        "503" => &mut faults.unavailable_every,
        "partial" => &mut faults.again_every,
        "refuse" => &mut faults.refuse_every,
        "reset-before" => &mut faults.reset_before_every,
        "reset" => &mut faults.reset_after_every,
        _ => return Err(Arg::Long(name).unexpected()),
    };
    *every = Some(parser.value()?.parse()?);
    Ok(())
}

fn expectation(text: &str) -> Result<(u32, u64), String> {
    let parsed = text.split_once('=').and_then(|(src, events)| Some((src.parse().ok()?, events.parse().ok()?)));
    parsed.ok_or_else(|| format!("expected SRC=EVENTS, found `{text}`"))
}
