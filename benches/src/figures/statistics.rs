//! What is said about many samples.

/// The least sample that at least `percent` of all are no greater than. `sorted` rises. `None` without samples.
pub(super) fn percentile<T: Copy>(sorted: &[T], percent: usize) -> Option<T> {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied()
}

/// The median; 0 without values.
pub(super) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    percentile(&values, 50).unwrap_or(0.0)
}

/// How much the last fifth of `values` lies above the second one, by their medians. The first is the time to settle.
///
/// 0 for fewer than five values.
pub(super) fn drift(values: &[f64]) -> f64 {
    let fifth = values.len() / 5;
    if fifth == 0 {
        return 0.0;
    }
    median(values[values.len() - fifth..].to_vec()) - median(values[fifth..2 * fifth].to_vec())
}

/// `part` of `whole` in percent; 0 of nothing.
pub(super) fn share(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { 100.0 * part / whole } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_samples_by_rank() {
        let hundred: Vec<u32> = (1..=100).collect();
        for (percent, value) in [(0, 1), (1, 1), (50, 50), (99, 99), (100, 100)] {
            assert_eq!(percentile(&hundred, percent), Some(value), "{percent}");
        }
        assert_eq!(percentile(&[3, 8], 50), Some(3));
        assert_eq!(percentile(&[3, 8], 51), Some(8));
        assert_eq!(percentile(&[7], 99), Some(7));
        assert_eq!(percentile::<u32>(&[], 50), None);
    }

    #[test]
    fn a_median_is_one_of_the_values() {
        assert!((median(vec![9.0, 1.0, 5.0]) - 5.0).abs() < 1e-9);
        assert!(median(Vec::new()).abs() < 1e-9);
    }

    #[test]
    fn what_grows_drifts_and_what_settles_does_not() {
        let grows: Vec<f64> = (0..50).map(f64::from).collect();
        let settles: Vec<f64> = (0..50).map(|index| f64::from(index.min(9))).collect();

        assert!((drift(&grows) - 30.0).abs() < 1e-9);
        assert!(drift(&settles).abs() < 1e-9);
        assert!(drift(&[1.0, 2.0, 9.0]).abs() < 1e-9);
    }

    #[test]
    fn a_share_of_nothing_is_nothing() {
        assert!((share(1.0, 4.0) - 25.0).abs() < 1e-9);
        assert!(share(1.0, 0.0).abs() < 1e-9);
    }
}
