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
    pub(crate) fn add(&mut self, key: &[u8], revision: Revision, written: &Written) {
        let lanes = lanes(key, revision, written);
        self.0.iter_mut().zip(lanes).for_each(|(sum, lane)| *sum = sum.wrapping_add(lane));
    }

    /// Takes a key out that was taken in just so.
    pub(crate) fn remove(&mut self, key: &[u8], revision: Revision, written: &Written) {
        let lanes = lanes(key, revision, written);
        self.0.iter_mut().zip(lanes).for_each(|(sum, lane)| *sum = sum.wrapping_sub(lane));
    }

    /// The digest of the sum at a revision of the store.
    pub(crate) fn digest(&self, revision: i64) -> Digest {
        let mut out = Writer::new();
        self.0.iter().for_each(|lane| out.u64(*lane));
        out.u64(revision.cast_unsigned());
        digest_of("avouch projection", &[out.as_slice()])
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
