//! The table of all detectors.

use super::{Detector, secret, universal};

/// Every detector there is, in the order of the manual.
pub fn all() -> impl Iterator<Item = &'static Detector> {
    universal::DETECTORS.iter().chain(secret::DETECTORS).copied()
}
