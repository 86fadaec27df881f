//! Every format read, every malformed line placed, and no bytes whatever that make a reader panic.

use super::{History, Record, cobra as cobra_logs};
use crate::Input;
use crate::limits::Limits;
use crate::model::key_value::{Absent, Action, Outcome};
use crate::operation::Moment;
use crate::report::Word;
use avouch_promise::guarantee::Guarantee;
use avouch_promise::history::{Answered, Header, HistoryWriter, Invocation, What};
use avouch_promise::{Error, LogIndex, LogPoint, Nanos, Random};

const LOG: &str = "\
INFO  jepsen.util - 0\t:invoke\t:write\t1
INFO  jepsen.core - run complete
INFO  jepsen.util - 1\t:invoke\t:cas\t[1 2]
INFO  jepsen.util - 0\t:ok\t:write\t1
INFO  jepsen.util - 1\t:fail\t:cas\t[1 2]
INFO  jepsen.util - 2\t:invoke\t:read\tnil
INFO  jepsen.util - 2\t:fail\t:read\t:timed-out
INFO  jepsen.util - 3\t:invoke\t:write\t5
INFO  jepsen.util - 3\t:info\t:write\t:timed-out
INFO  jepsen.util - 4\t:invoke\t:read\tnil
INFO  jepsen.util - 4\t:ok\t:read\tnil
";

const MAPS: &str = r#"
{:process 0, :type :invoke, :f :append, :key "7", :value "x \"1\" y", :time 10}
{:process 0, :type :ok, :f :append, :key "7", :value "x \"1\" y", :time 30}
{:process 1, :type :invoke, :f :get, :key "8", :value nil, :time 20}
{:process 1, :type :ok, :f :get, :key "8", :value "", :time 40}
{:process :nemesis, :type :info, :f :start, :value [1 [:n2]], :time 41}
{:process 1, :type :invoke, :f :put, :key "8", :value "z", :time 50}
{:process 1, :type :info, :f :put, :key "8", :value "z", :time 60}
"#;

fn native() -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = HistoryWriter::new(&mut bytes, &Header::default()).expect("a header");
    let mut write = |process, operation, time, what| {
        let time = Nanos(time);
        let record = avouch_promise::history::Record { process, operation, time, what };
        writer.append(&record).expect("a record in order");
    };
    let ask = |action, guarantee| What::Invoke(Invocation { action, guarantee, region: None });
    let got = |outcome, achieved| {
        let point = Some(LogPoint { index: LogIndex(3), position: 1 });
        What::Ok(Answered { outcome, achieved, point, node: None, evidence: None })
    };
    let key = || bytes::Bytes::from("k");
    let put = Action::Put { key: key(), value: "1".into() };
    write(0, 1, 5, ask(put.clone(), Guarantee::Linearizable));
    write(1, 2, 6, ask(Action::Get { key: key() }, Guarantee::Linearizable));
    write(0, 1, 8, got(Outcome::Done, None));
    write(1, 2, 9, got(Outcome::Value(None), Some(Guarantee::Eventual)));
    write(0, 3, 10, ask(put.clone(), Guarantee::Linearizable));
    write(0, 3, 11, What::Fail { why: "refused".into() });
    write(0, 4, 12, ask(put, Guarantee::Linearizable));
    let point = Some(LogPoint { index: LogIndex(4), position: 1 });
    write(0, 4, 13, What::Info { why: "timed out".into(), point });
    bytes
}

/// A run of dbcop: two sessions of one transaction each, the second of which read what the first
/// wrote, and nothing of another variable.
fn dbcop(success: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    let put = |bytes: &mut Vec<u8>, number: u64| bytes.extend(number.to_le_bytes());
    for number in [0, 2, 2, 1, 2] {
        put(&mut bytes, number);
    }
    for text in ["a run", "2024-10-30T18:23:40+08:00", "2024-10-30T18:23:42+08:00"] {
        put(&mut bytes, text.len() as u64);
        bytes.extend(text.as_bytes());
    }
    put(&mut bytes, 2);
    let sessions: [&[(u8, u64, u64)]; 2] = [&[(1, 7, 1)], &[(0, 7, 1), (0, 8, 0)]];
    for (session, events) in (0..).zip(sessions) {
        put(&mut bytes, 1);
        put(&mut bytes, events.len() as u64);
        for (write, variable, value) in events {
            bytes.push(*write);
            put(&mut bytes, *variable);
            put(&mut bytes, *value);
            bytes.push(1);
        }
        bytes.push(if session == 0 { success } else { 1 });
    }
    bytes
}

/// Two of cobra's logs: one writes, the other reads that and the initial state, and is cut off in a
/// second transaction.
fn cobra() -> [(String, Vec<u8>); 2] {
    let log = |records: &[(u8, &[u64])]| {
        let mut bytes = Vec::new();
        for (letter, numbers) in records {
            bytes.push(*letter);
            bytes.extend(numbers.iter().flat_map(|number| number.to_be_bytes()));
        }
        bytes
    };
    let first = log(&[(b'S', &[1]), (b'W', &[100, 7, 55]), (b'C', &[1])]);
    let second = log(&[
        (b'S', &[2]),
        (b'R', &[1, 100, 7, 55]),
        (b'R', &[0xbebe_ebee, 0xbebe_ebee, 8, 0]),
        (b'C', &[2]),
        (b'S', &[3]),
        (b'W', &[101, 7, 56]),
    ]);
    [("T0.log".to_owned(), first), ("T1.log".to_owned(), second)]
}

#[test]
fn dbcops_runs_are_read() {
    let Ok(Input::Transactions(history)) = Input::parse(&dbcop(1)) else { panic!("a run") };
    assert_eq!((history.len(), history.keys(), history.format), (2, 2, "dbcop bincode"));
    let report = Input::parse(&dbcop(1)).and_then(|run| run.judge(None, &Limits::default()));
    assert_eq!(report.expect("a report").verdict(), Word::Holds);
    // What is read of a transaction without success, nobody may see.
    let report = Input::parse(&dbcop(0)).and_then(|run| run.judge(None, &Limits::default()));
    assert!(report.expect("a report").to_string().contains("G1a"));
    let cut = &dbcop(1)[..dbcop(1).len() - 3];
    let error = Input::parse(cut).expect_err("a cut run").to_string();
    assert!(error.contains("at byte") && error.contains("cut short"), "{error}");
    let longer = [dbcop(1), vec![0]].concat();
    assert!(Input::parse(&longer).expect_err("a byte more").to_string().contains("1 more"));
}

#[test]
fn cobras_logs_are_read() {
    let history = cobra_logs::parse(&cobra()).expect("logs");
    assert_eq!((history.len(), history.keys(), history.format), (3, 2, "cobra's logs"));
    let report = crate::transaction::judge(&history, None, &Limits::default());
    assert_eq!(report.verdict(), Word::Holds, "{report}");
    assert!(report.to_string().contains("1 transaction neither committed nor aborted"));
    let [first, mut second] = cobra();
    second.1[0] = b'X';
    let error = cobra_logs::parse(&[first.clone(), second]).expect_err("no record X").to_string();
    assert!(error.contains("T1.log") && error.contains("byte 0x58"), "{error}");
    let [_, second] = cobra();
    let error =
        cobra_logs::parse(&[(first.0, first.1[9..].to_vec()), second]).expect_err("no start");
    assert!(error.to_string().contains("a start of a transaction"), "{error}");
}

fn parse(text: &str) -> Result<History, Error> {
    History::parse(text.as_bytes())
}

#[test]
fn a_log_of_a_register_is_read() {
    let history = parse(LOG).expect("a log");
    let answers: Vec<_> = history.calls.iter().map(|call| call.answer.clone()).collect();
    let swapped = Some(Outcome::Swapped(false));
    assert_eq!(answers, [Some(Outcome::Done), swapped, None, Some(Outcome::Value(None))]);
    assert_eq!(history.failed, 1);
    let unknown = &history.calls[2];
    assert_eq!((unknown.process, unknown.ended), (3, None));
    assert_eq!(unknown.began, Record { line: 8, time: None, moment: Moment(13) });
}

#[test]
fn maps_are_read_and_ordered_by_their_times() {
    let history = parse(MAPS).expect("maps");
    assert_eq!(history.model.absent, Absent::Empty);
    let spans: Vec<_> =
        history.calls.iter().map(|call| (call.began.line, call.ended.map(|e| e.moment))).collect();
    assert_eq!(spans, [(2, Some(Moment(5))), (4, Some(Moment(7))), (7, None)]);
    assert_eq!(history.times, [10, 20, 30, 40, 50, 60].map(Nanos));
    let Action::Append { value, .. } = &history.calls[0].action else { panic!("an append") };
    assert_eq!(&value[..], b"x \"1\" y");
    assert_eq!(crate::judge(&history, &Limits::default()).verdict(), Word::Holds);
}

/// A store that answers nil of a key that is not there is no store of texts, which answers "".
#[test]
fn an_absent_key_reads_as_the_answers_say() {
    let verdict = |answers: &[&str]| {
        let get = |(at, answer): (usize, &&str)| {
            let line = |kind: &str, value: &str| {
                format!("{{:process {at} :type :{kind} :f :get :key \"a\" :value {value}}}\n")
            };
            format!("{}{}", line("invoke", "nil"), line("ok", answer))
        };
        let text: String = answers.iter().enumerate().map(get).collect();
        crate::judge(&parse(&text).expect("a history"), &Limits::default()).verdict()
    };
    assert_eq!(verdict(&["nil", "nil"]), Word::Holds);
    assert_eq!(verdict(&["\"\"", "\"\""]), Word::Holds);
    assert_eq!(verdict(&["nil", "\"\""]), Word::Violated, "nobody has put an empty text");
    assert_eq!(verdict(&["\"\"", "\"x\""]), Word::Violated);
}

#[test]
fn avouchs_own_histories_are_read() {
    let history = History::parse(&native()).expect("a history");
    let guarantees: Vec<_> = history.calls.iter().map(|call| call.guarantee).collect();
    let (strong, weak) = (Guarantee::Linearizable, Guarantee::Eventual);
    assert_eq!(guarantees, [strong, weak, strong], "what was achieved, else what was asked for");
    let points: Vec<_> =
        history.calls.iter().map(|call| call.point.map(|point| point.index.0)).collect();
    assert_eq!(points, [Some(3), Some(3), Some(4)]);
    assert_eq!((history.failed, history.calls[0].began.line), (1, 2));
    assert!(history.notes.is_empty());
}

#[test]
fn a_cut_last_line_leaves_its_outcome_unknown_and_is_told() {
    let bytes = native();
    let cut = History::parse(&bytes[..bytes.len() - 9]).expect("a history");
    assert_eq!(cut.calls.len(), 3);
    assert_eq!(cut.calls[2].point, None);
    assert!(cut.notes[0].contains("line 9 is cut"), "{:?}", cut.notes);
}

#[test]
fn a_malformed_line_is_placed() {
    for (text, place) in [
        ("INFO  jepsen.util - 0 :invoke :write x", "line 1, column 38: a value that"),
        ("INFO  jepsen.util - 0 :ok :write 1", "line 1, column 1: process 0 to make a call"),
        ("INFO  jepsen.util - 0 :invoke :read nil 7", "line 1, column 40: the end of the line"),
        ("INFO  jepsen.util - 0 :invoke", "line 1, column 30: a function"),
        ("INFO  jepsen.util - 0 :invoke :read nil\nnonsense", "line 2, column 1: a line `INFO"),
        (
            "INFO  jepsen.util - 0 :invoke :read nil\nINFO  jepsen.util - 0 :ok :write 1",
            "line 2, column 27: the function that was invoked",
        ),
        (
            "INFO  jepsen.util - 0 :invoke :read nil\nINFO  jepsen.util - 0 :invoke :read nil",
            "line 2, column 1: the outcome of process 0's call of line 1",
        ),
        ("{:process 0, :type :invoke, :f :get, :key \"k}", "line 1, column 43: the closing quote"),
        ("{:process 0, :type :sing, :f :get, :key \"k\"}", "line 1, column 20: invoke, ok, fail"),
        ("{:process -1, :type :invoke, :f :get}", "line 1, column 2: an event with a :process"),
        (
            "{:process 0, :type :invoke, :f :put, :key \"k\", :value \"x\", :time 100}\n\
             {:process 0, :type :ok, :f :put, :key \"k\", :value \"x\", :time 50}",
            "line 2, column 1: a time of process 0 that is not before its 100 ns of line 1",
        ),
        ("{:process 0, :process 0}", "line 1, column 14: a key that the event does not"),
        ("{:process 0, :type :invoke, :f :get} x", "line 1, column 38: an event: a map"),
        ("{:type :invoke, :f :get}", "line 1, column 2: an event with a :process"),
    ] {
        let error = parse(text).expect_err(text);
        assert!(error.expected.starts_with(place), "{text}\n{error}");
    }
    let unknown = parse("<html>").expect_err("not a history");
    assert!(unknown.hint.contains("Jepsen"), "{unknown}");
    let bytes = History::parse(b"INFO  jepsen.util - 0\n\xff").expect_err("not UTF-8");
    assert!(bytes.expected.starts_with("line 2, column 1: UTF-8"), "{bytes}");
}

const DBCOP_FORMER: &str = r#"{"params": {"id": 0}, "info": "a run", "data": [[{"events": [
  {"write": true, "variable": 7, "value": 1, "success": true},
  {"write": true, "variable": 8, "value": 9, "success": false}], "success": true}],
 [{"events": [{"write": false, "variable": 7, "value": 1, "success": true},
  {"write": false, "variable": 8, "value": 0, "success": true}], "success": true}]]}"#;

const DBCOP_PRESENT: &str = r#"[[{"events": [{"Write": {"variable": "x", "version": 1}}], "committed": true}],
 [{"events": [{"Read": {"variable": "x", "version": 1}}, ["r", "y", null]], "committed": true}]]"#;

const DBCOP_TEXT: &str = "// one session\n[x:=1]\n---\n[x==1 y==?] [y:=4]!\n";

/// Each form of one run, in which what was written is read, or is not: then a level is violated.
#[test]
fn dbcops_texts_are_read() {
    for (text, wrong, format, count) in [
        (
            DBCOP_FORMER,
            (
                "7, \"value\": 1, \"success\": true},\n  {\"write\": false",
                "7, \"value\": 5, \"success\": true},\n  {\"write\": false",
            ),
            "dbcop JSON",
            2,
        ),
        (DBCOP_PRESENT, ("\"version\": 1}}, [", "\"version\": 5}}, ["), "dbcop JSON", 2),
        (DBCOP_TEXT, ("x==1", "x==5"), "dbcop text", 3),
    ] {
        let judged = |text: &str| {
            let input = Input::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
            let Input::Transactions(history) = &input else {
                panic!("not transactions: {text}");
            };
            assert_eq!(history.len(), count, "{text}");
            input.judge(None, &Limits::default()).expect("a report")
        };
        let report = judged(text);
        assert_eq!(report.verdict(), Word::Holds, "{report}");
        assert!(report.format.starts_with(format), "{report}");
        let changed = text.replacen(wrong.0, wrong.1, 1);
        assert_ne!(changed, text, "nothing was changed");
        assert_eq!(judged(&changed).verdict(), Word::Violated, "{changed}");
    }
}

#[test]
fn a_malformed_text_of_transactions_is_placed() {
    for (text, place) in [
        ("[x:=1 y=2]", "line 1, column 8: `:=` or `==`"),
        ("// a\n[x:=1]\n[y:=]", "line 3, column 5: a version"),
        ("[x:=1] y", "line 1, column 8: a transaction"),
        ("[x:=1", "line 1, column 6: a variable, or `]`"),
        ("[[{\"events\": [],\n \"committed\": 7}]]", "line 2, column"),
    ] {
        let error = Input::parse(text.as_bytes()).expect_err(text);
        assert!(error.expected.starts_with(place), "{text}\n{error}");
    }
}

/// A few random changes: flips, cuts, repeats, and pieces moved.
fn mutate(random: &mut Random, bytes: &mut Vec<u8>) {
    for _ in 0..random.between(1, 4) {
        let at = random.below(bytes.len() as u64 + 1) as usize;
        let to = at + random.below((bytes.len() - at) as u64 + 1) as usize;
        let small = to.min(at + 12);
        match random.below(6) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..small)),
            2 => bytes.insert(at, random.bits() as u8),
            3 => {
                let sign = random.pick(b"{}[]\":,\\\n 019-").copied().unwrap_or(b' ');
                bytes.insert(at, sign);
            }
            4 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            _ => {
                let piece = bytes[at..small].to_vec();
                let target = random.below(bytes.len() as u64 + 1) as usize;
                bytes.splice(target..target, piece);
            }
        }
    }
}

/// A small history of each format, by a name for it.
pub(crate) fn samples() -> Vec<(String, Vec<u8>)> {
    let people = b"w 0 1\nw 1 2\n-----\nr 0 1\n=====\nr 1 0\nw 0 3\n".to_vec();
    let plume = b"w(0,1,0,0)\nw(1,2,0,0)\nr(0,1,1,4)\nr(1,0,1,5)\nw(0,3,2,6)\n".to_vec();
    let appends = [
        "{:type :invoke, :f :txn, :value [[:append :x 1] [:r 2 nil]], :process 0, :time 1}\n\
         #op{:type :ok, #_ skipped :f :txn ; said\n :value [[:append :x 1] [:r 2 [7 \"a\"]]], \
         :process 0}\n{:type :info, :f :kill, :value #{\\[ 1.5}, :process :nemesis}",
        "[{\"process\": 1, \"type\": \"invoke\", \"value\": [[\"append\", 3, 4], [\"r\", 3, null]]},\n\
         {\"value\": [[\"append\", 3, 4], [\"r\", 3, [4]]], \"type\": \"ok\", \"process\": 1}]",
    ];
    let registers = "({:type :invoke, :f :txn :value [[:w :x 2] [:r :y nil]], :process 0}\n\
         {:type :ok, :f :txn :value [[:w :x 2] [:r :y nil]], :process 0}\n\
         {:type :invoke, :f :txn :value [[:r :x nil]], :process 1})";
    let set = "{:process 0, :type :invoke, :f :add, :value 1}\n\
         {:process 0, :type :ok, :f :add, :value 1, :time 4}\n\
         {:process 1, :type :invoke, :f :read, :value nil, :error [:a \"b\" 1.5]}\n\
         {:process 1, :type :ok, :f :read, :value #{1}}";
    let maps = "[{\"process\": 0, \"type\": \"invoke\", \"f\": \"cas\", \"value\": [1, 2], \"time\": 4},\n\
         {\"process\": 0, \"type\": \"ok\", \"f\": \"cas\", \"value\": [1, 2.0], \"time\": 5}]";
    let samples: [(&str, &[u8]); 16] = [
        ("stored", &super::jepsen_store::tests::sample()),
        ("maps-json", maps.as_bytes()),
        ("registers", registers.as_bytes()),
        ("log", LOG.as_bytes()),
        ("maps", MAPS.as_bytes()),
        ("native", &native()),
        ("people", &people),
        ("plume", &plume),
        ("dbcop", &dbcop(1)),
        ("appends", appends[0].as_bytes()),
        ("appends-json", appends[1].as_bytes()),
        ("set", set.as_bytes()),
        ("dbcop-former", DBCOP_FORMER.as_bytes()),
        ("dbcop-present", DBCOP_PRESENT.as_bytes()),
        ("dbcop-text", DBCOP_TEXT.as_bytes()),
        ("stamps", STAMPS.as_bytes()),
    ];
    samples.map(|(name, bytes)| (name.to_owned(), bytes.to_vec())).to_vec()
}

const STAMPS: &str = r#"[{"tid": 1, "sid": "a", "sts": {"p": 1, "l": 0}, "cts": {"p": "2", "l": 0},
  "ops": [{"t": "w", "k": 7, "v": 5}, {"t": "r", "k": 7, "v": 5}, {"t": "r", "k": "8"}]},
 {"tid": 2, "sid": 4, "sts": {"p": 2, "l": 0}, "cts": {"p": 2, "l": 1},
  "ops": [{"t": "a", "k": "l", "v": -3}, {"t": "r", "k": "l", "v": [-3]}]}]"#;

#[test]
fn no_bytes_make_a_reader_panic() {
    let seed = Random::seed_from_environment();
    let samples: Vec<Vec<u8>> = samples().into_iter().map(|(_, bytes)| bytes).collect();
    for sample in &samples {
        assert!(Input::parse(sample).is_ok(), "{}", String::from_utf8_lossy(sample));
    }
    let (mut read, mut refused) = (0, 0);
    for number in 0..30_000 {
        let random = &mut Random::new(seed).fork(number);
        let mut bytes = random.pick(&samples).cloned().unwrap_or_default();
        mutate(random, &mut bytes);
        match Input::parse(&bytes) {
            Ok(input) => {
                read += 1;
                let limits = Limits { steps: 10_000, ..Limits::default() };
                // An object may have values that its judge refuses.
                let is_object = matches!(input, Input::Objects(_));
                let Ok(report) = input.judge(None, &limits) else {
                    assert!(is_object, "no level is asked for");
                    continue;
                };
                assert!(!report.to_string().is_empty() && report.to_json().is_object());
            }
            Err(error) => {
                refused += 1;
                assert!(!error.expected.is_empty());
            }
        }
    }
    for number in 0..10_000 {
        let random = &mut Random::new(seed).fork(number);
        let mut logs = cobra();
        mutate(random, &mut logs[1].1);
        if let Ok(history) = cobra_logs::parse(&logs) {
            crate::transaction::judge(&history, None, &Limits::default());
        }
    }
    println!("{read} read, {refused} refused");
    assert!(read > 1_000 && refused > 1_000);
}

/// Of two transactions of unknown outcome, the one that was read from committed.
#[test]
fn unknown_writes_of_registers_count_where_they_were_read() {
    let text = "{:type :invoke :f :txn :value [[:w :x 1]] :process 0}\n\
         {:type :invoke :f :txn :value [[:w :y 2]] :process 1}\n\
         {:type :info :f :txn :value [[:w :x 1]] :process 0}\n\
         {:type :invoke :f :txn :value [[:r :x nil] [:r :y nil]] :process 2}\n\
         {:type :ok :f :txn :value [[:r :x 1] [:r :y nil]] :process 2}\n";
    let Ok(Input::Transactions(history)) = Input::parse(text.as_bytes()) else {
        panic!("not transactions")
    };
    assert_eq!((history.len(), history.operations()), (2, 3));
    assert!(history.notes.iter().any(|note| note.starts_with("1 of unknown outcome")));
}

/// A process below zero (those of tests that come before the clients) is not another's session.
#[test]
fn negative_processes_have_sessions_of_their_own() {
    let of = |process: i64| {
        let text = format!(
            "{{:type :invoke :f :txn :value [[:w :x 1]] :process {process} :time 1}}\n\
             {{:type :ok :f :txn :value [[:w :x 1]] :process {process} :time 2}}\n\
             {{:type :invoke :f :txn :value [[:r :x nil]] :process 1 :time 3}}\n\
             {{:type :ok :f :txn :value [[:r :x nil]] :process 1 :time 4}}\n"
        );
        let input = Input::parse(text.as_bytes()).expect("rw-register");
        let level = Some(crate::Level::StrongSessionSerializable);
        input.judge(level, &Limits::default()).expect("a level of registers").verdict()
    };
    assert_eq!(of(1), Word::Violated, "one session goes back");
    assert_eq!(of(-1), Word::Holds, "two may");
}

/// What is wrong in a file is told by the reader that fits what stands in it, at its place.
#[test]
fn a_malformed_workload_is_placed() {
    let bank = |second: &str| {
        format!(
            "{{:type :invoke, :f :transfer, :value {{:from 1, :to 2, :amount 3}}, :process 0}}\n\
             {second}\n"
        )
    };
    let json = |second: &str| {
        format!(
            "{{\"type\": \"invoke\", \"f\": \"add\", \"value\": 1, \"process\": 0}}\n{second}\n"
        )
    };
    let register =
        |second: &str| format!("{{:type :invoke, :f :write, :value 1, :process 0}}\n{second}\n");
    let cases = [
        (
            bank("{:type :ok, :f :transfer, :value {:from 1, :to 2 :process 0}"),
            "line 2, column 1: `}` to this",
        ),
        (bank("{:type :done, :f :transfer, :process 0}"), "line 2, column 8: invoke, ok, fail"),
        (bank("{:type :ok, :f :transfer, :process 7}"), "line 2, column 2: process 7 to invoke"),
        (
            bank("{:type :ok, :f :transfer, :type :ok, :process 0}"),
            "line 2, column 27: a key that the event does not have yet",
        ),
        (bank("nonsense"), "line 2, column 1: an event: a map"),
        (json("{\"type\": \"ok\", \"f\": \"add\", \"value\": 1"), "line 2"),
        (
            json("{\"a\": 1, \"type\": \"ok\", \"f\": \"add\", \"a\": 2, \"process\": 0}"),
            "line 2, column 36: a key that the event does not have yet",
        ),
        (
            register("{:type :ok, :f :write, :value 1 2, :process 0}"),
            "line 2, column 33: a keyword",
        ),
        (register("{:type :ok, :f :read, :value 1, :process 0}"), "the function that was invoked"),
        (
            "{\"type\": \"invoke\", \"f\": \"mix\", \"process\": 0}\n".to_owned(),
            "operations of a workload known, or a model for them",
        ),
    ];
    for (text, place) in cases {
        let error = Input::parse(text.as_bytes()).expect_err(&text).to_string();
        assert!(error.contains(place), "{text}\n{error}");
    }
    let error = Input::parse(b"what is this").expect_err("no history").to_string();
    for format in ["stream", "test.jepsen", "plume", "dbcop", "cobra", "etcd"] {
        assert!(error.contains(format), "{format} is not named: {error}");
    }
}

/// Values are compared as what they are, not as they are written.
#[test]
fn values_are_compared_and_not_their_writing() {
    let text = r#"[{"process": 1, "type": "invoke", "f": "txn", "value": [["append", "a\u0062", 1.0]]},
        {"process": 1, "type": "ok", "f": "txn", "value": [["append", "ab", 1]]},
        {"process": 1, "type": "invoke", "f": "txn", "value": [["r", "\u0061b", null]]},
        {"process": 1, "type": "ok", "f": "txn", "value": [["r", "ab", [1.00]]]}]"#;
    let judged = |text: &str| {
        let input = Input::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
        input.judge(None, &Limits::default()).unwrap_or_else(|error| panic!("{error}")).verdict()
    };
    assert_eq!(judged(text), Word::Holds);
    let set = r#"[{"process": 1, "type": "invoke", "f": "add", "value": "x\/y"},
        {"process": 1, "type": "ok", "f": "add", "value": "x\/y"},
        {"process": 1, "type": "invoke", "f": "read", "value": null},
        {"process": 1, "type": "ok", "f": "read", "value": ["x/y"]}]"#;
    assert_eq!(judged(set), Word::Holds);
    assert_eq!(judged(&set.replace("[\"x/y\"]", "[\"x/z\"]")), Word::Violated);
}

/// Nothing that is nested without end, or stands in one line without end, stops a reader for long.
#[test]
fn depth_and_length_are_bounded() {
    let many = 200_000;
    let starts = [
        "{:type :invoke, :f :add, :value ",
        "{:type :invoke, :f :txn, :value [[:append 1 ",
        "{:type :invoke, :f :read, :value ",
        "[{\"type\": \"invoke\", \"f\": \"txn\", \"value\": ",
        "{\"sessions\": ",
        "{\"ClientId\":1,\"Input\":",
        "{\"avouch_history\":1,\"about\":",
        "",
    ];
    for start in starts {
        for piece in
            ["[", "{", "(", "{:a ", "#{", "\"", "\\", "#_", "{\"a\":", "1", "x ", "w(0,1,0,0)"]
        {
            let text = format!("{start}{}", piece.repeat(many));
            // Whatever it is found to be: it comes back, and what it says is short.
            if let Err(error) = Input::parse(text.as_bytes()) {
                assert!(
                    error.to_string().len() < 1_000,
                    "{start}{piece}...: {}",
                    error.to_string().len()
                );
            }
        }
    }
    for place in 0..4 {
        let mut bytes = b"{:type :invoke, :f :add}".to_vec();
        bytes.insert(place * 7, 0xff);
        let error = Input::parse(&bytes).expect_err("no text").to_string();
        assert!(
            error.contains(&format!("line 1, column {}: UTF-8 text", place * 7 + 1)),
            "{error}"
        );
    }
}
