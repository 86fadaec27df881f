//! Rejoining: how a node whose disk may have lost acknowledged records votes again, safely.
//!
//! Such a node, D, may have forgotten promises, and entries that it acknowledged. It votes for
//! nothing until a quorum of the *others* told it what they promised and accepted. Each of them
//! durably notes D's new incarnation first. What D said in older ones still travels, or is held by
//! a leader; so whatever is counted carries its speaker's incarnation and crash vector
//! ([`CrashVector`](super::CrashVector)), and whoever counts merges the vectors first and drops
//! what is older.
//!
//! Why nothing is lost. Let W be the quorum whose acknowledgements decided an entry, or whose
//! promises made a leader, and R the quorum of others that answered D. Without D, W still has
//! quorum - 1 of the n - 1 others, so some X is in both:
//!
//! ```text
//!   X spoke in W, then answered D   its answer holds the entry, or the promise: D knows it again
//!   X answered D, then spoke in W   its word in W carries D's new incarnation: the word of the
//!                                   old D is dropped from W, which needs another voter
//!   X lost its own disk in between  X itself rejoined through a quorum; the same holds for X, and
//!                                   vectors that X lost come back with the answers to it, for D
//!                                   names itself in its own
//! ```
//!
//! Questions of the old D are on their way, too. It may have asked for promises of a ballot that
//! it has forgotten, and ask for the same ballot again, with another log. So a question carries its
//! speaker like a word, an answer names the incarnation that asked, and a vote names the chain at
//! its end, so that no log is taken for another. A ballot that the old D *led* is never taken
//! again: by the same count some X in R promised it.
//!
//! The same bug in view-change recovery without disks, and the cure: Michael et al., "Recovering
//! Shared Objects Without Stable Storage", DISC 2017.
//!
//! A disk that lies may lose, too, that its node ever came back. Then the first word of somebody
//! who knows of that tells the node what its disk is worth, and it doubts from there on.
//!
//! Needs a quorum among the others; where they all doubt, an operator must decide.

//= §4.1.1 recovery
//= §4.1.3 Byzantine-lite hardening: self-checking state, peers repair

use super::command::Observation;
use super::image::Snapshot;
use super::message::{Message, Speaker, Vote};
use super::record::Record;
use super::step::Turn;
use crate::mutant::Mutant;
use avouch_promise::{Ballot, Incarnation, LogIndex, NodeId};
use std::collections::BTreeMap;

impl<I: Snapshot> Turn<'_, I> {
    /// Asks every other voter.
    pub(super) fn ask_to_rejoin(&mut self) {
        let (incarnation, decided) = (self.state.incarnation, self.state.decided);
        let others: Vec<_> = self.state.membership.others(self.config.me).collect();
        for to in others {
            self.send_durably(to, Message::Rejoin { incarnation, decided });
        }
    }

    /// Who speaks, beside what is counted.
    pub(super) fn speaker(&self) -> Speaker {
        Speaker { incarnation: self.state.incarnation, known: self.state.known.clone() }
    }

    /// Whether a node's word counts, now that its vector is known too.
    pub(super) fn counts(&mut self, from: NodeId, speaker: &Speaker) -> bool {
        if self.config.has(Mutant::CountOldWords) {
            return true;
        }
        for (node, incarnation) in speaker.known.iter() {
            self.came_back(node, incarnation);
        }
        self.state.known.counts(from, speaker.incarnation)
    }

    /// A node asks for a promise: one that it remembers asking for.
    pub(super) fn asked(
        &mut self,
        from: NodeId,
        ballot: Ballot,
        speaker: &Speaker,
        log: (Ballot, LogIndex),
        decided: LogIndex,
    ) {
        let counts = self.counts(from, speaker) || self.config.has(Mutant::HearOldQuestions);
        // Its vector may have been what made this node doubt.
        if counts && self.state.doubt.is_none() {
            self.prepare(from, ballot, speaker.incarnation, log, decided);
        }
    }

    /// A promise came in: to what this start of the node has asked for.
    pub(super) fn answered(&mut self, from: NodeId, ballot: Ballot, to: Incarnation, vote: Vote) {
        let mine = to == self.state.incarnation || self.config.has(Mutant::HearOldQuestions);
        if self.counts(from, &vote.speaker) && mine {
            self.promise(from, ballot, vote);
        }
    }

    /// A node came back that may have lost what it said before.
    fn came_back(&mut self, node: NodeId, incarnation: Incarnation) {
        if !self.state.known.raise(node, incarnation) {
            return;
        }
        self.persist(Record::Known(node, incarnation));
        if self.config.has(Mutant::CountOldWords) {
            return;
        }
        if node == self.config.me && !self.config.has(Mutant::OverhearOwnLoss) {
            return self.doubt_again();
        }
        self.forget_word_of(node);
        let known = self.state.known.clone();
        if let Some(votes) = &mut self.state.doubt {
            votes.retain(|from, vote| known.counts(*from, vote.speaker.incarnation));
        }
    }

    /// Others know that this node came back, and it does not: its disk had said that this was
    /// durable, and lost it. Who knows what else is gone; it rejoins.
    fn doubt_again(&mut self) {
        let (me, incarnation) = (self.config.me, self.state.incarnation);
        self.state.known.raise(me, incarnation);
        self.step_down(self.state.promised);
        self.state.election.withdraw();
        self.state.doubt = Some(BTreeMap::new());
        self.effects.observe(Observation::Doubtful);
        self.restate();
        self.ask_to_rejoin();
    }

    /// A voter doubts its disk.
    pub(super) fn rejoin(&mut self, from: NodeId, incarnation: Incarnation, decided: LogIndex) {
        self.came_back(from, incarnation);
        if self.state.doubt.is_none() {
            let vote = Box::new(self.vote(decided));
            self.send_durably(from, Message::Rejoined { incarnation, vote });
        }
    }

    /// Another voter answered.
    pub(super) fn rejoined(&mut self, from: NodeId, incarnation: Incarnation, vote: Vote) {
        if incarnation != self.state.incarnation || !self.counts(from, &vote.speaker) {
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
        let best = votes.iter().max_by_key(|(_, vote)| (vote.accepted, vote.end.index));
        let Some((from, vote)) = best.map(|(from, vote)| (*from, vote.clone())) else { return };
        if vote.decided > self.state.decided {
            return self.fetch_from(from);
        }
        let mine = (self.state.accepted, self.state.tail.end().index);
        if (vote.accepted, vote.end.index) > mine && !self.adopt_suffix(&vote) {
            return; // the resend timer asks again from the present decided point
        }
        self.state.doubt = None;
        let promised = promised.max(self.state.promised);
        self.raise_promise(promised);
        self.restate();
        self.effects.observe(Observation::Rejoined);
    }
}
