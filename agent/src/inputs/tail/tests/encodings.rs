//! Files that are not UTF-8: what comes out is, and positions are those of their bytes.

use super::*;

fn wide(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(unit).collect()
}

fn append_bytes(rig: &Rig, name: &str, bytes: &[u8]) {
    let mut file = OpenOptions::new().create(true).append(true).open(rig.path(name)).expect("it opens");
    file.write_all(bytes).expect("it is written");
}

#[test]
fn utf_16_is_read_byte_by_byte_as_it_comes() {
    for (option, unit) in [
        ("auto", u16::to_le_bytes as fn(u16) -> [u8; 2]),
        ("auto", u16::to_be_bytes),
        ("UTF-16LE", u16::to_le_bytes),
        ("UTF-16BE", u16::to_be_bytes),
    ] {
        let mut rig = Rig::new("a.log", &[("read_from_head", "on"), ("unicode.encoding", option)]);
        append_bytes(&rig, "a.log", b"");
        rig.start();
        let bytes = wide("\u{feff}é one\r\n\u{1f600}\u{a0a}\nx\n", unit);
        for byte in &bytes {
            append_bytes(&rig, "a.log", &[*byte]);
            rig.turn(Duration::from_secs(2)).turn(Duration::from_millis(60));
        }
        rig.run();

        assert_eq!(rig.texts(), ["é one", "\u{1f600}\u{a0a}", "x"], "{option}");
        rig.wait(2);
        assert_eq!(rig.stored(), [("a.log".to_owned(), i64::try_from(bytes.len()).expect("it is short"))]);
    }
}

#[test]
fn a_restart_goes_on_at_the_byte_and_gives_the_same_ids() {
    let text = "\u{feff}one\nzwei ä\n";
    let mut rig = Rig::new("a.log", &[("read_from_head", "on"), ("unicode.encoding", "auto")]);
    append_bytes(&rig, "a.log", &wide(text, u16::to_le_bytes));
    rig.answer = Answer::Hold;
    rig.start();
    let before = rig.records();
    rig.kill();
    rig.answer = Answer::Deliver;
    rig.start();
    let again = rig.records();
    assert_eq!(ids(&before), ids(&again));
    rig.stop();
    append_bytes(&rig, "a.log", &wide("three\n", u16::to_le_bytes));
    rig.start();

    assert_eq!(before.iter().map(|seen| seen.text.as_str()).collect::<Vec<_>>(), ["one", "zwei ä"]);
    assert_eq!(rig.texts(), ["three"]);
}

#[test]
fn a_long_line_of_utf_16_is_cut_and_the_file_goes_on() {
    let options = [("read_from_head", "on"), ("unicode.encoding", "UTF-16LE"), ("buffer_max_size", "6000")];
    let mut rig = Rig::new("a.log", &options);
    let text = format!("short\n{}\nend\n", "ä€\u{1f600}".repeat(10_000));
    append_bytes(&rig, "a.log", &wide(&text, u16::to_le_bytes));
    rig.start();

    let texts = rig.texts();
    assert_eq!(texts.concat(), text.replace('\n', ""));
    assert!(texts.iter().all(|text| text.len() <= 6000 && !text.contains('\u{fffd}')));
    assert_eq!(texts.len(), 2 + 90_000_usize.div_ceil(5_997));
}

#[test]
fn a_code_page_comes_out_as_utf_8_and_positions_are_those_of_the_file() {
    let mut rig = Rig::new("a.log", &[("read_from_head", "on"), ("generic.encoding", "ShiftJIS")]);
    append_bytes(&rig, "a.log", b"\x93\xfa\x96\x7b\nascii\n\x83\x5c\x8e");
    rig.start();
    append_bytes(&rig, "a.log", b"\xa6\n\xff\n");
    rig.wait(2);

    assert_eq!(rig.texts(), ["日本", "ascii", "ソ示", "\u{fffd}"]);
    assert_eq!(rig.stored(), [("a.log".to_owned(), 18)]);
}

/// Without the option the bytes are kept as they are.
#[test]
fn a_byte_order_mark_of_utf_8_is_no_text_where_encodings_are_told() {
    for (options, expected) in [(vec![("unicode.encoding", "auto")], ["one", "two"]), (vec![], ["\u{feff}one", "two"])]
    {
        let mut rig = Rig::new("a.log", &[&[("read_from_head", "on")][..], &options].concat());
        rig.append("a.log", "\u{feff}one\ntwo\n");
        rig.start();

        assert_eq!(rig.texts(), expected);
    }
}
