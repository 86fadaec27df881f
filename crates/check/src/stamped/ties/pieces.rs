//! The ties of a history in pieces that can be ordered apart.
//!
//! ```text
//! group of equal rank -> pieces: those that share a key, one of whose writers is not alone
//! piece -> slots: a key in that group, with what was there before and what has to be left
//! pieces that may settle what another finds -> one cluster
//! ```
//!
//! What others read of a key after a group settles what the group has to leave there, and that is
//! what the next group finds: so the order of one group says nothing of that of another, but where
//! a read can be served both by its own group and by what an earlier tied group left, which is only
//! so where one value was written twice. Lists settle each other: all that was read of one are
//! starts of the longest (the spine), so that each block has its place.

use super::Plan;
use super::index::{Index, Seen, Want};
use crate::stamped::history::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// What a key holds while a group is ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Held {
    Initial,
    /// What an earlier tied group leaves: the first to read it says what.
    Open,
    Value(Value),
    Length(usize),
}

/// A key in a group.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    /// What is there before the group.
    pub(super) base: Held,
    /// What has to be there after it.
    pub(super) leaves: Option<Value>,
    /// Of a list: the longest read of it.
    pub(super) spine: Option<usize>,
    /// The slot of the earlier group that left what is open, and the values it can leave.
    pub(super) from: Option<usize>,
    pub(super) can_be: Vec<Value>,
    /// The reads that say what `base` and `leaves` are.
    because: Vec<usize>,
}

/// What a transaction does to a slot.
#[derive(Clone, Debug)]
pub(super) enum Effect {
    Value(Value),
    Block(Vec<i64>),
}

/// A transaction of a piece.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) place: usize,
    pub(super) reads: Vec<(usize, Want)>,
    pub(super) writes: Vec<(usize, Effect)>,
    /// The one of its session before it, where sessions count.
    pub(super) before: Option<usize>,
}

/// Those of one group whose order has to be found together.
#[derive(Clone, Debug, Default)]
pub(super) struct Piece {
    pub(super) group: usize,
    /// In the order of the history.
    pub(super) members: Vec<Member>,
    pub(super) slots: Vec<usize>,
    reads: Vec<usize>,
}

/// All pieces, and which of them belong together.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    pub(super) slots: Vec<Slot>,
    pub(super) all: Vec<Piece>,
    /// Each by descending group: what a later one needs is known before an earlier one is ordered.
    pub(super) clusters: Vec<Vec<usize>>,
}

/// Reads that no order serves, as they stand.
#[derive(Debug)]
pub(super) struct Contradict(pub(super) Vec<usize>);

/// A key's writers of one group: the key, and the number of the entry.
type Spot = (u32, usize);

/// A group, the place of a transaction of it, and the spots that it is of.
type Joined = (usize, usize, Vec<Spot>);

/// What is asked of the tied groups, before they are cut into pieces.
#[derive(Default)]
struct Asked {
    spots: BTreeSet<Spot>,
    /// What a spot has to leave, and the read that says so.
    leaves: BTreeMap<Spot, (Value, usize)>,
    /// The reads that are served among those of a spot.
    among: BTreeMap<Spot, Vec<usize>>,
    /// Spots that may be served by the tied group before.
    open: BTreeSet<Spot>,
    /// The longest read of each list.
    spines: BTreeMap<u32, usize>,
}

impl Asked {
    fn leave(&mut self, spot: Spot, value: Value, read: usize) -> Result<(), Contradict> {
        self.spots.insert(spot);
        let (known, by) = *self.leaves.entry(spot).or_insert((value, read));
        if known == value { Ok(()) } else { Err(Contradict(vec![by, read])) }
    }
}

fn root(parents: &mut [usize], mut one: usize) -> usize {
    while parents[one] != one {
        parents[one] = parents[parents[one]];
        one = parents[one];
    }
    one
}

fn join(parents: &mut [usize], one: usize, other: usize) {
    let (one, other) = (root(parents, one), root(parents, other));
    parents[one.max(other)] = one.min(other);
}

impl Index<'_> {
    fn writers(&self, (key, entry): Spot) -> &[usize] {
        &self.entries[key as usize][entry].writers
    }

    fn left_by(&self, place: usize, key: u32) -> Value {
        self.transaction(place).last_write(key).unwrap_or_default()
    }

    /// The longest list read of each key; those of others have to be starts of it, and what was
    /// appended by one alone has to stand in its place.
    fn spines(&self, reads: &[usize], asked: &mut Asked) -> Result<(), Contradict> {
        let of_lists =
            || reads.iter().copied().filter(|read| self.is_list[self.reads[*read].key as usize]);
        for read in of_lists() {
            let spine = asked.spines.entry(self.reads[read].key).or_insert(read);
            if self.reads[read].list.len() > self.reads[*spine].list.len() {
                *spine = read;
            }
        }
        for read in of_lists() {
            let one = &self.reads[read];
            let spine = asked.spines.get(&one.key).copied().unwrap_or(read);
            if !self.reads[spine].list.starts_with(&one.list) {
                return Err(Contradict(vec![spine, read]));
            }
            let entries = &self.entries[one.key as usize];
            match self.seen(one) {
                Seen::Among(entry) => {
                    asked.spots.insert((one.key, entry));
                    asked.among.entry((one.key, entry)).or_default().push(read);
                }
                Seen::Left(entry) => {
                    let length = entry.map_or(0, |entry| entries[entry].after);
                    if one.list.len() != length {
                        return Err(Contradict(vec![read]));
                    }
                }
            }
        }
        for (key, spine) in asked.spines.clone() {
            let list = &self.reads[spine].list;
            for (number, entry) in self.entries[key as usize].iter().enumerate() {
                if entry.before >= list.len() {
                    break;
                }
                match entry.writers[..] {
                    [alone] => {
                        let block = self.block(alone, key);
                        if !fits(&block, &list[entry.before..]) {
                            return Err(Contradict(vec![spine]));
                        }
                    }
                    _ => drop(asked.spots.insert((key, number))),
                }
            }
        }
        Ok(())
    }

    fn register(&self, read: usize, asked: &mut Asked) -> Result<(), Contradict> {
        let one = &self.reads[read];
        let Want::Value(value) = one.want else { return Ok(()) };
        let (entry, has_peer) = match self.seen(one) {
            Seen::Left(entry) => (entry, false),
            Seen::Among(entry) => {
                let spot = (one.key, entry);
                asked.spots.insert(spot);
                asked.among.entry(spot).or_default().push(read);
                let mut peers = self.writers(spot).iter().filter(|peer| **peer != one.place);
                let has_peer = peers.any(|peer| self.left_by(*peer, one.key) == value);
                (entry.checked_sub(1), has_peer)
            }
        };
        let Some(entry) = entry else {
            let is_served = has_peer || matches!(value, None | Some(0));
            return if is_served { Ok(()) } else { Err(Contradict(vec![read])) };
        };
        let spot = (one.key, entry);
        let can_be = self.writers(spot).iter().any(|by| self.left_by(*by, one.key) == value);
        let is_tied = self.writers(spot).len() > 1;
        match (has_peer, can_be) {
            (true, true) if is_tied => {
                asked.spots.insert(spot);
                asked.open.insert((one.key, entry + 1));
                Ok(())
            }
            (false, true) if is_tied => asked.leave(spot, value, read),
            (true, _) | (_, true) => Ok(()),
            (false, false) => Err(Contradict(vec![read])),
        }
    }

    /// The pieces of what these reads ask.
    pub(super) fn pieces(&self, reads: &[usize], plan: Plan) -> Result<Pieces, Contradict> {
        let mut asked = Asked::default();
        self.spines(reads, &mut asked)?;
        for read in
            reads.iter().copied().filter(|read| !self.is_list[self.reads[*read].key as usize])
        {
            self.register(read, &mut asked)?;
        }
        let mut built = Pieces::default();
        let (members, ranges) = self.members(&asked);
        let piece_of = built.cut(self, &members, &ranges, plan);
        built.fill(self, &asked, &members, &piece_of);
        built.join_clusters();
        Ok(built)
    }

    /// Everybody of a spot, by group and place; and where each group stands among them.
    fn members(&self, asked: &Asked) -> (Vec<Joined>, Vec<Range<usize>>) {
        let mut spots: BTreeMap<(usize, usize), Vec<Spot>> = BTreeMap::new();
        for spot in &asked.spots {
            let readers = asked.among.get(spot).into_iter().flatten();
            let readers = readers.map(|read| self.reads[*read].place);
            for place in self.writers(*spot).iter().copied().chain(readers) {
                let of = spots.entry((self.group[place], place)).or_default();
                if of.last() != Some(spot) {
                    of.push(*spot);
                }
            }
        }
        let all: Vec<_> =
            spots.into_iter().map(|((group, place), spots)| (group, place, spots)).collect();
        let mut ranges: Vec<Range<usize>> = Vec::new();
        for at in 0..all.len() {
            match ranges.last_mut() {
                Some(range) if all[range.start].0 == all[at].0 => range.end = at + 1,
                _ => ranges.push(at..at + 1),
            }
        }
        (all, ranges)
    }
}

/// Whether a block stands at the start of what is known of a list, as far as that goes.
pub(super) fn fits(block: &[i64], known: &[i64]) -> bool {
    let both = block.len().min(known.len());
    block[..both] == known[..both]
}

impl Pieces {
    /// Cuts each group where nothing is shared; the piece of each member.
    fn cut(
        &mut self,
        index: &Index<'_>,
        members: &[Joined],
        ranges: &[Range<usize>],
        plan: Plan,
    ) -> Vec<usize> {
        let mut parents: Vec<usize> = (0..members.len()).collect();
        for range in ranges {
            let mut first: BTreeMap<Spot, usize> = BTreeMap::new();
            let mut sessions: BTreeMap<u32, usize> = BTreeMap::new();
            for at in range.clone() {
                for spot in &members[at].2 {
                    let other = *first.entry(*spot).or_insert(at);
                    join(&mut parents, other, at);
                }
                if plan.sessions {
                    let session = index.transaction(members[at].1).who.session;
                    let other = *sessions.entry(session).or_insert(at);
                    join(&mut parents, other, at);
                }
            }
        }
        let mut piece_of = vec![0; members.len()];
        let mut sessions: BTreeMap<(usize, u32), usize> = BTreeMap::new();
        for at in 0..members.len() {
            let root = root(&mut parents, at);
            if root == at {
                piece_of[at] = self.all.len();
                self.all.push(Piece { group: members[at].0, ..Piece::default() });
            } else {
                piece_of[at] = piece_of[root];
            }
            let piece = &mut self.all[piece_of[at]];
            let place = members[at].1;
            let mut before = None;
            if plan.sessions {
                let session = index.transaction(place).who.session;
                before = sessions.insert((piece_of[at], session), piece.members.len());
            }
            piece.members.push(Member { place, reads: Vec::new(), writes: Vec::new(), before });
        }
        piece_of
    }

    /// What each slot is before and after, and what each member does with it.
    fn fill(&mut self, index: &Index<'_>, asked: &Asked, members: &[Joined], piece_of: &[usize]) {
        let mut slots: BTreeMap<Spot, usize> = BTreeMap::new();
        let mut counts = vec![0; self.all.len()];
        for (at, (_, place, spots)) in members.iter().enumerate() {
            let piece = piece_of[at];
            let member = counts[piece];
            counts[piece] += 1;
            for spot in spots.iter().copied() {
                let slot = *slots.entry(spot).or_insert_with(|| {
                    self.slots.push(slot(index, asked, spot));
                    self.all[piece].slots.push(self.slots.len() - 1);
                    self.slots.len() - 1
                });
                let key = spot.0;
                let piece = &mut self.all[piece];
                let own = &mut piece.members[member];
                for read in asked.among.get(&spot).into_iter().flatten().copied() {
                    if index.reads[read].place == *place {
                        own.reads.push((slot, index.reads[read].want));
                        piece.reads.push(read);
                    }
                }
                if index.writers(spot).contains(place) {
                    let effect = if index.is_list[key as usize] {
                        Effect::Block(index.block(*place, key))
                    } else {
                        Effect::Value(index.left_by(*place, key))
                    };
                    own.writes.push((slot, effect));
                }
            }
        }
        for (key, entry) in asked.open.iter().copied() {
            let before = (key, entry - 1);
            let (Some(slot), Some(from)) = (slots.get(&(key, entry)), slots.get(&before)) else {
                continue;
            };
            if self.slots[*slot].base == Held::Open {
                self.slots[*slot].from = Some(*from);
            }
        }
    }

    /// Pieces of which one may settle what the other finds, together; the smallest first.
    fn join_clusters(&mut self) {
        let mut parents: Vec<usize> = (0..self.all.len()).collect();
        let mut piece_of = vec![0; self.slots.len()];
        for (number, piece) in self.all.iter().enumerate() {
            piece.slots.iter().for_each(|slot| piece_of[*slot] = number);
        }
        for (number, piece) in self.all.iter().enumerate() {
            for from in piece.slots.iter().filter_map(|slot| self.slots[*slot].from) {
                join(&mut parents, piece_of[from], number);
            }
        }
        let mut clusters: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for number in 0..self.all.len() {
            clusters.entry(root(&mut parents, number)).or_default().push(number);
        }
        self.clusters = clusters.into_values().collect();
        for cluster in &mut self.clusters {
            cluster.sort_by_key(|piece| std::cmp::Reverse(self.all[*piece].group));
        }
        let size = |cluster: &Vec<usize>| {
            cluster.iter().map(|piece| self.all[*piece].members.len()).sum::<usize>()
        };
        self.clusters.sort_by_cached_key(size);
    }

    /// Every read that has a say in a cluster.
    pub(super) fn reads(&self, cluster: &[usize]) -> Vec<usize> {
        let pieces = || cluster.iter().map(|piece| &self.all[*piece]);
        let slots = pieces().flat_map(|piece| &piece.slots).map(|slot| &self.slots[*slot]);
        let of_slots = slots.flat_map(|slot| slot.because.iter().copied().chain(slot.spine));
        let all: BTreeSet<usize> =
            pieces().flat_map(|piece| piece.reads.iter().copied()).chain(of_slots).collect();
        all.into_iter().collect()
    }
}

fn slot(index: &Index<'_>, asked: &Asked, (key, entry): Spot) -> Slot {
    let mut slot = Slot {
        base: Held::Initial,
        leaves: None,
        spine: asked.spines.get(&key).copied(),
        from: None,
        can_be: Vec::new(),
        because: Vec::new(),
    };
    if index.is_list[key as usize] {
        slot.base = Held::Length(index.entries[key as usize][entry].before);
        return slot;
    }
    if let Some((value, read)) = asked.leaves.get(&(key, entry)) {
        slot.leaves = Some(*value);
        slot.because.push(*read);
    }
    let Some(before) = entry.checked_sub(1).map(|before| (key, before)) else { return slot };
    slot.base = match (index.writers(before), asked.leaves.get(&before)) {
        (_, Some((value, read))) => {
            slot.because.push(*read);
            Held::Value(*value)
        }
        ([alone], None) => Held::Value(index.left_by(*alone, key)),
        (several, None) => {
            slot.can_be = several.iter().map(|by| index.left_by(*by, key)).collect();
            Held::Open
        }
    };
    slot
}
