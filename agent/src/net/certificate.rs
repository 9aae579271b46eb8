//! When a certificate expires.
//!
//! Only the way to that one field is read; whether a certificate is good is for the TLS library to say.
//!
//! # Source
//! RFC 5280, sections 4.1 and 4.1.2.5.

use rustls::pki_types::CertificateDer;

const INTEGER: u8 = 0x02;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
/// The version, which old certificates leave out.
const VERSION: u8 = 0xa0;

/// When `certificate` expires, in seconds since 1970; `None` when it is not well formed.
pub(super) fn expiry(certificate: &CertificateDer<'_>) -> Option<i64> {
    let mut whole = Der(certificate);
    let mut signed = Der(whole.take(SEQUENCE)?);
    let mut fields = Der(signed.take(SEQUENCE)?);
    if fields.0.first() == Some(&VERSION) {
        fields.take(VERSION)?;
    }
    fields.take(INTEGER)?; // serial number
    fields.take(SEQUENCE)?; // algorithm
    fields.take(SEQUENCE)?; // issuer
    let mut validity = Der(fields.take(SEQUENCE)?);
    validity.next()?; // not before
    let (tag, text) = validity.next()?;
    seconds(tag, text)
}

/// Values in a row, each a tag, a length and its bytes.
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.next().filter(|(found, _)| *found == tag).map(|(_, value)| value)
    }

    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (tag, rest) = self.0.split_first()?;
        let (first, mut rest) = rest.split_first()?;
        let mut length = usize::from(*first);
        if *first >= 0x80 {
            // The length of the length; certificates are far below 16 MiB.
            let (bytes, behind) = rest.split_at_checked(usize::from(first & 0x7f)).filter(|(b, _)| b.len() <= 3)?;
            length = bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
            rest = behind;
        }
        let (value, behind) = rest.split_at_checked(length)?;
        self.0 = behind;
        Some((*tag, value))
    }
}

/// `YYMMDDHHMMSSZ`, where years from 50 on lie in the last century, or `YYYYMMDDHHMMSSZ`.
fn seconds(tag: u8, text: &[u8]) -> Option<i64> {
    let digits = text.strip_suffix(b"Z").filter(|digits| digits.iter().all(u8::is_ascii_digit))?;
    let (year, rest) = match (tag, digits.len()) {
        (UTC_TIME, 12) => {
            let (year, rest) = digits.split_at(2);
            let year = number(year);
            (if year < 50 { 2000 + year } else { 1900 + year }, rest)
        }
        (GENERALIZED_TIME, 14) => {
            let (year, rest) = digits.split_at(4);
            (number(year), rest)
        }
        _ => return None,
    };
    let parts: Vec<i64> = rest.chunks(2).map(number).collect();
    let [month, day, hour, minute, second] = parts[..] else { return None };
    (1..=12).contains(&month).then(|| days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second)
}

fn number(digits: &[u8]) -> i64 {
    digits.iter().fold(0, |number, digit| number * 10 + i64::from(digit - b'0'))
}

/// Days from 1970-01-01, in the calendar that we use. Years begin in March here, so that a leap day is the last of its year.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let months = (month + 9) % 12;
    let of_year = (153 * months + 2) / 5 + day - 1;
    year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;

    #[test]
    fn the_expiry_of_a_certificate_is_read() {
        let cases =
            [(1970, 1, 1), (1999, 12, 31), (2000, 2, 29), (2026, 11, 28), (2049, 12, 31), (2050, 1, 1), (4000, 3, 1)];
        for (year, month, day) in cases {
            let mut params = CertificateParams::new(vec!["logs.example".into()]).expect("a name");
            params.not_after = date_time_ymd(year, month, day);
            let key = KeyPair::generate().expect("a key");
            let certificate = params.self_signed(&key).expect("a certificate");

            assert_eq!(expiry(certificate.der()), Some(params.not_after.unix_timestamp()), "{year}");
        }
    }

    #[test]
    fn what_is_cut_or_changed_never_panics() {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec!["logs.example".into()]).expect("a name");
        let certificate = params.self_signed(&key).expect("a certificate");
        for end in 0..certificate.der().len() {
            assert_eq!(expiry(&CertificateDer::from(&certificate.der()[..end])), None);
            let mut changed = certificate.der().to_vec();
            changed[end] ^= 0xff;
            expiry(&CertificateDer::from(changed));
        }
    }
}
