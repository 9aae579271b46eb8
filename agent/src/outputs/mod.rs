//! The output plugins: one folder each, one row in [`KINDS`].

pub mod opensearch;

use crate::plugin::OutputKind;

/// All output plugins, in the order of the manual.
pub const KINDS: &[OutputKind] = &[opensearch::KIND];
