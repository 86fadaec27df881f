//! The quantile that every table here shows: the nearest rank, a value that was really seen.

/// The least of the ascending values that at least this share of them does not exceed; none of
/// none.
pub fn nearest_rank<T: Copy>(sorted: &[T], share: f64) -> Option<T> {
    #[expect(
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a rank of a list that fits in memory"
    )]
    let rank = (sorted.len() as f64 * share).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied()
}

#[cfg(test)]
mod tests {
    use super::nearest_rank;

    #[test]
    fn a_quantile_is_the_nearest_rank() {
        let sorted: Vec<u64> = (1..=200).collect();
        let shares = [0.0, 0.5, 0.95, 0.99, 1.0];
        assert_eq!(
            shares.map(|share| nearest_rank(&sorted, share).unwrap()),
            [1, 100, 190, 198, 200]
        );
        assert_eq!((nearest_rank(&[7], 0.99), nearest_rank::<u64>(&[], 0.5)), (Some(7), None));
    }

    /// A share is a binary fraction, and yet the rank is the one that whole numbers give.
    #[test]
    fn the_rank_is_exact() {
        let sorted: Vec<usize> = (1..=20_000).collect();
        for length in 1..=sorted.len() {
            for (thousandths, share) in [(500, 0.5), (950, 0.95), (990, 0.99), (999, 0.999)] {
                let exact = (length * thousandths).div_ceil(1_000).max(1);
                assert_eq!(
                    nearest_rank(&sorted[..length], share),
                    Some(exact),
                    "{share} of {length}"
                );
            }
        }
    }
}
