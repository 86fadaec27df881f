//! What a detector of gray failures names: what is wrong, and where, with what led there.

use avouch_promise::NodeId;
use std::fmt;

/// What is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum What {
    /// The process is gone: its kernel refuses connections.
    Crashed(NodeId),
    /// Nothing passes to or from the node.
    Isolated(NodeId),
    /// Nothing passes between these sides; what passes inside the others' side they alone know.
    Partition(Vec<NodeId>, Vec<NodeId>),
    /// Nothing passes between two nodes that others reach: the triangle.
    PartialPartition(NodeId, NodeId),
    /// All others exchange messages through this node only.
    Bridge(NodeId),
    /// Nothing passes from the first to the second; the other direction works.
    OneWay(NodeId, NodeId),
    /// The process stops now and then, or has stopped: garbage collection, a debugger, swapping.
    Paused(NodeId),
    /// The process runs in step with a bandwidth controller only.
    Throttled(NodeId),
    /// Everything that the node does takes longer.
    SlowNode(NodeId),
    /// What needs the node's disk takes longer, and its device has no queue.
    SlowDisk(NodeId),
    /// What needs the node's disk waits in its device's queue.
    SaturatedDisk(NodeId),
    /// The connection from the first to the second loses segments now and then.
    LossyLink(NodeId, NodeId),
    /// The connection from the first to the second loses everything for a while, again and again,
    /// so that its retransmission timer backs off.
    RtoSpikes(NodeId, NodeId),
    /// Messages between the two take longer, and nothing is lost.
    SlowLink(NodeId, NodeId),
}

impl What {
    /// The kind in one word, as in metrics.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Crashed(_) => "crashed",
            Self::Isolated(_) => "isolated",
            Self::Partition(..) => "partition",
            Self::PartialPartition(..) => "partial-partition",
            Self::Bridge(_) => "bridge",
            Self::OneWay(..) => "one-way",
            Self::Paused(_) => "paused",
            Self::Throttled(_) => "throttled",
            Self::SlowNode(_) => "slow-node",
            Self::SlowDisk(_) => "slow-disk",
            Self::SaturatedDisk(_) => "saturated-disk",
            Self::LossyLink(..) => "lossy-link",
            Self::RtoSpikes(..) => "rto-spikes",
            Self::SlowLink(..) => "slow-link",
        }
    }

    /// Where: a node, a pair, or the sides.
    pub fn place(&self) -> String {
        let list =
            |nodes: &[NodeId]| nodes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        match self {
            Self::Crashed(node)
            | Self::Isolated(node)
            | Self::Bridge(node)
            | Self::Paused(node)
            | Self::Throttled(node)
            | Self::SlowNode(node)
            | Self::SlowDisk(node)
            | Self::SaturatedDisk(node) => node.to_string(),
            Self::Partition(side, others) => format!("{} | {}", list(side), list(others)),
            Self::OneWay(from, to) | Self::LossyLink(from, to) | Self::RtoSpikes(from, to) => {
                format!("{from} -> {to}")
            }
            Self::PartialPartition(one, other) | Self::SlowLink(one, other) => {
                format!("{one} - {other}")
            }
        }
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind(), self.place())
    }
}

/// A named fault and what led there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Verdict {
    /// What and where.
    pub what: What,
    /// One line for each thing that speaks for it.
    pub evidence: Vec<String>,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.what)?;
        self.evidence.iter().try_for_each(|line| write!(f, "\n  {line}"))
    }
}
