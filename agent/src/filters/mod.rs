//! The filter plugins: one folder each, one row in [`KINDS`].

use crate::plugin::FilterKind;

/// All filter plugins, in the order of the manual.
pub const KINDS: &[FilterKind] = &[];
