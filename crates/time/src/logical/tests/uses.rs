//! What docs/which-clock.md says of sizes: what decides between two exact clocks.

use crate::logical::{
    ClientVersions, DottedSet, LogicalClock as _, Siblings, Tree, Vector, Writer,
};
use avouch_promise::Random;

/// Bytes of the last stamps of a tree's group and of a vector's, eight processes of which one
/// leaves after each eighth step, if any does.
fn stamps(steps: usize, churn: bool) -> (usize, usize) {
    let mut random = Random::new(Random::seed_from_environment()).fork(81);
    let mut trees = vec![Tree::seed()];
    for _ in 1..8 {
        let fork = trees[0].fork();
        trees.insert(0, fork);
    }
    let mut vectors: Vec<Vector> = (0..8).map(Vector::new).collect();
    let (mut tree, mut vector) = (trees[0].event(), vectors[0].event());
    for step in 0..steps {
        let [at, gone, heir] = [8, 8, 7].map(|bound| random.below(bound) as usize);
        tree = trees[at].receive(&tree);
        vector = vectors[at].receive(&vector);
        if churn && step % 8 == 0 {
            let left = trees.swap_remove(gone);
            trees[heir].join(&left).expect("parts of one line");
            let born = trees[heir].fork();
            trees.push(born);
            vectors.swap_remove(gone);
            vectors.push(Vector::new(8 + step as u32));
        }
    }
    (Tree::bytes(&tree), Vector::bytes(&vector))
}

#[test]
//= §3.2.3 dotted-comparison test
//= §3.2.3 use-cases test
fn a_tree_takes_back_the_parts_of_those_that_left_and_a_vector_keeps_them() {
    let (tree, vector) = stamps(4_000, false);
    assert!(tree < vector && vector == 8 * 12, "{tree} {vector}");
    let (tree, vector) = stamps(4_000, true);
    // 500 left; not all of them had an event.
    assert!(vector > 200 * 12 && tree < vector / 10, "{tree} {vector}");
}

/// Bytes beside the values of a key that so many clients wrote, each by what was there.
fn written<S: Siblings<u32>>(clients: u32) -> usize {
    let mut key = S::default();
    for client in 0..clients {
        let context = key.context();
        key.write(Writer { replica: client % 3, client, number: 1 }, &context, client);
    }
    assert_eq!(key.values(), [&(clients - 1)]);
    key.bytes()
}

#[test]
fn a_dotted_set_is_as_large_as_its_replicas_whoever_writes() {
    assert_eq!(written::<DottedSet<u32>>(10), written::<DottedSet<u32>>(1_000));
    assert!(written::<ClientVersions<u32>>(1_000) > 50 * written::<ClientVersions<u32>>(10));
}
