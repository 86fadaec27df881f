//! Versions of a key at replicas against causal histories, at random.

use super::super::dotted::Mutant;
use super::super::history::History;
use super::super::{
    ClientVersions, DottedSet, DottedVersions, Keeps, ReplicaVersions, Siblings, VectorStamp,
    Writer,
};
use super::operations;
use avouch_promise::Random;

/// A set of siblings with a planted bug.
trait Planted: Siblings<usize> {
    fn write_with(&mut self, by: Writer, context: &VectorStamp, value: usize, mutant: Mutant) {
        assert_eq!(mutant, Mutant::None);
        self.write(by, context, value);
    }
    fn merge_with(&mut self, other: &Self, mutant: Mutant) {
        assert_eq!(mutant, Mutant::None);
        self.merge(other);
    }
}

impl Planted for DottedSet<usize> {
    fn write_with(&mut self, by: Writer, context: &VectorStamp, value: usize, mutant: Mutant) {
        DottedSet::write_with(self, by.replica, context, value, mutant);
    }
    fn merge_with(&mut self, other: &Self, mutant: Mutant) {
        DottedSet::merge_with(self, other, mutant);
    }
}
impl Planted for DottedVersions<usize> {}
impl Planted for ClientVersions<usize> {}
impl Planted for ReplicaVersions<usize> {}

/// Clients read and write at replicas that now and then exchange all they have: exactly the values
/// that no later one had read must live. How often several did and how many were lost, and the
/// first time it is not as promised. If so told, a client forgets nothing
/// that it read or wrote.
fn siblings<S: Planted>(fork: u64, knows_own: bool, mutant: Mutant) -> Result<[usize; 2], String> {
    let seed = Random::seed_from_environment();
    let root = Random::new(seed).fork(fork);
    let (mut several, mut lost) = (0, 0);
    for run in 0..operations() as u64 / 200 {
        let mut random = root.fork(run);
        let mut replicas: Vec<(S, History)> = vec![(S::default(), History::default()); 3];
        // What each client has read: its context, and the writes behind it.
        let mut clients: Vec<(VectorStamp, History)> =
            vec![(VectorStamp::default(), History::default()); 4];
        let mut asked = [0; 4];
        // Which writes each write had overwritten.
        let mut over: Vec<History> = Vec::new();
        for _ in 0..200 {
            let (at, client) = (random.below(3) as usize, random.below(4) as usize);
            match random.below(3) {
                0 => {
                    let known = &mut clients[client];
                    if !knows_own {
                        *known = Default::default();
                    }
                    known.0.merge(&replicas[at].0.context());
                    known.1.unite(&replicas[at].1);
                }
                1 => {
                    let value = over.len();
                    over.push(clients[client].1.clone());
                    let (set, known) = &mut replicas[at];
                    asked[client] += 1;
                    let (replica, number) = (at as u32, asked[client]);
                    let by = Writer { replica, client: client as u32, number };
                    set.write_with(by, &clients[client].0, value, mutant);
                    known.unite(&clients[client].1);
                    known.add(value);
                    if knows_own {
                        clients[client].1.add(value);
                    }
                }
                _ => {
                    let other = replicas[random.below(3) as usize].clone();
                    replicas[at].0.merge_with(&other.0, mutant);
                    replicas[at].1.unite(&other.1);
                }
            }
            let (set, known) = &replicas[at];
            let mut live: Vec<usize> = set.values().into_iter().copied().collect();
            live.sort_unstable();
            let all: Vec<usize> = (0..over.len()).filter(|one| known.has(*one)).collect();
            let is_gone = |one: &usize| all.iter().any(|other| over[*other].has(*one));
            let expected: Vec<usize> = all.iter().copied().filter(|one| !is_gone(one)).collect();
            let is_right = match S::KEEPS {
                Keeps::Exactly => live == expected,
                Keeps::Fewer => live.iter().all(|one| expected.contains(one)),
            };
            lost += expected.len() - live.len().min(expected.len());
            if !is_right {
                return Err(format!("repro: AVOUCH_SEED={seed}, run {run}: {live:?}"));
            }
            several += usize::from(live.len() > 1);
        }
    }
    Ok([several, lost])
}

#[test]
//= §3.2.2 dotted version vectors test
fn siblings_are_the_writes_that_nobody_has_overwritten() {
    let right = |found: Result<[usize; 2], String>| found.unwrap_or_else(|error| panic!("{error}"));
    for [several, lost] in [
        right(siblings::<DottedSet<usize>>(17, false, Mutant::None)),
        right(siblings::<DottedVersions<usize>>(17, false, Mutant::None)),
        right(siblings::<ClientVersions<usize>>(17, true, Mutant::None)),
    ] {
        assert!(several > 1_000 && lost == 0, "{several}, {lost}");
    }
    let [_, lost] = right(siblings::<ReplicaVersions<usize>>(17, false, Mutant::None));
    println!("version vectors of replicas lose {lost} values");
    assert!(lost > 1_000, "{lost}");
    for mutant in [Mutant::KeepOverwritten, Mutant::DropSiblings, Mutant::Resurrect] {
        assert!(
            siblings::<DottedSet<usize>>(18, false, mutant).is_err(),
            "{mutant:?} is not caught"
        );
    }
}

/// A replica's version vector that promised to lose nothing would be caught, and a client's whose
/// own writes are not taken to follow each other.
#[test]
fn what_versions_do_not_promise_is_not_so() {
    #[derive(Clone, Default)]
    struct Boast(ReplicaVersions<usize>);
    impl Siblings<usize> for Boast {
        const KEEPS: Keeps = Keeps::Exactly;
        fn values(&self) -> Vec<&usize> {
            self.0.values()
        }
        fn context(&self) -> VectorStamp {
            self.0.context()
        }
        fn write(&mut self, by: Writer, context: &VectorStamp, value: usize) {
            self.0.write(by, context, value);
        }
        fn merge(&mut self, other: &Self) {
            self.0.merge(&other.0);
        }
        fn bytes(&self) -> usize {
            self.0.bytes()
        }
    }
    impl Planted for Boast {}
    assert!(siblings::<Boast>(18, false, Mutant::None).is_err());
    assert!(siblings::<ClientVersions<usize>>(18, false, Mutant::None).is_err());
}
