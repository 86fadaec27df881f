//! The projection: one digest of what a client can read now, kept up to date with every write.
//!
//! ```text
//! projection = H(revision | sum over all keys of H(key, value, revisions, version, lease) mod 2^64 in four lanes)
//! ```
//!
//! A sum does not depend on order, so a write changes it by one digest out and one in, and two
//! replicas can compare their states at any log point without reading them. It finds divergence
//! by accident. It is no commitment against somebody who chooses the contents: sums of digests can
//! be made to collide (Wagner 2002, generalised birthdays), and evidence does not rest on it.

use super::history::Written;
use super::revision::Revision;
use crate::mutant::{Mutant, planted};
use avouch_promise::{Digest, Encode, Writer, digest_of};

/// The sum over all keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Sum([u64; 4]);

impl Sum {
    /// Takes a key in.
    pub(crate) fn add(&mut self, key: &Shown) {
        self.0.iter_mut().zip(key.0).for_each(|(sum, lane)| *sum = sum.wrapping_add(lane));
    }

    /// Takes a key out that was taken in just so.
    pub(crate) fn remove(&mut self, key: &Shown) {
        self.0.iter_mut().zip(key.0).for_each(|(sum, lane)| *sum = sum.wrapping_sub(lane));
    }
}

/// What a projection is the digest of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Projected {
    pub(super) sum: Sum,
    pub(super) revision: i64,
}

impl Projected {
    /// The projection.
    pub fn digest(&self) -> Digest {
        let mut out = Writer::new();
        self.sum.0.iter().for_each(|lane| out.u64(*lane));
        out.u64(self.revision.cast_unsigned());
        digest_of("avouch projection", &[out.as_slice()])
    }
}

/// What one key adds to the sum as it is shown now. Its history keeps it, so that it is digested
/// once and not again when it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Shown([u64; 4]);

impl Shown {
    /// Of a key and what was written to it last.
    pub(crate) fn new(key: &[u8], revision: Revision, written: &Written) -> Self {
        Self(lanes(key, revision, written))
    }
}

fn lanes(key: &[u8], revision: Revision, written: &Written) -> [u64; 4] {
    let mut head = Writer::new();
    if !planted(Mutant::ProjectionOnlyOfValues) {
        head.u64(written.create_revision.cast_unsigned());
        head.u64(revision.main.cast_unsigned());
        head.u64(written.version.cast_unsigned());
        head.u64(written.lease.cast_unsigned());
    }
    head.bytes(key);
    let digest = digest_of("avouch key", &[head.as_slice(), &written.value]).to_bytes();
    let mut lanes = [0; 4];
    for (lane, eight) in lanes.iter_mut().zip(digest.chunks_exact(8)) {
        *lane = eight.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte));
    }
    lanes
}
