//! Version vectors: for each version of a key the writes that it has seen, counted by whoever made
//! them (Parker et al., "Detection of mutual inconsistency in distributed systems", 1983); and
//! versions with a dot of their own.
//!
//! | whose writes are counted | what it costs |
//! |---|---|
//! | each client's ([`ClientVersions`]) | exact, an entry for every client that ever wrote |
//! | each replica's ([`ReplicaVersions`]) | two clients that write at one replica with one context: the second has the higher number, and the first one's value is lost |
//! | each replica's, and a dot apart ([`DottedVersions`]) | exact, an entry for each replica in every version (Preguica et al., 2010); [`super::DottedSet`] has it once for all |

//= §3.2.2 dotted version vectors

use super::siblings::{Keeps, Siblings, Writer};
use super::vector::VectorStamp;

/// Versions and their vectors, none of which is within another one's.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Versions<V>(Vec<(VectorStamp, V)>);

impl<V> Default for Versions<V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<V: Clone> Versions<V> {
    fn context(&self) -> VectorStamp {
        let mut context = VectorStamp::default();
        self.0.iter().for_each(|(vector, _)| context.merge(vector));
        context
    }

    /// Adds a version, unless it is known, and drops those that it has seen.
    fn add(&mut self, vector: &VectorStamp, value: &V) {
        if !self.0.iter().any(|(other, _)| vector.is_within(other)) {
            self.0.retain(|(other, _)| !other.is_within(vector));
            self.0.push((vector.clone(), value.clone()));
        }
    }

    fn merge(&mut self, other: &Self) {
        other.0.iter().for_each(|(vector, value)| self.add(vector, value));
    }

    fn bytes(&self) -> usize {
        self.0.iter().map(|(vector, _)| vector.entries().len() * 12).sum()
    }
}

/// Versions with the writes of clients counted. A client's writes follow each other, whether it has
/// read them or not, so that a client has to keep the context of all that it ever read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientVersions<V>(Versions<V>);

impl<V> Default for ClientVersions<V> {
    fn default() -> Self {
        Self(Versions::default())
    }
}

impl<V: Clone> Siblings<V> for ClientVersions<V> {
    const KEEPS: Keeps = Keeps::Exactly;

    fn values(&self) -> Vec<&V> {
        self.0.0.iter().map(|(_, value)| value).collect()
    }

    fn context(&self) -> VectorStamp {
        self.0.context()
    }

    fn write(&mut self, by: Writer, context: &VectorStamp, value: V) {
        let mut vector = context.clone();
        vector.merge(&VectorStamp::of([(by.client, by.number)]));
        self.0.add(&vector, &value);
    }

    fn merge(&mut self, other: &Self) {
        self.0.merge(&other.0);
    }

    fn bytes(&self) -> usize {
        self.0.bytes()
    }
}

/// Versions with the writes of replicas counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplicaVersions<V>(Versions<V>);

impl<V> Default for ReplicaVersions<V> {
    fn default() -> Self {
        Self(Versions::default())
    }
}

impl<V: Clone> Siblings<V> for ReplicaVersions<V> {
    const KEEPS: Keeps = Keeps::Fewer;

    fn values(&self) -> Vec<&V> {
        self.0.0.iter().map(|(_, value)| value).collect()
    }

    fn context(&self) -> VectorStamp {
        self.0.context()
    }

    fn write(&mut self, by: Writer, context: &VectorStamp, value: V) {
        let known = self.context().known(by.replica).max(context.known(by.replica));
        let mut vector = context.clone();
        vector.merge(&VectorStamp::of([(by.replica, known + 1)]));
        self.0.add(&vector, &value);
    }

    fn merge(&mut self, other: &Self) {
        self.0.merge(&other.0);
    }

    fn bytes(&self) -> usize {
        self.0.bytes()
    }
}

/// One version: the write that made it, and the writes that it has seen.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Version<V> {
    dot: (u32, u64),
    past: VectorStamp,
    value: V,
}

/// Versions with a dot each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DottedVersions<V>(Vec<Version<V>>);

impl<V> Default for DottedVersions<V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<V: Clone> DottedVersions<V> {
    fn knows(&self, (replica, number): (u32, u64)) -> bool {
        self.0.iter().any(|one| one.dot == (replica, number) || one.past.known(replica) >= number)
    }
}

impl<V: Clone> Siblings<V> for DottedVersions<V> {
    const KEEPS: Keeps = Keeps::Exactly;

    fn values(&self) -> Vec<&V> {
        self.0.iter().map(|one| &one.value).collect()
    }

    fn context(&self) -> VectorStamp {
        let mut context = VectorStamp::of(self.0.iter().map(|one| one.dot));
        self.0.iter().for_each(|one| context.merge(&one.past));
        context
    }

    fn write(&mut self, by: Writer, context: &VectorStamp, value: V) {
        let known = self.context().known(by.replica).max(context.known(by.replica));
        self.0.retain(|one| context.known(one.dot.0) < one.dot.1);
        self.0.push(Version { dot: (by.replica, known + 1), past: context.clone(), value });
    }

    fn merge(&mut self, other: &Self) {
        let news = other.0.iter().filter(|one| !self.knows(one.dot)).cloned();
        let news: Vec<Version<V>> = news.collect();
        self.0.retain(|one| other.0.iter().all(|new| new.past.known(one.dot.0) < one.dot.1));
        self.0.extend(news);
    }

    fn bytes(&self) -> usize {
        self.0.iter().map(|one| 12 + one.past.entries().len() * 12).sum()
    }
}
