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

/// The key under which the input of `section` puts lines as a whole; none where a parser takes them apart.
pub fn text_key(section: &Section) -> Option<&str> {
    let is_one = |kind: &InputKind| section.name().eq_ignore_ascii_case(kind.name);
    if section.get("parser").is_some() {
        return None;
    }
    // Of its input `stdin` keeps so what is no JSON.
    let is_tail = is_one(&tail::KIND);
    let named = section.get("key").filter(|_| is_tail);
    (is_tail || is_one(&stdin::KIND)).then(|| named.map_or("log", |key| key.text.as_str()))
}
