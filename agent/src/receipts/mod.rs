//! Shares of source ranges, and what became of them.
//!
//! An input opens a range in its [`Ledger`] and gets a [`Share`] of it. Whoever holds records or unfinished lines of
//! the range holds a share; every share is settled in the end, or dropped, which means *not delivered*. The ledger
//! moves the stored position over everything settled without a gap, and asks for a rewind where a share was dropped.

mod bell;
mod ledger;
mod share;
mod signal;

pub use bell::Bell;
pub use ledger::Ledger;
#[cfg(test)]
pub use ledger::Tally;
pub use share::{Outcome, Share};
pub use signal::Signal;
