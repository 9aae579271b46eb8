//! Types that configuration values are read as.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::options::OptionType;

/// Text that is never printed: a password, a token.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The text itself, to be sent and never to be printed.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

impl OptionType for Secret {
    const KIND: &'static str = "secret";
    const SECRET: bool = true;

    fn parse(text: &str) -> Result<Self, String> {
        Ok(Self(text.to_owned()))
    }
}

/// A number of bytes. `32k` is 32,000, as Fluent Bit reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(pub u64);

impl OptionType for Size {
    const KIND: &'static str = "size";

    fn parse(text: &str) -> Result<Self, String> {
        let expected = || "a size such as 512k, 5M or 1G".to_owned();
        if text.eq_ignore_ascii_case("false") {
            return Ok(Self(0));
        }
        let lower = text.trim().to_ascii_lowercase();
        let digits_end = lower.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(lower.len());
        let (number, unit) = lower.split_at(digits_end);
        let factor = match unit.trim() {
            "" | "b" => 1.0,
            "k" | "kb" => 1e3,
            "m" | "mb" => 1e6,
            "g" | "gb" => 1e9,
            _ => return Err(expected()),
        };
        let bytes = number.parse::<f64>().map_err(|_| expected())? * factor;
        if !(0.0..=1e15).contains(&bytes) {
            return Err(expected());
        }
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range was just checked")]
        let bytes = bytes as u64;
        Ok(Self(bytes))
    }
}

impl OptionType for Duration {
    const KIND: &'static str = "seconds";

    fn parse(text: &str) -> Result<Self, String> {
        let expected = || "a number of seconds such as 5 or 2m".to_owned();
        let text = text.trim();
        let digits_end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (number, unit) = text.split_at(digits_end);
        let factor = match unit.trim() {
            "" | "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            "d" => 86_400.0,
            _ => return Err(expected()),
        };
        let seconds = number.parse::<f64>().map_err(|_| expected())? * factor;
        Self::try_from_secs_f64(seconds).map_err(|_| expected())
    }
}

impl OptionType for bool {
    const KIND: &'static str = "boolean";

    fn parse(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "on" | "true" | "yes" => Ok(true),
            "off" | "false" | "no" => Ok(false),
            _ => Err("`on` or `off`".into()),
        }
    }
}

impl OptionType for String {
    const KIND: &'static str = "text";

    fn parse(text: &str) -> Result<Self, String> {
        Ok(text.to_owned())
    }
}

impl OptionType for PathBuf {
    const KIND: &'static str = "path";

    fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() { Err("a path".into()) } else { Ok(Self::from(text)) }
    }
}

macro_rules! integers {
    ($($type:ty),*) => {
        $(impl OptionType for $type {
            const KIND: &'static str = "number";

            fn parse(text: &str) -> Result<Self, String> {
                text.trim().parse().map_err(|_| format!("a whole number from 0 to {}", <$type>::MAX))
            }
        })*
    };
}

integers!(u16, u32, u64, usize);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_decimal() {
        for (text, bytes) in [("0", 0), ("32k", 32_000), ("1.5M", 1_500_000), ("2GB", 2_000_000_000), ("false", 0)] {
            assert_eq!(Size::parse(text), Ok(Size(bytes)), "{text}");
        }
        for text in ["", "x", "5 apples", "-1", "1.2.3"] {
            assert!(Size::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn durations_take_units() {
        for (text, seconds) in [("5", 5.0), ("2m", 120.0), ("1h", 3600.0), ("0.5s", 0.5), ("1d", 86_400.0)] {
            assert_eq!(Duration::parse(text), Ok(Duration::from_secs_f64(seconds)), "{text}");
        }
        for text in ["", "5 min", "abc", "-5"] {
            assert!(Duration::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_secret_never_prints_itself() {
        let secret = Secret::parse("secret-42").expect("any text is a secret");
        assert_eq!(format!("{secret:?}"), "Secret(***)");
        assert_eq!(secret.expose(), "secret-42");
    }
}
