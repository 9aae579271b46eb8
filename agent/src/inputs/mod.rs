//! The input plugins: one folder each, one row in [`KINDS`]. `lines` is what line-oriented inputs share, `files` what those
//! that read files do, `backlog` what the pipeline adds by itself.

pub mod backlog;
mod dummy;
mod files;
pub mod lines;
mod stdin;
mod tail;

pub use tail::{Follower, bring_home, followers, is_any_file};

#[cfg(any(test, fuzzing))]
pub use tail::check::{cuts, encoded_cuts, restarts};

use crate::config::Section;
use crate::plugin::InputKind;

/// All input plugins, in the order of the manual.
pub const KINDS: &[InputKind] = &[dummy::KIND, stdin::KIND, tail::KIND];

/// The key under which the input of `section` puts whole lines; none where a parser takes them apart.
pub fn text_key(section: &Section) -> Option<&str> {
    let is_whole = section.name().eq_ignore_ascii_case(tail::KIND.name) && section.get("parser").is_none();
    is_whole.then(|| section.get("key").map_or("log", |key| key.text.as_str()))
}
