//! Presets: which kinds of values are looked for, and what is done with each. The tables of the manual are made from this.

use super::action::Action;
use crate::redact::{Detector, Group};

/// A named choice of actions.
#[derive(Clone, Copy, Debug)]
pub struct Preset {
    /// Its name in the configuration.
    pub name: &'static str,
    /// What it is for, in one sentence.
    pub summary: &'static str,
    /// Action by group; groups that are not named are not looked for.
    pub groups: &'static [(Group, &'static str)],
    /// Action by entity, in place of its group's.
    pub entities: &'static [(&'static str, &'static str)],
}

/// What the strict preset treats otherwise than its group.
const STRICT_OTHERWISE: &[(&str, &str)] =
    &[("ipv4", "truncate_ip"), ("ipv6", "truncate_ip"), ("private_ip", "keep"), ("birth_date", "generalise_date")];

/// What the preset for operations treats otherwise than its group: numbers of companies and private networks are counted only.
const OPS_OTHERWISE: &[(&str, &str)] = &[
    ("ipv4", "truncate_ip"),
    ("ipv6", "truncate_ip"),
    ("private_ip", "keep"),
    ("birth_date", "generalise_date"),
    ("lei", "keep"),
    ("bic", "keep"),
    ("fr_siren", "keep"),
    ("fr_siret", "keep"),
    ("fr_vat", "keep"),
    ("vat", "keep"),
];

/// Every group with its name in the configuration.
pub const GROUPS: &[(Group, &str)] = &[
    (Group::Person, "person"),
    (Group::Contact, "contact"),
    (Group::National, "national"),
    (Group::Tax, "tax"),
    (Group::Bank, "bank"),
    (Group::Card, "card"),
    (Group::Health, "health"),
    (Group::Network, "network"),
    (Group::Device, "device"),
    (Group::Secret, "secret"),
    (Group::Place, "place"),
    (Group::Vehicle, "vehicle"),
];

/// The presets in the order of the manual.
pub const PRESETS: &[Preset] = &[
    Preset {
        name: "rgpd-strict",
        summary: "Nothing that tells one person from another stays; no key is needed.",
        groups: &[
            (Group::Person, "label"),
            (Group::Contact, "label"),
            (Group::National, "remove"),
            (Group::Tax, "label"),
            (Group::Bank, "label"),
            (Group::Card, "label"),
            (Group::Health, "remove"),
            (Group::Network, "label"),
            (Group::Device, "label"),
            (Group::Secret, "label"),
            (Group::Place, "label"),
            (Group::Vehicle, "label"),
        ],
        entities: STRICT_OTHERWISE,
    },
    Preset {
        name: "rgpd-ops",
        summary: "Tokens stand for persons, so that their records can be put together within one epoch; it needs a key ring.",
        groups: &[
            (Group::Person, "hmac"),
            (Group::Contact, "hmac"),
            (Group::National, "remove"),
            (Group::Tax, "hmac"),
            (Group::Bank, "hmac"),
            (Group::Card, "mask keep_last=4"),
            (Group::Health, "remove"),
            (Group::Network, "hmac"),
            (Group::Device, "hmac"),
            (Group::Secret, "label"),
            (Group::Place, "label"),
            (Group::Vehicle, "hmac"),
        ],
        entities: OPS_OTHERWISE,
    },
    Preset {
        name: "pci",
        summary: "Card numbers, of which the first six and the last four digits stay, and secrets.",
        groups: &[(Group::Card, "mask keep_first=6 keep_last=4"), (Group::Secret, "label")],
        entities: &[],
    },
    Preset {
        name: "secrets",
        summary: "Passwords, keys, tokens, cookies.",
        groups: &[(Group::Secret, "label")],
        entities: &[],
    },
    Preset { name: "none", summary: "Only what `Action`, `Field` and `Rules` name.", groups: &[], entities: &[] },
];

impl Preset {
    /// The preset called `name`, in any case.
    pub fn named(name: &str) -> Option<&'static Self> {
        PRESETS.iter().find(|preset| preset.name.eq_ignore_ascii_case(name))
    }

    /// What it does with values of `detector`; `None` when it does not look for them.
    ///
    /// # Panics
    /// When one of its rows cannot be read, which a test holds.
    pub fn action(&self, detector: &Detector) -> Option<Action> {
        let entity = self.entities.iter().find(|(entity, _)| *entity == detector.entity).map(|(_, action)| *action);
        let group = || self.groups.iter().find(|(group, _)| *group == detector.group).map(|(_, action)| *action);
        // An entity is named for what it does otherwise than its group.
        let text = group().map(|group| entity.unwrap_or(group))?;
        let words: Vec<&str> = text.split(' ').collect();
        Some(Action::parse(&words, |_| Err(String::new())).expect("the rows of presets are read by a test"))
    }
}

/// The name of `group` in the configuration.
pub fn group_name(group: Group) -> &'static str {
    GROUPS.iter().find(|(each, _)| *each == group).map_or("other", |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact;

    /// The presets as the manual shows them.
    fn tables() -> String {
        let mut text = String::from("| Group |");
        let shown: Vec<&Preset> = PRESETS.iter().filter(|preset| !preset.groups.is_empty()).collect();
        for preset in &shown {
            text.push_str(&format!(" `{}` |", preset.name));
        }
        text.push_str(&format!("\n|{}\n", " --- |".repeat(shown.len() + 1)));
        let named =
            |preset: &Preset, group| preset.groups.iter().find(|(each, _)| *each == group).map(|(_, action)| *action);
        for (group, name) in GROUPS {
            text.push_str(&format!("| {name} |"));
            for preset in &shown {
                let action = named(preset, *group).map_or("-".to_owned(), |action| format!("`{action}`"));
                text.push_str(&format!(" {action} |"));
            }
            text.push('\n');
        }
        text.push('\n');
        for preset in PRESETS {
            let other: Vec<String> =
                preset.entities.iter().map(|(entity, action)| format!("{entity} `{action}`")).collect();
            let other = if other.is_empty() {
                String::new()
            } else {
                format!(" Otherwise than their group: {}.", other.join(", "))
            };
            text.push_str(&format!("* `{}`: {}{other}\n", preset.name, preset.summary));
        }
        text
    }

    /// The tiers of the ways in which an entity is looked for: `1/2`.
    fn tiers(entity: &str) -> String {
        let all = redact::all().filter(|detector| detector.entity == entity).map(|detector| detector.tier);
        let tiers: std::collections::BTreeSet<_> = all.collect();
        let number = |tier: redact::Tier| match tier {
            redact::Tier::One => "1",
            redact::Tier::Two => "2",
            redact::Tier::Three => "3",
        };
        tiers.into_iter().map(number).collect::<Vec<_>>().join("/")
    }

    /// The kinds of values of each group, with their tiers.
    fn kinds() -> String {
        let mut text = String::from("| Group | Kinds, and their tiers |\n| --- | --- |\n");
        for (group, name) in GROUPS {
            let mut entities: Vec<&str> =
                redact::all().filter(|detector| detector.group == *group).map(|detector| detector.entity).collect();
            entities.dedup();
            let each = entities.iter().map(|entity| format!("`{entity}` {}", tiers(entity)));
            text.push_str(&format!("| {name} | {} |\n", each.collect::<Vec<_>>().join(", ")));
        }
        text
    }

    #[test]
    #[allow(clippy::disallowed_methods, reason = "the manual is a small file of our own")]
    fn the_manual_shows_presets_and_kinds_as_they_are() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/privacy.md");
        let manual = std::fs::read_to_string(&path).expect("there is a manual");
        let mut written = manual.clone();
        for (mark, table) in [("presets", tables()), ("kinds", kinds())] {
            let opening = format!("<!-- {mark} -->\n");
            let (before, rest) = written.split_once(&opening).expect("it has a place for them");
            let (_, behind) = rest.split_once("<!-- end -->").expect("it ends");
            written = format!("{before}{opening}{table}<!-- end -->{behind}");
        }
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&path, written).expect("it can be written");
        } else {
            assert_eq!(manual, written, "write it anew with BLESS=1");
        }
    }

    #[test]
    fn presets_name_what_there_is_and_each_group_has_a_name() {
        for preset in PRESETS {
            assert!(preset.summary.ends_with('.') && Preset::named(&preset.name.to_uppercase()).is_some());
            for detector in redact::all() {
                assert!(
                    preset.action(detector).is_some()
                        == preset.groups.iter().any(|(group, _)| *group == detector.group)
                );
                assert_ne!(group_name(detector.group), "other");
            }
            for (entity, _) in preset.entities {
                assert!(redact::all().any(|detector| detector.entity == *entity), "{entity}");
            }
        }
    }
}
