//! Checkpoints: taking one, installing a peer's, and releasing the records they cover.
//!
//! A checkpoint covers entries, not promises. So before records are released, a `Restate` record
//! repeats what they said beside entries, and the release waits until both the checkpoint and the
//! restatement are durable.

use super::command::{Observation, Output};
use super::entry::Entries;
use super::image::{Image, Snapshot};
use super::message::Message;
use super::record::Record;
use super::state::{Compaction, Lender};
use super::step::Turn;
use super::tail::Place;
use crate::mutant::Mutant;
use avouch_machine::{Effect, Seq};
use avouch_promise::LogIndex;

impl<I: Snapshot> Turn<'_, I> {
    /// The machine's state at `index` becomes a checkpoint: further than the last one, or in its
    /// place, for that one may have rotted and nobody write any more.
    pub(super) fn compact(&mut self, index: LogIndex, state: I) {
        let base = self.state.tail.base().index;
        let again = index == base && !self.config.has(Mutant::LeaveRottenCheckpoint);
        let wanted = (index > base || again) && (LogIndex(1)..=self.state.emitted).contains(&index);
        if !wanted || self.state.compaction.is_some() || self.state.doubt.is_some() {
            return;
        }
        let Some(place) = self.state.tail.at(index) else { return };
        let membership = self.state.membership.clone();
        self.checkpoint(Image { place, membership, state }, None);
    }

    /// A peer's checkpoint replaces this node's log up to its place.
    pub(super) fn install(&mut self, image: Image<I>, lender: Lender) {
        if self.state.compaction.is_none() {
            self.checkpoint(image, Some(lender));
        }
    }

    fn checkpoint(&mut self, image: Image<I>, lender: Option<Lender>) {
        let place = image.place;
        let kept = self.state.tail.at(place.index).is_some_and(|at| at.chain == place.chain);
        let first = if kept { self.state.tail.first_record_after(place.index) } else { None };
        let seq = first.unwrap_or(self.state.disk.next);
        let restated = self.restate();
        let copy = lender.map(|_| image.clone());
        self.effects.push(Effect::Checkpoint { seq, image });
        if self.config.has(Mutant::TruncateBeforeCheckpoint) {
            self.effects.push(Effect::Release { before: seq });
        }
        let (durable, install) = (false, copy);
        self.state.compaction = Some(Compaction { seq, restated, durable, place, install, lender });
    }

    /// Repeats in one record everything that records say beside entries.
    pub(super) fn restate(&mut self) -> Seq {
        let record = Record::Restate {
            promised: self.state.promised,
            accepted: self.state.accepted,
            decided: self.state.decided,
            known: self.state.known.clone(),
            doubtful: self.state.doubt.is_some(),
        };
        let seq = self.persist(record);
        self.state.disk.promise = seq;
        seq
    }

    /// A checkpoint is durable.
    pub(super) fn checkpointed(&mut self, seq: Seq) {
        let Some(compaction) = &mut self.state.compaction else { return };
        if compaction.seq != seq {
            return;
        }
        compaction.durable = true;
        let (place, install) = (compaction.place, compaction.install.take());
        self.count_checkpoint();
        if let Some(image) = install
            && place.index > self.state.decided
        {
            self.replace_log(place);
            self.state.membership = image.membership.clone();
            self.effects.observe(Observation::Installed(place.index));
            self.effects.output(Output::Installed(image));
            self.caught_up();
        } else {
            let kept = self.lent_from(place.index);
            self.state.tail.rebase(place, kept);
        }
        self.finish_compaction();
    }

    fn replace_log(&mut self, place: Place) {
        if self.state.tail.rebase(place, place.index) {
            self.state.accepted = self.follow_decided(place.ballot);
            self.state.disk.marks.clear();
            self.state.disk.durable_log = (self.state.accepted, place);
            // What the leader was told of the old log says nothing of this one.
            self.state.following.reported = LogIndex(0);
            // The disk's records still end in the old log: say that it is gone.
            let (ballot, decided) = (self.state.accepted, place.index);
            let entries = Entries::default();
            let seq = self.persist(Record::Append { ballot, previous: place, entries, decided });
            self.mark(seq);
        }
        self.state.decided = place.index;
        self.state.emitted = place.index;
        let (ballot, leader) = (self.state.promised, self.state.promised.leader);
        if leader != self.config.me && self.state.membership.contains(leader) {
            let decided = place.index;
            self.effects.send(leader, Message::Behind { ballot, decided });
        }
    }

    /// Releases records once the checkpoint and the restatement are durable.
    pub(super) fn finish_compaction(&mut self) {
        let durable = self.state.disk.durable;
        let ready =
            |compaction: &Compaction<I>| compaction.durable && compaction.restated <= durable;
        if self.state.compaction.as_ref().is_some_and(ready)
            && let Some(compaction) = self.state.compaction.take()
        {
            let kept = self.state.tail.first_record();
            let before = kept.map_or(compaction.seq, |kept| kept.min(compaction.seq));
            self.effects.push(Effect::Release { before });
        }
    }
}
