//! The program `vigie`: flags, exit code, nothing else.

fn main() {}
