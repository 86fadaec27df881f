//! What users mistype, misplace and break: exit codes of 3 and above, with a hint.

use crate::place::{PROGRAM, Place};
use std::process::Stdio;

#[test]
fn unknown_things_are_told_their_nearest_name() {
    let place = Place::new("unknown");
    for (arguments, hint) in [
        (&["gte", "a"][..], "did you mean `get`?"),
        (&["verfiy", "a"], "verify"),
        (&["get", "a", "--gaurantee", "eventual"], "--guarantee"),
        (&["get", "a", "--guarantee", "linearisable"], "did you mean `linearizable`?"),
        (&["get", "a", "--guarantee", "causal-plus"], "served now: linearizable"),
        (&["guarantees", "evntual"], "did you mean `eventual`?"),
        (&["up", "--regions", "eu-wset-1"], "did you mean eu-west-1?"),
        (&["up", "--delay", "of"], "off"),
        (&["get", "a", "--deadline", "soon"], "250ms"),
        (&["get", "a", "--format", "jsno"], "json"),
        (&["txn", "--then", "ptu a b"], "did you mean `put`?"),
        (&["get", "a"], "avouch up"),
        (&["get", "a", "--endpoint", "nowhere"], "host:port"),
    ] {
        let told = place.avouch(arguments);
        assert_eq!(told.code, 3, "{arguments:?}: {told:?}");
        assert!(told.err.contains(hint), "{arguments:?} should say {hint}: {told:?}");
        assert_eq!(told.out, "", "data goes to stdout, and this is none");
    }
}

/// What is typed, what is expected and what came, and the hint.
const REFUSALS: [(&[&str], &str, &str); 17] = [
    (
        &["check", "a", "--level", "serialisable"],
        "a level of transactions as --level <LEVEL>, got `serialisable`",
        "did you mean `serializable`?",
    ),
    (
        &["check", "a", "--level", "pl-msr"],
        "a level that can be judged as --level <LEVEL>, got `pl-msr`",
        "it needs the starts and commits that the store itself recorded",
    ),
    (
        &["check", "a", "--level", "sequential"],
        "a level of transactions as --level <LEVEL>, got `sequential`",
        "that is a model of operations: --model sequential",
    ),
    (
        &["check", "a", "--level"],
        "a value for --level <LEVEL>, got nothing",
        "for example `avouch check transactions.txt --level causal`",
    ),
    (
        &["check", "a", "--model", "sequentail"],
        "a model of an object, or of gets and puts, as --model <MODEL>, got `sequentail`",
        "did you mean `sequential`?",
    ),
    (
        &["check", "a", "--model", "serializable"],
        "a model of an object, or of gets and puts, as --model <MODEL>, got `serializable`",
        "that is a level of transactions: --level serializable",
    ),
    (
        &["check", "a", "--model", "k-atomic=0"],
        "`k-atomic=` and a number from 1 as --model <MODEL>, got `k-atomic=0`",
        "k-atomic=1 is linearizable",
    ),
    (
        &["check", "a", "--model", "bounded-staleness=5"],
        "`bounded-staleness=` and a bound above zero as --model <MODEL>, got",
        "=5v for versions",
    ),
    (
        &["check", "a", "--format", "jsno"],
        "one of text, json, html, svg, prometheus as --format <FORMAT>, got `jsno`",
        "did you mean `json`?",
    ),
    (&["check", "a", "--objects=3"], "--objects without a value, got `3`", "--help"),
    (&["check", "a", "--modle", "set"], "an argument of `avouch check`, got `--modle`", "--model"),
    (
        &["check", "a", "--level", "causal", "--model", "set"],
        "either --level <LEVEL> or --model <MODEL>, got both",
        "avouch check --help",
    ),
    (
        &["check", "a", "--level", "causal", "--level", "prefix"],
        "--level <LEVEL> once, got it more than once",
        "avouch check --help",
    ),
    (&["check"], "<HISTORY>... after `avouch check`, got nothing", "for example `avouch check"),
    (
        &["clock", "audit", "--source", "a", "--samples", "0"],
        "a number from 1 to 1000 as --samples <N>, got `0`",
        "avouch clock audit --",
    ),
    (&["get", "a", "--limit", "-1"], "a number from 0 as --limit <COUNT>, got `-1`", "avouch get"),
    (&["clock", "adit"], "a command of `avouch clock`, got `adit`", "`clock audit`"),
];

/// Every refusal of the command line is one sentence: what was expected of which argument, what
/// came; and a hint.
#[test]
fn refusals_read_as_one_sentence() {
    let place = Place::new("refusals");
    for (arguments, sentence, hint) in REFUSALS {
        let told = place.avouch(arguments);
        assert_eq!(told.code, 3, "{arguments:?}: {told:?}");
        let first = format!("error: bad request: expected {sentence}");
        assert!(told.err.starts_with(&first), "{arguments:?} should say {first}: {told:?}");
        assert!(told.err.contains("hint: ") && told.err.contains(hint), "{told:?}");
    }
}

/// What is no history, and what is not there.
#[test]
fn a_file_that_is_no_history_is_told_by_what_it_is() {
    let place = Place::new("no-history");
    std::fs::write(place.path("session.history"), "{\"avouch_history\":1,\"about\":\"\"}\n")
        .unwrap();
    std::fs::write(place.path("packed.gz"), b"\x1f\x8b\x08\x00rest").unwrap();
    std::fs::create_dir(place.path("folder")).unwrap();
    for (arguments, parts) in [
        (&["check", "sesion.history"][..], &["did you mean `session.history`?"][..]),
        (&["check", "sesion.history", "--stream"], &["did you mean `session.history`?"]),
        (&["check", "./nowhere.txt"], &["No such file"]),
        (&["check", "folder"], &["name the history's file"]),
        (&["check", "folder", "--stream"], &["a folder", "without --stream"]),
        (&["check", "folder", "--model", "set"], &["name the history's file"]),
        (&["check", "-", "--convert", "out"], &["a file to convert"]),
    ] {
        let told = place.avouch(arguments);
        assert_eq!(told.code, 3, "{arguments:?}: {told:?}");
        for part in parts {
            assert!(told.err.contains(part), "{part} of {arguments:?}: {told:?}");
        }
    }
}

/// Whatever is wrong with what a file holds ends in one way, in every format: corrupt data, told
/// by its place or by what the file looks like, without a verdict.
#[test]
fn what_a_file_should_not_hold_is_corrupt_data_in_every_format() {
    let place = Place::new("corrupt");
    let header = "{\"avouch_history\":1}\n";
    let event = "{\"type\":\"invoke\",\"process\":0,\"op\":1,\"time\":1,\
                 \"do\":{\"kind\":\"get\",\"key\":\"a\"},\"guarantee\":\"linearizable\"}\n";
    let weak = format!("{header}{}", event.replace("linearizable", "linearisable"));
    let stamped = "[{\"tid\": 1, \"sid\": 1, \"sts\": {\"p\": 1}, \"cts\": {}, \"ops\": [{}]}]";
    let cobra = [&b"S"[..], &[0; 8], b"X"].concat();
    for (name, bytes, part) in [
        (
            "native",
            format!("{header}{}", event.replace("invoke", "invoked")).into_bytes(),
            "line 2",
        ),
        ("native-word", weak.into_bytes(), "(did you mean `linearizable`?)"),
        ("headless", event.into(), "the header {\"avouch_history\":1} before the first event"),
        (
            "maps",
            b"{:process 0, :type :invoke, :f :read}\n{:process 0, :type :done}".into(),
            "line 2",
        ),
        ("appends", b"{:type :invoke, :f :txn, :value [[:append 1 1]] :process 0".into(), "line 1"),
        ("plume", b"w(4,2,0,7)\nw(4,2,0\n".into(), "line 2"),
        ("stamps", stamped.into(), "line 1"),
        (
            "dbcop.json",
            b"[[{\"events\": [[\"q\", 1, 2]], \"committed\": true}]]".into(),
            "dbcop.json",
        ),
        ("folder/T0.log", cobra, "a record S, R, W, C or A at byte 9"),
        ("test.jepsen", b"JEPSEN\x00\x00\x00\x01".into(), "at byte"),
        ("cut.stream", b"\x89avouch\r\n\x1a\n\x05".into(), "whole first block"),
        ("packed.gz", b"\x1f\x8b\x08\x00rest".into(), "looks like a gzip-compressed file"),
        ("program", b"\x7fELF\x02\x01\x01\x00".into(), "looks like an ELF program"),
        ("picture", b"\x89PNG\r\n\x1a\n\x00".into(), "looks like a PNG picture"),
        ("noise", b"abc\x00def".into(), "a binary file of no format known"),
        ("prose", b"Dear reader,\n".into(), "a history in a format known"),
    ] {
        let (folder, _) = name.split_once('/').unwrap_or((name, ""));
        if folder != name {
            std::fs::create_dir(place.path(folder)).unwrap();
        }
        std::fs::write(place.path(name), bytes).unwrap();
        for more in [&[][..], &["--convert", "out"]] {
            let told = place.avouch(&[&["check", folder], more].concat());
            assert_eq!(told.code, 6, "{name} {more:?}: {told:?}");
            assert!(told.err.starts_with("error: corrupt data: expected "), "{name}: {told:?}");
            assert_eq!(told.err.matches(": expected ").count(), 1, "{name}: {told:?}");
            assert!(told.err.contains(part) && told.out.is_empty(), "{part} of {name}: {told:?}");
            assert!(!place.path("out").exists(), "{name}: what was begun is left");
        }
    }
    for more in [&["--stream"][..], &["--model", "set"]] {
        let told = place.avouch(&[&["check", "packed.gz"], more].concat());
        assert!(told.code == 6 && told.err.contains("gzip -dc FILE"), "{more:?}: {told:?}");
    }
}

#[test]
fn a_region_that_the_cluster_lacks_and_a_port_in_use_are_told() {
    let place = Place::new("region");
    let cluster = place.up();
    let told = place.avouch(&["get", "a", "--near", "eu-wset-1"]);
    assert!(told.code == 3 && told.err.contains("did you mean `eu-west-1`?"), "{told:?}");

    let address = cluster.address(0);
    let port = address.rsplit(':').next().unwrap();
    let told = place.avouch(&["up", "--data", "other", "--port", port]);
    assert!(told.code == 4 && told.err.contains("--port"), "{told:?}");

    let second = place.avouch(&["up", "--port", "0"]);
    assert!(second.code >= 3 && second.err.contains("error: "), "the folder is in use: {second:?}");

    let regions = ["up", "--regions", "us-east-1,eu-west-1", "--port", "0"];
    let told = place.avouch(&regions);
    assert!(told.code == 3 && told.err.contains("leave out --regions"), "{told:?}");
    assert_eq!(cluster.stop(), 0);

    // Nobody there: the environment's error, and every endpoint's reason.
    let told = place.avouch(&["put", "a", "1", "--deadline", "300ms"]);
    assert_eq!(told.code, 4, "nothing can have been written: {told:?}");
    assert!(told.err.contains("us-east-1/n1") && told.err.contains("sa-east-1/n5"), "{told:?}");
}

#[test]
fn a_closed_pipe_ends_nothing_in_panic() {
    let place = Place::new("pipe");
    for arguments in [&["guarantees"][..], &["--help"], &["guarantees", "--format", "json"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = place.command(PROGRAM);
        command.args(arguments).stdout(writer).stderr(Stdio::piped());
        let ended = command.spawn().unwrap().wait_with_output().unwrap();
        let err = String::from_utf8_lossy(&ended.stderr);
        assert_eq!((ended.status.code(), err.as_ref()), (Some(0), ""), "{arguments:?}");
    }
}

#[test]
fn the_table_of_guarantees_fits_a_page() {
    let place = Place::new("page");
    let page = place.avouch(&["guarantees"]).well();
    assert!(page.lines().count() <= 24, "{page}");
    let told = place.avouch(&["guarantees", "linearizable"]).well();
    assert!(told.contains("between its call and") && told.contains("read-index"), "{told}");
    assert!(!told.contains('\x1b'), "no colour where nobody looks");
}
