//! The program seen from outside, against a real OpenSearch.
//!
//! Each test runs the built binary with a configuration file in a folder of its own. The node is handed over by
//! `make test` in the environment, or started on the first need and removed with this process.

#![allow(
    clippy::disallowed_methods,
    reason = "tests read small files of their own, and their deadlines run on the real clock"
)]

mod access;
mod answers;
mod faults;
mod kill_loop;
mod paths;
mod pressure;
mod retention;
mod rollover;
mod setup;
mod shipping;
mod support;
