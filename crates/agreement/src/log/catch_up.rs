//! Catching up: decided entries from a peer's memory or disk, or else its checkpoint.
//!
//! ```text
//!   the asker's decided point is ...   within memory   -> Fetched, at once
//!                                      on disk         -> Load the records, then Fetched
//!                                      below that      -> lend it the checkpoint, in chunks
//! ```
//!
//! The two sides of a checkpoint's way are [`super::lending`] and [`super::transfer`].
//!
//! Entries that are decided may replace undecided ones whatever ballot those were accepted in:
//! what contradicts a decided entry was never chosen.

use super::command::{Observation, Output};
use super::entry::SharedEntry;
use super::image::Snapshot;
use super::message::Message;
use super::record::Record;
use super::state::LoadFor;
use super::step::{Log, Turn};
use avouch_machine::{Effect, LoadId, Loaded, Seq, What};
use avouch_promise::{Ballot, LogIndex, NodeId};
use std::collections::BTreeMap;

impl<I: Snapshot> Turn<'_, I> {
    /// Sends a peer decided entries after `after`, or the checkpoint when they are gone.
    pub(super) fn serve(&mut self, to: NodeId, after: LogIndex) {
        let decided = self.state.decided;
        let limit = self.config.bounds.batch_bytes;
        if let Some(mut entries) = self.state.tail.after_index(after.min(decided), limit) {
            entries.retain(|entry| entry.index() <= decided);
            let entries = entries.into();
            return self.effects.send(to, Message::Fetched { entries, decided });
        }
        let first = self.state.tail.record_of(after.next());
        let last = self.state.tail.record_of(decided);
        match (first, last) {
            (Some(from), Some(to_seq)) if from <= to_seq => {
                self.still_lent(to, after);
                self.load(LoadFor::Entries { to, after }, What::Records { from, to: to_seq });
            }
            _ if after < self.state.tail.base().index => self.lend(to),
            _ => {}
        }
    }

    /// Reads from disk for a peer: entries in one load at a time, of a checkpoint a few chunks.
    pub(super) fn load(&mut self, purpose: LoadFor, what: What) {
        let chunk = |load: &LoadFor| matches!(load, LoadFor::Chunk { .. });
        let same_kind =
            |other: &&LoadFor| other.to() == purpose.to() && chunk(other) == chunk(&purpose);
        let under_way = self.state.loads.values().filter(same_kind).count();
        let most = if chunk(&purpose) { self.config.bounds.chunks } else { 1 };
        if under_way >= most || self.state.loads.values().any(|other| *other == purpose) {
            return;
        }
        let id = self.state.next_load;
        self.state.next_load = LoadId(id.0 + 1);
        self.state.loads.insert(id, purpose);
        self.effects.push(Effect::Load { id, what });
    }

    /// A load came back.
    pub(super) fn loaded(&mut self, id: LoadId, loaded: Loaded<Log<I>>) {
        let Some(purpose) = self.state.loads.remove(&id) else { return };
        match (purpose, loaded) {
            (LoadFor::Entries { to, after }, Loaded::Records(records)) => {
                let entries = self.current(after, records).into();
                let decided = self.state.decided;
                self.effects.observe(Observation::ServedFromDisk(to));
                self.effects.send(to, Message::Fetched { entries, decided });
            }
            (LoadFor::Chunk { to, .. }, Loaded::Chunk(chunk)) => {
                let checkpoint = chunk.checkpoint.0;
                let (offset, bytes, total) = (chunk.offset, chunk.bytes, chunk.total);
                self.effects.send(to, Message::Chunk { checkpoint, offset, bytes, total });
            }
            (LoadFor::Chunk { to, checkpoint: Some(_), .. }, Loaded::Missing) => {
                // It has made way for a newer one: the asker begins again once it notices.
                self.lend_chunk(to, None, 0);
            }
            (purpose, Loaded::Corrupt) => {
                self.effects.observe(Observation::Contradiction(self.config.me));
                self.effects.output(Output::Damaged);
                if let LoadFor::Chunk { to, checkpoint, .. } = purpose {
                    self.give_up_lending(to, checkpoint);
                }
            }
            _ => {}
        }
    }

    /// The decided entries after `after` among loaded records, as far as they are still current.
    fn current(&self, after: LogIndex, records: Vec<(Seq, Record)>) -> Vec<SharedEntry> {
        let records: BTreeMap<Seq, Record> = records.into_iter().collect();
        let mut entries = Vec::new();
        let mut index = after.next();
        let mut size = 0;
        while index <= self.state.decided && size < self.config.bounds.batch_bytes {
            let record = self.state.tail.record_of(index).and_then(|seq| records.get(&seq));
            let Some(Record::Append { entries: held, .. }) = record else { break };
            let Some(entry) = held.iter().find(|entry| entry.index() == index) else { break };
            size += entry.size();
            entries.push(entry.clone());
            index = index.next();
        }
        entries
    }

    /// Asks a peer for decided entries that this node lacks.
    pub(super) fn fetch_from(&mut self, from: NodeId) {
        let after = self.state.decided;
        self.effects.send(from, Message::Fetch { after });
    }

    /// A neighbour is further. A node that decided nothing for a period asks it: the leader may be
    /// out of its reach, and a node that stays far behind would have to catch up first when it is
    /// the one that must lead.
    pub(super) fn ask_neighbour(&mut self, from: NodeId, theirs: LogIndex) {
        if theirs > self.state.decided && self.state.stalled_at == Some(self.state.decided) {
            self.state.stalled_at = None;
            self.fetch_from(from);
        }
    }

    /// Decided entries came in.
    pub(super) fn fetched(&mut self, from: NodeId, entries: &[SharedEntry], decided: LogIndex) {
        let here = self.state.decided;
        let skip = entries.iter().take_while(|entry| entry.index() <= here).count();
        let fresh = &entries[skip..];
        if let Some(first) = fresh.first() {
            if first.index() != here.next() {
                return;
            }
            let Some(at) = self.state.tail.at(here) else { return };
            if first.header().previous != at.chain {
                return self.effects.observe(Observation::Contradiction(from));
            }
            self.take_decided(fresh);
        }
        if self.state.decided < decided && !fresh.is_empty() {
            return self.fetch_from(from);
        }
        self.caught_up();
    }

    /// Appends decided entries after the decided point; what is there already stays.
    fn take_decided(&mut self, entries: &[SharedEntry]) {
        let same = entries
            .iter()
            .take_while(|entry| {
                self.state.tail.at(entry.index()).is_some_and(|at| at.chain == entry.chain())
            })
            .count();
        if let Some(last) = entries[..same].last() {
            self.state.decided = last.index();
        }
        let fresh = &entries[same..];
        let Some(last) = fresh.last() else { return };
        let (last, ballot) = (last.index(), last.header().ballot);
        let accepted = self.follow_decided(ballot);
        if let Some(previous) = self.state.tail.at(self.state.decided) {
            self.write(accepted, previous, &fresh.into(), last);
            self.state.decided = last;
        }
    }

    /// What is decided and was written by the leader of `ballot` is a prefix of that leader's log,
    /// up to an entry of its own: this node follows that ballot now, and its log is one accepted in
    /// it. Else it would go on acknowledging a lower ballot with a log that is not that ballot's
    /// (I3).
    /// Returns the ballot in which the log is accepted.
    pub(super) fn follow_decided(&mut self, ballot: Ballot) -> Ballot {
        if ballot > self.state.promised {
            self.step_down(ballot);
            self.raise_promise(ballot);
        }
        self.state.accepted.max(ballot)
    }

    /// Goes on with what waited for the entries.
    pub(super) fn caught_up(&mut self) {
        if self.state.doubt.is_some() {
            return self.try_to_trust();
        }
        self.try_to_lead();
        let Ballot { leader, .. } = self.state.promised;
        if leader != self.config.me && self.state.membership.contains(leader) {
            let (ballot, decided) = (self.state.promised, self.state.decided);
            self.effects.send(leader, Message::Behind { ballot, decided });
        }
    }
}

impl LoadFor {
    fn to(self) -> NodeId {
        match self {
            Self::Entries { to, .. } | Self::Chunk { to, .. } => to,
        }
    }
}
