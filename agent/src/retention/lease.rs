//! One run at a time: a document in the cluster that is changed only by whoever saw it last.

use serde_json::{Value, json};

use super::calendar::moment;
use super::names::STATE_INDEX;
use crate::cluster::Cluster;

/// How long a lease holds without being renewed, in seconds.
const LONG: i64 = 600;

/// A lease that is held.
#[derive(Clone, Debug)]
pub struct Lease {
    owner: Owner,
    place: (i64, i64),
}

/// Who holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Name of the host.
    pub host: String,
    /// Process there.
    pub pid: u32,
}

impl Lease {
    /// Takes it, `now` being the time here. `lives` tells whether a process of this host does.
    ///
    /// # Errors
    /// Who holds it, and until when.
    pub async fn take(cluster: &Cluster, owner: Owner, now: i64, lives: impl Fn(u32) -> bool) -> Result<Self, String> {
        let path = format!("/{STATE_INDEX}/_doc/lease");
        let found = cluster.find(&path).await?.filter(|found| found["found"] == true);
        let Some(found) = found else {
            let answer = cluster.put(&format!("/{STATE_INDEX}/_create/lease"), &body(&owner, now + LONG)).await;
            return Self::from_answer(answer, owner);
        };
        let theirs = Owner {
            host: found["_source"]["host"].as_str().unwrap_or_default().to_owned(),
            pid: found["_source"]["pid"].as_u64().and_then(|pid| pid.try_into().ok()).unwrap_or(0),
        };
        let until = found["_source"]["until"].as_i64().unwrap_or(0);
        let has_ended = theirs.host == owner.host && !lives(theirs.pid);
        if until > now && !has_ended && theirs != owner {
            let Owner { host, pid } = theirs;
            return Err(format!(
                "another run holds the lease: process {pid} on `{host}`, until {} unless it renews it",
                moment(until)
            ));
        }
        let place = (found["_seq_no"].as_i64().unwrap_or(0), found["_primary_term"].as_i64().unwrap_or(0));
        let answer = cluster.put(&guarded(place), &body(&owner, now + LONG)).await;
        Self::from_answer(answer, owner)
    }

    /// Holds it for longer. To be called before each step.
    ///
    /// # Errors
    /// When somebody else has taken it, so that nothing more may be done.
    pub async fn renew(&mut self, cluster: &Cluster, now: i64) -> Result<(), String> {
        let answer = cluster.put(&guarded(self.place), &body(&self.owner, now + LONG)).await;
        *self = Self::from_answer(answer, self.owner.clone())?;
        Ok(())
    }

    /// Gives it back.
    ///
    /// # Errors
    /// When that cannot be done; it ends by itself then.
    pub async fn release(self, cluster: &Cluster) -> Result<(), String> {
        cluster.put(&guarded(self.place), &body(&self.owner, 0)).await?;
        Ok(())
    }

    fn from_answer(answer: Result<Value, crate::cluster::CallError>, owner: Owner) -> Result<Self, String> {
        match answer {
            Ok(answer) => {
                let number = |key: &str| answer[key].as_i64().unwrap_or(0);
                Ok(Self { owner, place: (number("_seq_no"), number("_primary_term")) })
            }
            Err(error) if error.status == 409 => Err("another run has taken the lease at this moment".into()),
            Err(error) => Err(error.into()),
        }
    }
}

fn guarded((seq_no, term): (i64, i64)) -> String {
    format!("/{STATE_INDEX}/_doc/lease?if_seq_no={seq_no}&if_primary_term={term}")
}

fn body(owner: &Owner, until: i64) -> Value {
    json!({"host": owner.host, "pid": owner.pid, "until": until})
}
