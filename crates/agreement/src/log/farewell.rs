//! Farewells: a node that is about to stop says so, and nobody waits for it.
//!
//! ```text
//!   n1 leads  --- Farewell{its ballot} --->  n2  next in turn: claims the ballot above, at once
//!       |     ---------------------------->  n3  looks for a leader from now on
//!       v
//!     stops
//! ```
//!
//! A farewell is a hint. It may be false, late or repeated: who said it may go on, come back and
//! lead again, or be cut off with a quorum that never heard it. So it moves nothing but the
//! moment at which others act:
//!
//! - I1 Whoever said farewell counts as a voter as before: no quorum shrinks, and what it has
//!   promised and accepted stays so.
//! - I2 A farewell gives up ballots by name. A leader that came back in a higher one is not
//!   deposed by what it said before.
//! - I3 Any other word of a node takes its farewell back; the ballots that it gave up stay so.
//!
//! The election of a successor goes by who was heard and no more, as the election does
//! ([`crate::election`]). Whether a node stopped for good or for a restart makes no difference.
//! (Fail-stop processors: Schlichting, Schneider, ACM TOCS 1983, §2. A leader that hands over
//! before it stops: Ongaro, "Consensus: Bridging Theory and Practice", 2014, §3.10, whose leader
//! names one heir and waits for it.)

//= §4.1.1 fail-stop

use super::image::Snapshot;
use super::message::Message;
use super::state::Role;
use super::step::Turn;
use crate::mutant::Mutant;
use avouch_promise::{Ballot, NodeId};

impl<I: Snapshot> Turn<'_, I> {
    /// This node is about to stop. What it leads it goes on leading until somebody takes over or
    /// it stops: what is under way may still be decided.
    pub(super) fn depart(&mut self) {
        let me = self.config.me;
        let own = Ballot { round: 0, leader: me };
        let promised = self.state.promised;
        let given_up = if promised.leader == me { promised } else { own };
        self.state.election.withdraw();
        self.broadcast(&Message::Farewell { given_up });
    }

    /// A peer is about to stop, or has stopped for good.
    pub(super) fn farewell(&mut self, from: NodeId, given_up: Ballot) {
        if self.config.has(Mutant::IgnoreFarewell) {
            return;
        }
        self.state.departed.insert(from);
        self.state.lending.remove(&from);
        if let Role::Preparing(preparing) = &mut self.state.role {
            // Its vote may need what only it could send; others may make up the quorum.
            preparing.votes.remove(&from);
        }
        self.borrow_elsewhere(from);
        if self.state.doubt.is_some() {
            return;
        }
        let voters = self.state.membership.voters.clone();
        let quorum = self.state.membership.quorum();
        if let Some(ballot) = self.state.election.farewell(from, given_up, &voters, quorum) {
            self.campaign(ballot);
        }
    }

    /// A checkpoint that the departing peer lends will not come to its end: the leader knows of
    /// another, unless it is the one that leaves; then its successor will.
    fn borrow_elsewhere(&mut self, from: NodeId) {
        if self.state.transfer.as_ref().is_none_or(|transfer| transfer.lender.node != from) {
            return;
        }
        self.state.transfer = None;
        let ballot = self.state.promised;
        if ballot.leader != from && ballot.leader != self.config.me && ballot.round > 0 {
            let decided = self.state.decided;
            self.effects.send(ballot.leader, Message::Behind { ballot, decided });
        }
    }
}
