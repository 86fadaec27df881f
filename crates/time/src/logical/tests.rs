//! Every clock against causal histories, at random.

use super::history::History;
use super::{Errs, Lamport, LogicalClock, Relation, Tree, Vector};
use avouch_promise::Random;

/// Operations of all runs together.
fn operations() -> usize {
    let asked = std::env::var("AVOUCH_SEEDS").ok().and_then(|seeds| seeds.parse().ok());
    asked.unwrap_or(1_usize) * 100_000
}

const EVENTS: usize = 1_000;

/// Runs of events and messages of a few processes; every event's stamp and history, compared.
fn differ<C: LogicalClock>(fork: u64, start: impl Fn(u32) -> Vec<C>) -> Result<[u64; 4], String> {
    let seed = Random::seed_from_environment();
    let root = Random::new(seed).fork(fork);
    let mut counts = [0; 4];
    for run in 0..operations() / EVENTS {
        let mut random = root.fork(run as u64);
        let count = 1 + random.below(8) as u32;
        let mut clocks = start(count);
        let mut known: Vec<History> = vec![History::default(); count as usize];
        let mut events: Vec<(C::Stamp, History)> = Vec::new();
        let mut sent: Vec<(C::Stamp, History)> = Vec::new();
        for event in 0..EVENTS {
            let at = random.below(u64::from(count)) as usize;
            let arrives = !sent.is_empty() && random.chance(0.4);
            let stamp = if arrives {
                let place = random.below(sent.len() as u64) as usize;
                // Now and then a message arrives twice.
                let (stamp, history) =
                    if random.chance(0.1) { sent[place].clone() } else { sent.swap_remove(place) };
                known[at].unite(&history);
                clocks[at].receive(&stamp)
            } else {
                clocks[at].event()
            };
            known[at].add(event);
            events.push((stamp.clone(), known[at].clone()));
            if !arrives && random.chance(0.6) {
                sent.push((stamp, known[at].clone()));
            }
            let other = &events[random.below(events.len() as u64) as usize];
            let this = &events[event];
            let (this, other) = if random.chance(0.5) { (this, other) } else { (other, this) };
            let truth = this.1.relation(&other.1);
            let said = C::relation(&this.0, &other.0);
            counts[said as usize] += 1;
            let is_right =
                said == truth || (C::ERRS == Errs::ByOrderingMore && truth == Relation::Concurrent);
            if !is_right || said.reversed() != C::relation(&other.0, &this.0) {
                return Err(format!("repro: AVOUCH_SEED={seed}, run {run}: {said:?} of {truth:?}"));
            }
        }
    }
    Ok(counts)
}

fn forked(count: u32) -> Vec<Tree> {
    let mut all = vec![Tree::seed()];
    while all.len() < count as usize {
        let place = all.len() / 2;
        let next = all[place].fork();
        all.push(next);
    }
    all
}

#[test]
//= §3.2.1 happens-before test
//= §3.2.1 lamport-algorithm test
//= §3.2.2 vector clocks test
//= §3.2.1 concurrent events test
fn every_clock_says_what_causal_histories_say() {
    let counts = differ(1, |count| (0..count).map(Vector::new).collect()).expect("vector");
    assert!(counts.iter().all(|count| *count > 500), "{counts:?}");
    differ(2, |count| (0..count).map(Lamport::new).collect()).expect("Lamport");
    differ(3, forked).expect("tree");
}

/// Lamport's stamps are one order, in which nothing stands before what it knows.
#[test]
//= §3.2.1 total order test
fn lamport_orders_all() {
    let counts = differ(4, |count| (0..count).map(Lamport::new).collect()).expect("Lamport");
    assert_eq!(counts[Relation::Concurrent as usize], 0);
}

/// Clocks with a planted bug, each of which the comparison must find.
macro_rules! planted {
    ($name:ident, $of:ty, $receive:expr) => {
        #[derive(Clone)]
        struct $name($of);

        impl LogicalClock for $name {
            type Stamp = <$of as LogicalClock>::Stamp;
            const ERRS: Errs = <$of as LogicalClock>::ERRS;
            fn event(&mut self) -> Self::Stamp {
                self.0.event()
            }
            fn receive(&mut self, stamp: &Self::Stamp) -> Self::Stamp {
                $receive(&mut self.0, stamp)
            }
            fn relation(first: &Self::Stamp, second: &Self::Stamp) -> Relation {
                <$of>::relation(first, second)
            }
            fn bytes(stamp: &Self::Stamp) -> usize {
                <$of>::bytes(stamp)
            }
        }
    };
}

planted!(DeafVector, Vector, |clock: &mut Vector, _: &_| clock.event());
planted!(DeafLamport, Lamport, |clock: &mut Lamport, _: &_| clock.event());
planted!(DeafTree, Tree, |clock: &mut Tree, _: &_| clock.event());

#[test]
fn a_clock_that_hears_nothing_is_caught() {
    let vectors = |count| (0..count).map(|one| DeafVector(Vector::new(one))).collect();
    assert!(differ(5, vectors).is_err());
    let lamports = |count| (0..count).map(|one| DeafLamport(Lamport::new(one))).collect();
    assert!(differ(6, lamports).is_err());
    assert!(differ(7, |count| forked(count).into_iter().map(DeafTree).collect()).is_err());
}

/// An event of an identity that another one has, too, is not told apart.
#[test]
fn two_of_one_identity_are_caught() {
    let twins = |count: u32| (0..count).map(|_| Vector::new(0)).collect();
    assert!(differ(8, twins).is_err());
    let shared = |count: u32| (0..count).map(|_| Tree::seed()).collect();
    assert!(differ(9, shared).is_err());
}
