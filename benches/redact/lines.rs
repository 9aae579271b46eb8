//! Log lines with one made-up value in each, and where it lies: the shapes in which programs write what they know of people.

use super::draw::Draw;
use super::values::Value;

/// One line, or one field of a record.
pub(crate) struct Line {
    /// The field's name; empty for a line without fields.
    pub(crate) key: String,
    pub(crate) text: String,
    /// Whether `text` is the inside of a JSON string with its escapes.
    pub(crate) escaped: bool,
    /// Where the value starts and where it ends.
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// How a line is written. `{k}` is a field's name, `{p}` what people call it, `{v}` the value.
struct Shape {
    template: &'static str,
    /// For names: how they are put together.
    case: Case,
    /// What becomes of spaces and other bytes of the value.
    text: Text,
    /// Without what names the value, this is no line that anybody writes.
    needs_name: bool,
}

#[derive(Clone, Copy)]
enum Case {
    Snake,
    Camel,
    Kebab,
}

#[derive(Clone, Copy)]
enum Text {
    AsIs,
    /// In a URL, spaces as `%20` or `+`.
    Query,
}

const fn shape(template: &'static str, case: Case) -> Shape {
    Shape { template, case, text: Text::AsIs, needs_name: false }
}

const SHAPES: &[Shape] = &[
    // JSON, as a line and with more fields around.
    shape(
        "{\"ts\":\"2026-11-28T15:56:12.123Z\",\"level\":\"info\",\"msg\":\"user updated\",\"{k}\":\"{v}\",\"took_ms\":12}",
        Case::Snake,
    ),
    shape(
        "{\"@timestamp\":\"2026-11-28T15:56:12Z\",\"customer\":{\"id\":42,\"{k}\": \"{v}\"},\"service\":\"crm\"}",
        Case::Camel,
    ),
    shape(
        "{\"level\":\"ERROR\",\"message\":\"validation failed: {p} '{v}' already exists\",\"requestId\":\"7b3f\"}",
        Case::Camel,
    ),
    // logfmt.
    shape(
        "ts=2026-11-28T15:56:12Z level=info caller=customer.go:88 msg=\"customer saved\" {k}=\"{v}\" status=200",
        Case::Snake,
    ),
    shape("level=warn component=import {k}=\"{v}\" err=\"duplicate\"", Case::Camel),
    // nginx access.
    Shape {
        template: "10.0.0.7 - - [28/Nov/2026:15:56:12 +0100] \"GET /api/v2/clients?{k}={v}&page=1 HTTP/1.1\" 200 512 \"-\" \"curl/8.5.0\"",
        case: Case::Snake,
        text: Text::Query,
        needs_name: false,
    },
    Shape {
        template: "10.0.0.7 - - [28/Nov/2026:15:56:12 +0100] \"POST /search?lang=fr&{k}={v} HTTP/2.0\" 302 0 \"https://portail.example/\" \"Mozilla/5.0\"",
        case: Case::Camel,
        text: Text::Query,
        needs_name: false,
    },
    // syslog.
    shape("<134>Nov 28 15:56:12 srv-web-01 portail[2231]: {p} {v} introuvable", Case::Snake),
    shape("Nov 28 15:56:12 app01 crm[881]: lookup failed for {p}: {v}", Case::Snake),
    // Java and Python.
    shape(
        "2026-11-28 15:56:12,123 INFO  [http-nio-8080-exec-4] f.a.c.ClientService - Client mis à jour, {p} {v}, agence 12",
        Case::Camel,
    ),
    shape("2026-11-28 15:56:12.123 DEBUG 1 --- [main] o.h.SQL : Client{id=42, {k}='{v}', statut=ACTIF}", Case::Camel),
    shape("2026-11-28 15:56:12,123 - app.users - WARNING - invalid {p} '{v}' in form", Case::Snake),
    shape("INFO:root:{'id': 42, '{k}': '{v}', 'status': 'ok'}", Case::Snake),
    // CSV and key=value.
    Shape { template: "2026-11-28;42;{v};OK;FR", case: Case::Snake, text: Text::AsIs, needs_name: false },
    shape("import row=17 {k}={v};statut=ok", Case::Snake),
    // SQL.
    shape("LOG:  statement: UPDATE clients SET {k} = '{v}' WHERE id = 42", Case::Snake),
    shape(
        "2026-11-28 15:56:12 CET [2231] ERROR:  duplicate key value, DETAIL:  Key ({k})=({v}) already exists.",
        Case::Snake,
    ),
    // XML, headers.
    shape("<soap:Body><client><{k}>{v}</{k}></client></soap:Body>", Case::Camel),
    Shape { template: "> X-{k}: {v}", case: Case::Kebab, text: Text::AsIs, needs_name: true },
];

/// What a field is called that says nothing of what is in it.
const NAMELESS: &[&str] = &["value", "valeur", "ref", "input", "param", "data", "arg", "field7"];

/// A line with `value`; `name` is what people call it, or nothing where nothing names it. One in five is a field of a record, cut
/// out by a parser.
pub(crate) fn line(draw: &mut Draw, name: Option<&str>, value: &Value) -> Line {
    if draw.once_in(5) {
        return field(draw, name, &value.text);
    }
    loop {
        let shape = &SHAPES[draw.between(0, SHAPES.len() as u64) as usize];
        let names = shape.template.contains("{k}") || shape.template.contains("{p}");
        let is_sentence = value.in_fields && !shape.template.contains("{k}");
        if name.is_some() && !names || name.is_none() && shape.needs_name || is_sentence {
            continue;
        }
        return filled(draw, shape, name, &value.text);
    }
}

fn field(draw: &mut Draw, name: Option<&str>, value: &str) -> Line {
    let case = [Case::Snake, Case::Camel, Case::Kebab][draw.between(0, 3) as usize];
    let key = name.map_or_else(|| draw.pick(NAMELESS).to_owned(), |name| key(name, case));
    Line { key, text: value.to_owned(), escaped: true, start: 0, end: value.len() }
}

fn filled(draw: &mut Draw, shape: &Shape, name: Option<&str>, value: &str) -> Line {
    let phrase = name.unwrap_or_else(|| draw.pick(NAMELESS));
    let value = match shape.text {
        Text::AsIs => value.to_owned(),
        Text::Query => in_query(draw, value),
    };
    let named = shape.template.replace("{k}", &key(phrase, shape.case)).replace("{p}", phrase);
    let start = named.find("{v}").expect("each template has its value");
    let text = named.replacen("{v}", &value, 1);
    Line { key: String::new(), escaped: false, start, end: start + value.len(), text }
}

/// As programs write it in a URL.
fn in_query(draw: &mut Draw, value: &str) -> String {
    let space = draw.pick(&["%20", "+"]);
    let each = |letter: char| match letter {
        ' ' => space.to_owned(),
        '\u{a0}' => "%C2%A0".to_owned(),
        '@' => "%40".to_owned(),
        '+' => "%2B".to_owned(),
        '/' => "%2F".to_owned(),
        ':' => "%3A".to_owned(),
        '\'' => "%27".to_owned(),
        other => other.to_string(),
    };
    value.chars().map(each).collect()
}

/// A name as programs spell it: plain letters, the words joined.
fn key(name: &str, case: Case) -> String {
    let plain: String = name.chars().map(unaccented).collect();
    let words: Vec<&str> =
        plain.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    match case {
        Case::Snake => words.join("_").to_lowercase(),
        Case::Kebab => words.join("-").to_lowercase(),
        Case::Camel => {
            let mut key = String::new();
            for word in words {
                let lower = word.to_lowercase();
                let (first, rest) = lower.split_at(1);
                key.push_str(&if key.is_empty() { lower.clone() } else { first.to_uppercase() + rest });
            }
            key
        }
    }
}

fn unaccented(letter: char) -> char {
    const WITH: &str = "àáâãäçčéèêíìîñóòôõöøúùûüśšłÉÓŠČ";
    const WITHOUT: &str = "aaaaacceeeiiinoooooouuuusslEOSC";
    WITH.chars().zip(WITHOUT.chars()).find(|(with, _)| *with == letter).map_or(letter, |(_, without)| without)
}
