//! Small histories at random: a store under no discipline, half the time nearly a good one;
//! replicas that hear of writes late; many writes at once. Every model holds in some and is
//! violated in others.

use crate::history::{Event, Events, History, Kind};
use crate::model::key_value::{Action, KeyValue, Outcome};
use avouch_promise::guarantee::Guarantee;
use avouch_promise::{Nanos, Random};
use bytes::Bytes;

/// One call before it is written down.
pub(super) struct Plan {
    pub(super) process: u64,
    pub(super) key: &'static str,
    /// What it puts; nothing for a get.
    pub(super) value: Option<u64>,
    pub(super) began: u64,
    pub(super) effect: u64,
    pub(super) ended: u64,
    pub(super) fate: Fate,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Answered,
    Failed,
    Unknown,
}

pub(super) const KEYS: [&str; 3] = ["x", "y", "z"];

fn plans(random: &mut Random) -> Vec<Plan> {
    let (processes, keys) = (1 + random.below(4), 1 + random.below(3));
    let longest = [3, 30][random.below(2) as usize];
    let mut plans = Vec::new();
    let mut clocks = [0_u64; 4];
    for value in 1..=2 + random.below(7) {
        let process = random.below(processes);
        let began = clocks[process as usize] + random.between(1, 6);
        let ended = began + random.between(1, longest);
        clocks[process as usize] = ended;
        let is_write = random.chance(0.45);
        let fate = match random.below(20) {
            0 => Fate::Failed,
            1 | 2 => Fate::Unknown,
            _ => Fate::Answered,
        };
        plans.push(Plan {
            process,
            key: KEYS[random.below(keys) as usize],
            value: is_write.then_some(value),
            began,
            effect: random.between(began, ended),
            ended,
            fate: if is_write { fate } else { Fate::Answered },
        });
    }
    plans
}

/// What a get returns: what the latest put has left, or, at times, any other value of its key.
fn returned(plans: &[Plan], get: &Plan, careless: f64, random: &mut Random) -> Option<u64> {
    let of_key = |plan: &&Plan| plan.key == get.key && plan.value.is_some();
    let puts: Vec<&Plan> = plans.iter().filter(of_key).collect();
    if random.chance(careless) {
        return match random.below(puts.len() as u64 * 20 + 20) {
            0 => Some(1_000),
            at if at < 20 => None,
            at => puts[at as usize / 20 - 1].value,
        };
    }
    let done = |plan: &&&Plan| plan.effect < get.effect && plan.fate != Fate::Failed;
    puts.iter().filter(done).max_by_key(|plan| plan.effect).and_then(|plan| plan.value)
}

/// Up to four long writes of one key, and who reads meanwhile.
fn storm(random: &mut Random) -> Vec<(Plan, Option<u64>)> {
    let plan = |process, value, began, ended| {
        let (key, fate) = (KEYS[0], Fate::Answered);
        Plan { process, key, value, began, effect: began, ended, fate }
    };
    let writers = 2 + random.below(3);
    let mut all: Vec<_> =
        (1..=writers).map(|one| (plan(one, Some(one), one, 70 + one), None)).collect();
    for at in 0..3 + random.below(7) {
        let began = 8 + at * 6;
        all.push((plan(0, None, began, began + 2), Some(1 + random.below(writers))));
    }
    all
}

/// A history.
pub(super) fn history(random: &mut Random) -> History {
    let planned = match random.below(10) {
        0 => storm(random),
        1..3 => super::replicas::run(random),
        3..5 => super::replicas::late(random),
        _ => {
            let plans = plans(random);
            let careless = [0.0, 0.1, 0.3, 1.0][random.below(4) as usize];
            let values: Vec<_> =
                plans.iter().map(|get| returned(&plans, get, careless, random)).collect();
            plans.into_iter().zip(values).collect()
        }
    };
    // All red, none, or some.
    let red = [1.0, 0.0, 0.25, 0.6][random.below(4) as usize];
    let coloured = planned.into_iter().map(|(plan, value)| (plan, value, random.chance(red)));
    written(&coloured.collect::<Vec<_>>())
}

/// Plans as a history, with what the gets among them return, and which are red.
pub(super) fn written(planned: &[(Plan, Option<u64>, bool)]) -> History {
    let mut events = Vec::new();
    for (plan, value, is_red) in planned {
        let key = Bytes::from(plan.key);
        let bytes = |value: u64| Bytes::from(value.to_string());
        let (action, outcome) = match plan.value {
            Some(value) => (Action::Put { key, value: bytes(value) }, Outcome::Done),
            None => (Action::Get { key }, Outcome::Value(value.map(bytes))),
        };
        let asked = if *is_red { Guarantee::Linearizable } else { Guarantee::CausalPlus };
        let ending = match plan.fate {
            Fate::Answered => Kind::Answered(outcome, None, None),
            Fate::Failed => Kind::Failed,
            Fate::Unknown => Kind::Unknown(None),
        };
        let mut add = |time: u64, kind: Kind| {
            events.push(Event { process: plan.process, kind, time: Some(Nanos(time)), line: 0 });
        };
        add(plan.began * 2, Kind::Invoked(action, asked));
        add(plan.ended * 2 + 1, ending);
    }
    events.sort_by_key(|event| event.time);
    let mut collected = Events::default();
    for event in events {
        collected.add(event, "").expect("calls of a process do not overlap");
    }
    collected.finish(KeyValue::default(), "at random")
}

/// A history in a few lines, for a failure's message.
pub(super) fn told(history: &History) -> String {
    use crate::model::key_value::{answered, asked};
    let line = |call: &crate::history::Call| {
        let answer = call.answer.as_ref().map_or_else(|| "unknown".to_owned(), answered);
        let ended = call.ended.map(|ended| ended.moment.0);
        format!(
            "p{} {} {}..{ended:?} {} -> {answer}",
            call.process,
            call.guarantee,
            call.began.moment.0,
            asked(&call.action)
        )
    };
    history.calls.iter().map(line).collect::<Vec<_>>().join("\n")
}
