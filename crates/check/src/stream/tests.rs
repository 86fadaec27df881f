//! S1 to S3: what is written reads back, what was changed is an error, what was cut is said.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use super::{
    Content, Ending, Event, Happened, Header, Ran, Reader, Shared, Stamped, Step, Writer, block,
    encode,
};
use super::{MAGIC, convert};
use crate::Input;
use crate::limits::Limits;
use crate::model::key_value::Absent;
use crate::object::Datum;
use crate::stamped::{self, Stamp};
use crate::transaction::{Access, Outcome as Ended, Span};
use avouch_promise::guarantee::Guarantee;
use avouch_promise::history::{Action, Answered, Compare, Invocation, Outcome, Record, What};
use avouch_promise::identity::{ClusterId, NodeId};
use avouch_promise::{Blame, Error, LogIndex, LogPoint, Nanos, Random};
use bytes::Bytes;
use std::path::PathBuf;

fn repro(name: &str) -> String {
    let seed = Random::seed_from_environment();
    format!("repro: AVOUCH_SEED={seed} cargo test -p avouch-check {name}")
}

fn bytes(random: &mut Random) -> Bytes {
    let length = if random.chance(0.02) { 3000 } else { random.below(6) };
    (0..length).map(|_| random.below(256) as u8).collect()
}

fn maybe(random: &mut Random) -> Option<Bytes> {
    random.chance(0.5).then(|| bytes(random))
}

fn action(random: &mut Random, depth: u32) -> Action {
    let key = Bytes::from(format!("key{}", random.below(9)));
    match random.below(if depth == 0 { 7 } else { 8 }) {
        0 => Action::Get { key },
        1 => Action::Put { key, value: bytes(random) },
        2 => Action::Append { key, value: bytes(random) },
        3 => Action::Delete { key },
        4 => Action::DeleteRange { from: key, to: maybe(random) },
        5 => Action::CompareAndSwap { key, expected: maybe(random), value: bytes(random) },
        6 => {
            let limit = random.chance(0.5).then(|| random.bits());
            Action::Range { from: key, to: maybe(random), limit }
        }
        _ => {
            let compares = vec![Compare { key, expected: maybe(random) }];
            let mut some = || (0..2).map(|_| action(random, depth - 1)).collect();
            Action::Transaction { compares, then: some(), otherwise: some() }
        }
    }
}

fn outcome(random: &mut Random, depth: u32) -> Outcome {
    match random.below(if depth == 0 { 5 } else { 6 }) {
        0 => Outcome::Done,
        1 => Outcome::Value(maybe(random)),
        2 => Outcome::Deleted(random.bits()),
        3 => Outcome::Swapped(random.chance(0.5)),
        4 => Outcome::Entries((0..3).map(|_| (bytes(random), bytes(random))).collect()),
        _ => Outcome::Transaction {
            succeeded: random.chance(0.5),
            outcomes: (0..2).map(|_| outcome(random, depth - 1)).collect(),
        },
    }
}

fn ended(random: &mut Random) -> What {
    let point = LogPoint { index: LogIndex(random.bits()), position: random.below(9) as u32 };
    let point = random.chance(0.7).then_some(point);
    let evidence = ["run.evidence#7", "run.evidence#07", "#", "run.evidence", "a#b#12", "run#-1"];
    match random.below(4) {
        0 => What::Fail { why: "refused \"\u{1f980}\"\n".to_owned() },
        1 => What::Info { why: "no answer".to_owned(), point },
        _ => What::Ok(Answered {
            outcome: outcome(random, 2),
            achieved: random.chance(0.5).then_some(Guarantee::ConsistentPrefix),
            point,
            node: random.chance(0.5).then_some(NodeId(random.below(1 << 32) as u32)),
            evidence: random.pick(&evidence).filter(|_| point.is_some()).map(ToString::to_string),
        }),
    }
}

/// Random operations of three processes.
fn operations(random: &mut Random, count: u64) -> Vec<Event> {
    let mut open = [None; 3];
    let mut step = |number: u64| {
        let process = random.below(3);
        let time = Nanos(number * 1000 + random.below(900));
        let slot = &mut open[process as usize];
        let (operation, what) = if let Some(operation) = slot.take() {
            (operation, ended(random))
        } else {
            *slot = Some(number);
            let bounded = Guarantee::staleness_by_time(Nanos::from_millis(2)).unwrap();
            let guarantee = *random.pick(&[Guarantee::Linearizable, bounded]).unwrap();
            let region = random.chance(0.5).then(|| "eu-west-1".to_owned());
            (number, What::Invoke(Invocation { action: action(random, 2), guarantee, region }))
        };
        Event::Operation(Record { process, operation, time, what })
    };
    (0..count).map(&mut step).collect()
}

fn datum(random: &mut Random, depth: u32) -> Datum {
    let list = |random: &mut Random| (0..3).map(|_| datum(random, depth - 1)).collect();
    match random.below(if depth == 0 { 4 } else { 7 }) {
        0 => Datum::Nil,
        1 => Datum::Integer(random.bits().cast_signed()),
        2 => Datum::Word(":append".to_owned()),
        3 => Datum::Text(format!("text {}", random.below(4))),
        4 => Datum::List(list(random)),
        5 => Datum::Set(list(random)),
        _ => Datum::Map(vec![(datum(random, depth - 1), datum(random, depth - 1))]),
    }
}

fn step(random: &mut Random) -> Event {
    let all = [Happened::Invoke, Happened::Ok, Happened::Fail, Happened::Info];
    Event::Workload(Step {
        process: datum(random, 0),
        happened: *random.pick(&all).unwrap(),
        function: datum(random, 0),
        value: random.chance(0.8).then(|| datum(random, 3)),
        time: random.chance(0.8).then(|| random.bits().cast_signed()),
        others: (0..random.below(3)).map(|_| (datum(random, 0), datum(random, 2))).collect(),
    })
}

fn ran(random: &mut Random) -> Event {
    let access = [Access::Write, Access::Read, Access::ReadInitial];
    let mut one = |_| {
        let access = *random.pick(&access).unwrap();
        let value = random.bits().cast_signed();
        let value = if access == Access::ReadInitial { 0 } else { value };
        (Bytes::from(format!("k{}", random.below(5))), access, value)
    };
    let steps = (0..4).map(&mut one).collect();
    Event::Transaction(Ran {
        session: random.below(9),
        outcome: *random.pick(&[Ended::Committed, Ended::Aborted, Ended::Unknown]).unwrap(),
        span: random.chance(0.5).then(|| Span { began: random.below(99) as u32, ended: u32::MAX }),
        steps,
    })
}

/// A transaction with stamps anywhere, the last of them among them.
fn with_stamps(random: &mut Random) -> Event {
    let number = |random: &mut Random| {
        let ends = [i64::MIN, i64::MAX, 0];
        let any = random.bits().cast_signed() >> random.below(60);
        if random.chance(0.2) { *random.pick(&ends).unwrap() } else { any }
    };
    let stamp = |random: &mut Random| Stamp { physical: number(random), logical: number(random) };
    let (one, other) = (stamp(random), stamp(random));
    let step = |random: &mut Random| {
        let access = match random.below(4) {
            0 => stamped::Access::Write(random.chance(0.8).then(|| number(random))),
            1 => stamped::Access::Read(random.chance(0.8).then(|| number(random))),
            2 => stamped::Access::Append(number(random)),
            _ => stamped::Access::ReadList((0..3).map(|_| number(random)).collect()),
        };
        (Bytes::from(format!("k{}", random.below(5))), access)
    };
    Event::Stamped(Stamped {
        name: Bytes::from(random.below(1000).to_string()),
        session: Bytes::from(format!("s{}", random.below(3))),
        start: one.min(other),
        commit: one.max(other),
        steps: (0..4).map(|_| step(random)).collect(),
    })
}

/// Random events of a random content.
fn events(random: &mut Random, count: u64) -> (Header, Vec<Event>) {
    let all = [Content::Operations, Content::Workload, Content::Transactions, Content::Stamped];
    let content = *random.pick(&all).unwrap();
    let events = match content {
        Content::Operations => operations(random, count),
        Content::Workload => (0..count).map(|_| step(random)).collect(),
        Content::Transactions => (0..count).map(|_| ran(random)).collect(),
        Content::Stamped => (0..count).map(|_| with_stamps(random)).collect(),
    };
    let header = Header {
        content,
        about: "a test".to_owned(),
        cluster: random.chance(0.5).then_some(ClusterId([7; 16])),
        absent: if random.chance(0.5) { Absent::Empty } else { Absent::Distinct },
        untimed: random.chance(0.5),
    };
    (header, events)
}

/// Writes events, with a block's end behind each as the chance falls.
fn write(random: &mut Random, header: &Header, events: &[Event], flushed: f64) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), header).unwrap();
    for event in events {
        writer.append(event).unwrap();
        if random.chance(flushed) {
            writer.flush().unwrap();
        }
    }
    writer.finish().unwrap()
}

/// What was read before an error or the end.
fn read(stream: &[u8]) -> (Vec<Event>, Result<Ending, Error>) {
    let mut found = Vec::new();
    let mut reader = match Reader::new(stream) {
        Ok(reader) => reader,
        Err(error) => return (found, Err(error)),
    };
    for event in reader.by_ref() {
        match event {
            Ok(event) => found.push(event),
            Err(error) => return (found, Err(error)),
        }
    }
    (found, Ok(reader.ending().expect("the end was reached")))
}

#[test]
fn what_is_written_reads_back() {
    let seed = Random::seed_from_environment();
    for run in 0..150 {
        let random = &mut Random::new(seed).fork(run);
        let (header, events) = events(random, 200);
        let stream = write(random, &header, &events, 0.05);
        let mut reader = Reader::new(&stream[..]).unwrap();
        assert_eq!(*reader.header(), header);
        let found: Result<Vec<Event>, Error> = reader.by_ref().collect();
        assert!(found.as_ref() == Ok(&events), "{}", repro("what_is_written_reads_back"));
        assert_eq!(reader.ending(), Some(Ending::Whole));
        assert_eq!(reader.whole(), stream.len() as u64);
    }
}

#[test]
fn a_stream_cut_anywhere_reads_to_its_last_whole_block_and_goes_on_from_there() {
    let seed = Random::seed_from_environment();
    let random = &mut Random::new(seed).fork(1);
    let header = Header::default();
    let all = operations(random, 24);
    let stream = write(random, &header, &all, 0.3);
    let start = MAGIC.len() + block::seal(0, 0, &encode::header(&header)).len();
    let path = scratch("cut.stream");
    let mut cuts = 0;
    for cut in start..=stream.len() {
        let (found, ending) = read(&stream[..cut]);
        assert_eq!(found, all[..found.len()], "cut at {cut}");
        cuts += usize::from(matches!(ending, Ok(Ending::Cut { .. })));
        std::fs::write(&path, &stream[..cut]).unwrap();
        let file = std::fs::OpenOptions::new().read(true).write(true).open(&path).unwrap();
        let (mut writer, told) = Writer::resume(file).unwrap();
        assert_eq!(Ok(told), ending);
        all[found.len()..].iter().for_each(|event| writer.append(event).unwrap());
        drop(writer);
        let whole = (all.clone(), Ok(Ending::Whole));
        let again = std::fs::read(&path).unwrap();
        assert!(read(&again) == whole, "cut at {cut}: {}", repro("a_stream_cut_anywhere"));
    }
    assert!(cuts > 300, "{cuts}");
    // Before the header is whole there is no history.
    for cut in 0..start {
        assert!(Reader::new(&stream[..cut]).is_err(), "cut at {cut}");
    }
}

#[test]
fn every_flip_is_an_error_and_never_another_event() {
    let seed = Random::seed_from_environment();
    for run in 0..3 {
        let random = &mut Random::new(seed).fork(run);
        let (header, all) = events(random, 20);
        let stream = write(random, &header, &all, 0.2);
        for at in 0..stream.len() {
            let mut changed = stream.clone();
            changed[at] ^= 1 << random.below(8);
            let (found, ending) = read(&changed);
            assert!(all.starts_with(&found), "byte {at}: {}", repro("every_flip"));
            assert!(ending.is_err(), "byte {at}: {ending:?} {}", repro("every_flip"));
        }
    }
}

#[test]
fn blocks_that_are_doubled_missing_or_moved_are_noticed() {
    let random = &mut Random::new(5);
    let header = Header { content: Content::Workload, ..Header::default() };
    let all: Vec<Event> = (0..4).map(|_| step(random)).collect();
    let mut blocks = Vec::new();
    for (number, event) in (1..).zip(&all) {
        let mut encoder = encode::Encoder::default();
        encoder.event(event);
        blocks.push(block::seal(number, 1, encoder.as_slice()));
    }
    let start = [MAGIC.to_vec(), block::seal(0, 0, &encode::header(&header))].concat();
    let of = |places: &[usize]| {
        let these = places.iter().map(|place| blocks[*place].clone());
        read(&[start.clone(), these.collect::<Vec<_>>().concat()].concat())
    };
    assert_eq!(of(&[0, 1, 2, 3]), (all, Ok(Ending::Whole)));
    for places in [&[0, 0, 1, 2][..], &[0, 2, 3], &[1, 0], &[0, 1, 2, 3, 1]] {
        let error = of(places).1.unwrap_err();
        assert_eq!((error.blame, error.expected.contains("number")), (Blame::Corrupt, true));
    }
    // A whole stream behind another is no block.
    let doubled = [start.clone(), blocks[0].clone(), start].concat();
    assert_eq!(read(&doubled).1.unwrap_err().blame, Blame::Corrupt);
}

#[test]
fn whatever_stands_in_a_block_with_a_right_checksum_makes_no_panic() {
    let seed = Random::seed_from_environment();
    let (mut read_well, mut refused) = (0, 0);
    for run in 0..3000 {
        let random = &mut Random::new(seed).fork(run);
        let (header, all) = events(random, 6);
        let mut encoder = encode::Encoder::default();
        for event in &all {
            encoder.event(event);
        }
        let mut content = encoder.as_slice().to_vec();
        for _ in 0..random.between(1, 3) {
            let at = random.below(content.len() as u64) as usize;
            match random.below(4) {
                0 => content[at] = random.below(256) as u8,
                1 => content.truncate(at.max(1)),
                2 => content.extend_from_within(at..),
                _ => drop(content.splice(at..at, [0xff; 9])),
            }
        }
        let start = [MAGIC.to_vec(), block::seal(0, 0, &encode::header(&header))].concat();
        let stream = [start, block::seal(1, 6, &content)].concat();
        match read(&stream).1 {
            Ok(_) => read_well += 1,
            Err(error) => {
                refused += 1;
                assert_eq!(error.blame, Blame::Corrupt, "{error} {}", repro("whatever_stands"));
            }
        }
    }
    assert!(refused > 1000 && read_well > 10, "{refused} refused, {read_well} read");
}

#[test]
fn a_writer_refuses_what_no_reader_would_take() {
    let mut writer = Writer::new(Vec::new(), &Header::default()).unwrap();
    let what = What::Fail { why: String::new() };
    let unasked = Record { process: 1, operation: 1, time: Nanos(1), what };
    let mut deep = Datum::Nil;
    (0..40).for_each(|_| deep = Datum::List(vec![std::mem::replace(&mut deep, Datum::Nil)]));
    let random = &mut Random::new(1);
    assert_eq!(writer.append(&Event::Operation(unasked)).unwrap_err().blame, Blame::Caller);
    assert!(writer.append(&ran(random)).unwrap_err().expected.contains("operations"));
    let header = Header { content: Content::Workload, ..Header::default() };
    let mut writer = Writer::new(Vec::new(), &header).unwrap();
    let Event::Workload(step) = step(random) else { unreachable!() };
    let with = |value| Event::Workload(Step { value: Some(value), ..step.clone() });
    assert!(writer.append(&with(deep)).unwrap_err().expected.contains("levels"));
    let long = Datum::Text("x".repeat(17 << 20));
    assert!(writer.append(&with(long)).unwrap_err().expected.contains("16 MiB"));
    let fits = with(Datum::Text("x".repeat(15 << 20)));
    writer.append(&fits).unwrap();
    assert_eq!(read(&writer.finish().unwrap()).0, [fits]);
}

#[test]
fn threads_share_a_writer() {
    let path = scratch("shared.stream");
    let shared = Shared::new(
        Writer::new(std::fs::File::create(&path).unwrap(), &Header::default()).unwrap(),
    );
    std::thread::scope(|scope| {
        for process in 0..4 {
            let shared = shared.clone();
            scope.spawn(move || {
                for number in 0..100 {
                    let operation = process * 1000 + number;
                    let record = |what| {
                        let time = Nanos(number);
                        Event::Operation(Record { process, operation, time, what })
                    };
                    let action = Action::Put { key: "k".into(), value: "v".into() };
                    let guarantee = Guarantee::Linearizable;
                    let asked = Invocation { action, guarantee, region: None };
                    shared.append(&record(What::Invoke(asked))).unwrap();
                    shared.append(&record(What::Info { why: String::new(), point: None })).unwrap();
                }
            });
        }
    });
    drop(shared);
    let (found, ending) = read(&std::fs::read(&path).unwrap());
    assert_eq!((found.len(), ending), (800, Ok(Ending::Whole)));
}

/// A file of this test's own.
fn scratch(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("avouch-stream-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder.join(name)
}

fn is_same(before: &Input, after: &Input) -> bool {
    match (before, after) {
        (Input::Calls(a), Input::Calls(b)) => {
            // Lines are those of the text that the stream converts to, times may be their order.
            let bare = |history: &crate::History| -> Vec<crate::history::Call> {
                let mut calls = history.calls.clone();
                for call in &mut calls {
                    (call.began.line, call.began.time) = (0, None);
                    if let Some(ended) = &mut call.ended {
                        (ended.line, ended.time) = (0, None);
                    }
                }
                calls
            };
            (bare(a), a.model, a.failed) == (bare(b), b.model, b.failed)
        }
        (Input::Objects(a), Input::Objects(b)) => {
            let bare = |objects: &crate::Objects| -> Vec<crate::object::Operation> {
                let mut all = objects.operations.clone();
                for one in &mut all {
                    (one.line, one.ended_line) = (0, 0);
                }
                all
            };
            (bare(a), a.workload) == (bare(b), b.workload)
        }
        _ => {
            let judged = |input: &Input| {
                let report = input.judge(None, &Limits::default()).unwrap();
                let words: Vec<_> = report
                    .parts
                    .iter()
                    .map(|part| (part.guarantee.clone(), part.finding.word()))
                    .collect();
                (report.operations, report.failed, report.unknown, words)
            };
            judged(before) == judged(after)
        }
    }
}

/// Every format that is read goes into a stream and out of it, and is the same history.
#[test]
fn whatever_is_read_converts_to_a_stream_and_to_text_and_stays_what_it_is() {
    for (name, text) in crate::history::tests::samples() {
        let (from, stream) = (scratch(&format!("{name}.from")), scratch(&format!("{name}.stream")));
        let back = scratch(&format!("{name}.back"));
        std::fs::write(&from, &text).unwrap();
        let before = Input::parse(&text).unwrap();
        let into = |from: &PathBuf, to: &PathBuf| {
            convert(from, std::fs::File::create(to).unwrap(), &Limits::default()).unwrap()
        };
        let converted = into(&from, &stream);
        assert!(converted.to_stream && converted.events > 0, "{name}");
        let streamed = Input::read(&stream, &Limits::default()).unwrap();
        assert!(is_same(&before, &streamed), "{name}: {before:?}\n{streamed:?}");
        let again = into(&stream, &back);
        assert!(!again.to_stream && again.events == converted.events, "{name}");
        let again = Input::read(&back, &Limits::default()).unwrap();
        assert!(is_same(&before, &again), "{name}: {before:?}\n{again:?}");
    }
}

/// The events of the golden file: every kind of event, with everything that each can say.
fn golden_events() -> Vec<Event> {
    operations(&mut Random::new(20), 40)
}

/// A stream of version 1 as it was written once: whatever changes, it must be read the same.
#[test]
fn a_stream_of_version_1_is_read_as_ever() {
    const FILE: &[u8] = include_bytes!("golden.stream");
    if std::env::var_os("AVOUCH_GOLDEN").is_some() {
        let header = Header { about: "golden".to_owned(), ..Header::default() };
        let stream = write(&mut Random::new(1), &header, &golden_events(), 0.1);
        std::fs::write("src/stream/golden.stream", stream).unwrap();
        return;
    }
    assert_eq!(read(FILE), (golden_events(), Ok(Ending::Whole)));
}
