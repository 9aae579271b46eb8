//! The heads of values: what comes next, and how long it is.

use super::EventError;

/// What begins at some place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    Nil,
    Bool(bool),
    Unsigned(u64),
    /// Below zero.
    Signed(i64),
    Float(f64),
    /// Bytes that follow, text or not.
    Text(usize),
    /// Values that follow.
    Array(usize),
    /// Pairs of values that follow.
    Map(usize),
    /// Its type, and bytes that follow.
    Extension(i8, usize),
}

/// Reads forward through bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader {
    pub(super) at: usize,
    pub(super) end: usize,
}

impl Reader {
    /// Moves over `count` bytes and gives where they begin.
    pub(super) fn skip(&mut self, count: usize) -> Result<usize, EventError> {
        let start = self.at;
        if count > self.end - start {
            return Err(EventError::Incomplete);
        }
        self.at += count;
        Ok(start)
    }
}

/// A reader with its bytes.
pub(super) struct Bytes<'a> {
    pub(super) reader: &'a mut Reader,
    pub(super) arena: &'a [u8],
}

impl Bytes<'_> {
    pub(super) fn fixed<const N: usize>(&mut self) -> Result<[u8; N], EventError> {
        let start = self.reader.skip(N)?;
        let mut bytes = [0; N];
        bytes.copy_from_slice(&self.arena[start..start + N]);
        Ok(bytes)
    }

    fn length8(&mut self) -> Result<usize, EventError> {
        Ok(usize::from(u8::from_be_bytes(self.fixed()?)))
    }

    fn length16(&mut self) -> Result<usize, EventError> {
        Ok(usize::from(u16::from_be_bytes(self.fixed()?)))
    }

    fn length32(&mut self) -> Result<usize, EventError> {
        Ok(u32::from_be_bytes(self.fixed()?) as usize)
    }

    /// Takes the head of the next value.
    pub(super) fn head(&mut self) -> Result<Kind, EventError> {
        let [first] = self.fixed()?;
        Ok(match first {
            0x00..=0x7f => Kind::Unsigned(u64::from(first)),
            0x80..=0x8f => Kind::Map(usize::from(first & 0x0f)),
            0x90..=0x9f => Kind::Array(usize::from(first & 0x0f)),
            0xa0..=0xbf => Kind::Text(usize::from(first & 0x1f)),
            0xc0 => Kind::Nil,
            0xc1 => return Err(EventError::Malformed),
            0xc2 | 0xc3 => Kind::Bool(first == 0xc3),
            0xc4 | 0xd9 => Kind::Text(self.length8()?),
            0xc5 | 0xda => Kind::Text(self.length16()?),
            0xc6 | 0xdb => Kind::Text(self.length32()?),
            0xc7..=0xc9 | 0xd4..=0xd8 => return self.extension(first),
            0xca => Kind::Float(f64::from(f32::from_be_bytes(self.fixed()?))),
            0xcb => Kind::Float(f64::from_be_bytes(self.fixed()?)),
            0xcc..=0xd3 => return self.integer(first),
            0xdc => Kind::Array(self.length16()?),
            0xdd => Kind::Array(self.length32()?),
            0xde => Kind::Map(self.length16()?),
            0xdf => Kind::Map(self.length32()?),
            0xe0..=0xff => Kind::Signed(i64::from(first.cast_signed())),
        })
    }

    fn integer(&mut self, first: u8) -> Result<Kind, EventError> {
        let signed = match first {
            0xcc => return Ok(Kind::Unsigned(u64::from(u8::from_be_bytes(self.fixed()?)))),
            0xcd => return Ok(Kind::Unsigned(u64::from(u16::from_be_bytes(self.fixed()?)))),
            0xce => return Ok(Kind::Unsigned(u64::from(u32::from_be_bytes(self.fixed()?)))),
            0xcf => return Ok(Kind::Unsigned(u64::from_be_bytes(self.fixed()?))),
            0xd0 => i64::from(i8::from_be_bytes(self.fixed()?)),
            0xd1 => i64::from(i16::from_be_bytes(self.fixed()?)),
            0xd2 => i64::from(i32::from_be_bytes(self.fixed()?)),
            _ => i64::from_be_bytes(self.fixed()?),
        };
        Ok(u64::try_from(signed).map_or(Kind::Signed(signed), Kind::Unsigned))
    }

    fn extension(&mut self, first: u8) -> Result<Kind, EventError> {
        let length = match first {
            0xc7 => self.length8()?,
            0xc8 => self.length16()?,
            0xc9 => self.length32()?,
            _ => 1 << (first - 0xd4),
        };
        Ok(Kind::Extension(i8::from_be_bytes(self.fixed()?), length))
    }
}
