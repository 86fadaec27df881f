//! Looking ahead: an operation that needs something which nothing left can bring about is lost, and
//! with it every order that starts this way. The model says who needs and who brings what.
//!
//! ```text
//! put 1 placed, put 2 tried next, a read of 1 not placed yet, no other put of 1 left: back at once
//! ```
//!
//! - I1: a need is critical exactly if a known operation with it is not placed and no operation
//!   that brings it is left; `critical` holds these and no others.

use super::mutant::Mutant;
use crate::model::{Brings, Sequential};
use crate::operation::Operation;
use avouch_promise::invariant;
use std::collections::BTreeMap;

/// One thing needed.
#[derive(Default)]
struct Need {
    /// Known operations not placed that need it.
    waiting: u32,
    /// Operations not placed that bring it.
    left: u32,
    /// Its place in `critical`, plus one.
    place: u32,
    /// An operation that needs it.
    asker: u32,
}

/// Who needs what, and what is left to bring it.
#[derive(Default)]
pub(super) struct Needs {
    all: Vec<Need>,
    /// For each operation, what it needs and what it brings.
    of: Vec<(Option<u32>, Vec<u32>)>,
    brings_anything: Vec<bool>,
    /// Operations not placed that may bring anything.
    wild: u32,
    critical: Vec<u32>,
}

impl Needs {
    /// The needs of operations, each with whether it is known.
    pub(super) fn new<'a, M: Sequential + 'a>(
        model: &M,
        operations: impl Iterator<Item = (&'a Operation<M::Input, M::Output>, bool)>,
        mutant: Mutant,
    ) -> Self
    where
        M::Input: 'a,
        M::Output: 'a,
    {
        let mut made = Self::default();
        let mut names: BTreeMap<Vec<u8>, u32> = BTreeMap::new();
        for (number, (operation, known)) in operations.enumerate() {
            let Operation { input, output, .. } = operation;
            let mut name = |thing: Vec<u8>| {
                *names.entry(thing).or_insert_with(|| {
                    made.all.push(Need::default());
                    made.all.len() as u32 - 1
                })
            };
            let needed = output.as_ref().filter(|_| known);
            let needed = needed.and_then(|output| model.needs(input, output)).map(&mut name);
            let (brought, wild) = match model.brings(input) {
                _ if !known && mutant == Mutant::UnknownBringsNothing => (Vec::new(), false),
                Brings::Anything => (Vec::new(), true),
                Brings::Only(things) => {
                    let mut things: Vec<u32> = things.into_iter().map(name).collect();
                    things.sort_unstable();
                    things.dedup();
                    (things, false)
                }
            };
            if let Some(need) = needed {
                made.all[need as usize].waiting += 1;
                made.all[need as usize].asker = number as u32;
            }
            for need in &brought {
                made.all[*need as usize].left += 1;
            }
            made.wild += u32::from(wild);
            made.brings_anything.push(wild);
            made.of.push((needed, brought));
        }
        for need in 0..made.all.len() {
            made.settle(need as u32);
        }
        made
    }

    /// One asker of each need that nothing left can bring about: what it needs must hold now.
    pub(super) fn critical(&self) -> impl Iterator<Item = u32> {
        let critical = if self.wild == 0 { &self.critical[..] } else { &[] };
        critical.iter().map(|need| self.all[*need as usize].asker)
    }

    /// An operation is placed.
    pub(super) fn place(&mut self, number: u32) {
        self.change(number, |count| count - 1);
    }

    /// An operation is taken back.
    pub(super) fn take_back(&mut self, number: u32) {
        self.change(number, |count| count + 1);
    }

    fn change(&mut self, number: u32, by: impl Fn(u32) -> u32) {
        if self.brings_anything[number as usize] {
            self.wild = by(self.wild);
        }
        let needed = self.of[number as usize].0;
        if let Some(need) = needed {
            let waiting = &mut self.all[need as usize].waiting;
            *waiting = by(*waiting);
            self.settle(need);
        }
        for at in 0..self.of[number as usize].1.len() {
            let need = self.of[number as usize].1[at];
            let left = &mut self.all[need as usize].left;
            *left = by(*left);
            self.settle(need);
        }
    }

    /// I1 for one need.
    fn settle(&mut self, need: u32) {
        let Need { waiting, left, place, .. } = self.all[need as usize];
        let is_critical = waiting > 0 && left == 0;
        if is_critical == (place > 0) {
            return;
        }
        if is_critical {
            self.critical.push(need);
            self.all[need as usize].place = self.critical.len() as u32;
        } else {
            let removed = self.critical.swap_remove(place as usize - 1);
            invariant!(I1, removed == need, "need {removed} stood in the place of {need}");
            self.all[need as usize].place = 0;
            if let Some(moved) = self.critical.get(place as usize - 1) {
                self.all[*moved as usize].place = place;
            }
        }
    }
}
