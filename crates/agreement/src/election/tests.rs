//! The election among a few nodes whose links are given, period by period.

use super::*;

const PERIOD: Nanos = Nanos::from_millis(100);

/// Nodes that end their periods in turn, `1` first, and hear whom they are linked to.
struct Group {
    nodes: Vec<Election>,
    links: Vec<(u32, u32)>,
    elected: Vec<(u32, Ballot)>,
}

impl Group {
    fn of(count: u32) -> Self {
        let node = |me| Election::new(NodeId(me), Ballot::default(), 0);
        let all = |one: u32| (one + 1..=count).map(move |other| (one, other));
        Self {
            nodes: (1..=count).map(node).collect(),
            links: (1..=count).flat_map(all).collect(),
            elected: Vec::new(),
        }
    }

    fn linked(&self, one: u32, other: u32) -> bool {
        self.links.contains(&(one.min(other), one.max(other)))
    }

    fn node(&mut self, number: u32) -> &mut Election {
        &mut self.nodes[number as usize - 1]
    }

    /// Every node ends a period, one after the other, and asks at once for the next.
    fn period(&mut self) {
        let count = self.nodes.len() as u32;
        for me in 1..=count {
            let (verdict, period) = self.node(me).turn(count as usize / 2 + 1, PERIOD, Nanos::ZERO);
            if let Verdict::Elected(ballot) = verdict {
                self.elected.push((me, ballot));
            }
            let status = self.node(me).status();
            for other in (1..=count).filter(|other| *other != me) {
                if self.linked(me, other) {
                    self.node(other).heard(NodeId(me), status);
                    let reply = self.node(other).status();
                    self.node(me).replied(NodeId(other), period, reply, Nanos::ZERO);
                }
            }
        }
    }

    fn periods(&mut self, count: u32) {
        (0..count).for_each(|_| self.period());
    }

    /// Who claims the ballot that it follows and is happy.
    fn leaders(&self) -> Vec<u32> {
        let leads = |node: &&Election| {
            let Status { claimed, leader, happy } = node.status();
            claimed == leader && happy
        };
        self.nodes.iter().filter(leads).map(|node| node.me.0).collect()
    }
}

//= §1.2.2 timeout-based leader election test
#[test]
fn one_leads_and_a_lost_one_is_replaced_within_three_periods() {
    let mut group = Group::of(5);
    group.periods(3);
    let first = group.leaders();
    assert_eq!(first.len(), 1);
    group.periods(20);
    assert_eq!(group.leaders(), first, "nothing happened, so nothing changes");
    group.links.retain(|(one, other)| *one != first[0] && *other != first[0]);
    let before = group.elected.len();
    group.periods(3);
    let others: Vec<_> = group.leaders().into_iter().filter(|node| *node != first[0]).collect();
    assert_eq!(others.len(), 1, "{:?}", &group.elected[before..]);
}

#[test]
fn a_hub_takes_over_when_only_it_reaches_a_quorum() {
    for hub in 1..=5 {
        let mut group = Group::of(5);
        group.periods(3);
        let leader = group.leaders()[0];
        if leader == hub {
            continue;
        }
        group.links.retain(|(one, other)| *one == hub || *other == hub);
        group.periods(4);
        assert_eq!(group.leaders(), [hub]);
    }
}

#[test]
fn the_ends_of_a_chain_do_not_depose_each_other() {
    for nodes in [3, 5] {
        let mut group = Group::of(nodes);
        group.periods(3);
        group.links.retain(|(one, other)| other - one == 1);
        group.periods(6);
        let settled = group.elected.len();
        group.periods(40);
        assert_eq!(group.elected.len(), settled, "somebody took over again and again");
        let leaders = group.leaders();
        assert!(!leaders.is_empty());
    }
}

impl Group {
    /// `from` leaves; who takes its place at once.
    fn farewell(&mut self, from: u32, given_up: Ballot) -> Vec<(u32, Ballot)> {
        self.links.retain(|(one, other)| *one != from && *other != from);
        let count = self.nodes.len() as u32;
        let voters: Vec<_> = (1..=count).map(NodeId).collect();
        let quorum = voters.len() / 2 + 1;
        let others: Vec<_> = (1..=count).filter(|node| *node != from).collect();
        let mut claims = Vec::new();
        for node in others {
            let claim = self.node(node).farewell(NodeId(from), given_up, &voters, quorum);
            claims.extend(claim.map(|ballot| (node, ballot)));
        }
        claims
    }
}

#[test]
fn exactly_one_takes_the_place_of_a_leader_that_leaves() {
    let mut group = Group::of(5);
    group.periods(3);
    let mut leader = group.leaders()[0];
    let mut left = Vec::new();
    for _ in 0..2 {
        let ballot = group.node(leader).leader();
        let claims = group.farewell(leader, ballot);
        left.push(leader);
        let after = (leader + 1..=5).chain(1..leader).find(|node| !left.contains(node));
        let claimed = claims.iter().map(|(node, _)| *node).collect::<Vec<_>>();
        assert_eq!(claimed, after.into_iter().collect::<Vec<_>>(), "after n{leader}");
        let (next, claimed) = claims[0];
        assert_eq!(claimed, Ballot { round: ballot.round + 1, leader: NodeId(next) });
        let others = |node: &u32| !left.contains(node);
        (1..=5).filter(others).for_each(|node| group.node(node).promised(claimed));
        group.periods(20);
        let leaders: Vec<_> = group.leaders().into_iter().filter(others).collect();
        assert_eq!(leaders, [next], "and it stays");
        leader = next;
    }
}

#[test]
fn a_farewell_deposes_only_the_ballot_that_it_names() {
    let mut group = Group::of(3);
    group.periods(3);
    let leader = group.leaders()[0];
    let ballot = group.node(leader).leader();
    let links = group.links.clone();
    let earlier = Ballot { round: ballot.round - 1, leader: NodeId(leader) };
    assert_eq!(group.farewell(leader, earlier), []);
    let follower = if leader == 1 { 2 } else { 1 };
    assert_eq!(group.farewell(follower, Ballot { round: 99, leader: NodeId(follower) }), []);
    let before = group.elected.len();
    group.links = links;
    group.periods(10);
    assert_eq!((group.leaders(), group.elected.len()), (vec![leader], before));
}

#[test]
fn who_reaches_no_quorum_takes_nobodys_place() {
    let mut group = Group::of(5);
    group.periods(3);
    let leader = group.leaders()[0];
    let ballot = group.node(leader).leader();
    group.links.clear();
    group.periods(2);
    assert_eq!(group.farewell(leader, ballot), []);
}

#[test]
fn where_the_next_in_turn_is_silent_the_others_wait_no_longer_than_their_periods() {
    let mut group = Group::of(5);
    group.periods(3);
    let leader = group.leaders()[0];
    let ballot = group.node(leader).leader();
    let claims = group.farewell(leader, ballot);
    let next = claims[0].0;
    // Nobody hears of its claim: it is gone, too.
    group.links.retain(|(one, other)| *one != next && *other != next);
    let before = group.elected.len();
    group.period();
    let others = group.elected[before..].iter().filter(|(node, _)| *node != next);
    assert!(others.count() > 0, "a period is enough, for all know that nobody leads");
}

#[test]
fn a_node_that_starts_again_follows_who_leads() {
    let mut group = Group::of(3);
    group.periods(4);
    let leader = group.leaders()[0];
    let other = if leader == 1 { 2 } else { 1 };
    let promised = group.node(other).leader();
    *group.node(other) = Election::new(NodeId(other), promised, 1 << 32);
    let before = group.elected.len();
    group.periods(5);
    assert_eq!((group.leaders(), group.elected.len()), (vec![leader], before));
}

#[test]
fn replies_to_another_period_or_for_another_node_do_not_count() {
    let mut one = Election::new(NodeId(1), Ballot::default(), 7);
    let status = Election::new(NodeId(2), Ballot::default(), 0).status();
    one.replied(NodeId(2), 6, status, Nanos::ZERO);
    one.replied(NodeId(3), 7, status, Nanos::ZERO);
    one.heard(NodeId(2), status);
    assert_eq!(one.turn(2, PERIOD, Nanos::ZERO).0, Verdict::Unchanged);
    assert!(!one.connected());
}

#[test]
fn a_happy_neighbour_keeps_a_node_from_taking_over() {
    let mut one = Election::new(NodeId(1), Ballot::default(), 0);
    let followed = Ballot { round: 4, leader: NodeId(3) };
    let status =
        Status { claimed: Ballot { round: 0, leader: NodeId(2) }, leader: followed, happy: true };
    one.promised(followed);
    one.replied(NodeId(2), 0, status, Nanos::ZERO);
    assert_eq!(one.turn(2, PERIOD, Nanos::ZERO).0, Verdict::Unchanged);
    one.replied(NodeId(2), 1, status, Nanos::ZERO);
    one.heard(NodeId(2), Status { happy: false, ..status });
    let own = Ballot { round: 5, leader: NodeId(1) };
    assert_eq!(
        one.turn(2, PERIOD, Nanos::ZERO).0,
        Verdict::Elected(own),
        "what it heard last counts"
    );
}

/// A node whose two neighbours reply after `takes`; how long each of its periods is.
fn periods_of(takes: impl Fn(u64) -> Nanos, count: usize) -> Vec<u64> {
    let mut one = Election::new(NodeId(1), Ballot::default(), 0);
    let followed = Ballot { round: 3, leader: NodeId(2) };
    one.promised(followed);
    let (mut now, mut replies, mut lengths) = (Nanos::ZERO, Vec::new(), Vec::new());
    while lengths.len() < count {
        let (_, period) = one.turn(2, PERIOD, now);
        replies.push((now.plus(takes(period)), period));
        let length = one.stretched(PERIOD);
        lengths.push(length.0 / PERIOD.0);
        now = now.plus(length);
        replies.sort_unstable();
        while let Some((at, period)) = replies.first().copied().filter(|(at, _)| *at < now) {
            let claimed = followed;
            let status = Status { claimed, leader: followed, happy: true };
            one.replied(NodeId(2), period, status, at);
            replies.remove(0);
        }
    }
    lengths
}

#[test]
fn a_period_grows_beyond_a_round_trip_and_no_further() {
    for (millis, longest) in [(40, 1), (130, 2), (390, 4), (410, 8), (3_000, 32)] {
        let lengths = periods_of(|_| Nanos::from_millis(millis), 200);
        let last = lengths.last().copied();
        assert_eq!((last, lengths.iter().max().copied()), (Some(longest), Some(longest)));
    }
}

#[test]
fn a_period_comes_back_when_replies_do_and_silence_does_not_stretch_it() {
    let lengths = periods_of(|period| Nanos::from_millis(if period < 20 { 700 } else { 20 }), 60);
    assert_eq!((lengths.iter().max(), lengths.last()), (Some(&8), Some(&1)), "{lengths:?}");
    let silent = periods_of(|_| Nanos::from_secs(1 << 20), 60);
    assert!(silent.iter().all(|length| *length == 1));
}
