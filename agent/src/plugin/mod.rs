//! The contract between plugins and pipeline: what an input, a filter and an output are, and what passes between them.

mod body;
mod buffers;
mod clock;
mod digest;
mod identity;
mod input;
mod memory;
mod name;
mod output;
mod parcel;
mod queue;
mod succession;
mod tables;
mod withheld;

pub use body::{Body, BodyEncoding};
pub use buffers::Buffers;
pub use clock::{Clock, wall_clock};
pub use identity::Agent;
pub use input::{Ends, Input, ItsEnd, Outlet, Source, Stage, StageFactory, Stop, Stream, Work};
pub use memory::{Memory, PooledBatch};
pub use name::{Identity, Name};
pub use output::{Cause, Class, Delivery, Encoded, Encoder, Fate, Item, Lot, Output, Refusal, Request, Verdict};
pub use parcel::Parcel;
pub use queue::{ByteQueue, Popped, Weight};
pub use succession::{Passed, Succession};
pub use tables::{
    BuildContext, BuildFilter, BuildInput, BuildOutput, Canary, Filter, FilterContext, FilterFactory, FilterKind,
    Hidden, InputKind, InputSetup, KeyPath, OutputKind, Purpose, Wanted,
};
pub use withheld::Withheld;
