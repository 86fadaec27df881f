//! One node's disk: a log with an unsynced tail, and one checkpoint beside it.
//!
//! ```text
//!   released | first ........ durable | durable+1 ..... written |
//!            |   survive every crash  | a crash may lose, tear  |
//!   checkpoint: stands for every record before its own number; durable as a whole or not at all
//! ```
//!
//! What the disk promises is what the store promises (records become durable in order, a failed
//! write crashes the node); what it never promises is what crashes, rot and full disks then do.
//! A disk that lies about a sync is outside the promise: what it says is durable then, and what is,
//! are told apart here and nowhere else.
//!
//! Invariants:
//! - I1 `first - 1 <= durable <= written`, and records are held for exactly `first..=written`.
//! - I2 Nothing that is durable and uncovered by a durable checkpoint is ever dropped.

mod crash;
mod faults;
mod lent;
mod lying;
mod recovery;
mod under_way;

pub use crash::Crash;
pub use lent::{LENT_FOR, LENT_MAX};
pub(crate) use under_way::Anew;

use crate::delay::Delay;
use crate::mutants::Mutants;
use crate::options::Options;
use crate::simulated::Simulated;
use avouch_machine::{Chunk, LoadId, Loaded, Seq, What};
use avouch_promise::{Nanos, Random, invariant};
use bytes::Bytes;
use std::collections::{BTreeSet, VecDeque};

/// A checkpoint's checksums cover blocks of this many bytes, as on the store's disk.
pub const BLOCK_BYTES: u64 = 64 * 1024;

/// How the disks of a run behave.
#[derive(Clone, Debug, PartialEq)]
pub struct DiskModel {
    /// How long a group sync takes.
    pub sync: Delay,
    /// How long a load takes.
    pub load: Delay,
    /// How long a checkpoint takes, whatever its size.
    pub checkpoint: Delay,
    /// How many bytes of a checkpoint are written per second by a disk with nothing wrong; a slow
    /// one writes as many times fewer as it is slow.
    pub checkpoint_rate: u64,
    /// How many records a load brings at most.
    pub load_records_max: u32,
    /// The probability that a crash which loses records leaves half of the first lost one.
    pub torn: f64,
    /// The probability that a crash which loses records keeps later ones behind the lost one.
    pub hole: f64,
}

impl Default for DiskModel {
    fn default() -> Self {
        Self {
            sync: Delay::Uniform { low: Nanos::from_micros(100), high: Nanos::from_millis(2) },
            load: Delay::Uniform { low: Nanos::from_micros(50), high: Nanos::from_millis(1) },
            checkpoint: Delay::Uniform { low: Nanos::from_millis(1), high: Nanos::from_millis(20) },
            checkpoint_rate: 200_000_000,
            load_records_max: 64,
            torn: 0.5,
            hole: 0.0,
        }
    }
}

/// What is wrong with a record on disk, as far as the truth goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Damage {
    /// Nothing.
    Whole,
    /// Written halfway: what follows its first part is the preallocated fill.
    Torn,
    /// A whole frame of another record, written into this place.
    Misplaced,
    /// A frame that is complete and whose checksum is wrong, or that was never written although a
    /// later one was. A reader cannot tell the two apart.
    Bad,
}

#[derive(Clone, Debug)]
struct Stored<R> {
    record: R,
    damage: Damage,
}

/// A durable checkpoint.
#[derive(Clone, Debug)]
struct Checkpoint<P: Simulated> {
    seq: Seq,
    image: P::Image,
    bytes: Bytes,
    rotted_blocks: BTreeSet<u64>,
}

impl<P: Simulated> Checkpoint<P> {
    /// A part of it, every block that it touches checked.
    fn read(&self, offset: u64, length: u32) -> Loaded<P> {
        let total = self.bytes.len() as u64;
        if offset > total {
            return Loaded::Missing;
        }
        let end = total.min(offset.saturating_add(u64::from(length)));
        let blocks = offset / BLOCK_BYTES..end.div_ceil(BLOCK_BYTES);
        if !blocks.is_empty() && self.rotted_blocks.range(blocks).next().is_some() {
            return Loaded::Corrupt;
        }
        let bytes = self.bytes.slice(offset as usize..end as usize);
        Loaded::Chunk(Chunk { checkpoint: self.seq, offset, bytes, total })
    }
}

/// One node's disk.
#[derive(Clone, Debug)]
pub struct Disk<P: Simulated> {
    records: VecDeque<Stored<P::Record>>,
    first: Seq,
    durable: Seq,
    /// The sync under way, and how far it reaches.
    sync: Option<(under_way::UnderWay, Seq)>,
    checkpoint: Option<Checkpoint<P>>,
    /// What a lying disk has in the checkpoint's place.
    displaced: Option<lying::Displaced<P>>,
    lent: lent::Lent<P>,
    writing: VecDeque<under_way::Writing<P::Image>>,
    /// What is read back, in no order.
    loads: Vec<(under_way::UnderWay, LoadId, What)>,
    /// Counts plans of operations.
    plans: u64,
    release_wanted: Seq,
    incarnation: u64,
    full: bool,
    slowness: u32,
    manners: faults::Manners,
}

impl<P: Simulated> Disk<P> {
    pub(crate) fn new() -> Self {
        Self {
            records: VecDeque::new(),
            first: Seq(1),
            durable: Seq(0),
            sync: None,
            checkpoint: None,
            displaced: None,
            lent: lent::Lent::default(),
            writing: VecDeque::new(),
            loads: Vec::new(),
            plans: 0,
            release_wanted: Seq(0),
            incarnation: 0,
            full: false,
            slowness: 1,
            manners: faults::Manners::default(),
        }
    }

    /// The newest record that was written, durable or not.
    pub fn written(&self) -> Seq {
        Seq(self.first.0 + self.records.len() as u64 - 1)
    }

    /// The newest record that is durable.
    pub fn durable(&self) -> Seq {
        self.durable
    }

    /// The oldest record that was not released.
    pub fn first(&self) -> Seq {
        self.first
    }

    /// The number given with the durable checkpoint.
    pub fn checkpoint(&self) -> Option<Seq> {
        self.checkpoint.as_ref().map(|checkpoint| checkpoint.seq)
    }

    /// The durable records that a reader would find whole.
    pub fn durable_records(&self) -> impl Iterator<Item = (Seq, &P::Record)> {
        let durable = self.durable;
        (self.first.0..)
            .map(Seq)
            .zip(&self.records)
            .filter(move |(seq, stored)| *seq <= durable && stored.damage == Damage::Whole)
            .map(|(seq, stored)| (seq, &stored.record))
    }

    /// Whether a group sync is under way: the disk is busy.
    pub fn is_syncing(&self) -> bool {
        self.sync.is_some()
    }

    /// Whether writes fail.
    pub fn is_full(&self) -> bool {
        self.full
    }

    /// How many times slower than its model the disk is.
    pub fn slowness(&self) -> u32 {
        self.slowness
    }

    pub(crate) fn set_full(&mut self, full: bool) {
        self.full = full;
    }

    /// Appends a record; the caller has checked its number and that the disk is not full.
    pub(crate) fn append(&mut self, record: P::Record) {
        self.records.push_back(Stored { record, damage: Damage::Whole });
    }

    /// Pretends to append a record to a full disk; only the mutant that swallows the failure does.
    pub(crate) fn append_failed(&mut self, record: P::Record) {
        self.records.push_back(Stored { record, damage: Damage::Torn });
    }

    /// A sync that reached `through` is complete.
    pub(crate) fn finish_sync(&mut self, through: Seq) {
        self.sync = None;
        self.durable = self.durable.max(through);
        self.manners.synced(self.durable);
        self.hold_invariants();
    }

    /// The oldest checkpoint under way is durable.
    pub(crate) fn finish_checkpoint(&mut self, mutants: &Mutants) -> Option<Seq> {
        let under_way::Writing { seq, image, bytes, .. } = self.writing.pop_front()?;
        if self.checkpoint().is_none_or(|durable| durable <= seq) {
            self.place_checkpoint(Checkpoint { seq, image, bytes, rotted_blocks: BTreeSet::new() });
        }
        self.truncate(mutants);
        Some(seq)
    }

    /// The protocol no longer needs the records before this one.
    pub(crate) fn release(&mut self, before: Seq, mutants: &Mutants) {
        self.release_wanted = self.release_wanted.max(before);
        self.truncate(mutants);
    }

    /// Drops what was released, as far as the durable checkpoint covers it.
    fn truncate(&mut self, mutants: &Mutants) {
        let covered = self.checkpoint().unwrap_or(Seq(0));
        let before = if mutants.truncate_uncovered {
            self.release_wanted
        } else {
            self.release_wanted.min(covered)
        };
        let before = before.min(self.durable.next());
        while self.first < before && self.records.pop_front().is_some() {
            self.first = self.first.next();
        }
        self.hold_invariants();
    }

    fn hold_invariants(&self) {
        invariant!(
            I1,
            self.first <= self.durable.next() && self.durable <= self.written(),
            "first {:?}, durable {:?}, written {:?}",
            self.first,
            self.durable,
            self.written()
        );
    }

    /// Reads back.
    pub(crate) fn read(
        &mut self,
        now: Nanos,
        what: What,
        options: &Options,
        random: &mut Random,
    ) -> Loaded<P> {
        if options.mutants.keep_none_lent {
            self.lent.clear();
        }
        match what {
            What::Records { from, to } => self.read_records(from, to, &options.disk, random),
            What::Chunk { checkpoint, offset, length } => {
                match self.lent.choose(self.checkpoint.as_ref(), checkpoint, now) {
                    Some(checkpoint) => checkpoint.read(offset, length),
                    None => Loaded::Missing,
                }
            }
        }
    }

    fn read_records(
        &self,
        from: Seq,
        to: Seq,
        model: &DiskModel,
        random: &mut Random,
    ) -> Loaded<P> {
        if from < self.first || from > self.written() || to < from {
            return Loaded::Missing;
        }
        let at_most = random.between(1, u64::from(model.load_records_max.max(1)));
        let last = to.min(self.written()).0.min(from.0.saturating_add(at_most - 1));
        let skipped = (from.0 - self.first.0) as usize;
        let found: Vec<_> = (from.0..=last)
            .map(Seq)
            .zip(self.records.iter().skip(skipped))
            .take_while(|(_, stored)| stored.damage == Damage::Whole)
            .map(|(seq, stored)| (seq, stored.record.clone()))
            .collect();
        if found.is_empty() { Loaded::Corrupt } else { Loaded::Records(found) }
    }
}
