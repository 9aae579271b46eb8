//! The input plugins: one folder each, one row in [`KINDS`]. `lines` is what line-oriented inputs share.

pub mod lines;
mod tail;

use crate::plugin::InputKind;

/// All input plugins, in the order of the manual.
pub const KINDS: &[InputKind] = &[tail::KIND];
