//! Dead letters sent again through the output that is configured now.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Runtime;

use super::backoff::Backoff;
use super::build::{Surroundings, one_output};
use crate::config::{Diagnostics, Loaded};
use crate::plugin::{Body, Fate, Item, Lot, Output, Refusal, Request, Stream, Verdict};
use crate::receipts::{Ledger, Outcome, Signal};
use crate::spool::Entry;

/// How often letters that are not taken now are sent.
const TRIES: u32 = 5;

/// What became of a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    /// The store has it.
    Stored,
    /// It is refused again.
    Refused(Refusal),
    /// It is not taken now; why.
    NotNow(String),
}

/// Sends letters again through one output.
pub struct Replay {
    output: Arc<dyn Output>,
    runtime: Runtime,
    wait: Duration,
}

impl Replay {
    /// Makes the output called `name`, and nothing else of the configuration.
    ///
    /// # Errors
    /// When there is no such output, or it cannot be made; what is wrong with it is in `findings`.
    pub fn new(
        name: &str,
        loaded: &Loaded,
        surroundings: &Surroundings,
        findings: &mut Diagnostics,
    ) -> Result<Self, String> {
        let output = one_output(name, loaded, surroundings, findings)?;
        Self::through(output, Duration::from_secs(1))
    }

    /// Sends through `output`, waiting for about `wait`, and then longer, before letters are sent again that were not taken.
    fn through(output: Arc<dyn Output>, wait: Duration) -> Result<Self, String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| format!("cannot start the runtime: {error}"))?;
        Ok(Self { output, runtime, wait })
    }

    /// Sends `letters` and gives what became of each.
    pub fn send(&self, letters: &[Entry]) -> Vec<Sent> {
        let mut fates = vec![Sent::NotNow(String::new()); letters.len()];
        let mut groups = vec![(0..letters.len()).collect::<Vec<usize>>()];
        let mut backoff = Backoff::new(self.wait, self.wait * 16);
        let mut tries = 0;
        while let Some(group) = groups.pop().filter(|group| !group.is_empty()) {
            let verdict = self.runtime.block_on(self.deliver(letters, &group));
            let Some(again) = judge(verdict, group, &mut fates, &mut groups) else { continue };
            tries += 1;
            if tries >= TRIES {
                break;
            }
            std::thread::sleep(backoff.next_wait(None));
            groups.push(again);
        }
        fates
    }

    async fn deliver(&self, letters: &[Entry], group: &[usize]) -> Verdict {
        let ledger = Ledger::new(0, Signal::default());
        let request = self.request(letters, group, &ledger);
        let verdict = self.output.deliver(&request).await;
        // Nobody waits for its answer: the mark in the file is the answer.
        request.settle_all(Outcome::Passed);
        verdict
    }

    fn request(&self, letters: &[Entry], group: &[usize], ledger: &Arc<Ledger>) -> Request {
        let encoding = self.output.delivery().encoding;
        let mut encoder = self.output.encoder();
        let mut body = Body::new(encoding);
        body.begin();
        encoder.open(body.buffer());
        let place = |length: usize| u32::try_from(length).expect("letters of one request are few");
        let first_item = place(body.len());
        let (mut items, mut lots) = (Vec::new(), Vec::new());
        for (lot, at) in group.iter().enumerate() {
            let letter = &letters[*at];
            push_item(letter, body.buffer());
            items.push(Item { end: place(body.len()), lot: place(lot), offset: letter.offset });
            lots.push(Lot {
                share: ledger.open(lot as u64 + 1),
                stream: stream(letter),
                tag: letter.tag.as_str().into(),
                may_be_stored: false,
            });
            body.compress_slice();
        }
        encoder.close(body.buffer());
        let plain_length = body.len();
        Request { body: body.seal(), encoding, plain_length, first_item, items, lots, attempts: 0, may_spool: false }
    }
}

/// The item that a letter was, byte for byte but for what the store does not look at.
fn push_item(letter: &Entry, out: &mut Vec<u8>) {
    if let (Some(action), Some(index)) = (&letter.action, &letter.index) {
        crate::encode::bulk::push_action(action, index, letter.id.as_deref(), out);
    }
    out.extend_from_slice(letter.document.strip_suffix(b"\n").unwrap_or(&letter.document));
    out.push(b'\n');
}

fn stream(letter: &Entry) -> Arc<Stream> {
    Arc::new(Stream::past(letter.path.as_str().into(), letter.input.as_str().into()))
}

/// Notes the fates of `group`. Gives the letters to be sent again after a wait; halves of what is too large come into `groups`.
fn judge(verdict: Verdict, group: Vec<usize>, fates: &mut [Sent], groups: &mut Vec<Vec<usize>>) -> Option<Vec<usize>> {
    let mut again = Vec::new();
    match verdict {
        Verdict::Delivered => group.iter().for_each(|at| fates[*at] = Sent::Stored),
        Verdict::Items(items) => {
            for (at, fate) in group.into_iter().zip(items) {
                fates[at] = match fate {
                    Fate::Delivered | Fate::Duplicate => Sent::Stored,
                    Fate::Refused(refusal) => Sent::Refused(*refusal),
                    Fate::Again(cause) => {
                        again.push(at);
                        Sent::NotNow(cause.text.to_owned())
                    }
                };
            }
        }
        Verdict::Again { reason, .. } => {
            group.iter().for_each(|at| fates[*at] = Sent::NotNow(reason.clone()));
            again = group;
        }
        Verdict::TooLarge { .. } | Verdict::Halve(_) if group.len() > 1 => {
            let (first, second) = group.split_at(group.len() / 2);
            groups.extend([second.to_vec(), first.to_vec()]);
        }
        Verdict::TooLarge { refusal, .. } | Verdict::Halve(refusal) | Verdict::Refused(refusal) => {
            group.iter().for_each(|at| fates[*at] = Sent::Refused(refusal.clone()));
        }
    }
    Some(again).filter(|again| !again.is_empty())
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::pin::Pin;
    use std::sync::Mutex;

    use vigie_parsers::batch::Record;

    use super::*;
    use crate::plugin::{BodyEncoding, Cause, Class, Delivery, Encoded, Encoder};

    type Answer = fn(&Request) -> Verdict;

    /// Answers as scripted, then takes everything; keeps what it was sent.
    #[derive(Default)]
    struct Scripted {
        script: Mutex<VecDeque<Answer>>,
        bodies: Mutex<Vec<String>>,
    }

    struct Framed;

    impl Encoder for Framed {
        fn encode(&mut self, _: Record<'_>, _: &Arc<Stream>, _: &Arc<str>, _: &mut Vec<u8>) -> Encoded {
            unreachable!("letters are encoded already")
        }
    }

    impl Output for Scripted {
        fn encoder(&self) -> Box<dyn Encoder> {
            Box::new(Framed)
        }

        fn delivery(&self) -> Delivery {
            Delivery { request_bytes: 10, concurrency: 1, encoding: BodyEncoding::Gzip(1), ordered: false }
        }

        fn deliver<'a>(&'a self, request: &'a Request) -> Pin<Box<dyn Future<Output = Verdict> + Send + 'a>> {
            let plain = request.plain().expect("it inflates");
            self.bodies.lock().expect("no one panicked").push(String::from_utf8_lossy(&plain).into_owned());
            let answer = self.script.lock().expect("no one panicked").pop_front();
            let verdict = answer.map_or(Verdict::Delivered, |answer| answer(request));
            Box::pin(async { verdict })
        }
    }

    fn letter(number: usize) -> Entry {
        Entry {
            action: Some("create".into()),
            index: Some("logs".into()),
            id: Some(format!("a{number}")),
            document: format!("{{\"n\":{number}}}").into_bytes(),
            ..Entry::default()
        }
    }

    fn sent(script: &[Answer], letters: usize) -> (Vec<Sent>, Vec<String>) {
        let output = Arc::new(Scripted { script: Mutex::new(script.iter().copied().collect()), ..Scripted::default() });
        let replay =
            Replay::through(Arc::clone(&output) as Arc<dyn Output>, Duration::from_millis(1)).expect("it starts");
        let letters: Vec<Entry> = (0..letters).map(letter).collect();
        let fates = replay.send(&letters);
        let bodies = std::mem::take(&mut *output.bodies.lock().expect("no one panicked"));
        (fates, bodies)
    }

    #[test]
    fn a_letter_is_sent_as_the_item_that_it_was() {
        let (fates, bodies) = sent(&[], 2);

        assert_eq!(fates, [Sent::Stored, Sent::Stored]);
        let item = |n| format!("{{\"create\":{{\"_index\":\"logs\",\"_id\":\"a{n}\"}}}}\n{{\"n\":{n}}}\n");
        assert_eq!(bodies, [item(0) + &item(1)]);
    }

    #[test]
    fn each_letter_has_its_own_fate_and_only_what_is_not_taken_now_is_sent_again() {
        let first: Answer = |_| Verdict::Again { class: Class::Busy, reason: "busy".into(), wait: None, counts: true };
        let second: Answer = |_| {
            let refusal = Refusal { status: 400, kind: "mapper_parsing_exception".into(), ..Refusal::default() };
            Verdict::Items(vec![
                Fate::Duplicate,
                Fate::Refused(Box::new(refusal)),
                Fate::Again(Cause { class: Class::Busy, label: "busy", text: "busy" }),
            ])
        };

        let (fates, bodies) = sent(&[first, second], 3);

        assert!(matches!(&fates[..], [Sent::Stored, Sent::Refused(refusal), Sent::Stored] if refusal.status == 400));
        assert_eq!(bodies.iter().map(|body| body.lines().count()).collect::<Vec<_>>(), [6, 6, 2]);
    }

    #[test]
    fn what_is_too_large_is_halved_and_what_is_never_taken_is_given_up() {
        let large: Answer =
            |_| Verdict::TooLarge { refusal: Refusal { status: 413, ..Refusal::default() }, limit: None };
        let (fates, bodies) = sent(&[large], 2);
        assert_eq!((fates, bodies.len()), (vec![Sent::Stored, Sent::Stored], 3));

        let busy: Answer = |_| Verdict::Again { class: Class::Busy, reason: "busy".into(), wait: None, counts: true };
        let (fates, bodies) = sent(&[busy; 9], 1);
        assert_eq!((fates, bodies.len()), (vec![Sent::NotNow("busy".into())], 5));
    }
}
