//! What is done in a cluster: plan, run, holds, erasure.

use std::collections::BTreeSet;
use std::io::BufRead;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use serde_json::json;
use tokio::runtime::Runtime;

use super::super::setup::context;
use super::super::{environment, identity, print, say};
use super::ask::Ask;
use super::chain::ledger;
use super::erase::erase;
use crate::cluster::Cluster;
use crate::config::{CommandLine, Diagnostics, SectionKind, load, render};
use crate::outputs::opensearch::setup::cluster;
use crate::plugin::wall_clock;
use crate::proof::{Draft, Hash, Head, Ledger};
use crate::retention::{
    AUDIT_INDEX, Classes, Hold, Judgement, Lease, Owner, Run, Step, Survey, attest, is_case, moment, parse_moment,
    share, step,
};

/// Most of all documents that one run deletes, in percent.
const MAX_SHARE: u32 = 20;
/// Documents per second that are deleted by query.
const PER_SECOND: u32 = 5000;

/// Seconds since 1970 by the clock of this host.
pub(super) fn now() -> i64 {
    wall_clock().seconds
}

/// A cluster and the rules that hold there.
pub(super) struct Way {
    pub(super) cluster: Cluster,
    pub(super) classes: Arc<Classes>,
    named: Vec<(String, String)>,
    /// Key rings of the filters `redact`.
    pub(super) rings: Vec<PathBuf>,
    runtime: Runtime,
}

impl Way {
    /// Reads the configuration that `ask` names.
    pub(super) fn open(ask: &Ask) -> Result<Self, String> {
        let config = ask.config.clone().ok_or("give the configuration with -c FILE")?;
        let line = CommandLine { config: Some(config), ..CommandLine::default() };
        let mut findings = Diagnostics::default();
        let loaded = load(&line, environment(), &mut findings);
        let classes = Classes::read(&loaded.document, &mut findings);
        let mut outputs = loaded.document.instances(SectionKind::Output);
        let found = outputs.find(|(section, instance)| {
            section.name().eq_ignore_ascii_case("opensearch")
                && ask.output.as_deref().is_none_or(|wanted| wanted == section.called(instance))
        });
        let (section, name) = found.ok_or("the configuration has no such `opensearch` output")?;
        let cluster = cluster(section, &context(&name, &classes), &mut findings);
        say(&render(&findings, &loaded.document.files));
        let cluster = cluster.filter(|_| !findings.has_errors()).ok_or("the configuration cannot be used")?;
        if classes.0.is_empty() {
            return Err("the configuration has no retention classes: name a file of them with `Retention_File`".into());
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| format!("cannot start the runtime: {error}"))?;
        let filters = loaded.document.of(SectionKind::Filter);
        let redact = filters.filter(|section| section.name().eq_ignore_ascii_case("redact"));
        let rings = redact.filter_map(|section| Some(PathBuf::from(&section.get("key_file")?.text))).collect();
        Ok(Self { cluster, classes, named: Vec::new(), rings, runtime })
    }

    /// The last entry that the audit index knows of those that one of `keys` signed.
    pub(super) fn audited_head(&self, keys: &BTreeSet<String>) -> Result<Option<Head>, String> {
        let signed = json!({"terms": {"key": keys}});
        let query = json!({"size": 1, "query": signed, "sort": [{"number": "desc"}]});
        let found = self.runtime.block_on(self.cluster.post(&format!("/{AUDIT_INDEX}/_search"), &query))?;
        let source = &found["hits"]["hits"][0]["_source"];
        let hash = source["hash"].as_str().and_then(Hash::parse);
        Ok(source["number"].as_u64().zip(hash).map(|(number, hash)| Head { number, hash }))
    }

    pub(super) async fn survey(&self, judgement: Judgement) -> Result<Survey, String> {
        Survey::take(&self.cluster, &self.classes, &self.named, (judgement, now())).await
    }

    async fn lease(&self) -> Result<Lease, String> {
        let owner = Owner { host: identity::host_name(), pid: std::process::id() };
        let lives = |pid: u32| std::path::Path::new(&format!("/proc/{pid}")).exists();
        Lease::take(&self.cluster, owner, now(), lives).await
    }

    /// Does `work` while nobody else may change anything. What went wrong with it comes before what did with the lease.
    pub(super) async fn under_lease<T>(
        &self,
        work: impl AsyncFnOnce(&mut Lease) -> Result<T, String>,
    ) -> Result<T, String> {
        Survey::is_possible(&self.cluster, now()).await?;
        let mut lease = self.lease().await?;
        let done = work(&mut lease).await;
        let released = lease.release(&self.cluster).await;
        let done = done?;
        released?;
        Ok(done)
    }

    pub(super) fn run(&self, judgement: Judgement, ask: &Ask) -> Run<'_> {
        Run {
            cluster: &self.cluster,
            classes: &self.classes,
            judgement,
            per_second: ask.per_second.unwrap_or(PER_SECOND),
            clock: now,
            host: identity::host_name(),
        }
    }
}

/// Runs one of the commands.
pub(super) fn run(ask: &Ask) -> Result<ExitCode, String> {
    let mut way = Way::open(ask)?;
    if ask.words[0] != "hold" {
        let pair = |text: &String| {
            let pair = text.split_once('=').filter(|(_, class)| way.classes.get(class).is_some());
            let pair = pair.map(|(name, class)| (name.to_owned(), class.to_owned()));
            pair.ok_or(format!("--index: expected NAME=CLASS with one of {}, found `{text}`", way.classes.names()))
        };
        way.named = ask.index.iter().map(pair).collect::<Result<_, _>>()?;
    }
    let words: Vec<&str> = ask.words.iter().map(String::as_str).collect();
    way.runtime.block_on(async {
        match words.as_slice() {
            ["plan"] => plan(&way, ask).await,
            ["run"] => delete(&way, ask).await,
            ["erase"] => erase(&way, ask).await,
            ["hold", "ls"] => holds(&way).await,
            ["hold", "add", case] => add_hold(&way, case, ask).await,
            ["hold", _, case] => lift_hold(&way, case, ask).await,
            _ => Err("unknown command".into()),
        }
    })
}

/// What is past its time now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Overdue {
    pub(super) documents: u64,
    /// When the next document is due, in seconds since 1970.
    pub(super) next: Option<i64>,
}

/// Counts what is past its time now, after a run.
pub(super) fn overdue(ask: &Ask) -> Result<Overdue, String> {
    let way = Way::open(ask)?;
    let survey = way.runtime.block_on(way.survey(Judgement { as_of: now(), extend: ask.extend }))?;
    let documents = survey.indexes.iter().map(|index| index.due).sum();
    let next = survey.indexes.iter().filter_map(|index| parse_moment(index.next.as_deref()?)).min();
    Ok(Overdue { documents, next })
}

pub(super) fn judgement(ask: &Ask) -> Result<Judgement, String> {
    let as_of = match &ask.as_of {
        None => now(),
        Some(text) => parse_moment(text)
            .ok_or(format!("--as-of: expected `2026-11-28` or `2026-11-28T16:00:00Z`, found `{text}`"))?,
    };
    Ok(Judgement { as_of, extend: ask.extend })
}

async fn plan(way: &Way, ask: &Ask) -> Result<ExitCode, String> {
    let judgement = judgement(ask)?;
    let survey = way.survey(judgement).await?;
    Ok(print(&shown(way, &survey, judgement)))
}

/// The plan as text.
fn shown(way: &Way, survey: &Survey, judgement: Judgement) -> String {
    let mut text =
        format!("cluster {} at {}, as of {}\n", survey.cluster, way.cluster.target(), moment(judgement.as_of));
    for index in &survey.indexes {
        let class = way.classes.get(&index.class);
        let rule =
            class.map(|class| format!("{} (max_age {}, revision {})", class.name, class.max_age, class.revision));
        let word = step(index, &way.classes, judgement).word();
        text.push_str(&format!(
            "  {}: {word}\n    class {}; {} due of {} documents, {} bytes",
            index.name,
            rule.unwrap_or_default(),
            index.due,
            index.docs,
            index.bytes
        ));
        if let Some((first, last)) = &index.span {
            text.push_str(&format!(", events {first} to {last}"));
        }
        if index.deleted > 0 {
            text.push_str(&format!("; the bytes of {} deleted documents are there still", index.deleted));
        }
        if !index.held_by.is_empty() {
            text.push_str(&format!("; held by {}", index.held_by.join(", ")));
        }
        if let Some(managed) = &index.managed {
            text.push_str(&format!("\n    its policy `{}`, in state {}, ", managed.policy, managed.state));
            match &managed.deletes {
                Some(condition) => text.push_str(&format!("deletes all of it at {condition}")),
                None => text.push_str("does not delete it"),
            }
            if managed.has_failed {
                text.push_str("; its last step FAILED, and waits for `_plugins/_ism/retry`");
            }
            if index.is_at_risk(&survey.holds) {
                text.push_str("; it is held, so a run takes the policy from it");
            }
        }
        if let Some(next) = &index.next {
            text.push_str(&format!("; next due {next}"));
        }
        text.push('\n');
    }
    for hold in survey.holds.iter().filter(|hold| hold.query.is_some()) {
        text.push_str(&format!(
            "  the case {} has documents copied to vigie-hold-{} before they go\n",
            hold.case, hold.case
        ));
    }
    match survey.has_policies {
        None => text.push_str("  policies: not known, the user lacks the permission to have them explained\n"),
        Some(false) => text.push_str("  policies: none, the cluster has no Index Management plugin and needs none\n"),
        Some(true) => {}
    }
    match &survey.snapshots {
        None => text.push_str("  snapshots: not known, the user lacks the permission to list them\n"),
        Some(all) => {
            for snapshot in all {
                text.push_str(&format!(
                    "  snapshot {} of {} still holds {} of the indexes with due documents\n",
                    snapshot.name, snapshot.made, snapshot.indexes
                ));
            }
        }
    }
    let (due, all) = share(survey);
    text.push_str(&format!("{due} of {all} documents are overdue\n"));
    text
}

async fn delete(way: &Way, ask: &Ask) -> Result<ExitCode, String> {
    let judgement = judgement(ask)?;
    if !ask.apply {
        let survey = way.survey(judgement).await?;
        let steps = survey.indexes.iter().map(|index| step(index, &way.classes, judgement));
        let is_open = steps.filter(|step| !matches!(step, Step::Keep | Step::Held)).count() > 0;
        print(&shown(way, &survey, judgement));
        if is_open {
            print("nothing was changed: --apply does it\n");
        }
        return Ok(if is_open { ExitCode::from(2) } else { ExitCode::SUCCESS });
    }
    let mut ledger = ledger(ask)?;
    confirm(judgement)?;
    let text = way.under_lease(async |lease| deleted(way, ask, (judgement, lease, &mut ledger)).await).await?;
    Ok(print(&text))
}

/// Judges under the lease, so that nobody deletes in between, and deletes.
async fn deleted(
    way: &Way,
    ask: &Ask,
    (judgement, lease, ledger): (Judgement, &mut Lease, &mut Ledger),
) -> Result<String, String> {
    let survey = way.survey(judgement).await?;
    let (due, all) = share(&survey);
    let limit = ask.max_share.unwrap_or(MAX_SHARE);
    if due * 100 > all * u64::from(limit) {
        return Err(format!(
            "{due} of {all} documents would go, which is above the limit of {limit}%: look at `vigie retention plan`, and allow it with --max-share"
        ));
    }
    let mut tell = |line: &str| {
        print(&format!("{line}\n"));
    };
    let entry = way.run(judgement, ask).delete(&survey, lease, ledger, &mut tell).await?;
    Ok(format!("done: certificate {}\n", entry.head()))
}

/// A time to come is typed once more.
fn confirm(judgement: Judgement) -> Result<(), String> {
    if judgement.as_of <= now() {
        return Ok(());
    }
    let expected = format!("delete as of {}", moment(judgement.as_of));
    say(&format!("documents go that are not due yet; to go on, type: {expected}\n"));
    let mut typed = String::new();
    std::io::stdin().lock().read_line(&mut typed).map_err(|error| error.to_string())?;
    if typed.trim() == expected { Ok(()) } else { Err("not confirmed: nothing was changed".into()) }
}

async fn holds(way: &Way) -> Result<ExitCode, String> {
    let survey = way.survey(Judgement { as_of: now(), extend: false }).await?;
    let lines = survey.holds.iter().map(|hold| {
        let target = match &hold.query {
            Some(query) => format!("documents of {query}"),
            None => format!("indexes {}", hold.index.as_deref().unwrap_or_default()),
        };
        format!("{}: {target}; since {} by {}: {}\n", hold.case, hold.at, hold.by, hold.reason)
    });
    Ok(print(&lines.collect::<String>()))
}

async fn add_hold(way: &Way, case: &str, ask: &Ask) -> Result<ExitCode, String> {
    if !is_case(case) {
        return Err("a case has a name of small letters, digits, `_` and `-`, at most 64".into());
    }
    let (reason, by) = reason_and_name(ask)?;
    let query = ask.query.as_deref().map(serde_json::from_str).transpose();
    let query = query.map_err(|error| format!("--query: expected a query as JSON ({error})"))?;
    let index = (!ask.index.is_empty()).then(|| ask.index.join(","));
    if index.is_none() && query.is_none() {
        return Err("give --index NAMES, or --query JSON, or both".into());
    }
    let mut ledger = ledger(ask)?;
    let hold = Hold { case: case.into(), index, query, reason, by, at: moment(now()) };
    // A run that is under way has judged already.
    let add = async |_: &mut Lease| {
        hold.add(&way.cluster).await?;
        let survey = way.survey(Judgement { as_of: now(), extend: false }).await?;
        for name in survey.release_held(&way.cluster).await? {
            print(&format!("{name}: taken from its policy, which knows of no holds\n"));
        }
        Ok(())
    };
    way.under_lease(add).await?;
    let body = json!({"case": case, "index": hold.index, "has_query": hold.query.is_some(), "change": "added"});
    record(way, &mut ledger, body).await
}

async fn lift_hold(way: &Way, case: &str, ask: &Ask) -> Result<ExitCode, String> {
    reason_and_name(ask)?;
    let mut ledger = ledger(ask)?;
    let copies = way.under_lease(async |_| Hold::lift(&way.cluster, case).await).await?;
    record(way, &mut ledger, json!({"case": case, "change": "lifted", "copies_deleted": copies})).await
}

fn reason_and_name(ask: &Ask) -> Result<(String, String), String> {
    ask.reason
        .clone()
        .zip(ask.by.clone())
        .ok_or_else(|| "give --reason TEXT and --by NAME: they are kept with the hold".into())
}

/// Reasons and names stay with the hold: the chain, which nobody can shorten, has no personal data.
async fn record(way: &Way, ledger: &mut Ledger, body: serde_json::Value) -> Result<ExitCode, String> {
    let draft = Draft { at: moment(now()), kind: "retention.hold".into(), body };
    let entry = attest(&way.cluster, ledger, draft).await?;
    Ok(print(&format!("done: certificate {}\n", entry.head())))
}
