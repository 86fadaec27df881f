//! What must be true of the world for signed facts to mean what they say.
//!
//! Signatures defend against outsiders, substitution, stale configurations and denial; they do
//! not defend against a voter that lies. Every voter of the configuration is named, not only
//! those who signed: the argument that a new ballot takes over what was committed leans on
//! whichever majority that ballot's leader heard, which the evidence does not show.

use crate::clock::Class;
use crate::identity::{Epoch, NodeId};
use std::fmt;

/// One assumption under which a verdict holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Assumption {
    /// These voters follow the protocol, and kept their disks and their keys.
    VotersFollow {
        /// Their configuration.
        epoch: Epoch,
        /// Who they are.
        voters: Vec<NodeId>,
    },
    /// This node's state machine gave the right response for its log point.
    StateIsRight(NodeId),
    /// This node's clock keeps the bound that it states.
    ClockKeepsBound(NodeId, Class),
    /// Nobody breaks SHA-256 or the signature scheme.
    Cryptography,
}

/// `n1 n3 n5`.
pub(crate) fn names(nodes: &[NodeId]) -> String {
    nodes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

impl fmt::Display for Assumption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::VotersFollow { epoch, voters } => write!(
                f,
                "{} (the voters of {epoch}) follow the protocol and kept their disks and keys",
                names(voters)
            ),
            Self::StateIsRight(node) => write!(f, "{node}'s state machine is right"),
            Self::ClockKeepsBound(node, Class::Statistical) => {
                write!(f, "{node}'s clock keeps its bound, which is likely and not certain")
            }
            Self::ClockKeepsBound(node, _) => write!(f, "{node}'s clock keeps its bound"),
            Self::Cryptography => f.write_str("SHA-256 and Ed25519 are unbroken"),
        }
    }
}
