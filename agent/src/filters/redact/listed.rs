//! Lists below the key of a secret: where one item is a secret, or all make one together, each of them is.

use vigie_parsers::batch::{Batch, Range, Value};

use super::names::Key;
use super::paths::Here;
use super::walk::Walk;
use crate::encode::{Token, Tokens};
use crate::privacy::Redactor;
use crate::redact::{Joined, Named};

/// What is known of the items of a list so far.
struct Items {
    named: Named,
    /// Whether one is a secret by itself.
    has_one: bool,
    joined: Joined,
}

impl Items {
    /// Takes in the next item as it is written.
    fn note(&mut self, redactor: &Redactor, item: &[u8]) {
        self.has_one = self.has_one || redactor.is_value_of(self.named, item);
        self.joined.put(item);
    }

    /// Whether every item is a secret. Beside `several` keys and tokens counts stand too.
    fn are_secrets(&self, redactor: &Redactor, several: bool) -> bool {
        let may_be_one = !(several && redactor.is_token(self.named));
        let numbers = self.joined.numbers().filter(|_| may_be_one);
        self.has_one || numbers.is_some_and(|numbers| redactor.is_value_of(self.named, numbers))
    }
}

impl Walk {
    /// Where the items are of the list at `range`, under `key` at `here`.
    pub(super) fn items_of(&mut self, batch: &Batch, range: Range, key: Key<'_>, here: Here) -> Here {
        let Some((mut items, several)) = self.begin_items(key, here) else { return here };
        self.note_items(batch, range, &mut items);
        self.end_items(&items, several, here)
    }

    /// The same of the list whose items come next in `json`.
    pub(super) fn json_items_of(&mut self, (json, tokens): (&[u8], Tokens<'_>), key: Key<'_>, here: Here) -> Here {
        let Some((mut items, several)) = self.begin_items(key, here) else { return here };
        let mut lists = 1;
        for token in tokens {
            match token {
                Token::Text(range) | Token::Scalar(range) => items.note(&self.redactor, &json[range]),
                Token::Open(b'[') => lists += 1,
                Token::Close(_) if lists > 1 => lists -= 1,
                _ => break,
            }
        }
        self.end_items(&items, several, here)
    }

    /// The items of a list under `key`, if that names a secret, and whether in the plural.
    fn begin_items(&mut self, key: Key<'_>, here: Here) -> Option<(Items, bool)> {
        if here.listed.is_some() || here.whole.is_some() || here.is_excluded {
            return None;
        }
        let one = self.key_of_items(key);
        let several = one.bytes.len() < key.bytes.len();
        let named = self.redactor.named_secret(self.names.name(one, here.above))?;
        Some((Items { named, has_one: false, joined: Joined::default() }, several))
    }

    fn end_items(&self, items: &Items, several: bool, here: Here) -> Here {
        let listed = items.are_secrets(&self.redactor, several).then_some(items.named);
        here.with_items(listed)
    }

    /// Takes in the items of the list at `range`, and of the lists in it.
    fn note_items(&self, batch: &Batch, range: Range, items: &mut Items) {
        for field in batch.fields(range) {
            match field.value {
                Value::Text(text) => items.note(&self.redactor, batch.bytes(text.span)),
                Value::Number(span) => items.note(&self.redactor, batch.bytes(span)),
                Value::List(range) => self.note_items(batch, range, items),
                Value::I64(number) => items.note(&self.redactor, number.to_string().as_bytes()),
                Value::U64(number) => items.note(&self.redactor, number.to_string().as_bytes()),
                Value::F64(_) | Value::Map(_) | Value::Json(_) => items.joined.put(b""),
                Value::Null | Value::Bool(_) => {}
            }
        }
    }
}
