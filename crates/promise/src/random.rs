//! The one source of randomness in simulation and tests: a stream that a seed names for good.
//!
//! xoshiro256++ (Blackman and Vigna, 2019), seeded through `SplitMix64`. Written here rather
//! than taken, because a seed printed today must give the same run in every later version.

/// A stream of pseudo-random numbers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Random([u64; 4]);

impl Random {
    /// The stream of `seed`.
    pub fn new(seed: u64) -> Self {
        let mut at = seed;
        Self(std::array::from_fn(|_| {
            at = at.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = at;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^ (z >> 31)
        }))
    }

    /// The seed that the user named in `AVOUCH_SEED`: default 1; 0 asks for one drawn by the
    /// operating system. Whoever draws one prints it.
    pub fn seed_from_environment() -> u64 {
        let named = std::env::var("AVOUCH_SEED").ok().and_then(|text| text.trim().parse().ok());
        match named.unwrap_or(1) {
            0 => {
                use std::hash::{BuildHasher, RandomState};
                let drawn = RandomState::new().hash_one(std::process::id()).max(1);
                eprintln!("AVOUCH_SEED={drawn}");
                drawn
            }
            seed => seed,
        }
    }

    /// A stream of its own for each `purpose`, so that drawing more for one does not shift others.
    #[must_use]
    pub fn fork(&self, purpose: u64) -> Self {
        Self::new(
            self.0[0] ^ self.0[2].rotate_left(17) ^ purpose.wrapping_mul(0xd6e8_feb8_6659_fd93),
        )
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        let s = &mut self.0;
        let result = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        result
    }

    /// A number in `0..bound`, each equally likely within 2^-64 of `bound`; of 0, 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(bound)) >> 64) as u64
    }

    /// A number in `low..=high`.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below((high - low).saturating_add(1))
    }

    /// A number in `0.0..1.0`.
    pub fn unit(&mut self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
        let bits = (self.bits() >> 11) as f64;
        bits / 9_007_199_254_740_992.0
    }

    /// True with this probability.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// One of `items`; none of none.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        items.get(self.below(items.len() as u64) as usize)
    }

    /// Shuffles `items`.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i as u64 + 1) as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn the_stream_of_a_seed_never_changes() {
        let mut random = Random::new(1);
        let first: Vec<u64> = (0..3).map(|_| random.bits()).collect();
        assert_eq!(first, [0xcfc5_d07f_6f03_c29b, 0xbf42_4132_963f_e08d, 0x19a3_7d57_57aa_f520]);
    }
}
