//! What is written alike in every country.

pub(super) mod birth;
pub(super) mod card;
pub(super) mod company;
pub(super) mod device;
pub(super) mod email;
pub(super) mod iban;
pub(super) mod ip;
pub(super) mod mac;
pub(super) mod mrz;
pub(super) mod passport;
pub(super) mod phone;
pub(super) mod place;
pub(super) mod plate;
pub(super) mod rib;

use super::Detector;

/// All of them.
pub const DETECTORS: &[&Detector] = &[
    &email::EMAIL,
    &phone::INTERNATIONAL,
    &phone::FRENCH,
    &phone::NATIONAL,
    &ip::IPV4,
    &ip::IPV6,
    &ip::PRIVATE,
    &mac::MAC,
    &iban::IBAN,
    &rib::RIB,
    &company::BIC,
    &card::CARD,
    &company::LEI,
    &device::IMEI,
    &device::ICCID,
    &device::IMSI,
    &device::VIN,
    &mrz::MRZ,
    &birth::BIRTH,
    &birth::SHORT,
    &birth::NAMED,
    &place::GPS,
];

/// What a word alone tells: behind all others, so that one with a rule of its own gives a value its name.
pub const BY_WORD: &[&Detector] = &[&passport::PASSPORT, &passport::DIGITS, &plate::PLATE];
