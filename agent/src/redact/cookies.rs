//! Cookies whose values stand in quotes (RFC 6265, 4.1.1): `Cookie: sid="x"; theme=dark`.

use super::ends::Kind;
use super::quote::Quote;
use super::scanner::Pass;
use super::value::NAME;

/// The runs behind quotes in cookies, among those that are joined.
const JOINED: usize = 4;

impl Pass<'_> {
    /// Where the cookies end that begin at `start`, over values in quotes. What follows the first quote is read once.
    pub(super) fn cookies_end(&mut self, start: usize, kind: Kind) -> usize {
        let first = self.end_of(start, kind);
        let mut end = first;
        while let Some(quote) = self.opens_cookie(start, end) {
            if self.memory.joined[JOINED].contains(&end) {
                end = self.memory.joined[JOINED].end;
                break;
            }
            let string = self.string(quote, self.text.len());
            end = self.end_of(string.end.min(self.text.len()), kind);
        }
        if end > first {
            self.memory.joined[JOINED] = first..end;
        }
        end
    }

    /// The quote at `end` that opens the value of a cookie, whose name and its `=` stand before it, behind `start`. Behind what is filled
    /// up with `=`, and before anything else than a value, it closes the string in which the cookies stand.
    fn opens_cookie(&self, start: usize, end: usize) -> Option<Quote> {
        if end <= start || self.byte_before(end, 1) != b'=' {
            return None;
        }
        let before = self.text.get(start..end - 1)?;
        let is_part = |byte: &&u8| !byte.is_ascii_whitespace() && !matches!(byte, b';' | b'=' | b'&' | b'?' | b'"');
        let name = before.iter().rev().take(NAME).take_while(is_part).count();
        let quote = self.quote(end).filter(|_| name > 0)?;
        let is_first = !matches!(before[..before.len() - name], [.., b'=']);
        let value = self.byte(quote.start);
        let is_value =
            value.is_ascii_graphic() && !matches!(value, b',' | b';' | b')' | b'}' | b']' | b':' | b'"' | b'\\');
        (is_first && is_value).then_some(quote)
    }
}

#[cfg(test)]
mod tests {
    use super::super::values::{assert_hidden, assert_kept};

    #[test]
    fn values_of_cookies_may_stand_in_quotes() {
        assert_hidden(&[
            ("Cookie: JSESSIONID=\"Zk9pQ2xTb3Jq7\"; theme=dark", "Cookie: <cookie>"),
            ("Cookie: a=b; sid=\"Zk9p Q2xT\"; c=\"d\"\nHost: x", "Cookie: <cookie>\nHost: x"),
            ("Set-Cookie: sid=\"Zk9pQ2xTb3Jq7\"; Path=/", "Set-Cookie: <cookie>"),
            ("cookie=sid=\"Zk9pQ2xTb3Jq7\"; x cookies: sid=\"Zk9pQ2xTb3Jq7\"", "cookie=<cookie>; x cookies: <cookie>"),
            ("cookie: sid=\"Zk9pQ2xTb3Jq7", "cookie: <cookie>"),
            (
                r#"{"log":"Cookie: JSESSIONID=\"Zk9pQ2xTb3Jq7\"; theme=dark","a":1}"#,
                r#"{"log":"Cookie: <cookie>","a":1}"#,
            ),
            ("curl -H 'Cookie: a=\"Zk9pQ2xTb3Jq7\"; b=c'", "curl -H 'Cookie: <cookie>"),
        ]);
    }

    #[test]
    fn a_quote_that_closes_a_string_with_cookies_ends_them() {
        assert_hidden(&[
            ("msg=\"cookie: sid=YWJjZA==\" next=\"x\"", "msg=\"cookie: <cookie>\" next=\"x\""),
            ("msg=\"cookie: sid=YWJjZA=\"x\"", "msg=\"cookie: <cookie>\"x\""),
            ("msg=\"cookie: a=b; sid=\" next=\"x\"", "msg=\"cookie: <cookie>\" next=\"x\""),
            (r#"["Cookie: a=b; sid=","x"]"#, r#"["Cookie: <cookie>","x"]"#),
        ]);
        assert_kept(&["msg=\"cookie: \" next=\"x\""]);
    }
}
