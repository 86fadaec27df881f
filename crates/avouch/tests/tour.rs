//! The tour as a user runs it: what is sound holds, and a planted bug is caught twice.
//!
//! The two run one after the other: each has five nodes with real disks, and a busy machine makes
//! elections that nobody asked for.

#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![allow(clippy::disallowed_types, clippy::disallowed_methods, reason = "watches real processes")]

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A folder that is removed when this is dropped.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("avouch-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        Self(path)
    }
}
impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn avouch(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_avouch")).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn tour(keep: &Path, more: &[&str]) -> (Option<i32>, Value, String) {
    let keep = keep.to_str().unwrap();
    let mut arguments = vec!["tour", "--seconds", "15s", "--keep", keep, "--format", "json"];
    arguments.extend(more);
    let ran = avouch(&arguments);
    let talk = text(&ran.stderr);
    let told = serde_json::from_slice(&ran.stdout).unwrap_or_else(|_| panic!("no JSON: {talk}"));
    (ran.status.code(), told, talk)
}

fn row<'a>(told: &'a Value, guarantee: &str) -> &'a Value {
    let rows = told["guarantees"].as_array().unwrap();
    rows.iter().find(|row| row["guarantee"] == guarantee).unwrap()
}

#[test]
fn a_sound_cluster_holds_through_every_fault_and_a_planted_bug_is_caught_twice() {
    sound();
    planted();
}

fn sound() {
    let keep = Folder::new("tour-sound");
    let (code, told, talk) = tour(&keep.0, &[]);
    assert_eq!(code, Some(0), "{told:#}\n{talk}");
    for said in ["kills the leader", "off one way", "pauses", "restarts"] {
        assert!(talk.contains(said), "{said}: {talk}");
    }
    for guarantee in ["write", "linearizable", "consistent-prefix", "eventual"] {
        let row = row(&told, guarantee);
        assert_eq!(row["verdict"], "holds", "{row}");
        assert_eq!(row["evidence"]["holds"], row["answered"], "every answer has its evidence");
        assert!(row["answered"].as_u64() > Some(20), "{row}");
    }
    // The region that was cut off still answered what needs nobody else, and nothing more.
    let during = |guarantee: &str, answered: bool| {
        let regions = row(&told, guarantee)["during_the_cut"].as_array().unwrap().clone();
        let of = |region: &Value| region["answered"].as_u64().unwrap();
        let silent = regions.iter().filter(|region| (of(region) == 0) != answered);
        silent.count()
    };
    assert_eq!(during("eventual", true), 5, "{told:#}");
    assert!(during("linearizable", false) >= 1, "{told:#}");
    // Anybody can judge the files again.
    let evidence = keep.0.join("tour.evidence");
    let trust = keep.0.join("cluster/trust.json");
    let (evidence, trust) = (evidence.to_str().unwrap(), trust.to_str().unwrap());
    let again = avouch(&["verify", evidence, "--trust", trust]);
    assert_eq!(again.status.code(), Some(0), "{}", text(&again.stderr));
    let history = keep.0.join("tour.history");
    let again = avouch(&["check", history.to_str().unwrap()]);
    assert_eq!(again.status.code(), Some(0), "{}", text(&again.stdout));
}

fn planted() {
    let keep = Folder::new("tour-planted");
    let (code, told, talk) = tour(&keep.0, &["--plant", "read-without-quorum"]);
    assert_eq!(code, Some(1), "{told:#}\n{talk}");
    assert_eq!(told["reason"], "the planted read-without-quorum was caught twice");
    assert_eq!(row(&told, "linearizable")["verdict"], "refuted");
    assert_eq!(row(&told, "eventual")["verdict"], "holds", "the other guarantees are not touched");
    let shown = told["shown"].to_string();
    assert!(shown.contains("caught by verify") && shown.contains("caught by check"), "{shown}");
}

#[test]
fn a_tour_that_could_show_nothing_is_refused() {
    let short = avouch(&["tour", "--seconds", "3s"]);
    assert_eq!(short.status.code(), Some(3), "{}", text(&short.stderr));
    let full = Folder::new("tour-full");
    std::fs::create_dir_all(full.0.join("something")).unwrap();
    let used = avouch(&["tour", "--keep", full.0.to_str().unwrap()]);
    assert_eq!(used.status.code(), Some(3), "{}", text(&used.stderr));
    assert!(text(&used.stderr).contains("hint:"), "{}", text(&used.stderr));
}

#[test]
fn a_tour_that_is_interrupted_leaves_nothing_behind() {
    let temporary = Folder::new("tour-interrupted");
    std::fs::create_dir_all(&temporary.0).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_avouch"))
        .args(["tour", "--seconds", "15s"])
        .env("TMPDIR", &temporary.0)
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let files = || std::fs::read_dir(&temporary.0).unwrap().count();
    let start = std::time::Instant::now();
    while files() == 0 {
        assert!(start.elapsed().as_secs() < 10, "it made no folder");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    std::thread::sleep(std::time::Duration::from_secs(2));
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(2), "nothing was judged");
    assert_eq!(files(), 0, "160 MB were left");
}
