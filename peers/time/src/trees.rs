//! Interval tree clocks over processes that come and go: the same steps for ours and for crate itc.
//!
//! Each step: an event of one process; a look whether it knows what another one knows; one is
//! joined to another; and one is forked, so that there are as many again. Where the heir is forked
//! (`sync`), two replicas have exchanged what they know; where any is (`churn`), processes come and
//! go, and their identities go to pieces. Figures are of the second half.

use avouch_promise::Random;
use avouch_time::logical::Tree;
use itc::{IntervalTreeClock, LessThanOrEqual, Stamp};
use std::hint::black_box;
use std::time::Instant;

/// The steps' choices.
struct Step {
    event: usize,
    looked_at: usize,
    gone: usize,
    heir: usize,
    parent: usize,
}

fn steps(processes: u64, count: usize, churn: bool) -> Vec<Step> {
    let mut random = Random::new(Random::seed_from_environment()).fork(processes);
    let mut below = |bound: u64| random.below(bound) as usize;
    let step = |_| {
        let (event, looked_at, gone) = (below(processes), below(processes), below(processes));
        let (heir, other) = (below(processes - 1), below(processes - 1));
        Step { event, looked_at, gone, heir, parent: if churn { other } else { heir } }
    };
    (0..count).map(step).collect()
}

/// Nanoseconds in event, order, join and fork.
#[derive(Default)]
struct Times([u128; 4]);

impl Times {
    /// What each of so many takes; a look at the clock, which each has too, is left out.
    fn told(&self, name: &str, processes: u64, count: usize, note: &mut impl FnMut(String, f64)) {
        let look = {
            let start = Instant::now();
            (0..100_000).for_each(|_| _ = black_box(Instant::now()));
            start.elapsed().as_nanos() as f64 / 1e5
        };
        let mut sum = 0.0;
        for (what, nanos) in ["event", "leq", "join", "fork"].into_iter().zip(self.0) {
            let nanos = nanos as f64 / count as f64 - look;
            sum += nanos;
            note(format!("{name}_{what}_{processes}"), nanos);
        }
        note(format!("{name}_sum_{processes}"), sum);
    }
}

/// So many steps, of `sync` or of `churn`.
pub(crate) fn measure(
    processes: u64,
    count: usize,
    churn: bool,
    note: &mut impl FnMut(String, f64),
) {
    let steps = steps(processes, count, churn);
    let (tree, itc) = if churn { ("churn_tree", "churn_itc") } else { ("tree", "itc") };
    ours(processes, &steps).told(tree, processes, count / 2, note);
    theirs(processes, &steps).told(itc, processes, count / 2, note);
}

fn ours(processes: u64, steps: &[Step]) -> Times {
    let mut living = vec![Tree::seed()];
    while living.len() < processes as usize {
        let at = living.len() / 2;
        let next = living[at].fork();
        living.push(next);
    }
    let mut times = Times::default();
    for (number, step) in steps.iter().enumerate() {
        let mut looks = [Instant::now(); 5];
        living[step.event].tick();
        looks[1] = Instant::now();
        black_box(living[step.event].knows(&living[step.looked_at]));
        looks[2] = Instant::now();
        let gone = living.swap_remove(step.gone);
        living[step.heir].join(&gone).expect("they share nothing");
        drop(gone);
        looks[3] = Instant::now();
        let next = living[step.parent].fork();
        living.push(next);
        looks[4] = Instant::now();
        add(&mut times, number, steps.len(), &looks);
    }
    times
}

fn theirs(processes: u64, steps: &[Step]) -> Times {
    let mut living = vec![Stamp::seed()];
    let fork = |living: &mut Vec<Stamp>, at: usize| {
        let (kept, given) = living[at].fork();
        living[at] = kept;
        living.push(given);
    };
    while living.len() < processes as usize {
        let at = living.len() / 2;
        fork(&mut living, at);
    }
    let mut times = Times::default();
    for (number, step) in steps.iter().enumerate() {
        let mut looks = [Instant::now(); 5];
        living[step.event] = living[step.event].event();
        looks[1] = Instant::now();
        black_box(living[step.looked_at].leq(&living[step.event]));
        looks[2] = Instant::now();
        let gone = living.swap_remove(step.gone);
        living[step.heir] = living[step.heir].join(&gone);
        drop(gone);
        looks[3] = Instant::now();
        fork(&mut living, step.parent);
        looks[4] = Instant::now();
        add(&mut times, number, steps.len(), &looks);
    }
    times
}

fn add(times: &mut Times, number: usize, steps: usize, looks: &[Instant; 5]) {
    if number >= steps / 2 {
        for (time, two) in times.0.iter_mut().zip(looks.windows(2)) {
            *time += two[1].duration_since(two[0]).as_nanos();
        }
    }
}
