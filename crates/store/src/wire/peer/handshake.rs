//! How two nodes make sure of each other before the first message.
//!
//! ```text
//! dialer                                       listener
//!   Hello {version, cluster, from, to, incarnation, challenge}  ->
//!        <-  Welcome {incarnation, challenge, signature over (hello, welcome)}   or  Refused
//!   Proof {signature over (hello, welcome)}                     ->
//!        <-  Accepted                                                            or  Refused
//!   messages, one direction only                                ->
//! ```
//!
//! Each side signs the other's fresh challenge together with everything said so far, under a role
//! of its own, so that a proof is good for one connection, one direction and one pair of nodes.
//! The signatures' domain differs from that of facts: a handshake can never be made to sign one.
//!
//! What it does not do: it says who dialled, and nothing of the bytes that follow. Whoever can
//! rewrite packets between data centres can still inject messages; links that are not trusted need
//! an encrypted tunnel below.
//!
//! Invariants
//! - I1: a node proves itself only to a listener that has proved itself first.
//! - I2: no connection is made across clusters, to a node that is not the one dialled, or to
//!   oneself; each refusal says which.

use crate::wire::mutant::{Mutant, planted};
use avouch_promise::{
    Blame, ClusterId, Decode, DecodeError, Digest, Encode, Error, Incarnation, NodeId, Reader,
    Signature, Signer, Verifier, Writer, digest_of,
};
use bytes::Bytes;

/// The version of this protocol and of the messages behind it.
pub const VERSION: u32 = 1;
const MAGIC: [u8; 8] = *b"avouch\x0dp";

/// Who one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The cluster.
    pub cluster: ClusterId,
    /// The node.
    pub node: NodeId,
    /// How often it has started.
    pub incarnation: Incarnation,
}

/// 32 bytes that were never used before.
pub type Challenge = [u8; 32];

/// The dialer's opening.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    /// The version that the dialer speaks.
    pub version: u32,
    /// Who dials.
    pub from: Identity,
    /// Whom it means to reach.
    pub to: NodeId,
    /// What the listener must sign.
    pub challenge: Challenge,
}

/// The listener's answer to a [`Hello`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// The listener proves itself and asks for the same.
    Welcome {
        /// The listener's incarnation.
        incarnation: Incarnation,
        /// What the dialer must sign.
        challenge: Challenge,
        /// The listener's proof.
        signature: Signature,
    },
    /// No, and why.
    Refused(String),
}

/// The listener's last word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Messages may follow.
    Accepted,
    /// No, and why.
    Refused(String),
}

impl Encode for Hello {
    fn encode(&self, out: &mut Writer) {
        out.raw(&MAGIC);
        out.u32(self.version);
        self.from.cluster.encode(out);
        self.from.node.encode(out);
        self.from.incarnation.encode(out);
        self.to.encode(out);
        out.raw(&self.challenge);
    }
}
impl Decode for Hello {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let error = input.error("the greeting of an avouch node");
        if input.array::<8>()? != MAGIC {
            return Err(error);
        }
        Ok(Self {
            version: input.u32()?,
            from: Identity {
                cluster: ClusterId::decode(input)?,
                node: NodeId::decode(input)?,
                incarnation: Incarnation::decode(input)?,
            },
            to: NodeId::decode(input)?,
            challenge: input.array()?,
        })
    }
}

fn text(input: &mut Reader<'_>) -> Result<String, DecodeError> {
    let text = std::str::from_utf8(input.bytes()?).map(str::to_owned);
    text.map_err(|_| input.error("a reason in UTF-8"))
}

impl Encode for Reply {
    fn encode(&self, out: &mut Writer) {
        match self {
            Self::Refused(reason) => {
                out.u8(0);
                out.bytes(reason.as_bytes());
            }
            Self::Welcome { incarnation, challenge, signature } => {
                out.u8(1);
                incarnation.encode(out);
                out.raw(challenge);
                signature.encode(out);
            }
        }
    }
}
impl Decode for Reply {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let error = input.error("a welcome or a refusal");
        match input.u8()? {
            0 => text(input).map(Self::Refused),
            1 => Ok(Self::Welcome {
                incarnation: Incarnation::decode(input)?,
                challenge: input.array()?,
                signature: Signature::decode(input)?,
            }),
            _ => Err(error),
        }
    }
}

impl Encode for Verdict {
    fn encode(&self, out: &mut Writer) {
        match self {
            Self::Refused(reason) => {
                out.u8(0);
                out.bytes(reason.as_bytes());
            }
            Self::Accepted => out.u8(1),
        }
    }
}
impl Decode for Verdict {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let error = input.error("an acceptance or a refusal");
        match input.u8()? {
            0 => text(input).map(Self::Refused),
            1 => Ok(Self::Accepted),
            _ => Err(error),
        }
    }
}

fn proof(role: &str, hello: &[u8], incarnation: Incarnation, challenge: &Challenge) -> Digest {
    let none = &Challenge::default();
    let challenge = if planted(Mutant::ChallengeUnsigned) { none } else { challenge };
    digest_of(role, &[hello, &incarnation.0.to_le_bytes(), challenge])
}
const LISTENER: &str = "avouch peer listener";
const DIALER: &str = "avouch peer dialer";

fn refused(reason: &str) -> Error {
    Error::new(Blame::Peer, "to be accepted by the peer", format!("its refusal: {reason}"))
}
fn foreign(expected: ClusterId, got: ClusterId) -> Error {
    Error::new(Blame::Peer, format!("a peer of cluster {expected}"), format!("one of {got}"))
        .hint("two clusters share an address: compare the trust files and the peer addresses")
}
fn decoded<T: Decode>(what: &str, bytes: &[u8]) -> Result<T, Error> {
    T::from_bytes(bytes).map_err(|error| Error::decode(Blame::Peer, what, &error))
}

/// The dialer's half, between sending its [`Hello`] and hearing the [`Reply`].
#[derive(Debug)]
pub struct Dialing {
    hello: Bytes,
    to: NodeId,
}

impl Dialing {
    /// Starts: the returned bytes are the first to send.
    pub fn start(me: Identity, to: NodeId, challenge: Challenge) -> (Self, Bytes) {
        let hello = Hello { version: VERSION, from: me, to, challenge }.to_bytes();
        (Self { hello: hello.clone(), to }, hello)
    }

    /// Judges the listener's reply; the returned bytes are the proof to send.
    pub fn reply(
        self,
        reply: &[u8],
        signer: &dyn Signer,
        verifier: &dyn Verifier,
    ) -> Result<Bytes, Error> {
        let (incarnation, challenge, signature) = match decoded("a handshake's reply", reply)? {
            Reply::Refused(reason) => return Err(refused(&reason)),
            Reply::Welcome { incarnation, challenge, signature } => {
                (incarnation, challenge, signature)
            }
        };
        let said = proof(LISTENER, &self.hello, incarnation, &challenge);
        let proved = verifier.verify(self.to, &said.0, &signature);
        if !proved && !planted(Mutant::ListenerUnproved) {
            let expected = format!("the signature of {}", self.to);
            return Err(Error::new(Blame::Peer, expected, "another one")
                .hint("is the peer's address right, and its key the one in the trust file?"));
        }
        Ok(signer.sign(&proof(DIALER, &self.hello, incarnation, &challenge).0).to_bytes())
    }
}

/// Judges the listener's last word.
pub fn concluded(verdict: &[u8]) -> Result<(), Error> {
    match decoded("a handshake's verdict", verdict)? {
        Verdict::Accepted => Ok(()),
        Verdict::Refused(reason) => Err(refused(&reason)),
    }
}

/// The listener's half, between sending its welcome and hearing the proof.
#[derive(Debug)]
pub struct Listening {
    from: Identity,
    said: Digest,
}

impl Listening {
    /// Judges a greeting; the returned bytes are the welcome to send.
    pub fn greeted(
        me: Identity,
        hello: &[u8],
        challenge: Challenge,
        signer: &dyn Signer,
    ) -> Result<(Self, Bytes), Error> {
        let Hello { version, from, to, .. } = decoded("a handshake's greeting", hello)?;
        if version != VERSION {
            let expected = format!("version {VERSION} of the protocol between nodes");
            return Err(Error::new(Blame::Peer, expected, format!("version {version}"))
                .hint("run the same release on all nodes"));
        }
        if from.cluster != me.cluster && !planted(Mutant::ClusterIgnored) {
            return Err(foreign(me.cluster, from.cluster));
        }
        if to != me.node || from.node == me.node {
            let expected = format!("a peer that means to reach {}", me.node);
            return Err(Error::new(
                Blame::Peer,
                expected,
                format!("{} looking for {to}", from.node),
            )
            .hint("compare the peer addresses in the configuration"));
        }
        let said = proof(LISTENER, hello, me.incarnation, &challenge);
        let signature = signer.sign(&said.0);
        let welcome = Reply::Welcome { incarnation: me.incarnation, challenge, signature };
        let said = proof(DIALER, hello, me.incarnation, &challenge);
        Ok((Self { from, said }, welcome.to_bytes()))
    }

    /// Who the dialer says it is; not proved yet.
    pub fn claimed(&self) -> NodeId {
        self.from.node
    }

    /// Judges the dialer's proof: who it is.
    pub fn proved(self, bytes: &[u8], verifier: &dyn Verifier) -> Result<Identity, Error> {
        let signature: Signature = decoded("a handshake's proof", bytes)?;
        let proved = verifier.verify(self.from.node, &self.said.0, &signature);
        if proved || planted(Mutant::DialerUnproved) {
            return Ok(self.from);
        }
        let expected = format!("the signature of {}", self.from.node);
        Err(Error::new(Blame::Peer, expected, "another one")
            .hint("does the peer's key belong to the node of that number in the trust file?"))
    }
}

#[cfg(test)]
#[path = "handshake_tests.rs"]
mod tests;
