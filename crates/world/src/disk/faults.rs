//! What a disk does beside its model: it lies, reads elsewhere, misplaces, forgets.
//!
//! ```text
//!   written ----- durable, as the disk says ----- durable, as it is
//!                      | a crash takes any of these |
//!   place of a: [ an older life's frame ]   place of b: [ the frame of a ]     misdirected write
//! ```
//!
//! A frame bears its own number, so that a reader takes no record for another: what stands or was
//! read in a wrong place is as good as a bad frame. The store's frames do the same
//! (`store/disk/frame.rs`, I1).

use super::crash::Losses;
use super::{Damage, Disk, Stored};
use crate::simulated::Simulated;
use avouch_machine::{Loaded, Seq};
use avouch_promise::Random;

/// How far a disk departs from its model.
#[derive(Clone, Debug, Default)]
pub(super) struct Manners {
    lies: bool,
    /// Of [`super::lying`].
    pub(super) checkpoint_lies: bool,
    /// Up to here records are durable whatever the disk has said.
    honest: Seq,
    read_errors: f64,
    misreads: f64,
}

impl Manners {
    /// A sync was said to be complete up to here.
    pub(super) fn synced(&mut self, durable: Seq) {
        if !self.lies {
            self.honest = durable;
        }
    }

    /// A start found records up to here on the medium.
    pub(super) fn found(&mut self, durable: Seq) {
        self.honest = durable;
    }
}

impl<P: Simulated> Disk<P> {
    /// Whether nobody ever started on this disk.
    pub fn is_blank(&self) -> bool {
        self.incarnation == 0
    }

    /// Up to where records would survive a crash: further than [`Disk::durable`] never, and not so
    /// far where the disk has lied.
    pub fn survives(&self) -> Seq {
        self.manners.honest.min(self.durable)
    }

    /// An empty disk takes this one's place.
    pub(crate) fn lose(&mut self) {
        *self = Self::new();
    }

    pub(crate) fn set_lies(&mut self, lies: bool) {
        self.manners.lies = lies;
    }

    pub(crate) fn set_read_errors(&mut self, probability: f64) {
        self.manners.read_errors = probability;
    }

    pub(crate) fn set_misreads(&mut self, probability: f64) {
        self.manners.misreads = probability;
    }

    /// It keeps to its model again. What it lied about is written with the next sync.
    pub(crate) fn behave(&mut self) {
        self.manners = Manners { honest: self.manners.honest, ..Manners::default() };
    }

    /// Whether a read fails now.
    pub(crate) fn read_fails(&self, random: &mut Random) -> bool {
        self.manners.read_errors > 0.0 && random.chance(self.manners.read_errors)
    }

    /// Whether a read is served from another place now.
    pub(crate) fn reads_elsewhere(&self, random: &mut Random) -> bool {
        self.manners.misreads > 0.0 && random.chance(self.manners.misreads)
    }

    /// Some record.
    pub(super) fn anywhere(&self, random: &mut Random) -> Option<&Stored<P::Record>> {
        self.records.get(random.below((self.records.len() as u64).max(1)) as usize)
    }

    /// What a load brings that was served from other places: its frames do not bear the numbers
    /// that were asked for, which a reader notices unless it believes every place.
    pub(crate) fn elsewhere(
        &self,
        loaded: Loaded<P>,
        trust_place: bool,
        random: &mut Random,
    ) -> Loaded<P> {
        match loaded {
            Loaded::Records(records) if trust_place => {
                let other = |(seq, own)| {
                    (seq, self.anywhere(random).map_or(own, |stored| stored.record.clone()))
                };
                Loaded::Records(records.into_iter().map(other).collect())
            }
            Loaded::Missing => Loaded::Missing,
            _ => Loaded::Corrupt,
        }
    }

    /// A crash empties the cache of a disk that lied, or some of it where not every unsynced record
    /// is lost; says how many records it took.
    pub(super) fn forget_cached(&mut self, all: bool, random: &mut Random) -> u64 {
        let least = self.survives().0.max(self.first.0 - 1);
        if least >= self.durable.0 {
            return 0;
        }
        let kept = if all { least } else { random.between(least, self.durable.0) };
        let lied = self.durable.0 - kept;
        self.durable = Seq(kept);
        lied
    }

    /// A crash that keeps any subset of the unsynced records.
    pub(super) fn keep_subset(&mut self, random: &mut Random) -> Losses {
        let durable = (self.durable.next().0 - self.first.0) as usize;
        let mut survivors = Vec::new();
        for at in durable..self.records.len() {
            if random.chance(0.5) {
                survivors.push(at);
            }
        }
        let end = survivors.last().map_or(durable, |last| last + 1);
        let lost = (self.records.len() - durable - survivors.len()) as u64;
        self.records.truncate(end);
        let mut hole = false;
        for at in durable..end {
            if !survivors.contains(&at)
                && let Some(stored) = self.records.get_mut(at)
            {
                stored.damage = Damage::Bad;
                hole = true;
            }
        }
        let checkpoints = self.writing.len() as u64;
        self.go_down();
        Losses { records: lost, checkpoints, hole, subset: lost > 0, ..Losses::default() }
    }

    /// A durable record (`seq`, or any) was written into the place of another; false when there
    /// are not two whole ones.
    pub(crate) fn misplace(&mut self, seq: Option<Seq>, random: &mut Random) -> bool {
        let durable = (self.durable.next().0 - self.first.0) as usize;
        let whole: Vec<usize> = (0..durable.min(self.records.len()))
            .filter(|at| self.records.get(*at).is_some_and(|s| s.damage == Damage::Whole))
            .collect();
        let wanted = seq.map(|seq| seq.0.wrapping_sub(self.first.0) as usize);
        let astray = match wanted {
            Some(at) => whole.iter().copied().find(|other| *other == at),
            None => random.pick(&whole).copied(),
        };
        let others: Vec<usize> = whole.iter().copied().filter(|at| Some(*at) != astray).collect();
        let (Some(from), Some(to)) = (astray, random.pick(&others).copied()) else { return false };
        let record = |at: usize| self.records.get(at).map(|stored| stored.record.clone());
        let (Some(strayed), Some(stale)) = (record(from), record(to)) else { return false };
        for (at, record) in [(from, stale), (to, strayed)] {
            if let Some(stored) = self.records.get_mut(at) {
                *stored = Stored { record, damage: Damage::Misplaced };
            }
        }
        true
    }
}
