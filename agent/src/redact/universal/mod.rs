//! What is written alike in every country.

pub(super) mod card;
pub(super) mod email;
pub(super) mod iban;
pub(super) mod ip;
pub(super) mod rib;

use super::Detector;

/// All of them.
pub const DETECTORS: &[&Detector] = &[&email::EMAIL, &ip::IPV4, &ip::PRIVATE, &iban::IBAN, &rib::RIB, &card::CARD];
