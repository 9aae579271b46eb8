//! Looks through JSON that was not taken apart, and writes it anew only where something in it changes.
//!
//! It is as deep as the parsers let it be, which is what bounds the calls within calls here.

use std::ops::Range;

use vigie_parsers::batch::Batch;

use super::names::{Key, Part};
use super::paths::Here;
use super::walk::{Walk, push_plain_number};
use crate::encode::{Token, Tokens, push_escaped};
use crate::redact::{Argument, Arguments, is_description};

/// What stands beside a value in its map and may name it.
#[derive(Clone, Default)]
struct Beside<'a> {
    /// From the value of the first member on that may.
    names: Option<Tokens<'a>>,
    /// The name that does, once that was asked.
    told: Option<Key<'a>>,
    is_read: bool,
}

/// The text with what changed so far.
struct Splice<'a> {
    json: &'a [u8],
    tokens: Tokens<'a>,
    out: &'a mut Vec<u8>,
    copied: usize,
    changed: bool,
    /// Whether its keys are known to the walk.
    has_keys: bool,
}

impl<'a> Splice<'a> {
    fn copy_to(&mut self, end: usize) {
        self.out.extend_from_slice(&self.json[self.copied..end]);
        self.copied = end;
    }

    /// Puts `text` in the place of `range`.
    fn put(&mut self, range: Range<usize>, text: &[u8]) {
        self.copy_to(range.start);
        self.out.extend_from_slice(text);
        self.copied = range.end;
        self.changed = true;
    }

    /// Puts `text` in the place of `range` within a string. It has escapes where what stood there had any.
    fn put_inside(&mut self, range: Range<usize>, text: &[u8], has_escapes: bool) {
        if has_escapes {
            return self.put(range, text);
        }
        self.put(range, b"");
        push_escaped(text, self.out);
    }

    /// Leaves out `range`, a member or item, with one comma. `has_kept` tells whether one before it stays.
    fn leave_out(&mut self, range: Range<usize>, has_kept: bool) {
        self.copy_to(range.start);
        self.copied = range.end;
        self.changed = true;
        if has_kept {
            let kept = self.out.trim_ascii_end().strip_suffix(b",").map(<[u8]>::len);
            self.out.truncate(kept.unwrap_or(self.out.len()));
        } else if let Some(behind) = self.json[range.end..].trim_ascii_start().strip_prefix(b",") {
            self.copied = self.json.len() - behind.len();
        }
    }

    /// Leaves out the next value, with what stands before it from `start` on where that comes first.
    fn leave_out_from(&mut self, start: usize, has_kept: bool) {
        if let Some(value) = self.tokens.value() {
            self.leave_out(value.start.min(start)..value.end, has_kept);
        }
    }

    /// Whether an object or list comes next.
    fn is_nested_next(&self) -> bool {
        matches!(self.tokens.clone().next(), Some(Token::Open(_)))
    }

    fn bytes(&self, range: &Range<usize>) -> &'a [u8] {
        &self.json[range.clone()]
    }
}

/// The values of names in `json`, which begins with one if it `is_name`, up to the first value that holds others: so no byte is read
/// again with the map around.
fn names<'a>(json: &'a [u8], mut tokens: Tokens<'a>, mut is_name: bool) -> impl Iterator<Item = Key<'a>> {
    std::iter::from_fn(move || {
        loop {
            match tokens.next()? {
                Token::Key(range) => is_name = Key::of_json(&json[range]).part() == Part::Name,
                Token::Text(range) if is_name => return Some(Key::of_json(&json[range])),
                Token::Open(b'[') if is_name => return last_text(json, &mut tokens),
                Token::Text(_) | Token::Scalar(_) => {}
                Token::Open(_) | Token::Close(_) => return None,
            }
        }
    })
}

/// The last item of the list whose items come next, if all are texts.
fn last_text<'a>(json: &'a [u8], tokens: &mut Tokens<'a>) -> Option<Key<'a>> {
    let mut last = None;
    loop {
        match tokens.next()? {
            Token::Text(range) => last = Some(Key::of_json(&json[range])),
            Token::Close(_) => return last,
            _ => return None,
        }
    }
}

/// The two items of the list whose items come next, if it holds two texts.
fn pair<'a>(json: &'a [u8], mut tokens: Tokens<'a>) -> Option<(Key<'a>, Key<'a>)> {
    let mut text = || match tokens.next() {
        Some(Token::Text(range)) => Some(Key::of_json(&json[range])),
        _ => None,
    };
    let two = text().zip(text())?;
    matches!(tokens.next(), Some(Token::Close(_))).then_some(two)
}

/// Whether the object whose members come next only describes a value.
fn describes(json: &[u8], mut tokens: Tokens<'_>) -> bool {
    is_description(std::iter::from_fn(|| {
        let Some(Token::Key(key)) = tokens.next() else { return None };
        let text = match tokens.next() {
            Some(Token::Text(range)) => Some(&json[range]),
            Some(Token::Scalar(_)) => None,
            // What is nested is not looked at, and may be a value.
            _ => return Some((&b""[..], None)),
        };
        Some((&json[key], text))
    }))
}

fn is_escaped(inside: &[u8]) -> bool {
    memchr::memchr(b'\\', inside).is_some()
}

/// Whether `key` stands for `wanted`.
fn stands_for(key: Key<'_>, wanted: &[u8]) -> bool {
    if key.escaped { Batch::json_is(key.bytes, wanted) } else { key.bytes == wanted }
}

impl Walk {
    /// Looks through valid `json`, the value under `key`, and appends to `out` what is to stand in its place. Gives whether
    /// anything changed; if not, `out` is to be thrown away.
    pub(super) fn json(&mut self, json: &[u8], key: Key<'_>, here: Here, out: &mut Vec<u8>) -> bool {
        let mut splice = Splice { json, tokens: Tokens::new(json), out, copied: 0, changed: false, has_keys: false };
        self.json_value(&mut splice, key, here);
        if splice.changed {
            splice.copy_to(json.len());
        }
        splice.changed
    }

    /// Walks over one value.
    fn json_value<'a>(&mut self, splice: &mut Splice<'a>, key: Key<'a>, here: Here) {
        let is_item = std::mem::take(&mut self.is_item);
        match splice.tokens.next() {
            Some(Token::Open(b'{')) => {
                let depth = self.names.depth();
                let inside = self.below(key, here, || describes(splice.json, splice.tokens.clone()));
                self.json_members(splice, inside);
                self.names.leave(depth);
            }
            Some(Token::Open(_)) => {
                let here = self.json_items_of((splice.json, splice.tokens.clone()), key, here);
                if self.json_date(splice, key, here) {
                    return;
                }
                let name = if is_item { pair(splice.json, splice.tokens.clone()) } else { None };
                let name = name.filter(|pair| self.is_pair(*pair, key, here)).map(|(name, _)| name);
                self.json_items(splice, (self.key_of_items(key), name), here);
            }
            Some(Token::Text(range)) => {
                let inside = splice.bytes(&range);
                let is_escaped = is_escaped(inside);
                if self.replace(inside, key, is_escaped, here) {
                    splice.put_inside(range, &self.piece, is_escaped);
                }
            }
            Some(Token::Scalar(range)) => self.json_scalar(splice, range, key, here),
            _ => {}
        }
    }

    /// Whether the items of the list that come next are a date that is a value under `key`. Then one text stands in their place.
    fn json_date(&mut self, splice: &mut Splice<'_>, key: Key<'_>, here: Here) -> bool {
        let mut tokens = splice.tokens.clone();
        let mut number = || match tokens.next() {
            Some(Token::Scalar(range)) => Some(range),
            _ => None,
        };
        let (Some(year), Some(month), Some(day)) = (number(), number(), number()) else { return false };
        if !matches!(tokens.next(), Some(Token::Close(_))) {
            return false;
        }
        let mut date = self.take_number();
        for (at, number) in [&year, &month, &day].into_iter().enumerate() {
            date.push(if at > 0 { b',' } else { b'[' });
            date.extend_from_slice(splice.bytes(number));
        }
        date.push(b']');
        let is_one = self.replace_date(&date, key, here);
        self.give_number(date);
        if is_one {
            splice.tokens = tokens;
            splice.put(year.start..day.end, &[b"\"", self.piece.as_slice(), b"\""].concat());
        }
        is_one
    }

    fn json_scalar(&mut self, splice: &mut Splice<'_>, range: Range<usize>, key: Key<'_>, here: Here) {
        let source = splice.bytes(&range);
        match source.first() {
            Some(b'-' | b'0'..=b'9') => {}
            // Only a rule of its field makes a boolean a value that is to be hidden.
            Some(b't' | b'f') if here.whole.is_some() => {}
            _ => return,
        }
        let mut number = self.take_number();
        push_plain_number(source, &mut number);
        if self.replace(&number, key, false, here) {
            // Nothing that stands in a number, and nothing that an action writes, needs an escape.
            splice.put(range.start..range.start, b"\"");
            splice.put(range, &self.piece);
            splice.out.push(b'"');
        }
        self.give_number(number);
    }

    fn json_members(&mut self, splice: &mut Splice<'_>, here: Here) {
        let mut has_kept = false;
        let mut beside = Beside::default();
        while let Some(Token::Key(range)) = splice.tokens.next() {
            let key = Key::of_json(splice.bytes(&range));
            let inside = self.paths.key(here, |wanted| stands_for(key, wanted));
            if self.is_gone(inside, splice.is_nested_next()) {
                splice.leave_out_from(range.start - 1, has_kept);
                continue;
            }
            has_kept = true;
            if self.renames(key.bytes, key.escaped, inside) {
                self.add_keys(splice);
                self.number_key();
                splice.put_inside(range, &self.piece, key.escaped);
            }
            let key = self.said(splice, key, &mut beside);
            if inside.is_excluded {
                splice.tokens.value();
            } else {
                self.json_value(splice, key, inside);
            }
        }
    }

    /// Notes the keys of this JSON, once, since another one may become one of them.
    #[cold]
    fn add_keys(&mut self, splice: &mut Splice<'_>) {
        if std::mem::replace(&mut splice.has_keys, true) {
            return;
        }
        for token in Tokens::new(splice.json) {
            if let Token::Key(range) = token {
                self.add_key(splice.bytes(&range));
            }
        }
    }

    /// What tells of the next value, a member's under `key`: that, or of a value what names it.
    #[inline(always)]
    fn said<'a>(&mut self, splice: &Splice<'a>, key: Key<'a>, beside: &mut Beside<'a>) -> Key<'a> {
        match key.part() {
            Part::Other => key,
            Part::Name => {
                if beside.names.is_none() {
                    beside.names = Some(splice.tokens.clone());
                }
                key
            }
            Part::Value => self.told(splice, beside).unwrap_or(key),
        }
    }

    /// The name that tells what the next value is.
    #[inline(never)]
    fn told<'a>(&mut self, splice: &Splice<'a>, beside: &mut Beside<'a>) -> Option<Key<'a>> {
        if !beside.is_read {
            let is_name = beside.names.is_some();
            let tokens = beside.names.take().unwrap_or_else(|| splice.tokens.clone());
            beside.told = self.telling(names(splice.json, tokens, is_name).map(|name| (name, name)));
            beside.is_read = true;
        }
        beside.told
    }

    /// Walks over the items of a list under `key`, of which the second one may have a `name` of its own.
    fn json_items<'a>(&mut self, splice: &mut Splice<'a>, (key, name): (Key<'a>, Option<Key<'a>>), here: Here) {
        let (mut has_kept, mut before, mut arguments) = (false, None, Arguments::default());
        for index in 0.. {
            let next = splice.tokens.clone().next();
            let text = match &next {
                Some(Token::Text(range)) => Some(Key { bytes: splice.bytes(range), escaped: false }),
                _ => None,
            };
            let scalar = match &next {
                Some(Token::Scalar(range)) => Some(Key { bytes: splice.bytes(range), escaped: false }),
                _ => text,
            };
            // Among arguments an option tells what stands behind it.
            let option = before.zip(scalar).filter(|(option, scalar)| self.is_valued(*option, *scalar));
            before = text;
            let argument = match text {
                Some(text) => arguments.next(text.bytes),
                None => {
                    arguments.skip();
                    None
                }
            };
            if matches!(next, None | Some(Token::Close(_))) {
                splice.tokens.next();
                return;
            }
            let inside = self.paths.item(here, index);
            if self.is_gone(inside, matches!(next, Some(Token::Open(_)))) {
                splice.leave_out_from(usize::MAX, has_kept);
                continue;
            }
            has_kept = true;
            if inside.is_excluded {
                splice.tokens.value();
            } else if let Some(argument) = argument {
                self.json_argument(splice, argument, inside);
            } else {
                self.is_item = true;
                let name = name.filter(|_| index == 1).or(option.map(|(option, _)| option));
                self.json_value(splice, name.unwrap_or(key), inside);
            }
        }
    }

    /// Walks over an item that is an `argument` of a program.
    fn json_argument(&mut self, splice: &mut Splice<'_>, argument: Argument, here: Here) {
        let Some(Token::Text(range)) = splice.tokens.next() else { return };
        let text = splice.bytes(&range);
        let is_escaped = is_escaped(text);
        if let Some(start) = self.replace_argument(text, argument, is_escaped, here) {
            splice.put_inside(range.start + start..range.end, &self.piece, is_escaped);
        }
    }
}
