//! Values to fields.

use std::cell::RefCell;

use super::read::{Bytes, Kind, Reader};
use super::{EventError, MAX_DEPTH};
use crate::batch::{Batch, Field, Range, Span, Text, Value};

thread_local! {
    /// Members of maps and arrays that are not closed yet, the innermost last.
    static OPEN: RefCell<Vec<Field>> = const { RefCell::new(Vec::new()) };
}

/// Values being read into a batch.
pub(super) struct Values<'a> {
    pub(super) batch: &'a mut Batch,
    pub(super) reader: Reader,
    depth: usize,
}

impl<'a> Values<'a> {
    pub(super) fn new(batch: &'a mut Batch, span: Span) -> Self {
        let reader = Reader { at: span.start as usize, end: span.end() };
        Self { batch, reader, depth: 0 }
    }

    pub(super) fn head(&mut self) -> Result<Kind, EventError> {
        self.bytes().head()
    }

    pub(super) fn fixed<const N: usize>(&mut self) -> Result<[u8; N], EventError> {
        self.bytes().fixed()
    }

    fn bytes(&mut self) -> Bytes<'_> {
        Bytes { reader: &mut self.reader, arena: self.batch.arena() }
    }

    pub(super) fn tape_end(&self) -> usize {
        self.batch.tape.len()
    }

    /// Goes one level down for as long as `inside` runs.
    fn nested<T>(&mut self, inside: impl FnOnce(&mut Self) -> Result<T, EventError>) -> Result<T, EventError> {
        if self.depth == MAX_DEPTH {
            return Err(EventError::Malformed);
        }
        self.depth += 1;
        let inner = inside(self);
        self.depth -= 1;
        inner
    }

    fn text(&mut self, length: usize) -> Result<Text, EventError> {
        let start = self.reader.skip(length)?;
        Ok(Text::plain(Span::between(start, start + length)))
    }

    fn written(&mut self, text: &str) -> Text {
        Text::plain(self.batch.store(text.as_bytes()))
    }

    fn value(&mut self, open: &mut Vec<Field>) -> Result<Value, EventError> {
        Ok(match self.head()? {
            Kind::Nil => Value::Null,
            Kind::Bool(truth) => Value::Bool(truth),
            Kind::Unsigned(number) => i64::try_from(number).map_or(Value::U64(number), Value::I64),
            Kind::Signed(number) => Value::I64(number),
            Kind::Float(number) => Value::F64(number),
            Kind::Text(length) => Value::Text(self.text(length)?),
            Kind::Extension(_, length) => Value::Text(self.extension(length)?),
            Kind::Array(count) => Value::List(self.nested(|values| values.list(count, open))?),
            Kind::Map(count) => Value::Map(self.nested(|values| values.members(count, open))?),
        })
    }

    /// An extension as Fluent Bit writes it: `\x` and two digits for each byte.
    fn extension(&mut self, length: usize) -> Result<Text, EventError> {
        let start = self.reader.skip(length)?;
        let bytes = &self.batch.arena()[start..start + length];
        let digits: String = bytes.iter().map(|byte| format!("\\x{byte:02x}")).collect();
        Ok(self.written(&digits))
    }

    fn list(&mut self, count: usize, open: &mut Vec<Field>) -> Result<Range, EventError> {
        let first = open.len();
        for _ in 0..count {
            let value = self.value(open)?;
            open.push(Field { key: Text::default(), value });
        }
        let range = self.batch.store_fields(&open[first..]);
        open.truncate(first);
        Ok(range)
    }

    fn members(&mut self, count: usize, open: &mut Vec<Field>) -> Result<Range, EventError> {
        let first = open.len();
        for _ in 0..count {
            let key = self.key()?;
            let value = self.value(open)?;
            open.push(Field { key, value });
        }
        let range = self.batch.store_fields(&open[first..]);
        open.truncate(first);
        Ok(self.batch.keep_last(range))
    }

    /// A key; one that is no text is written as text.
    fn key(&mut self) -> Result<Text, EventError> {
        Ok(match self.head()? {
            Kind::Text(length) => self.text(length)?,
            Kind::Extension(_, length) => self.extension(length)?,
            Kind::Nil => self.written("null"),
            Kind::Bool(truth) => self.written(&truth.to_string()),
            Kind::Unsigned(number) => self.written(&number.to_string()),
            Kind::Signed(number) => self.written(&number.to_string()),
            Kind::Float(number) => self.written(&number.to_string()),
            Kind::Array(_) | Kind::Map(_) => return Err(EventError::Malformed),
        })
    }
}

/// Reads a map. Gives its members.
pub(super) fn map(values: &mut Values<'_>) -> Result<Range, EventError> {
    let Kind::Map(count) = values.head()? else { return Err(EventError::Malformed) };
    OPEN.with_borrow_mut(|open| {
        let read = values.nested(|values| values.members(count, open));
        open.clear();
        read
    })
}
