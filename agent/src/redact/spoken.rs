//! Dates with the name of their month: `2 mars 1996`, `July 24, 1970`, `24 de julio de 1970`. Only those of birth are looked for.

use super::known::{Known, Roles};
use super::phrases::fold;
use super::scanner::Pass;
use super::secret::person::is_letter;

/// Names of months in twenty languages, folded, in the order of the year.
const MONTHS: &[&[&[u8]]] = &[
    &[
        b"january",
        b"jan",
        b"janvier",
        b"janv",
        b"januar",
        b"enero",
        b"gennaio",
        b"januari",
        b"stycznia",
        b"janeiro",
        b"ledna",
        b"tammikuuta",
        b"ianuarie",
        b"januarja",
        b"januara",
        b"sijecnja",
        b"jaanuar",
        b"januaris",
    ],
    &[
        b"february",
        b"feb",
        b"fevrier",
        b"fevr",
        b"februar",
        b"febrero",
        b"febbraio",
        b"februari",
        b"lutego",
        b"fevereiro",
        b"unora",
        b"helmikuuta",
        b"februarie",
        b"februarja",
        b"februara",
        b"veljace",
        b"veebruar",
    ],
    &[
        b"march",
        b"mar",
        b"mars",
        b"marz",
        b"maerz",
        b"marzo",
        b"maart",
        b"marca",
        b"marco",
        b"marts",
        b"brezna",
        b"maaliskuuta",
        b"martie",
        b"ozujka",
    ],
    &[
        b"april",
        b"apr",
        b"avril",
        b"avr",
        b"abril",
        b"aprile",
        b"kwietnia",
        b"dubna",
        b"huhtikuuta",
        b"aprilie",
        b"aprila",
        b"travnja",
        b"aprill",
    ],
    &[b"may", b"mai", b"mayo", b"maggio", b"mei", b"maja", b"maio", b"maj", b"kvetna", b"toukokuuta", b"svibnja"],
    &[
        b"june",
        b"jun",
        b"juin",
        b"juni",
        b"junio",
        b"giugno",
        b"czerwca",
        b"junho",
        b"cervna",
        b"kesakuuta",
        b"iunie",
        b"junija",
        b"juna",
        b"lipnja",
        b"juuni",
    ],
    &[
        b"july",
        b"jul",
        b"juillet",
        b"juil",
        b"juli",
        b"julio",
        b"luglio",
        b"lipca",
        b"julho",
        b"cervence",
        b"heinakuuta",
        b"iulie",
        b"julija",
        b"jula",
        b"srpnja",
        b"juuli",
    ],
    &[
        b"august",
        b"aug",
        b"aout",
        b"agosto",
        b"augustus",
        b"sierpnia",
        b"augusti",
        b"srpna",
        b"elokuuta",
        b"avgusta",
        b"augusta",
        b"kolovoza",
    ],
    &[
        b"september",
        b"sep",
        b"sept",
        b"septembre",
        b"septiembre",
        b"settembre",
        b"wrzesnia",
        b"setembro",
        b"zari",
        b"syyskuuta",
        b"septembrie",
        b"septembra",
        b"rujna",
    ],
    &[
        b"october",
        b"oct",
        b"octobre",
        b"oktober",
        b"okt",
        b"octubre",
        b"ottobre",
        b"pazdziernika",
        b"outubro",
        b"rijna",
        b"lokakuuta",
        b"octombrie",
        b"oktobra",
        b"oktoober",
    ],
    &[
        b"november",
        b"nov",
        b"novembre",
        b"noviembre",
        b"listopada",
        b"novembro",
        b"listopadu",
        b"marraskuuta",
        b"noiembrie",
        b"novembra",
        b"studenoga",
    ],
    &[
        b"december",
        b"dec",
        b"decembre",
        b"dezember",
        b"dez",
        b"diciembre",
        b"dicembre",
        b"grudnia",
        b"dezembro",
        b"desember",
        b"prosince",
        b"joulukuuta",
        b"decembrie",
        b"decembra",
        b"prosinca",
        b"detsember",
    ],
];
/// Letters of the longest name.
const LONGEST: usize = 12;

/// Makes the names of all months `known`.
pub(super) fn put_months(known: &mut Known) {
    for name in MONTHS.iter().flat_map(|names| names.iter()).filter_map(|name| std::str::from_utf8(name).ok()) {
        known.put(name, Roles::MONTH);
    }
}

impl Pass<'_> {
    /// Whether the number at `at` is the day of such a date, which is done with then.
    pub(super) fn spoken_date(&mut self, at: usize) -> bool {
        let Some((day, behind)) = day(&self.text[at..]) else { return false };
        let span = match month(&self.text[at + behind..]) {
            Some(length) => year(&self.text[at + behind + length..]).map(|end| at..at + behind + length + end),
            None => {
                let end = year(&self.text[at + day..]).map(|end| at + day + end);
                end.and_then(|end| Some(self.month_before(at)?..end))
            }
        };
        let Some(span) = span else { return false };
        let end = span.end;
        if !self.is_mute(span.start) {
            self.ask(self.engine.own.birth_date, span);
        }
        self.next = end;
        true
    }

    /// Where the name of a month begins that stands before the space before `at`.
    fn month_before(&self, at: usize) -> Option<usize> {
        let text = self.text[self.next.min(at)..at].strip_suffix(b" ")?;
        let length = text.iter().rev().take(2 * LONGEST).take_while(|byte| is_letter(**byte)).count();
        let start = at - 1 - length;
        (named(&self.text[start..at - 1])? == length).then_some(start)
    }
}

/// Bytes of the day that `text` begins with, as `2`, `24`, `1er`, `2nd`, and up to where the name of a month may begin.
fn day(text: &[u8]) -> Option<(usize, usize)> {
    let digits = text.iter().take(3).take_while(|byte| byte.is_ascii_digit()).count();
    let number = text[..digits].iter().fold(0_u32, |number, digit| number * 10 + u32::from(digit - b'0'));
    if !matches!(digits, 1 | 2) || !matches!(number, 1..=31) {
        return None;
    }
    let ending = [&b"er"[..], b"st", b"nd", b"rd", b"th", b"."].into_iter().find(|end| text[digits..].starts_with(end));
    let end = digits + ending.map_or(0, <[u8]>::len);
    let space = usize::from(matches!(text.get(end), Some(b' ' | b'-')));
    let of = if text[end + space..].starts_with(b"de ") { 3 } else { 0 };
    (space > 0 || text.get(end) == Some(&b',')).then_some((end, end + space + of))
}

/// Bytes of the name of a month that `text` begins with.
fn month(text: &[u8]) -> Option<usize> {
    text.first().is_some_and(|byte| is_letter(*byte)).then(|| named(text)).flatten()
}

/// Bytes of the word that `text` begins with, if it is the name of a month.
fn named(text: &[u8]) -> Option<usize> {
    let (mut letters, mut count, mut at) = ([0; LONGEST], 0, 0);
    while let Some((&first, behind)) = text[at..].split_first() {
        let (letter, length) = fold(first, behind);
        if !letter.is_ascii_alphabetic() {
            break;
        }
        *letters.get_mut(count)? = letter;
        (count, at) = (count + 1, (at + length).min(text.len()));
    }
    is_month(letters, count).then_some(at)
}

/// Whether the first `count` letters are the name of a month. Most words are denied by their first letter and their length.
fn is_month(letters: [u8; LONGEST], count: usize) -> bool {
    static LENGTHS: [u16; 26] = {
        let (mut lengths, mut month) = ([0; 26], 0);
        while month < MONTHS.len() {
            let mut at = 0;
            while at < MONTHS[month].len() {
                let name = MONTHS[month][at];
                lengths[(name[0] - b'a') as usize] |= 1 << name.len();
                at += 1;
            }
            month += 1;
        }
        lengths
    };
    let first = usize::from(letters[0].wrapping_sub(b'a'));
    let may_be = LENGTHS.get(first).is_some_and(|lengths| lengths >> count & 1 == 1);
    let is_name = |name: &&&[u8]| name.len() == count && name[0] == letters[0] && **name == &letters[..count];
    may_be && MONTHS.iter().flat_map(|names| names.iter()).any(|name| is_name(&name))
}

/// Up to where a year reaches that stands behind `, `, ` ` or ` de `.
fn year(text: &[u8]) -> Option<usize> {
    let before = [&b", "[..], b". ", b" de ", b" ", b"-"].into_iter().find(|mark| text.starts_with(mark))?.len();
    let year = text.get(before..before + 4)?;
    let is_year =
        matches!(year, [b'1', b'9', rest @ ..] | [b'2', b'0', rest @ ..] if rest.iter().all(u8::is_ascii_digit));
    let is_whole = !text.get(before + 4).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    (is_year && is_whole).then_some(before + 4)
}
