//! What a run does, told by its seed.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::catalogue::{Ends, Fault, ODD, Strike};
use crate::support::SplitMix;

/// What happens to the agent in the middle of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Interruption {
    Nothing,
    /// It is killed when so many lines in a hundred are stored, and started again.
    Kill(u64),
    /// It is asked to stop, and started again.
    Stop(u64),
}

/// One run.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) lines: u64,
    /// Bulk requests that are answered honestly before the fault strikes.
    pub(crate) honest: u64,
    /// How often it may strike.
    pub(crate) strikes: u64,
    /// In a hundred requests.
    pub(crate) chance: u64,
    /// Bytes of a request.
    pub(crate) bulk_size: u64,
    pub(crate) max_in_flight: u64,
    pub(crate) is_compressed: bool,
    /// Whether requests go through the spool.
    pub(crate) is_spooled: bool,
    pub(crate) interruption: Interruption,
}

impl Plan {
    /// The run of `fault` with this seed.
    pub(crate) fn new(fault: &Fault, seed: u64) -> Self {
        let mut hasher = DefaultHasher::new();
        (fault.name, seed).hash(&mut hasher);
        let mut random = SplitMix(hasher.finish());
        // Each refusal of an index is waited for, longer and longer.
        let most_strikes = if fault.pauses_index() { 2 } else { 12 };
        let at = 20 + random.below(60);
        let interruption = match random.below(4) {
            // What was dropped before can be known of one agent only.
            _ if fault.ends == Ends::SomeDropped => Interruption::Nothing,
            0 => Interruption::Kill(at),
            1 if seed.is_multiple_of(2) => Interruption::Stop(at),
            _ => Interruption::Nothing,
        };
        Self {
            seed: random.next(),
            lines: 200 + random.below(800),
            // An index can only be told from the one before when both were seen.
            honest: if fault.has_alias() { 1 + random.below(3) } else { random.below(3) },
            strikes: 1 + random.below(most_strikes),
            chance: 30 + random.below(71),
            bulk_size: 1 + random.below(12),
            max_in_flight: if fault.has_alias() { 1 } else { 1 + random.below(4) },
            is_compressed: random.below(3) == 0,
            is_spooled: match fault.ends {
                Ends::SomeDropped => true,
                Ends::Dropped => false,
                _ => random.below(4) == 0,
            },
            interruption,
        }
    }

    /// Line `number`, without newline.
    pub(crate) fn line(&self, number: u64) -> String {
        let mut random = SplitMix(self.seed ^ number);
        let rest = "x".repeat(usize::try_from(random.below(120)).expect("short"));
        format!("line {number} \"{:x}\" {rest}", random.next())
    }
}

/// The number of a line.
pub(crate) fn number_of(line: &str) -> Option<u64> {
    line.strip_prefix("line ")?.split(' ').next()?.parse().ok()
}

/// Whether the line of this number is odd.
pub(crate) fn is_odd(number: u64) -> bool {
    number % ODD == 3
}

impl Fault {
    /// Whether TLS is talked.
    pub(crate) fn is_tls(&self) -> bool {
        self.more.contains("tls On")
    }

    /// Whether it strikes connections, not requests.
    pub(crate) fn is_of_connections(&self) -> bool {
        matches!(self.strike, Strike::Stranger | Strike::CloseInHandshake)
    }

    /// Whether an alias is written to.
    pub(crate) fn has_alias(&self) -> bool {
        matches!(self.strike, Strike::RollOver | Strike::RollOverThen { .. })
    }

    /// Whether the agent waits for an index.
    fn pauses_index(&self) -> bool {
        let passing = ["write_queue_full", "unavailable_shards", "item_server_error", "conflict"];
        matches!(self.strike, Strike::Items { answers, .. } if !passing.contains(&answers[0].0))
    }

    /// Whether the server knows of every attempt of the agent, and of what became of each answer.
    pub(crate) fn is_exact(&self) -> bool {
        use crate::catalogue::Damage::{CloseBehind, LongLength, ShortLength, Stall, Unasked};
        match self.strike {
            Strike::CloseAtOnce | Strike::Refuse | Strike::Stranger | Strike::CloseInHandshake => false,
            Strike::CutRequest | Strike::RollOverThen { .. } => false,
            Strike::Damage(damage) => !matches!(damage, CloseBehind | LongLength | ShortLength | Stall | Unasked),
            _ => true,
        }
    }

    /// Whether the lines of the odd numbers are refused for good.
    pub(crate) fn refuses_odd(&self) -> bool {
        matches!(self.ends, Ends::DeadLettered | Ends::Dropped)
    }
}
