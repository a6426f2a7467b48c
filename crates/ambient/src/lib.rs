//! What the surroundings hand in: clock and randomness.
