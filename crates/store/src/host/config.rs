//! What a host is told: whose node it runs, where, and how.

use super::founding::{self, KEY_FILE, TRUST_FILE};
use super::mutant::HostMutant;
use super::recorder::Recording;
use crate::clock::Source;
use crate::node;
use crate::wire::peer::link::{Direct, Link};
use avouch_agreement::Membership;
use avouch_agreement::log;
use avouch_promise::trust::{Ed25519Signer, Trust};
use avouch_promise::{Blame, Error, GroupId, KeyspaceId, Nanos, NodeId, Scope};
use std::collections::BTreeMap;
use std::fmt;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where to listen.
#[derive(Debug)]
pub enum Listen {
    /// On this address; port 0 takes any free one.
    At(SocketAddr),
    /// On a port that is bound already, so that its number is known to others before the start.
    Bound(TcpListener),
}

impl From<SocketAddr> for Listen {
    fn from(address: SocketAddr) -> Self {
        Self::At(address)
    }
}
impl From<TcpListener> for Listen {
    fn from(listener: TcpListener) -> Self {
        Self::Bound(listener)
    }
}

/// The configuration of one host.
pub struct HostConfig {
    /// The data folder. It holds one node of one cluster, and one process at a time.
    pub data: PathBuf,
    /// The cluster's public trust file.
    pub trust: Trust,
    /// This node's key.
    pub signer: Ed25519Signer,
    /// This node.
    pub me: NodeId,
    /// Where clients reach it.
    pub client_listen: Listen,
    /// Where its peers reach it.
    pub peer_listen: Listen,
    /// Where each peer listens for this node, as `host:port`. This node's own entry is what other
    /// members are told.
    pub peers: BTreeMap<NodeId, String>,
    /// Where clients reach each member, as `host:port`, for `member list`; may lack some.
    pub clients: BTreeMap<NodeId, String>,
    /// What the node takes its time from. Without it no evidence leans on its clock.
    pub clock: Source,
    /// How far off any clock may be whose hybrid stamps arrive here, this node's included; without
    /// it the bound that is stated of this machine's clock. Where there is neither, the node keeps
    /// no stamps.
    pub stamp_bound: Option<Nanos>,
    /// What distance does to messages; [`Direct`] on a real network.
    pub link: Arc<dyn Link>,
    /// The length of one segment of the log in bytes.
    pub segment_bytes: u64,
    /// Which steps are written down in the data folder; [`super::Handle::record`] changes it.
    pub recording: Recording,
    /// An operator's statement that the end of this node's log, if it is torn, was torn by a crash
    /// in the middle of a write that nobody was told of. Heeded only where the node is the sole
    /// voter, for others ask their peers.
    pub accept_torn_tail: bool,
    /// The node's own configuration: quota, patience, checkpoints, batches, planted bugs.
    pub node: node::Config,
    #[doc(hidden)]
    pub mutant: HostMutant,
}

impl HostConfig {
    /// A host for `me`, listening on any free port of the loopback interface; `election` is the
    /// election period, longer than the longest round trip between voters.
    pub fn new(
        data: impl Into<PathBuf>,
        trust: Trust,
        signer: Ed25519Signer,
        me: NodeId,
        election: Nanos,
    ) -> Self {
        let scope = Scope { cluster: trust.cluster(), keyspace: KeyspaceId(0), group: GroupId(0) };
        let founding = Membership::founding(trust.newest_voters().iter().copied().collect());
        let loopback = || SocketAddr::from(([127, 0, 0, 1], 0)).into();
        Self {
            data: data.into(),
            trust,
            signer,
            me,
            client_listen: loopback(),
            peer_listen: loopback(),
            peers: BTreeMap::new(),
            clients: BTreeMap::new(),
            clock: Source::Nothing,
            stamp_bound: None,
            link: Arc::new(Direct),
            segment_bytes: 16 << 20,
            recording: Recording::Off,
            accept_torn_tail: false,
            node: node::Config::new(log::Config::new(me, scope, founding, election)),
            mutant: HostMutant::None,
        }
    }

    /// A host for the node whose trust file and key stand in the folder `data`, as
    /// [`super::found_cluster`] leaves them.
    pub fn read(data: &Path, election: Nanos) -> Result<Self, Error> {
        let trust = founding::read_trust(&data.join(TRUST_FILE))?;
        let signer = founding::read_key(&data.join(KEY_FILE))?;
        let member = trust.members().iter().find(|member| member.key == signer.public());
        let Some(me) = member.map(|member| member.node) else {
            let got = format!("{}, which is no node's of it", signer.public());
            return Err(Error::new(
                Blame::Caller,
                format!("a key of cluster {} in {}", trust.cluster(), data.display()),
                got,
            )
            .hint("the trust file and the key must come from the same founding"));
        };
        Ok(Self::new(data, trust, signer, me, election))
    }

    /// Refuses what contradicts itself.
    pub(super) fn validate(&self) -> Result<(), Error> {
        let wrong = |expected: String, got: String, hint: &str| {
            Err(Error::new(Blame::Caller, expected, got).hint(hint))
        };
        let me = self.me;
        let Some(member) = self.trust.member(me) else {
            let expected = format!("a node of cluster {}", self.trust.cluster());
            return wrong(expected, me.to_string(), "the trust file lists the cluster's nodes");
        };
        if member.key != self.signer.public() {
            let got = format!("one whose public half is {}", self.signer.public());
            return wrong(format!("{me}'s key {}", member.key), got, "each node has its own key");
        }
        if self.node.log.me != me {
            let got = format!("one for {}", self.node.log.me);
            return wrong(format!("a node configuration for {me}"), got, "build both for one node");
        }
        if let Some(missing) =
            self.trust.newest_voters().iter().find(|v| **v != me && !self.peers.contains_key(v))
        {
            let got = format!("none for {missing}");
            return wrong("an address for each voter".into(), got, "add it to `peers`");
        }
        let known = |node: &&NodeId| self.trust.member(**node).is_some();
        if let Some(stranger) = self.peers.keys().find(|node| !known(node)) {
            let expected = "addresses of this cluster's nodes".into();
            let got = format!("one for {stranger}");
            return wrong(expected, got, "the trust file lists the cluster's nodes");
        }
        let timing = self.node.log.timing;
        if timing.election == Nanos::ZERO || timing.resend == Nanos::ZERO {
            let hint = "set it above the longest round trip between voters";
            return wrong("an election period above zero".into(), "none".into(), hint);
        }
        Ok(())
    }
}

impl fmt::Debug for HostConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostConfig")
            .field("me", &self.me)
            .field("data", &self.data)
            .field("peers", &self.peers)
            .finish_non_exhaustive()
    }
}
