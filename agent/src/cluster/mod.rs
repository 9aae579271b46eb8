//! What OpenSearch answers, read without trusting it.
//!
//! Used by the output that ships to it, and by retention. Only [`Cluster`] sends anything, and nothing here knows records.

mod bulk;
#[cfg(any(test, fuzzing))]
pub mod check;
mod client;
mod errors;
mod found;
mod roles;
mod templates;

pub use bulk::{Action, ItemAnswer, ItemRun, Unreadable, Verb, bulk_item, bulk_items, item_index};
pub use client::{CallError, Cluster};
pub use errors::{ErrorDetail, error_name, permission, request_error, scrubbed};
pub use found::{Found, Standing, found_items, indexes_behind, standing};
pub use roles::{Role, roles};
pub use templates::{Resource, ResourceKind, State, makes_stream, resources};
