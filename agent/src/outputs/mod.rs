//! The output plugins: one folder each, one row in [`KINDS`].

pub mod file;
pub mod null;
pub mod opensearch;
pub mod stdout;

use crate::plugin::OutputKind;

/// All output plugins, in the order of the manual.
pub const KINDS: &[OutputKind] = &[opensearch::KIND, stdout::KIND, file::KIND, null::KIND];
