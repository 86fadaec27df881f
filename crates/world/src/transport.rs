//! A model of TCP's retransmission: on a link that has it, a lost segment costs a delay and is
//! counted, instead of vanishing.
//!
//! ```text
//!   send --> lost? --no--> delay --> arrives (never before an earlier one)
//!              |yes
//!              +--> three later segments noticed in time: fast retransmit --+
//!              +--> else the retransmission timer, doubled each time -------+--> lost? ...
//! ```
//!
//! The estimator is RFC 6298's (Paxson, Allman, Chu, Sargent 2011), section 2: SRTT and RTTVAR with
//! gains 1/8 and 1/4, RTO = SRTT + max(G, 4 RTTVAR), held above a floor. Karn's rule (section 3):
//! a segment that was sent again gives no sample. Back-off (section 5.5): each time-out doubles.
//! Fast retransmit (RFC 5681, 3.2) after three duplicate acknowledgements.
//!
//! Deviations: a message is one segment. An acknowledgement takes as long as its segment and is
//! never lost. Whether three later segments will follow is judged by how densely the link was used
//! so far. The timer is counted per segment, not restarted for the oldest one.
//!
//! Invariants:
//! - I1 Floor <= RTO <= [`RTO_MAX`].

use crate::counters::{Count, Counters};
use crate::delay::Delay;
use avouch_promise::{Nanos, Random, invariant};

/// The longest time-out (Linux's `TCP_RTO_MAX`; RFC 6298 2.5 asks for 60 s at least).
pub const RTO_MAX: Nanos = Nanos::from_secs(120);
/// The time-out before anything was measured (RFC 6298 2.1).
pub const RTO_INITIAL: Nanos = Nanos::from_secs(1);
/// The clock's granularity G.
const GRANULARITY: Nanos = Nanos::from_millis(1);
/// So many duplicate acknowledgements tell of a loss (RFC 5681 3.2).
const DUPLICATES: u64 = 3;
/// So many tries before the connection is given up (Linux's `tcp_retries2`).
const TRIES_MAX: u32 = 15;

/// What holds the time-out up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Floor {
    /// The whole is held above this: RFC 6298 2.4, where it is 1 s.
    Whole(Nanos),
    /// The variance's part is held above this: Linux, where it is 200 ms.
    Variance(Nanos),
}

/// What is known of a path's round trip, and the time-out that follows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimator {
    floor: Floor,
    smoothed: Option<(Nanos, Nanos)>,
}

impl Estimator {
    /// Nothing measured yet.
    pub fn new(floor: Floor) -> Self {
        Self { floor, smoothed: None }
    }

    /// Takes a measured round trip in.
    pub fn sample(&mut self, round_trip: Nanos) {
        self.smoothed = Some(match self.smoothed {
            None => (round_trip, Nanos(round_trip.0 / 2)),
            Some((srtt, rttvar)) => {
                let apart = srtt.0.abs_diff(round_trip.0);
                let rttvar = rttvar.0 - rttvar.0 / 4 + apart / 4;
                (Nanos(srtt.0 - srtt.0 / 8 + round_trip.0 / 8), Nanos(rttvar))
            }
        });
    }

    /// The smoothed round trip.
    pub fn srtt(&self) -> Option<Nanos> {
        self.smoothed.map(|(srtt, _)| srtt)
    }

    /// The time-out, not backed off.
    pub fn rto(&self) -> Nanos {
        let Some((srtt, rttvar)) = self.smoothed else { return RTO_INITIAL };
        let spread = rttvar.times(4).max(GRANULARITY);
        let (rto, floor) = match self.floor {
            Floor::Whole(floor) => (srtt.plus(spread).max(floor), floor),
            Floor::Variance(floor) => (srtt.plus(spread.max(floor)), floor),
        };
        let rto = rto.min(RTO_MAX);
        invariant!(I1, rto >= floor.min(RTO_MAX), "{rto} is below {floor}");
        rto
    }
}

/// A link that is dark now and then.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Blackouts {
    every: Nanos,
    lasting: Nanos,
    since_ns: u64,
}

impl Blackouts {
    fn covers(&self, at_ns: u64) -> bool {
        at_ns.saturating_sub(self.since_ns) % self.every.0.max(1) < self.lasting.0
    }
}

/// The connection that carries one directed link.
#[derive(Clone, Debug, PartialEq)]
pub struct Transport {
    /// The share of segments that is always lost.
    pub loss: f64,
    /// With this probability a segment is held for so much longer: the far tail of real paths.
    pub tail: Option<(f64, Delay)>,
    /// Whether the link has this by nature, and not only while a fault lasts.
    by_nature: bool,
    added_loss: f64,
    blackouts: Option<Blackouts>,
    estimator: Estimator,
    /// The time-out in effect after a back-off, and until when.
    backed_off: Option<(Nanos, u64)>,
    last_sent_ns: u64,
    gap_ns: u64,
    segments: u64,
    retransmits: u64,
    timeouts: u64,
}

impl Default for Transport {
    /// As Linux does it, on a path that loses nothing.
    fn default() -> Self {
        Self {
            loss: 0.0,
            tail: None,
            by_nature: true,
            added_loss: 0.0,
            blackouts: None,
            estimator: Estimator::new(Floor::Variance(Nanos::from_millis(200))),
            backed_off: None,
            last_sent_ns: 0,
            gap_ns: Nanos::from_secs(1).0,
            segments: 0,
            retransmits: 0,
            timeouts: 0,
        }
    }
}

impl Transport {
    /// That of a path which loses this share of segments, with this far tail.
    pub fn of_a_path(loss: f64, tail: Option<(f64, Delay)>) -> Self {
        Self { loss, tail, ..Self::default() }
    }

    /// One that goes with the fault that brought it.
    pub(crate) fn for_a_fault() -> Self {
        Self { by_nature: false, ..Self::default() }
    }

    pub(crate) fn set_loss(&mut self, probability: f64) {
        self.added_loss = probability;
    }

    /// Dark for `lasting` of every `every` from now on; zero ends it.
    pub(crate) fn set_blackouts(&mut self, now_ns: u64, every: Nanos, lasting: Nanos) {
        let on = lasting > Nanos::ZERO && every > lasting;
        self.blackouts = on.then_some(Blackouts { every, lasting, since_ns: now_ns });
    }

    pub(crate) fn settle(&mut self) {
        (self.added_loss, self.blackouts) = (0.0, None);
    }

    /// Whether nothing needs it any more.
    pub(crate) fn is_needed(&self) -> bool {
        self.by_nature || self.added_loss > 0.0 || self.blackouts.is_some()
    }

    /// Segments sent, those sent again not counted.
    pub fn segments(&self) -> u64 {
        self.segments
    }

    /// Segments sent again so far, each time counted.
    pub fn retransmits(&self) -> u64 {
        self.retransmits
    }

    /// How often the retransmission timer went off.
    pub fn timeouts(&self) -> u64 {
        self.timeouts
    }

    /// The time-out in effect.
    pub fn rto(&self, now: Nanos) -> Nanos {
        match self.backed_off {
            Some((rto, until_ns)) if now.0 < until_ns => rto,
            _ => self.estimator.rto(),
        }
    }

    /// The smoothed round trip.
    pub fn srtt(&self) -> Option<Nanos> {
        self.estimator.srtt()
    }

    /// A segment that leaves into a cut: its timer goes off and nobody is there.
    pub(crate) fn meet_a_cut(&mut self, now_ns: u64) {
        self.segments += 1;
        self.retransmits += 1;
        let rto = self.rto(Nanos(now_ns));
        let dark = self.backed_off.is_some_and(|(_, until_ns)| now_ns < until_ns);
        if !dark {
            self.back_off(now_ns, self.doubled(now_ns, rto));
        }
    }

    /// The next time-out in a row, if the last one ended just now; else the first one.
    fn doubled(&self, now_ns: u64, rto: Nanos) -> Nanos {
        match self.backed_off {
            Some((last, until_ns)) if now_ns < until_ns.saturating_add(last.0) => {
                last.times(2).min(RTO_MAX)
            }
            _ => rto,
        }
    }

    fn back_off(&mut self, at_ns: u64, rto: Nanos) {
        self.timeouts += 1;
        self.backed_off = Some((rto, at_ns.saturating_add(rto.0)));
    }

    fn is_lost(&self, at_ns: u64, random: &mut Random) -> bool {
        let loss = self.loss + self.added_loss;
        self.blackouts.is_some_and(|dark| dark.covers(at_ns)) || (loss > 0.0 && random.chance(loss))
    }

    /// When a segment sent now, which takes `delay` once it gets through, arrives; none when the
    /// connection was given up.
    pub(crate) fn carry(
        &mut self,
        now_ns: u64,
        delay: Nanos,
        random: &mut Random,
        counters: &mut Counters,
    ) -> Option<u64> {
        self.segments += 1;
        let gap = now_ns.saturating_sub(self.last_sent_ns).min(Nanos::from_secs(1).0);
        self.gap_ns = self.gap_ns - self.gap_ns / 4 + gap / 4;
        self.last_sent_ns = now_ns;
        let (mut at_ns, mut tries, mut rto) = (now_ns, 0, self.estimator.rto());
        while self.is_lost(at_ns, random) {
            tries += 1;
            if tries > TRIES_MAX {
                return None;
            }
            counters.add(Count::Retransmits);
            self.retransmits += 1;
            if let Some(noticed_ns) = self.noticed_by_acknowledgements(at_ns, tries, delay) {
                at_ns = noticed_ns;
                continue;
            }
            counters.add(Count::RetransmitTimeouts);
            self.back_off(at_ns, rto);
            at_ns = at_ns.saturating_add(rto.0);
            rto = rto.times(2).min(RTO_MAX);
        }
        if tries == 0 {
            self.estimator.sample(delay.times(2));
        }
        let tail = match self.tail {
            Some((probability, longer)) if random.chance(probability) => longer.sample(random),
            _ => Nanos::ZERO,
        };
        Some(at_ns.saturating_add(delay.plus(tail).0))
    }

    /// When the third later segment's acknowledgement would be back, if that is before the timer.
    fn noticed_by_acknowledgements(&self, at_ns: u64, tries: u32, delay: Nanos) -> Option<u64> {
        let later_ns = at_ns.saturating_add(self.gap_ns.saturating_mul(DUPLICATES));
        let back_ns = later_ns.saturating_add(delay.times(2).0);
        let in_time = back_ns < at_ns.saturating_add(self.estimator.rto().0);
        let dark = self.blackouts.is_some_and(|dark| dark.covers(later_ns));
        (tries == 1 && in_time && !dark).then_some(back_ns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAR: Nanos = Nanos::from_millis(40);

    fn millis(count: u64) -> Nanos {
        Nanos::from_millis(count)
    }

    /// RFC 6298 2.2 and 2.3 by hand: 100 ms, then 180 ms.
    #[test]
    //= §4.1.2 rto-spikes test
    fn the_estimator_is_that_of_rfc_6298() {
        let mut estimator = Estimator::new(Floor::Whole(millis(1)));
        assert_eq!(estimator.rto(), RTO_INITIAL);
        estimator.sample(millis(100));
        assert_eq!((estimator.srtt(), estimator.rto()), (Some(millis(100)), millis(300)));
        estimator.sample(millis(180));
        // RTTVAR = 3/4 50 + 1/4 80 = 57.5; SRTT = 7/8 100 + 1/8 180 = 110.
        assert_eq!((estimator.srtt(), estimator.rto()), (Some(millis(110)), millis(340)));
        let mut linux = Estimator::new(Floor::Variance(millis(200)));
        (0..200).for_each(|_| linux.sample(millis(80)));
        assert!(linux.rto().0.abs_diff(millis(280).0) < 1_000, "{}", linux.rto());
    }

    fn carried(transport: &mut Transport, at: Nanos) -> Nanos {
        let mut random = Random::new(5);
        let at = transport.carry(at.0, FAR, &mut random, &mut Counters::default());
        at.map_or(Nanos::MAX, Nanos)
    }

    #[test]
    fn a_dark_link_backs_off_and_the_segment_arrives_late() {
        let mut transport = Transport::default();
        for at in 0..50 {
            assert_eq!(carried(&mut transport, millis(at * 500)), millis(at * 500 + 40));
        }
        assert_eq!(transport.rto(millis(25_000)).0 / 1_000_000, 280);
        transport.set_blackouts(millis(25_000).0, Nanos::from_secs(100), millis(500));
        // Sent at 25,000, again at 25,280 (still dark), and at 25,280 + 560.
        let arrived = carried(&mut transport, millis(25_000));
        assert!(arrived.0.abs_diff(millis(25_880).0) < 10_000, "{arrived}");
        assert_eq!((transport.retransmits(), transport.timeouts()), (2, 2));
        let doubled = transport.rto(millis(25_300));
        assert!(doubled.0.abs_diff(millis(560).0) < 10_000, "{doubled}");
        // Karn: the segment sent twice was no sample.
        assert_eq!(transport.srtt().map(|srtt| srtt.0.abs_diff(millis(80).0) < 1_000), Some(true));
    }

    #[test]
    //= §4.1.2 tcp-retransmits test
    fn where_segments_are_dense_duplicates_tell_of_a_loss_before_the_timer() {
        let (mut transport, mut random) = (Transport::default(), Random::new(9));
        let mut counters = Counters::default();
        let mut latest = Nanos::ZERO;
        for at in 0..4_000_u64 {
            transport.set_loss(if at < 100 { 0.0 } else { 0.05 });
            let sent = millis(at * 5);
            let arrived = transport.carry(sent.0, FAR, &mut random, &mut counters);
            latest = latest.max(Nanos(arrived.expect("it arrives") - sent.0));
        }
        assert!(transport.retransmits().abs_diff(205) < 45, "{}", transport.retransmits());
        assert!(transport.timeouts() < 30, "{}", transport.timeouts());
        assert!(latest > millis(130), "{latest}");
        assert_eq!(counters.of(Count::Retransmits), transport.retransmits());
    }

    #[test]
    fn a_connection_is_given_up_after_many_tries() {
        let mut transport = Transport::default();
        transport.set_loss(1.0);
        assert_eq!(carried(&mut transport, millis(1)), Nanos::MAX);
    }
}
