//! The judge of streams agrees with the judge of whole histories, and keeps little.

use super::mutant::Mutant;
use super::{Asked, Judge, run};
use crate::history::{Event, Events, Kind};
use crate::limits::Limits;
use crate::memory::{self, Model};
use crate::model::key_value::{Absent, Action, KeyValue, Outcome};
use crate::report::{Report, Word};
use avouch_promise::guarantee::Guarantee;
use avouch_promise::{Nanos, Random};
use bytes::Bytes;

/// What a process has open: the key, what it puts, and when.
type Pending = (u64, Option<u64>);

/// Events of a store of registers that is right, but for reads that go back now and then.
fn events(random: &mut Random, count: u64, wrong: f64) -> Vec<Event> {
    let (processes, keys) = (random.between(2, 5), random.between(1, 2));
    let mut held: Vec<Vec<Option<u64>>> = vec![vec![None]; keys as usize];
    let mut open: Vec<Option<(Pending, Option<Option<u64>>)>> = vec![None; processes as usize];
    let name = |key: u64| Bytes::from(format!("k{key}"));
    let text = |value: u64| Bytes::from(value.to_string());
    let mut all = Vec::new();
    for number in 1..=count {
        let process = random.below(processes);
        let slot = &mut open[process as usize];
        let kind = match slot.take() {
            None => {
                let key = random.below(keys);
                let value = random.chance(0.5).then_some(number);
                *slot = Some(((key, value), None));
                let action = match value {
                    None => Action::Get { key: name(key) },
                    Some(value) => Action::Put { key: name(key), value: text(value) },
                };
                Kind::Invoked(action, Guarantee::Linearizable)
            }
            Some(((key, Some(value)), done)) => match (done, random.below(20)) {
                (None, 0) => Kind::Failed,
                (_, 1 | 2) => Kind::Unknown(None),
                (done, _) => {
                    if done.is_none() {
                        held[key as usize].push(Some(value));
                    }
                    Kind::Answered(Outcome::Done, None, None)
                }
            },
            Some(((key, None), seen)) => {
                let past = &held[key as usize];
                let now = past.last().copied().flatten();
                let mut read = seen.unwrap_or(now);
                if random.chance(wrong) {
                    read = random.pick(past).copied().flatten();
                }
                match random.below(20) {
                    0 => Kind::Failed,
                    1 => Kind::Unknown(None),
                    _ => Kind::Answered(Outcome::Value(read.map(text)), None, None),
                }
            }
        };
        all.push(Event { process, kind, time: Some(Nanos(number)), line: number as usize + 1 });
        // Open operations take effect at any time, or see what is there then.
        let slot = random.below(processes) as usize;
        if let Some(((key, value), done)) = &mut open[slot]
            && done.is_none()
            && random.chance(0.5)
        {
            if value.is_some() {
                held[*key as usize].push(*value);
            }
            *done = Some(held[*key as usize].last().copied().flatten());
        }
    }
    all
}

fn online(events: &[Event], mutant: Mutant) -> Report {
    let judge = Judge::new(Absent::Distinct, true, mutant);
    let asked = Asked { by_model: true, level: None, limits: Limits::default() };
    run(events.iter().cloned().map(Ok), judge, asked).expect("events in order")
}

fn offline(events: &[Event]) -> Word {
    let mut all = Events::default();
    for event in events {
        all.add(event.clone(), "").expect("events of a process alternate");
    }
    let history = all.finish(KeyValue::default(), "random");
    memory::judge(&history, Model::Linearizable, &Limits::default()).verdict()
}

#[test]
fn verdicts_are_those_of_the_judge_of_whole_histories() {
    let seed = Random::seed_from_environment();
    let (mut holds, mut violated) = (0, 0);
    for run in 0..6000 {
        let random = &mut Random::new(seed).fork(run);
        let (count, wrong) = (random.between(4, 120), random.unit() * 0.06);
        let events = events(random, count, wrong);
        let found = online(&events, Mutant::None);
        let expected = offline(&events);
        assert_eq!(
            found.verdict(),
            expected,
            "run {run}\n{found}\nrepro: AVOUCH_SEED={seed} cargo test -p avouch-check \
             verdicts_are_those_of_the_judge_of_whole_histories"
        );
        match expected {
            Word::Holds => holds += 1,
            Word::Violated => violated += 1,
            Word::Unknown => {}
        }
    }
    println!("{holds} hold, {violated} violated");
    assert!(holds > 1000 && violated > 1000, "{holds} hold, {violated} violated");
}

#[test]
fn each_planted_bug_is_caught() {
    let seed = Random::seed_from_environment();
    for mutant in [Mutant::OpenReadsDoNotCount, Mutant::ForgetsItself, Mutant::StartsDoNotCount] {
        let caught = (0..3000).filter(|run| {
            let random = &mut Random::new(seed).fork(*run);
            let wrong = random.unit() * 0.06;
            let events = events(random, 120, wrong);
            online(&events, mutant).verdict() != offline(&events)
        });
        let caught = caught.count();
        println!("{mutant:?}: caught in {caught} of 3000");
        assert!(caught > 0, "{mutant:?}");
    }
}

/// What is kept depends on what overlaps, not on the length.
#[test]
fn what_is_kept_does_not_grow() {
    let mut judge = Judge::new(Absent::Distinct, true, Mutant::None);
    let mut most = 0;
    for number in 0..200_000_u64 {
        let (key, value) = (Bytes::from("k"), Bytes::from(number.to_string()));
        let (put, get) =
            (Action::Put { key: key.clone(), value: value.clone() }, Action::Get { key });
        let answer = |outcome| Kind::Answered(outcome, None, None);
        for kind in [
            Kind::Invoked(put, Guarantee::Linearizable),
            answer(Outcome::Done),
            Kind::Invoked(get, Guarantee::Linearizable),
            answer(Outcome::Value(Some(value))),
        ] {
            let event = Event { process: 0, kind, time: None, line: 0 };
            judge.add(event).expect("a right store");
        }
        most = most.max(judge.bytes());
    }
    assert!(most < 8_000, "{most} bytes");
}

#[test]
fn what_a_stream_cannot_say_is_refused_with_the_reason() {
    let event = |process, kind, time| Event { process, kind, time: Some(Nanos(time)), line: 7 };
    let put = |value: &str| {
        let action = Action::Put { key: "k".into(), value: Bytes::from(value.to_owned()) };
        Kind::Invoked(action, Guarantee::Linearizable)
    };
    let delete = Kind::Invoked(Action::Delete { key: "k".into() }, Guarantee::Linearizable);
    for (events, reason) in [
        (vec![event(0, delete, 1)], "neither a get nor a put"),
        (vec![event(0, put("a"), 1), event(1, put("a"), 2)], "puts a value again"),
    ] {
        let told = online(&events, Mutant::None);
        assert_eq!(told.verdict(), Word::Unknown);
        assert!(told.to_string().contains(reason), "{told}");
    }
    let weak = Kind::Invoked(Action::Get { key: "k".into() }, Guarantee::Eventual);
    let answered = Kind::Answered(Outcome::Value(None), None, None);
    let judge = Judge::new(Absent::Distinct, false, Mutant::None);
    let asked = Asked { by_model: false, level: None, limits: Limits::default() };
    let events = [event(0, weak, 1), Event { line: 8, ..event(0, answered, 2) }];
    let told = run(events.into_iter().map(Ok), judge, asked).expect("a report");
    assert!(told.to_string().contains("promised eventual"), "{told}");
}
