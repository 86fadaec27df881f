//! Valid evidence out of nothing, for tests of this and other rooms: one small log, and voters
//! whose keys the test holds.
//!
//! Nothing here is for a running node: whoever holds a [`Forge`] can sign for everybody.

use crate::clock::Wall;
use crate::codec::{Decode, Encode};
use crate::digest::Digest;
use crate::evidence::{
    Beacon, CommitCertificate, Evidence, Floor, Item, Link, PrefixProof, Proof, ReadIndexProof,
    StalenessProof, WriteProof,
};
use crate::fact::{Ack, Answer, Scope, Signed};
use crate::identity::{Ballot, Epoch, GroupId, Incarnation, KeyspaceId, NodeId};
use crate::log_point::{EntryHeader, LogIndex, LogPoint};
use crate::merkle;
use crate::quantity::{Interval, Nanos, WallTime};
use crate::random::Random;
use crate::request::{Intent, Nonce, Request, RequestId};
use crate::signature::{Signature, Signer, Symbolic};
use crate::trust::{Ed25519Signer, Founding, Keyspace, Member, Trust};
use bytes::Bytes;
use std::collections::BTreeMap;

/// When answers are given, by their nodes' clocks.
pub const NOON: WallTime = WallTime(1_700_000_000_000_000_000);

/// A cluster whose every key is at hand, and its log.
#[derive(Clone, Debug)]
pub struct Forge {
    /// What its verifiers trust.
    pub trust: Trust,
    /// Which log it is about.
    pub scope: Scope,
    /// The entries' headers, from index 1.
    pub headers: Vec<EntryHeader>,
    /// The requests of each entry.
    pub entries: Vec<Vec<Bytes>>,
    keys: BTreeMap<NodeId, Ed25519Signer>,
    drawn: u64,
}

/// Five voters and one learner: enough for every check to have something to refuse.
impl Default for Forge {
    fn default() -> Self {
        Self::symbolic(6, 5)
    }
}

impl Forge {
    /// Nodes that sign symbolically; the first `voters` of them vote.
    pub fn symbolic(nodes: u32, voters: u32) -> Self {
        Self::over(Trust::symbolic(nodes, voters), BTreeMap::new())
    }

    /// Nodes with Ed25519 keys that anybody could guess; the first `voters` of them vote.
    ///
    /// # Errors
    /// `Caller` when there is no voter.
    pub fn ed25519(nodes: u32, voters: u32) -> Result<Self, crate::Error> {
        let key = |node: u32| Ed25519Signer::from_seed([node as u8; 32]);
        let member = |node| Member {
            node: NodeId(node),
            name: format!("n{node}"),
            region: "eu-west-1".to_owned(),
            key: key(node).public(),
        };
        let founding = Founding {
            salt: [7; 16],
            nodes: (1..=nodes).map(member).collect(),
            voters: (1..=voters).map(NodeId).collect(),
            keyspaces: vec![Keyspace::default()],
        };
        let keys = (1..=nodes).map(|node| (NodeId(node), key(node))).collect();
        Ok(Self::over(Trust::found(founding)?, keys))
    }

    fn over(trust: Trust, keys: BTreeMap<NodeId, Ed25519Signer>) -> Self {
        let scope = Scope { cluster: trust.cluster(), keyspace: KeyspaceId(0), group: GroupId(0) };
        Self { trust, scope, headers: Vec::new(), entries: Vec::new(), keys, drawn: 0 }
    }

    /// A request to read, with a nonce of its own.
    pub fn get(&mut self, guarantee: &str, body: impl Into<Bytes>) -> Request {
        self.request(Intent::Read, guarantee, body.into())
    }

    /// A linearizable request to write, with a nonce of its own.
    pub fn put(&mut self, body: impl Into<Bytes>) -> Request {
        self.request(Intent::Write, "linearizable", body.into())
    }

    fn request(&mut self, intent: Intent, guarantee: &str, body: Bytes) -> Request {
        self.drawn += 1;
        let mut nonce = [0xa5; 16];
        nonce[..8].copy_from_slice(&self.drawn.to_le_bytes());
        Request {
            intent,
            cluster: self.scope.cluster,
            keyspace: self.scope.keyspace,
            id: RequestId { client: 77, sequence: self.drawn },
            settled: 0,
            nonce: Nonce(nonce),
            guarantee: guarantee.to_owned(),
            token: Bytes::new(),
            body,
        }
    }

    /// Appends an entry of these requests.
    pub fn append(&mut self, ballot: Ballot, requests: Vec<Bytes>) -> EntryHeader {
        let digests: Vec<_> = requests.iter().map(|bytes| Request::digest(bytes)).collect();
        let header = EntryHeader {
            index: LogIndex(self.headers.len() as u64 + 1),
            ballot,
            previous: self.headers.last().map_or(Digest::ZERO, EntryHeader::chain),
            root: merkle::root(&digests),
            count: requests.len() as u32,
        };
        self.headers.push(header);
        self.entries.push(requests);
        header
    }

    /// Appends `count` entries of three requests each that nobody looks at.
    pub fn fill(&mut self, ballot: Ballot, count: usize) {
        for _ in 0..count {
            let requests = (0..3).map(|_| self.put("other").to_bytes());
            let requests = requests.collect();
            self.append(ballot, requests);
        }
    }

    /// The chain at an entry; zero before the first.
    pub fn chain(&self, index: LogIndex) -> Digest {
        let place = (index.0 as usize).checked_sub(1);
        place.and_then(|place| self.headers.get(place)).map_or(Digest::ZERO, EntryHeader::chain)
    }

    /// The last entry's header.
    pub fn last(&self) -> EntryHeader {
        self.headers.last().copied().unwrap_or(EntryHeader {
            index: LogIndex(0),
            ballot: Ballot::default(),
            previous: Digest::ZERO,
            root: Digest::ZERO,
            count: 0,
        })
    }

    fn signature(&self, node: NodeId, message: &[u8]) -> Signature {
        match self.keys.get(&node) {
            Some(key) => key.sign(message),
            None => Symbolic(node).sign(message),
        }
    }

    /// A fact in a batch of its own.
    pub fn seal(&self, node: NodeId, fact: &impl Encode) -> Signed {
        Signed::one(node, fact, |message| self.signature(node, message))
    }

    /// A fact in the middle of a batch of `count`.
    pub fn seal_among(&self, node: NodeId, fact: &impl Encode, count: usize) -> Signed {
        let mut facts: Vec<_> = (0..count).map(|i| Bytes::from(vec![i as u8; 9])).collect();
        let place = count / 2;
        if let Some(slot) = facts.get_mut(place) {
            *slot = fact.to_bytes();
        }
        let mut sealed = Signed::batch(node, facts, |message| self.signature(node, message));
        sealed.swap_remove(place)
    }

    /// A voter's statement about this log.
    pub fn ack(&self, voter: NodeId, accepted: LogIndex, ballot: Ballot, root: Digest) -> Ack {
        Ack {
            scope: self.scope,
            epoch: Epoch(1),
            ballot,
            voter,
            incarnation: Incarnation(2),
            accepted,
            chain: self.chain(accepted),
            root,
            until: WallTime(0),
        }
    }

    /// A certificate of the entry at `index` by `reached`: voters with the entry that each
    /// reached, by ascending voter.
    pub fn certificate(
        &self,
        index: LogIndex,
        ballot: Ballot,
        reached: &[(u32, u64)],
    ) -> CommitCertificate {
        let seal = |(voter, accepted): &(u32, u64)| {
            let ack = self.ack(NodeId(*voter), LogIndex(*accepted), ballot, Digest::ZERO);
            self.seal_among(ack.voter, &ack, 2)
        };
        let highest = reached.iter().map(|(_, accepted)| *accepted).max().unwrap_or(index.0);
        let beyond = (highest - index.0) as usize;
        let suffix = self.headers.iter().skip(index.0 as usize).take(beyond);
        CommitCertificate {
            acks: reached.iter().map(seal).collect(),
            suffix: suffix.map(Link::from).collect(),
        }
    }

    /// An answer at a point of this log.
    pub fn answer(&self, node: NodeId, request: &[u8], response: &[u8], point: LogPoint) -> Answer {
        Answer {
            scope: self.scope,
            node,
            incarnation: Incarnation(2),
            request: Request::digest(request),
            response: Request::response_digest(response),
            point,
            chain: self.chain(point.index),
            commit: point.index,
            wall: Wall::stated(Interval::around(NOON, Nanos::from_millis(1))),
        }
    }

    fn item(&self, node: u32, request: &Request, point: LogPoint, proof: Proof) -> Item {
        let (bytes, response) = (request.to_bytes(), Bytes::from_static(b"response"));
        let answer = self.answer(NodeId(node), &bytes, &response, point);
        let answer = self.seal_among(answer.node, &answer, 3);
        let evidence = Evidence { answer, proof }.to_bytes();
        Item { request: bytes, response, evidence, nonce: Some(request.nonce) }
    }

    /// Appends `request` in the middle of an entry of `batch`, and answers it with evidence of
    /// the write; two of the acknowledgements reach one entry further.
    pub fn write(&mut self, ballot: Ballot, request: &Request, batch: usize) -> Item {
        let mut requests: Vec<_> = (0..batch).map(|_| self.put("put").to_bytes()).collect();
        let place = batch / 2;
        if let Some(slot) = requests.get_mut(place) {
            *slot = request.to_bytes();
        }
        let digests: Vec<_> = requests.iter().map(|bytes| Request::digest(bytes)).collect();
        let header = self.append(ballot, requests);
        self.fill(ballot, 1);
        let at = header.index.0;
        let proof = WriteProof {
            header,
            position: place as u32,
            path: merkle::path(&digests, place).unwrap_or_default(),
            certificate: self.certificate(
                header.index,
                ballot,
                &[(1, at), (2, at + 1), (4, at + 1)],
            ),
        };
        let point = LogPoint { index: header.index, position: place as u32 + 1 };
        self.item(1, request, point, Proof::Write(proof))
    }

    /// Answers `request` at the last entry with evidence of a linearizable read, among `batch`
    /// reads. An `idle` log shares one majority; a busy one has a certificate of its own.
    pub fn read_index(&mut self, request: &Request, batch: usize, idle: bool) -> Item {
        let digest = Request::digest(&request.to_bytes());
        let proof = self.read_of(digest, batch, idle);
        self.item(3, request, proof.point(), Proof::ReadIndex(proof))
    }

    /// Answers `request` as of the last entry with evidence of bounded staleness: each reading of
    /// the clock has a half-width of 1 ms, and the beacon was so long before the answer.
    pub fn staleness(&mut self, request: &Request, ago: Nanos, idle: bool) -> Item {
        let wall = Wall::stated(Interval::around(NOON.minus(ago), Nanos::from_millis(1)));
        self.staleness_of(request, Beacon { node: NodeId(3), wall }, idle)
    }

    /// The same with this beacon.
    pub fn staleness_of(&mut self, request: &Request, beacon: Beacon, idle: bool) -> Item {
        let read = self.read_of(beacon.digest(), 2, idle);
        self.item(3, request, read.point(), Proof::Staleness(StalenessProof { beacon, read }))
    }

    /// A majority's statement after it saw this digest among `batch`, at the last entry.
    fn read_of(&mut self, digest: Digest, batch: usize, idle: bool) -> ReadIndexProof {
        let header = self.last();
        let place = batch / 2;
        let mut digests: Vec<_> = (0..batch)
            .map(|_| Request::digest(&self.get("linearizable", "get").to_bytes()))
            .collect();
        if let Some(slot) = digests.get_mut(place) {
            *slot = digest;
        }
        let root = merkle::root(&digests);
        let at = header.index.0;
        let reached =
            if idle { [(1, at), (3, at), (5, at)] } else { [(1, at), (3, at - 1), (5, at)] };
        let seal = |(voter, accepted)| {
            let ack = self.ack(NodeId(voter), LogIndex(accepted), header.ballot, root);
            self.seal(ack.voter, &ack)
        };
        let floor = Floor {
            acks: reached.into_iter().map(seal).collect(),
            index: place as u32,
            count: batch as u32,
            path: merkle::path(&digests, place).unwrap_or_default(),
        };
        let own = || self.certificate(header.index, header.ballot, &[(1, at), (2, at), (3, at)]);
        let certificate = (!idle).then(own);
        ReadIndexProof { header, floor, certificate }
    }

    /// Answers `request` two entries before the last with evidence of a consistent prefix.
    pub fn prefix(&mut self, request: &Request) -> Item {
        let last = self.last();
        let at = last.index.0.saturating_sub(2).max(1);
        let header = self.headers.get(at as usize - 1).copied().unwrap_or(last);
        let reached = [(1, at), (2, last.index.0), (3, at)];
        let certificate = self.certificate(header.index, last.ballot, &reached);
        let point = LogPoint { index: header.index, position: header.count };
        self.item(6, request, point, Proof::ConsistentPrefix(PrefixProof { header, certificate }))
    }

    /// Answers `request` somewhere with nothing but a signature.
    pub fn eventual(&mut self, request: &Request) -> Item {
        let point = LogPoint { index: self.last().index, position: 1 };
        self.item(6, request, point, Proof::Eventual)
    }

    /// Changes a sealed fact and seals it again by the same signer.
    pub fn edit<T: Encode + Decode>(&self, sealed: &mut Signed, change: impl FnOnce(&mut T)) {
        if let Ok(mut fact) = T::from_bytes(&sealed.bytes) {
            change(&mut fact);
            *sealed = self.seal(sealed.seal.signer, &fact);
        }
    }
}

/// One of the ways in which bytes come to be wrong: flipped, cut, extended, spliced.
pub fn mutate(random: &mut Random, bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..random.between(1, 4) {
        let place = random.below(bytes.len() as u64) as usize;
        match random.below(6) {
            0 | 1 => {
                if let Some(byte) = bytes.get_mut(place) {
                    *byte ^= 1 << random.below(8);
                }
            }
            2 => bytes.truncate(place),
            3 => bytes.extend((0..random.between(1, 40)).map(|_| random.bits() as u8)),
            4 => {
                if let Some(byte) = bytes.get_mut(place) {
                    *byte = *random.pick(&[0, 1, 0x7f, 0x80, 0xff]).unwrap_or(&0);
                }
            }
            _ => {
                let length = random.below(64).min((bytes.len() - place) as u64) as usize;
                let piece = bytes.get(place..place + length).unwrap_or_default().to_vec();
                let to = random.below(bytes.len() as u64 + 1) as usize;
                bytes.splice(to..to, piece);
            }
        }
    }
    bytes
}
