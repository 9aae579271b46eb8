//! Telephone numbers: with the code of a country, as in France, and any other by a word that speaks for it.

use super::super::{Candidate, Detector, Form, Group, Shape, Tier};

const CONTEXT: &[&str] = &[
    "tel",
    "telephone",
    "portable",
    "mobile",
    "gsm",
    "phone",
    "cell",
    "cellphone",
    "fax",
    "telefon",
    "handy",
    "mobil",
    "rufnummer",
    "handynummer",
    "telefonnummer",
    "telefono",
    "movil",
    "cellulare",
    "telefoon",
    "mobiel",
    "komorka",
    "telefone",
    "telemovel",
    "phone_number",
    "phonenumber",
    "msisdn",
    "numero_telephone",
    "num_tel",
    "tel_portable",
    "telnr",
    "sms",
    "caller",
    "callee",
    "appelant",
    "joindre",
    "rappeler",
    "whatsapp",
    "telefoonnummer",
    "numer_telefonu",
    "contact_number",
    "mobile_number",
    "called",
    "phone_no",
    "tlf",
    "puhelin",
    "telefonszam",
    "puh",
    "rufnr",
    "telefonnr",
    "handynr",
    "tel_nr",
    "thlefono",
    "kinhto",
    "telefonas",
    "talrunis",
    "numar_telefon",
];

/// `+` or `00`, the code of a country, and as many digits as its plan has.
pub(in super::super) const INTERNATIONAL: Detector = Detector {
    entity: "phone",
    group: Group::Contact,
    tier: Tier::Two,
    form: Form::Scanned,
    check,
    context: CONTEXT,
    summary: "Telephone number with the code of a country",
    source: "ITU-T E.164 and its list of assigned country codes; lengths from the national plans that the ITU publishes",
    matches: &[
        "call [[+33612345678]] back",
        "call [[+33 6 12 34 56 78]] back",
        "call [[+33 (0)6 12 34 56 78]] back",
        "[[+358 40 123 4567]] [[+46 70 123 45 67]]",
        "[[+49 30 123456]] 82.64.12.9",
        "[[+49 30 901820]], [[+44 20 7946 0958]]",
        "[[+1-202-555-0143]] [[+1 (202) 555-0143]]",
        "tel:[[+351 912 345 678]]",
        "phone=[[0033612345678]]",
        "tel [[00 33 6 12 34 56 78]].",
        "to=[[%2B33612345678]]&x",
        "[[+33612345678]][[+33612345679]]",
        "[[+33\u{a0}6\u{202f}12\u{202f}34\u{202f}56\u{202f}78]]",
    ],
    rejects: &[
        "delta +1234567",
        "zone +0100 +02:00",
        "id 0033612345678",
        "a+33612345678",
        "+33612345678a",
        "+999123456789",
        "1+1234567890 +3361234567890123",
    ],
};

/// Ten digits from 01 to 09, by pairs or with a word.
pub(in super::super) const FRENCH: Detector = Detector {
    entity: "phone_fr",
    form: Form::Digits { lengths: &[10] },
    check: |candidate| {
        let digits = candidate.plain;
        let is_one =
            digits[0] == b'0' && digits[1] != b'0' && candidate.separators.windows(2).all(|two| two[0] == two[1]);
        match candidate.groups {
            [2, 2, 2, 2, 2] if is_one => Some(Shape::Canonical),
            [10] | [4, 2, 2, 2] | [4, 3, 3] | [2, 4, 4] | [1, 3, 3, 3] if is_one => Some(Shape::Bare),
            _ => None,
        }
    },
    summary: "French telephone number",
    source: "ARCEP, plan de numérotation (décision 2018-0881)",
    matches: &[
        "au [[06 12 34 56 78]] ou",
        "[[01.23.45.67.89]]",
        "tel=[[0612345678]]",
        "mobile: [[06-12-34-56-78]]",
        "28/11/2026 10:42:17 [[06 12 34 56 78]] 2026",
        "12/03/2024 [[06.12.34.56.78]] 10:11:12",
        "12/03/2024 [[06-12-34-05-18]] 10:11:12",
        "75011 [[01 23 45 67 89]], [[06 12 34 56 78]]",
        "2026 [[06 12 34 56 78]]",
        "n° [[06\u{a0}12\u{a0}34\u{a0}56\u{a0}78]]",
    ],
    rejects: &[
        "id 0612345678",
        "00 12 34 56 78",
        "06 12 34 56 7",
        "16 12 34 56 78",
        "01 02 03 04 05 06 07",
        "00 01 02 03 04 05",
        "bytes 48 65 6c 01 02 03 04 05",
        "01 02 03 04 05 6f",
        "01-02-03-04-05-06",
        "2026 01 28 10 42 17",
    ],
    ..INTERNATIONAL
};

/// Seven to twelve digits with a word.
pub(in super::super) const NATIONAL: Detector = Detector {
    entity: "phone_national",
    tier: Tier::Three,
    form: Form::Digits { lengths: &[7, 8, 9, 10, 11, 12] },
    check: |candidate| {
        let digits = candidate.plain;
        let is_one = candidate.groups.len() == 1 || candidate.groups.iter().all(|group| matches!(group, 1..=8));
        let varies = digits.iter().any(|digit| *digit != digits[0]);
        // It may be short in one piece only, or as what is dialled within an area is written.
        let is_short = matches!(candidate.groups, [_] | [3, 4] | [3, 2, 2]);
        (is_one && varies && (digits.len() >= 8 || is_short)).then_some(Shape::Bare)
    },
    summary: "Telephone number of any country without its code, with a word that says so",
    source: "ITU-T E.123, 2 and 7: digits in groups; lengths of the plans of Europe",
    matches: &[
        "Telefon [[030 901820]]",
        "móvil: [[612345678]]",
        "tel. [[020 7946 0958]]",
        "gsm [[0476/12.34.56]]",
        "Phone [[(030) 12345678]], mobile [[(0141) 496 0436]]",
        "telefon [[(25)/834-2097]]",
        "telefoon [[06-12345678]]",
        "cellulare=[[3331234567]]",
    ],
    rejects: &["id 030901820", "order 612345678", "tel 12", "error (404) 1234567", "tel (12) 34", "tel 12 345 67"],
    ..INTERNATIONAL
};

/// Code of a country, fewest and most digits behind it.
const PLANS: &[(u16, u8, u8)] = &[
    (1, 10, 10),
    (7, 10, 10),
    (20, 8, 10),
    (27, 9, 9),
    (30, 10, 10),
    (31, 9, 9),
    (32, 8, 9),
    (33, 9, 9),
    (34, 9, 9),
    (36, 8, 9),
    (39, 6, 11),
    (40, 9, 9),
    (41, 9, 9),
    (43, 7, 13),
    (44, 9, 10),
    (45, 8, 8),
    (46, 7, 10),
    (47, 8, 8),
    (48, 9, 9),
    (49, 6, 13),
    (51, 8, 9),
    (52, 10, 10),
    (53, 8, 8),
    (54, 10, 11),
    (55, 10, 11),
    (56, 9, 9),
    (57, 10, 10),
    (58, 10, 10),
    (60, 8, 10),
    (61, 9, 9),
    (62, 8, 12),
    (63, 10, 10),
    (64, 8, 10),
    (65, 8, 8),
    (66, 8, 9),
    (81, 9, 10),
    (82, 8, 10),
    (84, 9, 10),
    (86, 10, 11),
    (90, 10, 10),
    (91, 10, 10),
    (92, 9, 10),
    (93, 9, 9),
    (94, 9, 9),
    (95, 7, 10),
    (98, 10, 10),
    (211, 9, 9),
    (212, 9, 9),
    (213, 8, 9),
    (216, 8, 8),
    (218, 9, 9),
    (350, 8, 8),
    (351, 9, 9),
    (352, 6, 11),
    (353, 7, 9),
    (354, 7, 9),
    (355, 8, 9),
    (356, 8, 8),
    (357, 8, 8),
    (358, 6, 11),
    (359, 8, 9),
    (370, 8, 8),
    (371, 8, 8),
    (372, 7, 8),
    (373, 8, 8),
    (374, 8, 8),
    (375, 9, 9),
    (376, 6, 9),
    (377, 8, 9),
    (378, 6, 10),
    (380, 9, 9),
    (381, 8, 9),
    (382, 8, 8),
    (383, 8, 8),
    (385, 8, 9),
    (386, 8, 8),
    (387, 8, 8),
    (389, 8, 8),
    (420, 9, 9),
    (421, 9, 9),
    (423, 7, 9),
    (590, 9, 9),
    (594, 9, 9),
    (596, 9, 9),
    (850, 8, 10),
    (852, 8, 8),
    (853, 8, 8),
    (855, 8, 9),
    (856, 8, 10),
    (880, 8, 10),
    (886, 8, 9),
];

/// Fewest and most digits by the code of a country, 0 where it is not in the list.
static BY_CODE: [(u8, u8); 1000] = {
    let mut table = [(0, 0); 1000];
    let mut at = PLANS.len();
    while at > 0 {
        at -= 1;
        let (code, least, most) = PLANS[at];
        table[code as usize] = (least, most);
    }
    table
};

/// Fewest and most digits of a number behind the code that `digits` begins with, and how long the code is.
pub(in super::super) fn plan(digits: &[u8]) -> Option<(usize, usize, usize)> {
    let number = |count: usize| {
        digits
            .get(..count)
            .filter(|code| code.iter().all(u8::is_ascii_digit))
            .map(|code| code.iter().fold(0, |number, digit| number * 10 + u16::from(digit - b'0')))
    };
    for length in (1..=3).rev() {
        let Some(code) = number(length) else { continue };
        let (least, most) = BY_CODE[usize::from(code)];
        if most > 0 {
            return Some((length, least.into(), most.into()));
        }
    }
    // What is left of Africa, the Americas, Oceania and Asia.
    let others =
        matches!(number(3)?, 220..=269 | 290..=299 | 500..=509 | 591..=599 | 670..=692 | 960..=977 | 992..=998);
    others.then_some((3, 7, 9))
}

fn check(candidate: &Candidate<'_>) -> Option<Shape> {
    let (digits, shape) = match candidate.plain {
        [b'+', digits @ ..] => (digits, Shape::Canonical),
        [b'0', b'0', digits @ ..] => (digits, Shape::Bare),
        _ => return None,
    };
    let (code, least, most) = plan(digits)?;
    let rest = &digits[code..];
    let is_american = digits[0] == b'1' && matches!(rest.first(), Some(b'0' | b'1'));
    let varies = rest.iter().any(|digit| *digit != rest[0]);
    ((least..=most).contains(&rest.len()) && varies && !is_american).then_some(shape)
}
