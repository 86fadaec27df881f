//! A leader that stamps commits: the start rule of `TrueTime`, commit wait, and safe time.
//!
//! ```text
//!   begin:   s = max(now.latest, above + 1)                        above = s
//!              |----- replication ------>|
//!              |----- until now.earliest > s ------>|   release: when both are over
//!   safe:    every stamp at or below it has been released, and none will be given any more
//! ```
//!
//! The wait begins with the stamp and not with the quorum's answer, so that it overlaps
//! replication: what a commit waits is the longer of both and not their sum.
//!
//! Invariants, if every clock keeps its bound:
//! - I1 (external consistency) A commit that is released before another begins, at any leader, has
//!   the lower stamp: s1 < earliest at its release <= the true time <= latest at the other's begin
//!   <= s2.
//!
//! And whatever clocks do:
//! - I2 Stamps of one leader grow.
//! - I3 A time that was called safe stays so: no commit begins, or is released, at or below it.
//!
//! A clock without a bound gives no stamp: the commit waits or is refused. What is safe is then
//! told by stamps alone, which is the logical backstop of closed timestamps.
//!
//! References: Corbett et al., "Spanner: Google's globally distributed database" (OSDI 2012), 4.1.3
//! and 4.2.1; closed timestamps after CockroachDB's RFC 20191108. Deviation: one leader is one
//! process here; that leaders follow each other without overlap is a lease's or a ballot's work,
//! which hands over the floor.

use avouch_promise::{Basis, Lack, Nanos, Wall, WallTime};
use std::collections::BTreeMap;

/// Bugs, planted on purpose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(not(test), expect(dead_code, reason = "only tests plant bugs"))]
pub(super) enum Mutant {
    /// None.
    #[default]
    None,
    /// A stamp is the middle of the interval.
    StampsTheMiddle,
    /// A commit is released as soon as it is replicated.
    WaitsForNothing,
    /// The wait begins once a commit is replicated.
    WaitsAfterReplication,
    /// What is safe forgets commits that are open.
    ForgetsOpen,
    /// What was called safe is not kept in mind where stamps are given.
    ForgetsSafe,
}

/// A commit that is not released.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Open {
    replicated: bool,
    /// The wait is over once the earliest is above this.
    wait: WallTime,
}

/// A leader that stamps commits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leader {
    /// Every stamp to come is above this.
    above: WallTime,
    safe: WallTime,
    open: BTreeMap<WallTime, Open>,
    pub(super) mutant: Mutant,
}

impl Leader {
    /// A leader after one whose stamps and promises reached up to this floor.
    pub fn after(floor: WallTime) -> Self {
        Self { above: floor, safe: floor, open: BTreeMap::new(), mutant: Mutant::None }
    }

    /// The stamp of a commit that begins now.
    ///
    /// # Errors
    /// Why the clock has no bound: then nobody knows which stamp is above those of other leaders.
    //= §3.3.2 commit-wait
    pub fn begin(&mut self, now: &Wall) -> Result<WallTime, Lack> {
        if !now.is_bounded() {
            return Err(match now.basis {
                Basis::None(lack) => lack,
                _ => Lack::NoSource,
            });
        }
        let reading = match self.mutant {
            Mutant::StampsTheMiddle => middle(now),
            _ => now.interval.latest,
        };
        let stamp = reading.max(self.above.plus(Nanos(1)));
        self.above = self.above.max(stamp);
        self.open.insert(stamp, Open { replicated: false, wait: stamp });
        Ok(stamp)
    }

    /// A quorum has the commit of this stamp.
    pub fn replicated(&mut self, stamp: WallTime, now: &Wall) {
        let late = self.mutant == Mutant::WaitsAfterReplication && now.is_bounded();
        if let Some(open) = self.open.get_mut(&stamp) {
            if late && !open.replicated {
                open.wait = open.wait.max(now.interval.latest);
            }
            open.replicated = true;
        }
    }

    /// The commits that may be seen from now on, in the order of their stamps.
    pub fn release(&mut self, now: &Wall) -> Vec<WallTime> {
        let mut released = Vec::new();
        while let Some((stamp, open)) = self.open.first_key_value() {
            let past = now.is_bounded() && now.interval.earliest > open.wait;
            if !open.replicated || !(past || self.mutant == Mutant::WaitsForNothing) {
                break;
            }
            released.push(*stamp);
            self.open.pop_first();
        }
        released
    }

    /// How long the first commit waits at least, by this clock; nothing if only for a quorum.
    pub fn wait(&self, now: &Wall) -> Option<Nanos> {
        let (_, open) = self.open.first_key_value()?;
        let left = open.wait.0.checked_sub(now.interval.earliest.0)?;
        u64::try_from(left).ok().map(|left| Nanos(left.saturating_add(1)))
    }

    /// The time up to which reads may be answered: so far behind the clock if nothing is open, or
    /// below the first commit that is. It never goes back, and no stamp will be at or below it.
    //= §3.3.2 safe-time
    //= §3.3.3 loose-closed-timestamps
    //= §3.3.3 logical-backstops
    pub fn close(&mut self, now: &Wall, behind: Nanos) -> WallTime {
        // By the clock if it says anything; by stamps in any case.
        let by_clock = now.is_bounded().then(|| middle(now).minus(behind));
        let wanted = by_clock.map_or(self.above, |time| time.max(self.above));
        let first = self.open.keys().next().filter(|_| self.mutant != Mutant::ForgetsOpen);
        let most = first.map_or(wanted, |first| wanted.min(first.minus(Nanos(1))));
        self.safe = self.safe.max(most);
        if self.mutant != Mutant::ForgetsSafe {
            self.above = self.above.max(self.safe);
        }
        self.safe
    }
}

fn middle(now: &Wall) -> WallTime {
    WallTime(i64::midpoint(now.interval.earliest.0, now.interval.latest.0))
}
