//! Findings that overlap become one: every byte of each stays covered, and the most certain gives the name.

use super::Finding;

/// Puts the findings from `first` on in order and unites those that overlap.
///
/// Of equal certainty the longer one gives the name, then the one whose detector comes first.
pub fn unite(found: &mut Vec<Finding>, first: usize) {
    found[first..].sort_unstable_by_key(|one| (one.start, one.end, one.detector, one.score));
    let mut kept = first;
    let mut names = None;
    for at in first..found.len() {
        let next = found[at];
        match names {
            Some(name) if next.start < found[kept - 1].end => {
                let last = &mut found[kept - 1];
                last.end = last.end.max(next.end);
                if rank(next) > rank(name) {
                    (last.detector, last.score) = (next.detector, next.score);
                    names = Some(next);
                }
            }
            _ => {
                found[kept] = next;
                kept += 1;
                names = Some(next);
            }
        }
    }
    found.truncate(kept);
}

fn rank(one: Finding) -> (u8, u32, std::cmp::Reverse<u16>) {
    (one.score, one.end - one.start, std::cmp::Reverse(one.detector))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlapping_findings_keep_every_byte_and_the_surest_name() {
        let one = |start, end, detector, score| Finding { start, end, detector, score };
        let mut found = vec![
            one(90, 91, 9, 1),
            one(5, 20, 2, 60),
            one(0, 10, 1, 60),
            one(20, 22, 3, 10),
            one(12, 13, 4, 95),
            one(30, 31, 5, 1),
        ];

        unite(&mut found, 1);

        assert_eq!(found, [one(90, 91, 9, 1), one(0, 20, 4, 95), one(20, 22, 3, 10), one(30, 31, 5, 1)]);
    }
}
