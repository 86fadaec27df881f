//! How nodes sign: symbolically, which is fast and good enough for every judge inside a run, or
//! with real keys, so that a run's evidence can be verified by anybody afterwards.
//!
//! Which it is changes nothing else: a run has the same trace hash of headers either way.

use avouch_promise::signature::{Signer, Symbolic, SymbolicVerifier, Verifier};
use avouch_promise::trust::{Ed25519Signer, Trust};
use avouch_promise::{NodeId, Signature};
use std::sync::Arc;

/// A signature scheme.
#[derive(Clone, Debug, Default)]
pub enum Scheme {
    /// [`Symbolic`].
    #[default]
    Symbolic,
    /// Ed25519.
    Keys(Arc<Keys>),
}

/// Real keys: one for each node, in order, and the trust in them.
#[derive(Debug)]
pub struct Keys {
    /// The nodes' keys.
    pub signers: Vec<Ed25519Signer>,
    /// The trust in the cluster that has them.
    pub trust: Trust,
}

impl Scheme {
    pub(crate) fn sign(&self, node: NodeId, message: &[u8]) -> Signature {
        match self {
            Self::Keys(keys) => {
                let at = crate::link::index(node).and_then(|at| keys.signers.get(at));
                at.map_or_else(|| Symbolic(node).sign(message), |signer| signer.sign(message))
            }
            Self::Symbolic => Symbolic(node).sign(message),
        }
    }

    pub(crate) fn verify(&self, signer: NodeId, message: &[u8], signature: &Signature) -> bool {
        match self {
            Self::Keys(keys) => keys.trust.verify(signer, message, signature),
            Self::Symbolic => SymbolicVerifier.verify(signer, message, signature),
        }
    }
}
