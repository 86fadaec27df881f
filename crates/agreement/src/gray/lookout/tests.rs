//! Lookouts told by hand what passes between them.

use super::*;
use crate::gray::What;
use avouch_promise::{Interval, Signature, WallTime};

const ONE: NodeId = NodeId(1);
const TWO: NodeId = NodeId(2);

/// Looks come as early as they may.
struct Still;

impl Env for Still {
    fn monotonic(&self) -> Nanos {
        Nanos::ZERO
    }
    fn wall(&self) -> Interval {
        Interval::around(WallTime(0), Nanos::ZERO)
    }
    fn choose(&mut self, _: u32) -> u32 {
        0
    }
    fn sign(&mut self, _: &[u8]) -> Signature {
        unreachable!("a lookout signs nothing")
    }
    fn verify(&self, _: NodeId, _: &[u8], _: &Signature) -> bool {
        unreachable!("a lookout verifies nothing")
    }
}

fn lookout(me: NodeId, mutant: Option<GrayMutant>) -> Lookout {
    let nodes = (1..=3).map(NodeId).collect();
    Lookout::new(me, Incarnation(1), nodes, Nanos::ZERO).with_mutant(mutant)
}

/// Three lookouts whose messages take a millisecond, for so long; what n1 named meanwhile. While
/// `asleep` says so n1 takes nothing in, and what was sent to it comes when it wakes.
fn together(
    mutant: Option<GrayMutant>,
    until_ms: u64,
    asleep: impl Fn(u64) -> bool,
) -> (Vec<What>, Vec<Lookout>) {
    let mut all: Vec<_> = (1..=3).map(|node| lookout(NodeId(node), mutant)).collect();
    let mut named = Vec::new();
    let mut under_way: Vec<(u64, NodeId, NodeId, Message)> = Vec::new();
    for at in 0..until_ms {
        let now = Nanos::from_millis(at);
        let (mut here, mut later) = (Vec::new(), Vec::new());
        for one in under_way.drain(..) {
            let arrived = one.0 <= at && !(one.2 == ONE && asleep(at));
            if arrived { here.push(one) } else { later.push(one) }
        }
        under_way = later;
        let of = |node: NodeId| node.0 as usize - 1;
        for (_, from, to, message) in here {
            if let Some(reply) = all[of(to)].came(now, from, &message) {
                under_way.push((at + 1, to, from, reply));
            }
        }
        for me in (1..=3).map(NodeId) {
            let one = &mut all[of(me)];
            if one.look_at() > now || (me == ONE && asleep(at)) {
                continue;
            }
            let look = one.look(now, &mut Still);
            for (to, message) in look.sends {
                one.sent(now, to, &message);
                under_way.push((at + 1, me, to, message));
            }
            named.extend(look.named.into_iter().filter(|_| me == ONE).map(|named| named.what));
        }
    }
    (named, all)
}

#[test]
fn a_pair_that_is_quiet_is_probed_and_one_that_is_not_is_left_alone() {
    let mut one = lookout(ONE, None);
    let probes = |look: &Look| -> Vec<NodeId> {
        let probes = look.sends.iter().filter(|(_, m)| matches!(m, Message::Probe { .. }));
        probes.map(|(to, _)| *to).collect()
    };
    let status = crate::election::Status::default();
    let now = one.look_at().plus(Nanos::from_secs(1));
    one.sent(now, TWO, &Message::Heartbeat { period: 1, status });
    let look = one.look(now, &mut Still);
    assert_eq!(probes(&look), [NodeId(3)]);
    // A probe is answered by its own number, whoever asks; the log is asked nothing.
    let answer = one.came(now, TWO, &Message::Probe { number: 9 });
    assert_eq!(answer, Some(Message::Probed { number: 9 }));
    assert!(Message::Probe { number: 9 }.is_of_lookout());
    let busy = together(None, 5_000, |_| false).1;
    let report = busy[0].reports[&ONE].1.clone();
    let requests: Vec<_> = report.sights.values().map(|sight| sight.memory.requests).collect();
    // At most one look in 50 ms over 3 s, less what the turns before saw.
    assert!(requests.iter().all(|count| (40..=60).contains(count)), "{requests:?}");
}

/// I1: who sleeps while two others go on finds nobody silent when it wakes.
#[test]
fn who_stood_still_itself_accuses_nobody() {
    let asleep = |at: u64| (20_000..26_000).contains(&at);
    let suspects = |mutant, at_ms: u64| -> Vec<NodeId> {
        let (_, all) = together(mutant, at_ms, asleep);
        let now = Nanos::from_millis(at_ms);
        let suspicions = all[0].suspicions(now).into_iter().filter(|one| one.suspected);
        suspicions.map(|one| one.peer).collect()
    };
    for at in [26_001, 26_200, 26_500, 28_000] {
        assert_eq!(suspects(None, at), [], "at {at} ms");
    }
    let (named, all) = together(None, 40_000, asleep);
    assert_eq!(named, [What::Paused(ONE)], "it learns from the others that it was away");
    // The two others saw it stop, and it tells itself by how much.
    let (_, during) = together(None, 25_900, asleep);
    let stopped: Vec<_> = during[1].named().map(|verdict| verdict.what.clone()).collect();
    assert_eq!(stopped, [What::Paused(ONE)]);
    assert_eq!(all[1].named().count(), 0, "it is over");
    let mut blamed = suspects(Some(GrayMutant::AccusesInItsSleep), 26_001);
    blamed.extend(suspects(Some(GrayMutant::AccusesInItsSleep), 26_000));
    assert!(!blamed.is_empty(), "a lookout that blames others for its own sleep passes");
}

/// What a node said before it fell silent is not said of now.
#[test]
fn a_report_that_is_old_counts_for_nothing() {
    let known = |mutant| -> Vec<NodeId> {
        let mut one = lookout(ONE, mutant);
        let (_, others) = together(None, 10_000, |_| false);
        let ten = Nanos::from_secs(10);
        one.came(ten, TWO, &others[1].clone().turn(ten).0);
        one.look_at = ten.plus(FRESH).plus(Nanos(1));
        let (seen, _) = one.turn(one.look_at);
        let Message::Seen { reports, .. } = seen else { panic!("{seen:?}") };
        reports.iter().map(|told| told.report.observer).collect()
    };
    assert_eq!(known(None), [ONE]);
    let believed = known(Some(GrayMutant::BelievesOldReports));
    assert_eq!(believed, [ONE, TWO, NodeId(3)], "a lookout that believes what is old passes");
}

/// A leader that is deposed is refused at once: its peers are not slow.
#[test]
fn a_request_that_was_refused_is_none_that_is_never_answered() {
    let unanswered = |mutant| {
        let mut one = lookout(ONE, mutant);
        // What is usual has to be known before anything is unusual.
        for number in 0..400 {
            let now = Nanos::from_millis(10 * number);
            one.sent(now, TWO, &Message::Probe { number });
            one.came(now.plus(Nanos::from_millis(1)), TWO, &Message::Probed { number });
            one.look_at = now.plus(Nanos::from_millis(50));
            one.observer.report(now);
        }
        let now = Nanos::from_secs(5);
        one.look_at = now;
        let ballot = Ballot { round: 1, leader: ONE };
        let round = ReadRound { node: ONE, incarnation: Incarnation(1), number: 1 };
        let root = avouch_promise::Digest::default();
        let ask = Message::Confirm { ballot, round, root, attest: false };
        one.sent(now, TWO, &ask);
        one.came(now.plus(Nanos::from_millis(1)), TWO, &Message::Refused { promised: ballot });
        let report = one.observer.report(now.plus(Nanos::from_secs(2)));
        report.sights[&TWO].memory.waiting
    };
    assert_eq!(unanswered(None), 0);
    assert_eq!(unanswered(Some(GrayMutant::CountsRefusals)), 1, "who counts a refusal passes");
}
