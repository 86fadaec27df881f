//! The quality of service of a failure detector, measured on a trace.
//!
//! ```text
//!   sender    up ------------------------------------------ crash
//!   detector  trust ---- suspect -- trust ---- suspect - trust - suspect ------- end
//!                        |<-T_M-->|            ^                 ^
//!                        |<------ T_MR ------->|        |<-T_D-->|
//! ```
//!
//! - `T_D`, detection time: from the crash to the suspicion that is never taken back.
//! - `T_MR`, mistake recurrence time: from one wrong suspicion's start to the next one's, on
//!   average; its inverse is the mistake rate.
//! - `T_M`, mistake duration: from a wrong suspicion's start to its end, on average.
//! - `P_A`, query accuracy: the chance that a question, at any moment while the sender is up, is
//!   answered rightly.
//!
//! The mistake that the crash finds under way counts until the crash.
//!
//! Reference: Chen, Toueg, Aguilera 2002, §2: the first two and `T_M` determine all others.

//= §1.2.2 detector-quality

use super::trace::Trace;
use super::{Detector, Verdict, ratio, real};
use avouch_promise::Nanos;

/// What a detector was worth on a trace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quality {
    /// From the crash to the lasting suspicion; none without a crash, or if it was missed.
    pub detection: Option<Nanos>,
    /// Suspicions that began while the sender was up.
    pub mistakes: u64,
    /// How long the sender was suspected while it was up, all in all.
    pub suspected: Nanos,
    /// The longest of these.
    pub longest: Nanos,
    /// How long the sender was up and watched.
    pub up: Nanos,
}

impl Quality {
    /// Mistakes per second of the sender's life: 1 / `T_MR`.
    pub fn mistake_rate_hz(&self) -> f64 {
        real(i128::from(self.mistakes)) / (real(i128::from(self.up.0.max(1))) / 1e9)
    }

    /// `T_M`; none without a mistake.
    pub fn mistake_duration(&self) -> Option<Nanos> {
        self.suspected.0.checked_div(self.mistakes).map(Nanos)
    }

    /// `T_MR`; none without a mistake.
    pub fn mistake_recurrence(&self) -> Option<Nanos> {
        self.up.0.checked_div(self.mistakes).map(Nanos)
    }

    /// `P_A`, from 0 to 1.
    pub fn query_accuracy(&self) -> f64 {
        1.0 - ratio(self.suspected, self.up)
    }
}

/// Lets `detector`, which watches since zero, watch `trace`.
///
/// ```
/// use avouch_agreement::detector::{Timeout, Trace, measure};
/// use avouch_promise::Nanos;
///
/// let second = Nanos::from_secs(1);
/// let delay = |_| Some(Nanos::from_millis(40));
/// let trace = Trace::new(second, 60, delay).crashed(second.times(30), second.times(20));
/// let quality = measure(&mut Timeout::new(second.times(3), Nanos::ZERO), &trace);
/// assert_eq!(quality.mistakes, 0);
/// assert_eq!(quality.detection, Some(Nanos::from_millis(2_040)));
/// ```
pub fn measure(detector: &mut (impl Detector + ?Sized), trace: &Trace) -> Quality {
    let mut watch = Watch { crash: trace.crash, ..Watch::default() };
    for heartbeat in &trace.heartbeats {
        watch.until(detector.deadline(), heartbeat.arrived);
        detector.heartbeat(heartbeat.sequence, heartbeat.arrived);
        watch.now(detector.verdict(heartbeat.arrived), heartbeat.arrived);
    }
    watch.until(detector.deadline(), trace.end.plus(Nanos(1)));
    let lasting = watch.suspected_since;
    watch.now(Verdict::Trust, trace.end);
    let up = trace.crash.unwrap_or(trace.end).min(trace.end);
    let detection = trace.crash.and_then(|crash| lasting.map(|since| since.minus(crash)));
    Quality { detection, up, ..watch.quality }
}

/// Follows one detector's verdicts.
#[derive(Default)]
struct Watch {
    crash: Option<Nanos>,
    suspected_since: Option<Nanos>,
    seen: Nanos,
    quality: Quality,
}

impl Watch {
    /// Nothing arrives before `next`: a deadline that is reached first starts a suspicion.
    fn until(&mut self, deadline: Nanos, next: Nanos) {
        if deadline < next && self.suspected_since.is_none() {
            self.suspected_since = Some(deadline.max(self.seen));
        }
    }

    /// The verdict after what arrived at `now`.
    fn now(&mut self, verdict: Verdict, now: Nanos) {
        self.seen = now;
        match (verdict, self.suspected_since) {
            (Verdict::Trust, Some(since)) => {
                self.suspected_since = None;
                let end = self.crash.map_or(now, |crash| crash.min(now));
                if since < end {
                    let span = end.minus(since);
                    self.quality.mistakes += 1;
                    self.quality.suspected = self.quality.suspected.plus(span);
                    self.quality.longest = self.quality.longest.max(span);
                }
            }
            (Verdict::Suspect, None) => self.suspected_since = Some(now),
            _ => {}
        }
    }
}
