//! What becomes of personal data that `redact` finds: actions, tokens, the keys behind them, presets.
//!
//! The filter `redact` and the commands `redact`, `token` and `keys` go through [`Redactor`]. Nothing here looks for
//! personal data, and nothing here ever prints a key or a value.

mod action;
mod again;
mod bare;
#[cfg(any(test, fuzzing))]
pub mod check;
mod clean;
mod fits;
#[cfg(test)]
mod hostile;
mod key_ring;
mod live_keys;
mod look;
mod mask;
mod masked;
mod normal;
mod own;
mod policy;
mod presets;
#[cfg(test)]
mod properties;
mod punycode;
mod redactor;
mod seal;
mod seen;
mod tag;
mod token;
mod tries;
mod walk;

pub use action::{ACTIONS, Action};
pub use fits::fits;
pub use key_ring::{KeyRing, epoch_of, epoch_text};
pub use live_keys::{EpochKeys, KeySource, LiveKeys};

pub use own::{Checksum, Looks, Number, OwnRule};
pub use policy::{Policy, Selector};
pub use presets::{GROUPS, PRESETS, Preset, group_name};
pub use redactor::{Redactor, Secret, Whole};
pub use seal::{Recipient, Unsealer, new_identity};
pub use seen::{Glance, Note, Seen};
pub use token::{Opened, encryptions, hashes, open};
