//! Logs of messages: a broker at random, right by construction, with each fault planted in it.

use super::super::mutant::Mutant;
use super::super::{Anomaly, Datum, Kind, Objects, Operation, judged, verify};
use super::super::{Workload, history};
use crate::campaign::{cases, counted};
use crate::dependency::Fate;
use crate::history::jepsen::notation;
use crate::limits::Budget;
use crate::meter::Meter;
use crate::report::{Report, Word};
use crate::{Input, Limits};
use avouch_promise::Random;
use std::collections::{BTreeMap, BTreeSet};

/// What a broker does wrong, now and then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Nothing,
    /// It forgets a message that it acknowledged, and gives its offset to the next one.
    Overwrites,
    /// It stores a message twice.
    Doubles,
    /// It leaves a message out for everybody.
    Loses,
    /// It shows nobody what it stores in a key from some message on.
    Hides,
    /// It leaves a message out of one poll.
    Skips,
    /// It goes back by one message.
    Repeats,
    /// It stores what it refused.
    KeepsFailed,
    /// It shows a transaction its own messages.
    ShowsOwn,
    /// It shows two transactions each other's messages.
    ShowsEarly,
    /// It puts a message before the last one.
    PutsBefore,
    /// It invents a message.
    Invents,
}

const FAULTS: [(Fault, Kind); 11] = [
    (Fault::Overwrites, Kind::InconsistentOffsets),
    (Fault::Doubles, Kind::DuplicateMessage),
    (Fault::Loses, Kind::LostMessage),
    (Fault::Hides, Kind::Unseen),
    (Fault::Skips, Kind::PollSkip),
    (Fault::Repeats, Kind::NonmonotonicPoll),
    (Fault::KeepsFailed, Kind::AbortedMessage),
    (Fault::ShowsOwn, Kind::Precommitted),
    (Fault::ShowsEarly, Kind::CircularMessages),
    (Fault::PutsBefore, Kind::NonmonotonicSend),
    (Fault::Invents, Kind::UnexpectedMessage),
];

fn word(word: &str) -> Datum {
    Datum::Word(format!(":{word}"))
}

fn pair(offset: i64, value: i64) -> Datum {
    Datum::List(vec![Datum::Integer(offset), Datum::Integer(value)])
}

fn polled(of: BTreeMap<i64, Vec<Datum>>) -> Datum {
    let keys = of.into_iter().map(|(key, pairs)| (Datum::Integer(key), Datum::List(pairs)));
    Datum::List(vec![word("poll"), Datum::Map(keys.collect())])
}

struct Broker<'a> {
    random: &'a mut Random,
    fault: Fault,
    /// Messages by key, in the order of their offsets.
    logs: BTreeMap<i64, Vec<(i64, i64)>>,
    /// The place of each consumer in each of its keys.
    places: BTreeMap<i64, BTreeMap<i64, i64>>,
    /// Consumers that are given their keys.
    subscribed: BTreeSet<i64>,
    /// Keys of which nothing new is shown.
    frozen: BTreeSet<i64>,
    /// Whether what was sent may be sent over again.
    resends: bool,
    next: i64,
    rank: u32,
    all: Vec<Operation>,
}

impl Broker<'_> {
    fn goes_wrong(&mut self, fault: Fault) -> bool {
        self.fault == fault && self.random.chance(0.3)
    }

    /// Stores a message; at which offset it says that is.
    fn store(&mut self, key: i64, value: i64) -> i64 {
        let gap = i64::from(self.random.chance(0.2));
        let (overwrites, before) =
            (self.goes_wrong(Fault::Overwrites), self.goes_wrong(Fault::PutsBefore));
        let (doubles, loses) = (self.goes_wrong(Fault::Doubles), self.goes_wrong(Fault::Loses));
        if self.goes_wrong(Fault::Hides) {
            self.frozen.insert(key);
        }
        let loses = loses || self.frozen.contains(&key);
        let log = self.logs.entry(key).or_default();
        let last = log.last().map_or(-1, |(offset, _)| *offset);
        if overwrites && let Some(last) = log.last_mut() {
            last.1 = value;
            return last.0;
        }
        if before && log.len() > 1 && log[log.len() - 2].0 + 1 < last {
            let at = log[log.len() - 2].0 + 1;
            log.insert(log.len() - 1, (at, value));
            return at;
        }
        let hidden = if self.frozen.contains(&key) { value } else { 0 };
        let offset = last + 1 + gap + hidden;
        if !loses {
            log.push((offset, value));
        }
        if doubles {
            log.push((offset + 1, value));
        }
        offset
    }

    /// What a consumer is given next.
    fn poll(&mut self, process: i64) -> BTreeMap<i64, Vec<Datum>> {
        let (skips, repeats) = (self.goes_wrong(Fault::Skips), self.goes_wrong(Fault::Repeats));
        let invents = self.goes_wrong(Fault::Invents);
        let most = 1 + self.random.below(3) as usize;
        let mut got: BTreeMap<i64, Vec<Datum>> = BTreeMap::new();
        for (key, place) in self.places.entry(process).or_default() {
            let Some(log) = self.logs.get(key) else { continue };
            let from = *place - i64::from(repeats);
            let mut next: Vec<(i64, i64)> =
                log.iter().copied().filter(|(offset, _)| *offset >= from).take(most).collect();
            if skips && next.len() > 1 {
                next.remove(0);
            }
            if let Some((offset, _)) = next.last() {
                *place = offset + 1;
            }
            if invents {
                next.push((*place, 1_000_000 + *place));
            }
            if !next.is_empty() {
                got.insert(*key, next.into_iter().map(|(at, value)| pair(at, value)).collect());
            }
        }
        got
    }

    fn push(&mut self, process: i64, function: &str, asked: Vec<Datum>, got: Option<Vec<Datum>>) {
        let is_known = got.is_some();
        self.all.push(Operation {
            process: Some(process),
            function: function.to_owned(),
            asked: Datum::List(asked),
            got: got.map(Datum::List),
            fate: if is_known { Fate::Committed } else { Fate::Unknown },
            rebalanced: Vec::new(),
            began: self.rank,
            ended: if is_known { self.rank + 1 } else { u32::MAX },
            line: 0,
            ended_line: 0,
        });
        self.rank += 2;
    }

    fn send(&mut self, process: i64) {
        let again = self.resends && self.next > 1 && self.random.chance(0.2);
        let value = if again {
            self.random.between(1, self.next.unsigned_abs() - 1).cast_signed()
        } else {
            self.next
        };
        let key = self.random.below(3).cast_signed();
        self.next += i64::from(!again);
        let asked = vec![word("send"), Datum::Integer(key), Datum::Integer(value)];
        let fate = self.random.below(10);
        let stores = fate > 0 || self.goes_wrong(Fault::KeepsFailed);
        let offset = if stores && (fate != 1 || self.random.chance(0.5)) {
            Some(self.store(key, value))
        } else {
            None
        };
        let told =
            Datum::List(vec![word("send"), Datum::Integer(key), pair(offset.unwrap_or(0), value)]);
        let got = (fate > 1).then(|| vec![told]);
        self.push(process, "send", vec![Datum::List(asked)], got);
        if let (0, Some(last)) = (fate, self.all.last_mut()) {
            (last.fate, last.ended) = (Fate::Aborted, last.began + 1);
        }
    }

    /// A transaction that polls and sends; its messages are there when it has committed.
    fn transaction(&mut self, process: i64) {
        let (key, value) = (self.random.below(3).cast_signed(), self.next);
        self.next += 1;
        let early = self.goes_wrong(Fault::ShowsOwn);
        let mut got = self.poll(process);
        let offset = self.store(key, value);
        if early {
            got.entry(key).or_default().push(pair(offset, value));
        }
        let send = vec![word("send"), Datum::Integer(key), Datum::Integer(value)];
        let asked = vec![Datum::List(vec![word("poll")]), Datum::List(send)];
        let told = Datum::List(vec![word("send"), Datum::Integer(key), pair(offset, value)]);
        self.push(process, "txn", asked, Some(vec![polled(got), told]));
    }

    /// Two transactions at once, each of which polls what the other one sends.
    fn two_at_once(&mut self) {
        let (one, other) = (self.next, self.next + 1);
        self.next += 2;
        let (at, after) = (self.store(7, one), self.store(8, other));
        let told =
            |key, at, value| Datum::List(vec![word("send"), Datum::Integer(key), pair(at, value)]);
        let poll = |key, at, value| polled(BTreeMap::from([(key, vec![pair(at, value)])]));
        let asked = |key, value| {
            let send = vec![word("send"), Datum::Integer(key), Datum::Integer(value)];
            vec![Datum::List(vec![word("poll")]), Datum::List(send)]
        };
        self.push(20, "txn", asked(7, one), Some(vec![poll(8, after, other), told(7, at, one)]));
        self.push(21, "txn", asked(8, other), Some(vec![poll(7, at, one), told(8, after, other)]));
        let last = self.all.len() - 1;
        self.all[last].began = self.all[last - 1].began + 1;
        self.all[last - 1].ended += 1;
        self.all[last].ended += 1;
        self.rank += 2;
    }

    /// A consumer chooses its keys, or is given some.
    fn begin_anew(&mut self, process: i64) {
        let keys: Vec<i64> = (0..3).filter(|_| self.random.chance(0.6)).collect();
        let places = keys.iter().map(|key| (*key, 0)).collect();
        self.places.insert(process, places);
        let keys: Vec<Datum> = keys.into_iter().map(Datum::Integer).collect();
        let is_chosen = self.random.chance(0.8);
        if is_chosen {
            self.subscribed.remove(&process);
        } else {
            self.subscribed.insert(process);
        }
        let function = if is_chosen { "assign" } else { "subscribe" };
        self.push(process, function, keys.clone(), Some(keys));
    }

    /// Keys of one that subscribed go to others, and come back at any place that somebody has
    /// reached.
    fn rebalance(&mut self, process: i64) {
        if !self.subscribed.contains(&process) || !self.random.chance(0.3) {
            return;
        }
        let keys: Vec<i64> = (0..3).filter(|_| self.random.chance(0.6)).collect();
        let mut places = BTreeMap::new();
        for key in keys {
            let reached = self.places.values().filter_map(|of| of.get(&key)).max().copied();
            let reached = reached.unwrap_or(0).unsigned_abs();
            places.insert(key, self.random.below(reached + 1).cast_signed());
        }
        self.places.insert(process, places);
    }

    fn step(&mut self) {
        let process = self.random.below(3).cast_signed();
        self.rebalance(process);
        match self.random.below(10) {
            0 => self.begin_anew(process),
            1..5 => self.send(process),
            5 => self.transaction(process),
            6 if self.goes_wrong(Fault::ShowsEarly) => self.two_at_once(),
            _ => {
                let is_lost = self.random.chance(0.05);
                let got = self.poll(process);
                let got = (!is_lost).then(|| vec![polled(got)]);
                self.push(process, "poll", vec![Datum::List(vec![word("poll")])], got);
            }
        }
    }
}

fn play(random: &mut Random, fault: Fault, count: usize) -> Vec<Operation> {
    let resends = fault == Fault::Nothing && random.chance(0.1);
    let (logs, places, all) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
    let (subscribed, frozen) = (BTreeSet::new(), BTreeSet::new());
    let mut broker =
        Broker { random, fault, logs, places, subscribed, frozen, resends, next: 1, rank: 0, all };
    while broker.all.len() < count {
        broker.step();
    }
    let Broker { random, all, .. } = broker;
    if random.chance(0.5) { stretched(all, random) } else { all }
}

/// The same operations in the same order, each longer: before and behind the moment at which it
/// took effect, up to the others of its process.
fn stretched(mut all: Vec<Operation>, random: &mut Random) -> Vec<Operation> {
    const APART: u64 = 1_000;
    let mut events: Vec<(u64, usize, bool)> = Vec::new();
    let mut free: BTreeMap<Option<i64>, u64> = BTreeMap::new();
    for place in 0..all.len() {
        let effect = APART * (4 + place as u64);
        let free = free.entry(all[place].process).or_insert(0);
        let began = random.between((*free).max(effect - 3 * APART), effect);
        let mut rest = all[place + 1..].iter().zip(place + 1..);
        let next = rest.find(|(one, _)| one.process == all[place].process);
        let next = next.map_or(effect + 3 * APART, |(_, place)| APART * (4 + place as u64) - 1);
        let ended = random.between(effect, next.min(effect + 3 * APART));
        *free = ended + 1;
        events.extend([(began, place, false), (ended, place, true)]);
    }
    events.sort_unstable();
    for (rank, (_, place, is_end)) in (0..).zip(events) {
        match is_end {
            false => all[place].began = rank,
            true if all[place].ended != u32::MAX => all[place].ended = rank,
            true => {}
        }
    }
    all.sort_by_key(|one| one.began);
    all
}

fn anomalies(all: &[Operation], mutant: Mutant) -> Vec<Anomaly> {
    let mut budget = Budget::default();
    let judged = judged(Workload::Kafka, all, &mut Meter::new(&mut budget, true), mutant);
    judged.parts.into_iter().flat_map(|part| part.anomalies).collect()
}

fn seeded(fork: u64) -> (u64, Random) {
    let seed = Random::seed_from_environment();
    (seed, Random::new(seed).fork(fork))
}

#[test]
fn no_alarm_of_a_broker_that_is_right() {
    let (seed, root) = seeded(61);
    counted(cases(4_000), |case, _: &mut [[u64; 1]; 1]| {
        let mut random = root.fork(case);
        let count = 20 + random.below(40) as usize;
        let all = play(&mut random, Fault::Nothing, count);
        let found = anomalies(&all, Mutant::None);
        assert!(found.is_empty(), "repro: AVOUCH_SEED={seed}, case {case}: {found:?}\n{all:#?}");
    });
}

/// Each fault of a broker shows as its anomaly, and each of these is accepted by the verifier.
#[test]
//= §2.3.1 lost write test
fn every_fault_of_a_broker_is_named() {
    let (seed, root) = seeded(62);
    for (fault, kind) in FAULTS {
        let count = cases(200);
        let [[named]] = counted(count, |case, [[named]]: &mut [[u64; 1]; 1]| {
            let all = play(&mut root.fork(case), fault, 60);
            let found = anomalies(&all, Mutant::None);
            let repro = format!("repro: AVOUCH_SEED={seed}, case {case}, {fault:?}");
            for one in &found {
                assert!(verify::accepts(&all, one), "{repro}: {one:?}\n{all:#?}");
            }
            *named += u64::from(found.iter().any(|one| one.kind == kind));
        });
        println!("{fault:?}: {kind:?} in {named} of {count}");
        assert!(named * 10 > count, "{fault:?}: {kind:?} in {named} of {count}");
    }
}

/// By any bound each part is judged as without one, or unknown.
#[test]
fn no_bound_makes_another_verdict() {
    let (seed, root) = seeded(64);
    let mut count = [0_u64; 3];
    for case in 0..400 {
        let mut random = root.fork(case);
        let fault = random.pick(&FAULTS).map_or(Fault::Nothing, |fault| fault.0);
        let fault = if random.chance(0.3) { Fault::Nothing } else { fault };
        let objects = Objects::new(play(&mut random, fault, 60));
        let whole = objects.judge(&Limits::default()).expect("logs");
        let steps = random.below(1_200);
        let memory_bytes = random.below(60_000) as usize;
        for limits in
            [Limits { steps, ..Limits::default() }, Limits { memory_bytes, ..Limits::default() }]
        {
            let told = objects.judge(&limits).expect("logs");
            let repro =
                format!("repro: AVOUCH_SEED={seed}, case {case}, {limits:?}: {told}{whole}");
            for (part, whole) in told.parts.iter().zip(&whole.parts) {
                let (word, whole) = (part.finding.word(), whole.finding.word());
                assert!(word == Word::Unknown || word == whole, "{repro}");
                count[word as usize] += 1;
            }
        }
    }
    println!("holds, violated, unknown: {count:?}");
    assert!(count.iter().all(|count| *count > 100), "{count:?}");
}

/// Each planted bug of the judge lets its anomaly pass.
#[test]
fn every_planted_bug_of_the_judge_is_caught() {
    let (_, root) = seeded(63);
    for (fault, kind, mutant) in [
        (Fault::Overwrites, Kind::InconsistentOffsets, Mutant::ForgetOffsets),
        (Fault::Doubles, Kind::DuplicateMessage, Mutant::ForgetOffsets),
        (Fault::Loses, Kind::LostMessage, Mutant::ForgetLost),
        (Fault::Skips, Kind::PollSkip, Mutant::ForgetSkips),
        (Fault::KeepsFailed, Kind::AbortedMessage, Mutant::ForgetFailed),
        (Fault::ShowsOwn, Kind::Precommitted, Mutant::ForgetPrecommitted),
        (Fault::ShowsEarly, Kind::CircularMessages, Mutant::ForgetCircles),
        (Fault::PutsBefore, Kind::NonmonotonicSend, Mutant::ForgetSends),
    ] {
        let names = |mutant| {
            let is_named = |case| {
                let all = play(&mut root.fork(case), fault, 60);
                anomalies(&all, mutant).iter().any(|one| one.kind == kind)
            };
            (0..100).any(is_named)
        };
        assert!(names(Mutant::None) && !names(mutant), "{mutant:?} is not caught");
    }
}

fn report(text: &str) -> Report {
    let input = Input::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert!(matches!(&input, Input::Objects(one) if one.workload == Some(Workload::Kafka)));
    input.judge(None, &Limits::default()).unwrap_or_else(|error| panic!("{error}"))
}

fn event(process: u64, kind: &str, function: &str, value: &str, more: &str) -> String {
    format!("{{:type :{kind}, :f :{function}, :value {value}, :process {process}{more}}}\n")
}

fn done(process: u64, function: &str, asked: &str, got: &str, more: &str) -> String {
    event(process, "invoke", function, asked, "") + &event(process, "ok", function, got, more)
}

const SENDS: &str = "[[:send 0 1] [:send 0 2] [:send 0 3]]";
const SENT: &str = "[[:send 0 [0 1]] [:send 0 [1 2]] [:send 0 [2 3]]]";

/// The same gap is judged of a consumer that chose its keys, and noted of one that was given them.
#[test]
fn a_gap_is_excused_where_keys_were_reassigned() {
    let history = |how: &str, more: &str| {
        [
            done(0, "send", SENDS, SENT, ""),
            done(1, how, "[0]", "[0]", ""),
            done(1, "poll", "[[:poll]]", "[[:poll {0 [[0 1]]}]]", ""),
            done(1, "poll", "[[:poll]]", "[[:poll {0 [[2 3]]}]]", more),
            done(2, "assign", "[0]", "[0]", ""),
            done(2, "poll", "[[:poll]]", "[[:poll {0 [[0 1] [1 2] [2 3]]}]]", ""),
        ]
        .concat()
    };
    let told = report(&history("assign", ""));
    assert_eq!(told.verdict(), Word::Violated, "{told}");
    assert!(told.to_string().contains("poll skip: 2 of key 0 is left out"), "{told}");
    for excused in [history("subscribe", ""), history("assign", ", :rebalance-log [{:keys [0]}]")] {
        let told = report(&excused);
        assert_eq!(told.verdict(), Word::Holds, "{told}");
        assert!(told.to_string().contains("1 gaps and repetitions may be"), "{told}");
    }
    let json = r#"[{"type":"invoke","f":"send","process":0,"value":[["send",0,1]]},
        {"type":"ok","f":"send","process":0,"value":[["send",0,[4,1]]]},
        {"type":"invoke","f":"poll","process":1,"value":[["poll"]]},
        {"type":"ok","f":"poll","process":1,"value":[["poll",{"0":[[4,1]]}]]}]"#;
    assert_eq!(report(json).verdict(), Word::Holds);
}

/// What nobody polled so far, or may have polled, is not called lost.
#[test]
fn what_was_not_polled_is_lost_only_where_others_went_on() {
    let sends = done(0, "send", SENDS, SENT, "");
    let told = report(&sends);
    assert_eq!(told.verdict(), Word::Unknown, "nobody polled: {told}");
    let behind = done(1, "poll", "[[:poll]]", "[[:poll {0 [[0 1] [2 3]]}]]", "");
    let told = report(&(sends.clone() + &behind));
    assert!(told.to_string().contains("lost message 2 of key 0"), "{told}");
    let open = event(3, "invoke", "poll", "[[:poll]]", "");
    let later = done(1, "poll", "[[:poll]]", "[[:poll {0 [[2 3]]}]]", "");
    let told = report(&[sends, open, later].concat());
    assert_eq!(told.verdict(), Word::Unknown, "{told}");
}

/// A message that was sent over again cannot be told from the first one.
#[test]
fn messages_sent_twice_are_not_told_apart() {
    let text = done(0, "send", "[[:send 0 1]]", "[[:send 0 [0 1]]]", "")
        + &done(0, "send", "[[:send 0 1]]", "[[:send 0 [1 1]]]", "")
        + &done(1, "poll", "[[:poll]]", "[[:poll {0 [[0 1] [1 1]]}]]", "");
    let told = report(&text);
    assert_eq!(told.verdict(), Word::Unknown, "{told}");
    assert!(told.to_string().contains("1 was sent to key 0 more than once"), "{told}");
    let operations = history::operations(&text, notation(&text).expect("events")).expect("read");
    assert!(Objects::new(operations).workload == Some(Workload::Kafka));
}

/// A message is unseen where a consumer that stood before it asked again and was given nothing;
/// behind a transaction that is open it may not be shown yet.
#[test]
fn what_nobody_was_given_is_unseen() {
    let history = |between: &str, last: &str| {
        [
            done(0, "send", "[[:send 0 1]]", "[[:send 0 [0 1]]]", ""),
            done(1, "assign", "[0]", "[0]", ""),
            done(1, "poll", "[[:poll]]", "[[:poll {0 [[0 1]]}]]", ""),
            between.to_owned(),
            done(0, "send", "[[:send 0 2]]", "[[:send 0 [4 2]]]", ""),
            done(1, "poll", "[[:poll]]", &format!("[[:poll {{{last}}}]]"), ""),
        ]
        .concat()
    };
    let told = report(&history("", ""));
    assert_eq!(told.verdict(), Word::Violated, "{told}");
    assert!(told.to_string().contains("unseen message 2 of key 0"), "{told}");
    let of = |part: &str| {
        let found = told.parts.iter().find(|one| one.guarantee == part);
        found.expect("a part").finding.word()
    };
    assert_eq!((of("log"), of("seen")), (Word::Holds, Word::Violated));
    assert_eq!(report(&history("", "0 [[4 2]]")).verdict(), Word::Holds);
    let open = event(3, "invoke", "txn", "[[:send 0 9]]", "");
    let subscribed = done(1, "subscribe", "[0]", "[0]", "");
    for between in [open.as_str(), &subscribed] {
        let told = report(&history(between, ""));
        assert_eq!(told.verdict(), Word::Unknown, "{told}");
        assert!(told.to_string().contains("nobody has polled so far"), "{told}");
    }
    let text = history(&open, "");
    let all = history::operations(&text, notation(&text).expect("events")).expect("operations");
    let found = anomalies(&all, Mutant::ForgetOpen);
    assert!(!found.is_empty() && !found.iter().any(|one| verify::accepts(&all, one)), "{found:?}");
}

/// What stands between the messages of one operation is told with who sent it, and allowed.
#[test]
fn a_send_skip_is_told_and_is_no_violation() {
    let text = event(0, "invoke", "txn", "[[:send 0 1] [:send 0 3]]", "")
        + &done(1, "send", "[[:send 0 2]]", "[[:send 0 [1 2]]]", "")
        + &event(0, "ok", "txn", "[[:send 0 [0 1]] [:send 0 [2 3]]]", "")
        + &done(2, "poll", "[[:poll]]", "[[:poll {0 [[0 1] [1 2] [2 3]]}]]", "");
    let told = report(&text);
    assert_eq!(told.verdict(), Word::Holds, "{told}");
    let expected = "send skip over 2 in key 0: 2 of key 0, as the send of line 2 shows, stands";
    assert!(told.to_string().contains(expected), "{told}");
    let all = history::operations(&text, notation(&text).expect("events")).expect("operations");
    let skips = |mutant| {
        let judged =
            judged(Workload::Kafka, &all, &mut Meter::new(&mut Budget::default(), true), mutant);
        judged.notes.iter().any(|note| note.contains("send skip"))
    };
    assert!(skips(Mutant::None) && !skips(Mutant::ForgetSendSkips), "the planted bug");
    let two = [&Datum::Integer(0), &Datum::Integer(2)];
    assert!(verify::accepts(&all, &Anomaly::new(Kind::SendSkip, &[0, 1], &two)));
    assert!(!verify::accepts(&all, &Anomaly::new(Kind::SendSkip, &[1, 0], &two)));
}
