//! Diagnostics as a person reads them: place, code, message, the line with a caret, help.
//!
//! What could be a secret is not repeated, and nothing that was read can write control characters to a terminal.

use super::codes::CODES;
use super::diagnostic::{Diagnostic, Diagnostics, Severity};
use super::document::{Place, SourceFile};
use super::secrets::{goes_on, hidden, shown_length};

/// Most findings that are shown.
const MAX_FINDINGS: usize = 200;
/// Most characters of a source line that are shown, and how many of them stand before the place.
const MAX_LINE: usize = 160;
const BEFORE_PLACE: usize = 60;
/// Most characters of a message.
const MAX_MESSAGE: usize = 400;
/// All findings in file order, rendered.
pub fn render(findings: &Diagnostics, files: &[SourceFile]) -> String {
    let mut out = String::new();
    let all = findings.in_order();
    for finding in all.iter().take(MAX_FINDINGS) {
        one(finding, files, &mut out);
    }
    if all.len() > MAX_FINDINGS {
        out.push_str(&format!("... and {} more\n", all.len() - MAX_FINDINGS));
    }
    out
}

/// What must be mended before a start, a line each: place, code, message, and what to do.
pub fn told(findings: &Diagnostics, files: &[SourceFile]) -> Vec<String> {
    let errors = findings.in_order().into_iter().filter(|finding| finding.severity == Severity::Error);
    let line = |finding: &Diagnostic| {
        let mut line = String::new();
        heading(finding, files, &mut line);
        help_of(finding).into_iter().for_each(|help| line.push_str(&format!("; {}", plain(&help))));
        line
    };
    errors.take(MAX_FINDINGS).map(line).collect()
}

fn one(finding: &Diagnostic, files: &[SourceFile], out: &mut String) {
    let file = heading(finding, files, out);
    out.push('\n');
    if let Some((place, file)) = file {
        source_line(place, file, out);
    }
    if let Some(help) = help_of(finding) {
        out.push_str(&format!("    = help: {}\n", plain(&help)));
    }
}

/// What to do: the help of the finding, or of an error without one what is behind its code.
fn help_of(finding: &Diagnostic) -> Option<String> {
    let own = finding.help.as_deref().filter(|help| !help.is_empty());
    let code = CODES.iter().filter(|_| finding.severity == Severity::Error).find(|code| code.code == finding.code);
    own.map(hidden).or(code.map(|code| code.text.to_owned()))
}

/// Adds place, code and message, and gives the file in question.
fn heading<'f>(finding: &Diagnostic, files: &'f [SourceFile], out: &mut String) -> Option<(Place, &'f SourceFile)> {
    let severity = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let file = finding.place.and_then(|place| files.get(place.file as usize).map(|file| (place, file)));
    if let Some((place, file)) = file {
        let path = plain(&file.path.display().to_string());
        // What concerns a file as a whole has no line.
        if place.line == 0 {
            out.push_str(&format!("{path}: "));
        } else {
            out.push_str(&format!("{path}:{}:{}: ", place.line, place.column));
        }
    }
    out.push_str(&format!("{severity}[{}]: {}", finding.code, plain(&hidden(&finding.message))));
    file
}

/// `text` on one line and not too long.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    for (count, character) in text.chars().enumerate() {
        if count == MAX_MESSAGE {
            plain.push('…');
            break;
        }
        if character.is_control() {
            plain.extend(character.escape_default());
        } else {
            plain.push(character);
        }
    }
    plain
}

/// The line in question and a caret below.
fn source_line(place: Place, file: &SourceFile, out: &mut String) {
    let Some(at) = place.line.checked_sub(1).map(|at| at as usize) else { return };
    let mut lines = file.text.lines();
    let before: Vec<&str> = lines.by_ref().take(at).collect();
    let Some(line) = lines.next().filter(|line| !goes_on(&before, line)) else { return };
    let column = place.column.saturating_sub(1) as usize;
    let start = if column > MAX_LINE - BEFORE_PLACE { column - BEFORE_PLACE } else { 0 };
    let end = shown_length(&before, line).unwrap_or(usize::MAX).min(start + MAX_LINE);
    let mut shown = if start > 0 { "…".to_owned() } else { String::new() };
    let mut characters = line.trim_end().chars().enumerate().skip(start).peekable();
    while let Some((_, character)) = characters.next_if(|(at, _)| *at < end) {
        shown.push(if character.is_control() { ' ' } else { character });
    }
    let cut = characters.peek().is_some();
    let behind = if cut { " …" } else { "" };
    out.push_str(&format!("    | {shown}{behind}\n"));
    let width = shown.chars().count();
    let caret = (column - start + usize::from(start > 0)).min(width + usize::from(cut));
    let length = (place.length.max(1) as usize).min((width + usize::from(cut) * 2).saturating_sub(caret)).max(1);
    out.push_str(&format!("    | {}{}\n", " ".repeat(caret), "^".repeat(length)));
}

/// The one of `candidates` that `found` is, or is a slip of the pen from.
pub fn closest<'a>(found: &str, candidates: &[&'a str]) -> Option<&'a str> {
    let lower = found.to_ascii_lowercase();
    let length = lower.chars().count();
    let near = candidates.iter().filter(|candidate| candidate.len() < 2 * length + 4 && length < 80);
    let near = near.map(|candidate| (distance(&lower, &candidate.to_ascii_lowercase()), *candidate));
    // One slip in three letters: of two in four another word comes.
    near.min().filter(|(steps, _)| *steps <= (length / 3).max(1)).map(|(_, candidate)| candidate)
}

/// `did you mean …?` for the candidate nearest to `found`; else a list of the candidates.
pub fn did_you_mean(found: &str, candidates: &[&str]) -> String {
    match closest(found, candidates) {
        Some(candidate) => format!("did you mean `{candidate}`?"),
        _ if !candidates.is_empty() && candidates.len() <= 12 => format!("known are: {}", candidates.join(", ")),
        _ => String::new(),
    }
}

/// Up to three of `candidates` that share a word with `found`, the nearest first.
pub fn nearest<'a>(found: &str, candidates: &[&'a str]) -> Vec<&'a str> {
    let lower = found.to_ascii_lowercase();
    if lower.chars().count() >= 80 {
        return Vec::new();
    }
    let words = |text: &str| -> Vec<String> { text.split(['_', '.', '-']).map(str::to_ascii_lowercase).collect() };
    let own = words(&lower);
    let shares = |candidate: &&&str| words(candidate).iter().any(|word| word.len() > 2 && own.contains(word));
    let mut near: Vec<(usize, &str)> =
        candidates.iter().filter(shares).map(|candidate| (distance(&lower, candidate), *candidate)).collect();
    near.sort_unstable();
    near.into_iter().map(|(_, candidate)| candidate).take(3).collect()
}

/// Number of single-character edits and swaps of neighbours between two words.
pub(super) fn distance(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let mut rows = vec![(0..=other.len()).collect::<Vec<_>>()];
    for (i, a) in one.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in other.iter().enumerate() {
            let mut best = (rows[i][j + 1] + 1).min(row[j] + 1).min(rows[i][j] + usize::from(a != b));
            if i > 0 && j > 0 && *a == other[j - 1] && one[i - 1] == *b {
                best = best.min(rows[i - 1][j - 1] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[one.len()][other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is shown of a finding at `column`, `length` of `line`, the place and message left out.
    fn shown(line: &str, column: u32, length: u32) -> String {
        let files = [SourceFile { path: "a.conf".into(), text: line.to_owned() }];
        let mut findings = Diagnostics::default();
        findings.error(Place { file: 0, line: 1, column, length }, "V101", "wrong");
        let text = render(&findings, &files);
        let lines = text.lines().skip(1).filter(|line| !line.starts_with("    = help"));
        lines.map(|line| line.strip_prefix("    | ").unwrap_or(line)).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn the_nearest_word_is_proposed() {
        assert_eq!(did_you_mean("pth", &["path", "parser"]), "did you mean `path`?");
        assert_eq!(did_you_mean("Fulsh", &["flush", "grace"]), "did you mean `flush`?");
        assert_eq!(did_you_mean("rate", &["name", "path"]), "known are: name, path");
        assert_eq!(did_you_mean("http_password", &["http_passwd"]), "did you mean `http_passwd`?");
        assert_eq!(did_you_mean("zzz", &["a", "b"]), "known are: a, b");
        assert_eq!(did_you_mean("zzz", &[]), "");
    }

    #[test]
    fn a_caret_stands_below_the_place() {
        assert_eq!(shown("  Pth  /var/log", 3, 3), "  Pth  /var/log\n  ^^^");
        assert_eq!(shown("\tPth /x", 2, 0), " Pth /x\n ^");
    }

    #[test]
    fn values_of_secrets_are_not_repeated() {
        let cases = [
            ("  HTTP_Passwd secret-42", "  HTTP_Passwd …\n  ^^^"),
            ("  API_Key secret-42", "  API_Key …\n  ^^^"),
            ("  Bearer_Token secret-42", "  Bearer_Token …\n  ^^^"),
            ("  http_pasword secret-42", "  http_pasword …\n  ^^^"),
            ("  {n: a, tls.key_passwd: secret-42}", "  {n: a, tls.key_passwd …\n  ^^^"),
            ("  {n: a, httpPasswd: secret-42, prt: 9}", "  {n: a, httpPasswd …\n  ^^^"),
            ("  BearerToken secret-42", "  BearerToken …\n  ^^^"),
            ("  Header Authorization Basic secret-42", "  Header Authorization …\n  ^^^"),
            ("  url https://admin:Tiger12@x", "  url https:// …\n  ^^^"),
            ("  Hosts a:1, admin:Tiger12@x", "  Hosts a:1,  …\n  ^^^"),
            ("@SET DB_TOKEN=secret-42", "@SET DB_TOKEN …\n  ^^^"),
            ("  path /var/log/${TOKEN}", "  path /var/log/${TOKEN}\n  ^^^"),
            ("  path ${TOKEN:-secret-42}", "  path ${TOKEN …\n  ^^^"),
            ("  tls.key_file /etc/key.pem", "  tls.key_file /etc/key.pem\n  ^^^"),
        ];
        for (line, expected) in cases {
            assert_eq!(shown(line, 3, 3), expected);
        }
        assert_eq!(shown("  HTTP_Passwd secret-42", 15, 9), "  HTTP_Passwd …\n              ^");
    }

    #[test]
    fn what_goes_on_below_the_key_of_a_secret_is_not_shown() {
        for (text, is_shown) in [
            ("a:\n  http_passwd:\n    - b\n    - it", false),
            ("a:\n  http_passwd:\n  - b\n  - it", false),
            ("  - {n: a, apiKey: [b,\n     it]}", false),
            ("  bearerToken: \"b\n\n    c\n    it\"", false),
            ("  password: |\n    it", false),
            ("[OUTPUT]\n  HTTP_Passwd \\\n  it", false),
            ("[OUTPUT]\n  HTTP_Passwd\n  it", false),
            ("@SET =it", false),
            ("@SET ES=it", false),
            ("env:\n  - name: ES\n    value: it", false),
            ("env:\n- valeu: it", false),
            ("env:\n  ES: it", false),
            ("env: {ES: it}", false),
            ("env:\n  - it", false),
            ("env:\n  A: b\nother:\n  - it", true),
            ("- alias: auth\n  it", true),
            ("[OUTPUT]\n  HTTP_Passwd x\n  it", true),
            ("http_passwd: x\nit", true),
        ] {
            let files = [SourceFile { path: "a.yaml".into(), text: text.to_owned() }];
            let line = u32::try_from(text.lines().count()).expect("few");
            let mut findings = Diagnostics::default();
            findings.error(Place { file: 0, line, column: 3, length: 2 }, "V101", "wrong").help("x");

            let shown = render(&findings, &files);

            assert_eq!(shown.contains("it"), is_shown, "{text}: {shown}");
        }
    }

    #[test]
    fn a_long_line_is_shown_around_its_place() {
        let line = format!("{}wrong{}", "a".repeat(1000), "b".repeat(1000));

        let text = shown(&line, 1001, 5);

        let (source, caret) = text.split_once('\n').expect("two lines");
        assert!(source.chars().count() < 170 && source.starts_with('…') && source.ends_with('…'));
        let at = caret.chars().take_while(|character| *character == ' ').count();
        assert_eq!(source.chars().skip(at).take(5).collect::<String>(), "wrong");
    }

    #[test]
    fn an_error_without_help_has_that_of_its_code_and_a_warning_has_none() {
        let mut findings = Diagnostics::default();
        findings.error(Place::default(), "V005", "wrong");
        findings.error(Place::default(), "V005", "wrong").help("write it");
        findings.add(None, Severity::Warning, "V112", "odd".into());

        let text = render(&findings, &[]);
        let help: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("    = help: ")).collect();

        assert_eq!(help, ["A line holds a key, a space and a value.", "write it"]);
    }

    #[test]
    fn nothing_that_was_read_reaches_the_terminal_as_a_command() {
        let mut findings = Diagnostics::default();
        findings.error(Place { file: 0, line: 1, column: 1, length: 1 }, "V101", "found `\u{1b}[2J`").help("\n");

        let text = render(&findings, &[SourceFile { path: "a.conf".into(), text: "x\u{1b}[2J".into() }]);

        assert!(!text.contains('\u{1b}') && text.lines().count() == 4, "{text}");
    }
}
