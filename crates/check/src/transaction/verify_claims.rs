//! The verifier of sources: did each read see the write that the search says it saw?
//!
//! ```text
//!   history + claims --> each reader: its own writes, what it claims    in order, as it stands
//!                    --> claims in blocks of writers --> each writer     a block fits the cache
//! ```
//!
//! - V1: a claim is true: the writer committed, and its last write of the key is the value read; a
//!   transaction that wrote the key itself reads its own last write; the keys written are those
//!   of the steps. Of a transaction that aborted nothing is claimed.
//!
//! It looks at the history and at nothing that the search made but the claims. Whose write a read
//! saw stands anywhere in the history; so claims are laid out by their writers first, and memory is
//! waited for once a block, not once a read.

use super::history::{Access, Step, Transactions};
use super::sources::{INITIAL, Sources};
use crate::limits::{Budget, Exhausted};
use std::hint::black_box;

/// The writers of a block: of eight steps each, their steps are a mebibyte.
const BLOCK: u32 = 1 << 13;

/// So many claims are looked up together.
const TOGETHER: usize = 8;

/// In transactions of so few steps the writes are looked for among the steps.
const FEW: usize = 16;

/// That a writer left a value at a key.
#[derive(Clone, Copy, Default)]
struct Claim {
    value: i64,
    key: u32,
    writer: u32,
}

/// Claims by blocks of their writers.
struct Blocks {
    all: Vec<Claim>,
    ends: Vec<usize>,
}

impl Blocks {
    /// Room for every claim; nothing if one names a writer that there is not.
    fn new(history: &Transactions, sources: &Sources) -> Option<Self> {
        let count = history.len() as u32;
        let mut ends = vec![0; count.div_ceil(BLOCK) as usize];
        for read in (0..count).flat_map(|reader| sources.reads(reader)) {
            match read.from {
                INITIAL => {}
                from if from < count => ends[(from / BLOCK) as usize] += 1,
                _ => return None,
            }
        }
        let mut sum = 0;
        for end in &mut ends {
            sum += *end;
            *end = sum - *end;
        }
        // The ends are the starts for now.
        Some(Self { all: vec![Claim::default(); sum], ends })
    }

    #[inline]
    fn push(&mut self, claim: Claim) {
        let end = &mut self.ends[(claim.writer / BLOCK) as usize];
        self.all[*end] = claim;
        *end += 1;
    }

    fn bytes(&self) -> usize {
        self.all.len() * size_of::<Claim>()
    }
}

/// What the transaction at hand wrote last, by key, if it is a long one.
struct Own(Vec<(u32, i64)>);

impl Own {
    fn new(history: &Transactions) -> Self {
        let is_long = history.transactions().iter().any(|one| one.count as usize > FEW);
        Self(vec![(u32::MAX, 0); if is_long { history.keys() } else { 0 }])
    }

    fn write(&mut self, who: u32, steps: &[Step], at: usize) {
        if steps.len() > FEW {
            self.0[steps[at].key as usize] = (who, steps[at].value);
        }
    }

    /// What it has written to the key of the step there before.
    #[inline]
    fn before(&self, who: u32, steps: &[Step], at: usize) -> Option<i64> {
        let key = steps[at].key;
        if steps.len() > FEW {
            let (writer, value) = self.0[key as usize];
            return (writer == who).then_some(value);
        }
        last_written(&steps[..at], key)
    }
}

/// The last value that steps write to a key.
#[inline]
fn last_written(steps: &[Step], key: u32) -> Option<i64> {
    let is = |step: &&Step| step.key == key && step.access == Access::Write;
    steps.iter().rfind(is).map(|step| step.value)
}

/// What has been claimed is true, or not.
pub(super) fn accepts_claims(
    history: &Transactions,
    sources: &Sources,
    budget: &mut Budget,
) -> Result<bool, Exhausted> {
    budget.check()?;
    let Some(mut blocks) = Blocks::new(history, sources) else { return Ok(false) };
    let mut own = Own::new(history);
    let held = blocks.bytes() + own.0.len() * size_of::<(u32, i64)>();
    let mut keys = Vec::new();
    for reader in 0..history.len() as u32 {
        budget.steps(1 + history.steps(reader).len() as u64, held)?;
        if !is_as_claimed(history, sources, reader, (&mut own, &mut keys, &mut blocks)) {
            return Ok(false);
        }
    }
    let (chunks, rest) = blocks.all.as_chunks::<TOGETHER>();
    for claims in chunks.iter().map(<[Claim; TOGETHER]>::as_slice).chain([rest]) {
        // Asked for together, their steps are waited for once.
        let first = claims.iter().map(|claim| history.steps(claim.writer).first());
        black_box(first.fold(0, |all, step| all ^ step.map_or(0, |step| step.value)));
        for claim in claims {
            let theirs = history.steps(claim.writer);
            budget.steps(theirs.len() as u64, held)?;
            if last_written(theirs, claim.key) != Some(claim.value)
                || !history.is_committed(claim.writer)
            {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// Whether a transaction sees its own writes, writes the keys that it is said to, and has a claim
/// for each other read; those of others' writes are left in the blocks.
fn is_as_claimed(
    history: &Transactions,
    sources: &Sources,
    reader: u32,
    (own, keys, blocks): (&mut Own, &mut Vec<u32>, &mut Blocks),
) -> bool {
    let steps = history.steps(reader);
    let mut claims = sources.reads(reader).iter();
    if !history.is_committed(reader) {
        return claims.len() == 0 && sources.writes(reader).is_empty();
    }
    keys.clear();
    for (at, step) in steps.iter().enumerate() {
        let mine = own.before(reader, steps, at);
        if step.access == Access::Write {
            if mine.is_none() {
                keys.push(step.key);
            }
            own.write(reader, steps, at);
            continue;
        }
        if let Some(mine) = mine {
            if step.access != Access::Read || mine != step.value {
                return false;
            }
            continue;
        }
        let Some(claim) = claims.next().filter(|claim| claim.key == step.key) else {
            return false;
        };
        match (claim.from, step.access) {
            (INITIAL, Access::ReadInitial) => {}
            (writer, Access::Read) if writer != INITIAL && writer != reader => {
                blocks.push(Claim { value: step.value, key: step.key, writer });
            }
            _ => return false,
        }
    }
    keys.sort_unstable();
    claims.next().is_none() && *keys == sources.writes(reader)
}
