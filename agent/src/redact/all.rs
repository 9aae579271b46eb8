//! The table of all detectors.

use super::{Detector, french, national, secret, universal, vat};

/// Every detector there is, in the order of the manual.
pub fn all() -> impl Iterator<Item = &'static Detector> {
    let rooms = [
        universal::DETECTORS,
        secret::DETECTORS,
        french::DETECTORS,
        vat::DETECTORS,
        national::DETECTORS,
        universal::BY_WORD,
    ];
    rooms.into_iter().flatten().copied()
}
