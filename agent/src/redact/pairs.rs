//! A name and its value: `password=…`, `"token": "…"`. What the value is, the last words of the name tell.

use std::ops::Range;

use super::engine::Engine;
use super::filter::{Filter, key_of, pair_key, word_key};
use super::known::{Known, Roles};
use super::masks::alnums;
use super::phrases::{PHRASE, begins_accent, ends_with_accent, hash, in_one_piece, last_phrases, last_words, one_word};
use super::quote::SLASHES;
use super::rest::is_value_beside_tokens;
use super::scanner::Pass;
use super::secret::person::is_letter;
use super::sure::Told;
use super::table::Table;
use super::token::has_own;
use super::value::Value;
use super::{Candidate, Detector, Group, Shape};

/// Longest name that is looked at, in bytes.
pub(super) const NAME: usize = 48;
/// Most digits in brackets behind a name: `password[0]=`.
const INDEX: usize = 3;
/// Most spaces between a name and its mark, or a mark and its value, where these stand below each other.
pub(super) const ALIGNED: usize = 32;
/// Bytes of a value that its check gets: of a longer one the beginning tells what it is.
pub(super) const CHECKED: usize = 320;

/// Detectors whose context are names that a value stands behind.
const NAMED: &[&str] =
    &["secret", "username", "person_name", "postal_address", "cookie", "card_expiry", "cvv", "gps", "password"];
/// Of these the names of properties of Java: `-Dpassword=…`.
const PROPERTIES: &[&str] = &["secret", "username", "password"];
/// Names in an address of the web behind which any value counts.
const PERSONS: &[&str] = &["name", "nom", "user", "user_name", "lastname", "firstname"];
/// Names of several values, which stand in brackets, and what each of these is.
pub(super) const PLURALS: [(&str, &str); 13] = [
    ("password_hashes", "password"),
    ("password_digests", "password"),
    ("passwords", "password"),
    ("passphrases", "password"),
    ("backup_codes", "password"),
    ("recovery_codes", "password"),
    ("tokens", "secret"),
    ("secrets", "secret"),
    ("api_keys", "secret"),
    ("apikeys", "secret"),
    ("access_keys", "secret"),
    ("secret_keys", "secret"),
    ("private_keys", "secret"),
];
/// Names of members that hold what another member beside them names.
const VALUES: [&str; 4] = ["value", "val", "text", "input"];

/// A member that means a person where the object around it does: `"customer":{"id":4,"name":…}`.
pub(super) const MEMBER: &str = "name";

/// Names of members that are those of a person where both stand in one map.
const HALVES: [&str; 2] = ["family", "given"];

/// What a check of a value gets in place of groups: how the value is written, and where.
pub(super) const BARE: u8 = 0;
pub(super) const QUOTED: u8 = 1;
const IN_QUERY: u8 = 2;
const IN_QUERY_PERSON: u8 = 3;
/// In quotes, within brackets.
pub(super) const LISTED: u8 = 4;

/// Which names lead to which detectors.
#[derive(Debug)]
pub(super) struct Pairs {
    names: Table,
    queries: Table,
    /// Names of one word, and the last two words of the others, by their keys.
    singles: Filter<256>,
    doubles: Filter<512>,
    /// Those of one word that do not stand in addresses of the web alone.
    named: Filter<256>,
    /// The last words of names that have more before these, and the last word of each, by their hashes.
    ends: Filter<512>,
    lasts: Filter<256>,
    /// Detectors of which the names are those of properties, too.
    properties: Vec<u16>,
    /// The names of members whose name stands beside them.
    values: [u64; VALUES.len()],
    halves: [u64; HALVES.len()],
    /// The key of [`MEMBER`].
    member: u64,
    /// Names of several values.
    plurals: Vec<(u64, u16)>,
    several: Filter<16>,
}

impl Pairs {
    /// The names of `detectors`.
    pub(super) fn new(detectors: &[&'static Detector], known: &mut Known) -> Self {
        let find = |name: &&str| detectors.iter().position(|detector| *detector.entity == **name).map(|at| at as u16);
        let mut pairs = Self {
            names: Table::with_room(1000),
            queries: Table::with_room(64),
            singles: Filter::default(),
            named: Filter::default(),
            doubles: Filter::default(),
            ends: Filter::default(),
            lasts: Filter::default(),
            properties: PROPERTIES.iter().filter_map(find).collect(),
            values: VALUES.map(|name| hash(name.as_bytes())),
            halves: HALVES.map(|name| hash(name.as_bytes())),
            member: key_of(MEMBER),
            plurals: Vec::new(),
            several: Filter::default(),
        };
        for (name, entity) in PLURALS {
            let number = find(&entity);
            pairs.plurals.extend(number.map(|number| (hash(name.as_bytes()), number)));
            pairs.several.put(hash(name.as_bytes()));
            pairs.add_last(name, known);
        }
        for number in NAMED.iter().filter_map(find) {
            let Detector { context, entity, .. } = detectors[usize::from(number)];
            for word in *context {
                let told = Told::number(number, entity, word);
                pairs.names.put(hash(word.as_bytes()), told);
                pairs.add_last(word, known);
                in_one_piece(word).iter().for_each(|piece| pairs.add_piece(piece, told, known));
            }
        }
        for number in pairs.properties.clone() {
            for word in detectors[usize::from(number)].context {
                pairs.add_last(&format!("d{word}"), known);
                in_one_piece(word).iter().for_each(|piece| pairs.add_last(&format!("d{piece}"), known));
            }
        }
        VALUES.iter().chain(&HALVES).for_each(|name| pairs.add_last(name, known));
        pairs.lasts.put(hash(MEMBER.as_bytes()));
        for word in find(&"url_parameter").map_or(&[][..], |number| detectors[usize::from(number)].context) {
            pairs.queries.put(hash(word.as_bytes()), PERSONS.contains(word).into());
            pairs.add_last_of(word, known);
        }
        pairs
    }

    /// Keeps a name in one piece, if it is no name already.
    fn add_piece(&mut self, piece: &str, told: u32, known: &mut Known) {
        let hash = hash(piece.as_bytes());
        if self.names.find(hash).is_none() {
            self.names.put(hash, told);
            self.add_last(piece, known);
        }
    }

    /// Keeps the words with which a name ends, among those that are `known` too.
    fn add_last(&mut self, name: &str, known: &mut Known) {
        if !name.contains('_') {
            self.named.put(key_of(name));
            known.put(name, Roles::ALONE);
        }
        self.add_last_of(name, known);
    }

    /// The same of one that may stand in an address of the web alone.
    fn add_last_of(&mut self, name: &str, known: &mut Known) {
        let mut words = name.rsplit('_');
        let Some(word) = words.next() else { return };
        let last = key_of(word);
        debug_assert!(
            name.bytes().all(|byte| !byte.is_ascii_digit()),
            "names are looked up without the number at their end: {name}"
        );
        debug_assert!(word.len() > 1, "a letter by itself behind a digit is taken for no name: {name}");
        match words.next() {
            Some(before) => {
                self.doubles.put(pair_key(key_of(before), last));
                let ends = name.match_indices('_').filter_map(|(mark, _)| name.get(mark + 1..));
                ends.for_each(|end| self.ends.put(hash(end.as_bytes())));
            }
            None => self.singles.put(last),
        }
        self.lasts.put(hash(word.as_bytes()));
        known.put(word, Roles::NAME);
    }

    /// Whether a word of this key may be the last one of a name behind a word of the key `before`, of which one that is not known may be
    /// any, and behind the byte that `mark` gives: parameters of addresses of the web begin behind `?` and `&`.
    #[inline(always)]
    pub(super) fn may_end(&self, before: Option<u64>, mark: impl FnOnce() -> u8, key: u64) -> bool {
        let Some(before) = before else { return true };
        self.doubles.may_hold(pair_key(before, key))
            || self.singles.may_hold(key) && (self.named.may_hold(key) || self.may_be_after(mark(), key))
    }

    /// Whether a name of this key may say something alone behind the byte `mark`: as a parameter of an address, or as a member that the
    /// object around it tells of.
    #[inline(always)]
    fn may_be_after(&self, mark: u8, key: u64) -> bool {
        may_be_parameter(mark) || mark == b'"' && key == self.member
    }

    /// The detector for values behind `name`.
    pub(super) fn named(&self, name: &[u8]) -> Option<u16> {
        self.known(&last_phrases(&name[..without_number(name)]))
    }

    /// The detector for the longest phrase that is known, of those that a name ends with.
    pub(super) fn known(&self, phrases: &[u64]) -> Option<u16> {
        self.told_by(phrases).map(|told| told.detector)
    }

    /// The same with how surely they lead to it.
    pub(super) fn told_by(&self, phrases: &[u64]) -> Option<Told> {
        let found = phrases.iter().rev().filter(|phrase| **phrase != 0).find_map(|phrase| self.names.find(*phrase));
        found.map(Told::of_number)
    }

    /// The detector for values behind `name`, and how surely it is that.
    pub(super) fn told(&self, name: &[u8]) -> Option<Told> {
        self.told_by(&last_phrases(&name[..without_number(name)]))
    }

    /// The phrases that the name of a property ends with, if it has a value that counts.
    fn property(&self, name: &[u8]) -> Option<[u64; PHRASE]> {
        let phrases = last_phrases(name.strip_prefix(b"-D")?);
        self.known(&phrases).filter(|detector| self.properties.contains(detector)).map(|_| phrases)
    }

    /// The detector for the values that a name in the plural ends with.
    fn plural(&self, phrases: &[u64; PHRASE]) -> Option<u16> {
        let is_any = phrases.iter().any(|phrase| self.several.may_hold(*phrase));
        let found = || self.plurals.iter().find(|(name, _)| phrases.contains(name));
        if is_any { found().map(|(_, number)| *number) } else { None }
    }

    /// The detector for each of the values that `name` tells in the plural.
    pub(super) fn named_of_several(&self, name: &[u8]) -> Option<u16> {
        self.plural(&last_phrases(name))
    }

    /// Whether a name ends as those of members do that hold what another one names.
    fn is_value(&self, phrases: &[u64; PHRASE]) -> bool {
        self.values.contains(&phrases[0])
    }

    /// The name that must stand beside this one, if it says of itself too little.
    fn other_half(&self, phrases: &[u64; PHRASE]) -> Option<&'static str> {
        let at = self.halves.iter().position(|half| *half == phrases[0])?;
        HALVES.get(1 - at).copied()
    }

    /// What kind of value stands behind a name in an address of the web.
    fn in_query(&self, phrases: &[u64]) -> Option<u8> {
        let found =
            phrases.iter().rev().filter(|phrase| **phrase != 0).find_map(|phrase| self.queries.find(*phrase))?;
        Some(if found == 1 { IN_QUERY_PERSON } else { IN_QUERY })
    }
}

/// Whether the last word of a parameter of an address may stand behind `mark`: right behind `?` or `&`, or within its name.
#[inline(always)]
fn may_be_parameter(mark: u8) -> bool {
    mark.is_ascii_alphanumeric() || matches!(mark, b'?' | b'&' | b'_' | b'-' | b'.') || mark >= 0x80
}

/// The last word of a name.
#[derive(Clone, Copy, Debug)]
struct Last {
    start: usize,
    /// `None` of one with letters beyond ASCII, which may be any.
    key: Option<u64>,
}

/// What a name tells of the value behind it.
struct Name {
    named: Option<u16>,
    /// How surely it leads to that, or what another member beside it tells.
    told: Option<Told>,
    /// In an address of the web, its detector and the kind of value.
    query: Option<(u16, u8)>,
    /// Whether several values may stand behind it without brackets.
    is_list: bool,
    start: usize,
}

impl Pass<'_> {
    /// Looks at the `:` or `=` at `at`, which may stand between a name and its value.
    pub(super) fn pair(&mut self, at: usize) {
        let is_behind = self.byte_before(at, 1).is_ascii_alphanumeric();
        if !is_behind && self.text[at] == b'=' && self.equation(at) || self.byte(at + 1) == b'0' && self.shadow(at) {
            return;
        }
        if !is_behind && !ENDS_NAME[usize::from(self.byte_before(at, 1))] {
            return;
        }
        let end = if is_behind { at } else { self.name_end_before(at) };
        if !self.may_be_name(end) {
            return;
        }
        let end = without_number(&self.text[..end]);
        let known = if self.is_plain() { None } else { self.names.find(self.text, (self.next, end)) };
        let found = match known {
            Some((told, length)) => {
                let named = Some(told.detector);
                Some(Name { named, told: Some(told), query: None, is_list: false, start: end - length })
            }
            None => self.read_name(at, end),
        };
        let Some(Name { named, told, query, is_list, start }) = found else { return };
        self.asked += 1;
        let Some(detector) = named.or(query.map(|(query, _)| query)) else { return };
        let edge = if is_behind { at } else { self.aligned_end(at - usize::from(self.is_row(at))) };
        if self.is_of_pam(at, edge, end) || self.is_class(start, at) || self.is_of_program(start, at) {
            return;
        }
        if self.text[at] == b'=' && self.any_of(at, detector) {
            return;
        }
        if is_list {
            return self.keep_several(at, detector);
        }
        let Some(value) = self.value(at, detector) else { return };
        let kind = if value.is_quoted { QUOTED } else { BARE };
        let kind = told.map_or(kind, |told| told.kind(kind));
        let is_taken = named.is_some_and(|detector| self.ask_value(detector, &value, kind));
        if value.is_quoted && !value.is_certain && named.is_some() {
            let next = self.next;
            self.changed_to(detector, value.span.end);
            // What else stands in a value that is none is looked at.
            self.next = if is_taken { self.next } else { next };
        }
        if !is_taken && let Some((query, kind)) = query {
            self.ask_value(query, &value, kind);
        }
    }

    /// The name that ends before `end` and stands before the mark at `at`, if anything that is known ends so.
    #[inline(never)]
    fn read_name(&mut self, at: usize, end: usize) -> Option<Name> {
        let last = self.last_word(end)?;
        let is_single = self.may_be_single(last);
        if !is_single && !self.may_be_double(last) {
            return None;
        }
        let floor = self.next.max(end.saturating_sub(NAME));
        let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.') || *byte >= 0x80;
        // The last word is part of it.
        let known = if last.key.is_some() { last.start.clamp(floor.min(end), end) } else { end };
        let before = self.text.get(floor..known).unwrap_or_default();
        let length = end - known + before.iter().rev().take_while(|byte| is_name(byte)).count();
        let pairs = &self.engine.pairs;
        let name = &self.text[end - length..end];
        let is_word = last.key.is_some() && last.start + length == end;
        let property = if is_word { None } else { pairs.property(name) };
        let phrases = property.unwrap_or_else(|| if is_word { one_word(name) } else { last_phrases(name) });
        if !pairs.lasts.may_hold(phrases[0]) {
            return None;
        }
        let is_parameter = matches!(self.byte_before(end, length + 1), b'?' | b'&');
        let is_query = is_parameter && self.text[at] == b'=';
        let query = if is_query { self.engine.own.url_parameter.zip(pairs.in_query(&phrases)) } else { None };
        let known = pairs.told_by(&phrases);
        // What is before a name of several words in ASCII counts as little as before one of one.
        let is_alone = is_word || last.key.is_some() && property.is_none() && name.is_ascii();
        if let Some(told) = known.filter(|_| is_alone && !is_parameter && floor < end - length) {
            self.names.put(self.text, end, length, told);
        }
        // Properties are called as what is in them, which says less of how sure that is.
        let sure = if property.is_some() { pairs.told(name) } else { known };
        let named = known.map(|told| told.detector).or_else(|| {
            let all = phrases.iter().rev().find(|phrase| **phrase != 0);
            let may_have_more = query.is_none()
                && all.is_some_and(|all| pairs.ends.may_hold(*all))
                && (!is_single || self.may_be_double(last));
            if !may_have_more {
                return None;
            }
            // Behind a comma another member begins.
            let text = &self.text[floor.min(end)..end];
            let text = &text[memchr::memrchr2(b',', b';', text).map_or(0, |comma| comma + 1)..];
            pairs.known(&last_phrases(last_words(text)))
        });
        let is_told = named.is_none() && pairs.is_value(&phrases) && self.may_be_told(end - length..end);
        let beside = if is_told { self.named_beside(end - length, at) } else { None };
        let told = beside.and_then(|column| column.told);
        if let Some(column) = beside.filter(|column| column.told.is_none()) {
            self.take_beside(at, column);
        }
        let named = match told {
            Some(told) => Some(told.detector),
            None if is_told => None,
            None => named.or_else(|| {
                self.engine.pairs.other_half(&phrases).and_then(|other| self.named_with(end - length, other))
            }),
        };
        let named = named.or_else(|| self.named_around(end - length..end));
        let several = if named.is_none() { pairs.plural(&phrases) } else { None };
        let is_bracket = several.is_some() && self.is_before_bracket(at);
        let is_list = several.is_some() && !is_bracket && self.is_before_items(at);
        let named = named.or(several.filter(|_| is_list || is_bracket));
        Some(Name { named, told: told.or(sure), query, is_list, start: end - length })
    }

    /// Whether what the member called `name` holds, another one may tell: `text` alone is most often a message.
    fn may_be_told(&self, name: Range<usize>) -> bool {
        let is_text = self.text[name.clone()].ends_with(b"text");
        !is_text || name.len() == 4 && self.byte_before(name.start, 1) == b'#'
    }

    /// Whether a list or an object begins behind the mark at `at`.
    fn is_before_bracket(&self, at: usize) -> bool {
        let behind = self.rest(at + 1);
        matches!(behind.strip_prefix(b" ").unwrap_or(behind).first(), Some(b'[' | b'{'))
    }

    /// Where the name ends that stands before the `:` or `=` at `at` with spaces, quotes or brackets between them.
    #[inline(never)]
    fn name_end_before(&self, at: usize) -> usize {
        let is_unequal = self.text[at] == b'=' && self.byte_before(at, 1) == b'!';
        let edge = self.aligned_end(at - usize::from(self.is_row(at) || is_unequal));
        let mut end = edge;
        while end > 0
            && (edge - end < 4 && matches!(self.text[end - 1], b' ' | b'"' | b'\'' | b'`' | b']')
                || edge - end < 4 + SLASHES && self.text[end - 1] == b'\\')
        {
            end -= 1;
        }
        // Without quotes `password[12]: x` comes from a process of that name.
        if self.text[at] == b'=' || matches!(self.byte_before(edge, 1), b'"' | b'\'') {
            end = self.without_index(end);
        }
        if self.byte(at + 1) == b'>' && self.byte(end) == b']' { self.without_visibility(end) } else { end }
    }

    /// Where what stands before `at` ends without spaces.
    fn aligned_end(&self, at: usize) -> usize {
        at - self.text[..at].iter().rev().take(ALIGNED).take_while(|byte| matches!(byte, b' ' | b'\t')).count()
    }

    /// Where a name ends without the `[]` or `[0]` whose `]` stands at `end`, and the `]` before it.
    fn without_index(&self, end: usize) -> usize {
        let before = &self.text[..end];
        let digits = before.iter().rev().take(INDEX).take_while(|byte| byte.is_ascii_digit()).count();
        match before[..end - digits].strip_suffix(b"[") {
            Some(name) if self.byte(end) == b']' => name.strip_suffix(b"]").unwrap_or(name).len(),
            _ => end,
        }
    }

    /// Whether a name that may be known ends before `end`.
    #[inline(always)]
    fn may_be_name(&mut self, end: usize) -> bool {
        self.is_plain() || self.hearing.may_be_name(self.masks, end) || self.cut_end == end
    }

    /// Notes where the word ends within which the last value does: what is left of it may be a name.
    #[inline(never)]
    pub(super) fn cut_word(&mut self) {
        let at = self.next;
        let is_within = self.byte_before(at, 1).is_ascii_alphanumeric() && self.byte(at).is_ascii_alphanumeric();
        self.cut_end = if is_within { self.number_end(self.masks.end(at, alnums)) } else { usize::MAX };
    }

    /// Where a number of a name ends that stands behind a `_` at `at`; `at` if there is none.
    fn number_end(&self, at: usize) -> usize {
        let [b'_', rest @ ..] = self.rest(at) else { return at };
        match rest.iter().take(NUMBER + 1).take_while(|byte| byte.is_ascii_alphanumeric()).count() {
            0 => at,
            length => at + 1 + length,
        }
    }

    /// One place behind that word if it is in the block at `number`, as bits.
    #[inline(always)]
    pub(super) fn behind_cut(&self, number: usize) -> u64 {
        if self.cut_end / 64 == number { 1 << (self.cut_end % 64) } else { 0 }
    }

    /// The word that ends before `end`, if there is one.
    #[inline]
    fn last_word(&self, end: usize) -> Option<Last> {
        let before = self.text.get(..end)?;
        if before.last().is_some_and(|byte| !byte.is_ascii()) && !ends_with_accent(before) {
            return None;
        }
        let start = self.masks.name_start(end).max(self.next.min(end));
        let is_ascii = self.byte_before(end, 1).is_ascii() && !ends_with_accent(self.text.get(..start)?);
        if !is_ascii || self.is_plain() {
            return Some(Last { start, key: None });
        }
        (start < end).then(|| Last { start, key: Some(word_key(self.text, start, end)) })
    }

    /// Whether it may be a known name.
    #[inline]
    fn may_be_single(&self, last: Last) -> bool {
        last.key.is_none_or(|key| self.engine.pairs.singles.may_hold(key))
    }

    /// Whether it may be the last word of a known name with the word before it.
    #[inline(never)]
    fn may_be_double(&self, last: Last) -> bool {
        let Last { start, key: Some(key) } = last else { return true };
        let marks = self.text[..start].iter().rev().take(NAME).take_while(|byte| !byte.is_ascii_alphanumeric()).count();
        let before_end = start - marks;
        let before_start = self.masks.name_start(before_end);
        let is_far = self.text[before_end..start].iter().any(|byte| begins_accent(*byte))
            || ends_with_accent(&self.text[..before_start]);
        let before = word_key(self.text, before_start, before_end);
        is_far || self.engine.pairs.doubles.may_hold(pair_key(before, key))
    }

    /// Whether a known name may end before `end`.
    pub(super) fn may_be_named(&self, end: usize) -> bool {
        self.last_word(end).is_some_and(|last| self.may_be_single(last) || self.may_be_double(last))
    }

    /// Whether PostgreSQL names a column and its value around the `=` at `at`: `Key (email)=(…)`.
    pub(super) fn is_row(&self, at: usize) -> bool {
        self.text[at] == b'=' && self.byte_before(at, 1) == b')' && self.byte(at + 1) == b'('
    }

    pub(super) fn ask_value(&mut self, detector: u16, value: &Value, kind: u8) -> bool {
        // A position goes on with its other half.
        let [mark, behind @ ..] = &self.text[value.span.end..] else { return self.ask_kind(detector, value, kind) };
        if self.engine.own.gps == Some(detector) && matches!(mark, b' ' | b';') && self.second_half(value.span.start) {
            return true;
        }
        let goes_on = *mark == b','
            && behind.trim_ascii_start().first().is_some_and(|byte| byte.is_ascii_digit() || *byte == b'-');
        !(goes_on && self.engine.own.gps == Some(detector)) && self.ask_kind(detector, value, kind)
    }

    /// Keeps both numbers of the position that begins at `start`, if there are two.
    fn second_half(&mut self, start: usize) -> bool {
        let (Some(gps), Some(span)) = (self.engine.own.gps, self.position_at(start)) else { return false };
        let candidate = Candidate { plain: &self.text[span.clone()], groups: &[], separators: &[] };
        let is_one = span.start <= start && (self.engine.detector(gps).check)(&candidate).is_some();
        if is_one {
            self.next = span.end;
            self.keep(gps, span);
        }
        is_one
    }

    fn ask_kind(&mut self, detector: u16, value: &Value, kind: u8) -> bool {
        if value.is_certain {
            return self.keep_items(detector, value.span.clone());
        }
        let Range { start, mut end } = value.span;
        if value.is_coded {
            end = self.coded_end(end, detector);
        }
        // What stands before the first separator may tell too little, or all of it.
        let is_one = self.is_value(detector, value, kind)
            || value.is_coded && self.is_value(detector, &Value::bare(start..end), kind);
        if !is_one && value.is_quoted {
            self.deny(detector, value.span.clone());
        }
        if is_one {
            self.keep(detector, start..end);
            self.next = end;
        }
        is_one
    }

    /// Whether `value`, written in this `kind`, is one of `detector`.
    pub(super) fn is_value(&self, detector: u16, value: &Value, kind: u8) -> bool {
        let text = &self.text[value.span.clone()];
        let is_cut = value.is_open && self.engine.detector(detector).group == Group::Secret;
        // Of what no quote closes the first word tells what it is.
        let text = &text[..text.len().min(CHECKED)];
        let word = if is_cut { memchr::memchr(b' ', text) } else { None };
        let kind = if word.is_some() { BARE } else { kind };
        let candidate = Candidate {
            plain: text[..word.unwrap_or(text.len())].trim_ascii(),
            groups: &[kind],
            separators: if value.is_prose { b" " } else { b"" },
        };
        let detector = self.engine.detector(detector);
        (detector.check)(&candidate) == Some(Shape::Canonical)
            && (!has_own(text) || is_value_beside_tokens(detector, text))
    }

    /// Whether the whole text is a value of `detector`, as its key says.
    pub(super) fn whole(&mut self, detector: u16) -> bool {
        let is_one = self.engine.is_whole(detector, self.text, self.key.kind);
        if is_one {
            self.keep(detector, 0..self.text.len());
        }
        is_one
    }
}

impl Engine {
    /// Whether all of `text` is a value of `detector`, under a key that says it is of this `kind`.
    pub(super) fn is_whole(&self, detector: u16, text: &[u8], kind: u8) -> bool {
        let candidate = Candidate { plain: text.trim_ascii(), groups: &[kind], separators: b"" };
        let detector = self.detector(detector);
        (detector.check)(&candidate) == Some(Shape::Canonical)
            && (!has_own(text) || is_value_beside_tokens(detector, text))
    }
}

/// Whether each byte, if it is no ASCII letter or digit, may stand between a name and its mark, or be part of a name.
static ENDS_NAME: [bool; 256] = {
    let mut ends = [false; 256];
    let mut at = 0;
    while at < 256 {
        let byte = at as u8;
        ends[at] = matches!(byte, b' ' | b'\t' | b'"' | b'\'' | b'`' | b']' | b')' | b'!' | b'\\') || !byte.is_ascii();
        at += 1;
    }
    ends
};

/// Most digits of the number behind a name.
const NUMBER: usize = 2;

/// How long `name` is without the number of one or two digits behind it: `password2`, `api_key_12`.
#[inline]
pub(super) fn without_number(name: &[u8]) -> usize {
    if !name.last().is_some_and(u8::is_ascii_digit) {
        return name.len();
    }
    let digits = name.iter().rev().take(NUMBER + 1).take_while(|byte| byte.is_ascii_digit()).count();
    let stem = &name[..name.len() - digits];
    let stem = stem.strip_suffix(b"_").unwrap_or(stem);
    let is_named = stem.last().is_some_and(|byte| is_letter(*byte));
    if is_named && (1..=NUMBER).contains(&digits) { stem.len() } else { name.len() }
}
