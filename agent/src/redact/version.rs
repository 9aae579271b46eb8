//! Versions, which look like addresses: `Chrome/120.0.6099.71`, `version 1.2.3.4`.

use super::filter::Listed;

static WORDS: Listed = Listed::new(&[
    b"version",
    b"versions",
    b"ver",
    b"v",
    b"release",
    b"build",
    b"firmware",
    b"revision",
    b"rev",
    b"oid",
    b"driver",
    b"upgrade",
    b"objectidentifier",
]);

/// Words of these behind which others may stand before the version, and those.
static VERSIONS: Listed = Listed::new(&[b"version", b"versions", b"firmware", b"upgrade"]);
const BETWEEN: [&[u8]; 5] = [b" updated to", b" bumped to", b" to", b" is", b" was"];
/// Highest number in versions that only their place tells: of addresses one in a thousand has four such.
const HIGHEST: u16 = 25;

static PRODUCTS: Listed = Listed::new(&[
    b"chrome",
    b"chromium",
    b"headlesschrome",
    b"crios",
    b"edg",
    b"edge",
    b"edga",
    b"edgios",
    b"opr",
    b"opera",
    b"opx",
    b"firefox",
    b"fxios",
    b"version",
    b"safari",
    b"vivaldi",
    b"yabrowser",
    b"electron",
    b"samsungbrowser",
    b"ucbrowser",
    b"brave",
    b"whale",
    b"miuibrowser",
    b"huaweibrowser",
    b"micromessenger",
    b"cfnetwork",
    b"darwin",
    b"okhttp",
    b"curl",
    b"wget",
    b"java",
    b"netty",
    b"dalvik",
    b"gsa",
    b"fban",
    b"fbav",
    b"instagram",
    b"trident",
    b"silk",
    b"puffin",
    b"maxthon",
    b"qqbrowser",
    b"coc_coc_browser",
    b"elastic",
    b"filebeat",
    b"winhttp",
    b"sqlserver",
    b"mssql",
    b"openssl",
    b"python",
    b"ruby",
    b"node",
    b"go",
    b"app",
]);

/// What is written before an address with a hyphen.
static HOSTS: Listed = Listed::new(&[b"host", b"ip", b"client", b"peer", b"addr", b"remote", b"from", b"src", b"dst"]);

/// Whether a word that names addresses stands at the end of `before`.
pub(super) fn is_host(before: &[u8]) -> bool {
    is_one(before, &HOSTS)
}

/// Whether a word that names versions stands before what follows `before`.
#[inline(always)]
pub(super) fn is_named(before: &[u8]) -> bool {
    let is_between = |byte: &u8| matches!(byte, b' ' | b'=' | b':' | b'"' | b'\'' | b'(' | b'[');
    let end = before.iter().rposition(|byte| !is_between(byte)).map_or(0, |at| at + 1);
    let before = &before[..end];
    let may_be_between = matches!(before, [.., b'o' | b's']);
    let word = if may_be_between { BETWEEN.iter().find_map(|word| before.strip_suffix(*word)) } else { None };
    is_one(before, &WORDS) || word.is_some_and(|word| is_one(word, &VERSIONS))
}

/// Whether `before` and `behind` are what stands around the version of a package of Debian: `(>= 1.15.7.2)`, `(<< 1:1.2.3.4)`,
/// `dpkg (1.15.8.1-1) unstable; urgency=low`.
#[inline(never)]
pub(super) fn is_of_package(before: &[u8], behind: &[u8]) -> bool {
    const RELATIONS: [&[u8]; 5] = [b"(>= ", b"(<= ", b"(<< ", b"(>> ", b"(= "];
    const LINE: usize = 64;
    let epoch = before.strip_suffix(b":").and_then(|before| before.split_last());
    let before = epoch.filter(|(digit, _)| digit.is_ascii_digit()).map_or(before, |(_, before)| before);
    let line = &behind[..behind.len().min(LINE)];
    let has_relation = before.ends_with(b" ") && RELATIONS.iter().any(|relation| before.ends_with(relation));
    has_relation || before.ends_with(b" (") && memchr::memmem::find(line, b"; urgency=").is_some()
}

/// Whether the four numbers of `version` are one by what stands behind them: `1.2.3.4-rc1`, and, if all are low, `RelNotes/1.8.1.1.txt`,
/// `1.8.1.1 Release Notes`, and `2.1.1.1. MS-DOS`, a chapter, at the start of a line.
#[inline(never)]
pub(super) fn is_of_release((is_first, before): (bool, u8), version: &[u8], behind: &[u8]) -> bool {
    const STAGES: [&[u8]; 7] = [b"-rc", b"-beta", b"-alpha", b"-SNAPSHOT", b"-RELEASE", b"-Final", b"-ubuntu"];
    let goes_on = match behind {
        [b'-', ..] => return STAGES.iter().any(|stage| behind.starts_with(stage)),
        [b'.', b' ', next, ..] => is_first && next.is_ascii_uppercase(),
        [b'.', next, ..] => before == b'/' && next.is_ascii_alphabetic(),
        [b' ', ..] => behind.starts_with(b" Release") || behind.starts_with(b" release"),
        _ => false,
    };
    let number = |text: &[u8]| text.iter().fold(0, |number, digit| number * 10 + u16::from(digit.wrapping_sub(b'0')));
    goes_on && version.split(|byte| *byte == b'.').all(|text| number(text) <= HIGHEST)
}

/// Whether `text` begins with four numbers of one digit and the revision of a package: `1.2.5.1-2`.
pub(super) fn is_revised(text: &[u8]) -> bool {
    matches!(text, [_, b'.', _, b'.', _, b'.', _, b'-', revision, ..] if revision.is_ascii_digit())
}

/// Whether `before` ends with the name of a program that writes its version behind a slash.
pub(super) fn is_product(before: &[u8]) -> bool {
    is_one(before, &PRODUCTS)
}

fn is_one(before: &[u8], names: &Listed) -> bool {
    let start = before.iter().rposition(|byte| !(byte.is_ascii_alphanumeric() || *byte == b'_')).map_or(0, |at| at + 1);
    names.has(&before[start..])
}
