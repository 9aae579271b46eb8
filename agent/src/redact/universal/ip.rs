//! IP addresses: of the internet, and of private networks, which tell nobody outside who it was.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::super::{Candidate, Detector, Form, Group, Shape, Tier};

/// Four numbers and dots.
pub(in super::super) const IPV4: Detector = Detector {
    entity: "ipv4",
    group: Group::Network,
    tier: Tier::One,
    form: Form::Scanned,
    check: |candidate| check(candidate, |address, kind| address.is_ipv4() && kind == Kind::Public),
    context: &["ip", "client", "remote", "host", "addr", "address", "adresse"],
    summary: "Address of a machine on the internet, version 4",
    source: "RFC 791; RFC 6890 for those that are nobody's",
    matches: &[
        "from [[203.0.113.9]] port 22",
        "[[8.8.8.8]] - - [28/Nov/2026:10:00:00 +0000]",
        "http://[[198.51.100.7]]:8080/x",
        "src: /[[203.0.113.7]]:54106",
        "seen [[203.0.113.7]].",
        "[[203.0.113.7]]-[[203.0.113.9]]",
        "host-[[203.0.113.7]] up",
        "id=10.0.0.4:9092-[[203.0.113.7]]:51234-7",
        "/var/log/[[203.0.113.7]].log ([[8.8.8.8]])",
        "[[203.0.113.7]]. Then",
        "conn-3-[[203.0.113.7]]:51234",
        "2026/11/30 10:11:12,[[212.206.151.142]],x",
        "10:11:12:[[8.8.8.8]]",
        "IP [[203.0.113.7]].443 > [[198.51.100.4]].53211: Flags [S]",
    ],
    rejects: &[
        "version 1.2.3.4",
        "Chrome/120.0.6099.71 Safari",
        "oid 1.3.6.1.4.1",
        "oid 1.3.6.1.4.1 > 1.3.6.1.4.2: ok",
        "package 1.20.3.4.5 installed",
        "256.1.1.1 1.2.3",
        "01.02.03.04",
        "netty-4.1.100.5.jar",
        "dpkg (1.15.8.1-1) unstable; urgency=low",
        "Depends: dpkg (>= 1.15.7.2), x (<< 1:4.2.9.1)",
        "RelNotes/1.8.1.1.txt Git 1.8.1.1 Release Notes",
        "X = ObjectIdentifier(\"2.5.29.9\")",
        "Standards-Version updated to 3.6.1.1 is fine",
        "2.1.1.1. Unix platforms",
        "'1.2.3.4-rc'",
        "x-1.20.3.4:12:5: error",
        "x-1.20.3.4:amd64",
        "amd64~~6.1.1.9",
        "status installed alsa-topology-conf:all 1.2.5.1-2",
        "127.0.0.1 0.0.0.0 255.255.255.0",
        "10.0.0.1",
    ],
};

/// Groups of hexadecimal digits with colons.
pub(in super::super) const IPV6: Detector = Detector {
    entity: "ipv6",
    check: |candidate| {
        let text = candidate.plain;
        is_six(text).then(|| check(candidate, |_, kind| kind == Kind::Public)).flatten()
    },
    summary: "Address of a machine on the internet, version 6",
    source: "RFC 4291, 2.2; RFC 6890",
    matches: &[
        "from [[2001:db8::1]] port",
        "[[2001:0db8:85a3:0000:0000:8a2e:0370:7334]]",
        "([[2001:db8::8a2e:370:7334]]):443",
        "x=[[::ffff:203.0.113.9]].",
        "ip [[2a01:e0a:1:2:3:4:5:6]]: x",
        "[client [[2a01:e0a:1:2::5]]:56789]",
        "haproxy[12]: [[2a01:e0a:12:34::beef]]:51324 x",
        "[[2a01:e0a:1:2:3:4:5:6]]:443",
        "[client:[[2a02:8428::58be]]]",
        "remote_addr:[[2a02:8428::8b7d]]",
        "ip6:[[2a02:8428::8b7d]]",
        "IP6 [[2001:db8::1]].443 > [[2001:db8::2]].53211: Flags [S]",
        "IP6 [[2001:db8:1:2:3:4:5:6]].443 > [[2001:db8::2]].53: x",
    ],
    rejects: &[
        "std::vec a::b dead::beef",
        "16:13:25 12:34:56:78",
        "::1 ::",
        "fe80::1",
        "00:1b:44:11:3a:b7",
        "ab1::c2",
        "x2001:db8::1",
        "std::fmt::ab12 module:be::f00d",
        "T10:00:00 at 28T10:00:00:12",
        "route ::ffff:0:0/96",
    ],
    ..IPV4
};

/// Whether groups are no path of a program such as `a::b`, nor a time.
pub(in super::super) fn is_six(text: &[u8]) -> bool {
    let groups = text.split(|byte| *byte == b':').filter(|group| !group.is_empty());
    let first = groups.clone().next().map_or(0, <[u8]>::len);
    let is_long = groups.count() >= 3 || first >= 4 || text.starts_with(b"::ffff:");
    text.iter().any(u8::is_ascii_digit) && is_long && (text[0] == b':' || first >= 2)
}

/// Addresses that every network has.
pub(in super::super) const PRIVATE: Detector = Detector {
    entity: "private_ip",
    check: |candidate| {
        let is_six = candidate.plain.contains(&b':');
        (!is_six || self::is_six(candidate.plain)).then(|| check(candidate, |_, kind| kind == Kind::Private)).flatten()
    },
    summary: "Address of a machine in a private network, version 4 or 6",
    source: "RFC 1918, RFC 3927, RFC 4193, RFC 4291 and RFC 6598",
    matches: &[
        "from [[10.1.2.3]] port 22",
        "[[192.168.0.17]]",
        "[[172.16.0.5]]:443",
        "on [[fe80::1ff:fe23:4567:890a]]%eth0",
        "[[fd00::17]]",
    ],
    rejects: &["8.8.8.8", "127.0.0.1", "172.32.0.1"],
    ..IPV4
};

/// Whose machine has an address.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in super::super) enum Kind {
    Public,
    Private,
}

/// Whose machine has `address`; `None` if it is nobody's.
#[inline]
pub(in super::super) fn kind(address: IpAddr) -> Option<Kind> {
    let kind = if is_private(address) { Kind::Private } else { Kind::Public };
    (!is_nobodys(address)).then_some(kind)
}

/// Whose machine has the address that all of `groups` are, with colons.
pub(in super::super) fn kind_of_groups(groups: &[u8], address: Ipv6Addr) -> Option<Kind> {
    if is_six(groups) { kind(IpAddr::V6(address).to_canonical()) } else { None }
}

/// The address of version 6 that all of `groups` are, in which zeros are left out once at most.
pub(in super::super) fn six(groups: &[u8]) -> Option<Ipv6Addr> {
    let gaps = groups.windows(2).filter(|two| two == b"::").count();
    if gaps > 1 { None } else { std::str::from_utf8(groups).ok()?.parse().ok() }
}

fn check(candidate: &Candidate<'_>, is_wanted: fn(IpAddr, Kind) -> bool) -> Option<Shape> {
    let address = match dotted_quad(candidate.plain) {
        Some((address, length)) if length == candidate.plain.len() => IpAddr::V4(address),
        _ => std::str::from_utf8(candidate.plain).ok()?.parse::<IpAddr>().ok()?.to_canonical(),
    };
    is_wanted(address, kind(address)?).then_some(Shape::Canonical)
}

/// The four numbers up to 255 without leading zeros that `text` begins with, and their bytes with the dots between them.
pub(in super::super) fn dotted_quad(text: &[u8]) -> Option<(Ipv4Addr, usize)> {
    // The longest one has fifteen bytes, and zeros stand behind the end of the text.
    let mut bytes = [0; 20];
    match text.first_chunk::<16>() {
        Some(chunk) => bytes[..16].copy_from_slice(chunk),
        None => bytes.iter_mut().zip(text).for_each(|(byte, one)| *byte = *one),
    }
    let (mut numbers, mut end) = ([0; 4], 0);
    for (place, number) in numbers.iter_mut().enumerate() {
        if place > 0 {
            if bytes[end] != b'.' {
                return None;
            }
            end += 1;
        }
        let length;
        (*number, length) = up_to_255(u32::from_le_bytes(*bytes.get(end..)?.first_chunk()?))?;
        end += length;
    }
    let behind = bytes[end];
    let goes_on = behind.is_ascii_alphanumeric() || behind == b'_';
    let is_longer = behind == b'.' && text.get(end + 1).is_some_and(u8::is_ascii_digit);
    (!goes_on && !is_longer).then_some((numbers.into(), end))
}

/// The number that the bytes of `head` begin with, the first one lowest, and how many digits it has.
#[inline(always)]
fn up_to_255(head: u32) -> Option<(u8, usize)> {
    const EACH: u32 = 0x0101_0101;
    let digits = head ^ (EACH * u32::from(b'0'));
    // What is no digit gets a high half, of those behind the first one perhaps some more.
    let others = (digits.wrapping_add(EACH * 6) | digits) & (EACH * 0xf0);
    let length = (others.trailing_zeros() / 8) as usize;
    if !(1..=3).contains(&length) || digits & 0xff == 0 && length > 1 {
        return None;
    }
    let [_, hundreds, tens, ones] = (digits << (32 - 8 * length)).to_le_bytes();
    let number = u32::from(hundreds) * 100 + u32::from(tens) * 10 + u32::from(ones);
    u8::try_from(number).ok().map(|number| (number, length))
}

/// Of this machine, of all, or a mask.
fn is_nobodys(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_loopback() || address.octets()[0] == 0 || address.octets()[0] >= 224,
        IpAddr::V6(address) => address.is_loopback() || address.is_unspecified() || address.is_multicast(),
    }
}

fn is_private(address: IpAddr) -> bool {
    let four = |address: Ipv4Addr| {
        address.is_private()
            || address.is_link_local()
            || (address.octets()[0] == 100 && address.octets()[1] & 0xc0 == 64)
    };
    let six = |address: Ipv6Addr| matches!(address.segments()[0], 0xfc00..=0xfdff | 0xfe80..=0xfebf);
    match address {
        IpAddr::V4(address) => four(address),
        IpAddr::V6(address) => six(address),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn four_numbers_are_what_the_library_reads(text in "[0-9]{1,4}(\\.[0-9]{1,3}){2,4}|(([1-9]?[0-9]|1[0-9][0-9]|2[0-5][0-9])\\.){3}(0|[1-9][0-9]|25[0-6])") {
            let read = dotted_quad(text.as_bytes()).filter(|(_, length)| *length == text.len());
            prop_assert_eq!(read.map(|(address, _)| address), text.parse().ok());
        }
    }
}
