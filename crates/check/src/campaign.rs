//! How many histories the tests against oracles look at, and on every core: each test a bounded
//! sample, a campaign (`cargo xtask seeds`) as many as it was asked for.

use std::sync::atomic::{AtomicU64, Ordering};

/// So many for a test; so many for each seed of a campaign.
pub(crate) fn cases(each: u64) -> u64 {
    let asked = std::env::var("AVOUCH_SEEDS").ok().and_then(|seeds| seeds.parse().ok());
    asked.unwrap_or(1_u64).saturating_mul(each)
}

/// Cases that one core takes at a time.
const STRETCH: u64 = 64;
/// A word is said each time so many are done.
const TOLD_EVERY: u64 = 100_000;

/// Looks at each case, on every core, and adds up what is counted. What panics there panics here.
pub(crate) fn counted<const K: usize, const N: usize>(
    cases: u64,
    look: impl Fn(u64, &mut [[u64; K]; N]) + Sync,
) -> [[u64; K]; N] {
    let next = AtomicU64::new(0);
    let work = || {
        let mut count = [[0; K]; N];
        loop {
            let first = next.fetch_add(STRETCH, Ordering::Relaxed);
            if first >= cases {
                return count;
            }
            if first / TOLD_EVERY < (first + STRETCH) / TOLD_EVERY && cases > TOLD_EVERY {
                eprintln!("{first} of {cases} histories");
            }
            (first..cases.min(first + STRETCH)).for_each(|case| look(case, &mut count));
        }
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let counts: Vec<_> = std::thread::scope(|scope| {
        let running: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        running.into_iter().map(std::thread::ScopedJoinHandle::join).collect()
    });
    let mut sum = [[0; K]; N];
    for count in counts {
        let count = count.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        for (sum, count) in sum.as_flattened_mut().iter_mut().zip(count.as_flattened()) {
            *sum += count;
        }
    }
    sum
}

#[test]
fn every_case_is_looked_at_once() {
    let odd = |case: u64, count: &mut [[u64; 2]; 1]| count[0][(case % 2) as usize] += case;
    assert_eq!(counted(0, odd), [[0, 0]]);
    assert_eq!(counted(1_001, odd), [[250_500, 250_000]]);
}

#[test]
#[should_panic(expected = "case 700")]
fn what_one_core_finds_wrong_ends_the_test() {
    counted(1_000, |case, _: &mut [[u64; 1]; 1]| assert!(case != 700, "case {case}"));
}
