//! `/api/v2/reload`: asks whoever runs the pipeline for a reload, and tells what came of it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::encode::json::push_string;

/// How long an answer waits for the reload; what takes longer goes on without it.
const PATIENCE: Duration = Duration::from_secs(8);

/// What came of a reload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reloaded {
    /// The new configuration runs.
    Done,
    /// What ran before goes on; each line says why.
    Refused(Vec<String>),
}

/// Where a reload is asked for; `None` to whoever does not want to know.
#[derive(Debug)]
pub struct Reloads {
    asks: mpsc::Sender<oneshot::Sender<Reloaded>>,
    is_enabled: AtomicBool,
}

impl Reloads {
    /// A handle, and where what is asked through it arrives.
    pub fn new() -> (Self, mpsc::Receiver<oneshot::Sender<Reloaded>>) {
        let (asks, asked) = mpsc::channel(1);
        (Self { asks, is_enabled: AtomicBool::new(false) }, asked)
    }

    /// Says whether reloads are to be had.
    pub fn enable(&self, is_enabled: bool) {
        self.is_enabled.store(is_enabled, Ordering::Release);
    }

    /// Asks for a reload and waits for what comes of it. Gives whether the request was good, and the answer as JSON.
    pub(super) async fn ask(&self) -> (bool, Vec<u8>) {
        if !self.is_enabled.load(Ordering::Acquire) {
            return (true, br#"{"reload":"not enabled","status":-1}"#.to_vec());
        }
        let (answer, answered) = oneshot::channel();
        if self.asks.try_send(answer).is_err() {
            return (false, br#"{"reload":"in progress","status":-2}"#.to_vec());
        }
        match timeout(PATIENCE, answered).await {
            Ok(Ok(Reloaded::Done)) => (true, br#"{"reload":"done","status":0}"#.to_vec()),
            Ok(Ok(Reloaded::Refused(reasons))) => (false, refused(&reasons)),
            // The agent stops.
            Ok(Err(_)) => (false, refused(&["the agent stops".to_owned()])),
            Err(_) => (true, br#"{"reload":"in progress","status":0}"#.to_vec()),
        }
    }
}

fn refused(reasons: &[String]) -> Vec<u8> {
    let mut out = br#"{"reload":"refused","status":-3,"errors":["#.to_vec();
    for (at, reason) in reasons.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        push_string(reason.as_bytes(), &mut out);
    }
    out.extend_from_slice(b"]}");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_outcome_has_its_answer() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("it starts");
        let (reloads, mut asked) = Reloads::new();
        let text = |(is_good, body): (bool, Vec<u8>)| (is_good, String::from_utf8(body).expect("text"));
        let answered = |outcome: Reloaded, asked: &mut mpsc::Receiver<oneshot::Sender<Reloaded>>| {
            let answer = async {
                let answer = asked.recv().await.expect("it is asked");
                answer.send(outcome).expect("it is waited for");
            };
            runtime.block_on(async { tokio::join!(reloads.ask(), answer).0 })
        };

        let disabled = text(runtime.block_on(reloads.ask()));
        reloads.enable(true);
        let done = text(answered(Reloaded::Done, &mut asked));
        let refused = text(answered(Reloaded::Refused(vec!["a \"b\"".into(), "c".into()]), &mut asked));
        let (waiting, _) = oneshot::channel();
        reloads.asks.try_send(waiting).expect("there is room");
        let busy = text(runtime.block_on(reloads.ask()));

        assert_eq!(disabled, (true, r#"{"reload":"not enabled","status":-1}"#.into()));
        assert_eq!(done, (true, r#"{"reload":"done","status":0}"#.into()));
        assert_eq!(refused, (false, r#"{"reload":"refused","status":-3,"errors":["a \"b\"","c"]}"#.into()));
        assert_eq!(busy, (false, r#"{"reload":"in progress","status":-2}"#.into()));
    }
}
