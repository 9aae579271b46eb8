//! Addresses of network cards, which name a device and so its owner.

use super::super::{Candidate, Detector, Form, Group, Shape, Tier};

/// Six or eight pairs, or three groups of four.
pub(in super::super) const MAC: Detector = Detector {
    entity: "mac",
    group: Group::Network,
    tier: Tier::One,
    form: Form::Scanned,
    check,
    context: &["mac", "hwaddr", "ether", "bssid", "adresse_mac", "mac_address"],
    summary: "Address of a network card (MAC, EUI-48, EUI-64)",
    source: "IEEE 802, 8; ways of writing: Linux, Windows, Cisco IOS",
    matches: &[
        "from [[00:1b:44:11:3a:b7]] to",
        "[[00-1B-44-11-3A-B7]]",
        "port [[001b.4411.3ab7]] up",
        "mac [[0011.2233.4455]] mac_address=[[0011.2233.4455]]",
        "[[00:1b:44:ff:fe:11:3a:b7]]",
        "DHCPACK to [[52:54:00:12:34:56]] (x)",
        "mac:[[3c:58:92:4b:25:1d]]",
        "OUT= MAC=[[52:54:00:12:34:56]]:[[00:1b:44:11:3a:b7]]:08:00 SRC=",
    ],
    rejects: &[
        "ff:ff:ff:ff:ff:ff 00:00:00:00:00:00",
        "SHA1 16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48:aa:bb:cc:dd",
        "MD5 16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48",
        "12:34:56 10:20:30:40",
        "1234.5678.9012",
        "2024-01-02-03-04-05-06",
    ],
};

fn check(candidate: &Candidate<'_>) -> Option<Shape> {
    let text = candidate.plain;
    let mut digits = 0_usize;
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b':' if at % 3 == 2 => {}
            byte if byte.is_ascii_hexdigit() => digits += 1,
            _ => return None,
        }
    }
    let is_whole = matches!((digits, text.len()), (12, 12 | 17) | (16, 23));
    let first = text.first()?;
    let varies = text.iter().any(|byte| *byte != b':' && byte != first);
    (is_whole && varies).then_some(Shape::Canonical)
}
