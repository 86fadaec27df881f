//! What a crash leaves of a disk, and what rot does to it.
//!
//! ```text
//!   durable | u1 u2 u3 u4 u5          unsynced records at the crash
//!           | u1 u2                   a prefix survives
//!           | u1 u2 u3~               ... and half of the next one (torn)
//!           | u1 u2 -- u4             ... or a later one, and not the next one (hole)
//! ```

use super::{BLOCK_BYTES, Damage, Disk, DiskModel};
use crate::simulated::Simulated;
use avouch_machine::Seq;
use avouch_promise::Random;

/// How a node goes down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Crash {
    /// Any prefix of the unsynced records survives.
    Plain,
    /// No unsynced record survives.
    LostWrites,
    /// Half of an unsynced record survives, if there is one.
    TornWrite,
    /// Any subset of the unsynced records survives.
    SubsetWrite,
}

/// What a crash cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Losses {
    pub(crate) records: u64,
    pub(crate) checkpoints: u64,
    pub(crate) torn: bool,
    pub(crate) hole: bool,
    /// Whether a subset survived that is no prefix.
    pub(crate) subset: bool,
    /// Records whose sync had been said to be complete.
    pub(crate) lied: u64,
    /// Checkpoints that had been said to be durable and are not there, or not whole.
    pub(crate) lied_checkpoints: u64,
}

impl<P: Simulated> Disk<P> {
    pub(crate) fn crash(&mut self, crash: Crash, model: &DiskModel, random: &mut Random) -> Losses {
        let lied = self.forget_cached(crash == Crash::LostWrites, random);
        let lied_checkpoints = self.forget_checkpoint(crash == Crash::LostWrites, random);
        if crash == Crash::SubsetWrite {
            return Losses { lied, lied_checkpoints, ..self.keep_subset(random) };
        }
        let unsynced = self.written().0 - self.durable.0;
        let kept = match crash {
            Crash::Plain => random.between(0, unsynced),
            Crash::LostWrites | Crash::SubsetWrite => 0,
            Crash::TornWrite => random.below(unsynced),
        };
        let lost = unsynced - kept;
        let torn_by_chance = crash == Crash::Plain && random.chance(model.torn);
        let torn = lost > 0 && (crash == Crash::TornWrite || torn_by_chance);
        let hole = lost > 1 && !torn && crash == Crash::Plain && random.chance(model.hole);
        let survivors_behind = if hole { random.between(1, lost - 1) } else { 0 };

        let next = (self.durable.0 + kept + 1 - self.first.0) as usize;
        if (torn || hole)
            && let Some(stored) = self.records.get_mut(next)
        {
            stored.damage = if torn { Damage::Torn } else { Damage::Bad };
        }
        let touched = u64::from(torn || hole) + survivors_behind;
        self.records.truncate(next + touched as usize);

        let losses = Losses {
            records: lost - survivors_behind,
            checkpoints: self.writing.len() as u64,
            torn,
            hole,
            subset: false,
            lied,
            lied_checkpoints,
        };
        self.go_down();
        losses
    }

    /// What only a running node has is gone.
    pub(super) fn go_down(&mut self) {
        self.writing.clear();
        self.lent.clear();
        self.sync = None;
        self.loads.clear();
    }

    /// One bit of a durable, whole record rots: of `seq`, or of any; false when there is none.
    pub(crate) fn rot_record(&mut self, seq: Option<Seq>, random: &mut Random) -> bool {
        let durable = (self.durable.next().0 - self.first.0) as usize;
        let wanted = seq.map(|seq| seq.0.checked_sub(self.first.0));
        let whole: Vec<usize> = (0..durable)
            .filter(|at| wanted.is_none_or(|wanted| wanted == Some(*at as u64)))
            .filter(|at| self.records.get(*at).is_some_and(|s| s.damage == Damage::Whole))
            .collect();
        match random.pick(&whole).and_then(|at| self.records.get_mut(*at)) {
            Some(stored) => {
                stored.damage = Damage::Bad;
                true
            }
            None => false,
        }
    }

    /// One block of the durable checkpoint rots; false when there is none.
    pub(crate) fn rot_checkpoint(&mut self, random: &mut Random) -> bool {
        let Some(checkpoint) = &mut self.checkpoint else { return false };
        let blocks = (checkpoint.bytes.len() as u64).div_ceil(BLOCK_BYTES).max(1);
        checkpoint.rotted_blocks.insert(random.below(blocks))
    }
}
