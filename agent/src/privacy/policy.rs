//! Which kinds of values are looked for and what is done with each: a preset, changed by actions of the configuration.

use std::collections::BTreeMap;
use std::sync::Arc;

use ring::digest::{Context, SHA256};

use super::action::Action;
use super::look::Hidden;
use super::masked::Shown;
use super::own::{Looks, OwnRule};
use super::presets::{GROUPS, Preset, group_name};
use crate::redact::{self, Detector, Engine, Group, Strictness};

/// What actions are given for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Selector {
    /// A group.
    Group(Group),
    /// One entity.
    Entity(String),
}

impl Selector {
    /// The entity, else the group, called `name` in any case. `own` are the detectors of the configuration.
    ///
    /// # Errors
    /// What is called similarly.
    pub fn parse(name: &str, own: &[&'static Detector]) -> Result<Self, String> {
        let name = name.to_ascii_lowercase();
        let mut entities = redact::all().chain(own.iter().copied()).map(|detector| detector.entity);
        if let Some((group, _)) = GROUPS.iter().find(|(_, group)| *group == name) {
            return Ok(Self::Group(*group));
        }
        if entities.any(|entity| entity == name) {
            return Ok(Self::Entity(name));
        }
        let groups: Vec<&str> = GROUPS.iter().map(|(_, name)| *name).collect();
        Err(format!("an entity, as `vigie redact entities` lists them, or a group: {}", groups.join(", ")))
    }
}

/// What is looked for, and what is done with it.
#[derive(Debug)]
pub struct Policy {
    engine: Arc<Engine>,
    hidden: Option<Arc<Hidden>>,
    /// By index of the detector in the engine.
    actions: Vec<Action>,
    /// SHA-256 over names and actions of all detectors, in hexadecimal digits.
    digest: String,
    /// Rules of the configuration, with the index of their detectors.
    own: Vec<(u16, Looks)>,
    /// What masks leave; `None` where nothing is masked.
    shown: Option<Shown>,
}

impl Policy {
    /// `preset`, with `chosen` in place of its actions, and with the detectors of the configuration. The order of `chosen` does
    /// not matter: an entity goes before its group.
    pub fn new(
        preset: &Preset,
        strictness: Strictness,
        chosen: &BTreeMap<Selector, Action>,
        own: Vec<OwnRule>,
    ) -> Self {
        let action = |detector: &Detector, default: Option<Action>| {
            let entity = chosen.get(&Selector::Entity(detector.entity.to_owned()));
            entity.or_else(|| chosen.get(&Selector::Group(detector.group))).cloned().or(default)
        };
        let built_in =
            redact::all().filter_map(|detector| Some((detector, action(detector, preset.action(detector))?)));
        let (mut detectors, mut actions): (Vec<&'static Detector>, Vec<Action>) = built_in.unzip();
        let mut lane = Vec::new();
        let mut about = String::new();
        for rule in own {
            let default = rule.action.or_else(|| preset.action(rule.detector)).unwrap_or(Action::Label);
            actions.extend(action(rule.detector, Some(default)));
            about.push_str(&format!("{:?}\n", rule.looks));
            lane.push((u16::try_from(detectors.len()).unwrap_or(u16::MAX), rule.looks));
            detectors.push(rule.detector);
        }
        let digest = digest(&detectors, &actions, strictness, &about);
        let engine = Arc::new(Engine::new(&detectors, strictness));
        let hidden = Hidden::new(&detectors, strictness, &actions, &lane).map(Arc::new);
        let shown = shown(&actions);
        Self { engine, hidden, actions, digest, own: lane, shown }
    }

    /// What the agent's own messages go through: all is hidden behind labels but addresses of machines, which tell who does not
    /// answer.
    pub fn for_messages() -> Self {
        let mut chosen: BTreeMap<Selector, Action> =
            GROUPS.iter().map(|(group, _)| (Selector::Group(*group), Action::Label)).collect();
        chosen.insert(Selector::Group(Group::Network), Action::Keep);
        let preset = Preset::named("rgpd-strict").expect("it is one of the presets");
        Self::new(preset, Strictness::Normal, &chosen, Vec::new())
    }

    /// What looks for values.
    pub fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    /// The detectors that are looked with, in the order of the engine.
    pub fn detectors(&self) -> &[&'static Detector] {
        self.engine.detectors()
    }

    /// What looks for what is to be hidden alone; `None` where nothing is only counted, or nothing hidden.
    pub(super) fn hidden(&self) -> Option<&Arc<Hidden>> {
        self.hidden.as_ref()
    }

    /// Rules of the configuration, with the index of their detectors in the engine.
    pub(super) fn own(&self) -> &[(u16, Looks)] {
        &self.own
    }

    /// What masks leave of values; `None` where none is masked.
    pub(super) fn shown(&self) -> Option<Shown> {
        self.shown
    }

    /// What is done with a value of the detector at `index` of the engine.
    pub fn action(&self, index: usize) -> &Action {
        &self.actions[index]
    }

    /// Whether any action hides what it is for.
    pub fn hides_any(&self) -> bool {
        self.actions.iter().any(|action| *action != Action::Keep)
    }

    /// Whether any action needs the key of the epoch.
    pub fn needs_key(&self) -> bool {
        self.actions.iter().any(Action::needs_key)
    }

    /// SHA-256 of the rules, in hexadecimal digits: two hosts with the same one do the same.
    pub fn digest(&self) -> &str {
        &self.digest
    }
}

/// The most that any of `actions` leaves of what it masks.
fn shown(actions: &[Action]) -> Option<Shown> {
    let masks = actions.iter().filter_map(|action| match action {
        Action::Mask { first, last } => Some(Shown { first: *first, last: *last }),
        _ => None,
    });
    masks.reduce(|one, other| Shown { first: one.first.max(other.first), last: one.last.max(other.last) })
}

fn digest(detectors: &[&'static Detector], actions: &[Action], strictness: Strictness, about: &str) -> String {
    let mut context = Context::new(&SHA256);
    context.update(format!("{} {strictness:?}\n", env!("CARGO_PKG_VERSION")).as_bytes());
    for (detector, action) in detectors.iter().zip(actions) {
        let (entity, group) = (detector.entity, group_name(detector.group));
        context
            .update(format!("{entity} {group} {:?} {:?} {}\n", detector.tier, detector.form, action.text()).as_bytes());
    }
    context.update(about.as_bytes());
    context.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
