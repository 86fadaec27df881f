//! Scripted faults of a cluster of five, each with the name that a detector of gray failures must
//! give it. Any stage may play them: our own node's traffic, or a service that asks all the time.

use crate::delay::Delay;
use crate::fault::{Fault, Path};
use avouch_agreement::gray::What;
use avouch_promise::{Nanos, NodeId};

/// One scripted fault.
#[derive(Clone, Debug)]
pub struct Scene {
    /// What happens, in a few words.
    pub title: &'static str,
    /// The faults.
    pub faults: Vec<Fault>,
    /// What has to be named.
    pub expected: What,
}

fn scene(title: &'static str, fault: Fault, expected: What) -> Scene {
    Scene { title, faults: vec![fault], expected }
}

const fn n(number: u32) -> NodeId {
    NodeId(number)
}

const fn ms(count: u64) -> Nanos {
    Nanos::from_millis(count)
}

fn slow(node: u32, factor: u32) -> Fault {
    Fault::SlowNode { node: n(node), factor }
}

fn stops(node: u32, every: u64, lasting: u64) -> Fault {
    Fault::StopTheWorld { node: n(node), every: ms(every), lasting: ms(lasting) }
}

fn throttle(node: u32, quota: u64, period: u64) -> Fault {
    Fault::Throttle { node: n(node), quota: ms(quota), period: ms(period) }
}

fn saturated(node: u32, utilisation: f64, service: u64) -> Fault {
    Fault::DiskSaturated { node: n(node), utilisation, service: ms(service) }
}

fn loss(from: u32, to: u32, probability: f64) -> Fault {
    Fault::SegmentLoss { path: Path::between(n(from), n(to)), probability }
}

fn dark(from: u32, to: u32, every: u64, lasting: u64) -> Fault {
    Fault::Blackouts { path: Path::between(n(from), n(to)), every: ms(every), lasting: ms(lasting) }
}

/// The gray faults: of every family several, on different nodes and links, mild and severe.
//= §4.1.2 grey-detection test
pub fn gray() -> Vec<Scene> {
    vec![
        scene("steps of 4 ms on n2", slow(2, 200), What::SlowNode(n(2))),
        scene("steps of 5 ms on n3", slow(3, 250), What::SlowNode(n(3))),
        scene("steps of 10 ms on n5, overloaded", slow(5, 500), What::SlowNode(n(5))),
        scene("steps of 40 ms on n1, overloaded", slow(1, 2_000), What::SlowNode(n(1))),
        scene("n1 stops for 300 ms again and again", stops(1, 900, 300), What::Paused(n(1))),
        scene("n4 stops for 800 ms again and again", stops(4, 2_000, 800), What::Paused(n(4))),
        scene(
            "n2 stops once for 1.2 s",
            Fault::Pause { node: n(2), duration: ms(1_200) },
            What::Paused(n(2)),
        ),
        scene(
            "n5 hangs for 9 s",
            Fault::Pause { node: n(5), duration: Nanos::from_secs(9) },
            What::Paused(n(5)),
        ),
        scene("n3 runs 20 of 100 ms", throttle(3, 20, 100), What::Throttled(n(3))),
        scene("n1 runs 10 of 100 ms", throttle(1, 10, 100), What::Throttled(n(1))),
        scene("n5 runs 30 of 100 ms", throttle(5, 30, 100), What::Throttled(n(5))),
        scene("n2 runs 40 of 200 ms", throttle(2, 40, 200), What::Throttled(n(2))),
        scene(
            "n1's disk is 50 times as slow",
            Fault::DiskSlow { node: n(1), factor: 50 },
            What::SlowDisk(n(1)),
        ),
        scene(
            "n4's disk is 200 times as slow",
            Fault::DiskSlow { node: n(4), factor: 200 },
            What::SlowDisk(n(4)),
        ),
        scene(
            "n5's disk is 1,000 times as slow",
            Fault::DiskSlow { node: n(5), factor: 1_000 },
            What::SlowDisk(n(5)),
        ),
        scene("others take 95 % of n2's disk", saturated(2, 0.95, 5), What::SaturatedDisk(n(2))),
        scene("others take 99 % of n3's disk", saturated(3, 0.99, 8), What::SaturatedDisk(n(3))),
        scene("others overrun n5's disk", saturated(5, 1.5, 4), What::SaturatedDisk(n(5))),
        scene("n1 -> n3 loses 10 %", loss(1, 3, 0.1), What::LossyLink(n(1), n(3))),
        scene("n4 -> n5 loses 20 %", loss(4, 5, 0.2), What::LossyLink(n(4), n(5))),
        scene("n2 -> n1 loses 30 %", loss(2, 1, 0.3), What::LossyLink(n(2), n(1))),
        scene(
            "n3 -> n2 dark for 400 ms of 2 s",
            dark(3, 2, 2_000, 400),
            What::RtoSpikes(n(3), n(2)),
        ),
        scene(
            "n1 -> n4 dark for 800 ms of 3 s",
            dark(1, 4, 3_000, 800),
            What::RtoSpikes(n(1), n(4)),
        ),
        scene(
            "n5 -> n3 dark for 300 ms of 1.2 s",
            dark(5, 3, 1_200, 300),
            What::RtoSpikes(n(5), n(3)),
        ),
        scene(
            "n1 to n2 takes 120 ms instead of 32",
            Fault::Slow {
                path: Path::between(n(1), n(2)),
                delay: Some(Delay::log_normal(ms(120), ms(125))),
            },
            What::SlowLink(n(1), n(2)),
        ),
    ]
}

/// Crashes and partitions, which are not gray, and which must be told from what is.
pub fn plain() -> Vec<Scene> {
    let sides = |a: &[u32], b: &[u32]| {
        vec![a.iter().copied().map(NodeId).collect(), b.iter().copied().map(NodeId).collect()]
    };
    let part = |a: &[u32], b: &[u32]| Fault::Partition { sides: sides(a, b) };
    let one_way = |a: u32, b: u32| Fault::OneWay { from: vec![n(a)], to: vec![n(b)] };
    vec![
        scene("n3 crashes", Fault::Crash { node: n(3) }, What::Crashed(n(3))),
        scene("n2 is isolated", Fault::Isolate { node: n(2) }, What::Isolated(n(2))),
        scene(
            "n1 n4 are cut off",
            part(&[1, 4], &[2, 3, 5]),
            What::Partition(vec![n(1), n(4)], vec![n(2), n(3), n(5)]),
        ),
        scene("n1 does not reach n2", one_way(1, 2), What::OneWay(n(1), n(2))),
        scene("n5 does not reach n3", one_way(5, 3), What::OneWay(n(5), n(3))),
        scene(
            "n2 and n4 are cut from each other",
            part(&[2], &[4]),
            What::PartialPartition(n(2), n(4)),
        ),
        scene("n3 alone reaches both sides", part(&[1, 2], &[4, 5]), What::Bridge(n(3))),
    ]
}

/// All nodes slow at once: a burst of load, and nobody's fault.
pub fn load() -> Vec<Fault> {
    (1..=5).map(|node| Fault::SlowNode { node: NodeId(node), factor: 250 }).collect()
}
