//! Ed25519 under the rules of ZIP-215, by which single and batch verification agree on every
//! input; so no crafted signature splits honest verifiers.
//!
//! ZIP-215 admits keys of small order, for which anybody can make signatures that verify over
//! any message. Such a key is refused where it is read.

use crate::error::{Blame, Error};
use crate::identity::NodeId;
use crate::signature::{Signature, Signer, Verifier};
use ed25519_zebra::{SigningKey, VerificationKey};
use std::collections::BTreeMap;
use std::fmt;

/// An Ed25519 public key as bytes; whether it is a sound one is found out when it is used.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey(pub [u8; 32]);

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// A node's secret key.
#[derive(Clone)]
pub struct Ed25519Signer {
    key: SigningKey,
    public: PublicKey,
}

impl Ed25519Signer {
    /// The key of a 32-byte secret seed (RFC 8032, section 5.1.5).
    pub fn from_seed(seed: [u8; 32]) -> Self {
        let key = SigningKey::from_bytes(&seed);
        let public = PublicKey(VerificationKey::from(&key).into());
        Self { key, public }
    }

    /// The public half.
    pub const fn public(&self) -> PublicKey {
        self.public
    }
}

impl Signer for Ed25519Signer {
    fn sign(&self, message: &[u8]) -> Signature {
        Signature(self.key.sign(message).to_bytes())
    }
}

impl fmt::Debug for Ed25519Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ed25519Signer({})", self.public)
    }
}

/// Public keys by node, decompressed once.
#[derive(Clone, Debug)]
pub(super) struct Ed25519Verifier(BTreeMap<NodeId, VerificationKey>);

impl Ed25519Verifier {
    pub(super) fn new(keys: impl Iterator<Item = (NodeId, PublicKey)>) -> Result<Self, Error> {
        let sound = |(node, key)| Ok((node, sound(node, key)?));
        keys.map(sound).collect::<Result<_, _>>().map(Self)
    }
}

impl Verifier for Ed25519Verifier {
    fn verify(&self, signer: NodeId, message: &[u8], signature: &Signature) -> bool {
        let signature = ed25519_zebra::Signature::from_bytes(&signature.0);
        self.0.get(&signer).is_some_and(|key| key.verify(&signature, message).is_ok())
    }
}

/// The key of `node`, unless it is no point of the curve or one of small order.
fn sound(node: NodeId, key: PublicKey) -> Result<VerificationKey, Error> {
    let refuse = |got: &str| {
        Error::new(Blame::Caller, format!("an Ed25519 public key for {node}"), got)
            .hint("copy the key that the node printed when it was founded")
    };
    let parsed = VerificationKey::try_from(key.0).map_err(|_| refuse("no point of the curve"))?;
    // The signature (R = identity, s = 0) satisfies 8sB = 8R + 8kA exactly when 8kA = 0.
    let mut nothing = [0; 64];
    nothing[0] = 1;
    let forged = ed25519_zebra::Signature::from_bytes(&nothing);
    if parsed.verify(&forged, b"anything").is_ok() {
        return Err(refuse("a point of small order, under which anybody can sign"));
    }
    Ok(parsed)
}
