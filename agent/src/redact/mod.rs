//! Finds personal data in bytes and says where it is. Pure: bytes and the name of the field in, spans out; no file, no
//! network, no clock. What becomes of a finding is decided elsewhere.

#![allow(
    clippy::cast_possible_truncation,
    reason = "places in texts of at most 4 GiB, indices of detectors, lengths of runs of at most 40 bytes"
)]

mod accounts;
mod address;
mod all;
mod arguments;
mod around;
mod aside;
mod beside;
mod brackets;
mod chain;
mod chains;
#[cfg(any(test, fuzzing))]
pub mod check;
mod checksum;
mod code;
mod colons;
mod commands;
mod constructed;
mod context;
mod cookies;
mod covered;
mod decode;
mod defaults;
mod described;
mod detector;
mod digest;
mod domains;
mod elements;
mod endings;
mod ends;
mod engine;
mod escape;
mod fence;
mod filter;
mod folded;
pub mod french;
mod glance;
mod glued;
mod groups;
mod hearing;
mod homes;
mod hooks;
mod items;
mod keys;
mod known;
mod level;
mod lists;
mod literals;
mod loaded;
mod logins;
mod loud;
mod masks;
mod mechanisms;
mod members;
mod memory;
mod mere;
mod moment;
mod named;
mod naming;
pub mod national;
mod network;
mod numbers;
mod operators;
mod own;
mod pairs;
mod pam;
mod phone;
mod php;
mod phrases;
mod place;
mod positional;
mod programs;
mod quote;
mod reach;
mod refused;
mod resolve;
mod rest;
mod runs;
mod scanner;
mod schemes;
pub mod secret;
mod shapes;
mod spelled;
mod spoken;
mod statements;
mod story;
mod street;
mod sure;
mod surnames;
mod table;
mod token;
mod told;
mod told_users;
mod track;
mod uncoded;
pub mod universal;
mod users;
mod value;
pub mod vat;
mod version;
mod ways;
mod words;
mod written;

#[cfg(test)]
mod examples;
#[cfg(test)]
mod floods;
#[cfg(test)]
mod formats;
#[cfg(test)]
mod plain;
#[cfg(test)]
mod values;

pub use all::all;
pub use checksum::{digits_mod, luhn, mod_11_10};
pub use described::is_description;
pub use detector::{Candidate, Detector, Form, Group, Shape, Tier};
pub use engine::{Engine, Strictness};
pub use fence::{Fences, Spot};
#[cfg(test)]
pub(crate) use floods::PIECES;
pub use folded::Folded;
pub use items::{Argument, Arguments};
pub use keys::{Below, Named, without_marks};
pub use lists::Joined;
pub use loaded::{WORDS, are_same, words_at};
pub use mere::Mere;
pub use place::Place;
pub use resolve::unite;
pub use scanner::Scanner;
pub use secret::is_nothing;
pub use token::{ALPHABET, BLOCK, HASH, token_length};
pub use uncoded::push_uncoded;

/// Where one value of one kind lies.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Finding {
    /// First byte, counted from the start of the text that was looked through.
    pub start: u32,
    /// Behind the last byte.
    pub end: u32,
    /// Index of the detector in the table of the engine.
    pub detector: u16,
    /// How certain it is, 0 to 100: of findings that overlap, the highest gives the name.
    pub score: u8,
}
