//! The shapes against their definitions, spelt out over every directed graph of up to four nodes,
//! and over every completion of what is unknown.

use super::*;

fn nodes(count: u32) -> Vec<NodeId> {
    (1..=count).map(NodeId).collect()
}

fn directed(count: u32) -> Vec<(NodeId, NodeId)> {
    let all = nodes(count);
    let pairs = all.iter().flat_map(|a| all.iter().map(move |b| (*a, *b)));
    pairs.filter(|(a, b)| a != b).collect()
}

/// The graph whose edges work where the number has a one.
fn graph(count: u32, number: u32) -> Reachability {
    let mut graph = Reachability::of(nodes(count));
    for (bit, (from, to)) in directed(count).into_iter().enumerate() {
        graph.report(from, to, number >> bit & 1 == 1);
    }
    graph
}

/// Whether a path of edges with this property leads from one node to the other, by trying all
/// orders of nodes between them (Warshall's closure).
fn leads(all: &[NodeId], edge: impl Fn(NodeId, NodeId) -> bool) -> BTreeSet<(NodeId, NodeId)> {
    let mut reach: BTreeSet<_> = all
        .iter()
        .flat_map(|a| all.iter().map(move |b| (*a, *b)))
        .filter(|(a, b)| a == b || edge(*a, *b))
        .collect();
    for via in all {
        for from in all {
            for to in all {
                if reach.contains(&(*from, *via)) && reach.contains(&(*via, *to)) {
                    reach.insert((*from, *to));
                }
            }
        }
    }
    reach
}

/// Whether a shape holds in a graph of which everything is known: its definition.
fn holds(graph: &Reachability, count: u32, shape: &Shape) -> bool {
    let all = nodes(count);
    let works = |a, b| graph.edge(a, b) == Some(true);
    let both = |a, b| works(a, b) && works(b, a);
    let cut = |a: NodeId, b: NodeId| !works(a, b) && !works(b, a);
    match shape {
        Shape::Full { sides } => {
            let side = |node| sides.iter().position(|side| side.contains(&node));
            sides.len() > 1
                && all.iter().all(|a| all.iter().all(|b| side(*a) == side(*b) || cut(*a, *b)))
        }
        Shape::Isolated { node } => {
            all.len() > 2 && all.iter().all(|other| other == node || cut(*node, *other))
        }
        Shape::Partial { one, other, through } => {
            cut(*one, *other)
                && !through.is_empty()
                && through.iter().all(|via| both(*one, *via) && both(*via, *other))
        }
        Shape::OneWay { from, to } => !works(*from, *to) && works(*to, *from),
        Shape::Bridge { node } => {
            let connected = |some: &[NodeId]| {
                let reach = leads(some, both);
                some.iter().all(|a| some.iter().all(|b| reach.contains(&(*a, *b))))
            };
            let cuts = |node: &NodeId| {
                let others: Vec<_> = all.iter().copied().filter(|other| other != node).collect();
                !connected(&others)
            };
            let cutting: Vec<_> = all.iter().filter(|node| cuts(node)).collect();
            all.len() > 2 && connected(&all) && cutting == [node]
        }
    }
}

/// Every shape that could be said of so many nodes, the finest full partition and the longest list
/// of witnesses apart, which are compared on their own.
fn every_shape(count: u32) -> Vec<Shape> {
    let mut shapes = Vec::new();
    for node in nodes(count) {
        shapes.push(Shape::Isolated { node });
        shapes.push(Shape::Bridge { node });
    }
    for (from, to) in directed(count) {
        shapes.push(Shape::OneWay { from, to });
    }
    shapes
}

#[test]
//= §4.1.2 asymmetric-partition test
//= §4.1.2 triangle-partition test
fn every_graph_of_up_to_four_nodes_has_exactly_the_shapes_that_hold() {
    let mut seen = 0;
    for count in 2..=4 {
        for number in 0..1 << (count * (count - 1)) {
            let graph = graph(count, number);
            let Shapes { named, unknown } = graph.shapes();
            assert!(unknown.is_empty());
            for shape in &named {
                assert!(holds(&graph, count, shape), "{shape} is wrong in {graph:?}");
            }
            for shape in every_shape(count) {
                let found = named.contains(&shape);
                assert_eq!(found, holds(&graph, count, &shape), "{shape} in {graph:?}");
            }
            // The sides are the finest: nodes of one side are joined by edges of any direction.
            let any = |a, b| graph.edge(a, b) == Some(true) || graph.edge(b, a) == Some(true);
            let reach = leads(&nodes(count), any);
            let whole = directed(count).iter().all(|pair| reach.contains(pair));
            let full = named.iter().find_map(|shape| match shape {
                Shape::Full { sides } => Some(sides),
                _ => None,
            });
            assert_eq!(full.is_none(), whole, "{graph:?}");
            for side in full.into_iter().flatten() {
                assert!(side.iter().all(|a| side.iter().all(|b| reach.contains(&(*a, *b)))));
            }
            for (a, b) in directed(count).into_iter().filter(|(a, b)| a < b) {
                let both = |x, y| graph.edge(x, y) == Some(true) && graph.edge(y, x) == Some(true);
                let cut = graph.edge(a, b) == Some(false) && graph.edge(b, a) == Some(false);
                let through: Vec<_> =
                    nodes(count).into_iter().filter(|via| both(a, *via) && both(*via, b)).collect();
                let expected = cut && !through.is_empty();
                let shape = Shape::Partial { one: a, other: b, through };
                assert_eq!(named.contains(&shape), expected, "{shape} in {graph:?}");
            }
            seen += 1;
        }
    }
    assert_eq!(seen, 4 + 64 + 4_096);
}

#[test]
fn with_edges_unknown_a_shape_is_named_only_if_every_completion_has_it() {
    let (mut named_of, mut silent_of) = (0, 0);
    let edges = directed(3);
    for code in 0..3_u32.pow(6) {
        let state = |at: u32| code / 3_u32.pow(at) % 3;
        let mut partial = Reachability::of(nodes(3));
        for (at, (from, to)) in edges.iter().enumerate() {
            if state(at as u32) < 2 {
                partial.report(*from, *to, state(at as u32) == 1);
            }
        }
        let Shapes { named, unknown } = partial.shapes();
        let completions = (0..1_u32 << unknown.len()).map(|number| {
            let mut whole = partial.clone();
            for (bit, (from, to)) in unknown.iter().enumerate() {
                whole.report(*from, *to, number >> bit & 1 == 1);
            }
            whole
        });
        let completions: Vec<_> = completions.collect();
        for shape in &named {
            assert!(
                completions.iter().all(|whole| holds(whole, 3, shape)),
                "{shape} of {partial:?}"
            );
        }
        for shape in every_shape(3) {
            let certain = completions.iter().all(|whole| holds(whole, 3, &shape));
            // A bridge may be certain by cases that no one pair of edges decides; it is then
            // not named, never the other way round.
            let must = !matches!(shape, Shape::Bridge { .. });
            if must {
                assert_eq!(named.contains(&shape), certain, "{shape} of {partial:?}");
            }
            named_of += u32::from(certain && named.contains(&shape));
            silent_of += u32::from(certain && !named.contains(&shape));
        }
    }
    assert!(named_of > 100 && silent_of == 0, "{named_of} named, {silent_of} certain and silent");
}

#[test]
fn the_shapes_of_five_nodes_in_words() {
    let text = |cuts: &[(u32, u32)], silent: &[u32]| {
        let mut graph = Reachability::of(nodes(5));
        for (from, to) in directed(5).into_iter().filter(|(_, to)| !silent.contains(&to.0)) {
            graph.report(from, to, !cuts.contains(&(from.0, to.0)));
        }
        let shapes = graph.shapes();
        let words: Vec<_> = shapes.named.iter().map(ToString::to_string).collect();
        (words.join("; "), shapes.unknown.len())
    };
    assert_eq!(text(&[], &[]), (String::new(), 0));
    let triangle = "partial partition: n1 x n2, and n3 n4 n5 reach both";
    assert_eq!(text(&[(1, 2), (2, 1)], &[]), (triangle.into(), 0));
    let one_way = "one-way partition: n1 does not reach n2, n2 reaches n1";
    assert_eq!(text(&[(1, 2)], &[]), (one_way.into(), 0));
    // Without n1's report nobody knows whether n2 reaches it: nothing is said of that pair.
    assert_eq!(text(&[(1, 2)], &[1]), (String::new(), 4));
}
