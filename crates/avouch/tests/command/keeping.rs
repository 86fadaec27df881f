//! Evidence is kept or the command says that it is not: before it sends anything where that can be
//! known, and beside the answer where it cannot.

use crate::place::{PROGRAM, Place};
use avouch_promise::evidence::EvidenceFile;
use avouch_promise::{Decode as _, Encode as _};
use std::process::Stdio;

fn items(place: &Place, name: &str) -> usize {
    EvidenceFile::from_bytes(&std::fs::read(place.path(name)).unwrap()).unwrap().items.len()
}

#[test]
fn commands_that_keep_evidence_in_one_file_at_once_lose_none_of_it() {
    const AT_ONCE: usize = 12;
    let place = Place::new("at-once");
    let _cluster = place.up();
    for round in 1..=2 {
        let start = |number: usize| {
            let mut command = place.command(PROGRAM);
            let key = format!("k{number}");
            command.args(["put", &key, "v", "--evidence", "all.evidence", "--format", "json"]);
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        };
        let running: Vec<_> = (0..AT_ONCE).map(start).collect();
        let mut numbers = Vec::new();
        for child in running {
            let ended = child.wait_with_output().unwrap();
            assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
            let told: serde_json::Value = serde_json::from_slice(&ended.stdout).unwrap();
            numbers.push(told["kept"]["item"].as_u64().unwrap() as usize);
        }
        numbers.sort_unstable();
        let expected: Vec<_> = ((round - 1) * AT_ONCE..round * AT_ONCE).collect();
        assert_eq!(numbers, expected, "each was told a place of its own");
        assert_eq!(items(&place, "all.evidence"), round * AT_ONCE);
    }
    place.avouch(&["verify", "all.evidence"]).well();
    let left = std::fs::read_dir(&place.0).unwrap().flatten().map(|entry| entry.file_name());
    let left: Vec<_> = left.filter(|name| name.to_string_lossy().contains(".evidence.")).collect();
    assert!(left.is_empty(), "spare files: {left:?}");
}

#[test]
fn nothing_is_sent_where_its_evidence_could_not_be_kept() {
    let place = Place::new("not-kept");
    let _cluster = place.up();
    std::fs::write(place.path("notes.txt"), "no evidence").unwrap();
    std::fs::write(place.path("frozen.evidence"), EvidenceFile::default().to_bytes()).unwrap();
    let mut frozen = std::fs::metadata(place.path("frozen.evidence")).unwrap().permissions();
    frozen.set_readonly(true);
    std::fs::set_permissions(place.path("frozen.evidence"), frozen).unwrap();
    assert!(
        std::process::Command::new("mkfifo").arg(place.path("pipe")).status().unwrap().success()
    );
    for (file, code) in [
        ("notes.txt", 3),
        ("frozen.evidence", 3),
        ("absent/x.evidence", 3),
        (".", 3),
        ("pipe", 3),
        ("/dev/full", 3),
        ("/dev/zero", 3),
        ("/proc/x.evidence", 4),
    ] {
        let told = place.avouch(&["put", "a", "written", "--evidence", file]);
        assert_eq!(told.code, code, "{file}: {told:?}");
        assert!(told.err.contains("nothing was sent"), "{file}: {told:?}");
    }
    assert_eq!(place.avouch(&["get", "a", "--count-only"]).well(), "0\n", "and nothing was");
    assert_eq!(std::fs::read(place.path("notes.txt")).unwrap(), b"no evidence");
    // An empty file, as `mktemp` makes it, is a fine place.
    std::fs::write(place.path("made.evidence"), "").unwrap();
    place.avouch(&["put", "a", "1", "--evidence", "made.evidence"]).well();
    assert_eq!(items(&place, "made.evidence"), 1);
}

#[test]
fn a_write_that_took_effect_is_shown_though_its_evidence_could_not_be_kept() {
    let place = Place::new("no-room");
    let _cluster = place.up();
    // No file of this process may grow: the place is there, and has no room.
    let full = "trap '' XFSZ; ulimit -f 0; exec avouch put a 1 --evidence full.evidence";
    let told = place.runs("sh", &["-c", full]);
    assert_eq!(told.code, 4, "{told:?}");
    assert!(told.out.starts_with("revision\t"), "the answer is shown: {told:?}");
    let said = "the write took effect; its evidence could not be kept";
    assert!(told.err.contains("holds: linearizable") && told.err.contains(said), "{told:?}");
    assert_eq!(place.avouch(&["get", "a"]).well(), "1\n");
    assert!(!place.path("full.evidence").exists(), "no half of a file is left");
    let json = place.runs("sh", &["-c", &format!("{full} --format json")]);
    let told: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert!(json.code == 4 && told["verdict"] == "holds", "{told}");
    assert_eq!(told["kept"]["blame"], "environment", "{told}");
}
