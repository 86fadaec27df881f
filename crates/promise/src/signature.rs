//! Signatures, as a scheme that is chosen by whoever runs the protocol.
//!
//! A store signs with Ed25519 (ZIP-215 rules, under which single and batch verification agree);
//! the simulator and the explorer use the symbolic scheme, in which nobody who holds to the
//! [`Signer`] trait can sign for another node.

use crate::codec::{Decode, DecodeError, Encode, Reader, Writer};
use crate::digest::digest_of;
use crate::identity::NodeId;
use std::fmt;

/// 64 bytes of a signature in some scheme.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signature(pub [u8; 64]);

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sig:{:02x}{:02x}{:02x}{:02x}", self.0[0], self.0[1], self.0[2], self.0[3])
    }
}
impl Encode for Signature {
    fn encode(&self, out: &mut Writer) {
        out.raw(&self.0);
    }
}
impl Decode for Signature {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        input.array().map(Self)
    }
}

/// One node's ability to sign.
pub trait Signer {
    /// Signs `message`.
    fn sign(&self, message: &[u8]) -> Signature;
}

/// Anyone's ability to verify the signatures of known nodes.
pub trait Verifier {
    /// Whether `signature` is `signer`'s over `message`. An unknown signer is never right.
    fn verify(&self, signer: NodeId, message: &[u8], signature: &Signature) -> bool;
}

/// The symbolic scheme: for simulation and exploration only, never accepted from a trust file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Symbolic(pub NodeId);

impl Symbolic {
    fn tag(signer: NodeId, message: &[u8]) -> Signature {
        let digest = digest_of("symbolic signature", &[&signer.0.to_le_bytes(), message]);
        let mut bytes = [0; 64];
        bytes[..32].copy_from_slice(&digest.0);
        Signature(bytes)
    }
}
impl Signer for Symbolic {
    fn sign(&self, message: &[u8]) -> Signature {
        Self::tag(self.0, message)
    }
}

/// Verifies [`Symbolic`] signatures of any node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SymbolicVerifier;

impl Verifier for SymbolicVerifier {
    fn verify(&self, signer: NodeId, message: &[u8], signature: &Signature) -> bool {
        Symbolic::tag(signer, message) == *signature
    }
}
