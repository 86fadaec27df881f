//! Versions of one key at several replicas: what a write overwrites, and what stays beside it.

use super::vector::VectorStamp;

/// Which of the values that nobody has overwritten are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Keeps {
    /// Those, and no others.
    Exactly,
    /// Not always all of them: of two clients that write at once, one may lose its value.
    Fewer,
}

/// Who writes, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Writer {
    /// The replica that takes the write.
    pub replica: u32,
    /// The client.
    pub client: u32,
    /// How many writes the client has asked for, this one included.
    pub number: u64,
}

/// All siblings of a key at a replica, and what is known of those that were overwritten.
pub trait Siblings<V>: Clone + Default {
    /// What it promises.
    const KEEPS: Keeps;

    /// The values that live: more than one if nobody has overwritten them all.
    fn values(&self) -> Vec<&V>;

    /// What a client that reads all of it knows: the context of its next write.
    fn context(&self) -> VectorStamp;

    /// A client writes a value at a replica, with the context of what it had read: that is
    /// overwritten, and what was written meanwhile stays.
    fn write(&mut self, by: Writer, context: &VectorStamp, value: V);

    /// Takes in what another replica has.
    fn merge(&mut self, other: &Self);

    /// How many bytes it takes besides the values.
    fn bytes(&self) -> usize;
}
