//! What lies in the directory of a spool.

use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::io;
use std::path::Path;

/// The file that is locked.
pub(super) const LOCK: &str = "lock";
/// The folder of what cannot be read.
pub(super) const QUARANTINE: &str = "quarantine";
const REQUEST: &str = "request";
const TEMPORARY: &str = "tmp";
/// Numbers below this are given; above it nothing would be left to count on with.
const NUMBERS: u64 = 1 << 62;
/// Strangers that are put aside at one start.
const MOST_STRANGERS: usize = 1000;

/// The name of a spooled request: `00000000000000a1-512.request` is the 161st and holds 512 records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    pub(super) number: u64,
    pub(super) records: u32,
}

impl Name {
    pub(super) fn parse(name: &str) -> Option<Self> {
        let (number, records) = name.strip_suffix(REQUEST)?.strip_suffix('.')?.split_once('-')?;
        let number = u64::from_str_radix(number, 16).ok().filter(|number| *number < NUMBERS)?;
        let parsed = Self { number, records: records.parse().ok().filter(|records| *records > 0)? };
        // There is one way to write it.
        (parsed.to_string() == name).then_some(parsed)
    }

    /// What it is called while it is written.
    pub(super) fn temporary(self) -> String {
        format!("{:016x}-{}.{TEMPORARY}", self.number, self.records)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}-{}.{REQUEST}", self.number, self.records)
    }
}

/// The entries of a directory.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// Requests and the bytes that each takes.
    pub(super) requests: Vec<(Name, u64)>,
    /// Files that were not written to their end.
    pub(super) temporary: Vec<OsString>,
    /// What has no business here, and why.
    pub(super) strangers: Vec<(OsString, &'static str)>,
    /// Strangers beyond those.
    pub(super) left: usize,
}

impl Listing {
    /// The number of the next request.
    pub(super) fn next(&self) -> u64 {
        self.requests.iter().map(|(name, _)| name.number + 1).max().unwrap_or(0)
    }
}

/// Lists the directory in `path`.
///
/// # Errors
/// When it cannot be listed.
pub(super) fn list(path: &Path) -> io::Result<Listing> {
    let mut listing = Listing::default();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        // Of what is gone meanwhile nothing is to be told.
        let Ok(metadata) = entry.metadata() else { continue };
        let name = entry.file_name();
        let text = name.to_string_lossy();
        let own = text == LOCK || text == QUARANTINE && metadata.is_dir();
        if own {
            continue;
        }
        match Name::parse(&text) {
            Some(request) if metadata.is_file() => {
                listing.requests.push((request, allocated(metadata.len())));
                continue;
            }
            None if metadata.is_file() && text.ends_with(".tmp") => {
                listing.temporary.push(name);
                continue;
            }
            _ => {}
        }
        let reason = if metadata.is_file() { "its name is not that of a spooled request" } else { "it is no file" };
        if listing.strangers.len() < MOST_STRANGERS {
            listing.strangers.push((name, reason));
        } else {
            listing.left += 1;
        }
    }
    Ok(listing)
}

/// Bytes that a file of `length` takes on most file systems.
pub(super) fn allocated(length: u64) -> u64 {
    length.div_ceil(4096).max(1) * 4096
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_in_the_one_way_that_it_is_written() {
        let name = Name { number: 161, records: 512 };
        assert_eq!(name.to_string(), "00000000000000a1-512.request");
        assert_eq!(Name::parse("00000000000000a1-512.request"), Some(name));

        for wrong in [
            "00000000000000A1-512.request",
            "a1-512.request",
            "00000000000000a1-0512.request",
            "00000000000000a1-0.request",
            "00000000000000a1-+5.request",
            "00000000000000a1-512.tmp",
            "ffffffffffffffff-1.request",
            "00000000000000a1.request",
            "",
        ] {
            assert_eq!(Name::parse(wrong), None, "{wrong}");
        }
    }
}
