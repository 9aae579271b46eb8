//! Three years of documents in both layouts, stamped and placed by the agent: a run as of a date leaves exactly those that must live.
//!
//! `VIGIE_RETENTION_DOCUMENTS=50000` is the full figure, with five classes and several dates; without it there are few.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use super::{alone, retention, set_up};
use crate::support::{SplitMix, Store, Workplace, eventually, run_to_end, shared_node};

const DAY: i64 = 86_400;
const PASSWORD: &str = "Toy-vorpal-9-snark!";

/// A class: name, age as configured, layout, and the age in days or in months.
type Class = (&'static str, &'static str, &'static str, Age);

#[derive(Clone, Copy)]
enum Age {
    Days(i64),
    Months(i64),
}

const CLASSES: [Class; 5] = [
    ("ity1", "180d", "stream", Age::Days(180)),
    ("ity2", "6mo", "bucket", Age::Months(6)),
    ("ity3", "52w", "bucket", Age::Days(364)),
    ("ity4", "1y", "stream", Age::Months(12)),
    ("ity5", "730d", "stream", Age::Days(730)),
];
/// First day of the three years: 2023-11-01.
const FIRST: (i64, i64) = (2023, 11);
/// Dates to judge as of, and what is deleted at the last one is all of the past.
const DATES: [&str; 3] = ["2024-12-15", "2025-10-01T06:30:00Z", "2026-11-01"];

/// An event.
struct Event {
    class: usize,
    at: i64,
    expires: i64,
}

/// Days since 1970.
///
/// # Source
/// Howard Hinnant, chrono-Compatible Low-Level Date Algorithms, `days_from_civil`.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

fn moment(date: &str) -> i64 {
    let number = |from: usize, to: usize| date.get(from..to).and_then(|digits| digits.parse().ok()).unwrap_or(0);
    days(number(0, 4), number(5, 7), number(8, 10)) * DAY + number(11, 13) * 3600 + number(14, 16) * 60
}

/// Events of three years, at days that every month has.
fn events(count: usize, classes: usize) -> Vec<Event> {
    let mut random = SplitMix(50);
    let mut below = |limit: u64| i64::try_from(random.below(limit)).expect("it is small");
    let one = |number: usize| {
        let (month, day, second) = (below(36), 1 + below(28), below(86_400));
        let class = number % classes;
        let at = |months: i64| {
            days(FIRST.0 + (FIRST.1 - 1 + months) / 12, (FIRST.1 - 1 + months) % 12 + 1, day) * DAY + second
        };
        let expires = match CLASSES[class].3 {
            Age::Days(days) => at(month) + days * DAY,
            Age::Months(months) => at(month + months),
        };
        Event { class, at: at(month), expires }
    };
    (0..count).map(one).collect()
}

/// Has the agent ship `events`, each with its number.
fn ship(workplace: &Workplace, store: &Store, events: &[Event], classes: &str) {
    let mut output = shared_node().output("*", "retention-rest");
    output.more.push("Retention On\n    Retention_Dataset years");
    let rules: String = CLASSES
        .iter()
        .map(|(name, ..)| format!("    Rule equals $class {name} {name}\n"))
        .take(classes.matches("[R").count())
        .collect();
    workplace.write("parsers.conf", "[PARSER]\n    Name j\n    Format json\n    Time_Key time\n    Time_Format %s\n");
    let text = format!(
        "[SERVICE]\n    Flush 0.2\n    Parsers_File @HERE@/parsers.conf\n[INPUT]\n    Name tail\n    Tag app\n    Path @HERE@/app.log\n    \
         Read_from_Head On\n    Exit_On_Eof On\n    Parser j\n[FILTER]\n    Name retention\n    Match *\n{rules}{output}{classes}"
    );
    workplace.write("ship.conf", &text);
    set_up(workplace, "ship.conf");
    let mut log = String::new();
    for (number, event) in events.iter().enumerate() {
        let (time, class) = (event.at, CLASSES[event.class].0);
        writeln!(log, r#"{{"time":"{time}","n":{number},"class":"{class}"}}"#).expect("text takes all");
    }
    workplace.append("app.log", &log);
    let config = workplace.path("ship.conf");
    let (status, shown, said) = run_to_end(&["-c".as_ref(), config.as_path()]);
    assert!(status.success(), "{shown}{said}");
    eventually(Duration::from_secs(120), "all documents", || (numbers(store).len() == events.len()).then_some(()));
}

/// Numbers of the documents that are there.
fn numbers(store: &Store) -> BTreeSet<u64> {
    let documents = store.documents("vigie-ity*", &["n"]);
    documents.values().filter_map(|document| document["n"].as_u64()).collect()
}

/// Whoever deletes is another user than whoever ships: one with the role that `vigie setup` makes.
fn keeper(workplace: &Workplace, store: &Store, classes: &str) {
    let config = workplace.path("ship.conf");
    let (status, shown, said) = run_to_end(&[
        "setup".as_ref(),
        "opensearch".as_ref(),
        "--roles".as_ref(),
        "--apply".as_ref(),
        "-c".as_ref(),
        &config,
    ]);
    assert_eq!(status.code(), Some(0), "{shown}{said}");
    let user = json!({"password": PASSWORD, "opendistro_security_roles": ["vigie-retain"]});
    store.request(Method::PUT, "_plugins/_security/api/internalusers/years-keeper", Some(&user));
    let mut output = shared_node().output("*", "retention-rest");
    (output.user, output.password) = ("years-keeper".into(), PASSWORD.into());
    workplace.write("vigie.conf", &format!("[INPUT]\n    Name dummy\n{output}{classes}"));
    eventually(Duration::from_secs(30), "the role holds", || {
        (retention(workplace, &["plan"]).0 == Some(0)).then_some(())
    });
}

#[test]
fn a_run_as_of_a_date_leaves_exactly_the_documents_that_must_live() {
    let _alone = alone();
    let store = Store::of(shared_node());
    let full: Option<usize> = std::env::var("VIGIE_RETENTION_DOCUMENTS").ok().and_then(|count| count.parse().ok());
    // The first two are a stream and buckets.
    let (count, classes, dates) = full.map_or((400, 2, &DATES[1..2]), |count| (count, 5, &DATES[..]));
    let class = |(name, age, layout, _): &Class| {
        format!("\n[RETENTION_CLASS]\n    Name {name}\n    Max_Age {age}\n    Layout {layout}\n    Basis a test\n")
    };
    let text: String = CLASSES[..classes].iter().map(class).collect();
    let workplace = Workplace::new();
    let events = events(count, classes);
    for (name, ..) in CLASSES {
        store.request(Method::DELETE, &format!("_data_stream/vigie-{name}-years"), None);
        let (_, rows) =
            store.request(Method::GET, &format!("_cat/indices/vigie-{name}-years-*?format=json&h=index"), None);
        for row in rows.as_array().into_iter().flatten() {
            store.request(Method::DELETE, row["index"].as_str().expect("a name"), None);
        }
    }
    ship(&workplace, &store, &events, &text);
    keeper(&workplace, &store, &text);
    assert_eq!(retention(&workplace, &["key", "new"]).0, Some(0));
    let mut before = events.len();

    for date in dates {
        let run = ["run", "--apply", "--max-share", "100%", "--per-second", "0", "--as-of", date];
        let (status, text) = retention(&workplace, &run);
        assert_eq!(status, Some(0), "{date}: {text}");

        let alive = |event: &&(usize, &Event)| event.1.expires > moment(date);
        let expected: BTreeSet<u64> = events
            .iter()
            .enumerate()
            .collect::<Vec<_>>()
            .iter()
            .filter(alive)
            .map(|(number, _)| *number as u64)
            .collect();
        let there = numbers(&store);
        let (lost, late): (Vec<_>, Vec<_>) =
            (expected.difference(&there).collect(), there.difference(&expected).collect());
        assert!(lost.is_empty() && late.is_empty(), "{date}: {} lost, {} kept too long", lost.len(), late.len());
        assert!(there.len() < before && !there.is_empty(), "{date} is a date at which some go and some stay");
        before = there.len();
        let (_, stats): (u16, Value) = store.request(Method::GET, "vigie-ity*/_stats/docs", None);
        assert_eq!(stats["_all"]["total"]["docs"]["deleted"], 0, "{date}: the bytes are gone");
    }
    println!(
        "retention years: {count} documents of {classes} classes over 36 months, {} dates: exactly those left that must live, {before} at the end",
        dates.len()
    );
}
