//! How a level sees a transaction: one node or two, and what two writers of one key must not do.

use crate::transaction::Level;

/// Whose reads of what is overwritten put them before who overwrites it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Overwritten {
    /// Everybody's: there is one order of all.
    All,
    /// Those of who writes, too: the others may each see an order of their own.
    Writers,
    /// Nobody's.
    Nobody,
    /// Those of who writes the key, too; of the others it is not asked.
    OfKey,
    /// Those of who writes some key that who overwrites writes, too: the one must see the other.
    Shared,
}

/// The shape of a level's graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a question of its own to a level")]
pub(in crate::transaction) struct Shape {
    /// A transaction reads at its start and writes at its commit.
    pub(super) split: bool,
    /// Two writers of one key may not overlap.
    pub(super) conflicts: bool,
    /// A session's order holds.
    pub(super) sessions: bool,
    /// What had ended before another one began is before it.
    pub(in crate::transaction) timed: bool,
    /// A read sees the latest version; not only one that was there.
    pub(in crate::transaction) latest: bool,
    /// Whose rw edges are part of the order. The others weigh: a cycle has at most one of them, and
    /// what a reader overlooks of who is before it is no edge, but must not be.
    pub(super) overwritten: Overwritten,
}

impl Shape {
    //= §2.3.2 serializability decided
    //= §2.3.2 strict serializability decided
    //= §2.3.2 snapshot isolation (SI) decided
    /// The shape of a level; nothing for one of those that ask what else is seen of whom, and for
    /// one that is not decided of registers.
    ///
    /// Consistent view, its form with sessions and update serializable forbid a cycle with one rw
    /// edge (of those that only read) and none with more.
    ///
    /// Of cursor stability only a read of a key that its transaction writes, too, must be of the
    /// version before. Update atomic asks of two that write one key that one sees the other.
    ///
    /// Read committed needs an order of all only so that nobody reads of what comes later. Without
    /// predicates repeatable read is serializability.
    pub(in crate::transaction) fn of(level: Level) -> Option<Self> {
        let (split, conflicts, sessions, timed) = match level {
            Level::Prefix => (true, false, true, false),
            Level::SnapshotIsolation => (true, true, false, false),
            Level::StrongSessionSnapshotIsolation => (true, true, true, false),
            Level::StrongSnapshotIsolation => (true, true, false, true),
            Level::Serializable
            | Level::RepeatableRead
            | Level::ReadCommitted
            | Level::CursorStability
            | Level::ConsistentView
            | Level::UpdateSerializable => (false, false, false, false),
            Level::StrongSessionSerializable
            | Level::StrongSessionReadCommitted
            | Level::UpdateAtomic
            | Level::ParallelSnapshotIsolation => (false, false, true, false),
            Level::StrictSerializable | Level::StrongReadCommitted => (false, false, false, true),
            _ => return None,
        };
        let latest = !matches!(
            level,
            Level::ReadCommitted | Level::StrongSessionReadCommitted | Level::StrongReadCommitted
        );
        let overwritten = match level {
            Level::ConsistentView | Level::ParallelSnapshotIsolation => Overwritten::Nobody,
            Level::UpdateSerializable => Overwritten::Writers,
            Level::CursorStability => Overwritten::OfKey,
            Level::UpdateAtomic => Overwritten::Shared,
            _ => Overwritten::All,
        };
        Some(Self { split, conflicts, sessions, timed, latest, overwritten })
    }

    /// Whether a reader's view is its own, and not that of one order of all.
    pub(in crate::transaction) fn views(self) -> bool {
        matches!(self.overwritten, Overwritten::Writers | Overwritten::Nobody)
    }

    /// Whether it has to be known whose write each read saw: it is not chosen with the order.
    pub(in crate::transaction) fn needs_sources(self) -> bool {
        self.overwritten == Overwritten::Shared
    }

    /// Whether it matters what a reader overlooks of a key that it writes, or does not.
    pub(super) fn asks(self, writes_key: bool) -> bool {
        self.latest && (writes_key || self.overwritten != Overwritten::OfKey)
    }

    /// Whether the rw edges of one that writes, or does not, weigh.
    pub(super) fn weighs(self, writes: bool) -> bool {
        match self.overwritten {
            Overwritten::All | Overwritten::OfKey | Overwritten::Shared => false,
            Overwritten::Writers => !writes,
            Overwritten::Nobody => true,
        }
    }

    /// How many nodes so many transactions have.
    pub(super) fn nodes(self, transactions: usize) -> usize {
        if self.split { transactions * 2 } else { transactions }
    }

    /// Where a transaction reads.
    pub(super) fn start(self, transaction: u32) -> u32 {
        if self.split { transaction * 2 } else { transaction }
    }

    /// Where a transaction writes.
    pub(super) fn commit(self, transaction: u32) -> u32 {
        if self.split { transaction * 2 + 1 } else { transaction }
    }

    /// The transaction of a node.
    pub(super) fn transaction(self, node: u32) -> u32 {
        if self.split { node / 2 } else { node }
    }

    /// The node of `second` before which `first` commits, when both write one key.
    pub(super) fn after_commit(self, second: u32) -> u32 {
        if self.conflicts { self.start(second) } else { self.commit(second) }
    }

    /// The node of `first` from which a way to the commit of `second` decides that it is first.
    pub(super) fn decides(self, first: u32) -> u32 {
        if self.conflicts { self.start(first) } else { self.commit(first) }
    }
}
