//! What never changes while a node runs.

use avouch_agreement::log;
use avouch_promise::Nanos;
use avouch_state::Limits;

/// The configuration of one node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Its log's.
    pub log: log::Config,
    /// Its machine's limits, equal on all nodes.
    pub limits: Limits,
    /// Entries applied since the last checkpoint before the next one is taken.
    pub checkpoint_entries: u64,
    /// Bytes of requests applied since the last checkpoint before the next one is taken.
    pub checkpoint_bytes: u64,
    /// How long a request waits that names no deadline.
    pub patience: Nanos,
    /// Of how many recent entries the state behind them can be read, for evidence; at least one.
    pub history: usize,
    /// A bug planted on purpose; tests only.
    pub mutant: Option<NodeMutant>,
}

/// Bugs of the node itself, planted on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NodeMutant {
    /// A granted read is answered before the machine has applied up to its index.
    AnswerEarly,
    /// A linearizable read is answered from the state as it is, asking nobody.
    AnswerLocally,
    /// A write is answered when it is proposed, before it is decided.
    AnswerUndecided,
    /// Retries are applied again.
    ForgetRetries,
    /// A write for which evidence is asked never enters the log: it is answered from the state
    /// as it is, with the evidence of a read that a quorum honestly confirmed.
    ProveWriteByRead,
    /// The point beside an answer is not the one that its evidence proves.
    MisstatePoint,
    /// A read with evidence is answered from an older state than its evidence is about.
    AnswerOldState,
    /// A read of bounded staleness is answered from the last beacon, whatever the clock says.
    AnswerWithoutClock,
    /// Node 2 does not apply every 40th entry.
    SkipEntry,
    /// Nothing of the past is kept before a compaction forgets it.
    ForgetPast,
    /// Of a checkpoint's last entry nothing is known but its place.
    ForgetLastEntry,
}

impl Config {
    /// Sensible values on top of a log's configuration.
    pub fn new(log: log::Config) -> Self {
        Self {
            log,
            limits: Limits::default(),
            checkpoint_entries: 100_000,
            checkpoint_bytes: 64 << 20,
            patience: Nanos::from_secs(5),
            history: 256,
            mutant: None,
        }
    }

    /// Whether this bug is planted.
    pub fn has(&self, mutant: NodeMutant) -> bool {
        self.mutant == Some(mutant)
    }
}
