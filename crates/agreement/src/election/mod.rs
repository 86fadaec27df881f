//! Ballot leader election, as published with Omni-Paxos (Ng, Haridi, Carbone, EuroSys 2023, §5).
//!
//! Every period a node asks all others for a heartbeat. A reply carries the replier's own ballot
//! and whether the replier heard from a quorum in its last period. At the period's end:
//!
//! ```text
//!   fewer replies than a quorum  -> not quorum-connected; wait
//!   highest connected ballot < leader's ballot  -> the leader is gone: raise own ballot above it
//!   highest connected ballot > leader's ballot  -> that one leads now
//! ```
//!
//! Only quorum-connected nodes are candidates and no log is compared, so one node that reaches a
//! quorum is enough for progress, however partial the network is.
//!
//! - I1 The leader's ballot never goes down.
//! - I2 A node leads only a ballot that names it.
//!
//! Deviation: the leader's ballot is also raised by every promise the log makes, so that a node
//! that never heard of a leader cannot be elected below that leader's promises for ever.

//= §1.2.2 timeout-based leader election

use avouch_promise::{Ballot, NodeId, invariant};
use std::collections::BTreeMap;

/// One node's part in the election.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Election {
    me: NodeId,
    /// The ballot under which this node would lead.
    own: Ballot,
    /// The ballot that leads, as far as this node knows.
    leader: Ballot,
    /// The period's number: replies to another one do not count.
    period: u64,
    /// Replies of this period.
    replies: BTreeMap<NodeId, (Ballot, bool)>,
    /// Whether the last period heard from a quorum, this node included.
    connected: bool,
}

/// What the end of a period found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing new.
    Unchanged,
    /// This ballot leads now; it may be this node's.
    Elected(Ballot),
}

impl Election {
    /// A node that has promised `promised` and numbers its periods from `first_period`.
    pub fn new(me: NodeId, promised: Ballot, first_period: u64) -> Self {
        Self {
            me,
            own: Ballot { round: promised.round + 1, leader: me },
            leader: promised,
            period: first_period,
            replies: BTreeMap::new(),
            connected: true,
        }
    }

    /// The leader's ballot, as far as this node knows.
    pub fn leader(&self) -> Ballot {
        self.leader
    }

    /// Whether this node heard from a quorum in its last period.
    pub fn connected(&self) -> bool {
        self.connected
    }

    /// What this node replies to a heartbeat: its own ballot, and whether it is a candidate.
    pub fn reply(&self) -> (Ballot, bool) {
        (self.own, self.connected)
    }

    /// Another node replied to the heartbeat of `period`.
    pub fn replied(&mut self, from: NodeId, period: u64, ballot: Ballot, connected: bool) {
        if period == self.period && ballot.leader == from {
            self.replies.insert(from, (ballot, connected));
        }
    }

    /// The log promised `ballot`.
    pub fn promised(&mut self, ballot: Ballot) {
        self.leader = self.leader.max(ballot);
    }

    /// A ballot above every one seen, taken at once: for explorers, which elect at any time.
    pub fn usurp(&mut self) -> Ballot {
        self.own = Ballot { round: self.leader.round + 1, leader: self.me };
        self.leader = self.own;
        self.own
    }

    /// Ends the period and starts the next one, whose number is returned.
    pub fn turn(&mut self, quorum: usize) -> (Verdict, u64) {
        let verdict = self.judge(quorum);
        self.replies.clear();
        self.period += 1;
        (verdict, self.period)
    }

    fn judge(&mut self, quorum: usize) -> Verdict {
        self.connected = self.replies.len() + 1 >= quorum;
        if !self.connected {
            return Verdict::Unchanged;
        }
        let candidates = self.replies.values().filter(|(_, connected)| *connected);
        let highest = candidates.map(|(ballot, _)| *ballot).fold(self.own, Ballot::max);
        if highest < self.leader {
            self.own = Ballot { round: self.leader.round + 1, leader: self.me };
            return Verdict::Unchanged;
        }
        if highest == self.leader {
            return Verdict::Unchanged;
        }
        let before = self.leader;
        self.leader = highest;
        invariant!(I1, before < self.leader, "leader went from {before} to {}", self.leader);
        Verdict::Elected(highest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: NodeId = NodeId(1);
    const B: NodeId = NodeId(2);

    fn ballot(round: u64, leader: NodeId) -> Ballot {
        Ballot { round, leader }
    }

    //= §1.2.2 timeout-based leader election test
    #[test]
    fn the_highest_connected_ballot_leads_and_a_lost_leader_is_outbid() {
        let mut a = Election::new(A, Ballot::default(), 0);
        assert_eq!(a.turn(2).0, Verdict::Unchanged, "alone, nobody is elected");
        a.replied(B, 1, ballot(1, B), true);
        assert_eq!(a.turn(2).0, Verdict::Elected(ballot(1, B)));
        // B answers but has lost its quorum: no candidate any more.
        a.replied(B, 2, ballot(1, B), false);
        assert_eq!(a.turn(2).0, Verdict::Unchanged);
        assert_eq!(a.reply(), (ballot(2, A), true));
        a.replied(B, 3, ballot(1, B), false);
        assert_eq!(a.turn(2).0, Verdict::Elected(ballot(2, A)));
    }

    #[test]
    fn replies_to_another_period_do_not_count() {
        let mut a = Election::new(A, Ballot::default(), 7);
        a.replied(B, 6, ballot(1, B), true);
        assert_eq!(a.turn(2).0, Verdict::Unchanged);
        assert!(!a.connected());
    }
}
