//! Reads files at any place, for all inputs that do.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// Fills `bytes` from `offset` on, as far as the file goes. Gives how many there were.
///
/// # Errors
/// When the file cannot be read.
pub(super) fn read_full(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut length = 0;
    while length < bytes.len() {
        match file.read_at(&mut bytes[length..], offset + length as u64) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(length)
}
