//! What the end-to-end tests share: the node, a client for it, the agent as a child process, a gate between the two.

mod agent;
mod gate;
mod node;
mod section;
mod store;

use std::fmt;
use std::time::{Duration, Instant};

pub(crate) use agent::{Agent, Workplace, run_to_end, run_to_end_with};
pub(crate) use gate::Gate;
pub(crate) use node::{Node, shared_node};
pub(crate) use section::OutputSection;
pub(crate) use store::Store;

/// How often something that should come true is looked at.
const LOOK: Duration = Duration::from_millis(50);

/// Waits until `look` gives something, and says what was awaited when it never does.
pub(crate) fn eventually<T>(within: Duration, awaited: impl fmt::Display, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + within;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "not within {within:?}: {awaited}");
        std::thread::sleep(LOOK);
    }
}
