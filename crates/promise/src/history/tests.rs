//! The history format: what is written reads back, and what is wrong is shown where it is.
#![allow(clippy::unwrap_used, reason = "a test's panic is its failure")]

use super::{
    Action, Answered, Compare, Ending, Header, HistoryError, HistoryReader, HistoryWriter,
    Invocation, Malformed, Outcome, Record, What,
};
use crate::guarantee::Guarantee;
use crate::identity::{ClusterId, NodeId};
use crate::log_point::{LogIndex, LogPoint};
use crate::quantity::Nanos;
use crate::random::Random;
use bytes::Bytes;

const HEADER: &str = r#"{"avouch_history":1,"about":"test"}"#;
const INVOKE: &str = r#"{"type":"invoke","process":0,"op":1,"time":5,"do":{"kind":"get","key":"a"},"guarantee":"linearizable"}"#;

fn read(text: &str) -> (Result<Vec<Record>, HistoryError>, Option<Ending>) {
    let mut reader = match HistoryReader::new(text.as_bytes()) {
        Ok(reader) => reader,
        Err(error) => return (Err(error), None),
    };
    let records = reader.by_ref().collect();
    (records, reader.ending())
}

fn malformed(text: &str) -> Malformed {
    match read(text).0 {
        Err(HistoryError::Malformed(malformed)) => malformed,
        other => panic!("expected a malformed line, got {other:?}"),
    }
}

fn bytes(random: &mut Random) -> Bytes {
    (0..random.below(6)).map(|_| random.bits() as u8).collect::<Vec<_>>().into()
}

fn action(random: &mut Random, depth: u32) -> Action {
    let key = bytes(random);
    let value = bytes(random);
    let to = random.chance(0.5).then(|| bytes(random));
    match random.below(if depth == 0 { 7 } else { 8 }) {
        0 => Action::Get { key },
        1 => Action::Put { key, value },
        2 => Action::Append { key, value },
        3 => Action::Delete { key },
        4 => Action::DeleteRange { from: key, to },
        5 => Action::CompareAndSwap { key, expected: to, value },
        6 => Action::Range { from: key, to, limit: random.chance(0.5).then(|| random.below(9)) },
        _ => {
            let mut some = || (0..2).map(|_| action(random, depth - 1)).collect();
            let (then, otherwise) = (some(), some());
            let compares = vec![Compare { key, expected: to }];
            Action::Transaction { compares, then, otherwise }
        }
    }
}

fn outcome(random: &mut Random, depth: u32) -> Outcome {
    match random.below(if depth == 0 { 5 } else { 6 }) {
        0 => Outcome::Done,
        1 => Outcome::Value(random.chance(0.5).then(|| bytes(random))),
        2 => Outcome::Deleted(random.below(5)),
        3 => Outcome::Swapped(random.chance(0.5)),
        4 => Outcome::Entries((0..3).map(|_| (bytes(random), bytes(random))).collect()),
        _ => Outcome::Transaction {
            succeeded: random.chance(0.5),
            outcomes: (0..2).map(|_| outcome(random, depth - 1)).collect(),
        },
    }
}

fn what(random: &mut Random) -> What {
    let point = LogPoint { index: LogIndex(random.below(900)), position: random.below(9) as u32 };
    let point = random.chance(0.7).then_some(point);
    match random.below(4) {
        0 => What::Fail { why: "refused \"\u{1f980}\"\n".to_owned() },
        1 => What::Info { why: "no answer".to_owned(), point },
        _ => What::Ok(Answered {
            outcome: outcome(random, 2),
            achieved: random.chance(0.5).then_some(Guarantee::ConsistentPrefix),
            point,
            node: random.chance(0.5).then_some(NodeId(3)),
            evidence: random.chance(0.5).then(|| "tour.evidence#7".to_owned()),
        }),
    }
}

/// A random history of three processes.
fn history(random: &mut Random) -> Vec<Record> {
    let mut open = [None; 3];
    let mut records = Vec::new();
    for step in 0..60 {
        let process = random.below(3);
        let time = Nanos(step * 10);
        let slot = &mut open[process as usize];
        let (operation, what) = if let Some(operation) = slot.take() {
            (operation, what(random))
        } else {
            *slot = Some(step);
            let guarantee = *random
                .pick(&[
                    Guarantee::Linearizable,
                    Guarantee::staleness_by_time(Nanos::from_millis(2)).unwrap(),
                ])
                .unwrap();
            let region = random.chance(0.5).then(|| "eu-west-1".to_owned());
            let action = action(random, 2);
            (step, What::Invoke(Invocation { action, guarantee, region }))
        };
        records.push(Record { process, operation, time, what });
    }
    records
}

fn write(records: &[Record]) -> String {
    let header = Header { about: "test".to_owned(), cluster: Some(ClusterId([0xa; 16])) };
    let mut writer = HistoryWriter::new(Vec::new(), &header).unwrap();
    for record in records {
        writer.append(record).unwrap();
    }
    String::from_utf8(writer.into_inner()).unwrap()
}

#[test]
fn what_is_written_reads_back() {
    let seed = Random::seed_from_environment();
    for run in 0..200 {
        let mut random = Random::new(seed).fork(run);
        let records = history(&mut random);
        let text = write(&records);
        assert_eq!(text.lines().count(), records.len() + 1, "one object a line");
        let (read, ending) = read(&text);
        assert!(
            read.as_ref() == Ok(&records),
            "repro: AVOUCH_SEED={seed} cargo test -p avouch-promise what_is_written_reads_back \
             (run {run}): {read:?}"
        );
        assert_eq!(ending, Some(Ending::Whole));
    }
}

/// docs/history-format.md shows these lines.
#[test]
fn the_lines_of_the_document_are_what_is_written_and_read() {
    let document = include_str!("../../../../docs/history-format.md");
    let begin = document.find("```jsonl\n").unwrap() + "```jsonl\n".len();
    let example = &document[begin..begin + document[begin..].find("```").unwrap()];
    let (records, ending) = read(example);
    let records = records.unwrap();
    assert_eq!(ending, Some(Ending::Whole));
    assert_eq!(records.len() + 1, example.lines().count());
    let mut writer =
        HistoryWriter::new(Vec::new(), HistoryReader::new(example.as_bytes()).unwrap().header())
            .unwrap();
    for record in &records {
        writer.append(record).unwrap();
    }
    assert_eq!(String::from_utf8(writer.into_inner()).unwrap(), example);
}

#[test]
fn a_malformed_line_is_shown_with_its_place() {
    let bad = INVOKE.replace("\"time\":5", "\"time\":\"5\"");
    let fault = malformed(&format!("{HEADER}\n{bad}\n"));
    assert_eq!((fault.line, fault.column), (2, 46), "{fault}");
    assert!(fault.expected.contains("expected u64"), "{fault}");
    let shown = fault.to_string();
    let lines: Vec<_> = shown.lines().collect();
    let caret = lines[2].find('^').unwrap();
    assert!(lines[1][..=caret].ends_with("\"time\":\"5\""), "{shown}");
}

#[test]
fn each_thing_that_can_be_wrong_is_told() {
    let ok = r#"{"type":"ok","process":0,"op":1,"time":6,"got":{"kind":"value","value":null}}"#;
    let with = |lines: &[&str]| format!("{HEADER}\n{}\n", lines.join("\n"));
    let change = |line: &str, from: &str, to: &str| {
        assert!(line.contains(from), "{from}");
        line.replace(from, to)
    };
    assert!(read(&with(&[INVOKE, ok])).0.is_ok());
    for (text, line, expected) in [
        (String::new(), 1, "a header line"),
        ("{\"avouch_history\":1}".to_owned(), 1, "a newline after the header"),
        ("{\"avouch_history\":2}\n".to_owned(), 1, "version 1"),
        ("{}\n".to_owned(), 1, "missing field `avouch_history`"),
        ("{\"avouch_history\":1,\"cluster\":\"0A\"}\n".to_owned(), 1, "cluster's identity"),
        (with(&[""]), 2, "EOF"),
        (with(&["\u{7}"]), 2, "expected value"),
        (with(&[&change(INVOKE, "linearizable", "linearisable")]), 2, "did you mean"),
        (with(&[&change(INVOKE, "\"get\"", "\"got\"")]), 2, "unknown variant `got`"),
        (with(&[&change(INVOKE, ",\"guarantee\":\"linearizable\"", "")]), 2, "`guarantee`"),
        (with(&[&change(INVOKE, "\"key\":\"a\"", "\"key\":{\"hex\":\"0\"}")]), 2, "digit pairs"),
        (with(&[&change(INVOKE, "\"op\":1", "\"op\":1,\"node\":3")]), 2, "no such member"),
        (with(&[&change(INVOKE, "\"op\":1", "\"op\":1,\"extra\":3")]), 2, "unknown field `extra`"),
        (with(&[ok]), 2, "process 0 to have an operation open"),
        (with(&[INVOKE, INVOKE]), 3, "operation 1 to be completed before its next"),
        (with(&[INVOKE, ok, INVOKE]), 4, "other than 1, used before"),
        (with(&[INVOKE, &change(ok, "\"op\":1", "\"op\":2")]), 3, "operation 1, which"),
        (with(&[INVOKE, &change(ok, "\"time\":6", "\"time\":4")]), 3, "not before the invocation"),
        (with(&[INVOKE, &change(ok, ",\"value\":null", "")]), 3, "missing field `value`"),
        (with(&[INVOKE, &change(ok, "\"op\":1", "\"op\":1,\"point\":\"1\"")]), 3, "a log point"),
        (with(&[INVOKE, &change(ok, "\"op\":1", "\"op\":1,\"point\":\"01.2\"")]), 3, "a log point"),
        (with(&[INVOKE, &change(ok, "\"op\":1", "\"op\":1,\"why\":\"\"")]), 3, "no such member"),
    ] {
        let fault = malformed(&text);
        assert_eq!(fault.line, line, "{fault}");
        assert!(fault.expected.contains(expected), "{expected}: {fault}");
        let error = crate::Error::from(HistoryError::from(fault));
        assert_eq!(error.blame, crate::Blame::Corrupt);
    }
}

#[test]
fn an_unfinished_last_line_is_left_out_and_said_and_no_other_is() {
    let whole = format!("{HEADER}\n{INVOKE}\n");
    for cut in HEADER.len() + 1..whole.len() {
        let (records, ending) = read(&whole[..cut]);
        assert_eq!(records.unwrap(), [], "cut at {cut}");
        let expected = match cut - HEADER.len() - 1 {
            0 => Ending::Whole,
            bytes => Ending::Cut { line: 2, bytes },
        };
        assert_eq!(ending, Some(expected));
    }
    // With its newline, an unfinished line is malformed, also when it is the last.
    let fault = malformed(&format!("{HEADER}\n{}\n", &INVOKE[..40]));
    assert_eq!(fault.line, 2);
}

#[test]
fn a_line_without_end_is_refused_in_bounded_space() {
    let long = format!("{HEADER}\n{}", "x".repeat(super::LINE_BYTES_MAX + 2));
    assert!(malformed(&long).expected.contains("a line of at most"));
}

#[test]
fn a_writer_refuses_what_no_reader_would_take() {
    let mut writer = HistoryWriter::new(Vec::new(), &Header::default()).unwrap();
    let fail = |time| Record {
        process: 1,
        operation: 1,
        time: Nanos(time),
        what: What::Fail { why: String::new() },
    };
    let error = writer.append(&fail(1)).unwrap_err();
    assert_eq!(error.blame, crate::Blame::Caller);
    let written = String::from_utf8(writer.into_inner()).unwrap();
    assert_eq!(written.lines().count(), 1, "the header only");
}

#[test]
fn each_line_is_on_its_way_before_the_next_is_taken() {
    /// Counts flushes, and what was written at the last.
    #[derive(Default)]
    struct Counting(Vec<u8>, Vec<usize>);
    impl std::io::Write for Counting {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            self.1.push(self.0.len());
            Ok(())
        }
    }
    let mut random = Random::new(3);
    let records = history(&mut random);
    let mut writer = HistoryWriter::new(Counting::default(), &Header::default()).unwrap();
    for record in &records {
        writer.append(record).unwrap();
    }
    let Counting(bytes, flushed) = writer.into_inner();
    let ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
    assert_eq!(flushed, ends.collect::<Vec<_>>());
}

#[test]
fn a_full_disk_is_the_environments_error() {
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let error = HistoryWriter::new(Full, &Header::default()).map(|_| ()).unwrap_err();
    assert_eq!(error.blame, crate::Blame::Environment);
}
