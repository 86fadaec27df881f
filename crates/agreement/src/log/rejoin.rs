//! Rejoining: how a node whose disk may have lost acknowledged records votes again, safely.
//!
//! Such a node may have forgotten a promise, or entries that it acknowledged. It votes for nothing
//! until a quorum of the *others* told it what they promised and accepted:
//!
//! - what it acknowledged and was decided was accepted by a quorum, which shares a voter other than
//!   this node with the quorum that answered: it adopts the newest log among them;
//! - a promise it gave to a ballot b and forgot may still be counted by b's leader. So every voter
//!   that answers durably notes the node's new incarnation, and from then on refuses to be
//!   synchronised into a ballot that stands on a promise of an older one, unless that ballot had
//!   already decided an entry; in that case one of those that answered knows the ballot.
//!
//! The same bug in view-change recovery without disks: Michael et al., "Recovering Shared Objects
//! Without Stable Storage", DISC 2017.
//!
//! Needs a quorum among the others; where they all doubt, an operator must decide.

//= §4.1.1 recovery

use super::command::Observation;
use super::image::Snapshot;
use super::message::{Message, Vote};
use super::record::Record;
use super::step::Turn;
use avouch_promise::{Incarnation, LogIndex, NodeId};

impl<I: Snapshot> Turn<'_, I> {
    /// Asks every other voter.
    pub(super) fn ask_to_rejoin(&mut self) {
        let (incarnation, decided) = (self.state.incarnation, self.state.decided);
        let others: Vec<_> = self.state.membership.others(self.config.me).collect();
        for to in others {
            self.send_durably(to, Message::Rejoin { incarnation, decided });
        }
    }

    /// A voter doubts its disk.
    pub(super) fn rejoin(&mut self, from: NodeId, incarnation: Incarnation, decided: LogIndex) {
        if self.state.known.get(&from).is_none_or(|known| *known < incarnation) {
            self.state.known.insert(from, incarnation);
            self.persist(Record::Known(from, incarnation));
            self.distrust(from, incarnation);
        }
        if self.state.doubt.is_none() {
            let vote = self.vote(decided);
            self.send_durably(from, Message::Rejoined { incarnation, vote });
        }
    }

    /// Another voter answered.
    pub(super) fn rejoined(&mut self, from: NodeId, incarnation: Incarnation, vote: Vote) {
        if incarnation != self.state.incarnation {
            return;
        }
        if let Some(votes) = &mut self.state.doubt {
            votes.insert(from, vote);
            self.try_to_trust();
        }
    }

    /// With a quorum of the others: adopt the newest log and the highest promise, then vote again.
    pub(super) fn try_to_trust(&mut self) {
        let Some(votes) = &self.state.doubt else { return };
        if votes.len() < self.state.membership.quorum() {
            return;
        }
        let promised = votes.values().map(|vote| vote.promised).max().unwrap_or_default();
        let best = votes.iter().max_by_key(|(_, vote)| (vote.accepted, vote.end));
        let Some((from, vote)) = best.map(|(from, vote)| (*from, vote.clone())) else { return };
        if vote.decided > self.state.decided {
            return self.fetch_from(from);
        }
        let mine = (self.state.accepted, self.state.tail.end().index);
        if (vote.accepted, vote.end) > mine && !self.adopt_suffix(&vote) {
            return; // the resend timer asks again from the present decided point
        }
        self.state.doubt = None;
        let promised = promised.max(self.state.promised);
        self.raise_promise(promised);
        self.restate();
        self.effects.observe(Observation::Rejoined);
    }
}
