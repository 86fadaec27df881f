//! What a search knows of the operations of one part before it begins: numbered once, so that the
//! many searches that shrink a violation do not each ask the model again.
//!
//! - I1: numbers are in the order of (start, end).
//! - I2: operations with one number for their input have equal inputs, and so for twins (input and
//!   answer), needs (names) and groups (objects).
//! - I3: a need is brought by everything that may make it hold, or hold a start of its name where
//!   there is an operation that only makes names longer (see `needs`).

use super::mutant::Mutant;
use crate::model::{Brings, Sequential};
use crate::operation::Operation;
use std::collections::BTreeMap;
use std::hash::Hash;

/// What is known of one operation.
pub(super) struct Fact<'a, M: Sequential> {
    pub(super) operation: &'a Operation<M::Input, M::Output>,
    /// Its place in the slice of operations judged.
    pub(super) place: usize,
    /// Whether it changes no state whatever.
    pub(super) pure: bool,
    /// Equal for operations with equal inputs.
    pub(super) input: u32,
    /// Equal for operations with equal inputs and answers.
    pub(super) twins: u32,
    pub(super) stake: Stake,
}

/// What an operation has to do with needs.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Stake {
    /// The object that it touches, plus one; 0 where it may touch several.
    pub(super) group: u32,
    /// What it needs.
    pub(super) needed: Option<u32>,
    /// What it brings, as a range of [`Ground::brought`].
    pub(super) brings: (u32, u32),
    /// Whether it may bring anything.
    pub(super) wild: bool,
    /// Whether it makes longer what its object holds.
    pub(super) grows: bool,
}

/// The operations of one part.
pub(super) struct Ground<'a, M: Sequential> {
    pub(super) model: &'a M,
    pub(super) facts: Vec<Fact<'a, M>>,
    pub(super) brought: Vec<u32>,
    /// Of each need, the group of those who ask; 0 for all.
    pub(super) need_groups: Vec<u32>,
    /// How many groups there are, with that for all.
    pub(super) groups: usize,
}

/// The needs that operations bring, per operation, before those with more count as wild.
const BROUGHT_MAX: usize = 256;

/// Numbers values by equality, from 0 on.
fn classes<T: Hash + Eq>(items: impl Iterator<Item = T>) -> Vec<u32> {
    let items: Vec<T> = items.collect();
    let hashed = items.iter().zip(0..).map(|(item, place)| (crate::hash::hash_of(item), place));
    let mut hashed: Vec<(u64, u32)> = hashed.collect();
    hashed.sort_unstable();
    let mut numbers = vec![0; items.len()];
    let mut count = 0;
    for (at, (hash, place)) in hashed.iter().enumerate() {
        let item = &items[*place as usize];
        let mut alike = hashed[..at].iter().rev().take_while(|(other, _)| other == hash);
        let equal = alike.find(|(_, other)| items[*other as usize] == *item);
        numbers[*place as usize] = equal.map_or(count, |(_, other)| numbers[*other as usize]);
        count += u32::from(equal.is_none());
    }
    numbers
}

impl<'a, M: Sequential> Ground<'a, M> {
    /// The operations at these places, numbered by the moment they started.
    pub(super) fn new(
        model: &'a M,
        operations: &'a [Operation<M::Input, M::Output>],
        places: &[usize],
        mutant: Mutant,
    ) -> Self {
        let of = |place: &usize| &operations[*place];
        let mut places = places.to_vec();
        places.sort_by_key(|place| (of(place).earliest, of(place).latest));
        let inputs = classes(places.iter().map(|place| &of(place).input));
        let twins = classes(places.iter().map(|place| (&of(place).input, &of(place).output)));
        let fact = |((place, input), twins): ((&usize, u32), u32)| {
            let operation = of(place);
            let pure = model.is_pure(&operation.input, operation.output.as_ref());
            Fact { operation, place: *place, pure, input, twins, stake: Stake::default() }
        };
        let facts = places.iter().zip(inputs).zip(twins).map(fact).collect();
        let mut ground =
            Self { model, facts, brought: Vec::new(), need_groups: Vec::new(), groups: 1 };
        ground.stake(mutant);
        ground
    }

    fn stake(&mut self, mutant: Mutant) {
        let mut names: BTreeMap<Vec<u8>, u32> = BTreeMap::new();
        let mut groups: BTreeMap<&[u8], u32> = BTreeMap::new();
        for Fact { operation, stake, .. } in &mut self.facts {
            if let Some(object) = self.model.object(&operation.input) {
                let next = groups.len() as u32 + 1;
                stake.group = *groups.entry(object).or_insert(next);
            }
            let need = operation.output.as_ref();
            let need = need.and_then(|output| self.model.needs(&operation.input, output));
            let Some(need) = need else { continue };
            let number = *names.entry(need).or_insert_with(|| {
                self.need_groups.push(stake.group);
                self.need_groups.len() as u32 - 1
            });
            stake.needed = Some(number);
            let group = &mut self.need_groups[number as usize];
            *group = if *group == stake.group { *group } else { 0 };
        }
        self.groups = groups.len() + 1;
        let mut only = Vec::new();
        for (number, Fact { operation, stake, .. }) in self.facts.iter_mut().enumerate() {
            match self.model.brings(&operation.input) {
                Brings::Only(things) => only.push((number, things)),
                Brings::Longer if stake.group == 0 => stake.wild = true,
                Brings::Longer => stake.grows = mutant != Mutant::NothingGrows,
                Brings::Anything => stake.wild = true,
            }
        }
        // I3.
        let grow = self.facts.iter().any(|fact| fact.stake.grows);
        let grow = grow && mutant != Mutant::NothingGrowsFromWrites;
        for (number, mut things) in only {
            things.sort_unstable();
            things.dedup();
            let start = self.brought.len();
            for thing in things {
                let longer = names.range(thing.clone()..);
                let longer = longer.take_while(|(name, _)| {
                    if grow { name.starts_with(&thing) } else { **name == thing }
                });
                self.brought.extend(longer.map(|(_, need)| *need).take(BROUGHT_MAX + 1));
            }
            // One thing may begin with another.
            let mut brought = self.brought.split_off(start);
            brought.sort_unstable();
            brought.dedup();
            let stake = &mut self.facts[number].stake;
            if brought.len() > BROUGHT_MAX {
                stake.wild = true;
            } else {
                stake.brings = (start as u32, (start + brought.len()) as u32);
                self.brought.extend(brought);
            }
        }
    }
}
