//! Reports made by hand: what follows from them, and what does not when some are missing.

use super::*;
use crate::gray::{DiskSight, Marks, Segments};
use avouch_promise::Random;

const FIVE: [u32; 5] = [1, 2, 3, 4, 5];

fn nodes() -> BTreeSet<NodeId> {
    FIVE.into_iter().map(NodeId).collect()
}

fn tail(late: u32, pattern: Pattern) -> Tail {
    let marks = Marks { late, ..Marks::default() };
    Tail { requests: 40, late, pattern, marks, ..Tail::default() }
}

fn well() -> Sight {
    let segments = Segments { sent: 200, ..Segments::default() };
    Sight { unheard: Nanos::from_millis(20), segments, ..Sight::default() }
}

/// Reports of all, in which all is well but for what `change` makes of it.
fn reports(change: impl Fn(NodeId, NodeId, &mut Sight)) -> Reports {
    let report = |observer: NodeId| {
        let sights = nodes().into_iter().filter(|peer| *peer != observer).map(|peer| {
            let mut sight = well();
            change(observer, peer, &mut sight);
            (peer, sight)
        });
        (observer, Arc::new(Report { observer, sights: sights.collect(), ..Report::default() }))
    };
    nodes().into_iter().map(report).collect()
}

fn named(reports: &Reports) -> Vec<What> {
    combine(&nodes(), reports, None).into_iter().map(|verdict| verdict.what).collect()
}

const TWO: NodeId = NodeId(2);
const FOUR: NodeId = NodeId(4);

/// Everybody finds n2's disk late.
fn slow_disk() -> Reports {
    reports(|_, peer, sight| {
        if peer == TWO {
            sight.durable = tail(30, Pattern::Slow);
        }
    })
}

/// n2 has not heard n4 for a while.
fn silence() -> Reports {
    reports(|observer, peer, sight| {
        if (observer, peer) == (TWO, FOUR) {
            sight.unheard = Nanos::from_secs(3);
        }
    })
}

/// And n4's kernel finds that nothing gets through.
fn one_way() -> Reports {
    let mut told = silence();
    let mut sender = (*told[&FOUR]).clone();
    let segments = &mut sender.sights.get_mut(&TWO).expect("n4 asks n2").segments;
    (segments.again, segments.dark_run) = (5, 5);
    (segments.rto, segments.rto_usual) = (Nanos::from_secs(3), Nanos::from_millis(200));
    told.insert(FOUR, Arc::new(sender));
    told
}

#[test]
fn from_reports_of_a_minority_nothing_follows() {
    let mut few = slow_disk();
    assert_eq!(named(&few), [What::SlowDisk(TWO)]);
    few.retain(|node, _| node.0 <= 2);
    assert_eq!(named(&few), []);
}

#[test]
//= §4.1.2 asymmetric-partition test
fn one_direction_is_told_from_the_other_by_both_ends_only() {
    let mut told = one_way();
    assert_eq!(named(&told), [What::OneWay(FOUR, TWO)]);
    // Without n4's word nobody knows whether n2 reaches it.
    told.remove(&FOUR);
    assert_eq!(named(&told), []);
    // And n2's own word is the only one that tells of the cut at all.
    let mut told = one_way();
    told.remove(&TWO);
    assert_eq!(named(&told), []);
}

/// One late segment holds up a connection for seconds; its sender's kernel tells that nothing is
/// lost, so it is no cut.
#[test]
//= §4.1.2 asymmetric-partition test
fn a_silence_is_no_cut_while_the_senders_kernel_finds_nothing_lost() {
    assert_eq!(named(&silence()), []);
    let believed = combine(&nodes(), &silence(), Some(GrayMutant::BelievesSilence));
    assert_eq!(believed.first().map(|verdict| verdict.what.clone()), Some(What::OneWay(FOUR, TWO)));
}

/// Hiccups of three paths at once are none of the node's, nor one of each; a stop is seen by
/// whoever asks it.
#[test]
fn a_node_is_paused_only_for_all_who_ask_it() {
    let stops = |accusers: u32, own: Option<u64>| {
        let mut told = reports(move |observer, peer, sight| {
            if peer == FOUR && observer.0 <= accusers {
                sight.memory = tail(20, Pattern::Stops);
                sight.memory.marks.in_bursts = 20;
            }
        });
        let four = told.remove(&FOUR);
        if let (Some(four), Some(stalled)) = (four, own) {
            let stalled = Nanos::from_millis(stalled);
            told.insert(FOUR, Arc::new(Report { stalled, ..(*four).clone() }));
        }
        told
    };
    assert_eq!(named(&stops(5, Some(250))), [What::Paused(FOUR)]);
    assert_eq!(named(&stops(5, None)), [What::Paused(FOUR)], "it says nothing");
    assert_eq!(named(&stops(3, Some(250))), []);
    // All of them by chance: its own timers came in time.
    assert_eq!(named(&stops(5, Some(0))), []);
    let believed = combine(&nodes(), &stops(5, Some(0)), Some(GrayMutant::BelievesHiccups));
    let believed: Vec<_> = believed.into_iter().map(|verdict| verdict.what).collect();
    assert_eq!(believed, [What::Paused(FOUR)]);
}

#[test]
//= §4.1.2 disk-saturation test
fn whether_a_disk_is_slow_or_saturated_its_own_node_tells() {
    let mut told = slow_disk();
    let mut own = (*told[&TWO]).clone();
    own.disk = DiskSight { queue_milli: 9_000, ..DiskSight::default() };
    told.insert(TWO, Arc::new(own));
    assert_eq!(named(&told), [What::SaturatedDisk(TWO)]);
    told.remove(&TWO);
    let verdicts = combine(&nodes(), &told, None);
    assert_eq!(verdicts.len(), 1);
    let lines = &verdicts[0].evidence;
    assert!(lines.iter().any(|line| line.contains("n2 does not tell")), "{lines:?}");
}

/// A node alone asks its disk, and is believed; not while it is late with everything.
#[test]
//= §4.1.2 disk-saturation test
fn a_nodes_own_word_of_its_disk_is_enough_unless_it_is_late_in_general() {
    let own = |accusers: u32, disk: DiskSight| {
        let mut told = reports(move |observer, peer, sight| {
            if peer == TWO && observer.0 <= accusers {
                sight.memory = tail(30, Pattern::Slow);
            }
        });
        let two = (*told[&TWO]).clone();
        told.insert(TWO, Arc::new(Report { disk, ..two }));
        told
    };
    let late = DiskSight { syncs: 40, late: 30, ..DiskSight::default() };
    assert_eq!(named(&own(0, late)), [What::SlowDisk(TWO)]);
    assert_eq!(
        named(&own(0, DiskSight { queue_milli: 4_000, ..late })),
        [What::SaturatedDisk(TWO)]
    );
    assert_eq!(named(&own(0, DiskSight { late: 3, ..late })), [], "that happens");
    // Hardly any syncs, for each takes a second; and as few that are over soon.
    let late_time = Nanos::from_secs(3);
    let few = DiskSight { syncs: 3, late: 3, late_time, ..DiskSight::default() };
    assert_eq!(named(&own(0, few)), [What::SlowDisk(TWO)]);
    assert_eq!(named(&own(0, DiskSight { late_time: Nanos::from_millis(90), ..few })), []);
    // Most find it late in general, a little or much.
    assert_eq!(named(&own(5, late)), [What::SlowNode(TWO)]);
    let mut little = own(0, late);
    for observer in [1, 3, 4].map(NodeId) {
        let mut report = (*little[&observer]).clone();
        report.sights.get_mut(&TWO).expect("it asks n2").memory = tail(3, Pattern::Slow);
        little.insert(observer, Arc::new(report));
    }
    assert_eq!(named(&little), []);
    let planted = |mutant, reports: &Reports| {
        let verdicts = combine(&nodes(), reports, Some(mutant)).into_iter();
        verdicts.map(|verdict| verdict.what).collect::<Vec<_>>()
    };
    assert_eq!(planted(GrayMutant::BelievesOwnDisk, &little), [What::SlowDisk(TWO)]);
    assert_eq!(planted(GrayMutant::IgnoresOwnDisk, &own(0, late)), []);
}

#[test]
fn one_observers_word_names_a_link_at_most_and_who_finds_all_late_is_not_believed() {
    let alone = reports(|observer, peer, sight| {
        if (observer, peer) == (NodeId(1), TWO) {
            sight.memory = tail(30, Pattern::Slow);
        }
    });
    assert_eq!(named(&alone), []);
    let both = reports(|observer, peer, sight| {
        if [observer, peer] == [NodeId(1), TWO] || [observer, peer] == [TWO, NodeId(1)] {
            sight.memory = tail(30, Pattern::Slow);
        }
    });
    assert_eq!(named(&both), [What::SlowLink(NodeId(1), TWO)]);
    // n4 finds all late, and all find n4 late: it is n4.
    let itself = reports(|observer, peer, sight| {
        if observer == FOUR || peer == FOUR {
            sight.memory = tail(30, Pattern::Slow);
        }
    });
    assert_eq!(named(&itself), [What::SlowNode(FOUR)]);
    let everybody = reports(|_, _, sight| sight.memory = tail(30, Pattern::Slow));
    assert_eq!(named(&everybody), []);
}

/// Names are names: reports in which nodes have changed numbers give the same verdicts with the
/// numbers changed.
#[test]
fn no_node_is_judged_by_its_number() {
    let seed = Random::seed_from_environment();
    let mut random = Random::new(seed);
    let mut kinds = BTreeSet::new();
    for case in 0..2_000 {
        let mut order: Vec<NodeId> = nodes().into_iter().collect();
        random.shuffle(&mut order);
        let renamed = |node: NodeId| order.get(node.0 as usize - 1).copied().unwrap_or(node);
        // One bad node or link, and noise.
        let (bad, other) = (NodeId(1 + random.below(5) as u32), NodeId(1 + random.below(5) as u32));
        let kind = random.below(5);
        let original = reports(|observer, peer, sight| match kind {
            0 if peer == bad => sight.memory = tail(20, Pattern::Slow),
            1 if peer == bad => sight.durable = tail(20, Pattern::Slow),
            2 if peer == bad => sight.unheard = Nanos::from_secs(4),
            3 if (observer, peer) == (bad, other) => sight.unheard = Nanos::from_secs(4),
            3 if (observer, peer) == (other, bad) => sight.segments.dark_run = 5,
            4 if observer == bad && peer == other => sight.segments.again = 20,
            _ => {}
        });
        let moved: Reports = original
            .values()
            .map(|report| {
                let observer = renamed(report.observer);
                let sights = report.sights.iter().map(|(peer, sight)| (renamed(*peer), *sight));
                let sights = sights.collect();
                let moved = Report { observer, sights, ..(**report).clone() };
                (observer, Arc::new(moved))
            })
            .collect();
        let rename = |what: What| match what {
            What::SlowNode(node) => What::SlowNode(renamed(node)),
            What::SlowDisk(node) => What::SlowDisk(renamed(node)),
            What::Paused(node) => What::Paused(renamed(node)),
            What::OneWay(from, to) => What::OneWay(renamed(from), renamed(to)),
            What::LossyLink(from, to) => What::LossyLink(renamed(from), renamed(to)),
            What::RtoSpikes(from, to) => What::RtoSpikes(renamed(from), renamed(to)),
            other => other,
        };
        let expected: BTreeSet<What> = named(&original).into_iter().map(rename).collect();
        let found: BTreeSet<What> = named(&moved).into_iter().collect();
        assert_eq!(
            found, expected,
            "case {case}\nrepro: AVOUCH_SEED={seed} cargo test -p avouch-agreement gray"
        );
        kinds.extend(found.iter().map(What::kind));
    }
    assert!(kinds.len() >= 5, "only {kinds:?}");
}
