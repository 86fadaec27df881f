//! What nobody was told the outcome of is never shown as committed, wherever a witness is shown.

use super::UNKNOWN;
use super::html::{Shown, page, picture};
use crate::{Input, Level, Limits, Report, Word};

fn judged(text: &str, level: Level) -> (Input, Report) {
    let input = Input::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
    let report = input.judge(Some(level), &Limits::default()).unwrap_or_else(|why| panic!("{why}"));
    assert_eq!(report.verdict(), Word::Violated, "{report}");
    (input, report)
}

/// Two registers, or lists, written by one of unknown outcome of which a reader sees one.
fn fractured(write: &str, read: &str) -> String {
    format!(
        "{{:type :invoke, :f :txn, :value [[:{write} x 1] [:{write} y 1]], :process 0}}\n\
         {{:type :info, :f :txn, :value [[:{write} x 1] [:{write} y 1]], :process 0}}\n\
         {{:type :invoke, :f :txn, :value [[:r x nil] [:r y nil]], :process 1}}\n\
         {{:type :ok, :f :txn, :value [[:r x {read}] [:r y nil]], :process 1}}\n"
    )
}

#[test]
fn a_witness_says_whose_outcome_is_unknown_and_why_it_counts() {
    let registers = (fractured("w", "1"), "it took effect: T1 reads x = 1 from it");
    let lists = (fractured("append", "[1]"), "it took effect: T1 reads 1 in x, which it appended");
    for (text, effect) in [registers, lists] {
        for level in [Level::ReadAtomic, Level::Serializable] {
            let (input, report) = judged(&text, level);
            let told = report.to_string();
            assert!(told.contains(&format!("-> {UNKNOWN} [")), "{told}");
            assert!(told.contains(effect), "{told}");
            let json = report.to_json();
            let lines = json["guarantees"][0]["witness"]["operations"].as_array();
            let lines = lines.unwrap_or_else(|| panic!("{json}"));
            let of = |process: u64| lines.iter().find(|line| line["process"] == process);
            let (unknown, known) = (of(0).expect("a line"), of(1).expect("a line"));
            assert_eq!((unknown["answer"].as_str(), unknown["effect"].as_str()), {
                (Some(UNKNOWN), Some(effect))
            });
            assert!(unknown["answered"].is_null(), "{unknown}");
            assert_eq!((known["answer"].as_str(), known["effect"].as_str()), {
                (Some("committed"), None)
            });
            let all = [Shown::Judged {
                name: "unknown.edn",
                input: &input,
                report: &report,
                objects: None,
            }];
            for drawn in [page(&all), picture(&all)] {
                assert!(drawn.contains(UNKNOWN) && drawn.contains(effect), "{drawn}");
                assert!(!drawn.contains("committed, line 1<"), "{drawn}");
            }
        }
    }
}

/// Where somebody else wrote the same, a read of it does not show who it was.
#[test]
fn what_two_may_have_written_is_no_proof_that_one_took_effect() {
    let mut history = crate::transaction::Builder::default();
    history.begin(1).write("x", 1).write("y", 1).info();
    history.begin(2).write("x", 1).write("z", 1);
    history.begin(3).read("x", 1).read_initial("y").read_initial("z");
    let input = Input::Transactions(history.build());
    let report = input.judge(Some(Level::Serializable), &Limits::default()).expect("a report");
    assert!(!report.to_string().contains("it took effect"), "{report}");
}

/// What is left out leaves no trace; what goes on after an unknown outcome is not held against it.
#[test]
fn a_history_built_in_code_keeps_what_was_read_of_unknown_outcomes() {
    let mut history = crate::transaction::Builder::default();
    history.begin(1).write("x", 1).ran(0, 9).info();
    history.begin(1).write("z", 7).read("x", 3).ran(1, 2).info();
    history.begin(1).write("x", 2).ran(3, 4);
    history.begin(2).read("x", 2).ran(5, 6);
    history.begin(2).read("x", 1).ran(7, 8);
    let history = history.build();
    assert_eq!((history.len(), history.keys(), history.unknown), (4, 1, 2));
    assert_eq!(history.sessions().len(), 3, "the unknown one is apart from its session");
    let process = |session: u32| history.process(session);
    assert_eq!((0..3).map(process).collect::<Vec<_>>(), [1, 1, 2]);
    assert!(history.notes.iter().any(|note| note.starts_with("1 of unknown outcome was left out")));
    let by = |level| crate::transaction::judge(&history, Some(level), &Limits::default());
    assert_eq!(by(Level::StrictSerializable).verdict(), Word::Holds);
}
