//! Made-up values of each kind, valid by their rules, in the ways that people and programs write them.

mod east;
mod everywhere;
mod france;
mod german;
mod iberia_italy;
mod north;
mod trades;

use super::draw::Draw;

/// A value, and whether nothing needs to stand by it to be told.
pub(crate) struct Value {
    pub(crate) text: String,
    pub(crate) alone: bool,
    /// Whether it stands in fields only: nobody writes a password behind a bare word of a sentence.
    pub(crate) in_fields: bool,
}

/// A kind of value.
pub(crate) struct Kind {
    /// The detector's name, with more behind a `:` where one kind is made in several ways.
    pub(crate) name: &'static str,
    /// What people write before it, in their own spelling.
    pub(crate) named: &'static [&'static str],
    /// What else is written before it in eight languages.
    pub(crate) family: Family,
    pub(crate) make: fn(&mut Draw) -> Value,
}

/// Families of words.
#[derive(Clone, Copy)]
pub(crate) enum Family {
    /// Only its own words.
    None,
    Identity,
    Tax,
    Vat,
    Health,
    Passport,
    Licence,
    Plate,
}

impl Family {
    /// What stands before such a number in French, English, German, Spanish, Italian, Dutch, Polish and Portuguese.
    pub(crate) fn words(self) -> &'static [&'static str] {
        match self {
            Self::None => &[],
            Self::Identity => &[
                "identifiant national",
                "national ID",
                "Personennummer",
                "documento",
                "documento identità",
                "identiteit",
                "dowód",
                "identificação",
            ],
            Self::Tax => &[
                "numéro fiscal",
                "tax ID",
                "Steuernummer",
                "impuestos",
                "fiscale",
                "fiscaal nummer",
                "podatnik",
                "contribuinte",
            ],
            Self::Vat => &["TVA", "VAT number", "USt-ID", "IVA", "partita IVA", "btw nummer", "podatek VAT", "IVA"],
            Self::Health => {
                &["assuré", "patient", "Versichertennummer", "paciente", "paziente", "verzekerde", "pacjent", "utente"]
            }
            Self::Passport => {
                &["passeport", "passport", "Reisepass", "pasaporte", "passaporto", "paspoort", "paszport", "passaporte"]
            }
            Self::Licence => &[
                "permis de conduire",
                "driving licence",
                "Führerschein",
                "permiso conducir",
                "patente",
                "rijbewijs",
                "prawo jazdy",
                "carta condução",
            ],
            Self::Plate => {
                &["plaque", "plate", "Kennzeichen", "matrícula", "targa", "kenteken", "rejestracyjny", "matrícula"]
            }
        }
    }
}

/// All kinds.
pub(crate) fn kinds() -> impl Iterator<Item = &'static Kind> {
    let all = [
        france::KINDS,
        german::KINDS,
        iberia_italy::KINDS,
        north::KINDS,
        east::KINDS,
        trades::KINDS,
        everywhere::KINDS,
    ];
    all.into_iter().flatten()
}

/// Told by itself.
fn alone(text: impl Into<String>) -> Value {
    Value { text: text.into(), alone: true, in_fields: false }
}

/// Told by what stands by it.
fn beside(text: impl Into<String>) -> Value {
    Value { text: text.into(), alone: false, in_fields: false }
}

/// Told by the field in which it stands.
fn in_field(text: impl Into<String>) -> Value {
    Value { text: text.into(), alone: false, in_fields: true }
}
