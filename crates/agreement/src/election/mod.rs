//! Ballot leader election: who shall lead, by who hears whom and no more.
//!
//! After Omni-Paxos (Ng, Haridi, Carbone, `EuroSys` 2023, §5), with the rule of their later
//! implementation that a node is *happy* or not. Every period a node asks all others for a
//! heartbeat. Requests and replies carry the sender's status: the ballot it claims, the ballot
//! it follows, and whether it is happy with that. At the period's end:
//!
//! ```text
//!   1 a replier claims a higher ballot than the one followed  -> follow that one
//!   2 happy?  the leader: a quorum follows it, or somebody is happy under a higher ballot
//!             others: the leader replied, and is happy itself
//!   3 unhappy, and so is every replier, and the repliers make a quorum
//!                                       -> claim the ballot above the one followed
//! ```
//!
//! No log is compared, so one node that reaches a quorum is enough for progress, however partial
//! the network is. A node takes over only when nobody whom it hears has a leader that works: in a
//! chain the ends would else depose each other for ever through the middle.
//!
//! No one knows how long a message may take, so a period that proves too short grows
//! ([`period`]): else nobody would ever be heard in time, and nobody would lead.
//!
//! - I1 The leader's ballot never goes down.
//! - I2 A node claims only a ballot that names it.
//!
//! Deviations: the leader's ballot is also raised by every promise the log makes, so that a node
//! that never heard of a leader cannot be elected below that leader's promises for ever. Requests
//! carry the status too: a node learns that its neighbour is unhappy when the neighbour's period
//! ends, and not a period later. How long a lost leader is missed, in periods:
//!
//! ```text
//!   0        <= 2                    <= 3
//!   | lost   | everyone is unhappy,  | a node that reaches a quorum
//!   |        | and says so           | ends its period and takes over
//! ```

//= §1.2.2 timeout-based leader election

use avouch_promise::{
    Ballot, Decode, DecodeError, Encode, Nanos, NodeId, Reader, Writer, invariant,
};
use period::Period;
use std::collections::{BTreeMap, BTreeSet};

mod period;

/// What a node says of itself with every heartbeat.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Status {
    /// The ballot it claims; round 0 before it ever claimed one.
    pub claimed: Ballot,
    /// The ballot it follows.
    pub leader: Ballot,
    /// Whether that one works, as far as it can tell.
    pub happy: bool,
}

impl Encode for Status {
    fn encode(&self, out: &mut Writer) {
        self.claimed.encode(out);
        self.leader.encode(out);
        out.bool(self.happy);
    }
}
impl Decode for Status {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let (claimed, leader) = (Ballot::decode(input)?, Ballot::decode(input)?);
        Ok(Self { claimed, leader, happy: input.bool()? })
    }
}

/// One node's part in the election.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Election {
    me: NodeId,
    status: Status,
    /// Replies to another period than the present one do not count.
    period: Period,
    /// The newest status of everyone who replied in this period.
    replies: BTreeMap<NodeId, Status>,
    /// Whose heartbeat or reply was heard in this period, and in the last one.
    heard: [BTreeSet<NodeId>; 2],
    /// The newest ballot that was followed when its leader gave it up.
    given_up: Ballot,
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
        let claimed = Ballot { round: 0, leader: me };
        Self {
            me,
            status: Status { claimed, leader: promised, happy: false },
            period: Period::new(first_period),
            replies: BTreeMap::new(),
            heard: Default::default(),
            given_up: Ballot::default(),
            connected: true,
        }
    }

    /// The leader's ballot, as far as this node knows.
    pub fn leader(&self) -> Ballot {
        self.status.leader
    }

    /// Whether this node heard from a quorum in its last period.
    pub fn connected(&self) -> bool {
        self.connected
    }

    /// What this node says of itself.
    pub fn status(&self) -> Status {
        self.status
    }

    /// Another node replied to the heartbeat of `period`.
    pub fn replied(&mut self, from: NodeId, period: u64, status: Status, now: Nanos) {
        if status.claimed.leader == from && self.period.replied(period, now) {
            self.heard[0].insert(from);
            self.replies.insert(from, status);
        }
    }

    /// How long something takes here that takes `usual` where the first length of a period is long
    /// enough.
    pub fn stretched(&self, usual: Nanos) -> Nanos {
        self.period.stretched(usual)
    }

    /// Another node asked for a heartbeat. Its status counts where both directions work.
    pub fn heard(&mut self, from: NodeId, status: Status) {
        if status.claimed.leader == from {
            self.heard[0].insert(from);
            if let Some(known) = self.replies.get_mut(&from) {
                *known = status;
            }
        }
    }

    /// The log promised `ballot`.
    pub fn promised(&mut self, ballot: Ballot) {
        self.status.leader = self.status.leader.max(ballot);
    }

    /// `from` gives up every ballot of its own up to `given_up`. Who followed one of them looks for
    /// another leader at once: the next voter in turn that was heard lately claims a ballot, which
    /// is returned there, and the others leave it the time that a period has left.
    pub fn farewell(
        &mut self,
        from: NodeId,
        given_up: Ballot,
        voters: &[NodeId],
        quorum: usize,
    ) -> Option<Ballot> {
        self.replies.remove(&from);
        self.heard.iter_mut().for_each(|heard| _ = heard.remove(&from));
        let followed = self.status.leader;
        if followed.leader != from || from == self.me || followed > given_up {
            return None;
        }
        self.status.happy = false;
        self.given_up = followed;
        let reached = |voter: &NodeId| {
            *voter == self.me || self.heard.iter().any(|heard| heard.contains(voter))
        };
        let reached: Vec<_> = voters.iter().copied().filter(reached).collect();
        let after = reached.iter().find(|voter| **voter > from);
        let next = after.or(reached.first()).copied();
        (reached.len() >= quorum && next == Some(self.me)).then(|| self.usurp())
    }

    /// The node cannot lead now: whoever follows it is to look for another.
    pub fn withdraw(&mut self) {
        self.status.claimed.round = 0;
        self.status.happy = false;
    }

    /// A ballot above every one seen, taken at once: for explorers, which elect at any time.
    pub fn usurp(&mut self) -> Ballot {
        let ballot = Ballot { round: self.status.leader.round + 1, leader: self.me };
        self.status = Status { claimed: ballot, leader: ballot, happy: true };
        ballot
    }

    /// Ends the period and starts the next one, whose number is returned. `usual` is the length of
    /// a period that never grew.
    pub fn turn(&mut self, quorum: usize, usual: Nanos, now: Nanos) -> (Verdict, u64) {
        let before = self.status.leader;
        self.judge(quorum);
        let leader = self.status.leader;
        invariant!(I1, before <= leader, "leader went from {before} to {leader}");
        invariant!(I2, self.status.claimed.leader == self.me, "{} claims another's", self.me);
        self.replies.clear();
        self.heard.swap(0, 1);
        self.heard[0].clear();
        self.period.turn(self.status.happy, usual, now);
        let verdict = if leader > before { Verdict::Elected(leader) } else { Verdict::Unchanged };
        (verdict, self.period.number())
    }

    fn judge(&mut self, quorum: usize) {
        self.connected = self.replies.len() + 1 >= quorum;
        for reply in self.replies.values() {
            self.status.leader = self.status.leader.max(reply.claimed);
        }
        self.status.happy = self.happy(quorum);
        // Who was happy with a leader that has left has not heard of it yet.
        let left =
            |reply: &Status| reply.leader == self.given_up && self.status.leader == self.given_up;
        let unhappy = |reply: &Status| !reply.happy || left(reply);
        let all_unhappy = !self.status.happy && self.replies.values().all(unhappy);
        if all_unhappy && self.connected {
            self.usurp();
        }
    }

    /// Whether the ballot that is followed works.
    fn happy(&self, quorum: usize) -> bool {
        let Status { claimed, leader, .. } = self.status;
        let mut replies = self.replies.values();
        if leader == claimed {
            let followers = replies.clone().filter(|reply| reply.leader <= claimed).count();
            followers + 1 >= quorum || replies.any(|reply| reply.leader > claimed && reply.happy)
        } else {
            replies.any(|reply| reply.claimed == leader && reply.happy)
        }
    }
}

#[cfg(test)]
mod tests;
