//! The evidence file: what a client keeps to have its answers verified later, elsewhere.
//!
//! ```text
//! magic "avouchEV" (8) | version (1) | items
//! item = request (bytes) | response (bytes) | evidence (bytes) | nonce (absent, or 16)
//! ```
//!
//! The nonce stands beside the request although the request holds one: the client writes down
//! what it drew, and the two are compared.

use super::judgement::Judgement;
use super::verify::verify;
use crate::codec::{Decode, DecodeError, Encode, Reader, Writer};
use crate::error::{Blame, Error};
use crate::request::Nonce;
use crate::trust::Trust;
use bytes::Bytes;

const MAGIC: &[u8; 8] = b"avouchEV";
const VERSION: u8 = 1;

/// One answered request.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Item {
    /// The request's bytes, as sent.
    pub request: Bytes,
    /// The response's bytes, as received.
    pub response: Bytes,
    /// The evidence's bytes, as received.
    pub evidence: Bytes,
    /// The nonce that the client drew, if it still knows.
    pub nonce: Option<Nonce>,
}

impl Item {
    /// Judges this item.
    pub fn verify(&self, trust: &Trust) -> Judgement {
        verify(trust, &self.request, &self.response, &self.evidence, self.nonce)
    }
}

impl Encode for Item {
    fn encode(&self, out: &mut Writer) {
        out.bytes(&self.request);
        out.bytes(&self.response);
        out.bytes(&self.evidence);
        out.bool(self.nonce.is_some());
        if let Some(nonce) = self.nonce {
            out.raw(&nonce.0);
        }
    }
}
impl Decode for Item {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            request: Bytes::decode(input)?,
            response: Bytes::decode(input)?,
            evidence: Bytes::decode(input)?,
            nonce: if input.bool()? { Some(Nonce(input.array()?)) } else { None },
        })
    }
}

/// Answered requests, in any order.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EvidenceFile {
    /// The items.
    pub items: Vec<Item>,
}

impl EvidenceFile {
    /// Reads a file that the caller named.
    pub fn read(bytes: &[u8]) -> Result<Self, Error> {
        Self::from_bytes(bytes).map_err(|error| {
            Error::decode(Blame::Caller, "an evidence file", &error)
                .hint("the file was cut or changed, or is not one that `--evidence FILE` wrote")
        })
    }
}

impl Encode for EvidenceFile {
    fn encode(&self, out: &mut Writer) {
        out.raw(MAGIC);
        out.u8(VERSION);
        out.list(&self.items);
    }
}
impl Decode for EvidenceFile {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let error = input.error("the magic `avouchEV` and version 1");
        if input.array::<8>()? != *MAGIC || input.u8()? != VERSION {
            return Err(error);
        }
        Ok(Self { items: input.list()? })
    }
}
