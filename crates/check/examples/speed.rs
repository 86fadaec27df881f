//! How fast the judge is: `cargo run --release -p avouch-check --example speed`.
//!
//! Histories are made by running clients against one map in simulated time, so that they hold;
//! every other one has one read's answer replaced by an older one.

use avouch_check::history::{Event, Events, History, Kind};
use avouch_check::model::key_value::{Action, Contents, KeyValue, Outcome};
use avouch_check::{Limits, judge};
use avouch_promise::guarantee::Guarantee;
use avouch_promise::{Nanos, Random};
use bytes::Bytes;

struct Shape {
    name: &'static str,
    clients: u64,
    operations: u64,
    keys: u64,
    /// Out of 100.
    appends: u64,
    puts: u64,
    unknown: u64,
    /// Of reads, out of 100.
    consistent_prefix: u64,
}

const SHAPES: [Shape; 5] = [
    Shape {
        name: "10 clients append",
        clients: 10,
        operations: 400,
        keys: 10,
        appends: 45,
        puts: 5,
        unknown: 0,
        consistent_prefix: 0,
    },
    Shape {
        name: "50 clients append",
        clients: 50,
        operations: 2_000,
        keys: 10,
        appends: 45,
        puts: 5,
        unknown: 0,
        consistent_prefix: 0,
    },
    Shape {
        name: "50 clients put, 2 % unknown",
        clients: 50,
        operations: 5_000,
        keys: 10,
        appends: 0,
        puts: 50,
        unknown: 2,
        consistent_prefix: 0,
    },
    Shape {
        name: "mixed guarantees",
        clients: 20,
        operations: 10_000,
        keys: 100,
        appends: 0,
        puts: 40,
        unknown: 1,
        consistent_prefix: 50,
    },
    Shape {
        name: "one register, 20 clients",
        clients: 20,
        operations: 20_000,
        keys: 1,
        appends: 0,
        puts: 50,
        unknown: 0,
        consistent_prefix: 0,
    },
];

struct Call {
    client: u64,
    began: u64,
    effect: u64,
    ended: u64,
    action: Action,
    guarantee: Guarantee,
    unknown: bool,
}

fn plan(shape: &Shape, random: &mut Random) -> Vec<Call> {
    let mut calls = Vec::new();
    for client in 0..shape.clients {
        let mut now = random.below(100);
        let mut process = client;
        for number in 0..shape.operations / shape.clients {
            let began = now + random.between(1, 50);
            let ended = began + random.between(1, 200);
            let unknown = random.below(100) < shape.unknown;
            now = ended + 1;
            let key = Bytes::from(format!("k{}", random.below(shape.keys)));
            let value = Bytes::from(format!("x {client} {number} y"));
            let mut guarantee = Guarantee::Linearizable;
            let action = match random.below(100) {
                kind if kind < shape.appends => Action::Append { key, value },
                kind if kind < shape.appends + shape.puts => Action::Put { key, value },
                _ => {
                    if random.below(100) < shape.consistent_prefix {
                        guarantee = Guarantee::ConsistentPrefix;
                    }
                    Action::Get { key }
                }
            };
            let effect = random.between(began, ended);
            calls.push(Call { client: process, began, effect, ended, action, guarantee, unknown });
            if unknown {
                process += shape.clients;
            }
        }
    }
    calls.sort_by_key(|call| call.effect);
    calls
}

fn history(shape: &Shape, seed: u64, broken: bool) -> History {
    let random = &mut Random::new(seed);
    let model = KeyValue::default();
    let calls = plan(shape, random);
    let mut states: Vec<Contents> = vec![Contents::new()];
    let mut events = Vec::new();
    let wrong = calls.len() * 3 / 4;
    for (number, call) in calls.into_iter().enumerate() {
        let is_read = matches!(call.action, Action::Get { .. });
        let mut state = states.last().cloned().unwrap_or_default();
        let mut outcome = model.apply(&mut state, &call.action);
        if is_read {
            let wronged = broken && (wrong..wrong + 20).contains(&number);
            let back = match call.guarantee {
                Guarantee::ConsistentPrefix => random.below(50.min(states.len() as u64)),
                _ if wronged => 200.min(states.len() as u64 - 1),
                _ => 0,
            };
            let mut older = states[states.len() - 1 - back as usize].clone();
            outcome = model.apply(&mut older, &call.action);
        } else if !(call.unknown && random.chance(0.5)) {
            states.push(state);
        }
        let mut add = |time, kind| {
            events.push(Event { process: call.client, kind, time: Some(Nanos(time)), line: 0 });
        };
        add(call.began * 3, Kind::Invoked(call.action, call.guarantee));
        add(call.ended * 3 + 2, ended(call.unknown, outcome));
    }
    events.sort_by_key(|event| event.time);
    let mut collected = Events::default();
    for event in events {
        if let Err(error) = collected.add(event, "") {
            eprintln!("{error:?}");
        }
    }
    collected.finish(model, "generated")
}

fn ended(unknown: bool, outcome: Outcome) -> Kind {
    if unknown { Kind::Unknown(None) } else { Kind::Answered(outcome, None, None) }
}

fn main() {
    let seed = Random::seed_from_environment();
    for shape in &SHAPES {
        for broken in [false, true] {
            let history = history(shape, seed, broken);
            let report = judge(&history, &Limits::default());
            println!(
                "{:<30} {:>6} operations  {:<9} {:>9.2} ms {:>9} steps",
                shape.name,
                report.operations,
                report.verdict().to_string(),
                report.elapsed.as_secs_f64() * 1e3,
                report.steps
            );
        }
    }
}
