//! `vigie retention erase`: finds a subject under every name that the store may know it by, and erases it.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::PathBuf;
use std::process::ExitCode;

use super::super::print;
use super::ask::Ask;
use super::chain::ledger;
use super::work::{Way, judgement};
use crate::privacy::{KeyRing, encryptions, hashes};
use crate::retention::{Lease, Subject};

/// Longest identifier that is read from standard input, in bytes.
const LONGEST: u64 = 64 << 10;

/// Shows where the subject is found; with `--apply` erases it.
pub(super) async fn erase(way: &Way, ask: &Ask) -> Result<ExitCode, String> {
    let subject = subject(way, ask)?;
    let reference =
        ask.reference.as_deref().ok_or("give --reference TEXT: the number of the request, for the record")?;
    if subject.is_in(reference) {
        return Err("--reference holds the identifier of the subject: the record would keep it".into());
    }
    if !ask.apply {
        return plan(way, ask, &subject).await;
    }
    let judgement = judgement(ask)?;
    let mut ledger = ledger(ask)?;
    let erase = async |lease: &mut Lease| {
        let survey = way.survey(judgement).await?;
        way.run(judgement, ask).erase((&subject, reference), &survey, lease, &mut ledger).await
    };
    let entry = way.under_lease(erase).await?;
    Ok(print(&format!("done: certificate {}\n", entry.head())))
}

async fn plan(way: &Way, ask: &Ask, subject: &Subject) -> Result<ExitCode, String> {
    let survey = way.survey(judgement(ask)?).await?;
    let found = subject.find(&way.cluster, &way.classes, &survey).await?;
    print(&format!("looked for it in clear and under {} tokens\n", subject.tokens.len()));
    let lines = found.iter().map(|(index, count)| {
        let held = match index.held_by.as_slice() {
            [] => String::new(),
            cases => format!(", held by {}", cases.join(", ")),
        };
        format!("  {}: {count} of {} documents{held}\n", index.name, index.docs)
    });
    print(&lines.collect::<String>());
    if found.is_empty() {
        return Ok(print("nothing was found\n"));
    }
    print("nothing was changed: --apply does it\n");
    Ok(ExitCode::from(2))
}

/// The subject with all its names.
fn subject(way: &Way, ask: &Ask) -> Result<Subject, String> {
    let given = "give --subject KIND:VALUE, such as email:jane@example.org, or KIND:- to have the value read from standard input";
    let mut text = ask.subject.clone().ok_or(given)?;
    if let Some(kind) = text.strip_suffix(":-") {
        let mut value = String::new();
        let read = std::io::stdin().take(LONGEST).read_to_string(&mut value);
        read.map_err(|error| format!("cannot read the value: {error}"))?;
        text = format!("{kind}:{}", value.trim());
    }
    let mut subject = Subject::parse(&text, ask.fields.clone()).ok_or(given)?;
    if subject.fields.is_empty() && way.classes.0.iter().all(|class| class.subject_fields.is_empty()) {
        return Err(
            "name the fields to look at: in `Subject_Fields` of the classes, or with --field NAME once or more".into(),
        );
    }
    let value = subject.values[0].clone();
    let lower = value.to_lowercase();
    if lower != value {
        subject.values.push(lower);
    }
    let rings: BTreeSet<&PathBuf> = ask.key_files.iter().chain(&way.rings).collect();
    for path in rings {
        let ring = KeyRing::read(path);
        let ring = ring.map_err(|error| format!("cannot use the key ring `{}`: {error}", path.display()))?;
        subject.tokens.extend(hashes(&subject.kind, value.as_bytes(), &ring));
        subject.tokens.extend(encryptions(&subject.kind, value.as_bytes(), &ring));
    }
    Ok(subject)
}
