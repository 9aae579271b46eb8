//! Chains of groups, and which detectors their runs are shown to.
//!
//! Where no word speaks for a value, which is so nearly everywhere, the lengths of neighbouring groups alone deny nearly all chains
//! before they are put together; then only those detectors are asked that take a number in these very groups.

use std::ops::Range;

use super::chain::{Chain, GROUPS, Plain, Refused};
use super::engine::LONGEST;
use super::groups::{Group, Groups};
use super::moment::{may_be_moment, moment};
use super::runs::SHORTEST;
use super::scanner::Pass;
use super::universal::iban;
use super::ways::{Beginning, Way};

/// Groups of which no run counts without a word.
#[derive(Clone, Copy, Debug)]
struct MuteGroups {
    /// Where the second one begins, and the last one ends.
    second: usize,
    end: usize,
    /// The lengths of all runs, as bits, and some more.
    runs: u64,
}

impl Pass<'_> {
    /// Puts together the groups that begin at `at`, and asks for all runs of them.
    pub(super) fn chain(&mut self, at: usize) {
        if self.byte(at + 8) == b'-' && is_uuid(&self.text[at..]) {
            self.next = at + 36;
            return;
        }
        if let Some(end) = self.idle_chain(at) {
            self.chain_end = end;
            return;
        }
        let mut chain = Chain::default();
        let mut groups = Groups::new(self.masks, at);
        let (mut separator, mut end, mut is_full) = (0, at + 1, false);
        self.chain_end = loop {
            let group = groups.group();
            if chain.count() > 0 && self.is_moment(&group) {
                break end;
            }
            match chain.push(&group, separator) {
                Ok(()) => end = group.end(),
                Err(Refused::Full) => {
                    is_full = true;
                    break chain.next_start();
                }
                Err(Refused::Group) => break end,
            }
            separator = self.byte(end);
            if !groups.goes_on(&group, separator) {
                break end;
            }
            groups.skip(&group);
        };
        if chain.has_digits() {
            self.runs(&chain, if is_full { chain.own() } else { chain.count() });
        }
    }

    /// Where the chain that begins at `at` ends, if its groups are such that none of its runs counts, as it is nearly everywhere.
    #[inline(always)]
    fn idle_chain(&mut self, at: usize) -> Option<usize> {
        if self.is_plain() {
            return None;
        }
        let is_mute = self.is_mute(at);
        // One that is not mute may be looked at again from any of its groups on.
        let groups = self.mute_groups(at, if is_mute { usize::MAX } else { GROUPS })?;
        // What stands in the first group may speak for the others, if these are enough for anything.
        if is_mute && groups.end < groups.second + SHORTEST {
            return Some(groups.end);
        }
        self.hear();
        let is_idle = is_mute && !self.hearing.speaks_within(at, groups.end)
            || groups.runs & self.engine.asked_lengths() & self.spoken_lengths(at, groups.end) == 0;
        is_idle.then_some(groups.end)
    }

    /// The at most `most` groups of the chain that begins at `at`, if no run of them counts when no word speaks for any.
    #[inline(never)]
    fn mute_groups(&self, at: usize, most: usize) -> Option<MuteGroups> {
        let engine = self.engine;
        let mut groups = Groups::new(self.masks, at);
        let (mut end, mut separator, mut before) = (at + 1, 0, [0, 0, 0]);
        let (mut ends_small, mut alike) = (false, 0);
        let (mut all, mut ending, mut count) = (MuteGroups { second: at, end: at + 1, runs: 0 }, 0, 0);
        loop {
            let group = groups.group();
            let is_long_word = !group.has_digits && group.length > 4;
            let is_sentence = separator == b' ' && (group.has_small || ends_small);
            if group.is_other || is_long_word || is_sentence || before[2] != 0 && self.is_moment(&group) {
                break;
            }
            let length = group.length.min(15);
            alike = if before[2] == length { alike + 1 } else { 1 };
            if engine.asks_alone(group.length, group.has_letters)
                || engine.ways.may_end([before[0], before[1], before[2], length])
                || groups.is_country(&group)
                || matches!((length, alike), (2, 6) | (4, 3))
            {
                return None;
            }
            count += 1;
            if count > most {
                return None;
            }
            (before, ends_small, end) = ([before[1], before[2], length], group.has_small, group.end());
            all.second = if all.second == at { end + 1 } else { all.second };
            ending = (ending | 1) << group.length;
            all.runs |= ending;
            separator = self.byte(end);
            if !groups.goes_on(&group, separator) {
                break;
            }
            groups.skip(&group);
        }
        Some(MuteGroups { end, ..all })
    }

    /// Whether a date or a time begins with `group`.
    #[inline(always)]
    fn is_moment(&self, group: &Group) -> bool {
        group.run > 0
            && may_be_moment(group.run, self.byte(group.start + group.run as usize))
            && self.begins(group.start, group.run).may_be_moment()
            && moment(&self.text[group.start..]).is_some()
    }

    /// Asks for all runs in `chain`, of which the first `own` groups are in no other.
    fn runs(&mut self, chain: &Chain, own: usize) {
        // The head whose context is known, and the lengths of runs that words before it speak for.
        let mut heard = (usize::MAX, 0);
        for first in 0..chain.count() {
            if chain.has_letters(first) {
                self.iban(chain, first);
            }
            self.mac_groups(chain, first);
            let start = chain.start(first);
            // Numbers before it say nothing, so that all runs of neighbouring numbers share what stands before the first.
            let head = chain.start(chain.head(first));
            if heard.0 != head {
                heard = (head, self.heard_lengths(head));
            }
            if heard.1 != 0 && !self.is_inside(start) {
                self.spoken_runs(chain, first, head, heard.1);
            }
            if first < own && !self.is_plain() {
                self.mute_runs(chain, first, head, heard.1);
            }
        }
    }

    /// The lengths of the runs that are asked for and that words before `head` may speak for, as bits.
    fn heard_lengths(&mut self, head: usize) -> u64 {
        if self.is_mute(head) {
            return 0;
        }
        self.spoken_lengths(head, head) & self.engine.asked_lengths()
    }

    /// Asks for all runs of these `lengths` from group `first` on.
    fn spoken_runs(&mut self, chain: &Chain, first: usize, head: usize, lengths: u64) {
        let mut plain: Plain = [0; LONGEST];
        let mut length = 0;
        for count in 1..=chain.longest_run(first) {
            length += usize::from(chain.length(first + count - 1));
            if lengths >> length & 1 == 1 {
                let run = chain.run(self.text, first, count, &mut plain);
                self.run_of(&run, head, false);
            }
        }
    }

    /// Asks for the runs from group `first` on that count without a word, but for those of lengths that are `done`.
    #[inline(always)]
    fn mute_runs(&mut self, chain: &Chain, first: usize, head: usize, done: u64) {
        let engine = self.engine;
        let groups = [0, 1, 2].map(|more| usize::from(chain.length_or_none(first + more).min(15)));
        let is_alone = engine.asks_alone(chain.length(first).into(), chain.has_letters(first));
        let is_two = engine.ways.may_be_two(groups);
        let (is_three, has_more) = engine.ways.may_be_three(groups);
        let start = chain.start(first);
        if !(is_alone || is_two || is_three || has_more) || self.is_inside(start) {
            return;
        }
        let mut length = usize::from(chain.length(first));
        if is_alone && length >= SHORTEST && done >> length & 1 == 0 {
            let mut plain: Plain = [0; LONGEST];
            let run = chain.run(self.text, first, 1, &mut plain);
            self.run_of(&run, head, true);
        }
        let beginning = Beginning::of(self.byte(start), self.byte(start + 1));
        let mut way = Way::default().and(chain.length(first));
        for count in 2..=chain.most(first) {
            way = way.and(chain.length(first + count - 1));
            length += usize::from(chain.length(first + count - 1));
            let is_one = match count {
                2 => is_two,
                3 => is_three,
                _ if !has_more || !engine.ways.may_begin(way) => return,
                _ => true,
            };
            let whole = if chain.have_letters(first, count) { way.with_letters() } else { way };
            let is_done = done & 1_u64.checked_shl(length as u32).unwrap_or_default() != 0;
            if is_one && !is_done && engine.ways.may_have(whole, beginning) {
                self.run_in_way(chain, first..first + count, head, (whole, beginning));
            }
        }
    }

    /// Asks the detectors that want a run in its way.
    fn run_in_way(&mut self, chain: &Chain, groups: Range<usize>, head: usize, way: (Way, Beginning)) {
        let engine = self.engine;
        let mut asked = engine.ways.asked(way.0, way.1).peekable();
        if asked.peek().is_none() {
            return;
        }
        let mut plain: Plain = [0; LONGEST];
        let run = chain.run(self.text, groups.start, groups.len(), &mut plain);
        if !self.is_decimal(&run) {
            asked.for_each(|asked| self.ask_run(&run, asked, head, true));
        }
    }

    fn iban(&mut self, chain: &Chain, first: usize) {
        let Some(detector) = self.engine.own.iban else { return };
        // The letters of the country are one group, with the digits behind them or not.
        let start = chain.start(first);
        let third = if chain.length(first) == 2 { 3 } else { 2 };
        let is_head = chain.length(first) >= 2
            && self.byte(start).is_ascii_alphabetic()
            && self.byte(start + 1).is_ascii_alphabetic()
            && self.byte(start + third).is_ascii_digit();
        if !is_head {
            return;
        }
        let country = [self.text[start].to_ascii_uppercase(), self.text[start + 1].to_ascii_uppercase()];
        let Some(length) = iban::length(&country) else { return };
        let Some(count) = chain.groups_of(first, length) else { return };
        let mut plain: Plain = [0; LONGEST];
        let run = chain.run(self.text, first, count, &mut plain);
        self.ask_grouped(detector, &run);
    }
}

/// Whether `text` begins with a UUID, which nobody is called.
fn is_uuid(text: &[u8]) -> bool {
    let Some(uuid) = text.first_chunk::<36>() else { return false };
    if [8, 13, 18, 23].iter().any(|dash| uuid[*dash] != b'-') || text.get(36).is_some_and(u8::is_ascii_alphanumeric) {
        return false;
    }
    let digits = uuid.iter().fold(0, |digits, byte| digits + u8::from(byte.is_ascii_hexdigit()));
    digits == 32
}
