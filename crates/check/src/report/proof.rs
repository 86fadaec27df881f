//! Why one of two writers of a key is first, as data: facts by their numbers, each shown by a way
//! of edges; and where either may be first, the case of each.

use super::{Dependency, Version};

/// One writer of a key is before another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// The number by which edges name it.
    pub number: u32,
    /// Who is first.
    pub first: usize,
    /// Who is second.
    pub second: usize,
    /// The key that both write.
    pub key: String,
    /// What the first one wrote.
    pub written: Version,
    /// What the second one wrote.
    pub next: Version,
    /// Who reads the key from the second one and is after the first; if nobody, the way leads to
    /// the second one itself.
    pub reader: Option<usize>,
    /// From the first one to the reader, or to the second one; empty of what is assumed.
    pub way: Vec<Dependency>,
}

/// What follows if some facts are assumed. Cases stand in a list; the two that leave no third have
/// the same case before them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Case {
    /// The place in the list of the case within which this is one; nothing of the first two.
    pub within: Option<usize>,
    /// What is assumed: of each key that both write, the same one first.
    pub assumed: Vec<Fact>,
    /// What follows.
    pub facts: Vec<Fact>,
    /// The cycle; empty if there are cases within this one.
    pub cycle: Vec<Dependency>,
}
