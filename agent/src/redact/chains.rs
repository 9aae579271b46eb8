//! Chains of groups, and which detectors their runs are shown to.
//!
//! Where no word speaks for a value, which is so nearly everywhere, the lengths of neighbouring groups alone deny nearly all chains
//! before they are put together; then only those detectors are asked that take a number in these very groups.

use super::Shape;
use super::chain::{Chain, GROUPS, Plain, Run, Runs, SHARED};
use super::context::{Context, Lengths};
use super::endings::{End, Track};
use super::engine::{Engine, LONGEST};
use super::groups::{Group, Groups};
use super::moment::{Begins, may_be_moment, moment};
use super::runs::SHORTEST;
use super::scanner::Pass;
use super::universal::iban;
use super::ways::{Beginning, Way};

/// Groups of which no run counts without a word.
#[derive(Clone, Copy, Debug)]
struct MuteGroups {
    /// Where the second one begins, where the last one ends, and where the next chain begins at the earliest.
    second: usize,
    end: usize,
    next: usize,
    runs: Runs,
    /// Whether no word speaks before them, and whether it is known that only a word speaks for any.
    is_mute: bool,
    is_known: bool,
}

/// What the groups of a chain are when no word speaks for any.
#[derive(Clone, Copy, Debug)]
enum Walk {
    /// None of their runs counts.
    Mute(MuteGroups),
    /// The same, and no word speaks for any before the chain that begins at `next`.
    Idle { next: usize },
    /// One may count; the next chain begins at `next` at the earliest.
    Loud { next: usize },
}

/// Runs of a chain that are written in ways that count without a word.
#[derive(Debug, Default)]
struct InWays {
    /// By their first groups: how many groups they have, as bits.
    counts: [u8; GROUPS],
    /// By their last ones: which ways end there.
    tracks: [Track; GROUPS],
}

/// What is known of the last groups.
#[derive(Debug, Default)]
struct Seen {
    track: Track,
    way: Way,
    /// Which of them have letters, as bits, the last one lowest.
    letters: u32,
    /// Where the last eight begin, and how many there were.
    starts: [u32; 8],
    count: usize,
    /// What stands between the last ones if they are an address of a device as long as it does not stand behind them.
    device: Option<u8>,
}

impl Seen {
    /// Takes in one more.
    #[inline(always)]
    fn add(&mut self, engine: &Engine, group: &Group) {
        self.track = engine.ways.follow(self.track, group.length);
        self.way = self.way.and(group.length as u8);
        self.letters = self.letters << 1 | u32::from(group.has_letters);
        self.starts[self.count % 8] = group.start as u32;
        self.count += 1;
    }

    /// Where the first of the last `count` groups begins, of at most eight.
    #[inline(always)]
    fn start(&self, count: usize) -> usize {
        self.starts[(self.count - count) % 8] as usize
    }

    /// Whether they were the address of a device, with this `separator` behind it.
    #[inline(always)]
    fn ends_device(&mut self, separator: u8) -> bool {
        self.device.take().is_some_and(|mark| mark != separator)
    }
}

/// Chains in which nothing counts without a word, among those that begin in two neighbouring blocks, as bits of their bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SpokenOnly {
    block: usize,
    bytes: [u64; 2],
}

impl SpokenOnly {
    /// Notes one at `at` that has `length` bytes.
    #[cold]
    #[inline(never)]
    pub(super) fn put(&mut self, at: usize, length: u32) {
        let block = at / 64;
        let second = if block == self.block { self.bytes[1] } else { 0 };
        if block != self.block {
            let first = if block == self.block + 1 { self.bytes[1] } else { 0 };
            (self.block, self.bytes) = (block, [first, 0]);
        }
        let (here, next) = (u64::MAX >> (64 - length.clamp(1, 64)), at % 64);
        self.bytes[0] |= here << next;
        self.bytes[1] = second | (here >> 1) >> (63 - next);
    }

    /// Whether `at` is in one of them.
    #[inline(always)]
    fn has(&self, at: usize) -> bool {
        let bytes = at.wrapping_sub(self.block * 64);
        self.bytes.get(bytes / 64).is_some_and(|bits| bits >> (bytes % 64) & 1 == 1)
    }
}

impl Pass<'_> {
    /// Puts together the groups that begin at `at`, and asks for all runs of them.
    pub(super) fn chain(&mut self, at: usize) {
        if self.byte(at + 8) == b'-' && is_uuid(&self.text[at..]) {
            self.next = at + 36;
            return;
        }
        let mut chain = Chain::default();
        let walk = self.walk(at, &mut chain);
        self.chain_end = match walk {
            Walk::Idle { next } => return self.chain_end = next,
            Walk::Mute(groups) if !groups.is_known && self.is_idle(at, &groups) => return self.chain_end = groups.next,
            Walk::Mute(MuteGroups { next, .. }) | Walk::Loud { next } => next,
        };
        if chain.has_digits() {
            let own = if self.chain_end < chain.end() { chain.own() } else { chain.count() };
            self.runs(&chain, own, matches!(walk, Walk::Mute(_)));
        }
    }

    /// Whether no run of these groups, which begin at `at`, counts with the words that stand before them and among them.
    #[inline(always)]
    fn is_idle(&mut self, at: usize, groups: &MuteGroups) -> bool {
        // What stands in the first group may speak for the others, if these are enough for anything.
        let is_mute = groups.is_mute;
        if is_mute && (self.hearing.is_silent() || groups.end < groups.second + SHORTEST) {
            return true;
        }
        let spoken = self.spoken_lengths(at, groups.end);
        let spoken = self.asked_of(spoken);
        is_mute && !self.hearing.speaks_within(at, groups.end) || !groups.runs.lengths().meets(spoken)
    }

    /// Puts the groups that begin at `at` in `chain`, and tells whether a run of them passes a check when no word speaks for any. If none
    /// does, no word speaks and the chain is full, those behind it are looked at too.
    #[inline(always)]
    fn walk(&mut self, at: usize, chain: &mut Chain) -> Walk {
        let is_plain = self.is_plain();
        let is_mute = self.is_mute(at);
        let may_speak = !(is_mute && self.hearing.is_silent());
        let mut groups = Groups::new(self.masks, at);
        let is_known = !is_plain && self.spoken_only.has(at);
        let mut all = MuteGroups { second: at, end: at + 1, next: at + 1, runs: Runs::default(), is_mute, is_known };
        let (mut separator, mut ends_small, mut seen) = (0, false, Seen::default());
        // Whether a run counts by itself.
        let mut is_loud = is_plain;
        // Groups of the present chain, and where it begins, as those before it are idle.
        let (mut count, mut start) = (0, at);
        let is_whole = loop {
            self.step();
            let group = groups.group();
            let is_sentence = separator == b' ' && (group.has_small || ends_small);
            if group.is_other || !group.has_digits && group.length > 4 || is_sentence {
                break true;
            }
            if count > 0 && self.is_moment(&groups, &group) {
                break true;
            }
            let passes = !(is_loud || is_known)
                && (seen.ends_device(separator) || self.passes_here(at, &mut seen, (&groups, &group)));
            if passes && start != at {
                return Walk::Idle { next: start };
            }
            is_loud |= passes;
            // One that is not mute may be looked at again from any of its groups on.
            let is_full = count == GROUPS;
            let goes_on = || !(may_speak && self.hearing.speaks_within(start, all.end));
            if is_full && !(is_mute && !(is_loud || is_known) && goes_on()) {
                break false;
            }
            if is_full {
                (count, start) = (SHARED, all.next);
            }
            if count == GROUPS - SHARED {
                all.next = group.start;
            }
            if start == at {
                chain.push(&group, separator);
            }
            if start == at && may_speak {
                all.runs.add(group.length, group.has_letters);
            }
            (all.end, ends_small) = (group.end(), group.has_small);
            all.second = if count == 0 { all.end + 1 } else { all.second };
            count += 1;
            separator = self.byte(all.end);
            if !groups.goes_on(&group, separator) {
                break true;
            }
            groups.skip(&group);
        };
        all.next = if is_whole { all.end } else { all.next };
        if start == at {
            return if is_loud || seen.device.is_some() { Walk::Loud { next: all.next } } else { Walk::Mute(all) };
        }
        let is_idle = is_whole && seen.device.is_none() && !(may_speak && self.hearing.speaks_within(start, all.end));
        Walk::Idle { next: if is_idle { all.end } else { start } }
    }

    /// Whether a run that ends with `group`, the one that the `groups` of the chain at `at` are at, passes a check when no word speaks for
    /// any, or an account number may begin there. The group is taken in as the last one of those `seen`.
    #[inline(always)]
    fn passes_here(&self, at: usize, seen: &mut Seen, (groups, group): (&Groups<'_>, &Group)) -> bool {
        let engine = self.engine;
        seen.add(engine, group);
        engine.asks_alone(group.length, group.has_letters)
            && self.may_count(group.start, group.end(), group.has_letters)
            || seen.track.ends(group.has_letters, seen.letters != 0) && self.ends_in_way(at, seen)
            || group.has_letters && groups.is_country(group) && self.may_be_iban(group.start, usize::MAX)
    }

    /// Whether a run that ends with the last group of those `seen` in the chain at `at` is written in a way that counts without a word, and
    /// passes the check of that. What may be the address of a device is noted: the next group decides.
    #[inline(never)]
    fn ends_in_way(&self, at: usize, seen: &mut Seen) -> bool {
        let ways = &self.engine.ways;
        for end in ways.ends_of(seen.track) {
            let count = usize::from(end.count);
            if end.has_letters != (seen.letters & ((1 << count) - 1) != 0) {
                continue;
            }
            let start = seen.start(count);
            if end.is_device() {
                seen.device = self.device_mark(at, seen, count);
                continue;
            }
            let beginning = Beginning::of(self.byte(start), self.byte(start + 1));
            if end.beginnings.meets(beginning)
                && self.passes(
                    start,
                    (seen.way, count, end.has_letters),
                    ways.asked_at(end, beginning),
                    Self::is_enough,
                )
            {
                return true;
            }
        }
        false
    }

    /// What stands between the last `count` groups of the chain at `at` if it is what an address of a device has, and not before them.
    fn device_mark(&self, at: usize, seen: &Seen, count: usize) -> Option<u8> {
        let (start, mark) = (seen.start(count), if count == 3 { b'.' } else { b'-' });
        let is_behind_one = start > at && self.byte_before(start, 1) == mark;
        let is_one = !is_behind_one && (1..count).all(|last| self.byte_before(seen.start(last), 1) == mark);
        is_one.then_some(mark)
    }

    /// Whether a value in this `shape`, with these separators and this end, may count without a word.
    #[inline(never)]
    fn is_enough(&self, detector: u16, shape: Shape, (separators, end): (&[u8], usize)) -> bool {
        let is_in_row = self.engine.own.phone_fr == Some(detector) && self.is_before_pair(end, separators);
        let shape = if is_in_row { Shape::Bare } else { shape };
        self.engine.score(detector, shape, &Context::NONE).is_some()
    }

    /// Whether a date or a time begins with `group`, one of the `groups`. A short date has none of its marks behind a digit before it:
    /// `06.12.34.05.18 10:11`.
    #[inline(always)]
    fn is_moment(&self, groups: &Groups<'_>, group: &Group) -> bool {
        let mark = self.byte(group.start + group.run as usize);
        group.run > 0
            && may_be_moment(group.run, mark)
            && Begins::of(&self.text[group.start..], group.run, groups.digits(group)).may_be_moment()
            && moment(&self.text[group.start..]).is_some_and(|moment| {
                moment.is_date
                    || self.byte_before(group.start, 1) != mark
                    || !self.byte_before(group.start, 2).is_ascii_digit()
            })
    }

    /// Asks for all runs in `chain`, of which the first `own` groups are in no other, but for what counts without a word if it `is_mute`.
    fn runs(&mut self, chain: &Chain, own: usize, is_mute: bool) {
        let in_ways = if is_mute || self.is_plain() { InWays::default() } else { self.in_ways(chain) };
        // The head and what may speak before it, or from there on.
        let mut heard = (usize::MAX, Lengths::NONE);
        let mut lengths = None;
        for first in 0..chain.count() {
            if chain.has_letters(first) {
                self.iban(chain, first);
            }
            self.mac_groups(chain, first);
            // Numbers before it say nothing, so that all runs of neighbouring numbers share what stands before the first.
            let head = chain.start(chain.head(first));
            if heard.0 != head {
                heard = (head, self.may_be_heard(head));
            }
            let mut spoken = Lengths::NONE;
            if heard.1 != Lengths::NONE && !self.is_inside(chain.start(first)) {
                let lengths = lengths.get_or_insert_with(|| chain.all_lengths())[first];
                spoken = self.heard_lengths(chain, (first, lengths), head, heard.1);
                self.spoken_runs(chain, (first, lengths), head, spoken);
            }
            if in_ways.counts[first] != 0 && (first < own || spoken != Lengths::NONE) {
                self.mute_runs(chain, (first, first < own), &in_ways, spoken);
            }
        }
    }

    /// The runs of a chain that are written in ways that count without a word.
    fn in_ways(&self, chain: &Chain) -> InWays {
        let engine = self.engine;
        let (mut all, mut track, mut had_letters) = (InWays::default(), Track::default(), false);
        for last in 0..chain.count() {
            let (length, has_letters) = (usize::from(chain.length(last)), chain.has_letters(last));
            had_letters |= has_letters;
            all.counts[last] |= u8::from(length >= SHORTEST && engine.asks_alone(length, has_letters)) << 1;
            track = engine.ways.follow(track, length);
            if !track.ends(has_letters, had_letters) {
                continue;
            }
            all.tracks[last] = track;
            let ends = engine.ways.ends_of(track).iter().filter(|end| !end.is_device());
            let starts = ends.filter_map(|end| Some(((last + 1).checked_sub(end.count.into())?, end)));
            let is_one = |(first, end): &(usize, &End)| {
                usize::from(end.count) <= chain.most(*first) && self.is_in_way(chain, *first, end)
            };
            starts.filter(is_one).for_each(|(first, end)| all.counts[first] |= 1 << end.count);
        }
        all
    }

    /// Whether the groups from `first` on may be a value that is written in the way of this `end`.
    #[inline(always)]
    fn is_in_way(&self, chain: &Chain, first: usize, end: &End) -> bool {
        let start = chain.start(first);
        end.has_letters == chain.have_letters(first, end.count.into())
            && end.beginnings.meets(Beginning::of(self.byte(start), self.byte(start + 1)))
    }

    /// The lengths of the runs that are asked for and that words before `head` may speak for.
    fn may_be_heard(&mut self, head: usize) -> Lengths {
        let is_mute = self.is_mute(head);
        let lengths = if is_mute { Lengths::NONE } else { self.spoken_lengths(head, head) };
        let asked = self.engine.asked_lengths();
        Lengths { any: lengths.any & asked, lettered: lengths.lettered & asked }
    }

    /// The lengths of runs that words before `head` speak for, if `may_be` any that runs of these `lengths` from group `first` on have.
    fn heard_lengths(
        &mut self,
        chain: &Chain,
        (first, lengths): (usize, u64),
        head: usize,
        may_be: Lengths,
    ) -> Lengths {
        if self.is_plain() {
            return may_be;
        }
        if chain.wanted_from(first, lengths, may_be) == 0 {
            return Lengths::NONE;
        }
        self.read_context(head);
        let spoken = self.context.1.lengths;
        Lengths { any: spoken.any & may_be.any, lettered: spoken.lettered & may_be.lettered }
    }

    /// Asks for the runs from group `first` on, which have these `lengths` and more, that are of lengths that are `spoken` for by words that
    /// were read, before `head`.
    fn spoken_runs(&mut self, chain: &Chain, (first, lengths): (usize, u64), head: usize, spoken: Lengths) {
        const SHORT: u64 = u64::MAX >> (63 - LONGEST);
        let mut wanted = chain.wanted_from(first, lengths, spoken) & SHORT;
        let (mut plain, mut length, mut count) = (Plain::NEW, 0, 0);
        while wanted != 0 {
            let group = usize::from(chain.length(first + count));
            plain.put(length, self.text, chain.start(first + count), group);
            (length, count) = (length + group, count + 1);
            if wanted >> length & 1 == 0 {
                continue;
            }
            wanted ^= 1 << length;
            let run = chain.run_of(first, count, plain.first(length));
            if self.is_plain() {
                self.run_of(&run, head, false);
            } else {
                self.spoken_run(&run, head);
            }
        }
    }

    /// Asks for the runs from group `first` on that count without a word, as `in_ways` tells: if they are not the chain's `own`, only for
    /// those of the lengths that are `spoken` for.
    fn mute_runs(&mut self, chain: &Chain, (first, is_own): (usize, bool), in_ways: &InWays, spoken: Lengths) {
        if self.is_inside(chain.start(first)) {
            return;
        }
        let head = chain.start(chain.head(first));
        let mut counts = in_ways.counts[first];
        while counts != 0 {
            let last = first + counts.trailing_zeros() as usize - 1;
            counts &= counts - 1;
            let (length, has_letters) = (chain.bytes(first, last), chain.have_letters(first, last + 1 - first));
            let is_mute = spoken.of_runs(has_letters).checked_shr(length as u32).unwrap_or_default() & 1 == 0;
            if is_mute && !is_own {
                continue;
            }
            let mut plain = Plain::NEW;
            let run = chain.run(self.text, first, last + 1 - first, &mut plain);
            if last == first {
                self.lone_run(&run, head, is_mute);
            } else if !self.is_decimal(&run) {
                self.run_in_ways(&run, in_ways.tracks[last], head, is_mute);
            }
        }
    }

    /// Asks the detectors that want a run in its way, of those that `track` comes to the ends of.
    fn run_in_ways(&mut self, run: &Run<'_>, track: Track, head: usize, is_mute: bool) {
        let engine = self.engine;
        let beginning = Beginning::of(self.byte(run.start), self.byte(run.start + 1));
        let is_own = |end: &&End| usize::from(end.count) == run.groups.len() && end.has_letters == run.has_letters;
        for end in engine.ways.ends_of(track).iter().filter(is_own) {
            engine.ways.asked_at(end, beginning).for_each(|asked| self.ask_run(run, asked, head, is_mute));
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
