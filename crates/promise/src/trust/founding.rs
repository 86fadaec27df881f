//! The founding document of a cluster, whose digest is the cluster's identity.
//!
//! I1 A `Founding` that was validated names each node, name and key once, and its voters are
//! some of its nodes, at least one.

use super::ed25519::PublicKey;
use crate::codec::{Encode, Writer};
use crate::digest::digest_of;
use crate::error::{Blame, Error};
use crate::identity::{ClusterId, KeyspaceId, NodeId};
use std::collections::BTreeSet;

const VERSION: u8 = 1;

/// How a keyspace keeps its data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Policy {
    /// One replicated log.
    #[default]
    Log,
}

impl Policy {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Log => "log",
        }
    }
}

/// A keyspace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Keyspace {
    /// Its number; 0 is the default one.
    pub id: KeyspaceId,
    /// Its name.
    pub name: String,
    /// How it keeps its data.
    pub policy: Policy,
}

impl Default for Keyspace {
    fn default() -> Self {
        Self { id: KeyspaceId(0), name: "default".to_owned(), policy: Policy::Log }
    }
}

/// A node as the world knows it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Member {
    /// Its number, from 1.
    pub node: NodeId,
    /// Its name.
    pub name: String,
    /// Where it stands; may be empty.
    pub region: String,
    /// The key that its facts are signed with.
    pub key: PublicKey,
}

/// What a cluster was founded with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Founding {
    /// 16 random bytes.
    pub salt: [u8; 16],
    /// Every node.
    pub nodes: Vec<Member>,
    /// The voters of configuration 1, ascending.
    pub voters: Vec<NodeId>,
    /// Every keyspace.
    pub keyspaces: Vec<Keyspace>,
}

impl Founding {
    /// The identity of the cluster that was founded so.
    pub fn cluster(&self) -> ClusterId {
        let digest = digest_of("avouch founding", &[&self.to_bytes()]);
        let mut id = [0; 16];
        id.copy_from_slice(&digest.0[..16]);
        ClusterId(id)
    }

    /// Establishes I1.
    pub(super) fn validate(&self) -> Result<(), Error> {
        distinct("node numbers", self.nodes.iter().map(|member| member.node))?;
        distinct("node names", self.nodes.iter().map(|member| member.name.clone()))?;
        distinct("public keys", self.nodes.iter().map(|member| member.key))?;
        distinct("keyspace numbers", self.keyspaces.iter().map(|keyspace| keyspace.id))?;
        distinct("keyspace names", self.keyspaces.iter().map(|keyspace| keyspace.name.clone()))?;
        if self.nodes.iter().any(|member| member.node.0 == 0) {
            return Err(Error::new(Blame::Caller, "node numbers from 1", "node 0"));
        }
        check_voters(&self.voters, &self.nodes)
    }
}

fn distinct<T: Ord>(what: &str, items: impl Iterator<Item = T>) -> Result<(), Error> {
    let mut seen = BTreeSet::new();
    for (place, item) in items.enumerate() {
        if !seen.insert(item) {
            return Err(Error::new(
                Blame::Caller,
                format!("different {what}"),
                format!("the one at place {} again", place + 1),
            ));
        }
    }
    Ok(())
}

/// Refuses voters that are not nodes, are named twice or out of order, or are none.
pub(super) fn check_voters(voters: &[NodeId], nodes: &[Member]) -> Result<(), Error> {
    if voters.is_empty() {
        return Err(Error::new(Blame::Caller, "at least one voter", "none"));
    }
    if !voters.is_sorted_by(|a, b| a < b) {
        let got = voters.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        return Err(Error::new(Blame::Caller, "voters in ascending order, each once", got));
    }
    match voters.iter().find(|voter| nodes.iter().all(|member| member.node != **voter)) {
        Some(stranger) => Err(Error::new(
            Blame::Caller,
            "voters that are nodes of the cluster",
            format!("{stranger}, which is none"),
        )),
        None => Ok(()),
    }
}

impl Encode for Founding {
    fn encode(&self, out: &mut Writer) {
        out.u8(VERSION);
        out.raw(&self.salt);
        out.list(&self.nodes);
        out.list(&self.voters);
        out.list(&self.keyspaces);
    }
}
impl Encode for Member {
    fn encode(&self, out: &mut Writer) {
        self.node.encode(out);
        out.bytes(self.name.as_bytes());
        out.bytes(self.region.as_bytes());
        out.raw(&self.key.0);
    }
}
impl Encode for Keyspace {
    fn encode(&self, out: &mut Writer) {
        self.id.encode(out);
        out.bytes(self.name.as_bytes());
        out.bytes(self.policy.name().as_bytes());
    }
}
