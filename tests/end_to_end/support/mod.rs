//! What the end-to-end tests share: the node, a client for it, the agent as a child process, a gate between the two.

mod agent;
mod eventually;
mod gate;
mod node;
mod random;
mod relay;
mod section;
mod store;

pub(crate) use agent::{Agent, Workplace, run_to_end, run_to_end_with};
pub(crate) use eventually::eventually;
pub(crate) use gate::Gate;
pub(crate) use node::{Node, shared_node};
pub(crate) use random::SplitMix;
pub(crate) use relay::{Relay, Turn};
pub(crate) use section::OutputSection;
pub(crate) use store::{Answer, Store};
