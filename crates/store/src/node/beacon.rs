//! Bounded staleness: a node reads its clock, asks a quorum, and for a while knows how old its
//! state is at most without asking anybody.
//!
//! ```text
//!   ask T --> is the beacon's state at most T old, by this clock, at its latest?
//!               | yes: answer from it, asking nobody      (older than T/2: light the next one)
//!               | no, or this clock has no bound: as a linearizable read,
//!               v      and light a beacon, whose question travels in the same round
//! ```
//!
//! So a clock that loses its bound costs a round trip and no answer; where no quorum is to be had
//! besides, the request waits for its deadline, and is told both. A clock that has a bound again
//! meanwhile answers it.
//!
//! Invariants:
//! - I6 What is answered from a beacon is at most as old as was asked, by the clock's own bounds.

use super::config::NodeMutant;
use super::state::{Draft, Lit, Wants};
use super::step::Turn;
use avouch_agreement::log;
use avouch_machine::{CommandId, Event};
use avouch_promise::evidence::{Beacon, CommitCertificate, Floor};
use avouch_promise::guarantee::Guarantee;
use avouch_promise::{Ack, Decode, EntryHeader, LogIndex, LogPoint, Nanos, Wall, invariant};
use avouch_state::{Moment, outcome_bytes};

/// The ticket of a beacon's read; commands of clients count from below.
pub(super) const TICKET: u64 = u64::MAX;

/// A state that is proved to have been current at a beacon.
struct Shown {
    header: EntryHeader,
    moment: Moment,
    certificate: Option<CommitCertificate>,
}

impl Turn<'_> {
    /// Answers a read of bounded staleness, or asks as for a linearizable one.
    //= §2.3.3 bounded-staleness-time
    pub(super) fn answer_stale(&mut self, id: CommandId, bound: Nanos) {
        let now = self.env.clock();
        let age = self.state.lit.as_ref().and_then(|lit| now.since(&lit.beacon.wall));
        let young = age.is_some_and(|age| age <= bound);
        let careless = self.config.has(NodeMutant::AnswerWithoutClock);
        if (young || careless)
            && let Some(lit) = self.state.lit.clone()
            && let Some(shown) = self.shown(&lit)
        {
            invariant!(I6, young || careless, "a beacon that is too old");
            if age.is_none_or(|age| age.times(2) > bound) {
                self.light(&now);
            }
            return self.answer_lit(id, lit, shown, now);
        }
        self.light(&now);
        if !now.is_bounded() && self.state.lit.is_some() {
            self.state.clockless.insert(id);
        }
        self.ask_log(id);
    }

    /// A clock that has a bound again answers those that have waited for a quorum meanwhile.
    pub(super) fn answer_clockless(&mut self) {
        if self.state.clockless.is_empty() {
            return;
        }
        let now = self.env.clock();
        if !now.is_bounded() {
            return;
        }
        for id in std::mem::take(&mut self.state.clockless) {
            let guarantee = self.state.asked.get(&id).map(|asked| asked.guarantee);
            let Some(Guarantee::StalenessByTime(bound)) = guarantee else { continue };
            let Some(lit) = self.state.lit.clone() else { continue };
            let young = now.since(&lit.beacon.wall).is_some_and(|age| age.0 <= bound.get());
            if let (true, Some(shown)) = (young, self.shown(&lit)) {
                self.abandon(id); // the log need not ask any more
                self.answer_lit(id, lit, shown, now);
            }
        }
    }

    /// Asks a quorum about a new beacon, unless one is under way or the clock has no bound.
    fn light(&mut self, now: &Wall) {
        if self.state.lighting.is_some() || !now.is_bounded() {
            return;
        }
        let beacon = Beacon { node: self.config.log.me, wall: *now };
        self.state.lighting = Some(beacon);
        let command = log::Command::Read { ticket: TICKET, digest: beacon.digest(), attest: true };
        self.log(Event::Command { id: CommandId(TICKET), command });
    }

    /// A quorum saw the beacon: what was complete before it is at or below this entry.
    pub(super) fn lit(&mut self, index: LogIndex, floor: Floor) {
        if let Some(beacon) = self.state.lighting.take() {
            self.state.lit = Some(Lit { beacon, index, floor });
        }
    }

    /// The newest state that a beacon's floor and a certificate prove; none while there is none.
    fn shown(&self, lit: &Lit) -> Option<Shown> {
        let ballot =
            lit.floor.acks.first().and_then(|ack| Ack::from_bytes(&ack.bytes).ok())?.ballot;
        let proves = |header: &EntryHeader| header.index >= lit.index && header.ballot == ballot;
        if let Some(certified) = &self.state.certified
            && proves(&certified.header)
        {
            let certificate = Some(certified.proof.clone());
            let (header, moment) = (certified.header, certified.moment.clone());
            return Some(Shown { header, moment, certificate });
        }
        // An idle log: the floor is the certificate too.
        let recent = self.state.recent_at(lit.index).filter(|recent| proves(&recent.header))?;
        let reaches = |ack: &avouch_promise::Signed| {
            Ack::from_bytes(&ack.bytes).is_ok_and(|ack| ack.accepted == lit.index)
        };
        lit.floor.acks.iter().all(reaches).then(|| Shown {
            header: recent.header,
            moment: recent.moment.clone(),
            certificate: None,
        })
    }

    fn answer_lit(&mut self, id: CommandId, lit: Lit, shown: Shown, wall: Wall) {
        let Some(asked) = self.state.asked.get(&id) else { return };
        let Some(operation) = &asked.read else { return };
        let Shown { header, moment, certificate } = shown;
        let Lit { beacon, floor, .. } = lit;
        let proof = Wants::Stale { header, beacon, floor, certificate };
        let draft = Draft {
            id,
            request: asked.digest,
            outcome: outcome_bytes(&moment.read(&self.state.machine, operation)),
            point: LogPoint { index: header.index, position: header.count },
            guarantee: asked.guarantee,
            hops: 0,
            commit: self.state.log.decided(),
            wall,
            wants: if asked.evidence { proof } else { Wants::Nothing },
        };
        self.settle(draft);
    }
}
