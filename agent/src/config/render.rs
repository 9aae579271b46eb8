//! Diagnostics as a person reads them: place, code, message, the line with a caret, help.

use super::diagnostic::{Diagnostic, Diagnostics, Severity};
use super::document::{Place, SourceFile};

/// All findings in file order, rendered.
pub fn render(findings: &Diagnostics, files: &[SourceFile]) -> String {
    let mut out = String::new();
    for finding in findings.in_order() {
        one(finding, files, &mut out);
    }
    out
}

fn one(finding: &Diagnostic, files: &[SourceFile], out: &mut String) {
    let severity = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let file = finding.place.and_then(|place| files.get(place.file as usize).map(|file| (place, file)));
    if let Some((place, file)) = file {
        out.push_str(&format!("{}:{}:{}: ", file.path.display(), place.line, place.column));
    }
    out.push_str(&format!("{severity}[{}]: {}\n", finding.code, finding.message));
    if let Some((place, file)) = file {
        source_line(place, file, out);
    }
    if let Some(help) = finding.help.as_deref().filter(|help| !help.is_empty()) {
        out.push_str(&format!("    = help: {help}\n"));
    }
}

/// The line in question and a caret below. Lines that hold a secret are not repeated.
fn source_line(place: Place, file: &SourceFile, out: &mut String) {
    let Some(line) = place.line.checked_sub(1).and_then(|at| file.text.lines().nth(at as usize)) else { return };
    if holds_secret(line) {
        return;
    }
    let shown: String = line.chars().map(|character| if character.is_control() { ' ' } else { character }).collect();
    out.push_str(&format!("    | {}\n", shown.trim_end()));
    let indent = " ".repeat(place.column.saturating_sub(1) as usize);
    let carets = "^".repeat(place.length.max(1) as usize);
    out.push_str(&format!("    | {indent}{carets}\n"));
}

fn holds_secret(line: &str) -> bool {
    let key = line.trim_start().trim_start_matches("- ").to_ascii_lowercase();
    ["passwd", "password", "secret", "token", "shared_key"].iter().any(|word| key.contains(word))
}

/// `did you mean …?` for the candidate nearest to `found`; else a list of the candidates.
pub fn did_you_mean(found: &str, candidates: &[&str]) -> String {
    let lower = found.to_ascii_lowercase();
    let near = candidates.iter().map(|candidate| (distance(&lower, &candidate.to_ascii_lowercase()), candidate));
    match near.min() {
        Some((steps, candidate)) if steps <= 1 + lower.chars().count() / 4 => format!("did you mean `{candidate}`?"),
        _ if candidates.len() <= 12 => format!("known are: {}", candidates.join(", ")),
        _ => String::new(),
    }
}

/// Number of single-character edits and swaps of neighbours between two words.
fn distance(one: &str, other: &str) -> usize {
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

    #[test]
    fn the_nearest_word_is_proposed() {
        assert_eq!(did_you_mean("pth", &["path", "parser"]), "did you mean `path`?");
        assert_eq!(did_you_mean("Fulsh", &["flush", "grace"]), "did you mean `flush`?");
        assert_eq!(did_you_mean("zzz", &["a", "b"]), "known are: a, b");
    }
}
