//! Maps that describe a value, as schemas and mappings do, and hold none: `{"type":"string","minLength":8}`.

use super::brackets::TYPES;

/// Most members of such a map.
const MEMBERS: usize = 16;

/// What members of a description are called, beside `type`. What is called otherwise may be a value.
const NAMES: &[&[u8]] = &[
    b"$id",
    b"additionalProperties",
    b"analyzer",
    b"computed",
    b"deprecated",
    b"description",
    b"doc_values",
    b"enabled",
    b"format",
    b"hint",
    b"ignore_above",
    b"index",
    b"label",
    b"max",
    b"maxLength",
    b"maximum",
    b"min",
    b"minLength",
    b"minimum",
    b"norms",
    b"nullable",
    b"optional",
    b"pattern",
    b"placeholder",
    b"readOnly",
    b"required",
    b"sensitive",
    b"store",
    b"title",
    b"writeOnly",
];

/// Whether a map of these members, names and what text they have, only describes a value.
pub fn is_description<'a>(members: impl Iterator<Item = (&'a [u8], Option<&'a [u8]>)>) -> bool {
    let (mut has_type, mut count) = (false, 0);
    for (name, text) in members.take(MEMBERS + 1) {
        count += 1;
        match name {
            b"type" if text.is_some_and(|text| TYPES.contains(&text)) => has_type = true,
            _ if NAMES.contains(&name) => {}
            _ => return false,
        }
    }
    has_type && count <= MEMBERS
}

#[cfg(test)]
mod tests {
    use super::is_description;

    fn is_one(members: &[(&str, Option<&str>)]) -> bool {
        is_description(members.iter().map(|(name, text)| (name.as_bytes(), text.map(str::as_bytes))))
    }

    #[test]
    fn a_description_has_a_type_and_no_value() {
        assert!(is_one(&[("type", Some("string")), ("minLength", None), ("description", Some("a password"))]));
        assert!(!is_one(&[("minLength", None)]));
        assert!(!is_one(&[("type", Some("hunter2"))]));
        assert!(!is_one(&[("type", None)]));
        assert!(!is_one(&[("type", Some("string")), ("value", Some("hunter2"))]));
        assert!(!is_one(&[("type", Some("string")), ("old", Some("hunter2"))]));
        assert!(!is_one(&[("type", Some("string")); 17]));
    }
}
