//! How long to wait after a 429.

use std::time::Duration;

use ambient::Random;

const SHORTEST: Duration = Duration::from_secs(1);
pub(crate) const LONGEST: Duration = Duration::from_mins(1);

/// Full jitter between one second and a ceiling that doubles up to a minute (`research/zoho.md` §8). A wait that the
/// server names is kept, with the same spread on top, so that callers do not come back all at once.
pub(crate) fn wait(attempt: u32, named: Option<Duration>, random: &dyn Random) -> Duration {
    let ceiling = Duration::from_secs(2_u64.saturating_pow(attempt.min(6))).clamp(SHORTEST * 2, LONGEST);
    let jittered = SHORTEST + ceiling.saturating_sub(SHORTEST).mul_f64(random.fraction());
    named.map_or(jittered, |named| (named + jittered.min(named)).max(jittered))
}
