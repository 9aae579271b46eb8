//! The output plugins: one folder each, one row in [`KINDS`].

pub mod file;
pub mod null;
pub mod opensearch;
pub mod stdout;

use crate::plugin::OutputKind;

/// All output plugins, in the order of the manual.
pub const KINDS: &[OutputKind] = &[opensearch::KIND, stdout::KIND, file::KIND, null::KIND];

/// What to write in place of `name`, in lower case, an output of Fluent Bit that is not here.
pub fn instead_of(name: &str) -> Option<&'static str> {
    (name == "es")
        .then_some("for OpenSearch write `Name opensearch`, which has the same options and names those that it lacks")
}
