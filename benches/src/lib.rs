//! Corpus generator, loopback bulk sink and comparison runs.
//!
//! The programs `vigie-corpus`, `vigie-sink` and `vigie-bench` are thin; what they do lies here, so that tests of the
//! agent can use it too. Nothing here is part of the agent.

pub mod compare;
pub mod conf;
pub mod corpus;
pub mod flags;
pub mod sink;
