//! Dates of birth.

use super::super::{Detector, Form, Group, Shape, Tier};

/// A date behind a word for birth. The engine hands in the whole date, with its time if it has one.
pub(in super::super) const BIRTH: Detector = Detector {
    entity: "birth_date",
    group: Group::Person,
    tier: Tier::Three,
    form: Form::Scanned,
    check: |_| Some(Shape::Bare),
    context: &[
        "naissance",
        "ne_le",
        "nee_le",
        "ne_e_le",
        "date_naissance",
        "date_de_naissance",
        "dob",
        "birth",
        "birthdate",
        "birth_date",
        "birthday",
        "date_of_birth",
        "born",
        "geburtsdatum",
        "geboren",
        "geburtstag",
        "geb",
        "nacimiento",
        "fecha_nacimiento",
        "nascita",
        "nato",
        "nata",
        "data_nascita",
        "geboortedatum",
        "urodzenia",
        "data_urodzenia",
        "nascimento",
        "data_nascimento",
        "datenaissance",
        "dateofbirth",
        "ddn",
        "fodselsdato",
        "fodelsedatum",
        "syntymaaika",
        "nascido",
        "nascida",
        "urodzony",
        "urodzona",
        "nacido",
        "nacida",
        "fodd",
        "fodt",
        "narozen",
        "narozena",
        "syntynyt",
        "szuletett",
        "narozeni",
        "narodenia",
        "rojstva",
        "rodenja",
        "gimimo",
        "dzimsanas",
        "gennhshs",
        "rajdane",
        "nasterii",
        "na_terii",
        "sunniaeg",
        "sunnikuupaev",
        "szuletesi_datum",
        "szuletesi_ido",
        "syntymapaiva",
        "fodselsdag",
        "fodelsedag",
    ],
    summary: "Date of birth, by a word that says so",
    source: "ISO 8601-1 and the ways of writing of Europe; words in eight languages",
    matches: &[
        "dob=[[1984-12-07]] x",
        "Né le [[07/12/1984]] à Paris",
        "\"birthDate\":\"[[1984-12-07T00:00:00Z]]\"",
        "Geburtsdatum: [[7.12.1984]]",
        "date de naissance : [[07-12-1984]]",
        "born [[07/Dec/1984]]",
        "née le [[1er août 1961]]",
        "\"dob\":\"[[July 24, 1970]]\"",
        "Geburtsdatum: [[2. März 1996]] nacimiento: [[3 de enero de 1980]]",
        "data urodzenia [[5 października 1955]]",
        "birth=datetime.date([[1985, 3, 5]])",
        "{'birth_date': datetime.datetime([[1985, 3, 5]], 0, 0), 'x': 1}",
        "dob: new Date([[1985, 3, 5]])",
        "DOB [[5/3/85]] dob=[[5-3-85]] geb. [[5.3.85]].",
        "birth=LocalDate.of([[1985, 3, 5]])",
        "nascido em [[05/03/1985]], urodzony [[05.03.1985]], nacido el [[5 de marzo de 1985]]",
        "född den [[5 mars 1985]], født [[05.03.1985]], narozen [[5. března 1985]], geboren op [[5 maart 1985]]",
    ],
    rejects: &[
        "2026-11-28 started",
        "date=1984-12-07",
        "birth of a process at time 2026-11-28T10:00:00Z",
        "ran on 2 mars 1996",
        "started=datetime.date(1985, 3, 5) birth=datetime.date(1985, 13, 5)",
        "July 24, 1970 ok",
        "ran 5/3/85 dob=5/3/8 dob 5/0/85 dob 5/3/85/1 dob 5.3.85.1",
        "started [1985,3,5] birth [1985,13,5]",
        "LocalDate.of(1985, 3, 5)",
    ],
};

/// In one piece, or with a short year, day or month.
pub(in super::super) const SHORT: Detector = Detector {
    form: Form::Digits { lengths: &[5, 6, 7, 8] },
    check: |candidate| {
        let number = |digits: &[u8]| digits.iter().fold(0_u32, |number, digit| number * 10 + u32::from(digit - b'0'));
        let is_day = |month: u32, day: u32| (1..=12).contains(&month) && (1..=31).contains(&day);
        let is_year = |year: u32| (1900..2100).contains(&year);
        let plain = candidate.plain;
        let is_one = match *candidate.groups {
            [8] => {
                let (first, last) = (number(&plain[..4]), number(&plain[4..]));
                (is_year(first) && is_day(last / 100, last % 100))
                    || (is_year(last) && (is_day(first / 100, first % 100) || is_day(first % 100, first / 100)))
            }
            [one @ 1..=2, two @ 1..=2, 2 | 4] => {
                let (one, rest) = plain.split_at(one.into());
                let (two, year) = rest.split_at(two.into());
                (year.len() == 2 || is_year(number(year)))
                    && (is_day(number(two), number(one)) || is_day(number(one), number(two)))
            }
            [4, two @ 1..=2, 1..=2] => {
                let (two, three) = plain[4..].split_at(two.into());
                is_year(number(&plain[..4])) && is_day(number(two), number(three))
            }
            _ => false,
        };
        is_one.then_some(Shape::Bare)
    },
    matches: &["dob=[[19841207]]", "née le [[7/12/84]]", "birthday [[1984/12/7]]"],
    rejects: &["dob=19841307", "id 19841207"],
    ..BIRTH
};

/// As Oracle and SAS write it, with the name of the month in three letters.
pub(in super::super) const NAMED: Detector = Detector {
    form: Form::Letters { lengths: &[7, 9] },
    check: |candidate| {
        const MONTHS: [&[u8; 3]; 12] =
            [b"JAN", b"FEB", b"MAR", b"APR", b"MAY", b"JUN", b"JUL", b"AUG", b"SEP", b"OCT", b"NOV", b"DEC"];
        let (day, rest) = candidate.plain.split_at_checked(2)?;
        let (month, year) = rest.split_at_checked(3)?;
        let is_day = matches!(day, [b'0', b'1'..=b'9'] | [b'1' | b'2', b'0'..=b'9'] | [b'3', b'0' | b'1']);
        let is_month = MONTHS.iter().any(|name| name[..] == *month);
        let is_whole = matches!(*candidate.groups, [_] | [2, 3, 2 | 4]);
        let is_one = is_day && is_month && is_whole && year.iter().all(u8::is_ascii_digit);
        is_one.then_some(Shape::Bare)
    },
    matches: &["dob=[[05MAR1985]]", "DOB [[05-MAR-85]] x", "\"birth\":\"[[05MAR85]]\""],
    rejects: &["created 05-MAR-85", "dob=32MAR1985", "dob 05-MOR-85"],
    ..BIRTH
};
