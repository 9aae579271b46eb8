//! Finds keys that stand twice, decoded, without allocating per record and without quadratic work.

use std::cell::RefCell;
use std::cmp::Ordering;

use super::value::unescaped;
use super::{Batch, Range, Text};

/// Up to this many keys are compared one by one; more are sorted.
const FEW_KEYS: usize = 32;

thread_local! {
    /// Keys of a map with many fields, to be sorted, and where they stand.
    static SORTED: RefCell<Vec<(Text, u32)>> = const { RefCell::new(Vec::new()) };
}

impl Batch {
    /// Of the fields of `range`, keeps the last of each key, in order. Gives the range of those that are left.
    pub(crate) fn keep_last(&mut self, range: Range) -> Range {
        if range.len as usize > FEW_KEYS {
            return SORTED.with_borrow_mut(|sorted| self.keep_last_of_many(range, sorted));
        }
        let key = |at: usize| self.tape[at].key;
        let is_earlier = |at: &usize| (at + 1..range.end()).any(|behind| same(&self.arena, key(*at), key(behind)));
        let start = range.start as usize;
        let earlier: u32 = range.range().filter(is_earlier).fold(0, |earlier, at| earlier | 1 << (at - start));
        if earlier == 0 {
            return range;
        }
        self.drop_fields(range, |at| earlier & (1 << at) != 0)
    }

    fn keep_last_of_many(&mut self, range: Range, sorted: &mut Vec<(Text, u32)>) -> Range {
        sorted.clear();
        sorted.extend((0..range.len).map(|at| (self.tape[(range.start + at) as usize].key, at)));
        sorted.sort_unstable_by(|a, b| order(&self.arena, a.0, b.0).then(a.1.cmp(&b.1)));
        // Of each run of equal keys all but the last go; what is left in the list is what goes.
        let mut behind: Option<Text> = None;
        for (key, at) in sorted.iter_mut().rev() {
            if behind.is_none_or(|behind| !same(&self.arena, behind, *key)) {
                *at = u32::MAX;
            }
            behind = Some(*key);
        }
        sorted.retain(|(_, at)| *at != u32::MAX);
        if sorted.is_empty() {
            return range;
        }
        sorted.sort_unstable_by_key(|(_, at)| *at);
        self.drop_fields(range, |at| sorted.binary_search_by_key(&at, |(_, earlier)| *earlier as usize).is_ok())
    }

    /// Moves the fields of `range` together, leaving out those that `goes` names, counted from its start.
    fn drop_fields(&mut self, range: Range, goes: impl Fn(usize) -> bool) -> Range {
        let start = range.start as usize;
        let mut kept = start;
        for at in range.range() {
            if !goes(at - start) {
                self.tape[kept] = self.tape[at];
                kept += 1;
            }
        }
        Range::between(start, kept)
    }
}

/// Whether two of `keys` are the same. May change their order.
pub(crate) fn any_repeats(arena: &[u8], keys: &mut [Text]) -> bool {
    if keys.len() <= FEW_KEYS {
        return (1..keys.len()).any(|at| keys[..at].iter().any(|other| same(arena, *other, keys[at])));
    }
    keys.sort_unstable_by(|a, b| order(arena, *a, *b));
    keys.windows(2).any(|pair| same(arena, pair[0], pair[1]))
}

fn same(arena: &[u8], a: Text, b: Text) -> bool {
    if a.is_escaped() || b.is_escaped() {
        return order(arena, a, b).is_eq();
    }
    arena[a.span.range()] == arena[b.span.range()]
}

/// Order by decoded bytes.
fn order(arena: &[u8], a: Text, b: Text) -> Ordering {
    let (left, right) = (&arena[a.span.range()], &arena[b.span.range()]);
    match (a.is_escaped(), b.is_escaped()) {
        (false, false) => left.cmp(right),
        (true, true) => unescaped(left).cmp(unescaped(right)),
        (true, false) => unescaped(left).cmp(right.iter().copied()),
        (false, true) => left.iter().copied().cmp(unescaped(right)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::{Field, Value};

    #[test]
    fn of_equal_keys_the_last_one_stays_however_many_there_are() {
        for count in [0, 1, 5, FEW_KEYS, FEW_KEYS + 1, 500] {
            let mut batch = Batch::default();
            for number in 0..count {
                let span = batch.store(["a", "b", "c", "d", "e", "f", "\\u0061"][number % 7].as_bytes());
                let text = [Text::plain, Text::escaped][usize::from(number % 7 == 6)];
                let key = text(span);
                batch.tape.push(Field { key, value: Value::U64(number as u64) });
            }
            let all = Range::between(0, count);
            let mut keys: Vec<Text> = batch.fields(all).iter().map(|field| field.key).collect();

            let repeats = any_repeats(&batch.arena, &mut keys);
            let kept = batch.keep_last(all);

            let key = |number: usize| if number % 7 == 6 { 0 } else { number % 7 };
            let is_last = |number: &usize| (number + 1..count).all(|behind| key(behind) != key(*number));
            let wanted: Vec<Value> = (0..count).filter(is_last).map(|number| Value::U64(number as u64)).collect();
            let values: Vec<Value> = batch.fields(kept).iter().map(|field| field.value).collect();
            assert_eq!(values, wanted, "{count}");
            assert_eq!(repeats, wanted.len() < count, "{count}");
        }
    }
}
