//! Walks through the values of a record and puts something else in the place of what is found.
//!
//! A record in which nothing is found is only read, so that it is copied whole when it is encoded. Every text, number and key
//! (where asked) is looked at, at any depth, however it stands in the batch.

use std::collections::HashMap;
use std::io::Write;
use std::sync::Arc;

use vigie_parsers::batch::{Batch, Field, Range, Record, Span, Text, Value};

use super::columns::{Column, Columns};
use super::names::{Above, Key, Names, Part, Said};
use super::paths::{Here, Paths};
use crate::privacy::{Glance, Note, Redactor, Secret, Seen};
use crate::redact::{Argument, Arguments, Below, Place, is_description, without_marks};

/// Bytes of the longest list of a year, a month and a day.
const DATE: usize = 12;

/// What becomes of a value.
pub(super) enum Fate {
    /// It stays as it is.
    Same,
    /// This stands in its place.
    Changed(Value),
    /// It goes, with its key.
    Gone,
}

/// A redactor on its way through records, with its scratch space.
pub(super) struct Walk {
    pub(super) redactor: Redactor,
    pub(super) paths: Arc<Paths>,
    /// Whether keys are looked at too.
    pub(super) keys: bool,
    /// What is to stand in the place of one text.
    pub(super) piece: Vec<u8>,
    json: Vec<u8>,
    number: Vec<u8>,
    pub(super) names: Names,
    /// The keys of the record and what they became, and how many of them became that, once one changes. Which record that is, and
    /// whether its keys are known.
    renamed: HashMap<Vec<u8>, usize>,
    index: usize,
    has_keys: bool,
    /// Values of the record that are to be changed, by their places.
    changes: Vec<(usize, Value)>,
    columns: Columns,
    /// Whether the value at hand is an item of a list.
    pub(super) is_item: bool,
    /// Whether every field is looked through.
    #[cfg(any(test, fuzzing))]
    pub(super) is_plain: bool,
}

impl Walk {
    pub(super) fn new(redactor: Redactor, paths: Arc<Paths>, keys: bool) -> Self {
        let (piece, json, number) = (Vec::new(), Vec::new(), Vec::new());
        Self {
            redactor,
            paths,
            keys,
            piece,
            json,
            number,
            names: Names::default(),
            renamed: HashMap::new(),
            index: 0,
            has_keys: false,
            changes: Vec::new(),
            columns: Columns::new(),
            is_item: false,
            #[cfg(any(test, fuzzing))]
            is_plain: false,
        }
    }

    /// Goes through the record at `index` of `batch`.
    pub(super) fn record(&mut self, batch: &mut Batch, index: usize) {
        let start = self.paths.start();
        let (mut at, mut name) = (0, None);
        self.renamed.clear();
        (self.index, self.has_keys) = (index, false);
        self.columns.begin();
        while let Some((field, note)) = self.skim(batch.record(index), &mut at) {
            let here = self.enter(batch, start, field);
            let mut named = field;
            if is_part(batch, field, Part::Value) {
                let name = name.get_or_insert_with(|| self.name_in(batch, batch.record(index).fields()));
                named.key = name.unwrap_or(field.key);
            }
            match self.field(batch, named, here) {
                Fate::Same => self.note(batch, field, note),
                Fate::Changed(value) => self.changes.push((at, value)),
                Fate::Gone => {
                    name.get_or_insert_with(|| self.name_in(batch, batch.record(index).fields()));
                    self.change(batch, index);
                    batch.record_mut(index).remove_at(at);
                    continue;
                }
            }
            if let Some(key) = self.key(batch, field.key, here) {
                self.change(batch, index);
                batch.record_mut(index).field_mut(at).key = key;
            }
            at += 1;
        }
        self.change(batch, index);
    }

    /// Passes over fields of `record` from the one at `at` on in which surely nothing is found. Gives the first other one.
    #[inline(always)]
    fn skim(&mut self, record: Record<'_>, at: &mut usize) -> Option<(Field, Option<Note>)> {
        #[cfg(any(test, fuzzing))]
        if self.is_plain {
            return record.fields().get(*at).map(|field| (*field, None));
        }
        let Self { columns, redactor, paths, keys, .. } = self;
        let batch = record.batch();
        for field in &record.fields()[*at..] {
            let column =
                columns.next(batch.arena(), field.key, || make(redactor, paths, *keys, batch.bytes(field.key.span)));
            let Some(Column { is_free: true, seen, .. }) = column else { return Some((*field, None)) };
            if let Glance::Strange(note) = redactor.glance(seen, batch.arena(), field.value) {
                return Some((*field, Some(note)));
            }
            *at += 1;
        }
        None
    }

    /// Notes that nothing was to be changed in `field`, which `note` was given for.
    #[inline(always)]
    fn note(&mut self, batch: &Batch, field: Field, note: Option<Note>) {
        if let (Value::Text(text), Some(note)) = (field.value, note) {
            self.redactor.note(note, batch.bytes(text.span));
        }
    }

    /// Changes the values that are to be changed.
    fn change(&mut self, batch: &mut Batch, index: usize) {
        batch.record_mut(index).set_values(&self.changes);
        self.changes.clear();
    }

    /// Scratch space for the digits of a number, empty; to be given back.
    pub(super) fn take_number(&mut self) -> Vec<u8> {
        let mut number = std::mem::take(&mut self.number);
        number.clear();
        number
    }

    /// Takes the scratch space of [`Walk::take_number`] back.
    pub(super) fn give_number(&mut self, number: Vec<u8>) {
        self.number = number;
    }

    fn enter(&self, batch: &Batch, here: Here, field: Field) -> Here {
        self.paths.key(here, |wanted| batch.text_is(field.key, wanted))
    }

    /// What becomes of `field`, which is at `here`.
    fn field(&mut self, batch: &mut Batch, field: Field, here: Here) -> Fate {
        let is_nested = matches!(field.value, Value::Map(_) | Value::List(_) | Value::Json(_));
        if self.is_gone(here, is_nested) {
            return Fate::Gone;
        }
        if here.is_excluded { Fate::Same } else { self.value(batch, field.value, field.key, here) }
    }

    /// Whether a value at `here` goes, since a rule removes it or nothing allows it.
    pub(super) fn is_gone(&mut self, here: Here, is_nested: bool) -> bool {
        if self.redactor.only_counts() {
            return false;
        }
        if !here.is_excluded
            && let Some(whole) = here.whole
            && self.redactor.removes(whole)
        {
            self.redactor.count_removed(whole);
            return true;
        }
        self.paths.is_refused(here, is_nested)
    }

    fn value(&mut self, batch: &mut Batch, value: Value, key: Text, here: Here) -> Fate {
        let is_item = std::mem::take(&mut self.is_item);
        match value {
            Value::Text(text) => self.text(batch, text, key, here),
            Value::Number(_) | Value::I64(_) | Value::U64(_) | Value::F64(_) => self.number(batch, value, key, here),
            Value::Json(span) => {
                let mut out = std::mem::take(&mut self.json);
                out.clear();
                let changed = self.json(batch.bytes(span), Key::of_text(batch, key), here, &mut out);
                let fate = if changed { Fate::Changed(Value::Json(batch.store(&out))) } else { Fate::Same };
                self.json = out;
                fate
            }
            Value::Map(range) => {
                let depth = self.names.depth();
                let inside = self.below(Key::of_text(batch, key), here, || describes(batch, range));
                let name = self.name_of_value(batch, range);
                let fate = self.nested(batch, range, (None, name), inside);
                self.names.leave(depth);
                fate
            }
            Value::List(range) => {
                let here = self.items_of(batch, range, Key::of_text(batch, key), here);
                if let Some(date) = self.date_in(batch, range, key, here) {
                    return Fate::Changed(date);
                }
                let name = if is_item { self.name_of_pair(batch, range, (key, here)) } else { None };
                let of_items = self.key_of_items(Key::of_text(batch, key)).bytes.len();
                let span = Span { len: u32::try_from(of_items).unwrap_or(key.span.len), ..key.span };
                let key = if key.is_escaped() { key } else { Text::plain(span) };
                self.nested(batch, range, (Some(key), name), here)
            }
            // Only a rule of its field makes it a value that is to be hidden.
            Value::Bool(_) if here.whole.is_some() => self.number(batch, value, key, here),
            Value::Null | Value::Bool(_) => Fate::Same,
        }
    }

    /// The key by which the items of the list or map under `key` are judged: that without the `s` of a plural.
    pub(super) fn key_of_items<'k>(&self, key: Key<'k>) -> Key<'k> {
        let name = without_marks(key.bytes);
        let is_hashes = name.last_chunk().is_some_and(|end: &[u8; 6]| end.eq_ignore_ascii_case(b"hashes"));
        match name {
            [.., b's' | b'S'] if key.escaped || !self.redactor.is_of_several(name) => key,
            [one @ .., _, _] if is_hashes => Key { bytes: one, ..key },
            [one @ .., b's' | b'S'] => Key { bytes: one, ..key },
            _ => key,
        }
    }

    fn text(&mut self, batch: &mut Batch, text: Text, key: Text, here: Here) -> Fate {
        let escaped = text.is_escaped();
        if !self.replace(batch.bytes(text.span), Key::of_text(batch, key), escaped, here) {
            return Fate::Same;
        }
        let span = batch.store(&self.piece);
        Fate::Changed(Value::Text(if escaped { Text::escaped(span) } else { Text::plain(span) }))
    }

    /// What becomes of a number, or of a boolean.
    fn number(&mut self, batch: &mut Batch, value: Value, key: Text, here: Here) -> Fate {
        let mut number = self.take_number();
        match value {
            Value::Number(span) => push_plain_number(batch.bytes(span), &mut number),
            computed => push_computed(computed, &mut number),
        }
        let changed = self.replace(&number, Key::of_text(batch, key), false, here);
        self.give_number(number);
        if !changed {
            return Fate::Same;
        }
        let span = batch.store(&self.piece);
        Fate::Changed(Value::Text(Text::plain(span)))
    }

    /// What is to stand in the place of the list of these fields if it is a date that is a value under `key`: a list of one text.
    fn date_in(&mut self, batch: &mut Batch, range: Range, key: Text, here: Here) -> Option<Value> {
        let numbers: &[Field; 3] = batch.fields(range).try_into().ok()?;
        let mut date = self.take_number();
        for (at, field) in numbers.iter().enumerate() {
            date.push(if at > 0 { b',' } else { b'[' });
            match field.value {
                Value::Number(span) => date.extend_from_slice(batch.bytes(span)),
                computed => push_computed(computed, &mut date),
            }
        }
        date.push(b']');
        let is_one = self.replace_date(&date, Key::of_text(batch, key), here);
        self.give_number(date);
        if !is_one {
            return None;
        }
        let span = batch.store(&self.piece);
        batch.fields_mut(range)[0].value = Value::Text(Text::plain(span));
        Some(Value::List(Range { start: range.start, len: 1 }))
    }

    /// Puts into `piece` what is to stand in the place of the numbers in `date`, `[1985,3,5]`, if that is a date and a value under `key`.
    /// Gives whether anything is.
    pub(super) fn replace_date(&mut self, date: &[u8], key: Key<'_>, here: Here) -> bool {
        let is_date = matches!(date, [b'[', b'1' | b'2', b'0' | b'9', _, _, b',', ..]) && date.len() <= DATE;
        // Of a password each number is looked at by itself.
        let is_password = here.above.is_password() || self.redactor.below(key.end()) == Below::Whole;
        let is_other = is_password || here.listed.is_some() || here.whole.is_some();
        if !is_date || is_other || !self.replace(date, key, false, here) {
            return false;
        }
        self.piece.retain(|byte| !matches!(byte, b'[' | b']' | b'"'));
        true
    }

    /// Puts into `piece` what is to stand in the place of `text`. Gives whether anything is.
    pub(super) fn replace(&mut self, text: &[u8], key: Key<'_>, escaped: bool, here: Here) -> bool {
        let Self { redactor, names, piece, .. } = self;
        piece.clear();
        if let Some(whole) = here.whole {
            return redactor.whole(whole, text, escaped, piece);
        }
        if here.listed.is_some_and(|named| redactor.secret_as_named(named, text, escaped, piece)) {
            return true;
        }
        let is_secret = here.above.may_be_secret(text)
            && !redactor.is_one(text, Place { key: names.name(key, here.above), escaped })
            && redactor.text(text, Place { key: names.of_secret(here.above), escaped }, piece);
        is_secret || redactor.text(text, Place { key: names.name(key, here.above), escaped }, piece)
    }

    /// Where the members are of the map that is at `here`, under `key`. What it opens is to be left with [`Names::leave`].
    ///
    /// What only describes a password or other secret, as `describes` tells, holds none.
    pub(super) fn below(&mut self, key: Key<'_>, here: Here, describes: impl FnOnce() -> bool) -> Here {
        let (key, several) = (self.key_of_items(key), key);
        let is_several = key.bytes.len() < several.bytes.len();
        let Self { redactor, names, .. } = self;
        let tell = |name: &[u8]| {
            let below = redactor.below(name);
            let secret = if below == Below::Joined { redactor.secret(name) } else { None };
            let secret = secret.map(|secret| if is_several { Secret::Tokens } else { secret });
            match below == Below::Whole || secret.is_some() {
                true if describes() => Said { below: Below::Joined, secret: None },
                _ => Said { below, secret },
            }
        };
        here.with(names.enter(key, here.above, tell))
    }

    /// Goes through the fields of a map, or of the list that `list` is the key of. `name` is what one of them names another one.
    fn nested(
        &mut self,
        batch: &mut Batch,
        range: Range,
        (list, name): (Option<Text>, Option<Text>),
        here: Here,
    ) -> Fate {
        let (mut kept, mut changed) = (0, false);
        let mut arguments = Arguments::default();
        for at in 0..range.len as usize {
            let mut field = batch.fields(range)[at];
            let inside = match list {
                Some(_) => self.paths.item(here, at),
                None => self.enter(batch, here, field),
            };
            let key = match (list, name) {
                (Some(_), Some(name)) if at == 1 => name,
                (Some(list), _) => self.option_before(batch, range, at).unwrap_or(list),
                (_, Some(name)) if is_part(batch, field, Part::Value) => name,
                _ => field.key,
            };
            let argument = if list.is_some() { next_argument(&mut arguments, batch, field.value) } else { None };
            self.is_item = list.is_some();
            let fate = match argument {
                Some((text, argument)) => self.argument(batch, text, argument, inside),
                None => self.field(batch, Field { key, ..field }, inside),
            };
            match fate {
                Fate::Same => {}
                Fate::Changed(value) => (field.value, changed) = (value, true),
                Fate::Gone => {
                    changed = true;
                    continue;
                }
            }
            if list.is_none()
                && let Some(key) = self.key(batch, field.key, inside)
            {
                (field.key, changed) = (key, true);
            }
            batch.fields_mut(range)[kept] = field;
            kept += 1;
        }
        if !changed {
            return Fate::Same;
        }
        let left = Range { start: range.start, len: u32::try_from(kept).unwrap_or(range.len) };
        Fate::Changed(if list.is_some() { Value::List(left) } else { Value::Map(left) })
    }

    /// What becomes of `text`, an item of a list at `here` that is an `argument` of a program.
    fn argument(&mut self, batch: &mut Batch, text: Text, argument: Argument, here: Here) -> Fate {
        if self.is_gone(here, false) {
            return Fate::Gone;
        }
        if here.is_excluded {
            return Fate::Same;
        }
        let escaped = text.is_escaped();
        let Some(start) = self.replace_argument(batch.bytes(text.span), argument, escaped, here) else {
            return Fate::Same;
        };
        self.piece.splice(0..0, batch.bytes(text.span).iter().take(start).copied());
        let span = batch.store(&self.piece);
        Fate::Changed(Value::Text(if escaped { Text::escaped(span) } else { Text::plain(span) }))
    }

    /// Puts into `piece` what is to stand in the place of `text`, an `argument`, from some byte on. Gives which, if anything is.
    pub(super) fn replace_argument(
        &mut self,
        text: &[u8],
        argument: Argument,
        escaped: bool,
        here: Here,
    ) -> Option<usize> {
        let start = if here.whole.is_some() { 0 } else { argument.start };
        let key = Key { bytes: argument.key, escaped: false };
        self.replace(text.get(start..)?, key, escaped, here.with(Above::NOTHING)).then_some(start)
    }

    /// The option before the item at `at` of a list, if that is its value, as among arguments: `["--password", "x"]`.
    fn option_before(&mut self, batch: &Batch, range: Range, at: usize) -> Option<Text> {
        let [.., Field { value: Value::Text(option), .. }, Field { value, .. }] = batch.fields(range).get(..=at)?
        else {
            return None;
        };
        let value = match value {
            Value::Text(text) => Key::of_text(batch, *text),
            Value::Number(span) => Key { bytes: batch.bytes(*span), escaped: false },
            _ => return None,
        };
        self.is_valued(Key::of_text(batch, *option), value).then_some(*option)
    }

    /// Whether `text` is the value of an `option` before it in a list.
    #[inline(always)]
    pub(super) fn is_valued(&mut self, option: Key<'_>, text: Key<'_>) -> bool {
        option.is_option() && !text.bytes.starts_with(b"-") && self.redactor.below(option.bytes) != Below::Nothing
    }

    /// The name in the list of these fields, if that and its value are all that it holds, as in a list of pairs: `["password", "x"]`.
    fn name_of_pair(&mut self, batch: &Batch, range: Range, (key, here): (Text, Here)) -> Option<Text> {
        let [Field { value: Value::Text(name), .. }, Field { value: Value::Text(text), .. }] = batch.fields(range)
        else {
            return None;
        };
        let pair = (Key::of_text(batch, *name), Key::of_text(batch, *text));
        self.is_pair(pair, Key::of_text(batch, key), here).then_some(*name)
    }

    /// Whether `name` and `text`, two texts in a list in a list under `key`, are a name and its value. Where `key` says what stands there,
    /// `text` must be a value of that name.
    pub(super) fn is_pair(&mut self, (name, text): (Key<'_>, Key<'_>), key: Key<'_>, here: Here) -> bool {
        let Self { redactor, names, .. } = self;
        let mut below = |key: &[u8]| redactor.below(key);
        if name.escaped || below(name.end()) == Below::Nothing || below(text.end()) == Below::Whole {
            return false;
        }
        below(names.name(key, here.above)) == Below::Nothing
            || redactor.is_one(text.bytes, Place { key: name.end(), escaped: text.escaped })
    }

    /// What the map of these fields holds as the name of a value beside it.
    fn name_of_value(&mut self, batch: &Batch, range: Range) -> Option<Text> {
        let fields = batch.fields(range);
        let has = |part| fields.iter().any(|field| is_part(batch, *field, part));
        if has(Part::Value) { self.name_in(batch, fields) } else { None }
    }

    /// The name among `fields` that tells what the value beside it is.
    #[inline(never)]
    fn name_in(&mut self, batch: &Batch, fields: &[Field]) -> Option<Text> {
        let name = |field: &Field| match field.value {
            Value::Text(text) if is_part(batch, *field, Part::Name) => Some((Key::of_text(batch, text), text)),
            // Of a path the last one.
            Value::List(range) if is_part(batch, *field, Part::Name) => match batch.fields(range).last()?.value {
                Value::Text(text) => Some((Key::of_text(batch, text), text)),
                _ => None,
            },
            _ => None,
        };
        self.telling(fields.iter().filter_map(name))
    }

    /// The first of these names that says what a value is, else the last one. One in which something was hidden may say what it did not
    /// before.
    pub(super) fn telling<'k, T: Copy>(&mut self, names: impl Iterator<Item = (Key<'k>, T)>) -> Option<T> {
        let mut last = None;
        for (name, one) in names.filter(|(name, _)| !name.end().contains(&b'<')) {
            last = Some(one);
            if name.escaped || self.redactor.below(name.end()) != Below::Nothing {
                break;
            }
        }
        last
    }

    /// What is to stand in the place of `key`.
    fn key(&mut self, batch: &mut Batch, key: Text, here: Here) -> Option<Text> {
        let escaped = key.is_escaped();
        if !self.renames(batch.bytes(key.span), escaped, here) {
            return None;
        }
        if !std::mem::replace(&mut self.has_keys, true) {
            add_keys(&mut self.renamed, batch, batch.record(self.index).fields());
        }
        self.number_key();
        let span = batch.store(&self.piece);
        Some(if escaped { Text::escaped(span) } else { Text::plain(span) })
    }

    /// Puts into `piece` what is to stand in the place of a key. Gives whether anything is.
    #[inline(always)]
    pub(super) fn renames(&mut self, key: &[u8], escaped: bool, here: Here) -> bool {
        self.keys && !here.is_excluded && self.renamed(key, escaped)
    }

    /// Notes a key of JSON, which another one may become.
    pub(super) fn add_key(&mut self, key: &[u8]) {
        add_key(&mut self.renamed, key);
    }

    /// Puts a number behind the key in `piece` where another one of the record is the same or became so.
    pub(super) fn number_key(&mut self) {
        let name = self.piece.clone();
        let mut number = self.renamed.get(&name).map_or(1, |same| same + 1);
        while number > 1 {
            self.piece.truncate(name.len());
            self.piece.extend_from_slice(format!("#{number}").as_bytes());
            if !self.renamed.contains_key(&self.piece) {
                self.renamed.insert(self.piece.clone(), 1);
                break;
            }
            number += 1;
        }
        self.renamed.insert(name, number);
    }

    #[inline(never)]
    fn renamed(&mut self, key: &[u8], escaped: bool) -> bool {
        self.piece.clear();
        self.redactor.text(key, Place { key: b"", escaped }, &mut self.piece)
    }
}

/// Adds the keys of `fields`, and of the maps in them, to those of the record.
fn add_keys(renamed: &mut HashMap<Vec<u8>, usize>, batch: &Batch, fields: &[Field]) {
    for field in fields {
        add_key(renamed, batch.bytes(field.key.span));
        match field.value {
            Value::Map(range) => add_keys(renamed, batch, batch.fields(range)),
            Value::List(range) => batch.fields(range).iter().for_each(|item| {
                if let Value::Map(range) | Value::List(range) = item.value {
                    add_keys(renamed, batch, batch.fields(range));
                }
            }),
            _ => {}
        }
    }
}

fn add_key(renamed: &mut HashMap<Vec<u8>, usize>, key: &[u8]) {
    if !renamed.contains_key(key) {
        renamed.insert(key.to_vec(), 1);
    }
}

/// What the next item of a list is among the arguments of a program.
fn next_argument(arguments: &mut Arguments, batch: &Batch, value: Value) -> Option<(Text, Argument)> {
    let Value::Text(text) = value else {
        arguments.skip();
        return None;
    };
    arguments.next(batch.bytes(text.span)).map(|argument| (text, argument))
}

/// Whether `field`, a member of a map, is this `part` of a name and its value.
#[inline(always)]
fn is_part(batch: &Batch, field: Field, part: Part) -> bool {
    Key::of_text(batch, field.key).part() == part
}

/// Whether the map of these fields only describes a value.
fn describes(batch: &Batch, range: Range) -> bool {
    let member = |field: &Field| {
        let name = batch.bytes(field.key.span);
        match field.value {
            Value::Text(text) => (name, Some(batch.bytes(text.span))),
            // What is nested is not looked at, and may be a value.
            Value::Map(_) | Value::List(_) | Value::Json(_) => (&b""[..], None),
            _ => (name, None),
        }
    };
    is_description(batch.fields(range).iter().map(member))
}

/// What there is to know of the field under `key` at the top of records: whether no rule is about it, and nothing is found in its key
/// where `keys` are looked at too.
fn make(redactor: &mut Redactor, paths: &Paths, keys: bool, key: &[u8]) -> (bool, Seen) {
    let here = paths.key(paths.start(), |wanted| wanted == key);
    let is_ruled = here.whole.is_some() || here.is_excluded || paths.is_refused(here, false);
    let is_value = Key { bytes: key, escaped: false }.part() == Part::Value;
    let is_free = !is_ruled && !is_value && (!keys || redactor.findings(key, Place::default()).is_empty());
    (is_free, redactor.seen(key))
}

/// Digits of a number from which on a fraction of zeros behind it says nothing. Shorter ones may be positions.
const LONG: usize = 7;

/// `source` without a fraction of zeros behind a long number, as programs write it that know no whole ones.
fn whole(source: &[u8]) -> &[u8] {
    let zeros = source.iter().rev().take_while(|byte| **byte == b'0').count();
    match source[..source.len() - zeros].strip_suffix(b".") {
        Some(whole) if whole.iter().filter(|byte| byte.is_ascii_digit()).count() >= LONG => whole,
        _ => source,
    }
}

/// Appends a number of JSON so that its digits stand side by side: one with an exponent, or a fraction of zeros, is written out when it
/// is whole.
pub(super) fn push_plain_number(source: &[u8], out: &mut Vec<u8>) {
    if source.iter().any(|byte| matches!(byte, b'e' | b'E')) {
        let number = std::str::from_utf8(source).ok().and_then(|text| text.parse::<f64>().ok());
        if let Some(number) = number {
            return push_computed(Value::F64(number), out);
        }
    }
    out.extend_from_slice(whole(source));
}

fn push_computed(value: Value, out: &mut Vec<u8>) {
    let written = match value {
        Value::I64(number) => write!(out, "{number}"),
        Value::U64(number) => write!(out, "{number}"),
        Value::Bool(is_so) => write!(out, "{is_so}"),
        Value::F64(number) if number.abs() < 1e20 => write!(out, "{number}"),
        _ => Ok(()),
    };
    written.expect("writing a number to memory does not fail");
}
