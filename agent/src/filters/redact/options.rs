//! The options of `redact`, and what they come to.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::geteuid;
use vigie_parsers::batch::Timestamp;

use super::paths::{MOST, Paths, Rule};
use super::rules;
use crate::config::{Diagnostics, Located, OptionType, Options, Section, closest, read_bounded};
use crate::encode::accessor::{Path, Step};
use crate::plugin::Hidden;
use crate::privacy::{
    ACTIONS, Action, GROUPS, KeySource, LiveKeys, PRESETS, Policy, Preset, Selector, Whole, epoch_text,
};
use crate::redact::{self, Detector, Strictness};

crate::options! {
    /// Options of `redact`.
    #[allow(dead_code, reason = "actions and fields are read from the entries of the section, whose places are told of")]
    pub(super) struct RedactOptions {
        preset: PresetName, default "rgpd-strict", "What is looked for and what is done with it: `rgpd-strict` hides all, `rgpd-ops` puts tokens in place of persons, `pci` is for cards, `secrets` for passwords and keys, `none` only for what `Action` and `Field` name.";
        strictness: Level, default "normal", "How much must speak for a value: `low` takes what is certain, `paranoid` also what has the right form only.";
        action: String, repeated, "`ENTITY ACTION [OPTION=VALUE ...]`: what is done with an entity, or a group of them, in place of what the preset does: `keep`, `mask keep_first=N keep_last=N`, `label`, `remove`, `hmac`, `encrypt`, `seal recipient=FILE`, `truncate_ip v4=N v6=N`, `generalise_date years=N`. `vigie redact entities` lists both.";
        field: String, repeated, "`$PATH ACTION [OPTION=VALUE ...]`: what is done with all that stands in a field, whatever it is but `null`; `as=ENTITY` names it in tokens, by default the last key of the path.";
        exclude: Path, repeated, "`$PATH`: a field that is not looked at.";
        allow: Path, repeated, "`$PATH`: a field that stays; once there is one, all fields that are not named go.";
        keys: bool, default "off", "Whether keys of fields are looked at too.";
        mode: Mode, default "redact", "`redact`, or `report`: what is found is counted, and nothing is changed.";
        rules: String, repeated, "Files, `*` allowed, with detectors of your own: `rules:`, a list of maps with `name`, `group`, `action`, one of `words`, `dictionary`, `number` (with `prefix` and `checksum`) and `regex`, and an `example`.";
        key_file: PathBuf, optional, "The key ring that `hmac` and `encrypt` take their keys from, made with `vigie keys new`; nobody but its owner may have rights to it. It is read again when it changes.";
        key_credential: String, optional, "Name of a credential of systemd that holds the key ring, in place of `Key_File`.";
        key_epoch: Duration, optional, "How long each key of the ring is in use, to be held against the ring.";
    }
}

/// The name of a preset.
#[derive(Clone, Copy, Debug)]
pub(super) struct PresetName(pub(super) &'static Preset);

impl OptionType for PresetName {
    const KIND: &'static str = "preset";

    fn parse(text: &str) -> Result<Self, String> {
        let names: Vec<&str> = PRESETS.iter().map(|preset| preset.name).collect();
        Preset::named(text).map(Self).ok_or(format!("one of {}", names.join(", ")))
    }
}

/// How strict the engine is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Level(pub(super) Strictness);

impl OptionType for Level {
    const KIND: &'static str = "strictness";

    fn parse(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "low" => Ok(Self(Strictness::Low)),
            "normal" => Ok(Self(Strictness::Normal)),
            "paranoid" => Ok(Self(Strictness::Paranoid)),
            _ => Err("`low`, `normal` or `paranoid`".into()),
        }
    }
}

/// What is done with what is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Its action.
    Redact,
    /// It is counted.
    Report,
}

impl OptionType for Mode {
    const KIND: &'static str = "mode";

    fn parse(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "redact" => Ok(Self::Redact),
            "report" => Ok(Self::Report),
            _ => Err("`redact` or `report`".into()),
        }
    }
}

/// What a filter is made of; shared by those of all workers.
pub(super) struct Setup {
    pub(super) policy: Arc<Policy>,
    pub(super) wholes: Arc<[Whole]>,
    pub(super) paths: Arc<Paths>,
    pub(super) keys: bool,
    pub(super) report: bool,
    pub(super) live: Option<Arc<LiveKeys>>,
}

impl Setup {
    /// Reads the options of `section`. `None` when something was wrong and reported: then nothing runs. With `dry_run` a
    /// credential that the service manager would hand in may be missing.
    pub(super) fn read(section: &Section, dry_run: bool, now: Timestamp, findings: &mut Diagnostics) -> Option<Self> {
        let options = RedactOptions::read(section, findings)?;
        if let Some(allow) = section.blank.iter().find(|key| key.text == "allow") {
            let help =
                "name the fields that are to stay, or take the line away: then all stay that hold nothing to hide";
            findings.error(allow.place, "V510", "`allow` names no field that is to stay").help(help);
            return None;
        }
        if !names_fields(section, findings) {
            return None;
        }
        let own = match rules::read(&options.rules) {
            Ok(own) => own,
            Err(message) => {
                let place = section.get("rules").map_or(section.place, |value| value.place);
                findings.error(place, "V512", message).help("mend or remove the rule; nothing runs until then");
                return None;
            }
        };
        let named: Vec<&'static Detector> = own.iter().map(|rule| rule.detector).collect();
        let chosen = actions(section, &named, findings);
        let fields = fields(section, findings);
        let (chosen, fields) = (chosen?, fields?);
        let mut rules: Vec<(Path, Rule)> =
            fields.iter().enumerate().map(|(at, (path, _))| (path.clone(), Rule::Whole(at))).collect();
        rules.extend(options.exclude.iter().map(|path| (path.clone(), Rule::Exclude)));
        rules.extend(options.allow.iter().map(|path| (path.clone(), Rule::Allow)));
        if rules.len() > MOST {
            let message = format!("{} rules of fields, of which {MOST} can be followed", rules.len());
            findings
                .error(section.place, "V510", message)
                .help("use a second filter, or name the map that they stand in");
            return None;
        }
        if has_no_preset(section) && rules_of(section).next().is_none() {
            let message = "this filter looks for nothing: its preset is `none`, and nothing else is named";
            let help = "name what is to be hidden with `Action`, `Field`, `Allow` or `Rules`, or choose another preset";
            let place = section.get("preset").map_or(section.place, |value| value.place);
            findings.error(place, "V510", message).help(help);
            return None;
        }
        let policy = Policy::new(options.preset.0, options.strictness.0, &chosen, own);
        let wholes: Arc<[Whole]> = fields.into_iter().map(|(_, whole)| whole).collect();
        let report = options.mode == Mode::Report;
        let needs_key = !report && (policy.needs_key() || wholes.iter().any(|whole| whole.action.needs_key()));
        let live = keys(section, &options, (needs_key, dry_run), now, findings)?;
        let (policy, paths) = (Arc::new(policy), Arc::new(Paths::new(rules)));
        let setup = Self { policy, wholes, paths, keys: options.keys, report, live };
        for (_, value) in values(section, "field").enumerate().filter(|(at, _)| setup.paths.is_shut(*at)) {
            let message = "this rule never applies: `Exclude` names the field, or a map around it";
            findings
                .warning(value.place, "V510", message)
                .help("take one of the two away; what is excluded is not looked at");
        }
        if !report && setup.hides().is_none() {
            let help = "give one of them another action; to count only, write `Mode report`";
            findings.warning(section.place, "V510", "this filter hides nothing: all its actions are `keep`").help(help);
        }
        Some(setup)
    }

    /// Which keys it hides what it finds under; `None` when it hides nothing.
    pub(super) fn hides(&self) -> Option<Hidden> {
        let is_hiding = |whole: &Whole| whole.action != Action::Keep;
        let (finds, only_allowed) = (self.policy.hides_any(), self.paths.only_allowed());
        if self.report || !(finds || only_allowed || self.wholes.iter().any(is_hiding)) {
            return None;
        }
        let at = |whole: Option<usize>| whole.map_or(finds, |whole| is_hiding(&self.wholes[whole]));
        let elsewhere = finds || only_allowed;
        Some(Hidden {
            elsewhere,
            otherwise: self
                .paths
                .tops(at)
                .filter(|(_, is_hidden)| *is_hidden != elsewhere)
                .map(|(key, _)| key)
                .collect(),
        })
    }
}

fn has_no_preset(section: &Section) -> bool {
    section.get("preset").is_some_and(|preset| preset.text.eq_ignore_ascii_case("none"))
}

/// What the section names beside its preset.
fn rules_of(section: &Section) -> impl Iterator<Item = &Located> {
    ["action", "field", "rules", "allow"].into_iter().flat_map(|key| values(section, key))
}

fn values<'s>(section: &'s Section, key: &str) -> impl Iterator<Item = &'s Located> {
    section.entries.iter().filter(move |entry| entry.key.text == key).map(|entry| &entry.value)
}

/// Whether what `Exclude` and `Allow` name may be fields, else tells of each that may not.
fn names_fields(section: &Section, findings: &mut Diagnostics) -> bool {
    let mut are_ones = true;
    for (key, value) in
        ["exclude", "allow"].into_iter().flat_map(|key| values(section, key).map(move |value| (key, value)))
    {
        if let Err((expected, written)) = may_be_field(&value.text) {
            wrong(value, key, expected, format!("write `{key} {written}`"), findings);
            are_ones = false;
        }
    }
    are_ones
}

/// Tells what was expected and what to write where no field is meant as `path` is written: two words, or an empty part between dots.
fn may_be_field(path: &str) -> Result<(), (&'static str, String)> {
    let bare = path.strip_prefix('$').unwrap_or(path);
    if bare.contains(['[', '\'']) {
        return Ok(());
    }
    if bare.contains(char::is_whitespace) {
        return Err(("one field, where one with a space stands in quotes", format!("$['{bare}']")));
    }
    if bare.split('.').any(str::is_empty) {
        let parts: Vec<&str> = bare.split('.').filter(|part| !part.is_empty()).collect();
        let (top, rest) = parts.split_first().unwrap_or((&"user", &[]));
        let rest: String = rest.iter().map(|part| format!("['{part}']")).collect();
        return Err(("a field without an empty part between dots", format!("${top}{rest}")));
    }
    Ok(())
}

fn wrong(value: &Located, key: &str, expected: &str, help: String, findings: &mut Diagnostics) {
    let message = format!("`{key}`: expected {expected}, found {}", value.quoted());
    findings.error(value.place, "V510", message).help(help);
}

/// The one of `names` that `word` is, or is near to.
fn near(word: &str, names: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    closest(word, &names.collect::<Vec<_>>())
}

/// How the action called `word`, or nearly so, is configured; a label where there is none.
fn advised(word: &str) -> &'static str {
    let near = near(word, ACTIONS.iter().map(|(name, _)| *name));
    ACTIONS.iter().find(|(name, _)| near == Some(name)).map_or("label", |(_, example)| example)
}

/// What to write in the place of an `Action` of these words.
fn advised_action(words: &[&str], own: &[&'static Detector]) -> String {
    let word = |at: usize| words.get(at).copied().unwrap_or_default();
    let entities = redact::all().chain(own.iter().copied()).map(|detector| detector.entity);
    let subject = near(word(0), entities.chain(GROUPS.iter().map(|(_, name)| *name))).unwrap_or("email");
    format!("write `action {subject} {}`", advised(word(1)))
}

/// What to write in the place of the `Field` that `text` is.
fn advised_field(text: &str) -> String {
    let (path, rest) = path_and_rest(text).unwrap_or((text, ""));
    let path = if Path::parse(path).is_ok() { path } else { "$user['email']" };
    let word = rest.split_whitespace().find(|word| !word.contains('=')).unwrap_or_default();
    format!("write `field {path} {}`", advised(word))
}

pub(super) fn recipient(path: &str) -> Result<String, String> {
    read_bounded(std::path::Path::new(path), 4096)
}

/// What `Action` chooses. `None` when something was wrong.
fn actions(
    section: &Section,
    own: &[&'static Detector],
    findings: &mut Diagnostics,
) -> Option<BTreeMap<Selector, Action>> {
    let mut chosen = BTreeMap::new();
    let mut complete = true;
    for value in values(section, "action") {
        let words: Vec<&str> = value.text.split_whitespace().collect();
        let read = || {
            let (name, action) = words.split_first().ok_or("an entity or group, and an action")?;
            Ok::<_, String>((Selector::parse(name, own)?, Action::parse(action, recipient)?))
        };
        match read() {
            Ok((selector, action)) => {
                if chosen.insert(selector, action).is_some() {
                    let help = "take one of the two away".to_owned();
                    wrong(value, "action", "each entity and group once", help, findings);
                    complete = false;
                }
            }
            Err(expected) => {
                wrong(value, "action", &expected, advised_action(&words, own), findings);
                complete = false;
            }
        }
    }
    complete.then_some(chosen)
}

/// What `Field` chooses, in order. `None` when something was wrong.
fn fields(section: &Section, findings: &mut Diagnostics) -> Option<Vec<(Path, Whole)>> {
    let mut all = Vec::new();
    let mut complete = true;
    for value in values(section, "field") {
        match field(&value.text) {
            Ok(field) => all.push(field),
            Err(expected) => {
                wrong(value, "field", &expected, advised_field(&value.text), findings);
                complete = false;
            }
        }
    }
    complete.then_some(all)
}

/// The path that `text` begins with, and what stands behind it.
fn path_and_rest(text: &str) -> Option<(&str, &str)> {
    let mut quotes = 0;
    let end = text.find(|character: char| {
        quotes += usize::from(character == '\'');
        quotes % 2 == 0 && character.is_whitespace()
    });
    text.split_at_checked(end?)
}

fn field(text: &str) -> Result<(Path, Whole), String> {
    let (path, rest) = path_and_rest(text).ok_or("a path and an action")?;
    may_be_field(path).map_err(|(expected, _)| expected)?;
    let path = Path::parse(path)?;
    let mut words: Vec<&str> = rest.split_whitespace().collect();
    let name = words.iter().position(|word| word.starts_with("as=")).map(|at| words.remove(at));
    let entity = match name.and_then(|name| name.strip_prefix("as=")) {
        Some(name) => entity_name(name.as_bytes())
            .filter(|entity| entity == name)
            .ok_or("a name of small letters, digits and `_` behind `as=`")?,
        None => {
            let key = path.steps().iter().rev().find_map(|step| match step {
                Step::Key(key) => Some(key.as_slice()),
                Step::Index(_) => None,
            });
            entity_name(key.unwrap_or(path.top())).unwrap_or_else(|| "field".into())
        }
    };
    let action = Action::parse(&words, recipient)?;
    let group = redact::all().find(|detector| detector.entity == entity).map(|detector| detector.group);
    Ok((path, Whole { entity, group, action }))
}

/// `key` as the name of an entity; `None` when nothing is left of it.
pub(super) fn entity_name(key: &[u8]) -> Option<String> {
    let letter = |byte: &u8| if byte.is_ascii_alphanumeric() { char::from(byte.to_ascii_lowercase()) } else { '_' };
    let name: String = key.iter().take(32).map(letter).collect();
    name.starts_with(|character: char| character.is_ascii_lowercase()).then_some(name)
}

/// The key ring. `None` when it is needed and cannot be used.
#[expect(clippy::option_option, reason = "no ring is needed, or it cannot be used")]
fn keys(
    section: &Section,
    options: &RedactOptions,
    (is_needed, dry_run): (bool, bool),
    now: Timestamp,
    findings: &mut Diagnostics,
) -> Option<Option<Arc<LiveKeys>>> {
    let place = section.get("key_file").or(section.get("key_credential")).map_or(section.place, |value| value.place);
    let source = match (&options.key_file, &options.key_credential) {
        (Some(_), Some(_)) => {
            findings
                .error(place, "V511", "`Key_File` and `Key_Credential` cannot stand together")
                .help("keep one of them");
            return None;
        }
        (Some(path), None) => KeySource::File(path.clone()),
        (None, Some(name)) => {
            let directory = std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
            let source = KeySource::Credential(name.clone(), directory.clone().or(dry_run.then(PathBuf::new)));
            if directory.is_none() && dry_run && source.path().is_ok() {
                let message = "the credential is handed in by the service manager: it is not looked at here";
                findings.warning(place, "V511", message);
                return Some(None);
            }
            source
        }
        (None, None) if is_needed => {
            let help = "make a ring with `vigie keys new --key-file /etc/vigie/redact.key` and name it with `Key_File`, or choose an action without a key, such as `label`";
            findings.error(place, "V511", "`hmac` and `encrypt` need a key ring").help(help);
            return None;
        }
        (None, None) => {
            if let Some(epoch) = section.get("key_epoch") {
                let help = "name the ring with `Key_File` or `Key_Credential`, or take the line away";
                let message = "`Key_Epoch` says nothing here: it is held against a key ring, and none is named";
                findings.warning(epoch.place, "V511", message).help(help);
            }
            return Some(None);
        }
    };
    let user = geteuid().as_raw();
    if let Some(owner) = source.stranger(user).filter(|_| dry_run) {
        let message = format!("the key ring belongs to user {owner}: the agent must run as that user");
        findings.warning(place, "V511", message);
    }
    // It may be run as someone else than it is checked as.
    match LiveKeys::open(&source, (!dry_run).then_some(user), u64::try_from(now.seconds).unwrap_or_default()) {
        Ok(live) => {
            let wanted = options.key_epoch.map_or(live.epoch(), |epoch| epoch.as_secs());
            if wanted != live.epoch() {
                let message = format!("`Key_Epoch` and the ring differ: its epochs last {}", epoch_text(live.epoch()));
                findings.error(place, "V511", message).help(format!("write `Key_Epoch {}`", epoch_text(live.epoch())));
                return None;
            }
            Some(Some(Arc::new(live)))
        }
        Err(message) => {
            findings.error(place, "V511", message);
            None
        }
    }
}
