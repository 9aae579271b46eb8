//! What is done with a value: the words of the configuration and what they mean.

use std::ops::RangeInclusive;

use super::seal::Recipient;

/// What is done with a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// It is counted and stays.
    Keep,
    /// `*` in place of each character, but for the first and last ones named.
    Mask {
        /// Characters that stay at the front.
        first: usize,
        /// Characters that stay at the end.
        last: usize,
    },
    /// `<entity>` in its place.
    Label,
    /// Nothing in its place.
    Remove,
    /// A keyed hash in its place.
    Hmac,
    /// Itself in its place, encrypted with the key of the epoch.
    Encrypt,
    /// Itself in its place, sealed for a recipient.
    Seal(Recipient),
    /// The network of an address, so many bits of it.
    TruncateIp {
        /// Bits of IPv4 that stay.
        v4: u8,
        /// Bits of IPv6 that stay.
        v6: u8,
    },
    /// The year of a date, or the first year of a band of so many.
    GeneraliseDate {
        /// Years of a band.
        years: u32,
    },
}

/// Each action, and how it is configured, for advice.
pub const ACTIONS: &[(&str, &str)] = &[
    ("keep", "keep"),
    ("mask", "mask keep_last=4"),
    ("label", "label"),
    ("remove", "remove"),
    ("hmac", "hmac"),
    ("encrypt", "encrypt"),
    ("seal", "seal recipient=FILE"),
    ("truncate_ip", "truncate_ip v4=24 v6=48"),
    ("generalise_date", "generalise_date years=5"),
];

/// Most characters that a mask leaves on each side: those of a longer one would be a value themselves.
const SHOWN: u32 = 8;

/// The words that actions are configured with.
const WORDS: &str = "`keep`, `mask`, `label`, `remove`, `hmac`, `encrypt`, `seal`, `truncate_ip` or `generalise_date`";

impl Action {
    /// Reads a word and its options, such as `mask keep_last=4`. `read` gives the text of the file of a recipient.
    ///
    /// # Errors
    /// What was expected.
    pub fn parse(words: &[&str], read: impl Fn(&str) -> Result<String, String>) -> Result<Self, String> {
        let (word, rest) = words.split_first().ok_or(format!("an action: {WORDS}"))?;
        let mut options = Options::read(rest)?;
        let action = match word.to_ascii_lowercase().as_str() {
            "keep" => Self::Keep,
            "mask" => Self::Mask {
                first: options.number("keep_first", 0, 0..=SHOWN)?,
                last: options.number("keep_last", 0, 0..=SHOWN)?,
            },
            "label" => Self::Label,
            "remove" => Self::Remove,
            "hmac" => Self::Hmac,
            "encrypt" => Self::Encrypt,
            "seal" => Self::Seal(options.recipient(read)?),
            "truncate_ip" => {
                Self::TruncateIp { v4: options.number("v4", 24, 0..=31)?, v6: options.number("v6", 48, 0..=127)? }
            }
            "generalise_date" => Self::GeneraliseDate { years: options.number("years", 1, 1..=100)? },
            _ => return Err(format!("an action: {WORDS}")),
        };
        options.finish(word)?;
        Ok(action)
    }

    /// Its word in the configuration and in metrics.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Mask { .. } => "mask",
            Self::Label => "label",
            Self::Remove => "remove",
            Self::Hmac => "hmac",
            Self::Encrypt => "encrypt",
            Self::Seal(_) => "seal",
            Self::TruncateIp { .. } => "truncate_ip",
            Self::GeneraliseDate { .. } => "generalise_date",
        }
    }

    /// Whether it needs the key of the epoch.
    pub fn needs_key(&self) -> bool {
        matches!(self, Self::Hmac | Self::Encrypt)
    }

    /// The action as it is configured, with those options that are not as by default.
    pub fn text(&self) -> String {
        let mut text = self.word().to_owned();
        let mut option = |name: &str, value: usize, default: usize| {
            if value != default {
                text.push_str(&format!(" {name}={value}"));
            }
        };
        match self {
            Self::Mask { first, last } => {
                option("keep_first", *first, 0);
                option("keep_last", *last, 0);
            }
            Self::TruncateIp { v4, v6 } => {
                option("v4", usize::from(*v4), 24);
                option("v6", usize::from(*v6), 48);
            }
            Self::GeneraliseDate { years } => option("years", *years as usize, 1),
            _ => {}
        }
        text
    }
}

/// `name=value` words that are still to be taken.
struct Options<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Options<'a> {
    fn read(words: &[&'a str]) -> Result<Self, String> {
        let pair =
            |word: &&'a str| word.split_once('=').ok_or("options such as `keep_last=4` behind an action".to_owned());
        let pairs: Vec<(&str, &str)> = words.iter().map(pair).collect::<Result<_, _>>()?;
        let twice =
            pairs.iter().enumerate().find(|(at, (name, _))| pairs.iter().take(*at).any(|(other, _)| other == name));
        match twice {
            Some((_, (name, _))) => Err(format!("each option once; `{name}` stands twice")),
            None => Ok(Self(pairs)),
        }
    }

    fn take(&mut self, name: &str) -> Option<&'a str> {
        let at = self.0.iter().position(|(key, _)| *key == name)?;
        Some(self.0.remove(at).1)
    }

    fn number<T: TryFrom<u32>>(&mut self, name: &str, default: u32, bounds: RangeInclusive<u32>) -> Result<T, String> {
        let value = match self.take(name) {
            Some(text) => text.parse().ok().filter(|value| bounds.contains(value)),
            None => Some(default),
        };
        let value = value.and_then(|value| T::try_from(value).ok());
        value.ok_or(format!("`{name}` as a number from {} to {}", bounds.start(), bounds.end()))
    }

    fn recipient(&mut self, read: impl Fn(&str) -> Result<String, String>) -> Result<Recipient, String> {
        let path = self.take("recipient").ok_or("`seal recipient=FILE`, made with `vigie keys new --recipient`")?;
        Recipient::parse(&read(path).map_err(|error| format!("the file of a recipient that can be read ({error})"))?)
    }

    fn finish(self, word: &str) -> Result<(), String> {
        match self.0.first() {
            None => Ok(()),
            Some((name, _)) => Err(format!("options that `{word}` has; `{name}` is none of them")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::seal::new_identity;
    use super::*;

    fn parse(text: &str) -> Result<Action, String> {
        let words: Vec<&str> = text.split(' ').collect();
        Action::parse(&words, |_| Ok(new_identity()?.0))
    }

    #[test]
    fn actions_are_read_and_written_again() {
        for text in [
            "keep",
            "mask",
            "mask keep_first=6 keep_last=4",
            "label",
            "remove",
            "hmac",
            "encrypt",
            "truncate_ip",
            "truncate_ip v4=16 v6=32",
            "generalise_date",
            "generalise_date years=5",
        ] {
            assert_eq!(parse(text).map(|action| action.text()).as_deref(), Ok(text));
        }
        assert_eq!(parse("seal recipient=a").map(|action| action.word()), Ok("seal"));
        assert!(parse("hmac").is_ok_and(|action| action.needs_key()));
    }

    #[test]
    fn what_is_wrong_with_an_action_is_told() {
        for (text, part) in [
            ("hash", "`hmac`"),
            ("mask keep_last=x", "from 0 to 8"),
            ("mask keep_first=9", "from 0 to 8"),
            ("truncate_ip v4=32", "from 0 to 31"),
            ("truncate_ip v6=128", "from 0 to 127"),
            ("mask last=4", "`last` is none"),
            ("mask 4", "options such as"),
            ("mask keep_last=4 keep_last=3", "`keep_last` stands twice"),
            ("truncate_ip v4=33", "from 0 to 31"),
            ("generalise_date years=0", "from 1 to 100"),
            ("seal", "recipient=FILE"),
        ] {
            assert!(parse(text).is_err_and(|error| error.contains(part)), "{text}");
        }
    }
}
