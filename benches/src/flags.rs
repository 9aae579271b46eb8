//! What the flags of the three programs have in common.

use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;

use lexopt::ValueExt;

/// Prints what ended `program` and gives the exit code for it.
pub fn complain(program: &str, error: &dyn Error) -> ExitCode {
    match writeln!(io::stderr(), "{program}: {error}") {
        Ok(()) => ExitCode::FAILURE,
        Err(_) => ExitCode::from(2),
    }
}

/// Reads the value of a flag that takes a size: `316`, `64k`, `100M`, `1G`, in powers of ten.
///
/// # Errors
/// When it is missing or no size.
pub fn size(parser: &mut lexopt::Parser) -> Result<u64, lexopt::Error> {
    parser.value()?.parse_with(parse_size)
}

/// Reads the value of a flag as text.
///
/// # Errors
/// When it is missing or not UTF-8.
pub fn text(parser: &mut lexopt::Parser) -> Result<String, lexopt::Error> {
    parser.value()?.string()
}

fn parse_size(text: &str) -> Result<u64, String> {
    let number_length = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(number_length);
    let factor: u64 = match unit {
        "" => 1,
        "k" | "K" => 1_000,
        "m" | "M" => 1_000_000,
        "g" | "G" => 1_000_000_000,
        _ => return Err(format!("expected a size such as `100M`, found `{text}`")),
    };
    let number: u64 = number.parse().map_err(|_| format!("expected a size such as `100M`, found `{text}`"))?;
    number.checked_mul(factor).ok_or_else(|| format!("size `{text}` is too large"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_in_powers_of_ten() {
        for (text, size) in [("316", 316), ("64k", 64_000), ("100M", 100_000_000), ("1G", 1_000_000_000)] {
            assert_eq!(parse_size(text), Ok(size));
        }
        for wrong in ["", "M", "1T", "-1", "99999999999G"] {
            assert!(parse_size(wrong).is_err(), "{wrong}");
        }
    }
}
