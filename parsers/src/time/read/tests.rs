use proptest::prelude::*;

use super::*;
use crate::time::check;

/// 2026-11-21T10:00:00Z.
const NOW: Context = Context { now: 1_795_255_200, offset: 0 };

fn read(format: &str, text: &str) -> Option<(i64, u32)> {
    let format = TimeFormat::new(format).unwrap();
    let time = format.parse(text.as_bytes(), &NOW)?;
    Some((time.seconds, time.nanos))
}

#[test]
fn times_are_read_as_their_format_says() {
    let cases = [
        ("%d/%b/%Y:%H:%M:%S %z", "05/Mar/2026:08:08:09 +0100", (1_772_694_489, 0)),
        ("%Y-%m-%dT%H:%M:%S.%L%z", "2026-03-05T07:08:09.5Z", (1_772_694_489, 500_000_000)),
        ("%Y-%m-%dT%H:%M:%S.%L%z", "2026-03-05T07:08:09.123456789123-00:00", (1_772_694_489, 123_456_789)),
        ("%Y-%m-%dT%H:%M:%S.%LZ", "2026-03-05T07:08:09.001Z", (1_772_694_489, 1_000_000)),
        ("%F %T,%L", "2026-03-05 07:08:09,012 rest", (1_772_694_489, 12_000_000)),
        ("%b %d %H:%M:%S", "Mar  5 07:08:09", (1_772_694_489, 0)),
        ("%H:%M:%S", "07:08:09", (1_795_244_889, 0)),
        ("%s.%L", "1772694489.25", (1_772_694_489, 250_000_000)),
        ("%s", "1772694489", (1_772_694_489, 0)),
        ("%y%m%d %I:%M:%S %p", "260305 07:08:09 AM", (1_772_694_489, 0)),
        ("%D %r", "03/05/26 07:08:09 am", (1_772_694_489, 0)),
        ("%D %l:%M %p", "03/05/26 12:00 PM", (1_772_712_000, 0)),
        ("%a %b %e %T %Y", "thu march  5 07:08:09 2026", (1_772_694_489, 0)),
        ("%c", "Thu Mar  5 07:08:09 2026", (1_772_694_489, 0)),
        ("%Y %j %T", "2026 064 07:08:09", (1_772_694_489, 0)),
        ("%C%y-%m-%d", "2026-03-05", (1_772_668_800, 0)),
        ("%y", "69", (-31_536_000, 0)),
        ("%Y-%m-%d %T %Z", "2026-03-05 09:08:09 CEST", (1_772_694_489, 0)),
        ("%Y-%m-%d %T %Z", "2026-03-05 07:08:09 z]", (1_772_694_489, 0)),
        ("%Y-%m-%d %T %Z", "2026-03-05 12:38:09 ist", (1_772_694_489, 0)),
        ("%Y-%m-%d %T %Z", "2026-03-05 06:08:09 N", (1_772_694_489, 0)),
        ("%Y-%m-%d %T%z", "2026-03-05 02:08:09 EST", (1_772_694_489, 0)),
        ("%Y-%m-%d %T%z", "2026-03-05 00:08:09 pdt", (1_772_694_489, 0)),
        ("%Y-%m-%d %T%z", "2026-03-05 07:08:09 GMT", (1_772_694_489, 0)),
        ("%Y-%m-%d %T%z", "2026-03-05 07:08:09UT", (1_772_694_489, 0)),
        ("%Y-%m-%d %T%z", "2026-03-05 12:53:09+05:45", (1_772_694_489, 0)),
        ("%L|%s", "25|1772694489", (1_772_694_489, 250_000_000)),
        ("%F %T:%L", "2026-03-05 07:08:09:000000001", (1_772_694_489, 1)),
        ("%F %k:%M", "2026-03-05  7:08", (1_772_694_480, 0)),
        ("%F %U %W %w %u %V %g %T", "2026-03-05 09 09 4 4 10 26 07:08:09", (1_772_694_489, 0)),
        ("%G %x %X", "2026 03/05/26 07:08:09", (1_772_694_489, 0)),
        ("%Ey-%Om-%Od %OH:%OM:%OS", "26-3-5 7:8:9", (1_772_694_489, 0)),
        ("%%%h %d %C%y%%%R", "%mar 5 2026%07:08", (1_772_694_480, 0)),
        ("%y%j", "26064", (1_772_668_800, 0)),
        ("%Y-%m-%d %T%z", "2026-03-05 08:08:09+01", (1_772_694_489, 0)),
        ("%Y-%m-%d %T%z", "2026-03-05 08:08:09 UTC", (1_772_698_089, 0)),
        ("%T%n%F", "07:08:09 \t2026-03-05", (1_772_694_489, 0)),
        ("%F %T", "2016-12-31 23:59:60", (1_483_228_800, 0)),
    ];

    for (format, text, wanted) in cases {
        assert_eq!(read(format, text), Some(wanted), "{format} of {text}");
    }
}

#[test]
fn text_that_does_not_fit_is_refused() {
    let cases = [
        ("%Y-%m-%dT%H:%M:%S.%L", "2026-03-05T07:08:09"),
        ("%Y-%m-%dT%H:%M:%S.%L", "2026-03-05T07:08:09."),
        ("%Y-%m-%dT%H:%M:%S.%L%z", "2026-03-05T07:08:09.1"),
        ("%Y-%m-%d", "2026-13-05"),
        ("%Y-%m-%d", "2026-02-29"),
        ("%H:%M", "24:00"),
        ("%F %T%z", "2026-03-05 07:08:09 XYZ"),
        ("%F %T %Z", "2026-03-05 07:08:09 NOWHERE"),
        ("%F %I %p", "2026-03-05 07 xm"),
        ("%j %Y", "366 2025"),
        ("%b", "Foo"),
        ("%s", "x"),
        ("%Y", ""),
    ];

    for (format, text) in cases {
        assert_eq!(read(format, text), None, "{format} of {text}");
    }
}

#[test]
fn an_offset_counts_only_where_the_text_names_no_zone() {
    let read = |format: &str, text: &str| {
        let format = TimeFormat::new(format).unwrap();
        format.parse(text.as_bytes(), &Context { offset: 7200, ..NOW }).unwrap().seconds
    };

    assert_eq!(read("%F %T", "2026-03-05 09:08:09"), 1_772_694_489);
    assert_eq!(read("%F %T%z", "2026-03-05 08:08:09+0100"), 1_772_694_489);
    assert_eq!(read("%FT%H:%M:%SZ", "2026-03-05T07:08:09Z"), 1_772_694_489);
    assert_eq!(read("%s", "1772694489"), 1_772_694_489);
}

#[test]
fn a_zone_counts_only_where_the_text_names_none() {
    let berlin = Zone::from_posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
    let kiritimati = Zone::from_posix("<+14>-14").unwrap();
    let read = |format: &str, text: &str, zone: &Zone| {
        let format = TimeFormat::new(format).unwrap().in_zone(zone.clone());
        format.parse(text.as_bytes(), &Context { offset: -3600, ..NOW }).unwrap().seconds
    };

    assert_eq!(read("%F %T", "2026-03-05 08:08:09", &berlin), 1_772_694_489, "in winter");
    assert_eq!(read("%F %T", "2026-07-05 08:08:09", &berlin), 1_783_231_689, "in summer");
    assert_eq!(read("%F %T%z", "2026-03-05 07:08:09Z", &berlin), 1_772_694_489);
    assert_eq!(read("%F %T %Z", "2026-03-05 02:08:09 est", &berlin), 1_772_694_489);
    assert_eq!(read("%FT%TZ", "2026-03-05T07:08:09Z", &berlin), 1_772_694_489);
    assert_eq!(read("%s", "1772694489", &berlin), 1_772_694_489);
    assert_eq!(read("%b %d %T", "Mar  5 08:08:09", &berlin), 1_772_694_489);
    // There it is tomorrow already.
    assert_eq!(read("%T", "00:30:00", &kiritimati), 1_795_257_000);
}

#[test]
fn abbreviations_of_the_zone_are_known_besides_the_common_ones() {
    let there = Zone::from_posix("XST-3XDT,M3.5.0,M10.5.0/3").unwrap();
    let format = TimeFormat::new("%F %T %Z").unwrap().in_zone(there);
    let read = |text: &str| format.parse(text.as_bytes(), &NOW).map(|time| time.seconds);

    assert_eq!(read("2026-03-05 10:08:09 XST"), Some(1_772_694_489));
    assert_eq!(read("2026-03-05 11:08:09 xdt"), Some(1_772_694_489), "as it is written, whatever the season");
    assert_eq!(read("2026-03-05 08:08:09 CET"), Some(1_772_694_489));
    assert_eq!(read("2026-03-05 08:08:09 XYT"), None);
}

#[test]
fn a_wrong_format_is_refused() {
    let cases = [
        ("%Q", FormatError::Unknown("Q".into())),
        ("%EQ", FormatError::Unknown("EQ".into())),
        ("%", FormatError::Unfinished),
        ("%L %L", FormatError::FractionTwice),
    ];

    for (format, error) in cases {
        assert_eq!(TimeFormat::new(format).err(), Some(error), "{format}");
    }
}

/// The second remembered from the first text was found for the second one too, which has no fraction at all.
#[test]
fn a_remembered_second_does_not_make_up_for_a_missing_fraction() {
    let format = TimeFormat::new("%F %T.%L").unwrap();

    assert!(format.parse(b"2026-03-05 07:08:09.5", &NOW).is_some());
    assert!(format.parse(b"2026-03-05 07:08:09.", &NOW).is_none());
}

#[test]
fn a_lenient_format_takes_what_fits() {
    let format = TimeFormat::lenient("%FT%T.%L").unwrap();
    let read = |text: &str| format.parse(text.as_bytes(), &NOW).map(|time| (time.seconds, time.nanos));

    assert_eq!(read("2026-03-05T07:08:09"), Some((1_772_694_489, 0)));
    assert_eq!(read("2026-03-05T07:08:09.5"), Some((1_772_694_489, 500_000_000)));
    assert_eq!(read("2026-"), None);
}

#[test]
fn a_year_left_out_is_that_of_now_also_when_cached() {
    let format = TimeFormat::new("%b %d %T").unwrap();
    let later = Context { now: NOW.now + 366 * SECONDS_PER_DAY, ..NOW };

    let first = format.parse(b"Mar  5 07:08:09", &NOW).unwrap();
    let second = format.parse(b"Mar  5 07:08:09", &later).unwrap();

    assert_eq!(second.seconds - first.seconds, 365 * SECONDS_PER_DAY);
}

/// What was written on the last day of a year is read on the first one of the next.
#[test]
fn a_date_without_a_year_does_not_lie_far_ahead() {
    let read = |now: &str, format: &str, text: &str| {
        let now = TimeFormat::new("%F").unwrap().parse(now.as_bytes(), &NOW).unwrap().seconds;
        let time = TimeFormat::new(format).unwrap().parse(text.as_bytes(), &Context { now, offset: 0 })?;
        let date = date_from_days(time.seconds.div_euclid(SECONDS_PER_DAY));
        Some((date.year, date.month, date.day))
    };

    let cases = [
        ("2027-01-01", "%b %d", "Dec 31", Some((2026, 12, 31))),
        ("2027-01-01", "%b %d", "Jan 01", Some((2027, 1, 1))),
        ("2026-12-31", "%b %d", "Jan 01", Some((2026, 1, 1))),
        ("2026-11-28", "%b %d", "Dec 10", Some((2026, 12, 10))),
        ("2026-03-01", "%b %d", "Nov 10", Some((2025, 11, 10))),
        ("2026-03-01", "%j", "360", Some((2025, 12, 26))),
        ("2029-01-15", "%b %d", "Feb 29", Some((2028, 2, 29))),
        ("2027-01-15", "%b %d", "Feb 29", None),
        ("2027-01-01", "%b %d %Y", "Dec 31 2027", Some((2027, 12, 31))),
        ("2027-01-31", "%d", "30", Some((2027, 1, 30))),
        ("2027-01-31", "%H", "10", Some((2027, 1, 31))),
        ("2027-01-31", "%b", "Feb", Some((2027, 2, 1))),
    ];
    for (now, format, text, wanted) in cases {
        assert_eq!(read(now, format, text), wanted, "{text} on {now}");
    }
}

const FORMATS: [&str; 7] = ["%FT%T.%L%z", "%F %T,%L", "%s.%L", "%s%L", "%d/%b/%Y:%T %z", "%b %d %T", "%T.%L5%z"];

fn near_times() -> impl Strategy<Value = String> {
    let bases = [
        "2026-03-05T07:08:09.123Z",
        "2026-03-05T07:08:09.123+01",
        "2026-03-05T07:08:09.123+0130",
        "2026-03-05 07:08:09,1",
        "1772694489.25",
        "17726944892",
        "05/Mar/2026:07:08:09 +0100",
        "Mar  5 07:08:09",
        "07:08:09.15+01",
    ];
    let base = prop::sample::select(bases.to_vec());
    (base, prop::option::of((0usize..40, "[0-9:Z+. -]"))).prop_map(|(base, change)| {
        let mut text = base.to_owned();
        if let Some((at, with)) = change {
            text.insert_str(at.min(text.len()), &with);
        }
        text
    })
}

proptest! {
    #[test]
    fn the_cache_changes_no_result(texts in prop::collection::vec((0usize..FORMATS.len(), near_times()), 1..40)) {
        for (at, format) in FORMATS.iter().enumerate() {
            let texts: Vec<&String> = texts.iter().filter(|(format, _)| *format == at).map(|(_, text)| text).collect();
            check::reading(format, &texts, &NOW);
        }
    }

    #[test]
    fn no_text_makes_reading_panic(format in 0usize..FORMATS.len(), text in prop::collection::vec(any::<u8>(), 0..60)) {
        let format = TimeFormat::new(FORMATS[format]).unwrap();
        let _ = format.parse(&text, &NOW);
    }
}
