//! Values that stand without quotes behind a name in them, as numbers in JSON do: what is put in their place gets the quotes of
//! the name, so that the text can be read as before.

/// Most spaces between a name and its colon, or the colon and the value.
const SPACES: usize = 8;

/// The quote, with the backslashes before it, that belongs around what is put in the place of `text[from..to]`; empty if none does.
pub(super) fn quote_around(text: &[u8], from: usize, to: usize) -> &[u8] {
    let value = &text[from..to];
    let is_number = value.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E'));
    // Several members that are hidden as one begin without a quote too.
    let is_bare = is_number || value.contains(&b'"');
    let is_whole = matches!(text.get(to), None | Some(b',' | b'}' | b']' | b' ' | b'\r' | b'\n'));
    if !is_bare || !is_whole {
        return &[];
    }
    let Some(name) = without_spaces(&text[..from]).strip_suffix(b":") else { return &[] };
    let Some((b'"' | b'\'', inside)) = without_spaces(name).split_last() else { return &[] };
    let slashes = inside.iter().rev().take_while(|byte| **byte == b'\\').count();
    let is_name =
        inside[..inside.len() - slashes].last().is_some_and(|byte| !byte.is_ascii_punctuation() || *byte == b'_');
    if is_name { &text[inside.len() - slashes..=inside.len()] } else { &[] }
}

fn without_spaces(text: &[u8]) -> &[u8] {
    let spaces = text.iter().rev().take(SPACES).take_while(|byte| **byte == b' ').count();
    &text[..text.len() - spaces]
}

#[cfg(test)]
mod tests {
    use super::quote_around;

    #[test]
    fn what_stands_for_a_number_in_json_gets_the_quotes_of_its_name() {
        let cases: &[(&str, &str)] = &[
            ("{\"pin\":[[1234]],\"a\":1}", "\""),
            ("{\"lat\" : [[-48.85]]}", "\""),
            ("{\\\"pin\\\": [[1234]]}", "\\\""),
            ("{'pin': [[1234]]}", "'"),
            ("{\"a\":[[true,\"v\":\"hunter22x]]}", "\""),
            ("{\"pin\":\"[[1234]]\"}", ""),
            ("pin:[[1234]],", ""),
            ("\"pin\"=[[1234]]", ""),
            ("{\"pin\":[[1234]]abc", ""),
            ("{\"pin\":[[hunter22x]]}", ""),
            ("\"\":[[1234]]", ""),
        ];
        for (text, quote) in cases {
            let (from, to) = (text.find("[[").expect("it is marked"), text.find("]]").expect("it is marked") - 2);
            let text = text.replace("[[", "").replace("]]", "");
            assert_eq!(String::from_utf8_lossy(quote_around(text.as_bytes(), from, to)), *quote, "{text}");
        }
    }
}
