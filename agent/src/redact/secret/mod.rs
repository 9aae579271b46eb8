//! Credentials, and the names of those who use them.

pub(super) mod card;
pub(super) mod header;
pub(super) mod named;
pub(super) mod person;
pub(super) mod stand_in;
pub(super) mod vendors;

use super::Detector;

pub use named::is_nothing;

/// All of them.
pub const DETECTORS: &[&Detector] = &[
    &named::PASSWORD,
    &named::SECRET,
    &named::COOKIE,
    &named::QUERY,
    &header::BEARER,
    &header::BASIC,
    &header::USERINFO,
    &header::PRIVATE_KEY,
    &vendors::JWT,
    &vendors::AWS,
    &vendors::GOOGLE,
    &vendors::SCALEWAY,
    &vendors::SCALINGO,
    &vendors::BREVO,
    &vendors::GITHUB,
    &vendors::GITLAB,
    &vendors::SLACK,
    &vendors::STRIPE,
    &vendors::VAULT,
    &vendors::PACKAGES,
    &vendors::MODELS,
    &vendors::OTHERS,
    &person::USERNAME,
    &person::SID,
    &person::NAME,
    &person::ADDRESS,
    &card::CVV,
    &card::EXPIRY,
];
