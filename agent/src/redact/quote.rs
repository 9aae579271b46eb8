//! Quotes around values: behind letters and backslashes, doubled, and which of them open one.

use super::filter::head;
use super::scanner::Pass;
use super::token::own_length;
use super::value::Value;

/// Most backslashes before a quote: in JSON five times within JSON there are 31.
pub(super) const SLASHES: usize = 31;
/// Most quotes that open a value together.
const MARKS: usize = 3;
/// Bytes of a string that are looked through, eight at once, before it is taken for a long one.
const SHORT: usize = 16;
/// Bytes before a name among which the quote is looked for that opens the string in which it stands.
const REACH: usize = 128;

/// What a byte was written with: the first byte, and how many.
type Code = (u8, usize);
/// What stands for itself, where the text has no codes.
const PLAIN: Code = (0, 1);

/// How long a value in quotes is, how many bytes were read to tell, and whether a quote closes it.
struct Length {
    length: usize,
    read: usize,
    closes: bool,
}

/// Quotes that nothing closes up to the end of a text, as those behind them that are written alike: each is looked for once.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Unclosed {
    mark: u8,
    count: usize,
    code: Option<Code>,
    end: usize,
}

/// An opening quote.
#[derive(Clone, Copy, Debug)]
pub(super) struct Quote {
    /// Where the value begins behind it.
    pub(super) start: usize,
    pub(super) mark: u8,
    /// How many of them stand together, as in a string within a string of SQL or CSV.
    pub(super) count: usize,
    /// The backslashes before it.
    pub(super) slashes: usize,
}

impl Quote {
    /// The backslashes that belong to a quote with `count` before it if the value ends there. In a string within strings the first n
    /// of which are closed by a quote behind 2ⁿ − 1 backslashes, further ones are part of the value.
    fn closing(&self, count: usize) -> Option<usize> {
        if !(self.slashes + 1).is_power_of_two() {
            return (count <= self.slashes).then_some(count);
        }
        let level = count.trailing_ones();
        (level <= self.slashes.trailing_ones()).then(|| (1 << level) - 1)
    }

    /// How long the value is that `text` begins with, if it is a short one that its quote closes right away, as nearly all do.
    #[inline(always)]
    fn short_length(&self, text: &[u8]) -> Option<usize> {
        if self.count != 1 || self.slashes != 0 {
            return None;
        }
        let length = (0..SHORT)
            .step_by(8)
            .find_map(|start| first_end(head(text, start.min(text.len())), self.mark).map(|place| start + place))?;
        let closes = text[length] == self.mark && (length == 0 || text.get(length + 1) != Some(&self.mark));
        closes.then_some(length)
    }

    /// How long the value is that `text` begins with: to the quote that closes it, also on another line, else to the end of its line. Only
    /// those marks count of whose places `code` tells how they are written. Of one that nothing `closes` only what stands before the first
    /// doubled one, or the end of the line, is read.
    fn any_length(&self, text: &[u8], code: impl Fn(usize) -> Option<Code>, closes: bool) -> Length {
        let (mut next, mut doubled, mut line) = (0, None, None);
        for at in memchr::memchr2_iter(self.mark, b'\n', text) {
            if !closes && (line.is_some() || doubled.is_some()) {
                return Length { length: line.or(doubled).unwrap_or(at), read: at, closes };
            }
            if at < next {
                continue;
            }
            if text[at] == b'\n' {
                line = line.or(doubled).or(Some(at));
                continue;
            }
            let count = slashes_before(&text[..at]);
            let Some(own) = self.closing(count) else { continue };
            let marks = self.marks(&text[at..], |place| code(at + place));
            if marks < self.count {
                continue;
            }
            if self.slashes > 0 || at == 0 || marks != 2 * self.count {
                // On another line it may open a value rather than close this one.
                let length = line.filter(|_| opens(&text[at + marks..])).unwrap_or(at - own);
                return Length { length, read: at, closes: true };
            }
            // A doubled quote stands for one in the value if another one closes that.
            doubled = doubled.or(Some(at - own));
            next = at + 2 * self.count;
        }
        Length { length: line.or(doubled).unwrap_or(text.len()), read: text.len(), closes: false }
    }

    /// How many of its marks, all written alike, `text` begins with, up to one more than may count.
    fn marks(&self, text: &[u8], code: impl Fn(usize) -> Option<Code>) -> usize {
        let Some(first) = code(0) else { return 0 };
        let is_one = |(place, byte): &(usize, &u8)| **byte == self.mark && code(*place) == Some(first);
        text.iter().take(2 * self.count + 1).enumerate().take_while(is_one).count()
    }
}

/// Where the first `mark`, backslash or end of a line stands among these eight bytes, the first one lowest.
#[inline(always)]
fn first_end(bytes: u64, mark: u8) -> Option<usize> {
    const ONES: u64 = u64::MAX / 255;
    // The lowest of these bits is of a byte that is zero.
    let zeros = |bytes: u64| bytes.wrapping_sub(ONES) & !bytes & ONES << 7;
    let is = |byte: u8| zeros(bytes ^ (ONES * u64::from(byte)));
    let ends = is(mark) | is(b'\\') | is(b'\n');
    (ends != 0).then(|| ends.trailing_zeros() as usize / 8)
}

/// Whether a value, or what stands for one, begins with `text`.
fn opens(text: &[u8]) -> bool {
    text.first().is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte >= 0x80) || own_length(text).is_some()
}

/// How many of the backslashes that `text` ends with belong to a quote behind it: in a string within strings 2ⁿ − 1 of them.
pub(super) fn slashes_of_quote(text: &[u8]) -> usize {
    (1 << slashes_before(text).trailing_ones()) - 1
}

pub(super) fn slashes_ahead(text: &[u8]) -> usize {
    text.iter().take_while(|byte| **byte == b'\\').count()
}

pub(super) fn slashes_before(text: &[u8]) -> usize {
    text.iter().rev().take_while(|byte| **byte == b'\\').count()
}

/// How long the apostrophe is with which `text` begins as it is written within a string of a shell: `'\''`, in JSON `'\\''`.
fn shell_mark(text: &[u8]) -> Option<usize> {
    let [b'\'', b'\\', ..] = text else { return None };
    let slashes = text[1..].iter().take(SLASHES).take_while(|byte| **byte == b'\\').count();
    text[1 + slashes..].starts_with(b"''").then_some(slashes + 3)
}

/// How many of `mark` open a value that `text` begins with: more than one only where a value goes on behind them.
fn opening_marks(text: &[u8], mark: u8) -> usize {
    let count = text.iter().take(MARKS + 1).take_while(|byte| **byte == mark).count();
    if !(2..=MARKS).contains(&count) {
        return 1;
    }
    let is_value = |byte: &u8| byte.is_ascii_alphanumeric() || *byte >= 0x80 || b"!#$%*@^_~/".contains(byte);
    // An attribute with nothing in it may be the last one of its tag.
    let behind = text.get(count..).unwrap_or_default();
    let opens = behind.first().is_some_and(is_value) && !behind.starts_with(b"/>");
    if opens { count } else { 1 }
}

impl Pass<'_> {
    /// The quote that opens at `at`, behind letters that tell of what kind the string is, and behind backslashes.
    pub(super) fn quote(&self, at: usize) -> Option<Quote> {
        let is_prefix = |byte: &u8| matches!(byte | 0x20, b'b' | b'u' | b'r' | b'f');
        let text = self.rest(at);
        let (letters, slashes) = match text.first()? {
            b'"' | b'\'' => (0, 0),
            byte if !is_prefix(byte) && *byte != b'\\' => return None,
            _ => {
                let letters = text.iter().take(2).take_while(|byte| is_prefix(byte)).count();
                (letters, text[letters..].iter().take(SLASHES).take_while(|byte| **byte == b'\\').count())
            }
        };
        let (place, mark) = (letters + slashes, *text.get(letters + slashes)?);
        // Behind letters one that is written with a percent sign is part of a value.
        if !matches!(mark, b'"' | b'\'') || letters > 0 && self.is_percent(at + place) {
            return None;
        }
        if let Some(length) = shell_mark(text).filter(|length| text.get(*length).is_some_and(u8::is_ascii_graphic)) {
            return Some(Quote { start: at + length, mark, count: 1, slashes: 0 });
        }
        let count = if slashes == 0 { self.opening_marks_at(at + place) } else { 1 };
        Some(Quote { start: at + place + count, mark, count, slashes })
    }

    /// How long the value is that `quote` opens, of what stands before `limit`. A quote that is written with another code than the one
    /// that opens is part of the value: `"a&quot;b"`.
    pub(super) fn length_within(&mut self, quote: Quote, limit: usize) -> usize {
        let text = self.text.get(quote.start..limit).unwrap_or_default();
        if let Some(length) = quote.short_length(text).filter(|_| self.written.is_none()) {
            return length;
        }
        let own = self.code_of(quote.start - 1);
        let kind = Unclosed { mark: quote.mark, count: quote.count, code: own, end: self.text.len() };
        let (from, known) = &self.memory.unclosed[usize::from(quote.mark == b'"')];
        let is_unclosed = quote.slashes == 0 && quote.start >= *from && *known == kind;
        let code = |place: usize| match own {
            None => Some(PLAIN),
            Some(_) => self.code_of(quote.start + place).filter(|code| Some(*code) == own || code.1 <= 1),
        };
        let Length { length, read, closes } = quote.any_length(text, code, !is_unclosed);
        if !closes && quote.slashes == 0 && limit == self.text.len() && !is_unclosed {
            self.memory.unclosed[usize::from(quote.mark == b'"')] = (quote.start, kind);
        }
        self.steps_of(read);
        length
    }

    /// How many quotes at `at`, all written alike, open a value together.
    pub(super) fn opening_marks_at(&self, at: usize) -> usize {
        if self.byte(at + 1) != self.byte(at) {
            return 1;
        }
        let count = opening_marks(self.rest(at), self.byte(at));
        let code = self.code_of(at);
        if (1..count).all(|next| self.code_of(at + next) == code) { count } else { 1 }
    }

    /// What the byte at `at` was written with: the first byte, and how many. `None` where the text has no codes.
    pub(super) fn code_of(&self, at: usize) -> Option<Code> {
        let (written, places) = self.written?;
        let [place, next, ..] = places.get(at..)? else { return None };
        Some((*written.get(*place as usize)?, next.saturating_sub(*place) as usize))
    }

    pub(super) fn quoted(&mut self, quote: Quote) -> Option<Value> {
        let first = self.length_within(quote, self.text.len());
        let length = self.length_of_shell(quote, first);
        self.steps_of(length - first);
        let end = quote.start + length;
        let is_open = matches!(self.byte(end), 0 | b'\n');
        (length > 0).then_some(Value { is_open, ..Value::quoted(quote.start..end) })
    }

    /// How long the value is that `quote` opens and that seems to end after `length` bytes if it goes on behind apostrophes as shells
    /// have them: `'Ab12'\''Cd34'`.
    fn length_of_shell(&self, quote: Quote, mut length: usize) -> usize {
        if self.byte(quote.start + length) != b'\'' || self.byte(quote.start + length + 1) != b'\\' {
            return length;
        }
        let is_plain = quote.mark == b'\'' && quote.count == 1 && quote.slashes == 0;
        // One that opens so within a string of a shell closes so.
        let is_within = self.text[..quote.start].strip_suffix(b"''").is_some_and(|before| before.ends_with(b"\\"));
        if !is_plain || is_within {
            return length;
        }
        let own = self.code_of(quote.start - 1);
        while let Some(mark) = shell_mark(self.rest(quote.start + length)) {
            let start = quote.start + length + mark;
            let behind = self.rest(start);
            let closes = |place: &usize| behind[*place] == b'\n' || self.code_of(start + place) == own;
            length += mark + memchr::memchr2_iter(b'\'', b'\n', behind).find(closes).unwrap_or(behind.len());
        }
        length
    }

    /// Whether `quote` closes the string in which the name before the mark at `at` stands: `{"a":"Password: ","b":"x"}`.
    pub(super) fn is_closing(&mut self, at: usize, quote: Quote) -> bool {
        let next = self.byte(quote.start);
        let goes_on =
            next.is_ascii_whitespace() || matches!(next, 0 | b',' | b';' | b')' | b'}' | b']' | b':' | b'+' | b'.');
        let before = &self.text[..at];
        if !goes_on || matches!(before.trim_ascii_end().last(), Some(b'"' | b'\'')) {
            return false;
        }
        let floor = at.saturating_sub(REACH);
        let Some(place) = memchr::memrchr2(quote.mark, b'\n', &self.text[floor..at]) else { return false };
        self.steps_of(at - floor - place);
        let before = &self.text[..floor + place];
        let slashes = slashes_before(before);
        let opens = |byte: &u8| byte.is_ascii_whitespace() || b"([{,:=+;&|<>".contains(byte);
        self.text[floor + place] == quote.mark
            && slashes == quote.slashes
            && before[..before.len() - slashes].last().is_none_or(opens)
    }
}

#[cfg(test)]
mod tests {
    use super::super::values::assert_hidden;

    #[test]
    fn values_in_quotes_go_on_behind_breaks_to_the_quote_that_closes_them() {
        assert_hidden(&[
            (r#"{"password":"S3cr3tAb\nrest1234"}"#, r#"{"password":"<password>"}"#),
            (r#"{"password":"\nrest1234","a":1}"#, r#"{"password":"<password>","a":1}"#),
            (r#"{"cookie":"a=S3cr3tAb\r\nb=rest1234"}"#, r#"{"cookie":"<cookie>"}"#),
            (r#"{"api_key":"S3cr3tAb12\u000arest1234"}"#, r#"{"api_key":"<secret>"}"#),
            (r#"{"token":"abc.def\nghi123456"}"#, r#"{"token":"<secret>"}"#),
            (r#"{"password":"a1b\trest"}"#, r#"{"password":"<password>"}"#),
            (r#"{"postal_address":"12 rue X\n75002 Paris"}"#, r#"{"postal_address":"<postal_address>"}"#),
            (r"{'password': 'a1b\nrest'}", r"{'password': '<password>'}"),
            (r#"{"m":"--password \"a1x\nb1x\""}"#, r#"{"m":"--password \"<password>\""}"#),
            (
                r#"{"m":"INSERT INTO u (a,password) VALUES ('x','S3c\nr3t')"}"#,
                r#"{"m":"INSERT INTO u (a,password) VALUES ('x','<password>')"}"#,
            ),
            (r#"{"m":"{\"password\":\"Zq1x\\nZq2y\"}"}"#, r#"{"m":"{\"password\":\"<password>\"}"}"#),
            (
                r#"{"m":"{\"a\":\"{\\\"password\\\":\\\"Zq1x\\\\nZq2y\\\"}\"}"}"#,
                r#"{"m":"{\"a\":\"{\\\"password\\\":\\\"<password>\\\"}\"}"}"#,
            ),
            ("password=\"S3cr3tAb\nrest1234\" x", "password=\"<password>\" x"),
        ]);
    }

    #[test]
    fn a_quote_that_is_written_otherwise_than_the_first_one_is_part_of_the_value() {
        assert_hidden(&[
            (r#"{"password":"Ab12\u0022Cd34"}"#, r#"{"password":"<password>"}"#),
            (r#"{"log":"{\"password\":\"Ab12\\u0022Cd34\"}"}"#, r#"{"log":"{\"password\":\"<password>\"}"}"#),
            (r#"<user password="A&quot;dZd7x9"/>"#, r#"<user password="<password>"/>"#),
            (r#"<user password="A&#34;dZd7x9" id="x"/>"#, r#"<user password="<password>" id="x"/>"#),
            ("<user password='A&apos;dZd7x9'/>", "<user password='<password>'/>"),
            (r#"{"password":["a\u0022b9"],"x":"y"}"#, r#"{"password":["<password>"],"x":"y"}"#),
            ("password=&quot;hunter22x&quot; x", "password=&quot;<password>&quot; x"),
            ("{%22password%22:%22a%27b%22}", "{%22password%22:%22<password>%22}"),
            (r#"password="Ab12%22" nom="Dupont""#, r#"password="<password>" nom="<person_name>""#),
            (
                r#"<user password="Ab12&#34;" username="jdupont" id="4"/>"#,
                r#"<user password="<password>" username="<username>" id="4"/>"#,
            ),
            (r#"<user password="Ab12&quot;" x="1"/>"#, r#"<user password="<password>" x="1"/>"#),
            (r"<user password='Ab12&apos;' x='1'/>", r"<user password='<password>' x='1'/>"),
            (r"password='Ab12\x27' x='1'", r"password='<password>' x='1'"),
            (r#"<user password="&quot;Ab12&quot;" x="1"/>"#, r#"<user password="<password>" x="1"/>"#),
            (r#"<user password="&quot;Ab12&quot;Cd34" x="1"/>"#, r#"<user password="<password>" x="1"/>"#),
            (
                r#"{"password":"\u0022Ab12Cd34","nom":"Dupont","z":1}"#,
                r#"{"password":"<password>","nom":"<person_name>","z":1}"#,
            ),
            ("/a?password=Rr%22E8WUeu&p=1 HTTP/1.1\" 200", "/a?password=<password>&p=1 HTTP/1.1\" 200"),
            (r#"<add value="Ab12&quot;x=&quot;Cd34" key="password"/>"#, r#"<add value="<password>" key="password"/>"#),
            (
                r#"password = os.environ.get("P&quot;W", "hunter2")"#,
                r#"password = os.environ.get("P&quot;W", "<password>")"#,
            ),
        ]);
    }

    #[test]
    fn a_quote_that_nothing_closes_goes_to_the_end_of_its_line() {
        assert_hidden(&[
            (r#"{"m":"password='S3cr3tAb\nrest","a":1}"#, r#"{"m":"password='<password>\nrest","a":1}"#),
            ("password='S3cr3tAb\nuser='jdupont' x", "password='<password>\nuser='<username>' x"),
            ("password='S3cr3tAb\nuser='<email>' x", "password='<password>\nuser='<email>' x"),
            ("password=\"S3cr3tAb\nrest", "password=\"<password>\nrest"),
            ("password=\"a\"\"b\nrest", "password=\"<password>\"\"b\nrest"),
            (r#"{"m":"password=S3cr3tAb\nrest1234 y"}"#, r#"{"m":"password=<password>\nrest1234 y"}"#),
        ]);
    }

    #[test]
    fn backslashes_before_a_quote_belong_to_it_however_deep_it_stands() {
        for (name, value, entity) in [
            ("password=", "S3cr3tAb", "password"),
            ("user=", "jdupont", "username"),
            ("GET /x?token=", "abcDEF12345", "secret"),
            ("cookie: ", "a=S3cr3t; b=x", "cookie"),
        ] {
            let text = |value: &str| {
                let inner = format!(r#"{{\\\"u\\\":\\\"x {name}{value}\\\",\\\"x\\\":1}}"#);
                format!(r#"{{"m":"{{\"a\":\"{inner}\"}}"}}"#)
            };
            assert_hidden(&[(&text(value), &text(&format!("<{entity}>")))]);
        }
    }

    #[test]
    fn apostrophes_of_shells_open_and_close_values_and_stand_in_them() {
        assert_hidden(&[
            (r"sh -c 'app --password '\''hunter2'\'' x'", r"sh -c 'app --password '\''<password>'\'' x'"),
            (r"sh -c 'password='\''hunter2'\'''", r"sh -c 'password='\''<password>'\'''"),
            (r"password='Ab12'\''Cd34' x", "password='<password>' x"),
            (r"password='Ab12'\''Cd'\''34' x", "password='<password>' x"),
            (r"nom='O'\''Brien' x", "nom='<person_name>' x"),
            (r#"{"c":"app --password '\\''hunter2'\\'' x'"}"#, r#"{"c":"app --password '\\''<password>'\\'' x'"}"#),
            (r"password='Ab12'\''Cd34", "password='<password>"),
        ]);
    }
}
