//! What another program claims of the machine's clock: a segment, or chronyd.
//!
//! A claim is of the clock that is set. Who sets it after the claim was made leaves the claim about
//! another clock; both are read here, so the claim is widened by what was set.

use super::chronyd::{self, Door};
use super::keeper::{SLEPT_LEAST, pause};
use super::{keeper, machine, segment};
use avouch_promise::{Basis, Claimant, Interval, Lack, Nanos, Wall};
use avouch_time::interval::Drift;
use avouch_time::segment::Segment;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How often a segment is read.
const SEGMENT_POLL: Duration = Duration::from_millis(100);
/// A claim of chronyd is believed for so many polls after which it did not answer.
const POLLS: u32 = 8;

/// A claim, and the machine's clocks when it came.
#[derive(Clone, Copy, Debug)]
pub(super) struct Claimed {
    /// It grows and becomes void as a segment does.
    pub(super) segment: Segment,
    pub(super) set: i64,
    pub(super) slept: Nanos,
}

impl Claimed {
    pub(super) fn of(segment: Segment) -> Self {
        Self { segment, set: machine::set_closely(), slept: machine::slept_closely() }
    }
}

/// The wall clock, by what is claimed; the host has slept so long so far.
pub(super) fn read(claimant: Claimant, claimed: Option<&Claimed>, slept: Nanos) -> Wall {
    let none = Wall::none(Lack::Unclaimed(claimant));
    let Some(claimed) = claimed else { return none };
    if slept > claimed.slept.plus(SLEPT_LEAST) {
        return Wall::none(Lack::Disrupted);
    }
    let (bound, _) = claimed.segment.at(machine::monotonic());
    let Some(bound) = bound else { return none };
    let bound = bound.plus(Nanos(machine::set().abs_diff(claimed.set)));
    Wall { interval: Interval::around(machine::wall(), bound), basis: Basis::Claimed(claimant) }
}

/// Reads a segment again and again. One that is the same as before tells nothing of what was done
/// to the clock meanwhile.
pub(super) fn follow_segment(path: &Path, claim: &Mutex<Option<Claimed>>, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        let found = segment::read(path).ok();
        let mut kept = keeper::locked(claim);
        let is_known = matches!((&*kept, &found), (Some(kept), Some(new)) if kept.segment == *new);
        if !is_known {
            *kept = found.map(Claimed::of);
        }
        drop(kept);
        pause(SEGMENT_POLL, stop);
    }
}

/// Asks chronyd again and again.
pub(super) fn follow_chronyd(
    door: &Door,
    drift: Drift,
    poll: Duration,
    claim: &Mutex<Option<Claimed>>,
    stop: &AtomicBool,
) {
    let lasts = super::nanos(poll.saturating_mul(POLLS));
    while !stop.load(Ordering::Relaxed) {
        // What it says is as of some moment after the asking; its bound counts from before.
        let as_of = machine::monotonic();
        let said = chronyd::track(door);
        if let Ok(tracking) = said {
            let bound = tracking.claim();
            let claimed =
                bound.map(|bound| Claimed::of(Segment::claim(as_of, lasts, bound, drift)));
            *keeper::locked(claim) = claimed;
        }
        pause(poll, stop);
    }
}
