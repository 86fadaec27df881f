//! What a checkpoint of the log holds: a place, the voters there, and the machine's own state.

use super::tail::Place;
use crate::membership::Membership;
use std::fmt::Debug;
use std::hash::Hash;

/// A checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Image<I> {
    /// Everything up to here is in it.
    pub place: Place,
    /// The configuration at that place.
    pub membership: Membership,
    /// The state of the machine that the log drives.
    pub state: I,
}

/// A machine's state that can stand in a checkpoint.
pub trait Snapshot: Clone + Debug + PartialEq + Eq + PartialOrd + Ord + Hash {
    /// Reads a whole checkpoint back from the bytes that stand on disk; none when a checksum or
    /// the form is wrong.
    fn decode_image(bytes: &[u8]) -> Option<Image<Self>>;
}
