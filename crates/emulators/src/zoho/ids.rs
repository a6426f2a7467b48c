//! Ids: 64-bit numbers that travel as text, above 2^53 so that a client which reads them as numbers loses digits.

/// Hands out ids in rising order.
#[derive(Debug)]
pub(super) struct Ids {
    prefix: u64,
    next: u64,
}

impl Ids {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            prefix: (4_000_000 + seed % 1_000_000) * 1_000_000_000_000,
            next: 100_001,
        }
    }

    pub(super) fn next(&mut self) -> u64 {
        let id = self.prefix + self.next;
        // Ids of one module are not consecutive in the real service either: other modules take some in between.
        self.next += 1 + (self.next.wrapping_mul(0x9e37_79b9) >> 7) % 5;
        id
    }

    /// An id given by the world file; later ids stay above it so that rising ids still mean later records.
    pub(super) fn reserve(&mut self, id: u64) {
        if id >= self.prefix + self.next && id < self.prefix + 500_000_000_000 {
            self.next = id - self.prefix + 1;
        }
    }
}

/// Spreads `n` over 64 bits: tokens and other opaque texts come from it.
pub(super) fn scatter(n: u64) -> u64 {
    let mut z = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
