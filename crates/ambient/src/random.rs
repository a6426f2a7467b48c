//! Randomness as a parameter: jitter needs spread, not secrecy.

use std::sync::{Mutex, PoisonError};

/// A source of random numbers for jitter and delays. Keys never come from here.
pub trait Random: Send + Sync + 'static {
    /// The next number, evenly spread over all of `u64`.
    fn next_u64(&self) -> u64;

    /// A number in `0.0..1.0`.
    fn fraction(&self) -> f64 {
        // The top 53 bits fill a double's mantissa exactly.
        #[allow(clippy::cast_precision_loss, reason = "53 bits fit an f64 exactly")]
        let mantissa = (self.next_u64() >> 11) as f64;
        mantissa / 9_007_199_254_740_992.0
    }
}

/// `SplitMix64` from a seed: the same seed gives the same numbers.
#[derive(Debug)]
pub struct SeededRandom {
    state: Mutex<u64>,
}

impl SeededRandom {
    /// Starts the sequence of `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            state: Mutex::new(seed),
        }
    }
}

impl Random for SeededRandom {
    fn next_u64(&self) -> u64 {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = *state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_numbers_within_range() {
        let (a, b) = (SeededRandom::new(7), SeededRandom::new(7));
        for _ in 0..1_000 {
            let x = a.fraction();
            assert!((0.0..1.0).contains(&x));
            assert!((x - b.fraction()).abs() < f64::EPSILON);
        }
    }
}
