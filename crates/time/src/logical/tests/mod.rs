//! Every clock against causal histories, at random.

mod coalesced;
mod siblings;
mod uses;

use super::history::History;
use super::{
    Bloom, Errs, Lamport, LogicalClock, Matrix, Plausible, Pruned, Relation, Tree, Vector,
};
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
            let may_err = match C::ERRS {
                Errs::Never => false,
                Errs::ByOrderingMore => truth == Relation::Concurrent,
                Errs::ByOrderingLess => said == Relation::Concurrent,
            };
            let is_right = said == truth || may_err;
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
    differ(13, |count| (0..count).map(|one| Matrix::new(one, count as usize)).collect())
        .expect("matrix");
    let plausible = |count| (0..count).map(|one| Plausible::new(one, 3)).collect();
    let plausible = differ(11, plausible).expect("plausible");
    let bloom = |count| (0..count).map(|one| Bloom::new(one, 64, 2)).collect();
    let bloom = differ(12, bloom).expect("Bloom");
    let pruned =
        differ(22, |count| (0..count).map(|one| Pruned::new(one, 3)).collect()).expect("pruned");
    assert!(pruned[Relation::Before as usize] > 1_000, "{pruned:?}");
    // They err, but not always: some of what is concurrent is seen to be.
    for counts in [plausible, bloom] {
        assert!(counts[Relation::Concurrent as usize] > 1_000, "{counts:?}");
    }
}

/// With enough entries a plausible clock is exact, with one it is Lamport's.
#[test]
fn a_plausible_clock_is_exact_if_no_entry_is_shared() {
    #[derive(Clone)]
    struct Wide(Plausible);
    impl LogicalClock for Wide {
        type Stamp = super::PlausibleStamp;
        const ERRS: Errs = Errs::Never;
        fn event(&mut self) -> Self::Stamp {
            self.0.event()
        }
        fn receive(&mut self, stamp: &Self::Stamp) -> Self::Stamp {
            self.0.receive(stamp)
        }
        fn relation(first: &Self::Stamp, second: &Self::Stamp) -> Relation {
            Plausible::relation(first, second)
        }
        fn bytes(stamp: &Self::Stamp) -> usize {
            Plausible::bytes(stamp)
        }
    }
    let wide = |count| (0..count).map(|one| Wide(Plausible::new(one, 8))).collect();
    differ(14, wide).expect("exact");
    let narrow = |count| (0..count).map(|one| Wide(Plausible::new(one, 3))).collect();
    assert!(differ(15, narrow).is_err(), "eight processes on three entries are not told apart");
}

/// What a matrix says that all know of, all do.
#[test]
//= §3.2.2 matrix clocks test
//= §3.2.2 garbage collection of entries test
fn what_all_know_of_is_known_by_all() {
    let seed = Random::seed_from_environment();
    let root = Random::new(seed).fork(16);
    let mut forgotten = 0;
    for run in 0..200 {
        let mut random = root.fork(run);
        let mut clocks: Vec<Matrix> = (0..4).map(|one| Matrix::new(one, 4)).collect();
        let mut exact: Vec<Vector> = (0..4).map(Vector::new).collect();
        let mut known = vec![super::VectorStamp::default(); 4];
        for _ in 0..200 {
            let (from, to) = (random.below(4) as usize, random.below(4) as usize);
            let (stamp, vector) = (clocks[from].event(), exact[from].event());
            known[from] = vector.clone();
            if from != to && random.chance(0.7) {
                clocks[to].receive(&stamp);
                known[to] = exact[to].receive(&vector);
            }
            for process in 0..4 {
                let all = known.iter().map(|one| one.known(process)).min().unwrap_or(0);
                for clock in &clocks {
                    let said = clock.known_by_all(process);
                    assert!(said <= all, "repro: AVOUCH_SEED={seed}, run {run}: {said} of {all}");
                    forgotten += said;
                }
            }
        }
    }
    assert!(forgotten > 100_000, "{forgotten}");
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
planted!(DeafMatrix, Matrix, |clock: &mut Matrix, _: &_| clock.event());
planted!(DeafBloom, Bloom, |clock: &mut Bloom, _: &_| clock.event());
planted!(DeafPlausible, Plausible, |clock: &mut Plausible, _: &_| clock.event());
planted!(DeafPruned, Pruned, |clock: &mut Pruned, _: &_| clock.event());
planted!(DeafTree, Tree, |clock: &mut Tree, _: &_| clock.event());

#[test]
fn a_clock_that_hears_nothing_is_caught() {
    let vectors = |count| (0..count).map(|one| DeafVector(Vector::new(one))).collect();
    assert!(differ(5, vectors).is_err());
    let lamports = |count| (0..count).map(|one| DeafLamport(Lamport::new(one))).collect();
    assert!(differ(6, lamports).is_err());
    let matrices = |count| (0..count).map(|one| DeafMatrix(Matrix::new(one, 8))).collect();
    assert!(differ(19, matrices).is_err());
    let blooms = |count| (0..count).map(|one| DeafBloom(Bloom::new(one, 64, 2))).collect();
    assert!(differ(20, blooms).is_err());
    let plausible = |count| (0..count).map(|one| DeafPlausible(Plausible::new(one, 3))).collect();
    assert!(differ(21, plausible).is_err());
    assert!(differ(7, |count| forked(count).into_iter().map(DeafTree).collect()).is_err());
}

/// What pruning may miss, it does miss; with room for all it is exact. (That a pruned clock that
/// hears nothing is right is what "may miss an order" means: it is caught by missing every one.)
#[test]
//= §3.2.2 pruning of vectors test
fn a_pruned_vector_misses_orders_only_where_it_has_no_room() {
    let exact = differ(23, |count| (0..count).map(Vector::new).collect()).expect("vector");
    let wide = differ(23, |count| (0..count).map(|one| Pruned::new(one, 8)).collect());
    assert_eq!(wide.expect("pruned"), exact);
    let narrow = differ(23, |count| (0..count).map(|one| Pruned::new(one, 2)).collect());
    let narrow = narrow.expect("pruned");
    let before = Relation::Before as usize;
    assert!(narrow[before] * 10 < exact[before] * 9, "{narrow:?} of {exact:?}");
    let deaf = differ(23, |count| (0..count).map(|one| DeafPruned(Pruned::new(one, 8))).collect());
    let deaf = deaf.expect("pruned");
    assert!(deaf[before] * 4 < narrow[before] * 3, "{deaf:?} of {narrow:?}");
    // Forgetting what an event is numbered, rather than whom it knows, orders what is concurrent.
    let twins = |count: u32| (0..count).map(|_| Pruned::new(0, 8)).collect();
    assert!(differ(24, twins).is_err());
}

/// An event of an identity that another one has, too, is not told apart.
#[test]
fn two_of_one_identity_are_caught() {
    let twins = |count: u32| (0..count).map(|_| Vector::new(0)).collect();
    assert!(differ(8, twins).is_err());
    let shared = |count: u32| (0..count).map(|_| Tree::seed()).collect();
    assert!(differ(9, shared).is_err());
}
