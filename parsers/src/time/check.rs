//! Times read with and without what is remembered, and times written and read again. Called by property tests and by fuzzing.

use super::{Context, TimeFormat, TimeWriter, Zone};
use crate::batch::Timestamp;

/// Formats that say all of a time, as they are written and as they are read.
const WHOLE: [(&str, &str); 8] = [
    ("%Y-%m-%dT%H:%M:%S.%9N%z", "%Y-%m-%dT%H:%M:%S.%L%z"),
    ("%FT%T.%9NZ", "%FT%T.%LZ"),
    ("%d/%b/%Y:%T.%9N %:z", "%d/%b/%Y:%T.%L %z"),
    ("%A, %e %B %Y %I:%M:%S,%9N %p %Z", "%A, %e %B %Y %I:%M:%S,%L %p %Z"),
    ("%a %b %d %k:%M:%S.%9N %Y", "%a %b %d %k:%M:%S.%L %Y"),
    ("%Y %j %T.%9N", "%Y %j %T.%L"),
    ("%C%y%m%d %R:%S.%9N", "%C%y%m%d %R:%S.%L"),
    ("%s.%9N", "%s.%L"),
];

/// Reads `texts` one after the other with one format, which need not be a valid one.
///
/// # Panics
/// When what is remembered of one changes what is read of another.
pub fn reading<Text: AsRef<[u8]>>(format: &str, texts: &[Text], context: &Context) {
    let berlin = Zone::from_posix("CET-1CEST,M3.5.0,M10.5.0/3").expect("these are rules");
    let compile = |way: usize| match way {
        0 => TimeFormat::new(format),
        1 => TimeFormat::lenient(format),
        _ => TimeFormat::new(format).map(|format| format.in_zone(berlin.clone())),
    };
    for way in 0..3 {
        let Ok(used) = compile(way) else { return };
        for text in texts.iter().map(AsRef::as_ref) {
            let fresh = compile(way).expect("it was compiled before").parse(text, context);
            assert_eq!(used.parse(text, context), fresh, "{format} of {}", text.escape_ascii());
        }
    }
}

/// Writes `time`, which lies in the years 1 to 9999, and reads it again.
///
/// # Panics
/// When another time is read.
pub fn writing(time: Timestamp, before: Timestamp) {
    // As in BSD, seconds since 1970 are read without a sign.
    for (write, read) in WHOLE.iter().filter(|(write, _)| time.seconds >= 0 || !write.starts_with("%s")) {
        let mut writer = TimeWriter::new(write).expect("it is a format");
        writer.write(before);
        let text = writer.write(time);
        let read = TimeFormat::new(read).expect("it is a format");
        let found = read.parse(text, &Context { now: 0, offset: 0 });
        assert_eq!(found, Some(time), "{write}: {}", text.escape_ascii());
    }
}
