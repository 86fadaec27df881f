//! Catching up: decided entries from a peer's memory or disk, and whole checkpoints.
//!
//! ```text
//!   the asker's decided point is ...   within memory   -> Fetched, at once
//!                                      on disk         -> Load the records, then Fetched
//!                                      below the base  -> Load and send the checkpoint, in chunks
//! ```
//!
//! Entries that are decided may replace undecided ones whatever ballot those were accepted in:
//! what contradicts a decided entry was never chosen.

use super::command::{Observation, Output};
use super::entry::SharedEntry;
use super::image::Snapshot;
use super::message::Message;
use super::record::Record;
use super::state::{LoadFor, Transfer};
use super::step::{Log, Turn};
use avouch_machine::{Effect, LoadId, Loaded, Seq, What};
use avouch_promise::{Ballot, LogIndex, NodeId};
use bytes::Bytes;
use std::collections::BTreeMap;

/// The longest checkpoint that a peer may send.
const CHECKPOINT_BYTES_MAX: u64 = 64 << 30;

impl<I: Snapshot> Turn<'_, I> {
    /// Sends a peer decided entries after `after`, or the checkpoint when they are gone.
    pub(super) fn serve(&mut self, to: NodeId, after: LogIndex) {
        let decided = self.state.decided;
        let limit = self.config.bounds.batch_bytes;
        if let Some(mut entries) = self.state.tail.after_index(after.min(decided), limit) {
            entries.retain(|entry| entry.index() <= decided);
            return self.effects.send(to, Message::Fetched { entries, decided });
        }
        if after < self.state.tail.base().index {
            return self.serve_chunk(to, None, 0);
        }
        let first = self.state.tail.record_of(after.next());
        let last = self.state.tail.record_of(decided);
        if let (Some(from), Some(to_seq)) = (first, last)
            && from <= to_seq
        {
            self.load(LoadFor::Entries { to, after }, What::Records { from, to: to_seq });
        }
    }

    /// Sends a peer a part of the newest checkpoint.
    pub(super) fn serve_chunk(&mut self, to: NodeId, checkpoint: Option<u64>, offset: u64) {
        // A chunk of another checkpoint than asked for comes back with its own number, and the
        // asker starts again.
        let _ = checkpoint;
        let length = self.config.bounds.chunk;
        self.load(LoadFor::Chunk { to }, What::Chunk { offset, length });
    }

    /// Reads from disk, one load for a peer at a time.
    fn load(&mut self, purpose: LoadFor, what: What) {
        if self.state.loads.values().any(|other| other.to() == purpose.to()) {
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
                let entries = self.current(after, records);
                let decided = self.state.decided;
                self.effects.observe(Observation::ServedFromDisk(to));
                self.effects.send(to, Message::Fetched { entries, decided });
            }
            (LoadFor::Chunk { to }, Loaded::Chunk(chunk)) => {
                let checkpoint = chunk.checkpoint.0;
                let (offset, bytes, total) = (chunk.offset, chunk.bytes, chunk.total);
                self.effects.send(to, Message::Chunk { checkpoint, offset, bytes, total });
            }
            (_, Loaded::Corrupt) => {
                self.effects.observe(Observation::Contradiction(self.config.me));
                self.effects.output(Output::Damaged);
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
        let (last, accepted) = (last.index(), self.state.accepted);
        if let Some(previous) = self.state.tail.at(self.state.decided) {
            self.write(accepted, previous, fresh, last);
            self.state.decided = last;
        }
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

    /// A part of a peer's checkpoint came in.
    pub(super) fn chunk(
        &mut self,
        from: NodeId,
        checkpoint: u64,
        offset: u64,
        bytes: &Bytes,
        total: u64,
    ) {
        if total > CHECKPOINT_BYTES_MAX || bytes.is_empty() || self.state.compaction.is_some() {
            return;
        }
        let fits = self.state.transfer.as_ref().is_some_and(|transfer| {
            (transfer.from, transfer.checkpoint, transfer.total) == (from, checkpoint, total)
                && transfer.bytes.len() as u64 == offset
        });
        if !fits {
            let restart =
                self.state.transfer.as_ref().is_none_or(|transfer| {
                    transfer.from == from && transfer.checkpoint != checkpoint
                });
            if !restart {
                return;
            }
            if offset != 0 {
                self.state.transfer = None;
                let checkpoint = Some(checkpoint);
                return self.effects.send(from, Message::FetchChunk { checkpoint, offset: 0 });
            }
            let bytes = Vec::new();
            self.state.transfer = Some(Transfer { from, checkpoint, bytes, total, silent: false });
        }
        let Some(transfer) = &mut self.state.transfer else { return };
        transfer.bytes.extend_from_slice(bytes);
        transfer.silent = false;
        let offset = transfer.bytes.len() as u64;
        if offset < total {
            let checkpoint = Some(checkpoint);
            return self.effects.send(from, Message::FetchChunk { checkpoint, offset });
        }
        let Some(transfer) = self.state.transfer.take() else { return };
        match I::decode_image(&transfer.bytes) {
            Some(image) if image.place.index > self.state.decided => self.install(image),
            Some(_) => {}
            None => self.effects.observe(Observation::Contradiction(from)),
        }
    }

    /// Asks again for a chunk that did not come; gives up on a peer that stays silent.
    pub(super) fn resend_transfer(&mut self) {
        let Some(transfer) = &mut self.state.transfer else { return };
        if transfer.silent {
            self.state.transfer = None;
            return;
        }
        transfer.silent = true;
        let (to, checkpoint) = (transfer.from, Some(transfer.checkpoint));
        let offset = transfer.bytes.len() as u64;
        self.effects.send(to, Message::FetchChunk { checkpoint, offset });
    }
}

impl LoadFor {
    fn to(self) -> NodeId {
        match self {
            Self::Entries { to, .. } | Self::Chunk { to } => to,
        }
    }
}
