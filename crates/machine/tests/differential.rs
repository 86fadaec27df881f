//! The explorer against a second one, written here as plainly as can be (whole states in a set,
//! nothing interned, nothing kept), on protocols drawn at random.

use avouch_machine::explorer::{Bounds, Explorer, Network};
use avouch_machine::{Effect, Effects, Env, Event, Protocol, Recovered};
use avouch_promise::{Nanos, NodeId, Random};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

const STATES: u64 = 4;
const MESSAGES: u64 = 3;
const NODES: u32 = 3;

/// What a node does at one input: its next state, whom it tells what, and its timer.
#[derive(Clone, Debug)]
struct Reaction {
    next: u8,
    sends: Vec<(u32, u8)>,
    timer: Option<bool>,
}

/// A protocol as a table, drawn at random: reactions to (node, state, input).
type Rules = Rc<BTreeMap<(u32, u8, Input), Vec<Reaction>>>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Input {
    Start,
    Message(u32, u8),
    Timer,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Table;

impl Protocol for Table {
    type Config = (u32, Rules);
    type State = u8;
    type Message = u8;
    type Command = ();
    type Record = ();
    type Image = ();
    type Output = ();
    type Observation = ();
    type Timer = ();

    fn recover(_: &Self::Config, _: Recovered<Self>) -> u8 {
        0
    }
    fn step(
        (me, rules): &Self::Config,
        state: &mut u8,
        event: Event<Self>,
        env: &mut dyn Env,
        effects: &mut Effects<Self>,
    ) {
        let input = match event {
            Event::Started { .. } => Input::Start,
            Event::Message { from, message } => Input::Message(from.0, message),
            Event::Timer(()) => Input::Timer,
            _ => return,
        };
        let Some(reactions) = rules.get(&(*me, *state, input)) else { return };
        let chosen = match reactions.len() {
            1 => 0,
            count => env.choose(count as u32) as usize,
        };
        let reaction = &reactions[chosen];
        *state = reaction.next;
        for (to, message) in &reaction.sends {
            effects.send(NodeId(*to), *message);
        }
        match reaction.timer {
            Some(true) => effects.set_timer((), Nanos::ZERO),
            Some(false) => effects.push(Effect::CancelTimer(())),
            None => {}
        }
    }
}

fn draw(random: &mut Random) -> Rules {
    let mut rules = BTreeMap::new();
    for me in 1..=NODES {
        for state in 0..STATES as u8 {
            let mut inputs = vec![Input::Start, Input::Timer];
            for from in (1..=NODES).filter(|from| *from != me) {
                inputs.extend((0..MESSAGES as u8).map(|message| Input::Message(from, message)));
            }
            for input in inputs {
                // Mostly one reaction, sometimes two to choose from, sometimes none.
                let count = [0, 1, 1, 1, 2][random.below(5) as usize];
                let reactions: Vec<_> = (0..count).map(|_| react(random, me, state)).collect();
                if !reactions.is_empty() || input == Input::Start {
                    let start =
                        Reaction { next: 0, sends: vec![(me % NODES + 1, 0)], timer: Some(true) };
                    let reactions = if reactions.is_empty() { vec![start] } else { reactions };
                    rules.insert((me, state, input), reactions);
                }
            }
        }
    }
    Rc::new(rules)
}

fn react(random: &mut Random, me: u32, state: u8) -> Reaction {
    // States only grow, and only a step that grows may send, so that every system is finite.
    let next = state + random.below(STATES - u64::from(state)) as u8;
    let mut sends = Vec::new();
    if next > state {
        for to in (1..=NODES).filter(|to| *to != me) {
            if random.chance(0.4) {
                sends.push((to, random.below(MESSAGES) as u8));
            }
        }
    }
    Reaction { next, sends, timer: [None, Some(true), Some(false)][random.below(3) as usize] }
}

/// A whole system, plainly.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Plain {
    nodes: Vec<(u8, bool)>,
    network: Vec<(u32, u32, u8)>,
    losses: u32,
    duplicates: u32,
}

fn apply(plain: &Plain, me: u32, reaction: &Reaction, network: Network) -> Plain {
    let mut after = plain.clone();
    let node = &mut after.nodes[me as usize - 1];
    node.0 = reaction.next;
    node.1 = reaction.timer.unwrap_or(node.1);
    for (to, message) in &reaction.sends {
        let envelope = (me, *to, *message);
        if network != Network::EverSent || !after.network.contains(&envelope) {
            after.network.push(envelope);
        }
    }
    match network {
        // The order of one link is the order of sending; links stand in their own order.
        Network::Fifo => after.network.sort_by_key(|(from, to, _)| (*from, *to)),
        _ => after.network.sort_unstable(),
    }
    after
}

fn no_reaction(state: u8) -> Vec<Reaction> {
    vec![Reaction { next: state, sends: Vec::new(), timer: None }]
}

fn next_of(rules: &Rules, plain: &Plain, network: Network, bounds: &Bounds) -> Vec<Plain> {
    let mut all = Vec::new();
    let reactions = |me: u32, input: Input| {
        let state = plain.nodes[me as usize - 1].0;
        rules.get(&(me, state, input)).cloned().unwrap_or_else(|| no_reaction(state))
    };
    for (at, (from, to, message)) in plain.network.iter().enumerate() {
        let behind = plain.network[..at].iter().any(|(f, t, _)| (f, t) == (from, to));
        if network == Network::Fifo && behind {
            continue;
        }
        let mut gone = plain.clone();
        gone.network.remove(at);
        for reaction in reactions(*to, Input::Message(*from, *message)) {
            if network == Network::EverSent {
                all.push(apply(plain, *to, &reaction, network));
                continue;
            }
            all.push(apply(&gone, *to, &reaction, network));
            if plain.duplicates < bounds.duplicates {
                let kept = Plain { duplicates: plain.duplicates + 1, ..plain.clone() };
                all.push(apply(&kept, *to, &reaction, network));
            }
        }
        if network != Network::EverSent && plain.losses < bounds.losses {
            all.push(Plain { losses: plain.losses + 1, ..gone });
        }
    }
    for me in 1..=NODES {
        if plain.nodes[me as usize - 1].1 {
            let mut fired = plain.clone();
            fired.nodes[me as usize - 1].1 = false;
            for reaction in reactions(me, Input::Timer) {
                all.push(apply(&fired, me, &reaction, network));
            }
        }
    }
    all
}

/// How many states there are within `depth` steps.
fn plainly(rules: &Rules, network: Network, bounds: &Bounds) -> Vec<u64> {
    let nodes = vec![(0, false); NODES as usize];
    let mut level =
        BTreeSet::from([Plain { nodes, network: Vec::new(), losses: 0, duplicates: 0 }]);
    for me in 1..=NODES {
        let starts = &rules[&(me, 0, Input::Start)];
        let start = |plain: &Plain| {
            starts.iter().map(|each| apply(plain, me, each, network)).collect::<Vec<_>>()
        };
        level = level.iter().flat_map(start).collect();
    }
    let mut seen = level.clone();
    let mut counts = vec![level.len() as u64];
    for _ in 0..bounds.depth {
        let next = level.iter().flat_map(|plain| next_of(rules, plain, network, bounds));
        let next: BTreeSet<_> = next.collect();
        level = next.difference(&seen).cloned().collect();
        seen.extend(level.iter().cloned());
        counts.push(level.len() as u64);
    }
    while counts.last() == Some(&0) {
        counts.pop();
    }
    counts
}

#[test]
fn two_explorers_count_alike() {
    let seed = Random::seed_from_environment();
    let root = Random::new(seed);
    let (mut total, mut choices) = (0, 0);
    for case in 0..60 {
        let rules = draw(&mut root.fork(case));
        choices += rules.values().filter(|reactions| reactions.len() > 1).count();
        for network in [Network::EverSent, Network::Multiset, Network::Fifo] {
            let bounds = Bounds { depth: 6, losses: 1, duplicates: 1, ..Bounds::default() };
            let expected = plainly(&rules, network, &bounds);
            let configs = (1..=NODES).map(|me| (me, Rc::clone(&rules)));
            let report = Explorer::<Table>::new(configs).network(network).bounds(bounds).run();
            assert_eq!(
                report.per_depth, expected,
                "case {case}, {network}\n\
                 repro: AVOUCH_SEED={seed} cargo test -p avouch-machine two_explorers_count_alike"
            );
            total += report.unique;
        }
    }
    // A comparison of trivial systems would prove nothing.
    assert!(total > 20_000 && choices > 100, "{total} states, {choices} choices");
}
