//! SHA-256 digests with a domain: the same bytes in two roles have two digests.

use crate::codec::{Decode, DecodeError, Encode, Reader, Writer};
use sha2::{Digest as _, Sha256};
use std::fmt;

/// A SHA-256 digest.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// The digest that stands for "nothing".
    pub const ZERO: Self = Self([0; 32]);
}

/// Digests the concatenation of `parts` under the name of a `domain`.
///
/// The domain is preceded by its length, so no domain is a prefix of another.
pub fn digest_of(domain: &str, parts: &[&[u8]]) -> Digest {
    let mut hasher = Sha256::new();
    hasher.update([domain.len() as u8]);
    hasher.update(domain.as_bytes());
    for part in parts {
        hasher.update(part);
    }
    Digest(hasher.finalize().into())
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().take(6).try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}
impl Encode for Digest {
    fn encode(&self, out: &mut Writer) {
        out.raw(&self.0);
    }
}
impl Decode for Digest {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        input.array().map(Self)
    }
}
