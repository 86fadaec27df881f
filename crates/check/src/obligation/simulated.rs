//! A store in a few lines, run in simulated time, whose clients ask for mixed guarantees and whose
//! answers name their log points: histories that hold by construction, and, with a bug planted,
//! histories that break exactly one promise.

use crate::history::{Event, Events, History, Kind};
use crate::model::key_value::{Action, Contents, KeyValue, Outcome};
use avouch_promise::guarantee::Guarantee;
use avouch_promise::{LogIndex, LogPoint, Nanos, Random};
use bytes::Bytes;

/// A bug that a test plants in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bug {
    /// A linearizable read answers from a replica that lags.
    StaleLatest,
    /// An acknowledged write is lost from the log.
    LostWrite,
    /// A consistent-prefix read over several keys sees each at another point.
    TornPrefix,
    /// A consistent-prefix read sees a write that was never in the log.
    SideBranch,
    /// A read with bounded staleness answers from a state that is too old.
    TooStale,
    /// An eventual read gives a value that nobody wrote.
    Garbage,
    /// An eventual read gives a value before anybody asked to write it.
    Prophecy,
    /// The evidence of linearizable reads names a later log point than the state that was read.
    WrongPoint,
    /// Two writes get one log point.
    SharedPoint,
}

/// The bound that reads with bounded staleness ask for, in steps of the plan's time.
const BOUND: u64 = 40;
/// Recorded times, in nanoseconds, per step: room for invocations, effects and answers of one step.
const SCALE: u64 = 3;

const KEYS: [&str; 3] = ["a", "b", "c"];

struct Plan {
    process: u64,
    began: u64,
    effect: u64,
    ended: Option<u64>,
    action: Action,
    guarantee: Guarantee,
}

/// The state after each write, with the time from which it was the latest.
struct Log {
    states: Vec<(u64, Contents)>,
}

impl Log {
    fn at(&self, time: u64) -> usize {
        self.states.partition_point(|(from, _)| *from <= time) - 1
    }
    fn point(number: usize) -> LogPoint {
        // Two requests to an entry, so that both halves of a point count.
        let number = number as u64;
        LogPoint { index: LogIndex(number.div_ceil(2)), position: 2 - (number % 2) as u32 }
    }
}

fn plan(random: &mut Random) -> Vec<Plan> {
    let mut plans = Vec::new();
    let mut value = 0;
    for process in 0..random.between(2, 5) {
        let mut now = random.below(10);
        for _ in 0..random.between(2, 8) {
            let began = now + random.between(1, 12);
            let ended = began + random.between(1, 20);
            now = ended + 1;
            let unknown = random.chance(0.1);
            let key = Bytes::from(random.pick(&KEYS).copied().unwrap_or_default());
            value += 1;
            let kinds = [
                Guarantee::Linearizable,
                Guarantee::ConsistentPrefix,
                Guarantee::Eventual,
                Guarantee::staleness_by_time(Nanos(BOUND * SCALE))
                    .unwrap_or(Guarantee::Linearizable),
            ];
            let read = random.pick(&kinds).copied().unwrap_or(Guarantee::Linearizable);
            let all = || Action::Range { from: "a".into(), to: None, limit: None };
            let (action, guarantee) = match random.below(8) {
                0..4 => {
                    let value = Bytes::from(value.to_string());
                    (Action::Put { key, value }, Guarantee::Linearizable)
                }
                4 => (Action::Delete { key }, Guarantee::Linearizable),
                5 | 6 => (Action::Get { key }, read),
                _ => (all(), read),
            };
            plans.push(Plan {
                process,
                began,
                effect: random.between(began, ended + if unknown { 30 } else { 0 }),
                ended: (!unknown).then_some(ended),
                action,
                guarantee,
            });
            if unknown {
                break;
            }
        }
    }
    plans.sort_by_key(|plan| (plan.effect, plan.process));
    plans
}

/// An answer of the store: to which plan, what, and from which point.
struct Answer {
    plan: usize,
    outcome: Outcome,
    point: LogPoint,
}

/// The store while it runs.
struct Store<'a> {
    random: &'a mut Random,
    bug: Option<Bug>,
    log: Log,
    answers: Vec<Answer>,
}

fn is_write(plan: &Plan) -> bool {
    matches!(plan.action, Action::Put { .. } | Action::Delete { .. })
}

impl Store<'_> {
    fn planted(&self, bug: Bug) -> bool {
        self.bug == Some(bug)
    }

    /// A number from `low` to `high`.
    fn between(&mut self, low: usize, high: usize) -> usize {
        self.random.between(low as u64, high as u64) as usize
    }

    fn write(&mut self, number: usize, plan: &Plan) {
        let lost = self.planted(Bug::LostWrite) && self.random.chance(0.2);
        if plan.ended.is_none() && self.random.chance(0.5) {
            return;
        }
        let mut state = self.log.states.last().map(|(_, state)| state.clone()).unwrap_or_default();
        let outcome = KeyValue::default().apply(&mut state, &plan.action);
        if !lost {
            self.log.states.push((plan.effect, state));
        }
        let own = self.log.states.len() - 1;
        let shared = self.planted(Bug::SharedPoint) && own > 1 && self.random.chance(0.2);
        let point = Log::point(own - usize::from(shared));
        self.answers.push(Answer { plan: number, outcome, point });
    }

    fn read(&mut self, number: usize, plan: &Plan) {
        let now = self.log.at(plan.effect);
        let oldest = self.log.at(plan.began.saturating_sub(BOUND));
        let any = self.between(0, now);
        let point = match plan.guarantee {
            Guarantee::Linearizable if !self.planted(Bug::StaleLatest) => now,
            Guarantee::StalenessByTime(_) if self.planted(Bug::TooStale) => any.min(oldest),
            Guarantee::StalenessByTime(_) => self.between(oldest, now),
            _ => any,
        };
        let mut state = self.log.states[point].1.clone();
        match plan.guarantee {
            Guarantee::ConsistentPrefix => self.spoil_prefix(&mut state, now),
            Guarantee::Eventual => state = self.eventual(now),
            _ => {}
        }
        let outcome = KeyValue::default().apply(&mut state, &plan.action);
        let wrong = self.planted(Bug::WrongPoint) && plan.guarantee == Guarantee::Linearizable;
        let point = Log::point(if wrong { point.saturating_sub(1) } else { point });
        self.answers.push(Answer { plan: number, outcome, point });
    }

    /// Lets one key be that of any state up to `now`.
    fn tear(&mut self, state: &mut Contents, key: &'static str, now: usize) {
        let other = self.between(0, now);
        state.remove(key.as_bytes());
        let value = self.log.states[other].1.get(key.as_bytes());
        state.extend(value.map(|value| (Bytes::from(key), value.clone())));
    }

    fn spoil_prefix(&mut self, state: &mut Contents, now: usize) {
        if self.planted(Bug::TornPrefix) {
            self.tear(state, "b", now);
        }
        if self.planted(Bug::SideBranch) && self.random.chance(0.3) {
            state.insert("a".into(), "side".into());
        }
    }

    /// Each key from a replica of its own.
    fn eventual(&mut self, now: usize) -> Contents {
        let mut state = Contents::new();
        for key in KEYS {
            self.tear(&mut state, key, now);
        }
        if self.planted(Bug::Garbage) {
            state.insert("a".into(), "garbage".into());
        }
        if self.planted(Bug::Prophecy) {
            state = self.log.states.last().map(|(_, state)| state.clone()).unwrap_or_default();
        }
        state
    }
}

/// A history from this seed.
pub(super) fn history(seed: u64, bug: Option<Bug>) -> History {
    let random = &mut Random::new(seed);
    let plans = plan(random);
    let log = Log { states: vec![(0, Contents::new())] };
    let mut store = Store { random, bug, log, answers: Vec::new() };
    // Writes first: reads look back at the whole log.
    for writes in [true, false] {
        for (number, plan) in plans.iter().enumerate().filter(|(_, plan)| is_write(plan) == writes)
        {
            if writes {
                store.write(number, plan);
            } else {
                store.read(number, plan);
            }
        }
    }
    let mut events = Vec::new();
    for (number, plan) in plans.iter().enumerate() {
        let mut add = |time: u64, kind: Kind| {
            events.push(Event { process: plan.process, kind, time: Some(Nanos(time)), line: 0 });
        };
        add(plan.began * SCALE, Kind::Invoked(plan.action.clone(), plan.guarantee));
        let answer = store.answers.iter().find(|answer| answer.plan == number);
        match (plan.ended, answer) {
            (Some(ended), Some(Answer { outcome, point, .. })) => {
                let answered = Kind::Answered(outcome.clone(), None, Some(*point));
                add(ended * SCALE + 2, answered);
            }
            _ => add((plan.effect + 40) * SCALE, Kind::Unknown(None)),
        }
    }
    events.sort_by_key(|event| event.time);
    let mut collected = Events::default();
    for event in events {
        collected.add(event, "").expect("events of a process alternate");
    }
    collected.finish(KeyValue::default(), "simulated")
}
