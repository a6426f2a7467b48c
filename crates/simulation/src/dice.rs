//! Seeded draws.

use ambient::{Random, SeededRandom};

/// A source of draws: the same seed draws the same.
#[derive(Debug)]
pub(crate) struct Dice {
    random: SeededRandom,
}

impl Dice {
    /// The draws of a seed.
    #[must_use]
    pub(crate) fn new(seed: u64) -> Self {
        // Seeds are small neighbours; their first draws must not be.
        let spread = seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5eed;
        Self {
            random: SeededRandom::new(spread),
        }
    }

    /// Any number.
    pub(crate) fn any(&self) -> u64 {
        self.random.next_u64()
    }

    /// A number below `end`; 0 if `end` is 0.
    pub(crate) fn below(&self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.any() % end).unwrap_or_default()
    }

    /// A number from `least` to `most`.
    pub(crate) fn between(&self, least: u64, most: u64) -> u64 {
        least + self.any() % (most.saturating_sub(least) + 1)
    }

    /// Whether something happens that happens so many times in a hundred.
    pub(crate) fn percent(&self, percent: u64) -> bool {
        self.any() % 100 < percent
    }

    /// One of several; none of none.
    pub(crate) fn pick<'a, T>(&self, from: &'a [T]) -> Option<&'a T> {
        from.get(self.below(from.len()))
    }

    /// One of several that are surely some.
    pub(crate) fn one<T: Copy, const N: usize>(&self, from: [T; N]) -> T {
        const { assert!(N > 0, "nothing to draw from") };
        from[self.below(N)]
    }

    /// A number from 0 to `most` of which small ones are much more likely: small worlds run fast and show most.
    pub(crate) fn few(&self, most: usize) -> usize {
        let bound = self.below(most + 1);
        self.below(self.below(bound + 1) + 1)
    }
}
