//! Which fields indexes do not take, so that later documents are not refused first.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::mend::{Misfit, has, without};
use crate::encode::push_escaped;
use crate::plugin::Clock;

/// Fields that are remembered, of all indexes together.
const MOST: usize = 256;
/// For how long, in seconds. Then the next document shows whether it still holds: a rollover brings new mappings.
const LASTING: i64 = 600;

/// The misfits that were seen.
#[derive(Debug)]
pub(super) struct Conflicts {
    /// Whether there are any, so that nobody takes the lock for nothing.
    is_any: AtomicBool,
    known: Mutex<Vec<Known>>,
    clock: Clock,
}

#[derive(Debug)]
struct Known {
    /// What the action line of a document for the index holds.
    target: Vec<u8>,
    misfit: Misfit,
    until: i64,
}

impl Conflicts {
    /// None yet.
    pub(super) fn new(clock: Clock) -> Self {
        Self { is_any: AtomicBool::new(false), known: Mutex::default(), clock }
    }

    /// Remembers that `index` does not take `misfit`. Gives whether that is new.
    pub(super) fn learn(&self, index: &str, misfit: Misfit) -> bool {
        let target = target(index);
        let until = (self.clock)().seconds + LASTING;
        let mut known = self.lock();
        if let Some(known) = known.iter_mut().find(|known| known.target == target && known.misfit == misfit) {
            known.until = until;
            return false;
        }
        if known.len() >= MOST {
            known.remove(0);
        }
        known.push(Known { target, misfit, until });
        self.is_any.store(true, Ordering::Relaxed);
        true
    }

    /// Moves the first field away that the index does not take, in the item from `start` on: an action line and a document with
    /// its newline. Gives whether there was one.
    pub(super) fn avoid(&self, out: &mut Vec<u8>, start: usize) -> bool {
        if !self.is_any.load(Ordering::Relaxed) {
            return false;
        }
        let Some(newline) = memchr::memchr(b'\n', &out[start..]) else { return false };
        let document = start + newline + 1;
        let now = (self.clock)().seconds;
        let mut known = self.lock();
        known.retain(|known| known.until > now);
        self.is_any.store(!known.is_empty(), Ordering::Relaxed);
        let line = &out[start..document];
        let concerned = known.iter().filter(|known| memchr::memmem::find(line, &known.target).is_some());
        let found = concerned.map(|known| &known.misfit).find(|misfit| has(&out[document..], misfit));
        let Some((mended, _)) = found.and_then(|misfit| without(&out[document..], &misfit.field)) else { return false };
        out.truncate(document);
        out.extend_from_slice(&mended);
        out.push(b'\n');
        true
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn target(index: &str) -> Vec<u8> {
    let mut target = b"\"_index\":\"".to_vec();
    push_escaped(index.as_bytes(), &mut target);
    target.push(b'"');
    target
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicI64;

    use vigie_parsers::batch::Timestamp;

    use super::*;

    static NOW: AtomicI64 = AtomicI64::new(1000);

    fn clock() -> Timestamp {
        Timestamp { seconds: NOW.load(Ordering::Relaxed), nanos: 0 }
    }

    fn misfit() -> Misfit {
        Misfit { field: "app".into(), is_object: true }
    }

    fn avoided(conflicts: &Conflicts, index: &str, document: &str) -> String {
        let mut out =
            format!("before\n{{\"create\":{{\"_index\":\"{index}\",\"_id\":\"a\"}}}}\n{document}\n").into_bytes();
        conflicts.avoid(&mut out, 7);
        String::from_utf8(out).expect("text").lines().nth(2).expect("a document").to_owned()
    }

    #[test]
    fn what_one_index_does_not_take_is_moved_away_for_that_index_until_it_is_forgotten() {
        let conflicts = Conflicts::new(clock);
        let (good, bad) = (r#"{"app":"x"}"#, r#"{"n":1,"app":{"x":1}}"#);
        assert_eq!(avoided(&conflicts, "logs", bad), bad);

        assert!(conflicts.learn("logs", misfit()));
        assert!(!conflicts.learn("logs", misfit()));

        assert_eq!(avoided(&conflicts, "logs", bad), r#"{"n":1,"unmapped":{"app":"{\"x\":1}"}}"#);
        assert_eq!((avoided(&conflicts, "logs", good), avoided(&conflicts, "logs2", bad)), (good.into(), bad.into()));
        NOW.fetch_add(LASTING, Ordering::Relaxed);
        assert_eq!(avoided(&conflicts, "logs", bad), bad);
        assert!(!conflicts.is_any.load(Ordering::Relaxed));
    }

    #[test]
    fn no_more_are_remembered_than_allowed() {
        let conflicts = Conflicts::new(clock);

        for number in 0..MOST + 10 {
            assert!(conflicts.learn(&format!("logs{number}"), misfit()));
        }

        assert_eq!(conflicts.lock().len(), MOST);
    }
}
