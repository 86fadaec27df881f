//! What of the order of a piece is settled before anything is tried.
//!
//! - F1: who reads what one other alone writes, and was not there before, comes after that one.
//! - F2: who reads what was there before, and nobody else writes, comes before all who write.
//! - F3: who alone writes what has to be left comes after all others who write the key.
//! - F4: blocks of a list stand as in the longest read of it, as far as only one of them fits next;
//!   a read comes behind the block that ends where it does, and before the next.
//! - F5: of F1, whoever else writes the key stands before that one or after the reader: which of
//!   them, once the other is excluded. This is repeated until nothing follows any more, and again
//!   at each choice, as who is placed is read before others write.
//!
//! The rules and their repetition are those by which registers are ordered (Gibbons and Korach,
//! 1997); what they leave open is tried.

use super::index::Want;
use super::pieces::{Effect, Held, Piece, Pieces, fits};
use crate::limits::{Budget, Exhausted};
use crate::stamped::history::Value;

/// Pieces of more members than this have no table of who comes after whom: 2 MiB each way.
const MEMBERS_MAX: usize = 4_096;

/// Pieces of more members than this are not looked at again at each choice.
const AGAIN_MAX: usize = 512;

/// What is settled of a piece; nothing of one too large.
#[derive(Clone, Debug, Default)]
pub(super) struct Forced {
    after: After,
    /// Of each member those that come before it, as bits.
    before: Vec<Vec<u64>>,
    froms: Vec<From>,
}

impl Forced {
    /// Whether all that come before a member are placed.
    pub(super) fn allows(&self, member: usize, is_placed: &[bool]) -> bool {
        let Some(before) = self.before.get(member) else { return true };
        before.iter().zip(is_placed.chunks(64)).all(|(bits, placed)| {
            let placed = placed.iter().enumerate();
            placed.fold(*bits, |bits, (at, is)| bits & !(u64::from(*is) << at)) == 0
        })
    }

    /// Who may come next, now that these are placed and what they wrote has to be read; nothing if
    /// that leaves no order.
    pub(super) fn next(
        &self,
        is_placed: &[bool],
        budget: &mut Budget,
    ) -> Result<Option<Vec<usize>>, Exhausted> {
        let is_left = |member: &usize| !is_placed[*member];
        let left = || (0..is_placed.len()).filter(is_left);
        if self.before.is_empty() || is_placed.len() > AGAIN_MAX {
            return Ok(Some(left().collect()));
        }
        let mut after = self.after.clone();
        let mut froms = Vec::new();
        for from in self.froms.iter().filter(|from| is_left(&from.reader)) {
            let others: Vec<usize> = from.others.iter().copied().filter(is_left).collect();
            if is_left(&from.writer) {
                froms.push(From { others, ..*from });
                continue;
            }
            for other in others {
                budget.step(0)?;
                after.enter(from.reader, other);
            }
        }
        after.close(&froms, 0, budget)?;
        if after.is_cyclic() {
            return Ok(None);
        }
        let is_first = |member: &usize| left().all(|other| !after.has(other, *member));
        Ok(Some(left().filter(is_first).collect()))
    }
}

/// A member that reads what another alone writes; the others who write the key.
#[derive(Clone, Debug)]
struct From {
    writer: usize,
    reader: usize,
    others: Vec<usize>,
}

/// Who comes after whom, and after whom those.
#[derive(Clone, Debug, Default)]
struct After {
    rows: Vec<Vec<u64>>,
}

impl After {
    fn has(&self, one: usize, other: usize) -> bool {
        self.rows[one][other / 64] >> (other % 64) & 1 == 1
    }

    /// Enters that one comes before another; whether that was new.
    fn enter(&mut self, one: usize, other: usize) -> bool {
        if one == other || self.has(one, other) {
            return one == other && self.set(one, other);
        }
        let mut more = self.rows[other].clone();
        more[other / 64] |= 1 << (other % 64);
        for at in 0..self.rows.len() {
            if at == one || self.has(at, one) {
                self.rows[at].iter_mut().zip(&more).for_each(|(row, more)| *row |= more);
            }
        }
        true
    }

    /// One before itself: no order.
    fn set(&mut self, one: usize, other: usize) -> bool {
        let was = self.has(one, other);
        self.rows[one][other / 64] |= 1 << (other % 64);
        !was
    }

    /// F5, until nothing follows any more.
    fn close(
        &mut self,
        froms: &[From],
        bytes: usize,
        budget: &mut Budget,
    ) -> Result<(), Exhausted> {
        let mut is_new = true;
        while std::mem::take(&mut is_new) && !self.is_cyclic() {
            for From { writer, reader, others } in froms {
                budget.step(bytes)?;
                for other in others.iter().copied() {
                    if self.has(other, *reader) {
                        is_new |= self.enter(other, *writer);
                    }
                    if self.has(*writer, other) {
                        is_new |= self.enter(*reader, other);
                    }
                }
            }
        }
        Ok(())
    }

    fn is_cyclic(&self) -> bool {
        (0..self.rows.len()).any(|one| self.has(one, one))
    }
}

/// Whether a value can be there before a piece.
fn can_be(pieces: &Pieces, slot: usize, value: Value) -> bool {
    let slot = &pieces.slots[slot];
    match slot.base {
        Held::Initial => matches!(value, None | Some(0)),
        Held::Value(held) => held == value,
        Held::Open => slot.can_be.contains(&value),
        Held::Length(_) => false,
    }
}

/// What is settled of a piece; nothing if that leaves no order.
pub(super) fn forced<'a>(
    pieces: &Pieces,
    piece: &Piece,
    lists: &dyn Fn(usize) -> &'a [i64],
    sessions: bool,
    budget: &mut Budget,
) -> Result<Option<Forced>, Exhausted> {
    let count = piece.members.len();
    if !(2..=MEMBERS_MAX).contains(&count) {
        return Ok(Some(Forced::default()));
    }
    let mut after = After { rows: vec![vec![0; count.div_ceil(64)]; count] };
    let mut edges = Vec::new();
    let mut froms: Vec<From> = Vec::new();
    if sessions {
        let pairs = piece.members.iter().enumerate();
        edges.extend(pairs.filter_map(|(at, member)| Some((member.before?, at))));
    }
    for slot in piece.slots.iter().copied() {
        if let Held::Length(base) = pieces.slots[slot].base {
            let spine = pieces.slots[slot].spine.map(lists).unwrap_or_default();
            let Some(blocks) = blocks(piece, slot, base, spine) else { return Ok(None) };
            edges.extend(blocks);
            continue;
        }
        let writers: Vec<(usize, Value)> = writers(piece, slot);
        for (reader, member) in piece.members.iter().enumerate() {
            for (_, want) in member.reads.iter().filter(|(of, _)| *of == slot) {
                let Want::Value(value) = *want else { continue };
                let others = || writers.iter().filter(|(writer, _)| *writer != reader);
                let mut of_value = others().filter(|(_, written)| *written == value);
                match (of_value.next(), of_value.next(), can_be(pieces, slot, value)) {
                    (None, ..) => edges.extend(others().map(|(writer, _)| (reader, *writer))),
                    (Some((writer, _)), None, false) => {
                        edges.push((*writer, reader));
                        let others = others().map(|(other, _)| *other);
                        let others = others.filter(|other| other != writer).collect();
                        froms.push(From { writer: *writer, reader, others });
                    }
                    _ => {}
                }
            }
        }
        if let Some(leaves) = pieces.slots[slot].leaves {
            let mut of_value = writers.iter().filter(|(_, written)| *written == leaves);
            if let (Some((last, _)), None) = (of_value.next(), of_value.next()) {
                let others = writers.iter().filter(|(other, _)| other != last);
                edges.extend(others.map(|(other, _)| (*other, *last)));
            }
        }
    }
    let bytes = 2 * count * count.div_ceil(64) * 8;
    for (one, other) in edges {
        budget.step(bytes)?;
        after.enter(one, other);
    }
    after.close(&froms, bytes, budget)?;
    if after.is_cyclic() {
        return Ok(None);
    }
    let mut before = vec![vec![0; count.div_ceil(64)]; count];
    for one in 0..count {
        for other in (0..count).filter(|other| after.has(one, *other)) {
            before[other][one / 64] |= 1 << (one % 64);
        }
    }
    Ok(Some(Forced { after, before, froms }))
}

/// Who comes before whom by a list; nothing if a block or a read has no place in it.
fn blocks(piece: &Piece, slot: usize, base: usize, spine: &[i64]) -> Option<Vec<(usize, usize)>> {
    let mut left: Vec<(usize, &[i64])> = Vec::new();
    for (at, member) in piece.members.iter().enumerate() {
        left.extend(member.writes.iter().filter_map(|(of, effect)| match effect {
            Effect::Block(block) if *of == slot => Some((at, &block[..])),
            _ => None,
        }));
    }
    // Who ends at which length, from the start.
    let mut ends: Vec<(usize, usize)> = Vec::new();
    let mut length = base;
    while let Some(known) = spine.get(length..).filter(|known| !known.is_empty()) {
        let mut next = left.iter().enumerate().filter(|(_, (_, block))| fits(block, known));
        let (number, (writer, block)) = match (next.next(), next.next()) {
            (Some((number, one)), None) => (number, *one),
            (Some(_), Some(_)) => break,
            (None, _) if left.is_empty() => break,
            (None, _) => return None,
        };
        left.remove(number);
        length += block.len();
        ends.push((writer, length));
    }
    let mut edges: Vec<(usize, usize)> =
        ends.windows(2).map(|pair| (pair[0].0, pair[1].0)).collect();
    let last = ends.last().map(|(writer, _)| *writer);
    edges.extend(left.iter().filter_map(|(other, _)| Some((last?, *other))));
    for (reader, member) in piece.members.iter().enumerate() {
        for (_, want) in member.reads.iter().filter(|(of, _)| *of == slot) {
            let Want::Length(wanted) = *want else { continue };
            if wanted > length {
                edges.extend(last.map(|last| (last, reader)));
                continue;
            }
            let behind = ends.partition_point(|(_, end)| *end < wanted);
            let next = if wanted == base {
                0
            } else if ends.get(behind).is_some_and(|(_, end)| *end == wanted) {
                edges.push((ends[behind].0, reader));
                behind + 1
            } else {
                return None;
            };
            match ends.get(next) {
                Some((writer, _)) => edges.push((reader, *writer)),
                None => edges.extend(left.iter().map(|(other, _)| (reader, *other))),
            }
        }
    }
    // Nobody comes before itself: what asks for that is found where it is placed.
    edges.retain(|(one, other)| one != other);
    Some(edges)
}

/// Who writes values to a slot.
fn writers(piece: &Piece, slot: usize) -> Vec<(usize, Value)> {
    let members = piece.members.iter().enumerate();
    members
        .flat_map(|(at, member)| {
            member.writes.iter().filter_map(move |(of, effect)| match effect {
                Effect::Value(value) if *of == slot => Some((at, *value)),
                _ => None,
            })
        })
        .collect()
}
