//! A disk that lies about its checkpoints, and about nothing else.
//!
//! ```text
//!   as it says           on the medium           a power cut leaves one of
//!   the new one          the old one, or none    the old | the new, in part | the new
//!   the log before gone  gone                    gone
//! ```
//!
//! A checkpoint is a file that is written beside the log, synced, given its name, and its folder
//! synced; then the older one and the log before it are let go. Where a sync of a file or of a
//! folder does nothing, a power cut takes the name, the content, or neither, and what was let go
//! stays gone: a gap between the checkpoint that is left and the log. Whoever starts there doubts.
//! An honest checkpoint ends what was lied about the ones before it.

use super::{BLOCK_BYTES, Checkpoint, Disk};
use crate::simulated::Simulated;
use avouch_machine::Seq;
use avouch_promise::Random;

/// The checkpoint that stands on the medium in the place of the one that the disk says is there.
#[derive(Clone, Debug)]
pub(super) struct Displaced<P: Simulated>(Option<Checkpoint<P>>);

impl<P: Simulated> Disk<P> {
    pub(crate) fn set_checkpoint_lies(&mut self, lies: bool) {
        self.manners.checkpoint_lies = lies;
    }

    /// A checkpoint takes the place of the one before, or is said to.
    pub(super) fn place_checkpoint(&mut self, new: Checkpoint<P>) {
        let old = self.checkpoint.replace(new);
        if !self.manners.checkpoint_lies {
            self.displaced = None;
        } else if self.displaced.is_none() {
            self.displaced = Some(Displaced(old));
        }
    }

    /// A crash shows what was lied about; how many checkpoints that were said to be durable are not
    /// there, or not whole. `all` is a crash that keeps nothing that it need not.
    pub(crate) fn forget_checkpoint(&mut self, all: bool, random: &mut Random) -> u64 {
        let Some(Displaced(old)) = self.displaced.take() else { return 0 };
        match random.below(if all { 2 } else { 3 }) {
            0 => self.checkpoint = old,
            1 => {
                let Some(new) = &mut self.checkpoint else { return 0 };
                let blocks = (new.bytes.len() as u64).div_ceil(BLOCK_BYTES).max(1);
                let from = random.below(blocks);
                new.rotted_blocks.extend(from..blocks);
            }
            _ => return 0,
        }
        1
    }

    /// Whether records are missing between the checkpoint that is there, which stands for all
    /// before `covered`, and the log.
    pub(super) fn has_gap(&self, covered: Seq) -> bool {
        covered.max(Seq(1)) < self.first
    }
}
