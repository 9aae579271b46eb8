//! Values of the options that shape a line.

use crate::config::OptionType;

/// Value of `format`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `tag: [time, {json}]`.
    OutFile,
    /// `{json}`.
    Plain,
    /// Values with a delimiter between them.
    Csv,
    /// Labels and values.
    Ltsv,
    /// Text with keys in braces.
    Template,
}

impl OptionType for Format {
    const KIND: &'static str = "format";

    fn parse(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "out_file" => Ok(Self::OutFile),
            "plain" => Ok(Self::Plain),
            "csv" => Ok(Self::Csv),
            "ltsv" => Ok(Self::Ltsv),
            "template" => Ok(Self::Template),
            _ => Err("`out_file`, `plain`, `csv`, `ltsv` or `template`".into()),
        }
    }
}

/// What becomes of a record that gives no name of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unnamed {
    /// It goes to the fallback file.
    Fallback,
    /// It is declared dropped.
    Drop,
}

impl OptionType for Unnamed {
    const KIND: &'static str = "policy";

    fn parse(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "fallback" => Ok(Self::Fallback),
            "drop" => Ok(Self::Drop),
            "error" => Err("`fallback` or `drop`; `error` is not supported".into()),
            _ => Err("`fallback` or `drop`".into()),
        }
    }
}

/// Text between values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delimiter(pub String);

impl OptionType for Delimiter {
    const KIND: &'static str = "delimiter";

    fn parse(text: &str) -> Result<Self, String> {
        let delimiter = match text.to_ascii_lowercase().as_str() {
            "tab" | "\\t" => "\t",
            "space" => " ",
            "comma" => ",",
            "" | "\n" => return Err("a character, `tab`, `space` or `comma`".into()),
            _ => text,
        };
        Ok(Self(delimiter.into()))
    }
}

/// A piece of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// Text as it is.
    Literal(String),
    /// The time of the record.
    Time,
    /// The value of a key.
    Key(String),
}

/// Text with keys in braces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template(pub(super) Vec<Piece>);

impl OptionType for Template {
    const KIND: &'static str = "template";

    fn parse(text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let Some((key, behind)) = after.split_once('}') else { return Err("a `}` for every `{`".into()) };
            pieces.push(Piece::Literal(before.to_owned()));
            pieces.push(if key == "time" { Piece::Time } else { Piece::Key(key.to_owned()) });
            rest = behind;
        }
        pieces.push(Piece::Literal(rest.to_owned()));
        Ok(Self(pieces))
    }
}
