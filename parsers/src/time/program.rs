//! A format compiled into steps that both reading and writing follow.

/// What is wrong with a time format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FormatError {
    /// `%` at the end.
    Unfinished,
    /// A specifier that is not known.
    Unknown(char),
    /// `%L` stands there twice.
    FractionTwice,
    /// A specifier that cannot be written, only read.
    NotWritable(char),
}

impl std::fmt::Display for FormatError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unfinished => f.write_str("the format ends with a single `%`"),
            Self::Unknown(specifier) => write!(f, "unknown specifier `%{specifier}`"),
            Self::FractionTwice => f.write_str("`%L` may stand in a format only once"),
            Self::NotWritable(specifier) => write!(f, "`%{specifier}` can be read but not written"),
        }
    }
}

impl std::error::Error for FormatError {}

/// One step of a format. Composites (`%T`, `%D` ...) are taken apart when compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// This byte.
    Literal(u8),
    /// A run of white space, perhaps empty.
    Space,
    /// `%a`, `%A`.
    Weekday,
    /// `%b`, `%B`, `%h`.
    Month,
    /// `%C`.
    Century,
    /// `%d`, `%e`.
    Day,
    /// `%H`, `%k`.
    Hour,
    /// `%I`, `%l`.
    Hour12,
    /// `%j`.
    DayOfYear,
    /// `%L`: digits of a second.
    Fraction,
    /// `%M`.
    Minute,
    /// `%m`.
    MonthNumber,
    /// `%p`.
    HalfDay,
    /// `%S`.
    Second,
    /// `%s`: seconds since 1970.
    Epoch,
    /// `%U`, `%W`, `%V`, `%w`, `%u`, `%g`: read and left out of account, at most this many digits.
    Ignored(u8),
    /// `%Y`.
    Year,
    /// `%y`.
    ShortYear,
    /// `%z`.
    Offset,
    /// `%Z`.
    ZoneName,
}

/// The steps of `format` with, for each, the specifier it came from.
pub(super) fn compile(format: &str) -> Result<Vec<(Step, char)>, FormatError> {
    let mut steps = Vec::new();
    let mut characters = format.chars();
    while let Some(character) = characters.next() {
        if character.is_ascii_whitespace() {
            steps.push((Step::Space, ' '));
            continue;
        }
        if character != '%' {
            let mut bytes = [0; 4];
            steps.extend(character.encode_utf8(&mut bytes).bytes().map(|byte| (Step::Literal(byte), character)));
            continue;
        }
        let mut specifier = characters.next().ok_or(FormatError::Unfinished)?;
        while matches!(specifier, 'E' | 'O') {
            specifier = characters.next().ok_or(FormatError::Unfinished)?;
        }
        if let Some(composite) = composite(specifier) {
            steps.extend(compile(composite)?);
            continue;
        }
        let step = simple(specifier).ok_or(FormatError::Unknown(specifier))?;
        if step == Step::Fraction && steps.iter().any(|(step, _)| *step == Step::Fraction) {
            return Err(FormatError::FractionTwice);
        }
        steps.push((step, specifier));
    }
    Ok(steps)
}

fn composite(specifier: char) -> Option<&'static str> {
    Some(match specifier {
        'c' => "%a %b %e %H:%M:%S %Y",
        'D' | 'x' => "%m/%d/%y",
        'F' => "%Y-%m-%d",
        'R' => "%H:%M",
        'r' => "%I:%M:%S %p",
        'T' | 'X' => "%H:%M:%S",
        '+' => "%a %b %e %H:%M:%S %Z %Y",
        _ => return None,
    })
}

fn simple(specifier: char) -> Option<Step> {
    Some(match specifier {
        '%' => Step::Literal(b'%'),
        'n' | 't' => Step::Space,
        'a' | 'A' => Step::Weekday,
        'b' | 'B' | 'h' => Step::Month,
        'C' => Step::Century,
        'd' | 'e' => Step::Day,
        'H' | 'k' => Step::Hour,
        'I' | 'l' => Step::Hour12,
        'j' => Step::DayOfYear,
        'L' => Step::Fraction,
        'M' => Step::Minute,
        'm' => Step::MonthNumber,
        'p' | 'P' => Step::HalfDay,
        'S' => Step::Second,
        's' => Step::Epoch,
        'U' | 'W' | 'V' | 'g' => Step::Ignored(2),
        'w' | 'u' => Step::Ignored(1),
        'G' => Step::Ignored(4),
        'Y' => Step::Year,
        'y' => Step::ShortYear,
        'z' => Step::Offset,
        'Z' => Step::ZoneName,
        _ => return None,
    })
}

pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// From Sunday on.
pub(super) const WEEKDAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
