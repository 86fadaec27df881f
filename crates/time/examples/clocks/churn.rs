//! Processes that come and go: interval tree clocks, which take a part of somebody's identity and
//! give it back, beside vectors, in which each that ever lived keeps its entry.
//!
//! Each step one has an event and hears of another. With replacement, after each eighth step one
//! leaves, and tells somebody all that it knows; a new one comes that knows what its parent does.

use crate::{Watch, each, head, row};
use avouch_promise::Random;
use avouch_time::logical::{LogicalClock as _, Tree, Vector};

/// Steps between two that leave.
const STAYS: usize = 8;

/// The choices of a step: who has an event, of whom it hears, who leaves, who takes over, who
/// forks.
type Step = [usize; 5];

fn steps(processes: u32, count: usize) -> Vec<Step> {
    let seed = Random::seed_from_environment();
    let mut random = Random::new(seed).fork(u64::from(processes)).fork(1);
    let step = |_| {
        let mut below = |bound: u32| random.below(u64::from(bound.max(1))) as usize;
        let all = [processes, processes, processes, processes - 1, processes - 1];
        all.map(&mut below)
    };
    (0..count).map(step).collect()
}

/// Mean bytes of a stamp in the second half, and nanoseconds a step.
fn trees(processes: u32, steps: &[Step], churn: bool) -> (f64, f64) {
    let mut all = vec![Tree::seed()];
    while all.len() < processes as usize {
        let fork = all[0].fork();
        all.push(fork);
        all.rotate_left(1);
    }
    let (mut bytes, mut measured) = (0.0, 0.0);
    let begun = Watch::start();
    for (number, [at, of, leaves, heir, parent]) in steps.iter().enumerate() {
        let heard = all[*of].stamp();
        let stamp = all[*at].receive(&heard);
        if number >= steps.len() / 2 && number % 16 == 0 {
            bytes += Tree::bytes(&stamp) as f64;
            measured += 1.0;
        }
        if churn && number % STAYS == 0 {
            let gone = all.swap_remove(*leaves);
            let _ = all[*heir].join(&gone);
            let born = all[*parent].fork();
            all.push(born);
        }
    }
    (bytes / measured, each(begun.read(), steps.len()))
}

fn vectors(processes: u32, steps: &[Step], churn: bool) -> (f64, f64) {
    let mut all: Vec<Vector> = (0..processes).map(Vector::new).collect();
    let mut stamps: Vec<_> = all.iter_mut().map(Vector::event).collect();
    let mut next = processes;
    let (mut bytes, mut measured) = (0.0, 0.0);
    let begun = Watch::start();
    for (number, [at, of, leaves, heir, parent]) in steps.iter().enumerate() {
        let heard = stamps[*of].clone();
        stamps[*at] = all[*at].receive(&heard);
        if number >= steps.len() / 2 && number % 16 == 0 {
            bytes += Vector::bytes(&stamps[*at]) as f64;
            measured += 1.0;
        }
        if churn && number % STAYS == 0 {
            all.swap_remove(*leaves);
            let told = stamps.swap_remove(*leaves);
            stamps[*heir] = all[*heir].receive(&told);
            let mut born = Vector::new(next);
            next += 1;
            stamps.push(born.receive(&stamps[*parent]));
            all.push(born);
        }
    }
    (bytes / measured, each(begun.read(), steps.len()))
}

/// A row for each group, without and with replacement.
pub(crate) fn table(groups: &[u32], count: usize) {
    let columns =
        ["processes", "that ever lived", "tree, bytes", "vector, bytes", "tree, ns", "vector, ns"];
    head("### Processes that come and go", &columns);
    for processes in groups {
        let steps = steps(*processes, count);
        for churn in [false, true] {
            let (tree, vector) =
                (trees(*processes, &steps, churn), vectors(*processes, &steps, churn));
            let ever = *processes as usize + if churn { count.div_ceil(STAYS) } else { 0 };
            row(&[
                processes.to_string(),
                ever.to_string(),
                format!("{:.1}", tree.0),
                format!("{:.1}", vector.0),
                format!("{:.0}", tree.1),
                format!("{:.0}", vector.1),
            ]);
        }
    }
}
