//! Compiles a time format to a list of steps.

/// What is wrong with a time format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FormatError {
    /// `%` at the end.
    Unfinished,
    /// A specifier that is not known, without its percent sign.
    Unknown(String),
    /// The fraction of a second stands there twice.
    FractionTwice,
}

impl std::fmt::Display for FormatError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unfinished => f.write_str("the format ends with a single `%`"),
            Self::Unknown(specifier) => write!(f, "unknown specifier `%{specifier}`"),
            Self::FractionTwice => f.write_str("the fraction of a second (`%L`) may stand in a format only once"),
        }
    }
}

impl std::error::Error for FormatError {}

/// One step of reading or writing a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Literal(u8),
    /// Any run of white space, also none, when reading; this byte when writing.
    Blank(u8),
    Year,
    YearInCentury,
    Century,
    Month,
    MonthName,
    ShortMonthName,
    Day,
    DayPadded,
    DayOfYear,
    Hour,
    HourPadded,
    Hour12,
    Hour12Padded,
    Minute,
    Second,
    HalfDay,
    LowerHalfDay,
    Epoch,
    /// Digits of the fraction of a second: how many to write.
    Fraction(u8),
    Offset,
    OffsetColon,
    Zone,
    DayName,
    ShortDayName,
    Weekday,
    IsoWeekday,
    WeekFromSunday,
    WeekFromMonday,
    IsoWeek,
    IsoYear,
    IsoYearInCentury,
}

/// Compiles `format`.
pub(super) fn compile(format: &str) -> Result<Vec<Step>, FormatError> {
    let mut steps = Vec::new();
    compile_into(format.as_bytes(), &mut steps)?;
    let fractions = steps.iter().filter(|step| matches!(step, Step::Fraction(_))).count();
    if fractions > 1 {
        return Err(FormatError::FractionTwice);
    }
    Ok(steps)
}

fn compile_into(format: &[u8], steps: &mut Vec<Step>) -> Result<(), FormatError> {
    let mut rest = format;
    while let Some((&byte, behind)) = rest.split_first() {
        rest = behind;
        if byte.is_ascii_whitespace() {
            steps.push(Step::Blank(byte));
        } else if byte == b'%' {
            rest = specifier(rest, steps)?;
        } else {
            steps.push(Step::Literal(byte));
        }
    }
    Ok(())
}

/// Compiles the specifier behind a percent sign and gives what follows it.
fn specifier<'a>(text: &'a [u8], steps: &mut Vec<Step>) -> Result<&'a [u8], FormatError> {
    let Some((&letter, rest)) = text.split_first() else {
        return Err(FormatError::Unfinished);
    };
    let step = match letter {
        b'c' => return whole(b"%a %b %e %H:%M:%S %Y", steps, rest),
        b'D' | b'x' => return whole(b"%m/%d/%y", steps, rest),
        b'F' => return whole(b"%Y-%m-%d", steps, rest),
        b'R' => return whole(b"%H:%M", steps, rest),
        b'r' => return whole(b"%I:%M:%S %p", steps, rest),
        b'T' | b'X' => return whole(b"%H:%M:%S", steps, rest),
        b'E' | b'O' => return alternative(letter, rest, steps),
        b':' if rest.first() == Some(&b'z') => {
            steps.push(Step::OffsetColon);
            return Ok(&rest[1..]);
        }
        b'3' | b'6' | b'9' if rest.first() == Some(&b'N') => {
            steps.push(Step::Fraction(letter - b'0'));
            return Ok(&rest[1..]);
        }
        _ => simple(letter).ok_or_else(|| unknown(text))?,
    };
    steps.push(step);
    Ok(rest)
}

fn simple(letter: u8) -> Option<Step> {
    Some(match letter {
        b'%' => Step::Literal(b'%'),
        b'n' => Step::Blank(b'\n'),
        b't' => Step::Blank(b'\t'),
        b'Y' => Step::Year,
        b'y' => Step::YearInCentury,
        b'C' => Step::Century,
        b'm' => Step::Month,
        b'B' => Step::MonthName,
        b'b' | b'h' => Step::ShortMonthName,
        b'd' => Step::Day,
        b'e' => Step::DayPadded,
        b'j' => Step::DayOfYear,
        b'H' => Step::Hour,
        b'k' => Step::HourPadded,
        b'I' => Step::Hour12,
        b'l' => Step::Hour12Padded,
        b'M' => Step::Minute,
        b'S' => Step::Second,
        b'p' => Step::HalfDay,
        b'P' => Step::LowerHalfDay,
        b's' => Step::Epoch,
        b'L' => Step::Fraction(3),
        b'N' => Step::Fraction(9),
        b'z' => Step::Offset,
        b'Z' => Step::Zone,
        b'A' => Step::DayName,
        b'a' => Step::ShortDayName,
        b'w' => Step::Weekday,
        b'u' => Step::IsoWeekday,
        b'U' => Step::WeekFromSunday,
        b'W' => Step::WeekFromMonday,
        b'V' => Step::IsoWeek,
        b'G' => Step::IsoYear,
        b'g' => Step::IsoYearInCentury,
        _ => return None,
    })
}

fn whole<'a>(format: &[u8], steps: &mut Vec<Step>, rest: &'a [u8]) -> Result<&'a [u8], FormatError> {
    compile_into(format, steps)?;
    Ok(rest)
}

/// `%E` and `%O` ask for another way to write the same thing, which English does not have.
fn alternative<'a>(modifier: u8, rest: &'a [u8], steps: &mut Vec<Step>) -> Result<&'a [u8], FormatError> {
    let allowed: &[u8] = if modifier == b'E' { b"cxXCYy" } else { b"deHIklMmSUWwuy" };
    match rest.first() {
        Some(letter) if allowed.contains(letter) => specifier(rest, steps),
        _ => Err(unknown(&[&[modifier], &rest[..rest.len().min(1)]].concat())),
    }
}

fn unknown(text: &[u8]) -> FormatError {
    let text = String::from_utf8_lossy(text);
    let letter: String = text.chars().take(if text.starts_with(['E', 'O']) { 2 } else { 1 }).collect();
    FormatError::Unknown(letter)
}
