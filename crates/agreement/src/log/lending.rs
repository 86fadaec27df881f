//! Lending a checkpoint: the giving side of a transfer, and what is kept for it meanwhile.
//!
//! ```text
//!   lent ----- FetchChunk, Fetch: it goes on -----> entries after the checkpoint, from the disk
//!    |                                                  |
//!    +--- nothing asked in QUIET_MAX looks, or too many checkpoints since ---> given up
//! ```
//!
//! A transfer takes longer than the next checkpoint does. So that it ends with a peer that can
//! follow, as long as the peer goes on asking:
//!
//! - I1 It reads one checkpoint to its end, by its number (H7), and is offered no other unless that
//!   one cannot be read.
//! - I2 The log after that checkpoint is kept: it is released only up to where every borrower is.
//! - I3 What is kept is bounded: by [`CHECKPOINTS_MAX`] checkpoints taken since the transfer began.

use super::image::Snapshot;
use super::state::{Lending, LoadFor};
use super::step::Turn;
use crate::mutant::Mutant;
use avouch_machine::{Seq, What};
use avouch_promise::{LogIndex, NodeId};

/// Looks without a word of a borrower before it is given up; a look comes every `Timing::resend`.
const QUIET_MAX: u8 = 4;
/// Checkpoints taken here during which the log is kept for one borrower: with a node's usual
/// 64 MiB of requests between two, 2 GiB of log.
const CHECKPOINTS_MAX: u32 = 32;

impl<I: Snapshot> Turn<'_, I> {
    /// A peer lacks entries that are gone: begins to send it the newest checkpoint, unless it is
    /// at one already.
    pub(super) fn lend(&mut self, to: NodeId) {
        if !self.state.lending.contains_key(&to) {
            self.lend_chunk(to, None, 0);
        }
    }

    /// Reads a part of a checkpoint for a peer, and keeps the log after that checkpoint. A part
    /// behind its end is empty: so a peer says that it is still at it.
    pub(super) fn lend_chunk(&mut self, to: NodeId, checkpoint: Option<u64>, offset: u64) {
        // The newest durable checkpoint stands at the base or after it.
        let after = self.state.tail.base().index;
        let begun = Lending { checkpoint, after, quiet: 0, checkpoints: 0 };
        let lending = self.state.lending.entry(to).or_insert_with(|| begun.clone());
        if lending.checkpoint.is_none() {
            lending.checkpoint = checkpoint;
        } else if lending.checkpoint != checkpoint {
            *lending = begun;
        }
        lending.quiet = 0;
        let length = self.config.bounds.chunk;
        let what = What::Chunk { checkpoint: checkpoint.map(Seq), offset, length };
        self.load(LoadFor::Chunk { to, checkpoint, offset }, what);
    }

    /// A checkpoint that a peer reads has rotted: it gets the newest, unless that was it. Where it
    /// was, the next one that is taken is offered when the peer asks again.
    pub(super) fn give_up_lending(&mut self, to: NodeId, checkpoint: Option<u64>) {
        self.state.lending.remove(&to);
        if checkpoint.is_some() {
            self.lend_chunk(to, None, 0);
        }
    }

    /// A borrower has everything up to here and asks for what follows.
    pub(super) fn still_lent(&mut self, to: NodeId, after: LogIndex) {
        if let Some(lending) = self.state.lending.get_mut(&to) {
            lending.after = lending.after.max(after);
            lending.quiet = 0;
        }
    }

    /// Up to where the log may be released, for a checkpoint taken at `place`.
    pub(super) fn lent_from(&self, place: LogIndex) -> LogIndex {
        if self.config.has(Mutant::ReleaseWhatIsLent) {
            return place;
        }
        let kept = self.state.lending.values().filter(|one| one.checkpoints <= CHECKPOINTS_MAX);
        kept.map(|one| one.after).min().map_or(place, |after| after.min(place))
    }

    /// One more checkpoint was taken while these are read.
    pub(super) fn count_checkpoint(&mut self) {
        for lending in self.state.lending.values_mut() {
            lending.checkpoints += 1;
        }
    }

    /// Gives up borrowers that have been quiet for long.
    pub(super) fn look_at_lending(&mut self) {
        self.state.lending.retain(|_, lending| {
            lending.quiet += 1;
            lending.quiet <= QUIET_MAX
        });
    }
}
