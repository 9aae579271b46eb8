//! The input plugins: one folder each, one row in [`KINDS`].

use crate::plugin::InputKind;

/// All input plugins, in the order of the manual.
pub const KINDS: &[InputKind] = &[];
