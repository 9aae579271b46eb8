//! How long records are kept: classes, the time they expire at, where they lie, and how they are deleted and what proves it.
//!
//! The filter `retention` stamps, the output `opensearch` places, `vigie retention` plans, deletes and proves. Nothing here reads
//! log files.

mod calendar;
mod classes;
mod erase;
mod holds;
mod lease;
mod names;
mod plan;
mod policies;
mod run;
mod survey;
mod tasks;

pub use calendar::{Age, DAY, Unit, Width, moment, parse_moment};
pub use classes::{Category, Class, ClassName, ClassOptions, Classes, Layout, MOST_CLASSES};
pub use erase::Subject;
pub use holds::{Hold, is_case};
pub use lease::{Lease, Owner};
pub use names::{AUDIT_INDEX, STATE_INDEX, bucket_name, class_in, hold_name, looks_like_bucket, stream_name};
pub use plan::{Step, share, step};
pub use policies::{Managed, Policy, PolicyState};
pub use run::{Run, attest};
pub use survey::{Index, Judgement, Snapshot, Survey, due_query};
