use proptest::prelude::*;

use super::*;
use crate::batch::{Field, Value};

/// A value to be written.
#[derive(Clone, Debug)]
enum Said {
    Nil,
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Text(Vec<u8>),
    List(Vec<Said>),
    Map(Vec<(Vec<u8>, Said)>),
}

fn said() -> impl Strategy<Value = Said> {
    let scalar = prop_oneof![
        Just(Said::Nil),
        any::<bool>().prop_map(Said::Bool),
        any::<u64>().prop_map(Said::Unsigned),
        (0..300_u64).prop_map(Said::Unsigned),
        (i64::MIN..0).prop_map(Said::Signed),
        (-300..0_i64).prop_map(Said::Signed),
        (-1e9..1e9_f64).prop_map(Said::Float),
        proptest::collection::vec(any::<u8>(), 0..400).prop_map(Said::Text),
    ];
    scalar.prop_recursive(5, 60, 20, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..20).prop_map(Said::List),
            map_of(inner).prop_map(Said::Map),
        ]
    })
}

fn map_of(inner: impl Strategy<Value = Said>) -> impl Strategy<Value = Vec<(Vec<u8>, Said)>> {
    proptest::collection::vec(("[a-f]{1,2}".prop_map(String::into_bytes), inner), 0..20)
}

/// Writes the length of a text, array or map in the form `form` of those that can say it.
fn push_length(length: usize, (short, shorts, long): (u8, usize, u8), out: &mut Vec<u8>) {
    if length < shorts {
        out.push(short | u8::try_from(length).expect("short"));
    } else if let Ok(length) = u16::try_from(length) {
        out.push(long);
        out.extend_from_slice(&length.to_be_bytes());
    }
}

fn push(value: &Said, out: &mut Vec<u8>) {
    match value {
        Said::Nil => out.push(0xc0),
        Said::Bool(truth) => out.push(if *truth { 0xc3 } else { 0xc2 }),
        Said::Unsigned(number) => match u8::try_from(*number) {
            Ok(number @ 0..=0x7f) => out.push(number),
            Ok(number) => out.extend_from_slice(&[0xcc, number]),
            Err(_) => {
                out.push(0xcf);
                out.extend_from_slice(&number.to_be_bytes());
            }
        },
        Said::Signed(number) => match i8::try_from(*number) {
            Ok(number @ -32..) => out.push(number.cast_unsigned()),
            Ok(number) => out.extend_from_slice(&[0xd0, number.cast_unsigned()]),
            Err(_) => {
                out.push(0xd3);
                out.extend_from_slice(&number.to_be_bytes());
            }
        },
        Said::Float(number) => {
            out.push(0xcb);
            out.extend_from_slice(&number.to_be_bytes());
        }
        Said::Text(text) => {
            push_length(text.len(), (0xa0, 32, 0xda), out);
            out.extend_from_slice(text);
        }
        Said::List(items) => {
            push_length(items.len(), (0x90, 16, 0xdc), out);
            items.iter().for_each(|item| push(item, out));
        }
        Said::Map(members) => {
            push_length(members.len(), (0x80, 16, 0xde), out);
            for (key, value) in members {
                push(&Said::Text(key.clone()), out);
                push(value, out);
            }
        }
    }
}

/// An event of now, as Fluent Bit writes it.
fn written(seconds: u32, nanos: u32, body: &[(Vec<u8>, Said)]) -> Vec<u8> {
    let mut out = vec![0x92, 0x92, 0xd7, 0x00];
    out.extend_from_slice(&seconds.to_be_bytes());
    out.extend_from_slice(&nanos.to_be_bytes());
    out.push(0x80);
    push(&Said::Map(body.to_vec()), &mut out);
    out
}

/// Whether `value` is what was said. Of members with the same key the last counts.
fn is_said(batch: &Batch, value: Value, said: &Said) -> bool {
    match (value, said) {
        (Value::Null, Said::Nil) => true,
        (Value::Bool(truth), Said::Bool(said)) => truth == *said,
        (Value::I64(number), Said::Unsigned(said)) => u64::try_from(number) == Ok(*said),
        (Value::U64(number), Said::Unsigned(said)) => number == *said && i64::try_from(number).is_err(),
        (Value::I64(number), Said::Signed(said)) => number == *said,
        (Value::F64(number), Said::Float(said)) => number.to_bits() == said.to_bits(),
        (Value::Text(text), Said::Text(said)) => batch.bytes(text.span) == said,
        (Value::List(range), Said::List(said)) => {
            let items = batch.fields(range);
            items.len() == said.len() && items.iter().zip(said).all(|(item, said)| is_said(batch, item.value, said))
        }
        (Value::Map(range), Said::Map(said)) => are_said(batch, range, said),
        _ => false,
    }
}

fn are_said(batch: &Batch, range: Range, said: &[(Vec<u8>, Said)]) -> bool {
    let last = |at: usize| said[at + 1..].iter().all(|(key, _)| *key != said[at].0);
    let wanted: Vec<_> = (0..said.len()).filter(|at| last(*at)).map(|at| &said[at]).collect();
    let fields: &[Field] = batch.fields(range);
    fields.len() == wanted.len()
        && fields
            .iter()
            .zip(wanted)
            .all(|(field, (key, value))| batch.bytes(field.key.span) == key && is_said(batch, field.value, value))
}

fn read(bytes: &[u8]) -> (Batch, Result<(Event, usize), EventError>) {
    let mut batch = Batch::default();
    batch.store(b"what stood before");
    let span = batch.store(bytes);
    let read = event(&mut batch, span);
    (batch, read)
}

proptest! {
    #[test]
    fn an_event_is_read_as_it_was_written(body in map_of(said()), behind in proptest::collection::vec(any::<u8>(), 0..9)) {
        let bytes = written(1_700_000_000, 5, &body);
        let (batch, read) = read(&[bytes.clone(), behind].concat());

        let (event, length) = read.expect("it is one");

        let Event::Record { time, metadata, fields } = event else { panic!("it is a record") };
        prop_assert_eq!(time, Timestamp { seconds: 1_700_000_000, nanos: 5 });
        prop_assert_eq!(metadata.len, 0);
        prop_assert!(are_said(&batch, fields, &body));
        prop_assert_eq!(length, bytes.len());
    }

    #[test]
    fn an_event_that_is_cut_off_is_incomplete(body in map_of(said()), at in any::<prop::sample::Index>()) {
        let bytes = written(1_700_000_000, 5, &body);

        prop_assert_eq!(read(&bytes[..at.index(bytes.len())]).1, Err(EventError::Incomplete));
    }

    #[test]
    fn no_bytes_bring_it_down(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let (_, read) = read(&bytes);
        prop_assert!(read.is_err() || bytes[0] & 0xf0 == 0x90 || bytes[0] >= 0xdc);
    }
}

#[test]
fn times_of_all_forms_are_read() {
    let body = [0x81, 0xa1, b'a', 1];
    let of = |seconds, nanos| Some(Timestamp { seconds, nanos });
    let cases: [(&[u8], Option<Timestamp>); 8] = [
        (&[0xce, 0x65, 0x53, 0xf1, 0x00], of(1_700_000_000, 0)),
        (&[0xcb, 0x41, 0xd9, 0x54, 0xfc, 0x40, 0x20, 0, 0], of(1_700_000_000, 500_000_000)),
        (&[0xd7, 0, 0x65, 0x53, 0xf1, 0, 0, 0, 0, 7], of(1_700_000_000, 7)),
        (&[0xc7, 8, 0, 0x65, 0x53, 0xf1, 0, 0, 0, 0, 7], of(1_700_000_000, 7)),
        (&[0x05], of(5, 0)),
        (&[0xd7, 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0], None),
        (&[0xd7, 0, 0xff, 0xff, 0xff, 0xfe, 0, 0, 0, 0], None),
        (&[0xff], None),
    ];
    for (time, expected) in cases {
        for bytes in [[&[0x92][..], time, &body].concat(), [&[0x92, 0x92][..], time, &[0x80], &body].concat()] {
            let (event, length) = read(&bytes).1.unwrap_or_else(|error| panic!("{bytes:x?}: {error:?}"));
            let found = match event {
                Event::Record { time, .. } => Some(time),
                Event::Marker => None,
            };
            assert_eq!((found, length), (expected, bytes.len()), "{bytes:x?}");
        }
    }
}

#[test]
fn what_is_no_event_is_refused() {
    let deep = [vec![0x92, 0x05, 0x81, 0xa1, b'a'], vec![0x91; MAX_DEPTH], vec![0xc0]].concat();
    let cases: [&[u8]; 8] = [
        &[0],
        &[0xc1],
        &[0x93, 1, 0x80, 0x80],
        &[0x92, 0xa1, b'x', 0x80],
        &[0x92, 5, 0x90],
        &[0x92, 0x93, 5, 0x80, 0x80],
        &[0x92, 5, 0x81, 0x90, 1],
        &deep,
    ];
    for bytes in cases {
        assert_eq!(read(bytes).1, Err(EventError::Malformed), "{bytes:x?}");
    }
}

#[test]
fn a_length_beyond_all_bytes_takes_no_memory() {
    for bytes in [[0x92, 5, 0xdf, 0xff, 0xff, 0xff, 0xff].as_slice(), &[0x92, 5, 0x81, 0xdb, 0xff, 0xff, 0xff, 0xff]] {
        assert_eq!(read(bytes).1, Err(EventError::Incomplete));
    }
}

#[test]
fn keys_and_values_without_a_form_of_their_own_are_written_as_text() {
    let bytes = [0x92, 5, 0x82, 0x07, 0xd4, 0x05, 0xab, 0xc2, 0xc0];
    let (batch, read) = read(&bytes);

    let Ok((Event::Record { fields, .. }, _)) = read else { panic!("{read:?}") };

    let texts: Vec<_> = batch.fields(fields).iter().map(|field| batch.bytes(field.key.span)).collect();
    assert_eq!(texts, [&b"7"[..], b"false"]);
    let Value::Text(text) = batch.fields(fields)[0].value else { panic!("a text") };
    assert_eq!(batch.bytes(text.span), b"\\xab");
}
