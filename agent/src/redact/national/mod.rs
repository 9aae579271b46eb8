//! What the other states of the European Economic Area, Switzerland and the United Kingdom give to persons and trades.

pub(super) mod at;
pub(super) mod baltic;
pub(super) mod be;
pub(super) mod bg;
pub(super) mod ch;
pub(super) mod cz;
pub(super) mod de;
pub(super) mod es;
pub(super) mod gb;
pub(super) mod gr;
pub(super) mod hr;
pub(super) mod hu;
pub(super) mod ie;
pub(super) mod islands;
pub(super) mod it;
pub(super) mod lu;
pub(super) mod nl;
pub(super) mod nordic;
pub(super) mod pl;
pub(super) mod pt;
pub(super) mod ro;
pub(super) mod si;

use super::Detector;

/// All of them.
pub const DETECTORS: &[&Detector] = &[
    &de::STEUER_ID,
    &de::STEUERNUMMER,
    &de::AUSWEIS,
    &de::RVNR,
    &de::KVNR,
    &at::SVNR,
    &at::TIN,
    &ch::AHV,
    &ch::UID,
    &be::NN,
    &be::KBO,
    &nl::BSN,
    &lu::MATRICULE,
    &es::DNI,
    &es::NIE,
    &es::NIF,
    &es::NUSS,
    &it::CF,
    &it::PIVA,
    &pt::NIF,
    &pt::CC,
    &pt::NISS,
    &pl::PESEL,
    &pl::DOWOD,
    &pl::NIP,
    &pl::REGON,
    &cz::RC,
    &hu::TAJ,
    &hu::ADO,
    &hu::SZEMELYI,
    &ro::CNP,
    &ro::CNP_AS_MILLISECONDS,
    &bg::EGN,
    &bg::LNCH,
    &gr::AMKA,
    &gr::AFM,
    &hr::OIB,
    &si::EMSO,
    &si::DAVCNA,
    &baltic::LT,
    &baltic::EE,
    &baltic::LV,
    &nordic::SE,
    &nordic::SE_ORGNR,
    &nordic::NO,
    &nordic::FI,
    &nordic::IS,
    &nordic::DK,
    &ie::PPS,
    &gb::NINO,
    &gb::NHS,
    &gb::UTR,
    &islands::MT,
    &islands::CY,
];
