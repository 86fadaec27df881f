//! Anomalies of objects and logs of messages, each by a history in EDN that has it.

use crate::{same_names, violated};

fn event(process: u32, kind: &str, function: &str, value: &str) -> String {
    format!("{{:type :{kind}, :f :{function}, :value {value}, :process {process}}}\n")
}

fn done(process: u32, function: &str, asked: &str, got: &str) -> String {
    event(process, "invoke", function, asked) + &event(process, "ok", function, got)
}

fn adds(count: u32) -> String {
    (1..=count).map(|one| done(0, "add", &one.to_string(), &one.to_string())).collect()
}

fn reads(first: &str, second: &str) -> String {
    adds(2) + &done(1, "read", "nil", first) + &done(1, "read", "nil", second)
}

fn bank(second: &str) -> String {
    done(0, "read", "nil", "{0 10, 1 0}") + &done(0, "read", "nil", second)
}

/// Two writes at once, and what two read.
fn fork() -> String {
    let asked = "[[:r 0 nil] [:r 1 nil]]";
    let writes = done(0, "write", "[[:w 0 1]]", "[[:w 0 1]]")
        + &done(1, "write", "[[:w 1 1]]", "[[:w 1 1]]");
    event(2, "invoke", "read", asked)
        + &event(3, "invoke", "read", asked)
        + &writes
        + &event(2, "ok", "read", "[[:r 0 1] [:r 1 nil]]")
        + &event(3, "ok", "read", "[[:r 0 nil] [:r 1 1]]")
}

fn reverse() -> String {
    event(2, "invoke", "read", "nil")
        + &done(0, "write", "1", "1")
        + &done(1, "write", "2", "2")
        + &event(2, "ok", "read", "[2]")
}

fn objects() -> Vec<(&'static str, String)> {
    let counter = |seen: &str| done(0, "add", "2", "2") + &done(1, "read", "nil", seen);
    let ids = done(0, "generate", "nil", "7") + &done(1, "generate", "nil", "7");
    vec![
        ("lost element", reads("[1 2]", "[1]")),
        ("stale read", reads("[1]", "[1 2]")),
        ("duplicated element", reads("[1 2 2]", "[1 2]")),
        ("unexpected element", reads("[1 2 7]", "[1 2 7]")),
        ("long fork", fork()),
        ("causal reverse", reverse()),
        ("wrong total", bank("{0 10, 1 1}")),
        ("negative balance", bank("{0 -1, 1 11}")),
        ("missing balance", bank("{0 10, 1 nil}")),
        ("unexpected account", bank("{0 10, 1 0, 5 0}")),
        ("counter too low", counter("1")),
        ("counter too high", counter("3")),
        ("duplicate id", ids),
    ]
}

/// Consumers assign key 0 before all.
fn log(steps: &[(u32, &str, &str)]) -> String {
    let assigned = |process| done(process, "assign", "[0 1]", "[0 1]");
    let mut text = assigned(1) + &assigned(2);
    for (process, asked, got) in steps {
        let function = if asked.contains("send") && asked.contains("poll") {
            "txn"
        } else if asked.contains("send") {
            "send"
        } else {
            "poll"
        };
        text += &match *got {
            "fail" => {
                event(*process, "invoke", function, asked)
                    + &event(*process, "fail", function, asked)
            }
            got => done(*process, function, asked, got),
        };
    }
    text
}

fn logs() -> Vec<(&'static str, String)> {
    let poll = "[[:poll]]";
    let sent = (
        0,
        "[[:send 0 1] [:send 0 2] [:send 0 3]]",
        "[[:send 0 [0 1]] [:send 0 [1 2]] [:send 0 [2 3]]]",
    );
    let all = "[[:poll {0 [[0 1] [1 2] [2 3]]}]]";
    let both = event(3, "invoke", "txn", "[[:poll] [:send 0 1]]")
        + &event(4, "invoke", "txn", "[[:poll] [:send 1 2]]")
        + &event(3, "ok", "txn", "[[:poll {1 [[0 2]]}] [:send 0 [0 1]]]")
        + &event(4, "ok", "txn", "[[:poll {0 [[0 1]]}] [:send 1 [0 2]]]");
    vec![
        ("inconsistent offsets", log(&[sent, (1, poll, "[[:poll {0 [[0 1] [1 3] [2 3]]}]]")])),
        ("duplicate message", log(&[sent, (1, poll, "[[:poll {0 [[0 1] [1 2] [2 3] [3 1]]}]]")])),
        ("lost message", log(&[sent, (1, poll, "[[:poll {0 [[0 1] [2 3]]}]]")])),
        (
            "unseen message",
            log(&[
                sent,
                (1, poll, all),
                (0, "[[:send 0 4]]", "[[:send 0 [3 4]]]"),
                (1, poll, "[[:poll {}]]"),
            ]),
        ),
        ("unexpected message", log(&[sent, (1, poll, "[[:poll {0 [[0 1] [1 2] [2 3] [3 9]]}]]")])),
        (
            "G1a, aborted read",
            log(&[(0, "[[:send 0 1]]", "fail"), (1, poll, "[[:poll {0 [[0 1]]}]]")]),
        ),
        (
            "precommitted read",
            log(&[(1, "[[:send 0 1] [:poll]]", "[[:send 0 [0 1]] [:poll {0 [[0 1]]}]]")]),
        ),
        ("G1c, circular information flow", both),
        (
            "poll skip",
            log(&[
                sent,
                (2, poll, all),
                (1, poll, "[[:poll {0 [[0 1]]}]]"),
                (1, poll, "[[:poll {0 [[2 3]]}]]"),
            ]),
        ),
        ("nonmonotonic poll", log(&[sent, (1, poll, all), (1, poll, "[[:poll {0 [[1 2]]}]]")])),
        (
            "nonmonotonic send",
            log(&[
                (0, "[[:send 0 1]]", "[[:send 0 [5 1]]]"),
                (0, "[[:send 0 2]]", "[[:send 0 [3 2]]]"),
                (1, poll, "[[:poll {0 [[3 2] [5 1]]}]]"),
            ]),
        ),
    ]
}

#[test]
//= §2.3.1 lost write test
fn every_anomaly_of_objects_is_named() {
    for (name, text) in objects().into_iter().chain(logs()) {
        let told = violated(&text);
        assert!(told.contains(name), "{name}: {told}");
    }
}

#[test]
fn the_page_and_the_tests_of_objects_name_the_same() {
    same_names("Objects", objects().into_iter().map(|(name, _)| name));
    same_names("Logs of messages", logs().into_iter().map(|(name, _)| name));
}
