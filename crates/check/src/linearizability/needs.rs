//! Looking ahead: an operation that needs something which nothing left can bring about is lost, and
//! with it every order that starts this way. The model says who needs and who brings what.
//!
//! ```text
//! put 1 placed, put 2 tried next, a read of 1 not placed yet, no other put of 1 left: back at once
//! append a placed, append b tried next, a read of "ac" not placed, no put of "" or "a": the same
//! ```
//!
//! - I1: a need is critical exactly if a known operation with it is not placed and no operation
//!   that brings it, or the start of what grows into it, is left; `critical` holds these, by group,
//!   and no others.
//! - I2: an operation that touches one object changes no other group's needs, so after it only
//!   those of its own group, and of group 0, can be lost that were not lost before.

use super::ground::{Ground, Stake};
use super::mutant::Mutant;
use crate::model::Sequential;
use avouch_promise::invariant;

/// One thing needed.
#[derive(Clone, Copy, Default)]
struct Need {
    /// Known operations not placed that need it.
    waiting: u32,
    /// Operations not placed that bring it.
    left: u32,
    /// Its place among the critical ones of its group, plus one.
    place: u32,
    /// An operation that needs it.
    asker: u32,
    group: u32,
}

/// Who needs what, and what is left to bring it.
pub(super) struct Needs {
    all: Vec<Need>,
    /// For each operation, what it has to do with needs.
    of: Vec<Stake>,
    /// Operations not placed that may bring anything.
    wild: u32,
    /// Operations not placed that make longer what a group's object holds; of all groups at 0.
    growing: Vec<u32>,
    critical: Vec<Vec<u32>>,
}

impl Needs {
    /// The needs of operations: each with its number in `ground` and whether it is known.
    pub(super) fn new<M: Sequential>(
        ground: &Ground<'_, M>,
        operations: impl Iterator<Item = (u32, bool)>,
        mutant: Mutant,
    ) -> Self {
        let need = |group: &u32| Need { group: *group, ..Need::default() };
        let mut made = Self {
            all: ground.need_groups.iter().map(need).collect(),
            of: Vec::new(),
            wild: 0,
            growing: vec![0; ground.groups],
            critical: vec![Vec::new(); ground.groups],
        };
        for (number, (fact, known)) in operations.enumerate() {
            let mut stake = ground.facts[fact as usize].stake;
            if !known {
                stake.needed = None;
                if mutant == Mutant::UnknownBringsNothing {
                    stake = Stake { group: stake.group, ..Stake::default() };
                }
            }
            if let Some(need) = stake.needed {
                made.all[need as usize].waiting += 1;
                made.all[need as usize].asker = number as u32;
            }
            for need in &ground.brought[stake.brings.0 as usize..stake.brings.1 as usize] {
                made.all[*need as usize].left += 1;
            }
            made.wild += u32::from(stake.wild);
            if stake.grows {
                made.growing[0] += 1;
                made.growing[stake.group as usize] += 1;
            }
            made.of.push(stake);
        }
        for need in 0..made.all.len() {
            made.settle(need as u32);
        }
        made
    }

    /// The group whose needs this operation may have made critical or lost; 0 for all.
    pub(super) fn touched(&self, number: u32) -> u32 {
        let Stake { group, wild, .. } = self.of[number as usize];
        if wild { 0 } else { group }
    }

    /// One asker of each need of a group that nothing left can bring about, with whether what is
    /// held may still grow into it. Of all groups for group 0.
    pub(super) fn critical(&self, group: u32) -> impl Iterator<Item = (u32, bool)> {
        let groups = match group {
            _ if self.wild > 0 => &[],
            0 => &self.critical[..],
            one => &self.critical[one as usize..=one as usize],
        };
        groups.iter().flatten().map(|need| {
            let Need { asker, group, .. } = self.all[*need as usize];
            (asker, self.growing[group as usize] > 0)
        })
    }

    /// Whether there are critical needs of no one group.
    pub(super) fn has_common(&self) -> bool {
        self.critical.first().is_some_and(|critical| !critical.is_empty())
    }

    /// An operation is placed.
    pub(super) fn place(&mut self, number: u32, brought: &[u32]) {
        self.change(number, brought, |count| count - 1);
    }

    /// An operation is taken back.
    pub(super) fn take_back(&mut self, number: u32, brought: &[u32]) {
        self.change(number, brought, |count| count + 1);
    }

    fn change(&mut self, number: u32, brought: &[u32], by: impl Fn(u32) -> u32) {
        let Stake { group, needed, brings, wild, grows } = self.of[number as usize];
        if wild {
            self.wild = by(self.wild);
        }
        if grows {
            self.growing[0] = by(self.growing[0]);
            self.growing[group as usize] = by(self.growing[group as usize]);
        }
        if let Some(need) = needed {
            let waiting = &mut self.all[need as usize].waiting;
            *waiting = by(*waiting);
            self.settle(need);
        }
        for need in &brought[brings.0 as usize..brings.1 as usize] {
            let left = &mut self.all[*need as usize].left;
            *left = by(*left);
            self.settle(*need);
        }
    }

    /// I1 for one need.
    fn settle(&mut self, need: u32) {
        let Need { waiting, left, place, group, .. } = self.all[need as usize];
        let is_critical = waiting > 0 && left == 0;
        if is_critical == (place > 0) {
            return;
        }
        let critical = &mut self.critical[group as usize];
        if is_critical {
            critical.push(need);
            self.all[need as usize].place = critical.len() as u32;
        } else {
            let removed = critical.swap_remove(place as usize - 1);
            invariant!(I1, removed == need, "need {removed} stood in the place of {need}");
            self.all[need as usize].place = 0;
            if let Some(moved) = critical.get(place as usize - 1) {
                self.all[*moved as usize].place = place;
            }
        }
    }
}
