//! Has the relocations of the program packed where that is understood: by the C library of this machine, if the program is for it.
//!
//! They are a twentieth of the program otherwise, and all of them are read when it starts.

#![allow(clippy::print_stdout, reason = "so a build script tells Cargo")]

use std::env;
use std::process::Command;

/// The first glibc that reads them packed (DT_RELR).
const FIRST: (u32, u32) = (2, 36);

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if env::var("TARGET") == env::var("HOST") && glibc().is_some_and(|version| version >= FIRST) {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

/// The version of this machine's glibc, if it has one.
fn glibc() -> Option<(u32, u32)> {
    let told = Command::new("getconf").arg("GNU_LIBC_VERSION").output().ok()?;
    let told = String::from_utf8(told.stdout).ok()?;
    let (major, minor) = told.trim().strip_prefix("glibc ")?.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}
