//! What these tests share with those against a real node.

#[allow(dead_code, reason = "the other tests use more of it")]
#[path = "../end_to_end/support/agent.rs"]
mod agent;
#[path = "../end_to_end/support/eventually.rs"]
mod eventually;
#[path = "../end_to_end/support/random.rs"]
mod random;

pub(crate) use agent::{Agent, Workplace};
pub(crate) use eventually::eventually;
pub(crate) use random::SplitMix;
