//! The output plugins: one folder each, one row in [`KINDS`].

use crate::plugin::OutputKind;

/// All output plugins, in the order of the manual.
pub const KINDS: &[OutputKind] = &[];
