//! What a verifier takes on trust: the cluster, its nodes' public keys, its configurations.
//!
//! ```text
//! cluster id = first 16 bytes of H("avouch founding", founding document)
//! founding   = version (1) | salt (16) | nodes | voters of configuration 1 | keyspaces
//! ```
//!
//! The cluster's identity is the digest of its founding, and every request, fact and log entry
//! names the cluster; so an honest copy of 16 bytes is enough to recognise a false trust file.
//! The salt keeps two clusters apart that were founded alike.

mod ed25519;
mod file;
mod founding;
#[cfg(test)]
mod tests;

pub use ed25519::{Ed25519Signer, PublicKey};
pub use founding::{Founding, Keyspace, Member, Policy};

use crate::codec::Encode;
use crate::error::{Blame, Error};
use crate::identity::{ClusterId, Epoch, KeyspaceId, NodeId};
use crate::signature::{Signature, SymbolicVerifier, Verifier};
use ed25519::Ed25519Verifier;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

/// A trusted cluster. As a [`Verifier`] it knows the signatures of the cluster's nodes.
#[derive(Clone)]
pub struct Trust {
    cluster: ClusterId,
    founding: Founding,
    epochs: BTreeMap<Epoch, BTreeSet<NodeId>>,
    newest: BTreeSet<NodeId>,
    scheme: Arc<dyn Verifier + Send + Sync>,
}

impl Trust {
    /// Reads a trust file (JSON). Only Ed25519 keys are accepted from a file.
    pub fn from_json(text: &str) -> Result<Self, Error> {
        file::parse(text)
    }

    /// The trust file of this cluster (JSON), with a newline at its end.
    pub fn to_json(&self) -> String {
        file::print(self)
    }

    /// The trust in a newly founded cluster.
    pub fn found(founding: Founding) -> Result<Self, Error> {
        founding.validate()?;
        let keys = founding.nodes.iter().map(|member| (member.node, member.key));
        let scheme = Arc::new(Ed25519Verifier::new(keys)?);
        Ok(Self::with(founding, scheme))
    }

    /// A cluster of `nodes` that sign symbolically: for simulation, exploration and tests only.
    /// The first `voters` of them vote in configuration 1; the others are learners.
    pub fn symbolic(nodes: u32, voters: u32) -> Self {
        let numbered = |number| Member {
            node: NodeId(number),
            name: format!("n{number}"),
            region: String::new(),
            key: PublicKey([0; 32]),
        };
        let founding = Founding {
            salt: [0; 16],
            nodes: (1..=nodes).map(numbered).collect(),
            voters: (1..=voters).map(NodeId).collect(),
            keyspaces: vec![Keyspace::default()],
        };
        Self::simulated(founding)
    }

    /// The trust in a founded cluster whose nodes sign symbolically after all, whatever keys they
    /// have: for simulation only. Its identity is that of the real one.
    pub fn simulated(founding: Founding) -> Self {
        Self::with(founding, Arc::new(SymbolicVerifier))
    }

    fn with(founding: Founding, scheme: Arc<dyn Verifier + Send + Sync>) -> Self {
        let newest: BTreeSet<_> = founding.voters.iter().copied().collect();
        let epochs = BTreeMap::from([(Epoch(1), newest.clone())]);
        Self { cluster: founding.cluster(), founding, epochs, newest, scheme }
    }

    /// The same cluster with a further configuration, known to the caller by other means.
    ///
    /// # Errors
    /// `Caller` when the epoch does not follow the newest, or a voter is not a node.
    pub fn and_epoch(mut self, epoch: Epoch, voters: BTreeSet<NodeId>) -> Result<Self, Error> {
        let newest = self.epochs.last_key_value().map_or(Epoch(0), |(newest, _)| *newest);
        if epoch <= newest {
            return Err(Error::new(
                Blame::Caller,
                format!("an epoch after {newest}"),
                epoch.to_string(),
            ));
        }
        founding::check_voters(&voters.iter().copied().collect::<Vec<_>>(), &self.founding.nodes)?;
        self.newest.clone_from(&voters);
        self.epochs.insert(epoch, voters);
        Ok(self)
    }

    /// The cluster's identity.
    pub const fn cluster(&self) -> ClusterId {
        self.cluster
    }
    /// The cluster's founding.
    pub const fn founding(&self) -> &Founding {
        &self.founding
    }
    /// Every node, voter or not.
    pub fn members(&self) -> &[Member] {
        &self.founding.nodes
    }
    /// One node.
    pub fn member(&self, node: NodeId) -> Option<&Member> {
        self.members().iter().find(|member| member.node == node)
    }
    /// Every known configuration, ascending.
    pub const fn epochs(&self) -> &BTreeMap<Epoch, BTreeSet<NodeId>> {
        &self.epochs
    }
    /// The voters of a configuration; none when it is not known.
    pub fn voters(&self, epoch: Epoch) -> Option<&BTreeSet<NodeId>> {
        self.epochs.get(&epoch)
    }
    /// The voters of the newest known configuration.
    pub const fn newest_voters(&self) -> &BTreeSet<NodeId> {
        &self.newest
    }
    /// Whether `keyspace` is known and is one replicated log.
    pub fn is_log(&self, keyspace: KeyspaceId) -> bool {
        let known = self.founding.keyspaces.iter().find(|known| known.id == keyspace);
        known.is_some_and(|known| known.policy == Policy::Log)
    }
}

impl Verifier for Trust {
    fn verify(&self, signer: NodeId, message: &[u8], signature: &Signature) -> bool {
        self.member(signer).is_some() && self.scheme.verify(signer, message, signature)
    }
}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cluster, epochs, .. } = self;
        f.debug_struct("Trust").field("cluster", cluster).field("epochs", epochs).finish()
    }
}

impl PartialEq for Trust {
    /// Equal foundings and configurations; the keys are part of the founding.
    fn eq(&self, other: &Self) -> bool {
        self.founding.to_bytes() == other.founding.to_bytes() && self.epochs == other.epochs
    }
}
