//! Signed records in a chain: what was done, so that a third party can see that nothing was changed, left out or moved.
//!
//! Used for certificates of deletion runs; anything that must be proven later can be kept so. An entry is one line of canonical
//! JSON that holds the hash of the entry before it, its own hash and an Ed25519 signature. The [`Ledger`] appends to a file,
//! [`verify`] checks one with public keys alone. Nothing here knows what is proven, and no key is ever printed.

mod entry;
mod keys;
mod ledger;
mod verify;

pub use entry::{Draft, Entry, Hash};
pub use keys::{KeyError, PublicKey, SigningKey};
pub use ledger::{Ledger, LedgerError};
pub use verify::{Flaw, Head, Verified, verify, verify_each};
