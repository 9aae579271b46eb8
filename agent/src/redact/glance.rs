//! A first glance at a text: whether nothing can be found in it, told by bits, and by single questions where bits do not tell.
//!
//! So it is with most texts. Dates, times and what else is passed over need not be known for that: whatever may be a value is looked
//! at by itself, in any order. A text in which something may be is looked through in full.

use std::ops::Not;

use vigie_parsers::simd::Classes;

use super::Candidate;
use super::chain::{Plain, Runs};
use super::chains::is_uuid;
use super::context::Lengths;
use super::endings::Track;
use super::engine::{Asked, LONGEST};
use super::masks::{NO_CLASSES, Window, alnums, long_capitals};
use super::scanner::Pass;
use super::shapes::{Form, Guard, Guards, Quiet, Shape, countries};
use super::universal::iban;
use super::ways::{Beginning, GROUPS, Way};

/// Stands among the lengths of runs for dates of birth.
pub(super) const BIRTHS: u64 = 1 << 63;
/// Marks, known names and known beginnings that are looked at in any case, and of more so many bytes for each of them.
const MOST_ASKED: usize = 16;
const RARE: usize = 32;
/// Letters of the longest group without digits in a value.
const LETTERS: usize = 4;
/// Bytes of a UUID, and those of its groups, as bits.
const UUID: usize = 36;
const UUID_GROUPS: u64 = ((1 << UUID) - 1) & !(1 << 8 | 1 << 13 | 1 << 18 | 1 << 23);

/// The groups of a chain so far.
#[derive(Default)]
struct Seen {
    track: Track,
    way: Way,
    /// Which of the last groups have letters, as bits, the last one lowest.
    letters: u32,
    /// The same of digits: without one no number is there.
    digits: u32,
    /// Where more than their lengths was asked for, in a chain that begins at `start`.
    guards: Guards,
    start: usize,
}

impl Seen {
    /// None so far, of a chain at `start`.
    fn at(start: usize) -> Self {
        Self { start, ..Self::default() }
    }

    /// Notes that at `at` something may count that begins so.
    fn guard(&mut self, at: usize, beginning: Beginning, alone: Option<(u8, bool)>) {
        self.guards.put(Guard { at: (at - self.start) as u8, beginning, alone });
    }
}

/// Tells whether nothing is found in a chain.
pub(super) trait Judge {
    /// Whether it is so in the one at `at` that has `length` bytes, 64 for all longer ones, of which the first are those of `window`.
    fn is_quiet(&self, pass: &mut Pass<'_>, chain: (usize, u32), window: &Window) -> bool;
}

/// Where all that may be found is looked for at once, with words that speak for these lengths.
struct Glanced(Lengths);

impl Judge for Glanced {
    #[inline(always)]
    fn is_quiet(&self, pass: &mut Pass<'_>, (at, length): (usize, u32), window: &Window) -> bool {
        if length == 64 {
            return pass.is_long_chain_quiet(at, self.0);
        }
        window.digits & ((1 << length) - 1) == 0 || pass.is_known_quiet(at, length, window, self.0)
    }
}

/// One group.
struct Group {
    start: usize,
    size: usize,
    /// Its digits, as bits.
    digits: u64,
    /// Whether it is a word by itself.
    is_whole: bool,
}

impl Pass<'_> {
    /// Whether nothing is found in the text. Where that is not sure, it gives `false`.
    #[inline(always)]
    pub(super) fn is_quiet(&mut self) -> bool {
        if self.is_plain() {
            return false;
        }
        // The lengths of runs that any word speaks for.
        let mut lengths = self.hearing.lengths().and(self.key.context.lengths);
        if lengths.any & BIRTHS != 0 {
            if self.key.context.lengths.any & BIRTHS != 0 || self.speaks_before_digits() {
                return false;
            }
            lengths = self.key.context.lengths;
        }
        let lengths = self.asked_of(lengths);
        let masks = self.masks;
        // Most texts are of one block, of which there is less to be told.
        match masks.blocks() {
            [only] => self.are_blocks_quiet(std::slice::from_ref(only), lengths),
            blocks => self.are_blocks_quiet(blocks, lengths),
        }
    }

    /// Whether a word may speak for anything that has digits: before the last of them or in its chain.
    #[inline(never)]
    fn speaks_before_digits(&self) -> bool {
        let blocks = self.masks.blocks();
        let Some(number) = blocks.iter().rposition(|classes| classes.digits != 0) else { return false };
        let last = 63 - blocks[number].digits.leading_zeros();
        let behind = last + (joined(blocks, number) >> last).trailing_ones();
        behind == 64 || self.hearing.speaks_within(0, number * 64 + behind as usize + 1)
    }

    /// The same of its `blocks`, if words speak for these `lengths`.
    #[inline(always)]
    fn are_blocks_quiet(&mut self, blocks: &[Classes], lengths: Lengths) -> bool {
        let (mut before, mut before_chains, mut chains) = (&NO_CLASSES, 0, joined(blocks, 0));
        for (number, classes) in blocks.iter().enumerate() {
            let next_chains = if number + 1 < blocks.len() { joined(blocks, number + 1) } else { 0 };
            let starts = classes.words & !(classes.words << 1 | before.words >> 63);
            let next = blocks.get(number + 1).unwrap_or(&NO_CLASSES);
            let words = self.hearing.heads(number) | long_capitals(classes, next.capitals, starts) | classes.marks;
            let calls = calls((before, classes, next), starts);
            if words != 0 && !self.are_quiet(number, words, Self::look_at)
                || calls != 0 && !self.are_digits_quiet(number, calls)
                || classes.pairs != 0 && !self.are_pairs_quiet(blocks, number)
                || !self.are_chains_quiet((blocks, number), (before_chains, chains, next_chains), lengths)
            {
                return false;
            }
            (before, before_chains, chains) = (classes, chains, next_chains);
        }
        true
    }

    /// Whether nothing is found at any of the bits `places` of a block.
    #[inline(never)]
    pub(super) fn are_quiet(&mut self, block: usize, mut places: u64, look: fn(&mut Self, usize)) -> bool {
        while places != 0 {
            let at = block * 64 + places.trailing_zeros() as usize;
            places &= places - 1;
            let is_done = match self.text[at] {
                // A flood of them is looked through once.
                b'<' => at < self.next,
                b'[' => !self.may_be_listed(at) && !self.may_have_key(at) && !self.may_be_logged(at),
                _ => false,
            };
            if !is_done && self.finds(|pass| look(pass, at)) {
                return false;
            }
        }
        true
    }

    /// Whether anything is found when one looks, which is forgotten again. Where much was looked at already the full look may as well
    /// look at all of it.
    pub(super) fn finds(&mut self, look: impl FnOnce(&mut Self)) -> bool {
        if self.asked > MOST_ASKED && self.asked * RARE > self.text.len() {
            return true;
        }
        let first = self.found.len();
        let next = std::mem::take(&mut self.next);
        look(self);
        self.next = self.next.max(next);
        let finds = self.found.len() > first;
        if finds {
            self.found.truncate(first);
            self.reach.forget();
        }
        finds
    }

    /// Forgets how far the glance came.
    pub(super) fn begin_anew(&mut self) {
        self.items_end = 0;
        // What is open is kept for places in order.
        self.memory.clear();
        (self.next, self.chain_end, self.hex_end, self.cut_end) = (0, 0, 0, usize::MAX);
        (self.unnamed, self.rows_end) = (0, 0);
    }

    fn look_at(&mut self, at: usize) {
        // What stands for a value already hides nothing that is to be found.
        if self.text[at] == b'[' {
            if self.may_be_logged(at) {
                self.logged_user(at);
            }
            if !self.listed_pair(at) {
                self.false_token(at);
            }
            return;
        }
        self.look(at, false);
    }

    /// Whether the numbers that begin at the bits `starts` of a block, behind a plus or with two zeros, are none that one calls.
    #[inline(never)]
    fn are_digits_quiet(&mut self, number: usize, mut starts: u64) -> bool {
        while starts != 0 {
            let at = number * 64 + starts.trailing_zeros() as usize;
            starts &= starts - 1;
            if self.may_be_phone(at) && self.finds(|pass| _ = pass.phone(at)) {
                return false;
            }
        }
        true
    }

    /// Whether a telephone number may begin at `at`: behind a plus, or with the code of a country behind the two zeros there, and digits
    /// that are not cut by a letter, as those of a time are: `00.000226624Z`.
    fn may_be_phone(&self, at: usize) -> bool {
        if self.byte_before(at, 1) == b'+' {
            return true;
        }
        let code = match self.byte(at + 2) {
            b'1'..=b'9' => at + 2,
            b' ' | b'.' | b'-' | b'/' | b'(' | b')' | b'+' => at + 3,
            _ => return false,
        };
        let digits = self.masks.ahead(code, |classes| classes.digits).trailing_ones() as usize;
        digits == 0 || self.masks.ahead(code + digits, |classes| classes.words) & 1 == 0
    }

    /// Whether no chain that begins in a block holds a number that counts without a word, or one of these `lengths`. `chains` are the
    /// bytes of them in the block before, in this one and in the next.
    #[inline(always)]
    fn are_chains_quiet(&mut self, block: (&[Classes], usize), chains: (u64, u64, u64), lengths: Lengths) -> bool {
        let loud = self.loud_chains::<true>(block, chains, lengths, &Glanced(lengths));
        loud == 0
    }

    /// The bytes of the chains that begin in a block and of which `judge` does not tell that nothing is in them; all bytes after the
    /// first such one if that is enough (`FIRST`). Those that are too short for anything are quiet.
    #[inline(always)]
    pub(super) fn loud_chains<const FIRST: bool>(
        &mut self,
        (blocks, number): (&[Classes], usize),
        chains: (u64, u64, u64),
        lengths: Lengths,
        judge: &impl Judge,
    ) -> u64 {
        let (before, here, next) = chains;
        let starts = here & !(here << 1 | before >> 63);
        let ahead = |bits: u64, next: u64, count: u32| bits >> count | next << (64 - count);
        // Behind the end of the next block chains may go on.
        let (twos, next_twos) = (here & ahead(here, next, 1), next & ahead(next, u64::MAX, 1));
        let fours = twos & ahead(twos, next_twos, 2);
        let next_fours = next_twos & ahead(next_twos, u64::MAX, 2);
        // Without a number that words speak for the shortest values are `1.2.3.4` and the first half of `1.2345,1.2345`.
        let more = ahead(twos, next_twos, 4);
        let joints = ahead(blocks[number].joints, blocks.get(number + 1).map_or(0, |next| next.joints), 1);
        let shortest = ahead(fours, next_fours, 3) | joints & more;
        let long = fours & if lengths.any == 0 { shortest } else { ahead(here, next, 4) };
        let long = long & starts;
        let (mut digits, mut loud) = (first_digits(here, blocks[number].digits, long), 0);
        while digits != 0 {
            let digit = digits & digits.wrapping_neg();
            digits ^= digit;
            let bit = 63 - (long & (digit | (digit - 1))).leading_zeros();
            let at = number * 64 + bit as usize;
            let mut length = (!(here >> bit)).trailing_zeros();
            let window = if bit + length < 64 {
                self.masks.block_from(number, bit)
            } else {
                length = (here >> bit | (next << 1) << (63 - bit)).trailing_ones();
                self.masks.window(at)
            };
            if judge.is_quiet(self, (at, length), &window) {
                continue;
            }
            if FIRST {
                return u64::MAX;
            }
            loud |= u64::MAX >> (64 - length) << bit;
        }
        loud
    }

    /// Whether no number in the chain at `at` counts, which has `length` bytes.
    #[inline(always)]
    pub(super) fn is_known_quiet(&mut self, at: usize, length: u32, window: &Window, lengths: Lengths) -> bool {
        let within = (1 << length) - 1;
        if window.alnums & within == within {
            return self.is_run_quiet(at, length as usize, window.digits & within, lengths);
        }
        let edges = self.edges((at, length), window);
        if self.is_whole_uuid((at, length), window, edges) {
            return true;
        }
        let (is_quiet, is_plain) = self.is_shape_quiet((at, length), window, lengths, edges);
        is_quiet && (is_plain || !self.has_others((at, length), window))
    }

    /// Whether the chain at `at`, which has `length` bytes, is a UUID that nothing before it takes a part of.
    #[inline(always)]
    pub(super) fn is_whole_uuid(&self, (at, length): (usize, u32), window: &Window, edges: [bool; 2]) -> bool {
        let within = (1 << length) - 1;
        let first = window.digits & 0xff;
        length as usize == UUID
            && window.alnums & within == UUID_GROUPS
            && edges == [false; 2]
            // Letters and digits begin it.
            && !matches!(first, 0 | 0xff)
            && is_uuid(&self.text[at..])
    }

    /// Whether `_` stands before the chain at `at`, which has `length` bytes, and behind.
    #[inline(always)]
    pub(super) fn edges(&self, (at, length): (usize, u32), window: &Window) -> [bool; 2] {
        [self.byte_before(at, 1) == b'_', (window.words & !window.alnums) >> length & 1 == 1]
    }

    /// Whether no number in the chain at `at` counts, as its shape tells, and whether nothing else may be in it.
    #[inline(always)]
    pub(super) fn is_shape_quiet(
        &mut self,
        (at, length): (usize, u32),
        window: &Window,
        lengths: Lengths,
        edges: [bool; 2],
    ) -> (bool, bool) {
        let shape = Shape::new(window.alnums, window.digits, length, edges);
        match self.shapes.known(shape) {
            Some(known) if (lengths.any == 0 || known.runs != Lengths::ALL) && self.are_denied(at, &known.guards) => {
                let runs = known.runs;
                let is_plain = known.is_plain;
                (lengths.any == 0 || self.is_quiet_by_itself((at, length), runs, lengths), is_plain)
            }
            _ => (self.is_form_quiet((at, length), window, lengths, shape), false),
        }
    }

    /// Whether anything is found in the chain at `at` that no lengths of groups tell: addresses, positions, account numbers.
    #[inline(always)]
    fn has_others(&mut self, (at, length): (usize, u32), window: &Window) -> bool {
        let dots = Dots::of(window, (1 << length) - 1);
        dots.places != 0 && self.has_position(at, window, dots.places)
            || dots.fours != 0 && self.has_address(at, window, dots.fours)
            || self.may_have_iban((at, length), window)
    }

    /// Whether an account number (IBAN) may be in the chain at `at`, which has `length` bytes.
    #[inline(always)]
    pub(super) fn may_have_iban(&self, (at, length): (usize, u32), window: &Window) -> bool {
        let countries = countries(window, (1 << length) - 1);
        countries != 0 && self.has_iban((at, length), countries)
    }

    /// Whether anything is found in four numbers of which the first stands before any of `fours` in the chain at `at`.
    #[inline(never)]
    fn has_address(&mut self, at: usize, window: &Window, mut fours: u64) -> bool {
        while fours != 0 {
            let place = fours.trailing_zeros();
            fours &= fours - 1;
            let size = (window.alnums << (64 - place)).leading_ones();
            if size < 4 && self.byte(at + place as usize) == b'.' && self.is_address(at + (place - size) as usize) {
                return true;
            }
        }
        false
    }

    /// Whether an account number (IBAN) may begin at any of the bits `starts` of the chain at `at`.
    #[inline(never)]
    fn has_iban(&self, (at, length): (usize, u32), mut starts: u64) -> bool {
        while starts != 0 {
            let place = starts.trailing_zeros();
            starts &= starts - 1;
            if self.may_be_iban(at + place as usize, (length - place) as usize) {
                return true;
            }
        }
        false
    }

    /// Whether a position on earth begins before any of `places` in the chain at `at`.
    #[inline(never)]
    fn has_position(&self, at: usize, window: &Window, places: u64) -> bool {
        self.positions(at, window, places).any(|start| self.position_at(start).is_some())
    }

    /// The same, of which not all is asked.
    #[inline(never)]
    pub(super) fn may_have_position(&self, at: usize, window: &Window, places: u64) -> bool {
        self.positions(at, window, places).next().is_some()
    }

    /// Where one may begin: most often these are parts of seconds, and what stands behind them tells.
    #[inline(always)]
    fn positions(&self, at: usize, window: &Window, mut places: u64) -> impl Iterator<Item = usize> {
        let next = move || {
            let place = (places != 0).then(|| places.trailing_zeros())?;
            places &= places - 1;
            Some(place)
        };
        std::iter::from_fn(next).filter_map(move |place| {
            let whole = (window.alnums << (64 - place)).leading_ones();
            let behind = at + (place + 1 + (window.digits >> place >> 1).trailing_ones()) as usize;
            let is_one =
                whole < 4 && self.byte(at + place as usize) == b'.' && matches!(self.byte(behind), b',' | b';' | b' ');
            is_one.then(|| at + (place - whole) as usize)
        })
    }

    /// Whether the group of `length` at `at`, which has none beside it, does not count.
    #[inline(always)]
    pub(super) fn is_run_quiet(&mut self, at: usize, length: usize, digits: u64, lengths: Lengths) -> bool {
        let has_letters = digits.count_ones() as usize != length;
        let may_be_spoken_for = lengths.of_runs(has_letters) >> length & 1 == 1;
        let may_be_iban = digits & 0b1111 == 0b1100;
        if !(may_be_iban || may_be_spoken_for || self.engine.asks_alone(length, has_letters)) || length > LONGEST {
            return true;
        }
        let is_part = self.byte_before(at, 1) == b'_' || self.byte(at + length) == b'_';
        is_part
            || !(may_be_iban && self.may_be_iban(at, length)
                || may_be_spoken_for && self.is_spoken_for(at, at + length)
                || self.engine.asks_alone(length, has_letters) && self.may_count(at, at + length, has_letters))
    }

    /// Whether nothing counts at any of these places of the chain at `at`. It is not known where several groups begin so that may.
    #[inline(always)]
    fn are_denied(&self, at: usize, guards: &Guards) -> bool {
        guards.met(&self.text[at..]).all(|guard| {
            let start = at + usize::from(guard.at);
            guard
                .alone
                .is_some_and(|(size, has_letters)| !self.may_count(start, start + usize::from(size), has_letters))
        })
    }

    /// Whether no run of the chain at `at` counts, as far as its form tells, or each of its groups.
    #[inline(never)]
    fn is_form_quiet(&mut self, (at, length): (usize, u32), window: &Window, lengths: Lengths, shape: Shape) -> bool {
        let form = shape.has_edges().not().then(|| Form::of(window, length));
        let known = form.and_then(|form| self.forms.known(form));
        let known = known.filter(|known| lengths.any == 0 || known.runs != Lengths::ALL);
        let runs = match known {
            Some(known) if self.are_denied(at, &known.guards) => {
                self.shapes.offer(shape, || Quiet { is_plain: is_plain(window, length), ..*known });
                known.runs
            }
            _ => {
                let (is_new, wants_runs) = (known.is_none(), lengths.any != 0);
                let Some(quiet) = self.runs_of_quiet((at, length), window, wants_runs) else { return false };
                if is_new && !quiet.guards.are_too_many() {
                    self.shapes.put(shape, quiet);
                    form.into_iter().for_each(|form| self.forms.put(form, quiet));
                }
                quiet.runs
            }
        };
        self.is_quiet_by_itself((at, length), runs, lengths)
    }

    /// Whether no word speaks for any of the `runs` of a chain in which none counts without one.
    #[inline(always)]
    fn is_quiet_by_itself(&mut self, (at, length): (usize, u32), runs: Lengths, lengths: Lengths) -> bool {
        let is_quiet = !runs.meets(lengths) || !self.is_spoken_for(at, at + length as usize);
        if !is_quiet {
            self.spoken_only.put(at, length);
        }
        is_quiet
    }

    /// The lengths of the runs of a chain in which none counts without a word, all of them unless somebody `wants_runs`.
    fn runs_of_quiet(&self, (at, length): (usize, u32), window: &Window, wants_runs: bool) -> Option<Quiet> {
        let (mut seen, mut runs, mut place) = (Seen::at(at), wants_runs.then(Runs::default), 0);
        let others = window.words & !window.alnums;
        let mut is_whole = self.byte_before(at, 1) != b'_';
        while place < length {
            let size = (!(window.alnums >> place)).trailing_zeros();
            let digits = window.digits >> place & ((1 << size) - 1);
            let (start, end) = (at + place as usize, place + size);
            is_whole &= others >> end & 1 == 0;
            let group = Group { start, size: size as usize, digits, is_whole };
            if !self.is_group_quiet(&mut seen, runs.as_mut(), &group) {
                return None;
            }
            (place, is_whole) = (end + 1, true);
        }
        let is_plain = is_plain(window, length);
        Some(Quiet { runs: runs.map_or(Lengths::ALL, |runs| runs.lengths()), guards: seen.guards, is_plain })
    }

    /// The same for a chain of 64 bytes or more.
    #[inline(never)]
    fn is_long_chain_quiet(&mut self, at: usize, lengths: Lengths) -> bool {
        let (mut seen, mut runs, mut start) = (Seen::at(at), (lengths.any != 0).then(Runs::default), at);
        loop {
            let window = self.masks.window(start);
            let size = window.alnums.trailing_ones();
            let end = if size == 64 { self.masks.end(start, alnums) } else { start + size as usize };
            let digits = window.digits & u64::MAX >> (64 - size.clamp(1, 64));
            let is_whole = self.byte_before(start, 1) != b'_' && self.byte(end) != b'_';
            let group = Group { start, size: end - start, digits, is_whole };
            let third = if size == 2 { 3 } else { 2 };
            let is_country = size >= 2 && window.digits & 0b11 == 0 && window.digits >> third & 1 == 1;
            let dots = Dots::of(&window, u64::MAX);
            let ends_before = |marks: u64| size < 4 && marks >> size & 1 == 1;
            if !self.is_group_quiet(&mut seen, runs.as_mut(), &group)
                || is_country && self.may_be_iban(start, usize::MAX)
                || ends_before(dots.fours) && self.is_address(start)
                || ends_before(dots.places) && self.position_at(start).is_some()
            {
                return false;
            }
            if !self.is_joint(end) {
                return runs.is_none_or(|runs| !runs.lengths().meets(lengths)) || !self.is_spoken_for(at, end);
            }
            start = end + 1;
        }
    }

    /// Whether a word may speak for anything that stands before `at`, or from there on before `end`.
    #[inline(never)]
    fn is_spoken_for(&self, at: usize, end: usize) -> bool {
        !self.key.is_mute
            || self.hearing.may_speak(self.text, at)
            || self.hearing.speaks_within(at, end)
            || self.may_speak_far(at)
            || self.is_spoken_far
    }

    /// Whether anything is found in the four numbers at `at`.
    #[inline(never)]
    fn is_address(&mut self, at: usize) -> bool {
        self.finds(|pass| _ = pass.ip_v4(at))
    }

    /// Whether groups of a chain stand on both sides of `at`.
    #[inline(always)]
    fn is_joint(&self, at: usize) -> bool {
        match self.byte(at) {
            b'.' | b'-' | b'/' | b'+' => self.byte(at + 1).is_ascii_alphanumeric(),
            b' ' => {
                let next = self.byte(at + 1);
                !self.byte_before(at, 1).is_ascii_lowercase() && (next.is_ascii_uppercase() || next.is_ascii_digit())
            }
            _ => false,
        }
    }

    /// Whether no number that ends with this group, the next one of those that were `seen`, counts without a word.
    #[inline(always)]
    fn is_group_quiet(&self, seen: &mut Seen, mut runs: Option<&mut Runs>, group: &Group) -> bool {
        let (size, digits) = (group.size, group.digits);
        if !group.is_whole || size > LONGEST || digits == 0 && size > LETTERS {
            (seen.track, seen.letters) = (Track::default(), 0);
            if let Some(runs) = &mut runs {
                runs.cut();
            }
            return true;
        }
        let has_letters = digits + 1 != 1 << size;
        seen.letters = seen.letters << 1 | u32::from(has_letters);
        seen.digits = seen.digits << 1 | u32::from(digits != 0);
        seen.way = seen.way.and(size as u8);
        seen.track = self.engine.ways.follow(seen.track, size);
        if let Some(runs) = runs {
            runs.add(size, has_letters);
        }
        let has_digits = seen.digits & ((1 << GROUPS) - 1) != 0;
        let may_be_way = has_digits && seen.track.ends(has_letters, seen.letters != 0);
        let may_be_alone = self.engine.asks_alone(size, has_letters);
        if !(may_be_way || may_be_alone) {
            return true;
        }
        if may_be_alone {
            let beginning = self.engine.asks_of(size, has_letters).beginnings();
            seen.guard(group.start, beginning, Some((size as u8, has_letters)));
        }
        !(may_be_way && self.may_be_way(seen, group)
            || may_be_alone && self.may_count(group.start, group.start + size, has_letters))
    }

    /// Whether the last groups, of which `last` is the last one, are written in a way that counts without a word. It is noted if what
    /// they are, too, decides that.
    #[inline(never)]
    fn may_be_way(&self, seen: &mut Seen, last: &Group) -> bool {
        let ways = &self.engine.ways;
        let (mut start, mut groups) = (last.start, 1);
        // The shortest ways stand last.
        for end in ways.ends_of(seen.track).iter().rev() {
            let count = usize::from(end.count);
            while groups < count {
                groups += 1;
                start = start.saturating_sub(seen.way.first(groups) + 1);
            }
            if end.has_letters != (seen.letters & ((1 << count) - 1) != 0) {
                continue;
            }
            if end.is_device() {
                return true;
            }
            seen.guard(start, end.beginnings, None);
            let beginning = Beginning::of(self.text[start], self.byte(start + 1));
            if end.beginnings.meets(beginning)
                && self.passes(
                    start,
                    (seen.way, count, end.has_letters),
                    ways.asked_at(end, beginning),
                    |_, _, _, _| true,
                )
            {
                return true;
            }
        }
        false
    }

    /// Whether the groups at `start`, which are the last so many of these, pass the check of one of those `asked`, and how they are written
    /// `is_enough`, with their separators and where they end.
    pub(super) fn passes(
        &self,
        start: usize,
        (way, count, has_letters): (Way, usize, bool),
        asked: impl Iterator<Item = Asked>,
        is_enough: impl Fn(&Self, u16, super::Shape, (&[u8], usize)) -> bool,
    ) -> bool {
        let (mut groups, mut separators, mut plain) = ([0; GROUPS], [0; GROUPS], Plain::NEW);
        let mut end = start;
        for (at, (group, separator)) in groups[..count].iter_mut().zip(&mut separators).enumerate() {
            *group = way.first(count - at) as u8;
            end += usize::from(*group) + 1;
            *separator = self.byte(end - 1);
        }
        let (groups, separators) = (&groups[..count], &separators[..count - 1]);
        let length = plain.put_groups(&self.text[start..], groups, has_letters);
        let candidate = Candidate { plain: plain.first(length), groups, separators };
        let mut passed = asked.filter_map(|asked| Some((asked.number, (asked.check)(&candidate)?)));
        passed.any(|(detector, shape)| is_enough(self, detector, shape, (separators, end - 1)))
    }

    /// Whether an account number (IBAN) may begin at `start`, as its country and the bytes of the chain from there on allow.
    pub(super) fn may_be_iban(&self, start: usize, room: usize) -> bool {
        iban::may_begin([self.byte(start), self.byte(start + 1)], room)
    }
}

/// Whether nothing may be in a chain of `length` bytes that no lengths of groups tell.
fn is_plain(window: &Window, length: u32) -> bool {
    let within = (1 << length) - 1;
    Dots::of(window, within).all() | countries(window, within) == 0
}

/// Places behind groups of digits, as bits.
#[derive(Clone, Copy)]
pub(super) struct Dots {
    /// Where four of them may be an address.
    pub(super) fours: u64,
    /// Where one may be the first half of a position on earth.
    pub(super) places: u64,
}

impl Dots {
    /// Whether three marks or more stand between digits `within` these bytes.
    #[inline(always)]
    pub(super) fn may_be_four(window: &Window, within: u64) -> bool {
        let digits = window.digits & within;
        let marks = !window.alnums & digits << 1 & digits >> 1;
        let further = marks & marks.wrapping_sub(1);
        further & further.wrapping_sub(1) != 0
    }

    /// Those `within` these bytes.
    #[inline(always)]
    pub(super) fn of(window: &Window, within: u64) -> Self {
        let digits = window.digits & within;
        let marks = !window.alnums & digits << 1 & digits >> 1;
        let near = |bits: u64| bits >> 2 | bits >> 3 | bits >> 4;
        let near_behind = |bits: u64| bits << 2 | bits << 3 | bits << 4;
        let short = 0b1110 | near_behind(!digits);
        let fours = short & marks & near(marks & near(marks));
        Self { fours, places: marks & digits >> 2 & digits >> 3 & digits >> 4 }
    }

    #[inline(always)]
    pub(super) fn all(self) -> u64 {
        self.fours | self.places
    }
}

/// The first digits of the chains that begin at the bits `starts` of a block, where `chains` are the bytes of them. One without a digit
/// that goes on in the next block has the last bit.
#[inline(always)]
fn first_digits(chains: u64, digits: u64, starts: u64) -> u64 {
    // A bit added to what a chain begins with moves to what stands behind that.
    let others = chains & !digits;
    let (moved, goes_on) = others.overflowing_add(others & starts);
    (moved | starts) & digits | u64::from(goes_on) << 63
}

/// The bytes of a block, between two others, at which a number that one calls may begin, of the bits `starts`: behind a plus, or with two
/// zeros.
#[inline(always)]
pub(super) fn calls((before, here, next): (&Classes, &Classes, &Classes), starts: u64) -> u64 {
    let pluses = here.pluses << 1 | before.pluses >> 63;
    starts & (here.zeros & (here.zeros >> 1 | next.zeros << 63) | here.digits & pluses)
}

/// The bytes of one block that belong to chains: ASCII letters and digits, and what stands between two of them.
#[inline(always)]
pub(super) fn joined(blocks: &[Classes], number: usize) -> u64 {
    let Some(here) = blocks.get(number) else { return 0 };
    let before = number.checked_sub(1).map_or(&NO_CLASSES, |number| &blocks[number]);
    let next = blocks.get(number + 1).unwrap_or(&NO_CLASSES);
    let all = alnums(here);
    let (behind, ahead) = (all << 1 | alnums(before) >> 63, all >> 1 | alnums(next) << 63);
    let smalls = here.smalls << 1 | before.smalls >> 63 | here.smalls >> 1 | next.smalls << 63;
    all | (here.joints | here.spaces & !smalls) & behind & ahead
}
