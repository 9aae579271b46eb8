//! Numbers of telephones, SIM cards and vehicles.

use super::super::checksum::luhn;
use super::super::{Detector, Form, Group, Shape, Tier};

/// Fifteen digits with Luhn.
pub(in super::super) const IMEI: Detector = Detector {
    entity: "imei",
    group: Group::Device,
    tier: Tier::Three,
    form: Form::Digits { lengths: &[15] },
    check: |candidate| {
        let is_written = matches!(candidate.groups, [15] | [2, 6, 6, 1] | [6, 2, 6, 1] | [8, 6, 1]);
        (is_written && candidate.plain.iter().any(|digit| *digit != b'0') && luhn(candidate.plain))
            .then_some(Shape::Bare)
    },
    context: &[
        "imei",
        "device",
        "device_id",
        "deviceid",
        "handset",
        "equipment",
        "terminal",
        "telephone",
        "phone",
        "appareil",
    ],
    summary: "Number of a mobile telephone (IMEI)",
    source: "3GPP TS 23.003, 6.2 and annex B",
    matches: &["imei=[[490154203237518]]", "device_id [[49-015420-323751-8]]"],
    rejects: &["imei=490154203237519", "id 490154203237518"],
};

/// 19 or 20 digits from 89 with Luhn.
pub(in super::super) const ICCID: Detector = Detector {
    entity: "iccid",
    form: Form::Digits { lengths: &[18, 19, 20] },
    check: |candidate| {
        let is_one = candidate.plain.starts_with(b"89") && (luhn(candidate.plain) || candidate.plain.len() != 19);
        let is_written = candidate.groups.len() == 1 || candidate.groups.iter().all(|group| *group <= 6);
        (is_one && is_written).then_some(Shape::Bare)
    },
    context: &["iccid", "sim", "sim_card", "simcard", "uicc", "carte_sim", "esim"],
    summary: "Number of a SIM card (ICCID)",
    source: "ITU-T E.118",
    matches: &["iccid=[[8933011122233344459]]", "SIM [[8933 0111 2223 3344 459]]"],
    rejects: &["iccid=8933011122233344450", "id 8933011122233344459"],
    ..IMEI
};

/// Fifteen digits that begin with the code of a country.
pub(in super::super) const IMSI: Detector = Detector {
    entity: "imsi",
    form: Form::Digits { lengths: &[14, 15] },
    check: |candidate| {
        (matches!(candidate.plain[0], b'2'..=b'7') && candidate.groups.len() <= 3).then_some(Shape::Bare)
    },
    context: &["imsi", "supi", "subscriber_id", "subscriberid"],
    summary: "Number of a mobile subscriber (IMSI)",
    source: "3GPP TS 23.003, 2.2; ITU-T E.212",
    matches: &["imsi=[[208011234567890]]", "\"imsi\": [[208011234567890]]"],
    rejects: &["id 208011234567890", "imsi=108011234567890"],
    ..IMEI
};

/// Seventeen letters and digits without I, O and Q.
pub(in super::super) const VIN: Detector = Detector {
    entity: "vin",
    group: Group::Vehicle,
    form: Form::Letters { lengths: &[17] },
    check: |candidate| {
        let vin = candidate.plain;
        let is_one = candidate.groups.len() == 1 && !vin.iter().any(|byte| matches!(byte, b'I' | b'O' | b'Q'));
        let digits = vin.iter().filter(|byte| byte.is_ascii_digit()).count();
        let ends_in_digits = vin[13..].iter().all(u8::is_ascii_digit);
        (is_one && (3..17).contains(&digits) && ends_in_digits).then_some(Shape::Bare)
    },
    context: &[
        "vin",
        "chassis",
        "vehicle",
        "vehicule",
        "fahrgestellnummer",
        "fin",
        "bastidor",
        "telaio",
        "num_chassis",
        "vehicle_id",
        "car",
        "voiture",
    ],
    summary: "Number of a vehicle (VIN)",
    source: "ISO 3779, 4 and 5",
    matches: &["vin=[[VF1BR1C0H12345678]]", "châssis [[WVWZZZ1JZXW000001]]"],
    rejects: &["VF1BR1C0H12345678", "vin=VF1BR1C0HO2345678"],
    ..IMEI
};
