//! Positions on earth.

use super::super::{Candidate, Detector, Form, Group, Shape, Tier};

/// Latitude and longitude, or one of them behind its name.
pub(in super::super) const GPS: Detector = Detector {
    entity: "gps",
    group: Group::Place,
    tier: Tier::Two,
    form: Form::Scanned,
    check,
    context: &[
        "gps",
        "lat",
        "latitude",
        "lon",
        "lng",
        "long",
        "longitude",
        "position",
        "location",
        "coord",
        "coords",
        "coordinates",
        "coordonnees",
        "point",
        "geo",
        "geoloc",
        "geolocation",
        "latlng",
        "latlon",
        "ll",
        "localisation",
        "standort",
        "ubicacion",
        "posizione",
        "locatie",
    ],
    summary: "Position on earth: latitude and longitude, or one of them behind its name",
    source: "ISO 6709; EPSG:4326; OGC 06-103r4 (WKT)",
    matches: &[
        "at [[48.856614, 2.352222]] now",
        "gps=[[48.8566,2.3522]]",
        "POINT([[2.3522 48.8566]])",
        "lat=[[48.8566]] lon=[[2.3522]]",
        "\"longitude\": [[-0.57918]]",
        "pos [[-33.868820,151.209290]]",
        "[[48.856614, 2.352222]], 35.0",
        "[[48.856614,2.352222]] [[48.856701,2.352319]]",
        "coords [[48.856614, 2.352222]], 12.34567",
        "gps: [[48.856614 2.352222]]",
        "gps=[[48.8566;2.3522]] ok",
        "position [[48.8566; 2.3522]]",
        "\"gps\":\"[[48.8566 -2.3522]]\"",
        "gps [[4.8566,2.3522]] ok",
    ],
    rejects: &[
        "load 0.123456, 0.234567",
        "took 12.3456,7.8901",
        "95.123456, 200.123456",
        "lat=12.5",
        "ratio 1.5, 2.5",
        "[1.123456, -1.234567, 2.345678]",
        "12.123456,13.234567,14.345678,15.456789",
    ],
};

/// Bytes of the longest position.
const LONGEST: usize = 80;

/// `plain` is one decimal, or two with what stands between them.
fn check(candidate: &Candidate<'_>) -> Option<Shape> {
    if candidate.plain.len() > LONGEST {
        return None;
    }
    let mut decimals = candidate.plain.split(|byte| matches!(byte, b',' | b';' | b' ')).filter(|text| !text.is_empty());
    let (first, first_places) = decimal(decimals.next()?)?;
    let Some(second) = decimals.next() else {
        return (first_places >= 4 && first.abs() <= 180.0).then_some(Shape::Canonical);
    };
    let (second, second_places) = decimal(second)?;
    let fits = first.abs() <= 180.0 && second.abs() <= 180.0 && (first.abs() <= 90.0 || second.abs() <= 90.0);
    if !fits || first_places < 4 || second_places < 4 {
        return None;
    }
    let is_fine =
        first_places >= 5 && second_places >= 5 && first.abs() >= 1.0 && second.abs() >= 1.0 && first.abs() <= 90.0;
    let has_comma = candidate.plain.contains(&b',');
    Some(if is_fine && has_comma { Shape::Canonical } else { Shape::Bare })
}

/// A number, and how many digits it has behind the dot.
fn decimal(text: &[u8]) -> Option<(f64, usize)> {
    let dot = text.iter().position(|byte| *byte == b'.')?;
    let number: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    Some((number, text.len() - dot - 1))
}
