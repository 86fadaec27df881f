//! What chronyd claims, in words.

use super::claims::Claim;
use avouch_promise::Nanos;
use avouch_store::clock::chronyd::{Chronyd, Door};
use avouch_time::chrony::Tracking;

/// What it claims, if it answered.
pub(super) fn claim(door: &Door, said: &Result<Chronyd, String>) -> Claim {
    let (bound, says) = match said {
        Ok(chronyd) => (of_tracking(&chronyd.tracking), words(&chronyd.tracking)),
        Err(why) => (Err(why.clone()), String::new()),
    };
    Claim { by: "chrony", at: door.to_string(), bound, says }
}

fn of_tracking(tracking: &Tracking) -> Result<Nanos, String> {
    tracking.claim().ok_or_else(|| "it says that it knows no time".to_owned())
}

fn words(tracking: &Tracking) -> String {
    format!(
        "follows {} at stratum {}, root delay {}, root dispersion {}, {} left to correct, skew {:.3} ppm",
        tracking.peer,
        tracking.stratum,
        span(tracking.root_delay),
        span(tracking.root_dispersion),
        span(tracking.correction),
        tracking.skew_ppm,
    )
}

/// The amount of so many seconds.
#[expect(clippy::cast_sign_loss, reason = "an amount")]
fn span(seconds: f64) -> Nanos {
    Nanos((seconds.abs() * 1e9).round() as u64)
}
