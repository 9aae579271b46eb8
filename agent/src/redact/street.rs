//! Postal addresses without quotes, behind the name of their field: `address: 12 rue des Lilas`, `Straße=Lilasweg 12`.

use std::ops::Range;

use super::phrases::fold;
use super::scanner::Pass;

/// Longest address, in bytes, and longest word that is looked at.
const LONGEST: usize = 160;
const WORD: usize = 24;
/// Words among which a number and a word for a way stand.
const NEAR: usize = 4;
/// Bytes of the shortest word for a way that its name is a part of, `Lilasweg`: those for ways alone are shorter, or say nothing.
const NAMED: usize = 8;
/// Words for ways, folded.
const WAYS: &[&[u8]] = &[
    b"rue",
    b"strasse",
    b"strase",
    b"str",
    b"platz",
    b"weg",
    b"straat",
    b"laan",
    b"gata",
    b"gade",
    b"vej",
    b"avenue",
    b"av",
    b"ave",
    b"bd",
    b"boulevard",
    b"blvd",
    b"place",
    b"chemin",
    b"allee",
    b"impasse",
    b"route",
    b"quai",
    b"cours",
    b"square",
    b"street",
    b"st",
    b"road",
    b"rd",
    b"lane",
    b"ln",
    b"drive",
    b"court",
    b"via",
    b"viale",
    b"corso",
    b"piazza",
    b"calle",
    b"avenida",
    b"plaza",
    b"paseo",
    b"rua",
    b"praca",
    b"travessa",
    b"ulica",
    b"ul",
    b"aleja",
    b"strada",
    b"utca",
    b"ut",
    b"ter",
    b"ulice",
    b"namesti",
    b"trg",
    b"gatve",
    b"iela",
    b"tanav",
    b"odos",
    b"ulitsa",
];
/// How such words end in languages that join them to the name.
const ENDINGS: &[&[u8]] = &[
    b"strasse", b"strase", b"str", b"weg", b"platz", b"gasse", b"allee", b"ring", b"ufer", b"straat", b"laan",
    b"plein", b"gracht", b"gatan", b"vagen", b"vej", b"gade", b"gata", b"veien", b"katu", b"tie",
];

impl Pass<'_> {
    /// The address at `start`, if a number and a word for a way are in it: to the end of its line, or what cannot belong to it.
    pub(super) fn street(&mut self, start: usize) -> Option<Range<usize>> {
        let text = self.rest(start);
        let text = &text[..text.len().min(LONGEST)];
        let is_end = |byte: &u8| {
            matches!(byte, b'\n' | b'\r' | b'\t' | b'"' | b'\'' | b'|' | b'&' | b'<' | b'{' | b'}' | b'\\' | b';')
        };
        let mark = memchr::memchr2(b'=', b':', text).unwrap_or(text.len());
        let end = text[..mark].iter().position(is_end);
        let text = &text[..end.unwrap_or_else(|| before_next_name(text, mark))];
        let is_street = text.split(|byte| *byte == b',').any(is_street);
        let length =
            text.iter().rposition(|byte| !matches!(byte, b' ' | b',' | b'+' | b')' | b']')).map_or(0, |last| last + 1);
        let read = text.len();
        self.steps_of(read);
        is_street.then_some(start..start + length)
    }
}

/// Whether `part` of an address begins with a number and a word for a way behind it, or has the number behind that.
fn is_street(part: &[u8]) -> bool {
    let words = || part.split(|byte| matches!(byte, b' ' | b'+' | b'.')).filter(|word| !word.is_empty());
    let is_number = |word: &[u8]| word.first().is_some_and(u8::is_ascii_digit) && word.len() <= 5;
    match words().position(is_number) {
        // `12 bis rue`, `12 Old Mill Road`: behind the name such a word is a name itself.
        Some(0) => words()
            .skip(1)
            .take(NEAR)
            .enumerate()
            .any(|(at, word)| is_way(word) && (at < 2 || word.first().is_some_and(u8::is_ascii_uppercase))),
        // A way has a name: `route 3` is none.
        Some(1) => words().take(1).any(|word| is_way(word) && word.len() >= NAMED),
        Some(number) => number <= NEAR && words().take(number).any(is_way),
        None => false,
    }
}

/// Where in `text` the name begins whose `=` or `:` stands at `mark`, or its end if none stands there.
fn before_next_name(text: &[u8], mark: usize) -> usize {
    if mark == text.len() {
        return mark;
    }
    let before = text[..mark].trim_ascii_end();
    before.iter().rposition(|byte| matches!(byte, b' ' | b',')).unwrap_or_default()
}

fn is_way(word: &[u8]) -> bool {
    let (mut folded, mut length, mut at) = ([0; WORD], 0, 0);
    while let Some((&first, behind)) = word.get(at..).and_then(<[u8]>::split_first) {
        let (letter, bytes) = fold(first, behind);
        let Some(place) = folded.get_mut(length) else { return false };
        (*place, length, at) = (letter, length + 1, at + bytes);
    }
    let folded = &folded[..length];
    WAYS.contains(&folded) || ENDINGS.iter().any(|ending| folded.len() > ending.len() && folded.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::super::values::{assert_hidden, assert_kept};

    #[test]
    fn addresses_without_quotes_have_a_number_and_a_way() {
        assert_hidden(&[
            ("adresse=12+rue+des+Lilas", "adresse=<postal_address>"),
            ("GET /x?address=12%20rue%20des%20Lilas&y=1", "GET /x?address=<postal_address>&y=1"),
            ("address: 12 rue des Lilas", "address: <postal_address>"),
            ("Straße=Lilasweg 12", "Straße=<postal_address>"),
            ("Anschrift: Lange Straße 12, 10115 Berlin", "Anschrift: <postal_address>"),
            ("adresse: 12 bis avenue Foch, 75011 Paris, pays=FR", "adresse: <postal_address>, pays=FR"),
            ("address: 12 Old Mill Road, London", "address: <postal_address>"),
            ("indirizzo: via Roma 3 tel: x", "indirizzo: <postal_address> tel: x"),
        ]);
        assert_kept(&[
            "address=web1 port=3 route 4",
            "listen address: 0.0.0.0:80 ok",
            "address: already in use 98",
            "connect address: 3 retries, drive 4",
            "address: 10 open ports on route 3",
            "MAC address: unknown and 12 others on the road",
            "address: 0x7fff12 read 12",
            "street: closed",
        ]);
    }

    #[test]
    fn names_stand_before_a_key_with_accents() {
        assert_hidden(&[("Nom: Dupont Prénom: Jean", "Nom: <person_name> Prénom: <person_name>")]);
    }
}
