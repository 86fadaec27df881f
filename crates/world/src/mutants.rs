//! Deliberate breaches of the host's own promises, each off by default: they prove that the
//! checks which should notice them do. Never on outside a test.

use avouch_promise::Nanos;

/// Which breaches are planted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches of a test")]
pub struct Mutants {
    /// Breaks H3: clocks are read from a tick that was cached this long ago at most, or before a
    /// pause.
    pub stale_clock: Option<Nanos>,
    /// Breaks H2: messages and outputs leave before their record is durable.
    pub ignore_after: bool,
    /// Breaks H1: `Persisted` is said when the record is written, before the sync.
    pub persisted_too_early: bool,
    /// Breaks H1: a write that failed is forgotten and the node goes on.
    pub swallow_failed_write: bool,
    /// Breaks H4: the incarnation is not counted on disk, every start is the first.
    pub reuse_incarnation: bool,
    /// Breaks H5: records are dropped before the checkpoint that covers them is durable.
    pub truncate_uncovered: bool,
    /// Breaks H7: a checkpoint that is being read goes with its place.
    pub keep_none_lent: bool,
    /// Breaks recovery: the log is cut at the first bad record, as if rot were a torn tail.
    pub cut_at_first_bad: bool,
    /// Breaks recovery: a torn tail is taken for rot.
    pub torn_is_rotted: bool,
    /// Breaks the claim of a disk: a node starts as a new one where its disk is gone.
    pub start_without_memory: bool,
    /// Breaks the wire: a message whose checksum is wrong is believed.
    pub trust_wire: bool,
    /// Breaks recovery and loads: a whole frame is believed wherever it stands.
    pub trust_place: bool,
    /// Breaks recovery: what cannot be read is taken for what was never written.
    pub swallow_failed_read: bool,
    /// Breaks recovery: a start whose checkpoint is not sound, or does not reach the log, goes on
    /// with what is left.
    pub trust_what_is_left: bool,
    /// Breaks determinism: events at one virtual time happen in an order that differs by run.
    pub unstable_ties: bool,
    /// Breaks partial synchrony: the adversary goes on after GST.
    pub ignore_gst: bool,
    /// Breaks fairness: of the flows that share a wire the first takes twice its share.
    pub unfair_share: bool,
}
