//! Puts something else in the place of what was found. One per worker; nothing is allocated while nothing is found.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::ops::Range;
use std::sync::Arc;

use siphasher::sip128::{Hasher128, SipHasher24};
use vigie_parsers::batch::Value;

use super::action::Action;
use super::bare::Quotes;
use super::live_keys::EpochKeys;
use super::look::{Look, is_kept};
use super::mask::{mask, truncated, year};
use super::normal::normalised;
use super::policy::Policy;
use super::seal::Sealer;
use super::seen::{Glance, Note, Seen};
use super::tag::readings;
use super::token::{push_encrypted, push_for, push_hash, push_label, tokens_in};
use super::walk::Walk;
use crate::encode::{push_escaped, unescaped};
use crate::redact::{self, Below, Detector, Finding, Group, Named, Place, unite};

/// Hashes that are remembered.
const REMEMBERED: usize = 1024;
/// Keys of maps of which is remembered what secret they name.
const MOST_KEYS: usize = 256;
/// What is a secret under the key of one alone.
const SECRET: &[u8] = b"k3J9xQ7mZ2wT";
/// Longest token of a keyed hash that is remembered.
const LONGEST: usize = 112;

/// A secret that the key of a map names, beside passwords.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Secret {
    /// A cookie.
    Cookie,
    /// A key or token.
    Token,
    /// One of several keys or tokens, beside which counts and names of models stand too.
    Tokens,
}

/// An action for all that stands under one field, whatever it is.
#[derive(Clone, Debug)]
pub struct Whole {
    /// Name in tokens and metrics.
    pub entity: String,
    /// The group of that entity, when it is one that detectors find.
    pub group: Option<Group>,
    /// What is done.
    pub action: Action,
}

/// What a value is called and what is done with it.
struct Task<'a> {
    entity: &'a str,
    group: Option<Group>,
    action: &'a Action,
    /// Tells tasks apart in what is remembered: the place in `counts`.
    number: usize,
    /// Whether it is an address with its last number first, as in names of the DNS.
    is_reversed: bool,
}

/// Finds values in texts and writes what is to stand in their place.
pub struct Redactor {
    policy: Arc<Policy>,
    wholes: Arc<[Whole]>,
    look: Look,
    /// Whether values are only counted.
    report: bool,
    /// What secret keys of maps name.
    secrets: HashMap<Box<[u8]>, Option<Secret>>,
    hands: Hands,
    /// By index of the detector, then by index of `wholes`.
    counts: Vec<u64>,
}

/// What actions work with.
struct Hands {
    /// Of the epoch.
    keys: Option<Arc<EpochKeys>>,
    sealers: Vec<(String, Sealer)>,
    normal: Vec<u8>,
    remembered: Remembered,
    /// Values hidden behind their label since their action could not be done, by the numbers of tasks.
    unable: Vec<u64>,
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Redactor").field("policy", &self.policy.digest()).finish_non_exhaustive()
    }
}

impl Redactor {
    /// One that does what `policy` says, and for whole fields what `wholes` say; with `report` it only counts.
    pub fn new(policy: Arc<Policy>, wholes: Arc<[Whole]>, report: bool) -> Self {
        let look = Look::new(&policy);
        let counts = vec![0; policy.detectors().len() + wholes.len()];
        let (remembered, unable) = (Remembered::new(), vec![0; counts.len()]);
        let hands = Hands { keys: None, sealers: Vec::new(), normal: Vec::new(), remembered, unable };
        Self { policy, wholes, look, report, secrets: HashMap::new(), hands, counts }
    }

    /// One for the agent's own messages.
    pub fn for_messages() -> Self {
        Self::new(Arc::new(Policy::for_messages()), Arc::default(), false)
    }

    /// What it looks for and does.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// `message` as it may be written.
    pub fn message(&mut self, message: String) -> String {
        let mut out = Vec::new();
        if self.text(message.as_bytes(), Place::default(), &mut out) {
            return String::from_utf8_lossy(&out).into_owned();
        }
        message
    }

    /// Takes the keys of the epoch; without them values are hidden behind their labels.
    pub fn set_keys(&mut self, keys: Option<Arc<EpochKeys>>) {
        // Another ring may have another key for the same epoch.
        if keys.as_ref().map(Arc::as_ptr) != self.hands.keys.as_ref().map(Arc::as_ptr) {
            self.hands.remembered.clear();
        }
        self.hands.keys = keys;
    }

    /// Appends `text` to `out` with something else in the place of each value. Gives whether anything changed; if not, `out` is
    /// as before. What was escaped stays so.
    pub fn text(&mut self, text: &[u8], place: Place<'_>, out: &mut Vec<u8>) -> bool {
        self.look(text, place);
        if self.look.found.is_empty() {
            return false;
        }
        if memchr::memchr(b'<', text).is_some() {
            let mut tokens = Walk::new(tokens_in(text));
            let known = Known { policy: &self.policy, wholes: &self.wholes };
            let mut is_inside = |finding: &Finding| {
                let (start, end) = (finding.start as usize, finding.end as usize);
                // `user=<jane>`: what fills the brackets alone is a value unless it is the name of a kind of values.
                let fills = |token: &Range<usize>| token.start + 1 == start && end + 1 == token.end;
                let holds = |token: &Range<usize>| token.start <= start && end <= token.end;
                tokens
                    .reaching(end)
                    .is_some_and(|token| holds(token) && (!fills(token) || known.is_label(&text[start..end])))
            };
            self.look.found.retain(|finding| !is_inside(finding));
        }
        let start = out.len();
        let (mut copied, mut quotes) = (0, Quotes::default());
        for finding in &self.look.found {
            let detector = usize::from(finding.detector);
            self.counts[detector] += 1;
            let (entity, group) =
                (self.policy.detectors()[detector].entity, Some(self.policy.detectors()[detector].group));
            let is_reversed = is_reversed_before(&text[finding.end as usize..]);
            let (action, number) = (self.policy.action(detector), detector);
            let task = Task { entity, group, action, number, is_reversed };
            if self.report || *task.action == Action::Keep {
                continue;
            }
            let span = finding.start as usize..finding.end as usize;
            let fitted = quotes.fitting(self.look.scanner.known_fences(), text, span);
            for part in fitted.parts(text, entity) {
                out.extend_from_slice(&text[copied..part.start]);
                copied = part.end;
                out.extend_from_slice(fitted.quote);
                self.hands.replace(&task, &text[part], place.escaped, out);
                out.extend_from_slice(fitted.quote);
            }
        }
        if copied == 0 {
            return false;
        }
        out.extend_from_slice(&text[copied..]);
        if out[start..] == *text {
            out.truncate(start);
            return false;
        }
        true
    }

    /// Looks through `text`.
    fn look(&mut self, text: &[u8], place: Place<'_>) {
        self.look.look(&self.policy, text, place);
    }

    /// The strings of the text that was looked through last, if it is JSON in which something was found.
    #[cfg(any(test, fuzzing))]
    pub(super) fn fences(&self) -> Option<&redact::Fences> {
        self.look.scanner.known_fences()
    }

    /// What is found in `text`, in order.
    pub fn findings(&mut self, text: &[u8], place: Place<'_>) -> &[Finding] {
        self.look(text, place);
        &self.look.found
    }

    /// Whether all of `text` is one value.
    pub fn is_one(&mut self, text: &[u8], place: Place<'_>) -> bool {
        let found = self.findings(text, place).first();
        found.is_some_and(|one| (one.start as usize..one.end as usize) == (0..text.len()))
    }

    /// What `key` says of the members of a map under it.
    pub fn below(&mut self, key: &[u8]) -> Below {
        self.look.scanner.below(key)
    }

    /// What secret `key` names, if one. It is told by what is found under it, and remembered.
    pub fn secret(&mut self, key: &[u8]) -> Option<Secret> {
        if let Some(secret) = self.secrets.get(key) {
            return *secret;
        }
        self.look(SECRET, Place { key, escaped: false });
        let secret = self.look.found.iter().find_map(|finding| {
            match self.policy.detectors()[usize::from(finding.detector)].entity {
                "cookie" => Some(Secret::Cookie),
                "secret" => Some(Secret::Token),
                _ => None,
            }
        });
        if self.secrets.len() == MOST_KEYS {
            self.secrets.clear();
        }
        self.secrets.insert(key.into(), secret);
        secret
    }

    /// The secret that `key` names, if it names one.
    pub fn named_secret(&mut self, key: &[u8]) -> Option<Named> {
        self.look.scanner.named_secret(key)
    }

    /// Whether `text`, an item of a list, is a value of what the key of the list `named`.
    pub fn is_value_of(&self, named: Named, text: &[u8]) -> bool {
        self.look.scanner.is_value_of(named, text)
    }

    /// Whether that is a key or token.
    pub fn is_token(&self, named: Named) -> bool {
        self.policy.detectors()[usize::from(named.detector)].entity == "secret"
    }

    /// Appends what is to stand in the place of `text`, an item of a list of what its key `named`, unless it says that there is none. Gives
    /// whether anything changed; if not, `out` is as before.
    pub fn secret_as_named(&mut self, named: Named, text: &[u8], escaped: bool, out: &mut Vec<u8>) -> bool {
        if text.is_empty() || redact::is_nothing(text) {
            return false;
        }
        let number = usize::from(named.detector);
        let Detector { entity, group, .. } = *self.policy.detectors()[number];
        self.counts[number] += 1;
        let action = self.policy.action(number);
        if self.report || *action == Action::Keep {
            return false;
        }
        let task = Task { entity, group: Some(group), action, number, is_reversed: false };
        self.hands.replace(&task, text, escaped, out);
        true
    }

    /// Whether `key` tells in the plural what each item of a list is.
    pub fn is_of_several(&self, key: &[u8]) -> bool {
        self.look.scanner.is_of_several(key)
    }

    /// Begins to see values under `key`.
    pub fn seen(&mut self, key: &[u8]) -> Seen {
        self.look.seen(key)
    }

    /// What is known of `value` under the key that `seen` is of, without a look through it. It lies in `arena`.
    #[inline(always)]
    pub fn glance(&mut self, seen: &mut Seen, arena: &[u8], value: Value) -> Glance {
        self.look.glance(&self.policy, seen, arena, value)
    }

    /// Notes `text`, which `note` was given for and which was looked through just now, if nothing was found in it.
    pub fn note(&mut self, note: Note, text: &[u8]) {
        if self.look.found.is_empty() {
            self.look.note(note, text);
        }
    }

    /// Gives what the rules of the configuration took since the last call: entity, kind of rule, nanoseconds.
    pub fn take_spent(&mut self, mut each: impl FnMut(&str, &'static str, u64)) {
        for ((detector, looks), spent) in self.policy.own().iter().zip(self.look.take_spent()) {
            let nanos = u64::try_from(spent.as_nanos()).unwrap_or(u64::MAX);
            each(self.policy.detectors()[usize::from(*detector)].entity, looks.word(), nanos);
        }
    }

    /// Appends what is to stand in the place of `text` as a whole, by the rule at `index` of the fields. Gives whether anything
    /// changed; if not, `out` is as before.
    pub fn whole(&mut self, index: usize, text: &[u8], escaped: bool, out: &mut Vec<u8>) -> bool {
        let Whole { entity, group, action } = &self.wholes[index];
        let known = Known { policy: &self.policy, wholes: &self.wholes };
        let is_token = tokens_in(text).next().is_some_and(|token| token == (0..text.len()))
            && text.get(1..text.len() - 1).is_some_and(|inside| known.is_label(inside));
        if is_token || text.is_empty() {
            return false;
        }
        let number = self.policy.detectors().len() + index;
        self.counts[number] += 1;
        if self.report || *action == Action::Keep {
            return false;
        }
        let start = out.len();
        let task = Task { entity, group: *group, action, number, is_reversed: false };
        self.hands.replace(&task, text, escaped, out);
        if out[start..] == *text {
            out.truncate(start);
            return false;
        }
        true
    }

    /// Counts a value that is removed with its field by the rule at `index` of the fields.
    pub fn count_removed(&mut self, index: usize) {
        self.counts[self.policy.detectors().len() + index] += 1;
    }

    /// Whether nothing is changed.
    pub fn only_counts(&self) -> bool {
        self.report
    }

    /// Whether the rule at `index` of the fields removes them.
    pub fn removes(&self, index: usize) -> bool {
        self.wholes[index].action == Action::Remove
    }

    /// What is to be written in the place of `tag`, which may come from a path and is judged as one: each value becomes
    /// `redacted-ENTITY`, so that what is made of a tag, such as the name of an index, stays usable. `None` when there is none.
    pub fn tag(&mut self, tag: &str) -> Option<String> {
        if self.report {
            return None;
        }
        let mut found = Vec::new();
        for reading in readings(tag) {
            self.look(&reading.text, Place::default());
            let hidden = self.look.found.iter().filter(|finding| !is_kept(&self.policy, finding));
            found.extend(hidden.map(|finding| reading.give_back(finding)));
        }
        unite(&mut found, 0);
        let (mut written, mut copied) = (String::new(), 0);
        for finding in &found {
            written.push_str(&String::from_utf8_lossy(&tag.as_bytes()[copied..finding.start as usize]));
            written.push_str("redacted-");
            written.push_str(self.policy.detectors()[usize::from(finding.detector)].entity);
            copied = finding.end as usize;
        }
        written.push_str(&String::from_utf8_lossy(&tag.as_bytes()[copied..]));
        (copied > 0).then_some(written)
    }

    /// One made-up value of each kind that is hidden: entity, a line that holds it, and the value. Kinds that stay, and lines in
    /// which this strictness does not find the value, are left out. What is counted meanwhile is forgotten.
    pub fn examples(&mut self) -> Vec<(&'static str, String, String)> {
        let policy = Arc::clone(&self.policy);
        let mut examples = Vec::new();
        for detector in policy.detectors() {
            let hidden = detector.matches.iter().find_map(|marked| {
                let (before, rest) = marked.split_once("[[")?;
                let (value, behind) = rest.split_once("]]")?;
                let line = format!("{before}{value}{behind}");
                let mut out = Vec::new();
                let changed = self.text(line.as_bytes(), Place::default(), &mut out);
                let is_gone = memchr::memmem::find(&out, value.as_bytes()).is_none();
                (changed && is_gone).then(|| (detector.entity, line, value.to_owned()))
            });
            examples.extend(hidden);
        }
        self.counts.fill(0);
        self.hands.unable.fill(0);
        examples
    }

    /// Gives what was counted since the last call: entity, what was done, count; nothing that is 0. Returns how many values were hidden
    /// behind their label as their action could not be done.
    pub fn take_counts(&mut self, mut each: impl FnMut(&str, &'static str, u64)) -> u64 {
        let (detectors, mut all_unable) = (self.policy.detectors(), 0);
        let counts = self.counts.iter_mut().zip(&mut self.hands.unable).enumerate();
        for (index, (count, unable)) in counts.filter(|(_, (count, _))| **count > 0) {
            let (entity, action) = match detectors.get(index) {
                Some(detector) => (detector.entity, self.policy.action(index)),
                None => {
                    (self.wholes[index - detectors.len()].entity.as_str(), &self.wholes[index - detectors.len()].action)
                }
            };
            let (count, unable) = (std::mem::take(count), std::mem::take(unable));
            all_unable += unable;
            let word = |done| if self.report { "report" } else { done };
            let done = [(action.word(), count.saturating_sub(unable)), ("label", unable)];
            done.iter().filter(|(_, count)| *count > 0).for_each(|(done, count)| each(entity, word(done), *count));
        }
        all_unable
    }
}

/// The names that labels may have.
struct Known<'a> {
    policy: &'a Policy,
    wholes: &'a [Whole],
}

impl Known<'_> {
    /// Whether what stands between brackets stands for a value: a token, or a name of built-in kinds, of rules or of fields.
    fn is_label(&self, inside: &[u8]) -> bool {
        let names = redact::all().chain(self.policy.detectors().iter().copied()).map(|detector| detector.entity);
        let mut names = names.chain(self.wholes.iter().map(|whole| whole.entity.as_str()));
        inside.contains(&b':') || names.any(|name| name.as_bytes() == inside)
    }
}

impl Hands {
    /// Appends what stands in the place of `raw`. Whatever cannot be done as asked is done by the label.
    fn replace(&mut self, task: &Task<'_>, raw: &[u8], escaped: bool, out: &mut Vec<u8>) {
        match task.action {
            Action::Keep => return out.extend_from_slice(raw),
            Action::Remove => return,
            Action::Label => return push_label(task.entity, out),
            Action::Hmac if self.remembered.push(task.number, raw, out) => return,
            _ => {}
        }
        let start = out.len();
        let value = decoded(raw, escaped);
        if self.put(task, &value, escaped, out).is_none() {
            self.unable[task.number] += 1;
            out.truncate(start);
            push_label(task.entity, out);
        } else if *task.action == Action::Hmac {
            self.remembered.note(task.number, raw, &out[start..]);
        }
    }

    fn put(&mut self, task: &Task<'_>, value: &[u8], escaped: bool, out: &mut Vec<u8>) -> Option<()> {
        let text = String::from_utf8_lossy(value);
        match task.action {
            // Of two forms the length tells which.
            Action::Mask { .. } if matches!(value, b"true" | b"false") => return None,
            Action::Mask { first, last } if escaped => {
                let mut masked = Vec::with_capacity(value.len());
                mask(&text, *first, *last, &mut masked);
                push_escaped(&masked, out);
            }
            Action::Mask { first, last } => mask(&text, *first, *last, out),
            Action::Hmac => {
                self.normal.clear();
                let forward = task.is_reversed.then(|| reversed(&text));
                let value = forward.as_deref().map_or(value, str::as_bytes);
                normalised(task.entity, task.group, value, &mut self.normal);
                push_hash(task.entity, &self.normal, self.keys.as_deref()?, out);
                zeroize::Zeroize::zeroize(&mut self.normal);
            }
            Action::Encrypt => push_encrypted(task.entity, value, self.keys.as_deref()?, out)?,
            Action::Seal(recipient) => {
                let id = recipient.id();
                let at = self.sealers.iter().position(|(known, _)| *known == id).unwrap_or_else(|| {
                    self.sealers.push((id.clone(), Sealer::new(recipient.clone())));
                    self.sealers.len() - 1
                });
                push_for(task.entity, value, &id, &mut self.sealers[at].1, out)?;
            }
            Action::TruncateIp { v4, v6 } if task.is_reversed => {
                let address = truncated(&reversed(&text), *v4, *v6)?;
                out.extend_from_slice(reversed(&address.to_string()).as_bytes());
            }
            Action::TruncateIp { v4, v6 } => out.extend_from_slice(truncated(&text, *v4, *v6)?.to_string().as_bytes()),
            Action::GeneraliseDate { years } => out.extend_from_slice(year(&text, *years)?.to_string().as_bytes()),
            Action::Keep | Action::Label | Action::Remove => return None,
        }
        Some(())
    }
}

/// Whether `text` stands behind an address in a name of the DNS: `7.113.0.203.in-addr.arpa`.
fn is_reversed_before(text: &[u8]) -> bool {
    const ZONE: &[u8] = b".in-addr.arpa";
    text.get(..ZONE.len()).is_some_and(|zone| zone.eq_ignore_ascii_case(ZONE))
}

/// The numbers of an address, the last one first.
fn reversed(address: &str) -> String {
    address.rsplit('.').collect::<Vec<_>>().join(".")
}

/// The bytes that `raw` stands for.
fn decoded(raw: &[u8], escaped: bool) -> Cow<'_, [u8]> {
    if !escaped || memchr::memchr(b'\\', raw).is_none() {
        return Cow::Borrowed(raw);
    }
    unescaped(raw).map_or(Cow::Borrowed(raw), |text| Cow::Owned(text.into_bytes()))
}

/// Tokens by a keyed hash of what they stand for, so that a value that comes again costs little. No value is kept.
struct Remembered {
    key: (u64, u64),
    slots: Vec<Slot>,
}

#[derive(Clone, Copy)]
struct Slot {
    of: u128,
    length: u8,
    token: [u8; LONGEST],
}

impl Remembered {
    fn new() -> Self {
        // Each state of the standard library's hash maps begins with random keys; two of them make 128 bits.
        let random = || RandomState::new().hash_one(0);
        Self { key: (random(), random()), slots: Vec::new() }
    }

    fn clear(&mut self) {
        self.slots.clear();
    }

    fn hash(&self, number: usize, raw: &[u8]) -> u128 {
        let mut hasher = SipHasher24::new_with_keys(self.key.0, self.key.1);
        hasher.write_u64(number as u64);
        hasher.write(raw);
        hasher.finish128().as_u128()
    }

    fn slot(of: u128) -> usize {
        usize::try_from(of % REMEMBERED as u128).unwrap_or_default()
    }

    fn push(&self, number: usize, raw: &[u8], out: &mut Vec<u8>) -> bool {
        if self.slots.is_empty() {
            return false;
        }
        let of = self.hash(number, raw);
        let slot = &self.slots[Self::slot(of)];
        let known = slot.length > 0 && slot.of == of;
        if known {
            out.extend_from_slice(&slot.token[..usize::from(slot.length)]);
        }
        known
    }

    fn note(&mut self, number: usize, raw: &[u8], made: &[u8]) {
        let Ok(length) = u8::try_from(made.len()) else { return };
        if made.len() > LONGEST {
            return;
        }
        if self.slots.is_empty() {
            self.slots = vec![Slot { of: 0, length: 0, token: [0; LONGEST] }; REMEMBERED];
        }
        let of = self.hash(number, raw);
        let mut token = [0; LONGEST];
        token[..made.len()].copy_from_slice(made);
        self.slots[Self::slot(of)] = Slot { of, length, token };
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::key_ring::KeyRing;
    use super::super::presets::Preset;
    use super::*;
    use crate::redact::Strictness;

    #[test]
    fn another_ring_makes_other_tokens_in_the_same_epoch() {
        let preset = Preset::named("rgpd-ops").expect("it is one of the presets");
        let policy = Policy::new(preset, Strictness::Normal, &Default::default(), Vec::new());
        let mut redactor = Redactor::new(Arc::new(policy), Arc::default(), false);
        let mut token = || {
            let ring = KeyRing::new(Duration::from_secs(100), 1_000, 1).expect("there is randomness");
            redactor.set_keys(Some(Arc::new(EpochKeys::new(10, ring.key(10).expect("it is there")))));
            redactor.message("from jane@example.com".to_owned())
        };

        let (first, second) = (token(), token());

        assert!(first.contains("<email:K10."), "{first}");
        assert_ne!(first, second);
    }
}
