//! Chains of groups, and which detectors their runs are shown to.
//!
//! Where no word speaks for a value, which is so nearly everywhere, the lengths of neighbouring groups alone deny nearly all chains
//! before they are put together; then only those detectors are asked that take a number in these very groups.

use std::ops::Range;

use super::chain::{Chain, GROUPS, Plain, Refused, Runs, SHARED};
use super::context::Lengths;
use super::endings::Track;
use super::groups::{Group, Groups};
use super::moment::{may_be_moment, moment};
use super::prefixes::Place;
use super::runs::SHORTEST;
use super::scanner::Pass;
use super::universal::iban;
use super::ways::Beginning;

/// Groups of which no run counts without a word.
#[derive(Clone, Copy, Debug)]
struct MuteGroups {
    count: usize,
    /// Where the second one begins, where the last one ends, and where the next chain begins at the earliest.
    second: usize,
    end: usize,
    next: usize,
    runs: Runs,
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
        // One that is not mute may be looked at again from any of its groups on.
        let most = if self.is_mute(at) { usize::MAX } else { GROUPS };
        let groups = self.mute_groups(at, most)?;
        self.is_idle(at, &groups).then_some(groups.next)
    }

    /// Whether no run of these groups, which begin at `at`, counts with the words that stand before and among them.
    #[inline(always)]
    fn is_idle(&mut self, at: usize, groups: &MuteGroups) -> bool {
        let asked = self.engine.asked_lengths();
        if !groups.runs.lengths().meets(Lengths { any: asked, lettered: asked }) {
            return true;
        }
        let is_mute = self.is_mute(at);
        // What stands in the first group may speak for the others, if these are enough for anything.
        if is_mute && (self.hearing.is_silent() || groups.end < groups.second + SHORTEST) {
            return true;
        }
        let spoken = self.spoken_lengths(at, groups.end);
        let spoken = Lengths { any: spoken.any & asked, lettered: spoken.lettered & asked };
        is_mute && !self.hearing.speaks_within(at, groups.end) || !groups.runs.lengths().meets(spoken)
    }

    /// The at most `most` groups of the chain that begins at `at`, if no run of them counts when no word speaks for any.
    #[inline(always)]
    fn mute_groups(&self, at: usize, most: usize) -> Option<MuteGroups> {
        let engine = self.engine;
        let mut groups = Groups::new(self.masks, at);
        let mut all = MuteGroups { count: 0, second: at, end: at + 1, next: at + 1, runs: Runs::default() };
        let (mut separator, mut ends_small, mut had_letters) = (0, false, false);
        let mut track = Track::default();
        loop {
            let group = groups.group();
            let is_sentence = separator == b' ' && (group.has_small || ends_small);
            if group.is_other || !group.has_digits && group.length > 4 || is_sentence {
                break;
            }
            if all.count > 0 && self.is_moment(&group) {
                break;
            }
            had_letters |= group.has_letters;
            track = engine.ways.follow(track, group.length);
            if engine.asks_alone(group.length, group.has_letters)
                || track.ends(group.has_letters, had_letters)
                || group.has_letters && groups.is_country(&group)
            {
                return None;
            }
            if all.count == most - SHARED {
                all.next = group.start;
            } else if all.count == most {
                return Some(all);
            }
            all.runs.add(group.length, group.has_letters);
            (all.end, ends_small) = (group.end(), group.has_small);
            all.second = if all.count == 0 { all.end + 1 } else { all.second };
            all.count += 1;
            separator = self.byte(all.end);
            if !groups.goes_on(&group, separator) {
                break;
            }
            groups.skip(&group);
        }
        Some(MuteGroups { next: all.end, ..all })
    }

    /// Whether a date or a time begins with `group`. A short date has none of its marks behind a digit before it: `06.12.34.05.18 10:11`.
    #[inline(always)]
    fn is_moment(&self, group: &Group) -> bool {
        let mark = self.byte(group.start + group.run as usize);
        group.run > 0
            && may_be_moment(group.run, mark)
            && self.begins(group.start, group.run).may_be_moment()
            && moment(&self.text[group.start..]).is_some_and(|moment| {
                moment.is_date
                    || self.byte_before(group.start, 1) != mark
                    || !self.byte_before(group.start, 2).is_ascii_digit()
            })
    }

    /// Asks for all runs in `chain`, of which the first `own` groups are in no other.
    fn runs(&mut self, chain: &Chain, own: usize) {
        // The head and what may speak before it, or from there on.
        let mut heard = (usize::MAX, Lengths::NONE);
        for first in 0..chain.count() {
            if chain.has_letters(first) {
                self.iban(chain, first);
            }
            self.mac_groups(chain, first);
            let start = chain.start(first);
            // Numbers before it say nothing, so that all runs of neighbouring numbers share what stands before the first.
            let head = chain.start(chain.head(first));
            if heard.0 != head {
                heard = (head, self.may_be_heard(head));
            }
            let is_heard = heard.1 != Lengths::NONE && !self.is_inside(start);
            let spoken = if is_heard { self.heard_lengths(chain, first, head, heard.1) } else { Lengths::NONE };
            if spoken != Lengths::NONE {
                self.spoken_runs(chain, first, head, spoken);
            }
            if first < own && !self.is_plain() {
                self.mute_runs(chain, first, head, spoken);
            }
        }
    }

    /// The lengths of the runs that are asked for and that words before `head` may speak for.
    fn may_be_heard(&mut self, head: usize) -> Lengths {
        let is_mute = self.is_mute(head);
        let lengths = if is_mute { Lengths::NONE } else { self.spoken_lengths(head, head) };
        let asked = self.engine.asked_lengths();
        Lengths { any: lengths.any & asked, lettered: lengths.lettered & asked }
    }

    /// The lengths of runs that words before `head` speak for, if `may_be` any that runs from group `first` on have.
    fn heard_lengths(&mut self, chain: &Chain, first: usize, head: usize, may_be: Lengths) -> Lengths {
        if self.is_plain() {
            return may_be;
        }
        let mut length = 0;
        let may_speak = (1..=chain.most(first)).any(|count| {
            length += u32::from(chain.length(first + count - 1));
            may_be.of_runs(chain.have_letters(first, count)).checked_shr(length).unwrap_or_default() & 1 == 1
        });
        if !may_speak {
            return Lengths::NONE;
        }
        self.read_context(head);
        let spoken = self.context.1.lengths;
        Lengths { any: spoken.any & may_be.any, lettered: spoken.lettered & may_be.lettered }
    }

    /// Asks for all runs of these `lengths` from group `first` on.
    fn spoken_runs(&mut self, chain: &Chain, first: usize, head: usize, lengths: Lengths) {
        let mut plain = Plain::NEW;
        let mut length = 0;
        for count in 1..=chain.longest_run(first) {
            length += usize::from(chain.length(first + count - 1));
            if lengths.of_runs(chain.have_letters(first, count)) >> length & 1 == 1 {
                let run = chain.run(self.text, first, count, &mut plain);
                self.run_of(&run, head, false);
            }
        }
    }

    /// Asks for the runs from group `first` on that count without a word, but for those of lengths that are `done`.
    #[inline(always)]
    fn mute_runs(&mut self, chain: &Chain, first: usize, head: usize, done: Lengths) {
        let engine = self.engine;
        let start = chain.start(first);
        let beginning = Beginning::of(self.byte(start), self.byte(start + 1));
        let is_alone = engine.asks_alone(chain.length(first).into(), chain.has_letters(first));
        let mut place = engine.ways.step(Place::default(), chain.length(first));
        let goes_on = engine.ways.come(place, chain.has_letters(first), beginning);
        if !(is_alone || goes_on) || self.is_inside(start) {
            return;
        }
        let mut length = usize::from(chain.length(first));
        if is_alone && length >= SHORTEST && done.of_runs(chain.has_letters(first)) >> length & 1 == 0 {
            let mut plain = Plain::NEW;
            let run = chain.run(self.text, first, 1, &mut plain);
            self.run_of(&run, head, true);
        }
        for count in 2..=chain.most(first) {
            let (group, has_letters) = (chain.length(first + count - 1), chain.have_letters(first, count));
            place = engine.ways.step(place, group);
            if !engine.ways.come(place, has_letters, beginning) {
                return;
            }
            length += usize::from(group);
            let is_done = done.of_runs(has_letters).checked_shr(length as u32).unwrap_or_default() & 1 == 1;
            if is_done || !engine.ways.end(place, has_letters, beginning) {
                continue;
            }
            self.run_in_way(chain, first..first + count, head, (place, beginning));
        }
    }

    /// Asks the detectors that want a run in its way.
    fn run_in_way(&mut self, chain: &Chain, groups: Range<usize>, head: usize, way: (Place, Beginning)) {
        let engine = self.engine;
        let has_letters = chain.have_letters(groups.start, groups.len());
        let mut asked = engine.ways.asked(way.0, has_letters, way.1).peekable();
        if asked.peek().is_none() {
            return;
        }
        let mut plain = Plain::NEW;
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
        let mut plain = Plain::NEW;
        let run = chain.run(self.text, first, count, &mut plain);
        self.ask_grouped(detector, &run);
    }
}

/// Whether `text` begins with a UUID, which nobody is called.
pub(super) fn is_uuid(text: &[u8]) -> bool {
    let Some(uuid) = text.first_chunk::<36>() else { return false };
    if [8, 13, 18, 23].iter().any(|dash| uuid[*dash] != b'-') || text.get(36).is_some_and(u8::is_ascii_alphanumeric) {
        return false;
    }
    let digits = uuid.iter().fold(0, |digits, byte| digits + u8::from(byte.is_ascii_hexdigit()));
    digits == 32
}
