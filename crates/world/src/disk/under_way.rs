//! What a device works on, and when that is done: later if it becomes slower meanwhile, sooner if
//! it becomes faster or others leave it alone.
//!
//! ```text
//!   begun |.... waits behind others ....|######## own work ########| done
//!          as long as they are there     as slow as the disk is
//! ```

use super::{Disk, DiskModel};
use crate::delay::Delay;
use crate::saturation::Saturation;
use crate::simulated::Simulated;
use avouch_machine::{LoadId, Seq, What};
use avouch_promise::{Nanos, Random};
use bytes::Bytes;

/// When an operation will be done, and the number of that plan: a later plan makes it void.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Done {
    pub(crate) at_ns: u64,
    pub(crate) number: u64,
}

/// An operation that the device works on.
#[derive(Clone, Copy, Debug)]
pub(super) struct UnderWay {
    pub(super) done: Done,
    /// How long it takes by itself, at the disk's present pace.
    own_ns: u64,
}

/// What is under way is done at another time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Anew {
    pub(crate) sync: Option<Done>,
    pub(crate) checkpoints: Vec<Done>,
    pub(crate) loads: Vec<Done>,
}

/// A checkpoint on its way to the disk.
#[derive(Clone, Debug)]
pub(super) struct Writing<I> {
    pub(super) under_way: UnderWay,
    pub(super) seq: Seq,
    pub(super) image: I,
    pub(super) bytes: Bytes,
}

/// How long an operation waits in a device's queue that itself takes `takes_ns`.
fn queued(queue: Option<&mut Saturation>, now_ns: u64, takes_ns: u64) -> u64 {
    queue.map_or(0, |queue| queue.wait(Nanos(now_ns), Nanos(takes_ns)).0)
}

impl<P: Simulated> Disk<P> {
    fn planned(&mut self, at_ns: u64, own_ns: u64) -> UnderWay {
        self.plans += 1;
        UnderWay { done: Done { at_ns, number: self.plans }, own_ns }
    }

    pub(super) fn takes(&self, delay: &Delay, random: &mut Random) -> u64 {
        delay.sample(random).times(u64::from(self.slowness)).0
    }

    /// Starts a sync of everything written, unless one is under way or there is nothing to sync;
    /// returns when it is done.
    pub(crate) fn begin_sync(
        &mut self,
        now_ns: u64,
        model: &DiskModel,
        queue: Option<&mut Saturation>,
        random: &mut Random,
    ) -> Option<Done> {
        if self.sync.is_some() || self.written() <= self.durable {
            return None;
        }
        let own_ns = self.takes(&model.sync, random);
        let waits = queued(queue, now_ns, own_ns);
        let at_ns = now_ns.saturating_add(waits).saturating_add(own_ns);
        let under_way = self.planned(at_ns, own_ns);
        self.sync = Some((under_way, self.written()));
        Some(under_way.done)
    }

    /// How far the sync of this plan reaches; none when it is void.
    pub(crate) fn syncs(&self, number: u64) -> Option<Seq> {
        let (under_way, through) = self.sync.as_ref()?;
        (under_way.done.number == number).then_some(*through)
    }

    /// Starts to write a checkpoint; returns when it is done. One is written at a time, in small
    /// parts between other operations, so that those do not wait for all of it.
    pub(crate) fn begin_checkpoint(
        &mut self,
        now_ns: u64,
        (seq, image): (Seq, P::Image),
        model: &DiskModel,
        queue: Option<&mut Saturation>,
        random: &mut Random,
    ) -> Done {
        let bytes = P::image_bytes(&image);
        let rate = model.checkpoint_rate.max(1);
        let writing = (bytes.len() as u64).saturating_mul(1_000_000_000) / rate;
        let usual = model.checkpoint.sample(random).plus(Nanos(writing));
        let own_ns = usual.times(u64::from(self.slowness)).0;
        // It waits for the one before it, which has waited for others.
        let begins_ns = match self.writing.back() {
            Some(last) => last.under_way.done.at_ns,
            None => now_ns.saturating_add(queued(queue, now_ns, 0)),
        };
        let under_way = self.planned(begins_ns.saturating_add(own_ns), own_ns);
        self.writing.push_back(Writing { under_way, seq, image, bytes });
        under_way.done
    }

    /// Whether the oldest checkpoint under way is the one of this plan.
    pub(crate) fn writes(&self, number: u64) -> bool {
        self.writing.front().is_some_and(|one| one.under_way.done.number == number)
    }

    /// Starts to read back; returns when that is done.
    pub(crate) fn begin_load(
        &mut self,
        now_ns: u64,
        (id, what): (LoadId, What),
        model: &DiskModel,
        queue: Option<&mut Saturation>,
        random: &mut Random,
    ) -> Done {
        let own_ns = self.takes(&model.load, random);
        let waits = queued(queue, now_ns, own_ns);
        let under_way = self.planned(now_ns.saturating_add(waits).saturating_add(own_ns), own_ns);
        self.loads.push((under_way, id, what));
        under_way.done
    }

    /// What the load of this plan reads; none when it is void.
    pub(crate) fn take_load(&mut self, number: u64) -> Option<(LoadId, What)> {
        let at = self.loads.iter().position(|(load, ..)| load.done.number == number)?;
        let (_, id, what) = self.loads.swap_remove(at);
        Some((id, what))
    }

    /// The disk is `factor` times as slow as its model from now on, and `alone`: others do not use
    /// it any more. What is left of the own work of everything under way goes on at the new pace.
    pub(crate) fn change_pace(&mut self, now_ns: u64, factor: u32, alone: bool) -> Anew {
        let (before, after) = (u128::from(self.slowness), u128::from(factor.max(1)));
        self.slowness = factor.max(1);
        let scaled = |span: u64| {
            u64::try_from((u128::from(span) * after).div_ceil(before)).unwrap_or(u64::MAX)
        };
        let mut plans = self.plans;
        // `most_ns` is the own work up to its end.
        let mut anew = |under_way: &mut UnderWay, most_ns: u64| {
            let left = under_way.done.at_ns.saturating_sub(now_ns);
            let own = left.min(most_ns);
            let waits = if alone { 0 } else { left - own };
            plans += 1;
            let at_ns = now_ns.saturating_add(waits).saturating_add(scaled(own));
            under_way.done = Done { at_ns, number: plans };
            under_way.own_ns = scaled(under_way.own_ns);
            under_way.done
        };
        let sync = self.sync.as_mut().map(|(sync, _)| anew(sync, sync.own_ns));
        let mut most_ns = 0_u64;
        let checkpoints = self.writing.iter_mut().map(|one| {
            most_ns = most_ns.saturating_add(one.under_way.own_ns);
            anew(&mut one.under_way, most_ns)
        });
        let checkpoints = checkpoints.collect();
        let loads = self.loads.iter_mut().map(|(load, ..)| anew(load, load.own_ns)).collect();
        self.plans = plans;
        Anew { sync, checkpoints, loads }
    }
}
