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
]);

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
pub(super) fn is_named(before: &[u8]) -> bool {
    let is_between = |byte: &u8| matches!(byte, b' ' | b'=' | b':' | b'"' | b'\'' | b'(' | b'[');
    let end = before.iter().rposition(|byte| !is_between(byte)).map_or(0, |at| at + 1);
    is_one(&before[..end], &WORDS)
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
