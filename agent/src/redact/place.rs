//! Where a text stands in its record.

/// Where a text stands in its record, which tells the engine what may be in it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Place<'a> {
    /// The innermost key that leads to it, as in the record; empty for a line without fields.
    pub key: &'a [u8],
    /// Whether it is the inside of a JSON string that still has its escapes.
    pub escaped: bool,
}
