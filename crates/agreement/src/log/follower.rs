//! The follower's side: promises, acceptance, acknowledgements, decisions.

use super::command::Output;
use super::entry::Entries;
use super::image::Snapshot;
use super::message::{Certificate, Message, Vote};
use super::state::Role;
use super::step::Turn;
use super::tail::Place;
use crate::mutant::Mutant;
use avouch_promise::{Ballot, Digest, Incarnation, LogIndex, NodeId};
use std::sync::Arc;

impl<I: Snapshot> Turn<'_, I> {
    /// What this node tells of its log to one whose decided point is `theirs`.
    pub(super) fn vote(&mut self, theirs: LogIndex) -> Vote {
        let state = &*self.state;
        let from = theirs.max(state.decided);
        let suffix = if from >= state.tail.end().index {
            Vec::new()
        } else {
            state.tail.after_index(from, usize::MAX).unwrap_or_default()
        };
        Vote {
            speaker: self.speaker(),
            promised: state.promised,
            accepted: state.accepted,
            end: state.tail.end(),
            decided: state.decided,
            suffix,
        }
    }

    /// A leader asks for a promise.
    pub(super) fn prepare(
        &mut self,
        from: NodeId,
        ballot: Ballot,
        asked: Incarnation,
        log: (Ballot, LogIndex),
        decided: LogIndex,
    ) {
        if ballot.leader != from {
            return;
        }
        if ballot < self.state.promised {
            let promised = self.state.promised;
            return self.effects.send(from, Message::Refused { promised });
        }
        if ballot > self.state.promised {
            self.step_down(ballot);
            self.raise_promise(ballot);
        }
        let mut vote = self.vote(decided);
        if (vote.accepted, vote.end.index) <= log {
            vote.suffix.clear();
        }
        let message = Message::Promise { ballot, asked, vote: Box::new(vote) };
        if self.config.has(Mutant::PromiseBeforePersisting) {
            return self.effects.send(from, message);
        }
        self.send_durably(from, message);
    }

    /// Entries from a leader.
    #[expect(clippy::too_many_arguments, reason = "the message's fields, one by one")]
    pub(super) fn append(
        &mut self,
        from: NodeId,
        ballot: Ballot,
        previous: Place,
        entries: &Entries,
        decided: LogIndex,
        attest: bool,
        sync: bool,
    ) {
        let lower = ballot < self.state.promised && !self.config.has(Mutant::IgnorePromise);
        if ballot.leader != from || lower {
            let promised = self.state.promised;
            return self.effects.send(from, Message::Refused { promised });
        }
        let continues = entries.first().is_none_or(|first| {
            first.index() == previous.index.next() && first.header().previous == previous.chain
        });
        if !continues {
            return;
        }
        if ballot > self.state.promised {
            self.step_down(ballot);
            self.raise_promise(ballot);
        }
        if attest {
            let end = LogIndex(previous.index.0 + entries.len() as u64);
            let following = &mut self.state.following;
            following.attest = following.attest.max(end);
            if end <= following.attested {
                following.attested = LogIndex(0); // asked again: the signed answer was lost
            }
        }
        let new = self.state.accepted != ballot;
        let placed = if self.state.accepted == ballot {
            self.extend(ballot, previous, entries, sync, decided)
        } else if sync {
            self.replace(ballot, previous, entries, decided)
        } else {
            false
        };
        if !placed {
            let decided = self.state.decided;
            return self.effects.send(from, Message::Behind { ballot, decided });
        }
        self.state.decided = self.state.decided.max(decided.min(self.state.tail.end().index));
        if self.config.has(Mutant::AcknowledgeBeforePersisting) {
            let end = self.state.tail.end();
            self.tell_accepted(end);
        } else if self.durable_in_promised().is_some() {
            self.state.following.reported = LogIndex(0); // an answer to this very message
            self.report();
        }
        if new {
            // What its clients asked went to an earlier leader, which may have gone with it.
            self.resend_own();
            self.resend_reads();
        }
    }

    /// In the same ballot logs only grow: takes what reaches beyond the own log, from where they
    /// meet. False when they do not.
    fn extend(
        &mut self,
        ballot: Ballot,
        previous: Place,
        entries: &Entries,
        sync: bool,
        decided: LogIndex,
    ) -> bool {
        let end = self.state.tail.end();
        if sync && self.config.has(Mutant::TruncateSameBallot) && previous.index < end.index {
            if previous.index >= self.state.decided {
                self.write(ballot, previous, entries, decided);
            }
            return true;
        }
        if previous.index > end.index {
            return false;
        }
        let Some(first_new) = entries.iter().position(|entry| entry.index() > end.index) else {
            return true; // nothing new
        };
        let fresh = &entries[first_new..];
        let meets = fresh.first().is_some_and(|first| first.header().previous == end.chain);
        if meets {
            self.write(ballot, end, &from_place(entries, first_new), decided);
        }
        meets
    }

    /// Into a new ballot: the own log after `previous` gives way to the leader's. False when the
    /// own log does not reach there, or is another one there.
    fn replace(
        &mut self,
        ballot: Ballot,
        previous: Place,
        entries: &Entries,
        decided: LogIndex,
    ) -> bool {
        // What is decided here already is the same there.
        let skip = entries.iter().take_while(|entry| entry.index() <= self.state.decided).count();
        let from = if skip == 0 { previous } else { super::tail::place(&entries[skip - 1]) };
        let meets = self.state.tail.at(from.index).is_some_and(|at| at.chain == from.chain);
        if !meets || from.index < self.state.decided {
            return false;
        }
        self.write(ballot, from, &from_place(entries, skip), decided);
        true
    }

    /// Tells the leader up to where this node's log is durable, when that is news.
    pub(super) fn report(&mut self) {
        if !matches!(self.state.role, Role::Follower) || self.state.doubt.is_some() {
            return;
        }
        let Some(place) = self.durable_in_promised() else { return };
        let following = &self.state.following;
        let signed_news = following.attested < following.attest.min(place.index);
        if place.index > following.reported || signed_news {
            self.tell_accepted(place);
        }
    }

    fn tell_accepted(&mut self, place: Place) {
        let following = &mut self.state.following;
        following.reported = place.index;
        let sign = following.attested < following.attest;
        if sign {
            following.attested = place.index;
        }
        let ack = sign.then(|| Box::new(self.acknowledge(place, Digest::ZERO)));
        let ballot = self.state.promised;
        let (index, chain) = (place.index, place.chain);
        let leader = ballot.leader;
        if leader != self.config.me {
            let speaker = self.speaker();
            self.effects.send(leader, Message::Accepted { ballot, speaker, index, chain, ack });
        }
    }

    /// The leader decided.
    pub(super) fn decide(
        &mut self,
        ballot: Ballot,
        decided: Place,
        certificate: Option<Arc<Certificate>>,
    ) {
        let end = self.state.tail.end();
        let same_chain =
            self.state.tail.at(decided.index).is_some_and(|at| at.chain == decided.chain);
        if same_chain {
            self.state.decided = self.state.decided.max(decided.index);
        } else if self.state.accepted == ballot && decided.index > end.index {
            // This node's log is a prefix of the leader's, all of which is decided.
            self.state.decided = self.state.decided.max(end.index);
        }
        if ballot == self.state.promised && self.state.decided < decided.index {
            let decided = self.state.decided;
            self.effects.send(ballot.leader, Message::Behind { ballot, decided });
        }
        if let Some(certificate) = certificate
            && certificate.covers > self.state.certified
        {
            self.state.certified = certificate.covers;
            self.effects.output(Output::Certified(certificate));
        }
    }

    /// Asks the leader for a certificate when this node cannot prove what it knows.
    pub(super) fn ask_for_certificate(&mut self) {
        let ballot = self.state.promised;
        let follows = ballot.leader != self.config.me && ballot.round > 0;
        if follows && self.state.certified < self.state.decided {
            self.effects.send(ballot.leader, Message::WantCertificate { ballot });
        }
    }

    /// A follower cannot place this leader's entries.
    pub(super) fn behind(&mut self, from: NodeId, ballot: Ballot, decided: LogIndex) {
        let leads = matches!(&self.state.role, Role::Leading(leading) if leading.ballot == ballot);
        if leads && from != self.config.me {
            self.synchronise(from, decided);
        }
    }
}

/// The entries from this place of the list on: mostly all of them, as they are.
fn from_place(entries: &Entries, place: usize) -> Entries {
    if place == 0 { entries.clone() } else { entries[place..].into() }
}
