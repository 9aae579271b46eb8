//! What France gives to persons, trades and vehicles.

mod adeli;
mod cni;
mod finess;
mod ine;
mod nir;
mod passport;
mod permis;
mod plate;
mod rpps;
mod siren;
mod spi;
mod vat;

use super::Detector;

/// All of them.
pub const DETECTORS: &[&Detector] = &[
    &nir::NIR,
    &nir::NIR_CORSICA,
    &nir::NIR_RARE,
    &nir::NIR_WITHOUT_KEY,
    &spi::SPI,
    &siren::SIREN,
    &siren::SIRET,
    &siren::SIRET_AS_MOMENT,
    &vat::VAT,
    &passport::PASSPORT,
    &cni::CNI,
    &cni::OLD_CNI,
    &permis::PERMIS,
    &permis::NEPH,
    &plate::SIV,
    &plate::FNI,
    &rpps::RPPS,
    &adeli::ADELI,
    &finess::FINESS,
    &ine::INE,
];
