//! Which lines belong to one event: rules of languages, as functions of bytes.

mod java;

pub use java::JavaState;
