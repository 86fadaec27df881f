//! Histories that are judged as they come.

use crate::judging::{BACKWARDS, kept};
use crate::place::Place;

/// As it comes, from a file or stdin: the same word, or unknown with the reason.
#[test]
fn histories_are_judged_as_they_come() {
    let place = Place::new("streamed");
    kept(&place);
    std::fs::write(place.path("backwards.history"), BACKWARDS).unwrap();
    place.avouch(&["check", "session.history", "--convert", "session.stream"]).well();
    let codes = [("session.history", 0), ("session.stream", 0), ("backwards.history", 1)];
    for (name, code) in codes {
        let file = place.avouch(&["check", name, "--stream", "--model", "linearizable"]);
        assert_eq!(file.code, code, "{name}: {file:?}");
        let piped = format!("avouch check - --stream --model linearizable < {name}");
        let piped = place.runs("sh", &["-c", &piped]);
        assert_eq!(piped.code, code, "{name}: {piped:?}");
    }
    let weak = place.avouch(&["check", "backwards.history", "--stream"]);
    assert!(weak.code == 2 && weak.out.contains("promised eventual"), "{weak:?}");
    for (name, more, told) in [
        ("set.edn", &["--stream"][..], "judge the file without --stream"),
        ("session.history", &["--stream", "--model", "pram"], "pram"),
        ("session.history", &["--stream", "--model", "monotonic-reads"], "however old"),
        ("session.history", &["--stream", "--model", "regular"], "not yet"),
        ("session.history", &["--stream", "--model", "convergent"], "after the last put"),
        ("session.history", &["--stream", "--model", "mutex"], "mutex"),
        ("session.history", &["--stream", "--level", "causal"], "leave the level out"),
        ("stamped.json", &["--stream", "--model", "linearizable"], "--level"),
        ("session.history", &["--stream", "--format", "html"], "does not keep"),
    ] {
        let refused = place.avouch(&[&["check", name], more].concat());
        assert!(refused.code == 3 && refused.err.contains(told), "{refused:?}");
    }
}

/// At a feed that stays open, what was found is told at once, and what nothing can mend ends it.
#[test]
fn a_violation_at_a_feed_that_stays_open_is_told_at_once() {
    use std::io::{BufRead as _, BufReader, Read as _, Write as _};
    use std::process::Stdio;
    let place = Place::new("feed");
    let one = |number: u64, access: &str| {
        format!(
            "{{\"tid\": {number}, \"sid\": {number}, \"sts\": {{\"p\": {number}, \"l\": 0}}, \"cts\": \
             {{\"p\": {number}, \"l\": 1}}, \"ops\": [{{{access}}}]}}\n"
        )
    };
    let write = "\"t\": \"w\", \"k\": 1, \"v\": 7";
    // More than wait for one that arrives late.
    let rest: String =
        (2..8_300).map(|number| one(number, "\"t\": \"w\", \"k\": 2, \"v\": 1")).collect();
    let feed = |level: &str, first: &str| {
        let mut command = place.command("avouch");
        command.args(["check", "-", "--stream", "--level", level]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut run = command.spawn().unwrap();
        let mut input = run.stdin.take().unwrap();
        input.write_all(first.as_bytes()).unwrap();
        // It may be gone by then.
        let _ = input.write_all(rest.as_bytes());
        (run, input)
    };
    // A session's own second transaction starts before its first has committed.
    let (early, late) = (one(1, write), one(1, write).replace("\"l\": 1", "\"l\": 9"));
    let behind = late + &early.replace("\"tid\": 1", "\"tid\": 0");
    let (mut run, input) = feed("strong-session-serializable", &behind);
    let mut out = String::new();
    run.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    assert!(out.contains("SESSION"), "{out}");
    assert_eq!(run.wait().unwrap().code(), Some(1), "{out}");
    drop(input);
    // What nobody has written: somebody late may have.
    let (mut run, input) = feed("serializable", &one(1, "\"t\": \"r\", \"k\": 1, \"v\": 7"));
    let mut told = BufReader::new(run.stderr.take().unwrap());
    let mut line = String::new();
    told.read_line(&mut line).unwrap();
    assert!(line.starts_with("as it comes, violated: serializable by stamps: EXT"), "{line}");
    drop(input);
    assert_eq!(run.wait_with_output().unwrap().status.code(), Some(1));
}
