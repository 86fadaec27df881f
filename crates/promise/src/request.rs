//! A request as evidence binds it: what is asked, with which guarantee, and the client's nonce.
//!
//! ```text
//! version (1) | intent (1) | cluster | keyspace | client (8) | sequence (8) | settled (8)
//! | nonce (16) | guarantee (bytes) | token (bytes) | body (bytes)
//! ```
//!
//! The body is the keyspace's own canonical operation, opaque here. These bytes are what a log
//! entry holds and what an answer's request digest covers.
//!
//! The intent says whether the operation reads or writes, so that a verifier to whom the body is
//! opaque still knows which proof to ask for: nothing but its own entry in the log proves a write.
//! Whoever knows the keyspace's operations holds the two against each other: the client when it
//! asks, the node before it begins, the `verify` command when it is shown a file.

use crate::codec::{Decode, DecodeError, Encode, Reader, Writer};
use crate::digest::{Digest, digest_of};
use crate::identity::{ClusterId, KeyspaceId};
use bytes::Bytes;
use std::fmt;

/// 16 bytes that the client drew for this request alone; freshness is proved against them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nonce(pub [u8; 16]);

/// A request's name, by which a retry is recognised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId {
    /// The client, drawn at random when it starts.
    pub client: u64,
    /// The client's own count of its requests, from 1.
    pub sequence: u64,
}
impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}.{}", self.client, self.sequence)
    }
}
impl Encode for RequestId {
    fn encode(&self, out: &mut Writer) {
        out.u64(self.client);
        out.u64(self.sequence);
    }
}
impl Decode for RequestId {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { client: input.u64()?, sequence: input.u64()? })
    }
}

/// What a request is to do with the state; its number is its byte in the encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Intent {
    /// Look at it, and leave it as it is.
    Read = 1,
    /// Change it, or do so under a condition.
    Write = 2,
}
impl Intent {
    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}
impl fmt::Display for Intent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
impl Encode for Intent {
    fn encode(&self, out: &mut Writer) {
        out.u8(*self as u8);
    }
}
impl Decode for Intent {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let error = input.error("an intent: 1 to read, 2 to write");
        match input.u8()? {
            1 => Ok(Self::Read),
            2 => Ok(Self::Write),
            _ => Err(error),
        }
    }
}

/// One request.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Request {
    /// Whether its operation reads or writes.
    pub intent: Intent,
    /// The cluster it is meant for; another cluster refuses it.
    pub cluster: ClusterId,
    /// The keyspace it is meant for.
    pub keyspace: KeyspaceId,
    /// Its name.
    pub id: RequestId,
    /// Every sequence of this client below this one is settled: no retry of it will come.
    pub settled: u64,
    /// The client's nonce.
    pub nonce: Nonce,
    /// The guarantee, in its canonical text (`linearizable`, `bounded-staleness=2s`).
    pub guarantee: String,
    /// The session token, or nothing.
    pub token: Bytes,
    /// The keyspace's operation in its canonical encoding.
    pub body: Bytes,
}

/// Version 1 had no intent: a write of that form could be passed off as a read.
const VERSION: u8 = 2;

impl Request {
    /// The digest of a request's bytes, by which facts name it.
    pub fn digest(bytes: &[u8]) -> Digest {
        digest_of("avouch request", &[bytes])
    }
    /// The digest of a response's bytes, by which facts name it.
    pub fn response_digest(bytes: &[u8]) -> Digest {
        digest_of("avouch response", &[bytes])
    }
}
impl Encode for Request {
    fn encode(&self, out: &mut Writer) {
        out.u8(VERSION);
        self.intent.encode(out);
        self.cluster.encode(out);
        self.keyspace.encode(out);
        self.id.encode(out);
        out.u64(self.settled);
        out.raw(&self.nonce.0);
        out.bytes(self.guarantee.as_bytes());
        out.bytes(&self.token);
        out.bytes(&self.body);
    }
}
impl Decode for Request {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let request = Envelope::read(input)?;
        Ok(Self {
            intent: request.intent,
            cluster: request.cluster,
            keyspace: request.keyspace,
            id: request.id,
            settled: request.settled,
            nonce: request.nonce,
            guarantee: request.guarantee.to_owned(),
            token: Bytes::copy_from_slice(request.token),
            body: Bytes::copy_from_slice(request.body),
        })
    }
}

/// A request as it stands in its bytes: what is written there is borrowed, not copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Envelope<'a> {
    /// Whether its operation reads or writes.
    pub intent: Intent,
    /// The cluster it is meant for.
    pub cluster: ClusterId,
    /// The keyspace it is meant for.
    pub keyspace: KeyspaceId,
    /// Its name.
    pub id: RequestId,
    /// Every sequence of this client below this one is settled.
    pub settled: u64,
    /// The client's nonce.
    pub nonce: Nonce,
    /// The guarantee, in its canonical text.
    pub guarantee: &'a str,
    /// The session token, or nothing.
    pub token: &'a [u8],
    /// The keyspace's operation in its canonical encoding.
    pub body: &'a [u8],
}

impl<'a> Envelope<'a> {
    /// The request that is the whole of `bytes`.
    pub fn open(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut input = Reader::new(bytes);
        let request = Self::read(&mut input)?;
        input.end()?;
        Ok(request)
    }

    fn read(input: &mut Reader<'a>) -> Result<Self, DecodeError> {
        let error = input.error("a request of version 2");
        if input.u8()? != VERSION {
            return Err(error);
        }
        Ok(Self {
            intent: Intent::decode(input)?,
            cluster: ClusterId::decode(input)?,
            keyspace: KeyspaceId::decode(input)?,
            id: RequestId::decode(input)?,
            settled: input.u64()?,
            nonce: Nonce(input.array()?),
            guarantee: {
                let text = std::str::from_utf8(input.bytes()?);
                text.map_err(|_| input.error("a guarantee in UTF-8"))?
            },
            token: input.bytes()?,
            body: input.bytes()?,
        })
    }
}
