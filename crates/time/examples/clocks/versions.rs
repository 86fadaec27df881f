//! Versions of one key at three replicas, written by clients that come and go: what is kept beside
//! the values, and values that are lost although nobody overwrote them.
//!
//! Each step a client writes at a replica, by what it knows: what it got back from its last write,
//! and in seven of ten steps what it just read at any replica. Each fourth step two replicas
//! exchange what they have, each 64th all do.

use crate::{Watch, each, head, row};
use avouch_promise::Random;
use avouch_time::logical::{
    ClientVersions, DottedSet, DottedVersions, ReplicaVersions, Siblings, VectorStamp, Writer,
};
use std::collections::BTreeSet;

const REPLICAS: u64 = 3;
const STEPS: u64 = 20_000;

/// What a kind of versions did: mean bytes, siblings, nanoseconds a step, and the values that live
/// where everything was exchanged, each 64 steps.
struct Told {
    bytes: f64,
    siblings: f64,
    nanos: f64,
    living: Vec<BTreeSet<u64>>,
}

fn run<S: Siblings<u64>>(clients: u64) -> Told {
    let mut random = Random::new(Random::seed_from_environment()).fork(clients).fork(2);
    let mut replicas: Vec<S> = vec![S::default(); REPLICAS as usize];
    let mut contexts: Vec<VectorStamp> = vec![VectorStamp::default(); clients as usize];
    let mut numbers = vec![0; clients as usize];
    let (mut bytes, mut siblings, mut measured, mut living) = (0, 0, 0_u32, Vec::new());
    let begun = Watch::start();
    for step in 0..STEPS {
        let [read, written, other] = [(); 3].map(|()| random.below(REPLICAS) as usize);
        let client = random.below(clients) as usize;
        if random.chance(0.7) {
            contexts[client].merge(&replicas[read].context());
        }
        numbers[client] += 1;
        let writer =
            Writer { replica: written as u32, client: client as u32, number: numbers[client] };
        replicas[written].write(writer, &contexts[client], step);
        contexts[client].merge(&replicas[written].context());
        if step % 4 == 0 {
            let there = replicas[other].clone();
            replicas[written].merge(&there);
        }
        if step % 64 == 0 {
            let mut all = replicas[0].clone();
            replicas[1..].iter().for_each(|one| all.merge(one));
            for one in &mut replicas {
                one.merge(&all);
            }
            living.push(all.values().into_iter().copied().collect());
            bytes += all.bytes();
            siblings += all.values().len();
            measured += 1;
        }
    }
    let nanos = each(begun.read(), STEPS as usize);
    let mean = |sum: usize| sum as f64 / f64::from(measured);
    Told { bytes: mean(bytes), siblings: mean(siblings), nanos, living }
}

/// Tables for so many clients.
pub(crate) fn table(clients: &[u64]) {
    let columns = [
        "versions",
        "clients",
        "bytes beside the values",
        "siblings",
        "lost, of 313 looks",
        "step, ns",
    ];
    head("### Versions of a key, three replicas", &columns);
    for count in clients {
        let exact = run::<DottedSet<u64>>(*count);
        let tell = |name: &str, told: &Told| {
            let looks = told.living.iter().zip(&exact.living);
            let lost = looks.filter(|(kept, truth)| !kept.is_superset(truth)).count();
            row(&[
                name.to_owned(),
                count.to_string(),
                format!("{:.0}", told.bytes),
                format!("{:.1}", told.siblings),
                lost.to_string(),
                format!("{:.0}", told.nanos),
            ]);
        };
        tell("dotted set", &exact);
        tell("dotted version vectors", &run::<DottedVersions<u64>>(*count));
        tell("vectors of clients", &run::<ClientVersions<u64>>(*count));
        tell("vectors of replicas", &run::<ReplicaVersions<u64>>(*count));
    }
}
