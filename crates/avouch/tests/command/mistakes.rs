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
