//! What is printed on a card beside its number.

use super::super::{Detector, Form, Group, Shape, Tier};

/// The check number of a card.
pub(in super::super) const CVV: Detector = Detector {
    entity: "cvv",
    group: Group::Card,
    tier: Tier::One,
    form: Form::Scanned,
    check: |candidate| {
        // Programs that know no whole numbers write `123.0`.
        let number = candidate.plain.strip_suffix(b".0").unwrap_or(candidate.plain);
        (matches!(number.len(), 3 | 4) && number.iter().all(u8::is_ascii_digit)).then_some(Shape::Canonical)
    },
    context: &[
        "cvv",
        "cvc",
        "cid",
        "csc",
        "cryptogramme",
        "card_code",
        "security_code",
        "code_securite",
        "cvn",
        "pruefziffer",
        "cvv_code",
        "cryptogramme_visuel",
    ],
    summary: "Check number of a payment card (CVV, CVC)",
    source: "PCI DSS 4.0.1, 3.3.1.2",
    matches: &[
        "cvv=[[123]]",
        "\"cvc\":\"[[1234]]\"",
        "\"cvv\": [[123]]",
        "CVV: [[737]] ok",
        "cvv [[123]]",
        "cvv=[[123.0]]",
    ],
    rejects: &["code=123", "cvv=12345", "cvvx=123", "cvv=12.0 cvv=123.5"],
};

/// When a card ends.
pub(in super::super) const EXPIRY: Detector = Detector {
    entity: "card_expiry",
    check: |candidate| {
        let text = candidate.plain;
        let digits = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
        let (month, rest) = text.split_at_checked(2)?;
        let year = rest
            .strip_prefix(b"/")
            .or_else(|| rest.strip_prefix(b"-"))
            .or_else(|| rest.strip_prefix(b" / "))
            .unwrap_or(rest);
        let is_month = digits(month) && matches!(month, [b'0', b'1'..=b'9'] | [b'1', b'0'..=b'2']);
        (is_month && digits(year) && matches!(year.len(), 2 | 4)).then_some(Shape::Canonical)
    },
    context: &[
        "exp",
        "expiry",
        "exp_date",
        "expiry_date",
        "expiration",
        "expiration_date",
        "card_expiry",
        "card_exp",
        "date_expiration",
        "date_expiration_carte",
        "expires",
        "valid_thru",
        "exp_month_year",
        "caducidad",
        "scadenza",
        "ablaufdatum",
        "gueltig_bis",
        "validade",
        "vervaldatum",
    ],
    summary: "Month in which a payment card ends",
    source: "ISO/IEC 7813",
    matches: &[
        "exp=[[12/27]]",
        "exp [[12/27]] x",
        "\"expiry\":\"[[03/2028]]\"",
        "expiration: [[01/29]]",
        "expiry [[01/29]] x",
    ],
    rejects: &["exp=1732791234", "expires=13/27", "at 12/27", "expired 10/11 jobs"],
    ..CVV
};
