//! The server: takes bulk requests and look-ups as a node does, and lets a fault strike some of them.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::answers::{self, Answer};
use crate::catalogue::{Damage, Fault, Stored, Strike};
use crate::certificates::Certificates;
use crate::damage;
use crate::link::{Head, Link};
use crate::plan::Plan;
use crate::store::{self, Item, Store};
use crate::support::SplitMix;

/// How often the listener looks whether it is to end.
const LOOK: Duration = Duration::from_millis(2);

/// A running server. It ends when dropped.
pub(crate) struct Server(Arc<Shared>);

struct Shared {
    fault: Fault,
    address: SocketAddr,
    certificates: Option<Certificates>,
    state: Mutex<State>,
    is_over: AtomicBool,
}

/// What it holds, and what the agent must know by its answers.
pub(crate) struct State {
    pub(crate) store: Store,
    pub(crate) told: Told,
    random: SplitMix,
    /// Bulk requests that are not struck before others are.
    honest: u64,
    /// How often the fault may still strike.
    strikes: u64,
    /// In a hundred requests.
    chance: u64,
    /// Until when connections are refused.
    refuses: Option<Instant>,
}

/// What the answers said that the agent must believe.
#[derive(Clone, Debug, Default)]
pub(crate) struct Told {
    /// Bulk requests whose head came.
    pub(crate) requests: u64,
    /// How often the fault struck.
    pub(crate) strikes: u64,
    /// Items stored already, and those found by look-ups.
    pub(crate) duplicates: u64,
    /// Items to be sent again.
    pub(crate) again: u64,
    /// Requests that no agent may send.
    pub(crate) malformed: u64,
    /// Connections at which this server itself went wrong.
    pub(crate) broken: u64,
}

/// An answer on its way.
pub(crate) struct Reply {
    pub(crate) answer: Answer,
    /// The items of a bulk answer.
    pub(crate) items: Vec<Value>,
    pub(crate) damage: Option<Damage>,
}

impl Reply {
    fn whole(answer: Answer) -> Self {
        Self { answer, items: Vec::new(), damage: None }
    }
}

impl Server {
    /// Starts it at `address`, where it does what `plan` says.
    pub(crate) fn start(fault: Fault, plan: &Plan, address: SocketAddr) -> Self {
        let certificates = fault.is_tls().then(|| Certificates::new(&address.ip().to_string()));
        let is_over = AtomicBool::new(false);
        let shared =
            Arc::new(Shared { fault, address, certificates, state: Mutex::new(State::new(&fault, plan)), is_over });
        let listener = listen(address);
        let serving = Arc::clone(&shared);
        thread::spawn(move || serving.accept(listener));
        Self(shared)
    }

    /// The CA to trust, where TLS is talked.
    pub(crate) fn ca(&self) -> Option<&str> {
        self.0.certificates.as_ref().map(|certificates| certificates.ca.as_str())
    }

    /// What it holds now.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.state()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.0.is_over.store(true, Ordering::SeqCst);
    }
}

fn listen(address: SocketAddr) -> TcpListener {
    let listener = TcpListener::bind(address).expect("an address of loopback is free");
    listener.set_nonblocking(true).expect("it may not block");
    listener
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn accept(self: Arc<Self>, mut listener: TcpListener) {
        while !self.is_over.load(Ordering::SeqCst) {
            let refuses = self.state().refuses.take();
            if let Some(until) = refuses {
                drop(listener);
                thread::sleep(until.saturating_duration_since(Instant::now()));
                listener = listen(self.address);
            }
            let Ok((stream, _)) = listener.accept() else {
                thread::sleep(LOOK);
                continue;
            };
            let shared = Arc::clone(&self);
            // A connection that fails is what this is about, but not that the server does.
            thread::spawn(move || match catch_unwind(AssertUnwindSafe(|| shared.serve(stream))) {
                Ok(served) => drop(served),
                Err(_) => shared.state().told.broken += 1,
            });
        }
    }

    fn serve(&self, stream: TcpStream) -> io::Result<()> {
        stream.set_nonblocking(false)?;
        stream.set_nodelay(true)?;
        let tls = self.certificates.as_ref().map(|certificates| Arc::clone(&certificates.own));
        let mut link = match self.fault.strike {
            Strike::CloseInHandshake if self.state().strikes() => return Ok(()),
            Strike::Stranger if self.state().strikes() => {
                let strange = self.certificates.as_ref().map(|certificates| Arc::clone(&certificates.strange));
                Link::new(stream, strange)?
            }
            _ => Link::new(stream, tls)?,
        };
        while let Some(head) = link.head()? {
            let is_bulk = head.path.split('?').next() == Some("/_bulk");
            let struck = is_bulk && self.begins();
            match self.fault.strike {
                // What is unread resets the connection.
                Strike::CloseAtOnce if struck => return Ok(()),
                Strike::Refuse if struck => {
                    let mut state = self.state();
                    state.refuses = Some(Instant::now() + Duration::from_millis(50 + state.random.below(250)));
                    return Ok(());
                }
                Strike::CutRequest if struck => {
                    let bytes = self.state().random.below(head.length.max(1) as u64);
                    link.skip(usize::try_from(bytes).expect("a body is short"))?;
                    return link.reset();
                }
                _ => {}
            }
            let body = link.body(&head)?;
            let reply = match is_bulk {
                true => self.bulk(&head, &body, struck),
                false => self.look_up(&head, &body),
            };
            let from = self.state().random.next();
            let Some(next) = damage::send(link, &head, reply, (from, self.closes()))? else { return Ok(()) };
            link = next;
        }
        Ok(())
    }

    /// Counts a bulk request. Gives whether it is struck.
    fn begins(&self) -> bool {
        let mut state = self.state();
        state.told.requests += 1;
        !self.fault.is_of_connections() && state.strikes()
    }

    /// Whether every answer is the last of its connection, so that there are many.
    fn closes(&self) -> bool {
        self.fault.is_of_connections()
    }

    fn look_up(&self, head: &Head, body: &[u8]) -> Reply {
        let mut state = self.state();
        let index = head.path.trim_start_matches('/').split('/').next().unwrap_or_default();
        if let Strike::RollOverThen { answer } = self.fault.strike
            && state.draws()
        {
            return Reply::whole(answers::whole(answer, (body.len(), body.len())));
        }
        if let Some(name) = head.path.strip_prefix("/_resolve/index/").and_then(|rest| rest.split('?').next()) {
            return Reply::whole(Answer::json(&state.store.behind(name)));
        }
        let asked: Value = serde_json::from_slice(body).unwrap_or_default();
        let ids = asked["ids"].as_array().into_iter().flatten();
        let ids: Vec<String> = ids.filter_map(|id| id.as_str().map(str::to_owned)).collect();
        let (answer, found) = state.store.look_up(index, &ids);
        state.told.duplicates += found;
        Reply::whole(Answer::json(&answer))
    }

    fn bulk(&self, head: &Head, body: &[u8], struck: bool) -> Reply {
        let mut state = self.state();
        let Some(items) = store::items(body) else {
            state.told.malformed += 1;
            return Reply::whole(answers::whole("proxy_bad_request", (0, 0)));
        };
        match self.fault.strike {
            Strike::Largest(largest, answer) if body.len() > largest => {
                return Reply::whole(answers::whole(answer, (body.len(), largest)));
            }
            Strike::Compressed(answer) if head.is_gzip => return Reply::whole(answers::whole(answer, (0, 0))),
            Strike::OddWhole(answer) if items.iter().any(is_odd) => {
                return Reply::whole(answers::whole(answer, (0, 0)));
            }
            Strike::Whole { answer, stored } if struck => {
                state.store.put_all(if stored { &items } else { &[] });
                state.told.again += items.len() as u64;
                return Reply::whole(answers::whole(answer, (body.len(), body.len() * 2)));
            }
            _ => {}
        }
        let damage = match self.fault.strike {
            Strike::Damage(damage) | Strike::DamageOdd(damage, _) if struck => Some(state.damage(damage)),
            Strike::RollOver | Strike::RollOverThen { .. } if struck => Some(Damage::Lost),
            _ => None,
        };
        let is_told_only =
            damage.is_some_and(Damage::hides_all) && !self.fault.has_alias() && state.random.below(2) == 0;
        let answer = |item: &Item| match is_told_only {
            true => json!({"_index": state.store.index(&item.target), "status": 201}),
            false => self.item(&mut state, item, struck),
        };
        let answers: Vec<Value> = items.iter().map(answer).collect();
        if struck && self.fault.has_alias() {
            state.store.roll_over();
        }
        state.count(&items, &answers, damage);
        let has_errors = answers.iter().any(|item| item["error"].is_object());
        let actions = items.iter().map(|item| item.action.as_str());
        let named: Vec<Value> = actions.zip(answers).map(|(action, answer)| json!({action: answer})).collect();
        let answer = Answer::json(&json!({"errors": has_errors, "items": named}));
        Reply { answer, items: named, damage }
    }

    /// Takes one item, or not, and says so.
    fn item(&self, state: &mut State, item: &Item, struck: bool) -> Value {
        let index = state.store.index(&item.target);
        let said = match self.fault.strike {
            Strike::Odd(answer) | Strike::DamageOdd(_, answer) if is_odd(item) => Some((answer, Stored::No)),
            Strike::Items { answers, percent } if struck && state.random.below(100) < percent => {
                let choice = usize::try_from(state.random.below(answers.len() as u64)).expect("few");
                Some(answers[choice])
            }
            _ => None,
        };
        let Some((answer, stored)) = said else {
            let status = state.store.put(item);
            return match status {
                409 => answers::item("conflict", &index, &item.id),
                status => json!({"_index": index, "status": status}),
            };
        };
        if stored == Stored::Yes || (stored == Stored::Maybe && state.random.below(2) == 0) {
            state.store.put(item);
        }
        answers::item(answer, &index, &item.id)
    }
}

/// Whether the line of `item` is one of the odd ones, and its text still stands where it is refused.
fn is_odd(item: &Item) -> bool {
    let number = item.text().and_then(crate::plan::number_of);
    number.is_some_and(crate::plan::is_odd) && !store::is_mended(&item.document)
}

impl State {
    /// That of a run at its beginning.
    pub(crate) fn new(fault: &Fault, plan: &Plan) -> Self {
        Self {
            store: if fault.has_alias() { Store::with_alias() } else { Store::default() },
            told: Told::default(),
            random: SplitMix(plan.seed),
            honest: plan.honest,
            strikes: plan.strikes,
            chance: plan.chance,
            refuses: None,
        }
    }

    /// Whether the fault strikes now.
    fn strikes(&mut self) -> bool {
        if self.honest > 0 {
            self.honest -= 1;
            return false;
        }
        self.draws()
    }

    fn draws(&mut self) -> bool {
        let strikes = self.strikes > 0 && self.random.below(100) < self.chance;
        self.strikes -= u64::from(strikes);
        self.told.strikes += u64::from(strikes);
        strikes
    }

    /// The damage that is done. An order that is turned shows only where there are conflicts, so answers are lost, too.
    fn damage(&mut self, damage: Damage) -> Damage {
        if damage == Damage::Turned && self.random.below(2) == 0 { Damage::Lost } else { damage }
    }

    /// Counts what the agent must believe.
    fn count(&mut self, items: &[Item], answers: &[Value], damage: Option<Damage>) {
        let status = |answer: &Value| answer["status"].as_u64().expect("an item has a status");
        let is_read = match damage {
            None => true,
            // The agent sees it by a conflict or refusal that names another document.
            Some(Damage::Turned) => {
                let middle = |at: usize| 2 * at + 1 == items.len();
                answers.iter().enumerate().all(|(at, answer)| status(answer) < 300 || middle(at))
            }
            Some(damage) => damage.is_harmless(),
        };
        if !is_read {
            self.told.again += items.len() as u64;
            return;
        }
        for answer in answers {
            let kind = answer["error"]["type"].as_str().unwrap_or_default();
            let reason = answer["error"]["reason"].as_str().unwrap_or_default();
            let is_curable = kind == "index_closed_exception" || reason.ends_with("shards open;");
            match status(answer) {
                200 | 201 => {}
                409 => self.told.duplicates += 1,
                400 if !is_curable => {}
                _ => self.told.again += 1,
            }
        }
    }
}
